/* The processor-sharing station by itself: no loop runs, the test pops its one event.
 */
#include "../../src/sim/engine/ledger.h"
#include "../../src/sim/engine/life.h"
#include "../../src/sim/engine/loop.h"
#include "../../src/sim/engine/memory.h"
#include "../../src/sim/engine/station.h"

#include "truecode/world.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct bench {
    struct model *m;
    struct world *w;
    struct station *s;
    comp_id db;
};

static struct bench bench_new(double cores)
{
    struct bench b = {0};
    struct errmsg why = {0};
    b.m = model_new();
    b.db = model_add(b.m, "database", "db", &why);
    assert_int_not_equal(b.db, COMP_NONE);
    assert_int_equal(model_finish(b.m, &why), ERR_OK);
    b.w = world_new(b.m, 1, &why);
    assert_non_null(b.w);
    b.s = W_PTR(b.w, struct station, w_alloc(b.w, sizeof(struct station)));
    station_init(b.w, b.s, b.db, CAUSE_DB_CPU, CAUSE_DB_WAIT, cores);
    return b;
}

static void bench_free(struct bench *b)
{
    world_free(b->w);
    model_unref(b->m);
}

static struct act *job(struct bench *b, sim_time demand)
{
    struct act *a = act_new(b->w, ACT_QUERY, b->db);
    station_add(b->w, b->s, a, demand);
    return a;
}

/* Takes the station's event, if it comes by `until`; the clock is there then. */
static bool step(struct bench *b, sim_time until)
{
    struct cal_event e;
    sim_time at;
    if (!calendar_next(b->w, until, &e, &at)) {
        W_HEAD(b->w)->now = until;
        return false;
    }
    assert_int_equal(e.event, EV_STATION);
    W_HEAD(b->w)->now = at;
    station_event(b->w, b->s);
    return true;
}

static sim_time until_left(struct bench *b, const struct act *a)
{
    while (a->station != 0)
        assert_true(step(b, SIM_HOUR * 100));
    return w_now(b->w);
}

static sim_time charged(struct bench *b, const struct act *a, enum cause cause)
{
    struct slice gathered[16];
    const struct slice *s;
    size_t n = ledger_read(b->w, a, gathered, 16, &s);
    for (size_t i = 0; i < n; i++)
        if (s[i].cause == cause)
            return s[i].ns;
    return 0;
}

static void alone_takes_its_demand(void **state)
{
    (void)state;
    struct bench b = bench_new(1);
    assert_int_equal(until_left(&b, job(&b, 12345678)), 12345678);
    assert_int_equal(until_left(&b, job(&b, 1)), 12345679);
    assert_int_equal(until_left(&b, job(&b, 0)), 12345679);
    assert_int_equal(b.s->n, 0);
    assert_int_equal(b.s->clock, 0);
    assert_int_equal(b.s->served, 3);
    bench_free(&b);
}

/* Acts that leave before they are done leave their keys behind, but not for ever. */
static void who_leaves_is_forgotten(void **state)
{
    (void)state;
    struct bench b = bench_new(1);
    struct act *stays = job(&b, SIM_HOUR);
    for (int i = 0; i < 10000; i++) {
        struct act *a = job(&b, 2 * SIM_HOUR);
        station_remove(b.w, b.s, a);
        act_free(b.w, a);
        assert_true(b.s->keys <= 2 * b.s->n + 17);
    }
    assert_true(until_left(&b, stays) == SIM_HOUR);
    bench_free(&b);
}

static void shares_are_equal(void **state)
{
    (void)state;
    struct bench b = bench_new(1);
    struct act *shorter = job(&b, 10 * SIM_MS), *longer = job(&b, 30 * SIM_MS);
    assert_int_equal(until_left(&b, shorter), 20 * SIM_MS);
    assert_int_equal(until_left(&b, longer), 40 * SIM_MS);
    assert_int_equal(charged(&b, shorter, CAUSE_DB_CPU), 10 * SIM_MS);
    assert_int_equal(charged(&b, shorter, CAUSE_DB_WAIT), 10 * SIM_MS);
    assert_int_equal(charged(&b, longer, CAUSE_DB_CPU), 30 * SIM_MS);
    assert_int_equal(charged(&b, longer, CAUSE_DB_WAIT), 10 * SIM_MS);
    bench_free(&b);
}

static void as_many_as_cores_do_not_wait(void **state)
{
    (void)state;
    struct bench b = bench_new(2);
    struct act *one = job(&b, 9 * SIM_MS), *two = job(&b, 9 * SIM_MS);
    assert_int_equal(until_left(&b, one), 9 * SIM_MS);
    assert_int_equal(until_left(&b, two), 9 * SIM_MS);
    one = job(&b, 10 * SIM_MS);
    two = job(&b, 10 * SIM_MS);
    struct act *three = job(&b, 10 * SIM_MS);
    until_left(&b, one);
    until_left(&b, two);
    /* Rounded up: never early, never a whole ns late. */
    assert_int_equal(until_left(&b, three), 9 * SIM_MS + 15 * SIM_MS + 1);
    bench_free(&b);
}

