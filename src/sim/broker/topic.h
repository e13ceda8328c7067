/*
 * topic: what the files of brokers and topics share, and subscriptions read.
 *
 * A topic is a log in partitions. A message gets the next number (its offset) of its
 * partition and stays until everybody is done with it and `keep_read` is over, or until
 * retention takes it, read or not. What happens to it on the other side is the
 * subscription's business, and each subscription has its own place in the log:
 *
 *   log    a cursor per partition; one consumer at a time reads a partition, in order
 *          (Kafka's consumer group)
 *   queue  any consumer takes any message; what is taken becomes a ticket, invisible
 *          for a while, and comes back if nobody confirms it (SQS, a shared
 *          subscription)
 */
#ifndef SIM_BROKER_TOPIC_H
#define SIM_BROKER_TOPIC_H

#include "engine/act.h"
#include "engine/kind.h"

enum topic_param {
    TP_PARTITIONS,
    TP_PARTITIONER,
    TP_KEYS,
    TP_POPULARITY,
    TP_RETENTION,
    TP_KEEP_READ,
    TP_CAPACITY,
    TP_IDEMPOTENT,
    TP_WHEN_FULL,
    TP_MESSAGE_BYTES,
    TP_RETENTION_BYTES,
    TP_PARAMS
};
enum { FULL_DROPS, FULL_REFUSES };
enum { PARTITIONER_KEY, PARTITIONER_ROUND_ROBIN };
enum { TOPIC_RNG_KEY, TOPIC_RNG_FAULT };
enum { PARTITIONS_MAX = 256, SEGMENT_MESSAGES = 128 };

enum message_flag {
    MESSAGE_POISON = 1,    /* nobody can read it */
    MESSAGE_DUPLICATE = 2, /* the producer has sent it before */
    MESSAGE_AGAIN = 4,     /* the subscription has it in its books already */
    MESSAGE_SEEN = 8       /* given out before an operator went back */
};
struct message {
    sim_time published;
    uint64_t request; /* of the producer */
    uint32_t id;      /* with `request`: the same for a retry of the same publish */
    uint32_t key : 28, flags : 4;
    uint32_t visit; /* the subject, as in struct act: never 0 */
    comp_id origin;
    uint16_t nth;
};

struct partition {
    ref segments; /* refs of SEGMENT_MESSAGES messages each */
    uint32_t nsegments, cap;
    int64_t base;       /* offset of the first message of the first segment */
    int64_t start, end; /* kept: start .. end - 1 */
    bool leaderless;
};

struct topic_state {
    ref partitions; /* struct partition */
    uint32_t n, cap;
    uint32_t round_robin;
    uint32_t begun;            /* subjects of its own: the last one's number (lot.h) */
    comp_id subscriptions;     /* first one + 1, through their `next`; 0: none */
    uint32_t timer;            /* retention */
    double poison;             /* share, from now on */
    bool poison_next;          /* just one */
    uint16_t poison_partition; /* only of this one; 0: any */
    const char *fixed_in;      /* a version that can read them; model memory */
    uint64_t published, duplicates, deduplicated, rejected, purged, dropped;
    uint64_t expired, cleared; /* deleted by retention; when all had read them */
};

static inline struct topic_state *topic_of(const struct world *w, comp_id c)
{
    return W_STATE(w, struct topic_state, c);
}
static inline struct partition *partition_at(const struct world *w, comp_id topic,
                                             uint32_t p)
{
    return W_PTR(w, struct partition, topic_of(w, topic)->partitions) + p;
}

/* topic_log.c: the store */
int64_t partition_append(struct world *w, struct partition *p, const struct message *m);
/* Good until the event ends; start <= offset < end. */
struct message *partition_message(const struct world *w, const struct partition *p,
                                  int64_t offset);
void partition_trim(struct world *w, struct partition *p, int64_t upto);
/* The first kept offset that was published at `t` or later; `end` if there is none. */
int64_t partition_find(const struct world *w, const struct partition *p, sim_time t);

/* topic_params.c: parameters, by enum topic_param */
extern const struct param_desc topic_params[];
/* topic_look.c: metrics */
enum { TOPIC_METRICS = 12 };
extern const struct metric_desc topic_metrics[TOPIC_METRICS];
double topic_metric(const struct world *w, comp_id c, int metric, int instance);

/* kind_topic.c */
extern const struct kind_impl kind_topic;
/* A publish has reached the broker: stores it. What is wrong, else REASON_NONE. */
enum reason topic_publish(struct world *w, comp_id topic, const struct act *a);
/* Deletes what nobody needs any more, before `keep_read` is over. */
void topic_clear(struct world *w, comp_id topic);

/* ---- brokers --------------------------------------------------------------------- */

bool broker_up(const struct world *w, comp_id broker);
double broker_slow(const struct world *w, comp_id broker); /* 1: as usual */
/* The topic keeps so many messages more, or less. */
void broker_keeps(struct world *w, comp_id broker, comp_id topic, int64_t messages);
/* The number of messages given out, which is work for its cores. */
void broker_delivers(struct world *w, comp_id broker, uint32_t messages);
/* Everybody who reads from it may go on. */
void broker_wake(struct world *w, comp_id broker);

#endif
