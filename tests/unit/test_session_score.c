/*
 * The score and the debrief: what they say of people who fix it, who leave early, who
 * do nothing, on call and with a guide; and what counts as an honest number.
 */
#include "../../src/session/session_internal.h"
#include "../lib/play.h"
#include "truecode/picture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct session *begun(const char *text, enum play_mode mode)
{
    struct session_options o = play_options(text, NULL);
    o.mode = mode;
    struct session *s = play_open(&o);
    play_type(s, "");
    return s;
}

static struct score report_of(struct session *s, char **text)
{
    struct report r;
    struct errmsg why = {0};
    struct buf b;
    if (session_report(s, &r, NULL, NULL, &why) != ERR_OK)
        fail_msg("%s", why.text);
    buf_init(&b, 0);
    report_markdown(&r, &b);
    if (text)
        *text = mem_strdup(b.s);
    struct score sc = r.score;
    buf_release(&b);
    report_release(&r);
    return sc;
}

/* A sentence may be on two lines. */
static void unwrap(char *text)
{
    char *to = text;
    for (const char *c = text; *c; c++)
        if (!strchr(" \n", *c) || (to > text && to[-1] != ' '))
            *to++ = *c == '\n' ? ' ' : *c;
    *to = '\0';
}

static void wait_out(struct session *s, sim_time t)
{
    sim_time until = session_view(s)->now + t;
    while (session_view(s)->now < until && session_view(s)->phase == PHASE_PLAY) {
        session_interrupt(s);
        play_for(s, until - session_view(s)->now);
    }
}

/* ---- leaving early --------------------------------------------------------------- */

static void leaves_at_once(enum play_mode mode)
{
    char *text;
    struct session *s = begun(play_small, mode);
    play_type(s, "resolve recovered");
    struct score sc = report_of(s, &text);
    assert_int_equal(sc.outcome, OUTCOME_LOST);
    assert_true(sc.bad_you > 0 && sc.bad_you == sc.bad_nothing);
    assert_true(sc.bad_reference < sc.bad_nothing);
    assert_int_equal(sc.total, 0);
    assert_non_null(strstr(text, "You called it recovered."));
    assert_non_null(strstr(text, "leaves early"));
    mem_free(text);
    session_free(s);
}

static void test_leaving_at_once(void **state)
{
    (void)state;
    leaves_at_once(MODE_GUIDED);
    leaves_at_once(MODE_ONCALL);
}

/* Skipping every step is leaving, too. */
static void test_skipping_all(void **state)
{
    (void)state;
    struct session *s = begun(play_small, MODE_GUIDED);
    for (int i = 0; i < 4; i++)
        play_type(s, "skip");
    assert_int_equal(session_view(s)->phase, PHASE_DEBRIEF);
    assert_int_equal(report_of(s, NULL).total, 0);
    session_free(s);
}

/* A fix that works spares users although the fixer did not stay; that it works, they
 * did not see. */
static void test_fixed_and_gone(void **state)
{
    (void)state;
    struct session *s = begun(play_small, MODE_ONCALL);
    play_type(s, "changes");
    play_type(s, "suspect api bad-deploy");
    play_type(s, "rollback api");
    play_type(s, "resolve cured");
    struct score sc = report_of(s, NULL);
    assert_true(sc.part[SCORE_USERS] > 0.9);
    assert_true(sc.part[SCORE_CONTAINMENT] > 0.9);
    assert_true(sc.part[SCORE_VERIFICATION] < 0.2);
    session_free(s);
}

/* Rolls back so long after the page, and watches for long enough. */
static struct score fixed_after(sim_time t)
{
    struct session *s = begun(play_small, MODE_ONCALL);
    wait_out(s, t);
    play_type(s, "changes");
    play_type(s, "suspect api bad-deploy");
    play_type(s, "rollback api");
    wait_out(s, 5 * SIM_MIN);
    play_type(s, "resolve recovered");
    struct score sc = report_of(s, NULL);
    session_free(s);
    return sc;
}

