/*
 * Who gets a request: consistent hashing, weights, answer times, and what keeps those
 * that fail, or have just come, from getting as much as the others.
 */
#include "../lib/lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* n instances behind a balancer "edge"; users call it. */
static struct lab fleet(int n, const char *balancer, const char *users, sim_time work,
                        uint64_t seed)
{
    struct lab l = lab_new();
    char text[300];
    const struct node sleep = {.kind = NODE_SLEEP, .time = dist_const(work)};
    snprintf(text, sizeof text, "instances=%d workers=1000", n);
    lab_part(&l, "service", "app", text);
    lab_endpoint(&l, "app", "get", &sleep);
    snprintf(text, sizeof text, "to=app %s", balancer);
    lab_part(&l, "balancer", "edge", text);
    snprintf(text, sizeof text, "to=edge/get %s", users);
    lab_part(&l, "client", "users", text);
    lab_start(&l, seed);
    return l;
}

static double got(const struct lab *l, int instance)
{
    return lab_metric_of(l, "app", "requests_total", instance);
}

static enum err weigh(struct lab *l, double weight, int instance)
{
    struct errmsg why = {0};
    struct action a = {.kind = ACTION_OP,
                       .comp = model_find(l->m, "edge"),
                       .name = "weight",
                       .args = {value_number(weight), value_count(instance)},
                       .nargs = 2};
    return world_apply(l->w, &a, "test", NULL, NULL, &why);
}

static void drain(struct world *w, const char *op, int instance)
{
    struct errmsg why = {0};
    struct action a = {.kind = ACTION_OP,
                       .comp = model_find(world_model(w), "edge"),
                       .name = op,
                       .args = {value_count(instance)},
                       .nargs = 1};
    if (world_apply(w, &a, "test", NULL, NULL, &why) != ERR_OK)
        fail_msg("%s", why.text);
}

static void fault(struct lab *l, int instance, const char *name, double x, sim_time d)
{
    struct errmsg why = {0};
    struct action a = {.kind = ACTION_FAULT,
                       .comp = model_find(l->m, "app"),
                       .instance = instance,
                       .name = name,
                       .args = {value_number(x)},
                       .nargs = 1,
                       .duration = d};
    if (world_apply(l->w, &a, "test", NULL, NULL, &why) != ERR_OK)
        fail_msg("%s", why.text);
}

/* ---- consistent hashing ---------------------------------------------------------- */

/* Coefficient of variation of the shares, squared, over rings of several seeds; the
 * exact value is (n - 1) / (n v + 1). */
static void shares_vary_as_they_should(void **state)
{
    static const struct {
        int n, v, seeds;
    } cases[] = {{10, 1, 60}, {10, 10, 40}, {10, 100, 30}, {3, 10, 100}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int n = cases[i].n, v = cases[i].v;
        double sum = 0, squares = 0, theory = (n - 1) / (double)(n * v + 1);
        for (int seed = 1; seed <= cases[i].seeds; seed++) {
            char rule[80];
            snprintf(rule, sizeof rule, "policy=hash virtual_nodes=%d", v);
            struct lab l = fleet(n, rule, "rate=20000", 0, (uint64_t)seed);
            lab_run(&l, SIM_SEC);
            double all = lab_metric(&l, "app", "requests_total"), cv2 = 0;
            for (int k = 1; k <= n; k++) {
                double share = got(&l, k) / all * n - 1;
                cv2 += share * share / n;
            }
            cv2 -= (n - 1) / all; /* spread of the counts by chance alone */
            sum += cv2;
            squares += cv2 * cv2;
            lab_free(&l);
        }
        double mean = sum / cases[i].seeds;
        double var = squares / cases[i].seeds - mean * mean;
        double se = tc_sqrt(var / (cases[i].seeds - 1));
        print_message("    n %d, v %d: cv %.4g, exact %.4g\n", n, v, tc_sqrt(mean),
                      tc_sqrt(theory));
        assert_true(mean > theory - 4 * se && mean < theory + 4 * se);
    }
}

