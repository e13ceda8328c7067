/*
 * Activations: their life, and the ledger of where their time went.
 *
 * The rule that makes slices sum to durations: an act is accounted up to `since`, and
 * what it does from then on is either (cause, place) or its child (cause CAUSE_COUNT),
 * whose own ledger begins at that very moment. Whatever ends the wait moves the time
 * into the ledger and sets `since` to now.
 */
#include "engine/kind.h"
#include "engine/ledger.h"
#include "engine/life.h"
#include "engine/queue.h"
#include "engine/station.h"
#include "engine/telling.h"

enum {
    ACT_CHUNK = TINY(16384, sizeof(struct act)),
    LEDGER_CHUNK = TINY(4096, sizeof(struct ledger_chunk)),
    READY_FIRST = TINY(64, 1)
};

/* ---- life ------------------------------------------------------------------------ */

void acts_more(struct world *w)
{
    ref r = w_alloc(w, ACT_CHUNK);
    struct act *a = W_PTR(w, struct act, r);
    for (size_t i = 0; i < ACT_CHUNK / sizeof *a; i++) {
        act_poison(&a[i]);
        a[i].next = W_HEAD(w)->act_free;
        W_HEAD(w)->act_free = W_REF(w, &a[i]);
        W_HEAD(w)->acts_made++;
    }
    /* When an instance goes, all that waited for it go on in the same event. */
    while (W_HEAD(w)->ready_cap < W_HEAD(w)->acts_made)
        ready_grow(w);
}

void chunks_free(struct world *w, ref chunks)
{
    struct head *h = W_HEAD(w);
    for (ref r = chunks; r != 0;) {
        struct ledger_chunk *k = W_PTR(w, struct ledger_chunk, r);
        ref next = k->next;
        k->next = h->ledger_free;
        h->ledger_free = r;
        r = next;
    }
}

/* ---- the ledger ------------------------------------------------------------------ */

static SELDOM void chunks_more(struct world *w)
{
    struct head *h = W_HEAD(w);
    ref r = w_alloc(w, LEDGER_CHUNK);
    struct ledger_chunk *k = W_PTR(w, struct ledger_chunk, r);
    for (size_t i = 0; i < LEDGER_CHUNK / sizeof *k; i++) {
        k[i].next = h->ledger_free;
        h->ledger_free = W_REF(w, &k[i]);
    }
}

static ref chunk_new(struct world *w)
{
    struct head *h = W_HEAD(w);
    if (h->ledger_free == 0)
        chunks_more(w);
    ref r = h->ledger_free;
    struct ledger_chunk *k = W_PTR(w, struct ledger_chunk, r);
    h->ledger_free = k->next;
    k->next = 0;
    k->n = 0;
    return r;
}

/* Moves the slices into a chunk: the act's own room does not hold one more. */
static void spill(struct world *w, struct act *a)
{
    a->more = chunk_new(w);
    CHECK(a->nown <= LEDGER_OWN);
    struct ledger_chunk *k = W_PTR(w, struct ledger_chunk, a->more);
    memcpy(k->slices, a->own, sizeof a->own);
    k->n = a->nown;
    a->nown = 0;
}

HOT struct slice *slice_of(struct slice *s, uint32_t n, uint8_t cause, comp_id place)
{
    for (struct slice *end = s + n; s < end; s++)
        if (s->place == place && s->cause == cause)
            return s;
    return NULL;
}

static void chunks_charge(struct world *w, struct act *a, uint8_t cause, comp_id place,
                          sim_time ns)
{
    struct ledger_chunk *first = W_PTR(w, struct ledger_chunk, a->more), *k = first;
    for (;;) {
        struct slice *s = slice_of(k->slices, k->n, cause, place);
        if (s) {
            s->ns += ns;
            return;
        }
        if (k->next == 0)
            break;
        k = W_PTR(w, struct ledger_chunk, k->next);
    }
    if (first->n == LEDGER_SLICES) {
        ref r = chunk_new(w);
        first = W_PTR(w, struct ledger_chunk, r);
        first->next = a->more;
        a->more = r;
    }
    first->slices[first->n++] =
        (struct slice){.place = place, .cause = cause, .ns = ns};
}

HOT void ledger_charge(struct world *w, struct act *a, uint8_t cause, comp_id place,
                       sim_time ns)
{
    if (a->more == 0) {
        struct slice *s = slice_of(a->own, a->nown, cause, place);
        if (s) {
            s->ns += ns;
            return;
        }
        if (a->nown < LEDGER_OWN) {
            a->own[a->nown++] =
                (struct slice){.place = place, .cause = cause, .ns = ns};
            return;
        }
        spill(w, a);
    }
    chunks_charge(w, a, cause, place, ns);
}

void act_charge(struct world *w, struct act *a, enum cause cause, comp_id place,
                sim_time ns)
{
    assert(cause < CAUSE_COUNT);
    assert(ns >= 0);
    if (ns > 0)
        ledger_charge(w, a, (uint8_t)cause, place, ns);
}

