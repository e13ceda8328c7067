/*
 * What it costs to set things up: handshakes take the cores of both sides, sessions
 * those of their server, and whoever reconnects in a herd hurts what it reconnects to.
 */
#include "../lib/lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MANY "workers=1000 cores=1000 "

/* "front" calls "app", which works for 1 ms and presents "cert", over new connections;
 * no time is spent on the way. */
static struct lab town(const char *cert, const char *app, const char *front,
                       const char *users)
{
    struct lab l = lab_new();
    const struct node pass = {.kind = NODE_CALL, .target = "app", .what = "get"};
    const struct node work = {.kind = NODE_COMPUTE, .time = dist_const(SIM_MS)};
    char text[200];
    snprintf(text, sizeof text, "on=app round_trips=0 %s", cert);
    lab_part(&l, "certificate", "cert", text);
    lab_part(&l, "service", "app", app);
    lab_endpoint(&l, "app", "get", &work);
    lab_part(&l, "service", "front", front);
    lab_endpoint(&l, "front", "get", &pass);
    lab_part(&l, "call", "front.app", "network=0 tls=cert keep_alive=1");
    snprintf(text, sizeof text, "to=front/get %s", users);
    lab_part(&l, "client", "users", text);
    lab_part(&l, "call", "users.front", "network=0");
    return l;
}

static double users(const struct lab *l, const char *metric)
{
    return lab_metric(l, "users", metric);
}

/* So many users come within so many milliseconds, and nobody after them. */
static void burst(struct lab *l, int n)
{
    lab_set(l, "users", "rate", "1000");
    for (sim_time t = world_now(l->w); users(l, "attempts_total") < n;)
        lab_run(l, t += SIM_MS);
    lab_set(l, "users", "rate", "0");
}

/* ---- handshakes ------------------------------------------------------------------ */

/* 100 a second of 50 ms are 5 cores' work, and there are two. */
static void a_handshake_storm_takes_the_cores(void **state)
{
    (void)state;
    struct lab l = town("handshake=50ms handshake_caller=0", "workers=64 cores=2", MANY,
                        "rate=100 gives_up=5s");
    lab_start(&l, 1);
    lab_set(&l, "front.app", "timeout", "5s");
    lab_run(&l, 60 * SIM_SEC);
    assert_true(lab_metric(&l, "app", "cpu") > 0.99);
    double failed = users(&l, "attempts_total") - users(&l, "answered_total");
    assert_true(failed > 0.6 * users(&l, "attempts_total"));
    double asked = lab_metric(&l, "cert", "cpu_seconds_total");
    assert_true(asked > 200); /* until there are 4,096 of them */
    lab_run(&l, 600 * SIM_SEC);
    assert_true(lab_metric(&l, "cert", "cpu_seconds_total") - asked < 540 * 2.5);
    lab_free(&l);
}

static void the_caller_computes_too(void **state)
{
    (void)state;
    struct lab l = town("handshake=0 handshake_caller=50ms", MANY, "workers=64 cores=2",
                        "rate=100 gives_up=5s");
    lab_start(&l, 1);
    lab_run(&l, 60 * SIM_SEC);
    assert_true(lab_metric(&l, "front", "cpu") > 0.99);
    assert_true(lab_metric(&l, "app", "cpu") < 0.01);
    lab_free(&l);
}

/* Users have a core each: their side takes its time and nothing else. */
static void users_have_cores_of_their_own(void **state)
{
    (void)state;
    struct lab l = lab_new();
    const struct node work = {.kind = NODE_SLEEP, .time = dist_const(SIM_MS)};
    lab_part(&l, "certificate", "cert",
             "on=app round_trips=0 handshake=0 handshake_caller=50ms");
    lab_part(&l, "service", "app", MANY);
    lab_endpoint(&l, "app", "get", &work);
    lab_part(&l, "client", "users", "to=app/get rate=1000 arrivals=even");
    lab_part(&l, "call", "users.app", "network=0 tls=cert keep_alive=1");
    lab_start(&l, 1);
    lab_run(&l, 10 * SIM_SEC);
    double n = users(&l, "answered_total");
    assert_true(users(&l, "seconds_total") / n > 0.0509 &&
                users(&l, "seconds_total") / n < 0.0511);
    lab_free(&l);
}

/* A core, and a request that works on it all the time: the handshake gets half. */
static void busy_cores_make_it_slower(void **state)
{
    (void)state;
    struct lab l = town("handshake=10ms handshake_caller=0", "workers=64 cores=1", MANY,
                        "rate=1 arrivals=even");
    const struct node long_one = {.kind = NODE_COMPUTE, .time = dist_const(SIM_HOUR)};
    lab_endpoint(&l, "app", "long", &long_one);
    lab_part(&l, "client", "other", "to=app/long users=1 think=0");
    lab_start(&l, 1);
    lab_run(&l, 10 * SIM_SEC + 500 * SIM_MS);
    double each = users(&l, "seconds_total") / users(&l, "answered_total");
    assert_true(each > 0.0219 && each < 0.0221); /* 2 x (10 + 1) ms */
    lab_free(&l);
}

