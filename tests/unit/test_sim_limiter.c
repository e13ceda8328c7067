/* Limiters: what passes in any window, who is limited, and what waits. */
#include "../../src/sim/front/limiter.h"
#include "../lib/lab.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void api(struct lab *l, const char *limiter)
{
    const struct node work = {.kind = NODE_SLEEP, .time = dist_const(10 * SIM_MS)};
    lab_part(l, "service", "app", "workers=10000");
    lab_endpoint(l, "app", "get", &work);
    lab_endpoint(l, "app", "put", &work);
    lab_part(l, "limiter", "door", limiter);
}

static void users(struct lab *l, const char *name, const char *params)
{
    char policy[64];
    snprintf(policy, sizeof policy, "%s.door", name);
    lab_part(l, "client", name, params);
    lab_part(l, "call", policy, "network=0");
}

static struct lab one(const char *limiter, const char *client)
{
    struct lab l = lab_new();
    api(&l, limiter);
    users(&l, "users", client);
    lab_start(&l, 3);
    return l;
}

static double door(const struct lab *l, const char *metric)
{
    return lab_metric(l, "door", metric);
}

/* ---- the rate -------------------------------------------------------------------- */

/* Admitted in any window t <= burst + rate * t; and so many in the busiest one. */
static void any_window(double rate, int64_t burst, int t, double most)
{
    char limiter[80];
    enum { MS = 25000 };
    static double admitted[MS + 1];
    snprintf(limiter, sizeof limiter, "to=app rate=%g burst=%lld", rate,
             (long long)burst);
    struct lab l = one(limiter, "to=door/get rate=1000 arrivals=even");
    double busiest = 0;
    for (int i = 1; i <= MS; i++) {
        lab_run(&l, i * SIM_MS);
        admitted[i] = door(&l, "admitted_total");
    }
    for (int i = t * 1000 + 1; i <= MS; i++) { /* both ends belong to it */
        double n = admitted[i] - admitted[i - t * 1000 - 1];
        busiest = n > busiest ? n : busiest;
    }
    assert_true(busiest == most);
    double n = door(&l, "requests_total");
    assert_true(n == MS);
    assert_true(door(&l, "admitted_total") + door(&l, "limited_total") == n);
    double soon = (double)burst + rate * 0.059; /* at 1 ms it was full yet */
    assert_true(admitted[60] <= soon && (admitted[60] > soon - 1 || soon > 60));
    double steady = admitted[20000] - admitted[10000];
    assert_true(steady == 10 * rate);
    lab_free(&l);
}

/* Published figures: bucket_admission.csv. */
static void admits_what_is_published(void **state)
{
    (void)state;
    any_window(10, 5, 0, 1 < 5 ? 1 : 5); /* an arrival in an instant: 1 */
    any_window(10, 5, 1, 15);
    any_window(10, 5, 10, 105);
    any_window(100, 100, 1, 200);
    any_window(100, 100, 10, 1100);
}

/* In no time at all: a whole burst, when it has had time to fill. */
static void a_burst_at_once(void **state)
{
    (void)state;
    struct lab l = lab_new();
    api(&l, "to=app rate=10 burst=5");
    for (int i = 0; i < 8; i++) {
        char name[16];
        snprintf(name, sizeof name, "u%d", i);
        users(&l, name, "to=door/get rate=1 arrivals=even");
    }
    lab_start(&l, 1);
    lab_run(&l, SIM_SEC);
    assert_true(door(&l, "admitted_total") == 5 && door(&l, "limited_total") == 3);
    lab_run(&l, 2 * SIM_SEC);
    assert_true(door(&l, "admitted_total") == 10);
    lab_set(&l, "door", "rate", "1");
    lab_run(&l, 3 * SIM_SEC);
    assert_true(door(&l, "admitted_total") == 11);
    lab_free(&l);
}

static void nothing_drifts_in_an_hour(void **state)
{
    (void)state;
    struct lab l = one("to=app rate=7.3 burst=2", "to=door/get rate=500 arrivals=even");
    lab_run(&l, 2 * SIM_MS);
    assert_true(door(&l, "admitted_total") == 1); /* from now on it is never full */
    lab_run(&l, 3600 * SIM_SEC + 2 * SIM_MS);
    assert_true(door(&l, "admitted_total") == 2 + 26280);
    lab_free(&l);
}

