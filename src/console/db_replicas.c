/*
 * db replicas: the servers of a database: who leads, who follows and how far behind, who
 * is broken or shut down. A lag has two sizes: the age of what cannot be read there yet,
 * and the log that is still to be applied.
 */
#include "console_internal.h"
#include "db.h"
#include "lookup.h"

enum { SERVERS_MAX = 64 };

static const char *role_of(const struct db_server_view *v)
{
    static const char *const words[] = {
        [SERVER_LEADS] = "leader",    [SERVER_LEADS_TOO] = "leads, too",
        [SERVER_FOLLOWS] = "replica", [SERVER_TAKES_OVER] = "takes over",
        [SERVER_BROKEN] = "broken",   [SERVER_REBUILDS] = "rebuilding"};
    return words[v->role];
}

static const char *state_of(struct call *c, const struct db_server_view *v)
{
    if (v->role == SERVER_TAKES_OVER || v->role == SERVER_REBUILDS)
        return strf(c, "%s left", span_of(c, v->left));
    if (v->fenced)
        return "shut down, fenced";
    if (!v->answers)
        return "does not answer";
    return v->paused ? "up, replay paused" : "up";
}

static enum tone tone_of(const struct db_server_view *v)
{
    bool bad = v->role == SERVER_BROKEN || v->role == SERVER_LEADS_TOO || !v->answers;
    bool odd = v->role == SERVER_TAKES_OVER || v->role == SERVER_REBUILDS || v->paused;
    return bad && !odd ? TONE_BAD : odd ? TONE_WARN : TONE_NORMAL;
}

static const char *catch_up_of(struct call *c, const struct db_server_view *v)
{
    return v->catch_up == SIM_FOREVER ? "never" : span_short(c, v->catch_up);
}

static void server_row(struct call *c, struct out_table *t,
                       const struct db_server_view *v)
{
    bool follows = v->role == SERVER_FOLLOWS || v->role == SERVER_TAKES_OVER;
    enum tone lag = v->lag > SIM_MIN   ? TONE_BAD
                    : v->lag > SIM_SEC ? TONE_WARN
                                       : TONE_NORMAL;
    table_cell(t, TONE_STRONG, "%s", name_of(c, v->server));
    table_cell(t, tone_of(v), "%s", role_of(v));
    table_cell(t, lag, "%s", follows ? span_short(c, v->lag) : "-");
    table_cell(t, lag, "%s", follows ? quantity(c, (double)v->behind, "bytes") : "-");
    table_cell(t, TONE_NORMAL, "%s",
               v->answers && (follows || v->role == SERVER_LEADS)
                   ? quantity(c, (double)v->received, "bytes")
                   : "-");
    table_cell(t, lag, "%s", follows ? catch_up_of(c, v) : "-");
    table_cell(t, tone_of(v), "%s", state_of(c, v));
    seen_comp(c, v->server, "metrics");
    seen_metric(c, v->server, "lag");
}

/* Advice about a server that cannot help itself. */
static void advise(struct call *c, const struct db_server_view *v)
{
    if (v->role == SERVER_BROKEN)
        note(c,
             "%s does not follow the leader any more: replica rebuild %s copies all to "
             "it.",
             name_of(c, v->server), name_of(c, v->server));
    else if (v->role == SERVER_LEADS_TOO)
        note(c, "%s was replaced and takes writes that no other server will see.",
             name_of(c, v->server));
}

static enum err servers(struct call *c, comp_id db)
{
    struct db_server_view v[SERVERS_MAX];
    size_t n = world_db_servers(c->w, db, v, SERVERS_MAX);
    struct out_table t;
    n = n < SERVERS_MAX ? n : SERVERS_MAX;
    table_init(&t, c->o, "SERVER|ROLE|>LAG|>BEHIND|>RECEIVED|>CAUGHT UP|STATE");
    for (size_t i = 0; i < n; i++)
        server_row(c, &t, &v[i]);
    table_print(&t);
    for (size_t i = 0; i < n; i++)
        advise(c, &v[i]);
    if (n == 1)
        note(c, "%s has no replica.", name_of(c, db));
    else
        note(c,
             "LAG: age of the oldest write that cannot be read there yet. BEHIND: log "
             "to apply. RECEIVED: how far the log on its own disk goes; a leader has "
             "written so far. CAUGHT UP: when a write of now can be read there.");
    seen_comp(c, db, "replicas");
    return ERR_OK;
}

enum err db_replicas_run(struct call *c)
{
    comp_id db;
    enum err e = db_of(c, &db, NULL);
    return e == ERR_OK ? servers(c, db) : e;
}

/* Columns: PostgreSQL 16, "pg_stat_replication". */
static const struct command_wild wild[] = {
    {"psql", "psql -c 'select application_name, state, replay_lag, "
             "pg_wal_lsn_diff(sent_lsn, replay_lsn) from pg_stat_replication'"},
    {"patronictl", "patronictl list COMPONENT"},
};
const struct command cmd_db_replicas = {
    .info = {.name = "replicas",
             .synopsis = "db replicas [DATABASE]",
             .doc =
                 "The servers of a database. Who leads, how far the others are behind "
                 "in time and in log, who is broken, paused or shut down.",
             .examples = "db replicas\ndb replicas DATABASE",
             .group = GROUP_LOOK,
             WILD(wild)},
    .args = {ARG_DATABASE},
    .max_args = 1,
    .run = db_replicas_run,
};
