/*
 * Whose a breaker is, a bulkhead, a retry budget, a throttle: each calling instance has
 * its own, unless the policy says that all share one. And the trial of a half-open
 * breaker, which must not hold it for ever.
 */
#include "../lib/lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MANY "workers=1000 cores=1000 "

/* Four instances of "shop" call "bank", which is well, by a policy as told; users come
 * evenly, to each instance in turn. */
static struct lab town(const char *policy, const char *rate, sim_time takes)
{
    struct lab l = lab_new();
    struct node call = {.kind = NODE_CALL, .target = "bank", .what = "pay"};
    struct node work = {.kind = NODE_SLEEP, .time = dist_const(takes)};
    char text[200];
    lab_part(&l, "service", "bank", MANY);
    lab_endpoint(&l, "bank", "pay", &work);
    lab_part(&l, "service", "shop", MANY "instances=4 start_up=1s");
    lab_endpoint(&l, "shop", "buy", &call);
    snprintf(text, sizeof text, "to=shop/buy arrivals=even %s", rate);
    lab_part(&l, "client", "users", text);
    lab_part(&l, "call", "users.shop", "network=0");
    snprintf(text, sizeof text, "network=0 %s", policy);
    lab_part(&l, "call", "shop.bank", text);
    return l;
}

static double bank(const struct lab *l, const char *metric)
{
    return lab_metric(l, "shop.bank", metric);
}

static double since(const struct lab *l, const char *comp, const char *metric,
                    double was)
{
    return lab_metric(l, comp, metric) - was;
}

/* ---- one for each instance ------------------------------------------------------- */

/* An instance of four is a canary that sends what the bank refuses. */
static struct lab canary(const char *scope)
{
    struct lab l = lab_new();
    struct node good = {.kind = NODE_SLEEP, .time = dist_const(50 * SIM_MS)};
    struct node bad = {.kind = NODE_FAIL, .what = "400"};
    struct node old = {.kind = NODE_CALL, .target = "bank", .what = "good"};
    struct node new = {.kind = NODE_CALL, .target = "bank", .what = "bad"};
    struct errmsg why = {0};
    char text[200];
    lab_part(&l, "service", "bank", MANY);
    lab_endpoint(&l, "bank", "good", &good);
    lab_endpoint(&l, "bank", "bad", &bad);
    comp_id shop = lab_part(&l, "service", "shop", MANY "instances=4");
    assert_int_equal(model_endpoint(l.m, shop, "pay", "v1", &old, &why), ERR_OK);
    assert_int_equal(model_endpoint(l.m, shop, "pay", "v2", &new, &why), ERR_OK);
    snprintf(text, sizeof text, "breaker=0.2 breaker_open=30s scope=%s", scope);
    lab_part(&l, "call", "shop.bank", text);
    lab_part(&l, "client", "users", "to=shop/pay rate=40");
    struct action a = {.kind = ACTION_OP,
                       .comp = shop,
                       .name = "canary",
                       .args = {{.type = VALUE_TEXT, .as.text = "v2"},
                                {.type = VALUE_FRACTION, .as.number = 0.25}},
                       .nargs = 2};
    assert_int_equal(model_at(l.m, 60 * SIM_SEC, &a, NULL, &why), ERR_OK);
    lab_start(&l, 1);
    return l;
}

static double share_answered(struct lab *l, sim_time from, sim_time until)
{
    lab_run(l, from);
    double ok = lab_metric(l, "users", "answered_total");
    double all = lab_metric(l, "users", "attempts_total");
    lab_run(l, until);
    return since(l, "users", "answered_total", ok) /
           since(l, "users", "attempts_total", all);
}

static void a_breaker_is_in_the_process_that_calls(void **state)
{
    (void)state;
    struct lab l = canary("instance");
    double share = share_answered(&l, 90 * SIM_SEC, 300 * SIM_SEC);
    assert_true(share > 0.74 && share < 0.76);
    assert_true(bank(&l, "breaker_open") + bank(&l, "breaker_half_open") >= 1);
    int open = 0;
    for (int i = 1; i <= 4; i++)
        open += lab_metric_of(&l, "shop.bank", "breaker_open", i) == 1;
    assert_true(open <= 1 && open == bank(&l, "breaker_open"));
    lab_free(&l);
}

static void a_shared_breaker_fails_all_for_one(void **state)
{
    (void)state;
    struct lab l = canary("shared");
    assert_true(share_answered(&l, 90 * SIM_SEC, 300 * SIM_SEC) < 0.5);
    assert_true(bank(&l, "breaker_open") <= 1);
    assert_true(lab_metric_of(&l, "shop.bank", "breaker_open", 3) ==
                bank(&l, "breaker_open"));
    lab_free(&l);
}

