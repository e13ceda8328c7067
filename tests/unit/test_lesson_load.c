/*
 * The format: what a file says arrives in the structs, and what it says wrong is
 * reported with file, line and what was probably meant.
 */
#include "truecode/lesson.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* A whole lesson; `%s` takes one more field, on line 4. */
#define WHOLE                                                                          \
    "local function yes(s) return true end\n"                                          \
    "return lesson {\n"                                                                \
    "  id = \"x\", title = \"X\", track = \"fail\", minutes = 5, level = 2,\n"         \
    "  %s\n"                                                                           \
    "  world = function(w) w:client { \"u\", to = \"a/get\", rate = 1 }\n"             \
    "    w:service { \"a\", endpoints = { get = { compute(ms(1)) } } } end,\n"         \
    "  incident = function(i) end,\n"                                                  \
    "  promises = { users = { \"quick\", within = sec(1), good = 0.99, window = "      \
    "min(30) } },\n"                                                                   \
    "  steps = { act { \"cure\", say = \"Do it.\", goal = function(s) return true "    \
    "end,\n"                                                                           \
    "            solution = \"wait 1m\" } },\n"                                        \
    "  fixes = { { \"wait\", { \"wait 5m\" } } },\n"                                   \
    "}\n"

static struct lesson *load(const char *text)
{
    struct lesson *l;
    struct errmsg why = {0};
    enum err e = lesson_load(&l, text, strlen(text), "x.lua", &why);
    if (e != ERR_OK)
        fail_msg("%s", why.text);
    return l;
}

static struct lesson *load_with(const char *field)
{
    char text[4096];
    snprintf(text, sizeof text, WHOLE, field);
    return load(text);
}

/* The field is refused at `line` with these words. */
static void refused(const char *field, int line, const char *words)
{
    char text[4096], where[40];
    struct lesson *l;
    struct errmsg why = {0};
    snprintf(text, sizeof text, WHOLE, field);
    snprintf(where, sizeof where, "x.lua:%d: ", line);
    assert_int_equal(lesson_load(&l, text, strlen(text), "x.lua", &why), ERR_LESSON);
    assert_null(l);
    if (strncmp(why.text, where, strlen(where)) || !strstr(why.text, words))
        fail_msg("%s\n  expected %s%s\n  got %s", field, where, words, why.text);
}

static void fields_arrive(void **state)
{
    (void)state;
    struct lesson *l = load_with(
        "place = [[\n    A shop.\n      Indented.\n\n    Two.]], day_start = "
        "\"19:40\", "
        "starts_at = min(30), tools = { \"status\", \"wait\" }, good_for = min(2), "
        "post = { title = \"T\", url = \"https://t\", basis = \"title\" },");
    const struct lesson_info *i = lesson_info(l);
    assert_string_equal(i->id, "x");
    assert_string_equal(i->place, "A shop.\n  Indented.\n\nTwo.");
    assert_int_equal(i->day_start, 19 * SIM_HOUR + 40 * SIM_MIN);
    assert_int_equal(i->starts_at, 30 * SIM_MIN);
    assert_int_equal(i->good_for, 2 * SIM_MIN);
    assert_int_equal(i->ends_at, 90 * SIM_MIN);
    assert_int_equal(i->ntools, 2);
    assert_string_equal(i->tools[1], "wait");
    assert_string_equal(i->post_url, "https://t");
    assert_false(i->quiet);
    assert_int_equal(lesson_expect_at(l), 30 * SIM_MIN);
    assert_int_equal(strlen(lesson_hash(l)), 64);
    lesson_unref(l);
}

