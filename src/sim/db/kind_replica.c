/*
 * replica: a second server of a database, which follows the first one's log
 * (cluster.h). Its sessions are those of pools whose role is "replica", until it leads.
 */
#include "db/cluster.h"
#include "engine/kind.h"

#include <stdio.h>

static const struct param_desc params[] = {
    [RP_DELAY] = {.name = "delay",
                  .type = VALUE_DURATION,
                  .min = 0,
                  .max = 3600,
                  .unit = "s",
                  .def = "5ms",
                  .change = CHANGE_BUILT,
                  .doc = "One way from the primary."},
    [RP_BANDWIDTH] = {.name = "bandwidth",
                      .type = VALUE_NUMBER,
                      .min = 0,
                      .max = 1e12,
                      .unit = "bytes/s",
                      .def = "0",
                      .change = CHANGE_BUILT,
                      .doc = "What the link from the primary carries; 0: no limit."},
    [RP_REPLAY] = {.name = "replay_rate",
                   .type = VALUE_NUMBER,
                   .min = 0,
                   .max = 1e12,
                   .unit = "bytes/s",
                   .def = "0",
                   .change = CHANGE_BUILT,
                   .doc = "How fast it applies the log, one thing after the other; "
                          "0: at once."},
    [RP_SLOT] = {.name = "slot",
                 .type = VALUE_BOOL,
                 .unit = "",
                 .def = "on",
                 .change = CHANGE_AT_ONCE,
                 .doc = "The primary keeps the log until this replica has it, however "
                        "long that is."},
    [RP_CORES] = {.name = "cores",
                  .type = VALUE_COUNT,
                  .min = 0,
                  .max = 10000,
                  .unit = "cores",
                  .def = "0",
                  .change = CHANGE_BY_RESIZE,
                  .doc = "Its cores; 0: as many as the database's first server has."},
};

_Static_assert(COUNT_OF(params) == RP_PARAMS, "a parameter without a description");

enum { OP_KILL, OP_PAUSE, OP_RESUME, OP_REBUILD, OP_COUNT };
static const struct op_desc ops[] = {
    [OP_KILL] = {.name = "kill",
                 .args = {{.name = "session",
                           .type = VALUE_TEXT,
                           .doc = "A session's number, \"idle-in-transaction\", or the "
                                  "name of a statement: all that run it."}},
                 .cost = 2 * SIM_SEC,
                 .risk = "What the session was doing is rolled back.",
                 .doc = "Closes sessions; their pools open new ones when needed."},
    [OP_PAUSE] = {.name = "pause_replay",
                  .cost = 2 * SIM_SEC,
                  .risk = "What it shows stays as old as it is now.",
                  .doc = "Stops applying the log; it is still received."},
    [OP_RESUME] = {.name = "resume_replay",
                   .cost = 2 * SIM_SEC,
                   .doc = "Goes on applying the log."},
    [OP_REBUILD] = {.name = "rebuild",
                    .cost = 30 * SIM_SEC,
                    .risk = "Everything on this server is replaced by a copy of the "
                            "primary.",
                    .doc = "Copies the primary anew."},
};
_Static_assert(COUNT_OF(ops) == OP_COUNT, "one for each");

/* The first three are the database's, too. */
enum {
    FAULT_SLOW,
    FAULT_STALL,
    FAULT_DOWN,
    FAULT_REPLAY,
    FAULT_LINK,
    FAULT_LINK_DOWN,
    FAULT_HOST,
    FAULT_COUNT
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
    [FAULT_REPLAY] = {.name = "replay_stuck",
                      .doc = "It receives the log and applies none of it."},
    [FAULT_LINK] = {.name = "link_slow",
                    .args = {{.name = "factor",
                              .type = VALUE_NUMBER,
                              .doc = "How many times the delay, and how much less it "
                                     "carries."}},
                    .doc = "The link from the primary is bad."},
    [FAULT_LINK_DOWN] = {.name = "link_down",
                         .doc = "Nothing comes from the primary; users get through."},
    [FAULT_HOST] = {.name = "host_gone",
                    .doc = "Its machine is gone: who connects hangs, and who is "
                           "connected, until it is back."},
};
_Static_assert(COUNT_OF(faults) == FAULT_COUNT, "one for each");

enum {
    M_UP,
    M_LEADS,
    M_LAG,
    M_LAG_BYTES,
    M_CATCH_UP,
    M_CONNECTIONS,
    M_ACTIVE,
    M_CPU,
    M_CPU_SECONDS,
    M_STATEMENTS,
    M_REFUSED,
    M_KILLED,
    M_BROKEN,
    M_RECEIVED,
    M_COUNT
};
#define REPLICA_METRIC(n, p, t, u, d)                                                  \
    {                                                                                  \
        .name = n, .prom = p, .labels = "", .type = t, .unit = u, .doc = d             \
    }
