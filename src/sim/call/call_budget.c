/*
 * Limits on what a caller sends beyond what it was asked for, as published.
 *
 *   quota     AWS SDKs, standard retry mode: a bucket of 500; a retry costs 14, after a
 *             throttling answer 5; a call that is answered at once gives 1 back, one
 *             that needed retries what its last retry cost.
 *   throttle  gRPC proposal A6: a failure takes 1 token, an answer gives `budget_ratio`
 *             back; no retries while half of them or fewer are left.
 *   rate      so many retries a second, a second's worth at once.
 *
 * (The fourth, a share of requests, is in call.c.) The adaptive throttle of the SRE
 * book, chapter 21, refuses even first attempts, with probability
 * max(0, (requests - K accepts) / (requests + 1)) over the last two minutes.
 */
#include "call/policy.h"

/* ---- budgets -------------------------------------------------------------------- */

void budget_fill(struct world *w, comp_id policy)
{
    struct call_state *st = state_of(w, policy);
    st->quota = p_number(w, policy, P_BUDGET_TOKENS);
    if (p_count(w, policy, P_BUDGET_KIND) == BUDGET_RATE) {
        double rate = p_number(w, policy, P_BUDGET_RATE);
        st->quota = rate > 1 ? rate : 1;
    }
    st->refilled = w_now(w);
}

static void refill(struct world *w, comp_id policy, struct call_state *st)
{
    double rate = p_number(w, policy, P_BUDGET_RATE), most = rate > 1 ? rate : 1;
    st->quota += rate * (double)(w_now(w) - st->refilled) / 1e9;
    st->quota = st->quota > most ? most : st->quota;
    st->refilled = w_now(w);
}

static bool take(struct call_state *st, double cost, double least)
{
    if (st->quota - cost < least) {
        st->retries_denied++;
        return false;
    }
    st->quota -= cost;
    return true;
}

bool budget_takes(struct world *w, comp_id policy, struct act *p, enum reason reason)
{
    struct call_state *st = state_of(w, policy);
    bool throttled = reason == REASON_RATE_LIMITED || reason == REASON_SHED;
    switch (p_count(w, policy, P_BUDGET_KIND)) {
    case BUDGET_QUOTA:
        p->cost =
            (uint16_t)p_count(w, policy, throttled ? P_THROTTLED_COST : P_RETRY_COST);
        return take(st, p->cost, 0);
    case BUDGET_THROTTLE:
        if (st->quota > p_number(w, policy, P_BUDGET_TOKENS) / 2)
            return true;
        st->retries_denied++;
        return false;
    default:
        refill(w, policy, st);
        return take(st, 1, 0);
    }
}

static void give_back(struct world *w, comp_id policy, struct call_state *st,
                      double tokens)
{
    double most = p_number(w, policy, P_BUDGET_TOKENS);
    st->quota += tokens;
    st->quota = st->quota > most ? most : st->quota < 0 ? 0 : st->quota;
}

void budget_saw(struct world *w, comp_id policy, const struct act *p,
                enum reason reason)
{
    struct call_state *st = state_of(w, policy);
    int64_t kind = p_count(w, policy, P_BUDGET_KIND);
    bool ok = reason == REASON_NONE;
    if (kind == BUDGET_QUOTA && ok)
        give_back(w, policy, st, p->attempt == 1 ? 1 : p->cost);
    else if (kind == BUDGET_THROTTLE)
        give_back(w, policy, st, ok ? p_number(w, policy, P_BUDGET_RATIO) : -1);
}

/* ---- the adaptive throttle ------------------------------------------------------ */

static void slots_roll(struct world *w, comp_id policy, struct call_state *st)
{
    sim_time width = p_time(w, policy, P_THROTTLE_WINDOW) / THROTTLE_SLOTS;
    int64_t now = w_now(w) / width;
    int64_t passed = now - st->slot;
    if (passed < 0 || passed > THROTTLE_SLOTS) /* the window has been changed, or all */
        passed = THROTTLE_SLOTS;
    for (int64_t i = 0; i < passed; i++)
        memset(&st->slots[(now + THROTTLE_SLOTS - i) % THROTTLE_SLOTS], 0,
               sizeof st->slots[0]);
    st->slot = now;
}

bool throttle_refuses(struct world *w, comp_id policy)
{
    struct call_state *st = state_of(w, policy);
    double requests = 0, accepts = 0;
    slots_roll(w, policy, st);
    for (int i = 0; i < THROTTLE_SLOTS; i++) {
        requests += st->slots[i].requests;
        accepts += st->slots[i].accepts;
    }
    st->slots[st->slot % THROTTLE_SLOTS].requests++;
    double k = p_number(w, policy, P_THROTTLE);
    double p = (requests - k * accepts) / (requests + 1);
    if (p <= 0 || rng_unit(w_rng(w, policy, RNG_THROTTLE)) >= p)
        return false;
    st->throttled++;
    return true;
}

/* An error is an answer: the callee took the request. */
void throttle_saw(struct world *w, comp_id policy, enum reason reason)
{
    struct call_state *st = state_of(w, policy);
    slots_roll(w, policy, st);
    st->slots[st->slot % THROTTLE_SLOTS].accepts +=
        reason == REASON_NONE || reason == REASON_ERROR;
}
