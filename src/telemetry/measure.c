/*
 * Measuring: requests as they end, metrics at equal steps of time, both by batch.
 *
 * Each figure is kept at three levels: the batch that runs, the replication, and all of
 * it. When a batch ends its figures go into the spread of batches and its histograms
 * into the replication's; when a replication ends the same happens one level up. A row
 * (a client, an endpoint, a third party) is made when the first request of it ends; the
 * batches before that counted none.
 */
#include "measure_internal.h"

#include <assert.h>
#include <math.h>

const unsigned measure_quantiles[MEASURE_QUANTILES] = {5000, 9000, 9900, 9990};

enum { READINGS_MAX = 20000000, STEPS_MIN = 10, STEPS_MAX = 500 };
enum level { BATCH, REPLICATION, ALL, LEVELS };

struct timing {
    struct histogram at[LEVELS];
    struct estimate mean, q[MEASURE_QUANTILES];
};
struct counts {
    uint64_t done, answered, good, failed, abandoned;
};
struct row {
    bool user;
    struct counts at[LEVELS];
    struct estimate throughput, goodput;
    struct timing response, waiting, failing;
};
struct gauge {          /* a metric of a component; counters too */
    double first, last; /* at the beginning of the window and of the batch */
    double sum, all;    /* of the batch's and the window's readings */
    uint64_t n, nall;
    double min, max;
    struct estimate e;
};
struct measure {
    struct model *model;
    uint32_t ncomps;
    struct measure_plan plan;
    unsigned steps;      /* readings in a batch */
    uint64_t tick;       /* how many were told in this replication */
    unsigned batch;      /* whole ones */
    sim_time batch_from; /* when the one that runs began */
    unsigned replications;
    double seconds;
    struct row **rows;   /* by component; NULL: no request yet */
    size_t *first_gauge; /* by component */
    struct gauge *gauges;
    size_t ngauges;
    struct slot_open *slot; /* where time went, all replications */
};

bool cause_waits(enum cause c)
{
    switch (c) {
    case CAUSE_CPU_WAIT:
    case CAUSE_WORKER_QUEUE:
    case CAUSE_POOL_WAIT:
    case CAUSE_DB_WAIT:
    case CAUSE_LOCK:
    case CAUSE_COALESCED:
    case CAUSE_BACKOFF:
    case CAUSE_PAUSE:
    case CAUSE_GC:
    case CAUSE_LIMITER:
    case CAUSE_BROKER:
    case CAUSE_DEAD_CONNECTION:
        return true;
    case CAUSE_CPU:
    case CAUSE_CONNECT:
    case CAUSE_DB_CPU:
    case CAUSE_CACHE:
    case CAUSE_NETWORK:
    case CAUSE_EXTERNAL:
    case CAUSE_SLEEP:
    case CAUSE_OTHER:
    case CAUSE_DISK:
    case CAUSE_DNS:
    case CAUSE_TLS:
    case CAUSE_COUNT:
        break;
    }
    return false;
}

/* ---- life ------------------------------------------------------------------------ */

static size_t metrics_of(const struct measure *x, uint32_t c)
{
    return model_kind(x->model, (comp_id)c)->nmetrics;
}

/* The number of readings in a batch, such that a large model does not pay more for
 * being looked at than for running. */
static unsigned choose_steps(size_t metrics, unsigned batches)
{
    assert(batches > 0);
    size_t steps = READINGS_MAX / ((metrics + 1) * batches);
    return (unsigned)(steps < STEPS_MIN   ? STEPS_MIN
                      : steps > STEPS_MAX ? STEPS_MAX
                                          : steps);
}

enum err measure_new(struct measure **out, const struct model *m,
                     const struct measure_plan *p, struct errmsg *why)
{
    *out = NULL;
    if (p->warm_up < 0 || p->end <= p->warm_up || p->batches < 2 ||
        p->end - p->warm_up < (sim_time)p->batches * STEPS_MAX)
        return errmsg_set(why, ERR_INPUT,
                          "nothing can be measured: the end must be later than the "
                          "warm-up, and there must be 2 batches at least");
    if (model_comps(m) > MEASURE_COMPS)
        return errmsg_set(why, ERR_LIMIT, "%zu components; %d at most can be measured",
                          model_comps(m), MEASURE_COMPS);
    struct measure *x = mem_alloc(sizeof *x);
    x->model = model_ref((struct model *)m);
    x->ncomps = (uint32_t)model_comps(m);
    x->plan = *p;
    x->rows = mem_array(x->ncomps + 1, sizeof *x->rows);
    x->first_gauge = mem_array(x->ncomps + 1, sizeof *x->first_gauge);
    for (uint32_t c = 0; c < x->ncomps; c++) {
        x->first_gauge[c] = x->ngauges;
        x->ngauges += metrics_of(x, c);
    }
    x->gauges = mem_array(x->ngauges + 1, sizeof *x->gauges);
    x->steps = choose_steps(x->ngauges, p->batches);
    x->slot = slot_open_new(x->ncomps);
    *out = x;
    return ERR_OK;
}

