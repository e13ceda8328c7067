/*
 * A metric over time, as slots; and how it is measured out on an axis. Drawing it is the
 * faces' business, what is drawn is settled here.
 */
#include "truecode/picture.h"

#include <assert.h>
#include <math.h>

static const struct metric_desc latency_desc = {
    .name = "latency",
    .prom = "http_server_request_duration_seconds",
    .labels = "",
    .type = METRIC_GAUGE,
    .unit = "s",
    .doc = "How long finished requests took.",
};
static const struct metric_desc good_desc = {
    .name = "good",
    .prom = "slo_good_ratio",
    .labels = "",
    .type = METRIC_GAUGE,
    .unit = "ratio",
    .doc = "Share of users' requests that were good.",
};
static const struct metric_desc not_good_desc = {
    .name = "not_good",
    .prom = "slo_bad_ratio",
    .labels = "",
    .type = METRIC_GAUGE,
    .unit = "ratio",
    .doc = "Share of users' requests that were not good.",
};
static const struct metric_desc share_desc = {
    .name = "share",
    .prom = "",
    .labels = "",
    .type = METRIC_GAUGE,
    .unit = "ratio",
    .doc = "A share of what was counted.",
};

/* ---- which ----------------------------------------------------------------------- */

static int metric_number(const struct kind_desc *k, const char *name)
{
    for (size_t i = 0; i < k->nmetrics; i++)
        if (str_eq(k->metrics[i].name, name))
            return (int)i;
    return -1;
}

bool curve_metric(const struct model *m, comp_id c, const char *metric, int instance,
                  struct curve *out)
{
    assert(c < model_comps(m) && metric && instance >= 0);
    const struct kind_desc *k = model_kind(m, c);
    int i = metric_number(k, metric);
    if (i < 0)
        return false;
    *out = (struct curve){
        .comp = c, .instance = instance, .metric = (uint16_t)i, .desc = &k->metrics[i]};
    out->how = out->desc->type == METRIC_COUNTER ? CURVE_RATE : CURVE_GAUGE;
    return true;
}

void curve_quantile(comp_id c, double q, struct curve *out)
{
    assert(q <= 1);
    *out =
        (struct curve){.how = CURVE_QUANTILE, .comp = c, .q = q, .desc = &latency_desc};
}

void curve_good(comp_id client, struct curve *out)
{
    *out = (struct curve){.how = CURVE_GOOD, .comp = client, .desc = &good_desc};
}

/* A figure as a curve. false: it has none. */
static bool curve_of(const struct model *m, comp_id c, const struct figure_desc *d,
                     struct curve *out)
{
    struct curve other;
    switch (d->how) {
    case FIGURE_P99:
        curve_quantile(c, 0.99, out);
        break;
    case FIGURE_NOT_GOOD:
        curve_good(c, out);
        out->how = CURVE_NOT_GOOD;
        out->desc = &not_good_desc;
        break;
    case FIGURE_PART:
    case FIGURE_SHARE:
        if (!curve_metric(m, c, d->metric, 0, out) ||
            !curve_metric(m, c, d->of, 0, &other))
            return false;
        out->how = d->how == FIGURE_PART ? CURVE_PART : CURVE_SHARE;
        out->other = other.metric;
        out->desc = &share_desc;
        break;
    default:
        if (!curve_metric(m, c, d->metric, 0, out))
            return false;
    }
    out->label = d->label;
    return true;
}

/* Of many endpoints only those that users call directly are of interest. */
static bool at_edge(const struct model *m, comp_id endpoint)
{
    for (size_t i = 0; i < model_comps(m); i++) {
        comp_id to = model_target(m, (comp_id)i);
        if (comp_is(m, (comp_id)i, "client") &&
            (to == endpoint || to == model_owner(m, endpoint)))
            return true;
    }
    return false;
}

static bool any_at_edge(const struct model *m)
{
    for (size_t i = 0; i < model_comps(m); i++)
        if (comp_is(m, (comp_id)i, "endpoint") && at_edge(m, (comp_id)i))
            return true;
    return false;
}

struct ranked {
    unsigned rank;
    struct curve curve;
};

static int by_rank(const void *a, const void *b, void *ctx)
{
    const struct ranked *x = a, *y = b;
    (void)ctx;
    return (x->rank > y->rank) - (x->rank < y->rank);
}

#define RANKED_MAX 2048

