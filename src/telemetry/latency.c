/*
 * Questions about latency: quantiles, means and histograms over any window, by adding
 * up the slots that touch it. Within a bucket requests are taken to be spread evenly.
 */
#include "telemetry_internal.h"

#include <assert.h>
#include <math.h>

double latency_bucket_upper(size_t bucket)
{
    assert(bucket <= LATENCY_BUCKETS);
    if (bucket >= LATENCY_BUCKETS)
        bucket = LATENCY_BUCKETS - 1;
    uint64_t eighths = (9 + bucket % 8) << (bucket / 8); /* of 0.1 ms */
    return (double)(eighths * 12500) / 1e9;
}

static double bucket_lower(size_t bucket)
{
    return bucket ? latency_bucket_upper(bucket - 1) : 0;
}

static void gather_slot(const struct slots *s, int64_t number, comp_id c,
                        struct gather *g)
{
    if (number < (int64_t)s->nclosed && s->closed[number])
        slot_gather_closed(s->closed[number], c, g);
    if (s->open && s->number == number)
        slot_gather_open(s->open, c, g);
}

static void gather_one(const struct slots *s, comp_id c, int64_t first, int64_t last,
                       struct gather *g)
{
    assert(first <= last);
    if (last > s->number)
        last = s->number;
    for (int64_t k = first; k <= last; k++)
        gather_slot(s, k, c, g);
}

static bool is_endpoint_of(const struct model *m, comp_id c, comp_id owner)
{
    return model_owner(m, c) == owner && str_eq(model_kind(m, c)->name, "endpoint");
}

void slots_gather(const struct recording *r, comp_id c, sim_time from, sim_time to,
                  struct gather *g)
{
    if (to <= 0 || from >= to)
        return;
    int64_t first = from < 0 ? 0 : from / SLOT_TIME, last = (to - 1) / SLOT_TIME;
    gather_one(&r->slots, c, first, last, g);
    for (uint32_t e = 0; e < r->plan->ncomps; e++)
        if (is_endpoint_of(r->plan->model, (comp_id)e, c))
            gather_one(&r->slots, (comp_id)e, first, last, g);
}

static double quantile_of(const struct gather *g, double q)
{
    assert(q >= 0 && q <= 1);
    double rank = q * (double)g->count, below = 0;
    for (uint32_t b = 0; b < LATENCY_BUCKETS; b++) {
        double n = (double)g->hist[b];
        if (n > 0 && below + n >= rank) {
            double low = bucket_lower(b), high = latency_bucket_upper(b);
            return low + (high - low) * (rank > below ? (rank - below) / n : 0);
        }
        below += n;
    }
    return NAN;
}

double latency_quantile(const struct recording *r, comp_id c, sim_time from,
                        sim_time to, double q)
{
    struct gather g = {.ncomps = r->plan->ncomps};
    slots_gather(r, c, from, to, &g);
    return g.count && q >= 0 && q <= 1 ? quantile_of(&g, q) : NAN;
}

double latency_mean(const struct recording *r, comp_id c, sim_time from, sim_time to)
{
    struct gather g = {.ncomps = r->plan->ncomps};
    slots_gather(r, c, from, to, &g);
    return g.count ? (double)g.sum_ns / (double)g.count / 1e9 : NAN;
}

void latency_histogram(const struct recording *r, comp_id c, sim_time from, sim_time to,
                       uint32_t counts[LATENCY_BUCKETS])
{
    struct gather g = {.ncomps = r->plan->ncomps};
    slots_gather(r, c, from, to, &g);
    for (uint32_t b = 0; b < LATENCY_BUCKETS; b++)
        counts[b] = g.hist[b] < UINT32_MAX ? (uint32_t)g.hist[b] : UINT32_MAX;
}
