/*
 * Inside experiment: what the runner and the two reports share.
 */
#ifndef SESSION_EXPERIMENT_INTERNAL_H
#define SESSION_EXPERIMENT_INTERNAL_H

#include "truecode/session_experiment.h"

struct experiment {
    struct lesson *lesson;
    struct lab_plan plan; /* the plan that runs */
    uint64_t seed;
    unsigned wanted, done;  /* replications */
    struct lesson_world lw; /* of the one that runs, and of the last */
    struct world *world;    /* NULL: none runs */
    struct model *model;    /* the first one's: names and kinds for the reports */
    struct measure *measure;
    uint64_t events, digest;   /* of replications that are over */
    sim_time stopped_at;       /* 0: every replication ran to its end */
    struct errmsg why_stopped; /* "": somebody asked for it */
    size_t refused;            /* scheduled actions that could not be done, in all */
    struct errmsg why_refused; /* the first of them, and why */
};

/* The parts of the latency that explanations are given for. */
struct experiment_part {
    const char *name, *json;
    double low, high;
};
#define EXPERIMENT_PARTS 3
extern const struct experiment_part experiment_parts[EXPERIMENT_PARTS];
/* The names of measure_quantiles: "p50". */
extern const char *const experiment_quantiles[MEASURE_QUANTILES];

#endif
