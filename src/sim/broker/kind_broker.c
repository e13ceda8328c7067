/*
 * Kind "broker": where producers put messages and consumers find them. This is the
 * server: whether it answers, and how fast. What it holds is in its topics.
 *
 * A message is stored when it arrives; `latency` is the time until its producer is told
 * so. Who does not wait that long and sends it again has sent it twice. Before it is
 * stored it is worked on (broker_cores.c) and may have to wait for room (broker_full.c).
 */
#include "broker/broker_full.h"
#include "broker/subscription.h"
#include "call/call.h"
#include "engine/kind.h"
#include "engine/life.h"

static const struct param_desc params[] = {
    [BP_LATENCY] = {.name = "latency",
                    .type = VALUE_DIST,
                    .min = 0,
                    .max = 3600,
                    .unit = "s",
                    .def = "2ms",
                    .change = CHANGE_BUILT,
                    .doc = "Time from the arrival of a message to its confirmation."},
    [BP_CORES] =
        {.name = "cores",
         .type = VALUE_NUMBER,
         .min = 0,
         .max = 1024,
         .unit = "cores",
         .def = "0",
         .change = CHANGE_BUILT,
         .doc = "Cores that all messages coming and going share; 0: as many as are "
                "asked for."},
    [BP_CPU] =
        {.name = "cpu",
         .type = VALUE_DIST,
         .min = 0,
         .max = 3600,
         .unit = "s",
         .def = "20us",
         .change = CHANGE_BUILT,
         .doc = "Processor time of a message, once when it comes and once each time it "
                "is given out; only with cores."},
    [BP_MEMORY] =
        {.name = "memory",
         .type = VALUE_NUMBER,
         .min = 0,
         .max = 1e7,
         .unit = "MiB",
         .def = "0",
         .change = CHANGE_BUILT,
         .doc = "MiB that connections and messages that somebody needs yet may take "
                "(RabbitMQ: vm_memory_high_watermark); 0: any number."},
    [BP_DISK] = {.name = "disk",
                 .type = VALUE_NUMBER,
                 .min = 0,
                 .max = 1e9,
                 .unit = "MiB",
                 .def = "0",
                 .change = CHANGE_BUILT,
                 .doc = "MiB that all messages it keeps may take; 0: any number."},
    [BP_WHEN_FULL] = {.name = "when_full",
                      .type = VALUE_CHOICE,
                      .unit = "",
                      .def = "block",
                      .choices = "block|refuse",
                      .change = CHANGE_AT_ONCE,
                      .doc =
                          "What a full memory or disk does to producers: they wait for "
                          "room, or are refused."},
    [BP_MAX_BLOCK] = {.name = "max_block",
                      .type = VALUE_DURATION,
                      .min = 0,
                      .max = 86400,
                      .unit = "s",
                      .def = "60s",
                      .change = CHANGE_AT_ONCE,
                      .doc =
                          "How long a producer waits for room before it fails (Kafka: "
                          "max.block.ms); 0: for ever."},
    [BP_CONNECTION_MEMORY] = {.name = "connection_memory",
                              .type = VALUE_NUMBER,
                              .min = 0,
                              .max = 1e6,
                              .unit = "KiB",
                              .def = "0",
                              .change = CHANGE_BUILT,
                              .doc = "KiB of its memory that each open connection of a "
                                     "producer takes."},
    [BP_ORDER] = {.name = "order",
                  .type = VALUE_CHOICE,
                  .unit = "",
                  .def = "fifo",
                  .choices = "fifo|priority",
                  .change = CHANGE_BUILT,
                  .doc = "Which of the producers that wait for room goes first: the "
                         "first, or who matters most."},
    [BP_PREEMPT] =
        {.name = "preempt",
         .type = VALUE_BOOL,
         .unit = "",
         .def = "off",
         .change = CHANGE_BUILT,
         .doc =
             "With order = priority and cores: whether a message of who matters more "
             "takes the cores from those of who matters less, which go on "
             "afterwards. What is given out is of the lowest class."},
    [BP_PATIENCE] = {.name = "patience",
                     .type = VALUE_DIST,
                     .min = 0,
                     .max = 86400,
                     .unit = "s",
                     .def = "0",
                     .change = CHANGE_USERS,
                     .doc = "How long a producer that waits for room does before "
                            "leaving, for good; 0: as long as max_block."},
};
_Static_assert(COUNT_OF(params) == BP_PARAMS, "one of each");

