/*
 * Looks: every theme is readable on every background it may meet, in every number of
 * colours and every palette, and tells apart what must not be confused.
 */
#include "../lib/colour.h"
#include "truecode/term.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define READABLE 4.5 /* WCAG 2, level AA */

static const int colours[] = {0, 8, 16, 256};

/* ---- what a look is on a terminal ------------------------------------------------ */

/* A terminal: its background, the text on it that its owner finds readable, its
 * palette. */
struct screen {
    const char *name;
    uint32_t bg, fg;
    const uint32_t *palette; /* of 16; NULL: only 16 to 255 may be used */
};

static uint32_t colour_at(const struct screen *s, int index)
{
    if (index >= 16)
        return colour_of_256(index);
    if (!s->palette)
        fail_msg("colour %d is another one in each terminal", index);
    return s->palette[index];
}

static double contrast_of(const struct screen *s, struct look l)
{
    return colour_contrast(l.fg < 0 ? s->fg : colour_at(s, l.fg),
                           l.bg < 0 ? s->bg : colour_at(s, l.bg));
}

/* Bold may make the bright colour of a plain one, or not. */
static double worst_contrast(const struct screen *s, struct look l, bool surely)
{
    struct look bright = l;
    bool may = l.attrs & LOOK_BOLD && l.fg >= 0 && l.fg < 8;
    if (!may)
        return contrast_of(s, l);
    bright.fg = (short)(l.fg + 8);
    double a = contrast_of(s, l), b = contrast_of(s, bright);
    return surely || b < a ? b : a;
}

static void check_all_tones(const struct screen *s, enum theme theme,
                            enum ground ground, int n, bool surely, double least)
{
    for (int tone = 0; tone < TONE_COUNT; tone++) {
        struct look l = look_of(theme, ground, n, (enum tone)tone, 0);
        double c = worst_contrast(s, l, surely);
        if (l.fg < 0 && l.bg < 0) /* the terminal's own on its own */
            continue;
        if (c < least)
            fail_msg("%s, %s, %d colours: tone %d (%d on %d) has a contrast of %.2f",
                     s->name, theme_name(theme), n, tone, l.fg, l.bg, c);
    }
}

static struct screen plain_screen(const char *name, uint32_t bg)
{
    return (struct screen){name, bg, colour_luminance(bg) < 0.18 ? 0xffffff : 0, NULL};
}

/* ---- contrast -------------------------------------------------------------------- */

static void all_256_are_readable_on_black_and_white(void **state)
{
    (void)state;
    struct screen black = plain_screen("black", 0),
                  white = plain_screen("white", 0xffffff);
    for (int t = 0; t < THEME_COUNT; t++) {
        double least = t == THEME_CONTRAST ? 7 : READABLE;
        check_all_tones(&black, (enum theme)t, GROUND_DARK, 256, false, least);
        check_all_tones(&white, (enum theme)t, GROUND_LIGHT, 256, false, least);
        check_all_tones(&black, (enum theme)t, GROUND_UNKNOWN, 256, false, READABLE);
        check_all_tones(&white, (enum theme)t, GROUND_UNKNOWN, 256, false, READABLE);
    }
}

/* The terminal said what it has: then every grey and every colour will do. */
static void all_256_are_readable_on_any_known_background(void **state)
{
    (void)state;
    char name[32];
    for (uint32_t r = 0; r < 256; r += 15)
        for (uint32_t g = 0; g < 256; g += 15)
            for (uint32_t b = 0; b < 256; b += 15) {
                uint32_t bg = r << 16 | g << 8 | b;
                snprintf(name, sizeof name, "#%06x", bg);
                struct screen s = plain_screen(name, bg);
                for (int t = 0; t < THEME_COUNT; t++)
                    check_all_tones(&s, (enum theme)t, ground_of(bg), 256, false,
                                    READABLE);
            }
}

/* Sixteen and eight colours, in each palette on its own black and white and on the pure
 * ones. Solarized is not here: its bright colours are greys, one of them its
 * background; whoever has it has 256 colours. */
