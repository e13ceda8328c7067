/*
 * Work that is interrupted and goes on where it was: by customers who matter more, and
 * by pauses of the server that come by a random process of their own.
 */
#include "queues.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

/* ---- priorities ------------------------------------------------------------------ */

static struct lab two_classes(double high, double low, const char *more)
{
    struct lab l = lab_new();
    char text[120];
    const struct node compute = {.kind = NODE_COMPUTE,
                                 .time = dist_exponential(SIM_MS)};
    (void)snprintf(text, sizeof text, "workers=1 cores=1 order=priority %s", more);
    lab_part(&l, "service", "app", text);
    lab_endpoint(&l, "app", "get", &compute);
    (void)snprintf(text, sizeof text, "to=app/get priority=3 rate=%.17g trace_every=-1",
                   high * UNITS_PER_S);
    lab_part(&l, "client", "high", text);
    (void)snprintf(text, sizeof text, "to=app/get priority=1 rate=%.17g trace_every=-1",
                   low * UNITS_PER_S);
    lab_part(&l, "client", "low", text);
    lab_part(&l, "call", "high.app", "network=0");
    lab_part(&l, "call", "low.app", "network=0");
    lab_start(&l, 1);
    return l;
}

static void classes(struct ref *r, const struct csv *t, size_t i, bool preempt)
{
    double high = csv_number(t, i, "r1"), low = csv_number(t, i, "r2");
    struct lab l = two_classes(high, low, preempt ? "preempt=on" : "");
    double share = fmin(high, low) / (high + low);
    struct run run;
    ref_row(r, "r1=%g r2=%g%s", high, low, preempt ? " preempt" : "");
    if (!run_init(&run, r, &l, (high + low) * UNITS_PER_S,
                  fmax(queue_noise(high + low, 1), queue_noise(high, 1) / share))) {
        ref_unreached(r, "all");
        lab_free(&l);
        return;
    }
    size_t n[2] = {run_count(&run, "high", "answered_total"),
                   run_count(&run, "low", "answered_total")};
    size_t seconds[2] = {run_count(&run, "high", "seconds_total"),
                         run_count(&run, "low", "seconds_total")};
    const char *const columns[2] = {preempt ? "T1_preempt" : "T1_nonpreempt",
                                    preempt ? "T2_preempt" : "T2_nonpreempt"};
    while (run_go(&run))
        for (int k = 0; k < 2; k++)
            ref_mean(r, columns[k], csv_number(t, i, columns[k]),
                     in_units(run_ratio(&run, seconds[k], n[k])));
    run_free(&run);
}

void table_mm1_priority(struct ref *r)
{
    struct csv t = csv_open("mm1_priority");
    for (size_t i = 0; i < t.rows; i++) {
        classes(r, &t, i, false);
        classes(r, &t, i, true);
    }
    csv_close(&t);
}

/* ---- pauses ---------------------------------------------------------------------- */

static struct lab paused(double rate, double f, double length, bool det)
{
    struct lab l = lab_new();
    struct errmsg why = {0};
    char client[120];
    const struct node compute = {.kind = NODE_COMPUTE,
                                 .time = dist_exponential(SIM_MS)};
    lab_part(&l, "service", "app", "workers=1 cores=1");
    lab_endpoint(&l, "app", "get", &compute);
    (void)snprintf(client, sizeof client, "to=app/get rate=%.17g trace_every=-1",
                   rate * UNITS_PER_S);
    lab_part(&l, "client", "users", client);
    lab_part(&l, "call", "users.app", "network=0");
    const struct action hang = {
        .kind = ACTION_FAULT, .comp = model_find(l.m, "app"), .name = "hang"};
    sim_time mean = (sim_time)(length * SIM_MS);
    if (model_repeat(l.m, 0, &hang, det ? dist_const(mean) : dist_exponential(mean),
                     dist_exponential((sim_time)(SIM_MS / f)), SIM_FOREVER,
                     &why) != ERR_OK)
        fail_msg("%s", why.text);
    lab_start(&l, 1);
    return l;
}

/* As of a queue with as much to do, and of the pauses, each of which is a burst of
 * waits that end together: a customer sees f / lambda of them. */
static double pause_noise(double rate, double f, double length)
{
    return queue_noise(rate * (1 + f * length), 1) + 8 * rate / f;
}

void table_mg1_pauses(struct ref *r)
{
    struct csv t = csv_open("mg1_pauses");
    for (size_t i = 0; i < t.rows; i++) {
        double rate = csv_number(&t, i, "lambda"), f = csv_number(&t, i, "f");
        double length = csv_number(&t, i, "R");
        bool det = strcmp(csv_text(&t, i, "pause"), "det") == 0;
        struct lab l = paused(rate, f, length, det);
        struct run run;
        ref_row(r, "lambda=%g f=%g R=%g %s", rate, f, length, det ? "det" : "exp");
        if (!run_init(&run, r, &l, rate * UNITS_PER_S, pause_noise(rate, f, length))) {
            ref_unreached(r, "all");
            lab_free(&l);
            continue;
        }
        size_t n = run_count(&run, "users", "answered_total");
        size_t seconds = run_count(&run, "users", "seconds_total");
        while (run_go(&run)) {
            struct sample s = in_units(run_ratio(&run, seconds, n));
            ref_mean(r, "ET_formula", csv_number(&t, i, "ET_formula"), s);
            ref_against(r, "ET_sim", csv_number(&t, i, "ET_sim"),
                        csv_number(&t, i, "ci95") / 1.96, s);
        }
        run_free(&run);
    }
    csv_close(&t);
}
