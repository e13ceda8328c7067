/*
 * db: what programs and services use of databases and pools.
 *
 * A statement is a call: a child act of kind ACT_QUERY reaches the database's `begin`
 * (see act->mode, what, pool, caller, caller_instance, parent). A QUERY_BEGIN that
 * succeeds leaves its connection in the caller's `tx`; a statement finds its caller's
 * transaction there. These are the short ones.
 */
#ifndef SIM_DB_DB_H
#define SIM_DB_DB_H

#include "engine/engine.h"

extern const struct kind_impl kind_pool, kind_database;

/* OP_TX_END / OP_TX_ABORT, and whenever an act with a->run.tx ends: gives the
 * connection back, sets tx = 0. */
void database_tx_end(struct world *w, struct act *a, bool commit);

/* Pools: a service tells its pools of its instances. */
void pool_instance_up(struct world *w, comp_id pool, int instance);
/* A crash, or it is removed: its connections close (the database notices), those who
 * waited in it were cancelled before. */
void pool_instance_gone(struct world *w, comp_id pool, int instance);
struct pool_look {
    int in_use, size, waiting, open;
    sim_time oldest_wait; /* age of the longest wait */
};
void pool_look(const struct world *w, comp_id pool, int instance,
               struct pool_look *out);

#endif
