/*
 * table: what statements do to a table, and what that costs.
 *
 * A table has rows (which grow), dead rows (left behind by updates and deletes until a
 * vacuum takes them away), indexes, and statistics that the planner goes by. With
 * T = rows + dead rows, of which `rows` live:
 *
 *     scan    S * scan_row, where S are the rows that its pages have room for: an empty
 *             page is read too (table_space.c)
 *     index   (ceil(log2(T + 1)) + examined * T / rows) * index_step
 *     write   each row: write_row, and for inserts and updates, on the primary key and
 *             on each index, ceil(log2(T + 1)) * index_step; where ids are drawn at
 *             random, an insert also looks all / left of them up (ids there are, ids
 *             that are free)
 *
 * is added to the statement's own `cpu`. The planner takes an index when that is not
 * dearer than a scan, both reckoned with the rows it knows of (statistics), without
 * dead ones.
 *
 * A run of a statement on a table takes the table's lock, then its rows' one after the
 * other, then works in the engine, and has its effect at the end.
 *
 * Optimistic concurrency. `optimistic = read` notes the version of the row for the
 * caller; `optimistic = write` writes that same row, and fails with CONFLICT when
 * anybody has written it since. Between the two the caller may do what it likes; the
 * two need no transaction. N clients that must each write one row once, as in the
 * published comparison of backoff with jitter:
 *
 *     database db: cores and max_connections >= N, connect_time 0
 *     table db.t: rows 1, keys 1, and scan_row, index_step, write_row 0
 *     statement db.read: cpu 0, table t, optimistic read
 *     statement db.write: cpu 0, table t, updates 1, optimistic write
 *     service app: workers >= N; endpoint write = query db.read, query db.write
 *     pool app.pool: size >= N
 *     call app.db: network normal(10ms, 2ms): one draw for each of the four hops
 *     service driver: endpoint all = parallel of N times call app/write
 *     call driver.app: network 0, retries enough, and the backoff under test
 *
 * Backoff there is base * 2^n before retry n = 1, 2, ...; here the first pause is the
 * base: give base = 10ms for its 5ms (decorrelated: base = 5ms). The pool must have its
 * connections open, or connect_time be 0. Time: of the driver's request; calls: the
 * statement's calls_total.
 */
#ifndef SIM_TABLE_H
#define SIM_TABLE_H

#include "db/lock.h"
#include "db/statement.h"

struct zipf;
extern const struct kind_impl kind_table, kind_statement;
enum table_param {
    TB_ROWS,
    TB_ROW_BYTES,
    TB_GROWTH,
    TB_INDEXES,
    TB_KEYS,
    TB_POPULARITY,
    TB_SCAN_ROW,
    TB_INDEX_STEP,
    TB_WRITE_ROW,
    TB_BUILD_ROW,
    TB_AUTOVACUUM,
    TB_VACUUM_SCALE,
    TB_VACUUM_EVERY,
    TB_VACUUM_SPEED,
    TB_ID_LIMIT,
    TB_NEXT_ID,
    TB_IDS,
    TB_FROZEN_AGE,
    TB_GREW,
    TB_PARAMS
};
enum table_rng { TABLE_RNG_ROW };
enum { INDEXES_MAX = 32, DEAD_MARKS = 64 };
enum { INDEX_PRIMARY = 0 };

/* Model time: comp.data of a table, and of its statements. */
struct table_data {
    uint32_t nindexes;
    const char *index[INDEXES_MAX]; /* [0]: the primary key */
    uint32_t at_start;              /* bits */
    const struct zipf *popular;     /* how keys are drawn; NULL: all alike */
};
struct statement_data {
    uint32_t index; /* of its table: the one it looks rows up by */
};

/* The number of dead rows that there had been in all at a moment. */
struct dead_mark {
    sim_time at;
    int64_t dead;
};

enum job_kind {
    JOB_NONE,
    JOB_ANALYZE,
    JOB_AUTOVACUUM,
    JOB_VACUUM,
    JOB_VACUUM_FULL,
    JOB_CREATE_INDEX,
    JOB_CREATE_INDEX_ONLINE,
    JOB_DROP_INDEX,
    JOB_ADD_COLUMN,
    JOB_REWRITE,
    JOB_BACKFILL,
    JOB_WIDEN_IDS,
    JOB_FREEZE
};
#define FREEZES_NONE INT64_MIN
/* Upkeep that is under way. One at a time for each table, but for a vacuum that is no
 * autovacuum: a change of the table waits for the vacuum's lock, and all who come later
 * wait behind the change. */
struct job {
    uint8_t kind;
    uint8_t phase;
    uint32_t index; /* being made or dropped */
    ref act, conn;
    sim_time began;
    sim_time working;  /* start of this piece of work */
    int64_t rest, all; /* rows to go; of how many */
    int64_t piece;     /* rows of the piece under way */
    int64_t freezes;   /* transactions up to here, when it is done; FREEZES_NONE */
};

