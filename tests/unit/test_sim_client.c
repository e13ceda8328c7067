/*
 * Users over time: curves, spikes, changes of rate, and what they count as good. And
 * the schedule: faults that end, decoys, changes that are told.
 */
#include "sim_test.h"

#include <stdlib.h>

static struct model *site(double rate)
{
    struct model *m = model_new();
    comp_id api = must_add(m, "service", "api");
    struct node work = {.kind = NODE_COMPUTE, .time = dist_const(SIM_MS)};
    must(model_endpoint(m, api, "get", NULL, &work, &why), &why);
    comp_id users = must_add(m, "client", "users");
    must_set(m, users, "to", value_text("api/get"));
    must_set(m, users, "rate", value_number(rate));
    return m;
}

static double visits_in(struct world *w, sim_time until)
{
    double before = metric(w, "users", "visits_total");
    must_run(w, until);
    return metric(w, "users", "visits_total") - before;
}

static void near(double x, double want)
{
    double slack = 5 * (double)tc_sqrt(want) + 2; /* five standard deviations */
    if (!(x > want - slack && x < want + slack))
        fail_msg("%g is not near %g", x, want);
}

static void a_curve_shapes_arrivals(void **state)
{
    (void)state;
    struct model *m = site(100);
    const struct curve_point p[] = {{0, 1}, {100 * SIM_SEC, 3}, {150 * SIM_SEC, 0}};
    must(model_curve(m, model_find(m, "users"), p, 3, 200 * SIM_SEC, &why), &why);
    struct world *w = must_world(m, 1);
    for (int lap = 0; lap < 3; lap++) {
        sim_time t = lap * 200 * SIM_SEC;
        near(visits_in(w, t + 100 * SIM_SEC), 20000);
        near(visits_in(w, t + 150 * SIM_SEC), 7500);
        near(visits_in(w, t + 200 * SIM_SEC), 2500);
    }
    world_free(w);
    m = site(100); /* without a period the last one holds */
    must(model_curve(m, model_find(m, "users"), p, 2, 0, &why), &why);
    w = must_world(m, 1);
    must_run(w, 500 * SIM_SEC);
    near(visits_in(w, 600 * SIM_SEC), 30000);
    world_free(w);
    m = site(100);
    const struct curve_point bad[] = {{5, 1}, {5, 2}};
    assert_int_equal(model_curve(m, model_find(m, "users"), bad, 2, 0, &why),
                     ERR_INPUT);
    model_unref(m);
}

static void rates_and_spikes_change_while_it_runs(void **state)
{
    (void)state;
    struct model *m = site(100);
    comp_id users = model_find(m, "users");
    struct action spike = {.kind = ACTION_FAULT,
                           .comp = users,
                           .name = "spike",
                           .args = {value_number(5)},
                           .nargs = 1,
                           .duration = 20 * SIM_SEC};
    must(model_at(m, 10 * SIM_SEC, &spike, NULL, &why), &why);
    struct world *w = must_world(m, 1);
    near(visits_in(w, 10 * SIM_SEC), 1000);
    near(visits_in(w, 30 * SIM_SEC), 10000);
    near(visits_in(w, 40 * SIM_SEC), 1000);
    struct action rate = {.kind = ACTION_SET,
                          .comp = users,
                          .name = "rate",
                          .args = {value_number(0)},
                          .nargs = 1};
    must(world_apply(w, &rate, "me", NULL, NULL, &why), &why);
    assert_true(visits_in(w, 50 * SIM_SEC) == 0);
    rate.args[0] = value_number(10);
    must(world_apply(w, &rate, "me", NULL, NULL, &why), &why);
    near(visits_in(w, 150 * SIM_SEC), 1000);
    world_free(w);
}

