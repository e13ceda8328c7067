/*
 * Kind "call": what an operator can set and see of call policies. How they work is in
 * call.c and its neighbours.
 */
#include "call/path.h"
#include "engine/kind.h"
#include "model/model.h"

#include <stdlib.h>

/* A policy that was written out in the model, whether or not anybody calls that way. */
static enum err call_resolve(struct model *m, comp_id c, struct errmsg *why)
{
    const struct comp *self = &m->comps[c];
    const char *callee = self->name + strlen(m->comps[self->owner].name) + 1;
    m->comps[c].target = model_need(m, callee, NULL, self->name, why);
    if (m->comps[c].target == COMP_NONE)
        return ERR_NOT_FOUND;
    enum err e;
    if ((e = param_resolve(m, c, P_VIA, "link", why)) != ERR_OK ||
        (e = param_resolve(m, c, P_RESOLVE, "dns", why)) != ERR_OK)
        return e;
    return param_resolve(m, c, P_TLS, "certificate", why);
}

/* Parts of the policy beyond the usual, worked out once and not at every call. */
static void find_extras(struct world *w, comp_id c)
{
    uint32_t extras = 0;
    extras |= p_time(w, c, P_HEDGE_AFTER) > 0 ? EXTRA_HEDGE : 0;
    extras |= p_on(w, c, P_PROPAGATE) ? EXTRA_DEADLINE : 0;
    extras |= p_count(w, c, P_MAX_IN_FLIGHT) > 0 ? EXTRA_LIMIT : 0;
    extras |= p_number(w, c, P_BREAKER) > 0 ? EXTRA_BREAKER : 0;
    extras |= p_number(w, c, P_BUDGET) > 0 ? EXTRA_BUDGET : 0;
    extras |= p_dist(w, c, P_NETWORK)->kind != DIST_CONST ? EXTRA_RANDOM_WAY : 0;
    extras |= p_count(w, c, P_BUDGET_KIND) != BUDGET_SHARE ? EXTRA_QUOTA : 0;
    extras |= p_number(w, c, P_THROTTLE) > 0 ? EXTRA_THROTTLE : 0;
    state_of(w, c)->extras = extras;
    state_of(w, c)->timeout = p_time(w, c, P_TIMEOUT);
    state_of(w, c)->way = p_dist(w, c, P_NETWORK)->mean;
}

/* Whether something is said of connections that only those have which are opened and
 * kept one by one. A database's are, in any case: by its pools. */
static bool speaks_of_lines(const struct world *w, comp_id c)
{
    comp_id link = p_comp(w, c, P_VIA), target = w->comps[c].target;
    const struct kind_impl *callee = comp_kind(w, target);
    if (p_count(w, c, P_MAX_IDLE) >= 0 || p_time(w, c, P_IDLE_TIMEOUT) > 0 ||
        p_time(w, c, P_MAX_AGE) > 0)
        return true;
    if (callee->query_lost)
        return false;
    return p_time(w, c, P_CONNECT_TIMEOUT) > 0 ||
           (callee->minds && callee->minds(w, target)) ||
           p_count(w, c, P_PORTS) != strtol(PORTS_USUAL, NULL, 10) ||
           (link != COMP_NONE && p_time(w, link, LP_FORGETS_AFTER) > 0);
}

/* Parts of the policy that connections go by. */
static void tell_path(struct world *w, comp_id c)
{
    struct path *p = path_of(w, c);
    comp_id target = w->comps[c].target;
    const struct kind_impl *callee = comp_kind(w, target);
    p->link = p_comp(w, c, P_VIA);
    p->name = p_comp(w, c, P_RESOLVE);
    p->hops = callee->sends_on && callee->sends_on(w, target) != COMP_NONE;
    p->answers = (uint8_t)p_count(w, c, P_DNS_CACHE);
    p->certificate = p_comp(w, c, P_TLS);
    p->verify = p_on(w, c, P_VERIFY);
    p->keep_alive = p_count(w, c, P_KEEP_ALIVE);
    p->streams = (uint32_t)p_count(w, c, P_STREAMS);
    p->kept = speaks_of_lines(w, c);
    p->bytes[WAY_THERE] = p_count(w, c, P_REQUEST_BYTES);
    p->bytes[WAY_BACK] = p_count(w, c, P_RESPONSE_BYTES);
    path_tune(p);
    state_of(w, c)->extras |=
        (p->what != 0 ? EXTRA_PATH : 0) | (p->what & PATH_DIALS ? EXTRA_DIAL : 0);
}

