/* Names: what callers believe, and for how long. */
#include "../lib/lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MANY "workers=1000 cores=1000"

/* "front" calls blue/get by the name "shop"; green/get is another service. */
static struct lab street(const char *dns, const char *policy)
{
    struct lab l = lab_new();
    const struct node pass = {.kind = NODE_CALL, .target = "blue", .what = "get"};
    const struct node sleep = {.kind = NODE_SLEEP, .time = dist_const(SIM_MS)};
    char text[200];
    snprintf(text, sizeof text, "resolve=shop network=0 %s", policy);
    lab_part(&l, "service", "blue", MANY " instances=2");
    lab_endpoint(&l, "blue", "get", &sleep);
    lab_part(&l, "service", "green", MANY);
    lab_endpoint(&l, "green", "get", &sleep);
    lab_part(&l, "dns", "shop", dns);
    lab_part(&l, "service", "front", MANY);
    lab_endpoint(&l, "front", "get", &pass);
    lab_part(&l, "call", "front.blue", text);
    lab_part(&l, "client", "users", "to=front/get rate=1 arrivals=even");
    lab_part(&l, "call", "users.front", "network=0");
    lab_start(&l, 1);
    return l;
}

static double got(const struct lab *l, const char *service)
{
    return lab_metric(l, service, "requests_total");
}

static double failed(const struct lab *l)
{
    return lab_metric(l, "users", "failed_total");
}

static void only_the_first_call_asks(void **state)
{
    (void)state;
    struct lab l = street("to=blue latency=20ms", "");
    lab_run(&l, 10 * SIM_SEC + 500 * SIM_MS);
    double s = lab_metric(&l, "users", "seconds_total");
    assert_true(s > 0.0299999 && s < 0.0300001);
    assert_true(lab_metric(&l, "shop", "lookups_total") == 1);
    assert_true(lab_metric(&l, "shop", "cache_hits_total") == 9);
    assert_true(lab_metric(&l, "shop", "stale_total") == 0);
    lab_free(&l);
}

/* Asked at 1 s, known at 1.5 s, good for a minute: at 61 s still, at 62 s not. */
static void the_old_answer_lives_for_its_ttl(void **state)
{
    (void)state;
    struct lab l = street("to=blue latency=500ms ttl=60s", "");
    lab_run(&l, 30 * SIM_SEC + 500 * SIM_MS);
    lab_op(&l, "shop", "point", "green");
    lab_run(&l, 62 * SIM_SEC + 499 * SIM_MS);
    assert_true(got(&l, "blue") == 61);
    assert_true(got(&l, "green") == 0);
    assert_true(lab_metric(&l, "shop", "stale_total") == 31);
    lab_run(&l, 70 * SIM_SEC + 500 * SIM_MS);
    assert_true(got(&l, "blue") == 61);
    assert_true(got(&l, "green") == 9);
    assert_true(lab_metric(&l, "shop", "lookups_total") == 2);
    lab_free(&l);
}

static void some_keep_nothing_and_some_for_ever(void **state)
{
    (void)state;
    struct lab l = street("to=blue latency=0 ttl=60s", "dns_cache=none");
    lab_run(&l, 30 * SIM_SEC + 500 * SIM_MS);
    lab_op(&l, "shop", "point", "green");
    lab_run(&l, 60 * SIM_SEC + 500 * SIM_MS);
    assert_true(got(&l, "blue") == 30 && got(&l, "green") == 30);
    lab_free(&l);

    l = street("to=blue latency=0 ttl=1s", "dns_cache=forever");
    lab_run(&l, 30 * SIM_SEC + 500 * SIM_MS);
    lab_op(&l, "shop", "point", "green");
    lab_run(&l, 1000 * SIM_SEC + 500 * SIM_MS);
    assert_true(got(&l, "green") == 0);
    lab_op(&l, "front", "restart", NULL); /* the resolver forgets */
    lab_run(&l, 1100 * SIM_SEC);
    assert_true(got(&l, "green") > 50);
    lab_free(&l);

    l = street("to=blue latency=0 ttl=0", "");
    lab_run(&l, 30 * SIM_SEC + 500 * SIM_MS);
    assert_true(lab_metric(&l, "shop", "lookups_total") == 30);
    lab_free(&l);
}

