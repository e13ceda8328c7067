/*
 * keyspace: what a cache and its key spaces know together, a lookup.
 */
#ifndef SIM_CACHE_KEYSPACE_H
#define SIM_CACHE_KEYSPACE_H

#include "engine/act.h"

/* Phases of a lookup's act (act->phase). */
enum lookup_phase {
    LOOKUP_QUEUED,  /* waits for the cores of its shard */
    LOOKUP_WORKING, /* in them */
    LOOKUP_ASKING,  /* the cache's latency passes */
    LOOKUP_WAIT,    /* in a key's list: someone else loads the value */
    LOOKUP_ANSWER   /* goes on in this event; fails with act->lookup.reason, if any */
};

/* ---- key spaces ------------------------------------------------------------------ */

extern const struct kind_impl kind_keyspace;
enum keyspace_param {
    KS_KEYS,
    KS_PER_LOOKUP,
    KS_POPULARITY,
    KS_TTL,
    KS_JITTER,
    KS_SINGLE_FLIGHT,
    KS_STALE,
    KS_CAPACITY,
    KS_FILLED,
    KS_ABSENT,
    KS_PREFIX,
    KS_VALUE_BYTES,
    KS_PARAMS
};
enum keyspace_rng { KS_RNG_KEY, KS_RNG_JITTER };

/* Events per window: of the one that runs now and of the one before. */
struct recent {
    int64_t window;
    uint32_t now[2], before[2]; /* hits, misses */
};
enum { HIT, MISS };
#define KEY_WINDOW   (10 * SIM_SEC)
#define SPACE_WINDOW (60 * SIM_SEC)
#define NO_KEY       UINT32_MAX

/* How a value came to its end. Those that were written, and those that were there at the
 * start, are there or have one of these. */
enum fate {
    FATE_REPLACED, /* by a newer one */
    FATE_EXPIRED,  /* past its time, and cleared away for its memory */
    FATE_EVICTED,  /* made room */
    FATE_FLUSHED,  /* by an operator */
    FATE_LOST,     /* with the memory of the cache */
    FATES
};

struct key {
    bool present, refreshing;
    uint8_t frequency;     /* of use, when it was last used; see cache_memory.c */
    uint32_t loading;      /* registered loads, refresh included */
    uint32_t newer, older; /* by last use, present keys; NO_KEY: none */
    uint32_t nth;          /* place among the present keys, in no order */
    uint32_t here;         /* the present key whose place is the number of this one */
    struct list waiting;   /* lookups, for somebody's load */
    sim_time written, expires, used;
    struct recent recent;
};
struct keyspace {
    uint32_t bytes; /* of a value */
    uint32_t hand;  /* the key that was last looked at for its end */
    uint32_t nkeys, present, loading, waiting;
    uint32_t newest, oldest; /* by last use */
    uint32_t last_load;      /* numbers for act->load */
    uint64_t hits, misses, stale, coalesced, stores, load_failures, filled, refused;
    uint64_t fates[FATES];
    struct recent recent;
    struct key keys[];
};

static inline struct keyspace *space_at(const struct world *w, comp_id c)
{
    return W_STATE(w, struct keyspace, c);
}

/* keyspace.c */
void keyspace_write(struct world *w, comp_id keyspace, uint32_t key); /* now */
/* The key has no value any more, if it had one, and why. */
void keyspace_drop(struct world *w, comp_id keyspace, uint32_t key, enum fate fate);
/* How often a value is used, on Redis's logarithmic scale of 0 to 255. */
int key_frequency(const struct key *k, sim_time now);
void keyspace_shrink(struct world *w, comp_id keyspace); /* to its capacity */
/* Events of a kind in the last `window`, taking those of the window before as spread
 * evenly. */
double recent_sum(const struct recent *r, int what, sim_time now, sim_time window);
/* The cache has looked for act->key. True: the answer is in the act
 * (ACT_HIT, age, x). False: it waits for another's miss. */
bool keyspace_lookup(struct world *w, struct act *a);
/* A waiting lookup leaves (phase LOOKUP_WAIT). */
void keyspace_leave(struct world *w, struct act *a);

/* kind_keyspace.c */

/* Forgets the keys whose names match (NULL: all); how many there were. */
uint32_t keyspace_forget(struct world *w, comp_id keyspace, const char *pattern,
                         enum fate fate);
/* Lookups that found a value, and those that did not. */
void keyspace_counts(const struct world *w, comp_id keyspace, uint64_t *hits,
                     uint64_t *misses);

/* kind_cache.c */
bool cache_answers(const struct world *w, comp_id cache);

#endif
