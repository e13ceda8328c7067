/*
 * The score, from what happened to users, with the reference run as par. The reference
 * and doing nothing are forked where the learner first changed something, so reading is
 * free, and both meet the same customers.
 *
 *   users spared   (nothing - you) / (nothing - reference), in bad user requests, 0..1
 *   no harm done   1 - (most that "you" was ever behind "nothing") / (a quarter of
 * nothing's total) diagnosis      a right suspicion is open: 0.8, with a fact looked at
 * there: 1; half when a wrong one stands beside it verified       how long they watched
 * after the last change, of what the lesson asks told people    the best update: a
 * fifth for each field; halved when its number is off by more than a factor of two
 */
#include "session_internal.h"

#include <math.h>
#include <string.h>

const struct run *scored_run(const struct session *s)
{
    return s->scored.world ? &s->scored : &s->run;
}

static double clamp01(double x)
{
    return x < 0 || isnan(x) ? 0 : x > 1 ? 1 : x;
}

/* ---- the rivals
 * -------------------------------------------------------------------------------------
 */

static enum err run_reference(struct run *r, const struct course *c, sim_time end,
                              struct errmsg *why)
{
    for (size_t i = 0; i < c->nlines && run_now(r) < end; i++) {
        enum err e = run_line(r, c->lines[i], end, why);
        if (e != ERR_OK)
            return e;
    }
    return run_advance(r, end, NULL, NULL, why);
}

enum err rivals_run(const struct session *s, struct rivals *v,
                    void (*progress)(void *ctx, double share), void *ctx,
                    struct errmsg *why)
{
    memset(v, 0, sizeof(*v));
    const struct run *from = s->fork.world ? &s->fork : &s->begin;
    v->from = lesson_info(s->lesson)->starts_at;
    v->to = run_now(scored_run(s));
    enum err e = run_fork(&v->nothing, from, why);
    if (e == ERR_OK)
        e = run_advance(&v->nothing, v->to, NULL, NULL, why);
    if (progress)
        progress(ctx, 0.5);
    if (e == ERR_OK && lesson_fixes(s->lesson) > 0) {
        e = run_fork(&v->reference, from, why);
        v->has_reference = e == ERR_OK;
        if (e == ERR_OK)
            e = run_reference(&v->reference, lesson_fix(s->lesson, 0), v->to, why);
    }
    if (progress)
        progress(ctx, 1);
    return e;
}

void rivals_release(struct rivals *v)
{
    run_release(&v->nothing);
    run_release(&v->reference);
}

/* ---- the parts
 * ------------------------------------------------------------------------------------------
 */

static double users_spared(const struct score *sc)
{
    double par = (double)sc->bad_nothing - (double)sc->bad_reference;
    double you = (double)sc->bad_nothing - (double)sc->bad_you;
    if (par < 1)
        return you >= 0 ? 1 : 0;
    return clamp01(you / par);
}

static double containment(const struct session *s, const struct rivals *v,
                          const struct score *sc)
{
    const struct run *you = scored_run(s);
    double behind = 0;
    for (sim_time t = v->from; t <= v->to; t += SIM_SEC) {
        double d = (double)recording_bad_count(you->rec, v->from, t) -
                   (double)recording_bad_count(v->nothing.rec, v->from, t);
        behind = d > behind ? d : behind;
    }
    double scale = (double)sc->bad_nothing / 4;
    return clamp01(1 - behind / (scale > 10 ? scale : 10));
}

static bool fact_seen(const struct session *s, comp_id c)
{
    const char *name = model_name(s->run.stage->lw.model, c);
    for (size_t i = 0; i < s->seen_ever.n; i++)
        if (str_starts(s->seen_ever.s[i], name))
            return true;
    return false;
}

static double diagnosis(const struct session *s)
{
    double best = 0;
    bool wrong_open = false;
    for (size_t i = 0; i < s->nnotes; i++) {
        const struct note *n = &s->notes[i];
        if (n->kind != 's' || !n->open)
            continue;
        wrong_open |= !n->right;
        double d = n->right ? (fact_seen(s, n->comp) ? 1 : 0.8) : 0;
        best = d > best ? d : best;
    }
    return wrong_open ? best / 2 : best;
}

static double verification(const struct session *s)
{
    const struct run *r = scored_run(s);
    sim_time want = lesson_info(s->lesson)->good_for;
    if (r->last_change == SIM_FOREVER || want <= 0)
        return r->last_change == SIM_FOREVER ? 0 : 1;
    return clamp01((double)(run_now(r) - r->last_change) / (double)want);
}

static double communication(const struct session *s)
{
    double best = 0;
    for (size_t i = 0; i < s->nsaids; i++) {
        double d = s->saids[i].fields / 5.0 * (s->saids[i].honest ? 1 : 0.5);
        best = d > best ? d : best;
    }
    return best;
}

/* ---- mitigated, cured, recovered
 * ---------------------------------------------------------------------------- */

/* Nothing of what the lesson said would move is still moved. */
static bool symptoms_gone(const struct session *s)
{
    const struct run *r = scored_run(s);
    struct lesson_facts f = run_facts(r);
    for (size_t i = 0; i < lesson_moves(s->lesson); i++) {
        bool still = true;
        struct errmsg why = {0};
        if (lesson_test(r->lua, lesson_move(s->lesson, i)->fn, &f, &still, &why) !=
                ERR_OK ||
            still)
            return false;
    }
    return true;
}

enum outcome outcome_of(const struct session *s)
{
    const struct run *r = scored_run(s);
    sim_time want = lesson_info(s->lesson)->good_for;
    if (!run_well(r, 2 * SIM_MIN, NULL))
        return OUTCOME_LOST;
    if (r->last_change == SIM_FOREVER || run_now(r) - r->last_change < want ||
        !run_well(r, want, NULL))
        return OUTCOME_MITIGATED;
    return symptoms_gone(s) ? OUTCOME_RECOVERED : OUTCOME_CURED;
}

struct score score_of(const struct session *s, const struct rivals *v)
{
    static const int weights[SCORE_PARTS] = {
#define X(name, phrase, weight) weight,
        SCORE_LIST(X)
#undef X
    };
    struct score sc = {.outcome = outcome_of(s), .hints = (int)s->hints_total};
    sc.bad_you = recording_bad_count(scored_run(s)->rec, v->from, v->to);
    sc.bad_nothing = recording_bad_count(v->nothing.rec, v->from, v->to);
    sc.bad_reference = v->has_reference
                           ? recording_bad_count(v->reference.rec, v->from, v->to)
                           : sc.bad_nothing;
    sc.part[SCORE_USERS] = users_spared(&sc);
    sc.part[SCORE_CONTAINMENT] = containment(s, v, &sc);
    sc.part[SCORE_DIAGNOSIS] = diagnosis(s);
    sc.part[SCORE_VERIFICATION] = verification(s);
    sc.part[SCORE_COMMUNICATION] = communication(s);
    double total = 0;
    for (int i = 0; i < SCORE_PARTS; i++)
        total += sc.part[i] * weights[i];
    sc.total = (int)(total + 0.5);
    return sc;
}
