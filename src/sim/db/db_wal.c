/*
 * The log of a database, who has got how much of it, and how much has to be kept.
 * The idea is in cluster.h: two queues with known service times, so that a mark knows
 * from the beginning when it is received and when it is applied.
 */
#include "db/cluster.h"
#include "db/statement.h"
#include "engine/telling.h"

/* ---- a follower's marks ---------------------------------------------------------- */

static struct mark *mark_at(const struct world *w, const struct follower *f, uint32_t i)
{
    return W_PTR(w, struct mark, f->marks) + (f->head + i) % MARKS;
}

struct feed { /* how a follower gets the log */
    sim_time delay;
    double bytes_per_s, replay_per_s; /* 0: no limit */
};

/* The first server has no parameters as a replica: it is like its first one. */
static struct feed feed_of(const struct world *w, comp_id node)
{
    comp_id like =
        is_replica(w, node) ? node : (comp_id)(db_at(w, node)->cluster.first - 1);
    const struct follower *f = &db_at(w, node)->follows;
    double slow = f->link_slow > 0 ? f->link_slow : 1;
    return (struct feed){
        .delay = (sim_time)((double)p_time(w, like, RP_DELAY) * slow),
        .bytes_per_s = p_number(w, like, RP_BANDWIDTH) / slow,
        .replay_per_s = p_number(w, like, RP_REPLAY),
    };
}

static sim_time time_for(uint64_t bytes, double per_s)
{
    return per_s > 0 ? copy_time((double)bytes, per_s) : 0;
}

/* When it will be there: what came before goes first. */
static void plan(struct world *w, comp_id node, struct mark *m, uint64_t bytes,
                 bool sent)
{
    struct database *d = db_at(w, node);
    struct follower *f = &d->follows;
    struct feed l = feed_of(w, node);
    sim_time now = w_now(w);
    bool away = d->down || d->stalled;
    m->applied = SIM_FOREVER;
    if (!sent && (away || f->link_down || !cluster_leads(w, cluster_of(w, node)))) {
        m->sent = m->received = SIM_FOREVER;
        return;
    }
    if (!sent) {
        f->link_free = f->link_free > now ? f->link_free : now;
        f->link_free = time_sum(f->link_free, time_for(bytes, l.bytes_per_s));
        m->sent = f->link_free;
        m->received = time_sum(m->sent, l.delay);
    }
    if (away || f->replay_stopped)
        return;
    if (f->replay_free < m->received)
        f->replay_free = m->received;
    if (f->replay_free < now)
        f->replay_free = now;
    f->replay_free = time_sum(f->replay_free, time_for(bytes, l.replay_per_s));
    m->applied = f->replay_free;
}

/* Marks go once they have come to pass. */
static void settle(struct world *w, struct follower *f)
{
    while (f->count > 0) {
        const struct mark *m = mark_at(w, f, 0);
        if (m->applied > w_now(w))
            return;
        f->base_lsn = m->lsn;
        f->base_writes = m->writes;
        f->base_kept = m->kept;
        f->base_data = m->data;
        f->head = (f->head + 1) % MARKS;
        f->count--;
    }
}

static void remember(struct world *w, comp_id node, uint64_t bytes,
                     const struct cluster *c)
{
    struct follower *f = &db_at(w, node)->follows;
    if (f->marks == 0)
        f->marks = w_alloc(w, MARKS * sizeof(struct mark));
    settle(w, f);
    if (f->count == MARKS) { /* the last two are one from now on */
        struct mark *last = mark_at(w, f, MARKS - 1);
        plan(w, node, last, bytes, false);
        last->latest = w_now(w);
        last->lsn = c->lsn;
        last->writes = c->writes;
        last->kept = cluster_kept(c) + 1;
        last->data = c->data;
        last->bytes += bytes;
        return;
    }
    struct mark *m = mark_at(w, f, f->count++);
    *m = (struct mark){.written = w_now(w),
                       .latest = w_now(w),
                       .lsn = c->lsn,
                       .writes = c->writes,
                       .kept = cluster_kept(c) + 1,
                       .data = c->data,
                       .bytes = bytes};
    plan(w, node, m, bytes, false);
}

void wal_replan(struct world *w, comp_id node)
{
    struct follower *f = &db_at(w, node)->follows;
    settle(w, f);
    f->link_free = f->replay_free = w_now(w);
    for (uint32_t i = 0; i < f->count; i++) {
        struct mark *m = mark_at(w, f, i);
        plan(w, node, m, m->bytes, m->sent <= w_now(w));
    }
}

