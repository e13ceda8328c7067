/*
 * service: what the files of the kind "service" share, and what programs and balancers
 * use of it.
 */
#ifndef SIM_SERVICE_H
#define SIM_SERVICE_H

#include "model/model.h"

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
    SP_PROBE_FAILURES,
    SP_LIVENESS_FAILURES,
    SP_READINESS_FAILURES,
    SP_PROBE_SUCCESSES,
    SP_PROBE_DELAY,
    SP_READY_AT_START,
    SP_MEMORY, /* service_memory.c */
    SP_MEMORY_PER_REQUEST,
    SP_MEMORY_LEAK,
    SP_MEMORY_LIMIT,
    SP_CRASH_BACKOFF,
    SP_CRASH_BACKOFF_MAX,
    SP_HEAP, /* service_gc.c */
    SP_ALLOCATION,
    SP_GC_PAUSE,
    SP_FDS,        /* service_fds.c */
    SP_SHED_DELAY, /* service_admit.c */
    SP_SHED_INTERVAL,
    SP_SHED_CPU,
    SP_SHED_BY_PRIORITY,
    SP_MAX_UNAVAILABLE, /* service_deploy.c */
    SP_MAX_SURGE,
    SP_MIN_READY,
    SP_PROGRESS_DEADLINE,
    SP_AUTO_ROLLBACK,
    SP_ZONES /* service_faults.c */
};
enum endpoint_param { EP_WORKERS, EP_RESERVED };
enum { ORDER_FIFO, ORDER_LIFO, ORDER_DEADLINE, ORDER_PRIORITY };
enum { PROBE_NONE, PROBE_OWN_THREAD, PROBE_WORKER, PROBE_DATABASE };
enum { SERVICE_MAX = 500 }; /* instances */
enum { QUEUE_UNLIMITED = 0, QUEUE_NO = -1 };
enum service_rng { SRNG_WORK, SRNG_CHOICE, SRNG_BALANCE, SRNG_FAULT, SRNG_SHED };

enum service_event { /* EV_KIND + this; a: instance number */
                     SE_STARTED,
                     SE_WARM,
                     SE_DRAIN_OVER,
                     SE_PROBE,
                     SE_PROBE_SAYS, /* b: enum asks << 1 | ok */
                     SE_PROBE_LATE, /* a: act, b: generation */
                     SE_OOM,        /* b: the heap is full, not the container */
                     SE_RESTART,    /* the back-off is over */
                     SE_COLLECTED,
                     SE_AVAILABLE,  /* it may have been ready for long enough */
                     SE_NO_PROGRESS /* of the whole service */
};

/* act->phase of a request */
enum { PHASE_NEW, PHASE_QUEUED, PHASE_STARTING, EXEC_RUNNING };

/* What a draining instance does when it is empty. */
enum drained { DRAINED_RESTART, DRAINED_REMOVE };

struct instance { /* what every request looks at comes first */
    comp_id comp;
    uint16_t number, version;
    uint8_t state;    /* enum instance_state */
    uint8_t features; /* enum service_feature: its service's, as the next four are */
    bool newest;      /* SP_ORDER is ORDER_LIFO */
    bool hung;        /* its workers stand still */
    uint32_t workers; /* SP_WORKERS */
    uint32_t room;    /* of the queue, in requests */
    uint32_t busy;    /* workers */
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
    bool waiting; /* DOWN until its back-off is over */
    bool warming;
    bool ready;                       /* as its readiness probe last said */
    bool live;                        /* as its liveness probe last said */
    uint32_t live_fails, ready_fails; /* in a row */
    sim_time since;                   /* in this state */
    uint32_t restarts;
    uint32_t timer, warm_timer, probe_timer;
    double slow; /* fault */
    /* health */
    uint32_t ready_oks; /* in a row */
    sim_time ready_since, up_since;
    /* roll-out */
    bool rolling;         /* taken out by it and not back yet */
    bool extra;           /* there only for as long as it lasts */
    bool canary;          /* gets the canary's version */
    uint32_t ready_timer; /* to having been ready for long enough */
    /* memory: bytes */
    double leaked, garbage, garbage_new;
    double leak;      /* fault: KiB a request */
    bool dying;       /* out of memory; ends in this moment */
    bool collecting;  /* its cores stand still for the collector */
    uint32_t crashes; /* in a row, for the back-off */
    uint32_t gc_timer;
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
};

