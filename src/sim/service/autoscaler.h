/*
 * autoscaler: what an autoscaler has seen, and the arithmetic on it. Nothing here knows
 * of worlds, so that tests can hold it against the published algorithm.
 */
#ifndef SIM_SERVICE_AUTOSCALER_H
#define SIM_SERVICE_AUTOSCALER_H

#include "truecode/base.h"

/* The instances that a look has found. Those on their way out are in none of it. */
struct census {
    int measured;  /* have a measure that counts */
    int not_ready; /* start, or cannot be relied on yet */
    int missing;   /* should be there, and say nothing */
    double sum;    /* of the measures of the `measured` */
};

/* The number of instances wanted while `have` are asked for: before windows, limits,
 * min and max. `target` > 0, `tolerance` >= 0. `busy`: the measure of one that says
 * nothing, where fewer are wanted. */
int scaler_wanted(const struct census *n, int have, double target, double tolerance,
                  double busy);

/* The most that a scaler may come to from `was`, the number at the start of the limits'
 * period: the larger of a share and a count, rounded up; a share and count of 0: not at
 * all. */
int scaler_most(int was, double share, int count);
int scaler_least(int was, double share);

#endif
