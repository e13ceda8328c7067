/*
 * database: sessions up to a limit, transactions, and an engine that all running
 * statements share.
 *
 * The engine is one station. Its rate by the number n of running statements is
 * Gunther's universal scalability law, min(cores, n) / (1 + contention (n-1) +
 * coherency n (n-1)): the more statements run, the more of its power goes into waiting
 * for and agreeing with each other, until adding work takes away throughput.
 *
 * A session is a pool's connection (database.h). A query first gets one from its pool
 * (or runs on its caller's open transaction's), spends the network time with the
 * connection held, and then its statement runs. A session whose transaction is open
 * while no statement runs is idle in transaction, for as long as
 * idle_in_transaction_timeout allows.
 */
#include "cluster.h"
#include "table.h"

#include <stdio.h>
#include <stdlib.h>

#define COUNT_OF(x) (sizeof(x) / sizeof((x)[0]))

static const struct param_desc params[] = {
    [DB_MAX_CONNECTIONS] = {.name = "max_connections",
                            .type = VALUE_COUNT,
                            .min = 1,
                            .max = 100000,
                            .unit = "connections",
                            .def = "100",
                            .live = true,
                            .doc = "Sessions it admits; more are refused."},
    [DB_CORES] = {.name = "cores",
                  .type = VALUE_COUNT,
                  .min = 1,
                  .max = 10000,
                  .unit = "cores",
                  .def = "8",
                  .live = true,
                  .doc = "Statements that can make progress at full speed at once."},
    [DB_CONTENTION] = {.name = "contention",
                       .type = VALUE_NUMBER,
                       .min = 0,
                       .max = 1,
                       .unit = "",
                       .def = "0",
                       .live = false,
                       .doc =
                           "Share of the work that is serial (alpha of the universal "
                           "scalability law)."},
    [DB_COHERENCY] = {.name = "coherency",
                      .type = VALUE_NUMBER,
                      .min = 0,
                      .max = 1,
                      .unit = "",
                      .def = "0",
                      .live = false,
                      .doc =
                          "Cost of each pair of statements keeping out of each other's "
                          "way (beta of the universal scalability law)."},
    [DB_CONNECT_TIME] = {.name = "connect_time",
                         .type = VALUE_DURATION,
                         .min = 0,
                         .max = 60,
                         .unit = "s",
                         .def = "20ms",
                         .live = false,
                         .doc = "Time it takes to open a connection."},
    [DB_IDLE_TX_TIMEOUT] = {.name = "idle_in_transaction_timeout",
                            .type = VALUE_DURATION,
                            .min = 0,
                            .max = 86400,
                            .unit = "s",
                            .def = "0",
                            .live = true,
                            .doc = "Closes sessions that sit in an open transaction "
                                   "without a statement for so long; 0: never."},
    [DB_STATEMENT_TIMEOUT] = {.name = "statement_timeout",
                              .type = VALUE_DURATION,
                              .min = 0,
                              .max = 86400,
                              .unit = "s",
                              .def = "0",
                              .live = true,
                              .doc = "Stops statements that run longer; 0: never."},
    [DB_SYNCHRONOUS] = {.name = "synchronous",
                        .type = VALUE_BOOL,
                        .unit = "",
                        .def = "off",
                        .live = true,
                        .doc = "A write is answered only when a replica has it."},
    [DB_AUTO_FAILOVER] =
        {.name = "auto_failover",
         .type = VALUE_DURATION,
         .min = 0,
         .max = 3600,
         .unit = "s",
         .def = "0",
         .live = true,
         .doc =
             "A replica takes over when the primary was gone for so long; 0: only an "
             "operator decides."},
    [DB_PROMOTE_TIME] = {.name = "promote_time",
                         .type = VALUE_DURATION,
                         .min = 0,
                         .max = 3600,
                         .unit = "s",
                         .def = "10s",
                         .doc = "What a promotion takes, besides applying the rest of "
                                "the log."},
    [DB_FENCING] = {.name = "fencing",
                    .type = VALUE_BOOL,
                    .unit = "",
                    .def = "on",
                    .doc = "A failover shuts the old primary down for certain."},
    [DB_DISK_SIZE] = {.name = "disk_size",
                      .type = VALUE_COUNT,
                      .min = 0,
                      .max = 1e15,
                      .unit = "bytes",
                      .def = "0",
                      .live = true,
                      .doc = "Data and log have to fit; when they do not, writes fail. "
                             "0: no limit."},
    [DB_DATA] = {.name = "data",
                 .type = VALUE_COUNT,
                 .min = 0,
                 .max = 1e15,
                 .unit = "bytes",
                 .def = "10000000000",
                 .doc = "Data on the disk at the start."},
    [DB_WAL_KEEP] = {.name = "wal_keep",
                     .type = VALUE_COUNT,
                     .min = 0,
                     .max = 1e15,
                     .unit = "bytes",
                     .def = "1000000000",
                     .live = true,
                     .doc = "Log that is kept in any case."},
    [DB_COMMIT_TIME] = {.name = "commit_time",
                        .type = VALUE_DURATION,
                        .min = 0,
                        .max = 10,
                        .unit = "s",
                        .def = "0",
                        .live = true,
                        .doc = "Until a write is safely on the disk."},
    [DB_RESTORE_RATE] = {.name = "restore_rate",
                         .type = VALUE_NUMBER,
                         .min = 1000,
                         .max = 1e12,
                         .unit = "bytes/s",
                         .def = "200000000",
                         .doc = "How fast data is copied: a restore, a new replica."},
    [DB_LOCK_TIMEOUT] = {.name = "lock_timeout",
                         .type = VALUE_DURATION,
                         .min = 0,
                         .max = 86400,
                         .unit = "s",
                         .def = "0",
                         .live = true,
                         .doc = "Fails statements that wait longer for a lock; 0: "
                                "never."},
    [DB_DEADLOCK_TIMEOUT] = {.name = "deadlock_timeout",
                             .type = VALUE_DURATION,
                             .min = 0.001,
                             .max = 86400,
                             .unit = "s",
                             .def = "1s",
                             .live = true,
                             .doc = "How long one waits for a lock before it looks for "
                                    "a deadlock."},
};

