/*
 * database: sessions up to a limit, transactions, and an engine that all running
 * statements share.
 *
 * The engine is one station. Its rate by the number n of running statements is
 * Gunther's universal scalability law, min(cores, n) / (1 + contention (n-1) +
 * coherency n (n-1)): the more statements run, the more of its power goes into waiting
 * for and agreeing with each other, until adding work takes away throughput.
 *
 * A session is a pool's connection (conn.h). A query first gets one from its pool
 * (or runs on its caller's open transaction's), spends the network time with the
 * connection held, and then its statement runs. A session whose transaction is open
 * while no statement runs is idle in transaction, for as long as
 * idle_in_transaction_timeout allows.
 */
#include "db/cluster.h"
#include "db/describe.h"
#include "db/lock.h"
#include "db/table.h"
#include "engine/telling.h"
#include "model/model.h"

static const struct param_desc params[] = {
    [DB_MAX_CONNECTIONS] = {.name = "max_connections",
                            .type = VALUE_COUNT,
                            .min = 1,
                            .max = 100000,
                            .unit = "connections",
                            .def = "100",
                            .change = CHANGE_AT_RESTART,
                            .doc = "Sessions it admits; more are refused."},
    [DB_CORES] = {.name = "cores",
                  .type = VALUE_COUNT,
                  .min = 1,
                  .max = 10000,
                  .unit = "cores",
                  .def = "8",
                  .change = CHANGE_BY_RESIZE,
                  .doc = "Statements that can make progress at full speed at once."},
    [DB_CONTENTION] = {.name = "contention",
                       .type = VALUE_NUMBER,
                       .min = 0,
                       .max = 1,
                       .unit = "",
                       .def = "0",
                       .doc =
                           "Share of the work that is serial (alpha of the universal "
                           "scalability law)."},
    [DB_COHERENCY] = {.name = "coherency",
                      .type = VALUE_NUMBER,
                      .min = 0,
                      .max = 1,
                      .unit = "",
                      .def = "0",
                      .doc =
                          "Cost of each pair of statements keeping out of each other's "
                          "way (beta of the universal scalability law)."},
    [DB_CONNECT_TIME] = {.name = "connect_time",
                         .type = VALUE_DURATION,
                         .min = 0,
                         .max = 60,
                         .unit = "s",
                         .def = "5ms",
                         .change = CHANGE_BUILT,
                         .doc = "Processor time of the server for a new session "
                                "(process, authentication, caches); longer where its "
                                "cores are busy."},
    [DB_IDLE_TX_TIMEOUT] = {.name = "idle_in_transaction_timeout",
                            .type = VALUE_DURATION,
                            .min = 0,
                            .max = 86400,
                            .unit = "s",
                            .def = "0",
                            .change = CHANGE_AT_ONCE,
                            .doc = "Closes sessions that sit in an open transaction "
                                   "without a statement for so long; 0: never."},
    [DB_STATEMENT_TIMEOUT] = {.name = "statement_timeout",
                              .type = VALUE_DURATION,
                              .min = 0,
                              .max = 86400,
                              .unit = "s",
                              .def = "0",
                              .change = CHANGE_AT_ONCE,
                              .doc = "Stops statements that run longer; 0: never."},
    [DB_SYNCHRONOUS] = {.name = "synchronous",
                        .type = VALUE_BOOL,
                        .unit = "",
                        .def = "off",
                        .change = CHANGE_AT_ONCE,
                        .doc = "A write is answered only when a replica has it."},
    [DB_AUTO_FAILOVER] =
        {.name = "auto_failover",
         .type = VALUE_DURATION,
         .min = 0,
         .max = 3600,
         .unit = "s",
         .def = "0",
         .change = CHANGE_AT_ONCE,
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
                      .change = CHANGE_BY_RESIZE,
                      .doc =
                          "Data, tables with indexes, and log have to fit; when they "
                          "do not, writes fail, and where the log has to grow the "
                          "server panics. 0: no limit."},
    [DB_DATA] = {.name = "data",
                 .type = VALUE_COUNT,
                 .min = 0,
                 .max = 1e15,
                 .unit = "bytes",
                 .def = "10000000000",
                 .doc = "Data on the disk at the start, besides the tables that are "
                        "modelled."},
    [DB_WAL_KEEP] = {.name = "wal_keep",
                     .type = VALUE_COUNT,
                     .min = 0,
                     .max = 1e15,
                     .unit = "bytes",
                     .def = "1000000000",
                     .change = CHANGE_AT_ONCE,
                     .doc = "Log that is kept in any case; its files are used again."},
    [DB_COMMIT_TIME] = {.name = "commit_time",
                        .type = VALUE_DURATION,
                        .min = 0,
                        .max = 10,
                        .unit = "s",
                        .def = "0",
                        .change = CHANGE_BUILT,
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
                         .change = CHANGE_AT_ONCE,
                         .doc = "Fails statements that wait longer for a lock; 0: "
                                "never."},
    [DB_FREEZE_MAX_AGE] =
        {.name = "freeze_max_age",
         .type = VALUE_COUNT,
         .min = 100000,
         .max = 2e9,
         .unit = "transactions",
         .def = "200000000",
         .doc =
             "The age of a table at which autovacuum comes to freeze it, even where it "
             "is off (PostgreSQL: autovacuum_freeze_max_age)."},
    [DB_DEADLOCK_TIMEOUT] = {.name = "deadlock_timeout",
                             .type = VALUE_DURATION,
                             .min = 0.001,
                             .max = 86400,
                             .unit = "s",
                             .def = "1s",
                             .change = CHANGE_AT_ONCE,
                             .doc = "How long one waits for a lock before it looks for "
                                    "a deadlock."},
    [DB_CONNECT_WAIT] = {.name = "connect_wait",
                         .type = VALUE_DURATION,
                         .min = 0,
                         .max = 60,
                         .unit = "s",
                         .def = "0",
                         .change = CHANGE_BUILT,
                         .doc = "Time on top of connect_time that costs the server "
                                "nothing: round trips, another server that is asked."},
    [DB_RESTART_TIME] = {.name = "restart_time",
                         .type = VALUE_DURATION,
                         .min = 1,
                         .max = 3600,
                         .unit = "s",
                         .def = "10s",
                         .change = CHANGE_BUILT,
                         .doc = "How long a restart takes: nobody gets in meanwhile."},
    [DB_RESIZE_TIME] = {.name = "resize_time",
                        .type = VALUE_DURATION,
                        .min = 1,
                        .max = 86400,
                        .unit = "s",
                        .def = "10m",
                        .change = CHANGE_BUILT,
                        .doc = "How long it takes until another machine, or a larger "
                               "disk, is there."},
    [DB_RESIZE_AWAY] = {.name = "resize_away",
                        .type = VALUE_DURATION,
                        .min = 1,
                        .max = 3600,
                        .unit = "s",
                        .def = "60s",
                        .change = CHANGE_BUILT,
                        .doc =
                            "How long nobody gets in when another machine takes over "
                            "(Amazon RDS: 60 to 120 s); a disk grows without that."},
    [DB_LOG_REPLAY] = {.name = "log_replay",
                       .type = VALUE_NUMBER,
                       .min = 0,
                       .max = 1e6,
                       .unit = "",
                       .def = "0",
                       .doc = "Its log is archived, and a backup that is brought up "
                              "elsewhere goes through it so many times faster than it "
                              "was written, up to any moment. 0: it is not archived."},
};

