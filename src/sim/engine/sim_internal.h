/*
 * sim_internal: what the engine's own files agree on. Not for other modules.
 *
 * Who does what in one dispatched event:
 *
 *   world_run   pops the calendar, calls the handler (core, or the kind's `event`),
 * then drains the ready ring: every activation that was made ready goes back to its
 * component's `resume`. Nothing recurses: whoever lets another activation go on calls
 * act_ready() and returns. activation  (`struct act`) is one piece of work inside one
 * component: a request in a service, a statement at a database, a lookup in a cache, a
 * call of a third party, a user's attempt, a branch of PARALLEL. An act waits for
 * exactly one thing at a time. Parent and child name each other; both links are cut
 * together, so a link that is not 0 is always alive. call policy one mechanism for
 * every call (call.c): it creates the child act, arms the timeout, retries, and hands
 * the outcome to the parent with act_ready().
 *
 * A kind that is called (database, cache, external, balancer, service) implements
 *   begin(w, act)           a new act has arrived (network time is over);
 *   resume(w, act, reason)  what it waited for is there (act_ready) or has failed;
 *   cancel(w, act)          leave whatever it waits in, give back what it holds; the
 *                           core frees the act afterwards.
 * For ACT_QUERY, `begin` comes at once: the database first gets a connection from
 * act->pool (connecting if need be), then spends the network time itself, both ways
 * (call_cross()), while the connection is held.
 * and ends with act_finish(w, act, reason, culprit), the last thing it does with the
 * act.
 *
 * To wait: act_wait(w, a, CAUSE_x, place) first (it accounts the time so far), then put
 * the act where it waits (a list through qnext/qprev, a timer with act_timer(), a
 * station). Whoever ends the wait calls act_ready(w, a, REASON_NONE) or a failure.
 *
 * Memory. A world is one region; everything in it is named by a `ref` (offset / 8) and
 * reached with W_PTR(w, struct x, ref). Pointers are good until the event ends, and are
 * never stored. Model memory never moves while a world lives: pointers to it may be
 * kept.
 */
#ifndef SIM_INTERNAL_H
#define SIM_INTERNAL_H

#include "truecode/world.h"

#include <assert.h>
#include <string.h>

typedef uint32_t ref; /* offset / 8 from the start of the region; 0: none */

/* What a hot function does once in a while, such as growing an array: kept out of it,
 * it does not cost the usual way its registers. */
#define SELDOM __attribute__((noinline, cold))
/* And the small steps of the usual way, which would cost more as calls than as code. */
#define HOT static inline __attribute__((always_inline))

/* ---- the model ------------------------------------------------------------------ */

struct kind_impl;
struct act;

enum op_code {
    OP_COMPUTE,
    OP_SLEEP,
    OP_CALL,
    OP_QUERY,
    OP_TX_BEGIN, /* takes a connection; act->tx is set when it has one */
    OP_TX_END,   /* gives it back (commit) */
    OP_TX_ABORT, /* gives it back (rollback), then fails on */
    OP_LEAK,
    OP_CACHED,      /* looks up; hit: jump to `jump`; miss: goes on with the body */
    OP_STORE,       /* end of the miss body: stores the value */
    OP_STORE_ABORT, /* the miss body failed: tells the key space, then fails on */
    OP_PARALLEL,    /* branches start at program->branches[jump .. jump + count) */
    OP_BRANCH_END,
    OP_SOMETIMES, /* with probability 1 - p: jump */
    OP_FLAG,      /* flag off: jump */
    OP_JUMP,
    OP_COUNT,
    OP_REPLY,
    OP_FAIL,
    OP_LOG,
    OP_PUBLISH,
    OP_END,
    OP_LOCK /* a query that takes a lock in the caller's transaction (table.h) */
};
#define PC_NONE UINT32_MAX

struct call_spec { /* a call that a program or a client makes */
    comp_id policy, target, what, pool;
    uint8_t kind, mode; /* of the child act */
};
struct op {
    uint8_t code;
    uint8_t level;    /* LOG: level; LOCK: enum lock_mode or LOCK_ROW ... */
    comp_id target;   /* CALL, QUERY, TX, LEAK, CACHED: component; FLAG, COUNT: it */
    comp_id what;     /* endpoint, statement, key space */
    comp_id policy;   /* the call policy */
    comp_id pool;     /* QUERY, TX, LEAK: the caller's pool to the database */
    uint32_t jump;    /* see the codes */
    uint32_t count;   /* PARALLEL: branches */
    uint32_t quorum;  /* PARALLEL: so many are enough; 0: all, and none may fail */
    uint32_t after;   /* PARALLEL, CACHED: where it goes on */
    uint32_t on_fail; /* where an error goes; PC_NONE: ends the program */
    struct dist time;
    double p;
    struct call_spec call; /* CALL, QUERY, TX_BEGIN, LEAK, CACHED: what it sends */
    const char *text;      /* REPLY, FAIL, LOG, LOCK: its name; model memory */
    int line;
};
struct program {
    uint32_t *branches; /* where each begins */
    struct op ops[];
};

