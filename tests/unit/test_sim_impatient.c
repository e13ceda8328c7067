/*
 * Waiting: who leaves the queue, who goes first by force, and how long a backlog lasts.
 * (The laws are in tests/reference; here are the edges.)
 */
#include "../lib/lab.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct lab shop(const char *params, sim_time work)
{
    struct lab l = lab_new();
    const struct node compute = {.kind = NODE_COMPUTE, .time = dist_const(work)};
    lab_part(&l, "service", "app", params);
    lab_endpoint(&l, "app", "get", &compute);
    return l;
}

static void client(struct lab *l, const char *name, const char *params)
{
    char policy[80];
    lab_part(l, "client", name, params);
    (void)snprintf(policy, sizeof policy, "%s.app", name);
    lab_part(l, "call", policy, "network=0");
}

static double app(const struct lab *l, const char *metric)
{
    return lab_metric(l, "app", metric);
}

/* ---- patience -------------------------------------------------------------------- */

/* One every 100 ms, each works for a second: the first is served to its end, though that
 * takes longer than its patience; whoever waits leaves after 250 ms. */
static void patience_ends_when_service_begins(void **state)
{
    (void)state;
    struct lab l = shop("workers=1 cores=1 patience=250ms", SIM_SEC);
    client(&l, "users", "to=app/get rate=10 arrivals=even");
    lab_start(&l, 1);
    lab_run(&l, SIM_SEC + 50 * SIM_MS);
    /* came at 100 ms ... 1000 ms: one inside, the last two or three in the queue */
    assert_true(app(&l, "requests_total") == 10);
    assert_true(app(&l, "busy") == 1);
    assert_true(app(&l, "waited_total") == 9);
    assert_true(app(&l, "left_total") + app(&l, "queued") == 9);
    assert_true(app(&l, "queued") == 2 || app(&l, "queued") == 3);
    assert_true(lab_metric(&l, "users", "gave_up_total") == app(&l, "left_total"));
    lab_run(&l, 1200 * SIM_MS);
    assert_true(lab_metric(&l, "users", "answered_total") == 1);
    assert_true(app(&l, "shed_total") == 0);
    lab_free(&l);
}

/* The queue's own time-out comes first, or second. */
static void whichever_patience_ends_first(void **state)
{
    static const struct {
        const char *params;
        bool left;
    } cases[] = {{"workers=1 cores=1 patience=250ms queue_timeout=300ms", true},
                 {"workers=1 cores=1 patience=250ms queue_timeout=200ms", false},
                 {"workers=1 cores=1 queue_timeout=200ms", false},
                 {"workers=1 cores=1 patience=250ms order=lifo", true},
                 {"workers=1 cores=1 patience=250ms order=priority", true}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lab l = shop(cases[i].params, 10 * SIM_SEC);
        client(&l, "users", "to=app/get rate=10 arrivals=even");
        lab_start(&l, 1);
        lab_run(&l, 5 * SIM_SEC);
        assert_true((app(&l, "left_total") > 40) == cases[i].left);
        assert_true((app(&l, "shed_total") > 40) == !cases[i].left);
        assert_true(app(&l, "queued") <= 3);
        lab_set(&l, "app", "patience", "0");
        lab_set(&l, "app", "queue_timeout", "0");
        lab_run(&l, 8 * SIM_SEC);
        assert_true(app(&l, "queued") >= 28);
        lab_free(&l);
    }
}

/* A user who has left for good does not come back by a retry. */
static void who_left_is_not_sent_again(void **state)
{
    (void)state;
    struct lab l = shop("workers=1 cores=1 patience=250ms", SIM_SEC);
    lab_part(&l, "client", "users", "to=app/get rate=10 arrivals=even");
    lab_part(&l, "call", "users.app", "network=0 retries=3");
    lab_start(&l, 1);
    lab_run(&l, 10 * SIM_SEC + 50 * SIM_MS);
    assert_true(lab_metric(&l, "users.app", "retries_total") == 0);
    lab_free(&l);
}

/* ---- preemption ------------------------------------------------------------------ */

/* Low begins at 1 s with a second of work; high comes at 1.5 s for as long: high is
 * done at 2.5 s, low at 3 s, and neither does more work than it has. */
