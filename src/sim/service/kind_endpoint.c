/*
 * Kind "endpoint": one of a service's programs as a thing that can be measured. It has
 * a program for each version of the service in which it exists.
 */
#include "engine/kind.h"
#include "service/endpoint.h"
#include "service/service_internal.h"

static struct endpoint_state *state_of(const struct world *w, comp_id e)
{
    return W_STATE(w, struct endpoint_state, e);
}

/* ---- workers --------------------------------------------------------------------- */

uint32_t endpoint_busy(const struct world *w, comp_id e, int instance)
{
    const struct endpoint_state *s = state_of(w, e);
    return (uint32_t)instance < s->busy_cap ? W_PTR(w, uint32_t, s->busy)[instance] : 0;
}

void endpoint_worker(struct world *w, comp_id e, int instance, int more)
{
    struct endpoint_state *s = state_of(w, e);
    w_grow(w, &s->busy, &s->busy_cap, (uint32_t)instance + 1, sizeof(uint32_t));
    uint32_t *busy = &W_PTR(w, uint32_t, s->busy)[instance];
    assert(more > 0 || *busy > 0);
    *busy += (uint32_t)more;
}

void endpoint_idle(struct world *w, comp_id e)
{
    struct endpoint_state *s = state_of(w, e);
    if (s->busy_cap > 0)
        memset(W_PTR(w, uint32_t, s->busy), 0, s->busy_cap * sizeof(uint32_t));
}

static void endpoint_changed(struct world *w, comp_id e, int param,
                             const struct value *old)
{
    comp_id c = w->comps[e].owner;
    (void)param;
    (void)old;
    service_features(w, c);
    for (uint32_t k = 1; k <= service_of(w, c)->n; k++)
        instance_dispatch(w, service_instance(w, c, (int)k));
}

/* ---- the kind -------------------------------------------------------------------- */

static size_t endpoint_size(const struct model *m, comp_id c)
{
    (void)m;
    (void)c;
    return sizeof(struct endpoint_state);
}

enum {
    M_REQUESTS,
    M_ERRORS,
    M_ABANDONED,
    M_SECONDS,
    M_IN_FLIGHT,
    M_REASON, /* + enum reason */
    M_COUNT = M_REASON + REASON_COUNT
};

static double endpoint_metric(const struct world *w, comp_id c, int metric,
                              int instance)
{
    const struct endpoint_state *s = state_of(w, c);
    (void)instance;
    switch (metric) {
    case M_REQUESTS:
        return (double)s->requests;
    case M_ERRORS:
        return (double)s->failed;
    case M_ABANDONED:
        return (double)s->abandoned;
    case M_SECONDS:
        return (double)s->seconds / 1e9;
    case M_IN_FLIGHT:
        return s->in_flight;
    case M_REASON + REASON_NONE: /* all others */
        return (double)(s->requests - s->in_flight - s->failed);
    default:
        return (double)s->failures[metric - M_REASON];
    }
}

static const struct param_desc params[] = {
    [EP_WORKERS] = {.name = "workers",
                    .type = VALUE_COUNT,
                    .min = 0,
                    .max = 100000,
                    .unit = "",
                    .def = "0",
                    .change = CHANGE_AT_ONCE,
                    .each = EACH_INSTANCE,
                    .doc = "Workers that its requests may hold at once, for each "
                           "instance; 0: all of them."},
    [EP_RESERVED] =
        {.name = "reserved",
         .type = VALUE_COUNT,
         .min = 0,
         .max = 100000,
         .unit = "",
         .def = "0",
         .change = CHANGE_AT_ONCE,
         .each = EACH_INSTANCE,
         .doc = "Workers that are kept free for its requests, for each instance."},
};
_Static_assert(COUNT_OF(params) == EP_PARAMS, "one for each");

#define REASON_METRIC(x, phrase)                                                       \
    [M_REASON + REASON_##x] = {.name = "done_" #x,                                     \
                               .prom = "http_server_responses_total",                  \
                               .labels = "outcome=\"" phrase "\"",                     \
                               .type = METRIC_COUNTER,                                 \
                               .unit = "1",                                            \
                               .doc = "Requests that ended so: " phrase "."},
static const struct metric_desc metrics[] = {
    [M_REQUESTS] = {.name = "requests_total",
                    .prom = "http_server_endpoint_requests_total",
                    .labels = "",
                    .type = METRIC_COUNTER,
                    .unit = "1",
                    .doc = "Requests that came in."},
    [M_ERRORS] = {.name = "errors_total",
                  .prom = "http_server_endpoint_errors_total",
                  .labels = "",
                  .type = METRIC_COUNTER,
                  .unit = "1",
                  .doc = "Requests that failed."},
    [M_ABANDONED] = {.name = "abandoned_total",
                     .prom = "http_server_endpoint_abandoned_total",
                     .labels = "",
                     .type = METRIC_COUNTER,
                     .unit = "1",
                     .doc = "Requests finished when nobody waited any more."},
    [M_SECONDS] = {.name = "seconds_total",
                   .prom = "http_server_endpoint_duration_seconds_sum",
                   .labels = "",
                   .type = METRIC_COUNTER,
                   .unit = "s",
                   .doc = "Time of all requests that ended."},
    [M_IN_FLIGHT] = {.name = "in_flight",
                     .prom = "http_server_endpoint_active_requests",
                     .labels = "",
                     .type = METRIC_GAUGE,
                     .unit = "1",
                     .doc = "Requests inside."},
    REASON_LIST(REASON_METRIC)};
_Static_assert(COUNT_OF(metrics) == M_COUNT, "one for each");

static const struct figure_desc figures[] = {
    {.label = "p99, finished", .how = FIGURE_P99, .chart = 20},
};

const struct kind_impl kind_endpoint = {
    .desc = {.name = "endpoint",
             .doc = "A program of a service.",
             .nested = true,
             .within = "service",
             .params = params,
             .nparams = COUNT_OF(params),
             .metrics = metrics,
             .nmetrics = COUNT_OF(metrics),
             .figures = figures,
             .nfigures = COUNT_OF(figures)},
    .state_size = endpoint_size,
    .changed = endpoint_changed,
    .metric = endpoint_metric,
};
