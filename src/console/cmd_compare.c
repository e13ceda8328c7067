/*
 * compare: a minute then against a minute now, for everything that is measured: what
 * moved most stands first, and how much did not move is said, too.
 */
#include "console_internal.h"
#include "lookup.h"

#include <string.h>

#define WINDOW SIM_MIN
#define SHOWN  16

struct moved {
    comp_id comp;
    const struct metric_desc *desc;
    double before, after, score;
};

/* The distance of two values, as a factor; steps below what counts as nothing in that
 * unit do not count. */
static double score_of(const struct metric_desc *d, double a, double b)
{
    double least = str_eq(d->unit, "ratio")    ? 0.02
                   : str_eq(d->unit, "s")      ? 0.005
                   : d->type == METRIC_COUNTER ? 0.05
                                               : 1.0;
    double lo = (a < b ? a : b) + least, hi = (a < b ? b : a) + least;
    return lo > 0 ? hi / lo : 1;
}

static double value_at(struct call *c, struct series s, const struct metric_desc *d,
                       sim_time at)
{
    sim_time from = at > WINDOW ? at - WINDOW : 0;
    return d->type == METRIC_COUNTER ? series_rate(c->rec, s, from, at)
                                     : series_mean(c->rec, s, from, at);
}

static int by_score(const void *a, const void *b, void *ctx)
{
    const struct moved *x = a, *y = b;
    (void)ctx;
    return (x->score < y->score) - (x->score > y->score);
}

/* A nested component often repeats a number of its owner: then the owner's stands. */
static bool repeats_owner(struct call *c, comp_id comp, const struct metric_desc *d,
                          double a, double b, sim_time t1, sim_time t2)
{
    comp_id owner = model_owner(c->m, comp);
    struct series s;
    if (owner == COMP_NONE || !metric_of(c, owner, d->name) ||
        series_find(c->rec, owner, d->name, 0, &s, NULL) != ERR_OK)
        return false;
    return value_at(c, s, d, t1) == a && value_at(c, s, d, t2) == b;
}

static size_t gather(struct call *c, sim_time t1, sim_time t2, struct moved *out,
                     size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < model_comps(c->m); i++) {
        const struct kind_desc *k = model_kind(c->m, (comp_id)i);
        for (size_t j = 0; j < k->nmetrics && n < max; j++) {
            const struct metric_desc *d = &k->metrics[j];
            struct series s = {(comp_id)i, (uint16_t)j, 0};
            if (!kind_tells(k, j))
                continue;
            double a = value_at(c, s, d, t1), b = value_at(c, s, d, t2);
            if (!isnan(a) && !isnan(b) &&
                !repeats_owner(c, (comp_id)i, d, a, b, t1, t2))
                out[n++] = (struct moved){(comp_id)i, d, a, b, score_of(d, a, b)};
        }
    }
    sort_stable(out, n, sizeof *out, by_score, NULL);
    return n;
}

static const char *factor(struct call *c, const struct moved *m)
{
    if (m->before == 0)
        return "from 0";
    if (m->after == 0)
        return "to 0";
    double x = m->after / m->before;
    return x >= 1 ? strf(c, "× %s", num(c, x)) : strf(c, "÷ %s", num(c, 1 / x));
}

static void show(struct call *c, const struct moved *v, size_t n, sim_time t1,
                 sim_time t2)
{
    struct out_table t;
    size_t moved = 0;
    table_init(&t, c->o,
               strf(c, "METRIC|>%s|>%s|>CHANGE", clock_of(c, t1, true),
                    clock_of(c, t2, true)));
    while (moved < n && v[moved].score >= 1.5)
        moved++;
    for (size_t i = 0; i < moved && (i < SHOWN || c->piped); i++) {
        table_cell(&t, TONE_STRONG, "%s.%s", name_of(c, v[i].comp), v[i].desc->name);
        table_cell(&t, TONE_NORMAL, "%s", metric_value(c, v[i].before, v[i].desc));
        table_cell(&t, TONE_NORMAL, "%s", metric_value(c, v[i].after, v[i].desc));
        table_cell(&t, TONE_ACCENT, "%s", factor(c, &v[i]));
        seen_metric(c, v[i].comp, v[i].desc->name);
    }
    table_print(&t);
    if (!moved)
        out_line(c->o, TONE_NORMAL, "Nothing moved by half or more.");
    note(c,
         "%s%zu of %zu metrics moved by half or more; %zu did not. Means over the "
         "minute "
         "before each time.",
         moved > SHOWN ? strf(c, "The first %d. ", SHOWN) : "", moved, n, n - moved);
}

static enum err run(struct call *c)
{
    sim_time t1, t2 = c->now;
    enum err e = when_past(c, c->arg[0], &t1);
    if (e == ERR_OK && c->nargs > 1)
        e = when_past(c, c->arg[1], &t2);
    if (e != ERR_OK)
        return e;
    if (t1 == t2)
        return refuse(c, ERR_INPUT, "That is the same moment twice.");
    size_t max = 8192;
    struct moved *v = arena_alloc(c->mem, max * sizeof *v);
    show(c, v, gather(c, t1, t2, v, max), t1, t2);
    return ERR_OK;
}

static const struct command_wild wild[] = {
    {"promtool", "promtool query instant http://prometheus:9090 "
                 "'sum by (job) (rate(http_server_requests_total[1m])) / "
                 "sum by (job) (rate(http_server_requests_total[1m] offset 30m))'"},
};
const struct command cmd_compare = {
    .info = {.name = "compare",
             .synopsis = "compare TIME [TIME]",
             .doc = "What moved between two moments. Every metric then and now (or at "
                    "a second time), the most moved first.",
             .examples = "compare 30m\ncompare 30m now\ncompare 10m | grep COMPONENT",
             .group = GROUP_LOOK,
             WILD(wild)},
    .args = {ARG_TIME, ARG_TIME},
    .min_args = 1,
    .max_args = 2,
    .run = run,
};