void wal_level(struct world *w, comp_id node)
{
    struct follower *f = &db_at(w, node)->follows;
    const struct cluster *c = &db_at(w, cluster_of(w, node))->cluster;
    f->count = 0;
    f->base_lsn = c->lsn;
    f->base_writes = c->writes;
    f->base_kept = cluster_kept(c);
    f->base_data = c->data;
    f->link_free = f->replay_free = w_now(w);
}

/* The distance by which one place in the log is past another. A failover sets the log
 * back to what the new leader has, and a follower may have more than that. */
static uint64_t past(uint64_t lsn, uint64_t other)
{
    return lsn > other ? lsn - other : 0;
}

uint64_t wal_forget_unsent(struct world *w, comp_id node, uint64_t *answered)
{
    struct cluster *c = &db_at(w, cluster_of(w, node))->cluster;
    struct follower *f = &db_at(w, node)->follows;
    settle(w, f);
    while (f->count > 0 && mark_at(w, f, f->count - 1)->received == SIM_FOREVER)
        f->count--;
    f->link_free = w_now(w);
    const struct mark *last = f->count > 0 ? mark_at(w, f, f->count - 1) : NULL;
    uint64_t lsn = last ? last->lsn : f->base_lsn;
    uint64_t writes = last ? last->writes : f->base_writes;
    uint64_t gone = past(c->writes, writes);
    *answered = past(cluster_kept(c), last ? last->kept : f->base_kept);
    c->lsn_lost += past(c->lsn, lsn);
    c->lsn = lsn;
    c->writes = writes;
    c->data = last ? last->data : f->base_data;
    if (c->archived > lsn)
        c->archived = lsn;
    return gone;
}

/* ---- asking ---------------------------------------------------------------------- */

uint64_t wal_received(const struct world *w, comp_id node, uint64_t *writes)
{
    const struct follower *f = &db_at(w, node)->follows;
    uint64_t lsn = f->base_lsn, n = f->base_writes;
    for (uint32_t i = 0; i < f->count; i++) {
        const struct mark *m = mark_at(w, f, i);
        if (m->received > w_now(w))
            break;
        lsn = m->lsn;
        n = m->writes;
    }
    if (writes)
        *writes = n;
    return lsn;
}

/* The share of a mark's log that is applied by now, at the pace of what is slower: the
 * link or the replay. */
static double share_applied(const struct world *w, comp_id node, const struct mark *m)
{
    struct feed l = feed_of(w, node);
    sim_time link = time_for(m->bytes, l.bytes_per_s);
    sim_time replay = time_for(m->bytes, l.replay_per_s);
    sim_time takes = link > replay ? link : replay;
    sim_time left = m->applied == SIM_FOREVER ? takes : m->applied - w_now(w);
    return left < takes ? (double)(takes - left) / (double)takes : 0;
}

uint64_t wal_unapplied(const struct world *w, comp_id node)
{
    const struct follower *f = &db_at(w, node)->follows;
    uint64_t lsn = f->base_lsn;
    for (uint32_t i = 0; i < f->count; i++) {
        const struct mark *m = mark_at(w, f, i);
        if (m->applied > w_now(w)) {
            lsn += (uint64_t)(share_applied(w, node, m) * (double)past(m->lsn, lsn));
            break;
        }
        lsn = m->lsn;
    }
    return past(db_at(w, cluster_of(w, node))->cluster.lsn, lsn);
}

sim_time wal_lag(const struct world *w, comp_id node)
{
    const struct follower *f = &db_at(w, node)->follows;
    for (uint32_t i = 0; i < f->count; i++) {
        const struct mark *m = mark_at(w, f, i);
        if (m->applied > w_now(w)) {
            double gone = share_applied(w, node, m) * (double)(m->latest - m->written);
            return w_now(w) - m->written - (sim_time)gone;
        }
    }
    return 0;
}

sim_time wal_catch_up(const struct world *w, comp_id node)
{
    const struct follower *f = &db_at(w, node)->follows;
    if (f->count == 0)
        return 0;
    sim_time at = mark_at(w, f, f->count - 1)->applied;
    if (at == SIM_FOREVER)
        return SIM_FOREVER;
    return at > w_now(w) ? at - w_now(w) : 0;
}

/* ---- writing --------------------------------------------------------------------- */

static bool follows(const struct world *w, comp_id db, comp_id node)
{
    const struct follower *f = &db_at(w, node)->follows;
    comp_id primary = db_at(w, db)->cluster.primary;
    comp_id leads = primary != 0 ? (comp_id)(primary - 1) : db;
    return node != leads && f->role == NODE_FOLLOWS;
}

