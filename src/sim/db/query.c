/*
 * A query at a database, from asking its pool for a connection to the answer: one small
 * state machine on act->phase (enum query_phase).
 */
#include "call/call.h"
#include "db/cluster.h"
#include "db/table.h"
#include "engine/program.h"
#include "engine/queue.h"
#include "engine/telling.h"

/* ---- a query --------------------------------------------------------------------- */

/* The last thing that is done with it. */
static void end(struct world *w, struct act *a, enum reason reason, comp_id culprit)
{
    struct database *d = db_at(w, a->comp);
    if (reason == REASON_NONE)
        d->done += a->mode == QUERY_STATEMENT || a->mode == QUERY_APART;
    else
        query_count_failed(w, a);
    members_remove(w, &d->inside, a);
    act_finish(w, a, reason, culprit);
}

static void end_failed(struct world *w, struct act *a)
{
    enum reason reason = (enum reason)a->query.reason;
    bool pool = reason == REASON_POOL_TIMEOUT || reason == REASON_POOL_FULL;
    end(w, a, reason, pool ? a->pool : a->comp);
}

static void answer(struct world *w, struct act *a);

/* The server is done with a query: back over the network with the outcome. */
static void send_back(struct world *w, struct act *a, enum reason reason)
{
    CHECK(a->gen != 0);
    struct conn *n = conn_at(w, a->query.conn);
    if (n->locks != 0 && (!n->tx || n->ending)) /* the statement was a transaction of
                                                   its own */
        lock_release_all(w, n);
    if (n->tx && !n->ending)
        session_tx_idle(w, n);
    else
        conn_set(w, n, CONN_TAKEN);
    a->query.reason = reason;
    a->phase = QUERY_BACK;
    a->dead = db_line_dead(w, n);
    if (!call_cross(w, a, EV_READY, WAY_BACK))
        answer(w, a);
}

static bool writes(const struct world *w, const struct act *a)
{
    return a->what != COMP_NONE && statement_at(w, a->what)->changes;
}

/* Begins a query's work in the engine. */
static void run(struct world *w, struct act *a, const struct conn *n, sim_time demand)
{
    assert(demand >= 0);
    a->phase = QUERY_RUN;
    a->query.others = db_at(w, n->db)->count[CONN_ACTIVE] - 1;
    a->call_start = w_now(w);
    station_add(w, &db_at(w, n->db)->engine, a, demand);
}

/* statement_timeout counts from the beginning, waits for locks included. */
static void limit_time(struct world *w, struct act *a, const struct conn *n)
{
    sim_time limit = p_time(w, a->comp, DB_STATEMENT_TIMEOUT);
    if (limit > 0)
        a->timer =
            cal_after(w, n->since + limit - w_now(w), EV_KIND + DB_EV_STATEMENT_TIMEOUT,
                      a->comp, W_REF(w, a), a->gen);
}

/* A statement on a table, or a lock: on, when it has all its locks. */
static SELDOM void go_on_locked(struct world *w, struct act *a, struct conn *n)
{
    sim_time demand;
    a->phase = QUERY_LOCKED;
    if (run_locks(w, a, n, &demand))
        run(w, a, n, demand);
    if (p_time(w, a->comp, DB_STATEMENT_TIMEOUT) > w_now(w) - n->since)
        limit_time(w, a, n);
}

/* The table that a statement or a lock is about; COMP_NONE: none. */
static comp_id table_of(const struct world *w, const struct act *a)
{
    if (a->mode == QUERY_LOCK)
        return a->program->ops[a->pc].what;
    return a->what != COMP_NONE ? statement_at(w, a->what)->table : COMP_NONE;
}

/* Why it may not run. */
static enum reason refused(struct world *w, const struct act *a, const struct conn *n)
{
    if (n->aborted) /* the transaction has failed before */
        return REASON_ERROR;
    if (table_of(w, a) != COMP_NONE && table_gone(w, table_of(w, a), n->db))
        return REASON_ERROR;
    return writes(w, a) ? cluster_refuses(w, n->db, a->what) : REASON_NONE;
}

