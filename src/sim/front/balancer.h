/*
 * balancer: what the files of the kind "balancer" share.
 *
 *   kind_balancer.c     the rotation, probes, and a request's way
 *   balancer_choose.c   the rules by which an instance is chosen
 *   balancer_eject.c    takes instances out that fail
 *   balancer_ops.c      what an operator sets: drain, weight, rate limits
 *   balancer_params.c   the parameters
 *   balancer_look.c     what a person may see of the instances
 */
#ifndef SIM_BALANCER_H
#define SIM_BALANCER_H

#include "engine/kind.h"
#include "engine/ring.h"
#include "service/service.h"

enum balancer_param {
    P_TO,
    P_POLICY,
    P_PROBE,
    P_EVERY,
    P_THRESHOLD,
    P_RISE,
    P_PANIC,
    P_LIMIT,
    P_VIA,
    P_PROBE_VIA,
    P_VIRTUAL_NODES,
    P_EJECT_AFTER,
    P_EJECT_BELOW,
    P_EJECT_EVERY,
    P_EJECT_FOR,
    P_EJECT_MAX,
    P_SLOW_START,
    P_CHOICES,
    P_COUNT
};
enum { ASK_NONE, ASK_LIVENESS, ASK_READINESS };
enum { RNG_CHOICE, RNG_SLOW_START };
enum balancer_event {
    EV_PROBES,
    EV_JUDGE, /* the interval over which successes are counted is over */
    EV_RETURN /* a: the number of a backend whose ejection may be over */
};
enum { LIMITS_MAX = 16 };

struct limit {        /* a rate limit: at most a second's worth at once */
    comp_id endpoint; /* COMP_NONE: everything */
    bool on;
    double per_s, tokens;
    sim_time at;
};
struct backend { /* by number - 1 */
    uint32_t fails, oks;
    bool out;     /* probes of it fail */
    bool drained; /* taken out by an operator */
    bool ejected; /* until back_at */
    uint32_t ejections, streak;
    uint32_t good, bad; /* in this interval */
    sim_time back_at;
    sim_time in_since;       /* in rotation since; 0: from the start */
    double weight, standing; /* of smooth weighted round robin */
    double mean;             /* time of its answers, ns; 0: none yet */
    sim_time mean_at;
};
struct balancer_state {
    ref backends;
    uint32_t n, cap;
    ref rotation; /* uint16_t numbers */
    uint32_t nrotation, rotation_cap;
    ref scratch; /* instances that take connections; laid out like rotation */
    uint32_t scratch_cap;
    uint32_t round_robin, timer;
    uint64_t requests, limited, no_backend;
    struct limit limits[LIMITS_MAX]; /* 0: everything */
    struct ring ring;
    ref draws; /* instances not drawn yet by two_choices; laid out like rotation */
    uint32_t draws_cap;
    uint32_t judge_timer;
    bool watches; /* how requests end */
    uint64_t ejections;
};

static inline struct balancer_state *balancer_state(const struct world *w, comp_id c)
{
    return W_STATE(w, struct balancer_state, c);
}
static inline struct backend *
balancer_backend(const struct world *w, const struct balancer_state *s, int number)
{
    return W_PTR(w, struct backend, s->backends) + (number - 1);
}
static inline comp_id balancer_service(const struct world *w, comp_id c)
{
    return w->comps[c].target;
}
/* Whether the instance is there, and not of the set that gets no requests. */
static inline bool balancer_may_ask(const struct world *w, comp_id service, int number)
{
    const struct instance *i = service_instance(w, service, number);
    return i->state != INSTANCE_NONE && !i->idle;
}
static inline bool takes(const struct world *w, comp_id service, int number)
{
    return service_instance(w, service, number)->state == INSTANCE_UP;
}

/* The service has one more instance, or one is gone for good. */
void balancer_instances(struct world *w, comp_id balancer);
/* kind_balancer.c: who gets requests may have changed. */
void rotation_update(struct world *w, comp_id c);

/* balancer_params.c: by enum balancer_param */
extern const struct param_desc balancer_params[];

/* balancer_ops.c */
enum { BALANCER_OPS = 4 };
extern const struct op_desc balancer_ops[BALANCER_OPS];
enum err balancer_op(struct world *w, comp_id c, int op, const struct action *a,
                     struct effect *fx, struct errmsg *why);
/* Takes a token of each limit that applies to the endpoint; false: one has none. */
bool balancer_within_limits(struct world *w, struct balancer_state *s,
                            comp_id endpoint);
/* Sets a limit anew, its bucket full; `per_s` below 0: no limit. */
void balancer_limit_set(struct world *w, struct limit *b, comp_id endpoint,
                        double per_s);

/* balancer_choose.c: one of the numbers, by the balancer's rule. */
int balancer_choose(struct world *w, comp_id c, const struct act *a,
                    const uint16_t *numbers, uint32_t n);
/* Notes how long a backend took to answer. */
void balancer_timed(struct world *w, struct backend *b, sim_time took);

/* balancer_eject.c */
void eject_tune(struct world *w, comp_id c); /* parameters, or the rule, changed */
/* A request that the balancer wanted to know of has ended (kind_impl.saw). */
void balancer_saw(struct world *w, comp_id c, const struct act *a) SELDOM;
void eject_judge(struct world *w, comp_id c);
void eject_return(struct world *w, comp_id c, int number);
uint32_t eject_count(const struct world *w, comp_id c); /* ejected now */

#endif
