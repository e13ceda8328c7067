/*
 * As much of cmocka as test_trace.c needs, for processors that have no cmocka here.
 * Found before the real one only where traces.sh says so.
 */
#ifndef SHIM_CMOCKA_H
#define SHIM_CMOCKA_H

#include <stdio.h>
#include <stdlib.h>

struct CMUnitTest {
    const char *name;
    void (*run)(void **state);
};
#define cmocka_unit_test(f)                                                            \
    {                                                                                  \
#f, f                                                                          \
    }
#define fail_msg(...)                                                                  \
    do {                                                                               \
        printf(__VA_ARGS__);                                                           \
        printf("\n");                                                                  \
        exit(1);                                                                       \
    } while (0)
#define assert_true(x)                                                                 \
    do {                                                                               \
        if (!(x))                                                                      \
            fail_msg("%s:%d: %s", __FILE__, __LINE__, #x);                             \
    } while (0)
#define assert_false(x)        assert_true(!(x))
#define assert_non_null(x)     assert_true(!!(x))
#define assert_int_equal(a, b) assert_true((a) == (b))

static inline int run_all(const struct CMUnitTest *tests, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        tests[i].run(NULL);
        printf("ok - %s\n", tests[i].name);
    }
    return 0;
}
#define cmocka_run_group_tests(tests, setup, teardown)                                 \
    run_all(tests, sizeof(tests) / sizeof *(tests))

#endif
