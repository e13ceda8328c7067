/*
 * pool: the connections that each instance of a service keeps to a database.
 *
 * Connections are opened on demand, by the request that finds none idle while fewer
 * than `size` are open, and that request waits for just that connection. When all are
 * taken, requests wait first come first served, for at most acquire_timeout; at most
 * max_waiting of them. A connection that the database closes frees its place at once:
 * the next that waits opens another. Connections die with their instance.
 *
 * `min_size` are opened ahead and kept. An attempt that fails is made again after
 * 250 ms, then 1.5 times as long each time, 10 s at most (HikariCP's
 * PoolEntryCreator). With fill_first an instance is not ready before they are there
 * (HikariCP: blockUntilFilled); then nobody waits for a connection, and all instances
 * that start together fall upon the database together.
 */
#include "call/dial.h"
#include "db/db.h"
#include "db/pool.h"
#include "engine/kind.h"
#include "engine/telling.h"
#include "model/model.h"
#include "net/net.h"

#include <stdio.h>

static const struct param_desc params[] = {
    [P_TO] = {.name = "to", .type = VALUE_COMP, .doc = "The database."},
    [P_SIZE] = {.name = "size",
                .type = VALUE_COUNT,
                .min = 1,
                .max = 10000,
                .unit = "connections",
                .def = "10",
                .change = CHANGE_AT_ONCE,
                .each = EACH_INSTANCE,
                .doc = "Connections each instance opens at most."},
    [P_ACQUIRE_TIMEOUT] =
        {.name = "acquire_timeout",
         .type = VALUE_DURATION,
         .min = 0,
         .max = 3600,
         .unit = "s",
         .def = "30s",
         .change = CHANGE_AT_ONCE,
         .doc = "How long a request waits for a connection; 0: for ever."},
    [P_MAX_WAITING] =
        {.name = "max_waiting",
         .type = VALUE_COUNT,
         .min = -1,
         .max = 1000000,
         .unit = "requests",
         .def = "0",
         .change = CHANGE_AT_ONCE,
         .each = EACH_INSTANCE,
         .doc = "Requests of one instance that may wait; 0: no limit, -1: none."},
    [P_LIFETIME] = {.name = "lifetime",
                    .type = VALUE_DURATION,
                    .min = 0,
                    .max = 86400,
                    .unit = "s",
                    .def = "0",
                    .change = CHANGE_AT_ONCE,
                    .doc = "Age at which a connection is closed when it comes back; "
                           "0: never."},
    [P_IDLE_TIMEOUT] = {.name = "idle_timeout",
                        .type = VALUE_DURATION,
                        .min = 0,
                        .max = 86400,
                        .unit = "s",
                        .def = "0",
                        .change = CHANGE_AT_ONCE,
                        .doc = "A connection nobody used for so long is closed; "
                               "0: never."},
    [P_ROLE] = {.name = "role",
                .type = VALUE_CHOICE,
                .unit = "",
                .def = "primary",
                .choices = "primary|replica",
                .doc = "Which servers its connections go to."},
    [P_ADDRESS_TTL] = {.name = "address_ttl",
                       .type = VALUE_DURATION,
                       .min = 0,
                       .max = 86400,
                       .unit = "s",
                       .def = "0",
                       .change = CHANGE_AT_ONCE,
                       .doc = "How long an instance believes in the address of the "
                              "primary that it looked up; 0: asks each time."},
    [P_MIN_SIZE] = {.name = "min_size",
                    .type = VALUE_COUNT,
                    .min = 0,
                    .max = 10000,
                    .unit = "connections",
                    .def = "0",
                    .change = CHANGE_AT_ONCE,
                    .each = EACH_INSTANCE,
                    .doc = "Connections each instance opens ahead and keeps, in use or "
                           "idle, `size` at most."},
    [P_FILL_FIRST] = {.name = "fill_first",
                      .type = VALUE_BOOL,
                      .unit = "",
                      .def = "off",
                      .change = CHANGE_AT_ONCE,
                      .doc = "Whether an instance that starts is not ready before its "
                             "min_size connections are open."},
    [P_MAX_IDLE] = {.name = "max_idle",
                    .type = VALUE_COUNT,
                    .min = -1,
                    .max = 10000,
                    .unit = "connections",
                    .def = "-1",
                    .change = CHANGE_AT_ONCE,
                    .each = EACH_INSTANCE,
                    .doc = "Idle connections each instance keeps; one that comes back "
                           "beyond that is closed (Go's database/sql: 2); -1: all."},
    [P_PORTS] = {.name = "ports",
                 .type = VALUE_COUNT,
                 .min = 1,
                 .max = 65535,
                 .unit = "ports",
                 .def = PORTS_USUAL,
                 .change = CHANGE_AT_ONCE,
                 .each = EACH_INSTANCE,
                 .doc =
                     "Local ports that each instance has for its connections to the "
                     "database, those in TIME_WAIT included (Linux: 32768 to 60999)."},
    [P_TIME_WAIT] = {.name = "time_wait",
                     .type = VALUE_DURATION,
                     .min = 0,
                     .max = 3600,
                     .unit = "s",
                     .def = "60s",
                     .change = CHANGE_BUILT,
                     .doc = "How long the port of a connection that the pool closed is "
                            "taken (Linux: 60 s)."},
};
_Static_assert(COUNT_OF(params) == P_COUNT, "one for each");

