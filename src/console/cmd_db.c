/*
 * db: a database from inside. The bare word shows how full and how busy each one is;
 * what else can be seen or done is a command of its own behind it, a file db_*.c and a
 * line of the table below.
 */
#include "act.h"
#include "console_internal.h"
#include "db.h"
#include "lookup.h"

/* ---- which one ------------------------------------------------------------------- */

const char *db_client(const struct call *c, comp_id db, comp_id client, int instance)
{
    bool ours = client == db || model_owner(c->m, client) == db;
    return ours ? "operator" : inst_name(c, client, instance);
}

static enum err need_server(struct call *c, const char *text, comp_id *db,
                            comp_id *server)
{
    *server = nested_named(c, "replica", text);
    if (*server != COMP_NONE) {
        *db = model_owner(c->m, *server);
        return ERR_OK;
    }
    enum err e = need_kind(c, text, "database", db);
    if (e == ERR_OK)
        *server = scene_server(&c->scene, *db);
    return e;
}

enum err db_of(struct call *c, comp_id *db, comp_id *server)
{
    *db = next_of(c, "database", COMP_NONE);
    if (*db == COMP_NONE)
        return refuse(c, ERR_NOT_FOUND, "There is no database here.");
    if (c->nargs)
        return server ? need_server(c, c->arg[0], db, server)
                      : need_kind(c, c->arg[0], "database", db);
    if (count_of(c, "database") > 1)
        return refuse(c, ERR_INPUT, "Which one? %s DATABASE: %s", c->label,
                      names_of_kind(c, "database"));
    if (server)
        *server = scene_server(&c->scene, *db);
    return ERR_OK;
}

/* A database stands for its only series of backups. */
enum err db_act_series(struct call *c)
{
    comp_id db = c->nargs ? model_find(c->m, c->arg[0]) : COMP_NONE;
    if (!is_kind(c, db, "database"))
        return act_op(c);
    comp_id b = next_owned(c, db, "backup", COMP_NONE);
    if (b == COMP_NONE)
        return refuse(c, ERR_NOT_FOUND, "%s has no backups.", name_of(c, db));
    if (next_owned(c, db, "backup", b) != COMP_NONE)
        return refuse(c, ERR_INPUT, "Which one? %s has several: %s", name_of(c, db),
                      names_of_kind(c, "backup"));
    c->arg[0] = name_of(c, b);
    return act_op(c);
}

/* ---- all of them ----------------------------------------------------------------- */

/* Sessions of a server that are idle in transaction: counted, as a replica has no such
 * metric. */
static size_t idle_in_transaction(struct call *c, comp_id server)
{
    size_t n = world_db_sessions(c->w, server, NULL, 0), idle = 0;
    struct db_session_view *v = arena_alloc(c->mem, (n + 1) * sizeof *v);
    (void)world_db_sessions(c->w, server, v, n);
    for (size_t i = 0; i < n; i++)
        idle += v[i].state == SESSION_IDLE_IN_TRANSACTION;
    return idle;
}

/* The figures are those of the server that leads. */
static void database_row(struct call *c, struct out_table *t, comp_id db)
{
    struct state st = scene_state(&c->scene, db);
    comp_id server = scene_server(&c->scene, db);
    struct buf b;
    st.all = 0; /* below the table: how many of its servers */
    buf_init(&b, 0);
    state_text(&b, &st);
    table_cell(t, TONE_STRONG, "%s", name_of(c, db));
    table_cell(t, TONE_NORMAL, "%s", percent(c, gauge(c, server, "cpu", 0)));
    table_cell(t, TONE_NORMAL, "%s of %s", num(c, gauge(c, server, "connections", 0)),
               num(c, gauge(c, db, "max_connections", 0)));
    table_cell(t, TONE_NORMAL, "%s", num(c, gauge(c, server, "active", 0)));
    table_cell(t, TONE_NORMAL, "%zu", idle_in_transaction(c, server));
    table_cell(t, TONE_NORMAL, "%s", per_time(c, rate(c, server, "refused_total")));
    table_cell(t,
               st.level == LEVEL_PLAIN     ? TONE_GOOD
               : st.level == LEVEL_UNUSUAL ? TONE_WARN
                                           : TONE_BAD,
               "%s", b.s);
    seen_comp(c, db, "metrics");
    buf_release(&b);
}

