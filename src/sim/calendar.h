/*
 * calendar: the loop's side of the event calendar (kinds use cal_at() and its like),
 * and the way in and out of it for those files that take it a million times a second.
 * What it is and why: calendar.c.
 */
#ifndef SIM_CALENDAR_H
#define SIM_CALENDAR_H

#include "sim_internal.h"

__extension__ typedef unsigned __int128 cal_key;

enum { CAL_LANES = 64, CAL_SLOT_BITS = 24 };
#define CAL_SLOT_MASK ((1u << CAL_SLOT_BITS) - 1)

struct cal_slot {
    uint8_t event; /* enum event_kind; EV_NONE: cancelled */
    uint8_t lane;  /* CAL_LANES: in the heap */
    comp_id comp;
    uint32_t a, b;
    uint32_t link; /* in a lane: its place there; while free: next free slot */
};

struct cal_lane {
    sim_time delay;
    ref ring;                 /* cal_key */
    uint32_t head, tail, cap; /* cap: power of two; head == tail: empty */
    bool used;
};

void calendar_init(struct world *w);
uint32_t calendar_pending(const struct world *w);
uint32_t cal_slot_more(struct world *w) SELDOM;
void cal_heap_more(struct world *w) SELDOM;
void cal_lane_grow(struct world *w, struct cal_lane *l) SELDOM;
/* The lane of this delay; CAL_LANES: all are taken by others. */
unsigned cal_lane_of(struct cal_lane *lanes, sim_time delay);

static inline cal_key cal_key_make(sim_time at, uint64_t seq, uint32_t slot)
{
    return (cal_key)(uint64_t)at << 64 | (cal_key)seq << CAL_SLOT_BITS | slot;
}

static inline sim_time cal_key_time(cal_key k)
{
    return (sim_time)(uint64_t)(k >> 64);
}

static inline struct cal_slot *cal_slot_at(const struct world *w, uint32_t s)
{
    return W_PTR(w, struct cal_slot, W_HEAD(w)->slots) + s;
}

HOT uint32_t cal_slot_take(struct world *w, int event, int lane, comp_id c, uint32_t a,
                           uint32_t b, uint32_t link)
{
    struct head *h = W_HEAD(w);
    uint32_t s = h->slot_free;
    if (s == 0)
        s = cal_slot_more(w);
    struct cal_slot *slot = cal_slot_at(w, s);
    h->slot_free = slot->link;
    slot->event = (uint8_t)event;
    slot->lane = (uint8_t)lane;
    slot->comp = c;
    slot->a = a;
    slot->b = b;
    slot->link = link;
    return s;
}

HOT void cal_slot_drop(struct head *h, struct cal_slot *slot, uint32_t s)
{
    slot->event = EV_NONE;
    slot->link = h->slot_free;
    h->slot_free = s;
}

/* Puts k where the top was and lets it sink. Places are counted in bytes, which is what
 * a processor can add to an address as it is. */
HOT void cal_heap_sink(cal_key *heap, uint32_t n, cal_key k)
{
    enum { SIZE = sizeof(cal_key) };
    char *at = (char *)heap;
    size_t i = 0, c = SIZE, last = (size_t)n * SIZE - SIZE;
#define CAL_AT(x) (*(cal_key *)(void *)(at + (x)))
    while (c < last) {
        c += CAL_AT(c + SIZE) < CAL_AT(c) ? SIZE : 0;
        if (k <= CAL_AT(c))
            break;
        CAL_AT(i) = CAL_AT(c);
        i = c;
        c = 2 * i + SIZE;
    }
    if (c == last && CAL_AT(c) < k) {
        CAL_AT(i) = CAL_AT(c);
        i = c;
    }
    CAL_AT(i) = k;
#undef CAL_AT
}

static inline void cal_heap_rise(cal_key *heap, uint32_t i, cal_key k)
{
    while (i > 0) {
        uint32_t up = (i - 1) / 2;
        if (heap[up] <= k)
            break;
        heap[i] = heap[up];
        i = up;
    }
    heap[i] = k;
}

