/*
 * telemetry: what can be seen of a world.
 *
 * A `recording` listens to one world (recording_observer) and is sampled once per
 * simulated second (recording_sample). It is append-only, chunks are reference-counted,
 * and a fork shares them. It never changes a world, and the ledger of users that goals
 * and score read is counted in sim, not here.
 *
 *     struct recording *rec = recording_new(model, rules, nrules);
 *     struct observer o = recording_observer(rec);
 *     for (sim_time t = SIM_SEC; t <= end; t += SIM_SEC) {
 *         world_run(w, t, UINT64_MAX, &o, &why);
 *         recording_sample(rec, w);
 *     }
 *     double p99 = latency_quantile(rec, endpoint, end - SIM_MIN, end, 0.99);
 *
 * Windows are half open: (from, to]. Times before the start read as missing (NaN); a
 * window that reaches beyond what was recorded is answered from the part that was.
 *
 * The way back is a fork from before: exact at any moment, and cheap, as only the parts
 * that are still open are copied, when one of the two goes on. A recording forgets
 * nothing by itself but the oldest logs and traces.
 */
#ifndef TRUECODE_TELEMETRY_H
#define TRUECODE_TELEMETRY_H

#include "truecode/world.h"

struct recording;

/* ---- alert rules ----------------------------------------------------------------- */

enum alert_kind {
    ALERT_THRESHOLD, /* a metric above (or below) a value for some time */
    ALERT_BURN       /* error-budget burn rate over a long and a short window */
};
struct alert_rule {
    const char *name; /* "checkout error rate" */
    enum alert_kind kind;
    bool page; /* false: a ticket, no page */
    /* threshold */
    comp_id comp;
    const char *metric; /* short name; a counter is compared as its rate per second over
                           the last minute */
    bool below;
    double value;
    sim_time hold; /* must be true for so long ("for:") */
    /* burn rate: the model's objective; `hold` counts here too */
    double factor;                      /* 14.4 */
    sim_time long_window, short_window; /* before the start counts as healthy, with the
                           traffic seen so far; short_window 0: none */
};
/* When a rule that was not evaluated would have fired. */
struct fired {
    sim_time first; /* at or after `since`; SIM_FOREVER: never */
    size_t times;   /* in all, from the beginning */
};
struct alert {
    const struct alert_rule *rule;
    uint16_t index; /* of the rule */
    sim_time since; /* firing since */
    sim_time until; /* resolved at; SIM_FOREVER while firing */
    double value;   /* when it fired */
};

/* ---- life ------------------------------------------------------------------------ */

/* Rules are copied. Recording size is bounded: logs and traces are rate-limited and
 * sampled as a real system's are, and the oldest go first. */
struct recording *recording_new(struct model *m, const struct alert_rule *rules,
                                size_t nrules) MUST_USE;
void recording_free(struct recording *r);
struct recording *
recording_fork(const struct recording *r) MUST_USE; /* shares chunks */
struct observer recording_observer(struct recording *r);
/* Call at each whole simulated second, after world_run() reached it; also evaluates
 * alerts. A second call within the same second does nothing. */
void recording_sample(struct recording *r, const struct world *w);
/* From now on keeps alone what users had (recording_fate() and all that is made of it), what
 * the rules and `more` other rules look at, alerts and changes: for a world that is run for
 * the sake of its users, and into which nobody looks. What is kept is the same to the last
 * bit; all else reads as missing from here on. Forks keep as little. A sample costs a
 * twentieth, and no request, log line or span is listened to. */
void recording_keep_users(struct recording *r, const struct alert_rule *more, size_t n);
sim_time recording_end(const struct recording *r); /* the last sample */
size_t recording_bytes(const struct recording *r);
/* A recording has at most so many series (what an instance brings beyond that is
 * counted in its component's alone) and so many bytes; a run whose recording is full
 * ends. */
#define RECORDING_SERIES    65536
#define RECORDING_LIMIT_MIB 96
bool recording_full(const struct recording *r);
size_t recording_series(const struct recording *r);
/* ERR_LIMIT: the model has more series than that from the start, or once its
 * autoscalers have done their most: whose are the most, and what would fit. */
