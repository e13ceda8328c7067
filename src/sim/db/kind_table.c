/*
 * table: a table of a database as operators know it: what it is made of, what can be
 * done to it, what can befall it. What statements do to it is in statement_run.c and
 * table_rows.c.
 */
#include "db/database.h"
#include "db/table.h"
#include "engine/kind.h"
#include "engine/zipf.h"
#include "truecode/model.h"

#include <stdio.h>

#define COUNT_OF(x) (sizeof(x) / sizeof((x)[0]))

static const struct param_desc params[] = {
    [TB_ROWS] = {.name = "rows",
                 .type = VALUE_COUNT,
                 .min = 0,
                 .max = 1e12,
                 .unit = "rows",
                 .def = "1000",
                 .doc = "Rows at the start."},
    [TB_ROW_BYTES] = {.name = "row_bytes",
                      .type = VALUE_COUNT,
                      .min = 1,
                      .max = 1e6,
                      .unit = "bytes",
                      .def = "100",
                      .doc = "Size of a row, dead or alive."},
    [TB_GROWTH] = {.name = "growth",
                   .type = VALUE_NUMBER,
                   .min = 0,
                   .max = 1e9,
                   .unit = "rows/s",
                   .def = "0",
                   .live = true,
                   .doc = "Rows that come by themselves, besides what statements "
                          "insert."},
    [TB_INDEXES] = {.name = "indexes",
                    .type = VALUE_TEXT,
                    .def = "",
                    .doc = "Indexes at the start, by name, with commas between them; "
                           "the primary key is always one."},
    [TB_KEYS] = {.name = "keys",
                 .type = VALUE_COUNT,
                 .min = 1,
                 .max = 100000,
                 .unit = "rows",
                 .def = "1000",
                 .doc = "Rows that statements lock and write, the rest is cold; 1: one "
                        "hot row."},
    [TB_POPULARITY] = {.name = "popularity",
                       .type = VALUE_NUMBER,
                       .min = 0,
                       .max = 5,
                       .unit = "",
                       .def = "0",
                       .doc = "How unequally those rows are wanted (Zipf exponent); 0: "
                              "all alike."},
    [TB_SCAN_ROW] = {.name = "scan_row",
                     .type = VALUE_DURATION,
                     .min = 0,
                     .max = 0.001,
                     .unit = "s",
                     .def = "100ns",
                     .doc = "CPU time for each row of a scan."},
    [TB_INDEX_STEP] = {.name = "index_step",
                       .type = VALUE_DURATION,
                       .min = 0,
                       .max = 0.001,
                       .unit = "s",
                       .def = "1us",
                       .doc = "CPU time for each step down an index, and for each row "
                              "found there."},
    [TB_WRITE_ROW] = {.name = "write_row",
                      .type = VALUE_DURATION,
                      .min = 0,
                      .max = 0.001,
                      .unit = "s",
                      .def = "10us",
                      .doc = "CPU time for each row written, without its indexes."},
    [TB_BUILD_ROW] = {.name = "build_row",
                      .type = VALUE_DURATION,
                      .min = 0,
                      .max = 0.001,
                      .unit = "s",
                      .def = "1us",
                      .doc =
                          "CPU time for each row when an index is built or the table "
                          "rewritten."},
    [TB_AUTOVACUUM] = {.name = "autovacuum",
                       .type = VALUE_BOOL,
                       .def = "on",
                       .live = true,
                       .doc = "Whether dead rows are cleaned up, and statistics kept, "
                              "by themselves."},
    [TB_VACUUM_SCALE] = {.name = "vacuum_scale",
                         .type = VALUE_FRACTION,
                         .min = 0,
                         .max = 1,
                         .def = "20%",
                         .live = true,
                         .doc =
                             "Dead rows, as a share of the rows, at which autovacuum "
                             "comes (50 more)."},
    [TB_VACUUM_EVERY] = {.name = "vacuum_every",
                         .type = VALUE_DURATION,
                         .min = 0.1,
                         .max = 86400,
                         .unit = "s",
                         .def = "60s",
                         .live = true,
                         .doc = "How often autovacuum looks."},
    [TB_VACUUM_SPEED] = {.name = "vacuum_speed",
                         .type = VALUE_NUMBER,
                         .min = 1,
                         .max = 1e7,
                         .unit = "rows/s",
                         .def = "20000",
                         .live = true,
                         .doc = "Dead rows that autovacuum cleans in a second."},
    [TB_ID_LIMIT] = {.name = "id_limit",
                     .type = VALUE_COUNT,
                     .min = 0,
                     .max = 1e15,
                     .unit = "",
                     .def = "0",
                     .doc = "The last id its key column can hold, 2147483647 for an "
                            "int; 0: no limit."},
    [TB_NEXT_ID] = {.name = "next_id",
                    .type = VALUE_COUNT,
                    .min = 0,
                    .max = 1e15,
                    .unit = "",
                    .def = "0",
                    .doc =
                        "The next id at the start; 0: one more than there are rows."},
};

