/*
 * table: a table of a database as operators know it: what it is made of, what can be
 * done to it, what can befall it. What statements do to it is in statement_run.c and
 * table_rows.c.
 */
#include "db/database.h"
#include "db/describe.h"
#include "db/table.h"
#include "engine/kind.h"
#include "engine/zipf.h"
#include "model/model.h"
#include "truecode/model.h"

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
                   .change = CHANGE_BUILT,
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
                       .change = CHANGE_AT_ONCE,
                       .doc = "Whether dead rows are cleaned up, and statistics kept, "
                              "by themselves."},
    [TB_VACUUM_SCALE] = {.name = "vacuum_scale",
                         .type = VALUE_FRACTION,
                         .min = 0,
                         .max = 1,
                         .def = "20%",
                         .change = CHANGE_AT_ONCE,
                         .doc =
                             "Dead rows, as a share of the rows, at which autovacuum "
                             "comes (50 more)."},
    [TB_VACUUM_EVERY] = {.name = "vacuum_every",
                         .type = VALUE_DURATION,
                         .min = 0.1,
                         .max = 86400,
                         .unit = "s",
                         .def = "60s",
                         .change = CHANGE_AT_ONCE,
                         .doc = "How often autovacuum looks."},
    [TB_VACUUM_SPEED] = {.name = "vacuum_speed",
                         .type = VALUE_NUMBER,
                         .min = 1,
                         .max = 1e7,
                         .unit = "rows/s",
                         .def = "20000",
                         .change = CHANGE_AT_ONCE,
                         .doc = "Dead rows that autovacuum cleans in a second."},
    [TB_ID_LIMIT] = {.name = "id_limit",
                     .type = VALUE_COUNT,
                     .min = 0,
                     .max = 1e15,
                     .unit = "",
                     .def = "0",
                     .doc = "The last id its key column can hold, 2147483647 for an "
                            "int; 0: no limit."},
    [TB_IDS] = {.name = "ids",
                .type = VALUE_CHOICE,
                .def = "sequence",
                .choices = "sequence|random",
                .doc =
                    "How an insert finds its id; random: it draws one until it finds "
                    "a free one, which takes longer the fewer are left."},
    [TB_FROZEN_AGE] = {.name = "frozen_age",
                       .type = VALUE_COUNT,
                       .min = 0,
                       .max = 2147483647,
                       .unit = "transactions",
                       .def = "0",
                       .doc = "Transactions since its rows were last frozen, at the "
                              "start."},
    [TB_NEXT_ID] = {.name = "next_id",
                    .type = VALUE_COUNT,
                    .min = 0,
                    .max = 1e15,
                    .unit = "",
                    .def = "0",
                    .doc =
                        "The next id at the start; 0: one more than there are rows."},
    [TB_GREW] = {.name = "grew",
                 .type = VALUE_NUMBER,
                 .min = 0,
                 .max = 1e6,
                 .unit = "rows/s",
                 .def = "0",
                 .doc = "Rows a second that came before the start: an older backup "
                        "lacks them."},
};

_Static_assert(COUNT_OF(params) == TB_PARAMS, "a parameter without a description");

static const char *const streams[] = {"row", NULL};

/* ---- the model ------------------------------------------------------------------- */

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
    enum err e = indexes_at_start(m, c, d, why);
    return e == ERR_OK ? indexes_wanted(m, c, d, why) : e;
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
    t->slots = t->rows;
    t->frozen = -p_count(w, c, TB_FROZEN_AGE);
    comp_id *at = &db_at(w, w->comps[c].owner)->cluster.tables;
    while (*at != 0)
        at = &table_at(w, (comp_id)(*at - 1))->next;
    *at = (comp_id)(c + 1);
}

/* ---- doing ----------------------------------------------------------------------- */

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
    else if (param == TB_VACUUM_EVERY)
        vacuum_rearm(w, c);
}

static void table_bulk(const struct model *m, comp_id c, struct bulk *b)
{
    b->n = (double)model_param(m, c, TB_KEYS)->as.count;
    b->bytes = zipf_bytes(b->n, model_param(m, c, TB_POPULARITY)->as.number);
    b->in_state = true;
    b->word = "keys";
}

static enum err table_names(const struct model *m, const struct action *a,
                            struct errmsg *why)
{
    static const struct word_desc words[] = {
        {ACTION_OP, "migrate", 0, NULL, "add_column|rewrite|add_index|backfill"},
    };
    return action_words(m, a, words, COUNT_OF(words), why);
}

const struct kind_impl kind_table = {
    .desc = {.name = "table",
             .doc = "A table: rows that grow, indexes, dead rows, locks.",
             .nested = true,
             .within = "database",
             .params = params,
             .nparams = COUNT_OF(params),
             .ops = table_ops,
             .nops = TABLE_OPS,
             .faults = table_faults,
             .nfaults = TABLE_FAULTS,
             .metrics = table_metrics,
             .nmetrics = TABLE_METRICS,
             .needs = table_needs,
             .nneeds = TABLE_NEEDS},
    .streams = streams,
    .check = table_check,
    .bulk = table_bulk,
    .state_size = table_state_size,
    .init = table_init,
    .event = table_event,
    .begin = table_begin,
    .resume = job_resume,
    .changed = table_changed,
    .names = table_names,
    .op = table_op,
    .fault = table_fault,
    .metric = table_metric,
    .inflight = table_inflight,
};