static void none_and_all(void **state)
{
    (void)state;
    struct lab l = one("to=app rate=0 burst=3", "to=door/get rate=100 arrivals=even");
    lab_run(&l, 10 * SIM_SEC);
    assert_true(door(&l, "admitted_total") == 3);
    lab_set(&l, "door", "rate", "1000000");
    lab_run(&l, 20 * SIM_SEC);
    assert_true(door(&l, "admitted_total") == 1003);
    lab_free(&l);
}

/* ---- who ------------------------------------------------------------------------- */

static struct lab two(const char *limiter)
{
    struct lab l = lab_new();
    api(&l, limiter);
    users(&l, "loud", "to=door/get rate=100 arrivals=even");
    users(&l, "quiet", "to=door/put rate=4 arrivals=even");
    lab_start(&l, 1);
    return l;
}

static void each_client_has_its_own(void **state)
{
    (void)state;
    struct lab l = two("to=app rate=5 burst=1 per=all");
    lab_run(&l, 100 * SIM_SEC);
    assert_true(lab_metric(&l, "quiet", "failed_total") > 100);
    lab_free(&l);
    l = two("to=app rate=5 burst=1 per=client");
    lab_run(&l, 100 * SIM_SEC);
    assert_true(lab_metric(&l, "quiet", "failed_total") == 0);
    assert_true(lab_metric(&l, "loud", "answered_total") > 490);
    assert_true(door(&l, "buckets") == 2);
    lab_free(&l);
    l = two("to=app rate=5 burst=1 per=endpoint");
    lab_run(&l, 100 * SIM_SEC);
    assert_true(lab_metric(&l, "quiet", "failed_total") == 0);
    lab_free(&l);
}

static enum err limit(struct lab *l, double per_s, const char *who, struct errmsg *why)
{
    struct action a = {.kind = ACTION_OP,
                       .comp = model_find(l->m, "door"),
                       .name = "limit",
                       .args = {value_number(per_s), value_text(who)},
                       .nargs = 2};
    return world_apply(l->w, &a, "test", NULL, NULL, why);
}

static void an_operator_limits_one(void **state)
{
    (void)state;
    struct errmsg why = {0};
    struct lab l = two("to=app rate=1000 burst=1000");
    lab_run(&l, 10 * SIM_SEC);
    assert_true(door(&l, "limited_total") == 0);
    assert_int_equal(limit(&l, 0, "loud", &why), ERR_OK);
    lab_run(&l, 20 * SIM_SEC);
    assert_true(door(&l, "limited_total") == 1000);
    assert_true(lab_metric(&l, "quiet", "failed_total") == 0);
    assert_int_equal(limit(&l, 20, "loud", &why), ERR_OK);
    lab_run(&l, 30 * SIM_SEC);
    double n = door(&l, "limited_total");
    assert_true(n >= 1000 + 780 && n <= 1000 + 800);
    assert_int_equal(limit(&l, -1, "loud", &why), ERR_OK);
    lab_run(&l, 40 * SIM_SEC);
    assert_true(door(&l, "limited_total") == n);
    assert_int_equal(limit(&l, 0, "put", &why), ERR_OK);
    lab_run(&l, 50 * SIM_SEC);
    assert_true(door(&l, "limited_total") == n + 40);
    assert_int_equal(limit(&l, 0, "nobody", &why), ERR_NOT_FOUND);
    assert_int_equal(limit(&l, -2, "loud", &why), ERR_INPUT);
    assert_int_equal(limit(&l, 5, "", &why), ERR_INPUT);
    lab_free(&l);
}

