/*
 * check: assertions that are too dear for a program that is played, and sizes that are
 * small on purpose. Both are there in the hostile build alone (`make check-hostile`,
 * -DTRUECODE_CHECK), which is tested like the other and is there to find what only a
 * rare world would.
 *
 *     enum { FIRST = TINY(64, 1) };       64 places; in the hostile build 1
 *     CHECK(heap_is_ordered(h, n));       walks the heap; elsewhere it costs nothing
 *
 * A cheap invariant is an assert(), which is on in every build of ours; but where a
 * function runs a million times a second (the engine's HOT ones), even that is a CHECK.
 * What stands in a CHECK is compiled in every build, so that it does not rot, and must
 * change nothing.
 */
#ifndef TRUECODE_CHECK_H
#define TRUECODE_CHECK_H

#include "truecode/err.h"

#include <stdbool.h>

#ifdef TRUECODE_CHECK
#define CHECKING 1
#else
#define CHECKING 0
#endif

#define CHECK(x)                                                                       \
    (!CHECKING || (x) ? (void)0 : bug_at(__FILE__, __LINE__, "%s does not hold", #x))
#define TINY(usual, tiny) (CHECKING ? (tiny) : (usual))

/* The byte that freed memory is filled with: no reference, time or count is made of
 * it. */
enum { CHECK_POISON = 0xA5 };

/* Nobody wrote there since it was freed. */
static inline bool check_poisoned(const void *p, size_t bytes)
{
    for (const unsigned char *at = p, *end = at + bytes; at < end; at++)
        if (*at != CHECK_POISON)
            return false;
    return true;
}

#endif
