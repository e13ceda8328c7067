/*
 * replica: a second server of a database: its replay stops and goes on, or the whole of
 * it is copied anew. The bare word shows them all, as db replicas does.
 */
#include "act.h"
#include "console_internal.h"
#include "db.h"
#include "lookup.h"

enum { SERVERS_MAX = 64 };

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

/* A database stands for its only replica, or, where a pause is to end, for the only one
 * that is paused. */
static enum err of_database(struct call *c)
{
    comp_id db = c->nargs ? model_find(c->m, c->arg[0]) : COMP_NONE, only = COMP_NONE;
    bool ends = str_eq(c->cmd->op, "resume_replay");
    size_t found = 0;
    if (!is_kind(c, db, "database"))
        return act_op(c);
    struct db_server_view v[SERVERS_MAX];
    size_t n = world_db_servers(c->w, db, v, SERVERS_MAX);
    for (size_t i = 1; i < n && i < SERVERS_MAX; i++) {
        if (ends && !v[i].paused)
            continue;
        only = v[i].server;
        found++;
    }
    if (found == 0)
        return refuse(c, ERR_NOT_FOUND, "%s has no replica%s.", name_of(c, db),
                      ends ? " whose replay is paused" : "");
    if (found > 1)
        return refuse(c, ERR_INPUT, "Which one? %s has several: %s", name_of(c, db),
                      names_of_kind(c, "replica"));
    c->arg[0] = name_of(c, only);
    return act_op(c);
}

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
    .run = of_database,
};
static const struct command replica_resume = {
    .info = {.name = "resume",
             .synopsis = "replica resume REPLICA",
             .doc = "Goes on applying the log, from where it stopped. A database "
                    "stands for its only replica that is paused.",
             .examples = "replica resume REPLICA",
             .group = GROUP_ACT,
             .changes_world = true,
             WILD(wild_resume)},
    .args = {ARG_OP},
    .max_args = 6,
    .raw = true,
    .op = "resume_replay",
    .run = of_database,
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
