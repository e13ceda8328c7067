/*
 * db rescue: rows that somebody deleted come back from a copy that is brought up beside
 * the database.
 */
#include "act.h"
#include "console_internal.h"

/* PostgreSQL 16, "Recovery Target", and pg_dump. */
static const struct command_wild wild[] = {
    {"pgbackrest",
     "pgbackrest --stanza=COMPONENT --pg1-path=/var/lib/postgresql/beside "
     "--type=time --target=\"$BEFORE\" restore"},
    {"pg_dump", "pg_dump -h VALUE -t \"$TABLE\" --data-only | psql COMPONENT"},
};
const struct command cmd_db_rescue = {
    .info = {.name = "rescue",
             .synopsis = "db rescue DATABASE BACKUP|REPLICA",
             .doc =
                 "Copies rows back that somebody deleted. A backup is brought up "
                 "beside the database and, where the log is archived, goes on to just "
                 "before the deletion; a replica has the rows until it applies that. "
                 "The database goes on, and what was written since stays.",
             .examples = "db rescue DATABASE BACKUP\ndb backups",
             .group = GROUP_ACT,
             .changes_world = true,
             WILD(wild)},
    .args = {ARG_DATABASE, ARG_COPY},
    .max_args = 6,
    .raw = true,
    .run = act_op,
};