/* A user who asks more than the others is refused, and nobody else. */
static void each_user_has_its_own(void **state)
{
    (void)state;
    struct errmsg why = {0};
    struct lab l =
        one("to=app rate=1 burst=1 per=user", "to=door/get rate=200 population=50");
    lab_run(&l, 100 * SIM_SEC);
    double n = door(&l, "admitted_total"); /* each asks four times a second */
    assert_true(n > 0.95 * 50 * 80 && n <= 50 * 101);
    assert_true(door(&l, "buckets") <= 50);
    assert_int_equal(limit(&l, 0, "7", &why), ERR_OK);
    assert_int_equal(limit(&l, 1000, "8", &why), ERR_OK);
    lab_run(&l, 200 * SIM_SEC);
    double more = door(&l, "admitted_total") - n;
    assert_true(more > n + 150 && more < n + 350); /* one a second less, three more */
    lab_free(&l);
}

static void the_reserve_is_for_the_highest_class(void **state)
{
    (void)state;
    struct lab l = lab_new();
    api(&l, "to=app rate=20 burst=20 reserve=0.5");
    users(&l, "many", "to=door/get rate=100 priority=2");
    users(&l, "few", "to=door/get rate=5 priority=3");
    lab_start(&l, 1);
    lab_run(&l, 100 * SIM_SEC);
    assert_true(lab_metric(&l, "few", "failed_total") == 0);
    assert_true(lab_metric(&l, "many", "failed_total") > 8000);
    lab_set(&l, "door", "reserve", "0");
    lab_run(&l, 200 * SIM_SEC);
    assert_true(lab_metric(&l, "few", "failed_total") > 300);
    lab_free(&l);
}

/* Of those that wait the highest class goes first. */
static void the_highest_class_waits_least(void **state)
{
    (void)state;
    struct lab l = lab_new();
    api(&l, "to=app rate=20 burst=1 over=wait max_wait=2s");
    users(&l, "many", "to=door/get rate=30 priority=0");
    users(&l, "few", "to=door/get rate=5 priority=3");
    lab_start(&l, 1);
    lab_run(&l, 100 * SIM_SEC);
    double few = lab_metric(&l, "few", "seconds_total") /
                 lab_metric(&l, "few", "answered_total"),
           many = lab_metric(&l, "many", "seconds_total") /
                  lab_metric(&l, "many", "answered_total");
    assert_true(few < 0.2 && many > 1.5);
    lab_free(&l);
}

/* ---- waiting --------------------------------------------------------------------- */

static void who_waits_gets_in_turn(void **state)
{
    (void)state;
    struct lab l = one("to=app rate=5 burst=1 over=wait max_wait=1s",
                       "to=door/get rate=10 arrivals=even");
    lab_run(&l, 100 * SIM_SEC + 50 * SIM_MS);
    double in = door(&l, "admitted_total"), out = door(&l, "limited_total");
    assert_true(in >= 499 && in <= 501);
    assert_true(in + out + door(&l, "waiting") == 1000);
    assert_true(door(&l, "waiting") >= 4 && door(&l, "waiting") <= 5);
    assert_true(door(&l, "wait_seconds_total") > 0.8 * (in - 20));
    assert_true(door(&l, "wait_seconds_total") <= 1.0 * in);
    lab_set(&l, "users", "rate", "0");
    lab_run(&l, 110 * SIM_SEC);
    assert_true(door(&l, "waiting") == 0);
    assert_true(door(&l, "admitted_total") + door(&l, "limited_total") == 1000);
    lab_free(&l);
}

static void who_leaves_the_queue_takes_nothing(void **state)
{
    (void)state;
    struct lab l = lab_new();
    api(&l, "to=app rate=1 burst=1 over=wait max_wait=1h");
    lab_part(&l, "client", "users", "to=door/get rate=10 arrivals=even gives_up=300ms");
    lab_part(&l, "call", "users.door", "network=0 cancel=on");
    lab_start(&l, 1);
    lab_run(&l, 100 * SIM_SEC + 50 * SIM_MS);
    assert_true(door(&l, "waiting") <= 3);
    assert_true(door(&l, "admitted_total") >= 99);
    lab_set(&l, "door", "rate", "0"); /* for ever is too long */
    assert_true(door(&l, "waiting") == 0);
    lab_run(&l, 101 * SIM_SEC);
    assert_true(door(&l, "waiting") == 0);
    lab_free(&l);
}

