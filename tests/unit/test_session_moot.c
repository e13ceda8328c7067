/*
 * A guide that keeps up with the world: what is said is so, steps about a trouble that is
 * over are passed over, and a forecast is judged by the change that it names.
 */
#include "../../src/session/session_internal.h"
#include "../lib/play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct session *edited(const char *from, const char *to)
{
    char *text = play_edit(play_small, from, to);
    struct session *s = play_lesson(text, NULL);
    mem_free(text);
    play_type(s, "");
    return s;
}

static const char *open_step(const struct session *s)
{
    return step_current(s) ? step_current(s)->id : "";
}

static void mend(struct session *s)
{
    play_type(s, "rollback api");
    play_type(s, "wait 6m");
    for (int i = 0; i < 5 && s->phase == PHASE_PLAY; i++) /* a ticket ends the wait */
        play_for(s, 2 * SIM_MIN);
}

/* ---- words ----------------------------------------------------------------------- */

#define LIVE                                                                           \
    "values = { version = { 'number', function(s) return s:version('api') == 'v2' "    \
    "and 2 or 1 end },\n"                                                              \
    "  paged = { 'clock', function(s) return min(5) end } },\n  steps = {\n"           \
    "    act { 'zero', say = { { when = function(s) return s:version('api') == 'v2' "  \
    "end, 'Version {version} fails {{badly}.' }, 'Version {version} since {paged}.' "  \
    "},\n  goal = function(s) return s:good_for(min(9)) end, solution = 'x', hints = " \
    "{ 'It is {version}.' }, moot = false },\n"

static void words_follow_the_world(void **state)
{
    (void)state;
    struct session *s = edited("steps = {\n", LIVE);
    assert_string_equal(session_view(s)->say, "Version 2 fails {badly}.");
    play_type(s, "rollback api");
    play_type(s, "wait 2m");
    play_for(s, 2 * SIM_MIN);
    assert_string_equal(session_view(s)->say, "Version 1 since 10:05.");
    play_type(s, "hint");
    assert_true(play_said(s, "It is 1."));
    session_free(s);
}

static bool ticket_says(const struct session_view *v, const char *text)
{
    for (size_t i = 0; i < v->ntickets; i++)
        if (!strcmp(v->tickets[i].text, text))
            return true;
    return false;
}

static void a_ticket_keeps_what_was_so(void **state)
{
    (void)state;
    char *with = play_edit(play_small, "'Still broken.'", "'Version {version}.'");
    char *text = play_edit(with, "steps = {\n",
                           "values = { version = { 'number', function(s) return "
                           "s:version('api') == 'v2' and 2 or 1 end } }, steps = {\n");
    struct session *s = play_lesson(text, NULL);
    play_type(s, "");
    play_type(s, "2");
    play_for(s, 8 * SIM_MIN + SIM_SEC);
    play_type(s, "rollback api");
    play_for(s, 9 * SIM_MIN);
    assert_true(ticket_says(session_view(s), "Version 2."));
    assert_false(ticket_says(session_view(s), "Version 1."));
    session_free(s);
    mem_free(text);
    mem_free(with);
}

/* ---- moot ------------------------------------------------------------------------ */

static int times_said(const struct session *s, const char *words)
{
    char *all = mem_strdup(s->transcript.text.s);
    int n = 0;
    for (char *c = all; *c; c++)
        *c = *c == '\n' ? ' ' : *c;
    for (const char *c = all; (c = strstr(c, words)); c += strlen(words))
        n++;
    mem_free(all);
    return n;
}

static void who_mends_first_is_not_asked_about_it(void **state)
{
    (void)state;
    struct session *s = edited("Guess", "Guess");
    mend(s);
    assert_int_equal(
        times_said(s, "Users are well again, so there is nothing left to see"),
        1); /* for three steps in one moment */
    assert_int_equal(s->status[0], STEP_MOOT);
    assert_int_equal(s->status[1], STEP_MOOT);
    assert_int_equal(s->status[2], STEP_MOOT);
    assert_int_equal(s->status[3], STEP_DONE);
    play_same_again(s, play_small);
    session_free(s);
}

static void what_it_was_is_still_asked(void **state)
{
    (void)state;
    struct session *s = edited(
        "watch = true, of = 'component',\n      answer = function(s) return 'api' end",
        "answer = 'suspect'");
    mend(s);
    assert_string_equal(open_step(s), "changes");
    assert_non_null(strstr(session_view(s)->say, "What was it?"));
    play_type(s, "suspect api bad-deploy because changes");
    assert_int_equal(s->status[1], STEP_DONE);
    session_free(s);
}

