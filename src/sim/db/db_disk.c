/*
 * The disk of a database: what lies on it, and what happens when it is full.
 *
 * A full disk stops what needs more room: a statement fails whose new rows do not fit
 * into the free room of its table, or that stores more. What reads, deletes or fits goes
 * on. The log is another matter. Within `wal_keep` its files are used again; where an
 * archiver or a replica's slot holds it back, it has to grow, and a server that cannot
 * write its log cannot promise anything: it panics. (PostgreSQL, "Disk Full Failure": a
 * filled data disk "might prevent useful activity from occurring"; "if the disk holding
 * the WAL files grows full, database server panic and consequent shutdown might occur".)
 * It tries to come back every ten seconds, and does once there is room.
 */
#include "db/cluster.h"
#include "db/statement.h"
#include "db/table.h"
#include "engine/telling.h"

#define TRY_AGAIN (10 * SIM_SEC)

uint64_t disk_data(const struct world *w, comp_id db)
{
    int64_t data = p_count(w, db, DB_DATA) + db_at(w, db)->cluster.data;
    return (uint64_t)((data > 0 ? data : 0) + tables_bytes(w, db));
}

uint64_t disk_used(const struct world *w, comp_id db)
{
    int64_t others = db_at(w, db)->cluster.others;
    return disk_data(w, db) + (uint64_t)(others > 0 ? others : 0) + wal_kept(w, db);
}

bool disk_full(const struct world *w, comp_id db)
{
    int64_t size = p_count(w, db, DB_DISK_SIZE);
    return size > 0 && disk_used(w, db) >= (uint64_t)size;
}

/* ---- full ------------------------------------------------------------------------ */

static bool needs_room(const struct world *w, comp_id statement)
{
    comp_id table = statement_at(w, statement)->table;
    int64_t stores = statement_stores(w, statement);
    if (stores > 0 || table == COMP_NONE)
        return stores >= 0;
    return p_count(w, statement, ST_INSERTS) + p_count(w, statement, ST_UPDATES) >
           table_free_slots(w, table);
}

enum reason disk_refuses(struct world *w, comp_id node, comp_id statement)
{
    comp_id db = cluster_of(w, node);
    struct cluster *c = &db_at(w, db)->cluster;
    if (!disk_full(w, db))
        return REASON_NONE;
    if (statement_wal(w, statement) > 0 &&
        wal_kept(w, db) > (uint64_t)p_count(w, db, DB_WAL_KEEP)) {
        if (c->panic_timer == 0)
            c->panic_timer = cal_at(w, w_now(w), EV_KIND + DB_EV_PANIC, db, 0, 0);
        return REASON_DISK_FULL;
    }
    return needs_room(w, statement) ? REASON_DISK_FULL : REASON_NONE;
}

void disk_panic(struct world *w, comp_id db)
{
    struct cluster *c = &db_at(w, db)->cluster;
    comp_id node = cluster_primary(w, db);
    c->panic_timer = 0;
    if (db_at(w, node)->down)
        return;
    c->panics++;
    c->panicked = (comp_id)(node + 1);
    w_log(w, node, 0, LOG_ERROR, 0,
          "PANIC: could not write the log: no space left on the disk");
    database_go_down(w, node, true);
    c->panic_timer = cal_at(w, w_now(w) + TRY_AGAIN, EV_KIND + DB_EV_RECOVER, db, 0, 0);
}

void disk_recover(struct world *w, comp_id db)
{
    struct cluster *c = &db_at(w, db)->cluster;
    comp_id node = (comp_id)(c->panicked - 1);
    c->panic_timer = 0;
    if (c->panicked == 0)
        return;
    if (disk_full(w, db) && node == cluster_primary(w, db)) {
        c->panic_timer =
            cal_at(w, w_now(w) + TRY_AGAIN, EV_KIND + DB_EV_RECOVER, db, 0, 0);
        return;
    }
    c->panicked = 0;
    if (node != cluster_primary(w, db) || c->candidate != 0 || c->restoring != 0)
        return; /* another leads by now, or it is being restored */
    w_log(w, node, 0, LOG_WARN, 0, "recovered: there is room on the disk again");
    database_go_down(w, node, false);
}
