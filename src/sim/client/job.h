/*
 * job: what the files of the kind "job" share: kind_job.c has the clock, runs and
 * operations, job_tables.c the tables.
 *
 * A run is an act ACT_USER of the job. `demand` stays 0, `phase` is an enum run_phase,
 * `key` counts the tries after the first; its timers lie in `of_job`.
 */
#ifndef SIM_CLIENT_JOB_H
#define SIM_CLIENT_JOB_H

#include "engine/act.h"
#include "engine/kind.h"
#include "engine/program.h"

enum job_param {
    P_EVERY,
    P_AT,
    P_TO,
    P_DURATION,
    P_ITEMS,
    P_PER_ITEM,
    P_OVERLAP,
    P_TIMEOUT,
    P_RETRIES,
    P_RETRY_DELAY,
    P_CATCH_UP,
    P_ENABLED,
    P_LAST_SUCCESS,
    P_DOES,
    P_COUNT
};
enum { OVERLAP_ALLOW, OVERLAP_FORBID, OVERLAP_REPLACE };
enum job_event { EV_DUE, EV_TIMEOUT_OVER, EV_DIES, EV_LATE };
enum { RNG_DURATION };
enum run_phase { RUN_WORKS, RUN_CALLS, RUN_PAUSES };
enum job_op { OP_RUN, OP_STOP, OP_ENABLE, OP_DISABLE, JOB_OPS };
enum job_fault {
    FAULT_SKIP,
    FAULT_NODE_GONE,
    FAULT_DIES,
    FAULT_SLOW,
    FAULT_FAILS,
    FAULT_COUNT
};
enum job_metric {
    M_RUNS,
    M_SUCCEEDED,
    M_FAILED,
    M_MISSED,
    M_SKIPPED,
    M_OVERLAPPING,
    M_REPLACED,
    M_TIMEOUTS,
    M_HALF_DONE,
    M_RETRIES,
    M_RUNNING,
    M_SUCCESS_AGE,
    M_LAST_DURATION,
    M_SECONDS,
    M_ROWS_IN,
    M_ROWS_OUT,
    M_RUN_AGE,
    M_LAST_IN,
    M_LAST_OUT,
    M_ENABLED,
    M_GOOD,
    M_BAD,
    M_COUNT
};

/* ---- tables: job_tables.c -------------------------------------------------------- */

enum { JOB_NEEDS = 4 };
extern const struct param_desc job_params[];   /* P_COUNT */
extern const struct op_desc job_ops[];         /* JOB_OPS */
extern const struct fault_desc job_faults[];   /* FAULT_COUNT */
extern const struct metric_desc job_metrics[]; /* M_COUNT */
extern const struct metric_need job_needs[JOB_NEEDS];

/* ---- state ----------------------------------------------------------------------- */

struct job_state {
    struct list inside; /* runs under way */
    sim_time due;       /* the next time; `timer` fires then */
    uint32_t timer;
    bool node_gone; /* faults: nothing to run on; runs fail at their end */
    bool fails;
    bool owed;    /* a run was missed, to be made up for */
    int64_t skip; /* a fault: due runs that do not happen */
    double dies; /* a fault: share of its time after which the next run dies; 0: none */
    double slow; /* factor on the time of a run that calls nothing */
    sim_time last_success, last_duration; /* end and length of the last good run */
    sim_time seconds;                     /* of all runs that ended */
    sim_time last_run;                    /* began; 0 with no run yet */
    uint64_t rows_in, rows_out;           /* of all runs: read, and done with */
    uint64_t last_in, last_out;           /* of the last one */
    uint64_t counts[M_RUNNING];           /* by enum job_metric */
    uint64_t good, bad;                   /* by the objective */
};

struct job_data {          /* model time */
    struct call_spec spec; /* first: call_root_spec() */
    bool calls;            /* an endpoint; else a run just takes its time */
    bool slo;              /* the objective is about the job */
    comp_id items;         /* the component whose metric makes runs longer; COMP_NONE */
    size_t items_metric;
    comp_id does; /* the component whose operation a run begins with; COMP_NONE */
    size_t does_op;
};

static inline struct job_state *job_state(const struct world *w, comp_id c)
{
    return W_STATE(w, struct job_state, c);
}

static inline const struct job_data *job_data(const struct world *w, comp_id c)
{
    return w->comps[c].data;
}

#endif