/* The versions of a component that has programs, in the order they were named. */
struct versions {
    const char **names;
    size_t n, cap;
};

struct comp {
    const char *name;
    const struct kind_impl *kind;
    struct versions *versions; /* NULL: it has none */
    comp_id owner, target;
    struct value *params; /* initial values, one per param_desc; texts in the arena */
    bool *given;          /* was it set in the model */
    void *data;           /* the kind's own model-time data (arena) */
    ref values;           /* where they lie in every world of this model */
};

struct schedule_entry {
    sim_time at;
    bool decoy;
    struct action action; /* texts in the arena */
    const char *who, *title;
};

/* What a world is put together from (kinds.c). The rooms below know of a kind only what
 * its descriptor says, and the loop hands on by these what is not its own. */
struct parts {
    const struct kind_impl *const *kinds;
    size_t nkinds;
    void (*deliver)(struct world *w, struct act *a);    /* EV_DELIVER */
    void (*timed_out)(struct world *w, struct act *a);  /* EV_TIMEOUT */
    void (*try_again)(struct world *w, struct act *a);  /* EV_BACKOFF */
    void (*scheduled)(struct world *w, uint32_t index); /* EV_SCHEDULE */
    void (*fault_over)(struct world *w, ref fault);     /* EV_FAULT_END */
};

struct model {
    const struct parts *parts;
    struct arena arena;
    int refs;
    bool finished;
    struct comp *comps;
    size_t ncomps, comps_cap;
    struct source *sources, *last_source; /* programs as given, until compiled */
    uint32_t widest;                      /* most branches that start at once */
    uint32_t ring_places; /* of the largest consistent hash that it asks for */
    struct schedule_entry *schedule;
    size_t nschedule, schedule_cap;
    struct slo slo;
    bool has_slo;
    bool *slo_client;   /* per component: the objective applies to this client */
    comp_id *slo_names; /* as given */
    size_t nslo_names;
    comp_id *by_name;   /* for model_find: a hash table; COMP_NONE: empty */
    size_t by_name_cap; /* power of two, never more than half full */
    /* By component, dense, as every event looks at them: where the kind's state lies in
     * a world, its random streams in front of it, and the kind's place in the table. */
    ref *states;
    uint8_t *kinds;
    ref fixed; /* bytes / 8 of the fixed part of a world */
};
static inline const struct comp *model_comp(const struct model *m, comp_id c)
{
    return &m->comps[c];
}
/* For `check`: adds a component to a model that is being finished ("checkout.pool"). */
comp_id model_add_nested(struct model *m, const char *kind, comp_id owner,
                         const char *name, struct errmsg *why);
/* Looks a name up among components of this kind; the error suggests. NULL kind: any. */
comp_id model_need(const struct model *m, const char *name, const char *kind,
                   const char *for_what, struct errmsg *why);
/* For `resolve`: a parameter that names a component of this kind, if it is given. */
enum err param_resolve(struct model *m, comp_id c, int param, const char *kind,
                       struct errmsg *why);
/* A parameter's initial value, by index. */
static inline const struct value *model_param(const struct model *m, comp_id c, int p)
{
    return &m->comps[c].params[p];
}

/* ---- the world ------------------------------------------------------------------ */

/* An act that goes on, in one word: act, the low bits of its generation (nothing lives
 * through as many within one event), why. */
typedef uint64_t ready_entry;
#define READY_GEN_BITS 24
static inline ready_entry ready_make(ref act, uint32_t gen, uint8_t reason)
{
    return (uint64_t)reason << (32 + READY_GEN_BITS) |
           (uint64_t)(gen & ((1u << READY_GEN_BITS) - 1)) << 32 | act;
}
void ready_grow(struct world *w) SELDOM; /* room for more of them */

/* First thing in the region: the world's own variables. */
struct head {
    sim_time now;
    uint64_t seed;
    uint64_t events; /* dispatched */
    uint64_t digest; /* of what was done to it from outside */
    uint64_t next_request;
    uint64_t seq;       /* insertion number of calendar events */
    ref used;           /* bump pointer: bytes / 8 in use */
    ref largest;        /* largest single allocation so far (headroom rule) */
    ref free_lists[32]; /* by power of two of 8-byte words */
    ref digests;        /* uint64_t per component, and one for none */
    uint32_t next_change;
    uint32_t next_span;
    uint32_t acts;      /* alive */
    uint32_t acts_made; /* alive or free; the ready ring has room for as many */
    uint32_t act_gen;   /* last generation handed out */
    ref act_free;       /* free list of struct act */
    ref ledger_free;    /* free list of struct ledger_chunk */
    ref next; /* the act that goes on next, before those in the ring; 0: none */
    uint32_t next_gen;
    uint8_t next_reason;
    ref ready; /* ring of ready_entry */
    uint32_t ready_head, ready_tail, ready_cap;
    /* calendar */
    ref heap; /* unsigned __int128 keys */
    uint32_t heap_n, heap_cap;
    bool heap_hole; /* the heap's top was taken, nothing put in its place yet */
    ref slots;      /* struct cal_slot */
    uint32_t slot_free, slot_n, slot_cap;
    ref lanes; /* struct cal_lane, one per constant delay */
    uint32_t lane_n;
    ref faults;   /* struct running_fault list */
    bool stopped; /* ran away: will not run on */
};

