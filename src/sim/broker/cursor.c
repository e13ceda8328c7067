/*
 * Cursors: how far a log subscription is in each partition.
 *
 * One batch of a partition is out at a time. Its messages are processed in order, which
 * moves `processed`; when none is out any more the place is committed. A crash goes
 * back to what was committed: the part of the batch that had been processed comes
 * again. Moving the cursor raises its fence, so that what is still out changes nothing.
 */
#include "broker/subscription.h"

static const struct partition *partition_of(const struct world *w, comp_id c,
                                            uint32_t p)
{
    return partition_at(w, sub_topic(w, c), p);
}

void sub_left_bad(struct world *w, comp_id c, uint64_t n)
{
    sub_of(w, c)->bad += n;
}

/* Messages from `from` up to `to` that are in no book yet; now they are. */
static int64_t count_up(struct cursor *u, int64_t from, int64_t to)
{
    from = from > u->counted ? from : u->counted;
    if (to <= from)
        return 0;
    u->counted = to;
    return to - from;
}

static void lose(struct world *w, comp_id c, struct cursor *u, int64_t from, int64_t to)
{
    uint64_t n = (uint64_t)count_up(u, from, to);
    sub_of(w, c)->expired += n;
    sub_left_bad(w, c, n);
}

/* Nothing is out: where it goes on. What was given up is taken again, as far as it is
 * there; what went behind the batch's back is lost. */
static void cursor_settle(struct world *w, comp_id c, uint32_t p)
{
    struct cursor *u = cursor_at(w, c, p);
    int64_t start = partition_of(w, c, p)->start;
    if (u->out > 0)
        return;
    if (u->processed < u->taken) {
        lose(w, c, u, u->processed, start < u->taken ? start : u->taken);
        int64_t again = u->processed > start ? u->processed : start;
        if (again < u->taken)
            u->next = again;
    }
    if (u->next > u->taken)
        lose(w, c, u, u->taken, u->next);
    u->processed = u->committed = u->taken = u->next;
}

void cursor_delivered(struct world *w, comp_id c, const struct act *a, bool done)
{
    struct cursor *u = cursor_at(w, c, a->delivery.partition);
    if (a->delivery.stamp != u->fence)
        return;
    if (done) {
        u->processed = a->delivery.offset + 1;
        u->tries = 0;
    }
    u->out--;
    cursor_settle(w, c, a->delivery.partition);
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
    if (u->next > u->taken) /* all of that is deleted */
        lose(w, c, u, u->processed, u->next);
    u->fence++;
    u->out = u->tries = 0;
    u->next = u->taken = u->processed = u->committed = to;
    deliveries_drop(w, c, NULL, (int)p);
}

int64_t cursor_skip(struct world *w, comp_id c, uint32_t p, int64_t to)
{
    struct cursor *u = cursor_at(w, c, p);
    int64_t n = count_up(u, u->processed, to < u->taken ? to : u->taken);
    if (u->next > u->taken && to > u->taken)
        lose(w, c, u, u->taken, u->next);
    return n + count_up(u, u->next, to);
}

/* While a batch is out, its own messages come first: the rest is counted with them. */
void sub_lost(struct world *w, comp_id c, uint32_t p, int64_t start)
{
    struct cursor *u = cursor_at(w, c, p);
    if (u->next >= start)
        return;
    if (u->out == 0) {
        lose(w, c, u, u->next, start);
        u->taken = u->processed = u->committed = start;
    }
    u->next = start;
}

uint64_t sub_gap(const struct world *w, comp_id c)
{
    uint64_t n = 0;
    for (uint32_t p = 0; p < sub_of(w, c)->ncursors; p++) {
        const struct cursor *u = cursor_at(w, c, p);
        int64_t from = u->taken > u->counted ? u->taken : u->counted;
        n += u->next > from ? (uint64_t)(u->next - from) : 0;
    }
    return n;
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
    sub_assign_new(w, c);
}
