/*
 * mechanism: the one course-wide list of what can be wrong, in the field's standard
 * terms.
 *
 * `suspect COMPONENT MECHANISM` takes its word from here, a lesson's answer too. Words
 * are added, never renamed: they stand on tapes.
 */
#ifndef TRUECODE_MECHANISM_H
#define TRUECODE_MECHANISM_H

#include <stddef.h>

/* enum, word, what it means in one sentence */
#define MECHANISM_LIST(X)                                                              \
    X(BAD_DEPLOY, "bad-deploy", "A new version does something wrong.")                 \
    X(BAD_CONFIG, "bad-config", "A setting was changed to a wrong value.")             \
    X(OVERLOAD, "overload", "More arrives than the component can serve.")              \
    X(TRAFFIC_SPIKE, "traffic-spike", "Users send much more than usual.")              \
    X(POOL_LEAK, "pool-leak", "Connections are taken and never given back.")           \
    X(POOL_TOO_SMALL, "pool-too-small",                                                \
      "Arrivals times hold time need more connections than the pool has.")             \
    X(PAST_THE_PEAK, "past-the-peak",                                                  \
      "So many work at once that together they get less done.")                        \
    X(EXPIRES_TOGETHER, "expires-together",                                            \
      "Cached values written at one moment expire at one moment; all miss at once.")   \
    X(COLD_CACHE, "cold-cache", "The cache is empty and everything falls through.")    \
    X(STALE_DATA, "stale-data", "Answers are quick but old.")                          \
    X(HOT_KEY, "hot-key", "One key or shard gets most of the load.")                   \
    X(RETRY_STORM, "retry-storm", "Retries add load to what is failing already.")      \
    X(MISSING_INDEX, "missing-index",                                                  \
      "A statement reads far more rows than it returns.")                              \
    X(LOCK_CONTENTION, "lock-contention", "Work waits for a lock somebody holds.")     \
    X(SLOW_DEPENDENCY, "slow-dependency", "Something it calls has become slow.")       \
    X(THIRD_PARTY_DOWN, "third-party-down", "A service outside your control fails.")   \
    X(POISON_MESSAGE, "poison-message",                                                \
      "One message fails again and again and blocks.")                                 \
    X(DUPLICATE_DELIVERY, "duplicate-delivery", "The same work is done twice.")        \
    X(CONSUMER_LAG, "consumer-lag", "Consumers fall behind producers.")                \
    X(MEMORY_LEAK, "memory-leak", "Memory grows until the process is killed.")         \
    X(GC_PAUSE, "gc-pause", "The runtime stops the program to collect garbage.")       \
    X(CPU_HOG, "cpu-hog", "Something burns the processor.")                            \
    X(DISK_FULL, "disk-full", "Nothing more can be written.")                          \
    X(LIVENESS_TOO_STRICT, "liveness-too-strict",                                      \
      "Health checks restart or remove instances that would have recovered.")          \
    X(CRASH_LOOP, "crash-loop", "Instances start, die and start again.")               \
    X(DNS, "dns", "Names resolve to nothing or to the wrong place.")                   \
    X(CERTIFICATE, "certificate", "A certificate expired or does not match.")          \
    X(NETWORK_LOSS, "network-loss", "Packets are lost or arrive late.")                \
    X(REPLICATION_LAG, "replication-lag", "Replicas are behind the primary.")          \
    X(FAILOVER, "failover", "A new primary took over and not everybody follows.")      \
    X(HOST_GONE, "host-gone", "A machine is gone: nothing on it answers.")             \
    X(JOB_NOT_RUN, "job-not-run", "A scheduled job did not run.")                      \
    X(QUOTA, "quota", "A limit set by somebody else was reached.")                     \
    X(SILENT_DROP, "silent-drop", "Work is thrown away and nobody is told.")           \
    X(ROWS_DELETED, "rows-deleted", "Somebody has deleted rows that are still needed.")

enum mechanism {
#define X(id, word, doc) MECHANISM_##id,
    MECHANISM_LIST(X)
#undef X
        MECHANISM_COUNT
};

/* A word of the trade, as a lesson explains it. */
struct glossary_term {
    const char *word, *meaning;
};

const char *mechanism_word(enum mechanism m);
const char *mechanism_doc(enum mechanism m);
/* MECHANISM_COUNT: no such word. */
enum mechanism mechanism_find(const char *word);
/* All words, MECHANISM_COUNT of them: for text_suggest() and completion. */
const char *const *mechanism_words(void);

#endif
