/*
 * promote: the canary's version for all instances.
 */
#include "act.h"
#include "console_internal.h"

static const struct command_wild wild[] = {
    {"argo rollouts", "kubectl argo rollouts promote COMPONENT"},
};
const struct command cmd_promote = {
    .info = {.name = "promote",
             .synopsis = "promote SERVICE",
             .doc = "Brings the canary's version out on all instances.",
             .examples = "promote COMPONENT",
             .group = GROUP_ACT,
             .changes_world = true,
             WILD(wild)},
    .args = {ARG_OP},
    .max_args = 6,
    .raw = true,
    .done = "COMPONENT goes to the canary's version",
    .run = act_op,
};