enum { OP_KILL, OP_FAILOVER, OP_REBUILD, OP_RESTORE, OP_FREE };
static const struct op_desc ops[] = {
    [OP_KILL] = {.name = "kill",
                 .args = {{.name = "session",
                           .type = VALUE_TEXT,
                           .doc = "A session's number, \"idle-in-transaction\", or the "
                                  "name of a statement: all that run it."}},
                 .cost = 2 * SIM_SEC,
                 .risk = "What the session was doing is rolled back.",
                 .doc = "Closes sessions; their pools open new ones when needed."},
    [OP_FAILOVER] =
        {.name = "failover",
         .args = {{.name = "to",
                   .type = VALUE_TEXT,
                   .optional = true,
                   .doc = "The replica; without one, the one that has most of the "
                          "log."}},
         .risk = "Writes fail until the replica has taken over. When the primary is "
                 "gone, what no replica has received is lost.",
         .doc = "Makes a replica the primary."},
    [OP_REBUILD] = {.name = "rebuild",
                    .cost = 30 * SIM_SEC,
                    .risk = "Everything on this server is replaced by a copy of the "
                            "primary.",
                    .doc = "Makes the server that led before a replica again."},
    [OP_RESTORE] =
        {.name = "restore",
         .args = {{.name = "backup",
                   .type = VALUE_TEXT,
                   .optional = true,
                   .doc = "Which series; without one, the newest of all."}},
         .cost = 60 * SIM_SEC,
         .risk = "The database is down meanwhile, and all that was written since the "
                 "backup is lost.",
         .doc = "Puts back the newest backup."},
    [OP_FREE] = {.name = "free_disk",
                 .args = {{.name = "bytes",
                           .type = VALUE_COUNT,
                           .doc = "How much that is not the database's is deleted."}},
                 .cost = 60 * SIM_SEC,
                 .doc = "Deletes old files that others left on the disk."},
};

enum {
    FAULT_SLOW,
    FAULT_STALL,
    FAULT_DOWN,
    FAULT_DISK_SLOW,
    FAULT_DISK_FILL,
    FAULT_ARCHIVE_STUCK,
    FAULT_LONG_TRANSACTION
};
static const struct fault_desc faults[] = {
    [FAULT_SLOW] = {.name = "slow",
                    .args = {{.name = "factor",
                              .type = VALUE_NUMBER,
                              .doc = "How many times longer everything takes."}},
                    .doc = "All statements slow down."},
    [FAULT_STALL] = {.name = "stall",
                     .doc = "Nothing moves and nobody gets in; then it goes on."},
    [FAULT_DOWN] = {.name = "down",
                    .doc = "All sessions are closed and new ones refused."},
    [FAULT_DISK_SLOW] = {.name = "disk_slow",
                         .args = {{.name = "factor",
                                   .type = VALUE_NUMBER,
                                   .doc = "How many times longer a commit takes."}},
                         .doc = "The disk takes longer to write."},
    [FAULT_DISK_FILL] = {.name = "disk_fill",
                         .args = {{.name = "bytes",
                                   .type = VALUE_COUNT,
                                   .doc = "How much; gone again when the fault ends."}},
                         .doc = "Somebody else's files lie on the disk."},
    [FAULT_ARCHIVE_STUCK] = {.name = "archive_stuck",
                             .doc = "The log is not archived, so none of it is "
                                    "removed."},
    [FAULT_LONG_TRANSACTION] =
        {.name = "long_transaction",
         .args = {{.name = "table",
                   .type = VALUE_TEXT,
                   .optional = true,
                   .doc = "A table that it has read."},
                  {.name = "row",
                   .type = VALUE_BOOL,
                   .optional = true,
                   .doc =
                       "Whether it has also changed that table's most popular row."}},
         .doc = "Somebody leaves a transaction open at a terminal."},
};

