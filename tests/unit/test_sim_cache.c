/* The server side of caches: cores and shards, hot keys, memory and what a write does
 * when there is none left, connections, and what became of every value. */
#include "../lib/lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct lab site(const char *cache, const char *keyspace, const char *client,
                       const char *call)
{
    struct lab l = lab_new();
    const struct node load = {.kind = NODE_SLEEP, .time = dist_const(SIM_MS)};
    const struct node cached = {
        .kind = NODE_CACHED, .target = "cache", .what = "items", .body = &load};
    lab_part(&l, "cache", "cache", cache);
    lab_part(&l, "keyspace", "cache.items", keyspace);
    lab_part(&l, "service", "app", "workers=100000");
    lab_part(&l, "call", "app.cache", call);
    lab_endpoint(&l, "app", "get", &cached);
    lab_part(&l, "client", "users", client);
    lab_start(&l, 1);
    return l;
}

static double of(const struct lab *l, const char *metric)
{
    return lab_metric(l, "cache", metric);
}

static double keys(const struct lab *l, const char *metric)
{
    return lab_metric(l, "cache.items", metric);
}

static void near(double x, double right, double off)
{
    if (x < right - off || x > right + off)
        fail_msg("%.4f is not %.4f", x, right);
}

/* ---- cores ----------------------------------------------------------------------- */

#define USERS  "to=app/get arrivals=even rate="
#define FILLED "filled_at_start=on ttl=240h keys="

static void one_core_answers_so_many(void **state)
{
    (void)state;
    struct lab l =
        site("cores=1 cpu=1ms latency=0", FILLED "1", USERS "500", "network=0");
    lab_run(&l, 10 * SIM_SEC);
    near(of(&l, "cpu"), 0.5, 0.01);
    near(of(&l, "cpu_seconds_total"), 5, 0.02);
    assert_true(of(&l, "in_flight") <= 1);
    lab_free(&l);
    l = site("cores=1 cpu=1ms latency=0", FILLED "1", USERS "2000", "network=0");
    lab_run(&l, 10 * SIM_SEC);
    near(of(&l, "cpu"), 1, 1e-6);
    near(of(&l, "in_flight"), 10000, 50); /* half of them still wait */
    lab_free(&l);
}

static void cores_are_without_limit_unless_given(void **state)
{
    (void)state;
    struct lab l = site("cpu=1s latency=0", FILLED "1", USERS "2000", "network=0");
    lab_run(&l, SIM_SEC);
    assert_true(of(&l, "in_flight") == 0 && of(&l, "cpu_seconds_total") == 0);
    lab_set(&l, "cache", "cores", "2"); /* from now on each takes a second */
    lab_run(&l, 2 * SIM_SEC);
    assert_true(of(&l, "in_flight") > 1990);
    lab_set(&l, "cache", "cores", "0"); /* those inside have all they want */
    lab_run(&l, 4 * SIM_SEC);
    assert_true(of(&l, "in_flight") == 0);
    lab_free(&l);
}

static void slow_is_slow_in_the_cores_too(void **state)
{
    (void)state;
    struct lab l =
        site("cores=1 cpu=1ms latency=0", FILLED "1", USERS "500", "network=0");
    lab_fault(&l, "cache", "slow", "4", 0);
    lab_run(&l, 10 * SIM_SEC);
    near(of(&l, "in_flight"), 2500, 20); /* 250 a second are done */
    lab_free(&l);
}

static void a_write_costs_what_a_lookup_does(void **state)
{
    (void)state;
    struct lab l =
        site("cores=1 cpu=1ms latency=0", "ttl=0 keys=1", USERS "100", "network=0");
    lab_run(&l, 10 * SIM_SEC);
    near(of(&l, "cpu_seconds_total"), 2, 0.02); /* each finds nothing and writes */
    lab_free(&l);
}

