/* Links: exact times, losses against the geometric series, partitions of every kind. */
#include "../lib/lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MANY "workers=1000 cores=1000"

/* Users call app/get over link "net"; it takes `work`. */
static struct lab pair(const char *net, const char *policy, const char *users,
                       sim_time work)
{
    struct lab l = lab_new();
    const struct node sleep = {.kind = NODE_SLEEP, .time = dist_const(work)};
    char call[200];
    snprintf(call, sizeof call, "via=net %s", policy);
    lab_part(&l, "link", "net", net);
    lab_part(&l, "service", "app", MANY);
    lab_endpoint(&l, "app", "get", &sleep);
    lab_part(&l, "client", "users", users);
    lab_part(&l, "call", "users.app", call);
    return l;
}

static double net(const struct lab *l, const char *metric)
{
    return lab_metric(l, "net", metric);
}

static double users(const struct lab *l, const char *metric)
{
    return lab_metric(l, "users", metric);
}

/* Report of the last request to end. */
struct told {
    int n;
    sim_time start, end, on_net, seconds;
    enum reason reason;
    comp_id culprit;
    comp_id net;
    int wrong;
};

static void hear(void *ctx, const struct request_done *r)
{
    struct told *t = ctx;
    sim_time sum = 0;
    sim_time on_net = 0;
    for (size_t i = 0; i < r->nslices; i++) {
        sum += r->slices[i].ns;
        if (r->slices[i].place == t->net && r->slices[i].cause == CAUSE_NETWORK)
            on_net += r->slices[i].ns;
    }
    t->wrong += sum != r->end - r->start;
    if (!r->user)
        return;
    t->n++;
    t->on_net = on_net;
    t->start = r->start;
    t->end = r->end;
    t->seconds += r->end - r->start;
    t->reason = r->reason;
    t->culprit = r->culprit;
}

static void run_told(struct lab *l, sim_time until, struct told *t)
{
    struct errmsg why = {0};
    struct observer o = {.ctx = t, .done = hear};
    t->net = model_find(l->m, "net");
    if (world_run(l->w, until, UINT64_MAX, &o, &why) != ERR_OK)
        fail_msg("%s", why.text);
    assert_int_equal(t->wrong, 0);
}

static void fault2(struct lab *l, const char *name, struct value a, struct value b,
                   sim_time duration)
{
    struct errmsg why = {0};
    struct action act = {.kind = ACTION_FAULT,
                         .comp = model_find(l->m, "net"),
                         .name = name,
                         .args = {a, b},
                         .nargs = 2,
                         .duration = duration};
    if (world_apply(l->w, &act, "test", NULL, NULL, &why) != ERR_OK)
        fail_msg("%s", why.text);
}

/* ---- time ------------------------------------------------------------------------ */

static void latency_takes_the_place_of_network(void **state)
{
    (void)state;
    struct told t = {0};
    struct lab l = pair("latency=3ms", "network=50ms",
                        "to=app/get rate=1 arrivals=even", 10 * SIM_MS);
    lab_start(&l, 1);
    run_told(&l, 100 * SIM_SEC + 500 * SIM_MS, &t);
    assert_int_equal(t.n, 100);
    assert_true(t.seconds == 100 * 16 * SIM_MS);
    assert_true(t.on_net == 6 * SIM_MS);
    assert_true(net(&l, "messages_total") == 200);
    lab_free(&l);
}

static void jitter_and_slowness_add(void **state)
{
    (void)state;
    struct told t = {0};
    struct lab l =
        pair("latency=1ms jitter=10ms", "", "to=app/get rate=100 arrivals=even", 0);
    lab_start(&l, 1);
    run_told(&l, 100 * SIM_SEC + 500 * SIM_MS, &t);
    double mean = (double)t.seconds / 1e6 / t.n; /* 2 x (1 + 5) ms, sd 4.08 ms */
    assert_true(mean > 12 - 4 * 4.09 / 100 && mean < 12 + 4 * 4.09 / 100);
    lab_set(&l, "net", "jitter", "0");
    lab_fault(&l, "net", "slow", "20", 50 * SIM_SEC);
    t = (struct told){0};
    run_told(&l, 102 * SIM_SEC, &t);
    assert_true(t.on_net == 40 * SIM_MS);
    run_told(&l, 152 * SIM_SEC, &t);
    assert_true(t.on_net == 2 * SIM_MS);
    lab_free(&l);
}

