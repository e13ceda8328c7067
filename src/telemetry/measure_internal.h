/*
 * Inside measure: histograms of single nanoseconds, and means with their errors.
 */
#ifndef TELEMETRY_MEASURE_INTERNAL_H
#define TELEMETRY_MEASURE_INTERNAL_H

#include "telemetry_internal.h"
#include "truecode/telemetry_measure.h"

/* ---- histogram.c ----------------------------------------------------------------- */

/* Below 128 ns a bucket is a nanosecond; each octave above has 128 buckets. Octaves
 * that nothing fell into take no memory. */
#define HISTOGRAM_STEPS   128
#define HISTOGRAM_OCTAVES 57
struct histogram {
    uint64_t *octave[HISTOGRAM_OCTAVES]; /* [HISTOGRAM_STEPS] */
    uint64_t count;
    __extension__ __int128 sum; /* a billion waits of ten seconds are beyond 64 bits */
    sim_time min, max;
};
void histogram_release(struct histogram *h);
void histogram_reset(struct histogram *h); /* empty, keeps the memory */
void histogram_add(struct histogram *h, sim_time ns);
void histogram_merge(struct histogram *to, const struct histogram *from);
double histogram_mean(const struct histogram *h); /* seconds; NaN: empty */
/* Nearest rank, `q` of 10000: the smallest value that so many are not above. */
double histogram_quantile(const struct histogram *h, unsigned q);

/* ---- spread.c: means of means ---------------------------------------------------- */

struct spread { /* running mean and sum of squares, after Welford */
    unsigned n;
    double mean, m2;
};
void spread_add(struct spread *s, double x);
double spread_error(const struct spread *s); /* standard error; NaN: below two values */

/* A figure: its value over the whole of a replication, and where its error comes from.
 */
struct estimate {
    double whole; /* of the last replication */
    struct spread batches, replications;
};
struct measured estimate_tell(const struct estimate *e, unsigned replications);

#endif
