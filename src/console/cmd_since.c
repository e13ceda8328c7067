/*
 * since: since when users are hurt, a line of the incident sheet.
 */
#include "console_internal.h"

static const struct command_wild wild[] = {
    {"docs", "Start of impact: 14:05"},
};
const struct command cmd_since = {
    .info = {.name = "since",
             .synopsis = "since HH:MM|never",
             .doc = "States since when, on your incident sheet. The first user who was "
                    "hurt counts.",
             .examples = "since 14:05",
             .group = GROUP_REASON,
             WILD(wild)},
    .args = {ARG_TEXT},
    .min_args = 1,
    .max_args = 90,
    .raw = true,
    .run = state_line,
};
