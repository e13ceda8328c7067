/*
 * schedule: the deeds of the incident, and when each comes: faults and their ends, deploys,
 * and decoys, which are told like the others and change nothing. Owned by the model.
 */
#ifndef SIM_ENGINE_SCHEDULE_H
#define SIM_ENGINE_SCHEDULE_H

#include "engine/engine.h"
#include "truecode/kind.h"

struct schedule_entry {
    sim_time at;          /* of the first time */
    uint32_t nth;         /* among the entries of the component */
    bool decoy;           /* told, not done */
    bool final;           /* of a decoy: without undo */
    struct action action; /* texts in the arena */
    const char *who, *title;
    /* A fault that comes again: lasts so long each time, begins anew so long after the
     * end, and not after `until`. The draws depend on the world's seed, the component, the
     * entry's number among those of the component, and how often it has come. */
    bool repeats;
    struct dist lasts, again;
    sim_time until;
};

#endif
