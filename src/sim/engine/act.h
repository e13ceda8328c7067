/*
 * act: an activation, one piece of work inside one component.
 *
 * To wait: act_wait(w, a, CAUSE_x, place) first (it accounts the time so far), then put
 * the act where it waits: a queue, a timer with act_timer(), a station. Whoever ends
 * the wait calls act_ready(w, a, REASON_NONE) or with a failure, and the act's
 * component gets it back in `resume`, in the same event.
 */
#ifndef SIM_ENGINE_ACT_H
#define SIM_ENGINE_ACT_H

#include "engine/calendar.h"
#include "truecode/cause.h"

struct program;

enum act_kind {
    ACT_USER,     /* the root: a client's attempt, a message that is processed */
    ACT_REQUEST,  /* in a service: runs a program */
    ACT_BRANCH,   /* of PARALLEL, or a detached refresh: runs a part of its parent's
                     program */
    ACT_QUERY,    /* at a database, see enum query_mode */
    ACT_LOOKUP,   /* in a cache */
    ACT_EXTERNAL, /* at a third party */
    ACT_PROBE,    /* a health check */
    ACT_PUBLISH,  /* a message on its way into a topic (`what`) */
    ACT_SETUP /* the work of opening a connection, in somebody's cores (call/setup.h) */
};
enum query_mode {
    QUERY_STATEMENT, /* a statement, on the caller's transaction connection if it has
                        one to this database, else on one of its pool's */
    QUERY_BEGIN,     /* takes a connection and hands it to parent->run.tx */
    QUERY_LEAK,      /* takes a connection, opens a transaction, never gives it back */
    QUERY_LOCK,      /* takes the lock that the op at a->program, a->pc names */
    QUERY_JOB,       /* upkeep of a table, in a session of its own (table_upkeep.c) */
    QUERY_APART      /* a statement, on one of the pool's connections in any case */
};
enum act_flag {
    ACT_ABANDONED = 1,  /* nobody waits for it any more */
    ACT_TRACED = 2,     /* spans of the request are reported */
    ACT_WORKER = 4,     /* holds a worker of its instance */
    ACT_IN_STATION = 8, /* the station splits the time into work and contention */
    ACT_HIT = 16, /* LOOKUP: the answer was a value; else the caller runs the body */
    ACT_DETACHED = 32, /* BRANCH: a refresh in the background */
    ACT_STALE = 64,
    ACT_ANSWERED = 128,  /* a business answer (REPLY; a third party's decline: its
                            caller's program ends with a business answer too) */
    ACT_SENT = 256,      /* on its way: `begin` has not run */
    ACT_BACK = 512,      /* done: the answer is on its way */
    ACT_COPY = 1024,     /* a copy beside others of the same attempt (call_hedge.c) */
    ACT_LIMITED = 16384, /* a limiter counts it as inside */
    ACT_POISON = 32768,  /* REQUEST: a message that it may not be able to read */
    ACT_HELD = 8192,     /* waits for room in the bulkhead of a call (call_wait.c) */
    ACT_WATCHED = 4096,  /* a balancer wants to know how the request ends */
    ACT_LINE = 2048      /* goes by a kept connection (path_dial.c) */
};

/* Classes of priority: the first is refused first, the last served first. */
enum { PRIORITY_MOST = 3, PRIORITY_CLASSES };

/* The way that an act's message goes. */
enum way { WAY_THERE, WAY_BACK };

/* Slices that lie in the act itself (ledger.h). */
#define LEDGER_OWN 4

