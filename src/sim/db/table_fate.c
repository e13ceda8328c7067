/*
 * The fate of a table's rows besides what statements do: somebody deletes them or
 * drops the table, a backup is put back.
 *
 * Rows that somebody wiped are missing until a backup from before is put back. That
 * takes the whole table to what it was then: rows that came later are lost with it, and
 * so are indexes and wider ids. Ids are given out again from where they were. Of the rows
 * that were wiped, those come back that the backup holds; the others stay missing.
 *
 * A rescue is gentler: a copy is brought up beside the database, and only rows that are
 * missing are copied from there. Which of them an older copy holds is a share: rows are
 * deleted alike whether old or new, so that a copy with half of the rows that there
 * should have been holds half of those missing.
 */
#include "db/cluster.h"
#include "db/table.h"
#include "engine/act.h"
#include "engine/lot.h"

/* The log record of one deleted row: a record header of 24 bytes, a block's of 20, 2 of a
 * data header and 8 of the deletion (PostgreSQL 16: SizeOfXLogRecord, SizeOfHeapDelete). */
enum { DELETE_WAL = 54 };

/* ---- by mistake ------------------------------------------------------------------ */

/* Rows that are gone without a trace but the dead ones they leave; returns how many. */
static int64_t wipe(struct world *w, comp_id c, double share)
{
    struct table *t = table_at(w, c);
    table_settle(w, c, p_number(w, c, TB_GROWTH));
    int64_t rows = (int64_t)((double)t->rows * share + 0.5);
    rows = rows < t->rows ? rows : t->rows;
    rows = rows > 0 ? rows : 0;
    if (t->missing == 0) {
        t->wiped_at = w_now(w);
        t->wiped_lsn = db_at(w, w->comps[c].owner)->cluster.lsn;
        t->whole = t->rows;
    }
    t->back = 0;
    t->rows -= rows;
    t->wiped += (uint64_t)rows;
    t->missing += rows;
    return rows;
}

int64_t table_wipe(struct world *w, comp_id c, double share)
{
    table_keep_space(w, c);
    int64_t rows = wipe(w, c, share);
    if (rows > 0)
        vacuum_died(w, c, rows);
    wal_changed(w, w->comps[c].owner, (uint64_t)rows * DELETE_WAL);
    return rows;
}

void table_tidy(struct world *w, comp_id c, double share)
{
    int64_t rows = (int64_t)((double)table_live(w, c) * share);
    (void)table_write(w, c, 0, 0, rows);
    wal_changed(w, w->comps[c].owner, (uint64_t)rows * DELETE_WAL);
}

int64_t table_drop(struct world *w, comp_id c)
{
    struct table *t = table_at(w, c);
    job_stop(w, c, REASON_ERROR);
    int64_t rows = wipe(w, c, 1);
    vacuum_clean(w, c, t->dead);
    cal_cancel(w, &t->vacuum_timer);
    t->dropped = true;
    table_shrink(w, c); /* the table's files are deleted */
    wal_changed(w, w->comps[c].owner, DELETE_WAL);
    return rows;
}

/* ---- backups --------------------------------------------------------------------- */

struct table_copy table_copy(const struct world *w, comp_id c)
{
    const struct table *t = table_at(w, c);
    int64_t rows = table_live(w, c);
    return (struct table_copy){.rows = rows,
                               .next_id = t->next_id + rows - t->rows,
                               .id_limit = t->id_limit,
                               .missing = t->missing,
                               .rolled_back = t->rolled_back,
                               .indexes = t->indexes,
                               .dropped = t->dropped};
}

struct table_copy table_copy_at_start(const struct world *w, comp_id c, sim_time age)
{
    int64_t next = p_count(w, c, TB_NEXT_ID), rows = p_count(w, c, TB_ROWS);
    double grew = p_number(w, c, TB_GREW) * (double)age / (double)SIM_SEC;
    int64_t later = grew < (double)rows ? (int64_t)grew : rows;
    return (struct table_copy){.rows = rows - later,
                               .next_id = (next > 0 ? next : rows + 1) - later,
                               .id_limit = p_count(w, c, TB_ID_LIMIT),
                               .indexes = table_data(w, c)->at_start};
}

