/*
 * Three incidents, built of the kinds and nothing else: the figures that their lessons
 * rely on must come out by themselves. Bounds are what several seeds give, rounded
 * outwards; each is about a mechanism, not about a digit.
 */
#include "../lib/lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define SEEDS 3

/* ---- a database past its peak ---------------------------------------------------- */

struct share {
    double good, per_s; /* share of good requests; the database's throughput */
};

static struct share past_the_peak(int instances, uint64_t seed)
{
    struct lab l = lab_new();
    const struct node query = {.kind = NODE_QUERY, .target = "db", .what = "q"};
    char service[64];
    snprintf(service, sizeof service, "workers=1000 instances=%d", instances);
    lab_part(&l, "database", "db",
             "cores=1000 max_connections=1000 contention=0.02 coherency=0.000384");
    lab_part(&l, "statement", "db.q", "cpu=exponential(40600us)");
    lab_part(&l, "service", "app", service);
    lab_part(&l, "pool", "app.pool", "to=db size=25 max_waiting=25");
    lab_endpoint(&l, "app", "buy", &query);
    lab_part(&l, "client", "users", "to=app/buy rate=400");
    lab_slo(&l, 2 * SIM_SEC, 0);
    lab_start(&l, seed);
    lab_run(&l, 60 * SIM_SEC);
    double good = lab_metric(&l, "users", "good_total");
    double bad = lab_metric(&l, "users", "bad_total");
    double done = lab_metric(&l, "db", "statements_total");
    lab_run(&l, 160 * SIM_SEC);
    good = lab_metric(&l, "users", "good_total") - good;
    bad = lab_metric(&l, "users", "bad_total") - bad;
    done = lab_metric(&l, "db", "statements_total") - done;
    lab_free(&l);
    return (struct share){good / (good + bad), done / 100};
}

static void each_new_instance_makes_it_worse(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct share two = past_the_peak(2, seed), four = past_the_peak(4, seed);
        struct share eight = past_the_peak(8, seed), many = past_the_peak(16, seed);
        assert_true(two.good > 0.99);
        assert_true(four.good > 0.87 && four.good < 0.94 && four.per_s > 350);
        assert_true(eight.good > 0.42 && eight.good < 0.50 && eight.per_s < 250);
        assert_true(many.good < 0.01 && many.per_s < 145);
    }
}

/* ---- keys that expire together --------------------------------------------------- */

struct stampede {
    double bad, queries, lost, busy, hit_ratio; /* of 180 s from the first expiry on */
};

static struct stampede stampede(const char *keyspace, int instances, int pool,
                                int limit, const char *work, uint64_t seed)
{
    struct lab l = lab_new();
    const struct node query = {.kind = NODE_QUERY, .target = "db", .what = "seats"};
    const struct node cached = {
        .kind = NODE_CACHED, .target = "cache", .what = "seats", .body = &query};
    char text[3][120];
    snprintf(text[0], sizeof text[0], "cores=8 max_connections=%d", limit);
    snprintf(text[1], sizeof text[1], "workers=4000 instances=%d", instances);
    snprintf(text[2], sizeof text[2], "to=db size=%d acquire_timeout=5s", pool);
    lab_part(&l, "database", "db", text[0]);
    lab_part(&l, "statement", "db.seats", work);
    lab_part(&l, "cache", "cache", "");
    lab_part(&l, "keyspace", "cache.seats", keyspace);
    lab_part(&l, "service", "app", text[1]);
    lab_part(&l, "pool", "app.pool", text[2]);
    lab_endpoint(&l, "app", "view", &cached);
    lab_part(&l, "client", "users", "to=app/view rate=80");
    lab_slo(&l, 2 * SIM_SEC, 90 * SIM_SEC);
    lab_start(&l, seed);
    lab_run(&l, 240 * SIM_SEC);
    double hits = lab_metric(&l, "cache.seats", "hits_total");
    double misses = lab_metric(&l, "cache.seats", "misses_total");
    struct stampede s = {.bad = lab_metric(&l, "users", "bad_total"),
                         .queries = lab_metric(&l, "db.seats", "calls_total"),
                         .lost = lab_metric(&l, "app.pool", "timeouts_total") +
                                 lab_metric(&l, "db", "refused_total"),
                         .busy = lab_metric(&l, "db", "cpu_seconds_total") / 8,
                         .hit_ratio = hits / (hits + misses)};
    lab_free(&l);
    return s;
}

#define SEATS "keys=6 per_lookup=6 filled_at_start=on ttl=60s"
#define SLOW  "cpu=250ms"

