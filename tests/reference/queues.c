/*
 * Queues: a service whose workers are the servers, each with a core of its own, and a
 * client of Poisson arrivals. The tables' unit of time is one millisecond here.
 */
#include "queues.h"

#include <string.h>

#include <math.h>

struct lab queue_lab(const char *service, struct dist work, double rate)
{
    struct lab l = lab_new();
    char client[120];
    const struct node compute = {.kind = NODE_COMPUTE, .time = work};
    (void)snprintf(client, sizeof client, "to=app/get rate=%.17g trace_every=-1",
                   rate * UNITS_PER_S);
    lab_part(&l, "service", "app", service);
    lab_endpoint(&l, "app", "get", &compute);
    lab_part(&l, "client", "users", client);
    lab_part(&l, "call", "users.app", "network=0");
    lab_start(&l, 1);
    return l;
}

static struct lab servers(int c, struct dist work, double rate, const char *more)
{
    char service[120];
    (void)snprintf(service, sizeof service, "workers=%d cores=%d %s", c, c, more);
    return queue_lab(service, work, rate);
}

struct sample in_units(struct sample s)
{
    return (struct sample){s.mean / UNIT, s.se / UNIT};
}

/* The four means of a queue and what they are read from. */
struct means {
    size_t answered, response, served, waited;
};

static struct means means_of(struct run *run)
{
    return (struct means){.answered = run_count(run, "users", "answered_total"),
                          .response = run_count(run, "users", "seconds_total"),
                          .served = run_count(run, "app", "requests_total"),
                          .waited = run_count(run, "app", "queue_seconds_total")};
}

static void judge_means(struct run *run, const struct means *m, const struct csv *t,
                        size_t row, const char *const columns[4])
{
    const struct sample s[4] = {
        run_rate(run, m->response),
        run_rate(run, m->waited),
        in_units(run_ratio(run, m->response, m->answered)),
        in_units(run_ratio(run, m->waited, m->served)),
    };
    for (int i = 0; i < 4; i++)
        if (columns[i])
            ref_mean(run->ref, columns[i], csv_number(t, row, columns[i]), s[i]);
}

/* ---- percentiles of a row -------------------------------------------------------- */

struct wanted {
    const char *column;
    int which;
    double q;
};
static const struct wanted all_ranks[] = {
    {"W_p50", RUN_RESPONSE, 0.5},    {"W_p90", RUN_RESPONSE, 0.9},
    {"W_p95", RUN_RESPONSE, 0.95},   {"W_p99", RUN_RESPONSE, 0.99},
    {"W_p999", RUN_RESPONSE, 0.999}, {"Wq_p50", RUN_WAIT, 0.5},
    {"Wq_p90", RUN_WAIT, 0.9},       {"Wq_p95", RUN_WAIT, 0.95},
    {"Wq_p99", RUN_WAIT, 0.99},      {"Wq_p999", RUN_WAIT, 0.999},
};
enum { RANKS = sizeof all_ranks / sizeof *all_ranks };

/* `waits`: the probability of a wait; `leave`: the rate at which one ends, c - a. A
 * response's tail falls no faster than that or the service's. Neighbours resemble each
 * other in their waits, not in their work: in a response by as much of its variance as
 * is waiting. A wait of 0 needs no precision. */
static void ask_ranks(struct run *run, const struct csv *t, size_t row, double rho,
                      double waits, double leave, size_t first, size_t quantile[RANKS])
{
    double idle = 1 - rho, v = waits * (2 - waits) / (leave * leave);
    run_rank(run, "users");
    for (size_t i = first; i < RANKS; i++) {
        bool wait = all_ranks[i].which == RUN_WAIT;
        double x = csv_number(t, row, all_ranks[i].column);
        double hazard = wait || leave < 1 ? leave : 1;
        double alike = 1 + 2 * rho / (idle * idle) * (wait ? 1 : v / (1 + v));
        double need = x == 0 ? 0 : rank_need(alike, all_ranks[i].q, x * hazard);
        quantile[i] = run_quantile(run, all_ranks[i].which, all_ranks[i].q, need);
    }
}

