/*
 * keyspace: one kind of values in a cache, by key, with one policy.
 *
 * A value lives for `ttl`, give or take `jitter` of it, from the moment it is written:
 * keys that were written together expire together. Nothing happens at that moment; the
 * next lookup finds nothing and runs the miss body of its program, and so does every
 * other one until somebody's store, unless `single_flight` lets only one load and the
 * others wait for it. Within `stale_while_revalidate` after its end a value is still
 * given out, while one load in the background fetches a new one.
 *
 * A request looks up `per_lookup` keys that belong together: batch i is keys
 * i * per_lookup and on. Which batch is drawn by popularity: Zipf with exponent s, 0
 * for uniform.
 *
 * This file is the description and the view; the store is keyspace.c.
 */
#include "cache/cache.h"
#include "cache/server.h"
#include "engine/kind.h"
#include "engine/zipf.h"
#include "truecode/world.h"

#include <stdio.h>

static const struct param_desc params[] = {
    [KS_KEYS] = {.name = "keys",
                 .type = VALUE_COUNT,
                 .min = 1,
                 .max = 100000,
                 .unit = "keys",
                 .def = "1",
                 .doc = "How many different keys there are."},
    [KS_PER_LOOKUP] = {.name = "per_lookup",
                       .type = VALUE_COUNT,
                       .min = 1,
                       .max = 100,
                       .unit = "keys",
                       .def = "1",
                       .doc =
                           "Keys one request looks up at once; they belong together."},
    [KS_POPULARITY] = {.name = "popularity",
                       .type = VALUE_NUMBER,
                       .min = 0,
                       .max = 10,
                       .unit = "",
                       .def = "0",
                       .doc = "Zipf exponent: 0 all alike; 1 the second half as often "
                              "as the first, the third a third."},
    [KS_TTL] = {.name = "ttl",
                .type = VALUE_DURATION,
                .min = 0,
                .max = 864000,
                .unit = "s",
                .def = "60s",
                .change = CHANGE_AT_ONCE,
                .doc = "How long a value lives; holds for values written from now on."},
    [KS_JITTER] = {.name = "jitter",
                   .type = VALUE_FRACTION,
                   .min = 0,
                   .max = 1,
                   .unit = "",
                   .def = "0",
                   .change = CHANGE_AT_ONCE,
                   .doc = "Each value's life is longer or shorter by up to this share "
                          "of it, at random."},
    [KS_SINGLE_FLIGHT] =
        {.name = "single_flight",
         .type = VALUE_BOOL,
         .def = "off",
         .change = CHANGE_AT_ONCE,
         .doc = "One miss at a time loads a key; the others wait for it."},
    [KS_STALE] = {.name = "stale_while_revalidate",
                  .type = VALUE_DURATION,
                  .min = 0,
                  .max = 864000,
                  .unit = "s",
                  .def = "0",
                  .change = CHANGE_AT_ONCE,
                  .doc = "For so long after its end a value is still given out, while "
                         "one load in the background fetches a new one."},
    [KS_CAPACITY] = {.name = "capacity",
                     .type = VALUE_COUNT,
                     .min = 0,
                     .max = 100000,
                     .unit = "keys",
                     .def = "0",
                     .change = CHANGE_AT_ONCE,
                     .doc = "Values it holds at most, the least recently used goes; "
                            "0: any number."},
    [KS_FILLED] = {.name = "filled_at_start",
                   .type = VALUE_BOOL,
                   .def = "off",
                   .doc = "All values are there at the start, written at that moment."},
    [KS_ABSENT] = {.name = "store_if_absent",
                   .type = VALUE_BOOL,
                   .def = "off",
                   .change = CHANGE_AT_ONCE,
                   .doc = "A loaded value is not written when the key has a fresh one "
                          "by then (memcached's add): the first load wins."},
    [KS_PREFIX] = {.name = "prefix",
                   .type = VALUE_TEXT,
                   .def = "",
                   .doc = "What stands before the number in a key's name."},
    [KS_VALUE_BYTES] = {.name = "value_bytes",
                        .type = VALUE_COUNT,
                        .min = 0,
                        .max = 1e9,
                        .unit = "bytes",
                        .def = "0",
                        .doc = "Memory of the cache that a value takes, its key and "
                               "what the cache keeps about it included."},
};
_Static_assert(COUNT_OF(params) == KS_PARAMS, "one of each");

