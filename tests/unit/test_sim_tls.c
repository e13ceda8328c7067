/* Connections, certificates and the clocks they are checked by. */
#include "../lib/lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MANY "workers=1000 cores=1000"

/* front/get calls app/get with certificate "cert"; 1 ms each way between them. */
static struct lab town(const char *cert, const char *policy, const char *front,
                       const char *rate)
{
    struct lab l = lab_new();
    const struct node pass = {.kind = NODE_CALL, .target = "app", .what = "get"};
    const struct node sleep = {.kind = NODE_SLEEP, .time = dist_const(10 * SIM_MS)};
    char text[200];
    snprintf(text, sizeof text, "on=app %s", cert);
    lab_part(&l, "certificate", "cert", text);
    lab_part(&l, "service", "app", MANY);
    lab_endpoint(&l, "app", "get", &sleep);
    snprintf(text, sizeof text, MANY " %s", front);
    lab_part(&l, "service", "front", text);
    lab_endpoint(&l, "front", "get", &pass);
    snprintf(text, sizeof text, "network=1ms tls=cert %s", policy);
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

static double share_failed(struct lab *l, sim_time until)
{
    double failed = users(l, "failed_total"), all = users(l, "attempts_total");
    lab_run(l, until);
    return (users(l, "failed_total") - failed) / (users(l, "attempts_total") - all);
}

struct told {
    sim_time connect, tls, all;
    int wrong;
};

static void hear(void *ctx, const struct request_done *r)
{
    struct told *t = ctx;
    sim_time sum = 0;
    *t = (struct told){.wrong = t->wrong};
    for (size_t i = 0; i < r->nslices; i++) {
        sum += r->slices[i].ns;
        t->connect += r->slices[i].cause == CAUSE_CONNECT ? r->slices[i].ns : 0;
        t->tls += r->slices[i].cause == CAUSE_TLS ? r->slices[i].ns : 0;
    }
    t->all = r->end - r->start;
    t->wrong += sum != t->all;
}

static struct told run_told(struct lab *l, sim_time until)
{
    struct told t = {0};
    struct errmsg why = {0};
    struct observer o = {.ctx = &t, .done = hear};
    if (world_run(l->w, until, UINT64_MAX, &o, &why) != ERR_OK)
        fail_msg("%s", why.text);
    assert_int_equal(t.wrong, 0);
    return t;
}

/* ---- connections ----------------------------------------------------------------- */

static void a_handshake_takes_round_trips(void **state)
{
    (void)state;
    struct lab l = town("handshake=3ms handshake_caller=1ms", "keep_alive=1", "",
                        "rate=1 arrivals=even");
    lab_start(&l, 1);
    struct told t = run_told(&l, 5500 * SIM_MS);
    assert_true(t.connect == 2 * SIM_MS);
    assert_true(t.tls == 6 * SIM_MS);
    assert_true(t.all == 20 * SIM_MS);
    lab_set(&l, "cert", "round_trips", "2");
    t = run_told(&l, 6500 * SIM_MS);
    assert_true(t.tls == 8 * SIM_MS);
    assert_true(lab_metric(&l, "front.app", "connections_opened_total") == 6);
    assert_true(lab_metric(&l, "front.app", "connections") == 0);
    lab_free(&l);
}

static void kept_connections_need_none(void **state)
{
    (void)state;
    struct lab l = town("", "keep_alive=10", "", "rate=10 arrivals=even");
    lab_start(&l, 1);
    struct told t = run_told(&l, 9950 * SIM_MS);
    assert_true(t.connect == 0 && t.tls == 0 && t.all == 12 * SIM_MS);
    assert_true(users(&l, "answered_total") == 99);
    assert_true(lab_metric(&l, "front.app", "connections_opened_total") == 10);
    assert_true(lab_metric(&l, "front.app", "connections") == 1);
    lab_set(&l, "front.app", "keep_alive", "0");
    lab_run(&l, 100 * SIM_SEC);
    assert_true(lab_metric(&l, "front.app", "connections_opened_total") == 10);
    lab_free(&l);
}

/* As many as are needed at once, and closed by who gives up. */
static void who_gives_up_closes(void **state)
{
    (void)state;
    struct lab l = town("", "timeout=5ms", "", "rate=10 arrivals=even");
    lab_start(&l, 1);
    lab_run(&l, 10 * SIM_SEC + 50 * SIM_MS);
    assert_true(users(&l, "failed_total") == 100);
    assert_true(lab_metric(&l, "front.app", "connections_opened_total") == 0);
    lab_set(&l, "front.app", "timeout", "15ms"); /* opened, then too late */
    lab_run(&l, 20 * SIM_SEC + 50 * SIM_MS);
    assert_true(lab_metric(&l, "front.app", "connections_opened_total") == 100);
    assert_true(lab_metric(&l, "front.app", "connections") == 0);
    lab_free(&l);
}

static void connections_die_with_either_end(void **state)
{
    (void)state;
    struct lab l = town("", "", "", "rate=1 arrivals=even");
    lab_start(&l, 1);
    lab_run(&l, 10 * SIM_SEC + 500 * SIM_MS);
    assert_true(lab_metric(&l, "front.app", "connections") == 1);
    lab_fault(&l, "app", "crash", NULL, SIM_SEC / 10);
    assert_true(lab_metric(&l, "front.app", "connections") == 0);
    lab_run(&l, 100 * SIM_SEC + 500 * SIM_MS);
    assert_true(lab_metric(&l, "front.app", "connections") == 1);
    lab_fault(&l, "front", "crash", NULL, SIM_SEC / 10);
    assert_true(lab_metric(&l, "front.app", "connections") == 0);
    lab_free(&l);
}

static void a_broken_connection_is_not_kept(void **state)
{
    (void)state;
    struct lab l = town("", "via=net", "", "rate=1 arrivals=even");
    lab_part(&l, "link", "net", "latency=1ms");
    lab_start(&l, 1);
    lab_run(&l, 10 * SIM_SEC + 500 * SIM_MS);
    assert_true(lab_metric(&l, "front.app", "connections_opened_total") == 1);
    lab_fault(&l, "net", "refuse", NULL, SIM_SEC);
    lab_run(&l, 11 * SIM_SEC + 100 * SIM_MS);
    assert_true(users(&l, "failed_total") == 1);
    assert_true(lab_metric(&l, "front.app", "connections") == 0);
    lab_run(&l, 20 * SIM_SEC);
    assert_true(lab_metric(&l, "front.app", "connections_opened_total") == 2);
    lab_free(&l);
}

/* Linux: sent again after 1, 2, 4 ... 64 s, given up after 127 s. */
static void nobody_answers_the_first_packet(void **state)
{
    (void)state;
    struct lab l = town("", "via=net", "", "rate=0.1 arrivals=even");
    lab_part(&l, "link", "net", "latency=1ms");
    lab_start(&l, 1);
    lab_run(&l, 9 * SIM_SEC);
    /* sent at 10 and 11 s: then at 13 s */
    lab_fault(&l, "net", "partition", NULL, 2500 * SIM_MS);
    struct told t = run_told(&l, 19 * SIM_SEC);
    assert_true(t.connect == 3 * SIM_SEC + 2 * SIM_MS);
    lab_fault(&l, "net", "partition", NULL, 0);
    lab_op(&l, "front", "restart", NULL);
    lab_run(&l, 30 * SIM_SEC);
    lab_set(&l, "users", "rate", "0");
    lab_run(&l, 1000 * SIM_SEC);
    assert_true(lab_metric(&l, "front.app", "failures_CONN_LOST") >= 1);
    lab_free(&l);
}

static void given_up_after_127_s(void **state)
{
    (void)state;
    struct lab l = town("", "via=net", "", "rate=0.005 arrivals=even");
    lab_part(&l, "link", "net", "latency=1ms loss=1");
    lab_start(&l, 1);
    struct told t = run_told(&l, 390 * SIM_SEC);
    assert_true(t.all == 127 * SIM_SEC);
    assert_true(t.connect == 127 * SIM_SEC);
    lab_free(&l);
}

/* ---- expiry ---------------------------------------------------------------------- */

/* Those that are open go on: 20 requests a second over connections of 100 each. */
static void it_fails_bit_by_bit(void **state)
{
    (void)state;
    struct lab l = town("expires_in=100s", "keep_alive=400", "instances=4", "rate=100");
    lab_start(&l, 1);
    assert_true(share_failed(&l, 100 * SIM_SEC) == 0);
    assert_true(lab_metric(&l, "cert", "seconds_left") == 0);
    assert_true(lab_metric(&l, "cert", "valid") == 0);
    double first = share_failed(&l, 115 * SIM_SEC);
    double later = share_failed(&l, 200 * SIM_SEC);
    assert_true(first > 0.05 && first < 0.5);
    assert_true(later > 0.85);
    assert_true(lab_metric(&l, "front.app", "failures_TLS_FAILED") ==
                users(&l, "failed_total"));
    lab_op(&l, "cert", "renew", NULL);
    assert_true(share_failed(&l, 300 * SIM_SEC) == 1);
    assert_true(lab_metric(&l, "cert", "disk_seconds_left") > 86400);
    lab_op(&l, "cert", "reload", NULL);
    assert_true(share_failed(&l, 400 * SIM_SEC) == 0);
    assert_int_equal(lab_do(&l, ACTION_OP, "cert", "reload", NULL, 0), ERR_REFUSED);
    lab_free(&l);
}

static void a_restart_makes_it_worse(void **state)
{
    (void)state;
    struct lab l = town("expires_in=100s", "", "", "rate=100");
    lab_start(&l, 1);
    double before = share_failed(&l, 300 * SIM_SEC);
    assert_true(before < 0.05); /* only more of them at once need new ones */
    lab_op(&l, "front", "restart", NULL);
    lab_run(&l, 330 * SIM_SEC);
    assert_true(share_failed(&l, 400 * SIM_SEC) > 0.999);
    lab_free(&l);
}

/* As long as one of those that present it runs on, some still see the old one. */
static void who_presents_it_reads_it_at_the_start(void **state)
{
    (void)state;
    struct errmsg why = {0};
    struct lab l = town("on=app expires_in=50s", "keep_alive=1", "", "rate=10");
    lab_start(&l, 1);
    lab_op(&l, "app", "scale", "2");
    lab_run(&l, 60 * SIM_SEC);
    lab_op(&l, "app", "restart", NULL); /* nothing new to read */
    lab_run(&l, 90 * SIM_SEC);
    assert_true(share_failed(&l, 100 * SIM_SEC) > 0.98);
    lab_op(&l, "cert", "renew", NULL);
    struct action crash = {.kind = ACTION_FAULT,
                           .comp = model_find(l.m, "app"),
                           .instance = 1,
                           .name = "crash",
                           .duration = SIM_SEC};
    assert_int_equal(world_apply(l.w, &crash, "test", NULL, NULL, &why), ERR_OK);
    lab_run(&l, 150 * SIM_SEC);
    assert_true(lab_metric(&l, "cert", "valid") == 0);
    lab_op(&l, "app", "restart", NULL);
    lab_run(&l, 200 * SIM_SEC);
    assert_true(lab_metric(&l, "cert", "valid") == 1);
    assert_true(share_failed(&l, 300 * SIM_SEC) == 0);
    lab_free(&l);
}

static void who_does_not_check_does_not_care(void **state)
{
    (void)state;
    struct lab l = town("expires_in=10s", "keep_alive=1 verify=off", "", "rate=10");
    lab_start(&l, 1);
    lab_fault(&l, "cert", "wrong_name", NULL, 0);
    assert_true(share_failed(&l, 100 * SIM_SEC) == 0);
    lab_set(&l, "front.app", "verify", "on");
    assert_true(share_failed(&l, 200 * SIM_SEC) == 1);
    lab_free(&l);
}

static void revoked_and_of_another_name(void **state)
{
    (void)state;
    static const char *const what[] = {"revoked", "wrong_name"};
    struct lab l = town("", "keep_alive=1", "", "rate=10");
    lab_start(&l, 1);
    for (int i = 0; i < 2; i++) {
        sim_time t = i * 100 * SIM_SEC;
        assert_true(share_failed(&l, t + 50 * SIM_SEC) == 0);
        lab_fault(&l, "cert", what[i], NULL, 20 * SIM_SEC);
        assert_true(share_failed(&l, t + 70 * SIM_SEC) > 0.98);
        lab_run(&l, t + 71 * SIM_SEC);
    }
    lab_free(&l);
}

static void it_renews_itself_unless_that_fails(void **state)
{
    (void)state;
    const char *cert = "expires_in=2h lifetime=6h backdated=0 renew_before=1h";
    struct lab l = town(cert, "keep_alive=1", "", "rate=0.1");
    lab_start(&l, 1);
    lab_run(&l, SIM_HOUR - 1);
    assert_true(lab_metric(&l, "cert", "renewals_total") == 0);
    lab_run(&l, SIM_HOUR);
    assert_true(lab_metric(&l, "cert", "renewals_total") == 1);
    assert_true(lab_metric(&l, "cert", "disk_seconds_left") == 6 * 3600);
    assert_true(lab_metric(&l, "cert", "seconds_left") == 3600); /* nobody reloads */
    assert_true(share_failed(&l, 2 * SIM_HOUR) == 0);
    assert_true(share_failed(&l, 3 * SIM_HOUR) > 0.99);
    lab_free(&l);

    l = town(cert, "keep_alive=1", "", "rate=0.1");
    lab_start(&l, 1);
    lab_set(&l, "cert", "auto_reload", "on");
    lab_run(&l, 3 * SIM_HOUR);
    assert_true(users(&l, "failed_total") == 0);
    lab_fault(&l, "cert", "renewal_fails", NULL, 0);
    lab_run(&l, 6 * SIM_HOUR + SIM_MIN); /* due at 6 h */
    assert_true(lab_metric(&l, "cert", "renewals_failed_total") == 1);
    assert_int_equal(lab_do(&l, ACTION_OP, "cert", "renew", NULL, 0), ERR_REFUSED);
    lab_run(&l, 7 * SIM_HOUR);
    assert_true(users(&l, "failed_total") == 0);
    assert_true(share_failed(&l, 9 * SIM_HOUR) > 0.99);
    lab_free(&l);
}

static void databases_are_dialled_too(void **state)
{
    (void)state;
    struct lab l = lab_new();
    const struct node query = {.kind = NODE_QUERY, .target = "db", .what = "q"};
    lab_part(&l, "certificate", "cert", "expires_in=100s");
    lab_part(&l, "database", "db", "connect_time=10ms");
    lab_part(&l, "statement", "db.q", "cpu=1ms");
    lab_part(&l, "service", "app", MANY);
    lab_part(&l, "pool", "app.pool", "to=db size=3 lifetime=60s acquire_timeout=1s");
    lab_endpoint(&l, "app", "get", &query);
    lab_part(&l, "call", "app.db", "network=1ms tls=cert");
    lab_part(&l, "client", "users", "to=app/get rate=1 arrivals=even");
    lab_start(&l, 1);
    struct told t = run_told(&l, 1500 * SIM_MS);
    assert_true(t.connect == 12 * SIM_MS);
    assert_true(t.tls == 3200 * SIM_US);
    lab_run(&l, 121 * SIM_SEC); /* opened at 61 s, good till 121 s */
    assert_true(users(&l, "failed_total") == 0);
    lab_run(&l, 200 * SIM_SEC + 500 * SIM_MS);
    assert_true(users(&l, "failed_total") > 75);
    assert_true(lab_metric(&l, "app.db", "failures_TLS_FAILED") > 75);
    assert_true(lab_metric(&l, "app.pool", "pool_in_use") == 0);
    assert_true(lab_metric(&l, "app.pool", "pool_connecting") == 0);
    lab_free(&l);
}

/* ---- clocks ---------------------------------------------------------------------- */

static double offset(const struct lab *l, int instance)
{
    return lab_metric_of(l, "time", "offset_seconds", instance);
}

static enum err skew(struct lab *l, double s, int64_t instance)
{
    struct errmsg why = {0};
    struct action a = {.kind = ACTION_FAULT,
                       .comp = model_find(l->m, "time"),
                       .name = "skew",
                       .args = {value_number(s), value_count(instance)},
                       .nargs = 2};
    return world_apply(l->w, &a, "test", NULL, NULL, &why);
}

static void a_wrong_clock_sees_it_otherwise(void **state)
{
    (void)state;
    struct lab l = town("expires_in=10h lifetime=11h backdated=0", "keep_alive=1",
                        "instances=2", "rate=10 arrivals=even");
    lab_part(&l, "clock", "time", "on=front panic=60s");
    lab_start(&l, 1);
    lab_run(&l, 10 * SIM_SEC + 50 * SIM_MS);
    assert_int_equal(skew(&l, 36000, 2), ERR_OK);
    double half = share_failed(&l, 20 * SIM_SEC + 50 * SIM_MS);
    assert_true(half == 0.5); /* expired, says the second */
    assert_true(offset(&l, 2) == 36000 && offset(&l, 1) == 0);
    assert_int_equal(skew(&l, -36000 - 7200, 2), ERR_OK);
    half = share_failed(&l, 30 * SIM_SEC + 50 * SIM_MS);
    assert_true(half == 0.5);                           /* not yet valid */
    assert_true(share_failed(&l, 300 * SIM_SEC) > 0.4); /* too wrong for ntp */
    lab_op(&l, "time", "sync", NULL);
    assert_true(share_failed(&l, 400 * SIM_SEC) == 0);
    assert_true(lab_metric(&l, "time", "steps_total") == 3);
    assert_int_equal(skew(&l, 1, -3), ERR_INPUT);
    lab_free(&l);
}

static void clocks_run_away_and_are_set_right(void **state)
{
    (void)state;
    struct lab l = town("", "", "", "rate=1");
    lab_part(&l, "clock", "time", "on=front drift=1000 ntp=off");
    lab_start(&l, 1);
    lab_run(&l, 100 * SIM_SEC);
    assert_true(offset(&l, 0) > 0.0999999 && offset(&l, 0) < 0.1000001);
    lab_set(&l, "time", "ntp", "on"); /* every 64 s from here */
    lab_run(&l, 163 * SIM_SEC);
    assert_true(offset(&l, 0) > 0.16);
    lab_run(&l, 164 * SIM_SEC);
    assert_true(offset(&l, 0) == 0);
    lab_run(&l, 174 * SIM_SEC);
    assert_true(offset(&l, 0) > 0.0099 && offset(&l, 0) < 0.0101);
    lab_fault(&l, "time", "ntp_down", NULL, 1000 * SIM_SEC);
    lab_run(&l, 1173 * SIM_SEC);
    assert_true(offset(&l, 0) > 1.0 && lab_metric(&l, "time", "synced") == 0);
    lab_run(&l, 1300 * SIM_SEC);
    assert_true(offset(&l, 0) < 0.1 && lab_metric(&l, "time", "synced") == 1);
    lab_fault(&l, "time", "leap", NULL, 0);
    assert_true(offset(&l, 0) > 1.0);
    lab_run(&l, 1400 * SIM_SEC);
    assert_true(offset(&l, 0) < 0.1);
    assert_int_equal(skew(&l, 2000, 0), ERR_OK);
    lab_run(&l, 5000 * SIM_SEC); /* more than ntp dares */
    assert_true(offset(&l, 0) > 2000 && lab_metric(&l, "time", "synced") == 0);
    lab_op(&l, "time", "sync", NULL);
    assert_true(offset(&l, 0) == 0);
    lab_free(&l);
}

/* ---- the rest -------------------------------------------------------------------- */

static void forks_in_the_middle_end_alike(void **state)
{
    (void)state;
    struct errmsg why = {0};
    struct lab l = town("expires_in=30s", "via=net keep_alive=7 timeout=1s retries=1",
                        "instances=3", "rate=100");
    lab_part(&l, "link", "net", "latency=exponential(20ms) loss=5%");
    lab_part(&l, "clock", "time", "on=front skew=3 drift=500");
    lab_start(&l, 9);
    lab_run(&l, 20 * SIM_SEC);
    lab_op(&l, "front", "restart", NULL);
    lab_run(&l, 27 * SIM_SEC + 77);
    struct world *copy = world_fork(l.w);
    lab_run(&l, 60 * SIM_SEC);
    assert_int_equal(world_run(copy, 60 * SIM_SEC, UINT64_MAX, NULL, &why), ERR_OK);
    assert_true(world_digest(copy) == world_digest(l.w));
    assert_true(lab_metric(&l, "cert", "failures_total") > 100);
    world_free(copy);
    lab_free(&l);
}

static void bad_values_are_refused(void **state)
{
    (void)state;
    struct errmsg why = {0};
    struct lab l = town("", "", "", "rate=1");
    comp_id c = model_find(l.m, "cert");
    assert_int_not_equal(model_set(l.m, c, "round_trips", value_count(11), &why),
                         ERR_OK);
    assert_int_not_equal(model_set(l.m, c, "lifetime", value_duration(0), &why),
                         ERR_OK);
    assert_non_null(strstr(why.text, " s"));
    lab_part(&l, "call", "front.users", "tls=app");
    assert_int_not_equal(model_finish(l.m, &why), ERR_OK);
    assert_non_null(strstr(why.text, "app is a service, not a certificate"));
    model_unref(l.m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_handshake_takes_round_trips),
        cmocka_unit_test(kept_connections_need_none),
        cmocka_unit_test(who_gives_up_closes),
        cmocka_unit_test(connections_die_with_either_end),
        cmocka_unit_test(a_broken_connection_is_not_kept),
        cmocka_unit_test(nobody_answers_the_first_packet),
        cmocka_unit_test(given_up_after_127_s),
        cmocka_unit_test(it_fails_bit_by_bit),
        cmocka_unit_test(a_restart_makes_it_worse),
        cmocka_unit_test(who_presents_it_reads_it_at_the_start),
        cmocka_unit_test(who_does_not_check_does_not_care),
        cmocka_unit_test(revoked_and_of_another_name),
        cmocka_unit_test(it_renews_itself_unless_that_fails),
        cmocka_unit_test(databases_are_dialled_too),
        cmocka_unit_test(a_wrong_clock_sees_it_otherwise),
        cmocka_unit_test(clocks_run_away_and_are_set_right),
        cmocka_unit_test(forks_in_the_middle_end_alike),
        cmocka_unit_test(bad_values_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
