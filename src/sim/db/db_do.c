/*
 * Operations on a database, and the faults that can befall it. The
 * server's faults and closing sessions are those of replicas, too.
 */
#include "db/cluster.h"
#include "db/describe.h"
#include "db/table.h"
#include "engine/calendar.h"
#include "engine/telling.h"
#include "model/model.h"

#include "truecode/world.h"

#include <stdio.h>
#include <stdlib.h>

enum { OP_KILL, OP_FAILOVER, OP_REBUILD, OP_RESTORE, OP_RESCUE, OP_FREE, OP_RESTART };
const struct op_desc database_ops[DATABASE_OPS] = {
    [OP_KILL] = {.name = "kill",
                 .args = {{.name = "session",
                           .type = VALUE_TEXT,
                           .doc = "A session's number, \"idle-in-transaction\", or the "
                                  "name of a statement: all that run it."}},
                 .cost = 2 * SIM_SEC,
                 .risk = "What the session was doing is rolled back.",
                 .doc = "Closes sessions; their pools open new ones when needed."},
    [OP_FAILOVER] =
        {.name = "failover",
         .args = {{.name = "to",
                   .type = VALUE_TEXT,
                   .optional = true,
                   .doc = "The replica; without one, the one that has most of the "
                          "log."}},
         .risk = "Writes fail until the replica has taken over. When the primary is "
                 "gone, what the new one has not received is lost.",
         .doc = "Makes a replica the primary."},
    [OP_REBUILD] = {.name = "rebuild",
                    .cost = 30 * SIM_SEC,
                    .risk = "Everything on this server is replaced by a copy of the "
                            "primary.",
                    .doc = "Makes the server that led before a replica again."},
    [OP_RESTORE] =
        {.name = "restore",
         .args = {{.name = "backup",
                   .type = VALUE_TEXT,
                   .optional = true,
                   .doc = "Which series; without one, the newest of all."}},
         .cost = 60 * SIM_SEC,
         .risk = "The database is down meanwhile, and all that was written since the "
                 "backup is lost.",
         .doc = "Puts back the newest backup."},
    [OP_RESCUE] =
        {.name = "rescue",
         .args = {{.name = "from",
                   .type = VALUE_TEXT,
                   .doc = "A series of backups, or a replica."}},
         .cost = 60 * SIM_SEC,
         .doc = "Brings a copy up beside, and copies rows back that somebody deleted "
                "by mistake; the database goes on."},
    [OP_FREE] = {.name = "free_disk",
                 .args = {{.name = "bytes",
                           .type = VALUE_COUNT,
                           .doc = "How much that is not the database's is deleted."}},
                 .cost = 60 * SIM_SEC,
                 .doc = "Deletes old files that others left on the disk."},
    [OP_RESTART] = {.name = "restart",
                    .risk = "All its sessions are closed, and nobody gets in until it "
                            "has started again.",
                    .doc = "Stops the server that leads and starts it again, with the "
                           "settings that wait for that."},
};

enum {
    FAULT_SLOW,
    FAULT_STALL,
    FAULT_DOWN,
    FAULT_DISK_SLOW,
    FAULT_DISK_FILL,
    FAULT_ARCHIVE_STUCK,
    FAULT_LONG_TRANSACTION,
    FAULT_HOST_GONE
};
const struct fault_desc database_faults[DATABASE_FAULTS] = {
    [FAULT_SLOW] = {.name = "slow",
                    .args = {{.name = "factor",
                              .type = VALUE_NUMBER,
                              .doc = "How many times longer everything takes."}},
                    .doc = "All statements slow down."},
    [FAULT_STALL] = {.name = "stall",
                     .doc = "Nothing moves and nobody gets in; then it goes on."},
    [FAULT_DOWN] = {.name = "down",
                    .doc = "All sessions are closed and new ones refused."},
    [FAULT_DISK_SLOW] = {.name = "disk_slow",
                         .args = {{.name = "factor",
                                   .type = VALUE_NUMBER,
                                   .doc = "How many times longer a commit takes."}},
                         .doc = "The disk takes longer to write."},
    [FAULT_DISK_FILL] = {.name = "disk_fill",
                         .args = {{.name = "bytes",
                                   .type = VALUE_COUNT,
                                   .doc = "How much; gone again when the fault ends."}},
                         .doc = "Somebody else's files lie on the disk."},
    [FAULT_ARCHIVE_STUCK] = {.name = "archive_stuck",
                             .doc = "The log is not archived, so none of it is "
                                    "removed."},
    [FAULT_LONG_TRANSACTION] =
        {.name = "long_transaction",
         .args = {{.name = "table",
                   .type = VALUE_TEXT,
                   .optional = true,
                   .doc = "A table that it has read."},
                  {.name = "row",
                   .type = VALUE_BOOL,
                   .optional = true,
                   .doc =
                       "Whether it has also changed that table's most popular row."}},
         .doc = "Somebody leaves a transaction open at a terminal."},
    [FAULT_HOST_GONE] = {.name = "host_gone",
                         .doc = "The machine of its first server is gone: who "
                                "connects hangs, and who is connected, until it is "
                                "back. Nobody is refused, not even by a failover."},
};

