/*
 * What keeps callers from asking too much: the bulkhead and its queue, retry budgets as
 * they are published, and the adaptive throttle.
 */
#include "../lib/lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct seen {
    struct request_done user[64];
    sim_time waited[64];
    size_t users;
};

static void on_done(void *ctx, const struct request_done *r)
{
    struct seen *s = ctx;
    sim_time sum = 0, waited = 0;
    for (size_t i = 0; i < r->nslices; i++) {
        sum += r->slices[i].ns;
        waited += r->slices[i].cause == CAUSE_POOL_WAIT ? r->slices[i].ns : 0;
    }
    assert_int_equal(sum, r->end - r->start);
    if (r->user && s->users < 64) {
        s->waited[s->users] = waited;
        s->user[s->users++] = *r;
    }
}

static void watch(struct lab *l, sim_time until, struct seen *s)
{
    struct errmsg why = {0};
    struct observer o = {.ctx = s, .done = on_done};
    if (world_run(l->w, until, UINT64_MAX, &o, &why) != ERR_OK)
        fail_msg("%s", why.text);
}

static struct lab caller(sim_time work, const char *users, const char *call)
{
    struct lab l = lab_new();
    char params[300];
    const struct node sleep = {.kind = NODE_SLEEP, .time = dist_const(work)};
    lab_part(&l, "service", "app", "workers=100000");
    lab_endpoint(&l, "app", "get", &sleep);
    lab_part(&l, "balancer", "edge", "to=app probe=none");
    lab_part(&l, "client", "users", users);
    snprintf(params, sizeof params, "network=0 %s", call);
    lab_part(&l, "call", "users.edge", params);
    lab_start(&l, 1);
    return l;
}

static double call(const struct lab *l, const char *metric)
{
    return lab_metric(l, "users.edge", metric);
}

#define TEN_A_SECOND "to=edge/get rate=10 arrivals=even"

/* ---- the bulkhead's queue -------------------------------------------------------- */

static void they_wait_their_turn(void **state)
{
    (void)state;
    struct seen s = {0};
    struct lab l =
        caller(250 * SIM_MS, TEN_A_SECOND " users=0", "max_in_flight=1 max_waiting=2");
    watch(&l, 990 * SIM_MS, &s);
    /* at 100, 200 ... : the first at once, then 350, 600, 850; 500 is one too many */
    assert_true(call(&l, "in_flight") == 1 && call(&l, "waiting") == 2);
    assert_true(lab_metric(&l, "app", "in_flight") == 1);
    assert_int_equal(s.user[0].end, 350 * SIM_MS);
    assert_int_equal(s.waited[0], 0);
    assert_int_equal(s.user[1].reason, REASON_SHED); /* the fifth, at once */
    assert_int_equal(s.user[1].start, 500 * SIM_MS);
    assert_int_equal(s.user[2].end, 600 * SIM_MS);
    assert_int_equal(s.waited[2], 150 * SIM_MS);
    assert_int_equal(s.user[2].end - s.user[2].start, 400 * SIM_MS);
    lab_free(&l);
}

static void the_timeout_begins_when_it_is_sent(void **state)
{
    (void)state;
    struct seen s = {0};
    struct lab l = caller(250 * SIM_MS, TEN_A_SECOND,
                          "max_in_flight=1 max_waiting=100 timeout=200ms");
    watch(&l, 590 * SIM_MS, &s);
    assert_int_equal(s.users, 2);
    assert_int_equal(s.user[1].reason, REASON_TIMEOUT);
    assert_int_equal(s.user[1].end - s.user[1].start, 300 * SIM_MS);
    assert_int_equal(s.waited[1], 100 * SIM_MS);
    lab_free(&l);
}

static void they_do_not_wait_for_ever(void **state)
{
    (void)state;
    struct seen s = {0};
    struct lab l =
        caller(SIM_SEC, TEN_A_SECOND, "max_in_flight=1 max_waiting=100 max_wait=120ms");
    watch(&l, 990 * SIM_MS, &s);
    assert_int_equal(s.user[0].reason, REASON_SHED);
    assert_int_equal(s.user[0].end - s.user[0].start, 120 * SIM_MS);
    assert_int_equal(s.waited[0], 120 * SIM_MS);
    lab_free(&l);
    struct seen t = {0};
    l = caller(SIM_SEC, TEN_A_SECOND " gives_up=150ms",
               "max_in_flight=1 max_waiting=9");
    watch(&l, 990 * SIM_MS, &t);
    assert_int_equal(t.user[1].reason, REASON_GAVE_UP);
    assert_int_equal(t.waited[1], 50 * SIM_MS); /* until the first gives up */
    assert_int_equal(t.user[1].end - t.user[1].start, 150 * SIM_MS);
    assert_true(call(&l, "attempts_total") ==
                call(&l, "errors_total") + call(&l, "in_flight") + call(&l, "waiting"));
    lab_free(&l);
}

