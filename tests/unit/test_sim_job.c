/* Jobs: runs that happen, overlap, fail, die half way, or do not happen at all. */
#include "../lib/lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct lab alone(const char *params)
{
    struct lab l = lab_new();
    lab_part(&l, "job", "nightly", params);
    lab_start(&l, 5);
    return l;
}

static double job(const struct lab *l, const char *metric)
{
    return lab_metric(l, "nightly", metric);
}

/* Runs started = ended + running; what was due was started, missed or left out. */
static void assert_books(const struct lab *l, double due, double by_hand)
{
    double runs = job(l, "runs_total");
    assert_true(runs ==
                job(l, "succeeded_total") + job(l, "failed_total") + job(l, "running"));
    assert_true(runs + job(l, "missed_total") + job(l, "skipped_total") ==
                due + by_hand);
}

static void runs_when_it_is_due(void **state)
{
    (void)state;
    struct lab l = alone("every=10m at=2m duration=90s last_success=1h");
    assert_true(job(&l, "last_success_age") == 3600);
    lab_run(&l, 2 * SIM_MIN - 1);
    assert_true(job(&l, "runs_total") == 0);
    lab_run(&l, 2 * SIM_MIN);
    assert_true(job(&l, "running") == 1);
    lab_run(&l, 62 * SIM_MIN);
    assert_true(job(&l, "runs_total") == 7 && job(&l, "succeeded_total") == 6);
    assert_true(job(&l, "last_success_age") == 510 && job(&l, "last_duration") == 90);
    assert_books(&l, 7, 0);
    lab_free(&l);
}

static void overlaps_as_it_is_told(void **state)
{
    (void)state;
    struct lab l = alone("every=1m duration=150s");
    lab_run(&l, 10 * SIM_MIN + SIM_SEC);
    assert_true(job(&l, "runs_total") == 10 && job(&l, "running") == 3);
    assert_true(job(&l, "overlapping_total") == 9);
    assert_books(&l, 10, 0);
    lab_free(&l);
    l = alone("every=1m duration=150s overlap=forbid");
    lab_run(&l, 10 * SIM_MIN + SIM_SEC);
    assert_true(job(&l, "runs_total") == 4 && job(&l, "skipped_total") == 6);
    assert_true(job(&l, "overlapping_total") == 0);
    assert_books(&l, 10, 0);
    lab_free(&l);
    l = alone("every=1m duration=150s overlap=replace");
    lab_run(&l, 10 * SIM_MIN + SIM_SEC);
    assert_true(job(&l, "runs_total") == 10 && job(&l, "replaced_total") == 9);
    assert_true(job(&l, "succeeded_total") == 0 && job(&l, "half_done_total") == 9);
    assert_books(&l, 10, 0);
    lab_free(&l);
}

/* Nothing fails and nothing is logged: only the age of the last success tells. */
static void the_run_that_never_happened(void **state)
{
    (void)state;
    struct lab l = alone("every=1h duration=1m");
    lab_run(&l, 90 * SIM_MIN);
    lab_fault(&l, "nightly", "skip", "3", 0);
    lab_run(&l, 280 * SIM_MIN);
    assert_true(job(&l, "missed_total") == 3 && job(&l, "failed_total") == 0);
    assert_true(job(&l, "runs_total") == 1);
    assert_true(job(&l, "last_success_age") == 219 * 60);
    lab_run(&l, 310 * SIM_MIN);
    assert_true(job(&l, "runs_total") == 2 && job(&l, "last_success_age") == 9 * 60);
    assert_books(&l, 5, 0);
    lab_free(&l);
}

static void disabled_and_made_up_for(void **state)
{
    (void)state;
    struct lab l = alone("every=1h duration=1m");
    lab_op(&l, "nightly", "disable", NULL);
    assert_int_equal(lab_do(&l, ACTION_OP, "nightly", "disable", NULL, 0), ERR_REFUSED);
    lab_run(&l, 150 * SIM_MIN);
    assert_true(job(&l, "enabled") == 0 && job(&l, "missed_total") == 2);
    lab_op(&l, "nightly", "enable", NULL);
    assert_true(job(&l, "running") == 0); /* missed runs stay missed */
    lab_set(&l, "nightly", "catch_up", "on");
    assert_true(job(&l, "running") == 1); /* once, not twice */
    lab_run(&l, 170 * SIM_MIN);
    assert_true(job(&l, "runs_total") == 1 && job(&l, "succeeded_total") == 1);
    lab_free(&l);
}

