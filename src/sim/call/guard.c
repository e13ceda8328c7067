/*
 * Guards: what a calling process keeps to protect itself and its callee. Breaker,
 * bulkhead, retry budget and throttle are objects in the memory of the process that
 * calls (resilience4j's registry, the SDK client's token bucket, gRPC's channel), so
 * each instance of the caller has its own, and loses it when it is started anew. With
 * scope = "shared" one guard serves all, as where the state lies in a store of its own
 * or in a proxy that all calls go through.
 */
#include "call/policy.h"
#include "engine/kind.h"

static uint32_t place_of(const struct call_state *st, uint32_t instance)
{
    return st->shared ? 0 : instance;
}

struct guard *guard_if(const struct world *w, comp_id policy, uint32_t instance)
{
    const struct call_state *st = state_of(w, policy);
    uint32_t place = place_of(st, instance);
    ref r = place < st->guards_cap ? W_PTR(w, ref, st->guards)[place] : 0;
    return r ? W_PTR(w, struct guard, r) : NULL;
}

static void reset(struct world *w, comp_id policy, struct guard *g)
{
    g->now = g->before = (struct bucket){0, 0};
    g->bucket_since = g->open_until = g->trial_until = 0;
    g->trial = 0;
    g->tokens = BUDGET_BURST;
    budget_fill(w, policy, g);
    memset(g->slots, 0, sizeof g->slots);
    g->slot = 0;
}

static SELDOM struct guard *guard_new(struct world *w, comp_id policy, uint32_t place)
{
    struct call_state *st = state_of(w, policy);
    w_grow(w, &st->guards, &st->guards_cap, place + 1, sizeof(ref));
    ref r = w_alloc(w, sizeof(struct guard));
    W_PTR(w, ref, st->guards)[place] = r;
    struct guard *g = W_PTR(w, struct guard, r);
    g->instance = (uint16_t)place;
    reset(w, policy, g);
    return g;
}

struct guard *guard_of(struct world *w, comp_id policy, uint16_t instance)
{
    struct guard *g = guard_if(w, policy, instance);
    return g ? g : guard_new(w, policy, place_of(state_of(w, policy), instance));
}

void guard_forget(struct world *w, comp_id policy, uint16_t instance)
{
    struct guard *g = guard_if(w, policy, instance);
    if (g && !state_of(w, policy)->shared)
        reset(w, policy, g);
}

/* ---- counting what is under way -------------------------------------------------- */

struct counted {
    struct world *w;
    comp_id policy;
};

/* The attempts of an act and of its branches, and their copies. */
static void count_calls(const struct world *w, const struct act *p, void *ctx)
{
    const struct counted *of = ctx;
    for (ref r = p->branches; r; r = act_at(w, r)->sibling)
        count_calls(w, act_at(w, r), ctx);
    if (!p->child || act_at(w, p->child)->policy != of->policy)
        return;
    for (ref r = p->child; r; r = act_at(w, r)->sibling)
        guard_of(of->w, of->policy, p->instance)->in_flight++;
}

void guards_count(struct world *w, comp_id policy)
{
    const struct call_state *st = state_of(w, policy);
    comp_id owner = w->comps[policy].owner;
    struct counted of = {w, policy};
    for (uint32_t i = 0; i < st->guards_cap; i++)
        if (W_PTR(w, ref, st->guards)[i])
            W_PTR(w, struct guard, W_PTR(w, ref, st->guards)[i])->in_flight = 0;
    const struct kind_impl *k = comp_kind(w, owner);
    if (k->callers)
        k->callers(w, owner, count_calls, &of);
    else if (k->inflight)
        k->inflight(w, owner, count_calls, &of);
}

/* ---- looking --------------------------------------------------------------------- */

double guard_metric(const struct world *w, comp_id policy, int instance,
                    double (*of)(const struct world *w, comp_id policy,
                                 const struct guard *g))
{
    const struct call_state *st = state_of(w, policy);
    if (instance > 0) {
        const struct guard *g = guard_if(w, policy, (uint32_t)instance);
        return g ? of(w, policy, g) : 0;
    }
    double sum = 0;
    for (uint32_t i = 0; i < st->guards_cap; i++) {
        ref r = W_PTR(w, ref, st->guards)[i];
        sum += r ? of(w, policy, W_PTR(w, struct guard, r)) : 0;
    }
    return sum;
}
