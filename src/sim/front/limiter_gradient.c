/*
 * Limiters, a limit that follows the gradient of the time that requests take, as Netflix
 * published it (github.com/Netflix/concurrency-limits: Gradient2Limit.java in a
 * WindowedLimit.java, each with its defaults):
 *
 *   gradient = 1.5 * usual time / this time, between 0.5 and 1
 *   limit    = 0.8 * limit + 0.2 * (gradient * limit + 4)
 *
 * once a second. This time is the mean of a window of at least ten answers; the usual one an
 * exponential mean over 600 windows, the first ten counted alike. A usual time of more
 * than twice this time shrinks by 5 %, so that it comes down quickly after a long
 * overload. While fewer than half of the limit were inside, nothing changes. So up to half
 * as long again as usual the limit grows by 0.8, and beyond it falls. Mean times are less
 * easily misled than Vegas' shortest one where requests differ; but what stays slow for ten
 * minutes becomes the usual time.
 *
 * The limit begins at 20, is never below that, and ends at `max_in_flight`, or at 1000
 * (Netflix: 200). Requests that got no answer count with the time they took, as there. How
 * many are inside is looked at when one ends, where the original has noted it when it
 * began.
 */
#include "front/limiter.h"

#define WINDOW SIM_SEC
#define TOO_SHORT                                                                      \
    (100 * SIM_US) /* answers that say nothing: refused before any work was done */
enum { WINDOW_ANSWERS = 10, LONG_WINDOWS = 600, LONG_ALIKE = 10, GATE_LEAST = 20 };
static const double tolerance = 1.5, smoothing = 0.2, room = 4;

/* The usual time, with one window more. */
static double usual_with(struct usual *u, double took)
{
    const double share = 2.0 / (LONG_WINDOWS + 1);
    if (u->windows < LONG_ALIKE)
        u->mean += (took - u->mean) / ++u->windows;
    else
        u->mean += (took - u->mean) * share;
    double usual = u->mean;
    if (usual > 2 * took)
        u->mean *= 0.95;
    return usual;
}

void gradient_saw(struct gate *g, double took, uint32_t inside, uint32_t most)
{
    assert(took > 0);
    double usual = usual_with(&g->usual, took);
    if (inside < g->limit / 2)
        return;
    double gradient = tolerance * usual / took;
    gradient = gradient > 1 ? 1 : gradient < 0.5 ? 0.5 : gradient;
    double next = g->limit * (1 - smoothing) + (g->limit * gradient + room) * smoothing;
    next = next < GATE_LEAST ? GATE_LEAST : next;
    g->limit = next > most ? most : next;
}

void gradient_answer(struct gate *g, sim_time now, sim_time took, uint32_t most)
{
    struct window *v = &g->window;
    if (took < TOO_SHORT)
        return;
    v->sum += took;
    v->answers++;
    v->inside = g->in_flight > v->inside ? g->in_flight : v->inside;
    if (now <= v->until)
        return;
    struct window full = *v;
    *v = (struct window){.until = now + WINDOW};
    if (full.answers >= WINDOW_ANSWERS)
        gradient_saw(g, (double)full.sum / full.answers, full.inside, most);
}
