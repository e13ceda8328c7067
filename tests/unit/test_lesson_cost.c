/*
 * What Lua's parser would be slow at is refused before it sees it, what looks alike and is
 * harmless is not, and code comes out of the scan meaning what it meant.
 *
 * Each refused text is one that the parser, or the reading of the lesson, took seconds
 * for; it is made here because it is long.
 */
#include "../../src/lesson/lesson_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LESSON                                                                         \
    "\nreturn lesson { id = 'x', title = 'x', track = 'lab', world = function() end }"

/* `piece` n times; its %d is the number. */
static void repeat(struct buf *b, const char *piece, int n)
{
    const char *number = strstr(piece, "%d");
    for (int i = 1; i <= n; i++) {
        buf_add(b, piece, number ? (size_t)(number - piece) : strlen(piece));
        if (number)
            buf_addf(b, "%d%s", i, number + 2);
    }
}

static enum err load(const struct buf *b, struct errmsg *why)
{
    struct lesson *l;
    enum err e = lesson_load(&l, b->s, b->len, "a.lua", why);
    if (e == ERR_OK) {
        assert_int_equal(l->scan.open, 0);
        lesson_unref(l);
    }
    return e;
}

/* words NULL: it loads. */
static void made(const char *head, const char *piece, int n, const char *tail,
                 const char *words)
{
    struct buf b;
    struct errmsg why = {0};
    buf_init(&b, LESSON_MAX_BYTES);
    buf_adds(&b, head);
    repeat(&b, piece, n);
    buf_adds(&b, tail);
    buf_adds(&b, LESSON);
    assert_false(b.full);
    enum err e = load(&b, &why);
    if (e != (words ? ERR_LESSON : ERR_OK) || !strstr(why.text, words ? words : ""))
        fail_msg("%s%s...: wanted %s, got %s", head, piece, words ? words : "a lesson",
                 why.text);
    buf_release(&b);
}

static void chains_are_bounded(void **state)
{
    (void)state;
    const char *joints = "a.lua:1: more than 250 of `and` and `or`";
    made("local a = nil local b = a", " and a", 43000, "", joints);
    made("local a = nil local b = a", " or a", 43000, "", joints);
    made("local a = nil local b = (a", " or a) and (a", 15000, ")", joints);
    made("local a = nil local b = a", " and f(1, 2)", 15000, "", joints);
    made("local a = nil local b = a", " and {1, 2}", 15000, "", joints);
    made("local a = nil local b = a", " and (function() return 1 end)", 7000, "",
         joints);
    made("local a = nil if a then", " elseif a then", 18000, " end",
         "more than 250 elseif in one if");
    made("local a = nil local b = a", " and a", 250, "", NULL);
    made("local a = nil local b = { ", "a and a or a, ", 5000, "}", NULL);
    made("local a = nil local f = tostring ", "f(a or a) ", 5000, "", NULL);
    made("local a = nil ", "a = a or a ", 5000, "", NULL);
    made("local a = nil ", "if a then elseif a then end ", 2000, "", NULL);
    made("local a = 1 local b = a", " + a", 43000, "", NULL);
}

static void jumps_are_bounded(void **state)
{
    (void)state;
    const char *jumps = "a.lua:1: more than 1000 of goto, break and labels";
    made("do ", "do goto z end ", 9000, "::z:: end", jumps);
    made("do ", "::a%d:: do end ", 9000, "end", jumps);
    made("while false do ", "if nil then break end ", 9000, "end", jumps);
    made("while false do ", "if nil then break end ", 1000, "end", NULL);
}

static void names_are_bounded(void **state)
{
    (void)state;
    const char *words = "a.lua:1: too many local names in sight";
    struct buf nest, tail;
    buf_init(&nest, 0);
    buf_init(&tail, 0);
    for (int d = 0; d < 50; d++) {
        buf_adds(&nest, "local a");
        repeat(&nest, ", a%d", 150);
        buf_adds(&nest, " local f = function() ");
        buf_adds(&tail, " end");
    }
    buf_adds(&nest, "local t = {");
    buf_adds(&tail, " return nil");
    made(nest.s, "A, ", 30000, "}", words);
    buf_reset(&nest);
    buf_adds(&nest, "local a");
    repeat(&nest, ", a%d", 190);
    buf_adds(&nest, " local t = {");
    made(nest.s, "a1, ", 40000, "}", NULL);
    buf_release(&nest);
    buf_release(&tail);
}

static void numbers_are_bounded(void **state)
{
    (void)state;
    const char *words = "a.lua:1: more than 4000 numbers";
    made("local t = {", "%d00000, ", 20000, "}", words);
    made("local t = {", "1.0000000000%d, ", 12000, "}", words);
    made("local t = {", "%d, ", 3999, "}", NULL);
}

/* Lines are found by an index: 20,000 marks are no reason to be slow for each field. */
static void marks_are_indexed(void **state)
{
    (void)state;
    made("local t = {", "'a%d', ", 25000, "}", NULL);
    struct scan s = {0};
    struct errmsg why = {0};
    const char text[] = "x = 1\ny = 'x'\nxx = 2\nlocal z = { x = 3,\n ['x'] = 4 }";
    assert_int_equal(scan_text(&s, text, strlen(text), "a.lua", &why), ERR_OK);
    assert_int_equal(scan_line(&s, "x", 1), 1);
    assert_int_equal(scan_line(&s, "x", 2), 2);
    assert_int_equal(scan_line(&s, "x", 3), 4);
    assert_int_equal(scan_line(&s, "x", 5), 5);
    assert_int_equal(scan_line(&s, "x", 6), 6);
    assert_int_equal(scan_line(&s, "xx", 1), 3);
    assert_int_equal(scan_line(&s, "w", 7), 7);
    assert_int_equal(s.twice.line, 5);
    scan_release(&s);
}