_Static_assert(COUNT_OF(params) == DB_PARAMS, "a parameter without a description");

/* A file without data was put back: the old files had to go first (PostgreSQL, "Recovering
 * Using a Continuous Archive Backup", step 4), and nothing came in their place. */
static void emptied(struct world *w, comp_id c)
{
    struct cluster *x = &db_at(w, c)->cluster;
    x->failed_restores++;
    x->lost_writes += cluster_kept(x);
    x->writes = 0;
    x->data = -p_count(w, c, DB_DATA);
    for (comp_id t = x->tables; t != 0; t = table_at(w, (comp_id)(t - 1))->next)
        if (!table_at(w, (comp_id)(t - 1))->dropped)
            (void)table_drop(w, (comp_id)(t - 1));
}

/* The copy is back: what it holds is all that there is. */
static void restored(struct world *w, comp_id c)
{
    struct cluster *x = &db_at(w, c)->cluster;
    comp_id series = (comp_id)(x->restoring - 1);
    x->restoring = 0;
    if (!backup_good(w, series)) {
        emptied(w, c);
        cluster_restored(w, c);
        w_log(w, c, 0, LOG_ERROR, 0, "restored from %s, which holds no data: no tables",
              w->comps[series].name);
        database_go_down(w, c, false);
        return;
    }
    uint64_t at = backup_writes(w, series);
    x->restores++;
    x->lost_writes += backup_undoes(w, series);
    x->writes = at;
    backup_put_back(w, series);
    cluster_restored(w, c);
    w_log(w, c, 0, LOG_WARN, 0, "restored from %s", w->comps[series].name);
    database_go_down(w, c, false);
}

