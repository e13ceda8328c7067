/* Third parties and autoscalers through whole models. */
#include "../lib/lab.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct lab shop(const char *gateway, const char *policy)
{
    struct lab l = lab_new();
    const struct node charge = {
        .kind = NODE_CALL, .target = "gateway", .what = "charge"};
    lab_part(&l, "external", "gateway", gateway);
    lab_part(&l, "service", "app", "workers=1000");
    lab_part(&l, "call", "app.gateway", policy);
    lab_endpoint(&l, "app", "buy", &charge);
    lab_part(&l, "client", "users", "to=app/buy rate=10 arrivals=even");
    lab_start(&l, 1);
    return l;
}

static double gateway(const struct lab *l, const char *metric)
{
    return lab_metric(l, "gateway", metric);
}

static void answers_errors_and_plain_nos(void **state)
{
    (void)state;
    struct lab l = shop("latency=100ms error_rate=10% decline=20%", "");
    lab_run(&l, 1000 * SIM_SEC + 50 * SIM_MS);
    double n = gateway(&l, "requests_total");
    assert_true(n == 10000);
    assert_true(gateway(&l, "errors_total") > 0.09 * n);
    assert_true(gateway(&l, "errors_total") < 0.11 * n);
    assert_true(gateway(&l, "declined_total") > 0.16 * n);
    assert_true(gateway(&l, "declined_total") < 0.20 * n);
    assert_true(lab_metric(&l, "users", "failed_total") == gateway(&l, "errors_total"));
    lab_free(&l);
}

static void turns_away_beyond_its_quota(void **state)
{
    (void)state;
    struct lab l = shop("latency=10ms quota=4", "");
    lab_run(&l, 100 * SIM_SEC + 50 * SIM_MS);
    double limited = gateway(&l, "rate_limited_total");
    assert_true(limited >= 595 && limited <= 600); /* a second's worth at the start */
    lab_free(&l);
}

static void faults_come_and_go(void **state)
{
    (void)state;
    struct lab l = shop("latency=100ms", "");
    lab_fault(&l, "gateway", "down", NULL, 10 * SIM_SEC);
    lab_run(&l, 20 * SIM_SEC + 50 * SIM_MS);
    assert_true(gateway(&l, "errors_total") >= 99 &&
                gateway(&l, "errors_total") <= 101);
    double errors = gateway(&l, "errors_total"), seconds = gateway(&l, "seconds_total");
    lab_fault(&l, "gateway", "slow", "10", 10 * SIM_SEC);
    lab_run(&l, 32 * SIM_SEC);
    seconds = gateway(&l, "seconds_total") - seconds;
    assert_true(seconds > 100 && seconds < 103);
    lab_fault(&l, "gateway", "errors", "0.5", 100 * SIM_SEC);
    lab_run(&l, 132 * SIM_SEC);
    errors = gateway(&l, "errors_total") - errors;
    assert_true(errors > 430 && errors < 570);
    assert_int_equal(lab_do(&l, ACTION_FAULT, "gateway", "slow", "0", 0), ERR_INPUT);
    lab_free(&l);
}

static void a_hang_ends_for_all_at_once(void **state)
{
    (void)state;
    struct lab l = shop("latency=10ms", "");
    lab_fault(&l, "gateway", "hang", NULL, 5 * SIM_SEC);
    lab_run(&l, 5 * SIM_SEC - 1);
    assert_true(gateway(&l, "in_flight") >= 49);
    assert_true(lab_metric(&l, "users", "answered_total") == 0);
    lab_run(&l, 5 * SIM_SEC + 50 * SIM_MS);
    assert_true(gateway(&l, "in_flight") <= 1);
    assert_true(lab_metric(&l, "users", "failed_total") == 0);
    lab_free(&l);
}

static void a_caller_with_a_timeout_does_not_hang(void **state)
{
    (void)state;
    struct lab l = shop("latency=10ms", "timeout=1s cancel=on");
    lab_fault(&l, "gateway", "hang", NULL, 0);
    lab_run(&l, 20 * SIM_SEC + 50 * SIM_MS);
    assert_true(gateway(&l, "in_flight") <= 11);
    assert_true(lab_metric(&l, "users", "failed_total") >= 188);
    lab_free(&l);
}

