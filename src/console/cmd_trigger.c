/*
 * trigger: what began it, a line of the incident sheet.
 */
#include "console_internal.h"

static const struct command_wild wild[] = {
    {"docs", "Trigger: deploy of api v2 at 10:03"},
};
const struct command cmd_trigger = {
    .info =
        {.name = "trigger",
         .synopsis = "trigger CHANGE|COMPONENT|growth|nothing",
         .doc =
             "States what began it, on your incident sheet. A change by its number "
             "(changes shows them) or its component, growth, or nothing that happened.",
         .examples = "trigger 3\ntrigger growth",
         .group = GROUP_REASON,
         WILD(wild)},
    .args = {ARG_COMPONENT},
    .min_args = 1,
    .max_args = 90,
    .raw = true,
    .run = state_line,
};
