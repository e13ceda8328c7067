/*
 * statement: one query of a database, by name: how much work it is and how often it
 * ran.
 */
#include "database.h"

#define COUNT_OF(x) (sizeof(x) / sizeof((x)[0]))

enum { P_CPU, P_WAL, P_STORES, P_ON };
static const struct param_desc params[] = {
    [P_CPU] = {.name = "cpu",
               .type = VALUE_DIST,
               .unit = "s",
               .doc = "CPU time that one run needs on an idle database."},
    [P_WAL] = {.name = "wal",
               .type = VALUE_COUNT,
               .min = 0,
               .max = 1e12,
               .unit = "bytes",
               .def = "0",
               .doc = "What one run writes to the log; 0: it only reads."},
    [P_STORES] = {.name = "stores",
                  .type = VALUE_COUNT,
                  .min = -1e12,
                  .max = 1e12,
                  .unit = "bytes",
                  .def = "0",
                  .doc = "What one run adds to the data on the disk, if it writes."},
    [P_ON] = {.name = "on",
              .type = VALUE_CHOICE,
              .unit = "",
              .def = "primary",
              .choices = "primary|replica",
              .doc = "Where it runs: its service needs a pool of that role."},
};

enum { FAULT_SLOW };
static const struct fault_desc faults[] = {
    [FAULT_SLOW] = {.name = "slow",
                    .args = {{.name = "factor",
                              .type = VALUE_NUMBER,
                              .doc = "How many times the work."}},
                    .doc = "Each run needs more work: a lost index, a bad plan."},
};

enum { M_CALLS, M_FAILED, M_SECONDS, M_RUNNING };
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

static const char *const streams[] = {"work", NULL};

struct statement {
    uint64_t calls, failed;
    sim_time time;
    uint32_t running;
    double slow; /* times the work; 1: as it should be */
};

int64_t statement_wal(const struct world *w, comp_id statement)
{
    return p_count(w, statement, P_WAL);
}

int64_t statement_stores(const struct world *w, comp_id statement)
{
    return p_count(w, statement, P_STORES);
}

bool statement_on_replica(const struct model *m, comp_id statement)
{
    return model_param(m, statement, P_ON)->as.count == 1;
}

sim_time statement_begin(struct world *w, comp_id statement)
{
    struct statement *s = W_STATE(w, struct statement, statement);
    sim_time work = dist_draw(p_dist(w, statement, P_CPU), w_rng(w, statement, 0));
    s->running++;
    return s->slow == 1 ? work : (sim_time)((double)work * s->slow);
}

void statement_end(struct world *w, comp_id statement, sim_time took, bool failed)
{
    struct statement *s = W_STATE(w, struct statement, statement);
    s->running--;
    s->calls++;
    s->failed += failed;
    s->time += took;
}

static enum err statement_resolve(struct model *m, comp_id c, struct errmsg *why)
{
    bool writes = model_param(m, c, P_WAL)->as.count > 0;
    if (writes && statement_on_replica(m, c))
        return errmsg_set(why, ERR_INPUT, "%s: it writes, and a replica only reads",
                          m->comps[c].name);
    return model_owned_by(m, c, &kind_database, why);
}

static size_t statement_state_size(const struct model *m, comp_id c)
{
    (void)m, (void)c;
    return sizeof(struct statement);
}

static void statement_init(struct world *w, comp_id c)
{
    W_STATE(w, struct statement, c)->slow = 1;
}

static enum err statement_fault(struct world *w, comp_id c, int fault,
                                const struct action *a, bool on, struct errmsg *why)
{
    (void)fault;
    double factor = a->args[0].as.number;
    if (on && !(factor > 0 && factor <= 1e6))
        return errmsg_set(why, ERR_INPUT, "slow: the factor must be above 0, e.g. 40");
    W_STATE(w, struct statement, c)->slow = on ? factor : 1;
    return ERR_OK;
}

static double statement_metric(const struct world *w, comp_id c, int metric,
                               int instance)
{
    (void)instance;
    const struct statement *s = W_STATE(w, struct statement, c);
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
             .params = params,
             .nparams = COUNT_OF(params),
             .faults = faults,
             .nfaults = COUNT_OF(faults),
             .metrics = metrics,
             .nmetrics = COUNT_OF(metrics)},
    .streams = streams,
    .resolve = statement_resolve,
    .state_size = statement_state_size,
    .init = statement_init,
    .fault = statement_fault,
    .metric = statement_metric,
};
