/*
 * What holds retries back, by the published constants: the quota of the AWS SDKs, the
 * throttle of gRPC (proposal A6), a budget per minute and the adaptive throttle of the
 * SRE book.
 */
#include "budgets.h"

#include <stdlib.h>
#include <string.h>

#include <math.h>

static double constant(const struct csv *t, const char *param)
{
    return strtod(csv_text(t, csv_find(t, "param", param), "value"), NULL);
}

static struct lab shop_lab(const char *external, const char *client, const char *policy)
{
    struct lab l = lab_new();
    char text[200];
    (void)snprintf(text, sizeof text, "network=0 %s", policy);
    lab_part(&l, "external", "shop", external);
    lab_part(&l, "client", "users", client);
    lab_part(&l, "call", "users.shop", text);
    lab_start(&l, 1);
    return l;
}

/* ---- the quota of the AWS SDKs --------------------------------------------------- */

/* "drains" when in two hours less than a tenth of the quota is left. */
static const char *drains(struct lab *l, const char *policy, double capacity)
{
    double least = capacity;
    for (sim_time t = 0; t < 7200 * SIM_SEC; t += SIM_SEC) {
        lab_run(l, t);
        least = fmin(least, lab_metric(l, policy, "retry_tokens"));
    }
    lab_free(l);
    return least < capacity / 10 ? "drains" : "holds";
}

/* Each attempt fails by itself with this probability; three attempts at most. */
static const char *transient(double share, double capacity, double cost)
{
    char external[80], policy[120];
    (void)snprintf(external, sizeof external, "latency=1ms error_rate=%.17g", share);
    (void)snprintf(policy, sizeof policy,
                   "retries=2 budget=quota budget_tokens=%g retry_cost=%g", capacity,
                   cost);
    struct lab l = shop_lab(external, "to=shop rate=50 trace_every=-1", policy);
    return drains(&l, "users.shop", capacity);
}

/* The same with attempts that are turned away: by a third party that admits (next to)
 * nobody, which the service asks now and then, so that each attempt's fate is its own.
 */
static const char *throttled(double share, double capacity, double cost)
{
    char policy[120];
    struct lab l = lab_new();
    const struct node ask = {.kind = NODE_CALL, .target = "shop"};
    const struct node get = {.kind = NODE_SOMETIMES, .p = share, .body = &ask};
    lab_part(&l, "external", "shop", "latency=0 quota=0.000001");
    lab_part(&l, "service", "app", "workers=1000");
    lab_endpoint(&l, "app", "get", &get);
    lab_part(&l, "client", "users", "to=app/get rate=50 trace_every=-1");
    (void)snprintf(
        policy, sizeof policy,
        "network=0 retries=2 budget=quota budget_tokens=%g throttled_cost=%g", capacity,
        cost);
    lab_part(&l, "call", "users.app", policy);
    lab_part(&l, "call", "app.shop", "network=0");
    lab_start(&l, 1);
    return drains(&l, "users.app", capacity);
}

/* The quota after ten calls that were answered at once. */
static void refund(struct ref *r, double capacity, double cost, double back)
{
    char policy[120];
    (void)snprintf(policy, sizeof policy,
                   "retries=2 budget=quota budget_tokens=%g retry_cost=%g", capacity,
                   cost);
    struct lab l =
        shop_lab("latency=0", "to=shop rate=1 arrivals=even trace_every=-1", policy);
    lab_fault(&l, "shop", "down", NULL, 1500 * SIM_MS);
    lab_run(&l, 1700 * SIM_MS);
    double left = lab_metric(&l, "users.shop", "retry_tokens");
    ref_exact(r, "transient_retry_cost", 2 * cost, capacity - left, 8);
    lab_run(&l, 11500 * SIM_MS);
    ref_exact(r, "first_try_success_refund", 10 * back,
              lab_metric(&l, "users.shop", "retry_tokens") - left, 8);
    lab_free(&l);
}

