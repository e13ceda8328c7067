/*
 * Looking at a table: its metrics.
 */
#include "db/database.h"
#include "db/describe.h"
#include "db/table.h"

enum {
    M_ROWS,
    M_DEAD,
    M_BYTES,
    M_KNOWN,
    M_IDS_LEFT,
    M_LOCK_WAITING,
    M_SCANS,
    M_LOOKUPS,
    M_INSERTED,
    M_UPDATED,
    M_DELETED,
    M_CONFLICTS,
    M_NO_IDS,
    M_VACUUMS,
    M_CLEANED,
    M_JOB,
    M_PROGRESS,
    M_ROLLED_BACK,
    M_INDEX_BYTES,
    M_FREE,
    M_WIPED,
    M_RESTORED,
    M_LOST,
    M_MISSING,
    M_FROZEN_AGE,
    M_COUNT
};
#define TABLE_METRIC(n, p, t, u, d)                                                    \
    {                                                                                  \
        .name = n, .prom = p, .labels = "", .type = t, .unit = u, .doc = d             \
    }
const struct metric_desc table_metrics[TABLE_METRICS] = {
    [M_ROWS] = TABLE_METRIC("rows", "db_table_rows", METRIC_GAUGE, "1", "Live rows."),
    [M_DEAD] = TABLE_METRIC("dead_rows", "db_table_dead_rows", METRIC_GAUGE, "1",
                            "Dead rows that no vacuum has taken away yet."),
    [M_BYTES] = TABLE_METRIC("bytes", "db_table_bytes", METRIC_GAUGE, "bytes",
                             "Size in whole pages, dead rows and free room included."),
    [M_KNOWN] = TABLE_METRIC("planner_rows", "db_table_planner_rows", METRIC_GAUGE, "1",
                             "Rows that the planner believes there are."),
    [M_IDS_LEFT] = TABLE_METRIC("ids_left", "db_table_ids_left", METRIC_GAUGE, "1",
                                "Ids left for new rows; -1: there is no limit."),
    [M_LOCK_WAITING] =
        TABLE_METRIC("lock_waiting", "db_table_locks_waiting", METRIC_GAUGE, "1",
                     "Sessions that wait for a lock on it or on its rows."),
    [M_SCANS] = TABLE_METRIC("scans_total", "db_table_scans_total", METRIC_COUNTER, "1",
                             "Statements that read it from end to end."),
    [M_LOOKUPS] = TABLE_METRIC("lookups_total", "db_table_index_lookups_total",
                               METRIC_COUNTER, "1", "Statements that used an index."),
    [M_INSERTED] = TABLE_METRIC("inserted_total", "db_table_inserted_total",
                                METRIC_COUNTER, "1", "Rows inserted by statements."),
    [M_UPDATED] = TABLE_METRIC("updated_total", "db_table_updated_total",
                               METRIC_COUNTER, "1", "Rows updated."),
    [M_DELETED] = TABLE_METRIC("deleted_total", "db_table_deleted_total",
                               METRIC_COUNTER, "1", "Rows deleted."),
    [M_CONFLICTS] =
        TABLE_METRIC("conflicts_total", "db_table_conflicts_total", METRIC_COUNTER, "1",
                     "Optimistic writes that found another's."),
    [M_NO_IDS] = TABLE_METRIC("no_ids_total", "db_table_no_ids_total", METRIC_COUNTER,
                              "1", "Inserts that found no id left."),
    [M_VACUUMS] = TABLE_METRIC("vacuums_total", "db_table_vacuums_total",
                               METRIC_COUNTER, "1", "Vacuums that were done."),
    [M_CLEANED] = TABLE_METRIC("cleaned_total", "db_table_cleaned_rows_total",
                               METRIC_COUNTER, "1", "Dead rows taken away."),
    [M_JOB] = TABLE_METRIC("upkeep", "db_table_upkeep_running", METRIC_GAUGE, "1",
                           "1 while a vacuum, index or migration works on it."),
    [M_PROGRESS] = TABLE_METRIC("progress", "db_table_upkeep_progress", METRIC_GAUGE,
                                "ratio", "How much of that is done."),
    [M_ROLLED_BACK] =
        TABLE_METRIC("rolled_back_total", "db_table_rolled_back_total", METRIC_COUNTER,
                     "1", "Rows inserted by transactions that were rolled back."),
    [M_INDEX_BYTES] = TABLE_METRIC("index_bytes", "db_table_index_bytes", METRIC_GAUGE,
                                   "bytes", "Size of all its indexes."),
    [M_FREE] = TABLE_METRIC("free_rows", "db_table_free_rows", METRIC_GAUGE, "1",
                            "New rows that fit into room that a vacuum made free."),
    [M_WIPED] = TABLE_METRIC("wiped_total", "db_table_wiped_rows_total", METRIC_COUNTER,
                             "1", "Rows that somebody deleted by mistake, or dropped."),
    [M_RESTORED] =
        TABLE_METRIC("restored_total", "db_table_restored_rows_total", METRIC_COUNTER,
                     "1", "Of those, rows that came back from a copy."),
    [M_LOST] =
        TABLE_METRIC("lost_total", "db_table_lost_rows_total", METRIC_COUNTER, "1",
                     "Rows that had come after the backup that was put back."),
    [M_MISSING] = TABLE_METRIC("missing", "db_table_missing_rows", METRIC_GAUGE, "1",
                               "Rows deleted by mistake that are not there again."),
    [M_FROZEN_AGE] =
        TABLE_METRIC("frozen_age", "db_table_frozen_age_transactions", METRIC_GAUGE,
                     "1", "Transactions since its rows were last frozen."),
};
_Static_assert((int)M_COUNT == (int)TABLE_METRICS, "one for each");