/* 1,000 bytes at 10,000 bytes/s; two users at the same moment: 100 and 200 ms. */
static void bandwidth_is_shared_in_order(void **state)
{
    (void)state;
    struct told t = {0};
    struct lab l = pair("latency=0 bandwidth=10000", "request_bytes=1000",
                        "to=app/get rate=1 arrivals=even", 0);
    lab_part(&l, "client", "others", "to=app/get rate=1 arrivals=even");
    lab_part(&l, "call", "others.app", "via=net request_bytes=1000 response_bytes=0");
    lab_start(&l, 1);
    run_told(&l, 100 * SIM_SEC + 500 * SIM_MS, &t);
    assert_int_equal(t.n, 200);
    assert_true(t.seconds == 100 * 300 * SIM_MS);
    assert_true(net(&l, "bytes_total") == 200000);
    assert_true(net(&l, "busy_seconds_total") == 20);
    lab_free(&l);
}

/* The two directions do not share; 7 bytes at 3 bytes/s round up to a nanosecond. */
static void each_way_has_its_own(void **state)
{
    (void)state;
    struct told t = {0};
    struct lab l = pair("latency=1ms bandwidth=3", "request_bytes=7 response_bytes=2",
                        "to=app/get rate=0.25 arrivals=even", 0);
    lab_start(&l, 1);
    run_told(&l, 7900 * SIM_MS, &t);
    assert_int_equal(t.n, 1);
    assert_true(t.end - t.start == 2333333334 + 666666667 + 2 * SIM_MS);
    lab_run(&l, 8500 * SIM_MS); /* the next has begun at 8 s; of 7 s to 8.5 s */
    double load = net(&l, "utilisation");
    assert_true(load > 0.3333333 && load < 0.3333334);
    lab_run(&l, 9 * SIM_SEC);
    assert_true(net(&l, "utilisation") == 1);
    lab_free(&l);
}

static void what_is_on_the_wire_goes_on_at_the_new_rate(void **state)
{
    (void)state;
    struct told t = {0};
    struct lab l = pair("latency=0 bandwidth=1000", "request_bytes=1000",
                        "to=app/get rate=0.1 arrivals=even", 0);
    lab_start(&l, 1);
    lab_run(&l, 10 * SIM_SEC + 250 * SIM_MS);
    lab_set(&l, "net", "bandwidth", "100");
    lab_run(&l, 12 * SIM_SEC + 250 * SIM_MS);              /* 250 + 200 bytes are out */
    lab_fault(&l, "net", "bandwidth", "0.5", 5 * SIM_SEC); /* 250 more */
    lab_run(&l, 17 * SIM_SEC + 250 * SIM_MS);
    lab_set(&l, "net", "bandwidth", "1000");
    run_told(&l, 19 * SIM_SEC, &t);
    assert_int_equal(t.n, 1);
    assert_true(t.end == 17 * SIM_SEC + 550 * SIM_MS);
    lab_free(&l);
}

static void a_full_queue_drops_and_sends_again(void **state)
{
    (void)state;
    struct told t = {0};
    struct lab l = pair("latency=0 bandwidth=1000 queue=250 rto=1s",
                        "request_bytes=100", "to=app/get rate=0.1 arrivals=even", 0);
    lab_part(&l, "client", "b", "to=app/get rate=0.1 arrivals=even");
    lab_part(&l, "call", "b.app", "via=net request_bytes=100");
    lab_part(&l, "client", "c", "to=app/get rate=0.1 arrivals=even");
    lab_part(&l, "call", "c.app", "via=net request_bytes=100");
    lab_start(&l, 1);
    run_told(&l, 19 * SIM_SEC, &t);
    assert_int_equal(t.n, 3);
    assert_true(net(&l, "drops_total") == 1);
    assert_true(net(&l, "retransmits_total") == 1);
    assert_true(t.seconds == (100 + 200 + 1100) * SIM_MS);
    assert_true(net(&l, "queue_bytes") == 0);
    lab_free(&l);
}

/* ---- loss ------------------------------------------------------------------------ */

/* rto (2^K - 1) each way, K geometric: mean rto p / (1 - 2p). */
static void losses_cost_what_the_series_says(void **state)
{
    (void)state;
    static const double losses[] = {0.01, 0.1, 0.2};
    for (size_t i = 0; i < 3; i++) {
        struct told t = {0};
        double p = losses[i], q = 1 - p;
        char text[64];
        snprintf(text, sizeof text, "latency=0 loss=%g", p);
        struct lab l = pair(text, "", "to=app/get rate=500", 0);
        lab_start(&l, 7 + i);
        run_told(&l, 400 * SIM_SEC, &t);
        double first = q / (1 - 2 * p), var = q / (1 - 4 * p) - first * first;
        double want = 2 * 0.2 * p / (1 - 2 * p);
        double se = 0.2 * tc_sqrt(2 * var / t.n);
        double mean = (double)t.seconds / 1e9 / t.n;
        if (mean < want - 4 * se || mean > want + 4 * se)
            fail_msg("loss %g: mean %g, expected %g +- %g", p, mean, want, 4 * se);
        double sent = net(&l, "messages_total") + net(&l, "retransmits_total");
        double share = net(&l, "lost_total") / sent;
        assert_true(share > p - 4 * tc_sqrt(p * q / sent));
        assert_true(share < p + 4 * tc_sqrt(p * q / sent));
        lab_free(&l);
    }
}