/* `waits`: the probability of a wait. The waiting time has an atom at 0 of 1 - waits,
 * and what a table says about it is judged as what it is, a share, within 4 standard
 * errors. That a percentile is 0 says less: well inside the atom it must be exactly 0;
 * within 4 standard errors of its end a sample falls on either side, as a coin does,
 * and the percentile of the sample says nothing. */
static void judge_ranks(const struct run *run, const struct csv *t, size_t row,
                        double waits, size_t first, const size_t quantile[RANKS])
{
    struct sample w = run_waited(run);
    ref_share(run->ref, "P(wait)", waits, w, run_ranked(run));
    for (size_t i = first; i < RANKS; i++) {
        const struct wanted *a = &all_ranks[i];
        double x = csv_number(t, row, a->column);
        if (x == 0 && a->q + 4 * w.se > 1 - waits)
            ref_open(run->ref, a->column,
                     "0 just up to this rank; P(wait) is judged instead");
        else
            run_percentile(run, a->column, x, quantile[i], UNIT);
    }
}

/* ---- tables ---------------------------------------------------------------------- */

void table_mm1(struct ref *r)
{
    static const char *const columns[4] = {"L", "Lq", "W", "Wq"};
    struct csv t = csv_open("mm1");
    for (size_t i = 0; i < t.rows; i++) {
        double rho = csv_number(&t, i, "rho");
        struct lab l = servers(1, dist_exponential(SIM_MS), rho, "");
        struct run run;
        size_t quantile[RANKS];
        ref_row(r, "rho=%g", rho);
        if (!run_init(&run, r, &l, rho * UNITS_PER_S, queue_noise(rho, 1))) {
            ref_unreached(r, "all");
            lab_free(&l);
            continue;
        }
        struct means m = means_of(&run);
        ask_ranks(&run, &t, i, rho, rho, 1 - rho, 0, quantile);
        while (run_go(&run)) {
            judge_means(&run, &m, &t, i, columns);
            judge_ranks(&run, &t, i, rho, 0, quantile);
        }
        run_free(&run);
    }
    csv_close(&t);
}

void table_mmc(struct ref *r)
{
    static const char *const columns[4] = {NULL, NULL, "W", "Wq"};
    struct csv t = csv_open("mmc");
    for (size_t i = 0; i < t.rows; i++) {
        if (ref_skips(r, i, 5))
            continue;
        double c = csv_number(&t, i, "c"), rho = csv_number(&t, i, "rho");
        double waits = csv_number(&t, i, "erlangC"), a = csv_number(&t, i, "a");
        struct lab l = servers((int)c, dist_exponential(SIM_MS), a, "");
        struct run run;
        size_t quantile[RANKS];
        /* Few wait: the mean is of rare events. */
        double noise = queue_noise(rho, 1) / (waits < 0.5 ? waits : 0.5) / 2;
        ref_row(r, "c=%g rho=%g", c, rho);
        if (!run_init(&run, r, &l, a * UNITS_PER_S, noise)) {
            ref_unreached(r, "all");
            lab_free(&l);
            continue;
        }
        struct means m = means_of(&run);
        ask_ranks(&run, &t, i, rho, waits, c - a, 0, quantile);
        while (run_go(&run)) {
            judge_means(&run, &m, &t, i, columns);
            judge_ranks(&run, &t, i, waits, 0, quantile);
        }
        run_free(&run);
    }
    csv_close(&t);
}

/* Nobody meets anybody: each response is the work, to the nanosecond. */
static void clockwork(struct ref *r)
{
    struct lab l = lab_new();
    const struct node work = {.kind = NODE_COMPUTE, .time = dist_const(SIM_MS + 1)};
    lab_part(&l, "service", "app", "workers=1 cores=1");
    lab_endpoint(&l, "app", "get", &work);
    lab_part(&l, "client", "users", "to=app/get rate=500 arrivals=even trace_every=-1");
    lab_part(&l, "call", "users.app", "network=2us");
    lab_start(&l, 1);
    lab_run(&l, 10 * SIM_SEC + SIM_MS);
    ref_row(r, "no chance at all, rho=0.5");
    ref_exact(r, "sum of responses, ns", 4999 * 1004001.0,
              round(1e9 * lab_metric(&l, "users", "seconds_total")), 12);
    lab_free(&l);
}

