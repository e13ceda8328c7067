/*
 * Questions about traces: which there are, and the spans of one. Kept traces lie in
 * order of their start; the few that are not finished are merged in.
 */
#include "telemetry_internal.h"

#include <stdio.h>
#include <string.h>

/* The kept trace of a request; NULL: not there. */
static const struct trace *traces_find(const struct traces *t, uint64_t request)
{
    for (uint32_t i = 0; i < t->nlive; i++)
        if (t->live[i].request == request)
            return t->live[i].trace;
    for (uint32_t i = t->nkept; i > 0; i--)
        if (t->kept[i - 1]->head.request == request)
            return t->kept[i - 1];
    return NULL;
}

/* ---- which there are ------------------------------------------------------------- */

static bool within(const struct model *m, comp_id part, comp_id whole)
{
    for (; part != COMP_NONE; part = model_owner(m, part))
        if (part == whole)
            return true;
    return false;
}

static bool touches(const struct model *m, const struct trace *x, comp_id c)
{
    if (c == COMP_NONE || within(m, x->head.client, c) ||
        within(m, x->head.endpoint, c))
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
        const struct span_rec *last =
            x->head.nspans ? &x->spans[x->head.nspans - 1] : NULL;
        end = last && !last->outlives && last->end > now ? last->end : now;
    }
    return end - x->head.start;
}

static bool matches(const struct recording *r, const struct trace *x,
                    const struct trace_filter *f)
{
    sim_time now = recording_end(r);
    bool open = x->head.end == SIM_FOREVER;
    bool wanted = (f->unfinished && open) ||
                  (f->errors && !open && x->head.reason != REASON_NONE) ||
                  (!f->unfinished && !f->errors);
    return wanted && (!f->open || x->head.nopen) && duration(x, now) >= f->slower &&
           x->head.end > f->from && (f->to <= 0 || x->head.start <= f->to) &&
           touches(r->plan->model, x, f->comp);
}

/* ---- whom users wait for --------------------------------------------------------- */

struct waiting { /* a growing list of heads */
    struct trace_head *v;
    size_t n, cap;
};

static bool begins_requests(const struct model *m, comp_id c)
{
    const char *kind = model_kind(m, c)->name;
    return str_eq(kind, "client") || str_eq(kind, "job") ||
           str_eq(kind, "subscription");
}

/* The requests that their users, jobs or consumers wait for now. */
static struct waiting waiting_now(const struct world *w)
{
    const struct model *m = world_model(w);
    struct waiting all = {0};
    for (size_t c = 0; c < model_comps(m); c++) {
        size_t n =
            begins_requests(m, (comp_id)c) ? world_inflight(w, (comp_id)c, NULL, 0) : 0;
        struct inflight_view *in = mem_array(n + 1, sizeof *in);
        (void)world_inflight(w, (comp_id)c, in, n);
        for (size_t i = 0; i < n; i++) {
            GROW(all.v, all.n, all.cap);
            all.v[all.n++] = (struct trace_head){.request = in[i].request,
                                                 .client = (comp_id)c,
                                                 .endpoint = in[i].endpoint,
                                                 .start = in[i].started,
                                                 .end = SIM_FOREVER,
                                                 .culprit = COMP_NONE};
        }
        mem_free(in);
    }
    return all;
}

static int by_request(const void *a, const void *b, void *ctx)
{
    const struct trace_head *x = a, *y = b;
    (void)ctx;
    return x->request < y->request ? -1 : x->request > y->request;
}

static struct trace_head *waiting_find(const struct waiting *w, uint64_t request)
{
    size_t low = 0, high = w->n;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (w->v[mid].request < request)
            low = mid + 1;
        else
            high = mid;
    }
    return low < w->n && w->v[low].request == request ? &w->v[low] : NULL;
}

/* ---- the answer ------------------------------------------------------------------ */

static int heads_by_start(const void *a, const void *b, void *ctx)
{
    const struct trace_head *x = a, *y = b;
    (void)ctx;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    return x->request < y->request ? -1 : x->request > y->request;
}

/* Requests that are waited for, as traces whose spans are what has ended so far. A live
 * trace of which the world knows nothing belongs to a request that is over. */
static size_t add_waiting(const struct recording *r, const struct trace_filter *f,
                          struct trace_head *found)
{
    struct waiting w = waiting_now(f->now);
    size_t n = 0;
    sort_stable(w.v, w.n, sizeof *w.v, by_request, NULL);
    for (uint32_t i = 0; i < r->traces.nlive; i++) {
        const struct trace *x = r->traces.live[i].trace;
        struct trace_head *h =
            x->why == TRACE_OPEN ? waiting_find(&w, x->head.request) : NULL;
        if (!h)
            continue;
        h->nspans = x->head.nspans;
        h->nopen = x->head.nopen;
        h->ncut = x->head.ncut;
        struct trace whole = *x;
        whole.head = *h;
        if (!matches(r, &whole, f))
            h->end = 0; /* not asked for */
    }
    for (size_t i = 0; i < w.n; i++) {
        struct trace bare = {.head = w.v[i]};
        if (w.v[i].end == SIM_FOREVER && (w.v[i].nspans || matches(r, &bare, f)))
            found[n++] = w.v[i];
    }
    mem_free(w.v);
    return n;
}

static size_t waiting_most(const struct world *w)
{
    size_t n = 0;
    for (size_t c = 0; w && c < model_comps(world_model(w)); c++)
        if (begins_requests(world_model(w), (comp_id)c))
            n += world_inflight(w, (comp_id)c, NULL, 0);
    return n;
}

/* Requests that are not finished, as spans tell of them, where no world is asked. */
static size_t add_live(const struct recording *r, const struct trace_filter *f,
                       struct trace_head *found)
{
    const struct traces *t = &r->traces;
    size_t n = 0;
    for (uint32_t i = 0; i < t->nlive; i++)
        if (t->live[i].trace->why == TRACE_OPEN && matches(r, t->live[i].trace, f))
            found[n++] = t->live[i].trace->head;
    return n;
}

size_t recording_traces(const struct recording *r, const struct trace_filter *f,
                        struct trace_head *out, size_t max)
{
    const struct traces *t = &r->traces;
    size_t most = t->nkept + t->nlive + waiting_most(f->now) + 1u, n = 0;
    struct trace_head *found = mem_array(most, sizeof *found);
    for (uint32_t i = 0; i < t->nkept; i++)
        if (matches(r, t->kept[i], f))
            found[n++] = t->kept[i]->head;
    n += f->now ? add_waiting(r, f, found + n) : add_live(r, f, found + n);
    sort_stable(found, n, sizeof *found, heads_by_start, NULL);
    size_t count = n < max ? n : max;
    memcpy(out, found + (n - count), count * sizeof *out);
    mem_free(found);
    return count;
}

/* ---- the spans of one ------------------------------------------------------------ */

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
                       .reason = (enum reason)s->reason,
                       .result = s->result,
                       .outlives = s->outlives};
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