void db_tell_unwell(struct call *c, comp_id db)
{
    struct state st = scene_state(&c->scene, db);
    struct db_cluster_view v;
    world_db_cluster(c->w, db, &v);
    if (v.restoring != COMP_NONE)
        note(c, "%s is being put back: %s left.", name_of(c, v.restoring),
             span_of(c, v.left));
    if (v.rescuing != COMP_NONE)
        note(c, "Rows are being copied back from %s: %s left.", name_of(c, v.rescuing),
             span_of(c, v.rescue_left));
    if (v.takes_over != COMP_NONE)
        note(c, "%s takes over: %s left.", name_of(c, v.takes_over),
             span_of(c, v.left));
    if (st.word && st.part < st.all)
        note(c, "%s: %d of %d servers are well; db replicas shows which.",
             name_of(c, db), st.part, st.all);
}

/* Further views, as far as this world has something for them. */
static void tell_views(struct call *c)
{
    note(c, "db sessions: who holds a connection. db statements: what takes the time.");
    if (count_of(c, "table") > 0)
        note(c, "db locks: who waits for whom. db tables: rows, dead rows, scans.");
    if (count_of(c, "replica") > 0)
        note(c, "db replicas: who leads, who is behind. db failover: another leads.");
    if (count_of(c, "backup") > 0)
        note(c, "db backups: what could be put back, and whether anybody tried.");
}

static enum err run(struct call *c)
{
    comp_id only = COMP_NONE;
    struct out_table t;
    if (!count_of(c, "database"))
        return refuse(c, ERR_NOT_FOUND, "There is no database here.");
    enum err e = c->nargs ? need_kind(c, c->arg[0], "database", &only) : ERR_OK;
    if (e == ERR_NOT_FOUND)
        return no_such(
            c, c->arg[0],
            strf(c, "%s. help db says what follows it", names_of_kind(c, "database")));
    if (e != ERR_OK)
        return e;
    table_init(&t, c->o,
               "DATABASE|>CPU|>CONNECTIONS|>RUNNING|>IDLE IN TX|>REFUSED|STATE");
    for (comp_id db = next_of(c, "database", COMP_NONE); db != COMP_NONE;
         db = next_of(c, "database", db))
        if (only == COMP_NONE || db == only)
            database_row(c, &t, db);
    table_print(&t);
    for (comp_id db = next_of(c, "database", COMP_NONE); db != COMP_NONE;
         db = next_of(c, "database", db))
        if (only == COMP_NONE || db == only)
            db_tell_unwell(c, db);
    tell_views(c);
    return ERR_OK;
}

/* ---- what follows it ------------------------------------------------------------- */

#define DB_LIST(X)                                                                     \
    X(sessions)                                                                        \
    X(statements)                                                                      \
    X(locks)                                                                           \
    X(tables)                                                                          \
    X(indexes)                                                                         \
    X(replicas)                                                                        \
    X(backups)                                                                         \
    X(failover)                                                                        \
    X(restore)                                                                         \
    X(rescue)                                                                          \
    X(verify)                                                                          \
    X(backup)                                                                          \
    X(create_index)                                                                    \
    X(drop_index)                                                                      \
    X(analyze)                                                                         \
    X(vacuum)                                                                          \
    X(vacuum_full)                                                                     \
    X(migrate)                                                                         \
    X(widen_ids)                                                                       \
    X(free_disk)
#define X(name) extern const struct command cmd_db_##name;
DB_LIST(X)
#undef X
static const struct command *const subs[] = {
#define X(name) &cmd_db_##name,
    DB_LIST(X)
#undef X
        NULL};

static const struct command_wild wild[] = {
    {"psql", "psql -c 'select state, count(*) from pg_stat_activity group by 1'"},
    {"pg_top", "pg_top"},
};
const struct command cmd_db = {
    .info = {.name = "db",
             .synopsis = "db [DATABASE], db VERB …",
             .doc =
                 "A database from inside. How full and how busy it is, on the server "
                 "that leads. What can be seen closer, and done, follows: db "
                 "sessions, db failover DATABASE.",
             .examples = "db\ndb sessions\ndb statements DATABASE\ndb tables DATABASE\n"
                         "db sessions | head -5",
             .group = GROUP_LOOK,
             .changes_world = true,
             WILD(wild)},
    .args = {ARG_DATABASE},
    .max_args = 1,
    .subs = subs,
    .run = run,
};