static void kept_connections_know_no_names(void **state)
{
    (void)state;
    struct lab l = street("to=blue latency=0 ttl=1s", "keep_alive=100");
    lab_run(&l, 30 * SIM_SEC + 500 * SIM_MS);
    lab_op(&l, "shop", "point", "green");
    lab_run(&l, 100 * SIM_SEC + 500 * SIM_MS);
    assert_true(got(&l, "blue") == 100 && got(&l, "green") == 0);
    lab_run(&l, 120 * SIM_SEC + 500 * SIM_MS);
    assert_true(got(&l, "blue") == 100 && got(&l, "green") == 20);
    lab_free(&l);
}

/* ---- the resolver fails ---------------------------------------------------------- */

static void a_dead_resolver_hurts_after_the_ttl(void **state)
{
    (void)state;
    struct lab l = street("to=blue latency=0 ttl=20s", "");
    lab_run(&l, 10 * SIM_SEC + 500 * SIM_MS);
    lab_fault(&l, "shop", "down", NULL, 60 * SIM_SEC);
    lab_run(&l, 30 * SIM_SEC + 900 * SIM_MS);
    assert_true(failed(&l) == 0);
    assert_true(got(&l, "blue") == 20); /* known at 1 s: from 21 s on they wait */
    lab_run(&l, 31 * SIM_SEC);          /* 5 s, twice */
    assert_true(failed(&l) == 1);
    assert_true(lab_metric(&l, "front.blue", "failures_DNS_FAILED") == 1);
    lab_run(&l, 60 * SIM_SEC + 500 * SIM_MS);
    assert_true(failed(&l) == 30);
    lab_run(&l, 90 * SIM_SEC);
    double all = failed(&l);
    lab_run(&l, 110 * SIM_SEC);
    assert_true(failed(&l) == all);
    lab_free(&l);
}

static void an_old_answer_is_better_than_none(void **state)
{
    (void)state;
    struct lab l = street("to=blue latency=0 ttl=20s serve_stale=1h", "");
    lab_run(&l, 10 * SIM_SEC + 500 * SIM_MS);
    lab_fault(&l, "shop", "down", NULL, 600 * SIM_SEC);
    lab_run(&l, 600 * SIM_SEC);
    assert_true(failed(&l) == 0);
    assert_true(lab_metric(&l, "shop", "failures_total") > 10);
    lab_free(&l);
}

static void too_slow_is_no_answer(void **state)
{
    (void)state;
    struct lab l = street("to=blue latency=10ms ttl=0 timeout=1s attempts=3", "");
    lab_fault(&l, "shop", "slow", "50", 10 * SIM_SEC);
    lab_run(&l, 10 * SIM_SEC);
    assert_true(failed(&l) == 0 && got(&l, "blue") == 9);
    lab_fault(&l, "shop", "slow", "101", 10 * SIM_SEC);
    lab_run(&l, 19 * SIM_SEC + 500 * SIM_MS);
    assert_true(failed(&l) == 6);
    assert_int_equal(lab_do(&l, ACTION_FAULT, "shop", "slow", "0", 0), ERR_INPUT);
    lab_free(&l);
}

static void a_no_is_kept_too(void **state)
{
    (void)state;
    struct lab l = street("to=blue latency=0 ttl=5s negative_ttl=30s", "");
    lab_run(&l, 3 * SIM_SEC + 500 * SIM_MS);
    lab_fault(&l, "shop", "gone", NULL, 4 * SIM_SEC);
    lab_run(&l, 36 * SIM_SEC - 1); /* asked at 6 s */
    assert_true(got(&l, "blue") == 5);
    assert_true(failed(&l) == 30);
    lab_run(&l, 40 * SIM_SEC + 500 * SIM_MS);
    assert_true(failed(&l) == 30);
    assert_true(lab_metric(&l, "shop", "lookups_total") >= 3);
    lab_free(&l);
}

