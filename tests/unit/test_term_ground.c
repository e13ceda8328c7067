/*
 * The terminal's background: its answers as terminals write them, whole, in pieces,
 * mixed with what a person types, and answers that are none.
 */
#include "../../src/term/term_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void it_reads_what_terminals_answer(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum ground ground;
    } answers[] = {
        {"11;rgb:0000/0000/0000", GROUND_DARK},
        {"11;rgb:ffff/ffff/ffff", GROUND_LIGHT},
        {"11;rgb:1e1e/1e1e/1e1e", GROUND_DARK},
        {"11;rgb:0000/2b2b/3636", GROUND_DARK},  /* Solarized */
        {"11;rgb:fdfd/f6f6/e3e3", GROUND_LIGHT}, /* the same, light */
        {"11;rgb:2e2e/3434/4040", GROUND_DARK},  /* Nord */
        {"11;rgb:ff/ff/dd", GROUND_LIGHT},
        {"11;rgb:f/f/f", GROUND_LIGHT},
        {"11;rgba:0000/0000/0000/cccc", GROUND_DARK},
        {"11;rgb:8080/8080/8080", GROUND_BETWEEN},
    };
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        enum ground g = GROUND_UNKNOWN;
        assert_true(ground_answer(answers[i].text, &g));
        if (g != answers[i].ground)
            fail_msg("%s is %d", answers[i].text, g);
    }
}

static void it_refuses_what_is_no_answer(void **state)
{
    (void)state;
    static const char *const junk[] = {
        "",           "11;?",          "10;rgb:ffff/ffff/ffff",   "11;rgb:",
        "11;purple",  "11;rgb:ff/ff",  "11;rgb:ff/ff/",           "11;rgb:fffff/0/0",
        "11;rgb://0", "11;rgb:-1/0/0", "11;rgb:ff/ff/ff and more"};
    for (size_t i = 0; i < sizeof junk / sizeof *junk; i++) {
        enum ground g = GROUND_UNKNOWN;
        if (ground_answer(junk[i], &g) || g != GROUND_UNKNOWN)
            fail_msg("'%s' was taken", junk[i]);
    }
}

static void reads(const char *bytes, enum ground ground, bool done, const char *typed)
{
    for (size_t piece = 1; piece <= strlen(bytes); piece++) {
        struct ground_reader r;
        ground_reader_init(&r);
        for (size_t at = 0; at < strlen(bytes); at += piece) {
            size_t n = strlen(bytes) - at;
            ground_read(&r, bytes + at, n < piece ? n : piece);
        }
        assert_int_equal(r.ground, ground);
        assert_int_equal(r.done, done);
        ground_leave(&r);
        assert_string_equal(r.typed.len > 0 ? r.typed.s : "", typed);
        ground_reader_release(&r);
    }
}

static void it_takes_answers_out_and_leaves_the_rest(void **state)
{
    (void)state;
    reads("\033]11;rgb:ffff/ffff/ffff\033\\\033[?62;22c", GROUND_LIGHT, true, "");
    reads("\033]11;rgb:ffff/ffff/ffff\a\033[?1;2c", GROUND_LIGHT, true, "");
    reads("\033[?6c", GROUND_UNKNOWN, true, "");
    reads("st\033]11;rgb:00/00/00\aat\033[?6cus\r", GROUND_DARK, true, "status\r");
    reads("\033]11;purple\033\\x", GROUND_UNKNOWN, false, "x");
    /* The person's own keys: an arrow, Alt and a letter, "é". */
    reads("\033[A\033[?6c", GROUND_UNKNOWN, true, "\033[A");
    reads("\033b\303\251", GROUND_UNKNOWN, false, "\033b\303\251");
    /* The rest comes later: whoever reads on must know what it is the rest of. */
    reads("x\033]11;rgb:ff", GROUND_UNKNOWN, false, "x\033]11;rgb:ff");
    reads("\033]11;rgb:ff/ff/ff\033", GROUND_UNKNOWN, false,
          "\033]11;rgb:ff/ff/ff\033");
    reads("\033[?6", GROUND_UNKNOWN, false, "\033[?6");
    reads("\033", GROUND_UNKNOWN, false, "\033");
}

static void it_has_room_for_any_length(void **state)
{
    (void)state;
    struct ground_reader r;
    ground_reader_init(&r);
    for (int i = 0; i < 1000; i++)
        ground_read(&r, "abcdefgh", 8);
    assert_int_equal(r.typed.len, 8000);
    ground_read(&r, "\033]11;", 5);
    for (int i = 0; i < 1000; i++)
        ground_read(&r, "abcdefgh", 8);
    ground_read(&r, "\a\033[?6c", 6);
    assert_int_equal(r.ground, GROUND_UNKNOWN);
    assert_true(r.done);
    ground_reader_release(&r);
}

static void the_environment_tells_it(void **state)
{
    (void)state;
    assert_int_equal(ground_of_colorfgbg("15;0"), GROUND_DARK);
    assert_int_equal(ground_of_colorfgbg("0;15"), GROUND_LIGHT);
    assert_int_equal(ground_of_colorfgbg("0;default;15"), GROUND_LIGHT);
    assert_int_equal(ground_of_colorfgbg("7;8"), GROUND_DARK);
    assert_int_equal(ground_of_colorfgbg("0;7"), GROUND_LIGHT);
    assert_int_equal(ground_of_colorfgbg("12;default"), GROUND_UNKNOWN);
    assert_int_equal(ground_of_colorfgbg("0;16"), GROUND_UNKNOWN);
    assert_int_equal(ground_of_colorfgbg("0;7x"), GROUND_UNKNOWN);
    assert_int_equal(ground_of_colorfgbg(";"), GROUND_UNKNOWN);
    assert_int_equal(ground_of_colorfgbg(""), GROUND_UNKNOWN);
    assert_int_equal(ground_of_colorfgbg(NULL), GROUND_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_reads_what_terminals_answer),
        cmocka_unit_test(it_refuses_what_is_no_answer),
        cmocka_unit_test(it_takes_answers_out_and_leaves_the_rest),
        cmocka_unit_test(it_has_room_for_any_length),
        cmocka_unit_test(the_environment_tells_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
