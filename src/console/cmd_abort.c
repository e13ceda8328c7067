/*
 * abort: the canary is taken off again.
 */
#include "act.h"
#include "console_internal.h"

static const struct command_wild wild[] = {
    {"argo rollouts", "kubectl argo rollouts abort COMPONENT"},
    {"aws", "aws deploy stop-deployment --deployment-id \"$ID\" "
            "--auto-rollback-enabled"},
};
const struct command cmd_abort = {
    .info = {.name = "abort",
             .synopsis = "abort SERVICE",
             .doc = "Takes the canary's version off again. Its instances go back to "
                    "the version of the others.",
             .examples = "abort COMPONENT",
             .group = GROUP_ACT,
             .changes_world = true,
             WILD(wild)},
    .args = {ARG_OP},
    .max_args = 6,
    .raw = true,
    .done = "COMPONENT's canary goes back",
    .run = act_op,
};
