/*
 * Alerts on objectives (Site Reliability Workbook, chapter 5): real users, a real
 * recording, and the rules that lessons use. Users come like clockwork and each of two
 * kinds always meets the same fate, so that an error ratio is a ratio and not a chance.
 * Then a rule fires in the second in which the decisive failure is counted, and when
 * that must be can be said to a second and a failure: see step_of().
 */
#include "ref.h"

#include "truecode/telemetry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

struct shop {
    struct lab l;
    struct recording *rec;
    sim_time second;
};

static struct shop shop_open(double objective, const struct alert_rule *rules, size_t n,
                             double rate)
{
    struct shop s = {.l = lab_new()};
    struct errmsg why = {0};
    char text[80];
    const struct slo slo = {.name = "answered",
                            .within = 2 * SIM_SEC,
                            .objective = objective,
                            .window = 720 * SIM_HOUR};
    lab_part(&s.l, "external", "works", "latency=0");
    lab_part(&s.l, "external", "broken", "latency=0 error_rate=1");
    (void)snprintf(text, sizeof text,
                   "to=works rate=%.17g arrivals=even trace_every=-1", rate);
    lab_part(&s.l, "client", "lucky", text);
    lab_part(&s.l, "client", "unlucky",
             "to=broken rate=0 arrivals=even trace_every=-1");
    lab_part(&s.l, "call", "lucky.works", "network=0");
    lab_part(&s.l, "call", "unlucky.broken", "network=0");
    assert_int_equal(model_slo(s.l.m, &slo, NULL, 0, &why), ERR_OK);
    lab_start(&s.l, 1);
    s.rec = recording_new(s.l.m, rules, n);
    recording_sample(s.rec, s.l.w);
    return s;
}

static void shop_close(struct shop *s)
{
    recording_free(s->rec);
    lab_free(&s->l);
}

static void shop_rates(struct shop *s, double lucky, double unlucky)
{
    char text[40];
    (void)snprintf(text, sizeof text, "%.17g", lucky);
    lab_set(&s->l, "lucky", "rate", text);
    (void)snprintf(text, sizeof text, "%.17g", unlucky);
    lab_set(&s->l, "unlucky", "rate", text);
}

static void shop_second(struct shop *s)
{
    struct observer o = recording_observer(s->rec);
    struct errmsg why = {0};
    s->second += SIM_SEC;
    if (world_run(s->l.w, s->second, UINT64_MAX, &o, &why) != ERR_OK)
        fail_msg("%s", why.text);
    recording_sample(s->rec, s->l.w);
}

static void shop_seconds(struct shop *s, double n)
{
    for (double i = 0; i < n; i++)
        shop_second(s);
}

/* Seconds until the first alert, at most `limit`; INFINITY: none. */
static double until_alert(struct shop *s, double limit)
{
    sim_time start = s->second;
    for (double i = 0; i < limit && recording_alerts(s->rec) == 0; i++)
        shop_second(s);
    if (recording_alerts(s->rec) == 0)
        return INFINITY;
    return (double)(recording_alert(s->rec, 0).since - start) / 1e9;
}

/* ---- detection ------------------------------------------------------------------- */

/* Failures a second: few where it takes long, so that a run stays affordable. */
static double failures_per_s(double ratio, double seconds)
{
    double most = 1e6 * ratio / seconds;
    return most > 10 ? 10 : most;
}

enum { BEFORE = 60 }; /* seconds of users without failures */

/* A step to an error ratio, and between what seconds its alert must come. */
struct step {
    double before, lucky, unlucky; /* users a second */
    double earliest, latest;
};

/* The published time is when n failures have come, of which the n-th decides. Both
 * kinds of users are clocks: a span of time holds theirs to within one. While the time
 * is shorter than the window, failures become ever more, and whoever misses the
 * threshold by one reaches it with the next. When it is just the window, they no longer
 * do: for each that comes one drops out, the window holds now the one and now the other
 * of two neighbouring whole numbers, and when it is the larger one depends on how the
 * second, the window and the failures' gap beat. (At 833.3 failures in ten minutes, of
 * which 834 are needed: after 602 s.) So n is whole, and n + 1 failures come in the
 * published time: then a full window always holds enough, for one failure's gap too
 * early.
 *
 * The window's total is off by at most three, two clocks and that failure, taken as
 * often as the window is longer than what was seen of it; times the threshold, so many
 * failures more or less decide. A rule is looked at once a second. */
