/*
 * Recordings that are fed and forked at random, each against two judges: a recording
 * that was never forked and was fed the same events, and plain lists of samples.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "telemetry_test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define BRANCHES   5
#define MAX_EVENTS 60000
#define MAX_COLS   64

enum event_kind { DONE, SPAN, LOG, CHANGE, TICK };
struct event {
    enum event_kind kind;
    sim_time at;
    uint64_t request;
    comp_id comp;
    sim_time start;
    int what;         /* reason, cause, level, number */
    uint64_t salt;    /* TICK: of the values sampled */
    double good, bad; /* TICK: the user's ledger */
};
struct branch {
    struct recording *rec;
    struct event *events;
    size_t n;
    sim_time now;
};

static struct model *model;
static comp_id users, api, get, put;

static const struct alert_rule rules[] = {
    {.name = "burns",
     .kind = ALERT_BURN,
     .factor = 5,
     .long_window = SIM_MIN,
     .short_window = 10 * SIM_SEC,
     .hold = 3 * SIM_SEC},
    {.name = "many bad",
     .kind = ALERT_THRESHOLD,
     .metric = "bad_total",
     .value = 30,
     .hold = 7 * SIM_SEC},
};

static void make_model(void)
{
    model =
        small_model(&(struct slo){"answered", SIM_SEC, 0, 0.95, 10 * SIM_MIN, false});
    api = model_find(model, "api");
    users = model_find(model, "users");
    get = model_find(model, "api/get");
    put = model_find(model, "api/put");
}

static struct recording *rec_new(void)
{
    struct alert_rule mine[] = {rules[0], rules[1]};
    mine[1].comp = users;
    return recording_new(model, mine, 2);
}

/* ---- feeding --------------------------------------------------------------------- */

static void tell_done(const struct observer *o, const struct event *e)
{
    struct slice slices[] = {
        {api, (uint8_t)(e->what % CAUSE_COUNT), e->at - e->start - 1},
        {users, CAUSE_NETWORK, 1}};
    bool user = e->comp == users;
    bool bad = e->what % 7 == 0;
    struct request_done d = {
        .traced = true,
        .id = e->request,
        .client = users,
        .endpoint = user ? get : e->comp,
        .user = user,
        .start = e->start,
        .end = e->at,
        .reason = bad ? (enum reason)(1 + e->what % (REASON_COUNT - 1)) : REASON_NONE,
        .culprit = bad ? api : COMP_NONE,
        .slices = slices,
        .nslices = 2};
    o->done(o->ctx, &d);
}

static void tell_log(const struct observer *o, const struct event *e)
{
    static const char *const texts[] = {"no connection for %d", "retry %d", "timeout",
                                        "instance-%d is slow to answer"};
    char text[80], format[80];
    (void)snprintf(format, sizeof format, "%s", texts[e->what % 4]);
    char *number = strstr(format, "%d");
    if (number)
        memcpy(number, e->what % 2 ? "17" : "42", 2);
    (void)snprintf(text, sizeof text, "%s", format);
    o->log(o->ctx, &(struct log_line){.at = e->at,
                                      .comp = e->comp,
                                      .level = (enum log_level)(e->what % 4),
                                      .text = text});
}

/* Counters grow, gauges are anything; the ledger is the event's own. */
static double value_of(const struct plan *p, const struct event *e, uint32_t col)
{
    uint64_t h = hash_u64(e->salt, col);
    if (col == p->good[0])
        return e->good;
    if (col == p->bad[0])
        return e->bad;
    return col % 3 ? (double)(e->at / SIM_SEC * 100 + (sim_time)(h % 100))
                   : (double)(h >> 40) / 1000;
}

static void tell_tick(struct recording *r, const struct event *e)
{
    uint32_t row = (uint32_t)(e->at / SIM_SEC);
    if (table_rows(&r->table) == 0)
        r->first = row;
    table_row(&r->table, row, r->cols);
    for (uint32_t c = 0; c < r->cols; c++)
        table_put(&r->table, c, value_of(r->plan, e, c));
    slots_advance(&r->slots, e->at);
    traces_advance(&r->traces, e->at);
    alerts_evaluate(r, e->at);
}