static void a_higher_rate_lets_them_in_at_once(void **state)
{
    (void)state;
    struct lab l = one("to=app rate=0.01 burst=5 over=wait max_wait=1h",
                       "to=door/get rate=10 arrivals=even");
    lab_run(&l, 2 * SIM_SEC + SIM_MS);
    assert_true(door(&l, "waiting") == 15);
    lab_set(&l, "door", "rate", "1000");
    lab_run(&l, 2 * SIM_SEC + 20 * SIM_MS);
    assert_true(door(&l, "waiting") == 0 && door(&l, "admitted_total") == 20);
    lab_free(&l);
}

/* ---- inside, behind, and broken -------------------------------------------------- */

static void so_many_inside_at_once(void **state)
{
    (void)state;
    struct lab l = one("to=app rate=100000 burst=100000 max_in_flight=3",
                       "to=door/get rate=1000 arrivals=even");
    lab_run(&l, 10 * SIM_SEC);
    assert_true(door(&l, "in_flight") == 3);
    assert_true(door(&l, "admitted_total") <= 10 * 300 + 3);
    assert_true(door(&l, "too_many_total") > 6900);
    lab_set(&l, "users", "rate", "0");
    lab_run(&l, 11 * SIM_SEC);
    assert_true(door(&l, "in_flight") == 0);
    lab_free(&l);
}

static void stands_before_anything(void **state)
{
    (void)state;
    struct lab l = lab_new();
    const struct node pay = {.kind = NODE_CALL, .target = "quota"};
    api(&l, "to=edge rate=50 burst=10");
    lab_part(&l, "balancer", "edge", "to=app");
    lab_part(&l, "external", "bank", "latency=5ms");
    lab_part(&l, "limiter", "quota", "to=bank rate=10 burst=10");
    lab_part(&l, "limiter", "outer", "to=door rate=20 burst=10");
    lab_part(&l, "service", "shop", "workers=100");
    lab_endpoint(&l, "shop", "buy", &pay);
    lab_part(&l, "client", "a", "to=outer/get rate=100 arrivals=even");
    lab_part(&l, "client", "b", "to=shop/buy rate=100 arrivals=even");
    lab_start(&l, 1);
    lab_run(&l, 100 * SIM_SEC);
    assert_true(lab_metric(&l, "outer", "admitted_total") >= 2009);
    assert_true(door(&l, "limited_total") == 0);
    assert_true(lab_metric(&l, "app/get", "requests_total") >= 2005);
    assert_true(lab_metric(&l, "bank", "requests_total") >= 1005);
    assert_true(lab_metric(&l, "b", "answered_total") >= 1005);
    assert_true(lab_metric(&l, "shop.quota", "failures_RATE_LIMITED") > 8900);
    lab_free(&l);
}

static void open_or_closed_when_it_fails(void **state)
{
    (void)state;
    struct lab l = one("to=app rate=1 burst=1", "to=door/get rate=100 arrivals=even");
    lab_fault(&l, "door", "fails_open", NULL, 10 * SIM_SEC);
    lab_run(&l, 10 * SIM_SEC);
    assert_true(door(&l, "admitted_total") == 1000 ||
                door(&l, "admitted_total") == 999);
    double n = door(&l, "admitted_total");
    lab_fault(&l, "door", "fails_closed", NULL, 10 * SIM_SEC);
    lab_run(&l, 20 * SIM_SEC);
    assert_true(door(&l, "admitted_total") - n <= 1);
    lab_run(&l, 30 * SIM_SEC);
    assert_true(door(&l, "admitted_total") > n + 9);
    lab_free(&l);
}

static void refuses_what_cannot_be(void **state)
{
    (void)state;
    struct errmsg why = {0};
    struct lab l = lab_new();
    lab_part(&l, "database", "db", "");
    lab_part(&l, "limiter", "door", "to=db");
    assert_int_equal(model_finish(l.m, &why), ERR_INPUT);
    assert_non_null(strstr(why.text, "database"));
    lab_free(&l);
    l = lab_new();
    lab_part(&l, "limiter", "a", "to=b");
    lab_part(&l, "limiter", "b", "to=a");
    assert_int_equal(model_finish(l.m, &why), ERR_INPUT);
    lab_free(&l);
    l = lab_new();
    comp_id c = lab_part(&l, "limiter", "door", "");
    assert_int_equal(model_set(l.m, c, "rate", value_number(-1), &why), ERR_INPUT);
    assert_non_null(strstr(why.text, "1/s"));
    assert_int_equal(model_set(l.m, c, "burst", value_count(0), &why), ERR_INPUT);
    lab_free(&l);
}

