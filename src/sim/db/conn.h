/*
 * conn: what a pool and its database know together, the connection.
 *
 * A connection is opened by a pool for one instance of a service, is a session of the
 * database from then on, and dies with whichever closes first. It is in the database's
 * list from the first attempt to connect until it is closed. An act that uses it names
 * it in act->query.conn and is named by conn->act; an open transaction is named by its
 * holder's act->run.tx, and conn->holder names the holder. Both ends are cut together,
 * with one exception: a connection that is closed under an open transaction stays, in
 * state CONN_DEAD and in no list, until the holder's database_tx_end().
 *
 * A session without a pool (COMP_NONE) is an operator's or the database's own: upkeep
 * of a table, or a transaction that somebody left open at a terminal. Its `service` is
 * the database.
 */
#ifndef SIM_DB_CONN_H
#define SIM_DB_CONN_H

#include "engine/act.h"
#include "engine/telling.h"

enum conn_state {
    CONN_CONNECTING,
    CONN_IDLE,   /* in its pool */
    CONN_TAKEN,  /* out of its pool; conn->act is about to use it */
    CONN_ACTIVE, /* conn->act's statement runs */
    CONN_IN_TX,  /* a transaction is open and no statement runs */
    CONN_DEAD
};
struct conn {
    uint32_t id;   /* session number, unique in the database */
    uint8_t state; /* enum conn_state */
    bool tx;       /* a transaction is open */
    bool ending;   /* give it back as soon as its statement is done */
    bool held;     /* connecting, and the database stands still */
    comp_id db, pool, service;
    comp_id statement; /* running or last run */
    comp_id policy;    /* of the calls over it, whose way it goes; COMP_NONE: none */
    sim_time used;     /* something was last sent over it */
    bool dead;         /* nothing gets through any more, and nobody knows */
    uint16_t instance;
    sim_time since; /* in this state */
    sim_time opened;
    ref act;    /* connecting: who asked for it; taken, active: who uses it */
    ref holder; /* of the transaction; 0: leaked */
    uint32_t holder_gen;
    struct left_open left; /* leaked: by which request */
    struct list waiting;   /* statements of the same transaction (branches) */
    uint32_t timer;        /* connecting: done; in transaction: idle for too long */
    ref setup;             /* connecting: the work for it in somebody's cores */
    ref next, prev;        /* the database's list, by id */
    ref inext, iprev;      /* idle in its pool, last used first */
    uint16_t tries;        /* path_dial.c, while it is being opened */
    uint8_t step;
    /* tables and locks (table.h, lock.h); all 0 where there are none */
    sim_time tx_since;     /* start of the open transaction */
    int64_t xids;          /* given out by the database when that began */
    bool wrote;            /* in a transaction: a number was taken, so no further one */
    ref locks;             /* held: struct claim, through `other` */
    ref waits;             /* the claim it waits for; n->act waits */
    ref run;               /* work of the statement on a table: struct run */
    ref undo;              /* changes of the transaction: struct undo */
    sim_time lock_timeout; /* of this session; 0: only the database's */
    uint32_t searched, todo; /* deadlock.c */
    bool aborted;            /* the transaction has failed: only a rollback helps */
    bool upkeep;             /* a vacuum: holds no snapshot that others must respect */
};
static inline struct conn *conn_at(const struct world *w, ref r)
{
    return W_PTR(w, struct conn, r);
}

/* The phases of a query's act (act->phase). */
enum query_phase {
    QUERY_NEW,
    QUERY_POOL,    /* in its pool's queue */
    QUERY_CONNECT, /* the connection it asked for is being opened */
    QUERY_SHARE,   /* in conn->waiting */
    QUERY_READY,   /* a->query.conn is there; goes on in this event */
    QUERY_OUT,     /* on the network to the database */
    QUERY_RUN,     /* the statement runs */
    QUERY_BACK,    /* the answer is on the network */
    QUERY_FAILED,  /* holds nothing, goes on in this event: fails with query.reason */
    QUERY_COMMIT,  /* done; the commit is being written, or waits for a replica */
    QUERY_SYNC,    /* in its database's `sync` queue: no replica answers */
    QUERY_LOCKED   /* the session waits for a lock (conn->waits), or just got it */
};

/* ---- the pool's side (kind_pool.c) ----------------------------------------------- */

/* Whether the pool's connections go to replicas. */
bool pool_reads(const struct model *m, comp_id pool);
/* The server that an instance's next connection goes to. */
comp_id pool_node(struct world *w, comp_id pool, int instance);
/* The time for which an instance believes in the address of the leader. */
sim_time pool_address_ttl(const struct world *w, comp_id pool);

