/*
 * Token buckets: whatever comes, at most b + r t get through in any time t; and with an
 * overload after a pause just so many do. Held to the three buckets that there are: a
 * limiter, a balancer's limit and a third party's quota, of which the last two hold a
 * second's worth.
 */
#include "ref.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

enum { ADMITTED = 4096 };
struct gate {
    double admitted[ADMITTED]; /* when, seconds */
    size_t n;
};

static void on_done(void *ctx, const struct request_done *d)
{
    struct gate *g = ctx;
    if (d->user && d->reason == REASON_NONE && g->n < ADMITTED)
        g->admitted[g->n++] = (double)d->start / 1e9;
}

/* The most in any window of t seconds, both ends in. */
static double most_in(const struct gate *g, double t)
{
    size_t most = 0;
    for (size_t i = 0, j = 0; j < g->n; j++) {
        while (g->admitted[j] - g->admitted[i] > t + 1e-9)
            i++;
        if (j - i + 1 > most)
            most = j - i + 1;
    }
    return (double)most;
}

static struct lab gate_lab(const char *kind, double rate, double burst)
{
    struct lab l = lab_new();
    char text[160], to[40] = "shop";
    const struct node get = {.kind = NODE_LOG, .what = "in"};
    (void)snprintf(text, sizeof text, "latency=0 quota=%g",
                   strcmp(kind, "external") == 0 ? rate : 0);
    lab_part(&l, "external", "shop", text);
    if (strcmp(kind, "external") != 0) {
        bool limiter = strcmp(kind, "limiter") == 0;
        lab_part(&l, "service", "app", "workers=1000");
        lab_endpoint(&l, "app", "get", &get);
        if (limiter)
            (void)snprintf(text, sizeof text, "to=app rate=%g burst=%g", rate, burst);
        else
            (void)snprintf(text, sizeof text, "to=app probe=none limit=%g", rate);
        lab_part(&l, kind, "gate", text);
        (void)snprintf(to, sizeof to, "gate/get");
    }
    /* So many that the burst is over before half a token has come. */
    (void)snprintf(text, sizeof text, "to=%s rate=%g arrivals=even trace_every=-1", to,
                   rate * 4 * burst);
    lab_part(&l, "client", "users", text);
    (void)snprintf(text, sizeof text, "users.%s",
                   strcmp(kind, "external") == 0 ? "shop" : "gate");
    lab_part(&l, "call", text, "network=0");
    lab_start(&l, 1);
    return l;
}

/* In the first t seconds of the overload, with half a token's time to spare. */
static double first_in(const struct gate *g, double t, double rate)
{
    double n = 0;
    for (size_t i = 0; i < g->n; i++)
        n += g->admitted[i] - g->admitted[0] < t + 0.5 / rate;
    return n;
}

static void hold(struct ref *r, const struct csv *t, size_t i, const char *kind)
{
    double rate = csv_number(t, i, "r"), burst = csv_number(t, i, "b");
    double span = csv_number(t, i, "t"), most = csv_number(t, i, "max_admitted");
    static struct gate g;
    struct lab l = gate_lab(kind, rate, burst);
    struct observer o = {.ctx = &g, .done = on_done};
    struct errmsg why = {0};
    g.n = 0;
    audit(l.m, 2, 3 * SIM_SEC);
    if (world_run(l.w, 12 * SIM_SEC, UINT64_MAX, &o, &why) != ERR_OK)
        fail_msg("%s", why.text);
    lab_free(&l);
    ref_row(r, "%s r=%g b=%g t=%g", kind, rate, burst, span);
    ref_exact(r, "first admitted", most, first_in(&g, span, rate), 8);
    ref_between(r, "most in any window", 1, most, most_in(&g, span));
}

void table_bucket_admission(struct ref *r)
{
    struct csv t = csv_open("bucket_admission");
    for (size_t i = 0; i < t.rows; i++) {
        bool a_second = csv_number(&t, i, "r") == csv_number(&t, i, "b");
        if (a_second) {
            hold(r, &t, i, "external");
            hold(r, &t, i, "balancer");
        }
        hold(r, &t, i, "limiter");
    }
    csv_close(&t);
}
