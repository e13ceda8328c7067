/*
 * service: what the files of the kind "service" share, and what programs and balancers
 * use of it.
 */
#ifndef SIM_SERVICE_H
#define SIM_SERVICE_H

#include "sim_internal.h"

enum service_param {
    SP_INSTANCES,
    SP_WORKERS,
    SP_CORES,
    SP_QUEUE,
    SP_ORDER,
    SP_QUEUE_TIMEOUT,
    SP_VERSION,
    SP_START_UP,
    SP_WARM_UP,
    SP_WARM_UP_FACTOR,
    SP_DRAIN,
    SP_LIVENESS,
    SP_READINESS,
    SP_PROBE_EVERY,
    SP_PROBE_TIMEOUT,
    SP_PROBE_FAILURES
};
enum { ORDER_FIFO, ORDER_LIFO };
enum { PROBE_NONE, PROBE_OWN_THREAD, PROBE_WORKER, PROBE_DATABASE };
enum { SERVICE_MAX = 500 }; /* instances */
enum { QUEUE_UNLIMITED = 0, QUEUE_NO = -1 };
enum service_rng { SRNG_WORK, SRNG_CHOICE, SRNG_BALANCE, SRNG_FAULT };

enum service_event { /* EV_KIND + this; a: instance number */
                     SE_STARTED,
                     SE_WARM,
                     SE_DRAIN_OVER,
                     SE_PROBE,
                     SE_PROBE_SAYS, /* b: enum asks << 1 | ok */
                     SE_PROBE_LATE  /* a: act, b: generation */
};

/* act->phase of a request */
enum { PHASE_NEW, PHASE_QUEUED, PHASE_STARTING, EXEC_RUNNING };

/* What a draining instance does when it is empty. */
enum drained { DRAINED_RESTART, DRAINED_REMOVE };

struct instance {
    comp_id comp;
    uint16_t number, version;
    uint8_t state; /* enum instance_state */
    uint8_t then;  /* DRAINING: enum drained */
    bool hung;     /* its workers stand still */
    bool held;     /* DOWN until a fault ends */
    bool warming;
    bool ready;                       /* as its readiness probe last said */
    bool live;                        /* as its liveness probe last said */
    uint32_t live_fails, ready_fails; /* in a row */
    sim_time since;                   /* in this state */
    struct station cores;
    struct list queue, members;
    uint32_t busy;
    uint32_t restarts;
    uint32_t timer, warm_timer, probe_timer;
    double slow, error_rate; /* faults */
    uint64_t requests, errors, refused, abandoned;
    sim_time seconds, queue_seconds, wasted;
};

enum rollout_kind { ROLLOUT_NONE, ROLLOUT_RESTART, ROLLOUT_DEPLOY };

struct service_state {
    ref instances; /* refs of struct instance, by number - 1; they never move */
    uint32_t n, cap;
    ref eligible; /* uint16_t numbers: up and ready */
    uint32_t neligible, eligible_cap;
    ref sole; /* the instance, if just one is eligible */
    uint32_t round_robin;
    uint16_t version, previous;
    uint8_t rollout;
    uint16_t rollout_at; /* number that is being replaced */
    comp_id balancer;    /* the one in front; COMP_NONE */
    comp_id consumers;   /* the first subscription that it works for, + 1; 0: none */
};

struct service_data { /* model time */
    const char **versions;
    size_t nversions, versions_cap;
    comp_id *pools;
    size_t npools, pools_cap;
    uint32_t probe_worker, probe_database; /* program index + 1 */
};

static inline struct service_state *service_of(const struct world *w, comp_id c)
{
    return W_STATE(w, struct service_state, c);
}
static inline struct service_data *service_data(const struct model *m, comp_id c)
{
    return m->comps[c].data;
}
/* NULL: there is none of this number. */
static inline struct instance *service_instance(const struct world *w, comp_id c,
                                                int number)
{
    const struct service_state *s = service_of(w, c);
    if (number < 1 || (uint32_t)number > s->n)
        return NULL;
    return W_PTR(w, struct instance, W_PTR(w, ref, s->instances)[number - 1]);
}

/* The one that an act is inside of. */
static inline struct instance *instance_of(const struct world *w, const struct act *a)
{
    return W_PTR(w, struct instance, a->home);
}

