/*
 * A token bucket in whole numbers. See limiter.h for its units.
 */
#include "front/limiter.h"

static limit_units most(const struct limit_rate *r)
{
    return (limit_units)r->burst * ONE_REQUEST;
}

void bucket_full(struct bucket_limits *b, const struct limit_rate *r, sim_time now)
{
    b->level = most(r);
    b->at = now;
}

void bucket_fill(struct bucket_limits *b, const struct limit_rate *r, sim_time now)
{
    CHECK(now >= b->at);
    b->level += (limit_units)r->units * (now - b->at);
    b->level = b->level > most(r) ? most(r) : b->level;
    b->at = now;
}

bool bucket_take(struct bucket_limits *b, const struct limit_rate *r, int64_t left,
                 sim_time now)
{
    CHECK(left >= 0);
    bucket_fill(b, r, now);
    if (b->level < (limit_units)(left + 1) * ONE_REQUEST)
        return false;
    b->level -= ONE_REQUEST;
    return true;
}

sim_time bucket_wait(const struct bucket_limits *b, const struct limit_rate *r,
                     int64_t n)
{
    limit_units missing = (limit_units)n * ONE_REQUEST - b->level;
    if (missing <= 0)
        return 0;
    if (r->units <= 0)
        return SIM_FOREVER;
    limit_units ns = (missing + r->units - 1) / r->units;
    return ns < SIM_FOREVER ? (sim_time)ns : SIM_FOREVER;
}
