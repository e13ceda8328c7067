/*
 * Call policies: the one mechanism by which anything calls anything. There is one for
 * every pair of caller and callee; it is a component of its own, so that its timeout or
 * its retries are parameters like any other.
 *
 * The caller is an act that stands at a call (call_spec_of() says which);
 * an attempt is a child act. An attempt ends in one of three ways: its answer is
 * delivered, its timeout fires (the work goes on without us, unless `cancel` is on), or
 * the caller itself ends. After a failure the policy decides on a retry: a retry is
 * sent at the failure plus backoff. Only the outcome of the last attempt reaches the
 * caller.
 */
#include "call/path.h"
#include "engine/kind.h"
#include "engine/ledger.h"
#include "engine/life.h"
#include "engine/loop.h"
#include "engine/program.h"
#include "engine/telling.h"

/* ---- whom a caller calls --------------------------------------------------------- */

const struct call_spec *call_spec_of(const struct world *w, const struct act *p)
{
    const struct call_spec *s =
        p->kind == ACT_USER ? call_root_spec(w, p) : &p->program->ops[p->pc].call;
    if (s->policy == COMP_NONE)
        BUG("an act calls where there is no call");
    return s;
}

/* ---- network --------------------------------------------------------------------- */

void call_cross_way(struct world *w, struct act *a, int event)
{
    struct call_state *st = state_of(w, a->policy);
    act_wait(w, a, CAUSE_NETWORK, a->comp);
    a->timer =
        cal_after_in(w, &st->way_lane, st->way, event, a->comp, W_REF(w, a), a->gen);
}

bool call_cross_drawn(struct world *w, struct act *a, int event)
{
    if (path_of(w, a->policy)->what != 0 && path_cross(w, a, event))
        return true;
    sim_time way =
        dist_draw(p_dist(w, a->policy, P_NETWORK), w_rng(w, a->policy, RNG_NETWORK));
    if (way == 0)
        return false;
    act_wait(w, a, CAUSE_NETWORK, a->comp);
    a->timer = cal_at(w, w_now(w) + way, event, a->comp, W_REF(w, a), a->gen);
    return true;
}

sim_time call_one_way(struct world *w, comp_id policy)
{
    return dist_draw(p_dist(w, policy, P_NETWORK), w_rng(w, policy, RNG_NETWORK));
}

bool call_cross(struct world *w, struct act *a, int event, enum way way)
{
    a->way = way;
    return a->policy != COMP_NONE && call_crosses(w, a, event);
}

int call_balance(const struct world *w, comp_id policy)
{
    return policy == COMP_NONE ? BALANCE_ROUND_ROBIN
                               : (int)p_count(w, policy, P_BALANCE);
}

int call_hash(struct world *w, const struct act *a, const uint16_t *numbers, uint32_t n)
{
    return ring_choose(w, &state_of(w, a->policy)->ring, a->comp,
                       (uint32_t)p_count(w, a->policy, P_VIRTUAL_NODES), ring_key(w, a),
                       numbers, n);
}

/* ---- attempts -------------------------------------------------------------------- */

/* A program that calls itself would go on for ever. */
enum { DEPTH_MAX = 64 };

HOT struct act *child_make(struct world *w, struct act *p, const struct call_spec *s)
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
    c->priority = p->priority;
    c->user = p->user;
    c->visit = p->visit;
    c->serial = p->serial;
    c->origin = p->origin;
    c->nth = p->nth;
    c->flags = p->flags & (ACT_ABANDONED | ACT_TRACED);
    c->parent = W_REF(w, p);
    c->try_number = p->attempt;
    c->depth = (uint8_t)(p->depth + 1);
    if (c->flags & ACT_TRACED) {
        c->span = w_span_id(w);
        c->parent_span = p->span;
    }
    p->child = W_REF(w, c);
    p->cause = CAUSE_COUNT;
    p->place = s->target;
    return c;
}

struct act *call_child(struct world *w, struct act *p, const struct call_spec *s)
{
    return child_make(w, p, s);
}