/* To look costs nothing for as long as an expert looks; from then on waiting does. */
static void test_waiting_is_not_free(void **state)
{
    (void)state;
    struct score soon = fixed_after(4 * SIM_MIN), late = fixed_after(10 * SIM_MIN),
                 last = fixed_after(25 * SIM_MIN);
    assert_true(soon.part[SCORE_USERS] == 1);
    assert_true(soon.part[SCORE_VERIFICATION] == 1);
    assert_int_equal(soon.outcome, OUTCOME_RECOVERED);
    assert_true(late.part[SCORE_USERS] < 0.7);
    assert_true(last.part[SCORE_USERS] < 0.3);
    assert_int_equal(last.outcome, OUTCOME_RECOVERED);
}

/* The debrief is run once, and says the same each time. */
static void test_the_same_debrief(void **state)
{
    (void)state;
    char *once, *twice;
    struct session *s = begun(play_small, MODE_ONCALL);
    play_type(s, "scale api 4");
    wait_out(s, 3 * SIM_MIN);
    play_type(s, "resolve mitigated");
    report_of(s, &once);
    report_of(s, &twice);
    assert_string_equal(once, twice);
    mem_free(once);
    mem_free(twice);
    session_free(s);
}

/* The number that the header had when the learner left is the debrief's, and the console's. */
static void test_one_number_of_users_lost(void **state)
{
    (void)state;
    char *text, left[80];
    struct session *s = begun(play_small, MODE_ONCALL);
    wait_out(s, 2 * SIM_MIN);
    play_type(s, "rollback api");
    wait_out(s, SIM_MIN);
    assert_non_null(session_twin(s));
    session_touch(s);
    assert_true(session_view(s)->lost_known);
    unsigned lost = (unsigned)session_view(s)->users_lost;
    assert_true(lost > 0);
    play_type(s, "resolve cured");
    struct score sc = report_of(s, &text);
    unwrap(text);
    struct buf number;
    buf_init(&number, 32);
    number_count(&number, lost);
    snprintf(left, sizeof left, "When you left, at 10:08:00, you had lost %s.",
             number.s);
    buf_release(&number);
    assert_non_null(strstr(text, left));
    assert_true(sc.bad_you >= lost && sc.bad_you < lost + 20);
    mem_free(text);
    session_free(s);
}

/* Who tries one name after the other has not found it: two wrong answers are free, and
 * after the third the step is none of the learner's. */
static void test_guessing_a_finding(void **state)
{
    (void)state;
    char *text;
    char *lesson =
        play_edit(play_small, "watch = true, of = 'component'", "of = 'component'");
    struct session *s = begun(lesson, MODE_GUIDED);
    play_type(s, "2");
    play_type(s, "users");
    assert_false(play_said(s, "one more wrong answer"));
    play_type(s, "users");
    assert_true(play_said(s, "one more wrong answer"));
    assert_int_equal(steps_shown(s), 0);
    play_type(s, "users");
    assert_true(play_said(s, "That is guessing"));
    play_type(s, "api");
    assert_int_equal(steps_shown(s), 1);
    play_type(s, "up");
    play_type(s, "rollback api");
    wait_out(s, 6 * SIM_MIN);
    struct score sc = report_of(s, &text);
    unwrap(text);
    assert_int_equal(sc.shown, 1);
    assert_true(sc.total <= 75);
    assert_non_null(strstr(text, "shown or guessed is not yours"));
    mem_free(text);
    mem_free(lesson);
    session_free(s);
}

/* ---- on call --------------------------------------------------------------------- */

static void test_on_call(void **state)
{
    (void)state;
    struct session *s = begun(play_small, MODE_ONCALL);
    struct errmsg why = {0};
    const struct session_view *v = session_view(s);
    assert_int_equal(v->nsteps, 0);
    assert_null(v->current);
    assert_int_equal(v->hold, HOLD_NONE);
    const char *const no[] = {"why", "rewind 10s"};
    wait_out(s, 20 * SIM_SEC);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(session_line(s, no[i], true, &why), ERR_REFUSED);
    assert_false(play_said(s, "error answer"));
    play_type(s, "solution");
    play_type(s, "hint");
    play_type(s, "skip");
    assert_int_equal(session_view(s)->phase, PHASE_PLAY);
    play_type(s, "say --impact about 30 % --state investigating");
    assert_false(play_said(s, "Your number"));
    play_type(s, "resolve mitigated");
    play_type(s, "why"); /* now it is free */
    session_free(s);
}

