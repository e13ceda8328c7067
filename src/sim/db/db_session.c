/*
 * The sessions of a database: opening and closing them, who uses one, transactions.
 *
 * Whoever ends a session, a pool, an operator, a time limit or the database itself,
 * comes through database_close(): everybody who uses it fails, the pool hears of the
 * free place, and a transaction's holder finds a dead connection when it next looks
 * (conn.h). A server whose host is gone says nothing to anybody: its sessions stay as
 * they are, and hang, until the host is back and resets them.
 */
#include "call/dial.h"
#include "db/cluster.h"
#include "db/db.h"
#include "db/table.h"
#include "engine/queue.h"
#include "engine/telling.h"

/* ---- sessions -------------------------------------------------------------------- */

void conn_set(struct world *w, struct conn *n, enum conn_state state)
{
    struct database *d = db_at(w, n->db);
    d->count[n->state]--;
    d->count[state]++;
    n->state = (uint8_t)state;
    n->since = w_now(w);
}

static void conn_link(struct world *w, struct conn *n)
{
    struct database *d = db_at(w, n->db);
    ref r = W_REF(w, n);
    n->id = ++d->last_id;
    n->prev = d->last;
    if (d->last != 0)
        conn_at(w, d->last)->next = r;
    else
        d->first = r;
    d->last = r;
    d->count[n->state]++;
}

static struct conn *conn_new(struct world *w, comp_id db)
{
    struct conn *n = conn_at(w, w_alloc(w, sizeof(struct conn)));
    n->db = db;
    n->statement = n->policy = COMP_NONE;
    n->since = n->opened = n->used = w_now(w);
    conn_link(w, n);
    return n;
}

static void conn_unlink(struct world *w, struct conn *n)
{
    struct database *d = db_at(w, n->db);
    if (n->prev != 0)
        conn_at(w, n->prev)->next = n->next;
    else
        d->first = n->next;
    if (n->next != 0)
        conn_at(w, n->next)->prev = n->prev;
    else
        d->last = n->prev;
    n->next = n->prev = 0;
}

static void conn_free(struct world *w, struct conn *n)
{
    db_at(w, n->db)->count[n->state]--;
    w_release(w, W_REF(w, n), sizeof(struct conn));
}

/* Whoever uses or wants to use the connection fails. */
static void fail_users(struct world *w, struct conn *n, enum reason reason)
{
    struct act *a;
    if (n->act != 0) {
        a = act_at(w, n->act);
        n->act = 0;
        if (a->station != 0)
            station_remove(w, &db_at(w, n->db)->engine, a);
        query_cut(w, a, n);
        if (a->phase == QUERY_SYNC)
            query_leave_sync(w, a);
        query_fail(w, a, reason);
    }
    while ((a = queue_pop(w, &n->waiting)))
        query_fail(w, a, reason);
}

void database_close(struct world *w, struct conn *n, enum reason reason)
{
    cal_cancel(w, &n->timer);
    if (n->setup)
        setup_drop(w, n->setup);
    n->setup = 0;
    conn_unlink(w, n);
    if (n->waits != 0)
        lock_leave(w, n);
    fail_users(w, n, reason);
    if (n->undo != 0)
        undo_end(w, n, false);
    if (n->locks != 0)
        lock_release_all(w, n);
    w_open_span(w, &n->left, n->db, n->tx_since, w_now(w), reason);
    enum conn_state was = (enum conn_state)n->state;
    struct conn gone = *n; /* pool_lost() may open another one */
    conn_set(w, n, CONN_DEAD);
    if (n->holder == 0)
        conn_free(w, n);
    gone.state = (uint8_t)was;
    if (gone.pool != COMP_NONE)
        pool_lost(w, &gone, reason);
}

struct conn *session_own(struct world *w, comp_id db, struct act *a)
{
    struct conn *n = conn_new(w, db);
    n->pool = COMP_NONE;
    n->service = db;
    conn_set(w, n, a ? CONN_ACTIVE : CONN_TAKEN);
    if (a) {
        a->query.conn = W_REF(w, n);
        n->act = W_REF(w, a);
    }
    return n;
}

void session_sweep(struct world *w, comp_id db, enum reason reason,
                   bool (*meant)(const struct conn *n, uint32_t a, uint32_t b),
                   uint32_t a, uint32_t b, uint32_t *count)
{
    uint32_t last_id = db_at(w, db)->last_id; /* ids above are sessions that come
                                                 later */
    ref next;
    for (ref r = db_at(w, db)->first; r != 0; r = next) {
        struct conn *n = conn_at(w, r);
        if (n->id > last_id)
            break;
        next = n->next;
        if (!meant(n, a, b))
            continue;
        (*count)++;
        database_close(w, n, reason);
    }
}

static bool of_instance(const struct conn *n, uint32_t pool, uint32_t instance)
{
    return n->pool == pool && n->instance == instance;
}

