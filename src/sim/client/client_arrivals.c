/*
 * When users come. The integral of the rate from one arrival to the next is an exponential
 * number with mean 1. So the rate may change over time in any way, by a curve, a spike or
 * an operator, and the same random numbers still give the same people, only earlier or
 * later. Arrivals like clockwork, or with gaps of another shape, want another integral.
 */
#include "client/client.h"
#include "engine/loop.h"
#include "truecode/model.h"

/* The factor's straight line at `t`: its value now, its end, and its value there. */
static void curve_piece(const struct client_data *d, sim_time t, double *now,
                        sim_time *end, double *then)
{
    const struct curve_point *p = d->curve;
    size_t n = d->ncurve;
    sim_time lap = d->period > 0 ? t / d->period * d->period : 0, at = t - lap;
    size_t i = 0;
    while (i < n && p[i].at <= at)
        i++;
    if (n == 0 || (d->period == 0 && (i == 0 || i == n))) {
        *now = *then = n == 0 ? 1 : p[i == 0 ? 0 : n - 1].factor;
        *end = n > 0 && i == 0 ? p[0].at : SIM_FOREVER;
        return;
    }
    struct curve_point a = i > 0 ? p[i - 1] : p[n - 1], b = i < n ? p[i] : p[0];
    if (i == 0)
        a.at -= d->period;
    if (i == n)
        b.at += d->period;
    double share = (double)(at - a.at) / (double)(b.at - a.at);
    *now = a.factor + (b.factor - a.factor) * share;
    *then = b.factor;
    *end = lap + b.at;
}

/* Seconds until the integral of a rate that goes from r0 to r1 in `span` is `area`. */
static double time_of_area(double area, double r0, double r1, double span)
{
    double slope = (r1 - r0) / span;
    double root = tc_sqrt(r0 * r0 + 2 * slope * area);
    return 2 * area / (r0 + root);
}

/* The moment `seconds` after `from`; SIM_FOREVER: never. */
static sim_time later(sim_time from, double seconds)
{
    return seconds < 1e9 ? from + (sim_time)(seconds * 1e9 + 0.5) : SIM_FOREVER;
}

static sim_time curved_arrival(const struct world *w, comp_id c, sim_time from,
                               double area)
{
    const struct client_data *d = client_data(w->model, c);
    double rate = client_at(w, c)->rate;
    if (rate <= 0)
        return SIM_FOREVER;
    for (int piece = 0; piece < 10000; piece++) {
        double f0, f1;
        sim_time end;
        curve_piece(d, from, &f0, &end, &f1);
        if (end == SIM_FOREVER)
            return f0 > 0 ? later(from, area / (rate * f0)) : SIM_FOREVER;
        double span = (double)(end - from) / 1e9, all = rate * (f0 + f1) / 2 * span;
        if (all > area)
            return later(from, time_of_area(area, rate * f0, rate * f1, span));
        area -= all;
        from = end;
    }
    return SIM_FOREVER;
}

HOT void arm(struct world *w, comp_id c, struct client_state *s)
{
    sim_time at = s->steady && s->rate > 0 ? later(s->from, s->wanted / s->rate)
                                           : curved_arrival(w, c, s->from, s->wanted);
    cal_cancel(w, &s->timer);
    if (at != SIM_FOREVER)
        s->timer = cal_put(w, at, EV_KIND + EV_ARRIVAL, c, 0, 0);
}

/* Gaps of another shape, at whatever the rate is then. */
static SELDOM double wanted_gap(struct world *w, comp_id c)
{
    const struct dist *d = p_dist(w, c, P_GAPS);
    if (p_count(w, c, P_ARRIVALS) == ARRIVALS_EVEN)
        return 1;
    return (double)dist_draw(d, w_rng(w, c, RNG_ARRIVALS)) / (double)d->mean;
}

void client_want_next(struct world *w, comp_id c, struct client_state *s)
{
    s->from = w_now(w);
    s->wanted =
        s->poisson ? rng_exponential(w_rng(w, c, RNG_ARRIVALS)) : wanted_gap(w, c);
    arm(w, c, s);
}

/* The rate was `before`: what is left of the integral to the next arrival. */
void client_rate_changed(struct world *w, comp_id c, double before)
{
    struct client_state *s = client_at(w, c);
    const struct client_data *d = client_data(w->model, c);
    while (s->from < w_now(w)) {
        double f0, f1;
        sim_time end;
        curve_piece(d, s->from, &f0, &end, &f1);
        sim_time to = end < w_now(w) ? end : w_now(w);
        double share =
            end == SIM_FOREVER ? 0 : (double)(to - s->from) / (double)(end - s->from);
        double mean = f0 + (f1 - f0) * share / 2;
        s->wanted -= before * mean * (double)(to - s->from) / 1e9;
        s->from = to;
    }
    if (s->wanted < 0)
        s->wanted = 0;
    arm(w, c, s);
}
