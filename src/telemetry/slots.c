/*
 * Requests and their fate, in slots of ten seconds: latency histograms, where their
 * time went by latency bucket, cause and place, and why they failed.
 *
 * slots_done() runs once per request and more often than anything else in here. The
 * open slot is therefore flat arrays: the client's or endpoint's tally by component
 * number, the bucket by a count of leading zeros, the position of a (place, cause) pair
 * by two small tables. It allocates when something is seen for the first time and never
 * else. When a slot ends it is packed (slot_code.c) and its arrays are used again.
 */
#include "telemetry_internal.h"

#include <assert.h>
#include <string.h>

/* ---- numbering pairs ------------------------------------------------------------- */

/* 1 + the position of a pair; 0: it was not seen yet. A request touches few of the
 * places there are, so only those have a row of numbers. */
static inline uint32_t pair_number(const struct pairs *p, uint32_t ncomps,
                                   uint32_t kinds, comp_id place, uint8_t what)
{
    uint32_t row = p->row ? p->row[place < ncomps ? place : ncomps] : 0;
    return row != 0 ? p->number[(row - 1) * kinds + what] : 0;
}

/* The place has a row from now on. */
static void add_row(struct pairs *p, uint32_t at, uint32_t ncomps, uint32_t kinds)
{
    if (!p->row)
        p->row = mem_array(ncomps + 1, sizeof *p->row);
    if (p->rows == p->rows_cap) {
        p->rows_cap = p->rows_cap ? 2 * p->rows_cap : TINY(4, 1);
        p->number = mem_grow(p->number, (size_t)p->rows_cap * kinds, sizeof *p->number);
    }
    memset(p->number + (size_t)p->rows * kinds, 0, kinds * sizeof *p->number);
    p->row[at] = (uint16_t)++p->rows;
}

/* The position of a pair; makes one if need be. */
static uint32_t pair_position(struct pairs *p, uint32_t ncomps, uint32_t kinds,
                              comp_id place, uint8_t what)
{
    uint32_t number = pair_number(p, ncomps, kinds, place, what);
    uint32_t at = place < ncomps ? place : ncomps;
    if (number)
        return number - 1;
    if (!p->row || !p->row[at])
        add_row(p, at, ncomps, kinds);
    GROW(p->list, p->n, p->cap);
    p->list[p->n] = (struct pair){place < ncomps ? place : COMP_NONE, what};
    p->number[(p->row[at] - 1u) * kinds + what] = (uint16_t)++p->n;
    return p->n - 1;
}

/* The rows stay: the same places are seen again. */
static void pairs_reset(struct pairs *p, uint32_t kinds)
{
    if (p->n)
        memset(p->number, 0, (size_t)p->rows * kinds * sizeof *p->number);
    p->n = 0;
}

static struct pairs pairs_copy(const struct pairs *from, uint32_t ncomps,
                               uint32_t kinds)
{
    struct pairs p = *from;
    if (!from->n)
        return (struct pairs){0};
    p.row = mem_array(ncomps + 1, sizeof *p.row);
    memcpy(p.row, from->row, (ncomps + 1) * sizeof *p.row);
    p.number = mem_array((size_t)p.rows_cap * kinds, sizeof *p.number);
    memcpy(p.number, from->number, (size_t)p.rows * kinds * sizeof *p.number);
    p.list = mem_array(p.cap, sizeof *p.list);
    memcpy(p.list, from->list, p.n * sizeof *p.list);
    return p;
}

static void pairs_free(struct pairs *p)
{
    mem_free(p->row);
    mem_free(p->number);
    mem_free(p->list);
}

/* ---- tallies --------------------------------------------------------------------- */

static void tally_free(struct tally *t)
{
    pairs_free(&t->causes);
    mem_free(t->time);
    pairs_free(&t->reasons);
    mem_free(t->failed);
    mem_free(t);
}

static struct tally *tally_copy(const struct tally *from, uint32_t ncomps)
{
    struct tally *t = mem_alloc(sizeof *t);
    *t = *from;
    t->causes = pairs_copy(&from->causes, ncomps, CAUSE_COUNT);
    t->reasons = pairs_copy(&from->reasons, ncomps, REASON_COUNT);
    t->time = NULL;
    t->failed = NULL;
    if (t->causes.n) {
        t->time = mem_array(LATENCY_BUCKETS * t->causes.cap, sizeof *t->time);
        memcpy(t->time, from->time, LATENCY_BUCKETS * t->causes.cap * sizeof *t->time);
    }
    if (t->reasons.n) {
        t->failed = mem_array(t->reasons.cap, sizeof *t->failed);
        memcpy(t->failed, from->failed, t->reasons.n * sizeof *t->failed);
    }
    return t;
}

static void tally_reset(struct tally *t)
{
    pairs_reset(&t->causes, CAUSE_COUNT);
    pairs_reset(&t->reasons, REASON_COUNT);
    memset(t->hist, 0, sizeof t->hist);
    t->count = t->sum_ns = 0;
}

