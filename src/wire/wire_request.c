/*
 * Requests as bytes. Every request has the same fields in the same order: a few bytes
 * more on a socket that never leaves the machine, and one encoder and one decoder to
 * get right.
 */
#include "wire_internal.h"

#include <assert.h>

#define LINE_MAX_BYTES    (64u * 1024)
#define NAME_MAX_BYTES    256
#define PROGRAM_MAX_BYTES 1024
#define BROKEN_MAX_BYTES  1024

/* Fills in the length that begin() left open. */
static size_t begin(struct buf *b)
{
    size_t at = b->len;
    put_u32(b, 0);
    return at;
}

static void finish(struct buf *b, size_t at)
{
    assert(at + 4 <= b->len);
    uint32_t n = (uint32_t)(b->len - at - 4);
    for (int i = 0; i < 4 && !b->full; i++)
        b->s[at + (size_t)i] = (char)(unsigned char)(n >> (8 * i));
}

static void put_lesson(struct buf *b, const struct wire_lesson *l)
{
    put_str(b, l->name);
    put_bytes(b, l->text, l->len);
    put_str(b, l->broken);
    put_u32(b, (uint32_t)l->best);
    put_u8(b, l->outcome);
    put_u8(b, l->saved);
    put_u8(b, l->stopped);
}

static void put_key(struct buf *b, const struct key *k)
{
    put_u8(b, k->kind);
    put_u32(b, k->cp);
    put_u8(b, (unsigned)k->ctrl | (unsigned)k->alt << 1);
    put_u32(b, (uint32_t)k->row);
    put_u32(b, (uint32_t)k->col);
}

void wire_put_request(struct buf *b, const struct wire_request *q)
{
    size_t at = begin(b);
    put_u8(b, q->op);
    put_str(b, q->name);
    put_bytes(b, q->text, q->len);
    put_u32(b, (uint32_t)q->nlessons);
    for (size_t i = 0; i < q->nlessons; i++)
        put_lesson(b, &q->lessons[i]);
    put_bytes(b, q->tape, q->tape_len);
    put_u64(b, q->seed);
    put_u8(b, q->mode);
    put_u8(b, q->face);
    put_u32(b, (uint32_t)q->rows);
    put_u32(b, (uint32_t)q->cols);
    put_u8(b, q->glyphs);
    put_u8(b, q->mono);
    put_str(b, q->program);
    put_u32(b, (uint32_t)q->nkeys);
    for (size_t i = 0; i < q->nkeys; i++)
        put_key(b, &q->keys[i]);
    put_str(b, q->line);
    put_u64(b, (uint64_t)q->elapsed);
    put_u64(b, q->max_events);
    put_double(b, q->speed);
    put_u32(b, q->count);
    put_u64(b, (uint64_t)q->until);
    put_u8(b, q->json);
    put_u8(b, q->no_frame);
    finish(b, at);
}

static void get_lesson(struct wire_reader *r, struct wire_lesson *l)
{
    l->name = get_bytes(r, NAME_MAX_BYTES, NULL, "a lesson's name is too long");
    l->text = get_bytes(r, LESSON_MAX_BYTES, &l->len, "a lesson is too long");
    l->broken = get_bytes(r, BROKEN_MAX_BYTES, NULL, "a reason is too long");
    l->best = get_int(r, -1, 100, "a score is not within 0 to 100");
    l->outcome = get_enum(r, OUTCOME_RECOVERED + 1, "an unknown outcome");
    l->saved = get_bool(r);
    l->stopped = get_bool(r);
}

static void get_lessons(struct wire_reader *r, struct wire_request *q)
{
    q->nlessons = get_count(r, WIRE_LESSONS_MAX, 19, "too many lessons");
    struct wire_lesson *l = arena_alloc(r->mem, (q->nlessons + 1) * sizeof *l);
    for (size_t i = 0; i < q->nlessons; i++)
        get_lesson(r, &l[i]);
    q->lessons = l;
}

static void get_keys(struct wire_reader *r, struct wire_request *q)
{
    q->nkeys = get_count(r, WIRE_KEYS_MAX, 14, "too many keys at once");
    struct key *k = arena_alloc(r->mem, (q->nkeys + 1) * sizeof *k);
    for (size_t i = 0; i < q->nkeys; i++) {
        k[i].kind = get_enum(r, KEY_KINDS, "an unknown key");
        k[i].cp = get_u32(r);
        unsigned with = get_enum(r, 4, "an unknown modifier");
        k[i].ctrl = with & 1;
        k[i].alt = with >> 1;
        k[i].row = get_int(r, 0, WIRE_ROWS_MAX - 1, "the mouse is below the screen");
        k[i].col = get_int(r, 0, WIRE_COLS_MAX - 1, "the mouse is beside the screen");
        if (k[i].cp > 0x10FFFF)
            reader_bad(r, "a key is no character");
    }
    q->keys = k;
}

enum err wire_get_request(struct wire_request *q, struct arena *mem, const char *p,
                          size_t n, struct errmsg *why)
{
    struct wire_reader r = {.p = (const unsigned char *)p, .left = n, .mem = mem};
    *q = (struct wire_request){0};
    q->op = get_enum(&r, WIRE_OPS, "an unknown request");
    q->name = get_bytes(&r, NAME_MAX_BYTES, NULL, "a name is too long");
    q->text = get_bytes(&r, LESSON_MAX_BYTES, &q->len, "the lesson is too long");
    get_lessons(&r, q);
    q->tape = get_bytes(&r, WIRE_TAPE_MAX, &q->tape_len, "the tape is too long");
    q->seed = get_u64(&r);
    q->mode = get_enum(&r, MODE_ONCALL + 1, "an unknown mode");
    q->face = get_enum(&r, WIRE_PLAIN + 1, "an unknown face");
    q->rows = get_int(&r, 0, WIRE_ROWS_MAX, "too many rows");
    q->cols = get_int(&r, 0, WIRE_COLS_MAX, "too many columns");
    q->glyphs = get_enum(&r, GLYPHS_BRAILLE + 1, "unknown glyphs");
    q->mono = get_bool(&r);
    q->program =
        get_clean(&r, PROGRAM_MAX_BYTES, false, "the program's name is too long");
    get_keys(&r, q);
    q->line = get_bytes(&r, LINE_MAX_BYTES, NULL, "the line is too long");
    q->elapsed = (sim_time)get_u64(&r);
    q->max_events = get_u64(&r);
    q->speed = get_double(&r);
    q->count = get_u32(&r);
    q->until = (sim_time)get_u64(&r);
    q->json = get_bool(&r);
    q->no_frame = get_bool(&r);
    if (r.bad == NULL && (q->elapsed < 0 || q->elapsed > SIM_MIN))
        r.bad = "more time went by than can be";
    if (r.bad == NULL && !(q->speed >= 0 && q->speed <= 1000))
        r.bad = "the speed is out of range";
    if (r.bad == NULL && (q->rows > 0) != (q->cols > 0))
        r.bad = "the screen has one side";
    if (r.bad == NULL && r.left > 0)
        r.bad = "something follows the message";
    return r.bad != NULL ? errmsg_set(why, ERR_CORRUPT, "request: %s", r.bad) : ERR_OK;
}
