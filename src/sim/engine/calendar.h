/*
 * calendar: what happens later, in order of time and then of insertion.
 *
 *     s->timer = cal_at(w, w_now(w) + SIM_SEC, EV_KIND + SE_WARM, c, number, 0);
 *     ...
 *     cal_cancel(w, &s->timer);
 *
 * A timer is named by a number that is good until it fires or is cancelled: keep it in
 * a field, set the field to 0 when it fires. 0: none.
 */
#ifndef SIM_ENGINE_CALENDAR_H
#define SIM_ENGINE_CALENDAR_H

#include "engine/engine.h"

struct cal_event {
    uint8_t event; /* enum event_kind; EV_NONE: cancelled */
    comp_id comp;
    uint32_t a, b;
};

/* The core's come first; a kind's own are EV_KIND + n and reach its `event`. */
enum event_kind {
    EV_NONE,
    EV_ARRIVE,   /* a child act reaches its component (network time over) */
    EV_DELIVER,  /* an answer reaches the parent */
    EV_TIMEOUT,  /* an attempt's timeout */
    EV_BACKOFF,  /* retry now */
    EV_READY,    /* act_timer(): the act goes on */
    EV_STATION,  /* a = ref of struct station */
    EV_SCHEDULE, /* a = index of the model's schedule, b = times it has come before */
    EV_OVER,     /* a = ref of a fault (b = 0), of a resize (b = 1) */
    EV_KIND
};

uint32_t cal_at(struct world *w, sim_time at, int event, comp_id c, uint32_t a,
                uint32_t b);
/* The same for delays that repeat (timeouts, network): one ring per delay, O(1). */
uint32_t cal_after(struct world *w, sim_time delay, int event, comp_id c, uint32_t a,
                   uint32_t b);
void cal_drop(struct world *w, uint32_t timer);
static inline void cal_cancel(struct world *w, uint32_t *timer) /* 0 is fine */
{
    if (*timer != 0)
        cal_drop(w, *timer);
    *timer = 0;
}

#endif