static void call_init(struct world *w, comp_id c)
{
    state_of(w, c)->shared = p_count(w, c, P_SCOPE) == SCOPE_SHARED;
    find_extras(w, c);
    tell_path(w, c);
}

/* A setting that a guard's content depends on is not what it was. */
static void guard_changed(struct world *w, comp_id c, int param, struct guard *g)
{
    if (param == P_BUDGET_KIND || param == P_BUDGET_TOKENS || param == P_BUDGET_RATE)
        budget_fill(w, c, g);
    else if (param == P_THROTTLE_WINDOW)
        memset(g->slots, 0, sizeof g->slots);
    else if (param == P_MAX_IN_FLIGHT)
        call_slot_free(w, c, g);
}

static void call_changed(struct world *w, comp_id c, int param, const struct value *old)
{
    const struct call_state *st = state_of(w, c);
    find_extras(w, c);
    tell_path(w, c);
    if (param == P_MAX_IN_FLIGHT && old->as.count == 0)
        guards_count(w, c);
    if (param == P_TIME_WAIT)
        path_ports_forget(w, c);
    for (uint32_t i = 0; i < st->guards_cap; i++)
        if (W_PTR(w, ref, st->guards)[i])
            guard_changed(w, c, param, guard_of(w, c, (uint16_t)i));
}

static enum err call_check(struct model *m, comp_id c, struct errmsg *why)
{
    comp_id name = model_param(m, c, P_RESOLVE)->as.comp;
    if (model_param(m, c, P_BALANCE)->as.count == BALANCE_HASH)
        ring_reserve(m, m->comps[c].target,
                     model_param(m, c, P_VIRTUAL_NODES)->as.count);
    if (name == COMP_NONE)
        return ERR_OK;
    return dns_fits(m, name, m->comps[c].target, m->comps[c].name, why);
}

static void call_event(struct world *w, comp_id c, int what, uint32_t r, uint32_t gen)
{
    if (what == CE_POOL) {
        comp_kind(w, w->comps[c].target)->dial(w, r, gen);
        return;
    }
    if (what == CE_LINE_IDLE) {
        path_line_idle(w, c, r, gen);
        return;
    }
    if (what == CE_ADMIT) {
        wait_admit(w, c, (uint16_t)r);
        return;
    }
    struct act *a = act_alive(w, r, gen);
    if (!a) {
        return;
    } else if (what == CE_DIAL) {
        path_dial_due(w, a);
    } else if (what == CE_IN_ORDER) {
        a->timer = 0;
        path_deliver(w, a);
    } else if (what == CE_BROKEN) {
        a->timer = 0;
        path_fail(w, a, REASON_CONN_LOST, path_of(w, c)->link);
    } else if (what == CE_LATE) {
        path_dial_late(w, a);
    } else if (what == CE_HEDGE) {
        a->timer = 0;
        hedge_due(w, c, a);
    } else if (what == CE_TIED) {
        hedge_stop(w, a);
    } else {
        wait_over(w, c, a);
    }
}

/* A database's connections are its pools'. */
static bool call_keeps_over(const struct world *w, comp_id c, comp_id link)
{
    const struct path *p = path_of(w, c);
    return p->link == link &&
           ((p->what & PATH_LINES) || comp_kind(w, w->comps[c].target)->query_lost);
}

static size_t call_size(const struct model *m, comp_id c)
{
    (void)m;
    (void)c;
    return sizeof(struct call_state);
}

