/* Tables: what a run costs as they grow, what the planner does, ids that run out. */
#include "../lib/lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ONE_A_SECOND "to=app/get rate=1 arrivals=even"

/* A statement, a user a second, on an engine that nobody else uses. */
static struct lab shop(const char *table, const char *statement)
{
    static const struct node query = {.kind = NODE_QUERY, .target = "db", .what = "q"};
    struct lab l = lab_new();
    lab_part(&l, "database", "db", "cores=4 connect_time=0");
    lab_part(&l, "table", "db.t", table);
    lab_part(&l, "statement", "db.q", statement);
    lab_part(&l, "service", "app", "workers=100");
    lab_part(&l, "pool", "app.pool", "to=db size=20");
    lab_endpoint(&l, "app", "get", &query);
    lab_part(&l, "client", "users", ONE_A_SECOND);
    lab_start(&l, 1);
    return l;
}

/* Cost of the run that begins within the next second, in ns. */
static double next_cost(struct lab *l)
{
    double before = lab_metric(l, "db.q", "seconds_total");
    lab_run(l, world_now(l->w) + SIM_SEC);
    return (lab_metric(l, "db.q", "seconds_total") - before) * 1e9;
}

static void assert_near(double is, double wanted)
{
    if (is < wanted - 1.5 || is > wanted + 1.5)
        fail_msg("%.1f ns, not %.1f", is, wanted);
}

static void a_scan_costs_per_row_and_grows_with_the_table(void **state)
{
    (void)state;
    struct lab l = shop("rows=200000 growth=1000", "cpu=1ms table=t access=scan");
    lab_run(&l, 500 * SIM_MS);
    /* The request of second k comes at k s; each way through the network is 200 us,
     * from the client, and to the database. */
    for (int k = 1; k <= 60; k++) {
        double age = (double)k + 0.0004;
        double rows = 200000 + (double)(int64_t)(1000 * age);
        assert_near(next_cost(&l), 1e6 + rows * 100);
    }
    assert_true(lab_metric(&l, "db.t", "scans_total") == 60);
    assert_true(lab_metric(&l, "db.t", "lookups_total") == 0);
    lab_set(&l, "db.t", "growth", "0");
    double rows = lab_metric(&l, "db.t", "rows");
    assert_true(rows == 260500);
    (void)next_cost(&l);
    assert_near(next_cost(&l), 1e6 + rows * 100);
    lab_free(&l);
}

static void a_lookup_costs_steps(void **state)
{
    (void)state;
    static const struct {
        const char *table;
        double steps;
    } of[] = {{"rows=0", 0},     {"rows=1", 1},       {"rows=2", 2},
              {"rows=3", 2},     {"rows=4", 3},       {"rows=1023", 10},
              {"rows=1024", 11}, {"rows=2000000", 21}};
    for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
        struct lab l = shop(of[i].table, "cpu=1ms table=t access=index rows=7");
        lab_run(&l, 500 * SIM_MS);
        assert_near(next_cost(&l), 1e6 + (of[i].steps + 7) * 1000);
        assert_true(lab_metric(&l, "db.t", "lookups_total") == 1);
        lab_free(&l);
    }
}

/* Writing costs the row and its place in each index; what it leaves behind makes the
 * next lookups dearer. */
static void writes_cost_and_leave_dead_rows(void **state)
{
    (void)state;
    struct lab l = shop("rows=1000 indexes=a,b autovacuum=off",
                        "cpu=0 table=t access=index updates=100 lock=none");
    lab_run(&l, 500 * SIM_MS);
    double write = 100 * 10000.0 + 100 * 3 * 10 * 1000;
    assert_near(next_cost(&l), write + 11 * 1000);
    assert_true(lab_metric(&l, "db.t", "dead_rows") == 100);
    assert_true(lab_metric(&l, "db.t", "rows") == 1000);
    write = 100 * 10000.0 + 100 * 3 * 11 * 1000; /* 1100 rows are 11 steps */
    assert_near(next_cost(&l), write + 11 * 1000 + 1100);
    assert_true(lab_metric(&l, "db.t", "updated_total") == 200);
    lab_free(&l);
}

static void rows_come_and_go(void **state)
{
    (void)state;
    struct lab l = shop("rows=95 autovacuum=off", "cpu=0 table=t inserts=3 deletes=5");
    lab_run(&l, 10 * SIM_SEC + 500 * SIM_MS);
    assert_true(lab_metric(&l, "db.t", "rows") == 95 - 20);
    assert_true(lab_metric(&l, "db.t", "dead_rows") == 50);
    lab_run(&l, 200 * SIM_SEC); /* nothing more to delete than what came */
    assert_true(lab_metric(&l, "db.t", "rows") == 3);
    assert_true(lab_metric(&l, "db.t", "bytes") >= 8192);
    lab_free(&l);
}

