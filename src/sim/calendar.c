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

__extension__ typedef unsigned __int128 cal_key;

#define SLOT_BITS 24
#define SEQ_BITS  40
#define SLOT_MASK ((1u << SLOT_BITS) - 1)

struct cal_lane {
    sim_time delay;
    ref ring;                 /* cal_key */
    uint32_t head, tail, cap; /* cap: power of two; head == tail: empty */
    bool used;
};

static cal_key key_make(sim_time at, uint64_t seq, uint32_t slot)
{
    return (cal_key)(uint64_t)at << 64 | (cal_key)seq << SLOT_BITS | slot;
}

static sim_time key_time(cal_key k)
{
    return (sim_time)(uint64_t)(k >> 64);
}

void calendar_init(struct world *w)
{
    struct head *h = W_HEAD(w);
    h->lanes = w_alloc(w, CAL_LANES * sizeof(struct cal_lane));
    h->slot_n = 1; /* 0 means none */
    w_grow(w, &h->slots, &h->slot_cap, 256, sizeof(struct cal_slot));
    w_grow(w, &h->heap, &h->heap_cap, 256, sizeof(cal_key));
}

static struct cal_slot *slot_at(const struct world *w, uint32_t s)
{
    return W_PTR(w, struct cal_slot, W_HEAD(w)->slots) + s;
}

static SELDOM uint32_t slot_more(struct world *w)
{
    struct head *h = W_HEAD(w);
    if (h->slot_n > SLOT_MASK)
        BUG("more than %u events are pending", SLOT_MASK);
    w_grow(w, &h->slots, &h->slot_cap, h->slot_n + 1, sizeof(struct cal_slot));
    return h->slot_n++;
}

static inline uint32_t slot_take(struct world *w, int event, comp_id c, uint32_t a,
                                 uint32_t b)
{
    struct head *h = W_HEAD(w);
    uint32_t s = h->slot_free;
    if (s != 0)
        h->slot_free = slot_at(w, s)->link;
    else
        s = slot_more(w);
    *slot_at(w, s) = (struct cal_slot){
        .event = (uint8_t)event, .lane = CAL_LANES, .comp = c, .a = a, .b = b};
    return s;
}

static inline void slot_drop(struct world *w, uint32_t s)
{
    struct head *h = W_HEAD(w);
    struct cal_slot *slot = slot_at(w, s);
    slot->event = EV_NONE;
    slot->link = h->slot_free;
    h->slot_free = s;
}

/* Puts k where the top was and lets it sink. */
static void heap_sink(cal_key *heap, uint32_t n, cal_key k)
{
    uint32_t i = 0, c = 1;
    while (c + 1 < n) {
        c += heap[c + 1] < heap[c];
        if (k <= heap[c])
            break;
        heap[i] = heap[c];
        i = c;
        c = 2 * i + 1;
    }
    if (c + 1 == n && heap[c] < k) {
        heap[i] = heap[c];
        i = c;
    }
    heap[i] = k;
}

static void heap_rise(cal_key *heap, uint32_t i, cal_key k)
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

static void heap_push(struct world *w, cal_key k)
{
    struct head *h = W_HEAD(w);
    if (h->heap_hole) {
        h->heap_hole = false;
        heap_sink(W_PTR(w, cal_key, h->heap), h->heap_n, k);
        return;
    }
    if (h->heap_n == h->heap_cap)
        w_grow(w, &h->heap, &h->heap_cap, h->heap_n + 1, sizeof(cal_key));
    heap_rise(W_PTR(w, cal_key, h->heap), h->heap_n++, k);
}

/* Nothing was put where the top was taken: the last one sinks from there. */
static void heap_close(struct head *h, cal_key *heap)
{
    h->heap_hole = false;
    h->heap_n--;
    if (h->heap_n > 0)
        heap_sink(heap, h->heap_n, heap[h->heap_n]);
}