void table_md1_wait_percentiles(struct ref *r)
{
    static const char *const columns[4] = {NULL, NULL, NULL, "Wq_mean"};
    struct csv t = csv_open("md1_wait_percentiles");
    clockwork(r);
    for (size_t i = 0; i < t.rows; i++) {
        double rho = csv_number(&t, i, "rho");
        struct lab l = servers(1, dist_const(SIM_MS), rho, "");
        struct run run;
        size_t quantile[RANKS];
        ref_row(r, "rho=%g", rho);
        if (!run_init(&run, r, &l, rho * UNITS_PER_S, queue_noise(rho, 0))) {
            ref_unreached(r, "all");
            lab_free(&l);
            continue;
        }
        struct means m = means_of(&run);
        ask_ranks(&run, &t, i, rho, rho, 2 * (1 - rho), 5, quantile);
        while (run_go(&run)) {
            judge_means(&run, &m, &t, i, columns);
            judge_ranks(&run, &t, i, rho, 5, quantile);
        }
        run_free(&run);
    }
    csv_close(&t);
}

/* The service laws by the names of the table. */
static struct dist law_named(const char *name, double scv)
{
    if (strcmp(name, "det") == 0)
        return dist_const(SIM_MS);
    if (strcmp(name, "exp") == 0)
        return dist_exponential(SIM_MS);
    if (strcmp(name, "erlang4") == 0)
        return (struct dist){.kind = DIST_ERLANG, .k = 4, .mean = SIM_MS};
    if (strcmp(name, "erlang2") == 0)
        return (struct dist){.kind = DIST_ERLANG, .k = 2, .mean = SIM_MS};
    return (struct dist){
        .kind = DIST_HYPEREXP, .mean = SIM_MS, .spread = (sim_time)(scv * 1000)};
}

void table_mg1(struct ref *r)
{
    static const char *const columns[4] = {"L", "Lq", "W", "Wq"};
    struct csv t = csv_open("mg1");
    for (size_t i = 0; i < t.rows; i++) {
        if (ref_skips(r, i, 3))
            continue;
        double rho = csv_number(&t, i, "rho"), scv = csv_number(&t, i, "scv");
        const char *law = csv_text(&t, i, "service");
        struct lab l = servers(1, law_named(law, scv), rho, "");
        struct run run;
        ref_row(r, "rho=%g %s", rho, law);
        if (!run_init(&run, r, &l, rho * UNITS_PER_S, queue_noise(rho, 1.5 * scv))) {
            ref_unreached(r, "all");
            lab_free(&l);
            continue;
        }
        struct means m = means_of(&run);
        while (run_go(&run))
            judge_means(&run, &m, &t, i, columns);
        run_free(&run);
    }
    csv_close(&t);
}

/* A core shared by all: whatever the law, the mean response is the same. */
void table_mg1_ps(struct ref *r)
{
    static const struct {
        const char *name;
        struct dist work;
    } laws[] = {
        {"det", {.kind = DIST_CONST, .mean = SIM_MS}},
        {"exp", {.kind = DIST_EXPONENTIAL, .mean = SIM_MS}},
        {"lognormal", {.kind = DIST_LOGNORMAL, .mean = SIM_MS, .spread = 2 * SIM_MS}},
        {"scv4", {.kind = DIST_HYPEREXP, .mean = SIM_MS, .spread = 4000}}};
    struct csv t = csv_open("mg1_ps");
    for (size_t i = 0; i < t.rows; i++) {
        double rho = csv_number(&t, i, "rho");
        for (size_t k = 0; k < sizeof laws / sizeof *laws; k++) {
            if (ref_skips(r, 4 * i + k, 3))
                continue;
            struct lab l = queue_lab("workers=100000 cores=1", laws[k].work, rho);
            struct run run;
            ref_row(r, "rho=%g %s", rho, laws[k].name);
            if (!run_init(&run, r, &l, rho * UNITS_PER_S, queue_noise(rho, 3))) {
                ref_unreached(r, "all");
                lab_free(&l);
                continue;
            }
            struct means m = means_of(&run);
            while (run_go(&run))
                ref_mean(r, "ET_over_ES", csv_number(&t, i, "ET_over_ES"),
                         in_units(run_ratio(&run, m.response, m.answered)));
            run_free(&run);
        }
    }
    csv_close(&t);
}