enum { OP_FLUSH, OP_COUNT };
static const struct op_desc ops[] = {
    [OP_FLUSH] = {.name = "flush",
                  .args = {{.name = "pattern",
                            .type = VALUE_TEXT,
                            .optional = true,
                            .doc = "Only keys whose names match, with * and ?."}},
                  .cost = 2 * SIM_SEC,
                  .risk = "What is flushed has to be loaded again, all at once.",
                  .doc = "Forgets values."},
};
_Static_assert(COUNT_OF(ops) == OP_COUNT, "one for each");

enum {
    M_HITS,
    M_MISSES,
    M_STALE,
    M_COALESCED,
    M_STORES,
    M_LOAD_FAILURES,
    M_EVICTIONS,
    M_LOADING,
    M_WAITING,
    M_PRESENT,
    M_HIT_RATIO,
    M_FILLED,
    M_REPLACED,
    M_EXPIRED,
    M_FLUSHED,
    M_LOST,
    M_REFUSED,
    M_BYTES,
    M_COUNT
};
#define KEYS_METRIC(n, p, l, t, u, d)                                                  \
    {                                                                                  \
        .name = n, .prom = p, .labels = l, .type = t, .unit = u, .doc = d              \
    }
static const struct metric_desc metrics[] = {
    [M_HITS] = KEYS_METRIC("hits_total", "cache_requests_total", "result=\"hit\"",
                           METRIC_COUNTER, "1", "Lookups that found a value."),
    [M_MISSES] = KEYS_METRIC("misses_total", "cache_requests_total", "result=\"miss\"",
                             METRIC_COUNTER, "1", "Lookups that found none."),
    [M_STALE] =
        KEYS_METRIC("stale_total", "cache_stale_answers_total", "", METRIC_COUNTER, "1",
                    "Lookups that found a value past its end; counted as hits too."),
    [M_COALESCED] =
        KEYS_METRIC("coalesced_total", "cache_coalesced_total", "", METRIC_COUNTER, "1",
                    "Misses that waited for another's load."),
    [M_STORES] = KEYS_METRIC("stores_total", "cache_stores_total", "", METRIC_COUNTER,
                             "1", "Values written."),
    [M_LOAD_FAILURES] =
        KEYS_METRIC("load_failures_total", "cache_load_failures_total", "",
                    METRIC_COUNTER, "1", "Loads that came to nothing."),
    [M_EVICTIONS] =
        KEYS_METRIC("evictions_total", "cache_evictions_total", "", METRIC_COUNTER, "1",
                    "Values that made room for others."),
    [M_LOADING] = KEYS_METRIC("loading", "cache_loads_in_flight", "", METRIC_GAUGE, "1",
                              "Misses that are running now."),
    [M_WAITING] = KEYS_METRIC("waiting", "cache_waiting_for_load", "", METRIC_GAUGE,
                              "1", "Lookups waiting for another's load."),
    [M_PRESENT] = KEYS_METRIC("present", "cache_keys", "", METRIC_GAUGE, "1",
                              "Keys that have a value, maybe past its end."),
    [M_HIT_RATIO] =
        KEYS_METRIC("hit_ratio", "cache_hit_ratio", "", METRIC_GAUGE, "ratio",
                    "Share of the lookups of the last minute that found "
                    "a value; 1 when there were none."),
    [M_FILLED] = KEYS_METRIC("filled_total", "cache_filled_total", "", METRIC_COUNTER,
                             "1", "Values that were there at the start."),
    [M_REPLACED] =
        KEYS_METRIC("replaced_total", "cache_replaced_total", "", METRIC_COUNTER, "1",
                    "Values that a newer one took the place of."),
    [M_EXPIRED] =
        KEYS_METRIC("expired_total", "cache_expired_total", "", METRIC_COUNTER, "1",
                    "Values past their time that were cleared away for their memory."),
    [M_FLUSHED] = KEYS_METRIC("flushed_total", "cache_flushed_total", "",
                              METRIC_COUNTER, "1", "Values that an operator deleted."),
    [M_LOST] = KEYS_METRIC("lost_total", "cache_lost_total", "", METRIC_COUNTER, "1",
                           "Values that were lost with the memory of the cache."),
    [M_REFUSED] =
        KEYS_METRIC("refused_total", "cache_refused_total", "", METRIC_COUNTER, "1",
                    "Values that were not written, as the memory was full."),
    [M_BYTES] = KEYS_METRIC("bytes", "cache_value_bytes", "", METRIC_GAUGE, "bytes",
                            "Memory that the values take."),
};
_Static_assert(COUNT_OF(metrics) == M_COUNT, "one of each");

