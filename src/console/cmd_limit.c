/*
 * limit: lets through so many requests a second and turns the rest away at the door.
 */
#include "console_internal.h"

static const struct command_wild wild[] = {
    {"haproxy", "echo 'set rate-limit sessions global VALUE' | socat stdio "
                "/run/haproxy/admin.sock"},
    {"nginx", "limit_req_zone $server_name zone=all:1m rate=VALUEr/s;"},
    {"aws",
     "aws apigateway update-stage --rest-api-id \"$API\" --stage-name prod "
     "--patch-operations 'op=replace,path=/*/*/throttling/rateLimit,value=VALUE'"},
};
const struct command cmd_limit = {
    .info = {.name = "limit",
             .synopsis = "limit COMPONENT PER_SECOND [ENDPOINT]",
             .doc = "Lets through so many requests a second and turns the others away "
                    "at once, which costs next to nothing. 0 lets nothing through; off "
                    "takes the limit away where the component knows it.",
             .examples = "limit edge 50\nlimit edge 0",
             .group = GROUP_ACT,
             .changes_world = true,
             WILD(wild)},
    .args = {ARG_OP, ARG_VALUE},
    .max_args = 6,
    .raw = true,
    .done = "COMPONENT lets VALUE requests a second through",
    .run = act_op,
};
