/*
 * telemetry_internal: what the files of telemetry share. Not for other modules.
 *
 * A recording is a handful of stores, one per file. What is closed lies in chunks that
 * never change again and are shared by reference count; what is still open is shared
 * too until somebody writes to it (copy on write). Each store therefore has the same
 * three verbs: release, fork (into a zeroed store), bytes.
 */
#ifndef TELEMETRY_INTERNAL_H
#define TELEMETRY_INTERNAL_H

#include "truecode/telemetry.h"

/* ---- series: a column store, table.c --------------------------------------------- */

#define TABLE_ROWS 64 /* rows of a block; a row is a second */

struct table_block; /* closed: columns encoded, each as small as its values allow */
struct table_tail { /* open */
    uint32_t rows;  /* begun in this block, 0..TABLE_ROWS */
    uint32_t cols;  /* columns there is room for */
    double
        values[]; /* [TABLE_ROWS][cols]: a second is written in one stretch; NaN where
                        nothing was put */
};
struct table {
    struct table_block **blocks;
    uint32_t nblocks, cap;
    size_t block_bytes;      /* of all blocks: asked for each second */
    uint32_t partial;        /* rows of the last block where it is not full; else 0 */
    struct table_tail *tail; /* NULL: empty; there is none while `partial` */
};
void table_release(struct table *t);
void table_fork(struct table *to, const struct table *from);
size_t table_bytes(const struct table *t);
uint32_t table_rows(const struct table *t);
/* Opens row `row` (>= table_rows) with at least `cols` columns; rows between stay NaN.
 */
void table_row(struct table *t, uint32_t row, uint32_t cols);
void table_put(struct table *t, uint32_t col, double v); /* into the last row */
double table_at(const struct table *t, uint32_t row, uint32_t col);

/* ---- latency, time and failures: slots.c, slot_code.c, latency.c, explain.c ------ */

#define SLOT_TIME (10 * SIM_SEC)

/* Numbers pairs (place, what) in order of their first appearance within a slot. */
struct pair {
    comp_id place;
    uint8_t what; /* cause or reason */
};
struct pairs {
    uint16_t *row; /* [place]: 1 + its row in `number`, 0: none; place ncomps: none */
    uint16_t *number; /* [row][kinds]: 1 + position in `list`; 0: not there */
    uint32_t rows, rows_cap;
    struct pair *list;
    uint32_t n, cap;
};
struct tally { /* the deeds of a client or endpoint in the open slot */
    uint64_t count;
    uint64_t sum_ns;
    uint32_t hist[LATENCY_BUCKETS];
    struct pairs causes;
    uint64_t *time; /* ns, [LATENCY_BUCKETS][causes.cap]: one request adds to one row */
    struct pairs reasons;
    uint64_t *failed; /* [reason pair] */
};
struct slot_open {
    size_t refs;
    sim_time last;     /* newest request in it; 0: empty */
    struct tally **of; /* [component], NULL: nothing yet */
    comp_id *used;     /* places of `of` that are not NULL, in order of appearance */
    uint32_t nused, ncomps;
};
struct slot_closed { /* immutable */
    size_t refs;
    uint32_t ntallies;
    uint32_t size;  /* bytes of data */
    uint8_t data[]; /* directory of ntallies x {comp, offset}, then the tallies */
};
struct slots {
    struct slot_closed **closed; /* by number; NULL: nothing finished in it */
    uint32_t nclosed, cap;
    size_t closed_bytes;    /* of all that are closed: asked for each second */
    int64_t number;         /* of the open slot: (number, number + 1] * SLOT_TIME */
    struct slot_open *open; /* NULL: nothing in it yet */
};
void slots_release(struct slots *s);
void slots_fork(struct slots *to, const struct slots *from);
size_t slots_bytes(const struct slots *s);
void slots_advance(struct slots *s,
                   sim_time now); /* closes what ended at or before now */
void slots_done(struct slots *s, uint32_t ncomps, const struct request_done *r);

struct slot_closed *slot_encode(const struct slot_open *o) MUST_USE;

/* The sums of a query. Times are microseconds. */
struct gather {
    uint64_t count, sum_ns;
    uint64_t hist[LATENCY_BUCKETS];
    /* optional, dense: [place][CAUSE_COUNT], [place][REASON_COUNT]; place ncomps: none
     */
    double *time_us;
    uint64_t *failed;
    uint32_t ncomps;
    uint32_t low, high;         /* buckets whose time counts, inclusive */
    double low_part, high_part; /* of the first and the last of them: the share of its
                                   requests that counts; low == high: low_part */
};
/* The share of a bucket's requests that counts: 0 outside, 1 inside. */
static inline double gather_part(const struct gather *g, uint32_t bucket)
{
    if (bucket < g->low || bucket > g->high)
        return 0;
    return bucket == g->low ? g->low_part : bucket == g->high ? g->high_part : 1;
}
void slot_gather_open(const struct slot_open *o, comp_id c, struct gather *g);
void slot_gather_closed(const struct slot_closed *s, comp_id c, struct gather *g);
/* Adds everything of `c` (a service: its endpoints) in the slots that touch (from, to].
 */