/* Of 20 packets one is missed: a round trip, unless it is one of the last three. */
static void long_messages_recover_fast(void **state)
{
    (void)state;
    struct told t = {0};
    struct lab l =
        pair("latency=10ms loss=1%", "response_bytes=29200", "to=app/get rate=200", 0);
    lab_start(&l, 3);
    run_told(&l, 500 * SIM_SEC, &t);
    double tail = 1 - 0.99 * 0.99 * 0.99, all = 1 - tc_pow(0.99, 20);
    double fast = 1 - tc_pow(0.99, 17); /* then one of the first 17 is the first lost */
    double slow = all - fast;
    double want = 20 + 200 * 0.01 / 0.98     /* the request */
                  + fast * 20 + slow * 200   /* the answer */
                  + fast * 200 * 0.01 / 0.98 /* the piece may be lost again */
                  + slow * 400 * 0.01 / 0.98;
    double mean = (double)t.seconds / 1e6 / t.n;
    assert_true(tail > 0);
    if (mean < want - 1 || mean > want + 1)
        fail_msg("mean %g ms, expected %g", mean, want);
    lab_free(&l);
}

static void all_lost_ends_after_fifteen_retransmissions(void **state)
{
    (void)state;
    struct told t = {0};
    struct lab l =
        pair("latency=1ms loss=1", "", "to=app/get rate=0.0009 arrivals=even", 0);
    lab_start(&l, 1);
    run_told(&l, 2100 * SIM_SEC, &t);
    assert_int_equal(t.n, 1);
    assert_true(t.end - t.start == 924600 * SIM_MS); /* tcp(7), tcp_retries2 */
    assert_int_equal(t.reason, REASON_CONN_LOST);
    assert_int_equal(t.culprit, t.net);
    assert_true(net(&l, "broken_total") == 1);
    assert_true(lab_metric(&l, "app", "requests_total") == 0);
    lab_free(&l);
}

static void the_user_timeout_is_sooner(void **state)
{
    (void)state;
    struct told t = {0};
    struct lab l = pair("latency=1ms loss=1 user_timeout=5s", "",
                        "to=app/get rate=0.1 arrivals=even", 0);
    lab_start(&l, 1);
    run_told(&l, 19 * SIM_SEC, &t);
    assert_int_equal(t.n, 1);
    assert_true(t.end - t.start == 5 * SIM_SEC);
    lab_free(&l);
}

/* ---- partitions ------------------------------------------------------------------ */

static void a_partition_ends_with_the_next_retransmission(void **state)
{
    (void)state;
    struct told t = {0};
    struct lab l = pair("latency=5ms", "", "to=app/get rate=0.1 arrivals=even", 0);
    lab_start(&l, 1);
    lab_run(&l, 9 * SIM_SEC);
    lab_fault(&l, "net", "partition", NULL, 2 * SIM_SEC); /* sent at 10, 10.2, 10.6 */
    run_told(&l, 19 * SIM_SEC, &t);
    assert_int_equal(t.n, 1);
    assert_int_equal(t.reason, REASON_NONE);
    assert_true(t.end - t.start == 1400 * SIM_MS + 10 * SIM_MS);
    assert_true(net(&l, "cut_total") == 3);
    lab_free(&l);
}

static void in_flight_when_it_begins_still_arrives(void **state)
{
    (void)state;
    struct told t = {0};
    struct lab l =
        pair("latency=500ms", "", "to=app/get rate=0.1 arrivals=even", SIM_SEC);
    lab_start(&l, 1);
    lab_run(&l, 10 * SIM_SEC + 250 * SIM_MS);
    lab_fault(&l, "net", "partition", NULL, SIM_SEC);
    run_told(&l, 19 * SIM_SEC, &t);
    assert_true(t.end - t.start == 2 * SIM_SEC);
    assert_true(net(&l, "cut_total") == 0);
    lab_free(&l);
}