static void row_free(struct row *r)
{
    for (int level = 0; r && level < LEVELS; level++) {
        histogram_release(&r->response.at[level]);
        histogram_release(&r->waiting.at[level]);
        histogram_release(&r->failing.at[level]);
    }
    mem_free(r);
}

void measure_free(struct measure *x)
{
    if (!x)
        return;
    for (uint32_t c = 0; c < x->ncomps; c++)
        row_free(x->rows[c]);
    slot_open_unref(x->slot);
    mem_free(x->rows);
    mem_free(x->first_gauge);
    mem_free(x->gauges);
    model_unref(x->model);
    mem_free(x);
}

/* ---- requests -------------------------------------------------------------------- */

static void add_zeros(struct estimate *e, const struct measure *x)
{
    e->batches.n = x->batch;
    e->replications.n = x->replications;
}

static struct row *row_of(struct measure *x, comp_id c, bool user)
{
    if (!x->rows[c]) {
        struct row *r = x->rows[c] = mem_alloc(sizeof *r);
        r->user = user;
        add_zeros(&r->throughput, x);
        add_zeros(&r->goodput, x);
    }
    return x->rows[c];
}

static sim_time waited(const struct request_done *r)
{
    sim_time sum = 0;
    for (size_t i = 0; i < r->nslices; i++)
        if (cause_waits((enum cause)r->slices[i].cause))
            sum += r->slices[i].ns;
    return sum;
}

static void measure_done(void *ctx, const struct request_done *d)
{
    struct measure *x = ctx;
    comp_id c = d->user ? d->client : d->endpoint;
    if (c >= x->ncomps)
        c = d->place; /* a third party has no endpoints */
    if (x->tick == 0 || c >= x->ncomps)
        return;
    struct row *r = row_of(x, c, d->user);
    struct counts *n = &r->at[BATCH];
    bool answered = d->reason == REASON_NONE;
    n->done++;
    n->answered += answered;
    n->failed += !answered;
    n->good += d->user ? d->good : answered && !d->abandoned;
    n->abandoned += d->abandoned;
    if (answered) {
        histogram_add(&r->response.at[BATCH], d->end - d->start);
        histogram_add(&r->waiting.at[BATCH], waited(d));
    } else {
        histogram_add(&r->failing.at[BATCH], d->end - d->start);
    }
    slot_open_done(x->slot, x->ncomps, d);
}

struct observer measure_observer(struct measure *x)
{
    return (struct observer){.ctx = x, .done = measure_done};
}

/* ---- levels ---------------------------------------------------------------------- */

static void counts_lift(struct counts *to, struct counts *from)
{
    to->done += from->done;
    to->answered += from->answered;
    to->good += from->good;
    to->failed += from->failed;
    to->abandoned += from->abandoned;
    *from = (struct counts){0};
}

static struct spread *spread_at(struct estimate *e, enum level level)
{
    return level == BATCH ? &e->batches : &e->replications;
}

/* Notes what this level came to. */
static void timing_note(struct timing *t, enum level level)
{
    const struct histogram *h = &t->at[level];
    if (h->count == 0)
        return;
    spread_add(spread_at(&t->mean, level), histogram_mean(h));
    for (int i = 0; i < MEASURE_QUANTILES; i++)
        spread_add(spread_at(&t->q[i], level),
                   histogram_quantile(h, measure_quantiles[i]));
}

static void timing_lift(struct timing *t, enum level level)
{
    histogram_merge(&t->at[level + 1], &t->at[level]);
    histogram_reset(&t->at[level]);
}

static void row_note(struct row *r, enum level level, double seconds)
{
    spread_add(spread_at(&r->throughput, level), (double)r->at[level].done / seconds);
    spread_add(spread_at(&r->goodput, level), (double)r->at[level].good / seconds);
    timing_note(&r->response, level);
    timing_note(&r->waiting, level);
    timing_note(&r->failing, level);
}

