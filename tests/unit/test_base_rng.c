/* Random numbers: known answers, and the distributions they claim to have. All seeds
 * are fixed, so a test that passes once passes always; limits are where one seed in
 * some ten thousand would lie beyond. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../src/base/base_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DRAWS = 2000000 };

/* From the authors' reference program, started with the state 1, 2, 3, 4. */
static void xoshiro_gives_the_known_numbers(void **state)
{
    (void)state;
    static const uint64_t known[] = {
        UINT64_C(41943041),
        UINT64_C(58720359),
        UINT64_C(3588806011781223),
        UINT64_C(3591011842654386),
        UINT64_C(9228616714210784205),
        UINT64_C(9973669472204895162),
        UINT64_C(14011001112246962877),
        UINT64_C(12406186145184390807),
        UINT64_C(15849039046786891736),
        UINT64_C(10450023813501588000),
    };
    struct rng r = {{1, 2, 3, 4}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        assert_int_equal(rng_next(&r), known[i]);
}

static void streams_differ_by_seed_and_name(void **state)
{
    (void)state;
    struct rng a, b, c, again;
    rng_seed(&a, 1, "checkout/service-time");
    rng_seed(&b, 1, "checkout/arrivals");
    rng_seed(&c, 2, "checkout/service-time");
    rng_seed(&again, 1, "checkout/service-time");
    int same = 0;
    for (int i = 0; i < 1000; i++) {
        uint64_t x = rng_next(&a);
        same += x == rng_next(&b);
        same += x == rng_next(&c);
        assert_int_equal(x, rng_next(&again));
    }
    assert_int_equal(same, 0);
}

/* A stream is a value: a copy goes on alike. */
static void a_copy_goes_on_alike(void **state)
{
    (void)state;
    struct rng a, b;
    rng_seed(&a, 3, "copy");
    (void)rng_normal(&a);
    b = a;
    for (int i = 0; i < 1000; i++)
        assert_true(rng_normal(&a) == rng_normal(&b));
}

/* Neighbouring seeds and names: the first draws of 40,000 streams are as uniform, and
 * each bit as even, as the draws of one. */
static void first_draws_of_many_streams_are_uniform(void **state)
{
    (void)state;
    int count[64] = {0}, ones[64] = {0};
    const int n = 40000;
    for (int i = 0; i < n; i++) {
        struct rng r;
        char name[] = "client-000/arrivals";
        name[7] = (char)('0' + i / 100 % 10);
        name[8] = (char)('0' + i / 10 % 10);
        name[9] = (char)('0' + i % 10);
        rng_seed(&r, (uint64_t)i / 1000, name);
        uint64_t x = rng_next(&r);
        count[x >> 58]++;
        for (int bit = 0; bit < 64; bit++)
            ones[bit] += (int)(x >> bit & 1);
    }
    double chi2 = 0;
    for (int i = 0; i < 64; i++) {
        double expected = n / 64.0;
        chi2 += (count[i] - expected) * (count[i] - expected) / expected;
        assert_true(abs(ones[i] - n / 2) < 400); /* 4 standard deviations */
    }
    assert_true(chi2 < 115); /* 63 degrees of freedom, p = 0.0001 */
}

/* ---- distributions --------------------------------------------------------------- */

/* The chi-square statistic of counts that should all be the same. */
static double evenness(const int *count, int n)
{
    double total = 0, chi2 = 0;
    for (int i = 0; i < n; i++)
        total += count[i];
    for (int i = 0; i < n; i++)
        chi2 += (count[i] - total / n) * (count[i] - total / n) / (total / n);
    return chi2;
}

static void unit_is_uniform(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 4, "unit");
    static int count[1000];
    double sum = 0;
    for (int i = 0; i < DRAWS; i++) {
        double u = rng_unit(&r);
        assert_true(u >= 0 && u < 1);
        assert_true(u * 0x1p53 == floor(u * 0x1p53));
        count[(int)(u * 1000)]++;
        sum += u;
    }
    assert_true(fabs(sum / DRAWS - 0.5) < 4 * sqrt(1.0 / 12 / DRAWS));
    assert_true(evenness(count, 1000) < 1170); /* 999 degrees, p = 0.0001 */
}

static void below_is_even_for_every_n(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 5, "below");
    for (uint32_t n = 1; n < 50; n++) {
        int count[50] = {0};
        for (int i = 0; i < 20000; i++) {
            uint32_t x = rng_below(&r, n);
            assert_true(x < n);
            count[x]++;
        }
        assert_true(evenness(count, (int)n) < n + 4.5 * sqrt(2.0 * n) + 10);
    }
}