static void a_bulkhead_is_too(void **state)
{
    (void)state;
    struct lab l = town("max_in_flight=10", "rate=100", SIM_SEC);
    lab_start(&l, 1);
    lab_run(&l, 10 * SIM_SEC);
    assert_true(bank(&l, "in_flight") == 40);
    lab_free(&l);
    l = town("max_in_flight=10 scope=shared", "rate=100", SIM_SEC);
    lab_start(&l, 1);
    lab_run(&l, 10 * SIM_SEC);
    assert_true(bank(&l, "in_flight") == 10);
    lab_free(&l);
}

/* Set while calls are under way: those count. */
static void a_bulkhead_set_late_counts_what_is_there(void **state)
{
    (void)state;
    struct lab l = town("", "rate=100", SIM_SEC);
    lab_start(&l, 1);
    lab_run(&l, 10 * SIM_SEC);
    assert_true(bank(&l, "in_flight") > 90);
    lab_set(&l, "shop.bank", "max_in_flight", "10");
    double refused = bank(&l, "failures_SHED");
    lab_run(&l, 10 * SIM_SEC + 200 * SIM_MS);
    assert_true(bank(&l, "failures_SHED") - refused > 18);
    lab_run(&l, 13 * SIM_SEC);
    assert_true(bank(&l, "in_flight") == 40);
    lab_set(&l, "shop.bank", "max_in_flight", "0");
    lab_run(&l, 15 * SIM_SEC);
    assert_true(bank(&l, "in_flight") > 90);
    lab_set(&l, "shop.bank", "max_in_flight", "5");
    lab_run(&l, 18 * SIM_SEC);
    assert_true(bank(&l, "in_flight") == 20);
    lab_free(&l);
}

/* Those of branches, too, of which one is a program's in a branch. */
static void branches_are_counted_late_too(void **state)
{
    (void)state;
    struct lab l = lab_new();
    struct node call = {.kind = NODE_CALL, .target = "bank", .what = "pay"};
    struct node calls[2] = {call, call};
    struct node inner = {.kind = NODE_PARALLEL, .body = &calls[0]};
    struct node outer = {.kind = NODE_PARALLEL, .body = &inner};
    struct node work = {.kind = NODE_SLEEP, .time = dist_const(SIM_SEC)};
    calls[0].next = &calls[1];
    inner.next = &call;
    lab_part(&l, "service", "bank", MANY);
    lab_endpoint(&l, "bank", "pay", &work);
    lab_part(&l, "service", "shop", MANY "instances=2");
    lab_endpoint(&l, "shop", "buy", &outer);
    lab_part(&l, "client", "users", "to=shop/buy arrivals=even rate=40");
    lab_part(&l, "call", "shop.bank", "network=0");
    lab_start(&l, 1);
    lab_run(&l, 10 * SIM_SEC);
    double before = bank(&l, "in_flight");
    assert_true(before > 110 && before < 130);
    lab_set(&l, "shop.bank", "max_in_flight", "70");
    lab_run(&l, 20 * SIM_SEC); /* no fewer than before: wide enough */
    assert_true(bank(&l, "failures_SHED") == 0);
    lab_set(&l, "shop.bank", "max_in_flight", "3");
    lab_run(&l, 30 * SIM_SEC);
    assert_true(bank(&l, "in_flight") == 6);
    lab_free(&l);
}

/* Each queue has its own room, and each process admits its own. */
static void waiting_for_room_is_too(void **state)
{
    (void)state;
    struct lab l = town("max_in_flight=1 max_waiting=2", "rate=40", 500 * SIM_MS);
    lab_start(&l, 1);
    lab_run(&l, 10 * SIM_SEC);
    assert_true(bank(&l, "in_flight") == 4);
    assert_true(bank(&l, "waiting") == 8);
    lab_set(&l, "users", "rate", "0");
    lab_run(&l, 13 * SIM_SEC);
    assert_true(bank(&l, "in_flight") == 0 && bank(&l, "waiting") == 0);
    lab_free(&l);
}

/* A burst of 10 retries for each instance, when nothing is answered. */
static double retries(const char *policy)
{
    struct lab l = town(policy, "rate=100", SIM_MS);
    lab_start(&l, 1);
    lab_fault(&l, "bank", "error_rate", "1", 0);
    lab_run(&l, 10 * SIM_SEC);
    double n = bank(&l, "retries_total");
    lab_free(&l);
    return n;
}

