/*
 * limit: lets through so many requests a second and turns the rest away at the door.
 */
#include "act.h"
#include "console_internal.h"
#include "lookup.h"

static const struct command_wild wild[] = {
    {"haproxy", "echo 'set rate-limit sessions global VALUE' | socat stdio "
                "/run/haproxy/admin.sock"},
    {"nginx", "limit_req_zone $server_name zone=all:1m rate=VALUEr/s;"},
    {"aws",
     "aws apigateway update-stage --rest-api-id \"$API\" --stage-name prod "
     "--patch-operations 'op=replace,path=/*/*/throttling/rateLimit,value=VALUE'"},
};
/* The whole component's limit is a setting of it; an endpoint's is an operation. */
static const struct param_desc *whole_limit(const struct call *c, comp_id comp)
{
    const struct kind_desc *k = model_kind(c->m, comp);
    const char *name = is_kind(c, comp, "limiter") ? "rate" : "limit";
    for (size_t i = 0; i < k->nparams; i++)
        if (str_eq(k->params[i].name, name) && param_is_setting(&k->params[i]))
            return &k->params[i];
    return NULL;
}

static enum err run(struct call *c)
{
    struct act_target t;
    if (c->nargs > 1 && str_eq(c->arg[1], "off"))
        c->arg[1] = "-1";
    if (c->nargs != 2)
        return act_op(c);
    enum err e = act_find(c, "limit", c->arg[0], &t);
    if (e != ERR_OK)
        return e;
    const struct param_desc *p = whole_limit(c, t.comp);
    if (!p)
        return act_op(c);
    e = act_set(c, t.comp, p, c->arg[1]);
    if (e == ERR_OK && !str_starts(c->arg[1], "-"))
        fx_risk(c, "Requests above the limit are refused.");
    return e;
}

const struct command cmd_limit = {
    .info = {.name = "limit",
             .synopsis = "limit COMPONENT PER_SECOND [ENDPOINT]",
             .doc =
                 "Lets so many requests a second through. The others are turned away "
                 "at once, which costs next to nothing. 0 lets nothing through, off "
                 "takes the limit away.",
             .examples = "limit COMPONENT 50",
             .group = GROUP_ACT,
             .changes_world = true,
             WILD(wild)},
    .args = {ARG_OP, ARG_VALUE},
    .max_args = 6,
    .raw = true,
    .done = "COMPONENT lets VALUE requests a second through",
    .run = run,
};
