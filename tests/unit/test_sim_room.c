/*
 * Room: a model that needs more than there is is refused with what would fit, and that
 * does fit; one that is not refused runs, whatever its components come to. And a region
 * grows in the middle of an event without anything in it moving.
 */
#include "../../src/sim/engine/memory.h"
#include "../lib/lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct node work = {.kind = NODE_COMPUTE, .time = {.mean = SIM_MS}};

static void service(struct lab *l, const char *name, const char *params)
{
    lab_part(l, "service", name, params);
    lab_endpoint(l, name, "get", &work);
}

/* ---- what runs ------------------------------------------------------------------- */

/* All of them in a single event. */
static void an_autoscaler_at_its_most(void **state)
{
    (void)state;
    struct lab l = lab_new();
    service(&l, "api", "");
    lab_part(&l, "database", "db", "");
    lab_part(&l, "pool", "api.pool", "to=db");
    lab_part(&l, "autoscaler", "as", "service=api min=1000 max=1000 interval=1s");
    lab_part(&l, "client", "users", "to=api/get rate=100");
    lab_start(&l, 1);
    lab_run(&l, 10 * SIM_SEC);
    assert_true(lab_metric(&l, "as", "wanted") == 1000);
    assert_int_equal(world_instances(l.w, model_find(l.m, "api")), 1000);
    lab_free(&l);
}

/* Those that leave take a day; there are never more than a few thousand of them. */
static void up_and_down_while_they_drain(void **state)
{
    (void)state;
    struct lab l = lab_new();
    service(&l, "api", "drain=3600s start_up=0 max_surge=1000");
    lab_part(&l, "client", "users", "to=api/get rate=2000");
    work.time.mean = 20 * SIM_SEC;
    lab_start(&l, 1);
    for (int i = 1; i <= 12; i++) {
        lab_set(&l, "api", "instances", i % 2 ? "1000" : "1");
        lab_run(&l, i * SIM_SEC);
    }
    assert_true(world_instances(l.w, model_find(l.m, "api")) <= 4000);
    work.time.mean = SIM_MS;
    lab_free(&l);
}

/* A fan-out as wide as there may be, all branches of which fail and are tried again. */
static void the_widest_fan_out(void **state)
{
    (void)state;
    struct lab l = lab_new();
    struct node fail = {.kind = NODE_FAIL, .what = "no"};
    struct node call = {.kind = NODE_CALL, .target = "b", .what = "get"};
    struct node wide = {.kind = NODE_FAN_OUT, .count = 10000, .body = &call};
    lab_part(&l, "service", "b", "");
    lab_endpoint(&l, "b", "get", &fail);
    lab_part(&l, "service", "a", "");
    lab_endpoint(&l, "a", "get", &wide);
    lab_part(&l, "call", "a.b", "retries=3 network=0");
    lab_part(&l, "client", "users", "to=a/get rate=1");
    lab_start(&l, 1);
    lab_run(&l, 10 * SIM_SEC);
    assert_true(lab_metric(&l, "users", "bad_total") > 0);
    lab_free(&l);
}

/* ---- what is refused ------------------------------------------------------------- */

/* So many services of so many instances each. */
static enum err crowd(int services, int instances, struct errmsg *why)
{
    struct lab l = lab_new();
    char name[16], params[32];
    for (int i = 0; i < services; i++) {
        snprintf(name, sizeof name, "s%d", i);
        snprintf(params, sizeof params, "instances=%d",
                 instances / services + (i < instances % services));
        service(&l, name, params);
    }
    enum err e = model_finish(l.m, why);
    if (e == ERR_OK) {
        l.w = world_new(l.m, 1, why);
        assert_non_null(l.w);
        lab_run(&l, SIM_SEC);
        assert_true(world_bytes(l.w) < (size_t)34 << 20);
    }
    lab_free(&l);
    return e;
}

/* The number before these words. */
static int number_before(const char *text, const char *words)
{
    const char *at = strstr(text, words);
    if (!at)
        fail_msg("no \"%s\" in: %s", words, text);
    while (at > text && at[-1] >= '0' && at[-1] <= '9')
        at--;
    return (int)strtol(at, NULL, 10);
}

static void what_would_fit_does(void **state)
{
    (void)state;
    struct errmsg why = {0};
    assert_int_equal(crowd(150, 75000, &why), ERR_LIMIT);
    assert_non_null(strstr(why.text, "75000 instances of 150 services"));
    int fits = number_before(why.text, " would fit");
    assert_true(fits > 10000 && fits < 75000);
    assert_int_equal(crowd(150, fits - 1, &why), ERR_OK);
    assert_int_equal(crowd(150, fits + 150, &why), ERR_LIMIT);
}