static const struct metric_desc metrics[] = {
    [M_UP] = REPLICA_METRIC("up", "db_replica_up", METRIC_GAUGE, "1", "1: it answers."),
    [M_LEADS] = REPLICA_METRIC("leads", "db_replica_leads", METRIC_GAUGE, "1",
                               "1: it is the primary now."),
    [M_LAG] = REPLICA_METRIC("lag", "db_replica_lag_seconds", METRIC_GAUGE, "s",
                             "Age of the oldest write that cannot be read here yet."),
    [M_LAG_BYTES] =
        REPLICA_METRIC("lag_bytes", "db_replica_lag_bytes", METRIC_GAUGE, "bytes",
                       "Log that is written and not applied here."),
    [M_CATCH_UP] =
        REPLICA_METRIC("catch_up", "db_replica_catch_up_seconds", METRIC_GAUGE, "s",
                       "Until a write of this moment can be read here; -1: never, as "
                       "things stand."),
    [M_CONNECTIONS] = REPLICA_METRIC("connections", "db_replica_connections_open",
                                     METRIC_GAUGE, "1", "Sessions."),
    [M_ACTIVE] = REPLICA_METRIC("active", "db_replica_connections_active", METRIC_GAUGE,
                                "1", "Sessions that run a statement."),
    [M_CPU] = REPLICA_METRIC("cpu", "db_replica_cpu_usage_ratio", METRIC_GAUGE, "ratio",
                             "Share of its cores busy over the last second."),
    [M_CPU_SECONDS] =
        REPLICA_METRIC("cpu_seconds_total", "db_replica_cpu_seconds_total",
                       METRIC_COUNTER, "s", "Core-seconds used."),
    [M_STATEMENTS] =
        REPLICA_METRIC("statements_total", "db_replica_statements_total",
                       METRIC_COUNTER, "1", "Statements that were done here."),
    [M_REFUSED] =
        REPLICA_METRIC("refused_total", "db_replica_connections_refused_total",
                       METRIC_COUNTER, "1", "Connections refused."),
    [M_KILLED] = REPLICA_METRIC("killed_total", "db_replica_connections_killed_total",
                                METRIC_COUNTER, "1",
                                "Sessions closed by an operator or a time limit."),
    [M_BROKEN] = REPLICA_METRIC("broken", "db_replica_broken", METRIC_GAUGE, "1",
                                "1: it follows no more and has to be rebuilt."),
    [M_RECEIVED] = REPLICA_METRIC("received_bytes", "db_replica_received_bytes",
                                  METRIC_GAUGE, "bytes",
                                  "Log that has come here since the start, applied or "
                                  "not."),
};
_Static_assert(COUNT_OF(metrics) == M_COUNT, "one for each");

/* ---- doing ----------------------------------------------------------------------- */

static enum err set_replay(struct world *w, comp_id c, bool stopped, struct effect *fx,
                           struct errmsg *why)
{
    struct follower *f = &db_at(w, c)->follows;
    if (f->replay_stopped == stopped)
        return errmsg_set(why, ERR_REFUSED, "the replay of %s %s", w->comps[c].name,
                          stopped ? "is paused already" : "is not paused");
    struct buf behind;
    buf_init(&behind, 0);
    bytes_format(&behind, (double)wal_unapplied(w, c));
    f->replay_stopped = stopped;
    wal_replan(w, c);
    snprintf(fx->title, sizeof fx->title, "replay of %s %s, %s of log to apply",
             w->comps[c].name, stopped ? "paused" : "goes on", behind.s);
    buf_release(&behind);
    fx->undoable = true;
    fx->undo = (struct action){
        .kind = ACTION_OP, .comp = c, .name = ops[stopped ? OP_RESUME : OP_PAUSE].name};
    return ERR_OK;
}

static enum err replica_op(struct world *w, comp_id c, int op, const struct action *a,
                           struct effect *fx, struct errmsg *why)
{
    switch (op) {
    case OP_KILL:
        return database_kill(w, c, a->args[0].as.text, fx, why);
    case OP_PAUSE:
    case OP_RESUME:
        return set_replay(w, c, op == OP_PAUSE, fx, why);
    default:
        return cluster_rebuild(w, c, fx, why);
    }
}

