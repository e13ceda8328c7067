/*
 * A world that runs away: whatever grows without bound, it stops at its limit, says
 * what grew and what would have kept it, never takes more than its memory, and can be
 * looked at and copied afterwards.
 */
#include "../lib/lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { LIMIT_MIB = 64 };

/* Runs to its end, which must be the limit; the sentence has all of these words. */
static void must_run_away(struct lab *l, const char *const *words)
{
    struct errmsg why = {0};
    enum err e = world_run(l->w, SIM_HOUR, UINT64_MAX, NULL, &why);
    assert_int_equal(e, ERR_LIMIT);
    for (; *words; words++)
        if (!strstr(why.text, *words))
            fail_msg("no \"%s\" in: %s", *words, why.text);
}

/* The state stays, but nothing about it is broken. */
static void still_readable(struct lab *l)
{
    struct errmsg why = {0};
    sim_time now = world_now(l->w);
    uint64_t digest = world_digest(l->w);
    assert_true(world_bytes(l->w) <= (size_t)LIMIT_MIB << 20);
    assert_int_equal(world_run(l->w, SIM_HOUR, UINT64_MAX, NULL, &why), ERR_LIMIT);
    assert_non_null(strstr(why.text, "ran away"));
    assert_int_equal(world_now(l->w), now);
    for (size_t c = 0; c < model_comps(l->m); c++) {
        struct inflight_view v[4];
        (void)world_inflight(l->w, (comp_id)c, v, 4);
        size_t n = model_kind(l->m, (comp_id)c)->nmetrics;
        for (size_t i = 0; i < n; i++) {
            double x = world_metric_at(l->w, (comp_id)c, i, -1);
            assert_true(x == x);
        }
    }
    struct world *copy = world_fork(l->w);
    assert_int_equal(world_digest(copy), digest);
    assert_int_equal(world_run(copy, SIM_HOUR, UINT64_MAX, NULL, &why), ERR_LIMIT);
    world_free(copy);
    assert_int_equal(lab_do(l, ACTION_OP, "api", "restart", NULL, 0), ERR_LIMIT);
}

static struct lab overload(const char *service, const char *users, sim_time work)
{
    struct lab l = lab_new();
    lab_part(&l, "service", "api", service);
    struct node body = {.kind = NODE_COMPUTE, .time = dist_const(work)};
    lab_endpoint(&l, "api", "get", &body);
    lab_part(&l, "client", "users", users);
    return l;
}

static void a_queue_without_a_bound(void **state)
{
    (void)state;
    struct lab l = overload("workers=1", "to=api/get rate=20000", SIM_SEC);
    lab_start(&l, 1);
    must_run_away(&l, (const char *[]){"ran away", "64 MiB", "in api", "worker queue",
                                       "api.queue", NULL});
    still_readable(&l);
    lab_free(&l);
}

/* Ten million would come within ten seconds, and none would go. */
static void too_many_in_flight(void **state)
{
    (void)state;
    struct lab l = overload("workers=100000 instances=50 cores=1000",
                            "to=api/get rate=1000000", 3600 * SIM_SEC);
    lab_start(&l, 2);
    must_run_away(&l, (const char *[]){"ran away", "in api", "cpu", NULL});
    assert_true(lab_metric(&l, "users", "in_flight") > 50000);
    still_readable(&l);
    lab_free(&l);
}

/* Each tier tries each call 21 times, at once, and what was given up goes on. */
static void every_retry_retried(void **state)
{
    (void)state;
    struct lab l = lab_new();
    const char *names[] = {"d", "c", "b", "api"};
    for (int i = 0; i < 4; i++) {
        char target[8] = "", policy[16];
        lab_part(&l, "service", names[i], "workers=100000");
        struct node work = {.kind = NODE_COMPUTE, .time = dist_const(50 * SIM_MS)};
        struct node call = {
            .kind = NODE_CALL, .target = target, .what = "get", .next = &work};
        if (i > 0)
            snprintf(target, sizeof target, "%s", names[i - 1]);
        lab_endpoint(&l, names[i], "get", i > 0 ? &call : &work);
        if (i == 0)
            continue;
        snprintf(policy, sizeof policy, "%s.%s", names[i], target);
        lab_part(&l, "call", policy, "timeout=100ms retries=20");
    }
    lab_part(&l, "client", "users", "to=api/get rate=200");
    lab_start(&l, 3);
    must_run_away(&l, (const char *[]){"ran away", "in d", "given up", "retr", NULL});
    still_readable(&l);
    lab_free(&l);
}

