/*
 * policy: what the files of call policies share. call.c is the way of every call;
 * kind_call.c describes policies; each extra that a policy may have is a file of its
 * own, and costs a policy without it one test of `extras`.
 */
#ifndef SIM_CALL_POLICY_H
#define SIM_CALL_POLICY_H

#include "call/call.h"
#include "call/dial.h"
#include "engine/ring.h"
#include "net/net.h"
#include "truecode/kind.h"

/* A call that ends when nobody waits for it any more. */
void call_wasted(struct world *w, const struct act *a) SELDOM;

extern const struct kind_impl kind_call;
extern const struct param_desc call_params[]; /* P_COUNT of them */
enum call_param {
    P_TIMEOUT,
    P_RETRIES,
    P_BACKOFF,
    P_BASE,
    P_CAP,
    P_JITTER,
    P_BUDGET,
    P_BREAKER,
    P_BREAKER_WINDOW,
    P_BREAKER_OPEN,
    P_BALANCE,
    P_NETWORK,
    P_CANCEL,
    P_MAX_IN_FLIGHT,
    P_HEDGE_AFTER,
    P_HEDGES,
    P_TIED,
    P_PROPAGATE,
    P_VIA,
    P_REQUEST_BYTES,
    P_RESPONSE_BYTES,
    P_RESOLVE,
    P_DNS_CACHE,
    P_TLS,
    P_VERIFY,
    P_KEEP_ALIVE,
    P_MAX_WAITING,
    P_MAX_WAIT,
    P_BUDGET_KIND,
    P_BUDGET_TOKENS,
    P_RETRY_COST,
    P_THROTTLED_COST,
    P_BUDGET_RATIO,
    P_BUDGET_RATE,
    P_THROTTLE,
    P_THROTTLE_WINDOW,
    P_VIRTUAL_NODES,
    P_SCOPE,
    P_BREAKER_TRIAL,
    P_BREAKER_CALLS,
    P_CONNECT_TIMEOUT,
    P_MAX_IDLE,
    P_IDLE_TIMEOUT,
    P_MAX_AGE,
    P_PORTS,
    P_TIME_WAIT,
    P_STREAMS,
    P_COUNT
};
enum { SCOPE_INSTANCE, SCOPE_SHARED };
enum { BUDGET_SHARE, BUDGET_QUOTA, BUDGET_THROTTLE, BUDGET_RATE };
enum { BACKOFF_NONE, BACKOFF_FIXED, BACKOFF_EXPONENTIAL };
enum { JITTER_NONE, JITTER_FULL, JITTER_EQUAL, JITTER_DECORRELATED };
enum { RNG_NETWORK, RNG_JITTER, RNG_HEDGE, RNG_THROTTLE };
enum { BUDGET_BURST = 10 };
/* Parts that a policy has beyond the usual, as its parameters are now. */
enum call_extra {
    EXTRA_HEDGE = 1,
    EXTRA_DEADLINE = 2,
    EXTRA_LIMIT = 4,
    EXTRA_BREAKER = 8,
    EXTRA_BUDGET = 16,
    EXTRA_RANDOM_WAY = 32, /* the network's time is drawn */
    EXTRA_QUOTA = 64,      /* a budget other than a share of requests */
    EXTRA_THROTTLE = 128,
    EXTRA_PATH = 256, /* path.what is not 0 */
    EXTRA_DIAL = 512  /* with one of PATH_DIALS */
};
enum { THROTTLE_SLOTS = 12 };

struct bucket { /* half a breaker's window */
    uint32_t calls, failures;
};

/* The things a calling process keeps of its callee: breaker, bulkhead, retry budget and
 * throttle. One for each calling instance, made when it is first needed, or one for all
 * of them where the policy's `scope` is "shared"; callers without instances (users,
 * jobs) are one process. */