enum rollout_kind {
    ROLLOUT_NONE,
    ROLLOUT_RESTART,
    ROLLOUT_DEPLOY,
    ROLLOUT_CANARY,
    ROLLOUT_HALTED /* it has stopped by itself */
};

/* What of all that is off by default is on: tested once where a request goes by. */
enum service_feature {
    SF_ORDER = 1, /* the queue has a heap beside it */
    SF_BULKHEAD = 2,
    SF_SHED = 4,
    SF_MEMORY = 8,
    SF_HEAP = 16,
    SF_FDS = 32
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
    uint8_t features;    /* enum service_feature */
    bool has_canary;
    bool keeps_versions; /* who restarts by itself keeps its version */
    uint16_t canary;     /* version */
    uint16_t zone_down;  /* 0: none */
    uint32_t surged;     /* extra instances of a roll-out */
    uint32_t progress_timer;
    struct version_fault leak, fails_to_start, unready;
};

struct service_data { /* model time */
    comp_id *pools;
    size_t npools, pools_cap;
    const struct program *probe_worker, *probe_database;
    comp_id *endpoints;
    size_t nendpoints;
};

static inline struct service_state *service_of(const struct world *w, comp_id c)
{
    return W_STATE(w, struct service_state, c);
}
/* service_model.c */
enum err services_gather(struct model *m, struct errmsg *why); /* kind_impl.gather */

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
void service_ahead(const struct world *w, const struct cal_event *e, bool far);
void service_begin(struct world *w, struct act *a);
void service_resume(struct world *w, struct act *a, enum reason reason);
void service_cancel(struct world *w, struct act *a);
void service_request_done(struct world *w, struct act *a, enum reason reason,
                          comp_id culprit);
void service_entered(struct world *w, struct act *a);
void service_left(struct world *w, struct act *a);
void instance_dispatch(struct world *w, struct instance *i);
void service_unqueue(struct world *w, struct instance *i, struct act *a);
/* One that has come to an instance and is not let in. */
void service_refuse(struct world *w, struct instance *i, struct act *a,
                    enum reason reason, const char *log) SELDOM;
/* One of `n` numbers by a balancing rule; rr: the caller's round-robin counter. */
int service_choose(struct world *w, comp_id service, int rule, const uint16_t *numbers,
                   uint32_t n, uint32_t *rr, struct rng *r);

/* service_life.c: instances */
struct instance *service_add_instance(struct world *w, comp_id c, bool up);
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

/* kind_service.c */
enum err version_need(const struct model *m, comp_id c, const char *name, int *out,
                      struct errmsg *why);
enum err service_need_instance(const struct world *w, const struct action *a,
                               struct errmsg *why);

/* service_deploy.c: roll-outs and canaries */
void instance_next_version(struct world *w, struct instance *i);
void rollout_begin(struct world *w, comp_id c, enum rollout_kind kind);
void rollout_look(struct world *w, struct instance *i); /* up, or ready */
void rollout_gone(struct world *w, struct instance *i); /* for good */
void rollout_stuck(struct world *w, comp_id c);         /* no progress for too long */
void rollout_step(struct world *w, comp_id c);
double rollout_pending(const struct world *w, const struct instance *i);
enum err op_deploy(struct world *w, const struct action *a, struct effect *e,
                   struct errmsg *why);
enum err op_rollback(struct world *w, const struct action *a, struct effect *e,
                     struct errmsg *why);
enum err op_canary(struct world *w, const struct action *a, struct effect *e,
                   struct errmsg *why);
enum err op_promote(struct world *w, const struct action *a, struct effect *e,
                    struct errmsg *why);
enum err op_abort(struct world *w, const struct action *a, struct effect *e,
                  struct errmsg *why);

/* service_faults.c */
enum { SERVICE_FAULTS = 9 };
extern const struct fault_desc service_faults[SERVICE_FAULTS];
enum err service_fault(struct world *w, comp_id c, int fault, const struct action *a,
                       bool on, struct errmsg *why);
bool version_hit(const struct version_fault *f, uint16_t version);
int instance_zone(const struct world *w, const struct instance *i); /* from 1 */