enum {
    OP_CREATE_INDEX,
    OP_DROP_INDEX,
    OP_ANALYZE,
    OP_VACUUM,
    OP_VACUUM_FULL,
    OP_MIGRATE,
    OP_WIDEN_IDS
};
#define INDEX_ARG                                                                      \
    {                                                                                  \
        .name = "index", .type = VALUE_TEXT, .doc = "The index, by its name."          \
    }
static const struct op_desc ops[] = {
    [OP_CREATE_INDEX] =
        {.name = "create_index",
         .args = {INDEX_ARG,
                  {.name = "online",
                   .type = VALUE_BOOL,
                   .optional = true,
                   .doc = "on (as if not said): takes twice the work, and waits for "
                          "transactions that are open; off: nobody writes meanwhile."}},
         .cost = 2 * SIM_SEC,
         .risk = "It takes cores from the statements; with online off nobody can write "
                 "to the table until it is done.",
         .doc = "Builds an index; the time it takes grows with the table."},
    [OP_DROP_INDEX] = {.name = "drop_index",
                       .args = {INDEX_ARG},
                       .cost = 2 * SIM_SEC,
                       .risk =
                           "What looked rows up by it scans the table from then on; "
                           "it waits for its turn, and everybody behind it.",
                       .doc = "Takes an index away."},
    [OP_ANALYZE] = {.name = "analyze",
                    .cost = 2 * SIM_SEC,
                    .doc = "Renews the statistics that the planner goes by."},
    [OP_VACUUM] = {.name = "vacuum",
                   .cost = 2 * SIM_SEC,
                   .doc = "Cleans up dead rows that no open transaction may still see, "
                          "as fast as it can."},
    [OP_VACUUM_FULL] = {.name = "vacuum_full",
                        .cost = 2 * SIM_SEC,
                        .risk = "Nobody can read or write the table until it is done.",
                        .doc = "Writes the table anew, without its dead rows."},
    [OP_MIGRATE] =
        {.name = "migrate",
         .args = {{.name = "change",
                   .type = VALUE_TEXT,
                   .doc = "add_column, rewrite, add_index or backfill."},
                  {.name = "index",
                   .type = VALUE_TEXT,
                   .optional = true,
                   .doc = "add_index: the index."},
                  {.name = "lock_timeout",
                   .type = VALUE_DURATION,
                   .optional = true,
                   .doc = "Gives up when it has waited so long for its lock."}},
         .cost = 5 * SIM_SEC,
         .risk =
             "add_column and rewrite need the table for themselves: they wait for "
             "every transaction that has touched it, and everybody else waits behind "
             "them; a rewrite keeps it until it is done. Say a lock_timeout.",
         .doc = "Changes the table: add_column at once, rewrite row by row under the "
                "lock, add_index online, backfill in batches."},
    [OP_WIDEN_IDS] = {.name = "widen_ids",
                      .cost = 5 * SIM_SEC,
                      .risk = "Nobody can read or write the table until every row is "
                              "written anew.",
                      .doc = "Makes the id column a bigint."},
};

enum { FAULT_INDEX_LOST, FAULT_BAD_PLAN };
static const struct fault_desc faults[] = {
    [FAULT_INDEX_LOST] = {.name = "index_lost",
                          .args = {{.name = "index",
                                    .type = VALUE_TEXT,
                                    .optional = true,
                                    .doc = "Which; not said: all of them."}},
                          .doc =
                              "An index is gone: dropped by a migration, or broken."},
    [FAULT_BAD_PLAN] = {.name = "bad_plan",
                        .doc = "The statistics are wrong, the planner thinks that the "
                               "table is empty and scans it; until an analyze."},
};

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
    M_ROLLED_BACK
};
#define TABLE_METRIC(n, p, t, u, d)                                                    \
    {                                                                                  \
        .name = n, .prom = p, .labels = "", .type = t, .unit = u, .doc = d             \
    }
