/*
 * broker: what programs and services use of topics.
 */
#ifndef SIM_BROKER_BROKER_H
#define SIM_BROKER_BROKER_H

#include "engine/engine.h"

/* A program begins to publish: draws the message's key, for all tries, into a->key. */
void publish_key(struct world *w, struct act *a, comp_id topic) SELDOM;
/* The instance that has this poisoned message cannot read it. */
bool subscription_chokes(struct world *w, const struct act *a,
                         const char *version) SELDOM;

#endif