static void steps_arrive(void **state)
{
    (void)state;
    struct lesson *l = load(
        "return lesson { id = 'x', title = 'X', track = 'lab', world = function() "
        "end,\n"
        "steps = {\n"
        " ask { 'q', say = 'Which?', choices = { 'a', { 'b', reply = 'no' } }, answer "
        "= 'a',\n"
        "   hints = { 'h1', 'h2' } },\n"
        " find { 'l', say = 'Find.', answer = 'suspect', solution = { 'ps' } },\n"
        " predict { 'p', say = '?', change = 'any', of = { { 'n', value = function() "
        "return 1 end,\n"
        "   after = min(1) } } },\n"
        " act { 'c', title = 'Cure', say = '!', goal = function() return true end,\n"
        "   solution = { 'x', 'y' }, done = 'Well.' },\n"
        " say_update { 't', say = 'Tell.', needs = { 'impact', 'next' } },\n"
        " choose { 'd', say = 'And now?', choices = { { 'a', right = true },\n"
        "   { 'b', right = true }, 'c' } } } }");
    assert_int_equal(lesson_steps(l), 6);
    const struct step *s = lesson_step(l, 0);
    assert_string_equal(s->kind->name, "ask");
    assert_true(s->choices[0].right);
    assert_string_equal(s->choices[1].reply.variants[0].words, "no");
    assert_int_equal(s->nhints, 2);
    assert_string_equal(s->title, "q");
    assert_true(step_wants_suspect(lesson_step(l, 1)));
    assert_int_equal(lesson_step(l, 1)->goal, FN_NONE);
    s = lesson_step(l, 2);
    assert_string_equal(s->kind->name, "predict");
    assert_int_equal(s->predict[0].after, SIM_MIN);
    assert_string_equal(s->predict[0].answer, "");
    assert_true(s->predict[0].value >= 0);
    s = lesson_step(l, 3);
    assert_string_equal(s->title, "Cure");
    assert_int_equal(s->nsolution, 2);
    assert_true(s->goal >= 0);
    assert_string_equal(lesson_step(l, 4)->needs[1], "next");
    assert_int_equal(lesson_step(l, 5)->nchoices, 3);
    lesson_unref(l);
}

static void the_rest_arrives(void **state)
{
    (void)state;
    struct lesson *l = load_with(
        "expect = { at = min(2), moves = { b = yes, a = yes }, normal = { c = yes } }, "
        "suspects = { { 'a', 'pool-leak', right = true } }, debrief = 'D', sums = { '1 "
        "+ 1 = 2' }, "
        "traps = { { 't', when = yes, say = 'No.' } }, "
        "wrong = { { 'r', { 'restart a' }, harm = 'returns', client = 'u' }, "
        "  { 'f', 'x', harm = 'fragile', breaks_by = 'h', breaks_at = min(40), used = "
        "yes } }, "
        "real = { { 'R', 'https://r' } }, glossary = { page = 'wakes you', ['a b'] = "
        "'c' },");
    assert_int_equal(lesson_moves(l), 2);
    assert_string_equal(lesson_move(l, 0)->name, "a"); /* in order of name */
    assert_int_equal(lesson_normals(l), 1);
    assert_int_equal(lesson_suspect(l, 0)->mechanism, MECHANISM_POOL_LEAK);
    assert_string_equal(lesson_debrief(l)->variants[0].words, "D");
    assert_string_equal(lesson_sum(l, 0)->variants[0].words, "1 + 1 = 2");
    assert_string_equal(lesson_trap(l, 0)->id, "t");
    assert_int_equal(lesson_wrongs(l), 2);
    assert_int_equal(lesson_wrong(l, 0)->harm, HARM_RETURNS);
    assert_int_equal(lesson_wrong(l, 0)->used, FN_NONE);
    assert_int_equal(lesson_wrong(l, 1)->harm, HARM_FRAGILE);
    assert_int_equal(lesson_wrong(l, 1)->until_at, 40 * SIM_MIN);
    assert_int_equal(lesson_fix(l, 0)->harm, HARM_NONE);
    assert_string_equal(lesson_fix(l, 0)->lines[0], "wait 5m");
    assert_string_equal(lesson_real(l, 0)->url, "https://r");
    size_t nterms;
    const struct glossary_term *terms = lesson_terms(l, &nterms);
    assert_int_equal(nterms, 2); /* in order of the words */
    assert_string_equal(terms[1].word, "page");
    assert_string_equal(terms[1].meaning, "wakes you");
    lesson_unref(l);
}

