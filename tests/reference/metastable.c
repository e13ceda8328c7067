/*
 * Metastable failures (Bronson et al., HotOS 2021): a system that stays down when what
 * brought it down is long over. Each row is run with 20 seeds, and all of them must end
 * in the state that the table says.
 */
#include "ref.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

enum { WORLDS = 20 };

/* Good answers and everything sent, per second, in the last minute. */
struct minute {
    double good, sent;
    double recovery; /* see recovery_after() */
};

static struct minute last_minute(struct lab *l, sim_time end, const char *policy)
{
    lab_run(l, end - SIM_MIN);
    double good = lab_metric(l, "users", "answered_total");
    double sent = lab_metric(l, policy, "attempts_total");
    lab_run(l, end);
    return (struct minute){
        .good = (lab_metric(l, "users", "answered_total") - good) / 60,
        .sent = (lab_metric(l, policy, "attempts_total") - sent) / 60};
}

static const char *state_name(double good, double load)
{
    if (good > 0.9 * load)
        return "recovers";
    return good < 0.1 * load ? "metastable" : "in between";
}

/* ---- retries --------------------------------------------------------------------- */

/* One server of 300/s. In the outage nothing is served and nothing is lost: all of it
 * is delivered at the end. */
static struct lab retry_lab(double load, double retries)
{
    struct lab l = lab_new();
    const struct node compute = {.kind = NODE_COMPUTE,
                                 .time = dist_exponential(SIM_SEC / 300)};
    char text[80];
    lab_part(&l, "service", "db", "workers=1 cores=1");
    lab_endpoint(&l, "db", "get", &compute);
    (void)snprintf(text, sizeof text, "to=db/get rate=%g trace_every=-1", load);
    lab_part(&l, "client", "users", text);
    (void)snprintf(text, sizeof text, "network=0 timeout=1s retries=%g", retries);
    lab_part(&l, "call", "users.db", text);
    lab_start(&l, 1);
    return l;
}

enum { STEP = 5 }; /* of a recovery, seconds */

/* Seconds until the end of the first five in which nearly all are answered again. */
static double recovery_after(struct lab *l, double load, sim_time from, sim_time end)
{
    lab_run(l, from);
    for (sim_time t = from + STEP * SIM_SEC; t <= end; t += STEP * SIM_SEC) {
        double before = lab_metric(l, "users", "answered_total");
        lab_run(l, t);
        if (lab_metric(l, "users", "answered_total") - before > 0.9 * load * STEP)
            return (double)(t - from) / 1e9;
    }
    return INFINITY;
}

static struct minute after_outage(struct lab *l, double load, sim_time outage,
                                  sim_time end)
{
    lab_run(l, SIM_MIN);
    lab_fault(l, "db", "hang", NULL, outage);
    double recovery = recovery_after(l, load, SIM_MIN + outage, end - SIM_MIN);
    struct minute m = last_minute(l, end, "users.db");
    m.recovery = recovery;
    return m;
}

/* The state that all worlds end in; "differs" when they do not agree. */
static const char *retry_state(double load, double retries, sim_time outage,
                               sim_time end, struct minute minutes[WORLDS])
{
    const char *state = NULL;
    for (int k = 0; k < WORLDS; k++) {
        struct lab l = retry_lab(load, retries);
        lab_again(&l, (uint64_t)k + 1);
        minutes[k] = after_outage(&l, load, outage, end);
        lab_free(&l);
        const char *s = state_name(minutes[k].good, load);
        state = !state || strcmp(state, s) == 0 ? s : "differs";
    }
    return state;
}

/* The table's figure is of one run, told in steps of five seconds, and a backlog that
 * drains slowly takes now more and now less: a run is as far off as runs differ here.
 */
static void judge_recovery(struct ref *r, double expected,
                           const struct minute minutes[WORLDS])
{
    double seconds[WORLDS];
    for (int k = 0; k < WORLDS; k++)
        seconds[k] = minutes[k].recovery;
    struct sample s = sample_of(seconds, WORLDS);
    double one = s.se * sqrt(WORLDS), off = 4 * hypot(one, s.se) + STEP;
    ref_between(r, "recovery_s, one run", expected - off, expected + off, s.mean);
}