struct world {
    char *base;           /* the region; may move between events, never inside one */
    size_t mapped, limit; /* bytes */
    struct model *model;
    const struct comp *comps;                  /* model->comps */
    const ref *states;                         /* model->states */
    const uint8_t *kinds;                      /* model->kinds */
    const struct kind_impl *const *kind_table; /* which those are numbers in */
    const struct observer *observer;           /* during a run; else NULL */
    uint32_t outcome; /* of the event being dispatched, for the digest */
    ref safe;         /* while used <= this, there is headroom; 0: find out */
    bool vast;        /* larger than a processor's cache */
};

#define W_HEAD(w)         ((struct head *)(void *)(w)->base)
#define W_PTR(w, type, r) ((type *)(void *)((w)->base + (size_t)(r)*8))
#define W_REF(w, p)       ((ref)((size_t)((const char *)(p) - (w)->base) / 8))
/* The component's own state (kind_impl.state_size bytes, zeroed before init). */
#define W_STATE(w, type, c) W_PTR(w, type, (w)->states[c])
static inline sim_time w_now(const struct world *w)
{
    return W_HEAD(w)->now;
}

/* Zeroed memory. Rounded up to a power of two words, freed to a list of that class. One
 * event may allocate 256 KiB besides growing arrays. Never fails (the loop keeps
 * headroom). */
ref w_alloc(struct world *w, size_t bytes);
void w_release(struct world *w, ref r,
               size_t bytes); /* the bytes that were asked for */
/* Grows an array of `size`-byte items to hold at least `need`: copies, frees the old
 * one; *cap is in items. New items are zeroed. */
void w_grow(struct world *w, ref *array, uint32_t *cap, uint32_t need, size_t size);

/* Parameter values as they are now. `p` is the index into the kind's params table: each
 * kind keeps an enum in the same order. */
static inline struct value *w_values(const struct world *w, comp_id c)
{
    return W_PTR(w, struct value, w->comps[c].values);
}
static inline double p_number(const struct world *w, comp_id c, int p)
{
    return w_values(w, c)[p].as.number; /* NUMBER, FRACTION */
}
static inline int64_t p_count(const struct world *w, comp_id c, int p)
{
    return w_values(w, c)[p].as.count; /* COUNT, CHOICE */
}
static inline sim_time p_time(const struct world *w, comp_id c, int p)
{
    return w_values(w, c)[p].as.duration;
}
static inline bool p_on(const struct world *w, comp_id c, int p)
{
    return w_values(w, c)[p].as.on;
}
static inline const struct dist *p_dist(const struct world *w, comp_id c, int p)
{
    return &w_values(w, c)[p].as.dist;
}
static inline comp_id p_comp(const struct world *w, comp_id c, int p)
{
    return w_values(w, c)[p].as.comp;
}

/* Asks for this memory to be brought into the cache. */
static inline void w_fetch(const void *p, size_t bytes)
{
    for (size_t i = 0; i < bytes; i += 64)
        __builtin_prefetch((const char *)p + i);
}

/* Random streams: kind_impl.streams names them; `i` is the index. */
static inline struct rng *w_rng(struct world *w, comp_id c, int i)
{
    return W_STATE(w, struct rng, c) - 1 - i;
}

/* ---- calendar ------------------------------------------------------------------- */

/* The core's come first; a kind's own are EV_KIND + n and reach its `event`. */
enum event_kind {
    EV_NONE,
    EV_ARRIVE,   /* a child act reaches its component (network time over) */
    EV_DELIVER,  /* its answer reaches the parent */
    EV_TIMEOUT,  /* an attempt's timeout */
    EV_BACKOFF,  /* retry now */
    EV_READY,    /* act_timer(): the act goes on */
    EV_STATION,  /* a = ref of struct station */
    EV_SCHEDULE, /* a = index of the model's schedule */
    EV_FAULT_END,
    EV_KIND
};

/* A timer is named by a number that is good until it fires or is cancelled: keep it in
 * a field, set the field to 0 when it fires. 0: none. Total order (time, insertion). */