/* ---- gRPC ------------------------------------------------------------------------ */

/* Ten tokens, each failure one less: 9, (retry) 8, 7, (retry) 6, 5: no more. */
static void grpc(struct ref *r)
{
    struct lab l =
        shop_lab("latency=0", "to=shop rate=1 arrivals=even trace_every=-1",
                 "retries=1 budget=throttle budget_tokens=10 budget_ratio=0.1");
    lab_fault(&l, "shop", "down", NULL, 3500 * SIM_MS);
    lab_run(&l, 3400 * SIM_MS);
    ref_row(r, "grpc_a6, 10 tokens");
    ref_exact(r, "retries until half", 2, lab_metric(&l, "users.shop", "retries_total"),
              8);
    ref_exact(r, "tokens (per_failure -1)", 5,
              lab_metric(&l, "users.shop", "retry_tokens"), 8);
    ref_exact(r, "denied at half", 1,
              lab_metric(&l, "users.shop", "retries_denied_total"), 8);
    lab_run(&l, 13500 * SIM_MS);
    ref_exact(r, "+tokenRatio, ten times", 6,
              lab_metric(&l, "users.shop", "retry_tokens"), 8);
    lab_free(&l);
}

void table_aws_sdk_retry_quota(struct ref *r)
{
    struct csv t = csv_open("aws_sdk_retry_quota");
    double capacity = constant(&t, "capacity");
    double cost = constant(&t, "transient_retry_cost");
    double less = constant(&t, "throttling_retry_cost");
    double at = constant(&t, "drain_threshold_transient_failure_pct") / 100;
    double at_throttled = constant(&t, "drain_threshold_throttling_pct") / 100;
    ref_row(r, "aws_sdk");
    refund(r, capacity, cost, constant(&t, "first_try_success_refund"));
    ref_row(r, "aws_sdk, transient failures");
    ref_state(r, "2 % below threshold", "holds", transient(at - 0.02, capacity, cost));
    ref_state(r, "2 % above threshold", "drains", transient(at + 0.02, capacity, cost));
    ref_row(r, "aws_sdk, throttled");
    ref_state(r, "2 % below threshold", "holds",
              throttled(at_throttled - 0.02, capacity, less));
    ref_state(r, "2 % above threshold", "drains",
              throttled(at_throttled + 0.02, capacity, less));
    grpc(r);
    csv_close(&t);
}

/* ---- the SRE book ---------------------------------------------------------------- */

void retries_per_minute(struct ref *r, double expected)
{
    struct lab l = shop_lab("latency=1ms error_rate=1",
                            "to=shop rate=20 arrivals=even trace_every=-1",
                            "retries=3 budget=rate budget_rate=1");
    lab_run(&l, SIM_MIN);
    double before = lab_metric(&l, "users.shop", "retries_total");
    lab_run(&l, 11 * SIM_MIN);
    double n = (lab_metric(&l, "users.shop", "retries_total") - before) / 10;
    ref_row(r, "budget per process");
    ref_between(r, "retries per minute", expected - 0.1, expected + 0.1, n);
    lab_free(&l);
}

/* A backend that accepts A a second: clients send K A, and refuse the rest themselves.
 */
void adaptive_throttle(struct ref *r)
{
    struct lab l = shop_lab("latency=1ms quota=100", "to=shop rate=1000 trace_every=-1",
                            "throttle=2");
    struct run run;
    ref_row(r, "adaptive throttle, K=2");
    if (!run_init(&run, r, &l, 1000, 10)) {
        lab_free(&l);
        return;
    }
    run_longer(&run, 4e6); /* the warm-up is three of its windows */
    size_t refused = run_count(&run, "users.shop", "throttled_total");
    size_t all = run_count(&run, "users.shop", "attempts_total");
    while (run_go(&run))
        ref_mean(r, "reject_prob", (1000 - 2 * 100) / 1000.0,
                 run_ratio(&run, refused, all));
    run_free(&run);
}
