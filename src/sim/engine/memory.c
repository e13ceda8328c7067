/*
 * A world's memory: one region, named by offsets, handed out by bumping a pointer,
 * taken back to a list per power of two. Copying a world is copying the bytes in use.
 *
 * Nothing can fail in the middle of an event: before each event the loop calls
 * world_headroom(), which keeps 256 KiB free, room for the largest array to double
 * twice, for what the model is known to want at once: the branches of a program, the
 * ring of a consistent hash; and for the answers to all acts there are. That is also
 * the only place where the region grows, and so may move.
 */
#include "engine/memory.h"
#include "engine/ledger.h"

#include <sys/mman.h>

enum { VAST = 4 << 20 };
enum { CLASS_MIN = 1 }; /* 16 bytes: calendar keys want that alignment */

static size_t page_up(size_t bytes)
{
    return (bytes + 4095) & ~(size_t)4095;
}

void region_map(struct world *w, size_t bytes)
{
    w->mapped = page_up(bytes);
    w->base = mmap(NULL, w->mapped, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (w->base == MAP_FAILED)
        die("no address space for a world of %zu bytes", w->mapped);
}

void region_resize(struct world *w, size_t bytes)
{
    char *old = w->base;
    size_t was = w->mapped, used = (size_t)W_HEAD(w)->used * 8;
    region_map(w, bytes);
    memcpy(w->base, old, used);
    munmap(old, was);
}

void region_unmap(struct world *w)
{
    if (w->base != NULL)
        munmap(w->base, w->mapped);
    w->base = NULL;
}

/* A new world is built with all its room, which costs address space: give it back. */
void region_trim(struct world *w)
{
    size_t keep = page_up((size_t)W_HEAD(w)->used * 8 + 4 * HEADROOM);
    if (keep >= w->mapped)
        return;
    munmap(w->base + keep, w->mapped - keep);
    w->mapped = keep;
}

static unsigned size_class(size_t bytes)
{
    size_t words = (bytes + 7) / 8;
    unsigned c = words <= 1 ? 0 : 64 - (unsigned)__builtin_clzll(words - 1);
    return c < CLASS_MIN ? CLASS_MIN : c;
}

ref w_alloc(struct world *w, size_t bytes)
{
    struct head *h = W_HEAD(w);
    unsigned c = size_class(bytes);
    ref r = h->free_lists[c];
    if (r != 0) {
        h->free_lists[c] = *W_PTR(w, ref, r);
        memset(W_PTR(w, char, r), 0, (size_t)8 << c);
        return r;
    }
    r = h->used;
    size_t end = ((size_t)r + ((size_t)1 << c)) * 8;
    if (end > w->mapped)
        BUG("one event allocated more than the headroom (%zu bytes)", bytes);
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
    *W_PTR(w, ref, r) = W_HEAD(w)->free_lists[c];
    W_HEAD(w)->free_lists[c] = r;
}

void w_grow(struct world *w, ref *array, uint32_t *cap, uint32_t need, size_t size)
{
    if (need <= *cap)
        return;
    uint32_t n = *cap < 4 ? 4 : *cap;
    while (n < need)
        n *= 2;
    ref fresh = w_alloc(w, n * size);
    if (*array != 0) {
        memcpy(W_PTR(w, char, fresh), W_PTR(w, char, *array), *cap * size);
        w_release(w, *array, *cap * size);
    }
    *array = fresh;
    *cap = n;
}

/* One event can end all acts at once, as when a process dies with everything inside:
 * each answer may take a piece of ledger, a slot, and a place in a lane or ring, which
 * grow by doubling. Every other act only: a caller takes over the ledger of whom it
 * waited for. */
enum { ANSWER_ROOM = sizeof(struct ledger_chunk) + 200 };

static size_t answers_bytes(const struct world *w)
{
    return (size_t)(W_HEAD(w)->acts_made / 2) * ANSWER_ROOM;
}

static size_t headroom_bytes(const struct world *w)
{
    size_t branches = (size_t)w->model->widest * 2 * sizeof(struct act);
    size_t rings = (size_t)w->model->ring_places * 2 * sizeof(uint64_t);
    return HEADROOM + (size_t)W_HEAD(w)->largest * 32 + branches + rings;
}

/* The room for the answers may lie beyond the limit: it is hardly ever used, and a
 * world that did is stopped before its next event. */
bool world_headroom(struct world *w, size_t extra)
{
    size_t need = (size_t)W_HEAD(w)->used * 8 + headroom_bytes(w) + extra;
    if (need > w->limit)
        return false;
    need += answers_bytes(w);
    if (need > w->mapped) {
        size_t twice = w->mapped * 2 < w->limit ? w->mapped * 2 : w->limit;
        region_resize(w, twice > need ? twice : need + need / 8);
    }
    w->vast = (size_t)W_HEAD(w)->used * 8 > VAST;
    w->safe = (ref)((w->mapped - headroom_bytes(w) - answers_bytes(w)) / 8);
    return true;
}