static void a_node_that_is_gone(void **state)
{
    (void)state;
    struct lab l = alone("every=1h duration=30m catch_up=on");
    lab_run(&l, 70 * SIM_MIN);
    lab_fault(&l, "nightly", "node_gone", NULL, 70 * SIM_MIN);
    assert_true(job(&l, "running") == 0 && job(&l, "half_done_total") == 1);
    assert_int_equal(lab_do(&l, ACTION_OP, "nightly", "run", NULL, 0), ERR_REFUSED);
    lab_run(&l, 141 * SIM_MIN);
    assert_true(job(&l, "missed_total") == 1 && job(&l, "running") == 1);
    assert_books(&l, 2, 1);
    lab_free(&l);
}

static void dies_half_way(void **state)
{
    (void)state;
    struct lab l = alone("every=1h duration=10m");
    lab_fault(&l, "nightly", "dies", "0.3", 0);
    lab_run(&l, 63 * SIM_MIN);
    assert_true(job(&l, "failed_total") == 1 && job(&l, "half_done_total") == 1);
    assert_true(job(&l, "seconds_total") == 180);
    lab_run(&l, 131 * SIM_MIN);
    assert_true(job(&l, "succeeded_total") == 1 && job(&l, "failed_total") == 1);
    lab_free(&l);
}

static void by_hand(void **state)
{
    (void)state;
    struct lab l = alone("every=1h duration=10m");
    assert_int_equal(lab_do(&l, ACTION_OP, "nightly", "stop", NULL, 0), ERR_REFUSED);
    lab_op(&l, "nightly", "run", NULL);
    lab_op(&l, "nightly", "run", NULL);
    lab_run(&l, 5 * SIM_MIN);
    assert_true(job(&l, "running") == 2);
    lab_op(&l, "nightly", "stop", NULL);
    assert_true(job(&l, "running") == 0 && job(&l, "half_done_total") == 2);
    lab_op(&l, "nightly", "run", NULL);
    lab_run(&l, 20 * SIM_MIN);
    assert_true(job(&l, "succeeded_total") == 1);
    lab_set(&l, "nightly", "every", "2m"); /* from 0 on: due at once, and then */
    lab_run(&l, 31 * SIM_MIN);
    assert_true(job(&l, "runs_total") == 8);
    assert_int_equal(lab_do(&l, ACTION_FAULT, "nightly", "slow", "0", 0), ERR_INPUT);
    lab_free(&l);
}

static void slow_late_and_tried_again(void **state)
{
    (void)state;
    struct lab l = alone("every=1h duration=10m timeout=20m");
    lab_fault(&l, "nightly", "slow", "3", 90 * SIM_MIN);
    lab_run(&l, 81 * SIM_MIN);
    assert_true(job(&l, "timeouts_total") == 1 && job(&l, "failed_total") == 1);
    lab_run(&l, 131 * SIM_MIN);
    assert_true(job(&l, "succeeded_total") == 1);
    lab_free(&l);
    l = alone("every=1h duration=1m retries=2 retry_delay=5m");
    lab_fault(&l, "nightly", "fails", NULL, 67 * SIM_MIN + SIM_SEC);
    lab_run(&l, 66 * SIM_MIN);
    assert_true(job(&l, "retries_total") == 1 && job(&l, "running") == 1);
    lab_run(&l, 100 * SIM_MIN);
    assert_true(job(&l, "retries_total") == 2 && job(&l, "succeeded_total") == 1);
    assert_true(job(&l, "last_duration") == 13 * 60);
    lab_free(&l);
}

/* It calls an endpoint like anybody: here one that is too slow for its policy. */
static void calls_an_endpoint(void **state)
{
    (void)state;
    struct lab l = lab_new();
    const struct node work = {.kind = NODE_SLEEP, .time = dist_const(SIM_MIN)};
    lab_part(&l, "service", "billing", "");
    lab_endpoint(&l, "billing", "nightly", &work);
    lab_part(&l, "job", "nightly", "every=10m to=billing/nightly");
    lab_part(&l, "call", "nightly.billing", "network=0");
    lab_start(&l, 1);
    lab_run(&l, 15 * SIM_MIN);
    assert_true(job(&l, "succeeded_total") == 1 && job(&l, "last_duration") == 60);
    assert_true(lab_metric(&l, "billing/nightly", "requests_total") == 1);
    lab_set(&l, "nightly.billing", "timeout", "30s");
    lab_run(&l, 25 * SIM_MIN);
    assert_true(job(&l, "failed_total") == 1);
    lab_fault(&l, "nightly", "dies", NULL, 0);
    lab_set(&l, "nightly.billing", "timeout", "0");
    lab_run(&l, 30 * SIM_MIN + 31 * SIM_SEC);
    assert_true(job(&l, "failed_total") == 2 && job(&l, "running") == 0);
    assert_true(lab_metric(&l, "nightly.billing", "in_flight") == 0);
    assert_true(lab_metric(&l, "billing/nightly", "in_flight") == 1); /* goes on */
    lab_run(&l, 45 * SIM_MIN);
    assert_true(job(&l, "succeeded_total") == 2);
    lab_free(&l);
}