static void who_matters_takes_over_and_gives_back(void **state)
{
    (void)state;
    struct lab l =
        shop("workers=1 cores=1 order=priority preempt=on queue=-1", SIM_SEC);
    client(&l, "low", "to=app/get rate=1 arrivals=even priority=1");
    client(&l, "high", "to=app/get rate=0.6666666667 arrivals=even priority=3");
    lab_start(&l, 1);
    lab_run(&l, 1600 * SIM_MS);
    lab_set(&l, "low", "rate", "0");
    lab_set(&l, "high", "rate", "0");
    assert_true(app(&l, "busy") == 2 && app(&l, "queued") == 0);
    assert_true(app(&l, "cpu") <= 1);
    lab_run(&l, 2500 * SIM_MS - 1000);
    assert_true(app(&l, "busy") == 2);
    lab_run(&l, 2500 * SIM_MS + 1000);
    assert_true(app(&l, "busy") == 1);
    assert_true(lab_metric(&l, "high", "answered_total") == 1);
    lab_run(&l, 3 * SIM_SEC - 1000);
    assert_true(app(&l, "busy") == 1);
    lab_run(&l, 3 * SIM_SEC + 1000);
    assert_true(lab_metric(&l, "low", "answered_total") == 1);
    lab_run(&l, 4 * SIM_SEC);
    assert_true(app(&l, "busy") == 0);
    lab_free(&l);
}

/* Two cores, one of each class: nobody stands still. Then a collapse of cores. */
static void lower_classes_have_the_cores_that_are_left(void **state)
{
    (void)state;
    struct lab l = shop("workers=8 cores=2 order=priority preempt=on", SIM_SEC);
    client(&l, "low", "to=app/get rate=1 arrivals=even priority=0");
    client(&l, "high", "to=app/get rate=1 arrivals=even priority=2");
    lab_start(&l, 1);
    lab_run(&l, 1500 * SIM_MS);
    lab_set(&l, "low", "rate", "0");
    lab_set(&l, "high", "rate", "0");
    assert_true(app(&l, "busy") == 2);
    lab_set(&l, "app", "cores", "1.5"); /* low gets half a core from now on */
    lab_run(&l, 2 * SIM_SEC + 1000);
    assert_true(lab_metric(&l, "high", "answered_total") == 1);
    assert_true(lab_metric(&l, "low", "answered_total") == 0);
    lab_run(&l, 2250 * SIM_MS - 1000); /* half a second, a quarter of it, a quarter */
    assert_true(lab_metric(&l, "low", "answered_total") == 0);
    lab_run(&l, 2250 * SIM_MS + 1000);
    assert_true(lab_metric(&l, "low", "answered_total") == 1);
    lab_free(&l);
}

/* All classes stand still in a hang or a crash, and nobody is lost or doubled. */
static void pauses_and_crashes_hit_all_classes(void **state)
{
    (void)state;
    struct lab l =
        shop("workers=2 cores=1 order=priority preempt=on memory=100 heap=200 "
             "allocation=1 gc_pause=100ms",
             5 * SIM_MS);
    static const char *const names[] = {"p0", "p1", "p2", "p3"};
    for (int k = 0; k < 4; k++) {
        char params[80];
        (void)snprintf(params, sizeof params, "to=app/get rate=45 priority=%d", k);
        client(&l, names[k], params);
    }
    lab_start(&l, 1);
    lab_run(&l, 20 * SIM_SEC);
    lab_fault(&l, "app", "hang", NULL, SIM_SEC);
    double busy = app(&l, "busy");
    lab_run(&l, 20 * SIM_SEC + 900 * SIM_MS);
    assert_true(app(&l, "busy") == busy); /* nobody is let in or out */
    lab_run(&l, 30 * SIM_SEC);
    lab_fault(&l, "app", "crash", NULL, 0);
    lab_run(&l, 60 * SIM_SEC);
    for (int k = 0; k < 4; k++)
        lab_set(&l, names[k], "rate", "0");
    lab_run(&l, 120 * SIM_SEC);
    assert_true(app(&l, "busy") == 0 && app(&l, "queued") == 0);
    for (int k = 0; k < 4; k++)
        assert_true(lab_metric(&l, names[k], "in_flight") == 0 &&
                    lab_metric(&l, names[k], "attempts_total") ==
                        lab_metric(&l, names[k], "answered_total") +
                            lab_metric(&l, names[k], "failed_total") +
                            lab_metric(&l, names[k], "gave_up_total"));
    assert_true(app(&l, "collections_total") > 0);
    lab_free(&l);
}

static void preemption_needs_priorities(void **state)
{
    struct errmsg e = {0};
    struct lab l = lab_new();
    (void)state;
    lab_part(&l, "service", "app", "preempt=on");
    assert_int_equal(model_finish(l.m, &e), ERR_INPUT);
    assert_non_null(strstr(e.text, "order = priority"));
    lab_free(&l);
}

/* ---- backlogs -------------------------------------------------------------------- */

/* 50 a second, 10 ms each: a hang of 10 s leaves 500 behind, which are gone after
 * another 10 s, as half of the time is spare. */