enum {
    M_SIZE,
    M_IN_USE,
    M_IDLE,
    M_CONNECTING,
    M_WAITING,
    M_OLDEST_WAIT,
    M_ACQUIRED,
    M_WAITED,
    M_WAIT_SECONDS,
    M_TIMEOUTS,
    M_FULL,
    M_OPENED,
    M_LOST,
    M_PORTS,
    M_NO_PORTS,
    M_COUNT
};
#define POOL_METRIC(n, p, t, u, d)                                                     \
    {                                                                                  \
        .name = n, .prom = p, .labels = "", .type = t, .unit = u,                      \
        .per_instance = true, .doc = d                                                 \
    }
static const struct metric_desc metrics[] = {
    [M_SIZE] = POOL_METRIC("pool_size", "db_client_connections_max", METRIC_GAUGE, "1",
                           "Connections it may open."),
    [M_IN_USE] = {.name = "pool_in_use",
                  .prom = "db_client_connections_usage",
                  .labels = "state=\"used\"",
                  .type = METRIC_GAUGE,
                  .unit = "1",
                  .per_instance = true,
                  .doc = "Connections that are taken."},
    [M_IDLE] = {.name = "pool_idle",
                .prom = "db_client_connections_usage",
                .labels = "state=\"idle\"",
                .type = METRIC_GAUGE,
                .unit = "1",
                .per_instance = true,
                .doc = "Open connections that nobody uses."},
    [M_CONNECTING] = POOL_METRIC("pool_connecting", "db_client_connections_opening",
                                 METRIC_GAUGE, "1", "Connections being opened."),
    [M_WAITING] = POOL_METRIC("pool_waiting", "db_client_connections_pending_requests",
                              METRIC_GAUGE, "1", "Requests waiting for a connection."),
    [M_OLDEST_WAIT] = {.name = "pool_oldest_wait",
                       .prom = "db_client_connections_oldest_wait_seconds",
                       .labels = "",
                       .type = METRIC_GAUGE,
                       .unit = "s",
                       .per_instance = true,
                       .doc = "How long the first in the queue has been waiting."},
    [M_ACQUIRED] =
        POOL_METRIC("acquired_total", "db_client_connections_acquired_total",
                    METRIC_COUNTER, "1", "Times a request got a connection."),
    [M_WAITED] = POOL_METRIC("waited_total", "db_client_connections_waited_total",
                             METRIC_COUNTER, "1", "Times a request had to queue."),
    [M_WAIT_SECONDS] = POOL_METRIC(
        "wait_seconds_total", "db_client_connections_wait_time_seconds_total",
        METRIC_COUNTER, "s", "Time requests have spent in the queue."),
    [M_TIMEOUTS] = POOL_METRIC("timeouts_total", "db_client_connections_timeouts_total",
                               METRIC_COUNTER, "1", "Waits that were given up."),
    [M_FULL] = POOL_METRIC("full_total", "db_client_connections_rejected_total",
                           METRIC_COUNTER, "1",
                           "Requests sent away as too many were waiting."),
    [M_OPENED] = POOL_METRIC("opened_total", "db_client_connections_created_total",
                             METRIC_COUNTER, "1", "Connections begun to open."),
    [M_LOST] =
        POOL_METRIC("lost_total", "db_client_connections_lost_total", METRIC_COUNTER,
                    "1", "Connections refused, or closed by the other side."),
    [M_PORTS] =
        POOL_METRIC("ports_in_use", "db_client_ports_in_use", METRIC_GAUGE, "1",
                    "Local ports taken: by open connections, and in TIME_WAIT."),
    [M_NO_PORTS] =
        POOL_METRIC("no_ports_total", "db_client_ports_exhausted_total", METRIC_COUNTER,
                    "1", "Requests that failed as there was no local port."),
};
_Static_assert(COUNT_OF(metrics) == M_COUNT, "one for each");