struct guard {
    struct bucket now, before; /* the breaker's window */
    sim_time bucket_since;
    sim_time open_until;  /* time until which an open breaker refuses all; 0: closed */
    sim_time trial_until; /* the breaker's trial is given up then */
    uint32_t trial;       /* generation of the act whose call is the trial; 0: none */
    uint32_t in_flight;   /* calls under way; right only with EXTRA_LIMIT */
    uint32_t admit;       /* event that lets the waiting in; 0: none */
    uint16_t instance;    /* of the caller; 0: all */
    struct list waiting;  /* callers, for room in the bulkhead (call_wait.c) */
    double tokens;        /* retry budget, a share of requests */
    double quota;         /* retry budgets of other kinds (call_budget.c) */
    sim_time refilled;
    struct {
        uint32_t requests, accepts;
    } slots[THROTTLE_SLOTS]; /* of the throttle's window */
    int64_t slot;            /* number of the newest */
};

struct call_state {        /* touched by every call: first */
    struct path path;      /* first: path_of() */
    sim_time timeout, way; /* P_TIMEOUT, mean of P_NETWORK */
    uint32_t extras;       /* enum call_extra */
    uint32_t in_flight;
    uint8_t timeout_lane, way_lane; /* cal_after_in() */
    bool shared;                    /* P_SCOPE: one guard for all instances */
    uint64_t requests, attempts, sent, ok;
    sim_time latency; /* summed over attempts that ended */
    uint64_t retries, timeouts, retries_denied;
    uint64_t failures[REASON_COUNT]; /* of attempts */
    ref guards;                      /* refs of struct guard, by calling instance */
    uint32_t guards_cap;
    uint32_t waiting; /* callers, in all guards */
    uint64_t throttled;
    struct ring ring;   /* of the instances of a service that is called directly */
    uint64_t abandoned; /* attempts that the callee ended when nobody waited */
    sim_time wasted;    /* processor time of the callee for them */
    uint64_t hedges, hedges_won, hedges_denied, copies_lost, tied_stopped;
};

static inline struct call_state *state_of(const struct world *w, comp_id policy)
{
    return W_STATE(w, struct call_state, policy);
}

/* call.c: for the extras. */
/* The call at which p stands. */
const struct call_spec *call_spec_of(const struct world *w, const struct act *p);
struct act *call_child(struct world *w, struct act *p, const struct call_spec *s);
/* The child is sent on its way: over the network, if there is any, to `begin`. */
void call_depart(struct world *w, struct act *c);
/* The last part of that, once there is a connection. */
void call_send(struct world *w, struct act *c);
/* A draw of the time over the network, one way. */
sim_time call_one_way(struct world *w, comp_id policy);
/* The attempt gets past the bulkhead: on its way, or refused for another reason. */
void call_admitted(struct world *w, struct act *p);
/* Ends an attempt that is not sent at all, for a reason of the policy's own. */
void call_refuse(struct world *w, struct act *p, comp_id policy, enum reason reason);
/* Whether another attempt may be made after `reason` (NONE: a hedge); takes it from the
 * budget. */
bool call_budget_takes(struct world *w, comp_id policy, struct act *p,
                       enum reason reason);
/* A call of `p` by this policy is not under way any more. */
void call_left(struct world *w, comp_id policy, const struct act *p);
/* The child goes on alone, or is stopped, as the policy says. */
void call_let_go(struct world *w, struct act *c, enum reason reason);

/* Sends it one way over the network, which takes some time. */
void call_cross_way(struct world *w, struct act *a, int event);
bool call_cross_drawn(struct world *w, struct act *a, int event) SELDOM;
HOT bool call_crosses(struct world *w, struct act *a, int event)
{
    const struct call_state *st = state_of(w, a->policy);
    if (st->extras & (EXTRA_RANDOM_WAY | EXTRA_PATH))
        return call_cross_drawn(w, a, event);
    if (st->way == 0)
        return false;
    call_cross_way(w, a, event);
    return true;
}