static const struct metric_desc metrics[] = {
    [M_ROWS] = TABLE_METRIC("rows", "db_table_rows", METRIC_GAUGE, "1", "Live rows."),
    [M_DEAD] = TABLE_METRIC("dead_rows", "db_table_dead_rows", METRIC_GAUGE, "1",
                            "Dead rows that no vacuum has taken away yet."),
    [M_BYTES] = TABLE_METRIC("bytes", "db_table_bytes", METRIC_GAUGE, "bytes",
                             "Size in whole pages, dead rows included."),
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
};

static const char *const streams[] = {"row", NULL};

/* ---- the model ---- */

/* A name that is there already is that one; INDEXES_MAX: no room. */
static uint32_t index_add(struct model *m, struct table_data *d, const char *name,
                          size_t n)
{
    char copy[40];
    if (n >= sizeof copy)
        return INDEXES_MAX;
    memcpy(copy, name, n);
    copy[n] = '\0';
    uint32_t i = table_index(d, copy);
    if (i < INDEXES_MAX || d->nindexes == INDEXES_MAX)
        return i;
    d->index[d->nindexes] = arena_strdup(&m->arena, copy);
    return d->nindexes++;
}

static enum err too_many(const struct model *m, comp_id c, struct errmsg *why)
{
    return errmsg_set(why, ERR_INPUT,
                      "%s: at most %d indexes, of at most 39 bytes each",
                      model_name(m, c), INDEXES_MAX - 1);
}

static enum err indexes_at_start(struct model *m, comp_id c, struct table_data *d,
                                 struct errmsg *why)
{
    const char *p = model_param(m, c, TB_INDEXES)->as.text;
    (void)index_add(m, d, "primary", strlen("primary"));
    d->at_start = 1u << INDEX_PRIMARY;
    while (*p != '\0') {
        p += strspn(p, ", ");
        size_t n = strcspn(p, ", ");
        if (n == 0)
            break;
        uint32_t i = index_add(m, d, p, n);
        if (i == INDEXES_MAX)
            return too_many(m, c, why);
        d->at_start |= 1u << i;
        p += n;
    }
    return ERR_OK;
}

/* Statements may look for an index that is not there (yet). */
static enum err indexes_wanted(struct model *m, comp_id c, struct table_data *d,
                               struct errmsg *why)
{
    for (size_t s = 0; s < m->ncomps; s++) {
        if (m->comps[s].kind != &kind_statement ||
            model_param(m, (comp_id)s, ST_TABLE)->as.comp != c)
            continue;
        const char *name = model_param(m, (comp_id)s, ST_INDEX)->as.text;
        struct statement_data *data = arena_alloc(&m->arena, sizeof *data);
        data->index =
            *name == '\0' ? INDEX_PRIMARY : index_add(m, d, name, strlen(name));
        if (data->index == INDEXES_MAX)
            return too_many(m, c, why);
        m->comps[s].data = data;
    }
    return ERR_OK;
}

static enum err table_check(struct model *m, comp_id c, struct errmsg *why)
{
    struct table_data *d = arena_alloc(&m->arena, sizeof *d);
    m->comps[c].data = d;
    d->popular = zipf_make(&m->arena, (uint32_t)model_param(m, c, TB_KEYS)->as.count,
                           model_param(m, c, TB_POPULARITY)->as.number);
    enum err err = indexes_at_start(m, c, d, why);
    return err == ERR_OK ? indexes_wanted(m, c, d, why) : err;
}

static size_t table_state_size(const struct model *m, comp_id c)
{
    return sizeof(struct table) +
           (size_t)model_param(m, c, TB_KEYS)->as.count * sizeof(uint32_t);
}

static void table_init(struct world *w, comp_id c)
{
    struct table *t = table_at(w, c);
    t->rows = t->known = p_count(w, c, TB_ROWS);
    t->id_limit = p_count(w, c, TB_ID_LIMIT);
    t->next_id = p_count(w, c, TB_NEXT_ID);
    if (t->next_id == 0)
        t->next_id = t->rows + 1;
    t->indexes = table_data(w, c)->at_start;
}

/* ---- doing ---- */

static void table_event(struct world *w, comp_id c, int what, uint32_t a, uint32_t b)
{
    (void)what, (void)a, (void)b;
    vacuum_due(w, c);
}

static void table_begin(struct world *w, struct act *a)
{
    (void)w;
    BUG("a table is called (act %u)", a->gen);
}

