/*
 * Kind "service": what an operator can see of it and do to it. Its requests are in
 * service_run.c, with the order of its queue in service_queue.c and what is off by
 * default in service_admit.c; memory, garbage collection and file descriptors in
 * service_memory.c, service_gc.c, service_fds.c; its instances' lives in
 * service_life.c, their versions in service_deploy.c and service_bluegreen.c, their
 * health checks in service_probe.c; what an incident does to them in service_faults.c; metrics and views
 * in service_look.c.
 */
#include "engine/telling.h"
#include "service/describe.h"
#include "service/service_internal.h"
#include "truecode/model.h"

#include <stdio.h>

/* ---- model time ----------------------------------------------------------------- */

static size_t state_size(const struct model *m, comp_id c)
{
    (void)m;
    (void)c;
    return sizeof(struct service_state);
}

static int version_index(const struct model *m, comp_id c, const char *name)
{
    const struct versions *v = m->comps[c].versions;
    for (size_t i = 0; i < v->n; i++)
        if (str_eq(v->names[i], name))
            return (int)i;
    return -1;
}

enum err version_need(const struct model *m, comp_id c, const char *name, int *out,
                      struct errmsg *why)
{
    const struct versions *v = m->comps[c].versions;
    *out = version_index(m, c, name);
    if (*out >= 0)
        return ERR_OK;
    const char *near = text_suggest(name, v->names, v->n);
    return errmsg_set(why, ERR_NOT_FOUND, "%s has no version \"%s\"%s%s%s",
                      m->comps[c].name, name, near ? "; did you mean \"" : "",
                      near ? near : "", near ? "\"?" : "");
}

static enum err service_check(struct model *m, comp_id c, struct errmsg *why)
{
    const char *version = model_param(m, c, SP_VERSION)->as.text;
    int index;
    if (model_param(m, c, SP_GC_EVERY)->as.duration > 0 &&
        model_param(m, c, SP_HEAP)->as.number <= 0)
        return errmsg_set(why, ERR_INPUT,
                          "%s: \"gc_every\" needs a \"heap\" to be collected",
                          m->comps[c].name);
    if (model_param(m, c, SP_PREEMPT)->as.on &&
        model_param(m, c, SP_ORDER)->as.count != ORDER_PRIORITY)
        return errmsg_set(why, ERR_INPUT, "%s: \"preempt\" needs order = priority",
                          m->comps[c].name);
    if (!version || version[0] == '\0')
        return ERR_OK;
    return version_need(m, c, version, &index, why);
}

/* ---- a new world ---------------------------------------------------------------- */

static void service_init(struct world *w, comp_id c)
{
    struct service_state *s = service_of(w, c);
    const char *version = w_values(w, c)[SP_VERSION].as.text;
    int index = version ? version_index(w->model, c, version) : 0;
    s->version = s->previous = (uint16_t)(index < 0 ? 0 : index);
    s->balancer = COMP_NONE;
    service_features(w, c);
    for (int64_t n = p_count(w, c, SP_INSTANCES); n > 0; n--)
        service_add_instance(w, c, true);
}

/* The least time between two starts of a process that dies at once. */
enum { START_AGAIN = SIM_SEC };

static void started(struct world *w, struct instance *i)
{
    i->timer = 0;
    if (version_hit(&service_of(w, i->comp)->fails_to_start, i->version)) {
        w_log(w, i->comp, i->number, LOG_ERROR, 0,
              "version %s: process died while it started",
              model_version(w->model, i->comp, i->version));
        instance_crash(w, i, START_AGAIN);
        return;
    }
    instance_up(w, i);
    w_log(w, i->comp, i->number, LOG_INFO, 0, "started, version %s",
          model_version(w->model, i->comp, i->version));
}