/* ---- the kind -------------------------------------------------------------------- */

static enum err pool_resolve(struct model *m, comp_id c, struct errmsg *why)
{
    struct comp *self = &m->comps[c];
    struct value *to = &self->params[P_TO];
    if (to->type == VALUE_TEXT) {
        comp_id db = model_need(m, to->as.text, "database", self->name, why);
        if (db == COMP_NONE)
            return ERR_NOT_FOUND;
        *to = (struct value){.type = VALUE_COMP, .as.comp = db};
    }
    self->target = to->as.comp;
    return ERR_OK;
}

static size_t pool_state_size(const struct model *m, comp_id c)
{
    (void)m, (void)c;
    return sizeof(struct pool);
}

/* Nobody used the connection: its timer is cancelled as soon as somebody does. */
static void idle_for_too_long(struct world *w, struct conn *n)
{
    bool kept = share_at(w, n->pool, n->instance)->open <= pool_least(w, n->pool);
    n->timer = 0;
    if (!kept)
        database_close(w, n, REASON_NONE);
    else if (p_time(w, n->pool, P_IDLE_TIMEOUT) > 0)
        n->timer = cal_after(w, p_time(w, n->pool, P_IDLE_TIMEOUT), EV_KIND + EV_IDLE,
                             n->pool, W_REF(w, n), 0);
}

/* A request has waited for acquire_timeout, or a connection has been idle for too long.
 */
static void pool_event(struct world *w, comp_id c, int what, uint32_t act, uint32_t gen)
{
    if (what == EV_IDLE) {
        idle_for_too_long(w, conn_at(w, act));
        return;
    }
    if (what == EV_REFILL) {
        pool_refill(w, c, (int)act);
        return;
    }
    struct act *a = act_alive(w, act, gen);
    if (!a || a->phase != QUERY_POOL)
        return;
    a->timer = 0;
    struct share *s = share_at(w, c, a->caller_instance);
    s->timeouts++;
    pool_leave(w, a, REASON_POOL_TIMEOUT);
    w_log(w, a->caller, a->caller_instance, LOG_ERROR, a->request,
          "%s: no connection within %.3g s (%u in use, %u waiting)", w->comps[c].name,
          (double)(w_now(w) - a->call_start) / (double)SIM_SEC,
          s->open - s->connecting - s->nidle, s->waiting.count);
    query_fail(w, a, REASON_POOL_TIMEOUT);
}

/* Forgets the ports in TIME_WAIT, of a time that is no more. */
static void forget_ports(struct world *w, comp_id c)
{
    const struct pool *p = W_STATE(w, struct pool, c);
    for (uint32_t i = 1; i < p->cap; i++)
        ports_forget(w, &share_at(w, c, (int)i)->ports);
}

static void pool_changed(struct world *w, comp_id c, int param, const struct value *old)
{
    (void)old;
    if (param == P_TIME_WAIT)
        forget_ports(w, c);
    if (param != P_SIZE && param != P_MIN_SIZE && param != P_FILL_FIRST)
        return;
    const struct pool *p = W_STATE(w, struct pool, c);
    for (uint32_t i = 1; i < p->cap; i++) {
        struct share *s = share_at(w, c, (int)i);
        while (s->idle != 0 && s->open > p_count(w, c, P_SIZE))
            database_close(w, conn_at(w, s->idle), REASON_NONE);
        pool_fill(w, c, (int)i);
        if (s->up)
            comp_kind(w, w->comps[c].owner)->may_be_ready(w, w->comps[c].owner, (int)i);
    }
}

