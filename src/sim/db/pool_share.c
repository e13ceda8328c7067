/*
 * A pool's connections: the idle ones, those that are opened ahead or on demand, who waits
 * for them, and what becomes of them when an instance comes or goes. What a pool is:
 * kind_pool.c.
 */
#include "call/dial.h"
#include "db/db.h"
#include "db/pool.h"
#include "engine/kind.h"
#include "engine/queue.h"
#include "engine/telling.h"

#include <stdio.h>

#define REFILL_FIRST (250 * SIM_MS)
#define REFILL_MOST  (10 * SIM_SEC)

bool pool_reads(const struct model *m, comp_id pool)
{
    return model_param(m, pool, P_ROLE)->as.count == 1;
}

sim_time pool_address_ttl(const struct world *w, comp_id pool)
{
    return p_time(w, pool, P_ADDRESS_TTL);
}

comp_id pool_node(struct world *w, comp_id pool, int instance)
{
    struct share *s = share_at(w, pool, instance);
    return cluster_route(w, pool, &s->node, &s->node_until);
}

/* ---- idle connections ------------------------------------------------------------ */

static void idle_push(struct world *w, struct share *s, struct conn *n)
{
    CHECK((n->inext | n->iprev) == 0 && s->idle != W_REF(w, n));
    n->iprev = 0;
    n->inext = s->idle;
    if (s->idle != 0)
        conn_at(w, s->idle)->iprev = W_REF(w, n);
    s->idle = W_REF(w, n);
    s->nidle++;
    conn_set(w, n, CONN_IDLE);
    sim_time most = p_time(w, n->pool, P_IDLE_TIMEOUT);
    if (most > 0)
        n->timer = cal_after(w, most, EV_KIND + EV_IDLE, n->pool, W_REF(w, n), 0);
}

static void idle_remove(struct world *w, struct share *s, struct conn *n)
{
    CHECK(s->nidle > 0 && s->idle != 0); /* n may be a copy of a closed one */
    cal_cancel(w, &n->timer);
    if (n->inext != 0)
        conn_at(w, n->inext)->iprev = n->iprev;
    if (n->iprev != 0)
        conn_at(w, n->iprev)->inext = n->inext;
    else
        s->idle = n->inext;
    n->inext = n->iprev = 0;
    s->nidle--;
}

static bool too_old(const struct world *w, const struct conn *n)
{
    sim_time lifetime = p_time(w, n->pool, P_LIFETIME);
    return lifetime > 0 && w_now(w) - n->opened >= lifetime;
}

/* ---- giving and taking ----------------------------------------------------------- */

static void hand_over(struct world *w, struct share *s, struct conn *n, struct act *a)
{
    CHECK(a->gen != 0);
    conn_set(w, n, CONN_TAKEN);
    n->act = W_REF(w, a);
    a->query.conn = W_REF(w, n);
    a->phase = QUERY_READY;
    s->acquired++;
}

/* Ends a wait in the queue. A traced one tells how many it found there
 * (a->query.others). */
static void waited(struct world *w, struct share *s, struct act *a, enum reason reason)
{
    char note[48];
    s->wait_time += w_now(w) - a->call_start;
    cal_cancel(w, &a->timer);
    if ((a->flags & ACT_TRACED) == 0 || a->since == w_now(w))
        return;
    snprintf(note, sizeof note, "%u others waiting", a->query.others);
    w_span(w, a, CAUSE_POOL_WAIT, a->pool, a->since, reason, note);
    act_charge(w, a, CAUSE_POOL_WAIT, a->pool, w_now(w) - a->since);
    a->since = w_now(w);
}

static struct act *first_waiting(struct world *w, struct share *s, enum reason reason)
{
    struct act *a = queue_pop(w, &s->waiting);
    if (a)
        waited(w, s, a, reason);
    return a;
}

static bool owner_has_fd(struct world *w, comp_id pool, int instance)
{
    comp_id owner = w->comps[pool].owner;
    return comp_kind(w, owner)->fd_free(w, owner, instance);
}

uint32_t pool_ports_used(const struct world *w, comp_id pool, const struct share *s)
{
    return s->open + ports_waiting(w, &s->ports, p_time(w, pool, P_TIME_WAIT));
}

/* The reason for which no connection more can be opened; REASON_NONE: one can. */
static enum reason open_lacks(struct world *w, comp_id pool, int instance)
{
    struct share *s = share_at(w, pool, instance);
    if (!owner_has_fd(w, pool, instance))
        return REASON_NO_FDS;
    if (!s->ports.slots || pool_ports_used(w, pool, s) < p_count(w, pool, P_PORTS))
        return REASON_NONE;
    s->no_ports++;
    w_log(w, w->comps[pool].owner, instance, LOG_ERROR, 0,
          "%s: connect: cannot assign requested address", w->comps[pool].name);
    return REASON_NO_PORTS;
}

