/*
 * set: a setting gets another value, at once, from the next restart on, or by a resize.
 */
#include "act.h"
#include "console_internal.h"

#include <string.h>

/* Two spellings are one: "set a.b 5" and "set a.b=5". */
static enum err split(struct call *c, const char **path, const char **value)
{
    const char *eq = strchr(c->arg[0], '=');
    *path = c->arg[0];
    *value = c->nargs > 1 ? c->arg[1] : NULL;
    if (c->nargs == 3)
        *value = str_eq(c->arg[1], "=") || str_eq(c->arg[1], "to")
                     ? c->arg[2]
                     : strf(c, "%s%s", c->arg[1], c->arg[2]);
    if (eq && c->nargs == 1) {
        *path = arena_strndup(c->mem, c->arg[0], (size_t)(eq - c->arg[0]));
        *value = eq + 1;
    }
    return ERR_OK;
}

static enum err run(struct call *c)
{
    comp_id comp;
    const struct param_desc *p;
    const char *path, *value;
    if (!c->nargs)
        return run_as(c, "config");
    enum err e = split(c, &path, &value);
    if (e == ERR_OK)
        e = model_resolve_param(c->m, path, &comp, &p, c->why);
    if (e != ERR_OK)
        return e;
    if (!value)
        return refuse(c, ERR_INPUT, "Say the new value: set %s VALUE. %s", path,
                      p->doc);
    return act_set(c, comp, p, value);
}

static const struct command_wild wild[] = {
    {"kubectl", "kubectl edit configmap/COMPONENT"},
    {"psql", "psql -c \"alter system set statement_timeout = '5s'\" "
             "-c 'select pg_reload_conf()'"},
    {"redis-cli", "redis-cli config set maxmemory-policy allkeys-lru"},
};
const struct command cmd_set = {
    .info =
        {.name = "set",
         .synopsis = "set COMPONENT.PARAMETER VALUE",
         .doc =
             "Changes a setting. At once, or from the next restart on, or by a resize "
             "that takes minutes: config says which, with units and defaults. changes "
             "keeps the old value, revert brings it back.",
         .examples = "set COMPONENT.PARAMETER VALUE",
         .group = GROUP_ACT,
         .changes_world = true,
         WILD(wild)},
    .args = {ARG_PARAM, ARG_VALUE},
    .max_args = 3,
    .run = run,
};
