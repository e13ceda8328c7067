/*
 * Second copies: when they are sent, which answer counts, what becomes of the losers,
 * and that every nanosecond of the caller's time has one explanation.
 */
#include "../lib/lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* ---- what is seen ---------------------------------------------------------------- */

struct seen {
    struct request_done user[64], server[256];
    struct slice slices[64][8];
    size_t users, servers;
};

static sim_time sum_of(const struct request_done *r)
{
    sim_time sum = 0;
    for (size_t i = 0; i < r->nslices; i++)
        sum += r->slices[i].ns;
    return sum;
}

static void on_done(void *ctx, const struct request_done *r)
{
    struct seen *s = ctx;
    assert_int_equal(sum_of(r), r->end - r->start);
    if (r->user && s->users < 64) {
        assert_true(r->nslices <= 8);
        memcpy(s->slices[s->users], r->slices, r->nslices * sizeof *r->slices);
        s->user[s->users++] = *r;
    } else if (!r->user && s->servers < 256) {
        s->server[s->servers++] = *r;
    }
}

static sim_time slice_of(const struct seen *s, size_t i, enum cause cause)
{
    sim_time sum = 0;
    for (size_t k = 0; k < s->user[i].nslices; k++)
        sum += s->slices[i][k].cause == (uint8_t)cause ? s->slices[i][k].ns : 0;
    return sum;
}

static void watch(struct lab *l, sim_time until, struct seen *s)
{
    struct errmsg why = {0};
    struct observer o = {.ctx = s, .done = on_done};
    if (world_run(l->w, until, UINT64_MAX, &o, &why) != ERR_OK)
        fail_msg("%s", why.text);
}

static sim_time took(const struct request_done *r)
{
    return r->end - r->start;
}

/* A user a second; two instances in turn, the first of which is ten times as slow. */
static struct lab pair(const char *call)
{
    struct lab l = lab_new();
    const struct node work = {.kind = NODE_COMPUTE, .time = dist_const(100 * SIM_MS)};
    lab_part(&l, "service", "app", "instances=2 workers=100 cores=100");
    lab_endpoint(&l, "app", "get", &work);
    lab_part(&l, "client", "users", "to=app/get rate=1 arrivals=even");
    lab_part(&l, "call", "users.app", call);
    lab_start(&l, 1);
    struct errmsg why = {0};
    struct action slow = {.kind = ACTION_FAULT,
                          .comp = model_find(l.m, "app"),
                          .instance = 1,
                          .name = "slow",
                          .args = {value_number(10)},
                          .nargs = 1};
    if (world_apply(l.w, &slow, "test", NULL, NULL, &why) != ERR_OK)
        fail_msg("%s", why.text);
    return l;
}

static double of_call(const struct lab *l, const char *metric)
{
    return lab_metric(l, "users.app", metric);
}

/* attempts = ok + errors + lost + in flight */
static void assert_books(const struct lab *l)
{
    assert_true(of_call(l, "attempts_total") ==
                of_call(l, "ok_total") + of_call(l, "errors_total") +
                    of_call(l, "copies_lost_total") + of_call(l, "in_flight"));
}

/* ---- one hedge ------------------------------------------------------------------- */

static void the_first_answer_wins(void **state)
{
    (void)state;
    struct seen s = {0};
    struct lab l = pair("network=0 hedge_after=150ms");
    watch(&l, 2900 * SIM_MS, &s);
    assert_int_equal(s.users, 2);
    /* 150 ms on the slow one, and 100 on the other */
    assert_int_equal(took(&s.user[0]), 250 * SIM_MS);
    assert_int_equal(slice_of(&s, 0, CAUSE_CPU) + slice_of(&s, 0, CAUSE_CPU_WAIT),
                     250 * SIM_MS);
    assert_int_equal(took(&s.user[1]), 100 * SIM_MS);
    assert_int_equal(s.servers, 3);
    assert_int_equal(s.server[0].instance, 2);
    assert_int_equal(took(&s.server[0]), 100 * SIM_MS);
    assert_int_equal(s.server[1].instance, 1); /* nobody stopped it */
    assert_int_equal(took(&s.server[1]) / SIM_MS, 1000);
    assert_true(s.server[1].abandoned);
    assert_true(of_call(&l, "hedges_total") == 1);
    assert_true(of_call(&l, "hedges_won_total") == 1);
    assert_true(of_call(&l, "copies_lost_total") == 1);
    assert_true(of_call(&l, "attempts_total") == 3);
    assert_true(of_call(&l, "errors_total") == 0);
    assert_books(&l);
    lab_free(&l);
}

