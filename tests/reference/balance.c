/*
 * Balancing: a hundred servers, each with a queue of its own, behind a balancer that
 * looks at d of them.
 */
#include "queues.h"

#include <math.h>

/* One mistake here is small: with replacement the means are but 0.3 to 1.4 % higher. So
 * the standard error must be far below that, and the number of customers follows from
 * the table's own intervals. */
static double choices_noise(double d, double lambda)
{
    return d == 1 ? queue_noise(lambda, 1) : queue_noise(lambda, 1) / 20;
}

static struct lab choices_lab(double d, double lambda)
{
    struct lab l = lab_new();
    char text[120];
    const struct node work = {.kind = NODE_COMPUTE, .time = dist_exponential(SIM_MS)};
    lab_part(&l, "service", "app", "instances=100 workers=1 cores=1");
    lab_endpoint(&l, "app", "get", &work);
    (void)snprintf(text, sizeof text, "to=app probe=none policy=%s choices=%g",
                   d == 1 ? "random" : "two_choices", fmax(d, 2));
    lab_part(&l, "balancer", "edge", text);
    (void)snprintf(text, sizeof text, "to=edge/get rate=%.17g trace_every=-1",
                   100 * lambda * UNITS_PER_S);
    lab_part(&l, "client", "users", text);
    lab_part(&l, "call", "users.edge", "network=0");
    lab_start(&l, 1);
    return l;
}

/* Of two servers without queues the less busy one: a request is lost only when both are
 * busy, as in M/M/2/2. Whoever may look at the same server twice loses more. */
static void two_of_two(struct ref *r)
{
    struct csv t = csv_open("erlang_b_blocking");
    size_t i = csv_find(&t, "c", "2");
    double a = csv_number(&t, i, "a"), b = csv_number(&t, i, "B");
    struct lab l = lab_new();
    char text[80];
    struct run run;
    const struct node work = {.kind = NODE_COMPUTE, .time = dist_exponential(SIM_MS)};
    lab_part(&l, "service", "app", "instances=2 workers=1 cores=1 queue=-1");
    lab_endpoint(&l, "app", "get", &work);
    (void)snprintf(text, sizeof text, "to=app/get rate=%.17g trace_every=-1",
                   a * UNITS_PER_S);
    lab_part(&l, "client", "users", text);
    lab_part(&l, "call", "users.app", "network=0 balance=two_choices");
    lab_start(&l, 1);
    ref_row(r, "two of two, no queue");
    if (run_init(&run, r, &l, a * UNITS_PER_S, 4 / b)) {
        size_t lost = run_count(&run, "app", "refused_total");
        size_t all = run_count(&run, "users", "attempts_total");
        while (run_go(&run))
            ref_mean(r, "lost, as M/M/2/2", b, run_ratio(&run, lost, all));
        run_free(&run);
    } else {
        ref_unreached(r, "lost");
        lab_free(&l);
    }
    csv_close(&t);
}

void table_power_of_two_choices(struct ref *r)
{
    struct csv t = csv_open("power_of_two_choices");
    two_of_two(r);
    for (size_t i = 0; i < t.rows; i++) {
        double d = csv_number(&t, i, "d"), lambda = csv_number(&t, i, "lambda");
        double own = csv_number(&t, i, "own_distinct_n100");
        double limit = csv_number(&t, i, "prediction_n_inf");
        double paper = csv_number(&t, i, "published_sim_n100_from_memory");
        struct run run;
        ref_row(r, "d=%g lambda=%g", d, lambda);
        if (ref_skips(r, i, 2))
            continue;
        struct lab l = choices_lab(d, lambda);
        if (!run_init(&run, r, &l, 100 * lambda * UNITS_PER_S,
                      choices_noise(d, lambda))) {
            ref_unreached(r, "W");
            lab_free(&l);
            continue;
        }
        if (d > 1) /* a tenth of a per cent */
            run_longer(&run, fmax(run.customers, r->full ? 1e7 : 3e5));
        size_t seconds = run_count(&run, "users", "seconds_total");
        size_t answered = run_count(&run, "users", "answered_total");
        while (run_go(&run)) {
            struct sample w = in_units(run_ratio(&run, seconds, answered));
            ref_against(r, "W", own, csv_number(&t, i, "ci95") / 1.96, w);
            if (!isnan(paper)) /* four digits; as exact as the paper's run was */
                ref_between(r, "W, paper", paper * 0.99 - 4 * w.se,
                            paper * 1.01 + 4 * w.se, w.mean);
            if (d > 1) /* 100 servers do worse than infinitely many */
                ref_state(r, "against n = inf", "above",
                          w.mean + 4 * w.se > limit ? "above" : "below");
        }
        run_free(&run);
    }
    csv_close(&t);
}

/* ---- consistent hashing ---------------------------------------------------------- */

/* One ring: how unequal the shares of `n` instances are that `m` requests see. */
struct ring {
    double squares;     /* of the coefficient of variation */
    double most, least; /* over the mean */
};

static struct lab ring_lab(int n, int v)
{
    struct lab l = lab_new();
    char text[120];
    const struct node get = {.kind = NODE_LOG, .what = "in"};
    (void)snprintf(text, sizeof text, "instances=%d workers=1000", n);
    lab_part(&l, "service", "app", text);
    lab_endpoint(&l, "app", "get", &get);
    (void)snprintf(text, sizeof text, "to=app probe=none policy=hash virtual_nodes=%d",
                   v);
    lab_part(&l, "balancer", "edge", text);
    lab_part(&l, "client", "users",
             "to=edge/get rate=1000 arrivals=even trace_every=-1");
    lab_part(&l, "call", "users.edge", "network=0");
    lab_start(&l, 1);
    return l;
}

