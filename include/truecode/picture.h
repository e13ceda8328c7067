/*
 * picture: each fact that is told of a running system, told once. Who hands work to
 * whom, what stands out in a component, what dies on the way to it, a metric over time:
 * as data, for the map in both faces, `status`, charts, plain mode, debrief and reports.
 * None of them reads a metric for itself.
 *
 * A `scene` says what is looked at, and when. It owns nothing.
 *
 *     struct scene s = {.w = world, .rec = recording, .now = now};
 *     struct edge e[EDGES_MAX];
 *     size_t n = scene_edges(&s, checkout, e, EDGES_MAX);
 *     struct fact f[FACTS_MAX];
 *     size_t k = scene_facts(&s, e[0].to, &e[0], f, FACTS_MAX);
 *     fact_text(&buf, &f[0], NUMBER_SCREEN);                  // "cpu 97 %"
 *
 * Windows. What can be read off at a moment (a gauge) is read off the world as it is
 * now. What is counted (rates, shares, latency) is taken over the last SCENE_WINDOW.
 * So the same name is the same number wherever it stands.
 *
 * Missing values are NaN and are written "-".
 */
#ifndef TRUECODE_PICTURE_H
#define TRUECODE_PICTURE_H

#include "truecode/telemetry.h"

#define SCENE_WINDOW SIM_MIN /* "over the last minute" */

struct scene {
    const struct world *w;
    const struct recording *rec;
    sim_time now;
    bool users_hidden; /* nobody measures users: nothing of clients is told */
    const bool
        *known; /* by top component: figures of those may stand unasked on map and
                          charts; NULL: of all. The world's, or the session's */
};

/* ---- numbers for people ---------------------------------------------------------- */

enum number_form {
    NUMBER_SCREEN, /* "✗ 41/s timeout" */
    NUMBER_ASCII,
    NUMBER_SPOKEN /* read aloud: "41/s fail: timeout" */
};

/* Three digits that count, thousands apart: 0, 0.02, 3.1, 42, 480, 4 806. */
void number_text(struct buf *b, double x);
void number_count(struct buf *b, double n); /* whole: "12 600" */
/* A share of a whole: "0.4 %", "42 %", "99.97 %" (never rounded up to 100). */
void number_share(struct buf *b, double share);
/* A rate in the unit a person would choose: "80/s", "42/min". */
void number_rate(struct buf *b, double per_s);
void number_seconds(struct buf *b, double s); /* "214 ms", "12 m 41 s" */
/* With its unit as metric_desc has it: "97 %", "214 ms", "1.5 MiB", "12". */
void number_unit(struct buf *b, double v, const char *unit);
/* Writes a metric's value: a counter as its rate, all else with its unit. */
void number_metric(struct buf *b, double v, const struct metric_desc *d);

/* ---- reading --------------------------------------------------------------------- */

/* The gauge as it is now; instance 0: the whole. NaN: the kind has no such metric. */
double scene_gauge(const struct scene *s, comp_id c, const char *metric, int instance);
/* Per second over the window that ends now. */
double scene_rate(const struct scene *s, comp_id c, const char *metric);
/* Latency of finished requests over the same window, seconds. Of several endpoints the
 * worst speaks for the component: what a person would look at first. */
double scene_latency(const struct scene *s, comp_id c, double q);
double scene_latency_in(const struct scene *s, comp_id c, sim_time from, sim_time to,
                        double q);
/* A client, or what belongs to one, where nobody measures users. */
bool scene_hides(const struct scene *s, comp_id c);
/* A metric of one, or one that the objective alone could know. */
bool scene_hides_metric(const struct scene *s, comp_id c, const struct metric_desc *d);
/* Whether figures of a component, or of what belongs to one, may stand there unasked. */
bool scene_knows(const struct scene *s, comp_id c);

/* ---- who hands work to whom ------------------------------------------------------ */

