/*
 * Autoscalers: the arithmetic against the published algorithm (the cases are worked out
 * by hand from the page that kind_autoscaler.c names), and scalers in whole models.
 */
#include "../../src/sim/service/autoscaler.h"
#include "../lib/lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* ---- the arithmetic -------------------------------------------------------------- */

static int want(int have, int measured, double each, int not_ready, int missing)
{
    struct census n = {measured, not_ready, missing, measured * each};
    return scaler_wanted(&n, have, 0.7, 0.1, 1);
}

static void in_proportion_and_rounded_up(void **state)
{
    (void)state;
    assert_int_equal(want(2, 2, 1.0, 0, 0), 3);
    assert_int_equal(want(10, 10, 0.35, 0, 0), 5);
    assert_int_equal(want(10, 10, 0.76, 0, 0), 10); /* 1.086: within a tenth */
    assert_int_equal(want(10, 10, 0.64, 0, 0), 10); /* 0.914 */
    assert_int_equal(want(10, 10, 0.78, 0, 0), 12);
    assert_int_equal(want(10, 10, 0, 0, 0), 0); /* the bounds see to it */
}

static void who_is_not_ready_does_nothing_on_the_way_up(void **state)
{
    (void)state;
    assert_int_equal(want(3, 2, 1.0, 1, 0), 3);  /* 2 of 3 busy: 0.95 */
    assert_int_equal(want(4, 2, 1.0, 2, 0), 4);  /* 0.71: the other way */
    assert_int_equal(want(6, 5, 1.0, 1, 0), 8);  /* 5 / 0.7, rounded up */
    assert_int_equal(want(5, 3, 0.35, 2, 0), 2); /* down: left out */
    assert_int_equal(want(3, 0, 0, 3, 0), 3);    /* nobody says anything */
}

static void who_says_nothing_is_idle_going_up_and_busy_coming_down(void **state)
{
    (void)state;
    assert_int_equal(want(4, 3, 1.0, 0, 1), 4); /* 3 / 4 / 0.7 = 1.07 */
    assert_int_equal(want(8, 7, 1.0, 0, 1), 10);
    assert_int_equal(want(4, 2, 0.35, 0, 2), 4); /* 2.7 / 4 / 0.7 = 0.96 */
}

static void limits_of_a_period(void **state)
{
    (void)state;
    assert_int_equal(scaler_most(2, 1, 4), 6);
    assert_int_equal(scaler_most(10, 1, 4), 20);
    assert_int_equal(scaler_most(5, 0.5, 0), 8); /* rounded up */
    assert_int_equal(scaler_most(7, 0, 0), 7);
    assert_int_equal(scaler_least(10, 1), 0);
    assert_int_equal(scaler_least(10, 0.1), 9);
    assert_int_equal(scaler_least(10, 0), 10);
}

/* ---- in models ------------------------------------------------------------------- */

static struct lab scaled(const char *scaler, const char *rate)
{
    struct lab l = lab_new();
    const struct node work = {.kind = NODE_COMPUTE,
                              .time = dist_exponential(20 * SIM_MS)};
    lab_part(&l, "service", "app", "instances=2 workers=100 cores=1 start_up=5s");
    lab_part(&l, "autoscaler", "scaler", scaler);
    lab_endpoint(&l, "app", "get", &work);
    lab_part(&l, "client", "users", rate);
    lab_start(&l, 1);
    return l;
}

static double instances(const struct lab *l)
{
    return (double)world_get(l->w, model_find(l->m, "app"), "instances").as.count;
}

static void follows_the_load(void **state)
{
    (void)state;
    struct lab l = scaled("service=app target=0.5 min=2 max=12 cooldown=60s",
                          "to=app/get rate=200");
    lab_run(&l, 10 * SIM_SEC);
    assert_true(instances(&l) == 2); /* has not looked yet */
    lab_run(&l, 300 * SIM_SEC);      /* 4 cores' worth of work, half used */
    assert_true(instances(&l) >= 7 && instances(&l) <= 9);
    lab_set(&l, "users", "rate", "10");
    lab_run(&l, 600 * SIM_SEC);
    assert_true(instances(&l) == 2);
    assert_true(lab_metric(&l, "scaler", "ups_total") >= 1);
    assert_true(lab_metric(&l, "scaler", "downs_total") >= 1);
    lab_free(&l);
}

static void keeps_its_limits(void **state)
{
    (void)state;
    struct lab l = scaled("service=app target=0.1 max=3", "to=app/get rate=200");
    lab_run(&l, 300 * SIM_SEC);
    assert_true(instances(&l) == 3);
    assert_int_equal(lab_do(&l, ACTION_SET, "scaler", "min", "5", 0), ERR_REFUSED);
    lab_set(&l, "scaler", "max", "4");
    lab_run(&l, 400 * SIM_SEC);
    assert_true(instances(&l) == 4);
    lab_free(&l);
}

static void comes_down_only_after_the_cooldown(void **state)
{
    (void)state;
    struct lab l = scaled("service=app target=0.5 min=2 max=12 cooldown=10m",
                          "to=app/get rate=200");
    lab_run(&l, 120 * SIM_SEC);
    double most = instances(&l);
    assert_true(most > 4);
    lab_set(&l, "users", "rate", "10");
    lab_run(&l, 500 * SIM_SEC);
    assert_true(instances(&l) >= most);
    assert_true(lab_metric(&l, "scaler", "downs_total") == 0);
    lab_run(&l, 900 * SIM_SEC);
    assert_true(instances(&l) == 2);
    lab_free(&l);
}

