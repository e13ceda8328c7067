/*
 * Limiters, who has which limit. A limiter keeps a bucket for each that is limited, and
 * with scope = "instance" each calling instance keeps its own, as a limiter in a library
 * does. Buckets are found by hash, and never move; one that nobody uses and that is full
 * again is as good as none, and is forgotten when the table grows.
 *
 * The caller is the component that calls, all its instances together: what a key in the
 * request says, which survives whatever hands the request on. The peer is whoever the
 * connection comes from: an instance of the caller, a user's machine, or the proxy in
 * front of this limiter (another limiter, a service that calls for others), which so
 * hides who is behind it (RFC 9110, 3.7: an intermediary acts as the client).
 */
#include "front/limiter.h"
#include "service/service.h"

enum { BUCKETS_MIN = 16 };
/* Keys of peers and tenants that are no number of their own. */
#define OF_COMPONENT UINT32_C(0x80000000)

/* ---- who ------------------------------------------------------------------------- */

static bool is_user(const struct world *w, const struct act *a)
{
    return a->caller != COMP_NONE && comp_has(&w->comps[a->caller], KIND_USERS);
}

/* The proxy that has handed `a` on to `c`; COMP_NONE: the caller itself has sent it
 * here. */
static comp_id proxy_of(const struct world *w, comp_id c, const struct act *a)
{
    comp_id at = a->policy == COMP_NONE ? c : w->comps[a->policy].target;
    if (at == c)
        return COMP_NONE;
    while (w->comps[at].target != c && comp_has(&w->comps[at], KIND_HANDS_ON))
        at = w->comps[at].target;
    return at;
}

static uint32_t peer_of(const struct world *w, comp_id c, const struct act *a)
{
    comp_id proxy = proxy_of(w, c, a);
    if (proxy != COMP_NONE)
        return OF_COMPONENT | (uint32_t)proxy << 13;
    if (is_user(w, a))
        return a->user & ~OF_COMPONENT;
    return OF_COMPONENT | (uint32_t)a->caller << 13 | a->caller_instance;
}
_Static_assert(SLOTS_MAX < 1 << 13, "an instance's number fits into a peer's key");

static uint32_t tenant_of(const struct world *w, const struct act *a)
{
    uint32_t tenant = 0;
    if (a->client != COMP_NONE && comp_kind(w, a->client)->tenant)
        tenant = comp_kind(w, a->client)->tenant(w, a->client, a->user);
    return tenant > 0 ? tenant : OF_COMPONENT | a->client;
}

static uint32_t key_of(const struct world *w, comp_id c, const struct act *a,
                       uint16_t who)
{
    switch (who) {
    case WHO_CLIENT:
        return a->client;
    case WHO_USER:
        return a->user;
    case WHO_ENDPOINT:
        return a->what;
    case WHO_CALLER:
        return a->caller;
    case WHO_PEER:
        return peer_of(w, c, a);
    case WHO_TENANT:
        return tenant_of(w, a);
    default:
        return 0;
    }
}

static uint32_t home_of(const struct world *w, comp_id c, const struct act *a)
{
    if (p_count(w, c, P_SCOPE) == SCOPE_SHARED)
        return 0;
    return 1 + ((uint32_t)a->caller << 13 | a->caller_instance);
}

/* ---- rates ----------------------------------------------------------------------- */

static const struct override *override_of(const struct world *w, comp_id c,
                                          const struct act *a)
{
    const struct limiter_state *s = limiter_of(w, c);
    for (uint32_t i = 0; i < s->noverrides; i++) {
        const struct override *o = &s->overrides[i];
        if (o->given && o->key == key_of(w, c, a, o->who))
            return o;
    }
    return NULL;
}

struct limit_rate limiter_rate(const struct world *w, comp_id c,
                               const struct bucket_limits *b, bool *overridden)
{
    const struct limiter_state *s = limiter_of(w, c);
    for (uint32_t i = 0; i < s->noverrides; i++) {
        const struct override *o = &s->overrides[i];
        if (!o->given || o->who != b->who || o->key != b->key)
            continue;
        int64_t burst = (o->units + 999999) / 1000000;
        *overridden = true;
        return (struct limit_rate){o->units, o->units > 0 && burst < 1 ? 1 : burst};
    }
    *overridden = false;
    return (struct limit_rate){UNITS_OF(p_number(w, c, P_RATE)),
                               p_count(w, c, P_BURST)};
}

/* ---- the table ------------------------------------------------------------------- */

static ref *slots(const struct world *w, const struct limiter_state *s)
{
    return W_PTR(w, ref, s->table);
}

