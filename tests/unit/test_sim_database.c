/* Databases through whole models: sessions, transactions, time limits, kills, faults.
 */
#include "../lib/lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct lab shop(const struct node *program, const char *db, const char *client)
{
    struct lab l = lab_new();
    lab_part(&l, "database", "db", db);
    lab_part(&l, "statement", "db.q", "cpu=10ms");
    lab_part(&l, "statement", "db.long", "cpu=20s");
    lab_part(&l, "service", "app", "instances=1 workers=1000");
    lab_part(&l, "pool", "app.pool", "to=db size=5");
    lab_endpoint(&l, "app", "get", program);
    lab_part(&l, "client", "users", client);
    lab_start(&l, 1);
    return l;
}
#define USERS "to=app/get rate=10 arrivals=even"

static const struct node query = {.kind = NODE_QUERY, .target = "db", .what = "q"};
static const struct node long_query = {
    .kind = NODE_QUERY, .target = "db", .what = "long"};
static const struct node leak = {.kind = NODE_LEAK, .target = "db"};

static void a_leak_stays_until_somebody_kills_it(void **state)
{
    (void)state;
    struct lab l = shop(&leak, "cores=4", USERS);
    lab_run(&l, 5 * SIM_SEC);
    assert_true(lab_metric(&l, "db", "idle_in_transaction") == 5);
    assert_true(lab_metric(&l, "app.pool", "pool_in_use") == 5);
    assert_true(lab_metric(&l, "app.pool", "pool_waiting") >= 40);
    assert_true(lab_metric(&l, "db", "oldest_idle_in_transaction") > 4);
    assert_true(lab_metric(&l, "db", "cpu") == 0);
    double waiting = lab_metric(&l, "app.pool", "pool_waiting");
    lab_op(&l, "db", "kill", "idle-in-transaction");
    assert_true(lab_metric(&l, "db", "idle_in_transaction") == 0);
    assert_true(lab_metric(&l, "db", "killed_total") == 5);
    assert_true(lab_metric(&l, "app.pool", "pool_waiting") == waiting - 5);
    lab_run(&l, 5 * SIM_SEC + 50 * SIM_MS); /* the next five leak too */
    assert_true(lab_metric(&l, "db", "idle_in_transaction") == 5);
    lab_free(&l);
}

static void what_is_killed_at_work_has_failed_there(void **state)
{
    (void)state;
    struct lab l = shop(&long_query, "cores=8", USERS);
    lab_run(&l, 5 * SIM_SEC);
    assert_true(lab_metric(&l, "db", "active") == 5);
    assert_true(lab_metric(&l, "db", "statements_failed_total") == 0);
    lab_op(&l, "db", "kill", "long");
    assert_true(lab_metric(&l, "db", "statements_failed_total") == 5);
    lab_free(&l);
}

static void the_time_limit_closes_leaks(void **state)
{
    (void)state;
    struct lab l = shop(&leak, "cores=4", USERS);
    lab_run(&l, 10 * SIM_SEC);
    lab_set(&l, "db", "idle_in_transaction_timeout", "60s");
    lab_run(&l, 59 * SIM_SEC);
    assert_true(lab_metric(&l, "db", "killed_total") == 0);
    lab_run(&l, 61 * SIM_SEC); /* holds for those that were there before */
    assert_true(lab_metric(&l, "db", "killed_total") == 5);
    lab_set(&l, "db", "idle_in_transaction_timeout", "1s");
    lab_run(&l, 3000 * SIM_SEC);
    /* Five at a time for a second and the time to connect, half of what comes. */
    double killed = lab_metric(&l, "db", "killed_total");
    assert_true(killed > 5 * 2800 && killed < 5 * 2940);
    lab_set(&l, "db", "idle_in_transaction_timeout", "0");
    killed = lab_metric(&l, "db", "killed_total");
    lab_run(&l, 3100 * SIM_SEC);
    assert_true(lab_metric(&l, "db", "killed_total") == killed);
    lab_free(&l);
}