static void a_hot_key_keeps_one_shard_busy(void **state)
{
    (void)state;
    const char *four = "cores=1 cpu=1ms latency=0 shards=4";
    struct lab l = site(four, FILLED "1000", USERS "2000", "network=0");
    lab_run(&l, 10 * SIM_SEC);
    for (int i = 1; i <= 4; i++)
        near(lab_metric_of(&l, "cache", "cpu", i), 0.5, 0.12);
    assert_true(of(&l, "in_flight") < 20);
    lab_free(&l);
    l = site(four, FILLED "1", USERS "2000", "network=0");
    lab_run(&l, 10 * SIM_SEC);
    int busy = 0;
    for (int i = 1; i <= 4; i++)
        busy += lab_metric_of(&l, "cache", "cpu", i) > 0.99;
    assert_int_equal(busy, 1);
    near(of(&l, "cpu"), 0.25, 0.001);
    near(of(&l, "in_flight"), 10000, 50);
    lab_free(&l);
}

static void what_is_inside_ends_when_it_goes_down(void **state)
{
    (void)state;
    struct lab l =
        site("cores=1 cpu=1ms latency=0", FILLED "1", USERS "2000", "network=0");
    lab_run(&l, SIM_SEC);
    double inside = of(&l, "in_flight");
    assert_true(inside > 900);
    lab_fault(&l, "cache", "down", NULL, SIM_SEC);
    lab_run(&l, SIM_SEC + SIM_MS);
    assert_true(of(&l, "in_flight") == 0 && of(&l, "failed_total") >= inside);
    lab_run(&l, 4 * SIM_SEC);
    assert_true(of(&l, "up") == 1 && of(&l, "hits_total") > 0);
    lab_free(&l);
}

/* ---- memory ---------------------------------------------------------------------- */

/* Ten values fit: a MiB and 100 KiB each. */
#define VALUES "value_bytes=102400 ttl=240h keys="

static void a_full_memory_refuses(void **state)
{
    (void)state;
    struct lab l = site("maxmemory=1", VALUES "50", USERS "100", "");
    lab_run(&l, 20 * SIM_SEC);
    assert_true(keys(&l, "present") == 10 && keys(&l, "bytes") == 1024000);
    assert_true(of(&l, "memory") == 1024000 && of(&l, "maxmemory_bytes") == 1048576);
    assert_true(keys(&l, "refused_total") > 1000 && keys(&l, "evictions_total") == 0);
    lab_free(&l);
}

static void every_policy_keeps_within_the_memory(void **state)
{
    (void)state;
    static const char *const policies[] = {"allkeys-lru", "allkeys-lfu",
                                           "allkeys-random", "volatile-ttl"};
    for (size_t i = 0; i < 4; i++) {
        char text[80];
        snprintf(text, sizeof text, "maxmemory=1 maxmemory_policy=%s", policies[i]);
        struct lab l = site(text, VALUES "50", USERS "100", "");
        for (int t = 1; t <= 200; t++) {
            lab_run(&l, t * 100 * SIM_MS);
            assert_true(of(&l, "memory") <= of(&l, "maxmemory_bytes"));
        }
        assert_true(keys(&l, "present") == 10 && keys(&l, "refused_total") == 0);
        assert_true(keys(&l, "evictions_total") > 1000);
        lab_set(&l, "cache", "maxmemory", "0.5"); /* five of them go at once */
        assert_true(keys(&l, "present") == 5);
        lab_free(&l);
    }
}

/* Ten of a hundred values, popular by Zipf's law with 1.2. LRU: the approximation of Che,
 * Tung and Wang (2002), 0.547; random: that of Fricker, Robert and Roberts (2012), 0.475;
 * LFU: Redis's counter and five samples, written anew in twenty lines of Python, 0.607. */
static void use_decides_what_stays(void **state)
{
    (void)state;
    static const struct {
        const char *policy;
        double right;
    } is[] = {
        {"allkeys-random", 0.475}, {"allkeys-lru", 0.547}, {"allkeys-lfu", 0.607}};
    for (size_t i = 0; i < 3; i++) {
        char text[80];
        snprintf(text, sizeof text, "maxmemory=1 maxmemory_policy=%s", is[i].policy);
        struct lab l = site(text, VALUES "100 popularity=1.2", USERS "200", "");
        lab_run(&l, 120 * SIM_SEC);
        near(keys(&l, "hit_ratio"), is[i].right, 0.015);
        lab_free(&l);
    }
}

