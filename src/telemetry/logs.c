/*
 * Logs, as a real system keeps them: not all. Of each kind of line (component, level
 * and the words without the numbers in them) a few a second are kept; the next one kept
 * says how many were dropped before it. Kept lines lie in chunks of a fixed size, texts
 * included, and when there are too many chunks the oldest goes.
 *
 * There are three stores, so that what is written all the time never displaces the odd
 * line: what components wrote, their debug lines, and the access lines, which nobody
 * writes: each is made from a finished request that is recorded anyway (access.c).
 *
 * Why a rewind needs no saved state: seconds are counted (k, k + 1], the first line of
 * a second is always kept, so what was dropped before a whole second T stands either in
 * the first line kept after T or is still waiting in the shape.
 */
#include "telemetry_internal.h"

#include <assert.h>
#include <string.h>

#define CHUNK_LINES 256
#define CHUNK_TEXT  (16 * 1024)
#define LINE_MAX    240 /* bytes kept of a line */

/* The bounds of a store. A chunk has 26 KiB. */
static const struct {
    uint32_t chunks;
    uint32_t per_second; /* lines of one shape */
} bounds[LOG_STORES] = {
    [LOG_STORE_WRITTEN] = {48, 5},
    [LOG_STORE_DEBUG] = {16, 2},
    [LOG_STORE_ACCESS] = {32, 2},
};

struct line {
    sim_time at;
    uint64_t request;
    uint64_t shape;
    uint32_t dropped;
    uint32_t text; /* offset */
    comp_id comp;
    uint8_t level;
    int32_t instance;
};
struct log_chunk {
    size_t refs;
    uint32_t n, used;
    struct line lines[CHUNK_LINES];
    char text[CHUNK_TEXT];
};

/* ---- shapes ---------------------------------------------------------------------- */

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '_' || c == '-' || c == '.' || (unsigned char)c >= 0x80;
}

static uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ h >> 29;
}

/* Words with a digit in them are all alike: ids, instances, durations. */
static uint64_t shape_key(const struct log_line *l)
{
    uint64_t h = mix((uint64_t)l->comp << 8 | (uint64_t)l->level, 1);
    const char *s = l->text;
    while (*s) {
        uint64_t word = 0;
        bool digit = false;
        for (; is_word(*s); s++) {
            word = word * 31 + (unsigned char)*s;
            digit = digit || (*s >= '0' && *s <= '9');
        }
        h = mix(h, digit ? 2 : word);
        if (*s)
            h = mix(h, (unsigned char)*s++);
    }
    return h | 1;
}

static struct log_shape *find_shape(const struct logs *l, uint64_t key)
{
    assert(key != 0);
    for (uint64_t i = key >> 8;; i++) {
        struct log_shape *s = &l->shapes[i & (LOG_SHAPES - 1)];
        if (s->key == key || s->key == 0)
            return s;
    }
}

/* The shape with this key. When there are too many, those that come later count as one
 * per component. */
static struct log_shape *shape_of(struct logs *l, uint64_t key, comp_id comp)
{
    if (!l->shapes)
        l->shapes = mem_array(LOG_SHAPES, sizeof *l->shapes);
    struct log_shape *s = find_shape(l, key);
    if (!s->key && l->nshapes >= LOG_SHAPES / 2) {
        key = mix(comp, 3) | 1;
        s = find_shape(l, key);
    }
    if (!s->key && l->nshapes >= LOG_SHAPES * 7 / 8) {
        key = 3; /* and at last as one for all */
        s = find_shape(l, key);
    }
    if (!s->key) {
        s->key = key;
        l->nshapes++;
    }
    return s;
}

/* ---- chunks ---------------------------------------------------------------------- */

static void chunk_unref(struct log_chunk *c)
{
    assert(!c || c->refs > 0);
    if (c && --c->refs == 0)
        mem_free(c);
}

static void drop_oldest(struct logs *l)
{
    assert(l->nchunks > 0);
    chunk_unref(l->chunks[0]);
    l->nchunks--;
    memmove(l->chunks, l->chunks + 1, l->nchunks * sizeof *l->chunks);
}

static struct log_chunk *new_chunk(struct logs *l, uint32_t most)
{
    if (l->nchunks == most)
        drop_oldest(l);
    struct log_chunk *c = mem_alloc(sizeof *c);
    c->refs = 1;
    GROW(l->chunks, l->nchunks, l->cap);
    l->chunks[l->nchunks++] = c;
    return c;
}

