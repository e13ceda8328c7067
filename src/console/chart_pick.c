/*
 * Curves that can be charted, and their names: COMPONENT.METRIC, INSTANCE.METRIC, a
 * business counter alone ("orders_placed", or "orders" where that begins only one), and
 * the latencies p50, p90, p95, p99 and mean of what answers requests.
 */
#include "chart.h"
#include "console_internal.h"
#include "lookup.h"

#include <string.h>

static const char *const latency_names[] = {"p50", "p90", "p95", "p99", "mean"};
static const double latency_q[] = {0.5, 0.9, 0.95, 0.99, -1}; /* < 0: the mean */
#define LATENCIES COUNT_OF(latency_names)

static int latency_index(const char *name)
{
    for (size_t i = 0; i < LATENCIES; i++)
        if (str_eq(latency_names[i], name))
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

static bool told(const struct call *c, comp_id comp, const struct metric_desc *d)
{
    const struct kind_desc *k = model_kind(c->m, comp);
    return kind_tells(k, (size_t)(d - k->metrics));
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
    for (size_t i = 0; has_latency(c, comp) && i < LATENCIES; i++)
        names[n++] = latency_names[i];
    const char *near = text_suggest(metric, names, n);
    enum err e = near
                     ? refuse(c, ERR_NOT_FOUND, "%s has no metric %s; did you mean %s?",
                              name_of(c, comp), metric, near)
                     : refuse(c, ERR_NOT_FOUND, "%s has no metric %s. It has: %s%s",
                              name_of(c, comp), metric, list.s, list.full ? "..." : "");
    buf_release(&list);
    return e;
}

static enum err pick_metric(struct call *c, const char *name, const char *metric,
                            struct chart *ch)
{
    comp_id comp;
    int instance;
    enum err e = need_comp(c, name, &comp, &instance);
    if (e != ERR_OK)
        return e;
    if (is_hidden(c, comp))
        return refuse_hidden(c, comp);
    int quantile = latency_index(metric);
    ch->metric = metric;
    ch->short_title = strf(c, "%s %s", name, spaced(c, metric));
    if (str_eq(metric, "good") && is_kind(c, comp, "client")) {
        curve_good(comp, &ch->curve);
        return ERR_OK;
    }
    if (quantile >= 0 && !instance && has_latency(c, comp)) {
        curve_quantile(comp, latency_q[quantile], &ch->curve);
        return ERR_OK;
    }
    comp_id owner = comp;
    if (!in_nested(c, comp, metric, &owner, &ch->metric) ||
        !curve_metric(c->m, owner, ch->metric, instance, &ch->curve))
        return no_metric(c, comp, metric);
    if (!told(c, owner, ch->curve.desc))
        return refuse(c, ERR_NOT_FOUND, "%s has no metric %s.", name_of(c, comp),
                      metric);
    if (is_hidden_metric(c, owner, ch->metric))
        return refuse(c, ERR_REFUSED,
                      "Nobody measures what users get here: %s has no %s.",
                      name_of(c, owner), ch->metric);
    if (instance && !ch->curve.desc->per_instance)
        return refuse(c, ERR_INPUT, "%s is not kept per instance; chart %s.%s",
                      ch->metric, name_of(c, owner), ch->metric);
    return ERR_OK;
}

static enum err pick_counter(struct call *c, comp_id counter, struct chart *ch)
{
    const struct kind_desc *k = model_kind(c->m, counter);
    if (!k->nmetrics || !curve_metric(c->m, counter, k->metrics[0].name, 0, &ch->curve))
        return refuse(c, ERR_NOT_FOUND, "%s has nothing to chart.",
                      name_of(c, counter));
    ch->metric = ch->curve.desc->name;
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
    *ch = (struct chart){.title = text, .short_title = text};
    if (counter != COMP_NONE && model_find(c->m, text) != counter)
        return pick_counter(c, counter, ch);
    if (model_find(c->m, text) != COMP_NONE &&
        is_kind(c, model_find(c->m, text), "counter"))
        return pick_counter(c, model_find(c->m, text), ch);
    if (dot && dot > text && dot[1] && model_find(c->m, text) == COMP_NONE)
        return pick_metric(c, arena_strndup(c->mem, text, (size_t)(dot - text)),
                           dot + 1, ch);
    comp_id comp;
    int instance;
    if (need_comp(c, text, &comp, &instance) != ERR_OK)
        return nothing_like(c, text);
    return refuse(c, ERR_INPUT, "Say which metric: %s.METRIC; metrics %s lists them.",
                  text, name_of(c, comp));
}

/* ---- the values ------------------------------------------------------------------ */

void chart_fill(struct call *c, struct chart *ch, sim_time from, sim_time to, size_t n)
{
    ch->from = from;
    ch->to = to;
    ch->n = n > CHART_SLOTS ? CHART_SLOTS : n;
    ch->sum = curve_fill(&c->scene, &ch->curve, from, to, ch->v, ch->n);
    ch->now = curve_now(&c->scene, &ch->curve);
    ch->scale = curve_scale(&ch->curve, ch->sum.high);
    seen_metric(c, ch->curve.comp, ch->metric);
}

const char *chart_window(const struct call *c, const struct chart *ch)
{
    struct buf b;
    buf_init(&b, 0);
    curve_window(&b, &ch->curve, (ch->to - ch->from) / (sim_time)(ch->n ? ch->n : 1),
                 c->ctx->ascii);
    const char *s = arena_strdup(c->mem, b.s);
    buf_release(&b);
    return s;
}

const char *chart_value(const struct call *c, const struct chart *ch, double v)
{
    struct buf b;
    buf_init(&b, 0);
    curve_text(&b, &ch->curve, ch->scale, v);
    const char *s = arena_strdup(c->mem, b.s);
    buf_release(&b);
    return s;
}

const char *const *chart_latencies(const struct call *c, comp_id comp, size_t *n)
{
    *n = has_latency(c, comp) ? LATENCIES : 0;
    return latency_names;
}
