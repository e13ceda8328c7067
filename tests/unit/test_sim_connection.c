/*
 * Connections as things: they are kept within limits, take local ports that run out,
 * and can be dead without anybody knowing.
 */
#include "../lib/lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MANY "workers=10000 cores=1000 "

/* "front" calls "app", which takes `takes`, over "net". */
static struct lab town(const char *net, const char *policy, const char *rate,
                       sim_time takes)
{
    struct lab l = lab_new();
    const struct node pass = {.kind = NODE_CALL, .target = "app", .what = "get"};
    const struct node work = {.kind = NODE_SLEEP, .time = dist_const(takes)};
    char text[200];
    snprintf(text, sizeof text, "latency=0 %s", net);
    lab_part(&l, "link", "net", text);
    lab_part(&l, "service", "app", MANY "start_up=1s");
    lab_endpoint(&l, "app", "get", &work);
    lab_part(&l, "service", "front", MANY);
    lab_endpoint(&l, "front", "get", &pass);
    snprintf(text, sizeof text, "via=net %s", policy);
    lab_part(&l, "call", "front.app", text);
    snprintf(text, sizeof text, "to=front/get %s", rate);
    lab_part(&l, "client", "users", text);
    lab_part(&l, "call", "users.front", "network=0");
    return l;
}

static double users(const struct lab *l, const char *metric)
{
    return lab_metric(l, "users", metric);
}

static double front(const struct lab *l, const char *metric)
{
    return lab_metric(l, "front.app", metric);
}

struct told {
    sim_time longest, dead, connect;
};

static void hear(void *ctx, const struct request_done *r)
{
    struct told *t = ctx;
    sim_time dead = 0, connect = 0;
    if (!r->user || r->end - r->start <= t->longest)
        return;
    for (size_t i = 0; i < r->nslices; i++) {
        dead += r->slices[i].cause == CAUSE_DEAD_CONNECTION ? r->slices[i].ns : 0;
        connect += r->slices[i].cause == CAUSE_CONNECT ? r->slices[i].ns : 0;
    }
    *t = (struct told){r->end - r->start, dead, connect};
}

/* The request that took longest of those that end by then. */
static struct told longest(struct lab *l, sim_time until)
{
    struct told t = {0};
    struct errmsg why = {0};
    struct observer o = {.ctx = &t, .done = hear};
    if (world_run(l->w, until, UINT64_MAX, &o, &why) != ERR_OK)
        fail_msg("%s", why.text);
    return t;
}

/* ---- dead and silent ------------------------------------------------------------- */

/* RTO 200 ms, doubled to two minutes, fifteen times: 924.6 s, as Linux has it. Whoever
 * opens a connection meanwhile is well. */
static void a_dead_connection_is_given_up_by_the_kernel(void **state)
{
    (void)state;
    struct lab l = town("", "max_idle=10", "rate=1 arrivals=even", SIM_MS);
    lab_start(&l, 1);
    lab_run(&l, 10 * SIM_SEC + 500 * SIM_MS);
    assert_true(front(&l, "connections") == 1);
    lab_fault(&l, "net", "forget", NULL, 0);
    double ok = users(&l, "answered_total");
    struct told t = longest(&l, 1000 * SIM_SEC);
    assert_true(t.longest >= 924600 * SIM_MS && t.longest < 924601 * SIM_MS);
    assert_true(t.dead == 924600 * SIM_MS);
    assert_true(front(&l, "failures_CONN_LOST") == 1);
    assert_true(users(&l, "failed_total") == 1);
    assert_true(users(&l, "answered_total") - ok >= 987);
    lab_free(&l);
}