static void a_transaction_keeps_its_connection(void **state)
{
    (void)state;
    const struct node second = {.kind = NODE_QUERY, .target = "db", .what = "q"};
    const struct node think = {
        .kind = NODE_SLEEP, .time = {.mean = 100 * SIM_MS}, .next = &second};
    const struct node first = {
        .kind = NODE_QUERY, .target = "db", .what = "q", .next = &think};
    const struct node tx = {.kind = NODE_TRANSACTION, .target = "db", .body = &first};
    struct lab l = shop(&tx, "cores=4", "to=app/get rate=1 arrivals=even");
    lab_run(&l, SIM_SEC + 80 * SIM_MS); /* connected, first query done, thinks */
    assert_true(lab_metric(&l, "db", "idle_in_transaction") == 1);
    assert_true(lab_metric(&l, "db", "statements_total") == 1);
    lab_run(&l, SIM_SEC + 200 * SIM_MS);
    assert_true(lab_metric(&l, "db", "idle_in_transaction") == 0);
    assert_true(lab_metric(&l, "db", "statements_total") == 2);
    assert_true(lab_metric(&l, "app.pool", "pool_idle") == 1);
    lab_run(&l, 100 * SIM_SEC + 500 * SIM_MS);
    assert_true(lab_metric(&l, "app.pool", "opened_total") == 1);
    assert_true(lab_metric(&l, "app.pool", "acquired_total") == 100);
    lab_free(&l);
}

static void a_failure_rolls_back(void **state)
{
    (void)state;
    const struct node oops = {.kind = NODE_FAIL, .what = "no such thing"};
    const struct node first = {
        .kind = NODE_QUERY, .target = "db", .what = "q", .next = &oops};
    const struct node tx = {.kind = NODE_TRANSACTION, .target = "db", .body = &first};
    struct lab l = shop(&tx, "cores=4", USERS);
    lab_run(&l, 100 * SIM_SEC + 90 * SIM_MS);
    assert_true(lab_metric(&l, "users", "failed_total") == 1000);
    assert_true(lab_metric(&l, "app.pool", "pool_in_use") == 0);
    assert_true(lab_metric(&l, "db", "connections") == 1);
    lab_free(&l);
}

static void a_transaction_that_is_killed_fails_and_leaves_nothing(void **state)
{
    (void)state;
    const struct node second = {.kind = NODE_QUERY, .target = "db", .what = "q"};
    const struct node think = {
        .kind = NODE_SLEEP, .time = {.mean = 10 * SIM_SEC}, .next = &second};
    const struct node first = {
        .kind = NODE_QUERY, .target = "db", .what = "q", .next = &think};
    const struct node tx = {.kind = NODE_TRANSACTION, .target = "db", .body = &first};
    struct lab l = shop(&tx, "cores=4", "to=app/get rate=1 arrivals=even");
    lab_run(&l, 3 * SIM_SEC + 500 * SIM_MS);
    assert_true(lab_metric(&l, "db", "idle_in_transaction") == 3);
    lab_op(&l, "db", "kill", "idle-in-transaction");
    assert_true(lab_metric(&l, "db", "connections") == 0);
    lab_set(&l, "users", "rate", "0");
    assert_true(lab_metric(&l, "users", "failed_total") ==
                0); /* callers do not know yet */
    lab_run(&l, 30 * SIM_SEC);
    assert_true(lab_metric(&l, "users", "failed_total") == 3);
    assert_true(lab_metric(&l, "app.pool", "pool_in_use") == 0);
    lab_free(&l);
}

/* The caller's patience is over and it rolls back, while its statement still runs: the
 * connection is given back when that is done, not before, and not never. */
static void a_rollback_waits_for_the_statement(void **state)
{
    (void)state;
    const struct node tx = {
        .kind = NODE_TRANSACTION, .target = "db", .body = &long_query};
    struct lab l = lab_new();
    lab_part(&l, "database", "db", "cores=4");
    lab_part(&l, "statement", "db.long", "cpu=20s");
    lab_part(&l, "service", "app", "");
    lab_part(&l, "pool", "app.pool", "to=db size=5");
    lab_part(&l, "call", "app.db", "timeout=1s");
    lab_endpoint(&l, "app", "get", &tx);
    lab_part(&l, "client", "users", "to=app/get rate=1 arrivals=even");
    lab_start(&l, 1);
    lab_run(&l, 1500 * SIM_MS);
    lab_set(&l, "users", "rate", "0");
    lab_run(&l, 10 * SIM_SEC);
    assert_true(lab_metric(&l, "users", "failed_total") == 1);
    assert_true(lab_metric(&l, "db", "active") == 1);
    assert_true(lab_metric(&l, "app.pool", "pool_in_use") == 1);
    lab_run(&l, 30 * SIM_SEC);
    assert_true(lab_metric(&l, "app.pool", "pool_in_use") == 0);
    assert_true(lab_metric(&l, "app.pool", "pool_idle") == 1);
    assert_true(lab_metric(&l, "db", "idle_in_transaction") == 0);
    lab_free(&l);
}

