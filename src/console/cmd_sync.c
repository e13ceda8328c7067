/*
 * sync: sets clocks right at once, however wrong they are.
 */
#include "act.h"
#include "console_internal.h"

static const struct command_wild wild[] = {
    {"chrony", "chronyc makestep"},
    {"ntp", "ntpdate -b pool.ntp.org"},
};
const struct command cmd_sync = {
    .info = {.name = "sync",
             .synopsis = "sync CLOCK",
             .doc = "Sets the clocks right at once. Time jumps there.",
             .examples = "sync CLOCK",
             .group = GROUP_ACT,
             .changes_world = true,
             WILD(wild)},
    .args = {ARG_OP, ARG_VALUE},
    .max_args = 6,
    .raw = true,
    .done = "COMPONENT is right",
    .run = act_op,
};
