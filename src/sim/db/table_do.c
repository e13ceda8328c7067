/*
 * Operations on a table, and the faults that can befall it.
 */
#include "db/database.h"
#include "db/describe.h"
#include "db/table.h"

#include <stdio.h>

enum {
    OP_CREATE_INDEX,
    OP_DROP_INDEX,
    OP_ANALYZE,
    OP_VACUUM,
    OP_VACUUM_FULL,
    OP_MIGRATE,
    OP_WIDEN_IDS,
    OP_DELETE_ROWS,
    OP_COUNT
};
#define INDEX_ARG                                                                      \
    {                                                                                  \
        .name = "index", .type = VALUE_TEXT, .doc = "The index, by its name."          \
    }
const struct op_desc table_ops[TABLE_OPS] = {
    [OP_CREATE_INDEX] =
        {.name = "create_index",
         .args = {INDEX_ARG,
                  {.name = "online",
                   .type = VALUE_BOOL,
                   .optional = true,
                   .doc = "on (as if not said): takes twice the work, and waits for "
                          "transactions that are open; off: nobody writes meanwhile."}},
         .cost = 2 * SIM_SEC,
         .risk = "It takes cores from the statements; with online off nobody can write "
                 "to the table until it is done.",
         .doc = "Builds an index; the time it takes grows with the table."},
    [OP_DROP_INDEX] = {.name = "drop_index",
                       .args = {INDEX_ARG},
                       .cost = 2 * SIM_SEC,
                       .risk =
                           "What looked rows up by it scans the table from then on; "
                           "it waits for its turn, and everybody behind it.",
                       .doc = "Takes an index away."},
    [OP_ANALYZE] = {.name = "analyze",
                    .cost = 2 * SIM_SEC,
                    .doc = "Renews the statistics that the planner goes by."},
    [OP_VACUUM] = {.name = "vacuum",
                   .cost = 2 * SIM_SEC,
                   .doc = "Cleans up dead rows that no open transaction may still see, "
                          "as fast as it can; their room is free for new rows of the "
                          "table, and stays on the disk."},
    [OP_VACUUM_FULL] =
        {.name = "vacuum_full",
         .cost = 2 * SIM_SEC,
         .risk = "Nobody can read or write the table until it is done.",
         .doc = "Writes the table anew, without dead rows and free room; needs "
                "room on the disk for the new one beside the old."},
    [OP_MIGRATE] =
        {.name = "migrate",
         .args = {{.name = "change",
                   .type = VALUE_TEXT,
                   .doc = "add_column, rewrite, add_index or backfill."},
                  {.name = "index",
                   .type = VALUE_TEXT,
                   .optional = true,
                   .doc = "add_index: the index."},
                  {.name = "lock_timeout",
                   .type = VALUE_DURATION,
                   .optional = true,
                   .doc = "Gives up when it has waited so long for its lock."}},
         .cost = 5 * SIM_SEC,
         .risk =
             "A new column and a rewrite need the table for themselves: they wait for "
             "every transaction that has touched it, and everybody else waits behind "
             "them; a rewrite keeps it until it is done. Give it a lock timeout.",
         .doc = "Changes the table: add_column at once, rewrite row by row under the "
                "lock, add_index online, backfill in batches."},
    [OP_WIDEN_IDS] = {.name = "widen_ids",
                      .cost = 5 * SIM_SEC,
                      .risk = "Nobody can read or write the table until every row is "
                              "written anew.",
                      .doc = "Makes the id column a bigint."},
    [OP_DELETE_ROWS] =
        {.name = "delete_rows",
         .args = {{.name = "share",
                   .type = VALUE_FRACTION,
                   .doc = "How much of the table."},
                  {.name = "meant",
                   .type = VALUE_BOOL,
                   .optional = true,
                   .doc = "on: nobody needs them any more; not said: a mistake."}},
         .cost = 5 * SIM_SEC,
         .risk =
             "They are gone in the replicas, too; only a copy from before has them.",
         .doc = "Somebody cleans up by hand; where it was a mistake, as the fault "
                "rows_deleted, with a change record."},
};
_Static_assert((int)OP_COUNT == (int)TABLE_OPS, "one for each");

