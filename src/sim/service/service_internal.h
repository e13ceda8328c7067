/*
 * service_internal: what the files of the kind "service" share; kind_service.c lists them.
 *
 * A service is a struct service_state and its instances; an instance (service.h) owns its
 * queue, its cores and the requests inside. A request goes this way:
 *
 *   service_begin()    an instance is chosen; service_admits() where a feature is on
 *   queue              PHASE_QUEUED, until instance_dispatch() has a worker for it
 *   exec_start()       EXEC_RUNNING: its program, in exec.c
 *   service_request_done()   frees the worker, counts, answers
 *
 * What is off by default costs nothing: instance->features is 0, and is tested once.
 * Times are nanoseconds, memory bytes unless a name says KiB, cores as parts of one.
 */
#ifndef SIM_SERVICE_SERVICE_INTERNAL_H
#define SIM_SERVICE_SERVICE_INTERNAL_H

#include "service/service.h"

extern const struct kind_impl kind_endpoint;

enum service_param {
    SP_INSTANCES,
    SP_WORKERS,
    SP_CORES,
    SP_QUEUE,
    SP_ORDER,
    SP_PREEMPT,
    SP_QUEUE_TIMEOUT,
    SP_PATIENCE,
    SP_VERSION,
    SP_START_UP,
    SP_START_UP_CORES,
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
    SP_PROBE_ENDPOINT,
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
    SP_GC_EVERY,
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
    SP_STRATEGY, /* service_bluegreen.c */
    SP_KEEP_OLD,
    SP_ZONES, /* service_faults.c */
    SP_COUNT
};
enum endpoint_param { EP_WORKERS, EP_RESERVED, EP_PARAMS };
enum { ORDER_FIFO, ORDER_LIFO, ORDER_DEADLINE, ORDER_PRIORITY };
enum { PROBE_NONE, PROBE_OWN_THREAD, PROBE_WORKER, PROBE_DATABASE, PROBE_ENDPOINT };
enum { QUEUE_UNLIMITED = 0, QUEUE_NO = -1 };
enum service_rng {
    SRNG_WORK,
    SRNG_CHOICE,
    SRNG_BALANCE,
    SRNG_FAULT,
    SRNG_SHED,
    SRNG_PATIENCE
};

enum service_event { /* EV_KIND + this; a: instance number */
                     SE_STARTED,
                     SE_WARM,
                     SE_DRAIN_OVER,
                     SE_PROBE,
                     SE_PROBE_SAYS, /* b: enum asks << 1 | ok */
                     SE_PROBE_LATE, /* a: act, b: generation */
                     SE_DIES,       /* b: enum death */
                     SE_RESTART,    /* the back-off is over */
                     SE_COLLECTED,
                     SE_GC_DUE,
                     SE_AVAILABLE,   /* ready for long enough, perhaps */
                     SE_NO_PROGRESS, /* of the whole service */
                     SE_OLD_OVER,    /* of the whole service */
                     SE_LOOK_AT_SETS /* of the whole service */
};

/* act->phase of a request; LEAVES: it waits, and its own patience ends first. */
enum { PHASE_NEW, PHASE_QUEUED, PHASE_STARTING, EXEC_RUNNING, PHASE_LEAVES };

/* The fate of a draining instance when it is empty. */
enum drained { DRAINED_RESTART, DRAINED_REMOVE };

enum rollout_kind {
    ROLLOUT_NONE,
    ROLLOUT_RESTART,
    ROLLOUT_DEPLOY,
    ROLLOUT_CANARY,
    ROLLOUT_BLUE_GREEN,
    ROLLOUT_HALTED /* stopped by itself */
};

enum { STRATEGY_ROLLING, STRATEGY_BLUE_GREEN };
/* Sets of instances, while there are two (service_bluegreen.c). */
enum colour { COLOUR_NONE, COLOUR_OLD, COLOUR_NEW };

/* The features that are off by default: tested once where a request goes by. */
enum service_feature {
    SF_ORDER = 1, /* the queue has a heap beside it */
    SF_BULKHEAD = 2,
    SF_SHED = 4,
    SF_MEMORY = 8,
    SF_HEAP = 16,
    SF_FDS = 32,
    SF_ALLOCATES = 64, /* some program says how much memory it takes */
    SF_PATIENCE = 128,
    SF_PREEMPT = 256
};

struct service_data { /* model time */
    comp_id *pools;
    size_t npools, pools_cap;
    const struct program *probe_worker, *probe_database;
    comp_id probe_endpoint; /* COMP_NONE: none */
    comp_id *endpoints;
    size_t nendpoints;
    bool allocates; /* some program takes memory: OP_ALLOCATE */
};