static void test_the_shift_ends(void **state)
{
    (void)state;
    struct session *s = begun(play_small, MODE_ONCALL);
    wait_out(s, SIM_HOUR);
    assert_int_equal(session_view(s)->phase, PHASE_DEBRIEF);
    assert_true(session_view(s)->now == 40 * SIM_MIN);
    assert_int_equal(report_of(s, NULL).total, 0);
    session_free(s);
}

/* ---- what the outcome leaves ----------------------------------------------------- */

static struct score played(const char *text, const char *const *lines, sim_time watch,
                           char **report)
{
    struct session *s = begun(text, MODE_ONCALL);
    for (; *lines; lines++)
        play_type(s, *lines);
    wait_out(s, watch);
    play_type(s, "resolve recovered");
    struct score sc = report_of(s, report);
    if (report)
        unwrap(*report);
    session_free(s);
    return sc;
}
#define LINES(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Users who suffer at the end leave half of the points at most, and who left before it
 * could be told is told that. */
static void test_the_outcome_caps(void **state)
{
    (void)state;
    struct score sc = played(
        play_small, LINES("ps api", "suspect api bad-deploy", "restart api --rolling"),
        10 * SIM_MIN, NULL);
    assert_int_equal(sc.outcome, OUTCOME_LOST);
    assert_true(sc.total <= 50);
    char *text;
    sc = played(play_small,
                LINES("ps api", "suspect api bad-deploy", "rollback api",
                      "say --who users --since 10:03 --impact 30 % --state mitigated "
                      "--next 10:30"),
                SIM_MIN, &text);
    assert_int_equal(sc.outcome, OUTCOME_EARLY);
    assert_true(sc.total <= 70);
    assert_non_null(strstr(text, "Too early to say"));
    assert_null(strstr(text, "still suffer"));
    mem_free(text);
}

/* The figures printed add up. */
static void test_the_points_add_up(void **state)
{
    (void)state;
    struct session *s = begun(play_small, MODE_ONCALL);
    struct report r;
    struct errmsg why = {0};
    int sum = 0;
    play_type(s, "rollback api");
    wait_out(s, 4 * SIM_MIN);
    play_type(s, "resolve recovered");
    assert_int_equal(session_report(s, &r, NULL, NULL, &why), ERR_OK);
    for (enum score_part i = 0; i < SCORE_PARTS; i++) {
        sum += r.items[i].points;
        assert_true(r.score.part[i] * r.items[i].full == r.items[i].points);
        assert_true((r.items[i].points < r.items[i].full) == (r.items[i].cost[0] != 0));
    }
    assert_int_equal(sum, r.score.total);
    report_release(&r);
    session_free(s);
}

/* One bad moment at the very end of a good window is not "users suffer". */
static void test_the_window_decides(void **state)
{
    (void)state;
    char *text =
        play_edit(play_small, "    i:at(min(8),",
                  "    i:at(min(20), fault('api', 'hang', {}, { lasts = sec(20) "
                  "}))\n    i:at(min(8),");
    char *longer = play_edit(text, "good_for = min(3)", "good_for = min(15)");
    struct score sc =
        played(longer, LINES("rollback api"), 15 * SIM_MIN + 20 * SIM_SEC, NULL);
    assert_true(sc.outcome >= OUTCOME_CURED);
    mem_free(longer);
    mem_free(text);
}

/* Customers who cannot come any more are lost, not well. */
static void test_turning_customers_away(void **state)
{
    (void)state;
    struct session *s = begun(play_small, MODE_ONCALL);
    struct errmsg why = {0};
    enum err e = session_line(s, "set users.rate 0.1", true, &why);
    wait_out(s, 10 * SIM_MIN);
    play_type(s, "resolve recovered");
    struct score sc = report_of(s, NULL);
    if (e == ERR_OK) {
        assert_true(sc.bad_you > sc.bad_nothing);
        assert_true(sc.part[SCORE_USERS] == 0);
        assert_true(sc.part[SCORE_CONTAINMENT] == 0);
    }
    assert_int_equal(sc.outcome, OUTCOME_LOST);
    session_free(s);
}

