/*
 * chart: one series as a picture or, in plain mode, in words; of a component, a small
 * one of each metric.
 */
#include "chart.h"
#include "console_internal.h"
#include "lookup.h"

#include <string.h>

#define WINDOW (10 * SIM_MIN)
#define ROWS   6
#define SPOKEN 40

/* Whole minutes where they are fine enough: a slow counter is read per minute. */
static size_t slots_for(struct call *c, struct chart *ch, sim_time from)
{
    sim_time window = c->now - from;
    size_t wanted = c->ctx->spoken ? SPOKEN : (size_t)(c->ctx->columns - 9);
    if (window >= 10 * SIM_MIN && window <= 60 * SIM_MIN) {
        chart_fill(c, ch, from, c->now, 10);
        bool slow = ch->curve.how == CURVE_RATE && ch->sum.high < 2;
        if (c->ctx->spoken || slow)
            return (size_t)(window / SIM_MIN);
    }
    return curve_slots(&ch->curve, window, wanted);
}

static void chart_one(struct call *c, struct chart *ch, sim_time from)
{
    chart_fill(c, ch, from, c->now, slots_for(c, ch, from));
    if (c->ctx->spoken)
        chart_speak(c, ch);
    else
        chart_draw(c, ch, ROWS);
}

/* ---- all of a component, small --------------------------------------------------- */

static void spark_row(struct call *c, struct out_table *t, const struct chart *ch)
{
    table_cell(t, TONE_NORMAL, "%s", ch->metric);
    table_cell(t, TONE_STRONG, "%s", chart_value(c, ch, ch->now));
    if (!c->ctx->spoken)
        table_cell(t, TONE_SERIES1, "%s", sparkline(c, ch->v, ch->n, ch->sum.high));
    table_cell(t, TONE_DIM, "%s", chart_value(c, ch, ch->sum.low));
    table_cell(t, TONE_DIM, "%s", chart_value(c, ch, ch->sum.high));
}

struct overview {
    size_t slots; /* columns of a sparkline */
    struct out_table t;
    struct buf zeros, nothing; /* names that need no line each */
};

static void overview_metric(struct call *c, comp_id comp, const char *metric,
                            sim_time from, struct overview *o)
{
    struct chart ch;
    if (chart_pick(c, strf(c, "%s.%s", name_of(c, comp), metric), &ch) != ERR_OK)
        return;
    chart_fill(c, &ch, from, c->now, curve_slots(&ch.curve, c->now - from, o->slots));
    struct buf *quiet = isnan(ch.sum.high)                    ? &o->nothing
                        : ch.sum.high == 0 && ch.sum.low == 0 ? &o->zeros
                                                              : NULL;
    if (quiet)
        buf_addf(quiet, "%s%s", quiet->len ? ", " : "", metric);
    else
        spark_row(c, &o->t, &ch);
}

/* The slots that the longest name and the numbers leave, at least a few. */
static size_t spark_slots(const struct call *c, const struct kind_desc *k)
{
    size_t longest = 0, others = 42;
    for (size_t i = 0; i < k->nmetrics; i++) {
        size_t n = strlen(k->metrics[i].name);
        longest = n > longest ? n : longest;
    }
    size_t room = (size_t)c->ctx->columns;
    return room > longest + others + 8 ? room - longest - others : 8;
}

static void overview(struct call *c, comp_id comp, sim_time from)
{
    const struct kind_desc *k = model_kind(c->m, comp);
    size_t nlat;
    const char *const *lat = chart_latencies(c, comp, &nlat);
    struct overview o = {.slots = spark_slots(c, k)};
    buf_init(&o.zeros, 0);
    buf_init(&o.nothing, 0);
    table_init(
        &o.t, c->o,
        strf(c, c->ctx->spoken ? "%s|>NOW|>LOW|>HIGH" : "%s|>NOW|SINCE %s|>LOW|>HIGH",
             name_of(c, comp), clock_of(c, from, false)));
    for (size_t i = 0; i < nlat; i++)
        overview_metric(c, comp, lat[i], from, &o);
    for (size_t i = 0; i < k->nmetrics; i++)
        if (world_metric_applies(c->w, comp, i))
            overview_metric(c, comp, k->metrics[i].name, from, &o);
    table_print(&o.t);
    note(c, "NOW: gauges as they stand, all else over the last minute. Blocks: the "
            "highest of each stretch.");
    if (o.zeros.len)
        para(c, TONE_NORMAL, 0, strf(c, "0 all the time: %s", o.zeros.s));
    if (o.nothing.len)
        para(c, TONE_NORMAL, 0, strf(c, "No values: %s", o.nothing.s));
    buf_release(&o.zeros);
    buf_release(&o.nothing);
}

static enum err run(struct call *c)
{
    sim_time from;
    enum err e = when_since(c, WINDOW, &from);
    if (e == ERR_OK && from >= c->now)
        e = refuse(c, ERR_INPUT, "A chart needs a beginning in the past: --since 10m");
    for (size_t i = 0; e == ERR_OK && i < c->nargs; i++) {
        struct chart ch;
        comp_id comp = model_find(c->m, c->arg[i]);
        if (i && !c->ctx->spoken)
            out_end(c->o);
        if (comp != COMP_NONE && !is_kind(c, comp, "counter")) {
            overview(c, comp, from);
            continue;
        }
        e = chart_pick(c, c->arg[i], &ch);
        if (e == ERR_OK)
            chart_one(c, &ch, from);
    }
    return e;
}

static const struct command_wild wild[] = {
    {"promtool",
     "promtool query range --start=$(date -d '-10 min' +%s) --end=$(date +%s) "
     "--step=15s http://prometheus:9090 'rate(orders_placed_total[1m])'"},
    {"grafana",
     "histogram_quantile(0.99, sum by (le) "
     "(rate(http_server_request_duration_seconds_bucket{job=\"COMPONENT\"}[1m])))"},
};
const struct command cmd_chart = {
    .info =
        {.name = "chart",
         .synopsis = "chart METRIC|COMPONENT.METRIC|COMPONENT [--since TIME]",
         .doc =
             "A metric over time. With marks where something was changed. A business "
             "counter goes by its bare name. Of a component: every metric, small. p50, "
             "p90, p95, p99 and mean are latencies of finished requests.",
         .examples =
             "chart COMPONENT.p99 --since 40m\nchart INSTANCE.cpu\nchart COMPONENT",
         .group = GROUP_LOOK,
         WILD(wild)},
    .args = {ARG_SERIES},
    .min_args = 1,
    .max_args = 4,
    .opts = {{"--since", ARG_TIME, "20:12, or 30m for half an hour ago (default 10m)"}},
    .run = run,
};
