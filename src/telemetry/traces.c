/*
 * Traces: the spans of the requests that the world traces, and which of them to keep.
 *
 * Spans arrive when they end, the innermost first; a trace collects them until the
 * user's request is done. Then it is decided (tail sampling): of each endpoint and slot
 * of ten seconds the first few errors of each reason, the first few that left a
 * transaction open, the slowest two, and the first two of the rest. A kept trace lingers for a while, because work that nobody waits for
 * any more still reports; one that was not kept is remembered by number for the same
 * reason.
 *
 * A trace that is shared with a fork is copied before it is written. A rewind takes
 * back spans that ended later, and an end that came later; what was in flight then and
 * was not kept in the end is gone, and when the world tells its second half again, that
 * half is no trace.
 */
#include "telemetry_internal.h"

#include <assert.h>
#include <string.h>

#define KEEP_ERRORS  4 /* per endpoint, slot and reason */
#define KEEP_OPEN    4 /* per endpoint and slot */
#define KEEP_SAMPLES 2 /* per endpoint and slot */
#define MAX_LIVE     1024
#define LINGER       SIM_MIN
#define MAX_BYTES    ((size_t)2 << 20)

/* ---- live traces: sorted by request ---------------------------------------------- */

static uint32_t live_position(const struct traces *t, uint64_t request)
{
    uint32_t low = 0, high = t->nlive;
    while (low < high) {
        uint32_t mid = (low + high) / 2;
        if (t->live[mid].request < request)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static struct trace_ref *find_live(const struct traces *t, uint64_t request)
{
    uint32_t i = live_position(t, request);
    return i < t->nlive && t->live[i].request == request ? &t->live[i] : NULL;
}

static struct trace_ref *add_live(struct traces *t, uint64_t request)
{
    uint32_t at = live_position(t, request);
    struct trace *x = mem_alloc(sizeof *x);
    x->refs = 1;
    x->rootless = true;
    x->head = (struct trace_head){.request = request,
                                  .client = COMP_NONE,
                                  .endpoint = COMP_NONE,
                                  .end = SIM_FOREVER,
                                  .culprit = COMP_NONE};
    GROW(t->live, t->nlive, t->live_cap);
    memmove(t->live + at + 1, t->live + at, (t->nlive - at) * sizeof *t->live);
    t->live[at] = (struct trace_ref){request, x};
    t->nlive++;
    t->bytes += sizeof *x;
    return &t->live[at];
}

static void remove_live(struct traces *t, struct trace_ref *at)
{
    assert(at >= t->live && at < t->live + t->nlive);
    size_t i = (size_t)(at - t->live);
    t->nlive--;
    memmove(at, at + 1, (t->nlive - i) * sizeof *at);
}

static uint32_t kept_position(const struct traces *t, const struct trace *x)
{
    uint32_t i = t->nkept;
    while (i > 0 && t->kept[i - 1] != x)
        i--;
    if (i == 0)
        BUG("a kept trace is not in the list");
    return i - 1;
}

/* A live trace, ours to write. A kept one is in `kept` too and replaced there. */
static struct trace *own_live(struct traces *t, struct trace_ref *at)
{
    assert(at->trace->refs > 0);
    struct trace *old = at->trace;
    size_t mine = old->why == TRACE_OPEN ? 1 : 2;
    if (old->refs == mine)
        return old;
    struct trace *x = trace_copy(old);
    at->trace = x;
    t->bytes += trace_size(x);
    t->bytes -= trace_size(old);
    if (mine == 2) {
        uint32_t k = kept_position(t, old);
        t->kept[k] = x;
        x->refs++;
        for (uint32_t q = 0; q < t->nquotas; q++)
            for (uint32_t i = 0; i < t->quotas[q].nslow; i++)
                if (t->quotas[q].slow[i] == old)
                    t->quotas[q].slow[i] = x;
        trace_unref(old);
    }
    trace_unref(old);
    return x;
}

/* ---- forgotten ones -------------------------------------------------------------- */

/* The few places where a request may be remembered. */
static struct trace_gone *gone_set(const struct traces *t, uint64_t request)
{
    uint64_t hash = request * UINT64_C(0x9e3779b97f4a7c15) >> 40;
    return t->forgotten + (hash & (TRACE_FORGOTTEN - 1)) * TRACE_WAYS;
}

/* The one that ended longest ago gives way. */
static void forget(struct traces *t, uint64_t request, sim_time end)
{
    if (!t->forgotten)
        t->forgotten = mem_array(TRACE_FORGOTTEN * TRACE_WAYS, sizeof *t->forgotten);
    struct trace_gone *set = gone_set(t, request), *to = set;
    for (int i = 1; i < TRACE_WAYS; i++)
        if (set[i].end < to->end)
            to = &set[i];
    *to = (struct trace_gone){request, end};
}

static bool was_forgotten(const struct traces *t, uint64_t request)
{
    const struct trace_gone *set = t->forgotten ? gone_set(t, request) : NULL;
    for (int i = 0; set && i < TRACE_WAYS; i++)
        if (set[i].request == request)
            return true;
    return false;
}

/* ---- kept traces: sorted by start ------------------------------------------------ */

static bool starts_before(const struct trace *a, const struct trace *b)
{
    if (a->head.start != b->head.start)
        return a->head.start < b->head.start;
    return a->head.request < b->head.request;
}

static void add_kept(struct traces *t, struct trace *x)
{
    uint32_t i = t->nkept;
    GROW(t->kept, t->nkept, t->kept_cap);
    for (; i > 0 && starts_before(x, t->kept[i - 1]); i--)
        t->kept[i] = t->kept[i - 1];
    t->kept[i] = x;
    t->nkept++;
}

static void drop_quota_of(struct traces *t, const struct trace *x)
{
    for (uint32_t q = 0; q < t->nquotas; q++) {
        struct trace_quota *u = &t->quotas[q];
        for (uint32_t i = 0; i < u->nslow; i++)
            if (u->slow[i] == x)
                u->slow[i--] = u->slow[--u->nslow];
    }
}

static void drop_kept(struct traces *t, uint32_t i)
{
    assert(i < t->nkept);
    struct trace *x = t->kept[i];
    struct trace_ref *live = find_live(t, x->head.request);
    drop_quota_of(t, x);
    t->bytes -= trace_size(x);
    t->nkept--;
    memmove(t->kept + i, t->kept + i + 1, (t->nkept - i) * sizeof *t->kept);
    if (live && live->trace == x) {
        remove_live(t, live);
        trace_unref(x);
    }
    trace_unref(x);
}

/* ---- what to keep ---------------------------------------------------------------- */

static struct trace_quota *quota_of(struct traces *t, comp_id endpoint)
{
    for (uint32_t i = 0; i < t->nquotas; i++)
        if (t->quotas[i].endpoint == endpoint)
            return &t->quotas[i];
    GROW(t->quotas, t->nquotas, t->quota_cap);
    t->quotas[t->nquotas] = (struct trace_quota){.endpoint = endpoint};
    return &t->quotas[t->nquotas++];
}

static sim_time duration(const struct trace *x)
{
    assert(x->head.end >= x->head.start);
    return x->head.end - x->head.start;
}

static struct trace **quickest(struct trace_quota *q)
{
    assert(q->nslow > 0);
    struct trace **min = &q->slow[0];
    for (uint32_t i = 1; i < q->nslow; i++)
        if (duration(q->slow[i]) < duration(*min))
            min = &q->slow[i];
    return min;
}

/* Sets x->why and counts it; TRACE_OPEN: not kept. May drop one that was slow until
 * now. */
static void decide(struct traces *t, struct trace *x)
{
    assert(x->why == TRACE_OPEN);
    struct trace_quota *q = quota_of(t, x->head.endpoint);
    uint8_t reason = (uint8_t)x->head.reason;
    if (reason != REASON_NONE && q->errors[reason] < KEEP_ERRORS) {
        q->errors[reason]++;
        x->why = TRACE_ERROR;
    } else if (x->head.nopen && q->left_open < KEEP_OPEN) {
        q->left_open++;
        x->why = TRACE_LEFT_OPEN;
    } else if (q->samples < KEEP_SAMPLES) {
        q->samples++;
        x->why = TRACE_SAMPLE;
    } else if (q->nslow < TRACE_SLOWEST) {
        q->slow[q->nslow++] = x;
        x->why = TRACE_SLOW;
    } else if (duration(x) > duration(*quickest(q))) {
        struct trace *out = *quickest(q);
        forget(t, out->head.request, out->head.end);
        drop_kept(t, kept_position(t, out));
        q->slow[q->nslow++] = x;
        x->why = TRACE_SLOW;
    }
}

static int64_t slot_of(sim_time at)
{
    return at <= 0 ? 0 : (at - 1) / SLOT_TIME;
}

static void enter_slot(struct traces *t, sim_time at)
{
    if (slot_of(at) == t->slot)
        return;
    t->slot = slot_of(at);
    t->nquotas = 0;
}

/* The oldest request that is not finished gives way. */
static void make_room(struct traces *t)
{
    uint32_t i = 0;
    if (t->nlive < MAX_LIVE)
        return;
    while (i < t->nlive - 1 && t->live[i].trace->why != TRACE_OPEN)
        i++;
    struct trace *x = t->live[i].trace;
    const struct span_rec *newest = &x->spans[x->head.nspans - 1];
    sim_time last = newest->outlives ? newest->start : newest->end;
    forget(t, x->head.request, last);
    if (x->why == TRACE_OPEN)
        t->bytes -= trace_size(x);
    remove_live(t, &t->live[i]);
    trace_unref(x);
}

/* ---- events ---------------------------------------------------------------------- */

/* A kept trace that gets no spans any more, ours to write. */
static struct trace *own_kept(struct traces *t, uint32_t k)
{
    struct trace *old = t->kept[k];
    if (old->refs == 1)
        return old;
    struct trace *x = trace_copy(old);
    t->bytes += trace_size(x);
    t->bytes -= trace_size(old);
    t->kept[k] = x;
    for (uint32_t q = 0; q < t->nquotas; q++)
        for (uint32_t i = 0; i < t->quotas[q].nslow; i++)
            if (t->quotas[q].slow[i] == old)
                t->quotas[q].slow[i] = x;
    trace_unref(old);
    return x;
}

/* A transaction ends that a request left open, however long ago. */
static void close_span(struct traces *t, const struct span *s)
{
    struct trace_ref *at = find_live(t, s->request);
    if (at) {
        (void)trace_close(own_live(t, at), s);
        return;
    }
    for (uint32_t k = t->nkept; k > 0; k--)
        if (t->kept[k - 1]->head.request == s->request) {
            (void)trace_close(own_kept(t, k - 1), s);
            return;
        }
}

/* Whether a span of a request that is not known begins a trace. What nobody waits for
 * belongs to a request that has ended, and was not kept or is too long ago. */
static bool begins_trace(const struct traces *t, const struct span *s)
{
    return !s->abandoned && !was_forgotten(t, s->request);
}

void traces_span(struct traces *t, const struct model *m, const struct span *s)
{
    assert(s->end >= s->start);
    if (s->request == 0)
        return;
    if (s->outlives && s->end != SIM_FOREVER) {
        close_span(t, s);
        return;
    }
    struct trace_ref *at = find_live(t, s->request);
    if (!at && !begins_trace(t, s))
        return;
    if (!at) {
        make_room(t);
        at = add_live(t, s->request);
    }
    struct trace *x = own_live(t, at);
    t->bytes -= trace_size(x);
    trace_add(x, m, s);
    t->bytes += trace_size(x);
}

/* The answer of the endpoint's last call: known where it was answered. */
static const char *result_of(const struct trace *x, comp_id endpoint)
{
    for (uint16_t i = x->head.nspans; i > 0; i--) {
        const struct span_rec *s = &x->spans[i - 1];
        if (s->what == endpoint && s->cause == CAUSE_COUNT &&
            s->place != x->head.client)
            return s->result;
    }
    return NULL;
}

static void finish(struct trace *x, const struct request_done *r)
{
    assert(r->end >= r->start && r->user);
    x->rootless = false;
    x->head.client = r->client;
    x->head.endpoint = r->endpoint;
    x->head.start = r->start;
    x->head.end = r->end;
    x->head.reason = r->reason;
    x->head.culprit = r->culprit;
    x->head.result = r->reason == REASON_NONE ? result_of(x, r->endpoint) : NULL;
}

void traces_done(struct traces *t, const struct request_done *r)
{
    struct trace_ref *at = find_live(t, r->id);
    if (!at || at->trace->why != TRACE_OPEN)
        return;
    enter_slot(t, r->end);
    struct trace *x = own_live(t, at);
    finish(x, r);
    decide(t, x);
    if (x->why != TRACE_OPEN) {
        x->refs++;
        add_kept(t, x);
        return;
    }
    forget(t, r->id, r->end);
    t->bytes -= trace_size(x);
    remove_live(t, find_live(t, r->id)); /* deciding may have moved it */
    trace_unref(x);
}

static void stop_lingering(struct traces *t, sim_time now)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < t->nlive; i++) {
        struct trace *x = t->live[i].trace;
        if (x->why != TRACE_OPEN && x->head.end < now - LINGER) {
            forget(t, x->head.request, x->head.end);
            trace_unref(x);
        } else {
            t->live[n++] = t->live[i];
        }
    }
    t->nlive = n;
}