/* Of guards, which are made where something needs them. */
static void call_bulk(const struct model *m, comp_id c, struct bulk *b)
{
    enum { GUARD = 512, SEAT = 512 }; /* bytes of each calling instance, rounded up */
    bool guarded = model_param(m, c, P_MAX_IN_FLIGHT)->as.count > 0 ||
                   model_param(m, c, P_BREAKER)->as.number > 0 ||
                   model_param(m, c, P_BUDGET)->as.number > 0 ||
                   model_param(m, c, P_BUDGET_KIND)->as.count != BUDGET_SHARE ||
                   model_param(m, c, P_THROTTLE)->as.number > 0;
    bool dials = model_param(m, c, P_RESOLVE)->as.comp != COMP_NONE ||
                 model_param(m, c, P_TLS)->as.comp != COMP_NONE ||
                 model_param(m, c, P_KEEP_ALIVE)->as.count > 0 ||
                 model_param(m, c, P_MAX_IDLE)->as.count >= 0 ||
                 model_param(m, c, P_STREAMS)->as.count > 1;
    _Static_assert(sizeof(struct guard) <= GUARD, "the room reckoned for it");
    if (guarded && model_param(m, c, P_SCOPE)->as.count == SCOPE_INSTANCE)
        b->bytes += b->instances * GUARD;
    if (dials)
        b->bytes += b->instances * SEAT;
}

enum {
    M_REQUESTS,
    M_ATTEMPTS,
    M_SENT,
    M_OK,
    M_RETRIES,
    M_DENIED,
    M_TIMEOUTS,
    M_ERRORS,
    M_SECONDS,
    M_IN_FLIGHT,
    M_BREAKER,
    M_HALF_OPEN,
    M_REASON, /* from here on a metric for each reason */
    M_HEDGES = M_REASON + REASON_COUNT,
    M_HEDGES_WON,
    M_HEDGES_DENIED,
    M_COPIES_LOST,
    M_TIED_STOPPED,
    M_OPENED,
    M_OPEN,
    M_WAITING,
    M_THROTTLED,
    M_BUDGET,
    M_ABANDONED,
    M_WASTED,
    M_PORTS,
    M_COUNT
};

static double failed(const struct call_state *s)
{
    uint64_t n = 0;
    for (int i = 0; i < REASON_COUNT; i++)
        n += s->failures[i];
    return (double)n;
}

static double guard_refuses(const struct world *w, comp_id policy,
                            const struct guard *g)
{
    enum breaker_state state = breaker_state(w, policy, g);
    return state == BREAKER_OPEN || state == BREAKER_TRIAL;
}

static double guard_half_open(const struct world *w, comp_id policy,
                              const struct guard *g)
{
    enum breaker_state state = breaker_state(w, policy, g);
    return state == BREAKER_HALF_OPEN || state == BREAKER_TRIAL;
}

static double instance_tokens(const struct world *w, comp_id c, uint32_t instance)
{
    const struct guard *g = guard_if(w, c, instance);
    if (!g)
        return budget_full(w, c);
    return state_of(w, c)->extras & EXTRA_QUOTA ? g->quota : g->tokens;
}

/* Of one calling instance, or (0) of all that there are. */
static double tokens_left(const struct world *w, comp_id c, int instance)
{
    comp_id owner = w->comps[c].owner;
    const struct kind_impl *k = comp_kind(w, owner);
    if (instance > 0 || !k->state || state_of(w, c)->shared)
        return instance_tokens(w, c, (uint32_t)instance);
    double sum = 0;
    for (int i = 1; i <= k->instances(w, owner); i++)
        if (k->state(w, owner, i) != INSTANCE_NONE)
            sum += instance_tokens(w, c, (uint32_t)i);
    return sum;
}

static double ports_in_use(const struct world *w, comp_id c, int instance)
{
    const struct path *p = path_of(w, c);
    double sum = 0;
    for (uint32_t k = 0; k < p->cap; k++)
        if (instance == 0 || k == (uint32_t)instance)
            sum += path_ports(w, c, W_PTR(w, struct caller, p->callers) + k);
    return sum;
}