/* ---- told people ----------------------------------------------------------------- */

static double told(const char *say, char **report)
{
    char *text;
    struct score sc =
        played(play_small, LINES(say, "rollback api"), 4 * SIM_MIN, &text);
    if (report)
        *report = text;
    else
        mem_free(text);
    return sc.part[SCORE_COMMUNICATION];
}

static void test_updates_are_held_against_the_night(void **state)
{
    (void)state;
    char *text;
    assert_true(
        told("say --who users --since 10:03 --impact 30 % --state investigating "
             "--next 10:30",
             NULL) == 1);
    assert_true(told("say --state investigating", NULL) <= 0.2);
    assert_true(told("say --who nobody --since 09:10 --impact 3 --state recovered "
                     "--next 10:30",
                     &text) <= 0.15);
    assert_non_null(strstr(text, "Hurt were: users."));
    mem_free(text);
}

/* What people were told wrongly costs all of it until a later word puts it right, and half
 * of it then. resolve's word is such a word, and stands on the sheet. */
static void test_lies_cost(void **state)
{
    static const char honest[] = "say --who users --since 10:03 --impact 30 % --state "
                                 "investigating --next 10:30";
    static const char lie[] = "say --who users --since 10:03 --impact 30 % --state "
                              "recovered --next 10:30";
    (void)state;
    char *text;
    struct score sc =
        played(play_small, LINES(honest, lie, "scale api 3"), SIM_MIN, &text);
    assert_true(sc.part[SCORE_COMMUNICATION] == 0);
    assert_non_null(strstr(text, "no later word put it right"));
    mem_free(text);
    sc = played(play_small, LINES(honest, lie, honest, "rollback api"), 5 * SIM_MIN,
                &text);
    assert_in_range((int)(100 * sc.part[SCORE_COMMUNICATION]), 45, 55);
    assert_non_null(strstr(text, "a later word put it right"));
    mem_free(text);
    sc = played(play_small, LINES(honest, "scale api 3"), SIM_MIN, &text);
    assert_true(sc.part[SCORE_COMMUNICATION] == 0); /* resolve recovered */
    mem_free(text);
}

/* What is told 20 s after a change; the part of the score for it. */
static double told_after(const char *change, char **text)
{
    struct session *s = begun(play_small, MODE_ONCALL);
    play_type(s, change);
    wait_out(s, 20 * SIM_SEC);
    play_type(s, "say --who users --since 10:03 --impact 30 % --state mitigated "
                 "--next 10:30");
    wait_out(s, 5 * SIM_MIN);
    play_type(s, "resolve recovered");
    struct score sc = report_of(s, text);
    unwrap(*text);
    session_free(s);
    return sc.part[SCORE_COMMUNICATION];
}

/* The minutes before a word do not show yet what a change of a moment ago has mended. */
static void test_told_just_after_the_mend(void **state)
{
    (void)state;
    char *text;
    assert_true(told_after("rollback api", &text) > 0.5);
    assert_null(strstr(text, "suffered just before"));
    mem_free(text);
    assert_true(told_after("scale api 3", &text) < 0.5);
    assert_non_null(strstr(text, "suffered just before"));
    mem_free(text);
}

static void test_resolve_is_on_the_sheet(void **state)
{
    (void)state;
    struct session *s = begun(play_small, MODE_ONCALL);
    play_type(s, "resolve mitigated");
    play_type(s, "sheet");
    assert_true(play_said(s, "mitigated  (told at 10:05)"));
    session_free(s);
}

/* A cure out of nothing spares users, and half of that counts: no suspicion, or one that
 * nothing on the screen spoke for. */