/* ---- the open slot --------------------------------------------------------------- */

struct slot_open *slot_open_new(uint32_t ncomps)
{
    struct slot_open *o = mem_alloc(sizeof *o);
    o->refs = 1;
    o->ncomps = ncomps;
    o->of = mem_array(ncomps + 1, sizeof *o->of);
    o->used = mem_array(ncomps + 1, sizeof *o->used);
    return o;
}

void slot_open_unref(struct slot_open *o)
{
    assert(!o || o->refs > 0);
    if (!o || --o->refs > 0)
        return;
    for (uint32_t c = 0; c < o->ncomps; c++)
        if (o->of[c])
            tally_free(o->of[c]);
    mem_free(o->of);
    mem_free(o->used);
    mem_free(o);
}

/* A tally stays for the next slot: the same things happen again. */
static void open_reset(struct slot_open *o)
{
    for (uint32_t i = 0; i < o->nused; i++)
        tally_reset(o->of[o->used[i]]);
    o->nused = 0;
    o->last = 0;
}

static struct slot_open *open_copy(const struct slot_open *from)
{
    struct slot_open *o = slot_open_new(from->ncomps);
    o->last = from->last;
    o->nused = from->nused;
    memcpy(o->used, from->used, from->nused * sizeof *o->used);
    for (uint32_t i = 0; i < o->nused; i++)
        o->of[o->used[i]] = tally_copy(from->of[o->used[i]], from->ncomps);
    return o;
}

static void own_open(struct slots *s)
{
    assert(s->open && s->open->refs > 0);
    if (s->open->refs == 1)
        return;
    struct slot_open *o = open_copy(s->open);
    s->open->refs--;
    s->open = o;
}

/* The open slot is (number, number + 1] now, and empty. */
static void start_open(struct slots *s, int64_t number)
{
    assert(number >= 0);
    s->number = number;
    if (!s->open)
        return;
    if (s->open->refs > 1) {
        s->open->refs--;
        s->open = NULL;
        return;
    }
    open_reset(s->open);
}

/* ---- closing --------------------------------------------------------------------- */

static size_t closed_bytes(const struct slot_closed *c)
{
    return c ? sizeof *c + c->size : 0;
}

static void closed_unref(struct slot_closed *c)
{
    assert(!c || c->refs > 0);
    if (c && --c->refs == 0)
        mem_free(c);
}

static void close_open(struct slots *s, int64_t next)
{
    if (s->open && s->open->nused) {
        while (s->nclosed <= s->number) {
            GROW(s->closed, s->nclosed, s->cap);
            s->closed[s->nclosed++] = NULL;
        }
        s->closed[s->number] = slot_encode(s->open);
        s->closed_bytes += closed_bytes(s->closed[s->number]);
    }
    start_open(s, next);
}

/* The slot that the moment `t` belongs to: (0, 10 s] is 0. */
static int64_t slot_of(sim_time t)
{
    assert(t >= 0);
    return t <= 0 ? 0 : (t - 1) / SLOT_TIME;
}

void slots_advance(struct slots *s, sim_time now)
{
    if (now >= (s->number + 1) * SLOT_TIME)
        close_open(s, now / SLOT_TIME);
}

/* ---- one request ----------------------------------------------------------------- */

/* Buckets are 8 linear steps to each octave above 0.1 ms, upper ends inclusive. */
uint32_t latency_bucket(sim_time ns)
{
    if (ns <= 112500)
        return 0;
    uint64_t step = (uint64_t)(ns - 1) / 12500; /* eighths of 0.1 ms, >= 9 */
    uint32_t octave = 60u - (uint32_t)__builtin_clzll(step);
    uint32_t b = octave * 8 + (uint32_t)(step >> octave) - 8;
    return b < LATENCY_BUCKETS ? b : LATENCY_BUCKETS - 1;
}

static struct tally *first_of(struct slot_open *o, comp_id c)
{
    if (!o->of[c])
        o->of[c] = mem_alloc(sizeof *o->of[c]);
    o->used[o->nused++] = c;
    return o->of[c];
}

/* Room for more pairs in each bucket's row. */
static void widen(struct tally *t, uint32_t from)
{
    uint32_t to = t->causes.cap;
    uint64_t *more = mem_array((size_t)LATENCY_BUCKETS * to, sizeof *more);
    for (size_t b = 0; b < LATENCY_BUCKETS && from > 0; b++)
        memcpy(more + b * to, t->time + b * from, from * sizeof *more);
    mem_free(t->time);
    t->time = more;
}

/* The place of a pair's time in each row; a pair that was not seen in this slot yet
 * gets one. */
static uint32_t new_cause(struct tally *t, uint32_t ncomps, comp_id place,
                          uint8_t cause)
{
    uint32_t cap = t->causes.cap;
    uint32_t i = pair_position(&t->causes, ncomps, CAUSE_COUNT, place, cause);
    if (t->causes.cap != cap)
        widen(t, cap);
    for (size_t b = 0; b < LATENCY_BUCKETS; b++)
        t->time[b * t->causes.cap + i] = 0;
    return i;
}

