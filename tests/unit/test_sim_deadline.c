/*
 * Deadlines that travel: who gets what is left, who drops what is too late, and when.
 */
#include "../lib/lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct seen {
    struct request_done user[64], server[64];
    size_t users, servers;
};

static void on_done(void *ctx, const struct request_done *r)
{
    struct seen *s = ctx;
    sim_time sum = 0;
    for (size_t i = 0; i < r->nslices; i++)
        sum += r->slices[i].ns;
    assert_int_equal(sum, r->end - r->start);
    if (r->user && s->users < 64)
        s->user[s->users++] = *r;
    else if (!r->user && s->servers < 64)
        s->server[s->servers++] = *r;
}

static void watch(struct lab *l, sim_time until, struct seen *s)
{
    struct errmsg why = {0};
    struct observer o = {.ctx = s, .done = on_done};
    if (world_run(l->w, until, UINT64_MAX, &o, &why) != ERR_OK)
        fail_msg("%s", why.text);
}

static sim_time took(const struct request_done *r)
{
    return r->end - r->start;
}

/* A user every 10 s calls "app", which works 100 ms, calls "back", works 100 ms, and
 * calls "back" again; "back" has one worker and sleeps `back`. */
static struct lab chain(const char *users, const char *first, const char *second,
                        sim_time back)
{
    struct lab l = lab_new();
    struct node app[] = {{.kind = NODE_SLEEP, .time = dist_const(100 * SIM_MS)},
                         {.kind = NODE_CALL, .target = "back", .what = "get"},
                         {.kind = NODE_SLEEP, .time = dist_const(100 * SIM_MS)},
                         {.kind = NODE_CALL, .target = "back", .what = "get"}};
    const struct node sleep = {.kind = NODE_SLEEP, .time = dist_const(back)};
    for (int i = 0; i < 3; i++)
        app[i].next = &app[i + 1];
    lab_part(&l, "service", "back", "workers=1");
    lab_endpoint(&l, "back", "get", &sleep);
    lab_part(&l, "service", "app", "");
    lab_endpoint(&l, "app", "get", app);
    lab_part(&l, "client", "users", users);
    lab_part(&l, "call", "users.app", first);
    lab_part(&l, "call", "app.back", second);
    lab_start(&l, 1);
    return l;
}

#define EVERY_10S "to=app/get arrivals=even rate=0.1 "

static void a_call_gets_what_is_left(void **state)
{
    (void)state;
    struct seen s = {0};
    struct lab l = chain(EVERY_10S, "network=0 timeout=400ms propagate=on",
                         "network=0 timeout=350ms propagate=on retries=5", SIM_SEC);
    watch(&l, 19 * SIM_SEC, &s);
    assert_int_equal(s.users, 1);
    assert_int_equal(s.user[0].reason, REASON_TIMEOUT);
    assert_int_equal(took(&s.user[0]), 400 * SIM_MS);
    assert_int_equal(s.servers, 2);
    assert_int_equal(s.server[0].reason, REASON_DEADLINE); /* app: 300 ms of patience */
    assert_int_equal(took(&s.server[0]), 400 * SIM_MS);
    assert_int_equal(took(&s.server[1]), 1000 * SIM_MS);            /* sleepers sleep */
    assert_true(lab_metric(&l, "app.back", "attempts_total") == 1); /* no retry */
    assert_true(lab_metric(&l, "app.back", "failures_DEADLINE") == 1);
    lab_free(&l);
}

static void its_own_timeout_where_that_is_less(void **state)
{
    (void)state;
    struct seen s = {0};
    struct lab l = chain(EVERY_10S, "network=0 timeout=600ms propagate=on",
                         "network=0 timeout=150ms propagate=on retries=1", SIM_SEC);
    watch(&l, 19 * SIM_SEC, &s);
    assert_int_equal(s.user[0].reason, REASON_TIMEOUT);
    assert_int_equal(took(&s.user[0]), 400 * SIM_MS);
    assert_true(lab_metric(&l, "app.back", "failures_TIMEOUT") == 2);
    assert_true(lab_metric(&l, "app.back", "failures_DEADLINE") == 0);
    /* the first holds the worker; the second waits in the queue beyond its deadline */
    assert_int_equal(s.servers, 3);
    assert_int_equal(s.server[1].reason, REASON_NONE);
    assert_int_equal(s.server[2].reason, REASON_DEADLINE);
    assert_int_equal(took(&s.server[2]), 850 * SIM_MS);
    assert_true(s.server[2].abandoned);
    lab_free(&l);
}

