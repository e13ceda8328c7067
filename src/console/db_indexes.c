/*
 * db indexes: the indexes of tables, and those that a statement looks for and does not
 * find: it scans the table instead.
 */
#include "console_internal.h"
#include "db.h"
#include "lookup.h"

enum { INDEXES_SHOWN = 64 };

static const char *state_of(struct call *c, comp_id table,
                            const struct db_index_view *v)
{
    struct db_upkeep_view job;
    if (!v->working)
        return v->there ? "there" : "missing";
    world_db_upkeep(c->w, table, &job);
    return job.waits ? strf(c, "%s waits", v->working)
                     : strf(c, "%s %s", v->working, percent(c, job.done));
}

static const char *users_of(struct call *c, const struct db_index_view *v)
{
    if (v->statements == 0)
        return v->primary ? "" : "no statement";
    if (v->statements == 1)
        return last_name(c, v->statement);
    return strf(c, "%s and %zu more", last_name(c, v->statement), v->statements - 1);
}

static void index_row(struct call *c, struct out_table *t, comp_id table,
                      const struct db_index_view *v)
{
    bool missed = !v->there && v->statements > 0;
    table_cell(t, TONE_STRONG, "%s", name_of(c, table));
    table_cell(t, TONE_STRONG, "%s", v->name);
    table_cell(t,
               missed       ? TONE_BAD
               : v->working ? TONE_WARN
                            : TONE_NORMAL,
               "%s", state_of(c, table, v));
    table_cell(t, TONE_NORMAL, "%s", users_of(c, v));
}

static void indexes_of(struct call *c, struct out_table *t, comp_id table)
{
    struct db_index_view v[INDEXES_SHOWN];
    size_t n = world_db_indexes(c->w, table, v, INDEXES_SHOWN);
    for (size_t i = 0; i < n && i < INDEXES_SHOWN; i++)
        index_row(c, t, table, &v[i]);
    seen_comp(c, table, "indexes");
}

/* A table instead of a database shows its own alone. */
static enum err which(struct call *c, comp_id *db, comp_id *table)
{
    *table = c->nargs ? nested_named(c, "table", c->arg[0]) : COMP_NONE;
    if (*table != COMP_NONE) {
        *db = model_owner(c->m, *table);
        return ERR_OK;
    }
    return db_of(c, db, NULL);
}

static enum err run(struct call *c)
{
    comp_id db, only;
    struct out_table t;
    enum err e = which(c, &db, &only);
    if (e != ERR_OK)
        return e;
    if (next_owned(c, db, "table", COMP_NONE) == COMP_NONE) {
        para(c, TONE_NORMAL, 0,
             strf(c, "The tables of %s are not modelled here.", name_of(c, db)));
        return ERR_OK;
    }
    table_init(&t, c->o, "TABLE|INDEX|STATE|LOOKED FOR BY");
    for (comp_id one = next_owned(c, db, "table", COMP_NONE); one != COMP_NONE;
         one = next_owned(c, db, "table", one))
        if (only == COMP_NONE || one == only)
            indexes_of(c, &t, one);
    table_print(&t);
    note(c, "missing: a statement looks for it and scans the table instead; db "
            "create-index TABLE INDEX builds it.");
    seen_comp(c, db, "indexes");
    return ERR_OK;
}

static const struct command_wild wild[] = {
    {"psql", "psql -c 'select relname, indexrelname, idx_scan from "
             "pg_stat_user_indexes order by 1, 2'"},
};
const struct command cmd_db_indexes = {
    .info = {.name = "indexes",
             .synopsis = "db indexes [DATABASE|TABLE]",
             .doc = "The indexes of tables. Which there are, which are looked for and "
                    "missing, and by which statements.",
             .examples = "db indexes\ndb indexes TABLE",
             .group = GROUP_LOOK,
             WILD(wild)},
    .args = {ARG_TABLE},
    .max_args = 1,
    .run = run,
};
