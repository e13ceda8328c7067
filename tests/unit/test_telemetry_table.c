/* The column store: nothing is lost by encoding, and forks and cuts are their own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../src/telemetry/telemetry_internal.h"

#include <math.h>
#include <string.h>

#define COLS 12
#define ROWS 400

/* A value for every way a column can be encoded, also with holes. */
static double value_of(uint32_t col, uint32_t row, struct rng *rng)
{
    double r = (double)row;
    switch (col) {
    case 0:
        return 7.25; /* a single value */
    case 1:
        return NAN; /* none */
    case 2:
        return r; /* 8 bits above the minimum */
    case 3:
        return 1e12 + 500 * r; /* 16 bits */
    case 4:
        return 3e6 * r; /* 32 bits */
    case 5:
        return 4e9 * r - 1e15; /* wider than 32 bits */
    case 6:
        return (double)(float)rng_unit(rng);
    case 7:
        return rng_unit(rng);
    case 8:
        return row % 3 ? r : NAN;
    case 9:
        return row > 200 ? rng_unit(rng) : NAN;
    case 10:
        return -r - 0.5;
    default:
        return row == 63 ? 256 : row == 64 ? 65536 : 0;
    }
}

static bool same(double a, double b)
{
    return isnan(a) ? isnan(b) : a == b;
}

static void add_row(struct table *t, double model[ROWS][COLS], uint32_t row,
                    struct rng *rng)
{
    table_row(t, row, COLS);
    for (uint32_t c = 0; c < COLS; c++) {
        model[row][c] = value_of(c, row, rng);
        table_put(t, c, model[row][c]);
    }
}

static void check(const struct table *t, double model[ROWS][COLS], uint32_t rows)
{
    assert_int_equal(table_rows(t), rows);
    for (uint32_t row = 0; row < rows; row++)
        for (uint32_t c = 0; c < COLS; c++)
            if (!same(table_at(t, row, c), model[row][c]))
                fail_msg("row %u column %u: %.17g, not %.17g", row, c,
                         table_at(t, row, c), model[row][c]);
    assert_true(isnan(table_at(t, rows, 0)));
    assert_true(isnan(table_at(t, 0, COLS + 40)));
}

static double expected[ROWS][COLS], other[ROWS][COLS];

static void every_encoding_keeps_every_value(void **state)
{
    (void)state;
    struct table t = {0};
    struct rng rng;
    rng_seed(&rng, 1, "table");
    for (uint32_t row = 0; row < ROWS; row++)
        add_row(&t, expected, row, &rng);
    check(&t, expected, ROWS);
    table_release(&t);
}

static void a_fork_and_its_origin_go_their_own_ways(void **state)
{
    (void)state;
    for (uint32_t at = 0; at <= 200; at++) {
        struct table a = {0}, b;
        struct rng rng;
        rng_seed(&rng, at, "table");
        for (uint32_t row = 0; row < at; row++)
            add_row(&a, expected, row, &rng);
        table_fork(&b, &a);
        memcpy(other, expected, sizeof other);
        for (uint32_t row = at; row < at + 80; row++) {
            add_row(&a, expected, row, &rng);
            add_row(&b, other, row, &rng);
        }
        check(&a, expected, at + 80);
        check(&b, other, at + 80);
        table_release(&a);
        check(&b, other, at + 80);
        table_release(&b);
    }
}

static void skipped_rows_and_late_columns_are_missing(void **state)
{
    (void)state;
    struct table t = {0};
    table_row(&t, 3, 2);
    table_put(&t, 1, 5);
    table_row(&t, 200, 40);
    table_put(&t, 39, 6);
    assert_int_equal(table_rows(&t), 201);
    assert_true(table_at(&t, 3, 1) == 5);
    assert_true(table_at(&t, 200, 39) == 6);
    assert_true(isnan(table_at(&t, 2, 1)));
    assert_true(isnan(table_at(&t, 100, 1)));
    assert_true(isnan(table_at(&t, 3, 39)));
    table_release(&t);
}

/* 150 columns that stand still or count, 100 of full precision: an hour of them. */
static void an_hour_of_250_columns_takes_less_than_four_mebibytes(void **state)
{
    (void)state;
    struct table t = {0};
    struct rng rng;
    rng_seed(&rng, 1, "table");
    for (uint32_t row = 0; row < 3600; row++) {
        table_row(&t, row, 250);
        for (uint32_t c = 0; c < 250; c++)
            table_put(&t, c, c < 75 ? 3 : c < 150 ? 450.0 * row : rng_unit(&rng));
    }
    assert_in_range(table_bytes(&t), 1, 4 << 20);
    table_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_encoding_keeps_every_value),
        cmocka_unit_test(a_fork_and_its_origin_go_their_own_ways),
        cmocka_unit_test(skipped_rows_and_late_columns_are_missing),
        cmocka_unit_test(an_hour_of_250_columns_takes_less_than_four_mebibytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