/* A connection that is not modelled cannot be dead, and the fault says so. */
static void nobodys_connections_are_not_forgotten(void **state)
{
    (void)state;
    struct lab l = town("", "timeout=5s", "rate=1 arrivals=even", SIM_MS);
    lab_start(&l, 1);
    struct action a = {
        .kind = ACTION_FAULT, .comp = model_find(l.m, "net"), .name = "forget"};
    struct errmsg why = {0};
    assert_int_equal(world_apply(l.w, &a, "test", NULL, NULL, &why), ERR_REFUSED);
    assert_non_null(strstr(why.text, "no call over net keeps connections"));
    lab_free(&l);
}

static void a_user_timeout_gives_it_up_sooner(void **state)
{
    (void)state;
    struct lab l =
        town("user_timeout=30s", "max_idle=10", "rate=1 arrivals=even", SIM_MS);
    lab_start(&l, 1);
    lab_run(&l, 10 * SIM_SEC + 500 * SIM_MS);
    lab_fault(&l, "net", "forget", NULL, 0);
    struct told t = longest(&l, 100 * SIM_SEC);
    assert_true(t.longest >= 30 * SIM_SEC && t.longest < 30001 * SIM_MS);
    assert_true(t.dead == 30 * SIM_SEC);
    lab_free(&l);
}

/* Ten are idle, and all die. Each costs one request a time-out, which closes it. */
static void a_timeout_costs_a_request_each(void **state)
{
    (void)state;
    struct lab l =
        town("", "max_idle=100 timeout=2s", "rate=0 arrivals=even", 500 * SIM_MS);
    lab_start(&l, 1);
    lab_set(&l, "users", "rate", "20");
    lab_run(&l, 20 * SIM_SEC);
    double open = front(&l, "connections");
    assert_true(open >= 10 && open <= 11);
    lab_fault(&l, "net", "forget", NULL, 0);
    lab_run(&l, 60 * SIM_SEC);
    assert_true(users(&l, "failed_total") == open);
    assert_true(front(&l, "failures_TIMEOUT") == open);
    lab_free(&l);
}

static void a_share_of_them_can_die(void **state)
{
    (void)state;
    struct lab l = town("", "max_idle=1000 timeout=2s", "rate=1000", 500 * SIM_MS);
    lab_start(&l, 1);
    lab_run(&l, 20 * SIM_SEC);
    double open = front(&l, "connections");
    lab_fault(&l, "net", "forget", "0.3", 0);
    lab_run(&l, 60 * SIM_SEC);
    assert_true(users(&l, "failed_total") > 0.25 * open);
    assert_true(users(&l, "failed_total") < 0.35 * open);
    lab_free(&l);
}

/* An idle one is asked after a minute, and then 9 times in 75 s each. */
static void keepalive_finds_idle_ones(void **state)
{
    (void)state;
    for (int asks = 0; asks < 2; asks++) {
        struct lab l = town(asks ? "keepalive=60s" : "", "max_idle=10",
                            "rate=0 arrivals=even", SIM_MS);
        lab_start(&l, 1);
        lab_set(&l, "users", "rate", "10");
        lab_run(&l, 10 * SIM_SEC + 50 * SIM_MS);
        lab_set(&l, "users", "rate", "0");
        lab_fault(&l, "net", "forget", NULL, 0);
        lab_run(&l, 10 * SIM_SEC + 740 * SIM_SEC);
        lab_set(&l, "users", "rate", "1");
        lab_run(&l, 2000 * SIM_SEC);
        assert_true(users(&l, "failed_total") == !asks);
        lab_free(&l);
    }
}

/* A firewall that forgets what is idle for 350 s, and keepalive that prevents it. */
static void a_firewall_forgets_what_is_idle(void **state)
{
    static const char *const nets[] = {"forgets_after=350s",
                                       "forgets_after=350s keepalive=60s",
                                       "forgets_after=350s keepalive=2h"};
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct lab l = town(nets[i], "max_idle=10 timeout=5s",
                            "rate=0.0025 arrivals=even", SIM_MS);
        lab_start(&l, 1);
        lab_run(&l, 2 * SIM_HOUR);
        if (i == 1)
            assert_true(users(&l, "failed_total") == 0);
        else
            assert_true(users(&l, "failed_total") >= 8); /* every other one */
        lab_free(&l);
    }
}