static void table_changed(struct world *w, comp_id c, int param,
                          const struct value *old)
{
    if (param == TB_GROWTH)
        table_settle(w, c, old->as.number);
    else if (param == TB_AUTOVACUUM || param == TB_VACUUM_SCALE)
        vacuum_look(w, c);
}

static enum err named_index(const struct world *w, comp_id c, const char *name,
                            bool there, uint32_t *index, struct errmsg *why)
{
    const struct table_data *d = table_data(w, c);
    *index = table_index(d, name);
    if (*index == INDEXES_MAX) {
        const char *near =
            text_suggest(name, (const char *const *)d->index, d->nindexes);
        return errmsg_set(why, ERR_NOT_FOUND,
                          "no statement looks rows of %s up by \"%.40s\"%s%s%s",
                          w->comps[c].name, name, near ? "; did you mean \"" : "",
                          near ? near : "", near ? "\"?" : "");
    }
    bool has = (table_at(w, c)->indexes & 1u << *index) != 0;
    if (has != there)
        return errmsg_set(why, ERR_REFUSED, "%s has %s index %s", w->comps[c].name,
                          has ? "that" : "no", name);
    return ERR_OK;
}

static enum err begin_job(struct world *w, comp_id c, enum job_kind kind,
                          uint32_t index, sim_time lock_timeout, struct effect *e,
                          struct errmsg *why)
{
    const struct job *j = &table_at(w, c)->job;
    comp_id db = table_node(w, c);
    if (db_at(w, db)->down || db_at(w, db)->stalled)
        return errmsg_set(why, ERR_REFUSED, "%s does not answer", w->comps[db].name);
    if (j->kind != JOB_NONE && j->kind != JOB_AUTOVACUUM)
        return errmsg_set(why, ERR_REFUSED,
                          "a %s of %s is under way (session %u); kill it, or wait",
                          job_phrase((enum job_kind)j->kind), w->comps[c].name,
                          conn_at(w, j->conn)->id);
    if (!job_start(w, c, kind, index, lock_timeout))
        BUG("a job did not start");
    snprintf(e->title, sizeof e->title, "%s of %s begun", job_phrase(kind),
             w->comps[c].name);
    return ERR_OK;
}

static enum err migrate(struct world *w, comp_id c, const struct action *a,
                        struct effect *e, struct errmsg *why)
{
    static const char *const names[] = {"add_column", "rewrite", "backfill",
                                        "add_index"};
    static const enum job_kind kinds[] = {JOB_ADD_COLUMN, JOB_REWRITE, JOB_BACKFILL,
                                          JOB_CREATE_INDEX_ONLINE};
    const char *name = a->args[0].as.text;
    const char *index_name = action_text(a, 1);
    uint32_t index = 0;
    size_t i = 0;
    while (i < COUNT_OF(names) && !str_eq(names[i], name))
        i++;
    if (i == COUNT_OF(names))
        return errmsg_set(why, ERR_INPUT,
                          "\"%.40s\" is none of add_column, rewrite, add_index and "
                          "backfill",
                          name);
    if (kinds[i] == JOB_CREATE_INDEX_ONLINE) {
        enum err err = named_index(w, c, index_name, false, &index, why);
        if (err != ERR_OK)
            return err;
    }
    sim_time limit = action_gives(a, 2) ? a->args[2].as.duration : 0;
    if (limit < 0)
        return errmsg_set(why, ERR_INPUT, "lock_timeout is 0 s or more");
    return begin_job(w, c, kinds[i], index, limit, e, why);
}

static enum err index_op(struct world *w, comp_id c, int op, const struct action *a,
                         struct effect *e, struct errmsg *why)
{
    uint32_t index;
    bool drop = op == OP_DROP_INDEX;
    bool online = !action_gives(a, 1) || a->args[1].as.on;
    enum err err = named_index(w, c, a->args[0].as.text, drop, &index, why);
    if (err != ERR_OK)
        return err;
    return begin_job(w, c,
                     drop     ? JOB_DROP_INDEX
                     : online ? JOB_CREATE_INDEX_ONLINE
                              : JOB_CREATE_INDEX,
                     index, 0, e, why);
}

