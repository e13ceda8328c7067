/*
 * The memory of a cache. Values have sizes, connections have buffers, and when both come
 * to `maxmemory` a write has to make room, by the policy, or is refused.
 *
 * The policies are Redis's (redis.io, Key eviction; redis.conf, maxmemory-policy). Every
 * value here has a time to live, so volatile-lru, -lfu and -random would be what
 * allkeys-lru, -lfu and -random are, and have no names of their own. As in
 * Redis, LFU and TTL look at five values at random (maxmemory-samples) and evict the
 * best of them; LRU, which Redis approximates in the same manner, is exact.
 *
 * Frequency is Redis's logarithmic counter: from 5 on, one step up with the probability
 * 1 / ((n - 5) * lfu-log-factor + 1), with lfu-log-factor 10, and one step down for each
 * minute without use (lfu-decay-time 1). Values past their time are looked for, twenty
 * keys at a write (ACTIVE_EXPIRE_CYCLE_KEYS_PER_LOOP), where there is a maxmemory.
 */
#include "cache/server.h"
#include "engine/kind.h"

enum { SAMPLES = 5, EXPIRE_LOOKS = 20 };

static double limit_of(const struct world *w, comp_id c)
{
    return p_number(w, c, CP_MAXMEMORY) * (1 << 20);
}

double cache_memory(const struct world *w, comp_id c)
{
    const struct cache *k = cache_at(w, c);
    return (double)k->value_bytes +
           k->connections * p_number(w, c, CP_CONNECTION_MEMORY) * 1024;
}

/* ---- which value goes ------------------------------------------------------------ */

struct victim {
    comp_id space; /* COMP_NONE: there is none */
    uint32_t key;
};

static bool is_space_of(const struct world *w, size_t i, comp_id cache)
{
    return w->comps[i].kind == &kind_keyspace && w->comps[i].owner == cache;
}

/* The value of the cache that was used longest ago. */
static struct victim least_recent(const struct world *w, comp_id c)
{
    struct victim v = {.space = COMP_NONE};
    sim_time least = SIM_FOREVER;
    for (size_t i = 0; i < w->model->ncomps; i++) {
        if (!is_space_of(w, i, c))
            continue;
        const struct keyspace *s = space_at(w, (comp_id)i);
        if (s->oldest == NO_KEY || s->bytes == 0 || s->keys[s->oldest].used >= least)
            continue;
        least = s->keys[s->oldest].used;
        v = (struct victim){(comp_id)i, s->oldest};
    }
    return v;
}

static uint32_t values_of(const struct world *w, size_t i, comp_id cache)
{
    bool weighs = is_space_of(w, i, cache) && space_at(w, (comp_id)i)->bytes > 0;
    return weighs ? space_at(w, (comp_id)i)->present : 0;
}

/* A value drawn from all, each as likely as any other. */
static struct victim any(struct world *w, comp_id c)
{
    uint32_t all = 0;
    size_t i = 0;
    for (size_t k = 0; k < w->model->ncomps; k++)
        all += values_of(w, k, c);
    if (all == 0)
        return (struct victim){.space = COMP_NONE};
    uint32_t nth = rng_below(w_rng(w, c, CACHE_RNG_EVICT), all);
    for (; nth >= values_of(w, i, c); i++)
        nth -= values_of(w, i, c);
    return (struct victim){(comp_id)i, space_at(w, (comp_id)i)->keys[nth].here};
}

/* The smaller, the sooner it goes. */
static double worth(const struct world *w, const struct key *k, int64_t policy)
{
    if (policy == POLICY_TTL)
        return (double)k->expires;
    return key_frequency(k, w_now(w));
}

static struct victim best_of_some(struct world *w, comp_id c, int64_t policy)
{
    struct victim best = any(w, c);
    for (int i = 1; i < SAMPLES && best.space != COMP_NONE; i++) {
        struct victim v = any(w, c);
        if (worth(w, &space_at(w, v.space)->keys[v.key], policy) <
            worth(w, &space_at(w, best.space)->keys[best.key], policy))
            best = v;
    }
    return best;
}

static struct victim choose(struct world *w, comp_id c)
{
    int64_t policy = p_count(w, c, CP_POLICY);
    switch (policy) {
    case POLICY_LRU:
        return least_recent(w, c);
    case POLICY_RANDOM:
        return any(w, c);
    case POLICY_LFU:
    case POLICY_TTL:
        return best_of_some(w, c, policy);
    default:
        return (struct victim){.space = COMP_NONE};
    }
}

/* ---- making room ----------------------------------------------------------------- */

static bool evict_one(struct world *w, comp_id c)
{
    struct victim v = choose(w, c);
    if (v.space == COMP_NONE)
        return false;
    keyspace_drop(w, v.space, v.key, FATE_EVICTED);
    return true;
}

/* Until `more` bytes would fit. */
static bool make_room(struct world *w, comp_id c, double more)
{
    while (cache_memory(w, c) + more > limit_of(w, c))
        if (!evict_one(w, c))
            return false;
    return true;
}

/* Drops values past their time that may not be given out as stale either. */
static void expire_some(struct world *w, comp_id keyspace)
{
    struct keyspace *s = space_at(w, keyspace);
    sim_time grace = p_time(w, keyspace, KS_STALE);
    for (int i = 0; i < EXPIRE_LOOKS && i < (int)s->nkeys; i++) {
        s->hand = s->hand + 1 < s->nkeys ? s->hand + 1 : 0;
        const struct key *k = &s->keys[s->hand];
        if (k->present && w_now(w) - k->expires >= grace)
            keyspace_drop(w, keyspace, s->hand, FATE_EXPIRED);
    }
}

bool cache_room(struct world *w, comp_id c, comp_id keyspace, uint32_t key)
{
    const struct keyspace *s = space_at(w, keyspace);
    if (limit_of(w, c) <= 0 || s->bytes == 0)
        return true;
    expire_some(w, keyspace);
    if (s->keys[key].present)
        return true;
    double fixed = cache_memory(w, c) - (double)cache_at(w, c)->value_bytes;
    if (fixed + s->bytes > limit_of(w, c))
        return false;
    return make_room(w, c, s->bytes);
}

void cache_shrink(struct world *w, comp_id c)
{
    if (limit_of(w, c) > 0)
        (void)make_room(w, c, 0);
}
