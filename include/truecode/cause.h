/*
 * cause: closed lists with the words that a learner reads: where a request's time goes,
 * why it fails, how a table is locked; and what an instance is doing, how loudly
 * something is told.
 */
#ifndef TRUECODE_CAUSE_H
#define TRUECODE_CAUSE_H

#include "truecode/value.h"

/* X(name, phrase) */
#define CAUSE_LIST(X)                                                                  \
    X(CPU, "cpu")                                                                      \
    X(CPU_WAIT, "cpu contention")                                                      \
    X(WORKER_QUEUE, "worker queue")                                                    \
    X(POOL_WAIT, "pool wait")                                                          \
    X(CONNECT, "connecting")                                                           \
    X(DB_CPU, "database cpu")                                                          \
    X(DB_WAIT, "database contention")                                                  \
    X(LOCK, "lock wait")                                                               \
    X(CACHE, "cache")                                                                  \
    X(COALESCED, "waiting for another's miss")                                         \
    X(NETWORK, "network")                                                              \
    X(EXTERNAL, "third party")                                                         \
    X(BACKOFF, "backoff")                                                              \
    X(SLEEP, "sleep")                                                                  \
    X(PAUSE, "paused")                                                                 \
    X(OTHER, "other")                                                                  \
    X(GC, "garbage collection")                                                        \
    X(DISK, "disk")                                                                    \
    X(DNS, "resolving a name")                                                         \
    X(TLS, "tls handshake")                                                            \
    X(LIMITER, "rate limiter")                                                         \
    X(BROKER, "message broker")                                                        \
    X(DEAD_CONNECTION, "dead connection")
enum cause {
#define X(name, phrase) CAUSE_##name,
    CAUSE_LIST(X)
#undef X
        CAUSE_COUNT
};

#define REASON_LIST(X)                                                                 \
    X(NONE, "ok")                                                                      \
    X(TIMEOUT, "timeout")                                                              \
    X(QUEUE_FULL, "queue full")                                                        \
    X(POOL_TIMEOUT, "no connection in time")                                           \
    X(POOL_FULL, "too many waiting for a connection")                                  \
    X(CONN_REFUSED, "database refused the connection")                                 \
    X(BREAKER_OPEN, "circuit breaker open")                                            \
    X(NO_BACKEND, "no healthy instance")                                               \
    X(INSTANCE_GONE, "instance went away")                                             \
    X(ERROR, "error answer")                                                           \
    X(THIRD_PARTY, "third party failed")                                               \
    X(RATE_LIMITED, "rate limited")                                                    \
    X(SHED, "shed")                                                                    \
    X(DOWN, "component down")                                                          \
    X(KILLED, "killed by an operator or a limit")                                      \
    X(GAVE_UP, "the user gave up")                                                     \
    X(DEADLINE, "deadline passed")                                                     \
    X(CANCELLED, "cancelled by its caller")                                            \
    X(CONN_LOST, "connection lost")                                                    \
    X(DNS_FAILED, "name not resolved")                                                 \
    X(TLS_FAILED, "certificate not accepted")                                          \
    X(NO_FDS, "too many open files")                                                   \
    X(LOCK_TIMEOUT, "lock not granted in time")                                        \
    X(DEADLOCK, "deadlock")                                                            \
    X(CONFLICT, "changed by somebody else meanwhile")                                  \
    X(READ_ONLY, "database is read-only")                                              \
    X(DISK_FULL, "disk full")                                                          \
    X(NO_IDS, "out of ids")                                                            \
    X(NO_PORTS, "out of local ports")                                                  \
    X(CONNECT_TIMEOUT, "not connected in time")                                        \
    X(NO_ROW, "no such row")
enum reason {
#define X(name, phrase) REASON_##name,
    REASON_LIST(X)
#undef X
        REASON_COUNT
};
const char *cause_phrase(enum cause c);
const char *reason_phrase(enum reason r);

/* A piece of a request's time. A finished request's slices sum to its duration. */
struct slice {
    comp_id place;
    uint8_t cause;
    sim_time ns;
};

/* The modes in which a table is locked: PostgreSQL's, weakest first. */
#define LOCK_MODE_LIST(X)                                                              \
    X(ACCESS_SHARE, "access share")                                                    \
    X(ROW_SHARE, "row share")                                                          \
    X(ROW_EXCLUSIVE, "row exclusive")                                                  \
    X(SHARE_UPDATE_EXCLUSIVE, "share update exclusive")                                \
    X(SHARE, "share")                                                                  \
    X(SHARE_ROW_EXCLUSIVE, "share row exclusive")                                      \
    X(EXCLUSIVE, "exclusive")                                                          \
    X(ACCESS_EXCLUSIVE, "access exclusive")
enum lock_mode {
#define X(name, phrase) LOCK_##name,
    LOCK_MODE_LIST(X)
#undef X
        LOCK_MODES
};
/* Other things that may be locked (node.p of NODE_LOCK). */
enum { LOCK_ROW = LOCK_MODES, LOCK_ROW_SHARED, LOCK_ADVISORY, LOCK_FORMS };
/* The words for them: "access exclusive", ..., "row", "shared row", "advisory". */
const char *const *lock_forms(void); /* LOCK_FORMS of them */

/* The state of a component's instance. */
enum instance_state {
    INSTANCE_NONE, /* slot not in use */
    INSTANCE_STARTING,
    INSTANCE_UP,
    INSTANCE_DRAINING,
    INSTANCE_DOWN
};

/* The levels of a log line, the least first, with the words that people write for them. */
#define LOG_LEVEL_LIST(X)                                                              \
    X(DEBUG, "debug")                                                                  \
    X(INFO, "info")                                                                    \
    X(WARN, "warn")                                                                    \
    X(ERROR, "error")
enum log_level {
#define X(name, word) LOG_##name,
    LOG_LEVEL_LIST(X)
#undef X
        LOG_LEVEL_COUNT
};

#endif
