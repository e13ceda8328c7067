/*
 * A direction of a link that has a bandwidth: a queue of frames, of which the first
 * is on the wire. A frame of b bytes is out after exactly b / rate, rounded up to a
 * nanosecond; when the rate changes, what is left of it goes on at the new one.
 *
 * The frames are in a ring of their own, not in the acts: what was handed to the wire
 * takes its time there whatever becomes of who sent it.
 */
#include "net/link.h"

#define PER_S UINT64_C(1000000000)

static struct frame *frame_at(const struct world *w, const struct lane *l, uint32_t i)
{
    return W_PTR(w, struct frame, l->ring) + (i & (l->cap - 1));
}

/* Busy time at the whole seconds that have passed. */
static void note_seconds(const struct world *w, struct lane *l)
{
    sim_time second = w_now(w) / SIM_SEC;
    if (second == l->second)
        return;
    bool works = l->timer != 0;
    for (int back = 1; back >= 0; back--) {
        sim_time at = (second - back) * SIM_SEC;
        if (second - back == l->second)
            l->busy_at[1] = l->busy_at[0];
        else
            l->busy_at[back] = l->busy + (works && at > l->since ? at - l->since : 0);
    }
    l->second = second;
}

/* Brings `left` and `busy` up to now. */
static void touch(const struct world *w, struct lane *l, uint64_t rate)
{
    note_seconds(w, l);
    if (l->timer != 0) {
        sim_time t = w_now(w) - l->since;
        uint64_t done = (uint64_t)t * rate;
        l->busy += t;
        l->left -= done < l->left ? done : l->left;
    }
    l->since = w_now(w);
}

static void arm(struct world *w, comp_id c, enum way way)
{
    struct link *k = link_at(w, c);
    struct lane *l = &k->lanes[way];
    sim_time rest = k->rate == 0 ? 0 : (sim_time)((l->left + k->rate - 1) / k->rate);
    l->timer = cal_at(w, w_now(w) + rest, EV_KIND + LE_SENT, c, way, 0);
}

static void start_head(struct world *w, comp_id c, enum way way)
{
    struct lane *l = &link_at(w, c)->lanes[way];
    if (l->head == l->tail)
        return;
    l->left = frame_at(w, l, l->head)->bytes * PER_S;
    arm(w, c, way);
}

static void grow(struct world *w, struct lane *l)
{
    uint32_t cap = 0;
    ref ring = 0;
    w_grow(w, &ring, &cap, l->cap == 0 ? TINY(16, 1) : l->cap * 2,
           sizeof(struct frame));
    struct frame *to = W_PTR(w, struct frame, ring);
    for (uint32_t i = l->head; i != l->tail; i++)
        to[i & (cap - 1)] = *frame_at(w, l, i);
    if (l->cap > 0)
        w_release(w, l->ring, l->cap * sizeof(struct frame));
    l->ring = ring;
    l->cap = cap;
}

void lane_push(struct world *w, comp_id link, enum way way, struct frame f)
{
    struct link *k = link_at(w, link);
    struct lane *l = &k->lanes[way];
    touch(w, l, k->rate);
    if (l->tail - l->head == l->cap)
        grow(w, l);
    *frame_at(w, l, l->tail++) = f;
    l->queued += f.bytes;
    if (l->timer == 0)
        start_head(w, link, way);
}

struct frame lane_pop(struct world *w, comp_id link, enum way way)
{
    struct link *k = link_at(w, link);
    struct lane *l = &k->lanes[way];
    touch(w, l, k->rate);
    l->timer = 0;
    struct frame f = *frame_at(w, l, l->head++);
    l->queued -= f.bytes;
    start_head(w, link, way);
    return f;
}

void lanes_retune(struct world *w, comp_id link)
{
    struct link *k = link_at(w, link);
    uint64_t rate = (uint64_t)p_count(w, link, LP_BANDWIDTH);
    if (rate > 0 && k->narrow < 1) {
        rate = (uint64_t)((double)rate * k->narrow);
        rate = rate > 0 ? rate : 1;
    }
    for (int way = WAY_THERE; way <= WAY_BACK; way++)
        touch(w, &k->lanes[way], k->rate);
    k->rate = rate;
    for (int way = WAY_THERE; way <= WAY_BACK; way++) {
        if (k->lanes[way].timer == 0)
            continue;
        cal_cancel(w, &k->lanes[way].timer);
        arm(w, link, (enum way)way);
    }
}

sim_time lane_busy(const struct world *w, const struct lane *l)
{
    return l->busy + (l->timer != 0 ? w_now(w) - l->since : 0);
}

double lane_load(const struct world *w, const struct lane *l)
{
    struct lane now = *l;
    note_seconds(w, &now);
    sim_time from = now.second > 0 ? (now.second - 1) * SIM_SEC : 0;
    sim_time span = w_now(w) - from;
    return span == 0
               ? 0
               : (double)(lane_busy(w, l) - now.busy_at[now.second > 0]) / (double)span;
}
