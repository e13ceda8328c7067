/*
 * The tail at scale (Dean and Barroso, CACM 56(2), 2013): a request that needs many
 * answers is as slow as the slowest of them, and what copies of a request do about it.
 *
 * The fan-out table is arithmetic and must come out exactly. The other three were
 * measured at Google: a law of the leaves' times is made that gives the column without
 * copies, and then the other column either comes out of the model or it does not. That
 * is a calibration and says so.
 */
#include "ref.h"

#include <string.h>

#include <math.h>

/* ---- programs -------------------------------------------------------------------- */

static struct node sleep_of(enum dist_kind kind, double mean_ms, double spread_ms)
{
    return (struct node){.kind = NODE_SLEEP,
                         .time = {.kind = kind,
                                  .mean = (sim_time)(mean_ms * 1e6),
                                  .spread = (sim_time)(spread_ms * 1e6)}};
}

/* A leaf's time as pieces, each with its share of the rest; the last takes what is
 * left. */
enum { PIECES = 8 };
struct pieces {
    size_t n;
    double share[PIECES];
    struct node sleep[PIECES][2]; /* in turn */
    struct node choice[PIECES];
};

static const struct node *pieces_node(struct pieces *p)
{
    const struct node *rest = &p->sleep[p->n - 1][0];
    for (size_t i = 0; i < p->n; i++)
        if (p->sleep[i][1].time.mean > 0)
            p->sleep[i][0].next = &p->sleep[i][1];
    for (size_t i = p->n - 1; i-- > 0;) {
        p->choice[i] = (struct node){.kind = NODE_SOMETIMES,
                                     .p = p->share[i],
                                     .body = &p->sleep[i][0],
                                     .other = rest};
        rest = &p->choice[i];
    }
    return rest;
}

/* Between two times, all alike. */
static void between(struct pieces *p, double share, double low_ms, double high_ms)
{
    p->share[p->n] = share;
    p->sleep[p->n++][0] =
        sleep_of(DIST_UNIFORM, (low_ms + high_ms) / 2, (high_ms - low_ms) / 2);
}

/* At least `low`, then exponential. */
static void tail(struct pieces *p, double low_ms, double mean_ms)
{
    p->share[p->n] = 1;
    p->sleep[p->n][0] = sleep_of(DIST_CONST, low_ms, 0);
    p->sleep[p->n++][1] = sleep_of(DIST_EXPONENTIAL, mean_ms, 0);
}

/* Users ask a front, which asks `fanout` leaves (0: users ask a leaf themselves) and
 * goes on with a share `quorum` of the answers (0: all). */
static struct lab fanout_lab(const struct node *leaf, int fanout, double quorum,
                             const char *policy, sim_time slow)
{
    struct lab l = lab_new();
    struct node call = {.kind = NODE_CALL, .target = "leaf", .what = "get"};
    struct node fan = {
        .kind = NODE_FAN_OUT, .count = fanout, .p = quorum, .body = &call};
    lab_part(&l, "service", "leaf", "instances=3 workers=100000");
    lab_endpoint(&l, "leaf", "get", leaf);
    if (fanout > 0) {
        lab_part(&l, "service", "front", "workers=100000");
        lab_endpoint(&l, "front", "get", &fan);
        lab_part(&l, "client", "users", "to=front/get rate=10 trace_every=-1");
        lab_part(&l, "call", "users.front", "network=0");
        lab_part(&l, "call", "front.leaf", policy);
    } else {
        lab_part(&l, "client", "users", "to=leaf/get rate=10 trace_every=-1");
        lab_part(&l, "call", "users.leaf", policy);
    }
    if (slow > 0)
        lab_slo(&l, slow, 0);
    lab_start(&l, 1);
    return l;
}

/* ---- one slow leaf is enough ----------------------------------------------------- */

static void fanout_row(struct ref *r, double p, double n, double expected)
{
    struct node quick = sleep_of(DIST_CONST, 1, 0),
                slow = sleep_of(DIST_CONST, 1000, 0);
    const struct node leaf = {
        .kind = NODE_SOMETIMES, .p = p, .body = &slow, .other = &quick};
    struct run run;
    ref_row(r, "p=%g leaves=%g", p, n);
    /* Per leaf; the constant is exact, so that no reserve is needed. */
    double noise = expected < 1 ? (1 - expected) / expected * n / 1.5 : n;
    double calls = run_customers(r, noise);
    r->audited = 2e4 / n;
    struct lab l = fanout_lab(&leaf, (int)n, 0, "network=0", 500 * SIM_MS);
    if (calls == 0 || !run_init(&run, r, &l, 10, noise / n)) {
        ref_unreached(r, "p_slow_request");
        lab_free(&l);
        return;
    }
    run_longer(&run, fmax(calls / n, 400));
    size_t slows = run_count(&run, "users", "slow_total");
    size_t all = run_count(&run, "users", "answered_total");
    while (run_go(&run))
        ref_share(r, "p_slow_request", expected, run_ratio(&run, slows, all),
                  run_total(&run, all));
    run_free(&run);
}

