/*
 * Call policies: the one mechanism by which anything calls anything. There is one for
 * every pair of caller and callee; it is a component of its own, so that its timeout or
 * its retries are parameters like any other.
 *
 * The caller is an act that stands at a call (exec_spec() and client_spec() say which);
 * an attempt is a child act. An attempt ends in one of three ways: its answer is
 * delivered, its timeout fires (the work goes on without us, unless `cancel` is on), or
 * the caller itself ends. After a failure the policy decides on a retry: a retry is
 * sent at the failure plus backoff. Only the outcome of the last attempt reaches the
 * caller.
 */
#include "path.h"
#include "world.h"

enum param {
    P_TIMEOUT,
    P_RETRIES,
    P_BACKOFF,
    P_BASE,
    P_CAP,
    P_JITTER,
    P_BUDGET,
    P_BREAKER,
    P_BREAKER_WINDOW,
    P_BREAKER_OPEN,
    P_BALANCE,
    P_NETWORK,
    P_CANCEL,
    P_MAX_IN_FLIGHT,
    P_VIA,
    P_REQUEST_BYTES,
    P_RESPONSE_BYTES
};
enum { BACKOFF_NONE, BACKOFF_FIXED, BACKOFF_EXPONENTIAL };
enum { JITTER_NONE, JITTER_FULL, JITTER_EQUAL, JITTER_DECORRELATED };
enum { RNG_NETWORK, RNG_JITTER };

/* A breaker opens on a ratio only once this many calls were seen in the window. */
enum { BREAKER_MIN_CALLS = 20, BUDGET_BURST = 10 };

struct bucket { /* half a breaker's window */
    uint32_t calls, failures;
};

struct call_state {
    struct path path; /* first: path_of() */
    uint64_t requests, attempts, ok, retries, timeouts, retries_denied;
    uint64_t failures[REASON_COUNT]; /* of attempts */
    sim_time latency;                /* summed over attempts that ended */
    uint32_t in_flight;
    double tokens; /* retry budget */
    struct bucket now, before;
    sim_time bucket_since;
    sim_time open_until; /* breaker: 0: closed */
    bool half_open;      /* one call is out to try */
};

static struct call_state *state_of(const struct world *w, comp_id policy)
{
    return W_STATE(w, struct call_state, policy);
}

/* ---- whom a caller calls -------------------------------------------------------- */

static bool spec_of(const struct world *w, const struct act *p, struct call_spec *s)
{
    return p->kind == ACT_USER ? client_spec(w, p, s) : exec_spec(w, p, s);
}

/* ---- network -------------------------------------------------------------------- */

bool call_cross(struct world *w, struct act *a, int event)
{
    if (a->policy == COMP_NONE)
        return false;
    if (state_of(w, a->policy)->path.what & PATH_LINK) {
        path_cross(w, a, event);
        return true;
    }
    const struct dist *d = p_dist(w, a->policy, P_NETWORK);
    bool constant = d->kind == DIST_CONST;
    sim_time way = constant ? d->mean : dist_draw(d, w_rng(w, a->policy, RNG_NETWORK));
    if (way == 0)
        return false;
    act_wait(w, a, CAUSE_NETWORK, a->comp);
    a->timer = constant
                   ? cal_after(w, way, event, a->comp, W_REF(w, a), a->gen)
                   : cal_at(w, w_now(w) + way, event, a->comp, W_REF(w, a), a->gen);
    return true;
}

int call_balance(const struct world *w, comp_id policy)
{
    return policy == COMP_NONE ? BALANCE_ROUND_ROBIN
                               : (int)p_count(w, policy, P_BALANCE);
}

/* ---- breaker -------------------------------------------------------------------- */

static void breaker_roll(struct world *w, comp_id policy, struct call_state *s)
{
    sim_time half = p_time(w, policy, P_BREAKER_WINDOW) / 2;
    sim_time age = w_now(w) - s->bucket_since;
    if (age < half)
        return;
    s->before = age < 2 * half ? s->now : (struct bucket){0, 0};
    s->now = (struct bucket){0, 0};
    s->bucket_since = w_now(w);
}

static bool breaker_lets(struct world *w, comp_id policy, struct call_state *s)
{
    if (s->open_until == 0 || p_number(w, policy, P_BREAKER) <= 0)
        return true;
    if (w_now(w) < s->open_until || s->half_open)
        return false;
    s->half_open = true;
    return true;
}

static void breaker_open(struct world *w, comp_id policy, struct call_state *s)
{
    s->open_until = w_now(w) + p_time(w, policy, P_BREAKER_OPEN);
    s->half_open = false;
    s->now = s->before = (struct bucket){0, 0};
    w_log(w, policy, 0, LOG_WARN, 0, "circuit breaker opened");
}