enum err recording_fits(const struct model *m, struct errmsg *why) MUST_USE;
const struct model *recording_model(const struct recording *r);

/* ---- series ---------------------------------------------------------------------- */

/* A component's metric: `metric` indexes kind_desc.metrics; instance 0: the whole. */
struct series {
    comp_id comp;
    uint16_t metric;
    int instance;
};
/* By short or Prometheus name. ERR_NOT_FOUND suggests. */
enum err series_find(const struct recording *r, comp_id c, const char *metric,
                     int instance, struct series *out, struct errmsg *why) MUST_USE;
const struct metric_desc *series_desc(const struct recording *r, struct series s);
/* The sample at or before t (counters: cumulative). NaN: none. */
double series_at(const struct recording *r, struct series s, sim_time t);
/* Increase of a counter over the window (a restart to 0 counts as 0), per second. */
double series_rate(const struct recording *r, struct series s, sim_time from,
                   sim_time to);
/* Of a gauge's samples; of a counter's per-second increases. */
double series_mean(const struct recording *r, struct series s, sim_time from,
                   sim_time to);
double series_max(const struct recording *r, struct series s, sim_time from,
                  sim_time to);
double series_min(const struct recording *r, struct series s, sim_time from,
                  sim_time to);
/* How old a component's data were at the worst moment of a window, in seconds, by its kind's
 * age; NaN: nobody can tell. And for how long they were older than `most`. */
double recording_age(const struct recording *r, comp_id c, sim_time from, sim_time to);
sim_time recording_stale(const struct recording *r, comp_id c, sim_time most,
                         sim_time from, sim_time to);

/* ---- latency --------------------------------------------------------------------- */

/* Log-linear histograms, 8 steps per octave from 0.1 ms; one slot per ten seconds and
 * endpoint (server side: finished requests only - which is what a real one shows) or
 * client (user side) or third party; a service stands for all its endpoints. Requests
 * that failed count with their duration. Resolution of windows: ten seconds, rounded
 * outwards. In seconds; NaN when nothing finished. */
#define LATENCY_BUCKETS 168
double latency_quantile(const struct recording *r, comp_id endpoint_or_client,
                        sim_time from, sim_time to, double q);
double latency_mean(const struct recording *r, comp_id c, sim_time from, sim_time to);
void latency_histogram(const struct recording *r, comp_id c, sim_time from, sim_time to,
                       uint32_t counts[LATENCY_BUCKETS]);
double latency_bucket_upper(size_t bucket); /* seconds */

/* ---- explanations ---------------------------------------------------------------- */

/* Where the time of requests went (user side for clients): shares of the summed time by
 * cause and place, largest first. q_low..q_high selects by latency (0..1: all;
 * 0.45..0.55: around the median; 0.98..1: the slow ones). Of a histogram bucket that
 * lies across the limit, each request counts by the part of it that is inside. */
struct share {
    comp_id place;
    enum cause cause;
    double share;   /* of the whole, 0..1 */
    double seconds; /* per request */
};
size_t explain_time(const struct recording *r, comp_id c, sim_time from, sim_time to,
                    double q_low, double q_high, struct share *out, size_t max);
/* Why requests failed: counts by reason and place, largest first. */
struct failure {
    comp_id place;
    enum reason reason;
    uint64_t count;
};
size_t explain_failures(const struct recording *r, comp_id c, sim_time from,
                        sim_time to, struct failure *out, size_t max);

/* ---- logs ------------------------------------------------------------------------ */

struct log_entry {
    sim_time at;
    comp_id comp;
    int instance;
    enum log_level level;
    uint64_t request;
    uint32_t dropped; /* lines like this one that were suppressed before it */
    bool access;      /* the line of a request that ended; made, not written */
    const char *text; /* valid until the recording changes */
};
struct log_filter {
    comp_id comp; /* COMP_NONE: any */
    int instance; /* 0: any */
    enum log_level min_level;
    uint64_t request;  /* 0: any */
    sim_time from, to; /* `to` 0: no end */
};
/* Lines that components wrote, and one for each request that ended, as services would
 * write it: "/buy 200 declined in 212 ms". Newest last; the last `max` that match.
 * Returns how many were filled. */