static bool any(const struct conn *n, uint32_t a, uint32_t b)
{
    (void)n, (void)a, (void)b;
    return true;
}

static bool admitted(const struct conn *n, uint32_t a, uint32_t b)
{
    (void)a, (void)b;
    return n->state != CONN_CONNECTING;
}

static bool with_id(const struct conn *n, uint32_t id, uint32_t b)
{
    (void)b;
    return n->id == id && n->state != CONN_CONNECTING;
}

static bool idle_in_tx(const struct conn *n, uint32_t a, uint32_t b)
{
    (void)a, (void)b;
    return n->state == CONN_IN_TX;
}

static bool running(const struct conn *n, uint32_t statement, uint32_t b)
{
    (void)b;
    return n->state == CONN_ACTIVE && n->statement == statement;
}

/* "reserve" or "orders-db.reserve" */
static comp_id nested_named(const struct world *w, comp_id db,
                            const struct kind_impl *kind, const char *name)
{
    size_t prefix = strlen(w->comps[db].name);
    for (size_t i = 0; i < w->model->ncomps; i++) {
        const struct comp *s = &w->comps[i];
        if (s->kind == kind && s->owner == db &&
            (str_eq(s->name, name) || str_eq(s->name + prefix + 1, name)))
            return (comp_id)i;
    }
    return COMP_NONE;
}

enum err database_kill(struct world *w, comp_id c, const char *which, struct effect *fx,
                       struct errmsg *why)
{
    uint32_t count = 0;
    if (db_at(w, c)->host_gone)
        return errmsg_set(why, ERR_REFUSED, "%s does not answer: its host is gone",
                          w->comps[c].name);
    comp_id statement = nested_named(w, cluster_of(w, c), &kind_statement, which);
    char *rest;
    unsigned long id = strtoul(which, &rest, 10);
    if (str_eq(which, "idle-in-transaction"))
        session_sweep(w, c, REASON_KILLED, idle_in_tx, 0, 0, &count);
    else if (statement != COMP_NONE)
        session_sweep(w, c, REASON_KILLED, running, statement, 0, &count);
    else if (*which != '\0' && *rest == '\0' && id <= UINT32_MAX)
        session_sweep(w, c, REASON_KILLED, with_id, (uint32_t)id, 0, &count);
    else
        return errmsg_set(
            why, ERR_NOT_FOUND,
            "%s has no session or statement \"%s\"; say a session's number, "
            "idle-in-transaction, or a statement",
            w->comps[c].name, which);
    if (count == 0)
        return errmsg_set(why, ERR_REFUSED, "%s has no session to kill for \"%s\" now",
                          w->comps[c].name, which);
    db_at(w, c)->killed += count;
    snprintf(fx->title, sizeof fx->title, "kill %s at %s: %u session%s closed", which,
             w->comps[c].name, count, count == 1 ? "" : "s");
    return ERR_OK;
}

