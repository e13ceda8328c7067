/* The server side of brokers: cores, memory and disk, producers that wait for room or are
 * refused, retention by bytes, and what became of every message. */
#include "../lib/lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SUB "mq.orders.reader"

/* shop/order -> publish -> mq.orders -> reader/apply, which takes `work`; nobody calls
 * shop yet. */
static struct lab street(const char *broker, const char *topic, const char *consumers,
                         sim_time work)
{
    struct lab l = lab_new();
    const struct node publish = {.kind = NODE_PUBLISH, .target = "mq.orders"};
    const struct node apply = {.kind = NODE_SLEEP, .time = dist_const(work)};
    lab_part(&l, "broker", "mq", broker);
    lab_part(&l, "topic", "mq.orders", topic);
    lab_part(&l, "subscription", SUB, consumers);
    lab_part(&l, "service", "shop", "workers=100000");
    lab_part(&l, "call", "shop.mq", "network=0");
    lab_part(&l, "call", SUB ".reader", "network=0");
    lab_part(&l, "service", "reader", "workers=1000");
    lab_endpoint(&l, "shop", "order", &publish);
    lab_endpoint(&l, "reader", "apply", &apply);
    return l;
}

static struct lab shop(const char *broker, const char *topic, const char *users,
                       const char *consumers, sim_time work)
{
    struct lab l = street(broker, topic, consumers, work);
    lab_part(&l, "client", "users", users);
    lab_start(&l, 1);
    return l;
}

static double mq(const struct lab *l, const char *metric)
{
    return lab_metric(l, "mq", metric);
}

static double orders(const struct lab *l, const char *metric)
{
    return lab_metric(l, "mq.orders", metric);
}

static void near(double x, double right, double off)
{
    if (x < right - off || x > right + off)
        fail_msg("%.4f is not %.4f", x, right);
}

#define USERS  "to=shop/order arrivals=even rate="
#define READER "to=reader/apply consumers=1"
/* Ten messages are a MiB, and 27,648 bytes are left. */
#define BIG "message_bytes=102400"

/* ---- cores ----------------------------------------------------------------------- */

static void messages_are_work(void **state)
{
    (void)state;
    struct lab l = shop("cores=1 cpu=1ms latency=0", "", USERS "400", READER, 0);
    lab_run(&l, 10 * SIM_SEC);
    near(mq(&l, "cpu"), 0.8, 0.02); /* once in, once out */
    near(mq(&l, "cpu_seconds_total"), 8, 0.05);
    assert_true(mq(&l, "in_flight") < 3);
    lab_free(&l);
    l = shop("cpu=1s latency=0", "", USERS "400", READER, 0);
    lab_run(&l, 10 * SIM_SEC);
    assert_true(mq(&l, "cpu_seconds_total") == 0 && mq(&l, "in_flight") == 0);
    lab_free(&l);
}

static void confirming_takes_longer_under_load(void **state)
{
    (void)state;
    double mean[2];
    for (int i = 0; i < 2; i++) {
        struct lab l =
            shop("cores=1 cpu=exponential(1ms) latency=0", "",
                 i ? "to=shop/order rate=450" : "to=shop/order rate=50", READER, 0);
        lab_run(&l, 60 * SIM_SEC);
        mean[i] = mq(&l, "seconds_total") / mq(&l, "requests_total");
        lab_free(&l);
    }
    near(mean[0], 0.0011, 0.0002); /* M/M/1: 1 / (1000 - 100) */
    assert_true(mean[1] > 0.006);  /* and 1 / (1000 - 900), in pairs */
}

static void what_is_worked_on_is_not_stored(void **state)
{
    (void)state;
    struct lab l = shop("cores=1 cpu=10s latency=0", "", USERS "10", READER, 0);
    lab_run(&l, 5 * SIM_SEC);
    lab_fault(&l, "mq", "down", NULL, SIM_SEC);
    lab_run(&l, 5 * SIM_SEC + SIM_MS);
    assert_true(mq(&l, "in_flight") == 0 && orders(&l, "published_total") == 0);
    assert_true(mq(&l, "errors_total") >= 49);
    lab_free(&l);
}

/* ---- priority -------------------------------------------------------------------- */

/* Two producers, of class 0 and 3, and a reader that takes `work`. */
static struct lab two_classes(const char *broker, const char *topic, const char *low,
                              const char *high, sim_time work)
{
    struct lab l = street(broker, topic, READER, work);
    lab_part(&l, "call", "low.shop", "network=0");
    lab_part(&l, "call", "high.shop", "network=0");
    lab_part(&l, "client", "low", low);
    lab_part(&l, "client", "high", high);
    lab_start(&l, 1);
    return l;
}

