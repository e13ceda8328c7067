/*
 * hurt: who is hurt, a line of the incident sheet.
 */
#include "console_internal.h"

static const struct command_wild wild[] = {
    {"docs", "Impact: customers at checkout cannot pay"},
};
const struct command cmd_hurt = {
    .info = {.name = "hurt",
             .synopsis = "hurt CLIENT...|everybody|nobody",
             .doc = "States who is hurt, on your incident sheet. Clients by name.",
             .examples = "hurt everybody",
             .group = GROUP_REASON,
             WILD(wild)},
    .args = {ARG_COMPONENT},
    .min_args = 1,
    .max_args = 90,
    .raw = true,
    .run = state_line,
};
