/*
 * life: how acts begin, are let go of and end, and what the loop does with those that
 * are ready.
 */
#ifndef SIM_ENGINE_LIFE_H
#define SIM_ENGINE_LIFE_H

#include "engine/act.h"

#include <stddef.h>

void acts_more(struct world *w) SELDOM;
void chunks_free(struct world *w, ref chunks) SELDOM;

/* Of a free act only `gen`, which is 0, and `next` mean something. */
HOT void act_poison(struct act *a)
{
    if (CHECKING) {
        memset(a, CHECK_POISON, sizeof *a);
        a->gen = 0;
    }
}

static inline bool act_is_free(const struct act *a)
{
    enum { AFTER = offsetof(struct act, next) + sizeof(ref) };
    const char *p = (const char *)a;
    return a->gen == 0 &&
           check_poisoned(p + sizeof a->gen,
                          offsetof(struct act, next) - sizeof a->gen) &&
           check_poisoned(p + AFTER, sizeof *a - AFTER);
}

HOT struct act *act_new(struct world *w, enum act_kind kind, comp_id c)
{
    struct head *h = W_HEAD(w);
    if (h->act_free == 0)
        acts_more(w);
    struct act *a = act_at(w, h->act_free);
    CHECK(act_is_free(a));
    h->act_free = a->next;
    /* In pieces: compilers clear a few words with vector stores, more with a slow loop.
     */
    enum { PIECE = 64, REST = offsetof(struct act, own) - 3 * PIECE };
    char *p = (char *)a;
    memset(p, 0, PIECE);
    memset(p + PIECE, 0, PIECE);
    memset(p + 2 * PIECE, 0, PIECE);
    memset(p + 3 * PIECE, 0, REST);
    h->act_gen += h->act_gen + 1 == 0 ? 2 : 1;
    CHECK(h->act_gen != 0);
    a->gen = h->act_gen;
    a->kind = (uint8_t)kind;
    a->cause = CAUSE_OTHER;
    a->comp = a->place = c;
    a->what = a->policy = a->client = a->culprit = a->caller = a->pool = COMP_NONE;
    a->start = a->since = h->now;
    h->acts++;
    return a;
}

HOT void act_free(struct world *w, struct act *a)
{
    struct head *h = W_HEAD(w);
    assert(a->gen != 0 && (a->parent | a->child | a->branches | a->station) == 0);
    cal_cancel(w, &a->timer);
    cal_cancel(w, &a->timeout);
    if ((a->more | a->before) != 0) {
        chunks_free(w, a->more);
        chunks_free(w, a->before);
    }
    act_poison(a);
    a->gen = 0;
    a->next = h->act_free;
    h->act_free = W_REF(w, a);
    h->acts--;
}

void act_orphan(struct world *w, struct act *a); /* frees one that nobody waits for */
void act_event(struct world *w, int event, ref r, uint32_t gen);
/* Nobody waits for it any more; it goes on. Marks all below it. */
void act_abandon(struct world *w, struct act *a);
/* The component where it is really stuck: the deepest of those it waits for. */
comp_id act_where(const struct world *w, const struct act *a);

/* An act that goes on, in one word: act, the low bits of its generation (nothing lives
 * through as many within one event), why. */
typedef uint64_t ready_entry;
#define READY_GEN_BITS 24
static inline ready_entry ready_make(ref act, uint32_t gen, uint8_t reason)
{
    return (uint64_t)reason << (32 + READY_GEN_BITS) |
           (uint64_t)(gen & ((1u << READY_GEN_BITS) - 1)) << 32 | act;
}
void ready_grow(struct world *w) SELDOM; /* room for more of them */

#endif
