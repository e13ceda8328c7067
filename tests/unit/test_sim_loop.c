/*
 * Users that are somebody: closed loops, sessions, populations, and gaps of any shape.
 */
#include "../lib/lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct seen {
    sim_time total;
    uint64_t users;
};

static void on_done(void *ctx, const struct request_done *r)
{
    struct seen *s = ctx;
    if (r->user) {
        s->total += r->end - r->start;
        s->users++;
    }
}

static void watch(struct lab *l, sim_time until, struct seen *s)
{
    struct errmsg why = {0};
    struct observer o = {.ctx = s, .done = on_done};
    if (world_run(l->w, until, UINT64_MAX, &o, &why) != ERR_OK)
        fail_msg("%s", why.text);
}

static struct lab server(const char *service, struct dist work, const char *client)
{
    struct lab l = lab_new();
    const struct node compute = {.kind = NODE_SLEEP, .time = work};
    lab_part(&l, "service", "app", service);
    lab_endpoint(&l, "app", "get", &compute);
    lab_part(&l, "client", "users", client);
    lab_part(&l, "call", "users.app", "network=0");
    lab_start(&l, 1);
    return l;
}

static double users(const struct lab *l, const char *metric)
{
    return lab_metric(l, "users", metric);
}

/* ---- closed loops ---------------------------------------------------------------- */

static void each_once_at_the_start(void **state)
{
    (void)state;
    struct lab l =
        server("workers=100000", dist_const(SIM_SEC), "to=app/get users=70 visits=1");
    lab_run(&l, 0);
    assert_true(users(&l, "visits_total") == 70 && users(&l, "in_flight") == 70);
    lab_run(&l, SIM_SEC - 1);
    assert_true(users(&l, "users") == 70);
    lab_run(&l, SIM_SEC);
    assert_true(users(&l, "users") == 0 && users(&l, "answered_total") == 70);
    lab_run(&l, SIM_HOUR);
    assert_true(users(&l, "visits_total") == 70);
    assert_true(users(&l, "think_seconds_total") == 0);
    lab_free(&l);
}

static void they_think_ask_wait(void **state)
{
    (void)state;
    struct lab l = server("workers=100000", dist_const(300 * SIM_MS),
                          "to=app/get users=3 think=700ms");
    lab_run(&l, 699 * SIM_MS);
    assert_true(users(&l, "visits_total") == 0 && users(&l, "thinking") == 3);
    lab_run(&l, 700 * SIM_MS);
    assert_true(users(&l, "visits_total") == 3 && users(&l, "thinking") == 0);
    lab_run(&l, 100 * SIM_SEC - 1);
    assert_true(users(&l, "answered_total") == 3 * 99);
    assert_true(users(&l, "think_seconds_total") == 3 * 70.0);
    lab_free(&l);
}

/* N users, one server, both exponential: 1 - p0 of the time it works. */
static void machine_repairman(void **state)
{
    (void)state;
    const int n = 20;
    const double service = 0.05, think = 1.2;
    double sum = 1, term = 1, batch[LAB_BATCHES], mean, half;
    for (int k = 1; k <= n; k++)
        sum += term *= (n - k + 1) * service / think;
    double theory = (1 - 1 / sum) / service;
    struct lab l = server("workers=1", dist_exponential(50 * SIM_MS),
                          "to=app/get users=20 think=exponential(1200ms)");
    lab_run(&l, 50 * SIM_SEC);
    for (int i = 0; i < LAB_BATCHES; i++) {
        double was = users(&l, "answered_total");
        lab_run(&l, (50 + (i + 1) * 200) * SIM_SEC);
        batch[i] = (users(&l, "answered_total") - was) / 200;
    }
    lab_interval(batch, &mean, &half);
    print_message("    theory %.5g, measured %.5g +- %.2g\n", theory, mean, half);
    assert_true(half < 0.03 * theory);
    assert_true(mean - half <= theory && theory <= mean + half);
    lab_free(&l);
}

/* N T is what users have thought and what they have waited, to the nanosecond; with
 * it the response time law N = X (R + Z). */
