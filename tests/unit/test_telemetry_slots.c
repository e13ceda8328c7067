/* Latency, explanations and failures, compared with plain lists of what happened. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "telemetry_test.h"

#include <math.h>
#include <string.h>

struct rig {
    struct model *model;
    comp_id users, api, get, put;
    struct recording *rec;
    struct observer o;
};

static struct rig rig_new(void)
{
    struct rig r = {.model = small_model(NULL)};
    r.users = model_find(r.model, "users");
    r.api = model_find(r.model, "api");
    r.get = model_find(r.model, "api/get");
    r.put = model_find(r.model, "api/put");
    r.rec = recording_new(r.model, NULL, 0);
    r.o = recording_observer(r.rec);
    return r;
}

static void rig_free(struct rig *r)
{
    recording_free(r->rec);
    model_unref(r->model);
}

/* ---- buckets --------------------------------------------------------------------- */

static void a_bucket_holds_what_is_at_most_its_upper_end(void **state)
{
    (void)state;
    assert_int_equal(latency_bucket(0), 0);
    for (uint32_t b = 0; b + 1 < LATENCY_BUCKETS; b++) {
        sim_time upper = (sim_time)(latency_bucket_upper(b) * 1e9 + 0.5);
        assert_int_equal(latency_bucket(upper), b);
        assert_int_equal(latency_bucket(upper + 1), b + 1);
        assert_true(latency_bucket_upper(b + 1) / latency_bucket_upper(b) <= 1.126);
    }
    assert_int_equal(latency_bucket(SIM_HOUR), LATENCY_BUCKETS - 1);
}

/* ---- against lists --------------------------------------------------------------- */

#define MAX_DONE 6000
struct one {
    comp_id who;
    sim_time start, end;
    struct slice slices[4];
    size_t nslices;
    enum reason reason;
    comp_id culprit;
};
static struct one all[MAX_DONE];
static size_t nall;

static void tell(struct rig *r, const struct one *x)
{
    bool user = x->who == r->users;
    struct request_done d = {.id = 1,
                             .client = r->users,
                             .endpoint = user ? r->get : x->who,
                             .place = user ? r->users : r->api,
                             .user = user,
                             .start = x->start,
                             .end = x->end,
                             .reason = x->reason,
                             .culprit = x->culprit,
                             .slices = x->slices,
                             .nslices = x->nslices};
    r->o.done(r->o.ctx, &d);
}

/* Makes up requests that end one after another, some of them failing. */
static void make_up(struct rig *r, struct rng *rng, size_t n, sim_time length)
{
    const comp_id who[] = {r->users, r->get, r->put};
    nall = n;
    for (size_t i = 0; i < n; i++) {
        struct one *x = &all[i];
        *x = (struct one){.who = who[rng_below(rng, 3)], .culprit = COMP_NONE};
        x->end = length * (sim_time)(i + 1) / (sim_time)n;
        x->start = x->end;
        x->nslices = 1 + rng_below(rng, 4);
        for (size_t k = 0; k < x->nslices; k++) {
            sim_time ns = (sim_time)(rng_exponential(rng) * 20e6);
            x->slices[k] = (struct slice){k ? r->api : r->users,
                                          (uint8_t)rng_below(rng, CAUSE_COUNT), ns};
            x->start -= ns;
        }
        if (rng_below(rng, 5) == 0) {
            x->reason = (enum reason)(1 + rng_below(rng, REASON_COUNT - 1));
            x->culprit = rng_below(rng, 3) ? r->api : COMP_NONE;
        }
    }
}

/* Returns whether it is in the slots that touch the window. */
static bool in_window(const struct one *x, sim_time from, sim_time to)
{
    sim_time a = from / SLOT_TIME * SLOT_TIME;
    sim_time b = (to + SLOT_TIME - 1) / SLOT_TIME * SLOT_TIME;
    return x->end > a && x->end <= b;
}

