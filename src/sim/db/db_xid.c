/*
 * Transaction ids: 32 bits of which a row bears two, so that they must not run out.
 *
 * A transaction that writes takes an id. Ids are compared modulo 2^32, so a row may be at
 * most 2^31 transactions old; a vacuum that looks at all rows of a table freezes them,
 * and their age does not matter any more. How far it can freeze, the oldest open
 * transaction decides. Such a vacuum comes by itself at `freeze_max_age`, whether
 * autovacuum is on or not, and does not give way to those who wait for its lock; any
 * vacuum does so from 150 million (or 95 % of freeze_max_age) on, and whoever writes the
 * table anew freezes it.
 *
 * When 40 million are left the database warns, when 3 million are left it gives no more
 * out: it reads, and writes nothing, until a vacuum has made the oldest table younger.
 * (PostgreSQL, "Preventing Transaction ID Wraparound Failures": vacuum_freeze_table_age,
 * autovacuum_freeze_max_age; 40 and 3 million since version 14.)
 */
#include "db/cluster.h"
#include "db/table.h"
#include "engine/telling.h"

#define AGE_MAX    INT64_C(2147483648)
#define WARN_LEFT  INT64_C(40000000)
#define STOP_LEFT  INT64_C(3000000)
#define TABLE_AGE  INT64_C(150000000) /* vacuum_freeze_table_age */
#define LOOK_EVERY INT64_C(10000)     /* transactions */
#define WARN_EVERY INT64_C(1000000)

/* ---- tables ---------------------------------------------------------------------- */

static comp_id owner(const struct world *w, comp_id c)
{
    return w->comps[c].owner;
}

int64_t xid_age(const struct world *w, comp_id c)
{
    const struct table *t = table_at(w, c);
    return t->dropped ? 0 : db_at(w, owner(w, c))->cluster.xids - t->frozen;
}

bool xid_forced(const struct world *w, comp_id c)
{
    return xid_age(w, c) >= p_count(w, owner(w, c), DB_FREEZE_MAX_AGE);
}

bool xid_aggressive(const struct world *w, comp_id c)
{
    int64_t at = p_count(w, owner(w, c), DB_FREEZE_MAX_AGE) / 100 * 95;
    return xid_age(w, c) >= (at < TABLE_AGE ? at : TABLE_AGE);
}

int64_t xid_horizon(const struct world *w, comp_id c, ref but)
{
    int64_t oldest = db_at(w, owner(w, c))->cluster.xids;
    for (ref r = db_at(w, table_node(w, c))->first; r != 0; r = conn_at(w, r)->next) {
        const struct conn *n = conn_at(w, r);
        if (r != but && n->tx && n->xids < oldest)
            oldest = n->xids;
    }
    return oldest;
}

/* ---- the database ---------------------------------------------------------------- */

/* The age of the oldest table, in transactions. */
static int64_t xid_oldest(const struct world *w, comp_id db)
{
    int64_t oldest = 0;
    for (comp_id t = db_at(w, db)->cluster.tables; t != 0;
         t = table_at(w, (comp_id)(t - 1))->next) {
        int64_t age = xid_age(w, (comp_id)(t - 1));
        oldest = age > oldest ? age : oldest;
    }
    return oldest;
}

int64_t xid_left(const struct world *w, comp_id db)
{
    int64_t left = AGE_MAX - STOP_LEFT - xid_oldest(w, db);
    return left > 0 ? left : 0;
}

/* Vacuums make tables younger, never older: what is left now is left at least. */
bool xid_exhausted(struct world *w, comp_id db)
{
    struct cluster *c = &db_at(w, db)->cluster;
    if (c->tables == 0 || c->xids < c->xid_safe)
        return false;
    c->xid_safe = c->xids + xid_left(w, db);
    return c->xids == c->xid_safe;
}

/* Tables that are due are looked at, whether anybody can write or not. */
static void look(struct world *w, comp_id db)
{
    for (comp_id t = db_at(w, db)->cluster.tables; t != 0;
         t = table_at(w, (comp_id)(t - 1))->next)
        if (xid_forced(w, (comp_id)(t - 1)))
            vacuum_look(w, (comp_id)(t - 1));
}

void xid_refused(struct world *w, comp_id db)
{
    db_at(w, db)->cluster.xid_refused++;
    look(w, db);
}

static void warn(struct world *w, comp_id db)
{
    struct cluster *c = &db_at(w, db)->cluster;
    int64_t left = AGE_MAX - xid_oldest(w, db);
    if (left > WARN_LEFT || (c->xid_warned > 0 && c->xids < c->xid_warned + WARN_EVERY))
        return;
    c->xid_warned = c->xids > 0 ? c->xids : 1;
    w_log(w, db, 0, LOG_WARN, 0,
          "%s must be vacuumed within %lld transactions; close old transactions",
          w->comps[db].name, (long long)left);
}

void xid_take(struct world *w, struct conn *n)
{
    comp_id db = cluster_of(w, n->db);
    struct cluster *c = &db_at(w, db)->cluster;
    if (n->tx && n->wrote)
        return;
    n->wrote = n->tx;
    c->xids++;
    if (c->tables == 0 || c->xids < c->xid_look)
        return;
    c->xid_look = c->xids + LOOK_EVERY;
    warn(w, db);
    look(w, db);
}
