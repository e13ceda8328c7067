/* Pools through whole models: edges of size, waiting, loss and replacement. */
#include "../lib/lab.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Ten visits a second, like clockwork, each one query of `cpu`. */
static struct lab shop(const char *pool, const char *cpu, const char *db)
{
    struct lab l = lab_new();
    const struct node query = {.kind = NODE_QUERY, .target = "db", .what = "q"};
    lab_part(&l, "database", "db", db);
    lab_part(&l, "statement", "db.q", cpu);
    lab_part(&l, "service", "app", "instances=1 workers=1000");
    lab_part(&l, "pool", "app.pool", pool);
    lab_endpoint(&l, "app", "get", &query);
    lab_part(&l, "client", "users", "to=app/get rate=10 arrivals=even");
    lab_start(&l, 1);
    return l;
}

static void connects_only_on_demand(void **state)
{
    (void)state;
    struct lab l = shop("to=db size=10", "cpu=10ms", "cores=4");
    lab_run(&l, 50 * SIM_MS);
    assert_true(lab_metric(&l, "db", "connections") == 0);
    lab_run(&l, 10 * SIM_SEC);
    assert_true(lab_metric(&l, "app.pool", "opened_total") == 1);
    assert_true(lab_metric(&l, "db", "connections") == 1);
    assert_true(lab_metric(&l, "app.pool", "pool_idle") == 1);
    assert_true(lab_metric(&l, "app.pool", "waited_total") == 0);
    lab_free(&l);
}

static void the_rest_waits_and_gives_up(void **state)
{
    (void)state;
    struct lab l = shop("to=db size=2 acquire_timeout=500ms", "cpu=1s", "cores=8");
    lab_run(&l, 60 * SIM_SEC + 50 * SIM_MS);
    assert_true(lab_metric(&l, "app.pool", "pool_in_use") == 2);
    assert_true(lab_metric(&l, "app.pool", "pool_waiting") <= 5);
    assert_true(lab_metric(&l, "app.pool", "pool_waiting") >= 3);
    assert_true(lab_metric(&l, "app.pool", "pool_oldest_wait") <= 0.5);
    /* 2/s are served, 8/s are not. */
    double timeouts = lab_metric(&l, "app.pool", "timeouts_total");
    assert_true(timeouts > 470 && timeouts < 485);
    assert_true(lab_metric(&l, "users", "failed_total") == timeouts);
    assert_true(lab_metric(&l, "app.pool", "opened_total") == 2);
    /* Those never left their caller, and the database knows nothing of them. */
    double sent = lab_metric(&l, "app.db", "sent_total");
    double done = lab_metric(&l, "db", "statements_total");
    assert_true(sent == done + 2 && sent > 110 && sent < 125);
    assert_true(lab_metric(&l, "app.db", "attempts_total") > 595);
    assert_true(lab_metric(&l, "db", "statements_failed_total") == 0);
    lab_free(&l);
}

static void only_so_many_may_wait(void **state)
{
    (void)state;
    struct lab l =
        shop("to=db size=1 acquire_timeout=0 max_waiting=3", "cpu=10s", "cores=8");
    lab_run(&l, 5 * SIM_SEC + 50 * SIM_MS);
    assert_true(lab_metric(&l, "app.pool", "pool_waiting") == 3);
    assert_true(lab_metric(&l, "app.pool", "full_total") == 50 - 4);
    lab_set(&l, "app.pool", "max_waiting", "0");
    lab_run(&l, 6 * SIM_SEC + 50 * SIM_MS);
    assert_true(lab_metric(&l, "app.pool", "pool_waiting") == 13);
    lab_free(&l);
}

static void growing_serves_those_who_wait(void **state)
{
    (void)state;
    struct lab l = shop("to=db size=1", "cpu=100s", "cores=8");
    lab_run(&l, 2 * SIM_SEC);
    assert_true(lab_metric(&l, "app.pool", "pool_waiting") >= 18);
    lab_set(&l, "app.pool", "size", "11");
    lab_run(&l, 2 * SIM_SEC + 50 * SIM_MS);
    assert_true(lab_metric(&l, "app.pool", "pool_in_use") == 11);
    assert_true(lab_metric(&l, "db", "active") == 11);
    lab_free(&l);
}

