/*
 * Upkeep: what works on a whole table. Vacuums, indexes, migrations, statistics.
 *
 * A job is a session of its own with one act. It takes its lock on the table, waiting
 * in the queue like everybody (and stopping those behind it), then works through rows
 * piece by piece, each piece as one piece of work in the engine, where it competes with
 * the statements; some pause in between. What it was for happens at its end; a job that
 * is killed, or whose lock is not granted in time, changes nothing, except that batches
 * and vacuums keep what they have done.
 *
 * Autovacuum gives way: when somebody has waited for its lock for deadlock_timeout, it
 * is stopped, and comes again later.
 */
#include "call/call.h"
#include "db/cluster.h"
#include "db/table.h"
#include "engine/life.h"
#include "engine/telling.h"
#include "truecode/world.h"

#include <stdio.h>

#define VACUUM_ROW (2 * SIM_US)  /* of work for each dead row */
#define INSTANT    (10 * SIM_MS) /* a change of the catalogue alone */
#define BATCH      1000          /* rows of a backfill's transaction */
#define SAMPLE     30000         /* rows that analyze looks at */
#define LOOK_AGAIN SIM_SEC       /* for old transactions */
#define PIECES     100           /* of one job, at least */

enum { JOB_LOCKING, JOB_WORKING, JOB_NAPPING, JOB_OUTWAITING };
enum { COST_BUILD, COST_SCAN, COST_VACUUM, COST_WRITE };

struct job_form {
    const char *phrase;
    uint8_t mode;   /* of its lock */
    uint8_t cost;   /* of each row */
    uint8_t passes; /* over the rows; 0: no rows */
    bool naps, vacuum;
    bool outwaits; /* waits for those that began before it, before it is done */
};
static const struct job_form forms[] = {
    [JOB_NONE] = {""},
    [JOB_ANALYZE] = {"analyze", LOCK_SHARE_UPDATE_EXCLUSIVE, COST_SCAN, 1},
    [JOB_AUTOVACUUM] = {"autovacuum", LOCK_SHARE_UPDATE_EXCLUSIVE, COST_VACUUM, 1, true,
                        true},
    [JOB_VACUUM] = {"vacuum", LOCK_SHARE_UPDATE_EXCLUSIVE, COST_VACUUM, 1, false, true},
    [JOB_VACUUM_FULL] = {"vacuum full", LOCK_ACCESS_EXCLUSIVE, COST_BUILD, 1},
    [JOB_CREATE_INDEX] = {"create index", LOCK_SHARE, COST_BUILD, 1},
    [JOB_CREATE_INDEX_ONLINE] = {"create index online", LOCK_SHARE_UPDATE_EXCLUSIVE,
                                 COST_BUILD, 2, false, false, true},
    [JOB_DROP_INDEX] = {"drop index", LOCK_ACCESS_EXCLUSIVE, COST_BUILD, 0},
    [JOB_ADD_COLUMN] = {"add column", LOCK_ACCESS_EXCLUSIVE, COST_BUILD, 0},
    [JOB_REWRITE] = {"rewrite", LOCK_ACCESS_EXCLUSIVE, COST_BUILD, 1},
    [JOB_BACKFILL] = {"backfill", LOCK_ROW_EXCLUSIVE, COST_WRITE, 1, true},
    [JOB_FREEZE] = {"autovacuum to prevent wraparound", LOCK_SHARE_UPDATE_EXCLUSIVE,
                    COST_VACUUM, 1, true, true},
    [JOB_WIDEN_IDS] = {"widen ids", LOCK_ACCESS_EXCLUSIVE, COST_BUILD, 1},
};

static bool rewrites(enum job_kind kind)
{
    return kind == JOB_VACUUM_FULL || kind == JOB_REWRITE || kind == JOB_WIDEN_IDS;
}

bool job_copies(enum job_kind kind)
{
    return forms[kind].cost == COST_BUILD && forms[kind].passes > 0;
}

const char *job_phrase(enum job_kind kind)
{
    return forms[kind].phrase;
}