static void retry_budgets_are_too(void **state)
{
    (void)state;
    double each = retries("retries=1 retry_budget=0.01");
    double all = retries("retries=1 retry_budget=0.01 scope=shared");
    assert_true(each > 45 && each < 55); /* 4 x 10, and 1 % of 1,000 */
    assert_true(all > 15 && all < 22);
    each = retries("retries=1 budget=quota budget_tokens=140");
    all = retries("retries=1 budget=quota budget_tokens=140 scope=shared");
    assert_true(each == 40 && all == 10);
}

static void tokens_are_told_of_each_and_of_all(void **state)
{
    (void)state;
    struct lab l = town("retries=1 budget=quota budget_tokens=140", "rate=1", SIM_MS);
    lab_start(&l, 1);
    assert_true(bank(&l, "retry_tokens") == 560);
    lab_fault(&l, "bank", "error_rate", "1", 0);
    lab_run(&l, 1500 * SIM_MS);
    assert_true(bank(&l, "retry_tokens") == 546);
    double least = 140;
    for (int i = 1; i <= 4; i++) {
        double x = lab_metric_of(&l, "shop.bank", "retry_tokens", i);
        least = x < least ? x : least;
    }
    assert_true(least == 126);
    lab_free(&l);
}

/* A sick caller of four makes only its own throttle refuse. */
static void a_throttle_is_too(void **state)
{
    (void)state;
    for (int shared = 0; shared < 2; shared++) {
        struct lab l = town(shared ? "throttle=2 scope=shared via=net timeout=100ms"
                                   : "throttle=2 via=net timeout=100ms",
                            "rate=100", SIM_MS);
        lab_part(&l, "link", "net", "latency=1ms");
        lab_start(&l, 1);
        lab_fault(&l, "net", "partition", "0.75", 0);
        lab_run(&l, 300 * SIM_SEC);
        double ok = lab_metric(&l, "users", "answered_total") / 300;
        if (shared)
            assert_true(ok < 24);
        else
            assert_true(ok > 24.5 && ok < 25.5);
        lab_free(&l);
    }
}

/* A process's knowledge is gone with it. */
static void a_new_process_begins_anew(void **state)
{
    (void)state;
    struct lab l = town("breaker=0.5 breaker_open=1h", "rate=100", SIM_MS);
    lab_start(&l, 1);
    lab_fault(&l, "bank", "error_rate", "1", 5 * SIM_SEC);
    lab_run(&l, 10 * SIM_SEC);
    assert_true(bank(&l, "breaker_open") == 4);
    struct action a = {.kind = ACTION_OP,
                       .comp = model_find(l.m, "shop"),
                       .name = "restart",
                       .instance = 2};
    struct errmsg why = {0};
    assert_int_equal(world_apply(l.w, &a, "test", NULL, NULL, &why), ERR_OK);
    lab_run(&l, 70 * SIM_SEC);
    assert_true(bank(&l, "breaker_open") == 3);
    assert_true(lab_metric_of(&l, "shop.bank", "breaker_open", 2) == 0);
    lab_free(&l);
}

/* ---- the trial ------------------------------------------------------------------- */

/* One instance, whose breaker opened at about 10 s; from then on the bank's answers do
 * not come, until 100 s. */
static struct lab silent(const char *policy)
{
    struct lab l = town(policy, "rate=10", 10 * SIM_MS);
    lab_part(&l, "link", "net", "latency=1ms");
    lab_start(&l, 1);
    lab_set(&l, "shop", "instances", "1");
    lab_run(&l, 5 * SIM_SEC);
    lab_fault(&l, "bank", "error_rate", "1", 5 * SIM_SEC);
    lab_run(&l, 10 * SIM_SEC);
    lab_fault(&l, "net", "partition", NULL, 90 * SIM_SEC);
    assert_true(bank(&l, "breaker_open") == 1);
    return l;
}

static void a_breaker_is_open_while_its_trial_is_out(void **state)
{
    (void)state;
    struct lab l = silent("via=net breaker=0.5 breaker_open=10s breaker_trial=1h");
    for (int t = 25; t < 100; t += 5) {
        double refused = bank(&l, "failures_BREAKER_OPEN");
        lab_run(&l, t * SIM_SEC);
        assert_true(bank(&l, "failures_BREAKER_OPEN") - refused >= 45);
        assert_true(bank(&l, "breaker_open") == 1);
        assert_true(bank(&l, "breaker_half_open") == 1);
        assert_true(bank(&l, "in_flight") == 1); /* the trial */
    }
    lab_run(&l, 170 * SIM_SEC); /* sent again, it is answered at last */
    assert_true(bank(&l, "breaker_open") == 0 && bank(&l, "breaker_half_open") == 0);
    assert_true(bank(&l, "in_flight") <= 1);
    lab_free(&l);
}