void call_sent(struct world *w, comp_id policy)
{
    state_of(w, policy)->sent++;
}

HOT void send(struct world *w, struct act *c)
{
    if (c->kind != ACT_QUERY) /* a query is sent once it has its connection */
        state_of(w, c->policy)->sent++;
    if (c->kind != ACT_QUERY && call_crosses(w, c, EV_ARRIVE))
        c->flags |= ACT_SENT;
    else
        comp_kind(w, c->comp)->begin(w, c);
}

HOT void depart(struct world *w, struct act *c)
{
    if (!(state_of(w, c->policy)->extras & EXTRA_DIAL) || !path_dial(w, c))
        send(w, c);
}

void call_depart(struct world *w, struct act *c)
{
    depart(w, c);
}

void call_send(struct world *w, struct act *c)
{
    send(w, c);
}

/* Parts of a policy beyond its own timeout; returns the time to wait for an attempt. */
static SELDOM sim_time extras_send(struct world *w, struct act *p, struct act *c,
                                   sim_time patience)
{
    uint32_t extras = state_of(w, c->policy)->extras;
    if (extras & EXTRA_DEADLINE)
        patience = deadline_pass_on(w, p, c, patience);
    if (extras & EXTRA_HEDGE)
        hedge_arm(w, p, c->policy);
    return patience;
}

HOT void child_send(struct world *w, struct act *p, struct act *c)
{
    struct call_state *st = state_of(w, c->policy);
    sim_time patience = st->timeout;
    if (st->extras & (EXTRA_HEDGE | EXTRA_DEADLINE))
        patience = extras_send(w, p, c, patience);
    if (patience > 0)
        c->timeout = cal_after_in(w, &st->timeout_lane, patience, EV_TIMEOUT, c->policy,
                                  W_REF(w, c), c->gen);
    depart(w, c);
}

/* Reasons not to send an attempt that is past the bulkhead. */
static enum reason forbidden(struct world *w, const struct act *p, comp_id policy)
{
    const struct call_state *st = state_of(w, policy);
    if (p->depth >= DEPTH_MAX)
        return REASON_ERROR;
    if (deadline_passed(w, p))
        return REASON_DEADLINE;
    if (!(st->extras & (EXTRA_BREAKER | EXTRA_THROTTLE)))
        return REASON_NONE;
    struct guard *g = guard_of(w, policy, p->instance);
    if (!breaker_lets(w, policy, g, p))
        return REASON_BREAKER_OPEN;
    if (!(st->extras & EXTRA_THROTTLE) || !throttle_refuses(w, policy, g))
        return REASON_NONE;
    breaker_forgets(g, p);
    return REASON_RATE_LIMITED;
}

/* The attempt of `p` counts as one of those under way. */
static bool bulkhead_full(struct world *w, const struct act *p, comp_id policy)
{
    int64_t most = p_count(w, policy, P_MAX_IN_FLIGHT);
    if (most == 0)
        return false;
    const struct guard *g = guard_of(w, policy, p->instance);
    return g->in_flight > (uint64_t)most || g->waiting.count > 0;
}

/* False: it is refused, or waits. */
static SELDOM bool gates(struct world *w, struct act *p, comp_id policy)
{
    enum reason no = REASON_NONE;
    if (state_of(w, policy)->extras & EXTRA_LIMIT)
        guard_of(w, policy, p->instance)->in_flight++;
    if (!bulkhead_full(w, p, policy))
        no = forbidden(w, p, policy);
    else if (wait_begin(w, p, policy))
        return false;
    else
        no = deadline_passed(w, p) ? REASON_DEADLINE : REASON_SHED;
    if (no != REASON_NONE)
        call_refuse(w, p, policy, no);
    return no == REASON_NONE;
}

