/*
 * Services, the part that is looked at: metrics per instance and their sums, views of
 * instances, what an autoscaler asks.
 */
#include "db/db.h"
#include "service/autoscaler.h"
#include "service/describe.h"
#include "service/service_internal.h"
#include "truecode/world.h"

/* ---- looking --------------------------------------------------------------------- */

enum {
    M_REQUESTS,
    M_ERRORS,
    M_REFUSED,
    M_SECONDS,
    M_QUEUE_SECONDS,
    M_ABANDONED,
    M_WASTED,
    M_IN_FLIGHT,
    M_BUSY,
    M_WORKERS,
    M_QUEUED,
    M_CPU,
    M_HEALTHY,
    M_UP,
    M_RESTARTS,
    M_POOL_IN_USE,
    M_POOL_WAITING,
    M_SHED,
    M_MEMORY,
    M_MEMORY_LIMIT,
    M_OOM_KILLS,
    M_BACKING_OFF,
    M_HEAP_LIVE,
    M_HEAP_USED,
    M_COLLECTIONS,
    M_GC_SECONDS,
    M_FDS,
    M_FDS_MAX,
    M_NO_FDS,
    M_PENDING,
    M_HALTED,
    M_CANARIES,
    M_ZONE_DOWN,
    M_IDLE,
    M_WAITED,
    M_LEFT,
    M_BACKLOG,
    M_BACKLOG_LONGEST,
    M_FINISHED,
    M_COUNT
};
_Static_assert((int)M_COUNT == (int)SERVICE_METRICS, "each metric has its description");

static double pool_sum(const struct world *w, const struct instance *i, bool waiting)
{
    const struct service_data *d = service_data(w->model, i->comp);
    double sum = 0;
    for (size_t k = 0; k < d->npools && i->state != INSTANCE_NONE; k++) {
        struct pool_look look;
        pool_look(w, d->pools[k], i->number, &look);
        sum += waiting ? look.waiting : look.in_use;
    }
    return sum;
}

static double heap_used(const struct world *w, const struct instance *i)
{
    return i_number(w, i, SP_HEAP) > 0 ? memory_used(w, i) : 0;
}

static sim_time backlog_now(const struct world *w, const struct instance *i)
{
    return i->queue.count > 0 ? w_now(w) - i->backlog_since : 0;
}

/* The resources an instance uses up, and how its roll-out stands. */
static double resource_of(const struct world *w, const struct instance *i, int metric)
{
    bool runs = i->state == INSTANCE_UP || i->state == INSTANCE_DRAINING;
    switch (metric) {
    case M_SHED:
        return (double)i->shed;
    case M_MEMORY:
        return memory_used(w, i);
    case M_MEMORY_LIMIT:
        return runs ? i_number(w, i, SP_MEMORY_LIMIT) * 1048576 : 0;
    case M_OOM_KILLS:
        return (double)i->oom_kills;
    case M_BACKING_OFF:
        return i->waiting;
    case M_HEAP_LIVE:
        return i_number(w, i, SP_HEAP) > 0 ? memory_live(w, i) : 0;
    case M_HEAP_USED:
        return heap_used(w, i);
    case M_COLLECTIONS:
        return (double)i->collections;
    case M_GC_SECONDS:
        return (double)gc_seconds(w, i) / 1e9;
    case M_FDS:
        return i_count(w, i, SP_FDS) > 0 ? fds_open(w, i) : 0;
    case M_FDS_MAX:
        return runs ? (double)i_count(w, i, SP_FDS) : 0;
    case M_NO_FDS:
        return (double)i->no_fds;
    case M_PENDING:
        return rollout_pending(w, i);
    case M_WAITED:
        return (double)i->waited;
    case M_LEFT:
        return (double)i->left;
    case M_BACKLOG:
        return (double)backlog_now(w, i) / 1e9;
    case M_BACKLOG_LONGEST:
        return (double)(backlog_now(w, i) > i->backlog_longest ? backlog_now(w, i)
                                                               : i->backlog_longest) /
               1e9;
    case M_IDLE:
        return i->idle && runs;
    case M_CANARIES:
        return i->canary && i->state != INSTANCE_NONE;
    default:
        return i->held && service_of(w, i->comp)->zone_down == instance_zone(w, i);
    }
}

