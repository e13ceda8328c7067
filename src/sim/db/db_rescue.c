/*
 * Rescue: rows that somebody deleted come back from a copy that is brought up beside the
 * database, which goes on meanwhile; what was written since stays.
 *
 * The copy is a backup or a replica. A backup is read at `restore_rate` onto another
 * machine; where the log is archived it then goes through the log, `log_replay` times
 * faster than that was written, up to just before the deletion (PostgreSQL:
 * recovery_target_time), and holds all that there was. Without the log it holds what it
 * held. A replica that has not applied the deletion has the rows at once; one that has
 * is a faithful copy of the mistake. What counts is the copy at the end: a backup that is
 * overwritten meanwhile is what it is then.
 */
#include "db/cluster.h"
#include "db/table.h"
#include "engine/calendar.h"
#include "engine/kind.h"
#include "engine/telling.h"

#include <stdio.h>

/* ---- the copy -------------------------------------------------------------------- */

/* "reports" or "orders-db.reports"; COMP_NONE: no replica of that name. */
static comp_id replica_named(const struct world *w, comp_id db, const char *name)
{
    size_t prefix = strlen(w->comps[db].name);
    for (comp_id r = db_at(w, db)->cluster.first; r != 0;) {
        comp_id node = (comp_id)(r - 1);
        const char *full = w->comps[node].name;
        if (str_eq(full, name) || str_eq(full + prefix + 1, name))
            return node;
        r = db_at(w, node)->follows.next;
    }
    return COMP_NONE;
}

/* Whether the copy, as it is now, has anything of a table; *what: as an old backup has it,
 * NULL: all that there was before the mistake. */
static bool has_rows(const struct world *w, comp_id from, comp_id table,
                     const struct table_copy **what)
{
    *what = NULL;
    if (is_replica(w, from))
        return !table_wiped_on(w, table, from);
    const struct table_copy *copy = backup_table(w, from, table);
    bool log = p_number(w, w->comps[from].owner, DB_LOG_REPLAY) > 0;
    bool before = backup_taken(w, from) <= table_at(w, table)->wiped_at;
    if (!log || !before || copy->missing > 0)
        *what = copy;
    return backup_good(w, from);
}

static int64_t rows_from(const struct world *w, comp_id from, comp_id table)
{
    const struct table_copy *what;
    return has_rows(w, from, table, &what) ? table_rescuable(w, table, what) : 0;
}

static int64_t all_missing(const struct world *w, comp_id db)
{
    int64_t n = 0;
    for (comp_id t = db_at(w, db)->cluster.tables; t != 0;) {
        n += table_at(w, (comp_id)(t - 1))->missing;
        t = table_at(w, (comp_id)(t - 1))->next;
    }
    return n;
}

/* The most that one copy has of each table. */
static int64_t copied(const struct world *w, comp_id db, comp_id table)
{
    int64_t most = 0, rows;
    for (comp_id r = db_at(w, db)->cluster.first; r != 0;) {
        rows = rows_from(w, (comp_id)(r - 1), table);
        most = rows > most ? rows : most;
        r = db_at(w, (comp_id)(r - 1))->follows.next;
    }
    for (size_t i = 0; i < w->model->ncomps; i++) {
        if (w->comps[i].kind != &kind_backup || w->comps[i].owner != db)
            continue;
        rows = rows_from(w, (comp_id)i, table);
        most = rows > most ? rows : most;
    }
    return most;
}

int64_t rescue_without_copy(const struct world *w, comp_id db)
{
    int64_t n = 0;
    for (comp_id t = db_at(w, db)->cluster.tables; t != 0;) {
        const struct table *x = table_at(w, (comp_id)(t - 1));
        n += x->missing > 0 ? x->missing - copied(w, db, (comp_id)(t - 1)) : 0;
        t = x->next;
    }
    return n;
}

/* ---- how long -------------------------------------------------------------------- */

/* Through the log from the backup to the last of the deletions after it. */
static sim_time log_time(const struct world *w, comp_id db, comp_id series)
{
    double speed = p_number(w, db, DB_LOG_REPLAY);
    sim_time longest = 0;
    for (comp_id n = db_at(w, db)->cluster.tables; n != 0 && speed > 0;) {
        const struct table *t = table_at(w, (comp_id)(n - 1));
        sim_time log = t->missing > 0 ? t->wiped_at - backup_taken(w, series) : 0;
        longest = log > longest ? log : longest;
        n = t->next;
    }
    return speed > 0 ? (sim_time)((double)longest / speed) : 0;
}

