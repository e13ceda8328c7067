/*
 * UTF-8, strictly (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF.
 *
 * A malformed sequence takes as many bytes as could have begun a good one (Unicode 3.9,
 * "maximal subpart"), so a broken character costs one U+FFFD and never eats the good
 * one behind it. Widths come from utf8proc, so they are the same in every locale.
 */
#include "truecode/base.h"

#include <assert.h>
#include <string.h>
#include <utf8proc.h>

enum { REPLACEMENT = 0xFFFD };

/* The promise of a first byte: continuation bytes (-1: it is none) and the range of
 * the second byte, which is where overlong forms, surrogates and the end show. */
static int promise(unsigned char first, unsigned char *low, unsigned char *high)
{
    *low = 0x80;
    *high = 0xBF;
    if (first < 0x80)
        return 0;
    if (first < 0xC2 || first > 0xF4)
        return -1;
    if (first < 0xE0)
        return 1;
    if (first == 0xE0)
        *low = 0xA0;
    else if (first == 0xED)
        *high = 0x9F;
    else if (first == 0xF0)
        *low = 0x90;
    else if (first == 0xF4)
        *high = 0x8F;
    return first < 0xF0 ? 2 : 3;
}

size_t utf8_next(const char *s, size_t n, uint32_t *cp)
{
    assert(n > 0);
    const unsigned char *u = (const unsigned char *)s;
    unsigned char low, high;
    int more = promise(u[0], &low, &high);
    if (more == 0) {
        *cp = u[0];
        return 1;
    }
    *cp = REPLACEMENT;
    if (more < 0)
        return 1;
    uint32_t c = u[0] & (0x3FU >> more);
    for (size_t i = 1; i <= (size_t)more; i++) {
        if (i >= n || u[i] < low || u[i] > high)
            return i;
        c = c << 6 | (u[i] & 0x3FU);
        low = 0x80;
        high = 0xBF;
    }
    *cp = c;
    return (size_t)more + 1;
}

size_t utf8_put(char out[4], uint32_t cp)
{
    if (cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF))
        cp = REPLACEMENT;
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    size_t n = cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
    static const unsigned char mark[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = n - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (cp & 0x3F));
        cp >>= 6;
    }
    out[0] = (char)(mark[n] | cp);
    return n;
}

int text_width_cp(uint32_t cp)
{
    if (cp >= 0x20 && cp < 0x7F)
        return 1;
    if (cp > 0x10FFFF)
        return 0;
    return utf8proc_charwidth((utf8proc_int32_t)cp);
}

size_t text_width(const char *s)
{
    size_t n = strlen(s), width = 0;
    while (n > 0) {
        uint32_t cp;
        size_t took = utf8_next(s, n, &cp);
        width += (size_t)text_width_cp(cp);
        s += took;
        n -= took;
    }
    return width;
}
