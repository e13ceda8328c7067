/*
 * undrain: puts a drained instance back to work.
 */
#include "act.h"
#include "console_internal.h"

static const struct command_wild wild[] = {
    {"kubectl", "kubectl label pod INSTANCE app=COMPONENT"},
    {"haproxy", "echo 'set server COMPONENT/INSTANCE state ready' | socat stdio "
                "/run/haproxy/admin.sock"},
    {"aws",
     "aws elbv2 register-targets --target-group-arn \"$ARN\" --targets Id=INSTANCE"},
};
const struct command cmd_undrain = {
    .info = {.name = "undrain",
             .synopsis = "undrain INSTANCE",
             .doc = "Gives a drained instance requests again.",
             .examples = "undrain INSTANCE",
             .group = GROUP_ACT,
             .changes_world = true,
             WILD(wild)},
    .args = {ARG_OP, ARG_VALUE},
    .max_args = 6,
    .raw = true,
    .done = "INSTANCE gets requests again",
    .run = act_op,
};
