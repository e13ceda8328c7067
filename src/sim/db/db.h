/*
 * db: databases and pools as programs and services use them.
 *
 * A statement is a call: a child act of kind ACT_QUERY reaches the database's `begin`
 * (see act->mode, what, pool, caller, caller_instance, parent). A QUERY_BEGIN that
 * succeeds leaves its connection in the caller's a->run.tx; a statement finds its
 * caller's transaction there. The functions here are the short ways, which take no time.
 *
 * The room's own headers: conn.h (the connection, which a pool and its database share),
 * pool.h, database.h and cluster.h (a server, and several of them), statement.h, table.h,
 * lock.h; describe.h and db_view.h are for those who show them.
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
/* An instance has crashed or is removed: its connections close (the database notices);
 * acts that waited in it were cancelled before. */
void pool_instance_gone(struct world *w, comp_id pool, int instance);
struct pool_look { /* counts of connections, and of acts that wait for them */
    int in_use, size, waiting, open;
    sim_time oldest_wait; /* age of the longest wait */
};
/* Fills `out` for an instance's part of the pool; instance 0: for all together. */
void pool_look(const struct world *w, comp_id pool, int instance,
               struct pool_look *out);

#endif