static double call_metric(const struct world *w, comp_id c, int metric, int instance)
{
    const struct call_state *s = state_of(w, c);
    switch (metric) {
    case M_REQUESTS:
        return (double)s->requests;
    case M_ATTEMPTS:
        return (double)s->attempts;
    case M_SENT:
        return (double)s->sent;
    case M_OK:
        return (double)s->ok;
    case M_RETRIES:
        return (double)s->retries;
    case M_DENIED:
        return (double)s->retries_denied;
    case M_TIMEOUTS:
        return (double)s->timeouts;
    case M_ERRORS:
        return failed(s);
    case M_SECONDS:
        return (double)s->latency / 1e9;
    case M_IN_FLIGHT:
        return s->in_flight;
    case M_BREAKER:
        return guard_metric(w, c, instance, guard_refuses);
    case M_HALF_OPEN:
        return guard_metric(w, c, instance, guard_half_open);
    case M_HEDGES:
        return (double)s->hedges;
    case M_HEDGES_WON:
        return (double)s->hedges_won;
    case M_HEDGES_DENIED:
        return (double)s->hedges_denied;
    case M_COPIES_LOST:
        return (double)s->copies_lost;
    case M_TIED_STOPPED:
        return (double)s->tied_stopped;
    case M_OPENED:
        return (double)s->path.opened;
    case M_OPEN:
        return s->path.open;
    case M_WAITING:
        return s->waiting;
    case M_THROTTLED:
        return (double)s->throttled;
    case M_ABANDONED:
        return (double)s->abandoned;
    case M_PORTS:
        return ports_in_use(w, c, instance);
    case M_WASTED:
        return (double)s->wasted / 1e9;
    case M_BUDGET:
        return tokens_left(w, c, instance);
    default:
        return (double)s->failures[metric - M_REASON];
    }
}

#define REASON_METRIC(x, phrase)                                                       \
    [M_REASON + REASON_##x] = {.name = "failures_" #x,                                 \
                               .prom = "client_attempt_failures_total",                \
                               .labels = "reason=\"" phrase "\"",                      \
                               .type = METRIC_COUNTER,                                 \
                               .unit = "1",                                            \
                               .doc = "Attempts that failed: " phrase "."},
