/*
 * canary: another version on some of the instances.
 */
#include "act.h"
#include "console_internal.h"

static const struct command_wild wild[] = {
    {"argo rollouts", "kubectl argo rollouts set image COMPONENT "
                      "COMPONENT=registry.example.com/COMPONENT:VALUE"},
    {"aws", "aws deploy create-deployment --application-name COMPONENT "
            "--deployment-config-name CodeDeployDefault.ECSCanary10Percent5Minutes"},
};
const struct command cmd_canary = {
    .info = {.name = "canary",
             .synopsis = "canary SERVICE VERSION SHARE",
             .doc = "Tries a version on a share of the instances. At least one; they "
                    "get their share of the requests. promote brings it out on all, "
                    "abort takes it off again.",
             .examples =
                 "canary COMPONENT VERSION 10%\npromote COMPONENT\nabort COMPONENT",
             .group = GROUP_ACT,
             .changes_world = true,
             WILD(wild)},
    .args = {ARG_OP, ARG_VERSION},
    .max_args = 6,
    .raw = true,
    .done = "a share of COMPONENT goes to VALUE",
    .run = act_op,
};