size_t recording_logs(const struct recording *r, const struct log_filter *f,
                      struct log_entry *out, size_t max);

/* ---- traces ---------------------------------------------------------------------- */

struct trace_head {
    uint64_t request;
    comp_id client, endpoint;
    sim_time start, end; /* end SIM_FOREVER: not finished */
    enum reason reason;
    comp_id culprit;
    const char *result; /* answered with a result of its own, "declined"; NULL: none.
                           The model's */
    uint16_t nspans;
    uint16_t nopen; /* transactions that it left open, and that are open still */
    uint32_t ncut;  /* spans from its middle that were too many to keep */
};
struct trace_filter {
    comp_id comp;            /* touched this component; COMP_NONE: any */
    bool errors, unfinished; /* only these; both: either */
    bool open;               /* left a transaction open which is open still */
    sim_time slower;         /* took at least so long (so far) */
    sim_time from, to;       /* running at some time in it; `to` 0: no end */
    const struct world *now; /* the world at the recording's end, which knows whom users
                                wait for before any span has ended; NULL: not asked */
};
/* Kept: of each endpoint and ten seconds a few errors of each reason, a few that left a
 * transaction open, the slowest two and two of the rest; and what is not finished, of
 * which start and endpoint are as far as its spans tell, and client is COMP_NONE. In
 * order of start, newest last. */
size_t recording_traces(const struct recording *r, const struct trace_filter *f,
                        struct trace_head *out, size_t max);
/* Spans of one trace, in order of start; returns the count, 0 when it was not kept. */
size_t recording_spans(const struct recording *r, uint64_t request, struct span *out,
                       size_t max);

/* ---- changes, alerts, objective -------------------------------------------------- */

size_t recording_changes(const struct recording *r);
const struct change *recording_change(const struct recording *r,
                                      size_t i); /* oldest first;
owned by the recording, strings and action arguments included */
const struct alert_rule *recording_rules(const struct recording *r, size_t *n);
size_t recording_alerts(const struct recording *r);
struct alert recording_alert(const struct recording *r,
                             size_t i); /* in order of firing */
/* Evaluates a rule as if the recording had had it, over the seconds up to `until`: the
 * same as having it, as rules see nothing but the series. Of a recording that keeps users
 * alone the rule's metric has to be kept. */
struct fired recording_would_fire(const struct recording *r,
                                  const struct alert_rule *rule, sim_time since,
                                  sim_time until);

struct slo_state {
    double good; /* share of good user requests over the last minute; NaN: no traffic */
    double burn; /* burn rate over the last five minutes; 0: no traffic */
    double budget; /* share left of what may be bad in one SLO window: 1 .. below 0. A
                   window that is not over is taken to go on with the traffic so far */
    uint64_t total, bad; /* user requests since the start */
    bool ok;             /* `good` >= objective, or no traffic */
};
struct slo_state recording_slo(const struct recording *r, sim_time at);
/* Requests whose fate was decided from `from` to `to`: of one client, or (COMP_NONE) of all
 * that the objective is about. */
struct fate {
    double good, bad;
};
struct fate recording_fate(const struct recording *r, comp_id client, sim_time from,
                           sim_time to);
/* Share of good user requests in the window; NaN: no request's fate was decided in it.
 */
double recording_good(const struct recording *r, sim_time from, sim_time to);
/* The same for one client. */
double recording_good_of(const struct recording *r, comp_id client, sim_time from,
                         sim_time to);
uint64_t recording_bad_count(const struct recording *r, sim_time from, sim_time to);

/* Whether a metric is the objective's judgement (good, bad, too late) and not what the
 * component itself can count. */
bool metric_judges(const struct metric_desc *d);
/* Prometheus text exposition of the latest sample, latency histograms included: of one
 * component with all that belongs to it, or (COMP_NONE) of all; `users`: what clients
 * measure and the objective judges, too. A metric kept per instance is written per
 * instance only, so that sums are right. */
void recording_export(const struct recording *r, comp_id only, bool users,
                      struct buf *out);

#endif