static void service_event(struct world *w, comp_id c, int what, uint32_t a, uint32_t b)
{
    if (what == SE_PROBE_LATE) {
        struct act *probe = act_alive(w, a, b);
        if (probe)
            probe_late(w, probe);
        return;
    }
    if (what == SE_NO_PROGRESS) {
        rollout_stuck(w, c);
        return;
    }
    if (what == SE_LOOK_AT_SETS) {
        blue_green_look(w, c);
        return;
    }
    if (what == SE_OLD_OVER) {
        service_of(w, c)->keep_timer = 0;
        blue_green_old_over(w, c);
        return;
    }
    struct instance *i = service_instance(w, c, (int)a);
    switch (what) {
    case SE_STARTED:
        started(w, i);
        break;
    case SE_RESTART:
        i->timer = 0;
        i->waiting = false;
        instance_start(w, i);
        break;
    case SE_DIES:
        process_died(w, i, (enum death)b);
        break;
    case SE_COLLECTED:
        i->gc_timer = 0;
        gc_ended(w, i);
        break;
    case SE_GC_DUE:
        gc_due(w, i);
        break;
    case SE_AVAILABLE:
        i->ready_timer = 0;
        rollout_look(w, i);
        break;
    case SE_WARM:
        i->warm_timer = 0;
        i->warming = false;
        instance_speed(w, i);
        break;
    case SE_DRAIN_OVER:
        i->timer = 0;
        instance_drained(w, i);
        break;
    case SE_PROBE_SAYS:
        probe_said(w, i, b);
        break;
    default:
        probe_due(w, i);
    }
}

/* ---- parameters ----------------------------------------------------------------- */

static void each_instance(struct world *w, comp_id c,
                          void (*f)(struct world *w, struct instance *i))
{
    for (uint32_t k = 1; k <= service_of(w, c)->n; k++)
        f(w, service_instance(w, c, (int)k));
}

static void probe_anew(struct world *w, struct instance *i)
{
    if (i->state != INSTANCE_UP && i->state != INSTANCE_DRAINING)
        return;
    i->live = i->ready = true;
    i->live_fails = i->ready_fails = 0;
    probe_arm(w, i, true);
}

static void service_changed(struct world *w, comp_id c, int param,
                            const struct value *old)
{
    (void)old;
    service_features(w, c);
    switch (param) {
    case SP_INSTANCES:
        service_scale(w, c, service_count(w, c));
        break;
    case SP_CORES:
    case SP_START_UP_CORES:
    case SP_WARM_UP_FACTOR:
        each_instance(w, c, instance_speed);
        break;
    case SP_GC_EVERY:
        each_instance(w, c, gc_clock);
        break;
    case SP_WORKERS:
        each_instance(w, c, instance_dispatch);
        break;
    case SP_ORDER:
    case SP_QUEUE_TIMEOUT:
        each_instance(w, c, order_rebuild);
        break;
    case SP_MAX_UNAVAILABLE:
        rollout_step(w, c);
        break;
    case SP_FDS:
        probe_wake(w, c);
        break;
    case SP_LIVENESS:
    case SP_READINESS:
    case SP_PROBE_EVERY:
        each_instance(w, c, probe_anew);
        eligible_update(w, c);
        break;
    default:
        break;
    }
}

/* ---- operations ----------------------------------------------------------------- */

enum { OP_RESTART, OP_SCALE, OP_DEPLOY, OP_ROLLBACK, OP_CANARY, OP_PROMOTE, OP_ABORT };

enum err service_need_instance(const struct world *w, const struct action *a,
                               struct errmsg *why)
{
    const struct instance *i = service_instance(w, a->comp, a->instance);
    if (a->instance == 0 || (i && i->state != INSTANCE_NONE))
        return ERR_OK;
    return errmsg_set(why, ERR_NOT_FOUND, "%s has no instance %d",
                      w->comps[a->comp].name, a->instance);
}

static bool leaves(const struct instance *i)
{
    return i->state == INSTANCE_DRAINING && i->then == DRAINED_REMOVE;
}

static void restart_running(struct world *w, struct instance *i)
{
    if (i->state != INSTANCE_NONE && !i->held && !leaves(i))
        instance_restart(w, i);
}