static void check_histogram(const struct rig *r, comp_id who, sim_time from,
                            sim_time to)
{
    uint32_t got[LATENCY_BUCKETS], want[LATENCY_BUCKETS] = {0};
    double sum = 0, n = 0;
    latency_histogram(r->rec, who, from, to, got);
    for (size_t i = 0; i < nall; i++) {
        bool mine = all[i].who == who || (who == r->api && all[i].who != r->users);
        if (!mine || !in_window(&all[i], from, to))
            continue;
        want[latency_bucket(all[i].end - all[i].start)]++;
        sum += (double)(all[i].end - all[i].start) / 1e9;
        n++;
    }
    assert_memory_equal(got, want, sizeof got);
    double mean = latency_mean(r->rec, who, from, to);
    if (n > 0)
        assert_true(fabs(mean - sum / n) < 1e-12);
    else
        assert_true(isnan(mean));
}

static double seconds_of(const struct rig *r, comp_id who, sim_time from, sim_time to,
                         comp_id place, enum cause cause, double *requests)
{
    double sum = 0;
    *requests = 0;
    for (size_t i = 0; i < nall; i++) {
        if (all[i].who != who || !in_window(&all[i], from, to))
            continue;
        ++*requests;
        for (size_t k = 0; k < all[i].nslices; k++)
            if (all[i].slices[k].place == place && all[i].slices[k].cause == cause)
                sum += (double)all[i].slices[k].ns / 1e9;
    }
    (void)r;
    return sum;
}

static void check_time(const struct rig *r, comp_id who, sim_time from, sim_time to)
{
    struct share got[64];
    size_t n = explain_time(r->rec, who, from, to, 0, 1, got, 64);
    double shares = 0, seconds = 0, mean = latency_mean(r->rec, who, from, to);
    for (size_t i = 0; i < n; i++) {
        double requests,
            want = seconds_of(r, who, from, to, got[i].place, got[i].cause, &requests);
        shares += got[i].share;
        seconds += got[i].seconds;
        /* whole microseconds for each bucket and slot */
        assert_true(fabs(got[i].seconds * requests - want) < 1e-4 + want * 1e-3);
        assert_true(i == 0 || got[i].seconds <= got[i - 1].seconds);
    }
    if (n == 0) {
        assert_true(isnan(mean));
        return;
    }
    assert_true(fabs(shares - 1) < 1e-9);
    assert_true(fabs(seconds - mean) < mean * 1e-3);
}

static void check_failures(const struct rig *r, comp_id who, sim_time from, sim_time to)
{
    struct failure got[64];
    size_t n = explain_failures(r->rec, who, from, to, got, 64);
    uint64_t total = 0, want_total = 0;
    for (size_t i = 0; i < nall; i++)
        want_total +=
            all[i].who == who && in_window(&all[i], from, to) && all[i].reason;
    for (size_t k = 0; k < n; k++) {
        uint64_t want = 0;
        for (size_t i = 0; i < nall; i++)
            want += all[i].who == who && in_window(&all[i], from, to) &&
                    all[i].reason == got[k].reason && all[i].culprit == got[k].place;
        assert_int_equal(got[k].count, want);
        assert_true(k == 0 || got[k].count <= got[k - 1].count);
        total += got[k].count;
    }
    assert_int_equal(total, want_total);
}

static void check_all(const struct rig *r, struct rng *rng, sim_time length)
{
    const comp_id who[] = {r->users, r->get, r->put, r->api};
    for (int i = 0; i < 30; i++) {
        sim_time from = (sim_time)rng_below(rng, (uint32_t)(length / SIM_MS)) * SIM_MS;
        sim_time to = from + (sim_time)rng_below(rng, 60000) * SIM_MS + 1;
        for (int k = 0; k < 4; k++)
            check_histogram(r, who[k], from, to);
        for (int k = 0; k < 3; k++) {
            check_time(r, who[k], from, to);
            check_failures(r, who[k], from, to);
        }
    }
}

static void every_window_adds_up_to_what_happened(void **state)
{
    (void)state;
    struct rig r = rig_new();
    struct rng rng;
    rng_seed(&rng, 7, "slots");
    sim_time length = 3 * SIM_MIN + 4 * SIM_SEC;
    make_up(&r, &rng, MAX_DONE, length);
    for (size_t i = 0; i < nall; i++)
        tell(&r, &all[i]);
    check_all(&r, &rng, length);
    rig_free(&r);
}