struct act {
    uint32_t gen;    /* 0: free; else unique among all that ever were (mod 2^32) */
    uint8_t kind;    /* enum act_kind */
    uint8_t mode;    /* QUERY: enum query_mode */
    uint8_t cause;   /* of the wait or the work; CAUSE_COUNT: a wait for the child */
    uint8_t reason;  /* how it ended, once it has */
    comp_id comp;    /* where it runs: service, database, cache, external, client */
    comp_id place;   /* where it waits; with `cause` */
    comp_id what;    /* endpoint, statement (COMP_NONE: a trivial one), key space */
    comp_id policy;  /* the call policy it was called by */
    comp_id client;  /* at the root: the client, job or subscription */
    comp_id culprit; /* where it failed */
    comp_id caller;  /* the parent's component (kept when the parent is gone) */
    comp_id pool;    /* QUERY: the caller's pool */
    uint16_t flags;
    uint16_t instance;        /* of comp, 1-based; 0: none */
    uint16_t caller_instance; /* of the parent's component */
    comp_id watcher;          /* ACT_WATCHED: the balancer */
    uint64_t request;         /* number of the user's request, for people */
    sim_time start;           /* sent at */
    sim_time since;           /* waits for (cause, place) since; accounted up to here */
    sim_time age;             /* oldest cached value in it; AGE_LOST */
    ref parent;               /* the act that waits for this one */
    ref child;                /* the act waited for (a call's current attempt) */
    ref branches;             /* running branches, through `sibling` */
    ref sibling;      /* the next branch, or the next copy of the same attempt */
    ref more;         /* chunks of slices; 0: they are in `own` */
    ref next, prev;   /* acts in the same component (instance): oldest first; of a
                         branch, prev is the one before it in `branches` */
    ref qnext, qprev; /* the queue it waits in: free for the kind that holds it */
    uint32_t timer;   /* the end of a wait for a time */
    uint32_t timeout; /* the end of the parent's patience (armed by the call policy) */
    uint32_t pc;      /* op of its program at which it stands */
    /* where it works, or its place in an order */
    union {
        uint64_t mark;    /* at a station: attained service at which it is done */
        uint64_t urgency; /* in a service's queue: the smallest goes first */
                          /* ordered, on its way: the time at which it was sent last */
    };
    ref station;
    union {
        uint32_t
            heap_pos; /* while it waits: in the heap of a queue (service_queue.c) */
        uint32_t held_kib; /* while its program runs: memory that it holds */
    };
    union {
        sim_time demand;   /* at a station: work asked for */
        sim_time patience; /* a user: how long to wait for an answer; 0: for ever */
        sim_time sent; /* ordered, on its way: the time at which it was sent first */
    };
    const struct program *program; /* with pc: the op it stands at, or was sent by */
    uint32_t span, parent_span;    /* trace: own, its caller's */
    /* the call it is making (call.c) */
    uint16_t attempt;    /* 0: none running */
    uint8_t depth;       /* calls and branches above it */
    uint8_t hedges;      /* copies that the attempt it makes has had */
    uint16_t try_number; /* among the attempts of the caller's call */
    comp_id limiter;     /* ACT_LIMITED: which one */
    sim_time backoff;    /* last one (decorrelated jitter) */
    sim_time call_start;
    uint32_t key;   /* of a value looked up, or a message; goes to whom it calls */
    uint32_t phase; /* the state machine of whoever holds it; 0 at begin */
    uint32_t load; /* a lookup that missed, then its caller: number of the load that the
                       key space counts on; 0: none */
    uint32_t user; /* in whose name, for things spread or limited by user; 0: anyone */
    /* for whoever holds it alone */
    union {
        struct {                /* service: REQUEST, BRANCH, PROBE */
            uint32_t start_pc;  /* BRANCH: where it began */
            uint32_t nbranches; /* still running */
            uint32_t failed;    /* branches, where a share of them is enough */
            uint32_t own_pc;    /* BRANCH for one key: its lookup's op + 1 */
            ref home;           /* the struct instance, once inside */
            ref tx;             /* connection of the open transaction; 0: none */
            uint32_t row;       /* taken by the last statement or lock, + 1; 0: none */
            uint32_t row_version; /* found by an optimistic read */
        } run;
        struct {             /* db: QUERY */
            ref conn;        /* the connection it runs on */
            uint32_t reason; /* the statement's end */
            uint32_t others; /* statements that waited or ran when it came */
            uint32_t sync;   /* of the commit's wait (query.c) */
        } query;
        struct {             /* cache: LOOKUP */
            uint32_t reason; /* the look-up's end */
        } lookup;
        struct {                /* broker: a delivery, ACT_USER */
            int64_t offset;     /* of its message */
            uint32_t partition; /* of its message */
            ref member;         /* the consumer */
            ref ticket;         /* 0: it is read from a log */
            uint32_t stamp;     /* the cursor's fence, or the ticket's receives */
        } delivery;
        struct {            /* client: a user's attempt, ACT_USER */
            uint32_t timer; /* gives up, or minds */
            uint32_t made;  /* visits of this user, this one included */
        } of_user;
        struct {                           /* client: a job's run, ACT_USER */
            uint32_t timeout, death, late; /* timers */
            uint32_t rows;                 /* to be read; 0: the run goes by no items */
            sim_time whole, until;         /* time for them, and when that is over */
        } of_job;
        struct {             /* call: SETUP */
            ref of;          /* the attempt, or the pool's connection */
            uint32_t of_gen; /* of the attempt; the connection's number */
            ref cores;       /* the station */
            bool of_conn;
        } setup;
        struct { /* front: waits at a limiter */
            ref bucket;
        } limited;
    };
    /* from its caller */
    sim_time deadline; /* by then it has to be done; 0: none */
    uint32_t visit;    /* the subject, with `origin` and `nth`: see act_subject() */
    uint32_t serial;   /* of the request, among those that `client` has begun (lot.h) */
    ref before;        /* COPY: slices of the caller's time until it was sent */
    comp_id origin;    /* of the subject: who counts it, the client or the topic */
    uint16_t nth;      /* among those that a fan-out or several messages make */
    uint8_t priority;  /* of the client: 0 is refused first, 3 last */
    uint8_t nown;      /* slices in `own` */
    uint16_t cost;     /* taken from the quota by the last retry of the call */
    /* while it is on its way (call/path.c) */
    comp_id hop;         /* the link that a balancer sent it on by, + 1; 0: none */
    ref line;            /* the kept connection it goes by; 0: none */
    uint16_t tries;      /* how often its message was lost */
    uint8_t step;        /* enum dial_step */
    uint8_t rest : 1;    /* only a piece of its message is missing */
    uint8_t way : 1;     /* enum way: of its message, or of the one before */
    uint8_t dead : 1;    /* a dead connection: the message does not get through */
    uint8_t ordered : 1; /* the message has a place in the order of its connection */
    uint8_t here : 1;    /* ordered: it has arrived, and one before it has not */
    uint8_t lost : 1;    /* waits until its message is sent again, or given up */
    uint8_t timed : 1;   /* ordered: a retransmission timeout has passed for it */
    struct slice own[LEDGER_OWN];
};
/* Room for 160,000 and what belongs to them in a world's 64 MiB: a server that falls
 * behind for ten minutes. */
