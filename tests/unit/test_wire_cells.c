/*
 * Frames: the difference of two screens rebuilds the second; no cell that could harm a
 * terminal gets through.
 */
#include "truecode/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct cell apply_one(struct cell c)
{
    struct wire_run run = {0, 1, &c};
    struct wire_frame f = {1, 4, -1, -1, &run, 1};
    struct canvas *canvas = NULL;
    wire_frame_apply(&f, &canvas);
    struct cell got = canvas->cells[0];
    canvas_free(canvas);
    return got;
}

static void harmless_cells_pass(void **state)
{
    (void)state;
    const uint32_t fine[] = {' ',    'a',    '~',    0xE9,  0x2500,
                             0x2588, 0x25B6, 0x20AC, 0x28FF};
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) {
        struct cell c = {.cp = fine[i], .width = 1, .tone = TONE_BAD, .heat = 8};
        assert_int_equal(apply_one(c).cp, fine[i]);
    }
    struct cell accent = {.cp = 'e', .mark = {0x301}, .width = 1};
    assert_int_equal(apply_one(accent).mark[0], 0x301);
}

static void harmful_cells_do_not(void **state)
{
    (void)state;
    const uint32_t bad[] = {0,       '\r',     '\b',   0x1B,   0x7F,   0x9B,
                            0x61C,   0x200B,   0x202E, 0x2066, 0xFEFF, 0xD800,
                            0xE0041, 0x110000, 0x115F, 0x3164, 0xFFF9, UINT32_MAX};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct cell c = {.cp = bad[i], .width = 1};
        assert_int_equal(apply_one(c).cp, 0xFFFD);
    }
    assert_int_equal(apply_one((struct cell){.cp = 'a', .width = 2}).cp, 0xFFFD);
    assert_int_equal(apply_one((struct cell){.cp = 'a', .width = 3}).cp, 0xFFFD);
    assert_int_equal(apply_one((struct cell){.cp = 'a', .width = 0}).cp, 0xFFFD);
    assert_int_equal(
        apply_one((struct cell){.cp = 'a', .width = 1, .tone = TONE_COUNT}).cp, 0xFFFD);
    assert_int_equal(apply_one((struct cell){.cp = 'a', .width = 1, .heat = 9}).cp,
                     0xFFFD);
    assert_int_equal(
        apply_one((struct cell){.cp = 'a', .mark = {0x202E}, .width = 1}).cp, 0xFFFD);
    assert_int_equal(apply_one((struct cell){.cp = 'a', .mark = {'b'}, .width = 1}).cp,
                     0xFFFD);
    assert_int_equal(
        apply_one((struct cell){.cp = 'a', .mark = {0, 0x301}, .width = 1}).cp, 0xFFFD);
}

static void half_a_wide_character_is_mended(void **state)
{
    (void)state;
    struct cell wide = {.cp = 0x4E00, .width = 2};
    assert_int_equal(apply_one(wide).cp, 0xFFFD);
    struct cell row[4] = {wide, {.cp = ' ', .width = 0}, {.cp = 'x', .width = 1}, wide};
    struct wire_run run = {0, 4, row};
    struct wire_frame f = {1, 4, -1, -1, &run, 1};
    struct canvas *c = NULL;
    wire_frame_apply(&f, &c);
    assert_int_equal(c->cells[0].cp, 0x4E00);
    assert_int_equal(c->cells[1].width, 0);
    assert_int_equal(c->cells[2].cp, 'x');
    assert_int_equal(c->cells[3].cp,
                     0xFFFD); /* the second half would be off the screen */
    canvas_free(c);
}

static void another_size_is_another_canvas(void **state)
{
    (void)state;
    struct cell x = {.cp = 'x', .width = 1};
    struct wire_run run = {3, 1, &x};
    struct canvas *c = NULL;
    wire_frame_apply(&(struct wire_frame){2, 4, -1, -1, &run, 1}, &c);
    assert_int_equal(c->rows * c->cols, 8);
    wire_frame_apply(&(struct wire_frame){3, 3, 2, 2, &run, 1}, &c);
    assert_int_equal(c->rows * c->cols, 9);
    assert_int_equal(c->cells[3].cp, 'x');
    assert_int_equal(c->cursor_row, 2);
    wire_frame_apply(&(struct wire_frame){0}, &c); /* no frame: all stays */
    assert_int_equal(c->cells[3].cp, 'x');
    canvas_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(harmless_cells_pass),
        cmocka_unit_test(harmful_cells_do_not),
        cmocka_unit_test(half_a_wide_character_is_mended),
        cmocka_unit_test(another_size_is_another_canvas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
