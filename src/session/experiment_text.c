/*
 * The result of an experiment, as a table for people: 80 columns of plain ASCII,
 * figures to four digits, each mean with its standard error. What is zero everywhere is
 * not shown; the JSON has everything.
 */
#include "experiment_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NAME = 20, COLUMN = 10, SHARES = 64, FAILURES = 64 };
#define SHARE_MIN 0.005 /* smaller ones are not shown */

/* ---- figures --------------------------------------------------------------------- */

/* Right-aligned to `column`, at least one blank before it. */
static void put_right(struct buf *b, const char *s, size_t column)
{
    size_t from = b->len;
    while (from > 0 && b->s[from - 1] != '\n')
        from--;
    size_t width = strlen(s), used = b->len - from;
    buf_pad(b, used + width + 1 > column ? used + 1 : column - width);
    buf_adds(b, s);
}

/* Four digits of x, never with an exponent while it can be helped. */
static void digits(struct buf *b, double x)
{
    double size = fabs(x);
    int decimals = size < 10 ? 3 : size < 100 ? 2 : size < 1000 ? 1 : 0;
    if (size < 1 && size > 0)
        decimals = size < 0.001 ? 6 : 4;
    buf_addf(b, "%.*f", decimals, x);
}

static void put_number(struct buf *b, double x, size_t column)
{
    struct buf s;
    buf_init(&s, 0);
    if (isnan(x))
        buf_addch(&s, '-');
    else if (x == 0)
        buf_addch(&s, '0');
    else if (fabs(x) >= 1e7)
        buf_addf(&s, "%.3e", x);
    else if (fabs(x) < 1e-6)
        buf_addf(&s, "%.1e", x);
    else
        digits(&s, x);
    put_right(b, s.s, column);
    buf_release(&s);
}

static void put_time(struct buf *b, double seconds, size_t column)
{
    static const struct {
        double from;
        const char *unit;
    } units[] = {{1, "s"}, {1e-3, "ms"}, {1e-6, "us"}, {0, "ns"}};
    struct buf s;
    size_t i = 0;
    buf_init(&s, 0);
    while (seconds < units[i].from)
        i++;
    if (isnan(seconds))
        buf_addch(&s, '-');
    else if (seconds == 0)
        buf_addch(&s, '0');
    else {
        digits(&s, seconds / (units[i].from > 0 ? units[i].from : 1e-9));
        buf_addf(&s, " %s", units[i].unit);
    }
    put_right(b, s.s, column);
    buf_release(&s);
}

static void put_percent(struct buf *b, double share, size_t column)
{
    struct buf s;
    buf_init(&s, 0);
    if (isnan(share))
        buf_addch(&s, '-');
    else if (share == 0)
        buf_addch(&s, '0');
    else
        buf_addf(&s, share < 0.001 ? "%.3f %%" : "%.1f %%", 100 * share);
    put_right(b, s.s, column);
    buf_release(&s);
}

static void put_count(struct buf *b, uint64_t n, size_t column)
{
    char s[24];
    snprintf(s, sizeof s, "%llu", (unsigned long long)n);
    put_right(b, s, column);
}

static size_t column(int i) /* the right end of the i-th */
{
    return (size_t)(NAME + COLUMN * i);
}

/* The name, on a line of its own when it is too long. */
static void put_name(struct buf *b, const char *indent, const char *name)
{
    buf_addf(b, "%s%s", indent, name);
    if (strlen(indent) + strlen(name) >= NAME)
        buf_addch(b, '\n');
}

static void put_heading(struct buf *b, const char *name, const char *const *columns,
                        int n)
{
    buf_addf(b, "\n%s", name);
    for (int i = 0; i < n; i++)
        put_right(b, columns[i], column(6 - n + i + 1));
    buf_addch(b, '\n');
}

static const char *name_of(const struct experiment *x, comp_id c)
{
    return c == COMP_NONE ? "nowhere" : model_name(x->model, c);
}

/* ---- the parts ------------------------------------------------------------------- */

static void put_span(struct buf *b, sim_time t)
{
    time_format(b, t);
}

