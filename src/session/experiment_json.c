/*
 * What an experiment came to, as one JSON object: everything, unrounded. NaN is null.
 * Its fields are explained in lessons/README.md.
 */
#include "experiment_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SHARES = 256, FAILURES = 256 };

/* ---- values ---------------------------------------------------------------------- */

static void text(struct buf *b, const char *s)
{
    buf_addch(b, '"');
    for (; *s != '\0'; s++) {
        unsigned char c = (unsigned char)*s;
        if (c == '"' || c == '\\')
            buf_addf(b, "\\%c", c);
        else if (c < ' ')
            buf_addf(b, "\\u%04x", c);
        else
            buf_addch(b, *s);
    }
    buf_addch(b, '"');
}

static void key(struct buf *b, const char *name)
{
    if (b->len > 0 && b->s[b->len - 1] != '{')
        buf_adds(b, ", ");
    text(b, name);
    buf_adds(b, ": ");
}

static void number(struct buf *b, double x)
{
    if (isfinite(x))
        buf_addf(b, "%.9g", x);
    else
        buf_adds(b, "null");
}

static void put_count(struct buf *b, const char *name, uint64_t n)
{
    key(b, name);
    buf_addf(b, "%llu", (unsigned long long)n);
}

static void put_number(struct buf *b, const char *name, double x)
{
    key(b, name);
    number(b, x);
}

static void put_text(struct buf *b, const char *name, const char *s)
{
    key(b, name);
    text(b, s);
}

static void put_measured(struct buf *b, const char *name, struct measured m)
{
    key(b, name);
    buf_addch(b, '{');
    put_number(b, "value", m.value);
    put_number(b, "se", m.error);
    buf_addch(b, '}');
}

static const char *name_of(const struct experiment *x, comp_id c)
{
    return c == COMP_NONE ? "" : model_name(x->model, c);
}

/* The next element of a list, on a line of its own. */
static void element(struct buf *b)
{
    if (b->s[b->len - 1] != '[')
        buf_addch(b, ',');
    buf_adds(b, "\n  ");
}

/* ---- the parts ------------------------------------------------------------------- */

static void put_time(struct buf *b, const char *name, const struct measured_time *t)
{
    static const char *const names[MEASURE_QUANTILES] = {"p50", "p90", "p99", "p99.9"};
    key(b, name);
    buf_addch(b, '{');
    put_measured(b, "mean", t->mean);
    for (int i = 0; i < MEASURE_QUANTILES; i++)
        put_measured(b, names[i], t->q[i]);
    put_number(b, "max", t->max);
    buf_addch(b, '}');
}

static void put_part(const struct experiment *x, comp_id c,
                     const struct experiment_part *p, struct buf *b)
{
    struct share s[SHARES];
    size_t n = measure_shares(x->measure, c, p->low, p->high, s, SHARES);
    key(b, p->json);
    buf_addch(b, '[');
    for (size_t i = 0; i < n; i++) {
        buf_adds(b, i > 0 ? ", {" : "{");
        put_text(b, "place", name_of(x, s[i].place));
        put_text(b, "cause", cause_phrase(s[i].cause));
        put_number(b, "share", s[i].share);
        put_number(b, "seconds", s[i].seconds);
        buf_addch(b, '}');
    }
    buf_addch(b, ']');
}

static void put_failures(const struct experiment *x, comp_id c, struct buf *b)
{
    struct failure f[FAILURES];
    size_t n = measure_failures(x->measure, c, f, FAILURES);
    key(b, "failures");
    buf_addch(b, '[');
    for (size_t i = 0; i < n; i++) {
        buf_adds(b, i > 0 ? ", {" : "{");
        put_text(b, "reason", reason_phrase(f[i].reason));
        put_text(b, "place", name_of(x, f[i].place));
        put_count(b, "count", f[i].count);
        buf_addch(b, '}');
    }
    buf_addch(b, ']');
}

static void put_row(const struct experiment *x, size_t i, struct buf *b)
{
    struct measured_row r;
    measure_row(x->measure, i, &r);
    element(b);
    buf_addch(b, '{');
    put_text(b, "of", name_of(x, r.comp));
    put_text(b, "side", r.user ? "user" : "server");
    put_count(b, "done", r.done);
    put_count(b, "answered", r.answered);
    put_count(b, "good", r.good);
    put_count(b, "failed", r.failed);
    put_count(b, "abandoned", r.abandoned);
    put_measured(b, "throughput", r.throughput);
    put_measured(b, "goodput", r.goodput);
    put_time(b, "response", &r.response);
    put_time(b, "waiting", &r.waiting);
    put_time(b, "failing", &r.failing);
    key(b, "time");
    buf_addch(b, '{');
    for (int p = 0; p < EXPERIMENT_PARTS; p++)
        put_part(x, r.comp, &experiment_parts[p], b);
    buf_addch(b, '}');
    put_failures(x, r.comp, b);
    buf_addch(b, '}');
}

static void put_metric(const struct experiment *x, comp_id c, size_t i, struct buf *b)
{
    const struct metric_desc *d = &model_kind(x->model, c)->metrics[i];
    struct measured_metric m;
    measure_metric(x->measure, c, i, &m);
    key(b, d->name);
    buf_addch(b, '{');
    put_number(b, d->type == METRIC_COUNTER ? "per_s" : "mean", m.mean.value);
    put_number(b, "se", m.mean.error);
    if (d->type == METRIC_GAUGE) {
        put_number(b, "min", m.min);
        put_number(b, "max", m.max);
    }
    buf_addch(b, '}');
}

static void put_component(const struct experiment *x, comp_id c, struct buf *b)
{
    const struct kind_desc *k = model_kind(x->model, c);
    element(b);
    buf_addch(b, '{');
    put_text(b, "name", name_of(x, c));
    put_text(b, "kind", k->name);
    key(b, "metrics");
    buf_addch(b, '{');
    for (size_t i = 0; i < k->nmetrics; i++)
        put_metric(x, c, i, b);
    buf_adds(b, "}}");
}

static void put_head(const struct experiment *x, struct buf *b)
{
    char digest[17];
    put_text(b, "lab", lesson_info(x->lesson)->title);
    put_count(b, "seed", x->seed);
    put_count(b, "replications", measure_replications(x->measure));
    put_count(b, "batches", measure_batches(x->measure));
    put_number(b, "warm_up", (double)x->plan.warm_up / 1e9);
    put_number(b, "ends_at", (double)x->plan.ends_at / 1e9);
    put_number(b, "measured", measure_seconds(x->measure));
    put_count(b, "events", x->events);
    snprintf(digest, sizeof digest, "%016llx", (unsigned long long)x->digest);
    put_text(b, "trace", digest);
    key(b, "stopped");
    if (x->stopped_at == 0)
        buf_adds(b, "null");
    else {
        buf_addch(b, '{');
        put_number(b, "at", (double)x->stopped_at / 1e9);
        put_text(b, "why", x->why_stopped.text);
        buf_addch(b, '}');
    }
}

void experiment_json(const struct experiment *x, struct buf *out)
{
    buf_addch(out, '{');
    put_head(x, out);
    key(out, "requests");
    buf_addch(out, '[');
    for (size_t i = 0; i < measure_rows(x->measure); i++)
        put_row(x, i, out);
    buf_addch(out, ']');
    key(out, "components");
    buf_addch(out, '[');
    for (size_t c = 0; c < model_comps(x->model); c++)
        put_component(x, (comp_id)c, out);
    buf_adds(out, "]}\n");
}
