/*
 * The store of a topic: messages of a partition by offset, in segments that are given
 * back as soon as the last message in them is gone.
 */
#include "broker/topic.h"

enum { SEGMENT_BYTES = SEGMENT_MESSAGES * sizeof(struct message) };

static ref *segments(const struct world *w, const struct partition *p)
{
    return W_PTR(w, ref, p->segments);
}

struct message *partition_message(const struct world *w, const struct partition *p,
                                  int64_t offset)
{
    CHECK(offset >= p->start && offset < p->end);
    assert(offset >= p->start && offset < p->end);
    int64_t at = offset - p->base;
    ref segment = segments(w, p)[at / SEGMENT_MESSAGES];
    return W_PTR(w, struct message, segment) + at % SEGMENT_MESSAGES;
}

int64_t partition_append(struct world *w, struct partition *p, const struct message *m)
{
    CHECK(p->start <= p->end);
    if (p->end - p->base == (int64_t)p->nsegments * SEGMENT_MESSAGES) {
        w_grow(w, &p->segments, &p->cap, p->nsegments + 1, sizeof(ref));
        segments(w, p)[p->nsegments++] = w_alloc(w, SEGMENT_BYTES);
    }
    p->end++;
    *partition_message(w, p, p->end - 1) = *m;
    return p->end - 1;
}

void partition_trim(struct world *w, struct partition *p, int64_t upto)
{
    assert(upto <= p->end);
    upto = upto < p->end ? upto : p->end;
    if (upto <= p->start)
        return;
    p->start = upto;
    uint32_t dead = (uint32_t)((upto - p->base) / SEGMENT_MESSAGES);
    if (dead == 0)
        return;
    ref *s = segments(w, p);
    for (uint32_t i = 0; i < dead; i++)
        w_release(w, s[i], SEGMENT_BYTES);
    p->nsegments -= dead;
    memmove(s, s + dead, p->nsegments * sizeof *s);
    p->base += (int64_t)dead * SEGMENT_MESSAGES;
}

int64_t partition_find(const struct world *w, const struct partition *p, sim_time t)
{
    int64_t from = p->start, upto = p->end;
    while (from < upto) {
        int64_t middle = from + (upto - from) / 2;
        if (partition_message(w, p, middle)->published < t)
            from = middle + 1;
        else
            upto = middle;
    }
    return from;
}
