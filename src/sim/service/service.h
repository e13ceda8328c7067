/*
 * service: services as balancers, limiters and clients use them: who is up and ready, and
 * the door by which a request comes in.
 *
 *     a->instance = 0;         or the number of one, chosen before
 *     service_begin(w, a);     ends the act itself where nobody takes it
 *
 * Numbers of instances begin with 1. An instance that is gone leaves its place (state
 * INSTANCE_NONE) to the next that is added; the struct itself never moves.
 */
#ifndef SIM_SERVICE_SERVICE_H
#define SIM_SERVICE_SERVICE_H

#include "engine/act.h"
#include "engine/station.h"

extern const struct kind_impl kind_service;

/* Instances: as many as there may be; with those that a roll-out has started beside
 * them there may be twice as many, the rest is on its way out. */
enum { SERVICE_MAX = 1000, SLOTS_MAX = 4 * SERVICE_MAX };

struct instance { /* looked at by every request: first */
    comp_id comp;
    uint16_t number, version;
    uint8_t state;     /* enum instance_state */
    uint16_t features; /* enum service_feature: its service's, as the next four are */
    bool newest;       /* SP_ORDER is ORDER_LIFO */
    bool hung;         /* the workers stand still */
    uint32_t workers;  /* SP_WORKERS */
    uint32_t room;     /* of the queue, in requests */
    uint32_t busy;     /* workers */
    struct list queue, members;
    uint64_t requests;
    sim_time patience; /* SP_QUEUE_TIMEOUT */
    sim_time seconds, queue_seconds;
    double error_rate; /* fault */
    uint64_t errors;
    struct station cores;
    uint64_t refused, abandoned;
    sim_time wasted;
    uint8_t then; /* DRAINING: enum drained */
    bool held;    /* DOWN until a fault ends */
    bool waiting; /* DOWN until the back-off is over */
    bool warming;
    bool ready;     /* by the last answer of the readiness probe */
    bool was_ready; /* at some time since the start */
    bool insists;   /* not ready before all that it insists on is there */
    bool live;      /* by the last answer of the liveness probe */
    uint32_t live_fails, ready_fails; /* in a row */
    sim_time since;                   /* in this state */
    uint32_t restarts;
    uint32_t timer, warm_timer, probe_timer;
    double slow; /* fault */
    /* start */
    double start_left;    /* ns of an undisturbed start that are still to come */
    double start_pace;    /* how much of that passes in a ns */
    sim_time start_as_of; /* start_left is right as of */
    /* health */
    uint32_t ready_oks; /* in a row */
    sim_time ready_since, up_since;
    /* roll-out */
    bool rolling;         /* taken out by the roll-out and not back yet */
    bool extra;           /* added for as long as the roll-out lasts */
    uint8_t colour;       /* enum colour, while two sets of instances run */
    bool idle;            /* of the set that gets no requests */
    bool canary;          /* gets the canary's version */
    uint32_t ready_timer; /* to having been ready for long enough */
    /* memory: bytes */
    double leaked, garbage, garbage_new;
    double leak;      /* fault: KiB a request */
    double allocated; /* by programs that run */
    bool dying;       /* ends in this moment */
    bool collecting;  /* the cores stand still for the collector */
    uint32_t crashes; /* in a row, for the back-off */
    ref kept;         /* settings as they were at the start (service_kept.c) */
    uint32_t gc_timer;
    uint32_t gc_clock; /* to the next collection by the clock */
    uint64_t oom_kills, collections;
    sim_time gc_time, collect_since;
    /* file descriptors */
    double fd_leak, fds_leaked;
    uint64_t no_fds;
    /* order and shedding */
    ref order; /* heap of keys of those that wait */
    uint32_t order_n, order_cap;
    sim_time queued_since; /* the queue has not been empty since */
    sim_time shed_at;      /* the share was adjusted */
    double shed_busy, shed_share;
    uint64_t shed;
    uint32_t busy_by[4];    /* workers by priority, with SF_PREEMPT */
    uint32_t probing;       /* health checks that have a worker, or wait for one */
    uint64_t waited, left;  /* for a worker; of those, who left before there was one */
    sim_time backlog_since; /* somebody has been waiting ever since; if anybody is */
    sim_time backlog_longest;
};

/* A fault that hits whoever runs a version. */
enum { VERSION_ANY = 0xffff };
struct version_fault {
    double rate; /* 0: there is none */
    uint16_t version;
};

struct service_state {
    ref instances; /* refs of struct instance, by number - 1; they never move */
    uint32_t n, cap;
    ref eligible; /* uint16_t numbers: up and ready */
    uint32_t neligible, eligible_cap;
    ref sole; /* the instance, if just one is eligible */
    uint32_t round_robin;
    uint16_t version, previous;
    uint8_t rollout;
    uint16_t rollout_at; /* the last number that was taken out */
    comp_id balancer;    /* the one in front; COMP_NONE */
    comp_id listener;    /* whoever is told of its instances, + 1; 0: nobody */
    uint16_t features;   /* enum service_feature */
    bool has_canary;
    bool keeps_versions; /* an instance that restarts by itself keeps its version */
    uint16_t canary;     /* version */
    uint16_t zone_down;  /* 0: none */
    uint32_t surged;     /* extra instances of a roll-out */
    uint32_t progress_timer;
    uint32_t keep_timer; /* the old set of a blue/green deploy is kept until then */
    struct version_fault leak, fails_to_start, unready;
    uint32_t probes; /* sent as requests: the last one's number (lot.h) */
};

static inline struct service_state *service_of(const struct world *w, comp_id c)
{
    return W_STATE(w, struct service_state, c);
}
/* service_model.c */
enum err services_gather(struct model *m, struct errmsg *why); /* kind_impl.gather */

/* The instance of this number, in any state; NULL: there was never one. */
static inline struct instance *service_instance(const struct world *w, comp_id c,
                                                int number)
{
    const struct service_state *s = service_of(w, c);
    if (number < 1 || (uint32_t)number > s->n)
        return NULL;
    return W_PTR(w, struct instance, W_PTR(w, ref, s->instances)[number - 1]);
}

/* A request has come; it gets an instance, if a->instance is 0 (kind_impl.begin). */
void service_begin(struct world *w, struct act *a);
/* Chooses among `n` numbers by a balancing rule; rr: the caller's round-robin
 * counter. */
int service_choose(struct world *w, comp_id service, int rule, const uint16_t *numbers,
                   uint32_t n, uint32_t *rr, struct rng *r);

/* The instance's answer to a balancer that asks for liveness or readiness. */
bool service_healthy(const struct world *w, comp_id c, int number, bool readiness);

#endif
