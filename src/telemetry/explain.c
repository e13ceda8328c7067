/*
 * Explanations: where the time of requests went, and why they failed, from the slices
 * and reasons that every finished request brings along. Nothing is sampled.
 *
 * Between two quantiles lie whole latency buckets, and at either end a part of one. Of
 * that bucket each request counts by this part: where nine in ten requests are in one
 * bucket, the slowest tenth is not everybody.
 */
#include "telemetry_internal.h"

#include <assert.h>
#include <math.h>

/* The part of a bucket, with the requests of rank `below` to `upto`, that lies between
 * two ranks. Between equal ranks lies one request, and it stands for its bucket. */
static double part_between(double below, double upto, double from, double to)
{
    assert(from <= to);
    double first = from > below ? from : below, last = to < upto ? to : upto;
    return to > from ? (last - first) / (upto - below) : 1;
}

bool explain_choose(struct gather *g, double q_low, double q_high)
{
    assert(q_low <= q_high);
    double from = q_low * (double)g->count, to = q_high * (double)g->count, below = 0;
    bool any = false;
    for (uint32_t b = 0; b < LATENCY_BUCKETS; b++) {
        double upto = below + (double)g->hist[b];
        if (upto > below && below < to && upto > from) {
            double part = part_between(below, upto, from, to);
            g->low_part = any ? g->low_part : part;
            g->low = any ? g->low : b;
            g->high = b;
            g->high_part = part;
            any = true;
        } else if (upto > below && !any) {
            g->low = g->high = b;
            g->low_part = g->high_part = 1;
        }
        below = upto;
    }
    return g->count > 0;
}

struct gather explain_times(const struct gather *chosen)
{
    struct gather t = {.ncomps = chosen->ncomps,
                       .low = chosen->low,
                       .high = chosen->high,
                       .low_part = chosen->low_part,
                       .high_part = chosen->high_part};
    t.time_us = mem_array((size_t)(t.ncomps + 1) * CAUSE_COUNT, sizeof *t.time_us);
    return t;
}

static int by_share(const void *a, const void *b, void *ctx)
{
    const struct share *x = a, *y = b;
    (void)ctx;
    if (x->seconds != y->seconds)
        return x->seconds > y->seconds ? -1 : 1;
    if (x->place != y->place)
        return x->place < y->place ? -1 : 1;
    return (int)x->cause - (int)y->cause;
}

static size_t list_shares(const struct gather *g, double requests, struct share *all)
{
    size_t n = 0, cells = (size_t)(g->ncomps + 1) * CAUSE_COUNT;
    double total = 0;
    for (size_t i = 0; i < cells; i++)
        total += g->time_us[i];
    for (size_t i = 0; i < cells; i++) {
        double us = g->time_us[i];
        comp_id place = (comp_id)(i / CAUSE_COUNT);
        if (us > 0)
            all[n++] = (struct share){place < g->ncomps ? place : COMP_NONE,
                                      (enum cause)(i % CAUSE_COUNT), us / total,
                                      us / 1e6 / requests};
    }
    sort_stable(all, n, sizeof *all, by_share, NULL);
    return n;
}

size_t explain_shares(const struct gather *g, struct share *out, size_t max)
{
    double requests = 0;
    for (uint32_t b = g->low; b <= g->high; b++)
        requests += (double)g->hist[b] * gather_part(g, b);
    struct share *all = mem_array((size_t)(g->ncomps + 1) * CAUSE_COUNT, sizeof *all);
    size_t n = list_shares(g, requests, all);
    if (n > max)
        n = max;
    for (size_t i = 0; i < n; i++)
        out[i] = all[i];
    mem_free(all);
    return n;
}

size_t explain_time(const struct recording *r, comp_id c, sim_time from, sim_time to,
                    double q_low, double q_high, struct share *out, size_t max)
{
    struct gather g = {.ncomps = r->plan->ncomps};
    slots_gather(r, c, from, to, &g);
    if (!explain_choose(&g, q_low, q_high))
        return 0;
    struct gather t = explain_times(&g);
    slots_gather(r, c, from, to, &t);
    size_t n = explain_shares(&t, out, max);
    mem_free(t.time_us);
    return n;
}

static int by_count(const void *a, const void *b, void *ctx)
{
    const struct failure *x = a, *y = b;
    (void)ctx;
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    if (x->place != y->place)
        return x->place < y->place ? -1 : 1;
    return (int)x->reason - (int)y->reason;
}

size_t explain_reasons(const struct gather *g, struct failure *out, size_t max)
{
    size_t n = 0, cells = (size_t)(g->ncomps + 1) * REASON_COUNT;
    struct failure *all = mem_array(cells, sizeof *all);
    for (size_t i = 0; i < cells; i++) {
        comp_id place = (comp_id)(i / REASON_COUNT);
        if (g->failed[i])
            all[n++] = (struct failure){place < g->ncomps ? place : COMP_NONE,
                                        (enum reason)(i % REASON_COUNT), g->failed[i]};
    }
    sort_stable(all, n, sizeof *all, by_count, NULL);
    if (n > max)
        n = max;
    for (size_t i = 0; i < n; i++)
        out[i] = all[i];
    mem_free(all);
    return n;
}

size_t explain_failures(const struct recording *r, comp_id c, sim_time from,
                        sim_time to, struct failure *out, size_t max)
{
    struct gather g = {.ncomps = r->plan->ncomps};
    g.failed = mem_array((size_t)(g.ncomps + 1) * REASON_COUNT, sizeof *g.failed);
    slots_gather(r, c, from, to, &g);
    size_t n = explain_reasons(&g, out, max);
    mem_free(g.failed);
    return n;
}
