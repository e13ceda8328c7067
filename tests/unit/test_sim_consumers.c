/*
 * Groups of consumers: one that is at its batch for too long leaves, and comes back;
 * what stands still while a group shares out anew; messages that are not due yet.
 */
#include "../lib/lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TOPIC "kafka.events"
#define GROUP "kafka.events.group"

/* users -> app/emit -> kafka.events (4 partitions) -> consumer/apply: 50 ms, and for a
 * share `p` of the messages `slow` more. */
static struct lab group(double rate, const char *sub, double p, sim_time slow)
{
    struct lab l = lab_new();
    char text[200];
    const struct node emit = {.kind = NODE_PUBLISH, .target = TOPIC};
    const struct node more = {.kind = NODE_SLEEP, .time = dist_const(slow)};
    const struct node some = {.kind = NODE_EACH, .p = p, .body = &more};
    const struct node apply = {
        .kind = NODE_SLEEP, .time = dist_const(50 * SIM_MS), .next = &some};
    lab_part(&l, "broker", "kafka", "latency=0");
    lab_part(&l, "topic", TOPIC, "partitions=4 partitioner=round_robin");
    snprintf(text, sizeof text, "to=consumer/apply %s", sub);
    lab_part(&l, "subscription", GROUP, text);
    lab_part(&l, "call", GROUP ".consumer", "network=0");
    lab_part(&l, "service", "consumer", "instances=4 workers=100");
    lab_part(&l, "service", "app", "workers=1000");
    lab_endpoint(&l, "consumer", "apply", &apply);
    lab_endpoint(&l, "app", "emit", &emit);
    snprintf(text, sizeof text, "to=app/emit rate=%g arrivals=even", rate);
    lab_part(&l, "client", "users", text);
    return l;
}

static double sub(const struct lab *l, const char *metric)
{
    return lab_metric(l, GROUP, metric);
}

/* ---- the poll interval ----------------------------------------------------------- */

/* A message of seven minutes and an interval of five: each consumer of its partition
 * leaves before it can commit, the next gets the same message, and so on for ever. The
 * offset stands still, though consumers are busy and none of them fails. */
static void a_partition_never_gets_past_it(void **state)
{
    (void)state;
    struct lab l = group(0, "batch=50", 1, 7 * SIM_MIN);
    lab_start(&l, 3);
    lab_set(&l, "users", "rate", "1");
    lab_run(&l, 1500 * SIM_MS);
    lab_set(&l, "users", "rate", "0");
    assert_true(lab_metric(&l, TOPIC, "published_total") == 1);
    lab_run(&l, 5 * SIM_MIN);
    assert_true(sub(&l, "evictions_total") == 0 && sub(&l, "consumers") == 4);
    lab_run(&l, 5 * SIM_MIN + 2 * SIM_SEC);
    assert_true(sub(&l, "evictions_total") == 1 && sub(&l, "consumers") == 3);
    lab_run(&l, 5 * SIM_MIN + 10 * SIM_SEC);
    assert_true(sub(&l, "in_flight") == 2); /* the next has it, too */
    lab_run(&l, 8 * SIM_MIN);
    assert_true(sub(&l, "consumers") == 4 && sub(&l, "rebalances_total") == 2);
    lab_run(&l, 120 * SIM_MIN);
    assert_true(sub(&l, "offset") == 0 && sub(&l, "lag") == 1);
    assert_true(sub(&l, "evictions_total") >= 22 && sub(&l, "evictions_total") <= 24);
    assert_true(sub(&l, "processed_total") >= 21);
    assert_true(sub(&l, "failures_total") == 0);
    assert_true(sub(&l, "duplicates_total") == sub(&l, "processed_total") - 1);
    lab_set(&l, GROUP, "max_poll_interval", "8m"); /* the cure */
    lab_run(&l, 160 * SIM_MIN);
    assert_true(sub(&l, "offset") == 1 && sub(&l, "lag") == 0);
    assert_true(sub(&l, "consumers") == 4 && sub(&l, "in_flight") == 0);
    lab_free(&l);
}

/* The others go on; the partition of the long message is a quarter of all. */
static void the_other_partitions_go_on(void **state)
{
    (void)state;
    struct lab l = group(20, "batch=50", 0.0002, 7 * SIM_MIN);
    lab_start(&l, 11);
    lab_run(&l, 60 * SIM_MIN);
    assert_true(sub(&l, "evictions_total") > 3);
    int still = 0, going = 0;
    for (int p = 1; p <= 4; p++) {
        double lag = lab_metric_of(&l, GROUP, "lag", p);
        still += lag > 1000;
        going += lag < 200;
    }
    assert_true(still >= 1 && still + going == 4);
    lab_free(&l);
}