static void forks_end_alike(void **state)
{
    (void)state;
    struct lab l = one("to=app rate=5 burst=3 over=wait max_wait=2s per=client",
                       "to=door/get rate=9 gives_up=700ms reloads=30%");
    lab_run(&l, 33 * SIM_SEC);
    struct world *fork = world_fork(l.w);
    struct errmsg why = {0};
    lab_run(&l, 100 * SIM_SEC);
    assert_int_equal(world_run(fork, 100 * SIM_SEC, UINT64_MAX, NULL, &why), ERR_OK);
    assert_true(world_digest(fork) == world_digest(l.w));
    world_free(fork);
    lab_free(&l);
}

/* ---- callers, peers, tenants ----------------------------------------------------- */

/* Two services of three instances each call through the door, and users through a
 * proxy, "edge". All of them send 100 a second; a bucket lets 10 a second through. */
static struct lab street(const char *limiter)
{
    static const char *const services[] = {"shop", "mail", "edge"};
    const struct node call = {.kind = NODE_CALL, .target = "door", .what = "get"};
    struct lab l = lab_new();
    api(&l, limiter);
    for (int k = 0; k < 3; k++) {
        char name[40], params[80];
        lab_part(&l, "service", services[k], k < 2 ? "instances=3" : "");
        lab_endpoint(&l, services[k], "get", &call);
        (void)snprintf(name, sizeof name, "to-%s", services[k]);
        (void)snprintf(params, sizeof params, "to=%s/get rate=100 arrivals=even%s",
                       services[k], k == 2 ? " tenants=4" : "");
        lab_part(&l, "client", name, params);
    }
    lab_start(&l, 5);
    lab_run(&l, 101 * SIM_SEC);
    return l;
}

static void near(double is, double wanted)
{
    if (is < 0.98 * wanted - 2 || is > 1.02 * wanted + 2)
        fail_msg("%g is not about %g", is, wanted);
}

/* Callers: three. Peers: 3 + 3 + the one edge. Tenants: two clients and edge's four.
 * Of a limiter in each instance: as many as peers. */
static void each_has_its_own(void **state)
{
    static const struct {
        const char *params;
        double buckets;
    } cases[] = {{"to=app rate=10 burst=10", 1},
                 {"to=app rate=10 burst=10 per=caller", 3},
                 {"to=app rate=10 burst=10 per=peer", 7},
                 {"to=app rate=10 burst=10 per=tenant", 6},
                 {"to=app rate=10 burst=10 scope=instance", 7},
                 {"to=app rate=10 burst=10 scope=instance per=tenant", 10}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lab l = street(cases[i].params);
        assert_true(door(&l, "buckets") == cases[i].buckets);
        near(door(&l, "admitted_total"), 1020 * cases[i].buckets);
        lab_free(&l);
    }
}

/* A limiter in front of another hides who called it: to the second one it is the peer.
 * The caller it cannot hide. */
static void a_proxy_hides_the_peer_not_the_caller(void **state)
{
    static const char *const per[] = {"peer", "caller"};
    (void)state;
    for (int k = 0; k < 2; k++) {
        const struct node call = {.kind = NODE_CALL, .target = "front", .what = "get"};
        struct lab l = lab_new();
        char params[80];
        (void)snprintf(params, sizeof params, "to=app rate=10 burst=10 per=%s", per[k]);
        api(&l, params);
        lab_part(&l, "limiter", "front", "to=door rate=100000 burst=100000");
        lab_part(&l, "service", "shop", "instances=4");
        lab_part(&l, "service", "mail", "instances=4");
        lab_endpoint(&l, "shop", "get", &call);
        lab_endpoint(&l, "mail", "get", &call);
        lab_part(&l, "client", "a", "to=shop/get rate=100 arrivals=even");
        lab_part(&l, "client", "b", "to=mail/get rate=100 arrivals=even");
        lab_start(&l, 5);
        lab_run(&l, 100 * SIM_SEC);
        assert_true(door(&l, "buckets") == (k == 0 ? 1 : 2));
        near(door(&l, "admitted_total"), k == 0 ? 1010 : 2020);
        lab_free(&l);
    }
}