static const struct metric_desc call_metrics[] =
    {[M_REQUESTS] = {.name = "requests_total",
                     .prom = "client_requests_total",
                     .labels = "",
                     .type = METRIC_COUNTER,
                     .unit = "1",
                     .doc = "Calls, each with all its attempts."},
     [M_ATTEMPTS] = {.name = "attempts_total",
                     .prom = "client_attempts_total",
                     .labels = "",
                     .type = METRIC_COUNTER,
                     .unit = "1",
                     .doc = "Attempts, retries included."},
     [M_SENT] = {.name = "sent_total",
                 .prom = "client_attempts_sent_total",
                 .labels = "",
                 .type = METRIC_COUNTER,
                 .unit = "1",
                 .doc = "Attempts that left the caller: not refused by a breaker or a "
                        "limit of its own, and with a connection."},
     [M_OK] = {.name = "ok_total",
               .prom = "client_attempts_ok_total",
               .labels = "",
               .type = METRIC_COUNTER,
               .unit = "1",
               .doc = "Attempts that were answered."},
     [M_RETRIES] = {.name = "retries_total",
                    .prom = "client_retries_total",
                    .labels = "",
                    .type = METRIC_COUNTER,
                    .unit = "1",
                    .doc = "Retries sent."},
     [M_DENIED] = {.name = "retries_denied_total",
                   .prom = "client_retries_denied_total",
                   .labels = "",
                   .type = METRIC_COUNTER,
                   .unit = "1",
                   .doc = "Retries that the budget did not allow."},
     [M_TIMEOUTS] = {.name = "timeouts_total",
                     .prom = "client_timeouts_total",
                     .labels = "",
                     .type = METRIC_COUNTER,
                     .unit = "1",
                     .doc = "Attempts given up after the timeout."},
     [M_ERRORS] = {.name = "errors_total",
                   .prom = "client_errors_total",
                   .labels = "",
                   .type = METRIC_COUNTER,
                   .unit = "1",
                   .doc = "Attempts that failed, timeouts included."},
     [M_SECONDS] = {.name = "seconds_total",
                    .prom = "client_request_duration_seconds_sum",
                    .labels = "",
                    .type = METRIC_COUNTER,
                    .unit = "s",
                    .doc = "Time of all attempts that ended, as the caller saw it."},
     [M_IN_FLIGHT] = {.name = "in_flight",
                      .prom = "client_requests_in_flight",
                      .labels = "",
                      .type = METRIC_GAUGE,
                      .unit = "1",
                      .doc = "Calls under way, of all calling instances; pauses before "
                             "retries not counted."},
     [M_BREAKER] =
         {.name = "breaker_open",
          .prom = "client_breaker_open",
          .labels = "",
          .type = METRIC_GAUGE,
          .unit = "1",
          .per_instance = true,
          .doc = "Calling instances whose circuit breaker refuses calls: open, or "
                 "half-open with its trial under way. Of one instance: 1 or 0."},
     [M_HALF_OPEN] =
         {.name = "breaker_half_open",
          .prom = "client_breaker_half_open",
          .labels = "",
          .type = METRIC_GAUGE,
          .unit = "1",
          .per_instance = true,
          .doc = "Calling instances whose circuit breaker is half-open: the next call "
                 "is the trial, or it is under way. Of one instance: 1 or 0."},
     [M_HEDGES] = {.name = "hedges_total",
                   .prom = "client_hedges_total",
                   .labels = "",
                   .type = METRIC_COUNTER,
                   .unit = "1",
                   .doc = "Second copies sent because there was no answer yet."},
     [M_HEDGES_WON] = {.name = "hedges_won_total",
                       .prom = "client_hedges_won_total",
                       .labels = "",
                       .type = METRIC_COUNTER,
                       .unit = "1",
                       .doc = "Second copies that were answered first."},
     [M_HEDGES_DENIED] =
         {.name = "hedges_denied_total",
          .prom = "client_hedges_denied_total",
          .labels = "",
          .type = METRIC_COUNTER,
          .unit = "1",
          .doc = "Second copies that budget, breaker or bulkhead did not allow."},
     [M_COPIES_LOST] = {.name = "copies_lost_total",
                        .prom = "client_copies_lost_total",
                        .labels = "",
                        .type = METRIC_COUNTER,
                        .unit = "1",
                        .doc = "Copies that another one was faster than."},
     [M_TIED_STOPPED] =
         {.name = "tied_stopped_total",
          .prom = "client_tied_stopped_total",
          .labels = "",
          .type = METRIC_COUNTER,
          .unit = "1",
          .doc =
              "Copies that were dropped unserved because their twin had been started."},
     [M_OPENED] = {.name = "connections_opened_total",
                   .prom = "client_connections_opened_total",
                   .labels = "",
                   .type = METRIC_COUNTER,
                   .unit = "1",
                   .doc = "Connections opened, where that is modelled."},
     [M_OPEN] = {.name = "connections",
                 .prom = "client_connections",
                 .labels = "",
                 .type = METRIC_GAUGE,
                 .unit = "1",
                 .doc = "Connections that are open, where that is modelled."},
     [M_WAITING] =
         {.name = "waiting",
          .prom = "client_requests_waiting",
          .labels = "",
          .type = METRIC_GAUGE,
          .unit = "1",
          .doc = "Calls that wait for room in the bulkhead, of all calling instances."},
     [M_THROTTLED] = {.name = "throttled_total",
                      .prom = "client_throttled_total",
                      .labels = "",
                      .type = METRIC_COUNTER,
                      .unit = "1",
                      .doc = "Attempts that the adaptive throttle refused."},
     [M_BUDGET] = {.name = "retry_tokens",
                   .prom = "client_retry_tokens",
                   .labels = "",
                   .type = METRIC_GAUGE,
                   .unit = "1",
                   .per_instance = true,
                   .doc = "What is left in the retry budgets now, of all calling "
                          "instances; or of one."},
     [M_ABANDONED] =
         {.name = "abandoned_total",
          .prom = "client_attempts_abandoned_total",
          .labels = "",
          .type = METRIC_COUNTER,
          .unit = "1",
          .doc =
              "Attempts that the callee ended when nobody waited for them any more."},
     [M_WASTED] = {.name = "wasted_cpu_seconds_total",
                   .prom = "client_attempts_wasted_cpu_seconds_total",
                   .labels = "",
                   .type = METRIC_COUNTER,
                   .unit = "s",
                   .doc = "Processor time that the callee spent on those."},
     [M_PORTS] = {.name = "ports_in_use",
                  .prom = "client_ports_in_use",
                  .labels = "",
                  .type = METRIC_GAUGE,
                  .unit = "1",
                  .per_instance = true,
                  .doc =
                      "Local ports taken by connections that are open, and by closed "
                      "ones in TIME_WAIT, of all calling instances; or of one."},
     REASON_LIST(REASON_METRIC)};