size_t scene_curves(const struct scene *s, struct curve *out, size_t max)
{
    const struct model *m = world_model(s->w);
    struct ranked *all = mem_array(RANKED_MAX, sizeof *all);
    bool edge_only = any_at_edge(m);
    size_t n = 0;
    for (size_t i = 0; i < model_comps(m); i++) {
        comp_id c = (comp_id)i;
        const struct kind_desc *k = model_kind(m, c);
        if (scene_hides(s, c) || !scene_knows(s, c) ||
            (edge_only && comp_is(m, c, "endpoint") && !at_edge(m, c)))
            continue;
        for (size_t f = 0; f < k->nfigures && n < RANKED_MAX; f++)
            if (k->figures[f].chart > 0 &&
                curve_of(m, c, &k->figures[f], &all[n].curve))
                all[n++].rank = k->figures[f].chart;
    }
    sort_stable(all, n, sizeof *all, by_rank, NULL);
    n = n < max ? n : max;
    for (size_t i = 0; i < n; i++)
        out[i] = all[i].curve;
    mem_free(all);
    return n;
}

/* ---- its values ------------------------------------------------------------------ */

static struct series series_of(const struct curve *k, uint16_t metric)
{
    return (struct series){k->comp, metric, k->instance};
}

double curve_value(const struct scene *s, const struct curve *k, sim_time from,
                   sim_time to)
{
    assert(k->desc && from <= to);
    double a, b;
    switch (k->how) {
    case CURVE_GAUGE:
        return series_mean(s->rec, series_of(k, k->metric), from, to);
    case CURVE_RATE:
        return series_rate(s->rec, series_of(k, k->metric), from, to);
    case CURVE_SHARE:
    case CURVE_PART:
        a = series_rate(s->rec, series_of(k, k->metric), from, to);
        b = series_rate(s->rec, series_of(k, k->other), from, to);
        b = k->how == CURVE_SHARE ? a + b : b;
        return b > 0 ? a / b : NAN;
    case CURVE_QUANTILE:
        return scene_latency_in(s, k->comp, from, to, k->q);
    case CURVE_GOOD:
        return recording_good_of(s->rec, k->comp, from, to);
    case CURVE_NOT_GOOD:
        return 1 - recording_good_of(s->rec, k->comp, from, to);
    }
    return NAN;
}

bool curve_is_read_off(const struct curve *k)
{
    return k->how == CURVE_GAUGE;
}

double curve_now(const struct scene *s, const struct curve *k)
{
    if (curve_is_read_off(k))
        return world_metric_at(s->w, k->comp, k->metric, k->instance);
    sim_time from = s->now > SCENE_WINDOW ? s->now - SCENE_WINDOW : 0;
    return curve_value(s, k, from, s->now);
}

static struct curve_slot slot_of(const struct scene *s, const struct curve *k,
                                 sim_time from, sim_time to)
{
    struct curve_slot v = {NAN, NAN, NAN};
    if (to > s->now)
        to = s->now;
    if (from < 0 || to <= from)
        return v;
    v.low = v.high = v.mean = curve_value(s, k, from, to);
    if (k->how == CURVE_GAUGE) {
        v.low = series_min(s->rec, series_of(k, k->metric), from, to);
        v.high = series_max(s->rec, series_of(k, k->metric), from, to);
    }
    return v;
}

struct curve_sum curve_fill(const struct scene *s, const struct curve *k, sim_time from,
                            sim_time to, struct curve_slot *out, size_t n)
{
    assert(n > 0 && from <= to);
    struct curve_sum sum = {NAN, NAN, NAN};
    sim_time width = to - from, count = (sim_time)n;
    for (sim_time i = 0; i < count; i++) {
        /* width × i / n without overflow, and without drift */
        sim_time a = from + width / count * i + width % count * i / count;
        sim_time b = from + width / count * (i + 1) + width % count * (i + 1) / count;
        out[i] = slot_of(s, k, a, b);
        if (isnan(out[i].mean))
            continue;
        sum.last = out[i].mean;
        sum.low = !(sum.low <= out[i].low) ? out[i].low : sum.low;
        sum.high = !(sum.high >= out[i].high) ? out[i].high : sum.high;
    }
    return sum;
}

size_t curve_slots(const struct curve *k, sim_time window, size_t wanted)
{
    assert(wanted > 0 && window >= 0);
    sim_time grain = k->how == CURVE_QUANTILE ? 10 * SIM_SEC : SIM_SEC;
    sim_time most = window / grain > 1 ? window / grain : 1;
    return (sim_time)wanted > most ? (size_t)most : wanted;
}

void curve_window(struct buf *b, const struct curve *k, sim_time slot, bool ascii)
{
    slot = (slot + SIM_SEC / 2) / SIM_SEC * SIM_SEC;
    if (!curve_is_read_off(k) || slot <= SIM_SEC)
        buf_adds(b, "each ");
    time_format(b, slot > 0 ? slot : SIM_SEC);
    if (curve_is_read_off(k) && slot > SIM_SEC)
        buf_addf(b, ": %s highest", ascii ? "'" : "░");
}

