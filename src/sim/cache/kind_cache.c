/*
 * cache: a store beside the database that answers fast and forgets. What it holds is in
 * its key spaces (kind_keyspace.c); this is the server: how long an answer takes, and
 * whether there is one. A caller that gets no answer loads the value itself.
 */
#include "cache/keyspace.h"
#include "call/call.h"
#include "engine/kind.h"
#include "engine/queue.h"

#include <stdio.h>

#define COUNT_OF(x) (sizeof(x) / sizeof((x)[0]))

enum { P_LATENCY };
static const struct param_desc params[] = {
    [P_LATENCY] = {.name = "latency",
                   .type = VALUE_DIST,
                   .unit = "s",
                   .def = "0.5ms",
                   .doc = "Time one lookup takes inside the cache."},
};

enum { OP_FLUSH };
static const struct op_desc ops[] = {
    [OP_FLUSH] = {.name = "flush",
                  .args = {{.name = "keyspace",
                            .type = VALUE_TEXT,
                            .optional = true,
                            .doc = "One key space; without it, all of them."},
                           {.name = "pattern",
                            .type = VALUE_TEXT,
                            .optional = true,
                            .doc = "Only keys whose names match, with * and ?."}},
                  .cost = 2 * SIM_SEC,
                  .risk = "What is flushed has to be loaded again, all at once.",
                  .doc = "Forgets values."},
};

enum { FAULT_DOWN, FAULT_COLD, FAULT_SLOW };
static const struct fault_desc faults[] = {
    [FAULT_DOWN] = {.name = "down", .doc = "It does not answer; its memory is lost."},
    [FAULT_COLD] = {.name = "cold", .doc = "It has forgotten everything, and goes on."},
    [FAULT_SLOW] = {.name = "slow",
                    .args = {{.name = "factor",
                              .type = VALUE_NUMBER,
                              .doc = "How many times longer a lookup takes."}},
                    .doc = "Lookups take longer."},
};

enum { M_HITS, M_MISSES, M_IN_FLIGHT, M_FAILED, M_UP };
#define CACHE_METRIC(n, p, t, d)                                                       \
    {                                                                                  \
        .name = n, .prom = p, .labels = "", .type = t, .unit = "1", .doc = d           \
    }
static const struct metric_desc metrics[] = {
    [M_HITS] = CACHE_METRIC("hits_total", "cache_hits_total", METRIC_COUNTER,
                            "Lookups that found a value."),
    [M_MISSES] = CACHE_METRIC("misses_total", "cache_misses_total", METRIC_COUNTER,
                              "Lookups that found none."),
    [M_IN_FLIGHT] = CACHE_METRIC("in_flight", "cache_lookups_in_flight", METRIC_GAUGE,
                                 "Lookups going on."),
    [M_FAILED] = CACHE_METRIC("failed_total", "cache_failures_total", METRIC_COUNTER,
                              "Lookups without an answer."),
    [M_UP] = CACHE_METRIC("up", "cache_up", METRIC_GAUGE, "1: it answers."),
};

static const char *const streams[] = {"latency", NULL};

struct cache {
    struct list inside;
    bool down;   /* a fault that runs */
    double slow; /* times the latency */
    uint64_t failed;
};

static struct cache *cache_at(const struct world *w, comp_id c)
{
    return W_STATE(w, struct cache, c);
}

bool cache_answers(const struct world *w, comp_id cache)
{
    return !cache_at(w, cache)->down;
}

/* ---- a lookup ---- */

static void end(struct world *w, struct act *a, enum reason reason)
{
    struct cache *k = cache_at(w, a->comp);
    members_remove(w, &k->inside, a);
    k->failed += reason != REASON_NONE;
    act_finish(w, a, reason, reason == REASON_NONE ? COMP_NONE : a->comp);
}

static void asked(struct world *w, struct act *a)
{
    if (!cache_answers(w, a->comp))
        end(w, a, REASON_DOWN);
    else if (keyspace_lookup(w, a))
        end(w, a, REASON_NONE);
}

static void cache_begin(struct world *w, struct act *a)
{
    struct cache *k = cache_at(w, a->comp);
    sim_time latency = dist_draw(p_dist(w, a->comp, P_LATENCY), w_rng(w, a->comp, 0));
    if (k->slow != 1)
        latency = (sim_time)((double)latency * k->slow);
    members_add(w, &k->inside, a);
    a->phase = LOOKUP_ASKING;
    a->lookup.reason = REASON_NONE;
    a->load = 0;
    if (latency > 0 && !k->down)
        act_timer(w, a, latency, CAUSE_CACHE, a->comp);
    else
        asked(w, a);
}

static void cache_resume(struct world *w, struct act *a, enum reason reason)
{
    (void)reason;
    if (a->phase == LOOKUP_ASKING)
        asked(w, a);
    else
        end(w, a, (enum reason)a->lookup.reason);
}

static void cache_cancel(struct world *w, struct act *a)
{
    if (a->phase == LOOKUP_WAIT)
        keyspace_leave(w, a);
    members_remove(w, &cache_at(w, a->comp)->inside, a);
}

/* ---- doing ---- */

static bool is_space_of(const struct model *m, size_t i, comp_id cache)
{
    return m->comps[i].kind == &kind_keyspace && m->comps[i].owner == cache;
}

