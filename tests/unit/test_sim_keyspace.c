/* Caches and key spaces through whole models: expiry, stampede, single flight, stale
 * answers, ages, jitter, flushes, eviction, a cache that is gone. */
#include "../lib/lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct lab site(const char *keyspace, const char *client, const char *statement)
{
    struct lab l = lab_new();
    const struct node query = {.kind = NODE_QUERY, .target = "db", .what = "q"};
    const struct node cached = {
        .kind = NODE_CACHED, .target = "cache", .what = "seats", .body = &query};
    lab_part(&l, "database", "db", "cores=1000 max_connections=1000 connect_time=0");
    lab_part(&l, "statement", "db.q", statement);
    lab_part(&l, "cache", "cache", "latency=1ms");
    lab_part(&l, "keyspace", "cache.seats", keyspace);
    lab_part(&l, "service", "app", "instances=2 workers=10000");
    lab_part(&l, "pool", "app.pool", "to=db size=400 acquire_timeout=2s");
    lab_endpoint(&l, "app", "get", &cached);
    lab_part(&l, "client", "users", client);
    lab_slo(&l, 2 * SIM_SEC, 90 * SIM_SEC);
    lab_start(&l, 1);
    return l;
}
#define USERS "to=app/get rate=10 arrivals=even"

static double keys(const struct lab *l, const char *metric)
{
    return lab_metric(l, "cache.seats", metric);
}

static void a_value_lives_for_its_ttl(void **state)
{
    (void)state;
    struct lab l = site("ttl=10s", USERS, "cpu=10ms");
    lab_run(&l, 105 * SIM_SEC);
    assert_true(keys(&l, "misses_total") == 11);
    assert_true(keys(&l, "stores_total") == 11);
    assert_true(keys(&l, "hits_total") >= 1037);
    assert_true(keys(&l, "loading") == 0);
    assert_true(lab_metric(&l, "db.q", "calls_total") == 11);
    assert_true(lab_metric(&l, "cache", "hits_total") == keys(&l, "hits_total"));
    lab_free(&l);
}

static void ttl_zero_keeps_nothing(void **state)
{
    (void)state;
    struct lab l = site("ttl=0", USERS, "cpu=10ms");
    lab_run(&l, 10 * SIM_SEC + 50 * SIM_MS);
    assert_true(keys(&l, "hits_total") == 0);
    assert_true(lab_metric(&l, "db.q", "calls_total") == 100);
    lab_free(&l);
}

static void every_miss_loads(void **state)
{
    (void)state;
    struct lab l = site("ttl=60s", USERS, "cpu=1s");
    lab_run(&l, 50 * SIM_SEC);
    assert_true(keys(&l, "misses_total") >= 10 && keys(&l, "misses_total") <= 11);
    assert_true(keys(&l, "stores_total") == keys(&l, "misses_total"));
    assert_true(keys(&l, "coalesced_total") == 0);
    lab_free(&l);
}

static void single_flight_loads_once(void **state)
{
    (void)state;
    struct lab l = site("ttl=60s single_flight=on", USERS, "cpu=1s");
    lab_run(&l, 900 * SIM_MS);
    assert_true(keys(&l, "loading") == 1);
    assert_true(keys(&l, "waiting") >= 7);
    lab_run(&l, 50 * SIM_SEC);
    assert_true(lab_metric(&l, "db.q", "calls_total") == 1);
    assert_true(keys(&l, "waiting") == 0);
    assert_true(lab_metric(&l, "users", "failed_total") == 0);
    lab_free(&l);
}

static void a_failed_load_fails_those_who_share_it(void **state)
{
    (void)state;
    struct lab l = site("ttl=60s single_flight=on", USERS, "cpu=1s");
    lab_run(&l, 950 * SIM_MS);
    assert_int_equal(lab_do(&l, ACTION_SET, "db", "nothing", NULL, 0), ERR_NOT_FOUND);
    double waiting = keys(&l, "waiting");
    assert_true(waiting >= 7);
    lab_fault(&l, "db", "down", NULL, SIM_MS); /* the load dies: DOWN, a failure */
    lab_run(&l, 990 * SIM_MS);
    assert_true(keys(&l, "load_failures_total") >= 1);
    assert_true(lab_metric(&l, "users", "failed_total") >= waiting);
    assert_true(keys(&l, "waiting") == 0);
    lab_run(&l, 10 * SIM_SEC);
    assert_true(keys(&l, "loading") == 0);
    assert_true(keys(&l, "present") == 1);
    lab_free(&l);
}

