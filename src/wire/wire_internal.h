/*
 * Inside wire: reading and writing the fields of a message.
 *
 * Writers append to a buf. A reader never fails in the middle: once something is
 * missing or out of bounds `bad` names it, every later read gives zeros, and the
 * decoder looks once at the end.
 */
#ifndef WIRE_INTERNAL_H
#define WIRE_INTERNAL_H

#include "truecode/wire.h"

struct wire_reader {
    const unsigned char *p;
    size_t left;
    const char *bad; /* NULL: fine so far */
    struct arena *mem;
};

/* NUL-terminated, and NULs inside survive. */
char *bytes_copy(struct arena *mem, const char *s, size_t n);

void put_u8(struct buf *b, unsigned v);
void put_u32(struct buf *b, uint32_t v);
void put_u64(struct buf *b, uint64_t v);
void put_double(struct buf *b, double v);
void put_bytes(struct buf *b, const char *s, size_t n);
void put_str(struct buf *b, const char *s); /* NULL as "" */

uint8_t get_u8(struct wire_reader *r);
uint32_t get_u32(struct wire_reader *r);
uint64_t get_u64(struct wire_reader *r);
double get_double(struct wire_reader *r);
bool get_bool(struct wire_reader *r);
/* A number that must be below `limit`. */
unsigned get_enum(struct wire_reader *r, unsigned limit, const char *what);
int get_int(struct wire_reader *r, int min, int max, const char *what);
/* NUL-terminated copy in the arena; *n may be NULL (then no NUL may be inside). */
const char *get_bytes(struct wire_reader *r, size_t max, size_t *n, const char *what);
/* As get_bytes, passed through text_clean(). */
const char *get_clean(struct wire_reader *r, size_t max, bool newlines,
                      const char *what);
/* A count whose elements take at least `each` bytes: never more than can follow. */
size_t get_count(struct wire_reader *r, size_t max, size_t each, const char *what);
void reader_bad(struct wire_reader *r, const char *what);

void put_frame(struct buf *b, const struct wire_frame *f);
void get_frame(struct wire_reader *r, struct wire_frame *f);

#endif
