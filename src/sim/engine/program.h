/*
 * program: what a service's endpoint runs: ops in a row, as the compiler laid them.
 *
 * An op that fails goes on at `on_fail`, an op that branches at `jump`. What a call
 * sends is in the op, ready to use.
 */
#ifndef SIM_ENGINE_PROGRAM_H
#define SIM_ENGINE_PROGRAM_H

#include "engine/engine.h"

enum op_code {
    OP_COMPUTE,
    OP_SLEEP,
    OP_CALL,
    OP_QUERY,
    OP_TX_BEGIN, /* takes a connection; act->run.tx is set when it has one */
    OP_TX_END,   /* gives it back (commit) */
    OP_TX_ABORT, /* gives it back (rollback), then fails on */
    OP_LEAK,
    OP_CACHED,      /* looks up; hit: jump to `jump`; miss: goes on with the body */
    OP_STORE,       /* end of the miss body: stores the value */
    OP_STORE_ABORT, /* the miss body failed: tells the key space, then fails on */
    OP_PARALLEL,    /* branches start at program->branches[jump .. jump + count) */
    OP_BRANCH_END,
    OP_SOMETIMES, /* with probability 1 - p: jump */
    OP_EACH,      /* the act's subject has not the property: jump */
    OP_FLAG,      /* flag off: jump */
    OP_JUMP,
    OP_COUNT,
    OP_REPLY,
    OP_FAIL,
    OP_LOG,
    OP_PUBLISH,
    OP_END,
    OP_ALLOCATE, /* p: bytes */
    OP_CRASH,
    OP_DROP,
    OP_LOCK /* a query that takes a lock in the caller's transaction (db/table.h) */
};
#define PC_NONE UINT32_MAX

struct call_spec { /* a call that a program or a client makes */
    comp_id policy, target, what, pool;
    uint8_t kind, mode; /* of the child act */
};
struct op {
    uint8_t code;
    uint8_t level;    /* LOG: level; LOCK: enum lock_mode or LOCK_ROW ...; QUERY: 1: on
                         another connection than its transaction's */
    comp_id target;   /* CALL, QUERY, TX, LEAK, CACHED: component; FLAG, COUNT: it;
                         REPLY: its counter, COMP_NONE: none */
    comp_id what;     /* endpoint, statement, key space */
    comp_id policy;   /* the call policy */
    comp_id pool;     /* QUERY, TX, LEAK: the caller's pool to the database */
    uint32_t jump;    /* see the codes */
    uint32_t count;   /* PARALLEL: branches; EACH: number of the property's name;
                         PUBLISH: messages to the same topic before it */
    uint32_t quorum;  /* PARALLEL: so many are enough; 0: all, and none may fail */
    uint32_t after;   /* PARALLEL, CACHED: where it goes on */
    uint32_t on_fail; /* where an error goes; PC_NONE: ends the program */
    struct dist time;
    double p;              /* SOMETIMES, EACH: probability */
    struct call_spec call; /* CALL, QUERY, TX_BEGIN, LEAK, CACHED: what it sends */
    const char *text;      /* REPLY, FAIL, LOG, LOCK: its name; model memory */
    int line;
};
struct program {
    uint32_t *branches; /* where each begins */
    struct op ops[];
};

/* Model time: comp.data of an endpoint. */
struct endpoint_data {
    const struct program **programs; /* by version */
    size_t nprograms;
};

/* The endpoint's program in this version; NULL: none. */
static inline const struct program *endpoint_program(const struct model *m, comp_id e,
                                                     int version)
{
    const struct endpoint_data *d = m->comps[e].data;
    return d && (size_t)version < d->nprograms ? d->programs[version] : NULL;
}

#endif
