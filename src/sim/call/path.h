/*
 * path: the way of a call where its policy says more of it than a delay: what is done
 * before it is sent, when its message arrives, and when it never does. call.c asks for
 * that only where EXTRA_PATH is set.
 *
 * An act is on its way there (ACT_SENT, or a query that goes out) or back (ACT_BACK, a
 * query's answer).
 */
#ifndef SIM_CALL_PATH_H
#define SIM_CALL_PATH_H

#include "call/policy.h"

/* A connection of a call policy that is open. */
struct line {
    ref next; /* idle ones of the same caller, last used first */
    uint32_t uses;
    comp_id to;
    uint16_t peer; /* instance at the other end; 0: not known, or none */
};
struct caller { /* an instance of the caller; of users: one of their resolvers */
    struct dns_answer answer;
    ref idle; /* struct line */
};

/* path.c */
void path_tune(struct path *p); /* sets `what` by the rest */
/* call_cross() over a link. False: there is none. */
bool path_cross(struct world *w, struct act *a, int event) SELDOM;
/* The call that `a` makes fails on its way, at `culprit`; nothing of it reaches
 * (or comes back from) its callee any more. */
void path_fail(struct world *w, struct act *a, enum reason reason, comp_id culprit);
/* It has arrived, whichever way it went. */
void path_arrived(struct world *w, struct act *a);

/* path_dial.c */
/* Before the call is sent: true: it will be (call_send()), or has failed; false: there
 * is nothing to be done first. */
bool path_dial(struct world *w, struct act *a) SELDOM;
/* The call is over: its connection is kept, or closed. */
void path_keep(struct world *w, struct act *a, enum reason reason) SELDOM;
/* Its caller does not wait for the answer: the connection is closed. */
void path_hang_up(struct world *w, struct act *a) SELDOM;
/* The work of a handshake is done, or its instance is gone (kind_impl.resume). */
void path_setup_over(struct world *w, struct act *setup, enum reason reason);
/* A call that is being opened: its next step is due. */
void path_dial_due(struct world *w, struct act *a);

#endif