static void the_loser_is_cancelled(void **state)
{
    (void)state;
    struct seen s = {0};
    struct lab l = pair("network=0 hedge_after=150ms cancel=on");
    watch(&l, 1900 * SIM_MS, &s);
    assert_int_equal(s.users, 1);
    assert_int_equal(s.servers, 2);
    assert_int_equal(s.server[1].instance, 1);
    assert_int_equal(s.server[1].reason, REASON_CANCELLED);
    assert_int_equal(took(&s.server[1]), 250 * SIM_MS);
    assert_true(lab_metric(&l, "app", "in_flight") == 0);
    lab_free(&l);
}

static void an_answer_before_that_sends_nothing(void **state)
{
    (void)state;
    struct seen s = {0};
    struct lab l = pair("network=0 hedge_after=1001ms");
    watch(&l, 10 * SIM_SEC, &s);
    assert_true(of_call(&l, "hedges_total") == 0);
    assert_true(of_call(&l, "attempts_total") ==
                (double)s.users + of_call(&l, "in_flight"));
    lab_free(&l);
}

/* The copy goes where the first is not, even when all would choose that. */
static void copies_go_to_different_instances(void **state)
{
    static const char *const how[] = {"random", "round_robin", "least_in_flight",
                                      "two_choices"};
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct seen s = {0};
        char call[80];
        snprintf(call, sizeof call, "network=0 hedge_after=50ms balance=%s", how[i]);
        struct lab l = pair(call);
        watch(&l, 30500 * SIM_MS, &s);
        assert_true(of_call(&l, "hedges_total") > 20);
        double one = lab_metric_of(&l, "app", "requests_total", 1);
        double two = lab_metric_of(&l, "app", "requests_total", 2);
        assert_true(one == two || one + 1 == two || one == two + 1);
        lab_free(&l);
    }
}

static void the_same_through_a_balancer(void **state)
{
    (void)state;
    struct lab l = lab_new();
    const struct node work = {.kind = NODE_COMPUTE, .time = dist_const(100 * SIM_MS)};
    lab_part(&l, "service", "app", "instances=3 workers=100 cores=100");
    lab_endpoint(&l, "app", "get", &work);
    lab_part(&l, "balancer", "edge", "to=app policy=random");
    lab_part(&l, "client", "users", "to=edge/get rate=1 arrivals=even");
    lab_part(&l, "call", "users.edge", "network=1ms hedge_after=10ms hedges=2");
    lab_start(&l, 1);
    lab_run(&l, 100500 * SIM_MS);
    for (int k = 1; k <= 3; k++) /* each request is at all three */
        assert_true(lab_metric_of(&l, "app", "requests_total", k) == 100);
    assert_true(lab_metric(&l, "users.edge", "hedges_total") == 200);
    lab_free(&l);
}

/* ---- ends ------------------------------------------------------------------------ */

static void a_failed_copy_leaves_it_to_the_other(void **state)
{
    (void)state;
    struct seen s = {0};
    struct lab l = pair("network=0 hedge_after=50ms balance=round_robin");
    struct errmsg why = {0};
    struct action bad = {.kind = ACTION_FAULT,
                         .comp = model_find(l.m, "app"),
                         .instance = 2,
                         .name = "error_rate",
                         .args = {value_number(1)},
                         .nargs = 1};
    assert_int_equal(world_apply(l.w, &bad, "test", NULL, NULL, &why), ERR_OK);
    watch(&l, 2900 * SIM_MS, &s);
    assert_int_equal(s.user[0].reason, REASON_ERROR); /* instance 2 alone, at once */
    assert_int_equal(s.user[1].reason, REASON_NONE);
    assert_true(of_call(&l, "errors_total") == 2);
    assert_int_equal(took(&s.user[1]) / SIM_MS, 1000);
    assert_true(of_call(&l, "ok_total") == 1);
    assert_books(&l);
    lab_free(&l);
}

