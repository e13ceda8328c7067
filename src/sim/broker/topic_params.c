/*
 * The kind "topic": its parameters.
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