static void without_it_work_for_nobody_goes_on(void **state)
{
    (void)state;
    struct seen s = {0};
    struct lab l =
        chain(EVERY_10S, "network=0 timeout=150ms", "network=0", 80 * SIM_MS);
    watch(&l, 19 * SIM_SEC, &s);
    assert_int_equal(s.servers, 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(s.server[i].reason, REASON_NONE);
    lab_free(&l);
    struct seen p = {0};
    l = chain(EVERY_10S, "network=0 timeout=150ms propagate=on", "network=0",
              80 * SIM_MS);
    watch(&l, 19 * SIM_SEC, &p);
    assert_int_equal(p.servers, 2); /* before its second call it looks at the clock */
    assert_int_equal(p.server[0].reason, REASON_NONE);
    assert_int_equal(p.server[1].reason, REASON_DEADLINE);
    assert_int_equal(took(&p.server[1]), 280 * SIM_MS);
    assert_true(lab_metric(&l, "app.back", "requests_total") == 2);
    assert_true(lab_metric(&l, "back", "requests_total") == 1);
    lab_free(&l);
}

static void the_user_is_the_root(void **state)
{
    (void)state;
    struct seen s = {0};
    struct lab l = chain(EVERY_10S "gives_up=301ms", "network=0 propagate=on",
                         "network=0 propagate=on", 50 * SIM_MS);
    watch(&l, 19 * SIM_SEC, &s);
    assert_int_equal(s.users, 1);
    assert_int_equal(s.user[0].reason, REASON_NONE);
    lab_free(&l);
    struct seen t = {0};
    l = chain(EVERY_10S "gives_up=299ms", "network=0 propagate=on",
              "network=0 propagate=on", 50 * SIM_MS);
    watch(&l, 19 * SIM_SEC, &t);
    assert_int_equal(t.user[0].reason, REASON_GAVE_UP);
    assert_int_equal(took(&t.user[0]), 299 * SIM_MS);
    assert_true(lab_metric(&l, "app.back", "failures_DEADLINE") == 1);
    lab_free(&l);
}

static void no_pause_is_begun_that_ends_too_late(void **state)
{
    (void)state;
    struct seen s = {0};
    struct lab l = chain(EVERY_10S, "network=0 timeout=1s propagate=on",
                         "network=0 timeout=100ms propagate=on retries=9 backoff=fixed "
                         "base=350ms",
                         10 * SIM_SEC);
    watch(&l, 19 * SIM_SEC, &s);
    /* 100 sleep, 100 timeout, 350 pause, 100 timeout: the next pause would end at 1000
     */
    assert_int_equal(s.user[0].reason, REASON_TIMEOUT);
    assert_int_equal(took(&s.user[0]), 650 * SIM_MS);
    assert_int_equal(s.server[0].reason, REASON_TIMEOUT);
    lab_free(&l);
}

static void branches_know_it_too(void **state)
{
    (void)state;
    struct lab l = lab_new();
    struct node step[] = {{.kind = NODE_SLEEP, .time = dist_const(200 * SIM_MS)},
                          {.kind = NODE_CALL, .target = "back", .what = "get"}};
    step[0].next = &step[1];
    const struct node fan = {.kind = NODE_FAN_OUT, .count = 3, .body = step};
    const struct node sleep = {.kind = NODE_SLEEP, .time = dist_const(SIM_MS)};
    lab_part(&l, "service", "back", "");
    lab_endpoint(&l, "back", "get", &sleep);
    lab_part(&l, "service", "app", "");
    lab_endpoint(&l, "app", "get", &fan);
    lab_part(&l, "client", "users", EVERY_10S);
    lab_part(&l, "call", "users.app", "timeout=100ms propagate=on");
    lab_part(&l, "call", "app.back", "");
    lab_start(&l, 1);
    lab_run(&l, 19 * SIM_SEC);
    assert_true(lab_metric(&l, "app.back", "failures_DEADLINE") == 3);
    assert_true(lab_metric(&l, "back", "requests_total") == 0);
    lab_free(&l);
}

static void switched_while_it_runs(void **state)
{
    (void)state;
    struct lab l =
        chain(EVERY_10S, "network=0 timeout=150ms", "network=0", 80 * SIM_MS);
    lab_run(&l, 15 * SIM_SEC);
    assert_true(lab_metric(&l, "app.back", "attempts_total") == 2);
    lab_set(&l, "users.app", "propagate", "on");
    lab_run(&l, 25 * SIM_SEC);
    assert_true(lab_metric(&l, "back", "requests_total") == 3);
    lab_set(&l, "users.app", "propagate", "off");
    lab_run(&l, 35 * SIM_SEC);
    assert_true(lab_metric(&l, "back", "requests_total") == 5);
    lab_free(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_gets_what_is_left),
        cmocka_unit_test(its_own_timeout_where_that_is_less),
        cmocka_unit_test(without_it_work_for_nobody_goes_on),
        cmocka_unit_test(the_user_is_the_root),
        cmocka_unit_test(no_pause_is_begun_that_ends_too_late),
        cmocka_unit_test(branches_know_it_too),
        cmocka_unit_test(switched_while_it_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
