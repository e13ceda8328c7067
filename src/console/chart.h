/*
 * chart: a curve of the picture as text.
 *
 *     chart_pick.c     what can be charted, and by what name
 *     chart_draw.c     columns of blocks over an axis
 *     chart_speak.c    the same in sentences
 *
 *     struct chart ch;
 *     enum err e = chart_pick(c, "checkout.p99", &ch);
 *     if (e != ERR_OK)
 *         return e;
 *     chart_fill(c, &ch, c->now - 30 * SIM_MIN, c->now, 60);   // 60 slots of 30 s
 *     chart_draw(c, &ch, 8);
 *
 * Owner: the caller has the struct, strings in it live as long as the call. A slot has the
 * lowest, mean and highest of its time; `now` is what every other screen calls now.
 */
#ifndef CONSOLE_CHART_H
#define CONSOLE_CHART_H

#include "console_internal.h"

#define CHART_SLOTS 240
struct chart {
    const char *title;       /* "checkout.pool_waiting", "orders_placed" */
    const char *short_title; /* for a sentence: "orders placed" */
    const char *metric;      /* short name of the metric, or p99 */
    struct curve curve;
    sim_time from, to;
    struct curve_slot v[CHART_SLOTS];
    size_t n;
    struct curve_sum sum;
    double now; /* the present value: curve_now() */
    struct scale scale;
};
/* "orders_placed", "orders", "checkout.cpu", "checkout-3.cpu", "checkout.p99". */
enum err chart_pick(struct call *c, const char *text, struct chart *ch);
void chart_fill(struct call *c, struct chart *ch, sim_time from, sim_time to, size_t n);
const char *const *chart_latencies(const struct call *c, comp_id comp,
                                   size_t *n); /* p50 ... mean */
void chart_draw(struct call *c, const struct chart *ch, size_t rows);
void chart_speak(struct call *c, const struct chart *ch);
/* A row of blocks, for lists: the highest of each slot. */
const char *sparkline(const struct call *c, const struct curve_slot *v, size_t n,
                      double high);
/* A value of it with its unit. */
const char *chart_value(const struct call *c, const struct chart *ch, double v);
/* The window of a column: "each 15 s". */
const char *chart_window(const struct call *c, const struct chart *ch);

#endif
