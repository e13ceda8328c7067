/*
 * A processor-sharing server: the cores of an instance, the engine of a database.
 *
 * All acts inside get the same share, so one number describes them all: how much work
 * an act that was there all along has got, the "attained service" clock. An act that
 * comes with demand D is done when the clock has moved on by D: its mark never changes,
 * however often the shares do. So marks sit in a heap, a change costs O(log n), and one
 * calendar event, for the smallest mark, is enough.
 *
 * The clock is an integer in units of 2^-16 ns and its rate an integer of 2^-32 units
 * per unit of time: no drift from rounding to and fro, the same on every machine. It
 * rounds down, finishing times round up to whole ns; so an act is never done early, and
 * nothing is ever served faster than the rate allows. The clock goes back to 0 when the
 * station is idle, and is rebased long before it could overflow.
 *
 * Heap entries are 128-bit keys (mark, act's generation, act): ties go to the older
 * act, and neither comparing nor moving them needs a look at the acts. One that is
 * taken out before it is done leaves its key behind, which is dropped when it comes up,
 * or when such keys have become more than the others.
 */
#include "engine/station.h"
#include "engine/act.h"
#include "engine/loop.h"

#define CLOCK_BITS 16 /* fraction of a nanosecond */
#define RATE_BITS  32 /* RATE_ONE: each act gets a whole core */
#define RATE_ONE   (UINT64_C(1) << RATE_BITS)
/* No act asks for more than this much work; nine hours of CPU. */
#define DEMAND_MAX (INT64_C(1) << 45)
#define CLOCK_MAX  (UINT64_C(1) << 62)

static heap_key key_of(const struct world *w, const struct act *a)
{
    return ((heap_key)a->mark << 64) | ((heap_key)a->gen << 32) | W_REF(w, a);
}

static struct act *key_act(const struct world *w, heap_key k)
{
    return act_at(w, (ref)(uint32_t)k);
}

static uint64_t key_mark(heap_key k)
{
    return (uint64_t)(k >> 64);
}

/* ---- the heap -------------------------------------------------------------------- */

HOT heap_key *keys_of(const struct world *w, const struct station *s)
{
    return W_PTR(w, heap_key, s->heap);
}

/* Whether the key is that of somebody inside. */
static bool counts(const struct world *w, const struct station *s, heap_key k)
{
    const struct act *a = key_act(w, k);
    return a->station == W_REF(w, s) && key_of(w, a) == k;
}

/* The keys of those inside, and no others. (An act that came back at the same moment
 * for the same work would have two of the same; none does.) */
static SELDOM void sweep(struct world *w, struct station *s)
{
    heap_key *h = keys_of(w, s);
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->keys; i++) {
        heap_key k = h[i];
        if (counts(w, s, k))
            heap_rise(h, n++, k);
    }
    s->keys = n;
    assert(s->keys == s->n);
}

static void key_add(struct world *w, struct station *s, const struct act *a)
{
    if (s->keys == s->cap)
        w_grow(w, &s->heap, &s->cap, s->keys + 1, sizeof(heap_key));
    heap_rise(keys_of(w, s), s->keys++, key_of(w, a));
}

/* Called when somebody has company, or goes before being done. */
static void only_moves(struct world *w, struct station *s)
{
    if (s->only == 0)
        return;
    key_add(w, s, act_at(w, s->only));
    s->only = 0;
}

/* No key is before its parent's, and the acts inside have one each; of a large heap, that
 * there are enough. */
static bool keys_hold(const struct world *w, const struct station *s)
{
    enum { SMALL = 64 };
    const heap_key *h = keys_of(w, s);
    uint32_t n = 0;
    if (s->keys > SMALL)
        return s->keys >= s->n && s->keys <= s->cap;
    for (uint32_t i = 0; i < s->keys; i++) {
        if (i > 0 && h[(i - 1) / 2] > h[i])
            return false;
        n += counts(w, s, h[i]);
    }
    return n == s->n && s->keys <= s->cap;
}

/* The first that is done; there is one. */
HOT heap_key first_key(struct world *w, struct station *s)
{
    heap_key *h = keys_of(w, s);
    CHECK(s->n > 0 && keys_hold(w, s));
    while (s->keys > s->n && !counts(w, s, h[0]))
        heap_pop(h, &s->keys);
    return h[0];
}

/* ---- the clock ------------------------------------------------------------------- */