static void breaker_record(struct world *w, comp_id policy, struct call_state *s,
                           bool ok)
{
    double threshold = p_number(w, policy, P_BREAKER);
    if (threshold <= 0)
        return;
    if (s->half_open) {
        if (!ok) {
            breaker_open(w, policy, s);
            return;
        }
        s->half_open = false;
        s->open_until = 0;
        w_log(w, policy, 0, LOG_INFO, 0, "circuit breaker closed");
    }
    breaker_roll(w, policy, s);
    s->now.calls++;
    s->now.failures += !ok;
    uint32_t calls = s->now.calls + s->before.calls;
    uint32_t bad = s->now.failures + s->before.failures;
    if (s->open_until == 0 && calls >= BREAKER_MIN_CALLS && bad >= threshold * calls)
        breaker_open(w, policy, s);
}

/* ---- attempts ------------------------------------------------------------------- */

static void call_outcome(struct world *w, struct act *p, comp_id policy,
                         enum reason reason, comp_id culprit);

/* A program that calls itself would go on for ever. */
enum { DEPTH_MAX = 64 };

static struct act *child_make(struct world *w, struct act *p, const struct call_spec *s)
{
    struct act *c = act_new(w, (enum act_kind)s->kind, s->target);
    c->mode = s->mode;
    c->what = s->what;
    c->policy = s->policy;
    c->pool = s->pool;
    c->client = p->client;
    c->request = p->request;
    c->caller = p->comp;
    c->caller_instance = p->instance;
    c->key = p->key;
    c->flags = p->flags & (ACT_ABANDONED | ACT_TRACED);
    c->parent = W_REF(w, p);
    c->try_number = p->attempt;
    c->depth = (uint16_t)(p->depth + 1);
    if (c->flags & ACT_TRACED) {
        c->span = w_span_id(w);
        c->parent_span = p->span;
    }
    p->child = W_REF(w, c);
    p->cause = CAUSE_COUNT;
    p->place = s->target;
    return c;
}

static void child_send(struct world *w, struct act *c)
{
    sim_time patience = p_time(w, c->policy, P_TIMEOUT);
    if (patience > 0)
        c->timeout = cal_after(w, patience, EV_TIMEOUT, c->policy, W_REF(w, c), c->gen);
    if (c->kind != ACT_QUERY && call_cross(w, c, EV_ARRIVE))
        c->flags |= ACT_SENT;
    else
        comp_kind(w, c->comp)->begin(w, c);
}

static void attempt(struct world *w, struct act *p, const struct call_spec *s)
{
    struct call_state *st = state_of(w, s->policy);
    act_account(w, p);
    p->attempt++;
    st->attempts++;
    st->in_flight++;
    int64_t most = p_count(w, s->policy, P_MAX_IN_FLIGHT);
    if (p->depth >= DEPTH_MAX)
        call_outcome(w, p, s->policy, REASON_ERROR, s->policy);
    else if (!breaker_lets(w, s->policy, st))
        call_outcome(w, p, s->policy, REASON_BREAKER_OPEN, s->policy);
    else if (most > 0 && st->in_flight > (uint64_t)most)
        call_outcome(w, p, s->policy, REASON_SHED, s->policy);
    else
        child_send(w, child_make(w, p, s));
}

static void call_attempt(struct world *w, struct act *p)
{
    struct call_spec s;
    if (!spec_of(w, p, &s))
        BUG("an act calls where there is no call");
    attempt(w, p, &s);
}

void call_begin(struct world *w, struct act *p)
{
    struct call_spec s;
    if (!spec_of(w, p, &s))
        BUG("an act calls where there is no call");
    struct call_state *st = state_of(w, s.policy);
    double budget = p_number(w, s.policy, P_BUDGET);
    p->attempt = 0;
    p->backoff = 0;
    p->call_start = w_now(w);
    st->requests++;
    st->tokens += budget;
    if (st->tokens > BUDGET_BURST)
        st->tokens = BUDGET_BURST;
    attempt(w, p, &s);
}

void call_backoff(struct world *w, struct act *p)
{
    call_attempt(w, p);
}

/* ---- outcomes ------------------------------------------------------------------- */

/* `share` of d at random, the rest fixed. */
static sim_time jittered(struct world *w, comp_id policy, sim_time d, double share)
{
    double u = rng_unit(w_rng(w, policy, RNG_JITTER));
    return d - (sim_time)((double)d * share * u);
}