/* A bounded queue; K counts the one in service. Losses come in bursts: as many busy
 * periods as the mean needs, and at a low load as many losses. */
void table_mm1k(struct ref *r)
{
    struct csv t = csv_open("mm1k");
    for (size_t i = 0; i < t.rows; i++) {
        if (ref_skips(r, i, 4))
            continue;
        double rho = csv_number(&t, i, "rho"), k = csv_number(&t, i, "K");
        double loss = csv_number(&t, i, "P_loss");
        char queue[40];
        (void)snprintf(queue, sizeof queue, "queue=%d", k > 1 ? (int)k - 1 : -1);
        struct lab l = servers(1, dist_exponential(SIM_MS), rho, queue);
        struct run run;
        double span = rho == 1 ? k : fmin(k, 1 / fabs(1 - rho));
        double noise = 10 + 2 * span * span, loss_noise = 3 * span / loss;
        bool rare = run_customers(r, loss_noise) == 0;
        if (!rare && loss_noise > noise)
            noise = loss_noise;
        ref_row(r, "rho=%g K=%g", rho, k);
        if (!run_init(&run, r, &l, rho * UNITS_PER_S, noise)) {
            ref_unreached(r, "all");
            lab_free(&l);
            continue;
        }
        struct means m = means_of(&run);
        size_t all = run_count(&run, "users", "attempts_total");
        size_t lost = run_count(&run, "app", "refused_total");
        size_t inside = run_count(&run, "app/get", "seconds_total");
        while (run_go(&run)) {
            if (rare)
                ref_unreached(r, "P_loss");
            else
                ref_mean(r, "P_loss", loss, run_ratio(&run, lost, all));
            struct sample good = run_rate(&run, m.answered);
            ref_mean(r, "goodput", csv_number(&t, i, "goodput"),
                     (struct sample){good.mean / UNITS_PER_S, good.se / UNITS_PER_S});
            ref_mean(r, "L", csv_number(&t, i, "L"), run_rate(&run, inside));
            ref_mean(r, "W_accepted", csv_number(&t, i, "W_accepted"),
                     in_units(run_ratio(&run, m.response, m.answered)));
        }
        run_free(&run);
    }
    csv_close(&t);
}

/* ---- pooling: k instances of one worker, chosen at random, or one of k ----------- */

static bool pooling_half(struct ref *r, const struct csv *t, size_t i, bool pooled,
                         struct sample *w)
{
    const char *what = pooled ? "W_pooled" : "W_separate";
    int k = (int)csv_number(t, i, "k");
    double rho = csv_number(t, i, "rho");
    char service[80], client[120];
    const struct node compute = {.kind = NODE_COMPUTE,
                                 .time = dist_exponential(SIM_MS)};
    struct lab l = lab_new();
    struct run run;
    int c = pooled ? k : 1;
    (void)snprintf(service, sizeof service, "instances=%d workers=%d cores=%d", k / c,
                   c, c);
    (void)snprintf(client, sizeof client, "to=app/get rate=%.17g trace_every=-1",
                   k * rho * UNITS_PER_S);
    lab_part(&l, "service", "app", service);
    lab_endpoint(&l, "app", "get", &compute);
    lab_part(&l, "client", "users", client);
    lab_part(&l, "call", "users.app", "network=0 balance=random");
    lab_start(&l, 1);
    if (!run_init(&run, r, &l, k * rho * UNITS_PER_S, queue_noise(rho, 1))) {
        lab_free(&l);
        return false;
    }
    struct means m = means_of(&run);
    while (run_go(&run)) {
        *w = in_units(run_ratio(&run, m.response, m.answered));
        ref_mean(r, what, csv_number(t, i, what), *w);
    }
    run_free(&run);
    return true;
}

