/*
 * Does a wrong fix do the harm it claims? Each kind of harm is one judgement over what
 * happened to users, against the same customers without the fix.
 */
#include "promise.h"
#include "prove_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static double objective_of(const struct run *r)
{
    const struct slo *slo = model_get_slo(r->stage->lw.model);
    return slo ? slo->objective : 1;
}

/* A client's bad user requests between two moments. */
static double bad_of(const struct recording *rec, comp_id client, sim_time from,
                     sim_time to)
{
    struct series s;
    struct errmsg why = {0};
    if (series_find(rec, client, "bad_total", 0, &s, &why) != ERR_OK)
        return 0;
    double a = series_at(rec, s, from), b = series_at(rec, s, to);
    return isnan(b) ? 0 : b - (isnan(a) ? 0 : a);
}

/* How far below the objective, in units of what the objective leaves room for; 1 at
 * most. */
static double below(double want, double good)
{
    double room = 1 - want, d = want - good;
    return room <= 0 || d > room ? 1 : d / room;
}

struct verdict {
    bool ok;
    double margin;
    char detail[160];
};

/* Some group of users loses more than without it: of those that do, the one that loses
 * most; of none, the one that comes closest. */
static struct verdict judge_worse(struct prover *pv, const struct run *r,
                                  const struct course *c)
{
    struct verdict v = {false, -1, "no such client"};
    const struct model *m = r->stage->lw.model;
    sim_time from = run_now(&pv->base), to = run_now(r);
    for (size_t i = 0; i < model_comps(m); i++) {
        const char *name = model_name(m, (comp_id)i);
        if (!is_group(m, (comp_id)i) || (c->client && !str_eq(c->client, name)))
            continue;
        double you = bad_of(r->rec, (comp_id)i, from, to);
        double nothing = bad_of(pv->nothing.rec, (comp_id)i, from, to);
        double margin = (you - nothing) / (nothing > 1 ? nothing : 1);
        bool more = you > nothing * 1.02 + 1;
        if (more < v.ok || (more == v.ok && margin < v.margin))
            continue;
        v.ok = more;
        v.margin = margin > 1 ? 1 : margin;
        snprintf(v.detail, sizeof v.detail, "%s: %.0f bad, without it %.0f", name, you,
                 nothing);
    }
    return v;
}

/* Good for a while since its first change, then bad again: by itself, or as its last
 * command undid what an earlier one had mended. */
static struct verdict judge_returns(struct prover *pv, const struct run *r)
{
    struct verdict v = {false, 0, "never good for two minutes"};
    double want = objective_of(r), good_run = 0, worst = 1;
    bool was_good = false;
    for (sim_time t = r->first_change; t + SIM_MIN <= run_now(r); t += SIM_MIN) {
        double good = recording_good(r->rec, t, t + SIM_MIN);
        if (isnan(good)) /* nobody came: that is not known to be good */
            continue;
        good_run = good >= want ? good_run + 1 : 0;
        was_good |= good_run >= 2;
        if (was_good && good < worst)
            worst = good;
    }
    if (was_good) {
        bool won = run_well(r, lesson_info(pv->lesson)->good_for, NULL);
        v.ok = worst < want && !won;
        v.margin = below(want, worst);
        snprintf(v.detail, sizeof v.detail,
                 "good again, then down to %.1f %% in a minute%s", 100 * worst,
                 won ? "; it won" : "");
    }
    return v;
}

#define AFTERMATH (5 * SIM_MIN) /* in which a fragile fix shows that it is */

/* The event's harm to users of the reference, which is not the fix's fault. NaN: the
 * reference did not get there. */
static double bad_anyway(struct prover *pv, sim_time at)
{
    struct errmsg why = {0};
    struct run *r = &pv->reference;
    sim_time last = lesson_info(pv->lesson)->ends_at, end = at + AFTERMATH;
    if (!r->world ||
        run_advance(r, end < last ? end : last, NULL, NULL, &why) != ERR_OK)
        return NAN;
    return (double)recording_bad_count(r->rec, at, at + AFTERMATH);
}