static void a_timeout_ends_all_copies(void **state)
{
    (void)state;
    struct seen s = {0};
    struct lab l = pair("network=0 hedge_after=30ms timeout=80ms cancel=on");
    watch(&l, 1900 * SIM_MS, &s);
    assert_int_equal(s.user[0].reason, REASON_TIMEOUT);
    assert_int_equal(took(&s.user[0]), 80 * SIM_MS);
    assert_true(of_call(&l, "timeouts_total") == 1);
    assert_true(of_call(&l, "attempts_total") == 2);
    assert_true(of_call(&l, "copies_lost_total") == 1);
    assert_true(lab_metric(&l, "app", "in_flight") == 0);
    assert_books(&l);
    lab_free(&l);
}

static void a_user_who_gives_up_ends_all_copies(void **state)
{
    (void)state;
    struct seen s = {0};
    struct lab l = lab_new();
    const struct node work = {.kind = NODE_SLEEP, .time = dist_const(SIM_SEC)};
    lab_part(&l, "service", "app", "instances=3");
    lab_endpoint(&l, "app", "get", &work);
    lab_part(&l, "client", "users", "to=app/get rate=1 arrivals=even gives_up=500ms");
    lab_part(&l, "call", "users.app", "hedge_after=100ms hedges=5");
    lab_start(&l, 1);
    watch(&l, 1900 * SIM_MS, &s);
    assert_int_equal(s.user[0].reason, REASON_GAVE_UP);
    assert_int_equal(took(&s.user[0]), 500 * SIM_MS);
    assert_true(of_call(&l, "hedges_total") == 4);
    assert_true(of_call(&l, "failures_GAVE_UP") == 1);
    assert_true(of_call(&l, "in_flight") == 0);
    assert_true(lab_metric(&l, "app", "in_flight") == 5); /* the copies go on */
    assert_books(&l);
    lab_run(&l, 1990 * SIM_MS);
    lab_free(&l);
}

/* The retry after a hedged attempt starts anew, copies and all. */
static void a_retry_is_hedged_anew(void **state)
{
    (void)state;
    struct seen s = {0};
    struct lab l = pair("network=0 hedge_after=30ms timeout=80ms retries=1 "
                        "backoff=fixed base=20ms");
    watch(&l, 1900 * SIM_MS, &s);
    assert_int_equal(took(&s.user[0]), 180 * SIM_MS);
    assert_int_equal(slice_of(&s, 0, CAUSE_BACKOFF), 20 * SIM_MS);
    assert_true(of_call(&l, "hedges_total") == 2);
    assert_true(of_call(&l, "attempts_total") == 4);
    assert_books(&l);
    lab_free(&l);
}

/* ---- limits ---------------------------------------------------------------------- */

static void no_more_copies_than_allowed(void **state)
{
    (void)state;
    struct lab l = pair("network=0 hedge_after=20ms hedges=3");
    lab_run(&l, 1090 * SIM_MS);
    assert_true(of_call(&l, "hedges_total") == 3);
    lab_free(&l);
    l = pair("network=0 hedge_after=20ms max_in_flight=1");
    lab_run(&l, 1500 * SIM_MS);
    assert_true(of_call(&l, "hedges_total") == 0);
    assert_true(of_call(&l, "hedges_denied_total") == 1);
    assert_true(of_call(&l, "failures_SHED") == 0);
    lab_free(&l);
    l = pair("network=0 hedge_after=20ms retry_budget=0.1"); /* burst of 10 */
    lab_run(&l, 100500 * SIM_MS);
    assert_true(of_call(&l, "hedges_total") >= 19);
    assert_true(of_call(&l, "hedges_total") <= 20);
    assert_true(of_call(&l, "hedges_denied_total") >= 80);
    lab_free(&l);
}

