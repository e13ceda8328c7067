/*
 * The objective as users see it, from the ledger that the clients of the world keep:
 * good_total and bad_total, sampled each second. Both only ever grow, so a window is
 * one subtraction. Only clients whom the objective is about count, unless one is asked
 * for by name.
 */
#include "telemetry_internal.h"

#include <assert.h>
#include <math.h>

static double total_at(const struct recording *r, uint32_t col, uint32_t row)
{
    double v = table_at(&r->table, row, col);
    return isnan(v) ? 0 : v;
}

struct fate recording_fate(const struct recording *r, comp_id client, sim_time from,
                           sim_time to)
{
    assert(from <= to || from >= 0);
    struct fate f = {0, 0};
    uint32_t n = table_rows(&r->table);
    if (n == 0 || to <= 0 || from >= to)
        return f;
    sim_time a = from < 0 ? 0 : from / SIM_SEC, b = to / SIM_SEC;
    uint32_t first = a < n ? (uint32_t)a : n - 1, last = b < n ? (uint32_t)b : n - 1;
    if (first < r->first && r->first > 1)
        first = r->first;
    const struct plan *p = r->plan;
    for (uint32_t i = 0; i < p->nclients && first < last; i++) {
        if (client != COMP_NONE ? p->clients[i] != client : !p->in_slo[i])
            continue;
        f.good += total_at(r, p->good[i], last) - total_at(r, p->good[i], first);
        f.bad += total_at(r, p->bad[i], last) - total_at(r, p->bad[i], first);
    }
    return f;
}

bool metric_judges(const struct metric_desc *d)
{
    return str_eq(d->name, "good_total") || str_eq(d->name, "bad_total") ||
           str_eq(d->name, "slow_total");
}

static double share_good(struct fate f)
{
    return f.good + f.bad > 0 ? f.good / (f.good + f.bad) : NAN;
}

double recording_good(const struct recording *r, sim_time from, sim_time to)
{
    return share_good(recording_fate(r, COMP_NONE, from, to));
}

double recording_good_of(const struct recording *r, comp_id client, sim_time from,
                         sim_time to)
{
    return client == COMP_NONE ? NAN : share_good(recording_fate(r, client, from, to));
}

uint64_t recording_bad_count(const struct recording *r, sim_time from, sim_time to)
{
    return (uint64_t)recording_fate(r, COMP_NONE, from, to).bad;
}

/* The budget is what may be bad of a whole window's traffic. While the world is younger
 * than the window, its traffic so far is taken to go on. */
static double budget_left(const struct recording *r, const struct slo *slo, sim_time at)
{
    assert(slo->objective > 0 && slo->objective < 1);
    sim_time window = slo->window > 0 ? slo->window : SIM_HOUR;
    sim_time seen = at < window ? at : window;
    struct fate f = recording_fate(r, COMP_NONE, at - seen, at);
    double total = f.good + f.bad;
    if (total <= 0)
        return 1;
    double whole = total * (double)window / (double)seen;
    return 1 - f.bad / ((1 - slo->objective) * whole);
}

struct slo_state recording_slo(const struct recording *r, sim_time at)
{
    const struct slo *slo = &r->plan->slo;
    struct slo_state s = {.good = NAN, .burn = 0, .budget = 1, .ok = true};
    if (at > recording_end(r))
        at = recording_end(r);
    struct fate all = recording_fate(r, COMP_NONE, 0, at);
    s.total = (uint64_t)(all.good + all.bad);
    s.bad = (uint64_t)all.bad;
    s.good = recording_good(r, at - SIM_MIN, at);
    if (slo->objective <= 0 || slo->objective >= 1)
        return s;
    double good = recording_good(r, at - 5 * SIM_MIN, at);
    s.burn = isnan(good) ? 0 : (1 - good) / (1 - slo->objective);
    s.budget = budget_left(r, slo, at);
    s.ok = isnan(s.good) || s.good >= slo->objective;
    return s;
}
