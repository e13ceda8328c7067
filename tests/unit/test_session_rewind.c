/*
 * Going back in time: to any moment, as it was at that moment, as often as one likes;
 * the first branch is what counts; and the tape of it all is still the run.
 */
#include "../../src/session/session_internal.h"
#include "../lib/play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct session *begun(const char *text)
{
    struct session *s = play_lesson(text, NULL);
    play_type(s, "");
    play_type(s, "2");
    return s;
}

static void rewind_to(struct session *s, sim_time t)
{
    char line[40];
    int at = (int)(t / SIM_SEC);
    snprintf(line, sizeof line, "rewind 10:%02d:%02d", at / 60 % 60, at % 60);
    play_type(s, line);
    assert_true(session_view(s)->now == t);
    assert_true(session_view(s)->practice);
}

/* A busy run, with several actions at one moment; then back to each moment of it, from
 * the last to the first. */
static void test_any_moment(void **state)
{
    (void)state;
    enum { N = 400 };
    static uint64_t digest[N];
    static sim_time at[N];
    struct session *s = begun(play_small);
    play_type(s, "api");
    play_type(s, "up");
    for (int i = 0; i < N; i++) {
        if (i == 30 || i == 120 || i == 121) {
            play_type(s, "set api.queue 300");
            play_type(s, "set api.queue 200");
            play_type(s, "scale api 3");
            play_type(s, "scale api 2");
        }
        digest[i] = session_digest(s);
        at[i] = session_view(s)->now;
        session_interrupt(s);
        play_for(s, SIM_SEC);
    }
    for (int i = N - 1; i >= 0; i -= 7) {
        rewind_to(s, at[i]);
        assert_true(session_digest(s) == digest[i]);
    }
    play_same_again(s, play_small);
    session_free(s);
}

/* Alone: to before the first change, which is undone, also where the clock stood. */
static void test_alone_it_undoes_all(void **state)
{
    (void)state;
    struct session *s = play_lesson(play_small, NULL);
    struct errmsg why = {0};
    play_type(s, "");
    play_type(s, "2");
    assert_int_equal(session_line(s, "rewind", true, &why), ERR_INPUT);
    uint64_t before = session_digest(s);
    play_type(s, "restart api");
    play_for(s, 3 * SIM_MIN);
    play_type(s, "scale api 3");
    assert_int_equal(session_line(s, "rewind", false, &why), ERR_STOPPED); /* asks */
    assert_false(session_view(s)->practice);
    play_type(s, "rewind");
    assert_true(session_view(s)->practice);
    assert_true(session_digest(s) == before);
    session_free(s);
}

static const struct block *chart_of(const struct report *r)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->blocks[i].kind == BLOCK_CHART)
            return &r->blocks[i];
    return NULL;
}

/* Both tries stand beside each other: the first lost users, the other did not. */
static void test_the_debrief_draws_practice(void **state)
{
    (void)state;
    struct session *s = play_lesson(play_small, NULL);
    struct errmsg why = {0};
    struct report r;
    play_type(s, "");
    play_type(s, "2");
    play_type(s, "restart api");
    play_for(s, 6 * SIM_MIN);
    play_type(s, "rewind");
    play_type(s, "rollback api");
    play_for(s, 6 * SIM_MIN);
    play_type(s, "resolve cured");
    assert_int_equal(session_report(s, &r, NULL, NULL, &why), ERR_OK);
    const struct block *b = chart_of(&r);
    assert_non_null(b);
    assert_int_equal(b->nseries, 4);
    assert_string_equal(b->series[3].name, "practice");
    assert_true(b->series[0].v[b->n - 1] > 0.1);
    assert_true(b->series[3].v[b->n - 1] < 0.01);
    report_release(&r);
    session_free(s);
}

/* Another way from the same moment, and back again. */
static void test_branches(void **state)
{
    (void)state;
    struct session *s = begun(play_small);
    sim_time page = session_view(s)->now;
    play_for(s, 50 * SIM_SEC);
    uint64_t there = session_digest(s);
    play_for(s, 50 * SIM_SEC);
    rewind_to(s, page + 50 * SIM_SEC);
    play_type(s, "scale api 4");
    play_for(s, 200 * SIM_SEC);
    rewind_to(s, page + 50 * SIM_SEC + 1 * SIM_SEC);
    play_for(s, 10 * SIM_SEC);
    rewind_to(s, page + 50 * SIM_SEC - 1 * SIM_SEC);
    play_for(s, SIM_SEC);
    assert_true(session_digest(s) == there);
    play_same_again(s, play_small);
    session_free(s);
}

