/*
 * db free-disk: others' old files on the disk of a database are deleted.
 */
#include "act.h"
#include "console_internal.h"

static const struct command_wild wild[] = {
    {"du", "du -xh --max-depth=3 / | sort -h | tail"},
    {"find", "find /var/tmp -xdev -size +500M -mtime +7 -delete"},
};
const struct command cmd_db_free_disk = {
    .info = {.name = "free-disk",
             .synopsis = "db free-disk DATABASE BYTES",
             .doc = "Deletes old files of others on its disk: dumps, logs, forgotten "
                    "copies. Never its data. BYTES may have a unit: 5GB, 500MB.",
             .examples = "db free-disk DATABASE 5GB",
             .group = GROUP_ACT,
             .changes_world = true,
             WILD(wild)},
    .args = {ARG_DATABASE},
    .max_args = 6,
    .raw = true,
    .op = "free_disk",
    .run = act_op,
};
