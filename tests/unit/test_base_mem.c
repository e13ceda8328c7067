/* Memory, arenas, growing strings and the stable sort. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "truecode/base.h"

#include <stdio.h>
#include <string.h>

static bool all_zero(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i])
            return false;
    return true;
}

static void memory_is_zeroed(void **state)
{
    (void)state;
    char *p = mem_array(100, 10);
    assert_true(all_zero(p, 1000));
    mem_free(p);
    p = mem_alloc(0);
    assert_non_null(p);
    p = mem_grow(p, 1000, 1);
    memset(p, 1, 1000);
    mem_free(p);
    mem_free(NULL);
}

/* Sizes from nothing to bigger than any block, each filled to the last byte: the next
 * ones must still be zero, aligned, and none may overlap (ASan sees the block's end).
 */
static void arena_memory_is_zero_aligned_and_apart(void **state)
{
    (void)state;
    struct arena a = {0};
    struct rng r;
    rng_seed(&r, 1, "arena");
    for (int i = 0; i < 2000; i++) {
        size_t n = rng_below(&r, i % 50 == 0 ? 400000 : 300);
        char *p = arena_alloc(&a, n);
        assert_int_equal((uintptr_t)p % 16, 0);
        assert_true(all_zero(p, n));
        memset(p, 0xAA, n);
    }
    assert_true(a.used > 100000);
    arena_release(&a);
    assert_int_equal(a.used, 0);
    assert_null(a.head);
    char *again = arena_alloc(&a, 5);
    assert_true(all_zero(again, 5));
    arena_release(&a);
    arena_release(&a);
}

static void arena_strings(void **state)
{
    (void)state;
    struct arena a = {0};
    char *s = arena_strdup(&a, "checkout");
    char *cut = arena_strndup(&a, "checkout", 5);
    char *whole = arena_strndup(&a, "pay", 50);
    char *made = arena_printf(&a, "%s-%d", "pay", 42);
    char *empty = arena_strdup(&a, "");
    assert_string_equal(s, "checkout");
    assert_string_equal(cut, "check");
    assert_string_equal(whole, "pay");
    assert_string_equal(made, "pay-42");
    assert_string_equal(empty, "");
    arena_release(&a);
}

/* ---- buf ------------------------------------------------------------------------- */

/* A buf of at most ten bytes holds ten; what does not fit is left out whole, and so is all
 * that comes after, though it would fit. */
static void a_buf_ends_at_its_limit(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 10);
    buf_adds(&b, "0123456789");
    assert_int_equal(b.len, 10);
    assert_false(b.full);
    buf_addch(&b, 'x');
    assert_true(b.full);
    assert_string_equal(b.s, "0123456789");
    buf_release(&b);
    buf_adds(&b, "01234567");
    buf_adds(&b, "too long");
    buf_addch(&b, '8');
    assert_string_equal(b.s, "01234567");
    buf_release(&b);
}

static void arrays_grow_and_keep_what_they_hold(void **state)
{
    (void)state;
    struct arena mem = {0};
    int *heap = NULL, *kept = NULL;
    size_t n_heap = 0, cap_heap = 0;
    uint32_t n_kept = 0, cap_kept = 0;
    for (int i = 0; i < 1000; i++) {
        GROW(heap, n_heap, cap_heap);
        heap[n_heap++] = i;
        ARENA_GROW(&mem, kept, n_kept, cap_kept);
        kept[n_kept++] = -i;
    }
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(heap[i], i);
        assert_int_equal(kept[i], -i);
    }
    assert_int_equal(cap_heap, 1024);
    assert_int_equal(cap_kept, 1024);
    mem_free(heap);
    arena_release(&mem);
}

static void a_buf_grows_and_is_terminated(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 0);
    assert_string_equal(b.s, "");
    for (int i = 0; i < 10000; i++) {
        buf_addf(&b, "%d,", i % 10);
        assert_int_equal(b.s[b.len], '\0');
    }
    assert_int_equal(b.len, 20000);
    assert_memory_equal(b.s, "0,1,2,3,4,5,6,7,8,9,0,", 22);
    assert_false(b.full);
    buf_reset(&b);
    assert_string_equal(b.s, "");
    buf_release(&b);
    assert_string_equal(b.s, "");
    assert_int_equal(b.cap, 0);
}

static void a_zeroed_buf_works(void **state)
{
    (void)state;
    struct buf b = {0};
    buf_addf(&b, "%s", "a");
    buf_addch(&b, 'b');
    buf_adds(&b, "");
    buf_add(&b, NULL, 0);
    assert_string_equal(b.s, "ab");
    buf_release(&b);
    struct buf untouched = {0};
    buf_release(&untouched);
    struct buf padded = {0};
    buf_pad(&padded, 3);
    assert_string_equal(padded.s, "   ");
    buf_release(&padded);
}

