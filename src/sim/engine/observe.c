/*
 * Telling whoever listens: finished requests, spans, log lines. Everything here only
 * reads; span numbers are taken whether or not anybody listens.
 */
#include "engine/ledger.h"
#include "engine/program.h"
#include "engine/telling.h"
#include "truecode/world.h"

#include <stdio.h>

enum { SLICES_MAX = 256 };

_Static_assert(sizeof((struct span *)0)->note == NOTE_BYTES, "struct span");

/* The name of the answer that a program gave instead of its usual one; NULL: none. A
 * third party's refusal ends its caller's program too. */
static const char *result_of(const struct act *a)
{
    if (a->kind != ACT_REQUEST || a->reason != REASON_NONE ||
        !(a->flags & ACT_ANSWERED) || !a->program)
        return NULL;
    const struct op *op = &a->program->ops[a->pc];
    if (op->code == OP_CALL)
        return "declined";
    return op->code == OP_REPLY && op->text[0] ? op->text : NULL;
}

void w_tell_done(struct world *w, const struct act *a, bool user, bool good)
{
    struct slice gathered[SLICES_MAX];
    const struct slice *slices;
    if (!w->observer->done)
        return;
    size_t nslices = ledger_read(w, a, gathered, SLICES_MAX, &slices);
    struct request_done r = {
        .id = a->request,
        .client = a->client,
        .endpoint = a->what,
        .place = a->comp,
        .instance = user ? 0 : a->instance,
        .user = user,
        .good = good,
        .traced = (a->flags & ACT_TRACED) != 0,
        .abandoned = !user && (a->flags & ACT_ABANDONED) != 0,
        .start = a->start,
        .end = w_now(w),
        .age = a->age,
        .reason = (enum reason)a->reason,
        .result = result_of(a),
        .culprit = a->reason == REASON_NONE ? COMP_NONE : a->culprit,
        .slices = slices,
        .nslices = nslices,
    };
    w->observer->done(w->observer->ctx, &r);
}

uint32_t w_span_id(struct world *w)
{
    uint32_t id = ++W_HEAD(w)->next_span;
    return id != 0 ? id : ++W_HEAD(w)->next_span;
}

/* Copied by hand: spans are made by the million, and printf would be a tenth of it all. */
static void put_note(struct span *s, const char *note)
{
    size_t n = strlen(note);
    n = n < sizeof s->note ? n : sizeof s->note - 1;
    memcpy(s->note, note, n);
    s->note[n] = '\0';
}

void w_span(struct world *w, const struct act *a, enum cause cause, comp_id place,
            sim_time start, enum reason reason, const char *note)
{
    uint32_t id = w_span_id(w);
    if (!w->observer || !w->observer->span)
        return;
    struct span s = {.request = a->request,
                     .id = id,
                     .parent = a->span,
                     .place = place,
                     .instance = place == a->comp ? a->instance : 0,
                     .what = a->what == COMP_NONE ? place : a->what,
                     .cause = (uint8_t)cause,
                     .start = start,
                     .end = w_now(w),
                     .reason = reason,
                     .abandoned = (a->flags & ACT_ABANDONED) != 0};
    put_note(&s, note);
    w->observer->span(w->observer->ctx, &s);
}

void w_call_span(struct world *w, const struct act *a)
{
    if (!w->observer || !w->observer->span)
        return;
    struct span s = {.request = a->request,
                     .id = a->span,
                     .parent = a->parent_span,
                     .place = a->comp,
                     .instance = a->instance,
                     .what = a->what == COMP_NONE ? a->comp : a->what,
                     .cause = CAUSE_COUNT,
                     .start = a->start,
                     .end = w_now(w),
                     .reason = (enum reason)a->reason,
                     .result = result_of(a),
                     .abandoned = (a->flags & ACT_ABANDONED) != 0};
    const char *kind = "";
    if (a->kind == ACT_LOOKUP && a->reason == REASON_NONE)
        kind = a->flags & ACT_HIT ? a->flags & ACT_STALE ? "stale hit" : "hit" : "miss";
    else if (a->flags & ACT_ABANDONED)
        kind = "nobody waits any more";
    if (a->try_number > 1)
        snprintf(s.note, sizeof s.note, "retry %u%s%s", a->try_number - 1u,
                 kind[0] ? ", " : "", kind);
    else
        put_note(&s, kind);
    w->observer->span(w->observer->ctx, &s);
}

void w_open_span(struct world *w, const struct left_open *x, comp_id place,
                 sim_time start, sim_time end, enum reason reason)
{
    if (x->request == 0 || !w->observer || !w->observer->span)
        return;
    struct span s = {.request = x->request,
                     .id = x->span,
                     .parent = x->parent,
                     .place = place,
                     .what = place,
                     .cause = CAUSE_OTHER,
                     .start = start,
                     .end = end,
                     .reason = reason,
                     .outlives = true};
    w->observer->span(w->observer->ctx, &s);
}

void w_log(struct world *w, comp_id c, int instance, enum log_level level,
           uint64_t request, const char *fmt, ...)
{
    char text[256];
    if (!w->observer || !w->observer->log)
        return;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    struct log_line l = {.at = w_now(w),
                         .comp = c,
                         .instance = instance,
                         .level = level,
                         .request = request,
                         .text = text};
    w->observer->log(w->observer->ctx, &l);
}