void slots_gather(const struct recording *r, comp_id c, sim_time from, sim_time to,
                  struct gather *g);

uint32_t latency_bucket(sim_time ns);

/* An open slot by itself: the tallies of one stretch of time, however long. */
struct slot_open *slot_open_new(uint32_t ncomps) MUST_USE;
void slot_open_unref(struct slot_open *o);
void slot_open_done(struct slot_open *o, uint32_t ncomps, const struct request_done *r);

/* ---- explanations: explain.c ----------------------------------------------------- */

/* Sets low and high to the buckets that hold the requests between two quantiles, at
 * least one, and the parts of the two at the ends; false: there are no requests. */
bool explain_choose(struct gather *g, double q_low, double q_high);
/* An empty gather for the times of what `chosen` has chosen; the caller frees time_us. */
struct gather explain_times(const struct gather *chosen);
/* The shares gathered with those buckets, largest first. */
size_t explain_shares(const struct gather *g, struct share *out, size_t max);
size_t explain_reasons(const struct gather *g, struct failure *out, size_t max);

/* ---- logs: logs.c, access.c ------------------------------------------------------ */

enum log_store {
    LOG_STORE_WRITTEN, /* by components: info and louder */
    LOG_STORE_DEBUG,   /* by components */
    LOG_STORE_ACCESS,  /* made of finished requests */
    LOG_STORES
};
struct log_chunk;
struct log_shape {
    uint64_t key;   /* component, level and the text without its numbers; 0: free */
    sim_time until; /* end of the second that `kept` counts in */
    uint32_t kept;
    uint32_t dropped; /* since the last one kept */
};
#define LOG_SHAPES 256 /* a power of two */
struct logs {
    struct log_chunk **chunks; /* oldest first; the last one is open */
    uint32_t nchunks, cap;
    struct log_shape *shapes; /* [LOG_SHAPES] open addressing; NULL: none yet */
    uint32_t nshapes;
    bool direct; /* shapes is [nshapes] instead, a line's shape is its place in it */
};
void logs_release(struct logs *l);
void logs_fork(struct logs *to, const struct logs *from);
size_t logs_bytes(const struct logs *l);
void logs_add(struct recording *r, const struct log_line *line);
/* A finished request's access line, if its service writes one. */
void logs_access(struct recording *r, const struct request_done *d);

/* Whether a service wrote an access line: at the server's side, by an endpoint (a third
 * party's log is not ours to read), and by a process that lived to write it. */
static inline bool access_written(uint32_t ncomps, const struct request_done *d)
{
    return !d->user && d->endpoint < ncomps && d->endpoint != d->place &&
           d->reason != REASON_INSTANCE_GONE;
}
/* Sorts of lines that are alike: well, with an own result, not well, nobody there. */
enum { ACCESS_CLASSES = 4 };
static inline uint32_t access_class(const struct request_done *d)
{
    if (d->abandoned)
        return 3;
    return d->reason != REASON_NONE ? 2 : d->result ? 1 : 0;
}
/* "/buy 200 declined in 212 ms". */
void access_text(const struct model *m, const struct request_done *d, char *out,
                 size_t max);

/* ---- traces: trace.c, traces.c, trace_query.c ------------------------------------ */

struct span_rec { /* a struct span without what its trace knows */
    uint32_t id, parent;
    comp_id place, what;
    int16_t instance;
    uint8_t cause, reason;
    uint16_t note; /* 1 + offset into trace.notes; 0: none */
    bool outlives; /* a transaction left open; stands in order of its start */
    sim_time start, end;
    const char *result;
};
enum trace_why { TRACE_OPEN, TRACE_ERROR, TRACE_LEFT_OPEN, TRACE_SAMPLE, TRACE_SLOW };
struct trace {
    size_t refs;
    struct trace_head head;
    enum trace_why why;     /* kept, or still open */
    bool rootless;          /* client and endpoint are guessed: not finished yet */
    struct span_rec *spans; /* in the order in which they were told */
    uint32_t span_cap;
    char *notes; /* NUL-terminated, one after another */
    uint32_t note_len, note_cap;
};
size_t trace_size(const struct trace *x); /* bytes */
void trace_unref(struct trace *x);
struct trace *trace_copy(const struct trace *from) MUST_USE;
void trace_add(struct trace *x, const struct model *m, const struct span *s);
/* Ends a span that outlives its request; false: the trace has no such span. */
bool trace_close(struct trace *x, const struct span *s);

