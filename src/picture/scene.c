/*
 * Reading a scene: the two ways in which a number comes about, and no third one. And
 * who hands work to whom.
 */
#include "truecode/picture.h"

#include <assert.h>
#include <math.h>

/* ---- reading --------------------------------------------------------------------- */

double scene_gauge(const struct scene *s, comp_id c, const char *metric, int instance)
{
    return world_metric(s->w, c, metric, instance);
}

double scene_rate(const struct scene *s, comp_id c, const char *metric)
{
    struct series series;
    if (c == COMP_NONE || series_find(s->rec, c, metric, 0, &series, NULL) != ERR_OK)
        return NAN;
    sim_time from = s->now > SCENE_WINDOW ? s->now - SCENE_WINDOW : 0;
    return series_rate(s->rec, series, from, s->now);
}

double scene_latency_in(const struct scene *s, comp_id c, sim_time from, sim_time to,
                        double q)
{
    assert(q <= 1);
    const struct model *m = world_model(s->w);
    comp_id ends[64];
    double worst = NAN;
    size_t n = comp_endpoints(m, c, ends, 64);
    if (n == 0) {
        ends[0] = c;
        n = 1;
    }
    for (size_t i = 0; i < n; i++) {
        double x = q < 0 ? latency_mean(s->rec, ends[i], from, to)
                         : latency_quantile(s->rec, ends[i], from, to, q);
        if (!isnan(x) && !(worst >= x))
            worst = x;
    }
    return worst;
}

double scene_latency(const struct scene *s, comp_id c, double q)
{
    sim_time from = s->now > SCENE_WINDOW ? s->now - SCENE_WINDOW : 0;
    return scene_latency_in(s, c, from, s->now, q);
}

bool scene_hides(const struct scene *s, comp_id c)
{
    const struct model *m = world_model(s->w);
    return s->users_hidden && c != COMP_NONE && comp_is(m, comp_top(m, c), "client");
}

/* ---- the model ------------------------------------------------------------------- */

bool scene_hides_metric(const struct scene *s, comp_id c, const struct metric_desc *d)
{
    return scene_hides(s, c) || (s->users_hidden && metric_judges(d));
}

bool comp_is(const struct model *m, comp_id c, const char *kind)
{
    return c != COMP_NONE && str_eq(model_kind(m, c)->name, kind);
}

bool comp_is_top(const struct model *m, comp_id c)
{
    return !model_kind(m, c)->nested && !comp_is(m, c, "counter") &&
           !comp_is(m, c, "flag");
}

comp_id comp_top(const struct model *m, comp_id c)
{
    assert(c == COMP_NONE || c < model_comps(m));
    while (c != COMP_NONE && model_owner(m, c) != COMP_NONE)
        c = model_owner(m, c);
    return c;
}

static bool hands_on(const struct model *m, comp_id c)
{
    return comp_is(m, c, "balancer") || comp_is(m, c, "limiter");
}

size_t comp_endpoints(const struct model *m, comp_id c, comp_id *out, size_t max)
{
    size_t n = 0;
    while (hands_on(m, c))
        c = model_target(m, c);
    for (size_t i = 0; i < model_comps(m) && n < max; i++)
        if (comp_is(m, (comp_id)i, "endpoint") && model_owner(m, (comp_id)i) == c)
            out[n++] = (comp_id)i;
    return n;
}

/* ---- who hands work to whom ------------------------------------------------------ */

static double known(double x)
{
    return isnan(x) ? 0 : x;
}

/* The flow along a way that no call policy stands on: what the one in front lets
 * through, or what the subscriptions have delivered. */
static double handed_on(const struct scene *s, const struct edge *e)
{
    const struct model *m = world_model(s->w);
    double sum = 0;
    if (comp_is(m, e->from, "limiter"))
        return scene_rate(s, e->from, "admitted_total");
    if (comp_is(m, e->from, "balancer"))
        return scene_rate(s, e->from, "requests_total") -
               known(scene_rate(s, e->from, "limited_total")) -
               known(scene_rate(s, e->from, "no_backend_total"));
    for (size_t i = 0; i < model_comps(m); i++)
        if (comp_is(m, (comp_id)i, "subscription") &&
            comp_top(m, (comp_id)i) == e->from &&
            comp_top(m, model_target(m, (comp_id)i)) == e->to)
            sum += known(scene_rate(s, (comp_id)i, "processed_total")) +
                   known(scene_rate(s, (comp_id)i, "failures_total"));
    return sum;
}

