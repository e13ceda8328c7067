/*
 * The kind "topic": what can be seen of it, its metrics.
 */
#include "broker/topic.h"
#include "engine/kind.h"

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
