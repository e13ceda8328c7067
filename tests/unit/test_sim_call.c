/*
 * Call policies, to the millisecond: one user, constant times, no network unless said.
 */
#include "sim_test.h"

/* A user every second calls "api", which works `ms` and is slow or failing as told. */
static struct model *one(sim_time work, comp_id *call, comp_id *api, comp_id *users)
{
    struct model *m = model_new();
    *api = must_add(m, "service", "api");
    must_set(m, *api, "workers", value_count(1000));
    must_set(m, *api, "cores", value_number(1000));
    struct node body = {.kind = NODE_COMPUTE, .time = dist_const(work)};
    must(model_endpoint(m, *api, "get", NULL, &body, &why), &why);
    *users = must_add(m, "client", "users");
    must_set(m, *users, "to", value_text("api/get"));
    must_set(m, *users, "rate", value_number(1));
    must_set(m, *users, "arrivals", value_text("even"));
    *call = must_add(m, "call", "users.api");
    must_set(m, *call, "network", value_duration(0));
    return m;
}

struct seen {
    struct request_done user[64], server[64];
    struct slice slices[64][8];
    size_t users, servers;
};

static void on_done(void *ctx, const struct request_done *r)
{
    struct seen *s = ctx;
    size_t i = r->user ? s->users++ : s->servers++;
    assert_true(i < 64);
    if (r->user) {
        assert_true(r->nslices <= 8);
        memcpy(s->slices[i], r->slices, r->nslices * sizeof *r->slices);
    }
    (r->user ? s->user : s->server)[i] = *r;
}

static sim_time slice_of(const struct seen *s, size_t i, enum cause cause)
{
    sim_time sum = 0;
    for (size_t k = 0; k < s->user[i].nslices; k++)
        sum += s->slices[i][k].cause == (uint8_t)cause ? s->slices[i][k].ns : 0;
    return sum;
}

static struct seen watch(struct model *m, sim_time until)
{
    struct seen s = {0};
    struct observer o = {.ctx = &s, .done = on_done};
    struct world *w = must_world(m, 1);
    must_watch(w, until, &o);
    world_free(w);
    return s;
}

static void network_is_spent_both_ways(void **state)
{
    comp_id call, api, users;
    (void)state;
    struct model *m = one(10 * SIM_MS, &call, &api, &users);
    must_set(m, call, "network", value_duration(7 * SIM_MS));
    struct seen s = watch(m, 1500 * SIM_MS);
    assert_int_equal(s.users, 1);
    assert_int_equal(s.user[0].end - s.user[0].start, 24 * SIM_MS);
    assert_int_equal(slice_of(&s, 0, CAUSE_NETWORK), 14 * SIM_MS);
    assert_int_equal(slice_of(&s, 0, CAUSE_CPU), 10 * SIM_MS);
}

static void a_retry_is_sent_at_the_timeout_plus_backoff(void **state)
{
    comp_id call, api, users;
    (void)state;
    struct model *m = one(300 * SIM_MS, &call, &api, &users);
    must_set(m, call, "timeout", value_duration(100 * SIM_MS));
    must_set(m, call, "retries", value_count(2));
    must_set(m, call, "backoff", value_text("exponential"));
    must_set(m, call, "base", value_duration(20 * SIM_MS));
    struct seen s = watch(m, 1990 * SIM_MS);
    assert_int_equal(s.users, 1);
    assert_int_equal(s.user[0].reason, REASON_TIMEOUT);
    assert_int_equal(s.user[0].end - s.user[0].start,
                     360 * SIM_MS); /* 100 20 100 40 100 */
    assert_int_equal(slice_of(&s, 0, CAUSE_BACKOFF), 60 * SIM_MS);
    assert_int_equal(slice_of(&s, 0, CAUSE_CPU), 300 * SIM_MS);
    assert_int_equal(s.servers, 3); /* abandoned work goes on to its end */
    const sim_time sent[] = {0, 120 * SIM_MS, 260 * SIM_MS};
    for (size_t i = 0; i < 3; i++) {
        assert_true(s.server[i].abandoned);
        assert_int_equal(s.server[i].end - s.server[i].start, 300 * SIM_MS);
        assert_int_equal(s.server[i].start - s.user[0].start, sent[i]);
    }
}

