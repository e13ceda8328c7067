/*
 * ring: consistent hashing. Each instance has `virtual_nodes` places on a ring; a key
 * belongs to the first place at or behind its own hash whose instance is there. So an
 * instance that goes takes only its own keys with it, each to a different other one.
 */
#ifndef SIM_ENGINE_RING_H
#define SIM_ENGINE_RING_H

#include "engine/act.h"

struct ring {
    ref places; /* sorted: hash in the upper 48 bits, instance number in the lower 16 */
    uint32_t n, cap;
    uint32_t instances, virtual_nodes; /* counts that the ring was made for */
};

/* Chooses among `n` numbers, which rise, for this key. The ring is (re)made when need
 * be. */
int ring_choose(struct world *w, struct ring *r, comp_id service,
                uint32_t virtual_nodes, uint64_t key, const uint16_t *numbers,
                uint32_t n);
/* The key that a request is spread by: its user, else itself. */
uint64_t ring_key(const struct world *w, const struct act *a);
/* For `check`: a ring of this service will be made while the world runs. */
void ring_reserve(struct model *m, comp_id service, int64_t virtual_nodes);

#endif
