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

/* ---- conditions --------------------------------------------------------- */

static double threshold_value(const struct recording *r, size_t rule, sim_time at)
{
    assert(rule < r->plan->nrules);
    uint32_t col = r->plan->rule_col[rule];
    if (col == NO_COLUMN)
        return NAN;
    if (r->plan->rule_rate[rule])
        return column_rate(r, col, at - RATE_WINDOW, at);
    return table_at(&r->table, (uint32_t)(at / SIM_SEC), col);
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
static double condition(const struct recording *r, size_t rule, sim_time at)
{
    const struct alert_rule *a = &r->plan->rules[rule];
    if (a->kind == ALERT_THRESHOLD) {
        double v = threshold_value(r, rule, at);
        bool beyond = a->below ? v < a->value : v > a->value;
        return beyond ? v : NAN;
    }
    /* To just reach the factor counts, and 1 - 0.999 is not quite 0.001. */
    double factor = a->factor * (1 - 1e-9), slow = burn_over(r, a->long_window, at);
    bool burns = slow >= factor &&
                 (a->short_window <= 0 || burn_over(r, a->short_window, at) >= factor);
    return burns ? slow : NAN;
}

/* ---- each second -------------------------------------------------------- */

static void fire(struct alerts *a, size_t rule, sim_time now, double value)
{
    assert(!a->states[rule].firing);
    GROW(a->past, a->n, a->cap);
    a->past[a->n++] = (struct alert_past){(uint16_t)rule, now, SIM_FOREVER, value};
    a->states[rule].firing = a->n;
}

static void evaluate(struct recording *r, size_t rule, sim_time now)
{
    assert(rule < r->plan->nrules);
    struct alert_state *s = &r->alerts.states[rule];
    double v = condition(r, rule, now);
    if (isnan(v)) {
        s->true_since = SIM_FOREVER;
        if (s->firing)
            r->alerts.past[s->firing - 1].until = now;
        s->firing = 0;
        return;
    }
    if (s->true_since == SIM_FOREVER)
        s->true_since = now;
    if (!s->firing && now - s->true_since >= r->plan->rules[rule].hold)
        fire(&r->alerts, rule, now, v);
}

void alerts_evaluate(struct recording *r, sim_time now)
{
    for (size_t i = 0; i < r->plan->nrules; i++)
        evaluate(r, i, now);
}

/* ---- asking ------------------------------------------------------------- */

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

/* ---- life --------------------------------------------------------------- */

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
