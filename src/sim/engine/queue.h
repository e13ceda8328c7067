/*
 * queue: lists of acts, in order. An act is in at most two of them: a queue, through
 * qnext and qprev, where it waits for something; and the members of its component or
 * instance, through next and prev, for as long as it is there. The list is its owner's
 * (struct list in the component's state); acts in it are freed by nobody else before they
 * have been taken out.
 */
#ifndef SIM_ENGINE_QUEUE_H
#define SIM_ENGINE_QUEUE_H

#include "engine/act.h"

/* A queue of acts through qnext/qprev. */
void queue_push(struct world *w, struct list *q, struct act *a);
struct act *queue_pop(struct world *w, struct list *q);      /* first; NULL: empty */
struct act *queue_pop_last(struct world *w, struct list *q); /* last */
void queue_remove(struct world *w, struct list *q, struct act *a);
/* The list through next/prev is whole around this act; a short one is looked through. */
static inline bool members_hold(const struct world *w, const struct list *l,
                                const struct act *a)
{
    enum { SHORT = 32 };
    ref me = W_REF(w, a);
    bool whole = a->gen != 0 && l->count > 0 &&
                 (a->prev != 0 ? act_at(w, a->prev)->next : l->first) == me &&
                 (a->next != 0 ? act_at(w, a->next)->prev : l->last) == me;
    uint32_t n = 0, found = 0;
    for (ref r = l->first; whole && l->count <= SHORT && r != 0 && n <= SHORT; n++) {
        found += r == me;
        r = act_at(w, r)->next;
    }
    return whole && (l->count > SHORT || (found == 1 && n == l->count));
}

/* `a`, which waits, is willing to for `own` (drawn; SIM_FOREVER: for ever): then it goes
 * on (act_ready()) with its place in the queue still to be given up, and leaves. Whoever
 * takes it out of the queue before ends that with act_ready(), so that patience is with
 * the wait alone and never with the service (the "M" after the plus sign of M/M/c+M).
 * Uses a->timer. `most`: the patience of the queue itself; 0: without end. True: it will
 * leave by its own patience, before `most`. */
bool queue_impatient(struct world *w, struct act *a, sim_time own,
                     sim_time most) SELDOM;

/* All acts in a component (or instance) through next/prev, oldest first. */
static inline void members_add(struct world *w, struct list *l, struct act *a)
{
    ref r = W_REF(w, a);
    CHECK(a->gen != 0 && (a->next | a->prev) == 0 && l->first != r);
    a->next = 0;
    a->prev = l->last;
    if (l->last != 0)
        act_at(w, l->last)->next = r;
    else
        l->first = r;
    l->last = r;
    l->count++;
}

static inline void members_remove(struct world *w, struct list *l, struct act *a)
{
    CHECK(members_hold(w, l, a));
    if (a->prev != 0)
        act_at(w, a->prev)->next = a->next;
    else
        l->first = a->next;
    if (a->next != 0)
        act_at(w, a->next)->prev = a->prev;
    else
        l->last = a->prev;
    a->next = a->prev = 0;
    l->count--;
}

#endif