/* A query has come to the server, on its session. */
static void work(struct world *w, struct act *a)
{
    struct conn *n = conn_at(w, a->query.conn);
    enum reason no;
    if (a->mode == QUERY_LEAK && (a->flags & ACT_TRACED)) {
        n->left = (struct left_open){a->request, w_span_id(w), a->parent_span};
        w_open_span(w, &n->left, n->db, w_now(w), SIM_FOREVER, REASON_NONE);
    }
    if (a->mode == QUERY_BEGIN || a->mode == QUERY_LEAK) {
        struct act *parent = a->parent != 0 ? act_at(w, a->parent) : NULL;
        if (a->mode == QUERY_LEAK || parent)
            session_tx_open(w, n, a->mode == QUERY_LEAK ? NULL : parent);
        session_let_go(w, a);
        end(w, a, REASON_NONE, COMP_NONE);
        return;
    }
    if ((no = refused(w, a, n)) != REASON_NONE) {
        cal_cancel(w, &n->timer);
        w_outcome(w, no);
        send_back(w, a, no);
        return;
    }
    if (n->db != a->comp) /* nobody reads at a replica before it is applied there */
        act_aged(a, wal_lag(w, n->db));
    bool table = a->mode == QUERY_LOCK ||
                 (a->what != COMP_NONE && statement_at(w, a->what)->table != COMP_NONE);
    sim_time demand = PING_CPU;
    if (table)
        run_begin(w, a, n);
    else if (a->what != COMP_NONE)
        demand = statement_begin(w, a->what);
    cal_cancel(w, &n->timer);
    conn_set(w, n, CONN_ACTIVE);
    n->statement = a->what;
    if (table) {
        go_on_locked(w, a, n);
        return;
    }
    run(w, a, n, demand);
    limit_time(w, a, n);
}

/* A query has its connection: over the network to the server. */
static void send(struct world *w, struct act *a)
{
    if (a->policy != COMP_NONE)
        call_sent(w, a->policy);
    a->phase = QUERY_OUT;
    a->dead = db_line_dead(w, conn_at(w, a->query.conn));
    if (!call_cross(w, a, EV_READY, WAY_THERE))
        work(w, a);
}

static void answer(struct world *w, struct act *a)
{
    session_let_go(w, a);
    if (a->query.reason == REASON_NONE)
        end(w, a, REASON_NONE, COMP_NONE);
    else
        end(w, a, (enum reason)a->query.reason, a->comp);
}

/* The span of the time in the engine: how much of it was work, and in what company. */
static void statement_span(struct world *w, const struct act *a, enum reason reason)
{
    struct buf note;
    buf_init(&note, NOTE_BYTES);
    if (w_now(w) - a->call_start > a->demand + a->demand / 10) {
        time_format(&note, a->demand);
        buf_addf(&note, " of work, %u others ran", a->query.others);
    }
    w_span(w, a, CAUSE_DB_CPU, conn_at(w, a->query.conn)->db, a->call_start, reason,
           note.s);
    buf_release(&note);
}

/* a->query.sync in QUERY_SYNC: its acknowledgement is on the way; no replica answers;
 * one may again: ask. */
enum { SYNC_TIMED, SYNC_QUEUED, SYNC_RELEASED };

/* Waits until a replica has the commit. False: it need not. */
static bool wait_for_replica(struct world *w, struct act *a)
{
    sim_time replication;
    comp_id node = conn_at(w, a->query.conn)->db;
    (void)wal_commit_time(w, node, &replication);
    if (replication == 0)
        return false;
    a->phase = QUERY_SYNC;
    a->query.sync = replication < SIM_FOREVER ? SYNC_TIMED : SYNC_QUEUED;
    if (a->query.sync == SYNC_TIMED) {
        act_timer(w, a, replication, CAUSE_DB_WAIT, node);
        return true;
    }
    act_wait(w, a, CAUSE_DB_WAIT, node);
    queue_push(w, &db_at(w, a->comp)->cluster.sync, a);
    return true;
}