static void cancelled_work_stops_at_the_timeout(void **state)
{
    comp_id call, api, users;
    (void)state;
    struct model *m = one(300 * SIM_MS, &call, &api, &users);
    must_set(m, call, "timeout", value_duration(100 * SIM_MS));
    must_set(m, call, "cancel", value_bool(true));
    struct seen s = watch(m, 1990 * SIM_MS);
    assert_int_equal(s.servers, 1);
    assert_int_equal(s.server[0].end - s.server[0].start, 100 * SIM_MS);
    assert_int_equal(s.server[0].reason, REASON_GAVE_UP);
}

static void an_answer_that_is_on_its_way_can_be_too_late(void **state)
{
    comp_id call, api, users;
    (void)state;
    struct model *m = one(10 * SIM_MS, &call, &api, &users);
    must_set(m, call, "network", value_duration(30 * SIM_MS));
    must_set(m, call, "timeout", value_duration(50 * SIM_MS));
    struct seen s = watch(m, 1500 * SIM_MS);
    assert_int_equal(s.servers, 1);
    assert_int_equal(s.server[0].reason, REASON_NONE);
    assert_int_equal(s.user[0].reason, REASON_TIMEOUT);
    assert_int_equal(s.user[0].end - s.user[0].start, 50 * SIM_MS);
    assert_int_equal(slice_of(&s, 0, CAUSE_NETWORK), 40 * SIM_MS);
}

static void users_give_up_and_reload(void **state)
{
    comp_id call, api, users;
    (void)state;
    struct model *m = one(5 * SIM_SEC, &call, &api, &users);
    must_set(m, users, "rate", value_number(0.1));
    must_set(m, users, "gives_up", value_duration(2 * SIM_SEC));
    must_set(m, users, "reloads", value_number(1));
    must_set(m, users, "reload_delay", value_duration(500 * SIM_MS));
    struct slo slo = {"1 s", SIM_SEC, 0, 0.99, SIM_HOUR, false};
    must(model_slo(m, &slo, NULL, 0, &why), &why);
    struct world *w = must_world(m, 1);
    must_run(w, 10 * SIM_SEC + 999 * SIM_MS);
    assert_true(metric(w, "users", "bad_total") == 0); /* its fate is still open */
    must_run(w, 11 * SIM_SEC + SIM_MS);
    assert_true(metric(w, "users", "bad_total") == 1); /* `within` has passed */
    assert_true(metric(w, "users", "gave_up_total") == 0);
    must_run(w, 12 * SIM_SEC + SIM_MS);
    assert_true(metric(w, "users", "gave_up_total") == 1);
    assert_true(metric(w, "users", "bad_total") == 1); /* not twice */
    must_run(w, 13 * SIM_SEC);
    assert_true(metric(w, "users", "attempts_total") == 2);
    assert_true(metric(w, "users", "visits_total") == 1);
    assert_true(metric(w, "api", "in_flight") == 2); /* the first goes on */
    must_run(w, 15 * SIM_SEC + SIM_MS);
    assert_true(metric(w, "api", "abandoned_total") == 1);
    world_free(w);
}

static struct world *failing(double retry_budget, double breaker)
{
    comp_id call, api, users;
    struct model *m = one(SIM_MS, &call, &api, &users);
    must_set(m, users, "rate", value_number(100));
    must_set(m, call, "retries", value_count(3));
    must_set(m, call, "retry_budget", value_number(retry_budget));
    must_set(m, call, "breaker", value_number(breaker));
    must_set(m, call, "breaker_window", value_duration(2 * SIM_SEC));
    must_set(m, call, "breaker_open", value_duration(4 * SIM_SEC));
    struct action a = {.kind = ACTION_FAULT,
                       .comp = api,
                       .name = "error_rate",
                       .args = {value_number(1)},
                       .nargs = 1,
                       .duration = 20 * SIM_SEC};
    must(model_at(m, 10 * SIM_SEC, &a, NULL, &why), &why);
    struct world *w = must_world(m, 3);
    must_run(w, 30 * SIM_SEC);
    return w;
}

