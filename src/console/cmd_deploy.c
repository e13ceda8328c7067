/*
 * deploy: another version of a service, instance after instance.
 */
#include "act.h"
#include "console_internal.h"

static const struct command_wild wild[] = {
    {"kubectl", "kubectl set image deployment/COMPONENT "
                "COMPONENT=registry.example.com/COMPONENT:VALUE"},
    {"argocd", "argocd app sync COMPONENT --revision VALUE"},
    {"aws", "aws ecs update-service --cluster prod --service COMPONENT "
            "--task-definition COMPONENT:VALUE"},
};
const struct command cmd_deploy = {
    .info = {.name = "deploy",
             .synopsis = "deploy SERVICE VERSION",
             .doc = "Brings out a version of a service. One instance after the other. "
                    "The bare word lists the versions.",
             .examples = "deploy\ndeploy COMPONENT VERSION",
             .group = GROUP_ACT,
             .changes_world = true,
             WILD(wild)},
    .args = {ARG_OP, ARG_VERSION},
    .max_args = 6,
    .raw = true,
    .done = "COMPONENT goes to VALUE",
    .run = act_op,
};
