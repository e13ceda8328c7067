/*
 * Means of batches and of replications, and how sure they are.
 */
#include "measure_internal.h"

#include <math.h>

void spread_add(struct spread *s, double x)
{
    double before = x - s->mean;
    s->n++;
    s->mean += before / s->n;
    s->m2 += before * (x - s->mean);
}

double spread_error(const struct spread *s)
{
    if (s->n < 2)
        return (double)NAN;
    return tc_sqrt(s->m2 / ((double)(s->n - 1) * s->n));
}

struct measured estimate_tell(const struct estimate *e, unsigned replications)
{
    if (replications > 1)
        return (struct measured){e->replications.n > 0 ? e->replications.mean
                                                       : (double)NAN,
                                 spread_error(&e->replications)};
    return (struct measured){e->whole, spread_error(&e->batches)};
}