static void retry_row(struct ref *r, const struct csv *t, size_t i)
{
    double load = csv_number(t, i, "load_qps"), retries = csv_number(t, i, "retries");
    const char *expected = csv_text(t, i, "state");
    struct minute minutes[WORLDS];
    double good[WORLDS], sent[WORLDS], most = 0;
    const char *state = retry_state(load, retries, 10 * SIM_SEC,
                                    r->full ? 660 * SIM_SEC : 360 * SIM_SEC, minutes);
    bool lost = strcmp(expected, "metastable") == 0;
    for (int k = 0; k < WORLDS; k++) {
        good[k] = minutes[k].good;
        sent[k] = minutes[k].sent;
        most = fmax(most, good[k]);
    }
    ref_row(r, "load=%g retries=%g", load, retries);
    ref_state(r, "state of 20", expected, state);
    if (lost)
        ref_exact(r, "goodput, highest of 20", 0, most, 4);
    else
        ref_mean(r, "goodput_last60s_qps", load, sample_of(good, WORLDS));
    if (!lost)
        judge_recovery(r, csv_number(t, i, "recovery_s_after_outage"), minutes);
    ref_mean(r, "sent_last60s_qps", lost ? 2 * load : load, sample_of(sent, WORLDS));
    ref_between(
        r, "against the table's run", csv_number(t, i, "sent_last60s_qps") * 0.97,
        csv_number(t, i, "sent_last60s_qps") * 1.03, sample_of(sent, WORLDS).mean);
}

/* What the paper says besides: how one gets out, and that what is closer to the edge
 * falls over more easily. */
static void lower_load(struct ref *r, const char *load, double rate,
                       const char *expected)
{
    struct lab l = retry_lab(280, 1);
    lab_run(&l, SIM_MIN);
    lab_fault(&l, "db", "hang", NULL, 10 * SIM_SEC);
    lab_run(&l, 90 * SIM_SEC);
    lab_set(&l, "users", "rate", load);
    ref_row(r, "load=280, later %s", load);
    ref_state(r, "state", expected,
              state_name(last_minute(&l, 1500 * SIM_SEC, "users.db").good, rate));
    lab_free(&l);
}

static void ways_out(struct ref *r)
{
    struct minute minutes[WORLDS];
    lower_load(r, "140", 140, "recovers");
    lower_load(r, "160", 160, "metastable");
    ref_row(r, "load=151, outage of 1.5 s");
    ref_state(r, "state of 20", "recovers",
              retry_state(151, 1, 1500 * SIM_MS, 240 * SIM_SEC, minutes));
    ref_row(r, "load=299, outage of 1.5 s");
    ref_state(r, "state of 20", "metastable",
              retry_state(299, 1, 1500 * SIM_MS, 240 * SIM_SEC, minutes));
}

struct moments {
    sim_time start, end;
    int n;
};

static void on_done(void *ctx, const struct request_done *d)
{
    struct moments *m = ctx;
    if (d->user && m->n++ == 0)
        *m = (struct moments){d->start, d->end, 1};
}

/* Nothing answers: the retry is sent at the timeout, and its own timeout ends the call.
 * The two that were given up are still served. */
static void sent_at_the_timeout(struct ref *r)
{
    struct lab l = retry_lab(0.1, 1);
    struct moments m = {0};
    struct observer o = {.ctx = &m, .done = on_done};
    struct errmsg why = {0};
    lab_fault(&l, "db", "hang", NULL, 300 * SIM_SEC);
    assert_int_equal(world_run(l.w, 300 * SIM_SEC, UINT64_MAX, &o, &why), ERR_OK);
    ref_row(r, "nothing answers");
    ref_exact(r, "two timeouts, ns", 2e9, (double)(m.end - m.start), 12);
    double sent = lab_metric(&l, "users.db", "attempts_total");
    lab_set(&l, "users", "rate", "0");
    lab_run(&l, 310 * SIM_SEC);
    ref_exact(r, "served all the same", sent,
              lab_metric(&l, "db/get", "requests_total") -
                  lab_metric(&l, "db", "in_flight"),
              8);
    ref_between(r, "of them for nobody", sent - 2, sent,
                lab_metric(&l, "db/get", "abandoned_total"));
    lab_free(&l);
}

void table_metastable_hotos21_retry(struct ref *r)
{
    sent_at_the_timeout(r);
    struct csv t = csv_open("metastable_hotos21_retry");
    struct lab l = retry_lab(250, 1);
    audit(l.m, 2, 20 * SIM_SEC);
    lab_free(&l);
    for (size_t i = 0; i < t.rows; i++) {
        double load = csv_number(&t, i, "load_qps");
        ref_row(r, "load=%g", load);
        if (load == 145 && !r->full) /* takes five minutes to come back */
            ref_unreached(r, "state");
        else if (!ref_skips(r, i, 3))
            retry_row(r, &t, i);
    }
    ways_out(r);
    csv_close(&t);
}

