/*
 * The universal scalability law: what a database makes of N statements at once. A pool
 * of N connections that never has one idle keeps N running.
 */
#include "queues.h"

#include <string.h>

#include <math.h>

static double useful(double alpha, double beta, double n)
{
    return n / (1 + alpha * (n - 1) + beta * n * (n - 1));
}

/* Throughput with N inside, as a multiple of one statement's alone; judged by what is
 * expected, if anything (NAN). False: too long. */
static bool throughput(struct ref *r, double alpha, double beta, double n,
                       double expected, struct sample *x)
{
    struct lab l = lab_new();
    struct run run;
    char text[160];
    const struct node query = {.kind = NODE_QUERY, .target = "db", .what = "q"};
    /* More than it can ever do, also before N are inside: with less it might stay on
     * the good side of its peak. */
    double top = beta > 0 ? fmin(n, sqrt((1 - alpha) / beta)) : n;
    double offered = 1.3 * useful(alpha, beta, top) * UNITS_PER_S;
    (void)snprintf(text, sizeof text,
                   "cores=%g connect_time=0 max_connections=1000 contention=%.17g "
                   "coherency=%.17g",
                   n, alpha, beta);
    lab_part(&l, "database", "db", text);
    lab_part(&l, "statement", "db.q", "cpu=exponential(1ms)");
    lab_part(&l, "service", "app", "workers=100000");
    (void)snprintf(text, sizeof text, "to=db size=%g max_waiting=400", n);
    lab_part(&l, "pool", "app.pool", text);
    lab_endpoint(&l, "app", "get", &query);
    (void)snprintf(text, sizeof text, "to=app/get rate=%.17g trace_every=-1", offered);
    lab_part(&l, "client", "users", text);
    lab_part(&l, "call", "users.app", "network=0");
    lab_part(&l, "call", "app.db", "network=0");
    lab_start(&l, 1);
    if (!run_init(&run, r, &l, offered, 6)) {
        lab_free(&l);
        return false;
    }
    size_t done = run_count(&run, "db.q", "calls_total");
    while (run_go(&run)) {
        *x = run_rate(&run, done);
        x->mean /= UNITS_PER_S;
        x->se /= UNITS_PER_S;
        if (!isnan(expected))
            ref_mean(r, "C", expected, *x);
    }
    run_free(&run);
    return true;
}

/* At the law's peak there is more than at 0.6 and at 1.7 times as many. */
static void peak(struct ref *r, double alpha, double beta, double top)
{
    struct sample below, at, above;
    ref_row(r, "alpha=%g beta=%g", alpha, beta);
    if (!throughput(r, alpha, beta, round(0.6 * top), NAN, &below) ||
        !throughput(r, alpha, beta, round(top), NAN, &at) ||
        !throughput(r, alpha, beta, round(1.7 * top), NAN, &above))
        return;
    char text[32];
    (void)snprintf(text, sizeof text, "at %.0f", round(top));
    ref_state(r, "N_peak", text,
              at.mean > below.mean && at.mean > above.mean ? text : "elsewhere");
}

void table_usl(struct ref *r)
{
    struct csv t = csv_open("usl");
    for (size_t i = 0; i < t.rows; i++) {
        double alpha = csv_number(&t, i, "alpha"), beta = csv_number(&t, i, "beta");
        double n = csv_number(&t, i, "N"), top = csv_number(&t, i, "N_peak");
        struct sample x;
        if (n == 1 && isfinite(top))
            peak(r, alpha, beta, top);
        if (ref_skips(r, i, 2))
            continue;
        ref_row(r, "alpha=%g beta=%g N=%g", alpha, beta, n);
        if (!throughput(r, alpha, beta, n, csv_number(&t, i, "C"), &x))
            ref_unreached(r, "C");
    }
    csv_close(&t);
}
