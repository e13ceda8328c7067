/*
 * much: how much of what users do is lost, a line of the incident sheet.
 */
#include "console_internal.h"

static const struct command_wild wild[] = {
    {"docs", "Impact: about 12 % of orders"},
};
const struct command cmd_much = {
    .info = {.name = "much",
             .synopsis = "much SHARE|NUMBER|unknown",
             .doc = "States how much, on your incident sheet. A share of what users "
                    "do, or a number of requests since it began; a factor of two is "
                    "near enough, and unknown is honest.",
             .examples = "much 12%\nmuch 600\nmuch unknown",
             .group = GROUP_REASON,
             WILD(wild)},
    .args = {ARG_TEXT},
    .min_args = 1,
    .max_args = 90,
    .raw = true,
    .run = state_line,
};
