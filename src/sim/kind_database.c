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
#include "database.h"

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
};

enum { OP_KILL };
static const struct op_desc ops[] = {
    [OP_KILL] = {.name = "kill",
                 .args = {{.name = "session",
                           .type = VALUE_TEXT,
                           .doc = "A session's number, \"idle-in-transaction\", or the "
                                  "name of a statement: all that run it."}},
                 .cost = 2 * SIM_SEC,
                 .risk = "What the session was doing is rolled back.",
                 .doc = "Closes sessions; their pools open new ones when needed."},
};

enum { FAULT_SLOW, FAULT_STALL, FAULT_DOWN };
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
    M_UP
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

static void db_event(struct world *w, comp_id c, int what, uint32_t a, uint32_t b)
{
    (void)c;
    if (what == DB_EV_STATEMENT_TIMEOUT) {
        query_timed_out(w, a, b);
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

static void retune(struct world *w, comp_id c)
{
    struct station *s = &db_at(w, c)->engine;
    station_touch(w, s);
    s->cores = (double)p_count(w, c, DB_CORES);
    s->alpha = p_number(w, c, DB_CONTENTION);
    s->beta = p_number(w, c, DB_COHERENCY);
    s->paused = db_at(w, c)->stalled;
    station_changed(w, s);
}

static void db_changed(struct world *w, comp_id c, int param, const struct value *old)
{
    (void)old;
    if (param == DB_IDLE_TX_TIMEOUT)
        session_rearm_idle(w, c);
    else if (param == DB_CORES || param == DB_CONTENTION || param == DB_COHERENCY)
        retune(w, c);
}

/* "reserve" or "orders-db.reserve" */
static comp_id statement_named(const struct world *w, comp_id db, const char *name)
{
    size_t own = strlen(w->comps[db].name);
    for (size_t i = 0; i < w->model->ncomps; i++) {
        const struct comp *s = &w->comps[i];
        if (s->kind == &kind_statement && s->owner == db &&
            (str_eq(s->name, name) || str_eq(s->name + own + 1, name)))
            return (comp_id)i;
    }
    return COMP_NONE;
}

static enum err kill_sessions(struct world *w, comp_id c, const char *which,
                              struct effect *e, struct errmsg *why)
{
    uint32_t count = 0;
    comp_id statement = statement_named(w, c, which);
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

static enum err db_op(struct world *w, comp_id c, int op, const struct action *a,
                      struct effect *e, struct errmsg *why)
{
    (void)op;
    return kill_sessions(w, c, a->args[0].as.text, e, why);
}

static void go_down(struct world *w, comp_id c, bool on)
{
    struct database *d = db_at(w, c);
    uint32_t count = 0;
    d->down = on;
    if (!on)
        return;
    w_log(w, c, 0, LOG_ERROR, 0, "shutting down");
    session_sweep(w, c, REASON_DOWN, any, 0, 0, &count);
}

static enum err db_fault(struct world *w, comp_id c, int fault, const struct action *a,
                         bool on, struct errmsg *why)
{
    struct database *d = db_at(w, c);
    double factor = a->args[0].as.number;
    if (fault == FAULT_SLOW) {
        if (on && !(factor > 0 && factor <= 1e6))
            return errmsg_set(why, ERR_INPUT,
                              "slow: the factor must be above 0, e.g. 4");
        station_touch(w, &d->engine);
        d->engine.factor = on ? 1 / factor : 1;
        station_changed(w, &d->engine);
    } else if (fault == FAULT_STALL) {
        d->stalled = on;
        retune(w, c);
        if (!d->stalled)
            session_admit_held(w, c);
    } else {
        go_down(w, c, on);
    }
    return ERR_OK;
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
    default:
        return !d->down && !d->stalled;
    }
}

static void
db_inflight(const struct world *w, comp_id c,
            void (*f)(const struct world *w, const struct act *a, void *ctx), void *ctx)
{
    for (ref r = db_at(w, c)->inside.first; r != 0; r = act_at(w, r)->next)
        f(w, act_at(w, r), ctx);
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
                .state = n->state == CONN_ACTIVE  ? SESSION_ACTIVE
                         : n->state == CONN_IN_TX ? SESSION_IDLE_IN_TRANSACTION
                                                  : SESSION_IDLE,
                .since = n->since,
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
    retune(w, c);
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
             .nmetrics = COUNT_OF(metrics)},
    .state_size = db_state_size,
    .init = db_init,
    .event = db_event,
    .begin = query_begin,
    .resume = query_resume,
    .cancel = query_cancel,
    .changed = db_changed,
    .op = db_op,
    .fault = db_fault,
    .metric = db_metric,
    .inflight = db_inflight,
};