static void rows_lift(struct measure *x, enum level level)
{
    for (uint32_t c = 0; c < x->ncomps; c++) {
        struct row *r = x->rows[c];
        if (!r)
            continue;
        counts_lift(&r->at[level + 1], &r->at[level]);
        timing_lift(&r->response, level);
        timing_lift(&r->waiting, level);
        timing_lift(&r->failing, level);
    }
}

static void rows_note(struct measure *x, enum level level, double seconds)
{
    for (uint32_t c = 0; c < x->ncomps; c++)
        if (x->rows[c])
            row_note(x->rows[c], level, seconds);
}

/* ---- metrics --------------------------------------------------------------------- */

static void read_gauge(struct gauge *g, double v)
{
    if (!isfinite(v))
        return;
    g->sum += v;
    g->n++;
    g->min = v < g->min || isnan(g->min) ? v : g->min;
    g->max = v > g->max || isnan(g->max) ? v : g->max;
}

/* f(gauge, what the world says of it now) for every metric of every component. */
static void each_gauge(struct measure *x, const struct world *w,
                       void (*f)(struct gauge *g, bool counter, double v, double s),
                       double seconds)
{
    for (uint32_t c = 0; c < x->ncomps; c++) {
        const struct kind_desc *k = model_kind(x->model, (comp_id)c);
        for (size_t i = 0; i < k->nmetrics; i++)
            f(&x->gauges[x->first_gauge[c] + i], k->metrics[i].type == METRIC_COUNTER,
              world_metric_at(w, (comp_id)c, i, 0), seconds);
    }
}

static void gauge_start(struct gauge *g, bool counter, double v, double seconds)
{
    (void)counter;
    (void)seconds;
    struct estimate e = g->e;
    bool anew = e.replications.n == 0;
    *g = (struct gauge){.first = v,
                        .last = v,
                        .min = anew ? (double)NAN : g->min,
                        .max = anew ? (double)NAN : g->max,
                        .e = {.replications = e.replications}};
}

static void gauge_read(struct gauge *g, bool counter, double v, double seconds)
{
    assert(seconds >= 0);
    (void)seconds;
    if (!counter)
        read_gauge(g, v);
}

static void gauge_lift(struct gauge *g)
{
    g->all += g->sum;
    g->nall += g->n;
    g->sum = 0;
    g->n = 0;
}

static void gauge_batch(struct gauge *g, bool counter, double v, double seconds)
{
    assert(seconds >= 0);
    if (counter)
        spread_add(&g->e.batches, (v - g->last) / seconds);
    else if (g->n > 0)
        spread_add(&g->e.batches, g->sum / (double)g->n);
    g->last = v;
    gauge_lift(g);
}

static void gauge_end(struct gauge *g, bool counter, double v, double seconds)
{
    gauge_lift(g);
    g->e.whole = counter ? (v - g->first) / seconds : g->all / (double)g->nall;
    if (isfinite(g->e.whole))
        spread_add(&g->e.replications, g->e.whole);
}

/* ---- time ------------------------------------------------------------------------ */

static sim_time moment(const struct measure *x, uint64_t tick)
{
    sim_time span = x->plan.end - x->plan.warm_up;
    sim_time n = (sim_time)(x->plan.batches * x->steps), k = (sim_time)tick;
    return x->plan.warm_up + span / n * k + span % n * k / n;
}

void measure_begin(struct measure *x)
{
    x->tick = 0;
    x->batch = 0;
    x->batch_from = x->plan.warm_up;
}

sim_time measure_next(const struct measure *x)
{
    return x->tick <= (uint64_t)x->plan.batches * x->steps ? moment(x, x->tick)
                                                           : SIM_FOREVER;
}

static void batch_start_rows(struct measure *x)
{
    assert(x);
    for (uint32_t c = 0; c < x->ncomps; c++) {
        struct row *r = x->rows[c];
        if (!r)
            continue;
        r->throughput.batches = r->goodput.batches = (struct spread){0};
        r->response.mean.batches = r->waiting.mean.batches = (struct spread){0};
        for (int i = 0; i < MEASURE_QUANTILES; i++)
            r->response.q[i].batches = r->waiting.q[i].batches = (struct spread){0};
    }
}

static void end_batch(struct measure *x, const struct world *w)
{
    double seconds = (double)(world_now(w) - x->batch_from) / 1e9;
    rows_note(x, BATCH, seconds);
    rows_lift(x, BATCH);
    each_gauge(x, w, gauge_batch, seconds);
    x->batch_from = world_now(w);
    x->batch++;
}

