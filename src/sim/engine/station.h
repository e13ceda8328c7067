/*
 * station: cores that all inside share (processor sharing).
 *
 * n acts share
 *
 *     factor * min(cores, n) / (1 + alpha (n - 1) + beta n (n - 1))
 *
 * seconds of work per second. Attained service is a fixed-point integer clock; keys of
 * acts sit in a heap of finishing marks (act->mark); one event (EV_STATION, a = W_REF
 * of the station) is pending. An act that is done gets its ledger split, its demand to
 * `work` and the rest to `contention`, and act_ready(REASON_NONE).
 */
#ifndef SIM_ENGINE_STATION_H
#define SIM_ENGINE_STATION_H

#include "engine/engine.h"
#include "truecode/cause.h"

#define STATION_SECONDS 12
#define STATION_ALL     1e9 /* more cores than there are */
struct station {
    comp_id comp;
    uint8_t work, contention; /* causes */
    bool paused;
    ref heap;      /* of (mark, gen, act), see heap.h */
    uint32_t n;    /* acts inside */
    uint32_t keys; /* in the heap; more than n: some of acts that have left */
    uint32_t cap;
    ref lower;      /* a station that has the cores which this one leaves; 0: none */
    uint32_t whole; /* up to so many inside, each gets a whole core; 0: find out */
    uint32_t timer;
    uint64_t clock;    /* attained service per act, fixed point */
    uint64_t rate;     /* of the clock now, fixed point per ns */
    sim_time since;    /* clock is right as of */
    sim_time timer_at; /* when it fires */
    double busy;       /* core-nanoseconds used up to `since`; see station_busy() */
    sim_time tick;     /* the next whole second, that busy_at does not know yet */
    uint64_t served;   /* acts that were done */
    uint32_t setups;   /* of those inside: the work of opening connections */
    ref only;          /* an act that is alone inside; 0: whoever is is in the heap */
    double cores, alpha, beta, factor;
    double burns; /* cores that are busy with something else while it is paused */
    double busy_at[STATION_SECONDS]; /* busy at second t: [t % STATION_SECONDS] */
};
/*
 * Classes. A station may have others below it, that have the cores it leaves: those
 * inside an upper one are served as if there were no lower one, from the moment they
 * come, and whoever is inside a lower one stands still as far as cores are missing, and
 * goes on later with what is left of the work (preemptive resume). Add an act to the
 * station of its class; cores, factor and pauses are those of each station, but for the
 * cores of lower ones, which follow from the one above.
 */
/* Puts n stations below `s`, which has none yet. */
void station_split(struct world *w, struct station *s, int n);
/* The station `down` below s, or the lowest there is. */
static inline struct station *station_below(const struct world *w, struct station *s,
                                            int down)
{
    for (; down > 0 && s->lower != 0; down--)
        s = W_PTR(w, struct station, s->lower);
    return s;
}

/* The station of the next class down; NULL: there is none. */
static inline struct station *station_next(const struct world *w,
                                           const struct station *s)
{
    return s->lower != 0 ? W_PTR(w, struct station, s->lower) : NULL;
}
/* Core-seconds used by all classes, from this one down. */
double stations_busy(const struct world *w, const struct station *s);
/* Share of this one's cores that all classes have used (station_used()). */
double stations_load(const struct world *w, const struct station *s, int seconds);

void station_init(struct world *w, struct station *s, comp_id c, enum cause work,
                  enum cause contention, double cores);
/* The act waits here for `demand` ns of work (act_wait is done by it). */
void station_add(struct world *w, struct station *s, struct act *a, sim_time demand);
/* Takes it out unfinished; its ledger gets work and contention so far. */
void station_remove(struct world *w, struct station *s, struct act *a);
/* Takes out all that are inside, unfinished; each goes on with `reason`. */
void station_evict(struct world *w, struct station *s, enum reason reason) SELDOM;
/* Work it has got since it was added. */
sim_time station_attained(const struct world *w, const struct station *s,
                          const struct act *a);
/* After changing cores, alpha, beta, factor or paused: call before and after with the
 * same station: station_touch(); change; station_changed(). */
void station_touch(struct world *w, struct station *s);
void station_changed(struct world *w, struct station *s);
/* Splits the time of all inside up to now, as if each had left and come back for the
 * rest; calls `f` for those that are traced. For a change of `contention`. */
void station_settle(struct world *w, struct station *s,
                    void (*f)(struct world *w, struct act *a)) SELDOM;
void station_event(struct world *w, struct station *s);              /* EV_STATION */
double station_busy(const struct world *w, const struct station *s); /* core-seconds */
/* Cores busy, as a mean over the last `seconds` whole seconds and what has begun of this
 * one; 1 <= seconds < STATION_SECONDS. */
double station_used(const struct world *w, const struct station *s, int seconds);
/* Share of its cores busy over the last `seconds` whole seconds and what has begun of
 * this one; 1 <= seconds < STATION_SECONDS. */
double station_load(const struct world *w, const struct station *s, int seconds);

#endif
