/*
 * schedule: what the incident does, and when.
 */
#ifndef SIM_ENGINE_SCHEDULE_H
#define SIM_ENGINE_SCHEDULE_H

#include "engine/engine.h"
#include "truecode/kind.h"

struct schedule_entry {
    sim_time at;
    bool decoy;
    bool final;           /* of a decoy: without undo */
    struct action action; /* texts in the arena */
    const char *who, *title;
    /* A fault that comes again: lasts so long each time, begins anew so long after the
     * end, and not after `until`. What is drawn depends on the world's seed, the entry
     * and how often it has come, and on nothing else. */
    bool repeats;
    struct dist lasts, again;
    sim_time until;
};

#endif
