/*
 * Texts: what a file may write for one, what it may not, and where the error is.
 */
#include "../lib/play.h"
#include "truecode/lesson.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define HEAD                                                                           \
    "return lesson { id = 'x', title = 'X', track = 'lab',\n"                          \
    "world = function(w) w:counter { 'c' } end,\n"

static enum err load(const char *rest, struct lesson **l, struct errmsg *why)
{
    struct buf b;
    buf_init(&b, 0);
    buf_addf(&b, HEAD "%s }", rest);
    enum err e = lesson_load(l, b.s, b.len, "x.lua", why);
    buf_release(&b);
    return e;
}

static struct lesson *loaded(const char *rest)
{
    struct lesson *l;
    struct errmsg why = {0};
    if (load(rest, &l, &why) != ERR_OK)
        fail_msg("%s", why.text);
    return l;
}

static void refused(const char *rest, const char *words)
{
    struct lesson *l;
    struct errmsg why = {0};
    assert_int_equal(load(rest, &l, &why), ERR_LESSON);
    if (!strstr(why.text, words))
        fail_msg("\"%s\" is not in: %s", words, why.text);
}

static void a_string_is_one_variant(void **state)
{
    (void)state;
    struct lesson *l = loaded("debrief = 'Well.'");
    const struct text *t = lesson_debrief(l);
    assert_int_equal(t->n, 1);
    assert_string_equal(t->variants[0].words, "Well.");
    assert_int_equal(t->variants[0].when, FN_NONE);
    assert_int_equal(t->nclaims, 0);
    lesson_unref(l);
}

static void variants_and_claims_are_kept(void **state)
{
    (void)state;
    struct lesson *l =
        loaded("debrief = { { when = function(s) return false end, 'a',\n"
               "  claims = function(s) return true end }, 'b',\n"
               "  claims = { function(s) return true end } }");
    const struct text *t = lesson_debrief(l);
    assert_int_equal(t->n, 2);
    assert_true(t->variants[0].when != FN_NONE);
    assert_int_equal(t->variants[0].nclaims, 1);
    assert_int_equal(t->variants[1].when, FN_NONE);
    assert_int_equal(t->nclaims, 1);
    lesson_unref(l);
}

/* Places that lead to the functions of a text are as deep as those of anything. */
static void functions_are_found_again(void **state)
{
    (void)state;
    struct lesson *l = loaded(
        "steps = { ask { 'q', say = '?', choices = { { 'a', right = true, reply = {\n"
        "  { when = function(s) return true end, 'yes',\n"
        "    claims = { function(s) return false end } }, 'no' } }, 'b' } } }");
    const struct variant *v = &lesson_step(l, 0)->choices[0].reply.variants[0];
    struct lesson_state *st = lesson_state_new(l);
    struct lesson_facts f = {0};
    struct errmsg why = {0};
    bool yes = false;
    assert_int_equal(lesson_test(st, v->when, &f, &yes, &why), ERR_OK);
    assert_true(yes);
    assert_int_equal(lesson_test(st, v->claims[0], &f, &yes, &why), ERR_OK);
    assert_false(yes);
    lesson_state_free(st);
    lesson_unref(l);
}

static void values_have_units(void **state)
{
    (void)state;
    struct lesson *l =
        loaded("debrief = 'It held {held} of {{{all-of-it}}.',\n"
               "values = { held = { 'count', function(s) return 1 end },\n"
               "['all-of-it'] = { 'share', function(s) return 1 end } }");
    assert_int_equal(lesson_lives(l), 2);
    assert_int_equal(lesson_live_named(l, "held", 4)->unit, LIVE_COUNT);
    assert_null(lesson_live_named(l, "hel", 3));
    lesson_unref(l);
}

#define VALUES ", values = { held = { 'count', function(s) return 1 end } }"

static void wrong_ones_are_refused_on_their_line(void **state)
{
    (void)state;
    refused("debrief = [[\nIt held\n{hold}.]]" VALUES,
            "x.lua:5: no such value 'hold'; did you mean 'held'?");
    refused("sums = { 'a', '{held}' }", "x.lua:3: {held}: the lesson has no values");
    refused("sums = { 'a',\n 'so {held' }" VALUES, "x.lua:4: a brace begins a value");
    refused("debrief = { 'a', 'b' }", "variant 1 has no `when`");
    refused("debrief = { { wen = 1, 'a' }, 'b' }",
            "no field 'wen'; did you mean 'when'?");
    refused("debrief = { 'a', claims = { 1 } }", "a claim must be a function(s)");
    refused("debrief = { { when = 1, 'a' } }", "when must be a function(s)");
    refused("debrief = {}", "1 to 16 variants");
    refused("values = { held = { 'litres', function(s) return 1 end } }",
            "unit: no such choice 'litres'");
    refused("values = { Held = { 'count', function(s) return 1 end } }",
            "small letters, digits");
    refused("incident = function(i) end, steps = { find { 'a', say = '{x}', "
            "answer = 'since', solution = 'b', hints = { 'c' } } }" VALUES,
            "no such value 'x'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_string_is_one_variant),
        cmocka_unit_test(variants_and_claims_are_kept),
        cmocka_unit_test(functions_are_found_again),
        cmocka_unit_test(values_have_units),
        cmocka_unit_test(wrong_ones_are_refused_on_their_line),
    };
    return cmocka_run_group_tests_name("lesson: texts", tests, NULL, NULL);
}
