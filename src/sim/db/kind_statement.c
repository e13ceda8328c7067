/*
 * statement: one query of a database, by name: how much work it is and how often it
 * ran.
 */
#include "db/table.h"
#include "engine/kind.h"
#include "model/model.h"
#include "truecode/model.h"

static const struct param_desc params[] = {
    [ST_CPU] = {.name = "cpu",
                .type = VALUE_DIST,
                .unit = "s",
                .doc = "CPU time that one run needs on an idle database."},
    [ST_WAL] = {.name = "wal",
                .type = VALUE_COUNT,
                .min = 0,
                .max = 1e12,
                .unit = "bytes",
                .def = "0",
                .doc = "What one run writes to the log; 0: it only reads."},
    [ST_STORES] = {.name = "stores",
                   .type = VALUE_COUNT,
                   .min = -1e12,
                   .max = 1e12,
                   .unit = "bytes",
                   .def = "0",
                   .doc = "What one run adds to the data on the disk, if it writes."},
    [ST_ON] = {.name = "on",
               .type = VALUE_CHOICE,
               .unit = "",
               .def = "primary",
               .choices = "primary|replica",
               .doc = "Where it runs: its service needs a pool of that role."},
    [ST_TABLE] = {.name = "table",
                  .type = VALUE_COMP,
                  .def = "",
                  .doc = "The table it works on: what that costs comes on top of cpu."},
    [ST_ACCESS] = {.name = "access",
                   .type = VALUE_CHOICE,
                   .def = "auto",
                   .choices = "auto|index|scan",
                   .change = CHANGE_AT_ONCE,
                   .doc = "How it finds its rows; auto: what the planner takes for "
                          "cheaper."},
    [ST_INDEX] = {.name = "index",
                  .type = VALUE_TEXT,
                  .def = "",
                  .doc = "The index it finds its rows by; empty: the primary key."},
    [ST_ROWS] = {.name = "rows",
                 .type = VALUE_COUNT,
                 .min = 0,
                 .max = 1e9,
                 .unit = "rows",
                 .def = "1",
                 .change = CHANGE_BUILT,
                 .doc = "Rows that it examines where it has an index."},
    [ST_INSERTS] = {.name = "inserts",
                    .type = VALUE_COUNT,
                    .min = 0,
                    .max = 1e6,
                    .unit = "rows",
                    .def = "0",
                    .change = CHANGE_BUILT,
                    .doc = "Rows that one run adds to the table."},
    [ST_UPDATES] = {.name = "updates",
                    .type = VALUE_COUNT,
                    .min = 0,
                    .max = 1e6,
                    .unit = "rows",
                    .def = "0",
                    .change = CHANGE_BUILT,
                    .doc = "Rows that one run changes; each leaves a dead one."},
    [ST_DELETES] = {.name = "deletes",
                    .type = VALUE_COUNT,
                    .min = 0,
                    .max = 1e6,
                    .unit = "rows",
                    .def = "0",
                    .change = CHANGE_BUILT,
                    .doc = "Rows that one run takes away; each leaves a dead one."},
    [ST_LOCK] = {.name = "lock",
                 .type = VALUE_CHOICE,
                 .def = "auto",
                 .choices = "auto|none|share|update",
                 .change = CHANGE_BUILT,
                 .doc = "How it locks its rows; auto: for update when it updates or "
                        "deletes, else not."},
    [ST_LOCK_ROWS] = {.name = "lock_rows",
                      .type = VALUE_COUNT,
                      .min = 1,
                      .max = LOCK_ROWS_MAX,
                      .unit = "rows",
                      .def = "1",
                      .change = CHANGE_BUILT,
                      .doc =
                          "How many rows it locks, drawn by the table's popularity."},
    [ST_SORTED] = {.name = "sorted",
                   .type = VALUE_BOOL,
                   .def = "off",
                   .change = CHANGE_BUILT,
                   .doc = "Whether it locks its rows in the order of their keys, so "
                          "that two runs cannot deadlock."},
    [ST_SAME_ROW] = {.name = "same_row",
                     .type = VALUE_BOOL,
                     .def = "off",
                     .change = CHANGE_BUILT,
                     .doc = "Whether it works on the row that its caller's last "
                            "statement or lock took."},
    [ST_OPTIMISTIC] = {.name = "optimistic",
                       .type = VALUE_CHOICE,
                       .def = "off",
                       .choices = "off|read|write",
                       .change = CHANGE_BUILT,
                       .doc = "read: notes the row's version for the caller; write: "
                              "writes that row, and fails when somebody wrote it "
                              "since."},
    [ST_MUST_FIND] = {.name = "must_find",
                      .type = VALUE_BOOL,
                      .def = "off",
                      .change = CHANGE_BUILT,
                      .doc =
                          "Whether it fails when the row that its caller asks for is "
                          "one that somebody deleted by mistake: the same visit asks "
                          "for the same row each time."},
};
_Static_assert(COUNT_OF(params) == ST_PARAMS, "a parameter without a description");

enum { FAULT_SLOW, FAULT_COUNT };
static const struct fault_desc faults[] = {
    [FAULT_SLOW] = {.name = "slow",
                    .args = {{.name = "factor",
                              .type = VALUE_NUMBER,
                              .doc = "How many times the work."}},
                    .doc = "Each run needs more work: a lost index, a bad plan."},
};
_Static_assert(COUNT_OF(faults) == FAULT_COUNT, "one for each");

