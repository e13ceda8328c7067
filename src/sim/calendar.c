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
 * themselves: each such delay has a lane, a ring in order of time, and only the head of
 * a lane is in the heap. A timeout that is cancelled before it reaches the head, as
 * nearly all are, costs two writes and gives its slot back at once; its place in the
 * ring is marked with a key of 0.
 */
#include "calendar.h"
#include "world.h"

void calendar_init(struct world *w)
{
    struct head *h = W_HEAD(w);
    h->lanes = w_alloc(w, CAL_LANES * sizeof(struct cal_lane));
    h->slot_n = 1; /* 0 means none */
    w_grow(w, &h->slots, &h->slot_cap, 256, sizeof(struct cal_slot));
    w_grow(w, &h->heap, &h->heap_cap, 256, sizeof(cal_key));
}

/* One that was never used; it is at the head of the list of free ones. */
uint32_t cal_slot_more(struct world *w)
{
    struct head *h = W_HEAD(w);
    _Static_assert(WORLD_LIMIT_MAX / sizeof(struct cal_slot) < CAL_SLOT_MASK,
                   "a world ends before its slots do");
    w_grow(w, &h->slots, &h->slot_cap, h->slot_n + 1, sizeof(struct cal_slot));
    cal_slot_at(w, h->slot_n)->link = 0;
    return h->slot_n++;
}

uint32_t calendar_pending(const struct world *w)
{
    uint32_t n = 0;
    for (uint32_t s = 1; s < W_HEAD(w)->slot_n; s++)
        n += cal_slot_at(w, s)->event != EV_NONE;
    return n;
}

void cal_heap_more(struct world *w)
{
    struct head *h = W_HEAD(w);
    w_grow(w, &h->heap, &h->heap_cap, h->heap_n + 1, sizeof(cal_key));
}

uint32_t cal_at(struct world *w, sim_time at, int event, comp_id c, uint32_t a,
                uint32_t b)
{
    sim_time now = W_HEAD(w)->now;
    return cal_put(w, at < now ? now : at, event, c, a, b);
}

unsigned cal_lane_of(struct cal_lane *lanes, sim_time delay)
{
    uint32_t i = (uint32_t)(((uint64_t)delay * UINT64_C(0x9e3779b97f4a7c15)) >> 58);
    for (uint32_t n = 0; n < CAL_LANES; n++, i = (i + 1) % CAL_LANES) {
        if (lanes[i].delay == delay && lanes[i].used)
            return i;
        if (!lanes[i].used) {
            lanes[i].used = true;
            lanes[i].delay = delay;
            return i;
        }
    }
    return CAL_LANES;
}

/* A larger ring: what lies in it moves to where its number says. */
void cal_lane_grow(struct world *w, struct cal_lane *l)
{
    uint32_t cap = 0;
    ref ring = 0;
    w_grow(w, &ring, &cap, l->cap == 0 ? 64 : l->cap * 2, sizeof(cal_key));
    cal_key *to = W_PTR(w, cal_key, ring), *from = W_PTR(w, cal_key, l->ring);
    for (uint32_t i = l->head; i != l->tail; i++)
        to[i & (cap - 1)] = from[i & (l->cap - 1)];
    w_release(w, l->ring, l->cap * sizeof(cal_key));
    l->ring = ring;
    l->cap = cap;
}

uint32_t cal_after(struct world *w, sim_time delay, int event, comp_id c, uint32_t a,
                   uint32_t b)
{
    uint8_t lane = CAL_LANES;
    return cal_after_in(w, &lane, delay, event, c, a, b);
}

void cal_drop(struct world *w, uint32_t s)
{
    struct head *h = W_HEAD(w);
    struct cal_slot *slot = cal_slot_at(w, s);
    slot->event = EV_NONE;
    if (slot->lane == CAL_LANES)
        return;
    struct cal_lane *l = W_PTR(w, struct cal_lane, h->lanes) + slot->lane;
    if (slot->link == l->head) /* its key is in the heap */
        return;
    W_PTR(w, cal_key, l->ring)[slot->link & (l->cap - 1)] = 0;
    cal_slot_drop(h, slot, s);
}
