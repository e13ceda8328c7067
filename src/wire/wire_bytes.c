/*
 * Fields of messages: little-endian numbers and counted byte strings.
 *
 * Both ends are the same program on the same machine, so there is no versioning; but
 * either end may be an enemy, so a reader checks every length against what is really
 * there before it allocates anything.
 */
#include "wire_internal.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

void put_u8(struct buf *b, unsigned v)
{
    assert(v <= 255);
    buf_addch(b, (char)(unsigned char)v);
}

void put_u32(struct buf *b, uint32_t v)
{
    char s[4];
    for (int i = 0; i < 4; i++)
        s[i] = (char)(unsigned char)(v >> (8 * i));
    buf_add(b, s, sizeof s);
}

void put_u64(struct buf *b, uint64_t v)
{
    put_u32(b, (uint32_t)v);
    put_u32(b, (uint32_t)(v >> 32));
}

void put_double(struct buf *b, double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    put_u64(b, bits);
}

void put_bytes(struct buf *b, const char *s, size_t n)
{
    assert(n <= UINT32_MAX);
    put_u32(b, (uint32_t)n);
    if (n > 0)
        buf_add(b, s, n);
}

void put_str(struct buf *b, const char *s)
{
    put_bytes(b, s, s ? strlen(s) : 0);
}

void reader_bad(struct wire_reader *r, const char *what)
{
    assert(what);
    if (!r->bad)
        r->bad = what;
}

static const unsigned char *take(struct wire_reader *r, size_t n)
{
    assert(r->bad || r->p);
    if (!r->bad && n > r->left)
        r->bad = "the message ends too early";
    if (r->bad)
        return NULL;
    const unsigned char *p = r->p;
    r->p += n;
    r->left -= n;
    return p;
}

uint8_t get_u8(struct wire_reader *r)
{
    const unsigned char *p = take(r, 1);
    return p ? p[0] : 0;
}

uint32_t get_u32(struct wire_reader *r)
{
    const unsigned char *p = take(r, 4);
    uint32_t v = 0;
    for (int i = 0; p && i < 4; i++)
        v |= (uint32_t)p[i] << (8 * i);
    return v;
}

uint64_t get_u64(struct wire_reader *r)
{
    uint64_t low = get_u32(r);
    return low | (uint64_t)get_u32(r) << 32;
}

double get_double(struct wire_reader *r)
{
    uint64_t bits = get_u64(r);
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

bool get_bool(struct wire_reader *r)
{
    return get_enum(r, 2, "a yes or no is neither") == 1;
}

unsigned get_enum(struct wire_reader *r, unsigned limit, const char *what)
{
    assert(limit > 0);
    unsigned v = get_u8(r);
    if (v < limit)
        return v;
    reader_bad(r, what);
    return 0;
}

int get_int(struct wire_reader *r, int min, int max, const char *what)
{
    assert(min <= max);
    int64_t v = (int32_t)get_u32(r);
    if (!r->bad && (v < min || v > max))
        reader_bad(r, what);
    return r->bad ? min : (int)v;
}

char *bytes_copy(struct arena *mem, const char *s, size_t n)
{
    char *copy = arena_alloc(mem, n + 1); /* zeroed: the NUL is there */
    if (n > 0)
        memcpy(copy, s, n);
    return copy;
}

const char *get_bytes(struct wire_reader *r, size_t max, size_t *n, const char *what)
{
    size_t len = get_u32(r);
    if (len > max)
        reader_bad(r, what);
    const unsigned char *p = take(r, len);
    if (p && !n && memchr(p, 0, len)) {
        reader_bad(r, what);
        p = NULL;
    }
    if (n)
        *n = p ? len : 0;
    return p ? bytes_copy(r->mem, (const char *)p, len) : "";
}

uint32_t get_point(struct wire_reader *r, const char *what)
{
    uint32_t cp = get_u32(r);
    if (cp > 0x10FFFF)
        reader_bad(r, what);
    return r->bad ? 0 : cp;
}

sim_time get_time(struct wire_reader *r, sim_time min, sim_time max, const char *what)
{
    sim_time t = (sim_time)get_u64(r);
    if (t < min || t > max)
        reader_bad(r, what);
    return r->bad ? 0 : t;
}

double get_real(struct wire_reader *r, double min, double max, const char *what)
{
    double x = get_double(r);
    if (!(x >= min && x <= max)) /* NaN is not */
        reader_bad(r, what);
    return r->bad ? 0 : x;
}

size_t get_count(struct wire_reader *r, size_t max, size_t each, const char *what)
{
    assert(each > 0);
    size_t n = get_u32(r);
    if (!r->bad && (n > max || n * each > r->left))
        reader_bad(r, what);
    return r->bad ? 0 : n;
}

/* ---- whole messages -------------------------------------------------------------- */

static bool read_all(int fd, char *p, size_t n)
{
    while (n > 0) {
        ssize_t got = read(fd, p, n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        p += got;
        n -= (size_t)got;
    }
    return true;
}

bool wire_read(int fd, struct buf *b)
{
    char head[4];
    if (!read_all(fd, head, sizeof head))
        return false;
    struct wire_reader r = {.p = (unsigned char *)head, .left = sizeof head};
    size_t n = get_u32(&r);
    if (n > WIRE_MESSAGE_MAX)
        return false;
    buf_reset(b);
    while (n > 0) {
        char part[16384];
        size_t want = n < sizeof part ? n : sizeof part;
        if (!read_all(fd, part, want))
            return false;
        buf_add(b, part, want);
        n -= want;
    }
    return !b->full;
}

bool wire_write(int fd, const struct buf *b)
{
    const char *p = b->s;
    size_t n = b->len;
    while (n > 0) {
        ssize_t put = write(fd, p, n);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        p += put;
        n -= (size_t)put;
    }
    return true;
}
