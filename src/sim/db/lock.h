/*
 * lock: who may touch what in a database, and who waits.
 *
 * A lock is on a table, on one of its rows, or on a name (advisory). It is held by a
 * session (struct conn) until its transaction ends, or its statement when it is in
 * none. Modes and which of them conflict are PostgreSQL's eight table-level modes; row
 * locks and advisory ones use two of them (SHARE, EXCLUSIVE).
 *
 * Those who wait stand in one queue per lock, first come first served: a request is
 * granted when it conflicts neither with what others hold nor with a request ahead of
 * it. So one session that waits for ACCESS EXCLUSIVE stops everybody behind it, though
 * it holds nothing itself. Who holds the lock already and asks for more goes ahead of
 * those who wait for him.
 *
 * A session waits for at most one lock. After deadlock_timeout it looks whether it
 * waits for itself in the end; if so, it is the one that fails. lock_timeout ends any
 * wait.
 */
#ifndef SIM_LOCK_H
#define SIM_LOCK_H

#include "db/conn.h"

#define LOCK_BIT(mode) (1u << (mode))

/* The name of a lock: a table, a row, or any name. */
#define LOCK_WHOLE UINT64_MAX /* key: the table itself */
struct lock_name {
    comp_id table;    /* COMP_NONE: advisory */
    uint64_t key;     /* row, LOCK_WHOLE, or a hash of the name */
    const char *text; /* advisory: the name; model memory */
};

struct lock {
    ref next; /* in its bucket */
    struct lock_name name;
    ref grants;                   /* claims through next/prev */
    ref first, last;              /* claims that wait, through next/prev */
    uint32_t granted[LOCK_MODES]; /* how many hold it in each mode */
};
struct claim { /* hold of a session on a lock, or its wish for it */
    ref lock, conn;
    ref next, prev; /* in lock->grants, or in its queue */
    ref other;      /* the session's next claim; held ones only */
    uint32_t modes; /* LOCK_BITs held, or the one that is wanted */
    uint32_t timer; /* waits: deadlock_timeout or lock_timeout */
    sim_time since; /* waits, or holds, since */
    uint8_t mode;   /* wanted */
    bool checked;   /* for a deadlock */
};
static inline struct claim *claim_at(const struct world *w, ref r)
{
    return W_PTR(w, struct claim, r);
}
static inline struct lock *lock_at(const struct world *w, ref r)
{
    return W_PTR(w, struct lock, r);
}

/* True: the session has it. False: conn->waits is set, and conn->act is made ready when
 * it is granted (REASON_NONE) or when the wait fails (LOCK_TIMEOUT, DEADLOCK). */
bool lock_take(struct world *w, struct conn *n, const struct lock_name *name,
               enum lock_mode mode);
/* The session stops waiting (conn->waits != 0): cancelled, killed, timed out. */
void lock_leave(struct world *w, struct conn *n);
/* A session lets go of all locks. */
void lock_release_all(struct world *w, struct conn *n);
/* A claim's timer: deadlock_timeout, lock_timeout. */
void lock_timed_out(struct world *w, struct claim *c);
/* Whether `n`, which waits, waits for itself in the end (deadlock.c). */
bool lock_in_cycle(struct world *w, struct conn *n);
/* Calls f for each session that `n` waits for; until f answers false. */
void lock_blockers(const struct world *w, const struct conn *n,
                   bool (*f)(const struct world *w, struct conn *blocker, void *ctx),
                   void *ctx);
bool lock_conflicts(enum lock_mode a, uint32_t modes);
/* The number of sessions that wait for the table or a row of it. */
uint32_t lock_waiting_on(const struct world *w, comp_id db, comp_id table);

#endif