/* The way is free from 100 s on; the first trial hangs for longer. */
static void a_trial_without_an_answer_is_given_up(void **state)
{
    (void)state;
    struct lab l = silent("via=net breaker=0.5 breaker_open=10s");
    lab_run(&l, 99 * SIM_SEC);
    assert_true(bank(&l, "breaker_open") == 1);
    assert_true(bank(&l, "in_flight") == 8); /* a trial more every 10 s */
    lab_run(&l, 111 * SIM_SEC);
    assert_true(bank(&l, "breaker_open") == 0 && bank(&l, "breaker_half_open") == 0);
    double ok = lab_metric(&l, "users", "answered_total");
    lab_run(&l, 121 * SIM_SEC);
    assert_true(since(&l, "users", "answered_total", ok) >= 99);
    lab_free(&l);
}

/* Calls take 20 s. What was sent before the breaker opened is answered well while the
 * trial is out, and decides nothing. */
static void late_answers_do_not_close_a_breaker(void **state)
{
    (void)state;
    struct lab l =
        town("breaker=0.5 breaker_open=4s breaker_trial=1h breaker_window=1s",
             "rate=40", 20 * SIM_SEC);
    lab_start(&l, 1);
    lab_set(&l, "shop", "instances", "1");
    lab_run(&l, 40 * SIM_SEC);
    lab_fault(&l, "bank", "error_rate", "1", 3 * SIM_SEC);
    lab_run(&l, 45 * SIM_SEC);
    assert_true(bank(&l, "breaker_half_open") == 1);
    double ok = bank(&l, "ok_total");
    lab_run(&l, 55 * SIM_SEC);
    assert_true(bank(&l, "ok_total") - ok > 350);
    assert_true(bank(&l, "breaker_open") == 1);
    lab_run(&l, 66 * SIM_SEC);
    assert_true(bank(&l, "breaker_open") == 0);
    lab_free(&l);
}

/* A trial that the throttle refuses, or that its user leaves, is none. */
static void a_trial_that_is_not_sent_is_none(void **state)
{
    (void)state;
    struct lab l = silent("via=net breaker=0.5 breaker_open=1s breaker_trial=1h "
                          "throttle=1 throttle_window=1s");
    lab_run(&l, 101 * SIM_SEC);
    lab_set(&l, "users", "gives_up", "1s");
    lab_run(&l, 300 * SIM_SEC);
    double ok = lab_metric(&l, "users", "answered_total");
    lab_run(&l, 310 * SIM_SEC);
    assert_true(since(&l, "users", "answered_total", ok) > 90);
    lab_free(&l);
}

static void few_calls_do_not_open_it(void **state)
{
    (void)state;
    for (int few = 0; few < 2; few++) {
        struct lab l =
            town(few ? "breaker=0.5 breaker_calls=2" : "breaker=0.5", "rate=4", SIM_MS);
        lab_start(&l, 1);
        lab_fault(&l, "bank", "error_rate", "1", 0);
        lab_run(&l, 60 * SIM_SEC);
        assert_true((bank(&l, "failures_BREAKER_OPEN") > 100) == few);
        lab_free(&l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_breaker_is_in_the_process_that_calls),
        cmocka_unit_test(a_shared_breaker_fails_all_for_one),
        cmocka_unit_test(a_bulkhead_is_too),
        cmocka_unit_test(a_bulkhead_set_late_counts_what_is_there),
        cmocka_unit_test(branches_are_counted_late_too),
        cmocka_unit_test(waiting_for_room_is_too),
        cmocka_unit_test(retry_budgets_are_too),
        cmocka_unit_test(tokens_are_told_of_each_and_of_all),
        cmocka_unit_test(a_throttle_is_too),
        cmocka_unit_test(a_new_process_begins_anew),
        cmocka_unit_test(a_breaker_is_open_while_its_trial_is_out),
        cmocka_unit_test(a_trial_without_an_answer_is_given_up),
        cmocka_unit_test(late_answers_do_not_close_a_breaker),
        cmocka_unit_test(a_trial_that_is_not_sent_is_none),
        cmocka_unit_test(few_calls_do_not_open_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
