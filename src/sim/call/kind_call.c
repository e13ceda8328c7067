/*
 * Kind "call": what an operator can set and see of call policies. How they work is in
 * call.c and its neighbours.
 */
#include "call/path.h"
#include "engine/kind.h"
#include "model/model.h"

/* One that was written out in the model, whether or not anybody calls that way. */
static enum err call_resolve(struct model *m, comp_id c, struct errmsg *why)
{
    const struct comp *self = &m->comps[c];
    const char *callee = self->name + strlen(m->comps[self->owner].name) + 1;
    m->comps[c].target = model_need(m, callee, NULL, self->name, why);
    if (m->comps[c].target == COMP_NONE)
        return ERR_NOT_FOUND;
    enum err err;
    if ((err = param_resolve(m, c, P_VIA, "link", why)) != ERR_OK ||
        (err = param_resolve(m, c, P_RESOLVE, "dns", why)) != ERR_OK)
        return err;
    return param_resolve(m, c, P_TLS, "certificate", why);
}

/* What there is beyond the usual, told once and not at every call. */
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

/* What path.c wants to know of it. */
static void tell_path(struct world *w, comp_id c)
{
    struct path *p = path_of(w, c);
    comp_id target = w->comps[c].target;
    const struct kind_impl *callee = comp_kind(w, target);
    p->link = p_comp(w, c, P_VIA);
    p->name = p_comp(w, c, P_RESOLVE);
    p->hops = callee->sends_on != NULL && callee->sends_on(w, target) != COMP_NONE;
    p->answers = (uint8_t)p_count(w, c, P_DNS_CACHE);
    p->certificate = p_comp(w, c, P_TLS);
    p->verify = p_on(w, c, P_VERIFY);
    p->keep_alive = p_count(w, c, P_KEEP_ALIVE);
    p->bytes[WAY_THERE] = p_count(w, c, P_REQUEST_BYTES);
    p->bytes[WAY_BACK] = p_count(w, c, P_RESPONSE_BYTES);
    path_tune(p);
    state_of(w, c)->extras |=
        (p->what != 0 ? EXTRA_PATH : 0) | (p->what & PATH_DIALS ? EXTRA_DIAL : 0);
}

static void call_init(struct world *w, comp_id c)
{
    state_of(w, c)->tokens = BUDGET_BURST;
    find_extras(w, c);
    tell_path(w, c);
    budget_fill(w, c);
}

static void call_changed(struct world *w, comp_id c, int param, const struct value *old)
{
    (void)old;
    find_extras(w, c);
    tell_path(w, c);
    if (param == P_BUDGET_KIND || param == P_BUDGET_TOKENS || param == P_BUDGET_RATE)
        budget_fill(w, c);
    if (param == P_THROTTLE_WINDOW)
        memset(state_of(w, c)->slots, 0, sizeof state_of(w, c)->slots);
    if (param == P_MAX_IN_FLIGHT)
        call_slot_free(w, c, state_of(w, c));
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
    struct act *a = act_alive(w, r, gen);
    if (what == CE_ADMIT) {
        wait_admit(w, c);
    } else if (a == NULL) {
        return;
    } else if (what == CE_DIAL) {
        path_dial_due(w, a);
    } else if (what == CE_HEDGE) {
        a->timer = 0;
        hedge_due(w, c, a);
    } else if (what == CE_TIED) {
        hedge_stop(w, a);
    } else {
        wait_over(w, c, a);
    }
}

static size_t call_size(const struct model *m, comp_id c)
{
    (void)m;
    (void)c;
    return sizeof(struct call_state);
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
    M_REASON, /* one for each reason from here on */
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
    M_WASTED
};

static double failed(const struct call_state *s)
{
    uint64_t n = 0;
    for (int i = 0; i < REASON_COUNT; i++)
        n += s->failures[i];
    return (double)n;
}

static double call_metric(const struct world *w, comp_id c, int metric, int instance)
{
    const struct call_state *s = state_of(w, c);
    (void)instance;
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
        return s->open_until > w_now(w);
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
        return s->waiting.count;
    case M_THROTTLED:
        return (double)s->throttled;
    case M_ABANDONED:
        return (double)s->abandoned;
    case M_WASTED:
        return (double)s->wasted / 1e9;
    case M_BUDGET:
        return s->extras & EXTRA_QUOTA ? s->quota : s->tokens;
    default:
        return (double)s->failures[metric - M_REASON];
    }
}

