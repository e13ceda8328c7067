/*
 * heap: a binary heap of 16-byte integers, the smallest first. What is compared is in
 * the upper bits and what it stands for in the lower ones, so that one comparison of
 * integers orders two entries and moving one is all there is to moving it. The smaller
 * of two children is chosen without a branch.
 *
 * The array is the caller's; so is making room in it.
 */
#ifndef SIM_HEAP_H
#define SIM_HEAP_H

#include "engine/engine.h"

__extension__ typedef unsigned __int128 heap_key;

/* Puts k where the top was and lets it sink. Places are counted in bytes, which is what
 * a processor can add to an address as it is. n >= 1. */
HOT void heap_sink(heap_key *heap, uint32_t n, heap_key k)
{
    enum { SIZE = sizeof(heap_key) };
    char *at = (char *)heap;
    size_t i = 0, c = SIZE, last = (size_t)n * SIZE - SIZE;
#define HEAP_AT(x) (*(heap_key *)(void *)(at + (x)))
    while (c < last) {
        c += HEAP_AT(c + SIZE) < HEAP_AT(c) ? SIZE : 0;
        if (k <= HEAP_AT(c))
            break;
        HEAP_AT(i) = HEAP_AT(c);
        i = c;
        c = 2 * i + SIZE;
    }
    if (c == last && HEAP_AT(c) < k) {
        HEAP_AT(i) = HEAP_AT(c);
        i = c;
    }
    HEAP_AT(i) = k;
#undef HEAP_AT
}

/* Puts k at place i, the end, and lets it rise. */
HOT void heap_rise(heap_key *heap, uint32_t i, heap_key k)
{
    while (i > 0) {
        uint32_t up = (i - 1) / 2;
        if (heap[up] <= k)
            break;
        heap[i] = heap[up];
        i = up;
    }
    heap[i] = k;
}

/* Takes the top off; *n becomes one less. */
HOT void heap_pop(heap_key *heap, uint32_t *n)
{
    if (--*n > 0)
        heap_sink(heap, *n, heap[*n]);
}

#endif