static void tell(struct recording *r, const struct event *e)
{
    struct observer o = recording_observer(r);
    switch (e->kind) {
    case DONE:
        tell_done(&o, e);
        break;
    case SPAN:
        o.span(o.ctx, &(struct span){.request = e->request,
                                     .id = (uint32_t)e->what,
                                     .parent = (uint32_t)e->what - 1,
                                     .place = api,
                                     .what = e->comp,
                                     .cause = CAUSE_CPU,
                                     .start = e->start,
                                     .end = e->at,
                                     .note = "note"});
        break;
    case LOG:
        tell_log(&o, e);
        break;
    case CHANGE:
        o.change(o.ctx, &(struct change){.id = (uint32_t)e->what,
                                         .at = e->at,
                                         .who = "you",
                                         .comp = e->comp,
                                         .title = "a change"});
        break;
    case TICK:
        tell_tick(r, e);
    }
}

/* ---- making events up ------------------------------------------------------------ */

static void add(struct branch *b, struct event e)
{
    assert_in_range(b->n, 0, MAX_EVENTS - 1);
    b->events[b->n++] = e;
    tell(b->rec, &e);
}

static void make_values(const struct branch *b, struct event *e, struct rng *rng)
{
    const struct event *last = NULL;
    for (size_t i = b->n; i > 0 && !last; i--)
        if (b->events[i - 1].kind == TICK)
            last = &b->events[i - 1];
    bool storm = e->at / SIM_SEC % 50 > 30;
    e->salt = rng_next(rng);
    e->good = (last ? last->good : 0) + 100 + rng_below(rng, 20);
    e->bad = (last ? last->bad : 0) + (storm ? 60 : rng_below(rng, 2));
}

/* What is in flight is found again from the list itself: a request's span says so. */
static void make_request(struct branch *b, sim_time at, struct rng *rng)
{
    const comp_id who[] = {users, users, get, put};
    struct event e = {.at = at, .request = 1000000 + (uint64_t)at};
    sim_time took = (sim_time)(rng_exponential(rng) * 80e6) + 2;
    e.start = at - (took < at ? took : at - 1) - 1;
    e.comp = who[rng_below(rng, 4)];
    e.what = (int)rng_below(rng, 1000);
    if (e.comp == users && rng_below(rng, 4) == 0) {
        struct event s = e;
        s.kind = SPAN;
        s.comp = get;
        for (s.what = 1; s.what <= 3; s.what++)
            add(b, s);
    }
    e.kind = DONE;
    if (rng_below(rng, 50))
        add(b, e);
}

static void make_line(struct branch *b, sim_time at, struct rng *rng)
{
    struct event e = {.kind = LOG, .at = at, .comp = rng_below(rng, 2) ? api : users};
    e.what = (int)rng_below(rng, 16);
    add(b, e);
}

static void advance(struct branch *b, struct rng *rng)
{
    uint32_t n = 1 + rng_below(rng, 15);
    for (uint32_t s = 0; s < n && b->n < MAX_EVENTS - 200; s++) {
        sim_time at = b->now + 1;
        uint32_t steps = rng_below(rng, 30);
        for (uint32_t i = 0; i < steps; i++) {
            at += rng_below(rng, (uint32_t)(SIM_SEC / 31)) + 1;
            if (rng_below(rng, 3))
                make_request(b, at, rng);
            else if (rng_below(rng, 20))
                make_line(b, at, rng);
            else
                add(b, (struct event){.kind = CHANGE, .at = at, .what = (int)i});
        }
        b->now += SIM_SEC;
        struct event e = {.kind = TICK, .at = b->now};
        make_values(b, &e, rng);
        add(b, e);
    }
}

static void fork_to(struct branch *to, const struct branch *from)
{
    recording_free(to->rec);
    to->rec = recording_fork(from->rec);
    memcpy(to->events, from->events, from->n * sizeof *from->events);
    to->n = from->n;
    to->now = from->now;
}

/* ---- judging --------------------------------------------------------------------- */

