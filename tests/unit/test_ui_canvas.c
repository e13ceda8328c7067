/*
 * The canvas: clipping, wide characters, marks, the dump, and that the ASCII tier
 * leaves nothing behind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "../../src/ui/ui_internal.h"

static void expect_dump(struct canvas *c, const char *want)
{
    struct buf b;
    buf_init(&b, 0);
    canvas_dump(c, &b);
    assert_string_equal(b.s, want);
    buf_release(&b);
    canvas_free(c);
}

static void text_is_clipped_on_all_sides(void **state)
{
    (void)state;
    struct canvas *c = canvas_new(2, 6);
    assert_int_equal(canvas_text(c, 0, 4, 10, TONE_NORMAL, "abcd"), 2);
    canvas_text(c, 1, 0, 3, TONE_NORMAL, "abcd");
    canvas_text(c, 2, 0, 3, TONE_NORMAL, "below");
    canvas_text(c, -1, 0, 3, TONE_NORMAL, "above");
    canvas_put(c, 0, 6, TONE_NORMAL, 'x');
    expect_dump(c, "    ab\nabc\n");
}

static void a_wide_character_is_never_cut_in_half(void **state)
{
    (void)state;
    struct canvas *c = canvas_new(3, 5);
    assert_int_equal(canvas_text(c, 0, 0, 5, TONE_NORMAL, "漢字漢"), 4);
    canvas_text(c, 1, 0, 5, TONE_NORMAL, "漢字");
    canvas_text(c, 1, 1, 1, TONE_NORMAL, "x");
    canvas_text(c, 2, 0, 5, TONE_NORMAL, "漢字");
    canvas_text(c, 2, 2, 1, TONE_NORMAL, "x");
    expect_dump(c, "漢字\n x字\n漢x\n");
}

static void marks_stay_with_their_letter(void **state)
{
    (void)state;
    struct canvas *c = canvas_new(1, 4);
    assert_int_equal(canvas_text(c, 0, 0, 4, TONE_NORMAL, "e\xcc\x81x"), 2);
    assert_int_equal(c->cells[0].mark[0], 0x301);
    expect_dump(c, "e\xcc\x81x\n");
}

static void bars_show_eighths(void **state)
{
    (void)state;
    struct canvas *c = canvas_new(4, 4);
    draw_bar(c, 0, 0, 4, 0, TONE_GOOD);
    draw_bar(c, 1, 0, 4, 0.5, TONE_GOOD);
    draw_bar(c, 2, 0, 4, 1.0 / 32, TONE_GOOD);
    draw_bar(c, 3, 0, 4, 7, TONE_GOOD);
    expect_dump(c, "░░░░\n██░░\n▏░░░\n████\n");
}

static void the_ascii_tier_is_ascii(void **state)
{
    (void)state;
    struct canvas *c = canvas_new(2, 16);
    canvas_text(c, 0, 0, 16, TONE_NORMAL, "├─▶ █▃▁ ░ ✗ é 漢…");
    draw_frame(c, (struct rect){1, 0, 1, 16}, NULL, NULL);
    canvas_to_ascii(c);
    for (int i = 0; i < 32; i++) {
        assert_in_range(c->cells[i].cp, ' ', '~');
        assert_int_equal(c->cells[i].width, 1);
    }
    assert_int_equal(c->cells[0].cp, '+');
    assert_int_equal(c->cells[2].cp, '>');
    assert_int_equal(c->cells[4].cp, '#');
    canvas_free(c);
}

static void toned_lines_wrap_and_keep_their_tones(void **state)
{
    (void)state;
    struct out o;
    struct span_of rows[8];
    out_init(&o);
    out_add(&o, TONE_NORMAL, "one two ");
    out_add(&o, TONE_BAD, "three four");
    out_end(&o);
    out_line(&o, TONE_GOOD, "five");
    assert_int_equal(out_rows(&o, 0, 10, rows, 8), 3);
    struct canvas *c = canvas_new(3, 10);
    for (int i = 0; i < 3; i++)
        draw_out_row(c, i, 0, 10, &o, rows[i]);
    assert_int_equal(c->cells[0].tone, TONE_NORMAL);
    assert_int_equal(c->cells[10].tone, TONE_BAD);
    assert_int_equal(c->cells[20].tone, TONE_GOOD);
    expect_dump(c, "one two\nthree four\nfive\n");
    out_release(&o);
}

static void a_plot_has_axes_marks_and_values(void **state)
{
    (void)state;
    struct curve_slot v[20];
    sim_time marks[] = {10 * SIM_MIN};
    for (int i = 0; i < 20; i++)
        v[i].low = v[i].mean = v[i].high = i < 10 ? 4 : 40;
    v[15].low = 8; /* and for a moment there were few */
    struct plot p = {.title = "orders",
                     .value = "last min 40/s",
                     .scale = {1, "/s"},
                     .top = 40,
                     .v = {v},
                     .nseries = 1,
                     .n = 20,
                     .from = 0,
                     .to = 20 * SIM_MIN,
                     .day_start = 20 * SIM_HOUR,
                     .marks = marks,
                     .nmarks = 1,
                     .cursor = -1};
    struct canvas *c = canvas_new(5, 29);
    plot_draw(c, (struct rect){0, 0, 5, 29}, &p);
    expect_dump(c, "orders          last min 40/s\n"
                   "    40 ┤         ┊█████░████\n"
                   "       │         ┊█████░████\n"
                   "     0 ┤▂▂▂▂▂▂▂▂▂▂█████▅████\n"
                   "                 ▲      20:20\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_clipped_on_all_sides),
        cmocka_unit_test(a_wide_character_is_never_cut_in_half),
        cmocka_unit_test(marks_stay_with_their_letter),
        cmocka_unit_test(bars_show_eighths),
        cmocka_unit_test(the_ascii_tier_is_ascii),
        cmocka_unit_test(toned_lines_wrap_and_keep_their_tones),
        cmocka_unit_test(a_plot_has_axes_marks_and_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