static const struct param_desc call_params[] = {
    {"timeout", VALUE_DURATION, 0, 3600, "s", "0", NULL, true,
     "How long an attempt may take; 0: no limit."},
    {"retries", VALUE_COUNT, 0, 1000, "", "0", NULL, true,
     "How often a failed attempt is repeated."},
    {"backoff", VALUE_CHOICE, 0, 0, "", "none", "none|fixed|exponential", true,
     "How the pause before a retry grows."},
    {"base", VALUE_DURATION, 0, 3600, "s", "100ms", NULL, true,
     "The first pause before a retry."},
    {"cap", VALUE_DURATION, 0, 3600, "s", "20s", NULL, true,
     "The longest pause before a retry."},
    {"jitter", VALUE_CHOICE, 0, 0, "", "none", "none|full|equal|decorrelated", true,
     "How the pause is spread at random."},
    {"retry_budget", VALUE_FRACTION, 0, 1, "", "0", NULL, true,
     "Retries allowed as a share of requests; 0: no limit."},
    {"breaker", VALUE_FRACTION, 0, 1, "", "0", NULL, true,
     "Share of failures at which the circuit breaker opens; 0: no breaker."},
    {"breaker_window", VALUE_DURATION, 0.1, 3600, "s", "10s", NULL, true,
     "Time over which the breaker counts failures."},
    {"breaker_open", VALUE_DURATION, 0.001, 3600, "s", "5s", NULL, true,
     "How long an open breaker refuses before it tries again."},
    {"balance", VALUE_CHOICE, 0, 0, "", "round_robin",
     "random|round_robin|least_in_flight|two_choices|hash", true,
     "How an instance is chosen when a service is called directly."},
    {"network", VALUE_DIST, 0, 3600, "s", "200us", NULL, true,
     "Network time, each way."},
    {"cancel", VALUE_BOOL, 0, 0, "", "off", NULL, true,
     "Whether the callee stops when the caller no longer waits."},
    {"max_in_flight", VALUE_COUNT, 0, 1000000, "calls", "0", NULL, true,
     "Calls under way at once, others are refused (bulkhead); 0: no limit."},
    {"hedge_after", VALUE_DURATION, 0, 3600, "s", "0", NULL, true,
     "Without an answer by then another copy is sent to another instance; 0: never."},
    {"hedges", VALUE_COUNT, 1, 10, "copies", "1", NULL, true,
     "Copies beyond the first that an attempt may have."},
    {"tied", VALUE_BOOL, 0, 0, "", "off", NULL, true,
     "Whether a copy that starts to be served tells the others, which then stop "
     "waiting."},
    {"propagate", VALUE_BOOL, 0, 0, "", "off", NULL, true,
     "Whether the callee is told the deadline, and drops what is too late."},
    {"via", VALUE_COMP, 0, 0, "", "", NULL, false,
     "The link it goes over; its latency takes the place of `network`."},
    {"request_bytes", VALUE_COUNT, 0, 1e9, "bytes", "0", NULL, true,
     "Size of a request on a link."},
    {"response_bytes", VALUE_COUNT, 0, 1e9, "bytes", "0", NULL, true,
     "Size of an answer on a link."},
    {"resolve", VALUE_COMP, 0, 0, "", "", NULL, false,
     "The name by which the callee is found."},
    {"dns_cache", VALUE_CHOICE, 0, 0, "", "ttl", "ttl|none|forever", true,
     "How long the caller keeps the name's answer."},
    {"tls", VALUE_COMP, 0, 0, "", "", NULL, false,
     "The certificate that the callee presents to new connections."},
    {"verify", VALUE_BOOL, 0, 0, "", "on", NULL, true,
     "Whether the caller checks the certificate."},
    {"keep_alive", VALUE_COUNT, 0, 1e9, "requests", "0", NULL, true,
     "Requests that a connection serves, one after the other; 0: any number, and "
     "opening it is not modelled but for `tls`."},
    {"max_waiting", VALUE_COUNT, 0, 1000000, "calls", "0", NULL, true,
     "Calls that may wait where max_in_flight is reached; 0: none, they are refused."},
    {"max_wait", VALUE_DURATION, 0, 3600, "s", "0", NULL, true,
     "How long they wait at most; 0: no limit."},
    {"budget", VALUE_CHOICE, 0, 0, "", "share", "share|quota|throttle|rate", true,
     "What limits retries and hedges: retry_budget, a quota as in the AWS SDKs, a "
     "throttle as in gRPC, a rate."},
    {"budget_tokens", VALUE_NUMBER, 0, 1e6, "tokens", "500", NULL, true,
     "What the quota holds, or the throttle at most (it stops retries at half)."},
    {"retry_cost", VALUE_COUNT, 0, 10000, "tokens", "14", NULL, true,
     "What a retry takes from the quota; an answer to it gives that back."},
    {"throttled_cost", VALUE_COUNT, 0, 10000, "tokens", "5", NULL, true,
     "The same, where it was turned away as too much."},
    {"budget_ratio", VALUE_NUMBER, 0, 1000, "tokens", "0.1", NULL, true,
     "What an answer gives back to the throttle; a failure takes one token."},
    {"budget_rate", VALUE_NUMBER, 0, 1e6, "1/s", "1", NULL, true,
     "Retries a second that budget = rate allows, a second's worth at once."},
    {"throttle", VALUE_NUMBER, 0, 100, "", "0", NULL, true,
     "Refuse calls when more than so many requests come to one that is accepted (2 in "
     "the SRE book); 0: never."},
    {"throttle_window", VALUE_DURATION, 1, 3600, "s", "2m", NULL, true,
     "Time over which the throttle counts."},
    {"virtual_nodes", VALUE_COUNT, 1, 1000, "", "100", NULL, true,
     "Places of an instance on the ring, with balance = hash."},
};