/* The last chunk, ours to write. */
static struct log_chunk *own_last(struct logs *l)
{
    assert(l->nchunks > 0);
    struct log_chunk *old = l->chunks[l->nchunks - 1];
    if (old->refs == 1)
        return old;
    struct log_chunk *c = mem_alloc(sizeof *c);
    memcpy(c, old, sizeof *c);
    c->refs = 1;
    chunk_unref(old);
    l->chunks[l->nchunks - 1] = c;
    return c;
}

static struct log_chunk *chunk_for(struct logs *l, uint32_t most, size_t text)
{
    if (l->nchunks) {
        const struct log_chunk *c = l->chunks[l->nchunks - 1];
        if (c->n < CHUNK_LINES && c->used + text <= CHUNK_TEXT)
            return own_last(l);
    }
    return new_chunk(l, most);
}

/* ---- adding ---------------------------------------------------------------------- */

/* How much of a text is kept: never half a character. */
static size_t kept_length(const char *s)
{
    size_t n = strnlen(s, LINE_MAX + 1);
    if (n <= LINE_MAX)
        return n;
    for (n = LINE_MAX; n > LINE_MAX - 4 && ((unsigned char)s[n] & 0xc0) == 0x80;)
        n--;
    return n;
}

/* The same words as the line before share them. */
static uint32_t put_text(struct log_chunk *c, const char *s, size_t n)
{
    if (c->n) {
        const char *last = c->text + c->lines[c->n - 1].text;
        if (strlen(last) == n && memcmp(last, s, n) == 0)
            return c->lines[c->n - 1].text;
    }
    uint32_t at = c->used;
    memcpy(c->text + at, s, n);
    c->text[at + n] = '\0';
    c->used += (uint32_t)n + 1;
    return at;
}

static void append(struct logs *l, enum log_store store, const struct log_line *line,
                   struct log_shape *s)
{
    size_t n = kept_length(line->text);
    struct log_chunk *c = chunk_for(l, bounds[store].chunks, n + 1);
    uint32_t text = put_text(c, line->text, n);
    c->lines[c->n++] = (struct line){.at = line->at,
                                     .request = line->request,
                                     .shape = s->key,
                                     .dropped = s->dropped,
                                     .text = text,
                                     .comp = line->comp,
                                     .level = (uint8_t)line->level,
                                     .instance = line->instance};
}

/* The end of the second (k, k + 1] that `at` lies in. */
static sim_time second_end(sim_time at)
{
    return (at + SIM_SEC - 1) / SIM_SEC * SIM_SEC;
}

/* Whether another line of the shape may be kept in the second of `at`; if not, the line
 * is counted as dropped. */
static bool has_room(enum log_store store, struct log_shape *s, sim_time at)
{
    assert(at > s->until - SIM_SEC); /* time goes on in a recording, in a copy, too */
    if (at > s->until) {
        s->until = second_end(at);
        s->kept = 0;
    }
    if (s->kept < bounds[store].per_second)
        return true;
    s->dropped++;
    return false;
}

static void keep(struct logs *l, enum log_store store, const struct log_line *line,
                 struct log_shape *s)
{
    append(l, store, line, s);
    s->kept++;
    s->dropped = 0;
}

void logs_add(struct recording *r, const struct log_line *line)
{
    enum log_store store =
        line->level == LOG_DEBUG ? LOG_STORE_DEBUG : LOG_STORE_WRITTEN;
    struct logs *l = &r->logs[store];
    struct log_shape *s = shape_of(l, shape_key(line), line->comp);
    if (has_room(store, s, line->at))
        keep(l, store, line, s);
}

/* The shape of a request's line: one for each endpoint and class, found without a
 * search, as every request looks. */
static struct log_shape *access_shape(struct logs *l, uint32_t ncomps,
                                      const struct request_done *d)
{
    if (!l->shapes) {
        l->direct = true;
        l->nshapes = ncomps * ACCESS_CLASSES;
        l->shapes = mem_array(l->nshapes, sizeof *l->shapes);
        for (uint32_t i = 0; i < l->nshapes; i++)
            l->shapes[i].key = i;
    }
    return &l->shapes[d->endpoint * ACCESS_CLASSES + access_class(d)];
}

void logs_access(struct recording *r, const struct request_done *d)
{
    struct logs *l = &r->logs[LOG_STORE_ACCESS];
    char text[LINE_MAX];
    if (!access_written(r->plan->ncomps, d))
        return;
    struct log_shape *s = access_shape(l, r->plan->ncomps, d);
    if (!has_room(LOG_STORE_ACCESS, s, d->end))
        return;
    access_text(r->plan->model, d, text, sizeof text);
    struct log_line line = {.at = d->end,
                            .comp = d->place,
                            .instance = d->instance,
                            .level = LOG_INFO,
                            .request = d->id,
                            .text = text};
    keep(l, LOG_STORE_ACCESS, &line, s);
}