static void a_share_is_not_more_than_all(void **state)
{
    char text[4096];
    struct lesson *l;
    struct errmsg why = {0};
    (void)state;
    snprintf(text, sizeof text, WHOLE, "");
    *strstr(text, "0.99") = '1';
    assert_int_equal(lesson_load(&l, text, strlen(text), "x.lua", &why), ERR_LESSON);
    assert_non_null(strstr(why.text, "x.lua:8: "));
    assert_non_null(strstr(why.text, "from 0 to 1"));
}

static void wrong_fields_are_named(void **state)
{
    (void)state;
    refused("titel = 'x',", 4, "lesson has no field 'titel'; did you mean 'title'?");
    refused("summary = 5,", 4, "summary must be text, not a number");
    refused("starts_at = 5,", 4, "starts_at lacks its unit: write sec(5)");
    refused("day_start = '25:00',", 4, "time of day");
    refused("tools = { 'a', 5 },", 4, "tools must be text, not a number");
    refused("suspects = { { 'a', 'pool-leek' } },", 4, "did you mean 'pool-leak'?");
    refused("wrong = { { 't', { 'x' } } },", 4, "wrong fix lacks harm");
    refused("wrong = { { 't', { 'x' }, harm = 'worst' } },", 4,
            "did you mean 'worse'?");
    refused("wrong = { { 't', { 'x' }, harm = 'fragile' } },", 4,
            "breaks_by and breaks_at");
    refused("expect = { moves = { a = 1 } },", 4, "'a' must be a function(s)");
    refused("expect = { move = {} },", 4, "did you mean 'moves'?");
    refused("post = { title = 't', url = 'http://x', basis = 'title' },", 4,
            "https://");
    refused("alerts = { threshold { 'a', of = 'a', metric = 'm' } },", 4,
            "above or below");
    refused("alerts = { { 'a' } },", 4, "must be made with burn or threshold");
    refused("ends_at = min(1), good_for = min(2),", 4, "ends_at must be later");
    refused("real = { { 'a' } },", 4, "lacks url");
    refused("traps = { { 'a', when = yes } },", 4, "trap lacks say");
    refused("glossary = { a = 1 },", 4, "a must be text");
}

