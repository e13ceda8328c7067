/*
 * db: what a database sees. Its sessions (who holds a connection and what for) and its
 * statements (which take the time): the two views every DBA opens first.
 */
#include "console_internal.h"

#include <string.h>

#define SHOWN        12
#define SESSIONS_MAX 20000
#define WINDOW       SIM_MIN

static const char *const state_words[] = {"idle", "active", "idle in transaction",
                                          "waits for a lock"};
static const enum tone state_tones[] = {TONE_DIM, TONE_NORMAL, TONE_WARN, TONE_WARN};

struct tally {
    comp_id client;
    size_t all, by_state[4];
    sim_time oldest_tx; /* begin of the oldest idle in transaction; SIM_FOREVER: none */
};

static void count_in(struct tally *t, const struct db_session_view *s)
{
    t->all++;
    t->by_state[s->state]++;
    if (s->state == SESSION_IDLE_IN_TRANSACTION && s->since < t->oldest_tx)
        t->oldest_tx = s->since;
}

static struct tally tally_of(const struct db_session_view *v, size_t n, comp_id client)
{
    struct tally t = {.client = client, .oldest_tx = SIM_FOREVER};
    for (size_t i = 0; i < n; i++)
        if (client == COMP_NONE || v[i].client == client)
            count_in(&t, &v[i]);
    return t;
}

static void summary(struct call *c, comp_id db, const struct db_session_view *v,
                    size_t n)
{
    struct tally t = tally_of(v, n, COMP_NONE);
    struct value limit = world_get(c->w, db, "max_connections");
    struct buf b;
    buf_init(&b, 0);
    buf_addf(&b, "%s: %zu of %lld sessions", name_of(c, db), n,
             limit.type == VALUE_COUNT ? (long long)limit.as.count : 0);
    if (t.by_state[SESSION_IDLE_IN_TRANSACTION])
        buf_addf(&b, ", %zu idle in transaction (the oldest for %s)",
                 t.by_state[SESSION_IDLE_IN_TRANSACTION], ago(c, t.oldest_tx));
    buf_addf(&b, ", %zu running", t.by_state[SESSION_ACTIVE]);
    if (t.by_state[SESSION_LOCK_WAIT])
        buf_addf(&b, ", %zu waiting for a lock", t.by_state[SESSION_LOCK_WAIT]);
    buf_addf(&b, ", %zu idle.", t.by_state[SESSION_IDLE]);
    para(c, TONE_STRONG, 0, b.s);
    buf_release(&b);
}

static void by_client(struct call *c, comp_id db, const struct db_session_view *v,
                      size_t n)
{
    struct out_table t;
    table_init(&t, c->o, "CLIENT|>SESSIONS|>RUNNING|>IDLE IN TRANSACTION|>LOCK|>IDLE");
    for (size_t i = 0; i < model_comps(c->m); i++) {
        struct tally k = tally_of(v, n, (comp_id)i);
        if (!k.all)
            continue;
        table_cell(&t, TONE_STRONG, "%s", db_client(c, db, k.client, 0));
        table_cell(&t, TONE_NORMAL, "%zu", k.all);
        table_cell(&t, TONE_NORMAL, "%zu", k.by_state[SESSION_ACTIVE]);
        table_cell(&t, TONE_NORMAL, "%zu", k.by_state[SESSION_IDLE_IN_TRANSACTION]);
        table_cell(&t, TONE_NORMAL, "%zu", k.by_state[SESSION_LOCK_WAIT]);
        table_cell(&t, TONE_NORMAL, "%zu", k.by_state[SESSION_IDLE]);
    }
    table_print(&t);
}

static int longest_first(const void *a, const void *b, void *ctx)
{
    const struct db_session_view *x = a, *y = b;
    (void)ctx;
    int idle = (x->state == SESSION_IDLE) - (y->state == SESSION_IDLE);
    return idle ? idle : (x->since > y->since) - (x->since < y->since);
}

/* "reserve" of "orders-db.reserve". */
static const char *short_name(const struct call *c, comp_id statement)
{
    const char *name = name_of(c, statement), *dot = strrchr(name, '.');
    return dot ? dot + 1 : name;
}

static void list(struct call *c, comp_id db, const struct db_session_view *v, size_t n)
{
    struct out_table t;
    table_init(&t, c->o, ">SESSION|CLIENT|STATE|FOR|LAST STATEMENT");
    for (size_t i = 0; i < n && (i < SHOWN || c->piped); i++) {
        table_cell(&t, TONE_STRONG, "%u", v[i].id);
        table_cell(&t, TONE_NORMAL, "%s", db_client(c, db, v[i].client, v[i].instance));
        table_cell(&t, state_tones[v[i].state], "%s", state_words[v[i].state]);
        table_cell(&t, TONE_NORMAL, "%s", ago(c, v[i].since));
        table_cell(&t, TONE_NORMAL, "%s", short_name(c, v[i].statement));
    }
    table_print(&t);
    if (n > SHOWN)
        note(c,
             "The first %d of %zu, longest first, idle ones last; db sessions | grep "
             "... "
             "sees all.",
             SHOWN, n);
}

