/*
 * Cursors: how far a log subscription is in each partition.
 *
 * One batch of a partition is out at a time. Its messages are processed in order, which
 * moves `processed`; when none is out any more the place is committed. A crash goes
 * back to what was committed: the part of the batch that had been processed comes
 * again. Moving the cursor raises its fence, so that what is still out changes nothing.
 */
#include "broker.h"

static const struct partition *partition_of(const struct world *w, comp_id c,
                                            uint32_t p)
{
    return partition_at(w, sub_topic(w, c), p);
}

void sub_left_bad(struct world *w, comp_id c, uint64_t n)
{
    sub_of(w, c)->bad += n;
}

static void lose(struct world *w, comp_id c, int64_t n)
{
    if (n <= 0)
        return;
    sub_of(w, c)->expired += (uint64_t)n;
    sub_left_bad(w, c, (uint64_t)n);
}

/* Nothing is out: where it goes on. What was given up is taken again, as far as it is
 * there. */
void cursor_settle(struct world *w, comp_id c, uint32_t p)
{
    struct cursor *u = cursor_at(w, c, p);
    int64_t start = partition_of(w, c, p)->start;
    if (u->out > 0)
        return;
    if (u->processed < u->taken) {
        int64_t gone = start < u->taken ? start : u->taken;
        lose(w, c, gone - u->processed);
        int64_t again = u->processed > start ? u->processed : start;
        if (again < u->taken)
            u->next = again;
    }
    u->processed = u->committed = u->taken = u->next;
}

void cursor_delivered(struct world *w, comp_id c, const struct act *a, bool done)
{
    struct cursor *u = cursor_at(w, c, a->start_pc);
    if (a->y != u->fence)
        return;
    if (done) {
        u->processed = (int64_t)a->mark + 1;
        u->tries = 0;
    }
    u->out--;
    cursor_settle(w, c, a->start_pc);
}

void cursor_crash(struct world *w, comp_id c, uint32_t p)
{
    struct cursor *u = cursor_at(w, c, p);
    u->fence++;
    u->out = u->tries = 0;
    u->processed = u->committed;
    cursor_settle(w, c, p);
}

void sub_seek(struct world *w, comp_id c, uint32_t p, int64_t to)
{
    struct cursor *u = cursor_at(w, c, p);
    u->fence++;
    u->out = u->tries = 0;
    u->next = u->taken = u->processed = u->committed = to;
    deliveries_drop(w, c, NULL, (int)p);
}

void sub_lost(struct world *w, comp_id c, uint32_t p, int64_t start)
{
    struct cursor *u = cursor_at(w, c, p);
    if (u->next >= start)
        return;
    lose(w, c, start - u->next);
    u->next = start;
    if (u->out == 0)
        u->taken = u->processed = u->committed = start;
}

int64_t sub_needs(const struct world *w, comp_id c, uint32_t p)
{
    return cursor_at(w, c, p)->committed;
}

void sub_partitions(struct world *w, comp_id c)
{
    struct subscription_state *s = sub_of(w, c);
    uint32_t n = topic_of(w, sub_topic(w, c))->n;
    w_grow(w, &s->cursors, &s->cursors_cap, n, sizeof(struct cursor));
    s->ncursors = n;
}