static void few_colours_are_readable_in_each_palette(void **state)
{
    (void)state;
    for (int p = 0; p < npalettes; p++)
        for (int n = 8; n <= 16; n += 8)
            for (int t = 0; t < THEME_COUNT; t++) {
                const uint32_t *rgb = palettes[p].rgb;
                struct screen s = {palettes[p].name, 0, rgb[7], rgb};
                bool surely = palettes[p].bold_is_bright;
                enum theme theme = (enum theme)t;
                check_all_tones(&s, theme, GROUND_DARK, n, surely, READABLE);
                s.bg = rgb[0];
                check_all_tones(&s, theme, GROUND_DARK, n, surely, READABLE);
                s.fg = 0;
                s.bg = 0xffffff;
                check_all_tones(&s, theme, GROUND_LIGHT, n, surely, READABLE);
                s.bg = rgb[15];
                check_all_tones(&s, theme, GROUND_LIGHT, n, surely, READABLE);
            }
}

/* `dark` and `light` are then the person's word for what the terminal has; everything
 * else must do without hues. */
static void few_colours_on_an_unknown_background_have_no_hue(void **state)
{
    (void)state;
    for (int n = 8; n <= 16; n += 8)
        for (int t = 0; t < THEME_COUNT; t++)
            for (int tone = 0; tone < TONE_COUNT; tone++)
                if (t != THEME_DARK && t != THEME_LIGHT) {
                    struct look l =
                        look_of((enum theme)t, GROUND_UNKNOWN, n, (enum tone)tone, 0);
                    assert_int_equal(l.fg, -1);
                    assert_int_equal(l.bg, -1);
                }
}

/* With few colours a theme cannot bring its background along: what the terminal is
 * known to have decides, whatever the theme is called. */
static void few_colours_follow_the_known_background(void **state)
{
    (void)state;
    for (int n = 8; n <= 16; n += 8)
        for (int tone = 0; tone < TONE_COUNT; tone++) {
            struct look a = look_of(THEME_LIGHT, GROUND_DARK, n, (enum tone)tone, 0);
            struct look b = look_of(THEME_DARK, GROUND_DARK, n, (enum tone)tone, 0);
            assert_int_equal(a.fg, b.fg);
            assert_int_equal(a.attrs, b.attrs);
        }
}

/* ---- apart ----------------------------------------------------------------------- */

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
        for (int g = 0; g <= GROUND_BETWEEN; g++)
            for (size_t c = 0; c < 4; c++)
                for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
                    struct look a = look_of((enum theme)t, (enum ground)g, colours[c],
                                            pairs[i][0], 0);
                    struct look b = look_of((enum theme)t, (enum ground)g, colours[c],
                                            pairs[i][1], 0);
                    if (same_look(a, b))
                        fail_msg("theme %s, ground %d, %d colours: tones %d and %d "
                                 "look alike",
                                 theme_name((enum theme)t), g, colours[c], pairs[i][0],
                                 pairs[i][1]);
                }
}

/* The colour that says it: a block's, else the letters'. */
static uint32_t telling(enum ground g, enum tone tone)
{
    struct look l = look_of(THEME_COLOUR_BLIND, g, 256, tone, 0);
    struct screen s = plain_screen("", g == GROUND_LIGHT ? 0xffffff : 0);
    return l.bg >= 0 ? colour_of_256(l.bg) : l.fg >= 0 ? colour_of_256(l.fg) : s.fg;
}

static void the_colour_blind_tell_good_from_bad(void **state)
{
    (void)state;
    for (int g = GROUND_DARK; g <= GROUND_LIGHT; g++)
        for (int kind = 0; kind < 3; kind++) {
            uint32_t good = colour_blind(telling((enum ground)g, TONE_GOOD), kind);
            uint32_t warn = colour_blind(telling((enum ground)g, TONE_WARN), kind);
            uint32_t bad = colour_blind(telling((enum ground)g, TONE_BAD), kind);
            double one = colour_distance(good, bad), two = colour_distance(good, warn);
            if (one < 25 || two < 25)
                fail_msg("ground %d, kind %d: good to bad %.0f, to warn %.0f", g, kind,
                         one, two);
        }
}

