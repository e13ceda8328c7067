/*
 * Random numbers: xoshiro256++ (D. Blackman and S. Vigna, 2018) and what is drawn from
 * it. Streams are seeded by name, so that a new component leaves all others' numbers
 * alone.
 *
 * Exponential and normal variates come from the ziggurat: one draw, one table look-up
 * and one comparison 98.5 times in a hundred. A draw gives 8 bits for the layer, one
 * for the sign and 53 for the position, none of them shared (J. A. Doornik, 2005, on
 * what happens otherwise).
 */
#include "base_internal.h"

#include <assert.h>
#include <string.h>

static const double two_to_minus_53 = 0x1p-53;

static uint64_t rotate_left(uint64_t x, int k)
{
    return x << k | x >> (64 - k);
}

void rng_seed(struct rng *r, uint64_t seed, const char *stream)
{
    uint64_t h = hash_bytes(hash_u64(0, seed), stream, strlen(stream));
    /* Never all zero: hash_u64 mixes bijectively for a fixed h, so four different words
     * cannot all give 0. */
    for (uint64_t i = 0; i < 4; i++)
        r->s[i] = hash_u64(h, i);
}

uint64_t rng_next(struct rng *r)
{
    uint64_t *s = r->s;
    uint64_t result = rotate_left(s[0] + s[3], 23) + s[0];
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

double rng_unit(struct rng *r)
{
    return (double)(rng_next(r) >> 11) * two_to_minus_53;
}

/* The upper half of a 32 by 32 product; a low half below 2^32 mod n would favour some
 * results, so it is drawn again (D. Lemire, "Fast random integer generation", 2019). */
uint32_t rng_below(struct rng *r, uint32_t n)
{
    CHECK(n > 0);
    uint64_t product = (rng_next(r) >> 32) * n;
    if ((uint32_t)product < n) {
        uint32_t biased = (uint32_t)-n % n;
        while ((uint32_t)product < biased)
            product = (rng_next(r) >> 32) * n;
    }
    return (uint32_t)(product >> 32);
}

/* Whether a point at height u between the layer's floor f(outer) and ceiling f(inner) is
 * below the curve at x. The three are f's values. */
static bool under_curve(double u, double f_outer, double f_inner, double f_x)
{
    return f_outer + u * (f_inner - f_outer) < f_x;
}

/* The tail of exp(-x) beyond x[1] is exp(-x) again, moved: add and draw anew. `at`, in
 * layer i, was not clearly below the curve. */
__attribute__((noinline, cold)) static double exponential_rest(struct rng *r, double at,
                                                               unsigned i)
{
    const double *x = ziggurat_exponential;
    double moved = 0;
    for (;;) {
        if (i == 0)
            moved += x[1];
        else if (under_curve(rng_unit(r), tc_exp(-x[i]), tc_exp(-x[i + 1]),
                             tc_exp(-at)))
            return moved + at;
        uint64_t draw = rng_next(r);
        i = draw & 255;
        at = (double)(draw >> 11) * two_to_minus_53 * x[i];
        if (at < x[i + 1])
            return moved + at;
    }
}

double rng_exponential(struct rng *r)
{
    const double *x = ziggurat_exponential;
    uint64_t draw = rng_next(r);
    unsigned i = draw & 255;
    double at = (double)(draw >> 11) * two_to_minus_53 * x[i];
    return at < x[i + 1] ? at : exponential_rest(r, at, i);
}

static double bell(double x)
{
    return tc_exp(-0.5 * x * x);
}

/* Beyond x[1]: an exponential of that rate, accepted as far as it lies above the bell
 * (Marsaglia, "Generating a variable from the tail of the normal distribution", 1964).
 */
static double normal_tail(struct rng *r, double start)
{
    assert(start > 0);
    double over, spare;
    do {
        over = rng_exponential(r) / start;
        spare = rng_exponential(r);
    } while (2 * spare < over * over);
    return start + over;
}

double rng_normal(struct rng *r)
{
    const double *x = ziggurat_normal;
    for (;;) {
        uint64_t draw = rng_next(r);
        unsigned i = draw & 255;
        double sign = draw & 256 ? -1 : 1;
        double at = (double)(draw >> 11) * two_to_minus_53 * x[i];
        if (at < x[i + 1])
            return sign * at;
        if (i == 0)
            return sign * normal_tail(r, x[1]);
        if (under_curve(rng_unit(r), bell(x[i]), bell(x[i + 1]), bell(at)))
            return sign * at;
    }
}
