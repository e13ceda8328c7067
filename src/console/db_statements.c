/*
 * db statements: which statements take the time, on whichever server they ran.
 */
#include "console_internal.h"
#include "db.h"
#include "lookup.h"

struct cost {
    comp_id statement;
    double calls, seconds, failed, running;
};

static int most_time_first(const void *a, const void *b, void *ctx)
{
    const struct cost *x = a, *y = b;
    (void)ctx;
    return (x->seconds < y->seconds) - (x->seconds > y->seconds);
}

static enum err run(struct call *c)
{
    struct cost v[128];
    size_t n = 0;
    comp_id db;
    enum err e = db_of(c, &db, NULL);
    if (e != ERR_OK)
        return e;
    for (comp_id s = next_owned(c, db, "statement", COMP_NONE);
         s != COMP_NONE && n < 128; s = next_owned(c, db, "statement", s))
        v[n++] =
            (struct cost){s, rate(c, s, "calls_total"), rate(c, s, "seconds_total"),
                          rate(c, s, "failed_total"), gauge(c, s, "running", 0)};
    sort_stable(v, n, sizeof *v, most_time_first, NULL);
    struct out_table t;
    table_init(&t, c->o, "STATEMENT|>CALLS|>MEAN|>RUNNING|>CUT SHORT|>SHARE OF TIME");
    double total = 0;
    for (size_t i = 0; i < n; i++)
        total += v[i].seconds > 0 ? v[i].seconds : 0;
    for (size_t i = 0; i < n; i++) {
        table_cell(&t, TONE_STRONG, "%s", name_of(c, v[i].statement));
        table_cell(&t, TONE_NORMAL, "%s", per_time(c, v[i].calls));
        table_cell(&t, TONE_NORMAL, "%s",
                   v[i].calls > 0 ? quantity(c, v[i].seconds / v[i].calls, "s") : "-");
        table_cell(&t, TONE_NORMAL, "%s", num(c, v[i].running));
        table_cell(&t, v[i].failed > 0 ? TONE_BAD : TONE_NORMAL, "%s",
                   per_time(c, v[i].failed));
        table_cell(&t, TONE_NORMAL, "%s",
                   total > 0 ? percent(c, v[i].seconds / total) : "-");
        seen_comp(c, v[i].statement, "metrics");
    }
    table_print(&t);
    note(c, "Over the last minute, runs that ended.");
    seen_comp(c, db, "statements");
    return ERR_OK;
}

static const struct command_wild wild[] = {
    {"psql",
     "psql -c 'select query, calls, mean_exec_time from pg_stat_statements order by "
     "total_exec_time desc limit 10'"},
};
const struct command cmd_db_statements = {
    .info = {.name = "statements",
             .synopsis = "db statements [DATABASE]",
             .doc = "What takes the time. Calls, mean time, and the share of each "
                    "statement, most first.",
             .examples = "db statements\ndb statements DATABASE",
             .group = GROUP_LOOK,
             WILD(wild)},
    .args = {ARG_DATABASE},
    .max_args = 1,
    .run = run,
};