/* Adding something that has nothing to do with them leaves people as they were. */
static void the_same_people_come_whatever_else_there_is(void **state)
{
    (void)state;
    struct model *a = site(100), *b = site(100);
    comp_id other = must_add(b, "service", "other");
    struct node work = {.kind = NODE_COMPUTE, .time = dist_exponential(SIM_MS)};
    must(model_endpoint(b, other, "get", NULL, &work, &why), &why);
    comp_id more = must_add(b, "client", "more");
    must_set(b, more, "to", value_text("other/get"));
    must_set(b, more, "rate", value_number(50));
    struct world *v = must_world(a, 5), *w = must_world(b, 5);
    for (int s = 1; s < 50; s++) {
        must_run(v, s * SIM_SEC);
        must_run(w, s * SIM_SEC);
        assert_true(metric(v, "users", "visits_total") ==
                    metric(w, "users", "visits_total"));
    }
    assert_true(world_digest_of(v, named(v, "users")) != 0);
    world_free(v);
    world_free(w);
}

static int changes;
static struct change last;
static char title[160];

static void on_change(void *ctx, const struct change *c)
{
    (void)ctx;
    changes++;
    last = *c;
    snprintf(title, sizeof title, "%s by %s", c->title, c->who);
}

static void the_schedule_tells_what_it_should(void **state)
{
    (void)state;
    struct model *m = site(100);
    comp_id api = model_find(m, "api");
    struct action hidden = {.kind = ACTION_FAULT,
                            .comp = api,
                            .name = "error_rate",
                            .args = {value_number(1)},
                            .nargs = 1,
                            .duration = 5 * SIM_SEC};
    struct action set = {.kind = ACTION_SET,
                         .comp = api,
                         .name = "drain",
                         .args = {value_text("9s")},
                         .nargs = 1};
    must(model_at(m, 10 * SIM_SEC, &hidden, NULL, &why), &why);
    must(model_at(m, 20 * SIM_SEC, &set, "config bot", &why), &why);
    must(model_decoy(m, 40 * SIM_SEC, api, "Lene", "mail sent", true, &why), &why);
    must(model_decoy(m, 30 * SIM_SEC, api, "deploy bot", "deploy catalog v88", false,
                     &why),
         &why);
    struct observer o = {.change = on_change};
    struct world *w = must_world(m, 1);
    changes = 0;
    must_watch(w, 19 * SIM_SEC, &o);
    assert_int_equal(changes, 0);
    near(metric(w, "users", "failed_total"), 500); /* and it ended by itself */
    must_watch(w, 25 * SIM_SEC, &o);
    assert_string_equal(title, "api.drain 10 s -> 9 s by config bot");
    assert_true(last.undoable && last.id == 1 && last.at == 20 * SIM_SEC);
    must(world_apply(w, &last.undo, "me", &o, NULL, &why), &why);
    assert_string_equal(title, "api.drain 9 s -> 10 s by me");
    must_watch(w, 35 * SIM_SEC, &o);
    assert_string_equal(title, "deploy catalog v88 by deploy bot");
    assert_true(last.undoable && last.id == 3);
    must(world_apply(w, &last.undo, "me", &o, NULL, &why), &why);
    assert_int_equal(changes, 4);
    assert_int_equal(last.comp, api);
    must_watch(w, 45 * SIM_SEC, &o);
    assert_string_equal(title, "mail sent by Lene");
    assert_false(last.undoable);
    world_free(w);
}

/* Each visit ends in one of two ways, however often it was tried: in an open loop, in
 * sessions, and for users who stay. */
