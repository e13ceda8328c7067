/*
 * The kind "job" in tables: parameters, operations, faults and metrics.
 */
#include "client/job.h"

const struct param_desc job_params[] = {
    [P_EVERY] = {.name = "every",
                 .type = VALUE_DURATION,
                 .min = 0.1,
                 .max = 31536000,
                 .unit = "s",
                 .change = CHANGE_AT_ONCE,
                 .doc = "How often it is due."},
    [P_AT] = {.name = "at",
              .type = VALUE_DURATION,
              .min = 0,
              .max = 31536000,
              .unit = "s",
              .def = "0",
              .doc = "When it is due for the first time; 0: after `every`."},
    [P_TO] = {.name = "to",
              .type = VALUE_TEXT,
              .unit = "",
              .def = "",
              .doc = "The endpoint that a run calls: \"billing/nightly\"; left out: it "
                     "takes time."},
    [P_DURATION] = {.name = "duration",
                    .type = VALUE_DIST,
                    .min = 0,
                    .max = 86400,
                    .unit = "s",
                    .def = "1m",
                    .change = CHANGE_BUILT,
                    .doc = "How long a run takes that calls nothing."},
    [P_ITEMS] = {.name = "items",
                 .type = VALUE_TEXT,
                 .unit = "",
                 .def = "",
                 .doc = "A figure that makes it longer: component.metric, as "
                        "\"events.orders.mailer.lag\"."},
    [P_PER_ITEM] = {.name = "per_item",
                    .type = VALUE_DURATION,
                    .min = 0,
                    .max = 3600,
                    .unit = "s",
                    .def = "0",
                    .change = CHANGE_BUILT,
                    .doc = "How much longer for each of them; needs no endpoint."},
    [P_OVERLAP] = {.name = "overlap",
                   .type = VALUE_CHOICE,
                   .unit = "",
                   .def = "allow",
                   .choices = "allow|forbid|replace",
                   .change = CHANGE_AT_ONCE,
                   .doc = "When one is due and the last one still runs: both, not this "
                          "one, or only it."},
    [P_TIMEOUT] = {.name = "timeout",
                   .type = VALUE_DURATION,
                   .min = 0,
                   .max = 864000,
                   .unit = "s",
                   .def = "0",
                   .change = CHANGE_AT_ONCE,
                   .doc = "A run that takes longer is stopped; 0: never."},
    [P_RETRIES] = {.name = "retries",
                   .type = VALUE_COUNT,
                   .min = 0,
                   .max = 100,
                   .unit = "",
                   .def = "0",
                   .change = CHANGE_AT_ONCE,
                   .doc = "How often a failed run is tried again."},
    [P_RETRY_DELAY] = {.name = "retry_delay",
                       .type = VALUE_DURATION,
                       .min = 0.001,
                       .max = 86400,
                       .unit = "s",
                       .def = "10s",
                       .change = CHANGE_AT_ONCE,
                       .doc = "How long after a failure."},
    [P_CATCH_UP] =
        {.name = "catch_up",
         .type = VALUE_BOOL,
         .unit = "",
         .def = "off",
         .change = CHANGE_AT_ONCE,
         .doc =
             "A run that was missed is made up for, once, as soon as it is possible."},
    [P_ENABLED] = {.name = "enabled",
                   .type = VALUE_BOOL,
                   .unit = "",
                   .def = "on",
                   .change = CHANGE_AT_ONCE,
                   .doc = "Whether it runs when it is due."},
    [P_LAST_SUCCESS] = {.name = "last_success",
                        .type = VALUE_DURATION,
                        .min = 0,
                        .max = 315360000,
                        .unit = "s",
                        .def = "0",
                        .doc = "How long ago it last succeeded, at the start."},
    [P_DOES] = {.name = "does",
                .type = VALUE_TEXT,
                .unit = "",
                .def = "",
                .doc = "What a run begins with: an operation without arguments, "
                       "component.operation, as \"orders-db.nightly.run\"; where it is "
                       "refused, the run fails."},
};
_Static_assert(COUNT_OF(job_params) == P_COUNT, "one for each");

#define NO_ARGS                                                                        \
    {                                                                                  \
        {                                                                              \
            NULL, VALUE_NONE, false, NULL                                              \
        }                                                                              \
    }
const struct op_desc job_ops[] = {
    [OP_RUN] = {"run", NO_ARGS, false, SIM_SEC, NULL, "Starts a run now, due or not."},
    [OP_STOP] = {"stop", NO_ARGS, false, SIM_SEC,
                 "what it has done so far stays half done",
                 "Stops the runs that are under way."},
    [OP_ENABLE] = {"enable", NO_ARGS, false, SIM_SEC, NULL,
                   "Lets it run when it is due."},
    [OP_DISABLE] = {"disable", NO_ARGS, false, SIM_SEC,
                    "it will not run until it is enabled", "Lets it not run any more."},
};