static enum err sessions(struct call *c, comp_id db)
{
    struct db_session_view *v = arena_alloc(c->mem, SESSIONS_MAX * sizeof *v);
    size_t n = world_db_sessions(c->w, db, v, SESSIONS_MAX);
    if (n > SESSIONS_MAX)
        n = SESSIONS_MAX;
    sort_stable(v, n, sizeof *v, longest_first, NULL);
    if (!c->piped) {
        summary(c, db, v, n);
        if (n)
            by_client(c, db, v, n);
    }
    if (n)
        list(c, db, v, n);
    seen_comp(c, db, "sessions");
    return ERR_OK;
}

/* ---- statements ------------------------------------------------------------------ */

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

static enum err statements(struct call *c, comp_id db)
{
    struct cost v[128];
    size_t n = 0;
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

/* ---- which database, which view -------------------------------------------------- */

static enum err overview(struct call *c, comp_id only)
{
    struct out_table t;
    table_init(&t, c->o,
               "DATABASE|STATE|>CPU|>CONNECTIONS|>RUNNING|>IDLE IN TX|>REFUSED");
    for (comp_id db = next_of(c, "database", COMP_NONE); db != COMP_NONE;
         db = next_of(c, "database", db)) {
        if (only != COMP_NONE && db != only)
            continue;
        bool down = gauge(c, db, "up", 0) == 0;
        table_cell(&t, TONE_STRONG, "%s", name_of(c, db));
        table_cell(&t, down ? TONE_BAD : TONE_GOOD, "%s", down ? "down" : "up");
        table_cell(&t, TONE_NORMAL, "%s", percent(c, gauge(c, db, "cpu", 0)));
        table_cell(&t, TONE_NORMAL, "%s of %s", num(c, gauge(c, db, "connections", 0)),
                   num(c, gauge(c, db, "max_connections", 0)));
        table_cell(&t, TONE_NORMAL, "%s", num(c, gauge(c, db, "active", 0)));
        table_cell(&t, TONE_NORMAL, "%s",
                   num(c, gauge(c, db, "idle_in_transaction", 0)));
        table_cell(&t, TONE_NORMAL, "%s", per_time(c, rate(c, db, "refused_total")));
        seen_comp(c, db, "metrics");
    }
    table_print(&t);
    note(c, "db sessions: who holds a connection. db statements: what takes the time.");
    if (count_of(c, "table") > 0)
        note(c, "db locks: who waits for whom. db tables: rows, dead rows, scans.");
    return ERR_OK;
}

static const char *const views[] = {"sessions", "statements", "locks", "tables"};
static enum err (*const shows[])(struct call *c, comp_id db) = {sessions, statements,
                                                                db_locks, db_tables};

static int view_named(const char *word)
{
    for (int i = 0; i < (int)COUNT_OF(views); i++)
        if (str_eq(word, views[i]))
            return i;
    return -1;
}

static enum err run(struct call *c)
{
    int view = -1;
    comp_id db = COMP_NONE;
    for (size_t i = 0; i < c->nargs; i++) {
        if (view_named(c->arg[i]) >= 0) {
            view = view_named(c->arg[i]);
            continue;
        }
        const char *near = text_suggest(c->arg[i], views, COUNT_OF(views));
        if (model_find(c->m, c->arg[i]) == COMP_NONE && near)
            return refuse(c, ERR_NOT_FOUND, "db has no view %s; did you mean %s?",
                          c->arg[i], near);
        enum err e = need_kind(c, c->arg[i], "database", &db);
        if (e == ERR_NOT_FOUND)
            return no_such(c, c->arg[i],
                           strf(c, "%s. The views: %s", names_of_kind(c, "database"),
                                "sessions, statements, locks, tables"));
        if (e != ERR_OK)
            return e;
    }
    if (!count_of(c, "database"))
        return refuse(c, ERR_NOT_FOUND, "There is no database here.");
    if (view < 0)
        return overview(c, db);
    if (db == COMP_NONE && count_of(c, "database") > 1)
        return refuse(c, ERR_INPUT, "Which one? db %s DATABASE: %s", views[view],
                      names_of_kind(c, "database"));
    if (db == COMP_NONE)
        db = next_of(c, "database", COMP_NONE);
    return shows[view](c, db);
}

static const struct command_wild wild[] = {
    {"psql",
     "psql -c 'select pid, application_name, state, now() - state_change as since, "
     "query from pg_stat_activity order by state_change'"},
    {"psql",
     "psql -c 'select query, calls, mean_exec_time from pg_stat_statements order by "
     "total_exec_time desc limit 10'"},
    {"psql", "psql -c 'select pid, pg_blocking_pids(pid), wait_event, query from "
             "pg_stat_activity where cardinality(pg_blocking_pids(pid)) > 0'"},
    {"psql", "psql -c 'select relname, n_live_tup, n_dead_tup, seq_scan, idx_scan, "
             "last_autovacuum from pg_stat_user_tables'"},
    {"mysql", "mysql -e 'show full processlist'"},
};
const struct command cmd_db = {
    .info = {.name = "db",
             .synopsis = "db [sessions|statements|locks|tables] [DATABASE]",
             .doc = "A database from inside. How full and how busy it is; sessions "
                    "with their state, for how long, and who holds them; statements "
                    "with calls and times; locks: who waits for whom; tables: rows, "
                    "dead rows, scans.",
             .examples = "db\ndb sessions\ndb statements DATABASE\ndb locks "
                         "DATABASE\ndb tables DATABASE\ndb sessions | head -5",
             .group = GROUP_LOOK,
             WILD(wild)},
    .args = {ARG_DB_VIEW, ARG_DB_VIEW},
    .max_args = 2,
    .run = run,
};