static enum err restore(struct world *w, comp_id c, const char *name, struct effect *fx,
                        struct errmsg *why)
{
    struct cluster *x = &db_at(w, c)->cluster;
    comp_id series = backup_newest(w, c, name);
    if (x->restoring != 0)
        return errmsg_set(why, ERR_REFUSED, "%s is being restored already",
                          w->comps[c].name);
    if (x->candidate != 0 || x->primary != 0)
        return errmsg_set(why, ERR_REFUSED,
                          "%s leads: rebuild %s and fail over to it first",
                          w->comps[cluster_primary(w, c)].name, w->comps[c].name);
    if (series == COMP_NONE)
        return errmsg_set(why, ERR_REFUSED, "%s has no backup%s%.40s to restore",
                          w->comps[c].name, *name != '\0' ? " " : "", name);
    sim_time t = SIM_SEC + copy_time((double)backup_size(w, series),
                                     p_number(w, c, DB_RESTORE_RATE));
    x->restoring = (comp_id)(series + 1); /* nobody takes over meanwhile */
    database_go_down(w, c, true);
    cal_cancel(w, &x->timer);
    x->due = w_now(w) + t;
    cal_at(w, x->due, EV_KIND + DB_EV_RESTORED, c, 0, 0);
    uint64_t since = backup_undoes(w, series);
    struct buf took, size;
    buf_init(&took, 0), buf_init(&size, 0);
    time_format(&took, t);
    bytes_format(&size, (double)backup_size(w, series));
    snprintf(fx->title, sizeof fx->title,
             "restore %s from %s: %s, takes %s; undoes %llu write%s since then",
             w->comps[c].name, w->comps[series].name, size.s, took.s,
             (unsigned long long)since, since == 1 ? "" : "s");
    buf_release(&took), buf_release(&size);
    return ERR_OK;
}

static enum err free_disk(struct world *w, comp_id c, int64_t bytes, struct effect *fx,
                          struct errmsg *why)
{
    int64_t others = db_at(w, c)->cluster.others;
    if (bytes <= 0)
        return errmsg_set(why, ERR_INPUT, "free_disk wants bytes, e.g. 1000000000");
    if (others <= 0)
        return errmsg_set(why, ERR_REFUSED,
                          "nothing on the disk of %s is anybody else's",
                          w->comps[c].name);
    bytes = bytes < others ? bytes : others;
    db_at(w, c)->cluster.others -= bytes;
    snprintf(fx->title, sizeof fx->title, "%lld bytes freed on the disk of %s",
             (long long)bytes, w->comps[c].name);
    return ERR_OK;
}

static enum err restart(struct world *w, comp_id c, struct effect *fx,
                        struct errmsg *why)
{
    const struct cluster *x = &db_at(w, c)->cluster;
    comp_id node = cluster_primary(w, c);
    if (db_at(w, node)->down || db_at(w, node)->host_gone || x->candidate != 0)
        return errmsg_set(why, ERR_REFUSED, "%s %s", w->comps[node].name,
                          db_at(w, node)->host_gone
                              ? "does not answer: its host is gone"
                          : db_at(w, node)->starting != 0 ? "is being restarted already"
                          : x->candidate != 0             ? "is about to be replaced"
                                                          : "is down");
    database_restart(w, node, p_time(w, c, DB_RESTART_TIME));
    snprintf(fx->title, sizeof fx->title, "restart %s", w->comps[node].name);
    return ERR_OK;
}

static const char *text_arg(const struct action *a)
{
    return action_text(a, 0);
}

enum err database_op(struct world *w, comp_id c, int op, const struct action *a,
                     struct effect *fx, struct errmsg *why)
{
    switch (op) {
    case OP_KILL:
        return database_kill(w, c, a->args[0].as.text, fx, why);
    case OP_FAILOVER:
        return cluster_failover(w, c, text_arg(a), fx, why);
    case OP_REBUILD:
        return cluster_rebuild(w, c, fx, why);
    case OP_RESTORE:
        return restore(w, c, text_arg(a), fx, why);
    case OP_RESCUE:
        return database_rescue(w, c, text_arg(a), fx, why);
    case OP_RESTART:
        return restart(w, c, fx, why);
    default:
        return free_disk(w, c, a->args[0].as.count, fx, why);
    }
}

