/*
 * The leader: where connections go, who may write, and how the lead moves.
 *
 * A failover chooses the replica that has received most of the log. When the leader is
 * gone, what no replica had received is lost; when it is there (a switchover), it stops
 * taking writes first and nothing is. With fencing the old leader is shut down before
 * the new one begins; without, one that only stood still goes on as if it led, and
 * writes that nobody else will ever see are made there.
 */
#include "db/cluster.h"
#include "engine/kind.h"
#include "engine/telling.h"

#include <stdio.h>

comp_id cluster_of(const struct world *w, comp_id node)
{
    return is_replica(w, node) ? w->comps[node].owner : node;
}

static struct cluster *cluster_at(const struct world *w, comp_id db)
{
    return &db_at(w, db)->cluster;
}

comp_id cluster_primary(const struct world *w, comp_id db)
{
    const struct cluster *c = cluster_at(w, db);
    return c->primary != 0 ? (comp_id)(c->primary - 1) : db;
}

static bool gone(const struct world *w, comp_id node)
{
    return db_at(w, node)->down || db_at(w, node)->stalled;
}

/* ---- routing --------------------------------------------------------------------- */

/* Reads go round the replicas that answer; without one, to the leader. */
static comp_id next_reader(struct world *w, comp_id db)
{
    struct cluster *c = cluster_at(w, db);
    comp_id found[64];
    uint32_t n = 0;
    for (comp_id r = c->first; r != 0 && n < 64;
         r = db_at(w, (comp_id)(r - 1))->follows.next) {
        comp_id node = (comp_id)(r - 1);
        if (node != cluster_primary(w, db) && !db_at(w, node)->down &&
            db_at(w, node)->follows.role == NODE_FOLLOWS)
            found[n++] = node;
    }
    return n == 0 ? cluster_primary(w, db) : found[c->turn++ % n];
}

comp_id cluster_route(struct world *w, comp_id pool, comp_id *seen, sim_time *until)
{
    comp_id db = w->comps[pool].target;
    if (cluster_at(w, db)->first == 0)
        return db;
    if (pool_reads(w->model, pool))
        return next_reader(w, db);
    if (*seen != 0 && w_now(w) < *until)
        return (comp_id)(*seen - 1);
    comp_id node = cluster_primary(w, db);
    *seen = (comp_id)(node + 1);
    *until = w_now(w) + pool_address_ttl(w, pool);
    return node;
}

void cluster_close_all(struct world *w, comp_id db, comp_id pool, int instance)
{
    database_close_all(w, db, pool, instance, REASON_INSTANCE_GONE);
    for (comp_id r = cluster_at(w, db)->first; r != 0;
         r = db_at(w, (comp_id)(r - 1))->follows.next)
        database_close_all(w, (comp_id)(r - 1), pool, instance, REASON_INSTANCE_GONE);
}

enum reason cluster_refuses(struct world *w, comp_id node, comp_id statement)
{
    comp_id db = cluster_of(w, node);
    const struct cluster *c = cluster_at(w, db);
    if (xid_exhausted(w, db)) {
        xid_refused(w, db);
        return REASON_READ_ONLY;
    }
    enum reason full = disk_refuses(w, node, statement);
    if (full != REASON_NONE || c->first == 0)
        return full;
    bool leads = node == cluster_primary(w, db);
    bool unfenced = db_at(w, node)->follows.role == NODE_LEADS;
    if (!(leads || unfenced) || (leads && c->candidate != 0 && c->planned))
        return REASON_READ_ONLY;
    return REASON_NONE;
}

/* ---- moving the lead ------------------------------------------------------------- */

/* The one that has most of the log. */
static comp_id furthest(const struct world *w, comp_id db)
{
    comp_id best = COMP_NONE;
    uint64_t most = 0;
    const struct cluster *c = cluster_at(w, db);
    for (comp_id r = c->first; r != 0; r = db_at(w, (comp_id)(r - 1))->follows.next) {
        comp_id node = (comp_id)(r - 1);
        uint64_t received = wal_received(w, node, NULL);
        if (node == cluster_primary(w, db) || gone(w, node) ||
            db_at(w, node)->follows.role != NODE_FOLLOWS ||
            db_at(w, node)->follows.replay_stopped)
            continue;
        if (best == COMP_NONE || received > most) {
            best = node;
            most = received;
        }
    }
    if (best == COMP_NONE && cluster_primary(w, db) != db && !gone(w, db) &&
        db_at(w, db)->follows.role == NODE_FOLLOWS)
        best = db;
    return best;
}

