/*
 * Questions about a model and its recording that several commands ask. Metrics are
 * named by their short names; one that a kind does not have reads as NaN, and whoever
 * shows it leaves it out: a component tells what it has.
 */
#include "console_internal.h"

#include <string.h>

#define NAMES_SHOWN 12

const char *name_of(const struct call *c, comp_id comp)
{
    return comp == COMP_NONE ? "-" : model_name(c->m, comp);
}

const char *inst_name(const struct call *c, comp_id comp, int instance)
{
    if (instance <= 0)
        return name_of(c, comp);
    return strf(c, "%s-%d", name_of(c, comp), instance);
}

bool is_kind(const struct call *c, comp_id comp, const char *kind)
{
    return comp != COMP_NONE && str_eq(model_kind(c->m, comp)->name, kind);
}

bool is_top(const struct call *c, comp_id comp)
{
    const struct kind_desc *k = model_kind(c->m, comp);
    return !k->nested && !str_eq(k->name, "counter") && !str_eq(k->name, "flag");
}

comp_id next_of(const struct call *c, const char *kind, comp_id after)
{
    size_t i = after == COMP_NONE ? 0 : (size_t)after + 1;
    for (; i < model_comps(c->m); i++)
        if (is_kind(c, (comp_id)i, kind))
            return (comp_id)i;
    return COMP_NONE;
}

size_t count_of(const struct call *c, const char *kind)
{
    size_t n = 0;
    for (comp_id i = next_of(c, kind, COMP_NONE); i != COMP_NONE;
         i = next_of(c, kind, i))
        n++;
    return n;
}

comp_id next_owned(const struct call *c, comp_id owner, const char *kind, comp_id after)
{
    comp_id i = next_of(c, kind, after);
    while (i != COMP_NONE && model_owner(c->m, i) != owner)
        i = next_of(c, kind, i);
    return i;
}

size_t endpoints_of(const struct call *c, comp_id comp, comp_id *out, size_t max)
{
    size_t n = 0;
    while (is_kind(c, comp, "balancer") || is_kind(c, comp, "limiter"))
        comp = model_target(c->m, comp);
    for (comp_id e = next_owned(c, comp, "endpoint", COMP_NONE); e != COMP_NONE;
         e = next_owned(c, comp, "endpoint", e))
        if (n < max)
            out[n++] = e;
    return n;
}

/* ---- the order in which work flows
 * --------------------------------------------------------- */

static bool listed(const comp_id *v, size_t n, comp_id c)
{
    for (size_t i = 0; i < n; i++)
        if (v[i] == c)
            return true;
    return false;
}

/* Whom `comp` hands work to: the service behind a balancer, and callees of its
 * policies. */
static size_t hands_to(const struct call *c, comp_id comp, comp_id *out, size_t max)
{
    size_t n = 0;
    bool hands_on = is_kind(c, comp, "balancer") || is_kind(c, comp, "limiter");
    if (hands_on && model_target(c->m, comp) != COMP_NONE)
        out[n++] = model_target(c->m, comp);
    for (comp_id s = next_of(c, "subscription", COMP_NONE);
         is_kind(c, comp, "broker") && s != COMP_NONE;
         s = next_of(c, "subscription", s))
        if (model_owner(c->m, model_owner(c->m, s)) == comp && n < max &&
            model_target(c->m, s) != COMP_NONE &&
            !listed(out, n, model_target(c->m, s)))
            out[n++] = model_target(c->m, s);
    for (comp_id p = next_owned(c, comp, "call", COMP_NONE); p != COMP_NONE;
         p = next_owned(c, comp, "call", p)) {
        comp_id to = model_target(c->m, p);
        if (to != COMP_NONE && n < max && !listed(out, n, to))
            out[n++] = to;
    }
    return n;
}

static void add_listed(const struct call *c, comp_id comp, comp_id *out, size_t *n,
                       size_t max)
{
    if (*n < max && is_top(c, comp) && !listed(out, *n, comp))
        out[(*n)++] = comp;
}

/* Breadth first from the clients, then whatever nothing reaches (autoscalers). */
size_t flow_order(const struct call *c, comp_id *out, size_t max)
{
    size_t n = 0;
    comp_id to[32];
    for (comp_id i = next_of(c, "client", COMP_NONE); i != COMP_NONE;
         i = next_of(c, "client", i))
        add_listed(c, i, out, &n, max);
    for (size_t i = 0; i < n; i++) {
        size_t k = hands_to(c, out[i], to, 32);
        for (size_t j = 0; j < k; j++)
            add_listed(c, to[j], out, &n, max);
    }
    for (size_t i = 0; i < model_comps(c->m); i++)
        add_listed(c, (comp_id)i, out, &n, max);
    return n;
}

/* ---- metrics
 * -----------------------------------------------------------------------------------
 */

const struct metric_desc *metric_of(const struct call *c, comp_id comp,
                                    const char *name)
{
    const struct kind_desc *k = model_kind(c->m, comp);
    for (size_t i = 0; i < k->nmetrics; i++)
        if (str_eq(k->metrics[i].name, name))
            return &k->metrics[i];
    return NULL;
}

