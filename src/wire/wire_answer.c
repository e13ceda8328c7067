/*
 * Answers as bytes. The decoder is the wall between a hostile worker and the terminal,
 * the tape and the database: every text is bounded and cleaned, every number has its
 * range, a lesson's id is made of the few characters that a file name needs.
 */
#include "wire_internal.h"

#include <assert.h>
#include <string.h>

#define TEXT_MAX  (4u * 1024 * 1024)
#define FIELD_MAX 4096u
#define ROWS_MAX  2000u

void wire_answer_release(struct wire_answer *a)
{
    arena_release(&a->mem);
    *a = (struct wire_answer){0};
}

static void put_card(struct buf *b, const struct wire_card *c)
{
    put_str(b, c->id);
    put_str(b, c->title);
    put_str(b, c->track);
    put_str(b, c->summary);
    put_str(b, c->post);
    put_str(b, c->hash);
    put_str(b, c->broken);
    put_u32(b, (uint32_t)c->minutes);
    put_u32(b, (uint32_t)c->level);
}

static void put_score(struct buf *b, const struct score *s)
{
    for (int i = 0; i < SCORE_PARTS; i++)
        put_double(b, s->part[i]);
    put_u32(b, (uint32_t)s->total);
    put_u8(b, s->outcome);
    put_u64(b, s->bad_you);
    put_u64(b, s->bad_reference);
    put_u64(b, s->bad_nothing);
    put_u32(b, (uint32_t)s->hints);
}

static void put_row(struct buf *b, const struct prove_row *row)
{
    put_str(b, row->kind);
    put_str(b, row->name);
    put_u32(b, row->passed);
    put_u32(b, row->failed);
    put_u64(b, row->first_bad_seed);
    put_double(b, row->margin_min);
    put_str(b, row->detail);
}

static void put_proof(struct buf *b, const struct proof *p)
{
    put_u32(b, p->seeds);
    put_u8(b, p->ok);
    put_u32(b, (uint32_t)p->n);
    for (size_t i = 0; i < p->n; i++)
        put_row(b, &p->rows[i]);
}

static void put_body(struct buf *b, const struct wire_answer *a)
{
    put_u8(b, a->kind);
    put_u8(b, a->err);
    put_str(b, a->error);
    put_u32(b, (uint32_t)a->bad_line);
    put_u8(b, a->want);
    put_str(b, a->want_lesson);
    put_u8(b, a->more);
    put_u8(b, a->ticking);
    put_u8(b, a->fast);
    put_u8(b, a->over);
    put_str(b, a->text);
    put_str(b, a->prompt);
    put_bytes(b, a->tape, a->tape_len);
    put_frame(b, &a->frame);
    put_str(b, a->lesson);
    put_str(b, a->title);
    put_str(b, a->hash);
    put_u64(b, a->seed);
    put_u64(b, a->digest);
    put_u64(b, (uint64_t)a->now);
    put_u32(b, (uint32_t)a->step);
    put_u32(b, (uint32_t)a->nsteps);
    put_u8(b, a->practice);
    put_u8(b, a->scored);
    if (a->scored)
        put_score(b, &a->score);
    put_u32(b, (uint32_t)a->ncards);
    for (size_t i = 0; i < a->ncards; i++)
        put_card(b, &a->cards[i]);
    put_u32(b, a->done);
    put_u32(b, a->all);
    put_u64(b, a->events);
    put_proof(b, &a->proof);
}

void wire_put_answer(struct buf *b, const struct wire_answer *a)
{
    size_t at = b->len;
    put_u32(b, 0);
    put_body(b, a);
    uint32_t n = (uint32_t)(b->len - at - 4);
    for (int i = 0; i < 4; i++)
        b->s[at + (size_t)i] = (char)(unsigned char)(n >> (8 * i));
}

/* ---- decoding -------------------------------------------------------------------- */

static const char *get_field(struct wire_reader *r)
{
    return get_clean(r, FIELD_MAX, false, "a text is too long");
}