static void switched_while_it_runs(void **state)
{
    (void)state;
    struct lab l = pair("network=0");
    lab_run(&l, 1010 * SIM_MS); /* the first is on its way, without */
    lab_set(&l, "users.app", "hedge_after", "20ms");
    lab_run(&l, 1990 * SIM_MS);
    assert_true(of_call(&l, "hedges_total") == 0);
    lab_run(&l, 2010 * SIM_MS);
    lab_set(&l, "users.app", "hedge_after", "0s"); /* an armed one still comes */
    lab_run(&l, 9990 * SIM_MS);
    assert_true(of_call(&l, "hedges_total") == 1);
    assert_true(of_call(&l, "requests_total") == 9);
    assert_books(&l);
    lab_free(&l);
}

static void bad_values_are_refused(void **state)
{
    static const char *const bad[][2] = {
        {"hedge_after", "2h"}, {"hedges", "0"}, {"hedges", "11"}, {"tied", "maybe"}};
    (void)state;
    const struct kind_desc *k = sim_kind_named("call");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct errmsg why = {0};
        struct value v;
        const struct param_desc *p = k->params;
        while (strcmp(p->name, bad[i][0]) != 0)
            p++;
        assert_int_not_equal(value_parse(NULL, p, bad[i][1], &v, &why), ERR_OK);
        assert_true(why.text[0] != '\0');
    }
}

/* ---- tied ------------------------------------------------------------------------ */

/* One worker per instance, kept busy, so that copies wait in both queues. */
static struct lab queues_of(struct dist time, const char *call, double rate)
{
    struct lab l = lab_new();
    char client[80];
    const struct node work = {.kind = NODE_COMPUTE, .time = time};
    lab_part(&l, "service", "app", "instances=10 workers=1 cores=1");
    lab_endpoint(&l, "app", "get", &work);
    snprintf(client, sizeof client, "to=app/get rate=%g", rate);
    lab_part(&l, "client", "users", client);
    lab_part(&l, "call", "users.app", call);
    lab_start(&l, 1);
    return l;
}

static struct lab queues(const char *call, double rate)
{
    return queues_of(dist_exponential(10 * SIM_MS), call, rate);
}

static void tied_copies_are_served_once(void **state)
{
    (void)state;
    struct lab l = queues("network=0 balance=random hedge_after=1us tied=on", 800);
    lab_run(&l, 60 * SIM_SEC);
    lab_set(&l, "users", "rate", "0");
    lab_run(&l, 120 * SIM_SEC);
    double requests = of_call(&l, "requests_total");
    assert_true(of_call(&l, "tied_stopped_total") == of_call(&l, "hedges_total"));
    assert_true(of_call(&l, "copies_lost_total") == of_call(&l, "hedges_total"));
    assert_true(of_call(&l, "ok_total") == requests);
    assert_true(
        lab_metric(&l, "app", "abandoned_total") ==
        of_call(&l, "tied_stopped_total") -
            (of_call(&l, "attempts_total") - lab_metric(&l, "app", "requests_total")));
    assert_true(lab_metric(&l, "app", "in_flight") == 0);
    assert_books(&l);
    lab_free(&l);
}

/* With word that takes time, some are served twice; and it is better than none. */
static void word_that_takes_time_comes_late_for_some(void **state)
{
    (void)state;
    double seconds[2];
    for (int tied = 0; tied < 2; tied++) {
        struct lab l = queues(tied ? "network=500us balance=random hedge_after=1ms "
                                     "tied=on"
                                   : "network=500us balance=random",
                              700);
        lab_run(&l, 100 * SIM_SEC);
        seconds[tied] = lab_metric(&l, "users", "seconds_total") /
                        lab_metric(&l, "users", "answered_total");
        if (tied)
            assert_true(of_call(&l, "tied_stopped_total") <
                        of_call(&l, "copies_lost_total"));
        assert_books(&l);
        lab_free(&l);
    }
    assert_true(seconds[1] < 0.7 * seconds[0]);
}

/* Work takes 10 ms and word half of one: whoever is lost and not stopped was being
 * served when word came, and was left alone. */
