/*
 * Looking at users: the metrics, and the attempts that still wait.
 */
#include "client/client.h"

enum {
    M_VISITS,
    M_ATTEMPTS,
    M_GOOD,
    M_BAD,
    M_SLOW,
    M_FAILED,
    M_GAVE_UP,
    M_STALE,
    M_ANSWERED,
    M_SECONDS,
    M_IN_FLIGHT,
    M_USERS,
    M_THINKING,
    M_THINK_SECONDS,
    M_LOST,
    M_VISITS_LOST,
    M_COUNT
};

double client_metric(const struct world *w, comp_id c, int metric, int instance)
{
    const struct client_state *s = client_at(w, c);
    const uint64_t counts[] = {s->visits, s->attempts, s->good,  s->bad,     s->slow,
                               s->failed, s->gave_up,  s->stale, s->answered};
    (void)instance;
    switch (metric) {
    case M_SECONDS:
        return (double)s->seconds / 1e9;
    case M_IN_FLIGHT:
        return s->in_flight;
    case M_USERS:
        return s->users;
    case M_THINKING:
        return s->thinking;
    case M_THINK_SECONDS:
        return (double)client_thinking(w, c) / 1e9;
    case M_LOST:
        return (double)s->lost;
    case M_VISITS_LOST:
        return (double)s->visits_lost;
    default:
        return (double)counts[metric];
    }
}

void client_inflight(const struct world *w, comp_id c,
                     void (*f)(const struct world *w, const struct act *a, void *ctx),
                     void *ctx)
{
    for (ref r = client_at(w, c)->inside.first; r != 0; r = act_at(w, r)->next)
        f(w, act_at(w, r), ctx);
}

#define M(name, prom, labels, type, unit, doc)                                         \
    {                                                                                  \
        name, prom, labels, type, unit, false, doc                                     \
    }
const struct metric_desc client_metrics[] = {
    [M_VISITS] = M("visits_total", "user_visits_total", "", METRIC_COUNTER, "1",
                   "Users that came."),
    [M_ATTEMPTS] = M("attempts_total", "user_attempts_total", "", METRIC_COUNTER, "1",
                     "Their attempts, reloads included."),
    [M_GOOD] = M("good_total", "user_requests_good_total", "", METRIC_COUNTER, "1",
                 "Attempts that met the objective."),
    [M_BAD] = M("bad_total", "user_requests_bad_total", "", METRIC_COUNTER, "1",
                "Attempts that did not, counted as soon as that is sure."),
    [M_SLOW] = M("slow_total", "user_requests_slow_total", "", METRIC_COUNTER, "1",
                 "Answered, but too late."),
    [M_FAILED] = M("failed_total", "user_requests_failed_total", "", METRIC_COUNTER,
                   "1", "Ended with an error."),
    [M_GAVE_UP] = M("gave_up_total", "user_requests_gave_up_total", "", METRIC_COUNTER,
                    "1", "Users that stopped waiting."),
    [M_STALE] = M("stale_total", "user_requests_stale_total", "", METRIC_COUNTER, "1",
                  "Answered in time with data too old."),
    [M_ANSWERED] = M("answered_total", "user_requests_answered_total", "",
                     METRIC_COUNTER, "1", "Answered."),
    [M_SECONDS] = M("seconds_total", "user_request_duration_seconds_sum", "",
                    METRIC_COUNTER, "s", "Time of all answered attempts."),
    [M_IN_FLIGHT] = M("in_flight", "user_requests_in_flight", "", METRIC_GAUGE, "1",
                      "Attempts still waiting."),
    [M_USERS] = M("users", "user_sessions", "", METRIC_GAUGE, "1",
                  "Users there, thinking or waiting (closed loops and sessions)."),
    [M_THINKING] = M("thinking", "user_sessions_thinking", "", METRIC_GAUGE, "1",
                     "Those of them that think."),
    [M_THINK_SECONDS] =
        M("think_seconds_total", "user_think_seconds_total", "", METRIC_COUNTER, "s",
          "Time that users have thought, those that still do included."),
    [M_LOST] = M("lost_total", "user_requests_lost_total", "", METRIC_COUNTER, "1",
                 "Answered, though some of the work was dropped: bad, whatever the "
                 "answer said."),
    [M_VISITS_LOST] =
        M("visits_lost_total", "user_visits_lost_total", "", METRIC_COUNTER, "1",
          "Visits that ended without an answer: failed, and not tried "
          "again. All others are answered, or under way."),
};
_Static_assert(COUNT_OF(client_metrics) == M_COUNT, "one for each");
_Static_assert((int)M_COUNT == (int)CLIENT_METRICS, "and so many are told of");
