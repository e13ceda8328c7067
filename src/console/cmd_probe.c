/*
 * probe: what the health checks of a service ask, how often, and what each instance
 * answers. A check answers its own question and no other; here one can read which.
 */
#include "console_internal.h"
#include "lookup.h"

#include <string.h>

static const char *param_text(struct call *c, comp_id comp, const char *name)
{
    const struct kind_desc *k = model_kind(c->m, comp);
    struct buf b;
    buf_init(&b, 0);
    for (size_t i = 0; i < k->nparams; i++)
        if (str_eq(k->params[i].name, name)) {
            struct value v = world_get(c->w, comp, name);
            value_format(c->m, &k->params[i], &v, &b);
        }
    const char *s = arena_strdup(c->mem, b.s);
    buf_release(&b);
    return s;
}

/* The need that an answer depends on, in words. */
static const char *asks(const char *need)
{
    if (str_eq(need, "none"))
        return "asks nothing: always green";
    if (str_eq(need, "own_thread"))
        return "is answered by a thread of its own: green as long as the process lives";
    if (str_eq(need, "worker"))
        return "needs a free worker";
    if (str_eq(need, "database"))
        return "needs a worker and a query to the database";
    return need;
}

static void show_question(struct call *c, comp_id comp, const char *probe)
{
    const char *need = param_text(c, comp, probe);
    if (*need)
        para(c, TONE_NORMAL, 0, strf(c, "%s %s (%s).", probe, asks(need), need));
}

static void show_instances(struct call *c, comp_id comp, int only)
{
    struct out_table t;
    table_init(&t, c->o, "INSTANCE|PROCESS|READY|IN ROTATION|>RESTARTS|UP SINCE");
    for (int i = 1; i <= world_instances(c->w, comp); i++) {
        struct instance_view v;
        world_instance(c->w, comp, i, &v);
        if (v.state == INSTANCE_NONE || (only && i != only))
            continue;
        bool up = v.state == INSTANCE_UP || v.state == INSTANCE_DRAINING;
        table_cell(&t, TONE_STRONG, "%s", inst_name(c, comp, i));
        table_cell(&t, up ? TONE_GOOD : TONE_BAD, "%s",
                   up                             ? "alive"
                   : v.state == INSTANCE_STARTING ? "starting"
                                                  : "down");
        table_cell(&t, v.ready ? TONE_GOOD : TONE_BAD, "%s", v.ready ? "yes" : "no");
        table_cell(&t, v.in_rotation ? TONE_NORMAL : TONE_WARN, "%s",
                   v.in_rotation ? "yes" : "no");
        table_cell(&t, TONE_NORMAL, "%d", v.restarts);
        table_cell(&t, TONE_NORMAL, "%s", clock_of(c, v.since, true));
    }
    table_print(&t);
}

static enum err run(struct call *c)
{
    comp_id comp;
    int instance;
    enum err e = need_comp(c, c->arg[0], &comp, &instance);
    if (e != ERR_OK)
        return e;
    if (is_kind(c, comp, "balancer"))
        comp = model_target(c->m, comp);
    if (!is_kind(c, comp, "service"))
        return refuse(c, ERR_INPUT, "Only services have health checks: %s",
                      names_of_kind(c, "service"));
    show_question(c, comp, "liveness");
    show_question(c, comp, "readiness");
    para(c, TONE_NORMAL, 0,
         strf(c, "Asked every %s, %s to answer, %s failures in a row count.",
              param_text(c, comp, "probe_every"), param_text(c, comp, "probe_timeout"),
              param_text(c, comp, "probe_failures")));
    show_instances(c, comp, instance);
    seen_comp(c, comp, "instances");
    seen_comp(c, comp, "config");
    return ERR_OK;
}

static const struct command_wild wild[] = {
    {"kubectl", "kubectl describe pod INSTANCE"},
    {"aws", "aws elbv2 describe-target-health --target-group-arn \"$ARN\""},
};
const struct command cmd_probe = {
    .info = {.name = "probe",
             .synopsis = "probe SERVICE|INSTANCE",
             .doc = "The health checks of a service. What they ask, what each instance "
                    "answers, and who gets traffic.",
             .examples = "probe COMPONENT",
             .group = GROUP_LOOK,
             WILD(wild)},
    .args = {ARG_SERVICE},
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
