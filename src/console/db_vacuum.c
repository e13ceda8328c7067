/*
 * db vacuum: makes the room of dead rows free for new ones.
 */
#include "act.h"
#include "console_internal.h"

static const struct command_wild wild[] = {
    {"psql", "psql -c 'vacuum (verbose) TABLE'"},
};
const struct command cmd_db_vacuum = {
    .info =
        {.name = "vacuum",
         .synopsis = "db vacuum TABLE",
         .doc =
             "Cleans up dead rows that no open transaction may still see. Their room "
             "is free for new rows of the table; the disk gets none of it back.",
         .examples = "db vacuum TABLE",
         .group = GROUP_ACT,
         .changes_world = true,
         WILD(wild)},
    .args = {ARG_TABLE},
    .max_args = 6,
    .raw = true,
    .run = act_op,
};
