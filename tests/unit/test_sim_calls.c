/*
 * Whatever callers are told to do while they do it: policies, clients and balancers are
 * set and hit at random, worlds are forked in the middle, and nothing is lost. Every
 * request's slices sum to its duration, every policy's books balance, and when users
 * stop coming nothing is left inside.
 */
#include "../lib/lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *const policies[] = {"users.edge", "edge-users.app", "staff.app",
                                       "app.back",   "app.back-lb",    "back.bank",
                                       "app.db"};
enum { POLICIES = 7 };

/* A parameter and the values it is set to; the first is the usual one. */
struct knob {
    const char *name, *values[5];
};
static const struct knob call_knobs[] = {
    {"timeout", {"0", "5ms", "60ms", "300ms", "2s"}},
    {"retries", {"0", "1", "3", "0", "2"}},
    {"backoff", {"none", "fixed", "exponential", "none", "exponential"}},
    {"base", {"100ms", "1ms", "20ms", "300ms", "5ms"}},
    {"jitter", {"none", "full", "equal", "decorrelated", "full"}},
    {"retry_budget", {"0", "0.1", "0.5", "1", "0"}},
    {"breaker", {"0", "0.5", "0.2", "0", "1"}},
    {"keep_alive", {"0", "1", "10", "0", "3"}},
    {"max_idle", {"-1", "0", "2", "-1", "5"}},
    {"max_age", {"0", "10ms", "1s", "0", "5s"}},
    {"idle_timeout", {"0", "10ms", "200ms", "0", "1s"}},
    {"connect_timeout", {"0", "100us", "1ms", "0", "50ms"}},
    {"ports", {"28232", "1", "20", "28232", "100"}},
    {"time_wait", {"60s", "0", "100ms", "1us", "1s"}},
    {"breaker_trial", {"0", "10ms", "1s", "0", "1h"}},
    {"breaker_calls", {"20", "1", "5", "100", "2"}},
    {"balance", {"round_robin", "random", "least_in_flight", "two_choices", "hash"}},
    {"network", {"200us", "0", "exponential(2ms)", "1ms", "10ms"}},
    {"cancel", {"off", "on", "on", "off", "on"}},
    {"max_in_flight", {"0", "1", "5", "30", "0"}},
    {"hedge_after", {"0", "1ms", "10ms", "50ms", "200us"}},
    {"hedges", {"1", "2", "5", "1", "10"}},
    {"tied", {"off", "on", "off", "on", "on"}},
    {"propagate", {"off", "on", "on", "off", "on"}},
    {"max_waiting", {"0", "1", "20", "1000", "5"}},
    {"max_wait", {"0", "1ms", "100ms", "1s", "0"}},
    {"budget", {"share", "quota", "throttle", "rate", "share"}},
    {"budget_tokens", {"500", "10", "0", "100", "20"}},
    {"throttle", {"0", "2", "1", "0", "1.5"}},
    {"throttle_window", {"2m", "1s", "10s", "1m", "5s"}},
};
static const struct knob balancer_knobs[] = {
    {"policy", {"round_robin", "hash", "weighted", "least_time", "two_choices"}},
    {"virtual_nodes", {"100", "1", "1000", "7", "20"}},
    {"eject_after", {"0", "3", "1", "0", "10"}},
    {"eject_below", {"0", "0.5", "0.9", "0", "1"}},
    {"eject_every", {"10s", "100ms", "1s", "300ms", "5s"}},
    {"eject_for", {"30s", "100ms", "1s", "500ms", "2s"}},
    {"eject_max", {"0.1", "1", "0.5", "0", "0.7"}},
    {"slow_start", {"0", "1s", "100ms", "5s", "0"}},
    {"panic_threshold", {"0", "0.5", "1", "0", "0.3"}},
};
enum { BALANCER_KNOBS = sizeof balancer_knobs / sizeof *balancer_knobs };
enum { CALL_KNOBS = sizeof call_knobs / sizeof *call_knobs };