struct table {
    int64_t rows;   /* live rows as of `since`; see table_live() */
    sim_time since; /* growth is counted from here */
    int64_t next_id;
    int64_t id_limit; /* 0: none */
    int64_t known;    /* rows as the planner believes */
    bool misled;      /* statistics are wrong, and stay so until an analyze */
    uint32_t indexes; /* bits: those there are */
    int64_t dead;     /* dead rows now */
    int64_t died;     /* dead rows ever */
    int64_t cleaned;  /* of those, taken away by a vacuum: died - dead */
    struct dead_mark marks[DEAD_MARKS]; /* ascending; thinned out when full */
    uint32_t nmarks;
    sim_time mark_every; /* spacing of marks */
    uint32_t vacuum_timer;
    struct job job;
    struct job aside; /* a vacuum that runs while `job` waits for its lock */
    comp_id next;     /* the next table of its database, + 1 */
    int64_t slots;    /* rows that its pages hold, as far as it is known: see
                             table_slots() */
    uint64_t scans, lookups, inserted, updated, deleted, conflicts, no_ids, vacuums;
    uint64_t rolled_back; /* of those inserted */
    int64_t frozen; /* transactions up to here do not matter to its rows any more */
    bool dropped;
    int64_t missing; /* rows that somebody wiped and nobody has put back */
    uint64_t wiped, restored, lost; /* rows ever: by mistake, by restores */
    /* The mistake that `missing` began with: when, after how much log, and how many rows
     * there should have been. */
    sim_time wiped_at;
    uint64_t wiped_lsn;
    int64_t whole;
    int64_t back;   /* the oldest so many of them: none of these is missing any more */
    uint32_t stamp; /* version given out last */
    uint32_t versions[]; /* by key: stamp of its last write */
};
static inline struct table *table_at(const struct world *w, comp_id c)
{
    return W_STATE(w, struct table, c);
}
static inline const struct table_data *table_data(const struct world *w, comp_id c)
{
    return w->comps[c].data;
}

/* The run of one statement (or lock) on its session; conn->run. */
struct run {
    comp_id table;
    uint8_t
        form; /* a lock's: enum lock_mode or LOCK_ROW ...; LOCK_FORMS: a statement */
    uint8_t mode; /* of the table's lock */
    uint8_t rows; /* mode of its row locks */
    bool lock_rows, scan;
    uint8_t stage; /* locks it has: the table's, then each row's */
    uint8_t nkeys;
    sim_time base;    /* the statement's own work */
    uint32_t version; /* optimistic: as the caller has read it */
    uint32_t key[LOCK_ROWS_MAX];
};
static inline struct run *run_at(const struct world *w, const struct conn *n)
{
    return W_PTR(w, struct run, n->run);
}

/* The rows that a transaction has changed in one table so far; conn->undo. */
struct undo {
    ref next;
    comp_id table;
    int64_t inserts, deletes;
};
/* Ends a transaction. Rolled back: what was inserted is dead, what was deleted alive. */
void undo_end(struct world *w, struct conn *n, bool commit);

/* ---- statements on tables (statement_run.c), where a query works on one ---------- */

/* Begins the run of a statement, or of a lock. */
void run_begin(struct world *w, struct act *a, struct conn *n);
/* Takes what locks are left. True: it has them all, *work is what is to be done now.
 * False: conn->waits is set. */
bool run_locks(struct world *w, struct act *a, struct conn *n, sim_time *work);
/* The work is done, or was stopped: its effect on the table, or why it has none. */
enum reason run_end(struct world *w, struct act *a, struct conn *n, enum reason reason);

/* ---- tables (table_rows.c) ------------------------------------------------------- */

/* The server that takes its database's writes, where its upkeep runs. */
comp_id table_node(const struct world *w, comp_id c);
int64_t table_live(const struct world *w, comp_id c);
int64_t table_ids_left(const struct world *w, comp_id c); /* -1: no limit */
/* Counts growth up to now, before it changes. */
void table_settle(struct world *w, comp_id c, double growth);
uint32_t table_draw_key(struct world *w, comp_id c);
bool table_scans(struct world *w, comp_id c, comp_id statement);
sim_time table_cost(const struct world *w, comp_id c, comp_id statement, bool scan);
/* Changes rows and ids; false: no ids are left, and nothing has changed. */
bool table_write(struct world *w, comp_id c, int64_t inserts, int64_t updates,
                 int64_t deletes);
void table_analyzed(struct world *w, comp_id c); /* the planner knows what is so */
/* An index by name; INDEXES_MAX: none of that name. */
uint32_t table_index(const struct table_data *d, const char *name);

/* ---- the disk it takes (table_space.c) ------------------------------------------- */

