/*
 * Parameters of the kind "client".
 */
#include "client/client.h"

const struct param_desc client_params[] = {
    [P_TO] = {.name = "to",
              .type = VALUE_TEXT,
              .unit = "",
              .doc =
                  "What they call: \"checkout/buy\", through a balancer \"edge/buy\"."},
    [P_RATE] = {.name = "rate",
                .type = VALUE_NUMBER,
                .min = 0,
                .max = 1e6,
                .unit = "1/s",
                .def = "0",
                .change = CHANGE_USERS,
                .doc = "New visits a second; given unless `users` is."},
    [P_ARRIVALS] =
        {.name = "arrivals",
         .type = VALUE_CHOICE,
         .unit = "",
         .def = "poisson",
         .choices = "poisson|even|gaps",
         .doc =
             "Whether visits come at random, like clockwork, or with the given gaps."},
    [P_GIVES_UP] = {.name = "gives_up",
                    .type = VALUE_DIST,
                    .min = 0,
                    .max = 86400,
                    .unit = "s",
                    .def = "0",
                    .change = CHANGE_USERS,
                    .doc = "How long a user waits for an answer; 0: for ever."},
    [P_RELOADS] =
        {.name = "reloads",
         .type = VALUE_FRACTION,
         .min = 0,
         .max = 1,
         .unit = "",
         .def = "0",
         .change = CHANGE_USERS,
         .doc = "Share of users who try again after a failure or after giving up."},
    [P_RELOAD_DELAY] = {.name = "reload_delay",
                        .type = VALUE_DURATION,
                        .min = 0,
                        .max = 3600,
                        .unit = "s",
                        .def = "1s",
                        .change = CHANGE_USERS,
                        .doc = "How long after that they try again."},
    [P_TRACE_EVERY] =
        {.name = "trace_every",
         .type = VALUE_COUNT,
         .min = -1,
         .max = 1000000,
         .unit = "requests",
         .def = "0",
         .change = CHANGE_AT_ONCE,
         .doc = "One request in so many is traced; 0: chosen from the rate, -1: none."},
    [P_USERS] = {.name = "users",
                 .type = VALUE_COUNT,
                 .min = 0,
                 .max = 100000,
                 .unit = "users",
                 .def = "0",
                 .change = CHANGE_USERS,
                 .doc = "A closed loop: so many users, each of whom thinks, asks, "
                        "waits, and thinks "
                        "again; "
                        "0: an open loop."},
    [P_THINK] = {.name = "think",
                 .type = VALUE_DIST,
                 .min = 0,
                 .max = 86400,
                 .unit = "s",
                 .def = "0",
                 .change = CHANGE_USERS,
                 .doc = "How long a user thinks before a visit (the first of an open "
                        "loop's comes at "
                        "once)."},
    [P_VISITS] = {.name = "visits",
                  .type = VALUE_COUNT,
                  .min = 0,
                  .max = VISITS_MAX,
                  .unit = "visits",
                  .def = "0",
                  .doc = "Visits a user makes before leaving; 0: one, or in a closed "
                         "loop no end of them."},
    [P_GAPS] = {.name = "gaps",
                .type = VALUE_DIST,
                .min = 0,
                .max = 86400,
                .unit = "s",
                .def = "exponential(1s)",
                .doc = "With arrivals = gaps: how times between visits are spread; "
                       "their mean is always "
                       "1 / rate."},
    [P_POPULATION] = {.name = "population",
                      .type = VALUE_COUNT,
                      .min = 0,
                      .max = 1000000,
                      .unit = "users",
                      .def = "0",
                      .doc = "So many different users there are, for what tells them "
                             "apart; 0: each is new."},
    [P_POPULARITY] =
        {.name = "popularity",
         .type = VALUE_NUMBER,
         .min = 0,
         .max = 5,
         .unit = "",
         .def = "0",
         .doc = "How unequally often they come, as a Zipf exponent: 0 all alike."},
    [P_PRIORITY] = {.name = "priority",
                    .type = VALUE_COUNT,
                    .min = 0,
                    .max = 3,
                    .unit = "",
                    .def = "2",
                    .change = CHANGE_AT_ONCE,
                    .doc = "How important its requests are where some must be refused: "
                           "3 the most, 0 first "
                           "to go."},
    [P_TENANTS] = {.name = "tenants",
                   .type = VALUE_COUNT,
                   .min = 0,
                   .max = 1000000,
                   .unit = "tenants",
                   .def = "0",
                   .doc = "Customers that the users belong to, user after user, for "
                          "what tells those apart; "
                          "0: the client is one."},
};

_Static_assert(COUNT_OF(client_params) == P_COUNT, "one for each");
