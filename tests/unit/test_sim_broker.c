/* Brokers, topics and subscriptions through whole models. */
#include "../lib/lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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

/* ---- whose message it is --------------------------------------------------------- */

/* web/order calls shop/order behind a limiter, which publishes; its projector publishes
 * again. web/look does neither. */
static void whose_message_it_is(void **state)
{
    (void)state;
    struct lab l =
        orders("to=web/order rate=1", "", "to=projector/apply", "", dist_const(0));
    const struct node call = {.kind = NODE_CALL, .target = "door", .what = "order"};
    const struct node look = {.kind = NODE_SLEEP, .time = dist_const(SIM_MS)};
    const struct node mail = {.kind = NODE_PUBLISH, .target = "events.mails"};
    lab_part(&l, "limiter", "door", "to=shop");
    lab_part(&l, "service", "web", "workers=9");
    lab_part(&l, "service", "mailer", "workers=9");
    lab_part(&l, "topic", "events.mails", "");
    lab_part(&l, "subscription", "events.mails.send", "to=mailer/send");
    lab_part(&l, "client", "lookers", "to=web/look rate=1");
    lab_part(&l, "job", "idle", "every=1m");
    lab_part(&l, "job", "nightly", "every=1m to=shop/order");
    lab_endpoint(&l, "web", "order", &call);
    lab_endpoint(&l, "web", "look", &look);
    lab_endpoint(&l, "mailer", "send", &look);
    lab_endpoint(&l, "projector", "again", &mail);
    lab_part(&l, "subscription", "events.orders.copier", "to=projector/again");
    lab_start(&l, 1);
    comp_id topic = model_find(l.m, TOPIC), mails = model_find(l.m, "events.mails");
    static const struct {
        const char *who;
        bool orders, mails;
    } want[] = {{"users", true, true},
                {"lookers", false, false},
                {"nightly", true, true},
                {"idle", false, false},
                {"events.orders.copier", false, true},
                {SUB, false, false}};
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        comp_id who = model_find(l.m, want[i].who);
        assert_int_equal(model_sends_to(l.m, who, topic), want[i].orders);
        assert_int_equal(model_sends_to(l.m, who, mails), want[i].mails);
    }
    lab_free(&l);
}

/* ---- the usual ------------------------------------------------------------------- */

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

/* ---- acting ---------------------------------------------------------------------- */

static enum err act(struct lab *l, enum action_kind kind, const char *comp,
                    int instance, const char *name, struct value v)
{
    struct errmsg why = {0};
    struct action a = {.kind = kind,
                       .comp = model_find(l->m, comp),
                       .instance = instance,
                       .name = name,
                       .args = {v},
                       .nargs = v.type != VALUE_NONE};
    return world_apply(l->w, &a, "test", NULL, NULL, &why);
}

static const struct value none = {.type = VALUE_NONE};

/* Everything that was published has been processed, is bad, or is still there. */
static void assert_books(const struct lab *l)
{
    double in = topic(l, "published_total");
    double out = sub(l, "good_total") + sub(l, "bad_total");
    if (in != out + sub(l, "lag"))
        fail_msg("%g published, %g good, %g bad, %g there", in, sub(l, "good_total"),
                 sub(l, "bad_total"), sub(l, "lag"));
}

/* `rate` a second for `seconds`, then nobody, until all is quiet. */
static void pour(struct lab *l, sim_time until, sim_time quiet)
{
    lab_run(l, until);
    lab_set(l, "users", "rate", "0");
    lab_run(l, quiet);
}

static struct lab log_of(const char *topic_is, const char *sub_is, double seconds)
{
    struct lab l =
        orders("to=shop/order rate=50", topic_is, sub_is, "instances=2 workers=100",
               dist_const((sim_time)(seconds * 1e9)));
    lab_start(&l, 11);
    return l;
}

/* ---- publishing ------------------------------------------------------------------ */

static struct lab late_answers(const char *topic_is)
{
    struct lab l = lab_new();
    const struct node publish = {.kind = NODE_PUBLISH, .target = TOPIC};
    const struct node apply = {.kind = NODE_COMPUTE, .time = dist_const(SIM_MS)};
    lab_part(&l, "broker", "events", "latency=20ms");
    lab_part(&l, "topic", TOPIC, topic_is);
    lab_part(&l, "subscription", SUB, "to=shop/apply");
    lab_part(&l, "service", "shop", "workers=1000");
    lab_part(&l, "call", "shop.events", "timeout=5ms retries=2");
    lab_endpoint(&l, "shop", "order", &publish);
    lab_endpoint(&l, "shop", "apply", &apply);
    lab_part(&l, "client", "users", "to=shop/order rate=10 arrivals=even");
    lab_start(&l, 1);
    return l;
}

static void a_lost_answer_and_a_retry_make_duplicates(void **state)
{
    (void)state;
    struct lab l = late_answers("partitions=4");
    pour(&l, 100 * SIM_SEC + 50 * SIM_MS, 110 * SIM_SEC);
    assert_true(topic(&l, "published_total") == 3000);
    assert_true(topic(&l, "duplicates_total") == 2000);
    assert_true(sub(&l, "duplicates_total") == 2000);
    assert_true(sub(&l, "good_total") == 3000);
    assert_true(lab_metric(&l, "users", "failed_total") == 1000);
    assert_true(lab_metric(&l, "events", "in_flight") == 0);
    lab_free(&l);
    l = late_answers("partitions=4 idempotent=on");
    pour(&l, 100 * SIM_SEC + 50 * SIM_MS, 110 * SIM_SEC);
    assert_true(topic(&l, "published_total") == 1000);
    assert_true(topic(&l, "deduplicated_total") == 2000);
    assert_true(sub(&l, "duplicates_total") == 0);
    lab_free(&l);
}