static void a_stopped_load_is_taken_over(void **state)
{
    (void)state;
    struct lab l = site("ttl=60s single_flight=on", USERS, "cpu=1s");
    lab_run(&l, 550 * SIM_MS);
    double waiting = keys(&l, "waiting");
    assert_true(waiting >= 3);
    lab_op(&l, "db", "kill", "q"); /* stopped from outside, not a failure of its own */
    lab_run(&l, 590 * SIM_MS);
    assert_true(keys(&l, "loading") == 1);
    assert_true(keys(&l, "waiting") == waiting - 1);
    lab_run(&l, 10 * SIM_SEC);
    assert_true(lab_metric(&l, "users", "failed_total") == 1);
    assert_true(keys(&l, "loading") == 0);
    lab_free(&l);
}

static void any_of_several_loads_will_do(void **state)
{
    (void)state;
    struct db_session_view v[8];
    char id[16];
    struct lab l = site("ttl=60s", USERS, "cpu=5s");
    lab_run(&l, 350 * SIM_MS);
    lab_set(&l, "cache.seats", "single_flight", "on");
    lab_run(&l, SIM_SEC + 50 * SIM_MS);
    double loading = keys(&l, "loading"), waiting = keys(&l, "waiting");
    assert_true(loading == 3 && waiting >= 6);
    world_db_sessions(l.w, model_find(l.m, "db"), v, 8);
    snprintf(id, sizeof id, "%u", v[0].id);
    lab_op(&l, "db", "kill", id);
    lab_run(&l, SIM_SEC + 90 * SIM_MS);
    assert_true(keys(&l, "loading") == loading - 1);
    assert_true(keys(&l, "waiting") == waiting); /* the rest wait for the other two */
    lab_run(&l, 10 * SIM_SEC);
    assert_true(lab_metric(&l, "users", "failed_total") == 1);
    assert_true(keys(&l, "loading") == 0);
    lab_free(&l);
}

static void stale_answers_refresh_once(void **state)
{
    (void)state;
    struct lab l =
        site("ttl=10s stale_while_revalidate=5s filled_at_start=on", USERS, "cpu=1s");
    lab_run(&l, 10900 * SIM_MS);
    assert_true(keys(&l, "misses_total") == 0);
    assert_true(keys(&l, "loading") == 1);
    assert_true(keys(&l, "stale_total") >= 8);
    lab_run(&l, 100 * SIM_SEC);
    assert_true(keys(&l, "misses_total") == 0);
    double loads = lab_metric(&l, "db.q", "calls_total");
    assert_true(loads == 9 || loads == 8); /* every 11 s and a bit */
    assert_true(lab_metric(&l, "users", "bad_total") == 0);
    assert_true(lab_metric(&l, "app", "in_flight") <= 1);
    lab_free(&l);
}

static void beyond_stale_is_a_miss(void **state)
{
    (void)state;
    struct lab l = site("ttl=10s stale_while_revalidate=5s filled_at_start=on",
                        "to=app/get rate=0.05 arrivals=even", "cpu=1s");
    lab_run(&l, 205 * SIM_SEC); /* a visit every 20 s finds it gone */
    assert_true(keys(&l, "misses_total") == 10);
    assert_true(keys(&l, "stale_total") == 0);
    lab_free(&l);
}

static void old_values_break_the_objective(void **state)
{
    (void)state;
    struct lab l = site("ttl=120s filled_at_start=on", USERS, "cpu=10ms");
    lab_run(&l, 89 * SIM_SEC);
    assert_true(lab_metric(&l, "users", "stale_total") == 0);
    lab_run(&l, 119 * SIM_SEC);
    double stale = lab_metric(&l, "users", "stale_total");
    assert_true(stale >= 285 && stale <= 291);
    assert_true(lab_metric(&l, "users", "bad_total") == stale);
    lab_free(&l);
}

