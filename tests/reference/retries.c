/*
 * Retries: how they multiply work, and what holds them back.
 */
#include "budgets.h"
#include "queues.h"

#include <string.h>

#include <math.h>

/* ---- independent failures -------------------------------------------------------- */

/* A third party that fails with probability p, called with n retries. */
void table_retry_amplification(struct ref *r)
{
    struct csv t = csv_open("retry_amplification");
    for (size_t i = 0; i < t.rows; i++) {
        if (ref_skips(r, i, 2))
            continue;
        double p = csv_number(&t, i, "p_fail"), n = csv_number(&t, i, "max_retries");
        double attempts = csv_number(&t, i, "mean_attempts");
        double success = csv_number(&t, i, "p_success");
        char text[80];
        struct lab l = lab_new();
        struct run run;
        (void)snprintf(text, sizeof text, "latency=1ms error_rate=%.17g", p);
        lab_part(&l, "external", "shop", text);
        lab_part(&l, "client", "users", "to=shop rate=1000 trace_every=-1");
        (void)snprintf(text, sizeof text, "network=0 retries=%g", n);
        lab_part(&l, "call", "users.shop", text);
        lab_start(&l, 1);
        ref_row(r, "p=%g retries=%g", p, n);
        double noise = success > 0 && success < 1 ? (1 - success) / success : 0;
        if (!run_init(&run, r, &l, 1000, noise > 12 ? noise : 12)) {
            ref_unreached(r, "all");
            lab_free(&l);
            continue;
        }
        size_t all = run_count(&run, "users", "attempts_total");
        size_t ok = run_count(&run, "users", "answered_total");
        size_t ended = run_count(&run, "users.shop", "attempts_total");
        while (run_go(&run)) {
            struct sample x = run_ratio(&run, ended, all);
            struct sample y = run_ratio(&run, ok, all);
            if (p == 0 || p == 1) { /* nothing is random: but for those in flight */
                ref_between(r, "mean_attempts", attempts - 0.001, attempts + 0.001,
                            x.mean);
                ref_between(r, "p_success", success - 0.001, success + 0.001, y.mean);
            } else {
                ref_mean(r, "mean_attempts", attempts, x);
                ref_share(r, "p_success", success, y, run_total(&run, all));
            }
        }
        run_free(&run);
    }
    csv_close(&t);
}

/* ---- what was written about it --------------------------------------------------- */

static double published(const struct csv *t, const char *name)
{
    return csv_number(t, csv_find(t, "case", name), "value");
}

/* Attempts at a third party for each request of the users, `seconds` after a warm-up.
 */
static double growth(const char *external, const char *client, const char *policy,
                     double seconds)
{
    struct lab l = lab_new();
    lab_part(&l, "external", "shop", external);
    lab_part(&l, "client", "users", client);
    lab_part(&l, "call", "users.shop", policy);
    lab_start(&l, 1);
    audit(l.m, 2, 5 * SIM_SEC);
    lab_run(&l, 300 * SIM_SEC);
    double tries = lab_metric(&l, "users.shop", "attempts_total");
    double asked = lab_metric(&l, "users.shop", "requests_total");
    lab_run(&l, 300 * SIM_SEC + (sim_time)(seconds * 1e9));
    tries = lab_metric(&l, "users.shop", "attempts_total") - tries;
    asked = lab_metric(&l, "users.shop", "requests_total") - asked;
    lab_free(&l);
    return tries / asked;
}

/* Layers that each try again, above something that always fails: attempts down there
 * for one request of a user. */
static double layers_multiply(int layers, int retries)
{
    static const char *const names[] = {"s1", "s2", "s3", "s4"};
    struct lab l = lab_new();
    char policy[40], text[40];
    (void)snprintf(text, sizeof text, "network=0 retries=%d", retries);
    lab_part(&l, "external", "last", "latency=1ms error_rate=1");
    for (int i = layers - 2; i >= 0; i--) {
        bool deepest = i == layers - 2;
        const struct node call = {.kind = NODE_CALL,
                                  .target = deepest ? "last" : names[i + 1],
                                  .what = deepest ? NULL : "do"};
        lab_part(&l, "service", names[i], "workers=1000");
        lab_endpoint(&l, names[i], "do", &call);
        (void)snprintf(policy, sizeof policy, "%s.%s", names[i],
                       deepest ? "last" : names[i + 1]);
        lab_part(&l, "call", policy, text);
    }
    lab_part(&l, "client", "users", "to=s1/do rate=0.1 arrivals=even trace_every=-1");
    lab_part(&l, "call", "users.s1", text);
    lab_start(&l, 1);
    audit(l.m, 2, 100 * SIM_SEC);
    lab_run(&l, 105 * SIM_SEC);
    double tries = lab_metric(&l, "last", "requests_total");
    double asked = lab_metric(&l, "users", "attempts_total");
    lab_free(&l);
    return tries / asked;
}

/* 10,000/s can be served, 10,100/s come, and who was turned away comes again a second
 * later: one hundred more each second. */