enum {
    M_CONNECTIONS,
    M_ACTIVE,
    M_IDLE,
    M_IDLE_IN_TX,
    M_MAX_CONNECTIONS,
    M_CPU,
    M_CPU_SECONDS,
    M_STATEMENTS,
    M_FAILED,
    M_OLDEST_TX,
    M_ACCEPTED,
    M_REFUSED,
    M_KILLED,
    M_UP,
    M_PRIMARY_UP,
    M_FAILOVERS,
    M_LOST_WRITES,
    M_DIVERGED_WRITES,
    M_LEADERLESS,
    M_WAL,
    M_WAL_KEPT,
    M_DISK_SIZE,
    M_DISK_USED,
    M_SYNC_WAITING,
    M_RESTORES,
    M_LOCK_WAITING,
    M_LOCK_WAITS,
    M_LOCK_SECONDS,
    M_DEADLOCKS,
    M_LOCK_TIMEOUTS,
    M_OLDEST
};
#define DB_METRIC(n, p, l, t, u, d)                                                    \
    {                                                                                  \
        .name = n, .prom = p, .labels = l, .type = t, .unit = u, .doc = d              \
    }
static const struct metric_desc metrics[] = {
    [M_CONNECTIONS] = DB_METRIC("connections", "db_connections_open", "", METRIC_GAUGE,
                                "1", "Sessions."),
    [M_ACTIVE] = DB_METRIC("active", "db_connections", "state=\"active\"", METRIC_GAUGE,
                           "1", "Sessions that run a statement."),
    [M_IDLE] = DB_METRIC("idle", "db_connections", "state=\"idle\"", METRIC_GAUGE, "1",
                         "Sessions that do nothing."),
    [M_IDLE_IN_TX] = DB_METRIC(
        "idle_in_transaction", "db_connections", "state=\"idle in transaction\"",
        METRIC_GAUGE, "1", "Sessions with an open transaction that run no statement."),
    [M_MAX_CONNECTIONS] = DB_METRIC("max_connections", "db_connections_max", "",
                                    METRIC_GAUGE, "1", "Sessions it admits."),
    [M_CPU] = DB_METRIC("cpu", "db_cpu_usage_ratio", "", METRIC_GAUGE, "ratio",
                        "Share of its cores busy over the last second."),
    [M_CPU_SECONDS] = DB_METRIC("cpu_seconds_total", "db_cpu_seconds_total", "",
                                METRIC_COUNTER, "s", "Core-seconds used."),
    [M_STATEMENTS] = DB_METRIC("statements_total", "db_statements_total", "",
                               METRIC_COUNTER, "1", "Statements that were done."),
    [M_FAILED] = DB_METRIC("statements_failed_total", "db_statements_failed_total", "",
                           METRIC_COUNTER, "1", "Statements that were cut short."),
    [M_OLDEST_TX] = DB_METRIC(
        "oldest_idle_in_transaction", "db_oldest_idle_in_transaction_seconds", "",
        METRIC_GAUGE, "s", "How long the longest has been idle in transaction."),
    [M_ACCEPTED] = DB_METRIC("accepted_total", "db_connections_accepted_total", "",
                             METRIC_COUNTER, "1", "Sessions opened."),
    [M_REFUSED] = DB_METRIC("refused_total", "db_connections_refused_total", "",
                            METRIC_COUNTER, "1", "Connections refused."),
    [M_KILLED] =
        DB_METRIC("killed_total", "db_connections_killed_total", "", METRIC_COUNTER,
                  "1", "Sessions closed by an operator or a time limit."),
    [M_UP] = DB_METRIC("up", "db_up", "", METRIC_GAUGE, "1", "1: it answers."),
    [M_PRIMARY_UP] = DB_METRIC("primary_up", "db_primary_up", "", METRIC_GAUGE, "1",
                               "1: a server takes writes."),
    [M_FAILOVERS] = DB_METRIC("failovers_total", "db_failovers_total", "",
                              METRIC_COUNTER, "1", "Promotions that were done."),
    [M_LOST_WRITES] =
        DB_METRIC("lost_writes_total", "db_lost_writes_total", "", METRIC_COUNTER, "1",
                  "Writes that were answered and are gone: no replica "
                  "had them, or a restore went back before them."),
    [M_DIVERGED_WRITES] =
        DB_METRIC("diverged_writes_total", "db_diverged_writes_total", "",
                  METRIC_COUNTER, "1", "Writes on a server that led no more."),
    [M_LEADERLESS] =
        DB_METRIC("leaderless_seconds_total", "db_leaderless_seconds_total", "",
                  METRIC_COUNTER, "s", "Time in which no server took writes."),
    [M_WAL] = DB_METRIC("wal_bytes_total", "db_wal_bytes_total", "", METRIC_COUNTER,
                        "bytes", "Log written."),
    [M_WAL_KEPT] = DB_METRIC("wal_kept_bytes", "db_wal_kept_bytes", "", METRIC_GAUGE,
                             "bytes", "Log on the disk."),
    [M_DISK_SIZE] = DB_METRIC("disk_size_bytes", "db_disk_size_bytes", "", METRIC_GAUGE,
                              "bytes", "Its disk; 0: no limit."),
    [M_DISK_USED] = DB_METRIC("disk_used_bytes", "db_disk_used_bytes", "", METRIC_GAUGE,
                              "bytes", "Data and log on the disk."),
    [M_SYNC_WAITING] =
        DB_METRIC("sync_waiting", "db_commits_waiting_for_replica", "", METRIC_GAUGE,
                  "1", "Commits that wait because no replica answers."),
    [M_RESTORES] = DB_METRIC("restores_total", "db_restores_total", "", METRIC_COUNTER,
                             "1", "Backups that were put back."),
    [M_LOCK_WAITING] = DB_METRIC("lock_waiting", "db_locks_waiting", "", METRIC_GAUGE,
                                 "1", "Sessions that wait for a lock."),
    [M_LOCK_WAITS] = DB_METRIC("lock_waits_total", "db_lock_waits_total", "",
                               METRIC_COUNTER, "1", "Waits for a lock, begun."),
    [M_LOCK_SECONDS] =
        DB_METRIC("lock_wait_seconds_total", "db_lock_wait_seconds_total", "",
                  METRIC_COUNTER, "s", "Time spent in waits for locks that are over."),
    [M_DEADLOCKS] = DB_METRIC("deadlocks_total", "db_deadlocks_total", "",
                              METRIC_COUNTER, "1", "Deadlocks found."),
    [M_LOCK_TIMEOUTS] = DB_METRIC("lock_timeouts_total", "db_lock_timeouts_total", "",
                                  METRIC_COUNTER, "1", "Locks not granted in time."),
    [M_OLDEST] = DB_METRIC("oldest_transaction", "db_oldest_transaction_seconds", "",
                           METRIC_GAUGE, "s",
                           "Age of the oldest open transaction or running statement."),
};

