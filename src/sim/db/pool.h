/*
 * pool: what the files of a pool share: kind_pool.c describes pools, pool_share.c is how
 * connections are opened, kept, given and taken.
 */
#ifndef SIM_DB_POOL_H
#define SIM_DB_POOL_H

#include "db/cluster.h"
#include "net/net.h"

enum pool_param {
    P_TO,
    P_SIZE,
    P_ACQUIRE_TIMEOUT,
    P_MAX_WAITING,
    P_LIFETIME,
    P_IDLE_TIMEOUT,
    P_ROLE,
    P_ADDRESS_TTL,
    P_MIN_SIZE,
    P_FILL_FIRST,
    P_MAX_IDLE,
    P_PORTS,
    P_TIME_WAIT,
    P_COUNT
};

enum pool_event { EV_PATIENCE, EV_IDLE, EV_REFILL /* a: the instance */ };

/* The pool of one instance. open = connecting + idle + taken ones. */
struct share {
    struct list waiting;
    ref idle; /* connections through inext/iprev, last used first */
    uint32_t open, connecting, nidle;
    bool up;
    comp_id node; /* the primary's address as it last looked it up, + 1 */
    sim_time node_until;
    uint32_t refill;      /* event that opens what min_size lacks; 0: none */
    sim_time refill_wait; /* before that, as the last attempt failed; 0: it did not */
    struct ports ports;
    uint64_t no_ports;
    uint64_t acquired, waited, timeouts, full, opened, lost;
    sim_time wait_time;
};
struct pool {
    ref shares; /* struct share per instance, [0] unused */
    uint32_t cap;
};

static struct share *share_at(const struct world *w, comp_id pool, int instance)
{
    assert(instance > 0);
    struct pool *p = W_STATE(w, struct pool, pool);
    assert(instance >= 0 && (uint32_t)instance < p->cap);
    return W_PTR(w, struct share, p->shares) + instance;
}

/* pool_share.c */

/* Local ports that its connections take, TIME_WAIT included. */
uint32_t pool_ports_used(const struct world *w, comp_id pool, const struct share *s);
/* Connections that an instance keeps whatever happens (min_size, up to size). */
int64_t pool_least(const struct world *w, comp_id pool);
/* Opens what min_size lacks, as far as there is room. */
void pool_refill(struct world *w, comp_id pool, int instance);
/* Opens a connection for each that waits, as far as there is room. */
void pool_fill(struct world *w, comp_id pool, int instance);
/* Whether the instance has what it insists on (kind_impl.ready_for). */
bool pool_ready_for(const struct world *w, comp_id pool, int number);

#endif