/* Every step of a heat map is further from the terminal's background. */
static void heat_rises(void **state)
{
    (void)state;
    for (int t = 0; t < THEME_MONO; t++)
        for (int g = GROUND_DARK; g <= GROUND_LIGHT; g++) {
            bool light = t == THEME_LIGHT || (t != THEME_DARK && g == GROUND_LIGHT);
            double before = 1;
            for (int heat = 1; heat <= 8; heat++) {
                struct look l =
                    look_of((enum theme)t, (enum ground)g, 256, TONE_SERIES1, heat);
                double c = colour_contrast(colour_of_256(l.bg), light ? 0xffffff : 0);
                assert_true(l.blank);
                if (c <= before * 1.08)
                    fail_msg("theme %s on ground %d: heat %d has %.2f after %.2f",
                             theme_name((enum theme)t), g, heat, c, before);
                before = c;
            }
        }
}

/* Where no background tells the heat, the glyph must be seen. */
static void heat_is_told_by_glyphs_else(void **state)
{
    (void)state;
    for (int t = 0; t < THEME_COUNT; t++)
        for (int n = 0; n <= 16; n += 8)
            assert_false(look_of((enum theme)t, GROUND_DARK, n, TONE_SERIES1, 8).blank);
    assert_false(look_of(THEME_DEFAULT, GROUND_UNKNOWN, 256, TONE_SERIES1, 8).blank);
}

/* ---- tables ---------------------------------------------------------------------- */

static void colours_are_within_the_palette(void **state)
{
    (void)state;
    for (int t = 0; t < THEME_COUNT; t++)
        for (int g = 0; g <= GROUND_BETWEEN; g++)
            for (size_t c = 0; c < 4; c++)
                for (int tone = 0; tone < TONE_COUNT; tone++)
                    for (int heat = 0; heat <= 8; heat++) {
                        struct look l = look_of((enum theme)t, (enum ground)g,
                                                colours[c], (enum tone)tone, heat);
                        int most = colours[c]; /* 0: only -1 is allowed */
                        assert_true(l.fg >= -1 && (l.fg == -1 || l.fg < most));
                        assert_true(l.bg >= -1 && (l.bg == -1 || l.bg < most));
                    }
}

static void the_background_is_the_terminals_own(void **state)
{
    (void)state;
    for (int t = 0; t < THEME_COUNT; t++)
        for (int g = GROUND_UNKNOWN; g < GROUND_BETWEEN; g++)
            for (size_t c = 0; c < 4; c++)
                if (colours[c] < 256 || (t != THEME_DARK && t != THEME_LIGHT))
                    assert_int_equal(look_of((enum theme)t, (enum ground)g, colours[c],
                                             TONE_NORMAL, 0)
                                         .bg,
                                     -1);
}

static void themes_have_names(void **state)
{
    (void)state;
    enum theme t;
    struct buf all;
    buf_init(&all, 200);
    for (int i = 0; i < THEME_COUNT; i++) {
        assert_true(theme_parse(theme_name((enum theme)i), &t));
        assert_int_equal(t, i);
        buf_addf(&all, "%s%s", i > 0 ? "|" : "", theme_name((enum theme)i));
    }
    assert_string_equal(all.s, THEME_WORDS);
    buf_release(&all);
    assert_false(theme_parse("solarised", &t));
    assert_null(theme_name(THEME_COUNT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_256_are_readable_on_black_and_white),
        cmocka_unit_test(all_256_are_readable_on_any_known_background),
        cmocka_unit_test(few_colours_are_readable_in_each_palette),
        cmocka_unit_test(few_colours_on_an_unknown_background_have_no_hue),
        cmocka_unit_test(few_colours_follow_the_known_background),
        cmocka_unit_test(bad_news_never_looks_like_good),
        cmocka_unit_test(the_colour_blind_tell_good_from_bad),
        cmocka_unit_test(heat_rises),
        cmocka_unit_test(heat_is_told_by_glyphs_else),
        cmocka_unit_test(colours_are_within_the_palette),
        cmocka_unit_test(the_background_is_the_terminals_own),
        cmocka_unit_test(themes_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