/* ---- instances ------------------------------------------------------------------- */

static void addresses_are_as_old_as_the_answer(void **state)
{
    (void)state;
    struct lab l = street("to=blue latency=0 ttl=300s", "");
    lab_set(&l, "users", "rate", "10");
    lab_run(&l, 10 * SIM_SEC);
    lab_op(&l, "blue", "scale", "4");
    lab_run(&l, 200 * SIM_SEC);
    assert_true(lab_metric_of(&l, "blue", "requests_total", 3) == 0);
    lab_run(&l, 400 * SIM_SEC);
    assert_true(lab_metric_of(&l, "blue", "requests_total", 3) > 100);
    assert_true(failed(&l) == 0);
    lab_op(&l, "blue", "scale", "2"); /* the next look is at 601 s */
    lab_run(&l, 599 * SIM_SEC);
    double bad = failed(&l);
    assert_true(bad > 900 && bad < 1050); /* half of 2,000 */
    assert_true(lab_metric(&l, "front.blue", "failures_INSTANCE_GONE") == bad);
    lab_run(&l, 610 * SIM_SEC);
    bad = failed(&l);
    lab_run(&l, 700 * SIM_SEC);
    assert_true(failed(&l) == bad);
    lab_free(&l);
}

static void users_are_behind_many_resolvers(void **state)
{
    (void)state;
    struct lab l = lab_new();
    const struct node sleep = {.kind = NODE_SLEEP, .time = dist_const(SIM_MS)};
    static const char *const names[] = {"blue", "green"};
    for (int i = 0; i < 2; i++) {
        lab_part(&l, "service", names[i], MANY);
        lab_endpoint(&l, names[i], "get", &sleep);
    }
    lab_part(&l, "dns", "shop.example", "to=blue ttl=100s");
    lab_part(&l, "client", "users", "to=blue/get rate=200");
    lab_part(&l, "call", "users.blue", "resolve=shop.example");
    lab_start(&l, 1);
    lab_run(&l, 1000 * SIM_SEC);
    lab_op(&l, "shop.example", "point", "green");
    double before = got(&l, "blue");
    lab_run(&l, 1100 * SIM_SEC); /* on average half of a time to live */
    double old = (got(&l, "blue") - before) / 20000;
    assert_true(old > 0.4 && old < 0.6);
    before = got(&l, "blue");
    lab_run(&l, 1200 * SIM_SEC);
    assert_true(got(&l, "blue") == before);
    lab_free(&l);
}

/* ---- databases ------------------------------------------------------------------- */

static void connections_follow_a_failover_late(void **state)
{
    (void)state;
    struct lab l = lab_new();
    const struct node query = {.kind = NODE_QUERY, .target = "db", .what = "w"};
    lab_part(&l, "database", "db", "");
    lab_part(&l, "statement", "db.w", "cpu=1ms wal=100");
    lab_part(&l, "replica", "db.two", "");
    lab_part(&l, "dns", "primary", "to=db ttl=60s");
    lab_part(&l, "service", "app", MANY);
    lab_part(&l, "pool", "app.pool", "to=db size=5");
    lab_endpoint(&l, "app", "put", &query);
    lab_part(&l, "call", "app.db", "resolve=primary");
    lab_part(&l, "client", "users", "to=app/put rate=20 arrivals=even");
    lab_start(&l, 1);
    lab_run(&l, 10 * SIM_SEC);
    assert_true(failed(&l) == 0);
    assert_true(lab_metric(&l, "primary", "lookups_total") == 1);
    lab_fault(&l, "db", "down", NULL, 0);
    lab_op(&l, "db", "failover", "two");
    lab_run(&l, 59 * SIM_SEC); /* callers go on asking the dead one */
    double bad = failed(&l);
    assert_true(bad > 900);
    assert_true(lab_metric(&l, "db.two", "statements_total") == 0);
    lab_run(&l, 62 * SIM_SEC);
    bad = failed(&l);
    lab_run(&l, 100 * SIM_SEC);
    assert_true(failed(&l) == bad);
    assert_true(lab_metric(&l, "db.two", "statements_total") > 700);
    lab_free(&l);
}