static void put_seeds(const struct experiment *x, struct buf *b)
{
    unsigned long long first = x->seed;
    if (x->done <= 1)
        buf_addf(b, "seed %llu; ", first);
    else
        buf_addf(b, "%u replications, seeds %llu to %llu; each ", x->done, first,
                 first + x->done - 1);
    put_span(b, x->plan.warm_up);
    buf_adds(b, " of warm-up, then ");
    put_span(b, x->plan.ends_at - x->plan.warm_up);
    if (x->done <= 1)
        buf_addf(b, "\nse: standard error, from %u batches of equal length\n",
                 measure_batches(x->measure));
    else
        buf_addf(b, "\nse: standard error, from %u replications\n", x->done);
    /* With --until a run may end before what its file plans. */
    size_t late = model_scheduled_after(x->model, x->plan.ends_at);
    if (late > 0)
        buf_addf(b,
                 "%zu of the schedule's actions come after that: they never happen\n",
                 late);
    if (x->refused > 0)
        buf_addf(b,
                 "%zu of the schedule's actions could not be done; the first:\n  %s\n",
                 x->refused, x->why_refused.text);
}

static void put_head(const struct experiment *x, struct buf *b)
{
    buf_addf(b, "%s\n", lesson_info(x->lesson)->title);
    put_seeds(x, b);
    buf_addf(b, "%llu events; trace %016llx\n", (unsigned long long)x->events,
             (unsigned long long)x->digest);
    if (x->stopped_at == 0)
        return;
    buf_adds(b, "STOPPED at ");
    put_span(b, x->stopped_at);
    buf_addf(b, ": %s\n",
             x->why_stopped.text[0] != '\0' ? x->why_stopped.text : "it was told to");
}

static void put_requests(const struct experiment *x, struct buf *b)
{
    static const char *const columns[] = {"per s", "se",     "good/s",
                                          "se",    "failed", "wasted"};
    put_heading(b, "REQUESTS", columns, 6);
    for (size_t i = 0; i < measure_rows(x->measure); i++) {
        struct measured_row r;
        measure_row(x->measure, i, &r);
        double n = (double)r.done;
        put_name(b, "", name_of(x, r.comp));
        put_number(b, r.throughput.value, column(1));
        put_number(b, r.throughput.error, column(2));
        put_number(b, r.goodput.value, column(3));
        put_number(b, r.goodput.error, column(4));
        put_percent(b, n > 0 ? (double)r.failed / n : (double)NAN, column(5));
        put_percent(b, r.user ? (double)NAN : (double)r.abandoned / n, column(6));
        buf_addch(b, '\n');
    }
}

static void put_timing(struct buf *b, const struct measured_time *t)
{
    put_time(b, t->mean.value, column(1));
    put_time(b, t->mean.error, column(2));
    for (int i = 0; i < MEASURE_QUANTILES; i++)
        put_time(b, t->q[i].value, column(3 + i));
    buf_addch(b, '\n');
}

static void put_times(const struct experiment *x, struct buf *b)
{
    const char *columns[2 + MEASURE_QUANTILES] = {"mean", "se"};
    for (int i = 0; i < MEASURE_QUANTILES; i++)
        columns[2 + i] = experiment_quantiles[i];
    put_heading(b, "TIME TO ANSWER", columns, 2 + MEASURE_QUANTILES);
    for (size_t i = 0; i < measure_rows(x->measure); i++) {
        struct measured_row r;
        measure_row(x->measure, i, &r);
        put_name(b, "", name_of(x, r.comp));
        put_timing(b, &r.response);
        if (r.waiting.mean.value > 0) {
            put_name(b, "  ", "of it waiting");
            put_timing(b, &r.waiting);
        }
        if (r.failed > 0) {
            put_name(b, "  ", "until it failed");
            put_timing(b, &r.failing);
        }
    }
}

static double share_in(const struct share *s, size_t n, const struct share *of)
{
    for (size_t i = 0; i < n; i++)
        if (s[i].place == of->place && s[i].cause == of->cause)
            return s[i].share;
    return 0;
}

/* Writes a line for each cause and place that matters in any part. */
static void put_shares_of(const struct experiment *x, comp_id c, struct buf *b)
{
    struct share s[EXPERIMENT_PARTS][SHARES];
    size_t n[EXPERIMENT_PARTS];
    for (int p = 0; p < EXPERIMENT_PARTS; p++)
        n[p] = measure_shares(x->measure, c, experiment_parts[p].low,
                              experiment_parts[p].high, s[p], SHARES);
    if (n[0] > 0)
        buf_addf(b, "%s\n", name_of(x, c));
    for (size_t i = 0; i < n[0]; i++) {
        double share[EXPERIMENT_PARTS], most = 0;
        for (int p = 0; p < EXPERIMENT_PARTS; p++) {
            share[p] = share_in(s[p], n[p], &s[0][i]);
            most = share[p] > most ? share[p] : most;
        }
        if (most < SHARE_MIN)
            continue;
        buf_addf(b, "  %s: %s", name_of(x, s[0][i].place), cause_phrase(s[0][i].cause));
        for (int p = 0; p < EXPERIMENT_PARTS; p++)
            put_percent(b, share[p], column(4 + p));
        buf_addch(b, '\n');
    }
}

