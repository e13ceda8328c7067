/*
 * restart: stops and starts instances. What a process held (connections, queue, memory)
 * is gone; so are the requests inside it.
 */
#include "console_internal.h"

static const struct command_wild wild[] = {
    {"kubectl", "kubectl rollout restart deployment/COMPONENT"},
    {"kubectl", "kubectl delete pod INSTANCE"},
    {"systemctl", "systemctl restart COMPONENT"},
};
const struct command cmd_restart = {
    .info = {.name = "restart",
             .synopsis = "restart COMPONENT|INSTANCE [--rolling]",
             .doc = "Stops and starts instances. Requests inside are lost, and so is "
                    "whatever the process held. --rolling takes one after the other, "
                    "each drained first.",
             .examples = "restart checkout-3\nrestart checkout --rolling",
             .group = GROUP_ACT,
             .changes_world = true,
             WILD(wild)},
    .args = {ARG_OP, ARG_VALUE},
    .max_args = 6,
    .raw = true,
    .done = "INSTANCE is being restarted",
    .run = act_op,
};