/* A pool's connections die like others, and its requests wait for them; min_size and
 * new ones are well. */
static void a_pools_connections_die_too(void **state)
{
    (void)state;
    struct lab l = lab_new();
    const struct node ask = {.kind = NODE_QUERY, .target = "db", .what = "q"};
    lab_part(&l, "database", "db", "cores=4");
    lab_part(&l, "statement", "db.q", "cpu=1ms");
    lab_part(&l, "link", "net", "latency=0 user_timeout=30s");
    lab_part(&l, "service", "app", MANY);
    lab_part(&l, "pool", "app.pool", "to=db size=10");
    lab_endpoint(&l, "app", "get", &ask);
    lab_part(&l, "client", "users", "to=app/get rate=1 arrivals=even");
    lab_part(&l, "call", "users.app", "network=0");
    lab_part(&l, "call", "app.db", "via=net");
    lab_start(&l, 1);
    lab_run(&l, 10 * SIM_SEC + 500 * SIM_MS);
    lab_fault(&l, "net", "forget", NULL, 0);
    struct told t = longest(&l, 100 * SIM_SEC);
    assert_true(t.dead == 30 * SIM_SEC);
    assert_true(users(&l, "failed_total") == 1);
    assert_true(lab_metric(&l, "app.pool", "lost_total") == 1);
    lab_free(&l);
}

/* ---- keeping --------------------------------------------------------------------- */

/* Go keeps two; each that comes back beyond is closed, so every third request opens
 * one: as many come back as are taken, and of 0, 1 and 2 idle ones each is as likely. */
static void beyond_max_idle_they_are_closed(void **state)
{
    static const char *const policies[] = {"max_idle=2", "max_idle=64", "max_idle=0"};
    double opened[3];
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct lab l =
            town("", policies[i], "users=64 think=exponential(10ms)", 20 * SIM_MS);
        lab_start(&l, 1);
        lab_run(&l, 5 * SIM_SEC);
        opened[i] = front(&l, "connections_opened_total") / front(&l, "requests_total");
        assert_true(front(&l, "connections") <= 64);
        lab_free(&l);
    }
    assert_true(opened[0] > 0.25 &&
                opened[0] < 0.45); /* one of 0, 1, 2 idle: a third */
    assert_true(opened[1] < 0.02);
    assert_true(opened[2] == 1);
}

static void they_are_closed_by_age_and_when_idle(void **state)
{
    (void)state;
    struct lab l = town("", "max_age=10s", "rate=10 arrivals=even", SIM_MS);
    lab_start(&l, 1);
    lab_run(&l, 100 * SIM_SEC);
    double n = front(&l, "connections_opened_total");
    assert_true(n >= 9 && n <= 11);
    lab_set(&l, "front.app", "max_age", "0");
    lab_set(&l, "front.app", "idle_timeout", "5s");
    lab_run(&l, 101 * SIM_SEC);
    lab_set(&l, "users", "rate", "0");
    lab_run(&l, 105 * SIM_SEC);
    assert_true(front(&l, "connections") == 1);
    lab_run(&l, 107 * SIM_SEC);
    assert_true(front(&l, "connections") == 0);
    lab_set(&l, "users", "rate", "10");
    lab_run(&l, 110 * SIM_SEC);
    assert_true(users(&l, "failed_total") == 0);
    lab_free(&l);
}

/* ---- ports ----------------------------------------------------------------------- */

/* 1,000 requests a second with a connection each: 28,232 ports are gone after 28 s;
 * then as many connections as come out of TIME_WAIT, 470 a second. */
