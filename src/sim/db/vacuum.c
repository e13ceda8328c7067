/*
 * Dead rows: how many there are, which of them may go, and when autovacuum comes.
 *
 * An update or delete leaves the old version of a row behind for those whose
 * transaction began before. A vacuum may take it away once no transaction, and no
 * statement that runs, is older than its death: one that stays open holds back the
 * vacuum of every table of its database. (In PostgreSQL one that has only read, at READ
 * COMMITTED, does not while it is idle. Here every open transaction does.)
 *
 * To know how many had died before a moment the table keeps at most DEAD_MARKS pairs of
 * (time, died so far), and twice the spacing each time they are full: what may go is
 * never overestimated.
 */
#include "db/database.h"
#include "db/table.h"
#include "engine/telling.h"

#define MARK_EVERY     (100 * SIM_MS)
#define VACUUM_AT_BASE 50 /* autovacuum_vacuum_threshold */

static void thin_out(struct table *t)
{
    t->nmarks /= 2;
    for (uint32_t i = 0; i < t->nmarks; i++)
        t->marks[i] = t->marks[2 * i];
    t->mark_every *= 2;
}

static void mark(struct table *t, sim_time now)
{
    if (t->mark_every == 0)
        t->mark_every = MARK_EVERY;
    if (t->nmarks > 0 && now - t->marks[t->nmarks - 1].at < t->mark_every)
        return;
    if (t->nmarks == DEAD_MARKS)
        thin_out(t);
    t->marks[t->nmarks++] = (struct dead_mark){now, t->died};
}

static bool is_due(const struct world *w, comp_id c)
{
    const struct table *t = table_at(w, c);
    if (xid_forced(w, c))
        return true;
    double at =
        VACUUM_AT_BASE + p_number(w, c, TB_VACUUM_SCALE) * (double)table_live(w, c);
    return p_on(w, c, TB_AUTOVACUUM) && (double)t->dead > at;
}

/* Comes by in a while, when there is reason to. */
static void arm(struct world *w, comp_id c)
{
    struct table *t = table_at(w, c);
    if (!t->dropped && t->vacuum_timer == 0 && t->job.kind == JOB_NONE &&
        t->aside.kind == JOB_NONE && is_due(w, c))
        t->vacuum_timer =
            cal_at(w, w_now(w) + p_time(w, c, TB_VACUUM_EVERY), EV_KIND, c, 0, 0);
}

void vacuum_died(struct world *w, comp_id c, int64_t rows)
{
    struct table *t = table_at(w, c);
    mark(t, w_now(w));
    t->dead += rows;
    t->died += rows;
    arm(w, c);
}

sim_time vacuum_horizon(const struct world *w, comp_id db, ref but)
{
    sim_time oldest = w_now(w);
    for (ref r = db_at(w, db)->first; r != 0; r = conn_at(w, r)->next) {
        const struct conn *n = conn_at(w, r);
        sim_time since = n->tx                     ? n->tx_since
                         : n->state == CONN_ACTIVE ? n->since
                                                   : oldest;
        if (since < oldest && r != but && !n->upkeep)
            oldest = since;
    }
    return oldest;
}

int64_t vacuum_removable(const struct world *w, comp_id c, ref but)
{
    const struct table *t = table_at(w, c);
    sim_time horizon = vacuum_horizon(w, table_node(w, c), but);
    int64_t before = 0;
    if (horizon == w_now(w))
        return t->dead;
    for (uint32_t i = 0; i < t->nmarks && t->marks[i].at <= horizon; i++)
        before = t->marks[i].dead;
    return before > t->cleaned ? before - t->cleaned : 0;
}

void vacuum_revive(struct world *w, comp_id c, int64_t rows)
{
    struct table *t = table_at(w, c);
    rows = rows < t->dead ? rows : t->dead;
    t->dead -= rows;
    t->cleaned += rows;
    uint32_t old = 0; /* marks that say nothing any more */
    while (old + 1 < t->nmarks && t->marks[old + 1].dead <= t->cleaned)
        old++;
    t->nmarks -= old;
    memmove(t->marks, t->marks + old, t->nmarks * sizeof *t->marks);
    if (t->dead == 0)
        t->mark_every = MARK_EVERY;
}

void vacuum_clean(struct world *w, comp_id c, int64_t rows)
{
    table_keep_space(w, c);
    vacuum_revive(w, c, rows);
}

void vacuum_due(struct world *w, comp_id c)
{
    struct table *t = table_at(w, c);
    comp_id db = table_node(w, c);
    t->vacuum_timer = 0;
    if (!is_due(w, c) || t->job.kind != JOB_NONE || t->aside.kind != JOB_NONE)
        return; /* the end of the other looks again */
    if (xid_forced(w, c) && xid_horizon(w, c, 0) > table_at(w, c)->frozen &&
        !db_at(w, db)->down) {
        (void)job_start(w, c, JOB_FREEZE, 0, 0);
        return;
    }
    if (vacuum_removable(w, c, 0) > 0 && !db_at(w, db)->down) {
        (void)job_start(w, c, JOB_AUTOVACUUM, 0, 0);
        return;
    }
    sim_time age = w_now(w) - vacuum_horizon(w, db, 0);
    if (age > 0)
        w_log(w, db, 0, LOG_WARN, 0,
              "vacuum of %s: %lld dead rows cannot be removed yet, the oldest "
              "transaction is open for %.3g s",
              w->comps[c].name, (long long)t->dead, (double)age / (double)SIM_SEC);
    arm(w, c);
}

void vacuum_look(struct world *w, comp_id c)
{
    arm(w, c);
}

void vacuum_rearm(struct world *w, comp_id c)
{
    cal_cancel(w, &table_at(w, c)->vacuum_timer);
    arm(w, c);
}
