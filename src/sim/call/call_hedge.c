/*
 * Hedged and tied requests (Dean and Barroso, "The Tail at Scale", CACM 56(2), 2013).
 *
 * An attempt that has no answer after `hedge_after` is sent once more, to another
 * instance. The copies hang on their caller through `sibling`, the oldest first, each
 * with ACT_COPY set; an attempt that was never hedged knows nothing of all this. The
 * first answer wins, a failure only when no other copy is out. The losers go on alone,
 * or are stopped where the policy says `cancel`. Tied copies know each other: as soon
 * as one has a worker it sends word to the others, which are dropped if they still
 * wait. Word takes as long as any message, so that two may start at the same time.
 *
 * A copy counts as an attempt, in the bulkhead and in the retry budget. It is not
 * counted as a failure when it loses: attempts = ok + errors + lost + in flight.
 *
 * Where the caller's time went: until a copy was sent, what the oldest was doing then
 * (copied into `before` at that moment, as the oldest goes on); from then on, what the
 * copy that ends the attempt did.
 */
#include "call/policy.h"
#include "engine/ledger.h"
#include "engine/life.h"
#include "engine/program.h"

void hedge_arm(struct world *w, struct act *p, comp_id policy)
{
    const struct act *c = act_at(w, p->child);
    p->hedges = 0;
    if (c->kind == ACT_REQUEST || c->kind == ACT_EXTERNAL)
        p->timer = cal_after(w, p_time(w, policy, P_HEDGE_AFTER), EV_KIND + CE_HEDGE,
                             policy, W_REF(w, p), p->gen);
}

/* ---- the copies of an attempt ---------------------------------------------------- */

static void copy_unlink(struct world *w, struct act *p, struct act *c)
{
    CHECK(c->parent == W_REF(w, p));
    ref *at = &p->child;
    while (*at != W_REF(w, c))
        at = &act_at(w, *at)->sibling;
    *at = c->sibling;
    c->sibling = c->parent = 0;
}

static void copy_append(struct world *w, struct act *p, struct act *c)
{
    ref *at = &p->child;
    while (*at != 0)
        at = &act_at(w, *at)->sibling;
    *at = W_REF(w, c);
}

static bool alone(const struct world *w, const struct act *p, const struct act *c)
{
    return p->child == W_REF(w, c) && c->sibling == 0;
}

/* Drops a copy that is not needed any more. */
static void copy_lose(struct world *w, struct act *p, struct act *c)
{
    CHECK(c->gen != 0 && c->parent == W_REF(w, p));
    struct call_state *st = state_of(w, c->policy);
    copy_unlink(w, p, c);
    call_left(w, c->policy, p);
    st->copies_lost++;
    st->latency += w_now(w) - c->start;
    call_let_go(w, c, REASON_CANCELLED);
}

/* All but one. */
static void copies_lose(struct world *w, struct act *p, const struct act *keep)
{
    for (ref r = p->child, next; r != 0; r = next) {
        struct act *c = act_at(w, r);
        next = c->sibling;
        if (c != keep)
            copy_lose(w, p, c);
    }
}

/* ---- sending one more ------------------------------------------------------------ */

static bool being_served(const struct act *c)
{
    return c->kind == ACT_REQUEST && (c->flags & ACT_WORKER);
}

static bool hedge_allowed(struct world *w, comp_id policy, struct act *p)
{
    int64_t most = p_count(w, policy, P_MAX_IN_FLIGHT);
    const struct guard *g = guard_if(w, policy, p->instance);
    bool room = most == 0 || (g && g->in_flight < (uint64_t)most && !g->waiting.count);
    bool closed = !g || breaker_state(w, policy, g) == BREAKER_CLOSED;
    return room && closed && call_budget_takes(w, policy, p, REASON_NONE);
}

/* The slices of the caller's time so far, kept while the oldest copy goes on. */
static void copy_remember(struct world *w, struct act *c, struct act *oldest)
{
    ledger_take(w, c, oldest);
    ledger_park(w, c);
}