static enum err replica_fault(struct world *w, comp_id c, int fault,
                              const struct action *a, bool on, struct errmsg *why)
{
    struct follower *f = &db_at(w, c)->follows;
    double factor = a->args[0].as.number;
    if (fault <= FAULT_DOWN)
        return database_server_fault(w, c, fault, factor, on, why);
    if (fault == FAULT_HOST)
        return database_host_gone(w, c, on, why);
    if (fault == FAULT_LINK && on && !(factor > 0 && factor <= 1e6))
        return errmsg_set(why, ERR_INPUT,
                          "link_slow: the factor must be above 0, e.g. 100");
    if (fault == FAULT_REPLAY)
        f->replay_stopped = on;
    else if (fault == FAULT_LINK)
        f->link_slow = on ? factor : 0;
    else
        f->link_down = on;
    wal_replan(w, c);
    if (!on)
        query_sync_again(w, cluster_of(w, c));
    return ERR_OK;
}

static void replica_changed(struct world *w, comp_id c, int param,
                            const struct value *old)
{
    (void)old;
    if (param == RP_CORES)
        database_retune(w, c);
    else if (param != RP_SLOT)
        wal_replan(w, c);
}

/* ---- looking --------------------------------------------------------------------- */

static double catch_up(const struct world *w, comp_id c)
{
    sim_time t = wal_catch_up(w, c);
    return t == SIM_FOREVER ? -1 : (double)t / (double)SIM_SEC;
}

static double replica_metric(const struct world *w, comp_id c, int metric, int instance)
{
    const struct database *d = db_at(w, c);
    const struct cluster *x = &db_at(w, cluster_of(w, c))->cluster;
    bool leads = x->primary == c + 1;
    (void)instance;
    switch (metric) {
    case M_UP:
        return !d->down && !d->stalled;
    case M_LEADS:
        return leads;
    case M_LAG:
        return leads ? 0 : (double)wal_lag(w, c) / (double)SIM_SEC;
    case M_LAG_BYTES:
        return leads || d->follows.role != NODE_FOLLOWS ? 0
                                                        : (double)wal_unapplied(w, c);
    case M_CATCH_UP:
        return leads ? 0 : catch_up(w, c);
    case M_CONNECTIONS:
        return db_sessions(d);
    case M_ACTIVE:
        return d->count[CONN_ACTIVE];
    case M_CPU:
        return station_load(w, &d->engine, 1);
    case M_CPU_SECONDS:
        return station_busy(w, &d->engine);
    case M_STATEMENTS:
        return (double)d->done;
    case M_REFUSED:
        return (double)d->refused;
    case M_KILLED:
        return (double)d->killed;
    case M_RECEIVED:
        return (double)(leads ? x->lsn : wal_received(w, c, NULL));
    default:
        return d->follows.role == NODE_DIVERGED;
    }
}

/* ---- the kind -------------------------------------------------------------------- */

static size_t replica_state_size(const struct model *m, comp_id c)
{
    (void)m, (void)c;
    return sizeof(struct database);
}

/* The database's list has them in order of their ids. */
static void replica_init(struct world *w, comp_id c)
{
    comp_id *at = &db_at(w, w->comps[c].owner)->cluster.first;
    while (*at != 0)
        at = &db_at(w, (comp_id)(*at - 1))->follows.next;
    *at = (comp_id)(c + 1);
    station_init(w, &db_at(w, c)->engine, c, CAUSE_DB_CPU, CAUSE_DB_WAIT, 1);
    database_retune(w, c);
}

static const struct figure_desc figures[] = {
    {.label = "cpu",
     .metric = "cpu",
     .how = FIGURE_NOW,
     .status = true,
     .map = MAP_ALWAYS,
     .chart = 125,
     .warn = 0.9},
    {.label = "behind",
     .metric = "lag",
     .how = FIGURE_NOW,
     .status = true,
     .map = MAP_IF_UNUSUAL,
     .chart = 75,
     .warn = 1,
     .bad = 60},
};

const struct kind_impl kind_replica = {
    .desc = {.name = "replica",
             .doc =
                 "A second server of a database: follows its log, answers reads, and "
                 "can take over.",
             .nested = true,
             .within = "database",
             .params = params,
             .nparams = COUNT_OF(params),
             .ops = ops,
             .nops = COUNT_OF(ops),
             .faults = faults,
             .nfaults = COUNT_OF(faults),
             .metrics = metrics,
             .nmetrics = COUNT_OF(metrics),
             .figures = figures,
             .nfigures = COUNT_OF(figures),
             .age = "lag"},
    .named = NAMED_QUERIED,
    .state_size = replica_state_size,
    .init = replica_init,
    .event = database_event,
    .changed = replica_changed,
    .resize = database_resize,
    .resized = database_resized,
    .op = replica_op,
    .fault = replica_fault,
    .cores = database_cores,
    .metric = replica_metric,
};
