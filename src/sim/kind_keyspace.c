/*
 * keyspace: one kind of values in a cache, by key, with one policy.
 *
 * A value lives for `ttl`, give or take `jitter` of it, from the moment it is written:
 * keys that were written together expire together. Nothing happens at that moment; the
 * next lookup finds nothing and runs the miss body of its program, and so does every
 * other one until somebody's store, unless `single_flight` lets only one load and the
 * others wait for it. Within `stale_while_revalidate` after its end a value is still
 * given out, while one load in the background fetches a new one.
 *
 * A load that this file knows of has a number, act->x, and is reported exactly once:
 * keyspace_store() or keyspace_store_failed(). key.loading counts them. A put with x =
 * 0 is a value somebody loaded on their own.
 *
 * A request looks up `per_lookup` keys that belong together: batch i is keys i *
 * per_lookup and on. Which batch is drawn by popularity: Zipf with exponent s, 0 for
 * uniform.
 */
#include "cache.h"

#include <stdio.h>

#define COUNT_OF(x) (sizeof(x) / sizeof((x)[0]))

enum {
    P_KEYS,
    P_PER_LOOKUP,
    P_POPULARITY,
    P_TTL,
    P_JITTER,
    P_SINGLE_FLIGHT,
    P_STALE,
    P_CAPACITY,
    P_FILLED,
    P_PREFIX
};
static const struct param_desc params[] = {
    [P_KEYS] = {.name = "keys",
                .type = VALUE_COUNT,
                .min = 1,
                .max = 100000,
                .unit = "keys",
                .def = "1",
                .doc = "How many different keys there are."},
    [P_PER_LOOKUP] = {.name = "per_lookup",
                      .type = VALUE_COUNT,
                      .min = 1,
                      .max = 100,
                      .unit = "keys",
                      .def = "1",
                      .doc =
                          "Keys one request looks up at once; they belong together."},
    [P_POPULARITY] = {.name = "popularity",
                      .type = VALUE_NUMBER,
                      .min = 0,
                      .max = 10,
                      .unit = "",
                      .def = "0",
                      .doc = "Zipf exponent: 0 all alike; 1 the second half as often "
                             "as the first, the third a third."},
    [P_TTL] = {.name = "ttl",
               .type = VALUE_DURATION,
               .min = 0,
               .max = 864000,
               .unit = "s",
               .def = "60s",
               .live = true,
               .doc = "How long a value lives; holds for values written from now on."},
    [P_JITTER] = {.name = "jitter",
                  .type = VALUE_FRACTION,
                  .min = 0,
                  .max = 1,
                  .unit = "",
                  .def = "0",
                  .live = true,
                  .doc = "Each value's life is longer or shorter by up to this share "
                         "of it, at random."},
    [P_SINGLE_FLIGHT] = {.name = "single_flight",
                         .type = VALUE_BOOL,
                         .def = "off",
                         .live = true,
                         .doc =
                             "One miss at a time loads a key; the others wait for it."},
    [P_STALE] = {.name = "stale_while_revalidate",
                 .type = VALUE_DURATION,
                 .min = 0,
                 .max = 864000,
                 .unit = "s",
                 .def = "0",
                 .live = true,
                 .doc = "For so long after its end a value is still given out, while "
                        "one load in the background fetches a new one."},
    [P_CAPACITY] = {.name = "capacity",
                    .type = VALUE_COUNT,
                    .min = 0,
                    .max = 100000,
                    .unit = "keys",
                    .def = "0",
                    .live = true,
                    .doc = "Values it holds at most, the least recently used goes; "
                           "0: any number."},
    [P_FILLED] = {.name = "filled_at_start",
                  .type = VALUE_BOOL,
                  .def = "off",
                  .doc = "All values are there at the start, written at that moment."},
    [P_PREFIX] = {.name = "prefix",
                  .type = VALUE_TEXT,
                  .def = "",
                  .doc = "What stands before the number in a key's name."},
};