/* service_queue.c: who is next. A waiting act is in the heap if SF_ORDER. */
void order_add(struct world *w, struct instance *i, struct act *a) SELDOM;
void order_remove(struct world *w, struct instance *i, struct act *a) SELDOM;
void order_rebuild(struct world *w, struct instance *i);
struct act *queue_next(struct world *w, struct instance *i) SELDOM; /* NULL: nobody */
/* May one more request to this endpoint have a worker? COMP_NONE: a probe. */
bool bulkhead_lets(const struct world *w, const struct instance *i,
                   comp_id endpoint) SELDOM;
void bulkhead_recount(struct world *w, comp_id c);

/* service_admit.c: what is off by default, on a request's way */
void service_features(struct world *w, comp_id c); /* a parameter has changed */
void instance_settings(struct world *w, struct instance *i); /* as they are now */
/* False: it was refused, and has ended. */
bool service_admits(struct world *w, struct instance *i, struct act *a) SELDOM;
void service_starts(struct world *w, struct instance *i) SELDOM;
void service_ends(struct world *w, struct instance *i) SELDOM;
sim_time queue_patience(struct world *w, struct instance *i) SELDOM;

/* service_memory.c: bytes */
double memory_live(const struct world *w, const struct instance *i);
double memory_used(const struct world *w, const struct instance *i);
void memory_look(struct world *w, struct instance *i, int more);
void memory_leak(struct world *w, struct instance *i); /* one request has ended */
void memory_out(struct world *w, struct instance *i, bool heap);
void memory_kill(struct world *w, struct instance *i, bool heap);
/* The process has died: starts it again, after the back-off or `at_least`. */
void instance_crash(struct world *w, struct instance *i, sim_time at_least);

/* service_gc.c */
void gc_allocate(struct world *w, struct instance *i); /* one request's garbage */
void gc_ended(struct world *w, struct instance *i);
void gc_stop(struct world *w, struct instance *i);
sim_time gc_seconds(const struct world *w, const struct instance *i);

/* service_fds.c */
bool service_fd_free(struct world *w, comp_id service, int instance) SELDOM;
uint32_t fds_open(const struct world *w, const struct instance *i);
int64_t fds_spare(const struct world *w, const struct instance *i);

/* service_look.c */
enum { SERVICE_METRICS = 33 };
extern const struct metric_desc service_metrics[SERVICE_METRICS];
double service_metric(const struct world *w, comp_id c, int metric, int instance);
int service_instances(const struct world *w, comp_id c);
void service_inflight(const struct world *w, comp_id c,
                      void (*f)(const struct world *w, const struct act *a, void *ctx),
                      void *ctx);

/* service_probe.c */
void probe_arm(struct world *w, struct instance *i, bool first);
void probe_wake(struct world *w, comp_id c); /* there is a reason to probe now */
void probe_due(struct world *w, struct instance *i);
void probe_said(struct world *w, struct instance *i, uint32_t says);
void probe_late(struct world *w, struct act *a);
void probe_answered(struct world *w, struct act *a, bool ok);
/* What the instance answers a balancer that asks for liveness or readiness. */
bool service_healthy(const struct world *w, comp_id c, int number, bool readiness);

/* kind_counter.c, kind_endpoint.c */
void counter_add(struct world *w, comp_id c, uint32_t visit);
/* Workers that its requests hold: counted only where some endpoint has a limit. */
uint32_t endpoint_busy(const struct world *w, comp_id endpoint, int instance);
void endpoint_worker(struct world *w, comp_id endpoint, int instance, int more) SELDOM;
void endpoint_idle(struct world *w, comp_id endpoint); /* all instances: none */

struct endpoint_state {
    uint64_t requests, failed, abandoned;
    sim_time seconds;
    uint32_t in_flight;
    uint16_t known;                  /* of this version, + 1; 0: of none */
    const struct program *program;   /* it has this */
    uint64_t failures[REASON_COUNT]; /* NONE: see endpoint_metric() */
    ref busy; /* uint32_t workers by instance number, where endpoints have limits */
    uint32_t busy_cap;
};

/* The same while a world runs, where it is asked for again and again. */
static inline const struct program *endpoint_runs(struct world *w, comp_id e,
                                                  uint16_t version)
{
    struct endpoint_state *s = W_STATE(w, struct endpoint_state, e);
    if (s->known != version + 1) {
        s->program = endpoint_program(w->model, e, version);
        s->known = (uint16_t)(version + 1);
    }
    return s->program;
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
