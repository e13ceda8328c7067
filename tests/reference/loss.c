/*
 * Loss without a queue: Erlang B, at the two doors that have one. A connection pool in
 * which nobody may wait, and the workers of a service without a queue. The formula
 * holds for any law of the service time, so each row takes another one in turn.
 */
#include "queues.h"

#include <math.h>

static const struct {
    const char *name, *text;
    struct dist work;
} laws[] = {{"exp", "exponential(1ms)", {.kind = DIST_EXPONENTIAL, .mean = SIM_MS}},
            {"det", "1ms", {.kind = DIST_CONST, .mean = SIM_MS}},
            {"lognormal",
             "lognormal(1ms,2ms)",
             {.kind = DIST_LOGNORMAL, .mean = SIM_MS, .spread = 2 * SIM_MS}}};
enum { LAWS = sizeof laws / sizeof *laws };

/* Losses come in bursts of about as many as the servers' relaxation lets through. */
static double loss_noise(double c, double a, double b)
{
    double burst = 2 / ((1 - a / c) * (1 - a / c) + 1 / c);
    return (1 + burst) / b;
}

static struct lab pool_lab(double c, double a, const char *cpu)
{
    struct lab l = lab_new();
    char text[120];
    const struct node query = {.kind = NODE_QUERY, .target = "db", .what = "q"};
    (void)snprintf(text, sizeof text, "cores=%g connect_time=0 max_connections=1000",
                   c);
    lab_part(&l, "database", "db", text);
    (void)snprintf(text, sizeof text, "cpu=%s", cpu);
    lab_part(&l, "statement", "db.q", text);
    lab_part(&l, "service", "app", "workers=10000");
    (void)snprintf(text, sizeof text, "to=db size=%g max_waiting=-1", c);
    lab_part(&l, "pool", "app.pool", text);
    lab_endpoint(&l, "app", "get", &query);
    (void)snprintf(text, sizeof text, "to=app/get rate=%.17g trace_every=-1",
                   a * UNITS_PER_S);
    lab_part(&l, "client", "users", text);
    lab_part(&l, "call", "users.app", "network=0");
    lab_part(&l, "call", "app.db", "network=0");
    lab_start(&l, 1);
    return l;
}

static void pool_blocks(struct ref *r, double c, double a, double b, size_t law)
{
    char what[40];
    struct lab l = pool_lab(c, a, laws[law].text);
    struct run run;
    (void)snprintf(what, sizeof what, "B=%g", b);
    ref_row(r, "c=%g %s", c, laws[law].name);
    if (!run_init(&run, r, &l, a * UNITS_PER_S, loss_noise(c, a, b))) {
        ref_unreached(r, what);
        lab_free(&l);
        return;
    }
    size_t all = run_count(&run, "users", "attempts_total");
    size_t full = run_count(&run, "app.pool", "full_total");
    while (run_go(&run))
        ref_share(r, what, b, run_ratio(&run, full, all), run_total(&run, all));
    run_free(&run);
}

void table_erlang_b(struct ref *r)
{
    static const struct {
        const char *column;
        double b;
    } loads[] = {{"A_at_B_0.001", 0.001}, {"A_at_B_0.005", 0.005},
                 {"A_at_B_0.01", 0.01},   {"A_at_B_0.02", 0.02},
                 {"A_at_B_0.05", 0.05},   {"A_at_B_0.1", 0.1},
                 {"A_at_B_0.2", 0.2}};
    struct csv t = csv_open("erlang_b");
    for (size_t i = 0; i < t.rows; i++)
        for (size_t k = 0; k < sizeof loads / sizeof *loads; k++)
            if (!ref_skips(r, 7 * i + k, 8))
                pool_blocks(r, csv_number(&t, i, "c"),
                            csv_number(&t, i, loads[k].column), loads[k].b,
                            (i + k) % LAWS);
    csv_close(&t);
}

void table_erlang_b_blocking(struct ref *r)
{
    struct csv t = csv_open("erlang_b_blocking");
    for (size_t i = 0; i < t.rows; i++) {
        if (ref_skips(r, i, 4))
            continue;
        double c = csv_number(&t, i, "c"), a = csv_number(&t, i, "a");
        double b = csv_number(&t, i, "B");
        char service[80];
        (void)snprintf(service, sizeof service, "workers=%g cores=%g queue=-1", c, c);
        struct lab l = queue_lab(service, laws[i % LAWS].work, a);
        struct run run;
        ref_row(r, "c=%g rho=%g %s", c, csv_number(&t, i, "rho"), laws[i % LAWS].name);
        double noise = loss_noise(c, a, b);
        bool rare = run_customers(r, noise) == 0;
        if (rare)
            ref_unreached(r, "B");
        if (!run_init(&run, r, &l, a * UNITS_PER_S, rare ? 50 : noise)) {
            ref_unreached(r, "all");
            lab_free(&l);
            continue;
        }
        size_t all = run_count(&run, "users", "attempts_total");
        size_t lost = run_count(&run, "app", "refused_total");
        size_t busy = run_count(&run, "app/get", "seconds_total");
        while (run_go(&run)) {
            if (!rare)
                ref_share(r, "B", b, run_ratio(&run, lost, all), run_total(&run, all));
            ref_mean(r, "carried", csv_number(&t, i, "carried"), run_rate(&run, busy));
        }
        run_free(&run);
    }
    csv_close(&t);
}
