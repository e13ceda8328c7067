/*
 * Kind "service": what an operator can see of it and do to it. Its requests are in
 * service_run.c, its instances' lives in service_life.c, its health checks in
 * service_probe.c, its metrics and views in service_look.c.
 */
#include "service.h"
#include "world.h"

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
    const struct service_data *d = service_data(m, c);
    for (size_t i = 0; i < d->nversions; i++)
        if (str_eq(d->versions[i], name))
            return (int)i;
    return -1;
}

static enum err version_need(const struct model *m, comp_id c, const char *name,
                             int *out, struct errmsg *why)
{
    const struct service_data *d = service_data(m, c);
    *out = version_index(m, c, name);
    if (*out >= 0)
        return ERR_OK;
    const char *near = text_suggest(name, d->versions, d->nversions);
    return errmsg_set(why, ERR_NOT_FOUND, "%s has no version \"%s\"%s%s%s",
                      m->comps[c].name, name, near ? "; did you mean \"" : "",
                      near ? near : "", near ? "\"?" : "");
}

static enum err service_check(struct model *m, comp_id c, struct errmsg *why)
{
    const char *version = model_param(m, c, SP_VERSION)->as.text;
    int index;
    if (version == NULL || version[0] == '\0')
        return ERR_OK;
    return version_need(m, c, version, &index, why);
}

/* ---- a new world ---------------------------------------------------------------- */

static void service_init(struct world *w, comp_id c)
{
    struct service_state *s = service_of(w, c);
    const char *version = w_values(w, c)[SP_VERSION].as.text;
    int index = version == NULL ? 0 : version_index(w->model, c, version);
    s->version = s->previous = (uint16_t)(index < 0 ? 0 : index);
    s->balancer = COMP_NONE;
    for (int64_t n = p_count(w, c, SP_INSTANCES); n > 0; n--)
        service_add_instance(w, c, true);
}

