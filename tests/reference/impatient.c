/*
 * Customers who do not wait for ever. In Erlang A they leave the queue, and whoever is
 * served stays; the patience is the service's parameter. In M/M/1 with a time-out the
 * caller goes away and the work is done all the same.
 */
#include "queues.h"

#include <math.h>

/* Those who leave come in bursts, as long as it takes a queue to relax: by its own
 * servers, or by the patience of those in it. */
static double leaving_noise(double theta, double leaves)
{
    return (1 + 8 / fmin(theta, 1)) / leaves;
}

void table_erlang_a(struct ref *r)
{
    struct csv t = csv_open("erlang_a");
    for (size_t i = 0; i < t.rows; i++) {
        if (ref_skips(r, i, 5))
            continue;
        double c = csv_number(&t, i, "c"), rho = csv_number(&t, i, "rho");
        double theta = csv_number(&t, i, "theta");
        double leaves = csv_number(&t, i, "P_abandon");
        char service[120];
        (void)snprintf(service, sizeof service,
                       "workers=%g cores=%g patience=exponential(%.0fns)", c, c,
                       1e6 / theta);
        struct lab l = queue_lab(service, dist_exponential(SIM_MS), c * rho);
        struct run run;
        ref_row(r, "c=%g rho=%g theta=%g", c, rho, theta);
        if (!run_init(&run, r, &l, c * rho * UNITS_PER_S,
                      leaving_noise(theta, leaves))) {
            ref_unreached(r, "all");
            lab_free(&l);
            continue;
        }
        size_t all = run_count(&run, "app", "requests_total");
        size_t waited = run_count(&run, "app", "waited_total");
        size_t left = run_count(&run, "app", "left_total");
        size_t seconds = run_count(&run, "app", "queue_seconds_total");
        size_t answered = run_count(&run, "users", "answered_total");
        while (run_go(&run)) {
            struct sample good = run_rate(&run, answered);
            double n = run_total(&run, all);
            ref_share(r, "P_wait", csv_number(&t, i, "P_wait"),
                      run_ratio(&run, waited, all), n);
            ref_share(r, "P_abandon", leaves, run_ratio(&run, left, all), n);
            ref_mean(r, "Lq", csv_number(&t, i, "Lq"), run_rate(&run, seconds));
            ref_mean(r, "E_wait_all", csv_number(&t, i, "E_wait_all"),
                     in_units(run_ratio(&run, seconds, all)));
            ref_mean(r, "goodput", csv_number(&t, i, "goodput"),
                     (struct sample){good.mean / UNITS_PER_S, good.se / UNITS_PER_S});
        }
        run_free(&run);
    }
    csv_close(&t);
}

/* Times in a queue resemble their neighbours'. */
static double timeout_noise(double rho, double late)
{
    double idle = 1 - rho;
    return (1 + 2 * rho / (idle * idle)) / late;
}

void table_mm1_timeout(struct ref *r)
{
    struct csv t = csv_open("mm1_timeout");
    for (size_t i = 0; i < t.rows; i++) {
        if (ref_skips(r, i, 4))
            continue;
        double rho = csv_number(&t, i, "rho");
        double k = csv_number(&t, i, "timeout_in_service_times");
        double late = csv_number(&t, i, "P_timeout");
        double noise = timeout_noise(rho, late);
        bool rare = run_customers(r, noise) == 0;
        struct lab l = lab_new();
        char client[120];
        struct run run;
        const struct node compute = {.kind = NODE_COMPUTE,
                                     .time = dist_exponential(SIM_MS)};
        (void)snprintf(client, sizeof client,
                       "to=app/get rate=%.17g gives_up=%gms trace_every=-1",
                       rho * UNITS_PER_S, k);
        lab_part(&l, "service", "app", "workers=1 cores=1");
        lab_endpoint(&l, "app", "get", &compute);
        lab_part(&l, "client", "users", client);
        lab_part(&l, "call", "users.app", "network=0 cancel=off");
        lab_start(&l, 1);
        ref_row(r, "rho=%g timeout=%g", rho, k);
        if (rare)
            ref_unreached(r, "P_timeout");
        if (!run_init(&run, r, &l, rho * UNITS_PER_S,
                      rare ? 2 + late * late * noise : noise)) {
            ref_unreached(r, "goodput");
            lab_free(&l);
            continue;
        }
        size_t all = run_count(&run, "users", "attempts_total");
        size_t gone = run_count(&run, "users", "gave_up_total");
        size_t answered = run_count(&run, "users", "answered_total");
        while (run_go(&run)) {
            struct sample good = run_rate(&run, answered);
            if (!rare)
                ref_share(r, "P_timeout", late, run_ratio(&run, gone, all),
                          run_total(&run, all));
            ref_mean(r, "goodput", csv_number(&t, i, "goodput"),
                     (struct sample){good.mean / UNITS_PER_S, good.se / UNITS_PER_S});
        }
        run_free(&run);
    }
    csv_close(&t);
}