/* Low comes at 1 s with a second of work; high at 1.5 s for as long: high is done at
 * 2.5 s, low at 3 s. Giving out the messages waits for both. */
static void who_matters_takes_the_cores(void **state)
{
    (void)state;
    struct lab l =
        two_classes("cores=1 cpu=1s latency=0 order=priority preempt=on", "",
                    "to=shop/order rate=1 arrivals=even priority=1",
                    "to=shop/order rate=0.6666666667 arrivals=even priority=3", 0);
    lab_run(&l, 1600 * SIM_MS);
    lab_set(&l, "low", "rate", "0");
    lab_set(&l, "high", "rate", "0");
    assert_true(mq(&l, "in_flight") == 2);
    lab_run(&l, 2500 * SIM_MS - 1000);
    assert_true(lab_metric(&l, "high", "answered_total") == 0);
    lab_run(&l, 2500 * SIM_MS + 1000);
    assert_true(lab_metric(&l, "high", "answered_total") == 1);
    lab_run(&l, 3 * SIM_SEC - 1000);
    assert_true(lab_metric(&l, "low", "answered_total") == 0);
    lab_run(&l, 3 * SIM_SEC + 1000);
    assert_true(lab_metric(&l, "low", "answered_total") == 1);
    lab_run(&l, 10 * SIM_SEC);
    near(mq(&l, "cpu_seconds_total"), 4, 0.001);
    lab_free(&l);
}

/* A slow machine is slow for every class; one that goes ends the work of all. */
static void what_befalls_the_cores_befalls_all(void **state)
{
    (void)state;
    for (int down = 0; down < 2; down++) {
        struct lab l = two_classes("cores=2 cpu=1s latency=0 order=priority preempt=on",
                                   "", "to=shop/order rate=1 arrivals=even priority=0",
                                   "to=shop/order rate=1 arrivals=even priority=3", 0);
        lab_op(&l, SUB, "pause", NULL);
        lab_fault(&l, "mq", "slow", "2", 0);
        lab_run(&l, 1100 * SIM_MS);
        lab_set(&l, "low", "rate", "0");
        lab_set(&l, "high", "rate", "0");
        if (down)
            lab_fault(&l, "mq", "down", NULL, 0);
        const char *total = down ? "failed_total" : "answered_total";
        lab_run(&l, down ? 1200 * SIM_MS : 3 * SIM_SEC - 1000);
        assert_true(lab_metric(&l, "low", total) == down);
        assert_true(lab_metric(&l, "high", total) == down);
        lab_run(&l, 3 * SIM_SEC + 1000);
        assert_true(lab_metric(&l, "low", total) == 1);
        assert_true(lab_metric(&l, "high", total) == 1);
        lab_free(&l);
    }
}

/* Two classes in one processor, preemptive resume: the first does not notice the second,
 * whose time is that of its work over (1 - rho1) (1 - rho1 - rho2). */
static void classes_wait_as_the_theory_says(void **state)
{
    (void)state;
    struct lab l = two_classes(
        "cores=1 cpu=exponential(10ms) latency=0 order=priority preempt=on", "",
        "to=shop/order rate=30 priority=0", "to=shop/order rate=40 priority=3", 0);
    lab_op(&l, SUB, "pause", NULL);
    lab_run(&l, 4000 * SIM_SEC);
    double high = lab_metric(&l, "high", "seconds_total") /
                  lab_metric(&l, "high", "answered_total");
    double low = lab_metric(&l, "low", "seconds_total") /
                 lab_metric(&l, "low", "answered_total");
    near(high, 0.01 / (1 - 0.4), 0.0006);
    near(low, 0.01 / ((1 - 0.4) * (1 - 0.4 - 0.3)), 0.006);
    lab_free(&l);
}

/* Room for ten, one read a second: who matters more gets what there is. */
static void who_matters_gets_the_room(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        struct lab l =
            two_classes(k ? "memory=1 latency=0 max_block=0 order=priority"
                          : "memory=1 latency=0 max_block=0",
                        BIG, "to=shop/order rate=2 arrivals=even priority=0",
                        "to=shop/order rate=0.5 arrivals=even priority=3", SIM_SEC);
        lab_run(&l, 200 * SIM_SEC);
        double waiting = lab_metric(&l, "high", "in_flight");
        if (k)
            assert_true(waiting <= 5);
        else
            assert_true(waiting > 30);
        lab_free(&l);
    }
}