/* Rows that fit into its pages: those it has, dead or alive, and free room. */
int64_t table_slots(const struct world *w, comp_id c);
int64_t table_free_slots(const struct world *w, comp_id c);
void table_keep_space(struct world *w, comp_id c); /* before rows are taken away */
void table_shrink(struct world *w, comp_id c);     /* written anew: no free room */
int64_t table_heap_bytes(const struct world *w, comp_id c);  /* rows, in whole pages */
int64_t table_index_bytes(const struct world *w, comp_id c); /* all its indexes */
/* The bytes of a database's tables, with indexes and what jobs have copied so far. */
int64_t tables_bytes(const struct world *w, comp_id db);
int64_t tables_bytes_at_start(const struct world *w, comp_id db);

/* ---- rows by mistake, rows from a backup (table_fate.c) -------------------------- */

struct table_copy { /* of a table, in a backup */
    int64_t rows, next_id, id_limit, missing;
    uint64_t rolled_back;
    uint32_t indexes;
    bool dropped;
};
/* Somebody deletes that share of the rows, or drops the table; returns how many. */
int64_t table_wipe(struct world *w, comp_id c, double share);
int64_t table_drop(struct world *w, comp_id c);
/* The same share goes, and nobody misses it. */
void table_tidy(struct world *w, comp_id c, double share);
struct table_copy table_copy(const struct world *w, comp_id c);
/* A copy of the table `age` before the start. */
struct table_copy table_copy_at_start(const struct world *w, comp_id c, sim_time age);
void table_put_back(struct world *w, comp_id c, const struct table_copy *from);
/* Whether the row that this act is about is missing, as that server has it. */
bool table_lacks(const struct world *w, comp_id c, comp_id node, const struct act *a);
/* Whether a server has applied the deletion that `missing` began with. */
bool table_wiped_on(const struct world *w, comp_id c, comp_id node);
/* The table is dropped, and that server knows. */
static inline bool table_gone(const struct world *w, comp_id c, comp_id node)
{
    return table_at(w, c)->dropped && table_wiped_on(w, c, node);
}
/* Missing rows that a copy holds: of a backup, or, without one, all from before the
 * mistake. */
int64_t table_rescuable(const struct world *w, comp_id c,
                        const struct table_copy *from);
/* Brings the rows back; newer ones stay. Returns their number. */
int64_t table_rescue(struct world *w, comp_id c, const struct table_copy *from);

/* ---- dead rows (vacuum.c) -------------------------------------------------------- */

void vacuum_died(struct world *w, comp_id c, int64_t rows);
/* Dead rows that no open transaction (`but` is not counted) may still need to see. */
int64_t vacuum_removable(const struct world *w, comp_id c, ref but);
/* Dead rows go; their room is free for others of the same table. */
void vacuum_clean(struct world *w, comp_id c, int64_t rows);
/* Rows that were counted as dead are alive: their deletion is undone. */
void vacuum_revive(struct world *w, comp_id c, int64_t rows);
void vacuum_due(struct world *w, comp_id c);   /* the timer: is it time? */
void vacuum_look(struct world *w, comp_id c);  /* something changed: is there reason? */
void vacuum_rearm(struct world *w, comp_id c); /* vacuum_every has changed */
/* Since when the oldest transaction or statement runs; now: there is none. `but` is not
 * counted. */
sim_time vacuum_horizon(const struct world *w, comp_id db, ref but);

/* ---- transaction ids (db_xid.c) -------------------------------------------------- */

/* Transactions since the oldest that its rows may still bear the id of. */
int64_t xid_age(const struct world *w, comp_id c);
/* A vacuum of it has to look at all its rows, and freezes them. */
bool xid_aggressive(const struct world *w, comp_id c);
/* Whether the age is past freeze_max_age: autovacuum comes, whether on or not. */
bool xid_forced(const struct world *w, comp_id c);
/* The age up to which a vacuum that begins now can freeze: no open transaction is
 * older. */
int64_t xid_horizon(const struct world *w, comp_id c, ref but);

/* ---- upkeep (table_upkeep.c): vacuums, indexes, migrations ----------------------- */

bool job_start(struct world *w, comp_id c, enum job_kind kind, uint32_t index,
               sim_time lock_timeout);
void job_resume(struct world *w, struct act *a, enum reason reason);
/* Whether a job of this kind is not turned away: nothing is under way, or an autovacuum,
 * which gives way, or a vacuum that it waits for. */
bool job_may_start(const struct world *w, comp_id c, enum job_kind kind);
/* Ends all upkeep under way, if any, and closes its sessions. */
void job_stop(struct world *w, comp_id c, enum reason reason);
/* An autovacuum that `n` waits for is stopped. False: there is none. */
bool job_gives_way(struct world *w, const struct conn *n);
const char *job_phrase(enum job_kind kind);
/* Rows that it would go through if it began now; 0: none. */
int64_t job_rows(const struct world *w, comp_id c, enum job_kind kind);
bool job_copies(enum job_kind kind); /* needs room on the disk until it is done */

/* ---- sessions without a pool (db_session.c) -------------------------------------- */
struct conn *session_own(struct world *w, comp_id db, struct act *a);

#endif
