/*
 * Looking at the servers of a database: who leads, who follows and how far behind, who
 * is broken, what is under way; and at the indexes of its tables.
 */
#include "db/cluster.h"
#include "db/db.h"
#include "db/table.h"
#include "truecode/world.h"

#include <stdio.h>

static bool answers(const struct world *w, comp_id node)
{
    return !db_at(w, node)->down && !db_at(w, node)->stalled;
}

static enum db_server_role role_of(const struct world *w, comp_id db, comp_id node)
{
    const struct cluster *x = &db_at(w, db)->cluster;
    if (node == cluster_primary(w, db))
        return SERVER_LEADS;
    if (x->candidate == node + 1)
        return SERVER_TAKES_OVER;
    switch ((enum node_role)db_at(w, node)->follows.role) {
    case NODE_LEADS:
        return SERVER_LEADS_TOO;
    case NODE_DIVERGED:
        return SERVER_BROKEN;
    case NODE_REBUILDS:
        return SERVER_REBUILDS;
    case NODE_FOLLOWS:
        break;
    }
    return SERVER_FOLLOWS;
}

static struct db_server_view server(const struct world *w, comp_id db, comp_id node)
{
    const struct database *d = db_at(w, node);
    struct db_server_view v = {.server = node,
                               .role = role_of(w, db, node),
                               .answers = answers(w, node),
                               .paused = d->follows.replay_stopped};
    bool follows = v.role == SERVER_FOLLOWS || v.role == SERVER_TAKES_OVER;
    /* The leader that a promotion under way replaces is down for good, too. */
    v.fenced = d->down && p_on(w, db, DB_FENCING) &&
               (v.role == SERVER_BROKEN ||
                (v.role == SERVER_LEADS && db_at(w, db)->cluster.candidate != 0));
    v.lag = follows ? wal_lag(w, node) : 0;
    v.behind = follows ? wal_unapplied(w, node) : 0;
    v.received = follows                  ? wal_received(w, node, NULL)
                 : v.role == SERVER_LEADS ? db_at(w, db)->cluster.lsn
                                          : 0;
    v.catch_up = follows ? wal_catch_up(w, node) : 0;
    if (v.catch_up >= SIM_FOREVER / 2) /* stands still: see time_sum() */
        v.catch_up = SIM_FOREVER;
    if (v.role == SERVER_TAKES_OVER)
        v.left = db_at(w, db)->cluster.due - w_now(w);
    else if (v.role == SERVER_REBUILDS)
        v.left = d->follows.rebuilt_at - w_now(w);
    return v;
}

static bool is_database(const struct world *w, comp_id c)
{
    return c < w->model->ncomps && w->comps[c].kind == &kind_database;
}

size_t world_db_servers(const struct world *w, comp_id db, struct db_server_view *out,
                        size_t max)
{
    size_t n = 0;
    if (!is_database(w, db))
        return 0;
    if (n++ < max)
        out[0] = server(w, db, db);
    for (comp_id r = db_at(w, db)->cluster.first; r != 0;
         r = db_at(w, (comp_id)(r - 1))->follows.next)
        if (n++ < max)
            out[n - 1] = server(w, db, (comp_id)(r - 1));
    return n;
}

static bool is_well(const struct db_server_view *v)
{
    return v->answers && !v->paused &&
           (v->role == SERVER_LEADS || v->role == SERVER_FOLLOWS);
}

void world_db_cluster(const struct world *w, comp_id db, struct db_cluster_view *v)
{
    *v = (struct db_cluster_view){.leader = COMP_NONE,
                                  .named = COMP_NONE,
                                  .takes_over = COMP_NONE,
                                  .restoring = COMP_NONE,
                                  .rescuing = COMP_NONE};
    if (!is_database(w, db))
        return;
    const struct cluster *x = &db_at(w, db)->cluster;
    v->named = cluster_primary(w, db);
    if (answers(w, v->named) && !(x->candidate != 0 && x->planned))
        v->leader = v->named;
    if (x->candidate != 0)
        v->takes_over = (comp_id)(x->candidate - 1);
    if (x->restoring != 0)
        v->restoring = (comp_id)(x->restoring - 1);
    if (x->rescuing != 0) {
        v->rescuing = (comp_id)(x->rescuing - 1);
        v->rescue_left = x->rescued - w_now(w);
    }
    if (x->candidate != 0 || x->restoring != 0)
        v->left = x->due - w_now(w);
    struct db_server_view one = server(w, db, db);
    v->servers = 1;
    v->unwell = !is_well(&one);
    for (comp_id r = x->first; r != 0; r = db_at(w, (comp_id)(r - 1))->follows.next) {
        one = server(w, db, (comp_id)(r - 1));
        v->servers++;
        v->unwell += !is_well(&one);
    }
    assert(v->unwell <= v->servers);
}

/* ---- indexes --------------------------------------------------------------------- */

/* Statements that look rows of the table up by an index; the first of them. */
static size_t users_of(const struct world *w, comp_id table, uint32_t index,
                       comp_id *first)
{
    size_t n = 0;
    *first = COMP_NONE;
    for (size_t s = 0; s < w->model->ncomps; s++) {
        const struct statement_data *d = w->model->comps[s].data;
        if (w->comps[s].kind != &kind_statement || !d ||
            model_param(w->model, (comp_id)s, ST_TABLE)->as.comp != table ||
            d->index != index)
            continue;
        if (n++ == 0)
            *first = (comp_id)s;
    }
    return n;
}

static bool builds_index(enum job_kind kind)
{
    return kind == JOB_CREATE_INDEX || kind == JOB_CREATE_INDEX_ONLINE ||
           kind == JOB_DROP_INDEX;
}

size_t world_db_indexes(const struct world *w, comp_id table, struct db_index_view *out,
                        size_t max)
{
    if (table >= w->model->ncomps || w->comps[table].kind != &kind_table)
        return 0;
    const struct table_data *d = table_data(w, table);
    const struct table *t = table_at(w, table);
    for (uint32_t i = 0; i < d->nindexes && i < max; i++) {
        struct db_index_view v = {.there = (t->indexes & 1u << i) != 0,
                                  .primary = i == INDEX_PRIMARY};
        snprintf(v.name, sizeof v.name, "%s", d->index[i]);
        v.statements = users_of(w, table, i, &v.statement);
        if (builds_index((enum job_kind)t->job.kind) && t->job.index == i)
            v.working = job_phrase((enum job_kind)t->job.kind);
        out[i] = v;
    }
    return d->nindexes;
}