static void the_planner_takes_what_it_thinks_is_cheaper(void **state)
{
    (void)state;
    struct lab l =
        shop("rows=1000000 indexes=status", "cpu=1ms table=t index=status rows=10");
    lab_run(&l, 500 * SIM_MS);
    assert_near(next_cost(&l), 1e6 + (20 + 10) * 1000);
    lab_fault(&l, "db.t", "bad_plan", NULL, 0);
    assert_true(lab_metric(&l, "db.t", "planner_rows") == 0);
    assert_near(next_cost(&l), 1e6 + 1e6 * 100);
    lab_op(&l, "db.t", "analyze", NULL); /* 3 ms of work beside it */
    (void)next_cost(&l);
    assert_true(lab_metric(&l, "db.t", "planner_rows") == 1e6);
    assert_near(next_cost(&l), 1e6 + (20 + 10) * 1000);
    lab_fault(&l, "db.t", "bad_plan", NULL, 1500 * SIM_MS); /* ends by itself */
    assert_near(next_cost(&l), 1e6 + 1e6 * 100);
    (void)next_cost(&l);
    assert_near(next_cost(&l), 1e6 + (20 + 10) * 1000);
    lab_fault(&l, "db.t", "index_lost", "status", 2500 * SIM_MS);
    assert_near(next_cost(&l), 1e6 + 1e6 * 100);
    assert_int_equal(lab_do(&l, ACTION_FAULT, "db.t", "index_lost", "no", 0),
                     ERR_NOT_FOUND);
    lab_run(&l, world_now(l.w) + 3 * SIM_SEC);
    assert_near(next_cost(&l), 1e6 + (20 + 10) * 1000);
    lab_free(&l);
}

/* A small table is read whole though there is an index: as planners do. */
static void a_small_table_is_scanned(void **state)
{
    (void)state;
    struct lab l = shop("rows=50", "cpu=1ms table=t");
    lab_run(&l, 10 * SIM_SEC + 500 * SIM_MS);
    assert_true(lab_metric(&l, "db.t", "scans_total") == 10);
    lab_free(&l);
}

static void statistics_follow_the_table(void **state)
{
    (void)state;
    struct lab l = shop("rows=10 growth=1000", "cpu=1ms table=t");
    lab_run(&l, 100 * SIM_SEC);
    double rows = lab_metric(&l, "db.t", "rows");
    double known = lab_metric(&l, "db.t", "planner_rows");
    assert_true(known <= rows && known > rows * 0.85);
    assert_true(lab_metric(&l, "db.t", "lookups_total") > 95);
    lab_free(&l);
    l = shop("rows=10 growth=1000 autovacuum=off", "cpu=1ms table=t");
    lab_run(&l, 100 * SIM_SEC); /* nobody counts: it scans for ever */
    assert_true(lab_metric(&l, "db.t", "planner_rows") == 10);
    assert_true(lab_metric(&l, "db.t", "lookups_total") == 0);
    lab_free(&l);
}

static void ids_run_out_and_are_widened(void **state)
{
    (void)state;
    struct lab l = shop("rows=1000 id_limit=1025", "cpu=1ms table=t inserts=2");
    assert_true(lab_metric(&l, "db.t", "ids_left") == 25);
    lab_run(&l, 12 * SIM_SEC + 500 * SIM_MS);
    assert_true(lab_metric(&l, "db.t", "ids_left") == 1);
    assert_true(lab_metric(&l, "users", "failed_total") == 0);
    lab_run(&l, 20 * SIM_SEC + 500 * SIM_MS); /* a single id is not enough for two */
    assert_true(lab_metric(&l, "users", "failed_total") == 8);
    assert_true(lab_metric(&l, "app.db", "failures_NO_IDS") == 8);
    assert_true(lab_metric(&l, "db.t", "no_ids_total") == 8);
    assert_true(lab_metric(&l, "db.t", "rows") == 1024);
    lab_op(&l, "db.t", "widen_ids", NULL);
    lab_run(&l, 30 * SIM_SEC + 500 * SIM_MS);
    assert_true(lab_metric(&l, "users", "failed_total") == 8);
    assert_true(lab_metric(&l, "db.t", "ids_left") == -1);
    assert_true(lab_metric(&l, "db.t", "rows") == 1044);
    assert_int_equal(lab_do(&l, ACTION_OP, "db.t", "widen_ids", NULL, 0), ERR_REFUSED);
    lab_free(&l);
}

