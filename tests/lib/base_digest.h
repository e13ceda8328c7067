/* A digest of a hundred thousand results of base's maths and random numbers. */
#ifndef TRUECODE_TESTS_BASE_DIGEST_H
#define TRUECODE_TESTS_BASE_DIGEST_H

#include <stdint.h>

/* What base_digest() gives on every machine, compiler and level. Another number is
 * another world in every lesson: the engine's number must rise with it. */
#define BASE_DIGEST UINT64_C(0x5622bf0e70934ef3)

uint64_t base_digest(void);

#endif
