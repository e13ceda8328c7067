/*
 * flush: throws cached values away. Every one of them is a miss at its next use.
 */
#include "act.h"
#include "console_internal.h"

static const struct command_wild wild[] = {
    {"redis-cli", "redis-cli --scan --pattern 'VALUE' | xargs redis-cli unlink"},
    {"redis-cli", "redis-cli flushall async"},
};
const struct command cmd_flush = {
    .info = {.name = "flush",
             .synopsis = "flush CACHE|KEYSPACE [PATTERN]",
             .doc = "Throws cached values away. Each is missed at its next use, and "
                    "all of them at once.",
             .examples = "flush COMPONENT",
             .group = GROUP_ACT,
             .changes_world = true,
             WILD(wild)},
    .args = {ARG_OP, ARG_VALUE},
    .max_args = 6,
    .raw = true,
    .run = act_op,
};