static void test_luck(void **state)
{
    (void)state;
    char *text;
    struct score lucky = played(play_small, LINES("rollback api"), 4 * SIM_MIN, &text);
    assert_true(lucky.part[SCORE_USERS] == 0.5);
    assert_true(fabs(lucky.part[SCORE_CONTAINMENT] - 0.5) < 0.05);
    assert_non_null(strstr(text, "It was tried on a guess"));
    assert_non_null(strstr(text, "was luck, too"));
    mem_free(text);
    lucky = played(play_small, LINES("suspect api overload", "rollback api"),
                   4 * SIM_MIN, NULL);
    assert_true(lucky.part[SCORE_USERS] == 0.5);
    struct score knew =
        played(play_small, LINES("changes", "suspect api bad-deploy", "rollback api"),
               4 * SIM_MIN, NULL);
    assert_true(knew.part[SCORE_USERS] == 1);
    assert_true(knew.part[SCORE_CONTAINMENT] == 1);
}

/* A wrong suspicion that was ruled out costs nothing; one on which something was tried first
 * costs half. */
static void test_tried_on_a_wrong_suspicion(void **state)
{
    (void)state;
    char *text;
    struct score looked = played(
        play_small,
        LINES("changes", "suspect api overload", "ps api", "rule-out api overload",
              "suspect api bad-deploy", "trigger api", "rollback api"),
        4 * SIM_MIN, NULL);
    assert_true(looked.part[SCORE_DIAGNOSIS] == 1);
    struct score tried = played(play_small,
                                LINES("changes", "suspect api overload", "scale api 4",
                                      "rule-out api overload", "suspect api bad-deploy",
                                      "trigger api", "rollback api"),
                                4 * SIM_MIN, &text);
    assert_true(fabs(tried.part[SCORE_DIAGNOSIS] - 0.5) < 0.06);
    assert_non_null(strstr(text, "was changed on a wrong suspicion"));
    mem_free(text);
}

/* The cause counts as it stood before the cure. */
static void test_trigger_comes_before_the_cure(void **state)
{
    (void)state;
    char *text;
    struct score soon =
        played(play_small,
               LINES("changes", "suspect api bad-deploy", "trigger 1", "rollback api"),
               4 * SIM_MIN, NULL);
    struct score late =
        played(play_small,
               LINES("changes", "suspect api bad-deploy", "rollback api", "trigger 1"),
               4 * SIM_MIN, &text);
    assert_true(soon.part[SCORE_DIAGNOSIS] == 1);
    assert_true(late.part[SCORE_DIAGNOSIS] == 0.9);
    assert_non_null(strstr(text, "stated only after the change"));
    mem_free(text);
}

/* Two good minutes of a night that is bad before and after are no reason to think that it
 * is over: who leaves in a lull leaves users who suffer. */
static void test_leaving_in_a_lull(void **state)
{
    (void)state;
    char *text =
        play_edit(play_small, "    i:at(min(8),",
                  "    i:at(min(9) + sec(50), deploy('api', 'v1', { by = 'bot' }))\n"
                  "    i:at(min(12) + sec(5), deploy('api', 'v2', { by = 'bot' }))\n"
                  "    i:at(min(8),");
    char *longer = play_edit(text, "good_for = min(3)", "good_for = min(15)");
    struct score sc = played(longer, LINES("set api.queue 5000"), 7 * SIM_MIN, NULL);
    assert_int_equal(sc.outcome, OUTCOME_LOST);
    mem_free(longer);
    mem_free(text);
}

/* ---- before the change ----------------------------------------------------------- */

static void test_diagnosis_comes_before_the_cure(void **state)
{
    (void)state;
    char *text;
    struct score sc =
        played(play_small, LINES("ps api", "rollback api", "suspect api bad-deploy"),
               4 * SIM_MIN, &text);
    assert_true(sc.part[SCORE_DIAGNOSIS] == 0);
    assert_non_null(strstr(text, "came only after"));
    mem_free(text);
    /* a change without effect is not the one that mattered */
    sc = played(play_small,
                LINES("changes", "set api.queue 5000", "suspect api bad-deploy",
                      "rollback api"),
                4 * SIM_MIN, NULL);
    assert_true(sc.part[SCORE_DIAGNOSIS] == 0.9);
    sc = played(play_small,
                LINES("ps api", "suspect api overload", "rule-out api overload",
                      "suspect api memory-leak", "rule-out api memory-leak",
                      "suspect api pool-leak", "rule-out api pool-leak",
                      "suspect api retry-storm", "rule-out api retry-storm",
                      "suspect users traffic-spike", "rule-out users",
                      "suspect api cold-cache", "rule-out api cold-cache",
                      "suspect api bad-deploy", "rollback api"),
                4 * SIM_MIN, NULL);
    assert_true(sc.part[SCORE_DIAGNOSIS] == 0);
}

