/*
 * A run: one statement (or lock) on a table, from its first lock to its effect.
 *
 * The table's lock comes first, then the rows', one after the other in the order in
 * which they were drawn (or sorted): two that want the same rows in different orders
 * can deadlock, as they do in life. Then the work, in the engine. The effect, new rows,
 * dead rows and versions, comes at its end, all at once; a transaction that is rolled
 * back later undoes it, but for the versions.
 */
#include "db/table.h"
#include "engine/program.h"

enum { WANT_AUTO, WANT_NONE, WANT_SHARE, WANT_UPDATE };
enum { OPTIMISTIC_OFF, OPTIMISTIC_READ, OPTIMISTIC_WRITE };

/* ---- what it wants --------------------------------------------------------------- */

static const struct op *op_of(const struct act *a)
{
    return &a->program->ops[a->pc];
}

static bool writes(const struct world *w, comp_id s)
{
    return p_count(w, s, ST_UPDATES) + p_count(w, s, ST_DELETES) > 0;
}

/* The row that its caller has taken before; false: it has not. */
static bool callers_row(const struct world *w, const struct act *a, struct run *r)
{
    const struct act *parent = a->parent != 0 ? act_at(w, a->parent) : NULL;
    if (!parent || parent->run.row == 0)
        return false;
    uint32_t keys = (uint32_t)p_count(w, r->table, TB_KEYS);
    r->key[0] = (parent->run.row - 1) % keys;
    r->version = parent->run.row_version;
    return true;
}

static void sort_keys(struct run *r)
{
    for (uint32_t i = 1; i < r->nkeys; i++) {
        uint32_t key = r->key[i], k = i;
        for (; k > 0 && r->key[k - 1] > key; k--)
            r->key[k] = r->key[k - 1];
        r->key[k] = key;
    }
}

static void draw_rows(struct world *w, const struct act *a, struct run *r)
{
    int64_t optimistic = p_count(w, a->what, ST_OPTIMISTIC);
    bool again = p_on(w, a->what, ST_SAME_ROW) || optimistic == OPTIMISTIC_WRITE;
    r->nkeys = (uint8_t)p_count(w, a->what, ST_LOCK_ROWS);
    uint32_t i = again && callers_row(w, a, r);
    bool known = i == 1;
    for (; i < r->nkeys; i++)
        r->key[i] = table_draw_key(w, r->table);
    if (!known)
        r->version = table_at(w, r->table)->versions[r->key[0]];
    if (p_on(w, a->what, ST_SORTED) && optimistic == OPTIMISTIC_OFF)
        sort_keys(r);
}

static void want_statement(struct world *w, struct act *a, struct run *r)
{
    comp_id s = a->what;
    int64_t want = p_count(w, s, ST_LOCK);
    bool write = writes(w, s);
    r->form = LOCK_FORMS;
    r->table = statement_at(w, s)->table;
    r->lock_rows = want > WANT_NONE || (want == WANT_AUTO && write);
    r->rows = want == WANT_SHARE ? LOCK_SHARE : LOCK_EXCLUSIVE;
    r->mode = write || p_count(w, s, ST_INSERTS) > 0 ? LOCK_ROW_EXCLUSIVE
              : r->lock_rows                         ? LOCK_ROW_SHARE
                                                     : LOCK_ACCESS_SHARE;
    r->base = statement_begin(w, s);
    if (r->lock_rows || write || p_count(w, s, ST_OPTIMISTIC) != OPTIMISTIC_OFF)
        draw_rows(w, a, r);
}

static void want_lock(struct world *w, const struct act *a, struct run *r)
{
    const struct op *op = op_of(a);
    r->form = op->level;
    r->table = op->what;
    r->mode = op->level;
    r->base = PING_CPU;
    if (op->level < LOCK_MODES || op->level == LOCK_ADVISORY)
        return;
    r->mode = LOCK_ROW_SHARE;
    r->rows = op->level == LOCK_ROW ? LOCK_EXCLUSIVE : LOCK_SHARE;
    r->lock_rows = true;
    r->nkeys = 1;
    r->key[0] = table_draw_key(w, r->table);
    r->version = table_at(w, r->table)->versions[r->key[0]];
}

void run_begin(struct world *w, struct act *a, struct conn *n)
{
    ref r = w_alloc(w, sizeof(struct run));
    n->run = r;
    if (a->mode == QUERY_LOCK)
        want_lock(w, a, W_PTR(w, struct run, r));
    else
        want_statement(w, a, W_PTR(w, struct run, r));
}

/* ---- its locks ------------------------------------------------------------------- */

static struct lock_name name_of(const struct act *a, const struct run *r)
{
    if (r->form == LOCK_ADVISORY) {
        const char *text = op_of(a)->text;
        return (struct lock_name){COMP_NONE, hash_bytes(0, text, strlen(text)), text};
    }
    uint64_t key = r->stage == 0 ? LOCK_WHOLE : r->key[r->stage - 1];
    return (struct lock_name){.table = r->table, .key = key};
}