static void a_value_larger_than_the_memory_evicts_nobody(void **state)
{
    (void)state;
    struct lab l = site("maxmemory=1 maxmemory_policy=allkeys-lru",
                        "value_bytes=1048577 keys=5", USERS "10", "");
    lab_run(&l, 5 * SIM_SEC);
    assert_true(keys(&l, "present") == 0 && keys(&l, "evictions_total") == 0);
    assert_true(keys(&l, "refused_total") >= 49);
    lab_free(&l);
    l = site("maxmemory=1", "value_bytes=1048576 keys=1 ttl=240h", USERS "10", "");
    lab_run(&l, 5 * SIM_SEC);
    assert_true(keys(&l, "present") == 1 && keys(&l, "refused_total") == 0);
    lab_free(&l);
}

static void what_is_past_its_time_makes_room(void **state)
{
    (void)state;
    struct lab l =
        site("maxmemory=1", "value_bytes=102400 ttl=1s keys=50", USERS "20", "");
    lab_run(&l, 60 * SIM_SEC);
    assert_true(keys(&l, "expired_total") > 300);
    assert_true(keys(&l, "stores_total") > 400);
    lab_free(&l);
}

static void connections_take_memory(void **state)
{
    (void)state;
    struct lab l =
        site("maxmemory=1 connection_memory=100 maxmemory_policy=allkeys-lru "
             "latency=100ms",
             VALUES "50", USERS "50", "network=1ms");
    lab_run(&l, 20 * SIM_SEC);
    double open = of(&l, "connections");
    assert_true(open >= 5 && open <= 7); /* fifty a second, 102 ms each */
    assert_true(of(&l, "memory") == keys(&l, "bytes") + open * 102400);
    assert_true(keys(&l, "present") <= 10 - open + 1);
    lab_free(&l);
}

/* ---- what became of the values --------------------------------------------------- */

static void no_value_is_lost_from_the_books(void **state)
{
    (void)state;
    static const char *const policies[] = {"noeviction", "allkeys-lru", "allkeys-lfu",
                                           "allkeys-random", "volatile-ttl"};
    for (size_t i = 0; i < 5; i++) {
        char text[80];
        snprintf(text, sizeof text, "maxmemory=3 maxmemory_policy=%s", policies[i]);
        struct lab l = site(text,
                            "value_bytes=102400 ttl=2s jitter=50% keys=60 "
                            "popularity=1 filled_at_start=on",
                            USERS "100", "");
        for (int t = 1; t <= 30; t++) {
            lab_run(&l, t * SIM_SEC);
            if (t == 10)
                lab_op(&l, "cache", "flush", NULL);
            if (t == 20)
                lab_fault(&l, "cache", "cold", NULL, 0);
            double in = keys(&l, "stores_total") + keys(&l, "filled_total");
            double out = keys(&l, "replaced_total") + keys(&l, "expired_total") +
                         keys(&l, "evictions_total") + keys(&l, "flushed_total") +
                         keys(&l, "lost_total");
            assert_true(in == out + keys(&l, "present"));
        }
        assert_true(keys(&l, "flushed_total") > 0 && keys(&l, "lost_total") > 0);
        lab_free(&l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_core_answers_so_many),
        cmocka_unit_test(cores_are_without_limit_unless_given),
        cmocka_unit_test(slow_is_slow_in_the_cores_too),
        cmocka_unit_test(a_write_costs_what_a_lookup_does),
        cmocka_unit_test(a_hot_key_keeps_one_shard_busy),
        cmocka_unit_test(what_is_inside_ends_when_it_goes_down),
        cmocka_unit_test(a_full_memory_refuses),
        cmocka_unit_test(every_policy_keeps_within_the_memory),
        cmocka_unit_test(use_decides_what_stays),
        cmocka_unit_test(a_value_larger_than_the_memory_evicts_nobody),
        cmocka_unit_test(what_is_past_its_time_makes_room),
        cmocka_unit_test(connections_take_memory),
        cmocka_unit_test(no_value_is_lost_from_the_books),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
