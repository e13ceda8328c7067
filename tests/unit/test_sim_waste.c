/*
 * Work for nobody, and work done twice: what goes on when its caller has gone, what
 * stops, through several tiers, and what a counter makes of a payment that comes again.
 */
#include "../lib/lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* users -> app -> back, which works 400 ms on a processor of its own. */
static struct lab tiers(const char *first, const char *second, const char *users)
{
    struct lab l = lab_new();
    struct node app[] = {{.kind = NODE_COMPUTE, .time = dist_const(50 * SIM_MS)},
                         {.kind = NODE_CALL, .target = "back", .what = "get"}};
    const struct node back = {.kind = NODE_COMPUTE, .time = dist_const(400 * SIM_MS)};
    app[0].next = &app[1];
    lab_part(&l, "service", "back", "workers=100 cores=100");
    lab_endpoint(&l, "back", "get", &back);
    lab_part(&l, "service", "app", "workers=100 cores=100");
    lab_endpoint(&l, "app", "get", app);
    lab_part(&l, "client", "users", users);
    lab_part(&l, "call", "users.app", first);
    lab_part(&l, "call", "app.back", second);
    lab_start(&l, 1);
    lab_run(&l, 10 * SIM_SEC - 1);
    return l;
}

#define USERS "to=app/get rate=1 arrivals=even"

static bool near(double x, double y)
{
    return x > y - 1e-6 && x < y + 1e-6;
}

/* 9 users; each is left after 100 ms, when 50 ms of back's work are done. */
static void what_nobody_waits_for(void **state)
{
    static const struct {
        const char *first, *second;
        double app, back; /* seconds of work for nobody, per request */
    } cases[] = {
        {"network=0 timeout=100ms", "network=0", 0.05, 0.4},
        {"network=0 timeout=100ms cancel=on", "network=0", 0.05, 0.4},
        {"network=0 timeout=100ms", "network=0 cancel=on", 0.05, 0.4},
        {"network=0 timeout=100ms cancel=on", "network=0 cancel=on", 0.05, 0.05},
        {"network=0", "network=0 timeout=100ms cancel=on", 0, 0.1},
        {"network=0", "network=0", 0, 0}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lab l = tiers(cases[i].first, cases[i].second, USERS);
        double app = lab_metric(&l, "users.app", "wasted_cpu_seconds_total"),
               back = lab_metric(&l, "app.back", "wasted_cpu_seconds_total");
        if (!near(app, 9 * cases[i].app) || !near(back, 9 * cases[i].back))
            fail_msg("case %zu: %g and %g seconds", i, app, back);
        assert_true(lab_metric(&l, "users.app", "abandoned_total") ==
                    (cases[i].app > 0 ? 9 : 0));
        assert_true(lab_metric(&l, "app.back", "abandoned_total") ==
                    (cases[i].back > 0 ? 9 : 0));
        assert_true(lab_metric(&l, "back", "in_flight") == 0);
        lab_free(&l);
    }
}

/* ---- paying twice ---------------------------------------------------------------- */

/* Each payment takes 500 ms and is done; the caller waits 300 ms. */
static struct lab shop(const char *users, const char *call, const char *counter)
{
    struct lab l = lab_new();
    struct node pay[] = {{.kind = NODE_SLEEP, .time = dist_const(500 * SIM_MS)},
                         {.kind = NODE_COUNT, .what = "payments"}};
    pay[0].next = &pay[1];
    lab_part(&l, "service", "app", "workers=1000");
    lab_endpoint(&l, "app", "pay", pay);
    lab_part(&l, "counter", "payments", counter);
    lab_part(&l, "client", "users", users);
    lab_part(&l, "call", "users.app", call);
    lab_start(&l, 1);
    lab_run(&l, 100500 * SIM_MS);
    lab_set(&l, "users", "rate", "0");
    lab_run(&l, 200 * SIM_SEC);
    return l;
}

static double payments(const struct lab *l, const char *metric)
{
    return lab_metric(l, "payments", metric);
}

static void a_retry_pays_twice(void **state)
{
    (void)state;
    struct lab l = shop("to=app/pay rate=1 arrivals=even", "timeout=300ms retries=1",
                        "per_visit=on");
    assert_true(payments(&l, "total") == 200);
    assert_true(payments(&l, "repeats_total") == 100);
    assert_true(payments(&l, "doubled_total") == 100); /* and each took effect */
    lab_free(&l);
}

static void a_reload_pays_twice(void **state)
{
    (void)state;
    struct lab l = shop("to=app/pay rate=1 arrivals=even gives_up=300ms reloads=0.5",
                        "network=0", "per_visit=on");
    double attempts = lab_metric(&l, "users", "attempts_total");
    assert_true(attempts > 150 && attempts < 250);
    assert_true(payments(&l, "total") == attempts);
    assert_true(payments(&l, "repeats_total") == attempts - 100);
    lab_free(&l);
}

static void with_a_key_it_pays_once(void **state)
{
    (void)state;
    struct lab l = shop("to=app/pay rate=1 arrivals=even gives_up=500ms reloads=0.5",
                        "timeout=300ms retries=2", "idempotent=on");
    assert_true(payments(&l, "total") == 100);
    assert_true(payments(&l, "repeats_total") > 100);
    assert_true(payments(&l, "doubled_total") == 0);
    lab_free(&l);
    l = shop("to=app/pay rate=1 arrivals=even", "timeout=300ms retries=1", "");
    assert_true(payments(&l, "total") == 200);
    assert_true(payments(&l, "repeats_total") == 0); /* nobody looks */
    lab_free(&l);
}

/* A repeat is known across a turn of the tables, however often they turn. */
static void it_remembers_long_enough(void **state)
{
    (void)state;
    struct lab l = shop("to=app/pay rate=10", "timeout=300ms retries=1",
                        "idempotent=on remembers=1s");
    assert_true(payments(&l, "total") == payments(&l, "repeats_total"));
    lab_free(&l);
}

/* A closed loop's users do something new each time. */
static void another_visit_is_another_payment(void **state)
{
    (void)state;
    struct lab l = lab_new();
    const struct node pay = {.kind = NODE_COUNT, .what = "payments"};
    lab_part(&l, "service", "app", "workers=1000");
    lab_endpoint(&l, "app", "pay", &pay);
    lab_part(&l, "counter", "payments", "idempotent=on remembers=5s");
    lab_part(&l, "client", "users", "to=app/pay users=50 think=exponential(50ms)");
    lab_start(&l, 1);
    lab_run(&l, 20 * SIM_SEC);
    struct world *fork = world_fork(l.w);
    struct errmsg why = {0};
    lab_run(&l, 60 * SIM_SEC);
    assert_true(payments(&l, "total") > 50000);
    assert_true(payments(&l, "repeats_total") == 0);
    assert_int_equal(world_run(fork, 60 * SIM_SEC, UINT64_MAX, NULL, &why), ERR_OK);
    assert_true(world_digest(fork) == world_digest(l.w));
    assert_true(world_metric(fork, model_find(l.m, "payments"), "total", -1) ==
                payments(&l, "total"));
    world_free(fork);
    lab_free(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_nobody_waits_for),
        cmocka_unit_test(a_retry_pays_twice),
        cmocka_unit_test(a_reload_pays_twice),
        cmocka_unit_test(with_a_key_it_pays_once),
        cmocka_unit_test(it_remembers_long_enough),
        cmocka_unit_test(another_visit_is_another_payment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
