/*
 * Runs: how long, in batches, and what is read from them. Counters are read at the ends
 * of batches; percentiles come from every single answer the client got.
 */
#include "ref.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

/* ---- how long -------------------------------------------------------------------- */

/* Cost that a run may have; `make test` has less time. */
static double most_customers(const struct ref *r)
{
    return r->full ? 6e7 : 4e5;
}

double queue_noise(double rho, double scv)
{
    double idle = 1 - rho;
    return (1 + scv) * (14 + 2 / (idle * idle));
}

/* With half as many again for what the constants do not know, the standard error is
 * half of what is allowed; or, where that would take too long, at most 0.6 of it. */
double run_customers(const struct ref *r, double noise)
{
    double aim = REF_NOISE(r) / 2, n = 1.5 * noise / (aim * aim);
    if (n <= most_customers(r))
        return n;
    return n / 2 <= most_customers(r) ? most_customers(r) : 0;
}

double rank_need(double alike, double q, double steep)
{
    double aim = 0.0045 * steep;
    return 2.5 * alike * q / (1 - q) / (aim * aim);
}

void run_longer(struct run *run, double customers)
{
    run->customers = customers;
    run->batch = (sim_time)(customers / run->per_second / REF_BATCHES * 1e9) + 1;
    run->warm = 4 * run->batch;
}

bool run_init(struct run *run, struct ref *r, struct lab *l, double rate, double noise)
{
    double n = run_customers(r, noise);
    if (n == 0)
        return false;
    n = n < 100 * REF_BATCHES ? 100 * REF_BATCHES : n;
    audit(l->m, 2, (sim_time)(r->audited / rate * 1e9));
    *run = (struct run){.ref = r, .l = l, .per_second = rate, .client = COMP_NONE};
    run_longer(run, n);
    return true;
}

void lab_again(struct lab *l, uint64_t seed)
{
    struct errmsg why = {0};
    world_free(l->w);
    l->w = world_new(l->m, seed, &why);
    if (!l->w)
        fail_msg("%s", why.text);
}

/* ---- counters -------------------------------------------------------------------- */

size_t run_count_of(struct run *run, const char *comp, const char *metric, int instance)
{
    comp_id c = model_find(run->l->m, comp);
    if (c == COMP_NONE)
        fail_msg("no component %s", comp);
    const struct kind_desc *k = model_kind(run->l->m, c);
    assert_true(run->n < RUN_COUNTERS);
    for (size_t i = 0; i < k->nmetrics; i++) {
        if (strcmp(k->metrics[i].name, metric) != 0)
            continue;
        run->counter[run->n].comp = c;
        run->counter[run->n].metric = (int)i;
        run->counter[run->n].instance = instance;
        return run->n++;
    }
    fail_msg("%s has no metric %s", comp, metric);
    return 0;
}

size_t run_count(struct run *run, const char *comp, const char *metric)
{
    return run_count_of(run, comp, metric, 0);
}

static double counter_now(const struct run *run, size_t i)
{
    return world_metric_at(run->l->w, run->counter[i].comp,
                           (size_t)run->counter[i].metric, run->counter[i].instance);
}

double run_total(const struct run *run, size_t counter)
{
    double sum = 0;
    for (size_t b = 0; b < run->batches; b++)
        sum += run->counter[counter].growth[b];
    return sum;
}

struct sample run_ratio(const struct run *run, size_t over, size_t under)
{
    const double *a = run->counter[over].growth, *b = run->counter[under].growth;
    double ratio = run_total(run, over) / run_total(run, under), squares = 0;
    double n = (double)run->batches, mean = run_total(run, under) / n;
    for (size_t i = 0; i < run->batches; i++)
        squares += (a[i] - ratio * b[i]) * (a[i] - ratio * b[i]);
    return (struct sample){ratio, sqrt(squares / (n - 1) / n) / mean};
}

struct sample run_rate(const struct run *run, size_t counter)
{
    struct sample s = sample_of(run->counter[counter].growth, run->batches);
    double seconds = (double)run->batch / 1e9;
    return (struct sample){s.mean / seconds, s.se / seconds};
}

/* ---- percentiles ----------------------------------------------------------------- */

enum { STEP_BITS = 12, STEPS = 1 << STEP_BITS, BUCKETS = 48 * STEPS };

static size_t bucket_of(sim_time v)
{
    if (v < 2 * STEPS)
        return (size_t)v;
    int shift = 63 - __builtin_clzll((unsigned long long)v) - STEP_BITS;
    size_t i = ((size_t)shift << STEP_BITS) + (size_t)(v >> shift);
    return i < BUCKETS ? i : BUCKETS - 1;
}

static double bucket_value(size_t i) /* ns */
{
    if (i < 2 * STEPS)
        return (double)i;
    int shift = (int)(i >> STEP_BITS) - 1;
    double low = (double)((i & (STEPS - 1)) + STEPS);
    return (low + 0.5) * (double)(INT64_C(1) << shift);
}

/* The smallest value such that at least the share q of all is no larger. */
#define RANK_IN(name, type)                                                            \
    static double name(const type *h, uint64_t n, double q)                            \
    {                                                                                  \
        uint64_t rank = (uint64_t)ceil(q * (double)n - 1e-9), seen = 0;                \
        for (size_t i = 0; i < BUCKETS; i++)                                           \
            if ((seen += h[i]) >= rank)                                                \
                return bucket_value(i) / 1e9;                                          \
        return NAN;                                                                    \
    }
RANK_IN(rank_in_batch, uint32_t)
RANK_IN(rank_in_all, uint64_t)

static void ranks_add(struct ranks *k, sim_time v)
{
    k->batch[bucket_of(v)]++;
    k->n_batch++;
}