bool comp_is(const struct model *m, comp_id c, const char *kind);
/* Stands by itself: not nested, no counter and no flag. */
bool comp_is_top(const struct model *m, comp_id c);
comp_id comp_top(const struct model *m, comp_id c); /* the component it belongs to, or
                                                       itself */
/* The endpoints that a service, or what stands before it, answers. */
size_t comp_endpoints(const struct model *m, comp_id c, comp_id *out, size_t max);

#define EDGES_MAX 32
struct edge {
    comp_id from, to; /* tops */
    comp_id policy;   /* the call policy on it; COMP_NONE: there is none */
    comp_id pool;     /* the pool that `from` keeps to `to`; COMP_NONE: none */
    double
        per_s; /* work along the edge: attempts that left `from`, retries included; NaN:
                  not measured, or neither end is known */
};
/* Each `to` once, in the order in which the model names them. */
size_t scene_edges(const struct scene *s, comp_id from, struct edge *out, size_t max);
/* Top components as work flows, breadth first from the clients; what nothing reaches
 * comes last. */
size_t scene_order(const struct scene *s, comp_id *out, size_t max);

/* ---- what is said of a component, and of the way to it --------------------------- */

enum level { LEVEL_PLAIN, LEVEL_UNUSUAL, LEVEL_BAD };

struct state {        /* health, by the component's own probes */
    const char *word; /* "up", "down", "disabled" ...; NULL: part of all */
    const char *on;   /* a database: the replica that leads, "db-2"; NULL: none does */
    int part, all;    /* instances that are healthy, or in rotation; a database's
                         servers, where some are not well */
    enum level level;
};
struct state scene_state(const struct scene *s, comp_id c);
/* The server whose figures stand for a database: the one that leads, or led last; of any
 * other component itself. */
comp_id scene_server(const struct scene *s, comp_id c);
void state_text(struct buf *b, const struct state *st); /* "6 of 6 healthy", "up" */

enum fact_kind {
    FACT_FIGURE,  /* a figure of the kind's descriptor */
    FACT_STATE,   /* not as it should be: "4 of 6 healthy", "down" */
    FACT_DYING,   /* failures on the way to it, or there, for one reason */
    FACT_RETRIES, /* attempts sent again on the way */
};
struct fact {
    enum fact_kind kind;
    enum level level;
    bool on_edge;                     /* of the way to it */
    const struct figure_desc *figure; /* FACT_FIGURE */
    double value, of;                 /* of: NaN but for FIGURE_OF */
    const char *unit;                 /* of value */
    enum reason reason;               /* FACT_DYING */
    struct state state;               /* FACT_STATE */
};
#define FACTS_MAX 12
/* For the map: worst first. `way`: the edge by which it was reached; NULL: none. What
 * a component turned away and what died on the way to it for that is told once. */
size_t scene_facts(const struct scene *s, comp_id c, const struct edge *way,
                   struct fact *out, size_t max);
/* Of the way alone: for a component that is drawn already. */
size_t scene_edge_facts(const struct scene *s, const struct edge *way, struct fact *out,
                        size_t max);
/* For `status`, apart: what is so now, and what was over the last minute. */
enum fact_when { FACT_NOW, FACT_WINDOW };
size_t scene_status(const struct scene *s, comp_id c, enum fact_when when,
                    struct fact *out, size_t max);
void fact_text(struct buf *b, const struct fact *f, enum number_form form);
double fact_share(const struct fact *f); /* how full a bar beside it is; NaN: no bar */

/* ---- a metric over time ---------------------------------------------------------- */

/*
 * A curve is cut into slots. Of a gauge each slot knows its lowest and highest sample,
 * and is drawn as both: a pool that is empty for seven seconds of fifteen shows. A rate,
 * a share and a latency are of the whole slot, and say how long one is.
 */