void table_mmc_pooling(struct ref *r)
{
    struct csv t = csv_open("mmc_pooling");
    for (size_t i = 0; i < t.rows; i++) {
        struct sample apart, pooled;
        ref_row(r, "k=%g rho=%g", csv_number(&t, i, "k"), csv_number(&t, i, "rho"));
        if (!pooling_half(r, &t, i, false, &apart) ||
            !pooling_half(r, &t, i, true, &pooled)) {
            ref_unreached(r, "all");
            continue;
        }
        double ratio = apart.mean / pooled.mean;
        double se = ratio * hypot(apart.se / apart.mean, pooled.se / pooled.mean);
        ref_mean(r, "ratio", csv_number(&t, i, "ratio"), (struct sample){ratio, se});
    }
    csv_close(&t);
}

/* ---- tandem: a front that calls one station after the other ---------------------- */

static struct lab tandem_lab(int k, double rho)
{
    static const char *const stations[] = {"s1", "s2", "s3", "s4", "s5"};
    struct node call[5];
    struct lab l = lab_new();
    char client[120], policy[32];
    for (int s = 0; s < k; s++) {
        const struct node compute = {.kind = NODE_COMPUTE,
                                     .time = dist_exponential(SIM_MS)};
        lab_part(&l, "service", stations[s], "workers=1 cores=1");
        lab_endpoint(&l, stations[s], "do", &compute);
        call[s] = (struct node){.kind = NODE_CALL,
                                .target = stations[s],
                                .what = "do",
                                .next = s + 1 < k ? &call[s + 1] : NULL};
    }
    lab_part(&l, "service", "front", "workers=100000");
    lab_endpoint(&l, "front", "get", call);
    (void)snprintf(client, sizeof client, "to=front/get rate=%.17g trace_every=-1",
                   rho * UNITS_PER_S);
    lab_part(&l, "client", "users", client);
    lab_part(&l, "call", "users.front", "network=0");
    for (int s = 0; s < k; s++) {
        (void)snprintf(policy, sizeof policy, "front.%s", stations[s]);
        lab_part(&l, "call", policy, "network=0");
    }
    lab_start(&l, 1);
    return l;
}

void table_tandem_jackson(struct ref *r)
{
    struct csv t = csv_open("tandem_jackson");
    for (size_t i = 0; i < t.rows; i++) {
        if (ref_skips(r, i, 2))
            continue;
        double k = csv_number(&t, i, "k"), rho = csv_number(&t, i, "rho");
        struct lab l = tandem_lab((int)k, rho);
        struct run run;
        size_t station[5];
        ref_row(r, "k=%g rho=%g", k, rho);
        if (!run_init(&run, r, &l, rho * UNITS_PER_S, queue_noise(rho, 1))) {
            ref_unreached(r, "all");
            lab_free(&l);
            continue;
        }
        size_t answered = run_count(&run, "users", "answered_total");
        size_t seconds = run_count(&run, "users", "seconds_total");
        for (int s = 0; s < (int)k; s++) {
            char name[8];
            (void)snprintf(name, sizeof name, "s%d", s + 1);
            station[s] = run_count(&run, name, "seconds_total");
        }
        while (run_go(&run)) {
            ref_mean(r, "W_total", csv_number(&t, i, "W_total"),
                     in_units(run_ratio(&run, seconds, answered)));
            ref_mean(r, "L_total", csv_number(&t, i, "L_total"),
                     run_rate(&run, seconds));
            for (int s = 0; s < (int)k; s++)
                ref_mean(r, "L of one station", rho / (1 - rho),
                         run_rate(&run, station[s]));
        }
        run_free(&run);
    }
    csv_close(&t);
}