/* The bounds of a for are wrapped; what they mean stays. */
static void loops_count_as_before(void **state)
{
    (void)state;
    static const char *const whole[] = {
        "local n = 0 for i = 1, 3 do n = n + i end assert(n == 6)",
        "local n, a = 0, 2 for i = a, a + 1 do n = n + i end assert(n == 5)",
        "local n, a = 0, 2 for i = a or 1, a and 3 do n = n + i end assert(n == 5)",
        "local n = 0 for i = 3, 1, -1 do n = n * 10 + i end assert(n == 321)",
        "local n, s = 0, -1 for i = 3, 1, s do n = n * 10 + i end assert(n == 321)",
        "local n = '' for i = 1.5, 2.5, 0.5 do n = n .. i end assert(n == '1.52.02.5')",
        "local z, n = -0.0, '' for i = z, 0 do n = n .. i end assert(n == '-0.0')",
        "local b, n = math.maxinteger, 0 for i = b, b do n = i end assert(n == b)",
        "local b, n = math.huge, 0 for i = 1, b do n = i break end assert(n == 1)",
        "local b, n = 0/0, 7 for i = 1.0, b do n = i end assert(n == 1)",
        "local t, n = { 4, 5 }, 0 for i = 1, #t do n = n + t[i] end assert(n == 9)",
        "local f, n = function() return 2, 3 end, 0 for i = 1, f() do n = n + i end "
        "assert(n == 3)",
        "local n = 0 for i = 1, (function() for k = 1, 2 do n = n + k end return 2 "
        "end)() "
        "do n = n + 10 end assert(n == 23)",
        "local n = 0\nfor i = -- from\n1, --[[ to ]] ({ 3 })[1]\n, 1 do n = n + i end "
        "assert(n == 6)",
        "local n, x = 0, 2 for i = 1, (x)do n = n + i end assert(n == 3)",
        "local n = 0 for i = 1, 2 do for k = i, 2 do n = n + k end end assert(n == 5)",
        "local n = 0 for _, v in ipairs({ 1, 2 }) do n = n + v end assert(n == 3)",
        "local n = 0 for i = 0x10, 1e1 + 0x7 do n = n + 1 end assert(n == 2)",
        "local i = 0 repeat local k = i i = i + 1 until k == 3 or i > 9 assert(i == 4)",
        "local t = { f = function(a, ...) return ... end } assert(t.f(1, 2) == 2)",
        "local f = tostring local s = f 'x' .. f [[y]] assert(s == 'xy')",
    };
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
        made(whole[i], "", 0, "", NULL);
}

static void errors_in_loops_are_told(void **state)
{
    (void)state;
    made("\nlocal s = '3' for i = 1, s do end", "", 0, "",
         "a.lua:2: attempt to perform arithmetic on a string value (local 's'); the "
         "bounds of a for must be numbers");
    made("for i = 1, do end", "", 0, "", "a.lua:1: unexpected symbol near 'do'");
    made("for i = 1 do end", "", 0, "", "a.lua:1: ',' expected near 'do'");
    made("for i = 1, 2, 3, 4 do end", "", 0, "", "a.lua:1: 'do' expected near ','");
    made("local s = '3' local n = s + 1", "", 0, "",
         "arithmetic on a string value (local 's')");
}

static const char memory[] = "return lesson { id = 'x', title = 'x', track = 'lab',\n"
                             "world = function(w) w:counter { 'c' } end,\n"
                             "expect = { moves = {\n"
                             "a = function(s) local t = {} for i = 1, 300 do t['k' .. "
                             "i] = i end return true end,\n"
                             "b = function(s) local n = 0 for i = 1, 2000 do n = n + i "
                             "end return true end } } }";

static uint64_t effort_of(struct lesson_state *st, const struct lesson *l, size_t i)
{
    struct errmsg why = {0};
    struct lesson_facts f = {0};
    bool yes = false;
    assert_int_equal(lesson_test(st, lesson_move(l, i)->fn, &f, &yes, &why), ERR_OK);
    return lesson_effort(st);
}

/* What one function leaves behind does not make the next one dearer: after a rewind it
 * would not be there. */
static void what_is_left_behind_costs_nothing(void **state)
{
    (void)state;
    struct lesson *l;
    struct errmsg why = {0};
    assert_int_equal(lesson_load(&l, memory, strlen(memory), "a.lua", &why), ERR_OK);
    struct lesson_state *st = lesson_state_new(l);
    (void)effort_of(st, l, 1); /* opens it, too */
    uint64_t fresh = effort_of(st, l, 1), large = effort_of(st, l, 0);
    assert_true(fresh >= 2000 && large > 0);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(effort_of(st, l, 1), fresh);
        assert_int_equal(effort_of(st, l, 0), large);
    }
    lesson_state_free(st);
    lesson_unref(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chains_are_bounded),
        cmocka_unit_test(jumps_are_bounded),
        cmocka_unit_test(names_are_bounded),
        cmocka_unit_test(numbers_are_bounded),
        cmocka_unit_test(marks_are_indexed),
        cmocka_unit_test(loops_count_as_before),
        cmocka_unit_test(errors_in_loops_are_told),
        cmocka_unit_test(what_is_left_behind_costs_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