/* Known to the simulator alone. */
const struct metric_need table_needs[TABLE_NEEDS] = {{"wiped_total", NULL},
                                                     {"restored_total", NULL},
                                                     {"lost_total", NULL},
                                                     {"missing", NULL}};

/* ---- looking --------------------------------------------------------------------- */

static double progress(const struct job *j)
{
    return j->all > 0 ? 1 - (double)j->rest / (double)j->all : 0;
}

double table_metric(const struct world *w, comp_id c, int metric, int instance)
{
    const struct table *t = table_at(w, c);
    (void)instance;
    switch (metric) {
    case M_ROWS:
        return (double)table_live(w, c);
    case M_DEAD:
        return (double)t->dead;
    case M_BYTES:
        return (double)table_heap_bytes(w, c);
    case M_KNOWN:
        return (double)t->known;
    case M_IDS_LEFT:
        return (double)table_ids_left(w, c);
    case M_LOCK_WAITING:
        return lock_waiting_on(w, table_node(w, c), c);
    case M_SCANS:
        return (double)t->scans;
    case M_LOOKUPS:
        return (double)t->lookups;
    case M_INSERTED:
        return (double)t->inserted;
    case M_UPDATED:
        return (double)t->updated;
    case M_DELETED:
        return (double)t->deleted;
    case M_CONFLICTS:
        return (double)t->conflicts;
    case M_NO_IDS:
        return (double)t->no_ids;
    case M_VACUUMS:
        return (double)t->vacuums;
    case M_CLEANED:
        return (double)t->cleaned;
    case M_JOB:
        return t->job.kind != JOB_NONE || t->aside.kind != JOB_NONE;
    case M_ROLLED_BACK:
        return (double)t->rolled_back;
    case M_INDEX_BYTES:
        return (double)table_index_bytes(w, c);
    case M_FREE:
        return (double)table_free_slots(w, c);
    case M_WIPED:
        return (double)t->wiped;
    case M_RESTORED:
        return (double)t->restored;
    case M_LOST:
        return (double)t->lost;
    case M_FROZEN_AGE:
        return (double)xid_age(w, c);
    case M_MISSING:
        return (double)t->missing;
    default:
        return progress(t->aside.kind != JOB_NONE ? &t->aside : &t->job);
    }
}

void table_inflight(const struct world *w, comp_id c,
                    void (*f)(const struct world *w, const struct act *a, void *ctx),
                    void *ctx)
{
    const struct table *t = table_at(w, c);
    if (t->job.kind != JOB_NONE)
        f(w, act_at(w, t->job.act), ctx);
    if (t->aside.kind != JOB_NONE)
        f(w, act_at(w, t->aside.act), ctx);
}