/* Each is within its range; together they are more than any world. */
static void ranges_at_their_ends(void **state)
{
    static const struct {
        const char *kind, *params, *nested, *nested_params, *word;
    } all[] = {
        {"cache", "", "keyspace", "keys=100000", "keys of"},
        {"database", "", "table", "keys=100000", "keys of"},
        {"broker", "", "topic", "partitions=256 keys=1000000 popularity=1",
         "partitions of"},
        {"client", "to=x rate=1 population=1000000 popularity=1", NULL, NULL,
         "of the kind client"},
    };
    (void)state;
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
        struct lab l = lab_new();
        struct errmsg why = {0};
        char name[16];
        lab_part(&l, "external", "x", "");
        for (int i = 0; i < 3000; i++) {
            snprintf(name, sizeof name, "c%d", i);
            lab_part(&l, all[k].kind, name, all[k].params);
            if (!all[k].nested)
                continue;
            snprintf(name, sizeof name, "c%d.n", i);
            lab_part(&l, all[k].nested, name, all[k].nested_params);
        }
        assert_int_equal(model_finish(l.m, &why), ERR_LIMIT);
        if (!strstr(why.text, all[k].word))
            fail_msg("no \"%s\" in: %s", all[k].word, why.text);
        assert_non_null(strstr(why.text, "would fit"));
        lab_free(&l);
    }
}

/* Instances that an autoscaler may make count; those of an operator do not. */
static void autoscalers_count(void **state)
{
    (void)state;
    struct lab l = lab_new();
    struct errmsg why = {0};
    char name[16], params[64];
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof name, "s%d", i);
        service(&l, name, "");
        snprintf(params, sizeof params, "service=%s max=1000", name);
        snprintf(name, sizeof name, "as%d", i);
        lab_part(&l, "autoscaler", name, params);
    }
    assert_int_equal(model_finish(l.m, &why), ERR_LIMIT);
    assert_non_null(strstr(why.text, "40000 instances of 40 services"));
    lab_free(&l);
}

/* `n` subscriptions of 10,000 consumers each, over 0.7 MB. */
static enum err readers(int n, struct errmsg *why)
{
    struct lab l = lab_new();
    char name[24];
    service(&l, "api", "instances=10");
    lab_part(&l, "broker", "b", "");
    lab_part(&l, "topic", "b.t", "partitions=1");
    for (int i = 0; i < n; i++) {
        snprintf(name, sizeof name, "b.t.s%d", i);
        lab_part(&l, "subscription", name, "to=api/get consumers=1000");
    }
    enum err e = model_finish(l.m, why);
    if (e == ERR_OK) {
        l.w = world_new(l.m, 1, why);
        assert_non_null(l.w);
        lab_run(&l, SIM_SEC);
        assert_true(world_bytes(l.w) < (size_t)36 << 20);
    }
    lab_free(&l);
    return e;
}

static void consumers_count(void **state)
{
    (void)state;
    struct errmsg why = {0};
    assert_int_equal(readers(60, &why), ERR_LIMIT);
    assert_non_null(strstr(why.text, "600000 consumers of 60 subscriptions"));
    int fits = number_before(why.text, " would fit");
    assert_int_equal(readers(fits / 10000, &why), ERR_OK);
    assert_int_equal(readers(fits / 10000 + 1, &why), ERR_LIMIT);
}

/* ---- what is kept ---------------------------------------------------------------- */

static void messages_that_nobody_reads(void **state)
{
    (void)state;
    struct lab l = lab_new();
    struct errmsg why = {0};
    struct node publish = {.kind = NODE_PUBLISH, .target = "b.orders"};
    struct node many = {.kind = NODE_FAN_OUT, .count = 1000, .body = &publish};
    lab_part(&l, "broker", "b", "");
    lab_part(&l, "topic", "b.orders", "partitions=256 capacity=1000000 retention=0");
    lab_part(&l, "service", "api", "cores=1000");
    lab_endpoint(&l, "api", "get", &many);
    lab_part(&l, "client", "users", "to=api/get rate=50");
    lab_start(&l, 1);
    assert_int_equal(world_run(l.w, SIM_HOUR, UINT64_MAX, NULL, &why), ERR_LIMIT);
    assert_non_null(strstr(why.text, "messages that b.orders keeps"));
    assert_non_null(strstr(why.text, "b.orders.retention"));
    lab_free(&l);
}

/* ---- the region ------------------------------------------------------------------ */

static void it_grows_where_it_lies(void **state)
{
    (void)state;
    struct lab l = lab_new();
    service(&l, "api", "");
    lab_part(&l, "client", "users", "to=api/get rate=1");
    lab_start(&l, 1);
    const char *base = l.w->base;
    ref first = 0, before = 0;
    for (int i = 0; i < 4000; i++) { /* 128 MiB, twice what a world may have */
        ref r = w_alloc(l.w, 32768);
        *W_PTR(l.w, ref, r) = before;
        before = r;
        first = first == 0 ? r : first;
    }
    assert_ptr_equal(l.w->base, base);
    for (int i = 0; i < 3999; i++)
        before = *W_PTR(l.w, ref, before);
    assert_int_equal(before, first);
    struct errmsg why = {0};
    assert_int_equal(world_run(l.w, SIM_SEC, UINT64_MAX, NULL, &why), ERR_LIMIT);
    lab_free(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_autoscaler_at_its_most),
        cmocka_unit_test(up_and_down_while_they_drain),
        cmocka_unit_test(the_widest_fan_out),
        cmocka_unit_test(what_would_fit_does),
        cmocka_unit_test(ranges_at_their_ends),
        cmocka_unit_test(autoscalers_count),
        cmocka_unit_test(consumers_count),
        cmocka_unit_test(messages_that_nobody_reads),
        cmocka_unit_test(it_grows_where_it_lies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