/* The step that was open then is open again, and those after it. */
static void test_steps_go_back(void **state)
{
    (void)state;
    struct session *s = begun(play_small);
    sim_time page = session_view(s)->now;
    play_for(s, 30 * SIM_SEC);
    play_type(s, "api"); /* step 2 done at second 30, no mark between */
    play_type(s, "up");
    play_for(s, 30 * SIM_SEC);
    assert_int_equal(session_view(s)->step, 3);
    rewind_to(s, page + 45 * SIM_SEC);
    assert_int_equal(session_view(s)->step, 3);
    rewind_to(s, page + 10 * SIM_SEC);
    assert_int_equal(session_view(s)->step, 1);
    assert_int_equal(session_view(s)->status[0], STEP_DONE);
    assert_int_equal(session_view(s)->status[1], STEP_OPEN);
    assert_int_equal(session_view(s)->status[2], STEP_OPEN);
    play_type(s, "api");
    play_type(s, "down");
    assert_int_equal(session_view(s)->step, 3);
    play_same_again(s, play_small);
    session_free(s);
}

static size_t times_said(const struct session *s, const char *words)
{
    size_t n = 0;
    const char *at = session_view(s)->transcript->text.s;
    while ((at = strstr(at, words))) {
        n++;
        at++;
    }
    return n;
}

/* A prediction of a change that was taken back waits for the next one. */
static void test_predictions(void **state)
{
    (void)state;
    char *text = play_edit(play_small, "change = 'rollback api'", "change = 'any'");
    struct session *s = begun(text);
    play_type(s, "api");
    play_type(s, "up");
    play_for(s, 10 * SIM_SEC);
    sim_time then = session_view(s)->now;
    play_type(s, "scale api 3");
    play_for(s, SIM_MIN);
    rewind_to(s, then - SIM_SEC);
    play_for(s, 5 * SIM_MIN);
    play_for(s, 5 * SIM_MIN);
    assert_int_equal(times_said(s, "You predicted"), 0);
    play_type(s, "scale api 3");
    play_for(s, 5 * SIM_MIN);
    assert_int_equal(times_said(s, "You predicted"), 1);
    play_same_again(s, text);
    session_free(s);
    mem_free(text);
}

static void test_traps(void **state)
{
    (void)state;
    char *text = play_edit(play_small, "  fixes =",
                           "  traps = { { 'more', when = function(s) return\n"
                           "    s:instances('api') > 2 end, say = 'More of it.' } },\n"
                           "  fixes =");
    struct session *s = begun(text);
    play_for(s, 10 * SIM_SEC);
    sim_time then = session_view(s)->now;
    for (int i = 0; i < 2; i++) {
        play_type(s, "scale api 3");
        play_for(s, SIM_MIN);
        assert_int_equal(times_said(s, "More of it."), i + 1);
        if (i == 0)
            rewind_to(s, then - SIM_SEC);
    }
    play_same_again(s, text);
    session_free(s);
    mem_free(text);
}

/* Guided, the clock stands while one acts: a change made at the page is undone by going back
 * to the page, though no time went by. */
static void test_the_first_change_is_undone(void **state)
{
    (void)state;
    struct session *s = begun(play_small);
    sim_time t = session_view(s)->now;
    play_type(s, "set api.queue 300");
    assert_true(session_view(s)->now == t);
    assert_true(s->run.first_change == t);
    rewind_to(s, t);
    assert_true(s->run.first_change == SIM_FOREVER);
    assert_int_equal(s->nactions, 0);
    play_same_again(s, play_small);
    session_free(s);
}

static void test_a_rewind_asks_once(void **state)
{
    struct errmsg why = {0};
    (void)state;
    struct session *s = begun(play_small);
    play_for(s, SIM_MIN);
    assert_int_equal(session_line(s, "rewind 30s", false, &why), ERR_STOPPED);
    assert_false(session_view(s)->practice);
    assert_non_null(strstr(session_view(s)->confirm, "practice"));
    assert_int_equal(session_line(s, "rewind 30s", true, &why), ERR_OK);
    assert_true(session_view(s)->practice);
    play_for(s, SIM_MIN);
    assert_int_equal(session_line(s, "rewind 30s", false, &why), ERR_OK);
    session_free(s);
}

static void test_tickets_come_again(void **state)
{
    (void)state;
    struct session *s = begun(play_small);
    play_for(s, 4 * SIM_MIN);
    assert_int_equal(session_view(s)->ntickets, 2); /* a customer's, and Mara's */
    rewind_to(s, 6 * SIM_MIN);
    assert_int_equal(session_view(s)->ntickets, 0);
    assert_int_equal(session_view(s)->unread_tickets, 0);
    play_for(s, 4 * SIM_MIN);
    assert_int_equal(session_view(s)->ntickets, 2);
    play_same_again(s, play_small);
    session_free(s);
}

/* Hands that were busy then are busy. */
static void test_busy_hands(void **state)
{
    (void)state;
    struct session *s = begun(play_small);
    play_for(s, 110 * SIM_SEC); /* a mark falls into the busy time */
    play_type(s, "rollback api");
    sim_time then = session_view(s)->now;
    sim_time until = session_view(s)->wait_until;
    assert_true(until > then + 2 * SIM_SEC);
    play_for(s, 5 * SIM_MIN);
    rewind_to(s, (until / SIM_SEC - 1) * SIM_SEC);
    play_type(s, "scale api 3");
    assert_true(session_view(s)->now >= until);
    play_same_again(s, play_small);
    session_free(s);
}