HOT void cal_heap_push(struct world *w, cal_key k)
{
    struct head *h = W_HEAD(w);
    if (h->heap_hole) {
        h->heap_hole = false;
        cal_heap_sink(W_PTR(w, cal_key, h->heap), h->heap_n, k);
        return;
    }
    if (h->heap_n == h->heap_cap)
        cal_heap_more(w);
    cal_heap_rise(W_PTR(w, cal_key, h->heap), h->heap_n++, k);
}

/* cal_at() without the call; `at` is not in the past. */
HOT uint32_t cal_put(struct world *w, sim_time at, int event, comp_id c, uint32_t a,
                     uint32_t b)
{
    uint32_t s = cal_slot_take(w, event, CAL_LANES, c, a, b, 0);
    cal_heap_push(w, cal_key_make(at, W_HEAD(w)->seq++, s));
    return s;
}

/* cal_after() without the call, for those who keep in *lane where they found the last
 * one (at first: any number). */
HOT uint32_t cal_after_in(struct world *w, uint8_t *lane, sim_time delay, int event,
                          comp_id c, uint32_t a, uint32_t b)
{
    struct head *h = W_HEAD(w);
    struct cal_lane *lanes = W_PTR(w, struct cal_lane, h->lanes);
    sim_time at = h->now > SIM_FOREVER - delay ? SIM_FOREVER : h->now + delay;
    if (*lane >= CAL_LANES || lanes[*lane].delay != delay || !lanes[*lane].used) {
        *lane = (uint8_t)cal_lane_of(lanes, delay);
        if (*lane == CAL_LANES)
            return cal_put(w, at, event, c, a, b);
    }
    struct cal_lane *l = &lanes[*lane];
    if (l->tail - l->head + 1 >= l->cap)
        cal_lane_grow(w, l);
    uint32_t s = cal_slot_take(w, event, *lane, c, a, b, l->tail);
    cal_key k = cal_key_make(at, h->seq++, s);
    W_PTR(w, cal_key, l->ring)[l->tail & (l->cap - 1)] = k;
    if (l->head == l->tail++)
        cal_heap_push(w, k);
    return s;
}

/* Nothing was put where the top was taken: the last one sinks from there. */
HOT void cal_heap_close(struct head *h, cal_key *heap)
{
    h->heap_hole = false;
    h->heap_n--;
    if (h->heap_n > 0)
        cal_heap_sink(heap, h->heap_n, heap[h->heap_n]);
}

/* The head of a lane has come up: the next one that still counts takes its place. */
HOT void cal_lane_advance(struct world *w, struct cal_lane *l)
{
    struct head *h = W_HEAD(w);
    const cal_key *ring = W_PTR(w, cal_key, l->ring);
    l->head++;
    while (l->head != l->tail) {
        cal_key k = ring[l->head & (l->cap - 1)];
        if (k != 0) {
            cal_heap_sink(W_PTR(w, cal_key, h->heap), h->heap_n, k);
            return;
        }
        l->head++;
    }
    h->heap_hole = true;
}

/* Takes the next event at or before `until`; false: there is none. */
HOT bool calendar_next(struct world *w, sim_time until, struct cal_slot *out,
                       sim_time *at)
{
    struct head *h = W_HEAD(w);
    cal_key *heap = W_PTR(w, cal_key, h->heap);
    for (;;) {
        if (h->heap_hole)
            cal_heap_close(h, heap);
        if (h->heap_n == 0 || cal_key_time(heap[0]) > until)
            return false;
        *at = cal_key_time(heap[0]);
        uint32_t s = (uint32_t)heap[0] & CAL_SLOT_MASK;
        struct cal_slot *slot = cal_slot_at(w, s);
        *out = *slot;
        if (out->lane == CAL_LANES)
            h->heap_hole = true;
        else
            cal_lane_advance(w, W_PTR(w, struct cal_lane, h->lanes) + out->lane);
        cal_slot_drop(h, slot, s);
        if (out->event != EV_NONE)
            return true;
    }
}

#endif
