/*
 * external: a third party. It answers after a while, as fast for many as for one; now
 * and then with an error, now and then with a plain no (`decline`), which is an answer.
 * It may admit only so many requests a second. Nobody here can restart it.
 */
#include "call/call.h"
#include "engine/kind.h"
#include "engine/queue.h"

enum { P_LATENCY, P_ERROR_RATE, P_DECLINE, P_QUOTA, P_COUNT };
static const struct param_desc params[] = {
    [P_LATENCY] = {.name = "latency",
                   .type = VALUE_DIST,
                   .unit = "s",
                   .def = "100ms",
                   .doc = "Time until it answers."},
    [P_ERROR_RATE] = {.name = "error_rate",
                      .type = VALUE_FRACTION,
                      .min = 0,
                      .max = 1,
                      .unit = "",
                      .def = "0",
                      .doc = "Share of the requests that it answers with an error."},
    [P_DECLINE] = {.name = "decline",
                   .type = VALUE_FRACTION,
                   .min = 0,
                   .max = 1,
                   .unit = "",
                   .def = "0",
                   .doc = "Share of the requests that it answers with a plain no."},
    [P_QUOTA] = {.name = "quota",
                 .type = VALUE_NUMBER,
                 .min = 0,
                 .max = 1000000,
                 .unit = "1/s",
                 .def = "0",
                 .doc = "Requests it admits a second, of all callers together, one "
                        "second's worth at once; more are turned away; 0: all are "
                        "admitted."},
};
_Static_assert(COUNT_OF(params) == P_COUNT, "one for each");

enum { FAULT_SLOW, FAULT_ERRORS, FAULT_DOWN, FAULT_HANG, FAULT_COUNT };
static const struct fault_desc faults[] = {
    [FAULT_SLOW] = {.name = "slow",
                    .args = {{.name = "factor",
                              .type = VALUE_NUMBER,
                              .doc = "How many times longer it takes."}},
                    .doc = "Answers take longer."},
    [FAULT_ERRORS] = {.name = "errors",
                      .args = {{.name = "share",
                                .type = VALUE_FRACTION,
                                .doc = "Share of the requests that fail."}},
                      .doc = "Part of the answers are errors."},
    [FAULT_DOWN] = {.name = "down", .doc = "It refuses every request at once."},
    [FAULT_HANG] = {.name = "hang",
                    .doc = "It takes requests and does not answer until this is over."},
};
_Static_assert(COUNT_OF(faults) == FAULT_COUNT, "one for each");

enum { M_REQUESTS, M_ERRORS, M_DECLINED, M_LIMITED, M_IN_FLIGHT, M_SECONDS, M_COUNT };
#define EXTERNAL_METRIC(n, p, t, u, d)                                                 \
    {                                                                                  \
        .name = n, .prom = p, .labels = "", .type = t, .unit = u, .doc = d             \
    }
static const struct metric_desc metrics[] = {
    [M_REQUESTS] = EXTERNAL_METRIC("requests_total", "external_requests_total",
                                   METRIC_COUNTER, "1", "Requests it got."),
    [M_ERRORS] = EXTERNAL_METRIC("errors_total", "external_errors_total",
                                 METRIC_COUNTER, "1", "Requests that failed."),
    [M_DECLINED] =
        EXTERNAL_METRIC("declined_total", "external_declined_total", METRIC_COUNTER,
                        "1", "Answers that were a plain no."),
    [M_LIMITED] =
        EXTERNAL_METRIC("rate_limited_total", "external_rate_limited_total",
                        METRIC_COUNTER, "1", "Requests turned away by its quota."),
    [M_IN_FLIGHT] = EXTERNAL_METRIC("in_flight", "external_in_flight", METRIC_GAUGE,
                                    "1", "Requests it has not answered yet."),
    [M_SECONDS] =
        EXTERNAL_METRIC("seconds_total", "external_seconds_total", METRIC_COUNTER, "s",
                        "Time from taking to answering all requests."),
};
_Static_assert(COUNT_OF(metrics) == M_COUNT, "one for each");

enum { RNG_LATENCY, RNG_OUTCOME };
static const char *const streams[] = {"latency", "outcome", NULL};

enum { ASKED, HUNG };

struct external {
    struct list inside, hung;
    bool down, hanging; /* faults that run */
    double slow;        /* times the latency */
    double errors;      /* share that fails because of a fault */
    double tokens;      /* of the quota */
    sim_time refilled;
    uint64_t requests, failed, declined, limited;
    sim_time time;
};

static struct external *ext_at(const struct world *w, comp_id c)
{
    return W_STATE(w, struct external, c);
}

static void end(struct world *w, struct act *a, enum reason reason)
{
    struct external *x = ext_at(w, a->comp);
    x->failed += reason != REASON_NONE;
    x->limited += reason == REASON_RATE_LIMITED;
    x->time += w_now(w) - a->call_start;
    members_remove(w, &x->inside, a);
    act_finish(w, a, reason, reason == REASON_NONE ? COMP_NONE : a->comp);
}

/* Token bucket that holds one second's worth. */
static bool admitted(struct world *w, comp_id c)
{
    struct external *x = ext_at(w, c);
    double quota = p_number(w, c, P_QUOTA);
    if (quota <= 0)
        return true;
    double most = quota > 1 ? quota : 1;
    x->tokens += quota * (double)(w_now(w) - x->refilled) / (double)SIM_SEC;
    x->tokens = x->tokens > most ? most : x->tokens;
    x->refilled = w_now(w);
    if (x->tokens < 1)
        return false;
    x->tokens -= 1;
    return true;
}