static double metric_of(const struct world *w, const struct instance *i, int metric)
{
    bool runs = i->state == INSTANCE_UP || i->state == INSTANCE_DRAINING;
    switch (metric) {
    case M_REQUESTS:
        return (double)i->requests;
    case M_ERRORS:
        return (double)i->errors;
    case M_FINISHED:
        return (double)i->requests - (i->busy + i->queue.count - i->probing);
    case M_REFUSED:
        return (double)i->refused;
    case M_SECONDS:
        return (double)i->seconds / 1e9;
    case M_QUEUE_SECONDS:
        return (double)i->queue_seconds / 1e9;
    case M_ABANDONED:
        return (double)i->abandoned;
    case M_WASTED:
        return (double)i->wasted / 1e9;
    case M_IN_FLIGHT:
        return i->busy + i->queue.count;
    case M_BUSY:
        return i->busy;
    case M_WORKERS:
        return runs ? (double)i_count(w, i, SP_WORKERS) : 0;
    case M_QUEUED:
        return i->queue.count;
    case M_CPU:
        return cores_load(w, i, 1);
    case M_HEALTHY:
        return i->state == INSTANCE_UP && i->ready;
    case M_UP:
        return runs;
    case M_RESTARTS:
        return i->restarts;
    case M_POOL_IN_USE:
    case M_POOL_WAITING:
        return pool_sum(w, i, metric == M_POOL_WAITING);
    default:
        return resource_of(w, i, metric);
    }
}

/* Of a length of time the sum would say nothing. */
static double longest_of(const struct world *w, comp_id c, int metric)
{
    double most = 0;
    for (uint32_t k = 1; k <= service_of(w, c)->n; k++) {
        double x = metric_of(w, service_instance(w, c, (int)k), metric);
        most = x > most ? x : most;
    }
    return most;
}

double service_metric(const struct world *w, comp_id c, int metric, int instance)
{
    const struct service_state *s = service_of(w, c);
    double sum = 0, up = 0;
    if (metric == M_HALTED)
        return s->rollout == ROLLOUT_HALTED;
    if (instance <= 0 && (metric == M_BACKLOG || metric == M_BACKLOG_LONGEST))
        return longest_of(w, c, metric);
    if (instance > 0) {
        const struct instance *i = service_instance(w, c, instance);
        return i ? metric_of(w, i, metric) : 0;
    }
    for (uint32_t k = 1; k <= s->n; k++) {
        const struct instance *i = service_instance(w, c, (int)k);
        bool runs = i->state == INSTANCE_UP || i->state == INSTANCE_DRAINING ||
                    i->state == INSTANCE_STARTING;
        up += runs;
        if (metric != M_CPU || runs)
            sum += metric_of(w, i, metric);
    }
    return metric == M_CPU ? (up > 0 ? sum / up : 0) : sum;
}

/* ---- for autoscalers ------------------------------------------------------------- */

enum { SCALER_WINDOW = 10 }; /* seconds of processor time that a scaler looks at */

static double scaler_measure(const struct world *w, const struct instance *i,
                             enum scaler_metric by)
{
    switch (by) {
    case BY_CPU:
        return cores_load(w, i, SCALER_WINDOW);
    case BY_QUEUE:
        return metric_of(w, i, M_QUEUED);
    default:
        return metric_of(w, i, M_IN_FLIGHT);
    }
}

/* Whether an instance's processor time says nothing yet. */
static bool still_settling(const struct world *w, const struct instance *i,
                           sim_time initialisation)
{
    if (i->up_since == 0)
        return false; /* up from the beginning */
    if (w_now(w) - i->up_since < initialisation)
        return !i->ready || w_now(w) - i->ready_since < SCALER_WINDOW * SIM_SEC;
    return !i->ready && !i->was_ready;
}

static void count_instance(const struct world *w, const struct instance *i,
                           enum scaler_metric by, bool all, sim_time initialisation,
                           struct census *n)
{
    bool settling =
        i->state == INSTANCE_STARTING || (by == BY_CPU && i->state == INSTANCE_UP &&
                                          still_settling(w, i, initialisation));
    if (i->state == INSTANCE_NONE || i->state == INSTANCE_DRAINING || i->idle)
        return;
    if (i->state == INSTANCE_DOWN) {
        n->missing++;
    } else if (settling && !all) {
        n->not_ready++;
    } else {
        n->measured++;
        n->sum += scaler_measure(w, i, by);
    }
}

void service_census(const struct world *w, comp_id c, enum scaler_metric by, bool all,
                    sim_time initialisation, struct census *out)
{
    *out = (struct census){0};
    for (uint32_t k = 1; k <= service_of(w, c)->n; k++)
        count_instance(w, service_instance(w, c, (int)k), by, all, initialisation, out);
}

int service_instances(const struct world *w, comp_id c)
{
    return (int)service_of(w, c)->n;
}

