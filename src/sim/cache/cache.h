/*
 * cache: what programs use of caches and their key spaces.
 */
#ifndef SIM_CACHE_CACHE_H
#define SIM_CACHE_CACHE_H

#include "engine/act.h"

/* A lookup's answer: a->flags & ACT_HIT, a->key, a->age; on a miss a->load, not 0 when
 * the key space counts on this caller (a load is registered). The core copies key and x
 * into the caller, which runs the body and then calls one of these with itself. When x
 * is not 0 exactly one of the two is called, whatever happens to the caller (also when
 * the lookup was abandoned: then with the lookup). x 0: a plain put. A lookup that
 * fails with TIMEOUT, BREAKER_OPEN, SHED, DOWN or CONN_LOST counts as a miss with x 0;
 * other failures fail the program. */
void keyspace_store(struct world *w, comp_id keyspace, struct act *caller);
void keyspace_store_failed(struct world *w, comp_id keyspace, struct act *caller,
                           enum reason reason);
/* How many keys one request looks up at once, and which: the first key of the batch
 * (drawn once by the request). exec starts that many branches; their lookups have
 * act->key = first .. first + n - 1 set when `begin` runs (n == 1: first). */
uint32_t keyspace_batch(struct world *w, comp_id keyspace, uint32_t *first);

#endif