static void count_time(struct tally *t, uint32_t ncomps, uint32_t bucket,
                       const struct slice *s, size_t n)
{
    assert(bucket < LATENCY_BUCKETS);
    uint64_t *row = t->time + (size_t)bucket * t->causes.cap;
    for (const struct slice *end = s + n; s < end; s++) {
        uint8_t cause = s->cause < CAUSE_COUNT ? s->cause : CAUSE_OTHER;
        uint32_t i = pair_number(&t->causes, ncomps, CAUSE_COUNT, s->place, cause);
        if (i == 0) {
            i = new_cause(t, ncomps, s->place, cause) + 1;
            row = t->time + (size_t)bucket * t->causes.cap;
        }
        row[i - 1] += (uint64_t)s->ns;
    }
}

static void count_failure(struct tally *t, uint32_t ncomps,
                          const struct request_done *r)
{
    uint32_t before = t->reasons.n, cap = t->reasons.cap;
    uint32_t row = pair_position(&t->reasons, ncomps, REASON_COUNT, r->culprit,
                                 (uint8_t)r->reason);
    if (t->reasons.cap != cap)
        t->failed = mem_grow(t->failed, t->reasons.cap, sizeof *t->failed);
    if (t->reasons.n != before)
        t->failed[row] = 0;
    t->failed[row]++;
}

/* The open slot at `end`, ours to write. What ends at the very end of a slot that was
 * closed already (an operator's action at that moment) belongs to the next. */
static inline struct slot_open *open_for(struct slots *s, uint32_t ncomps, sim_time end)
{
    if (end > (s->number + 1) * SLOT_TIME)
        close_open(s, slot_of(end));
    if (!s->open)
        s->open = slot_open_new(ncomps);
    if (s->open->refs > 1)
        own_open(s);
    if (end > s->open->last)
        s->open->last = end;
    return s->open;
}

void slot_open_done(struct slot_open *o, uint32_t ncomps, const struct request_done *r)
{
    assert(r->end >= r->start);
    comp_id c = r->user ? r->client : r->endpoint;
    if (c >= ncomps)
        c = r->place; /* a third party has no endpoints */
    if (c >= ncomps)
        return;
    struct tally *t = o->of[c];
    if (!t || t->count == 0)
        t = first_of(o, c);
    uint32_t b = latency_bucket(r->end - r->start);
    t->hist[b]++;
    t->count++;
    t->sum_ns += (uint64_t)(r->end - r->start);
    count_time(t, ncomps, b, r->slices, r->nslices);
    if (r->reason != REASON_NONE && r->reason < REASON_COUNT)
        count_failure(t, ncomps, r);
}

void slots_done(struct slots *s, uint32_t ncomps, const struct request_done *r)
{
    slot_open_done(open_for(s, ncomps, r->end), ncomps, r);
}

/* ---- life ------------------------------------------------------------------------ */

void slots_release(struct slots *s)
{
    for (uint32_t i = 0; i < s->nclosed; i++)
        closed_unref(s->closed[i]);
    mem_free(s->closed);
    slot_open_unref(s->open);
    *s = (struct slots){0};
}

void slots_fork(struct slots *to, const struct slots *from)
{
    *to = *from;
    to->closed = NULL;
    to->cap = from->nclosed;
    if (from->nclosed) {
        to->closed = mem_array(from->nclosed, sizeof *to->closed);
        memcpy(to->closed, from->closed, from->nclosed * sizeof *to->closed);
    }
    for (uint32_t i = 0; i < to->nclosed; i++)
        if (to->closed[i])
            to->closed[i]->refs++;
    if (to->open && to->open->nused == 0)
        to->open = NULL; /* nothing to share but the arrays */
    if (to->open)
        to->open->refs++;
}

static size_t pairs_bytes(const struct pairs *p, uint32_t ncomps, uint32_t kinds)
{
    return (p->row ? (ncomps + 1) * sizeof *p->row : 0) +
           p->rows_cap * kinds * sizeof *p->number + p->cap * sizeof *p->list;
}

static size_t tally_bytes(const struct tally *t, uint32_t ncomps)
{
    return sizeof *t + pairs_bytes(&t->causes, ncomps, CAUSE_COUNT) +
           pairs_bytes(&t->reasons, ncomps, REASON_COUNT) +
           t->causes.cap * LATENCY_BUCKETS * sizeof *t->time +
           t->reasons.cap * sizeof *t->failed;
}

size_t slots_bytes(const struct slots *s)
{
    size_t n = s->cap * sizeof *s->closed + s->closed_bytes;
    if (!s->open)
        return n;
    n += sizeof *s->open + s->open->ncomps * (sizeof *s->open->of + sizeof(comp_id));
    for (uint32_t c = 0; c < s->open->ncomps; c++)
        if (s->open->of[c])
            n += tally_bytes(s->open->of[c], s->open->ncomps);
    return n;
}
