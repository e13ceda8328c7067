/*
 * cache: caches and their key spaces as programs use them. A lookup is a call like any
 * other (call/call.h): a child act ACT_LOOKUP, `what` the key space, reaches the cache's
 * `begin`. The room's own headers are server.h (a cache) and keyspace.h.
 *
 *     hit      a->flags & ACT_HIT: the caller goes on behind the body
 *     miss     the caller runs the body, which loads the value, then keyspace_store(), or
 *              keyspace_store_failed() where the body fails
 */
#ifndef SIM_CACHE_CACHE_H
#define SIM_CACHE_CACHE_H

#include "engine/act.h"

/* The answer of a lookup: a->flags & ACT_HIT, a->key, a->age; on a miss a->load, not 0
 * when the key space counts on this caller (a load is registered). call.c copies `key`
 * and `load` into the caller, which runs the body and then calls one of these with
 * itself. When `load` is not 0 exactly one of the two is called, whatever happens to the
 * caller (also when the lookup was abandoned: then with the lookup). `load` 0: a plain
 * put. A lookup that fails with TIMEOUT, BREAKER_OPEN, SHED, DOWN or CONN_LOST counts as
 * a miss with `load` 0; other failures fail the program. */
void keyspace_store(struct world *w, comp_id keyspace, struct act *caller);
void keyspace_store_failed(struct world *w, comp_id keyspace, struct act *caller,
                           enum reason reason);
/* The number of keys that a request looks up at once; *first: the first key of the batch
 * (drawn once by the request). exec.c starts that many branches; their lookups have
 * act->key = first .. first + n - 1 set when `begin` runs (n == 1: first). */
uint32_t keyspace_batch(struct world *w, comp_id keyspace, uint32_t *first);

#endif