void service_inflight(const struct world *w, comp_id c,
                      void (*f)(const struct world *w, const struct act *a, void *ctx),
                      void *ctx)
{
    for (uint32_t k = 1; k <= service_of(w, c)->n; k++) {
        const struct instance *i = service_instance(w, c, (int)k);
        for (ref r = i->members.first; r != 0; r = act_at(w, r)->next)
            if (act_at(w, r)->kind == ACT_REQUEST)
                f(w, act_at(w, r), ctx);
    }
}

void service_callers(const struct world *w, comp_id c,
                     void (*f)(const struct world *w, const struct act *a, void *ctx),
                     void *ctx)
{
    for (uint32_t k = 1; k <= service_of(w, c)->n; k++) {
        const struct instance *i = service_instance(w, c, (int)k);
        for (ref r = i->members.first; r; r = act_at(w, r)->next)
            f(w, act_at(w, r), ctx);
    }
}

static void view_pool(const struct world *w, const struct instance *i,
                      struct instance_view *v)
{
    const struct service_data *d = service_data(w->model, i->comp);
    struct pool_look look;
    v->pool = COMP_NONE;
    if (d->npools == 0)
        return;
    pool_look(w, d->pools[0], i->number, &look);
    v->pool = d->pools[0];
    v->pool_in_use = look.in_use;
    v->pool_size = look.size;
    v->pool_waiting = look.waiting;
    v->pool_oldest_wait = look.oldest_wait;
}

void world_instance(const struct world *w, comp_id c, int number,
                    struct instance_view *v)
{
    *v = (struct instance_view){.number = number, .pool = COMP_NONE, .version = ""};
    if (c >= w->model->ncomps || w->comps[c].kind != &kind_service)
        return;
    const struct instance *i = service_instance(w, c, number);
    const struct service_state *s = service_of(w, c);
    if (!i || i->state == INSTANCE_NONE)
        return;
    int64_t most = i_count(w, i, SP_QUEUE);
    v->state = (enum instance_state)i->state;
    v->warming = i->warming;
    v->ready = i->state == INSTANCE_UP && i->ready;
    v->in_rotation = s->balancer != COMP_NONE
                         ? comp_kind(w, s->balancer)->rotates(w, s->balancer, number)
                         : v->ready;
    v->version = model_version(w->model, c, i->version);
    v->since = i->since;
    v->busy = (int)i->busy;
    v->workers = (int)i_count(w, i, SP_WORKERS);
    v->queued = (int)i->queue.count;
    v->queue_max = most > 0 ? (int)most : 0;
    if (i->members.first != 0)
        v->oldest = w_now(w) - act_at(w, i->members.first)->start;
    v->cpu = metric_of(w, i, M_CPU);
    v->restarts = (int)i->restarts;
    view_pool(w, i, v);
}

#define M(name, prom, type, unit, doc)                                                 \
    {                                                                                  \
        name, prom, "", type, unit, true, doc                                          \
    }
