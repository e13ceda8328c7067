/*
 * Locks of a database: granting, queueing, letting go. See lock.h for the rules.
 *
 * Locks that somebody holds or waits for are in a hash table of their database; others
 * do not exist. A session's claims hang on the session, so that the end of its
 * transaction costs one step for each.
 */
#include "db/cluster.h"
#include "db/table.h"
#include "engine/telling.h"

#define BIT(m) LOCK_BIT(LOCK_##m)
/* PostgreSQL's manual, "Explicit Locking", table of conflicting lock modes. */
static const uint32_t conflicts[LOCK_MODES] = {
    [LOCK_ACCESS_SHARE] = BIT(ACCESS_EXCLUSIVE),
    [LOCK_ROW_SHARE] = BIT(EXCLUSIVE) | BIT(ACCESS_EXCLUSIVE),
    [LOCK_ROW_EXCLUSIVE] =
        BIT(SHARE) | BIT(SHARE_ROW_EXCLUSIVE) | BIT(EXCLUSIVE) | BIT(ACCESS_EXCLUSIVE),
    [LOCK_SHARE_UPDATE_EXCLUSIVE] = BIT(SHARE_UPDATE_EXCLUSIVE) | BIT(SHARE) |
                                    BIT(SHARE_ROW_EXCLUSIVE) | BIT(EXCLUSIVE) |
                                    BIT(ACCESS_EXCLUSIVE),
    [LOCK_SHARE] = BIT(ROW_EXCLUSIVE) | BIT(SHARE_UPDATE_EXCLUSIVE) |
                   BIT(SHARE_ROW_EXCLUSIVE) | BIT(EXCLUSIVE) | BIT(ACCESS_EXCLUSIVE),
    [LOCK_SHARE_ROW_EXCLUSIVE] = BIT(ROW_EXCLUSIVE) | BIT(SHARE_UPDATE_EXCLUSIVE) |
                                 BIT(SHARE) | BIT(SHARE_ROW_EXCLUSIVE) |
                                 BIT(EXCLUSIVE) | BIT(ACCESS_EXCLUSIVE),
    [LOCK_EXCLUSIVE] =
        BIT(ROW_SHARE) | BIT(ROW_EXCLUSIVE) | BIT(SHARE_UPDATE_EXCLUSIVE) | BIT(SHARE) |
        BIT(SHARE_ROW_EXCLUSIVE) | BIT(EXCLUSIVE) | BIT(ACCESS_EXCLUSIVE),
    [LOCK_ACCESS_EXCLUSIVE] = (1u << LOCK_MODES) - 1,
};

bool lock_conflicts(enum lock_mode a, uint32_t modes)
{
    return (conflicts[a] & modes) != 0;
}

/* Modes that conflict with any of these. */
static uint32_t conflicts_of(uint32_t modes)
{
    uint32_t all = 0;
    for (int m = 0; m < LOCK_MODES; m++)
        if (modes & LOCK_BIT(m))
            all |= conflicts[m];
    return all;
}

/* ---- the hash table -------------------------------------------------------------- */

static uint32_t bucket_of(const struct database *d, const struct lock_name *name)
{
    CHECK(d->lock_cap > 0 && (d->lock_cap & (d->lock_cap - 1)) == 0);
    return (uint32_t)hash_u64(name->table, name->key) & (d->lock_cap - 1);
}

static void rehash(struct world *w, struct database *d)
{
    ref old = d->lock_buckets;
    uint32_t was = d->lock_cap;
    d->lock_cap = was == 0 ? TINY(64, 1) : was * 2;
    d->lock_buckets = w_alloc(w, d->lock_cap * sizeof(ref));
    ref *to = W_PTR(w, ref, d->lock_buckets);
    for (uint32_t i = 0; i < was; i++) {
        for (ref r = W_PTR(w, ref, old)[i]; r != 0;) {
            struct lock *l = lock_at(w, r);
            ref next = l->next;
            uint32_t b = bucket_of(d, &l->name);
            l->next = to[b];
            to[b] = r;
            r = next;
        }
    }
    w_release(w, old, was * sizeof(ref));
}

static struct lock *lock_get(struct world *w, struct database *d,
                             const struct lock_name *name)
{
    if (d->lock_n >= d->lock_cap)
        rehash(w, d);
    ref *at = W_PTR(w, ref, d->lock_buckets) + bucket_of(d, name);
    for (ref r = *at; r != 0; r = lock_at(w, r)->next) {
        struct lock *l = lock_at(w, r);
        if (l->name.table == name->table && l->name.key == name->key)
            return l;
    }
    ref r = w_alloc(w, sizeof(struct lock));
    struct lock *l = lock_at(w, r);
    l->name = *name;
    l->next = *at;
    *at = r;
    d->lock_n++;
    return l;
}

/* Nobody holds it or waits for it: it is gone. */
static void lock_drop(struct world *w, struct database *d, struct lock *l)
{
    if (l->grants != 0 || l->first != 0)
        return;
    ref *at = W_PTR(w, ref, d->lock_buckets) + bucket_of(d, &l->name);
    while (*at != W_REF(w, l))
        at = &lock_at(w, *at)->next;
    *at = l->next;
    d->lock_n--;
    w_release(w, W_REF(w, l), sizeof *l);
}

