/*
 * The store of a key space: values, lookups, and loads on their way.
 *
 * A load that this file knows of has a number, act->load, and is reported exactly once:
 * keyspace_store() or keyspace_store_failed(). key.loading counts them. A put with load 0
 * is a value that somebody loaded on their own.
 */
#include "cache/cache.h"
#include "cache/server.h"
#include "engine/kind.h"
#include "engine/queue.h"

/* ---- recent events --------------------------------------------------------------- */

static void recent_roll(struct recent *r, sim_time now, sim_time window)
{
    int64_t at = now / window;
    if (at == r->window)
        return;
    for (int i = 0; i < 2; i++) {
        r->before[i] = at == r->window + 1 ? r->now[i] : 0;
        r->now[i] = 0;
    }
    r->window = at;
}

/* Events in the last `window`, taking those of the window before as spread evenly. */
double recent_sum(const struct recent *r, int what, sim_time now, sim_time window)
{
    struct recent copy = *r;
    recent_roll(&copy, now, window);
    double part = (double)(now - copy.window * window) / (double)window;
    return copy.now[what] + (1 - part) * copy.before[what];
}

static void count(struct world *w, struct keyspace *s, struct key *k, int what)
{
    sim_time now = w_now(w);
    recent_roll(&k->recent, now, KEY_WINDOW);
    recent_roll(&s->recent, now, SPACE_WINDOW);
    k->recent.now[what]++;
    s->recent.now[what]++;
    if (what == HIT)
        s->hits++;
    else
        s->misses++;
    w_outcome(w, (uint32_t)what);
}

/* ---- order of use ---------------------------------------------------------------- */

static void use_remove(struct keyspace *s, uint32_t i)
{
    CHECK(i < s->nkeys && s->keys[i].present);
    struct key *k = &s->keys[i];
    if (k->newer != NO_KEY)
        s->keys[k->newer].older = k->older;
    else
        s->newest = k->older;
    if (k->older != NO_KEY)
        s->keys[k->older].newer = k->newer;
    else
        s->oldest = k->newer;
}

static void use_add(struct keyspace *s, uint32_t i)
{
    CHECK(i < s->nkeys);
    struct key *k = &s->keys[i];
    k->newer = NO_KEY;
    k->older = s->newest;
    if (s->newest != NO_KEY)
        s->keys[s->newest].newer = i;
    else
        s->oldest = i;
    s->newest = i;
}

/* ---- presence -------------------------------------------------------------------- */

static void appear(struct keyspace *s, uint32_t i)
{
    s->keys[i].present = true;
    s->keys[i].nth = s->present;
    s->keys[s->present++].here = i;
}

/* The last one of those present takes its place. */
static void disappear(struct keyspace *s, uint32_t i)
{
    uint32_t last = s->keys[--s->present].here;
    s->keys[i].present = false;
    s->keys[last].nth = s->keys[i].nth;
    s->keys[s->keys[i].nth].here = last;
}

void keyspace_drop(struct world *w, comp_id c, uint32_t i, enum fate fate)
{
    struct keyspace *s = space_at(w, c);
    struct cache *k = cache_at(w, w->comps[c].owner);
    if (!s->keys[i].present)
        return;
    use_remove(s, i);
    disappear(s, i);
    s->fates[fate]++;
    assert(k->value_bytes >= s->bytes);
    k->value_bytes -= s->bytes;
}

void keyspace_shrink(struct world *w, comp_id c)
{
    struct keyspace *s = space_at(w, c);
    int64_t capacity = p_count(w, c, KS_CAPACITY);
    while (capacity > 0 && s->present > capacity)
        keyspace_drop(w, c, s->oldest, FATE_EVICTED);
}

/* ---- frequency of use ------------------------------------------------------------ */

enum { LFU_START = 5, LFU_FACTOR = 10 };

int key_frequency(const struct key *k, sim_time now)
{
    sim_time idle = (now - k->used) / SIM_MIN;
    return idle < k->frequency ? k->frequency - (int)idle : 0;
}

static void frequency_rises(struct world *w, comp_id cache, struct key *k)
{
    int n = key_frequency(k, w_now(w));
    double above = n > LFU_START ? n - LFU_START : 0;
    double chance = 1 / (above * LFU_FACTOR + 1);
    bool up = n < UINT8_MAX && rng_unit(w_rng(w, cache, CACHE_RNG_EVICT)) < chance;
    k->frequency = (uint8_t)(n + up);
}

/* ---- values ---------------------------------------------------------------------- */

static sim_time life(struct world *w, comp_id c)
{
    double ttl = (double)p_time(w, c, KS_TTL);
    double jitter = p_number(w, c, KS_JITTER);
    if (jitter > 0)
        ttl *= 1 + jitter * (2 * rng_unit(w_rng(w, c, KS_RNG_JITTER)) - 1);
    return (sim_time)ttl;
}

void keyspace_write(struct world *w, comp_id c, uint32_t i)
{
    struct keyspace *s = space_at(w, c);
    struct key *k = &s->keys[i];
    if (k->present)
        keyspace_drop(w, c, i, FATE_REPLACED);
    else
        k->frequency = LFU_START;
    appear(s, i);
    cache_at(w, w->comps[c].owner)->value_bytes += s->bytes;
    use_add(s, i);
    k->written = k->used = w_now(w);
    k->expires = k->written + life(w, c);
    keyspace_shrink(w, c);
}