static void branches_of_a_transaction_take_turns(void **state)
{
    (void)state;
    const struct node c = {.kind = NODE_QUERY, .target = "db", .what = "q"};
    const struct node b = {.kind = NODE_QUERY, .target = "db", .what = "q", .next = &c};
    const struct node a = {.kind = NODE_QUERY, .target = "db", .what = "q", .next = &b};
    const struct node all = {.kind = NODE_PARALLEL, .body = &a};
    const struct node tx = {.kind = NODE_TRANSACTION, .target = "db", .body = &all};
    struct lab l =
        shop(&tx, "cores=4 connect_time=0", "to=app/get rate=1 arrivals=even");
    lab_run(&l, SIM_SEC + 25 * SIM_MS);
    assert_true(lab_metric(&l, "db", "connections") == 1);
    assert_true(lab_metric(&l, "db", "statements_total") == 2);
    lab_run(&l, SIM_SEC + 35 * SIM_MS);
    assert_true(lab_metric(&l, "db", "statements_total") == 3);
    assert_true(lab_metric(&l, "app.pool", "pool_idle") == 1);
    lab_free(&l);
}

static void statements_are_stopped_in_time(void **state)
{
    (void)state;
    struct lab l = shop(&long_query, "cores=10 statement_timeout=1s", USERS);
    lab_run(&l, 20 * SIM_SEC + 50 * SIM_MS);
    double failed = lab_metric(&l, "db.long", "failed_total");
    assert_true(failed > 80 && failed < 100); /* five a second */
    assert_true(lab_metric(&l, "users", "failed_total") == failed);
    assert_true(lab_metric(&l, "db", "connections") == 5); /* the sessions live on */
    assert_true(lab_metric(&l, "app.pool", "opened_total") == 5);
    lab_free(&l);
}

static void kill_says_what_it_cannot_do(void **state)
{
    (void)state;
    struct lab l = shop(&query, "cores=4", USERS);
    struct db_session_view v[4];
    comp_id db = model_find(l.m, "db");
    lab_run(&l, 5 * SIM_SEC);
    assert_int_equal(lab_do(&l, ACTION_OP, "db", "kill", "nonsense", 0), ERR_NOT_FOUND);
    assert_int_equal(lab_do(&l, ACTION_OP, "db", "kill", "", 0), ERR_NOT_FOUND);
    assert_int_equal(lab_do(&l, ACTION_OP, "db", "kill", "12x", 0), ERR_NOT_FOUND);
    assert_int_equal(lab_do(&l, ACTION_OP, "db", "kill", "999", 0), ERR_REFUSED);
    assert_int_equal(lab_do(&l, ACTION_OP, "db", "kill", "idle-in-transaction", 0),
                     ERR_REFUSED);
    assert_int_equal(world_db_sessions(l.w, db, v, 4), 1);
    char id[16];
    snprintf(id, sizeof id, "%u", v[0].id);
    lab_op(&l, "db", "kill", id);
    assert_int_equal(world_db_sessions(l.w, db, v, 4), 0);
    assert_int_equal(lab_do(&l, ACTION_OP, "db", "kill", id, 0),
                     ERR_REFUSED); /* twice */
    lab_run(&l, 6 * SIM_SEC);
    assert_int_equal(world_db_sessions(l.w, db, v, 4), 1);
    lab_free(&l);
}

