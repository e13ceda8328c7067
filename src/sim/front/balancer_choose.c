/*
 * The rules by which a balancer chooses, beyond those that services know themselves.
 *
 *   hash         consistent hashing by user (engine/ring.h)
 *   weighted     smooth weighted round robin, as in nginx: the one with the highest
 *                standing, which then pays what all have gained
 *   least_time   the least of (mean time + 1 request's worth) x (requests inside + 1),
 *                the mean an exponential one over 10 s that jumps to every higher value
 *                at once (peak EWMA, as in Finagle)
 *
 * With `slow_start`, one that has just come gets a share that grows from a tenth to the
 * whole: when it is chosen it is passed over, with the probability that this takes.
 */
#include "call/call.h"
#include "front/balancer.h"

enum { PASSES_MAX = 8 };
#define MEAN_SPAN (10 * SIM_SEC)

static double inside(const struct world *w, comp_id service, int number)
{
    const struct instance *i = service_instance(w, service, number);
    return (double)(i->busy + i->queue.count);
}

static int weighted(struct world *w, struct balancer_state *s, const uint16_t *numbers,
                    uint32_t n)
{
    struct backend *best = NULL;
    double sum = 0;
    int number = numbers[0];
    for (uint32_t i = 0; i < n; i++) {
        struct backend *b = balancer_backend(w, s, numbers[i]);
        b->standing += b->weight;
        sum += b->weight;
        if (b->weight > 0 && (!best || b->standing > best->standing)) {
            best = b;
            number = numbers[i];
        }
    }
    if (best)
        best->standing -= sum;
    return number;
}

static double cost(const struct world *w, const struct balancer_state *s,
                   comp_id service, int number)
{
    const struct backend *b = balancer_backend(w, s, number);
    double n = inside(w, service, number);
    if (b->mean == 0)
        return n * 1e9; /* unknown: one at a time */
    double age = (double)(w_now(w) - b->mean_at) / (double)MEAN_SPAN;
    return b->mean * tc_exp(-age) * (n + 1);
}

static int least_time(struct world *w, struct balancer_state *s, comp_id service,
                      const uint16_t *numbers, uint32_t n)
{
    uint32_t from = s->round_robin++;
    int best = numbers[from % n];
    double least = cost(w, s, service, best);
    for (uint32_t k = 1; k < n; k++) {
        int number = numbers[(from + k) % n];
        double x = cost(w, s, service, number);
        if (x < least) {
            least = x;
            best = number;
        }
    }
    return best;
}

void balancer_timed(struct world *w, struct backend *b, sim_time took)
{
    double age = (double)(w_now(w) - b->mean_at) / (double)MEAN_SPAN;
    double keep = tc_exp(-age), t = (double)took;
    if (b->mean == 0 || t > b->mean)
        b->mean = t > 1 ? t : 1;
    else
        b->mean = b->mean * keep + t * (1 - keep);
    b->mean_at = w_now(w);
}

/* The least busy of `d` different ones; ties go to the one drawn first. */
static SELDOM int least_of(struct world *w, comp_id c, const uint16_t *numbers,
                           uint32_t n, uint32_t d)
{
    struct balancer_state *s = balancer_state(w, c);
    comp_id service = balancer_service(w, c);
    w_grow(w, &s->draws, &s->draws_cap, n, sizeof(uint16_t));
    uint16_t *left = W_PTR(w, uint16_t, s->draws);
    int best = 0;
    double least = 0;
    memcpy(left, numbers, n * sizeof *left);
    for (uint32_t k = 0; k < d && k < n; k++) {
        uint32_t at = k + rng_below(w_rng(w, c, RNG_CHOICE), n - k);
        int number = left[at];
        left[at] = left[k];
        double x = inside(w, service, number);
        if (k == 0 || x < least) {
            least = x;
            best = number;
        }
    }
    return best;
}

static int by_rule(struct world *w, comp_id c, const struct act *a,
                   const uint16_t *numbers, uint32_t n)
{
    struct balancer_state *s = balancer_state(w, c);
    comp_id service = balancer_service(w, c);
    int rule = (int)p_count(w, c, P_POLICY);
    switch (rule) {
    case BALANCE_HASH:
        return ring_choose(w, &s->ring, service,
                           (uint32_t)p_count(w, c, P_VIRTUAL_NODES), ring_key(w, a),
                           numbers, n);
    case BALANCE_WEIGHTED:
        return weighted(w, s, numbers, n);
    case BALANCE_LEAST_TIME:
        return least_time(w, s, service, numbers, n);
    case BALANCE_TWO:
        if (n > 2 && p_count(w, c, P_CHOICES) > 2)
            return least_of(w, c, numbers, n, (uint32_t)p_count(w, c, P_CHOICES));
        break;
    default:
        break;
    }
    return service_choose(w, service, rule, numbers, n, &s->round_robin,
                          w_rng(w, c, RNG_CHOICE));
}

/* The share that an instance gets of what it would get. */
static double share(const struct world *w, comp_id c, int number, sim_time window)
{
    const struct backend *b = balancer_backend(w, balancer_state(w, c), number);
    const struct instance *i = service_instance(w, balancer_service(w, c), number);
    sim_time since = b->in_since > i->since ? b->in_since : i->since;
    double done = (double)(w_now(w) - since) / (double)window;
    return since == 0 || done >= 1 ? 1 : done > 0.1 ? done : 0.1;
}

int balancer_choose(struct world *w, comp_id c, const struct act *a,
                    const uint16_t *numbers, uint32_t n)
{
    sim_time window = p_time(w, c, P_SLOW_START);
    int number = by_rule(w, c, a, numbers, n);
    if (window == 0 || n == 1 || p_count(w, c, P_POLICY) == BALANCE_HASH)
        return number;
    for (int i = 0; i < PASSES_MAX; i++) {
        double p = share(w, c, number, window);
        if (p >= 1 || rng_unit(w_rng(w, c, RNG_SLOW_START)) < p)
            break;
        number = by_rule(w, c, a, numbers, n);
    }
    return number;
}
