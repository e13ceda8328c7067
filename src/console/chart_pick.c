/*
 * What can be charted, and by what name: COMPONENT.METRIC, INSTANCE.METRIC, a business
 * counter alone ("orders_placed", or "orders" where that begins only one), and the
 * latencies p50, p90, p95, p99 and mean of what answers requests.
 */
#include "console_internal.h"

#include <string.h>

static const struct {
    const char *name;
    double q; /* < 0: the mean */
} latencies[] = {
    {"p50", 0.5}, {"p90", 0.9}, {"p95", 0.95}, {"p99", 0.99}, {"mean", -1}};

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

static int latency_index(const char *name)
{
    for (size_t i = 0; i < sizeof latencies / sizeof *latencies; i++)
        if (str_eq(latencies[i].name, name))
            return (int)i;
    return -1;
}

static bool has_latency(const struct call *c, comp_id comp)
{
    comp_id e;
    return is_kind(c, comp, "client") || is_kind(c, comp, "endpoint") ||
           endpoints_of(c, comp, &e, 1);
}

static comp_id counter_named(const struct call *c, const char *text)
{
    comp_id found = COMP_NONE;
    for (comp_id i = next_of(c, "counter", COMP_NONE); i != COMP_NONE;
         i = next_of(c, "counter", i)) {
        if (str_eq(name_of(c, i), text))
            return i;
        if (str_starts(name_of(c, i), text)) {
            if (found != COMP_NONE)
                return COMP_NONE;
            found = i;
        }
    }
    return found;
}

/* Words for a sentence: "orders placed". */
static const char *spaced(struct call *c, const char *s)
{
    char *r = arena_strdup(c->mem, s);
    for (char *p = r; *p; p++)
        if (*p == '_')
            *p = ' ';
    return r;
}

/* checkout's own metric, else its pool's, else "pool_waiting" as its pool's "waiting".
 */
static bool in_nested(struct call *c, comp_id comp, const char *metric, comp_id *owner,
                      const char **name)
{
    if (metric_of(c, comp, metric)) {
        *owner = comp;
        *name = metric;
        return true;
    }
    for (comp_id i = next_owned(c, comp, "pool", COMP_NONE); i != COMP_NONE;
         i = next_owned(c, comp, "pool", i))
        if (metric_of(c, i, metric)) {
            *owner = i;
            *name = metric;
            return true;
        }
    for (size_t i = 0; i < model_comps(c->m); i++) {
        const char *kind = model_kind(c->m, (comp_id)i)->name;
        size_t n = strlen(kind);
        if (model_owner(c->m, (comp_id)i) == comp && str_starts(metric, kind) &&
            metric[n] == '_' && metric_of(c, (comp_id)i, metric + n + 1)) {
            *owner = (comp_id)i;
            *name = metric + n + 1;
            return true;
        }
    }
    return false;
}

static enum err no_metric(struct call *c, comp_id comp, const char *metric)
{
    const struct kind_desc *k = model_kind(c->m, comp);
    const char *names[128];
    size_t n = 0;
    struct buf list;
    buf_init(&list, 220);
    for (; n < k->nmetrics && n < 120; n++) {
        names[n] = k->metrics[n].name;
        buf_addf(&list, "%s%s", n ? ", " : "", names[n]);
    }
    for (size_t i = 0; has_latency(c, comp) && i < 5; i++)
        names[n++] = latencies[i].name;
    const char *near = text_suggest(metric, names, n);
    enum err e = near
                     ? refuse(c, ERR_NOT_FOUND, "%s has no metric %s; did you mean %s?",
                              name_of(c, comp), metric, near)
                     : refuse(c, ERR_NOT_FOUND, "%s has no metric %s. It has: %s%s",
                              name_of(c, comp), metric, list.s, list.full ? "..." : "");
    buf_release(&list);
    return e;
}

static enum err pick_metric(struct call *c, const char *comp, const char *metric,
                            struct chart *ch)
{
    enum err e = need_comp(c, comp, &ch->comp, &ch->instance);
    if (e != ERR_OK)
        return e;
    if (is_hidden(c, ch->comp))
        return refuse_hidden(c, ch->comp);
    ch->latency = latency_index(metric);
    ch->metric = metric;
    ch->desc = &latency_desc;
    ch->short_title = strf(c, "%s %s", comp, spaced(c, metric));
    if (str_eq(metric, "good") && is_kind(c, ch->comp, "client")) {
        ch->desc = &good_desc;
        return ERR_OK;
    }
    if (ch->latency >= 0 && !ch->instance && has_latency(c, ch->comp))
        return ERR_OK;
    ch->latency = -1;
    if (!in_nested(c, ch->comp, metric, &ch->comp, &ch->metric))
        return no_metric(c, ch->comp, metric);
    ch->desc = metric_of(c, ch->comp, ch->metric);
    if (ch->instance && !ch->desc->per_instance)
        return refuse(c, ERR_INPUT, "%s is not kept per instance; chart %s.%s",
                      ch->metric, name_of(c, ch->comp), ch->metric);
    return ERR_OK;
}

