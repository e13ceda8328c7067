/*
 * Bump allocation: a chain of blocks, newest first; each request is cut from the head.
 * Blocks grow with what the arena holds, so that a big lesson needs few of them and a
 * small command one. Memory is zero because blocks come from calloc and are cut once.
 */
#include "truecode/base.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { ALIGN = 16, BLOCK_MIN = TINY(4096, 16), BLOCK_MAX = TINY(256 * 1024, 64) };

struct arena_block {
    struct arena_block *older;
    size_t used, size; /* of data[] */
    _Alignas(ALIGN) char data[];
};

static struct arena_block *block_new(const struct arena *a, size_t need)
{
    assert(need % ALIGN == 0);
    size_t size = a->used < BLOCK_MIN ? BLOCK_MIN : a->used;
    if (size > BLOCK_MAX)
        size = BLOCK_MAX;
    if (size < need)
        size = need;
    if (size > SIZE_MAX - sizeof(struct arena_block))
        die("out of memory: %zu bytes", size);
    struct arena_block *b = mem_alloc(sizeof *b + size);
    b->size = size;
    return b;
}

void *arena_alloc(struct arena *a, size_t n)
{
    if (n > SIZE_MAX - ALIGN)
        die("out of memory: %zu bytes", n);
    size_t need = (n + ALIGN - 1) / ALIGN * ALIGN;
    if (need == 0)
        need = ALIGN;
    if (!a->head || a->head->size - a->head->used < need) {
        struct arena_block *b = block_new(a, need);
        b->older = a->head;
        a->head = b;
    }
    void *p = a->head->data + a->head->used;
    a->head->used += need;
    a->used += need;
    return p;
}

void arena_release(struct arena *a)
{
    while (a->head) {
        struct arena_block *b = a->head;
        a->head = b->older;
        mem_free(b);
    }
    a->used = 0;
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
    assert(s || !n);
    n = strnlen(s, n);
    char *copy = arena_alloc(a, n + 1);
    memcpy(copy, s, n);
    return copy;
}

void *arena_grow(struct arena *a, const void *p, size_t n, size_t cap, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(cap, size, &bytes))
        die("out of memory: %zu times %zu bytes", cap, size);
    void *grown = arena_alloc(a, bytes);
    if (n > 0)
        memcpy(grown, p, n * size);
    return grown;
}

char *arena_strdup(struct arena *a, const char *s)
{
    return arena_strndup(a, s, strlen(s));
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0)
        BUG("arena_printf: \"%s\" cannot be formatted", fmt);
    char *s = arena_alloc(a, (size_t)n + 1);
    vsnprintf(s, (size_t)n + 1, fmt, again);
    va_end(again);
    return s;
}