/* ---- claims ---------------------------------------------------------------------- */

/* The claim that a session holds on the lock; NULL: none. */
static struct claim *held_by(const struct world *w, const struct conn *n, ref lock)
{
    for (ref r = n->locks; r != 0; r = claim_at(w, r)->other)
        if (claim_at(w, r)->lock == lock)
            return claim_at(w, r);
    return NULL;
}

/* Modes in which others hold it. */
static uint32_t granted_to_others(const struct lock *l, const struct claim *mine)
{
    uint32_t modes = 0;
    for (int m = 0; m < LOCK_MODES; m++) {
        uint32_t own = mine && (mine->modes & LOCK_BIT(m)) != 0;
        if (l->granted[m] > own)
            modes |= LOCK_BIT(m);
    }
    return modes;
}

static void queue_insert(struct world *w, struct lock *l, struct claim *c, ref before)
{
    CHECK((c->next | c->prev) == 0);
    ref r = W_REF(w, c);
    c->next = before;
    c->prev = before != 0 ? claim_at(w, before)->prev : l->last;
    if (c->prev != 0)
        claim_at(w, c->prev)->next = r;
    else
        l->first = r;
    if (before != 0)
        claim_at(w, before)->prev = r;
    else
        l->last = r;
}

static void queue_unlink(struct world *w, struct lock *l, struct claim *c)
{
    CHECK(c->prev != 0 || l->first == W_REF(w, c));
    if (c->prev != 0)
        claim_at(w, c->prev)->next = c->next;
    else
        l->first = c->next;
    if (c->next != 0)
        claim_at(w, c->next)->prev = c->prev;
    else
        l->last = c->prev;
    c->next = c->prev = 0;
}

static void grants_unlink(struct world *w, struct lock *l, struct claim *c)
{
    if (c->prev != 0)
        claim_at(w, c->prev)->next = c->next;
    else
        l->grants = c->next;
    if (c->next != 0)
        claim_at(w, c->next)->prev = c->prev;
}

/* The session has the lock in this mode from now on. `c`: its claim, to be used. */
static void hold(struct world *w, struct lock *l, struct conn *n, struct claim *mine,
                 enum lock_mode mode, struct claim *c)
{
    if (mine) {
        l->granted[mode] += (mine->modes & LOCK_BIT(mode)) == 0;
        mine->modes |= LOCK_BIT(mode);
        if (c)
            w_release(w, W_REF(w, c), sizeof *c);
        return;
    }
    if (!c)
        c = claim_at(w, w_alloc(w, sizeof *c));
    c->lock = W_REF(w, l);
    c->conn = W_REF(w, n);
    c->modes = LOCK_BIT(mode);
    c->since = w_now(w);
    c->prev = 0;
    c->next = l->grants;
    if (l->grants != 0)
        claim_at(w, l->grants)->prev = W_REF(w, c);
    l->grants = W_REF(w, c);
    c->other = n->locks;
    n->locks = W_REF(w, c);
    l->granted[mode]++;
}

/* ---- waiting --------------------------------------------------------------------- */

/* The next thing that ends or checks the wait; 0 when nothing will. */
static void arm(struct world *w, struct claim *c, comp_id db)
{
    sim_time check = p_time(w, db, DB_DEADLOCK_TIMEOUT);
    sim_time limit = p_time(w, db, DB_LOCK_TIMEOUT);
    const struct conn *n = conn_at(w, c->conn);
    if (n->lock_timeout > 0 && (limit == 0 || n->lock_timeout < limit))
        limit = n->lock_timeout;
    if (c->checked && limit == 0)
        return;
    sim_time after = c->checked || (limit > 0 && limit < check) ? limit : check;
    sim_time at = c->since + after, now = w_now(w);
    c->timer = cal_at(w, at > now ? at : now, EV_KIND + DB_EV_LOCK, db, W_REF(w, c), 0);
}

static void wait_for(struct world *w, struct lock *l, struct conn *n,
                     enum lock_mode mode, ref before)
{
    ref r = w_alloc(w, sizeof(struct claim));
    struct claim *c = claim_at(w, r);
    struct database *d = db_at(w, n->db);
    c->lock = W_REF(w, l);
    c->conn = W_REF(w, n);
    c->mode = (uint8_t)mode;
    c->modes = LOCK_BIT(mode);
    c->since = w_now(w);
    queue_insert(w, l, c, before);
    n->waits = r;
    d->lock_waiting++;
    d->lock_waits++;
    arm(w, c, cluster_of(w, n->db));
}

/* Takes a claim out of the queue, with or without the lock. */
static void waited(struct world *w, struct lock *l, struct claim *c)
{
    struct conn *n = conn_at(w, c->conn);
    struct database *d = db_at(w, n->db);
    cal_cancel(w, &c->timer);
    queue_unlink(w, l, c);
    n->waits = 0;
    d->lock_waiting--;
    d->lock_time += w_now(w) - c->since;
}