/* Holds until a later event that the lesson names, and that the reference survives. */
static struct verdict judge_fragile(struct prover *pv, const struct run *r,
                                    const struct course *c)
{
    struct verdict v = {0};
    double want = objective_of(r), anyway = bad_anyway(pv, c->until_at);
    sim_time end = c->until_at + AFTERMATH;
    double before = recording_good(r->rec, r->busy_until + SIM_MIN, c->until_at);
    double after = recording_good(r->rec, c->until_at, end);
    double bad = (double)recording_bad_count(r->rec, c->until_at, end);
    v.ok = before >= want && after < want && !(bad <= 1.5 * anyway + 1);
    v.margin = below(want, after);
    snprintf(v.detail, sizeof v.detail,
             "%.2f %% good until %s, %.2f %% after: %.0f bad, with the reference %.0f",
             100 * before, c->until ? c->until : "then", 100 * after, bad, anyway);
    return v;
}

/* The price of a costly course is true in a run. */
static bool paid(const struct run *r, const struct course *c)
{
    bool yes = false;
    struct errmsg why = {0};
    return run_test(r, c->price, &yes, &why) == ERR_OK && yes;
}

const struct course *prove_price_paid(const struct prover *pv, const struct run *r)
{
    for (size_t i = 0; i < lesson_wrongs(pv->lesson); i++) {
        const struct course *c = lesson_wrong(pv->lesson, i);
        if (c->harm == HARM_COSTLY && paid(r, c))
            return c;
    }
    return NULL;
}

/* nothing, partial, costly: how many were spared, and whether it won. */
static struct verdict judge_spared(struct prover *pv, const struct run *r,
                                   const struct course *c)
{
    struct verdict v = {0};
    double room = 0;
    sim_time from = run_now(&pv->base), to = run_now(r);
    sim_time window = lesson_info(pv->lesson)->good_for;
    bool broken = run_broken(r, window), won = run_well(r, window, &room) && !broken;
    double you = (double)recording_bad_count(r->rec, from, to);
    double nothing = (double)recording_bad_count(pv->nothing.rec, from, to);
    double spared = nothing > 0 ? 1 - you / nothing : 0;
    if (c->harm == HARM_COSTLY) {
        v.ok = won && paid(r, c);
        v.margin = room;
    } else if (c->harm == HARM_PARTIAL) {
        v.ok = !won && spared > 0.1;
        v.margin = broken || spared - 0.1 < -room ? spared - 0.1 : -room;
    } else {
        v.ok = !won && spared <= 0.1;
        v.margin = 0.1 - spared;
    }
    snprintf(v.detail, sizeof v.detail, "%.0f bad, without it %.0f%s", you, nothing,
             won ? "; it won" : "");
    if (c->harm == HARM_COSTLY && won && !v.ok)
        snprintf(v.detail, sizeof v.detail, "its price is not true after it");
    return v;
}

/* Some promise of data is broken more often, or for longer, than by doing nothing. */
static struct verdict judge_loses(struct prover *pv, const struct run *r)
{
    struct verdict v = {false, -1, "no promise of data or freshness was broken"};
    sim_time from = run_now(&pv->base), to = run_now(r);
    for (size_t i = 0; i < run_wards(r); i++) {
        struct ward w = run_ward(r, i, from, to);
        double without = run_ward(&pv->nothing, i, from, to).harm;
        if (w.harm <= without)
            continue;
        double margin = (w.harm - without) / w.harm;
        if (v.ok && margin <= v.margin)
            continue;
        v.ok = true;
        v.margin = margin;
        snprintf(v.detail, sizeof v.detail, "%.60s: %.0f%s, without it %.0f", w.name,
                 w.harm, w.seconds ? " s" : "", without);
    }
    return v;
}

enum err prove_wrong(struct prover *pv, const struct course *c, struct errmsg *why)
{
    struct run r;
    struct verdict v = {0};
    memset(&r, 0, sizeof r);
    sim_time until = c->harm == HARM_FRAGILE ? c->until_at + AFTERMATH : 0;
    if (prove_course(pv, &r, c, until, why) != ERR_OK) {
        prove_result(pv, PROOF_WRONG, c->title, false, NAN, "%.180s", why->text);
        run_release(&r);
        return ERR_OK;
    }
    if (c->harm == HARM_WORSE)
        v = judge_worse(pv, &r, c);
    else if (c->harm == HARM_RETURNS)
        v = judge_returns(pv, &r);
    else if (c->harm == HARM_FRAGILE)
        v = judge_fragile(pv, &r, c);
    else if (c->harm == HARM_LOSES)
        v = judge_loses(pv, &r);
    else
        v = judge_spared(pv, &r, c);
    prove_result(pv, PROOF_WRONG, c->title, v.ok, v.margin, "%s: %s",
                 harm_word(c->harm), v.detail);
    run_release(&r);
    return ERR_OK;
}
