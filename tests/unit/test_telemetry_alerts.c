/* Alerts and the objective: when they fire, when they stop, and what a rewind leaves.
 * Detection times are those of the Site Reliability Workbook, chapter 5. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "telemetry_test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PER_SECOND                                                                     \
    100000.0 /* so that every ratio below is a whole number of requests */

static struct model *model_with_objective(double objective, sim_time window)
{
    return small_model(
        &(struct slo){"answered", 2 * SIM_SEC, 0, objective, window, false});
}

static struct recording *recording_with(double objective, sim_time window,
                                        const struct alert_rule *rules, size_t n)
{
    struct model *m = model_with_objective(objective, window);
    struct recording *r = recording_new(m, rules, n);
    model_unref(m);
    assert_int_equal(r->plan->nclients, 1);
    return r;
}

/* Lets a second pass in which this share of the requests is bad. */
static void second(struct recording *r, double bad)
{
    uint32_t row = table_rows(&r->table), last = row ? row - 1 : 0;
    uint32_t cols[] = {r->plan->good[0], r->plan->bad[0]};
    double add[] = {PER_SECOND * (1 - bad), PER_SECOND * bad};
    double now[2];
    for (int i = 0; i < 2; i++) {
        double v = table_at(&r->table, last, cols[i]);
        now[i] = (isnan(v) ? 0 : v) + (row ? floor(add[i] + 0.5) : 0);
    }
    table_row(&r->table, row, r->cols);
    for (int i = 0; i < 2; i++)
        table_put(&r->table, cols[i], now[i]);
    alerts_evaluate(r, (sim_time)row * SIM_SEC);
}

static void seconds(struct recording *r, int n, double bad)
{
    for (int i = 0; i < n; i++)
        second(r, bad);
}

static sim_time fires_after(struct recording *r, double bad, int limit)
{
    sim_time start = recording_end(r);
    for (int i = 0; i < limit && recording_alerts(r) == 0; i++)
        second(r, bad);
    return recording_alerts(r) ? recording_alert(r, 0).since - start : -1;
}

/* ---- published detection times --------------------------------------------------- */

static void check_detection(double window_h, double threshold, double ratio,
                            double want, int healthy)
{
    struct alert_rule rule = {.name = "budget burns",
                              .kind = ALERT_BURN,
                              .factor = threshold / 0.001,
                              .long_window = (sim_time)(window_h * 3600) * SIM_SEC};
    struct recording *r = recording_with(0.999, 720 * SIM_HOUR, &rule, 1);
    seconds(r, healthy + 1, 0);
    int limit = isinf(want) ? (int)(window_h * 3600) + 10 : (int)want + 10;
    sim_time got = fires_after(r, ratio, limit);
    /* The table is rounded to hundredths; rules are evaluated at whole seconds. */
    sim_time expected = isinf(want) ? -1 : (sim_time)ceil(want - 0.005) * SIM_SEC;
    if (got != expected)
        fail_msg("window %g h, threshold %g, errors %g: %g s, not %g s", window_h,
                 threshold, ratio, (double)got / 1e9, want);
    recording_free(r);
}

static void burn_rates_fire_when_the_workbook_says(void **state)
{
    (void)state;
    FILE *f = fopen("tests/reference/slo_alert_detection_times.csv", "r");
    assert_non_null(f);
    char line[256], name[40], detection[32];
    double window, threshold, ratio;
    int n = 0;
    while (fgets(line, sizeof line, f)) {
        if (sscanf(line, "%39[^,],%lf,%lf,%lf,%31s", name, &window, &threshold, &ratio,
                   detection) != 5)
            continue;
        double want = str_eq(detection, "inf") ? INFINITY : strtod(detection, NULL);
        /* A young world counts as healthy before it began: no other time than an old
         * one. */
        check_detection(window, threshold, ratio, want, 60);
        if (window <= 1)
            check_detection(window, threshold, ratio, want, 3700);
        n++;
    }
    (void)fclose(f);
    assert_int_equal(n, 72);
}

/* Fifteen per cent for ten minutes, 14.4 over an hour and five minutes: it fires
 * after 5.76 minutes and stops when the short window has (all but) forgotten. */