static const struct metric_need needs[] = {
    {"primary_up", "replica"},
    {"failovers_total", "replica"},
    {"lost_writes_total", "replica"},
    {"lost_writes_total", "backup"},
    {"diverged_writes_total", "replica"},
    {"leaderless_seconds_total", "replica"},
    {"wal_bytes_total", "replica"},
    {"wal_bytes_total", "disk_size"},
    {"wal_kept_bytes", "replica"},
    {"wal_kept_bytes", "disk_size"},
    {"disk_size_bytes", "disk_size"},
    {"disk_used_bytes", "disk_size"},
    {"sync_waiting", "synchronous"},
    {"restores_total", "backup"},
    {"lock_waiting", "table"},
    {"lock_waits_total", "table"},
    {"lock_wait_seconds_total", "table"},
    {"deadlocks_total", "table"},
    {"lock_timeouts_total", "table"},
    {"oldest_transaction", "table"},
};

static bool any(const struct conn *n, uint32_t a, uint32_t b)
{
    (void)n, (void)a, (void)b;
    return true;
}

static bool with_id(const struct conn *n, uint32_t id, uint32_t b)
{
    (void)b;
    return n->id == id && n->state != CONN_CONNECTING;
}

static bool idle_in_tx(const struct conn *n, uint32_t a, uint32_t b)
{
    (void)a, (void)b;
    return n->state == CONN_IN_TX;
}

static bool running(const struct conn *n, uint32_t statement, uint32_t b)
{
    (void)b;
    return n->state == CONN_ACTIVE && n->statement == statement;
}

/* The copy is back: what it holds decides. */
static void restored(struct world *w, comp_id c)
{
    struct cluster *x = &db_at(w, c)->cluster;
    comp_id series = (comp_id)(x->restoring - 1);
    x->restoring = 0;
    if (!backup_good(w, series)) {
        w_log(w, c, 0, LOG_ERROR, 0, "%s cannot be restored: it holds no data",
              w->comps[series].name);
        return;
    }
    uint64_t at = backup_writes(w, series);
    x->restores++;
    x->lost_writes += x->writes > at ? x->writes - at : 0;
    x->writes = at;
    cluster_restored(w, c);
    w_log(w, c, 0, LOG_WARN, 0, "restored from %s", w->comps[series].name);
    database_go_down(w, c, false);
}

