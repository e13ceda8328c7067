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
    sim_time most = p_time(w, policy, P_MAX_WAIT);
    sim_time until = most > 0 ? w_now(w) + most : SIM_FOREVER;
    if (st->waiting.count >= (uint64_t)p_count(w, policy, P_MAX_WAITING))
        return false;
    if (p->deadline != 0 && p->deadline < until)
        until = p->deadline;
    if (until <= w_now(w))
        return false;
    st->in_flight--;
    act_wait(w, p, CAUSE_POOL_WAIT, policy);
    p->flags |= ACT_HELD;
    queue_push(w, &st->waiting, p);
    if (until != SIM_FOREVER)
        p->timer = cal_at(w, until, EV_KIND + CE_WAITED, policy, W_REF(w, p), p->gen);
    return true;
}

/* Out of the queue, and under way again. */
static void unhold(struct world *w, struct act *p, struct call_state *st)
{
    cal_cancel(w, &p->timer);
    queue_remove(w, &st->waiting, p);
    p->flags &= (uint16_t)~ACT_HELD;
    st->in_flight++;
    act_account(w, p);
}

/* The caller ends while it waits. */
void wait_leave(struct world *w, struct act *p)
{
    struct call_state *st = state_of(w, p->place);
    unhold(w, p, st);
    st->in_flight--;
    st->failures[REASON_GAVE_UP]++;
    p->cause = CAUSE_OTHER;
}

void wait_over(struct world *w, comp_id policy, struct act *p)
{
    p->timer = 0;
    unhold(w, p, state_of(w, policy));
    call_refuse(w, p, policy, deadline_passed(w, p) ? REASON_DEADLINE : REASON_SHED);
}

void wait_wake(struct world *w, comp_id policy, struct call_state *st)
{
    if (st->admit == 0)
        st->admit = cal_at(w, w_now(w), EV_KIND + CE_ADMIT, policy, 0, 0);
}

/* One at a time: each may be refused at once, and wake this again. */
void wait_admit(struct world *w, comp_id policy)
{
    struct call_state *st = state_of(w, policy);
    int64_t most = p_count(w, policy, P_MAX_IN_FLIGHT);
    st->admit = 0;
    if (st->waiting.count == 0 || (most > 0 && st->in_flight >= (uint64_t)most))
        return;
    struct act *p = act_at(w, st->waiting.first);
    unhold(w, p, st);
    if (st->waiting.count > 0)
        wait_wake(w, policy, st);
    call_admitted(w, p);
}