/* Nothing is read and nobody gets room: each leaves after 2 s, though max_block is 60. */
static void producers_lose_patience(void **state)
{
    (void)state;
    struct lab l =
        shop("memory=1 latency=0 patience=2s", BIG, USERS "10", READER, SIM_HOUR);
    lab_run(&l, 30 * SIM_SEC);
    assert_true(orders(&l, "published_total") == 10);
    near(mq(&l, "blocked"), 20, 1);
    near(mq(&l, "left_total"), 300 - 10 - 20, 1);
    assert_true(mq(&l, "refused_total") == 0);
    lab_free(&l);
    l = shop("memory=1 latency=0 patience=20s max_block=2s", BIG, USERS "10", READER,
             SIM_HOUR);
    lab_run(&l, 30 * SIM_SEC);
    assert_true(mq(&l, "left_total") == 0 && mq(&l, "refused_total") > 260);
    lab_free(&l);
}

static void preemption_needs_order_and_cores(void **state)
{
    static const char *const wrong[][2] = {{"cores=1 preempt=on", "order = priority"},
                                           {"order=priority preempt=on", "cores"}};
    (void)state;
    for (int k = 0; k < 2; k++) {
        struct errmsg e = {0};
        struct lab l = lab_new();
        lab_part(&l, "broker", "mq", wrong[k][0]);
        assert_int_equal(model_finish(l.m, &e), ERR_INPUT);
        assert_non_null(strstr(e.text, wrong[k][1]));
        lab_free(&l);
    }
}

/* ---- memory and disk ------------------------------------------------------------- */

static void producers_wait_for_room_in_order(void **state)
{
    (void)state;
    struct lab l =
        shop("memory=1 latency=0 max_block=0", BIG, USERS "20", READER, 100 * SIM_MS);
    lab_run(&l, 60 * SIM_SEC); /* four batches of ten in ten seconds, read at ten a s */
    assert_true(mq(&l, "memory") <= 1048576 && mq(&l, "blocked") > 100);
    assert_true(mq(&l, "refused_total") == 0 && orders(&l, "dropped_total") == 0);
    near(orders(&l, "published_total"), 240, 15);
    lab_set(&l, "users", "rate", "0");
    lab_run(&l, 400 * SIM_SEC);
    assert_true(mq(&l, "blocked") == 0);
    assert_true(orders(&l, "published_total") == mq(&l, "requests_total"));
    assert_true(lab_metric(&l, SUB, "processed_total") == mq(&l, "requests_total"));
    lab_free(&l);
}

static void they_do_not_wait_for_ever(void **state)
{
    (void)state;
    struct lab l = shop("memory=1 latency=0 max_block=3s", BIG, USERS "10",
                        "to=reader/apply consumers=1", SIM_HOUR);
    lab_run(&l, 30 * SIM_SEC);
    assert_true(orders(&l, "published_total") == 10);
    near(mq(&l, "blocked"), 30, 1); /* three seconds of ten */
    near(mq(&l, "refused_total"), 300 - 10 - 30, 1);
    assert_true(lab_metric(&l, "users", "failed_total") >= mq(&l, "refused_total") - 1);
    lab_free(&l);
}

static void or_they_are_refused_at_once(void **state)
{
    (void)state;
    struct lab l =
        shop("memory=1 latency=0 when_full=refuse", BIG, USERS "10", READER, SIM_HOUR);
    lab_run(&l, 30 * SIM_SEC);
    assert_true(mq(&l, "blocked_total") == 0 && mq(&l, "bytes") == 1024000);
    near(mq(&l, "refused_total"), 290, 1);
    lab_set(&l, "mq", "memory", "2"); /* room for ten more */
    lab_run(&l, 60 * SIM_SEC);
    assert_true(orders(&l, "messages") == 20);
    lab_free(&l);
}

/* Memory lets go of what everybody has read; the disk keeps that for keep_read. */
static void the_disk_keeps_what_was_read(void **state)
{
    (void)state;
    struct lab l =
        shop("memory=1 latency=0 when_full=refuse", BIG, USERS "5", READER, 0);
    lab_run(&l, 60 * SIM_SEC);
    assert_true(mq(&l, "refused_total") == 0 && orders(&l, "cleared_total") > 280);
    lab_free(&l);
    l = shop("disk=1 latency=0 when_full=refuse", BIG " keep_read=10s", USERS "5",
             READER, 0);
    lab_run(&l, 60 * SIM_SEC); /* ten of each fifty, while ten seconds pass */
    near(mq(&l, "refused_total"), 240, 20);
    lab_free(&l);
}

