/*
 * db widen-ids: makes the id column of a table a bigint.
 */
#include "act.h"
#include "console_internal.h"

static const struct command_wild wild[] = {
    {"psql", "psql -c 'alter table TABLE alter column id type bigint'"},
};
const struct command cmd_db_widen_ids = {
    .info = {.name = "widen-ids",
             .synopsis = "db widen-ids TABLE",
             .doc = "Makes the id column a bigint. Every row is written anew, and "
                    "nobody can read or write the table until that is done.",
             .examples = "db widen-ids TABLE",
             .group = GROUP_ACT,
             .changes_world = true,
             WILD(wild)},
    .args = {ARG_TABLE},
    .max_args = 6,
    .raw = true,
    .op = "widen_ids",
    .run = act_op,
};
