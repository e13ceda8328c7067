/*
 * A closed loop: users who think, ask, wait, and think again, at one exponential server.
 * With a mean service time of 1 the utilisation is the throughput, so that is judged
 * once; the bounds in the table are those of its own figures.
 */
#include "queues.h"

void table_closed_loop_mva(struct ref *r)
{
    struct csv t = csv_open("closed_loop_mva");
    for (size_t i = 0; i < t.rows; i++) {
        if (ref_skips(r, i, 5))
            continue;
        double z = csv_number(&t, i, "Z"), n = csv_number(&t, i, "N");
        double x = csv_number(&t, i, "X");
        struct lab l = lab_new();
        char client[120];
        struct run run;
        const struct node compute = {.kind = NODE_COMPUTE,
                                     .time = dist_exponential(SIM_MS)};
        if (z > 0)
            (void)snprintf(client, sizeof client,
                           "to=app/get users=%g think=exponential(%gms) trace_every=-1",
                           n, z);
        else
            (void)snprintf(client, sizeof client, "to=app/get users=%g trace_every=-1",
                           n);
        lab_part(&l, "service", "app", "workers=1 cores=1");
        lab_endpoint(&l, "app", "get", &compute);
        lab_part(&l, "client", "users", client);
        lab_part(&l, "call", "users.app", "network=0");
        lab_start(&l, 1);
        ref_row(r, "Z=%g N=%g", z, n);
        if (!run_init(&run, r, &l, x * UNITS_PER_S, 20)) {
            ref_unreached(r, "all");
            lab_free(&l);
            continue;
        }
        size_t answered = run_count(&run, "users", "answered_total");
        size_t seconds = run_count(&run, "users", "seconds_total");
        while (run_go(&run)) {
            struct sample s = run_rate(&run, answered);
            ref_mean(r, "X", x,
                     (struct sample){s.mean / UNITS_PER_S, s.se / UNITS_PER_S});
            ref_mean(r, "R", csv_number(&t, i, "R"),
                     in_units(run_ratio(&run, seconds, answered)));
        }
        run_free(&run);
    }
    csv_close(&t);
}
