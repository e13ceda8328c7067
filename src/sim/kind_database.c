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

enum {
    P_MAX_CONNECTIONS,
    P_CORES,
    P_CONTENTION,
    P_COHERENCY,
    P_CONNECT_TIME,
    P_IDLE_TX_TIMEOUT,
    P_STATEMENT_TIMEOUT
};
static const struct param_desc params[] = {
    [P_MAX_CONNECTIONS] = {.name = "max_connections",
                           .type = VALUE_COUNT,
                           .min = 1,
                           .max = 100000,
                           .unit = "connections",
                           .def = "100",
                           .live = true,
                           .doc = "Sessions it admits; more are refused."},
    [P_CORES] = {.name = "cores",
                 .type = VALUE_COUNT,
                 .min = 1,
                 .max = 10000,
                 .unit = "cores",
                 .def = "8",
                 .live = true,
                 .doc = "Statements that can make progress at full speed at once."},
    [P_CONTENTION] = {.name = "contention",
                      .type = VALUE_NUMBER,
                      .min = 0,
                      .max = 1,
                      .unit = "",
                      .def = "0",
                      .live = false,
                      .doc = "Share of the work that is serial (alpha of the universal "
                             "scalability law)."},
    [P_COHERENCY] = {.name = "coherency",
                     .type = VALUE_NUMBER,
                     .min = 0,
                     .max = 1,
                     .unit = "",
                     .def = "0",
                     .live = false,
                     .doc =
                         "Cost of each pair of statements keeping out of each other's "
                         "way (beta of the universal scalability law)."},
    [P_CONNECT_TIME] = {.name = "connect_time",
                        .type = VALUE_DURATION,
                        .min = 0,
                        .max = 60,
                        .unit = "s",
                        .def = "20ms",
                        .live = false,
                        .doc = "Time it takes to open a connection."},
    [P_IDLE_TX_TIMEOUT] = {.name = "idle_in_transaction_timeout",
                           .type = VALUE_DURATION,
                           .min = 0,
                           .max = 86400,
                           .unit = "s",
                           .def = "0",
                           .live = true,
                           .doc = "Closes sessions that sit in an open transaction "
                                  "without a statement for so long; 0: never."},
    [P_STATEMENT_TIMEOUT] = {.name = "statement_timeout",
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

enum { EV_CONNECTED, EV_STATEMENT_TIMEOUT, EV_IDLE_IN_TX };

struct database {
    struct station engine;
    struct list inside; /* all acts, through next/prev */
    ref first, last;    /* sessions and attempts, through next/prev, by id */
    uint32_t last_id;
    uint32_t count[CONN_DEAD + 1]; /* by state */
    bool down, stalled;            /* faults that run */
    uint64_t done, failed, accepted, refused, killed;
};

static struct database *db_at(const struct world *w, comp_id c)
{
    return W_STATE(w, struct database, c);
}

static uint32_t sessions(const struct database *d)
{
    return d->count[CONN_IDLE] + d->count[CONN_TAKEN] + d->count[CONN_ACTIVE] +
           d->count[CONN_IN_TX];
}

/* ---- sessions
 * -------------------------------------------------------------------------- */

void conn_set(struct world *w, struct conn *n, enum conn_state state)
{
    struct database *d = db_at(w, n->db);
    d->count[n->state]--;
    d->count[state]++;
    n->state = (uint8_t)state;
    n->since = w_now(w);
}

static struct conn *conn_new(struct world *w, comp_id db)
{
    struct database *d = db_at(w, db);
    ref r = w_alloc(w, sizeof(struct conn));
    struct conn *n = conn_at(w, r);
    n->id = ++d->last_id;
    n->db = db;
    n->statement = COMP_NONE;
    n->since = n->opened = w_now(w);
    n->prev = d->last;
    if (d->last != 0)
        conn_at(w, d->last)->next = r;
    else
        d->first = r;
    d->last = r;
    d->count[CONN_CONNECTING]++;
    return n;
}

static void conn_unlink(struct world *w, struct conn *n)
{
    struct database *d = db_at(w, n->db);
    if (n->prev != 0)
        conn_at(w, n->prev)->next = n->next;
    else
        d->first = n->next;
    if (n->next != 0)
        conn_at(w, n->next)->prev = n->prev;
    else
        d->last = n->prev;
    n->next = n->prev = 0;
}

static void conn_free(struct world *w, struct conn *n)
{
    db_at(w, n->db)->count[n->state]--;
    w_release(w, W_REF(w, n), sizeof(struct conn));
}

/* Whoever uses or wants to use the connection fails. */
static void fail_users(struct world *w, struct conn *n, enum reason reason)
{
    struct act *a;
    if (n->act != 0) {
        a = act_at(w, n->act);
        n->act = 0;
        if (a->station != 0)
            station_remove(w, &db_at(w, n->db)->engine, a);
        if (a->phase == QUERY_RUN && a->what != COMP_NONE)
            statement_end(w, a->what, w_now(w) - a->call_start, true);
        query_fail(w, a, reason);
    }
    while ((a = queue_pop(w, &n->waiting)) != NULL)
        query_fail(w, a, reason);
}

void database_close(struct world *w, struct conn *n, enum reason reason)
{
    cal_cancel(w, &n->timer);
    conn_unlink(w, n);
    fail_users(w, n, reason);
    enum conn_state was = (enum conn_state)n->state;
    struct conn gone = *n; /* pool_lost() may open another one */
    conn_set(w, n, CONN_DEAD);
    if (n->holder == 0)
        conn_free(w, n);
    gone.state = (uint8_t)was;
    pool_lost(w, &gone, reason);
}

static void sweep(struct world *w, comp_id db, enum reason reason,
                  bool (*meant)(const struct conn *n, uint32_t a, uint32_t b),
                  uint32_t a, uint32_t b, uint32_t *count)
{
    uint32_t last_id = db_at(w, db)->last_id; /* those that are there now */
    ref next;
    for (ref r = db_at(w, db)->first; r != 0; r = next) {
        struct conn *n = conn_at(w, r);
        if (n->id > last_id)
            break;
        next = n->next;
        if (!meant(n, a, b))
            continue;
        (*count)++;
        database_close(w, n, reason);
    }
}

static bool of_instance(const struct conn *n, uint32_t pool, uint32_t instance)
{
    return n->pool == pool && n->instance == instance;
}

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

void database_close_all(struct world *w, comp_id db, comp_id pool, int instance,
                        enum reason reason)
{
    uint32_t count = 0;
    sweep(w, db, reason, of_instance, pool, (uint32_t)instance, &count);
}

/* ---- connecting
 * --------------------------------------------------------------------------- */

void database_connect(struct world *w, comp_id pool, int instance, struct act *a)
{
    comp_id db = w->comps[pool].target;
    struct conn *n = conn_new(w, db);
    n->pool = pool;
    n->service = w->comps[pool].owner;
    n->instance = (uint16_t)instance;
    if (a != NULL) {
        act_wait(w, a, CAUSE_CONNECT, db);
        a->phase = QUERY_CONNECT;
        a->conn = W_REF(w, n);
        n->act = W_REF(w, a);
    }
    n->timer = cal_after(w, p_time(w, db, P_CONNECT_TIME), EV_KIND + EV_CONNECTED, db,
                         W_REF(w, n), n->id);
}

/* The attempt is decided: in, or refused. */
static void connected(struct world *w, struct conn *n)
{
    struct database *d = db_at(w, n->db);
    n->timer = 0;
    n->held = d->stalled && !d->down;
    if (n->held)
        return;
    if (!d->down && sessions(d) < p_count(w, n->db, P_MAX_CONNECTIONS)) {
        d->accepted++;
        n->opened = w_now(w);
        w_outcome(w, n->id);
        pool_put(w, n);
        return;
    }
    d->refused++;
    w_outcome(w, REASON_CONN_REFUSED);
    if (!d->down)
        w_log(w, n->db, 0, LOG_ERROR, 0,
              "too many connections: %u, refused one of %s-%u", sessions(d),
              w->comps[n->service].name, n->instance);
    database_close(w, n, REASON_CONN_REFUSED);
}

/* The stall is over: those who knocked meanwhile. */
static void admit_held(struct world *w, comp_id db)
{
    uint32_t last_id = db_at(w, db)->last_id;
    ref next;
    for (ref r = db_at(w, db)->first; r != 0; r = next) {
        struct conn *n = conn_at(w, r);
        if (n->id > last_id)
            break;
        next = n->next;
        if (n->state == CONN_CONNECTING && n->held)
            connected(w, n);
    }
}

/* ---- transactions
 * ----------------------------------------------------------------------------- */

/* No statement runs in its open transaction. */
static void tx_idle(struct world *w, struct conn *n)
{
    sim_time limit = p_time(w, n->db, P_IDLE_TX_TIMEOUT);
    conn_set(w, n, CONN_IN_TX);
    if (limit > 0)
        n->timer =
            cal_after(w, limit, EV_KIND + EV_IDLE_IN_TX, n->db, W_REF(w, n), n->id);
}

static void tx_open(struct world *w, struct conn *n, struct act *holder)
{
    n->tx = true;
    if (holder != NULL) {
        n->holder = W_REF(w, holder);
        n->holder_gen = holder->gen;
        holder->tx = W_REF(w, n);
    }
    tx_idle(w, n);
}

/* Back to the pool; the transaction is over. */
static void give_back(struct world *w, struct conn *n)
{
    cal_cancel(w, &n->timer);
    n->tx = n->ending = false;
    n->holder = 0;
    if (n->state == CONN_IN_TX)
        conn_set(w, n, CONN_TAKEN);
    pool_put(w, n);
}

void database_tx_end(struct world *w, struct act *a, bool commit)
{
    (void)commit;
    struct conn *n = conn_at(w, a->tx);
    a->tx = 0;
    if (n->holder != W_REF(w, a) || n->holder_gen != a->gen)
        return; /* a branch that shares its parent's */
    n->holder = 0;
    struct act *waits;
    while ((waits = queue_pop(w, &n->waiting)) != NULL)
        query_fail(w, waits, REASON_KILLED);
    if (n->state == CONN_DEAD)
        conn_free(w, n);
    else if (n->act != 0)
        n->ending = true; /* a statement that nobody waits for still runs */
    else
        give_back(w, n);
}

/* `a` is done with its connection. */
static void let_go(struct world *w, struct act *a)
{
    struct conn *n = conn_at(w, a->conn);
    struct act *next;
    a->conn = 0;
    n->act = 0;
    if (!n->tx || n->ending) {
        give_back(w, n);
    } else if ((next = queue_pop(w, &n->waiting)) != NULL) {
        cal_cancel(w, &n->timer);
        conn_set(w, n, CONN_TAKEN);
        n->act = W_REF(w, next);
        next->conn = W_REF(w, n);
        next->phase = QUERY_READY;
        act_ready(w, next, REASON_NONE);
    } else if (n->state != CONN_IN_TX) {
        tx_idle(w, n);
    }
}

/* ---- a query
 * ------------------------------------------------------------------------------------
 */

/* The last thing that is done with it. */
static void end(struct world *w, struct act *a, enum reason reason, comp_id culprit)
{
    struct database *d = db_at(w, a->comp);
    if (reason == REASON_NONE)
        d->done += a->mode == QUERY_STATEMENT;
    else
        d->failed += a->mode == QUERY_STATEMENT;
    members_remove(w, &d->inside, a);
    act_finish(w, a, reason, culprit);
}

static void end_failed(struct world *w, struct act *a)
{
    enum reason reason = (enum reason)a->x;
    bool pool = reason == REASON_POOL_TIMEOUT || reason == REASON_POOL_FULL;
    end(w, a, reason, pool ? a->pool : a->comp);
}

/* It is at the database and has its session. */
static void work(struct world *w, struct act *a)
{
    struct conn *n = conn_at(w, a->conn);
    if (a->mode != QUERY_STATEMENT) {
        struct act *parent = a->parent != 0 ? act_at(w, a->parent) : NULL;
        if (a->mode == QUERY_LEAK || parent != NULL)
            tx_open(w, n, a->mode == QUERY_LEAK ? NULL : parent);
        let_go(w, a);
        end(w, a, REASON_NONE, COMP_NONE);
        return;
    }
    sim_time limit = p_time(w, a->comp, P_STATEMENT_TIMEOUT);
    sim_time demand = a->what == COMP_NONE ? 0 : statement_begin(w, a->what);
    cal_cancel(w, &n->timer);
    conn_set(w, n, CONN_ACTIVE);
    n->statement = a->what;
    a->phase = QUERY_RUN;
    a->call_start = w_now(w);
    station_add(w, &db_at(w, a->comp)->engine, a, demand);
    if (limit > 0)
        a->timer = cal_after(w, limit, EV_KIND + EV_STATEMENT_TIMEOUT, a->comp,
                             W_REF(w, a), a->gen);
}

/* It has its connection; over the network with it. */
static void send(struct world *w, struct act *a)
{
    sim_time way = call_network(w, a);
    a->phase = QUERY_OUT;
    if (way > 0)
        act_timer(w, a, way, CAUSE_NETWORK, a->comp);
    else
        work(w, a);
}

static void answer(struct world *w, struct act *a)
{
    let_go(w, a);
    if (a->x == REASON_NONE)
        end(w, a, REASON_NONE, COMP_NONE);
    else
        end(w, a, (enum reason)a->x, a->comp);
}

/* Its statement is done, or was stopped. */
static void worked(struct world *w, struct act *a, enum reason reason)
{
    struct conn *n = conn_at(w, a->conn);
    sim_time way = call_network(w, a);
    if (a->what != COMP_NONE)
        statement_end(w, a->what, w_now(w) - a->call_start, reason != REASON_NONE);
    if (n->tx && !n->ending)
        tx_idle(w, n);
    else
        conn_set(w, n, CONN_TAKEN);
    a->x = reason;
    a->phase = QUERY_BACK;
    if (way > 0)
        act_timer(w, a, way, CAUSE_NETWORK, a->comp);
    else
        answer(w, a);
}

/* On its caller's transaction: one statement at a time. */
static void share(struct world *w, struct act *a, struct conn *n)
{
    if (n->state == CONN_DEAD) {
        a->x = REASON_KILLED;
        end_failed(w, a);
    } else if (n->act != 0) {
        act_wait(w, a, CAUSE_DB_WAIT, a->comp);
        a->phase = QUERY_SHARE;
        a->conn = W_REF(w, n);
        queue_push(w, &n->waiting, a);
    } else {
        n->act = W_REF(w, a);
        a->conn = W_REF(w, n);
        send(w, a);
    }
}

static void db_begin(struct world *w, struct act *a)
{
    struct act *parent = a->parent != 0 ? act_at(w, a->parent) : NULL;
    struct conn *n = parent != NULL && parent->tx != 0 ? conn_at(w, parent->tx) : NULL;
    members_add(w, &db_at(w, a->comp)->inside, a);
    a->phase = QUERY_NEW;
    a->x = REASON_NONE;
    if (n != NULL && n->db == a->comp && a->mode == QUERY_STATEMENT) {
        share(w, a, n);
    } else if (n != NULL && a->mode == QUERY_BEGIN) {
        a->x = REASON_ERROR; /* one transaction at a time */
        end_failed(w, a);
    } else if (pool_acquire(w, a)) {
        send(w, a);
    }
}

static void db_resume(struct world *w, struct act *a, enum reason reason)
{
    switch ((enum query_phase)a->phase) {
    case QUERY_READY:
        send(w, a);
        break;
    case QUERY_OUT:
        work(w, a);
        break;
    case QUERY_RUN:
        worked(w, a, reason);
        break;
    case QUERY_BACK:
        answer(w, a);
        break;
    case QUERY_FAILED:
        end_failed(w, a);
        break;
    default:
        BUG("query resumed in phase %u", a->phase);
    }
}

static void db_cancel(struct world *w, struct act *a)
{
    struct database *d = db_at(w, a->comp);
    switch ((enum query_phase)a->phase) {
    case QUERY_POOL:
        pool_leave(w, a);
        break;
    case QUERY_CONNECT:
        conn_at(w, a->conn)->act = 0; /* it will be there for the next */
        break;
    case QUERY_SHARE:
        queue_remove(w, &conn_at(w, a->conn)->waiting, a);
        break;
    case QUERY_RUN:
        if (a->station != 0)
            station_remove(w, &d->engine, a);
        if (a->what != COMP_NONE)
            statement_end(w, a->what, w_now(w) - a->call_start, true);
        let_go(w, a);
        break;
    case QUERY_READY:
    case QUERY_OUT:
    case QUERY_BACK:
        let_go(w, a);
        break;
    default:
        break;
    }
    a->conn = 0;
    d->failed += a->mode == QUERY_STATEMENT;
    members_remove(w, &d->inside, a);
}

/* ---- time limits
 * -----------------------------------------------------------------------------------
 */

static void statement_timed_out(struct world *w, ref r, uint32_t gen)
{
    struct act *a = act_alive(w, r, gen);
    if (a == NULL)
        return;
    a->timer = 0;
    if (a->phase != QUERY_RUN || a->station == 0)
        return;
    station_remove(w, &db_at(w, a->comp)->engine, a);
    w_log(w, a->comp, 0, LOG_ERROR, a->request, "statement timeout: stopped %s",
          a->what == COMP_NONE ? "a statement" : w->comps[a->what].name);
    act_ready(w, a, REASON_KILLED);
}

static void idle_timed_out(struct world *w, struct conn *n)
{
    n->timer = 0;
    db_at(w, n->db)->killed++;
    w_log(w, n->db, 0, LOG_WARN, 0,
          "session %u of %s-%u closed: idle in transaction for %.3g s", n->id,
          w->comps[n->service].name, n->instance,
          (double)(w_now(w) - n->since) / (double)SIM_SEC);
    database_close(w, n, REASON_KILLED);
}

static void db_event(struct world *w, comp_id c, int what, uint32_t a, uint32_t b)
{
    (void)c;
    if (what == EV_STATEMENT_TIMEOUT) {
        statement_timed_out(w, a, b);
        return;
    }
    /* A connection's timer is cancelled before it is freed: it is alive. */
    assert(conn_at(w, a)->id == b);
    if (what == EV_CONNECTED)
        connected(w, conn_at(w, a));
    else
        idle_timed_out(w, conn_at(w, a));
}

/* ---- doing
 * ---------------------------------------------------------------------------------------------
 */

static void retune(struct world *w, comp_id c)
{
    struct station *s = &db_at(w, c)->engine;
    station_touch(w, s);
    s->cores = (double)p_count(w, c, P_CORES);
    s->alpha = p_number(w, c, P_CONTENTION);
    s->beta = p_number(w, c, P_COHERENCY);
    s->paused = db_at(w, c)->stalled;
    station_changed(w, s);
}

/* A new limit also holds for those that are idle in transaction already. */
static void rearm_idle(struct world *w, comp_id c)
{
    sim_time limit = p_time(w, c, P_IDLE_TX_TIMEOUT), now = w_now(w);
    for (ref r = db_at(w, c)->first; r != 0; r = conn_at(w, r)->next) {
        struct conn *n = conn_at(w, r);
        if (n->state != CONN_IN_TX)
            continue;
        cal_cancel(w, &n->timer);
        if (limit <= 0)
            continue;
        sim_time at = n->since + limit;
        n->timer = cal_at(w, at > now ? at : now, EV_KIND + EV_IDLE_IN_TX, c, r, n->id);
    }
}

static void db_changed(struct world *w, comp_id c, int param, const struct value *old)
{
    (void)old;
    if (param == P_IDLE_TX_TIMEOUT)
        rearm_idle(w, c);
    else if (param == P_CORES || param == P_CONTENTION || param == P_COHERENCY)
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
        sweep(w, c, REASON_KILLED, idle_in_tx, 0, 0, &count);
    else if (statement != COMP_NONE)
        sweep(w, c, REASON_KILLED, running, statement, 0, &count);
    else if (*which != '\0' && *rest == '\0' && id <= UINT32_MAX)
        sweep(w, c, REASON_KILLED, with_id, (uint32_t)id, 0, &count);
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
    sweep(w, c, REASON_DOWN, any, 0, 0, &count);
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
            admit_held(w, c);
    } else {
        go_down(w, c, on);
    }
    return ERR_OK;
}

/* ---- looking
 * ------------------------------------------------------------------------------------------
 */

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
        return sessions(d);
    case M_ACTIVE:
        return d->count[CONN_ACTIVE];
    case M_IDLE:
        return d->count[CONN_IDLE] + d->count[CONN_TAKEN];
    case M_IDLE_IN_TX:
        return d->count[CONN_IN_TX];
    case M_MAX_CONNECTIONS:
        return (double)p_count(w, c, P_MAX_CONNECTIONS);
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

/* ---- the kind
 * -----------------------------------------------------------------------------------------------
 */

static size_t db_state_size(const struct model *m, comp_id c)
{
    (void)m, (void)c;
    return sizeof(struct database);
}

static void db_init(struct world *w, comp_id c)
{
    station_init(w, &db_at(w, c)->engine, c, CAUSE_DB_CPU, CAUSE_DB_WAIT,
                 (double)p_count(w, c, P_CORES));
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
    .begin = db_begin,
    .resume = db_resume,
    .cancel = db_cancel,
    .changed = db_changed,
    .op = db_op,
    .fault = db_fault,
    .metric = db_metric,
    .inflight = db_inflight,
};
