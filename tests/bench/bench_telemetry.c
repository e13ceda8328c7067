/*
 * What telemetry costs: one finished request, one sample, one copy, one question, and
 * an hour's memory. Times are of this machine now; nothing is asserted.
 */
#include "truecode/telemetry.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define REQUESTS 4096
#define SLICES   6
#define COPIES   30

static double clock_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void must(enum err e, const struct errmsg *why)
{
    if (e == ERR_OK)
        return;
    fprintf(stderr, "bench_telemetry: %s\n", why->text);
    exit(1);
}

static comp_id add(struct model *m, const char *kind, const char *name)
{
    struct errmsg why = {0};
    comp_id c = model_add(m, kind, name, &why);
    must(c == COMP_NONE ? ERR_INPUT : ERR_OK, &why);
    return c;
}

static void set(struct model *m, comp_id c, const char *param, struct value v)
{
    struct errmsg why = {0};
    must(model_set(m, c, param, v, &why), &why);
}

/* Two services of six instances before one database, 100 requests a second together. */
static struct model *shop(void)
{
    static const char *const services[] = {"checkout", "order-status"};
    static const char *const pools[] = {"checkout.pool", "order-status.pool"};
    static const char *const targets[] = {"checkout/buy", "order-status/buy"};
    static const char *const clients[] = {"shoppers", "lookers"};
    const struct node query = {.kind = NODE_QUERY, .target = "db", .what = "q"};
    const struct node work = {
        .kind = NODE_COMPUTE, .time = dist_exponential(3 * SIM_MS), .next = &query};
    struct errmsg why = {0};
    struct model *m = model_new();
    set(m, add(m, "database", "db"), "cores", value_number(8));
    set(m, add(m, "statement", "db.q"), "cpu", value_dist(dist_const(6 * SIM_MS)));
    for (int i = 0; i < 2; i++) {
        comp_id s = add(m, "service", services[i]);
        set(m, s, "instances", value_count(6));
        comp_id p = add(m, "pool", pools[i]);
        set(m, p, "to", value_text("db"));
        set(m, p, "size", value_count(10));
        must(model_endpoint(m, s, "buy", NULL, &work, &why), &why);
        comp_id c = add(m, "client", clients[i]);
        set(m, c, "to", value_text(targets[i]));
        set(m, c, "rate", value_number(50));
    }
    struct slo slo = {"an answer within a second", SIM_SEC, 0, 0.995, SIM_HOUR, false};
    must(model_slo(m, &slo, NULL, 0, &why), &why);
    must(model_finish(m, &why), &why);
    return m;
}

/* ---- one finished request -------------------------------------------------------- */

static struct request_done requests[REQUESTS];
static struct slice slices[REQUESTS][SLICES];

static void make_requests(const struct model *m)
{
    struct rng rng;
    rng_seed(&rng, 1, "bench");
    for (int i = 0; i < REQUESTS; i++) {
        sim_time took = 0;
        for (int k = 0; k < SLICES; k++) {
            sim_time ns = (sim_time)(rng_exponential(&rng) * 5e6);
            slices[i][k] = (struct slice){(comp_id)k, (uint8_t)k, ns};
            took += ns;
        }
        requests[i] = (struct request_done){.client = model_find(m, "shoppers"),
                                            .endpoint = model_find(m, "checkout/buy"),
                                            .user = i % 2,
                                            .end = took,
                                            .culprit = COMP_NONE,
                                            .slices = slices[i],
                                            .nslices = SLICES};
    }
}

static void bench_done(struct model *m)
{
    enum { N = 4000000 };
    struct recording *r = recording_new(m, NULL, 0);
    struct observer o = recording_observer(r);
    sim_time now = SIM_SEC;
    make_requests(m);
    double start = clock_now();
    for (int i = 0; i < N; i++) {
        struct request_done d = requests[i % REQUESTS];
        now += 100 * SIM_US;
        d.start = now - d.end;
        d.end = now;
        o.done(o.ctx, &d);
    }
    printf("telemetry: one finished request of %d slices  %6.1f ns\n", SLICES,
           (clock_now() - start) * 1e9 / N);
    recording_free(r);
}

/* ---- an hour --------------------------------------------------------------------- */

static double run_hour(struct recording *r, struct world *w, struct recording **copies,
                       double *copying)
{
    struct errmsg why = {0};
    struct observer o = recording_observer(r);
    double sampling = 0;
    for (sim_time t = SIM_SEC; t <= SIM_HOUR; t += SIM_SEC) {
        must(world_run(w, t, UINT64_MAX, &o, &why), &why);
        double start = clock_now();
        recording_sample(r, w);
        sampling += clock_now() - start;
        start = clock_now();
        if (t % (2 * SIM_MIN) == 0)
            copies[t / (2 * SIM_MIN) - 1] = recording_fork(r);
        *copying += clock_now() - start;
    }
    return sampling;
}

static void bench_questions(const struct recording *r)
{
    enum { N = 200 };
    comp_id c = model_find(recording_model(r), "shoppers");
    sim_time end = recording_end(r);
    double sum = 0, start = clock_now();
    struct share s[8];
    for (int i = 0; i < N; i++)
        sum += latency_quantile(r, c, end - 10 * SIM_MIN, end, 0.99);
    printf("telemetry: p99 over ten minutes              %6.1f us\n",
           (clock_now() - start) * 1e6 / N);
    start = clock_now();
    for (int i = 0; i < N; i++)
        sum += (double)explain_time(r, c, end - 10 * SIM_MIN, end, 0.98, 1, s, 8);
    printf("telemetry: where its time went               %6.1f us\n",
           (clock_now() - start) * 1e6 / N);
    if (sum < 0)
        printf("never\n");
}

static void bench_hour(struct model *m)
{
    struct errmsg why = {0};
    struct recording *copies[COPIES] = {0};
    struct world *w = world_new(m, 1, &why);
    must(w ? ERR_OK : ERR_LIMIT, &why);
    struct recording *r = recording_new(m, NULL, 0);
    double copying = 0, sampling = run_hour(r, w, copies, &copying);
    printf("telemetry: one sample of the whole world     %6.1f us\n",
           sampling * 1e6 / 3600);
    printf("telemetry: one copy of the recording         %6.1f us\n",
           copying * 1e6 / COPIES);
    printf("telemetry: memory of an hour                 %6.2f MiB\n",
           (double)recording_bytes(r) / (1 << 20));
    bench_questions(r);
    for (int i = 0; i < COPIES; i++)
        recording_free(copies[i]);
    recording_free(r);
    world_free(w);
}

int main(void)
{
    struct model *m = shop();
    bench_done(m);
    bench_hour(m);
    model_unref(m);
    return 0;
}