/* ---- the rest -------------------------------------------------------------------- */

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    struct errmsg why = {0};
    struct lab l = street("to=blue", "");
    assert_int_equal(lab_do(&l, ACTION_OP, "shop", "point", "users", 0), ERR_REFUSED);
    assert_int_equal(lab_do(&l, ACTION_OP, "shop", "point", "blue", 0), ERR_REFUSED);
    assert_int_not_equal(lab_do(&l, ACTION_OP, "shop", "point", "bleu", 0), ERR_OK);
    lab_free(&l);

    l = lab_new();
    const struct node call = {.kind = NODE_CALL, .target = "pay"};
    lab_part(&l, "external", "pay", "");
    lab_part(&l, "service", "app", "");
    lab_endpoint(&l, "app", "get", &call);
    lab_part(&l, "dns", "name", "to=app");
    lab_part(&l, "call", "app.pay", "resolve=name");
    assert_int_not_equal(model_finish(l.m, &why), ERR_OK);
    assert_non_null(strstr(why.text, "app.pay: resolve"));
    model_unref(l.m);

    l = lab_new();
    lab_part(&l, "cache", "c", "");
    lab_part(&l, "dns", "name", "to=c");
    assert_int_not_equal(model_finish(l.m, &why), ERR_OK);
    model_unref(l.m);
}

static void forks_in_the_middle_end_alike(void **state)
{
    (void)state;
    struct errmsg why = {0};
    struct lab l = street("to=blue latency=exponential(300ms) ttl=3s timeout=1s",
                          "timeout=2s retries=1 keep_alive=3");
    lab_set(&l, "users", "rate", "50");
    lab_run(&l, 20 * SIM_SEC + 50 * SIM_MS);
    lab_op(&l, "shop", "point", "green");
    lab_fault(&l, "shop", "down", NULL, 4 * SIM_SEC);
    lab_run(&l, 23 * SIM_SEC);
    struct world *copy = world_fork(l.w);
    lab_run(&l, 60 * SIM_SEC);
    assert_int_equal(world_run(copy, 60 * SIM_SEC, UINT64_MAX, NULL, &why), ERR_OK);
    assert_true(world_digest(copy) == world_digest(l.w));
    assert_true(got(&l, "green") > 100);
    world_free(copy);
    lab_free(&l);
}

/* ---- a resolver that is full ----------------------------------------------------- */

/* Every call asks: `users` a second of them, with room for all of them at `front`. */
static struct lab busy(const char *dns, const char *rate)
{
    struct lab l = street(dns, "dns_cache=none");
    lab_set(&l, "users", "rate", rate);
    return l;
}

static double shop(const struct lab *l, const char *metric)
{
    return lab_metric(l, "shop", metric);
}

static void within_its_capacity_all_are_answered(void **state)
{
    (void)state;
    struct lab l = busy("to=blue latency=1ms capacity=100", "100");
    lab_run(&l, 20 * SIM_SEC);
    assert_true(failed(&l) == 0 && shop(&l, "pending") <= 1.01);
    lab_set(&l, "shop", "capacity", "0");
    lab_set(&l, "users", "rate", "1000");
    lab_run(&l, 30 * SIM_SEC);
    assert_true(failed(&l) == 0 && shop(&l, "pending") == 0);
    lab_free(&l);
}

/* 200 a second for one that answers 100: after a while all of them wait too long, and
 * each asks twice. */
