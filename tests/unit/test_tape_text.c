/*
 * A tape's text: whatever is done to it, what is left of the good beginning is known to
 * the byte, and so is the line where it ends.
 */
#include "truecode/tape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LINES 12
#define HEAD  6

static void make(struct buf *b)
{
    static const char *const texts[] = {"", "restart api", "note one  two", "2"};
    struct tape_head h = {.engine = 1,
                          .lesson = "all-green",
                          .hash = "0011",
                          .seed = UINT64_MAX,
                          .mode = "guided"};
    struct tape_chain c;
    buf_init(b, 0);
    tape_put_head(b, &c, &h);
    for (int i = 0; i < LINES; i++)
        tape_put_line(b, &c,
                      &(struct tape_line){.at = i / 3 * SIM_SEC,
                                          .trace = (uint64_t)i / 5,
                                          .kind = i % 4 ? "cmd" : "read",
                                          .text = texts[i % 4]});
}

/* Where line `n` (from 1) begins. */
static size_t line_at(const struct buf *b, size_t n)
{
    const char *p = b->s;
    while (--n > 0)
        p = strchr(p, '\n') + 1;
    return (size_t)(p - b->s);
}

/* The tape is good up to line `bad` and no further; of a head nothing is good alone. */
static void ends_before(const struct buf *was, const struct buf *now, size_t bad)
{
    size_t line = 0, good = tape_good_prefix(now->s, now->len, &line);
    assert_int_equal(good, bad <= HEAD ? 0 : line_at(was, bad));
    if (bad > HEAD)
        assert_int_equal(line, bad);
    else
        assert_true(line > 0 && line <= HEAD);
}

static void test_as_written(void **state)
{
    (void)state;
    struct buf b;
    struct tape_reader r;
    struct tape_line l;
    struct errmsg why = {0};
    size_t bad = 7;
    make(&b);
    assert_int_equal(tape_good_prefix(b.s, b.len, &bad), b.len);
    assert_int_equal(bad, 0);
    assert_int_equal(tape_open(&r, b.s, b.len, &why), ERR_OK);
    assert_int_equal(r.head.engine, 1);
    assert_string_equal(r.head.lesson, "all-green");
    assert_string_equal(r.head.hash, "0011");
    assert_true(r.head.seed == UINT64_MAX);
    assert_string_equal(r.head.mode, "guided");
    for (int i = 0; i < LINES; i++) {
        assert_int_equal(tape_next(&r, &l, &why), ERR_OK);
        assert_true(l.at == i / 3 * SIM_SEC);
        assert_true(l.trace == (uint64_t)i / 5);
        assert_string_equal(l.kind, i % 4 ? "cmd" : "read");
        assert_true(i % 4 != 2 || strcmp(l.text, "note one  two") == 0);
    }
    assert_int_equal(tape_next(&r, &l, &why), ERR_NOT_FOUND);
    buf_release(&b);
}

/* Every bit of it, one at a time. */
static void test_a_bit_flipped(void **state)
{
    (void)state;
    struct buf b;
    make(&b);
    for (size_t i = 0; i < b.len; i++) {
        size_t line = 1;
        for (size_t k = 0; k < i; k++)
            line += b.s[k] == '\n';
        for (int bit = 0; bit < 8; bit++) {
            struct buf c;
            buf_init(&c, 0);
            buf_add(&c, b.s, b.len);
            c.s[i] = (char)(c.s[i] ^ (1 << bit));
            if (i + 1 < b.len) { /* without its end a last line is no line */
                size_t bad, good = tape_good_prefix(c.s, c.len, &bad);
                assert_true(bad > 0);
                assert_int_equal(good, line <= HEAD ? 0 : line_at(&b, line));
            }
            buf_release(&c);
        }
    }
    buf_release(&b);
}

static void put_lines(struct buf *to, const struct buf *b, size_t from, size_t n)
{
    size_t a = line_at(b, from), e = line_at(b, from + n);
    buf_add(to, b->s + a, e - a);
}

static void test_lines_dropped_doubled_swapped(void **state)
{
    (void)state;
    struct buf b, c;
    const size_t all = HEAD + LINES;
    make(&b);
    for (size_t i = 1; i < all; i++) {
        buf_init(&c, 0);
        put_lines(&c, &b, 1, i - 1);
        put_lines(&c, &b, i + 1, all - i);
        ends_before(&b, &c, i);
        buf_reset(&c);
        put_lines(&c, &b, 1, i);
        put_lines(&c, &b, i, all - i + 1);
        ends_before(&b, &c, i == HEAD ? HEAD + 1 : i < HEAD ? i : i + 1);
        buf_reset(&c);
        put_lines(&c, &b, 1, i - 1);
        put_lines(&c, &b, i + 1, 1);
        put_lines(&c, &b, i, 1);
        put_lines(&c, &b, i + 2, all - i - 1);
        ends_before(&b, &c, i);
        buf_release(&c);
    }
    buf_release(&b);
}

/* An end that is missing cannot be seen; half a line is no line. */
static void test_cut_anywhere(void **state)
{
    (void)state;
    struct buf b;
    make(&b);
    for (size_t n = line_at(&b, HEAD + 1); n <= b.len; n++) {
        size_t bad = 1, good = tape_good_prefix(b.s, n, &bad);
        assert_int_equal(bad, 0);
        assert_true(good <= n && (good == n) == (b.s[n - 1] == '\n'));
    }
    for (size_t n = 0; n < line_at(&b, HEAD + 1); n++) {
        size_t bad = 0;
        assert_int_equal(tape_good_prefix(b.s, n, &bad), 0);
        assert_true(bad > 0);
    }
    buf_release(&b);
}

/* What a line may not hold is not written: neither a second line nor one too long. */
static void test_odd_texts(void **state)
{
    (void)state;
    static char text[3 * TAPE_LINE_MAX];
    struct tape_head h = {.engine = 1, .lesson = "x", .hash = "0", .mode = "guided"};
    struct tape_chain c;
    struct buf b;
    size_t bad = 1;
    memset(text, 'a', sizeof text - 1);
    buf_init(&b, 0);
    tape_put_head(&b, &c, &h);
    tape_put_line(&b, &c, &(struct tape_line){.kind = "cmd", .text = "note a\r\nb"});
    tape_put_line(&b, &c, &(struct tape_line){.kind = "cmd", .text = text});
    tape_put_line(&b, &c, &(struct tape_line){.kind = "cmd", .text = "note c"});
    assert_non_null(strstr(b.s, "cmd note a  b\n"));
    assert_int_equal(tape_good_prefix(b.s, b.len, &bad), b.len);
    assert_int_equal(bad, 0);
    buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_written),
        cmocka_unit_test(test_a_bit_flipped),
        cmocka_unit_test(test_lines_dropped_doubled_swapped),
        cmocka_unit_test(test_cut_anywhere),
        cmocka_unit_test(test_odd_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
