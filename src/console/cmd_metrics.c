/*
 * metrics: what is measured. Alone: who has which metrics; of a component: all of them
 * now and five minutes ago; of one metric: per instance, with its Prometheus name.
 */
#include "chart.h"
#include "console_internal.h"
#include "lookup.h"

#include <string.h>

#define BEFORE (5 * SIM_MIN)
#define WINDOW SIM_MIN

static void list_components(struct call *c)
{
    comp_id v[COMPS_MAX];
    size_t n = scene_order(&c->scene, v, COMPS_MAX);
    struct out_table t;
    table_init(&t, c->o, "COMPONENT|KIND|>METRICS|FOR EXAMPLE");
    for (size_t i = 0; i < n; i++) {
        const struct kind_desc *k = model_kind(c->m, v[i]);
        if (!k->nmetrics)
            continue;
        table_cell(&t, TONE_STRONG, "%s", name_of(c, v[i]));
        table_cell(&t, TONE_NORMAL, "%s", k->name);
        table_cell(&t, TONE_NORMAL, "%zu", k->nmetrics);
        table_cell(
            &t, TONE_DIM, "%s%s%s%s%s", k->metrics[0].name, k->nmetrics > 1 ? ", " : "",
            k->nmetrics > 1 ? k->metrics[1].name : "", k->nmetrics > 2 ? ", " : "",
            k->nmetrics > 2 ? k->metrics[2].name : "");
    }
    table_print(&t);
    if (count_of(c, "counter"))
        out_line(c->o, TONE_NORMAL, "Business counters: %s",
                 names_of_kind(c, "counter"));
}

/* At `at`: a counter's rate over the minute before, a gauge as it stood. */
static double value_at(struct call *c, comp_id comp, const struct metric_desc *d,
                       int instance, sim_time at)
{
    struct series s;
    if (d->type == METRIC_GAUGE && at == c->now)
        return gauge(c, comp, d->name, instance);
    if (series_find(c->rec, comp, d->name, instance, &s, NULL) != ERR_OK)
        return NAN;
    if (d->type == METRIC_COUNTER)
        return series_rate(c->rec, s, at > WINDOW ? at - WINDOW : 0, at);
    return series_at(c->rec, s, at);
}

static void latency_rows(struct call *c, struct out_table *t, comp_id comp)
{
    static const struct {
        const char *name;
        double q;
    } rows[] = {{"p50", 0.5}, {"p99", 0.99}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        sim_time was = c->now > BEFORE ? c->now - BEFORE : 0;
        double now = scene_latency(&c->scene, comp, rows[i].q);
        double then = was > WINDOW ? scene_latency_in(&c->scene, comp, was - WINDOW,
                                                      was, rows[i].q)
                                   : NAN;
        table_cell(t, TONE_STRONG, "%s", rows[i].name);
        table_cell(t, TONE_NORMAL, "%s", quantity(c, now, "s"));
        table_cell(t, TONE_DIM, "%s", quantity(c, then, "s"));
        table_cell(t, TONE_DIM, "%s", "Latency of finished requests, last minute.");
    }
}

/* Counters that never counted are only named. */
static void table_rows(struct call *c, struct out_table *t, comp_id comp,
                       struct buf *never)
{
    const struct kind_desc *k = model_kind(c->m, comp);
    sim_time was = c->now > BEFORE ? c->now - BEFORE : 0;
    for (size_t i = 0; i < k->nmetrics; i++) {
        const struct metric_desc *d = &k->metrics[i];
        if (!world_metric_applies(c->w, comp, i) || is_hidden_metric(c, comp, d->name))
            continue;
        seen_metric(c, comp, d->name);
        if (d->type == METRIC_COUNTER && world_metric_at(c->w, comp, i, 0) == 0) {
            if (*d->labels) /* a way of ending in which none ended */
                continue;
            buf_addf(never, "%s%s", never->len ? ", " : "", d->name);
            continue;
        }
        double now = value_at(c, comp, d, 0, c->now);
        table_cell(t, TONE_STRONG, "%s", d->name);
        table_cell(t, TONE_NORMAL, "%s", metric_value(c, now, d));
        table_cell(t, TONE_DIM, "%s",
                   was ? metric_value(c, value_at(c, comp, d, 0, was), d) : "-");
        table_cell(t, TONE_DIM, "%s", d->doc);
    }
}

static void show_component(struct call *c, comp_id comp)
{
    comp_id e;
    struct out_table t;
    struct buf never;
    table_init(&t, c->o, strf(c, "%s|>NOW|>5 MIN AGO|", name_of(c, comp)));
    if (endpoints_of(c, comp, &e, 1) || is_kind(c, comp, "client") ||
        is_kind(c, comp, "endpoint"))
        latency_rows(c, &t, comp);
    buf_init(&never, 0);
    table_rows(c, &t, comp, &never);
    table_print(&t);
    if (never.len)
        para(c, TONE_NORMAL, 0, strf(c, "0 so far: %s", never.s));
    buf_release(&never);
    note(c, "Counters as rates over the last minute. chart %s.METRIC draws one.",
         name_of(c, comp));
}

/* ---- one metric ------------------------------------------------------------------ */

static const char *promql(struct call *c, comp_id comp, const struct metric_desc *d)
{
    const char *comma = *d->labels ? "," : "";
    const char *sel =
        strf(c, "%s{job=\"%s\"%s%s}", d->prom, name_of(c, comp), comma, d->labels);
    if (d->type == METRIC_COUNTER)
        return strf(c, "sum(rate(%s[1m]))", sel);
    return strf(c, str_eq(d->unit, "ratio") ? "avg(%s)" : "sum(%s)", sel);
}

