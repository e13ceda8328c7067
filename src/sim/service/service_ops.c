/*
 * An operator's deeds at a service: restarts and scaling here; deploys, canaries and
 * what takes them back are in service_deploy.c.
 */
#include "service/describe.h"
#include "service/service_internal.h"

#include <stdio.h>

enum {
    OP_RESTART,
    OP_SCALE,
    OP_DEPLOY,
    OP_ROLLBACK,
    OP_CANARY,
    OP_PROMOTE,
    OP_ABORT,
    OP_COUNT
};
_Static_assert((int)OP_COUNT == (int)SERVICE_OPS, "a switch for each");

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

static enum err op_restart(struct world *w, const struct action *a, struct effect *fx,
                           struct errmsg *why)
{
    enum err e = service_need_instance(w, a, why);
    bool rolling = action_gives(a, 0) && a->args[0].as.on;
    if (e != ERR_OK)
        return e;
    snprintf(fx->title, sizeof fx->title, "restart %s%s", w->comps[a->comp].name,
             rolling ? ", one by one" : "");
    if (a->instance != 0) {
        struct instance *i = service_instance(w, a->comp, a->instance);
        if (i->held || leaves(i))
            return errmsg_set(
                why, ERR_REFUSED, "%s-%d %s", w->comps[a->comp].name, a->instance,
                i->held ? "does not start: its machine is down" : "is being removed");
        snprintf(fx->title, sizeof fx->title, "restart %s-%d", w->comps[a->comp].name,
                 a->instance);
        instance_restart(w, i);
    } else if (rolling) {
        rollout_begin(w, a->comp, ROLLOUT_RESTART);
    } else {
        service_each(w, a->comp, restart_running);
    }
    return ERR_OK;
}

static enum err op_scale(struct world *w, const struct action *a, struct effect *fx,
                         struct errmsg *why)
{
    int64_t n = a->args[0].as.count;
    const struct param_desc *p = &service_params[SP_INSTANCES];
    if ((double)n < p->min || (double)n > p->max)
        return errmsg_set(why, ERR_INPUT, "instances must be %.0f to %.0f, not %lld",
                          p->min, p->max, (long long)n);
    int was = service_count(w, a->comp);
    snprintf(fx->title, sizeof fx->title, "scale %s %d -> %lld", w->comps[a->comp].name,
             was, (long long)n);
    fx->undoable = true;
    fx->undo = (struct action){.kind = ACTION_OP,
                               .comp = a->comp,
                               .name = "scale",
                               .args = {value_count(was)},
                               .nargs = 1};
    service_scale(w, a->comp, (int)n);
    return ERR_OK;
}

enum err service_op(struct world *w, comp_id c, int op, const struct action *a,
                    struct effect *fx, struct errmsg *why)
{
    (void)c;
    switch (op) {
    case OP_RESTART:
        return op_restart(w, a, fx, why);
    case OP_SCALE:
        return op_scale(w, a, fx, why);
    case OP_DEPLOY:
        return op_deploy(w, a, fx, why);
    case OP_ROLLBACK:
        return op_rollback(w, a, fx, why);
    case OP_CANARY:
        return op_canary(w, a, fx, why);
    case OP_PROMOTE:
        return op_promote(w, a, fx, why);
    default:
        return op_abort(w, a, fx, why);
    }
}

const struct op_desc service_ops[] = {
    [OP_RESTART] = {.name = "restart",
                    .args = {{.name = "rolling",
                              .type = VALUE_BOOL,
                              .optional = true,
                              .doc = "one instance at a time"}},
                    .instance = true,
                    .cost = 2 * SIM_SEC,
                    .risk = "requests inside are lost, unless rolling",
                    .doc = "Stops and starts instances."},
    [OP_SCALE] =
        {.name = "scale",
         .args = {{.name = "count", .type = VALUE_COUNT, .doc = "how many instances"}},
         .cost = 2 * SIM_SEC,
         .doc = "Adds or removes instances."},
    [OP_DEPLOY] =
        {.name = "deploy",
         .args = {{.name = "version", .type = VALUE_TEXT, .doc = "the version to run"}},
         .cost = 5 * SIM_SEC,
         .doc = "Puts another version on all instances, one by one."},
    [OP_ROLLBACK] =
        {.name = "rollback",
         .cost = 5 * SIM_SEC,
         .doc = "Puts the version that ran before on all instances, one by one."},
    [OP_CANARY] =
        {.name = "canary",
         .args = {{.name = "version", .type = VALUE_TEXT, .doc = "the version to try"},
                  {.name = "share",
                   .type = VALUE_FRACTION,
                   .doc = "of the instances, at least one"}},
         .cost = 5 * SIM_SEC,
         .doc = "Puts another version on some of the instances."},
    [OP_PROMOTE] = {.name = "promote",
                    .cost = 2 * SIM_SEC,
                    .doc = "Puts the canary's version on all instances."},
    [OP_ABORT] = {.name = "abort",
                  .cost = 2 * SIM_SEC,
                  .doc = "Takes the canary's version off again."},
};
_Static_assert(COUNT_OF(service_ops) == OP_COUNT, "one for each");