/* ---- the right suspicion --------------------------------------------------------- */

static double diagnosis(const char *const *lines)
{
    struct session *s = begun(play_small, MODE_ONCALL);
    for (; *lines; lines++)
        play_type(s, *lines);
    play_type(s, "resolve mitigated");
    double d = report_of(s, NULL).part[SCORE_DIAGNOSIS];
    session_free(s);
    return d;
}

/* Without a trigger nine tenths can be had. */
static void test_diagnosis(void **state)
{
    (void)state;
    assert_true(diagnosis(LINES("suspect api bad-deploy")) == 0);
    assert_true(diagnosis(LINES("changes", "suspect api bad-deploy", "trigger api")) ==
                1);
    assert_true(diagnosis(LINES("changes", "suspect api bad-deploy")) == 0.9);
    assert_true(diagnosis(LINES("changes", "suspect api overload")) == 0);
    double halved = diagnosis(
        LINES("changes", "suspect api bad-deploy", "suspect users traffic-spike"));
    assert_true(halved > 0.4 && halved < 0.5);
    assert_true(diagnosis(LINES("changes", "suspect api bad-deploy",
                                "suspect users traffic-spike",
                                "rule-out users traffic-spike")) == 0.9);
    /* the evidence was there: it is the ruling out that costs all */
    assert_true(diagnosis(LINES("changes", "suspect api bad-deploy", "rule-out api")) ==
                0);
    assert_true(diagnosis(LINES("changes", "rule-out api bad-deploy")) == 0);
}

/* A fact is seen where it says, and nowhere else. */
static void test_a_fact_of_another(void **state)
{
    (void)state;
    char *text = play_edit(play_small, "    w:client",
                           "    w:service { 'api-2', endpoints = { buy = { "
                           "compute(ms(1)) } } }\n    w:client");
    struct session *s = begun(text, MODE_ONCALL);
    play_type(s, "ps api-2");
    play_type(s, "suspect api bad-deploy");
    play_type(s, "resolve mitigated");
    assert_true(report_of(s, NULL).part[SCORE_DIAGNOSIS] == 0);
    session_free(s);
    mem_free(text);
}

/* ---- honest numbers -------------------------------------------------------------- */

static void says(const char *impact, const char *want)
{
    char line[200];
    struct session *s = begun(play_small, MODE_GUIDED);
    play_type(s, "2");
    wait_out(s, 2 * SIM_MIN); /* 20/s, three in ten fail: 720 since the page */
    snprintf(line, sizeof line, "say --impact %s --state investigating", impact);
    play_type(s, line);
    if (!play_said(s, want))
        fail_msg("\"%s\" was not answered \"%s\" in: %s", impact, want,
                 session_view(s)->transcript->text.s);
    session_free(s);
}

static void test_honest_numbers(void **state)
{
    (void)state;
    static const char *const holds[] = {
        "about 700 orders",
        "~1,000 orders since 10:03",
        "about 30 % of orders",
        "30% fail since v2",
        "25 percent",
        "3 in 10 orders",
        "3 out of 10",
        "6 orders a second",
        "350 orders per minute",
        "0.7k orders",
        "since 10:03 about 800",
        "1 000 orders",
        "api p99 is fine, 30% fail",
    };
    static const char *const off[] = {"about 100 orders", "90 %", "5000", "1 in 100",
                                      "60 orders/s"};
    for (size_t i = 0; i < sizeof holds / sizeof *holds; i++)
        says(holds[i], "Your number holds");
    for (size_t i = 0; i < sizeof off / sizeof *off; i++)
        says(off[i], "Your number does not hold");
    says("not known yet", "Posted.\n");
    says("three in ten", "Posted.\n");
}

