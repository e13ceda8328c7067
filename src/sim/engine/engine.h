/*
 * engine: a world in memory, and the model it is of. What everything in sim stands on.
 *
 * A world is one region. Everything in it is named by a `ref` (offset / 8) and reached
 * with W_PTR(w, struct x, ref), so that copying the region copies the world. Pointers
 * into it are good until the event ends, and are never stored. Model memory never moves
 * while a world lives: pointers to it may be kept.
 *
 * Who does what in one dispatched event:
 *
 *   world_run    pops the calendar and calls the handler (the engine's own, or the
 *                kind's `event`); then drains the ready ring: every activation that was
 *                made ready goes back to its component's `resume`. Nothing recurses:
 *                whoever lets another activation go on calls act_ready() and returns.
 *   activation   (struct act, act.h) one piece of work inside one component: a request
 *                in a service, a statement at a database, a lookup in a cache, a call
 *                of a third party, a user's attempt, a branch of PARALLEL. It waits for
 *                exactly one thing at a time. Parent and child name each other; both
 *                links are cut together, so a link that is not 0 is always alive.
 *   kind         (struct kind_impl, kind.h) what a component does with an act that
 *                comes, goes on or is ended, and all that other rooms may know of it.
 *   call policy  (call/call.h) one mechanism for every call: it creates the child act,
 *                arms the timeout, retries, and hands the outcome to the parent.
 *
 * The other headers of this room, each about one thing: act, calendar, kind, program,
 * station, telling; memory and loop are for the engine itself and for who is as fast.
 */
#ifndef SIM_ENGINE_ENGINE_H
#define SIM_ENGINE_ENGINE_H

#include "truecode/value.h"

#include <assert.h>
#include <string.h>

typedef uint32_t ref; /* offset / 8 from the start of the region; 0: none */

/* Marks what a hot function does once in a while, such as growing an array: kept out of
 * it, it does not cost the usual way its registers. */
#define SELDOM __attribute__((noinline, cold))
/* Marks small steps of the usual way, which would cost more as calls than as code. */
#define HOT static inline __attribute__((always_inline))

/* ---- the model ------------------------------------------------------------------- */

struct kind_impl;
struct act;
struct world;
struct action;
struct source;
struct slo;
struct schedule_entry;

/* The versions of a component that has programs, in the order they were named. */
struct versions {
    const char **names;
    size_t n, cap;
    struct version_like { /* a version that runs the programs of another */
        size_t version, like;
        struct version_like *next; /* given later */
    } * alike;
};

struct comp {
    const char *name;
    uint64_t name_hash;
    const struct kind_impl *kind;
    struct versions *versions; /* NULL: it has none */
    comp_id owner, target;
    struct value *params;  /* initial values, one per param_desc; texts in the arena */
    bool *given;           /* set in the model, a flag for each */
    void *data;            /* the kind's own model-time data (arena) */
    ref values;            /* where they lie in every world of this model */
    struct source *newest; /* of an endpoint: the program given last */
};

/* The parts that a world is put together from (kinds.c). The rooms below know of a kind
 * only what its descriptor says, and the loop hands on by these what is not its own. */
struct parts {
    const struct kind_impl *const *kinds;
    size_t nkinds;
    void (*deliver)(struct world *w, struct act *a);   /* EV_DELIVER */
    void (*timed_out)(struct world *w, struct act *a); /* EV_TIMEOUT */
    void (*try_again)(struct world *w, struct act *a); /* EV_BACKOFF */
    /* EV_SCHEDULE; `times`: how often this entry has come before. */
    void (*scheduled)(struct world *w, uint32_t index, uint32_t times);
    void (*over)(struct world *w, ref what, uint32_t kind); /* EV_OVER: a, b */
};

struct model {
    const struct parts *parts;
    struct arena arena;
    int refs;
    bool finished;
    struct comp *comps;
    size_t ncomps, comps_cap;
    size_t ngiven; /* components that were declared; finishing makes the others */
    struct source *sources, *last_source; /* programs as given, until compiled */
    uint32_t widest;                      /* most branches that start at once */
    uint32_t ring_places; /* of the largest consistent hash that it asks for */
    struct schedule_entry *schedule;
    size_t nschedule, schedule_cap;
    bool slo_set;
    struct slo *slo;    /* the objective; all 0 where there is none */
    bool *slo_client;   /* per component: the objective applies to this client */
    comp_id *slo_names; /* names as given */
    size_t nslo_names;
    comp_id *by_name;   /* for model_find: a hash table; COMP_NONE: empty */
    size_t by_name_cap; /* power of two, never more than half full */
    /* By component, dense, as every event looks at them: where the kind's state lies in
     * a world, its random streams in front of it, and the kind's place in the table. */
    ref *states;
    uint8_t *kinds;
    ref fixed;    /* bytes / 8 of the fixed part of a world */
    size_t limit; /* bytes of a world */
};
static inline const struct comp *model_comp(const struct model *m, comp_id c)
{
    return &m->comps[c];
}
/* A parameter's initial value, by index. */
static inline const struct value *model_param(const struct model *m, comp_id c, int p)
{
    return &m->comps[c].params[p];
}

/* ---- the world ------------------------------------------------------------------- */

/* First thing in the region: the world's own variables. */
struct head {
    sim_time now;
    uint64_t seed;
    uint64_t events; /* dispatched */
    uint64_t digest; /* of what was done to it from outside */
    uint64_t
        next_request;   /* for people: nothing may be worked out from such a number */
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
    ref laters;   /* list of settings that do not hold yet (model/later.h) */
    bool stopped; /* ran away: will not run on */
};

struct world {
    char *base;           /* the region; may move between events, never inside one */
    size_t mapped, limit; /* bytes */
    struct model *model;
    const struct comp *comps;                  /* model->comps */
    const ref *states;                         /* model->states */
    const uint8_t *kinds;                      /* model->kinds */
    const struct kind_impl *const *kind_table; /* the table that kinds are numbers in */
    const struct observer *observer;           /* during a run; else NULL */
    uint32_t outcome;          /* of the event being dispatched, for the digest */
    ref safe;                  /* while used <= this, there is headroom; 0: find out */
    bool vast;                 /* larger than a processor's cache */
    size_t refused;            /* scheduled actions that could not be done */
    struct errmsg why_refused; /* of the first */
    int line_refused;
};

#define W_HEAD(w) ((struct head *)(void *)(w)->base)
/* A reference lies in what has been handed out, and so does all that it names. */
static inline void *w_checked(const struct world *w, ref r, size_t bytes)
{
    CHECK((size_t)r * 8 + (r != 0 ? bytes : 0) <= (size_t)W_HEAD(w)->used * 8);
    return w->base + (size_t)r * 8;
}
#define W_PTR(w, type, r)                                                              \
    ((type *)(CHECKING ? w_checked(w, r, sizeof(type))                                 \
                       : (void *)((w)->base + (size_t)(r)*8)))
#define W_REF(w, p) ((ref)((size_t)((const char *)(p) - (w)->base) / 8))
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
void w_release(struct world *w, ref r, size_t bytes); /* of w_alloc() */
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

/* Mixes a word into what the digest takes of the event being dispatched. */
static inline void w_outcome(struct world *w, uint32_t x)
{
    w->outcome = w->outcome * 31 + x + 1;
}

/* ---- lists of acts --------------------------------------------------------------- */

struct list { /* of acts, through the link pair that the function name says */
    ref first, last;
    uint32_t count;
};

#endif