static void answers_lost_is_work_done_for_nobody(void **state)
{
    (void)state;
    struct told t = {0};
    struct lab l = pair("latency=1ms", "timeout=1s retries=1",
                        "to=app/get rate=10 arrivals=even", 100 * SIM_MS);
    lab_start(&l, 1);
    lab_fault(&l, "net", "one_way", "answers", 60 * SIM_SEC);
    run_told(&l, 60 * SIM_SEC, &t);
    double n = users(&l, "attempts_total");
    assert_true(n >= 599 && users(&l, "answered_total") == 0);
    assert_int_equal(t.reason, REASON_TIMEOUT);
    assert_int_equal(t.culprit, t.net); /* the network, where it hangs */
    assert_true(lab_metric(&l, "app/get", "done_NONE") >= 2 * n - 25);
    lab_set(&l, "users", "rate", "0");
    lab_run(&l, 70 * SIM_SEC);
    double sent = lab_metric(&l, "users.app", "attempts_total");
    assert_true(sent == lab_metric(&l, "users.app", "ok_total") +
                            lab_metric(&l, "users.app", "errors_total"));
    assert_true(lab_metric(&l, "users.app", "in_flight") == 0);
    assert_true(lab_metric(&l, "app/get", "requests_total") == sent);
    assert_true(lab_metric(&l, "app/get", "in_flight") == 0);
    lab_free(&l);
}

static void requests_lost_is_no_work_at_all(void **state)
{
    (void)state;
    struct lab l =
        pair("latency=1ms", "timeout=1s", "to=app/get rate=10 arrivals=even", 0);
    lab_start(&l, 1);
    lab_run(&l, 10 * SIM_SEC + 50 * SIM_MS);
    double before = lab_metric(&l, "app/get", "requests_total");
    lab_fault(&l, "net", "one_way", "requests", 30 * SIM_SEC);
    lab_run(&l, 40 * SIM_SEC);
    assert_true(lab_metric(&l, "app/get", "requests_total") == before);
    lab_run(&l, 60 * SIM_SEC); /* requests given up are not sent again */
    double arrived = lab_metric(&l, "app/get", "requests_total") - before;
    assert_true(arrived > 195 && arrived < 212);
    assert_int_equal(lab_do(&l, ACTION_FAULT, "net", "one_way", "up", 0), ERR_INPUT);
    lab_free(&l);
}

static void refused_is_told_at_once(void **state)
{
    (void)state;
    struct told t = {0};
    struct lab l = pair("latency=2ms", "timeout=1s retries=2",
                        "to=app/get rate=1 arrivals=even", 0);
    lab_start(&l, 1);
    lab_fault(&l, "net", "refuse", NULL, 10 * SIM_SEC);
    run_told(&l, 9500 * SIM_MS, &t);
    assert_int_equal(t.n, 9);
    assert_int_equal(t.reason, REASON_CONN_LOST);
    assert_true(t.seconds == 9 * 3 * 2 * SIM_MS);
    assert_true(net(&l, "broken_total") == 27);
    assert_true(lab_metric(&l, "users.app", "failures_CONN_LOST") == 27);
    lab_free(&l);
}

static void a_flapping_link(void **state)
{
    (void)state;
    struct lab l = pair("latency=1ms", "timeout=100ms", "to=app/get rate=100", 0);
    lab_start(&l, 1);
    fault2(&l, "flap", value_duration(10 * SIM_SEC), value_duration(3 * SIM_SEC),
           100 * SIM_SEC);
    lab_run(&l, 100 * SIM_SEC);
    double bad = users(&l, "failed_total") / users(&l, "attempts_total");
    assert_true(bad > 0.27 && bad < 0.33);
    double failed = users(&l, "failed_total");
    lab_run(&l, 200 * SIM_SEC);
    assert_true(users(&l, "failed_total") == failed);
    lab_free(&l);
}

/* Four instances of "front" call "app": numbers 2 and 4 are cut off. */
static struct lab fronts(const char *net_params)
{
    struct lab l = lab_new();
    const struct node pass = {.kind = NODE_CALL, .target = "app", .what = "get"};
    const struct node sleep = {.kind = NODE_SLEEP, .time = dist_const(SIM_MS)};
    lab_part(&l, "link", "net", net_params);
    lab_part(&l, "service", "app", MANY " instances=4");
    lab_endpoint(&l, "app", "get", &sleep);
    lab_part(&l, "service", "front", MANY " instances=4");
    lab_endpoint(&l, "front", "get", &pass);
    lab_part(&l, "call", "front.app", "via=net timeout=1s");
    lab_part(&l, "client", "users", "to=front/get rate=40 arrivals=even");
    lab_start(&l, 1);
    return l;
}

static void some_callers_are_cut_off(void **state)
{
    (void)state;
    struct lab l = fronts("latency=1ms");
    lab_fault(&l, "net", "partition", "0.5", 0);
    lab_run(&l, 100 * SIM_SEC);
    for (int i = 1; i <= 4; i++) {
        double errors = lab_metric_of(&l, "front", "errors_total", i);
        double all = lab_metric_of(&l, "front", "requests_total", i);
        assert_true(all > 900);
        assert_true(i % 2 == 0 ? errors > all - 12 : errors == 0);
    }
    lab_free(&l);
}