HOT void attempt(struct world *w, struct act *p, const struct call_spec *s)
{
    struct call_state *st = state_of(w, s->policy);
    act_account(w, p);
    p->attempt++;
    st->attempts++;
    st->in_flight++;
    bool gated = (st->extras & (EXTRA_LIMIT | EXTRA_BREAKER | EXTRA_THROTTLE)) != 0;
    if (gated || p->depth >= DEPTH_MAX || p->deadline != 0)
        if (!gates(w, p, s->policy))
            return;
    child_send(w, p, child_make(w, p, s));
}

void call_admitted(struct world *w, struct act *p)
{
    const struct call_spec *s = call_spec_of(w, p);
    enum reason no = forbidden(w, p, s->policy);
    if (no != REASON_NONE)
        call_refuse(w, p, s->policy, no);
    else
        child_send(w, p, child_make(w, p, s));
}

static SELDOM void call_attempt(struct world *w, struct act *p)
{
    attempt(w, p, call_spec_of(w, p));
}

static SELDOM void budget_grows(struct world *w, comp_id policy, const struct act *p)
{
    struct guard *g = guard_of(w, policy, p->instance);
    g->tokens += p_number(w, policy, P_BUDGET);
    if (g->tokens > BUDGET_BURST)
        g->tokens = BUDGET_BURST;
}

void call_begin(struct world *w, struct act *p, const struct call_spec *s)
{
    struct call_state *st = state_of(w, s->policy);
    p->attempt = 0;
    p->backoff = 0;
    p->call_start = w_now(w);
    st->requests++;
    if (st->extras & EXTRA_BUDGET)
        budget_grows(w, s->policy, p);
    attempt(w, p, s);
}

void call_fetch(const struct world *w, comp_id policy)
{
    const struct call_state *st = state_of(w, policy);
    w_fetch(&st->timeout,
            (size_t)((const char *)&st->retries - (const char *)&st->timeout));
}

void call_backoff(struct world *w, struct act *p)
{
    call_attempt(w, p);
}

/* ---- outcomes -------------------------------------------------------------------- */