static uint32_t forget(struct world *w, comp_id c, comp_id only, const char *pattern)
{
    uint32_t count = 0;
    for (size_t i = 0; i < w->model->ncomps; i++)
        if (is_space_of(w->model, i, c) && (only == COMP_NONE || only == i))
            count += keyspace_forget(w, (comp_id)i, pattern);
    return count;
}

/* "seats" or "cache.seats" */
static comp_id space_named(const struct model *m, comp_id c, const char *name)
{
    size_t own = strlen(m->comps[c].name);
    for (size_t i = 0; i < m->ncomps; i++)
        if (is_space_of(m, i, c) && (str_eq(m->comps[i].name, name) ||
                                     str_eq(m->comps[i].name + own + 1, name)))
            return (comp_id)i;
    return COMP_NONE;
}

static enum err cache_names(const struct model *m, const struct action *a,
                            struct errmsg *why)
{
    bool named = a->kind == ACTION_OP && a->nargs > 0 && a->args[0].type == VALUE_TEXT;
    if (!named || space_named(m, a->comp, a->args[0].as.text) != COMP_NONE)
        return ERR_OK;
    return errmsg_set(why, ERR_NOT_FOUND, "%s has no key space \"%.60s\"",
                      m->comps[a->comp].name, a->args[0].as.text);
}

static enum err cache_op(struct world *w, comp_id c, int op, const struct action *a,
                         struct effect *e, struct errmsg *why)
{
    (void)op;
    const char *name = action_gives(a, 0) ? a->args[0].as.text : NULL;
    const char *pattern = action_gives(a, 1) ? a->args[1].as.text : NULL;
    comp_id only = name ? space_named(w->model, c, name) : COMP_NONE;
    if (!cache_answers(w, c))
        return errmsg_set(why, ERR_REFUSED, "%s does not answer", w->comps[c].name);
    uint32_t count = forget(w, c, only, pattern);
    snprintf(e->title, sizeof e->title, "flush %s: %u key%s",
             w->comps[only == COMP_NONE ? c : only].name, count, count == 1 ? "" : "s");
    return ERR_OK;
}

static enum err cache_fault(struct world *w, comp_id c, int fault,
                            const struct action *a, bool on, struct errmsg *why)
{
    struct cache *k = cache_at(w, c);
    double factor = a->args[0].as.number;
    if (fault == FAULT_SLOW) {
        if (on && !(factor > 0 && factor <= 1e6))
            return errmsg_set(why, ERR_INPUT,
                              "slow: the factor must be above 0, e.g. 10");
        k->slow = on ? factor : 1;
        return ERR_OK;
    }
    if (on)
        forget(w, c, COMP_NONE, NULL);
    if (fault == FAULT_DOWN)
        k->down = on;
    return ERR_OK;
}

/* ---- looking ---- */

static double cache_metric(const struct world *w, comp_id c, int metric, int instance)
{
    (void)instance;
    const struct cache *k = cache_at(w, c);
    uint64_t hits = 0, misses = 0;
    switch (metric) {
    case M_IN_FLIGHT:
        return k->inside.count;
    case M_FAILED:
        return (double)k->failed;
    case M_UP:
        return !k->down;
    default:
        for (size_t i = 0; i < w->model->ncomps; i++) {
            uint64_t h, m;
            if (!is_space_of(w->model, i, c))
                continue;
            keyspace_counts(w, (comp_id)i, &h, &m);
            hits += h;
            misses += m;
        }
        return (double)(metric == M_HITS ? hits : misses);
    }
}

static void cache_inflight(const struct world *w, comp_id c,
                           void (*f)(const struct world *w, const struct act *a,
                                     void *ctx),
                           void *ctx)
{
    for (ref r = cache_at(w, c)->inside.first; r != 0; r = act_at(w, r)->next)
        f(w, act_at(w, r), ctx);
}

static size_t cache_state_size(const struct model *m, comp_id c)
{
    (void)m, (void)c;
    return sizeof(struct cache);
}

static void cache_init(struct world *w, comp_id c)
{
    cache_at(w, c)->slow = 1;
}

static const struct figure_desc figures[] = {
    {.label = "hit ratio",
     .metric = "hits_total",
     .of = "misses_total",
     .how = FIGURE_SHARE,
     .status = true,
     .map = MAP_ALWAYS,
     .chart = 70},
};

const struct kind_impl kind_cache = {
    .desc = {.name = "cache",
             .doc = "A store that answers fast and forgets.",
             .params = params,
             .nparams = COUNT_OF(params),
             .ops = ops,
             .nops = COUNT_OF(ops),
             .faults = faults,
             .nfaults = COUNT_OF(faults),
             .metrics = metrics,
             .nmetrics = COUNT_OF(metrics),
             .figures = figures,
             .nfigures = sizeof figures / sizeof *figures},
    .streams = streams,
    .state_size = cache_state_size,
    .init = cache_init,
    .begin = cache_begin,
    .resume = cache_resume,
    .cancel = cache_cancel,
    .op = cache_op,
    .names = cache_names,
    .fault = cache_fault,
    .metric = cache_metric,
    .inflight = cache_inflight,
};
