/*
 * restart: stops and starts instances. What a process held (connections, queue, memory)
 * is gone; so are the requests inside it.
 */
#include "act.h"
#include "console_internal.h"

static const struct command_wild wild[] = {
    {"kubectl", "kubectl rollout restart deployment/COMPONENT"},
    {"kubectl", "kubectl delete pod INSTANCE"},
    {"kubectl", "kubectl delete pod -l app=COMPONENT"},
    {"systemctl", "systemctl restart COMPONENT"},
};

/* A rollout is the gentle way; all at once is to delete what runs. */
static enum err run(struct call *c)
{
    bool rolling = false;
    int instance = 0;
    comp_id comp;
    for (size_t i = 1; i < c->nargs; i++)
        rolling = rolling || str_eq(c->arg[i], "--rolling");
    if (c->nargs && model_resolve(c->m, c->arg[0], &comp, &instance, NULL) == ERR_OK)
        c->wild = wild[instance ? 1 : rolling ? 0 : 2].line;
    return act_op(c);
}

const struct command cmd_restart = {
    .info = {.name = "restart",
             .synopsis = "restart COMPONENT|INSTANCE [--rolling]",
             .doc = "Stops and starts instances. Requests inside are lost, and so is "
                    "whatever the process held. --rolling takes one after the other, "
                    "each drained first.",
             .examples = "restart INSTANCE\nrestart COMPONENT --rolling",
             .group = GROUP_ACT,
             .changes_world = true,
             WILD(wild)},
    .args = {ARG_OP, ARG_VALUE},
    .max_args = 6,
    .raw = true,
    .done = "INSTANCE is being restarted",
    .run = run,
};