static SELDOM void cluster_event(struct world *w, comp_id c, int what)
{
    if (what == DB_EV_PROMOTED)
        cluster_promoted(w, c);
    else if (what == DB_EV_ELECT)
        cluster_elect(w, c);
    else if (what == DB_EV_REBUILT)
        cluster_rebuilt(w, c);
    else
        restored(w, c);
}

void database_event(struct world *w, comp_id c, int what, uint32_t a, uint32_t b)
{
    if (what == DB_EV_STATEMENT_TIMEOUT) {
        query_timed_out(w, a, b);
        return;
    }
    if (what == DB_EV_LOCK) { /* alive: its timer is cancelled before it is freed */
        lock_timed_out(w, claim_at(w, a));
        return;
    }
    if (what >= DB_EV_PROMOTED) {
        cluster_event(w, c, what);
        return;
    }
    /* A connection's timer is cancelled before it is freed: it is alive. */
    assert(conn_at(w, a)->id == b);
    if (what == DB_EV_CONNECTED)
        session_connected(w, conn_at(w, a));
    else
        session_idle_timed_out(w, conn_at(w, a));
}

/* ---- doing ---- */

static double cores_of(const struct world *w, comp_id node)
{
    if (is_replica(w, node) && p_count(w, node, RP_CORES) > 0)
        return (double)p_count(w, node, RP_CORES);
    return (double)p_count(w, cluster_of(w, node), DB_CORES);
}

void database_retune(struct world *w, comp_id node)
{
    struct database *d = db_at(w, node);
    struct station *s = &d->engine;
    comp_id db = cluster_of(w, node);
    station_touch(w, s);
    s->cores = cores_of(w, node);
    s->alpha = p_number(w, db, DB_CONTENTION);
    s->beta = p_number(w, db, DB_COHERENCY);
    s->factor = (d->slow > 0 ? d->slow : 1) * (1 - (d->taxed < 0.95 ? d->taxed : 0.95));
    s->paused = d->stalled;
    station_changed(w, s);
}

void database_tax(struct world *w, comp_id node, double share)
{
    db_at(w, node)->taxed += share;
    if (db_at(w, node)->taxed < 1e-9)
        db_at(w, node)->taxed = 0;
    database_retune(w, node);
}

static void retune_all(struct world *w, comp_id db)
{
    database_retune(w, db);
    for (comp_id r = db_at(w, db)->cluster.first; r != 0;
         r = db_at(w, (comp_id)(r - 1))->follows.next)
        database_retune(w, (comp_id)(r - 1));
}

static void db_changed(struct world *w, comp_id c, int param, const struct value *old)
{
    (void)old;
    if (param == DB_IDLE_TX_TIMEOUT)
        session_rearm_idle(w, c);
    else if (param == DB_CORES || param == DB_CONTENTION || param == DB_COHERENCY)
        retune_all(w, c);
    else if (param == DB_SYNCHRONOUS)
        query_sync_again(w, c);
}

/* "reserve" or "orders-db.reserve" */
static comp_id nested_named(const struct world *w, comp_id db,
                            const struct kind_impl *kind, const char *name)
{
    size_t own = strlen(w->comps[db].name);
    for (size_t i = 0; i < w->model->ncomps; i++) {
        const struct comp *s = &w->comps[i];
        if (s->kind == kind && s->owner == db &&
            (str_eq(s->name, name) || str_eq(s->name + own + 1, name)))
            return (comp_id)i;
    }
    return COMP_NONE;
}

enum err database_kill(struct world *w, comp_id c, const char *which, struct effect *e,
                       struct errmsg *why)
{
    uint32_t count = 0;
    comp_id statement = nested_named(w, cluster_of(w, c), &kind_statement, which);
    char *rest;
    unsigned long id = strtoul(which, &rest, 10);
    if (str_eq(which, "idle-in-transaction"))
        session_sweep(w, c, REASON_KILLED, idle_in_tx, 0, 0, &count);
    else if (statement != COMP_NONE)
        session_sweep(w, c, REASON_KILLED, running, statement, 0, &count);
    else if (*which != '\0' && *rest == '\0' && id <= UINT32_MAX)
        session_sweep(w, c, REASON_KILLED, with_id, (uint32_t)id, 0, &count);
    else
        return errmsg_set(
            why, ERR_NOT_FOUND,
            "%s has no session or statement \"%s\"; say a session's number, "
            "idle-in-transaction, or a statement",
            w->comps[c].name, which);
    if (count == 0)
        return errmsg_set(why, ERR_REFUSED, "%s has no session to kill for \"%s\" now",
                          w->comps[c].name, which);
    db_at(w, c)->killed += count;
    snprintf(e->title, sizeof e->title, "kill %s at %s: %u session%s closed", which,
             w->comps[c].name, count, count == 1 ? "" : "s");
    return ERR_OK;
}