static ref *slot_of(const struct world *w, const struct limiter_state *s, uint8_t who,
                    uint32_t key, uint32_t home)
{
    uint32_t i = (uint32_t)hash_u64(hash_u64(who, key), home) & (s->cap - 1);
    for (;; i = (i + 1) & (s->cap - 1)) {
        ref *at = &slots(w, s)[i];
        const struct bucket_limits *b = W_PTR(w, struct bucket_limits, *at);
        if (*at == 0 || (b->who == who && b->key == key && b->home == home))
            return at;
    }
}

static void append(struct world *w, struct limiter_state *s, ref r)
{
    W_PTR(w, struct bucket_limits, r)->next = 0;
    if (s->last != 0)
        W_PTR(w, struct bucket_limits, s->last)->next = r;
    else
        s->first = r;
    s->last = r;
    s->n++;
}

static bool idle(const struct world *w, comp_id c, struct bucket_limits *b)
{
    bool overridden;
    struct limit_rate r = limiter_rate(w, c, b, &overridden);
    if (b->who == WHO_GATE)
        return false;
    bucket_fill(b, &r, w_now(w));
    return !overridden && b->nwaiting == 0 &&
           b->level == (limit_units)r.burst * ONE_REQUEST;
}

/* Lets go of buckets that would be made the same. */
static void forget_idle(struct world *w, comp_id c)
{
    struct limiter_state *s = limiter_of(w, c);
    ref r = s->first;
    s->first = s->last = 0;
    s->n = 0;
    while (r != 0) {
        struct bucket_limits *b = W_PTR(w, struct bucket_limits, r);
        ref next = b->next;
        if (idle(w, c, b))
            w_release(w, r, sizeof *b);
        else
            append(w, s, r);
        r = next;
    }
}

static SELDOM void grow(struct world *w, comp_id c)
{
    struct limiter_state *s = limiter_of(w, c);
    uint32_t cap = BUCKETS_MIN;
    w_release(w, s->table, s->cap * sizeof(ref));
    forget_idle(w, c);
    while (cap < 4 * s->n)
        cap *= 2;
    s->table = 0;
    s->cap = 0;
    w_grow(w, &s->table, &s->cap, cap, sizeof(ref));
    for (ref r = s->first; r != 0; r = W_PTR(w, struct bucket_limits, r)->next) {
        const struct bucket_limits *b = W_PTR(w, struct bucket_limits, r);
        *slot_of(w, s, b->who, b->key, b->home) = r;
    }
}

void limiter_table_init(struct world *w, comp_id c)
{
    grow(w, c);
}

static struct bucket_limits *find(struct world *w, comp_id c, uint8_t who, uint32_t key,
                                  uint32_t home)
{
    struct limiter_state *s = limiter_of(w, c);
    if (s->n * 2 >= s->cap)
        grow(w, c);
    ref *at = slot_of(w, s, who, key, home);
    if (*at != 0)
        return W_PTR(w, struct bucket_limits, *at);
    ref made = w_alloc(w, sizeof(struct bucket_limits));
    *slot_of(w, s, who, key, home) = made;
    struct bucket_limits *b = W_PTR(w, struct bucket_limits, made);
    *b = (struct bucket_limits){.who = who, .key = key, .home = home};
    append(w, s, made);
    bool overridden;
    struct limit_rate r = limiter_rate(w, c, b, &overridden);
    bucket_full(b, &r, w_now(w));
    return b;
}

struct bucket_limits *limiter_bucket(struct world *w, comp_id c, const struct act *a)
{
    const struct override *o = override_of(w, c, a);
    uint16_t who = o ? o->who : (uint16_t)p_count(w, c, P_PER);
    return find(w, c, (uint8_t)who, key_of(w, c, a, who), home_of(w, c, a));
}

struct gate *limiter_gate(struct world *w, comp_id c, const struct act *a)
{
    struct bucket_limits *b = find(w, c, WHO_GATE, 0, home_of(w, c, a));
    struct limiter_state *s = limiter_of(w, c);
    if (b->gate == 0) {
        ref made = w_alloc(w, sizeof(struct gate));
        b->gate = made;
        *W_PTR(w, struct gate, made) =
            (struct gate){.next = s->gates,
                          .limit = GATE_INITIAL,
                          .jitter = 0.5 + rng_unit(w_rng(w, c, LIMITER_RNG_PROBE)) / 2};
        s->gates = made;
        s->ngates++;
    }
    return W_PTR(w, struct gate, b->gate);
}

void limiter_each(struct world *w, comp_id c,
                  void (*f)(struct world *w, comp_id c, struct bucket_limits *b,
                            void *ctx),
                  void *ctx)
{
    for (ref r = limiter_of(w, c)->first; r != 0;) {
        struct bucket_limits *b = W_PTR(w, struct bucket_limits, r);
        r = b->next;
        f(w, c, b, ctx);
    }
}
