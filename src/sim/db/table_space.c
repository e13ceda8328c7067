/*
 * The disk that a table takes: pages of rows, indexes, and the copy that a job writes.
 *
 * A plain vacuum makes the room of dead rows free for new rows of the same table; it
 * gives none back. (PostgreSQL, VACUUM: "extra space is not returned to the operating
 * system (in most cases)". The case in which it is, empty pages at the very end, does
 * not happen here.) A table is as large as the most rows, dead or alive, that it ever
 * had at once, until it is written anew: by vacuum_full, rewrite or widen_ids. These
 * need room for the new table and its indexes beside the old ones until they are done.
 *
 * A B-tree index has an entry of 20 bytes for each row (8 of its header, 8 of a bigint,
 * 4 of a line pointer), 366 of them on a page of 8 kB that is filled to 90 %: 22.4 MB
 * for a million rows. (PostgreSQL, "Database Page Layout", "CREATE INDEX", fillfactor.)
 */
#include "db/database.h"
#include "db/table.h"

enum { PAGE = 8192, INDEX_ENTRIES = 366 };

/* ---- rows ------------------------------------------------------------------------ */

int64_t table_slots(const struct world *w, comp_id c)
{
    const struct table *t = table_at(w, c);
    int64_t rows = table_live(w, c) + t->dead;
    return rows > t->slots ? rows : t->slots;
}

int64_t table_free_slots(const struct world *w, comp_id c)
{
    return table_slots(w, c) - table_live(w, c) - table_at(w, c)->dead;
}

void table_keep_space(struct world *w, comp_id c)
{
    table_at(w, c)->slots = table_slots(w, c);
}

void table_shrink(struct world *w, comp_id c)
{
    table_at(w, c)->slots = table_live(w, c) + table_at(w, c)->dead;
}

/* ---- bytes ----------------------------------------------------------------------- */

static int64_t heap_bytes(const struct world *w, comp_id c, int64_t rows)
{
    int64_t size = p_count(w, c, TB_ROW_BYTES);
    int64_t per_page = size < PAGE ? PAGE / size : 1;
    int64_t pages_each = (size + PAGE - 1) / PAGE;
    return (rows + per_page - 1) / per_page * pages_each * PAGE;
}

static int64_t index_bytes(int64_t rows)
{
    return (rows + INDEX_ENTRIES - 1) / INDEX_ENTRIES * PAGE;
}

int64_t table_heap_bytes(const struct world *w, comp_id c)
{
    return heap_bytes(w, c, table_slots(w, c));
}

int64_t table_index_bytes(const struct world *w, comp_id c)
{
    return __builtin_popcount(table_at(w, c)->indexes) * index_bytes(table_slots(w, c));
}

/* Of the copy that a job writes: as much as it has done of its work. */
static int64_t copy_bytes(const struct world *w, comp_id c)
{
    const struct table *t = table_at(w, c);
    const struct job *j = &t->job;
    int64_t rows = table_live(w, c) + t->dead, bytes = index_bytes(rows);
    if (!job_copies((enum job_kind)j->kind) || j->all == 0)
        return 0;
    if (j->kind != JOB_CREATE_INDEX && j->kind != JOB_CREATE_INDEX_ONLINE) {
        rows -= vacuum_removable(w, c, j->conn);
        bytes =
            heap_bytes(w, c, rows) + __builtin_popcount(t->indexes) * index_bytes(rows);
    }
    return (int64_t)((double)bytes * (double)(j->all - j->rest) / (double)j->all);
}

int64_t tables_bytes_at_start(const struct world *w, comp_id db)
{
    int64_t sum = 0;
    for (size_t i = 0; i < w->model->ncomps; i++) {
        comp_id c = (comp_id)i;
        if (w->comps[c].kind != &kind_table || w->comps[c].owner != db)
            continue;
        int64_t rows = p_count(w, c, TB_ROWS);
        sum += heap_bytes(w, c, rows) +
               __builtin_popcount(table_data(w, c)->at_start) * index_bytes(rows);
    }
    return sum;
}

int64_t tables_bytes(const struct world *w, comp_id db)
{
    int64_t sum = 0;
    for (comp_id t = db_at(w, db)->cluster.tables; t != 0;
         t = table_at(w, (comp_id)(t - 1))->next) {
        comp_id c = (comp_id)(t - 1);
        sum += table_heap_bytes(w, c) + table_index_bytes(w, c) + copy_bytes(w, c);
    }
    return sum;
}