static void ranks_end_batch(struct ranks *k)
{
    for (size_t i = 0; i < BUCKETS; i++)
        k->all[i] += k->batch[i];
    k->n += k->n_batch;
    memset(k->batch, 0, BUCKETS * sizeof *k->batch);
    k->n_batch = 0;
}

void run_rank(struct run *run, const char *client)
{
    run->client = model_find(run->l->m, client);
    assert_true(run->client != COMP_NONE);
    for (int i = 0; i < RUN_RANKS; i++) {
        run->ranks[i].batch = mem_array(BUCKETS, sizeof *run->ranks[i].batch);
        run->ranks[i].all = mem_array(BUCKETS, sizeof *run->ranks[i].all);
    }
}

size_t run_quantile(struct run *run, int which, double q, double need)
{
    double most = run->ref->full ? most_customers(run->ref) : 1.2e6;
    if (need > run->customers && need / 2 > most)
        return NO_QUANTILE;
    if (need > run->customers)
        run_longer(run, need < most ? need : fmax(most, run->customers));
    assert_true(run->nquantiles < RUN_QUANTILES);
    run->quantile[run->nquantiles].which = which;
    run->quantile[run->nquantiles].q = q;
    return run->nquantiles++;
}

static void on_done(void *ctx, const struct request_done *d)
{
    struct run *run = ctx;
    if (!d->user || d->client != run->client || d->reason != REASON_NONE)
        return;
    sim_time waited = 0;
    for (size_t i = 0; i < d->nslices; i++)
        if (d->slices[i].cause == CAUSE_WORKER_QUEUE)
            waited += d->slices[i].ns;
    ranks_add(&run->ranks[RUN_RESPONSE], d->end - d->start);
    ranks_add(&run->ranks[RUN_WAIT], waited);
}

static void end_batch(struct run *run, int b)
{
    if (run->client == COMP_NONE)
        return;
    for (size_t i = 0; i < run->nquantiles && b >= 0; i++) {
        const struct ranks *k = &run->ranks[run->quantile[i].which];
        run->quantile[i].batch[b] =
            rank_in_batch(k->batch, k->n_batch, run->quantile[i].q);
    }
    if (b >= 0) {
        const struct ranks *k = &run->ranks[RUN_WAIT];
        run->waited[b] = 1 - (double)k->batch[0] / (double)k->n_batch;
    }
    for (int i = 0; i < RUN_RANKS; i++) {
        if (b < 0) { /* the warm-up */
            memset(run->ranks[i].batch, 0, BUCKETS * sizeof *run->ranks[i].batch);
            run->ranks[i].n_batch = 0;
        } else {
            ranks_end_batch(&run->ranks[i]);
        }
    }
}

struct sample run_rank_value(const struct run *run, size_t quantile, double unit)
{
    const struct ranks *k = &run->ranks[run->quantile[quantile].which];
    struct sample s = sample_of(run->quantile[quantile].batch, run->batches);
    s.mean = rank_in_all(k->all, k->n, run->quantile[quantile].q) / unit;
    s.se /= unit;
    return s;
}

struct sample run_waited(const struct run *run)
{
    const struct ranks *k = &run->ranks[RUN_WAIT];
    struct sample s = sample_of(run->waited, run->batches);
    s.mean = 1 - (double)k->all[0] / (double)k->n;
    return s;
}

double run_ranked(const struct run *run)
{
    return (double)run->ranks[RUN_WAIT].n;
}

void run_percentile(const struct run *run, const char *what, double expected,
                    size_t quantile, double unit)
{
    if (quantile == NO_QUANTILE) {
        ref_unreached(run->ref, what);
        return;
    }
    ref_percentile(run->ref, what, expected, run_rank_value(run, quantile, unit));
}

/* ---- the run --------------------------------------------------------------------- */

static void go_to(struct run *run, sim_time until)
{
    struct errmsg why = {0};
    struct observer o = {.ctx = run, .done = on_done};
    const struct observer *watch = run->client == COMP_NONE ? NULL : &o;
    if (world_run(run->l->w, until, UINT64_MAX, watch, &why) != ERR_OK)
        fail_msg("%s: %s", run->ref->row, why.text);
}

static void warm_up(struct run *run)
{
    go_to(run, world_now(run->l->w) + run->warm);
    end_batch(run, -1);
}

static void run_batches(struct run *run, int n)
{
    double before[RUN_COUNTERS];
    for (int i = 0; i < n; i++) {
        size_t b = run->batches++;
        for (size_t k = 0; k < run->n; k++)
            before[k] = counter_now(run, k);
        go_to(run, world_now(run->l->w) + run->batch);
        for (size_t k = 0; k < run->n; k++)
            run->counter[k].growth[b] = counter_now(run, k) - before[k];
        end_batch(run, (int)b);
    }
}

/* To stop by the standard error alone is sound with so many batches: their means'
 * spread is known to about a tenth from the planned length on, which 4 standard errors
 * forgive, and a batch stays as long as was planned, far longer than what ties
 * neighbours together. What would not be sound is to stop by the mean. */
bool run_go(struct run *run)
{
    struct ref *r = run->ref;
    bool first = run->batches == 0;
    if (first) {
        warm_up(run);
        r->trying = true;
    } else if (!r->trying) {
        return false;
    } else if (!r->noisy || run->batches == MOST_BATCHES) {
        r->trying = false;
        return true;
    }
    r->noisy = false;
    run_batches(run, first ? REF_BATCHES : REF_BATCHES / 2);
    return true;
}

void run_free(struct run *run)
{
    for (int i = 0; i < RUN_RANKS; i++) {
        mem_free(run->ranks[i].batch);
        mem_free(run->ranks[i].all);
    }
    lab_free(run->l);
}