uint32_t cal_at(struct world *w, sim_time at, int event, comp_id c, uint32_t a,
                uint32_t b);
/* The same for delays that repeat (timeouts, network): one ring per delay, O(1). */
uint32_t cal_after(struct world *w, sim_time delay, int event, comp_id c, uint32_t a,
                   uint32_t b);
void cal_drop(struct world *w, uint32_t timer);
static inline void cal_cancel(struct world *w, uint32_t *timer) /* 0 is fine */
{
    if (*timer != 0)
        cal_drop(w, *timer);
    *timer = 0;
}

/* Mixes a word into what the digest takes of the event being dispatched. */
static inline void w_outcome(struct world *w, uint32_t x)
{
    w->outcome = w->outcome * 31 + x + 1;
}

/* ---- lists: intrusive, by ref --------------------------------------------------- */

struct list { /* of acts, through the link pair that the function name says */
    ref first, last;
    uint32_t count;
};

/* ---- activations ---------------------------------------------------------------- */

enum act_kind {
    ACT_USER,     /* the root: a client's attempt, a message that is processed */
    ACT_REQUEST,  /* in a service: runs a program */
    ACT_BRANCH,   /* of PARALLEL, or a detached refresh: runs a part of its parent's
                     program */
    ACT_QUERY,    /* at a database, see enum query_mode */
    ACT_LOOKUP,   /* in a cache */
    ACT_EXTERNAL, /* at a third party */
    ACT_PROBE,    /* a health check */
    ACT_PUBLISH   /* a message on its way into a topic (`what`) */
};
enum query_mode {
    QUERY_STATEMENT, /* one statement, on the caller's transaction connection if it has
                        one to this database, else on one of its pool's */
    QUERY_BEGIN,     /* takes a connection and hands it to parent->tx */
    QUERY_LEAK,      /* takes a connection, opens a transaction, never gives it back */
    QUERY_LOCK,      /* takes the lock that the op at a->program, a->pc names */
    QUERY_JOB        /* upkeep of a table, in a session of its own (upkeep.c) */
};
enum act_flag {
    ACT_ABANDONED = 1,  /* nobody waits for it any more */
    ACT_TRACED = 2,     /* its request's spans are reported */
    ACT_WORKER = 4,     /* holds a worker of its instance */
    ACT_IN_STATION = 8, /* its time is split into work and contention by the station */
    ACT_HIT = 16, /* LOOKUP: the answer was a value; else the caller runs the body */
    ACT_DETACHED = 32, /* BRANCH: a refresh in the background */
    ACT_STALE = 64,
    ACT_ANSWERED = 128,  /* a business answer (REPLY; a third party's decline: its
                            caller's program ends with a business answer too) */
    ACT_SENT = 256,      /* on its way: `begin` has not run */
    ACT_BACK = 512,      /* done: the answer is on its way */
    ACT_COPY = 1024,     /* one of several copies of the same attempt (call_hedge.c) */
    ACT_LIMITED = 16384, /* a limiter counts it as inside */
    ACT_POISON = 32768,  /* REQUEST: a message that it may not be able to read */
    ACT_HELD = 8192,     /* waits for room in the bulkhead of a call (call_wait.c) */
    ACT_WATCHED = 4096,  /* its balancer wants to know how it ends */
    ACT_LINE = 2048      /* goes by a kept connection (path_dial.c) */
};

/* Where an act's time went: a few slices lie in the act itself; when there are more,
 * all of them are in chunks, of which only the first is not full. */
#define LEDGER_OWN    4
#define LEDGER_SLICES 15
struct ledger_chunk {
    ref next;
    uint32_t n;
    struct slice slices[LEDGER_SLICES];
};

