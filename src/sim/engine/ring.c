/*
 * Consistent hashing: see ring.h. The places depend on the world's seed and the
 * service's name, so that another seed is another ring.
 *
 * A ring that the model knows of has as many places as it should. One that is switched
 * on while the world runs has PLACES_MAX at most, fewer for each instance: an event has
 * only so much memory.
 */
#include "engine/ring.h"
#include "engine/kind.h"
#include "engine/lot.h"

enum { PLACES_MAX = 16384 };

/* splitmix64's finalizer: each bit of the input moves half of the output's. */
static uint64_t scatter(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

uint64_t ring_key(const struct world *w, const struct act *a)
{
    return a->user != 0 ? a->user : lot_draw(w, act_lot(a), LOT_PURPOSE(LOT_PLACE));
}

void ring_reserve(struct model *m, comp_id service, int64_t virtual_nodes)
{
    if (service == COMP_NONE || !comp_has(&m->comps[service], KIND_SERVES))
        return;
    int i = kind_param(m->comps[service].kind, "instances");
    int64_t n = model_param(m, service, i)->as.count * virtual_nodes;
    if (m->ring_places < (uint64_t)n)
        m->ring_places = (uint32_t)n;
}

static int by_place(const void *a, const void *b, void *ctx)
{
    const uint64_t *x = a, *y = b;
    (void)ctx;
    return *x < *y ? -1 : *x > *y;
}

static SELDOM void ring_make(struct world *w, struct ring *r, comp_id service,
                             uint32_t virtual_nodes, uint32_t instances)
{
    const char *name = w->comps[service].name;
    uint64_t base = hash_bytes(W_HEAD(w)->seed, name, strlen(name));
    uint32_t most = w->model->ring_places, each = virtual_nodes;
    most = most < PLACES_MAX ? PLACES_MAX : most;
    most = most < 2 * r->cap ? 2 * r->cap : most;
    if ((uint64_t)each * instances > most)
        each = most / instances > 0 ? most / instances : 1;
    r->n = instances * each;
    assert(instances > 0 && each > 0);
    r->instances = instances;
    r->virtual_nodes = virtual_nodes;
    w_grow(w, &r->places, &r->cap, r->n, sizeof(uint64_t));
    uint64_t *place = W_PTR(w, uint64_t, r->places);
    for (uint32_t k = 1; k <= instances; k++)
        for (uint32_t i = 0; i < each; i++)
            *place++ =
                (scatter(base ^ scatter((uint64_t)k << 32 | i)) & ~UINT64_C(0xffff)) |
                k;
    sort_stable(W_PTR(w, uint64_t, r->places), r->n, sizeof(uint64_t), by_place, NULL);
}

static bool is_there(const uint16_t *numbers, uint32_t n, uint16_t number)
{
    uint32_t from = 0, to = n;
    while (from < to) {
        uint32_t middle = (from + to) / 2;
        if (numbers[middle] < number)
            from = middle + 1;
        else
            to = middle;
    }
    return from < n && numbers[from] == number;
}

/* The first place at or behind `at`; r->n: none, so the very first. */
static uint32_t place_behind(const uint64_t *places, uint32_t n, uint64_t at)
{
    uint32_t from = 0, to = n;
    while (from < to) {
        uint32_t middle = (from + to) / 2;
        if (places[middle] < at)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

int ring_choose(struct world *w, struct ring *r, comp_id service,
                uint32_t virtual_nodes, uint64_t key, const uint16_t *numbers,
                uint32_t n)
{
    uint32_t instances = (uint32_t)comp_kind(w, service)->instances(w, service);
    if (r->virtual_nodes != virtual_nodes || r->instances != instances)
        ring_make(w, r, service, virtual_nodes, instances);
    const uint64_t *places = W_PTR(w, uint64_t, r->places);
    CHECK(n > 0 && r->n > 0 && r->n <= r->cap);
    uint32_t at = place_behind(places, r->n, scatter(key ^ W_HEAD(w)->seed));
    for (uint32_t i = 0; i < r->n; i++, at++) {
        uint16_t number = (uint16_t)places[at >= r->n ? at - r->n : at];
        if (is_there(numbers, n, number))
            return number;
    }
    return numbers[0];
}
