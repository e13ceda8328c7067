/*
 * Retries: how they multiply work, and what holds them back.
 */
#include "queues.h"

#include <math.h>

/* ---- independent failures -------------------------------------------------------- */

/* A third party that fails with probability p, called with n retries. */
void table_retry_amplification(struct ref *r)
{
    struct csv t = csv_open("retry_amplification");
    for (size_t i = 0; i < t.rows; i++) {
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
        run_go(&run);
        double customers = run_total(&run, all);
        struct sample x = run_ratio(&run, ended, all);
        struct sample y = run_ratio(&run, ok, all);
        if (p == 0 || p == 1) { /* nothing is random: but for those in flight */
            ref_between(r, "mean_attempts", attempts - 0.001, attempts + 0.001, x.mean);
            ref_between(r, "p_success", success - 0.001, success + 0.001, y.mean);
        } else {
            ref_mean(r, "mean_attempts", attempts, x);
            /* What still fails is the smaller share, and says more. */
            ref_share(r, "p_success", success, y, customers);
        }
        run_free(&run);
    }
    csv_close(&t);
}