static void one_that_is_being_served_is_not_stopped(void **state)
{
    (void)state;
    struct lab l =
        queues_of(dist_const(10 * SIM_MS),
                  "network=500us balance=random hedge_after=1ms tied=on", 700);
    lab_run(&l, 20 * SIM_SEC);
    lab_set(&l, "users", "rate", "0");
    lab_run(&l, 40 * SIM_SEC);
    double twice = of_call(&l, "copies_lost_total") - of_call(&l, "tied_stopped_total");
    print_message("    %g of %g were served twice\n", twice,
                  of_call(&l, "hedges_total"));
    assert_true(twice > 0);
    assert_books(&l);
    lab_free(&l);
}

/* ---- theory ---------------------------------------------------------------------- */

/* Exponential with mean 1, hedged after d: the rest is the least of two, so
 * E[T] = 1 - exp(-d) / 2, and exp(-d) of them are hedged. */
static void the_least_of_two(void **state)
{
    (void)state;
    struct lab l = lab_new();
    const struct node wait = {.kind = NODE_SLEEP, .time = dist_exponential(SIM_SEC)};
    double mean[LAB_BATCHES], m, half;
    lab_part(&l, "service", "app", "instances=2 workers=100000");
    lab_endpoint(&l, "app", "get", &wait);
    lab_part(&l, "client", "users", "to=app/get rate=100");
    lab_part(&l, "call", "users.app", "network=0 hedge_after=500ms cancel=on");
    lab_start(&l, 7);
    lab_run(&l, 20 * SIM_SEC);
    for (int i = 0; i < LAB_BATCHES; i++) {
        double s = lab_metric(&l, "users", "seconds_total"),
               n = lab_metric(&l, "users", "answered_total");
        lab_run(&l, (20 + (i + 1) * 50) * SIM_SEC);
        mean[i] = (lab_metric(&l, "users", "seconds_total") - s) /
                  (lab_metric(&l, "users", "answered_total") - n);
    }
    lab_interval(mean, &m, &half);
    double theory = 1 - 0.60653066 / 2;
    print_message("    theory %.5g, measured %.5g +- %.2g\n", theory, m, half);
    assert_true(half < 0.03 && m - half <= theory && theory <= m + half);
    double share = of_call(&l, "hedges_total") / of_call(&l, "requests_total");
    assert_true(share > 0.59 && share < 0.62);
    assert_books(&l);
    lab_free(&l);
}

/* ---- copies of worlds ------------------------------------------------------------ */

static void forks_end_alike(void **state)
{
    (void)state;
    struct errmsg why = {0};
    struct lab l = queues("network=500us hedge_after=3ms hedges=3 tied=on "
                          "timeout=100ms retries=2",
                          500);
    struct world *forks[10];
    for (int i = 0; i < 10; i++) {
        lab_run(&l, (i + 1) * 777 * SIM_MS);
        forks[i] = world_fork(l.w);
    }
    lab_run(&l, 20 * SIM_SEC);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(world_run(forks[i], 20 * SIM_SEC, UINT64_MAX, NULL, &why),
                         ERR_OK);
        assert_true(world_digest(forks[i]) == world_digest(l.w));
        world_free(forks[i]);
    }
    assert_books(&l);
    lab_free(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_answer_wins),
        cmocka_unit_test(the_loser_is_cancelled),
        cmocka_unit_test(an_answer_before_that_sends_nothing),
        cmocka_unit_test(copies_go_to_different_instances),
        cmocka_unit_test(the_same_through_a_balancer),
        cmocka_unit_test(a_failed_copy_leaves_it_to_the_other),
        cmocka_unit_test(a_timeout_ends_all_copies),
        cmocka_unit_test(a_user_who_gives_up_ends_all_copies),
        cmocka_unit_test(a_retry_is_hedged_anew),
        cmocka_unit_test(no_more_copies_than_allowed),
        cmocka_unit_test(switched_while_it_runs),
        cmocka_unit_test(bad_values_are_refused),
        cmocka_unit_test(tied_copies_are_served_once),
        cmocka_unit_test(word_that_takes_time_comes_late_for_some),
        cmocka_unit_test(one_that_is_being_served_is_not_stopped),
        cmocka_unit_test(the_least_of_two),
        cmocka_unit_test(forks_end_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
