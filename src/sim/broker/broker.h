/*
 * broker: topics as programs and services use them. The rest of the room is in topic.h
 * (brokers, topics, their messages) and subscription.h (those who read), its own.
 *
 * A publish is a call like any other (call/call.h): a child act ACT_PUBLISH, `what` the
 * topic, reaches the broker's `begin`. A delivery goes the other way: an act of the
 * subscription calls an endpoint, and carries ACT_POISON where the message is one that
 * its consumers may not be able to read.
 *
 *     publish_key(w, a, op->what);    once, so that all tries have one key
 *     call_begin(w, a, &op->call);
 */
#ifndef SIM_BROKER_BROKER_H
#define SIM_BROKER_BROKER_H

#include "engine/engine.h"

/* A program begins to publish: draws the message's key, for all tries, into a->key. */
void publish_key(struct world *w, struct act *a, comp_id topic) SELDOM;
/* Whether code of this version cannot read the poisoned message that `a` is a delivery
 * of; then says so in the log. */
bool subscription_chokes(struct world *w, const struct act *a,
                         const char *version) SELDOM;

#endif
