/*
 * Health checks. What matters is what an answer needs: a thread of its own answers
 * whatever the workers do; a check that goes through a worker, or on to the database, or
 * gets a page as users do, fails with them. Those checks are requests like any other,
 * with a tiny program or that of the page.
 *
 * Liveness that fails several times in a row restarts the instance; readiness takes it
 * out of rotation until it answers again.
 */
#include "call/call.h"
#include "engine/life.h"
#include "engine/program.h"
#include "engine/telling.h"
#include "service/service_internal.h"

enum { ASKS_LIVENESS = 1, ASKS_READINESS = 2 };

/* Failures in a row that count: number `param`, or else the one for both. */
static uint64_t limit(const struct world *w, const struct instance *i, int param)
{
    int64_t n = p_count(w, i->comp, param);
    return (uint64_t)(n > 0 ? n : p_count(w, i->comp, SP_PROBE_FAILURES));
}

static void liveness(struct world *w, struct instance *i, bool ok)
{
    i->live = ok;
    i->live_fails = ok ? 0 : i->live_fails + 1;
    if (i->live_fails < limit(w, i, SP_LIVENESS_FAILURES))
        return;
    w_log(w, i->comp, i->number, LOG_ERROR, 0,
          "liveness probe failed %u times: restarting", i->live_fails);
    instance_crash(w, i, 0);
}

static void readiness(struct world *w, struct instance *i, bool ok)
{
    i->ready_fails = ok ? 0 : i->ready_fails + 1;
    i->ready_oks = ok ? i->ready_oks + 1 : 0;
    bool ready =
        i->ready ? i->ready_fails < limit(w, i, SP_READINESS_FAILURES)
                 : i->ready_oks >= (uint64_t)p_count(w, i->comp, SP_PROBE_SUCCESSES);
    if (ready == i->ready || (ready && i->insists))
        return;
    i->ready = ready;
    i->was_ready |= ready;
    i->ready_since = w_now(w);
    eligible_update(w, i->comp);
    w_log(w, i->comp, i->number, ready ? LOG_INFO : LOG_WARN, 0,
          ready ? "ready again" : "readiness probe failed: not ready");
    if (ready)
        rollout_look(w, i);
}

static void answer(struct world *w, struct instance *i, uint32_t asks, bool ok)
{
    if (i->state != INSTANCE_UP && i->state != INSTANCE_DRAINING)
        return;
    w_log(w, i->comp, i->number, LOG_DEBUG, 0, "/health %s", ok ? "200" : "503");
    if (asks & ASKS_READINESS)
        readiness(w, i,
                  ok && !version_hit(&service_of(w, i->comp)->unready, i->version));
    if (asks & ASKS_LIVENESS)
        liveness(w, i, ok);
}

void probe_answered(struct world *w, struct act *a, bool ok)
{
    uint32_t asks = a->key;
    a->key = 0;
    cal_cancel(w, &a->timeout);
    if (asks == 0)
        return;
    /* Not here and now: a restart would end the act that is just ending. */
    cal_at(w, w_now(w), EV_KIND + SE_PROBE_SAYS, a->comp, a->instance,
           asks << 1 | (ok ? 1u : 0u));
}

void probe_late(struct world *w, struct act *a)
{
    a->timeout = 0;
    act_kill(w, a, REASON_TIMEOUT, a->comp);
}

void probe_said(struct world *w, struct instance *i, uint32_t says)
{
    answer(w, i, says >> 1, says & 1);
}

/* ---- asking ---------------------------------------------------------------------- */

/* The program that such a check runs; NULL: the instance's version has no such
 * endpoint. */
static const struct program *asked(const struct world *w, const struct instance *i,
                                   int64_t how)
{
    const struct service_data *d = service_data(w->model, i->comp);
    if (how == PROBE_ENDPOINT && d->probe_endpoint != COMP_NONE)
        return endpoint_program(w->model, d->probe_endpoint, i->version);
    if (how == PROBE_DATABASE && d->probe_database)
        return d->probe_database;
    return d->probe_worker;
}

/* Sends a request through the instance's own queue. */
static void probe_send(struct world *w, struct instance *i, uint32_t asks, int64_t how)
{
    struct act *a = act_new(w, ACT_PROBE, i->comp);
    a->serial = ++service_of(w, i->comp)->probes;
    a->instance = i->number;
    a->program = asked(w, i, how);
    a->key = asks;
    a->timeout = cal_after(w, p_time(w, i->comp, SP_PROBE_TIMEOUT),
                           EV_KIND + SE_PROBE_LATE, i->comp, W_REF(w, a), a->gen);
    service_begin(w, a);
}

static void probe_ask(struct world *w, struct instance *i, uint32_t asks, int64_t how)
{
    if (how == PROBE_OWN_THREAD) /* whatever the workers do, if it can be reached */
        answer(w, i, asks, fds_spare(w, i) > 0);
    else if (how != PROBE_NONE)
        probe_send(w, i, asks, how);
}

void probe_due(struct world *w, struct instance *i)
{
    int64_t live = p_count(w, i->comp, SP_LIVENESS);
    int64_t ready = p_count(w, i->comp, SP_READINESS);
    i->probe_timer = 0;
    probe_arm(w, i, false);
    if (live == ready) {
        probe_ask(w, i, ASKS_LIVENESS | ASKS_READINESS, live);
        return;
    }
    probe_ask(w, i, ASKS_LIVENESS, live);
    if (i->state != INSTANCE_UP && i->state != INSTANCE_DRAINING)
        return; /* the instance ended on that answer */
    probe_ask(w, i, ASKS_READINESS, ready);
}

/* Instances are probed in turn, not all at the same moment. */
void probe_arm(struct world *w, struct instance *i, bool first)
{
    sim_time every = p_time(w, i->comp, SP_PROBE_EVERY);
    bool can_fail = p_count(w, i->comp, SP_LIVENESS) > PROBE_OWN_THREAD ||
                    p_count(w, i->comp, SP_READINESS) > PROBE_OWN_THREAD;
    can_fail = can_fail || !i->ready || service_of(w, i->comp)->unready.rate > 0 ||
               i_count(w, i, SP_FDS) > 0;
    cal_cancel(w, &i->probe_timer);
    if (!can_fail)
        return; /* nothing could fail */
    sim_time delay = first ? every * (i->number % 10) / 10 + 1 : every;
    if (first && w_now(w) > 0)
        delay += p_time(w, i->comp, SP_PROBE_DELAY);
    i->probe_timer = cal_after(w, delay, EV_KIND + SE_PROBE, i->comp, i->number, 0);
}

void probe_wake(struct world *w, comp_id c)
{
    for (uint32_t k = 1; k <= service_of(w, c)->n; k++) {
        struct instance *i = service_instance(w, c, (int)k);
        bool runs = i->state == INSTANCE_UP || i->state == INSTANCE_DRAINING;
        if (runs && i->probe_timer == 0)
            probe_arm(w, i, true);
    }
}

bool service_healthy(const struct world *w, comp_id c, int number, bool wants_ready)
{
    const struct instance *i = service_instance(w, c, number);
    if (!i || i->state != INSTANCE_UP)
        return false;
    return wants_ready ? i->ready : i->live;
}
