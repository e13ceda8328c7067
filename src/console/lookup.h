/*
 * lookup: questions that several commands ask of a model and a recording, and their answers
 * as words.
 *
 *     lookup.c    components by name and kind, metrics by name
 *     when.c      moments as people write them
 *     number.c    numbers as the picture writes them
 *
 *     comp_id comp;
 *     int instance;
 *     enum err e = need_comp(c, c->arg[0], &comp, &instance);
 *     if (e != ERR_OK)
 *         return e;                              // the sentence is said already
 *     out_line(c->o, TONE_NORMAL, "%s  %s", name_of(c, comp),
 *              per_time(c, rate(c, comp, "requests_total")));
 *
 * Owner: every string lives as long as the call. Times are simulated nanoseconds; a metric
 * that a kind does not have reads as NaN, and whoever shows it leaves it out.
 */
#ifndef CONSOLE_LOOKUP_H
#define CONSOLE_LOOKUP_H

#include "console_internal.h"

/* ---- components and metrics ------------------------------------------------------ */

const char *name_of(const struct call *c, comp_id comp);
/* "db-2" of "orders-db.db-2". */
const char *last_name(const struct call *c, comp_id comp);
const char *inst_name(const struct call *c, comp_id comp, int instance);
bool is_kind(const struct call *c, comp_id comp, const char *kind);
bool is_top(const struct call *c, comp_id comp); /* neither nested, counter nor flag */
/* The first component of a kind after `from` (start with COMP_NONE). COMP_NONE: no more. */
comp_id next_of(const struct call *c, const char *kind, comp_id after);
size_t count_of(const struct call *c, const char *kind);
/* The nested component of `owner` by kind, next after `after`. */
comp_id next_owned(const struct call *c, comp_id owner, const char *kind,
                   comp_id after);
/* The endpoints a service, balancer or external answers. */
size_t endpoints_of(const struct call *c, comp_id comp, comp_id *out, size_t max);
#define COMPS_MAX 512

const struct metric_desc *metric_of(const struct call *c, comp_id comp,
                                    const char *name);
/* The gauge as it is now; NaN: no such metric. Instance 0: the whole. */
double gauge(const struct call *c, comp_id comp, const char *metric, int instance);
/* Per second over the last minute. NaN: no such metric. */
double rate(const struct call *c, comp_id comp, const char *metric);

/* ---- names that were typed ------------------------------------------------------- */

/* A component, or an instance of one (0: the whole). ERR_NOT_FOUND: there is none; the
 * sentence suggests. */
enum err need_comp(struct call *c, const char *text, comp_id *comp, int *instance);
/* "orders-db.db-2", or "db-2" where no other of the kind is called that. COMP_NONE. */
comp_id nested_named(const struct call *c, const char *kind, const char *text);
enum err need_kind(struct call *c, const char *text, const char *kind, comp_id *comp);
/* After one of them found no such name, and none that is near: says what there is.
 * Returns ERR_NOT_FOUND. */
enum err no_such(struct call *c, const char *text, const char *names);
/* Names of a kind, ", " between; for messages. */
const char *names_of_kind(const struct call *c, const char *kind);

/* ---- users that nobody measures -------------------------------------------------- */

/* Clients and what they call are hidden where nobody measures users. */
bool is_hidden(const struct call *c, comp_id comp);
/* Metrics of what is hidden, and those that the objective alone could know. */
bool is_hidden_metric(const struct call *c, comp_id comp, const char *metric);
/* Says that nobody measures it. Returns ERR_REFUSED. */
enum err refuse_hidden(struct call *c, comp_id comp);

/* ---- moments and spans (when.c) -------------------------------------------------- */

/* 20:12, 20:12:05, 30m (ago), now: a moment of the past. */
enum err when_past(struct call *c, const char *text, sim_time *out);
/* --since: the start of a window; `window` when not given. */
enum err when_since(struct call *c, sim_time window, sim_time *from);
/* The next moment of a time of day. */
enum err when_next(struct call *c, const char *text, sim_time *out);
const char *clock_of(const struct call *c, sim_time t, bool seconds);
const char *ago(const struct call *c, sim_time t); /* "12 m 41 s" before now */
const char *span_of(const struct call *c, sim_time d);
/* For tables, at most six columns: "350ms", "42s", "13m20s", "1h05m", "12h". */
const char *span_short(const struct call *c, sim_time d);
const char *ago_short(const struct call *c, sim_time t);

/* ---- numbers (number.c) ---------------------------------------------------------- */

/* The picture's numbers, as strings that live as long as the call. */
const char *num(const struct call *c, double x);
const char *count(const struct call *c, double n);
const char *percent(const struct call *c, double share);
const char *quantity(const struct call *c, double v, const char *unit);
const char *per_time(const struct call *c, double per_s);
const char *metric_value(const struct call *c, double v, const struct metric_desc *d);
enum number_form form_of(const struct call *c);

#endif