void world_db_upkeep(const struct world *w, comp_id table, struct db_upkeep_view *v)
{
    *v = (struct db_upkeep_view){.what = NULL};
    if (table >= w->model->ncomps || w->comps[table].kind != &kind_table)
        return;
    const struct job *j = &table_at(w, table)->job;
    if (j->kind == JOB_NONE)
        return;
    *v = (struct db_upkeep_view){
        .what = forms[j->kind].phrase,
        .waits = j->phase == JOB_LOCKING || j->phase == JOB_OUTWAITING,
        .done = j->all > 0 ? 1 - (double)j->rest / (double)j->all : 0,
        .began = j->began,
        .session = conn_at(w, j->conn)->id};
}

/* ---- how much there is to do ----------------------------------------------------- */

int64_t job_rows(const struct world *w, comp_id c, enum job_kind kind)
{
    int64_t rows = table_live(w, c), all = rows + table_at(w, c)->dead;
    if (forms[kind].passes == 0)
        return 0;
    switch (kind) {
    case JOB_ANALYZE:
        return rows < SAMPLE ? rows : SAMPLE;
    case JOB_FREEZE:
    case JOB_AUTOVACUUM:
    case JOB_VACUUM:
        return xid_aggressive(w, c) ? table_slots(w, c) : vacuum_removable(w, c, 0);
    case JOB_BACKFILL:
        return rows;
    default:
        return all * forms[kind].passes;
    }
}

static int64_t piece_of(const struct world *w, comp_id c, const struct job *j)
{
    int64_t rows = j->all / PIECES + 1;
    if (j->kind == JOB_AUTOVACUUM || j->kind == JOB_FREEZE)
        rows = (int64_t)p_number(w, c, TB_VACUUM_SPEED);
    else if (j->kind == JOB_BACKFILL)
        rows = BATCH;
    rows = rows > 0 ? rows : 1;
    return rows < j->rest ? rows : j->rest;
}

static sim_time cost_of(const struct world *w, comp_id c, const struct job *j)
{
    static const uint8_t params[] = {[COST_BUILD] = TB_BUILD_ROW,
                                     [COST_SCAN] = TB_SCAN_ROW,
                                     [COST_WRITE] = TB_WRITE_ROW};
    uint8_t cost = forms[j->kind].cost;
    if (j->all == 0)
        return INSTANT;
    return j->piece * (cost == COST_VACUUM ? VACUUM_ROW : p_time(w, c, params[cost]));
}

/* ---- its end --------------------------------------------------------------------- */

static void take_effect(struct world *w, comp_id c, const struct job *j)
{
    struct table *t = table_at(w, c);
    switch ((enum job_kind)j->kind) {
    case JOB_VACUUM_FULL:
    case JOB_REWRITE:
        vacuum_clean(w, c, vacuum_removable(w, c, j->conn));
        table_shrink(w, c);
        break;
    case JOB_WIDEN_IDS:
        vacuum_clean(w, c, vacuum_removable(w, c, j->conn));
        table_shrink(w, c);
        table_settle(w, c, p_number(w, c, TB_GROWTH));
        t->id_limit = 0;
        break;
    case JOB_CREATE_INDEX:
    case JOB_CREATE_INDEX_ONLINE:
        t->indexes |= 1u << j->index;
        break;
    case JOB_DROP_INDEX:
        t->indexes &= ~(1u << j->index);
        break;
    case JOB_ANALYZE:
    case JOB_AUTOVACUUM:
    case JOB_FREEZE:
        table_analyzed(w, c);
        break;
    default:
        break;
    }
    if (j->freezes > t->frozen)
        t->frozen = j->freezes;
    t->vacuums += forms[j->kind].vacuum || j->kind == JOB_VACUUM_FULL;
}

static struct job *job_of(struct world *w, const struct act *a)
{
    struct table *t = table_at(w, a->comp);
    struct job *j = t->job.act == W_REF(w, a) ? &t->job : &t->aside;
    assert(j->act == W_REF(w, a));
    return j;
}