static inline struct service_data *service_data(const struct model *m, comp_id c)
{
    return m->comps[c].data;
}
/* The instance that an act is inside of. */
static inline struct instance *instance_of(const struct world *w, const struct act *a)
{
    return W_PTR(w, struct instance, a->run.home);
}

/* service_run.c: requests */
void service_ahead(const struct world *w, const struct cal_event *e, bool far);
void service_resume(struct world *w, struct act *a, enum reason reason);
void service_cancel(struct world *w, struct act *a);
void service_request_done(struct world *w, struct act *a, enum reason reason,
                          comp_id culprit);
void service_entered(struct world *w, struct act *a);
void service_left(struct world *w, struct act *a);
void instance_dispatch(struct world *w, struct instance *i);
void service_unqueue(struct world *w, struct instance *i, struct act *a);
/* Refuses a request that has come to an instance. */
void service_refuse(struct world *w, struct instance *i, struct act *a,
                    enum reason reason, const char *log) SELDOM;
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
/* service_cores.c: the cores have changed, or what is done with them */
void instance_speed(struct world *w, struct instance *i);
double cores_busy_seconds(const struct world *w, const struct instance *i);
/* Share of its cores busy over the last seconds (station_load()). */
double cores_load(const struct world *w, const struct instance *i, int seconds);
/* Where `a` computes. */
static inline struct station *cores_for(const struct world *w, struct instance *i,
                                        const struct act *a)
{
    if (!(i->features & SF_PREEMPT))
        return &i->cores;
    int down = a->kind == ACT_PROBE ? 0 : PRIORITY_MOST - a->priority;
    return station_below(w, &i->cores, down);
}
void service_may_be_ready(struct world *w, comp_id c, int number); /* kind_impl */
struct station *service_cores(const struct world *w, comp_id c, int number);
void eligible_update(struct world *w, comp_id c);

/* kind_service.c */
enum err version_need(const struct model *m, comp_id c, const char *name, int *out,
                      struct errmsg *why);
/* Calls `f` for each place of an instance, INSTANCE_NONE too, by number. */
void service_each(struct world *w, comp_id c,
                  void (*f)(struct world *w, struct instance *i));

/* service_ops.c: ERR_NOT_FOUND where the action names an instance that is not there */
enum err service_need_instance(const struct world *w, const struct action *a,
                               struct errmsg *why);

/* service_deploy.c: roll-outs and canaries */
void instance_next_version(struct world *w, struct instance *i);
void rollout_begin(struct world *w, comp_id c, enum rollout_kind kind);
void rollout_look(struct world *w, struct instance *i); /* up, or ready */
void rollout_gone(struct world *w, struct instance *i); /* for good */
void rollout_stuck(struct world *w, comp_id c);         /* no progress for too long */
void rollout_step(struct world *w, comp_id c);
void rollout_progress(struct world *w, comp_id c); /* sets the deadline anew */
/* Up, ready, and has been so for `min_ready`. */
bool rollout_available(const struct world *w, const struct instance *i);
double rollout_pending(const struct world *w, const struct instance *i);
/* service_bluegreen.c */
void blue_green_deploy(struct world *w, comp_id c, int version);
void blue_green_look(struct world *w, comp_id c);     /* for a ready new set */
void blue_green_stuck(struct world *w, comp_id c);    /* not ready in time */
void blue_green_old_over(struct world *w, comp_id c); /* stops the old set */
/* service_faults.c */
bool version_hit(const struct version_fault *f, uint16_t version);
int instance_zone(const struct world *w, const struct instance *i); /* from 1 */

/* service_queue.c: who is next. A waiting act is in the heap if SF_ORDER. */
void order_add(struct world *w, struct instance *i, struct act *a) SELDOM;
void order_remove(struct world *w, struct instance *i, struct act *a) SELDOM;
void order_rebuild(struct world *w, struct instance *i);
/* Preemption: whether `a` has a worker, were there only acts that matter as much. */
bool preempt_lets(const struct instance *i, const struct act *a) SELDOM;
struct act *queue_next(struct world *w, struct instance *i) SELDOM; /* NULL: nobody */
/* Whether a request more to this endpoint may have a worker. COMP_NONE: a probe. */
bool bulkhead_lets(const struct world *w, const struct instance *i,
                   comp_id endpoint) SELDOM;
void bulkhead_recount(struct world *w, comp_id c);

/* service_admit.c: what is off by default, on a request's way */
/* service_kept.c: what an instance that runs keeps of a setting that has changed since
 * its start; NULL: nothing. */
const struct value *instance_kept(const struct world *w, const struct instance *i,
                                  int param);
