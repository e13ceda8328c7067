/*
 * Who is served, and who is refused: the order of a service's queue, shedding by
 * priority, by time waited and by processor, and workers of an endpoint's own.
 */
#include "../lib/lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Service "api" with endpoints "get" (compute) and "slow" (sleep). */
static struct lab small(const char *service, sim_time compute, sim_time sleep)
{
    struct lab l = lab_new();
    struct node work = {.kind = NODE_COMPUTE, .time = dist_const(compute)};
    struct node wait = {.kind = NODE_SLEEP, .time = dist_const(sleep)};
    lab_part(&l, "service", "api", service);
    lab_endpoint(&l, "api", "get", &work);
    lab_endpoint(&l, "api", "slow", &wait);
    return l;
}

static void users(struct lab *l, const char *name, const char *endpoint, double rate,
                  const char *more)
{
    char params[160], call[80];
    snprintf(params, sizeof params, "to=api/%s rate=%g %s", endpoint, rate, more);
    snprintf(call, sizeof call, "%s.api", name);
    lab_part(l, "client", name, params);
    lab_part(l, "call", call, "network=0");
}

static double ok_share(const struct lab *l, const char *name)
{
    return lab_metric(l, name, "answered_total") /
           lab_metric(l, name, "attempts_total");
}

static double mean_ms(const struct lab *l, const char *name)
{
    return lab_metric(l, name, "seconds_total") * 1e3 /
           lab_metric(l, name, "answered_total");
}

/* ---- order ----------------------------------------------------------------------- */

/* Two thirds of what it can do are gold: they hardly wait, the others do. */
static void priority_goes_first(void **state)
{
    (void)state;
    struct lab l = small("order=priority workers=1 cores=1", 10 * SIM_MS, 0);
    users(&l, "gold", "get", 60, "priority=3");
    users(&l, "lead", "get", 60, "priority=1");
    lab_start(&l, 1);
    lab_run(&l, 60 * SIM_SEC);
    assert_true(mean_ms(&l, "gold") < 40); /* M/D/1 with a rest of 5 ms: 27 */
    assert_true(mean_ms(&l, "lead") > 1000);
    assert_true(ok_share(&l, "gold") > 0.99);
    assert_true(lab_metric(&l, "lead", "answered_total") > 2000); /* the spare 40/s */
    lab_free(&l);
}

/* Deadlines as each caller says: with half a second more work than there is time for,
 * the earliest deadline first; those too late are dropped and cost nothing. */
static struct lab hurried(const char *order)
{
    char params[120];
    snprintf(params, sizeof params, "order=%s workers=1 cores=1", order);
    struct lab l = small(params, 10 * SIM_MS, 0);
    lab_part(&l, "client", "soon", "to=api/get rate=45");
    lab_part(&l, "call", "soon.api", "network=0 timeout=200ms propagate=on");
    lab_part(&l, "client", "later", "to=api/get rate=45");
    lab_part(&l, "call", "later.api", "network=0 timeout=2s propagate=on");
    lab_start(&l, 3);
    lab_run(&l, 120 * SIM_SEC);
    return l;
}

static void the_earliest_deadline_first(void **state)
{
    (void)state;
    struct lab edf = hurried("deadline"), fifo = hurried("fifo");
    assert_true(ok_share(&edf, "soon") > 0.99);
    assert_true(ok_share(&edf, "later") > 0.99);
    assert_true(ok_share(&fifo, "soon") < ok_share(&edf, "soon") - 0.005);
    lab_free(&edf);
    lab_free(&fifo);
}

static void a_full_queue_drops_who_is_too_late(void **state)
{
    (void)state;
    struct lab l = small("order=deadline workers=1 queue=10", 0, 0);
    struct node wait = {.kind = NODE_SLEEP, .time = dist_const(2 * SIM_SEC)};
    lab_endpoint(&l, "api", "hold", &wait);
    lab_part(&l, "client", "holder", "to=api/hold rate=0.5 arrivals=even");
    lab_part(&l, "client", "u", "to=api/get rate=100 arrivals=even");
    lab_part(&l, "call", "u.api", "network=0 timeout=50ms propagate=on");
    lab_start(&l, 1);
    lab_run(&l, 3 * SIM_SEC + SIM_SEC / 2); /* held since 2 s, always ten wait */
    assert_true(lab_metric(&l, "api", "queued") <= 10);
    assert_true(lab_metric(&l, "api/get", "done_DEADLINE") > 50);
    lab_free(&l);
}