static enum err op_restart(struct world *w, const struct action *a, struct effect *e,
                           struct errmsg *why)
{
    enum err err = service_need_instance(w, a, why);
    bool rolling = action_gives(a, 0) && a->args[0].as.on;
    if (err != ERR_OK)
        return err;
    snprintf(e->title, sizeof e->title, "restart %s%s", w->comps[a->comp].name,
             rolling ? ", one by one" : "");
    if (a->instance != 0) {
        struct instance *i = service_instance(w, a->comp, a->instance);
        if (i->held || leaves(i))
            return errmsg_set(
                why, ERR_REFUSED, "%s-%d %s", w->comps[a->comp].name, a->instance,
                i->held ? "does not start: its machine is down" : "is being removed");
        snprintf(e->title, sizeof e->title, "restart %s-%d", w->comps[a->comp].name,
                 a->instance);
        instance_restart(w, i);
    } else if (rolling) {
        rollout_begin(w, a->comp, ROLLOUT_RESTART);
    } else {
        each_instance(w, a->comp, restart_running);
    }
    return ERR_OK;
}

static enum err op_scale(struct world *w, const struct action *a, struct effect *e,
                         struct errmsg *why)
{
    int64_t n = a->args[0].as.count;
    const struct param_desc *p = &kind_service.desc.params[SP_INSTANCES];
    if ((double)n < p->min || (double)n > p->max)
        return errmsg_set(why, ERR_INPUT, "instances must be %.0f to %.0f, not %lld",
                          p->min, p->max, (long long)n);
    int was = service_count(w, a->comp);
    snprintf(e->title, sizeof e->title, "scale %s %d -> %lld", w->comps[a->comp].name,
             was, (long long)n);
    e->has_undo = true;
    e->undo = (struct action){.kind = ACTION_OP,
                              .comp = a->comp,
                              .name = "scale",
                              .args = {value_count(was)},
                              .nargs = 1};
    service_scale(w, a->comp, (int)n);
    return ERR_OK;
}

static enum err service_op(struct world *w, comp_id c, int op, const struct action *a,
                           struct effect *e, struct errmsg *why)
{
    (void)c;
    switch (op) {
    case OP_RESTART:
        return op_restart(w, a, e, why);
    case OP_SCALE:
        return op_scale(w, a, e, why);
    case OP_DEPLOY:
        return op_deploy(w, a, e, why);
    case OP_ROLLBACK:
        return op_rollback(w, a, e, why);
    case OP_CANARY:
        return op_canary(w, a, e, why);
    case OP_PROMOTE:
        return op_promote(w, a, e, why);
    default:
        return op_abort(w, a, e, why);
    }
}

/* ---- for those that look at instances ------------------------------------------- */

static enum instance_state instance_state_of(const struct world *w, comp_id c,
                                             int number)
{
    const struct instance *i = service_instance(w, c, number);
    return i ? (enum instance_state)i->state : INSTANCE_NONE;
}

static uint32_t service_eligible(const struct world *w, comp_id c,
                                 const uint16_t **numbers)
{
    const struct service_state *s = service_of(w, c);
    *numbers = W_PTR(w, uint16_t, s->eligible);
    return s->neligible;
}

static comp_id service_listen(struct world *w, comp_id c, comp_id who)
{
    comp_id before = service_of(w, c)->listener;
    service_of(w, c)->listener = (comp_id)(who + 1);
    return (comp_id)(before - 1);
}

static int choose_next(struct world *w, comp_id c, int rule, const uint16_t *numbers,
                       uint32_t n)
{
    return service_choose(w, c, rule, numbers, n, &service_of(w, c)->round_robin,
                          w_rng(w, c, SRNG_BALANCE));
}

/* ---- the kind ------------------------------------------------------------------- */

