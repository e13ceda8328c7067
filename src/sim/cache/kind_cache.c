/*
 * cache: a store beside the database that answers fast and forgets. What it holds is in
 * its key spaces (kind_keyspace.c); this is the server: how long an answer takes, and
 * whether there is one. A caller that gets no answer loads the value itself.
 *
 * A lookup first has its work done by the cores (cache_cores.c), which takes longer the
 * more there is, then passes `latency`, then finds a value or none. Figures to begin
 * with: Redis executes commands in one thread, some 100,000 small ones a second without
 * pipelining (redis.io, Benchmarks): cores = 1, cpu = 10us; memcached has four threads
 * (its option -t).
 */
#include "cache/server.h"
#include "call/call.h"
#include "engine/kind.h"
#include "engine/life.h"

#include <stdio.h>

static const struct param_desc params[] = {
    [CP_LATENCY] = {.name = "latency",
                    .type = VALUE_DIST,
                    .unit = "s",
                    .def = "0.5ms",
                    .doc = "Time one lookup takes inside the cache."},
    [CP_CORES] = {.name = "cores",
                  .type = VALUE_NUMBER,
                  .min = 0,
                  .max = 1024,
                  .unit = "cores",
                  .def = "0",
                  .change = CHANGE_BUILT,
                  .doc = "Cores of each shard, which all lookups and writes there "
                         "share (Redis: 1); 0: as many as are asked for."},
    [CP_CPU] = {.name = "cpu",
                .type = VALUE_DIST,
                .unit = "s",
                .def = "10us",
                .change = CHANGE_BUILT,
                .doc = "Processor time of a lookup or a write; only with cores."},
    [CP_SHARDS] = {.name = "shards",
                   .type = VALUE_COUNT,
                   .min = 1,
                   .max = 64,
                   .unit = "shards",
                   .def = "1",
                   .doc =
                       "Servers by which its keys are spread; each key lies on one."},
    [CP_MAXMEMORY] = {.name = "maxmemory",
                      .type = VALUE_NUMBER,
                      .min = 0,
                      .max = 1e7,
                      .unit = "MiB",
                      .def = "0",
                      .change = CHANGE_AT_ONCE,
                      .doc = "MiB that values and connections may take, over all "
                             "shards; 0: any number."},
    [CP_POLICY] = {.name = "maxmemory_policy",
                   .type = VALUE_CHOICE,
                   .def = "noeviction",
                   .choices = "noeviction|allkeys-lru|allkeys-lfu|allkeys-random|"
                              "volatile-ttl",
                   .change = CHANGE_AT_ONCE,
                   .doc = "What a write does when maxmemory is reached, as Redis names "
                          "it: it is refused, or evicts another value."},
    [CP_CONNECTION_MEMORY] = {.name = "connection_memory",
                              .type = VALUE_NUMBER,
                              .min = 0,
                              .max = 1e6,
                              .unit = "KiB",
                              .def = "0",
                              .change = CHANGE_BUILT,
                              .doc = "KiB of its memory that each open connection "
                                     "takes, for its buffers."},
};
_Static_assert(COUNT_OF(params) == CP_PARAMS, "one of each");

enum { OP_FLUSH, OP_COUNT };
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
_Static_assert(COUNT_OF(ops) == OP_COUNT, "one for each");

enum { FAULT_DOWN, FAULT_COLD, FAULT_SLOW, FAULT_COUNT };
static const struct fault_desc faults[] = {
    [FAULT_DOWN] = {.name = "down", .doc = "It does not answer; its memory is lost."},
    [FAULT_COLD] = {.name = "cold", .doc = "It has forgotten everything, and goes on."},
    [FAULT_SLOW] = {.name = "slow",
                    .args = {{.name = "factor",
                              .type = VALUE_NUMBER,
                              .doc = "How many times longer a lookup takes."}},
                    .doc = "Lookups take longer."},
};
_Static_assert(COUNT_OF(faults) == FAULT_COUNT, "one for each");