static sim_time backoff_next(struct world *w, comp_id policy, struct act *p)
{
    sim_time base = p_time(w, policy, P_BASE), cap = p_time(w, policy, P_CAP), d = base;
    int64_t how = p_count(w, policy, P_BACKOFF), jitter = p_count(w, policy, P_JITTER);
    if (how == BACKOFF_NONE)
        return 0;
    if (jitter == JITTER_DECORRELATED) {
        sim_time high = 3 * (p->backoff > base ? p->backoff : base);
        d = base +
            (sim_time)((double)(high - base) * rng_unit(w_rng(w, policy, RNG_JITTER)));
        return p->backoff = d < cap ? d : cap;
    }
    for (int i = 1; how == BACKOFF_EXPONENTIAL && i < p->attempt && d < cap; i++)
        d *= 2;
    d = d < cap ? d : cap;
    if (jitter == JITTER_FULL)
        d = jittered(w, policy, d, 1.0);
    else if (jitter == JITTER_EQUAL)
        d = jittered(w, policy, d, 0.5);
    return d;
}

static bool retry_allowed(struct world *w, comp_id policy, struct call_state *st,
                          const struct act *p, enum reason reason)
{
    if (p->attempt > p_count(w, policy, P_RETRIES) || reason == REASON_BREAKER_OPEN)
        return false;
    if (p_number(w, policy, P_BUDGET) <= 0)
        return true;
    if (st->tokens < 1) {
        st->retries_denied++;
        return false;
    }
    st->tokens -= 1;
    return true;
}

/* An attempt is over, one way or the other; p is accounted up to now. */
static void call_outcome(struct world *w, struct act *p, comp_id policy,
                         enum reason reason, comp_id culprit)
{
    struct call_state *st = state_of(w, policy);
    st->in_flight--;
    p->cause = CAUSE_OTHER;
    p->culprit = culprit;
    if (reason != REASON_BREAKER_OPEN && reason != REASON_SHED)
        breaker_record(w, policy, st, reason == REASON_NONE);
    if (reason == REASON_NONE) {
        st->ok++;
        act_ready(w, p, REASON_NONE);
        return;
    }
    st->failures[reason]++;
    if (!retry_allowed(w, policy, st, p, reason)) {
        act_ready(w, p, reason);
        return;
    }
    st->retries++;
    sim_time d = backoff_next(w, policy, p);
    if (d == 0) {
        call_attempt(w, p);
        return;
    }
    act_wait(w, p, CAUSE_BACKOFF, policy);
    p->timer = cal_at(w, w_now(w) + d, EV_BACKOFF, p->comp, W_REF(w, p), p->gen);
}

void call_delivered(struct world *w, struct act *c)
{
    act_account(w, c);
    if (c->parent == 0) {
        act_orphan(w, c);
        return;
    }
    struct act *p = act_at(w, c->parent);
    enum reason reason = (enum reason)c->reason;
    comp_id culprit = c->culprit;
    p->child = c->parent = 0;
    ledger_merge(w, p, c);
    p->since = w_now(w);
    act_aged(p, c->age);
    if (c->kind == ACT_LOOKUP) {
        p->flags = (uint16_t)((p->flags & ~ACT_HIT) | (c->flags & ACT_HIT));
        p->key = c->key;
        p->x = c->x;
    } else if (c->kind == ACT_EXTERNAL) {
        p->flags |= c->flags & ACT_ANSWERED;
    }
    comp_id policy = c->policy;
    state_of(w, policy)->latency += w_now(w) - c->start;
    act_free(w, c);
    call_outcome(w, p, policy, reason, culprit);
}

/* The child goes on alone, or is stopped, as the policy says. */
static void let_go(struct world *w, struct act *c)
{
    bool stop = p_on(w, c->policy, P_CANCEL);
    act_abandon(w, c);
    if (stop)
        act_kill(w, c, REASON_GAVE_UP, c->comp);
}

void call_timeout(struct world *w, struct act *c)
{
    struct act *p = act_at(w, c->parent);
    struct call_state *st = state_of(w, c->policy);
    comp_id culprit = act_where(w, c), policy = c->policy;
    ledger_take(w, p, c);
    p->since = w_now(w);
    st->timeouts++;
    st->latency += w_now(w) - c->start;
    let_go(w, c);
    w_outcome(w, REASON_TIMEOUT);
    call_outcome(w, p, policy, REASON_TIMEOUT, culprit);
}

void call_drop(struct world *w, struct act *p)
{
    if (p->child == 0)
        return;
    struct act *c = act_at(w, p->child);
    struct call_state *st = state_of(w, c->policy);
    st->in_flight--;
    st->failures[REASON_GAVE_UP]++;
    st->latency += w_now(w) - c->start;
    ledger_take(w, p, c);
    p->since = w_now(w);
    p->cause = CAUSE_OTHER;
    let_go(w, c);
}