/* ---- the axis -------------------------------------------------------------------- */

struct scale curve_scale(const struct curve *k, double high)
{
    assert(k->desc);
    const struct metric_desc *d = k->desc;
    if (k->how == CURVE_RATE && str_eq(d->unit, "s"))
        return (struct scale){1, "s/s"};
    if (k->how == CURVE_RATE && str_eq(d->unit, "bytes"))
        return (struct scale){1.0 / (1024 * 1024), "MiB/s"};
    if (k->how == CURVE_RATE)
        return isnan(high) || high >= 2 ? (struct scale){1, "/s"}
                                        : (struct scale){60, "/min"};
    if (str_eq(d->unit, "ratio"))
        return (struct scale){100, "%"};
    if (str_eq(d->unit, "s"))
        return high < 1 ? (struct scale){1000, "ms"} : (struct scale){1, "s"};
    if (str_eq(d->unit, "bytes"))
        return (struct scale){1.0 / (1024 * 1024), "MiB"};
    return (struct scale){1, str_eq(d->unit, "1") ? "" : d->unit};
}

void curve_text(struct buf *b, const struct curve *k, struct scale sc, double v)
{
    assert(sc.factor > 0);
    if (k->how != CURVE_RATE) {
        number_unit(b, v, k->desc->unit);
        return;
    }
    number_text(b, v * sc.factor);
    buf_addf(b, *sc.unit == '/' ? "%s" : " %s", sc.unit);
}

/* 1, 1.5, 2, 3 ... × 10^n, not below v. */
static double axis_above(double v)
{
    assert(v >= 0);
    static const double steps[] = {1, 1.5, 2, 3, 4, 5, 6, 8, 10};
    double p = 1;
    if (!(v > 0))
        return 1;
    while (p > v)
        p /= 10;
    while (p * 10 < v)
        p *= 10;
    for (size_t i = 0; i < COUNT_OF(steps); i++)
        if (steps[i] * p >= v * 0.9999)
            return steps[i] * p;
    return 10 * p;
}

double axis_top(struct scale sc, double high)
{
    double shown = isnan(high) ? 0 : high * sc.factor;
    bool percent = str_eq(sc.unit, "%");
    bool time = str_eq(sc.unit, "s") || str_eq(sc.unit, "ms");
    if (percent && shown > 50 && shown <= 100.01)
        return 100;
    double top = axis_above(shown);
    if (percent && top < 1)
        return 1;
    return !percent && !time && top < 4 ? 4 : top;
}

/* Below the lowest a column is solid, between the lowest and the highest it is not. A
 * cell in which one ends and the other begins is what the larger part of it is. */
int curve_cell(const struct curve_slot *v, double factor, double top, size_t row,
               size_t rows)
{
    assert(row < rows);
    if (isnan(v->mean) || !(top > 0))
        return 0;
    double cells = (double)rows * factor / top, at = (double)row;
    double low = v->low * cells - at, high = v->high * cells - at;
    bool span = high - low > 0.125 && low < 0.5 && high > 0.125;
    if (span)
        return CELL_SPAN;
    double solid = high - low > 0.125 ? low : high;
    int eighths = solid >= 1 ? 8 : solid > 0 ? (int)(solid * 8 + 0.5) : 0;
    return eighths == 0 && row == 0 ? 1 : eighths;
}

const char *cell_sign(int cell, bool ascii)
{
    static const char *const blocks[] = {" ", "▁", "▂", "▃", "▄",
                                         "▅", "▆", "▇", "█", "░"};
    static const char *const quarters[] = {" ", ".", ".", ":", ":",
                                           ":", "|", "|", "#", "'"};
    _Static_assert(COUNT_OF(blocks) == CELL_SPAN + 1, "a sign for each cell");
    _Static_assert(COUNT_OF(quarters) == CELL_SPAN + 1, "a sign for each cell");
    assert(cell >= 0 && cell <= CELL_SPAN);
    return (ascii ? quarters : blocks)[cell];
}

sim_time axis_step(sim_time span, size_t columns, size_t apart)
{
    static const int seconds[] = {10,  20,   30,   60,   120,  300,  600,
                                  900, 1200, 1800, 3600, 7200, 14400};
    for (size_t i = 0; i < COUNT_OF(seconds); i++) {
        sim_time step = seconds[i] * SIM_SEC;
        if ((double)step / (double)span * (double)columns >= (double)apart)
            return step;
    }
    return 8 * SIM_HOUR;
}
