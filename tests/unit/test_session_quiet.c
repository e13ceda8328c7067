/*
 * Nights that are drawn blind: some of them are quiet, none says which it is, and whoever
 * changes what is well has lost.
 */
#include "../../src/session/quiet.h"
#include "../lib/play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

static struct session *drawn(bool quiet)
{
    struct session_options o = play_options(play_small, NULL);
    o.mode = MODE_BLIND;
    for (o.seed = 1; quiet_drawn(o.seed) != quiet; o.seed++)
        ;
    struct session *s = play_open(&o);
    assert_true(s->quiet == quiet);
    return s;
}

static struct score score_now(struct session *s)
{
    struct report r;
    struct errmsg why = {0};
    if (session_report(s, &r, NULL, NULL, &why) != ERR_OK)
        fail_msg("%s", why.text);
    struct score score = r.score;
    report_release(&r);
    return score;
}

/* At least one in eight, and most are not. */
static void test_how_many_are_quiet(void **state)
{
    (void)state;
    unsigned quiet = 0;
    for (uint64_t seed = 1; seed <= 4000; seed++)
        quiet += quiet_drawn(seed);
    assert_in_range(quiet, 500, 1000);
}

static void test_no_page_tells(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct session *s = drawn(i == 1);
        struct buf page;
        buf_init(&page, 0);
        session_page(s, &page);
        assert_true(session_view(s)->blind);
        assert_null(strstr(page.s, lesson_info(s->lesson)->page));
        assert_true(session_view(s)->alerts_firing > 0); /* on both */
        buf_release(&page);
        session_free(s);
    }
}

static void test_left_alone(void **state)
{
    (void)state;
    struct session *s = drawn(true);
    assert_true(session_view(s)->ntickets > 0);
    play_type(s, "status");
    play_type(s, "changes");
    play_type(s, "hurt nobody");
    play_for(s, 5 * SIM_MIN);
    play_type(s, "resolve closed");
    struct score sc = score_now(s);
    assert_int_equal(sc.outcome, OUTCOME_CLEAR);
    assert_int_equal(sc.total, 100);
    assert_false(session_view(s)->blind); /* told now */
    session_free(s);
}

/* That nothing is wrong is known to those who saw how users are, what fires and what was
 * changed: each is a third of it. To leave users alone whom nobody looked at is luck. */
static void test_each_look_counts(void **state)
{
    (void)state;
    static const struct {
        const char *looks[3];
        double diagnosis, users;
    } nights[] = {
        {{NULL}, 0, 0.5},
        {{"config api"}, 0, 0.5},
        {{"changes"}, 1, 0.5},
        {{"alerts", "changes"}, 2, 0.5},
        {{"status"}, 2, 1},
        {{"chart users"}, 1, 1},
        {{"chart users", "changes", "alerts"}, 3, 1},
    };
    for (size_t i = 0; i < sizeof nights / sizeof *nights; i++) {
        struct session *s = drawn(true);
        for (size_t k = 0; k < 3 && nights[i].looks[k]; k++)
            play_type(s, nights[i].looks[k]);
        play_type(s, "resolve closed");
        struct score sc = score_now(s);
        assert_true(fabs(sc.part[SCORE_DIAGNOSIS] - nights[i].diagnosis / 3) < 0.01);
        assert_true(fabs(sc.part[SCORE_USERS] - nights[i].users) < 0.01);
        session_free(s);
    }
}

/* The wrong word costs; nothing else does. */
static void test_called_cured(void **state)
{
    (void)state;
    struct session *s = drawn(true);
    play_type(s, "status");
    play_type(s, "changes");
    play_type(s, "hurt nobody");
    play_for(s, 5 * SIM_MIN);
    play_type(s, "resolve cured");
    struct score sc = score_now(s);
    assert_int_equal(sc.outcome, OUTCOME_CLEAR);
    assert_in_range(sc.total, 80, 99);
    session_free(s);
}

static void test_closed_at_once(void **state)
{
    (void)state;
    struct session *s = drawn(true);
    play_type(s, "resolve closed");
    struct score sc = score_now(s);
    assert_int_equal(sc.outcome, OUTCOME_EARLY);
    assert_in_range(sc.total, 0, outcome_most(OUTCOME_EARLY));
    session_free(s);
}

static void test_touched(void **state)
{
    (void)state;
    struct session *s = drawn(true);
    play_type(s, "status");
    play_type(s, "hurt nobody");
    play_type(s, "restart api --rolling");
    play_for(s, 8 * SIM_MIN);
    play_type(s, "resolve recovered");
    struct score sc = score_now(s);
    assert_int_equal(sc.outcome, OUTCOME_MEDDLED);
    assert_in_range(sc.total, 0, outcome_most(OUTCOME_MEDDLED));
    session_free(s);
}

/* To close what is no false alarm is to leave users alone with it. */
static void test_closed_though_something_was_wrong(void **state)
{
    (void)state;
    struct session *s = drawn(false);
    play_type(s, "hurt nobody");
    play_for(s, 5 * SIM_MIN);
    play_type(s, "resolve closed");
    struct score sc = score_now(s);
    assert_int_equal(sc.outcome, OUTCOME_LOST);
    assert_in_range(sc.total, 0, 30);
    session_free(s);
}

/* Seed, mode and tape are the run. */
static void test_it_goes_on(void **state)
{
    (void)state;
    struct session *s = drawn(true);
    session_read(s);
    play_type(s, "status");
    play_for(s, SIM_MIN);
    play_type(s, "hurt nobody");
    char *tape = play_tape(s);
    struct session_options o = play_options(play_small, tape);
    o.mode = MODE_BLIND;
    o.seed = s->seed;
    struct session *again = play_open(&o);
    assert_true(again->quiet);
    assert_true(session_digest(again) == session_digest(s));
    session_free(again);
    session_free(s);
    mem_free(tape);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_how_many_are_quiet),
        cmocka_unit_test(test_no_page_tells),
        cmocka_unit_test(test_left_alone),
        cmocka_unit_test(test_each_look_counts),
        cmocka_unit_test(test_called_cured),
        cmocka_unit_test(test_closed_at_once),
        cmocka_unit_test(test_touched),
        cmocka_unit_test(test_closed_though_something_was_wrong),
        cmocka_unit_test(test_it_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
