/*
 * A byte string that grows up to a limit and is always NUL-terminated.
 *
 * An addition that does not fit is dropped whole, and so is everything after it: what
 * stands in a full buf is a true beginning, never a text with a hole. A zeroed struct
 * is as good as an initialised one, but its `s` is NULL until something is added.
 */
#include "truecode/base.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { FIRST = TINY(64, 1), MAX_DEFAULT = 16 * 1024 * 1024 };

/* The text of a buffer that owns nothing; never written to. */
static const char nothing[1];

void buf_init(struct buf *b, size_t max)
{
    *b = (struct buf){.s = (char *)nothing, .max = max};
}

void buf_release(struct buf *b)
{
    assert(b->len < b->cap || !b->cap);
    if (b->cap)
        mem_free(b->s);
    buf_init(b, b->max);
}

void buf_reset(struct buf *b)
{
    assert(b->len < b->cap || !b->cap);
    b->len = 0;
    b->full = false;
    if (b->cap)
        b->s[0] = '\0';
    else
        b->s = (char *)nothing;
}

/* Makes room for n more bytes and the NUL; false (and full) where the limit is. */
static bool reserve(struct buf *b, size_t n)
{
    assert(b->len < b->cap || (!b->cap && !b->len));
    size_t max = b->max ? b->max : MAX_DEFAULT;
    if (b->full || n > max || b->len > max - n) {
        b->full = true;
        return false;
    }
    size_t need = b->len + n + 1;
    if (need <= b->cap)
        return true;
    size_t cap = b->cap ? b->cap : FIRST;
    while (cap < need)
        cap = cap > SIZE_MAX / 2 ? need : cap * 2;
    b->s = mem_grow(b->cap ? b->s : NULL, cap, 1);
    b->cap = cap;
    b->s[b->len] = '\0';
    return true;
}

void buf_add(struct buf *b, const void *p, size_t n)
{
    if (n == 0 || !reserve(b, n))
        return;
    memcpy(b->s + b->len, p, n);
    b->len += n;
    b->s[b->len] = '\0';
}

void buf_adds(struct buf *b, const char *s)
{
    buf_add(b, s, strlen(s));
}

void buf_addch(struct buf *b, char c)
{
    buf_add(b, &c, 1);
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    buf_vaddf(b, fmt, ap);
    va_end(ap);
}

/* Tries in the room that is left; only a line that does not fit is formatted twice. */
void buf_vaddf(struct buf *b, const char *fmt, va_list ap)
{
    if (b->full)
        return;
    va_list again;
    va_copy(again, ap);
    size_t room = b->cap - b->len;
    int n = vsnprintf(b->cap ? b->s + b->len : NULL, room, fmt, ap);
    if (n < 0)
        BUG("buf_addf: \"%s\" cannot be formatted", fmt);
    if ((size_t)n < room) {
        size_t max = b->max ? b->max : MAX_DEFAULT;
        if (b->len + (size_t)n > max)
            b->full = true;
        else
            b->len += (size_t)n;
    } else if (reserve(b, (size_t)n)) {
        vsnprintf(b->s + b->len, (size_t)n + 1, fmt, again);
        b->len += (size_t)n;
    }
    if (b->cap)
        b->s[b->len] = '\0';
    va_end(again);
}

void buf_pad(struct buf *b, size_t width_from_line_start)
{
    size_t start = b->len;
    while (start > 0 && b->s[start - 1] != '\n')
        start--;
    if (b->len == 0 && !reserve(b, 0))
        return;
    for (size_t w = text_width(b->s + start); w < width_from_line_start; w++)
        buf_addch(b, ' ');
}
