/*
 * What becomes of a table's rows besides what statements do: somebody deletes them or
 * drops the table, a backup is put back.
 *
 * Rows that somebody wiped are missing until a backup from before is put back. That
 * takes the whole table to what it was then: rows that came later are lost with it, and
 * so are indexes and wider ids. Ids are given out again from where they were.
 */
#include "db/database.h"
#include "db/table.h"

/* ---- by mistake ------------------------------------------------------------------ */

/* Rows that are gone without a trace but the dead ones they leave; returns how many. */
static int64_t wipe(struct world *w, comp_id c, double share)
{
    struct table *t = table_at(w, c);
    table_settle(w, c, p_number(w, c, TB_GROWTH));
    int64_t rows = (int64_t)((double)t->rows * share + 0.5);
    rows = rows < t->rows ? rows : t->rows;
    rows = rows > 0 ? rows : 0;
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
    return rows;
}

int64_t table_drop(struct world *w, comp_id c)
{
    struct table *t = table_at(w, c);
    job_stop(w, c, REASON_ERROR);
    int64_t rows = wipe(w, c, 1);
    vacuum_clean(w, c, t->dead);
    cal_cancel(w, &t->vacuum_timer);
    t->dropped = true;
    table_shrink(w, c); /* its files are deleted */
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

struct table_copy table_copy_at_start(const struct world *w, comp_id c)
{
    int64_t next = p_count(w, c, TB_NEXT_ID), rows = p_count(w, c, TB_ROWS);
    return (struct table_copy){.rows = rows,
                               .next_id = next > 0 ? next : rows + 1,
                               .id_limit = p_count(w, c, TB_ID_LIMIT),
                               .indexes = table_data(w, c)->at_start};
}

/* Every session is closed by now: nobody looks at the old rows any more. */
void table_put_back(struct world *w, comp_id c, const struct table_copy *from)
{
    struct table *t = table_at(w, c);
    table_settle(w, c, p_number(w, c, TB_GROWTH));
    int64_t undone = (int64_t)(t->rolled_back - from->rolled_back);
    int64_t later = t->next_id - from->next_id - undone;
    t->lost += later > 0 ? (uint64_t)later : 0;
    t->restored +=
        t->missing > from->missing ? (uint64_t)(t->missing - from->missing) : 0;
    vacuum_clean(w, c, t->dead);
    t->rows = from->rows;
    t->next_id = from->next_id;
    t->id_limit = from->id_limit;
    t->missing = from->missing;
    t->indexes = from->indexes;
    t->dropped = from->dropped;
    table_shrink(w, c);
    table_analyzed(w, c);
}