_Static_assert(COUNT_OF(call_metrics) == M_COUNT, "one for each");

static const char *const call_streams[] = {"network", "jitter", "hedge", "throttle",
                                           NULL};

/* Metrics that are listed only where they are modelled. */
static const struct metric_need needs[] = {
    {"breaker_open", "breaker"},
    {"breaker_half_open", "breaker"},
    {"retries_total", "retries"},
    {"retries_denied_total", "retry_budget"},
    {"retries_denied_total", "budget"},
    {"retry_tokens", "retry_budget"},
    {"retry_tokens", "budget"},
    {"hedges_total", "hedge_after"},
    {"hedges_won_total", "hedge_after"},
    {"hedges_denied_total", "hedge_after"},
    {"copies_lost_total", "hedge_after"},
    {"tied_stopped_total", "tied"},
    {"connections_opened_total", "keep_alive"},
    {"connections_opened_total", "tls"},
    {"connections", "keep_alive"},
    {"connections", "streams"},
    {"connections_opened_total", "streams"},
    {"ports_in_use", "streams"},
    {"ports_in_use", "keep_alive"},
    {"ports_in_use", "tls"},
    {"ports_in_use", "max_idle"},
    {"ports_in_use", "max_age"},
    {"ports_in_use", "idle_timeout"},
    {"connections", "max_idle"},
    {"connections", "max_age"},
    {"connections", "idle_timeout"},
    {"connections_opened_total", "max_idle"},
    {"connections_opened_total", "max_age"},
    {"connections_opened_total", "idle_timeout"},
    {"connections", "tls"},
    {"waiting", "max_waiting"},
    {"throttled_total", "throttle"},
};

static const struct figure_desc figures[] = {
    {.label = "retries", .metric = "retries_total", .how = FIGURE_RATE, .chart = 80},
    {.label = "timeouts", .metric = "timeouts_total", .how = FIGURE_RATE, .chart = 90},
};

const struct kind_impl kind_call = {
    .desc =
        {.name = "call",
         .doc =
             "How one component calls another: timeout, retries, breaker, balancing.",
         .nested = true,
         .params = call_params,
         .nparams = P_COUNT,
         .metrics = call_metrics,
         .nmetrics = M_COUNT,
         .needs = needs,
         .nneeds = COUNT_OF(needs),
         .figures = figures,
         .nfigures = COUNT_OF(figures)},
    .streams = call_streams,
    .resolve = call_resolve,
    .check = call_check,
    .bulk = call_bulk,
    .state_size = call_size,
    .init = call_init,
    .event = call_event,
    .resume = path_setup_over,
    .arrived = path_arrived,
    .lost = path_fail,
    .keeps_over = call_keeps_over,
    .changed = call_changed,
    .metric = call_metric,
};
