/* Starting an instance: what it costs, and what keeps it from being ready. */
#include "../../src/sim/engine/kind.h"
#include "../lib/lab.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct lab one(const char *params)
{
    struct lab l = lab_new();
    const struct node work = {.kind = NODE_COMPUTE, .time = {0}};
    lab_part(&l, "service", "app", params);
    lab_endpoint(&l, "app", "get", &work);
    lab_part(&l, "client", "users", "to=app/get rate=1 arrivals=even");
    lab_start(&l, 1);
    return l;
}

static double up(const struct lab *l)
{
    return lab_metric(l, "app", "up");
}

static double cpu(const struct lab *l)
{
    return lab_metric(l, "app", "cpu");
}

static void a_start_keeps_its_cores_busy(void **state)
{
    static const struct {
        const char *params;
        double cpu;
        int seconds;
    } cases[] = {{"cores=2 start_up=10s", 0.5, 10},
                 {"cores=2 start_up=10s start_up_cores=2", 1, 10},
                 {"cores=2 start_up=10s start_up_cores=0", 0, 10},
                 {"cores=1 start_up=10s start_up_cores=4", 1, 40},
                 {"cores=0.5 start_up=10s", 1, 20}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lab l = one(cases[i].params);
        lab_op(&l, "app", "restart", NULL);
        lab_run(&l, 5 * SIM_SEC);
        assert_true(fabs(cpu(&l) - cases[i].cpu) < 1e-9);
        lab_run(&l, cases[i].seconds * SIM_SEC - 1);
        assert_true(up(&l) == 0);
        lab_run(&l, cases[i].seconds * SIM_SEC);
        assert_true(up(&l) == 1);
        lab_run(&l, (cases[i].seconds + 5) * SIM_SEC + SIM_SEC / 2);
        assert_true(cpu(&l) < 1e-9);
        lab_free(&l);
    }
}

/* Half of it at full pace, the other half at a quarter, then at an eighth. */
static void a_start_goes_at_the_pace_of_its_cores(void **state)
{
    (void)state;
    struct lab l = one("cores=1 start_up=10s");
    lab_op(&l, "app", "restart", NULL);
    lab_run(&l, 5 * SIM_SEC);
    lab_set(&l, "app", "cores", "0.25");
    lab_run(&l, 9 * SIM_SEC); /* 4 of 10 left */
    lab_fault(&l, "app", "slow", "2", 0);
    lab_run(&l, 41 * SIM_SEC - 1);
    assert_true(up(&l) == 0);
    lab_run(&l, 41 * SIM_SEC);
    assert_true(up(&l) == 1);
    lab_free(&l);
}

static void one_that_is_stopped_while_it_starts_is_idle(void **state)
{
    (void)state;
    struct lab l = one("cores=1 start_up=10s");
    lab_op(&l, "app", "restart", NULL);
    lab_run(&l, 5 * SIM_SEC);
    lab_fault(&l, "app", "crash", NULL, 30 * SIM_SEC);
    lab_run(&l, 20 * SIM_SEC);
    assert_true(cpu(&l) == 0 && lab_metric_of(&l, "app", "cpu", 1) == 0);
    lab_run(&l, 45 * SIM_SEC - 1);
    assert_true(up(&l) == 0);
    lab_run(&l, 45 * SIM_SEC);
    assert_true(up(&l) == 1);
    lab_free(&l);
}

/* A worker that hangs is not what starts. */
static void a_hang_does_not_stop_a_start(void **state)
{
    (void)state;
    struct lab l = one("cores=1 start_up=10s");
    lab_op(&l, "app", "restart", NULL);
    lab_run(&l, 5 * SIM_SEC);
    lab_fault(&l, "app", "hang", NULL, 60 * SIM_SEC);
    lab_run(&l, 10 * SIM_SEC);
    assert_true(up(&l) == 1);
    lab_free(&l);
}

/* ---- insisting on something ------------------------------------------------------ */

/* A pool that is full when the test says so. */
static bool pool_is_full;

static bool full(const struct world *w, comp_id c, int number)
{
    (void)w, (void)c, (void)number;
    return pool_is_full;
}

/* The kinds of the world, with a pool that an instance insists on. */
struct kinds {
    const struct kind_impl *table[64];
    struct kind_impl pool;
};

static struct lab insisting(struct kinds *k, const char *params)
{
    struct lab l = lab_new();
    const struct node ask = {.kind = NODE_QUERY, .target = "db", .what = "q"};
    lab_part(&l, "database", "db", "");
    lab_part(&l, "statement", "db.q", "cpu=1ms");
    lab_part(&l, "service", "app", params);
    lab_endpoint(&l, "app", "get", &ask);
    lab_part(&l, "client", "users", "to=app/get rate=10 arrivals=even");
    lab_start(&l, 1);
    comp_id pool = model_find(l.m, "app.pool");
    assert_true(pool != COMP_NONE);
    for (comp_id c = 0; c < model_comps(l.m); c++)
        k->table[l.w->kinds[c]] = l.w->kind_table[l.w->kinds[c]];
    k->pool = *comp_kind(l.w, pool);
    k->pool.ready_for = full;
    k->table[l.w->kinds[pool]] = &k->pool;
    l.w->kind_table = k->table;
    pool_is_full = false;
    return l;
}

static void not_ready_before_all_is_there(void **state)
{
    static const char *const params[] = {"instances=2 start_up=5s",
                                         "instances=2 start_up=5s ready_at_start=off"};
    (void)state;
    for (int k = 0; k < 2; k++) {
        struct kinds kinds;
        struct lab l = insisting(&kinds, params[k]);
        comp_id app = model_find(l.m, "app");
        assert_true(lab_metric(&l, "app", "healthy") == 2); /* present from the start */
        lab_op(&l, "app", "restart", NULL);
        lab_run(&l, 30 * SIM_SEC);
        assert_true(up(&l) == 2 && lab_metric(&l, "app", "healthy") == 0);
        comp_kind(l.w, app)->may_be_ready(l.w, app, 1);
        assert_true(lab_metric(&l, "app", "healthy") == 0); /* still not ready */
        pool_is_full = true;
        comp_kind(l.w, app)->may_be_ready(l.w, app, 1);
        comp_kind(l.w, app)->may_be_ready(l.w, app, 1);
        assert_true(lab_metric(&l, "app", "healthy") == (k == 0));
        lab_run(&l, 60 * SIM_SEC);
        assert_true(lab_metric(&l, "app", "healthy") == 1);
        lab_free(&l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_start_keeps_its_cores_busy),
        cmocka_unit_test(a_start_goes_at_the_pace_of_its_cores),
        cmocka_unit_test(one_that_is_stopped_while_it_starts_is_idle),
        cmocka_unit_test(a_hang_does_not_stop_a_start),
        cmocka_unit_test(not_ready_before_all_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
