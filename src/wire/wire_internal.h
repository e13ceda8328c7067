/*
 * Inside wire: reading and writing the fields of a message.
 *
 * A writer appends to a buf:
 *
 *     put_u32(b, n), put_str(b, "checkout");
 *
 * A reader never fails in the middle: once something is missing or out of bounds `bad`
 * names it, every later read gives zeros, and the decoder looks once at the end:
 *
 *     struct wire_reader r = {.p = bytes, .left = n, .mem = &arena};
 *     uint32_t n = get_u32(&r);
 *     const char *s = get_bytes(&r, 256, NULL, "a name is too long");
 *     if (r.bad)
 *         return errmsg_set(why, ERR_CORRUPT, "request: %s", r.bad);
 *
 * Numbers are little-endian; a text is its length (u32) and its bytes. Both ends are the
 * same program on the same machine, so there are no versions; but either may be an
 * enemy, so nothing is allocated before its length is known to be there.
 */
#ifndef WIRE_INTERNAL_H
#define WIRE_INTERNAL_H

#include "truecode/wire.h"

struct wire_reader {
    const unsigned char *p; /* the next byte */
    size_t left;
    const char *bad;   /* the complaint, a constant; NULL: fine so far */
    struct arena *mem; /* texts and lists go here */
};
/* Notes a complaint; the first stays. */
void reader_bad(struct wire_reader *r, const char *what);

/* ---- numbers --------------------------------------------------------------------- */

void put_u8(struct buf *b, unsigned v);
void put_u32(struct buf *b, uint32_t v);
void put_u64(struct buf *b, uint64_t v);
void put_double(struct buf *b, double v);

uint8_t get_u8(struct wire_reader *r);
uint32_t get_u32(struct wire_reader *r);
uint64_t get_u64(struct wire_reader *r);
double get_double(struct wire_reader *r); /* any, NaN too */
bool get_bool(struct wire_reader *r);
/* A byte below `limit`. */
unsigned get_enum(struct wire_reader *r, unsigned limit, const char *what);
/* Numbers from `min` to `max`. */
int get_int(struct wire_reader *r, int min, int max, const char *what);
sim_time get_time(struct wire_reader *r, sim_time min, sim_time max, const char *what);
double get_real(struct wire_reader *r, double min, double max, const char *what);
/* A code point of Unicode. */
uint32_t get_point(struct wire_reader *r, const char *what);
/* The length of a list whose elements take at least `each` bytes: at most `max`, and
 * never more than can follow. */
size_t get_count(struct wire_reader *r, size_t max, size_t each, const char *what);

/* ---- texts ----------------------------------------------------------------------- */

void put_bytes(struct buf *b, const char *s, size_t n);
void put_str(struct buf *b, const char *s); /* NULL as "" */

/* A copy in an arena with a NUL behind it; NULs inside survive. */
char *bytes_copy(struct arena *mem, const char *s, size_t n);
/* At most `max` bytes, with a NUL behind them. `n` gets the length; NULL: a NUL inside
 * is a fault. */
const char *get_bytes(struct wire_reader *r, size_t max, size_t *n, const char *what);
/* The same, passed through text_clean(). */
const char *get_clean(struct wire_reader *r, size_t max, bool newlines,
                      const char *what);
/* Clean text of one line, cut to `size` bytes with its NUL. */
#define CHARS_MAX_BYTES 4096
void get_chars(struct wire_reader *r, char *to, size_t size, const char *what);
/* [a-z0-9-], at most 64. */
const char *get_id(struct wire_reader *r);
/* 64 hexadecimal digits, or "". */
const char *get_hash(struct wire_reader *r);
/* Whole lines without control characters but tabs. */
const char *get_tape(struct wire_reader *r, size_t max, size_t *n, const char *what);

/* ---- frames (wire_cells.c) ------------------------------------------------------- */

void put_frame(struct buf *b, const struct wire_frame *f);
void get_frame(struct wire_reader *r, struct wire_frame *f);

#endif
