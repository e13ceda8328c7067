/*
 * Fan-out: one request asks many leaves, and is as slow as the slowest that it waits
 * for.
 */
#include "../lib/lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct seen {
    uint64_t users, above;
    sim_time limit; /* requests that took longer are counted */
    sim_time last;
    enum reason reason;
    double seconds;
};

static void on_done(void *ctx, const struct request_done *r)
{
    struct seen *s = ctx;
    sim_time sum = 0;
    for (size_t i = 0; i < r->nslices; i++)
        sum += r->slices[i].ns;
    assert_int_equal(sum, r->end - r->start);
    if (!r->user)
        return;
    s->users++;
    s->above += r->end - r->start > s->limit;
    s->last = r->end - r->start;
    s->reason = r->reason;
    s->seconds += (double)s->last / 1e9;
}

static void watch(struct lab *l, sim_time until, struct seen *s)
{
    struct errmsg why = {0};
    struct observer o = {.ctx = s, .done = on_done};
    if (world_run(l->w, until, UINT64_MAX, &o, &why) != ERR_OK)
        fail_msg("%s", why.text);
}

static struct lab root(const struct node *program, const char *users)
{
    struct lab l = lab_new();
    lab_part(&l, "service", "root", "workers=100000 cores=1000");
    lab_endpoint(&l, "root", "get", program);
    lab_part(&l, "client", "users", users);
    lab_part(&l, "call", "users.root", "network=0");
    return l;
}

/* n leaves at a third party; `share` of them are waited for, 0: all. */
static struct lab leaves(int n, double share, const char *latency, const char *call,
                         double rate)
{
    char users[80];
    const struct node leaf = {.kind = NODE_CALL, .target = "leaf"};
    const struct node fan = {
        .kind = NODE_FAN_OUT, .count = n, .p = share, .body = &leaf};
    snprintf(users, sizeof users, "to=root/get rate=%g", rate);
    struct lab l = root(&fan, users);
    lab_part(&l, "external", "leaf", latency);
    lab_part(&l, "call", "root.leaf", call);
    lab_start(&l, 3);
    return l;
}

static void all_at_once(void **state)
{
    (void)state;
    struct seen s = {0};
    struct lab l = leaves(7, 0, "latency=100ms", "network=1ms", 1);
    watch(&l, 20 * SIM_SEC, &s);
    assert_true(s.users > 5);
    assert_int_equal(s.last, 102 * SIM_MS);
    assert_true(lab_metric(&l, "leaf", "requests_total") ==
                7 * lab_metric(&l, "root", "requests_total"));
    lab_free(&l);
}

/* The k-th of n exponential leaves: H(n) - H(n - k). */
static void order_statistics(void **state)
{
    static const struct {
        int n, k;
    } cases[] = {{10, 10}, {100, 100}, {100, 95}, {100, 50}, {3, 1}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int n = cases[i].n, k = cases[i].k;
        double theory = 0, sum = 0, squares = 0;
        for (int j = n - k + 1; j <= n; j++)
            theory += 1.0 / j;
        struct lab l = leaves(n, k == n ? 0 : (double)k / n, "latency=exponential(1s)",
                              "network=0", 20);
        for (int b = 0; b < 20; b++) {
            struct seen s = {0};
            watch(&l, (b + 1) * 10 * SIM_SEC, &s);
            double mean = s.seconds / (double)s.users;
            if (b == 0) /* requests that took long are missing */
                continue;
            sum += mean;
            squares += mean * mean;
        }
        double mean = sum / 19;
        double se = tc_sqrt((squares - sum * mean) / 18 / 19);
        print_message("    %d of %d: theory %.4g, measured %.4g +- %.2g\n", k, n,
                      theory, mean, se);
        assert_true(mean > theory - 4 * se && mean < theory + 4 * se);
        assert_true(se < 0.03 * theory);
        lab_free(&l);
    }
}

/* A slow leaf in a hundred makes 63 % of the requests slow. */
static void a_slow_leaf_in_a_hundred(void **state)
{
    (void)state;
    struct node slow = {.kind = NODE_SLEEP, .time = dist_const(SIM_SEC)},
                fast = {.kind = NODE_SLEEP, .time = dist_const(10 * SIM_MS)};
    struct node leaf = {
        .kind = NODE_SOMETIMES, .p = 0.01, .body = &slow, .other = &fast};
    struct node fan = {.kind = NODE_FAN_OUT, .count = 100, .body = &leaf};
    struct seen s = {.limit = 500 * SIM_MS};
    struct lab l = root(&fan, "to=root/get rate=50");
    lab_start(&l, 1);
    watch(&l, 200 * SIM_SEC, &s);
    double share = (double)s.above / (double)s.users;
    assert_true(share > 0.634 - 0.02 && share < 0.634 + 0.02);
    lab_free(&l);
}