static const struct param_desc params[] = {
    [SP_INSTANCES] = {.name = "instances",
                      .type = VALUE_COUNT,
                      .min = 1,
                      .max = SERVICE_MAX,
                      .unit = "",
                      .def = "1",
                      .change = CHANGE_AT_ONCE,
                      .doc = "Processes that serve."},
    [SP_WORKERS] = {.name = "workers",
                    .type = VALUE_COUNT,
                    .min = 1,
                    .max = 100000,
                    .unit = "",
                    .def = "64",
                    .change = CHANGE_AT_RESTART,
                    .each = EACH_INSTANCE,
                    .doc = "Requests worked on at once, for each instance."},
    [SP_CORES] = {.name = "cores",
                  .type = VALUE_NUMBER,
                  .min = 0.01,
                  .max = 1024,
                  .unit = "cores",
                  .def = "2",
                  .change = CHANGE_AT_RESTART,
                  .each = EACH_INSTANCE,
                  .doc =
                      "Processor cores of each instance, shared by what runs on it."},
    [SP_QUEUE] = {.name = "queue",
                  .type = VALUE_COUNT,
                  .min = -1,
                  .max = 1000000,
                  .unit = "requests",
                  .def = "0",
                  .change = CHANGE_AT_RESTART,
                  .each = EACH_INSTANCE,
                  .doc = "Requests that may wait for a worker, for each instance; 0: "
                         "no limit, -1: none."},
    [SP_ORDER] = {.name = "order",
                  .type = VALUE_CHOICE,
                  .unit = "",
                  .def = "fifo",
                  .choices = "fifo|lifo|deadline|priority",
                  .change = CHANGE_AT_ONCE,
                  .doc = "Who is served first: the oldest, the newest, who is due "
                         "first, who matters "
                         "most."},
    [SP_PREEMPT] = {.name = "preempt",
                    .type = VALUE_BOOL,
                    .unit = "",
                    .def = "off",
                    .doc = "With order = priority: whether who matters more takes "
                           "worker and cores from who "
                           "matters less, who goes on afterwards."},
    [SP_QUEUE_TIMEOUT] =
        {.name = "queue_timeout",
         .type = VALUE_DURATION,
         .min = 0,
         .max = 3600,
         .unit = "s",
         .def = "0",
         .change = CHANGE_AT_ONCE,
         .doc = "A request that has waited so long for a worker is refused; 0: never."},
    [SP_PATIENCE] = {.name = "patience",
                     .type = VALUE_DIST,
                     .min = 0,
                     .max = 86400,
                     .unit = "s",
                     .def = "0",
                     .change = CHANGE_USERS,
                     .doc = "How long who asks waits for a worker before leaving the "
                            "queue, for good; a "
                            "worker "
                            "once there, for ever. 0: nobody leaves."},
    [SP_VERSION] =
        {.name = "version",
         .type = VALUE_TEXT,
         .unit = "",
         .def = "",
         .doc = "The version that runs at the start; empty: the first one named."},
    [SP_START_UP] =
        {.name = "start_up",
         .type = VALUE_DURATION,
         .min = 0,
         .max = 3600,
         .unit = "s",
         .def = "5s",
         .change = CHANGE_BUILT,
         .doc = "How long an instance takes to start, where it has the cores for it."},
    [SP_START_UP_CORES] =
        {.name = "start_up_cores",
         .type = VALUE_NUMBER,
         .min = 0,
         .max = 1024,
         .unit = "cores",
         .def = "1",
         .change = CHANGE_BUILT,
         .each = EACH_INSTANCE,
         .doc =
             "Cores that starting keeps busy; with fewer of its own it takes longer."},
    [SP_WARM_UP] = {.name = "warm_up",
                    .type = VALUE_DURATION,
                    .min = 0,
                    .max = 3600,
                    .unit = "s",
                    .def = "0",
                    .change = CHANGE_BUILT,
                    .doc = "How long an instance is slower after its start."},
    [SP_WARM_UP_FACTOR] = {.name = "warm_up_factor",
                           .type = VALUE_NUMBER,
                           .min = 1,
                           .max = 1000,
                           .unit = "",
                           .def = "3",
                           .change = CHANGE_BUILT,
                           .doc = "How many times slower it is while it warms up."},
    [SP_DRAIN] =
        {.name = "drain",
         .type = VALUE_DURATION,
         .min = 0,
         .max = 3600,
         .unit = "s",
         .def = "10s",
         .change = CHANGE_AT_ONCE,
         .doc = "How long a rolling restart waits for requests inside to finish."},
    [SP_LIVENESS] =
        {.name = "liveness",
         .type = VALUE_CHOICE,
         .unit = "",
         .def = "own_thread",
         .choices = "none|own_thread|worker|database",
         .change = CHANGE_AT_ONCE,
         .doc = "What the liveness answer needs; failing it restarts the instance."},
    [SP_READINESS] = {.name = "readiness",
                      .type = VALUE_CHOICE,
                      .unit = "",
                      .def = "own_thread",
                      .choices = "none|own_thread|worker|database",
                      .change = CHANGE_AT_ONCE,
                      .doc = "What the readiness answer needs; failing it takes the "
                             "instance out of rotation."},
    [SP_PROBE_EVERY] = {.name = "probe_every",
                        .type = VALUE_DURATION,
                        .min = 0.1,
                        .max = 3600,
                        .unit = "s",
                        .def = "5s",
                        .change = CHANGE_AT_ONCE,
                        .doc = "How often an instance is probed."},
    [SP_PROBE_TIMEOUT] = {.name = "probe_timeout",
                          .type = VALUE_DURATION,
                          .min = 0.001,
                          .max = 3600,
                          .unit = "s",
                          .def = "1s",
                          .change = CHANGE_AT_ONCE,
                          .doc = "A probe that takes longer has failed."},
    [SP_PROBE_FAILURES] = {.name = "probe_failures",
                           .type = VALUE_COUNT,
                           .min = 1,
                           .max = 1000,
                           .unit = "",
                           .def = "3",
                           .change = CHANGE_AT_ONCE,
                           .doc = "Failed probes in a row until something is done."},
    [SP_LIVENESS_FAILURES] = {.name = "liveness_failures",
                              .type = VALUE_COUNT,
                              .min = 0,
                              .max = 1000,
                              .unit = "",
                              .def = "0",
                              .change = CHANGE_AT_ONCE,
                              .doc = "The same for liveness only; 0: probe_failures."},
    [SP_READINESS_FAILURES] = {.name = "readiness_failures",
                               .type = VALUE_COUNT,
                               .min = 0,
                               .max = 1000,
                               .unit = "",
                               .def = "0",
                               .change = CHANGE_AT_ONCE,
                               .doc =
                                   "The same for readiness only; 0: probe_failures."},
    [SP_PROBE_SUCCESSES] =
        {.name = "probe_successes",
         .type = VALUE_COUNT,
         .min = 1,
         .max = 1000,
         .unit = "",
         .def = "1",
         .change = CHANGE_AT_ONCE,
         .doc = "Good readiness answers in a row that bring an instance back."},
    [SP_PROBE_DELAY] = {.name = "probe_delay",
                        .type = VALUE_DURATION,
                        .min = 0,
                        .max = 3600,
                        .unit = "s",
                        .def = "0",
                        .change = CHANGE_AT_ONCE,
                        .doc = "How long after its start an instance is not probed."},
    [SP_READY_AT_START] = {.name = "ready_at_start",
                           .type = VALUE_BOOL,
                           .unit = "",
                           .def = "on",
                           .change = CHANGE_AT_ONCE,
                           .doc = "Whether an instance that starts is ready before its "
                                  "first readiness answer."},
    [SP_MEMORY] = {.name = "memory",
                   .type = VALUE_NUMBER,
                   .min = 0,
                   .max = 1e7,
                   .unit = "MiB",
                   .def = "0",
                   .change = CHANGE_BUILT,
                   .each = EACH_INSTANCE,
                   .doc = "MiB that an instance holds with nobody inside."},
    [SP_MEMORY_PER_REQUEST] = {.name = "memory_per_request",
                               .type = VALUE_NUMBER,
                               .min = 0,
                               .max = 1e6,
                               .unit = "MiB",
                               .def = "0",
                               .change = CHANGE_BUILT,
                               .each = EACH_INSTANCE,
                               .doc = "MiB that each request inside holds."},
    [SP_MEMORY_LEAK] = {.name = "memory_leak",
                        .type = VALUE_NUMBER,
                        .min = 0,
                        .max = 1e6,
                        .unit = "KiB",
                        .def = "0",
                        .change = CHANGE_BUILT,
                        .doc = "KiB that each request leaves behind for good."},
    [SP_MEMORY_LIMIT] = {.name = "memory_limit",
                         .type = VALUE_NUMBER,
                         .min = 0,
                         .max = 1e7,
                         .unit = "MiB",
                         .def = "0",
                         .change = CHANGE_AT_RESTART,
                         .each = EACH_INSTANCE,
                         .doc =
                             "An instance that holds more MiB is killed; 0: no limit."},
    [SP_CRASH_BACKOFF] = {.name = "crash_backoff",
                          .type = VALUE_DURATION,
                          .min = 0,
                          .max = 3600,
                          .unit = "s",
                          .def = "0",
                          .change = CHANGE_BUILT,
                          .doc = "How long a process that died again waits for its "
                                 "start, doubling each time; 0: "
                                 "it does not wait. Kubernetes: 10s."},
    [SP_CRASH_BACKOFF_MAX] =
        {.name = "crash_backoff_max",
         .type = VALUE_DURATION,
         .min = 1,
         .max = 86400,
         .unit = "s",
         .def = "5m",
         .change = CHANGE_BUILT,
         .doc = "The longest such wait; forgotten once it has run for twice as long."},
    [SP_HEAP] = {.name = "heap",
                 .type = VALUE_NUMBER,
                 .min = 0,
                 .max = 1e7,
                 .unit = "MiB",
                 .def = "0",
                 .change = CHANGE_AT_RESTART,
                 .each = EACH_INSTANCE,
                 .doc = "MiB of heap of a runtime that collects garbage; 0: nothing is "
                        "collected."},
    [SP_ALLOCATION] = {.name = "allocation",
                       .type = VALUE_NUMBER,
                       .min = 0,
                       .max = 1e6,
                       .unit = "MiB",
                       .def = "1",
                       .change = CHANGE_BUILT,
                       .each = EACH_INSTANCE,
                       .doc = "MiB of garbage that each request makes."},
    [SP_GC_PAUSE] = {.name = "gc_pause",
                     .type = VALUE_DURATION,
                     .min = 0,
                     .max = 3600,
                     .unit = "s",
                     .def = "500ms",
                     .change = CHANGE_BUILT,
                     .doc = "How long it would take to collect a full heap; less in "
                            "proportion to what is "
                            "alive."},
    [SP_GC_EVERY] = {.name = "gc_every",
                     .type = VALUE_DURATION,
                     .min = 0,
                     .max = 86400,
                     .unit = "s",
                     .def = "0",
                     .change = CHANGE_BUILT,
                     .doc = "At the latest so long after the last collection there is "
                            "one, needed or not; 0: "
                            "only when the heap is full. Go: 2m."},
    [SP_FDS] = {.name = "fds",
                .type = VALUE_COUNT,
                .min = 0,
                .max = 1e8,
                .unit = "descriptors",
                .def = "0",
                .change = CHANGE_AT_RESTART,
                .each = EACH_INSTANCE,
                .doc = "File descriptors an instance may have open; 0: no limit."},
    [SP_SHED_DELAY] = {.name = "shed_delay",
                       .type = VALUE_DURATION,
                       .min = 0,
                       .max = 3600,
                       .unit = "s",
                       .def = "0",
                       .change = CHANGE_AT_ONCE,
                       .each = EACH_INSTANCE,
                       .doc = "Longest wait for a worker while the queue does not get "
                              "empty; 0: queue_timeout "
                              "only."},
    [SP_SHED_INTERVAL] = {.name = "shed_interval",
                          .type = VALUE_DURATION,
                          .min = 0.001,
                          .max = 3600,
                          .unit = "s",
                          .def = "100ms",
                          .change = CHANGE_AT_ONCE,
                          .doc = "How long a queue must not have been empty for that; "
                                 "until then the longest "
                                 "wait."},
    [SP_SHED_CPU] =
        {.name = "shed_cpu",
         .type = VALUE_FRACTION,
         .min = 0,
         .max = 1,
         .unit = "",
         .def = "0",
         .change = CHANGE_AT_ONCE,
         .each = EACH_INSTANCE,
         .doc =
             "Busy share of the cores above which requests are refused; 0: none are."},
    [SP_SHED_BY_PRIORITY] = {.name = "shed_by_priority",
                             .type = VALUE_BOOL,
                             .unit = "",
                             .def = "off",
                             .change = CHANGE_AT_ONCE,
                             .doc = "Whether less important requests are refused "
                                    "first: priority p may use (p+1)/4 of "
                                    "the queue."},
    [SP_MAX_UNAVAILABLE] = {.name = "max_unavailable",
                            .type = VALUE_COUNT,
                            .min = 0,
                            .max = 500,
                            .unit = "instances",
                            .def = "1",
                            .change = CHANGE_AT_ONCE,
                            .doc = "How many instances a roll-out takes out at once."},
    [SP_MAX_SURGE] = {.name = "max_surge",
                      .type = VALUE_COUNT,
                      .min = 0,
                      .max = SERVICE_MAX,
                      .unit = "instances",
                      .def = "0",
                      .change = CHANGE_AT_ONCE,
                      .doc = "How many more instances there may be during a roll-out."},
    [SP_MIN_READY] =
        {.name = "min_ready",
         .type = VALUE_DURATION,
         .min = 0,
         .max = 3600,
         .unit = "s",
         .def = "0",
         .change = CHANGE_AT_ONCE,
         .doc =
             "How long a new instance must have been ready before a roll-out goes on."},
    [SP_PROGRESS_DEADLINE] = {.name = "progress_deadline",
                              .type = VALUE_DURATION,
                              .min = 0,
                              .max = 86400,
                              .unit = "s",
                              .def = "0",
                              .change = CHANGE_AT_ONCE,
                              .doc = "A roll-out in which no instance became ready for "
                                     "so long stops; 0: never."},
    [SP_AUTO_ROLLBACK] =
        {.name = "auto_rollback",
         .type = VALUE_BOOL,
         .unit = "",
         .def = "off",
         .change = CHANGE_AT_ONCE,
         .doc = "Whether a roll-out that stops goes back to the version before."},
    [SP_STRATEGY] = {.name = "strategy",
                     .type = VALUE_CHOICE,
                     .unit = "",
                     .def = "rolling",
                     .choices = "rolling|blue_green",
                     .change = CHANGE_AT_ONCE,
                     .doc = "How a deploy goes: instance by instance, or by a second "
                            "set of instances that "
                            "gets all requests at once when it is ready."},
    [SP_KEEP_OLD] = {.name = "keep_old",
                     .type = VALUE_DURATION,
                     .min = 0,
                     .max = 86400,
                     .unit = "s",
                     .def = "0",
                     .change = CHANGE_AT_ONCE,
                     .doc = "How long the old set runs on without requests, to be "
                            "switched back to at once."},
    [SP_ZONES] =
        {.name = "zones",
         .type = VALUE_COUNT,
         .min = 1,
         .max = 16,
         .unit = "",
         .def = "1",
         .doc = "Availability zones that the instances are spread over, in turn."},
};