/* With n = 3/4 of 2^32 a plain product would give every third number twice as often. */
static void below_is_unbiased_for_big_n(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 6, "big");
    int count[3] = {0};
    for (int i = 0; i < 300000; i++) {
        uint32_t x = rng_below(&r, UINT32_C(0xC0000000));
        assert_true(x < UINT32_C(0xC0000000));
        count[x % 3]++;
    }
    assert_true(evenness(count, 3) < 18.5);
    for (int i = 0; i < 1000; i++)
        assert_true(rng_below(&r, UINT32_MAX) < UINT32_MAX);
}

/* The distribution function makes uniform numbers of the variates, if they have that
 * distribution: Kolmogorov and Smirnov's question asked at 2,000 places, and chi-square
 * for what is too local for that (a wrong layer of the ziggurat is 1/256). */
static void assert_distribution(double (*draw)(struct rng *), double (*cdf)(double),
                                const char *stream)
{
    struct rng r;
    rng_seed(&r, 7, stream);
    enum { CELLS = 2000 };
    static int count[CELLS];
    memset(count, 0, sizeof count);
    for (int i = 0; i < DRAWS; i++) {
        double u = cdf(draw(&r));
        int cell = (int)(u * CELLS);
        count[cell < CELLS ? cell : CELLS - 1]++;
    }
    double below = 0, worst = 0;
    for (int i = 0; i < CELLS; i++) {
        below += count[i];
        double off = fabs(below / DRAWS - (i + 1.0) / CELLS);
        if (off > worst)
            worst = off;
    }
    assert_true(worst < 2.23 / sqrt(DRAWS));    /* p = 0.0001 */
    assert_true(evenness(count, CELLS) < 2240); /* 1999 degrees, p = 0.0001 */
}

static double exponential_cdf(double x)
{
    return -expm1(-x);
}

static double normal_cdf(double x)
{
    return 0.5 * erfc(-x / sqrt(2));
}

static void exponential_is_exponential(void **state)
{
    (void)state;
    assert_distribution(rng_exponential, exponential_cdf, "exponential");
}

static void normal_is_normal(void **state)
{
    (void)state;
    assert_distribution(rng_normal, normal_cdf, "normal");
}

/* The first moments to within four and a half standard errors. */
static void moments(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 8, "moments");
    double e1 = 0, e2 = 0, e3 = 0, n1 = 0, n2 = 0, n3 = 0, n4 = 0;
    for (int i = 0; i < DRAWS; i++) {
        double e = rng_exponential(&r), n = rng_normal(&r);
        assert_true(e >= 0);
        e1 += e;
        e2 += e * e;
        e3 += e * e * e;
        n1 += n;
        n2 += n * n;
        n3 += n * n * n;
        n4 += n * n * n * n;
    }
    double se = 4.5 / sqrt(DRAWS);
    assert_true(fabs(e1 / DRAWS - 1) < se);
    assert_true(fabs(e2 / DRAWS - 2) < se * sqrt(24 - 4));
    assert_true(fabs(e3 / DRAWS - 6) < se * sqrt(720 - 36));
    assert_true(fabs(n1 / DRAWS) < se);
    assert_true(fabs(n2 / DRAWS - 1) < se * sqrt(2));
    assert_true(fabs(n3 / DRAWS) < se * sqrt(15));
    assert_true(fabs(n4 / DRAWS - 3) < se * sqrt(105 - 9));
}

/* The tails are drawn by another rule than the layers: as many lie there as should, and
 * they are distributed as they should be. */
static void tails_are_right(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 9, "tails");
    const double *xe = ziggurat_exponential, *xn = ziggurat_normal;
    const int n = 4 * DRAWS;
    double beyond_e = 0, sum_e = 0, beyond_n = 0, sum_n = 0, left = 0;
    for (int i = 0; i < n; i++) {
        double e = rng_exponential(&r), x = rng_normal(&r);
        if (e > xe[1]) {
            beyond_e++;
            sum_e += e - xe[1];
        }
        if (fabs(x) > xn[1]) {
            beyond_n++;
            sum_n += fabs(x);
            left += x < 0;
        }
    }
    double want_e = n * exp(-xe[1]), want_n = n * erfc(xn[1] / sqrt(2));
    assert_true(fabs(beyond_e - want_e) < 4.5 * sqrt(want_e));
    assert_true(fabs(sum_e / beyond_e - 1) < 4.5 / sqrt(want_e));
    assert_true(fabs(beyond_n - want_n) < 4.5 * sqrt(want_n));
    assert_true(fabs(left - want_n / 2) < 4.5 * sqrt(want_n / 4));
    /* mean of a normal beyond a: density over tail */
    double mean =
        exp(-xn[1] * xn[1] / 2) * sqrt(2 / 3.141592653589793) / erfc(xn[1] / sqrt(2));
    assert_true(fabs(sum_n / beyond_n - mean) < 4.5 * 0.25 / sqrt(want_n));
}