static void off_is_off(void **state)
{
    (void)state;
    struct lab l = scaled("service=app target=0.1 on=off", "to=app/get rate=80");
    lab_run(&l, 300 * SIM_SEC);
    assert_true(instances(&l) == 2);
    lab_set(&l, "scaler", "on", "on");
    lab_run(&l, 320 * SIM_SEC);
    assert_true(instances(&l) == 6); /* four more in a period, or twice as many */
    lab_run(&l, 400 * SIM_SEC);
    assert_true(instances(&l) == 10);
    lab_free(&l);
}

static void reacts_late_when_told_so(void **state)
{
    (void)state;
    struct lab l =
        scaled("service=app target=0.5 delay=60s max=12", "to=app/get rate=95");
    lab_run(&l, 70 * SIM_SEC);
    assert_true(lab_metric(&l, "scaler", "wanted") > 2);
    assert_true(instances(&l) == 2);
    lab_run(&l, 80 * SIM_SEC);
    assert_true(instances(&l) > 2);
    lab_free(&l);
}

/* Two instances, work for three, each needs two minutes to start: nine looks come
 * before the first one is there. */
static void asked_for_is_not_there(void **state)
{
    struct lab l = lab_new();
    const struct node work = {.kind = NODE_COMPUTE, .time = dist_const(10 * SIM_MS)};
    double most = 0;
    (void)state;
    lab_part(&l, "service", "app",
             "instances=2 workers=64 queue=100 cores=1 start_up=120s");
    lab_part(&l, "autoscaler", "scaler", "service=app min=2 max=40");
    lab_endpoint(&l, "app", "get", &work);
    lab_part(&l, "client", "users", "to=app/get rate=100 gives_up=5s");
    lab_start(&l, 1);
    lab_run(&l, 60 * SIM_SEC);
    lab_set(&l, "users", "rate", "300");
    for (int t = 61; t <= 1200; t++) {
        lab_run(&l, t * SIM_SEC);
        most = instances(&l) > most ? instances(&l) : most;
        if (t == 170)
            assert_true(instances(&l) == 3);
    }
    assert_true(most >= 4 && most <= 5);
    assert_true(instances(&l) == most);
    lab_free(&l);
}

/* A scaler that takes a start for load goes on asking. */
static void a_naive_one_sees_its_own_starts(void **state)
{
    double most[2];
    (void)state;
    for (int k = 0; k < 2; k++) {
        struct lab l = lab_new();
        const struct node work = {.kind = NODE_COMPUTE,
                                  .time = dist_const(10 * SIM_MS)};
        char params[120];
        snprintf(params, sizeof params, "service=app min=2 max=40 unready=%s",
                 k == 0 ? "idle" : "measured");
        lab_part(&l, "service", "app", "instances=2 workers=64 cores=1 start_up=120s");
        lab_part(&l, "autoscaler", "scaler", params);
        lab_endpoint(&l, "app", "get", &work);
        lab_part(&l, "client", "users", "to=app/get rate=170");
        lab_start(&l, 1);
        lab_run(&l, 110 * SIM_SEC);
        most[k] = instances(&l);
        lab_free(&l);
    }
    assert_true(most[0] == 3);
    assert_true(most[1] > 10);
}

static void windows_hold_it_back(void **state)
{
    (void)state;
    struct lab l =
        scaled("service=app target=0.5 min=2 max=12 cooldown=0s up_window=60s "
               "down_window=5m",
               "to=app/get rate=95");
    lab_run(&l, 31 * SIM_SEC);
    assert_true(instances(&l) == 2); /* less was wanted within the minute */
    lab_run(&l, 150 * SIM_SEC);
    double most = instances(&l);
    assert_true(most > 2);
    lab_set(&l, "users", "rate", "10");
    lab_run(&l, 420 * SIM_SEC);
    assert_true(instances(&l) == most);
    lab_run(&l, 600 * SIM_SEC);
    assert_true(instances(&l) == 2);
    lab_free(&l);
}

static void no_faster_than_its_limits(void **state)
{
    (void)state;
    struct lab l =
        scaled("service=app target=0.1 max=40 limit_period=60s up_share=0 up_count=1",
               "to=app/get rate=95");
    for (int k = 1; k <= 5; k++) {
        lab_run(&l, (60 * k + 10) * SIM_SEC);
        assert_true(instances(&l) == 2 + k);
    }
    lab_free(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_proportion_and_rounded_up),
        cmocka_unit_test(who_is_not_ready_does_nothing_on_the_way_up),
        cmocka_unit_test(who_says_nothing_is_idle_going_up_and_busy_coming_down),
        cmocka_unit_test(limits_of_a_period),
        cmocka_unit_test(follows_the_load),
        cmocka_unit_test(keeps_its_limits),
        cmocka_unit_test(comes_down_only_after_the_cooldown),
        cmocka_unit_test(off_is_off),
        cmocka_unit_test(reacts_late_when_told_so),
        cmocka_unit_test(asked_for_is_not_there),
        cmocka_unit_test(a_naive_one_sees_its_own_starts),
        cmocka_unit_test(windows_hold_it_back),
        cmocka_unit_test(no_faster_than_its_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