static void connections_take_memory(void **state)
{
    (void)state;
    struct lab l = lab_new();
    const struct node publish = {.kind = NODE_PUBLISH, .target = "mq.orders"};
    lab_part(&l, "broker", "mq",
             "memory=1 connection_memory=100 latency=100ms when_full=refuse");
    lab_part(&l, "topic", "mq.orders", BIG);
    lab_part(&l, "service", "shop", "workers=1000");
    lab_part(&l, "call", "shop.mq", "network=1ms");
    lab_endpoint(&l, "shop", "order", &publish);
    lab_part(&l, "client", "users", USERS "50");
    lab_start(&l, 1);
    lab_run(&l, 10 * SIM_SEC);
    double open = mq(&l, "connections");
    assert_true(open >= 5 && open <= 7);
    assert_true(mq(&l, "memory") == mq(&l, "bytes") + open * 102400);
    assert_true(mq(&l, "memory") <= 1048576 + 102400);
    lab_free(&l);
}

/* ---- retention ------------------------------------------------------------------- */

static void bytes_end_what_is_kept(void **state)
{
    (void)state;
    struct lab l = shop("latency=0", "message_bytes=1000 retention_bytes=50999",
                        USERS "10", READER, SIM_HOUR);
    lab_run(&l, 100 * SIM_SEC + SIM_MS); /* looked at every ten seconds */
    double kept = orders(&l, "messages");
    assert_true(kept >= 50 && kept <= 150 && orders(&l, "bytes") == kept * 1000);
    assert_true(orders(&l, "expired_total") + kept == orders(&l, "published_total"));
    assert_true(lab_metric(&l, SUB, "lost_total") > 800);
    lab_free(&l);
}

static void bytes_need_a_size(void **state)
{
    (void)state;
    struct lab l = lab_new();
    struct errmsg why = {0};
    lab_part(&l, "broker", "mq", "");
    lab_part(&l, "topic", "mq.orders", "retention_bytes=1000");
    assert_int_equal(model_finish(l.m, &why), ERR_INPUT);
    assert_non_null(strstr(why.text, "message_bytes"));
    lab_free(&l);
}

/* ---- what became of the messages ------------------------------------------------- */

static void no_message_is_lost_from_the_books(void **state)
{
    (void)state;
    struct lab l = shop("memory=2 disk=3 latency=1ms max_block=2s",
                        BIG " retention=20s keep_read=2s retention_bytes=1000000 "
                            "capacity=12 partitions=3",
                        "to=shop/order rate=20", READER, 80 * SIM_MS);
    for (int t = 1; t <= 120; t++) {
        lab_run(&l, t * SIM_SEC);
        if (t % 30 == 0)
            lab_op(&l, "mq.orders", "purge", NULL);
        if (t == 50)
            lab_fault(&l, "mq", "down", NULL, 5 * SIM_SEC);
        double out = orders(&l, "purged_total") + orders(&l, "dropped_total") +
                     orders(&l, "expired_total") + orders(&l, "cleared_total");
        assert_true(orders(&l, "published_total") == out + orders(&l, "messages"));
        assert_true(mq(&l, "bytes") == orders(&l, "messages") * 102400);
    }
    assert_true(orders(&l, "expired_total") > 0 && orders(&l, "purged_total") > 0);
    lab_free(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_work),
        cmocka_unit_test(confirming_takes_longer_under_load),
        cmocka_unit_test(what_is_worked_on_is_not_stored),
        cmocka_unit_test(who_matters_takes_the_cores),
        cmocka_unit_test(what_befalls_the_cores_befalls_all),
        cmocka_unit_test(classes_wait_as_the_theory_says),
        cmocka_unit_test(who_matters_gets_the_room),
        cmocka_unit_test(producers_lose_patience),
        cmocka_unit_test(preemption_needs_order_and_cores),
        cmocka_unit_test(producers_wait_for_room_in_order),
        cmocka_unit_test(they_do_not_wait_for_ever),
        cmocka_unit_test(or_they_are_refused_at_once),
        cmocka_unit_test(the_disk_keeps_what_was_read),
        cmocka_unit_test(connections_take_memory),
        cmocka_unit_test(bytes_end_what_is_kept),
        cmocka_unit_test(bytes_need_a_size),
        cmocka_unit_test(no_message_is_lost_from_the_books),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