/* The truth is said when all is over, too. */
static void test_honest_afterwards(void **state)
{
    (void)state;
    char *text =
        play_edit(play_small, "find { 'changes',", "find { 'changes', moot = false,");
    struct session *s = begun(text, MODE_GUIDED);
    play_type(s, "2");
    play_type(s, "rollback api");
    wait_out(s, 20 * SIM_MIN);
    play_type(s, "say --impact about 30 % of orders failed --state cured");
    assert_true(play_said(s, "Your number holds"));
    session_free(s);
    mem_free(text);
}

/* Where nobody measures users, an update does not tell either. */
static void test_hidden_users(void **state)
{
    (void)state;
    char *text = play_edit(play_small, "good = 0.95,", "good = 0.95, hidden = true,");
    struct session *s = begun(text, MODE_GUIDED);
    play_type(s, "2");
    play_type(s, "say --impact about 700 --state investigating");
    assert_false(play_said(s, "Your number"));
    session_free(s);
    mem_free(text);
}

/* ---- predictions ----------------------------------------------------------------- */

static void test_predictions_read_well(void **state)
{
    (void)state;
    char *text = play_edit(play_small, "s:good(sec(30))", "s:p99('users', sec(30))");
    struct session *s = begun(text, MODE_GUIDED);
    play_type(s, "2");
    play_type(s, "api");
    play_type(s, "same");
    play_type(s, "rollback api");
    wait_out(s, 4 * SIM_MIN);
    assert_true(play_said(s, "You predicted the same"));
    const char *at = strstr(session_view(s)->transcript->text.s, "You predicted");
    assert_non_null(strstr(at, " ms and became "));
    assert_null(strstr(at, "e+"));
    session_free(s);
    mem_free(text);
}

/* ---- other lessons --------------------------------------------------------------- */

/* A shift without a fault: to look and leave it alone is all; to change it is a loss.
 */
static void test_a_quiet_shift(void **state)
{
    (void)state;
    char *text;
    struct session *s = begun(play_calm, MODE_ONCALL);
    play_type(s, "status");
    play_type(s, "changes");
    wait_out(s, 4 * SIM_MIN);
    play_type(s, "say --who nobody --since never --impact none --state closed "
                 "--next 11:00");
    play_type(s, "resolve closed");
    struct score sc = report_of(s, &text);
    assert_int_equal(sc.total, 100);
    assert_int_equal(sc.outcome, OUTCOME_CLEAR);
    assert_non_null(strstr(text, "Nothing was wrong, and nothing was changed."));
    mem_free(text);
    session_free(s);
    s = begun(play_calm, MODE_GUIDED);
    play_type(s, "restart api");
    wait_out(s, 4 * SIM_MIN);
    play_type(s, "resolve recovered");
    sc = report_of(s, NULL);
    assert_int_equal(sc.outcome, OUTCOME_MEDDLED);
    assert_true(sc.part[SCORE_CONTAINMENT] == 0);
    session_free(s);
}

/* Of a predicate that raises the learner hears once, and plays on. */
static void test_a_predicate_that_raises(void **state)
{
    (void)state;
    char *text = play_edit(play_small, "s:good_for(min(3))",
                           "s:good_for(min(3)) and s.nothing.more");
    struct session *s = begun(text, MODE_GUIDED);
    play_type(s, "2");
    play_type(s, "api");
    play_type(s, "up");
    play_type(s, "rollback api");
    wait_out(s, 8 * SIM_MIN);
    assert_true(play_said(s, "This lesson is broken: small.lua:"));
    const char *at = strstr(session_view(s)->transcript->text.s, "is broken");
    assert_null(strstr(at + 1, "is broken"));
    assert_int_equal(session_view(s)->phase, PHASE_PLAY);
    play_type(s, "skip");
    assert_int_equal(session_view(s)->phase, PHASE_DEBRIEF);
    report_of(s, NULL);
    play_same_again(s, text);
    session_free(s);
    mem_free(text);
}

