/*
 * The calendar by itself: no loop runs, the test takes the events. What comes out is in
 * order of time and of insertion, and what was cancelled does not come, however rings
 * and lanes grow, run full, run empty and are used again.
 */
#include "../../src/sim/engine/loop.h"
#include "../../src/sim/engine/memory.h"
#include "../../src/sim/engine/station.h"
#include "truecode/world.h"

#include "truecode/base.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { EVENT = EV_KIND };

struct bench {
    struct model *m;
    struct world *w;
};

static struct bench bench_new(void)
{
    struct bench b = {0};
    struct errmsg why = {0};
    b.m = model_new();
    assert_int_not_equal(model_add(b.m, "flag", "flag", &why), COMP_NONE);
    assert_int_equal(model_finish(b.m, &why), ERR_OK);
    b.w = world_new(b.m, 1, &why);
    assert_non_null(b.w);
    return b;
}

static void bench_free(struct bench *b)
{
    world_free(b->w);
    model_unref(b->m);
}

/* As world_run() does before each event. */
static void room(struct bench *b)
{
    if (!world_headroom(b->w, 0))
        fail_msg("the world is full: %zu bytes", world_bytes(b->w));
}

/* What is planned for a time that is over happens now: time never goes back. */
static void what_is_planned_too_late_happens_now(void **state)
{
    struct bench b = bench_new();
    struct cal_event e = {0};
    sim_time at = 0;
    (void)state;
    W_HEAD(b.w)->now = 500;
    (void)cal_at(b.w, 100, EVENT, 0, 7, 0);
    assert_true(calendar_next(b.w, 1000, &e, &at));
    assert_true(e.a == 7 && at == 500);
    bench_free(&b);
}

/* ---- a ring of cancelled timeouts ------------------------------------------------ */

/* 20,000 requests a second, each with a timeout of 30 s that is cancelled when it is
 * answered after a millisecond: 20 are under way, which no world is too small for. */
static void cancelled_timeouts_do_not_fill_a_world(void **state)
{
    enum { PENDING = 20 };
    uint32_t timer[PENDING] = {0};
    struct bench b = bench_new();
    struct cal_event e;
    sim_time at;
    (void)state;
    for (uint32_t i = 1; i <= 100; i++) /* each by a lane of its own, if it could */
        (void)cal_after(b.w, i, EVENT, 0, i, 0);
    W_HEAD(b.w)->now = 100;
    while (calendar_next(b.w, 100, &e, &at))
        ;
    for (uint32_t i = 0; i < 1500000; i++) {
        room(&b);
        W_HEAD(b.w)->now += 50 * SIM_US;
        cal_cancel(b.w, &timer[i % PENDING]);
        timer[i % PENDING] = cal_after(b.w, 30 * SIM_SEC, EVENT, 0, i, 0);
        assert_false(calendar_next(b.w, W_HEAD(b.w)->now, &e, &at));
    }
    assert_int_equal(calendar_pending(b.w), PENDING);
    bench_free(&b);
}

/* ---- any order ------------------------------------------------------------------- */

enum { EVENTS = 400000 };

struct timer {
    sim_time at;
    uint32_t number;
    bool over; /* it came, or was cancelled */
};

struct play {
    struct bench b;
    struct rng r;
    struct timer *of; /* in order of insertion */
    uint32_t n, last;
    sim_time last_at;
    sim_time delays[80];
};

static void play_add(struct play *p)
{
    struct world *w = p->b.w;
    struct timer *t = &p->of[p->n];
    uint32_t ndelays = rng_below(&p->r, 8) == 0 ? 80 : 3;
    sim_time d = p->delays[rng_below(&p->r, ndelays)];
    t->at = w_now(w) + d;
    t->number = rng_below(&p->r, 4) == 0 ? cal_at(w, t->at, EVENT, 0, p->n, 0)
                                         : cal_after(w, d, EVENT, 0, p->n, 0);
    p->n++;
}

static void play_cancel(struct play *p)
{
    uint32_t back = rng_below(&p->r, 8) == 0 ? p->n : p->n < 50 ? p->n : 50;
    struct timer *t = &p->of[p->n - 1 - rng_below(&p->r, back)];
    if (t->over)
        return;
    t->over = true;
    cal_cancel(p->b.w, &t->number);
}

static bool play_next(struct play *p, sim_time until)
{
    struct cal_event e;
    sim_time at;
    if (!calendar_next(p->b.w, until, &e, &at))
        return false;
    struct timer *t = &p->of[e.a];
    assert_int_equal(e.event, EVENT);
    assert_false(t->over);
    assert_true(t->at == at && at <= until);
    assert_true(p->last_at < at || (p->last_at == at && p->last <= e.a));
    t->over = true;
    p->last = e.a;
    p->last_at = at;
    W_HEAD(p->b.w)->now = at;
    return true;
}

static uint32_t play_pending(const struct play *p)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < p->n; i++)
        n += !p->of[i].over;
    return n;
}

/* `calm` of 100 steps take what is due, the others plan and cancel: with few of them
 * many thousands are pending. */
static void play(uint64_t seed, uint32_t calm)
{
    struct play p = {.b = bench_new()};
    rng_seed(&p.r, seed, "calendar");
    p.of = mem_array(EVENTS, sizeof *p.of);
    for (size_t i = 0; i < 80; i++)
        p.delays[i] = (sim_time)(rng_below(&p.r, 4) == 0 ? i % 5 : i * i * i) * 1000;
    while (p.n < EVENTS) {
        room(&p.b);
        if (p.n > 0 && rng_below(&p.r, 100) < calm)
            (void)play_next(&p, w_now(p.b.w) + rng_below(&p.r, 3) * 1000);
        play_add(&p);
        if (rng_below(&p.r, 2) == 0)
            play_cancel(&p);
    }
    assert_int_equal(calendar_pending(p.b.w), play_pending(&p));
    while (play_next(&p, SIM_FOREVER - 1))
        ;
    assert_int_equal(play_pending(&p), 0);
    mem_free(p.of);
    bench_free(&p.b);
}

static void comes_out_in_order(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        play(seed, 90);
        play(seed, 5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_planned_too_late_happens_now),
        cmocka_unit_test(cancelled_timeouts_do_not_fill_a_world),
        cmocka_unit_test(comes_out_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