static void shrinking_closes_what_is_idle(void **state)
{
    (void)state;
    struct lab l = shop("to=db size=10", "cpu=450ms", "cores=8");
    lab_run(&l, 10 * SIM_SEC);
    assert_true(lab_metric(&l, "db", "connections") >= 5);
    lab_set(&l, "users", "rate", "0");
    lab_run(&l, 12 * SIM_SEC);
    lab_set(&l, "app.pool", "size", "2");
    assert_true(lab_metric(&l, "db", "connections") == 2);
    assert_true(lab_metric(&l, "app.pool", "pool_idle") == 2);
    assert_true(lab_metric(&l, "app.pool", "lost_total") == 0);
    lab_free(&l);
}

static void shrinking_waits_for_what_is_taken(void **state)
{
    (void)state;
    struct lab l = shop("to=db size=10", "cpu=900ms", "cores=16");
    lab_run(&l, 10 * SIM_SEC);
    lab_set(&l, "app.pool", "size", "1");
    assert_true(lab_metric(&l, "app.pool", "pool_in_use") >= 8);
    lab_run(&l, 12 * SIM_SEC);
    assert_true(lab_metric(&l, "app.pool", "pool_in_use") == 1);
    assert_true(lab_metric(&l, "db", "connections") == 1);
    lab_free(&l);
}

static void old_connections_are_replaced(void **state)
{
    (void)state;
    struct lab l = shop("to=db size=1 lifetime=1s", "cpu=1ms", "cores=8");
    lab_run(&l, 10 * SIM_SEC + 50 * SIM_MS);
    double opened = lab_metric(&l, "app.pool", "opened_total");
    assert_true(opened >= 9 && opened <= 11);
    assert_true(lab_metric(&l, "db", "connections") <= 1);
    assert_true(lab_metric(&l, "users", "failed_total") == 0);
    lab_free(&l);
}

static void the_database_refuses_beyond_its_limit(void **state)
{
    (void)state;
    struct lab l = shop("to=db size=10", "cpu=100s", "cores=8 max_connections=4");
    lab_run(&l, 2 * SIM_SEC + 50 * SIM_MS);
    assert_true(lab_metric(&l, "db", "connections") == 4);
    assert_true(lab_metric(&l, "db", "refused_total") == 16);
    assert_true(lab_metric(&l, "users", "failed_total") == 16);
    assert_true(lab_metric(&l, "app.pool", "pool_waiting") == 0);
    lab_set(&l, "db", "max_connections", "5");
    lab_run(&l, 3 * SIM_SEC + 50 * SIM_MS);
    assert_true(lab_metric(&l, "db", "connections") == 5);
    lab_free(&l);
}

static void a_restart_closes_the_sessions(void **state)
{
    (void)state;
    struct lab l = shop("to=db size=3", "cpu=100s", "cores=8");
    lab_run(&l, 2 * SIM_SEC + 50 * SIM_MS);
    assert_true(lab_metric(&l, "db", "active") == 3);
    assert_true(lab_metric(&l, "app.pool", "pool_waiting") > 10);
    lab_op(&l, "app", "restart", NULL);
    assert_true(lab_metric(&l, "db", "connections") == 0);
    assert_true(lab_metric(&l, "db", "active") == 0);
    assert_true(lab_metric(&l, "app.pool", "pool_waiting") == 0);
    assert_true(lab_metric(&l, "app.pool", "pool_in_use") == 0);
    lab_run(&l, 120 * SIM_SEC);
    assert_true(lab_metric(&l, "db", "active") == 3); /* back again */
    lab_free(&l);
}

static void killed_connections_make_room_at_once(void **state)
{
    (void)state;
    struct lab l = shop("to=db size=3", "cpu=100s", "cores=8");
    lab_run(&l, 2 * SIM_SEC + 50 * SIM_MS);
    double waiting = lab_metric(&l, "app.pool", "pool_waiting");
    lab_op(&l, "db", "kill", "q");
    assert_true(lab_metric(&l, "db", "active") == 0);
    assert_true(lab_metric(&l, "app.pool", "pool_waiting") == waiting - 3);
    assert_true(lab_metric(&l, "app.pool", "pool_connecting") == 3);
    lab_run(&l, 2 * SIM_SEC + 90 * SIM_MS);
    assert_true(lab_metric(&l, "db", "active") == 3);
    assert_true(lab_metric(&l, "app.pool", "lost_total") == 3);
    assert_true(lab_metric(&l, "users", "failed_total") == 3);
    lab_free(&l);
}

