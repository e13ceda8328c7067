/*
 * loop: the loop's side of the calendar, and the way in and out of it for those files
 * that take it a million times a second. What it is and why: calendar.c.
 */
#ifndef SIM_ENGINE_LOOP_H
#define SIM_ENGINE_LOOP_H

#include "engine/calendar.h"
#include "engine/heap.h"

/* The low bits of a key say where what happens lies: in this slot, or, from
 * CAL_LANE_FIRST on, at the head of this lane. */
enum { CAL_LANES = 64, CAL_SLOT_BITS = 24 };
#define CAL_SLOT_MASK  ((1u << CAL_SLOT_BITS) - 1)
#define CAL_LANE_FIRST (CAL_SLOT_MASK + 1 - CAL_LANES)

/* A timer's number: that of its slot, or this bit, the lane and the place in it. */
#define CAL_IN_LANE  (1u << 31)
#define CAL_LANE_BIT 25
#define CAL_PLACES   ((1u << CAL_LANE_BIT) - 1)

struct cal_slot {
    struct cal_event of;
    uint32_t next; /* while free */
};
struct cal_place { /* in a lane */
    heap_key key;
    struct cal_event of;
};
struct cal_lane {
    sim_time delay;           /* CAL_CLOSED: takes no more, for whatever delay */
    ref ring;                 /* struct cal_place */
    uint32_t head, tail, cap; /* cap: power of two; head == tail: empty */
    bool used;
};
#define CAL_CLOSED (-1)

void calendar_init(struct world *w);
uint32_t calendar_pending(const struct world *w);
uint32_t cal_slot_more(struct world *w) SELDOM;
void cal_heap_more(struct world *w) SELDOM;
/* A lane with room for this delay, whose own is full. */
unsigned cal_lane_more(struct world *w, unsigned lane) SELDOM;
/* The lane of this delay; CAL_LANES: all are taken by others. */
unsigned cal_lane_of(struct cal_lane *lanes, sim_time delay);

static inline heap_key cal_key_make(sim_time at, uint64_t seq, uint32_t where)
{
    return (heap_key)(uint64_t)at << 64 | (heap_key)seq << CAL_SLOT_BITS | where;
}

static inline sim_time cal_key_time(heap_key k)
{
    return (sim_time)(uint64_t)(k >> 64);
}

static inline struct cal_slot *cal_slot_at(const struct world *w, uint32_t s)
{
    return W_PTR(w, struct cal_slot, W_HEAD(w)->slots) + s;
}

static inline struct cal_place *cal_place_at(const struct world *w,
                                             const struct cal_lane *l, uint32_t i)
{
    return W_PTR(w, struct cal_place, l->ring) + (i & (l->cap - 1));
}

HOT void cal_heap_push(struct world *w, heap_key k)
{
    struct head *h = W_HEAD(w);
    if (h->heap_hole) {
        h->heap_hole = false;
        heap_sink(W_PTR(w, heap_key, h->heap), h->heap_n, k);
        return;
    }
    if (h->heap_n == h->heap_cap)
        cal_heap_more(w);
    heap_rise(W_PTR(w, heap_key, h->heap), h->heap_n++, k);
}

/* cal_at() without the call; `at` is not in the past. */
HOT uint32_t cal_put(struct world *w, sim_time at, int event, comp_id c, uint32_t a,
                     uint32_t b)
{
    struct head *h = W_HEAD(w);
    uint32_t s = h->slot_free;
    if (s == 0)
        s = cal_slot_more(w);
    struct cal_slot *slot = cal_slot_at(w, s);
    h->slot_free = slot->next;
    slot->of = (struct cal_event){(uint8_t)event, c, a, b};
    cal_heap_push(w, cal_key_make(at, h->seq++, s));
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
    if (lanes[*lane].tail - lanes[*lane].head == lanes[*lane].cap)
        *lane = (uint8_t)cal_lane_more(w, *lane);
    struct cal_lane *l = &lanes[*lane];
    heap_key k = cal_key_make(at, h->seq++, CAL_LANE_FIRST + *lane);
    uint32_t i = l->tail++;
    *cal_place_at(w, l, i) =
        (struct cal_place){.key = k, .of = {(uint8_t)event, c, a, b}};
    if (i == l->head)
        cal_heap_push(w, k);
    return CAL_IN_LANE | (uint32_t)*lane << CAL_LANE_BIT | (i & CAL_PLACES);
}

/* Nothing was put where the top was taken: the last one sinks from there. */
HOT void cal_heap_close(struct head *h, heap_key *heap)
{
    h->heap_hole = false;
    h->heap_n--;
    if (h->heap_n > 0)
        heap_sink(heap, h->heap_n, heap[h->heap_n]);
}

/* Takes the head of a lane, which has come up: the next one that still counts takes its
 * place in the heap. */
HOT void cal_lane_take(struct world *w, struct cal_lane *l, struct cal_event *out)
{
    struct head *h = W_HEAD(w);
    const struct cal_place *ring = W_PTR(w, struct cal_place, l->ring);
    uint32_t mask = l->cap - 1, i = l->head, end = l->tail;
    *out = ring[i & mask].of;
    do
        i++;
    while (i != end && ring[i & mask].of.event == EV_NONE);
    l->head = i;
    if (i == end)
        h->heap_hole = true;
    else
        heap_sink(W_PTR(w, heap_key, h->heap), h->heap_n, ring[i & mask].key);
}

HOT void cal_slot_take(struct world *w, uint32_t s, struct cal_event *out)
{
    struct head *h = W_HEAD(w);
    struct cal_slot *slot = cal_slot_at(w, s);
    *out = slot->of;
    slot->of.event = EV_NONE;
    slot->next = h->slot_free;
    h->slot_free = s;
    h->heap_hole = true;
}

/* Where in the heap the next two are, if nothing comes in between. n >= 5. */
HOT void cal_next_two(const struct head *h, const heap_key *heap, uint32_t at[2])
{
    uint32_t first = heap[2] < heap[1] ? 2 : 1;
    if (!h->heap_hole) {
        at[0] = 0;
        at[1] = first;
        return;
    }
    uint32_t left = 2 * first + 1, other = 3 - first;
    if (left + 1 < h->heap_n) {
        left += heap[left + 1] < heap[left];
        other = heap[left] < heap[other] ? left : other;
    }
    at[0] = first;
    at[1] = other;
}

/* The event of a key; NULL: it lies in a lane. */
HOT const struct cal_event *cal_event_of(const struct world *w, heap_key k)
{
    uint32_t where = (uint32_t)k & CAL_SLOT_MASK;
    return where < CAL_LANE_FIRST ? &cal_slot_at(w, where)->of : NULL;
}

/* Takes the next event at or before `until`; false: there is none. */
HOT bool calendar_next(struct world *w, sim_time until, struct cal_event *out,
                       sim_time *at)
{
    struct head *h = W_HEAD(w);
    heap_key *heap = W_PTR(w, heap_key, h->heap);
    for (;;) {
        if (h->heap_hole)
            cal_heap_close(h, heap);
        if (h->heap_n == 0 || cal_key_time(heap[0]) > until)
            return false;
        *at = cal_key_time(heap[0]);
        uint32_t where = (uint32_t)heap[0] & CAL_SLOT_MASK;
        if (where < CAL_LANE_FIRST)
            cal_slot_take(w, where, out);
        else
            cal_lane_take(
                w, W_PTR(w, struct cal_lane, h->lanes) + (where - CAL_LANE_FIRST), out);
        if (out->event != EV_NONE)
            return true;
    }
}

#endif