enum { FAULT_DOWN, FAULT_SLOW, FAULT_COUNT };
static const struct fault_desc faults[] = {
    [FAULT_DOWN] = {.name = "down", .doc = "It takes nothing and gives nothing."},
    [FAULT_SLOW] = {.name = "slow",
                    .args = {{.name = "factor",
                              .type = VALUE_NUMBER,
                              .doc = "How many times longer it takes."}},
                    .doc = "Confirming messages and fetching batches take longer."},
};
_Static_assert(COUNT_OF(faults) == FAULT_COUNT, "one for each");

enum {
    M_REQUESTS,
    M_ERRORS,
    M_IN_FLIGHT,
    M_SECONDS,
    M_LAG,
    M_LAG_SECONDS,
    M_UP,
    M_CPU,
    M_CPU_SECONDS,
    M_MEMORY,
    M_BYTES,
    M_BLOCKED,
    M_BLOCKED_TOTAL,
    M_REFUSED,
    M_CONNECTIONS,
    M_LEFT,
    M_COUNT
};
static const struct metric_desc metrics[] = {
    [M_REQUESTS] = {.name = "requests_total",
                    .prom = "messaging_broker_publish_requests_total",
                    .labels = "",
                    .type = METRIC_COUNTER,
                    .unit = "1",
                    .doc = "Messages that producers sent, every attempt counted."},
    [M_ERRORS] = {.name = "errors_total",
                  .prom = "messaging_broker_publish_errors_total",
                  .labels = "",
                  .type = METRIC_COUNTER,
                  .unit = "1",
                  .doc = "Attempts to publish that failed here."},
    [M_IN_FLIGHT] = {.name = "in_flight",
                     .prom = "messaging_broker_publish_in_flight",
                     .labels = "",
                     .type = METRIC_GAUGE,
                     .unit = "1",
                     .doc = "Messages that are not confirmed yet."},
    [M_SECONDS] = {.name = "seconds_total",
                   .prom = "messaging_broker_publish_duration_seconds_sum",
                   .labels = "",
                   .type = METRIC_COUNTER,
                   .unit = "s",
                   .doc = "Time from arrival to confirmation, all messages."},
    [M_LAG] = {.name = "lag",
               .prom = "messaging_broker_lag",
               .labels = "",
               .type = METRIC_GAUGE,
               .unit = "1",
               .doc = "Messages that are not processed yet, over all subscriptions."},
    [M_LAG_SECONDS] = {.name = "lag_seconds",
                       .prom = "messaging_broker_lag_seconds",
                       .labels = "",
                       .type = METRIC_GAUGE,
                       .unit = "s",
                       .doc = "Age of the oldest message that is not processed yet, "
                              "over all subscriptions."},
    [M_UP] = {.name = "up",
              .prom = "messaging_broker_up",
              .labels = "",
              .type = METRIC_GAUGE,
              .unit = "1",
              .doc = "1 while it answers."},
    [M_CPU] = {.name = "cpu",
               .prom = "messaging_broker_cpu_utilization",
               .labels = "",
               .type = METRIC_GAUGE,
               .unit = "ratio",
               .doc = "Share of its cores busy over the last second."},
    [M_CPU_SECONDS] = {.name = "cpu_seconds_total",
                       .prom = "messaging_broker_cpu_seconds_total",
                       .labels = "",
                       .type = METRIC_COUNTER,
                       .unit = "s",
                       .doc = "Processor time of messages and handshakes."},
    [M_MEMORY] = {.name = "memory",
                  .prom = "messaging_broker_memory_bytes",
                  .labels = "",
                  .type = METRIC_GAUGE,
                  .unit = "bytes",
                  .doc = "Bytes of messages and connections."},
    [M_BYTES] = {.name = "bytes",
                 .prom = "messaging_broker_kept_bytes",
                 .labels = "",
                 .type = METRIC_GAUGE,
                 .unit = "bytes",
                 .doc = "Bytes of all messages it keeps."},
    [M_BLOCKED] = {.name = "blocked",
                   .prom = "messaging_broker_blocked_producers",
                   .labels = "",
                   .type = METRIC_GAUGE,
                   .unit = "1",
                   .doc = "Messages whose producers wait for room."},
    [M_BLOCKED_TOTAL] = {.name = "blocked_total",
                         .prom = "messaging_broker_blocked_total",
                         .labels = "",
                         .type = METRIC_COUNTER,
                         .unit = "1",
                         .doc = "Messages whose producers had to wait for room."},
    [M_REFUSED] = {.name = "refused_total",
                   .prom = "messaging_broker_refused_total",
                   .labels = "",
                   .type = METRIC_COUNTER,
                   .unit = "1",
                   .doc = "Messages for which there was no room, or none in time."},
    [M_CONNECTIONS] = {.name = "connections",
                       .prom = "messaging_broker_connections",
                       .labels = "",
                       .type = METRIC_GAUGE,
                       .unit = "1",
                       .doc = "Connections of producers that are open."},
    [M_LEFT] = {.name = "left_total",
                .prom = "messaging_broker_left_total",
                .labels = "",
                .type = METRIC_COUNTER,
                .unit = "1",
                .doc = "Messages whose producers left before there was room."},
};
_Static_assert(COUNT_OF(metrics) == M_COUNT, "one for each");

