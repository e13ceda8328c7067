/* Traces: which are kept, what is not finished, late spans, forks and rewinds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "telemetry_test.h"

#include <stdio.h>
#include <string.h>

static comp_id users, api, get, put;

static struct recording *rec_new(void)
{
    struct model *m = small_model(NULL);
    api = model_find(m, "api");
    users = model_find(m, "users");
    get = model_find(m, "api/get");
    put = model_find(m, "api/put");
    struct recording *r = recording_new(m, NULL, 0);
    model_unref(m);
    return r;
}

/* ---- what a world would tell ----------------------------------------------------- */

static void span(struct recording *r, uint64_t request, uint32_t id, comp_id what,
                 sim_time start, sim_time end, const char *note)
{
    struct span s = {.request = request,
                     .id = id,
                     .parent = id > 1,
                     .place = api,
                     .instance = 2,
                     .what = what,
                     .cause = CAUSE_CPU,
                     .start = start,
                     .end = end};
    (void)snprintf(s.note, sizeof s.note, "%s", note);
    struct observer o = recording_observer(r);
    o.span(o.ctx, &s);
}

static void done(struct recording *r, uint64_t request, comp_id endpoint,
                 sim_time start, sim_time end, enum reason reason)
{
    struct request_done d = {.traced = true,
                             .id = request,
                             .client = users,
                             .endpoint = endpoint,
                             .place = users,
                             .user = true,
                             .start = start,
                             .end = end,
                             .reason = reason,
                             .culprit = reason ? api : COMP_NONE};
    struct observer o = recording_observer(r);
    o.done(o.ctx, &d);
}

static void request(struct recording *r, uint64_t id, comp_id endpoint, sim_time start,
                    sim_time took, enum reason reason)
{
    span(r, id, 2, endpoint, start, start + took / 2, "");
    span(r, id, 1, endpoint, start, start + took, "61 others waiting");
    done(r, id, endpoint, start, start + took, reason);
}

static size_t traces(const struct recording *r, struct trace_filter f,
                     struct trace_head *out, size_t max)
{
    return recording_traces(r, &f, out, max);
}

static const struct trace_filter any = {.comp = COMP_NONE};

/* ---- left open ------------------------------------------------------------------- */

/* A transaction that the request left open at `start`, or that ends at `end`. */
static void left_open(struct recording *r, uint64_t request, sim_time start,
                      sim_time end)
{
    struct span s = {.request = request,
                     .id = 9,
                     .parent = 1,
                     .place = put,
                     .what = put,
                     .cause = CAUSE_OTHER,
                     .start = start,
                     .end = end,
                     .reason = end == SIM_FOREVER ? REASON_NONE : REASON_KILLED,
                     .outlives = true};
    struct observer o = recording_observer(r);
    o.span(o.ctx, &s);
}

static struct span span_9(const struct recording *r, uint64_t request)
{
    struct span s[8];
    size_t n = recording_spans(r, request, s, 8);
    for (size_t i = 0; i < n; i++)
        if (s[i].id == 9)
            return s[i];
    fail();
    return s[0];
}

static const struct trace_filter open_ones = {.comp = COMP_NONE, .open = true};

/* Among thousands that are well, the few that left something open are found, an hour
 * later too; when it is closed, by whomever, the trace says so, and a fork from before does not. */
static void what_a_request_left_open_is_evidence(void **state)
{
    (void)state;
    struct recording *r = rec_new();
    struct trace_head h[8];
    for (uint64_t i = 1; i <= 20000; i++) {
        sim_time at = (sim_time)i * 100 * SIM_MS;
        if (i == 777)
            left_open(r, i, at, SIM_FOREVER);
        request(r, i, get, at, SIM_MS, REASON_NONE);
    }
    assert_int_equal(traces(r, open_ones, h, 8), 1);
    assert_int_equal(h[0].request, 777);
    assert_int_equal(h[0].reason, REASON_NONE);
    assert_int_equal(h[0].nopen, 1);
    struct recording *before = recording_fork(r);
    left_open(r, 777, 777 * 100 * SIM_MS, 2100 * SIM_SEC);
    assert_int_equal(traces(r, open_ones, h, 8), 0);
    assert_int_equal(span_9(r, 777).end, 2100 * SIM_SEC);
    assert_int_equal(span_9(r, 777).reason, REASON_KILLED);
    assert_int_equal(traces(before, open_ones, h, 8), 1);
    assert_int_equal(span_9(before, 777).end, SIM_FOREVER);
    recording_free(before);
    recording_free(r);
}