static sim_time work_of(struct world *w, const struct act *a, struct run *r)
{
    if (r->form != LOCK_FORMS)
        return r->base;
    struct table *t = table_at(w, r->table);
    r->scan = table_scans(w, r->table, a->what);
    t->scans += r->scan;
    t->lookups += !r->scan;
    double slow = statement_at(w, a->what)->slow;
    sim_time work = r->base + table_cost(w, r->table, a->what, r->scan);
    if (p_count(w, a->what, ST_OPTIMISTIC) == OPTIMISTIC_READ)
        r->version = t->versions[r->key[0]];
    return slow == 1 ? work : (sim_time)((double)work * slow);
}

bool run_locks(struct world *w, struct act *a, struct conn *n, sim_time *work)
{
    struct run *r = run_at(w, n);
    uint32_t all = 1 + (r->lock_rows ? r->nkeys : 0u);
    while (r->stage < all) {
        struct lock_name name = name_of(a, r);
        uint8_t mode = r->form == LOCK_ADVISORY ? LOCK_EXCLUSIVE
                       : r->stage == 0          ? r->mode
                                                : r->rows;
        r->stage++; /* when it is granted later, the next is next */
        if (!lock_take(w, n, &name, (enum lock_mode)mode)) {
            act_wait(w, a, CAUSE_LOCK, r->table != COMP_NONE ? r->table : n->db);
            return false;
        }
    }
    *work = work_of(w, a, r);
    return true;
}

/* ---- rolling back ---------------------------------------------------------------- */

static void undo_note(struct world *w, struct conn *n, comp_id table, int64_t inserts,
                      int64_t deletes)
{
    ref r = n->undo;
    while (r != 0 && W_PTR(w, struct undo, r)->table != table)
        r = W_PTR(w, struct undo, r)->next;
    if (r == 0) {
        r = w_alloc(w, sizeof(struct undo));
        *W_PTR(w, struct undo, r) = (struct undo){.next = n->undo, .table = table};
        n->undo = r;
    }
    W_PTR(w, struct undo, r)->inserts += inserts;
    W_PTR(w, struct undo, r)->deletes += deletes;
}

void undo_end(struct world *w, struct conn *n, bool commit)
{
    while (n->undo != 0) {
        struct undo *u = W_PTR(w, struct undo, n->undo);
        struct table *t = table_at(w, u->table);
        if (!commit && !t->dropped) {
            vacuum_revive(w, u->table, u->deletes);
            t->rows += u->deletes - u->inserts;
            t->rows = t->rows > 0 ? t->rows : 0; /* somebody has wiped it */
            t->rolled_back += (uint64_t)u->inserts;
            if (u->inserts > 0)
                vacuum_died(w, u->table, u->inserts);
        }
        n->undo = u->next;
        w_release(w, W_REF(w, u), sizeof *u);
    }
}

/* ---- its effect ------------------------------------------------------------------ */

static enum reason effect(struct world *w, const struct act *a, struct conn *n,
                          struct run *r)
{
    comp_id s = a->what;
    struct table *t = table_at(w, r->table);
    int64_t inserts = p_count(w, s, ST_INSERTS), deletes = p_count(w, s, ST_DELETES);
    int64_t rows = table_live(w, r->table);
    deletes = deletes < rows ? deletes : rows;
    if (table_gone(w, r->table, n->db))
        return REASON_ERROR;
    if (t->missing > 0 && p_on(w, s, ST_MUST_FIND) &&
        table_lacks(w, r->table, n->db, a))
        return REASON_NO_ROW;
    if (p_count(w, s, ST_OPTIMISTIC) == OPTIMISTIC_WRITE &&
        t->versions[r->key[0]] != r->version) {
        t->conflicts++;
        return REASON_CONFLICT;
    }
    if (!table_write(w, r->table, inserts, p_count(w, s, ST_UPDATES), deletes))
        return REASON_NO_IDS;
    if (n->tx && !n->ending && inserts + deletes > 0)
        undo_note(w, n, r->table, inserts, deletes);
    if (!writes(w, s))
        return REASON_NONE;
    r->version = ++t->stamp;
    for (uint32_t i = 0; i < r->nkeys; i++)
        t->versions[r->key[i]] = r->version;
    return REASON_NONE;
}

static void tell_caller(struct world *w, const struct act *a, const struct run *r)
{
    if (a->parent == 0 || r->nkeys == 0)
        return;
    struct act *parent = act_at(w, a->parent);
    parent->run.row = r->key[0] + 1;
    parent->run.row_version = r->version;
}

/* Ends a statement without any effect. */
static void run_drop(struct world *w, struct conn *n)
{
    w_release(w, n->run, sizeof(struct run));
    n->run = 0;
}

enum reason run_end(struct world *w, struct act *a, struct conn *n, enum reason reason)
{
    struct run *r = run_at(w, n);
    if (reason == REASON_NONE && r->form == LOCK_FORMS)
        reason = effect(w, a, n, r);
    if (reason == REASON_NONE)
        tell_caller(w, a, r);
    run_drop(w, n);
    /* A row of another version, or none, is no error to the database. */
    n->aborted |= n->tx && reason != REASON_NONE && reason != REASON_CONFLICT &&
                  reason != REASON_NO_ROW;
    if (n->aborted) {
        undo_end(w, n, false);
        lock_release_all(w, n);
    }
    return reason;
}