void database_go_down(struct world *w, comp_id c, bool on)
{
    struct database *d = db_at(w, c);
    comp_id db = cluster_of(w, c);
    uint32_t count = 0;
    d->down = on;
    cal_cancel(w, &d->starting); /* whoever takes it down now brings it back */
    if (c == cluster_primary(w, db))
        db_at(w, db)->cluster.unanswered = 0;
    if (!on) {
        if (c == cluster_primary(w, db))
            later_restarted(w, db);
        cluster_node_back(w, c);
        return;
    }
    if (!d->host_gone) { /* else nobody is there who could say so */
        w_log(w, c, 0, LOG_ERROR, 0, "shutting down");
        session_sweep(w, c, REASON_DOWN, any, 0, 0, &count);
    }
    cluster_node_gone(w, c);
}

void database_restart(struct world *w, comp_id node, sim_time away)
{
    assert(!db_at(w, node)->down);
    database_go_down(w, node, true);
    db_at(w, node)->starting =
        cal_at(w, w_now(w) + away, EV_KIND + DB_EV_STARTED, node, 0, 0);
}

void database_started(struct world *w, comp_id node)
{
    db_at(w, node)->starting = 0;
    w_log(w, node, 0, LOG_INFO, 0, "ready to accept connections");
    database_go_down(w, node, false);
}

static void stall(struct world *w, comp_id c, bool on)
{
    db_at(w, c)->stalled = on;
    if (on && c == cluster_primary(w, cluster_of(w, c)))
        db_at(w, cluster_of(w, c))->cluster.unanswered = 0;
    database_retune(w, c);
    if (on) {
        cluster_node_gone(w, c);
        return;
    }
    session_admit_held(w, c);
    cluster_node_back(w, c);
}

/* A machine that comes back knows nothing of its sessions, and resets them. A client that
 * only waits for an answer would hear of that by its keepalive; here it does at once. */
enum err database_host_gone(struct world *w, comp_id c, bool on, struct errmsg *why)
{
    uint32_t count = 0;
    if (on && db_at(w, c)->follows.role == NODE_REBUILDS)
        return errmsg_set(why, ERR_REFUSED, "%s is being rebuilt", w->comps[c].name);
    db_at(w, c)->host_gone = on;
    if (!on)
        session_sweep(w, c, REASON_CONN_LOST, admitted, 0, 0, &count);
    stall(w, c, on);
    return ERR_OK;
}

/* The faults that every server can have. */
enum err database_server_fault(struct world *w, comp_id c, int fault, double factor,
                               bool on, struct errmsg *why)
{
    struct database *d = db_at(w, c);
    const struct cluster *x = &db_at(w, cluster_of(w, c))->cluster;
    bool busy = d->follows.role == NODE_REBUILDS || d->cluster.restoring != 0 ||
                x->panicked == c + 1;
    if (fault == FAULT_SLOW) {
        if (on && !(factor > 0 && factor <= 1e6))
            return errmsg_set(why, ERR_INPUT,
                              "slow: the factor must be above 0, e.g. 4");
        d->slow = on ? 1 / factor : 0;
        database_retune(w, c);
    } else if (fault == FAULT_STALL) {
        stall(w, c, on);
    } else if (on || !busy) { /* a copy under way comes back by itself */
        database_go_down(w, c, on);
    }
    return ERR_OK;
}

/* ---- another machine ------------------------------------------------------------- */

/* A managed database's: the new machine is made ready beside the old one, and takes over
 * with an outage; a disk grows in use and never shrinks (Amazon RDS, "Modifying an Amazon
 * RDS DB instance"). */
enum err database_resize(const struct world *w, comp_id c, int param,
                         const struct value *v, struct resize_view *out,
                         struct errmsg *why)
{
    comp_id db = cluster_of(w, c);
    bool disk = db == c && param == DB_DISK_SIZE;
    int64_t is = p_count(w, c, param);
    if (disk && is == 0)
        return errmsg_set(why, ERR_REFUSED, "the disk of %s has no limit",
                          w->comps[c].name);
    if (disk && (v->as.count == 0 || v->as.count < is))
        return errmsg_set(why, ERR_REFUSED,
                          "the disk of %s can only grow; it has %lld bytes",
                          w->comps[c].name, (long long)is);
    out->takes = p_time(w, db, DB_RESIZE_TIME);
    out->away = disk ? 0 : p_time(w, db, DB_RESIZE_AWAY);
    return ERR_OK;
}

