/* The stable hash, pinned; and SHA-256 against the standard's answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "truecode/base.h"

#include <stdlib.h>
#include <string.h>

/* Seeds of streams and digests of traces hang on these. */
static void the_hash_is_pinned(void **state)
{
    (void)state;
    assert_int_equal(hash_u64(0, 0), UINT64_C(0x6ae4947ecd406822));
    assert_int_equal(hash_u64(1, 2), UINT64_C(0x8aa361b77b282f04));
    assert_int_equal(hash_bytes(0, "", 0), UINT64_C(0x6ae4947ecd406822));
    assert_int_equal(hash_bytes(0, "checkout", 8), UINT64_C(0x97f856b95f9aa84d));
    assert_int_equal(hash_bytes(7, "checkout/service-time", 21),
                     UINT64_C(0xf6b11e9fc9782c70));
}

static void order_length_and_start_count(void **state)
{
    (void)state;
    assert_int_not_equal(hash_u64(1, 2), hash_u64(2, 1));
    assert_int_not_equal(hash_u64(hash_u64(0, 1), 2), hash_u64(hash_u64(0, 2), 1));
    assert_int_not_equal(hash_bytes(0, "a", 1), hash_bytes(0, "a\0", 2));
    assert_int_not_equal(hash_bytes(0, "", 0), hash_bytes(0, "\0", 1));
    assert_int_not_equal(hash_bytes(0, "a", 1), hash_bytes(1, "a", 1));
    assert_int_not_equal(hash_bytes(0, "12345678", 8), hash_bytes(0, "12345678\0", 9));
}

static void where_the_bytes_lie_does_not_count(void **state)
{
    (void)state;
    char room[64];
    uint64_t want = hash_bytes(0, "where the bytes lie", 19);
    for (size_t at = 0; at < 16; at++) {
        memcpy(room + at, "where the bytes lie", 19);
        assert_int_equal(hash_bytes(0, room + at, 19), want);
    }
}

/* Each bit of a word turns each bit of the result over half the time. */
static void every_bit_reaches_every_bit(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 1, "avalanche");
    static int flips[64][64];
    const int n = 4000;
    for (int i = 0; i < n; i++) {
        uint64_t h = rng_next(&r), v = (uint64_t)i, before = hash_u64(h, v);
        for (int in = 0; in < 64; in++) {
            uint64_t changed = before ^ hash_u64(h, v ^ UINT64_C(1) << in);
            for (int out = 0; out < 64; out++)
                flips[in][out] += (int)(changed >> out & 1);
        }
    }
    for (int in = 0; in < 64; in++)
        for (int out = 0; out < 64; out++)
            assert_true(abs(flips[in][out] - n / 2) < 200);
}

static void sha_is(const char *text, size_t n, const char *want)
{
    char hex[65];
    sha256_hex(hex, text, n);
    assert_string_equal(hex, want);
}

static void sha256_gives_the_known_answers(void **state)
{
    (void)state;
    sha_is(NULL, 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    sha_is("abc", 3,
           "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    const char *two_blocks = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    sha_is(two_blocks, 56,
           "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    char *million = malloc(1000000);
    assert_non_null(million);
    memset(million, 'a', 1000000);
    sha_is(million, 1000000,
           "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(million);
}

/* Around the block's end, where padding needs one block more: the hash of all hashes of
 * "", "a", "aa", ... (200 lengths), computed with another program. */
static void sha256_of_every_length(void **state)
{
    (void)state;
    char text[200], all[200 * 64], hex[65];
    memset(text, 'a', sizeof text);
    for (size_t n = 0; n < 200; n++) {
        sha256_hex(hex, text, n);
        memcpy(all + 64 * n, hex, 64);
    }
    sha_is(all, sizeof all,
           "019f2b9f1af27a53a1f046da7e98af2c179f431e4b5bebb000e74040917a4123");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_hash_is_pinned),
        cmocka_unit_test(order_length_and_start_count),
        cmocka_unit_test(where_the_bytes_lie_does_not_count),
        cmocka_unit_test(every_bit_reaches_every_bit),
        cmocka_unit_test(sha256_gives_the_known_answers),
        cmocka_unit_test(sha256_of_every_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