static void answer(struct world *w, struct act *a)
{
    struct external *x = ext_at(w, a->comp);
    struct rng *r = w_rng(w, a->comp, RNG_OUTCOME);
    double errors = p_number(w, a->comp, P_ERROR_RATE);
    /* Always two draws: a change of one share leaves the other requests' fates alone.
     */
    double fate = rng_unit(r), word = rng_unit(r);
    errors = x->errors > errors ? x->errors : errors;
    if (x->down || fate < errors) {
        end(w, a, REASON_THIRD_PARTY);
        return;
    }
    if (word < p_number(w, a->comp, P_DECLINE)) {
        a->flags |= ACT_ANSWERED;
        x->declined++;
    }
    end(w, a, REASON_NONE);
}

static void ext_begin(struct world *w, struct act *a)
{
    struct external *x = ext_at(w, a->comp);
    sim_time latency =
        dist_draw(p_dist(w, a->comp, P_LATENCY), w_rng(w, a->comp, RNG_LATENCY));
    if (x->slow != 1)
        latency = (sim_time)((double)latency * x->slow);
    x->requests++;
    members_add(w, &x->inside, a);
    a->phase = ASKED;
    a->call_start = w_now(w);
    if (x->down)
        end(w, a, REASON_THIRD_PARTY);
    else if (!admitted(w, a->comp))
        end(w, a, REASON_RATE_LIMITED);
    else
        act_timer(w, a, latency, CAUSE_EXTERNAL, a->comp);
}

static void ext_resume(struct world *w, struct act *a, enum reason reason)
{
    (void)reason;
    struct external *x = ext_at(w, a->comp);
    if (a->phase == ASKED && x->hanging && !x->down) {
        act_wait(w, a, CAUSE_EXTERNAL, a->comp);
        a->phase = HUNG;
        queue_push(w, &x->hung, a);
        return;
    }
    answer(w, a);
}

static void ext_cancel(struct world *w, struct act *a)
{
    struct external *x = ext_at(w, a->comp);
    if (a->phase == HUNG)
        queue_remove(w, &x->hung, a);
    x->time += w_now(w) - a->call_start;
    members_remove(w, &x->inside, a);
}

static void let_hung_go(struct world *w, struct external *x)
{
    struct act *a;
    while ((a = queue_pop(w, &x->hung))) {
        a->phase = ASKED;
        act_ready(w, a, REASON_NONE);
    }
}

static enum err ext_fault(struct world *w, comp_id c, int fault, const struct action *a,
                          bool on, struct errmsg *why)
{
    struct external *x = ext_at(w, c);
    double arg = a->args[0].as.number;
    switch (fault) {
    case FAULT_SLOW:
        if (on && !(arg > 0 && arg <= 1e6))
            return errmsg_set(why, ERR_INPUT,
                              "slow: the factor must be above 0, e.g. 10");
        x->slow = on ? arg : 1;
        break;
    case FAULT_ERRORS:
        x->errors = on ? arg : 0;
        break;
    case FAULT_DOWN:
        x->down = on;
        break;
    default:
        x->hanging = on;
    }
    if (x->down || !x->hanging)
        let_hung_go(w, x);
    return ERR_OK;
}

static double ext_metric(const struct world *w, comp_id c, int metric, int instance)
{
    (void)instance;
    const struct external *x = ext_at(w, c);
    switch (metric) {
    case M_REQUESTS:
        return (double)x->requests;
    case M_ERRORS:
        return (double)x->failed;
    case M_DECLINED:
        return (double)x->declined;
    case M_LIMITED:
        return (double)x->limited;
    case M_IN_FLIGHT:
        return x->inside.count;
    default:
        return (double)x->time / (double)SIM_SEC;
    }
}

static void ext_inflight(const struct world *w, comp_id c,
                         void (*f)(const struct world *w, const struct act *a,
                                   void *ctx),
                         void *ctx)
{
    for (ref r = ext_at(w, c)->inside.first; r != 0; r = act_at(w, r)->next)
        f(w, act_at(w, r), ctx);
}

static size_t ext_state_size(const struct model *m, comp_id c)
{
    (void)m, (void)c;
    return sizeof(struct external);
}

static void ext_init(struct world *w, comp_id c)
{
    struct external *x = ext_at(w, c);
    x->slow = 1;
    x->tokens = p_number(w, c, P_QUOTA);
}

static const struct figure_desc figures[] = {
    {.label = "errors",
     .metric = "errors_total",
     .of = "requests_total",
     .how = FIGURE_PART,
     .status = true,
     .map = MAP_IF_UNUSUAL,
     .warn = 0.0005,
     .bad = 0.01},
    {.label = "takes",
     .metric = "seconds_total",
     .of = "requests_total",
     .how = FIGURE_TIME,
     .status = true,
     .map = MAP_ALWAYS},
    {.label = "errors", .metric = "errors_total", .how = FIGURE_RATE, .chart = 190},
};

const struct kind_impl kind_external = {
    .desc = {.name = "external",
             .doc = "A third party.",
             .params = params,
             .nparams = COUNT_OF(params),
             .faults = faults,
             .nfaults = COUNT_OF(faults),
             .metrics = metrics,
             .nmetrics = COUNT_OF(metrics),
             .figures = figures,
             .nfigures = COUNT_OF(figures)},
    .traits = KIND_WHOLE,
    .named = NAMED_WHOLE,
    .streams = streams,
    .state_size = ext_state_size,
    .init = ext_init,
    .begin = ext_begin,
    .resume = ext_resume,
    .cancel = ext_cancel,
    .fault = ext_fault,
    .metric = ext_metric,
    .inflight = ext_inflight,
};
