/*
 * A closed slot: what slots.c tallied in ten seconds, packed.
 *
 * Numbers are written seven bits to a byte, low bits first, so that the many zeros and
 * small counts cost one byte. Times are rounded to whole microseconds. A tally is:
 *
 *   count, sum of ns
 *   number of reason pairs, each: place + 1 (0: none), reason, count
 *   number of cause pairs, each: place + 1, cause
 *   first bucket, number of buckets, each: count and, if not 0, the time of each pair
 *
 * In front of all lies a directory of {component, offset} so that a query reads only
 * what it asks for.
 */
#include "telemetry_internal.h"

#include <string.h>

struct entry {
    uint32_t comp, offset;
};

/* ---- writing --------------------------------------------------------------------- */

static void put(struct buf *b, uint64_t v)
{
    char bytes[10];
    size_t n = 0;
    for (; v >= 0x80; v >>= 7)
        bytes[n++] = (char)(v | 0x80);
    bytes[n++] = (char)v;
    buf_add(b, bytes, n);
}

static void put_place(struct buf *b, comp_id place)
{
    put(b, place == COMP_NONE ? 0 : place + 1u);
}

/* Half a microsecond or less is still some time. */
static uint64_t microseconds(uint64_t ns)
{
    return ns == 0 ? 0 : ns < 1000 ? 1 : (ns + 500) / 1000;
}

static void put_buckets(struct buf *b, const struct tally *t)
{
    uint32_t low = 0, high = LATENCY_BUCKETS;
    while (low < high && !t->hist[low])
        low++;
    while (high > low && !t->hist[high - 1])
        high--;
    put(b, low);
    put(b, high - low);
    for (uint32_t i = low; i < high; i++) {
        put(b, t->hist[i]);
        for (uint32_t p = 0; t->hist[i] && p < t->causes.n; p++)
            put(b, microseconds(t->time[(size_t)i * t->causes.cap + p]));
    }
}

static void put_tally(struct buf *b, const struct tally *t)
{
    put(b, t->count);
    put(b, t->sum_ns);
    put(b, t->reasons.n);
    for (uint32_t i = 0; i < t->reasons.n; i++) {
        put_place(b, t->reasons.list[i].place);
        put(b, t->reasons.list[i].what);
        put(b, t->failed[i]);
    }
    put(b, t->causes.n);
    for (uint32_t i = 0; i < t->causes.n; i++) {
        put_place(b, t->causes.list[i].place);
        put(b, t->causes.list[i].what);
    }
    put_buckets(b, t);
}

struct slot_closed *slot_encode(const struct slot_open *o)
{
    struct buf b;
    buf_init(&b, UINT32_MAX / 2);
    size_t directory = o->nused * sizeof(struct entry);
    struct entry *entries = mem_array(o->nused + 1, sizeof *entries);
    for (uint32_t i = 0; i < o->nused; i++) {
        entries[i] = (struct entry){o->used[i], (uint32_t)(directory + b.len)};
        put_tally(&b, o->of[o->used[i]]);
    }
    if (b.full)
        die("out of memory: a slot of telemetry of 2 GiB");
    struct slot_closed *c = mem_alloc(sizeof *c + directory + b.len);
    c->refs = 1;
    c->ntallies = o->nused;
    c->size = (uint32_t)(directory + b.len);
    memcpy(c->data, entries, directory);
    memcpy(c->data + directory, b.s, b.len);
    mem_free(entries);
    buf_release(&b);
    return c;
}

/* ---- reading --------------------------------------------------------------------- */

static uint64_t get(const uint8_t **at)
{
    uint64_t v = 0;
    for (unsigned shift = 0;; shift += 7) {
        uint8_t byte = *(*at)++;
        v |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return v;
    }
}

/* Index into a dense [place][kinds] table; places that are none come last. */
static size_t cell(const struct gather *g, comp_id place, uint32_t kinds, uint32_t what)
{
    return (size_t)(place < g->ncomps ? place : g->ncomps) * kinds + what;
}

static comp_id get_place(const uint8_t **at)
{
    uint64_t v = get(at);
    return v ? (comp_id)(v - 1) : COMP_NONE;
}

static void get_failures(const uint8_t **at, struct gather *g)
{
    for (uint64_t n = get(at); n > 0; n--) {
        comp_id place = get_place(at);
        uint32_t reason = (uint32_t)get(at);
        uint64_t count = get(at);
        if (g->failed)
            g->failed[cell(g, place, REASON_COUNT, reason)] += count;
    }
}

static void skip_pairs(const uint8_t **at, uint32_t n)
{
    for (; n > 0; n--) {
        (void)get(at);
        (void)get(at);
    }
}

static void get_bucket_times(const uint8_t **at, const uint8_t *pairs, uint32_t npairs,
                             struct gather *g, double part)
{
    for (uint32_t p = 0; p < npairs; p++) {
        uint64_t us = get(at);
        if (part == 0)
            continue;
        comp_id place = get_place(&pairs);
        size_t to = cell(g, place, CAUSE_COUNT, (uint32_t)get(&pairs));
        g->time_us[to] += (double)us * part;
    }
}

static void get_tally(const uint8_t *at, struct gather *g)
{
    g->count += get(&at);
    g->sum_ns += get(&at);
    get_failures(&at, g);
    uint32_t npairs = (uint32_t)get(&at);
    const uint8_t *pairs = at;
    skip_pairs(&at, npairs);
    uint32_t low = (uint32_t)get(&at), high = low + (uint32_t)get(&at);
    for (uint32_t b = low; b < high; b++) {
        uint64_t n = get(&at);
        g->hist[b] += n;
        if (n)
            get_bucket_times(&at, pairs, npairs, g, g->time_us ? gather_part(g, b) : 0);
    }
}

void slot_gather_closed(const struct slot_closed *s, comp_id c, struct gather *g)
{
    for (uint32_t i = 0; i < s->ntallies; i++) {
        struct entry e;
        memcpy(&e, s->data + i * sizeof e, sizeof e);
        if (e.comp == c)
            get_tally(s->data + e.offset, g);
    }
}

static void gather_open_time(const struct tally *t, struct gather *g)
{
    for (uint32_t p = 0; p < t->causes.n; p++) {
        struct pair pair = t->causes.list[p];
        size_t to = cell(g, pair.place, CAUSE_COUNT, pair.what);
        for (uint32_t b = g->low; b <= g->high; b++)
            g->time_us[to] +=
                (double)microseconds(t->time[(size_t)b * t->causes.cap + p]) *
                gather_part(g, b);
    }
}

void slot_gather_open(const struct slot_open *o, comp_id c, struct gather *g)
{
    const struct tally *t = c < o->ncomps ? o->of[c] : NULL;
    if (!t || !t->count)
        return;
    g->count += t->count;
    g->sum_ns += t->sum_ns;
    for (uint32_t b = 0; b < LATENCY_BUCKETS; b++)
        g->hist[b] += t->hist[b];
    for (uint32_t i = 0; g->failed && i < t->reasons.n; i++) {
        struct pair p = t->reasons.list[i];
        g->failed[cell(g, p.place, REASON_COUNT, p.what)] += t->failed[i];
    }
    if (g->time_us)
        gather_open_time(t, g);
}
