/*
 * Parameters of the kind "subscription".
 */
#include "broker/subscription.h"
#include "engine/kind.h"

const struct param_desc subscription_params[] = {
    [SB_TO] = {.name = "to",
               .type = VALUE_TEXT,
               .unit = "",
               .doc = "The endpoint that processes a message: \"projector/apply\"."},
    [SB_STYLE] = {.name = "style",
                  .type = VALUE_CHOICE,
                  .unit = "",
                  .def = "log",
                  .choices = "log|queue",
                  .doc =
                      "log: a partition has one reader, in order. queue: any consumer "
                      "takes any message."},
    [SB_CONSUMERS] = {.name = "consumers",
                      .type = VALUE_COUNT,
                      .min = 1,
                      .max = 1000,
                      .unit = "consumers",
                      .def = "1",
                      .change = CHANGE_AT_ONCE,
                      .each = EACH_INSTANCE,
                      .doc = "Consumers of each instance."},
    [SB_BATCH] =
        {.name = "batch",
         .type = VALUE_COUNT,
         .min = 1,
         .max = BATCH_MAX,
         .unit = "messages",
         .def = "1",
         .change = CHANGE_AT_ONCE,
         .doc = "Messages a consumer takes at once; it works on them one by one."},
    [SB_BATCH_COST] = {.name = "batch_cost",
                       .type = VALUE_DURATION,
                       .min = 0,
                       .max = 3600,
                       .unit = "s",
                       .def = "0",
                       .change = CHANGE_BUILT,
                       .doc = "Time to fetch and confirm a batch, however large."},
    [SB_TRIES] =
        {.name = "tries",
         .type = VALUE_COUNT,
         .min = 0,
         .max = 1000000,
         .unit = "",
         .def = "0",
         .change = CHANGE_AT_ONCE,
         .doc = "Failed tries of a message after which it is given up; 0: never."},
    [SB_RETRY_DELAY] = {.name = "retry_delay",
                        .type = VALUE_DURATION,
                        .min = 0,
                        .max = 86400,
                        .unit = "s",
                        .def = "1s",
                        .change = CHANGE_AT_ONCE,
                        .doc = "How long after a failed try the next may come."},
    [SB_DEAD_LETTERS] =
        {.name = "dead_letters",
         .type = VALUE_BOOL,
         .unit = "",
         .def = "on",
         .change = CHANGE_AT_ONCE,
         .doc = "Messages that are given up are kept aside, else dropped."},
    [SB_VISIBILITY] =
        {.name = "visibility",
         .type = VALUE_DURATION,
         .min = 0.001,
         .max = 43200,
         .unit = "s",
         .def = "30s",
         .change = CHANGE_AT_ONCE,
         .doc = "How long a message taken from a queue is hidden from others; "
                "not confirmed by then it is given out again."},
    [SB_REBALANCE] = {.name = "rebalance",
                      .type = VALUE_DURATION,
                      .min = 0,
                      .max = 3600,
                      .unit = "s",
                      .def = "3s",
                      .change = CHANGE_BUILT,
                      .doc =
                          "How long a group stands still when its consumers change."},
    [SB_TRACE_EVERY] = {.name = "trace_every",
                        .type = VALUE_COUNT,
                        .min = 0,
                        .max = 1000000,
                        .unit = "messages",
                        .def = "50",
                        .change = CHANGE_AT_ONCE,
                        .doc = "One message in so many is traced, and each "
                               "that is tried again; 0: none."},
    [SB_MAX_POLL] =
        {.name = "max_poll_interval",
         .type = VALUE_DURATION,
         .min = 0,
         .max = 86400,
         .unit = "s",
         .def = "5m",
         .change = CHANGE_AT_ONCE,
         .doc = "A consumer of a log that is longer at a batch leaves the group, "
                "which rebalances (Kafka: max.poll.interval.ms, 5 min); 0: never."},
    [SB_PROTOCOL] = {.name = "protocol",
                     .type = VALUE_CHOICE,
                     .unit = "",
                     .def = "eager",
                     .choices = "eager|cooperative",
                     .change = CHANGE_BUILT,
                     .doc =
                         "What stands still while a log's group rebalances: eager: all "
                         "partitions; cooperative: those that move (KIP-429)."},
    [SB_DELAY] =
        {.name = "delay",
         .type = VALUE_DURATION,
         .min = 0,
         .max = 604800,
         .unit = "s",
         .def = "0",
         .change = CHANGE_AT_ONCE,
         .doc = "How long after it was published a queue gives a message out (SQS: "
                "DelaySeconds, 0 to 15 min)."},
};

_Static_assert(COUNT_OF(subscription_params) == SB_PARAMS, "one for each");
