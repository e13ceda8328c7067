/* Third parties through whole models. */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_errors_and_plain_nos),
        cmocka_unit_test(turns_away_beyond_its_quota),
        cmocka_unit_test(faults_come_and_go),
        cmocka_unit_test(a_hang_ends_for_all_at_once),
        cmocka_unit_test(a_caller_with_a_timeout_does_not_hang),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
