/*
 * Tables: how many rows, which of them a run is about, what a run costs, and what the
 * planner makes of what it knows. See table.h for the formulas.
 *
 * Growth that nobody's statement brings (imports, other systems) is not a stream of
 * events: rows are a number at a moment and a rate since then.
 */
#include "db/database.h"
#include "db/table.h"
#include "engine/zipf.h"

comp_id table_node(const struct world *w, comp_id c)
{
    comp_id db = w->comps[c].owner, primary = db_at(w, db)->cluster.primary;
    return primary == 0 ? db : (comp_id)(primary - 1);
}

/* ---- rows and ids ---------------------------------------------------------------- */

/* Rows that have come by themselves since t->since, as far as there are ids for them.
 */
static int64_t grown(const struct world *w, const struct table *t, double growth)
{
    if (t->dropped)
        return 0;
    double seconds = (double)(w_now(w) - t->since) / (double)SIM_SEC;
    int64_t rows = (int64_t)(growth * seconds);
    int64_t room = t->id_limit - t->next_id + 1;
    if (t->id_limit > 0 && rows > room)
        rows = room > 0 ? room : 0;
    return rows;
}

int64_t table_live(const struct world *w, comp_id c)
{
    const struct table *t = table_at(w, c);
    return t->rows + grown(w, t, p_number(w, c, TB_GROWTH));
}

int64_t table_ids_left(const struct world *w, comp_id c)
{
    const struct table *t = table_at(w, c);
    if (t->id_limit == 0)
        return -1;
    int64_t next = t->next_id + grown(w, t, p_number(w, c, TB_GROWTH));
    return next > t->id_limit ? 0 : t->id_limit - next + 1;
}

void table_settle(struct world *w, comp_id c, double growth)
{
    struct table *t = table_at(w, c);
    int64_t rows = grown(w, t, growth);
    t->rows += rows;
    t->next_id += rows;
    t->since = w_now(w);
}

bool table_write(struct world *w, comp_id c, int64_t inserts, int64_t updates,
                 int64_t deletes)
{
    struct table *t = table_at(w, c);
    int64_t left = table_ids_left(w, c), rows = table_live(w, c);
    if (inserts > 0 && left >= 0 && left < inserts) {
        t->no_ids++;
        return false;
    }
    deletes = deletes < rows ? deletes : rows;
    t->rows += inserts - deletes;
    t->next_id += inserts;
    t->inserted += (uint64_t)inserts;
    t->updated += (uint64_t)updates;
    t->deleted += (uint64_t)deletes;
    if (updates + deletes > 0)
        vacuum_died(w, c, updates + deletes);
    table_keep_space(w, c);
    return true;
}

/* ---- which row ------------------------------------------------------------------- */

uint32_t table_draw_key(struct world *w, comp_id c)
{
    const struct zipf *popular = table_data(w, c)->popular;
    uint32_t keys = (uint32_t)p_count(w, c, TB_KEYS);
    struct rng *r = w_rng(w, c, TABLE_RNG_ROW);
    if (keys == 1)
        return 0;
    return popular ? zipf_at(popular, rng_unit(r)) : rng_below(r, keys);
}

uint32_t table_index(const struct table_data *d, const char *name)
{
    for (uint32_t i = 0; i < d->nindexes; i++)
        if (str_eq(d->index[i], name))
            return i;
    return INDEXES_MAX;
}

/* ---- the planner ----------------------------------------------------------------- */

/* Page steps of an index lookup among n entries: ceil(log2(n + 1)). */
static double steps(int64_t n)
{
    return n <= 0 ? 0 : 64 - __builtin_clzll((unsigned long long)n);
}

/* The planner learns of a table that has changed by a tenth, where autovacuum is on. */
static void learn(struct world *w, comp_id c)
{
    struct table *t = table_at(w, c);
    int64_t rows = table_live(w, c);
    int64_t off = rows > t->known ? rows - t->known : t->known - rows;
    if (!t->misled && p_on(w, c, TB_AUTOVACUUM) && off > 50 + t->known / 10)
        t->known = rows;
}

void table_analyzed(struct world *w, comp_id c)
{
    struct table *t = table_at(w, c);
    t->known = table_live(w, c);
    t->misled = false;
}

enum { ACCESS_AUTO, ACCESS_INDEX, ACCESS_SCAN };

bool table_scans(struct world *w, comp_id c, comp_id statement)
{
    struct table *t = table_at(w, c);
    const struct statement_data *d = w->comps[statement].data;
    int64_t access = p_count(w, statement, ST_ACCESS);
    if (access == ACCESS_SCAN || !(t->indexes & 1u << d->index))
        return true;
    if (access == ACCESS_INDEX)
        return false;
    learn(w, c);
    double scan = (double)t->known * (double)p_time(w, c, TB_SCAN_ROW);
    double index = (steps(t->known) + (double)p_count(w, statement, ST_ROWS)) *
                   (double)p_time(w, c, TB_INDEX_STEP);
    return scan < index;
}

/* ---- cost ------------------------------------------------------------------------ */

static double lookup_cost(const struct world *w, comp_id c, comp_id statement,
                          int64_t rows, int64_t all)
{
    double examined = (double)p_count(w, statement, ST_ROWS);
    if (rows > 0)
        examined = examined * (double)all / (double)rows;
    return (steps(all) + examined) * (double)p_time(w, c, TB_INDEX_STEP);
}

enum { IDS_SEQUENCE, IDS_RANDOM, TRIES_MAX = 100000 };

/* The number of draws until an id is free: each of all is as likely, so the mean of a
 * geometric distribution, all / left. */
static double id_draws(const struct world *w, comp_id c)
{
    const struct table *t = table_at(w, c);
    if (p_count(w, c, TB_IDS) == IDS_SEQUENCE || t->id_limit == 0)
        return 0;
    double left = (double)table_ids_left(w, c), all = (double)t->id_limit;
    return left * TRIES_MAX > all ? all / left : TRIES_MAX;
}

static double write_cost(const struct world *w, comp_id c, comp_id statement,
                         int64_t all)
{
    double entries =
        (double)(p_count(w, statement, ST_INSERTS) + p_count(w, statement, ST_UPDATES));
    double written = entries + (double)p_count(w, statement, ST_DELETES);
    int indexes = __builtin_popcount(table_at(w, c)->indexes);
    double draws = (double)p_count(w, statement, ST_INSERTS) * id_draws(w, c);
    return written * (double)p_time(w, c, TB_WRITE_ROW) +
           (entries * indexes + draws) * steps(all) *
               (double)p_time(w, c, TB_INDEX_STEP);
}

sim_time table_cost(const struct world *w, comp_id c, comp_id statement, bool scan)
{
    int64_t rows = table_live(w, c), all = rows + table_at(w, c)->dead;
    double cost = scan ? (double)table_slots(w, c) * (double)p_time(w, c, TB_SCAN_ROW)
                       : lookup_cost(w, c, statement, rows, all);
    cost += write_cost(w, c, statement, all);
    return cost < 1e17 ? (sim_time)cost : (sim_time)1e17;
}
