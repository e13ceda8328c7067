/*
 * Log-linear histograms of durations: a nanosecond's place is its top eight bits and
 * how far they were shifted, so that a bucket is never wider than a 128th of its lower
 * end, and its middle is at most 0.4 % beside any value in it.
 */
#include "measure_internal.h"

#include <assert.h>
#include <math.h>
#include <string.h>

void histogram_release(struct histogram *h)
{
    for (size_t i = 0; i < HISTOGRAM_OCTAVES; i++)
        mem_free(h->octave[i]);
    *h = (struct histogram){0};
}

void histogram_reset(struct histogram *h)
{
    for (size_t i = 0; i < HISTOGRAM_OCTAVES && h->count > 0; i++)
        if (h->octave[i])
            memset(h->octave[i], 0, HISTOGRAM_STEPS * sizeof *h->octave[i]);
    h->count = 0;
    h->sum = 0;
    h->min = h->max = 0;
}

static uint64_t *octave_of(struct histogram *h, unsigned octave)
{
    assert(octave < HISTOGRAM_OCTAVES);
    if (!h->octave[octave])
        h->octave[octave] = mem_array(HISTOGRAM_STEPS, sizeof *h->octave[octave]);
    return h->octave[octave];
}

void histogram_add(struct histogram *h, sim_time ns)
{
    uint64_t v = ns > 0 ? (uint64_t)ns : 0;
    unsigned octave = v < HISTOGRAM_STEPS ? 0 : 57u - (unsigned)__builtin_clzll(v);
    unsigned shift = octave > 0 ? octave - 1 : 0;
    octave_of(h, octave)[(v >> shift) % HISTOGRAM_STEPS]++;
    h->min = h->count == 0 || ns < h->min ? ns : h->min;
    h->max = ns > h->max ? ns : h->max;
    h->sum += ns;
    h->count++;
}

void histogram_merge(struct histogram *to, const struct histogram *from)
{
    if (from->count == 0)
        return;
    for (unsigned i = 0; i < HISTOGRAM_OCTAVES; i++)
        for (size_t k = 0; from->octave[i] && k < HISTOGRAM_STEPS; k++)
            octave_of(to, i)[k] += from->octave[i][k];
    to->min = to->count == 0 || from->min < to->min ? from->min : to->min;
    to->max = from->max > to->max ? from->max : to->max;
    to->sum += from->sum;
    to->count += from->count;
}

double histogram_mean(const struct histogram *h)
{
    return h->count > 0 ? (double)h->sum / (double)h->count / 1e9 : (double)NAN;
}

/* The middle of a bucket, in nanoseconds. */
static double middle_of(unsigned octave, size_t step)
{
    assert(step < HISTOGRAM_STEPS);
    if (octave == 0)
        return (double)step;
    uint64_t low = (uint64_t)(HISTOGRAM_STEPS + step) << (octave - 1);
    uint64_t width = UINT64_C(1) << (octave - 1);
    return (double)low + (double)(width - 1) / 2;
}

/* Nothing is below the least value or above the greatest. */
static double within(const struct histogram *h, double ns)
{
    ns = ns < (double)h->min ? (double)h->min : ns;
    return ns > (double)h->max ? (double)h->max : ns;
}

double histogram_quantile(const struct histogram *h, unsigned q)
{
    assert(q <= 10000);
    uint64_t part = h->count % 10000 * q, rank = h->count / 10000 * q;
    uint64_t below = 0;
    rank += part / 10000 + (part % 10000 > 0);
    rank = rank < 1 ? 1 : rank;
    for (unsigned i = 0; h->count > 0 && i < HISTOGRAM_OCTAVES; i++)
        for (size_t k = 0; h->octave[i] && k < HISTOGRAM_STEPS; k++)
            if ((below += h->octave[i][k]) >= rank)
                return within(h, middle_of(i, k)) / 1e9;
    return (double)NAN;
}
