/*
 * db restore: the newest backup of a database is put back.
 */
#include "act.h"
#include "console_internal.h"

static const struct command_wild wild[] = {
    {"pgbackrest", "pgbackrest --stanza=COMPONENT --delta restore"},
    {"barman", "barman recover COMPONENT latest /var/lib/postgresql/data"},
};
const struct command cmd_db_restore = {
    .info = {.name = "restore",
             .synopsis = "db restore DATABASE [BACKUP]",
             .doc = "Puts a backup back. The database is down meanwhile, and what was "
                    "written since the backup is gone. Without a name the newest of "
                    "all; db backups lists them, db verify tries one elsewhere first.",
             .examples = "db restore DATABASE\ndb backups",
             .group = GROUP_ACT,
             .changes_world = true,
             WILD(wild)},
    .args = {ARG_DATABASE, ARG_BACKUP},
    .max_args = 6,
    .raw = true,
    .foretells = true,
    .run = act_op,
};
