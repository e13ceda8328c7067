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

extern const struct kind_impl kind_limiter;

/* 10^15 units are a request; 1 a nanosecond is a millionth of a request a second. */
#define ONE_REQUEST    INT64_C(1000000000000000)
#define UNITS_OF(rate) ((int64_t)((rate)*1e6 + 0.5))

__extension__ typedef __int128 limit_units;

struct limit_rate {
    int64_t units; /* a nanosecond; 0: nothing passes once it is empty */
    int64_t burst; /* requests */
};

enum limit_who { WHO_ALL, WHO_CLIENT, WHO_USER, WHO_ENDPOINT };
enum { PRIORITIES = 4 };
/* Class of priority: 0 is refused first, PRIORITIES - 1 last. */
static inline int limit_class(const struct act *a)
{
    return a->priority < PRIORITIES ? a->priority : PRIORITIES - 1;
}

struct bucket_limits { /* of one that is limited */
    limit_units level; /* as of `at`; at most burst * ONE_REQUEST */
    sim_time at;
    uint32_t key;
    uint16_t who;                    /* enum limit_who + 1; 0: the slot is free */
    struct list waiting[PRIORITIES]; /* the last class goes first */
    uint32_t nwaiting, timer;
};

/* limiter_bucket.c */
void bucket_full(struct bucket_limits *b, const struct limit_rate *r, sim_time now);
void bucket_fill(struct bucket_limits *b, const struct limit_rate *r, sim_time now);
/* Takes one request out of it, if `left` requests stay for others. */
bool bucket_take(struct bucket_limits *b, const struct limit_rate *r, int64_t left,
                 sim_time now);
/* How long until it holds `n` requests; SIM_FOREVER: never. It is filled up to now. */
sim_time bucket_wait(const struct bucket_limits *b, const struct limit_rate *r,
                     int64_t n);

#endif
