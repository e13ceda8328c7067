/*
 * call: the one mechanism by which anything calls anything.
 *
 * The caller is an act that stands at a call: a program's op, or a root. call_begin()
 * makes a child act and sends it to the callee's `begin`; the outcome, after timeouts,
 * retries and all else that its call policy says, comes to the caller's `resume`. The
 * callee ends the child with act_finish().
 */
#ifndef SIM_CALL_CALL_H
#define SIM_CALL_CALL_H

#include "engine/act.h"

struct call_spec; /* engine/program.h */

/* The call of a root: the data of its kind begin with the spec. */
static inline const struct call_spec *call_root_spec(const struct world *w,
                                                     const struct act *a)
{
    return w->comps[a->comp].data;
}
void call_begin(struct world *w, struct act *parent, const struct call_spec *s);
/* Asks for what every call by this policy touches (kind_impl.ahead). */
void call_fetch(const struct world *w, comp_id policy);
/* The parent stops waiting for its running call (it ends or is killed). */
void call_drop(struct world *w, struct act *parent);
enum balance {
    BALANCE_RANDOM,
    BALANCE_ROUND_ROBIN,
    BALANCE_LEAST,
    BALANCE_TWO,
    BALANCE_HASH,
    BALANCE_WEIGHTED,  /* only in balancers */
    BALANCE_LEAST_TIME /* only in balancers */
};
/* BALANCE_HASH of a call without a balancer. */
int call_hash(struct world *w, const struct act *a, const uint16_t *numbers,
              uint32_t n) SELDOM;
int call_balance(const struct world *w, comp_id policy);
/* Of `n` numbers those that no other copy of the attempt `a` has gone to: at *numbers,
 * which is `spare` (of `n`) if it is not all of them; returns how many. */
uint32_t hedge_others(const struct world *w, const struct act *a,
                      const uint16_t **numbers, uint32_t n, uint16_t *spare) SELDOM;
/* A copy is being served now. */
void hedge_started(struct world *w, struct act *a) SELDOM;

/* An act ended: accounts, reports, sends the answer to its parent, frees it. `culprit`:
 * where it failed (COMP_NONE when it did not). The kind has let go of it before. */
void act_finish(struct world *w, struct act *a, enum reason reason, comp_id culprit);
/* Ends it from outside: its component's cancel, then act_finish(reason). */
void act_kill(struct world *w, struct act *a, enum reason reason, comp_id culprit);

/* Sends an act one way over the network, as its call policy says: `event` when it is
 * there. False: there is nothing to cross. */
bool call_cross(struct world *w, struct act *a, int event, enum way way);
/* An attempt leaves its caller. */
void call_sent(struct world *w, comp_id policy);

/* The calendar's own events (struct parts): an answer is there, an attempt's timeout, a
 * pause before a retry is over. */
void call_delivered(struct world *w, struct act *child);
void call_timeout(struct world *w, struct act *child);
void call_backoff(struct world *w, struct act *parent);

/* A balancer sends a request on to the instance that it has chosen. */
void path_send_on(struct world *w, struct act *a, comp_id link);
/* The instance knows nothing any more, and connections to it are closed. */
void path_instance_gone(struct world *w, comp_id service, uint16_t number);

#endif