static bool find_series(const struct call *c, comp_id comp, const char *metric,
                        int instance, struct series *s)
{
    return comp != COMP_NONE && metric_of(c, comp, metric) &&
           series_find(c->rec, comp, metric, instance, s, NULL) == ERR_OK;
}

double gauge(const struct call *c, comp_id comp, const char *metric, int instance)
{
    struct series s;
    if (!find_series(c, comp, metric, instance, &s))
        return NAN;
    return series_at(c->rec, s, c->now);
}

double rate(const struct call *c, comp_id comp, const char *metric, sim_time window)
{
    struct series s;
    if (!find_series(c, comp, metric, 0, &s))
        return NAN;
    sim_time from = c->now > window ? c->now - window : 0;
    return series_rate(c->rec, s, from, c->now);
}

/* Of several endpoints, the one with the worst quantile speaks for the component: what
 * a person would look at first. */
double latency(const struct call *c, comp_id comp, sim_time from, sim_time to, double q)
{
    comp_id ends[64];
    if (is_kind(c, comp, "endpoint") || is_kind(c, comp, "client"))
        return latency_quantile(c->rec, comp, from, to, q);
    size_t n = endpoints_of(c, comp, ends, 64);
    double worst = NAN;
    for (size_t i = 0; i < n; i++) {
        double x = latency_quantile(c->rec, ends[i], from, to, q);
        if (!isnan(x) && !(worst >= x))
            worst = x;
    }
    return worst;
}

/* ---- words to components
 * ---------------------------------------------------------------------------- */

const char *names_of_kind(const struct call *c, const char *kind)
{
    struct buf b;
    buf_init(&b, 300);
    for (comp_id i = next_of(c, kind, COMP_NONE); i != COMP_NONE;
         i = next_of(c, kind, i))
        buf_addf(&b, "%s%s", b.len ? ", " : "", name_of(c, i));
    const char *s = arena_strdup(c->mem, b.len ? b.s : "none here");
    buf_release(&b);
    return s;
}

bool is_hidden(const struct call *c, comp_id comp)
{
    comp_id owner = model_owner(c->m, comp);
    return c->ctx->users_hidden &&
           (is_kind(c, comp, "client") ||
            (owner != COMP_NONE && is_kind(c, owner, "client")));
}

enum err refuse_hidden(struct call *c, comp_id comp)
{
    return refuse(c, ERR_REFUSED,
                  "Nobody measures %s here: no metric comes from users.",
                  name_of(c, comp));
}

/* The components that stand alone, as many as a sentence holds. */
static const char *top_names(const struct call *c)
{
    struct buf b;
    size_t n = 0;
    buf_init(&b, 0);
    for (size_t i = 0; i < model_comps(c->m); i++) {
        if (!is_top(c, (comp_id)i))
            continue;
        if (n++ < NAMES_SHOWN)
            buf_addf(&b, "%s%s", b.len ? ", " : "", name_of(c, (comp_id)i));
    }
    if (n > NAMES_SHOWN)
        buf_addf(&b, " and %zu more", n - NAMES_SHOWN);
    const char *s = arena_strdup(c->mem, b.s);
    buf_release(&b);
    return s;
}

enum err no_such(struct call *c, const char *text, const char *names)
{
    const char *why = c->why->text;
    size_t n = strlen(why);
    bool unknown = n > 1 && str_starts(why + 1, "here is no \"");
    if (!unknown || why[n - 1] == '?')
        return ERR_NOT_FOUND;
    return refuse(c, ERR_NOT_FOUND, "There is no \"%.80s\"; there is: %s.", text,
                  *names ? names : "none here");
}

enum err need_comp(struct call *c, const char *text, comp_id *comp, int *instance)
{
    int ignored;
    if (model_resolve(c->m, text, comp, instance ? instance : &ignored, c->why) !=
        ERR_OK)
        return no_such(c, text, top_names(c));
    int n = instance ? *instance : ignored;
    if (n > 0 && !instance)
        return refuse(c, ERR_INPUT, "%s takes a whole component here: %s",
                      c->cmd->info.name, name_of(c, *comp));
    if (n > 0 && is_kind(c, *comp, "service") && n > world_instances(c->w, *comp))
        return refuse(c, ERR_NOT_FOUND,
                      "There is no %s; %s has had %d instances so far.", text,
                      name_of(c, *comp), world_instances(c->w, *comp));
    return ERR_OK;
}

enum err need_kind(struct call *c, const char *text, const char *kind, comp_id *comp)
{
    enum err e = need_comp(c, text, comp, NULL);
    if (e == ERR_NOT_FOUND)
        return no_such(c, text, names_of_kind(c, kind));
    if (e == ERR_OK && !is_kind(c, *comp, kind))
        return refuse(c, ERR_INPUT, "%s is a %s, not a %s; there is: %s", text,
                      model_kind(c->m, *comp)->name, kind, names_of_kind(c, kind));
    return e;
}