/* A full buf holds the beginning of what was added: no hole. */
static void a_full_buf_drops_what_comes_after(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 10);
    buf_adds(&b, "12345");
    buf_adds(&b, "678901");
    assert_true(b.full);
    assert_string_equal(b.s, "12345");
    buf_adds(&b, "6");
    buf_addf(&b, "%d", 6);
    buf_addch(&b, '6');
    buf_pad(&b, 9);
    assert_string_equal(b.s, "12345");
    buf_reset(&b);
    assert_false(b.full);
    buf_adds(&b, "1234567890");
    assert_false(b.full);
    assert_string_equal(b.s, "1234567890");
    buf_addf(&b, "%s", "");
    assert_false(b.full);
    buf_addf(&b, "%c", 'x');
    assert_true(b.full);
    assert_string_equal(b.s, "1234567890");
    buf_release(&b);
    assert_int_equal(b.max, 10);
}

/* The limit holds although the memory behind it is bigger (it grows by doubling). */
static void printf_into_a_buf_obeys_the_limit(void **state)
{
    (void)state;
    for (size_t max = 1; max < 300; max++) {
        struct buf b;
        buf_init(&b, max);
        for (int i = 0; i < 100; i++) {
            buf_addf(&b, "%0*d", i % 7, i);
            assert_true(b.len <= max);
            assert_int_equal(strlen(b.s), b.len);
        }
        assert_true(b.full);
        buf_release(&b);
    }
}

static void the_default_limit_is_16_MiB(void **state)
{
    (void)state;
    struct buf b = {0};
    char block[4096];
    memset(block, 'x', sizeof block);
    for (int i = 0; i < 4096; i++)
        buf_add(&b, block, sizeof block);
    assert_false(b.full);
    buf_addch(&b, 'x');
    assert_true(b.full);
    assert_int_equal(b.len, 16 * 1024 * 1024);
    buf_release(&b);
}

static void padding_counts_columns_of_the_last_line(void **state)
{
    (void)state;
    struct buf b = {0};
    buf_adds(&b, "a long first line\nab\xE4\xB8\xAD"); /* a wide character */
    buf_pad(&b, 6);
    buf_addch(&b, '|');
    buf_pad(&b, 3);
    assert_string_equal(b.s, "a long first line\nab\xE4\xB8\xAD  |");
    buf_release(&b);
}

/* ---- sort ------------------------------------------------------------------------ */

struct item {
    int key;
    int place;
    char filling[5];
};

static int by_key(const void *a, const void *b, void *ctx)
{
    const struct item *x = a, *y = b;
    ++*(int *)ctx;
    return (x->key > y->key) - (x->key < y->key);
}

/* Few keys, so many ties: sorted, ties in their old order, nothing lost, and no more
 * comparisons than merging needs. */
static void sorting_is_stable(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 2, "sort");
    static struct item items[3000];
    for (uint32_t n = 0; n < 3000; n = n < 70 ? n + 1 : n * 2 + rng_below(&r, 5)) {
        for (uint32_t i = 0; i < n; i++)
            items[i] = (struct item){(int)rng_below(&r, 1 + n / 4), (int)i, "fill"};
        int compared = 0;
        sort_stable(items, n, sizeof items[0], by_key, &compared);
        bool seen[3000] = {false};
        for (uint32_t i = 0; i < n; i++) {
            assert_false(seen[items[i].place]);
            seen[items[i].place] = true;
            assert_string_equal(items[i].filling, "fill");
            if (i > 0)
                assert_true(items[i - 1].key < items[i].key ||
                            (items[i - 1].key == items[i].key &&
                             items[i - 1].place < items[i].place));
        }
        assert_true(compared <= (int)n * 16);
    }
    sort_stable(NULL, 0, sizeof items[0], by_key, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed),
        cmocka_unit_test(arena_memory_is_zero_aligned_and_apart),
        cmocka_unit_test(arena_strings),
        cmocka_unit_test(a_buf_ends_at_its_limit),
        cmocka_unit_test(arrays_grow_and_keep_what_they_hold),
        cmocka_unit_test(a_buf_grows_and_is_terminated),
        cmocka_unit_test(a_zeroed_buf_works),
        cmocka_unit_test(a_full_buf_drops_what_comes_after),
        cmocka_unit_test(printf_into_a_buf_obeys_the_limit),
        cmocka_unit_test(the_default_limit_is_16_MiB),
        cmocka_unit_test(padding_counts_columns_of_the_last_line),
        cmocka_unit_test(sorting_is_stable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