struct act {
    uint32_t gen;    /* 0: free; else unique among all that ever were (mod 2^32) */
    uint8_t kind;    /* enum act_kind */
    uint8_t mode;    /* QUERY: enum query_mode */
    uint8_t cause;   /* what it waits for or does; CAUSE_COUNT: for its child */
    uint8_t reason;  /* how it ended, once it has */
    comp_id comp;    /* where it runs: service, database, cache, external, client */
    comp_id place;   /* where it waits; with `cause` */
    comp_id what;    /* endpoint, statement (COMP_NONE: a trivial one), key space */
    comp_id policy;  /* the call policy it was called by */
    comp_id client;  /* the client at the root */
    comp_id culprit; /* where it failed */
    comp_id caller;  /* the parent's component (kept when the parent is gone) */
    comp_id pool;    /* QUERY: the caller's pool */
    uint16_t flags;
    uint16_t instance;        /* of comp, 1-based; 0: none */
    uint16_t caller_instance; /* of the parent's component */
    comp_id watcher;          /* ACT_WATCHED: the balancer */
    uint64_t request;         /* the user's request */
    sim_time start;           /* it was sent */
    sim_time since;           /* waits for (cause, place) since; accounted up to here */
    sim_time age;             /* oldest cached value in it */
    ref parent;               /* who waits for it */
    ref child;                /* whom it waits for (a call's current attempt) */
    ref branches;             /* running branches, through `sibling` */
    ref sibling;      /* the next branch, or the next copy of the same attempt */
    ref more;         /* chunks of slices; 0: they are in `own` */
    ref next, prev;   /* acts in the same component (instance): oldest first; of a
                         branch, prev is the one before it in `branches` */
    ref qnext, qprev; /* the queue it waits in: free for the kind that holds it */
    uint32_t timer;   /* what it waits for, if that is a time */
    uint32_t timeout; /* its parent's patience with it (armed by the call policy) */
    uint32_t pc;      /* op of its program at which it stands */
    /* station.c */
    uint64_t mark; /* attained service at which it is done */
    ref station;
    uint32_t heap_pos; /* in the heap of a queue (service_queue.c) */
    sim_time demand;   /* work asked for */
    /* programs */
    const struct program *program; /* what it runs; NULL: there is none */
    uint32_t start_pc;             /* BRANCH: where it began */
    uint32_t nbranches;            /* still running */
    uint32_t span, parent_span;    /* trace: own, its caller's */
    /* the call it is making (call.c) */
    uint16_t attempt;    /* 0: none running */
    uint16_t depth;      /* calls and branches above it */
    uint16_t try_number; /* which attempt of its caller's call it is */
    comp_id limiter;     /* ACT_LIMITED: which one */
    sim_time backoff;    /* last one (decorrelated jitter) */
    sim_time call_start;
    /* for the called kinds' own use while they hold it */
    ref tx;         /* REQUEST, BRANCH: connection of the open transaction; 0: none */
    ref conn;       /* QUERY: the connection it runs on */
    uint32_t key;   /* LOOKUP: key number; the caller keeps it for OP_STORE */
    uint32_t phase; /* the kind's own state machine; 0 at begin */
    uint32_t x, y;  /* free for the kind */
    /* from its caller */
    sim_time deadline; /* by then it has to be done; 0: none */
    uint32_t user;     /* who asks, for what is spread or limited by it; 0: anyone */
    uint32_t visit;    /* what the user wants, through all attempts at it */
    ref before;        /* COPY: slices of the caller's time until it was sent */
    uint16_t hedges;   /* copies that the attempt it makes has had */
    uint8_t priority;  /* its client's: 0 is refused first, 3 last */
    uint8_t nown;      /* slices in `own` */
    ref home;          /* REQUEST, PROBE, BRANCH: its struct instance, once inside */
    uint16_t cost;     /* what the last retry of its call took from the quota */
    /* path.c, while it is on its way */
    comp_id hop;      /* the link that a balancer sent it on by, + 1; 0: none */
    ref line;         /* the kept connection it goes by; 0: none */
    uint16_t tries;   /* how often its message was lost */
    uint8_t step;     /* enum dial_step */
    uint8_t rest : 1; /* only a piece of its message is missing */
    uint8_t way : 1;  /* enum way: of its message, or of the one before */
    /* REQUEST, BRANCH: the row of a table that its last statement or lock took */
    uint32_t row;         /* number + 1; 0: none */
    uint32_t row_version; /* as an optimistic read found it */
    struct slice own[LEDGER_OWN];
};
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

/* Sends it one way over the network, as its call policy says: `event` when it is there.
 * False: there is nothing to cross. */
enum way { WAY_THERE, WAY_BACK };
bool call_cross(struct world *w, struct act *a, int event, enum way way);
/* An attempt leaves its caller. */
void call_sent(struct world *w, comp_id policy);
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
void act_ready_behind(struct world *w, const struct act *a, enum reason reason);
/* It goes on (in the same event, in order of these calls). Its timer is cancelled. */
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
/* It ended: accounts, reports, sends the answer to its parent, frees it. `culprit`:
 * where it failed (COMP_NONE when it did not). The kind has let go of it before. */
void act_finish(struct world *w, struct act *a, enum reason reason, comp_id culprit);
/* Its value in a cache was written `age` ago. */
static inline void act_aged(struct act *a, sim_time age)
{
    a->age = age > a->age ? age : a->age;
}
/* Ends it from outside: its component's cancel, then act_finish(reason). */
void act_kill(struct world *w, struct act *a, enum reason reason, comp_id culprit);

/* A queue of acts through qnext/qprev. */
void queue_push(struct world *w, struct list *q, struct act *a);
struct act *queue_pop(struct world *w, struct list *q);      /* first; NULL: empty */
struct act *queue_pop_last(struct world *w, struct list *q); /* last */
void queue_remove(struct world *w, struct list *q, struct act *a);
/* All acts in a component (or instance) through next/prev, oldest first. */
static inline void members_add(struct world *w, struct list *l, struct act *a)
{
    ref r = W_REF(w, a);
    a->next = 0;
    a->prev = l->last;
    if (l->last != 0)
        act_at(w, l->last)->next = r;
    else
        l->first = r;
    l->last = r;
    l->count++;
}