static void some_callees_are_cut_off(void **state)
{
    (void)state;
    struct lab l = fronts("latency=1ms");
    lab_fault(&l, "net", "partial", "0.25", 0);
    lab_run(&l, 100 * SIM_SEC);
    double bad = users(&l, "failed_total") / users(&l, "attempts_total");
    assert_true(bad > 0.22 && bad < 0.28);
    fault2(&l, "partial", value_number(0.25), value_text("callers"), 0);
    double before = lab_metric_of(&l, "front", "errors_total", 1);
    lab_run(&l, 102 * SIM_SEC);
    before = lab_metric_of(&l, "front", "errors_total", 1);
    lab_run(&l, 202 * SIM_SEC);
    assert_true(lab_metric_of(&l, "front", "errors_total", 1) == before);
    assert_true(lab_metric_of(&l, "front", "errors_total", 4) > 900);
    lab_free(&l);
}

/* ---- behind a balancer ----------------------------------------------------------- */

static struct lab racked(const char *edge, const char *policy)
{
    struct lab l = lab_new();
    const struct node sleep = {.kind = NODE_SLEEP, .time = dist_const(10 * SIM_MS)};
    char text[200];
    lab_part(&l, "link", "net", "latency=2ms");
    lab_part(&l, "link", "wan", "latency=20ms");
    lab_part(&l, "service", "app", MANY " instances=4");
    lab_endpoint(&l, "app", "get", &sleep);
    snprintf(text, sizeof text, "to=app every=1s via=net %s", edge);
    lab_part(&l, "balancer", "edge", text);
    lab_part(&l, "client", "users", "to=edge/get rate=40 arrivals=even");
    lab_part(&l, "call", "users.edge", policy);
    lab_start(&l, 1);
    return l;
}

static void it_sends_on_over_a_link_of_its_own(void **state)
{
    (void)state;
    struct told t = {0};
    struct lab l = racked("", "network=1ms");
    run_told(&l, 10 * SIM_SEC + 20 * SIM_MS, &t);
    assert_int_equal(t.n, 400);
    assert_true(t.seconds == 400 * 16 * SIM_MS);
    assert_true(t.on_net == 4 * SIM_MS);
    lab_free(&l);
    l = racked("", "via=wan");
    t = (struct told){0};
    run_told(&l, 10 * SIM_SEC + 70 * SIM_MS, &t);
    assert_true(t.seconds == (sim_time)t.n * 54 * SIM_MS);
    assert_true(lab_metric(&l, "wan", "messages_total") >= net(&l, "messages_total"));
    lab_free(&l);
}

/* An instance of four is cut off. Checks that do not go that way stay green. */
static void checks_notice_what_they_go_over(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct lab l = racked(i == 0 ? "" : "probe_via=net", "timeout=500ms");
        lab_run(&l, 10 * SIM_SEC);
        lab_fault(&l, "net", "partial", "0.25", 60 * SIM_SEC);
        lab_run(&l, 15 * SIM_SEC);
        assert_true(lab_metric(&l, "edge", "in_rotation") == (i == 0 ? 4 : 3));
        double failed = users(&l, "failed_total");
        assert_true(failed > 20);
        lab_run(&l, 60 * SIM_SEC);
        assert_true(i == 0 ? users(&l, "failed_total") > failed + 440
                           : users(&l, "failed_total") == failed);
        assert_true(lab_metric(&l, "users.edge", "failures_TIMEOUT") ==
                    users(&l, "failed_total"));
        lab_run(&l, 80 * SIM_SEC);
        assert_true(lab_metric(&l, "edge", "in_rotation") == 4);
        lab_free(&l);
    }
}

/* Work in flight when the answers stop is done for nobody. */
static void answers_to_the_balancer_are_lost(void **state)
{
    (void)state;
    struct lab l = racked("", "timeout=500ms");
    lab_fault(&l, "net", "one_way", "answers", 30 * SIM_SEC);
    lab_run(&l, 29 * SIM_SEC);
    assert_true(users(&l, "answered_total") == 0);
    assert_true(lab_metric(&l, "app", "requests_total") > 1100);
    lab_run(&l, 31 * SIM_SEC);
    double failed = users(&l, "failed_total");
    lab_run(&l, 40 * SIM_SEC);
    assert_true(users(&l, "failed_total") == failed);
    lab_free(&l);
}

/* ---- databases and caches -------------------------------------------------------- */

static struct lab store(const char *net_params, const char *policy)
{
    struct lab l = lab_new();
    const struct node query = {.kind = NODE_QUERY, .target = "db", .what = "q"};
    char call[200];
    snprintf(call, sizeof call, "via=net %s", policy);
    lab_part(&l, "link", "net", net_params);
    lab_part(&l, "database", "db", "cores=100 connect_time=1ms");
    lab_part(&l, "statement", "db.q", "cpu=1ms");
    lab_part(&l, "service", "app", MANY " readiness=database probe_timeout=1s");
    lab_part(&l, "pool", "app.pool", "to=db size=5 acquire_timeout=500ms");
    lab_endpoint(&l, "app", "get", &query);
    lab_part(&l, "call", "app.db", call);
    lab_part(&l, "client", "users", "to=app/get rate=20 arrivals=even");
    lab_start(&l, 1);
    return l;
}