static void keys_choose_partitions(void **state)
{
    (void)state;
    struct lab l = log_of("partitions=8 keys=1", "to=projector/apply", 0.001);
    lab_run(&l, 100 * SIM_SEC);
    int used = 0;
    for (int p = 1; p <= 8; p++)
        used += lab_metric_of(&l, TOPIC, "end_offset", p) > 0;
    assert_int_equal(used, 1);
    lab_free(&l);
    l = log_of("partitions=2 keys=1000 popularity=2", "to=projector/apply", 0.001);
    lab_run(&l, 100 * SIM_SEC);
    double a = lab_metric_of(&l, TOPIC, "end_offset", 1),
           b = lab_metric_of(&l, TOPIC, "end_offset", 2);
    double share = (a > b ? a : b) / (a + b); /* the first key alone has 61 % */
    assert_true(share > 0.6 && a + b == topic(&l, "published_total"));
    lab_free(&l);
}

static void partitions_can_only_be_more(void **state)
{
    (void)state;
    struct lab l = log_of("partitions=1", "to=projector/apply consumers=4", 0.1);
    lab_run(&l, 60 * SIM_SEC);
    assert_true(sub(&l, "processed_total") <= 600); /* singly */
    assert_int_equal(act(&l, ACTION_SET, TOPIC, 0, "partitions", value_count(0)),
                     ERR_INPUT);
    lab_set(&l, TOPIC, "partitions", "8");
    assert_int_equal(act(&l, ACTION_SET, TOPIC, 0, "partitions", value_count(7)),
                     ERR_REFUSED);
    double before = sub(&l, "processed_total");
    lab_run(&l, 120 * SIM_SEC);
    assert_true(sub(&l, "processed_total") - before > 2500);
    lab_set(&l, "users", "rate", "0");
    lab_run(&l, 1000 * SIM_SEC);
    assert_books(&l);
    assert_true(sub(&l, "lag") == 0);
    lab_free(&l);
}

/* ---- logs ------------------------------------------------------------------------ */

static void batches_share_their_cost(void **state)
{
    (void)state;
    struct lab l = log_of("partitions=1", "to=projector/apply batch_cost=90ms", 0.01);
    lab_run(&l, 60 * SIM_SEC);
    assert_true(sub(&l, "processed_total") <= 600 && sub(&l, "processed_total") >= 590);
    double before = sub(&l, "processed_total");
    lab_set(&l, SUB, "batch", "9");
    lab_run(&l, 120 * SIM_SEC);
    double n = sub(&l, "processed_total") - before;
    assert_true(n >= 2990 && n <= 3010); /* nine in 180 ms */
    lab_free(&l);
}

static void more_consumers_than_partitions_are_idle(void **state)
{
    (void)state;
    struct lab l = log_of("partitions=2 partitioner=round_robin",
                          "to=projector/apply consumers=5", 0.1);
    lab_run(&l, 60 * SIM_SEC);
    assert_true(sub(&l, "consumers") == 10);
    double n = sub(&l, "processed_total");
    assert_true(n >= 1190 && n <= 1200);
    lab_free(&l);
}

static void one_consumer_reads_many_partitions(void **state)
{
    (void)state;
    struct lab l = orders("to=shop/order rate=40", "partitions=7", "to=projector/apply",
                          "instances=2 workers=10", dist_const(40 * SIM_MS));
    lab_start(&l, 5);
    pour(&l, 60 * SIM_SEC, 120 * SIM_SEC);
    assert_true(sub(&l, "lag") == 0);
    assert_books(&l);
    lab_free(&l);
}

static void a_poisoned_message_dies_after_its_tries(void **state)
{
    (void)state;
    struct lab l =
        log_of("partitions=2", "to=projector/apply tries=3 retry_delay=2s", 0.001);
    lab_run(&l, 10 * SIM_SEC);
    lab_fault(&l, TOPIC, "poison", NULL, 0);
    lab_run(&l, 13 * SIM_SEC);
    assert_true(sub(&l, "failures_total") >= 1 && sub(&l, "lag_max") > 20);
    lab_run(&l, 20 * SIM_SEC);
    assert_true(sub(&l, "failures_total") == 3 && sub(&l, "dead_letters") == 1);
    assert_true(sub(&l, "lag_max") <= 2 && sub(&l, "bad_total") == 1);
    assert_true(lab_metric(&l, "projector/apply", "errors_total") == 3);
    lab_op(&l, SUB, "replay", NULL); /* no better than before */
    lab_run(&l, 30 * SIM_SEC);
    assert_true(sub(&l, "dead_letters") == 1 && sub(&l, "dead_total") == 2);
    assert_true(sub(&l, "bad_total") == 1);
    assert_books(&l);
    lab_set(&l, SUB, "dead_letters", "off");
    lab_fault(&l, TOPIC, "poison", "1.0", 2 * SIM_SEC);
    lab_run(&l, 900 * SIM_SEC);
    assert_true(sub(&l, "dead_letters") == 1 && sub(&l, "dead_total") > 60);
    assert_books(&l);
    lab_free(&l);
}