static void local_ports_run_out(void **state)
{
    (void)state;
    struct lab l = town("", "max_idle=0", "rate=1000 arrivals=even", SIM_MS);
    lab_start(&l, 1);
    lab_run(&l, 28 * SIM_SEC);
    assert_true(users(&l, "failed_total") == 0);
    assert_true(front(&l, "ports_in_use") > 27900);
    lab_run(&l, 50 * SIM_SEC);
    assert_true(front(&l, "ports_in_use") == 28232);
    struct told t = longest(&l, 59 * SIM_SEC);
    assert_true(t.longest < SIM_MS); /* at once */
    assert_true(front(&l, "failures_NO_PORTS") == users(&l, "failed_total"));
    lab_run(&l, 120 * SIM_SEC);
    double ok = users(&l, "answered_total");
    lab_run(&l, 240 * SIM_SEC);
    ok = (users(&l, "answered_total") - ok) / 120;
    assert_true(ok > 455 && ok < 485);
    lab_set(&l, "front.app", "max_idle", "10");
    lab_run(&l, 330 * SIM_SEC);
    double failed = users(&l, "failed_total");
    lab_run(&l, 340 * SIM_SEC);
    assert_true(users(&l, "failed_total") == failed);
    assert_true(front(&l, "ports_in_use") < 20);
    lab_free(&l);
}

/* What the other side closes waits there. */
static void who_is_closed_keeps_no_port(void **state)
{
    (void)state;
    struct lab l = town("", "max_idle=1000", "rate=100 arrivals=even", SIM_SEC);
    lab_start(&l, 1);
    lab_run(&l, 10 * SIM_SEC);
    lab_set(&l, "users", "rate", "0");
    lab_run(&l, 12 * SIM_SEC);
    assert_true(front(&l, "ports_in_use") >= 100);
    lab_op(&l, "app", "restart", NULL);
    lab_run(&l, 60 * SIM_SEC);
    assert_true(front(&l, "ports_in_use") == 0);
    lab_free(&l);
}

static void users_have_ports_of_their_own(void **state)
{
    (void)state;
    struct lab l = town("", "", "rate=1000", SIM_MS);
    lab_start(&l, 1);
    lab_set(&l, "users.front", "max_idle", "0");
    lab_run(&l, 100 * SIM_SEC);
    assert_true(users(&l, "failed_total") == 0);
    lab_free(&l);
}

/* 64 users of a pool that keeps nothing idle: 28,232 connections, in 12 s. */
static void a_pool_runs_out_of_ports(void **state)
{
    (void)state;
    for (int keeps = 0; keeps < 2; keeps++) {
        struct lab l = lab_new();
        const struct node ask = {.kind = NODE_QUERY, .target = "db", .what = "q"};
        lab_part(&l, "database", "db",
                 "cores=128 max_connections=5000 connect_time=5ms");
        lab_part(&l, "statement", "db.q", "cpu=21.5ms");
        lab_part(&l, "service", "app", MANY "fds=65536");
        lab_part(&l, "pool", "app.pool",
                 keeps ? "to=db size=1000 max_idle=64" : "to=db size=1000 max_idle=0");
        lab_endpoint(&l, "app", "mark", &ask);
        lab_part(&l, "client", "users", "to=app/mark users=64 think=0");
        lab_part(&l, "call", "users.app", "network=0");
        lab_start(&l, 1);
        lab_run(&l, 11 * SIM_SEC);
        assert_true(users(&l, "failed_total") == 0);
        lab_run(&l, 61 * SIM_SEC); /* they come back in the order in which they went */
        assert_true((users(&l, "failed_total") > 0) == !keeps);
        double ok = users(&l, "answered_total");
        lab_run(&l, 183 * SIM_SEC);
        ok = (users(&l, "answered_total") - ok) / 122;
        if (keeps)
            assert_true(ok > 2500);
        else
            assert_true(ok > 450 && ok < 490);
        assert_true(lab_metric(&l, "app.pool", "no_ports_total") ==
                    users(&l, "failed_total"));
        lab_free(&l);
    }
}

/* ---- hosts that are gone --------------------------------------------------------- */