static void instance_rows(struct call *c, comp_id comp, const struct metric_desc *d)
{
    struct out_table t;
    comp_id owner = model_owner(c->m, comp);
    comp_id service = is_kind(c, comp, "service") ? comp : owner;
    if (!d->per_instance || !is_kind(c, service, "service"))
        return;
    table_init(&t, c->o, "INSTANCE|>NOW|>5 MIN AGO");
    for (int i = 1; i <= world_instances(c->w, service); i++) {
        struct instance_view v;
        world_instance(c->w, service, i, &v);
        if (v.state == INSTANCE_NONE)
            continue;
        table_cell(&t, TONE_STRONG, "%s", inst_name(c, service, i));
        table_cell(&t, TONE_NORMAL, "%s",
                   metric_value(c, value_at(c, comp, d, i, c->now), d));
        table_cell(&t, TONE_DIM, "%s",
                   c->now > BEFORE
                       ? metric_value(c, value_at(c, comp, d, i, c->now - BEFORE), d)
                       : "-");
    }
    table_print(&t);
}

static enum err show_metric(struct call *c, comp_id comp, const char *name)
{
    struct chart ch;
    enum err e = chart_pick(c, strf(c, "%s.%s", name_of(c, comp), name), &ch);
    if (e != ERR_OK)
        return e;
    sim_time from = c->now > BEFORE ? c->now - BEFORE : 0;
    chart_fill(c, &ch, from, c->now, curve_slots(&ch.curve, c->now - from, 30));
    out_line(c->o, TONE_STRONG, "%s", ch.title);
    para(c, TONE_NORMAL, 2, ch.curve.desc->doc);
    out_line(c->o, TONE_NORMAL, "  %s %s, last five minutes %s to %s",
             curve_is_read_off(&ch.curve) ? "now" : "last minute",
             chart_value(c, &ch, ch.now), chart_value(c, &ch, ch.sum.low),
             chart_value(c, &ch, ch.sum.high));
    if (ch.curve.how == CURVE_GAUGE || ch.curve.how == CURVE_RATE)
        instance_rows(c, ch.curve.comp, ch.curve.desc);
    note(c, "PromQL: %s", promql(c, comp, ch.curve.desc));
    return ERR_OK;
}

/* Shows what a scrape would get: of one component, or of all. */
enum err show_exposition(struct call *c, comp_id comp)
{
    struct buf text;
    char *rest = NULL;
    buf_init(&text, 0);
    recording_export(c->rec, comp, !c->ctx->users_hidden, &text);
    for (char *line = strtok_r(text.s, "\n", &rest); line;
         line = strtok_r(NULL, "\n", &rest))
        out_line(c->o, *line == '#' ? TONE_DIM : TONE_NORMAL, "%s", line);
    buf_release(&text);
    for (size_t i = 0; i < model_comps(c->m); i++)
        if (comp == COMP_NONE || comp_top(c->m, (comp_id)i) == comp)
            seen_comp(c, (comp_id)i, "metrics");
    return ERR_OK;
}

static enum err expose(struct call *c)
{
    comp_id comp = COMP_NONE;
    enum err e = c->nargs ? need_comp(c, c->arg[0], &comp, NULL) : ERR_OK;
    if (e == ERR_OK && comp != COMP_NONE && is_hidden(c, comp))
        e = refuse_hidden(c, comp);
    return e == ERR_OK ? show_exposition(c, comp) : e;
}

static enum err run(struct call *c)
{
    comp_id comp;
    if (call_opt(c, "--prometheus"))
        return expose(c);
    if (!c->nargs) {
        list_components(c);
        return ERR_OK;
    }
    const char *dot = strrchr(c->arg[0], '.');
    if (c->nargs == 1 && dot && model_find(c->m, c->arg[0]) == COMP_NONE) {
        const char *name = arena_strndup(c->mem, c->arg[0], (size_t)(dot - c->arg[0]));
        enum err e = need_comp(c, name, &comp, NULL);
        return e == ERR_OK ? show_metric(c, comp, dot + 1) : e;
    }
    enum err e = need_comp(c, c->arg[0], &comp, NULL);
    if (e != ERR_OK)
        return e;
    if (is_hidden(c, comp))
        return refuse_hidden(c, comp);
    if (c->nargs > 1)
        return show_metric(c, comp, c->arg[1]);
    show_component(c, comp);
    return ERR_OK;
}

static const struct command_wild wild[] = {
    {"promtool", "promtool query instant http://prometheus:9090 "
                 "'sum(rate(http_server_requests_total{job=\"COMPONENT\"}[1m]))'"},
    {"curl", "curl -s http://COMPONENT:8080/metrics"},
};
const struct command cmd_metrics = {
    .info = {.name = "metrics",
             .synopsis = "metrics [COMPONENT [METRIC]] [--prometheus]",
             .doc = "What is measured, now and five minutes ago. Who has metrics, all "
                    "of one component's, or one metric per instance; or what a "
                    "Prometheus server would scrape.",
             .examples = "metrics\nmetrics COMPONENT\nmetrics COMPONENT cpu\n"
                         "metrics COMPONENT --prometheus | grep cpu",
             .group = GROUP_LOOK,
             WILD(wild)},
    .args = {ARG_COMPONENT, ARG_METRIC},
    .max_args = 2,
    .opts = {{"--prometheus", ARG_NONE, "in Prometheus' text format"}},
    .run = run,
};
