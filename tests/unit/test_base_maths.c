/* log, exp, pow, sqrt, sin: against long double, at the edges, and bit for bit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../src/base/base_internal.h"
#include "../lib/base_digest.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { DRAWS = 300000 };

static uint64_t bits(double x)
{
    uint64_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}

static double from_bits(uint64_t u)
{
    double x;
    memcpy(&x, &u, sizeof x);
    return x;
}

/* How far `got` is from `want`, in units of the last place of a double there. */
static double ulps(double got, long double want)
{
    int e;
    frexpl(want, &e);
    long double unit = ldexpl(1, e - 53 < -1074 ? -1074 : e - 53);
    return (double)(fabsl((long double)got - want) / unit);
}

/* The worst of many; where long double has no more bits than double, its own error
 * counts as ours. */
static double allowed(double limit)
{
    return LDBL_MANT_DIG > DBL_MANT_DIG ? limit : limit + 0.5;
}

#define WORST(worst, got, want)                                                        \
    do {                                                                               \
        double off_by = ulps(got, want);                                               \
        if (!(off_by <= worst))                                                        \
            worst = off_by;                                                            \
    } while (0)

static double spread(struct rng *r, int exponents)
{
    int e = (int)rng_below(r, 2 * (uint32_t)exponents) - exponents;
    return ldexp(1 + rng_unit(r), e);
}

static void log_is_right_to_the_last_bit(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 6, "log");
    double worst = 0;
    for (int i = 0; i < DRAWS; i++) {
        double x = spread(&r, 1020);
        WORST(worst, tc_log(x), logl(x));
        /* near 1, where logarithms are small */
        x = 1 + (rng_unit(&r) - 0.5) * ldexp(1, -(int)rng_below(&r, 52));
        WORST(worst, tc_log(x), logl(x));
    }
    for (double x = DBL_TRUE_MIN; x < 1e-300; x = x * 1.37 + DBL_TRUE_MIN)
        WORST(worst, tc_log(x), logl(x));
    /* both sides of every border of the table */
    for (int i = 0; i < 256; i++)
        for (int side = -1; side <= 1; side++) {
            double x = from_bits(bits(1 + i / 256.0) + (uint64_t)side);
            WORST(worst, tc_log(x), logl(x));
            WORST(worst, tc_log(x / 2), logl(x / 2));
        }
    assert_true(worst < allowed(0.501));
}

static void exp_is_right_to_the_last_bit(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 7, "exp");
    double worst = 0;
    for (int i = 0; i < DRAWS; i++) {
        double x = -708 + rng_unit(&r) * 1417;
        WORST(worst, tc_exp(x), expl(x));
        x = (rng_unit(&r) - 0.5) * ldexp(1, -(int)rng_below(&r, 60));
        WORST(worst, tc_exp(x), expl(x));
        x = -745.1 + rng_unit(&r) * 40; /* into the subnormals */
        WORST(worst, tc_exp(x), expl(x));
    }
    assert_true(worst < allowed(0.501));
}

static void pow_is_right_to_the_last_bit(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 8, "pow");
    double worst = 0;
    for (int i = 0; i < DRAWS; i++) {
        double x = spread(&r, 40), y = (rng_unit(&r) - 0.5) * 60;
        long double want = powl(x, y);
        if (want < (long double)DBL_MAX)
            WORST(worst, tc_pow(x, y), want);
        /* whatever fits: here the last bits of the logarithm show */
        x = 0.6 + rng_unit(&r);
        y = (rng_unit(&r) - 0.5) * 1400 / log(x);
        WORST(worst, tc_pow(x, y), powl(x, y));
        /* near 1 to a big power */
        x = 1 + (rng_unit(&r) - 0.5) * 1e-6;
        y = (rng_unit(&r) - 0.5) * 1e9;
        WORST(worst, tc_pow(x, y), powl(x, y));
    }
    assert_true(worst < allowed(0.51));
}

static void pow_of_small_integers_is_exact(void **state)
{
    (void)state;
    for (int x = 1; x <= 30; x++) {
        double product = 1;
        for (int y = 0; product < 0x1p53; y++, product *= x) {
            assert_true(tc_pow(x, y) == product);
            if (x == 1 && y == 9)
                break;
        }
    }
    for (int e = -1074; e < 1024; e++)
        assert_true(tc_pow(2, e) == ldexp(1, e));
    assert_true(tc_pow(6.25, 0.5) == 2.5);
}

static void sin_is_right_within_one_ulp(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 9, "sin");
    double worst = 0;
    for (int i = 0; i < DRAWS; i++) {
        double x = (rng_unit(&r) - 0.5) * ldexp(1, 20 - (int)rng_below(&r, 60));
        WORST(worst, tc_sin(x), sinl(x));
        assert_true(tc_sin(-x) == -tc_sin(x));
    }
    /* at the zeros, where reduction is everything: pi's digits show */
    for (int n = 1; n < 300000; n += 7)
        WORST(worst, tc_sin(n * 3.141592653589793), sinl(n * 3.141592653589793));
    assert_true(worst < allowed(0.9));
}