static void interactive_law(void **state)
{
    (void)state;
    struct seen s = {0};
    struct inflight_view v[64];
    struct lab l = server("workers=2", dist_exponential(50 * SIM_MS),
                          "to=app/get users=50 think=exponential(1s) gives_up=900ms "
                          "reloads=0.5 reload_delay=200ms");
    for (int i = 1; i <= 20; i++) {
        sim_time now = i * 17 * SIM_SEC;
        watch(&l, now, &s);
        size_t n = world_inflight(l.w, model_find(l.m, "users"), v, 64);
        sim_time waited = s.total;
        for (size_t k = 0; k < n; k++)
            waited += now - v[k].started;
        double thought = users(&l, "think_seconds_total") * 1e9;
        double all = (double)waited + thought;
        assert_true(all > 50.0 * (double)now - 10 && all < 50.0 * (double)now + 10);
        assert_true(users(&l, "users") == 50);
        assert_true(users(&l, "thinking") + (double)n == 50);
    }
    assert_true(users(&l, "gave_up_total") > 0);
    lab_free(&l);
}

/* Slower answers, fewer questions. */
static void the_load_falls_when_it_is_slow(void **state)
{
    (void)state;
    struct lab l = server("workers=1000", dist_const(500 * SIM_MS),
                          "to=app/get users=100 think=500ms");
    lab_run(&l, 10 * SIM_SEC - 1);
    assert_true(users(&l, "visits_total") == 1000);
    lab_set(&l, "app", "workers", "25");
    lab_run(&l, 60 * SIM_SEC);
    double was = users(&l, "visits_total");
    lab_run(&l, 70 * SIM_SEC);
    double now = users(&l, "visits_total") - was;
    assert_true(now > 490 && now < 510); /* 25 workers, 500 ms each */
    assert_true(lab_metric(&l, "app", "queued") <= 75);
    lab_free(&l);
}

static void users_come_and_go(void **state)
{
    (void)state;
    struct lab l = server("workers=1000", dist_const(100 * SIM_MS),
                          "to=app/get users=10 think=uniform(1s,500ms)");
    lab_run(&l, 10 * SIM_SEC);
    lab_set(&l, "users", "users", "25");
    assert_true(users(&l, "users") == 25);
    lab_set(&l, "users", "users", "5");
    lab_run(&l, 20 * SIM_SEC);
    assert_true(users(&l, "users") == 5);
    lab_set(&l, "users", "users", "8");
    lab_run(&l, 30 * SIM_SEC);
    assert_true(users(&l, "users") == 8);
    lab_fault(&l, "users", "spike", "1000", 10 * SIM_SEC);
    lab_run(&l, 31 * SIM_SEC);
    assert_true(users(&l, "users") == 8000);
    lab_run(&l, 60 * SIM_SEC);
    assert_true(users(&l, "users") == 8);
    lab_set(&l, "users", "users", "0");
    lab_run(&l, 70 * SIM_SEC);
    assert_true(users(&l, "users") == 0 && users(&l, "in_flight") == 0);
    assert_true(users(&l, "thinking") == 0);
    double was = users(&l, "visits_total");
    lab_set(&l, "users", "users", "2");
    lab_run(&l, 80 * SIM_SEC);
    assert_true(users(&l, "visits_total") > was);
    lab_free(&l);
}

/* With no time to think and refused at once, time passes all the same. */
static void refused_at_once_is_no_endless_moment(void **state)
{
    (void)state;
    struct lab l =
        server("workers=1 queue=-1", dist_const(SIM_SEC), "to=app/get users=5");
    lab_run(&l, 10 * SIM_SEC);
    assert_true(users(&l, "failed_total") > 1000);
    assert_true(users(&l, "failed_total") <= 5 * 10000);
    lab_free(&l);
}

/* ---- sessions -------------------------------------------------------------------- */

static void a_session_has_so_many_visits(void **state)
{
    (void)state;
    struct lab l = server("workers=1000", dist_const(100 * SIM_MS),
                          "to=app/get rate=2 visits=4 think=500ms");
    lab_run(&l, 100 * SIM_SEC);
    lab_set(&l, "users", "rate", "0");
    lab_run(&l, 110 * SIM_SEC);
    assert_true(users(&l, "users") == 0);
    double visits = users(&l, "visits_total");
    assert_true(visits > 600 && visits < 1000);
    assert_true(visits == 4 * (double)(int)(visits / 4));
    assert_true(users(&l, "think_seconds_total") > 0.374 * visits &&
                users(&l, "think_seconds_total") < 0.376 * visits); /* 3 of 4 */
    lab_free(&l);
}

static void a_failure_ends_a_session(void **state)
{
    (void)state;
    struct lab l = server("workers=1000", dist_const(100 * SIM_MS),
                          "to=app/get rate=5 visits=4 think=500ms");
    lab_fault(&l, "app", "error_rate", "1", 0);
    lab_run(&l, 100 * SIM_SEC);
    assert_true(users(&l, "visits_total") > 300);
    assert_true(users(&l, "users") == 0 && users(&l, "thinking") == 0);
    lab_free(&l);
}

