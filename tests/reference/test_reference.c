/*
 * Published results, one test a table: see ref.h.
 *
 *     test_reference              all tables, short
 *     test_reference --long mm1   one table, long
 *     test_reference --list       their names
 */
#include "ref.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define X(name)                                                                        \
    static void test_##name(void **state)                                              \
    {                                                                                  \
        struct ref *r = *state;                                                        \
        int failed = r->failed;                                                        \
        ref_table(r, #name);                                                           \
        table_##name(r);                                                               \
        ref_end(r, failed);                                                            \
    }
REF_TABLES(X)
#undef X

int main(int argc, char **argv)
{
    struct ref r = {0};
    char only[80];
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--list") == 0) {
#define X(name) puts(#name);
            REF_TABLES(X)
#undef X
            return 0;
        }
        if (strcmp(argv[i], "--long") == 0)
            r.full = true;
        else if (snprintf(only, sizeof only, "test_%s", argv[i]) > 0)
            cmocka_set_test_filter(only);
    }
    const struct CMUnitTest tests[] = {
#define X(name) {"test_" #name, test_##name, NULL, NULL, &r},
        REF_TABLES(X)
#undef X
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
