/*
 * Memory that is there or ends the program: callers never look for NULL, because there
 * is nothing sensible a flight simulator does without memory. What may be refused by a
 * limit (a lesson's heap, a world's 64 MiB) is counted by its owner, not here.
 */
#include "truecode/base.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#ifndef MAP_NORESERVE
#define MAP_NORESERVE 0
#endif

static bool (*refuses)(enum mem_use use); /* of a test; nobody's in the program */

void mem_trap(bool (*fails)(enum mem_use use))
{
    refuses = fails;
}

bool mem_trapped(enum mem_use use)
{
    return refuses && refuses(use);
}

static size_t alive;

size_t mem_alive(void)
{
    return alive;
}

static size_t product(size_t count, size_t size)
{
    size_t n;
    if (__builtin_mul_overflow(count, size, &n))
        die("out of memory: %zu times %zu bytes", count, size);
    return n ? n : 1;
}

void *mem_alloc(size_t n)
{
    return mem_array(n, 1);
}

void *mem_array(size_t count, size_t size)
{
    size_t n = product(count, size);
    void *p = MEM_REFUSED(MEM_HEAP) ? NULL : calloc(1, n);
    if (!p)
        die("out of memory: %zu bytes", n);
    alive += CHECKING;
    return p;
}

void *mem_grow(void *p, size_t count, size_t size)
{
    size_t n = product(count, size);
    void *grown = MEM_REFUSED(MEM_HEAP) ? NULL : realloc(p, n);
    if (!grown)
        die("out of memory: %zu bytes", n);
    alive += CHECKING && !p;
    return grown;
}

char *mem_strdup(const char *s)
{
    size_t n = strlen(s) + 1;
    char *copy = mem_alloc(n);
    memcpy(copy, s, n);
    return copy;
}

bool mem_room(size_t bytes)
{
    if (MEM_REFUSED(MEM_MAP))
        return false;
    void *p = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                   -1, 0);
    return p != MAP_FAILED && munmap(p, bytes) == 0;
}

void mem_free(void *p)
{
    alive -= CHECKING && p;
    free(p);
}