void database_close_all(struct world *w, comp_id db, comp_id pool, int instance,
                        enum reason reason)
{
    uint32_t count = 0;
    session_sweep(w, db, reason, of_instance, pool, (uint32_t)instance, &count);
}

/* ---- connecting ------------------------------------------------------------------ */

#define SYN_RETRIES (127 * SIM_SEC)

void session_connect(struct world *w, struct conn *n)
{
    comp_id db = w->comps[n->pool].target;
    if (n->act != 0)
        act_wait(w, act_at(w, n->act), CAUSE_CONNECT, n->db);
    n->timer = cal_after(w, p_time(w, db, DB_CONNECT_WAIT), EV_KIND + DB_EV_CONNECTED,
                         n->db, W_REF(w, n), n->id);
}

struct station *database_cores(const struct world *w, comp_id node, int number)
{
    struct database *d = db_at(w, node);
    (void)number;
    return d->down ? NULL : &d->engine;
}

/* The end of the time for which the client waits to be let in. Without connect_timeout
 * Linux gives up after 127 s where no host answers (tcp_syn_retries = 6), and waits for
 * ever where a process was heard and says nothing. 0: for ever. */
static sim_time waits_until(const struct world *w, const struct conn *n)
{
    sim_time until =
        n->policy == COMP_NONE ? 0 : path_connect_until(w, n->policy, n->opened);
    if (until == 0 && db_at(w, n->db)->host_gone)
        until = n->opened + SYN_RETRIES;
    return until > w_now(w) || until == 0 ? until : w_now(w);
}

static void wait_at_most(struct world *w, struct conn *n)
{
    sim_time until = waits_until(w, n);
    cal_cancel(w, &n->timer);
    if (until > 0)
        n->timer = cal_at(w, until, EV_KIND + DB_EV_LATE, n->db, W_REF(w, n), n->id);
}

void session_late(struct world *w, struct conn *n)
{
    assert(n->state == CONN_CONNECTING);
    n->timer = 0;
    w_outcome(w, REASON_CONNECT_TIMEOUT);
    w_log(w, n->service, n->instance, LOG_ERROR, 0, "%s: %s", w->comps[n->db].name,
          reason_phrase(REASON_CONNECT_TIMEOUT));
    database_close(w, n, REASON_CONNECT_TIMEOUT);
}

/* Starts a session. A refused one costs as much: whoever says so is a process, too. */
void session_starts(struct world *w, struct conn *n)
{
    sim_time work = p_time(w, w->comps[n->pool].target, DB_CONNECT_TIME);
    n->timer = 0;
    wait_at_most(w, n);
    struct act *s =
        work > 0 ? setup_begin(w, (struct setup_site){.comp = n->db}, work, n->pool)
                 : NULL;
    if (!s) {
        session_connected(w, n);
        return;
    }
    s->setup.of = W_REF(w, n);
    s->setup.of_gen = n->id;
    n->setup = W_REF(w, s);
}

void session_move(struct world *w, struct conn *n, comp_id node)
{
    conn_unlink(w, n);
    db_at(w, n->db)->count[n->state]--;
    n->db = node;
    conn_link(w, n);
}

void database_connect(struct world *w, comp_id pool, int instance, struct act *a)
{
    struct conn *n = conn_new(w, pool_node(w, pool, instance));
    n->pool = pool;
    n->service = w->comps[pool].owner;
    n->instance = (uint16_t)instance;
    if (a) {
        a->phase = QUERY_CONNECT;
        a->query.conn = W_REF(w, n);
        n->act = W_REF(w, a);
    }
    if (!db_dial_begin(w, n))
        session_connect(w, n);
}

/* The attempt is decided: in, or refused. */
void session_connected(struct world *w, struct conn *n)
{
    struct database *d = db_at(w, n->db);
    n->held = d->host_gone || (d->stalled && !d->down);
    if (n->held) {
        wait_at_most(w, n);
        return;
    }
    cal_cancel(w, &n->timer);
    comp_id db = cluster_of(w, n->db);
    bool serves = !d->down && d->follows.role != NODE_DIVERGED;
    if (serves && db_sessions(d) < p_count(w, db, DB_MAX_CONNECTIONS)) {
        d->accepted++;
        n->opened = n->used = w_now(w);
        w_outcome(w, n->id);
        pool_put(w, n);
        return;
    }
    d->refused++;
    w_outcome(w, REASON_CONN_REFUSED);
    if (serves)
        w_log(w, n->db, 0, LOG_ERROR, 0,
              "too many connections: %u, refused one of %s-%u", db_sessions(d),
              w->comps[n->service].name, n->instance);
    database_close(w, n, REASON_CONN_REFUSED);
}

/* The stall is over: those who knocked meanwhile. */
void session_admit_held(struct world *w, comp_id db)
{
    uint32_t last_id = db_at(w, db)->last_id;
    ref next;
    for (ref r = db_at(w, db)->first; r != 0; r = next) {
        struct conn *n = conn_at(w, r);
        if (n->id > last_id)
            break;
        next = n->next;
        if (n->state == CONN_CONNECTING && n->held)
            session_connected(w, n);
    }
}