static void ties_go_to_the_older(void **state)
{
    (void)state;
    struct bench b = bench_new(4);
    struct act *a[4];
    for (int i = 0; i < 4; i++)
        a[i] = job(&b, SIM_MS);
    until_left(&b, a[0]);
    struct head *h = W_HEAD(b.w);
    assert_int_equal(h->next, W_REF(b.w, a[0]));
    assert_int_equal(h->ready_tail - h->ready_head, 3);
    for (uint32_t i = 1; i < 4; i++)
        assert_int_equal((ref)W_PTR(b.w, ready_entry, h->ready)[i - 1],
                         W_REF(b.w, a[i]));
    bench_free(&b);
}

static void removal_speeds_the_others_up(void **state)
{
    (void)state;
    struct bench b = bench_new(1);
    struct act *a = job(&b, 10 * SIM_MS), *c = job(&b, 20 * SIM_MS),
               *d = job(&b, 90 * SIM_MS);
    assert_false(step(&b, 15 * SIM_MS)); /* each has got 5 */
    station_remove(b.w, b.s, c);
    assert_int_equal(c->station, 0);
    assert_int_equal(charged(&b, c, CAUSE_DB_CPU), 5 * SIM_MS);
    assert_int_equal(charged(&b, c, CAUSE_DB_WAIT), 10 * SIM_MS);
    sim_time done = until_left(&b, a);
    assert_in_range(done, 25 * SIM_MS, 25 * SIM_MS + 2);
    done = until_left(&b, d);
    assert_in_range(done, 105 * SIM_MS, 105 * SIM_MS + 2);
    station_remove(b.w, b.s, job(&b, SIM_SEC)); /* the only one */
    assert_int_equal(b.s->timer, 0);
    assert_false(step(&b, SIM_HOUR));
    bench_free(&b);
}

static void set(struct bench *b, double factor, bool paused)
{
    station_touch(b->w, b->s);
    b->s->factor = factor;
    b->s->paused = paused;
    station_changed(b->w, b->s);
}

/* A collector at work keeps all cores busy, whether or not anybody is inside. */
static void a_pause_that_burns_is_busy(void **state)
{
    (void)state;
    struct bench b = bench_new(2);
    b.s->burns = STATION_ALL;
    set(&b, 1, true);
    assert_false(step(&b, SIM_SEC));
    assert_true(station_busy(b.w, b.s) == 2);
    struct act *a = job(&b, 10 * SIM_MS);
    assert_false(step(&b, 2 * SIM_SEC));
    assert_true(station_busy(b.w, b.s) == 4);
    set(&b, 1, false);
    assert_int_equal(until_left(&b, a), 2 * SIM_SEC + 10 * SIM_MS);
    assert_true(fabs(station_busy(b.w, b.s) - 4.01) < 1e-9);
    bench_free(&b);
}

static void pause_and_speed(void **state)
{
    (void)state;
    struct bench b = bench_new(1);
    struct act *a = job(&b, 10 * SIM_MS);
    assert_false(step(&b, 4 * SIM_MS));
    set(&b, 1, true);
    assert_false(step(&b, SIM_SEC));
    assert_int_equal(station_attained(b.w, b.s, a), 4 * SIM_MS);
    set(&b, 0.5, false);
    assert_false(step(&b, SIM_SEC + 4 * SIM_MS));
    assert_int_equal(station_attained(b.w, b.s, a), 6 * SIM_MS);
    set(&b, 2, false);
    assert_int_equal(until_left(&b, a), SIM_SEC + 6 * SIM_MS);
    set(&b, 0, false);
    a = job(&b, 1);
    assert_false(step(&b, 2 * SIM_SEC));
    set(&b, 1, false);
    assert_int_equal(until_left(&b, a), 2 * SIM_SEC + 1);
    bench_free(&b);
}

/* Throughput of n statements that are always there, per second. */
static double usl_throughput(int n)
{
    struct bench b = bench_new(1000);
    b.s->alpha = 0.02;
    b.s->beta = 0.000384;
    station_changed(b.w, b.s);
    sim_time each = 40600 * SIM_US;
    for (int i = 0; i < n; i++)
        job(&b, each);
    while (b.s->n > 0)
        assert_true(step(&b, SIM_HOUR));
    double per_s = n / ((double)w_now(b.w) / (double)SIM_SEC);
    bench_free(&b);
    return per_s;
}

static bool within(double x, double want, double share)
{
    return x > want * (1 - share) && x < want * (1 + share);
}

/* The formula to the last digits; and the measured curve that alpha, beta and the time
 * alone were fitted to, as well as such a fit goes. */
