/*
 * The memory of a Lua state: how much it may have, and what having it makes dear.
 *
 * One instruction of the virtual machine is one step, but not all cost the same. Most
 * take a few nanoseconds whatever they are given. Of the others, what one can cost at
 * most depends on the largest thing there is: a comparison on the longest string, a look
 * into a table on its hash part (keys can be chosen to share one chain: integers that are
 * multiples of the size less one, floats that differ in their last bits). So the
 * allocator keeps count of large blocks by what they are, and the price of a step
 * (host_price) goes up with the largest. In an ordinary lesson it is 1 to 5. Lua's
 * collector works when it likes; what was large stays dear until the evaluation ends, so
 * the price does not depend on it.
 *
 * Work in proportion to a block's size is charged when Lua asks for the block: growing a
 * table, counting it anew (Lua then asks for its array again, even for the same size),
 * making a long string, making a function with many upvalues.
 *
 * What is large carries its kind in front of it: when Lua gives a block back it tells the
 * size and nothing else.
 */
#include "lesson_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    BIG = 768, /* bytes; a hash part of 32 */
    LONG_STRING = 256,
    STRING_BYTES = 16,    /* of a long string, of a hash part: a step */
    ARRAY_BYTES = 64,     /* of an array that grows or is counted anew: a step */
    WALK_CLASS = 14,      /* an array of 1,024 slots; less is walked in no time */
    SLOT_BYTES = 16,      /* of one slot of an array */
    NODE_BYTES = 24,      /* of one key in a hash part */
    CLOSURE_BYTES = 32,   /* of a function; then 8 for each upvalue */
    NODES_A_STEP = 8,     /* a chain so long is passed in the time of a step */
    STRING_A_STEP = 4096, /* bytes compared in a step */
    SLOTS_A_STEP = 32     /* empty slots passed in a step */
};

/* In front of each block of BIG bytes or more. Keeps the block aligned. */
struct label {
    _Alignas(max_align_t) enum memory_kind kind;
};

static struct label *label_of(void *p)
{
    return (struct label *)p - 1;
}

static unsigned size_class(size_t n)
{
    unsigned c = 0;
    while (c + 1 < SIZE_CLASSES && n >> (c + 1))
        c++;
    return c;
}

/* Sizes are known by their class only, so that it makes no difference whether a block is
 * new or was there before. */
static size_t class_bytes(enum memory_kind kind, unsigned c)
{
    return kind == MEMORY_SLOTS && c < WALK_CLASS ? 0 : ((size_t)2 << c) - 1;
}

static void come(struct host *h, enum memory_kind kind, size_t n)
{
    assert(n >= BIG);
    unsigned c = size_class(n);
    h->alive[kind][c]++;
    if (class_bytes(kind, c) > h->peak[kind])
        h->peak[kind] = class_bytes(kind, c);
}

static void go(struct host *h, enum memory_kind kind, size_t n)
{
    assert(n >= BIG);
    h->alive[kind][size_class(n)]--;
}

/* The most that a live object of a kind may take. */
static size_t largest(const struct host *h, enum memory_kind kind)
{
    for (unsigned c = SIZE_CLASSES; c > 0; c--)
        if (h->alive[kind][c - 1] > 0)
            return class_bytes(kind, c - 1);
    return 0;
}

/* A hash part is always made anew, and holds a power of two of keys. What looks like one
 * by chance (an array of 48 elements) is taken for one. */
static bool is_hash_part(size_t n)
{
    size_t keys = n / NODE_BYTES;
    return n % NODE_BYTES == 0 && (keys & (keys - 1)) == 0;
}

/* `tag` is the type of a new object; 0 for what belongs to one. What the host itself and
 * the parser make is not within a lesson's reach, but for the strings. */
static enum memory_kind kind_of(const struct host *h, size_t tag, size_t n)
{
    if (tag == LUA_TSTRING)
        return MEMORY_STRING;
    if (h->trusted || tag != 0)
        return MEMORY_PLAIN;
    return is_hash_part(n) ? MEMORY_NODES : MEMORY_SLOTS;
}

/* ---- blocks ---------------------------------------------------------------------- */

static void *block_new(struct host *h, size_t tag, size_t n)
{
    if (n < BIG)
        return malloc(n);
    struct label *l = malloc(sizeof *l + n);
    if (!l)
        return NULL;
    l->kind = kind_of(h, tag, n);
    come(h, l->kind, n);
    return l + 1;
}

static void block_free(struct host *h, void *p, size_t n)
{
    if (!p || n < BIG) {
        free(p);
        return;
    }
    go(h, label_of(p)->kind, n);
    free(label_of(p));
}

/* Becomes small, in its own place: Lua counts on this to succeed. */
static void *block_shrink(struct host *h, void *p, size_t old, size_t n)
{
    assert(old >= BIG && n < BIG);
    struct label *l = label_of(p);
    go(h, l->kind, old);
    memmove(l, p, n);
    void *q = realloc(l, n);
    return q ? q : l;
}