/* The oldest; what holds something open is evidence, and goes last. */
static uint32_t first_to_go(const struct traces *t)
{
    for (uint32_t i = 0; i < t->nkept; i++)
        if (!t->kept[i]->head.nopen)
            return i;
    return 0;
}

void traces_advance(struct traces *t, sim_time now)
{
    if (now % SLOT_TIME == 0)
        stop_lingering(t, now);
    while (t->bytes > MAX_BYTES && t->nkept > 0) {
        uint32_t k = first_to_go(t);
        forget(t, t->kept[k]->head.request, t->kept[k]->head.end);
        drop_kept(t, k);
    }
}

/* ---- life ------------------------------------------------------------------------ */

void traces_fork(struct traces *to, const struct traces *from)
{
    *to = *from;
    to->kept_cap = from->nkept;
    to->live_cap = from->nlive;
    to->quota_cap = from->nquotas;
    to->kept = mem_array(from->nkept + 1u, sizeof *to->kept);
    to->live = mem_array(from->nlive + 1u, sizeof *to->live);
    to->quotas = mem_array(from->nquotas + 1u, sizeof *to->quotas);
    for (uint32_t i = 0; i < to->nkept; i++) {
        to->kept[i] = from->kept[i];
        to->kept[i]->refs++;
    }
    for (uint32_t i = 0; i < to->nlive; i++) {
        to->live[i] = from->live[i];
        to->live[i].trace->refs++;
    }
    for (uint32_t i = 0; i < to->nquotas; i++)
        to->quotas[i] = from->quotas[i];
    if (from->forgotten) {
        size_t n = TRACE_FORGOTTEN * TRACE_WAYS;
        to->forgotten = mem_array(n, sizeof *to->forgotten);
        memcpy(to->forgotten, from->forgotten, n * sizeof *to->forgotten);
    }
}

void traces_release(struct traces *t)
{
    for (uint32_t i = 0; i < t->nkept; i++)
        trace_unref(t->kept[i]);
    for (uint32_t i = 0; i < t->nlive; i++)
        trace_unref(t->live[i].trace);
    mem_free(t->kept);
    mem_free(t->live);
    mem_free(t->quotas);
    mem_free(t->forgotten);
    *t = (struct traces){0};
}

size_t traces_bytes(const struct traces *t)
{
    return t->bytes + t->kept_cap * sizeof *t->kept + t->live_cap * sizeof *t->live +
           (t->forgotten ? TRACE_FORGOTTEN * TRACE_WAYS * sizeof *t->forgotten : 0);
}
