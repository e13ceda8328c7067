/*
 * prevent: what would have prevented it, a line of the incident sheet. Bare: the choices.
 */
#include "console_internal.h"

static const struct command_wild wild[] = {
    {"docs", "Action items: an alert on orders a minute"},
};
const struct command cmd_prevent = {
    .info = {.name = "prevent",
             .synopsis = "prevent [NUMBER]",
             .doc =
                 "States what would have prevented it, on your incident sheet. Bare, "
                 "it lists the choices, once users are well again. The debrief says "
                 "what each would have saved.",
             .examples = "prevent\nprevent 2",
             .group = GROUP_REASON,
             WILD(wild)},
    .args = {ARG_TEXT},
    .min_args = 0,
    .max_args = 1,
    .run = state_line,
};
