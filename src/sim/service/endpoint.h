/*
 * endpoint: a service's program as a thing that is counted and measured, and counters.
 *
 * An endpoint has a program for each version of its service, compiled into the model
 * (endpoint_program()); what is counted of it lies in its own state, not the service's.
 *
 *     a->program = endpoint_runs(w, a->what, i->version);
 *     endpoint_started(w, a->what);
 *     …
 *     endpoint_done(w, a, reason);     once for each that was started
 */
#ifndef SIM_SERVICE_ENDPOINT_H
#define SIM_SERVICE_ENDPOINT_H

#include "engine/act.h"
#include "engine/program.h"

struct endpoint_state {
    uint64_t requests, failed, abandoned;
    sim_time seconds;
    uint32_t in_flight;
    uint16_t known;                /* the version that `program` is of, + 1; 0: none */
    const struct program *program; /* kept, as it is asked for again and again */
    uint64_t failures[REASON_COUNT]; /* NONE: see endpoint_metric() */
    ref busy; /* uint32_t workers by instance number, where endpoints have limits */
    uint32_t busy_cap;
};

/* The program that an endpoint has in a version, while a world runs. */
static inline const struct program *endpoint_runs(struct world *w, comp_id e,
                                                  uint16_t version)
{
    struct endpoint_state *s = W_STATE(w, struct endpoint_state, e);
    if (s->known != version + 1) {
        s->program = endpoint_program(w->model, e, version);
        s->known = (uint16_t)(version + 1);
    }
    return s->program;
}

static inline void endpoint_started(struct world *w, comp_id e)
{
    struct endpoint_state *s = W_STATE(w, struct endpoint_state, e);
    s->requests++;
    s->in_flight++;
}

/* Counts an answer (or failure) of an endpoint. */
static inline void endpoint_done(struct world *w, const struct act *a,
                                 enum reason reason)
{
    struct endpoint_state *s = W_STATE(w, struct endpoint_state, a->what);
    s->in_flight--;
    s->seconds += w_now(w) - a->start;
    if (reason != REASON_NONE) {
        s->failures[reason]++;
        s->failed++;
    }
    if (a->flags & ACT_ABANDONED)
        s->abandoned++;
}

/* Counts what an act is about (act_subject()). */
void counter_add(struct world *w, comp_id c, const struct act *a);
/* Workers that its requests hold: counted only where some endpoint has a limit. */
uint32_t endpoint_busy(const struct world *w, comp_id endpoint, int instance);
void endpoint_worker(struct world *w, comp_id endpoint, int instance, int more) SELDOM;
void endpoint_idle(struct world *w, comp_id endpoint); /* all instances: none */

#endif