static void growth_stops_where_the_ids_do(void **state)
{
    (void)state;
    struct lab l =
        shop("rows=1000 id_limit=1100 growth=10", "cpu=1ms table=t access=index");
    lab_run(&l, 30 * SIM_SEC);
    assert_true(lab_metric(&l, "db.t", "rows") == 1100);
    assert_true(lab_metric(&l, "db.t", "ids_left") == 0);
    lab_op(&l, "db.t", "widen_ids", NULL);
    lab_run(&l, 31 * SIM_SEC);
    double rows = lab_metric(&l, "db.t", "rows");
    assert_true(rows >= 1109 && rows <= 1110); /* not what was lost meanwhile */
    lab_free(&l);
}

/* A rollback: what was inserted is dead, what was deleted is not. */
static void a_rollback_leaves_dead_rows(void **state)
{
    (void)state;
    static const struct node oops = {.kind = NODE_FAIL, .what = "oops"};
    static const struct node maybe = {
        .kind = NODE_WHEN_FLAG, .what = "bad", .body = &oops};
    static const struct node twice = {
        .kind = NODE_QUERY, .target = "db", .what = "q", .next = &maybe};
    static const struct node first = {
        .kind = NODE_QUERY, .target = "db", .what = "q", .next = &twice};
    static const struct node tx = {
        .kind = NODE_TRANSACTION, .target = "db", .body = &first};
    struct lab l = lab_new();
    lab_part(&l, "flag", "bad", "on=on");
    lab_part(&l, "database", "db", "connect_time=0");
    lab_part(&l, "table", "db.t", "rows=1000 autovacuum=off");
    lab_part(&l, "statement", "db.q", "cpu=1ms table=t inserts=5 deletes=2 updates=1");
    lab_part(&l, "service", "app", "");
    lab_endpoint(&l, "app", "get", &tx);
    lab_part(&l, "client", "users", ONE_A_SECOND);
    lab_start(&l, 1);
    lab_run(&l, 10 * SIM_SEC + 500 * SIM_MS);
    assert_true(lab_metric(&l, "users", "failed_total") == 10);
    assert_true(lab_metric(&l, "db.t", "rows") == 1000);
    assert_true(lab_metric(&l, "db.t", "dead_rows") == 10 * 2 * (5 + 1));
    assert_true(lab_metric(&l, "db.t", "rolled_back_total") == 100);
    lab_set(&l, "bad", "on", "off");
    lab_run(&l, 20 * SIM_SEC + 500 * SIM_MS);
    assert_true(lab_metric(&l, "db.t", "rows") == 1000 + 10 * 2 * 3);
    assert_true(lab_metric(&l, "db.t", "dead_rows") == 120 + 10 * 2 * 3);
    lab_run(&l, 600 * SIM_SEC); /* far more than would be due */
    assert_true(lab_metric(&l, "db.t", "dead_rows") > 2000);
    assert_true(lab_metric(&l, "db.t", "vacuums_total") == 0);
    lab_free(&l);
}

static void mistakes_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *kind, *name, *param, *value, *says;
    } bad[] = {
        {"statement", "db.q", "table", "tt", "no table \"tt\""},
        {"statement", "db.q", "table", "db", "not a table"},
        {"statement", "db.q", "table", "other.t", "no table of db"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct errmsg why = {0};
        struct lab l = lab_new();
        lab_part(&l, "database", "db", "");
        lab_part(&l, "database", "other", "");
        lab_part(&l, "table", "db.t", "");
        lab_part(&l, "table", "other.t", "");
        comp_id c = lab_part(&l, bad[i].kind, bad[i].name, "cpu=1ms");
        assert_int_equal(
            model_set(l.m, c, bad[i].param, value_text(bad[i].value), &why), ERR_OK);
        assert_true(model_finish(l.m, &why) != ERR_OK);
        if (!strstr(why.text, bad[i].says))
            fail_msg("%s", why.text);
        lab_free(&l);
    }
    struct errmsg why = {0};
    struct lab l = lab_new();
    lab_part(&l, "database", "db", "");
    comp_id t = lab_part(&l, "table", "db.t", "");
    assert_int_equal(model_set(l.m, t, "keys", value_count(0), &why), ERR_INPUT);
    assert_non_null(strstr(why.text, "rows"));
    assert_int_equal(model_set(l.m, t, "scan_row", value_duration(SIM_SEC), &why),
                     ERR_INPUT);
    lab_free(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_scan_costs_per_row_and_grows_with_the_table),
        cmocka_unit_test(a_lookup_costs_steps),
        cmocka_unit_test(writes_cost_and_leave_dead_rows),
        cmocka_unit_test(rows_come_and_go),
        cmocka_unit_test(the_planner_takes_what_it_thinks_is_cheaper),
        cmocka_unit_test(a_small_table_is_scanned),
        cmocka_unit_test(statistics_follow_the_table),
        cmocka_unit_test(ids_run_out_and_are_widened),
        cmocka_unit_test(growth_stops_where_the_ids_do),
        cmocka_unit_test(a_rollback_leaves_dead_rows),
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