static void a_deploy_can_read_what_was_poison(void **state)
{
    (void)state;
    struct lab l = lab_new();
    struct errmsg why = {0};
    const struct node publish = {.kind = NODE_PUBLISH, .target = TOPIC};
    const struct node apply = {.kind = NODE_COMPUTE, .time = dist_const(SIM_MS)};
    lab_part(&l, "broker", "events", "");
    lab_part(&l, "topic", TOPIC, "partitions=3");
    lab_part(&l, "subscription", SUB, "to=projector/apply");
    lab_part(&l, "service", "shop", "workers=100");
    comp_id c = lab_part(&l, "service", "projector", "instances=3 start_up=1s");
    lab_endpoint(&l, "shop", "order", &publish);
    assert_int_equal(model_endpoint(l.m, c, "apply", "v1", &apply, &why), ERR_OK);
    assert_int_equal(model_endpoint(l.m, c, "apply", "v2", &apply, &why), ERR_OK);
    lab_part(&l, "client", "users", "to=shop/order rate=30");
    lab_start(&l, 2);
    lab_run(&l, 10 * SIM_SEC);
    struct action poison = {.kind = ACTION_FAULT,
                            .comp = model_find(l.m, TOPIC),
                            .name = "poison",
                            .args = {value_number(0), value_text("v9")},
                            .nargs = 2};
    assert_int_equal(world_apply(l.w, &poison, "t", NULL, NULL, &why), ERR_NOT_FOUND);
    poison.args[1] = value_text("v2");
    assert_int_equal(world_apply(l.w, &poison, "t", NULL, NULL, &why), ERR_OK);
    lab_run(&l, 60 * SIM_SEC);
    assert_true(sub(&l, "lag_max") > 400 && sub(&l, "failures_total") > 40);
    lab_op(&l, "projector", "deploy", "v2");
    lab_run(&l, 120 * SIM_SEC);
    assert_true(sub(&l, "lag_max") <= 3 && sub(&l, "bad_total") == 0);
    assert_true(sub(&l, "rebalances_total") >= 1);
    assert_books(&l);
    lab_free(&l);
}

static void scaling_makes_the_group_stand_still(void **state)
{
    (void)state;
    struct lab l =
        orders("to=shop/order rate=20 arrivals=even", "partitions=8",
               "to=projector/apply rebalance=5s", "instances=2 workers=10 start_up=2s",
               dist_const(10 * SIM_MS));
    lab_start(&l, 3);
    lab_run(&l, 30 * SIM_SEC);
    assert_true(sub(&l, "consumers") == 2 && sub(&l, "rebalances_total") == 0);
    act(&l, ACTION_OP, "projector", 0, "scale", value_count(4));
    lab_run(&l, 32 * SIM_SEC + 100 * SIM_MS);
    double n = sub(&l, "processed_total");
    lab_run(&l, 36 * SIM_SEC + 900 * SIM_MS);
    assert_true(sub(&l, "processed_total") == n && sub(&l, "lag") > 90);
    lab_run(&l, 40 * SIM_SEC);
    assert_true(sub(&l, "consumers") == 4 && sub(&l, "lag") <= 4);
    assert_true(sub(&l, "rebalances_total") == 1 && sub(&l, "duplicates_total") == 0);
    assert_books(&l);
    lab_free(&l);
}

/* At least once: what was processed but not confirmed comes again. */
static void a_crash_repeats_a_part_of_the_batch(void **state)
{
    (void)state;
    struct lab l = log_of("partitions=2 partitioner=round_robin",
                          "to=projector/apply batch=50", 0.035);
    lab_run(&l, 20 * SIM_SEC + 300 * SIM_MS);
    assert_int_equal(act(&l, ACTION_OP, "projector", 1, "restart", none), ERR_OK);
    lab_run(&l, 40 * SIM_SEC);
    double again = sub(&l, "duplicates_total");
    assert_true(again > 0 && again < 50);
    pour(&l, 60 * SIM_SEC, 200 * SIM_SEC);
    assert_true(sub(&l, "lag") == 0 && sub(&l, "bad_total") == 0);
    assert_true(sub(&l, "processed_total") == topic(&l, "published_total") + again);
    assert_books(&l);
    lab_free(&l);
}

static void going_back_processes_again(void **state)
{
    (void)state;
    struct lab l = log_of("partitions=4", "to=projector/apply", 0.005);
    pour(&l, 100 * SIM_SEC, 110 * SIM_SEC);
    double n = topic(&l, "published_total"), done = sub(&l, "processed_total");
    assert_true(n == done);
    assert_int_equal(act(&l, ACTION_OP, SUB, 0, "replay", value_duration(60 * SIM_SEC)),
                     ERR_OK);
    assert_true(sub(&l, "lag") > 2300);
    lab_run(&l, 200 * SIM_SEC);
    double again = sub(&l, "duplicates_total");
    assert_true(again > 2300 && again < 2700);
    assert_true(sub(&l, "processed_total") == done + again);
    assert_true(sub(&l, "good_total") == n && sub(&l, "bad_total") == 0);
    assert_int_equal(act(&l, ACTION_OP, SUB, 2, "seek", value_count(0)), ERR_OK);
    lab_run(&l, 300 * SIM_SEC);
    assert_true(sub(&l, "duplicates_total") - again ==
                lab_metric_of(&l, TOPIC, "end_offset", 2));
    assert_int_equal(act(&l, ACTION_OP, SUB, 5, "seek", value_count(0)), ERR_NOT_FOUND);
    assert_int_equal(act(&l, ACTION_OP, SUB, 1, "seek", value_count(-1)), ERR_INPUT);
    assert_true(sub(&l, "lag") == 0);
    lab_free(&l);
}

static void pausing_skipping_purging(void **state)
{
    (void)state;
    struct lab l = log_of("partitions=4", "to=projector/apply", 0.005);
    lab_run(&l, 10 * SIM_SEC);
    lab_op(&l, SUB, "pause", NULL);
    assert_int_equal(act(&l, ACTION_OP, SUB, 0, "pause", none), ERR_REFUSED);
    double n = sub(&l, "processed_total");
    lab_run(&l, 30 * SIM_SEC);
    assert_true(sub(&l, "processed_total") <= n + 4 && sub(&l, "lag") > 900);
    assert_int_equal(act(&l, ACTION_OP, SUB, 1, "skip", value_count(10)), ERR_OK);
    assert_true(sub(&l, "skipped_total") == 10);
    assert_books(&l);
    assert_int_equal(act(&l, ACTION_OP, TOPIC, 2, "purge", none), ERR_OK);
    assert_true(lab_metric_of(&l, SUB, "lag", 2) == 0);
    assert_true(lab_metric_of(&l, TOPIC, "messages", 2) == 0);
    assert_books(&l);
    lab_op(&l, SUB, "purge", NULL);
    assert_true(sub(&l, "lag") == 0 && sub(&l, "skipped_total") > 900);
    assert_books(&l);
    lab_op(&l, SUB, "resume", NULL);
    pour(&l, 40 * SIM_SEC, 50 * SIM_SEC);
    assert_true(sub(&l, "lag") == 0);
    assert_books(&l);
    lab_free(&l);
}