enum {
    M_HITS,
    M_MISSES,
    M_IN_FLIGHT,
    M_FAILED,
    M_UP,
    M_CPU,
    M_CPU_SECONDS,
    M_MEMORY,
    M_MAXMEMORY,
    M_CONNECTIONS,
    M_COUNT
};
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
    [M_CPU] = {.name = "cpu",
               .prom = "cache_cpu_utilization",
               .labels = "",
               .type = METRIC_GAUGE,
               .unit = "ratio",
               .per_instance = true,
               .doc = "Share of its cores busy over the last second."},
    [M_CPU_SECONDS] = {.name = "cpu_seconds_total",
                       .prom = "cache_cpu_seconds_total",
                       .labels = "",
                       .type = METRIC_COUNTER,
                       .unit = "s",
                       .per_instance = true,
                       .doc = "Processor time of lookups, writes and handshakes."},
    [M_MEMORY] = {.name = "memory",
                  .prom = "cache_memory_used_bytes",
                  .labels = "",
                  .type = METRIC_GAUGE,
                  .unit = "bytes",
                  .doc = "Memory that its values and connections take."},
    [M_MAXMEMORY] = {.name = "maxmemory_bytes",
                     .prom = "cache_memory_max_bytes",
                     .labels = "",
                     .type = METRIC_GAUGE,
                     .unit = "bytes",
                     .doc = "Memory that they may take; 0: any number."},
    [M_CONNECTIONS] = CACHE_METRIC("connections", "cache_connections", METRIC_GAUGE,
                                   "Connections that are open to it."),
};
_Static_assert(COUNT_OF(metrics) == M_COUNT, "one of each");

static const struct metric_need needs[] = {
    {"cpu", "cores"},
    {"cpu_seconds_total", "cores"},
    {"memory", "maxmemory"},
    {"maxmemory_bytes", "maxmemory"},
    {"connections", "connection_memory"},
};

static const char *const streams[] = {
    [CACHE_RNG_LATENCY] = "latency",
    [CACHE_RNG_WORK] = "work",
    [CACHE_RNG_EVICT] = "evict",
    NULL,
};

bool cache_answers(const struct world *w, comp_id cache)
{
    return !cache_at(w, cache)->down;
}

/* ---- a lookup -------------------------------------------------------------------- */

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

/* The work of a command is done, or takes no time. */
static void asking(struct world *w, struct act *a)
{
    struct cache *k = cache_at(w, a->comp);
    struct rng *r = w_rng(w, a->comp, CACHE_RNG_LATENCY);
    sim_time latency = dist_draw(p_dist(w, a->comp, CP_LATENCY), r);
    if (k->slow != 1)
        latency = (sim_time)((double)latency * k->slow);
    a->phase = LOOKUP_ASKING;
    if (latency > 0 && !k->down)
        act_timer(w, a, latency, CAUSE_CACHE, a->comp);
    else
        asked(w, a);
}

static void cache_begin(struct world *w, struct act *a)
{
    members_add(w, &cache_at(w, a->comp)->inside, a);
    a->lookup.reason = REASON_NONE;
    a->load = 0;
    if (!cache_works(w, a))
        asking(w, a);
}

/* The work of a write, for which nobody waits. */
static void written(struct world *w, struct act *a)
{
    if (a->phase == LOOKUP_WORKING)
        cache_worked(w, a);
    act_free(w, a);
}

static void cache_resume(struct world *w, struct act *a, enum reason reason)
{
    if (a->kind == ACT_SETUP) {
        written(w, a);
        return;
    }
    switch ((enum lookup_phase)a->phase) {
    case LOOKUP_WORKING:
        cache_worked(w, a);
        if (reason != REASON_NONE)
            end(w, a, REASON_DOWN);
        else
            asking(w, a);
        break;
    case LOOKUP_ASKING:
        asked(w, a);
        break;
    default:
        end(w, a, (enum reason)a->lookup.reason);
    }
}

static void cache_cancel(struct world *w, struct act *a)
{
    if (a->phase == LOOKUP_QUEUED)
        cache_leaves(w, a);
    if (a->phase == LOOKUP_WORKING)
        cache_worked(w, a);
    if (a->phase == LOOKUP_WAIT)
        keyspace_leave(w, a);
    members_remove(w, &cache_at(w, a->comp)->inside, a);
}

/* ---- doing ----------------------------------------------------------------------- */

static bool is_space_of(const struct model *m, size_t i, comp_id cache)
{
    return m->comps[i].kind == &kind_keyspace && m->comps[i].owner == cache;
}

static uint32_t forget(struct world *w, comp_id c, comp_id only, const char *pattern,
                       enum fate fate)
{
    uint32_t count = 0;
    for (size_t i = 0; i < w->model->ncomps; i++)
        if (is_space_of(w->model, i, c) && (only == COMP_NONE || only == i))
            count += keyspace_forget(w, (comp_id)i, pattern, fate);
    return count;
}