/* ---- the kind ------------------------------------------------------------------- */

/* One that was written out in the model, whether or not anybody calls that way. */
static enum err call_resolve(struct model *m, comp_id c, struct errmsg *why)
{
    const struct comp *self = &m->comps[c];
    const char *callee = self->name + strlen(m->comps[self->owner].name) + 1;
    m->comps[c].target = model_need(m, callee, NULL, self->name, why);
    if (m->comps[c].target == COMP_NONE)
        return ERR_NOT_FOUND;
    return param_resolve(m, c, P_VIA, &kind_link, why);
}

/* What path.c wants to know of a policy, as its parameters are now. */
static void tell_path(struct world *w, comp_id c)
{
    struct path *p = path_of(w, c);
    p->link = p_comp(w, c, P_VIA);
    p->bytes[WAY_THERE] = p_count(w, c, P_REQUEST_BYTES);
    p->bytes[WAY_BACK] = p_count(w, c, P_RESPONSE_BYTES);
    path_tune(p);
}

static void call_init(struct world *w, comp_id c)
{
    state_of(w, c)->tokens = BUDGET_BURST;
    tell_path(w, c);
}

static void call_changed(struct world *w, comp_id c, int param, const struct value *old)
{
    (void)old;
    if (param >= P_VIA)
        tell_path(w, c);
}

static size_t call_size(const struct model *m, comp_id c)
{
    (void)m;
    (void)c;
    return sizeof(struct call_state);
}

enum metric {
    M_REQUESTS,
    M_ATTEMPTS,
    M_OK,
    M_RETRIES,
    M_DENIED,
    M_TIMEOUTS,
    M_ERRORS,
    M_SECONDS,
    M_IN_FLIGHT,
    M_BREAKER,
    M_REASON /* one for each reason from here on */
};

static double call_metric(const struct world *w, comp_id c, int metric, int instance)
{
    const struct call_state *s = state_of(w, c);
    uint64_t failed = 0;
    (void)instance;
    for (int i = 0; i < REASON_COUNT; i++)
        failed += s->failures[i];
    switch (metric) {
    case M_REQUESTS:
        return (double)s->requests;
    case M_ATTEMPTS:
        return (double)s->attempts;
    case M_OK:
        return (double)s->ok;
    case M_RETRIES:
        return (double)s->retries;
    case M_DENIED:
        return (double)s->retries_denied;
    case M_TIMEOUTS:
        return (double)s->timeouts;
    case M_ERRORS:
        return (double)failed;
    case M_SECONDS:
        return (double)s->latency / 1e9;
    case M_IN_FLIGHT:
        return s->in_flight;
    case M_BREAKER:
        return s->open_until > w_now(w);
    default:
        return (double)s->failures[metric - M_REASON];
    }
}

static const struct param_desc call_params[] = {
    {"timeout", VALUE_DURATION, 0, 3600, "s", "0", NULL, true,
     "How long an attempt may take; 0: no limit."},
    {"retries", VALUE_COUNT, 0, 20, "", "0", NULL, true,
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
     "random|round_robin|least_in_flight|two_choices", true,
     "How an instance is chosen when a service is called directly."},
    {"network", VALUE_DIST, 0, 3600, "s", "200us", NULL, true,
     "Network time, each way."},
    {"cancel", VALUE_BOOL, 0, 0, "", "off", NULL, true,
     "Whether the callee stops when the caller no longer waits."},
    {"max_in_flight", VALUE_COUNT, 0, 1000000, "calls", "0", NULL, true,
     "Calls under way at once, others are refused (bulkhead); 0: no limit."},
    {"via", VALUE_COMP, 0, 0, "", "", NULL, false,
     "The link it goes over; its latency takes the place of `network`."},
    {"request_bytes", VALUE_COUNT, 0, 1e9, "bytes", "0", NULL, true,
     "Size of a request on a link."},
    {"response_bytes", VALUE_COUNT, 0, 1e9, "bytes", "0", NULL, true,
     "Size of an answer on a link."},
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
    REASON_LIST(REASON_METRIC)};

static const char *const call_streams[] = {"network", "jitter", NULL};

const struct kind_impl kind_call = {
    .desc =
        {.name = "call",
         .doc =
             "How one component calls another: timeout, retries, breaker, balancing.",
         .nested = true,
         .params = call_params,
         .nparams = sizeof call_params / sizeof *call_params,
         .metrics = call_metrics,
         .nmetrics = sizeof call_metrics / sizeof *call_metrics},
    .streams = call_streams,
    .resolve = call_resolve,
    .state_size = call_size,
    .init = call_init,
    .changed = call_changed,
    .metric = call_metric,
};