void database_resized(struct world *w, comp_id c, int param)
{
    bool whole = cluster_of(w, c) == c;
    comp_id node = whole ? cluster_primary(w, c) : c;
    if (whole && param == DB_DISK_SIZE)
        return;
    if (!db_at(w, node)->down)
        database_restart(w, node, p_time(w, cluster_of(w, c), DB_RESIZE_AWAY));
}

/* ---- a transaction that somebody leaves open ------------------------------------- */

static enum err close_left_open(struct world *w, comp_id c)
{
    struct database *d = db_at(w, c);
    uint32_t count = 0;
    if (d->long_session != 0)
        session_sweep(w, d->long_node, REASON_NONE, with_id, d->long_session, 0,
                      &count);
    d->long_session = 0;
    return ERR_OK;
}

/* A lock that is free, or none. */
static void lock_if_free(struct world *w, struct conn *n, comp_id table, uint64_t key,
                         enum lock_mode mode)
{
    struct lock_name name = {.table = table, .key = key};
    if (!lock_take(w, n, &name, mode))
        lock_leave(w, n);
}

static enum err leave_open(struct world *w, comp_id c, const struct action *a,
                           struct errmsg *why)
{
    struct database *d = db_at(w, c);
    const char *name = action_text(a, 0);
    comp_id table = *name != '\0' ? nested_named(w, c, &kind_table, name) : COMP_NONE;
    bool row = action_gives(a, 1) && a->args[1].as.on;
    if (*name != '\0' && table == COMP_NONE)
        return errmsg_set(why, ERR_NOT_FOUND, "%s has no table \"%.60s\"",
                          w->comps[c].name, name);
    comp_id primary = d->cluster.primary;
    comp_id node = primary == 0 ? c : (comp_id)(primary - 1);
    if (db_at(w, node)->down)
        return errmsg_set(why, ERR_REFUSED, "%s is down", w->comps[node].name);
    (void)close_left_open(w, c); /* the same fault again */
    struct conn *n = session_own(w, node, NULL);
    d->long_node = node;
    d->long_session = n->id;
    session_tx_open(w, n, NULL);
    if (table != COMP_NONE)
        lock_if_free(w, n, table, LOCK_WHOLE,
                     row ? LOCK_ROW_EXCLUSIVE : LOCK_ACCESS_SHARE);
    if (table != COMP_NONE && row)
        lock_if_free(w, n, table, 0, LOCK_EXCLUSIVE);
    return ERR_OK;
}

enum err database_fault(struct world *w, comp_id c, int fault, const struct action *a,
                        bool on, struct errmsg *why)
{
    struct cluster *x = &db_at(w, c)->cluster;
    double factor = a->args[0].as.number;
    switch (fault) {
    case FAULT_DISK_SLOW:
        if (on && !(factor > 0 && factor <= 1e6))
            return errmsg_set(why, ERR_INPUT,
                              "disk_slow: the factor must be above 0, e.g. 20");
        x->disk_slow = on ? factor : 0;
        return ERR_OK;
    case FAULT_DISK_FILL:
        if (on && a->args[0].as.count <= 0)
            return errmsg_set(why, ERR_INPUT,
                              "disk_fill wants bytes, e.g. 50000000000");
        x->others = on ? a->args[0].as.count : 0;
        return ERR_OK;
    case FAULT_ARCHIVE_STUCK:
        wal_archive(w, c, on);
        return ERR_OK;
    case FAULT_HOST_GONE:
        return database_host_gone(w, c, on, why);
    case FAULT_LONG_TRANSACTION:
        return on ? leave_open(w, c, a, why) : close_left_open(w, c);
    default:
        return database_server_fault(w, c, fault, factor, on, why);
    }
}
