/*
 * Series: one sample a second of every metric of every component and instance, and the
 * questions about them. Columns of whole components are known from the start; those of
 * an instance are handed out when it first appears and stay its own.
 *
 * A counter is 0 at the start of the world and when its instance appears, and its
 * increase is the sum of what it went up: a fall (a restart) counts as nothing.
 */
#include "telemetry_internal.h"

#include <assert.h>
#include <math.h>

#define MAX_INSTANCES 1024 /* of one component; more are not sampled on their own */

/* ---- sampling -------------------------------------------------------------------- */

/* Columns for instances that appeared since the last sample. */
static void add_instances(struct recording *r, uint32_t c, uint32_t n)
{
    struct instances *in = &r->instances[c];
    if (n > MAX_INSTANCES)
        n = MAX_INSTANCES;
    if (n <= in->n)
        return;
    in->first = mem_grow(in->first, n, sizeof *in->first);
    while (in->n < n && r->cols + r->plan->per_instance[c] <= RECORDING_SERIES) {
        in->first[in->n++] = r->cols;
        r->cols += r->plan->per_instance[c];
    }
}

/* Components of a service (pools, endpoints) have an instance for each of it.
 */
static uint32_t instances_now(const struct world *w, comp_id c)
{
    int n = world_instances(w, c);
    comp_id owner = model_owner(world_model(w), c);
    if (n <= 0 && owner != COMP_NONE)
        n = world_instances(w, owner);
    return n > 0 ? (uint32_t)n : 0;
}

/* After a rewind there may be columns of instances that are not there (again). */
static void sample_component(struct recording *r, const struct world *w, comp_id c)
{
    const struct plan *p = r->plan;
    uint32_t first = p->whole[c];
    uint32_t n = (uint32_t)model_kind(p->model, c)->nmetrics;
    uint32_t instances = p->per_instance[c] ? instances_now(w, c) : 0;
    if (instances > r->instances[c].n)
        instances = r->instances[c].n;
    for (uint32_t m = 0; m < n; m++) {
        table_put(&r->table, first + m, world_metric_at(w, c, m, 0));
        uint16_t ordinal = p->ordinal[first + m];
        for (uint32_t i = 0; ordinal && i < instances; i++)
            table_put(&r->table, r->instances[c].first[i] + ordinal - 1,
                      world_metric_at(w, c, m, (int)i + 1));
    }
}

static void sample_kept(struct recording *r, const struct world *w)
{
    for (uint32_t i = 0; i < r->nkept; i++)
        table_put(&r->table, r->kept[i].col,
                  world_metric_at(w, r->kept[i].comp, r->kept[i].metric, 0));
}

void series_sample(struct recording *r, const struct world *w)
{
    const struct plan *p = r->plan;
    for (uint32_t c = 0; !r->kept && c < p->ncomps; c++)
        if (p->per_instance[c])
            add_instances(r, c, instances_now(w, (comp_id)c));
    uint32_t row = (uint32_t)(world_now(w) / SIM_SEC);
    if (table_rows(&r->table) == 0)
        r->first = row;
    table_row(&r->table, row, r->cols);
    if (r->kept)
        sample_kept(r, w);
    for (uint32_t c = 0; !r->kept && c < p->ncomps; c++)
        sample_component(r, w, (comp_id)c);
}

/* ---- naming ---------------------------------------------------------------------- */

static enum err no_such_metric(const struct kind_desc *k, const char *comp,
                               const char *metric, struct errmsg *why)
{
    const char **names = mem_array(k->nmetrics + 1, sizeof *names);
    for (size_t i = 0; i < k->nmetrics; i++)
        names[i] = k->metrics[i].name;
    const char *near = text_suggest(metric, names, k->nmetrics);
    mem_free(names);
    if (near)
        return errmsg_set(why, ERR_NOT_FOUND,
                          "%s has no metric \"%s\"; did you mean %s?", comp, metric,
                          near);
    return errmsg_set(why, ERR_NOT_FOUND, "%s has no metric \"%s\"", comp, metric);
}

enum err series_find(const struct recording *r, comp_id c, const char *metric,
                     int instance, struct series *out, struct errmsg *why)
{
    if (c >= r->plan->ncomps)
        return errmsg_set(why, ERR_NOT_FOUND, "no such component");
    const struct kind_desc *k = model_kind(r->plan->model, c);
    const char *name = model_name(r->plan->model, c);
    size_t m = 0;
    while (m < k->nmetrics && !str_eq(k->metrics[m].name, metric))
        m++;
    for (size_t i = 0; m == k->nmetrics && i < k->nmetrics; i++)
        if (str_eq(k->metrics[i].prom, metric)) {
            m = i;
            break;
        }
    if (m == k->nmetrics)
        return no_such_metric(k, name, metric, why);
    if (instance > 0 && !k->metrics[m].per_instance)
        return errmsg_set(why, ERR_NOT_FOUND,
                          "%s is counted for %s as a whole, not per instance",
                          k->metrics[m].name, name);
    if (instance > 0 && (uint32_t)instance > r->instances[c].n)
        return errmsg_set(why, ERR_NOT_FOUND, "%s has had no instance %d", name,
                          instance);
    *out = (struct series){c, (uint16_t)m, instance > 0 ? instance : 0};
    return ERR_OK;
}

const struct metric_desc *series_desc(const struct recording *r, struct series s)
{
    assert(s.comp < r->plan->ncomps);
    return &model_kind(r->plan->model, s.comp)->metrics[s.metric];
}