/* The longer the queue, the longer the run. */
static void takes_longer_with_more_to_do(void **state)
{
    (void)state;
    struct lab l = lab_new();
    const struct node publish = {.kind = NODE_PUBLISH, .target = "events.orders"};
    const struct node apply = {.kind = NODE_COMPUTE, .time = dist_const(SIM_MS)};
    lab_part(&l, "broker", "events", "");
    lab_part(&l, "topic", "events.orders", "");
    lab_part(&l, "subscription", "events.orders.mail", "to=app/apply");
    lab_part(&l, "service", "app", "workers=100");
    lab_endpoint(&l, "app", "order", &publish);
    lab_endpoint(&l, "app", "apply", &apply);
    lab_part(&l, "client", "users", "to=app/order rate=1 arrivals=even");
    lab_part(&l, "job", "nightly",
             "every=10m duration=10s items=events.orders.mail.lag per_item=100ms");
    lab_start(&l, 1);
    lab_op(&l, "events.orders.mail", "pause", NULL);
    lab_run(&l, 20 * SIM_MIN - SIM_SEC);
    assert_true(job(&l, "last_duration") > 10 + 59 &&
                job(&l, "last_duration") < 10.1 + 60);
    double in = job(&l, "last_rows_in");
    assert_true(in > 590 && in <= 600 && job(&l, "last_rows_out") == in);
    lab_run(&l, 25 * SIM_MIN);
    assert_true(job(&l, "last_duration") > 10 + 119);
    assert_true(job(&l, "rows_in_total") == job(&l, "rows_out_total"));
    assert_true(job(&l, "rows_in_total") == in + job(&l, "last_rows_in"));
    /* stopped in the middle: the rest of the rows has not come out */
    lab_fault(&l, "nightly", "dies", "0.25", 0);
    lab_run(&l, 35 * SIM_MIN);
    double lost = job(&l, "last_rows_in") - job(&l, "last_rows_out");
    assert_true(lost > 0.74 * job(&l, "last_rows_in"));
    assert_true(lost < 0.76 * job(&l, "last_rows_in"));
    assert_true(job(&l, "last_run_age") > 299 && job(&l, "last_run_age") < 301);
    /* a run that fails at its end has brought out nothing */
    lab_fault(&l, "nightly", "fails", NULL, 20 * SIM_MIN);
    lab_run(&l, 50 * SIM_MIN - SIM_SEC);
    assert_true(job(&l, "last_rows_in") > 2300 && job(&l, "last_rows_out") == 0);
    lab_free(&l);
}

static void refuses_what_cannot_be(void **state)
{
    (void)state;
    struct errmsg why = {0};
    struct lab l = lab_new();
    lab_part(&l, "job", "nightly", "");
    assert_int_equal(model_finish(l.m, &why), ERR_INPUT);
    assert_non_null(strstr(why.text, "every"));
    lab_free(&l);
    l = lab_new();
    lab_part(&l, "job", "nightly", "every=1h to=nobody/nothing");
    assert_int_equal(model_finish(l.m, &why), ERR_NOT_FOUND);
    lab_free(&l);
    l = lab_new();
    lab_part(&l, "job", "nightly", "every=1h items=nightly.nothing");
    assert_int_equal(model_finish(l.m, &why), ERR_NOT_FOUND);
    lab_free(&l);
}

