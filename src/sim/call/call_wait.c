/*
 * Waiting for room in a bulkhead. A call above `max_in_flight` is refused, unless fewer
 * than `max_waiting` wait already; then it waits its turn, `max_wait` at most and never
 * beyond its deadline. Its timeout begins when it is sent.
 *
 * The caller itself hangs in the queue, with ACT_HELD set and its place at the policy.
 * Room is given away by an event, not by whoever leaves: that one may be deep inside
 * another call's failure.
 */
#include "call/policy.h"
#include "engine/queue.h"

bool wait_begin(struct world *w, struct act *p, comp_id policy)
{
    struct call_state *st = state_of(w, policy);
    struct guard *g = guard_of(w, policy, p->instance);
    sim_time most = p_time(w, policy, P_MAX_WAIT);
    sim_time until = most > 0 ? w_now(w) + most : SIM_FOREVER;
    if (g->waiting.count >= (uint64_t)p_count(w, policy, P_MAX_WAITING))
        return false;
    if (p->deadline != 0 && p->deadline < until)
        until = p->deadline;
    if (until <= w_now(w))
        return false;
    st->in_flight--;
    g->in_flight--;
    act_wait(w, p, CAUSE_POOL_WAIT, policy);
    p->flags |= ACT_HELD;
    queue_push(w, &g->waiting, p);
    st->waiting++;
    if (until != SIM_FOREVER)
        p->timer = cal_at(w, until, EV_KIND + CE_WAITED, policy, W_REF(w, p), p->gen);
    return true;
}

/* Takes the caller out of the queue; its call is under way again. */
static void unhold(struct world *w, struct act *p, comp_id policy, struct guard *g)
{
    struct call_state *st = state_of(w, policy);
    cal_cancel(w, &p->timer);
    queue_remove(w, &g->waiting, p);
    p->flags &= (uint16_t)~ACT_HELD;
    st->waiting--;
    st->in_flight++;
    g->in_flight++;
    act_account(w, p);
}

/* The caller ends while it waits. */
void wait_leave(struct world *w, struct act *p)
{
    comp_id policy = p->place;
    unhold(w, p, policy, guard_of(w, policy, p->instance));
    call_left(w, policy, p);
    state_of(w, policy)->failures[REASON_GAVE_UP]++;
    p->cause = CAUSE_OTHER;
}

void wait_over(struct world *w, comp_id policy, struct act *p)
{
    p->timer = 0;
    unhold(w, p, policy, guard_of(w, policy, p->instance));
    call_refuse(w, p, policy, deadline_passed(w, p) ? REASON_DEADLINE : REASON_SHED);
}

void wait_wake(struct world *w, comp_id policy, struct guard *g)
{
    if (!g->admit)
        g->admit = cal_at(w, w_now(w), EV_KIND + CE_ADMIT, policy, g->instance, 0);
}

/* Wakes one call at a time: each may be refused at once, and come here again. */
void wait_admit(struct world *w, comp_id policy, uint16_t instance)
{
    struct guard *g = guard_of(w, policy, instance);
    int64_t most = p_count(w, policy, P_MAX_IN_FLIGHT);
    g->admit = 0;
    if (g->waiting.count == 0 || (most > 0 && g->in_flight >= (uint64_t)most))
        return;
    struct act *p = act_at(w, g->waiting.first);
    unhold(w, p, policy, g);
    call_slot_free(w, policy, g);
    call_admitted(w, p);
}