static void more_room_lets_them_in(void **state)
{
    (void)state;
    struct lab l = caller(10 * SIM_SEC, TEN_A_SECOND, "max_in_flight=1 max_waiting=50");
    lab_run(&l, 2050 * SIM_MS);
    assert_true(call(&l, "waiting") == 19);
    lab_set(&l, "users.edge", "max_in_flight", "5");
    lab_run(&l, 2060 * SIM_MS);
    assert_true(call(&l, "waiting") == 15 && call(&l, "in_flight") == 5);
    lab_set(&l, "users.edge", "max_in_flight", "0");
    lab_run(&l, 2070 * SIM_MS);
    assert_true(call(&l, "waiting") == 0 && call(&l, "in_flight") == 20);
    lab_free(&l);
}

/* Many that wait, and all are refused as soon as they may go: no deep recursion. */
static void a_long_queue_that_all_fails(void **state)
{
    (void)state;
    struct lab l = caller(SIM_SEC, "to=edge/get rate=2000 gives_up=100s",
                          "max_in_flight=1 max_waiting=100000 timeout=20s");
    lab_run(&l, 15 * SIM_SEC);
    assert_true(call(&l, "waiting") > 20000);
    lab_set(&l, "edge", "limit", "0"); /* refused as soon as they may go */
    lab_run(&l, 17 * SIM_SEC);
    assert_true(call(&l, "waiting") == 0);
    assert_true(call(&l, "failures_RATE_LIMITED") > 20000);
    lab_free(&l);
    l = caller(SIM_SEC, "to=edge/get rate=2000", "max_in_flight=1 max_waiting=100000");
    lab_run(&l, 500 * SIM_MS);
    lab_fault(&l, "app", "error_rate", "1", 0);
    lab_run(&l, 15 * SIM_SEC);
    assert_true(call(&l, "waiting") == 0);
    assert_true(call(&l, "failures_ERROR") > 20000);
    lab_free(&l);
}

/* ---- budgets --------------------------------------------------------------------- */

/* 100 calls a second, each attempt fails with probability p; what was denied. */
static double denied(double p, const char *budget)
{
    char params[200], share[32];
    snprintf(params, sizeof params, "retries=2 %s", budget);
    struct lab l = caller(0, "to=edge/get rate=100", params);
    snprintf(share, sizeof share, "%g", p);
    lab_fault(&l, "app", "error_rate", share, 0);
    lab_run(&l, 1000 * SIM_SEC);
    double n = call(&l, "retries_denied_total") / call(&l, "requests_total");
    lab_free(&l);
    return n;
}

/* Retries that fail eat up what calls that succeed at once bring in: at 22 % failures,
 * or 32 % where a retry costs 5, it is used up. */
static void the_quota_of_the_aws_sdks(void **state)
{
    (void)state;
    assert_true(denied(0.19, "budget=quota") < 0.001);
    assert_true(denied(0.25, "budget=quota") > 0.01);
    assert_true(denied(0.29, "budget=quota retry_cost=5") < 0.001);
    assert_true(denied(0.35, "budget=quota retry_cost=5") > 0.01);
    struct lab l = caller(0, "to=edge/get rate=100", "retries=2 budget=quota");
    lab_fault(&l, "app", "error_rate", "1", 0);
    lab_run(&l, 10 * SIM_SEC);
    assert_true(call(&l, "retries_total") == 35); /* 500 / 14 */
    assert_true(call(&l, "retry_tokens") == 500 - 35 * 14);
    lab_free(&l);
    l = caller(0, "to=edge/get rate=100", "retries=2 budget=quota");
    lab_set(&l, "edge", "limit", "0");
    lab_run(&l, 10 * SIM_SEC);
    assert_true(call(&l, "retries_total") == 100); /* 500 / 5 */
    lab_free(&l);
}

static void the_throttle_of_grpc(void **state)
{
    (void)state;
    struct lab l = caller(
        0, TEN_A_SECOND, "retries=1 budget=throttle budget_tokens=10 budget_ratio=0.1");
    lab_fault(&l, "app", "error_rate", "1", 10 * SIM_SEC);
    lab_run(&l, 450 * SIM_MS);
    /* 10: 9 retry 8; 7 retry 6; 5 no more, at half */
    assert_true(call(&l, "requests_total") == 4);
    assert_true(call(&l, "retries_total") == 2);
    assert_true(call(&l, "retry_tokens") == 4);
    lab_run(&l, 9950 * SIM_MS);
    assert_true(call(&l, "retry_tokens") == 0); /* not below */
    lab_run(&l, 15050 * SIM_MS);
    double tokens = call(&l, "retry_tokens");
    assert_true(tokens > 4.9 && tokens < 5.3);
    lab_run(&l, 60 * SIM_SEC);
    assert_true(call(&l, "retry_tokens") == 10); /* not above */
    lab_fault(&l, "app", "error_rate", "1", SIM_SEC);
    lab_run(&l, 60150 * SIM_MS);
    assert_true(call(&l, "retries_total") >= 3);
    lab_free(&l);
}