static void a_user_stays_where_he_is(void **state)
{
    (void)state;
    struct lab l = fleet(10, "policy=hash", "rate=100 population=1", 0, 3);
    lab_run(&l, 100 * SIM_SEC);
    int used = 0;
    for (int k = 1; k <= 10; k++)
        used += got(&l, k) > 0;
    assert_int_equal(used, 1);
    lab_free(&l);
}

/* Whoever was with another one is still there; whoever was with the drained one is
 * spread over several. */
static void one_that_goes_takes_only_its_own(void **state)
{
    (void)state;
    struct errmsg why = {0};
    struct lab l = fleet(10, "policy=hash", "rate=1000 population=500", 0, 4);
    lab_run(&l, 10 * SIM_SEC);
    struct world *other = world_fork(l.w);
    drain(other, "drain", 4);
    lab_run(&l, 20 * SIM_SEC);
    assert_int_equal(world_run(other, 20 * SIM_SEC, UINT64_MAX, NULL, &why), ERR_OK);
    comp_id app = model_find(l.m, "app");
    double moved = 0, more = 0;
    for (int k = 1; k <= 10; k++) {
        double with = world_metric(other, app, "requests_total", k);
        if (k == 4)
            moved = got(&l, k) - with;
        else
            assert_true(with >= got(&l, k));
        more += with > got(&l, k);
    }
    assert_true(moved > 100 && more >= 5);
    assert_true(world_metric(other, app, "requests_total", -1) ==
                lab_metric(&l, "app", "requests_total"));
    drain(other, "undrain", 4);
    double was = world_metric(other, app, "requests_total", 4);
    assert_int_equal(world_run(other, 30 * SIM_SEC, UINT64_MAX, NULL, &why), ERR_OK);
    assert_true(world_metric(other, app, "requests_total", 4) > was + 100);
    world_free(other);
    lab_free(&l);
}

/* Popular users make one instance hot, which no number of places helps. */
static void a_popular_user_is_a_hot_instance(void **state)
{
    (void)state;
    struct lab l = fleet(10, "policy=hash virtual_nodes=1000",
                         "rate=1000 population=1000 popularity=1.2", 0, 5);
    double most = 0;
    lab_run(&l, 20 * SIM_SEC);
    for (int k = 1; k <= 10; k++)
        most = got(&l, k) > most ? got(&l, k) : most;
    assert_true(most > 0.22 * lab_metric(&l, "app", "requests_total"));
    lab_free(&l);
}

static void without_a_balancer_too(void **state)
{
    (void)state;
    struct lab l = lab_new();
    const struct node sleep = {.kind = NODE_SLEEP, .time = dist_const(SIM_MS)};
    lab_part(&l, "service", "app", "instances=7");
    lab_endpoint(&l, "app", "get", &sleep);
    lab_part(&l, "client", "users", "to=app/get users=1");
    lab_part(&l, "call", "users.app", "balance=hash");
    lab_start(&l, 1);
    lab_run(&l, 10 * SIM_SEC);
    int used = 0;
    for (int k = 1; k <= 7; k++)
        used += got(&l, k) > 0;
    assert_int_equal(used, 1);
    lab_set(&l, "users.app", "balance", "round_robin");
    lab_run(&l, 20 * SIM_SEC);
    for (int k = 1; k <= 7; k++)
        assert_true(got(&l, k) > 100);
    lab_free(&l);
}

/* Switched on in the middle, with more places than an event could make room for. */
static void switched_on_while_it_runs(void **state)
{
    (void)state;
    struct lab l = fleet(400, "virtual_nodes=1000", "rate=1000", 0, 6);
    lab_run(&l, SIM_SEC);
    lab_set(&l, "edge", "policy", "hash");
    lab_run(&l, 10 * SIM_SEC);
    assert_true(lab_metric(&l, "users", "failed_total") == 0);
    lab_free(&l);
}

/* ---- weights and times ----------------------------------------------------------- */