static void sqrt_is_exact(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 10, "sqrt");
    for (int i = 0; i < DRAWS; i++) {
        double x = spread(&r, 1020);
        assert_true(tc_sqrt(x) == sqrt(x));
    }
    assert_true(tc_sqrt(DBL_TRUE_MIN) == 0x1p-537);
    assert_true(bits(tc_sqrt(-0.0)) == bits(-0.0));
}

/* ---- the edges ------------------------------------------------------------------- */

/* A single NaN, whatever the processor makes of it. */
static void assert_nan(double x)
{
    assert_true(bits(x) == UINT64_C(0x7FF8000000000000));
}

static void edges_of_log_exp_sqrt_sin(void **state)
{
    (void)state;
    assert_true(bits(tc_log(1)) == 0);
    assert_true(tc_log(0) == -INFINITY);
    assert_true(tc_log(-0.0) == -INFINITY);
    assert_true(tc_log(INFINITY) == INFINITY);
    assert_nan(tc_log(-1));
    assert_nan(tc_log(-INFINITY));
    assert_nan(tc_log(NAN));

    assert_true(tc_exp(0) == 1);
    assert_true(tc_exp(-0.0) == 1);
    assert_true(tc_exp(1) == 2.718281828459045);
    assert_true(tc_exp(INFINITY) == INFINITY);
    assert_true(bits(tc_exp(-INFINITY)) == 0);
    assert_true(tc_exp(709.782712893384) < INFINITY);
    assert_true(tc_exp(709.7827128933841) == INFINITY);
    assert_true(tc_exp(-745.1332191019411) == DBL_TRUE_MIN);
    assert_true(bits(tc_exp(-745.1332191019412)) == 0);
    assert_true(tc_exp(1e308) == INFINITY);
    assert_true(tc_exp(-1e308) == 0);
    assert_true(tc_exp(DBL_TRUE_MIN) == 1);
    assert_nan(tc_exp(NAN));
    assert_nan(tc_exp(-NAN));

    assert_true(tc_sqrt(INFINITY) == INFINITY);
    assert_nan(tc_sqrt(-1));
    assert_nan(tc_sqrt(-NAN));

    assert_true(bits(tc_sin(-0.0)) == bits(-0.0));
    assert_true(tc_sin(DBL_TRUE_MIN) == DBL_TRUE_MIN);
    assert_nan(tc_sin(1e6));
    assert_nan(tc_sin(-1e6));
    assert_nan(tc_sin(INFINITY));
    assert_nan(tc_sin(NAN));
}

/* Every pair of these, as C's annex F says (and as this C library does). */
static void edges_of_pow(void **state)
{
    (void)state;
    static const double values[] = {
        0, DBL_TRUE_MIN, 1e-300, 0.5,      1 - 0x1p-53, 1, 1 + 0x1p-52, 1.5, 2,
        3, 1e9,          1e300,  INFINITY,
    };
    const int n = sizeof values / sizeof values[0];
    for (int i = 0; i < n; i++)
        for (int j = 0; j < 2 * n; j++) {
            double x = values[i], y = j < n ? values[j] : -values[j - n];
            double got = tc_pow(x, y), want = pow(x, y);
            bool same = got == want || ulps(got, (long double)want) < 1.1;
            assert_true(same);
        }
    assert_nan(tc_pow(-1, 2));
    assert_nan(tc_pow(NAN, 1));
    assert_nan(tc_pow(2, NAN));
    assert_true(tc_pow(NAN, 0) == 1);
    assert_true(tc_pow(1, NAN) == 1);
}

/* ---- the tables ------------------------------------------------------------------ */

static void tables_hold_what_they_say(void **state)
{
    (void)state;
    for (int i = 0; i < 128; i++) {
        const struct log_entry *l = &log_table[i];
        double low = 1 + i / 128.0, high = 1 + (i + 1) / 128.0;
        assert_true(fabs(low * l->c - 1) <= 0x1p-7 && fabs(high * l->c - 1) <= 0x1p-7);
        long double c = (long double)l->c * (i >= 53 ? 2 : 1);
        assert_true(fabsl(l->hi + (long double)l->lo + logl(c)) < 0x1p-62L);
        assert_true(fabs(l->lo) <= ldexp(fabs(l->hi), -53));

        const struct exp_entry *e = &exp_table[i];
        long double want = exp2l((long double)i / 128);
        assert_true(fabsl(e->hi + (long double)e->lo - want) < 0x1p-62L);
        assert_true(fabs(e->lo) <= 0x1p-53);
    }
}

/* ---- the same bits everywhere ---------------------------------------------------- */

static void results_have_the_pinned_bits(void **state)
{
    (void)state;
    assert_int_equal(base_digest(), BASE_DIGEST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_is_right_to_the_last_bit),
        cmocka_unit_test(exp_is_right_to_the_last_bit),
        cmocka_unit_test(pow_is_right_to_the_last_bit),
        cmocka_unit_test(pow_of_small_integers_is_exact),
        cmocka_unit_test(sin_is_right_within_one_ulp),
        cmocka_unit_test(sqrt_is_exact),
        cmocka_unit_test(edges_of_log_exp_sqrt_sin),
        cmocka_unit_test(edges_of_pow),
        cmocka_unit_test(tables_hold_what_they_say),
        cmocka_unit_test(results_have_the_pinned_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
