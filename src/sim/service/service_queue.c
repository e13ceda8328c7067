/*
 * Services, who is next. First come first served and last come first served need only
 * the ends of the queue. The other orders keep a heap beside it, by what each request
 * is urgent by: its deadline, or its priority. Where endpoints have workers of their
 * own, the next is the first in that order whose endpoint may have one: that looks at
 * the whole queue, as some of those in front may have to wait on.
 *
 * With `preempt`, whoever matters more waits neither for a worker that somebody less
 * important has, nor for cores: the other one keeps its place inside, stands still, and
 * goes on where it was. So there may be more requests inside than workers, but of each
 * class and those above it never more.
 */
#include "service/endpoint.h"
#include "service/service_internal.h"

__extension__ typedef unsigned __int128 order_key;

/* ---- urgency --------------------------------------------------------------------- */

/* The smallest is served first; ties in order of arrival. A request without a deadline
 * is due when the queue would lose patience with it; where that is never, after all
 * that have one. */
static uint64_t urgency(const struct world *w, const struct act *a)
{
    enum { PRIORITY_SHIFT = 61 };
    sim_time patience = p_time(w, a->comp, SP_QUEUE_TIMEOUT);
    if (p_count(w, a->comp, SP_ORDER) == ORDER_PRIORITY)
        return (uint64_t)(3 - a->priority) << PRIORITY_SHIFT | (uint64_t)a->since;
    if (a->deadline != 0)
        return (uint64_t)a->deadline;
    return (uint64_t)a->since + (uint64_t)(patience > 0 ? patience : SIM_FOREVER / 2);
}

static order_key key_of(const struct world *w, const struct act *a)
{
    return (order_key)a->urgency << 64 | (order_key)a->gen << 32 | W_REF(w, a);
}

static void put(struct world *w, order_key *h, uint32_t at, order_key k)
{
    h[at] = k;
    act_at(w, (ref)(uint32_t)k)->heap_pos = at;
}

static void sift_up(struct world *w, order_key *h, uint32_t at, order_key k)
{
    for (; at > 0 && k < h[(at - 1) / 2]; at = (at - 1) / 2)
        put(w, h, at, h[(at - 1) / 2]);
    put(w, h, at, k);
}

static void sift_down(struct world *w, order_key *h, uint32_t n, uint32_t at,
                      order_key k)
{
    for (uint32_t child = 2 * at + 1; child < n; child = 2 * at + 1) {
        child += child + 1 < n && h[child + 1] < h[child];
        if (k < h[child])
            break;
        put(w, h, at, h[child]);
        at = child;
    }
    put(w, h, at, k);
}

/* A waiting act is in no station: its mark and place in a heap are ours meanwhile. */
void order_add(struct world *w, struct instance *i, struct act *a)
{
    a->urgency = urgency(w, a);
    w_grow(w, &i->order, &i->order_cap, i->order_n + 1, sizeof(order_key));
    sift_up(w, W_PTR(w, order_key, i->order), i->order_n++, key_of(w, a));
}

void order_remove(struct world *w, struct instance *i, struct act *a)
{
    order_key *h = W_PTR(w, order_key, i->order);
    uint32_t at = a->heap_pos;
    assert(at < i->order_n && h[at] == key_of(w, a));
    order_key last = h[--i->order_n];
    a->heap_pos = 0; /* a program's memory from now on */
    if (at == i->order_n)
        return;
    if (at > 0 && last < h[(at - 1) / 2])
        sift_up(w, h, at, last);
    else
        sift_down(w, h, i->order_n, at, last);
}

/* The order has changed: those that wait are sorted anew. */
void order_rebuild(struct world *w, struct instance *i)
{
    bool heap = (i->features & SF_ORDER) != 0;
    i->order_n = 0;
    for (ref r = i->queue.first; r != 0; r = act_at(w, r)->qnext) {
        act_at(w, r)->heap_pos = 0;
        if (heap)
            order_add(w, i, act_at(w, r));
    }
}

/* ---- the next -------------------------------------------------------------------- */

/* Whether `a` is served before `b`. Both wait. */
static bool before(const struct world *w, const struct act *a, const struct act *b,
                   int64_t order)
{
    if (order == ORDER_DEADLINE || order == ORDER_PRIORITY)
        return key_of(w, a) < key_of(w, b);
    return false; /* the queue is in order of arrival */
}

static struct act *pick(struct world *w, struct instance *i)
{
    int64_t order = p_count(w, i->comp, SP_ORDER);
    bool newest = order == ORDER_LIFO;
    struct act *best = NULL;
    for (ref r = newest ? i->queue.last : i->queue.first; r != 0;) {
        struct act *a = act_at(w, r);
        r = newest ? a->qprev : a->qnext;
        if (!bulkhead_lets(w, i, a->what))
            continue;
        if (!best || before(w, a, best, order))
            best = a;
        if (order == ORDER_FIFO || newest)
            break;
    }
    return best;
}

struct act *queue_next(struct world *w, struct instance *i)
{
    if (i->features & SF_BULKHEAD)
        return pick(w, i);
    if (i->order_n == 0)
        return act_at(w, i->newest ? i->queue.last : i->queue.first);
    return act_at(w, (ref)(uint32_t)W_PTR(w, order_key, i->order)[0]);
}

bool preempt_lets(const struct instance *i, const struct act *a)
{
    uint32_t busy = 0;
    for (uint32_t k = a->priority; k < PRIORITY_CLASSES; k++)
        busy += i->busy_by[k];
    return busy < i->workers;
}

/* ---- workers of their own -------------------------------------------------------- */

/* Workers that others have reserved and do not use. */
static int64_t kept_for_others(const struct world *w, const struct instance *i,
                               comp_id endpoint)
{
    const struct service_data *d = service_data(w->model, i->comp);
    int64_t kept = 0;
    for (size_t k = 0; k < d->nendpoints; k++) {
        comp_id e = d->endpoints[k];
        int64_t idle =
            p_count(w, e, EP_RESERVED) - (int64_t)endpoint_busy(w, e, i->number);
        kept += e != endpoint && idle > 0 ? idle : 0;
    }
    return kept;
}

bool bulkhead_lets(const struct world *w, const struct instance *i, comp_id endpoint)
{
    int64_t workers = i_count(w, i, SP_WORKERS), spare = workers - i->busy;
    if (endpoint != COMP_NONE) {
        int64_t most = p_count(w, endpoint, EP_WORKERS);
        int64_t busy = endpoint_busy(w, endpoint, i->number);
        if (most > 0 && busy >= most)
            return false;
        if (busy < p_count(w, endpoint, EP_RESERVED))
            return spare > 0;
    }
    return spare > kept_for_others(w, i, endpoint);
}

/* The limits have come into force while requests were under way. */
void bulkhead_recount(struct world *w, comp_id c)
{
    const struct service_data *d = service_data(w->model, c);
    for (size_t k = 0; k < d->nendpoints; k++)
        endpoint_idle(w, d->endpoints[k]);
    for (uint32_t n = 1; n <= service_of(w, c)->n; n++) {
        const struct instance *i = service_instance(w, c, (int)n);
        for (ref r = i->members.first; r != 0; r = act_at(w, r)->next) {
            const struct act *a = act_at(w, r);
            if ((a->flags & ACT_WORKER) && a->kind == ACT_REQUEST)
                endpoint_worker(w, a->what, i->number, 1);
        }
    }
}
