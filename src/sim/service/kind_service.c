/*
 * Kind "service": its descriptor, its events, and what follows when a parameter changes.
 * The other files of the kind:
 *
 *   service_params.c                       the parameters
 *   service_ops.c, service_deploy.c,       what an operator does: restart and scale;
 *   service_bluegreen.c                    roll-outs and canaries; a second set
 *   service_faults.c                       what an incident does
 *   service_run.c, service_queue.c,        requests; whose turn it is; what is off by
 *   service_admit.c                        default
 *   service_life.c, service_probe.c        lives of instances; their health checks
 *   service_cores.c, service_memory.c,     what an instance has: cores, memory, garbage
 *   service_gc.c, service_fds.c            collection, file descriptors
 *   service_kept.c                         settings as they were when a process started
 *   service_look.c                         metrics and views
 */
#include "engine/telling.h"
#include "service/describe.h"
#include "service/service_internal.h"
#include "truecode/model.h"

/* ---- model time ------------------------------------------------------------------ */

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

/* ---- a new world ----------------------------------------------------------------- */

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

static void instance_event(struct world *w, struct instance *i, int what, uint32_t b)
{
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

static void service_event(struct world *w, comp_id c, int what, uint32_t a, uint32_t b)
{
    struct act *probe;
    switch (what) {
    case SE_PROBE_LATE:
        probe = act_alive(w, a, b);
        if (probe)
            probe_late(w, probe);
        break;
    case SE_NO_PROGRESS:
        rollout_stuck(w, c);
        break;
    case SE_LOOK_AT_SETS:
        blue_green_look(w, c);
        break;
    case SE_OLD_OVER:
        service_of(w, c)->keep_timer = 0;
        blue_green_old_over(w, c);
        break;
    default:
        instance_event(w, service_instance(w, c, (int)a), what, b);
    }
}

/* ---- parameters ------------------------------------------------------------------ */

void service_each(struct world *w, comp_id c,
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
        service_each(w, c, instance_speed);
        break;
    case SP_GC_EVERY:
        service_each(w, c, gc_clock);
        break;
    case SP_WORKERS:
        service_each(w, c, instance_dispatch);
        break;
    case SP_ORDER:
    case SP_QUEUE_TIMEOUT:
        service_each(w, c, order_rebuild);
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
        service_each(w, c, probe_anew);
        eligible_update(w, c);
        break;
    default:
        break;
    }
}

/* ---- for those that look at instances -------------------------------------------- */

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

static comp_id service_listen(struct world *w, comp_id c, comp_id listener)
{
    comp_id before = service_of(w, c)->listener;
    service_of(w, c)->listener = (comp_id)(listener + 1);
    return (comp_id)(before - 1);
}

static int choose_next(struct world *w, comp_id c, int rule, const uint16_t *numbers,
                       uint32_t n)
{
    return service_choose(w, c, rule, numbers, n, &service_of(w, c)->round_robin,
                          w_rng(w, c, SRNG_BALANCE));
}

/* ---- the kind -------------------------------------------------------------------- */

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
     .of = "finished_total",
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
             .params = service_params,
             .nparams = SP_COUNT,
             .ops = service_ops,
             .nops = SERVICE_OPS,
             .faults = service_faults,
             .nfaults = SERVICE_FAULTS,
             .metrics = service_metrics,
             .nmetrics = SERVICE_METRICS,
             .needs = needs,
             .nneeds = COUNT_OF(needs),
             .figures = figures,
             .nfigures = COUNT_OF(figures)},
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