uint32_t cal_at(struct world *w, sim_time at, int event, comp_id c, uint32_t a,
                uint32_t b)
{
    struct head *h = W_HEAD(w);
    uint32_t s = slot_take(w, event, c, a, b);
    heap_push(w, key_make(at < h->now ? h->now : at, h->seq++, s));
    return s;
}

/* The lane of this delay; NULL: all are taken by others. */
static inline struct cal_lane *lane_of(struct cal_lane *lanes, sim_time delay)
{
    uint32_t i = (uint32_t)(((uint64_t)delay * UINT64_C(0x9e3779b97f4a7c15)) >> 58);
    for (uint32_t n = 0; n < CAL_LANES; n++, i = (i + 1) % CAL_LANES) {
        if (lanes[i].delay == delay && lanes[i].used)
            return &lanes[i];
        if (!lanes[i].used) {
            lanes[i].used = true;
            lanes[i].delay = delay;
            return &lanes[i];
        }
    }
    return NULL;
}

/* A larger ring: what lies in it moves to where its number says. */
static SELDOM void lane_grow(struct world *w, struct cal_lane *l)
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
    struct head *h = W_HEAD(w);
    struct cal_lane *lanes = W_PTR(w, struct cal_lane, h->lanes);
    struct cal_lane *l = lane_of(lanes, delay);
    sim_time at = h->now > SIM_FOREVER - delay ? SIM_FOREVER : h->now + delay;
    if (l == NULL)
        return cal_at(w, at, event, c, a, b);
    if (l->tail - l->head + 1 >= l->cap)
        lane_grow(w, l);
    uint32_t s = slot_take(w, event, c, a, b);
    struct cal_slot *slot = slot_at(w, s);
    slot->lane = (uint8_t)(l - lanes);
    slot->link = l->tail;
    cal_key k = key_make(at, h->seq++, s);
    W_PTR(w, cal_key, l->ring)[l->tail & (l->cap - 1)] = k;
    if (l->head == l->tail++)
        heap_push(w, k);
    return s;
}

void cal_drop(struct world *w, uint32_t s)
{
    struct head *h = W_HEAD(w);
    struct cal_slot *slot = slot_at(w, s);
    slot->event = EV_NONE;
    if (slot->lane == CAL_LANES)
        return;
    struct cal_lane *l = W_PTR(w, struct cal_lane, h->lanes) + slot->lane;
    if (slot->link == l->head) /* its key is in the heap */
        return;
    W_PTR(w, cal_key, l->ring)[slot->link & (l->cap - 1)] = 0;
    slot_drop(w, s);
}

/* The head of a lane has come up: the next one that still counts takes its place. */
static void lane_advance(struct world *w, struct cal_lane *l)
{
    struct head *h = W_HEAD(w);
    const cal_key *ring = W_PTR(w, cal_key, l->ring);
    l->head++;
    while (l->head != l->tail) {
        cal_key k = ring[l->head & (l->cap - 1)];
        if (k != 0) {
            heap_sink(W_PTR(w, cal_key, h->heap), h->heap_n, k);
            return;
        }
        l->head++;
    }
    h->heap_hole = true;
}

bool calendar_next(struct world *w, sim_time until, struct cal_slot *out, sim_time *at)
{
    struct head *h = W_HEAD(w);
    const cal_key *heap = W_PTR(w, cal_key, h->heap);
    for (;;) {
        if (h->heap_hole)
            heap_close(h, W_PTR(w, cal_key, h->heap));
        if (h->heap_n == 0 || key_time(heap[0]) > until)
            return false;
        *at = key_time(heap[0]);
        uint32_t s = (uint32_t)heap[0] & SLOT_MASK;
        *out = *slot_at(w, s);
        if (out->lane == CAL_LANES)
            h->heap_hole = true;
        else
            lane_advance(w, W_PTR(w, struct cal_lane, h->lanes) + out->lane);
        slot_drop(w, s);
        if (out->event != EV_NONE)
            return true;
    }
}