/* A state whose next number is `wanted`, otherwise drawn from r: the two words that
 * rng_next() adds are chosen to fit. */
static struct rng state_before(uint64_t wanted, struct rng *r)
{
    struct rng made = {{rng_next(r), rng_next(r), rng_next(r), 0}};
    uint64_t turned = wanted - made.s[0];
    made.s[3] = (turned >> 23 | turned << 41) - made.s[0];
    struct rng copy = made;
    assert_int_equal(rng_next(&copy), wanted);
    return made;
}

/* Straight to the tail, since only one draw in four thousand gets there by itself: a
 * position at the far end of the first layer. */
static void the_tail_of_the_bell_is_its_own(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 11, "tail");
    static int count[200];
    const double start = ziggurat_normal[1], beyond = erfc(start / sqrt(2));
    const int n = 200000;
    for (int i = 0; i < n; i++) {
        struct rng at_tail = state_before(UINT64_C(0xFFFFFFFFFFFFFE00), &r);
        double x = rng_normal(&at_tail);
        assert_true(x >= start);
        count[(int)(200 * (1 - erfc(x / sqrt(2)) / beyond) * 0.9999999)]++;
    }
    assert_true(evenness(count, 200) < 280); /* 199 degrees, p = 0.0001 */
}

/* A variate tells nothing of the next: correlation at small lags. */
static void draws_are_not_correlated(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 10, "lags");
    static double x[DRAWS / 4];
    const int n = DRAWS / 4;
    for (int i = 0; i < n; i++)
        x[i] = i % 2 ? rng_exponential(&r) - 1 : rng_normal(&r);
    for (int lag = 1; lag <= 16; lag++) {
        double sum = 0;
        for (int i = lag; i < n; i++)
            sum += x[i] * x[i - lag];
        assert_true(fabs(sum / n) < 4.5 / sqrt(n));
    }
}

/* ---- the ziggurat's tables ------------------------------------------------------- */

static double bell(double x)
{
    return exp(-x * x / 2);
}

static double decay(double x)
{
    return exp(-x);
}

/* All layers have one area; the first has the tail in it. */
static void assert_layers(const double *x, double (*f)(double), double tail)
{
    double area = x[1] * f(x[1]) + tail;
    assert_true(fabs(x[0] * f(x[1]) - area) < 1e-15);
    assert_true(x[ZIGGURAT_LAYERS] == 0);
    for (int i = 1; i < ZIGGURAT_LAYERS; i++) {
        assert_true(x[i] > x[i + 1]);
        assert_true(fabs(x[i] * (f(x[i + 1]) - f(x[i])) - area) < 1e-14);
    }
}

static void layers_have_equal_areas(void **state)
{
    (void)state;
    double re = ziggurat_exponential[1], rn = ziggurat_normal[1];
    assert_layers(ziggurat_exponential, decay, exp(-re));
    assert_layers(ziggurat_normal, bell,
                  sqrt(3.141592653589793 / 2) * erfc(rn / sqrt(2)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(xoshiro_gives_the_known_numbers),
        cmocka_unit_test(streams_differ_by_seed_and_name),
        cmocka_unit_test(a_copy_goes_on_alike),
        cmocka_unit_test(first_draws_of_many_streams_are_uniform),
        cmocka_unit_test(unit_is_uniform),
        cmocka_unit_test(below_is_even_for_every_n),
        cmocka_unit_test(below_is_unbiased_for_big_n),
        cmocka_unit_test(exponential_is_exponential),
        cmocka_unit_test(normal_is_normal),
        cmocka_unit_test(moments),
        cmocka_unit_test(tails_are_right),
        cmocka_unit_test(the_tail_of_the_bell_is_its_own),
        cmocka_unit_test(draws_are_not_correlated),
        cmocka_unit_test(layers_have_equal_areas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
