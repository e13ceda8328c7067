/*
 * The engine against queueing theory, through the same components that lessons are made
 * of. Each figure is the mean of 20 batches after a warm-up, and its 99.9 % interval
 * must hold the theory's. The interval must also be narrow, or the test would say
 * nothing.
 */
#include "../lib/lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* Ratio of two counters' growth, per batch. */
static void expect_ratio(struct lab *l, const char *over_of, const char *over,
                         const char *under_of, const char *under, sim_time batch,
                         double theory, double narrow)
{
    double ratio[LAB_BATCHES], mean, half;
    sim_time from = world_now(l->w) + batch; /* the first one warms up */
    lab_run(l, from);
    for (int i = 0; i < LAB_BATCHES; i++) {
        double o = lab_metric(l, over_of, over), u = lab_metric(l, under_of, under);
        lab_run(l, from + (i + 1) * batch);
        ratio[i] =
            (lab_metric(l, over_of, over) - o) / (lab_metric(l, under_of, under) - u);
    }
    lab_interval(ratio, &mean, &half);
    print_message("    theory %.5g, measured %.5g +- %.2g\n", theory, mean, half);
    assert_true(half < narrow * theory);
    assert_true(mean - half <= theory && theory <= mean + half);
}

static void expect_response(struct lab *l, sim_time batch, double theory, double narrow)
{
    expect_ratio(l, "users", "seconds_total", "users", "answered_total", batch, theory,
                 narrow);
}

static struct lab server(const char *service, struct dist work, const char *client)
{
    struct lab l = lab_new();
    const struct node compute = {.kind = NODE_COMPUTE, .time = work};
    lab_part(&l, "service", "app", service);
    lab_endpoint(&l, "app", "get", &compute);
    lab_part(&l, "client", "users", client);
    lab_part(&l, "call", "users.app", "network=0");
    lab_start(&l, 1);
    return l;
}

/* A server, first come first served: W = 1 / (mu - lambda). */
static void mm1(void **state)
{
    (void)state;
    struct lab l = server("workers=1 cores=1", dist_exponential(10 * SIM_MS),
                          "to=app/get rate=70");
    expect_response(&l, 400 * SIM_SEC, 1.0 / (100 - 70), 0.1);
    lab_free(&l);
}

/* M/D/1: half the wait of M/M/1 (Pollaczek, Khinchine). */
static void md1(void **state)
{
    (void)state;
    struct lab l =
        server("workers=1 cores=1", dist_const(10 * SIM_MS), "to=app/get rate=70");
    expect_response(&l, 400 * SIM_SEC, 0.01 + 0.01 * 0.7 / (2 * 0.3), 0.1);
    lab_free(&l);
}

/* Erlang C, c = 3, 80 %: W = 2.07865 service times. */
static void mmc(void **state)
{
    (void)state;
    struct lab l = server("workers=3 cores=3", dist_exponential(10 * SIM_MS),
                          "to=app/get rate=240");
    expect_response(&l, 200 * SIM_SEC, 0.0207865, 0.1);
    lab_free(&l);
}

/* Processor sharing: E[T] = E[S] / (1 - rho), whatever the distribution of the work. */
static void mg1_ps(void **state)
{
    (void)state;
    struct dist work[] = {
        dist_const(10 * SIM_MS),
        dist_exponential(10 * SIM_MS),
        dist_lognormal(10 * SIM_MS, 20 * SIM_MS),
        {.kind = DIST_HYPEREXP, .mean = 10 * SIM_MS, .spread = 4000},
    };
    for (int i = 0; i < 4; i++) {
        struct lab l = server("workers=100000 cores=1", work[i], "to=app/get rate=70");
        expect_response(&l, 400 * SIM_SEC, 0.01 / (1 - 0.7), 0.15);
        lab_free(&l);
    }
}

/* Loss: Erlang B, and it does not matter how the time is distributed. 13.1815 erlangs
 * on 20 servers block 2 %. Here the servers are the connections of a pool. */
static void erlang_b(void **state)
{
    (void)state;
    const char *work[] = {"cpu=100ms", "cpu=exponential(100ms)",
                          "cpu=lognormal(100ms,200ms)"};
    for (int i = 0; i < 3; i++) {
        struct lab l = lab_new();
        const struct node query = {.kind = NODE_QUERY, .target = "db", .what = "q"};
        lab_part(&l, "database", "db", "cores=20 connect_time=0");
        lab_part(&l, "statement", "db.q", work[i]);
        lab_part(&l, "service", "app", "workers=1000");
        lab_part(&l, "pool", "app.pool", "to=db size=20 max_waiting=-1");
        lab_endpoint(&l, "app", "get", &query);
        lab_part(&l, "client", "users", "to=app/get rate=131.815");
        lab_part(&l, "call", "app.db", "network=0");
        lab_start(&l, 1);
        expect_ratio(&l, "app.pool", "full_total", "users", "attempts_total",
                     300 * SIM_SEC, 0.02, 0.15);
        lab_free(&l);
    }
}

/* The same loss at the door of a service: no queue. */
static void erlang_b_of_workers(void **state)
{
    (void)state;
    struct lab l = server("workers=5 cores=5 queue=-1", dist_exponential(100 * SIM_MS),
                          "to=app/get rate=28.8108");
    expect_ratio(&l, "users", "failed_total", "users", "attempts_total", 1000 * SIM_SEC,
                 0.1, 0.1);
    lab_free(&l);
}

/* Little's law over a chain of service, pool and database: N = lambda W. */
static void little(void **state)
{
    (void)state;
    struct lab l = lab_new();
    const struct node query = {.kind = NODE_QUERY, .target = "db", .what = "q"};
    const struct node compute = {
        .kind = NODE_COMPUTE, .time = dist_exponential(3 * SIM_MS), .next = &query};
    double inside = 0;
    lab_part(&l, "database", "db", "cores=2");
    lab_part(&l, "statement", "db.q", "cpu=exponential(20ms)");
    lab_part(&l, "service", "app", "instances=2 workers=50");
    lab_part(&l, "pool", "app.pool", "to=db size=2");
    lab_endpoint(&l, "app", "get", &compute);
    lab_part(&l, "client", "users", "to=app/get rate=70");
    lab_start(&l, 1);
    const int samples = 200000;
    for (int i = 1; i <= samples; i++) {
        lab_run(&l, i * 10 * SIM_MS + i % 7 * SIM_US);
        inside += lab_metric(&l, "users", "in_flight");
    }
    double time = lab_metric(&l, "users", "seconds_total") / (samples * 0.01);
    print_message("    N %.4g, lambda W %.4g\n", inside / samples, time);
    assert_true(inside / samples > 0.99 * time && inside / samples < 1.01 * time);
    lab_free(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mm1),      cmocka_unit_test(md1),
        cmocka_unit_test(mmc),      cmocka_unit_test(mg1_ps),
        cmocka_unit_test(erlang_b), cmocka_unit_test(erlang_b_of_workers),
        cmocka_unit_test(little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