enum { OP_FLUSH };
static const struct op_desc ops[] = {
    [OP_FLUSH] = {.name = "flush",
                  .args = {{.name = "pattern",
                            .type = VALUE_TEXT,
                            .optional = true,
                            .doc = "Only keys whose names match, with * and ?."}},
                  .cost = 2 * SIM_SEC,
                  .risk = "What is flushed has to be loaded again, all at once.",
                  .doc = "Forgets values."},
};

enum {
    M_HITS,
    M_MISSES,
    M_STALE,
    M_COALESCED,
    M_STORES,
    M_LOAD_FAILURES,
    M_EVICTIONS,
    M_LOADING,
    M_WAITING,
    M_PRESENT,
    M_HIT_RATIO
};
#define KEYS_METRIC(n, p, l, t, u, d)                                                  \
    {                                                                                  \
        .name = n, .prom = p, .labels = l, .type = t, .unit = u, .doc = d              \
    }
static const struct metric_desc metrics[] = {
    [M_HITS] = KEYS_METRIC("hits_total", "cache_requests_total", "result=\"hit\"",
                           METRIC_COUNTER, "1", "Lookups that found a value."),
    [M_MISSES] = KEYS_METRIC("misses_total", "cache_requests_total", "result=\"miss\"",
                             METRIC_COUNTER, "1", "Lookups that found none."),
    [M_STALE] =
        KEYS_METRIC("stale_total", "cache_stale_answers_total", "", METRIC_COUNTER, "1",
                    "Lookups that found a value past its end; counted as hits too."),
    [M_COALESCED] =
        KEYS_METRIC("coalesced_total", "cache_coalesced_total", "", METRIC_COUNTER, "1",
                    "Misses that waited for another's load."),
    [M_STORES] = KEYS_METRIC("stores_total", "cache_stores_total", "", METRIC_COUNTER,
                             "1", "Values written."),
    [M_LOAD_FAILURES] =
        KEYS_METRIC("load_failures_total", "cache_load_failures_total", "",
                    METRIC_COUNTER, "1", "Loads that came to nothing."),
    [M_EVICTIONS] =
        KEYS_METRIC("evictions_total", "cache_evictions_total", "", METRIC_COUNTER, "1",
                    "Values that made room for others."),
    [M_LOADING] = KEYS_METRIC("loading", "cache_loads_in_flight", "", METRIC_GAUGE, "1",
                              "Misses that are running now."),
    [M_WAITING] = KEYS_METRIC("waiting", "cache_waiting_for_load", "", METRIC_GAUGE,
                              "1", "Lookups waiting for another's load."),
    [M_PRESENT] = KEYS_METRIC("present", "cache_keys", "", METRIC_GAUGE, "1",
                              "Keys that have a value, maybe past its end."),
    [M_HIT_RATIO] =
        KEYS_METRIC("hit_ratio", "cache_hit_ratio", "", METRIC_GAUGE, "ratio",
                    "Share of the lookups of the last minute that found "
                    "a value; 1 when there were none."),
};

enum { RNG_KEY, RNG_JITTER };
static const char *const streams[] = {"key", "jitter", NULL};

/* Events per window: of the one that runs now and of the one before. */
struct recent {
    int64_t window;
    uint32_t now[2], before[2]; /* hits, misses */
};
enum { HIT, MISS };
#define KEY_WINDOW   (10 * SIM_SEC)
#define SPACE_WINDOW (60 * SIM_SEC)
#define NO_KEY       UINT32_MAX

struct key {
    bool present, refreshing;
    uint32_t loading;      /* registered loads, refresh included */
    uint32_t newer, older; /* by last use, present keys; NO_KEY: none */
    struct list waiting;   /* lookups, for somebody's load */
    sim_time written, expires;
    struct recent recent;
};
struct keyspace {
    uint32_t nkeys, present, loading, waiting;
    uint32_t newest, oldest; /* by last use */
    uint32_t last_load;      /* numbers for act->x */
    uint64_t hits, misses, stale, coalesced, stores, load_failures, evictions;
    struct recent recent;
    struct key keys[];
};

static struct keyspace *space_at(const struct world *w, comp_id c)
{
    return W_STATE(w, struct keyspace, c);
}

