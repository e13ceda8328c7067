/*
 * One trace: a head and its spans in the order in which they ended, small enough to
 * keep thousands of them. Notes lie one after another in a string of the trace's own.
 *
 * Until the user's request is done the head is a guess from the spans.
 */
#include "telemetry_internal.h"

#include <assert.h>
#include <string.h>

#define MAX_SPANS 400
#define MAX_NOTES 8192 /* bytes */

size_t trace_size(const struct trace *x)
{
    return sizeof *x + x->span_cap * sizeof *x->spans + x->note_cap;
}

void trace_unref(struct trace *x)
{
    assert(x->refs > 0);
    if (--x->refs > 0)
        return;
    mem_free(x->spans);
    mem_free(x->notes);
    mem_free(x);
}

struct trace *trace_copy(const struct trace *from)
{
    struct trace *x = mem_alloc(sizeof *x);
    *x = *from;
    x->refs = 1;
    x->span_cap = from->head.nspans;
    x->note_cap = from->note_len;
    x->spans = mem_array(x->span_cap + 1u, sizeof *x->spans);
    memcpy(x->spans, from->spans, x->head.nspans * sizeof *x->spans);
    x->notes = mem_array(x->note_cap + 1u, 1);
    if (x->note_len)
        memcpy(x->notes, from->notes, x->note_len);
    return x;
}

static uint16_t put_note(struct trace *x, const char *note)
{
    size_t n = strnlen(note, sizeof((struct span *)0)->note - 1) + 1;
    if (n == 1 || x->note_len + n > MAX_NOTES)
        return 0;
    if (x->note_len + n > x->note_cap) {
        x->note_cap = 2 * x->note_cap + 64;
        x->notes = mem_grow(x->notes, x->note_cap, 1);
    }
    memcpy(x->notes + x->note_len, note, n - 1);
    x->notes[x->note_len + n - 1] = '\0';
    x->note_len += (uint32_t)n;
    return (uint16_t)(x->note_len - n + 1);
}

static void put_span(struct trace *x, const struct span *s)
{
    assert(s->end >= s->start);
    GROW(x->spans, x->head.nspans, x->span_cap);
    x->spans[x->head.nspans++] = (struct span_rec){.id = s->id,
                                                   .parent = s->parent,
                                                   .place = s->place,
                                                   .what = s->what,
                                                   .instance = (int16_t)s->instance,
                                                   .cause = s->cause,
                                                   .reason = (uint8_t)s->reason,
                                                   .note = put_note(x, s->note),
                                                   .start = s->start,
                                                   .end = s->end};
}

/* What an unfinished trace's spans tell of it. */
static void guess_head(struct trace *x, const struct model *m, const struct span *s)
{
    if (x->head.nspans == 1 || s->start < x->head.start)
        x->head.start = s->start;
    if (x->head.endpoint == COMP_NONE && s->what < model_comps(m) &&
        str_eq(model_kind(m, s->what)->name, "endpoint"))
        x->head.endpoint = s->what;
}

void trace_add(struct trace *x, const struct model *m, const struct span *s)
{
    if (x->head.nspans == MAX_SPANS)
        return;
    put_span(x, s);
    if (x->rootless)
        guess_head(x, m, s);
}

/* ---- back to an earlier moment ------------------------------------------ */

static void guess_again(struct trace *x, const struct model *m)
{
    uint16_t n = x->head.nspans;
    x->head.endpoint = COMP_NONE;
    for (x->head.nspans = 1; x->head.nspans <= n; x->head.nspans++) {
        const struct span_rec *s = &x->spans[x->head.nspans - 1];
        guess_head(x, m, &(struct span){.what = s->what, .start = s->start});
    }
    x->head.nspans = n;
}

static bool touched_after(const struct trace *x, sim_time at)
{
    return x->head.end > at ||
           (x->head.nspans && x->spans[x->head.nspans - 1].end > at);
}

struct trace *trace_back_to(struct trace *old, const struct model *m, sim_time at)
{
    if (!touched_after(old, at))
        return old;
    uint16_t n = old->head.nspans;
    while (n > 0 && old->spans[n - 1].end > at)
        n--;
    if (n == 0) {
        trace_unref(old);
        return NULL;
    }
    struct trace *x = trace_copy(old);
    trace_unref(old);
    x->head.nspans = n;
    if (x->head.end > at) {
        x->why = TRACE_OPEN;
        x->rootless = true;
        x->head.client = COMP_NONE;
        x->head.end = SIM_FOREVER;
        x->head.reason = REASON_NONE;
        x->head.culprit = COMP_NONE;
        guess_again(x, m);
    }
    return x;
}