/* A run begins an operation of something else; where that is refused, the run fails. */
static void a_run_begins_what_it_does(void **state)
{
    (void)state;
    struct errmsg why = {0};
    struct lab l = lab_new();
    lab_part(&l, "database", "db", "data=100000000");
    lab_part(&l, "backup", "db.full", "clock=off last_success=9h rate=100000");
    lab_part(&l, "job", "nightly", "every=10m at=2m duration=5s does=db.full.run");
    lab_start(&l, 5);
    lab_run(&l, 2 * SIM_MIN + SIM_SEC);
    assert_true(lab_metric(&l, "db.full", "running") == 1);
    lab_run(&l, 13 * SIM_MIN); /* a thousand seconds: the next one finds it at work */
    assert_true(job(&l, "succeeded_total") == 1 && job(&l, "failed_total") == 1);
    lab_run(&l, 20 * SIM_MIN);
    assert_true(lab_metric(&l, "db.full", "runs_total") == 1);
    assert_true(lab_metric(&l, "db.full", "last_success_age") == 18 * 60);
    assert_books(&l, 2, 0);
    lab_free(&l);
    static const char *const wrong[] = {"every=1h does=db.full.rum",
                                        "every=1h does=nobody.run",
                                        "every=1h does=db.kill", "every=1h does=run"};
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        l = lab_new();
        lab_part(&l, "database", "db", "");
        lab_part(&l, "backup", "db.full", "");
        lab_part(&l, "job", "nightly", wrong[i]);
        assert_int_not_equal(model_finish(l.m, &why), ERR_OK);
        assert_non_null(strstr(why.text, "nightly"));
        lab_free(&l);
    }
}

static void forks_end_alike(void **state)
{
    (void)state;
    struct errmsg why = {0};
    struct lab l = alone("every=1m duration=exponential(80s) timeout=3m retries=1");
    lab_fault(&l, "nightly", "fails", NULL, 20 * SIM_MIN);
    lab_run(&l, 11 * SIM_MIN);
    struct world *fork = world_fork(l.w);
    lab_run(&l, 60 * SIM_MIN);
    assert_int_equal(world_run(fork, 60 * SIM_MIN, UINT64_MAX, NULL, &why), ERR_OK);
    assert_true(world_digest(fork) == world_digest(l.w));
    assert_books(&l, 60, 0);
    world_free(fork);
    lab_free(&l);
}

/* ---- the objective --------------------------------------------------------------- */

static struct lab judged(const char *params)
{
    struct lab l = lab_new();
    struct errmsg why = {0};
    struct slo slo = {"done soon", 90 * SIM_SEC, 0, 0.99, SIM_HOUR, false};
    lab_part(&l, "job", "nightly", params);
    comp_id who = model_find(l.m, "nightly");
    assert_int_equal(model_slo(l.m, &slo, &who, 1, &why), ERR_OK);
    lab_start(&l, 5);
    return l;
}

/* A run is good up to the last moment, bad from the next on, however long it goes on;
 * one that never happens is bad, too. */
static void a_run_is_bad_once_late(void **state)
{
    (void)state;
    struct lab l = judged("every=10m duration=90s");
    lab_run(&l, 60 * SIM_MIN);
    assert_true(job(&l, "good_total") == 5 && job(&l, "bad_total") == 0);
    lab_free(&l);
    l = judged("every=10m duration=24h");
    lab_run(&l, 10 * SIM_MIN + 90 * SIM_SEC);
    assert_true(job(&l, "bad_total") == 0);
    lab_run(&l, 10 * SIM_MIN + 90 * SIM_SEC + 1);
    assert_true(job(&l, "bad_total") == 1);
    lab_run(&l, 65 * SIM_MIN);
    assert_true(job(&l, "bad_total") == 6 && job(&l, "good_total") == 0);
    lab_op(&l, "nightly", "stop", NULL);
    assert_true(job(&l, "bad_total") == 6);
    lab_free(&l);
    l = judged("every=10m duration=5m overlap=forbid");
    lab_op(&l, "nightly", "disable", NULL);
    lab_run(&l, 45 * SIM_MIN);
    assert_true(job(&l, "bad_total") == 4 && job(&l, "missed_total") == 4);
    lab_op(&l, "nightly", "enable", NULL);
    lab_run(&l, 59 * SIM_MIN);
    assert_true(job(&l, "bad_total") == 5 && job(&l, "good_total") == 0);
    lab_free(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_when_it_is_due),
        cmocka_unit_test(overlaps_as_it_is_told),
        cmocka_unit_test(a_run_is_bad_once_late),
        cmocka_unit_test(the_run_that_never_happened),
        cmocka_unit_test(disabled_and_made_up_for),
        cmocka_unit_test(a_node_that_is_gone),
        cmocka_unit_test(dies_half_way),
        cmocka_unit_test(by_hand),
        cmocka_unit_test(slow_late_and_tried_again),
        cmocka_unit_test(calls_an_endpoint),
        cmocka_unit_test(takes_longer_with_more_to_do),
        cmocka_unit_test(refuses_what_cannot_be),
        cmocka_unit_test(a_run_begins_what_it_does),
        cmocka_unit_test(forks_end_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