enum curve_how {
    CURVE_GAUGE,
    CURVE_RATE,
    CURVE_SHARE,    /* metric of metric + other, by rates */
    CURVE_PART,     /* metric of each other */
    CURVE_QUANTILE, /* of latency; q < 0: the mean */
    CURVE_GOOD,     /* share of a client's requests that were good */
    CURVE_NOT_GOOD
};
struct curve {
    enum curve_how how;
    comp_id comp;
    int instance; /* 0: the whole */
    uint16_t metric, other;
    double q;
    const char *label;              /* of the figure, or NULL */
    const struct metric_desc *desc; /* of what is drawn: unit, doc; never NULL */
};
/* false: the kind has no such metric. */
bool curve_metric(const struct model *m, comp_id c, const char *metric, int instance,
                  struct curve *out);
void curve_quantile(comp_id c, double q, struct curve *out);
void curve_good(comp_id client, struct curve *out);
/* The charts of everything in a model, in the order of the figures' ranks; those of
 * clients only where users are measured. */
size_t scene_curves(const struct scene *s, struct curve *out, size_t max);

struct curve_slot { /* NaN: nothing is known of it */
    double low, high;
    double mean; /* rates, shares, latencies: all three are the same */
};
struct curve_sum {
    double low, high, last; /* of all slots; the last one that is known */
};
/* n slots of (from, to]; beyond `now`: nothing. */
struct curve_sum curve_fill(const struct scene *s, const struct curve *k, sim_time from,
                            sim_time to, struct curve_slot *out, size_t n);
/* "Now", as everywhere: a gauge as it stands, all else over SCENE_WINDOW. */
double curve_now(const struct scene *s, const struct curve *k);
/* A value for a stretch of time: the mean of a gauge, the rate of a counter ... */
double curve_value(const struct scene *s, const struct curve *k, sim_time from,
                   sim_time to);
bool curve_is_read_off(
    const struct curve *k); /* a gauge: what "now" needs no window for */
/* Slots that a window is worth: never finer than what is known. */
size_t curve_slots(const struct curve *k, sim_time window, size_t wanted);
/* The window of a column: "15 s: ░ highest", "each 15 s"; both, for a page of charts. */
void curve_window(struct buf *b, const struct curve *k, sim_time slot, bool ascii);

struct scale {        /* how a curve is written, up to `high` */
    double factor;    /* shown = value × factor */
    const char *unit; /* "%", "ms", "s", "/min", "/s", "MiB", "" */
};
struct scale curve_scale(const struct curve *k, double high);
/* A value of it in words: "0.3 %", "214 ms"; a rate in the unit of the scale. */
void curve_text(struct buf *b, const struct curve *k, struct scale sc, double v);
/* The top of an axis, in what is shown. */
double axis_top(struct scale sc, double high);

/* A cell of a column of `rows` cells, row 0 at the bottom, from 0 to `top`: 0 empty,
 * 1..8 eighths from below, CELL_SPAN: between the lowest and the highest. A known zero
 * is a line at the bottom. */
#define CELL_SPAN 9
int curve_cell(const struct curve_slot *v, double factor, double top, size_t row,
               size_t rows);
/* The time from one label of a time axis to the next, a round one, so that they stand at
 * least `apart` columns from each other where `columns` are `span`. A label stands at a
 * whole multiple of it by the clock, never at a time that is cut to fit. */
sim_time axis_step(sim_time span, size_t columns, size_t apart);
/* The sign of a cell: " ", "▁" … "█", "░"; as ASCII quarters at most, which is what can be
 * told apart without guessing. */
const char *cell_sign(int cell, bool ascii);

/* ---- the worst minute ------------------------------------------------------------ */

/* Over every minute that begins at a whole second of (from, to]: the largest share of
 * users' requests that were not good, and the most of them a second. */
struct worst_minute {
    double bad_share, bad_per_s;
};
struct worst_minute scene_worst_minute(const struct scene *s, sim_time from,
                                       sim_time to);

#endif