void measure_tick(struct measure *x, const struct world *w)
{
    if (x->tick == 0) {
        batch_start_rows(x);
        each_gauge(x, w, gauge_start, 0);
    } else {
        each_gauge(x, w, gauge_read, 0);
        if (x->tick % x->steps == 0)
            end_batch(x, w);
    }
    x->tick++;
}

void measure_end(struct measure *x, const struct world *w)
{
    double seconds = (double)(world_now(w) - x->plan.warm_up) / 1e9;
    if (x->tick == 0 || !(seconds > 0))
        return; /* not even warm */
    rows_lift(x, BATCH);
    for (uint32_t c = 0; c < x->ncomps; c++) {
        struct row *r = x->rows[c];
        if (!r)
            continue;
        r->throughput.whole = (double)r->at[REPLICATION].done / seconds;
        r->goodput.whole = (double)r->at[REPLICATION].good / seconds;
    }
    rows_note(x, REPLICATION, seconds);
    rows_lift(x, REPLICATION);
    each_gauge(x, w, gauge_end, seconds);
    x->seconds += seconds;
    x->replications++;
}

/* ---- what came out --------------------------------------------------------------- */

double measure_seconds(const struct measure *x)
{
    return x->seconds;
}

unsigned measure_replications(const struct measure *x)
{
    return x->replications;
}

unsigned measure_batches(const struct measure *x)
{
    return x->batch;
}

size_t measure_rows(const struct measure *x)
{
    size_t n = 0;
    for (uint32_t c = 0; c < x->ncomps; c++)
        n += x->rows[c] ? 1 : 0;
    return n;
}

static void tell_timing(const struct measure *x, const struct timing *t,
                        struct measured_time *out)
{
    const struct histogram *h = &t->at[ALL];
    out->mean = estimate_tell(&t->mean, x->replications);
    out->mean.value = histogram_mean(h);
    out->max = h->count > 0 ? (double)h->max / 1e9 : (double)NAN;
    for (int i = 0; i < MEASURE_QUANTILES; i++) {
        out->q[i] = estimate_tell(&t->q[i], x->replications);
        out->q[i].value = histogram_quantile(h, measure_quantiles[i]);
    }
}

/* Users first, then what they call. */
static uint32_t row_at(const struct measure *x, size_t i)
{
    assert(i < measure_rows(x));
    for (int user = 1; user >= 0; user--)
        for (uint32_t c = 0; c < x->ncomps; c++)
            if (x->rows[c] && x->rows[c]->user == user && i-- == 0)
                return c;
    BUG("no such row");
}

void measure_row(const struct measure *x, size_t i, struct measured_row *out)
{
    uint32_t c = row_at(x, i);
    const struct row *r = x->rows[c];
    const struct counts *n = &r->at[ALL];
    *out = (struct measured_row){
        .comp = (comp_id)c,
        .user = r->user,
        .done = n->done,
        .answered = n->answered,
        .good = n->good,
        .failed = n->failed,
        .abandoned = n->abandoned,
        .throughput = estimate_tell(&r->throughput, x->replications),
        .goodput = estimate_tell(&r->goodput, x->replications),
    };
    tell_timing(x, &r->response, &out->response);
    tell_timing(x, &r->waiting, &out->waiting);
    tell_timing(x, &r->failing, &out->failing);
}

void measure_metric(const struct measure *x, comp_id c, size_t metric,
                    struct measured_metric *out)
{
    const struct gauge *g = &x->gauges[x->first_gauge[c] + metric];
    *out = (struct measured_metric){
        .mean = estimate_tell(&g->e, x->replications), .min = g->min, .max = g->max};
}

size_t measure_shares(const struct measure *x, comp_id c, double q_low, double q_high,
                      struct share *out, size_t max)
{
    struct gather g = {.ncomps = x->ncomps};
    slot_gather_open(x->slot, c, &g);
    if (!explain_choose(&g, q_low, q_high))
        return 0;
    struct gather t = explain_times(&g);
    slot_gather_open(x->slot, c, &t);
    size_t n = explain_shares(&t, out, max);
    mem_free(t.time_us);
    return n;
}

size_t measure_failures(const struct measure *x, comp_id c, struct failure *out,
                        size_t max)
{
    struct gather g = {.ncomps = x->ncomps};
    g.failed = mem_array((size_t)(x->ncomps + 1) * REASON_COUNT, sizeof *g.failed);
    slot_gather_open(x->slot, c, &g);
    size_t n = explain_reasons(&g, out, max);
    mem_free(g.failed);
    return n;
}