struct trace_ref {
    uint64_t request;
    struct trace *trace;
};
#define TRACE_SLOWEST 2
struct trace_quota { /* traces kept of an endpoint in this slot */
    comp_id endpoint;
    uint8_t samples, nslow, left_open;
    uint8_t errors[REASON_COUNT];
    struct trace *slow[TRACE_SLOWEST];
};
#define TRACE_FORGOTTEN 256 /* sets, a power of two */
#define TRACE_WAYS      8   /* requests in a set */
struct trace_gone {         /* a request with no trace kept: late spans are no news */
    uint64_t request;
    sim_time end;
};
struct traces {
    struct trace **kept; /* finished, by start */
    uint32_t nkept, kept_cap;
    struct trace_ref *live; /* may still get spans, by request; kept ones linger here */
    uint32_t nlive, live_cap;
    struct trace_quota *quotas;
    uint32_t nquotas, quota_cap;
    int64_t slot;                 /* the slot that the quotas count in */
    struct trace_gone *forgotten; /* [TRACE_FORGOTTEN][TRACE_WAYS]; NULL: none yet */
    size_t bytes;                 /* of kept and live traces */
};
void traces_release(struct traces *t);
void traces_fork(struct traces *to, const struct traces *from);
size_t traces_bytes(const struct traces *t);
void traces_span(struct traces *t, const struct model *m, const struct span *s);
void traces_done(struct traces *t, const struct request_done *r); /* user side only */
void traces_advance(struct traces *t, sim_time now);

/* ---- changes: changes.c ---------------------------------------------------------- */

struct change_rec; /* a single allocation: the change and all its texts */
struct changes {
    struct change_rec **list;
    uint32_t n, cap;
};
void changes_release(struct changes *c);
void changes_fork(struct changes *to, const struct changes *from);
size_t changes_bytes(const struct changes *c);
void changes_add(struct changes *c, const struct change *change);

/* ---- alerts: alerts.c ------------------------------------------------------------ */

struct alert_past {
    uint16_t rule;
    sim_time since, until;
    double value;
};
struct alert_state {     /* of one rule */
    sim_time true_since; /* the condition; SIM_FOREVER: it is false */
    uint32_t firing;     /* 1 + position in `past`; 0: not firing */
};
struct alerts {
    struct alert_past *past;
    uint32_t n, cap;
    struct alert_state *states; /* by rule */
};
void alerts_release(struct alerts *a);
void alerts_fork(struct alerts *to, const struct alerts *from, size_t nrules);
void alerts_evaluate(struct recording *r, sim_time now);

/* ---- the whole: recording.c, series.c -------------------------------------------- */

#define NO_COLUMN UINT32_MAX

struct rule_column { /* of a threshold's metric */
    uint32_t col;    /* NO_COLUMN: no such metric */
    bool rate;       /* the metric is a counter */
    comp_id comp;    /* the metric's component */
    uint16_t metric;
};
/* The part that never changes, shared by all forks. */
struct plan {
    size_t refs;
    struct model *model;
    uint32_t ncomps;
    uint32_t *whole;        /* [component] first column of its metrics */
    uint32_t cols;          /* columns of whole components */
    uint16_t *per_instance; /* [component] how many of its metrics are per instance */
    uint16_t
        *ordinal; /* [whole column] number among the per-instance ones + 1; 0: not */
    comp_id *clients;     /* components that count good and bad */
    uint32_t *good, *bad; /* columns of their counts */
    bool *in_slo;         /* the objective is about them */
    uint32_t nclients;
    struct slo slo; /* objective 0: none */
    struct alert_rule *rules;
    char **rule_texts; /* two per rule: what the rules' strings point to */
    struct rule_column *rule_cols;
    size_t nrules;
};
struct kept { /* a metric of a whole component */
    uint32_t col;
    comp_id comp;
    uint16_t metric;
};
struct instances {   /* of one component: where the columns of each instance begin */
    uint32_t *first; /* [instance - 1] */
    uint32_t n;
};
struct recording {
    struct plan *plan;
    struct kept *kept; /* sampled alone, and nothing is listened to; NULL: all */
    uint32_t nkept;
    struct table table;          /* row = second */
    uint32_t first;              /* the first row that was sampled */
    struct instances *instances; /* [component] */
    uint32_t cols;               /* handed out so far */
    struct slots slots;
    struct logs logs[LOG_STORES];
    struct traces traces;
    struct changes changes;
    struct alerts alerts;
};

struct rule_column plan_rule(const struct plan *p, const struct alert_rule *r);
struct plan *plan_new(struct model *m, const struct alert_rule *rules,
                      size_t nrules) MUST_USE;
void plan_unref(struct plan *p);

void series_sample(struct recording *r, const struct world *w);
/* Of a counter column, a second, over (from, to]; NaN: nothing known. */
double column_rate(const struct recording *r, uint32_t col, sim_time from, sim_time to);

#endif