/* "db-2", or written out "orders-db.db-2", or the database's own name. */
static comp_id node_named(const struct world *w, comp_id db, const char *name)
{
    size_t prefix = strlen(w->comps[db].name);
    if (str_eq(w->comps[db].name, name))
        return db;
    for (comp_id r = cluster_at(w, db)->first; r != 0;
         r = db_at(w, (comp_id)(r - 1))->follows.next) {
        const char *full = w->comps[r - 1].name;
        if (str_eq(full, name) || str_eq(full + prefix + 1, name))
            return (comp_id)(r - 1);
    }
    return COMP_NONE;
}

static enum err candidate_for(const struct world *w, comp_id db, const char *to,
                              comp_id *node, struct errmsg *why)
{
    const struct cluster *c = cluster_at(w, db);
    if (c->first == 0)
        return errmsg_set(why, ERR_REFUSED, "%s has no replica to fail over to",
                          w->comps[db].name);
    if (c->candidate != 0)
        return errmsg_set(why, ERR_REFUSED, "%s is being promoted already",
                          w->comps[c->candidate - 1].name);
    if (c->restoring != 0)
        return errmsg_set(why, ERR_REFUSED, "%s is being restored", w->comps[db].name);
    *node = *to == '\0' ? furthest(w, db) : node_named(w, db, to);
    if (*node == COMP_NONE)
        return *to == '\0'
                   ? errmsg_set(why, ERR_REFUSED, "no replica of %s can take over now",
                                w->comps[db].name)
                   : errmsg_set(why, ERR_NOT_FOUND, "%s has no replica \"%.60s\"",
                                w->comps[db].name, to);
    if (*node == cluster_primary(w, db))
        return errmsg_set(why, ERR_REFUSED, "%s leads already", w->comps[*node].name);
    if (gone(w, *node) || db_at(w, *node)->follows.role != NODE_FOLLOWS)
        return errmsg_set(why, ERR_REFUSED, "%s cannot take over: it %s",
                          w->comps[*node].name,
                          gone(w, *node) ? "does not answer" : "has to be rebuilt");
    if (db_at(w, *node)->follows.replay_stopped)
        return errmsg_set(why, ERR_REFUSED, "%s cannot take over: its replay is paused",
                          w->comps[*node].name);
    return ERR_OK;
}

/* Of the last `gone` writes of a leader, those that were answered: the others are the
 * latest, in a commit or waiting for a replica when it went down, or still; and those
 * whose callers had given up by then. No more than were `answered` since. */
static uint64_t counted_on(const struct world *w, comp_id db, uint64_t gone,
                           uint64_t answered)
{
    uint64_t unanswered = cluster_at(w, db)->unanswered;
    for (ref r = db_at(w, db)->inside.first; r != 0; r = act_at(w, r)->next) {
        const struct act *a = act_at(w, r);
        unanswered += a->phase == QUERY_COMMIT || a->phase == QUERY_SYNC;
    }
    gone = gone > unanswered ? gone - unanswered : 0;
    return gone < answered ? gone : answered;
}

static void begin_promotion(struct world *w, comp_id db, comp_id node)
{
    struct cluster *c = cluster_at(w, db);
    comp_id old = cluster_primary(w, db);
    /* Where nothing comes to it any more, there is nothing to wait for either. */
    c->planned = !gone(w, old) && wal_catch_up(w, node) < SIM_FOREVER;
    uint64_t lost = 0, answered = 0;
    if (!c->planned) { /* sent bytes still come; the rest never will */
        uint64_t gone = wal_forget_unsent(w, node, &answered);
        lost = counted_on(w, db, gone, answered);
    }
    c->lost_writes += lost;
    sim_time rest = wal_catch_up(w, node);
    assert(rest < SIM_FOREVER); /* the node's replay goes on: see candidate_for() */
    if (p_on(w, db, DB_FENCING))
        database_go_down(w, old, true);
    c->candidate = (comp_id)(node + 1);
    cal_cancel(w, &c->timer);
    c->due = w_now(w) + p_time(w, db, DB_PROMOTE_TIME) + rest;
    c->timer = cal_at(w, c->due, EV_KIND + DB_EV_PROMOTED, db, 0, 0);
    w_log(w, node, 0, LOG_WARN, 0,
          "promotion begins, %s led; %llu answered write%s lost", w->comps[old].name,
          (unsigned long long)lost, lost == 1 ? " is" : "s are");
}

static void leader_missed(struct world *w, comp_id db);

/* The others follow the new leader: those that had more than it have to be rebuilt. */
static void follow(struct world *w, comp_id db, comp_id node)
{
    struct follower *f = &db_at(w, node)->follows;
    const struct cluster *c = cluster_at(w, db);
    if (node == cluster_primary(w, db) || f->role != NODE_FOLLOWS)
        return;
    if (wal_received(w, node, NULL) > c->lsn) {
        f->role = NODE_DIVERGED;
        f->count = 0;
    } else {
        wal_replan(w, node);
    }
}