/* All at once, in a single event: as many branches as a program may have. */
static void a_wide_program(void **state)
{
    (void)state;
    enum { WIDTH = 1900 };
    struct lab l = lab_new();
    struct node *n = calloc(2 * WIDTH, sizeof *n);
    lab_part(&l, "service", "api", "");
    for (int i = 0; i < WIDTH; i++)
        n[i] = (struct node){.kind = NODE_SLEEP,
                             .time = dist_const(SIM_SEC),
                             .next = i + 1 < WIDTH ? &n[i + 1] : NULL};
    struct node wide = {.kind = NODE_PARALLEL, .body = n};
    lab_endpoint(&l, "api", "get", &wide);
    lab_part(&l, "client", "users", "to=api/get rate=1");
    lab_start(&l, 4);
    lab_run(&l, 10 * SIM_SEC);
    assert_true(lab_metric(&l, "users", "good_total") > 0);
    lab_free(&l);
    free(n);
}

/* A moment before the limit an instance goes, with everything that waits in it. (At the
 * very last, nothing can be done to a world any more.) */
static void a_crash_with_everything_inside(void **state)
{
    (void)state;
    struct lab l = overload("workers=1", "to=api/get rate=20000", SIM_SEC);
    struct errmsg why = {0};
    struct world *last = NULL, *next = NULL, *w;
    lab_part(&l, "call", "users.api", "retries=3");
    lab_start(&l, 5);
    for (sim_time t = SIM_SEC / 10;; t += SIM_SEC / 10) {
        w = world_fork(next ? next : l.w);
        if (world_run(w, t, UINT64_MAX, NULL, &why) != ERR_OK)
            break;
        if (last)
            world_free(last);
        last = next;
        next = w;
    }
    world_free(w);
    world_free(next);
    assert_non_null(last);
    struct lab before = {l.m, last};
    assert_true(lab_metric(&before, "users", "in_flight") > 40000);
    lab_fault(&before, "api", "crash", NULL, SIM_SEC);
    assert_true(lab_metric(&before, "api", "queued") == 0);
    enum err e = world_run(last, world_now(last) + SIM_SEC, UINT64_MAX, NULL, &why);
    assert_true(e == ERR_OK || e == ERR_LIMIT);
    assert_true(world_bytes(last) <= (size_t)2 * LIMIT_MIB << 20);
    world_free(last);
    lab_free(&l);
}

/* A world that was stopped after any number of steps, also between an event and those
 * whom it let go on: what is done to it comes after all that, and whoever was ended by
 * it does not go on. */
static void a_crash_between_any_two_steps(void **state)
{
    (void)state;
    struct lab l = lab_new();
    struct errmsg why = {0};
    struct node more = {.kind = NODE_COMPUTE, .time = dist_const(SIM_MS)};
    struct node work = more;
    work.next = &more;
    lab_part(&l, "service", "api", "cores=4 workers=3 start_up=10ms");
    lab_endpoint(&l, "api", "get", &work);
    lab_part(&l, "client", "users", "to=api/get rate=2000");
    lab_start(&l, 6);
    for (uint64_t steps = 1; steps <= 3000; steps += 7) {
        struct world *w = world_fork(l.w);
        struct lab copy = {l.m, w};
        (void)!world_run(w, SIM_SEC, steps, NULL, &why);
        lab_fault(&copy, "api", "crash", NULL, 0);
        lab_run(&copy, world_now(w) + 100 * SIM_MS);
        world_free(w);
    }
    lab_free(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_queue_without_a_bound),
        cmocka_unit_test(too_many_in_flight),
        cmocka_unit_test(every_retry_retried),
        cmocka_unit_test(a_wide_program),
        cmocka_unit_test(a_crash_with_everything_inside),
        cmocka_unit_test(a_crash_between_any_two_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
