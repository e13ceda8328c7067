/*
 * What decides about a world, in one number: if one bit of one result differs between
 * two machines, so does this. Only base itself is used to get there.
 */
#include "base_digest.h"

#include "truecode/base.h"

#include <string.h>

static uint64_t add(uint64_t h, double x)
{
    uint64_t u;
    memcpy(&u, &x, sizeof u);
    return hash_u64(h, u);
}

/* From 1e-130 to 1e130, both signs of the exponent. */
static double wide(struct rng *r)
{
    return tc_exp(rng_unit(r) * 600 - 300);
}

uint64_t base_digest(void)
{
    struct rng r;
    rng_seed(&r, 1, "base digest");
    uint64_t h = 0;
    for (int i = 0; i < 100000; i++) {
        double x = wide(&r), y = rng_unit(&r) * 100 - 50;
        h = add(h, tc_log(x));
        h = add(h, tc_log(1 + y * 1e-6));
        h = add(h, tc_exp(y * 15));
        h = add(h, tc_pow(x, y / 20));
        h = add(h, tc_sin(y * 1000));
        h = add(h, tc_sqrt(x));
        h = add(h, rng_exponential(&r));
        h = add(h, rng_normal(&r));
        h = hash_u64(h, rng_below(&r, 1 + (uint32_t)i));
    }
    return hash_bytes(h, "the end", 7);
}