static void retention_deletes_what_nobody_read(void **state)
{
    (void)state;
    struct lab l = log_of("partitions=4 partitioner=round_robin retention=60s",
                          "to=projector/apply consumers=2", 0.005);
    lab_run(&l, 10 * SIM_SEC);
    assert_int_equal(act(&l, ACTION_FAULT, TOPIC, 2, "poison", none), ERR_OK);
    lab_run(&l, 60 * SIM_SEC);
    assert_true(sub(&l, "lost_total") == 0);
    lab_run(&l, 310 * SIM_SEC);
    double lost = sub(&l, "lost_total"), kept = lab_metric_of(&l, SUB, "lag", 2);
    assert_true(lost > 2700 && lost < 3300); /* 12.5 a second for four minutes */
    assert_true(kept > 700 && kept < 900);
    assert_int_equal(act(&l, ACTION_OP, SUB, 2, "skip", none), ERR_OK);
    pour(&l, 320 * SIM_SEC, 400 * SIM_SEC);
    assert_true(sub(&l, "lag") == 0);
    assert_books(&l);
    lab_run(&l, 1200 * SIM_SEC);
    assert_true(topic(&l, "messages") == 0);
    lab_free(&l);
}

static void a_full_partition_drops_the_oldest(void **state)
{
    (void)state;
    struct lab l = log_of("partitions=1 capacity=100", "to=projector/apply", 0.1);
    pour(&l, 60 * SIM_SEC, 100 * SIM_SEC);
    assert_true(sub(&l, "lost_total") > 2000 && sub(&l, "lag") == 0);
    assert_true(topic(&l, "messages") <= 100);
    assert_books(&l);
    lab_free(&l);
}

/* ---- queues ---------------------------------------------------------------------- */

static struct lab queue_of(const char *more, double seconds)
{
    char text[160];
    snprintf(text, sizeof text, "to=projector/apply style=queue consumers=20 %s", more);
    struct lab l =
        orders("to=shop/order rate=10", "partitions=2", text,
               "instances=2 workers=1000", dist_const((sim_time)(seconds * 1e9)));
    lab_start(&l, 11);
    return l;
}

static void a_queue_gives_each_message_once(void **state)
{
    (void)state;
    struct lab l = queue_of("visibility=5s", 2);
    pour(&l, 100 * SIM_SEC, 120 * SIM_SEC);
    assert_true(sub(&l, "redelivered_total") == 0 && sub(&l, "duplicates_total") == 0);
    assert_true(sub(&l, "good_total") == topic(&l, "published_total"));
    assert_true(sub(&l, "lag") == 0 && sub(&l, "not_visible") == 0);
    assert_books(&l);
    lab_free(&l);
}

/* The work takes longer than the message is hidden: done twice, and all "successful" */
static void work_longer_than_the_visibility_is_done_twice(void **state)
{
    (void)state;
    struct lab l = queue_of("visibility=2s", 3);
    pour(&l, 100 * SIM_SEC, 400 * SIM_SEC);
    double n = topic(&l, "published_total");
    assert_true(sub(&l, "good_total") == n && sub(&l, "bad_total") == 0);
    assert_true(sub(&l, "duplicates_total") > 0.9 * n);
    assert_true(sub(&l, "failures_total") == 0);
    assert_true(lab_metric(&l, "projector/apply", "errors_total") == 0);
    assert_true(sub(&l, "redelivered_total") >= sub(&l, "duplicates_total"));
    lab_free(&l);
}

/* They are numbered from the oldest on; what is taken out leaves no gap. */
static void dead_letters_one_by_one(void **state)
{
    (void)state;
    struct lab l = queue_of("tries=2 retry_delay=10ms", 0.1);
    struct dead_letter_view v[8];
    comp_id c = model_find(l.m, SUB);
    assert_int_equal(world_dead_letters(l.w, c, v, 8), 0);
    assert_int_equal(lab_do(&l, ACTION_OP, SUB, "drop_dead", NULL, 0), ERR_REFUSED);
    lab_fault(&l, TOPIC, "poison", "1.0", SIM_SEC);
    lab_run(&l, 10 * SIM_SEC);
    size_t n = world_dead_letters(l.w, c, v, 8);
    assert_true(n >= 4 && v[0].published <= v[1].published && v[0].tries == 2);
    assert_true(v[0].request != 0 && v[0].partition >= 1);
    uint64_t second = v[1].request, third = v[2].request;
    double skipped = sub(&l, "skipped_total");
    lab_op(&l, SUB, "drop_dead", "2");
    assert_int_equal(world_dead_letters(l.w, c, v, 8), n - 1);
    assert_true(v[1].request == third && v[0].request != second);
    assert_true(sub(&l, "skipped_total") == skipped + 1);
    lab_op(&l, SUB, "replay_dead", "1");
    assert_int_equal(world_dead_letters(l.w, c, v, 8), n - 2);
    assert_true(v[0].request == third);
    assert_int_equal(lab_do(&l, ACTION_OP, SUB, "replay_dead", "99", 0), ERR_NOT_FOUND);
    assert_int_equal(lab_do(&l, ACTION_OP, SUB, "drop_dead", "0", 0), ERR_NOT_FOUND);
    lab_op(&l, SUB, "drop_dead", NULL);
    assert_int_equal(world_dead_letters(l.w, c, v, 8), 0);
    lab_free(&l);
}

