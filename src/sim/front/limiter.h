/*
 * limiter: the buckets of a limiter, one for each that is limited.
 *
 * Whole numbers only, so that nothing drifts: a request costs ONE_REQUEST units, and a
 * rate is so many units a nanosecond. In any window of t seconds at most
 * burst + rate * t requests pass, exactly.
 */
#ifndef SIM_LIMITER_H
#define SIM_LIMITER_H

#include "engine/act.h"
#include "engine/kind.h"

extern const struct kind_impl kind_limiter;

/* 10^15 units are a request; 1 a nanosecond is a millionth of a request a second. */
#define ONE_REQUEST    INT64_C(1000000000000000)
#define UNITS_OF(rate) ((int64_t)((rate)*1e6 + 0.5))

__extension__ typedef __int128 limit_units;

struct limit_rate {
    int64_t units; /* a nanosecond; 0: nothing passes once it is empty */
    int64_t burst; /* requests */
};

/* The owners of buckets. The first ones are the choices of `per`. */
enum limit_who {
    WHO_ALL,
    WHO_CLIENT,
    WHO_USER,
    WHO_ENDPOINT,
    WHO_CALLER, /* the component that calls, whatever stands between */
    WHO_PEER,   /* whoever the connection comes from */
    WHO_TENANT,
    WHO_GATE /* no bucket: what is inside at once */
};
enum { PRIORITIES = PRIORITY_CLASSES };
/* Class of priority: 0 is refused first, PRIORITIES - 1 last. */
static inline int limit_class(const struct act *a)
{
    return a->priority < PRIORITIES ? a->priority : PRIORITIES - 1;
}

struct bucket_limits { /* of one that is limited; it never moves */
    limit_units level; /* tokens as of `at`; at most burst * ONE_REQUEST */
    sim_time at;
    uint32_t key, home; /* home: the calling instance, if each has its own */
    uint8_t who;        /* enum limit_who */
    struct list waiting[PRIORITIES]; /* the last class goes first */
    uint32_t nwaiting, timer;
    ref gate; /* WHO_GATE: struct gate */
    ref next; /* the one that was made after it */
};

/* The requests inside at once, and the limit that adapts to how long they take. */
struct gate {
    ref next; /* of the same limiter */
    uint32_t in_flight;
    double limit; /* requests that may be inside */
    /* vegas */
    sim_time no_load; /* the shortest time seen since the last probe; 0: none yet */
    uint64_t probes;  /* answers since then */
    double jitter;    /* of the number of answers to the next probe, 0.5 to 1 */
    /* gradient */
    struct window {
        sim_time until,
            sum; /* the answer after `until` is the last; sum of their times */
        uint32_t answers, inside; /* inside: the most at once */
    } window;
    struct usual { /* how long answers take */
        double mean;
        uint32_t windows; /* windows in the mean, up to those that count alike */
    } usual;
};

enum limiter_param {
    P_TO,
    P_RATE,
    P_BURST,
    P_PER,
    P_OVER,
    P_MAX_WAIT,
    P_RESERVE,
    P_MAX_IN_FLIGHT,
    P_SCOPE,
    P_ADAPTIVE,
    P_PATIENCE,
    P_COUNT
};
enum { OVER_REJECT, OVER_WAIT };
enum { SCOPE_SHARED, SCOPE_INSTANCE };
enum { ADAPTIVE_OFF, ADAPTIVE_VEGAS, ADAPTIVE_GRADIENT };
enum { LIMITER_RNG_PROBE, LIMITER_RNG_PATIENCE };
enum { OVERRIDES_MAX = 32 };

struct override { /* a limit that an operator gave to one */
    bool given;   /* false: a free place */
    uint8_t who;  /* enum limit_who */
    uint32_t key;
    int64_t units;
};
struct limiter_state {
    ref table; /* refs of struct bucket_limits by hash, open addressing */
    uint32_t n, cap;
    ref first, last; /* all of them, in the order in which they were made */
    ref gates;
    uint32_t ngates;
    struct override overrides[OVERRIDES_MAX];
    uint32_t noverrides;
    struct list inside; /* acts that wait */
    bool open, closed;  /* faults */
    uint64_t requests, admitted, limited, too_many, waited, left;
    sim_time wait_time;
};

static inline struct limiter_state *limiter_of(const struct world *w, comp_id c)
{
    return W_STATE(w, struct limiter_state, c);
}

/* limiter_table.c */
/* The bucket of whoever sends `a`, made if there was none. */
struct bucket_limits *limiter_bucket(struct world *w, comp_id c, const struct act *a);
/* The rate of a bucket, with a second's worth; an operator may have set it (`overridden`). */
struct limit_rate limiter_rate(const struct world *w, comp_id c,
                               const struct bucket_limits *b, bool *overridden);
void limiter_table_init(struct world *w, comp_id c);
void limiter_each(struct world *w, comp_id c,
                  void (*f)(struct world *w, comp_id c, struct bucket_limits *b,
                            void *ctx),
                  void *ctx);
/* The gate that `a` goes through. */
struct gate *limiter_gate(struct world *w, comp_id c, const struct act *a);

/* limiter_adapt.c */
/* Requests that may be inside the gate now; 0: any number. */
uint32_t gate_most(const struct world *w, comp_id c, const struct gate *g);
/* `a`, which was let through, has ended: leaves, and the limit adapts. */
void gate_leave(struct world *w, comp_id c, struct gate *g, const struct act *a);
/* A new answer that took `took`; `dropped`: it was none, for want of room or time. */
void vegas_saw(struct gate *g, sim_time took, bool dropped, uint32_t most,
               struct rng *r);
/* limiter_gradient.c */
/* A new answer, or none for want of room or time, after `took`. */
void gradient_answer(struct gate *g, sim_time now, sim_time took, uint32_t most);
/* A window is over: the mean time of an answer in it (ns), the most inside at once. */
void gradient_saw(struct gate *g, double took, uint32_t inside, uint32_t most);
enum { GATE_MOST = 1000, GATE_INITIAL = 20 };

/* limiter_ops.c */
enum err limiter_op(struct world *w, comp_id c, int op, const struct action *a,
                    struct effect *fx, struct errmsg *why);
/* kind_limiter.c: lets go on whom the bucket has room for. */
void limiter_release(struct world *w, comp_id c, struct bucket_limits *b);

/* limiter_bucket.c */
void bucket_full(struct bucket_limits *b, const struct limit_rate *r, sim_time now);
void bucket_fill(struct bucket_limits *b, const struct limit_rate *r, sim_time now);
/* Takes one request out of it, if `left` requests stay for others. */
bool bucket_take(struct bucket_limits *b, const struct limit_rate *r, int64_t left,
                 sim_time now);
/* The time until a bucket holds `n` requests; SIM_FOREVER: never. It is filled up to
 * now. */
sim_time bucket_wait(const struct bucket_limits *b, const struct limit_rate *r,
                     int64_t n);

#endif