const struct metric_desc service_metrics[SERVICE_METRICS] = {
    [M_REQUESTS] = M("requests_total", "http_server_requests_total", METRIC_COUNTER,
                     "1", "Requests that came in."),
    [M_ERRORS] = M("errors_total", "http_server_errors_total", METRIC_COUNTER, "1",
                   "Requests that failed after they were let in."),
    [M_REFUSED] = M("refused_total", "http_server_refused_total", METRIC_COUNTER, "1",
                    "Requests refused because the queue was full."),
    [M_SECONDS] = M("seconds_total", "http_server_request_duration_seconds_sum",
                    METRIC_COUNTER, "s", "Time of all requests that ended."),
    [M_QUEUE_SECONDS] = M("queue_seconds_total", "http_server_queue_seconds_sum",
                          METRIC_COUNTER, "s", "Time waited for a worker."),
    [M_ABANDONED] = M("abandoned_total", "http_server_abandoned_total", METRIC_COUNTER,
                      "1", "Requests finished when nobody waited any more."),
    [M_WASTED] =
        M("wasted_seconds_total", "http_server_wasted_seconds_total", METRIC_COUNTER,
          "s", "Time of requests for which nobody waited any more."),
    [M_IN_FLIGHT] = M("in_flight", "http_server_active_requests", METRIC_GAUGE, "1",
                      "Requests inside."),
    [M_BUSY] =
        M("busy", "worker_busy", METRIC_GAUGE, "1", "Workers at work or waiting."),
    [M_WORKERS] = M("workers", "worker_limit", METRIC_GAUGE, "1", "Workers there are."),
    [M_QUEUED] = M("queued", "http_server_queued_requests", METRIC_GAUGE, "1",
                   "Requests waiting for a worker."),
    [M_CPU] = M("cpu", "process_cpu_utilization", METRIC_GAUGE, "ratio",
                "Share of its cores busy over the last second."),
    [M_HEALTHY] = M("healthy", "instance_ready", METRIC_GAUGE, "1",
                    "Instances that are up and ready."),
    [M_UP] = M("up", "up", METRIC_GAUGE, "1", "Instances that are up."),
    [M_RESTARTS] =
        M("restarts_total", "process_restarts_total", METRIC_COUNTER, "1", "Restarts."),
    [M_POOL_IN_USE] = M("pool_in_use", "db_client_connections_used", METRIC_GAUGE, "1",
                        "Connections in use, all its pools."),
    [M_POOL_WAITING] = M("pool_waiting", "db_client_connections_waiting", METRIC_GAUGE,
                         "1", "Requests waiting for a connection, all its pools."),
    [M_SHED] = M("shed_total", "http_server_shed_total", METRIC_COUNTER, "1",
                 "Requests refused to spare it, or that waited too long for a worker."),
    [M_MEMORY] = M("memory", "container_memory_working_set_bytes", METRIC_GAUGE,
                   "bytes", "Memory held."),
    [M_MEMORY_LIMIT] =
        M("memory_limit", "container_spec_memory_limit_bytes", METRIC_GAUGE, "bytes",
          "Memory that may be held; 0: no limit."),
    [M_OOM_KILLS] = M("oom_kills_total", "container_oom_events_total", METRIC_COUNTER,
                      "1", "Times it ran out of memory and was killed."),
    [M_BACKING_OFF] =
        M("backing_off", "kube_pod_container_status_waiting", METRIC_GAUGE, "1",
          "Instances that wait to be started again because they keep dying."),
    [M_HEAP_LIVE] = M("heap_live", "jvm_memory_used_after_last_gc_bytes", METRIC_GAUGE,
                      "bytes", "Heap that a collection could not free."),
    [M_HEAP_USED] = M("heap_used", "jvm_memory_used_bytes", METRIC_GAUGE, "bytes",
                      "Heap in use, garbage included."),
    [M_COLLECTIONS] = M("collections_total", "jvm_gc_duration_seconds_count",
                        METRIC_COUNTER, "1", "Garbage collections."),
    [M_GC_SECONDS] = M("gc_seconds_total", "jvm_gc_duration_seconds_sum",
                       METRIC_COUNTER, "s", "Time paused for garbage collection."),
    [M_FDS] = M("open_fds", "process_open_fds", METRIC_GAUGE, "1",
                "Open file descriptors, where there is a limit."),
    [M_FDS_MAX] = M("max_fds", "process_max_fds", METRIC_GAUGE, "1",
                    "File descriptors that may be open; 0: no limit."),
    [M_NO_FDS] = M("no_fds_total", "process_fds_exhausted_total", METRIC_COUNTER, "1",
                   "Requests and connections refused for want of a file descriptor."),
    [M_PENDING] = M("rollout_pending", "deployment_instances_outdated", METRIC_GAUGE,
                    "1", "Instances that a roll-out has still to change."),
    [M_HALTED] = {.name = "rollout_halted",
                  .prom = "deployment_rollout_halted",
                  .labels = "",
                  .type = METRIC_GAUGE,
                  .unit = "1",
                  .doc = "1 when the last roll-out has stopped by itself."},
    [M_CANARIES] = M("canaries", "deployment_canary_instances", METRIC_GAUGE, "1",
                     "Instances that run the canary's version, or are to."),
    [M_ZONE_DOWN] = M("zone_down", "instance_zone_down", METRIC_GAUGE, "1",
                      "Instances that are gone because their zone is."),
    [M_IDLE] = M(
        "idle", "deployment_idle_instances", METRIC_GAUGE, "1",
        "Instances that run beside the others and get no requests: the other colour."),
    [M_WAITED] = M("waited_total", "http_server_waited_total", METRIC_COUNTER, "1",
                   "Requests that had to wait for a worker at all."),
    [M_LEFT] = M("left_total", "http_server_left_total", METRIC_COUNTER, "1",
                 "Requests whose sender left before there was a worker."),
    [M_BACKLOG] =
        M("backlog_seconds", "http_server_backlog_seconds", METRIC_GAUGE, "s",
          "How long somebody has been waiting without a break, at the worst instance."),
    [M_BACKLOG_LONGEST] = M(
        "backlog_longest_seconds", "http_server_backlog_longest_seconds", METRIC_GAUGE,
        "s", "The longest such time so far: what it took to drain the queue."),
    [M_FINISHED] = M("finished_total", "http_server_request_duration_seconds_count",
                     METRIC_COUNTER, "1", "Requests that ended, well or badly."),
};
