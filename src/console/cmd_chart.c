/*
 * chart: one series as a picture or, in plain mode, in words; of a component, a small
 * one of each metric.
 */
#include "console_internal.h"

#include <string.h>

#define WINDOW      (10 * SIM_MIN)
#define ROWS        6
#define SPARK_SLOTS 30
#define SPOKEN      40

static enum err chart_one(struct call *c, struct chart *ch, sim_time from)
{
    size_t wanted = c->ctx->spoken ? SPOKEN : (size_t)(c->ctx->columns - 10);
    size_t n = chart_slots(ch, from, c->now, wanted);
    /* Whole minutes read best aloud: "35, 24, 11" is per minute then. */
    if (c->ctx->spoken && c->now - from >= 10 * SIM_MIN &&
        c->now - from <= 60 * SIM_MIN)
        n = (size_t)((c->now - from) / SIM_MIN);
    chart_fill(c, ch, from, c->now, n);
    if (c->ctx->spoken)
        chart_speak(c, ch);
    else
        chart_draw(c, ch, ROWS);
    return ERR_OK;
}

static void spark_row(struct call *c, struct out_table *t, struct chart *ch,
                      sim_time from)
{
    chart_fill(c, ch, from, c->now, chart_slots(ch, from, c->now, SPARK_SLOTS));
    double f = ch->scale.factor;
    table_cell(t, TONE_NORMAL, "%s", ch->metric);
    table_cell(t, TONE_STRONG, "%s", num(c, ch->last * f));
    table_cell(t, TONE_DIM, "%s", ch->scale.unit);
    if (!c->ctx->spoken)
        table_cell(t, TONE_SERIES1, "%s", sparkline(c, ch->v, ch->n, 0, ch->high));
    table_cell(t, TONE_DIM, "%s", num(c, ch->low * f));
    table_cell(t, TONE_DIM, "%s", num(c, ch->high * f));
}

static void overview(struct call *c, comp_id comp, sim_time from)
{
    const struct kind_desc *k = model_kind(c->m, comp);
    const char *lat[5];
    size_t nlat = chart_latencies(c, comp, lat);
    struct out_table t;
    table_init(&t, c->o,
               strf(c,
                    c->ctx->spoken ? "%s|>NOW|UNIT|>LOWEST|>HIGHEST"
                                   : "%s|>NOW|UNIT|SINCE %s|>LOWEST|>HIGHEST",
                    name_of(c, comp), clock_of(c, from, false)));
    for (size_t i = 0; i < k->nmetrics + nlat; i++) {
        struct chart ch;
        const char *metric = i < nlat ? lat[i] : k->metrics[i - nlat].name;
        if (chart_pick(c, strf(c, "%s.%s", name_of(c, comp), metric), &ch) == ERR_OK)
            spark_row(c, &t, &ch, from);
    }
    table_print(&t);
    *c->why = (struct errmsg){{0}};
}

static enum err run(struct call *c)
{
    sim_time from;
    enum err e = when_since(c, WINDOW, &from);
    if (e == ERR_OK && from >= c->now)
        e = fail(c, ERR_INPUT, "A chart needs a beginning in the past: --since 10m");
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
            e = chart_one(c, &ch, from);
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
             "A metric over time, with marks where something was changed. A business "
             "counter goes by its bare name. Of a component: every metric, small. "
             "p50, p90, p95, p99 and mean are latencies of finished requests.",
         .examples = "chart orders_placed --since 40m\nchart checkout.p99\n"
                     "chart checkout-3.pool_waiting\nchart orders-db",
         .group = GROUP_LOOK,
         WILD(wild)},
    .args = {ARG_SERIES},
    .min_args = 1,
    .max_args = 4,
    .opts = {{"--since", ARG_TIME, "20:12, or 30m for half an hour ago (default 10m)"}},
    .run = run,
};