/* ---- asking ---------------------------------------------------------------------- */

static bool line_matches(const struct line *x, const struct log_filter *f)
{
    return (f->comp == COMP_NONE || x->comp == f->comp) &&
           (f->instance == 0 || x->instance == f->instance) &&
           x->level >= (int)f->min_level &&
           (f->request == 0 || x->request == f->request) && x->at > f->from &&
           (f->to <= 0 || x->at <= f->to);
}

static struct log_entry entry_of(enum log_store store, const struct log_chunk *c,
                                 const struct line *x)
{
    return (struct log_entry){.at = x->at,
                              .comp = x->comp,
                              .instance = x->instance,
                              .level = (enum log_level)x->level,
                              .request = x->request,
                              .dropped = x->dropped,
                              .access = store == LOG_STORE_ACCESS,
                              .text = c->text + x->text};
}

/* A place in one store, on the way back from the newest line. */
struct cursor {
    const struct logs *logs;
    uint32_t chunks, lines; /* still to be looked at: chunks, lines of the last one */
    const struct log_chunk *chunk;
    const struct line *line; /* the line found; NULL: there is none left */
};

/* To the next line before it that matches. */
static void step_back(struct cursor *k, const struct log_filter *f)
{
    for (;;) {
        while (k->lines == 0) {
            if (k->chunks == 0) {
                k->line = NULL;
                return;
            }
            k->chunk = k->logs->chunks[--k->chunks];
            k->lines = k->chunk->n;
        }
        k->line = &k->chunk->lines[--k->lines];
        if (line_matches(k->line, f))
            return;
    }
}

/* The store whose line is the latest; of one moment the access line, which was made at
 * the very end. LOG_STORES: no line is left. */
static enum log_store latest(const struct cursor k[LOG_STORES])
{
    enum log_store best = LOG_STORES;
    for (enum log_store i = 0; i < LOG_STORES; i++)
        if (k[i].line && (best == LOG_STORES || k[i].line->at >= k[best].line->at))
            best = i;
    return best;
}

/* Walks back from the newest and fills `out` from its end. */
size_t recording_logs(const struct recording *r, const struct log_filter *f,
                      struct log_entry *out, size_t max)
{
    struct cursor k[LOG_STORES];
    size_t left = max;
    for (enum log_store i = 0; i < LOG_STORES; i++) {
        k[i] = (struct cursor){.logs = &r->logs[i], .chunks = r->logs[i].nchunks};
        step_back(&k[i], f);
    }
    for (enum log_store i; left > 0 && (i = latest(k)) != LOG_STORES;) {
        out[--left] = entry_of(i, k[i].chunk, k[i].line);
        step_back(&k[i], f);
    }
    size_t n = max - left;
    if (left > 0)
        memmove(out, out + left, n * sizeof *out);
    return n;
}

/* ---- life ------------------------------------------------------------------------ */

/* How many there is room for. */
static size_t shapes_of(const struct logs *l)
{
    return l->direct ? l->nshapes : LOG_SHAPES;
}

void logs_fork(struct logs *to, const struct logs *from)
{
    *to = *from;
    to->chunks = NULL;
    to->cap = from->nchunks;
    if (from->nchunks) {
        to->chunks = mem_array(from->nchunks, sizeof *to->chunks);
        memcpy(to->chunks, from->chunks, from->nchunks * sizeof *to->chunks);
    }
    for (uint32_t i = 0; i < to->nchunks; i++)
        to->chunks[i]->refs++;
    if (from->shapes) {
        to->shapes = mem_array(shapes_of(from), sizeof *to->shapes);
        memcpy(to->shapes, from->shapes, shapes_of(from) * sizeof *to->shapes);
    }
}

void logs_release(struct logs *l)
{
    for (uint32_t i = 0; i < l->nchunks; i++)
        chunk_unref(l->chunks[i]);
    mem_free(l->chunks);
    mem_free(l->shapes);
    *l = (struct logs){0};
}

size_t logs_bytes(const struct logs *l)
{
    return l->cap * sizeof *l->chunks + l->nchunks * sizeof(struct log_chunk) +
           (l->shapes ? shapes_of(l) * sizeof *l->shapes : 0);
}
