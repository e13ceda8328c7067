/*
 * Worlds: making, copying, running, and looking at one. The loop is small: make room,
 * let one act go on that is ready, else take the next event.
 */
#include "truecode/world.h"
#include "engine/kind.h"
#include "engine/life.h"
#include "engine/loop.h"
#include "engine/memory.h"
#include "engine/schedule.h"
#include "engine/station.h"
#include "engine/world_check.h"

/* ---- letting go on --------------------------------------------------------------- */

/* Whoever was told to go on and was ended since, with its answer still on its way, does
 * not. Else runs one ready act; false: there is none. */
HOT bool ready_one(struct world *w)
{
    struct head *h = W_HEAD(w);
    if (h->next != 0) {
        struct act *next = act_at(w, h->next);
        h->next = 0;
        if (next->gen == h->next_gen && !(next->flags & ACT_BACK))
            comp_kind(w, next->comp)->resume(w, next, (enum reason)h->next_reason);
        return true;
    }
    if (h->ready_head == h->ready_tail)
        return false;
    ready_entry e =
        W_PTR(w, ready_entry, h->ready)[h->ready_head++ & (h->ready_cap - 1)];
    struct act *a = act_at(w, (ref)e);
    enum reason reason = (enum reason)(e >> (32 + READY_GEN_BITS));
    if (a->gen != 0 && e == ready_make((ref)e, a->gen, (uint8_t)reason) &&
        !(a->flags & ACT_BACK))
        comp_kind(w, a->comp)->resume(w, a, reason);
    return true;
}

void world_settle(struct world *w)
{
    while (world_room(w) && ready_one(w))
        ;
}

/* ---- the model ------------------------------------------------------------------- */

struct model *model_ref(struct model *m)
{
    m->refs++;
    return m;
}

void model_unref(struct model *m)
{
    if (!m || --m->refs > 0)
        return;
    arena_release(&m->arena);
    mem_free(m->comps);
    mem_free(m->by_name);
    mem_free(m->schedule);
    mem_free(m);
}

/* ---- making ---------------------------------------------------------------------- */

static void seed_streams(struct world *w)
{
    struct buf name;
    buf_init(&name, 0);
    for (size_t i = 0; i < w->model->ncomps; i++) {
        const struct comp *c = &w->comps[i];
        for (int k = 0; c->kind->streams && c->kind->streams[k]; k++) {
            buf_reset(&name);
            buf_addf(&name, "%s/%s", c->name, c->kind->streams[k]);
            rng_seed(w_rng(w, (comp_id)i, k), W_HEAD(w)->seed, name.s);
        }
    }
    buf_release(&name);
}

/* A component takes a MiB or two at most when it begins, so what is too much is
 * noticed before it is far too much. */
static bool init_comps(struct world *w)
{
    for (size_t i = 0; i < w->model->ncomps; i++)
        if (w->comps[i].kind->desc.nparams > 0)
            memcpy(w_values(w, (comp_id)i), w->comps[i].params,
                   w->comps[i].kind->desc.nparams * sizeof(struct value));
    for (int turn = 0; turn <= INIT_LOOKS; turn++) {
        for (size_t i = 0; i < w->model->ncomps; i++) {
            const struct kind_impl *k = w->comps[i].kind;
            if (k->init && k->init_turn == turn)
                k->init(w, (comp_id)i);
            if ((size_t)W_HEAD(w)->used * 8 > w->limit)
                return false;
        }
    }
    return true;
}

static void schedule_init(struct world *w)
{
    for (size_t i = 0; i < w->model->nschedule; i++) {
        const struct schedule_entry *e = &w->model->schedule[i];
        cal_at(w, e->at, EV_SCHEDULE, e->action.comp, (uint32_t)i, 0);
    }
}

static bool begin(struct world *w, uint64_t seed)
{
    struct head *h = W_HEAD(w);
    h->used = w->model->fixed;
    h->seed = seed;
    h->digests = w_alloc(w, (w->model->ncomps + 1) * sizeof(uint64_t));
    calendar_init(w);
    seed_streams(w);
    if (!init_comps(w))
        return false;
    schedule_init(w);
    world_settle(w);
    return world_headroom(w, 0);
}

struct world *world_new(struct model *m, uint64_t seed, struct errmsg *why)
{
    if (!m->finished) {
        (void)errmsg_set(why, ERR_INPUT, "the model is not finished");
        return NULL;
    }
    struct world *w = mem_alloc(sizeof *w);
    w->model = model_ref(m);
    w->comps = m->comps;
    w->states = m->states;
    w->kinds = m->kinds;
    w->kind_table = m->parts->kinds;
    w->limit = m->limit;
    size_t fixed = (size_t)m->fixed * 8;
    if (region_map(w, fixed + 2 * HEADROOM) && begin(w, seed))
        return w;
    world_free(w);
    (void)errmsg_set(why, ERR_LIMIT, "there is no memory for a world of %zu MiB",
                     fixed >> 20);
    return NULL;
}

void world_free(struct world *w)
{
    if (!w)
        return;
    region_unmap(w);
    model_unref(w->model);
    mem_free(w);
}