static void written_together_expires_together(void **state)
{
    (void)state;
    struct cache_key_view v[8];
    struct lab l =
        site("keys=12 per_lookup=6 ttl=60s filled_at_start=on", USERS, "cpu=1s");
    comp_id c = model_find(l.m, "cache.seats");
    lab_run(&l, 59 * SIM_SEC);
    assert_true(lab_metric(&l, "db.q", "calls_total") == 0);
    assert_int_equal(world_cache_keys(l.w, c, v, 8), 12);
    assert_string_equal(v[7].name, "seats:8");
    for (int i = 0; i < 8; i++) {
        assert_true(v[i].present);
        assert_int_equal(v[i].ttl_left, SIM_SEC);
        assert_true(v[i].hits_per_s > 2 && v[i].hits_per_s < 8);
    }
    lab_run(&l, 60900 * SIM_MS);
    assert_true(keys(&l, "loading") >= 8 * 6 && keys(&l, "loading") <= 9 * 6);
    lab_free(&l);
}

static void the_first_of_several_loads_wins(void **state)
{
    (void)state;
    struct cache_key_view v[1];
    struct lab l =
        site("ttl=60s filled_at_start=on store_if_absent=on", USERS, "cpu=1s");
    lab_run(&l, 110 * SIM_SEC);
    assert_true(lab_metric(&l, "db.q", "calls_total") > 2);
    assert_true(keys(&l, "stores_total") == 1);
    assert_int_equal(world_cache_keys(l.w, model_find(l.m, "cache.seats"), v, 1), 1);
    sim_time first = v[0].written;
    lab_run(&l, first + 61 * SIM_SEC + 500 * SIM_MS); /* the end is an end */
    assert_false(world_cache_keys(l.w, model_find(l.m, "cache.seats"), v, 1) == 1 &&
                 v[0].present && v[0].ttl_left > 0 && v[0].written == first);
    lab_free(&l);
}

static void jitter_spreads_them(void **state)
{
    (void)state;
    struct cache_key_view v[100];
    struct lab l =
        site("keys=100 ttl=100s jitter=10% filled_at_start=on", USERS, "cpu=1s");
    world_cache_keys(l.w, model_find(l.m, "cache.seats"), v, 100);
    sim_time least = SIM_FOREVER, most = 0;
    for (int i = 0; i < 100; i++) {
        least = v[i].ttl_left < least ? v[i].ttl_left : least;
        most = v[i].ttl_left > most ? v[i].ttl_left : most;
    }
    assert_true(least >= 90 * SIM_SEC && least < 92 * SIM_SEC);
    assert_true(most <= 110 * SIM_SEC && most > 108 * SIM_SEC);
    lab_free(&l);
}

static void flushes_by_pattern(void **state)
{
    (void)state;
    struct lab l =
        site("keys=20 ttl=60s filled_at_start=on prefix=ws-", USERS, "cpu=1ms");
    lab_op(&l, "cache.seats", "flush", "seats:ws-1?");
    assert_true(keys(&l, "present") == 10);
    lab_op(&l, "cache.seats", "flush", "nothing*");
    assert_true(keys(&l, "present") == 10);
    lab_op(&l, "cache", "flush", "seats");
    assert_true(keys(&l, "present") == 0);
    lab_op(&l, "cache", "flush", NULL); /* twice: nothing left, fine */
    assert_int_equal(lab_do(&l, ACTION_OP, "cache", "flush", "nope", 0), ERR_NOT_FOUND);
    lab_run(&l, 20 * SIM_SEC);
    assert_true(keys(&l, "present") == 20);
    lab_free(&l);
}

static void without_a_cache_all_goes_to_the_database(void **state)
{
    (void)state;
    struct lab l = site("ttl=60s", USERS, "cpu=10ms");
    lab_run(&l, 10 * SIM_SEC + 50 * SIM_MS);
    assert_true(lab_metric(&l, "db.q", "calls_total") == 1);
    lab_fault(&l, "cache", "down", NULL, 10 * SIM_SEC);
    assert_true(keys(&l, "present") == 0);
    assert_int_equal(lab_do(&l, ACTION_OP, "cache", "flush", NULL, 0), ERR_REFUSED);
    lab_run(&l, 20 * SIM_SEC);
    double calls = lab_metric(&l, "db.q", "calls_total");
    assert_true(calls >= 99 && calls <= 101);
    assert_true(keys(&l, "present") == 0);
    lab_run(&l, 30 * SIM_SEC);
    assert_true(lab_metric(&l, "db.q", "calls_total") <= calls + 2);
    assert_true(lab_metric(&l, "users", "failed_total") == 0);
    lab_free(&l);
}

