/*
 * The calendar against a plain list that is searched for its least: order by time and
 * then by number, cancelling, delays with lanes of their own and more delays than
 * lanes, rings that grow while they are in use, places that wrap around, and copies.
 */
#include "sim_test.h"

#include "../../src/sim/engine/loop.h"
#include "../../src/sim/engine/memory.h"
#include "../../src/sim/engine/station.h"
#include "truecode/world.h"

enum { EVENTS_MAX = 4000 };

struct planned {
    sim_time at;
    uint32_t timer, a; /* a: its number; 0: gone */
};
struct both { /* the calendar and the list */
    struct world *w;
    struct planned list[EVENTS_MAX];
    uint32_t n, last;
    struct rng rng;
};

static struct both *both_new(uint64_t seed)
{
    struct both *b = mem_alloc(sizeof *b);
    b->w = must_world(model_new(), 1);
    rng_seed(&b->rng, seed, "calendar");
    return b;
}

static void both_free(struct both *b)
{
    world_free(b->w);
    mem_free(b);
}

static void note(struct both *b, sim_time at, uint32_t timer)
{
    assert_int_not_equal(timer, 0);
    b->list[b->n++] = (struct planned){at, timer, b->last};
}

static void plan_at(struct both *b, sim_time at)
{
    b->last++;
    note(b, at, cal_at(b->w, at, EV_READY, COMP_NONE, b->last, ~b->last));
}

static void plan_after(struct both *b, sim_time delay)
{
    b->last++;
    note(b, w_now(b->w) + delay,
         cal_after(b->w, delay, EV_READY, COMP_NONE, b->last, ~b->last));
}

static void cancel(struct both *b, uint32_t i)
{
    cal_cancel(b->w, &b->list[i].timer);
    assert_int_equal(b->list[i].timer, 0);
    b->list[i] = b->list[--b->n];
}

static uint32_t earliest(const struct both *b)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < b->n; i++) {
        const struct planned *x = &b->list[i], *y = &b->list[best];
        if (x->at < y->at || (x->at == y->at && x->a < y->a))
            best = i;
    }
    return best;
}

/* Takes one from both. */
static void take(struct both *b)
{
    struct cal_event e;
    sim_time at;
    uint32_t i = b->n > 0 ? earliest(b) : 0;
    bool any = calendar_next(b->w, SIM_HOUR, &e, &at);
    assert_int_equal(any, b->n > 0);
    if (!any)
        return;
    assert_int_equal(at, b->list[i].at);
    assert_int_equal(e.a, b->list[i].a);
    assert_int_equal(e.b, ~b->list[i].a);
    W_HEAD(b->w)->now = at;
    b->list[i] = b->list[--b->n];
}

/* One room more, as the loop makes before each event. */
static void step(struct both *b, uint32_t delays)
{
    assert_true(world_room(b->w));
    uint32_t what = rng_below(&b->rng, 10);
    if (b->n + 1 >= EVENTS_MAX || what < 4)
        take(b);
    else if (what < 6)
        plan_at(b, w_now(b->w) + rng_below(&b->rng, 5000));
    else if (what < 9)
        plan_after(b, 100 * (1 + (sim_time)rng_below(&b->rng, delays)));
    else if (b->n > 0)
        cancel(b, rng_below(&b->rng, b->n));
    assert_int_equal(calendar_pending(b->w), b->n);
}

static void as_a_plain_list_does(void **state)
{
    static const uint32_t delays[] = {1, 3, 60, 200}; /* there are 64 lanes */
    (void)state;
    for (size_t k = 0; k < sizeof delays / sizeof *delays; k++) {
        struct both *b = both_new(k);
        for (int i = 0; i < 3000; i++)
            step(b, delays[k]);
        while (b->n > 0)
            take(b);
        take(b);
        both_free(b);
    }
}

static void a_lane_grows_while_it_is_in_use(void **state)
{
    (void)state;
    struct both *b = both_new(1);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 1000; i++) {
            assert_true(world_room(b->w));
            W_HEAD(b->w)->now += 7;
            plan_after(b, 100000);
            if (i % 3 == 0)
                cancel(b, rng_below(&b->rng, b->n));
        }
        while (b->n > 0)
            take(b);
    }
    both_free(b);
}

/* Places are counted on and on; the count wraps around. */
static void places_wrap_around(void **state)
{
    (void)state;
    struct both *b = both_new(2);
    plan_after(b, 500);
    take(b);
    struct cal_lane *l = W_PTR(b->w, struct cal_lane, W_HEAD(b->w)->lanes);
    l += cal_lane_of(l, 500);
    assert_int_equal(l->head, l->tail);
    l->head = l->tail = UINT32_MAX - 20;
    for (int i = 0; i < 200; i++) {
        assert_true(world_room(b->w));
        plan_after(b, 500);
        if (i % 4 == 1)
            cancel(b, b->n - 1);
        if (i % 3 == 2)
            take(b);
    }
    assert_true(l->tail < 1000);
    while (b->n > 0)
        take(b);
    both_free(b);
}

static void a_copy_has_its_own(void **state)
{
    (void)state;
    struct both *b = both_new(3);
    for (int i = 0; i < 300; i++)
        step(b, 5);
    struct both *copy = mem_alloc(sizeof *copy);
    *copy = *b;
    copy->w = world_fork(b->w);
    for (uint32_t i = 0; i < 20 && copy->n > 0; i++)
        cancel(copy, rng_below(&copy->rng, copy->n));
    for (int i = 0; i < 300; i++) {
        step(b, 5);
        step(copy, 9);
    }
    both_free(copy);
    both_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_a_plain_list_does),
        cmocka_unit_test(a_lane_grows_while_it_is_in_use),
        cmocka_unit_test(places_wrap_around),
        cmocka_unit_test(a_copy_has_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