/* A write is answered: somebody counts on it from now. */
static void acknowledge(struct world *w, struct act *a)
{
    db_at(w, a->comp)->cluster.acknowledged++;
    send_back(w, a, REASON_NONE);
}

/* A commit goes to the log, to the disk, and maybe to a replica, before the write is
 * answered. False: at once. */
static SELDOM bool commit(struct world *w, struct act *a)
{
    sim_time replication;
    comp_id node = conn_at(w, a->query.conn)->db;
    wal_wrote(w, node, a->what);
    xid_take(w, conn_at(w, a->query.conn));
    sim_time disk = wal_commit_time(w, node, &replication);
    if (disk == 0)
        return wait_for_replica(w, a);
    a->phase = QUERY_COMMIT;
    act_timer(w, a, disk, CAUSE_DISK, node);
    return true;
}

/* A statement is done, or was stopped. */
static void worked(struct world *w, struct act *a, enum reason reason)
{
    struct conn *n = conn_at(w, a->query.conn);
    sim_time took = w_now(w) - n->since;
    bool ran = a->phase == QUERY_RUN;
    if (n->run != 0)
        reason = run_end(w, a, n, reason);
    if (a->what != COMP_NONE)
        statement_end(w, a->what, took, reason != REASON_NONE);
    if (ran && (a->flags & ACT_TRACED))
        statement_span(w, a, reason);
    if (n->db != a->comp)
        db_at(w, n->db)->done += reason == REASON_NONE;
    if (reason != REASON_NONE || !writes(w, a))
        send_back(w, a, reason);
    else if (!commit(w, a))
        acknowledge(w, a);
}

/* On its caller's transaction: one statement at a time. */
static void share(struct world *w, struct act *a, struct conn *n)
{
    if (n->state == CONN_DEAD) {
        a->query.reason = REASON_KILLED;
        end_failed(w, a);
    } else if (n->act != 0) {
        act_wait(w, a, CAUSE_DB_WAIT, a->comp);
        a->phase = QUERY_SHARE;
        a->query.conn = W_REF(w, n);
        queue_push(w, &n->waiting, a);
    } else {
        n->act = W_REF(w, a);
        a->query.conn = W_REF(w, n);
        send(w, a);
    }
}

void query_begin(struct world *w, struct act *a)
{
    struct act *parent = a->parent != 0 ? act_at(w, a->parent) : NULL;
    struct conn *n = parent && parent->run.tx != 0 ? conn_at(w, parent->run.tx) : NULL;
    members_add(w, &db_at(w, a->comp)->inside, a);
    a->phase = QUERY_NEW;
    a->query.reason = REASON_NONE;
    if (a->mode == QUERY_LOCK) { /* the caller may be gone when the lock comes */
        a->program = parent->program;
        a->pc = parent->pc;
    }
    if (n && cluster_of(w, n->db) == a->comp &&
        (a->mode == QUERY_STATEMENT || a->mode == QUERY_LOCK)) {
        share(w, a, n);
    } else if (n && a->mode == QUERY_BEGIN) {
        a->query.reason = REASON_ERROR; /* a connection has a single transaction */
        end_failed(w, a);
    } else if (pool_acquire(w, a)) {
        send(w, a);
    }
}

void query_resume(struct world *w, struct act *a, enum reason reason)
{
    switch ((enum query_phase)a->phase) {
    case QUERY_READY:
        send(w, a);
        break;
    case QUERY_OUT:
        work(w, a);
        break;
    case QUERY_RUN:
        worked(w, a, reason);
        break;
    case QUERY_LOCKED:
        if (reason == REASON_NONE)
            go_on_locked(w, a, conn_at(w, a->query.conn));
        else
            worked(w, a, reason);
        break;
    case QUERY_COMMIT:
        if (!wait_for_replica(w, a))
            acknowledge(w, a);
        break;
    case QUERY_SYNC:
        if (a->query.sync == SYNC_TIMED || !wait_for_replica(w, a))
            acknowledge(w, a);
        break;
    case QUERY_BACK:
        answer(w, a);
        break;
    case QUERY_FAILED:
        end_failed(w, a);
        break;
    default:
        BUG("query resumed in phase %u", a->phase);
    }
}

