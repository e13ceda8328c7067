/*
 * point: a name stands for something else from now on. Who has the old answer keeps it.
 */
#include "act.h"
#include "console_internal.h"

static const struct command_wild wild[] = {
    {"aws", "aws route53 change-resource-record-sets --hosted-zone-id \"$ZONE\" "
            "--change-batch file://change.json"},
    {"nsupdate", "printf 'update delete COMPONENT CNAME\\nupdate add COMPONENT 60 "
                 "CNAME VALUE\\nsend\\n' | nsupdate"},
};
const struct command cmd_point = {
    .info = {.name = "point",
             .synopsis = "point NAME COMPONENT",
             .doc = "Changes what a name stands for. Whoever has the old answer keeps "
                    "it for its time to live.",
             .examples = "point NAME COMPONENT",
             .group = GROUP_ACT,
             .changes_world = true,
             WILD(wild)},
    .args = {ARG_OP, ARG_VALUE},
    .max_args = 6,
    .raw = true,
    .done = "COMPONENT stands for VALUE",
    .run = act_op,
};