/* `n`: its session; NULL: that is closed already. */
static void job_end(struct world *w, struct act *a, struct conn *n, enum reason reason)
{
    comp_id c = a->comp;
    struct job *at = job_of(w, a), j = *at;
    *at = (struct job){0};
    if (reason == REASON_NONE)
        take_effect(w, c, &j);
    char rows[60] = "";
    if (j.all > 0)
        snprintf(rows, sizeof rows, ", %lld of %lld rows", (long long)(j.all - j.rest),
                 (long long)j.all);
    w_log(w, w->comps[c].owner, 0, reason == REASON_NONE ? LOG_INFO : LOG_ERROR, 0,
          "%s of %s: %s after %.3g s%s", forms[j.kind].phrase, w->comps[c].name,
          reason == REASON_NONE ? "done" : reason_phrase(reason),
          (double)(w_now(w) - j.began) / (double)SIM_SEC, rows);
    if (n) {
        n->act = a->query.conn = 0;
        database_close(w, n, REASON_NONE);
    }
    act_finish(w, a, reason, reason == REASON_NONE ? COMP_NONE : c);
    vacuum_look(w, c);
}

/* ---- its pieces ------------------------------------------------------------------ */

static void next_piece(struct world *w, struct act *a, struct job *j)
{
    comp_id c = a->comp;
    j->piece = piece_of(w, c, j);
    j->phase = JOB_WORKING;
    j->working = w_now(w);
    a->phase = QUERY_RUN;
    station_add(w, &db_at(w, conn_at(w, j->conn)->db)->engine, a, cost_of(w, c, j));
}

/* The lock on the table; a batch also locks one of the rows that statements lock. */
static void lock_then_work(struct world *w, struct act *a, struct job *j)
{
    struct conn *n = conn_at(w, j->conn);
    comp_id c = a->comp;
    uint64_t keys = (uint64_t)p_count(w, c, TB_KEYS);
    uint64_t batch = (uint64_t)((j->all - j->rest) / BATCH);
    struct lock_name whole = {.table = c, .key = LOCK_WHOLE};
    struct lock_name row = {.table = c, .key = batch % keys};
    j->phase = JOB_LOCKING;
    a->phase = QUERY_LOCKED;
    if (lock_take(w, n, &whole, (enum lock_mode)forms[j->kind].mode) &&
        (j->kind != JOB_BACKFILL || lock_take(w, n, &row, LOCK_EXCLUSIVE)))
        next_piece(w, a, j);
    else
        act_wait(w, a, CAUSE_LOCK, c);
}

static void nap(struct world *w, struct act *a, struct job *j)
{
    sim_time took = w_now(w) - j->working, pause = took;
    if (j->kind == JOB_AUTOVACUUM || j->kind == JOB_FREEZE) {
        double speed = p_number(w, a->comp, TB_VACUUM_SPEED);
        double seconds = (double)j->piece / speed;
        seconds = seconds < 1 ? seconds : 1; /* a piece of what was a higher speed */
        pause = (sim_time)(seconds * (double)SIM_SEC) - took;
    }
    j->phase = JOB_NAPPING;
    a->phase = QUERY_RUN;
    act_timer(w, a, pause > 0 ? pause : 0, CAUSE_SLEEP, a->comp);
}

/* Waits until every transaction that began before the job did is over. */
static void outwait(struct world *w, struct act *a, struct job *j)
{
    struct conn *n = conn_at(w, j->conn);
    if (vacuum_horizon(w, n->db, j->conn) >= j->began) {
        job_end(w, a, n, REASON_NONE);
        return;
    }
    j->phase = JOB_OUTWAITING;
    a->phase = QUERY_RUN;
    act_timer(w, a, LOOK_AGAIN, CAUSE_LOCK, a->comp);
}

/* Whether a job's copy still fits; a backfill needs room for new versions of rows. */
static bool has_room(const struct world *w, comp_id c, const struct job *j)
{
    bool copies = job_copies((enum job_kind)j->kind);
    if (!copies && (j->kind != JOB_BACKFILL || table_free_slots(w, c) >= BATCH))
        return true;
    return !disk_full(w, w->comps[c].owner);
}

/* A vacuum that looks at all rows finds dead and living ones. */
static void clean_piece(struct world *w, comp_id c, const struct job *j)
{
    int64_t rows = j->piece;
    if (j->freezes != FREEZES_NONE) {
        int64_t dead = vacuum_removable(w, c, j->conn);
        rows = rows < dead ? rows : dead;
    }
    vacuum_clean(w, c, rows);
}