/* A host that is gone: SYNs are sent after 1, 2, 4 ... s, and given up after 127 s, or
 * when connect_timeout is over. One that refuses does so at once. */
static void gone_is_not_refused(void **state)
{
    static const char *const policies[] = {
        "max_idle=0", "max_idle=0 connect_timeout=3s", "max_idle=0"};
    static const sim_time takes[] = {127 * SIM_SEC, 3 * SIM_SEC, 0};
    static const char *const why[] = {"failures_CONN_LOST", "failures_CONNECT_TIMEOUT",
                                      "failures_CONN_LOST"};
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct lab l = town("", policies[i], "rate=1 arrivals=even", SIM_MS);
        lab_start(&l, 1);
        lab_fault(&l, "net", i == 2 ? "refuse" : "partition", NULL, 0);
        struct told t = longest(&l, 200 * SIM_SEC);
        assert_true(t.longest >= takes[i] && t.longest < takes[i] + 2 * SIM_MS);
        assert_true(t.connect == takes[i]);
        assert_true(front(&l, why[i]) > 50);
        lab_free(&l);
    }
}

/* A setting that only connections have takes effect by itself. */
static void what_speaks_of_connections_models_them(void **state)
{
    static const char *const said[][2] = {{"", "connect_timeout=1s timeout=10s"},
                                          {"", "ports=100"},
                                          {"", "max_age=1m"},
                                          {"forgets_after=350s", ""},
                                          {"", ""}};
    (void)state;
    for (int i = 0; i < 5; i++) {
        struct lab l = town(said[i][0], said[i][1], "rate=1 arrivals=even", SIM_MS);
        lab_start(&l, 1);
        lab_run(&l, 10 * SIM_SEC);
        assert_true(front(&l, "connections") == (i < 4));
        lab_fault(&l, "net", "partition", NULL, 0);
        lab_run(&l, 60 * SIM_SEC);
        /* Who comes while one of them hangs on the connection opens another. */
        assert_true((front(&l, "failures_CONNECT_TIMEOUT") > 40) == (i == 0));
        lab_free(&l);
    }
}

/* The time-out of a connection ends a handshake, too, and not the call after it. */
static void a_connect_timeout_is_apart_from_the_calls(void **state)
{
    (void)state;
    struct lab l = lab_new();
    const struct node pass = {.kind = NODE_CALL, .target = "app", .what = "get"};
    const struct node work = {.kind = NODE_SLEEP, .time = dist_const(5 * SIM_SEC)};
    lab_part(&l, "certificate", "cert", "on=app handshake=100ms handshake_caller=0");
    lab_part(&l, "service", "app", MANY);
    lab_endpoint(&l, "app", "get", &work);
    lab_part(&l, "service", "front", MANY);
    lab_endpoint(&l, "front", "get", &pass);
    lab_part(&l, "call", "front.app", "tls=cert keep_alive=1 connect_timeout=1s");
    lab_part(&l, "client", "users", "to=front/get rate=1 arrivals=even");
    lab_start(&l, 1);
    lab_run(&l, 20 * SIM_SEC);
    assert_true(users(&l, "failed_total") == 0 && users(&l, "answered_total") > 12);
    lab_set(&l, "cert", "handshake", "10s");
    double was = front(&l, "failures_CONNECT_TIMEOUT");
    lab_run(&l, 40 * SIM_SEC);
    assert_true(front(&l, "failures_CONNECT_TIMEOUT") - was >= 18);
    lab_set(&l, "cert", "handshake", "1ms");
    lab_run(&l, 60 * SIM_SEC);
    double failed = users(&l, "failed_total");
    lab_run(&l, 80 * SIM_SEC);
    assert_true(users(&l, "failed_total") == failed);
    lab_free(&l);
}

/* ---- many requests on one connection --------------------------------------------- */

