/*
 * calendar: the loop's side of the event calendar (kinds use cal_at() and its like).
 */
#ifndef SIM_CALENDAR_H
#define SIM_CALENDAR_H

#include "sim_internal.h"

enum { CAL_LANES = 64 };

struct cal_slot {
    uint8_t event; /* enum event_kind; EV_NONE: cancelled */
    uint8_t lane;  /* CAL_LANES: in the heap */
    comp_id comp;
    uint32_t a, b;
    uint32_t link; /* in a lane: its place there; while free: next free slot */
};

void calendar_init(struct world *w);
/* Takes the next event at or before `until`; false: there is none. */
bool calendar_next(struct world *w, sim_time until, struct cal_slot *out, sim_time *at);

#endif
