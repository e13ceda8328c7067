/*
 * db tables: what the tables of a database have become, and what works on them.
 */
#include "console_internal.h"
#include "db.h"
#include "lookup.h"

/* "40 %", "waits": for its lock, or for transactions that were there before. */
static const char *upkeep_of(struct call *c, comp_id table)
{
    struct db_upkeep_view v;
    world_db_upkeep(c->w, table, &v);
    return !v.what ? "-" : v.waits ? "waits" : percent(c, v.done);
}

/* The job that works on a table, with the session that a kill would name. */
static void tell_upkeep(struct call *c, comp_id table)
{
    struct db_upkeep_view v;
    world_db_upkeep(c->w, table, &v);
    if (v.what)
        para(c, v.waits ? TONE_WARN : TONE_NORMAL, 0,
             strf(c, "%s: %s for %s (session %u)%s.", last_name(c, table), v.what,
                  ago(c, v.began), v.session,
                  v.waits ? ", waits for others; db locks says for whom" : ""));
}

static void table_row(struct call *c, struct out_table *t, comp_id one)
{
    double dead = gauge(c, one, "dead_rows", 0), rows = gauge(c, one, "rows", 0);
    double waiting = gauge(c, one, "lock_waiting", 0);
    table_cell(t, TONE_STRONG, "%s", last_name(c, one));
    table_cell(t, TONE_NORMAL, "%s", num(c, rows));
    table_cell(t, dead > rows / 2 ? TONE_WARN : TONE_NORMAL, "%s", num(c, dead));
    table_cell(t, TONE_NORMAL, "%s", quantity(c, gauge(c, one, "bytes", 0), "bytes"));
    table_cell(t, TONE_NORMAL, "%s", per_time(c, rate(c, one, "scans_total")));
    table_cell(t, TONE_NORMAL, "%s", per_time(c, rate(c, one, "lookups_total")));
    table_cell(t, waiting > 0 ? TONE_WARN : TONE_NORMAL, "%s", num(c, waiting));
    table_cell(t, TONE_NORMAL, "%s", upkeep_of(c, one));
    seen_comp(c, one, "metrics");
}

static enum err run(struct call *c)
{
    struct out_table t;
    comp_id db;
    enum err e = db_of(c, &db, NULL);
    if (e != ERR_OK)
        return e;
    comp_id one = next_owned(c, db, "table", COMP_NONE);
    if (one == COMP_NONE) {
        para(c, TONE_NORMAL, 0,
             strf(c, "The tables of %s are not modelled here.", name_of(c, db)));
        return ERR_OK;
    }
    table_init(&t, c->o, "TABLE|>ROWS|>DEAD|>SIZE|>SCANS|>LOOKUPS|>WAITING|>UPKEEP");
    for (; one != COMP_NONE; one = next_owned(c, db, "table", one))
        table_row(c, &t, one);
    table_print(&t);
    for (one = next_owned(c, db, "table", COMP_NONE); one != COMP_NONE;
         one = next_owned(c, db, "table", one))
        tell_upkeep(c, one);
    note(c,
         "Scans and lookups over the last minute. UPKEEP: how far a vacuum, an index "
         "or a migration is.");
    seen_comp(c, db, "tables");
    return ERR_OK;
}

static const struct command_wild wild[] = {
    {"psql", "psql -c 'select relname, n_live_tup, n_dead_tup, seq_scan, idx_scan, "
             "last_autovacuum from pg_stat_user_tables'"},
};
const struct command cmd_db_tables = {
    .info = {.name = "tables",
             .synopsis = "db tables [DATABASE]",
             .doc = "What the tables have become. Rows, dead rows, size, scans, "
                    "lookups by index, and the upkeep that works on each.",
             .examples = "db tables\ndb tables DATABASE",
             .group = GROUP_LOOK,
             WILD(wild)},
    .args = {ARG_DATABASE},
    .max_args = 1,
    .run = run,
};