/* Nobody waits any more for the request that found the miss; its work still counts. */
static void abandoned_loads_still_write(void **state)
{
    (void)state;
    struct lab l =
        site("ttl=60s", "to=app/get rate=1 arrivals=even gives_up=500ms", "cpu=3s");
    lab_run(&l, 4 * SIM_SEC + 50 * SIM_MS);
    assert_true(lab_metric(&l, "users", "gave_up_total") >= 3);
    assert_true(keys(&l, "stores_total") == 1); /* the first one's, at 4 s */
    assert_true(lab_metric(&l, "users", "good_total") <= 1);
    lab_run(&l, 30 * SIM_SEC);
    assert_true(lab_metric(&l, "users", "gave_up_total") <= 4);
    lab_free(&l);
}

static void instances_that_die_take_their_loads_along(void **state)
{
    (void)state;
    struct lab l = site("ttl=60s single_flight=on", USERS, "cpu=5s");
    lab_run(&l, 2 * SIM_SEC);
    assert_true(keys(&l, "loading") == 1);
    lab_op(&l, "app", "restart", NULL); /* all instances, with loader and waiters */
    lab_run(&l, 2 * SIM_SEC + 1);
    assert_true(keys(&l, "waiting") == 0);
    assert_true(keys(&l, "loading") == 0);
    lab_run(&l, 60 * SIM_SEC);
    assert_true(keys(&l, "loading") == 0);
    assert_true(keys(&l, "present") == 1);
    lab_free(&l);
}

static void belongs_to_a_cache(void **state)
{
    (void)state;
    const char *const wrong[][3] = {{"keyspace", "db.seats", "is a database"},
                                    {"statement", "cache.q", "is a cache"},
                                    {"pool", "cache.pool", "is a cache"}};
    for (int i = 0; i < 3; i++) {
        struct errmsg why = {0};
        struct lab l = lab_new();
        lab_part(&l, "cache", "cache", "");
        lab_part(&l, "database", "db", "");
        lab_part(&l, wrong[i][0], wrong[i][1],
                 i == 0   ? ""
                 : i == 1 ? "cpu=1ms"
                          : "to=db");
        assert_int_equal(model_finish(l.m, &why), ERR_INPUT);
        assert_non_null(strstr(why.text, wrong[i][2]));
        lab_free(&l);
    }
}

/* Che's approximation, and a simulation of 20 million requests: hit ratio of LRU with
 * room for 100 of 10,000 keys, Zipf 1.0: 0.3906 +- 0.0003. */
static void evicts_the_least_recently_used(void **state)
{
    (void)state;
    struct lab l = site("keys=10000 popularity=1 ttl=100000s capacity=100",
                        "to=app/get rate=1000", "cpu=1us");
    lab_run(&l, 20 * SIM_SEC);
    double hits = keys(&l, "hits_total"), misses = keys(&l, "misses_total");
    lab_run(&l, 220 * SIM_SEC);
    hits = keys(&l, "hits_total") - hits;
    misses = keys(&l, "misses_total") - misses;
    assert_true(keys(&l, "present") == 100);
    double ratio = hits / (hits + misses);
    assert_true(ratio > 0.3906 - 0.005 && ratio < 0.3906 + 0.005); /* 99 %: 0.003 */
    lab_set(&l, "cache.seats", "capacity", "10");
    assert_true(keys(&l, "present") == 10);
    lab_free(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_lives_for_its_ttl),
        cmocka_unit_test(ttl_zero_keeps_nothing),
        cmocka_unit_test(every_miss_loads),
        cmocka_unit_test(single_flight_loads_once),
        cmocka_unit_test(a_failed_load_fails_those_who_share_it),
        cmocka_unit_test(a_stopped_load_is_taken_over),
        cmocka_unit_test(any_of_several_loads_will_do),
        cmocka_unit_test(stale_answers_refresh_once),
        cmocka_unit_test(beyond_stale_is_a_miss),
        cmocka_unit_test(old_values_break_the_objective),
        cmocka_unit_test(written_together_expires_together),
        cmocka_unit_test(the_first_of_several_loads_wins),
        cmocka_unit_test(jitter_spreads_them),
        cmocka_unit_test(flushes_by_pattern),
        cmocka_unit_test(without_a_cache_all_goes_to_the_database),
        cmocka_unit_test(abandoned_loads_still_write),
        cmocka_unit_test(instances_that_die_take_their_loads_along),
        cmocka_unit_test(belongs_to_a_cache),
        cmocka_unit_test(evicts_the_least_recently_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