struct world *world_fork(const struct world *w)
{
    struct world *copy = mem_alloc(sizeof *copy);
    size_t used = (size_t)W_HEAD(w)->used * 8;
    *copy = *w;
    copy->model = model_ref(w->model);
    copy->base = NULL; /* the region of w is not the copy's to free */
    copy->observer = NULL;
    copy->safe = 0;
    if (region_map(copy, used + HEADROOM)) {
        memcpy(copy->base, w->base, used);
        return copy;
    }
    world_free(copy);
    return NULL;
}

const struct model *world_model(const struct world *w)
{
    return w->model;
}

uint64_t world_seed(const struct world *w)
{
    return W_HEAD(w)->seed;
}

sim_time world_now(const struct world *w)
{
    return w_now(w);
}

uint64_t world_events(const struct world *w)
{
    return W_HEAD(w)->events;
}

size_t world_refused(const struct world *w, const char **first, int *line)
{
    if (first)
        *first = w->why_refused.text;
    if (line)
        *line = w->line_refused;
    return w->refused;
}

size_t world_bytes(const struct world *w)
{
    return (size_t)W_HEAD(w)->used * 8;
}

/* ---- running --------------------------------------------------------------------- */

static void dispatch(struct world *w, const struct cal_event *e)
{
    if (e->event >= EV_KIND) {
        comp_kind(w, e->comp)->event(w, e->comp, e->event - EV_KIND, e->a, e->b);
        return;
    }
    switch (e->event) {
    case EV_STATION:
        station_event(w, W_PTR(w, struct station, e->a));
        break;
    case EV_SCHEDULE:
        w->model->parts->scheduled(w, e->a, e->b);
        break;
    case EV_OVER:
        w->model->parts->over(w, e->a, e->b);
        break;
    default:
        act_event(w, e->event, e->a, e->b);
    }
}

static void event_ahead(const struct world *w, const struct cal_event *e, bool far)
{
    if (!e || e->comp >= w->model->ncomps)
        return;
    const struct kind_impl *k = comp_kind(w, e->comp);
    if (k->ahead)
        k->ahead(w, e, far);
}

/* In a vast world each event finds its components' memory cold, and would wait for one
 * piece after the other. So it is asked for ahead: what an event names, two events
 * before; what that leads to, one event before, all at once. */
static __attribute__((noinline)) void look_ahead(const struct world *w)
{
    const struct head *h = W_HEAD(w);
    const heap_key *heap = W_PTR(w, heap_key, h->heap);
    uint32_t at[2];
    if (h->heap_n < 5)
        return;
    cal_next_two(h, heap, at);
    event_ahead(w, cal_event_of(w, heap[at[1]]), true);
    const struct cal_event *next = cal_event_of(w, heap[at[0]]);
    event_ahead(w, next, false);
    if (next)
        w_fetch(W_PTR(w, uint64_t, h->digests) + next->comp, sizeof(uint64_t));
}

/* A step of a multiply-and-rotate hash: every bit of both goes into the result. */
static uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ h >> 29;
}

/* Each component has a digest of its own, which knows nothing of its number: it is the
 * same in a model with more components. The last one is for events of none. */
static void digest(struct world *w, const struct cal_event *e, sim_time at)
{
    uint64_t *of = W_PTR(w, uint64_t, W_HEAD(w)->digests);
    size_t c = e->comp < w->model->ncomps ? e->comp : w->model->ncomps;
    of[c] = mix(of[c], mix((uint64_t)at, (uint64_t)e->event << 32 | w->outcome));
}

enum err world_run(struct world *w, sim_time until, uint64_t max_events,
                   const struct observer *o, struct errmsg *why)
{
    enum err e = ERR_OK;
    struct cal_event event;
    sim_time at;
    if (W_HEAD(w)->stopped)
        return world_ran_away(w, why);
    w->observer = o;
    for (;; max_events--) {
        if (!world_room(w)) {
            e = world_ran_away(w, why);
            break;
        }
        if (max_events == 0) {
            e = errmsg_set(why, ERR_STOPPED, "stopped before the end");
            break;
        }
        if (ready_one(w))
            continue;
        if (CHECKING && W_HEAD(w)->events % WALK_EVERY == 0)
            world_check(w);
        if (!calendar_next(w, until, &event, &at))
            break;
        W_HEAD(w)->now = at;
        W_HEAD(w)->events++;
        w->outcome = 0;
        if (w->vast)
            look_ahead(w);
        dispatch(w, &event);
        digest(w, &event, at);
    }
    if (e == ERR_OK && until > W_HEAD(w)->now && until != SIM_FOREVER)
        W_HEAD(w)->now = until;
    w->observer = NULL;
    return e;
}

uint64_t world_digest(const struct world *w)
{
    const uint64_t *of = W_PTR(w, uint64_t, W_HEAD(w)->digests);
    uint64_t all = W_HEAD(w)->digest;
    for (size_t c = 0; c <= w->model->ncomps; c++)
        all = mix(all, of[c]);
    return all;
}

uint64_t world_digest_of(const struct world *w, comp_id c)
{
    return c < w->model->ncomps ? W_PTR(w, uint64_t, W_HEAD(w)->digests)[c] : 0;
}