static void same_series(const struct recording *a, const struct recording *b,
                        struct rng *rng)
{
    assert_int_equal(recording_end(a), recording_end(b));
    for (int i = 0; i < 40; i++) {
        comp_id c = (comp_id)rng_below(rng, a->plan->ncomps);
        size_t n = model_kind(model, c)->nmetrics;
        if (!n)
            continue;
        struct series s = {c, (uint16_t)rng_below(rng, (uint32_t)n), 0};
        sim_time from = (sim_time)rng_below(rng, 400) * SIM_SEC / 2;
        sim_time to = from + (sim_time)rng_below(rng, 100) * SIM_SEC / 2;
        double x[4] = {series_at(a, s, from), series_rate(a, s, from, to),
                       series_mean(a, s, from, to), series_max(a, s, from, to)};
        double y[4] = {series_at(b, s, from), series_rate(b, s, from, to),
                       series_mean(b, s, from, to), series_max(b, s, from, to)};
        for (int k = 0; k < 4; k++)
            assert_true(x[k] == y[k] || (isnan(x[k]) && isnan(y[k])));
    }
}

/* Against the list itself: gauges' means, counters' rates. */
static void right_series(const struct branch *b, struct rng *rng)
{
    comp_id c = users;
    const struct kind_desc *k = model_kind(model, c);
    struct series s = {c, (uint16_t)rng_below(rng, (uint32_t)k->nmetrics), 0};
    uint32_t col = b->rec->plan->whole[c] + s.metric;
    if (b->now < 2 * SIM_SEC)
        return;
    sim_time from = (sim_time)rng_below(rng, (uint32_t)(b->now / SIM_SEC)) * SIM_SEC;
    sim_time to = from + (sim_time)(1 + rng_below(rng, 60)) * SIM_SEC;
    double sum = 0, up = 0, last = 0, n = 0;
    for (size_t i = 0; i < b->n; i++) {
        const struct event *e = &b->events[i];
        if (e->kind != TICK || e->at > to)
            continue;
        double v = value_of(b->rec->plan, e, col);
        if (e->at > from) {
            sum += v;
            up += v > last ? v - last : 0;
            n++;
        }
        last = v;
    }
    if (k->metrics[s.metric].type == METRIC_COUNTER)
        assert_true(fabs(series_rate(b->rec, s, from, to) - up / n) < 1e-9 * (1 + up));
    else
        assert_true(fabs(series_mean(b->rec, s, from, to) - sum / n) <
                    1e-9 * (1 + sum));
}

static void same_latency(const struct recording *a, const struct recording *b,
                         struct rng *rng)
{
    static uint32_t x[LATENCY_BUCKETS], y[LATENCY_BUCKETS];
    const comp_id who[] = {users, get, put, api};
    struct failure f[64], g[64];
    struct share p[64], q[64];
    for (int i = 0; i < 4; i++) {
        sim_time from = (sim_time)rng_below(rng, 200) * SIM_SEC,
                 to = from + 45 * SIM_SEC;
        latency_histogram(a, who[i], from, to, x);
        latency_histogram(b, who[i], from, to, y);
        assert_memory_equal(x, y, sizeof x);
        size_t n = explain_failures(a, who[i], from, to, f, 64);
        assert_int_equal(n, explain_failures(b, who[i], from, to, g, 64));
        for (size_t k = 0; k < n; k++)
            assert_true(f[k].count == g[k].count && f[k].reason == g[k].reason &&
                        f[k].place == g[k].place);
        n = explain_time(a, who[i], from, to, 0.5, 1, p, 64);
        assert_int_equal(n, explain_time(b, who[i], from, to, 0.5, 1, q, 64));
        for (size_t k = 0; k < n; k++)
            assert_true(p[k].seconds == q[k].seconds && p[k].cause == q[k].cause);
    }
}

