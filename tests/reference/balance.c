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

void table_power_of_two_choices(struct ref *r)
{
    struct csv t = csv_open("power_of_two_choices");
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
        run_go(&run);
        struct sample w = in_units(run_ratio(&run, seconds, answered));
        ref_against(r, "W", own, csv_number(&t, i, "ci95") / 1.96, w);
        if (!isnan(paper)) /* four digits; as exact as the paper's run was */
            ref_between(r, "W, paper", paper * 0.99 - 4 * w.se, paper * 1.01 + 4 * w.se,
                        w.mean);
        if (d > 1) /* 100 servers do worse than infinitely many */
            ref_state(r, "against n = inf", "above",
                      w.mean + 4 * w.se > limit ? "above" : "below");
        run_free(&run);
    }
    csv_close(&t);
}
