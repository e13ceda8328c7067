/*
 * db backup: takes a backup now, due or not.
 */
#include "console_internal.h"
#include "db.h"

static const struct command_wild wild[] = {
    {"pgbackrest", "pgbackrest --stanza=main backup"},
    {"barman", "barman backup main"},
};
const struct command cmd_db_backup = {
    .info = {.name = "backup",
             .synopsis = "db backup DATABASE|BACKUP",
             .doc = "Begins a backup now. It takes its time and a share of the "
                    "database; db backups shows when it is done.",
             .examples = "db backup DATABASE\ndb backups",
             .group = GROUP_ACT,
             .changes_world = true,
             WILD(wild)},
    .args = {ARG_BACKUP},
    .max_args = 6,
    .raw = true,
    .op = "run",
    .run = db_act_series,
};