/* Nobody told the pool: its connections hang, taken, long after their callers left. */
static void connections_stay_half_open(void **state)
{
    (void)state;
    struct lab l = store("latency=1ms", "timeout=2s");
    lab_run(&l, 10 * SIM_SEC);
    assert_true(users(&l, "failed_total") == 0);
    lab_fault(&l, "net", "partition", NULL, 60 * SIM_SEC);
    lab_run(&l, 30 * SIM_SEC);
    double held = lab_metric(&l, "app.pool", "pool_in_use");
    assert_true(held >= 1);
    assert_true(held + lab_metric(&l, "app.pool", "pool_connecting") == 5);
    assert_true(lab_metric(&l, "db", "connections") == held);
    assert_true(lab_metric(&l, "db", "active") == 0);
    assert_true(lab_metric(&l, "app", "up") == 1); /* the process is fine */
    double failed = users(&l, "failed_total");
    assert_true(failed > 300);
    lab_run(&l, 74 * SIM_SEC); /* healed at 70, but the next try is later */
    assert_true(users(&l, "failed_total") > failed + 700);
    lab_run(&l, 140 * SIM_SEC);
    assert_true(lab_metric(&l, "app.pool", "pool_in_use") <= 1);
    assert_true(lab_metric(&l, "app.pool", "lost_total") == 0);
    assert_true(lab_metric(&l, "app.pool", "pool_connecting") == 0);
    failed = users(&l, "failed_total");
    lab_run(&l, 150 * SIM_SEC);
    assert_true(users(&l, "failed_total") == failed);
    lab_free(&l);
}

static void a_user_timeout_gives_the_pool_its_places_back(void **state)
{
    (void)state;
    struct lab l = store("latency=1ms user_timeout=10s", "timeout=2s");
    lab_run(&l, 10 * SIM_SEC);
    lab_fault(&l, "net", "partition", NULL, 60 * SIM_SEC);
    lab_run(&l, 21 * SIM_SEC);
    assert_true(lab_metric(&l, "app.pool", "lost_total") >= 5);
    lab_run(&l, 81 * SIM_SEC); /* at most ten seconds after it is healed */
    double failed = users(&l, "failed_total");
    lab_run(&l, 100 * SIM_SEC);
    assert_true(users(&l, "failed_total") == failed);
    lab_free(&l);
}

/* A rollback that does not get there leaves the transaction open at the database. */
static void a_rollback_gets_lost(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct lab l = lab_new();
        struct node body[] = {{.kind = NODE_QUERY, .target = "db", .what = "q"},
                              {.kind = NODE_SLEEP, .time = dist_const(2 * SIM_SEC)},
                              {.kind = NODE_FAIL, .what = "no"}};
        body[0].next = &body[1];
        body[1].next = &body[2];
        const struct node tx = {.kind = NODE_TRANSACTION, .target = "db", .body = body};
        lab_part(&l, "link", "net", "");
        lab_part(&l, "database", "db", i == 2 ? "idle_in_transaction_timeout=30s" : "");
        lab_part(&l, "statement", "db.q", "cpu=1ms");
        lab_part(&l, "service", "app", MANY);
        lab_part(&l, "pool", "app.pool", "to=db size=5");
        lab_endpoint(&l, "app", "get", &tx);
        lab_part(&l, "call", "app.db", "via=net");
        lab_part(&l, "client", "users", "to=app/get rate=0.1 arrivals=even");
        lab_start(&l, 1);
        lab_run(&l, 11 * SIM_SEC);
        lab_set(&l, "users", "rate", "0");
        if (i > 0)
            lab_fault(&l, "net", "partition", NULL, 10 * SIM_SEC);
        lab_run(&l, 30 * SIM_SEC);
        assert_true(users(&l, "failed_total") == 1);
        assert_true(lab_metric(&l, "app.pool", "pool_in_use") == 0);
        assert_true(lab_metric(&l, "app.pool", "lost_total") == (i > 0));
        assert_true(lab_metric(&l, "db", "idle_in_transaction") == (i > 0));
        lab_op(&l, "app", "restart", NULL); /* does not reach it either */
        lab_run(&l, i == 2 ? 42 * SIM_SEC : 7100 * SIM_SEC);
        assert_true(lab_metric(&l, "db", "idle_in_transaction") == (i == 1));
        lab_run(&l, 7220 * SIM_SEC);
        assert_true(lab_metric(&l, "db", "idle_in_transaction") == 0);
        lab_free(&l);
    }
}

