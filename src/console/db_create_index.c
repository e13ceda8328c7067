/*
 * db create-index: builds an index that statements look for.
 */
#include "act.h"
#include "console_internal.h"

static const struct command_wild wild[] = {
    {"psql", "psql -c 'create index concurrently VALUE on TABLE (...)'"},
};
const struct command cmd_db_create_index = {
    .info = {.name = "create-index",
             .synopsis = "db create-index TABLE INDEX [--online=off]",
             .doc = "Builds an index; how long that takes grows with the table. "
                    "Online, as if not said, others go on writing: it takes twice the "
                    "work and waits for transactions that are open.",
             .examples = "db indexes\ndb create-index TABLE INDEX\ndb create-index "
                         "TABLE INDEX --online=off",
             .group = GROUP_ACT,
             .changes_world = true,
             WILD(wild)},
    .args = {ARG_TABLE, ARG_INDEX, ARG_VALUE},
    .max_args = 6,
    .raw = true,
    .op = "create_index",
    .run = act_op,
};