enum { M_CALLS, M_FAILED, M_SECONDS, M_RUNNING, M_COUNT };
static const struct metric_desc metrics[] = {
    [M_CALLS] = {.name = "calls_total",
                 .prom = "db_statement_calls_total",
                 .labels = "",
                 .type = METRIC_COUNTER,
                 .unit = "1",
                 .doc = "Runs that ended."},
    [M_FAILED] = {.name = "failed_total",
                  .prom = "db_statement_failures_total",
                  .labels = "",
                  .type = METRIC_COUNTER,
                  .unit = "1",
                  .doc = "Runs that were cut short."},
    [M_SECONDS] = {.name = "seconds_total",
                   .prom = "db_statement_seconds_total",
                   .labels = "",
                   .type = METRIC_COUNTER,
                   .unit = "s",
                   .doc = "Time from the beginning to the end of all runs."},
    [M_RUNNING] = {.name = "running",
                   .prom = "db_statement_running",
                   .labels = "",
                   .type = METRIC_GAUGE,
                   .unit = "1",
                   .doc = "Runs going on now."},
};
_Static_assert(COUNT_OF(metrics) == M_COUNT, "one for each");

static const char *const streams[] = {"work", NULL};

int64_t statement_wal(const struct world *w, comp_id statement)
{
    return p_count(w, statement, ST_WAL);
}

int64_t statement_stores(const struct world *w, comp_id statement)
{
    return p_count(w, statement, ST_STORES);
}

bool statement_on_replica(const struct model *m, comp_id statement)
{
    return model_param(m, statement, ST_ON)->as.count == 1;
}

sim_time statement_begin(struct world *w, comp_id statement)
{
    struct statement *s = statement_at(w, statement);
    sim_time work = dist_draw(p_dist(w, statement, ST_CPU), w_rng(w, statement, 0));
    s->running++;
    if (s->table != COMP_NONE)
        return work; /* the table's cost is not known yet */
    return s->slow == 1 ? work : (sim_time)((double)work * s->slow);
}

void statement_end(struct world *w, comp_id statement, sim_time took, bool failed)
{
    struct statement *s = statement_at(w, statement);
    s->running--;
    s->calls++;
    s->failed += failed;
    s->time += took;
}

/* "orders" of the same database, or the name written out. */
static enum err find_table(const struct model *m, const struct comp *self,
                           struct value *table, struct errmsg *why)
{
    struct buf name;
    buf_init(&name, 0);
    buf_addf(&name, "%s.%s", m->comps[self->owner].name, table->as.text);
    comp_id id = model_find(m, name.s);
    if (id == COMP_NONE)
        id = model_need(m, table->as.text, "table", self->name, why);
    buf_release(&name);
    if (id == COMP_NONE)
        return ERR_NOT_FOUND;
    if (m->comps[id].kind != &kind_table || m->comps[id].owner != self->owner)
        return errmsg_set(why, ERR_INPUT, "%s: %s is no table of %s", self->name,
                          m->comps[id].name, m->comps[self->owner].name);
    *table = (struct value){.type = VALUE_COMP, .as.comp = id};
    return ERR_OK;
}

/* To the log, or to a table. */
static bool changes(const struct value *v)
{
    return v[ST_WAL].as.count > 0 || v[ST_INSERTS].as.count > 0 ||
           v[ST_UPDATES].as.count > 0 || v[ST_DELETES].as.count > 0;
}

static enum err statement_resolve(struct model *m, comp_id c, struct errmsg *why)
{
    struct comp *self = &m->comps[c];
    struct value *table = &self->params[ST_TABLE];
    if (statement_on_replica(m, c) && changes(self->params))
        return errmsg_set(why, ERR_INPUT, "%s: it writes, and a replica only reads",
                          self->name);
    return table->type == VALUE_TEXT ? find_table(m, self, table, why) : ERR_OK;
}

static size_t statement_state_size(const struct model *m, comp_id c)
{
    (void)m, (void)c;
    return sizeof(struct statement);
}

static void statement_init(struct world *w, comp_id c)
{
    struct statement *s = statement_at(w, c);
    s->slow = 1;
    s->table = p_comp(w, c, ST_TABLE);
    s->changes = changes(w_values(w, c));
}

static void statement_changed(struct world *w, comp_id c, int param,
                              const struct value *old)
{
    (void)param, (void)old;
    statement_at(w, c)->changes = changes(w_values(w, c));
}

static enum err statement_fault(struct world *w, comp_id c, int fault,
                                const struct action *a, bool on, struct errmsg *why)
{
    (void)fault;
    double factor = a->args[0].as.number;
    if (on && !(factor > 0 && factor <= 1e6))
        return errmsg_set(why, ERR_INPUT, "slow: the factor must be above 0, e.g. 40");
    statement_at(w, c)->slow = on ? factor : 1;
    return ERR_OK;
}

static double statement_metric(const struct world *w, comp_id c, int metric,
                               int instance)
{
    (void)instance;
    const struct statement *s = statement_at(w, c);
    switch (metric) {
    case M_CALLS:
        return (double)s->calls;
    case M_FAILED:
        return (double)s->failed;
    case M_SECONDS:
        return (double)s->time / (double)SIM_SEC;
    default:
        return s->running;
    }
}

const struct kind_impl kind_statement = {
    .desc = {.name = "statement",
             .doc = "One query of a database.",
             .nested = true,
             .within = "database",
             .params = params,
             .nparams = COUNT_OF(params),
             .faults = faults,
             .nfaults = COUNT_OF(faults),
             .metrics = metrics,
             .nmetrics = COUNT_OF(metrics)},
    .streams = streams,
    .resolve = statement_resolve,
    .state_size = statement_state_size,
    .on_replica = statement_on_replica,
    .init = statement_init,
    .changed = statement_changed,
    .fault = statement_fault,
    .metric = statement_metric,
};
