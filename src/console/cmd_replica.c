/*
 * replica: a second server of a database: its replay stops and goes on, or the whole of
 * it is copied anew. The bare word shows them all, as db replicas does.
 */
#include "console_internal.h"

/* PostgreSQL 16, "Recovery Control Functions". */
static const struct command_wild wild_pause[] = {
    {"psql", "psql -c 'select pg_wal_replay_pause()'"},
};
static const struct command_wild wild_resume[] = {
    {"psql", "psql -c 'select pg_wal_replay_resume()'"},
};
static const struct command_wild wild_rebuild[] = {
    {"pg_basebackup", "pg_basebackup -h \"$LEADER\" -D \"$PGDATA\" -R -X stream"},
    {"patronictl", "patronictl reinit \"$CLUSTER\" TABLE"},
};

static const struct command replica_pause = {
    .info = {.name = "pause",
             .synopsis = "replica pause REPLICA",
             .doc =
                 "Stops applying the log. It is still received; what the replica "
                 "shows stays as old as it is now. Saves rows from a mistake that has "
                 "not arrived there yet.",
             .examples = "replica pause REPLICA",
             .group = GROUP_ACT,
             .changes_world = true,
             WILD(wild_pause)},
    .args = {ARG_OP},
    .max_args = 6,
    .raw = true,
    .op = "pause_replay",
    .run = act_op,
};
static const struct command replica_resume = {
    .info = {.name = "resume",
             .synopsis = "replica resume REPLICA",
             .doc = "Goes on applying the log, from where it stopped.",
             .examples = "replica resume REPLICA",
             .group = GROUP_ACT,
             .changes_world = true,
             WILD(wild_resume)},
    .args = {ARG_OP},
    .max_args = 6,
    .raw = true,
    .op = "resume_replay",
    .run = act_op,
};
static const struct command replica_rebuild = {
    .info = {.name = "rebuild",
             .synopsis = "replica rebuild SERVER",
             .doc = "Copies the leader to a server anew. For one that is broken: a "
                    "replica, or the server that led before.",
             .examples = "replica rebuild REPLICA",
             .group = GROUP_ACT,
             .changes_world = true,
             WILD(wild_rebuild)},
    .args = {ARG_OP},
    .max_args = 6,
    .raw = true,
    .foretells = true,
    .op = "rebuild",
    .run = act_op,
};
static const struct command *const subs[] = {&replica_pause, &replica_resume,
                                             &replica_rebuild, NULL};

static enum err run(struct call *c)
{
    if (!count_of(c, "replica"))
        return refuse(c, ERR_NOT_FOUND, "No database here has a replica.");
    return db_replicas_run(c);
}

static const struct command_wild wild[] = {
    {"patronictl", "patronictl list"},
};
const struct command cmd_replica = {
    .info = {.name = "replica",
             .synopsis = "replica [pause|resume|rebuild REPLICA]",
             .doc =
                 "Second servers of a database. The bare word shows who leads and who "
                 "is behind, as db replicas does.",
             .examples = "replica\nreplica pause REPLICA\nreplica rebuild REPLICA",
             .group = GROUP_ACT,
             .changes_world = true,
             WILD(wild)},
    .args = {ARG_DATABASE},
    .max_args = 1,
    .subs = subs,
    .run = run,
};