static void wrong_steps_are_named(void **state)
{
    struct lesson *l;
    struct errmsg why = {0};
    const char *cases[][2] = {
        {"ask { 'q', say = '?', choices = { 'a', 'b' } }", "has no right choice"},
        {"ask { 'q', say = '?', choices = { 'aa', 'b' }, answer = 'ab' }",
         "answer is not"},
        {"ask { 'q', say = '?', choices = { 'a' }, answer = 'a' }", "2 to 9"},
        {"find { 'q', say = '?', answer = function() end }", "needs of"},
        {"find { 'q', say = '?', of = 'time' }", "find lacks answer"},
        {"find { 'q', say = '?', of = 'tim', answer = function() end }",
         "did you mean 'time'?"},
        {"find { 'q', say = '?', answer = 'sinse' }", "did you mean 'since'?"},
        {"find { 'q', say = '?', of = 'time', answer = 'since' }", "needs no of"},
        {"find { 'q', of = 'number', answer = function(s) return 1 end, say = '?', "
         "solution = '1', within = min(1) }",
         "step 'q': within is a share of the truth, like 0.1"},
        {"find { 'q', of = 'time', answer = function(s) return min(1) end, say = '?', "
         "solution = '1', within = 0.1 }",
         "step 'q': within is a duration, like min(3)"},
        {"find { 'q', say = '?', answer = 'since', within = min(1) }",
         "the sheet says what is near enough"},
        {"act { 'q', say = '?', solution = 'x' }", "act lacks goal"},
        {"act { 'q', say = '?', goal = function() end }", "needs a solution"},
        {"find { 'q', say = '?', answer = 'since', hint = {} }",
         "did you mean 'hints'?"},
        {"say_update { 'q', say = '?', needs = { 'impct' } }",
         "did you mean 'impact'?"},
        {"predict { 'q', say = '?', of = { { 'n', after = min(1) } } }",
         "prediction lacks value"},
        {"predict { 'q', say = '?', of = {} }", "1 to 4"},
        {"ask { 'q', say = '?', choices = { 'a', 'b' }, answer = 'a',\n hints = { 1 } "
         "}",
         "hint must be text"},
        {"find { 'a', say = '?', answer = 'since' },\n"
         "find { 'a', say = '?', answer = 'since' }",
         "two steps are called 'a'"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[1000];
        int line = strchr(cases[i][0], '\n') ? 3 : 2;
        snprintf(
            text, sizeof text,
            "return lesson { id = 'x', title = 'X', track = 'lab', steps = {\n%s },\n"
            "world = function() end }",
            cases[i][0]);
        assert_int_equal(lesson_load(&l, text, strlen(text), "x.lua", &why),
                         ERR_LESSON);
        char where[20];
        snprintf(where, sizeof where, "x.lua:%d: ", line);
        if (!strstr(why.text, cases[i][1]) || strncmp(why.text, where, strlen(where)))
            fail_msg("%s\n  expected %s%s\n  got %s", cases[i][0], where, cases[i][1],
                     why.text);
    }
}

static void double_fields_are_named(void **state)
{
    (void)state;
    refused("place = 'a', tools = { 'a' },\n place = 'b',", 5,
            "'place' is written twice in one table (see line 4)");
    refused("glossary = { ['a b'] = 'x',\n ['a b'] = 'y' },", 5,
            "'a b' is written twice");
    refused("expect = { moves = { p = yes, -- p = yes\n p = yes } },", 5,
            "'p' is written");
    struct lesson *l = load_with(
        "expect = { moves = { p = yes }, normal = { p = yes, q = function(s)\n"
        "local a, b = 1, 2 a = 3; b = 4; a = 5 if a == b then a, b = b, a end\n"
        "for i = 1, 2 do local a = 1, 2 end repeat local a = { a = 1, b = a, ['c'] = 2 "
        "} until a\n"
        "return a == b end, r = yes } }, glossary = { p = 'x', q = 'y' },");
    lesson_unref(l);
}

static void missing_fields_are_named(void **state)
{
    (void)state;
    struct lesson *l;
    struct errmsg why = {0};
    const char *text = "\n\nreturn lesson { id = 'x', title = 'X', track = 'fail' }";
    assert_int_equal(lesson_load(&l, text, strlen(text), "x.lua", &why), ERR_LESSON);
    assert_string_equal(why.text,
                        "x.lua:3: lesson lacks world (function(w): builds the system)");
}

/* ---- states ---------------------------------------------------------------------- */

static double asked(struct lesson_state *st, fn_id fn)
{
    double x = -1;
    struct lesson_facts nothing = {0};
    struct errmsg why = {0};
    if (lesson_number(st, fn, &nothing, &x, &why) != ERR_OK)
        fail_msg("%s", why.text);
    return x;
}

/* Wherever a function may stand: in records, in lists of them, under names of the author's
 * own, in what a list's element holds; one function in two places. */
static const char everywhere[] =
    "local function five(s) return 5 end\n"
    "return lesson { id = 'x', title = 'X', track = 'lab', starts_at = min(1),\n"
    "world = function(w) w:counter { 'c' } end,\n"
    "expect = { moves = { ['1'] = function(s) return 1 end,\n"
    "  ['a b'] = function(s) return 2 end }, normal = { b = function(s) return 3 end } "
    "},\n"
    "steps = { find { 'one', say = 'Find.', of = 'number',\n"
    "  answer = function(s) return 4 end },\n"
    "  act { 'two', say = 'Act.', goal = five, solution = 'x' },\n"
    "  predict { 'three', say = 'What?', change = 'any', of = {\n"
    "    { 'a', value = five, after = min(1) },\n"
    "    { 'b', value = function(s) return 6 end, after = min(1) } } } },\n"
    "traps = { { 'x', when = function(s) return 7 end, say = 'x' } },\n"
    "fixes = { { 'a', { 'x' } }, { 'b', { 'x' }, used = function(s) return 8 end } },\n"
    "wrong = { { 'c', { 'x' }, harm = 'nothing', used = function(s) return 9 end } } }";

static void a_state_has_every_function(void **state)
{
    (void)state;
    struct lesson *l = load(everywhere);
    struct lesson_state *st = lesson_state_new(l);
    const fn_id fns[] = {lesson_move(l, 0)->fn,   lesson_move(l, 1)->fn,
                         lesson_normal(l, 0)->fn, lesson_step(l, 0)->finding->answer,
                         lesson_step(l, 1)->goal, lesson_step(l, 2)->predict[1].value,
                         lesson_trap(l, 0)->when, lesson_fix(l, 1)->used,
                         lesson_wrong(l, 0)->used};
    for (size_t i = 0; i < sizeof fns / sizeof *fns; i++)
        assert_true(asked(st, fns[i]) == (double)i + 1);
    assert_true(asked(st, lesson_step(l, 2)->predict[0].value) == 5);
    assert_int_equal(lesson_fix(l, 0)->used, FN_NONE);
    lesson_state_free(st);
    lesson_unref(l);
}

static const char keeps[] =
    "local n = 0\n"
    "return lesson { id = 'x', title = 'X', track = 'lab',\n"
    "world = function(w) n = n + 1 w:counter { 'c' .. n } end,\n"
    "expect = { moves = { count = function(s) n = n + 1 return n end } } }";

/* What a lesson keeps between calls stays in its state, and a state outlives whoever
 * loaded the lesson. */
static void states_know_nothing_of_each_other(void **state)
{
    (void)state;
    struct lesson *l = load(keeps);
    fn_id count = lesson_move(l, 0)->fn;
    struct lesson_state *a = lesson_state_new(l), *b = lesson_state_new(l);
    lesson_unref(l);
    assert_true(asked(a, count) == 1 && asked(a, count) == 2);
    assert_true(asked(b, count) == 1 && asked(a, count) == 3);
    lesson_state_reset(a);
    assert_true(asked(a, count) == 1 && asked(b, count) == 2);
    lesson_state_free(a);
    lesson_state_free(b);
}

/* A seed builds one world, however often and after whatever was built before. */
static void a_build_leaves_nothing_behind(void **state)
{
    (void)state;
    struct lesson *l = load(keeps);
    for (int i = 0; i < 3; i++) {
        struct lesson_world lw;
        struct errmsg why = {0};
        assert_int_equal(lesson_build(l, 1, &lw, &why), ERR_OK);
        assert_int_not_equal(model_find(lw.model, "c1"), COMP_NONE);
        lesson_world_release(&lw);
    }
    lesson_unref(l);
}

static void courses_are_read(void **state)
{
    (void)state;
    struct course_list c;
    struct errmsg why = {0};
    const char *good =
        "return course { { track = 'start', 'a' }, { track = 'fail', asks = 'Why?', "
        "'b', { 'c', why = 'Now.' } } }";
    assert_int_equal(course_load(&c, good, strlen(good), "course.lua", &why), ERR_OK);
    assert_int_equal(c.n, 3);
    assert_string_equal(c.entries[2].track, "fail");
    assert_string_equal(c.entries[2].id, "c");
    assert_string_equal(c.entries[2].asks, "Why?");
    assert_string_equal(c.entries[2].why, "Now.");
    assert_string_equal(c.entries[0].asks, "");
    assert_string_equal(c.entries[1].why, "");
    course_release(&c);
    const char *twice = "return course { { track = 'start', 'a',\n 'a' } }";
    assert_int_equal(course_load(&c, twice, strlen(twice), "course.lua", &why),
                     ERR_LESSON);
    assert_non_null(strstr(why.text, "listed twice"));
    const char *bare = "return course { 'a' }";
    assert_int_equal(course_load(&c, bare, strlen(bare), "course.lua", &why),
                     ERR_LESSON);
    assert_string_equal(
        why.text, "course.lua:1: group 1 must be { track = \"…\", \"lesson\", … }");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_arrive),
        cmocka_unit_test(steps_arrive),
        cmocka_unit_test(the_rest_arrives),
        cmocka_unit_test(a_share_is_not_more_than_all),
        cmocka_unit_test(wrong_fields_are_named),
        cmocka_unit_test(wrong_steps_are_named),
        cmocka_unit_test(missing_fields_are_named),
        cmocka_unit_test(double_fields_are_named),
        cmocka_unit_test(a_state_has_every_function),
        cmocka_unit_test(states_know_nothing_of_each_other),
        cmocka_unit_test(a_build_leaves_nothing_behind),
        cmocka_unit_test(courses_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