_Static_assert(sizeof(struct act) <= 328, "a piece of work stays small");
static inline struct act *act_at(const struct world *w, ref r)
{
    return W_PTR(w, struct act, r);
}
/* The act, when it is still the one that was meant; else NULL. */
static inline struct act *act_alive(const struct world *w, ref r, uint32_t gen)
{
    struct act *a = W_PTR(w, struct act, r);
    return r != 0 && a->gen == gen ? a : NULL;
}

/* Waits for `delay`, then resume(REASON_NONE). */
void act_timer(struct world *w, struct act *a, sim_time delay, enum cause cause,
               comp_id place);
/* Adds a piece that the caller has measured itself; `since` is untouched. */
void act_charge(struct world *w, struct act *a, enum cause cause, comp_id place,
                sim_time ns);
/* Accounts now - since to (cause, place) and sets since = now. */
void act_account_time(struct world *w, struct act *a);
static inline void act_account(struct world *w, struct act *a)
{
    if (a->since != w_now(w))
        act_account_time(w, a);
}
/* From now on it waits for (cause, place); what went before is accounted. */
static inline void act_wait(struct world *w, struct act *a, enum cause cause,
                            comp_id place)
{
    act_account(w, a);
    a->cause = (uint8_t)cause;
    a->place = place;
}
/* The subject of an act, one number: a user's visit through all attempts, retries and
 * reloads, a message through all deliveries, everywhere that their work goes on. The
 * copies that a fan-out makes have one each. 0: nothing, as in a job's run. To tell
 * subjects apart, and for nothing else: the components' numbers are in it. */
static inline uint64_t act_subject(const struct act *a)
{
    return a->visit == 0
               ? 0
               : (uint64_t)a->origin << 48 | (uint64_t)a->nth << 32 | a->visit;
}
void act_ready_behind(struct world *w, const struct act *a, enum reason reason);
/* Lets an act go on (in the same event, in order of these calls). Its timer is
 * cancelled. */
static inline void act_ready(struct world *w, struct act *a, enum reason reason)
{
    struct head *h = W_HEAD(w);
    if (a->timer != 0)
        cal_cancel(w, &a->timer);
    if (h->next != 0 || h->ready_head != h->ready_tail) {
        act_ready_behind(w, a, reason);
        return;
    }
    h->next = W_REF(w, a); /* mostly it is the only one */
    h->next_gen = a->gen;
    h->next_reason = (uint8_t)reason;
}
/* The age of an answer whose work was dropped: older than any value. */
#define AGE_LOST SIM_FOREVER
/* Notes that an act's value in a cache was written `age` ago. */
static inline void act_aged(struct act *a, sim_time age)
{
    a->age = age > a->age ? age : a->age;
}

#endif
