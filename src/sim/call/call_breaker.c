/*
 * The circuit breaker. It opens on a share of failures, counted over a window of two
 * halves once `breaker_calls` were seen (Hystrix: requestVolumeThreshold, 20). Open, it
 * refuses for `breaker_open`; then it is half-open, and the next call is the trial, the
 * only one that is sent. Its answer closes the breaker, its failure opens it again;
 * answers to calls from before decide nothing.
 *
 * A trial that is not answered must not keep the breaker from trying again
 * (resilience4j issues 903 and 935: stuck half-open for hours): after `breaker_trial`
 * it is given up, and the next call is the trial, as in Polly, where the half-open
 * circuit lets one call through in each duration of a break.
 */
#include "call/policy.h"
#include "engine/telling.h"

enum breaker_state breaker_state(const struct world *w, comp_id policy,
                                 const struct guard *g)
{
    if (g->open_until == 0 || p_number(w, policy, P_BREAKER) <= 0)
        return BREAKER_CLOSED;
    if (w_now(w) < g->open_until)
        return BREAKER_OPEN;
    return g->trial && w_now(w) < g->trial_until ? BREAKER_TRIAL : BREAKER_HALF_OPEN;
}

bool breaker_lets(struct world *w, comp_id policy, struct guard *g, const struct act *p)
{
    enum breaker_state state = breaker_state(w, policy, g);
    sim_time patience = p_time(w, policy, P_BREAKER_TRIAL);
    if (state != BREAKER_HALF_OPEN)
        return state == BREAKER_CLOSED;
    if (patience == 0)
        patience = p_time(w, policy, P_BREAKER_OPEN);
    w_log(w, policy, g->instance, LOG_INFO, p->request,
          g->trial ? "circuit breaker: the trial was not answered, another is sent"
                   : "circuit breaker half-open: a trial is sent");
    g->trial = p->gen;
    g->trial_until = w_now(w) + patience;
    return true;
}

void breaker_forgets(struct guard *g, const struct act *p)
{
    if (g->trial == p->gen)
        g->trial = 0;
}

static void roll(struct world *w, comp_id policy, struct guard *g)
{
    sim_time half = p_time(w, policy, P_BREAKER_WINDOW) / 2;
    sim_time age = w_now(w) - g->bucket_since;
    if (age < half)
        return;
    g->before = age < 2 * half ? g->now : (struct bucket){0, 0};
    g->now = (struct bucket){0, 0};
    g->bucket_since = w_now(w);
}

static void forget_calls(struct world *w, struct guard *g)
{
    g->now = g->before = (struct bucket){0, 0};
    g->bucket_since = w_now(w);
    g->trial = 0;
}

static void open_up(struct world *w, comp_id policy, struct guard *g)
{
    g->open_until = w_now(w) + p_time(w, policy, P_BREAKER_OPEN);
    forget_calls(w, g);
    w_log(w, policy, g->instance, LOG_WARN, 0, "circuit breaker opened");
}

static void decide(struct world *w, comp_id policy, struct guard *g, bool ok)
{
    if (!ok) {
        open_up(w, policy, g);
        return;
    }
    g->open_until = 0;
    forget_calls(w, g);
    w_log(w, policy, g->instance, LOG_INFO, 0, "circuit breaker closed");
}

void breaker_saw(struct world *w, comp_id policy, const struct act *p, bool ok,
                 bool last)
{
    struct guard *g = guard_of(w, policy, p->instance);
    if (g->open_until != 0) {
        if (g->trial == p->gen && last)
            decide(w, policy, g, ok);
        return;
    }
    roll(w, policy, g);
    g->now.calls++;
    g->now.failures += !ok;
    uint32_t calls = g->now.calls + g->before.calls;
    uint32_t bad = g->now.failures + g->before.failures;
    if (calls >= p_count(w, policy, P_BREAKER_CALLS) &&
        bad >= p_number(w, policy, P_BREAKER) * calls)
        open_up(w, policy, g);
}