/* Work that nobody waits for ends long after its request was forgotten: that is no new
 * request. */
static void late_work_of_the_forgotten_is_no_new_trace(void **state)
{
    (void)state;
    struct recording *r = rec_new();
    struct trace_head h[8];
    struct span s = {.request = 5,
                     .id = 2,
                     .place = api,
                     .what = get,
                     .cause = CAUSE_POOL_WAIT,
                     .start = SIM_SEC,
                     .end = SIM_HOUR,
                     .abandoned = true};
    struct observer o = recording_observer(r);
    o.span(o.ctx, &s);
    assert_int_equal(traces(r, any, h, 8), 0);
    s.request = 6;
    s.abandoned = false;
    o.span(o.ctx, &s);
    assert_int_equal(traces(r, any, h, 8), 1);
    recording_free(r);
}

/* ---- results --------------------------------------------------------------------- */

static void a_result_of_its_own_is_no_error(void **state)
{
    (void)state;
    struct recording *r = rec_new();
    struct trace_head h[2];
    struct span s = {.request = 3,
                     .id = 1,
                     .place = api,
                     .what = get,
                     .cause = CAUSE_COUNT,
                     .start = SIM_SEC,
                     .end = 2 * SIM_SEC,
                     .result = "declined"};
    struct observer o = recording_observer(r);
    o.span(o.ctx, &s);
    done(r, 3, get, SIM_SEC, 2 * SIM_SEC, REASON_NONE);
    assert_int_equal(traces(r, any, h, 2), 1);
    assert_string_equal(h[0].result, "declined");
    struct trace_filter errors = {.comp = COMP_NONE, .errors = true};
    assert_int_equal(traces(r, errors, h, 2), 0);
    recording_free(r);
}

/* ---- keeping --------------------------------------------------------------------- */

static void the_slowest_and_some_of_the_rest_are_kept(void **state)
{
    (void)state;
    struct recording *r = rec_new();
    struct trace_head h[64];
    for (uint64_t i = 1; i <= 50; i++)
        request(r, i, get, (sim_time)i * 100 * SIM_MS, (sim_time)(i * 37 % 51) * SIM_MS,
                0);
    size_t n = traces(r, any, h, 64);
    assert_int_equal(n, 4);
    assert_int_equal(h[0].request, 1);
    assert_int_equal(h[1].request, 2);
    struct trace_filter slow = {.comp = COMP_NONE, .slower = 49 * SIM_MS};
    n = traces(r, slow, h, 64);
    assert_int_equal(n, 2);
    for (size_t i = 0; i < n; i++)
        assert_true(h[i].end - h[i].start >= 49 * SIM_MS);
    /* the next slot has its own */
    for (uint64_t i = 1; i <= 50; i++)
        request(r, 50 + i, get, 10 * SIM_SEC + (sim_time)i * SIM_MS, SIM_MS, 0);
    assert_int_equal(traces(r, any, h, 64), 8);
    recording_free(r);
}

static void errors_are_kept_of_each_reason(void **state)
{
    (void)state;
    struct recording *r = rec_new();
    struct trace_head h[64];
    for (uint64_t i = 1; i <= 40; i++) {
        enum reason reason = i % 2 ? REASON_TIMEOUT : REASON_POOL_TIMEOUT;
        request(r, i, get, (sim_time)i * SIM_MS, SIM_MS, reason);
    }
    struct trace_filter errors = {.comp = COMP_NONE, .errors = true};
    size_t n = traces(r, errors, h, 64);
    assert_in_range(n, 8, 12);
    assert_int_equal(h[0].culprit, api);
    errors.comp = put;
    assert_int_equal(traces(r, errors, h, 64), 0);
    recording_free(r);
}