static void a_limit_of_receives_sends_to_the_dead_letters(void **state)
{
    (void)state;
    struct lab l = queue_of("tries=4 retry_delay=1s", 0.1);
    lab_run(&l, 10 * SIM_SEC);
    lab_fault(&l, TOPIC, "poison", "1.0", SIM_SEC);
    pour(&l, 30 * SIM_SEC, 60 * SIM_SEC);
    double dead = sub(&l, "dead_letters");
    assert_true(dead > 0 && sub(&l, "failures_total") == 4 * dead);
    assert_true(sub(&l, "bad_total") == dead && sub(&l, "lag") == 0);
    assert_books(&l);
    lab_op(&l, SUB, "replay", NULL);
    assert_true(sub(&l, "lag") == dead && sub(&l, "dead_letters") == 0);
    lab_run(&l, 100 * SIM_SEC);
    assert_true(sub(&l, "dead_letters") == dead && sub(&l, "bad_total") == dead);
    assert_int_equal(act(&l, ACTION_FAULT, SUB, 0, "stuck", value_count(0)), ERR_INPUT);
    lab_free(&l);
}

static void a_taken_batch_waits_hidden(void **state)
{
    (void)state;
    struct lab l = queue_of("batch=10 visibility=4s", 1);
    lab_set(&l, SUB, "consumers", "1"); /* ten a batch, one a second: six are late */
    pour(&l, 100 * SIM_SEC, 3000 * SIM_SEC);
    assert_true(sub(&l, "duplicates_total") > 100 && sub(&l, "lag") == 0);
    assert_true(sub(&l, "good_total") == topic(&l, "published_total"));
    lab_free(&l);
}

static void a_crash_shows_when_the_visibility_is_over(void **state)
{
    (void)state;
    struct lab l = queue_of("visibility=30s", 2);
    lab_run(&l, 20 * SIM_SEC);
    assert_int_equal(act(&l, ACTION_OP, "projector", 2, "restart", none), ERR_OK);
    pour(&l, 30 * SIM_SEC, 100 * SIM_SEC);
    assert_true(sub(&l, "redelivered_total") > 0 && sub(&l, "lag") == 0);
    assert_true(sub(&l, "good_total") == topic(&l, "published_total"));
    lab_free(&l);
}

/* ---- faults ---------------------------------------------------------------------- */

static void a_broker_that_is_down(void **state)
{
    (void)state;
    struct lab l = log_of("partitions=4", "to=projector/apply", 0.005);
    lab_run(&l, 10 * SIM_SEC);
    lab_fault(&l, "events", "down", NULL, 20 * SIM_SEC);
    double n = topic(&l, "published_total");
    lab_run(&l, 29 * SIM_SEC);
    assert_true(topic(&l, "published_total") == n);
    assert_true(lab_metric(&l, "shop.events", "failures_DOWN") > 900);
    assert_true(lab_metric(&l, "events", "up") == 0);
    pour(&l, 40 * SIM_SEC, 50 * SIM_SEC);
    assert_true(topic(&l, "published_total") > n + 400 && sub(&l, "lag") == 0);
    assert_books(&l);
    lab_free(&l);
}

static void a_partition_without_a_leader(void **state)
{
    (void)state;
    struct lab l = log_of("partitions=4", "to=projector/apply", 0.005);
    lab_run(&l, 10 * SIM_SEC);
    struct action lost = {.kind = ACTION_FAULT,
                          .comp = model_find(l.m, TOPIC),
                          .instance = 3,
                          .name = "leader_lost",
                          .duration = 20 * SIM_SEC};
    struct errmsg why = {0};
    assert_int_equal(world_apply(l.w, &lost, "t", NULL, NULL, &why), ERR_OK);
    double n = lab_metric_of(&l, TOPIC, "end_offset", 3);
    lab_run(&l, 29 * SIM_SEC);
    assert_true(lab_metric_of(&l, TOPIC, "end_offset", 3) == n);
    assert_true(topic(&l, "leaderless") == 1 && topic(&l, "rejected_total") > 100);
    lab_set(&l, TOPIC, "partitioner", "round_robin"); /* goes round it */
    double refused = topic(&l, "rejected_total");
    lab_run(&l, 29 * SIM_SEC + 900 * SIM_MS);
    assert_true(topic(&l, "rejected_total") == refused);
    pour(&l, 40 * SIM_SEC, 50 * SIM_SEC);
    assert_true(sub(&l, "lag") == 0 && topic(&l, "leaderless") == 0);
    assert_books(&l);
    lab_free(&l);
}

static void a_stuck_consumer(void **state)
{
    (void)state;
    struct lab l = log_of("partitions=4 partitioner=round_robin",
                          "to=projector/apply consumers=2", 0.005);
    lab_run(&l, 10 * SIM_SEC);
    lab_fault(&l, SUB, "stuck", NULL, 60 * SIM_SEC);
    lab_run(&l, 69 * SIM_SEC);
    assert_true(lab_metric_of(&l, SUB, "lag", 1) > 700);
    assert_true(lab_metric_of(&l, SUB, "lag", 2) <= 1);
    lab_run(&l, 100 * SIM_SEC);
    assert_true(sub(&l, "lag_max") <= 1);
    assert_books(&l);
    lab_free(&l);
}

static void a_broker_that_hands_out_twice(void **state)
{
    (void)state;
    struct lab l = log_of("partitions=4", "to=projector/apply", 0.005);
    lab_fault(&l, SUB, "duplicates", "0.2", 0);
    pour(&l, 100 * SIM_SEC, 120 * SIM_SEC);
    double n = topic(&l, "published_total"), again = sub(&l, "duplicates_total");
    assert_true(again > 0.17 * n && again < 0.23 * n);
    assert_true(sub(&l, "good_total") == n && sub(&l, "lag") == 0);
    lab_free(&l);
}