static const struct metric_need needs[] = {
    {"expired_total", "value_bytes"},
    {"refused_total", "value_bytes"},
    {"bytes", "value_bytes"},
    {"filled_total", "filled_at_start"},
};

static const char *const streams[] = {"key", "jitter", NULL};

/* ---- which keys ------------------------------------------------------------------ */

struct popularity { /* model time */
    uint32_t batches;
    const struct zipf *of; /* how batches are drawn; NULL: all alike */
};

static enum err keyspace_check(struct model *m, comp_id c, struct errmsg *why)
{
    (void)why;
    double s = model_param(m, c, KS_POPULARITY)->as.number;
    uint32_t keys = (uint32_t)model_param(m, c, KS_KEYS)->as.count;
    uint32_t each = (uint32_t)model_param(m, c, KS_PER_LOOKUP)->as.count;
    struct popularity *p = arena_alloc(&m->arena, sizeof *p);
    p->batches = (keys + each - 1) / each;
    p->of = zipf_make(&m->arena, p->batches, s);
    m->comps[c].data = p;
    return ERR_OK;
}

static uint32_t draw_batch(const struct popularity *p, struct rng *r)
{
    if (p->batches == 1)
        return 0;
    return !p->of ? rng_below(r, p->batches) : zipf_at(p->of, rng_unit(r));
}

uint32_t keyspace_batch(struct world *w, comp_id c, uint32_t *first)
{
    uint32_t each = (uint32_t)p_count(w, c, KS_PER_LOOKUP);
    *first = draw_batch(w->comps[c].data, w_rng(w, c, KS_RNG_KEY)) * each;
    uint32_t rest = space_at(w, c)->nkeys - *first;
    return each < rest ? each : rest;
}

/* "seats:ws-11" is key 10 of cache.seats with the prefix "ws-". */
static void key_name(const struct world *w, comp_id c, uint32_t i, char *out,
                     size_t size)
{
    size_t prefix = strlen(w->comps[w->comps[c].owner].name);
    snprintf(out, size, "%.16s:%.8s%u", w->comps[c].name + prefix + 1,
             w_values(w, c)[KS_PREFIX].as.text, i + 1);
}

uint32_t keyspace_forget(struct world *w, comp_id c, const char *pattern,
                         enum fate fate)
{
    struct keyspace *s = space_at(w, c);
    uint32_t before = s->present;
    for (uint32_t i = 0; i < s->nkeys; i++) {
        char name[64];
        key_name(w, c, i, name, sizeof name);
        if (!pattern || str_match(pattern, name))
            keyspace_drop(w, c, i, fate);
    }
    return before - s->present;
}

/* ---- the kind -------------------------------------------------------------------- */

static size_t keyspace_state_size(const struct model *m, comp_id c)
{
    return sizeof(struct keyspace) +
           (size_t)model_param(m, c, KS_KEYS)->as.count * sizeof(struct key);
}

static void keyspace_init(struct world *w, comp_id c)
{
    struct keyspace *s = space_at(w, c);
    s->nkeys = (uint32_t)p_count(w, c, KS_KEYS);
    s->newest = s->oldest = NO_KEY;
    s->bytes = (uint32_t)p_count(w, c, KS_VALUE_BYTES);
    for (uint32_t i = 0; p_on(w, c, KS_FILLED) && i < s->nkeys; i++)
        if (cache_room(w, w->comps[c].owner, c, i)) {
            keyspace_write(w, c, i);
            s->filled++;
        }
}

static void keyspace_changed(struct world *w, comp_id c, int param,
                             const struct value *old)
{
    (void)old;
    if (param == KS_CAPACITY)
        keyspace_shrink(w, c);
}

static enum err keyspace_op(struct world *w, comp_id c, int op, const struct action *a,
                            struct effect *fx, struct errmsg *why)
{
    (void)op;
    if (!cache_answers(w, w->comps[c].owner))
        return errmsg_set(why, ERR_REFUSED, "%s does not answer",
                          w->comps[w->comps[c].owner].name);
    uint32_t n = keyspace_forget(w, c, action_gives(a, 0) ? a->args[0].as.text : NULL,
                                 FATE_FLUSHED);
    snprintf(fx->title, sizeof fx->title, "flush %s: %u key%s", w->comps[c].name, n,
             n == 1 ? "" : "s");
    return ERR_OK;
}

