/*
 * dial: opening a connection: one small state machine for calls and for a pool's
 * connections to a database (path_dial.c).
 */
#ifndef SIM_CALL_DIAL_H
#define SIM_CALL_DIAL_H

#include "call/setup.h"
#include "engine/lot.h"
#include "truecode/cause.h"

/* Where a call that is being opened is at (act->step, conn->step). */
enum dial_step {
    DIAL_NAME,
    DIAL_HEARD,   /* the resolver's answer is there */
    DIAL_UNHEARD, /* no answer will come */
    DIAL_LINE,
    DIAL_SYN,
    DIAL_TLS,
    DIAL_PRESENTS, /* the side that presents the certificate computes */
    DIAL_CHECKS,   /* the caller computes */
    DIAL_HELLO,    /* the certificate is there */
    DIAL_GIVES_UP, /* sent again often enough */
    DIAL_LATE,     /* connect_timeout is over */
    DIAL_DONE
};
struct dial {
    comp_id policy, caller;
    uint16_t instance; /* of the caller */
    struct lot lot;    /* of the request, or of the connection */
    uint16_t attempt;
    bool pool;  /* a pool's connection: it is opened over the link, if there is one */
    comp_id to; /* where it leads: what the name stands for, once that is known */
    uint16_t peer;         /* instance there, once it is chosen; 0: left to chance */
    const struct act *act; /* a call's attempt; NULL: a pool's connection */
    uint8_t step;
    uint16_t tries;
    sim_time until; /* connect_timeout is over then; 0: there is none */
    /* WAITS: so long, for this; WORKS: so much, there; FAILS: why, where */
    sim_time delay;
    enum cause cause;
    comp_id place;
    enum reason reason;
    struct setup_site site;
};
enum dial_says { DIAL_GOES_ON, DIAL_WAITS, DIAL_WORKS, DIAL_OPEN, DIAL_FAILED };

/* Goes on as far as it can. A pool that has to wait does so by an event CE_POOL at the
 * policy, which comes back as kind_impl.dial. */
enum dial_says path_dial_on(struct world *w, struct dial *d);
/* The time at which connect_timeout is over, for who began at `since`; 0: never. */
sim_time path_connect_until(const struct world *w, comp_id policy, sim_time since);
enum call_event {               /* EV_KIND + this, at the policy */
                  CE_HEDGE,     /* a, b: the caller: no answer yet, send another copy */
                  CE_TIED,      /* a, b: a copy: its twin has been started */
                  CE_DIAL,      /* a, b: a call on its way: the next step */
                  CE_POOL,      /* a, b: a pool's connection: the same */
                  CE_ADMIT,     /* the bulkhead has room */
                  CE_LATE,      /* a, b: a call on its way: connect_timeout is over */
                  CE_LINE_IDLE, /* a, b: a connection, its number: idle for too long */
                  CE_IN_ORDER,  /* a, b: a call on its way: its message may go on */
                  CE_BROKEN,    /* a, b: the same: its connection is gone */
                  CE_WAITED     /* a, b: a caller that has waited for it long enough */
};

#endif
