/*
 * A stable 64-bit hash: the same on every machine and in every version, since seeds of
 * streams and trace digests hang on it. Not cryptographic (sha256.c is).
 *
 * One step mixes a word into the state: an odd multiplication, so that order counts,
 * then the finalizer of splitmix64 (Stafford's variant 13), which lets each bit of the
 * input reach each bit of the result. For a fixed state it is a bijection of the word.
 */
#include "truecode/base.h"

uint64_t hash_u64(uint64_t h, uint64_t v)
{
    uint64_t x = (h + UINT64_C(0x9E3779B97F4A7C15)) * UINT64_C(0xD6E8FEB86659FD93) ^ v;
    x ^= x >> 30;
    x *= UINT64_C(0xBF58476D1CE4E5B9);
    x ^= x >> 27;
    x *= UINT64_C(0x94D049BB133111EB);
    return x ^ x >> 31;
}

/* Up to eight bytes as a little-endian word, on any machine. */
static uint64_t word_at(const unsigned char *p, size_t n)
{
    uint64_t w = 0;
    for (size_t i = 0; i < n; i++)
        w |= (uint64_t)p[i] << (8 * i);
    return w;
}

/* The length goes in last: "a" and "a\0" differ. */
uint64_t hash_bytes(uint64_t h, const void *p, size_t n)
{
    const unsigned char *u = p;
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        h = hash_u64(h, word_at(u + i, 8));
    if (i < n)
        h = hash_u64(h, word_at(u + i, n - i));
    return hash_u64(h, n);
}