static double cores_busy(const struct station *s)
{
    if (s->paused)
        return s->burns < s->cores ? s->burns : s->cores;
    if (s->n <= s->whole)
        return s->n;
    return (double)s->n < s->cores ? (double)s->n : s->cores;
}

/* The share of a core that each of n acts gets. */
HOT uint64_t rate_of(const struct station *s)
{
    double n = s->n;
    double share = s->factor;
    if (s->n <= s->whole)
        return s->n == 0 ? 0 : RATE_ONE;
    if (s->paused || s->n == 0 || !(share > 0) || !(s->cores > 0))
        return 0;
    if (n > s->cores)
        share *= s->cores / n;
    if (s->alpha > 0 || s->beta > 0)
        share /= 1 + s->alpha * (n - 1) + s->beta * n * (n - 1);
    if (share >= 1024)
        share = 1024;
    uint64_t rate = (uint64_t)(share * (double)RATE_ONE);
    return rate > 0 ? rate : 1;
}

/* The clock as it is `ns` after s->since. Never past the last act's mark by more than a
 * step, as an event is pending for each mark. */
static uint64_t clock_after(const struct station *s, sim_time ns)
{
    if (s->rate == RATE_ONE)
        return s->clock + ((uint64_t)ns << CLOCK_BITS);
    __extension__ unsigned __int128 got = (unsigned __int128)(uint64_t)ns * s->rate;
    return s->clock + (uint64_t)(got >> (RATE_BITS - CLOCK_BITS));
}

/* Finds the number up to which each inside gets a whole core, no more, no less. */
static void find_whole(struct station *s)
{
    bool plain =
        !s->paused && s->factor == 1 && s->alpha <= 0 && s->beta <= 0 && s->lower == 0;
    s->whole = plain && s->cores >= 1 ? (uint32_t)(s->cores < 1e6 ? s->cores : 1e6) : 0;
}

/* Notes what the integral of busy cores was at each whole second up to now. */
static SELDOM void count_seconds(struct station *s, double busy, sim_time now)
{
    sim_time whole = now / SIM_SEC, second = s->tick / SIM_SEC - 1;
    sim_time first =
        whole - second > STATION_SECONDS ? whole - STATION_SECONDS + 1 : second + 1;
    for (sim_time t = first; t <= whole; t++)
        s->busy_at[t % STATION_SECONDS] =
            s->busy + busy * (double)(t * SIM_SEC - s->since);
    s->tick = (whole + 1) * SIM_SEC;
}

HOT void count_busy(struct station *s, sim_time now)
{
    double busy = cores_busy(s);
    if (now >= s->tick)
        count_seconds(s, busy, now);
    s->busy += busy * (double)(now - s->since);
}

HOT void advance(struct station *s, sim_time now)
{
    if (now == s->since)
        return;
    count_busy(s, now);
    s->clock = clock_after(s, now - s->since);
    s->since = now;
}

/* All marks move by the same, so their order stays. */
static SELDOM void rebase(struct world *w, struct station *s)
{
    heap_key *h = keys_of(w, s);
    sweep(w, s);
    for (uint32_t i = 0; i < s->n; i++) {
        struct act *a = key_act(w, h[i]);
        a->mark = a->mark > s->clock ? a->mark - s->clock : 0;
        h[i] = key_of(w, a);
    }
    s->clock = 0;
}

/* When the first act is done at the present rate. */
HOT sim_time next_done(struct world *w, struct station *s)
{
    uint64_t mark = key_mark(first_key(w, s));
    if (mark <= s->clock)
        return s->since;
    if (s->rate == 0)
        return SIM_FOREVER;
    uint64_t rest = mark - s->clock;
    uint64_t ns;
    if (s->rate == RATE_ONE) {
        ns = (rest + (UINT64_C(1) << CLOCK_BITS) - 1) >> CLOCK_BITS;
    } else if (rest < UINT64_C(1) << (63 - (RATE_BITS - CLOCK_BITS))) {
        ns = ((rest << (RATE_BITS - CLOCK_BITS)) + s->rate - 1) / s->rate;
    } else {
        __extension__ unsigned __int128 big = (unsigned __int128)rest
                                              << (RATE_BITS - CLOCK_BITS);
        big = (big + s->rate - 1) / s->rate;
        ns = big > (uint64_t)SIM_FOREVER ? (uint64_t)SIM_FOREVER : (uint64_t)big;
    }
    if (ns >= (uint64_t)(SIM_FOREVER - s->since))
        return SIM_FOREVER;
    return s->since + (sim_time)ns;
}