static void throughput_rises_then_falls(void **state)
{
    (void)state;
    const int n[] = {25, 50, 100, 200, 400};
    const double measured[] = {363, 422, 360, 239, 137};
    for (int i = 0; i < 5; i++) {
        double others = n[i] - 1, got = usl_throughput(n[i]);
        double usl = n[i] / (1 + 0.02 * others + 0.000384 * n[i] * others) / 0.0406;
        assert_true(within(got, usl, 1e-6));
        assert_true(within(got, measured[i], 0.03));
    }
}

static void busy_time(void **state)
{
    (void)state;
    struct bench b = bench_new(2);
    job(&b, SIM_SEC);
    assert_false(step(&b, SIM_SEC / 2));
    struct act *second = job(&b, 10 * SIM_SEC);
    assert_true(station_busy(b.w, b.s) == 0.5);
    until_left(&b, second); /* at 10.5 s */
    assert_true(station_busy(b.w, b.s) == 11);
    assert_false(step(&b, 11 * SIM_SEC));
    assert_true(station_load(b.w, b.s, 1) == 0.25);
    assert_true(within(station_load(b.w, b.s, 10), 0.475, 1e-9));
    assert_false(step(&b, SIM_HOUR));
    assert_true(station_load(b.w, b.s, 10) == 0);
    bench_free(&b);
}

static void a_clock_near_its_end_is_rebased(void **state)
{
    (void)state;
    struct bench b = bench_new(1);
    struct act *a = job(&b, 10 * SIM_MS), *c = job(&b, 20 * SIM_MS);
    uint64_t end = UINT64_C(1) << 62;
    b.s->clock += end;
    a->mark += end;
    c->mark += end;
    heap_key *h = W_PTR(b.w, heap_key, b.s->heap);
    h[0] += (heap_key)end << 64;
    h[1] += (heap_key)end << 64;
    struct act *d = job(&b, 5 * SIM_MS);
    assert_int_equal(b.s->clock, 0);
    assert_in_range(until_left(&b, d), 15 * SIM_MS, 15 * SIM_MS + 1);
    assert_in_range(until_left(&b, a), 25 * SIM_MS, 25 * SIM_MS + 2);
    assert_in_range(until_left(&b, c), 35 * SIM_MS, 35 * SIM_MS + 2);
    bench_free(&b);
}

/* Random arrivals and removals against the definition, act by act, in floating point.
 */
enum { JOBS = 400 };
struct shadow {
    struct act *a;
    double rest; /* ns of work */
};

static void shadow_serve(struct shadow *j, int n, double cores, double ns)
{
    int inside = 0;
    for (int i = 0; i < n; i++)
        inside += j[i].a ? 1 : 0;
    double share = inside > cores ? cores / inside : 1;
    for (int i = 0; i < n; i++)
        if (j[i].a)
            j[i].rest -= ns * share;
}

static void agrees_with_the_definition(void **state)
{
    (void)state;
    struct bench b = bench_new(3);
    struct rng r;
    struct shadow j[JOBS] = {0};
    rng_seed(&r, 7, "station test");
    for (int n = 0; n < JOBS; n++) {
        sim_time upto = w_now(b.w) + (sim_time)(rng_exponential(&r) * 3e6);
        bool more = true;
        while (more) {
            sim_time was = w_now(b.w);
            more = step(&b, upto);
            shadow_serve(j, n, 3, (double)(w_now(b.w) - was));
            for (int i = 0; i < n; i++) {
                if (!j[i].a)
                    continue;
                bool inside = j[i].a->station != 0;
                assert_true(inside ? j[i].rest > -0.01 : j[i].rest < 0.01);
                j[i].a = inside ? j[i].a : NULL;
            }
        }
        uint32_t victim = rng_below(&r, 4 * JOBS);
        if (victim < (uint32_t)n && j[victim].a) {
            station_remove(b.w, b.s, j[victim].a);
            j[victim].a = NULL;
        }
        sim_time demand = (sim_time)(rng_exponential(&r) * 9e6);
        j[n] = (struct shadow){job(&b, demand), (double)demand};
    }
    bench_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alone_takes_its_demand),
        cmocka_unit_test(who_leaves_is_forgotten),
        cmocka_unit_test(shares_are_equal),
        cmocka_unit_test(as_many_as_cores_do_not_wait),
        cmocka_unit_test(ties_go_to_the_older),
        cmocka_unit_test(removal_speeds_the_others_up),
        cmocka_unit_test(a_pause_that_burns_is_busy),
        cmocka_unit_test(pause_and_speed),
        cmocka_unit_test(throughput_rises_then_falls),
        cmocka_unit_test(busy_time),
        cmocka_unit_test(a_clock_near_its_end_is_rebased),
        cmocka_unit_test(agrees_with_the_definition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