/* ---- recent events
 * ----------------------------------------------------------------------- */

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
static double recent_sum(const struct recent *r, int what, sim_time now,
                         sim_time window)
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

/* ---- order of use
 * -------------------------------------------------------------------------- */

static void use_remove(struct keyspace *s, uint32_t i)
{
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
    struct key *k = &s->keys[i];
    k->newer = NO_KEY;
    k->older = s->newest;
    if (s->newest != NO_KEY)
        s->keys[s->newest].newer = i;
    else
        s->oldest = i;
    s->newest = i;
}

static void drop(struct keyspace *s, uint32_t i)
{
    if (!s->keys[i].present)
        return;
    use_remove(s, i);
    s->keys[i].present = false;
    s->present--;
}

static void shrink(struct world *w, comp_id c)
{
    struct keyspace *s = space_at(w, c);
    int64_t capacity = p_count(w, c, P_CAPACITY);
    while (capacity > 0 && s->present > capacity) {
        drop(s, s->oldest);
        s->evictions++;
    }
}

/* ---- values
 * ---------------------------------------------------------------------------------- */

static sim_time life(struct world *w, comp_id c)
{
    double ttl = (double)p_time(w, c, P_TTL);
    double jitter = p_number(w, c, P_JITTER);
    if (jitter > 0)
        ttl *= 1 + jitter * (2 * rng_unit(w_rng(w, c, RNG_JITTER)) - 1);
    return (sim_time)ttl;
}

static void write(struct world *w, comp_id c, uint32_t i)
{
    struct keyspace *s = space_at(w, c);
    struct key *k = &s->keys[i];
    if (k->present)
        use_remove(s, i);
    else
        s->present++;
    k->present = true;
    use_add(s, i);
    k->written = w_now(w);
    k->expires = k->written + life(w, c);
    shrink(w, c);
}

static uint32_t load_begin(struct keyspace *s, struct key *k)
{
    k->loading++;
    s->loading++;
    if (++s->last_load == 0)
        s->last_load = 1;
    return s->last_load;
}

static void load_end(struct keyspace *s, struct key *k, const struct act *caller)
{
    if (caller->x == 0)
        return;
    assert(k->loading > 0);
    k->loading--;
    s->loading--;
    if (caller->flags & ACT_DETACHED)
        k->refreshing = false;
}

/* ---- lookups
 * ------------------------------------------------------------------------------------
 */

static void refresh(struct world *w, struct keyspace *s, struct key *k, struct act *a)
{
    struct act *b = act_refresh(w, a);
    if (b == NULL)
        return;
    b->x = load_begin(s, k);
    k->refreshing = true;
}

static void hit(struct world *w, struct act *a, struct keyspace *s, struct key *k)
{
    a->flags |= ACT_HIT;
    act_aged(a, w_now(w) - k->written);
    use_remove(s, a->key);
    use_add(s, a->key);
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
    if (k->present && now - k->expires < p_time(w, a->what, P_STALE)) {
        hit(w, a, s, k);
        s->stale++;
        a->flags |= ACT_STALE;
        if (!k->refreshing)
            refresh(w, s, k, a);
        return true;
    }
    count(w, s, k, MISS);
    if (p_on(w, a->what, P_SINGLE_FLIGHT) && k->loading > 0) {
        wait_for_load(w, a, s, k);
        return false;
    }
    if (a->parent != 0)
        a->x = load_begin(s, k);
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
    struct act *a = queue_pop(w, &k->waiting);
    if (a != NULL) {
        s->waiting--;
        a->phase = LOOKUP_ANSWER;
        act_ready(w, a, REASON_NONE);
    }
    return a;
}

/* ---- loads
 * ----------------------------------------------------------------------------------------
 */

void keyspace_store(struct world *w, comp_id c, struct act *caller)
{
    struct keyspace *s = space_at(w, c);
    struct key *k = &s->keys[caller->key];
    struct act *a;
    load_end(s, k, caller);
    caller->x = 0;
    if (cache_answers(w, w->comps[c].owner)) {
        s->stores++;
        write(w, c, caller->key);
    }
    while ((a = next_waiting(w, s, k)) != NULL)
        a->flags |=
            ACT_HIT; /* it has the loader's value, whether or not that is kept */
}

