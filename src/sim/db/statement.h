/*
 * statement: what one run of a statement asks of its database.
 */
#ifndef SIM_DB_STATEMENT_H
#define SIM_DB_STATEMENT_H

#include "engine/engine.h"

/* A statement that reads nothing (a health check's "select 1") still takes its turn: a
 * database that stands still does not answer it. */
#define PING_CPU (50 * SIM_US)

enum { LOCK_ROWS_MAX = 16 }; /* of one run */
enum statement_param {
    ST_CPU,
    ST_WAL,
    ST_STORES,
    ST_ON,
    ST_TABLE,
    ST_ACCESS,
    ST_INDEX,
    ST_ROWS,
    ST_INSERTS,
    ST_UPDATES,
    ST_DELETES,
    ST_LOCK,
    ST_LOCK_ROWS,
    ST_SORTED,
    ST_SAME_ROW,
    ST_OPTIMISTIC,
    ST_MUST_FIND,
    ST_PARAMS
};
struct statement {
    uint64_t calls, failed;
    sim_time time;
    uint32_t running;
    comp_id table; /* the table worked on; COMP_NONE: none is modelled */
    bool changes;  /* writes, to the log or to a table: as the parameters are now */
    double slow;   /* times the work; 1: as it should be */
};
static inline struct statement *statement_at(const struct world *w, comp_id statement)
{
    return W_STATE(w, struct statement, statement);
}
/* Bytes that one run adds to the log, and to the data; 0: it only reads. */
int64_t statement_wal(const struct world *w, comp_id statement);
int64_t statement_stores(const struct world *w, comp_id statement);
/* Whether it may run on a replica. */
bool statement_on_replica(const struct model *m, comp_id statement);
/* The work of one run; it begins now. */
sim_time statement_begin(struct world *w, comp_id statement);
/* A run ended, `took` ns after it began. */
void statement_end(struct world *w, comp_id statement, sim_time took, bool failed);

#endif