/* The server has begun the session. */
static void session_begun(struct world *w, struct act *s, enum reason reason)
{
    struct conn *n = conn_at(w, s->setup.of); /* else it would have been dropped */
    assert(reason == REASON_NONE && n->id == s->setup.of_gen);
    (void)reason;
    setup_end(w, s);
    n->setup = 0;
    session_connected(w, n);
}

static double share_metric(const struct world *w, comp_id c, int metric, int instance)
{
    const struct share *s = share_at(w, c, instance);
    struct pool_look look;
    switch (metric) {
    case M_SIZE:
        return s->up ? (double)p_count(w, c, P_SIZE) : 0;
    case M_IN_USE:
        return s->open - s->connecting - s->nidle;
    case M_IDLE:
        return s->nidle;
    case M_CONNECTING:
        return s->connecting;
    case M_WAITING:
        return s->waiting.count;
    case M_OLDEST_WAIT:
        pool_look(w, c, instance, &look);
        return (double)look.oldest_wait / (double)SIM_SEC;
    case M_ACQUIRED:
        return (double)s->acquired;
    case M_WAITED:
        return (double)s->waited;
    case M_WAIT_SECONDS:
        return (double)s->wait_time / (double)SIM_SEC;
    case M_TIMEOUTS:
        return (double)s->timeouts;
    case M_FULL:
        return (double)s->full;
    case M_OPENED:
        return (double)s->opened;
    case M_PORTS:
        return pool_ports_used(w, c, s);
    case M_NO_PORTS:
        return (double)s->no_ports;
    default:
        return (double)s->lost;
    }
}

static double pool_metric(const struct world *w, comp_id c, int metric, int instance)
{
    const struct pool *p = W_STATE(w, struct pool, c);
    double sum = 0, most = 0;
    if (instance > 0)
        return (uint32_t)instance < p->cap ? share_metric(w, c, metric, instance) : 0;
    for (uint32_t i = 1; i < p->cap; i++) {
        double x = share_metric(w, c, metric, (int)i);
        sum += x;
        most = x > most ? x : most;
    }
    return metric == M_OLDEST_WAIT ? most : sum;
}

static int pool_instances(const struct world *w, comp_id c)
{
    const struct pool *p = W_STATE(w, struct pool, c);
    return p->cap > 0 ? (int)p->cap - 1 : 0;
}

static const struct figure_desc figures[] = {
    {.label = "pool",
     .metric = "pool_in_use",
     .of = "pool_size",
     .how = FIGURE_OF,
     .map = MAP_ALWAYS,
     .warn = 1},
    {.label = "waiting for it",
     .metric = "pool_waiting",
     .how = FIGURE_NOW,
     .map = MAP_IF_ANY,
     .warn = 1},
    {.label = "requests waiting",
     .metric = "pool_waiting",
     .how = FIGURE_NOW,
     .chart = 50},
    {.label = "in use", .metric = "pool_in_use", .how = FIGURE_NOW, .chart = 60},
};

static void pool_bulk(const struct model *m, comp_id c, struct bulk *b)
{
    enum { PIECE = 512 }; /* beside each instance of its owner */
    (void)m, (void)c;
    b->bytes = b->instances * PIECE;
}

const struct kind_impl kind_pool = {
    .desc = {.name = "pool",
             .doc =
                 "The connections that each instance of a service keeps to a database.",
             .nested = true,
             .within = "service",
             .params = params,
             .nparams = COUNT_OF(params),
             .metrics = metrics,
             .nmetrics = COUNT_OF(metrics),
             .figures = figures,
             .nfigures = COUNT_OF(figures)},
    .resolve = pool_resolve,
    .bulk = pool_bulk,
    .state_size = pool_state_size,
    .on_replica = pool_reads,
    .ready_for = pool_ready_for,
    .event = pool_event,
    .resume = session_begun,
    .changed = pool_changed,
    .metric = pool_metric,
    .instances = pool_instances,
};
