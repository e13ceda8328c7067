/*
 * The calendar: which event is next. Totally ordered by (time, insertion number).
 *
 * A binary heap of 16-byte keys holds (time | number | slot) in one integer, so that
 * one comparison orders them; the smaller child is chosen without a branch. What
 * happens lies in the slot. Cancelling marks the slot; the key is dropped when it comes
 * up. Nearly every event plans another one, so the place of a key that was taken stays
 * empty until then: filling it costs one way down instead of a way down and a way up.
 *
 * Delays that repeat (timeouts, network hops) never need the heap's order among
 * themselves: each such delay has a lane, a ring in order of time that holds the events
 * themselves, and only the key of a lane's head is in the heap. A timeout that is
 * cancelled before it reaches the head, as nearly all are, costs one write: its place
 * in the ring is passed over.
 *
 * A place that was cancelled is lost until the head has passed it, and others keep the
 * numbers of those that count, so a ring cannot be tidied up. One that holds the
 * timeouts of half a minute may be large, and what is large takes four times its size
 * of headroom (memory.c). So a ring does not grow without end: a lane whose ring is
 * full takes no more, another lane goes on with its delay, and when the first one has
 * run empty it is there for any delay again.
 */
#include "engine/loop.h"
#include "engine/memory.h"

enum { CAL_LANE_MAX = TINY(1 << 15, 1 << 14) }; /* places in a ring: a MiB */
enum { CAL_FIRST = TINY(256, 1), CAL_LANE_FIRST_CAP = TINY(64, 1) };

void calendar_init(struct world *w)
{
    struct head *h = W_HEAD(w);
    h->lanes = w_alloc(w, CAL_LANES * sizeof(struct cal_lane));
    h->slot_n = 1; /* 0 means none */
    w_grow(w, &h->slots, &h->slot_cap, CAL_FIRST, sizeof(struct cal_slot));
    w_grow(w, &h->heap, &h->heap_cap, CAL_FIRST, sizeof(heap_key));
}

/* Makes a slot that was never used; it is at the head of the list of free ones. */
uint32_t cal_slot_more(struct world *w)
{
    struct head *h = W_HEAD(w);
    _Static_assert(WORLD_LIMIT_MAX / sizeof(struct cal_slot) < CAL_LANE_FIRST,
                   "a world ends before its slots do");
    w_grow(w, &h->slots, &h->slot_cap, h->slot_n + 1, sizeof(struct cal_slot));
    cal_slot_at(w, h->slot_n)->next = 0;
    return h->slot_n++;
}

uint32_t calendar_pending(const struct world *w)
{
    const struct cal_lane *lanes = W_PTR(w, struct cal_lane, W_HEAD(w)->lanes);
    uint32_t n = 0;
    for (uint32_t s = 1; s < W_HEAD(w)->slot_n; s++)
        n += cal_slot_at(w, s)->of.event != EV_NONE;
    for (const struct cal_lane *l = lanes; l < lanes + CAL_LANES; l++)
        for (uint32_t i = l->head; i != l->tail; i++)
            n += cal_place_at(w, l, i)->of.event != EV_NONE;
    return n;
}

void cal_heap_more(struct world *w)
{
    struct head *h = W_HEAD(w);
    w_grow(w, &h->heap, &h->heap_cap, h->heap_n + 1, sizeof(heap_key));
}

uint32_t cal_at(struct world *w, sim_time at, int event, comp_id c, uint32_t a,
                uint32_t b)
{
    sim_time now = W_HEAD(w)->now;
    return cal_put(w, at < now ? now : at, event, c, a, b);
}

/* The lane of this delay; else one that was closed and has run empty, one that was
 * never used, or one that is empty: of a delay that came once, as the rest of a
 * timeout. */
unsigned cal_lane_of(struct cal_lane *lanes, sim_time delay)
{
    uint32_t i = (uint32_t)(((uint64_t)delay * UINT64_C(0x9e3779b97f4a7c15)) >> 58);
    unsigned closed = CAL_LANES, empty = CAL_LANES, n = 0;
    for (; n < CAL_LANES && lanes[i].used; n++, i = (i + 1) % CAL_LANES) {
        if (lanes[i].delay == delay)
            return i;
        if (lanes[i].head == lanes[i].tail)
            *(lanes[i].delay == CAL_CLOSED ? &closed : &empty) = i;
    }
    unsigned found = closed != CAL_LANES ? closed : n < CAL_LANES ? i : empty;
    if (found != CAL_LANES) {
        lanes[found].used = true;
        lanes[found].delay = delay;
    }
    return found;
}

/* A larger ring: what lies in it moves to where its number says. */
static void lane_grow(struct world *w, struct cal_lane *l)
{
    struct cal_lane old = *l;
    l->ring = 0;
    l->cap = 0;
    w_grow(w, &l->ring, &l->cap, old.cap == 0 ? CAL_LANE_FIRST_CAP : old.cap * 2,
           sizeof(struct cal_place));
    for (uint32_t i = old.head; i != old.tail; i++)
        *cal_place_at(w, l, i) = *cal_place_at(w, &old, i);
    w_release(w, old.ring, old.cap * sizeof(struct cal_place));
}

unsigned cal_lane_more(struct world *w, unsigned lane)
{
    struct cal_lane *lanes = W_PTR(w, struct cal_lane, W_HEAD(w)->lanes);
    struct cal_lane *l = &lanes[lane];
    sim_time delay = l->delay;
    unsigned other = CAL_LANES;
    assert(lane < CAL_LANES && l->used && l->tail - l->head == l->cap);
    if (l->cap >= CAL_LANE_MAX) {
        l->delay = CAL_CLOSED;
        other = cal_lane_of(lanes, delay);
    }
    if (other == CAL_LANES) { /* small yet, or there is no other */
        l->delay = delay;
        other = lane;
    }
    if (lanes[other].tail - lanes[other].head == lanes[other].cap)
        lane_grow(w, &lanes[other]);
    return other;
}

uint32_t cal_after(struct world *w, sim_time delay, int event, comp_id c, uint32_t a,
                   uint32_t b)
{
    uint8_t lane = CAL_LANES;
    return cal_after_in(w, &lane, delay, event, c, a, b);
}

void cal_drop(struct world *w, uint32_t timer)
{
    struct head *h = W_HEAD(w);
    if (!(timer & CAL_IN_LANE)) {
        CHECK(timer < h->slot_n && cal_slot_at(w, timer)->of.event != EV_NONE);
        cal_slot_at(w, timer)->of.event = EV_NONE;
        return;
    }
    const struct cal_lane *lanes = W_PTR(w, struct cal_lane, h->lanes);
    unsigned lane = (timer & ~CAL_IN_LANE) >> CAL_LANE_BIT;
    cal_place_at(w, &lanes[lane], timer & CAL_PLACES)->of.event = EV_NONE;
}