static void streams_share_a_connection(void **state)
{
    (void)state;
    struct lab l =
        town("latency=1ms", "streams=100", "rate=100 arrivals=even", SIM_SEC);
    lab_start(&l, 1);
    lab_run(&l, 20 * SIM_SEC); /* a hundred at once, and a few */
    assert_true(front(&l, "in_flight") >= 100);
    assert_true(front(&l, "connections") == 2);
    assert_true(front(&l, "connections_opened_total") == 2);
    assert_true(users(&l, "failed_total") == 0);
    lab_set(&l, "front.app", "streams", "10"); /* those there are run dry */
    lab_run(&l, 30 * SIM_SEC);
    assert_true(front(&l, "connections") >= 11 && front(&l, "connections") <= 13);
    lab_free(&l);
    l = town("latency=1ms", "streams=1 max_idle=1000", "rate=100 arrivals=even",
             SIM_SEC);
    lab_start(&l, 1);
    lab_run(&l, 20 * SIM_SEC);
    assert_true(front(&l, "connections") >= 100);
    lab_free(&l);
}

/* A message in a hundred is lost. One at a time, each tells its own caller alone; on one
 * connection the others wait, too, but hear of it sooner than after 200 ms. */
static double slow_share(const char *policy, const char *rate)
{
    struct lab l = town("latency=1ms loss=0.01", policy, rate, 0);
    lab_slo(&l, 20 * SIM_MS, 0);
    lab_start(&l, 3);
    lab_run(&l, 300 * SIM_SEC);
    assert_true(users(&l, "failed_total") == 0);
    double bad = users(&l, "bad_total"), all = users(&l, "attempts_total");
    lab_free(&l);
    return bad / all;
}

static void a_loss_holds_up_all_behind_it(void **state)
{
    (void)state;
    /* Two messages each, 1 % of them lost: 2 % wait for 200 ms. */
    double alone = slow_share("streams=1 max_idle=1000", "rate=10");
    assert_true(alone > 0.012 && alone < 0.028);
    /* Ten a second: two more in those 200 ms, never three: each loss costs three. */
    double shared = slow_share("streams=100", "rate=10 arrivals=even");
    assert_true(shared > 0.03 && shared < 0.06);
    /* A thousand a second: three behind it are there after 3 ms. */
    double busy = slow_share("streams=100000", "rate=1000");
    assert_true(busy < 0.001);
}

static void answers_come_in_the_order_they_were_sent(void **state)
{
    (void)state;
    struct lab l = town("latency=1ms jitter=100ms", "streams=1000", "rate=100", 0);
    lab_start(&l, 1);
    lab_run(&l, 60 * SIM_SEC);
    double mean = users(&l, "seconds_total") / users(&l, "attempts_total");
    /* Each way until all before it are there, too: 0.1453 s by ten lines of Python. */
    assert_true(mean > 0.1423 && mean < 0.1483);
    lab_free(&l);
}

static void giving_up_ends_a_stream_and_not_the_connection(void **state)
{
    (void)state;
    struct lab l = town("latency=1ms", "streams=100 timeout=500ms", "rate=20", SIM_SEC);
    lab_start(&l, 1);
    lab_run(&l, 60 * SIM_SEC);
    assert_true(front(&l, "timeouts_total") > 1000);
    assert_true(front(&l, "connections_opened_total") <= 3);
    lab_free(&l);
}

/* A connection that many share lives no longer for being shared. */
static void shared_connections_are_closed_by_age(void **state)
{
    (void)state;
    struct lab l = town("latency=1ms", "streams=100 max_age=10s",
                        "rate=10 arrivals=even", 500 * SIM_MS);
    lab_start(&l, 1);
    lab_run(&l, 100 * SIM_SEC);
    double n = front(&l, "connections_opened_total");
    assert_true(n >= 9 && n <= 11);
    assert_true(users(&l, "failed_total") == 0);
    lab_free(&l);
}

/* The kernel gives up a connection, not a request: when its oldest message has been sent
 * in vain for long enough, all requests on it fail. */