static const struct op_desc ops[] = {
    {"restart",
     {{"rolling", VALUE_BOOL, true, "one instance at a time"}},
     true,
     2 * SIM_SEC,
     "requests inside are lost, unless rolling",
     "Stops and starts instances."},
    {"scale",
     {{"count", VALUE_COUNT, false, "how many instances"}},
     false,
     2 * SIM_SEC,
     NULL,
     "Adds or removes instances."},
    {"deploy",
     {{"version", VALUE_TEXT, false, "the version to run"}},
     false,
     5 * SIM_SEC,
     NULL,
     "Puts another version on all instances, one by one."},
    {"rollback",
     {{0}},
     false,
     5 * SIM_SEC,
     NULL,
     "Puts the version that ran before on all instances, one by one."},
    {"canary",
     {{"version", VALUE_TEXT, false, "the version to try"},
      {"share", VALUE_FRACTION, false, "of the instances, at least one"}},
     false,
     5 * SIM_SEC,
     NULL,
     "Puts another version on some of the instances."},
    {"promote",
     {{0}},
     false,
     2 * SIM_SEC,
     NULL,
     "Puts the canary's version on all instances."},
    {"abort", {{0}}, false, 2 * SIM_SEC, NULL, "Takes the canary's version off again."},
};

static const char *const streams[] = {"work", "choice",   "balance", "fault",
                                      "shed", "patience", NULL};

