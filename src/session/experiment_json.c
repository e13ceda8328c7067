/*
 * The result of an experiment, as one JSON object: everything, unrounded. NaN is null.
 * Its fields are explained in lessons/README.md.
 */
#include "experiment_internal.h"

#include "truecode/json.h"

enum { SHARES = 256, FAILURES = 256, DIGITS = 9 };

/* ---- values ---------------------------------------------------------------------- */

static void put_measured(struct json *j, const char *name, struct measured m)
{
    json_object(j, name);
    json_real(j, "value", m.value, DIGITS);
    json_real(j, "se", m.error, DIGITS);
    json_end(j);
}

static const char *name_of(const struct experiment *x, comp_id c)
{
    return c == COMP_NONE ? "" : model_name(x->model, c);
}

/* ---- the parts ------------------------------------------------------------------- */

static void put_time(struct json *j, const char *name, const struct measured_time *t)
{
    json_object(j, name);
    put_measured(j, "mean", t->mean);
    for (int i = 0; i < MEASURE_QUANTILES; i++)
        put_measured(j, experiment_quantiles[i], t->q[i]);
    json_real(j, "max", t->max, DIGITS);
    json_end(j);
}

static void put_part(const struct experiment *x, comp_id c,
                     const struct experiment_part *p, struct json *j)
{
    struct share s[SHARES];
    size_t n = measure_shares(x->measure, c, p->low, p->high, s, SHARES);
    json_array(j, p->json);
    for (size_t i = 0; i < n; i++) {
        json_object(j, NULL);
        json_text(j, "place", name_of(x, s[i].place));
        json_text(j, "cause", cause_phrase(s[i].cause));
        json_real(j, "share", s[i].share, DIGITS);
        json_real(j, "seconds", s[i].seconds, DIGITS);
        json_end(j);
    }
    json_end(j);
}

static void put_failures(const struct experiment *x, comp_id c, struct json *j)
{
    struct failure f[FAILURES];
    size_t n = measure_failures(x->measure, c, f, FAILURES);
    json_array(j, "failures");
    for (size_t i = 0; i < n; i++) {
        json_object(j, NULL);
        json_text(j, "reason", reason_phrase(f[i].reason));
        json_text(j, "place", name_of(x, f[i].place));
        json_count(j, "count", f[i].count);
        json_end(j);
    }
    json_end(j);
}

static void put_row(const struct experiment *x, size_t i, struct json *j)
{
    struct measured_row r;
    measure_row(x->measure, i, &r);
    json_line(j, 2), json_object(j, NULL);
    json_text(j, "of", name_of(x, r.comp));
    json_text(j, "side", r.user ? "user" : "server");
    json_count(j, "done", r.done);
    json_count(j, "answered", r.answered);
    json_count(j, "good", r.good);
    json_count(j, "failed", r.failed);
    json_count(j, "abandoned", r.abandoned);
    put_measured(j, "throughput", r.throughput);
    put_measured(j, "goodput", r.goodput);
    put_time(j, "response", &r.response);
    put_time(j, "waiting", &r.waiting);
    put_time(j, "failing", &r.failing);
    json_object(j, "time");
    for (int p = 0; p < EXPERIMENT_PARTS; p++)
        put_part(x, r.comp, &experiment_parts[p], j);
    json_end(j);
    put_failures(x, r.comp, j);
    json_end(j);
}

static void put_metric(const struct experiment *x, comp_id c, size_t i, struct json *j)
{
    const struct metric_desc *d = &model_kind(x->model, c)->metrics[i];
    struct measured_metric m;
    measure_metric(x->measure, c, i, &m);
    json_object(j, d->name);
    json_real(j, d->type == METRIC_COUNTER ? "per_s" : "mean", m.mean.value, DIGITS);
    json_real(j, "se", m.mean.error, DIGITS);
    if (d->type == METRIC_GAUGE) {
        json_real(j, "min", m.min, DIGITS);
        json_real(j, "max", m.max, DIGITS);
    }
    json_end(j);
}

static void put_component(const struct experiment *x, comp_id c, struct json *j)
{
    const struct kind_desc *k = model_kind(x->model, c);
    json_line(j, 2), json_object(j, NULL);
    json_text(j, "name", name_of(x, c));
    json_text(j, "kind", k->name);
    json_object(j, "metrics");
    for (size_t i = 0; i < k->nmetrics; i++)
        put_metric(x, c, i, j);
    json_end(j);
    json_end(j);
}

static void put_head(const struct experiment *x, struct json *j)
{
    json_text(j, "lab", lesson_info(x->lesson)->title);
    json_count(j, "seed", x->seed);
    json_count(j, "replications", measure_replications(x->measure));
    json_count(j, "batches", measure_batches(x->measure));
    json_real(j, "warm_up", (double)x->plan.warm_up / 1e9, DIGITS);
    json_real(j, "ends_at", (double)x->plan.ends_at / 1e9, DIGITS);
    json_real(j, "measured", measure_seconds(x->measure), DIGITS);
    json_count(j, "events", x->events);
    json_textf(j, "trace", "%016llx", (unsigned long long)x->digest);
    json_count(j, "refused", x->refused);
    if (x->stopped_at == 0) {
        json_null(j, "stopped");
    } else {
        json_object(j, "stopped");
        json_real(j, "at", (double)x->stopped_at / 1e9, DIGITS);
        json_text(j, "why", x->why_stopped.text);
        json_end(j);
    }
}

void experiment_json(const struct experiment *x, struct buf *out)
{
    struct json j = json_to(out);
    json_object(&j, NULL);
    put_head(x, &j);
    json_array(&j, "requests");
    for (size_t i = 0; i < measure_rows(x->measure); i++)
        put_row(x, i, &j);
    json_end(&j);
    json_array(&j, "components");
    for (size_t c = 0; c < model_comps(x->model); c++)
        put_component(x, (comp_id)c, &j);
    json_end(&j);
    json_end(&j);
    buf_addch(out, '\n');
}