static struct ring ring_shares(struct lab *l, int n, double m)
{
    struct ring ring = {.least = INFINITY};
    lab_run(l, (sim_time)m * SIM_MS);
    for (int k = 1; k <= n; k++) {
        double x = n * lab_metric_of(l, "app", "requests_total", k) / m;
        ring.squares += (x - 1) * (x - 1) / n;
        ring.most = fmax(ring.most, x);
        ring.least = fmin(ring.least, x);
    }
    return ring;
}

/* Each ring from a seed of its own. */
enum { RINGS = 4000, LEAST_RINGS = 24 };
struct rings {
    struct sample squares, most, least;
};
static struct rings rings_run(struct lab *l, double n, double m, double rings)
{
    static double squares[RINGS], most[RINGS], least[RINGS];
    size_t many = (size_t)rings;
    for (size_t k = 0; k < many; k++) {
        lab_again(l, k + 1);
        struct ring ring = ring_shares(l, (int)n, m);
        squares[k] = ring.squares;
        most[k] = ring.most;
        least[k] = ring.least;
    }
    return (struct rings){sample_of(squares, many), sample_of(most, many),
                          sample_of(least, many)};
}

/* Requests in all, of all rings. */
static double ring_budget(const struct ref *r)
{
    return r->full ? 2e7 : 1e6;
}

/* The requests draw the shares with an error of their own: of n equal shares m requests
 * see a squared variation of (n - 1) / m, which is taken off again. False: too few. */
static bool ring_variation(struct ref *r, struct lab *l, double n, double v, double cv)
{
    double aim = REF_NOISE(r) / 2;
    double need = 1.5 * 0.25 * (1 + 3 / v) * 2 / (n - 1) / (aim * aim);
    double rings = floor(fmin(RINGS, fmax(LEAST_RINGS, need)));
    double clear = 200 * n / (cv * cv), m = floor(fmin(clear, ring_budget(r) / rings));
    if (m < n / (cv * cv))
        return false;
    struct rings s = rings_run(l, n, m, rings);
    double own = (n - 1) / m, got = sqrt((s.squares.mean - own) / (1 - 1 / m));
    ref_mean(r, "cv", cv, (struct sample){got, s.squares.se / 2 / got});
    return true;
}

/* From the extremes nothing can be taken off. With f times the requests at which their
 * own variation is as large as the ring's, an extreme lies by one in 2 f too far out:
 * a quarter of a per cent of what it deviates, or 1 per cent where only so few rings
 * can be had that their own error is many times that. A single place each makes the
 * smallest share a far smaller one, of a mean of 1 / n^2 of all and as spread out (the
 * broken stick): it takes more requests, and the table's simulation is too coarse for
 * it. */
static void ring_extremes(struct ref *r, struct lab *l, const struct csv *t, size_t i)
{
    double n = csv_number(t, i, "n"), v = csv_number(t, i, "v");
    double cv = csv_number(t, i, "cv_exact"), budget = ring_budget(r);
    double once = n / (cv * cv), f = fmin(200, budget / LEAST_RINGS / once);
    double m = floor(f * once), stick = 200 * n * n;
    if (f < 50) {
        ref_unreached(r, "max_over_mean");
        ref_unreached(r, "min_over_mean");
        return;
    }
    if (v == 1 && stick * RINGS <= budget)
        m = stick;
    struct rings s = rings_run(l, n, m, floor(fmin(RINGS, budget / m)));
    double its_se = csv_number(t, i, "ci95") / 1.96;
    if (v == 1)
        ref_mean(r, "max_over_mean, exact", csv_number(t, i, "max_over_mean_exact_v1"),
                 s.most);
    ref_against(r, "max_over_mean", csv_number(t, i, "max_over_mean_mc"), its_se,
                s.most);
    /* From as many rings as the largest: their errors are as their deviations. */
    double mc = csv_number(t, i, "min_over_mean_mc");
    double mc_se = its_se * s.least.se / s.most.se;
    /* No theory says beforehand how many rings the smallest takes. */
    if (v == 1 ? m < stick : hypot(mc_se, s.least.se) > REF_NOISE(r) * mc)
        ref_unreached(r, "min_over_mean");
    else if (v == 1)
        ref_mean(r, "min_over_mean, exact", 1 / n, s.least);
    else
        ref_against(r, "min_over_mean", mc, mc_se, s.least);
}

static void ring_row(struct ref *r, const struct csv *t, size_t i)
{
    double n = csv_number(t, i, "n"), v = csv_number(t, i, "v");
    struct lab l = ring_lab((int)n, (int)v);
    audit(l.m, 2, SIM_SEC);
    if (ring_variation(r, &l, n, v, csv_number(t, i, "cv_exact")))
        ring_extremes(r, &l, t, i);
    else
        ref_unreached(r, "all");
    lab_free(&l);
}

void table_consistent_hashing_balance(struct ref *r)
{
    struct csv t = csv_open("consistent_hashing_balance");
    for (size_t i = 0; i < t.rows; i++) {
        ref_row(r, "n=%g v=%g", csv_number(&t, i, "n"), csv_number(&t, i, "v"));
        if (!ref_skips(r, i, 3))
            ring_row(r, &t, i);
    }
    csv_close(&t);
}