static void an_instance_takes_its_handshakes_with_it(void **state)
{
    (void)state;
    struct lab l =
        town("handshake=10s handshake_caller=0", "workers=64 cores=1 start_up=1s", MANY,
             "rate=10 arrivals=even");
    lab_start(&l, 1);
    lab_run(&l, 5 * SIM_SEC + 50 * SIM_MS);
    assert_true(users(&l, "failed_total") == 0);
    lab_set(&l, "users", "rate", "0");
    lab_op(&l, "app", "restart", NULL);
    lab_run(&l, 40 * SIM_SEC);
    assert_true(users(&l, "failed_total") == users(&l, "attempts_total"));
    assert_true(lab_metric(&l, "front.app", "failures_CONN_LOST") ==
                users(&l, "attempts_total"));
    assert_true(lab_metric(&l, "app", "cpu") == 0);
    lab_set(&l, "cert", "handshake", "1ms");
    lab_set(&l, "users", "rate", "1");
    lab_run(&l, 60 * SIM_SEC);
    assert_true(users(&l, "answered_total") >= 19);
    lab_free(&l);
}

/* Whoever leaves has let the other side compute in vain. */
static void who_gives_up_has_cost_as_much(void **state)
{
    (void)state;
    struct lab l = town("handshake=100ms handshake_caller=0", "workers=64 cores=4",
                        MANY, "rate=10 arrivals=even gives_up=10ms");
    lab_start(&l, 1);
    lab_run(&l, 20 * SIM_SEC);
    assert_true(users(&l, "answered_total") == 0);
    assert_true(lab_metric(&l, "app", "cpu") > 0.24); /* a core of four */
    lab_free(&l);
}

/* Two may be under way; a third asks again after a second. */
static void who_is_not_heard_asks_again(void **state)
{
    (void)state;
    struct lab l = town("handshake=300ms handshake_caller=0 backlog=2",
                        "workers=64 cores=8", MANY, "rate=0 arrivals=even");
    lab_start(&l, 1);
    burst(&l, 3);
    lab_run(&l, 500 * SIM_MS);
    assert_true(users(&l, "answered_total") == 2);
    lab_run(&l, 1250 * SIM_MS);
    assert_true(users(&l, "answered_total") == 2);
    lab_run(&l, 1350 * SIM_MS);
    assert_true(users(&l, "answered_total") == 3);
    lab_free(&l);
}

/* A balancer that hands on connections as they are. */
static void behind_a_balancer_it_is_the_service(void **state)
{
    (void)state;
    struct lab l = lab_new();
    const struct node work = {.kind = NODE_SLEEP, .time = dist_const(SIM_MS)};
    lab_part(&l, "service", "app", "instances=3 workers=64 cores=2");
    lab_endpoint(&l, "app", "get", &work);
    lab_part(&l, "balancer", "lb", "to=app");
    lab_part(&l, "certificate", "theirs", "on=app handshake=10ms");
    lab_part(&l, "certificate", "its", "on=lb handshake=10ms");
    lab_part(&l, "client", "users", "to=lb/get rate=300");
    lab_part(&l, "client", "others", "to=lb/get rate=300");
    lab_part(&l, "call", "users.lb", "tls=theirs keep_alive=1");
    lab_part(&l, "call", "others.lb", "tls=its keep_alive=1");
    lab_start(&l, 1);
    lab_run(&l, 60 * SIM_SEC);
    for (int i = 1; i <= 3; i++) {
        double x = lab_metric_of(&l, "app", "cpu", i);
        assert_true(x > 0.4 && x < 0.6);
    }
    lab_free(&l);
}

/* ---- sessions -------------------------------------------------------------------- */

/* `instances` of "app" with `size` connections each; a query takes `cpu`. */
static struct lab shop(const char *db, const char *app, const char *pool,
                       const char *clients)
{
    struct lab l = lab_new();
    const struct node ask = {.kind = NODE_QUERY, .target = "db", .what = "q"};
    char text[200];
    snprintf(text, sizeof text, "max_connections=1000 %s", db);
    lab_part(&l, "database", "db", text);
    lab_part(&l, "statement", "db.q", "cpu=1ms");
    lab_part(&l, "service", "app", app);
    snprintf(text, sizeof text, "to=db %s", pool);
    lab_part(&l, "pool", "app.pool", text);
    lab_endpoint(&l, "app", "get", &ask);
    snprintf(text, sizeof text, "to=app/get %s", clients);
    lab_part(&l, "client", "users", text);
    lab_part(&l, "call", "users.app", "network=0");
    lab_part(&l, "call", "app.db", "network=0");
    return l;
}