static void the_short_window_ends_a_page_soon(void **state)
{
    (void)state;
    struct alert_rule rule = {.name = "budget burns",
                              .kind = ALERT_BURN,
                              .factor = 14.4,
                              .long_window = SIM_HOUR,
                              .short_window = 5 * SIM_MIN};
    struct recording *r = recording_with(0.999, 720 * SIM_HOUR, &rule, 1);
    seconds(r, 3601, 0);
    assert_int_equal(fires_after(r, 0.15, 600), 346 * SIM_SEC);
    assert_int_equal(recording_alert(r, 0).until, SIM_FOREVER);
    seconds(r, 600 - 346, 0.15);
    sim_time stop = recording_end(r);
    seconds(r, 400, 0);
    assert_int_equal(recording_alert(r, 0).until - stop, 272 * SIM_SEC);
    assert_int_equal(recording_alerts(r), 1);
    recording_free(r);
}

/* Without one, a full outage that just fires keeps the page for the rest of the hour.
 */
static void one_long_window_keeps_a_page_for_an_hour(void **state)
{
    (void)state;
    struct alert_rule rule = {.name = "budget burns",
                              .kind = ALERT_BURN,
                              .factor = 36,
                              .long_window = SIM_HOUR};
    struct recording *r = recording_with(0.999, 720 * SIM_HOUR, &rule, 1);
    seconds(r, 3601, 0);
    assert_int_equal(fires_after(r, 1, 600), 130 * SIM_SEC);
    sim_time stop = recording_end(r);
    seconds(r, 3600, 0);
    double minutes = (double)(recording_alert(r, 0).until - stop) / 60e9;
    assert_true(minutes > 57.5 && minutes < 58.5);
    recording_free(r);
}

/* ---- thresholds ------------------------------------------------------------------ */

static const struct alert_rule bad_rate = {.name = "many bad",
                                           .kind = ALERT_THRESHOLD,
                                           .metric = "bad_total",
                                           .value = PER_SECOND / 2,
                                           .hold = 45 * SIM_SEC};

static struct recording *with_threshold(const struct alert_rule *rule)
{
    struct model *m = model_with_objective(0.99, SIM_HOUR);
    struct alert_rule mine = *rule;
    mine.comp = model_find(m, "users");
    struct recording *r = recording_new(m, &mine, 1);
    model_unref(m);
    return r;
}

/* The rate is over a minute: above a half after 31 s of nothing but errors, and then it
 * must hold for 45 s more. */
static void a_threshold_must_hold(void **state)
{
    (void)state;
    struct recording *r = with_threshold(&bad_rate);
    seconds(r, 121, 0);
    seconds(r, 40, 1); /* above for 39 s */
    seconds(r, 120, 0);
    assert_int_equal(recording_alerts(r), 0);
    assert_int_equal(fires_after(r, 1, 200), 76 * SIM_SEC);
    struct alert a = recording_alert(r, 0);
    assert_string_equal(a.rule->name, "many bad");
    assert_true(a.value > a.rule->value);
    seconds(r, 31, 0);
    assert_int_equal(recording_alert(r, 0).until, recording_end(r) - SIM_SEC);
    recording_free(r);
}

static void below_fires_below(void **state)
{
    (void)state;
    struct alert_rule rule = bad_rate;
    rule.metric = "good_total";
    rule.below = true;
    rule.hold = 0;
    struct recording *r = with_threshold(&rule);
    seconds(r, 121, 0);
    assert_int_equal(recording_alerts(r), 0);
    assert_int_equal(fires_after(r, 1, 200), 31 * SIM_SEC);
    recording_free(r);
}

static void a_metric_that_is_not_there_never_fires(void **state)
{
    (void)state;
    struct alert_rule rule = bad_rate;
    rule.metric = "no_such_thing";
    struct recording *r = with_threshold(&rule);
    seconds(r, 200, 1);
    assert_int_equal(recording_alerts(r), 0);
    recording_free(r);
}

/* ---- rewind ---------------------------------------------------------------------- */

static double wave(int t)
{
    return t % 97 < 40 ? (double)(t % 13) / 13 : 0;
}