enum {
    FAULT_INDEX_LOST,
    FAULT_BAD_PLAN,
    FAULT_ROWS_DELETED,
    FAULT_DROPPED,
    FAULT_COUNT
};
const struct fault_desc table_faults[TABLE_FAULTS] = {
    [FAULT_INDEX_LOST] = {.name = "index_lost",
                          .args = {{.name = "index",
                                    .type = VALUE_TEXT,
                                    .optional = true,
                                    .doc = "Which; not said: all of them."}},
                          .doc =
                              "An index is gone: dropped by a migration, or broken."},
    [FAULT_BAD_PLAN] = {.name = "bad_plan",
                        .doc = "The statistics are wrong, the planner thinks that the "
                               "table is empty and scans it; until an analyze."},
    [FAULT_ROWS_DELETED] =
        {.name = "rows_deleted",
         .args = {{.name = "share",
                   .type = VALUE_FRACTION,
                   .optional = true,
                   .doc = "How much of the table; not said: all of it."}},
         .doc = "Somebody deletes rows, and that is committed: replicas have it, too. "
                "Only a backup brings them back."},
    [FAULT_DROPPED] = {.name = "dropped",
                       .doc = "Somebody drops the table: statements on it fail until a "
                              "backup is put back."},
};
_Static_assert((int)FAULT_COUNT == (int)TABLE_FAULTS, "one for each");

/* ---- operations ------------------------------------------------------------------ */

static enum err named_index(const struct world *w, comp_id c, const char *name,
                            bool there, uint32_t *index, struct errmsg *why)
{
    const struct table_data *d = table_data(w, c);
    *index = table_index(d, name);
    if (*index == INDEXES_MAX) {
        const char *near =
            text_suggest(name, (const char *const *)d->index, d->nindexes);
        return errmsg_set(why, ERR_NOT_FOUND,
                          "no statement looks rows of %s up by \"%.40s\"%s%s%s",
                          w->comps[c].name, name, near ? "; did you mean \"" : "",
                          near ? near : "", near ? "\"?" : "");
    }
    bool exists = (table_at(w, c)->indexes & 1u << *index) != 0;
    if (exists != there)
        return errmsg_set(why, ERR_REFUSED, "%s has %s index %s", w->comps[c].name,
                          exists ? "that" : "no", name);
    return ERR_OK;
}

static enum err begin_job(struct world *w, comp_id c, enum job_kind kind,
                          uint32_t index, sim_time lock_timeout, struct effect *fx,
                          struct errmsg *why)
{
    const struct job *j = &table_at(w, c)->job;
    comp_id db = table_node(w, c);
    if (db_at(w, db)->down || db_at(w, db)->stalled)
        return errmsg_set(why, ERR_REFUSED, "%s does not answer", w->comps[db].name);
    if (table_at(w, c)->dropped)
        return errmsg_set(why, ERR_REFUSED, "there is no table %s any more",
                          w->comps[c].name);
    if (!job_may_start(w, c, kind)) {
        if (j->kind == JOB_NONE)
            j = &table_at(w, c)->aside;
        return errmsg_set(why, ERR_REFUSED,
                          "%s of %s is under way (session %u); kill it, or wait",
                          job_phrase((enum job_kind)j->kind), w->comps[c].name,
                          conn_at(w, j->conn)->id);
    }
    int64_t rows = job_rows(w, c, kind);
    if (!job_start(w, c, kind, index, lock_timeout))
        BUG("a job did not start");
    struct buf n;
    buf_init(&n, 0);
    count_format(&n, (double)rows);
    snprintf(fx->title, sizeof fx->title, "%s of %s begun%s%s%s", job_phrase(kind),
             w->comps[c].name, rows > 0 ? ": " : "", rows > 0 ? n.s : "",
             rows == 0  ? ""
             : rows > 1 ? " rows to go through"
                        : " row to go through");
    buf_release(&n);
    return ERR_OK;
}

static enum err migrate(struct world *w, comp_id c, const struct action *a,
                        struct effect *fx, struct errmsg *why)
{
    static const char *const names[] = {"add_column", "rewrite", "backfill",
                                        "add_index"};
    static const enum job_kind kinds[] = {JOB_ADD_COLUMN, JOB_REWRITE, JOB_BACKFILL,
                                          JOB_CREATE_INDEX_ONLINE};
    const char *name = a->args[0].as.text;
    const char *index_name = action_text(a, 1);
    uint32_t index = 0;
    size_t i = 0;
    while (i < COUNT_OF(names) && !str_eq(names[i], name))
        i++;
    if (i == COUNT_OF(names))
        return errmsg_set(why, ERR_INPUT,
                          "\"%.40s\" is none of add_column, rewrite, add_index and "
                          "backfill",
                          name);
    if (kinds[i] == JOB_CREATE_INDEX_ONLINE) {
        enum err e = named_index(w, c, index_name, false, &index, why);
        if (e != ERR_OK)
            return e;
    }
    sim_time limit = action_gives(a, 2) ? a->args[2].as.duration : 0;
    if (limit < 0)
        return errmsg_set(why, ERR_INPUT, "lock_timeout is 0 s or more");
    return begin_job(w, c, kinds[i], index, limit, fx, why);
}