static void creeping_overload(struct ref *r, const struct csv *t)
{
    struct lab l = lab_new();
    double failures[4], tries[4];
    lab_part(&l, "external", "shop", "latency=0 quota=10000");
    lab_part(&l, "client", "users", "to=shop rate=10100 arrivals=even trace_every=-1");
    lab_part(&l, "call", "users.shop", "network=0 retries=20 backoff=fixed base=1s");
    lab_start(&l, 1);
    /* The quota's reserve of a second lasts for a hundred. */
    while (lab_metric(&l, "shop", "rate_limited_total") == 0)
        lab_run(&l, world_now(l.w) + SIM_MS);
    for (int k = 0; k < 4; k++) {
        double f = lab_metric(&l, "shop", "rate_limited_total");
        double n = lab_metric(&l, "shop", "requests_total");
        lab_run(&l, world_now(l.w) + SIM_SEC);
        failures[k] = lab_metric(&l, "shop", "rate_limited_total") - f;
        tries[k] = lab_metric(&l, "shop", "requests_total") - n;
    }
    lab_free(&l);
    ref_row(r, "10,000/s, offered 10,100/s");
    double second1 =
        published(t, "backend_10000qps_offered_10100_retry_1000ms:_second1_total");
    ref_between(r, "second 1, total", second1 - 3, second1 + 3, tries[1]);
    for (int k = 0; k < 3; k++)
        ref_between(r, "failures/s", 100 * (k + 1) - 3, 100 * (k + 1) + 3, failures[k]);
}

/* A queue ten times as long as there are workers, full: each request of 100 ms waits
 * for ten others. */
static void full_queue(struct ref *r, const struct csv *t)
{
    struct lab l = lab_new();
    struct run run;
    const struct node work = {.kind = NODE_COMPUTE, .time = dist_const(100 * SIM_MS)};
    lab_part(&l, "service", "app", "workers=10 cores=10 queue=100");
    lab_endpoint(&l, "app", "get", &work);
    lab_part(&l, "client", "users", "to=app/get rate=1500 trace_every=-1");
    lab_part(&l, "call", "users.app", "network=0");
    lab_start(&l, 1);
    ref_row(r, "queue 10 times the threads");
    if (!run_init(&run, r, &l, 1500, 1)) {
        lab_free(&l);
        return;
    }
    run_longer(&run, 6e4);
    run_rank(&run, "users");
    size_t median = run_quantile(&run, RUN_RESPONSE, 0.5, 0);
    while (run_go(&run))
        run_percentile(&run, "latency, s (p50)",
                       published(t, "queue_10x_threadpool_100ms_request_latency_s"),
                       median, 1);
    run_free(&run);
}

/* base * 2^(n-1) before retry n = 1, 2, ..., at most the cap: 10 + 20 + 40 + 80 + 100 +
 * 100 ms. Each attempt takes 1 ms to fail, the last one answers. */
static void pauses(struct ref *r)
{
    struct lab l = lab_new();
    lab_part(&l, "external", "shop", "latency=1ms");
    lab_part(&l, "client", "users", "to=shop rate=1 arrivals=even trace_every=-1");
    lab_part(&l, "call", "users.shop",
             "network=0 retries=9 backoff=exponential base=10ms cap=100ms");
    lab_start(&l, 1);
    lab_fault(&l, "shop", "errors", "1", 1300 * SIM_MS);
    lab_run(&l, 1900 * SIM_MS);
    ref_row(r, "exponential backoff");
    ref_exact(r, "pauses and tries, ns", 357e6,
              round(1e9 * lab_metric(&l, "users", "seconds_total")), 12);
    lab_free(&l);
}

void table_retry_published(struct ref *r)
{
    struct csv t = csv_open("retry_published");
    pauses(r);
    ref_row(r, "3 attempts, hardly any succeeds");
    ref_between(r, "growth (just below 3)", 2.95, 3,
                growth("latency=1ms quota=1", "to=shop rate=100 trace_every=-1",
                       "network=0 retries=2", 1000));
    ref_row(r, "3 attempts, budget of 10%%");
    double budget = published(&t, "plus_10pct_per_client_retry_budget_growth");
    ref_between(r, "growth", budget * 0.999, budget * 1.001,
                growth("latency=1ms error_rate=1", "to=shop rate=100 trace_every=-1",
                       "network=0 retries=2 retry_budget=10%", 1000));
    ref_row(r, "layers");
    ref_exact(r, "3 layers, 4 attempts",
              published(&t, "3_layers_each_4_attempts_(4^3)"), layers_multiply(3, 3),
              8);
    ref_exact(r, "5 layers, 3 tries", published(&t, "5_layers_each_3_tries_(3^5)"),
              layers_multiply(5, 2), 8);
    creeping_overload(r, &t);
    full_queue(r, &t);
    retries_per_minute(
        r, published(&t, "server_wide_retry_budget_example_per_process_per_min"));
    adaptive_throttle(r);
    csv_close(&t);
}