/* Users are their own peers. */
static void a_user_is_a_peer(void **state)
{
    (void)state;
    struct lab l = one("to=app rate=1 burst=10 per=peer",
                       "to=door/get rate=100 arrivals=even population=5");
    lab_run(&l, 100 * SIM_SEC);
    assert_true(door(&l, "buckets") == 5);
    near(door(&l, "admitted_total"), 550);
    lab_free(&l);
}

static void an_operator_limits_a_caller(void **state)
{
    struct errmsg e = {0};
    (void)state;
    struct lab l = street("to=app rate=100000 burst=100000");
    const struct action limit = {.kind = ACTION_OP,
                                 .comp = model_find(l.m, "door"),
                                 .name = "limit",
                                 .args = {value_number(5), value_text("shop")},
                                 .nargs = 2};
    double before = door(&l, "limited_total");
    assert_int_equal(world_apply(l.w, &limit, "test", NULL, NULL, &e), ERR_OK);
    lab_run(&l, 201 * SIM_SEC);
    near(door(&l, "limited_total") - before, 9500);
    assert_true(lab_metric(&l, "to-mail", "failed_total") == 0);
    lab_free(&l);
}

/* max_in_flight of each calling instance: 6 of those, and edge. */
static void in_flight_of_each_instance(void **state)
{
    (void)state;
    struct lab l = street("to=app rate=100000 burst=100000 max_in_flight=2 "
                          "scope=instance");
    lab_fault(&l, "app", "hang", NULL, 0);
    lab_run(&l, 110 * SIM_SEC);
    assert_true(door(&l, "in_flight") == 14);
    lab_free(&l);
    l = street("to=app rate=100000 burst=100000 max_in_flight=2");
    lab_fault(&l, "app", "hang", NULL, 0);
    lab_run(&l, 110 * SIM_SEC);
    assert_true(door(&l, "in_flight") == 2);
    lab_free(&l);
}

/* ---- a limit that adapts --------------------------------------------------------- */

/* Each step as the published code takes it, worked out by hand. */
static void vegas_step_by_step(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 1, "test");
    struct gate g = {.in_flight = 20, .limit = 20, .jitter = 1};
    vegas_saw(&g, 10 * SIM_MS, false, 1000, &r); /* the first: the shortest */
    assert_true(g.limit == 20 && g.no_load == 10 * SIM_MS);
    vegas_saw(&g, 10 * SIM_MS, false, 1000, &r); /* nobody waits: + 6 */
    assert_true(g.limit == 26);
    vegas_saw(&g, 11 * SIM_MS, false, 1000, &r); /* 2.4 -> 3 wait: not below 3 */
    assert_true(g.limit == 26);
    g.in_flight = 26;
    vegas_saw(&g, 10 * SIM_MS + 500 * SIM_US, false, 1000, &r); /* 1.24 -> 2: + 1 */
    assert_true(g.limit == 27);
    vegas_saw(&g, 20 * SIM_MS, false, 1000, &r); /* 13.5 -> 14 wait: - 1 */
    assert_true(g.limit == 26);
    vegas_saw(&g, 12 * SIM_MS, false, 1000, &r); /* 4.3 -> 5 wait: stays */
    assert_true(g.limit == 26);
    g.in_flight = 12;
    vegas_saw(&g, 10 * SIM_MS, false, 1000, &r); /* not near the limit */
    assert_true(g.limit == 26);
    vegas_saw(&g, 10 * SIM_MS, true, 1000, &r); /* no answer: - 1 */
    assert_true(g.limit == 25);
    vegas_saw(&g, 9 * SIM_MS, false, 1000, &r); /* a new shortest: nothing else */
    assert_true(g.limit == 25 && g.no_load == 9 * SIM_MS);
    g = (struct gate){.in_flight = 500, .limit = 500, .jitter = 1, .no_load = SIM_MS};
    vegas_saw(&g, SIM_MS, false, 505, &r); /* + 12, but no more than 505 */
    assert_true(g.limit == 505);
    g = (struct gate){.in_flight = 1, .limit = 1, .jitter = 1, .no_load = SIM_MS};
    vegas_saw(&g, SIM_MS, true, 505, &r); /* never below 1 */
    assert_true(g.limit == 1);
}