static void a_slow_broker(void **state)
{
    (void)state;
    struct lab l = log_of("partitions=1", "to=projector/apply batch_cost=10ms", 0.005);
    lab_set(&l, "events", "latency", "10ms");
    lab_run(&l, 10 * SIM_SEC);
    assert_true(sub(&l, "lag") <= 20);
    lab_fault(&l, "events", "slow", "10", 20 * SIM_SEC);
    lab_run(&l, 30 * SIM_SEC);
    assert_true(sub(&l, "lag") > 700);
    assert_int_equal(lab_do(&l, ACTION_FAULT, "events", "slow", "0", 0), ERR_INPUT);
    lab_free(&l);
}

/* ---- who else -------------------------------------------------------------------- */

/* Two subscriptions have each their own place; one is a third party's webhook. */
static void each_subscription_gets_everything(void **state)
{
    (void)state;
    struct lab l = orders("to=shop/order rate=30", "partitions=4", "to=projector/apply",
                          "workers=10", dist_const(SIM_MS));
    lab_part(&l, "external", "partner", "latency=50ms error_rate=10%");
    lab_part(&l, "subscription", "events.orders.hook",
             "to=partner style=queue consumers=10 retry_delay=1s");
    lab_part(&l, "balancer", "edge", "to=projector");
    lab_part(&l, "subscription", "events.orders.audit", "to=edge/apply");
    lab_start(&l, 4);
    pour(&l, 60 * SIM_SEC, 100 * SIM_SEC);
    double n = topic(&l, "published_total");
    assert_true(sub(&l, "good_total") == n);
    assert_true(lab_metric(&l, "events.orders.hook", "good_total") == n);
    assert_true(lab_metric(&l, "events.orders.hook", "failures_total") > 0.05 * n);
    assert_true(lab_metric(&l, "events.orders.audit", "good_total") == n);
    assert_true(lab_metric(&l, "edge", "requests_total") == n);
    assert_true(lab_metric(&l, "events", "lag") == 0);
    lab_free(&l);
}

static void the_objective_counts_from_the_publishing(void **state)
{
    (void)state;
    struct errmsg why = {0};
    struct lab l = orders("to=shop/order rate=10 arrivals=even", "partitions=1",
                          "to=projector/apply", "workers=10", dist_const(50 * SIM_MS));
    comp_id who[] = {model_find(l.m, SUB)};
    struct slo slo = {"applied within 1 s", SIM_SEC, 0, 0.99, SIM_HOUR, false};
    assert_int_equal(model_slo(l.m, &slo, who, 1, &why), ERR_OK);
    lab_start(&l, 4);
    lab_run(&l, 10 * SIM_SEC);
    assert_true(sub(&l, "good_total") > 90 && sub(&l, "bad_total") == 0);
    lab_op(&l, SUB, "pause", NULL);
    lab_run(&l, 20 * SIM_SEC);
    lab_op(&l, SUB, "resume", NULL);
    pour(&l, 60 * SIM_SEC, 100 * SIM_SEC);
    assert_true(sub(&l, "slow_total") > 150 && sub(&l, "slow_total") < 200);
    assert_books(&l);
    lab_free(&l);
}

static void slices_sum(void *ctx, const struct request_done *r)
{
    sim_time sum = 0;
    for (size_t i = 0; i < r->nslices; i++)
        sum += r->slices[i].ns;
    assert_true(sum == r->end - r->start);
    ++*(uint64_t *)ctx;
}

static void times_sum_to_the_nanosecond(void **state)
{
    (void)state;
    struct errmsg why = {0};
    uint64_t n = 0;
    struct observer o = {.ctx = &n, .done = slices_sum};
    struct lab l = log_of("partitions=4",
                          "to=projector/apply batch=5 batch_cost=3ms tries=2", 0.06);
    lab_fault(&l, TOPIC, "poison", "0.1", 0);
    assert_int_equal(world_run(l.w, 30 * SIM_SEC, UINT64_MAX, &o, &why), ERR_OK);
    act(&l, ACTION_OP, "projector", 1, "restart", none);
    assert_int_equal(world_run(l.w, 60 * SIM_SEC, UINT64_MAX, &o, &why), ERR_OK);
    assert_true(n > 3000);
    lab_free(&l);
}

static void forks_end_alike(void **state)
{
    (void)state;
    struct errmsg why = {0};
    const char *how[] = {"", "style=queue visibility=1s tries=5 batch=3"};
    for (int i = 0; i < 2; i++) {
        char text[100];
        snprintf(text, sizeof text, "to=projector/apply %s", how[i]);
        struct lab l = log_of("partitions=4", text, 0.05);
        lab_fault(&l, TOPIC, "poison", "0.01", 0);
        lab_run(&l, 21 * SIM_SEC);
        act(&l, ACTION_OP, "projector", 1, "restart", none);
        lab_run(&l, 22 * SIM_SEC);
        struct world *fork = world_fork(l.w);
        lab_run(&l, 90 * SIM_SEC);
        assert_int_equal(world_run(fork, 90 * SIM_SEC, UINT64_MAX, NULL, &why), ERR_OK);
        assert_true(world_digest(fork) == world_digest(l.w));
        world_free(fork);
        lab_free(&l);
    }
}

static void refuses_what_cannot_be(void **state)
{
    (void)state;
    struct errmsg why = {0};
    struct lab l = lab_new();
    lab_part(&l, "service", "app", "");
    const struct node publish = {.kind = NODE_PUBLISH, .target = "events.orders"};
    lab_endpoint(&l, "app", "get", &publish);
    lab_part(&l, "broker", "events", "");
    lab_part(&l, "topic", "events.order", "");
    assert_int_equal(model_finish(l.m, &why), ERR_NOT_FOUND);
    assert_non_null(strstr(why.text, "events.order\""));
    lab_free(&l);
    l = lab_new();
    lab_part(&l, "service", "app", "");
    lab_part(&l, "topic", "app.orders", "");
    assert_int_equal(model_finish(l.m, &why), ERR_INPUT);
    lab_free(&l);
    l = lab_new();
    comp_id c = lab_part(&l, "topic", "events.orders", "");
    assert_int_equal(model_set(l.m, c, "partitions", value_count(257), &why),
                     ERR_INPUT);
    assert_non_null(strstr(why.text, "partitions"));
    lab_free(&l);
}

