/*
 * cache: what a cache and its key spaces know together, a lookup.
 */
#ifndef SIM_CACHE_H
#define SIM_CACHE_H

#include "sim_internal.h"

/* What a lookup's act is at (act->phase). */
enum lookup_phase {
    LOOKUP_ASKING, /* the cache works on it, or its network */
    LOOKUP_WAIT,   /* in a key's list: someone else loads the value */
    LOOKUP_ANSWER  /* goes on in this event; fails with act->y, if that is not
                      REASON_NONE */
};

/* kind_keyspace.c: the cache has looked for act->key. True: the answer is in the act
 * (ACT_HIT, age, x). False: it waits for another's miss. */
bool keyspace_lookup(struct world *w, struct act *a);
/* A waiting lookup leaves (phase LOOKUP_WAIT). */
void keyspace_leave(struct world *w, struct act *a);
/* Forgets the keys whose names match (NULL: all); how many there were. */
uint32_t keyspace_forget(struct world *w, comp_id keyspace, const char *pattern);
/* Lookups that found a value, and those that did not. */
void keyspace_counts(const struct world *w, comp_id keyspace, uint64_t *hits,
                     uint64_t *misses);

/* kind_cache.c */
bool cache_answers(const struct world *w, comp_id cache);

#endif