static void put_shares(const struct experiment *x, struct buf *b)
{
    const char *columns[EXPERIMENT_PARTS];
    for (int p = 0; p < EXPERIMENT_PARTS; p++)
        columns[p] = experiment_parts[p].name;
    put_heading(b, "WHERE THE TIME WENT, of all requests", columns, EXPERIMENT_PARTS);
    for (size_t i = 0; i < measure_rows(x->measure); i++) {
        struct measured_row r;
        measure_row(x->measure, i, &r);
        put_shares_of(x, r.comp, b);
    }
}

static void put_failures_of(const struct experiment *x, const struct measured_row *r,
                            struct buf *b)
{
    struct failure f[FAILURES];
    size_t n = measure_failures(x->measure, r->comp, f, FAILURES);
    if (n > 0)
        buf_addf(b, "%s\n", name_of(x, r->comp));
    for (size_t i = 0; i < n; i++) {
        double count = (double)f[i].count;
        buf_addf(b, "  %s", reason_phrase(f[i].reason));
        if (f[i].place != COMP_NONE)
            buf_addf(b, " (%s)", name_of(x, f[i].place));
        put_count(b, f[i].count, column(4));
        put_number(b, count / measure_seconds(x->measure), column(5));
        put_percent(b, count / (double)r->done, column(6));
        buf_addch(b, '\n');
    }
}

static void put_failures(const struct experiment *x, struct buf *b)
{
    static const char *const columns[] = {"count", "per s", "of all"};
    bool any = false;
    for (size_t i = 0; i < measure_rows(x->measure); i++) {
        struct measured_row r;
        measure_row(x->measure, i, &r);
        if (r.failed > 0 && !any)
            put_heading(b, "FAILURES", columns, 3);
        any |= r.failed > 0;
        put_failures_of(x, &r, b);
    }
}

static void put_metric(const struct metric_desc *d, const struct measured_metric *m,
                       struct buf *b)
{
    bool counter = d->type == METRIC_COUNTER;
    buf_addf(b, "  %s%s", d->name, counter ? ", per s" : "");
    put_number(b, m->mean.value, column(3));
    put_number(b, m->mean.error, column(4));
    if (!counter) {
        put_number(b, m->min, column(5));
        put_number(b, m->max, column(6));
    }
    buf_addch(b, '\n');
}

/* Without what is zero, and without the counts of each reason: they are above. */
static void put_component(const struct experiment *x, comp_id c, struct buf *b)
{
    const struct kind_desc *k = model_kind(x->model, c);
    bool named = false;
    for (size_t i = 0; i < k->nmetrics; i++) {
        struct measured_metric m;
        measure_metric(x->measure, c, i, &m);
        bool some = (m.mean.value != 0 && !isnan(m.mean.value)) || m.max > 0;
        if (!some || k->metrics[i].labels[0] != '\0')
            continue;
        if (!named)
            buf_addf(b, "%s (%s)\n", name_of(x, c), k->name);
        named = true;
        put_metric(&k->metrics[i], &m, b);
    }
}

static void put_components(const struct experiment *x, struct buf *b)
{
    static const char *const columns[] = {"mean", "se", "min", "max"};
    put_heading(b, "COMPONENTS", columns, 4);
    for (size_t c = 0; c < model_comps(x->model); c++)
        put_component(x, (comp_id)c, b);
}

void experiment_text(const struct experiment *x, struct buf *out)
{
    put_head(x, out);
    if (measure_replications(x->measure) == 0) {
        buf_adds(out, "Nothing was measured: the warm-up was not over.\n");
        return;
    }
    if (measure_rows(x->measure) == 0) {
        buf_adds(out, "Nothing was requested: nobody calls anything in this world.\n");
    } else {
        put_requests(x, out);
        put_times(x, out);
        put_shares(x, out);
        put_failures(x, out);
    }
    if (model_comps(x->model) > 0)
        put_components(x, out);
}
