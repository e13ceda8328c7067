/*
 * A world's memory: one region, named by offsets, handed out by bumping a pointer,
 * taken back to a list per power of two. Copying a world is copying the bytes in use.
 *
 * Nothing can fail in the middle of an event, and nothing may move there. So a region
 * lies where there is nothing behind it for gigabytes, and grows in its place whenever
 * an event wants more than is mapped: a process that dies with a hundred thousand
 * requests inside answers them all. How much a world may have is looked at between
 * events, by world_headroom(): a world that is beyond its limit is stopped there.
 *
 * What world_headroom() maps ahead is what an event usually takes, so that growing in
 * the middle of one is rare; and where the process has no address space left, that is
 * found out there, too, and is told like any other limit.
 */
#include "engine/memory.h"
#include "engine/ledger.h"

#include <sys/mman.h>

enum { VAST = 4 << 20 };
enum { CLASS_MIN = 1 }; /* 16 bytes: calendar keys want that alignment */

/* ---- where it lies --------------------------------------------------------------- */

static size_t page_up(size_t bytes)
{
    return (bytes + 4095) & ~(size_t)4095;
}

/* NULL: no address space. An address is a wish. */
static char *map_at(char *wish, size_t bytes)
{
    if (MEM_REFUSED(MEM_MAP))
        return NULL;
    void *p = mmap(wish, bytes, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

#if UINTPTR_MAX > UINT32_MAX
/* Systems hand out addresses from the ends of the address space; its middle, from 32 to
 * 96 TiB, is empty. There every region has 4 GiB to itself. */
static char *map_alone(const struct world *w, size_t bytes)
{
    enum { PLACES = 1 << 14, TRIES = 16 };
    uintptr_t start = ((uintptr_t)w >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 50;
    for (uintptr_t i = 0; i < TRIES; i++) {
        uintptr_t at = (UINT64_C(32) << 40) + ((start + i) % PLACES << 32);
        char *wish = (char *)at, *p = map_at(wish, bytes);
        if (p == wish || !p)
            return p;
        munmap(p, bytes);
    }
    return NULL;
}
#else
static char *map_alone(const struct world *w, size_t bytes)
{
    (void)w, (void)bytes;
    return NULL;
}
#endif

/* Where nothing can lie alone, it gets at once what it may ever have, twice. */
bool region_map(struct world *w, size_t bytes)
{
    w->mapped = page_up(bytes);
    if (!mem_room(w->mapped + MEM_RESERVE))
        return false;
    w->base = map_alone(w, w->mapped);
    if (w->base)
        return true;
    size_t all = page_up(2 * w->limit);
    w->base = mem_room(all + MEM_RESERVE) ? map_at(NULL, all) : NULL;
    if (w->base)
        w->mapped = all;
    else
        w->base = map_at(NULL, w->mapped);
    return w->base;
}

/* In its place. */
static bool region_grow(struct world *w, size_t bytes)
{
    size_t more = page_up(bytes) - w->mapped;
    char *wish = w->base + w->mapped, *p = map_at(wish, more);
    if (p == wish) {
        w->mapped += more;
        return true;
    }
    if (p)
        munmap(p, more);
    return false;
}

void region_unmap(struct world *w)
{
    if (w->base)
        munmap(w->base, w->mapped);
    w->base = NULL;
}

/* ---- handing it out -------------------------------------------------------------- */

static unsigned size_class(size_t bytes)
{
    size_t words = (bytes + 7) / 8;
    unsigned c = words <= 1 ? 0 : 64 - (unsigned)__builtin_clzll(words - 1);
    return c < CLASS_MIN ? CLASS_MIN : c;
}

/* In the middle of an event: there is no way back from here. */
static SELDOM void grow_now(struct world *w, size_t end)
{
    if (!region_grow(w, end + end / 8) && !region_grow(w, end))
        die("out of memory: a world of %zu MiB cannot grow", w->mapped >> 20);
}

ref w_alloc(struct world *w, size_t bytes)
{
    struct head *h = W_HEAD(w);
    unsigned c = size_class(bytes);
    ref r = h->free_lists[c];
    CHECK(bytes > 0 && c < COUNT_OF(h->free_lists));
    if (r != 0) {
        h->free_lists[c] = *W_PTR(w, ref, r);
        CHECK(
            check_poisoned(W_PTR(w, char, r) + sizeof r, ((size_t)8 << c) - sizeof r));
        memset(W_PTR(w, char, r), 0, (size_t)8 << c);
        return r;
    }
    r = h->used;
    size_t end = ((size_t)r + ((size_t)1 << c)) * 8;
    if (end > w->mapped)
        grow_now(w, end);
    h->used = (ref)(end / 8);
    if ((ref)1 << c > h->largest) {
        h->largest = (ref)1 << c;
        w->safe = 0;
    }
    return r;
}

void w_release(struct world *w, ref r, size_t bytes)
{
    unsigned c = size_class(bytes);
    if (r == 0)
        return;
    if (CHECKING)
        memset(W_PTR(w, char, r), CHECK_POISON, (size_t)8 << c);
    *W_PTR(w, ref, r) = W_HEAD(w)->free_lists[c];
    W_HEAD(w)->free_lists[c] = r;
}

void w_grow(struct world *w, ref *array, uint32_t *cap, uint32_t need, size_t size)
{
    if (need <= *cap)
        return;
    enum { FIRST = TINY(4, 1) };
    uint32_t n = *cap < FIRST ? FIRST : *cap;
    CHECK((*array == 0) == (*cap == 0));
    while (n < need)
        n *= 2;
    ref fresh = w_alloc(w, n * size);
    if (*array != 0) {
        memcpy(W_PTR(w, char, fresh), W_PTR(w, char, *array), *cap * size);
        w_release(w, *array, *cap * size);
    }
    *array = fresh;
    *cap = n;
    CHECK(*cap >= need);
}

/* ---- between events -------------------------------------------------------------- */

/* The room that an event usually takes at most: the largest array doubles twice; and
 * what the model is known to want at once: the branches of a program, the ring of a
 * consistent hash. */
static size_t headroom_bytes(const struct world *w)
{
    size_t branches = (size_t)w->model->widest * 2 * sizeof(struct act);
    size_t rings = (size_t)w->model->ring_places * 2 * sizeof(uint64_t);
    return HEADROOM + (size_t)W_HEAD(w)->largest * 32 + branches + rings;
}

bool world_headroom(struct world *w, size_t extra)
{
    size_t used = (size_t)W_HEAD(w)->used * 8;
    size_t need = used + headroom_bytes(w) + extra;
    if (need > w->limit)
        return false;
    if (need > w->mapped) {
        size_t twice = w->mapped * 2 < w->limit ? w->mapped * 2 : w->limit;
        twice = twice > need ? twice : need;
        if (!mem_room(twice - w->mapped + MEM_RESERVE))
            twice = need;
        if (!mem_room(twice - w->mapped + MEM_RESERVE) || !region_grow(w, twice))
            return false;
    }
    w->vast = used > VAST;
    size_t most = w->mapped < w->limit ? w->mapped : w->limit; /* the same in a copy */
    w->safe = (ref)((most - headroom_bytes(w)) / 8);
    return true;
}
