/*
 * kill: closes database sessions: one, all that are idle in transaction, or all that
 * run a statement.
 */
#include "act.h"
#include "console_internal.h"
#include "lookup.h"

#include <string.h>

static const struct command_wild wild[] = {
    {"psql", "psql -c 'select pg_terminate_backend(VALUE)'"},
    {"psql",
     "psql -c \"select pg_terminate_backend(pid) from pg_stat_activity where state = "
     "'idle in transaction'\""},
    {"psql",
     "psql -c \"select pg_terminate_backend(pid) from pg_stat_activity where query "
     "like '%VALUE%'\""},
    {"mysql", "mysql -e 'kill VALUE'"},
};

enum { SESSIONS_MAX = 20000 };

/* A number that no session has is said before anybody is asked whether they mean it. */
static enum err need_session(struct call *c, long id)
{
    struct act_target t;
    enum err e = act_find(c, "kill", c->arg[0], &t);
    if (e != ERR_OK)
        return e;
    struct db_session_view *v = arena_alloc(c->mem, SESSIONS_MAX * sizeof *v);
    size_t n = world_db_sessions(c->w, t.comp, v, SESSIONS_MAX);
    for (size_t i = 0; i < n && i < SESSIONS_MAX; i++)
        if ((long)v[i].id == id)
            return ERR_OK;
    if (n > SESSIONS_MAX)
        return ERR_OK;
    return refuse(c, ERR_NOT_FOUND, "%s has no session %ld; db sessions lists them.",
                  name_of(c, t.comp), id);
}

/* A database's sessions are those of the server that leads. */
static void on_the_leader(struct call *c)
{
    comp_id db = c->nargs ? model_find(c->m, c->arg[0]) : COMP_NONE;
    if (is_kind(c, db, "database"))
        c->arg[0] = name_of(c, scene_server(&c->scene, db));
}

/* By number, by state, by statement. */
static enum err run(struct call *c)
{
    long id;
    on_the_leader(c);
    if (c->nargs > 1 && parse_count(c->arg[1], &id)) {
        enum err e = need_session(c, id);
        if (e != ERR_OK)
            return e;
    }
    if (c->nargs > 1)
        c->wild = wild[parse_count(c->arg[1], &id)        ? 0
                       : strstr(c->arg[1], "transaction") ? 1
                                                          : 2]
                      .line;
    return act_op(c);
}

const struct command cmd_kill = {
    .info =
        {.name = "kill",
         .synopsis = "kill DATABASE SESSION|--idle-in-transaction|STATEMENT",
         .doc =
             "Closes sessions of a database. What they were doing is rolled back; "
             "their pools open new ones when they need them. db sessions lists them.",
         .examples = "kill DATABASE 17",
         .group = GROUP_ACT,
         .changes_world = true,
         WILD(wild)},
    .args = {ARG_OP, ARG_VALUE},
    .max_args = 6,
    .raw = true,
    .done = "Closed on COMPONENT: VALUE",
    .run = run,
};
