/*
 * db sessions: who holds a connection of a server, and what for. Of a database with
 * replicas, the server that leads; another by its name.
 */
#include "console_internal.h"
#include "db.h"
#include "lookup.h"

#include <string.h>

#define SHOWN        12
#define SESSIONS_MAX 20000

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
    comp_id owner = is_kind(c, db, "replica") ? model_owner(c->m, db) : db;
    struct value limit = world_get(c->w, owner, "max_connections");
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
             "... sees all.",
             SHOWN, n);
}

static enum err run(struct call *c)
{
    comp_id whole, db;
    enum err e = db_of(c, &whole, &db);
    if (e != ERR_OK)
        return e;
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

static const struct command_wild wild[] = {
    {"psql",
     "psql -c 'select pid, application_name, state, now() - state_change as since, "
     "query from pg_stat_activity order by state_change'"},
    {"mysql", "mysql -e 'show full processlist'"},
};
const struct command cmd_db_sessions = {
    .info = {.name = "sessions",
             .synopsis = "db sessions [DATABASE|SERVER]",
             .doc = "Who holds a connection, in which state, for how long. Of the "
                    "server that leads, or of the one that is named.",
             .examples = "db sessions\ndb sessions DATABASE\ndb sessions | head -5",
             .group = GROUP_LOOK,
             WILD(wild)},
    .args = {ARG_SERVER},
    .max_args = 1,
    .run = run,
};