static void keys_written_together_stampede(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct stampede now = stampede(SEATS, 4, 20, 100, SLOW, seed);
        assert_true(now.queries > 600 && now.queries < 850);
        assert_true(now.lost > 2000 && now.lost < 3000);
        assert_true(now.busy > 19 && now.busy < 26); /* three times about 7.5 s */
        assert_true(now.hit_ratio > 0.95);           /* the misleading number */
        assert_true(now.bad > 400);
        struct stampede more = stampede(SEATS, 8, 20, 100, SLOW, seed);
        assert_true(more.lost > 1.2 * now.lost);
        struct stampede wider = stampede(SEATS, 4, 40, 200, SLOW, seed);
        assert_true(wider.lost > 1.5 * now.lost && wider.bad > now.bad);
        struct stampede often = stampede(
            "keys=6 per_lookup=6 filled_at_start=on ttl=5s", 4, 20, 100, SLOW, seed);
        assert_true(often.bad > 5 * now.bad);
        struct stampede old = stampede(
            "keys=6 per_lookup=6 filled_at_start=on ttl=150s", 4, 20, 100, SLOW, seed);
        assert_true(old.bad > 5 * now.bad); /* views with seats too old */
    }
}

static void one_load_at_a_time_is_enough(void **state)
{
    (void)state;
    const char *cures[] = {SEATS " single_flight=on",
                           SEATS " stale_while_revalidate=30s"};
    for (int i = 0; i < 2; i++) {
        struct stampede s = stampede(cures[i], 4, 20, 100, SLOW, 1);
        assert_true(s.queries == 18);
        assert_true(s.lost == 0 && s.bad == 0);
    }
    struct stampede quick = stampede(SEATS, 4, 20, 100, "cpu=5ms", 1);
    assert_true(quick.bad == 0 && quick.busy < 0.1);
}

/* ---- connections that leak ------------------------------------------------------- */

static struct lab leaking_shop(uint64_t seed)
{
    struct lab l = lab_new();
    const struct node no = {.kind = NODE_REPLY, .what = "declined"};
    const struct node leak = {.kind = NODE_LEAK, .target = "orders-db", .next = &no};
    const struct node pay = {.kind = NODE_QUERY, .target = "orders-db", .what = "pay"};
    const struct node declined = {
        .kind = NODE_SOMETIMES, .p = 0.15, .body = &leak, .next = &pay};
    const struct node charge = {.kind = NODE_CALL,
                                .target = "card-gateway",
                                .what = "charge",
                                .next = &declined};
    const struct node reserve = {
        .kind = NODE_QUERY, .target = "orders-db", .what = "reserve", .next = &charge};
    lab_part(&l, "database", "orders-db", "cores=8 max_connections=150");
    lab_part(&l, "statement", "orders-db.reserve", "cpu=6ms");
    lab_part(&l, "statement", "orders-db.pay", "cpu=4ms");
    lab_part(&l, "external", "card-gateway", "latency=lognormal(180ms,60ms)");
    lab_part(&l, "service", "checkout", "instances=6 workers=64");
    lab_part(&l, "pool", "checkout.pool", "to=orders-db size=20");
    lab_part(&l, "balancer", "edge", "to=checkout");
    lab_endpoint(&l, "checkout", "buy", &reserve);
    lab_part(&l, "client", "shoppers", "to=edge/buy rate=0.7 gives_up=8s");
    lab_slo(&l, 2 * SIM_SEC, 0);
    lab_start(&l, seed);
    return l;
}

static void a_pool_lasts_nineteen_minutes(void **state)
{
    (void)state;
    double sum = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct lab l = leaking_shop(seed);
        double dry[7] = {0};
        for (int t = 1; t <= 40 * 60; t++) {
            lab_run(&l, t * SIM_SEC);
            for (int i = 1; i <= 6; i++)
                if (dry[i] == 0 &&
                    lab_metric_of(&l, "checkout.pool", "pool_in_use", i) >= 20)
                    dry[i] = t / 60.0;
        }
        for (int i = 1; i <= 6; i++) {
            assert_true(dry[i] > 8 && dry[i] < 33);
            sum += dry[i];
        }
        /* The probes and the processors see nothing. */
        assert_true(lab_metric(&l, "orders-db", "cpu") < 0.01);
        assert_true(lab_metric(&l, "orders-db", "idle_in_transaction") == 120);
        double good = lab_metric(&l, "shoppers", "good_total");
        lab_set(&l, "orders-db", "idle_in_transaction_timeout", "60s");
        lab_run(&l, 41 * SIM_MIN);
        double bad = lab_metric(&l, "shoppers", "bad_total");
        lab_run(&l, 66 * SIM_MIN); /* longer than a pool lasts */
        assert_true(lab_metric(&l, "shoppers", "good_total") > good + 0.6 * 25 * 60);
        assert_true(lab_metric(&l, "shoppers", "bad_total") <= bad + 3);
        lab_free(&l);
    }
    double mean = sum / (6 * SEEDS);
    print_message("    a pool lasts %.1f min\n", mean);
    assert_true(mean > 17 && mean < 21);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_new_instance_makes_it_worse),
        cmocka_unit_test(keys_written_together_stampede),
        cmocka_unit_test(one_load_at_a_time_is_enough),
        cmocka_unit_test(a_pool_lasts_nineteen_minutes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