static inline void members_remove(struct world *w, struct list *l, struct act *a)
{
    if (a->prev != 0)
        act_at(w, a->prev)->next = a->next;
    else
        l->first = a->next;
    if (a->next != 0)
        act_at(w, a->next)->prev = a->prev;
    else
        l->last = a->prev;
    a->next = a->prev = 0;
    l->count--;
}

/* ---- what the other kinds do for programs --------------------------------------- */

/* exec.c calls these from a service's program. The long ones are calls (a child act of
 * kind ACT_QUERY or ACT_LOOKUP reaches the database's or cache's `begin`; see the
 * fields mode, what, pool, caller, caller_instance, parent). These are the short ones:
 */

/* OP_TX_END / OP_TX_ABORT, and whenever an act with a->tx ends: gives the connection
 * back, sets tx = 0. */
void database_tx_end(struct world *w, struct act *a, bool commit);
/* A QUERY_BEGIN that succeeds does: act_at(w, a->parent)->tx = conn (when parent != 0).
 * A QUERY_STATEMENT finds its caller's transaction in act_at(w, a->parent)->tx; acts
 * below a branch: exec copies tx down. */

/* A lookup's answer: a->flags & ACT_HIT, a->key, a->age; on a miss a->x, not 0 when the
 * key space counts on this caller (a load is registered). The core copies key and x
 * into the caller, which runs the body and then calls one of these with itself. When x
 * is not 0 exactly one of the two is called, whatever happens to the caller (also when
 * the lookup was abandoned: then with the lookup). x 0: a plain put. A lookup that
 * fails with TIMEOUT, BREAKER_OPEN, SHED, DOWN or CONN_LOST counts as a miss with x 0;
 * other failures fail the program. */
void keyspace_store(struct world *w, comp_id keyspace, struct act *caller);
void keyspace_store_failed(struct world *w, comp_id keyspace, struct act *caller,
                           enum reason reason);
/* How many keys one request looks up at once, and which: the first key of the batch
 * (drawn once by the request). exec starts that many branches; their lookups have
 * act->key = first .. first + n - 1 set when `begin` runs (n == 1: first). */
uint32_t keyspace_batch(struct world *w, comp_id keyspace, uint32_t *first);

/* Pools: a service tells its pools of its instances. */
void pool_instance_up(struct world *w, comp_id pool, int instance);
/* A crash, or it is removed: its connections close (the database notices), those who
 * waited in it were cancelled before. */
void pool_instance_gone(struct world *w, comp_id pool, int instance);
struct pool_look {
    int in_use, size, waiting, open;
    sim_time oldest_wait; /* age of the longest wait */
};
void pool_look(const struct world *w, comp_id pool, int instance,
               struct pool_look *out);

/* What a component's machine (or that of one instance) thinks the time is: for whatever
 * real systems compare with a clock on the wall. */
sim_time clock_now(const struct world *w, comp_id c, int instance);
/* What autoscalers use of a service (service.c). */
int service_count(const struct world *w, comp_id service); /* wanted instances */
void service_scale(struct world *w, comp_id service, int count);
double service_cpu(const struct world *w,
                   comp_id service); /* mean share over the last 10 s */
double service_queued(const struct world *w, comp_id service); /* mean per instance */
double service_in_flight(const struct world *w,
                         comp_id service); /* mean per instance */

/* ---- processor sharing: station.c ----------------------------------------------- */

/*
 * n acts share `factor * min(cores, n) / (1 + alpha (n-1) + beta n (n-1))` seconds of
 * work per second. Attained service is a fixed-point integer clock; keys of acts sit in
 * a heap of finishing marks (act->mark); one event (EV_STATION, a = W_REF of the
 * station) is pending. A done act gets its ledger split: demand to work,
 * the rest to contention, and act_ready(REASON_NONE).
 */
#define STATION_SECONDS 12
struct station {
    comp_id comp;
    uint8_t work, contention; /* causes */
    bool paused;
    bool burns;    /* while it is paused its cores are busy with something else */
    ref heap;      /* of (mark, gen, act), see heap.h */
    uint32_t n;    /* acts inside */
    uint32_t keys; /* in the heap; more than n: some of acts that have left */
    uint32_t cap;
    uint32_t whole; /* up to so many inside, each gets a whole core; 0: find out */
    uint32_t timer;
    uint64_t clock;    /* attained service per act, fixed point */
    uint64_t rate;     /* of the clock now, fixed point per ns */
    sim_time since;    /* clock is right as of */
    sim_time timer_at; /* when it fires */
    double busy;       /* core-nanoseconds used up to `since`; see station_busy() */
    sim_time tick;     /* the next whole second, that busy_at does not know yet */
    uint64_t served;   /* acts that were done */
    ref only;          /* an act that is alone inside; 0: whoever is is in the heap */
    double cores, alpha, beta, factor;
    double busy_at[STATION_SECONDS]; /* busy at second t: [t % STATION_SECONDS] */
};
void station_init(struct world *w, struct station *s, comp_id c, enum cause work,
                  enum cause contention, double cores);