static sim_time leaderless_now(const struct world *w, const struct cluster *c)
{
    return c->leaderless_since != 0 ? w_now(w) - (c->leaderless_since - 1) : 0;
}

static void leads_again(const struct world *w, struct cluster *c)
{
    c->leaderless += leaderless_now(w, c);
    c->leaderless_since = 0;
}

void cluster_promoted(struct world *w, comp_id db)
{
    struct cluster *c = cluster_at(w, db);
    comp_id old = cluster_primary(w, db), node = (comp_id)(c->candidate - 1);
    c->timer = 0;
    c->candidate = 0;
    c->primary = node == db ? 0 : (comp_id)(node + 1);
    c->failovers++;
    leads_again(w, c);
    struct follower *before = &db_at(w, old)->follows;
    struct follower *leads = &db_at(w, node)->follows;
    bool fenced = p_on(w, db, DB_FENCING);
    leads->role = NODE_FOLLOWS; /* of no meaning while it leads */
    leads->count = 0;
    if (c->planned && fenced) {
        wal_level(w, old);
        before->role = NODE_FOLLOWS;
        database_go_down(w, old, false);
    } else {
        before->role = fenced ? NODE_DIVERGED : NODE_LEADS;
    }
    follow(w, db, db);
    for (comp_id r = c->first; r != 0; r = db_at(w, (comp_id)(r - 1))->follows.next)
        follow(w, db, (comp_id)(r - 1));
    query_sync_again(w, db);
    w_outcome(w, node);
    if (gone(w, node)) { /* since it began to take over */
        w_log(w, node, 0, LOG_ERROR, 0, "promoted, and does not answer");
        leader_missed(w, db);
        return;
    }
    w_log(w, node, 0, LOG_WARN, 0, "promoted: takes writes now");
}

enum err cluster_failover(struct world *w, comp_id db, const char *to,
                          struct effect *fx, struct errmsg *why)
{
    comp_id node = COMP_NONE;
    enum err refused = candidate_for(w, db, to, &node, why);
    if (refused != ERR_OK)
        return refused;
    struct cluster *c = cluster_at(w, db);
    const char *from = w->comps[cluster_primary(w, db)].name;
    begin_promotion(w, db, node);
    struct buf took;
    buf_init(&took, 0);
    time_format(&took, c->due - w_now(w));
    snprintf(fx->title, sizeof fx->title, "fail over %s from %s to %s: takes %s%s",
             w->comps[db].name, from, w->comps[node].name, took.s,
             c->planned ? ", nothing is lost" : "");
    buf_release(&took);
    fx->busy = p_time(w, db, DB_PROMOTE_TIME);
    return ERR_OK;
}

/* ---- servers come and go --------------------------------------------------------- */

/* A leader that is gone sends no more; a follower gets and applies no more. */
static void replan(struct world *w, comp_id db, comp_id node)
{
    if (node != cluster_primary(w, db)) {
        wal_replan(w, node);
        return;
    }
    if (node != db)
        wal_replan(w, db);
    for (comp_id r = cluster_at(w, db)->first; r != 0;
         r = db_at(w, (comp_id)(r - 1))->follows.next)
        if (node != r - 1)
            wal_replan(w, (comp_id)(r - 1));
}

/* A leader that is missed for so long is replaced; counts from now. */
static void arm_election(struct world *w, comp_id db)
{
    struct cluster *c = cluster_at(w, db);
    sim_time patience = p_time(w, db, DB_AUTO_FAILOVER);
    if (patience > 0 && c->timer == 0 && c->candidate == 0 && c->restoring == 0 &&
        gone(w, cluster_primary(w, db)))
        c->timer = cal_at(w, w_now(w) + patience, EV_KIND + DB_EV_ELECT, db, 0, 0);
}

static void leader_missed(struct world *w, comp_id db)
{
    struct cluster *c = cluster_at(w, db);
    if (c->leaderless_since == 0)
        c->leaderless_since = w_now(w) + 1;
    arm_election(w, db);
}

void cluster_patience_changed(struct world *w, comp_id db)
{
    struct cluster *c = cluster_at(w, db);
    if (c->first == 0 || c->candidate != 0)
        return;
    cal_cancel(w, &c->timer);
    arm_election(w, db);
}