static void spans_come_back_in_order_with_their_notes(void **state)
{
    (void)state;
    struct recording *r = rec_new();
    struct span s[8];
    request(r, 7, put, SIM_SEC, SIM_MS, REASON_NONE);
    assert_int_equal(recording_spans(r, 7, s, 8), 2);
    assert_int_equal(s[0].id, 1);
    assert_string_equal(s[0].note, "61 others waiting");
    assert_int_equal(s[0].request, 7);
    assert_int_equal(s[0].instance, 2);
    assert_int_equal(s[1].parent, 1);
    assert_string_equal(s[1].note, "");
    assert_int_equal(recording_spans(r, 8, s, 8), 0);
    recording_free(r);
}

static void what_is_not_finished_is_seen_too(void **state)
{
    (void)state;
    struct recording *r = rec_new();
    struct trace_head h[8];
    request(r, 1, get, SIM_SEC, SIM_MS, REASON_NONE);
    span(r, 2, 3, api, 2 * SIM_SEC + 5, 2 * SIM_SEC + 6, "");
    span(r, 2, 2, put, 2 * SIM_SEC, 2 * SIM_SEC + 7, "");
    struct trace_filter f = {.comp = COMP_NONE, .unfinished = true};
    assert_int_equal(traces(r, f, h, 8), 1);
    assert_int_equal(h[0].request, 2);
    assert_int_equal(h[0].endpoint, put);
    assert_int_equal(h[0].client, COMP_NONE);
    assert_int_equal(h[0].start, 2 * SIM_SEC);
    assert_int_equal(h[0].end, SIM_FOREVER);
    assert_int_equal(h[0].nspans, 2);
    done(r, 2, put, 2 * SIM_SEC, 9 * SIM_SEC, REASON_GAVE_UP);
    assert_int_equal(traces(r, f, h, 8), 0);
    assert_int_equal(traces(r, any, h, 8), 2);
    assert_int_equal(h[1].reason, REASON_GAVE_UP);
    recording_free(r);
}

/* A message that is tried for hours: how it began, and how it is now. */
static void of_a_long_trace_the_middle_gives_way(void **state)
{
    (void)state;
    struct recording *r = rec_new();
    struct span *s = test_malloc(600 * sizeof *s);
    struct trace_head h[2];
    for (uint32_t i = 1; i <= 1000; i++)
        span(r, 2, i, put, i * SIM_SEC, i * SIM_SEC + 1, "");
    struct trace_filter f = {.comp = COMP_NONE, .unfinished = true};
    assert_int_equal(traces(r, f, h, 2), 1);
    size_t n = recording_spans(r, 2, s, 600);
    assert_int_equal(n + h[0].ncut, 1000);
    assert_int_equal(s[0].id, 1);
    assert_int_equal(s[n - 1].id, 1000);
    test_free(s);
    recording_free(r);
}

static void a_service_has_the_requests_of_its_endpoints(void **state)
{
    (void)state;
    struct recording *r = rec_new();
    struct trace_head h[8];
    struct span s = {.request = 2,
                     .id = 1,
                     .place = users,
                     .what = put,
                     .cause = CAUSE_NETWORK,
                     .start = SIM_SEC,
                     .end = 2 * SIM_SEC};
    struct observer o = recording_observer(r);
    o.span(o.ctx, &s);
    struct trace_filter f = {.comp = api, .unfinished = true};
    assert_int_equal(traces(r, f, h, 8), 1);
    f.comp = get;
    assert_int_equal(traces(r, f, h, 8), 0);
    recording_free(r);
}

/* Work goes on when nobody waits for it: its spans join what was kept, and make nothing
 * new of what was not. */