static void open_one(struct world *w, comp_id pool, int instance, struct act *a)
{
    struct share *s = share_at(w, pool, instance);
    s->open++;
    s->connecting++;
    s->opened++;
    w_log(w, w->comps[pool].owner, instance, LOG_DEBUG, 0,
          "%s: opening a connection, %u of %lld are there", w->comps[pool].name,
          s->open - s->connecting, (long long)p_count(w, pool, P_SIZE));
    database_connect(w, pool, instance, a);
}

int64_t pool_least(const struct world *w, comp_id pool)
{
    int64_t least = p_count(w, pool, P_MIN_SIZE), size = p_count(w, pool, P_SIZE);
    return least < size ? least : size;
}

/* Opens what min_size lacks, in an event of its own. */
static void refill_later(struct world *w, comp_id pool, int instance)
{
    struct share *s = share_at(w, pool, instance);
    if (s->up && !s->refill && s->open < pool_least(w, pool))
        s->refill = cal_after(w, s->refill_wait, EV_KIND + EV_REFILL, pool,
                              (uint32_t)instance, 0);
}

void pool_refill(struct world *w, comp_id pool, int instance)
{
    share_at(w, pool, instance)->refill = 0;
    while (share_at(w, pool, instance)->open < pool_least(w, pool) &&
           open_lacks(w, pool, instance) == REASON_NONE)
        open_one(w, pool, instance, NULL);
}

/* An attempt has failed: the next waits for longer. */
static void refill_failed(struct share *s)
{
    sim_time wait = s->refill_wait;
    wait = wait == 0 ? REFILL_FIRST : wait + wait / 2;
    s->refill_wait = wait < REFILL_MOST ? wait : REFILL_MOST;
}

bool pool_ready_for(const struct world *w, comp_id pool, int number)
{
    const struct share *s = share_at(w, pool, number);
    return !p_on(w, pool, P_FILL_FIRST) ||
           s->open - s->connecting >= pool_least(w, pool);
}

/* Whoever waits opens the connections that there is room for. */
void pool_fill(struct world *w, comp_id pool, int instance)
{
    struct share *s = share_at(w, pool, instance);
    int64_t size = p_count(w, pool, P_SIZE);
    while (s->up && s->waiting.count > 0 && s->open < size) {
        struct act *a = first_waiting(w, s, REASON_NONE);
        enum reason lacks = open_lacks(w, pool, instance);
        if (lacks != REASON_NONE) {
            query_fail(w, a, lacks);
            continue;
        }
        open_one(w, pool, instance, a);
        s = share_at(w, pool, instance);
    }
    refill_later(w, pool, instance);
}

static void enqueue(struct world *w, struct share *s, struct act *a)
{
    CHECK(a->gen != 0);
    sim_time patience = p_time(w, a->pool, P_ACQUIRE_TIMEOUT);
    act_wait(w, a, CAUSE_POOL_WAIT, a->pool);
    a->call_start = w_now(w);
    a->phase = QUERY_POOL;
    a->query.others = s->waiting.count;
    s->waited++;
    queue_push(w, &s->waiting, a);
    if (patience > 0)
        a->timer =
            cal_after(w, patience, EV_KIND + EV_PATIENCE, a->pool, W_REF(w, a), a->gen);
}

bool pool_acquire(struct world *w, struct act *a)
{
    struct share *s = share_at(w, a->pool, a->caller_instance);
    while (s->idle != 0 && too_old(w, conn_at(w, s->idle)))
        database_close(w, conn_at(w, s->idle), REASON_NONE);
    while (s->idle != 0 && db_line_noticed(w, conn_at(w, s->idle)))
        database_close(w, conn_at(w, s->idle), REASON_CONN_LOST);
    if (s->idle != 0) {
        struct conn *n = conn_at(w, s->idle);
        idle_remove(w, s, n);
        hand_over(w, s, n, a);
        return true;
    }
    int64_t most = p_count(w, a->pool, P_MAX_WAITING);
    if (!s->up) {
        query_fail(w, a, REASON_INSTANCE_GONE);
    } else if (s->open < p_count(w, a->pool, P_SIZE)) {
        enum reason lacks = open_lacks(w, a->pool, a->caller_instance);
        if (lacks == REASON_NONE)
            open_one(w, a->pool, a->caller_instance, a);
        else
            query_fail(w, a, lacks);
    } else if (most != 0 && s->waiting.count >= most) {
        s->full++;
        w_outcome(w, REASON_POOL_FULL);
        query_fail(w, a, REASON_POOL_FULL);
    } else {
        enqueue(w, s, a);
    }
    return false;
}