static void as_much_as_it_weighs(void **state)
{
    (void)state;
    struct lab l = fleet(4, "policy=weighted", "rate=100 arrivals=even", 0, 1);
    assert_int_equal(weigh(&l, 3, 1), ERR_OK);
    assert_int_equal(weigh(&l, 0, 3), ERR_OK);
    assert_int_equal(weigh(&l, -1, 3), ERR_INPUT);
    assert_int_equal(weigh(&l, 1, 5), ERR_NOT_FOUND);
    lab_run(&l, 100 * SIM_SEC);
    double all = lab_metric(&l, "app", "requests_total");
    assert_true(got(&l, 1) > 0.6 * all - 2 && got(&l, 1) < 0.6 * all + 2);
    assert_true(got(&l, 2) > 0.2 * all - 2 && got(&l, 2) < 0.2 * all + 2);
    assert_true(got(&l, 3) == 0);
    lab_free(&l);
}

static void the_slow_one_gets_less(void **state)
{
    (void)state;
    double slow[2];
    for (int i = 0; i < 2; i++) {
        struct lab l = lab_new();
        const struct node work = {.kind = NODE_COMPUTE,
                                  .time = dist_exponential(10 * SIM_MS)};
        lab_part(&l, "service", "app", "instances=5 workers=100 cores=100");
        lab_endpoint(&l, "app", "get", &work);
        lab_part(&l, "balancer", "edge", i ? "to=app policy=least_time" : "to=app");
        lab_part(&l, "client", "users", "to=edge/get rate=200");
        lab_start(&l, 1);
        fault(&l, 2, "slow", 20, 0);
        lab_run(&l, 100 * SIM_SEC);
        slow[i] = got(&l, 2) / lab_metric(&l, "app", "requests_total");
        lab_free(&l);
    }
    assert_true(slow[0] > 0.19);
    assert_true(slow[1] < 0.05 && slow[1] > 0);
}

/* ---- ejection -------------------------------------------------------------------- */

static void one_that_fails_is_ejected_for_a_while(void **state)
{
    (void)state;
    struct lab l =
        fleet(5, "eject_after=5 eject_for=10s", "rate=100 arrivals=even", SIM_MS, 1);
    lab_run(&l, 10 * SIM_SEC);
    assert_true(lab_metric(&l, "edge", "ejections_total") == 0);
    fault(&l, 2, "error_rate", 1, 0);
    lab_run(&l, 11 * SIM_SEC);
    assert_true(lab_metric(&l, "edge", "ejected") == 1);
    assert_true(lab_metric(&l, "edge", "in_rotation") == 4);
    assert_true(lab_metric(&l, "users", "failed_total") == 5);
    lab_run(&l, 20 * SIM_SEC);
    assert_true(lab_metric(&l, "users", "failed_total") == 5);
    lab_run(&l, 22 * SIM_SEC); /* back, five more, and twice as long */
    assert_true(lab_metric(&l, "users", "failed_total") == 10);
    assert_true(lab_metric(&l, "edge", "ejections_total") == 2);
    lab_run(&l, 40 * SIM_SEC);
    assert_true(lab_metric(&l, "users", "failed_total") == 10);
    fault(&l, 2, "error_rate", 0, 0);
    lab_run(&l, 42 * SIM_SEC);
    assert_true(lab_metric(&l, "edge", "in_rotation") == 5);
    lab_run(&l, 100 * SIM_SEC);
    assert_true(lab_metric(&l, "users", "failed_total") == 10);
    lab_free(&l);
}

static void never_more_than_a_share(void **state)
{
    (void)state;
    static const struct {
        const char *most;
        double ejected;
    } cases[] = {{"0", 1}, {"0.5", 5}, {"1", 10}};
    for (int i = 0; i < 3; i++) {
        char rule[100];
        snprintf(rule, sizeof rule, "eject_after=3 eject_max=%s", cases[i].most);
        struct lab l = fleet(10, rule, "rate=500", SIM_MS, 1);
        fault(&l, 0, "error_rate", 1, 0);
        lab_run(&l, 5 * SIM_SEC);
        assert_true(lab_metric(&l, "edge", "ejected") == cases[i].ejected);
        lab_free(&l);
    }
}