static enum err restore(struct world *w, comp_id c, const char *name, struct effect *e,
                        struct errmsg *why)
{
    struct cluster *x = &db_at(w, c)->cluster;
    comp_id series = backup_newest(w, c, name);
    if (x->restoring != 0)
        return errmsg_set(why, ERR_REFUSED, "%s is being restored already",
                          w->comps[c].name);
    if (x->candidate != 0 || x->primary != 0)
        return errmsg_set(why, ERR_REFUSED, "%s: make it the primary again first",
                          w->comps[c].name);
    if (series == COMP_NONE)
        return errmsg_set(why, ERR_REFUSED, "%s has no backup%s%.40s to restore",
                          w->comps[c].name, *name != '\0' ? " " : "", name);
    sim_time t = SIM_SEC + (sim_time)((double)backup_size(w, series) * (double)SIM_SEC /
                                      p_number(w, c, DB_RESTORE_RATE));
    database_go_down(w, c, true);
    x->restoring = (comp_id)(series + 1);
    cal_at(w, w_now(w) + t, EV_KIND + DB_EV_RESTORED, c, 0, 0);
    snprintf(e->title, sizeof e->title, "restore %s from %s", w->comps[c].name,
             w->comps[series].name);
    return ERR_OK;
}

static enum err free_disk(struct world *w, comp_id c, int64_t bytes, struct effect *e,
                          struct errmsg *why)
{
    int64_t others = db_at(w, c)->cluster.others;
    if (bytes <= 0)
        return errmsg_set(why, ERR_INPUT, "free_disk wants bytes, e.g. 1000000000");
    if (others <= 0)
        return errmsg_set(why, ERR_REFUSED,
                          "nothing on the disk of %s is anybody else's",
                          w->comps[c].name);
    bytes = bytes < others ? bytes : others;
    db_at(w, c)->cluster.others -= bytes;
    snprintf(e->title, sizeof e->title, "%lld bytes freed on the disk of %s",
             (long long)bytes, w->comps[c].name);
    return ERR_OK;
}

static const char *text_arg(const struct action *a)
{
    return a->nargs > 0 ? a->args[0].as.text : "";
}

static enum err db_op(struct world *w, comp_id c, int op, const struct action *a,
                      struct effect *e, struct errmsg *why)
{
    switch (op) {
    case OP_KILL:
        return database_kill(w, c, a->args[0].as.text, e, why);
    case OP_FAILOVER:
        return cluster_failover(w, c, text_arg(a), e, why);
    case OP_REBUILD:
        return cluster_rebuild(w, c, e, why);
    case OP_RESTORE:
        return restore(w, c, text_arg(a), e, why);
    default:
        return free_disk(w, c, a->args[0].as.count, e, why);
    }
}

void database_go_down(struct world *w, comp_id c, bool on)
{
    struct database *d = db_at(w, c);
    uint32_t count = 0;
    d->down = on;
    if (!on) {
        cluster_node_back(w, c);
        return;
    }
    w_log(w, c, 0, LOG_ERROR, 0, "shutting down");
    session_sweep(w, c, REASON_DOWN, any, 0, 0, &count);
    cluster_node_gone(w, c);
}

static void stall(struct world *w, comp_id c, bool on)
{
    db_at(w, c)->stalled = on;
    database_retune(w, c);
    if (on) {
        cluster_node_gone(w, c);
        return;
    }
    session_admit_held(w, c);
    cluster_node_back(w, c);
}

/* Those that every server can have. */
enum err database_server_fault(struct world *w, comp_id c, int fault, double factor,
                               bool on, struct errmsg *why)
{
    struct database *d = db_at(w, c);
    bool busy = d->follows.role == NODE_REBUILDS || d->cluster.restoring != 0;
    if (fault == FAULT_SLOW) {
        if (on && !(factor > 0 && factor <= 1e6))
            return errmsg_set(why, ERR_INPUT,
                              "slow: the factor must be above 0, e.g. 4");
        d->slow = on ? 1 / factor : 0;
        database_retune(w, c);
    } else if (fault == FAULT_STALL) {
        stall(w, c, on);
    } else if (on || !busy) { /* one that is being copied comes back by itself */
        database_go_down(w, c, on);
    }
    return ERR_OK;
}

/* ---- a transaction that somebody leaves open ---- */

static enum err close_left_open(struct world *w, comp_id c)
{
    struct database *d = db_at(w, c);
    uint32_t count = 0;
    if (d->long_session != 0)
        session_sweep(w, d->long_node, REASON_NONE, with_id, d->long_session, 0,
                      &count);
    d->long_session = 0;
    return ERR_OK;
}

