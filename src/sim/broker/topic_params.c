/*
 * The kind "topic": parameters and metrics.
 */
#include "broker/topic.h"
#include "engine/kind.h"

const struct param_desc topic_params[] = {
    [TP_PARTITIONS] = {.name = "partitions",
                       .type = VALUE_COUNT,
                       .min = 1,
                       .max = PARTITIONS_MAX,
                       .unit = "partitions",
                       .def = "1",
                       .change = CHANGE_AT_ONCE,
                       .doc = "How many partitions it has; only ever more."},
    [TP_PARTITIONER] = {.name = "partitioner",
                        .type = VALUE_CHOICE,
                        .unit = "",
                        .def = "key",
                        .choices = "key|round_robin",
                        .change = CHANGE_BUILT,
                        .doc = "How a message gets its partition."},
    [TP_KEYS] = {.name = "keys",
                 .type = VALUE_COUNT,
                 .min = 0,
                 .max = 1000000,
                 .unit = "keys",
                 .def = "0",
                 .doc = "Different keys of messages; 0: each has one of its own."},
    [TP_POPULARITY] =
        {.name = "popularity",
         .type = VALUE_NUMBER,
         .min = 0,
         .max = 10,
         .unit = "",
         .def = "0",
         .doc = "Zipf exponent of the keys: 0 all alike; 1 the second half as "
                "often as the first."},
    [TP_RETENTION] = {.name = "retention",
                      .type = VALUE_DURATION,
                      .min = 0,
                      .max = 31536000,
                      .unit = "s",
                      .def = "168h",
                      .change = CHANGE_AT_ONCE,
                      .doc = "Older messages are deleted, read or not; 0: never."},
    [TP_KEEP_READ] = {.name = "keep_read",
                      .type = VALUE_DURATION,
                      .min = 0,
                      .max = 604800,
                      .unit = "s",
                      .def = "10m",
                      .change = CHANGE_AT_ONCE,
                      .doc =
                          "How long messages that everybody has read can be replayed."},
    [TP_CAPACITY] =
        {.name = "capacity",
         .type = VALUE_COUNT,
         .min = 1,
         .max = 1000000,
         .unit = "messages",
         .def = "200000",
         .change = CHANGE_AT_ONCE,
         .doc = "Messages a partition holds; with more the oldest are deleted."},
    [TP_IDEMPOTENT] = {.name = "idempotent",
                       .type = VALUE_BOOL,
                       .unit = "",
                       .def = "off",
                       .change = CHANGE_AT_ONCE,
                       .doc = "A retried publish is recognised and not stored again."},
    [TP_WHEN_FULL] =
        {.name = "when_full",
         .type = VALUE_CHOICE,
         .unit = "",
         .def = "drop",
         .choices = "drop|refuse",
         .change = CHANGE_AT_ONCE,
         .doc = "What becomes of a message for a full partition: the oldest is "
                "deleted for it, or it is refused (RabbitMQ: x-overflow, "
                "drop-head or reject-publish)."},
    [TP_MESSAGE_BYTES] = {.name = "message_bytes",
                          .type = VALUE_COUNT,
                          .min = 0,
                          .max = 1e9,
                          .unit = "bytes",
                          .def = "0",
                          .change = CHANGE_BUILT,
                          .doc = "Size of a message as the broker keeps it."},
    [TP_RETENTION_BYTES] =
        {.name = "retention_bytes",
         .type = VALUE_COUNT,
         .min = 0,
         .max = 1e15,
         .unit = "bytes",
         .def = "0",
         .change = CHANGE_AT_ONCE,
         .doc = "Bytes that a partition keeps; older messages beyond them "
                "are deleted, read or not (Kafka: retention.bytes); 0: any "
                "number."},
};

_Static_assert(COUNT_OF(topic_params) == TP_PARAMS, "one for each");

enum {
    M_PUBLISHED,
    M_DUPLICATES,
    M_DEDUPLICATED,
    M_REJECTED,
    M_PURGED,
    M_DROPPED,
    M_EXPIRED,
    M_CLEARED,
    M_MESSAGES,
    M_END_OFFSET,
    M_LEADERLESS,
    M_BYTES,
    M_COUNT
};
const struct metric_desc topic_metrics[] = {
    [M_PUBLISHED] = {"published_total", "messaging_topic_published_messages_total", "",
                     METRIC_COUNTER, "1", false,
                     "Messages stored, repeated ones included."},
    [M_DUPLICATES] = {"duplicates_total", "messaging_topic_duplicate_messages_total",
                      "", METRIC_COUNTER, "1", false,
                      "Messages stored again because their producer tried again."},
    [M_DEDUPLICATED] = {"deduplicated_total",
                        "messaging_topic_deduplicated_messages_total", "",
                        METRIC_COUNTER, "1", false,
                        "Repeats that were recognised and not stored."},
    [M_REJECTED] =
        {"rejected_total", "messaging_topic_rejected_messages_total", "",
         METRIC_COUNTER, "1", false,
         "Messages refused because their partition had no leader or was full."},
    [M_PURGED] = {"purged_total", "messaging_topic_purged_messages_total", "",
                  METRIC_COUNTER, "1", false, "Messages deleted by an operator."},
    [M_DROPPED] = {"dropped_total", "messaging_topic_dropped_messages_total", "",
                   METRIC_COUNTER, "1", false,
                   "Messages deleted because their partition was full."},
    [M_EXPIRED] =
        {"expired_total", "messaging_topic_expired_messages_total", "", METRIC_COUNTER,
         "1", false,
         "Messages deleted by retention, for their age or the bytes they take."},
    [M_CLEARED] = {"cleared_total", "messaging_topic_cleared_messages_total", "",
                   METRIC_COUNTER, "1", false,
                   "Messages deleted after everybody had read them."},
    [M_MESSAGES] = {"messages", "messaging_topic_messages", "", METRIC_GAUGE, "1", true,
                    "Messages it holds."},
    [M_END_OFFSET] = {"end_offset", "kafka_topic_partition_current_offset", "",
                      METRIC_GAUGE, "1", true, "Messages that were ever put into it."},
    [M_LEADERLESS] = {"leaderless", "kafka_topic_partitions_leaderless", "",
                      METRIC_GAUGE, "1", true, "Partitions without a leader."},
    [M_BYTES] = {"bytes", "messaging_topic_bytes", "", METRIC_GAUGE, "bytes", true,
                 "Bytes of the messages it holds."},
};
_Static_assert(COUNT_OF(topic_metrics) == M_COUNT, "one for each");
_Static_assert((int)M_COUNT == (int)TOPIC_METRICS, "and so many are told of");

static double partition_metric(const struct partition *p, int metric)
{
    switch (metric) {
    case M_MESSAGES:
    case M_BYTES:
        return (double)(p->end - p->start);
    case M_END_OFFSET:
        return (double)p->end;
    default:
        return p->leaderless;
    }
}

double topic_metric(const struct world *w, comp_id c, int metric, int instance)
{
    const struct topic_state *s = topic_of(w, c);
    const uint64_t counts[] = {s->published, s->duplicates, s->deduplicated,
                               s->rejected,  s->purged,     s->dropped,
                               s->expired,   s->cleared};
    double sum = 0;
    if (metric < M_MESSAGES)
        return (double)counts[metric];
    for (uint32_t i = 0; i < s->n; i++)
        if (instance <= 0 || (uint32_t)instance == i + 1)
            sum += partition_metric(partition_at(w, c, i), metric);
    return metric == M_BYTES ? sum * (double)p_count(w, c, TP_MESSAGE_BYTES) : sum;
}