/* A full partition that refuses: its producers fail, and nothing is lost; as soon as
 * somebody reads, they go on. */
static void a_full_partition_refuses(void **state)
{
    (void)state;
    struct lab l = orders("to=shop/order rate=10 arrivals=even",
                          "capacity=100 when_full=refuse keep_read=10m",
                          "to=projector/apply", "", dist_const(10 * SIM_MS));
    lab_start(&l, 3);
    lab_op(&l, SUB, "pause", NULL);
    lab_run(&l, 10 * SIM_SEC + 50 * SIM_MS);
    assert_true(topic(&l, "published_total") == 100 &&
                topic(&l, "rejected_total") == 0);
    lab_run(&l, 20 * SIM_SEC + 50 * SIM_MS);
    assert_true(topic(&l, "published_total") == 100);
    assert_true(topic(&l, "rejected_total") == 100);
    assert_true(lab_metric(&l, "users", "failed_total") == 100);
    lab_op(&l, SUB, "resume", NULL);
    lab_run(&l, 40 * SIM_SEC);
    assert_true(topic(&l, "rejected_total") < 110 && sub(&l, "lost_total") == 0);
    assert_true(topic(&l, "dropped_total") == 0);
    lab_set(&l, TOPIC, "when_full", "drop");
    lab_op(&l, SUB, "pause", NULL);
    lab_run(&l, 60 * SIM_SEC);
    assert_true(topic(&l, "dropped_total") > 0 && sub(&l, "lost_total") >= 98);
    assert_books(&l);
    lab_free(&l);
}

/* ---- late already ---------------------------------------------------------------- */

static void objective(struct lab *l, const char *of, sim_time within)
{
    struct errmsg why = {0};
    struct slo slo = {"soon", within, 0, 0.99, 30 * SIM_MIN, false};
    comp_id who = model_find(l->m, of);
    assert_int_equal(model_slo(l->m, &slo, &who, 1, &why), ERR_OK);
}

/* One partition of eight stands still for an hour: an eighth of the orders is bad when
 * they are ten seconds old, though nobody has processed one of them. */
static void a_frozen_partition_is_bad_once_late(void **state)
{
    (void)state;
    struct lab l = orders(
        "to=shop/order rate=120 arrivals=even", "partitions=8 partitioner=round_robin",
        "to=projector/apply consumers=4", "instances=2", projector_work());
    objective(&l, SUB, 10 * SIM_SEC);
    lab_start(&l, 7);
    lab_run(&l, 60 * SIM_SEC);
    assert_true(sub(&l, "bad_total") == 0);
    assert_int_equal(act(&l, ACTION_FAULT, TOPIC, 3, "poison", none), ERR_OK);
    lab_run(&l, 69 * SIM_SEC);
    assert_true(sub(&l, "bad_total") == 0);
    lab_run(&l, 3660 * SIM_SEC);
    double bad = sub(&l, "bad_total");
    assert_true(bad > 15 * 3588 && bad < 15 * 3592 && sub(&l, "slow_total") == 0);
    assert_true(sub(&l, "good_total") + bad + 15 * 11 > topic(&l, "published_total"));
    assert_int_equal(act(&l, ACTION_OP, SUB, 3, "skip", none), ERR_OK);
    assert_true(sub(&l, "bad_total") == bad); /* counted already */
    double most = bad;
    for (int i = 1; i <= 120; i++) {
        lab_run(&l, 3660 * SIM_SEC + i * SIM_SEC);
        assert_true(sub(&l, "bad_total") >= most);
        most = sub(&l, "bad_total");
    }
    lab_free(&l);
}

/* The same with a queue, some of whose messages have been taken by consumers that died,
 * and at the last moment in time: work takes exactly as long as the objective allows. */
static void a_ticket_is_bad_once_late(void **state)
{
    (void)state;
    struct lab l = orders("to=shop/order rate=1 arrivals=even", "",
                          "to=projector/apply style=queue consumers=100 visibility=1h",
                          "workers=100 start_up=30m", dist_const(10 * SIM_SEC));
    objective(&l, SUB, 10 * SIM_SEC);
    lab_start(&l, 7);
    lab_run(&l, 100 * SIM_SEC);
    assert_true(sub(&l, "bad_total") == 0 && sub(&l, "good_total") > 80);
    double good = sub(&l, "good_total"), n = topic(&l, "published_total");
    lab_fault(&l, "projector", "crash", NULL, 0);
    lab_run(&l, 200 * SIM_SEC);
    assert_true(sub(&l, "good_total") == good);
    assert_true(sub(&l, "bad_total") >= n - good + 89 &&
                sub(&l, "bad_total") <= n - good + 91);
    lab_free(&l);
    l = orders("to=shop/order rate=1 arrivals=even", "",
               "to=projector/apply style=queue consumers=100", "workers=100",
               dist_const(10 * SIM_SEC + 1));
    objective(&l, SUB, 10 * SIM_SEC);
    lab_start(&l, 7);
    lab_run(&l, 100 * SIM_SEC);
    assert_true(sub(&l, "good_total") == 0);
    assert_true(sub(&l, "bad_total") == sub(&l, "slow_total") + 1 ||
                sub(&l, "bad_total") == sub(&l, "slow_total"));
    lab_free(&l);
}

