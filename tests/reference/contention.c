/*
 * N clients that must each write one row once, with optimistic concurrency (Brooker,
 * "Exponential Backoff And Jitter", 2015): what the kinds of jitter do to the time
 * until the last is through and to the number of writes. Each of four hops takes a
 * normal time; whose write comes too late backs off, reads again and writes again.
 *
 * The table counts attempts from 1: the first pause is base * 2 = 10 ms, and that is
 * the `base` of a call policy; for decorrelated jitter it is the 5 ms themselves.
 */
#include "ref.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

static const struct {
    const char *name, *policy;
} algorithms[] = {
    {"None", "backoff=none"},
    {"Exponential", "backoff=exponential base=10ms cap=2s"},
    {"FullJitter", "backoff=exponential base=10ms cap=2s jitter=full"},
    {"EqualJitter", "backoff=exponential base=10ms cap=2s jitter=equal"},
    {"Decorr", "backoff=exponential base=5ms cap=2s jitter=decorrelated"},
};

static const char *policy_of(const char *algorithm)
{
    for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++)
        if (strcmp(algorithms[i].name, algorithm) == 0)
            return algorithms[i].policy;
    fail_msg("no algorithm %s", algorithm);
    return NULL;
}

static struct lab writers_lab(int clients, const char *policy)
{
    struct lab l = lab_new();
    char text[160];
    const struct node write = {.kind = NODE_QUERY, .target = "db", .what = "write"};
    const struct node read = {
        .kind = NODE_QUERY, .target = "db", .what = "read", .next = &write};
    const struct node call = {.kind = NODE_CALL, .target = "app", .what = "write"};
    const struct node all = {.kind = NODE_FAN_OUT, .count = clients, .body = &call};
    lab_part(&l, "database", "db", "cores=1000 max_connections=1000 connect_time=0");
    lab_part(&l, "table", "db.t", "rows=1 keys=1 scan_row=0 index_step=0 write_row=0");
    lab_part(&l, "statement", "db.read", "cpu=0 table=db.t optimistic=read");
    lab_part(&l, "statement", "db.write",
             "cpu=0 table=db.t updates=1 optimistic=write");
    lab_part(&l, "service", "app", "workers=1000");
    lab_part(&l, "pool", "app.pool", "to=db size=1000");
    lab_endpoint(&l, "app", "write", &read);
    lab_part(&l, "call", "app.db", "network=normal(10ms,2ms)");
    lab_part(&l, "service", "driver", "workers=10");
    lab_endpoint(&l, "driver", "all", &all);
    (void)snprintf(text, sizeof text, "network=0 retries=1000 %s", policy);
    lab_part(&l, "call", "driver.app", text);
    lab_part(&l, "client", "users",
             "to=driver/all rate=1 arrivals=even trace_every=-1");
    lab_part(&l, "call", "users.driver", "network=0");
    lab_start(&l, 1);
    return l;
}

static void row(struct ref *r, const struct csv *t, size_t i)
{
    enum { WORLDS = 1200 };
    static double time[WORLDS], calls[WORLDS];
    const char *algorithm = csv_text(t, i, "algorithm");
    double mean = csv_number(t, i, "time_mean_ms"), sd = csv_number(t, i, "time_sd");
    double need = pow(sd / mean / (REF_NOISE(r) / 2), 2);
    size_t worlds = (size_t)fmin(WORLDS, fmax(24, need));
    struct lab l = writers_lab((int)csv_number(t, i, "clients"), policy_of(algorithm));
    ref_row(r, "%g clients, %s", csv_number(t, i, "clients"), algorithm);
    for (size_t k = 0; k < worlds; k++) {
        lab_again(&l, k + 1);
        lab_run(&l, SIM_SEC);
        lab_set(&l, "users", "rate", "0");
        while (lab_metric(&l, "users", "in_flight") > 0)
            lab_run(&l, world_now(l.w) + SIM_SEC);
        assert_true(lab_metric(&l, "users", "answered_total") == 1);
        time[k] = 1000 * lab_metric(&l, "users", "seconds_total");
        calls[k] = lab_metric(&l, "db.write", "calls_total");
    }
    lab_free(&l);
    ref_against(r, "time_mean_ms", mean, csv_number(t, i, "time_ci95") / 1.96,
                sample_of(time, worlds));
    ref_against(r, "calls_mean", csv_number(t, i, "calls_mean"),
                csv_number(t, i, "calls_ci95") / 1.96, sample_of(calls, worlds));
}

void table_aws_backoff_jitter(struct ref *r)
{
    struct csv t = csv_open("aws_backoff_jitter");
    for (size_t i = 0; i < t.rows; i++)
        if (!ref_skips(r, i, 24))
            row(r, &t, i);
    csv_close(&t);
}