static struct node *seq(struct node *n, size_t count)
{
    for (size_t i = 0; i + 1 < count; i++)
        n[i].next = &n[i + 1];
    return n;
}

static void back(struct lab *l)
{
    struct node work[] = {{.kind = NODE_COMPUTE, .time = dist_exponential(5 * SIM_MS)},
                          {.kind = NODE_CALL, .target = "bank", .catches = true},
                          {.kind = NODE_SOMETIMES,
                           .p = 0.05,
                           .body = &(struct node){.kind = NODE_FAIL, .what = "no"}}};
    lab_part(l, "external", "bank", "latency=exponential(20ms) error_rate=0.02");
    lab_part(l, "service", "back",
             "instances=3 workers=8 queue=60 queue_timeout=500ms start_up=1s");
    lab_endpoint(l, "back", "get", seq(work, 3));
    lab_part(l, "balancer", "back-lb", "to=back");
}

static void app(struct lab *l)
{
    struct node leaf = {.kind = NODE_CALL, .target = "back", .what = "get"};
    struct node branches[] = {
        {.kind = NODE_CALL, .target = "back", .what = "get"},
        {.kind = NODE_CALL, .target = "back-lb", .what = "get"},
        {.kind = NODE_FAN_OUT, .count = 5, .p = 0.5, .body = &leaf},
        {.kind = NODE_QUERY, .target = "db", .what = "q"}};
    struct node work[] = {
        {.kind = NODE_COMPUTE, .time = dist_exponential(3 * SIM_MS)},
        {.kind = NODE_CALL, .target = "back", .what = "get", .catches = true},
        {.kind = NODE_PARALLEL, .body = seq(branches, 4)},
        {.kind = NODE_COUNT, .what = "done"}};
    lab_part(l, "database", "db", "cores=2 max_connections=40");
    lab_part(l, "statement", "db.q", "cpu=exponential(3ms)");
    lab_part(l, "service", "app", "instances=3 workers=20 queue=80 start_up=1s");
    lab_part(l, "pool", "app.pool", "to=db size=6 acquire_timeout=300ms");
    lab_endpoint(l, "app", "get", seq(work, 4));
    lab_part(l, "balancer", "edge", "to=app");
}

static struct lab world(uint64_t seed)
{
    struct lab l = lab_new();
    back(&l);
    app(&l);
    lab_part(&l, "client", "users",
             "to=edge/get rate=40 gives_up=exponential(2s) "
             "reloads=0.3");
    lab_part(&l, "client", "edge-users",
             "to=app/get rate=8 gives_up=3s visits=3 think=200ms");
    lab_part(&l, "client", "staff",
             "to=app/get users=6 think=exponential(300ms) "
             "gives_up=1s reloads=0.5 reload_delay=100ms");
    for (int i = 0; i < POLICIES; i++)
        lab_part(&l, "call", policies[i], i % 3 == 1 ? "scope=shared" : "");
    lab_slo(&l, SIM_SEC, 0);
    lab_start(&l, seed);
    return l;
}

/* ---- what may happen ------------------------------------------------------------- */

static void turn_knob(struct lab *l, struct rng *r)
{
    const struct knob *k = &call_knobs[rng_below(r, CALL_KNOBS)];
    lab_set(l, policies[rng_below(r, POLICIES)], k->name, k->values[rng_below(r, 5)]);
}

static void turn_balancer(struct lab *l, struct rng *r)
{
    const struct knob *k = &balancer_knobs[rng_below(r, BALANCER_KNOBS)];
    lab_set(l, rng_below(r, 2) ? "edge" : "back-lb", k->name,
            k->values[rng_below(r, 5)]);
}