static enum err index_op(struct world *w, comp_id c, int op, const struct action *a,
                         struct effect *fx, struct errmsg *why)
{
    uint32_t index;
    bool drop = op == OP_DROP_INDEX;
    bool online = !action_gives(a, 1) || a->args[1].as.on;
    enum err e = named_index(w, c, a->args[0].as.text, drop, &index, why);
    if (e != ERR_OK)
        return e;
    return begin_job(w, c,
                     drop     ? JOB_DROP_INDEX
                     : online ? JOB_CREATE_INDEX_ONLINE
                              : JOB_CREATE_INDEX,
                     index, 0, fx, why);
}

/* How many they were stands in no record, as in a log of statements. */
static enum err delete_rows(struct world *w, comp_id c, const struct action *a,
                            struct effect *fx, struct errmsg *why)
{
    if (table_at(w, c)->dropped)
        return errmsg_set(why, ERR_REFUSED, "there is no table %s any more",
                          w->comps[c].name);
    double share = a->args[0].as.number;
    bool meant = action_gives(a, 1) && a->args[1].as.on;
    if (meant)
        table_tidy(w, c, share);
    else
        (void)table_wipe(w, c, share);
    snprintf(fx->title, sizeof fx->title, "delete from %s, by hand", w->comps[c].name);
    return ERR_OK;
}

enum err table_op(struct world *w, comp_id c, int op, const struct action *a,
                  struct effect *fx, struct errmsg *why)
{
    static const enum job_kind kinds[] = {[OP_ANALYZE] = JOB_ANALYZE,
                                          [OP_VACUUM] = JOB_VACUUM,
                                          [OP_VACUUM_FULL] = JOB_VACUUM_FULL,
                                          [OP_WIDEN_IDS] = JOB_WIDEN_IDS};
    if (op == OP_DELETE_ROWS)
        return delete_rows(w, c, a, fx, why);
    if (op == OP_MIGRATE)
        return migrate(w, c, a, fx, why);
    if (op == OP_CREATE_INDEX || op == OP_DROP_INDEX)
        return index_op(w, c, op, a, fx, why);
    if (op == OP_WIDEN_IDS && table_at(w, c)->id_limit == 0)
        return errmsg_set(why, ERR_REFUSED, "the ids of %s have no limit",
                          w->comps[c].name);
    return begin_job(w, c, kinds[op], 0, 0, fx, why);
}

/* When it ends by itself, what was lost is there again. */
static enum err lose_index(struct world *w, comp_id c, const struct action *a, bool on,
                           struct errmsg *why)
{
    struct table *t = table_at(w, c);
    const struct table_data *d = table_data(w, c);
    bool all = action_text(a, 0)[0] == '\0';
    uint32_t i = all ? 0 : table_index(d, a->args[0].as.text);
    if (i == INDEXES_MAX)
        return errmsg_set(why, ERR_NOT_FOUND, "%s has no index \"%.40s\"",
                          w->comps[c].name, a->args[0].as.text);
    if (on)
        t->indexes &= all ? 0 : ~(1u << i);
    else
        t->indexes |= d->at_start;
    return ERR_OK;
}

static enum err wipe_table(struct world *w, comp_id c, int fault,
                           const struct action *a, struct errmsg *why)
{
    if (table_at(w, c)->dropped)
        return errmsg_set(why, ERR_REFUSED, "%s is dropped already", w->comps[c].name);
    if (fault == FAULT_DROPPED)
        (void)table_drop(w, c);
    else
        (void)table_wipe(w, c, action_gives(a, 0) ? a->args[0].as.number : 1);
    return ERR_OK;
}

enum err table_fault(struct world *w, comp_id c, int fault, const struct action *a,
                     bool on, struct errmsg *why)
{
    struct table *t = table_at(w, c);
    if (fault == FAULT_INDEX_LOST)
        return lose_index(w, c, a, on, why);
    if (fault == FAULT_ROWS_DELETED || fault == FAULT_DROPPED)
        return on ? wipe_table(w, c, fault, a, why) : ERR_OK;
    if (!on && t->misled) {
        table_analyzed(w, c);
    } else if (on) {
        t->misled = true;
        t->known = 0;
    }
    return ERR_OK;
}
