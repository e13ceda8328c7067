/*
 * balancer: who gets requests, who does not and why, and how much each gets.
 */
#include "act.h"
#include "console_internal.h"
#include "lookup.h"

enum { BACKENDS_MAX = 512 };

static const char *why_not(struct call *c, const struct backend_view *v)
{
    if (v->drained)
        return "drained by an operator";
    if (v->ejected)
        return strf(c, "ejected for its errors, back in %s", span_of(c, v->back));
    return v->probes_fail ? "its probes fail" : "not there";
}

static void backend_row(struct call *c, struct out_table *t, comp_id balancer,
                        const struct backend_view *v, double weights)
{
    comp_id service = model_target(c->m, balancer);
    bool gone = !v->gets_requests && !v->drained && !v->ejected && !v->probes_fail;
    if (gone)
        return; /* an instance that was there once */
    table_cell(t, TONE_STRONG, "%s", inst_name(c, service, v->number));
    table_cell(t, v->gets_requests ? TONE_GOOD : TONE_WARN, "%s",
               v->gets_requests ? "yes" : "no");
    table_cell(t, TONE_NORMAL, "%s", num(c, v->weight));
    table_cell(t, TONE_NORMAL, "%s",
               v->gets_requests && weights > 0 ? percent(c, v->weight / weights) : "-");
    table_cell(t, TONE_WARN, "%s", v->gets_requests ? "" : why_not(c, v));
}

static enum err show(struct call *c, comp_id balancer)
{
    struct backend_view *v = arena_alloc(c->mem, BACKENDS_MAX * sizeof *v);
    size_t n = world_backends(c->w, balancer, v, BACKENDS_MAX);
    struct out_table t;
    struct buf policy;
    double weights = 0;
    n = n < BACKENDS_MAX ? n : BACKENDS_MAX;
    for (size_t i = 0; i < n; i++)
        weights += v[i].gets_requests ? v[i].weight : 0;
    const struct kind_desc *k = model_kind(c->m, balancer);
    struct value value = world_get(c->w, balancer, "policy");
    buf_init(&policy, 0);
    for (size_t i = 0; i < k->nparams; i++)
        if (str_eq(k->params[i].name, "policy"))
            value_format(c->m, &k->params[i], &value, &policy);
    bool weighted = str_eq(policy.s, "weighted");
    para(c, TONE_STRONG, 0, strf(c, "%s: policy %s.", name_of(c, balancer), policy.s));
    table_init(&t, c->o, "INSTANCE|REQUESTS|>WEIGHT|>SHARE BY WEIGHT|WHY NOT");
    for (size_t i = 0; i < n; i++)
        backend_row(c, &t, balancer, &v[i], weights);
    table_print(&t);
    if (!weighted)
        note(c, "Weights count with policy weighted: set %s.policy weighted",
             name_of(c, balancer));
    buf_release(&policy);
    seen_comp(c, balancer, "metrics");
    return ERR_OK;
}

/* ---- weight ---------------------------------------------------------------------- */

/* HAProxy's management guide, "set weight <backend>/<server> <weight>". */
static const struct command_wild wild_weight[] = {
    {"haproxy", "echo 'set weight COMPONENT/INSTANCE VALUE' | socat stdio "
                "/run/haproxy/admin.sock"},
};
static const struct command balancer_weight = {
    .info = {.name = "weight",
             .synopsis = "balancer weight INSTANCE WEIGHT",
             .doc =
                 "Sends an instance more or less than the others, which have 1. Counts "
                 "with policy weighted; 0 sends it nothing.",
             .examples = "balancer weight INSTANCE 0.5",
             .group = GROUP_ACT,
             .changes_world = true,
             WILD(wild_weight)},
    .args = {ARG_SERVICE},
    .max_args = 6,
    .raw = true,
    .op = "weight",
    .run = act_op,
};
static const struct command *const subs[] = {&balancer_weight, NULL};

static enum err run(struct call *c)
{
    comp_id b = next_of(c, "balancer", COMP_NONE);
    if (b == COMP_NONE)
        return refuse(c, ERR_NOT_FOUND, "There is no balancer here.");
    if (c->nargs) {
        enum err e = need_kind(c, c->arg[0], "balancer", &b);
        return e == ERR_OK ? show(c, b) : e;
    }
    for (bool first = true; b != COMP_NONE;
         b = next_of(c, "balancer", b), first = false) {
        if (!first)
            out_end(c->o);
        (void)show(c, b);
    }
    return ERR_OK;
}

static const struct command_wild wild[] = {
    {"haproxy", "echo 'show servers state' | socat stdio /run/haproxy/admin.sock"},
    {"kubectl", "kubectl get endpointslices"},
};
const struct command cmd_balancer = {
    .info = {.name = "balancer",
             .synopsis = "balancer [NAME], balancer weight INSTANCE WEIGHT",
             .doc =
                 "Who gets requests. Each instance with its weight, and why one gets "
                 "none.",
             .examples = "balancer\nbalancer weight INSTANCE 0.5",
             .group = GROUP_LOOK,
             .changes_world = true,
             WILD(wild)},
    .args = {ARG_COMPONENT},
    .max_args = 1,
    .subs = subs,
    .run = run,
};