static enum err table_op(struct world *w, comp_id c, int op, const struct action *a,
                         struct effect *e, struct errmsg *why)
{
    static const enum job_kind kinds[] = {[OP_ANALYZE] = JOB_ANALYZE,
                                          [OP_VACUUM] = JOB_VACUUM,
                                          [OP_VACUUM_FULL] = JOB_VACUUM_FULL,
                                          [OP_WIDEN_IDS] = JOB_WIDEN_IDS};
    if (op == OP_MIGRATE)
        return migrate(w, c, a, e, why);
    if (op == OP_CREATE_INDEX || op == OP_DROP_INDEX)
        return index_op(w, c, op, a, e, why);
    if (op == OP_WIDEN_IDS && table_at(w, c)->id_limit == 0)
        return errmsg_set(why, ERR_REFUSED, "the ids of %s have no limit",
                          w->comps[c].name);
    return begin_job(w, c, kinds[op], 0, 0, e, why);
}

/* When it ends by itself, what was lost is there again. */
static enum err lose_index(struct world *w, comp_id c, const struct action *a, bool on,
                           struct errmsg *why)
{
    struct table *t = table_at(w, c);
    const struct table_data *d = table_data(w, c);
    bool all = action_text(a, 0)[0] == '\0';
    uint32_t i = all ? 0 : table_index(d, a->args[0].as.text);
    if (i == INDEXES_MAX)
        return errmsg_set(why, ERR_NOT_FOUND, "%s has no index \"%.40s\"",
                          w->comps[c].name, a->args[0].as.text);
    if (on)
        t->indexes &= all ? 0 : ~(1u << i);
    else
        t->indexes |= d->at_start;
    return ERR_OK;
}

static enum err table_fault(struct world *w, comp_id c, int fault,
                            const struct action *a, bool on, struct errmsg *why)
{
    struct table *t = table_at(w, c);
    if (fault == FAULT_INDEX_LOST)
        return lose_index(w, c, a, on, why);
    if (!on && t->misled) {
        table_analyzed(w, c);
    } else if (on) {
        t->misled = true;
        t->known = 0;
    }
    return ERR_OK;
}

/* ---- looking ---- */

static double bytes(const struct world *w, comp_id c)
{
    enum { PAGE = 8192 };
    int64_t size = p_count(w, c, TB_ROW_BYTES);
    int64_t all = table_live(w, c) + table_at(w, c)->dead;
    int64_t per_page = size < PAGE ? PAGE / size : 1;
    int64_t pages_each = (size + PAGE - 1) / PAGE;
    return (double)((all + per_page - 1) / per_page * pages_each) * PAGE;
}

static double progress(const struct job *j)
{
    return j->all > 0 ? 1 - (double)j->rest / (double)j->all : 0;
}

static double table_metric(const struct world *w, comp_id c, int metric, int instance)
{
    const struct table *t = table_at(w, c);
    (void)instance;
    switch (metric) {
    case M_ROWS:
        return (double)table_live(w, c);
    case M_DEAD:
        return (double)t->dead;
    case M_BYTES:
        return bytes(w, c);
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
        return t->job.kind != JOB_NONE;
    case M_ROLLED_BACK:
        return (double)t->rolled_back;
    default:
        return progress(&t->job);
    }
}

static void table_inflight(const struct world *w, comp_id c,
                           void (*f)(const struct world *w, const struct act *a,
                                     void *ctx),
                           void *ctx)
{
    if (table_at(w, c)->job.kind != JOB_NONE)
        f(w, act_at(w, table_at(w, c)->job.act), ctx);
}

static void table_bulk(const struct model *m, comp_id c, struct bulk *b)
{
    b->n = (double)model_param(m, c, TB_KEYS)->as.count;
    b->bytes = zipf_bytes(b->n, model_param(m, c, TB_POPULARITY)->as.number);
    b->in_state = true;
    b->word = "keys";
}

const struct kind_impl kind_table = {
    .desc = {.name = "table",
             .doc = "A table: rows that grow, indexes, dead rows, locks.",
             .nested = true,
             .within = "database",
             .params = params,
             .nparams = COUNT_OF(params),
             .ops = ops,
             .nops = COUNT_OF(ops),
             .faults = faults,
             .nfaults = COUNT_OF(faults),
             .metrics = metrics,
             .nmetrics = COUNT_OF(metrics)},
    .streams = streams,
    .check = table_check,
    .bulk = table_bulk,
    .state_size = table_state_size,
    .init = table_init,
    .event = table_event,
    .begin = table_begin,
    .resume = job_resume,
    .changed = table_changed,
    .op = table_op,
    .fault = table_fault,
    .metric = table_metric,
    .inflight = table_inflight,
};
