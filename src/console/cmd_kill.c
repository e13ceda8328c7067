/*
 * kill: closes database sessions: one, all that are idle in transaction, or all that
 * run a statement.
 */
#include "console_internal.h"

static const struct command_wild wild[] = {
    {"psql", "psql -c 'select pg_terminate_backend(VALUE)'"},
    {"psql", "psql -c \"select pg_terminate_backend(pid) from pg_stat_activity where "
             "state = 'idle in transaction'\""},
    {"mysql", "mysql -e 'kill VALUE'"},
};
const struct command cmd_kill = {
    .info =
        {.name = "kill",
         .synopsis = "kill DATABASE SESSION|--idle-in-transaction|STATEMENT",
         .doc =
             "Closes sessions of a database. What they were doing is rolled back; "
             "their pools open new ones when they need them. db sessions lists them.",
         .examples = "kill orders-db 17\nkill orders-db --idle-in-transaction\nkill "
                     "orders-db reserve",
         .group = GROUP_ACT,
         .changes_world = true,
         WILD(wild)},
    .args = {ARG_OP, ARG_VALUE},
    .max_args = 6,
    .raw = true,
    .done = "Closed on COMPONENT: VALUE",
    .run = act_op,
};