static void a_visit_is_answered_or_lost(void **state)
{
    static const char *const way[] = {"open", "sessions", "closed"};
    (void)state;
    for (int k = 0; k < 3; k++) {
        struct model *m = site(k == 2 ? 0 : 200);
        comp_id users = model_find(m, "users");
        if (k == 1)
            must_set(m, users, "visits", value_count(5));
        if (k == 2)
            must_set(m, users, "users", value_count(200));
        must_set(m, users, "think", value_dist(dist_exponential(SIM_SEC)));
        must_set(m, users, "reloads", value_number(0.7));
        must_set(m, users, "gives_up", value_dist(dist_exponential(10 * SIM_MS)));
        struct world *w = must_world(m, 1);
        must_run(w, 60 * SIM_SEC);
        double tried = metric(w, "users", "attempts_total");
        double visits = metric(w, "users", "visits_total");
        double answered = metric(w, "users", "answered_total");
        double lost = metric(w, "users", "visits_lost_total");
        double under_way = visits - answered - lost;
        if (!(lost > 100 && tried > visits && under_way >= 0 &&
              under_way < 0.02 * visits))
            fail_msg("%s: %g visits in %g attempts: %g answered, %g lost", way[k],
                     visits, tried, answered, lost);
        world_free(w);
    }
}

static uint64_t traced_requests;

static void on_span(void *ctx, const struct span *s)
{
    (void)ctx;
    traced_requests += s->parent == 0 && s->cause == CAUSE_COUNT;
}

static void traces_are_sampled(void **state)
{
    struct observer o = {.span = on_span};
    (void)state;
    struct world *w = must_world(site(1000), 1); /* one in 41 by default */
    traced_requests = 0;
    must_watch(w, 20 * SIM_SEC, &o);
    near((double)traced_requests, 20000 / 41.0);
    world_free(w);
    struct model *m = site(10);
    must_set(m, model_find(m, "users"), "trace_every", value_count(1));
    w = must_world(m, 1);
    traced_requests = 0;
    must_watch(w, 20 * SIM_SEC, &o);
    assert_true(traced_requests == (uint64_t)metric(w, "users", "answered_total"));
    world_free(w);
}

/* Whether a request is traced hangs on its number at its client alone, not on who else
 * there is. */
enum { TRACED_MOST = 1000 };
struct traced {
    comp_id client;
    size_t n;
    sim_time start[TRACED_MOST];
};

static void on_traced(void *ctx, const struct request_done *r)
{
    struct traced *t = ctx;
    if (r->user && r->traced && r->client == t->client && r->start < 50 * SIM_SEC)
        t->start[t->n++] = r->start;
    assert_true(t->n < TRACED_MOST);
}

static int by_time(const void *a, const void *b)
{
    const sim_time *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void traced_beside(double other, struct traced *t)
{
    struct model *m = site(50);
    comp_id more = must_add(m, "client", "more");
    must_set(m, more, "to", value_text("api/get"));
    must_set(m, more, "rate", value_number(other));
    must_set(m, model_find(m, "users"), "trace_every", value_count(5));
    struct world *w = must_world(m, 1);
    *t = (struct traced){.client = model_find(m, "users")};
    struct observer o = {.ctx = t, .done = on_traced};
    must_watch(w, 60 * SIM_SEC, &o);
    qsort(t->start, t->n, sizeof t->start[0], by_time);
    world_free(w);
}

static void a_trace_follows_its_request(void **state)
{
    static struct traced alone, crowded;
    sim_time longest = 0;
    (void)state;
    traced_beside(0, &alone);
    traced_beside(90, &crowded);
    near((double)alone.n, 50 * 50 / 5.0);
    assert_int_equal(alone.n, crowded.n);
    assert_memory_equal(alone.start, crowded.start, alone.n * sizeof alone.start[0]);
    for (size_t i = 1; i < alone.n; i++)
        if (alone.start[i] - alone.start[i - 1] > longest)
            longest = alone.start[i] - alone.start[i - 1];
    assert_true(longest > SIM_SEC / 3); /* by chance, and not every fifth */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_curve_shapes_arrivals),
        cmocka_unit_test(rates_and_spikes_change_while_it_runs),
        cmocka_unit_test(the_same_people_come_whatever_else_there_is),
        cmocka_unit_test(the_schedule_tells_what_it_should),
        cmocka_unit_test(a_visit_is_answered_or_lost),
        cmocka_unit_test(traces_are_sampled),
        cmocka_unit_test(a_trace_follows_its_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