static uint32_t load_begin(struct keyspace *s, struct key *k)
{
    CHECK(k->loading <= s->loading);
    k->loading++;
    s->loading++;
    if (++s->last_load == 0)
        s->last_load = 1;
    return s->last_load;
}

static void load_end(struct keyspace *s, struct key *k, const struct act *caller)
{
    if (caller->load == 0)
        return;
    assert(k->loading > 0);
    k->loading--;
    s->loading--;
    if (caller->flags & ACT_DETACHED)
        k->refreshing = false;
}

/* ---- lookups --------------------------------------------------------------------- */

static void refresh(struct world *w, struct keyspace *s, struct key *k, struct act *a)
{
    if (a->parent == 0)
        return; /* the request whose program this was is gone */
    comp_id caller = act_at(w, a->parent)->comp;
    struct act *b = comp_kind(w, caller)->refresh(w, a);
    b->load = load_begin(s, k);
    k->refreshing = true;
}

static void hit(struct world *w, struct act *a, struct keyspace *s, struct key *k)
{
    a->flags |= ACT_HIT;
    act_aged(a, w_now(w) - k->written);
    use_remove(s, a->key);
    use_add(s, a->key);
    if (p_count(w, a->comp, CP_POLICY) == POLICY_LFU)
        frequency_rises(w, a->comp, k);
    k->used = w_now(w);
    count(w, s, k, HIT);
}

static void wait_for_load(struct world *w, struct act *a, struct keyspace *s,
                          struct key *k)
{
    act_wait(w, a, CAUSE_COALESCED, a->what);
    a->phase = LOOKUP_WAIT;
    queue_push(w, &k->waiting, a);
    s->waiting++;
    s->coalesced++;
}

bool keyspace_lookup(struct world *w, struct act *a)
{
    struct keyspace *s = space_at(w, a->what);
    struct key *k = &s->keys[a->key];
    sim_time now = w_now(w);
    assert(a->key < s->nkeys);
    if (k->present && now < k->expires) {
        hit(w, a, s, k);
        return true;
    }
    if (k->present && now - k->expires < p_time(w, a->what, KS_STALE)) {
        hit(w, a, s, k);
        s->stale++;
        a->flags |= ACT_STALE;
        if (!k->refreshing)
            refresh(w, s, k, a);
        return true;
    }
    count(w, s, k, MISS);
    if (p_on(w, a->what, KS_SINGLE_FLIGHT) && k->loading > 0) {
        wait_for_load(w, a, s, k);
        return false;
    }
    if (a->parent != 0)
        a->load = load_begin(s, k);
    return true;
}

void keyspace_leave(struct world *w, struct act *a)
{
    struct keyspace *s = space_at(w, a->what);
    queue_remove(w, &s->keys[a->key].waiting, a);
    s->waiting--;
}

static struct act *next_waiting(struct world *w, struct keyspace *s, struct key *k)
{
    CHECK(k->waiting.count <= s->waiting);
    struct act *a = queue_pop(w, &k->waiting);
    if (a) {
        s->waiting--;
        a->phase = LOOKUP_ANSWER;
        act_ready(w, a, REASON_NONE);
    }
    return a;
}

/* ---- loads ----------------------------------------------------------------------- */

/* Somebody else's value is there, is fresh, and must not be overwritten. */
static bool keeps(struct world *w, comp_id c, const struct key *k)
{
    return p_on(w, c, KS_ABSENT) && k->present && w_now(w) < k->expires;
}

/* A loaded value is written, where there is room for it. */
static void put(struct world *w, comp_id c, uint32_t key)
{
    comp_id cache = w->comps[c].owner;
    cache_write_costs(w, cache, c, key);
    if (!cache_room(w, cache, c, key)) {
        space_at(w, c)->refused++;
        return;
    }
    space_at(w, c)->stores++;
    keyspace_write(w, c, key);
}

void keyspace_store(struct world *w, comp_id c, struct act *caller)
{
    struct keyspace *s = space_at(w, c);
    struct key *k = &s->keys[caller->key];
    struct act *a;
    load_end(s, k, caller);
    caller->load = 0;
    if (cache_answers(w, w->comps[c].owner) && !keeps(w, c, k))
        put(w, c, caller->key);
    while ((a = next_waiting(w, s, k)))
        a->flags |= ACT_HIT; /* the loader's value, kept in the key space or not */
}

/* The loader was stopped; it did not fail. The next that waits may try. */
static bool was_stopped(enum reason r)
{
    return r == REASON_INSTANCE_GONE || r == REASON_GAVE_UP || r == REASON_KILLED;
}

static void pass_on(struct world *w, struct keyspace *s, struct key *k)
{
    struct act *a;
    while ((a = next_waiting(w, s, k))) {
        if (a->parent == 0)
            continue; /* nobody is left to run its miss body */
        a->load = load_begin(s, k);
        return;
    }
}

void keyspace_store_failed(struct world *w, comp_id c, struct act *caller,
                           enum reason reason)
{
    struct keyspace *s = space_at(w, c);
    struct key *k = &s->keys[caller->key];
    struct act *a;
    s->load_failures++;
    load_end(s, k, caller);
    caller->load = 0;
    if (k->loading > 0)
        return; /* another load may still bring the value */
    if (was_stopped(reason)) {
        pass_on(w, s, k);
        return;
    }
    while ((a = next_waiting(w, s, k)))
        a->lookup.reason = REASON_ERROR; /* shared, as the value would have been */
}
