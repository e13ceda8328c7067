/*
 * zipf: numbers 0 .. n - 1 of which some are more popular than others: number i is
 * drawn with a probability in proportion to (i + 1)^-s (Zipf's law with exponent s).
 * Keys of a cache, rows of a table, users of a population.
 *
 * Model time: made once, in the model's arena, and only read by its worlds.
 *
 *     d->popular = zipf_make(&m->arena, 10000, 0.99);
 *     key = zipf_at(d->popular, rng_unit(r));
 */
#ifndef SIM_ZIPF_H
#define SIM_ZIPF_H

#include "truecode/base.h"

#include <stdint.h>

struct zipf {
    const double *upto;    /* [n]: probability of 0 .. i; rises */
    const uint32_t *guide; /* [cells + 1]: what zipf_at() gives at k / cells */
    uint32_t n, cells;     /* cells: a power of two */
};

/* Bytes of the table for so many, at most; s <= 0: there is none. */
static inline double zipf_bytes(double n, double s)
{
    return s > 0 ? n * (sizeof(double) + 2 * sizeof(uint32_t)) : 0;
}

/* n >= 1. NULL when s <= 0: then all are alike, and rng_below() draws them. */
struct zipf *zipf_make(struct arena *arena, uint32_t n, double s);

/* The number at u, 0 <= u < 1: the first whose `upto` is above u. A guide table (H.-C.
 * Chen and Y. Asau, 1974) leaves hardly anything to search. */
static inline uint32_t zipf_at(const struct zipf *z, double u)
{
    const uint32_t *g = z->guide + (uint32_t)(u * z->cells);
    uint32_t from = g[0], to = g[1];
    while (from < to) {
        uint32_t middle = (from + to) / 2;
        if (u < z->upto[middle])
            to = middle;
        else
            from = middle + 1;
    }
    return from;
}

#endif
