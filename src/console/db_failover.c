/*
 * db failover: another server of a database takes over.
 */
#include "act.h"
#include "console_internal.h"

static const struct command_wild wild[] = {
    {"patronictl", "patronictl failover COMPONENT --candidate VALUE"},
    {"patronictl", "patronictl failover COMPONENT"},
    {"psql", "psql -c 'select pg_promote()'"},
};
const struct command cmd_db_failover = {
    .info =
        {.name = "failover",
         .synopsis = "db failover DATABASE [SERVER]",
         .doc =
             "Makes a replica the leader. Without a name the one that has most of "
             "the log, of those that apply it. A leader that answers is asked to "
             "stop first, and nothing "
             "is lost; of one that is gone, what the new one has not received is lost.",
         .examples = "db failover DATABASE\ndb failover DATABASE SERVER",
         .group = GROUP_ACT,
         .changes_world = true,
         WILD(wild)},
    .args = {ARG_DATABASE, ARG_OF_DB},
    .max_args = 6,
    .raw = true,
    .foretells = true,
    .run = act_op,
};