static void what_waits_too_long_is_answered_for_nobody(void **state)
{
    (void)state;
    struct lab l = busy("to=blue latency=1ms capacity=100 timeout=1s", "200");
    lab_run(&l, 2 * SIM_SEC - SIM_MS);
    assert_true(failed(&l) == 0);
    lab_run(&l, 10 * SIM_SEC);
    double before = lab_metric(&l, "users", "good_total");
    lab_run(&l, 40 * SIM_SEC);
    assert_true(lab_metric(&l, "users", "good_total") == before && failed(&l) > 5000);
    assert_true(shop(&l, "pending") > 10000); /* 400 a second come, 100 are answered */
    lab_set(&l, "users", "rate", "50");       /* too late: it is minutes behind */
    lab_run(&l, 60 * SIM_SEC);
    assert_true(lab_metric(&l, "users", "good_total") == before);
    lab_free(&l);
}

static void more_than_may_wait_are_refused(void **state)
{
    (void)state;
    struct lab l = busy("to=blue latency=1ms capacity=100 max_pending=50", "200");
    lab_run(&l, 20 * SIM_SEC);
    assert_true(shop(&l, "pending") <= 51);
    double refused = shop(&l, "refused_total");
    assert_true(refused > 1900 && refused < 2000);
    assert_true(failed(&l) <= refused && failed(&l) >= refused - 1);
    lab_free(&l);
}

/* 100 more a second wait, 10 KiB each: a MiB is full after a second and a bit. */
static void without_memory_it_is_killed(void **state)
{
    (void)state;
    struct lab l = busy("to=blue latency=1ms capacity=100 query_memory=10 "
                        "memory_limit=1 restart=5s timeout=2s",
                        "200");
    lab_run(&l, SIM_SEC);
    assert_true(shop(&l, "oom_kills_total") == 0 && shop(&l, "memory") > 900000);
    lab_run(&l, 1200 * SIM_MS);
    assert_true(shop(&l, "oom_kills_total") == 1 && shop(&l, "up") == 0);
    assert_true(shop(&l, "pending") == 0);
    lab_run(&l, 5900 * SIM_MS);
    assert_true(shop(&l, "up") == 0);
    double good = lab_metric(&l, "users", "good_total");
    lab_run(&l, 6500 * SIM_MS); /* and from the beginning */
    assert_true(shop(&l, "up") == 1 && lab_metric(&l, "users", "good_total") > good);
    lab_run(&l, 60 * SIM_SEC);
    assert_true(shop(&l, "oom_kills_total") >= 9);
    lab_free(&l);
}

static void what_is_remembered_needs_no_resolver(void **state)
{
    (void)state;
    struct lab l =
        street("to=blue latency=1ms capacity=100 query_memory=10 memory_limit=1", "");
    lab_set(&l, "users", "rate", "200");
    lab_run(&l, 50 * SIM_SEC);
    assert_true(shop(&l, "oom_kills_total") == 0);
    assert_true(shop(&l, "cache_hits_total") > 9000);
    lab_free(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_first_call_asks),
        cmocka_unit_test(the_old_answer_lives_for_its_ttl),
        cmocka_unit_test(some_keep_nothing_and_some_for_ever),
        cmocka_unit_test(kept_connections_know_no_names),
        cmocka_unit_test(a_dead_resolver_hurts_after_the_ttl),
        cmocka_unit_test(an_old_answer_is_better_than_none),
        cmocka_unit_test(too_slow_is_no_answer),
        cmocka_unit_test(a_no_is_kept_too),
        cmocka_unit_test(addresses_are_as_old_as_the_answer),
        cmocka_unit_test(users_are_behind_many_resolvers),
        cmocka_unit_test(connections_follow_a_failover_late),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(forks_in_the_middle_end_alike),
        cmocka_unit_test(within_its_capacity_all_are_answered),
        cmocka_unit_test(what_waits_too_long_is_answered_for_nobody),
        cmocka_unit_test(more_than_may_wait_are_refused),
        cmocka_unit_test(without_memory_it_is_killed),
        cmocka_unit_test(what_is_remembered_needs_no_resolver),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
