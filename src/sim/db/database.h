/*
 * database: a server: its engine, sessions, parameters; and what it is of several
 * (cluster.h).
 */
#ifndef SIM_DB_DATABASE_H
#define SIM_DB_DATABASE_H

#include "db/conn.h"
#include "engine/station.h"

enum database_param {
    DB_MAX_CONNECTIONS,
    DB_CORES,
    DB_CONTENTION,
    DB_COHERENCY,
    DB_CONNECT_TIME,
    DB_IDLE_TX_TIMEOUT,
    DB_STATEMENT_TIMEOUT,
    DB_SYNCHRONOUS,
    DB_AUTO_FAILOVER,
    DB_PROMOTE_TIME,
    DB_FENCING,
    DB_DISK_SIZE,
    DB_DATA,
    DB_WAL_KEEP,
    DB_COMMIT_TIME,
    DB_RESTORE_RATE,
    DB_LOCK_TIMEOUT,
    DB_DEADLOCK_TIMEOUT,
    DB_CONNECT_WAIT,
    DB_FREEZE_MAX_AGE,
    DB_RESTART_TIME,
    DB_RESIZE_TIME,
    DB_RESIZE_AWAY,
    DB_LOG_REPLAY,
    DB_PARAMS
};
enum database_event {
    DB_EV_CONNECTED,
    DB_EV_STATEMENT_TIMEOUT,
    DB_EV_IDLE_IN_TX,
    DB_EV_PROMOTED,
    DB_EV_ELECT,
    DB_EV_REBUILT,
    DB_EV_RESTORED,
    DB_EV_LOCK, /* a: struct claim */
    DB_EV_PANIC,
    DB_EV_RECOVER,
    DB_EV_STARTED, /* of a restart: the server is there again */
    DB_EV_LATE,    /* a connection's: connect_timeout is over */
    DB_EV_RESCUED  /* rows have been copied back */
};

/* A node as one of several (cluster.h). Ids are stored + 1, so that 0 is the usual:
 * one server. */
struct follower {
    uint8_t role;                   /* enum node_role when it does not lead */
    bool link_down, replay_stopped; /* faults and operations */
    double link_slow;               /* times the link's delay; 0: as it is */
    comp_id next;                   /* the next replica of the same database, + 1 */
    ref marks;                      /* struct mark ring, MARKS of them; 0: none yet */
    uint32_t head, count;           /* of the ring */
    sim_time link_free; /* the link has sent, the replay has applied, all before */
    sim_time replay_free;
    uint64_t base_lsn, base_writes; /* received when there is no mark */
    uint64_t base_kept;             /* see struct mark */
    int64_t base_data;
    uint32_t timer;      /* being rebuilt */
    sim_time rebuilt_at; /* when that is done */
};
struct cluster {       /* of the database, whichever node leads */
    comp_id first;     /* replica, + 1; 0: none */
    comp_id primary;   /* node, + 1; 0: the database's own server */
    comp_id candidate; /* being promoted, + 1 */
    bool planned;
    uint32_t timer;       /* promotion or election */
    sim_time due;         /* when the promotion, or the restore, is done */
    uint32_t turn;        /* reads go round the replicas */
    uint64_t lsn, writes; /* the log, as the leader has it */
    uint64_t lsn_lost;    /* bytes that were written besides, and are gone */
    uint64_t archived;    /* up to here, while the archiver is stuck */
    bool archive_stuck;
    int64_t data;   /* bytes stored since the start */
    int64_t others; /* somebody else's files */
    uint64_t failovers, lost_writes, diverged_writes;
    uint64_t acknowledged;     /* writes that were answered */
    uint64_t unanswered;       /* writes in the log of a leader that went down, of which
                              nobody was told */
    sim_time leaderless_since; /* since when nobody leads, + 1; 0: somebody does */
    sim_time leaderless;       /* times before that, summed */
    struct list sync; /* commits that wait for a replica that does not answer */
    uint64_t restores, failed_restores;
    comp_id restoring; /* the backup series, + 1 */
    comp_id rescuing;  /* rows are copied back from it, + 1: a series or a replica */
    sim_time rescued;  /* when that is done */
    double disk_slow;  /* times the commit; 0: as it is */
    comp_id tables;    /* the first, + 1; 0: none */
    comp_id panicked;  /* node, + 1, that could not write its log; 0: none */
    uint32_t panic_timer;
    uint64_t panics;
    int64_t xids;       /* transaction ids given out since the start */
    int64_t xid_look;   /* at so many: is a table due to be frozen? */
    int64_t xid_safe;   /* up to so many there surely are some left */
    int64_t xid_warned; /* at so many */
    uint64_t xid_refused;
};
/* Writes that were answered and are there. */
static inline uint64_t cluster_kept(const struct cluster *x)
{
    return x->acknowledged > x->lost_writes ? x->acknowledged - x->lost_writes : 0;
}
struct database {
    struct station engine;
    struct list inside; /* all acts, through next/prev */
    ref first, last;    /* sessions and attempts, through next/prev, by id */
    uint32_t last_id;
    uint32_t count[CONN_DEAD + 1]; /* by state */
    bool down, stalled;            /* faults that run */
    bool host_gone;                /* fault: no machine; stalled, too, as long */
    uint32_t starting;             /* timer: down for a restart; 0: it is not */
    uint64_t done, failed, accepted, refused, killed;
    double slow;  /* fault: rate of the engine; 0: full */
    double taxed; /* share of the engine that backups and the like take */
    struct follower follows;
    struct cluster cluster; /* of a database; a replica's is not used */
    /* locks (lock.h) */
    ref lock_buckets; /* heads of lists of struct lock */
    uint32_t lock_cap, lock_n, searches;
    uint32_t lock_waiting; /* sessions */
    uint64_t lock_waits, deadlocks, lock_timeouts;
    sim_time lock_time;    /* spent in waits that are over */
    uint32_t long_session; /* of the fault long_transaction; 0: none */
    comp_id long_node;     /* where that is */
};

static inline struct database *db_at(const struct world *w, comp_id c)
{
    return W_STATE(w, struct database, c);
}

static inline uint32_t db_sessions(const struct database *d)
{
    return d->count[CONN_IDLE] + d->count[CONN_TAKEN] + d->count[CONN_ACTIVE] +
           d->count[CONN_IN_TX];
}

/* ---- queries that fail (query.c) ------------------------------------------------- */

/* A statement fails: the server counts it if it has seen it, which one that never got a
 * connection has not, nor one that is still on the network. */
static inline void query_count_failed(struct world *w, const struct act *a)
{
    bool seen = a->phase == QUERY_RUN || a->phase == QUERY_LOCKED ||
                a->phase == QUERY_COMMIT || a->phase == QUERY_SYNC ||
                a->phase == QUERY_BACK;
    if (seen && (a->mode == QUERY_STATEMENT || a->mode == QUERY_APART))
        db_at(w, a->comp)->failed++;
}

/* A query's act fails: it holds nothing any more and goes on with `reason`. */
static inline void query_fail(struct world *w, struct act *a, enum reason reason)
{
    query_count_failed(w, a);
    if (a->phase == QUERY_COMMIT || a->phase == QUERY_SYNC)
        db_at(w, a->comp)->cluster.unanswered++;
    a->query.conn = 0;
    a->phase = QUERY_FAILED;
    a->query.reason = reason;
    act_ready(w, a, reason);
}

#endif
