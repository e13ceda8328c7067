/*
 * Anything at any time: random operations, faults and settings on services, pools, a
 * database and a cache, a fork now and then; after each step the books must balance,
 * and when the last user is gone nothing may be left behind.
 */
#include "../lib/lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct lab town(uint64_t seed)
{
    struct lab l = lab_new();
    const struct node load = {.kind = NODE_QUERY, .target = "db", .what = "read"};
    const struct node look = {.kind = NODE_CACHED,
                              .target = "cache",
                              .what = "seats",
                              .body = &load,
                              .catches = true};
    const struct node leak = {.kind = NODE_LEAK, .target = "db"};
    const struct node maybe = {.kind = NODE_SOMETIMES, .p = 0.02, .body = &leak};
    const struct node charge = {
        .kind = NODE_CALL, .target = "gateway", .what = "charge", .next = &maybe};
    const struct node b2 = {.kind = NODE_QUERY, .target = "db", .what = "read"};
    const struct node b1 = {
        .kind = NODE_QUERY, .target = "db", .what = "write", .next = &b2};
    const struct node both = {.kind = NODE_PARALLEL, .body = &b1, .next = &charge};
    const struct node tx = {
        .kind = NODE_TRANSACTION, .target = "db", .body = &both, .next = &look};
    const struct node other = {.kind = NODE_QUERY, .target = "db", .what = "read"};
    lab_part(
        &l, "database", "db",
        "cores=4 max_connections=25 contention=0.02 idle_in_transaction_timeout=3s "
        "statement_timeout=2s");
    lab_part(&l, "statement", "db.read", "cpu=exponential(20ms)");
    lab_part(&l, "statement", "db.write", "cpu=exponential(5ms)");
    lab_part(&l, "external", "gateway", "latency=100ms error_rate=2% decline=5%");
    lab_part(&l, "cache", "cache", "");
    lab_part(&l, "keyspace", "cache.seats",
             "keys=30 per_lookup=3 popularity=1 ttl=2s jitter=20% "
             "stale_while_revalidate=500ms");
    lab_part(&l, "service", "shop", "instances=3 workers=20 queue=50 start_up=1s");
    lab_part(&l, "service", "desk", "instances=2 workers=10 start_up=1s");
    lab_part(&l, "pool", "shop.pool", "to=db size=8 acquire_timeout=1s max_waiting=20");
    lab_part(&l, "pool", "desk.pool", "to=db size=4 lifetime=10s");
    lab_part(&l, "call", "shop.db", "timeout=3s");
    lab_part(&l, "call", "shop.gateway", "timeout=1s cancel=on retries=1");
    lab_endpoint(&l, "shop", "buy", &tx);
    lab_endpoint(&l, "desk", "list", &other);
    lab_part(&l, "client", "users", "to=shop/buy rate=40 gives_up=5s reloads=30%");
    lab_part(&l, "client", "staff", "to=desk/list rate=20 gives_up=5s");
    lab_slo(&l, 2 * SIM_SEC, 10 * SIM_SEC);
    lab_start(&l, seed);
    return l;
}

static double both(const struct lab *l, const char *metric)
{
    return lab_metric(l, "shop.pool", metric) + lab_metric(l, "desk.pool", metric);
}

static double cache(const struct lab *l, const char *metric)
{
    return lab_metric(l, "cache.seats", metric);
}

static void books_balance(const struct lab *l)
{
    double in_use = both(l, "pool_in_use"), idle = both(l, "pool_idle");
    double active = lab_metric(l, "db", "active"),
           open = lab_metric(l, "db", "connections");
    assert_true(in_use >= 0 && idle >= 0 && both(l, "pool_connecting") >= 0);
    assert_true(in_use + idle == open);
    assert_true(active + lab_metric(l, "db", "idle") +
                    lab_metric(l, "db", "idle_in_transaction") ==
                open);
    assert_true(lab_metric(l, "db.read", "running") +
                    lab_metric(l, "db.write", "running") ==
                active);
    assert_true(lab_metric(l, "db", "accepted_total") +
                    lab_metric(l, "db", "refused_total") <=
                both(l, "opened_total"));
    assert_true(cache(l, "hits_total") + cache(l, "misses_total") ==
                lab_metric(l, "cache", "hits_total") +
                    lab_metric(l, "cache", "misses_total"));
    assert_true(cache(l, "present") <= 30 && cache(l, "loading") >= 0);
    if (lab_metric(l, "db", "max_connections") >= 60)
        assert_true(open <= lab_metric(l, "db", "max_connections"));
}