int64_t table_rescuable(const struct world *w, comp_id c, const struct table_copy *from)
{
    const struct table *t = table_at(w, c);
    int64_t old = t->missing < t->whole ? t->missing : t->whole; /* at the mistake */
    if (!from)
        return old;
    if (from->dropped)
        return 0;
    if (from->missing > 0) { /* a copy from after it */
        int64_t gone = t->missing - from->missing;
        return gone <= 0 ? 0 : gone < from->rows ? gone : from->rows;
    }
    if (from->rows >= t->whole || from->rows <= t->back)
        return from->rows > t->back ? old : 0;
    return (int64_t)((double)old * (double)(from->rows - t->back) /
                     (double)(t->whole - t->back));
}

/* Counts rows that are there again, of those missing. */
static void came_back(struct table *t, const struct table_copy *from, int64_t rows)
{
    assert(rows >= 0 && rows <= t->missing);
    if (from && from->missing == 0 && from->rows > t->back)
        t->back = from->rows < t->whole ? from->rows : t->whole;
    t->missing -= rows;
    t->restored += (uint64_t)rows;
}

/* Every session is closed by now: nobody looks at the old rows any more. */
void table_put_back(struct world *w, comp_id c, const struct table_copy *from)
{
    struct table *t = table_at(w, c);
    table_settle(w, c, p_number(w, c, TB_GROWTH));
    int64_t undone = (int64_t)(t->rolled_back - from->rolled_back);
    int64_t later = t->next_id - from->next_id - undone;
    t->lost += later > 0 ? (uint64_t)later : 0;
    came_back(t, from, table_rescuable(w, c, from));
    if (t->missing < from->missing) /* some had come back by another way */
        t->missing = from->missing;
    vacuum_clean(w, c, t->dead);
    t->rows = from->rows;
    t->next_id = from->next_id;
    t->id_limit = from->id_limit;
    t->indexes = from->indexes;
    t->dropped = from->dropped;
    table_shrink(w, c);
    table_analyzed(w, c);
}

/* ---- from a copy beside ---------------------------------------------------------- */

bool table_wiped_on(const struct world *w, comp_id c, comp_id node)
{
    comp_id db = w->comps[c].owner;
    const struct cluster *x = &db_at(w, db)->cluster;
    if (node == cluster_primary(w, db) || !is_replica(w, node))
        return true;
    uint64_t behind = wal_unapplied(w, node);
    return (behind < x->lsn ? x->lsn - behind : 0) > table_at(w, c)->wiped_lsn;
}

bool table_lacks(const struct world *w, comp_id c, comp_id node, const struct act *a)
{
    const struct table *t = table_at(w, c);
    if (!table_wiped_on(w, c, node))
        return false;
    uint64_t row = hash_u64(LOT_PURPOSE(LOT_ROW), w->comps[c].name_hash);
    double share = (double)t->missing / (double)(t->missing + table_live(w, c));
    return lot_within(act_share(w, a, row), share);
}

int64_t table_rescue(struct world *w, comp_id c, const struct table_copy *from)
{
    struct table *t = table_at(w, c);
    int64_t rows = table_rescuable(w, c, from);
    came_back(t, from, rows);
    table_settle(w, c, p_number(w, c, TB_GROWTH));
    t->rows += rows;
    if (t->dropped && rows > 0) {
        t->dropped = false;
        t->indexes = table_data(w, c)->at_start;
        t->since = w_now(w);
    }
    table_keep_space(w, c);
    wal_changed(w, w->comps[c].owner,
                (uint64_t)rows * (uint64_t)p_count(w, c, TB_ROW_BYTES));
    return rows;
}
