/*
 * What a random number and a function of maths cost: nanoseconds each, the best of
 * five rounds. Printed, never asserted.
 */
#include "truecode/base.h"

#include <stdio.h>
#include <time.h>

enum { CALLS = 2000000, ROUNDS = 5 };

static struct rng stream;

static double draw_unit(int i)
{
    (void)i;
    return rng_unit(&stream);
}

static double draw_exponential(int i)
{
    (void)i;
    return rng_exponential(&stream);
}

static double draw_normal(int i)
{
    (void)i;
    return rng_normal(&stream);
}

static double log_of(int i)
{
    return tc_log(1.5 + i);
}

static double exp_of(int i)
{
    return tc_exp(-1e-4 * i);
}

static double pow_of(int i)
{
    return tc_pow(1.5 + i, 0.7);
}

static double sin_of(int i)
{
    return tc_sin(1e-3 * i);
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void measure(const char *name, double (*f)(int))
{
    double best = 1e9, sum = 0;
    for (int round = 0; round < ROUNDS; round++) {
        double start = seconds();
        for (int i = 0; i < CALLS; i++)
            sum += f(i);
        double took = seconds() - start;
        if (took < best)
            best = took;
    }
    /* the sum is printed so that no compiler drops the calls */
    printf("base: %-16s %6.1f ns  (sum %.3g)\n", name, best / CALLS * 1e9, sum);
}

int main(void)
{
    rng_seed(&stream, 1, "bench");
    measure("rng_unit", draw_unit);
    measure("rng_exponential", draw_exponential);
    measure("rng_normal", draw_normal);
    measure("tc_log", log_of);
    measure("tc_exp", exp_of);
    measure("tc_pow", pow_of);
    measure("tc_sin", sin_of);
    return 0;
}