/* ---- a cache that is lost -------------------------------------------------------- */

/* Room for nine keys in ten, all alike: 90 % hits. Whoever waits for the database
 * longer than a second gives up and stores nothing. */
static struct lab cache_lab(double capacity, double rate)
{
    struct lab l = lab_new();
    char text[80];
    const struct node query = {.kind = NODE_QUERY, .target = "db", .what = "get"};
    const struct node look = {
        .kind = NODE_CACHED, .target = "cache", .what = "rows", .body = &query};
    lab_part(&l, "database", "db", "cores=1 connect_time=0 max_connections=10000");
    (void)snprintf(text, sizeof text, "cpu=%.0fus", 1e6 / capacity);
    lab_part(&l, "statement", "db.get", text);
    lab_part(&l, "cache", "cache", "latency=0");
    lab_part(&l, "keyspace", "cache.rows",
             "keys=5000 capacity=4500 ttl=240h filled_at_start=on");
    lab_part(&l, "service", "app", "workers=100000");
    lab_part(&l, "pool", "app.pool", "to=db size=5000");
    lab_endpoint(&l, "app", "get", &look);
    (void)snprintf(text, sizeof text, "to=app/get rate=%g trace_every=-1", rate);
    lab_part(&l, "client", "users", text);
    lab_part(&l, "call", "users.app", "network=0");
    lab_part(&l, "call", "app.cache", "network=0");
    lab_part(&l, "call", "app.db", "network=0 timeout=1s");
    lab_start(&l, 1);
    return l;
}

static double database_load(struct lab *l, sim_time from, sim_time span)
{
    lab_run(l, from);
    double before = lab_metric(l, "app.db", "attempts_total");
    lab_run(l, from + span);
    return (lab_metric(l, "app.db", "attempts_total") - before) / ((double)span / 1e9);
}

/* `share` of the advertised load; what the losing of all values makes of it. */
static void cache_lost(struct ref *r, const struct csv *t, double rate,
                       const char *expected, bool multiplies)
{
    sim_time look = r->full ? 5 * SIM_MIN : 40 * SIM_SEC;
    double before[WORLDS], after[WORLDS], hits[WORLDS];
    const char *state = NULL;
    for (int k = 0; k < WORLDS; k++) {
        struct lab l = cache_lab(csv_number(t, 0, "db_capacity"), rate);
        if (k == 0)
            audit(l.m, 2, 3 * SIM_SEC);
        lab_again(&l, (uint64_t)k + 1);
        before[k] = database_load(&l, 10 * SIM_SEC, 10 * SIM_SEC);
        hits[k] = 1 - before[k] / rate;
        lab_op(&l, "cache", "flush", NULL);
        after[k] = database_load(&l, world_now(l.w), SIM_SEC / 10);
        lab_run(&l, look);
        double good = lab_metric(&l, "users", "answered_total");
        lab_run(&l, look + 20 * SIM_SEC);
        good = (lab_metric(&l, "users", "answered_total") - good) / 20;
        const char *s = state_name(good, rate);
        state = !state || strcmp(state, s) == 0 ? s : "differs";
        lab_free(&l);
    }
    ref_row(r, "%g/s", rate);
    ref_mean(r, "hit_rate", csv_number(t, 0, "hit_rate"), sample_of(hits, WORLDS));
    ref_state(r, "state of 20", expected, state);
    if (!multiplies)
        return;
    struct sample a = sample_of(after, WORLDS), b = sample_of(before, WORLDS);
    double times = a.mean / b.mean;
    /* In the first tenth of a second hardly anything has been loaded again. */
    ref_mean(r, "amplification", csv_number(t, 0, "amplification_on_cache_loss"),
             (struct sample){times, times * hypot(a.se / a.mean, b.se / b.mean)});
}

void table_metastable_hotos21_cache(struct ref *r)
{
    struct csv t = csv_open("metastable_hotos21_cache");
    double advertised = csv_number(&t, 0, "advertised_qps");
    double hidden = csv_number(&t, 0, "hidden_capacity_qps");
    cache_lost(r, &t, 0.9 * advertised, "metastable", true);
    cache_lost(r, &t, 0.9 * hidden, "recovers", false);
    csv_close(&t);
}