static const struct metric_need needs[] = {
    {"cpu", "cores"},           {"cpu_seconds_total", "cores"},
    {"memory", "memory"},       {"bytes", "memory"},
    {"bytes", "disk"},          {"blocked", "memory"},
    {"blocked", "disk"},        {"blocked_total", "memory"},
    {"blocked_total", "disk"},  {"refused_total", "memory"},
    {"refused_total", "disk"},  {"connections", "connection_memory"},
    {"left_total", "patience"},
};

static const char *const streams[] = {
    [BROKER_RNG_LATENCY] = "latency",
    [BROKER_RNG_WORK] = "work",
    [BROKER_RNG_PATIENCE] = "patience",
    NULL,
};

bool broker_up(const struct world *w, comp_id c)
{
    return !broker_at(w, c)->down;
}

double broker_slow(const struct world *w, comp_id c)
{
    return broker_at(w, c)->slow;
}

/* ---- publishing ------------------------------------------------------------------ */

static void end(struct world *w, struct act *a, enum reason reason)
{
    struct broker_state *s = broker_at(w, a->comp);
    bool ok = reason == REASON_NONE;
    s->failed += !ok;
    s->seconds += w_now(w) - a->call_start;
    members_remove(w, &s->inside, a);
    act_finish(w, a, reason, ok ? COMP_NONE : a->comp);
}

/* The time until it is confirmed. */
static sim_time confirming(struct world *w, comp_id c)
{
    double slow = broker_at(w, c)->slow;
    sim_time d = dist_draw(p_dist(w, c, BP_LATENCY), w_rng(w, c, BROKER_RNG_LATENCY));
    return slow != 1 ? (sim_time)((double)d * slow) : d;
}

/* Stores it. What is wrong, else REASON_NONE, and *delay is the time to wait then. */
static enum reason put(struct world *w, struct act *a, sim_time *delay)
{
    a->phase = PUBLISH_STORED;
    enum reason wrong = topic_publish(w, a->what, a);
    *delay = wrong == REASON_NONE ? confirming(w, a->comp) : 0;
    return wrong;
}

/* Room is there now for a publish that was blocked. */
static void admit(struct world *w, struct act *a)
{
    sim_time delay;
    enum reason wrong = put(w, a, &delay);
    cal_cancel(w, &a->timer);
    if (delay > 0)
        act_timer(w, a, delay, CAUSE_BROKER, a->comp);
    else
        act_ready(w, a, wrong);
}

/* The work of a request is done, or takes no time. */
static void take(struct world *w, struct act *a)
{
    struct broker_state *s = broker_at(w, a->comp);
    bool room = s->nblocked == 0 && broker_has_room(w, a->comp, a->what);
    if (!room && p_count(w, a->comp, BP_WHEN_FULL) == WHEN_FULL_BLOCK) {
        broker_blocks(w, a);
        return;
    }
    s->refused += !room;
    sim_time delay = 0;
    enum reason wrong = room ? put(w, a, &delay) : REASON_QUEUE_FULL;
    if (delay > 0)
        act_timer(w, a, delay, CAUSE_BROKER, a->comp);
    else
        end(w, a, wrong);
}

static void broker_begin(struct world *w, struct act *a)
{
    struct broker_state *s = broker_at(w, a->comp);
    s->requests++;
    members_add(w, &s->inside, a);
    a->call_start = w_now(w);
    if (s->down)
        end(w, a, REASON_DOWN);
    else if (!broker_works(w, a))
        take(w, a);
}