/* A lock that is free, or none. */
static void lock_if_free(struct world *w, struct conn *n, comp_id table, uint64_t key,
                         enum lock_mode mode)
{
    struct lock_name name = {.table = table, .key = key};
    if (!lock_take(w, n, &name, mode))
        lock_leave(w, n);
}

static enum err leave_open(struct world *w, comp_id c, const struct action *a,
                           struct errmsg *why)
{
    struct database *d = db_at(w, c);
    const char *name = a->nargs > 0 ? a->args[0].as.text : "";
    comp_id table = *name != '\0' ? nested_named(w, c, &kind_table, name) : COMP_NONE;
    bool row = a->nargs > 1 && a->args[1].as.on;
    if (*name != '\0' && table == COMP_NONE)
        return errmsg_set(why, ERR_NOT_FOUND, "%s has no table \"%.60s\"",
                          w->comps[c].name, name);
    comp_id primary = d->cluster.primary;
    comp_id node = primary == 0 ? c : (comp_id)(primary - 1);
    if (db_at(w, node)->down)
        return errmsg_set(why, ERR_REFUSED, "%s is down", w->comps[node].name);
    (void)close_left_open(w, c); /* the same fault again */
    struct conn *n = session_own(w, node, NULL);
    d->long_node = node;
    d->long_session = n->id;
    session_tx_open(w, n, NULL);
    if (table != COMP_NONE)
        lock_if_free(w, n, table, LOCK_WHOLE,
                     row ? LOCK_ROW_EXCLUSIVE : LOCK_ACCESS_SHARE);
    if (table != COMP_NONE && row)
        lock_if_free(w, n, table, 0, LOCK_EXCLUSIVE);
    return ERR_OK;
}

static enum err db_fault(struct world *w, comp_id c, int fault, const struct action *a,
                         bool on, struct errmsg *why)
{
    struct cluster *x = &db_at(w, c)->cluster;
    double factor = a->args[0].as.number;
    switch (fault) {
    case FAULT_DISK_SLOW:
        if (on && !(factor > 0 && factor <= 1e6))
            return errmsg_set(why, ERR_INPUT,
                              "disk_slow: the factor must be above 0, e.g. 20");
        x->disk_slow = on ? factor : 0;
        return ERR_OK;
    case FAULT_DISK_FILL:
        if (on && a->args[0].as.count <= 0)
            return errmsg_set(why, ERR_INPUT,
                              "disk_fill wants bytes, e.g. 50000000000");
        x->others = on ? a->args[0].as.count : 0;
        return ERR_OK;
    case FAULT_ARCHIVE_STUCK:
        wal_archive(w, c, on);
        return ERR_OK;
    case FAULT_LONG_TRANSACTION:
        return on ? leave_open(w, c, a, why) : close_left_open(w, c);
    default:
        return database_server_fault(w, c, fault, factor, on, why);
    }
}

/* ---- looking ---- */

static double oldest_in_tx(const struct world *w, comp_id c)
{
    sim_time oldest = 0;
    for (ref r = db_at(w, c)->first; r != 0; r = conn_at(w, r)->next) {
        const struct conn *n = conn_at(w, r);
        if (n->state == CONN_IN_TX && w_now(w) - n->since > oldest)
            oldest = w_now(w) - n->since;
    }
    return (double)oldest / (double)SIM_SEC;
}

static double cluster_metric(const struct world *w, comp_id c, int metric)
{
    const struct cluster *x = &db_at(w, c)->cluster;
    switch (metric) {
    case M_PRIMARY_UP:
        return cluster_leads(w, c);
    case M_FAILOVERS:
        return (double)x->failovers;
    case M_LOST_WRITES:
        return (double)x->lost_writes;
    case M_DIVERGED_WRITES:
        return (double)x->diverged_writes;
    case M_LEADERLESS:
        return cluster_leaderless(w, c);
    case M_WAL:
        return (double)x->lsn;
    case M_WAL_KEPT:
        return (double)wal_kept(w, c);
    case M_DISK_SIZE:
        return (double)p_count(w, c, DB_DISK_SIZE);
    case M_DISK_USED:
        return (double)disk_used(w, c);
    case M_SYNC_WAITING:
        return x->sync.count;
    default:
        return (double)x->restores;
    }
}

static double lock_metric_of(const struct world *w, comp_id node, int metric)
{
    const struct database *d = db_at(w, node);
    switch (metric) {
    case M_LOCK_WAITING:
        return d->lock_waiting;
    case M_LOCK_WAITS:
        return (double)d->lock_waits;
    case M_LOCK_SECONDS:
        return (double)d->lock_time / (double)SIM_SEC;
    case M_DEADLOCKS:
        return (double)d->deadlocks;
    case M_LOCK_TIMEOUTS:
        return (double)d->lock_timeouts;
    default:
        return (double)(w_now(w) - vacuum_horizon(w, node, 0)) / (double)SIM_SEC;
    }
}