static void piece_done(struct world *w, struct act *a, struct job *j)
{
    struct conn *n = conn_at(w, j->conn);
    j->rest -= j->piece;
    if (forms[j->kind].vacuum)
        clean_piece(w, a->comp, j);
    if (j->kind == JOB_BACKFILL) {
        (void)table_write(w, a->comp, 0, j->piece, 0);
        lock_release_all(w, n);
    }
    if (!has_room(w, a->comp, j))
        job_end(w, a, n, REASON_DISK_FULL);
    else if (j->rest > 0 && forms[j->kind].naps)
        nap(w, a, j);
    else if (j->rest > 0)
        next_piece(w, a, j);
    else if (forms[j->kind].outwaits)
        outwait(w, a, j);
    else
        job_end(w, a, n, REASON_NONE);
}

void job_resume(struct world *w, struct act *a, enum reason reason)
{
    struct job *j = job_of(w, a);
    if (a->phase == QUERY_FAILED)
        job_end(w, a, NULL, (enum reason)a->query.reason);
    else if (reason != REASON_NONE)
        job_end(w, a, conn_at(w, j->conn), reason);
    else if (j->phase == JOB_WORKING)
        piece_done(w, a, j);
    else if (j->phase == JOB_OUTWAITING)
        outwait(w, a, j);
    else
        lock_then_work(w, a, j); /* granted, or rested */
}

/* ---- its beginning, and an early end --------------------------------------------- */

bool job_may_start(const struct world *w, comp_id c, enum job_kind kind)
{
    const struct table *t = table_at(w, c);
    bool vacuum = t->job.kind == JOB_VACUUM || t->job.kind == JOB_FREEZE;
    if (t->job.kind == JOB_NONE || t->job.kind == JOB_AUTOVACUUM)
        return t->aside.kind == JOB_NONE || !forms[kind].vacuum;
    return vacuum && t->aside.kind == JOB_NONE && !forms[kind].vacuum;
}

bool job_start(struct world *w, comp_id c, enum job_kind kind, uint32_t index,
               sim_time lock_timeout)
{
    struct table *t = table_at(w, c);
    if (!job_may_start(w, c, kind))
        return false;
    if (t->job.kind == JOB_AUTOVACUUM)
        job_stop(w, c, REASON_CANCELLED);
    if (t->job.kind != JOB_NONE)
        t->aside = t->job;
    struct act *a = act_new(w, ACT_QUERY, c);
    a->mode = QUERY_JOB;
    struct conn *n = session_own(w, table_node(w, c), a);
    n->lock_timeout = lock_timeout;
    n->upkeep = forms[kind].vacuum;
    t->job = (struct job){.kind = (uint8_t)kind,
                          .index = index,
                          .act = W_REF(w, a),
                          .conn = a->query.conn,
                          .began = w_now(w),
                          .freezes = FREEZES_NONE};
    if (forms[kind].vacuum ? xid_aggressive(w, c) : rewrites(kind))
        t->job.freezes = xid_horizon(w, c, a->query.conn);
    t->job.all = t->job.rest = job_rows(w, c, kind);
    lock_then_work(w, a, &t->job);
    return true;
}

static void stop(struct world *w, const struct job *j, enum reason reason)
{
    struct act *a = act_at(w, j->act);
    database_close(w, conn_at(w, j->conn), reason);
    job_end(w, a, NULL, reason);
}

void job_stop(struct world *w, comp_id c, enum reason reason)
{
    const struct table *t = table_at(w, c);
    if (t->job.kind != JOB_NONE)
        stop(w, &t->job, reason);
    if (t->aside.kind != JOB_NONE)
        stop(w, &t->aside, reason);
}

/* ---- giving way ------------------------------------------------------------------ */

static bool note_autovacuum(const struct world *w, struct conn *blocker, void *ctx)
{
    comp_id *stop = ctx;
    const struct act *a = blocker->act != 0 ? act_at(w, blocker->act) : NULL;
    if (!a || a->mode != QUERY_JOB || a->kind != ACT_QUERY ||
        table_at(w, a->comp)->job.kind != JOB_AUTOVACUUM)
        return true;
    *stop = a->comp;
    return false;
}

bool job_gives_way(struct world *w, const struct conn *n)
{
    comp_id stop = COMP_NONE;
    lock_blockers(w, n, note_autovacuum, &stop);
    if (stop == COMP_NONE)
        return false;
    job_stop(w, stop, REASON_CANCELLED);
    return true;
}