/* ---- transactions ---------------------------------------------------------------- */

/* No statement runs in its open transaction. */
void session_tx_idle(struct world *w, struct conn *n)
{
    sim_time limit = p_time(w, cluster_of(w, n->db), DB_IDLE_TX_TIMEOUT);
    conn_set(w, n, CONN_IN_TX);
    if (limit > 0)
        n->timer =
            cal_after(w, limit, EV_KIND + DB_EV_IDLE_IN_TX, n->db, W_REF(w, n), n->id);
}

void session_tx_open(struct world *w, struct conn *n, struct act *holder)
{
    assert(!holder || holder->gen != 0);
    n->tx = true;
    n->tx_since = w_now(w);
    n->xids = db_at(w, cluster_of(w, n->db))->cluster.xids;
    n->wrote = false;
    if (holder) {
        n->holder = W_REF(w, holder);
        n->holder_gen = holder->gen;
        holder->run.tx = W_REF(w, n);
    }
    session_tx_idle(w, n);
}

/* Back to the pool; the transaction is over. */
static void give_back(struct world *w, struct conn *n)
{
    cal_cancel(w, &n->timer);
    n->tx = n->ending = n->aborted = false;
    n->holder = 0;
    if (n->locks != 0)
        lock_release_all(w, n);
    if (n->state == CONN_IN_TX)
        conn_set(w, n, CONN_TAKEN);
    pool_put(w, n);
}

/* The server's kernel asks after two hours without a word (Linux: tcp_keepalive_time).
 */
#define KEEPALIVE (2 * SIM_HOUR)

/* A rollback that cannot be told: the driver closes its end, and the server goes on
 * with an open transaction, and its locks, that nobody will ever end. */
static void strand(struct world *w, struct conn *n)
{
    struct conn gone = *n;
    n->pool = COMP_NONE;
    if (n->timer == 0)
        n->timer = cal_after(w, KEEPALIVE, EV_KIND + DB_EV_IDLE_IN_TX, n->db,
                             W_REF(w, n), n->id);
    pool_lost(w, &gone, REASON_CONN_LOST);
}

void database_tx_end(struct world *w, struct act *a, bool commit)
{
    struct conn *n = conn_at(w, a->run.tx);
    a->run.tx = 0;
    if (n->holder != W_REF(w, a) || n->holder_gen != a->gen)
        return; /* a branch that shares its parent's */
    n->holder = 0;
    if (n->undo != 0)
        undo_end(w, n, commit);
    struct act *waits;
    while ((waits = queue_pop(w, &n->waiting)))
        query_fail(w, waits, REASON_KILLED);
    if (n->state == CONN_DEAD)
        conn_free(w, n);
    else if (n->act != 0)
        n->ending = true; /* a statement that nobody waits for still runs */
    else if (!commit && db_dial_cut(w, n))
        strand(w, n);
    else
        give_back(w, n);
}

/* `a` is done with its connection. */
void session_let_go(struct world *w, struct act *a)
{
    struct conn *n = conn_at(w, a->query.conn);
    struct act *next;
    a->query.conn = 0;
    n->act = 0;
    if (!n->tx || n->ending) {
        give_back(w, n);
    } else if ((next = queue_pop(w, &n->waiting))) {
        cal_cancel(w, &n->timer);
        conn_set(w, n, CONN_TAKEN);
        n->act = W_REF(w, next);
        next->query.conn = W_REF(w, n);
        next->phase = QUERY_READY;
        act_ready(w, next, REASON_NONE);
    } else if (n->state != CONN_IN_TX) {
        session_tx_idle(w, n);
    }
}

void session_idle_timed_out(struct world *w, struct conn *n)
{
    n->timer = 0;
    db_at(w, n->db)->killed++;
    w_log(w, n->db, 0, LOG_WARN, 0,
          "session %u of %s-%u closed: idle in transaction for %.3g s", n->id,
          w->comps[n->service].name, n->instance,
          (double)(w_now(w) - n->since) / (double)SIM_SEC);
    database_close(w, n, REASON_KILLED);
}

/* A new limit also holds for those that are idle in transaction already. */
void session_rearm_idle(struct world *w, comp_id c)
{
    sim_time limit = p_time(w, cluster_of(w, c), DB_IDLE_TX_TIMEOUT), now = w_now(w);
    for (ref r = db_at(w, c)->first; r != 0; r = conn_at(w, r)->next) {
        struct conn *n = conn_at(w, r);
        if (n->state != CONN_IN_TX)
            continue;
        cal_cancel(w, &n->timer);
        if (limit <= 0)
            continue;
        sim_time at = n->since + limit;
        n->timer =
            cal_at(w, at > now ? at : now, EV_KIND + DB_EV_IDLE_IN_TX, c, r, n->id);
    }
}