struct deed {
    enum action_kind kind;
    const char *comp, *name, *arg;
};
static const struct deed deeds[] = {
    {ACTION_OP, "db", "kill", "idle-in-transaction"},
    {ACTION_OP, "db", "kill", "read"},
    {ACTION_OP, "db", "kill", "write"},
    {ACTION_OP, "cache", "flush", NULL},
    {ACTION_OP, "cache.seats", "flush", "seats:1*"},
    {ACTION_OP, "shop", "restart", NULL},
    {ACTION_OP, "desk", "restart", NULL},
    {ACTION_FAULT, "db", "stall", NULL},
    {ACTION_FAULT, "db", "down", NULL},
    {ACTION_FAULT, "db", "slow", "5"},
    {ACTION_FAULT, "db.read", "slow", "20"},
    {ACTION_FAULT, "cache", "down", NULL},
    {ACTION_FAULT, "cache", "slow", "100"},
    {ACTION_FAULT, "gateway", "hang", NULL},
    {ACTION_FAULT, "gateway", "down", NULL},
    {ACTION_FAULT, "gateway", "slow", "15"},
    {ACTION_FAULT, "shop", "crash", NULL},
};
static const char *const settings[][3] = {
    {"shop.pool", "size", "2"},
    {"shop.pool", "size", "30"},
    {"shop.pool", "max_waiting", "-1"},
    {"shop.pool", "max_waiting", "0"},
    {"shop.pool", "lifetime", "1s"},
    {"shop.pool", "acquire_timeout", "200ms"},
    {"desk.pool", "size", "1"},
    {"desk.pool", "size", "20"},
    {"db", "max_connections", "10"},
    {"db", "max_connections", "60"},
    {"db", "idle_in_transaction_timeout", "500ms"},
    {"db", "idle_in_transaction_timeout", "0"},
    {"db", "statement_timeout", "0"},
    {"db", "statement_timeout", "100ms"},
    {"db", "cores", "1"},
    {"db", "cores", "8"},
    {"cache.seats", "single_flight", "on"},
    {"cache.seats", "single_flight", "off"},
    {"cache.seats", "stale_while_revalidate", "0"},
    {"cache.seats", "stale_while_revalidate", "2s"},
    {"cache.seats", "capacity", "5"},
    {"cache.seats", "capacity", "0"},
    {"cache.seats", "ttl", "100ms"},
    {"shop.db", "cancel", "on"},
    {"shop.db", "cancel", "off"},
    {"shop", "instances", "5"},
    {"shop", "instances", "1"},
    {"desk", "instances", "3"},
};

static void something(struct lab *l, struct rng *r)
{
    const uint32_t ndeeds = COUNT_OF(deeds), nsettings = COUNT_OF(settings);
    uint32_t i = rng_below(r, ndeeds + nsettings);
    if (i >= ndeeds) {
        const char *const *s = settings[i - ndeeds];
        lab_set(l, s[0], s[1], s[2]);
        return;
    }
    const struct deed *d = &deeds[i];
    sim_time length = (sim_time)(rng_exponential(r) * 2e9) + 1;
    (void)lab_do(l, d->kind, d->comp, d->name, d->arg,
                 d->kind == ACTION_FAULT ? length : 0); /* may well be refused */
}

static void all_gone(struct lab *l)
{
    lab_set(l, "users", "rate", "0");
    lab_set(l, "staff", "rate", "0");
    lab_set(l, "db", "idle_in_transaction_timeout", "1s"); /* the leaks */
    lab_set(l, "db", "statement_timeout", "10s");
    lab_run(l, world_now(l->w) + 300 * SIM_SEC);
    books_balance(l);
    assert_true(both(l, "pool_in_use") == 0);
    assert_true(both(l, "pool_waiting") == 0);
    assert_true(both(l, "pool_connecting") == 0);
    assert_true(lab_metric(l, "db", "active") == 0);
    assert_true(cache(l, "loading") == 0 && cache(l, "waiting") == 0);
    assert_true(lab_metric(l, "cache", "in_flight") == 0);
    assert_true(lab_metric(l, "gateway", "in_flight") == 0);
    assert_true(lab_metric(l, "shop", "in_flight") == 0);
    assert_true(lab_metric(l, "users", "in_flight") == 0);
}

static void storm(uint64_t seed)
{
    struct lab l = town(seed);
    struct rng r;
    char which[32];
    snprintf(which, sizeof which, "storm %u", (unsigned)seed);
    rng_seed(&r, seed, which);
    for (int i = 0; i < 150; i++) {
        lab_run(&l, world_now(l.w) + (sim_time)(rng_exponential(&r) * 1e9));
        books_balance(&l);
        something(&l, &r);
        books_balance(&l);
        if (i % 50 == 49) { /* the copy goes on as the original would have */
            struct lab copy = {.m = l.m, .w = world_fork(l.w)};
            lab_run(&l, world_now(l.w) + SIM_SEC);
            lab_run(&copy, world_now(copy.w) + SIM_SEC);
            assert_true(world_digest(copy.w) == world_digest(l.w));
            world_free(l.w);
            l.w = copy.w;
        }
    }
    all_gone(&l);
    lab_free(&l);
}

static void nothing_is_lost_in_a_storm(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++)
        storm(seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_is_lost_in_a_storm)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