static void late_spans_join_or_are_dropped(void **state)
{
    (void)state;
    struct recording *r = rec_new();
    struct trace_head h[8];
    struct span s[8];
    request(r, 1, get, SIM_SEC, SIM_MS, REASON_TIMEOUT);
    for (uint64_t i = 2; i <= 5; i++)
        request(r, i, get, SIM_SEC, 50 * SIM_MS, REASON_NONE);
    request(r, 6, get, SIM_SEC, SIM_MS, REASON_NONE); /* too quick to be kept */
    struct recording *f = recording_fork(r);
    span(r, 1, 9, api, 2 * SIM_SEC, 3 * SIM_SEC, "late");
    span(r, 6, 9, api, 2 * SIM_SEC, 3 * SIM_SEC, "late");
    assert_int_equal(recording_spans(r, 1, s, 8), 3);
    assert_int_equal(recording_spans(r, 6, s, 8), 0);
    assert_int_equal(traces(r, any, h, 8), 5);
    assert_int_equal(recording_spans(f, 1, s, 8), 2); /* the fork did not see it */
    recording_free(f);
    recording_free(r);
}

static void memory_is_bounded(void **state)
{
    (void)state;
    struct recording *r = rec_new();
    struct trace_head h[4];
    uint64_t id = 0;
    for (int slot = 0; slot < 4000; slot++) {
        for (int i = 0; i < 8; i++) {
            sim_time at = slot * SLOT_TIME + (i + 1) * SIM_SEC;
            for (uint32_t k = 0; k < 12; k++)
                span(r, id + 1, k + 2, api, at, at + SIM_MS, "a note of some length");
            request(r, ++id, i % 2 ? get : put, at, SIM_MS, REASON_NONE);
        }
        traces_advance(&r->traces, (slot + 1) * SLOT_TIME);
    }
    assert_in_range(traces_bytes(&r->traces), 1 << 20, (2 << 20) + (64 << 10));
    assert_int_equal(traces(r, any, h, 4), 4);
    assert_in_range(h[3].request, id - 4, id);
    /* and hanging requests do not fill it up either */
    for (int i = 0; i < 5000; i++)
        span(r, ++id, 2, get, 5 * SIM_HOUR * 4, 5 * SIM_HOUR * 4 + SIM_MS, "");
    assert_in_range(traces_bytes(&r->traces), 1 << 20, 3 << 20);
    recording_free(r);
}

/* ---- rewind ---------------------------------------------------------------------- */

#define REQUESTS 1500
struct told { /* an event of a made-up run */
    sim_time at;
    uint64_t request;
    uint32_t span; /* 0: done */
    comp_id endpoint;
    sim_time start; /* of the request, or of the span */
    enum reason reason;
};
static struct told events[REQUESTS * 5];
static size_t nevents;

static int by_time(const void *a, const void *b, void *ctx)
{
    const struct told *x = a, *y = b;
    (void)ctx;
    return x->at < y->at ? -1 : x->at > y->at;
}

/* Requests of one to four spans; some hang for long, some leave work behind. */
static void make_up(uint64_t seed)
{
    struct rng rng;
    rng_seed(&rng, seed, "traces");
    sim_time start = 0;
    nevents = 0;
    for (uint64_t id = 1; id <= REQUESTS; id++) {
        start += (sim_time)(rng_exponential(&rng) * 60e6) + 1;
        double mean = rng_below(&rng, 20) ? 50e6 : 4e9;
        sim_time took = (sim_time)(rng_exponential(&rng) * mean) + 10;
        uint32_t n = 1 + rng_below(&rng, 4);
        comp_id e = rng_below(&rng, 2) ? get : put;
        enum reason reason = rng_below(&rng, 6) ? REASON_NONE : REASON_TIMEOUT;
        for (uint32_t k = 1; k <= n; k++)
            events[nevents++] = (struct told){start + took * k / n,       id, k, e,
                                              start + took * (k - 1) / n, 0};
        events[nevents++] = (struct told){start + took, id, 0, e, start, reason};
    }
    sort_stable(events, nevents, sizeof *events, by_time, NULL);
}

static void tell(struct recording *r, const struct told *e)
{
    if (e->span)
        span(r, e->request, e->span, e->endpoint, e->start, e->at, "x");
    else
        done(r, e->request, e->endpoint, e->start, e->at, e->reason);
}