static struct step step_of(double ratio, double threshold, double window, double want)
{
    bool never = isinf(want);
    double per_s = failures_per_s(ratio, never ? window + 10 : want * 1.1 + BEFORE);
    double n = floor(per_s * want);
    if (never)
        return (struct step){
            .before = per_s / ratio, .lucky = per_s / ratio - per_s, .unlucky = per_s};
    double all = n / want / ratio, unlucky = (n + 1) / want;
    double vague = 3 * threshold * window / fmin(window, BEFORE + want);
    return (struct step){.before = all,
                         .lucky = all * (1 - ratio),
                         .unlucky = unlucky,
                         .earliest = want - (1 + vague) / unlucky,
                         .latest = want + vague / unlucky + 1};
}

static void detection(struct ref *r, double ratio, double threshold, double window,
                      double want)
{
    const struct alert_rule rule = {.name = "budget burns",
                                    .kind = ALERT_BURN,
                                    .factor = threshold / 0.001,
                                    .long_window = (sim_time)window * SIM_SEC};
    struct step step = step_of(ratio, threshold, window, want);
    struct shop s = shop_open(0.999, &rule, 1, step.before);
    shop_seconds(&s, BEFORE);
    shop_rates(&s, step.lucky, step.unlucky);
    double got = until_alert(&s, isinf(want) ? window + 10 : step.latest + BEFORE);
    if (isinf(want))
        ref_state(r, "detection_s", "never", isinf(got) ? "never" : "fires");
    else
        ref_between(r, "detection_s", step.earliest, step.latest, got);
    shop_close(&s);
}

void table_slo_alert_detection_times(struct ref *r)
{
    struct csv t = csv_open("slo_alert_detection_times");
    for (size_t i = 0; i < t.rows; i++) {
        double window = round(csv_number(&t, i, "window_h") * 3600);
        double ratio = csv_number(&t, i, "error_ratio");
        double want = csv_number(&t, i, "detection_s");
        ref_row(r, "%s, %g%% bad", csv_text(&t, i, "strategy"), 100 * ratio);
        if (!ref_skips(r, i, fmin(window, want) > 4000 ? 12 : 3))
            detection(r, ratio, csv_number(&t, i, "error_threshold"), window, want);
    }
    csv_close(&t);
}

/* ---- burn rates ------------------------------------------------------------------ */

/* What the objective says after the long window (or 6 hours where there is none) at a
 * table's error rate. */
static void burn_row(struct ref *r, const struct csv *t, size_t i)
{
    double burn = csv_number(t, i, "burn_rate");
    double ratio = csv_number(t, i, "error_rate_pct_at_99.9") / 100;
    double hours = csv_number(t, i, "long_window_h");
    double consumed = csv_number(t, i, "budget_consumed_pct") / 100;
    double exhausted = csv_number(t, i, "time_to_exhaustion_h");
    double span = isnan(hours) ? fmin(6, exhausted / 2) : hours;
    /* Whole failures in each five minutes, and about a million requests in all. */
    double per_s = fmax(1 / 30.0, floor((r->full ? 5e5 : 2e5) * ratio / (span * 3600)));
    struct shop s = shop_open(0.999, NULL, 0, 0);
    ref_row(r, "%s burn %g", csv_text(t, i, "table"), burn);
    shop_rates(&s, per_s / ratio * (1 - ratio), per_s);
    shop_seconds(&s, span * 3600);
    struct slo_state o = recording_slo(s.rec, s.second);
    ref_between(r, "burn_rate", burn * 0.999, burn * 1.001, o.burn);
    double used = 1 - o.budget;
    if (!isnan(consumed))
        ref_between(r, "budget_consumed", consumed * 0.999, consumed * 1.001, used);
    ref_between(r, "exhausted after h", exhausted * 0.999, exhausted * 1.001,
                span / used);
    shop_close(&s);
}

void table_slo_burn_rates(struct ref *r)
{
    struct csv t = csv_open("slo_burn_rates");
    for (size_t i = 0; i < t.rows; i++)
        if (!ref_skips(r, i, 2))
            burn_row(r, &t, i);
    csv_close(&t);
}