/* The act waits here for `demand` ns of work (act_wait is done by it). */
void station_add(struct world *w, struct station *s, struct act *a, sim_time demand);
/* Takes it out unfinished; its ledger gets work and contention so far. */
void station_remove(struct world *w, struct station *s, struct act *a);
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
/* Share of its cores busy over the last `seconds` whole seconds and what has begun of
 * this one; 1 <= seconds < STATION_SECONDS. */
double station_load(const struct world *w, const struct station *s, int seconds);

/* ---- kinds ---------------------------------------------------------------------- */

/* What an op or a fault writes about itself; title and undo are filled by the core when
 * the kind leaves them empty. Texts of undo point into `text` or model memory. */
struct effect {
    char title[160];
    bool has_undo;
    struct action undo;
    char text[48];  /* for texts of undo.args */
    sim_time busy;  /* keeps the operator busy; preset from op_desc.cost */
    bool no_record; /* nothing changed */
};

struct cal_event; /* calendar.h */

/* What the rooms below a kind's own need to know of it. */
enum kind_trait {
    KIND_SERVES = 1,   /* has endpoints, in versions, which its instances run */
    KIND_WHOLE = 2,    /* is called as a whole: it has no endpoints */
    KIND_HANDS_ON = 4, /* stands in front of its target and hands on to it */
    KIND_STARTS = 8,   /* begins what others do: its acts are roots */
    KIND_USERS = 16,   /* its acts are people, who wait for what is elsewhere */
    KIND_JUDGED = 32   /* the objective may be about what it begins */
};
/* When its components are set up in a new world. */
enum init_turn {
    INIT_FIRST,
    INIT_SERVES, /* tells those that were set up before of its instances */
    INIT_LOOKS   /* looks at instances */
};

/* What a name that stands for it is good for; it may be pointed only at others like it. */
enum named_as { NAMED_NOT, NAMED_CALLED, NAMED_WHOLE, NAMED_QUERIED };

struct kind_impl {
    struct kind_desc desc;
    uint8_t traits;    /* enum kind_trait, or'ed */
    uint8_t init_turn; /* enum init_turn */
    uint8_t named;     /* enum named_as */
    const char *const
        *streams; /* names of its random streams, NULL-terminated; may be NULL */

    /* Model time, in this order for all components; each may be NULL. */
    enum err (*resolve)(struct model *m, comp_id c, struct errmsg *why); /* names to
        ids: sets comp.target, VALUE_COMP params; may model_add_nested() */
    enum err (*check)(struct model *m, comp_id c, struct errmsg *why);   /* after all
          programs   and policies are there */
    size_t (*state_size)(const struct model *m, comp_id c);
    /* Once for all components of the kind, when all endpoints' programs are compiled:
     * what else they run, and what belongs to each. May be NULL. */
    enum err (*gather)(struct model *m, struct errmsg *why);
    /* A pool whose connections go to replicas, a statement that may run on one. NULL:
     * the question does not arise. */
    bool (*on_replica)(const struct model *m, comp_id c);
    /* model_curve(). NULL: it has no rate that could follow one. */
    enum err (*curve)(struct model *m, comp_id c, const struct curve_point *p, size_t n,
                      sim_time period, struct errmsg *why);

    /* A new world, components in order of id. */
    void (*init)(struct world *w, comp_id c);

    /* Running. */
    void (*event)(struct world *w, comp_id c, int what, uint32_t a, uint32_t b);
    /* In a world larger than a processor's cache: this event of the component will be
     * next, or the one after that (`far`). Asks for what it will touch (w_fetch());
     * when it is far, looks at nothing that could be cold itself. May be NULL. */
    void (*ahead)(const struct world *w, const struct cal_event *e, bool far);
    void (*begin)(struct world *w, struct act *a);
    void (*resume)(struct world *w, struct act *a, enum reason reason);
    void (*cancel)(struct world *w, struct act *a);

    /* Doing. `set`: the value is already checked against param_desc and stored after
     * this returns ERR_OK (may be NULL); `changed` runs after it was stored. `op`,
     * `fault`: index into the tables; arguments are checked for type and number. Refuse
     * before changing. */
    enum err (*set)(struct world *w, comp_id c, int param, const struct value *v,
                    struct errmsg *why);
    void (*changed)(struct world *w, comp_id c, int param, const struct value *old);
    enum err (*op)(struct world *w, comp_id c, int op, const struct action *a,
                   struct effect *e, struct errmsg *why);
    /* on: it begins; else it ends (same action). */
    enum err (*fault)(struct world *w, comp_id c, int fault, const struct action *a,
                      bool on, struct errmsg *why);

