/*
 * server: what the files of the kind "cache" share.
 *
 * A cache is one server, or several shards of one, by which its keys are spread. Each
 * shard has cores of its own: a key that everybody wants keeps one shard busy, and the
 * others do not help (Redis Cluster: a key hashes to one of 16384 slots, a slot lies on
 * one node, and a node executes commands in one thread). Memory is that of all shards.
 */
#ifndef SIM_CACHE_SERVER_H
#define SIM_CACHE_SERVER_H

#include "cache/keyspace.h"
#include "engine/queue.h"
#include "engine/station.h"

extern const struct kind_impl kind_cache;

enum cache_param {
    CP_LATENCY,
    CP_CORES,
    CP_CPU,
    CP_SHARDS,
    CP_MAXMEMORY,
    CP_POLICY,
    CP_CONNECTION_MEMORY,
    CP_PARAMS
};
enum cache_policy {
    POLICY_NOEVICTION,
    POLICY_LRU,
    POLICY_LFU,
    POLICY_RANDOM,
    POLICY_TTL
};
enum { CACHE_RNG_LATENCY, CACHE_RNG_WORK, CACHE_RNG_EVICT };

/* A server of a cache: takes what comes in order, as many at once as it has cores. */
struct shard {
    struct station cores;
    struct list waiting; /* lookups and writes */
    uint32_t running;    /* of these, in the cores */
};

struct cache {
    struct list inside;
    bool down;            /* a fault that runs */
    double slow;          /* times the latency */
    uint64_t failed;      /* lookups without an answer */
    int64_t value_bytes;  /* of all values that are there */
    uint32_t connections; /* open */
    struct shard shards[];
};

static inline struct cache *cache_at(const struct world *w, comp_id c)
{
    return W_STATE(w, struct cache, c);
}

/* cache_cores.c */
void cache_cores_init(struct world *w, comp_id c);
/* Cores, or how slow the cache is, have changed. */
void cache_cores_changed(struct world *w, comp_id c);
/* A lookup goes to its shard (phase LOOKUP_QUEUED, then LOOKUP_WORKING). False: the cache
 * has cores for all, there is no work. */
bool cache_works(struct world *w, struct act *a);
/* A lookup that was LOOKUP_WORKING has left its shard's cores: done, stopped, cancelled. */
void cache_worked(struct world *w, struct act *a);
/* Takes a lookup that is LOOKUP_QUEUED out of the queue. */
void cache_leaves(struct world *w, struct act *a);
/* A write costs its shard as much as a lookup; nobody waits for that. */
void cache_write_costs(struct world *w, comp_id c, comp_id keyspace, uint32_t key);
/* All that is in the shards, or waits there, goes on with INSTANCE_GONE. */
void cache_cores_stop(struct world *w, comp_id c);
/* The cores of a shard, from 1; 0: of the first. NULL: down, or cores for all. */
struct station *cache_cores(const struct world *w, comp_id c, int number);

/* cache_memory.c */
/* Memory in use, in bytes: values, and what connections take. */
double cache_memory(const struct world *w, comp_id c);
/* Makes room for a value that is to be written. False: there is none, as the policy says,
 * or the value alone is too large; nothing is evicted for such a one. */
bool cache_room(struct world *w, comp_id c, comp_id keyspace, uint32_t key);
/* maxmemory has changed: what is too much goes. */
void cache_shrink(struct world *w, comp_id c);

#endif