/* 127 s without an answer to the first packet, or the end of the partition. */
static void no_connection_is_opened_over_a_cut(void **state)
{
    (void)state;
    struct lab l = store("latency=1ms", "");
    lab_set(&l, "app", "readiness", "own_thread");
    lab_run(&l, 10 * SIM_SEC);
    double opened = lab_metric(&l, "db", "accepted_total");
    lab_fault(&l, "net", "partition", NULL, 200 * SIM_SEC);
    lab_op(&l, "app", "restart", NULL);
    lab_run(&l, 205 * SIM_SEC);
    assert_true(lab_metric(&l, "db", "accepted_total") == opened);
    assert_true(lab_metric(&l, "app.pool", "pool_connecting") == 5);
    assert_true(lab_metric(&l, "app.pool", "lost_total") >= 5);
    assert_true(lab_metric(&l, "app.db", "failures_CONN_LOST") >= 5);
    lab_run(&l, 300 * SIM_SEC);
    assert_true(lab_metric(&l, "db", "accepted_total") > opened);
    double failed = users(&l, "failed_total");
    lab_run(&l, 310 * SIM_SEC);
    assert_true(users(&l, "failed_total") == failed);
    lab_free(&l);
}

static void lost_answers_leave_statements_done(void **state)
{
    (void)state;
    struct lab l = store("latency=1ms user_timeout=3s", "");
    lab_run(&l, 10 * SIM_SEC);
    double before = lab_metric(&l, "db.q", "calls_total");
    lab_fault(&l, "net", "one_way", "answers", 20 * SIM_SEC);
    lab_run(&l, 29 * SIM_SEC);
    assert_true(lab_metric(&l, "db.q", "calls_total") > before);
    assert_true(lab_metric(&l, "app.db", "failures_CONN_LOST") > 15);
    lab_run(&l, 40 * SIM_SEC);
    assert_true(lab_metric(&l, "app.db", "in_flight") <= 1);
    lab_free(&l);
}

/* The check through the database sees it; one that a thread of its own answers stays
 * green. */
static void health_checks_see_what_they_ask(void **state)
{
    (void)state;
    struct instance_view v;
    struct lab l = store("latency=1ms", "timeout=2s");
    comp_id app = model_find(l.m, "app");
    lab_run(&l, 10 * SIM_SEC);
    world_instance(l.w, app, 1, &v);
    assert_true(v.ready);
    lab_fault(&l, "net", "refuse", NULL, 60 * SIM_SEC);
    lab_run(&l, 60 * SIM_SEC);
    world_instance(l.w, app, 1, &v);
    assert_true(!v.ready && v.state == INSTANCE_UP);
    lab_run(&l, 100 * SIM_SEC);
    world_instance(l.w, app, 1, &v);
    assert_true(v.ready);
    lab_set(&l, "app", "readiness", "own_thread");
    lab_fault(&l, "net", "partition", NULL, 60 * SIM_SEC);
    lab_run(&l, 150 * SIM_SEC);
    world_instance(l.w, app, 1, &v);
    assert_true(v.ready);
    lab_free(&l);
}

/* A cache that cannot be reached is a miss, and a load that nobody hears of is given
 * back. */
static void a_cache_behind_a_cut(void **state)
{
    (void)state;
    struct lab l = lab_new();
    const struct node load = {.kind = NODE_SLEEP, .time = dist_const(20 * SIM_MS)};
    const struct node get = {
        .kind = NODE_CACHED, .target = "cache", .what = "k", .body = &load};
    lab_part(&l, "link", "net", "latency=1ms user_timeout=200ms");
    lab_part(&l, "cache", "cache", "");
    lab_part(&l, "keyspace", "cache.k", "keys=3 ttl=50ms single_flight=on");
    lab_part(&l, "service", "app", MANY);
    lab_endpoint(&l, "app", "get", &get);
    lab_part(&l, "call", "app.cache", "via=net");
    lab_part(&l, "client", "users", "to=app/get rate=100");
    lab_start(&l, 1);
    lab_run(&l, 10 * SIM_SEC);
    lab_fault(&l, "net", "one_way", "answers", 10 * SIM_SEC);
    lab_run(&l, 20 * SIM_SEC);
    lab_fault(&l, "net", "partition", NULL, 10 * SIM_SEC);
    lab_run(&l, 40 * SIM_SEC);
    assert_true(users(&l, "failed_total") == 0);
    assert_true(lab_metric(&l, "app.cache", "failures_CONN_LOST") > 500);
    lab_set(&l, "users", "rate", "0");
    lab_run(&l, 50 * SIM_SEC);
    assert_true(users(&l, "in_flight") == 0);
    assert_true(lab_metric(&l, "app", "in_flight") == 0);
    lab_free(&l);
}