static void a_step_may_stay(void **state)
{
    (void)state;
    struct session *s = edited("ask { 'first',", "ask { 'first', moot = false,");
    mend(s);
    assert_string_equal(open_step(s), "first");
    session_free(s);
}

static void a_step_has_words_of_its_own(void **state)
{
    (void)state;
    struct session *s = edited("ask { 'first',", "ask { 'first', moot = 'Too late.',");
    mend(s);
    assert_true(play_said(s, "Too late."));
    assert_int_equal(s->status[0], STEP_MOOT);
    session_free(s);
}

/* Nobody mended anything: the questions stand. */
static void trouble_is_not_moot(void **state)
{
    (void)state;
    struct session *s = edited("Guess", "Guess");
    play_type(s, "restart api --rolling");
    play_type(s, "wait 5m");
    play_for(s, 12 * SIM_MIN);
    assert_string_equal(open_step(s), "first");
    session_free(s);
}

/* ---- forecasts ------------------------------------------------------------------- */

static struct session *predicted(const char *from, const char *to)
{
    struct session *s = edited(from, to);
    play_type(s, "2");
    play_type(s, "api");
    play_type(s, "up");
    assert_int_equal(s->nforecasts, 1);
    return s;
}

static void a_forecast_is_judged_by_its_change(void **state)
{
    (void)state;
    struct session *s = predicted("Guess", "Guess");
    play_type(s, "rollback api");
    play_type(s, "wait 3m");
    play_for(s, 15 * SIM_MIN);
    assert_true(play_said(s, "You predicted up"));
    session_free(s);
}

static void another_change_is_no_test(void **state)
{
    (void)state;
    struct session *s = predicted("Guess", "Guess");
    play_type(s, "scale api 4");
    assert_true(play_said(s, "That is another change"));
    play_type(s, "rollback api");
    play_type(s, "wait 5m");
    play_for(s, 15 * SIM_MIN);
    assert_false(play_said(s, "You predicted"));
    session_free(s);
}

/* Who changes more parts from the predicted night: that one is lived without the change. */
static void one_more_shows_the_night_without_it(void **state)
{
    (void)state;
    struct session *s = predicted("Guess", "Guess");
    play_type(s, "rollback api");
    sim_time now = run_now(&s->run);
    play_type(s, "scale api 4");
    assert_true(play_said(s, "the night in which you left it there"));
    assert_false(play_said(s, "That is another change"));
    assert_true(run_now(&s->run) - now < SIM_MIN);
    assert_true(s->forecasts[0].told && s->forecasts[0].left);
    play_for(s, 15 * SIM_MIN);
    assert_false(play_said(s, "You predicted up for"));
    session_free(s);
}

static void a_change_may_be_two_lines(void **state)
{
    (void)state;
    struct session *s =
        predicted("change = 'rollback api'",
                  "change = { 'scale api 3', 'rollback api or deploy api v1' }");
    play_type(s, "deploy api v1");
    assert_true(s->forecasts[0].armed);
    assert_true(s->forecasts[0].due == SIM_FOREVER);
    play_type(s, "scale api 3");
    assert_true(s->forecasts[0].due == run_now(&s->run) + 3 * SIM_MIN);
    session_free(s);
}

static void any_change_counts_from_the_last_of_a_minute(void **state)
{
    (void)state;
    struct session *s = predicted("change = 'rollback api'", "change = 'any'");
    play_type(s, "scale api 3");
    sim_time due = s->forecasts[0].due;
    play_type(s, "wait 1m");
    play_for(s, SIM_MIN);
    play_type(s, "rollback api");
    assert_true(s->forecasts[0].due > due);
    assert_false(s->forecasts[0].confounded);
    play_type(s, "wait 2m");
    play_for(s, 2 * SIM_MIN);
    play_type(s, "restart api");
    assert_true(play_said(s, "the night in which you left it there"));
    assert_true(s->forecasts[0].told && s->forecasts[0].left);
    session_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_follow_the_world),
        cmocka_unit_test(a_ticket_keeps_what_was_so),
        cmocka_unit_test(who_mends_first_is_not_asked_about_it),
        cmocka_unit_test(what_it_was_is_still_asked),
        cmocka_unit_test(a_step_may_stay),
        cmocka_unit_test(a_step_has_words_of_its_own),
        cmocka_unit_test(trouble_is_not_moot),
        cmocka_unit_test(a_forecast_is_judged_by_its_change),
        cmocka_unit_test(another_change_is_no_test),
        cmocka_unit_test(one_more_shows_the_night_without_it),
        cmocka_unit_test(a_change_may_be_two_lines),
        cmocka_unit_test(any_change_counts_from_the_last_of_a_minute),
    };
    return cmocka_run_group_tests_name("session: moot", tests, NULL, NULL);
}
