/*
 * rollback: back to the version before.
 */
#include "act.h"
#include "console_internal.h"

static const struct command_wild wild[] = {
    {"kubectl", "kubectl rollout undo deployment/COMPONENT"},
    {"argocd", "argocd app rollback COMPONENT"},
    {"helm", "helm rollback COMPONENT"},
};
const struct command cmd_rollback = {
    .info =
        {.name = "rollback",
         .synopsis = "rollback SERVICE [VERSION]",
         .doc =
             "Brings back the version that ran before. One instance after the other.",
         .examples = "rollback COMPONENT",
         .group = GROUP_ACT,
         .changes_world = true,
         WILD(wild)},
    .args = {ARG_OP, ARG_VERSION},
    .max_args = 6,
    .raw = true,
    .done = "COMPONENT goes back to the version before",
    .run = act_op,
};
