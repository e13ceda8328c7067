/* The tables behind zipf_at(): see zipf.h. */
#include "engine/zipf.h"

struct zipf *zipf_make(struct arena *arena, uint32_t n, double s)
{
    double sum = 0;
    if (s <= 0)
        return NULL;
    double *upto = arena_alloc(arena, n * sizeof *upto);
    for (uint32_t i = 0; i < n; i++)
        upto[i] = sum += tc_pow((double)i + 1, -s);
    for (uint32_t i = 0; i < n; i++)
        upto[i] /= sum;
    uint32_t cells = 1;
    while (cells < n)
        cells *= 2;
    /* u * cells is exact: u lies in the cell that it is rounded down to. */
    uint32_t *guide = arena_alloc(arena, (cells + 1) * sizeof *guide);
    for (uint32_t k = 0, i = 0; k <= cells; k++) {
        while (i < n - 1 && (double)k / cells >= upto[i])
            i++;
        guide[k] = i;
    }
    struct zipf *z = arena_alloc(arena, sizeof *z);
    *z = (struct zipf){.upto = upto, .guide = guide, .n = n, .cells = cells};
    return z;
}
