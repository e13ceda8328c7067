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

/* ---- budgets --------------------------------------------------------------------- */

double budget_full(const struct world *w, comp_id policy)
{
    if (!(state_of(w, policy)->extras & EXTRA_QUOTA))
        return BUDGET_BURST;
    if (p_count(w, policy, P_BUDGET_KIND) != BUDGET_RATE)
        return p_number(w, policy, P_BUDGET_TOKENS);
    double rate = p_number(w, policy, P_BUDGET_RATE);
    return rate > 1 ? rate : 1;
}

void budget_fill(struct world *w, comp_id policy, struct guard *g)
{
    g->quota = budget_full(w, policy);
    g->refilled = w_now(w);
}

static void refill(struct world *w, comp_id policy, struct guard *g)
{
    double most = budget_full(w, policy), rate = p_number(w, policy, P_BUDGET_RATE);
    g->quota += rate * (double)(w_now(w) - g->refilled) / 1e9;
    g->quota = g->quota > most ? most : g->quota;
    g->refilled = w_now(w);
}

static bool take(struct guard *g, double cost)
{
    if (g->quota < cost)
        return false;
    g->quota -= cost;
    return true;
}

static bool allows(struct world *w, comp_id policy, struct act *p, enum reason reason)
{
    struct guard *g = guard_of(w, policy, p->instance);
    bool throttled = reason == REASON_RATE_LIMITED || reason == REASON_SHED;
    switch (p_count(w, policy, P_BUDGET_KIND)) {
    case BUDGET_QUOTA:
        p->cost =
            (uint16_t)p_count(w, policy, throttled ? P_THROTTLED_COST : P_RETRY_COST);
        return take(g, p->cost);
    case BUDGET_THROTTLE:
        return g->quota > p_number(w, policy, P_BUDGET_TOKENS) / 2;
    default:
        refill(w, policy, g);
        return take(g, 1);
    }
}

bool budget_takes(struct world *w, comp_id policy, struct act *p, enum reason reason)
{
    bool allowed = allows(w, policy, p, reason);
    state_of(w, policy)->retries_denied += !allowed;
    return allowed;
}

static void give_back(struct world *w, comp_id policy, struct guard *g, double tokens)
{
    double most = p_number(w, policy, P_BUDGET_TOKENS);
    g->quota += tokens;
    g->quota = g->quota > most ? most : g->quota < 0 ? 0 : g->quota;
}

void budget_saw(struct world *w, comp_id policy, const struct act *p,
                enum reason reason)
{
    struct guard *g = guard_of(w, policy, p->instance);
    int64_t kind = p_count(w, policy, P_BUDGET_KIND);
    bool ok = reason == REASON_NONE;
    if (kind == BUDGET_QUOTA && ok)
        give_back(w, policy, g, p->attempt == 1 ? 1 : p->cost);
    else if (kind == BUDGET_THROTTLE)
        give_back(w, policy, g, ok ? p_number(w, policy, P_BUDGET_RATIO) : -1);
}

/* ---- the adaptive throttle ------------------------------------------------------- */

static void slots_roll(struct world *w, comp_id policy, struct guard *g)
{
    sim_time width = p_time(w, policy, P_THROTTLE_WINDOW) / THROTTLE_SLOTS;
    int64_t now = w_now(w) / width;
    int64_t passed = now - g->slot;
    if (passed < 0 || passed > THROTTLE_SLOTS) /* the window has been changed, or all */
        passed = THROTTLE_SLOTS;
    for (int64_t i = 0; i < passed; i++)
        memset(&g->slots[(now + THROTTLE_SLOTS - i) % THROTTLE_SLOTS], 0,
               sizeof g->slots[0]);
    g->slot = now;
}

bool throttle_refuses(struct world *w, comp_id policy, struct guard *g)
{
    double requests = 0, accepts = 0;
    slots_roll(w, policy, g);
    for (int i = 0; i < THROTTLE_SLOTS; i++) {
        requests += g->slots[i].requests;
        accepts += g->slots[i].accepts;
    }
    g->slots[g->slot % THROTTLE_SLOTS].requests++;
    double k = p_number(w, policy, P_THROTTLE);
    double p = (requests - k * accepts) / (requests + 1);
    if (p <= 0 || rng_unit(w_rng(w, policy, RNG_THROTTLE)) >= p)
        return false;
    state_of(w, policy)->throttled++;
    return true;
}

/* An error is an answer: the callee took the request. */
void throttle_saw(struct world *w, comp_id policy, const struct act *p,
                  enum reason reason)
{
    struct guard *g = guard_of(w, policy, p->instance);
    slots_roll(w, policy, g);
    g->slots[g->slot % THROTTLE_SLOTS].accepts +=
        reason == REASON_NONE || reason == REASON_ERROR;
}
