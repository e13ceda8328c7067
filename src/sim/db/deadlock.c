/*
 * Waits among sessions: the edges of the wait-for graph, and whether they close a
 * circle.
 *
 * A session waits for those who hold its lock in a mode that conflicts, and for those
 * ahead of it in the queue whose wish conflicts. (PostgreSQL tries to reorder queues
 * before it calls the second sort a deadlock; here they count as they are.) The search
 * goes breadth first over the sessions, marks them with the number of the search, and
 * needs no memory of its own.
 */
#include "db/database.h"
#include "db/db.h"
#include "db/db_view.h"
#include "db/lock.h"

#include <stdio.h>

void lock_blockers(const struct world *w, const struct conn *n,
                   bool (*f)(const struct world *w, struct conn *blocker, void *ctx),
                   void *ctx)
{
    const struct claim *c = claim_at(w, n->waits);
    const struct lock *l = lock_at(w, c->lock);
    enum lock_mode mode = (enum lock_mode)c->mode;
    for (ref r = l->grants; r != 0; r = claim_at(w, r)->next) {
        const struct claim *g = claim_at(w, r);
        if (g->conn != c->conn && lock_conflicts(mode, g->modes) &&
            !f(w, conn_at(w, g->conn), ctx))
            return;
    }
    for (ref r = l->first; r != n->waits; r = claim_at(w, r)->next) {
        const struct claim *q = claim_at(w, r);
        if (lock_conflicts(mode, q->modes) && !f(w, conn_at(w, q->conn), ctx))
            return;
    }
}

struct search {
    const struct conn *who;
    struct conn *last; /* of the list of sessions to look at, through `todo` */
    uint32_t number;
    bool found;
};

static bool look_at(const struct world *w, struct conn *n, void *ctx)
{
    struct search *s = ctx;
    if (n == s->who) {
        s->found = true;
        return false;
    }
    if (n->searched != s->number && n->waits != 0) {
        n->searched = s->number;
        n->todo = 0;
        s->last->todo = W_REF(w, n);
        s->last = n;
    }
    return true;
}

bool lock_in_cycle(struct world *w, struct conn *n)
{
    struct search s = {.who = n, .last = n, .number = ++db_at(w, n->db)->searches};
    n->todo = 0;
    for (struct conn *at = n; at && !s.found;
         at = at->todo != 0 ? conn_at(w, at->todo) : NULL)
        lock_blockers(w, at, look_at, &s);
    return s.found;
}

uint32_t lock_waiting_on(const struct world *w, comp_id db, comp_id table)
{
    uint32_t n = 0;
    const struct database *d = db_at(w, db);
    if (d->lock_waiting == 0)
        return 0;
    for (ref r = d->first; r != 0; r = conn_at(w, r)->next) {
        const struct conn *c = conn_at(w, r);
        if (c->waits != 0)
            n += lock_at(w, claim_at(w, c->waits)->lock)->name.table == table;
    }
    return n;
}

/* ---- looking --------------------------------------------------------------------- */

static bool take_first(const struct world *w, struct conn *n, void *ctx)
{
    struct conn **first = ctx;
    (void)w;
    *first = n;
    return false;
}

/* A session that another waits for: the lock's holder, rather than who queues before. */
static const struct conn *blocker_of(const struct world *w, const struct conn *n)
{
    struct conn *first = NULL;
    lock_blockers(w, n, take_first, &first);
    return first;
}

enum { CHAIN_MAX = 64 };

static void view_of(const struct world *w, const struct conn *n, struct db_lock_view *v)
{
    const struct claim *c = claim_at(w, n->waits);
    const struct lock *l = lock_at(w, c->lock);
    const struct conn *first = blocker_of(w, n), *root = first;
    for (int i = 0; i < CHAIN_MAX && root->waits != 0; i++)
        root = blocker_of(w, root);
    *v = (struct db_lock_view){.session = n->id,
                               .client = n->service,
                               .instance = n->instance,
                               .table = l->name.table,
                               .mode = (enum lock_mode)c->mode,
                               .since = c->since,
                               .blocker = first->id,
                               .blocker_queues =
                                   first->waits != 0 &&
                                   claim_at(w, first->waits)->lock == c->lock,
                               .root = root->id,
                               .root_client = root->service,
                               .root_instance = root->instance,
                               .root_state = session_state_of(root),
                               .root_since = root->tx ? root->tx_since : root->since};
    if (l->name.table == COMP_NONE)
        snprintf(v->what, sizeof v->what, "%s", l->name.text);
    else if (l->name.key == LOCK_WHOLE)
        snprintf(v->what, sizeof v->what, "the table");
    else
        snprintf(v->what, sizeof v->what, "row %llu",
                 (unsigned long long)l->name.key + 1);
}

/* Of one server; returns how many there are with it. */
static size_t locks_of(const struct world *w, comp_id node, struct db_lock_view *out,
                       size_t max, size_t count)
{
    for (ref r = db_at(w, node)->first; r != 0; r = conn_at(w, r)->next) {
        const struct conn *n = conn_at(w, r);
        if (n->waits == 0)
            continue;
        if (count < max)
            view_of(w, n, &out[count]);
        count++;
    }
    return count;
}

size_t world_db_locks(const struct world *w, comp_id db, struct db_lock_view *out,
                      size_t max)
{
    if (db >= w->model->ncomps || w->comps[db].kind != &kind_database)
        return 0;
    size_t count = locks_of(w, db, out, max, 0);
    for (comp_id n = db_at(w, db)->cluster.first; n != 0;
         n = db_at(w, (comp_id)(n - 1))->follows.next)
        count = locks_of(w, (comp_id)(n - 1), out, max, count);
    return count;
}