void cluster_node_gone(struct world *w, comp_id node)
{
    comp_id db = cluster_of(w, node);
    struct cluster *c = cluster_at(w, db);
    if (c->first == 0)
        return;
    replan(w, db, node);
    if (node == cluster_primary(w, db) && c->candidate == 0)
        leader_missed(w, db);
}

void cluster_node_back(struct world *w, comp_id node)
{
    comp_id db = cluster_of(w, node);
    struct cluster *c = cluster_at(w, db);
    if (c->first == 0)
        return;
    replan(w, db, node);
    query_sync_again(w, db);
    if (node != cluster_primary(w, db) || c->candidate != 0)
        return;
    leads_again(w, c);
    cal_cancel(w, &c->timer);
}

void cluster_elect(struct world *w, comp_id db)
{
    struct cluster *c = cluster_at(w, db);
    comp_id node = COMP_NONE;
    struct errmsg why = {0};
    c->timer = 0;
    if (!gone(w, cluster_primary(w, db)))
        return;
    if (candidate_for(w, db, "", &node, &why) != ERR_OK) {
        w_log(w, db, 0, LOG_ERROR, 0, "no automatic failover: %s", why.text);
        arm_election(w, db); /* perhaps a candidate is there by then */
        return;
    }
    begin_promotion(w, db, node);
}

/* ---- rebuilding ------------------------------------------------------------------ */

enum err cluster_rebuild(struct world *w, comp_id node, struct effect *fx,
                         struct errmsg *why)
{
    comp_id db = cluster_of(w, node);
    struct follower *f = &db_at(w, node)->follows;
    if (cluster_at(w, db)->first == 0 || node == cluster_primary(w, db))
        return errmsg_set(why, ERR_REFUSED, "%s leads: a leader is not rebuilt",
                          w->comps[node].name);
    if (gone(w, cluster_primary(w, db)))
        return errmsg_set(why, ERR_REFUSED,
                          "there is no leader that %s could be copied from",
                          w->comps[node].name);
    if (db_at(w, node)->host_gone)
        return errmsg_set(why, ERR_REFUSED, "%s does not answer: its host is gone",
                          w->comps[node].name);
    if (f->role == NODE_REBUILDS)
        return errmsg_set(why, ERR_REFUSED, "%s is being rebuilt already",
                          w->comps[node].name);
    if (f->link_down)
        return errmsg_set(why, ERR_REFUSED,
                          "%s does not reach the leader: its link is down, and nothing "
                          "can be copied",
                          w->comps[node].name);
    double rate = p_number(w, db, DB_RESTORE_RATE);
    sim_time t = SIM_SEC + copy_time((double)disk_used(w, db), rate);
    database_go_down(w, node, true);
    f->role = NODE_REBUILDS;
    f->count = 0;
    cal_cancel(w, &f->timer);
    f->rebuilt_at = w_now(w) + t;
    f->timer = cal_at(w, f->rebuilt_at, EV_KIND + DB_EV_REBUILT, node, 0, 0);
    struct buf b;
    buf_init(&b, 0);
    time_format(&b, t);
    snprintf(fx->title, sizeof fx->title, "rebuild %s as a replica: takes %s",
             w->comps[node].name, b.s);
    buf_release(&b);
    return ERR_OK;
}

void cluster_rebuilt(struct world *w, comp_id node)
{
    struct follower *f = &db_at(w, node)->follows;
    bool leader = !gone(w, cluster_primary(w, cluster_of(w, node))),
         copied = leader && !f->link_down;
    f->timer = 0;
    f->role = copied ? NODE_FOLLOWS : NODE_DIVERGED;
    if (copied)
        wal_level(w, node);
    database_go_down(w, node, false);
    if (copied)
        w_log(w, node, 0, LOG_INFO, 0, "rebuilt: follows again");
    else
        w_log(w, node, 0, LOG_ERROR, 0, "not rebuilt: the %s",
              leader ? "link to the primary is down" : "primary went away");
}

void cluster_restored(struct world *w, comp_id db)
{
    for (comp_id r = cluster_at(w, db)->first; r != 0;
         r = db_at(w, (comp_id)(r - 1))->follows.next) {
        struct follower *f = &db_at(w, (comp_id)(r - 1))->follows;
        if (f->role != NODE_REBUILDS)
            f->role = NODE_DIVERGED;
        f->count = 0;
    }
}

bool cluster_leads(const struct world *w, comp_id db)
{
    const struct cluster *c = cluster_at(w, db);
    return !gone(w, cluster_primary(w, db)) && !(c->candidate != 0 && c->planned);
}

double cluster_leaderless(const struct world *w, comp_id db)
{
    const struct cluster *c = cluster_at(w, db);
    return (double)(c->leaderless + leaderless_now(w, c)) / (double)SIM_SEC;
}