static SELDOM void cluster_event(struct world *w, comp_id c, int what)
{
    switch (what) {
    case DB_EV_PROMOTED:
        cluster_promoted(w, c);
        break;
    case DB_EV_ELECT:
        cluster_elect(w, c);
        break;
    case DB_EV_REBUILT:
        cluster_rebuilt(w, c);
        break;
    case DB_EV_RESTORED:
        restored(w, c);
        break;
    case DB_EV_RESCUED:
        database_rescued(w, c);
        break;
    case DB_EV_PANIC:
        disk_panic(w, c);
        break;
    case DB_EV_STARTED:
        database_started(w, c);
        break;
    default:
        disk_recover(w, c);
    }
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
    if (what >= DB_EV_PROMOTED && what != DB_EV_LATE) {
        cluster_event(w, c, what);
        return;
    }
    /* A connection's timer is cancelled before it is freed: it is alive. */
    assert(conn_at(w, a)->id == b);
    if (what == DB_EV_CONNECTED)
        session_starts(w, conn_at(w, a));
    else if (what == DB_EV_LATE)
        session_late(w, conn_at(w, a));
    else
        session_idle_timed_out(w, conn_at(w, a));
}

/* ---- doing ----------------------------------------------------------------------- */

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
        query_sync_changed(w, c);
    else if (param == DB_AUTO_FAILOVER)
        cluster_patience_changed(w, c);
}

/* ---- the kind -------------------------------------------------------------------- */

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

static const struct figure_desc figures[] = {
    {.label = "cpu",
     .metric = "cpu",
     .how = FIGURE_NOW,
     .status = true,
     .map = MAP_ALWAYS,
     .chart = 40,
     .warn = 0.9},
    {.label = "conns",
     .metric = "connections",
     .of = "max_connections",
     .how = FIGURE_OF,
     .status = true,
     .map = MAP_ALWAYS,
     .warn = 1},
    {.label = "connections", .metric = "connections", .how = FIGURE_NOW, .chart = 120},
    {.label = "statements running",
     .metric = "active",
     .how = FIGURE_NOW,
     .chart = 130},
    {.label = "waiting for locks",
     .metric = "lock_waiting",
     .how = FIGURE_NOW,
     .map = MAP_IF_ANY,
     .chart = 115,
     .warn = 1},
    {.label = "disk",
     .metric = "disk_used_bytes",
     .of = "disk_size_bytes",
     .how = FIGURE_OF,
     .map = MAP_IF_UNUSUAL,
     .warn = 0.9,
     .bad = 0.98},
};

static enum err database_names(const struct model *m, const struct action *a,
                               struct errmsg *why)
{
    static const struct word_desc words[] = {
        {ACTION_OP, "failover", 0, "replica", NULL},
        {ACTION_OP, "restore", 0, "backup", NULL},
        {ACTION_OP, "rescue", 0, "backup|replica", NULL},
        {ACTION_FAULT, "long_transaction", 0, "table", NULL},
    };
    return action_words(m, a, words, COUNT_OF(words), why);
}

const struct kind_impl kind_database = {
    .desc = {.name = "database",
             .doc =
                 "Sessions up to a limit, and cores that all running statements share.",
             .params = params,
             .nparams = COUNT_OF(params),
             .ops = database_ops,
             .nops = DATABASE_OPS,
             .faults = database_faults,
             .nfaults = DATABASE_FAULTS,
             .metrics = database_metrics,
             .nmetrics = DATABASE_METRICS,
             .needs = database_needs,
             .nneeds = DATABASE_NEEDS,
             .figures = figures,
             .nfigures = COUNT_OF(figures)},
    .named = NAMED_QUERIED,
    .state_size = db_state_size,
    .init = db_init,
    .event = database_event,
    .begin = query_begin,
    .resume = query_resume,
    .cancel = query_cancel,
    .query_lost = query_lost,
    .dial = db_dial,
    .address = cluster_primary,
    .cores = database_cores,
    .changed = db_changed,
    .resize = database_resize,
    .resized = database_resized,
    .names = database_names,
    .op = database_op,
    .fault = database_fault,
    .metric = database_metric,
    .inflight = database_inflight,
};
