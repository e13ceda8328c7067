/*
 * The kinds of steps, each by its descriptor alone: what it takes, and that what it says
 * solves it does.
 */
#include "truecode/lesson.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char whole[] =
    "return lesson { id = 'x', title = 'X', track = 'lab',\n"
    "world = function(w) w:counter { 'c' } end, steps = {\n"
    "ask { 'a', say = 'Which?', choices = { { 'one', reply = 'No.' }, 'two' },\n"
    "  answer = 'two' },\n"
    "find { 'b', say = 'Find it.', answer = 'suspect', solution = 'status' },\n"
    "predict { 'c', say = 'Where to?', change = 'any', of = {\n"
    "  { 'p', value = function(s) return 1 end, after = min(1), answer = 'down' },\n"
    "  { 'q', value = function(s) return 1 end, after = min(1) } } },\n"
    "act { 'd', say = 'Mend it.', goal = function(s) return true end, solution = 'x' "
    "},\n"
    "say_update { 'e', say = 'Tell them.', needs = { 'who', 'next' }, solution = 'say' "
    "},\n"
    "choose { 'f', say = 'What now?', choices = { { 'up', right = true }, 'down',\n"
    "  { 'away', right = true } } } } }";

static int load(void **state)
{
    struct lesson *l;
    struct errmsg why = {0};
    if (lesson_load(&l, whole, strlen(whole), "x.lua", &why) != ERR_OK)
        fail_msg("%s", why.text);
    *state = l;
    return 0;
}

static int unload(void **state)
{
    lesson_unref(*state);
    return 0;
}

static enum step_judgement judged(const struct step *st, int number, const char *words)
{
    struct step_verdict v = {0};
    st->kind->answer(st, &(struct step_answer){.number = number, .words = words}, &v);
    return v.is;
}

/* The number of a kind stands in the identity of every lesson, and so on every tape. */
static void kinds_keep_their_numbers(void **state)
{
    static const char *const names[] = {"ask", "find",       "predict",
                                        "act", "say_update", "choose"};
    (void)state;
    assert_true(step_kinds() >= sizeof names / sizeof *names);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_string_equal(step_kind_at(i)->name, names[i]);
}

static void every_kind_can_be_done(void **state)
{
    (void)state;
    for (size_t i = 0; i < step_kinds(); i++) {
        const struct step_kind *k = step_kind_at(i);
        assert_non_null(k->schema);
        assert_true(k->size >= sizeof(struct step));
        assert_true(k->answer || k->update || k->reached || k->finds);
    }
}

static void solutions_are_right(void **state)
{
    const struct lesson *l = *state;
    size_t tried = 0;
    for (size_t i = 0; i < lesson_steps(l); i++) {
        const struct step *st = lesson_step(l, i);
        struct buf line;
        if (!st->kind->answer || !st->kind->solve)
            continue;
        buf_init(&line, 0);
        for (size_t k = 0; step_solve(st, k, &line); k++) {
            assert_int_equal(judged(st, (int)strtol(line.s, NULL, 10), line.s),
                             STEP_RIGHT);
            buf_reset(&line);
            tried++;
        }
        buf_release(&line);
    }
    assert_int_equal(tried, 4); /* the answer, the directions, both right choices */
}

static void other_answers_are_not(void **state)
{
    const struct lesson *l = *state;
    const struct step *ask = lesson_step(l, 0), *predict = lesson_step(l, 2);
    struct step_verdict v = {0};
    assert_int_equal(judged(ask, 1, NULL), STEP_WRONG);
    assert_int_equal(judged(ask, 0, "two"), STEP_UNCLEAR);
    assert_int_equal(judged(ask, 3, NULL), STEP_UNCLEAR);
    ask->kind->answer(ask, &(struct step_answer){.number = 1}, &v);
    assert_string_equal(v.reply->variants[0].words, "No.");
    assert_int_equal(judged(predict, 0, "up"), STEP_UNCLEAR);
    assert_int_equal(judged(predict, 0, "up, left"), STEP_UNCLEAR);
    assert_int_equal(judged(predict, 0, "up down same"), STEP_UNCLEAR);
    assert_int_equal(judged(lesson_step(l, 4), 1, NULL), STEP_NOT_ASKED);
}

static void directions_are_read(void **state)
{
    const struct step *st = lesson_step(*state, 2);
    struct step_verdict v = {0};
    st->kind->answer(st, &(struct step_answer){.words = "Down; ="}, &v);
    assert_int_equal(v.is, STEP_RIGHT);
    assert_int_equal(v.nsaid, 2);
    assert_int_equal(v.said[0], DIRECTION_DOWN);
    assert_int_equal(v.said[1], DIRECTION_SAME);
    assert_int_equal(direction_of(100, 86), DIRECTION_SAME);
    assert_int_equal(direction_of(100, 80), DIRECTION_DOWN);
    assert_int_equal(direction_of(100, __builtin_nan("")), DIRECTION_SAME);
}

static void an_update_needs_its_fields(void **state)
{
    const struct step *st = lesson_step(*state, 4);
    struct update u = {.who = "all", .impact = "many"};
    struct step_verdict v = {0};
    st->kind->update(st, &u, &v);
    assert_int_equal(v.is, STEP_UNCLEAR);
    assert_string_equal(v.say, "People still ask for: next.");
    u.next = "20:30";
    v = (struct step_verdict){0};
    st->kind->update(st, &u, &v);
    assert_int_equal(v.is, STEP_RIGHT);
}

static bool yes(void *ctx, fn_id fn)
{
    (void)fn;
    ++*(int *)ctx;
    return true;
}

static void goals_are_reached(void **state)
{
    const struct step *look = lesson_step(*state, 1), *act = lesson_step(*state, 3);
    int asked = 0;
    struct step_eyes eyes = {.is_true = yes, .ctx = &asked};
    assert_false(look->kind->reached(look, &eyes));
    assert_true(act->kind->reached(act, &eyes));
    assert_int_equal(asked, 1);
    eyes.suspected = true;
    assert_true(look->kind->reached(look, &eyes));
    assert_int_equal(asked, 1); /* the step has no goal to be asked */
    assert_true(step_asks(look));
    assert_true(step_asks(lesson_step(*state, 4)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_keep_their_numbers),
        cmocka_unit_test(every_kind_can_be_done),
        cmocka_unit_test(solutions_are_right),
        cmocka_unit_test(other_answers_are_not),
        cmocka_unit_test(directions_are_read),
        cmocka_unit_test(an_update_needs_its_fields),
        cmocka_unit_test(goals_are_reached),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