static void kill_by_statement_takes_only_those_that_run_it(void **state)
{
    (void)state;
    const struct node both = {
        .kind = NODE_SOMETIMES, .p = 0.05, .body = &long_query, .other = &query};
    struct lab l = shop(&both, "cores=10", USERS);
    while (lab_metric(&l, "db.long", "running") < 2)
        lab_run(&l, world_now(l.w) + SIM_SEC);
    double running = lab_metric(&l, "db.long", "running");
    lab_op(&l, "db", "kill", "db.long");
    assert_true(lab_metric(&l, "db.long", "running") == 0);
    assert_true(lab_metric(&l, "db.long", "failed_total") == running);
    assert_true(lab_metric(&l, "db.q", "failed_total") == 0);
    lab_free(&l);
}

static void a_stall_holds_everything_and_then_goes_on(void **state)
{
    (void)state;
    struct lab l = shop(&query, "cores=4", USERS);
    lab_run(&l, 10 * SIM_SEC);
    double done = lab_metric(&l, "db", "statements_total");
    lab_fault(&l, "db", "stall", NULL, 5 * SIM_SEC);
    lab_run(&l, 15 * SIM_SEC - 1);
    assert_true(lab_metric(&l, "db", "statements_total") == done);
    assert_true(lab_metric(&l, "db", "up") == 0);
    assert_true(lab_metric(&l, "app.pool", "pool_connecting") ==
                4); /* held at the door */
    lab_run(&l, 16 * SIM_SEC);
    assert_true(lab_metric(&l, "app.pool", "pool_waiting") == 0);
    assert_true(lab_metric(&l, "db", "statements_total") >= 158);
    assert_true(lab_metric(&l, "users", "failed_total") == 0);
    lab_free(&l);
}

static void down_closes_all_and_refuses(void **state)
{
    (void)state;
    struct lab l = shop(&query, "cores=4", USERS);
    lab_run(&l, 10 * SIM_SEC + 55 * SIM_MS);
    lab_fault(&l, "db", "down", NULL, 10 * SIM_SEC);
    assert_true(lab_metric(&l, "db", "connections") == 0);
    assert_true(lab_metric(&l, "app.pool", "pool_idle") == 0);
    lab_run(&l, 20 * SIM_SEC);
    assert_true(lab_metric(&l, "db", "refused_total") >= 98);
    lab_run(&l, 30 * SIM_SEC);
    assert_true(lab_metric(&l, "users", "failed_total") <= 101);
    assert_true(lab_metric(&l, "db", "connections") == 1);
    lab_free(&l);
}

static void slow_is_slow_and_ends(void **state)
{
    (void)state;
    struct lab l =
        shop(&query, "cores=4 connect_time=0", "to=app/get rate=1 arrivals=even");
    lab_run(&l, 10 * SIM_SEC + 500 * SIM_MS);
    double before = lab_metric(&l, "db.q", "seconds_total");
    lab_fault(&l, "db", "slow", "4", 10 * SIM_SEC);
    lab_run(&l, 20 * SIM_SEC + 500 * SIM_MS);
    double during = lab_metric(&l, "db.q", "seconds_total") - before;
    assert_true(during > 0.3999 && during < 0.4001);
    lab_fault(&l, "db.q", "slow", "2", 10 * SIM_SEC);
    lab_run(&l, 30 * SIM_SEC + 500 * SIM_MS);
    during = lab_metric(&l, "db.q", "seconds_total") - before - during;
    assert_true(during > 0.1999 && during < 0.2001);
    assert_int_equal(lab_do(&l, ACTION_FAULT, "db", "slow", "0", 0), ERR_INPUT);
    lab_free(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_leak_stays_until_somebody_kills_it),
        cmocka_unit_test(what_is_killed_at_work_has_failed_there),
        cmocka_unit_test(the_time_limit_closes_leaks),
        cmocka_unit_test(a_transaction_keeps_its_connection),
        cmocka_unit_test(a_failure_rolls_back),
        cmocka_unit_test(a_transaction_that_is_killed_fails_and_leaves_nothing),
        cmocka_unit_test(a_rollback_waits_for_the_statement),
        cmocka_unit_test(branches_of_a_transaction_take_turns),
        cmocka_unit_test(statements_are_stopped_in_time),
        cmocka_unit_test(kill_says_what_it_cannot_do),
        cmocka_unit_test(kill_by_statement_takes_only_those_that_run_it),
        cmocka_unit_test(a_stall_holds_everything_and_then_goes_on),
        cmocka_unit_test(down_closes_all_and_refuses),
        cmocka_unit_test(slow_is_slow_and_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