static void retries_multiply_the_load_and_a_budget_stops_that(void **state)
{
    (void)state;
    struct world *w = failing(0, 0);
    double n = metric(w, "users.api", "attempts_total") -
               metric(w, "users.api", "requests_total");
    assert_true(n > 5900 && n < 6100); /* 3 for each of 2,000 */
    world_free(w);
    w = failing(0.1, 0);
    n = metric(w, "users.api", "retries_total");
    assert_true(n > 200 && n < 215); /* 10 % of 2,000, and the burst of 10 */
    assert_true(metric(w, "users.api", "retries_denied_total") > 1700);
    world_free(w);
}

static void a_breaker_opens_tries_and_closes(void **state)
{
    (void)state;
    struct world *w = failing(0, 0.5);
    double failed = metric(w, "users.api", "failures_BREAKER_OPEN");
    double reached = metric(w, "api", "errors_total");
    assert_true(failed > 1500); /* most of 2,000 were refused at once */
    assert_true(reached < 400);
    assert_true(metric(w, "users.api", "breaker_open") == 1);
    must_run(w, 40 * SIM_SEC); /* the fault is over: closed after one good call */
    assert_true(metric(w, "users.api", "breaker_open") == 0);
    double ok = metric(w, "users.api", "ok_total");
    must_run(w, 50 * SIM_SEC);
    assert_true(metric(w, "users.api", "ok_total") - ok > 990);
    world_free(w);
}

static void a_bulkhead_holds(void **state)
{
    comp_id call, api, users;
    (void)state;
    struct model *m = one(10 * SIM_SEC, &call, &api, &users);
    must_set(m, call, "max_in_flight", value_count(3));
    struct world *w = must_world(m, 1);
    must_run(w, 8 * SIM_SEC + 1);
    assert_true(metric(w, "users.api", "in_flight") == 3);
    assert_true(metric(w, "users.api", "failures_SHED") == 5);
    assert_true(metric(w, "api", "in_flight") == 3);
    world_free(w);
}

static void jitter_stays_within_its_bounds(void **state)
{
    static const char *const kinds[] = {"full", "equal", "decorrelated"};
    static const sim_time low[] = {0, 50 * SIM_MS, 100 * SIM_MS};
    static const sim_time high[] = {100 * SIM_MS, 100 * SIM_MS, 300 * SIM_MS};
    (void)state;
    for (int k = 0; k < 3; k++) {
        comp_id call, api, users;
        struct model *m = one(SIM_SEC, &call, &api, &users);
        must_set(m, call, "timeout", value_duration(10 * SIM_MS));
        must_set(m, call, "retries", value_count(1));
        must_set(m, call, "backoff", value_text("fixed"));
        must_set(m, call, "base", value_duration(100 * SIM_MS));
        must_set(m, call, "jitter", value_text(kinds[k]));
        struct seen s = watch(m, 30 * SIM_SEC);
        sim_time least = SIM_FOREVER, most = 0;
        for (size_t i = 0; i < s.users; i++) {
            sim_time d = slice_of(&s, i, CAUSE_BACKOFF);
            least = d < least ? d : least;
            most = d > most ? d : most;
        }
        assert_true(least >= low[k] && most <= high[k]);
        assert_true(most - least > (high[k] - low[k]) / 2); /* it does spread */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(network_is_spent_both_ways),
        cmocka_unit_test(a_retry_is_sent_at_the_timeout_plus_backoff),
        cmocka_unit_test(cancelled_work_stops_at_the_timeout),
        cmocka_unit_test(an_answer_that_is_on_its_way_can_be_too_late),
        cmocka_unit_test(users_give_up_and_reload),
        cmocka_unit_test(retries_multiply_the_load_and_a_budget_stops_that),
        cmocka_unit_test(a_breaker_opens_tries_and_closes),
        cmocka_unit_test(a_bulkhead_holds),
        cmocka_unit_test(jitter_stays_within_its_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