/* At the edge: done with the batch at the very moment, and a nanosecond too late. A
 * batch counts as a whole. */
static double evictions(const char *params, sim_time slow)
{
    struct lab l = group(12, params, 1, slow);
    lab_start(&l, 3);
    lab_run(&l, 100 * SIM_SEC);
    double n = sub(&l, "evictions_total");
    lab_free(&l);
    return n;
}

static void the_interval_is_exact(void **state)
{
    (void)state;
    const char *one = "max_poll_interval=2s batch=1";
    assert_true(evictions(one, 2 * SIM_SEC - 50 * SIM_MS - 1) == 0);
    assert_true(evictions(one, 2 * SIM_SEC - 50 * SIM_MS + 1) > 10);
    assert_true(evictions("max_poll_interval=2s batch=100", 150 * SIM_MS) == 0);
    assert_true(evictions("max_poll_interval=2s batch=100", 350 * SIM_MS) > 10);
    assert_true(evictions("max_poll_interval=0 batch=1", 30 * SIM_SEC) == 0);
    assert_true(evictions("style=queue consumers=9", 6 * SIM_MIN) == 0);
}

/* A poisoned message is tried again and again, by a consumer that asks in between. */
static void who_tries_again_asks_again(void **state)
{
    (void)state;
    struct lab l = group(20, "max_poll_interval=30s", 0, 0);
    lab_start(&l, 3);
    lab_fault(&l, TOPIC, "poison", NULL, 0);
    lab_run(&l, 30 * SIM_MIN);
    assert_true(sub(&l, "failures_total") > 1000);
    assert_true(sub(&l, "evictions_total") == 0);
    lab_free(&l);
}

/* An instance dies while a consumer is out of the group. */
static void an_evicted_one_may_die(void **state)
{
    (void)state;
    struct lab l =
        group(4, "max_poll_interval=5s batch=3 rebalance=1s", 1, 20 * SIM_SEC);
    lab_start(&l, 3);
    for (int i = 1; i <= 40; i++) {
        lab_run(&l, i * 7 * SIM_SEC);
        if (i % 3 == 0)
            lab_fault(&l, "consumer", "crash", NULL, 0);
        if (i % 5 == 0)
            lab_set(&l, GROUP, "consumers", i % 2 ? "1" : "3");
        if (i % 7 == 0)
            lab_set(&l, "consumer", "instances", i % 2 ? "2" : "4");
    }
    lab_set(&l, GROUP, "max_poll_interval", "0");
    lab_set(&l, GROUP, "consumers", "3");
    lab_set(&l, "consumer", "instances", "4");
    lab_set(&l, "users", "rate", "0");
    lab_run(&l, 10 * SIM_HOUR);
    assert_true(sub(&l, "lag") == 0 && sub(&l, "in_flight") == 0);
    assert_true(sub(&l, "consumers") == 12);
    assert_true(sub(&l, "good_total") + sub(&l, "bad_total") ==
                lab_metric(&l, TOPIC, "published_total"));
    lab_free(&l);
}

/* ---- eager and cooperative ------------------------------------------------------- */

/* Messages that the group is behind while it rebalances for 20 s, one consumer in four
 * having gone. */
static void behind(const char *protocol, double lag[5])
{
    char text[100];
    snprintf(text, sizeof text, "rebalance=20s protocol=%s", protocol);
    struct lab l = group(40, text, 0, 0);
    lab_start(&l, 3);
    lab_run(&l, 60 * SIM_SEC);
    for (int p = 1; p <= 4; p++)
        assert_true(lab_metric_of(&l, GROUP, "lag", p) <= 2);
    lab_set(&l, "consumer", "instances", "3");
    lab_run(&l, 75 * SIM_SEC);
    lag[0] = 0;
    for (int p = 1; p <= 4; p++)
        lag[0] += lag[p] = lab_metric_of(&l, GROUP, "lag", p);
    assert_true(sub(&l, "rebalances_total") == 1);
    lab_set(&l, "users", "rate", "0");
    lab_run(&l, 20 * SIM_MIN);
    assert_true(sub(&l, "lag") == 0 && sub(&l, "duplicates_total") == 0);
    lab_free(&l);
}

static void only_what_moves_stands_still(void **state)
{
    (void)state;
    double eager[5], coop[5];
    int still = 0;
    behind("eager", eager);
    behind("cooperative", coop);
    assert_true(eager[0] >
                4 * 10 * 12); /* each partition, 10 a second, 12 s at least */
    assert_true(coop[0] < 0.3 * eager[0]);
    for (int p = 1; p <= 4; p++)
        still += coop[p] > 100;
    assert_true(still == 1);
}