static void a_fork_is_exact_within_a_slot(void **state)
{
    (void)state;
    struct rig r = rig_new();
    struct rng rng;
    rng_seed(&rng, 9, "slots");
    make_up(&r, &rng, 3000, 60 * SIM_SEC);
    for (size_t i = 0; i < 1234; i++)
        tell(&r, &all[i]);
    struct rig f = r;
    f.rec = recording_fork(r.rec);
    f.o = recording_observer(f.rec);
    for (size_t i = 1234; i < nall; i++)
        tell(&f, &all[i]);
    check_all(&f, &rng, 60 * SIM_SEC);
    nall = 1234;
    check_all(&r, &rng, 60 * SIM_SEC);
    recording_free(f.rec);
    check_all(&r, &rng, 60 * SIM_SEC);
    rig_free(&r);
}

static void quantiles_are_within_a_bucket_of_the_truth(void **state)
{
    (void)state;
    struct rig r = rig_new();
    for (int i = 1; i <= 1000; i++) {
        struct one x = {.who = r.get,
                        .start = 5 * SIM_SEC - i * SIM_MS,
                        .end = 5 * SIM_SEC,
                        .slices = {{r.api, CAUSE_CPU, i * SIM_MS}},
                        .nslices = 1};
        tell(&r, &x);
    }
    const double q[] = {0.001, 0.1, 0.5, 0.9, 0.99, 1};
    for (int i = 0; i < 6; i++) {
        double got = latency_quantile(r.rec, r.get, 0, 10 * SIM_SEC, q[i]);
        assert_true(got > q[i] / 1.13 && got < q[i] * 1.13);
    }
    assert_true(isnan(latency_quantile(r.rec, r.put, 0, 10 * SIM_SEC, 0.5)));
    assert_true(isnan(latency_quantile(r.rec, r.get, 10 * SIM_SEC, 20 * SIM_SEC, 0.5)));
    rig_free(&r);
}

/* Quick requests compute, slow ones wait for a lock. */
static void the_slow_ones_are_explained_apart(void **state)
{
    (void)state;
    struct rig r = rig_new();
    for (int i = 0; i < 100; i++) {
        bool slow = i >= 95;
        sim_time ns = slow ? SIM_SEC : 10 * SIM_MS;
        struct one x = {
            .who = r.users, .start = SIM_SEC, .end = SIM_SEC + ns, .nslices = 1};
        x.slices[0] = (struct slice){r.api, slow ? CAUSE_LOCK : CAUSE_CPU, ns};
        tell(&r, &x);
    }
    struct share s[4];
    assert_int_equal(explain_time(r.rec, r.users, 0, SIM_MIN, 0.98, 1, s, 4), 1);
    assert_int_equal(s[0].cause, CAUSE_LOCK);
    assert_true(fabs(s[0].seconds - 1) < 1e-9);
    assert_int_equal(explain_time(r.rec, r.users, 0, SIM_MIN, 0.45, 0.55, s, 4), 1);
    assert_int_equal(s[0].cause, CAUSE_CPU);
    assert_true(fabs(s[0].seconds - 0.01) < 1e-9);
    assert_int_equal(explain_time(r.rec, r.users, 0, SIM_MIN, 0, 1, s, 4), 2);
    assert_true(fabs(s[0].share - 5 / 5.95) < 1e-6);
    assert_int_equal(explain_time(r.rec, r.users, 0, SIM_MIN, 1, 1, s, 4), 1);
    /* The slowest tenth: five that waited a second, and five of the 95 quick ones. */
    assert_int_equal(explain_time(r.rec, r.users, 0, SIM_MIN, 0.9, 1, s, 4), 2);
    assert_int_equal(s[0].cause, CAUSE_LOCK);
    assert_true(fabs(s[0].share - 5 / 5.05) < 1e-6);
    assert_true(fabs(s[0].seconds - 0.5) < 1e-9);
    assert_true(fabs(s[1].seconds - 0.005) < 1e-9);
    /* Three of the quick ones. */
    assert_int_equal(explain_time(r.rec, r.users, 0, SIM_MIN, 0.1, 0.13, s, 4), 1);
    assert_true(fabs(s[0].seconds - 0.01) < 1e-9);
    rig_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bucket_holds_what_is_at_most_its_upper_end),
        cmocka_unit_test(every_window_adds_up_to_what_happened),
        cmocka_unit_test(a_fork_is_exact_within_a_slot),
        cmocka_unit_test(quantiles_are_within_a_bucket_of_the_truth),
        cmocka_unit_test(the_slow_ones_are_explained_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
