/*
 * db drop-index: takes an index away.
 */
#include "act.h"
#include "console_internal.h"

static const struct command_wild wild[] = {
    {"psql", "psql -c 'drop index concurrently VALUE'"},
};
const struct command cmd_db_drop_index = {
    .info = {.name = "drop-index",
             .synopsis = "db drop-index TABLE INDEX",
             .doc = "Takes an index away. Statements that looked rows up by it scan "
                    "the table from then on; writes to the table get cheaper.",
             .examples = "db indexes\ndb drop-index TABLE INDEX",
             .group = GROUP_ACT,
             .changes_world = true,
             WILD(wild)},
    .args = {ARG_TABLE, ARG_INDEX},
    .max_args = 6,
    .raw = true,
    .op = "drop_index",
    .run = act_op,
};
