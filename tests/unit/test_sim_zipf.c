/*
 * Popularity: the guide table gives what a search through the whole table gives, and
 * what is drawn follows the law.
 */
#include "sim_test.h"

#include "../../src/sim/engine/zipf.h"

static uint32_t searched(const struct zipf *z, double u)
{
    uint32_t i = 0;
    while (i < z->n - 1 && u >= z->upto[i])
        i++;
    return i;
}

static void the_guide_agrees_with_a_search(void **state)
{
    static const uint32_t sizes[] = {1, 2, 3, 7, 8, 9, 100, 1000, 4097};
    static const double exponents[] = {0.01, 0.8, 1, 1.5, 5};
    (void)state;
    struct rng r;
    rng_seed(&r, 1, "zipf");
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        for (size_t e = 0; e < sizeof exponents / sizeof *exponents; e++) {
            struct arena arena = {0};
            const struct zipf *z = zipf_make(&arena, sizes[k], exponents[e]);
            for (int i = 0; i < 2000; i++) {
                double u = rng_unit(&r);
                assert_int_equal(zipf_at(z, u), searched(z, u));
            }
            for (uint32_t i = 0; i < z->n; i++) /* at the very edges, if they are < 1 */
                if (z->upto[i] < 1)
                    assert_int_equal(zipf_at(z, z->upto[i]), searched(z, z->upto[i]));
            for (uint32_t i = 0; i < z->cells; i++) {
                double u = (double)i / z->cells;
                assert_int_equal(zipf_at(z, u), searched(z, u));
            }
            assert_int_equal(zipf_at(z, 0), searched(z, 0));
            assert_int_equal(zipf_at(z, 1 - 0x1p-53), searched(z, 1 - 0x1p-53));
            arena_release(&arena);
        }
    }
}

static void all_alike_needs_no_table(void **state)
{
    (void)state;
    struct arena arena = {0};
    assert_null(zipf_make(&arena, 10, 0));
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_guide_agrees_with_a_search),
        cmocka_unit_test(all_alike_needs_no_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