void pool_leave(struct world *w, struct act *a, enum reason reason)
{
    struct share *s = share_at(w, a->pool, a->caller_instance);
    queue_remove(w, &s->waiting, a);
    waited(w, s, a, reason);
}

static void idle_or_closed(struct world *w, struct share *s, struct conn *n)
{
    int64_t most = p_count(w, n->pool, P_MAX_IDLE);
    if (most < 0 || s->nidle < most || s->open <= pool_least(w, n->pool)) {
        idle_push(w, s, n);
        return;
    }
    conn_set(w, n, CONN_TAKEN);
    database_close(w, n, REASON_NONE);
}

void pool_put(struct world *w, struct conn *n)
{
    struct share *s = share_at(w, n->pool, n->instance);
    comp_id owner = w->comps[n->pool].owner;
    if (n->state == CONN_CONNECTING) {
        s->connecting--;
        s->refill_wait = 0;
        if (p_on(w, n->pool, P_FILL_FIRST))
            comp_kind(w, owner)->may_be_ready(w, owner, n->instance);
    }
    if (!s->up || s->open > p_count(w, n->pool, P_SIZE) || too_old(w, n)) {
        conn_set(w, n, CONN_TAKEN); /* not connecting any more, not idle either */
        database_close(w, n, s->up && !n->act ? REASON_NONE : REASON_INSTANCE_GONE);
        return;
    }
    struct act *a = n->act != 0 && n->state == CONN_CONNECTING
                        ? act_at(w, n->act)
                        : first_waiting(w, s, REASON_NONE);
    n->act = 0;
    if (!a) {
        idle_or_closed(w, s, n);
        return;
    }
    hand_over(w, s, n, a);
    act_ready(w, a, REASON_NONE);
}

void pool_lost(struct world *w, struct conn *n, enum reason reason)
{
    struct share *s = share_at(w, n->pool, n->instance);
    if (n->state == CONN_IDLE)
        idle_remove(w, s, n);
    if (n->state == CONN_CONNECTING) {
        s->connecting--;
        if (reason != REASON_NONE)
            refill_failed(s);
    }
    s->open--;
    s->lost += reason != REASON_NONE;
    w_log(w, w->comps[n->pool].owner, n->instance, LOG_DEBUG, 0,
          "%s: a connection was closed%s%s, %u are left", w->comps[n->pool].name,
          reason == REASON_NONE ? "" : ": ",
          reason == REASON_NONE ? "" : reason_phrase(reason), s->open - s->connecting);
    if (reason == REASON_NONE)
        ports_close(w, &s->ports, p_time(w, n->pool, P_TIME_WAIT));
    pool_fill(w, n->pool, n->instance);
}

/* ---- instances ------------------------------------------------------------------- */

void pool_instance_up(struct world *w, comp_id pool, int instance)
{
    struct pool *p = W_STATE(w, struct pool, pool);
    if ((uint32_t)instance >= p->cap)
        w_grow(w, &p->shares, &p->cap, (uint32_t)instance + 1, sizeof(struct share));
    share_at(w, pool, instance)->up = true;
    refill_later(w, pool, instance);
}

void pool_instance_gone(struct world *w, comp_id pool, int instance)
{
    struct pool *p = W_STATE(w, struct pool, pool);
    if ((uint32_t)instance >= p->cap)
        return;
    struct share *s = share_at(w, pool, instance);
    s->up = false;
    struct act *a;
    while ((a = first_waiting(w, s, REASON_INSTANCE_GONE)))
        query_fail(w, a, REASON_INSTANCE_GONE);
    s->node = 0;
    cluster_close_all(w, p_comp(w, pool, P_TO), pool, instance);
    cal_cancel(w, &s->refill);
    s->refill_wait =
        0; /* for attempts that ended with it, too: the next is a new process */
}

void pool_look(const struct world *w, comp_id pool, int instance, struct pool_look *out)
{
    const struct pool *p = W_STATE(w, struct pool, pool);
    *out = (struct pool_look){.size = (int)p_count(w, pool, P_SIZE)};
    if (instance < 1 || (uint32_t)instance >= p->cap)
        return;
    const struct share *s = share_at(w, pool, instance);
    out->in_use = (int)(s->open - s->connecting - s->nidle);
    out->waiting = (int)s->waiting.count;
    out->open = (int)s->open;
    if (s->waiting.first != 0)
        out->oldest_wait = w_now(w) - act_at(w, s->waiting.first)->call_start;
}