/* The loader was stopped; it did not fail. The next that waits may try. */
static bool was_stopped(enum reason r)
{
    return r == REASON_INSTANCE_GONE || r == REASON_GAVE_UP || r == REASON_KILLED;
}

static void pass_on(struct world *w, struct keyspace *s, struct key *k)
{
    struct act *a;
    while ((a = next_waiting(w, s, k)) != NULL) {
        if (a->parent == 0)
            continue; /* nobody is left to run its miss body */
        a->x = load_begin(s, k);
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
    caller->x = 0;
    if (k->loading > 0)
        return; /* another load may still bring the value */
    if (was_stopped(reason)) {
        pass_on(w, s, k);
        return;
    }
    while ((a = next_waiting(w, s, k)) != NULL)
        a->y = REASON_ERROR; /* they share the failure as they would have the value */
}

/* ---- which keys
 * --------------------------------------------------------------------------------------
 */

/* Model time: distribution function over the batches. */
struct popularity {
    uint32_t batches;
    double *upto; /* upto[i]: probability of batch 0 .. i; NULL: uniform */
};

static enum err keyspace_check(struct model *m, comp_id c, struct errmsg *why)
{
    (void)why;
    double s = model_param(m, c, P_POPULARITY)->as.number, sum = 0;
    uint32_t keys = (uint32_t)model_param(m, c, P_KEYS)->as.count;
    uint32_t each = (uint32_t)model_param(m, c, P_PER_LOOKUP)->as.count;
    struct popularity *p = arena_alloc(&m->arena, sizeof *p);
    p->batches = (keys + each - 1) / each;
    m->comps[c].data = p;
    if (s <= 0)
        return ERR_OK;
    p->upto = arena_alloc(&m->arena, p->batches * sizeof *p->upto);
    for (uint32_t i = 0; i < p->batches; i++)
        p->upto[i] = sum += tc_pow((double)i + 1, -s);
    for (uint32_t i = 0; i < p->batches; i++)
        p->upto[i] /= sum;
    return ERR_OK;
}

static uint32_t draw_batch(const struct popularity *p, struct rng *r)
{
    if (p->batches == 1)
        return 0;
    if (p->upto == NULL)
        return rng_below(r, p->batches);
    double u = rng_unit(r);
    uint32_t from = 0, upto = p->batches - 1;
    while (from < upto) {
        uint32_t middle = (from + upto) / 2;
        if (u < p->upto[middle])
            upto = middle;
        else
            from = middle + 1;
    }
    return from;
}

uint32_t keyspace_batch(struct world *w, comp_id c, uint32_t *first)
{
    uint32_t each = (uint32_t)p_count(w, c, P_PER_LOOKUP);
    *first = draw_batch(w->comps[c].data, w_rng(w, c, RNG_KEY)) * each;
    uint32_t rest = space_at(w, c)->nkeys - *first;
    return each < rest ? each : rest;
}

/* "seats:ws-11" is key 10 of cache.seats with the prefix "ws-". */
static void key_name(const struct world *w, comp_id c, uint32_t i, char *out,
                     size_t size)
{
    size_t own = strlen(w->comps[w->comps[c].owner].name);
    snprintf(out, size, "%.16s:%.8s%u", w->comps[c].name + own + 1,
             w_values(w, c)[P_PREFIX].as.text, i + 1);
}

uint32_t keyspace_forget(struct world *w, comp_id c, const char *pattern)
{
    struct keyspace *s = space_at(w, c);
    uint32_t before = s->present;
    for (uint32_t i = 0; i < s->nkeys; i++) {
        char name[64];
        key_name(w, c, i, name, sizeof name);
        if (pattern == NULL || str_match(pattern, name))
            drop(s, i);
    }
    return before - s->present;
}

/* ---- the kind
 * -------------------------------------------------------------------------------------------
 */

static size_t keyspace_state_size(const struct model *m, comp_id c)
{
    return sizeof(struct keyspace) +
           (size_t)model_param(m, c, P_KEYS)->as.count * sizeof(struct key);
}

static void keyspace_init(struct world *w, comp_id c)
{
    struct keyspace *s = space_at(w, c);
    s->nkeys = (uint32_t)p_count(w, c, P_KEYS);
    s->newest = s->oldest = NO_KEY;
    if (p_on(w, c, P_FILLED))
        for (uint32_t i = 0; i < s->nkeys; i++)
            write(w, c, i);
}

static void keyspace_changed(struct world *w, comp_id c, int param,
                             const struct value *old)
{
    (void)old;
    if (param == P_CAPACITY)
        shrink(w, c);
}

static enum err keyspace_op(struct world *w, comp_id c, int op, const struct action *a,
                            struct effect *e, struct errmsg *why)
{
    (void)op;
    if (!cache_answers(w, w->comps[c].owner))
        return errmsg_set(why, ERR_REFUSED, "%s does not answer",
                          w->comps[w->comps[c].owner].name);
    uint32_t n = keyspace_forget(w, c, a->nargs > 0 ? a->args[0].as.text : NULL);
    snprintf(e->title, sizeof e->title, "flush %s: %u key%s", w->comps[c].name, n,
             n == 1 ? "" : "s");
    return ERR_OK;
}

void keyspace_counts(const struct world *w, comp_id c, uint64_t *hits, uint64_t *misses)
{
    *hits = space_at(w, c)->hits;
    *misses = space_at(w, c)->misses;
}

static double hit_ratio(const struct world *w, const struct keyspace *s)
{
    double hits = recent_sum(&s->recent, HIT, w_now(w), SPACE_WINDOW);
    double misses = recent_sum(&s->recent, MISS, w_now(w), SPACE_WINDOW);
    return hits + misses > 0 ? hits / (hits + misses) : 1;
}

static double keyspace_metric(const struct world *w, comp_id c, int metric,
                              int instance)
{
    (void)instance;
    const struct keyspace *s = space_at(w, c);
    switch (metric) {
    case M_HITS:
        return (double)s->hits;
    case M_MISSES:
        return (double)s->misses;
    case M_STALE:
        return (double)s->stale;
    case M_COALESCED:
        return (double)s->coalesced;
    case M_STORES:
        return (double)s->stores;
    case M_LOAD_FAILURES:
        return (double)s->load_failures;
    case M_EVICTIONS:
        return (double)s->evictions;
    case M_LOADING:
        return s->loading;
    case M_WAITING:
        return s->waiting;
    case M_PRESENT:
        return s->present;
    default:
        return hit_ratio(w, s);
    }
}

size_t keyspace_keys(const struct world *w, comp_id c, struct cache_key_view *out,
                     size_t max)
{
    const struct keyspace *s = space_at(w, c);
    sim_time now = w_now(w);
    double seconds = (double)KEY_WINDOW / (double)SIM_SEC;
    for (uint32_t i = 0; i < s->nkeys && i < max; i++) {
        const struct key *k = &s->keys[i];
        out[i] = (struct cache_key_view){
            .key = i,
            .present = k->present,
            .ttl_left = k->present ? k->expires - now : 0,
            .written = k->written,
            .hits_per_s = recent_sum(&k->recent, HIT, now, KEY_WINDOW) / seconds,
            .misses_per_s = recent_sum(&k->recent, MISS, now, KEY_WINDOW) / seconds,
            .loading = (int)k->loading};
        key_name(w, c, i, out[i].name, sizeof out[i].name);
    }
    return s->nkeys;
}

const struct kind_impl kind_keyspace = {
    .desc = {.name = "keyspace",
             .doc = "One kind of values in a cache: keys, how long they live, how "
                    "misses are handled.",
             .nested = true,
             .params = params,
             .nparams = COUNT_OF(params),
             .ops = ops,
             .nops = COUNT_OF(ops),
             .metrics = metrics,
             .nmetrics = COUNT_OF(metrics)},
    .streams = streams,
    .check = keyspace_check,
    .state_size = keyspace_state_size,
    .init = keyspace_init,
    .changed = keyspace_changed,
    .op = keyspace_op,
    .metric = keyspace_metric,
};
