/*
 * Alerts: rules evaluated once a second over the series, as an alert manager does.
 *
 * A threshold compares a gauge as it stands, or a counter as its rate over the last
 * minute; it must hold for the rule's time before the alert fires. A burn rate is the
 * share of bad requests over what the objective allows, over a long and a short window;
 * both must be above the factor (Site Reliability Workbook, chapter 5): the long one
 * says that it matters, the short one that it is still going on.
 *
 * Long windows reach back to before the world began. The time before counts as healthy
 * with the traffic seen so far; otherwise the first error of a young world would page.
 *
 * Nothing here remembers anything that the series do not tell: after a rewind the state
 * of each rule is found again by asking the rule about the past.
 */
#include "telemetry_internal.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define RATE_WINDOW SIM_MIN

/* ---- conditions ------------------------------------------------------------------ */

/* A rule and where its figures stand. */
struct look {
    const struct alert_rule *rule;
    struct rule_column at;
};

static double threshold_value(const struct recording *r, const struct look *k,
                              sim_time at)
{
    if (k->at.col == NO_COLUMN)
        return NAN;
    if (k->at.rate)
        return column_rate(r, k->at.col, at - RATE_WINDOW, at);
    return table_at(&r->table, (uint32_t)(at / SIM_SEC), k->at.col);
}

static double burn_over(const struct recording *r, sim_time window, sim_time at)
{
    assert(window > 0 && at >= 0);
    double objective = r->plan->slo.objective;
    struct fate f = recording_fate(r, COMP_NONE, at - window, at);
    double total = f.good + f.bad;
    if (total <= 0 || objective <= 0 || objective >= 1)
        return 0;
    sim_time seen = at - (sim_time)(r->first > 1 ? r->first : 0) * SIM_SEC;
    if (seen < window)
        total *= (double)window / (double)seen;
    return f.bad / total / (1 - objective);
}

/* The value to report when the rule's condition is true at `at`; NaN: it is false. */
static double condition(const struct recording *r, const struct look *k, sim_time at)
{
    const struct alert_rule *a = k->rule;
    if (a->kind == ALERT_THRESHOLD) {
        double v = threshold_value(r, k, at);
        bool beyond = a->below ? v < a->value : v > a->value;
        return beyond ? v : NAN;
    }
    /* To just reach the factor counts, and 1 - 0.999 is not quite 0.001. */
    double factor = a->factor * (1 - 1e-9), slow = burn_over(r, a->long_window, at);
    bool burns = slow >= factor &&
                 (a->short_window <= 0 || burn_over(r, a->short_window, at) >= factor);
    return burns ? slow : NAN;
}

/* ---- each second ----------------------------------------------------------------- */

/* Whether the rule fires at `now`, now or since earlier; *v is what its condition says. */
static bool fires(const struct recording *r, const struct look *k,
                  struct alert_state *s, sim_time now, double *v)
{
    *v = condition(r, k, now);
    if (isnan(*v)) {
        s->true_since = SIM_FOREVER;
        return false;
    }
    if (s->true_since == SIM_FOREVER)
        s->true_since = now;
    return s->firing || now - s->true_since >= k->rule->hold;
}

static void evaluate(struct recording *r, size_t rule, sim_time now)
{
    assert(rule < r->plan->nrules);
    struct alerts *a = &r->alerts;
    struct alert_state *s = &a->states[rule];
    const struct look k = {&r->plan->rules[rule], r->plan->rule_cols[rule]};
    double v;
    bool yes = fires(r, &k, s, now, &v);
    if (yes && !s->firing) {
        GROW(a->past, a->n, a->cap);
        a->past[a->n++] = (struct alert_past){(uint16_t)rule, now, SIM_FOREVER, v};
        s->firing = a->n;
    } else if (!yes && s->firing) {
        a->past[s->firing - 1].until = now;
        s->firing = 0;
    }
}

void alerts_evaluate(struct recording *r, sim_time now)
{
    for (size_t i = 0; i < r->plan->nrules; i++)
        evaluate(r, i, now);
}

struct fired recording_would_fire(const struct recording *r,
                                  const struct alert_rule *rule, sim_time since,
                                  sim_time until)
{
    const struct look k = {rule, plan_rule(r->plan, rule)};
    struct alert_state s = {.true_since = SIM_FOREVER};
    struct fired f = {.first = SIM_FOREVER};
    sim_time end = recording_end(r);
    for (sim_time t = SIM_SEC; t <= until && t <= end; t += SIM_SEC) {
        double v;
        bool yes = fires(r, &k, &s, t, &v);
        f.times += yes && !s.firing;
        if (yes && !s.firing && t >= since && t < f.first)
            f.first = t;
        s.firing = yes;
    }
    return f;
}

/* ---- asking ---------------------------------------------------------------------- */

const struct alert_rule *recording_rules(const struct recording *r, size_t *n)
{
    *n = r->plan->nrules;
    return r->plan->rules;
}

size_t recording_alerts(const struct recording *r)
{
    return r->alerts.n;
}

struct alert recording_alert(const struct recording *r, size_t i)
{
    if (i >= r->alerts.n)
        return (struct alert){0};
    const struct alert_past *p = &r->alerts.past[i];
    return (struct alert){&r->plan->rules[p->rule], p->rule, p->since, p->until,
                          p->value};
}

/* ---- life ------------------------------------------------------------------------ */

void alerts_fork(struct alerts *to, const struct alerts *from, size_t nrules)
{
    *to = (struct alerts){.n = from->n, .cap = from->n};
    to->states = mem_array(nrules + 1, sizeof *to->states);
    memcpy(to->states, from->states, nrules * sizeof *to->states);
    if (!from->n)
        return;
    to->past = mem_array(from->n, sizeof *to->past);
    memcpy(to->past, from->past, from->n * sizeof *to->past);
}

void alerts_release(struct alerts *a)
{
    mem_free(a->past);
    mem_free(a->states);
    *a = (struct alerts){0};
}