static sim_time rescue_time(const struct world *w, comp_id db, comp_id from)
{
    double bytes = 0, rate = p_number(w, db, DB_RESTORE_RATE);
    for (comp_id n = db_at(w, db)->cluster.tables; n != 0;) {
        comp_id t = (comp_id)(n - 1);
        bytes += (double)rows_from(w, from, t) * (double)p_count(w, t, TB_ROW_BYTES);
        n = table_at(w, t)->next;
    }
    if (is_replica(w, from))
        return SIM_SEC + copy_time(bytes, rate);
    bytes += (double)backup_size(w, from);
    sim_time log = backup_good(w, from) ? log_time(w, db, from) : 0;
    return SIM_SEC + copy_time(bytes, rate) + log;
}

/* ---- doing ----------------------------------------------------------------------- */

static enum err may_begin(const struct world *w, comp_id db, const char *name,
                          comp_id *from, struct errmsg *why)
{
    const struct cluster *x = &db_at(w, db)->cluster;
    *from = replica_named(w, db, name);
    if (*from == COMP_NONE && *name != '\0')
        *from = backup_newest(w, db, name);
    if (*from == COMP_NONE)
        return errmsg_set(why, ERR_NOT_FOUND, "%s has no backup or replica \"%.40s\"",
                          w->comps[db].name, name);
    if (x->rescuing != 0)
        return errmsg_set(why, ERR_REFUSED,
                          "rows are being copied back from %s already",
                          w->comps[x->rescuing - 1].name);
    if (x->restoring != 0 || !cluster_leads(w, db))
        return errmsg_set(why, ERR_REFUSED, "%s takes no writes now",
                          w->comps[db].name);
    if (all_missing(w, db) == 0)
        return errmsg_set(why, ERR_REFUSED, "no rows of %s are missing",
                          w->comps[db].name);
    const struct database *d = db_at(w, *from);
    if (is_replica(w, *from) &&
        (d->down || d->stalled || d->follows.role == NODE_REBUILDS))
        return errmsg_set(why, ERR_REFUSED, "%s does not answer", w->comps[*from].name);
    return ERR_OK;
}

enum err database_rescue(struct world *w, comp_id db, const char *name,
                         struct effect *fx, struct errmsg *why)
{
    struct cluster *x = &db_at(w, db)->cluster;
    comp_id from;
    enum err e = may_begin(w, db, name, &from, why);
    if (e != ERR_OK)
        return e;
    sim_time takes = rescue_time(w, db, from);
    x->rescuing = (comp_id)(from + 1);
    x->rescued = w_now(w) + takes;
    cal_at(w, x->rescued, EV_KIND + DB_EV_RESCUED, db, 0, 0);
    struct buf b;
    buf_init(&b, 0);
    time_format(&b, takes);
    snprintf(fx->title, sizeof fx->title, "rescue rows of %s from %s: takes %s",
             w->comps[db].name, w->comps[from].name, b.s);
    buf_release(&b);
    return ERR_OK;
}

void database_rescued(struct world *w, comp_id db)
{
    struct cluster *x = &db_at(w, db)->cluster;
    comp_id from = (comp_id)(x->rescuing - 1);
    int64_t missing = all_missing(w, db), back = 0;
    x->rescuing = 0;
    if (!cluster_leads(w, db)) {
        w_log(w, db, 0, LOG_ERROR, 0, "rescue failed: nobody takes the rows");
        return;
    }
    for (comp_id n = x->tables; n != 0;) {
        comp_id t = (comp_id)(n - 1);
        const struct table_copy *what;
        if (has_rows(w, from, t, &what))
            back += table_rescue(w, t, what);
        n = table_at(w, t)->next;
    }
    w_log(w, db, 0, back < missing ? LOG_WARN : LOG_INFO, 0,
          "rescue: %lld of %lld missing rows are back from %s", (long long)back,
          (long long)missing, w->comps[from].name);
}