static void slices_add(struct world *w, struct act *to, const struct slice *s,
                       uint32_t n)
{
    for (const struct slice *end = s + n; s < end; s++)
        ledger_charge(w, to, s->cause, s->place, s->ns);
}

static void chunks_add(struct world *w, struct act *to, ref chunks)
{
    for (ref r = chunks; r != 0;) {
        const struct ledger_chunk *k = W_PTR(w, struct ledger_chunk, r);
        slices_add(w, to, k->slices, k->n);
        r = k->next;
    }
}

static void ledger_add(struct world *w, struct act *to, const struct act *from)
{
    slices_add(w, to, from->own, from->nown);
    chunks_add(w, to, from->more);
}

void ledger_park(struct world *w, struct act *a)
{
    assert(a->before == 0);
    if (a->more == 0)
        spill(w, a);
    a->before = a->more;
    a->more = 0;
}

void ledger_unpark(struct world *w, struct act *to, const struct act *from)
{
    chunks_add(w, to, from->before);
}

/* A caller has seldom done much before it calls: it takes over the chunks of whom it
 * called and adds its own to them. */
void ledger_merge_chunks(struct world *w, struct act *to, struct act *from)
{
    if (to->more != 0) {
        chunks_add(w, to, from->more);
        return;
    }
    uint32_t n = to->nown;
    to->more = from->more;
    to->nown = 0;
    from->more = 0;
    for (uint32_t i = 0; i < n; i++)
        chunks_charge(w, to, to->own[i].cause, to->own[i].place, to->own[i].ns);
}

void ledger_merge_own(struct world *w, struct act *to, const struct act *from)
{
    slices_add(w, to, from->own, from->nown);
}

/* The act that a waiting act waits for: its child, or the first of its branches. */
static ref waits_for(const struct act *a)
{
    return a->child != 0 ? a->child : a->branches;
}

void ledger_take(struct world *w, struct act *to, struct act *from)
{
    sim_time now = w_now(w);
    for (;;) {
        chunks_add(w, to, from->before);
        ledger_add(w, to, from);
        if (from->flags & ACT_IN_STATION) {
            const struct station *s = W_PTR(w, struct station, from->station);
            sim_time work = station_attained(w, s, from), all = now - from->since;
            work = work > all ? all : work;
            act_charge(w, to, (enum cause)s->work, s->comp, work);
            act_charge(w, to, (enum cause)s->contention, s->comp, all - work);
            return;
        }
        if (from->cause != CAUSE_COUNT) {
            act_charge(w, to, (enum cause)from->cause, from->place, now - from->since);
            return;
        }
        assert(waits_for(from) != 0);
        from = act_at(w, waits_for(from));
    }
}

size_t ledger_read(const struct world *w, const struct act *a, struct slice *buf,
                   size_t max, const struct slice **out)
{
    size_t n = 0;
    *out = a->own;
    if (a->more == 0)
        return a->nown;
    const struct ledger_chunk *k = W_PTR(w, struct ledger_chunk, a->more);
    *out = k->slices;
    if (k->next == 0) /* nearly always */
        return k->n;
    *out = buf;
    for (ref r = a->more; r != 0; r = k->next) {
        k = W_PTR(w, struct ledger_chunk, r);
        for (uint32_t i = 0; i < k->n && n < max; i++)
            buf[n++] = k->slices[i];
    }
    return n;
}

comp_id act_where(const struct world *w, const struct act *a)
{
    while (a->cause == CAUSE_COUNT && waits_for(a) != 0)
        a = act_at(w, waits_for(a));
    return a->place;
}

/* ---- waiting --------------------------------------------------------------------- */

void act_account_time(struct world *w, struct act *a)
{
    sim_time now = w_now(w), ns = now - a->since;
    CHECK(ns > 0 && a->gen != 0);
    if (a->cause != CAUSE_COUNT) {
        ledger_charge(w, a, a->cause, a->place, ns);
        if (a->flags & ACT_TRACED)
            w_span(w, a, (enum cause)a->cause, a->place, a->since, REASON_NONE, "");
    }
    a->since = now;
}

void act_timer(struct world *w, struct act *a, sim_time delay, enum cause cause,
               comp_id place)
{
    act_wait(w, a, cause, place);
    a->timer = cal_at(w, w_now(w) + delay, EV_READY, a->comp, W_REF(w, a), a->gen);
}

void ready_grow(struct world *w)
{
    struct head *h = W_HEAD(w);
    uint32_t cap = 0;
    ref ring = 0;
    w_grow(w, &ring, &cap, h->ready_cap == 0 ? READY_FIRST : h->ready_cap * 2,
           sizeof(ready_entry));
    ready_entry *to = W_PTR(w, ready_entry, ring),
                *from = W_PTR(w, ready_entry, h->ready);
    for (uint32_t i = h->ready_head; i != h->ready_tail; i++)
        to[i & (cap - 1)] = from[i & (h->ready_cap - 1)];
    w_release(w, h->ready, h->ready_cap * sizeof(ready_entry));
    h->ready = ring;
    h->ready_cap = cap;
}

