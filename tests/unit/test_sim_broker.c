/* Brokers, topics and subscriptions through whole models. */
#include "../lib/lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define SUB   "events.orders.projector"
#define TOPIC "events.orders"

/* users -> shop/order -> publish -> events.orders -> projector/apply */
static struct lab orders(const char *users, const char *topic, const char *sub,
                         const char *projector, struct dist work)
{
    struct lab l = lab_new();
    const struct node publish = {.kind = NODE_PUBLISH, .target = TOPIC};
    const struct node apply = {.kind = NODE_SLEEP, .time = work};
    lab_part(&l, "broker", "events", "latency=0");
    lab_part(&l, "topic", TOPIC, topic);
    lab_part(&l, "subscription", SUB, sub);
    lab_part(&l, "service", "shop", "workers=1000");
    lab_part(&l, "call", "shop.events", "network=0");
    lab_part(&l, "call", SUB ".projector", "network=0");
    lab_part(&l, "service", "projector", projector);
    lab_endpoint(&l, "shop", "order", &publish);
    lab_endpoint(&l, "projector", "apply", &apply);
    lab_part(&l, "client", "users", users);
    return l;
}

static double sub(const struct lab *l, const char *metric)
{
    return lab_metric(l, SUB, metric);
}

static double topic(const struct lab *l, const char *metric)
{
    return lab_metric(l, TOPIC, metric);
}

/* A nineteenth of a second and a bit: 18.75 a second for each of eight consumers. */
static struct dist projector_work(void)
{
    return dist_const(SIM_SEC * 16 / 300);
}

static struct lab eight(const char *users, const char *more)
{
    struct lab l = orders(users, more, "to=projector/apply consumers=4 trace_every=0",
                          "instances=2 workers=100", projector_work());
    lab_start(&l, 7);
    return l;
}

/* ---- the usual ------------------------------------------------------------------ */

static void what_goes_in_comes_out(void **state)
{
    (void)state;
    struct lab l = eight("to=shop/order rate=100", "partitions=8 keys=1000");
    lab_run(&l, 100 * SIM_SEC);
    lab_set(&l, "users", "rate", "0");
    lab_run(&l, 200 * SIM_SEC);
    double n = topic(&l, "published_total");
    assert_true(n == lab_metric(&l, "users", "good_total") && n > 9000);
    assert_true(sub(&l, "processed_total") == n);
    assert_true(sub(&l, "good_total") == n && sub(&l, "bad_total") == 0);
    assert_true(sub(&l, "lag") == 0 && sub(&l, "lag_seconds") == 0);
    assert_true(sub(&l, "in_flight") == 0 && sub(&l, "duplicates_total") == 0);
    assert_true(sub(&l, "offset") == n && sub(&l, "consumers") == 8);
    assert_true(lab_metric(&l, "projector/apply", "requests_total") == n);
    lab_free(&l);
}

/* 120 a second into eight partitions, 150 a second out; one partition stands still for
 * 14 minutes and needs 56 to catch up. The mean hides it. */
static void one_frozen_partition_of_eight(void **state)
{
    (void)state;
    struct lab l = eight("to=shop/order rate=120 arrivals=even",
                         "partitions=8 partitioner=round_robin");
    lab_run(&l, 60 * SIM_SEC);
    assert_true(sub(&l, "lag_max") <= 1);
    struct errmsg why = {0};
    struct action poison = {.kind = ACTION_FAULT,
                            .comp = model_find(l.m, TOPIC),
                            .instance = 3,
                            .name = "poison"};
    assert_int_equal(world_apply(l.w, &poison, "test", NULL, NULL, &why), ERR_OK);
    sim_time frozen = 0;
    while (frozen == 0) { /* until it is met */
        lab_run(&l, world_now(l.w) + SIM_MS);
        if (sub(&l, "failures_total") > 0)
            frozen = world_now(l.w);
    }
    lab_run(&l, frozen + 14 * SIM_MIN);
    assert_true(lab_metric_of(&l, SUB, "lag", 3) >= 12600 &&
                lab_metric_of(&l, SUB, "lag", 3) <= 12602);
    for (int p = 1; p <= 8; p++)
        assert_true(p == 3 || lab_metric_of(&l, SUB, "lag", p) <= 2);
    double mean = sub(&l, "lag_mean");
    assert_true(mean > 1574 && mean < 1578);
    assert_true(sub(&l, "lag_seconds") > 839 && sub(&l, "lag_seconds_mean") < 106);
    struct action skip = {
        .kind = ACTION_OP, .comp = model_find(l.m, SUB), .instance = 3, .name = "skip"};
    assert_int_equal(world_apply(l.w, &skip, "test", NULL, NULL, &why), ERR_OK);
    assert_true(sub(&l, "skipped_total") == 1);
    sim_time skipped = world_now(l.w);
    lab_run(&l, skipped + 55 * SIM_MIN);
    assert_true(lab_metric_of(&l, SUB, "lag", 3) > 200);
    lab_run(&l, skipped + 56 * SIM_MIN + 10 * SIM_SEC);
    assert_true(lab_metric_of(&l, SUB, "lag", 3) <= 2);
    assert_true(sub(&l, "lost_total") == 0);
    lab_free(&l);
}

/* The same with keys: an eighth of them, more or less. */
static void one_frozen_partition_with_keys(void **state)
{
    (void)state;
    struct lab l = eight("to=shop/order rate=120", "partitions=8");
    lab_run(&l, 60 * SIM_SEC);
    struct errmsg why = {0};
    struct action poison = {.kind = ACTION_FAULT,
                            .comp = model_find(l.m, TOPIC),
                            .instance = 5,
                            .name = "poison"};
    assert_int_equal(world_apply(l.w, &poison, "test", NULL, NULL, &why), ERR_OK);
    while (sub(&l, "failures_total") == 0)
        lab_run(&l, world_now(l.w) + 10 * SIM_MS);
    lab_run(&l, world_now(l.w) + 14 * SIM_MIN);
    double parked = lab_metric_of(&l, SUB, "lag", 5);
    assert_true(parked > 12600 - 4 * 112.3 && parked < 12600 + 4 * 112.3);
    lab_free(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_goes_in_comes_out),
        cmocka_unit_test(one_frozen_partition_of_eight),
        cmocka_unit_test(one_frozen_partition_with_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
