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
    int line;             /* of the lesson's file, for errors; 0: not known */
    struct action action; /* texts in the arena */
    const char *who, *title;
};

#endif