static void a_shared_connection_is_given_up_as_a_whole(void **state)
{
    (void)state;
    struct lab l =
        town("user_timeout=30s", "streams=1000", "rate=10 arrivals=even", SIM_MS);
    lab_start(&l, 1);
    lab_run(&l, 10 * SIM_SEC + 50 * SIM_MS);
    lab_fault(&l, "net", "forget", NULL, 0);
    double waited = front(&l, "seconds_total");
    struct told t = longest(&l, 100 * SIM_SEC);
    double failed = users(&l, "failed_total");
    assert_true(t.longest == 30 * SIM_SEC);
    assert_true(failed >= 299 && failed <= 301);
    waited = front(&l, "seconds_total") - waited - 0.001 * 600;
    assert_true(waited > 14.9 * failed && waited < 15.1 * failed);
    assert_true(front(&l, "connections_opened_total") == 2);
    lab_free(&l);
}

/* Commands that time out one after the other do not tell the kernel anything: their bytes
 * stay in the stream (redis/lettuce issue 1466). */
static void a_timeout_leaves_it_to_the_kernel(void **state)
{
    (void)state;
    struct lab l = town("", "streams=1000 timeout=5s", "rate=10 arrivals=even", SIM_MS);
    lab_start(&l, 1);
    lab_run(&l, 10 * SIM_SEC + 50 * SIM_MS);
    lab_fault(&l, "net", "forget", NULL, 0);
    lab_run(&l, 934 * SIM_SEC);
    double failed = users(&l, "failed_total");
    assert_true(failed > 9180 && front(&l, "timeouts_total") == failed);
    lab_run(&l, 1000 * SIM_SEC);
    assert_true(users(&l, "failed_total") >= 9245 && users(&l, "failed_total") <= 9247);
    assert_true(front(&l, "connections_opened_total") == 2);
    assert_true(users(&l, "in_flight") <= 1);
    lab_free(&l);
}

/* Lost at 10.1 s; sent again 0.2, 0.6 ... 51.0 and 102.2 s later. The cut is over after
 * 60 s, and nothing moves for 42 more; then all that still waits is there at once. Whoever
 * opens a connection of their own has not lost that time. */
static void after_a_cut_the_oldest_goes_first(void **state)
{
    (void)state;
    const char *const policies[] = {"streams=1000 timeout=5s",
                                    "max_idle=100 timeout=5s"};
    double failed[2];
    for (int i = 0; i < 2; i++) {
        struct lab l = town("", policies[i], "rate=10 arrivals=even", SIM_MS);
        lab_start(&l, 1);
        lab_run(&l, 10 * SIM_SEC + 50 * SIM_MS);
        lab_fault(&l, "net", "partition", NULL, 60 * SIM_SEC);
        lab_run(&l, 113 * SIM_SEC);
        assert_true(users(&l, "in_flight") <= 1);
        lab_run(&l, 200 * SIM_SEC);
        failed[i] = users(&l, "failed_total");
        lab_free(&l);
    }
    assert_true(failed[0] >= 970 && failed[0] <= 974);
    assert_true(failed[1] >= 550 && failed[1] <= 650);
}

/* An answer that tells of a lost connection further down has come by one that is well. */
static void anothers_failure_breaks_no_connection(void **state)
{
    (void)state;
    static const char *const shares[] = {"max_idle=10", "streams=100"};
    for (int i = 0; i < 2; i++) {
        struct lab l = lab_new();
        const struct node deeper = {.kind = NODE_CALL, .target = "deep", .what = "get"};
        const struct node pass = {.kind = NODE_CALL, .target = "app", .what = "get"};
        const struct node work = {.kind = NODE_SLEEP, .time = dist_const(SIM_MS)};
        lab_part(&l, "link", "near", "latency=1ms");
        lab_part(&l, "link", "far", "latency=1ms");
        lab_part(&l, "service", "deep", MANY);
        lab_endpoint(&l, "deep", "get", &work);
        lab_part(&l, "service", "app", MANY);
        lab_endpoint(&l, "app", "get", &deeper);
        lab_part(&l, "service", "front", MANY);
        lab_endpoint(&l, "front", "get", &pass);
        char text[80];
        snprintf(text, sizeof text, "via=near %s", shares[i]);
        lab_part(&l, "call", "front.app", text);
        lab_part(&l, "call", "app.deep", "via=far");
        lab_part(&l, "client", "users", "to=front/get rate=1 arrivals=even");
        lab_start(&l, 1);
        lab_run(&l, 5 * SIM_SEC);
        lab_fault(&l, "far", "refuse", NULL, 20 * SIM_SEC);
        lab_run(&l, 40 * SIM_SEC);
        assert_true(users(&l, "failed_total") >= 19);
        assert_true(front(&l, "failures_CONN_LOST") >= 19);
        assert_true(front(&l, "connections_opened_total") == 1);
        lab_free(&l);
    }
}

