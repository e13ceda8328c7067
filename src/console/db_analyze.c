/*
 * db analyze: renews the planner's statistics of a table.
 */
#include "act.h"
#include "console_internal.h"

static const struct command_wild wild[] = {
    {"psql", "psql -c 'analyze TABLE'"},
};
const struct command cmd_db_analyze = {
    .info = {.name = "analyze",
             .synopsis = "db analyze TABLE",
             .doc = "Renews what the planner knows of a table. It chooses between an "
                    "index and a scan by that.",
             .examples = "db analyze TABLE",
             .group = GROUP_ACT,
             .changes_world = true,
             WILD(wild)},
    .args = {ARG_TABLE},
    .max_args = 6,
    .raw = true,
    .run = act_op,
};
