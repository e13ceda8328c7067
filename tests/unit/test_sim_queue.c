/*
 * The thinnest true path: users, one service, done. Held against queueing theory, and
 * against itself: the same seed gives the same trace.
 */
#include "sim_test.h"

/* Users at `rate` a second, `workers` of them served at once, 1 ms on average. */
static struct world *station(double rate, int workers, int queue, uint64_t seed)
{
    struct model *m = model_new();
    comp_id api = must_add(m, "service", "api");
    must_set(m, api, "workers", value_count(workers));
    must_set(m, api, "cores", value_number(workers));
    must_set(m, api, "queue", value_count(queue));
    struct node work = {.kind = NODE_COMPUTE, .time = dist_exponential(SIM_MS)};
    must(model_endpoint(m, api, "get", NULL, &work, &why), &why);
    comp_id users = must_add(m, "client", "users");
    must_set(m, users, "to", value_text("api/get"));
    must_set(m, users, "rate", value_number(rate));
    comp_id call = must_add(m, "call", "users.api");
    must_set(m, call, "network", value_dist(dist_const(0)));
    return must_world(m, seed);
}

static double mean_ms(struct world *w)
{
    return metric(w, "users", "seconds_total") / metric(w, "users", "answered_total") *
           1e3;
}

static void mm1_agrees_with_theory(void **state)
{
    (void)state;
    struct world *w = station(700, 1, 0, 1);
    must_run(w, 2000 * SIM_SEC);
    double mean = mean_ms(w), theory = 1 / (1 - 0.7); /* T = 1 / (mu - lambda) */
    assert_true(mean > theory * 0.98 && mean < theory * 1.02);
    double n = metric(w, "users", "visits_total");
    assert_true(n > 1395000 && n < 1405000);
    world_free(w);
}

static void mmc_agrees_with_theory(void **state)
{
    (void)state;
    struct world *w =
        station(3200, 4, 0, 2); /* Erlang C, c = 4, rho = 0.8: P(wait) 0.5964 */
    must_run(w, 400 * SIM_SEC);
    double theory = 1 + 0.59643 / (4 - 3.2);
    assert_true(mean_ms(w) > theory * 0.98 && mean_ms(w) < theory * 1.02);
    world_free(w);
}

static void erlang_b_loses_as_many(void **state)
{
    (void)state;
    struct world *w = station(4000, 4, -1, 3); /* Erlang B, c = 4, a = 4: 0.3107 */
    must_run(w, 200 * SIM_SEC);
    double lost =
        metric(w, "users", "failed_total") / metric(w, "users", "visits_total");
    assert_true(lost > 0.3107 * 0.99 && lost < 0.3107 * 1.01);
    world_free(w);
}

static void processor_sharing_is_as_fast_as_fifo(void **state)
{
    (void)state;
    struct model *m = model_new(); /* many workers, one core: M/M/1-PS */
    comp_id api = must_add(m, "service", "api");
    must_set(m, api, "workers", value_count(10000));
    must_set(m, api, "cores", value_number(1));
    struct node work = {.kind = NODE_COMPUTE, .time = dist_exponential(SIM_MS)};
    must(model_endpoint(m, api, "get", NULL, &work, &why), &why);
    comp_id users = must_add(m, "client", "users");
    must_set(m, users, "to", value_text("api/get"));
    must_set(m, users, "rate", value_number(700));
    must_set(m, must_add(m, "call", "users.api"), "network", value_duration(0));
    struct world *w = must_world(m, 4);
    must_run(w, 1000 * SIM_SEC);
    double theory = 1 / (1 - 0.7);
    assert_true(mean_ms(w) > theory * 0.98 && mean_ms(w) < theory * 1.02);
    world_free(w);
}

static void same_seed_same_trace(void **state)
{
    (void)state;
    struct world *a = station(500, 2, 0, 7), *b = station(500, 2, 0, 7);
    struct world *c = station(500, 2, 0, 8);
    must_run(a, 20 * SIM_SEC);
    struct errmsg ignored;
    while (world_run(b, 20 * SIM_SEC, 777, NULL, &ignored) ==
           ERR_STOPPED) /* in slices */
        ;
    must_run(c, 20 * SIM_SEC);
    assert_true(world_digest(a) == world_digest(b));
    assert_true(world_digest(a) != world_digest(c));
    assert_true(world_events(a) == world_events(b));
    assert_true(world_now(b) == 20 * SIM_SEC);
    world_free(a);
    world_free(b);
    world_free(c);
}

static void a_fork_goes_its_own_way(void **state)
{
    (void)state;
    struct world *w = station(900, 1, 0, 9);
    must_run(w, 10 * SIM_SEC);
    struct world *copy = world_fork(w);
    assert_true(world_digest(copy) == world_digest(w));
    must_run(w, 30 * SIM_SEC);
    double later = metric(w, "users", "answered_total");
    assert_true(world_now(copy) == 10 * SIM_SEC);
    must_run(copy, 30 * SIM_SEC);
    assert_true(world_digest(copy) == world_digest(w));
    assert_true(metric(copy, "users", "answered_total") == later);
    world_free(w);
    must_run(copy, 40 * SIM_SEC);
    world_free(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mm1_agrees_with_theory),
        cmocka_unit_test(mmc_agrees_with_theory),
        cmocka_unit_test(erlang_b_loses_as_many),
        cmocka_unit_test(processor_sharing_is_as_fast_as_fifo),
        cmocka_unit_test(same_seed_same_trace),
        cmocka_unit_test(a_fork_goes_its_own_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
