/*
 * count: how many there were: totals of counters, since the beginning or in a window. A
 * rate says how fast, a total says how many orders are to be put right.
 */
#include "chart.h"
#include "console_internal.h"
#include "lookup.h"

struct window {
    sim_time from, to;
};

/* Reads the window: the whole of the world so far, where nothing is said. */
static enum err read_window(struct call *c, struct window *w)
{
    const char *from = call_opt(c, "--from"), *to = call_opt(c, "--to");
    *w = (struct window){0, c->now};
    enum err e = from ? when_past(c, from, &w->from) : ERR_OK;
    if (e == ERR_OK && to)
        e = when_past(c, to, &w->to);
    if (e == ERR_OK && w->from >= w->to)
        return refuse(c, ERR_INPUT, "--from %s is not before --to %s.",
                      clock_of(c, w->from, true), clock_of(c, w->to, true));
    return e;
}

/* The increase in the window, exact to a sample (one a second). */
static double counted(struct call *c, const struct curve *k, const struct window *w)
{
    struct series s;
    if (series_find(c->rec, k->comp, k->desc->name, k->instance, &s, NULL) != ERR_OK)
        return NAN;
    double seconds = (double)(w->to - w->from) / (double)SIM_SEC;
    return series_rate(c->rec, s, w->from, w->to) * seconds;
}

static const char *total(const struct call *c, double n, const struct metric_desc *d)
{
    bool amount = str_eq(d->unit, "s") || str_eq(d->unit, "bytes");
    return amount ? quantity(c, n, d->unit) : count(c, n);
}

static enum err count_one(struct call *c, const struct window *w)
{
    struct chart ch;
    enum err e = chart_pick(c, c->arg[0], &ch);
    if (e != ERR_OK)
        return e;
    if (!ch.curve.desc || ch.curve.desc->type != METRIC_COUNTER)
        return refuse(c, ERR_INPUT,
                      "%s is no counter: it stands at a value, and is not "
                      "added up. chart %s draws it.",
                      c->arg[0], c->arg[0]);
    double n = counted(c, &ch.curve, w);
    para(c, TONE_STRONG, 0,
         strf(c, "%s: %s from %s to %s (%s).", c->arg[0], total(c, n, ch.curve.desc),
              clock_of(c, w->from, true), clock_of(c, w->to, true),
              span_of(c, w->to - w->from)));
    para(c, TONE_NORMAL, 0,
         strf(c, "That is %s. Since the beginning: %s.",
              per_time(c, n / ((double)(w->to - w->from) / (double)SIM_SEC)),
              total(c, gauge(c, ch.curve.comp, ch.curve.desc->name, ch.curve.instance),
                    ch.curve.desc)));
    seen_metric(c, ch.curve.comp, ch.metric);
    return ERR_OK;
}

/* Lists the counters of the business; without any says what can be named. */
static enum err list(struct call *c, const struct window *w)
{
    struct out_table t;
    if (!count_of(c, "counter"))
        return refuse(c, ERR_INPUT,
                      "The business counts nothing here. Say a metric: count "
                      "COMPONENT.METRIC; metrics lists them.");
    table_init(&t, c->o, "COUNTER|>IN THE WINDOW|>LAST MINUTE|>SINCE THE BEGINNING");
    for (comp_id k = next_of(c, "counter", COMP_NONE); k != COMP_NONE;
         k = next_of(c, "counter", k)) {
        struct curve curve;
        const struct metric_desc *d = &model_kind(c->m, k)->metrics[0];
        struct window minute = {c->now > SIM_MIN ? c->now - SIM_MIN : 0, c->now};
        if (!curve_metric(c->m, k, d->name, 0, &curve))
            continue;
        table_cell(&t, TONE_STRONG, "%s", name_of(c, k));
        table_cell(&t, TONE_NORMAL, "%s", count(c, counted(c, &curve, w)));
        table_cell(&t, TONE_NORMAL, "%s", count(c, counted(c, &curve, &minute)));
        table_cell(&t, TONE_NORMAL, "%s", count(c, gauge(c, k, d->name, 0)));
        seen_metric(c, k, d->name);
    }
    table_print(&t);
    note(c, "The window: %s to %s. --from and --to choose another.",
         clock_of(c, w->from, true), clock_of(c, w->to, true));
    return ERR_OK;
}

static enum err run(struct call *c)
{
    struct window w;
    enum err e = read_window(c, &w);
    if (e != ERR_OK)
        return e;
    return c->nargs ? count_one(c, &w) : list(c, &w);
}

static const struct command_wild wild[] = {
    {"promtool", "promtool query instant http://prometheus:9090 "
                 "'increase(orders_placed_total[10m])'"},
    {"psql", "psql -c \"select count(*) from orders where created_at >= '19:40'\""},
};
const struct command cmd_count = {
    .info = {.name = "count",
             .synopsis = "count [METRIC] [--from TIME] [--to TIME]",
             .doc =
                 "How many there were. Totals of what the business counts, or of any "
                 "counter, since the beginning or in a window.",
             .examples = "count\ncount --from 10m\ncount COUNTER --from 10m --to 5m",
             .group = GROUP_LOOK,
             WILD(wild)},
    .args = {ARG_SERIES},
    .max_args = 1,
    .opts = {{"--from", ARG_TIME, "20:12, or 30m for half an hour ago"},
             {"--to", ARG_TIME, "20:12, or 5m for five minutes ago"}},
    .run = run,
};