/* service_run.c: requests */
void service_begin(struct world *w, struct act *a);
void service_resume(struct world *w, struct act *a, enum reason reason);
void service_cancel(struct world *w, struct act *a);
void service_request_done(struct world *w, struct act *a, enum reason reason,
                          comp_id culprit);
void service_entered(struct world *w, struct act *a);
void service_left(struct world *w, struct act *a);
void instance_dispatch(struct world *w, struct instance *i);
/* One of `n` numbers by a balancing rule; rr: the caller's round-robin counter. */
int service_choose(struct world *w, comp_id service, int rule, const uint16_t *numbers,
                   uint32_t n, uint32_t *rr, struct rng *r);

/* service_life.c: instances */
void service_add_instance(struct world *w, comp_id c, bool up);
void instance_start(struct world *w, struct instance *i);
void instance_up(struct world *w, struct instance *i);
/* Everything inside is lost. */
void instance_stop(struct world *w, struct instance *i);
void instance_restart(struct world *w, struct instance *i);
void instance_drain(struct world *w, struct instance *i, enum drained then);
void instance_drained(struct world *w,
                      struct instance *i); /* when it is empty, or late */
void instance_speed(struct world *w, struct instance *i);
void eligible_update(struct world *w, comp_id c);
void rollout_begin(struct world *w, comp_id c, enum rollout_kind kind);
void rollout_next(struct world *w, comp_id c);

/* service_look.c */
enum { SERVICE_METRICS = 17 };
extern const struct metric_desc service_metrics[SERVICE_METRICS];
double service_metric(const struct world *w, comp_id c, int metric, int instance);
int service_instances(const struct world *w, comp_id c);
void service_inflight(const struct world *w, comp_id c,
                      void (*f)(const struct world *w, const struct act *a, void *ctx),
                      void *ctx);
void service_view(const struct world *w, comp_id c, int number,
                  struct instance_view *v);

/* service_probe.c */
void probe_arm(struct world *w, struct instance *i, bool first);
void probe_due(struct world *w, struct instance *i);
void probe_said(struct world *w, struct instance *i, uint32_t says);
void probe_late(struct world *w, struct act *a);
void probe_answered(struct world *w, struct act *a, bool ok);
/* What the instance answers a balancer that asks for liveness or readiness. */
bool service_healthy(const struct world *w, comp_id c, int number, bool readiness);

/* broker.h: the instances have changed; a poisoned message cannot be read here. */
void subscriptions_of_changed(struct world *w, comp_id service) SELDOM;
bool subscription_chokes(struct world *w, const struct act *a) SELDOM;

/* balancer.c */
bool balancer_has(const struct world *w, comp_id balancer, int number);
/* The service has one more instance, or one is gone for good. */
void balancer_instances(struct world *w, comp_id balancer);

/* kind_counter.c, endpoint.c */
void counter_add(struct world *w, comp_id c);
void endpoint_set_program(struct model *m, comp_id endpoint, size_t versions,
                          size_t version, uint32_t program);

struct endpoint_state {
    uint64_t requests, failed, abandoned;
    sim_time seconds;
    uint32_t in_flight;
    uint64_t failures[REASON_COUNT]; /* NONE: see endpoint_metric() */
};

struct endpoint_data {  /* model time */
    uint32_t *programs; /* by version: index + 1 */
    size_t nprograms;
};

/* Its program in this version: index + 1; 0: none. */
static inline uint32_t endpoint_program(const struct model *m, comp_id e, int version)
{
    const struct endpoint_data *d = m->comps[e].data;
    return d != NULL && (size_t)version < d->nprograms ? d->programs[version] : 0;
}

static inline void endpoint_started(struct world *w, comp_id e)
{
    struct endpoint_state *s = W_STATE(w, struct endpoint_state, e);
    s->requests++;
    s->in_flight++;
}

/* One more answer (or failure) of an endpoint. */
static inline void endpoint_done(struct world *w, const struct act *a,
                                 enum reason reason)
{
    struct endpoint_state *s = W_STATE(w, struct endpoint_state, a->what);
    s->in_flight--;
    s->seconds += w_now(w) - a->start;
    if (reason != REASON_NONE) {
        s->failures[reason]++;
        s->failed++;
    }
    if (a->flags & ACT_ABANDONED)
        s->abandoned++;
}

#endif