#define REASON_METRIC(x, phrase)                                                       \
    {"failures_" #x,                                                                   \
     "client_attempt_failures_total",                                                  \
     "reason=\"" phrase "\"",                                                          \
     METRIC_COUNTER,                                                                   \
     "1",                                                                              \
     false,                                                                            \
     "Attempts that failed: " phrase "."},
static const struct metric_desc call_metrics[] = {
    {"requests_total", "client_requests_total", "", METRIC_COUNTER, "1", false,
     "Calls, each with all its attempts."},
    {"attempts_total", "client_attempts_total", "", METRIC_COUNTER, "1", false,
     "Attempts, retries included."},
    {"sent_total", "client_attempts_sent_total", "", METRIC_COUNTER, "1", false,
     "Attempts that left the caller: not refused by a breaker or a limit of its own, "
     "and "
     "with a connection."},
    {"ok_total", "client_attempts_ok_total", "", METRIC_COUNTER, "1", false,
     "Attempts that were answered."},
    {"retries_total", "client_retries_total", "", METRIC_COUNTER, "1", false,
     "Retries sent."},
    {"retries_denied_total", "client_retries_denied_total", "", METRIC_COUNTER, "1",
     false, "Retries that the budget did not allow."},
    {"timeouts_total", "client_timeouts_total", "", METRIC_COUNTER, "1", false,
     "Attempts given up after the timeout."},
    {"errors_total", "client_errors_total", "", METRIC_COUNTER, "1", false,
     "Attempts that failed, timeouts included."},
    {"seconds_total", "client_request_duration_seconds_sum", "", METRIC_COUNTER, "s",
     false, "Time of all attempts that ended, as the caller saw it."},
    {"in_flight", "client_requests_in_flight", "", METRIC_GAUGE, "1", false,
     "Calls under way, pauses before retries not counted."},
    {"breaker_open", "client_breaker_open", "", METRIC_GAUGE, "1", false,
     "1 while the circuit breaker refuses calls."},
    REASON_LIST(REASON_METRIC){"hedges_total", "client_hedges_total", "",
                               METRIC_COUNTER, "1", false,
                               "Second copies sent because there was no answer yet."},
    {"hedges_won_total", "client_hedges_won_total", "", METRIC_COUNTER, "1", false,
     "Second copies that were answered first."},
    {"hedges_denied_total", "client_hedges_denied_total", "", METRIC_COUNTER, "1",
     false, "Second copies that budget, breaker or bulkhead did not allow."},
    {"copies_lost_total", "client_copies_lost_total", "", METRIC_COUNTER, "1", false,
     "Copies that another one was faster than."},
    {"tied_stopped_total", "client_tied_stopped_total", "", METRIC_COUNTER, "1", false,
     "Copies that were dropped unserved because their twin had been started."},
    {"connections_opened_total", "client_connections_opened_total", "", METRIC_COUNTER,
     "1", false, "Connections opened, where that is modelled."},
    {"connections", "client_connections", "", METRIC_GAUGE, "1", false,
     "Connections that are open, where that is modelled."},
    {"waiting", "client_requests_waiting", "", METRIC_GAUGE, "1", false,
     "Calls that wait for room in the bulkhead."},
    {"throttled_total", "client_throttled_total", "", METRIC_COUNTER, "1", false,
     "Attempts that the adaptive throttle refused."},
    {"retry_tokens", "client_retry_tokens", "", METRIC_GAUGE, "1", false,
     "What is left in the retry budget now."},
    {"abandoned_total", "client_attempts_abandoned_total", "", METRIC_COUNTER, "1",
     false, "Attempts that the callee ended when nobody waited for them any more."},
    {"wasted_cpu_seconds_total", "client_attempts_wasted_cpu_seconds_total", "",
     METRIC_COUNTER, "s", false, "Processor time that the callee spent on those."},
};

static const char *const call_streams[] = {"network", "jitter", "hedge", "throttle",
                                           NULL};

/* What is listed only where it is modelled. */
static const struct metric_need needs[] = {
    {"breaker_open", "breaker"},
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
         .nparams = sizeof call_params / sizeof *call_params,
         .metrics = call_metrics,
         .nmetrics = sizeof call_metrics / sizeof *call_metrics,
         .needs = needs,
         .nneeds = sizeof needs / sizeof *needs,
         .figures = figures,
         .nfigures = sizeof figures / sizeof *figures},
    .streams = call_streams,
    .resolve = call_resolve,
    .check = call_check,
    .state_size = call_size,
    .init = call_init,
    .event = call_event,
    .arrived = path_arrived,
    .lost = path_fail,
    .changed = call_changed,
    .metric = call_metric,
};
