/*
 * Prometheus text exposition (format 0.0.4) of the latest sample.
 *
 * All samples of one metric name must stand together, whichever components they come
 * from, so names are written in order of their first appearance and each collects its
 * samples from the whole model. A metric that is known per instance is written per
 * instance only: a sum over its samples is then right.
 */
#include "telemetry_internal.h"

#include <math.h>

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

static void put_family(const struct recording *r, const struct metric_desc *d,
                       struct buf *out)
{
    buf_addf(out, "# HELP %s %s\n", d->prom, d->doc);
    buf_addf(out, "# TYPE %s %s\n", d->prom,
             d->type == METRIC_COUNTER ? "counter" : "gauge");
    for (uint32_t c = 0; c < r->plan->ncomps; c++) {
        const struct kind_desc *k = model_kind(r->plan->model, (comp_id)c);
        for (size_t m = 0; m < k->nmetrics; m++)
            if (str_eq(k->metrics[m].prom, d->prom))
                put_metric_of(r, (comp_id)c, (uint16_t)m, out);
    }
}

static bool kind_is_used(const struct recording *r, const struct kind_desc *k)
{
    for (uint32_t c = 0; c < r->plan->ncomps; c++)
        if (model_kind(r->plan->model, (comp_id)c) == k)
            return true;
    return false;
}

/* Did an earlier metric of a kind in use have this name? */
static bool was_written(const struct recording *r, size_t kind, size_t metric)
{
    const char *name = sim_kind(kind)->metrics[metric].prom;
    for (size_t k = 0; k <= kind; k++) {
        const struct kind_desc *d = sim_kind(k);
        size_t n = k == kind ? metric : d->nmetrics;
        for (size_t m = 0; kind_is_used(r, d) && m < n; m++)
            if (str_eq(d->metrics[m].prom, name))
                return true;
    }
    return false;
}

void recording_export(const struct recording *r, struct buf *out)
{
    for (size_t k = 0; k < sim_kinds(); k++) {
        const struct kind_desc *d = sim_kind(k);
        for (size_t m = 0; kind_is_used(r, d) && m < d->nmetrics; m++)
            if (!was_written(r, k, m))
                put_family(r, &d->metrics[m], out);
    }
}