static double pool(const struct lab *l, const char *metric)
{
    return lab_metric(l, "app.pool", metric);
}

/* Ten at once on one core take ten times as long, one on its own does not. */
static void sessions_share_the_cores(void **state)
{
    (void)state;
    struct lab l =
        shop("cores=1 connect_time=100ms", MANY, "size=10", "rate=0 arrivals=even");
    lab_start(&l, 1);
    burst(&l, 10);
    lab_run(&l, 940 * SIM_MS);
    assert_true(pool(&l, "pool_connecting") == 10);
    lab_run(&l, 1020 * SIM_MS);
    assert_true(pool(&l, "pool_connecting") == 0);
    assert_true(users(&l, "answered_total") == 10);
    assert_true(lab_metric(&l, "db", "cpu") > 0.9);
    lab_free(&l);
    l = shop("cores=1 connect_time=100ms connect_wait=50ms", MANY, "size=10",
             "rate=0 arrivals=even");
    lab_start(&l, 1);
    burst(&l, 1);
    lab_run(&l, SIM_SEC);
    assert_true(users(&l, "seconds_total") > 0.1509 &&
                users(&l, "seconds_total") < 0.1511);
    lab_free(&l);
}

/* Who opens a session for each query pays for it with every one. */
static void a_pool_that_keeps_nothing_costs_cores(void **state)
{
    (void)state;
    for (int churns = 0; churns < 2; churns++) {
        struct lab l = shop("cores=2 connect_time=5ms", MANY,
                            churns ? "size=100 lifetime=1us" : "size=100", "rate=100");
        lab_start(&l, 1);
        lab_run(&l, 60 * SIM_SEC);
        double x = lab_metric(&l, "db", "cpu");
        if (churns)
            assert_true(x > 0.28 && x < 0.32);
        else
            assert_true(x > 0.04 && x < 0.06);
        lab_free(&l);
    }
}

static void a_server_that_is_down_refuses_at_once(void **state)
{
    (void)state;
    struct lab l = shop("cores=1 connect_time=10s", MANY, "size=10", "rate=10");
    lab_start(&l, 1);
    lab_fault(&l, "db", "down", NULL, 0);
    lab_run(&l, 5 * SIM_SEC);
    assert_true(users(&l, "failed_total") == users(&l, "attempts_total"));
    lab_free(&l);
}

/* A session that is closed while it is begun leaves its cores. */
static void what_is_closed_is_not_begun(void **state)
{
    (void)state;
    struct lab l = shop("cores=1 connect_time=60s", "start_up=10s " MANY, "size=10",
                        "rate=0 arrivals=even");
    lab_start(&l, 1);
    burst(&l, 10);
    lab_run(&l, 5 * SIM_SEC);
    assert_true(lab_metric(&l, "db", "cpu") == 1);
    lab_op(&l, "app", "restart", NULL);
    lab_run(&l, 60 * SIM_SEC);
    assert_true(lab_metric(&l, "db", "cpu") == 0);
    assert_true(pool(&l, "pool_connecting") == 0);
    lab_free(&l);
}

/* The database is back after ten seconds, and 20 pools of 20 come at once: 400 sessions
 * of 50 ms are 10 s of its two cores, which queries have to share. */
static double answered_after_a_restart(const char *connect_time)
{
    char db[60];
    snprintf(db, sizeof db, "cores=2 connect_time=%s", connect_time);
    struct lab l =
        shop(db, "instances=20 workers=100", "size=20 min_size=20", "rate=400");
    lab_start(&l, 1);
    lab_run(&l, 60 * SIM_SEC);
    lab_fault(&l, "db", "down", NULL, 10 * SIM_SEC);
    lab_run(&l, 71 * SIM_SEC);
    double n = users(&l, "answered_total");
    lab_run(&l, 75 * SIM_SEC);
    n = users(&l, "answered_total") - n;
    lab_run(&l, 120 * SIM_SEC);
    assert_true(pool(&l, "pool_idle") + pool(&l, "pool_in_use") == 400);
    lab_free(&l);
    return n;
}

static void a_herd_hurts_what_it_comes_to(void **state)
{
    (void)state;
    double free = answered_after_a_restart("0"),
           paid = answered_after_a_restart("50ms");
    assert_true(free > 1500); /* 400 a second, for 4 s */
    assert_true(paid < 0.1 * free);
}

/* ---- pools that are filled ahead ------------------------------------------------- */

