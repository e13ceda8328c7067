/*
 * Limiters, how many may be inside at once. The limit is a number, follows the gradient of
 * the time that requests take (limiter_gradient.c), or adapts as TCP
 * Vegas' window does (Brakmo, O'Malley, Peterson: "TCP Vegas: new techniques for
 * congestion detection and avoidance", SIGCOMM 1994), in the form that Netflix gave it
 * for requests (github.com/Netflix/concurrency-limits, VegasLimit.java):
 *
 *   waiting = limit * (1 - shortest time / this time)
 *
 * is how many of those inside wait somewhere. With l = log10(limit), at least 1: up to l
 * of them, the limit grows by 6 l; below 3 l, by l; above 6 l, or when a request got no
 * answer, it falls by l; between, it stays. While fewer than half of the limit are
 * inside, nothing is learnt. The shortest time is looked for anew after a random number
 * of answers, 15 to 30 times the limit, so that a service that has become slower for
 * good is not throttled for ever. The limit begins at 20 and ends at `max_in_flight`, or
 * at 1000.
 *
 * A request's time is that since its caller has sent it. How many are inside is looked
 * at when it ends, where the original has noted it when it began.
 */
#include "front/limiter.h"

enum { PROBE_MULTIPLIER = 30 };

/* At least 1; without libm, as worlds are the same everywhere. */
static int log10_of(double limit)
{
    int l = 0;
    for (; limit >= 10; limit /= 10)
        l++;
    return l > 1 ? l : 1;
}

static double changed(const struct gate *g, sim_time took, bool dropped)
{
    int l = log10_of(g->limit);
    double exact = g->limit * (1 - (double)g->no_load / (double)took);
    int waiting = (int)exact + ((double)(int)exact < exact);
    if (dropped)
        return g->limit - l;
    if (g->in_flight * 2.0 < g->limit)
        return g->limit;
    if (waiting <= l)
        return g->limit + 6 * l;
    if (waiting < 3 * l)
        return g->limit + l;
    return waiting > 6 * l ? g->limit - l : g->limit;
}

void vegas_saw(struct gate *g, sim_time took, bool dropped, uint32_t most,
               struct rng *r)
{
    took = took > 0 ? took : 1;
    g->probes++;
    if (g->jitter * PROBE_MULTIPLIER * g->limit <= (double)g->probes) {
        g->jitter = 0.5 + rng_unit(r) / 2;
        g->probes = 0;
        g->no_load = took;
        return;
    }
    if (g->no_load == 0 || took < g->no_load) {
        g->no_load = took;
        return;
    }
    double next = changed(g, took, dropped);
    g->limit = next < 1 ? 1 : next > most ? most : next;
}

static uint32_t bound(const struct world *w, comp_id c)
{
    return (uint32_t)p_count(w, c, P_MAX_IN_FLIGHT);
}

uint32_t gate_most(const struct world *w, comp_id c, const struct gate *g)
{
    uint32_t most = bound(w, c);
    if (p_count(w, c, P_ADAPTIVE) == ADAPTIVE_OFF)
        return most;
    return most > 0 && most < g->limit ? most : (uint32_t)g->limit;
}

/* An end that says: too much. Other errors say nothing of the load. */
static bool dropped(const struct act *a)
{
    switch (a->reason) {
    case REASON_TIMEOUT:
    case REASON_QUEUE_FULL:
    case REASON_SHED:
    case REASON_DEADLINE:
    case REASON_RATE_LIMITED:
    case REASON_GAVE_UP:
    case REASON_CANCELLED:
        return true;
    default:
        return (a->flags & ACT_ABANDONED) != 0;
    }
}

static void adapt(struct world *w, comp_id c, struct gate *g, sim_time took, bool bad)
{
    int64_t how = p_count(w, c, P_ADAPTIVE);
    uint32_t most = bound(w, c) > 0 ? bound(w, c) : GATE_MOST;
    if (how == ADAPTIVE_VEGAS)
        vegas_saw(g, took, bad, most, w_rng(w, c, LIMITER_RNG_PROBE));
    else if (how == ADAPTIVE_GRADIENT)
        gradient_answer(g, w_now(w), took, most);
}

void gate_leave(struct world *w, comp_id c, struct gate *g, const struct act *a)
{
    bool bad = dropped(a);
    if (bad || a->reason == REASON_NONE)
        adapt(w, c, g, w_now(w) - a->start, bad);
    assert(g->in_flight > 0);
    g->in_flight--;
}