static void same_lines(const struct recording *a, const struct recording *b)
{
    static struct log_entry x[4000], y[4000];
    struct log_filter f = {.comp = COMP_NONE};
    size_t n = recording_logs(a, &f, x, 4000);
    assert_int_equal(n, recording_logs(b, &f, y, 4000));
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(x[i].at, y[i].at);
        assert_int_equal(x[i].dropped, y[i].dropped);
        assert_string_equal(x[i].text, y[i].text);
    }
    assert_int_equal(recording_changes(a), recording_changes(b));
    for (size_t i = 0; i < recording_changes(a); i++)
        assert_int_equal(recording_change(a, i)->at, recording_change(b, i)->at);
}

static void same_alerts(const struct recording *a, const struct recording *b)
{
    assert_int_equal(recording_alerts(a), recording_alerts(b));
    for (size_t i = 0; i < recording_alerts(a); i++) {
        struct alert x = recording_alert(a, i), y = recording_alert(b, i);
        assert_true(x.index == y.index && x.since == y.since && x.until == y.until &&
                    x.value == y.value);
    }
    struct slo_state x = recording_slo(a, recording_end(a)),
                     y = recording_slo(b, recording_end(b));
    assert_true(x.total == y.total && x.bad == y.bad && x.budget == y.budget);
}

static void same_traces(const struct recording *a, const struct recording *b)
{
    static struct trace_head x[4000], y[4000];
    struct trace_filter f = {.comp = COMP_NONE};
    size_t n = recording_traces(a, &f, x, 4000);
    assert_int_equal(n, recording_traces(b, &f, y, 4000));
    for (size_t i = 0; i < n; i++)
        assert_true(x[i].request == y[i].request && x[i].end == y[i].end &&
                    x[i].nspans == y[i].nspans);
}

/* Whatever is there did happen, and all of it. */
static void true_traces(const struct branch *b)
{
    static struct trace_head x[4000];
    struct trace_filter f = {.comp = COMP_NONE};
    size_t n = recording_traces(b->rec, &f, x, 4000);
    for (size_t i = 0; i < n; i++) {
        uint16_t spans = 0;
        bool finished = false;
        for (size_t k = 0; k < b->n; k++) {
            const struct event *e = &b->events[k];
            if (e->request != x[i].request)
                continue;
            spans = (uint16_t)(spans + (e->kind == SPAN));
            finished = finished || (e->kind == DONE && e->comp == users &&
                                    e->at == x[i].end && e->start == x[i].start);
        }
        assert_int_equal(spans, x[i].nspans);
        assert_int_equal(finished, x[i].end != SIM_FOREVER);
    }
}

static void judge(const struct branch *b, struct rng *rng)
{
    struct recording *fresh = rec_new();
    for (size_t i = 0; i < b->n; i++)
        tell(fresh, &b->events[i]);
    same_series(b->rec, fresh, rng);
    right_series(b, rng);
    same_latency(b->rec, fresh, rng);
    same_lines(b->rec, fresh);
    same_alerts(b->rec, fresh);
    true_traces(b);
    same_traces(b->rec, fresh);
    recording_free(fresh);
}

static void run(uint64_t seed)
{
    static struct branch branches[BRANCHES];
    struct rng rng;
    rng_seed(&rng, seed, "fuzz");
    for (int i = 0; i < BRANCHES; i++) {
        struct branch *b = &branches[i];
        if (!b->events)
            b->events = mem_array(MAX_EVENTS, sizeof *b->events);
        b->rec = rec_new();
        b->n = 0;
        b->now = 0;
    }
    for (int step = 0; step < 120; step++) {
        struct branch *b = &branches[rng_below(&rng, BRANCHES)];
        struct branch *c = &branches[rng_below(&rng, BRANCHES)];
        if (rng_below(&rng, 10) < 6)
            advance(b, &rng);
        else if (b != c)
            fork_to(b, c);
        judge(b, &rng);
    }
    for (int i = 0; i < BRANCHES; i++) {
        judge(&branches[i], &rng);
        recording_free(branches[i].rec);
        mem_free(branches[i].events);
        branches[i].events = NULL;
    }
}

static void any_order_of_feeding_and_forking(void **state)
{
    (void)state;
    make_model();
    for (uint64_t seed = 1; seed <= 8; seed++)
        run(seed);
    model_unref(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_order_of_feeding_and_forking),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