/* The p99 of the slowest of n is a leaf's quantile 0.99^(1/n): 9.21 s for n = 100. */
static void duality(void **state)
{
    (void)state;
    struct seen s = {.limit = 9205 * SIM_MS};
    struct lab l = leaves(100, 0, "latency=exponential(1s)", "network=0", 100);
    watch(&l, 100 * SIM_SEC, &s);
    double share = (double)s.above / (double)s.users;
    print_message("    %.4f of %llu above\n", share, (unsigned long long)s.users);
    assert_true(share > 0.006 && share < 0.014);
    lab_free(&l);
}

/* ---- failures -------------------------------------------------------------------- */

static void all_must_succeed_unless_a_share_will_do(void **state)
{
    (void)state;
    struct seen s = {0};
    struct lab l = leaves(100, 0, "latency=10ms error_rate=0.05", "network=0", 10);
    watch(&l, 20 * SIM_SEC, &s);
    assert_true(lab_metric(&l, "users", "failed_total") > 0.95 * (double)s.users);
    lab_free(&l);
    l = leaves(100, 0.8, "latency=10ms error_rate=0.05", "network=0", 10);
    lab_run(&l, 20 * SIM_SEC);
    assert_true(lab_metric(&l, "users", "failed_total") == 0);
    lab_free(&l);
}

/* When too many have failed the rest is not waited for. */
static void it_fails_when_it_is_lost(void **state)
{
    (void)state;
    struct node bad = {.kind = NODE_FAIL, .what = "no"},
                good = {.kind = NODE_SLEEP, .time = dist_const(SIM_SEC)};
    struct node leaf = {.kind = NODE_SOMETIMES, .p = 0.9, .body = &bad, .other = &good};
    struct node fan = {.kind = NODE_FAN_OUT, .count = 20, .p = 0.5, .body = &leaf};
    struct seen s = {0};
    struct lab l = root(&fan, "to=root/get rate=1");
    lab_start(&l, 1);
    watch(&l, 10 * SIM_SEC, &s);
    assert_true(s.users > 3);
    assert_int_equal(s.last, 0);
    assert_int_equal(s.reason, REASON_ERROR);
    lab_free(&l);
}

/* ---- those that are let go ------------------------------------------------------- */

static void leaves_that_are_too_many_go_on_or_stop(void **state)
{
    (void)state;
    for (int cancel = 0; cancel < 2; cancel++) {
        struct lab l = leaves(10, 0.5, "latency=uniform(1s,900ms)",
                              cancel ? "network=0 cancel=on" : "network=0", 1);
        lab_run(&l, 60 * SIM_SEC);
        lab_set(&l, "users", "rate", "0");
        lab_run(&l, 61500 * SIM_MS); /* half of the leaves are there by now */
        assert_true(lab_metric(&l, "users", "in_flight") == 0);
        assert_true(lab_metric(&l, "root", "in_flight") == 0);
        assert_true(lab_metric(&l, "root.leaf", "in_flight") == 0);
        double gone = lab_metric(&l, "root.leaf", "failures_GAVE_UP");
        assert_true(gone == 5 * lab_metric(&l, "users", "answered_total"));
        lab_run(&l, 70 * SIM_SEC);
        assert_true(lab_metric(&l, "leaf", "in_flight") == 0);
        lab_free(&l);
    }
}

static void as_wide_as_it_may_be(void **state)
{
    struct errmsg why = {0};
    (void)state;
    struct seen s = {0};
    struct lab l = leaves(10000, 0.999, "latency=exponential(10ms)", "network=0", 1);
    struct world *fork = NULL;
    for (int i = 1; i <= 40; i++) {
        watch(&l, i * 250 * SIM_MS, &s);
        if (i == 20)
            fork = world_fork(l.w);
    }
    assert_true(s.users > 4);
    assert_int_equal(world_run(fork, 10 * SIM_SEC, UINT64_MAX, NULL, &why), ERR_OK);
    assert_true(world_digest(fork) == world_digest(l.w));
    world_free(fork);
    lab_free(&l);
}

static void too_wide_is_refused(void **state)
{
    static const struct {
        int n;
        double p;
    } bad[] = {{0, 0}, {-1, 0}, {10001, 0}, {5, 1.5}, {5, -0.1}};
    (void)state;
    for (size_t i = 0; i < 5; i++) {
        struct errmsg why = {0};
        const struct node leaf = {.kind = NODE_SLEEP, .time = dist_const(1)};
        const struct node fan = {
            .kind = NODE_FAN_OUT, .count = bad[i].n, .p = bad[i].p, .body = &leaf};
        struct lab l = root(&fan, "to=root/get rate=1");
        assert_int_not_equal(model_finish(l.m, &why), ERR_OK);
        assert_non_null(strstr(why.text, "10000"));
        lab_free(&l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_at_once),
        cmocka_unit_test(order_statistics),
        cmocka_unit_test(a_slow_leaf_in_a_hundred),
        cmocka_unit_test(duality),
        cmocka_unit_test(all_must_succeed_unless_a_share_will_do),
        cmocka_unit_test(it_fails_when_it_is_lost),
        cmocka_unit_test(leaves_that_are_too_many_go_on_or_stop),
        cmocka_unit_test(as_wide_as_it_may_be),
        cmocka_unit_test(too_wide_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