static void a_pool_keeps_its_least(void **state)
{
    (void)state;
    struct lab l = shop("cores=4 connect_time=10ms", "instances=2 " MANY,
                        "size=10 min_size=4 idle_timeout=5s lifetime=20s", "rate=0");
    lab_start(&l, 1);
    lab_run(&l, SIM_SEC);
    assert_true(pool(&l, "pool_idle") == 8);
    lab_set(&l, "users", "rate", "2000");
    lab_run(&l, 10 * SIM_SEC);
    assert_true(pool(&l, "pool_idle") + pool(&l, "pool_in_use") > 8);
    lab_set(&l, "users", "rate", "0");
    lab_run(&l, 30 * SIM_SEC);
    assert_true(pool(&l, "pool_idle") == 8);
    lab_set(&l, "app.pool", "min_size", "6");
    lab_run(&l, 31 * SIM_SEC);
    assert_true(pool(&l, "pool_idle") == 12);
    lab_set(&l, "app.pool", "min_size", "0");
    lab_set(&l, "app.pool", "idle_timeout", "0");
    lab_run(&l, 60 * SIM_SEC);
    lab_set(&l, "app.pool", "size", "3");
    lab_set(&l, "app.pool", "min_size", "9"); /* `size` at most */
    lab_run(&l, 61 * SIM_SEC);
    assert_true(pool(&l, "pool_idle") == 6);
    lab_free(&l);
}

/* Refused, it asks again after 250 ms, and less and less often. */
static void a_pool_asks_again_with_pauses(void **state)
{
    (void)state;
    struct lab l = shop("connect_time=1ms", MANY, "size=10 min_size=1", "rate=0");
    lab_start(&l, 1);
    lab_fault(&l, "db", "down", NULL, 100 * SIM_SEC);
    lab_run(&l, 700 * SIM_MS); /* at 0, 250, 625 ms */
    assert_true(pool(&l, "opened_total") == 3);
    lab_run(&l, 99 * SIM_SEC);
    assert_true(pool(&l, "opened_total") < 20);
    lab_run(&l, 110 * SIM_SEC);
    assert_true(pool(&l, "pool_idle") == 1);
    lab_free(&l);
}

/* With fill_first nobody waits for a connection of an instance that was just started,
 * and nobody is served by it while its pool cannot be filled. */
static void an_instance_can_insist_on_a_full_pool(void **state)
{
    (void)state;
    struct lab l = shop("cores=4 connect_time=100ms", "instances=2 start_up=1s " MANY,
                        "size=20 min_size=20 fill_first=on", "rate=50");
    lab_start(&l, 1);
    lab_run(&l, 10 * SIM_SEC);
    lab_set(&l, "app", "instances", "3");
    lab_run(&l, 11 * SIM_SEC + 100 * SIM_MS);
    assert_true(lab_metric(&l, "app", "healthy") == 2);
    lab_run(&l, 13 * SIM_SEC); /* 20 x 100 ms on four cores, half a second and more */
    assert_true(lab_metric(&l, "app", "healthy") == 3);
    assert_true(lab_metric_of(&l, "app.pool", "pool_idle", 3) +
                    lab_metric_of(&l, "app.pool", "pool_in_use", 3) ==
                20);
    lab_set(&l, "db", "max_connections", "61");
    lab_set(&l, "app", "instances", "4");
    lab_run(&l, 60 * SIM_SEC);
    assert_true(lab_metric(&l, "app", "healthy") == 3);
    lab_set(&l, "app.pool", "fill_first", "off");
    assert_true(lab_metric(&l, "app", "healthy") == 4);
    lab_free(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_handshake_storm_takes_the_cores),
        cmocka_unit_test(the_caller_computes_too),
        cmocka_unit_test(users_have_cores_of_their_own),
        cmocka_unit_test(busy_cores_make_it_slower),
        cmocka_unit_test(an_instance_takes_its_handshakes_with_it),
        cmocka_unit_test(who_gives_up_has_cost_as_much),
        cmocka_unit_test(who_is_not_heard_asks_again),
        cmocka_unit_test(behind_a_balancer_it_is_the_service),
        cmocka_unit_test(sessions_share_the_cores),
        cmocka_unit_test(a_pool_that_keeps_nothing_costs_cores),
        cmocka_unit_test(a_server_that_is_down_refuses_at_once),
        cmocka_unit_test(what_is_closed_is_not_begun),
        cmocka_unit_test(a_herd_hurts_what_it_comes_to),
        cmocka_unit_test(a_pool_keeps_its_least),
        cmocka_unit_test(a_pool_asks_again_with_pauses),
        cmocka_unit_test(an_instance_can_insist_on_a_full_pool),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
