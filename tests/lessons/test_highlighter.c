/*
 * Whoever types what the guide shows, and nothing else, learns nothing: guided, the
 * highlighter stays under its ceiling in every lesson of the course. The first lesson, which
 * shows each command once, is not counted.
 */
#include "../../src/session/thoughtless.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static char *text_of(const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    char *s = calloc(1, LESSON_MAX_BYTES + 1);
    assert_non_null(f);
    *len = fread(s, 1, LESSON_MAX_BYTES, f);
    fclose(f);
    return s;
}

static void stays_under(const char *id)
{
    char path[80];
    struct score score = {0};
    struct errmsg why = {0};
    snprintf(path, sizeof path, "lessons/%s.lua", id);
    struct session_options o = {.name = path, .seed = 7, .mode = MODE_GUIDED};
    char *text = text_of(path, &o.len);
    o.text = text;
    if (thoughtless_run(PLAYER_highlighter, &o, &score, &why) != ERR_OK)
        fail_msg("%s: %s", id, why.text);
    printf("%s: the highlighter has %d of 100\n", id, score.total);
    assert_in_range(score.total, 0, PLAYERS_CEILING - 1);
    free(text);
}

static void all_green(void **state)
{
    (void)state;
    stays_under("all-green");
}

static void cache_stampede(void **state)
{
    (void)state;
    stays_under("cache-stampede");
}

static void eleven_forty_seven(void **state)
{
    (void)state;
    stays_under("eleven-forty-seven");
}

static void is_it_good(void **state)
{
    (void)state;
    stays_under("is-it-good");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_green),
        cmocka_unit_test(cache_stampede),
        cmocka_unit_test(eleven_forty_seven),
        cmocka_unit_test(is_it_good),
    };
    return cmocka_run_group_tests_name("lessons: highlighter", tests, NULL, NULL);
}