/* The 99th percentile of the slowest of n is a leaf's 0.99^(1/n) quantile. */
static void duality(struct ref *r, int n)
{
    struct node leaf = sleep_of(DIST_EXPONENTIAL, 1, 0);
    struct run run;
    double expected = -log(1 - pow(0.99, 1.0 / n));
    struct lab l = fanout_lab(&leaf, n, 0, "network=0", 0);
    r->audited = 2e4 / n;
    ref_row(r, "exponential, leaves=%d", n);
    if (!run_init(&run, r, &l, 10, 1)) {
        lab_free(&l);
        return;
    }
    double need = rank_need(1, 0.99, expected);
    run_longer(&run, need);
    run_rank(&run, "users");
    size_t q = run_quantile(&run, RUN_RESPONSE, 0.99, need);
    while (run_go(&run))
        run_percentile(&run, "p99 of the slowest", expected, q, 0.001);
    run_free(&run);
}

void table_tail_fanout(struct ref *r)
{
    struct csv t = csv_open("tail_fanout");
    for (size_t i = 0; i < t.rows; i++)
        if (!ref_skips(r, i, 4))
            fanout_row(r, csv_number(&t, i, "p_slow_leaf"), csv_number(&t, i, "fanout"),
                       csv_number(&t, i, "p_slow_request"));
    duality(r, r->full ? 100 : 10);
    csv_close(&t);
}

/* ---- calibrated: percentiles of the whole request -------------------------------- */

enum { MOST_RANKS = 4 };

/* The users' percentiles in ms, with their errors; `requests` of them. */
static bool measure(struct ref *r, struct lab *l, double requests, const double *q,
                    size_t n, struct sample *out, const char *policy, double *extra)
{
    struct run run;
    size_t id[MOST_RANKS], hedges = 0, calls = 0;
    r->audited = 200;
    if (!run_init(&run, r, l, 10, 1))
        return false;
    run_longer(&run, requests);
    run_rank(&run, "users");
    for (size_t i = 0; i < n; i++)
        id[i] = run_quantile(&run, RUN_RESPONSE, q[i], 0);
    if (extra) {
        hedges = run_count(&run, policy, "hedges_total");
        calls = run_count(&run, policy, "requests_total");
    }
    while (run_go(&run)) {
        for (size_t i = 0; i < n; i++)
            out[i] = run_rank_value(&run, id[i], 0.001);
        if (extra)
            *extra = 100 * run_total(&run, hedges) / run_total(&run, calls);
    }
    run_free(&run);
    return true;
}

/* A thousand keys on a hundred servers, a second request after 10 ms. Of three numbers
 * two follow from the leaves' law: 2 % take longer than 10 ms, one in 100,000 longer
 * than 1.8 s; between them it has one number free, which the third fixes. */
void table_tail_at_scale_hedging(struct ref *r)
{
    static const double q[] = {0.999};
    struct csv t = csv_open("tail_at_scale_hedging");
    size_t p999 = csv_find(&t, "metric", "p999_ms");
    size_t extra_row = csv_find(&t, "metric", "extra_requests_pct");
    double requests = r->full ? 1e5 : 4000;
    struct sample plain, hedged;
    double extra = NAN;
    for (int hedge = 0; hedge < 2; hedge++) {
        struct pieces p = {0};
        between(&p, 0.98, 2, 10);
        between(&p, 0.01755 / 0.02, 10, 70);
        tail(&p, 64, 315);
        struct lab l =
            fanout_lab(pieces_node(&p), 100, 0,
                       hedge ? "network=0 hedge_after=10ms cancel=on" : "network=0", 0);
        (void)measure(r, &l, requests, q, 1, hedge ? &hedged : &plain, "front.leaf",
                      hedge ? &extra : NULL);
    }
    ref_row(r, "100 leaves");
    ref_calibrated(r, "p999_ms no_hedge", csv_number(&t, p999, "no_hedge"), plain, 0.1);
    ref_calibrated(r, "p999_ms hedge_10ms", csv_number(&t, p999, "hedge_10ms"), hedged,
                   0.1);
    ref_between(r, "extra_requests_pct", csv_number(&t, extra_row, "hedge_10ms") - 0.1,
                csv_number(&t, extra_row, "hedge_10ms") + 0.1, extra);
    /* A second request after the 95th percentile adds 5 %. */
    struct node leaf = sleep_of(DIST_EXPONENTIAL, 1, 0);
    struct lab l = fanout_lab(&leaf, 0, 0, "network=0 hedge_after=2.9957ms", 0);
    (void)measure(r, &l, 2e5, q, 1, &hedged, "users.leaf", &extra);
    ref_row(r, "hedge after the p95");
    ref_between(r, "extra_requests_pct", 4.8, 5.2, extra);
    csv_close(&t);
}