/* All ejected: nobody is there; with a panic threshold all are asked. */
static void panic(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct lab l = fleet(3,
                             i ? "eject_after=3 eject_max=1 panic_threshold=0.5"
                               : "eject_after=3 eject_max=1",
                             "rate=500", SIM_MS, 1);
        fault(&l, 0, "error_rate", 1, 0);
        lab_run(&l, 2 * SIM_SEC);
        double none = lab_metric(&l, "edge", "no_backend_total");
        assert_true(i ? none == 0 : none > 500);
        lab_free(&l);
    }
}

static void a_bad_share_is_enough(void **state)
{
    (void)state;
    struct lab l =
        fleet(4, "eject_below=0.8 eject_every=5s eject_max=0.5", "rate=200", SIM_MS, 1);
    fault(&l, 3, "error_rate", 0.4, 0);
    lab_run(&l, 4900 * SIM_MS);
    assert_true(lab_metric(&l, "edge", "ejected") == 0);
    lab_run(&l, 5100 * SIM_MS);
    assert_true(lab_metric(&l, "edge", "ejected") == 1);
    lab_set(&l, "edge", "eject_below", "0");
    lab_run(&l, 100 * SIM_SEC);
    assert_true(lab_metric(&l, "edge", "ejections_total") == 1);
    assert_true(lab_metric(&l, "edge", "ejected") == 0);
    lab_free(&l);
}

/* ---- slow start ------------------------------------------------------------------ */

static void one_that_has_come_gets_more_and_more(void **state)
{
    (void)state;
    struct lab l = fleet(5, "policy=random slow_start=100s", "rate=1000", SIM_MS, 1);
    lab_run(&l, 10 * SIM_SEC);
    assert_true(got(&l, 2) > 1800); /* all were there from the start */
    drain(l.w, "drain", 2);
    lab_run(&l, 20 * SIM_SEC);
    drain(l.w, "undrain", 2);
    double was = got(&l, 2);
    lab_run(&l, 30 * SIM_SEC);
    double early = got(&l, 2) - was; /* a tenth of what the others get */
    assert_true(early > 200 && early < 300);
    was = got(&l, 2);
    lab_run(&l, 80 * SIM_SEC);
    lab_run(&l, 130 * SIM_SEC);
    was = got(&l, 2);
    lab_run(&l, 140 * SIM_SEC);
    double late = got(&l, 2) - was;
    assert_true(late > 1850 && late < 2150);
    lab_free(&l);
}

static void forks_end_alike(void **state)
{
    struct errmsg why = {0};
    (void)state;
    static const char *const rules[] = {"policy=hash", "policy=weighted",
                                        "policy=least_time slow_start=5s"};
    for (int i = 0; i < 3; i++) {
        char rule[200];
        snprintf(rule, sizeof rule,
                 "%s eject_after=4 eject_below=0.9 eject_every=1s eject_for=2s "
                 "eject_max=0.4",
                 rules[i]);
        struct lab l = fleet(6, rule, "rate=300 population=50", 5 * SIM_MS, 2);
        fault(&l, 0, "error_rate", 0.15, 0);
        lab_run(&l, 7 * SIM_SEC);
        struct world *fork = world_fork(l.w);
        lab_run(&l, 30 * SIM_SEC);
        assert_int_equal(world_run(fork, 30 * SIM_SEC, UINT64_MAX, NULL, &why), ERR_OK);
        assert_true(world_digest(fork) == world_digest(l.w));
        assert_true(lab_metric(&l, "edge", "ejections_total") > 2);
        world_free(fork);
        lab_free(&l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_vary_as_they_should),
        cmocka_unit_test(a_user_stays_where_he_is),
        cmocka_unit_test(one_that_goes_takes_only_its_own),
        cmocka_unit_test(a_popular_user_is_a_hot_instance),
        cmocka_unit_test(without_a_balancer_too),
        cmocka_unit_test(switched_on_while_it_runs),
        cmocka_unit_test(as_much_as_it_weighs),
        cmocka_unit_test(the_slow_one_gets_less),
        cmocka_unit_test(one_that_fails_is_ejected_for_a_while),
        cmocka_unit_test(never_more_than_a_share),
        cmocka_unit_test(panic),
        cmocka_unit_test(a_bad_share_is_enough),
        cmocka_unit_test(one_that_has_come_gets_more_and_more),
        cmocka_unit_test(forks_end_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