/* Nobody reads at all: paused, all of it is late in the end, none of it twice. */
static void what_nobody_reads_is_late_too(void **state)
{
    (void)state;
    for (int queue = 0; queue < 2; queue++) {
        struct lab l = orders("to=shop/order rate=10 arrivals=even", "",
                              queue ? "to=projector/apply style=queue consumers=4"
                                    : "to=projector/apply",
                              "", dist_const(SIM_MS));
        objective(&l, SUB, 10 * SIM_SEC);
        lab_start(&l, 7);
        lab_run(&l, 20 * SIM_SEC);
        lab_op(&l, SUB, "pause", NULL);
        lab_run(&l, 130 * SIM_SEC);
        assert_true(sub(&l, "bad_total") >= 999 && sub(&l, "bad_total") <= 1001);
        lab_op(&l, SUB, "purge", NULL);
        assert_true(sub(&l, "bad_total") >= 1099 && sub(&l, "bad_total") <= 1101);
        assert_true(sub(&l, "bad_total") + sub(&l, "good_total") ==
                    topic(&l, "published_total"));
        lab_free(&l);
    }
}

/* ---- many consumers -------------------------------------------------------------- */

/* Each of 8,000 has one of the 8,000 messages that are there. */
static void thousands_of_consumers_are_all_there(void **state)
{
    (void)state;
    struct lab l = orders("to=shop/order rate=1000 arrivals=even", "partitions=3",
                          "to=projector/apply style=queue consumers=1000 "
                          "trace_every=0 visibility=10m",
                          "instances=8 workers=1000", dist_const(60 * SIM_SEC));
    lab_start(&l, 3);
    assert_true(sub(&l, "consumers") == 8000 && sub(&l, "consumers_left_out") == 0);
    lab_run(&l, 20 * SIM_SEC);
    assert_true(sub(&l, "in_flight") == 8000);
    lab_set(&l, "projector", "instances", "4");
    lab_run(&l, 200 * SIM_SEC);
    assert_true(sub(&l, "consumers") == 4000 && sub(&l, "in_flight") == 4000);
    lab_free(&l);
}

static void more_consumers_than_fit_are_refused(void **state)
{
    (void)state;
    struct errmsg why = {0};
    struct lab l =
        orders("to=shop/order rate=1", "", "to=projector/apply consumers=1000",
               "instances=11", dist_const(0));
    assert_int_equal(model_finish(l.m, &why), ERR_LIMIT);
    assert_non_null(strstr(why.text, "consumers = 909"));
    lab_free(&l);
    l = orders("to=shop/order rate=1", "", "to=projector/apply consumers=1000",
               "instances=2", dist_const(0));
    lab_part(&l, "autoscaler", "more",
             "service=projector metric=cpu target=0.5 max=11");
    assert_int_equal(model_finish(l.m, &why), ERR_LIMIT);
    lab_free(&l);
    l = orders("to=shop/order rate=1", "", "to=projector/apply consumers=900",
               "instances=11", dist_const(0));
    lab_start(&l, 1);
    assert_int_equal(act(&l, ACTION_SET, SUB, 0, "consumers", value_count(910)),
                     ERR_LIMIT);
    assert_int_equal(act(&l, ACTION_SET, SUB, 0, "consumers", value_count(909)),
                     ERR_OK);
    lab_set(&l, "projector", "instances", "12"); /* nobody can refuse this */
    lab_run(&l, 60 * SIM_SEC);
    assert_true(sub(&l, "consumers") == 10000);
    assert_true(sub(&l, "consumers_left_out") == 12 * 909 - 10000);
    lab_free(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whose_message_it_is),
        cmocka_unit_test(what_goes_in_comes_out),
        cmocka_unit_test(one_frozen_partition_of_eight),
        cmocka_unit_test(one_frozen_partition_with_keys),
        cmocka_unit_test(a_lost_answer_and_a_retry_make_duplicates),
        cmocka_unit_test(keys_choose_partitions),
        cmocka_unit_test(partitions_can_only_be_more),
        cmocka_unit_test(batches_share_their_cost),
        cmocka_unit_test(more_consumers_than_partitions_are_idle),
        cmocka_unit_test(one_consumer_reads_many_partitions),
        cmocka_unit_test(a_poisoned_message_dies_after_its_tries),
        cmocka_unit_test(a_deploy_can_read_what_was_poison),
        cmocka_unit_test(scaling_makes_the_group_stand_still),
        cmocka_unit_test(a_crash_repeats_a_part_of_the_batch),
        cmocka_unit_test(going_back_processes_again),
        cmocka_unit_test(pausing_skipping_purging),
        cmocka_unit_test(retention_deletes_what_nobody_read),
        cmocka_unit_test(a_full_partition_drops_the_oldest),
        cmocka_unit_test(a_full_partition_refuses),
        cmocka_unit_test(a_queue_gives_each_message_once),
        cmocka_unit_test(work_longer_than_the_visibility_is_done_twice),
        cmocka_unit_test(dead_letters_one_by_one),
        cmocka_unit_test(a_limit_of_receives_sends_to_the_dead_letters),
        cmocka_unit_test(a_taken_batch_waits_hidden),
        cmocka_unit_test(a_crash_shows_when_the_visibility_is_over),
        cmocka_unit_test(a_broker_that_is_down),
        cmocka_unit_test(a_partition_without_a_leader),
        cmocka_unit_test(a_stuck_consumer),
        cmocka_unit_test(a_broker_that_hands_out_twice),
        cmocka_unit_test(a_slow_broker),
        cmocka_unit_test(each_subscription_gets_everything),
        cmocka_unit_test(the_objective_counts_from_the_publishing),
        cmocka_unit_test(times_sum_to_the_nanosecond),
        cmocka_unit_test(forks_end_alike),
        cmocka_unit_test(refuses_what_cannot_be),
        cmocka_unit_test(a_frozen_partition_is_bad_once_late),
        cmocka_unit_test(a_ticket_is_bad_once_late),
        cmocka_unit_test(what_nobody_reads_is_late_too),
        cmocka_unit_test(thousands_of_consumers_are_all_there),
        cmocka_unit_test(more_consumers_than_fit_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