struct edges {
    struct edge *v;
    size_t n, max;
};

/* The edge to `to`, added if it is new; NULL: no room, or none. */
static struct edge *edge_to(struct edges *all, comp_id from, comp_id to)
{
    assert(all->n <= all->max);
    if (to == COMP_NONE || to == from)
        return NULL;
    for (size_t i = 0; i < all->n; i++)
        if (all->v[i].to == to)
            return &all->v[i];
    if (all->n == all->max)
        return NULL;
    all->v[all->n] = (struct edge){from, to, COMP_NONE, COMP_NONE, NAN};
    return &all->v[all->n++];
}

static void add_owned(struct edges *all, const struct model *m, comp_id from, comp_id c)
{
    bool call = comp_is(m, c, "call"), pool = comp_is(m, c, "pool");
    bool ours = model_owner(m, c) == from;
    bool delivers = comp_is(m, c, "subscription") && comp_top(m, c) == from;
    if (!(ours && (call || pool)) && !delivers)
        return;
    struct edge *e = edge_to(all, from, comp_top(m, model_target(m, c)));
    if (e && call)
        e->policy = c;
    if (e && pool)
        e->pool = c;
}

size_t scene_edges(const struct scene *s, comp_id from, struct edge *out, size_t max)
{
    assert(from < model_comps(world_model(s->w)));
    const struct model *m = world_model(s->w);
    struct edges all = {out, 0, max};
    if (hands_on(m, from))
        (void)edge_to(&all, from, comp_top(m, model_target(m, from)));
    for (size_t i = 0; i < model_comps(m); i++)
        add_owned(&all, m, from, (comp_id)i);
    for (size_t i = 0; i < all.n; i++)
        out[i].per_s = out[i].policy != COMP_NONE
                           ? scene_rate(s, out[i].policy, "sent_total")
                           : handed_on(s, &out[i]);
    return all.n;
}

static void add_once(const struct model *m, comp_id c, comp_id *out, size_t *n,
                     size_t max)
{
    for (size_t i = 0; i < *n; i++)
        if (out[i] == c)
            return;
    if (*n < max && comp_is_top(m, c))
        out[(*n)++] = c;
}

size_t scene_order(const struct scene *s, comp_id *out, size_t max)
{
    const struct model *m = world_model(s->w);
    struct edge e[EDGES_MAX];
    size_t n = 0;
    for (size_t i = 0; i < model_comps(m); i++)
        if (comp_is(m, (comp_id)i, "client"))
            add_once(m, (comp_id)i, out, &n, max);
    for (size_t i = 0; i < n; i++) {
        size_t k = scene_edges(s, out[i], e, EDGES_MAX);
        for (size_t j = 0; j < k; j++)
            add_once(m, e[j].to, out, &n, max);
    }
    for (size_t i = 0; i < model_comps(m); i++)
        add_once(m, (comp_id)i, out, &n, max);
    return n;
}

/* ---- the worst minute ------------------------------------------------------------ */

struct worst_minute scene_worst_minute(const struct scene *s, sim_time from,
                                       sim_time to)
{
    assert(from <= to);
    struct worst_minute worst = {0, 0};
    sim_time first = (from + SIM_SEC - 1) / SIM_SEC * SIM_SEC;
    for (sim_time t = first > 0 ? first : 0; t + SIM_MIN <= to; t += SIM_SEC) {
        double good = recording_good(s->rec, t, t + SIM_MIN);
        double bad = (double)recording_bad_count(s->rec, t, t + SIM_MIN) / 60;
        if (!isnan(good) && 1 - good > worst.bad_share)
            worst.bad_share = 1 - good;
        if (bad > worst.bad_per_s)
            worst.bad_per_s = bad;
    }
    return worst;
}