    /* What rooms below ask of it or tell it; each NULL where a kind has no part in it. */
    /* A service: a lookup found a stale value, which is to be loaded in the background:
     * an act that runs the miss body of the program that made the lookup, ends at its
     * OP_STORE, is waited for by nobody and holds no worker. It has the lookup's key;
     * its x is set by whom it is given to. */
    struct act *(*refresh)(struct world *w, struct act *lookup);
    /* A key space: an act of its is over, or its answer is lost, and the value that it
     * was to load (its x) will not come. */
    void (*load_lost)(struct world *w, comp_id c, struct act *a, enum reason reason);
    /* A limiter: a request that it let through (ACT_LIMITED) has ended. A balancer: one
     * that it wanted to know of (ACT_WATCHED). */
    void (*let_out)(struct world *w, comp_id c, struct act *a);
    void (*saw)(struct world *w, comp_id c, const struct act *a);
    /* A balancer: the link by which it sends on; COMP_NONE: none of its own. */
    comp_id (*sends_on)(const struct world *w, comp_id c);

    /* A call policy: the message of an act is there, or will never be, over a link. */
    void (*arrived)(struct world *w, struct act *a);
    void (*lost)(struct world *w, struct act *a, enum reason reason, comp_id culprit);
    /* A database: the connection under a query is lost on the way; the next step of
     * opening a connection to it (`conn`, of this number) is due. */
    void (*query_lost)(struct world *w, struct act *a, enum reason reason);
    void (*dial)(struct world *w, ref conn, uint32_t number);
    /* A database of several servers: who answers at its address now. */
    comp_id (*address)(const struct world *w, comp_id c);
    /* KIND_SERVES: an instance by its number, INSTANCE_NONE if there is none; those that
     * take requests now, by number; one of `n` of them, by a rule (enum balance). */
    enum instance_state (*state)(const struct world *w, comp_id c, int number);
    uint32_t (*eligible)(const struct world *w, comp_id c, const uint16_t **numbers);
    /* `who` wants to be told when its instances change; whoever was to be told before
     * (COMP_NONE: nobody) is from now on told by `who`. */
    comp_id (*listen)(struct world *w, comp_id c, comp_id who);
    /* What listens to a service, or stands in front of it: the instances have changed. A
     * balancer: whether that one gets requests. */
    void (*instances_changed)(struct world *w, comp_id c);
    bool (*rotates)(const struct world *w, comp_id c, int number);
    /* KIND_STARTS: asks for what the end of every act of its touches (w_fetch()). */
    void (*fetch)(const struct world *w, comp_id c);
    /* Has the instance a file descriptor for one more connection? Logs when not. */
    bool (*fd_free)(struct world *w, comp_id c, int number);
    int (*choose)(struct world *w, comp_id c, int rule, const uint16_t *numbers,
                  uint32_t n);

    /* Looking. */
    double (*metric)(const struct world *w, comp_id c, int metric, int instance);
    int (*instances)(const struct world *w, comp_id c);
    /* Calls f for every act inside, oldest first (NULL: it has none). */
    void (*inflight)(const struct world *w, comp_id c,
                     void (*f)(const struct world *w, const struct act *a, void *ctx),
                     void *ctx);
};
/* The table is in kinds.c; each kind's file ends in its definition. */
extern const struct kind_impl kind_client, kind_service, kind_endpoint, kind_balancer,
    kind_call, kind_pool, kind_database, kind_statement, kind_cache, kind_keyspace,
    kind_external, kind_autoscaler, kind_flag, kind_counter, kind_replica, kind_backup,
    kind_link, kind_broker, kind_topic, kind_subscription, kind_dns, kind_certificate,
    kind_clock, kind_table, kind_limiter, kind_job;

static inline const struct kind_impl *comp_kind(const struct world *w, comp_id c)
{
    return w->kind_table[w->kinds[c]];
}

static inline bool comp_has(const struct comp *c, enum kind_trait t)
{
    return (c->kind->traits & t) != 0;
}

/* ---- telling -------------------------------------------------------------------- */

/* A log line of a component; cheap when nobody listens (format only then). */
void w_log(struct world *w, comp_id c, int instance, enum log_level level,
           uint64_t request, const char *fmt, ...) PRINTF_LIKE(6, 7);
/* A piece of a traced act's time that ends now (a->flags & ACT_TRACED). */
void w_span(struct world *w, const struct act *a, enum cause cause, comp_id place,
            sim_time start, enum reason reason, const char *note);

#endif