/* Whether the setting, or what an instance keeps of it, is above 0. */
bool service_any_has(const struct world *w, comp_id c, int param);
void instance_keeps_nothing(struct world *w, struct instance *i); /* stopped */
/* kind_impl.keep and .kept */
void service_keep(struct world *w, comp_id c, int param, const struct value *old,
                  const struct value *now);
const struct value *service_kept(const struct world *w, comp_id c, int param,
                                 int number);
/* A setting of CHANGE_AT_RESTART, as this instance has it. */
static inline double i_number(const struct world *w, const struct instance *i, int p)
{
    const struct value *v = i->kept == 0 ? NULL : instance_kept(w, i, p);
    return v ? v->as.number : p_number(w, i->comp, p);
}
static inline int64_t i_count(const struct world *w, const struct instance *i, int p)
{
    const struct value *v = i->kept == 0 ? NULL : instance_kept(w, i, p);
    return v ? v->as.count : p_count(w, i->comp, p);
}
void service_features(struct world *w, comp_id c); /* a parameter has changed */
void instance_settings(struct world *w, struct instance *i); /* anew */
/* False: the request was refused, and has ended. */
bool service_admits(struct world *w, struct instance *i, struct act *a) SELDOM;
void service_starts(struct world *w, struct instance *i) SELDOM;
void service_ends(struct world *w, struct instance *i, struct act *a) SELDOM;
/* `a` joins the queue, and leaves by itself when its own patience is over. */
void service_arms_patience(struct world *w, struct instance *i, struct act *a,
                           sim_time most) SELDOM;
sim_time queue_patience(struct world *w, struct instance *i) SELDOM;

/* service_memory.c: bytes */
double memory_live(const struct world *w, const struct instance *i);
double memory_used(const struct world *w, const struct instance *i);
void memory_look(struct world *w, struct instance *i, int more);
void memory_leak(struct world *w, struct instance *i); /* a request has ended */
/* OP_ALLOCATE of a program, and what it took is given back. */
void memory_allocate(struct world *w, struct act *a, double bytes);
void memory_free(struct world *w, struct instance *i, struct act *a);
/* The process dies in this very moment, once whoever says so is done. */
enum death { DEATH_CONTAINER, DEATH_HEAP, DEATH_CRASH };
void process_dies(struct world *w, struct instance *i, enum death how);
void process_died(struct world *w, struct instance *i, enum death how);
/* The process has died: starts it again, after the back-off or `at_least`. */
void instance_crash(struct world *w, struct instance *i, sim_time at_least);

/* service_gc.c */
void gc_allocate(struct world *w, struct instance *i); /* the garbage of a request */
void gc_look(struct world *w, struct instance *i);
void gc_ended(struct world *w, struct instance *i);
/* The clock starts anew: `gc_every` to the next collection that nobody needs. */
void gc_clock(struct world *w, struct instance *i);
void gc_due(struct world *w, struct instance *i);
void gc_stop(struct world *w, struct instance *i);
sim_time gc_seconds(const struct world *w, const struct instance *i);

/* service_fds.c */
bool service_fd_free(struct world *w, comp_id service, int instance) SELDOM;
uint32_t fds_open(const struct world *w, const struct instance *i);
int64_t fds_spare(const struct world *w, const struct instance *i);

/* service_probe.c */
void probe_arm(struct world *w, struct instance *i, bool first);
void probe_wake(struct world *w, comp_id c); /* probes now */
void probe_due(struct world *w, struct instance *i);
void probe_said(struct world *w, struct instance *i, uint32_t says);
void probe_late(struct world *w, struct act *a);
void probe_answered(struct world *w, struct act *a, bool ok);

/* exec.c: programs */
struct act *exec_refresh(struct world *w, struct act *lookup); /* kind_impl.refresh */
void exec_start(struct world *w, struct act *a);
void exec_resume(struct world *w, struct act *a, enum reason reason);
void exec_cancel(struct world *w, struct act *a); /* calls, branches, transaction */

/* kind_autoscaler.c: what it uses */
struct census;
enum scaler_metric { BY_CPU, BY_QUEUE, BY_IN_FLIGHT };
enum { UNREADY_IDLE, UNREADY_MEASURED };
int service_count(const struct world *w, comp_id service); /* wanted instances */
void service_scale(struct world *w, comp_id service, int count);
/* The count of instances, and the sum of their measures: the share of the cores over
 * the last 10 s, requests that wait, or requests inside. `all`: also of those that
 * are not ready; else see kind_autoscaler.c for who counts, `initialisation` after a
 * start. */
void service_census(const struct world *w, comp_id service, enum scaler_metric by,
                    bool all, sim_time initialisation, struct census *out);

#endif
