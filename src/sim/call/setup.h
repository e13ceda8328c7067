/*
 * setup: the work of opening a connection in somebody's cores. A handshake is computed
 * by both sides and a session started by its server, beside whatever these cores do
 * already, and at their pace.
 *
 * The work is an act of its own (ACT_SETUP), which goes through the station like any
 * other; whoever waits for it (an attempt, a pool's connection) stays where it is. When
 * it is done, or its instance is gone, it comes back to `resume` of the component that
 * began it, which reads act->setup and ends it.
 */
#ifndef SIM_CALL_SETUP_H
#define SIM_CALL_SETUP_H

#include "engine/act.h"

/* The cores that compute: of an instance of a service, or of a server. */
struct setup_site {
    comp_id comp; /* COMP_NONE: nobody's */
    uint16_t instance;
};
/* Begins work of `demand`, which `by` is told of when it is over. NULL: there are no
 * cores, or the instance is not up: the time passes, and costs nobody. */
struct act *setup_begin(struct world *w, struct setup_site at, sim_time demand,
                        comp_id by);
/* Frees one that has come back to `resume`. */
void setup_end(struct world *w, struct act *s);
/* Ends it early: nobody is told. */
void setup_drop(struct world *w, ref setup);
/* How many there are at a site now. */
uint32_t setups_at(const struct world *w, struct setup_site at);

#endif