/* `share` of d at random, the rest fixed. */
static sim_time jittered(struct world *w, comp_id policy, sim_time d, double share)
{
    assert(d >= 0 && share >= 0 && share <= 1);
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

bool call_budget_takes(struct world *w, comp_id policy, struct act *p,
                       enum reason reason)
{
    struct call_state *st = state_of(w, policy);
    if (st->extras & EXTRA_QUOTA)
        return budget_takes(w, policy, p, reason);
    if (p_number(w, policy, P_BUDGET) <= 0)
        return true;
    struct guard *g = guard_of(w, policy, p->instance);
    if (g->tokens < 1) {
        st->retries_denied++;
        return false;
    }
    g->tokens -= 1;
    return true;
}

static bool retry_allowed(struct world *w, comp_id policy, struct act *p,
                          enum reason reason)
{
    if (p->attempt > p_count(w, policy, P_RETRIES) || reason == REASON_BREAKER_OPEN ||
        reason == REASON_DEADLINE || reason == REASON_GAVE_UP)
        return false;
    if (reason == REASON_RATE_LIMITED && p->culprit == policy) /* by ourselves */
        return false;
    return call_budget_takes(w, policy, p, reason);
}

/* A pause that would end behind the deadline is not begun. */
static void retry_later(struct world *w, struct act *p, comp_id policy, sim_time d,
                        enum reason reason)
{
    assert(d > 0);
    if (p->deadline != 0 && w_now(w) + d >= p->deadline) {
        act_ready(w, p, reason);
        return;
    }
    state_of(w, policy)->retries++;
    act_wait(w, p, CAUSE_BACKOFF, policy);
    p->timer = cal_at(w, w_now(w) + d, EV_BACKOFF, p->comp, W_REF(w, p), p->gen);
}

/* A failed attempt: the call fails for good, or is tried again. */
static SELDOM void conclude_failed(struct world *w, struct act *p, comp_id policy,
                                   enum reason reason)
{
    struct call_state *st = state_of(w, policy);
    st->failures[reason]++;
    if (!retry_allowed(w, policy, p, reason)) {
        act_ready(w, p, reason);
        return;
    }
    sim_time d = backoff_next(w, policy, p);
    if (d > 0) {
        retry_later(w, p, policy, d, reason);
        return;
    }
    st->retries++;
    call_attempt(w, p);
}

static SELDOM void slot_leave(struct world *w, comp_id policy, const struct act *p)
{
    struct guard *g = guard_of(w, policy, p->instance);
    assert(g->in_flight > 0);
    g->in_flight--;
    call_slot_free(w, policy, g);
}

void call_left(struct world *w, comp_id policy, const struct act *p)
{
    struct call_state *st = state_of(w, policy);
    st->in_flight--;
    if (st->extras & EXTRA_LIMIT)
        slot_leave(w, policy, p);
}

/* Tells the limits of the policy that a call is over. */
static SELDOM void settle(struct world *w, struct act *p, comp_id policy,
                          enum reason reason)
{
    uint32_t extras = state_of(w, policy)->extras;
    if (extras & EXTRA_LIMIT)
        slot_leave(w, policy, p);
    if (extras & EXTRA_QUOTA)
        budget_saw(w, policy, p, reason);
}

/* How it ended is known: p goes on with that, or tries again. */
HOT void conclude(struct world *w, struct act *p, comp_id policy, struct call_state *st,
                  enum reason reason, comp_id culprit)
{
    CHECK(p->gen != 0 && st->in_flight > 0);
    cal_cancel(w, &p->timer); /* of the next copy */
    st->in_flight--;
    p->cause = CAUSE_OTHER;
    p->culprit = culprit;
    if (st->extras & (EXTRA_LIMIT | EXTRA_QUOTA))
        settle(w, p, policy, reason);
    if (reason != REASON_NONE) {
        conclude_failed(w, p, policy, reason);
        return;
    }
    st->ok++;
    act_ready(w, p, REASON_NONE);
}

SELDOM void call_refuse(struct world *w, struct act *p, comp_id policy,
                        enum reason reason)
{
    conclude(w, p, policy, state_of(w, policy), reason, policy);
}

HOT void outcome(struct world *w, struct act *p, comp_id policy, struct call_state *st,
                 enum reason reason, comp_id culprit)
{
    if (st->extras & EXTRA_BREAKER)
        breaker_saw(w, policy, p, reason == REASON_NONE, true);
    if (st->extras & EXTRA_THROTTLE)
        throttle_saw(w, policy, p, reason);
    conclude(w, p, policy, st, reason, culprit);
}

/* An attempt is over, one way or the other; p is accounted up to now. */
static void call_outcome(struct world *w, struct act *p, comp_id policy,
                         enum reason reason, comp_id culprit)
{
    outcome(w, p, policy, state_of(w, policy), reason, culprit);
}

/* c is accounted up to now. */
HOT void delivered(struct world *w, struct act *c)
{
    if (c->flags & ACT_LINE)
        path_keep(w, c, (enum reason)c->reason);
    if ((c->flags & ACT_COPY) && hedge_delivered(w, c))
        return;
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
        p->load = c->load;
    } else if (c->kind == ACT_EXTERNAL) {
        p->flags |= c->flags & ACT_ANSWERED;
    }
    comp_id policy = c->policy;
    struct call_state *st = state_of(w, policy);
    st->latency += w_now(w) - c->start;
    act_free(w, c);
    outcome(w, p, policy, st, reason, culprit);
}

void call_delivered(struct world *w, struct act *c)
{
    act_account(w, c);
    if (c->parent != 0) {
        delivered(w, c);
        return;
    }
    if (c->flags & ACT_LINE)
        path_keep(w, c, (enum reason)c->reason);
    act_orphan(w, c);
}

static SELDOM void finish_extras(struct world *w, struct act *a)
{
    if (a->flags & ACT_LIMITED)
        comp_kind(w, a->limiter)->let_out(w, a->limiter, a);
    if (a->flags & ACT_TRACED)
        w_call_span(w, a);
    if (a->flags & ACT_WATCHED)
        comp_kind(w, a->watcher)->saw(w, a->watcher, a);
    if ((a->flags & ACT_ABANDONED) && a->policy != COMP_NONE)
        call_wasted(w, a);
}