const struct fault_desc job_faults[] = {
    [FAULT_SKIP] = {"skip",
                    {{"runs", VALUE_COUNT, true, "How many; left out: the next one."}},
                    "Runs that are due do not happen, and nothing says so."},
    [FAULT_NODE_GONE] = {"node_gone", NO_ARGS,
                         "What it runs on is gone: runs under way are lost."},
    [FAULT_DIES] = {"dies",
                    {{"share", VALUE_FRACTION, true,
                      "How far it gets; left out: half way."}},
                    "The next run dies on its way and leaves a part of its work."},
    [FAULT_SLOW] = {"slow",
                    {{"factor", VALUE_NUMBER, false, "How many times longer."}},
                    "Runs that call nothing take longer."},
    [FAULT_FAILS] = {"fails", NO_ARGS, "Runs fail at their end."},
};

#define COUNTER(n, p, u, d)                                                            \
    {                                                                                  \
        n, p, "", METRIC_COUNTER, u, false, d                                          \
    }
#define GAUGE(n, p, u, d)                                                              \
    {                                                                                  \
        n, p, "", METRIC_GAUGE, u, false, d                                            \
    }
const struct metric_desc job_metrics[] = {
    [M_RUNS] = COUNTER("runs_total", "job_runs_total", "1", "Runs that were started."),
    [M_SUCCEEDED] =
        COUNTER("succeeded_total", "job_succeeded_total", "1", "Runs that succeeded."),
    [M_FAILED] = COUNTER("failed_total", "job_failed_total", "1", "Runs that did not."),
    [M_MISSED] = COUNTER("missed_total", "job_missed_total", "1",
                         "Runs that were due and did not happen."),
    [M_SKIPPED] = COUNTER("skipped_total", "job_skipped_total", "1",
                          "Runs left out because the last one still ran."),
    [M_OVERLAPPING] = COUNTER("overlapping_total", "job_overlapping_total", "1",
                              "Runs started while another one ran."),
    [M_REPLACED] = COUNTER("replaced_total", "job_replaced_total", "1",
                           "Runs stopped because the next one was due."),
    [M_TIMEOUTS] = COUNTER("timeouts_total", "job_timeouts_total", "1",
                           "Runs stopped because they took too long."),
    [M_HALF_DONE] = COUNTER("half_done_total", "job_half_done_total", "1",
                            "Runs that left a part of their work."),
    [M_RETRIES] =
        COUNTER("retries_total", "job_retries_total", "1", "Tries after the first."),
    [M_RUNNING] = GAUGE("running", "job_running", "1", "Runs under way."),
    [M_SUCCESS_AGE] = GAUGE("last_success_age", "job_last_success_age_seconds", "s",
                            "Time since a run last succeeded."),
    [M_LAST_DURATION] = GAUGE("last_duration", "job_last_duration_seconds", "s",
                              "How long the last run that succeeded took."),
    [M_SECONDS] = COUNTER("seconds_total", "job_duration_seconds_sum", "s",
                          "Time of all runs that ended."),
    [M_ROWS_IN] =
        COUNTER("rows_in_total", "job_rows_in_total", "1",
                "Rows that runs have read, of the component that `items` names."),
    [M_ROWS_OUT] = COUNTER(
        "rows_out_total", "job_rows_out_total", "1",
        "Rows that they were done with: all of a run that succeeded, a part of one "
        "that was stopped."),
    [M_RUN_AGE] = GAUGE("last_run_age", "job_last_run_age_seconds", "s",
                        "Time since a run was last started; -1: none was."),
    [M_LAST_IN] =
        GAUGE("last_rows_in", "job_last_rows_in", "1", "Rows that the last run read."),
    [M_LAST_OUT] =
        GAUGE("last_rows_out", "job_last_rows_out", "1", "Rows it was done with."),
    [M_ENABLED] =
        GAUGE("enabled", "job_enabled", "1", "1 while it runs when it is due."),
    [M_GOOD] =
        COUNTER("good_total", "job_runs_good_total", "1",
                "Runs that met the objective: done so soon after they were due."),
    [M_BAD] = COUNTER(
        "bad_total", "job_runs_bad_total", "1",
        "Runs that did not, counted as soon as that is sure; those that were due "
        "and did not happen, too."),
};

const struct metric_need job_needs[] = {{"rows_in_total", "items"},
                                        {"rows_out_total", "items"},
                                        {"last_rows_in", "items"},
                                        {"last_rows_out", "items"}};
_Static_assert(COUNT_OF(job_ops) == JOB_OPS && COUNT_OF(job_faults) == FAULT_COUNT &&
                   COUNT_OF(job_metrics) == M_COUNT,
               "one for each");
_Static_assert(COUNT_OF(job_needs) == JOB_NEEDS, "and so many are told of");
