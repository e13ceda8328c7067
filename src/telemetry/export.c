/*
 * Prometheus text exposition (format 0.0.4) of the latest sample.
 *
 * All samples of one metric name must stand together, whichever components they come
 * from, so names are written in order of their first appearance and each collects its
 * samples from the whole model. A metric that is known per instance is written per
 * instance only: a sum over its samples is then right. Latency histograms come last.
 */
#include "telemetry_internal.h"

#include <math.h>

/* The part asked for. */
struct wanted {
    const struct recording *r;
    comp_id only; /* COMP_NONE: all */
    bool users;
};

static bool is_client(const struct model *m, comp_id c)
{
    return str_eq(model_kind(m, c)->name, "client");
}

static bool wants(const struct wanted *w, comp_id c)
{
    const struct model *m = w->r->plan->model;
    comp_id top = c;
    while (model_owner(m, top) != COMP_NONE)
        top = model_owner(m, top);
    return (w->only == COMP_NONE || top == w->only) && (w->users || !is_client(m, top));
}

static void put_sample(const struct recording *r, const struct metric_desc *d,
                       struct series s, struct buf *out)
{
    double v = series_at(r, s, recording_end(r));
    const char *name = model_name(r->plan->model, s.comp);
    if (isnan(v))
        return;
    buf_addf(out, "%s{component=\"%s\"", d->prom, name);
    if (s.instance)
        buf_addf(out, ",instance=\"%s-%d\"", name, s.instance);
    if (d->labels && d->labels[0])
        buf_addf(out, ",%s", d->labels);
    buf_addf(out, "} %.17g\n", v);
}

static void put_metric_of(const struct recording *r, comp_id c, uint16_t metric,
                          struct buf *out)
{
    const struct metric_desc *d = &model_kind(r->plan->model, c)->metrics[metric];
    uint32_t n = d->per_instance ? r->instances[c].n : 0;
    if (!n)
        put_sample(r, d, (struct series){c, metric, 0}, out);
    for (uint32_t i = 1; i <= n; i++)
        put_sample(r, d, (struct series){c, metric, (int)i}, out);
}

static void put_family(const struct wanted *w, const struct metric_desc *d,
                       struct buf *out)
{
    const struct recording *r = w->r;
    buf_addf(out, "# HELP %s %s\n", d->prom, d->doc);
    buf_addf(out, "# TYPE %s %s\n", d->prom,
             d->type == METRIC_COUNTER ? "counter" : "gauge");
    for (uint32_t c = 0; c < r->plan->ncomps; c++) {
        const struct kind_desc *k = model_kind(r->plan->model, (comp_id)c);
        for (size_t m = 0; wants(w, (comp_id)c) && m < k->nmetrics; m++)
            if (str_eq(k->metrics[m].prom, d->prom))
                put_metric_of(r, (comp_id)c, (uint16_t)m, out);
    }
}

static bool kind_is_used(const struct wanted *w, const struct kind_desc *k)
{
    for (uint32_t c = 0; c < w->r->plan->ncomps; c++)
        if (model_kind(w->r->plan->model, (comp_id)c) == k && wants(w, (comp_id)c))
            return true;
    return false;
}

/* Did an earlier metric of a kind in use have this name? */
static bool was_written(const struct wanted *w, size_t kind, size_t metric)
{
    const char *name = sim_kind(kind)->metrics[metric].prom;
    for (size_t k = 0; k <= kind; k++) {
        const struct kind_desc *d = sim_kind(k);
        size_t n = k == kind ? metric : d->nmetrics;
        for (size_t m = 0; kind_is_used(w, d) && m < n; m++)
            if (str_eq(d->metrics[m].prom, name))
                return true;
    }
    return false;
}

/* ---- latency --------------------------------------------------------------------- */

/* Since the start, with a bucket to each octave. */
static void put_latency_of(const struct recording *r, comp_id c, const char *name,
                           struct buf *out)
{
    struct gather g = {.ncomps = r->plan->ncomps};
    slots_gather(r, c, 0, recording_end(r), &g);
    const char *comp = model_name(r->plan->model, c);
    unsigned long long upto = 0;
    for (uint32_t b = 0; g.count && b < LATENCY_BUCKETS; b++) {
        upto += g.hist[b];
        if (b % 8 == 7 && b + 1 < LATENCY_BUCKETS)
            buf_addf(out, "%s_bucket{component=\"%s\",le=\"%.7g\"} %llu\n", name, comp,
                     latency_bucket_upper(b), upto);
    }
    if (!g.count)
        return;
    buf_addf(out, "%s_bucket{component=\"%s\",le=\"+Inf\"} %llu\n", name, comp, upto);
    buf_addf(out, "%s_sum{component=\"%s\"} %.17g\n", name, comp,
             (double)g.sum_ns / 1e9);
    buf_addf(out, "%s_count{component=\"%s\"} %llu\n", name, comp, upto);
}

/* Of users, or of what serves; a service is the sum of its endpoints and not repeated.
 */
static void put_latency(const struct wanted *w, bool users, const char *name,
                        const char *help, struct buf *out)
{
    const struct model *m = w->r->plan->model;
    buf_addf(out, "# HELP %s %s\n# TYPE %s histogram\n", name, help, name);
    for (uint32_t c = 0; c < w->r->plan->ncomps; c++)
        if (wants(w, (comp_id)c) && is_client(m, (comp_id)c) == users &&
            !str_eq(model_kind(m, (comp_id)c)->name, "service"))
            put_latency_of(w->r, (comp_id)c, name, out);
}

void recording_export(const struct recording *r, comp_id only, bool users,
                      struct buf *out)
{
    const struct wanted w = {r, only, users};
    for (size_t k = 0; k < sim_kinds(); k++) {
        const struct kind_desc *d = sim_kind(k);
        for (size_t m = 0; kind_is_used(&w, d) && m < d->nmetrics; m++)
            if (kind_tells(d, m) && (users || !metric_judges(&d->metrics[m])) &&
                !was_written(&w, k, m))
                put_family(&w, &d->metrics[m], out);
    }
    if (users)
        put_latency(&w, true, "user_request_latency_seconds",
                    "Time until a user's request was answered, failed or given up.",
                    out);
    put_latency(
        &w, false, "server_request_latency_seconds",
        "Time in a service's endpoint or a third party, finished requests only.", out);
}