/* Tells events [from, ...) up to and including `to`, with the slots' ends. */
static size_t play(struct recording *r, size_t from, sim_time to)
{
    sim_time next = from < nevents ? (events[from].at / SLOT_TIME + 1) * SLOT_TIME : to;
    size_t i = from;
    for (; i < nevents && events[i].at <= to; i++) {
        for (; events[i].at > next; next += SLOT_TIME)
            traces_advance(&r->traces, next);
        tell(r, &events[i]);
    }
    return i;
}

#define MAX_HEADS 4000
static struct trace_head ha[MAX_HEADS], hb[MAX_HEADS];

static bool same_trace(const struct recording *a, const struct trace_head *x,
                       const struct recording *b, const struct trace_head *y)
{
    struct span s[8], t[8];
    size_t n = recording_spans(a, x->request, s, 8);
    if (x->start != y->start || x->end != y->end || x->reason != y->reason ||
        x->endpoint != y->endpoint || x->client != y->client ||
        x->nspans != y->nspans || recording_spans(b, y->request, t, 8) != n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (s[i].id != t[i].id || s[i].start != t[i].start || s[i].end != t[i].end)
            return false;
    return true;
}

/* Every trace of `a` is in `b` and the same; `finished`: all finished ones of b are in
 * a. */
static void check_part_of(const struct recording *a, const struct recording *b,
                          bool finished)
{
    size_t n = traces(a, any, ha, MAX_HEADS), m = traces(b, any, hb, MAX_HEADS), k = 0;
    for (size_t i = 0; i < m; i++) {
        if (k < n && ha[k].request == hb[i].request) {
            if (!same_trace(a, &ha[k], b, &hb[i]))
                fail_msg("request %llu differs", (unsigned long long)ha[k].request);
            k++;
        } else if (finished && hb[i].end != SIM_FOREVER) {
            fail_msg("request %llu is missing", (unsigned long long)hb[i].request);
        }
    }
    assert_int_equal(k, n);
}

static void check_whole(const struct recording *r)
{
    size_t n = traces(r, any, ha, MAX_HEADS);
    for (size_t i = 0; i < n; i++) {
        uint16_t spans = 0;
        for (size_t e = 0; e < nevents; e++)
            if (events[e].request == ha[i].request && events[e].span)
                spans++;
        if (ha[i].end != SIM_FOREVER && ha[i].nspans != spans)
            fail_msg("request %llu has %u spans of %u",
                     (unsigned long long)ha[i].request, ha[i].nspans, spans);
    }
}

static void a_fork_goes_on_as_the_origin_would(void **state)
{
    (void)state;
    make_up(6);
    sim_time end = events[nevents - 1].at;
    struct recording *whole = rec_new();
    (void)play(whole, 0, end);
    for (sim_time at = SIM_SEC; at < end; at += 7 * SIM_SEC) {
        struct recording *r = rec_new();
        size_t next = play(r, 0, at);
        struct recording *f = recording_fork(r);
        (void)play(f, next, end);
        check_part_of(f, whole, true);
        check_whole(f);
        (void)play(r, next, end);
        check_part_of(r, whole, true);
        recording_free(r);
        check_part_of(f, whole, true);
        recording_free(f);
    }
    recording_free(whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_request_left_open_is_evidence),
        cmocka_unit_test(late_work_of_the_forgotten_is_no_new_trace),
        cmocka_unit_test(a_result_of_its_own_is_no_error),
        cmocka_unit_test(the_slowest_and_some_of_the_rest_are_kept),
        cmocka_unit_test(errors_are_kept_of_each_reason),
        cmocka_unit_test(spans_come_back_in_order_with_their_notes),
        cmocka_unit_test(what_is_not_finished_is_seen_too),
        cmocka_unit_test(of_a_long_trace_the_middle_gives_way),
        cmocka_unit_test(a_service_has_the_requests_of_its_endpoints),
        cmocka_unit_test(late_spans_join_or_are_dropped),
        cmocka_unit_test(memory_is_bounded),
        cmocka_unit_test(a_fork_goes_on_as_the_origin_would),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