/* ---- autoscalers ----------------------------------------------------------------- */

static struct lab scaled(const char *scaler, const char *rate)
{
    struct lab l = lab_new();
    const struct node work = {.kind = NODE_COMPUTE,
                              .time = dist_exponential(20 * SIM_MS)};
    lab_part(&l, "service", "app", "instances=2 workers=100 cores=1 start_up=5s");
    lab_part(&l, "autoscaler", "scaler", scaler);
    lab_endpoint(&l, "app", "get", &work);
    lab_part(&l, "client", "users", rate);
    lab_start(&l, 1);
    return l;
}

static double instances(const struct lab *l)
{
    return (double)world_get(l->w, model_find(l->m, "app"), "instances").as.count;
}

static void follows_the_load(void **state)
{
    (void)state;
    struct lab l = scaled("service=app target=0.5 min=2 max=12 cooldown=60s",
                          "to=app/get rate=200");
    lab_run(&l, 10 * SIM_SEC);
    assert_true(instances(&l) == 2); /* has not looked yet */
    lab_run(&l, 300 * SIM_SEC);      /* 4 cores' worth of work, half used */
    assert_true(instances(&l) >= 7 && instances(&l) <= 9);
    lab_set(&l, "users", "rate", "10");
    lab_run(&l, 600 * SIM_SEC);
    assert_true(instances(&l) == 2);
    assert_true(lab_metric(&l, "scaler", "ups_total") >= 1);
    assert_true(lab_metric(&l, "scaler", "downs_total") >= 1);
    lab_free(&l);
}

static void keeps_its_limits(void **state)
{
    (void)state;
    struct lab l = scaled("service=app target=0.1 max=3", "to=app/get rate=200");
    lab_run(&l, 300 * SIM_SEC);
    assert_true(instances(&l) == 3);
    assert_int_equal(lab_do(&l, ACTION_SET, "scaler", "min", "5", 0), ERR_REFUSED);
    lab_set(&l, "scaler", "max", "4");
    lab_run(&l, 400 * SIM_SEC);
    assert_true(instances(&l) == 4);
    lab_free(&l);
}

static void comes_down_only_after_the_cooldown(void **state)
{
    (void)state;
    struct lab l = scaled("service=app target=0.5 min=2 max=12 cooldown=10m",
                          "to=app/get rate=200");
    lab_run(&l, 120 * SIM_SEC);
    double most = instances(&l);
    assert_true(most > 4);
    lab_set(&l, "users", "rate", "10");
    lab_run(&l, 500 * SIM_SEC);
    assert_true(instances(&l) >= most);
    assert_true(lab_metric(&l, "scaler", "downs_total") == 0);
    lab_run(&l, 900 * SIM_SEC);
    assert_true(instances(&l) == 2);
    lab_free(&l);
}

static void off_is_off(void **state)
{
    (void)state;
    struct lab l = scaled("service=app target=0.1 on=off", "to=app/get rate=80");
    lab_run(&l, 300 * SIM_SEC);
    assert_true(instances(&l) == 2);
    lab_set(&l, "scaler", "on", "on");
    lab_run(&l, 330 * SIM_SEC);
    assert_true(instances(&l) == 10);
    lab_free(&l);
}

static void reacts_late_when_told_so(void **state)
{
    (void)state;
    struct lab l =
        scaled("service=app target=0.5 delay=60s max=12", "to=app/get rate=95");
    lab_run(&l, 70 * SIM_SEC);
    assert_true(lab_metric(&l, "scaler", "wanted") > 2);
    assert_true(instances(&l) == 2);
    lab_run(&l, 80 * SIM_SEC);
    assert_true(instances(&l) > 2);
    lab_free(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_errors_and_plain_nos),
        cmocka_unit_test(turns_away_beyond_its_quota),
        cmocka_unit_test(faults_come_and_go),
        cmocka_unit_test(a_hang_ends_for_all_at_once),
        cmocka_unit_test(a_caller_with_a_timeout_does_not_hang),
        cmocka_unit_test(follows_the_load),
        cmocka_unit_test(keeps_its_limits),
        cmocka_unit_test(comes_down_only_after_the_cooldown),
        cmocka_unit_test(off_is_off),
        cmocka_unit_test(reacts_late_when_told_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