/* guard.c */
/* The guard of a calling instance (0: none), made if there is none yet. */
struct guard *guard_of(struct world *w, comp_id policy, uint16_t instance);
/* The same, NULL if there is none yet. */
struct guard *guard_if(const struct world *w, comp_id policy, uint32_t instance);
/* The instance is a new process: what it knew is gone. */
void guard_forget(struct world *w, comp_id policy, uint16_t instance);
/* max_in_flight has been set where there was none: counts what is under way. */
void guards_count(struct world *w, comp_id policy);
/* A gauge of guards: of one instance's, or (0) summed over all. */
double guard_metric(const struct world *w, comp_id policy, int instance,
                    double (*of)(const struct world *w, comp_id policy,
                                 const struct guard *g));

/* call_breaker.c */
enum breaker_state {
    BREAKER_CLOSED,
    BREAKER_OPEN,      /* refuses */
    BREAKER_HALF_OPEN, /* the next call will be the trial */
    BREAKER_TRIAL      /* half-open, and refuses while the trial is out */
};
enum breaker_state breaker_state(const struct world *w, comp_id policy,
                                 const struct guard *g);
/* Whether the call of `p` may be sent; it may be the trial then. */
bool breaker_lets(struct world *w, comp_id policy, struct guard *g,
                  const struct act *p);
/* Counts an answer or failure of a call of `p`. `last`: the call is over with it. */
void breaker_saw(struct world *w, comp_id policy, const struct act *p, bool ok,
                 bool last);
/* The call of `p` has ended without telling anything of its callee. */
void breaker_forgets(struct guard *g, const struct act *p);

/* call_hedge.c: see there. */
void hedge_arm(struct world *w, struct act *p, comp_id policy);
void hedge_due(struct world *w, comp_id policy, struct act *p);
/* A copy's answer is there. True: others are still out, the call goes on; else the
 * others are let go and what explains the time before this one is in the caller. */
bool hedge_delivered(struct world *w, struct act *c) SELDOM;
/* The call is over without an answer: all copies but the oldest, which is returned, are
 * let go. */
struct act *hedge_collapse(struct world *w, struct act *c) SELDOM;
/* A copy's twin has been started: if it waits yet, it is taken away. */
void hedge_stop(struct world *w, struct act *c);

/* call_budget.c: see there. */
bool budget_takes(struct world *w, comp_id policy, struct act *p,
                  enum reason reason) SELDOM;
void budget_saw(struct world *w, comp_id policy, const struct act *p,
                enum reason reason);
/* The most tokens that a budget holds. */
void budget_fill(struct world *w, comp_id policy, struct guard *g);
/* The tokens of a budget that was just filled. */
double budget_full(const struct world *w, comp_id policy);
bool throttle_refuses(struct world *w, comp_id policy, struct guard *g) SELDOM;
void throttle_saw(struct world *w, comp_id policy, const struct act *p,
                  enum reason reason) SELDOM;

/* call_wait.c: see there. The bulkhead is full: p waits, or false: there is no room for
 * that either. */
bool wait_begin(struct world *w, struct act *p, comp_id policy) SELDOM;
void wait_leave(struct world *w, struct act *p) SELDOM;
void wait_admit(struct world *w, comp_id policy, uint16_t instance);
void wait_over(struct world *w, comp_id policy, struct act *p);
/* Wakes calls that wait, where there is room now. */
void wait_wake(struct world *w, comp_id policy, struct guard *g) SELDOM;
static inline void call_slot_free(struct world *w, comp_id policy, struct guard *g)
{
    if (g->waiting.count > 0)
        wait_wake(w, policy, g);
}

/* call_deadline.c */
/* Gives the child its deadline; returns how long to wait for it by a timer of the
 * policy's own, 0: that is seen to. */
sim_time deadline_pass_on(struct world *w, const struct act *p, struct act *c,
                          sim_time patience);
/* Past that, whatever it does is for nobody. */
static inline bool deadline_passed(const struct world *w, const struct act *a)
{
    return a->deadline != 0 && w_now(w) >= a->deadline;
}

#endif
