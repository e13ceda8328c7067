/*
 * Stable sorting: merge sort from short sorted runs upwards, between the array and one
 * scratch array of its size. Equal elements keep their order, so the result depends on
 * nothing but the input; O(n log n) always.
 */
#include "truecode/base.h"

#include <assert.h>
#include <string.h>

enum { RUN = 8 };

struct sorter {
    size_t size;
    int (*cmp)(const void *, const void *, void *);
    void *ctx;
};

/* Insertion sort of `n` elements; `spare` has room for one. */
static void sort_run(const struct sorter *s, char *a, size_t n, char *spare)
{
    assert(n > 0);
    for (size_t i = 1; i < n; i++) {
        char *x = a + i * s->size, *to = x;
        while (to > a && s->cmp(to - s->size, x, s->ctx) > 0)
            to -= s->size;
        if (to == x)
            continue;
        memcpy(spare, x, s->size);
        memmove(to + s->size, to, (size_t)(x - to));
        memcpy(to, spare, s->size);
    }
}

/* Merges [left, middle) and [middle, end) of `from` into `to`; the left wins a tie. */
static void merge(const struct sorter *s, char *to, const char *left,
                  const char *middle, const char *end)
{
    const char *right = middle;
    while (left < middle && right < end) {
        const char **from = s->cmp(left, right, s->ctx) <= 0 ? &left : &right;
        memcpy(to, *from, s->size);
        to += s->size;
        *from += s->size;
    }
    memcpy(to, left, (size_t)(middle - left));
    memcpy(to + (middle - left), right, (size_t)(end - right));
}

static size_t at_most(size_t a, size_t b)
{
    return a < b ? a : b;
}

void sort_stable(void *base, size_t count, size_t size,
                 int (*cmp)(const void *, const void *, void *), void *ctx)
{
    assert(size > 0 && cmp);
    if (count < 2 || size == 0)
        return;
    struct sorter s = {size, cmp, ctx};
    char *scratch = mem_array(count, size);
    for (size_t i = 0; i < count; i += RUN)
        sort_run(&s, (char *)base + i * size, at_most(RUN, count - i), scratch);

    char *from = base, *to = scratch;
    for (size_t width = RUN; width < count; width *= 2) {
        for (size_t i = 0; i < count; i += 2 * width) {
            size_t middle = at_most(i + width, count),
                   end = at_most(i + 2 * width, count);
            merge(&s, to + i * size, from + i * size, from + middle * size,
                  from + end * size);
        }
        char *swap = from;
        from = to;
        to = swap;
    }
    if (from != base)
        memcpy(base, from, count * size);
    mem_free(scratch);
}
