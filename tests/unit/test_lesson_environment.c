/*
 * What a lesson can reach is what tests/lessons/environment.txt lists, and nothing
 * else; and what lessons/README.md says a lesson may write is what the tables accept.
 *
 * After a wanted change: build/tests/unit/test_lesson_environment --update
 */
#include "truecode/console_reference.h"
#include "truecode/lesson.h"
#include "truecode/lesson_reference.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LIST  "tests/lessons/environment.txt"
#define GUIDE "lessons/README.md"
#define BEGIN "<!-- reference: begin -->\n"
#define END   "<!-- reference: end -->\n"

static char *read_all(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        fail_msg("%s cannot be read", path);
    char *s = calloc(1, 1 << 20);
    assert_true(fread(s, 1, (1 << 20) - 1, f) > 0);
    fclose(f);
    return s;
}

static void write_all(const char *path, const char *a, size_t n, const char *b,
                      const char *c)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fwrite(a, 1, n, f);
    fputs(b, f);
    fputs(c, f);
    assert_int_equal(fclose(f), 0);
}

/* Shows the first line that differs. */
static void same_text(const char *is, const char *wanted, const char *where)
{
    int line = 1;
    for (; *is && *is == *wanted; is++, wanted++)
        line += *is == '\n';
    if (*is == *wanted)
        return;
    while (line > 1 && is[-1] != '\n')
        is--, wanted--;
    fail_msg("%s: line %d differs\n  is:     %.*s\n  listed: %.*s\n  if that "
             "is wanted: build/tests/unit/test_lesson_environment --update",
             where, line, (int)strcspn(is, "\n"), is, (int)strcspn(wanted, "\n"),
             wanted);
}

static void environment_is_listed(void **state)
{
    (void)state;
    struct buf now;
    char *list = read_all(LIST);
    buf_init(&now, 0);
    lesson_environment(&now);
    same_text(now.s, list, LIST);
    buf_release(&now);
    free(list);
}

/* A list that lacks the dangerous names would not help if the walk missed everything.
 */
static void walk_finds_things(void **state)
{
    (void)state;
    static const char *const must[] = {
        "math.@meta.__index.@1.abs function", "s.@meta.__index.@1.good_for function",
        "string.@meta.__newindex function", "a string.@meta"};
    static const char *const not [] = {
        "load",    "pcall",  "coroutine", "setmetatable",
        "gsub",    "random", "rawset",    "collectgarbage",
        "io",      "os",     "next",      "getmetatable",
        "require", "dump",   "gmatch",    "match"};
    struct buf now;
    char word[64];
    buf_init(&now, 0);
    lesson_environment(&now);
    for (size_t i = 0; i < sizeof must / sizeof *must; i++)
        assert_non_null(strstr(now.s, must[i]));
    for (size_t i = 0; i < sizeof not / sizeof *not ; i++) {
        snprintf(word, sizeof word, ".%s ", not [i]);
        assert_null(strstr(now.s, word));
    }
    buf_release(&now);
}

static void guide_is_in_step(void **state)
{
    (void)state;
    struct buf now;
    char *guide = read_all(GUIDE), *begin = strstr(guide, BEGIN),
         *end = strstr(guide, END);
    assert_non_null(begin);
    assert_non_null(end);
    *end = '\0';
    buf_init(&now, 0);
    buf_addch(&now, '\n');
    lesson_reference(&now);
    console_reference(&now);
    same_text(now.s, begin + strlen(BEGIN), GUIDE " (reference)");
    buf_release(&now);
    free(guide);
}

static void update(void)
{
    struct buf b;
    char *guide = read_all(GUIDE), *begin = strstr(guide, BEGIN),
         *end = strstr(guide, END);
    assert_true(begin && end);
    buf_init(&b, 0);
    lesson_environment(&b);
    write_all(LIST, b.s, b.len, "", "");
    buf_reset(&b);
    buf_addch(&b, '\n');
    lesson_reference(&b);
    console_reference(&b);
    char *rest = strdup(end);
    write_all(GUIDE, guide, (size_t)(begin - guide) + strlen(BEGIN), b.s, rest);
    free(rest);
    free(guide);
    buf_release(&b);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(environment_is_listed),
        cmocka_unit_test(walk_finds_things),
        cmocka_unit_test(guide_is_in_step),
    };
    if (argc > 1 && !strcmp(argv[1], "--update")) {
        update();
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