/* An id: [a-z0-9-], at most 64. What is not becomes an error. */
static const char *get_id(struct wire_reader *r)
{
    const char *s = get_bytes(r, 64, NULL, "a lesson's id is too long");
    if (s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0')
        return s;
    reader_bad(r, "a lesson's id has a character that no id has");
    return "";
}

static const char *get_hash(struct wire_reader *r)
{
    const char *s = get_bytes(r, 64, NULL, "a hash is too long");
    size_t n = strspn(s, "0123456789abcdef");
    if (s[n] != '\0' || (n != 0 && n != 64))
        reader_bad(r, "a hash is no hash");
    return r->bad != NULL ? "" : s;
}

/* The tape is written to a file and read by people: lines of printable text. */
static void get_tape(struct wire_reader *r, struct wire_answer *a)
{
    a->tape = get_bytes(r, WIRE_TAPE_MAX, &a->tape_len, "too much tape at once");
    for (size_t i = 0; i < a->tape_len; i++) {
        unsigned char c = (unsigned char)a->tape[i];
        if ((c < ' ' && c != '\n' && c != '\t') || c == 127)
            reader_bad(r, "the tape has a control character");
    }
    if (a->tape_len > 0 && a->tape[a->tape_len - 1] != '\n')
        reader_bad(r, "the tape's last line is not whole");
}

static void get_card(struct wire_reader *r, struct wire_card *c)
{
    c->id = get_id(r);
    c->title = get_field(r);
    c->track = get_field(r);
    c->summary = get_field(r);
    c->post = get_field(r);
    c->hash = get_hash(r);
    c->broken = get_field(r);
    c->minutes = get_int(r, 0, 1000, "a lesson's length is out of range");
    c->level = get_int(r, 0, 100, "a lesson's level is out of range");
}

static double get_share(struct wire_reader *r)
{
    double v = get_double(r);
    if (!(v >= 0 && v <= 1))
        reader_bad(r, "a part of the score is not within 0 to 1");
    return v;
}

static void get_score(struct wire_reader *r, struct score *s)
{
    for (int i = 0; i < SCORE_PARTS; i++)
        s->part[i] = get_share(r);
    s->total = get_int(r, 0, 100, "a score is not within 0 to 100");
    s->outcome = get_enum(r, OUTCOME_RECOVERED + 1, "an unknown outcome");
    s->bad_you = get_u64(r);
    s->bad_reference = get_u64(r);
    s->bad_nothing = get_u64(r);
    s->hints = get_int(r, 0, 100000, "a count of hints is out of range");
}

/* The kind points to a constant, as proof_merge() and proof_print() expect. */
static const char *get_kind(struct wire_reader *r)
{
    static const char *const kinds[] = {"loads", "nothing", "moves", "normal",
                                        "fix",   "wrong",   "steps", "hints",
                                        "text",  "same",    "traps", "quiet"};
    const char *s = get_clean(r, 64, false, "a kind of proof is too long");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i], s) == 0)
            return kinds[i];
    return s;
}

static void get_text_into(struct wire_reader *r, char *to, size_t size)
{
    assert(size > 0);
    const char *s = get_clean(r, FIELD_MAX, false, "a text is too long");
    size_t n = strlen(s);
    if (n >= size)
        n = size - 1;
    while (n > 0 && ((unsigned char)s[n] & 0xC0) == 0x80)
        n--;
    memcpy(to, s, n);
    to[n] = '\0';
}

static void get_proof(struct wire_reader *r, struct proof *p)
{
    p->seeds = get_u32(r);
    p->ok = get_bool(r);
    p->n = p->cap = get_count(r, ROWS_MAX, 36, "a proof has too many rows");
    p->rows = arena_alloc(r->mem, (p->n + 1) * sizeof *p->rows);
    for (size_t i = 0; i < p->n; i++) {
        struct prove_row *row = &p->rows[i];
        row->kind = get_kind(r);
        get_text_into(r, row->name, sizeof row->name);
        row->passed = get_u32(r);
        row->failed = get_u32(r);
        row->first_bad_seed = get_u64(r);
        row->margin_min = get_double(r);
        get_text_into(r, row->detail, sizeof row->detail);
    }
}

static void get_session(struct wire_reader *r, struct wire_answer *a)
{
    a->lesson = get_id(r);
    a->title = get_field(r);
    a->hash = get_hash(r);
    a->seed = get_u64(r);
    a->digest = get_u64(r);
    a->now = (sim_time)get_u64(r);
    a->step = get_u32(r);
    a->nsteps = get_u32(r);
    a->practice = get_bool(r);
    a->scored = get_bool(r);
    if (a->scored)
        get_score(r, &a->score);
}

static void get_cards(struct wire_reader *r, struct wire_answer *a)
{
    a->ncards = get_count(r, WIRE_LESSONS_MAX, 36, "too many lessons");
    a->cards = arena_alloc(r->mem, (a->ncards + 1) * sizeof *a->cards);
    for (size_t i = 0; i < a->ncards; i++)
        get_card(r, &a->cards[i]);
}

static void get_body(struct wire_reader *r, struct wire_answer *a)
{
    a->kind = get_enum(r, WIRE_READY + 1, "an unknown kind of answer");
    a->err = get_enum(r, ERR_COUNT, "an unknown error");
    a->error = get_clean(r, FIELD_MAX, true, "an error is too long");
    a->bad_line = get_u32(r);
    a->want = get_enum(r, UI_THEME + 1, "an unknown wish");
    a->want_lesson = get_id(r);
    a->more = get_bool(r);
    a->ticking = get_bool(r);
    a->fast = get_bool(r);
    a->over = get_bool(r);
    a->text = get_clean(r, TEXT_MAX, true, "a text is too long");
    a->prompt = get_field(r);
    get_tape(r, a);
    get_frame(r, &a->frame);
    get_session(r, a);
    get_cards(r, a);
    a->done = get_u32(r);
    a->all = get_u32(r);
    a->events = get_u64(r);
    get_proof(r, &a->proof);
}

enum err wire_get_answer(struct wire_answer *a, const char *p, size_t n,
                         struct errmsg *why)
{
    wire_answer_release(a);
    struct wire_reader r = {.p = (const unsigned char *)p, .left = n, .mem = &a->mem};
    get_body(&r, a);
    if (r.bad == NULL && r.left > 0)
        r.bad = "something follows the message";
    if (r.bad == NULL)
        return ERR_OK;
    wire_answer_release(a);
    return errmsg_set(why, ERR_CORRUPT, "the worker's answer makes no sense: %s",
                      r.bad);
}