/* Leaves whose own percentiles are the first row's, and whose tail is such that the
 * slowest of a thousand has the third row's. Then the 95 % quorum has no choice, and no
 * model of leaves that are alike has the published figures: when in half of all
 * requests 5 % of the leaves take over 12 ms, 2.5 % of all do, but only 1 % take
 * over 10. */
void table_tail_at_scale_table1(struct ref *r)
{
    static const double q[] = {0.5, 0.95, 0.99};
    static const char *const columns[] = {"p50_ms", "p95_ms", "p99_ms"};
    static const struct {
        const char *row;
        int fanout;
        double quorum;
    } ways[] = {{"one_random_leaf", 0, 0},
                {"100pct_of_leaves", 1000, 0},
                {"95pct_of_leaves", 1000, 0.95}};
    struct csv t = csv_open("tail_at_scale_table1");
    for (size_t k = 0; k < 3; k++) {
        struct pieces p = {0};
        struct sample s[3];
        size_t row = csv_find(&t, "event", ways[k].row);
        between(&p, 0.5, 0.3, 1);
        between(&p, 0.45 / 0.5, 1, 5);
        between(&p, 0.04 / 0.05, 5, 10);
        between(&p, 1 - 0.0693 * 1.0, 10, 40);
        between(&p, 1 - 0.074, 40, 87);
        tail(&p, 87, 32.5);
        struct lab l =
            fanout_lab(pieces_node(&p), ways[k].fanout, ways[k].quorum, "network=0", 0);
        double requests = ways[k].fanout == 0 ? 2e5 : r->full ? 2e4 : 800;
        (void)measure(r, &l, requests, q, 3, s, NULL, NULL);
        ref_row(r, "%s", ways[k].row);
        for (size_t i = 0; i < 3; i++) {
            if (k < 2) {
                ref_calibrated(r, columns[i], csv_number(&t, row, columns[i]), s[i],
                               0.15);
                continue;
            }
            char why[120];
            (void)snprintf(why, sizeof why,
                           "published %.0f, model %.2f: contradicts the leaves' p99",
                           csv_number(&t, row, columns[i]), s[i].mean);
            ref_open(r, columns[i], why);
        }
    }
    csv_close(&t);
}

/* Three replicas, a second copy after 1 ms, the loser stopped. A read is a constant and
 * an exponential part, fitted to the column without copies; the other column must come
 * out by itself. It does so too well (as far as a fifth, the tolerance is a quarter):
 * these replicas are independent and always have a free worker, and real ones share
 * what makes them slow. For the same reason the copies are not tied here: of two that
 * start at once neither could stop the other. */
void table_tail_at_scale_table2_tied(struct ref *r)
{
    static const double q[] = {0.5, 0.9, 0.99, 0.999};
    static const char *const rows[] = {"p50", "p90", "p99", "p99.9"};
    static const struct {
        const char *plain, *tied;
        double low, mean;
    } loads[] = {{"idle_nohedge", "idle_tied", 10.2, 12.7},
                 {"terasort_nohedge", "terasort_tied", 8.9, 21.8}};
    struct csv t = csv_open("tail_at_scale_table2_tied");
    for (size_t k = 0; k < 4; k++) {
        struct pieces p = {0};
        struct sample s[4];
        bool tied = k % 2 == 1;
        const char *column = tied ? loads[k / 2].tied : loads[k / 2].plain;
        tail(&p, loads[k / 2].low, loads[k / 2].mean);
        struct lab l =
            fanout_lab(pieces_node(&p), 0, 0,
                       tied ? "network=0 hedge_after=1ms cancel=on" : "network=0", 0);
        (void)measure(r, &l, r->full ? 2e6 : 2e5, q, 4, s, NULL, NULL);
        ref_row(r, "%s", column);
        for (size_t i = 0; i < 4; i++)
            ref_calibrated(r, rows[i],
                           csv_number(&t, csv_find(&t, "percentile", rows[i]), column),
                           s[i], 0.25);
    }
    csv_close(&t);
}
