/*
 * The cores of a cache. Each shard takes lookups and writes in the order in which they
 * come, as many at once as it has cores: a single thread that executes one command after
 * the other (Redis), or several (memcached). So what is asked for beyond that waits, a slow
 * command holds up all behind it, and a shard that is asked for more than it can do still
 * does as much as it can. Without `cores` there are enough for all, and none is kept busy.
 *
 * Handshakes (call/setup.h) share the cores with what runs in them.
 */
#include "cache/server.h"
#include "engine/kind.h"
#include "engine/life.h"

static uint32_t shards_of(const struct world *w, comp_id c)
{
    return (uint32_t)p_count(w, c, CP_SHARDS);
}

static bool limited(const struct world *w, comp_id c)
{
    return p_number(w, c, CP_CORES) > 0;
}

static struct shard *shard_of(const struct world *w, const struct act *a)
{
    uint32_t n = shards_of(w, a->comp);
    uint64_t keyspace = w->comps[a->what].name_hash;
    return &cache_at(w, a->comp)->shards[n == 1 ? 0 : hash_u64(keyspace, a->key) % n];
}

/* ---- what waits, what runs ------------------------------------------------------- */

static bool has_room(const struct world *w, comp_id c, const struct shard *s)
{
    double cores = p_number(w, c, CP_CORES);
    return cores <= 0 || s->running < (cores > 1 ? cores : 1);
}

static void start(struct world *w, struct shard *s, struct act *a)
{
    sim_time work =
        dist_draw(p_dist(w, a->comp, CP_CPU), w_rng(w, a->comp, CACHE_RNG_WORK));
    a->phase = LOOKUP_WORKING;
    s->running++;
    station_add(w, &s->cores, a, work);
}

static void start_more(struct world *w, comp_id c, struct shard *s)
{
    while (s->waiting.count > 0 && has_room(w, c, s))
        start(w, s, queue_pop(w, &s->waiting));
}

static void come(struct world *w, struct act *a)
{
    struct shard *s = shard_of(w, a);
    if (has_room(w, a->comp, s)) {
        start(w, s, a);
        return;
    }
    a->phase = LOOKUP_QUEUED;
    act_wait(w, a, CAUSE_CPU_WAIT, a->comp);
    queue_push(w, &s->waiting, a);
}

bool cache_works(struct world *w, struct act *a)
{
    if (!limited(w, a->comp) || cache_at(w, a->comp)->down)
        return false;
    come(w, a);
    return true;
}

void cache_worked(struct world *w, struct act *a)
{
    struct shard *s = shard_of(w, a);
    if (a->station)
        station_remove(w, &s->cores, a);
    assert(s->running > 0);
    s->running--;
    start_more(w, a->comp, s);
}

void cache_leaves(struct world *w, struct act *a)
{
    queue_remove(w, &shard_of(w, a)->waiting, a);
}

void cache_write_costs(struct world *w, comp_id c, comp_id keyspace, uint32_t key)
{
    if (!limited(w, c))
        return;
    struct act *a = act_new(w, ACT_SETUP, c);
    a->what = keyspace;
    a->key = key;
    come(w, a);
}

/* ---- the cores themselves -------------------------------------------------------- */

static void tune(struct world *w, comp_id c, struct station *s)
{
    double cores = p_number(w, c, CP_CORES);
    station_touch(w, s);
    s->cores = cores > 0 ? cores : STATION_ALL;
    s->factor = 1 / cache_at(w, c)->slow;
    station_changed(w, s);
}

void cache_cores_changed(struct world *w, comp_id c)
{
    for (uint32_t i = 0; i < shards_of(w, c); i++) {
        struct shard *s = &cache_at(w, c)->shards[i];
        tune(w, c, &s->cores);
        start_more(w, c, s);
    }
}

void cache_cores_init(struct world *w, comp_id c)
{
    for (uint32_t i = 0; i < shards_of(w, c); i++)
        station_init(w, &cache_at(w, c)->shards[i].cores, c, CAUSE_CACHE,
                     CAUSE_CPU_WAIT, STATION_ALL);
    cache_cores_changed(w, c);
}

void cache_cores_stop(struct world *w, comp_id c)
{
    for (uint32_t i = 0; i < shards_of(w, c); i++) {
        struct shard *s = &cache_at(w, c)->shards[i];
        while (s->waiting.count > 0) {
            struct act *a = queue_pop(w, &s->waiting);
            a->phase = LOOKUP_ANSWER;
            a->lookup.reason = REASON_DOWN;
            act_ready(w, a, REASON_INSTANCE_GONE);
        }
        station_evict(w, &s->cores, REASON_INSTANCE_GONE);
    }
}

struct station *cache_cores(const struct world *w, comp_id c, int number)
{
    struct cache *k = cache_at(w, c);
    if (k->down || !limited(w, c))
        return NULL;
    return &k->shards[number > 0 ? number - 1 : 0].cores;
}