/* Gives `a` a connection: true, a->query.conn is set (phase QUERY_READY). False: it
 * waits, and will be made ready with a->query.conn set or with a failure. */
bool pool_acquire(struct world *w, struct act *a);
/* `a` leaves the queue it waits in (phase QUERY_POOL), because of `reason`. */
void pool_leave(struct world *w, struct act *a, enum reason reason);
/* The connection is not needed any more: to the next who waits, or idle, or closed. */
void pool_put(struct world *w, struct conn *n);
/* The connection is gone (idle ones are taken out of the pool here); a place is free.
 * `reason`: REASON_NONE when the pool closed it itself. */
void pool_lost(struct world *w, struct conn *n, enum reason reason);

/* ---- the database's side: sessions (db_session.c) -------------------------------- */

/* Opens a connection for the pool's instance; `a` (may be NULL) waits for it. */
void database_connect(struct world *w, comp_id pool, int instance, struct act *a);
/* Ends the session from either side. Whoever uses it fails with `reason`. */
void database_close(struct world *w, struct conn *n, enum reason reason);
/* Closes the connections of one instance's pool. */
void database_close_all(struct world *w, comp_id db, comp_id pool, int instance,
                        enum reason reason);
/* Closes those that are meant, of the ones that are there now; adds to *count. */
void session_sweep(struct world *w, comp_id db, enum reason reason,
                   bool (*meant)(const struct conn *n, uint32_t a, uint32_t b),
                   uint32_t a, uint32_t b, uint32_t *count);
/* Changes n->state and n->since, and what the database counts by state. */
void conn_set(struct world *w, struct conn *n, enum conn_state state);
/* A way to the server is there: asks it. */
void session_connect(struct world *w, struct conn *n);
/* The server's cores, for handshakes and new sessions; NULL: it is down. */
struct station *database_cores(const struct world *w, comp_id node, int number);
/* While it is being opened: it is to lead to another server. */
void session_move(struct world *w, struct conn *n, comp_id node);
/* The server begins the session, which costs its cores connect_time. */
void session_starts(struct world *w, struct conn *n);
/* The session is in, or refused. */
void session_connected(struct world *w, struct conn *n);
/* A client has waited for connect_timeout, and is not in. */
void session_late(struct world *w, struct conn *n);
/* A stall is over: those who knocked meanwhile. */
void session_admit_held(struct world *w, comp_id db);
/* A transaction begins; `holder` (NULL: leaked) will end it. */
void session_tx_open(struct world *w, struct conn *n, struct act *holder);
/* Called when a session's statement is done and its transaction still open. */
void session_tx_idle(struct world *w, struct conn *n);
/* Called when a session has been idle in a transaction for too long. */
void session_idle_timed_out(struct world *w, struct conn *n);
/* The limit of that has changed. */
void session_rearm_idle(struct world *w, comp_id db);
/* `a` is done with its connection: to the next of its transaction, or back to the pool.
 */
void session_let_go(struct world *w, struct act *a);

/* ---- on the way to the server (db_dial.c) ---------------------------------------- */

/* A pool's connection, before it asks the database to let it in; true: later
 * (session_connect()), or never. */
bool db_dial_begin(struct world *w, struct conn *n);
/* Something is sent over it now: whether that is lost, as the connection is dead. */
bool db_line_dead(struct world *w, struct conn *n);
/* Whether the connection is idle and its end was noticed by keepalive. */
bool db_line_noticed(struct world *w, const struct conn *n);
/* Nothing that is sent over it now gets to the database. */
bool db_dial_cut(const struct world *w, const struct conn *n);
void db_dial(struct world *w, ref conn, uint32_t number); /* kind_impl.dial */

/* ---- queries (query.c); the first four are kind_impl's --------------------------- */

void query_begin(struct world *w, struct act *a);
void query_resume(struct world *w, struct act *a, enum reason reason);
void query_cancel(struct world *w, struct act *a);
void query_lost(struct world *w, struct act *a, enum reason reason);
void query_timed_out(struct world *w, ref act, uint32_t gen); /* statement_timeout */
/* Commits that wait for a replica: each looks again whether one answers. */
void query_sync_again(struct world *w, comp_id db);
/* Whether commits have to wait for one has changed: nobody waits for it without need. */
void query_sync_changed(struct world *w, comp_id db);
void query_leave_sync(struct world *w,
                      struct act *a); /* in QUERY_SYNC: its session ends */

/* A query whose statement has begun is stopped from outside: its run is over. */
void query_cut(struct world *w, struct act *a, struct conn *n);

#endif