/* Each partition has one reader, and the loads differ by one at most, whatever comes
 * and goes. */
static void cooperative_groups_share_evenly(void **state)
{
    (void)state;
    struct lab l = group(60, "rebalance=1s protocol=cooperative", 0, 0);
    lab_start(&l, 3);
    lab_set(&l, TOPIC, "partitions", "7");
    static const char *const sizes[] = {"1", "5", "3", "9", "2", "4"};
    for (int i = 0; i < 6; i++) {
        lab_set(&l, "consumer", "instances", sizes[i]);
        lab_run(&l, (i + 1) * SIM_MIN);
    }
    lab_set(&l, "users", "rate", "0");
    lab_run(&l, 10 * SIM_MIN);
    assert_true(sub(&l, "lag") == 0);
    assert_true(sub(&l, "good_total") == lab_metric(&l, TOPIC, "published_total"));
    lab_set(&l, GROUP, "protocol", "eager");
    lab_set(&l, "users", "rate", "60");
    lab_run(&l, 11 * SIM_MIN);
    lab_set(&l, GROUP, "protocol", "cooperative");
    lab_run(&l, 12 * SIM_MIN);
    assert_true(sub(&l, "lag") < 20);
    lab_free(&l);
}

/* ---- not before its time --------------------------------------------------------- */

static void a_delayed_message_comes_when_it_is_due(void **state)
{
    (void)state;
    struct lab l = group(1, "style=queue consumers=9 delay=30s", 0, 0);
    lab_start(&l, 3);
    lab_run(&l, 31 * SIM_SEC);
    assert_true(sub(&l, "processed_total") == 0 && sub(&l, "in_flight") <= 1);
    lab_run(&l, 131 * SIM_SEC);
    double n = sub(&l, "processed_total");
    assert_true(n >= 99 && n <= 101);
    double age = sub(&l, "seconds_total") / n;
    assert_true(age > 30.049 && age < 30.06);
    lab_set(&l, GROUP, "delay", "0"); /* messages that wait come at once */
    lab_run(&l, 132 * SIM_SEC);
    assert_true(sub(&l, "lag") <= 1);
    lab_free(&l);
    struct errmsg why = {0};
    l = group(1, "delay=30s", 0, 0);
    assert_int_equal(model_finish(l.m, &why), ERR_INPUT);
    assert_non_null(strstr(why.text, "style = queue"));
    lab_free(&l);
}

/* ---- consumers that die ---------------------------------------------------------- */

/* How often a message whose consumer fails or dies is taken in 100 s. */
static double taken(const char *what)
{
    struct lab l = lab_new();
    const struct node emit = {.kind = NODE_PUBLISH, .target = TOPIC};
    const struct node end = {.kind = strcmp(what, "dies") == 0 ? NODE_CRASH : NODE_FAIL,
                             .what = "no"};
    lab_part(&l, "broker", "kafka", "");
    lab_part(&l, "topic", TOPIC, "");
    lab_part(&l, "subscription", GROUP,
             "to=consumer/apply style=queue visibility=30s retry_delay=2s");
    lab_part(&l, "service", "consumer", "start_up=1s");
    lab_part(&l, "service", "app", "");
    lab_endpoint(&l, "consumer", "apply", &end);
    lab_endpoint(&l, "app", "emit", &emit);
    lab_part(&l, "job", "once", "to=app/emit every=10h at=1s");
    lab_start(&l, 1);
    lab_run(&l, 100 * SIM_SEC);
    double n = lab_metric(&l, "consumer/apply", "requests_total");
    lab_free(&l);
    return n;
}

/* One that fails says so; of one that died the message stays hidden. */
static void a_dead_consumers_message_stays_hidden(void **state)
{
    (void)state;
    assert_true(taken("fails") > 45);
    assert_true(taken("dies") == 4); /* at 1, 31, 61 and 91 s */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_partition_never_gets_past_it),
        cmocka_unit_test(the_other_partitions_go_on),
        cmocka_unit_test(the_interval_is_exact),
        cmocka_unit_test(who_tries_again_asks_again),
        cmocka_unit_test(an_evicted_one_may_die),
        cmocka_unit_test(only_what_moves_stands_still),
        cmocka_unit_test(cooperative_groups_share_evenly),
        cmocka_unit_test(a_delayed_message_comes_when_it_is_due),
        cmocka_unit_test(a_dead_consumers_message_stays_hidden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