static void hit(struct lab *l, struct rng *r)
{
    switch (rng_below(r, 7)) {
    case 0:
        (void)lab_do(l, ACTION_FAULT, "back", "error_rate", "0.5", SIM_SEC);
        break;
    case 1:
        (void)lab_do(l, ACTION_FAULT, "back", "slow", "8", 2 * SIM_SEC);
        break;
    case 2:
        (void)lab_do(l, ACTION_FAULT, "app", "crash", NULL, 0);
        break;
    case 3:
        (void)lab_do(l, ACTION_FAULT, "back", "hang", NULL, SIM_SEC);
        break;
    case 4:
        (void)lab_do(l, ACTION_FAULT, "bank", "down", NULL, SIM_SEC);
        break;
    case 5:
        (void)lab_do(l, ACTION_FAULT, "users", "spike", "4", SIM_SEC);
        break;
    default:
        (void)lab_do(l, ACTION_OP, "back", "restart", NULL, 0);
    }
}

/* ---- books ----------------------------------------------------------------------- */

static void on_done(void *ctx, const struct request_done *r)
{
    sim_time sum = 0;
    for (size_t i = 0; i < r->nslices; i++)
        sum += r->slices[i].ns;
    if (sum != r->end - r->start)
        ++*(int *)ctx;
}

static void assert_books(const struct lab *l)
{
    for (int i = 0; i < POLICIES; i++) {
        const char *p = policies[i];
        double ended = lab_metric(l, p, "ok_total") + lab_metric(l, p, "errors_total") +
                       lab_metric(l, p, "copies_lost_total") +
                       lab_metric(l, p, "waiting");
        double out = lab_metric(l, p, "attempts_total") - ended;
        if (out != lab_metric(l, p, "in_flight"))
            fail_msg("%s: %g are out, in flight %g", p, out,
                     lab_metric(l, p, "in_flight"));
    }
}

static void assert_empty(const struct lab *l)
{
    static const char *const all[] = {"users", "edge-users", "staff",
                                      "app",   "back",       "bank"};
    for (int i = 0; i < POLICIES; i++)
        assert_true(lab_metric(l, policies[i], "in_flight") == 0 &&
                    lab_metric(l, policies[i], "waiting") == 0);
    for (int i = 0; i < 3; i++) {
        assert_true(lab_metric(l, all[i], "users") == 0);
        assert_true(lab_metric(l, all[i], "thinking") == 0);
    }
    for (int i = 0; i < 6; i++)
        assert_true(lab_metric(l, all[i], "in_flight") == 0);
}

static void run(struct world *w, sim_time until, int *wrong)
{
    struct errmsg why = {0};
    struct observer o = {.ctx = wrong, .done = on_done};
    enum err e = world_run(w, until, UINT64_MAX, wrong ? &o : NULL, &why);
    if (e != ERR_OK)
        fail_msg("%s", why.text);
}

static void stop(struct lab *l)
{
    lab_set(l, "users", "rate", "0");
    lab_set(l, "edge-users", "rate", "0");
    lab_set(l, "staff", "users", "0");
    for (int i = 0; i < POLICIES; i++)
        lab_set(l, policies[i], "breaker", "0");
}

static void one_life(uint64_t seed, double *hedges)
{
    struct lab l = world(seed);
    struct rng r;
    int wrong = 0;
    rng_seed(&r, seed, "fuzz");
    for (int step = 1; step <= 300; step++) {
        sim_time until = step * 100 * SIM_MS;
        struct world *fork = world_fork(l.w);
        run(l.w, until, &wrong);
        run(fork, until, NULL);
        assert_true(world_digest(fork) == world_digest(l.w));
        world_free(fork);
        assert_books(&l);
        turn_knob(&l, &r);
        turn_knob(&l, &r);
        if (step % 3 == 0)
            turn_balancer(&l, &r);
        if (step % 9 == 0)
            hit(&l, &r);
    }
    stop(&l);
    run(l.w, 200 * SIM_SEC, &wrong);
    assert_int_equal(wrong, 0);
    assert_books(&l);
    assert_empty(&l);
    for (int i = 0; i < POLICIES; i++)
        *hedges += lab_metric(&l, policies[i], "hedges_total");
    lab_free(&l);
}

static void nothing_is_lost(void **state)
{
    double hedges = 0;
    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++)
        one_life(seed, &hedges);
    assert_true(hedges > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
