/*
 * broker_full: what the files of the kind "broker" share: its state, its cores, and what
 * it does with producers when it is full.
 */
#ifndef SIM_BROKER_FULL_H
#define SIM_BROKER_FULL_H

#include "broker/topic.h"
#include "engine/queue.h"
#include "engine/station.h"

extern const struct kind_impl kind_broker;

enum broker_param {
    BP_LATENCY,
    BP_CORES,
    BP_CPU,
    BP_MEMORY,
    BP_DISK,
    BP_WHEN_FULL,
    BP_MAX_BLOCK,
    BP_CONNECTION_MEMORY,
    BP_ORDER,
    BP_PREEMPT,
    BP_PATIENCE,
    BP_PARAMS
};
enum { WHEN_FULL_BLOCK, WHEN_FULL_REFUSE };
enum { BROKER_FIFO, BROKER_PRIORITY };
enum { BROKER_RNG_LATENCY, BROKER_RNG_WORK, BROKER_RNG_PATIENCE };
enum { BROKER_EV_CHECK };

enum publish_phase {                  /* act->phase */
                     PUBLISH_WORKING, /* in the cores */
                     PUBLISH_BLOCKED, /* waits for room */
                     PUBLISH_LEAVES,  /* the same; its own patience ends first */
                     PUBLISH_STORED,  /* until it is confirmed */
                     PUBLISH_REFUSED  /* goes on with `reason` of its resume */
};

struct broker_state {
    struct list inside;
    struct list blocked[PRIORITY_CLASSES]; /* of them, in order; the last go first */
    uint32_t nblocked;
    bool down;
    double slow;
    uint64_t requests, failed;
    uint64_t blocked_total, refused; /* waited for room; got none */
    uint64_t left;                   /* lost patience */
    sim_time seconds;
    int64_t kept; /* bytes of messages, of all topics */
    uint32_t connections;
    uint32_t timer; /* of the next look whether there is room again */
    struct station cores;
};

static inline struct broker_state *broker_at(const struct world *w, comp_id c)
{
    return W_STATE(w, struct broker_state, c);
}

/* broker_full.c */
/* Bytes of messages and connections. */
double broker_memory(const struct world *w, comp_id c);
/* Whether a message of the topic may be stored now; makes room first, where what nobody
 * needs any more would do. */
bool broker_has_room(struct world *w, comp_id c, comp_id topic);
/* The producer waits, in order, for room or until max_block is over. */
void broker_blocks(struct world *w, struct act *a);
/* Whether it is among the blocked ones. */
static inline bool broker_is_blocked(const struct act *a)
{
    return a->phase == PUBLISH_BLOCKED || a->phase == PUBLISH_LEAVES;
}
/* Leaves the blocked ones. */
void broker_unblocks(struct world *w, struct act *a);
/* The alarm's clock: those that there is room for go on, by `admit`. */
void broker_check(struct world *w, comp_id c,
                  void (*admit)(struct world *w, struct act *a));

/* broker_cores.c */
void broker_cores_init(struct world *w, comp_id c);
void broker_cores_changed(struct world *w, comp_id c);
void broker_cores_evict(struct world *w, comp_id c, enum reason reason) SELDOM;
/* A publish goes to the cores (PUBLISH_WORKING). False: there are enough for all. */
bool broker_works(struct world *w, struct act *a);
struct station *broker_cores(const struct world *w, comp_id c, int number);

#endif