/* Nearly always its answer is all that is left to see to. */
void act_finish(struct world *w, struct act *a, enum reason reason, comp_id culprit)
{
    act_account(w, a);
    a->cause = CAUSE_OTHER;
    a->reason = (uint8_t)reason;
    a->culprit = culprit;
    cal_cancel(w, &a->timer);
    w_outcome(w, (uint32_t)reason);
    if (a->kind == ACT_REQUEST || a->kind == ACT_EXTERNAL)
        w_done(w, a, false, false);
    if (a->flags & (ACT_TRACED | ACT_LIMITED | ACT_WATCHED | ACT_ABANDONED))
        finish_extras(w, a);
    if (a->parent == 0)
        act_orphan(w, a);
    else if (a->kind != ACT_QUERY && a->policy != COMP_NONE &&
             call_crosses(w, a, EV_DELIVER))
        a->flags |= ACT_BACK;
    else
        delivered(w, a);
}

void act_kill(struct world *w, struct act *a, enum reason reason, comp_id culprit)
{
    if (a->flags & ACT_BACK) { /* the work is over; only the answer is still out */
        if (a->parent == 0)
            act_orphan(w, a);
        return;
    }
    a->reason = (uint8_t)reason; /* for cancel */
    if (!(a->flags & ACT_SENT))
        comp_kind(w, a->comp)->cancel(w, a);
    act_finish(w, a, reason, culprit);
}

void call_let_go(struct world *w, struct act *c, enum reason reason)
{
    bool stop = p_on(w, c->policy, P_CANCEL);
    if (c->flags & ACT_LINE)
        path_hang_up(w, c);
    act_abandon(w, c);
    if (stop && !(c->flags & ACT_LINE))
        act_kill(w, c, reason, c->comp);
}

void call_timeout(struct world *w, struct act *c)
{
    if (c->flags & ACT_COPY)
        c = hedge_collapse(w, c);
    struct act *p = act_at(w, c->parent);
    enum reason reason = deadline_passed(w, p) ? REASON_DEADLINE : REASON_TIMEOUT;
    struct call_state *st = state_of(w, c->policy);
    comp_id culprit = act_where(w, c), policy = c->policy;
    ledger_take(w, p, c);
    p->since = w_now(w);
    st->timeouts++;
    st->latency += w_now(w) - c->start;
    call_let_go(w, c, REASON_GAVE_UP);
    w_outcome(w, (uint32_t)reason);
    call_outcome(w, p, policy, reason, culprit);
}

void call_wasted(struct world *w, const struct act *a)
{
    struct call_state *st = state_of(w, a->policy);
    struct slice gathered[LEDGER_SLICES * 8];
    const struct slice *s;
    size_t n = ledger_read(w, a, gathered, LEDGER_SLICES * 8, &s);
    st->abandoned++;
    for (size_t i = 0; i < n; i++) {
        bool work = s[i].cause == CAUSE_CPU || s[i].cause == CAUSE_DB_CPU;
        if (work && s[i].place == a->comp) /* callees count their own */
            st->wasted += s[i].ns;
    }
}

void call_drop(struct world *w, struct act *p)
{
    if (p->child == 0) {
        if (p->flags & ACT_HELD)
            wait_leave(w, p);
        return;
    }
    struct act *c = act_at(w, p->child);
    if (c->flags & ACT_COPY)
        c = hedge_collapse(w, c);
    struct call_state *st = state_of(w, c->policy);
    cal_cancel(w, &p->timer); /* of the next copy */
    if (st->extras & EXTRA_BREAKER)
        breaker_forgets(guard_of(w, c->policy, p->instance), p);
    call_left(w, c->policy, p);
    st->failures[REASON_GAVE_UP]++;
    st->latency += w_now(w) - c->start;
    ledger_take(w, p, c);
    p->since = w_now(w);
    p->cause = CAUSE_OTHER;
    call_let_go(w, c, REASON_GAVE_UP);
}