static void *block_grow(struct host *h, void *p, size_t old, size_t n)
{
    assert(old < BIG && n >= BIG);
    void *q = block_new(h, 0, n);
    if (!q)
        return NULL;
    memcpy(q, p, old);
    free(p);
    return q;
}

static void *block_resize(struct host *h, void *p, size_t old, size_t n)
{
    if (old >= BIG && n < BIG)
        return block_shrink(h, p, old, n);
    if (old < BIG && n >= BIG)
        return block_grow(h, p, old, n);
    if (n < BIG)
        return realloc(p, n);
    struct label *l = realloc(label_of(p), sizeof *l + n);
    if (!l)
        return n <= old ? p : NULL;
    go(h, l->kind, old);
    if (l->kind != MEMORY_PLAIN)
        l->kind = MEMORY_SLOTS;
    come(h, l->kind, n);
    return l + 1;
}

/* ---- what Lua calls -------------------------------------------------------------- */

/* The table of all short strings, and what the parser had: how large it is depends on what
 * was there before. */
static bool is_own(void *p, size_t n)
{
    return n >= BIG && label_of(p)->kind == MEMORY_PLAIN;
}

/* Charging here is safe: nothing is raised, the hook or the next charge sees it. The stack
 * is always made anew: it is not charged, for it depends on what was there before, and
 * its growth is in proportion to calls. */
static void charge_block(struct host *h, void *p, size_t tag, size_t old, size_t n)
{
    if (!p && tag == LUA_TSTRING)
        h->steps += n > LONG_STRING ? n / STRING_BYTES : 0;
    else if (h->trusted)
        return;
    else if (!p && tag == LUA_TFUNCTION) /* each upvalue is looked for among 200 */
        h->steps += n > CLOSURE_BYTES ? (n - CLOSURE_BYTES) / 2 : 0;
    else if (!p && n > LONG_STRING && is_hash_part(n))
        h->steps += n / STRING_BYTES;
    else if (p && n > LONG_STRING && !is_own(p, old))
        h->steps += n / ARRAY_BYTES;
}

static void refuse(struct host *h, const char *what)
{
    int line = h->L ? host_line(h->L) : 0;
    if (h->refused)
        return;
    h->refused = what;
    h->line = line > 0 ? line : h->line;
}

/* For a new block `osize` is the type of the object. */
void *host_allocate(void *ud, void *p, size_t osize, size_t nsize)
{
    struct host *h = ud;
    size_t old = p ? osize : 0;
    if (nsize == 0) {
        block_free(h, p, old);
        h->used -= old;
        return NULL;
    }
    charge_block(h, p, osize, old, nsize);
    if (!p && osize == LUA_TSTRING && nsize > HOST_STRING + LONG_STRING)
        refuse(h, "a string longer than 32 KiB");
    if (nsize > old && h->used + (nsize - old) > h->limit)
        refuse(h, "more than 16 MiB of memory");
    if (h->refused && nsize > old)
        return NULL;
    void *q = NULL;
    if (nsize <= old || !MEM_REFUSED(MEM_LUA))
        q = p ? block_resize(h, p, old, nsize) : block_new(h, osize, nsize);
    if (!q) {
        refuse(h, "more memory than there is");
        return NULL;
    }
    h->used += nsize;
    h->used -= old;
    return q;
}

/* ---- the price of a step --------------------------------------------------------- */

static void take_stock(struct host *h)
{
    for (int k = 0; k < MEMORY_KINDS; k++)
        h->peak[k] = largest(h, (enum memory_kind)k);
}

static bool dearer(const struct host *h)
{
    return h->peak[MEMORY_NODES] > h->settled[MEMORY_NODES] ||
           h->peak[MEMORY_STRING] > h->settled[MEMORY_STRING] ||
           h->peak[MEMORY_SLOTS] > h->settled[MEMORY_SLOTS];
}

void host_settle(struct host *h)
{
    assert(h->L);
    lua_gc(h->L, LUA_GCCOLLECT);
    take_stock(h);
    memcpy(h->settled, h->peak, sizeof h->settled);
}

/* An evaluation begins with what is within its reach and not with what others left
 * behind, or it would cost another price after a rewind. */
void host_take_stock(struct host *h)
{
    take_stock(h);
    if (dearer(h))
        host_settle(h);
}

uint64_t host_price(const struct host *h)
{
    return 1 + h->dear + h->peak[MEMORY_NODES] / (NODE_BYTES * NODES_A_STEP) +
           h->peak[MEMORY_STRING] / STRING_A_STEP;
}

void host_look(lua_State *L, uint64_t times)
{
    host_charge(L, times * host_price(host_of(L)));
}

/* Nobody but Lua knows how many slots a table has; it has no more than the largest. */
void host_walk(lua_State *L)
{
    const struct host *h = host_of(L);
    host_charge(L, host_price(h) + h->peak[MEMORY_SLOTS] / (SLOT_BYTES * SLOTS_A_STEP) +
                       h->peak[MEMORY_NODES] / (NODE_BYTES * SLOTS_A_STEP));
}
