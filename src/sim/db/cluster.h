/*
 * cluster: one database on several servers.
 *
 * A database and its replicas are nodes; each is a server with an engine, sessions and
 * faults of its own (struct database, which a replica's state begins with). The
 * database component is the first node and gives the whole its name: programs query it,
 * its statements run on any node, its parameters hold for all. `primary` is the node
 * that takes writes now; a failover moves it.
 *
 * The log. Every write statement adds bytes to the log; a replica receives them after
 * its link's delay and bandwidth, and applies them one after the other at its own rate:
 * two queues with known service times, so that when each byte arrives and when it can
 * be read is known the moment it is written (no events). Marks remember that, oldest
 * first, until it has come to pass.
 *
 * What the primary had not sent when it died is lost; what a replica has
 * received and not applied delays its promotion. Without a replica, a disk size or a
 * write statement, nothing here does anything.
 */
#ifndef SIM_CLUSTER_H
#define SIM_CLUSTER_H

#include "db/database.h"

struct effect;     /* engine/kind.h */
struct table_copy; /* db/table.h */

/* Replication of what was written at one moment; times are SIM_FOREVER while the server
 * or its replay stands still. */
struct mark {
    sim_time written, latest; /* of the writes in it, the first and the last */
    sim_time sent, received, applied;
    uint64_t lsn;    /* the log's length with it */
    uint64_t writes; /* statements up to here */
    uint64_t kept;   /* writes that were answered by then, and its last */
    int64_t data;    /* bytes that they have stored */
    uint64_t bytes;
};
enum { MARKS = 512 }; /* more are merged; within one, log is applied evenly */

enum node_role {
    NODE_FOLLOWS,  /* a replica */
    NODE_LEADS,    /* takes writes */
    NODE_DIVERGED, /* led before; has to be rebuilt */
    NODE_REBUILDS
};

/* ---- times that do not overflow: at most 146 years ------------------------------- */

static inline sim_time time_sum(sim_time a, sim_time b)
{
    return a < SIM_FOREVER / 2 - b ? a + b : SIM_FOREVER / 2;
}
/* The time that so many bytes take; per_s above 0. */
static inline sim_time copy_time(double bytes, double per_s)
{
    double t = bytes * (double)SIM_SEC / per_s;
    return t < (double)(SIM_FOREVER / 4) ? (sim_time)t : SIM_FOREVER / 4;
}

/* ---- routing (db_cluster.c) ------------------------------------------------------ */

/* The database that a node belongs to: itself, or the replica's owner. */
comp_id cluster_of(const struct world *w, comp_id node);
/* Where the pool's next connection goes. `seen`, `until`: what this instance last
 * looked up (node + 1; 0: nothing), and how long it believes in it. */
comp_id cluster_route(struct world *w, comp_id pool, comp_id *seen, sim_time *until);
/* The node that takes writes now. */
comp_id cluster_primary(const struct world *w, comp_id db);
/* The connections of one instance's pool, on whichever node. */
void cluster_close_all(struct world *w, comp_id db, comp_id pool, int instance);
/* Why a write on this node fails now; REASON_NONE: it may run. */
enum reason cluster_refuses(struct world *w, comp_id node, comp_id statement);
/* A server has gone (down, stalled) or is back. */
void cluster_node_gone(struct world *w, comp_id node);
void cluster_node_back(struct world *w, comp_id node);
/* kind_database's operation: `to` a replica's name, "": the one that is furthest. */
enum err cluster_failover(struct world *w, comp_id db, const char *to,
                          struct effect *fx, struct errmsg *why);
enum err cluster_rebuild(struct world *w, comp_id node, struct effect *fx,
                         struct errmsg *why);
/* auto_failover has changed: it counts from now. */
void cluster_patience_changed(struct world *w, comp_id db);
void cluster_promoted(struct world *w, comp_id db);
void cluster_elect(struct world *w, comp_id db);
void cluster_rebuilt(struct world *w, comp_id node);
/* The database is what it was: its replicas are not. */
void cluster_restored(struct world *w, comp_id db);
/* A server takes writes. */
bool cluster_leads(const struct world *w, comp_id db);
/* Seconds in all in which no server took writes. */
double cluster_leaderless(const struct world *w, comp_id db);

/* ---- the log (db_wal.c) ---------------------------------------------------------- */

/* A statement that writes has run on `node`. */
void wal_wrote(struct world *w, comp_id node, comp_id statement);
/* Adds to the log bytes that no statement of the model writes. */
void wal_changed(struct world *w, comp_id db, uint64_t bytes);
/* The time that a commit takes after that; SIM_FOREVER: until a replica is there
 * again. */
sim_time wal_commit_time(struct world *w, comp_id node, sim_time *replication);
/* The times of what is under way change: link, replay or server stopped or went on. */
void wal_replan(struct world *w, comp_id node);
/* A leader is lost: what it has not sent to `node` never comes. Sets the log back to
 * what comes, and returns how many writes are gone; *answered: how many writes were
 * answered since the last that comes, no fewer of those that are gone. */