/* Metrics that are listed only where they are modelled. */
static const struct metric_need needs[] = {
    {"memory", "memory"},
    {"memory", "memory_limit"},
    {"memory_limit", "memory_limit"},
    {"oom_kills_total", "memory_limit"},
    {"oom_kills_total", "heap"},
    {"backing_off", "crash_backoff"},
    {"heap_live", "heap"},
    {"heap_used", "heap"},
    {"collections_total", "heap"},
    {"gc_seconds_total", "heap"},
    {"open_fds", "fds"},
    {"max_fds", "fds"},
    {"no_fds_total", "fds"},
    {"shed_total", "shed_delay"},
    {"shed_total", "shed_cpu"},
    {"shed_total", "shed_by_priority"},
    {"rollout_halted", "progress_deadline"},
    {"idle", "strategy"},
    {"left_total", "patience"},
    {"zone_down", "zones"},
};

static const struct figure_desc figures[] = {
    {.label = "cpu",
     .metric = "cpu",
     .how = FIGURE_NOW,
     .status = true,
     .map = MAP_ALWAYS,
     .chart = 160,
     .warn = 0.9},
    {.label = "errors",
     .metric = "errors_total",
     .of = "requests_total",
     .how = FIGURE_PART,
     .status = true,
     .map = MAP_IF_UNUSUAL,
     .warn = 0.0005,
     .bad = 0.01},
    {.label = "p99", .how = FIGURE_P99, .status = true},
    {.label = "turned away",
     .metric = "refused_total",
     .how = FIGURE_RATE,
     .map = MAP_IF_ANY,
     .bad = 1e-9},
    {.label = "queued for a worker",
     .metric = "queued",
     .how = FIGURE_NOW,
     .map = MAP_IF_ANY,
     .chart = 110,
     .warn = 1},
    {.label = "workers busy",
     .metric = "busy",
     .of = "workers",
     .how = FIGURE_OF,
     .map = MAP_IF_UNUSUAL,
     .warn = 0.8},
    {.label = "errors", .metric = "errors_total", .how = FIGURE_RATE, .chart = 30},
    {.label = "instances ready", .metric = "healthy", .how = FIGURE_NOW, .chart = 140},
    {.label = "requests inside",
     .metric = "in_flight",
     .how = FIGURE_NOW,
     .chart = 150},
    {.label = "requests", .metric = "requests_total", .how = FIGURE_RATE, .chart = 170},
    {.label = "memory",
     .metric = "memory",
     .of = "memory_limit",
     .how = FIGURE_OF,
     .map = MAP_IF_UNUSUAL,
     .warn = 0.9,
     .bad = 0.98},
    {.label = "open files",
     .metric = "open_fds",
     .of = "max_fds",
     .how = FIGURE_OF,
     .map = MAP_IF_UNUSUAL,
     .warn = 0.9,
     .bad = 1},
};

