/*
 * db vacuum-full: writes a table anew, and gives its room back to the disk.
 */
#include "act.h"
#include "console_internal.h"

static const struct command_wild wild[] = {
    {"psql", "psql -c 'vacuum full TABLE'"},
};
const struct command cmd_db_vacuum_full = {
    .info =
        {.name = "vacuum-full",
         .synopsis = "db vacuum-full TABLE",
         .doc = "Writes the table anew, without dead rows. Nobody can read or write it "
                "meanwhile, and the disk needs room for the new one beside the old.",
         .examples = "db vacuum-full TABLE",
         .group = GROUP_ACT,
         .changes_world = true,
         WILD(wild)},
    .args = {ARG_TABLE},
    .max_args = 6,
    .raw = true,
    .op = "vacuum_full",
    .run = act_op,
};