void act_ready_behind(struct world *w, const struct act *a, enum reason reason)
{
    struct head *h = W_HEAD(w);
    if (h->ready_tail - h->ready_head == h->ready_cap)
        ready_grow(w);
    W_PTR(w, ready_entry, h->ready)
    [h->ready_tail++ & (h->ready_cap - 1)] =
        ready_make(W_REF(w, a), a->gen, (uint8_t)reason);
}

void act_event(struct world *w, int event, ref r, uint32_t gen)
{
    struct act *a = act_alive(w, r, gen);
    if (!a)
        return;
    if (event == EV_TIMEOUT) {
        a->timeout = 0;
        w->model->parts->timed_out(w, a);
        return;
    }
    a->timer = 0;
    if (event == EV_ARRIVE) {
        a->flags &= (uint16_t)~ACT_SENT;
        act_account(w, a);
        comp_kind(w, a->comp)->begin(w, a);
    } else if (event == EV_DELIVER) {
        w->model->parts->deliver(w, a);
    } else if (event == EV_BACKOFF) {
        w->model->parts->try_again(w, a);
    } else {
        comp_kind(w, a->comp)->resume(w, a, REASON_NONE);
    }
}

/* ---- ending ---------------------------------------------------------------------- */

/* A lookup that ends with nobody there to load what it was to load. */
void act_orphan(struct world *w, struct act *a)
{
    if (a->kind == ACT_LOOKUP && a->reason == REASON_NONE && !(a->flags & ACT_HIT) &&
        a->load != 0)
        comp_kind(w, a->what)->load_lost(w, a->what, a, REASON_GAVE_UP);
    act_free(w, a);
}

static void mark_abandoned(struct world *w, struct act *a)
{
    a->flags |= ACT_ABANDONED;
    for (ref r = a->child; r != 0; r = act_at(w, r)->sibling)
        mark_abandoned(w, act_at(w, r));
    for (ref r = a->branches; r != 0; r = act_at(w, r)->sibling)
        mark_abandoned(w, act_at(w, r));
}

void act_abandon(struct world *w, struct act *a)
{
    if (a->parent != 0)
        act_at(w, a->parent)->child = 0;
    a->parent = 0;
    cal_cancel(w, &a->timeout);
    mark_abandoned(w, a);
}

/* ---- queues ---------------------------------------------------------------------- */

/* The queue is whole around this act; a short one is looked through. */
static bool queue_holds(const struct world *w, const struct list *q,
                        const struct act *a)
{
    enum { SHORT = 32 };
    ref me = W_REF(w, a);
    bool whole = a->gen != 0 && q->count > 0 &&
                 (a->qprev != 0 ? act_at(w, a->qprev)->qnext : q->first) == me &&
                 (a->qnext != 0 ? act_at(w, a->qnext)->qprev : q->last) == me;
    uint32_t n = 0, found = 0;
    for (ref r = q->first; whole && q->count <= SHORT && r != 0 && n <= SHORT; n++) {
        found += r == me;
        r = act_at(w, r)->qnext;
    }
    return whole && (q->count > SHORT || (found == 1 && n == q->count));
}

void queue_push(struct world *w, struct list *q, struct act *a)
{
    ref r = W_REF(w, a);
    CHECK(a->gen != 0 && (a->qnext | a->qprev) == 0 && q->first != r);
    a->qnext = 0;
    a->qprev = q->last;
    if (q->last != 0)
        act_at(w, q->last)->qnext = r;
    else
        q->first = r;
    q->last = r;
    q->count++;
}

void queue_remove(struct world *w, struct list *q, struct act *a)
{
    CHECK(queue_holds(w, q, a));
    if (a->qprev != 0)
        act_at(w, a->qprev)->qnext = a->qnext;
    else
        q->first = a->qnext;
    if (a->qnext != 0)
        act_at(w, a->qnext)->qprev = a->qprev;
    else
        q->last = a->qprev;
    a->qnext = a->qprev = 0;
    q->count--;
}

struct act *queue_pop(struct world *w, struct list *q)
{
    if (q->first == 0)
        return NULL;
    struct act *a = act_at(w, q->first);
    queue_remove(w, q, a);
    return a;
}

struct act *queue_pop_last(struct world *w, struct list *q)
{
    if (q->last == 0)
        return NULL;
    struct act *a = act_at(w, q->last);
    queue_remove(w, q, a);
    return a;
}

bool queue_impatient(struct world *w, struct act *a, sim_time own, sim_time most)
{
    bool first = own != SIM_FOREVER && (most <= 0 || own < most);
    sim_time t = first ? own : most;
    if (first || most > 0)
        a->timer = cal_at(w, w_now(w) + t, EV_READY, a->comp, W_REF(w, a), a->gen);
    return first;
}