static void the_shortest_time_is_looked_for_anew(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 1, "test");
    struct gate g = {.in_flight = 1, .limit = 10, .jitter = 0.5, .no_load = SIM_MS};
    for (int k = 0; k < 149; k++)
        vegas_saw(&g, 5 * SIM_MS, false, 1000, &r);
    assert_true(g.no_load == SIM_MS);
    vegas_saw(&g, 5 * SIM_MS, false, 1000, &r);
    assert_true(g.no_load == 5 * SIM_MS && g.probes == 0);
    assert_true(g.jitter >= 0.5 && g.jitter <= 1);
}

static void exact(double is, double wanted)
{
    assert_true(fabs(is - wanted) < 1e-3);
}

/* Each window as the published code takes it, worked out by hand. */
static void gradient_step_by_step(void **state)
{
    (void)state;
    struct gate g = {.limit = 100};
    gradient_saw(&g, 10, 50, 1000); /* the first is the usual: + 0.2 * 4 */
    exact(g.limit, 100.8);
    gradient_saw(&g, 10, 50, 1000); /* fewer than half were inside */
    exact(g.limit, 100.8);
    gradient_saw(&g, 10, 51, 1000);
    exact(g.limit, 101.6);
    g = (struct gate){.limit = 100, .usual = {10, 10}};
    gradient_saw(&g, 30, 100, 1000); /* 1.5 * (10 + 20 * 2 / 601) / 30 = 0.503 */
    exact(g.limit, 80 + 0.2 * (50.3328 + 4));
    exact(g.usual.mean, 10 + 20 * 2.0 / 601);
    gradient_saw(&g, 1e6, 100, 1000); /* not below a half */
    exact(g.limit, 90.8666 * 0.8 + 0.2 * (45.4333 + 4));
    g = (struct gate){.limit = 100, .usual = {100, 10}};
    gradient_saw(&g, 10, 100, 1000); /* it was slow for long: the usual shrinks */
    exact(g.usual.mean, (100 - 90 * 2.0 / 601) * 0.95);
    exact(g.limit, 100.8);
    gradient_saw(&g, 10, 100, 101); /* no more than 101 */
    exact(g.limit, 101);
    g = (struct gate){.limit = 20, .usual = {10, 10}};
    gradient_saw(&g, 1000, 20, 1000); /* 16 + 0.2 * 14: never below 20 */
    exact(g.limit, 20);
}

/* A window lasts a second and has ten answers at least. */
static void a_window_of_answers(void **state)
{
    (void)state;
    struct gate g = {.limit = 20, .in_flight = 20};
    gradient_answer(&g, 1, 10 * SIM_MS, 1000); /* alone: begins the first whole one */
    for (int k = 1; k < 10; k++)
        gradient_answer(&g, k * 100 * SIM_MS, 10 * SIM_MS, 1000);
    gradient_answer(&g, SIM_SEC, 99 * SIM_US, 1000); /* too short to say anything */
    assert_true(g.limit == 20);
    g.in_flight = 5; /* by now; what counts is the most in the window */
    gradient_answer(&g, SIM_SEC + 2, 20 * SIM_MS, 1000);
    exact(g.limit, 20.8);
    exact(g.usual.mean, 11e6);
    g.in_flight = 20;
    for (int k = 2; k < 9; k++) /* too few */
        gradient_answer(&g, SIM_SEC + k * 100 * SIM_MS, 10 * SIM_MS, 1000);
    gradient_answer(&g, 3 * SIM_SEC, 10 * SIM_MS, 1000);
    exact(g.limit, 20.8);
}

