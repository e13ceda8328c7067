/*
 * A trace: a head and its spans in the order in which they ended, small enough to
 * keep thousands of them. Notes lie one after another in a string of the trace's own.
 *
 * Until the user's request is done the head is a guess from the spans.
 */
#include "telemetry_internal.h"

#include <assert.h>
#include <string.h>

#define MAX_SPANS 400
#define FIRST     200  /* spans that stay however long it takes */
#define CUT       100  /* spans that give way at once, behind the first */
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
                                                   .outlives = s->outlives,
                                                   .start = s->start,
                                                   .end = s->end,
                                                   .result = s->result};
    if (s->outlives && s->end == SIM_FOREVER)
        x->head.nopen++;
}

bool trace_close(struct trace *x, const struct span *s)
{
    for (uint16_t i = 0; i < x->head.nspans; i++) {
        struct span_rec *old = &x->spans[i];
        if (old->id != s->id || !old->outlives || old->end != SIM_FOREVER)
            continue;
        old->end = s->end;
        old->reason = (uint8_t)s->reason;
        x->head.nopen--;
        return true;
    }
    return false;
}

/* The head of an unfinished trace, as its spans tell it. Spans are told innermost
 * first: the endpoint is that of the earliest. */
static void guess_head(struct trace *x, const struct model *m, const struct span *s)
{
    bool first = x->head.nspans == 1 || s->start < x->head.start;
    if (first)
        x->head.start = s->start;
    if ((first || x->head.endpoint == COMP_NONE) && s->what < model_comps(m) &&
        str_eq(model_kind(m, s->what)->name, "endpoint"))
        x->head.endpoint = s->what;
}

/* A request that goes on for hours is told by how it began and how it is now: of a trace that is
 * full the middle gives way. What was left open stays. */
static void cut_middle(struct trace *x)
{
    uint16_t n = FIRST;
    for (uint16_t i = FIRST; i < x->head.nspans; i++)
        if (i >= FIRST + CUT || x->spans[i].outlives)
            x->spans[n++] = x->spans[i];
    x->head.ncut += x->head.nspans - n;
    x->head.nspans = n;
}

void trace_add(struct trace *x, const struct model *m, const struct span *s)
{
    if (x->head.nspans == MAX_SPANS)
        cut_middle(x);
    if (x->head.nspans == MAX_SPANS)
        return;
    put_span(x, s);
    if (x->rootless)
        guess_head(x, m, s);
}