/* After any change of who is inside or how fast it goes. */
HOT void rearm(struct world *w, struct station *s)
{
    s->rate = rate_of(s);
    if (s->n == 0) {
        cal_cancel(w, &s->timer);
        s->clock = 0;
        s->keys = 0;
        return;
    }
    if (s->clock >= CLOCK_MAX)
        rebase(w, s);
    sim_time at = next_done(w, s);
    if (s->timer != 0 && at == s->timer_at) /* unchanged, say when a core was free for a
                                               newcomer */
        return;
    cal_cancel(w, &s->timer);
    s->timer_at = at;
    if (at != SIM_FOREVER)
        s->timer = cal_put(w, at, EV_STATION, s->comp, W_REF(w, s),
                           (ref)(uint32_t)keys_of(w, s)[0]);
}

/* The cores that those inside leave are those of the station below. */
static SELDOM void pass_down(struct world *w, const struct station *s)
{
    struct station *lower = W_PTR(w, struct station, s->lower);
    double used = s->n < s->cores ? s->n : s->cores;
    if (lower->cores == s->cores - used)
        return;
    station_touch(w, lower);
    lower->cores = s->cores - used;
    station_changed(w, lower);
}

HOT void rearm_all(struct world *w, struct station *s)
{
    rearm(w, s);
    if (s->lower != 0)
        pass_down(w, s);
}

static void rearm_seldom(struct world *w, struct station *s)
{
    rearm_all(w, s);
}

/* ---- acts ------------------------------------------------------------------------ */

/* Splits the time since act_wait() into work and the rest, and lets the station go of
 * it. */
HOT void leave(struct world *w, struct station *s, struct act *a, sim_time attained)
{
    sim_time total = s->since - a->since;
    sim_time worked = attained < total ? attained : total;
    act_charge(w, a, (enum cause)s->work, s->comp, worked);
    if (worked < total)
        act_charge(w, a, (enum cause)s->contention, s->comp, total - worked);
    a->since = s->since;
    a->station = 0;
    a->flags &= (uint16_t)~ACT_IN_STATION;
}

void station_init(struct world *w, struct station *s, comp_id c, enum cause work,
                  enum cause contention, double cores)
{
    memset(s, 0, sizeof *s);
    s->comp = c;
    s->work = (uint8_t)work;
    s->contention = (uint8_t)contention;
    s->cores = cores;
    s->factor = 1;
    s->since = w_now(w);
    s->tick = (s->since / SIM_SEC + 1) * SIM_SEC;
    find_whole(s);
}

void station_split(struct world *w, struct station *s, int n)
{
    assert(s->lower == 0);
    for (; n > 0; n--) {
        ref r = w_alloc(w, sizeof(struct station));
        struct station *lower = W_PTR(w, struct station, r);
        station_init(w, lower, s->comp, (enum cause)s->work, (enum cause)s->contention,
                     s->cores);
        s->lower = r;
        station_touch(w, s);
        station_changed(w, s);
        s = lower;
    }
}

/* Nobody else is inside and a whole core is free: it is done when its work is. */
HOT void add_first(struct world *w, struct station *s, struct act *a)
{
    sim_time now = w_now(w);
    assert(s->clock == 0 && s->timer == 0);
    if (now >= s->tick)
        count_seconds(s, 0, now);
    s->since = now;
    s->rate = RATE_ONE;
    s->n = 1;
    s->only = W_REF(w, a);
    a->mark = (uint64_t)a->demand << CLOCK_BITS;
    s->timer_at = now + a->demand;
    s->timer = cal_put(w, s->timer_at, EV_STATION, s->comp, W_REF(w, s), W_REF(w, a));
}

void station_add(struct world *w, struct station *s, struct act *a, sim_time demand)
{
    assert(a->station == 0 && demand >= 0);
    if (demand > DEMAND_MAX)
        demand = DEMAND_MAX;
    act_wait(w, a, (enum cause)s->work, s->comp);
    a->flags |= ACT_IN_STATION;
    a->station = W_REF(w, s);
    a->demand = demand;
    if (s->n == 0 && s->whole > 0) {
        add_first(w, s, a);
        return;
    }
    only_moves(w, s);
    advance(s, w_now(w));
    a->mark = s->clock + ((uint64_t)demand << CLOCK_BITS);
    CHECK(s->only == 0 && s->clock <= UINT64_MAX - ((uint64_t)demand << CLOCK_BITS));
    key_add(w, s, a);
    s->n++;
    rearm_all(w, s);
}