/* Grants the lock to those who may have it now; first come first served. */
static void wake(struct world *w, struct lock *l)
{
    uint32_t ahead = 0;
    ref next;
    for (ref r = l->first; r != 0; r = next) {
        struct claim *c = claim_at(w, r);
        struct conn *n = conn_at(w, c->conn);
        struct claim *mine = held_by(w, n, W_REF(w, l));
        enum lock_mode mode = (enum lock_mode)c->mode;
        next = c->next;
        if (conflicts[mode] & (ahead | granted_to_others(l, mine))) {
            ahead |= c->modes;
            continue;
        }
        waited(w, l, c);
        hold(w, l, n, mine, mode, c);
        act_ready(w, act_at(w, n->act), REASON_NONE);
    }
}

/* ---- taking and letting go ------------------------------------------------------- */

/* Where it has to stand: the first of those who wait for what it holds already, else
 * the end (0). *ahead: the modes that are wanted before it. */
static ref place_in_queue(const struct world *w, const struct lock *l,
                          const struct claim *mine, uint32_t *ahead)
{
    *ahead = 0;
    for (ref r = l->first; r != 0; r = claim_at(w, r)->next) {
        const struct claim *c = claim_at(w, r);
        if (mine && lock_conflicts((enum lock_mode)c->mode, mine->modes))
            return r;
        *ahead |= c->modes;
    }
    return 0;
}

bool lock_take(struct world *w, struct conn *n, const struct lock_name *name,
               enum lock_mode mode)
{
    assert(mode < LOCK_MODES);
    assert(n->waits == 0);
    struct lock *l = lock_get(w, db_at(w, n->db), name);
    struct claim *mine = held_by(w, n, W_REF(w, l));
    if (mine && (conflicts[mode] & ~conflicts_of(mine->modes)) == 0)
        return true; /* the lock held is as strong */
    uint32_t ahead;
    ref before = place_in_queue(w, l, mine, &ahead);
    if (conflicts[mode] & (ahead | granted_to_others(l, mine))) {
        wait_for(w, l, n, mode, before);
        return false;
    }
    hold(w, l, n, mine, mode, NULL);
    return true;
}

void lock_leave(struct world *w, struct conn *n)
{
    struct claim *c = claim_at(w, n->waits);
    struct lock *l = lock_at(w, c->lock);
    waited(w, l, c);
    w_release(w, W_REF(w, c), sizeof *c);
    wake(w, l);
    lock_drop(w, db_at(w, n->db), l);
}

void lock_release_all(struct world *w, struct conn *n)
{
    struct claim *c;
    for (; n->locks != 0; w_release(w, W_REF(w, c), sizeof *c)) {
        c = claim_at(w, n->locks);
        struct lock *l = lock_at(w, c->lock);
        n->locks = c->other;
        for (int m = 0; m < LOCK_MODES; m++)
            l->granted[m] -= (c->modes & LOCK_BIT(m)) != 0;
        grants_unlink(w, l, c);
        wake(w, l);
        lock_drop(w, db_at(w, n->db), l);
    }
}

/* ---- waits that fail ------------------------------------------------------------- */

static const char *thing(const struct world *w, const struct lock *l)
{
    return l->name.table == COMP_NONE ? l->name.text : w->comps[l->name.table].name;
}

static void fail_wait(struct world *w, struct conn *n, enum reason reason)
{
    struct act *a = act_at(w, n->act);
    w_log(w, n->db, 0, LOG_ERROR, a->request, "%s: session %u, for a lock on %s",
          reason == REASON_DEADLOCK ? "deadlock detected" : "lock timeout", n->id,
          thing(w, lock_at(w, claim_at(w, n->waits)->lock)));
    lock_leave(w, n);
    act_ready(w, a, reason);
}

void lock_timed_out(struct world *w, struct claim *c)
{
    struct conn *n = conn_at(w, c->conn);
    struct database *d = db_at(w, n->db);
    comp_id db = cluster_of(w, n->db); /* the database whose parameters hold */
    sim_time waited_for = w_now(w) - c->since;
    c->timer = 0;
    if (!c->checked && waited_for >= p_time(w, db, DB_DEADLOCK_TIMEOUT)) {
        c->checked = true;
        if (lock_in_cycle(w, n)) {
            d->deadlocks++;
            w_outcome(w, REASON_DEADLOCK);
            fail_wait(w, n, REASON_DEADLOCK);
            return;
        }
        if (job_gives_way(w, n) && n->waits == 0)
            return;
    }
    sim_time limit = p_time(w, db, DB_LOCK_TIMEOUT);
    if ((limit > 0 && waited_for >= limit) ||
        (n->lock_timeout > 0 && waited_for >= n->lock_timeout)) {
        d->lock_timeouts++;
        w_outcome(w, REASON_LOCK_TIMEOUT);
        fail_wait(w, n, REASON_LOCK_TIMEOUT);
        return;
    }
    arm(w, c, cluster_of(w, n->db));
}