static void copy_send(struct world *w, struct act *p, const struct call_spec *s)
{
    struct act *oldest = act_at(w, p->child);
    sim_time patience = p_time(w, s->policy, P_TIMEOUT), until = p->since + patience;
    ref first = p->child;
    struct act *c = call_child(w, p, s);
    p->child = first;
    copy_append(w, p, c);
    oldest->flags |= ACT_COPY;
    c->flags |= ACT_COPY;
    c->deadline = oldest->deadline;
    copy_remember(w, c, oldest);
    if (p->deadline != 0 && c->deadline != 0 && (patience == 0 || p->deadline < until))
        until = p->deadline;
    if (until > p->since)
        c->timeout = cal_at(w, until, EV_TIMEOUT, s->policy, W_REF(w, c), c->gen);
    call_depart(w, c);
}

void hedge_due(struct world *w, comp_id policy, struct act *p)
{
    struct call_state *st = state_of(w, policy);
    if (!hedge_allowed(w, policy, p)) {
        st->hedges_denied++;
        return;
    }
    bool late = p_on(w, policy, P_TIED) && being_served(act_at(w, p->child));
    p->hedges++;
    st->hedges++;
    st->attempts++;
    if (p->hedges < p_count(w, policy, P_HEDGES))
        p->timer = cal_after(w, p_time(w, policy, P_HEDGE_AFTER), EV_KIND + CE_HEDGE,
                             policy, W_REF(w, p), p->gen);
    if (late) { /* word of the first is there before it */
        st->copies_lost++;
        st->tied_stopped++;
        return;
    }
    st->in_flight++;
    if (st->extras & EXTRA_LIMIT)
        guard_of(w, policy, p->instance)->in_flight++;
    copy_send(w, p, call_spec_of(w, p));
}

uint32_t hedge_others(const struct world *w, const struct act *a,
                      const uint16_t **numbers, uint32_t n, uint16_t *spare)
{
    uint32_t kept = 0;
    if (a->parent == 0)
        return n;
    for (uint32_t i = 0; i < n; i++) {
        bool taken = false;
        for (ref r = act_at(w, a->parent)->child; r != 0; r = act_at(w, r)->sibling)
            taken |= act_at(w, r) != a && act_at(w, r)->instance == (*numbers)[i];
        if (!taken)
            spare[kept++] = (*numbers)[i];
    }
    if (kept == 0)
        return n;
    *numbers = spare;
    return kept;
}

/* ---- tied ------------------------------------------------------------------------ */

void hedge_started(struct world *w, struct act *a)
{
    if (a->parent == 0 || !p_on(w, a->policy, P_TIED))
        return;
    const struct dist *d = p_dist(w, a->policy, P_NETWORK);
    for (ref r = act_at(w, a->parent)->child; r != 0; r = act_at(w, r)->sibling) {
        const struct act *c = act_at(w, r);
        if (c != a && !being_served(c))
            (void)cal_at(w, w_now(w) + dist_draw(d, w_rng(w, a->policy, RNG_HEDGE)),
                         EV_KIND + CE_TIED, a->policy, r, c->gen);
    }
}

void hedge_stop(struct world *w, struct act *c)
{
    if (c->parent == 0 || being_served(c) || (c->flags & ACT_BACK))
        return;
    struct act *p = act_at(w, c->parent);
    if (alone(w, p, c)) /* the one that was started has failed meanwhile */
        return;
    struct call_state *st = state_of(w, c->policy);
    copy_unlink(w, p, c);
    call_left(w, c->policy, p);
    st->copies_lost++;
    st->latency += w_now(w) - c->start;
    st->tied_stopped++;
    act_abandon(w, c);
    act_kill(w, c, REASON_CANCELLED, c->comp);
}

/* ---- ending ---------------------------------------------------------------------- */

bool hedge_delivered(struct world *w, struct act *c)
{
    struct act *p = c->parent == 0 ? NULL : act_at(w, c->parent);
    if (!p)
        return false;
    struct call_state *st = state_of(w, c->policy);
    if (c->reason != REASON_NONE && !alone(w, p, c)) {
        call_left(w, c->policy, p);
        st->failures[c->reason]++;
        st->latency += w_now(w) - c->start;
        if (st->extras & EXTRA_BREAKER)
            breaker_saw(w, c->policy, p, false, false);
        copy_unlink(w, p, c);
        act_free(w, c);
        return true;
    }
    copies_lose(w, p, c);
    if (c->before != 0) {
        st->hedges_won += c->reason == REASON_NONE;
        ledger_unpark(w, p, c);
    }
    return false;
}

struct act *hedge_collapse(struct world *w, struct act *c)
{
    struct act *p = act_at(w, c->parent), *oldest = act_at(w, p->child);
    copies_lose(w, p, oldest);
    return oldest;
}