sim_time station_attained(const struct world *w, const struct station *s,
                          const struct act *a)
{
    uint64_t now = clock_after(s, w_now(w) - s->since);
    if (now >= a->mark)
        return a->demand;
    sim_time rest = (sim_time)((a->mark - now) >> CLOCK_BITS);
    return rest < a->demand ? a->demand - rest : 0;
}

void station_remove(struct world *w, struct station *s, struct act *a)
{
    assert(a->station == W_REF(w, s));
    only_moves(w, s);
    advance(s, w_now(w));
    s->n--;
    leave(w, s, a, station_attained(w, s, a));
    if (s->keys > 2 * s->n + 16)
        sweep(w, s);
    rearm_seldom(w, s);
}

void station_evict(struct world *w, struct station *s, enum reason reason)
{
    only_moves(w, s);
    while (s->n > 0) {
        struct act *a = key_act(w, first_key(w, s));
        station_remove(w, s, a);
        act_ready(w, a, reason);
    }
}

void station_settle(struct world *w, struct station *s,
                    void (*f)(struct world *w, struct act *a))
{
    only_moves(w, s);
    advance(s, w_now(w));
    sweep(w, s);
    for (uint32_t i = 0; i < s->n; i++) {
        struct act *a = key_act(w, keys_of(w, s)[i]);
        sim_time got = station_attained(w, s, a), total = s->since - a->since;
        sim_time worked = got < total ? got : total;
        act_charge(w, a, (enum cause)s->work, s->comp, worked);
        act_charge(w, a, (enum cause)s->contention, s->comp, total - worked);
        a->since = s->since;
        a->demand -= got;
        if (a->flags & ACT_TRACED)
            f(w, a);
    }
}

/* The only one inside had a core for itself all along. */
HOT void only_done(struct world *w, struct station *s)
{
    struct act *a = act_at(w, s->only);
    count_busy(s, w_now(w));
    s->since = w_now(w);
    s->clock = s->rate = 0;
    s->n = s->only = 0;
    leave(w, s, a, a->demand);
    s->served++;
    act_ready(w, a, REASON_NONE);
}

void station_event(struct world *w, struct station *s)
{
    s->timer = 0;
    if (s->only != 0 && s->rate == RATE_ONE) {
        only_done(w, s);
        return;
    }
    only_moves(w, s);
    advance(s, w_now(w));
    while (s->n > 0) {
        heap_key first = first_key(w, s);
        if (key_mark(first) > s->clock)
            break;
        struct act *a = key_act(w, first);
        heap_pop(keys_of(w, s), &s->keys);
        s->n--;
        leave(w, s, a, a->demand);
        s->served++;
        act_ready(w, a, REASON_NONE);
    }
    rearm_all(w, s);
}

void station_touch(struct world *w, struct station *s)
{
    advance(s, w_now(w));
}

void station_changed(struct world *w, struct station *s)
{
    assert(s->since == w_now(w));
    only_moves(w, s);
    find_whole(s);
    rearm_seldom(w, s);
}

/* ---- looking --------------------------------------------------------------------- */

double station_busy(const struct world *w, const struct station *s)
{
    return (s->busy + cores_busy(s) * (double)(w_now(w) - s->since)) / (double)SIM_SEC;
}

double station_used(const struct world *w, const struct station *s, int seconds)
{
    assert(seconds >= 1 && seconds < STATION_SECONDS);
    struct station copy = *s;
    sim_time now = w_now(w);
    count_busy(&copy, now);
    sim_time from = now / SIM_SEC - seconds;
    from = from < 0 ? 0 : from;
    double was = from == 0 ? 0 : copy.busy_at[from % STATION_SECONDS];
    double span = (double)(now - from * SIM_SEC);
    return span > 0 ? (copy.busy - was) / span : 0;
}

double station_load(const struct world *w, const struct station *s, int seconds)
{
    return s->cores > 0 ? station_used(w, s, seconds) / s->cores : 0;
}

double stations_busy(const struct world *w, const struct station *s)
{
    double sum = 0;
    for (; s; s = station_next(w, s))
        sum += station_busy(w, s);
    return sum;
}

double stations_load(const struct world *w, const struct station *s, int seconds)
{
    double sum = 0, cores = s->cores;
    for (; s; s = station_next(w, s))
        sum += station_used(w, s, seconds);
    return cores > 0 ? sum / cores : 0;
}
