/*
 * Outlier ejection, as in Envoy: an instance that fails `eject_after` times in a row,
 * or whose share of good answers in an interval is below `eject_below`, gets nothing
 * for `eject_for` times the number of its ejections; never more than the share
 * `eject_max` of all, but one may always go. An interval without trouble takes one
 * ejection off the count. Requests that their caller took back say nothing.
 */
#include "call/call.h"
#include "engine/telling.h"
#include "front/balancer.h"

/* An interval with fewer answers says nothing about a share. */
enum { ANSWERS_MIN = 20, EJECTIONS_MAX = 10 };

uint32_t eject_count(const struct world *w, comp_id c)
{
    const struct balancer_state *s = balancer_state(w, c);
    uint32_t n = 0;
    for (uint32_t k = 1; k <= s->n; k++)
        n += balancer_backend(w, s, (int)k)->ejected;
    return n;
}

void eject_tune(struct world *w, comp_id c)
{
    struct balancer_state *s = balancer_state(w, c);
    bool ejects = p_count(w, c, P_EJECT_AFTER) > 0 || p_number(w, c, P_EJECT_BELOW) > 0;
    s->watches = ejects || p_count(w, c, P_POLICY) == BALANCE_LEAST_TIME;
    cal_cancel(w, &s->judge_timer);
    if (ejects)
        s->judge_timer =
            cal_after(w, p_time(w, c, P_EJECT_EVERY), EV_KIND + EV_JUDGE, c, 0, 0);
}

static void eject(struct world *w, comp_id c, int number)
{
    struct balancer_state *s = balancer_state(w, c);
    struct backend *b = balancer_backend(w, s, number);
    double out = eject_count(w, c);
    b->streak = 0;
    if (b->ejected || (out > 0 && out + 1 > p_number(w, c, P_EJECT_MAX) * s->n))
        return;
    b->ejected = true;
    b->ejections += b->ejections < EJECTIONS_MAX;
    s->ejections++;
    b->back_at = w_now(w) + p_time(w, c, P_EJECT_FOR) * b->ejections;
    (void)cal_at(w, b->back_at, EV_KIND + EV_RETURN, c, (uint32_t)number, 0);
    w_log(w, c, 0, LOG_WARN, 0, "%s-%d ejected: it fails",
          w->comps[balancer_service(w, c)].name, number);
    rotation_update(w, c);
}

void eject_return(struct world *w, comp_id c, int number)
{
    struct backend *b = balancer_backend(w, balancer_state(w, c), number);
    if (!b->ejected || w_now(w) < b->back_at)
        return;
    b->ejected = false;
    b->in_since = w_now(w);
    w_log(w, c, 0, LOG_INFO, 0, "%s-%d is tried again",
          w->comps[balancer_service(w, c)].name, number);
    rotation_update(w, c);
}

static void judge_one(struct world *w, comp_id c, int number)
{
    struct backend *b = balancer_backend(w, balancer_state(w, c), number);
    double all = (double)b->good + b->bad, least = p_number(w, c, P_EJECT_BELOW);
    bool calm = b->bad == 0 && !b->ejected;
    b->ejections -= calm && b->ejections > 0;
    if (least > 0 && all >= ANSWERS_MIN && b->good < least * all)
        eject(w, c, number);
    b->good = b->bad = 0;
}

void eject_judge(struct world *w, comp_id c)
{
    struct balancer_state *s = balancer_state(w, c);
    s->judge_timer = 0;
    for (uint32_t k = 1; k <= s->n; k++)
        judge_one(w, c, (int)k);
    eject_tune(w, c);
}

void balancer_saw(struct world *w, comp_id c, const struct act *a)
{
    enum reason reason = (enum reason)a->reason;
    if (reason == REASON_GAVE_UP || reason == REASON_CANCELLED ||
        reason == REASON_DEADLINE)
        return;
    struct backend *b = balancer_backend(w, balancer_state(w, c), a->instance);
    bool ok = reason == REASON_NONE;
    int64_t most = p_count(w, c, P_EJECT_AFTER);
    b->good += ok;
    b->bad += !ok;
    b->streak = ok ? 0 : b->streak + 1;
    if (ok)
        balancer_timed(w, b, w_now(w) - a->start);
    if (most > 0 && b->streak >= (uint64_t)most)
        eject(w, c, a->instance);
}
