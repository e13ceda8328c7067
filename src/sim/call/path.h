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

struct caller { /* an instance of the caller; of users: one of their resolvers */
    struct dns_answer answer;
    ref idle;   /* struct line */
    ref shared; /* the same, through `share`: in use, with room for more streams */
    uint32_t open, nidle;
    struct ports ports;
};

/* path.c */
void path_tune(struct path *p); /* sets `what` by the rest */
/* call_cross() over a link. False: there is none. */
bool path_cross(struct world *w, struct act *a, int event) SELDOM;
/* The call that `a` makes fails on its way, at `culprit`; nothing of it reaches
 * (or comes back from) its callee any more. */
void path_fail(struct world *w, struct act *a, enum reason reason, comp_id culprit);
/* A message has arrived, whichever way it went. */
void path_arrived(struct world *w, struct act *a);
/* The same, where nothing before it on its connection is missing. */
void path_deliver(struct world *w, struct act *a);

/* path_dial.c */
/* Before the call is sent: true: it will be (call_send()), or has failed; false: there
 * is nothing to be done first. */
bool path_dial(struct world *w, struct act *a) SELDOM;
/* A connection was not made within connect_timeout. */
void path_dial_late(struct world *w, struct act *a);
/* The work of a handshake is done, or its instance is gone (kind_impl.resume). */
void path_setup_over(struct world *w, struct act *setup, enum reason reason);
/* A call that is being opened: its next step is due. */
void path_dial_due(struct world *w, struct act *a);

/* path_line.c */
/* The state of a calling instance on this path; made at its first call. */
struct caller *path_caller(struct world *w, struct path *p, uint32_t seat);
/* Gives `a` an idle connection of its caller. False: there is none. */
bool path_line_take(struct world *w, uint32_t seat, struct act *a);
/* Whether the caller may open one more; says so in its log when not. */
bool path_port_free(struct world *w, comp_id policy, uint32_t seat);
/* Local ports that are taken: by what is open, and by what was. */
uint32_t path_ports(const struct world *w, comp_id policy, const struct caller *c);
/* No port is in TIME_WAIT any more. */
void path_ports_forget(struct world *w, comp_id policy);
/* `a` goes by a connection that was just opened. */
void path_line_open(struct world *w, uint32_t seat, struct act *a);
/* Whether what is sent over the connection of `a` now gets lost; it goes by a link. */
bool path_line_dead(struct world *w, const struct act *a);
/* The call is over: its connection is kept, or closed. */
void path_keep(struct world *w, struct act *a, enum reason reason) SELDOM;
/* The caller does not wait for the answer: the connection is closed. */
void path_hang_up(struct world *w, struct act *a) SELDOM;
/* Closes the idle ones that lead to this instance; `peer` 0: all. */
void path_lines_drop(struct world *w, comp_id policy, struct caller *c, comp_id to,
                     uint16_t peer);
/* A connection has been idle for idle_timeout. */
void path_line_idle(struct world *w, comp_id policy, ref line, uint32_t number);

#endif