/* A producer has waited for room as long as it would, or for max_block. */
static void lost_patience(struct world *w, struct act *a)
{
    struct broker_state *s = broker_at(w, a->comp);
    bool leaves = a->phase == PUBLISH_LEAVES;
    broker_unblocks(w, a);
    s->left += leaves;
    s->refused += !leaves;
    end(w, a, leaves ? REASON_GAVE_UP : REASON_QUEUE_FULL);
}

static void broker_resume(struct world *w, struct act *a, enum reason reason)
{
    if (a->kind == ACT_SETUP) { /* messages were given out */
        act_free(w, a);
    } else if (broker_is_blocked(a)) {
        lost_patience(w, a);
    } else if (a->phase == PUBLISH_WORKING && reason == REASON_NONE) {
        take(w, a);
    } else {
        end(w, a, reason);
    }
}

static void leave(struct world *w, struct act *a)
{
    if (a->station)
        station_remove(w, W_PTR(w, struct station, a->station), a);
    if (broker_is_blocked(a))
        broker_unblocks(w, a);
    a->phase = PUBLISH_REFUSED;
}

static void broker_cancel(struct world *w, struct act *a)
{
    struct broker_state *s = broker_at(w, a->comp);
    leave(w, a);
    s->failed++;
    s->seconds += w_now(w) - a->call_start;
    members_remove(w, &s->inside, a);
}

static void broker_event(struct world *w, comp_id c, int what, uint32_t a, uint32_t b)
{
    (void)what, (void)a, (void)b;
    broker_check(w, c, admit);
}

/* ---- faults ---------------------------------------------------------------------- */

static comp_id broker_of(const struct world *w, comp_id sub)
{
    return w->comps[sub_topic(w, sub)].owner;
}

void broker_wake(struct world *w, comp_id broker)
{
    for (size_t i = 0; i < w->model->ncomps; i++)
        if (w->comps[i].kind == &kind_subscription &&
            broker_of(w, (comp_id)i) == broker)
            sub_wake(w, (comp_id)i);
}

/* Publishes that wait for a confirmation get none, though the messages are stored; what
 * is worked on, or waits for room, is not stored at all. */
static void go_down(struct world *w, comp_id c)
{
    const struct broker_state *s = broker_at(w, c);
    for (ref r = s->inside.first; r; r = act_at(w, r)->next) {
        leave(w, act_at(w, r));
        act_ready(w, act_at(w, r), REASON_CONN_LOST);
    }
    broker_cores_evict(w, c, REASON_INSTANCE_GONE);
}

static enum err broker_fault(struct world *w, comp_id c, int fault,
                             const struct action *a, bool on, struct errmsg *why)
{
    struct broker_state *s = broker_at(w, c);
    if (fault == FAULT_SLOW) {
        double factor = a->args[0].as.number;
        if (on && !(factor > 0 && factor <= 1e6))
            return errmsg_set(why, ERR_INPUT,
                              "slow: the factor must be above 0, e.g. 10");
        s->slow = on ? factor : 1;
        broker_cores_changed(w, c);
        return ERR_OK;
    }
    s->down = on;
    if (on)
        go_down(w, c);
    else
        broker_wake(w, c);
    return ERR_OK;
}

/* ---- the kind -------------------------------------------------------------------- */

static double lag(const struct world *w, comp_id c)
{
    double sum = 0;
    for (size_t i = 0; i < w->model->ncomps; i++)
        if (w->comps[i].kind == &kind_subscription && broker_of(w, (comp_id)i) == c)
            sum += sub_lag(w, (comp_id)i, 0);
    return sum;
}

static double oldest(const struct world *w, comp_id c)
{
    double most = 0;
    for (size_t i = 0; i < w->model->ncomps; i++)
        if (w->comps[i].kind == &kind_subscription && broker_of(w, (comp_id)i) == c) {
            double age = sub_oldest(w, (comp_id)i);
            most = age > most ? age : most;
        }
    return most;
}