/* Four cores, 10 ms each: 400 a second are possible, 1000 come. Without a limit the
 * queue grows; with it those that are let in are served in a few times 10 ms. */
static void keeps_the_queue_short(void **state)
{
    static const char *const how[] = {"off", "vegas", "gradient"};
    double good[3];
    (void)state;
    for (int k = 0; k < 3; k++) {
        const struct node work = {.kind = NODE_COMPUTE,
                                  .time = dist_exponential(10 * SIM_MS)};
        char params[120];
        struct lab l = lab_new();
        lab_part(&l, "service", "app", "workers=10000 cores=4");
        lab_endpoint(&l, "app", "get", &work);
        (void)snprintf(params, sizeof params,
                       "to=app rate=1000000 burst=1000000 adaptive=%s", how[k]);
        lab_part(&l, "limiter", "door", params);
        users(&l, "users", "to=door/get rate=1000");
        lab_slo(&l, 200 * SIM_MS, 0);
        lab_start(&l, 1);
        lab_run(&l, 60 * SIM_SEC);
        good[k] = lab_metric(&l, "users", "good_total");
        if (k > 0) {
            double mean = lab_metric(&l, "users", "seconds_total") /
                          lab_metric(&l, "users", "answered_total");
            assert_true(mean < 0.1);
            assert_true(door(&l, "limit") >= 1 && door(&l, "limit") < 60);
            assert_true(door(&l, "in_flight") <= door(&l, "limit") + 2);
        }
        lab_free(&l);
    }
    assert_true(good[0] < 1000);
    assert_true(good[1] > 0.85 * 400 * 60 && good[2] > 0.85 * 400 * 60);
}

/* ---- patience -------------------------------------------------------------------- */

static void who_waits_may_leave(void **state)
{
    (void)state;
    struct lab l = one("to=app rate=10 burst=1 over=wait max_wait=100s patience=500ms",
                       "to=door/get rate=20 arrivals=even");
    lab_run(&l, 100 * SIM_SEC);
    near(door(&l, "admitted_total"), 1000);
    near(door(&l, "left_total"), 990);
    assert_true(lab_metric(&l, "users", "gave_up_total") == door(&l, "left_total"));
    assert_true(door(&l, "waiting") <= 11);
    lab_set(&l, "users", "rate", "0");
    lab_run(&l, 110 * SIM_SEC);
    assert_true(door(&l, "waiting") == 0);
    assert_true(door(&l, "requests_total") ==
                door(&l, "admitted_total") + door(&l, "left_total"));
    lab_free(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(admits_what_is_published),
        cmocka_unit_test(a_burst_at_once),
        cmocka_unit_test(nothing_drifts_in_an_hour),
        cmocka_unit_test(none_and_all),
        cmocka_unit_test(each_client_has_its_own),
        cmocka_unit_test(an_operator_limits_one),
        cmocka_unit_test(each_user_has_its_own),
        cmocka_unit_test(the_reserve_is_for_the_highest_class),
        cmocka_unit_test(the_highest_class_waits_least),
        cmocka_unit_test(who_waits_gets_in_turn),
        cmocka_unit_test(who_leaves_the_queue_takes_nothing),
        cmocka_unit_test(a_higher_rate_lets_them_in_at_once),
        cmocka_unit_test(so_many_inside_at_once),
        cmocka_unit_test(stands_before_anything),
        cmocka_unit_test(open_or_closed_when_it_fails),
        cmocka_unit_test(refuses_what_cannot_be),
        cmocka_unit_test(forks_end_alike),
        cmocka_unit_test(each_has_its_own),
        cmocka_unit_test(a_proxy_hides_the_peer_not_the_caller),
        cmocka_unit_test(a_user_is_a_peer),
        cmocka_unit_test(an_operator_limits_a_caller),
        cmocka_unit_test(in_flight_of_each_instance),
        cmocka_unit_test(vegas_step_by_step),
        cmocka_unit_test(the_shortest_time_is_looked_for_anew),
        cmocka_unit_test(gradient_step_by_step),
        cmocka_unit_test(a_window_of_answers),
        cmocka_unit_test(keeps_the_queue_short),
        cmocka_unit_test(who_waits_may_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
