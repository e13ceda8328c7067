/*
 * Messages as bytes and back, made of the lists of fields (wire_fields.h): for each
 * message one function that writes its fields in order, one that reads and checks them,
 * and the least number of bytes that one takes.
 *
 * Every request has all fields of a request, and every answer all of an answer: a few
 * bytes more on a socket that never leaves the machine, and one list to get right. The
 * reader of answers is the wall between a hostile worker and the terminal, the tape and
 * the database; that of requests guards the worker's memory.
 */
#include "wire_fields.h"

#include <string.h>

/* ---- a field written ------------------------------------------------------------- */

#define PUT(type, ...)           PUT_##type(__VA_ARGS__)
#define PUT_ENUM(f, n, why)      put_u8(b, m->f);
#define PUT_BOOL(f)              put_u8(b, m->f);
#define PUT_U32(f)               put_u32(b, m->f);
#define PUT_SIZE(f)              put_u32(b, (uint32_t)m->f);
#define PUT_POINT(f, why)        put_u32(b, m->f);
#define PUT_U64(f)               put_u64(b, m->f);
#define PUT_INT(f, lo, hi, why)  put_u32(b, (uint32_t)m->f);
#define PUT_TIME(f, lo, hi, why) put_u64(b, (uint64_t)m->f);
#define PUT_REAL(f, lo, hi, why) put_double(b, m->f);
#define PUT_NUMBER(f)            put_double(b, m->f);
#define PUT_SHARES(f, n, why)                                                          \
    for (size_t i = 0; i < (n); i++)                                                   \
        put_double(b, m->f[i]);
#define PUT_COUNTS(f, n)                                                               \
    for (size_t i = 0; i < (n); i++)                                                   \
        put_u32(b, m->f[i]);
#define PUT_BYTES(f, len, max, why) put_bytes(b, m->f, m->len);
#define PUT_STRING(f, max, why)     put_str(b, m->f);
#define PUT_CLEAN(f, max, why)      put_str(b, m->f);
#define PUT_LINES(f, max, why)      put_str(b, m->f);
#define PUT_CHARS(f, why)           put_str(b, m->f);
#define PUT_ID(f)                   put_str(b, m->f);
#define PUT_HASH(f)                 put_str(b, m->f);
#define PUT_TAPE(f, len, max, why)  put_bytes(b, m->f, m->len);
#define PUT_FRAME(f)                put_frame(b, &m->f);
#define PUT_LIST(f, n, part, max, why)                                                 \
    put_u32(b, (uint32_t)m->n);                                                        \
    for (size_t i = 0; i < m->n; i++)                                                  \
        put_##part(b, &m->f[i]);
#define PUT_OF(f, part) put_##part(b, &m->f);
#define PUT_IF(f, flag, part)                                                          \
    if (m->flag)                                                                       \
        put_##part(b, &m->f);

/* ---- a field read ---------------------------------------------------------------- */

#define GET(type, ...)           GET_##type(__VA_ARGS__)
#define GET_ENUM(f, n, why)      m->f = get_enum(r, n, why);
#define GET_BOOL(f)              m->f = get_bool(r);
#define GET_U32(f)               m->f = get_u32(r);
#define GET_SIZE(f)              m->f = get_u32(r);
#define GET_POINT(f, why)        m->f = get_point(r, why);
#define GET_U64(f)               m->f = get_u64(r);
#define GET_INT(f, lo, hi, why)  m->f = get_int(r, lo, hi, why);
#define GET_TIME(f, lo, hi, why) m->f = get_time(r, lo, hi, why);
#define GET_REAL(f, lo, hi, why) m->f = get_real(r, lo, hi, why);
#define GET_NUMBER(f)            m->f = get_double(r);
#define GET_SHARES(f, n, why)                                                          \
    for (size_t i = 0; i < (n); i++)                                                   \
        m->f[i] = get_real(r, 0, 1, why);
#define GET_COUNTS(f, n)                                                               \
    for (size_t i = 0; i < (n); i++)                                                   \
        m->f[i] = get_u32(r);
