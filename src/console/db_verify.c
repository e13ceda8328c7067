/*
 * db verify: tries on another machine whether a backup can be put back.
 */
#include "console_internal.h"
#include "db.h"

static const struct command_wild wild[] = {
    {"pgbackrest", "pgbackrest --stanza=main --pg1-path=/tmp/restore-test restore"},
    {"pg_verifybackup", "pg_verifybackup /backup/latest"},
};
const struct command cmd_db_verify = {
    .info = {.name = "verify",
             .synopsis = "db verify DATABASE|BACKUP",
             .doc = "Tries the newest backup on another machine. Only that shows "
                    "whether it can be put back; the database is not touched.",
             .examples = "db verify DATABASE\ndb backups",
             .group = GROUP_ACT,
             .changes_world = true,
             WILD(wild)},
    .args = {ARG_BACKUP},
    .max_args = 6,
    .raw = true,
    .op = "verify",
    .run = db_act_series,
};