/* A replica without a slot cannot go on when the log it needs is no longer kept. */
static void check_kept(struct world *w, comp_id db, comp_id node)
{
    struct follower *f = &db_at(w, node)->follows;
    uint64_t behind = past(db_at(w, db)->cluster.lsn, wal_received(w, node, NULL));
    if (!is_replica(w, node) || p_on(w, node, RP_SLOT) ||
        behind <= (uint64_t)p_count(w, db, DB_WAL_KEEP))
        return;
    f->role = NODE_DIVERGED;
    f->count = 0;
    w_log(w, node, 0, LOG_ERROR, 0,
          "requested log has already been removed: the replica must be rebuilt");
}

/* All who follow get what was just written. */
static void send_on(struct world *w, comp_id db, uint64_t bytes)
{
    struct cluster *c = &db_at(w, db)->cluster;
    if (c->first == 0)
        return;
    if (follows(w, db, db))
        remember(w, db, bytes, c);
    for (comp_id r = c->first; r != 0; r = db_at(w, (comp_id)(r - 1))->follows.next) {
        if (!follows(w, db, (comp_id)(r - 1)))
            continue;
        remember(w, (comp_id)(r - 1), bytes, c);
        check_kept(w, db, (comp_id)(r - 1));
    }
}

void wal_wrote(struct world *w, comp_id node, comp_id statement)
{
    comp_id db = cluster_of(w, node);
    struct cluster *c = &db_at(w, db)->cluster;
    uint64_t bytes = (uint64_t)statement_wal(w, statement);
    comp_id leads = c->primary != 0 ? (comp_id)(c->primary - 1) : db;
    /* Once another one takes over what it has, nothing new gets into its log. */
    if (node != leads || (c->candidate != 0 && !c->planned)) {
        c->diverged_writes++;
        return;
    }
    c->lsn += bytes;
    c->writes++;
    c->data += statement_stores(w, statement);
    send_on(w, db, bytes);
}

void wal_changed(struct world *w, comp_id db, uint64_t bytes)
{
    db_at(w, db)->cluster.lsn += bytes;
    send_on(w, db, bytes);
}

/* A commit is acknowledged by one replica that has received, not applied, it. */
static sim_time acknowledged(const struct world *w, comp_id db, comp_id node)
{
    const struct database *d = db_at(w, node);
    if (!follows(w, db, node) || d->down || d->stalled || d->follows.link_down)
        return SIM_FOREVER;
    sim_time there = d->follows.link_free > w_now(w) ? d->follows.link_free : w_now(w);
    return there - w_now(w) + 2 * feed_of(w, node).delay;
}

sim_time wal_commit_time(struct world *w, comp_id node, sim_time *replication)
{
    comp_id db = cluster_of(w, node);
    const struct cluster *c = &db_at(w, db)->cluster;
    sim_time disk = p_time(w, db, DB_COMMIT_TIME);
    *replication = 0;
    if (c->disk_slow > 0)
        disk = (sim_time)((double)disk * c->disk_slow);
    if (!p_on(w, db, DB_SYNCHRONOUS) || c->first == 0)
        return disk;
    *replication = acknowledged(w, db, db);
    for (comp_id r = c->first; r != 0; r = db_at(w, (comp_id)(r - 1))->follows.next) {
        sim_time t = acknowledged(w, db, (comp_id)(r - 1));
        *replication = t < *replication ? t : *replication;
    }
    return disk;
}

/* ---- what is kept ---------------------------------------------------------------- */

/* A replica that is away keeps its place in the log, and the log with it. */
static uint64_t slots_behind(const struct world *w, comp_id db)
{
    const struct cluster *c = &db_at(w, db)->cluster;
    uint64_t most = 0;
    for (comp_id r = c->first; r != 0; r = db_at(w, (comp_id)(r - 1))->follows.next) {
        comp_id node = (comp_id)(r - 1);
        if (!p_on(w, node, RP_SLOT) || !follows(w, db, node))
            continue;
        uint64_t behind = past(c->lsn, wal_received(w, node, NULL));
        most = behind > most ? behind : most;
    }
    return most;
}

uint64_t wal_kept(const struct world *w, comp_id db)
{
    const struct cluster *c = &db_at(w, db)->cluster;
    uint64_t keep = (uint64_t)p_count(w, db, DB_WAL_KEEP);
    uint64_t kept = c->lsn < keep ? c->lsn : keep;
    uint64_t slots = slots_behind(w, db);
    uint64_t archive = c->archive_stuck ? past(c->lsn, c->archived) : 0;
    kept = slots > kept ? slots : kept;
    return archive > kept ? archive : kept;
}

void wal_archive(struct world *w, comp_id db, bool stuck)
{
    struct cluster *c = &db_at(w, db)->cluster;
    if (stuck && !c->archive_stuck)
        c->archived = c->lsn;
    c->archive_stuck = stuck;
}