static void so_many_retries_a_second(void **state)
{
    (void)state;
    struct lab l =
        caller(0, "to=edge/get rate=100", "retries=3 budget=rate budget_rate=20");
    lab_fault(&l, "app", "error_rate", "1", 0);
    lab_run(&l, 100 * SIM_SEC);
    double n = call(&l, "retries_total");
    assert_true(n >= 2015 && n <= 2020); /* and the first second's worth */
    lab_set(&l, "users.edge", "budget_rate", "0");
    double was = call(&l, "retries_total");
    lab_run(&l, 200 * SIM_SEC);
    assert_true(call(&l, "retries_total") - was <= 1);
    lab_set(&l, "users.edge", "budget", "share"); /* and retry_budget is 0: no limit */
    lab_run(&l, 210 * SIM_SEC);
    assert_true(call(&l, "retries_total") - was > 2500);
    lab_free(&l);
}

/* A few failures say nothing: before its twentieth call a breaker stays closed. */
static void a_breaker_wants_to_see_twenty_calls(void **state)
{
    (void)state;
    struct lab l = caller(0, TEN_A_SECOND, "breaker=0.5");
    lab_set(&l, "edge", "limit", "0");
    lab_run(&l, 1950 * SIM_MS);
    assert_true(call(&l, "attempts_total") == 19);
    assert_true(lab_metric(&l, "edge", "requests_total") == 19);
    lab_run(&l, 4950 * SIM_MS);
    assert_true(lab_metric(&l, "edge", "requests_total") < 30);
    lab_free(&l);
}

/* What an open breaker refuses is not tried again: each retry follows an attempt that was
 * sent. */
static void an_open_breaker_ends_it(void **state)
{
    (void)state;
    struct lab l = caller(0, "to=edge/get rate=100", "breaker=0.5 retries=3");
    lab_set(&l, "edge", "limit", "0");
    lab_run(&l, 60 * SIM_SEC);
    double sent = lab_metric(&l, "edge", "requests_total");
    assert_true(call(&l, "retries_total") <= sent);
    assert_true(call(&l, "attempts_total") > 10 * sent);
    lab_free(&l);
}

/* ---- the adaptive throttle ------------------------------------------------------- */

/* A callee that takes 20 a second gets K times as many, whatever is offered. A call that
 * the policy's own throttle refuses is not tried again: each retry follows an attempt
 * that was sent. */
static void twice_what_is_accepted(void **state)
{
    (void)state;
    static const double k[] = {2, 1.2};
    for (int i = 0; i < 2; i++) {
        char params[60];
        snprintf(params, sizeof params, "throttle=%g throttle_window=60s retries=3",
                 k[i]);
        struct lab l = caller(0, "to=edge/get rate=200", params);
        lab_run(&l, 100 * SIM_SEC);
        assert_true(call(&l, "throttled_total") == 0);
        lab_set(&l, "edge", "limit", "20");
        lab_run(&l, 400 * SIM_SEC);
        double sent = lab_metric(&l, "edge", "requests_total"),
               all = call(&l, "attempts_total"), no = call(&l, "throttled_total"),
               again = call(&l, "retries_total");
        lab_run(&l, 800 * SIM_SEC);
        double rate = (lab_metric(&l, "edge", "requests_total") - sent) / 400;
        again = call(&l, "retries_total") - again;
        assert_true(again > 0 && again <= rate * 400 + 1);
        print_message("    K = %g: %.3g a second are sent\n", k[i], rate);
        assert_true(rate > 0.93 * k[i] * 20 && rate < 1.07 * k[i] * 20);
        assert_true(call(&l, "attempts_total") - all ==
                    call(&l, "throttled_total") - no +
                        lab_metric(&l, "edge", "requests_total") - sent);
        lab_set(&l, "edge", "limit", "-1"); /* and it lets go again */
        lab_run(&l, 1000 * SIM_SEC);
        double last = call(&l, "throttled_total");
        lab_run(&l, 1100 * SIM_SEC);
        if (k[i] >= 2)
            assert_true(call(&l, "throttled_total") == last);
        lab_free(&l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_wait_their_turn),
        cmocka_unit_test(the_timeout_begins_when_it_is_sent),
        cmocka_unit_test(they_do_not_wait_for_ever),
        cmocka_unit_test(more_room_lets_them_in),
        cmocka_unit_test(a_long_queue_that_all_fails),
        cmocka_unit_test(the_quota_of_the_aws_sdks),
        cmocka_unit_test(the_throttle_of_grpc),
        cmocka_unit_test(so_many_retries_a_second),
        cmocka_unit_test(a_breaker_wants_to_see_twenty_calls),
        cmocka_unit_test(an_open_breaker_ends_it),
        cmocka_unit_test(twice_what_is_accepted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
