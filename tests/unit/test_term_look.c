/*
 * Looks: every theme tells apart what must not be confused, in every number of colours.
 */
#include "truecode/term.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const int colours[] = {0, 8, 16, 256};

static bool same_look(struct look a, struct look b)
{
    return a.fg == b.fg && a.bg == b.bg && a.attrs == b.attrs;
}

static void bad_news_never_looks_like_good(void **state)
{
    (void)state;
    static const enum tone pairs[][2] = {
        {TONE_GOOD, TONE_BAD},        {TONE_NORMAL, TONE_BAD},
        {TONE_WARN, TONE_BAD},        {TONE_NORMAL, TONE_SELECT},
        {TONE_SERIES1, TONE_SERIES2}, {TONE_NORMAL, TONE_WARN}};
    for (int t = 0; t < THEME_COUNT; t++)
        for (size_t c = 0; c < 4; c++)
            for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
                struct look a = look_of((enum theme)t, colours[c], pairs[i][0], 0);
                struct look b = look_of((enum theme)t, colours[c], pairs[i][1], 0);
                if (same_look(a, b))
                    fail_msg("theme %s, %d colours: tones %d and %d look alike",
                             theme_name((enum theme)t), colours[c], pairs[i][0],
                             pairs[i][1]);
            }
}

static void colours_are_within_the_palette(void **state)
{
    (void)state;
    for (int t = 0; t < THEME_COUNT; t++)
        for (size_t c = 0; c < 4; c++)
            for (int tone = 0; tone < TONE_COUNT; tone++)
                for (int heat = 0; heat <= 8; heat++) {
                    struct look l =
                        look_of((enum theme)t, colours[c], (enum tone)tone, heat);
                    int most = colours[c]; /* 0: only -1 is allowed */
                    assert_true(l.fg >= -1 && (l.fg == -1 || l.fg < most));
                    assert_true(l.bg >= -1 && (l.bg == -1 || l.bg < most));
                }
}

static void the_background_is_the_terminals_own(void **state)
{
    (void)state;
    for (int t = 0; t < THEME_COUNT; t++)
        for (size_t c = 0; c < 4; c++)
            for (int tone = 0; tone < TONE_COUNT; tone++)
                if (tone != TONE_SELECT)
                    assert_int_equal(
                        look_of((enum theme)t, colours[c], (enum tone)tone, 0).bg, -1);
}

static void themes_have_names(void **state)
{
    (void)state;
    enum theme t;
    for (int i = 0; i < THEME_COUNT; i++) {
        assert_true(theme_parse(theme_name((enum theme)i), &t));
        assert_int_equal(t, i);
    }
    assert_false(theme_parse("solarised", &t));
    assert_null(theme_name(THEME_COUNT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_news_never_looks_like_good),
        cmocka_unit_test(colours_are_within_the_palette),
        cmocka_unit_test(the_background_is_the_terminals_own),
        cmocka_unit_test(themes_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
