/*
 * scale: more or fewer instances.
 */
#include "act.h"
#include "console_internal.h"

static const struct command_wild wild[] = {
    {"kubectl", "kubectl scale deployment/COMPONENT --replicas=VALUE"},
    {"aws", "aws autoscaling set-desired-capacity --auto-scaling-group-name COMPONENT "
            "--desired-capacity VALUE"},
    {"gcloud", "gcloud run services update COMPONENT --min-instances=VALUE"},
};
const struct command cmd_scale = {
    .info = {.name = "scale",
             .synopsis = "scale SERVICE COUNT",
             .doc = "Sets how many instances a service has. New ones need their time "
                    "to start and to warm up; those that go finish what they have.",
             .examples = "scale\nscale COMPONENT 4",
             .group = GROUP_ACT,
             .changes_world = true,
             WILD(wild)},
    .args = {ARG_OP, ARG_VALUE},
    .max_args = 6,
    .raw = true,
    .done = "COMPONENT goes to VALUE instances",
    .run = act_op,
};
