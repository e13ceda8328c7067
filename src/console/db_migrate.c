/*
 * db migrate: changes the form of a table. The dangerous part is the lock it needs.
 */
#include "act.h"
#include "console_internal.h"
#include "db.h"

const char *const db_migrations[] = {"add-column", "rewrite", "add-index", "backfill",
                                     NULL};

static enum err no_such_change(struct call *c)
{
    const char *near =
        text_suggest(c->arg[1], db_migrations, COUNT_OF(db_migrations) - 1);
    if (near)
        return refuse(c, ERR_NOT_FOUND, "There is no change %s; did you mean %s?",
                      c->arg[1], near);
    return refuse(c, ERR_NOT_FOUND,
                  "There is no change %s; there is: add-column, rewrite, "
                  "add-index, backfill.",
                  c->arg[1]);
}

/* Words of the command line have dashes, the engine's underscores. */
static enum err run(struct call *c)
{
    if (c->nargs == 1)
        return refuse(c, ERR_INPUT,
                      "Say what to change: db migrate %s add-column, "
                      "rewrite, add-index or backfill",
                      c->arg[0]);
    if (c->nargs < 2)
        return act_op(c);
    char *change = arena_strdup(c->mem, c->arg[1]);
    for (char *p = change; *p; p++)
        *p = *p == '_' ? '-' : *p;
    c->arg[1] = change;
    size_t i = 0;
    while (db_migrations[i] && !str_eq(db_migrations[i], change))
        i++;
    if (!db_migrations[i])
        return no_such_change(c);
    for (char *p = change; *p; p++)
        *p = *p == '-' ? '_' : *p;
    return act_op(c);
}

static const struct command_wild wild[] = {
    {"psql",
     "psql -c \"set lock_timeout = '5s'\" -c 'alter table TABLE add column note text'"},
};
const struct command cmd_db_migrate = {
    .info =
        {.name = "migrate",
         .synopsis = "db migrate TABLE CHANGE [INDEX] [--lock-timeout TIME]",
         .doc =
             "Changes a table. add-column is done at once, rewrite row by row under "
             "the lock, add-index online, backfill in batches. add-column and rewrite "
             "wait for every transaction that has touched the table, and everybody "
             "else waits behind them: with a lock timeout they give up instead.",
         .examples =
             "db migrate TABLE add-column --lock-timeout 5s\ndb migrate TABLE backfill",
         .group = GROUP_ACT,
         .changes_world = true,
         WILD(wild)},
    .args = {ARG_TABLE, ARG_MIGRATION, ARG_INDEX},
    .max_args = 6,
    .raw = true,
    .op = "migrate",
    .run = run,
};