static enum err pick_counter(struct call *c, comp_id counter, struct chart *ch)
{
    const struct kind_desc *k = model_kind(c->m, counter);
    if (!k->nmetrics)
        return refuse(c, ERR_NOT_FOUND, "%s has nothing to chart.",
                      name_of(c, counter));
    ch->comp = counter;
    ch->desc = &k->metrics[0];
    ch->metric = ch->desc->name;
    ch->latency = -1;
    ch->title = name_of(c, counter);
    ch->short_title = spaced(c, ch->title);
    return ERR_OK;
}

static enum err nothing_like(struct call *c, const char *text)
{
    const char *names[COMPS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < model_comps(c->m) && n < COMPS_MAX; i++)
        if (is_top(c, (comp_id)i) || is_kind(c, (comp_id)i, "counter"))
            names[n++] = name_of(c, (comp_id)i);
    const char *near = text_suggest(text, names, n);
    if (near)
        return refuse(c, ERR_NOT_FOUND, "There is no %s; did you mean %s?", text, near);
    return refuse(c, ERR_NOT_FOUND,
                  "There is nothing called %s; metrics lists what there is.", text);
}

enum err chart_pick(struct call *c, const char *text, struct chart *ch)
{
    const char *dot = strrchr(text, '.');
    comp_id counter = counter_named(c, text);
    *ch = (struct chart){.title = text, .short_title = text, .latency = -1};
    if (counter != COMP_NONE && model_find(c->m, text) != counter)
        return pick_counter(c, counter, ch);
    if (model_find(c->m, text) != COMP_NONE &&
        is_kind(c, model_find(c->m, text), "counter"))
        return pick_counter(c, model_find(c->m, text), ch);
    if (dot && dot > text && dot[1] && model_find(c->m, text) == COMP_NONE)
        return pick_metric(c, arena_strndup(c->mem, text, (size_t)(dot - text)),
                           dot + 1, ch);
    if (need_comp(c, text, &ch->comp, &ch->instance) != ERR_OK)
        return nothing_like(c, text);
    return refuse(c, ERR_INPUT, "Say which metric: %s.METRIC; metrics %s lists them.",
                  text, name_of(c, ch->comp));
}

/* ---- the values
 * -------------------------------------------------------------------------- */

static double slot_value(struct call *c, const struct chart *ch, sim_time from,
                         sim_time to)
{
    if (ch->desc == &good_desc)
        return recording_good_of(c->rec, ch->comp, from, to);
    if (latencies[ch->latency].q < 0)
        return latency_mean(c->rec, ch->comp, from, to);
    return latency(c, ch->comp, from, to, latencies[ch->latency].q);
}

static void fill_values(struct call *c, struct chart *ch)
{
    struct series s;
    if (ch->latency < 0 && ch->desc != &good_desc) {
        if (series_find(c->rec, ch->comp, ch->metric, ch->instance, &s, NULL) == ERR_OK)
            series_slots(c->rec, s, ch->from, ch->to, ch->v, ch->n);
        else
            for (size_t i = 0; i < ch->n; i++)
                ch->v[i] = NAN;
        return;
    }
    sim_time step = (ch->to - ch->from) / (sim_time)ch->n;
    for (size_t i = 0; i < ch->n; i++)
        ch->v[i] = slot_value(c, ch, ch->from + (sim_time)i * step,
                              ch->from + (sim_time)(i + 1) * step);
}

void chart_fill(struct call *c, struct chart *ch, sim_time from, sim_time to, size_t n)
{
    ch->from = from;
    ch->to = to;
    ch->n = n > CHART_SLOTS ? CHART_SLOTS : n;
    fill_values(c, ch);
    ch->low = ch->high = ch->last = NAN;
    for (size_t i = 0; i < ch->n; i++) {
        double x = ch->v[i];
        if (isnan(x))
            continue;
        ch->last = x;
        if (!(ch->low <= x))
            ch->low = x;
        if (!(ch->high >= x))
            ch->high = x;
    }
    ch->scale = scale_for(ch->desc, ch->high);
    seen_metric(c, ch->comp, ch->metric);
}

/* How many slots a window is worth: never finer than the data (ten seconds for
 * latencies, one for the rest). */
size_t chart_slots(const struct chart *ch, sim_time from, sim_time to, size_t wanted)
{
    sim_time grain = ch->latency >= 0 ? 10 * SIM_SEC : SIM_SEC;
    sim_time most = (to - from) / grain;
    if (most < 1)
        most = 1;
    return (sim_time)wanted > most ? (size_t)most : wanted;
}

/* Names a component can be charted by, for the overview and completion. */
size_t chart_latencies(const struct call *c, comp_id comp, const char **out)
{
    size_t n = sizeof latencies / sizeof *latencies;
    if (!has_latency(c, comp))
        return 0;
    for (size_t i = 0; i < n; i++)
        out[i] = latencies[i].name;
    return n;
}