/* "seats" or "cache.seats" */
static comp_id space_named(const struct model *m, comp_id c, const char *name)
{
    size_t prefix = strlen(m->comps[c].name);
    for (size_t i = 0; i < m->ncomps; i++)
        if (is_space_of(m, i, c) && (str_eq(m->comps[i].name, name) ||
                                     str_eq(m->comps[i].name + prefix + 1, name)))
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
                         struct effect *fx, struct errmsg *why)
{
    (void)op;
    const char *name = action_gives(a, 0) ? a->args[0].as.text : NULL;
    const char *pattern = action_gives(a, 1) ? a->args[1].as.text : NULL;
    comp_id only = name ? space_named(w->model, c, name) : COMP_NONE;
    if (!cache_answers(w, c))
        return errmsg_set(why, ERR_REFUSED, "%s does not answer", w->comps[c].name);
    uint32_t count = forget(w, c, only, pattern, FATE_FLUSHED);
    snprintf(fx->title, sizeof fx->title, "flush %s: %u key%s",
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
        cache_cores_changed(w, c);
        return ERR_OK;
    }
    if (on)
        forget(w, c, COMP_NONE, NULL, FATE_LOST);
    if (fault == FAULT_DOWN)
        k->down = on;
    if (k->down)
        cache_cores_stop(w, c);
    return ERR_OK;
}

/* ---- looking --------------------------------------------------------------------- */

/* Of one shard, or (0) the sum, the mean for a ratio, of all. */
static double cores_metric(const struct world *w, comp_id c, int metric, int instance)
{
    const struct cache *k = cache_at(w, c);
    int n = (int)p_count(w, c, CP_SHARDS);
    double sum = 0;
    for (int i = 1; i <= n; i++)
        if (instance <= 0 || instance == i)
            sum += metric == M_CPU ? station_load(w, &k->shards[i - 1].cores, 1)
                                   : station_busy(w, &k->shards[i - 1].cores);
    return metric == M_CPU && instance <= 0 ? sum / n : sum;
}

static double cache_metric(const struct world *w, comp_id c, int metric, int instance)
{
    const struct cache *k = cache_at(w, c);
    uint64_t hits = 0, misses = 0;
    switch (metric) {
    case M_CPU:
    case M_CPU_SECONDS:
        return cores_metric(w, c, metric, instance);
    case M_MEMORY:
        return cache_memory(w, c);
    case M_MAXMEMORY:
        return p_number(w, c, CP_MAXMEMORY) * (1 << 20);
    case M_CONNECTIONS:
        return k->connections;
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
    size_t shards = (size_t)model_param(m, c, CP_SHARDS)->as.count;
    return sizeof(struct cache) + shards * sizeof(struct shard);
}

static void cache_init(struct world *w, comp_id c)
{
    cache_at(w, c)->slow = 1;
    cache_cores_init(w, c);
}

static void cache_changed(struct world *w, comp_id c, int param,
                          const struct value *old)
{
    (void)old;
    if (param == CP_CORES)
        cache_cores_changed(w, c);
    if (param == CP_MAXMEMORY || param == CP_POLICY || param == CP_CONNECTION_MEMORY)
        cache_shrink(w, c);
}

/* A single server is told of as a whole. */
static int cache_instances(const struct world *w, comp_id c)
{
    int64_t n = p_count(w, c, CP_SHARDS);
    return n > 1 ? (int)n : 0;
}

static void cache_connected(struct world *w, comp_id c, int more)
{
    struct cache *k = cache_at(w, c);
    assert(more > 0 || k->connections > 0);
    k->connections += (uint32_t)more;
}

static bool cache_minds(const struct world *w, comp_id c)
{
    return p_number(w, c, CP_CONNECTION_MEMORY) > 0;
}

static const struct figure_desc figures[] = {
    {.label = "hit ratio",
     .metric = "hits_total",
     .of = "misses_total",
     .how = FIGURE_SHARE,
     .status = true,
     .map = MAP_ALWAYS,
     .chart = 70},
    {.label = "cpu",
     .metric = "cpu",
     .how = FIGURE_NOW,
     .status = true,
     .map = MAP_IF_UNUSUAL,
     .warn = 0.7,
     .bad = 0.9},
    {.label = "memory",
     .metric = "memory",
     .of = "maxmemory_bytes",
     .how = FIGURE_OF,
     .map = MAP_NEVER},
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
             .needs = needs,
             .nneeds = COUNT_OF(needs),
             .figures = figures,
             .nfigures = COUNT_OF(figures)},
    .streams = streams,
    .state_size = cache_state_size,
    .init = cache_init,
    .changed = cache_changed,
    .cores = cache_cores,
    .connected = cache_connected,
    .minds = cache_minds,
    .instances = cache_instances,
    .numbers = "shards",
    .begin = cache_begin,
    .resume = cache_resume,
    .cancel = cache_cancel,
    .op = cache_op,
    .names = cache_names,
    .fault = cache_fault,
    .metric = cache_metric,
    .inflight = cache_inflight,
};