/* ---- what counts ----------------------------------------------------------------- */

static struct score score_after(struct session *s)
{
    struct report r;
    struct errmsg why = {0};
    if (session_report(s, &r, NULL, NULL, &why) != ERR_OK)
        fail_msg("%s", why.text);
    struct score sc = r.score;
    report_release(&r);
    return sc;
}

static bool reported(struct session *s, const char *words)
{
    struct report r;
    struct errmsg why = {0};
    struct buf b;
    assert_int_equal(session_report(s, &r, NULL, NULL, &why), ERR_OK);
    buf_init(&b, 0);
    report_markdown(&r, &b);
    bool yes = strstr(b.s, words);
    buf_release(&b);
    report_release(&r);
    return yes;
}

/* Practice adds nothing to the score and takes nothing from it. */
static void test_the_first_branch_counts(void **state)
{
    (void)state;
    struct session *s = begun(play_small);
    play_for(s, 20 * SIM_SEC);
    play_type(s, "suspect users memory-leak because I wonder");
    play_type(s, "restart api --rolling");
    play_for(s, 100 * SIM_SEC);
    struct score before = score_after(s);
    rewind_to(s, 5 * SIM_MIN + 10 * SIM_SEC);
    assert_true(score_after(s).part[SCORE_DIAGNOSIS] == before.part[SCORE_DIAGNOSIS]);
    play_type(s, "rule-out users");
    play_type(s, "api");
    play_type(s, "suspect api bad-deploy because late");
    play_type(s, "say --who all --since 10:03 --impact not known yet --state cured "
                 "--next 11:00");
    play_type(s, "up");
    play_type(s, "rollback api");
    play_for(s, 4 * SIM_MIN);
    play_for(s, 4 * SIM_MIN);
    struct score after = score_after(s);
    for (int i = 0; i < SCORE_PARTS; i++)
        assert_true(before.part[i] == after.part[i]);
    assert_int_equal(before.total, after.total);
    assert_int_equal(before.outcome, after.outcome);
    assert_false(reported(s, "because late"));
    assert_false(reported(s, "you said"));
    assert_true(reported(s, "Same code.")); /* the restart of the first branch */
    play_same_again(s, play_small);
    session_free(s);
}

/* A question that is open again, and answered wrong in practice. */
static void test_answers_that_count(void **state)
{
    (void)state;
    struct session *s = play_lesson(play_small, NULL);
    play_type(s, "");
    play_type(s, "wait 20s");
    play_for(s, 20 * SIM_SEC);
    play_type(s, "2");
    assert_true(score_after(s).part[SCORE_DIAGNOSIS] == 1);
    rewind_to(s, 5 * SIM_MIN + 5 * SIM_SEC);
    assert_int_equal(session_view(s)->step, 0);
    play_type(s, "1");
    assert_true(score_after(s).part[SCORE_DIAGNOSIS] == 1);
    session_free(s);
}

/* Who changed something in practice only has changed nothing that counts. */
static void test_a_fix_in_practice(void **state)
{
    (void)state;
    struct session *s = begun(play_small);
    play_for(s, 100 * SIM_SEC);
    rewind_to(s, 6 * SIM_MIN);
    play_type(s, "rollback api");
    play_for(s, 4 * SIM_MIN);
    play_type(s, "resolve recovered");
    struct score sc = score_after(s);
    assert_true(sc.part[SCORE_USERS] == 0);
    assert_int_equal(sc.outcome, OUTCOME_LOST);
    session_free(s);
}

static void test_on_call_there_is_no_way_back(void **state)
{
    (void)state;
    struct session_options o = play_options(play_small, NULL);
    struct errmsg why = {0};
    o.mode = MODE_ONCALL;
    struct session *s = play_open(&o);
    play_type(s, "");
    play_for(s, SIM_MIN);
    assert_int_equal(session_line(s, "rewind 30s", true, &why), ERR_REFUSED);
    session_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_moment),
        cmocka_unit_test(test_alone_it_undoes_all),
        cmocka_unit_test(test_the_debrief_draws_practice),
        cmocka_unit_test(test_branches),
        cmocka_unit_test(test_steps_go_back),
        cmocka_unit_test(test_predictions),
        cmocka_unit_test(test_traps),
        cmocka_unit_test(test_tickets_come_again),
        cmocka_unit_test(test_the_first_change_is_undone),
        cmocka_unit_test(test_a_rewind_asks_once),
        cmocka_unit_test(test_busy_hands),
        cmocka_unit_test(test_the_first_branch_counts),
        cmocka_unit_test(test_answers_that_count),
        cmocka_unit_test(test_a_fix_in_practice),
        cmocka_unit_test(test_on_call_there_is_no_way_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
