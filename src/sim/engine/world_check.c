/*
 * A walk through a world that holds it against what the headers promise: the calendar is
 * a heap, its lanes are in order, free lists lead through what is free, and all acts that
 * were made are alive or free. The hostile build walks every few events; tests may, at
 * any moment between two events.
 */
#include "engine/world_check.h"
#include "engine/kind.h"
#include "engine/life.h"
#include "engine/loop.h"
#include "engine/memory.h"

/* ---- the calendar ---------------------------------------------------------------- */

/* While the top is a hole its key is that of the event which is running. */
static void check_heap(const struct world *w)
{
    const struct head *h = W_HEAD(w);
    const heap_key *heap = W_PTR(w, heap_key, h->heap);
    WALK(h->heap_n <= h->heap_cap);
    WALK(!h->heap_hole || h->heap_n > 0);
    for (uint32_t i = 1; i < h->heap_n; i++)
        WALK(heap[(i - 1) / 2] < heap[i]);
    for (uint32_t i = h->heap_hole; i < h->heap_n; i++) {
        uint32_t where = (uint32_t)heap[i] & CAL_SLOT_MASK;
        WALK(cal_key_time(heap[i]) >= h->now);
        WALK(where != 0 && (where >= CAL_LANE_FIRST || where < h->slot_n));
    }
}

/* Each slot is planned or free, and a key stands for each that is planned. */
static void check_slots(const struct world *w)
{
    const struct head *h = W_HEAD(w);
    uint32_t nfree = 0, nkeys = 0;
    const heap_key *heap = W_PTR(w, heap_key, h->heap);
    for (uint32_t s = h->slot_free; s != 0; s = cal_slot_at(w, s)->next) {
        WALK(s < h->slot_n && cal_slot_at(w, s)->of.event == EV_NONE);
        WALK(++nfree < h->slot_n);
    }
    for (uint32_t i = h->heap_hole; i < h->heap_n; i++)
        nkeys += ((uint32_t)heap[i] & CAL_SLOT_MASK) < CAL_LANE_FIRST;
    WALK(h->slot_n <= h->slot_cap && nfree + nkeys == h->slot_n - 1);
}

/* A lane that is not empty begins with an event that counts, whose key is in the heap;
 * the rest follow in order. */
static void check_lanes(const struct world *w)
{
    const struct head *h = W_HEAD(w);
    const struct cal_lane *lanes = W_PTR(w, struct cal_lane, h->lanes);
    const heap_key *heap = W_PTR(w, heap_key, h->heap);
    for (uint32_t n = 0; n < CAL_LANES; n++) {
        const struct cal_lane *l = &lanes[n];
        WALK(l->tail - l->head <= l->cap && (l->cap & (l->cap - 1)) == 0);
        WALK(l->used || l->cap == 0);
        for (uint32_t i = l->head; i != l->tail && i + 1 != l->tail; i++)
            WALK(cal_place_at(w, l, i)->key < cal_place_at(w, l, i + 1)->key);
        uint32_t found = 0;
        for (uint32_t i = h->heap_hole; i < h->heap_n; i++)
            if (((uint32_t)heap[i] & CAL_SLOT_MASK) == CAL_LANE_FIRST + n)
                found +=
                    l->head != l->tail && heap[i] == cal_place_at(w, l, l->head)->key
                        ? 1
                        : 2;
        WALK(found == (l->head != l->tail));
    }
}

/* ---- acts ------------------------------------------------------------------------ */

static void check_acts(const struct world *w)
{
    const struct head *h = W_HEAD(w);
    uint32_t nfree = 0;
    for (ref r = h->act_free; r != 0; r = act_at(w, r)->next) {
        WALK(act_at(w, r)->gen == 0 && (!CHECKING || act_is_free(act_at(w, r))));
        WALK(++nfree <= h->acts_made);
    }
    WALK(h->acts + nfree == h->acts_made);
    WALK(h->ready_tail - h->ready_head <= h->ready_cap);
    WALK((h->ready_cap & (h->ready_cap - 1)) == 0);
    WALK(h->acts_made <= h->ready_cap || h->acts_made == 0);
}

/* ---- memory ---------------------------------------------------------------------- */

static void check_memory(const struct world *w)
{
    const struct head *h = W_HEAD(w);
    size_t words = 0;
    WALK((size_t)h->used * 8 <= w->mapped);
    for (unsigned c = 0; c < 32; c++)
        for (ref r = h->free_lists[c]; r != 0; r = *W_PTR(w, ref, r)) {
            WALK(r >= w->model->fixed && r + ((ref)1 << c) <= h->used);
            WALK((words += (size_t)1 << c) <= h->used);
        }
}

void world_check(const struct world *w)
{
    check_memory(w);
    check_heap(w);
    check_slots(w);
    check_lanes(w);
    check_acts(w);
}