uint64_t wal_forget_unsent(struct world *w, comp_id node, uint64_t *answered);
/* The node has and has applied all that was written up to now. */
void wal_level(struct world *w, comp_id node);
uint64_t wal_received(const struct world *w, comp_id node, uint64_t *writes);
/* Bytes of log that are written and not applied there. */
uint64_t wal_unapplied(const struct world *w, comp_id node);
/* Age of the oldest write that cannot be read there yet; 0: none. */
sim_time wal_lag(const struct world *w, comp_id node);
/* Until a write of this moment can be read there. */
sim_time wal_catch_up(const struct world *w, comp_id node);
uint64_t wal_kept(const struct world *w, comp_id db); /* bytes of log on the disk */
/* The archiver stops, or goes on. */
void wal_archive(struct world *w, comp_id db, bool stuck);

/* ---- the disk (db_disk.c) -------------------------------------------------------- */

uint64_t disk_data(const struct world *w, comp_id db); /* bytes: data and tables */
uint64_t disk_used(const struct world *w, comp_id db); /* data, log, others' files */
bool disk_full(const struct world *w, comp_id db);
/* Why this statement cannot write now; REASON_NONE: there is room. */
enum reason disk_refuses(struct world *w, comp_id node, comp_id statement);
void disk_panic(struct world *w, comp_id db);   /* DB_EV_PANIC */
void disk_recover(struct world *w, comp_id db); /* DB_EV_RECOVER */

/* ---- transaction ids (db_xid.c) -------------------------------------------------- */

/* A write on this session takes one, unless its transaction has one. */
void xid_take(struct world *w, struct conn *n);
/* Transaction ids are so few that no more are given out. */
bool xid_exhausted(struct world *w, comp_id db);
void xid_refused(struct world *w, comp_id db);       /* a write, for that */
int64_t xid_left(const struct world *w, comp_id db); /* until none is given out */

/* ---- replicas (kind_replica.c) --------------------------------------------------- */

extern const struct kind_impl kind_replica, kind_backup;
enum replica_param { RP_DELAY, RP_BANDWIDTH, RP_REPLAY, RP_SLOT, RP_CORES, RP_PARAMS };
static inline bool is_replica(const struct world *w, comp_id node)
{
    return w->comps[node].kind == &kind_replica;
}

/* The work that both kinds of node have in common (kind_database.c). */
void database_retune(struct world *w, comp_id node);
void database_go_down(struct world *w, comp_id node, bool on);
/* Down now, and there again after `away`. */
void database_restart(struct world *w, comp_id node, sim_time away);
struct resize_view; /* truecode/world.h */
enum err database_resize(const struct world *w, comp_id c, int param,
                         const struct value *v, struct resize_view *out,
                         struct errmsg *why); /* kind_impl.resize, of replicas too */
void database_resized(struct world *w, comp_id c, int param); /* kind_impl.resized */
void database_started(struct world *w, comp_id node);         /* DB_EV_STARTED */
enum err database_kill(struct world *w, comp_id node, const char *which,
                       struct effect *fx, struct errmsg *why);
enum err database_server_fault(struct world *w, comp_id node, int fault, double factor,
                               bool on, struct errmsg *why);
/* The host of a server goes (on), or is back. */
enum err database_host_gone(struct world *w, comp_id c, bool on, struct errmsg *why);
void database_event(struct world *w, comp_id c, int what, uint32_t a, uint32_t b);
/* Backups and the like take a share of the engine (negative: give it back). */
void database_tax(struct world *w, comp_id node, double share);

/* ---- backups (kind_backup.c) ----------------------------------------------------- */

/* The series of the newest backup; `name` "": of all series; COMP_NONE: there is none.
 */
comp_id backup_newest(const struct world *w, comp_id db, const char *name);
bool backup_good(const struct world *w, comp_id series);     /* holds data */
uint64_t backup_size(const struct world *w, comp_id series); /* of the newest, bytes */
uint64_t backup_writes(const struct world *w, comp_id series); /* up to which it goes */
/* Writes that were answered since the newest was taken, and are there. */
uint64_t backup_undoes(const struct world *w, comp_id series);
/* The database's tables and data are what they were when the newest was begun. */
void backup_put_back(struct world *w, comp_id series);
sim_time backup_taken(const struct world *w, comp_id series); /* moment that the backup
                                                                 shows */
/* The copy of one table in the newest. */
const struct table_copy *backup_table(const struct world *w, comp_id series,
                                      comp_id table);

/* ---- from a copy beside (db_rescue.c) -------------------------------------------- */

/* kind_database's operation: `from` a series of backups or a replica. */
enum err database_rescue(struct world *w, comp_id db, const char *from,
                         struct effect *fx, struct errmsg *why);
void database_rescued(struct world *w, comp_id db); /* DB_EV_RESCUED */
/* Missing rows that no copy has any more. */
int64_t rescue_without_copy(const struct world *w, comp_id db);

#endif