static void the_order_can_change_while_they_wait(void **state)
{
    static const char *const orders[] = {"priority", "lifo",     "deadline", "fifo",
                                         "deadline", "priority", "fifo"};
    (void)state;
    struct lab l = small("workers=2 cores=1 queue=200", 10 * SIM_MS, 0);
    users(&l, "a", "get", 70, "priority=0 gives_up=3s");
    users(&l, "b", "get", 70, "priority=3 gives_up=3s");
    lab_start(&l, 1);
    for (int k = 0; k < 70; k++) {
        lab_run(&l, (k + 1) * SIM_SEC);
        lab_set(&l, "api", "order", orders[k % 7]);
        if (k % 5 == 0)
            lab_set(&l, "api", "queue_timeout", k % 10 == 0 ? "1s" : "0");
    }
    lab_set(&l, "a", "rate", "0");
    lab_set(&l, "b", "rate", "0");
    lab_run(&l, 80 * SIM_SEC);
    assert_true(lab_metric(&l, "api", "in_flight") == 0);
    assert_true(lab_metric(&l, "a", "attempts_total") ==
                lab_metric(&l, "a", "answered_total") +
                    lab_metric(&l, "a", "failed_total") +
                    lab_metric(&l, "a", "gave_up_total"));
    lab_free(&l);
}

/* ---- shedding -------------------------------------------------------------------- */

/* Twice too much: without, all wait for the whole queue; with a target for a standing
 * queue those that are served hardly waited. */
static void a_standing_queue_is_cut_short(void **state)
{
    (void)state;
    struct lab l = small("workers=1 cores=1 shed_delay=20ms", 2 * SIM_MS, 0);
    users(&l, "u", "get", 1000, "");
    lab_start(&l, 1);
    lab_run(&l, 30 * SIM_SEC);
    double ms = mean_ms(&l, "u"); /* 2 ms of work, 20 ms of waiting at most, later on */
    assert_true(ms > 15 && ms < 24);
    double answered = lab_metric(&l, "u", "answered_total") / 30;
    assert_true(answered > 480 && answered < 501); /* still all that it can do */
    assert_true(lab_metric(&l, "api", "shed_total") > 14000);
    lab_free(&l);
}

/* A queue that comes and goes is none of its business. */
static void a_burst_is_let_through(void **state)
{
    (void)state;
    struct lab l = small("workers=1 cores=1 shed_delay=5ms", 2 * SIM_MS, 0);
    users(&l, "u", "get", 250, "");
    lab_start(&l, 1);
    lab_run(&l, 60 * SIM_SEC);
    assert_true(lab_metric(&l, "api", "shed_total") < 20);
    lab_free(&l);
}

static void processor_load_is_held(void **state)
{
    (void)state;
    struct lab l = small("workers=1000 cores=2 shed_cpu=0.8", 10 * SIM_MS, 0);
    users(&l, "u", "get", 500, ""); /* 2.5 times what it can do */
    lab_start(&l, 1);
    lab_run(&l, 20 * SIM_SEC);
    double answered = lab_metric(&l, "u", "answered_total");
    double seconds = lab_metric(&l, "u", "seconds_total");
    lab_run(&l, 80 * SIM_SEC);
    double per_s = (lab_metric(&l, "u", "answered_total") - answered) / 60;
    assert_true(per_s > 150 && per_s < 170); /* 0.8 x 200 */
    double ms = (lab_metric(&l, "u", "seconds_total") - seconds) / per_s / 60 * 1e3;
    assert_true(ms <
                40); /* M/D/1-PS with two cores, load 0.8, which goes up and down */
    lab_set(&l, "u", "rate", "100");
    lab_run(&l, 85 * SIM_SEC);
    double shed = lab_metric(&l, "api", "shed_total");
    lab_run(&l, 120 * SIM_SEC);
    assert_true(lab_metric(&l, "api", "shed_total") - shed < 40); /* 3,500 came */
    lab_free(&l);
}

static void the_least_important_go_first(void **state)
{
    (void)state;
    struct lab l =
        small("workers=1000 cores=2 shed_cpu=0.8 shed_by_priority=on", 10 * SIM_MS, 0);
    users(&l, "p0", "get", 60, "priority=0");
    users(&l, "p1", "get", 60, "priority=1");
    users(&l, "p2", "get", 60, "priority=2");
    users(&l, "p3", "get", 60, "priority=3"); /* 240 for 160: 80 too many */
    lab_start(&l, 1);
    lab_run(&l, 120 * SIM_SEC);
    assert_true(ok_share(&l, "p0") < 0.15);
    assert_true(ok_share(&l, "p1") > 0.5 && ok_share(&l, "p1") < 0.85);
    assert_true(ok_share(&l, "p2") > 0.95 && ok_share(&l, "p3") > 0.98);
    lab_free(&l);
}