/* What happened since the first change can be asked for in the moment of the change. */
static void test_a_window_since_the_change(void **state)
{
    (void)state;
    char *text = play_edit(play_small, "return s:good_for(min(3))",
                           "return s:changed() and s:increase('api', 'restarts_total', "
                           "s:since_first_change()) > 0 and s:good_for(min(3))");
    struct session *s = begun(text, MODE_GUIDED);
    play_type(s, "2");
    play_type(s, "api");
    play_type(s, "up");
    play_type(s, "rollback api");
    assert_false(play_said(s, "This lesson is broken"));
    session_free(s);
    mem_free(text);
}

/* What raised once is not asked again, though it would answer by then: a goal that takes
 * all its steps would take them each second. */
static void test_a_broken_goal_is_remembered(void **state)
{
    (void)state;
    char *text = play_edit(play_small, "return s:good_for(min(3))",
                           "if not s:changed() then return false end "
                           "if s:since_first_change() < sec(20) then error('soon') end "
                           "return true");
    struct session *s = begun(text, MODE_GUIDED);
    play_type(s, "2");
    play_type(s, "api");
    play_type(s, "up");
    size_t step = session_view(s)->step;
    play_type(s, "rollback api");
    wait_out(s, 2 * SIM_MIN);
    assert_true(play_said(s, "This lesson is broken: small.lua:"));
    assert_int_equal(session_view(s)->step, step);
    play_same_again(s, text);
    session_free(s);
    mem_free(text);
}

/* ---- wrong turns ----------------------------------------------------------------- */

static bool turned(const char *line)
{
    char *text, *lesson = play_edit(play_small, "'restart api --rolling'",
                                    "'set api.queue 100'");
    struct session *s = begun(lesson, MODE_ONCALL);
    play_type(s, line);
    wait_out(s, SIM_MIN);
    play_type(s, "resolve mitigated");
    report_of(s, &text);
    bool yes = strstr(text, "Same code.");
    mem_free(text);
    mem_free(lesson);
    session_free(s);
    return yes;
}

static void test_wrong_turns(void **state)
{
    (void)state;
    assert_true(turned("set api.queue 100"));
    assert_true(turned("set api.queue 90"));
    assert_false(turned("set api.queue 5000"));
    assert_false(turned("scale api 3"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_leaving_at_once),
        cmocka_unit_test(test_skipping_all),
        cmocka_unit_test(test_fixed_and_gone),
        cmocka_unit_test(test_waiting_is_not_free),
        cmocka_unit_test(test_the_same_debrief),
        cmocka_unit_test(test_guessing_a_finding),
        cmocka_unit_test(test_one_number_of_users_lost),
        cmocka_unit_test(test_on_call),
        cmocka_unit_test(test_the_shift_ends),
        cmocka_unit_test(test_the_outcome_caps),
        cmocka_unit_test(test_the_points_add_up),
        cmocka_unit_test(test_the_window_decides),
        cmocka_unit_test(test_turning_customers_away),
        cmocka_unit_test(test_updates_are_held_against_the_night),
        cmocka_unit_test(test_lies_cost),
        cmocka_unit_test(test_told_just_after_the_mend),
        cmocka_unit_test(test_resolve_is_on_the_sheet),
        cmocka_unit_test(test_luck),
        cmocka_unit_test(test_tried_on_a_wrong_suspicion),
        cmocka_unit_test(test_trigger_comes_before_the_cure),
        cmocka_unit_test(test_leaving_in_a_lull),
        cmocka_unit_test(test_diagnosis_comes_before_the_cure),
        cmocka_unit_test(test_diagnosis),
        cmocka_unit_test(test_a_fact_of_another),
        cmocka_unit_test(test_honest_numbers),
        cmocka_unit_test(test_honest_afterwards),
        cmocka_unit_test(test_hidden_users),
        cmocka_unit_test(test_predictions_read_well),
        cmocka_unit_test(test_a_quiet_shift),
        cmocka_unit_test(test_a_predicate_that_raises),
        cmocka_unit_test(test_a_window_since_the_change),
        cmocka_unit_test(test_a_broken_goal_is_remembered),
        cmocka_unit_test(test_wrong_turns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