static double broker_metric(const struct world *w, comp_id c, int metric, int instance)
{
    const struct broker_state *s = broker_at(w, c);
    (void)instance;
    switch (metric) {
    case M_REQUESTS:
        return (double)s->requests;
    case M_ERRORS:
        return (double)s->failed;
    case M_IN_FLIGHT:
        return s->inside.count;
    case M_SECONDS:
        return (double)s->seconds / (double)SIM_SEC;
    case M_LAG:
        return lag(w, c);
    case M_LAG_SECONDS:
        return oldest(w, c);
    case M_CPU:
        return stations_load(w, &s->cores, 1);
    case M_CPU_SECONDS:
        return stations_busy(w, &s->cores);
    case M_MEMORY:
        return broker_memory(w, c);
    case M_BYTES:
        return (double)s->kept;
    case M_BLOCKED:
        return s->nblocked;
    case M_BLOCKED_TOTAL:
        return (double)s->blocked_total;
    case M_REFUSED:
        return (double)s->refused;
    case M_CONNECTIONS:
        return s->connections;
    case M_LEFT:
        return (double)s->left;
    default:
        return !s->down;
    }
}

static void broker_inflight(const struct world *w, comp_id c,
                            void (*f)(const struct world *w, const struct act *a,
                                      void *ctx),
                            void *ctx)
{
    for (ref r = broker_at(w, c)->inside.first; r != 0; r = act_at(w, r)->next)
        f(w, act_at(w, r), ctx);
}

static size_t broker_size(const struct model *m, comp_id c)
{
    (void)m, (void)c;
    return sizeof(struct broker_state);
}

static enum err broker_check_params(struct model *m, comp_id c, struct errmsg *why)
{
    if (!model_param(m, c, BP_PREEMPT)->as.on)
        return ERR_OK;
    if (model_param(m, c, BP_ORDER)->as.count != BROKER_PRIORITY)
        return errmsg_set(why, ERR_INPUT, "%s: \"preempt\" needs order = priority",
                          m->comps[c].name);
    if (model_param(m, c, BP_CORES)->as.number <= 0)
        return errmsg_set(why, ERR_INPUT, "%s: \"preempt\" needs \"cores\"",
                          m->comps[c].name);
    return ERR_OK;
}

static void broker_init(struct world *w, comp_id c)
{
    broker_at(w, c)->slow = 1;
    broker_cores_init(w, c);
}

static void broker_changed(struct world *w, comp_id c, int param,
                           const struct value *old)
{
    (void)old;
    if (param == BP_CORES)
        broker_cores_changed(w, c);
}

static void broker_connected(struct world *w, comp_id c, int more)
{
    struct broker_state *s = broker_at(w, c);
    assert(more > 0 || s->connections > 0);
    s->connections += (uint32_t)more;
}

static bool broker_minds(const struct world *w, comp_id c)
{
    return p_number(w, c, BP_CONNECTION_MEMORY) > 0;
}

static const struct figure_desc figures[] = {
    {.label = "not processed yet",
     .metric = "lag",
     .how = FIGURE_NOW,
     .status = true,
     .map = MAP_IF_ANY},
    {.label = "oldest",
     .metric = "lag_seconds",
     .how = FIGURE_NOW,
     .status = true,
     .map = MAP_IF_UNUSUAL,
     .warn = 60,
     .bad = 600},
    {.label = "cpu",
     .metric = "cpu",
     .how = FIGURE_NOW,
     .map = MAP_IF_UNUSUAL,
     .warn = 0.7,
     .bad = 0.9},
    {.label = "producers blocked",
     .metric = "blocked",
     .how = FIGURE_NOW,
     .map = MAP_IF_ANY},
};

const struct kind_impl kind_broker = {
    .desc = {.name = "broker",
             .doc = "A message broker: keeps topics, for those who subscribe to them.",
             .params = params,
             .nparams = COUNT_OF(params),
             .faults = faults,
             .nfaults = COUNT_OF(faults),
             .metrics = metrics,
             .nmetrics = COUNT_OF(metrics),
             .needs = needs,
             .nneeds = COUNT_OF(needs),
             .figures = figures,
             .nfigures = COUNT_OF(figures),
             .age = "lag_seconds"},
    .streams = streams,
    .check = broker_check_params,
    .state_size = broker_size,
    .init = broker_init,
    .begin = broker_begin,
    .resume = broker_resume,
    .cancel = broker_cancel,
    .event = broker_event,
    .changed = broker_changed,
    .cores = broker_cores,
    .connected = broker_connected,
    .minds = broker_minds,
    .fault = broker_fault,
    .metric = broker_metric,
    .inflight = broker_inflight,
};