static void same_alerts(const struct recording *a, const struct recording *b)
{
    assert_int_equal(recording_alerts(a), recording_alerts(b));
    for (size_t i = 0; i < recording_alerts(a); i++) {
        struct alert x = recording_alert(a, i), y = recording_alert(b, i);
        assert_int_equal(x.index, y.index);
        assert_int_equal(x.since, y.since);
        assert_int_equal(x.until, y.until);
        assert_true(x.value == y.value);
    }
}

static const struct alert_rule two_rules[] = {
    {.name = "burns",
     .kind = ALERT_BURN,
     .factor = 2,
     .long_window = 3 * SIM_MIN,
     .short_window = 20 * SIM_SEC,
     .hold = 5 * SIM_SEC},
    {.name = "burns a little", .kind = ALERT_BURN, .factor = 1, .long_window = SIM_MIN},
};

/* A fork anywhere and its origin go on to the same alerts as without. */
static void a_fork_goes_on_with_the_alerts_of_that_moment(void **state)
{
    (void)state;
    struct recording *whole = recording_with(0.95, SIM_HOUR, two_rules, 2);
    for (int t = 0; t < 500; t++)
        second(whole, wave(t));
    assert_true(recording_alerts(whole) > 4);
    for (int then = 1; then < 500; then++) {
        struct recording *r = recording_with(0.95, SIM_HOUR, two_rules, 2);
        for (int t = 0; t <= then; t++)
            second(r, wave(t));
        struct recording *fork = recording_fork(r);
        for (int t = then + 1; t < 500; t++)
            second(fork, wave(t));
        same_alerts(fork, whole);
        for (int t = then + 1; t < 500; t++)
            second(r, wave(t));
        same_alerts(r, whole);
        recording_free(fork);
        recording_free(r);
    }
    recording_free(whole);
}

/* ---- the objective --------------------------------------------------------------- */

static void the_objective_is_what_users_got(void **state)
{
    (void)state;
    struct recording *r = recording_with(0.995, 30 * SIM_MIN, NULL, 0);
    struct slo_state s = recording_slo(r, 0);
    assert_true(isnan(s.good) && s.ok && s.budget == 1 && s.total == 0);
    seconds(r, 301, 0);
    s = recording_slo(r, recording_end(r));
    assert_true(s.good == 1 && s.ok && s.burn == 0 && s.budget == 1);
    seconds(r, 30, 0.1);
    s = recording_slo(r, recording_end(r));
    assert_true(fabs(s.good - 0.95) < 1e-12 && !s.ok);
    assert_true(fabs(s.burn - 0.01 / 0.005) < 1e-9);
    assert_true(s.bad == 300000 && s.total == 33000000);
    /* 30 s of 10 % out of what may be bad in 30 minutes: 0.5 % of 1800 s */
    assert_true(fabs(s.budget - (1 - 3 / 9.0)) < 1e-9);
    assert_int_equal(recording_bad_count(r, 300 * SIM_SEC, 310 * SIM_SEC), 100000);
    assert_true(fabs(recording_good(r, 300 * SIM_SEC, 330 * SIM_SEC) - 0.9) < 1e-12);
    comp_id users = r->plan->clients[0];
    assert_true(fabs(recording_good_of(r, users, 300 * SIM_SEC, 330 * SIM_SEC) - 0.9) <
                1e-12);
    assert_true(isnan(recording_good_of(r, COMP_NONE, 300 * SIM_SEC, 330 * SIM_SEC)));
    assert_true(isnan(recording_good(r, 330 * SIM_SEC, 400 * SIM_SEC)));
    /* and it tells the past as it was */
    s = recording_slo(r, 300 * SIM_SEC);
    assert_true(s.good == 1 && s.bad == 0);
    seconds(r, 1800,
            0); /* half an hour later the bad half minute is out of the window */
    s = recording_slo(r, recording_end(r));
    assert_true(s.budget == 1);
    recording_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(burn_rates_fire_when_the_workbook_says),
        cmocka_unit_test(the_short_window_ends_a_page_soon),
        cmocka_unit_test(one_long_window_keeps_a_page_for_an_hour),
        cmocka_unit_test(a_threshold_must_hold),
        cmocka_unit_test(below_fires_below),
        cmocka_unit_test(a_metric_that_is_not_there_never_fires),
        cmocka_unit_test(a_fork_goes_on_with_the_alerts_of_that_moment),
        cmocka_unit_test(the_objective_is_what_users_got),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