/* The column of a series; NO_COLUMN: none. */
static uint32_t series_column(const struct recording *r, struct series s)
{
    if (s.comp >= r->plan->ncomps ||
        s.metric >= model_kind(r->plan->model, s.comp)->nmetrics)
        return NO_COLUMN;
    uint32_t col = r->plan->whole[s.comp] + s.metric;
    if (s.instance <= 0)
        return col;
    const struct instances *in = &r->instances[s.comp];
    uint16_t ordinal = r->plan->ordinal[col];
    if (!ordinal || (uint32_t)s.instance > in->n)
        return NO_COLUMN;
    return in->first[s.instance - 1] + ordinal - 1;
}

/* ---- rows of a window ------------------------------------------------------------ */

struct rows {
    uint32_t from, to; /* samples `from` < row <= `to` are inside */
};

/* The part of (from, to] that was recorded. False: none. A window that lies within one
 * second reads that second. */
static bool rows_of(const struct recording *r, sim_time from, sim_time to,
                    struct rows *out)
{
    uint32_t n = table_rows(&r->table);
    if (n == 0 || to < 0 || from >= to)
        return false;
    if (from < 0)
        from = 0;
    if (to > (sim_time)(n - 1) * SIM_SEC)
        to = (sim_time)(n - 1) * SIM_SEC;
    out->from = (uint32_t)(from / SIM_SEC < n ? from / SIM_SEC : n);
    if (r->first > 1 && out->from < r->first)
        out->from = r->first; /* the recording began in the middle of a run */
    out->to = (uint32_t)(to / SIM_SEC);
    if (from < to && out->from == out->to)
        out->to++; /* all in one second: it ends in the next sample */
    return out->from < out->to && out->to < n;
}

static double seconds_of(struct rows w)
{
    assert(w.to >= w.from);
    return (double)(w.to - w.from);
}

/* The value of a counter when the window opened. */
static double base_at(const struct table *t, uint32_t row, uint32_t col)
{
    double v = table_at(t, row, col);
    return isnan(v) ? 0 : v;
}

static double increase(const struct recording *r, uint32_t col, struct rows w)
{
    assert(w.to >= w.from);
    double sum = 0, last = base_at(&r->table, w.from, col);
    bool any = false;
    for (uint32_t row = w.from + 1; row <= w.to; row++) {
        double v = table_at(&r->table, row, col);
        if (isnan(v))
            continue;
        any = true;
        if (v > last)
            sum += v - last;
        last = v;
    }
    return any ? sum : NAN;
}

double column_rate(const struct recording *r, uint32_t col, sim_time from, sim_time to)
{
    struct rows w;
    return rows_of(r, from, to, &w) ? increase(r, col, w) / seconds_of(w) : NAN;
}

/* ---- questions ------------------------------------------------------------------- */

static bool is_counter(const struct recording *r, struct series s)
{
    return series_desc(r, s)->type == METRIC_COUNTER;
}

double series_at(const struct recording *r, struct series s, sim_time t)
{
    uint32_t col = series_column(r, s), n = table_rows(&r->table);
    if (col == NO_COLUMN || n == 0 || t < 0)
        return NAN;
    sim_time row = t / SIM_SEC;
    return table_at(&r->table, row < n ? (uint32_t)row : n - 1, col);
}

double series_rate(const struct recording *r, struct series s, sim_time from,
                   sim_time to)
{
    uint32_t col = series_column(r, s);
    return col == NO_COLUMN ? NAN : column_rate(r, col, from, to);
}

struct summary {
    double sum, min, max;
    uint32_t n;
};

/* Over the samples of a gauge, or the per-second increases of a counter. */
static struct summary summarise(const struct recording *r, struct series s,
                                sim_time from, sim_time to)
{
    struct summary out = {0, NAN, NAN, 0};
    struct rows w;
    uint32_t col = series_column(r, s);
    if (col == NO_COLUMN || !rows_of(r, from, to, &w))
        return out;
    bool counter = is_counter(r, s);
    for (uint32_t row = w.from + 1; row <= w.to; row++) {
        double v = counter ? increase(r, col, (struct rows){row - 1, row})
                           : table_at(&r->table, row, col);
        if (isnan(v))
            continue;
        out.min = out.n == 0 || v < out.min ? v : out.min;
        out.max = out.n == 0 || v > out.max ? v : out.max;
        out.sum += v;
        out.n++;
    }
    return out;
}

double series_mean(const struct recording *r, struct series s, sim_time from,
                   sim_time to)
{
    struct summary y = summarise(r, s, from, to);
    return y.n ? y.sum / (double)y.n : NAN;
}

double series_max(const struct recording *r, struct series s, sim_time from,
                  sim_time to)
{
    return summarise(r, s, from, to).max;
}

double series_min(const struct recording *r, struct series s, sim_time from,
                  sim_time to)
{
    return summarise(r, s, from, to).min;
}

/* ---- age ------------------------------------------------------------------------- */

static struct series age_of(const struct recording *r, comp_id c)
{
    struct series s = {c, 0, 0};
    struct errmsg why = {0};
    const struct kind_desc *k = model_kind(recording_model(r), c);
    if (!k->age || series_find(r, c, k->age, 0, &s, &why) != ERR_OK)
        BUG("a kind without an age was asked how old its data are");
    return s;
}

double recording_age(const struct recording *r, comp_id c, sim_time from, sim_time to)
{
    return series_max(r, age_of(r, c), from, to);
}

sim_time recording_stale(const struct recording *r, comp_id c, sim_time most,
                         sim_time from, sim_time to)
{
    struct series s = age_of(r, c);
    sim_time stale = 0;
    for (sim_time t = from + SIM_SEC; t <= to; t += SIM_SEC)
        if (series_at(r, s, t) * (double)SIM_SEC > (double)most)
            stale += SIM_SEC;
    return stale;
}
