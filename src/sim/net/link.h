/*
 * link: what the files of the kind "link" share. A message meets losses and partitions
 * in link_run.c, and takes its turn on the wire in link_lane.c.
 */
#ifndef SIM_NET_LINK_H
#define SIM_NET_LINK_H

#include "net/net.h"

enum link_rng { LRNG_LATENCY, LRNG_LOSS };
enum link_event { /* EV_KIND + this */
                  LE_ARRIVED,
                  LE_AGAIN,  /* a lost message is sent again */
                  LE_BROKEN, /* refused, or sent again in vain for long enough */
                  LE_SENT    /* a: way: the head of that lane is out */
};

/* Fates of a message on the wire. */
enum fate {
    FATE_ARRIVES,
    FATE_LOST,  /* sent again when no answer has come for so long */
    FATE_MISSED /* lost, as messages behind it tell: sent again at once */
};

/* A message, or what is lost of one, that takes its turn on the wire. */
struct frame {
    ref act;
    uint32_t gen;
    uint32_t bytes;
    uint8_t fate;
};
/* A direction: frames leave one after the other at the link's rate. */
struct lane {
    ref ring; /* struct frame */
    uint32_t head, tail, cap;
    uint32_t timer;
    uint64_t left;       /* of the head: bytes * 1e9 */
    uint64_t queued;     /* bytes in the ring, the head as a whole */
    sim_time since;      /* `left` and `busy` are right as of */
    sim_time busy;       /* time at work */
    sim_time second;     /* the whole second that `busy_at` is about */
    sim_time busy_at[2]; /* busy at that second, and at the one before */
};
/* A device between has forgotten a share of the connections that were open then. */
struct forgetting {
    sim_time at;
    double share;
};
enum { FORGETS = 8 };
enum side { SIDE_CALLERS, SIDE_CALLEES };
struct link {
    struct lane lanes[2];
    uint64_t rate; /* bytes a second now; 0: no limit */
    /* faults that run */
    double slow, loss, narrow;
    double parted;   /* share of the callers, both ways */
    double refusing; /* share of the callers that is refused at once */
    double partial;  /* share of one side */
    uint8_t side;    /* enum side: which */
    bool one_way[2]; /* by enum way */
    sim_time flap_from, flap_period, flap_down; /* period 0: it does not flap */
    struct forgetting forgets[FORGETS];         /* the last ones */
    uint32_t nforgets;                          /* moments so far */
    uint64_t messages, bytes, lost, cut, dropped, retransmits, broken;
};
static inline struct link *link_at(const struct world *w, comp_id c)
{
    return W_STATE(w, struct link, c);
}

/* link_run.c */
void link_event(struct world *w, comp_id c, int what, uint32_t a, uint32_t b);

/* link_lane.c */
/* The frame takes its turn; when it is out, lane_out() tells. */
void lane_push(struct world *w, comp_id link, enum way way, struct frame f);
/* The head is out. */
struct frame lane_pop(struct world *w, comp_id link, enum way way);
/* The rate has changed. */
void lanes_retune(struct world *w, comp_id link);
sim_time lane_busy(const struct world *w, const struct lane *l);
double lane_load(const struct world *w, const struct lane *l); /* of the last second */

#endif
