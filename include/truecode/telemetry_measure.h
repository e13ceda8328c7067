/*
 * measure: what a world does in the long run, with how sure that is. For the lab, for
 * tests against published results, and for anybody who asks a model a question about
 * queues.
 *
 * A measure listens to a world (measure_observer), is told of the time (measure_tick)
 * and drops what happens in the warm-up. The rest is cut into batches of equal length;
 * the standard error of a figure is that of the batch means. Several replications (the
 * same model from other seeds) go into one measure one after another; then the standard
 * error is that of the replications' means. It asks a kind nothing that the kind's
 * descriptor does not tell, so a new kind is measured the day it is registered.
 *
 *     struct measure *x;
 *     err = measure_new(&x, model, &(struct measure_plan){
 *         .warm_up = SIM_MIN, .end = 11 * SIM_MIN, .batches = 20}, &why);
 *     struct observer o = measure_observer(x);
 *     measure_begin(x);
 *     for (sim_time t; (t = measure_next(x)) != SIM_FOREVER;) {
 *         err = world_run(w, t, UINT64_MAX, &o, &why);
 *         measure_tick(x, w);
 *     }
 *     measure_end(x, w);                                // one replication is over
 *     struct measured_row row;
 *     for (size_t i = 0; i < measure_rows(x); i++)
 *         measure_row(x, i, &row);
 *
 * Times are sums of whole nanoseconds, so means are exact. Percentiles are nearest rank
 * over a log-linear histogram with 128 steps to an octave: at most 0.4 % beside the
 * exact value, and exact below 128 ns. Gauges are read at equal steps of time, counters
 * at both ends.
 */
#ifndef TRUECODE_TELEMETRY_MEASURE_H
#define TRUECODE_TELEMETRY_MEASURE_H

#include "truecode/telemetry.h"

#define MEASURE_QUANTILES 4
extern const unsigned measure_quantiles[MEASURE_QUANTILES]; /* of 10000: 5000, 9990 */
#define MEASURE_COMPS 5000                                  /* components at most */

struct measure;
struct measure_plan {
    sim_time warm_up, end; /* measured: what ends in (warm_up, end] */
    unsigned batches;      /* at least 2 */
};
enum err measure_new(struct measure **out, const struct model *m,
                     const struct measure_plan *p, struct errmsg *why) MUST_USE;
void measure_free(struct measure *x);
struct observer measure_observer(struct measure *x);
void measure_begin(struct measure *x); /* a replication: a new world at time 0 */
/* The next moment at which it wants to be told; SIM_FOREVER: none, call measure_end().
 */
sim_time measure_next(const struct measure *x);
void measure_tick(struct measure *x, const struct world *w); /* w is at that moment */
/* The replication ends here, which may be earlier than planned: a batch that is not
 * whole counts for means and not for errors. */
void measure_end(struct measure *x, const struct world *w);

/* ---- what came out --------------------------------------------------------------- */

struct measured { /* a figure: NaN where there is nothing to tell */
    double value, error;
};
struct measured_time { /* seconds */
    struct measured mean, q[MEASURE_QUANTILES];
    double max;
};
/* Requests as one sees them: a client's (user side), an endpoint's (server side, from
 * when its caller sent it to its answer), a third party's. */
struct measured_row {
    comp_id comp;
    bool user;
    uint64_t done, answered, good, failed, abandoned; /* counts; good: user side */
    struct measured throughput; /* requests that ended, per second, failures included */
    struct measured goodput;    /* per second: users: that met the objective; servers:
                                   answered while somebody waited */
    struct measured_time response; /* of the answered ones */
    struct measured_time
        waiting; /* the part of it that is no work: see cause_waits() */
    struct measured_time failing; /* of those that failed: until they had */
};
double measure_seconds(const struct measure *x); /* measured, all together */
unsigned measure_replications(const struct measure *x);
unsigned measure_batches(const struct measure *x); /* whole ones, of the last one */
size_t measure_rows(const struct measure *x);      /* rows that saw a request: users
                                                      first, each by number */
void measure_row(const struct measure *x, size_t i, struct measured_row *out);

struct measured_metric {
    struct measured mean; /* counters: per second; gauges: over time */
    double min, max;      /* gauges: of the readings */
};
/* Of the whole component; `metric` indexes its kind's descriptor. */
void measure_metric(const struct measure *x, comp_id c, size_t metric,
                    struct measured_metric *out);

/* Shares and failures as explain_time() has them, of all finished requests. */
size_t measure_shares(const struct measure *x, comp_id c, double q_low, double q_high,
                      struct share *out, size_t max);
size_t measure_failures(const struct measure *x, comp_id c, struct failure *out,
                        size_t max);

/* Waiting for one's turn, as against being worked on or travelling. */
bool cause_waits(enum cause c);

#endif