static void every_instance_has_its_own(void **state)
{
    (void)state;
    struct lab l = lab_new();
    const struct node query = {.kind = NODE_QUERY, .target = "db", .what = "q"};
    lab_part(&l, "database", "db", "cores=100");
    lab_part(&l, "statement", "db.q", "cpu=100s");
    lab_part(&l, "service", "app", "instances=3 workers=1000");
    lab_part(&l, "pool", "app.pool", "to=db size=4");
    lab_endpoint(&l, "app", "get", &query);
    lab_part(&l, "client", "users", "to=app/get rate=20");
    lab_start(&l, 3);
    lab_run(&l, 5 * SIM_SEC);
    for (int i = 1; i <= 3; i++) {
        assert_true(lab_metric_of(&l, "app.pool", "pool_in_use", i) == 4);
        assert_true(lab_metric_of(&l, "app.pool", "pool_size", i) == 4);
        assert_true(lab_metric_of(&l, "app.pool", "pool_waiting", i) > 0);
    }
    assert_true(lab_metric(&l, "app.pool", "pool_size") == 12);
    assert_true(lab_metric(&l, "db", "connections") == 12);
    assert_true(lab_metric_of(&l, "app.pool", "pool_in_use", 9) == 0);
    lab_free(&l);
}

/* A transaction that needs a second connection: with `size` of them under way nobody
 * gets one, and nobody gives one back, until the first gives up. A pool of one more than
 * there can be transactions always has one left. */
static void a_second_connection_can_lock_a_pool_up(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        static const char *const pools[] = {"to=db size=5 acquire_timeout=5s",
                                            "to=db size=9 acquire_timeout=5s",
                                            "to=db size=5 acquire_timeout=5s"};
        struct node first = {.kind = NODE_QUERY, .target = "db", .what = "q"};
        struct node second = {
            .kind = NODE_QUERY, .target = "db", .what = "q", .p = i < 2};
        struct node tx = {.kind = NODE_TRANSACTION, .target = "db", .body = &first};
        struct lab l = lab_new();
        first.next = &second;
        lab_part(&l, "database", "db", "cores=16 connect_time=0");
        lab_part(&l, "statement", "db.q", "cpu=20ms");
        lab_part(&l, "service", "app", "instances=1 workers=8 queue=20");
        lab_part(&l, "pool", "app.pool", pools[i]);
        lab_endpoint(&l, "app", "get", &tx);
        lab_part(&l, "client", "users", "to=app/get rate=150");
        lab_start(&l, 1);
        lab_run(&l, 60 * SIM_SEC);
        double timeouts = lab_metric(&l, "app.pool", "timeouts_total");
        double done = lab_metric(&l, "users", "answered_total");
        if (i == 0) /* 40 ms of work each, and hardly any is done */
            assert_true(timeouts > 50 && done < 2000);
        else
            assert_true(timeouts == 0 && done > 5000);
        if (i == 1)
            assert_true(lab_metric(&l, "db", "connections") > 5);
        assert_true(lab_metric(&l, "db", "statements_total") >= done * 2);
        lab_set(&l, "users", "rate", "0");
        lab_run(&l, 120 * SIM_SEC);
        assert_true(lab_metric(&l, "app.pool", "pool_in_use") == 0);
        lab_free(&l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_second_connection_can_lock_a_pool_up),
        cmocka_unit_test(connects_only_on_demand),
        cmocka_unit_test(the_rest_waits_and_gives_up),
        cmocka_unit_test(only_so_many_may_wait),
        cmocka_unit_test(growing_serves_those_who_wait),
        cmocka_unit_test(shrinking_closes_what_is_idle),
        cmocka_unit_test(shrinking_waits_for_what_is_taken),
        cmocka_unit_test(old_connections_are_replaced),
        cmocka_unit_test(the_database_refuses_beyond_its_limit),
        cmocka_unit_test(a_restart_closes_the_sessions),
        cmocka_unit_test(killed_connections_make_room_at_once),
        cmocka_unit_test(every_instance_has_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