static void a_backlog_is_drained_as_the_arithmetic_says(void **state)
{
    (void)state;
    struct lab l = shop("workers=1 cores=1", 10 * SIM_MS);
    client(&l, "users", "to=app/get rate=50 arrivals=even");
    lab_start(&l, 1);
    lab_run(&l, 5 * SIM_SEC);
    assert_true(app(&l, "backlog_seconds") == 0);
    assert_true(app(&l, "backlog_longest_seconds") == 0);
    lab_fault(&l, "app", "hang", NULL, 10 * SIM_SEC);
    lab_run(&l, 15 * SIM_SEC);
    assert_true(app(&l, "backlog_seconds") > 9.9 && app(&l, "backlog_seconds") <= 10);
    lab_run(&l, 30 * SIM_SEC);
    assert_true(app(&l, "backlog_seconds") == 0);
    assert_true(fabs(app(&l, "backlog_longest_seconds") - 20) < 0.1);
    lab_free(&l);
}

/* ---- faults that come again ------------------------------------------------------ */

static void repeat(struct lab *l, const char *fault, struct dist lasts,
                   struct dist again, sim_time until, enum err wanted)
{
    struct errmsg e = {0};
    const struct action a = {
        .kind = ACTION_FAULT, .comp = model_find(l->m, "app"), .name = fault};
    assert_int_equal(model_repeat(l->m, 2 * SIM_SEC, &a, lasts, again, until, &e),
                     wanted);
}

static void comes_again_like_clockwork(void **state)
{
    (void)state;
    struct lab l = shop("workers=1 cores=1 start_up=100ms", 10 * SIM_MS);
    client(&l, "users", "to=app/get rate=50 arrivals=even");
    repeat(&l, "crash", dist_const(0), dist_const(10 * SIM_SEC), 62 * SIM_SEC, ERR_OK);
    lab_start(&l, 1);
    lab_run(&l, 2 * SIM_SEC + 50 * SIM_MS);
    assert_true(app(&l, "up") == 0);
    lab_run(&l, 2 * SIM_SEC + 150 * SIM_MS);
    assert_true(app(&l, "up") == 1);
    lab_run(&l, 12 * SIM_SEC + 50 * SIM_MS);
    assert_true(app(&l, "up") == 0);
    lab_run(&l, 62 * SIM_SEC + 50 * SIM_MS); /* the last one */
    assert_true(app(&l, "up") == 0);
    lab_run(&l, 72 * SIM_SEC + 50 * SIM_MS);
    assert_true(app(&l, "up") == 1);
    lab_free(&l);
}

/* Up for 9 s, down for 1 s, on average: a tenth of the time; the same in every run of
 * the seed, in any number of steps. */
static void comes_again_by_chance_and_reproducibly(void **state)
{
    double first = 0;
    (void)state;
    for (int k = 0; k < 2; k++) {
        struct lab l = shop("workers=1 cores=1", SIM_MS);
        client(&l, "users", "to=app/get rate=10 arrivals=even");
        repeat(&l, "hang", dist_exponential(SIM_SEC), dist_exponential(9 * SIM_SEC),
               SIM_FOREVER, ERR_OK);
        lab_start(&l, 7);
        for (int t = 1; k == 1 && t < 20000; t += 999)
            lab_run(&l, t * SIM_SEC);
        lab_run(&l, 20000 * SIM_SEC);
        double share = app(&l, "waited_total") / app(&l, "requests_total");
        assert_true(share > 0.08 && share < 0.12);
        assert_true(k == 0 || share == first);
        first = share;
        lab_free(&l);
    }
}

static void nonsense_does_not_come_again(void **state)
{
    (void)state;
    struct errmsg e = {0};
    struct lab l = shop("", SIM_MS);
    const struct action op = {
        .kind = ACTION_OP, .comp = model_find(l.m, "app"), .name = "restart"};
    assert_int_equal(
        model_repeat(l.m, 0, &op, dist_const(1), dist_const(1), SIM_FOREVER, &e),
        ERR_INPUT);
    repeat(&l, "hang", dist_const(SIM_SEC), dist_const(0), SIM_FOREVER, ERR_INPUT);
    lab_free(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patience_ends_when_service_begins),
        cmocka_unit_test(whichever_patience_ends_first),
        cmocka_unit_test(who_left_is_not_sent_again),
        cmocka_unit_test(who_matters_takes_over_and_gives_back),
        cmocka_unit_test(lower_classes_have_the_cores_that_are_left),
        cmocka_unit_test(pauses_and_crashes_hit_all_classes),
        cmocka_unit_test(preemption_needs_priorities),
        cmocka_unit_test(a_backlog_is_drained_as_the_arithmetic_says),
        cmocka_unit_test(comes_again_like_clockwork),
        cmocka_unit_test(comes_again_by_chance_and_reproducibly),
        cmocka_unit_test(nonsense_does_not_come_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
