/*
 * base, inside: the tables and the maths in double-double that tests look at, too.
 *
 * A `struct dd` is a number hi + lo with |lo| at most half a unit in the last place of
 * hi: about 106 bits. Everything here is additions, products and divisions of doubles,
 * each rounded as IEEE 754 says, so that every machine and compiler gives the same
 * bits (the Makefile forbids contraction; no flag may allow reassociation).
 */
#ifndef TRUECODE_BASE_INTERNAL_H
#define TRUECODE_BASE_INTERNAL_H

#include "truecode/base.h"

struct dd {
    double hi, lo;
};

struct log_entry {
    double c, hi, lo;
};
struct exp_entry {
    double hi, lo;
};
extern const struct log_entry log_table[128];
extern const struct exp_entry exp_table[128];

enum { ZIGGURAT_LAYERS = 256 };
extern const double ziggurat_exponential[ZIGGURAT_LAYERS + 1];
extern const double ziggurat_normal[ZIGGURAT_LAYERS + 1];

#endif