static void a_quarter_of_the_queue_each(void **state)
{
    static const char *const who[] = {"p0", "p1", "p2", "p3"};
    (void)state;
    for (int p = 0; p < 4; p++) {
        struct lab l = small("workers=1 queue=40 shed_by_priority=on", 0, SIM_HOUR);
        char more[40];
        snprintf(more, sizeof more, "arrivals=even priority=%d", p);
        users(&l, who[p], "slow", 100, more);
        lab_start(&l, 1);
        lab_run(&l, 5 * SIM_SEC);
        assert_true(lab_metric(&l, "api", "queued") == 10 * (p + 1));
        lab_free(&l);
    }
}

/* ---- bulkheads ------------------------------------------------------------------- */

/* "slow" hangs for 20 s a request; how much of "get" still works? */
static double get_share(const char *limit, const char *reserved)
{
    struct lab l = small("workers=20 cores=4 queue=50", 5 * SIM_MS, 20 * SIM_SEC);
    users(&l, "quick", "get", 100, "gives_up=1s");
    users(&l, "stuck", "slow", 10, "");
    lab_start(&l, 1);
    lab_set(&l, "api/slow", "workers", limit);
    lab_set(&l, "api/get", "reserved", reserved);
    lab_run(&l, 100 * SIM_SEC);
    double share = ok_share(&l, "quick");
    double busy = lab_metric(&l, "api", "busy");
    assert_true(busy <= 20);
    if (limit[0] != '0') /* the slow ones fill the queue, get has workers */
        assert_true(lab_metric(&l, "api/slow", "in_flight") <=
                    strtod(limit, NULL) + 50);
    lab_free(&l);
    return share;
}

static void a_bulkhead_keeps_the_rest_afloat(void **state)
{
    (void)state;
    assert_true(get_share("0", "0") < 0.3);
    assert_true(get_share("10", "0") > 0.9); /* but the queue is shared: see below */
    assert_true(get_share("0", "5") > 0.9);
    assert_true(get_share("12", "12") > 0.9); /* more than there are */
}

/* Switched on and off while they are held; all come back. */
static void limits_may_change_at_any_time(void **state)
{
    (void)state;
    struct lab l = small("workers=10 queue=100", 5 * SIM_MS, 300 * SIM_MS);
    users(&l, "quick", "get", 100, "gives_up=1s");
    users(&l, "stuck", "slow", 60, "gives_up=1s");
    lab_start(&l, 1);
    for (int k = 0; k < 60; k++) {
        lab_run(&l, (k + 1) * SIM_SEC);
        lab_set(&l, "api/slow", "workers", k % 3 == 0 ? "0" : k % 3 == 1 ? "4" : "9");
        lab_set(&l, "api/get", "reserved", k % 2 == 0 ? "3" : "0");
        lab_set(&l, "api", "order",
                k % 4 == 0   ? "priority"
                : k % 4 == 2 ? "lifo"
                             : "fifo");
        if (k % 20 == 10)
            lab_op(&l, "api", "restart", NULL);
    }
    lab_set(&l, "api/slow", "workers", "4");
    lab_set(&l, "api/get", "reserved", "1");
    lab_run(&l, 70 * SIM_SEC);
    double slow = lab_metric(&l, "api/slow", "in_flight");
    assert_true(slow > 0);
    lab_set(&l, "quick", "rate", "0");
    lab_set(&l, "stuck", "rate", "0");
    lab_run(&l, 80 * SIM_SEC);
    assert_true(lab_metric(&l, "api", "in_flight") == 0);
    lab_free(&l);
}

static void nonsense_is_refused(void **state)
{
    struct errmsg why = {0};
    (void)state;
    struct lab l = small("", 0, 0);
    lab_part(&l, "client", "u", "to=api/get rate=1");
    comp_id u = model_find(l.m, "u"), api = model_find(l.m, "api");
    assert_int_equal(model_set(l.m, u, "priority", value_count(4), &why), ERR_INPUT);
    assert_non_null(strstr(why.text, "3"));
    assert_int_equal(model_set(l.m, api, "shed_cpu", value_number(1.1), &why),
                     ERR_INPUT);
    assert_int_equal(
        model_set(l.m, model_find(l.m, "api/get"), "workers", value_count(-1), &why),
        ERR_INPUT);
    lab_free(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(priority_goes_first),
        cmocka_unit_test(the_earliest_deadline_first),
        cmocka_unit_test(a_full_queue_drops_who_is_too_late),
        cmocka_unit_test(the_order_can_change_while_they_wait),
        cmocka_unit_test(a_standing_queue_is_cut_short),
        cmocka_unit_test(a_burst_is_let_through),
        cmocka_unit_test(processor_load_is_held),
        cmocka_unit_test(the_least_important_go_first),
        cmocka_unit_test(a_quarter_of_the_queue_each),
        cmocka_unit_test(a_bulkhead_keeps_the_rest_afloat),
        cmocka_unit_test(limits_may_change_at_any_time),
        cmocka_unit_test(nonsense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