/* All of them are with the instance that the connection leads to; a new one does not get
 * any. And when its instance is gone, so is the connection. */
static void streams_stay_with_one_instance(void **state)
{
    (void)state;
    struct lab l =
        town("latency=1ms", "streams=1000", "rate=100 arrivals=even", 20 * SIM_MS);
    lab_start(&l, 1);
    lab_set(&l, "app", "instances", "2");
    lab_run(&l, 20 * SIM_SEC);
    double first = lab_metric_of(&l, "app", "requests_total", 1);
    double second = lab_metric_of(&l, "app", "requests_total", 2);
    assert_true(first > 1900 && second == 0);
    struct action crash = {
        .kind = ACTION_FAULT, .comp = model_find(l.m, "app"), .name = "crash"};
    crash.instance = 1;
    struct errmsg why = {0};
    if (world_apply(l.w, &crash, "test", NULL, NULL, &why) != ERR_OK)
        fail_msg("%s", why.text);
    lab_run(&l, 40 * SIM_SEC);
    assert_true(lab_metric_of(&l, "app", "requests_total", 2) > 1800);
    assert_true(users(&l, "failed_total") < 10);
    lab_free(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dead_connection_is_given_up_by_the_kernel),
        cmocka_unit_test(nobodys_connections_are_not_forgotten),
        cmocka_unit_test(a_user_timeout_gives_it_up_sooner),
        cmocka_unit_test(a_timeout_costs_a_request_each),
        cmocka_unit_test(a_share_of_them_can_die),
        cmocka_unit_test(keepalive_finds_idle_ones),
        cmocka_unit_test(a_firewall_forgets_what_is_idle),
        cmocka_unit_test(a_pools_connections_die_too),
        cmocka_unit_test(beyond_max_idle_they_are_closed),
        cmocka_unit_test(they_are_closed_by_age_and_when_idle),
        cmocka_unit_test(local_ports_run_out),
        cmocka_unit_test(who_is_closed_keeps_no_port),
        cmocka_unit_test(users_have_ports_of_their_own),
        cmocka_unit_test(a_pool_runs_out_of_ports),
        cmocka_unit_test(gone_is_not_refused),
        cmocka_unit_test(what_speaks_of_connections_models_them),
        cmocka_unit_test(a_connect_timeout_is_apart_from_the_calls),
        cmocka_unit_test(streams_share_a_connection),
        cmocka_unit_test(a_loss_holds_up_all_behind_it),
        cmocka_unit_test(answers_come_in_the_order_they_were_sent),
        cmocka_unit_test(giving_up_ends_a_stream_and_not_the_connection),
        cmocka_unit_test(shared_connections_are_closed_by_age),
        cmocka_unit_test(a_shared_connection_is_given_up_as_a_whole),
        cmocka_unit_test(a_timeout_leaves_it_to_the_kernel),
        cmocka_unit_test(after_a_cut_the_oldest_goes_first),
        cmocka_unit_test(anothers_failure_breaks_no_connection),
        cmocka_unit_test(streams_stay_with_one_instance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
