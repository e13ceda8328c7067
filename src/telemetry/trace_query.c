/*
 * Questions about traces: which there are, and the spans of one. Kept traces lie in
 * order of their start; the few that are not finished are merged in.
 */
#include "telemetry_internal.h"

#include <stdio.h>
#include <string.h>

const struct trace *traces_find(const struct traces *t, uint64_t request)
{
    for (uint32_t i = 0; i < t->nlive; i++)
        if (t->live[i].request == request)
            return t->live[i].trace;
    for (uint32_t i = t->nkept; i > 0; i--)
        if (t->kept[i - 1]->head.request == request)
            return t->kept[i - 1];
    return NULL;
}

/* ---- which there are ---------------------------------------------------- */

static bool touches(const struct trace *x, comp_id c)
{
    if (c == COMP_NONE || x->head.client == c || x->head.endpoint == c)
        return true;
    for (uint16_t i = 0; i < x->head.nspans; i++)
        if (x->spans[i].place == c || x->spans[i].what == c)
            return true;
    return false;
}

/* How long it took, or has been running as far as is known. */
static sim_time duration(const struct trace *x, sim_time now)
{
    sim_time end = x->head.end;
    if (end == SIM_FOREVER) {
        end = x->head.nspans ? x->spans[x->head.nspans - 1].end : now;
        end = end > now ? end : now;
    }
    return end - x->head.start;
}

static bool matches(const struct trace *x, const struct trace_filter *f, sim_time now)
{
    bool open = x->head.end == SIM_FOREVER;
    bool wanted = (f->unfinished && open) ||
                  (f->errors && !open && x->head.reason != REASON_NONE) ||
                  (!f->unfinished && !f->errors);
    return wanted && duration(x, now) >= f->slower && x->head.end > f->from &&
           (f->to <= 0 || x->head.start <= f->to) && touches(x, f->comp);
}

static int by_start(const void *a, const void *b, void *ctx)
{
    const struct trace_head *x = &(*(const struct trace *const *)a)->head;
    const struct trace_head *y = &(*(const struct trace *const *)b)->head;
    (void)ctx;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    return x->request < y->request ? -1 : x->request > y->request;
}

size_t recording_traces(const struct recording *r, const struct trace_filter *f,
                        struct trace_head *out, size_t max)
{
    const struct traces *t = &r->traces;
    const struct trace **found = mem_array(t->nkept + t->nlive + 1u, sizeof *found);
    size_t n = 0;
    sim_time now = recording_end(r);
    for (uint32_t i = 0; i < t->nkept; i++)
        if (matches(t->kept[i], f, now))
            found[n++] = t->kept[i];
    for (uint32_t i = 0; i < t->nlive; i++)
        if (t->live[i].trace->why == TRACE_OPEN && matches(t->live[i].trace, f, now))
            found[n++] = t->live[i].trace;
    sort_stable(found, n, sizeof *found, by_start, NULL);
    size_t count = n < max ? n : max;
    for (size_t i = 0; i < count; i++)
        out[i] = found[n - count + i]->head;
    mem_free(found);
    return count;
}

/* ---- the spans of one --------------------------------------------------- */

static struct span span_of(const struct trace *x, const struct span_rec *s)
{
    struct span out = {.request = x->head.request,
                       .id = s->id,
                       .parent = s->parent,
                       .place = s->place,
                       .instance = s->instance,
                       .what = s->what,
                       .cause = s->cause,
                       .start = s->start,
                       .end = s->end,
                       .reason = (enum reason)s->reason};
    if (s->note)
        (void)snprintf(out.note, sizeof out.note, "%s", x->notes + s->note - 1);
    return out;
}

/* A call has its number before the pieces inside it have theirs. */
static int span_order(const void *a, const void *b, void *ctx)
{
    const struct span_rec *x = a, *y = b;
    (void)ctx;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

size_t recording_spans(const struct recording *r, uint64_t request, struct span *out,
                       size_t max)
{
    const struct trace *x = traces_find(&r->traces, request);
    if (!x)
        return 0;
    size_t n = x->head.nspans;
    struct span_rec *sorted = mem_array(n + 1, sizeof *sorted);
    memcpy(sorted, x->spans, n * sizeof *sorted);
    sort_stable(sorted, n, sizeof *sorted, span_order, NULL);
    for (size_t i = 0; i < n && i < max; i++)
        out[i] = span_of(x, &sorted[i]);
    mem_free(sorted);
    return n < max ? n : max;
}