void keyspace_counts(const struct world *w, comp_id c, uint64_t *hits, uint64_t *misses)
{
    *hits = space_at(w, c)->hits;
    *misses = space_at(w, c)->misses;
}

static double hit_ratio(const struct world *w, const struct keyspace *s)
{
    double hits = recent_sum(&s->recent, HIT, w_now(w), SPACE_WINDOW);
    double misses = recent_sum(&s->recent, MISS, w_now(w), SPACE_WINDOW);
    return hits + misses > 0 ? hits / (hits + misses) : 1;
}

static double keyspace_metric(const struct world *w, comp_id c, int metric,
                              int instance)
{
    (void)instance;
    const struct keyspace *s = space_at(w, c);
    switch (metric) {
    case M_HITS:
        return (double)s->hits;
    case M_MISSES:
        return (double)s->misses;
    case M_STALE:
        return (double)s->stale;
    case M_COALESCED:
        return (double)s->coalesced;
    case M_STORES:
        return (double)s->stores;
    case M_LOAD_FAILURES:
        return (double)s->load_failures;
    case M_EVICTIONS:
        return (double)s->fates[FATE_EVICTED];
    case M_LOADING:
        return s->loading;
    case M_WAITING:
        return s->waiting;
    case M_PRESENT:
        return s->present;
    case M_FILLED:
        return (double)s->filled;
    case M_REPLACED:
        return (double)s->fates[FATE_REPLACED];
    case M_EXPIRED:
        return (double)s->fates[FATE_EXPIRED];
    case M_FLUSHED:
        return (double)s->fates[FATE_FLUSHED];
    case M_LOST:
        return (double)s->fates[FATE_LOST];
    case M_REFUSED:
        return (double)s->refused;
    case M_BYTES:
        return (double)s->present * s->bytes;
    default:
        return hit_ratio(w, s);
    }
}

size_t world_cache_keys(const struct world *w, comp_id c, struct cache_key_view *out,
                        size_t max)
{
    if (c >= w->model->ncomps || w->comps[c].kind != &kind_keyspace)
        return 0;
    const struct keyspace *s = space_at(w, c);
    sim_time now = w_now(w);
    double seconds = (double)KEY_WINDOW / (double)SIM_SEC;
    for (uint32_t i = 0; i < s->nkeys && i < max; i++) {
        const struct key *k = &s->keys[i];
        out[i] = (struct cache_key_view){
            .key = i,
            .present = k->present,
            .ttl_left = k->present ? k->expires - now : 0,
            .written = k->written,
            .hits_per_s = recent_sum(&k->recent, HIT, now, KEY_WINDOW) / seconds,
            .misses_per_s = recent_sum(&k->recent, MISS, now, KEY_WINDOW) / seconds,
            .loading = (int)k->loading};
        key_name(w, c, i, out[i].name, sizeof out[i].name);
    }
    return s->nkeys;
}

static const struct figure_desc figures[] = {
    {.label = "hit ratio",
     .metric = "hits_total",
     .of = "misses_total",
     .how = FIGURE_SHARE,
     .chart = 180},
};

static void keyspace_bulk(const struct model *m, comp_id c, struct bulk *b)
{
    b->n = (double)model_param(m, c, KS_KEYS)->as.count;
    b->bytes = zipf_bytes(b->n, model_param(m, c, KS_POPULARITY)->as.number);
    b->in_state = true;
    b->word = "keys";
}

const struct kind_impl kind_keyspace = {
    .desc = {.name = "keyspace",
             .doc = "One kind of values in a cache: keys, how long they live, how "
                    "misses are handled.",
             .nested = true,
             .within = "cache",
             .params = params,
             .nparams = COUNT_OF(params),
             .ops = ops,
             .nops = COUNT_OF(ops),
             .metrics = metrics,
             .nmetrics = COUNT_OF(metrics),
             .needs = needs,
             .nneeds = COUNT_OF(needs),
             .figures = figures,
             .nfigures = COUNT_OF(figures)},
    .streams = streams,
    .check = keyspace_check,
    .bulk = keyspace_bulk,
    .state_size = keyspace_state_size,
    .load_lost = keyspace_store_failed,
    .init = keyspace_init,
    .changed = keyspace_changed,
    .op = keyspace_op,
    .metric = keyspace_metric,
};
