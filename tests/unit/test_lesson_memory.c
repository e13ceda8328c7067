/*
 * Every allocation fails once: the first lesson is loaded and built with room for
 * nothing, then for a little more, until it fits. Each time there is one clean message
 * or a whole lesson; nothing leaks and nothing crashes (which is for the sanitizers to
 * see).
 */
#include "../../src/lesson/lesson_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static char text[LESSON_MAX_BYTES];
static size_t len;

static int read_lesson(void **state)
{
    (void)state;
    FILE *f = fopen("lessons/first-page.lua", "rb");
    if (!f)
        return -1;
    len = fread(text, 1, sizeof text, f);
    return fclose(f);
}

static enum err try_within(size_t limit, struct errmsg *why)
{
    struct lesson *l;
    struct lesson_world lw;
    enum err e = lesson_load_within(&l, text, len, "first-page.lua", limit, why);
    if (e != ERR_OK) {
        assert_null(l);
        return e;
    }
    e = lesson_build(l, 1, &lw, why);
    if (e == ERR_OK)
        lesson_world_release(&lw);
    lesson_unref(l);
    return e;
}

static void every_limit_is_survived(void **state)
{
    (void)state;
    size_t limit = 1, refused = 0;
    for (;; limit += limit / 128 + 1) {
        struct errmsg why = {0};
        enum err e = try_within(limit, &why);
        if (e == ERR_OK)
            break;
        assert_int_equal(e, ERR_LESSON);
        assert_true(!strncmp(why.text, "first-page.lua:", 15));
        assert_non_null(strstr(why.text, "memory"));
        refused++;
    }
    assert_true(refused > 200);
    assert_true(limit < HOST_MEMORY / 8); /* lessons are nowhere near the cap */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_limit_is_survived)};
    return cmocka_run_group_tests(tests, read_lesson, NULL);
}