#define GET_BYTES(f, len, max, why) m->f = get_bytes(r, max, &m->len, why);
#define GET_STRING(f, max, why)     m->f = get_bytes(r, max, NULL, why);
#define GET_CLEAN(f, max, why)      m->f = get_clean(r, max, false, why);
#define GET_LINES(f, max, why)      m->f = get_clean(r, max, true, why);
#define GET_CHARS(f, why)           get_chars(r, m->f, sizeof m->f, why);
#define GET_ID(f)                   m->f = get_id(r);
#define GET_HASH(f)                 m->f = get_hash(r);
#define GET_TAPE(f, len, max, why)  m->f = get_tape(r, max, &m->len, why);
#define GET_FRAME(f)                get_frame(r, &m->f);
#define GET_LIST(f, n, part, max, why)                                                 \
    m->n = get_count(r, max, part##_least, why);                                       \
    m->f = get_##part##_list(r, m->n);
#define GET_OF(f, part) get_##part(r, &m->f);
#define GET_IF(f, flag, part)                                                          \
    if (m->flag)                                                                       \
        get_##part(r, &m->f);

/* ---- the least bytes of a field -------------------------------------------------- */

#define LEAST(type, ...)                 LEAST_##type(__VA_ARGS__)
#define LEAST_ENUM(f, n, why)            +1
#define LEAST_BOOL(f)                    +1
#define LEAST_U32(f)                     +4
#define LEAST_SIZE(f)                    +4
#define LEAST_POINT(f, why)              +4
#define LEAST_U64(f)                     +8
#define LEAST_INT(f, lo, hi, why)        +4
#define LEAST_TIME(f, lo, hi, why)       +8
#define LEAST_REAL(f, lo, hi, why)       +8
#define LEAST_NUMBER(f)                  +8
#define LEAST_SHARES(f, n, why)          +8 * (n)
#define LEAST_COUNTS(f, n)               +4 * (n)
#define LEAST_BYTES(f, len, max, why)    +4
#define LEAST_STRING(f, max, why)        +4
#define LEAST_CLEAN(f, max, why)         +4
#define LEAST_LINES(f, max, why)         +4
#define LEAST_CHARS(f, why)              +4
#define LEAST_ID(f)                      +4
#define LEAST_HASH(f)                    +4
#define LEAST_TAPE(f, len, max, why)     +4
#define LEAST_FRAME(f)                   +4
#define LEAST_LIST(f, n, part, max, why) +4
#define LEAST_OF(f, part)                +part##_least
#define LEAST_IF(f, flag, part)          +0

/* ---- the messages ---------------------------------------------------------------- */

#define MESSAGE(name, type, FIELDS)                                                    \
    enum { name##_least = 0 FIELDS(LEAST) };                                           \
    static void put_##name(struct buf *b, const type *m)                               \
    {                                                                                  \
        FIELDS(PUT)                                                                    \
    }                                                                                  \
    static void get_##name(struct wire_reader *r, type *m)                             \
    {                                                                                  \
        FIELDS(GET)                                                                    \
    }
/* A message of which others have lists. */
#define LISTED(name, type, FIELDS)                                                     \
    MESSAGE(name, type, FIELDS)                                                        \
    static type *get_##name##_list(struct wire_reader *r, size_t n)                    \
    {                                                                                  \
        type *list = arena_alloc(r->mem, (n + 1) * sizeof *list);                      \
        for (size_t i = 0; i < n; i++)                                                 \
            get_##name(r, &list[i]);                                                   \
        return list;                                                                   \
    }

LISTED(ending, struct wire_ending, ENDING_FIELDS)
LISTED(lesson, struct wire_lesson, LESSON_FIELDS)
LISTED(key, struct key, KEY_FIELDS)
MESSAGE(request, struct wire_request, REQUEST_FIELDS)
LISTED(term, struct wire_term, TERM_FIELDS)
LISTED(card, struct wire_card, CARD_FIELDS)
LISTED(row, struct prove_row, ROW_FIELDS)
MESSAGE(score, struct score, SCORE_FIELDS)
MESSAGE(proof, struct proof, PROOF_FIELDS)
LISTED(player, struct player_row, PLAYER_FIELDS)
MESSAGE(players, struct players, PLAYERS_FIELDS)
MESSAGE(answer, struct wire_answer, ANSWER_FIELDS)

/* Leaves room for the length of what follows. */
static size_t begin(struct buf *b)
{
    size_t at = b->len;
    put_u32(b, 0);
    return at;
}

/* Fills in the length that begin() left open. */
static void finish(struct buf *b, size_t at)
{
    uint32_t n = (uint32_t)(b->len - at - 4);
    for (int i = 0; i < 4 && !b->full; i++)
        b->s[at + (size_t)i] = (char)(unsigned char)(n >> (8 * i));
}

void wire_put_request(struct buf *b, const struct wire_request *q)
{
    size_t at = begin(b);
    put_request(b, q);
    finish(b, at);
}

void wire_put_answer(struct buf *b, const struct wire_answer *a)
{
    size_t at = begin(b);
    put_answer(b, a);
    finish(b, at);
}

enum err wire_get_request(struct wire_request *q, struct arena *mem, const char *p,
                          size_t n, struct errmsg *why)
{
    struct wire_reader r = {.p = (const unsigned char *)p, .left = n, .mem = mem};
    *q = (struct wire_request){0};
    get_request(&r, q);
    if ((q->rows > 0) != (q->cols > 0))
        reader_bad(&r, "the screen has one side");
    if (r.left > 0)
        reader_bad(&r, "something follows the message");
    return r.bad ? errmsg_set(why, ERR_CORRUPT, "request: %s", r.bad) : ERR_OK;
}

enum err wire_get_answer(struct wire_answer *a, const char *p, size_t n,
                         struct errmsg *why)
{
    wire_answer_release(a);
    struct wire_reader r = {.p = (const unsigned char *)p, .left = n, .mem = &a->mem};
    get_answer(&r, a);
    a->proof.cap = a->proof.n;
    if (r.left > 0)
        reader_bad(&r, "something follows the message");
    if (!r.bad)
        return ERR_OK;
    wire_answer_release(a);
    return errmsg_set(why, ERR_CORRUPT, "the worker's answer makes no sense: %s",
                      r.bad);
}

void wire_answer_release(struct wire_answer *a)
{
    arena_release(&a->mem);
    *a = (struct wire_answer){0};
}