/* On whichever server: who leads may change. */
static double lock_metric(const struct world *w, comp_id c, int metric)
{
    double sum = lock_metric_of(w, c, metric), oldest = sum;
    for (comp_id n = db_at(w, c)->cluster.first; n != 0;
         n = db_at(w, (comp_id)(n - 1))->follows.next) {
        double x = lock_metric_of(w, (comp_id)(n - 1), metric);
        sum += x;
        oldest = x > oldest ? x : oldest;
    }
    return metric == M_OLDEST ? oldest : sum;
}

static double db_metric(const struct world *w, comp_id c, int metric, int instance)
{
    (void)instance;
    const struct database *d = db_at(w, c);
    switch (metric) {
    case M_CONNECTIONS:
        return db_sessions(d);
    case M_ACTIVE:
        return d->count[CONN_ACTIVE];
    case M_IDLE:
        return d->count[CONN_IDLE] + d->count[CONN_TAKEN];
    case M_IDLE_IN_TX:
        return d->count[CONN_IN_TX];
    case M_MAX_CONNECTIONS:
        return (double)p_count(w, c, DB_MAX_CONNECTIONS);
    case M_CPU:
        return station_load(w, &d->engine, 1);
    case M_CPU_SECONDS:
        return station_busy(w, &d->engine);
    case M_STATEMENTS:
        return (double)d->done;
    case M_FAILED:
        return (double)d->failed;
    case M_OLDEST_TX:
        return oldest_in_tx(w, c);
    case M_ACCEPTED:
        return (double)d->accepted;
    case M_REFUSED:
        return (double)d->refused;
    case M_KILLED:
        return (double)d->killed;
    case M_UP:
        return !d->down && !d->stalled;
    case M_LOCK_WAITING:
    case M_LOCK_WAITS:
    case M_LOCK_SECONDS:
    case M_DEADLOCKS:
    case M_LOCK_TIMEOUTS:
    case M_OLDEST:
        return lock_metric(w, c, metric);
    default:
        return cluster_metric(w, c, metric);
    }
}

static void
db_inflight(const struct world *w, comp_id c,
            void (*f)(const struct world *w, const struct act *a, void *ctx), void *ctx)
{
    for (ref r = db_at(w, c)->inside.first; r != 0; r = act_at(w, r)->next)
        f(w, act_at(w, r), ctx);
}

enum session_state session_state_of(const struct conn *n)
{
    if (n->waits != 0)
        return SESSION_LOCK_WAIT;
    return n->state == CONN_ACTIVE  ? SESSION_ACTIVE
           : n->state == CONN_IN_TX ? SESSION_IDLE_IN_TRANSACTION
                                    : SESSION_IDLE;
}

size_t database_sessions(const struct world *w, comp_id db, struct db_session_view *out,
                         size_t max)
{
    size_t count = 0;
    for (ref r = db_at(w, db)->first; r != 0; r = conn_at(w, r)->next) {
        const struct conn *n = conn_at(w, r);
        if (n->state == CONN_CONNECTING)
            continue;
        if (count < max)
            out[count] = (struct db_session_view){
                .id = n->id,
                .client = n->service,
                .instance = n->instance,
                .state = session_state_of(n),
                .since = n->waits != 0 ? claim_at(w, n->waits)->since : n->since,
                .statement = n->statement};
        count++;
    }
    return count;
}

/* ---- the kind ---- */

static size_t db_state_size(const struct model *m, comp_id c)
{
    (void)m, (void)c;
    return sizeof(struct database);
}

static void db_init(struct world *w, comp_id c)
{
    station_init(w, &db_at(w, c)->engine, c, CAUSE_DB_CPU, CAUSE_DB_WAIT,
                 (double)p_count(w, c, DB_CORES));
    database_retune(w, c);
}

const struct kind_impl kind_database = {
    .desc = {.name = "database",
             .doc =
                 "Sessions up to a limit, and cores that all running statements share.",
             .params = params,
             .nparams = COUNT_OF(params),
             .ops = ops,
             .nops = COUNT_OF(ops),
             .faults = faults,
             .nfaults = COUNT_OF(faults),
             .metrics = metrics,
             .nmetrics = COUNT_OF(metrics),
             .needs = needs,
             .nneeds = COUNT_OF(needs)},
    .state_size = db_state_size,
    .init = db_init,
    .event = database_event,
    .begin = query_begin,
    .resume = query_resume,
    .cancel = query_cancel,
    .changed = db_changed,
    .op = db_op,
    .fault = db_fault,
    .metric = db_metric,
    .inflight = db_inflight,
};