/* ---- the rest -------------------------------------------------------------------- */

static void forks_in_the_middle_end_alike(void **state)
{
    (void)state;
    struct errmsg why = {0};
    struct lab l = pair("latency=exponential(5ms) loss=5% bandwidth=20000 queue=20000",
                        "timeout=2s retries=2 request_bytes=500 response_bytes=3000",
                        "to=app/get rate=7", 5 * SIM_MS);
    lab_start(&l, 4);
    lab_run(&l, 20 * SIM_SEC);
    fault2(&l, "flap", value_duration(7 * SIM_SEC), value_duration(2 * SIM_SEC), 0);
    lab_run(&l, 29 * SIM_SEC + 123);
    struct world *copy = world_fork(l.w);
    lab_run(&l, 100 * SIM_SEC);
    assert_int_equal(world_run(copy, 100 * SIM_SEC, UINT64_MAX, NULL, &why), ERR_OK);
    assert_true(world_digest(copy) == world_digest(l.w));
    assert_true(net(&l, "cut_total") > 10 && net(&l, "lost_total") > 10);
    assert_true(world_metric(copy, model_find(l.m, "net"), "bytes_total", 0) ==
                net(&l, "bytes_total"));
    world_free(copy);
    lab_free(&l);
}

static void bad_values_are_refused(void **state)
{
    (void)state;
    struct errmsg why = {0};
    struct lab l = pair("", "", "to=app/get rate=1", 0);
    comp_id link = model_find(l.m, "net");
    assert_int_not_equal(model_set(l.m, link, "bandwidth", value_count(-1), &why),
                         ERR_OK);
    assert_non_null(strstr(why.text, "bytes/s"));
    assert_int_not_equal(model_set(l.m, link, "loss", value_number(1.5), &why), ERR_OK);
    lab_start(&l, 1);
    assert_int_equal(lab_do(&l, ACTION_FAULT, "net", "slow", "0", 0), ERR_INPUT);
    assert_int_equal(lab_do(&l, ACTION_FAULT, "net", "bandwidth", "0", 0), ERR_INPUT);
    assert_int_equal(lab_do(&l, ACTION_FAULT, "net", "loss", "2", 0), ERR_INPUT);
    assert_int_equal(lab_do(&l, ACTION_FAULT, "net", "flap", "1", 0), ERR_INPUT);
    lab_free(&l);
    l = pair("", "", "to=app/get rate=1", 0);
    lab_part(&l, "call", "app.users", "via=nett");
    assert_int_not_equal(model_finish(l.m, &why), ERR_OK);
    assert_non_null(strstr(why.text, "did you mean \"net\""));
    model_unref(l.m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(latency_takes_the_place_of_network),
        cmocka_unit_test(jitter_and_slowness_add),
        cmocka_unit_test(bandwidth_is_shared_in_order),
        cmocka_unit_test(each_way_has_its_own),
        cmocka_unit_test(what_is_on_the_wire_goes_on_at_the_new_rate),
        cmocka_unit_test(a_full_queue_drops_and_sends_again),
        cmocka_unit_test(losses_cost_what_the_series_says),
        cmocka_unit_test(long_messages_recover_fast),
        cmocka_unit_test(all_lost_ends_after_fifteen_retransmissions),
        cmocka_unit_test(the_user_timeout_is_sooner),
        cmocka_unit_test(a_partition_ends_with_the_next_retransmission),
        cmocka_unit_test(in_flight_when_it_begins_still_arrives),
        cmocka_unit_test(answers_lost_is_work_done_for_nobody),
        cmocka_unit_test(requests_lost_is_no_work_at_all),
        cmocka_unit_test(refused_is_told_at_once),
        cmocka_unit_test(a_flapping_link),
        cmocka_unit_test(some_callers_are_cut_off),
        cmocka_unit_test(some_callees_are_cut_off),
        cmocka_unit_test(it_sends_on_over_a_link_of_its_own),
        cmocka_unit_test(checks_notice_what_they_go_over),
        cmocka_unit_test(answers_to_the_balancer_are_lost),
        cmocka_unit_test(connections_stay_half_open),
        cmocka_unit_test(a_user_timeout_gives_the_pool_its_places_back),
        cmocka_unit_test(a_rollback_gets_lost),
        cmocka_unit_test(no_connection_is_opened_over_a_cut),
        cmocka_unit_test(lost_answers_leave_statements_done),
        cmocka_unit_test(health_checks_see_what_they_ask),
        cmocka_unit_test(a_cache_behind_a_cut),
        cmocka_unit_test(forks_in_the_middle_end_alike),
        cmocka_unit_test(bad_values_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
