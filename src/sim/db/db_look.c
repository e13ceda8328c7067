/*
 * Looking at a database: its metrics and its sessions.
 */
#include "db/cluster.h"
#include "db/db.h"
#include "db/db_view.h"
#include "db/describe.h"
#include "db/table.h"

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
    M_DATA,
    M_SYNC_WAITING,
    M_RESTORES,
    M_LOCK_WAITING,
    M_LOCK_WAITS,
    M_LOCK_SECONDS,
    M_DEADLOCKS,
    M_LOCK_TIMEOUTS,
    M_OLDEST,
    M_PANICS,
    M_FAILED_RESTORES,
    M_ACKNOWLEDGED,
    M_ROWS_WIPED,
    M_ROWS_RESTORED,
    M_ROWS_LOST,
    M_ROWS_MISSING,
    M_ROWS_WITHOUT_COPY,
    M_XIDS,
    M_XIDS_LEFT,
    M_XID_REFUSED,
    M_COUNT
};
#define DB_METRIC(n, p, l, t, u, d)                                                    \
    {                                                                                  \
        .name = n, .prom = p, .labels = l, .type = t, .unit = u, .doc = d              \
    }
const struct metric_desc database_metrics[DATABASE_METRICS] = {
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
    [M_DISK_USED] =
        DB_METRIC("disk_used_bytes", "db_disk_used_bytes", "", METRIC_GAUGE, "bytes",
                  "Data, tables with indexes, log and others' files."),
    [M_DATA] = DB_METRIC("data_bytes", "db_data_bytes", "", METRIC_GAUGE, "bytes",
                         "Data and tables with indexes: what a backup has to hold."),
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
    [M_FAILED_RESTORES] = DB_METRIC(
        "restores_failed_total", "db_restores_failed_total", "", METRIC_COUNTER, "1",
        "Restores of a file that held no data: none is left."),
    [M_ACKNOWLEDGED] =
        DB_METRIC("acknowledged_writes_total", "db_acknowledged_writes_total", "",
                  METRIC_COUNTER, "1", "Writes that were answered."),
    [M_ROWS_WIPED] =
        DB_METRIC("rows_wiped_total", "db_rows_wiped_total", "", METRIC_COUNTER, "1",
                  "Rows that somebody deleted by mistake, or dropped; all tables."),
    [M_ROWS_RESTORED] =
        DB_METRIC("rows_restored_total", "db_rows_restored_total", "", METRIC_COUNTER,
                  "1", "Of those, rows that came back from a copy."),
    [M_ROWS_LOST] =
        DB_METRIC("rows_lost_total", "db_rows_lost_total", "", METRIC_COUNTER, "1",
                  "Rows that had come after the backup that was put back."),
    [M_ROWS_MISSING] =
        DB_METRIC("rows_missing", "db_rows_missing", "", METRIC_GAUGE, "1",
                  "Rows deleted by mistake that are not there again."),
    [M_ROWS_WITHOUT_COPY] =
        DB_METRIC("rows_without_copy", "db_rows_without_copy", "", METRIC_GAUGE, "1",
                  "Of those, rows that no backup and no replica has any more."),
    [M_XIDS] = DB_METRIC("transaction_ids_total", "db_transaction_ids_total", "",
                         METRIC_COUNTER, "1", "Transactions that wrote."),
    [M_XIDS_LEFT] = DB_METRIC(
        "transaction_ids_left", "db_transaction_ids_left", "", METRIC_GAUGE, "1",
        "Transactions until it writes no more, unless its oldest table is frozen."),
    [M_XID_REFUSED] =
        DB_METRIC("transaction_ids_refused_total", "db_transaction_ids_refused_total",
                  "", METRIC_COUNTER, "1", "Writes refused because none were left."),
    [M_PANICS] = DB_METRIC("panics_total", "db_panics_total", "", METRIC_COUNTER, "1",
                           "Times that the log found no room on the disk, and the "
                           "server went down."),
};
_Static_assert((int)M_COUNT == (int)DATABASE_METRICS, "one for each");

const struct metric_need database_needs[DATABASE_NEEDS] = {
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
    {"data_bytes", "disk_size"},
    {"data_bytes", "backup"},
    {"sync_waiting", "synchronous"},
    {"restores_total", "backup"},
    {"lock_waiting", "table"},
    {"lock_waits_total", "table"},
    {"lock_wait_seconds_total", "table"},
    {"deadlocks_total", "table"},
    {"lock_timeouts_total", "table"},
    {"oldest_transaction", "table"},
    {"panics_total", "disk_size"},
    {"restores_failed_total", "backup"},
    {"acknowledged_writes_total", "replica"},
    {"acknowledged_writes_total", "backup"},
    {"acknowledged_writes_total", "table"},
    {"acknowledged_writes_total", "disk_size"},
    {"rows_wiped_total", NULL},
    {"rows_restored_total", NULL},
    {"rows_lost_total", NULL},
    {"rows_missing", NULL},
    {"rows_without_copy", NULL},
    {"transaction_ids_total", "table"},
    {"transaction_ids_left", "table"},
    {"transaction_ids_refused_total", "table"},
};

/* ---- looking --------------------------------------------------------------------- */

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

/* Over all tables. */
static double rows_metric(const struct world *w, comp_id c, int metric)
{
    double sum = 0;
    for (comp_id n = db_at(w, c)->cluster.tables; n != 0;) {
        const struct table *t = table_at(w, (comp_id)(n - 1));
        sum += metric == M_ROWS_WIPED      ? (double)t->wiped
               : metric == M_ROWS_RESTORED ? (double)t->restored
               : metric == M_ROWS_LOST     ? (double)t->lost
                                           : (double)t->missing;
        n = t->next;
    }
    return sum;
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
        return (double)(x->lsn + x->lsn_lost);
    case M_WAL_KEPT:
        return (double)wal_kept(w, c);
    case M_DISK_SIZE:
        return (double)p_count(w, c, DB_DISK_SIZE);
    case M_DISK_USED:
        return (double)disk_used(w, c);
    case M_DATA:
        return (double)disk_data(w, c);
    case M_SYNC_WAITING:
        return x->sync.count;
    case M_XIDS:
        return (double)x->xids;
    case M_XIDS_LEFT:
        return (double)xid_left(w, c);
    case M_XID_REFUSED:
        return (double)x->xid_refused;
    case M_ACKNOWLEDGED:
        return (double)x->acknowledged;
    case M_ROWS_WIPED:
    case M_ROWS_RESTORED:
    case M_ROWS_LOST:
    case M_ROWS_MISSING:
        return rows_metric(w, c, metric);
    case M_ROWS_WITHOUT_COPY:
        return (double)rescue_without_copy(w, c);
    case M_FAILED_RESTORES:
        return (double)x->failed_restores;
    case M_PANICS:
        return (double)x->panics;
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

double database_metric(const struct world *w, comp_id c, int metric, int instance)
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

void database_inflight(const struct world *w, comp_id c,
                       void (*f)(const struct world *w, const struct act *a, void *ctx),
                       void *ctx)
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

size_t world_db_sessions(const struct world *w, comp_id db, struct db_session_view *out,
                         size_t max)
{
    size_t count = 0;
    if (db >= w->model->ncomps ||
        (w->comps[db].kind != &kind_database && !is_replica(w, db)))
        return 0;
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