static void service_bulk(const struct model *m, comp_id c, struct bulk *b)
{
    enum { PIECE = 512 }; /* beside an instance: places in lists, probes */
    (void)m, (void)c;
    b->n = b->instances;
    b->bytes = b->n * (2 * sizeof(struct instance) + PIECE);
    b->word = "instances";
}

const struct kind_impl kind_service = {
    .desc = {.name = "service",
             .doc = "Instances with workers, cores, a queue and programs.",
             .params = params,
             .nparams = sizeof params / sizeof *params,
             .ops = ops,
             .nops = sizeof ops / sizeof *ops,
             .faults = service_faults,
             .nfaults = SERVICE_FAULTS,
             .metrics = service_metrics,
             .nmetrics = SERVICE_METRICS,
             .needs = needs,
             .nneeds = sizeof needs / sizeof *needs,
             .figures = figures,
             .nfigures = sizeof figures / sizeof *figures},
    .traits = KIND_SERVES,
    .named = NAMED_CALLED,
    .init_turn = INIT_SERVES,
    .streams = streams,
    .check = service_check,
    .bulk = service_bulk,
    .state_size = state_size,
    .gather = services_gather,
    .init = service_init,
    .event = service_event,
    .ahead = service_ahead,
    .begin = service_begin,
    .resume = service_resume,
    .cancel = service_cancel,
    .refresh = exec_refresh,
    .state = instance_state_of,
    .eligible = service_eligible,
    .choose = choose_next,
    .fd_free = service_fd_free,
    .cores = service_cores,
    .may_be_ready = service_may_be_ready,
    .listen = service_listen,
    .keep = service_keep,
    .kept = service_kept,
    .changed = service_changed,
    .op = service_op,
    .names = service_names,
    .fault = service_fault,
    .metric = service_metric,
    .instances = service_instances,
    .numbers = "instances",
    .inflight = service_inflight,
    .callers = service_callers,
};