static void service_event(struct world *w, comp_id c, int what, uint32_t a, uint32_t b)
{
    if (what == SE_PROBE_LATE) {
        struct act *probe = act_alive(w, a, b);
        if (probe != NULL)
            probe_late(w, probe);
        return;
    }
    struct instance *i = service_instance(w, c, (int)a);
    switch (what) {
    case SE_STARTED:
        i->timer = 0;
        instance_up(w, i);
        w_log(w, c, i->number, LOG_INFO, 0, "started, version %s",
              service_data(w->model, c)->versions[i->version]);
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
    switch (param) {
    case SP_INSTANCES:
        service_scale(w, c, service_count(w, c));
        break;
    case SP_CORES:
    case SP_WARM_UP_FACTOR:
        each_instance(w, c, instance_speed);
        break;
    case SP_WORKERS:
        each_instance(w, c, instance_dispatch);
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

enum { OP_RESTART, OP_SCALE, OP_DEPLOY, OP_ROLLBACK };

static enum err need_instance(const struct world *w, const struct action *a,
                              struct errmsg *why)
{
    const struct instance *i = service_instance(w, a->comp, a->instance);
    if (a->instance == 0 || (i != NULL && i->state != INSTANCE_NONE))
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
    enum err err = need_instance(w, a, why);
    bool rolling = a->nargs > 0 && a->args[0].as.on;
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

static void deploy(struct world *w, comp_id c, int version, const char *verb,
                   struct effect *e)
{
    struct service_state *s = service_of(w, c);
    const struct service_data *d = service_data(w->model, c);
    snprintf(e->title, sizeof e->title, "%s %s %s (was %s)", verb, w->comps[c].name,
             d->versions[version], d->versions[s->version]);
    e->has_undo = true;
    e->undo = (struct action){.kind = ACTION_OP,
                              .comp = c,
                              .name = "deploy",
                              .args = {value_text(d->versions[s->version])},
                              .nargs = 1};
    s->previous = s->version;
    s->version = (uint16_t)version;
    w_values(w, c)[SP_VERSION] = value_text(d->versions[version]);
    rollout_begin(w, c, ROLLOUT_DEPLOY);
}

static enum err op_deploy(struct world *w, const struct action *a, struct effect *e,
                          struct errmsg *why)
{
    int version;
    enum err err = version_need(w->model, a->comp, a->args[0].as.text, &version, why);
    if (err != ERR_OK)
        return err;
    if (version == service_of(w, a->comp)->version)
        return errmsg_set(why, ERR_REFUSED, "%s runs version %s already",
                          w->comps[a->comp].name, a->args[0].as.text);
    deploy(w, a->comp, version, "deploy", e);
    return ERR_OK;
}

static enum err op_rollback(struct world *w, const struct action *a, struct effect *e,
                            struct errmsg *why)
{
    struct service_state *s = service_of(w, a->comp);
    if (s->previous == s->version)
        return errmsg_set(why, ERR_REFUSED, "%s has run no other version than %s",
                          w->comps[a->comp].name,
                          service_data(w->model, a->comp)->versions[s->version]);
    deploy(w, a->comp, s->previous, "roll back", e);
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
    default:
        return op_rollback(w, a, e, why);
    }
}

/* ---- faults --------------------------------------------------------------------- */

enum { FAULT_CRASH, FAULT_HANG, FAULT_SLOW, FAULT_ERRORS };

/* Without a duration it is a crash that the supervisor answers with a restart. */
static void fault_crash(struct world *w, struct instance *i, const struct action *a,
                        bool on)
{
    if (on) {
        w_log(w, i->comp, i->number, LOG_ERROR, 0, "process died");
        i->held = a->duration > 0;
        instance_stop(w, i);
        if (!i->held)
            instance_start(w, i);
    } else if (i->held) {
        i->held = false;
        instance_start(w, i);
    }
}

static void fault_one(struct world *w, struct instance *i, int fault,
                      const struct action *a, bool on)
{
    if (i->state == INSTANCE_NONE)
        return;
    switch (fault) {
    case FAULT_CRASH:
        fault_crash(w, i, a, on);
        break;
    case FAULT_HANG:
        i->hung = on;
        instance_speed(w, i);
        instance_dispatch(w, i);
        break;
    case FAULT_SLOW:
        i->slow = on ? a->args[0].as.number : 1;
        instance_speed(w, i);
        break;
    default:
        i->error_rate = on ? a->args[0].as.number : 0;
    }
}

static enum err service_fault(struct world *w, comp_id c, int fault,
                              const struct action *a, bool on, struct errmsg *why)
{
    enum err err = need_instance(w, a, on ? why : NULL);
    if (err != ERR_OK)
        return err;
    if (fault == FAULT_SLOW && !(a->args[0].as.number > 0))
        return errmsg_set(why, ERR_INPUT, "the factor must be above 0");
    for (uint32_t k = 1; k <= service_of(w, c)->n; k++)
        if (a->instance == 0 || a->instance == (int)k)
            fault_one(w, service_instance(w, c, (int)k), fault, a, on);
    return ERR_OK;
}

/* ---- the kind ------------------------------------------------------------------- */

static const struct param_desc params[] = {
    {"instances", VALUE_COUNT, 1, SERVICE_MAX, "", "1", NULL, true,
     "Processes that serve."},
    {"workers", VALUE_COUNT, 1, 100000, "", "64", NULL, true,
     "Requests an instance works on at once."},
    {"cores", VALUE_NUMBER, 0.01, 1024, "cores", "2", NULL, true,
     "Processor cores of each instance, shared by what runs on it."},
    {"queue", VALUE_COUNT, -1, 1000000, "requests", "0", NULL, true,
     "Requests that may wait for a worker; 0: no limit, -1: none."},
    {"order", VALUE_CHOICE, 0, 0, "", "fifo", "fifo|lifo", true,
     "Who is served first: the oldest or the newest."},
    {"queue_timeout", VALUE_DURATION, 0, 3600, "s", "0", NULL, true,
     "A request that has waited so long for a worker is refused; 0: never."},
    {"version", VALUE_TEXT, 0, 0, "", "", NULL, false,
     "The version that runs at the start; empty: the first one named."},
    {"start_up", VALUE_DURATION, 0, 3600, "s", "5s", NULL, true,
     "How long an instance takes to start."},
    {"warm_up", VALUE_DURATION, 0, 3600, "s", "0", NULL, true,
     "How long an instance is slower after its start."},
    {"warm_up_factor", VALUE_NUMBER, 1, 1000, "", "3", NULL, true,
     "How many times slower it is while it warms up."},
    {"drain", VALUE_DURATION, 0, 3600, "s", "10s", NULL, true,
     "How long a rolling restart waits for requests inside to finish."},
    {"liveness", VALUE_CHOICE, 0, 0, "", "own_thread",
     "none|own_thread|worker|database", true,
     "What the liveness answer needs; failing it restarts the instance."},
    {"readiness", VALUE_CHOICE, 0, 0, "", "own_thread",
     "none|own_thread|worker|database", true,
     "What the readiness answer needs; failing it takes the instance out of rotation."},
    {"probe_every", VALUE_DURATION, 0.1, 3600, "s", "5s", NULL, true,
     "How often an instance is probed."},
    {"probe_timeout", VALUE_DURATION, 0.001, 3600, "s", "1s", NULL, true,
     "A probe that takes longer has failed."},
    {"probe_failures", VALUE_COUNT, 1, 1000, "", "3", NULL, true,
     "Failed probes in a row until something is done."},
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
};

static const struct fault_desc faults[] = {
    {"crash",
     {{0}},
     "The process dies; with a duration it does not start before that is over."},
    {"hang", {{0}}, "The workers stand still; the health thread goes on answering."},
    {"slow",
     {{"factor", VALUE_NUMBER, false, "times as much processor time"}},
     "Everything takes more processor time."},
    {"error_rate",
     {{"fraction", VALUE_FRACTION, false, "of requests"}},
     "A share of requests fails at once."},
};

static const char *const streams[] = {"work", "choice", "balance", "fault", NULL};

const struct kind_impl kind_service = {
    .desc = {.name = "service",
             .doc = "Instances with workers, cores, a queue and programs.",
             .params = params,
             .nparams = sizeof params / sizeof *params,
             .ops = ops,
             .nops = sizeof ops / sizeof *ops,
             .faults = faults,
             .nfaults = sizeof faults / sizeof *faults,
             .metrics = service_metrics,
             .nmetrics = SERVICE_METRICS},
    .streams = streams,
    .check = service_check,
    .state_size = state_size,
    .init = service_init,
    .event = service_event,
    .begin = service_begin,
    .resume = service_resume,
    .cancel = service_cancel,
    .changed = service_changed,
    .op = service_op,
    .fault = service_fault,
    .metric = service_metric,
    .instances = service_instances,
    .inflight = service_inflight,
};
