/*
 * Logs, as a real system keeps them: not all. Of each kind of line (component, level
 * and the words without the numbers in them) a few a second are kept; the next one kept
 * says how many were dropped before it. Kept lines lie in chunks of a fixed size, texts
 * included, and when there are too many chunks the oldest goes.
 *
 * Why a rewind needs no saved state: seconds are counted (k, k + 1], the first line of
 * a second is always kept, so what was dropped before a whole second T stands either in
 * the first line kept after T or is still waiting in the shape.
 */
#include "telemetry_internal.h"

#include <assert.h>
#include <string.h>

#define CHUNK_LINES      256
#define CHUNK_TEXT       (16 * 1024)
#define MAX_CHUNKS       48  /* about a mebibyte and a quarter */
#define LINES_PER_SECOND 5   /* of one shape */
#define LINE_MAX         240 /* bytes kept of a line */

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

/* ---- shapes ------------------------------------------------------------- */

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

/* When there are too many shapes, those that come later count as one per component. */
static struct log_shape *shape_of(struct logs *l, const struct log_line *line)
{
    if (!l->shapes)
        l->shapes = mem_array(LOG_SHAPES, sizeof *l->shapes);
    struct log_shape *s = find_shape(l, shape_key(line));
    uint64_t key = shape_key(line);
    if (!s->key && l->nshapes >= LOG_SHAPES / 2) {
        key = mix(line->comp, 3) | 1;
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

/* ---- chunks ------------------------------------------------------------- */

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

static struct log_chunk *new_chunk(struct logs *l)
{
    if (l->nchunks == MAX_CHUNKS)
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

static struct log_chunk *chunk_for(struct logs *l, size_t text)
{
    if (l->nchunks) {
        const struct log_chunk *c = l->chunks[l->nchunks - 1];
        if (c->n < CHUNK_LINES && c->used + text <= CHUNK_TEXT)
            return own_last(l);
    }
    return new_chunk(l);
}

/* ---- adding ------------------------------------------------------------- */

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

static void append(struct logs *l, const struct log_line *line,
                   const struct log_shape *s)
{
    size_t n = kept_length(line->text);
    struct log_chunk *c = chunk_for(l, n + 1);
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

static int64_t second_of(sim_time at)
{
    return (at + SIM_SEC - 1) / SIM_SEC;
}

void logs_add(struct logs *l, const struct log_line *line)
{
    struct log_shape *s = shape_of(l, line);
    int64_t second = second_of(line->at);
    if (s->second != second) {
        s->second = second;
        s->kept = 0;
    }
    if (s->kept >= LINES_PER_SECOND) {
        s->dropped++;
        return;
    }
    append(l, line, s);
    s->kept++;
    s->dropped = 0;
}

/* ---- asking ------------------------------------------------------------- */

static bool line_matches(const struct line *x, const struct log_filter *f)
{
    return (f->comp == COMP_NONE || x->comp == f->comp) &&
           (f->instance == 0 || x->instance == f->instance) &&
           x->level >= (int)f->min_level &&
           (f->request == 0 || x->request == f->request) && x->at > f->from &&
           (f->to <= 0 || x->at <= f->to);
}

static struct log_entry entry_of(const struct log_chunk *c, const struct line *x)
{
    return (struct log_entry){.at = x->at,
                              .comp = x->comp,
                              .instance = x->instance,
                              .level = (enum log_level)x->level,
                              .request = x->request,
                              .dropped = x->dropped,
                              .text = c->text + x->text};
}

/* Walks back from the newest and fills `out` from its end. */
size_t recording_logs(const struct recording *r, const struct log_filter *f,
                      struct log_entry *out, size_t max)
{
    size_t left = max;
    for (uint32_t i = r->logs.nchunks; i > 0 && left > 0; i--) {
        const struct log_chunk *c = r->logs.chunks[i - 1];
        for (uint32_t k = c->n; k > 0 && left > 0; k--)
            if (line_matches(&c->lines[k - 1], f))
                out[--left] = entry_of(c, &c->lines[k - 1]);
    }
    memmove(out, out + left, (max - left) * sizeof *out);
    return max - left;
}

/* ---- life --------------------------------------------------------------- */

/* A line goes: what was dropped before it is waiting again. */
static void take_back(struct logs *l, const struct line *x)
{
    struct log_shape *s = find_shape(l, x->shape);
    s->dropped = x->dropped;
    s->second = 0;
    s->kept = 0;
}

static void cut_text(struct log_chunk *c)
{
    c->used = 0;
    for (uint32_t i = 0; i < c->n; i++) {
        uint32_t end =
            c->lines[i].text + (uint32_t)strlen(c->text + c->lines[i].text) + 1;
        if (end > c->used)
            c->used = end;
    }
}

/* Shapes that had no line before are left in the table: they count nothing. */
void logs_truncate(struct logs *l, sim_time t)
{
    while (l->nchunks) {
        struct log_chunk *c = l->chunks[l->nchunks - 1];
        uint32_t keep = c->n;
        while (keep > 0 && c->lines[keep - 1].at > t)
            take_back(l, &c->lines[--keep]);
        if (keep == c->n)
            return;
        if (keep > 0) {
            c = own_last(l);
            c->n = keep;
            cut_text(c);
            return;
        }
        chunk_unref(c);
        l->nchunks--;
    }
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
        to->shapes = mem_array(LOG_SHAPES, sizeof *to->shapes);
        memcpy(to->shapes, from->shapes, LOG_SHAPES * sizeof *to->shapes);
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
           (l->shapes ? LOG_SHAPES * sizeof *l->shapes : 0);
}