/* ---- identity -------------------------------------------------------------------- */

static void gaps_have_their_shape_at_any_rate(void **state)
{
    static const struct {
        const char *gaps;
        double scv; /* of the number of visits in a long while: variance by mean */
    } cases[] = {{"const(3s)", 0},
                 {"exponential(5s)", 1},
                 {"uniform(2s,2s)", 0.3333},
                 {"lognormal(1s,3s)", 9}};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        char client[120];
        double sum = 0, squares = 0;
        snprintf(client, sizeof client, "to=app/get rate=50 arrivals=gaps gaps=%s",
                 cases[i].gaps);
        struct lab l = server("workers=1000", dist_const(SIM_MS), client);
        for (int k = 0; k < 400; k++) {
            double was = users(&l, "visits_total");
            lab_run(&l, (k + 1) * 10 * SIM_SEC);
            double n = users(&l, "visits_total") - was;
            sum += n;
            squares += n * n;
        }
        double mean = sum / 400, var = squares / 400 - mean * mean;
        print_message("    %s: mean %.4g, variance by mean %.3g\n", cases[i].gaps, mean,
                      var / mean);
        assert_true(mean > 490 && mean < 510);
        assert_true(var / mean > 0.7 * cases[i].scv - 0.01);
        assert_true(var / mean < 1.4 * cases[i].scv + 0.01);
        lab_free(&l);
    }
}

/* ---- refusals, copies ------------------------------------------------------------ */

static void nonsense_is_refused(void **state)
{
    static const char *const bad[] = {"to=app/get", "to=app/get rate=5 users=5",
                                      "to=app/get rate=5 gaps=0"};
    static const char *const says[] = {"rate", "not both", "gaps"};
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct errmsg why = {0};
        struct lab l = lab_new();
        const struct node sleep = {.kind = NODE_SLEEP, .time = dist_const(1)};
        lab_part(&l, "service", "app", "");
        lab_endpoint(&l, "app", "get", &sleep);
        lab_part(&l, "client", "users", bad[i]);
        assert_int_not_equal(model_finish(l.m, &why), ERR_OK);
        if (!strstr(why.text, says[i]))
            fail_msg("%s", why.text);
        lab_free(&l);
    }
    struct errmsg why = {0};
    struct lab l = server("workers=1", dist_const(1), "to=app/get rate=5");
    struct action a = {.kind = ACTION_SET,
                       .comp = model_find(l.m, "users"),
                       .name = "users",
                       .args = {value_count(5)},
                       .nargs = 1};
    assert_int_equal(world_apply(l.w, &a, "test", NULL, NULL, &why), ERR_REFUSED);
    lab_free(&l);
    l = server("workers=1", dist_const(1), "to=app/get users=5");
    a.name = "rate";
    a.args[0] = value_number(3);
    assert_int_equal(world_apply(l.w, &a, "test", NULL, NULL, &why), ERR_REFUSED);
    lab_free(&l);
}

static void forks_end_alike(void **state)
{
    struct errmsg why = {0};
    (void)state;
    struct lab l = server("workers=3 queue=10", dist_exponential(50 * SIM_MS),
                          "to=app/get users=60 think=exponential(300ms) visits=40 "
                          "gives_up=400ms reloads=0.5");
    struct world *forks[5];
    for (int i = 0; i < 5; i++) {
        lab_run(&l, (i + 1) * 3 * SIM_SEC);
        forks[i] = world_fork(l.w);
    }
    lab_run(&l, 60 * SIM_SEC);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(world_run(forks[i], 60 * SIM_SEC, UINT64_MAX, NULL, &why),
                         ERR_OK);
        assert_true(world_digest(forks[i]) == world_digest(l.w));
        world_free(forks[i]);
    }
    lab_run(&l, 10 * SIM_MIN);
    assert_true(users(&l, "users") == 0);
    assert_true(users(&l, "visits_total") == 60 * 40);
    lab_free(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_once_at_the_start),
        cmocka_unit_test(they_think_ask_wait),
        cmocka_unit_test(machine_repairman),
        cmocka_unit_test(interactive_law),
        cmocka_unit_test(the_load_falls_when_it_is_slow),
        cmocka_unit_test(users_come_and_go),
        cmocka_unit_test(refused_at_once_is_no_endless_moment),
        cmocka_unit_test(a_session_has_so_many_visits),
        cmocka_unit_test(a_failure_ends_a_session),
        cmocka_unit_test(gaps_have_their_shape_at_any_rate),
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(forks_end_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