void query_sync_again(struct world *w, comp_id db)
{
    struct list *q = &db_at(w, db)->cluster.sync;
    struct act *a;
    while ((a = queue_pop(w, q))) {
        a->query.sync = SYNC_RELEASED;
        act_ready(w, a, REASON_NONE);
    }
}

void query_sync_changed(struct world *w, comp_id db)
{
    query_sync_again(w, db);
    if (p_on(w, db, DB_SYNCHRONOUS))
        return;
    for (ref r = db_at(w, db)->inside.first; r != 0; r = act_at(w, r)->next) {
        struct act *a = act_at(w, r);
        if (a->phase == QUERY_SYNC && a->query.sync == SYNC_TIMED && a->timer != 0)
            act_ready(w, a, REASON_NONE);
    }
}

void query_leave_sync(struct world *w, struct act *a)
{
    if (a->query.sync == SYNC_QUEUED)
        queue_remove(w, &db_at(w, a->comp)->cluster.sync, a);
}

void query_cut(struct world *w, struct act *a, struct conn *n)
{
    if (n->run != 0)
        (void)run_end(w, a, n, REASON_KILLED);
    if (a->what != COMP_NONE && (a->phase == QUERY_RUN || a->phase == QUERY_LOCKED))
        statement_end(w, a->what, w_now(w) - n->since, true);
}

void query_cancel(struct world *w, struct act *a)
{
    struct database *d = db_at(w, a->comp);
    switch ((enum query_phase)a->phase) {
    case QUERY_POOL:
        pool_leave(w, a, REASON_GAVE_UP);
        break;
    case QUERY_CONNECT:
        conn_at(w, a->query.conn)->act = 0; /* the connection will be there for the
                                               next */
        break;
    case QUERY_SHARE:
        queue_remove(w, &conn_at(w, a->query.conn)->waiting, a);
        break;
    case QUERY_LOCKED:
        if (conn_at(w, a->query.conn)->waits != 0)
            lock_leave(w, conn_at(w, a->query.conn));
        query_cut(w, a, conn_at(w, a->query.conn));
        session_let_go(w, a);
        break;
    case QUERY_RUN:
        if (a->station != 0)
            station_remove(w, W_PTR(w, struct station, a->station), a);
        query_cut(w, a, conn_at(w, a->query.conn));
        session_let_go(w, a);
        break;
    case QUERY_SYNC:
        query_leave_sync(w, a);
        session_let_go(w, a);
        break;
    case QUERY_READY:
    case QUERY_OUT:
    case QUERY_COMMIT:
    case QUERY_BACK:
        session_let_go(w, a);
        break;
    default:
        break;
    }
    query_count_failed(w, a);
    a->query.conn = 0;
    members_remove(w, &d->inside, a);
}

void query_lost(struct world *w, struct act *a, enum reason reason)
{
    database_close(w, conn_at(w, a->query.conn), reason);
}

void query_timed_out(struct world *w, ref r, uint32_t gen)
{
    struct act *a = act_alive(w, r, gen);
    if (!a)
        return;
    a->timer = 0;
    if (a->phase == QUERY_LOCKED && conn_at(w, a->query.conn)->waits != 0)
        lock_leave(w, conn_at(w, a->query.conn));
    else if (a->phase == QUERY_RUN && a->station != 0)
        station_remove(w, W_PTR(w, struct station, a->station), a);
    else
        return;
    w_log(w, a->comp, 0, LOG_ERROR, a->request, "statement timeout: stopped %s",
          a->what == COMP_NONE ? "a statement" : w->comps[a->what].name);
    act_ready(w, a, REASON_KILLED);
}
