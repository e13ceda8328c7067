/*
 * drain: no new requests for an instance; those inside may finish.
 */
#include "act.h"
#include "console_internal.h"

static const struct command_wild wild[] = {
    {"kubectl", "kubectl label pod INSTANCE app-"},
    {"haproxy", "echo 'set server COMPONENT/INSTANCE state drain' | socat stdio "
                "/run/haproxy/admin.sock"},
    {"aws",
     "aws elbv2 deregister-targets --target-group-arn \"$ARN\" --targets Id=INSTANCE"},
};
const struct command cmd_drain = {
    .info = {.name = "drain",
             .synopsis = "drain INSTANCE",
             .doc = "No new requests for an instance. What is inside finishes.",
             .examples = "drain INSTANCE",
             .group = GROUP_ACT,
             .changes_world = true,
             WILD(wild)},
    .args = {ARG_OP, ARG_VALUE},
    .max_args = 6,
    .raw = true,
    .done = "INSTANCE gets no new requests",
    .run = act_op,
};
