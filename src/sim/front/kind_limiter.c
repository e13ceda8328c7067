/*
 * Kind "limiter": stands in front of a service (or a balancer, or a third party) and
 * lets so many requests through: a token bucket for all of them together, or one for
 * each client, user or endpoint. Beyond that it refuses at once, or lets wait, at most
 * `max_wait`. Whoever can call "api/get" can call "limiter/get".
 *
 * A bucket is full at the start. `reserve` is a share of it that only the highest class
 * of priority may use up: the lower classes are refused earlier. `max_in_flight` bounds
 * those that are inside at once instead of those a second. An operator's `limit` gives
 * one client, user or endpoint a bucket of its own, with a second's worth in it.
 */
#include "call/call.h"
#include "engine/kind.h"
#include "engine/queue.h"
#include "front/limiter.h"
#include "model/model.h"
#include "truecode/model.h"

#include <stdio.h>
#include <stdlib.h>

#define COUNT_OF(x) (sizeof(x) / sizeof((x)[0]))

enum { P_TO, P_RATE, P_BURST, P_PER, P_OVER, P_MAX_WAIT, P_RESERVE, P_MAX_IN_FLIGHT };
enum { OVER_REJECT, OVER_WAIT };
enum { EV_NEXT }; /* a, b: key and who of a bucket: its first may go */
enum { OVERRIDES_MAX = 32, BUCKETS_MIN = 16, BUCKETS_MAX = 1 << 20 };

static const struct param_desc params[] = {
    {"to", VALUE_COMP, 0, 0, "", NULL, NULL, false,
     "What stands behind it: a service, a balancer, a third party."},
    {"rate", VALUE_NUMBER, 0, 1e9, "1/s", "100", NULL, true,
     "Requests a second that it lets through, of each that is limited."},
    {"burst", VALUE_COUNT, 1, 1000000000, "requests", "100", NULL, true,
     "Requests that may come at once after a pause."},
    {"per", VALUE_CHOICE, 0, 0, "", "all", "all|client|user|endpoint", false,
     "Who has a limit: all together, or each client, user or endpoint its own."},
    {"over", VALUE_CHOICE, 0, 0, "", "reject", "reject|wait", true,
     "What happens to a request beyond the limit."},
    {"max_wait", VALUE_DURATION, 0, 3600, "s", "1s", NULL, true,
     "Who would have to wait longer is refused."},
    {"reserve", VALUE_FRACTION, 0, 1, "", "0", NULL, true,
     "Share of the burst that is kept for the highest class of priority."},
    {"max_in_flight", VALUE_COUNT, 0, 1000000, "requests", "0", NULL, true,
     "Requests that may be inside at once; 0: any number."},
};

enum { OP_LIMIT };
static const struct op_desc ops[] = {
    {"limit",
     {{"per_second", VALUE_NUMBER, false, "requests let through; -1: as the others"},
      {"who", VALUE_TEXT, true, "a client, an endpoint (get), or a user's number"}},
     false,
     SIM_SEC,
     "requests above the limit are refused",
     "Gives one client, endpoint or user a limit of its own."},
};

enum { FAULT_OPEN, FAULT_CLOSED };
static const struct fault_desc faults[] = {
    {"fails_open", {{NULL, VALUE_NONE, false, NULL}}, "It lets everything through."},
    {"fails_closed", {{NULL, VALUE_NONE, false, NULL}}, "It refuses everything."},
};

enum {
    M_REQUESTS,
    M_ADMITTED,
    M_LIMITED,
    M_TOO_MANY,
    M_WAITED,
    M_WAIT_SECONDS,
    M_WAITING,
    M_IN_FLIGHT,
    M_BUCKETS
};
static const struct metric_desc metrics[] = {
    {"requests_total", "ratelimit_requests_total", "", METRIC_COUNTER, "1", false,
     "Requests that came in."},
    {"admitted_total", "ratelimit_admitted_total", "", METRIC_COUNTER, "1", false,
     "Requests let through."},
    {"limited_total", "ratelimit_over_limit_total", "", METRIC_COUNTER, "1", false,
     "Requests refused because of the rate."},
    {"too_many_total", "ratelimit_over_in_flight_total", "", METRIC_COUNTER, "1", false,
     "Requests refused because too many were inside."},
    {"waited_total", "ratelimit_delayed_total", "", METRIC_COUNTER, "1", false,
     "Requests that had to wait."},
    {"wait_seconds_total", "ratelimit_delay_seconds_total", "", METRIC_COUNTER, "s",
     false, "Time that requests have waited."},
    {"waiting", "ratelimit_waiting", "", METRIC_GAUGE, "1", false,
     "Requests that wait now."},
    {"in_flight", "ratelimit_in_flight", "", METRIC_GAUGE, "1", false,
     "Requests let through that are inside; counted while max_in_flight is set."},
    {"buckets", "ratelimit_buckets", "", METRIC_GAUGE, "1", false,
     "Clients, users or endpoints it has a limit for."},
};

struct override {
    uint16_t who; /* enum limit_who + 1; 0: none */
    uint32_t key;
    int64_t units;
};
struct limiter_state {
    ref buckets; /* hash table of struct bucket_limits, open addressing */
    uint32_t n, cap;
    struct override overrides[OVERRIDES_MAX];
    uint32_t noverrides;
    struct list inside; /* that wait */
    bool open, closed;  /* faults */
    uint32_t in_flight;
    uint64_t requests, admitted, limited, too_many, waited;
    sim_time wait_time;
};

static struct limiter_state *state_of(const struct world *w, comp_id c)
{
    return W_STATE(w, struct limiter_state, c);
}

/* ---- who is limited, and how -------------------------------------------------- */

static uint32_t key_of(const struct act *a, uint16_t who)
{
    switch (who) {
    case WHO_CLIENT:
        return a->client;
    case WHO_USER:
        return a->user;
    case WHO_ENDPOINT:
        return a->what;
    default:
        return 0;
    }
}

static const struct override *override_of(const struct limiter_state *s,
                                          const struct act *a)
{
    for (uint32_t i = 0; i < s->noverrides; i++) {
        const struct override *o = &s->overrides[i];
        if (o->who != 0 && o->key == key_of(a, (uint16_t)(o->who - 1)))
            return o;
    }
    return NULL;
}

/* Its own if an operator has given it one, with a second's worth in it. */
static struct limit_rate rate_for(const struct world *w, comp_id c, uint32_t key,
                                  uint16_t who, bool *own)
{
    const struct limiter_state *s = state_of(w, c);
    for (uint32_t i = 0; i < s->noverrides; i++) {
        const struct override *o = &s->overrides[i];
        if (o->who != who + 1 || o->key != key)
            continue;
        int64_t burst = (o->units + 999999) / 1000000;
        *own = true;
        return (struct limit_rate){o->units, o->units > 0 && burst < 1 ? 1 : burst};
    }
    *own = false;
    return (struct limit_rate){UNITS_OF(p_number(w, c, P_RATE)),
                               p_count(w, c, P_BURST)};
}

/* ---- buckets -------------------------------------------------------------------- */

static struct bucket_limits *bucket_at(const struct world *w,
                                       const struct limiter_state *s, uint32_t i)
{
    return W_PTR(w, struct bucket_limits, s->buckets) + i;
}

static struct bucket_limits *slot_of(const struct world *w,
                                     const struct limiter_state *s, uint32_t key,
                                     uint16_t who)
{
    uint32_t i = (uint32_t)hash_u64(who, key) & (s->cap - 1);
    for (;; i = (i + 1) & (s->cap - 1)) {
        struct bucket_limits *b = bucket_at(w, s, i);
        if (b->who == 0 || (b->who == who + 1 && b->key == key))
            return b;
    }
}

/* One that nobody uses and that is full again is as good as none. */
static bool idle(const struct world *w, comp_id c, struct bucket_limits *b)
{
    bool own;
    struct limit_rate r = rate_for(w, c, b->key, (uint16_t)(b->who - 1), &own);
    bucket_fill(b, &r, w_now(w));
    return !own && b->nwaiting == 0 && b->level == (limit_units)r.burst * ONE_REQUEST;
}

static SELDOM void buckets_grow(struct world *w, comp_id c)
{
    struct limiter_state *s = state_of(w, c);
    struct limiter_state old = *s;
    uint32_t used = 0;
    for (uint32_t i = 0; i < old.cap; i++)
        used += bucket_at(w, &old, i)->who != 0 && !idle(w, c, bucket_at(w, &old, i));
    uint32_t cap = BUCKETS_MIN;
    while (cap < 4 * used)
        cap *= 2;
    s->buckets = 0;
    s->cap = 0;
    w_grow(w, &s->buckets, &s->cap, cap, sizeof(struct bucket_limits));
    s->n = used;
    for (uint32_t i = 0; i < old.cap; i++) {
        struct bucket_limits *b = bucket_at(w, &old, i);
        if (b->who != 0 && !idle(w, c, b))
            *slot_of(w, s, b->key, (uint16_t)(b->who - 1)) = *b;
    }
    w_release(w, old.buckets, old.cap * sizeof(struct bucket_limits));
}

static struct bucket_limits *bucket_for(struct world *w, comp_id c, uint32_t key,
                                        uint16_t who)
{
    struct limiter_state *s = state_of(w, c);
    if (s->n * 2 >= s->cap)
        buckets_grow(w, c);
    struct bucket_limits *b = slot_of(w, s, key, who);
    if (b->who != 0)
        return b;
    bool own;
    struct limit_rate r = rate_for(w, c, key, who, &own);
    *b = (struct bucket_limits){.key = key, .who = (uint16_t)(who + 1)};
    bucket_full(b, &r, w_now(w));
    s->n++;
    return b;
}

/* ---- letting through ------------------------------------------------------------ */

/* Where a request's limit is; kept in the act's x and y while it waits here. */
static uint16_t who_of(const struct world *w, comp_id c, const struct act *a,
                       uint32_t *key)
{
    const struct override *o = override_of(state_of(w, c), a);
    uint16_t who = o != NULL ? (uint16_t)(o->who - 1) : (uint16_t)p_count(w, c, P_PER);
    *key = key_of(a, who);
    return who;
}

static void hand_on(struct world *w, struct act *a)
{
    comp_id c = a->comp, to = w->comps[c].target;
    struct limiter_state *s = state_of(w, c);
    s->admitted++;
    if (p_count(w, c, P_MAX_IN_FLIGHT) > 0 && !(a->flags & ACT_LIMITED)) {
        a->flags |= ACT_LIMITED;
        a->limiter = c;
        s->in_flight++;
    }
    if (comp_has(&w->comps[to], KIND_WHOLE)) {
        a->kind = ACT_EXTERNAL;
        a->what = to;
    }
    a->comp = a->place = to;
    a->limited.key = a->limited.who = a->phase = 0;
    comp_kind(w, to)->begin(w, a);
}

static void limiter_let_out(struct world *w, comp_id c, struct act *a)
{
    a->flags &= (uint16_t)~ACT_LIMITED;
    state_of(w, c)->in_flight--;
}

static void refuse(struct world *w, struct act *a, uint64_t *counter,
                   enum reason reason)
{
    ++*counter;
    act_finish(w, a, reason, a->comp);
}

/* Requests of the bucket that this one may not touch. */
static int64_t kept_from(const struct world *w, comp_id c, const struct act *a,
                         const struct limit_rate *r)
{
    double share = p_number(w, c, P_RESERVE);
    if (share <= 0 || limit_class(a) == PRIORITIES - 1)
        return 0;
    return (int64_t)(share * (double)r->burst);
}

/* ---- waiting -------------------------------------------------------------------- */

static void arm(struct world *w, comp_id c, struct bucket_limits *b,
                const struct limit_rate *r)
{
    cal_cancel(w, &b->timer);
    if (b->nwaiting == 0)
        return;
    sim_time t = bucket_wait(b, r, 1);
    if (t < SIM_FOREVER - w_now(w))
        b->timer =
            cal_at(w, w_now(w) + t, EV_KIND + EV_NEXT, c, b->key, (uint32_t)b->who - 1);
}

static void wait(struct world *w, struct act *a, struct bucket_limits *b,
                 const struct limit_rate *r)
{
    comp_id c = a->comp;
    struct limiter_state *s = state_of(w, c);
    sim_time t = bucket_wait(b, r, (int64_t)b->nwaiting + 1);
    if (t > p_time(w, c, P_MAX_WAIT)) {
        refuse(w, a, &s->limited, REASON_RATE_LIMITED);
        return;
    }
    act_wait(w, a, CAUSE_LIMITER, c);
    a->call_start = w_now(w);
    a->limited.key = b->key;
    a->limited.who = b->who - 1u;
    s->waited++;
    members_add(w, &s->inside, a);
    queue_push(w, &b->waiting[limit_class(a)], a);
    b->nwaiting++;
    if (b->nwaiting == 1)
        arm(w, c, b, r);
}

static void leave(struct world *w, struct act *a, struct bucket_limits *b)
{
    struct limiter_state *s = state_of(w, a->comp);
    queue_remove(w, &b->waiting[limit_class(a)], a);
    b->nwaiting--;
    members_remove(w, &s->inside, a);
    s->wait_time += w_now(w) - a->call_start;
}

static struct act *first_waiting(const struct world *w, const struct bucket_limits *b)
{
    for (int k = PRIORITIES - 1; k >= 0; k--)
        if (b->waiting[k].first != 0)
            return act_at(w, b->waiting[k].first);
    return NULL;
}

/* Lets go on whom it has room for. */
static void release(struct world *w, comp_id c, struct bucket_limits *b)
{
    bool own;
    struct limit_rate r = rate_for(w, c, b->key, (uint16_t)(b->who - 1), &own);
    while (b->nwaiting > 0 && bucket_take(b, &r, 0, w_now(w))) {
        struct act *a = first_waiting(w, b);
        leave(w, a, b);
        a->phase = 1;
        act_ready(w, a, REASON_NONE);
    }
    while (b->nwaiting > 0 && r.units == 0) { /* for ever is too long */
        struct act *a = first_waiting(w, b);
        leave(w, a, b);
        refuse(w, a, &state_of(w, c)->limited, REASON_RATE_LIMITED);
    }
    arm(w, c, b, &r);
}

static void limiter_event(struct world *w, comp_id c, int what, uint32_t key,
                          uint32_t who)
{
    struct bucket_limits *b = slot_of(w, state_of(w, c), key, (uint16_t)who);
    (void)what;
    b->timer = 0;
    release(w, c, b);
}

/* ---- requests ------------------------------------------------------------------- */

static void limiter_begin(struct world *w, struct act *a)
{
    comp_id c = a->comp;
    struct limiter_state *s = state_of(w, c);
    int64_t most = p_count(w, c, P_MAX_IN_FLIGHT);
    uint32_t key;
    bool own;
    s->requests++;
    if (s->closed) {
        refuse(w, a, &s->limited, REASON_DOWN);
        return;
    }
    if (s->open) {
        hand_on(w, a);
        return;
    }
    uint16_t who = who_of(w, c, a, &key);
    struct bucket_limits *b = bucket_for(w, c, key, who);
    struct limit_rate r = rate_for(w, c, key, who, &own);
    if (most > 0 && s->in_flight >= (uint64_t)most)
        refuse(w, a, &s->too_many, REASON_RATE_LIMITED);
    else if (b->nwaiting == 0 && bucket_take(b, &r, kept_from(w, c, a, &r), w_now(w)))
        hand_on(w, a);
    else if (p_count(w, c, P_OVER) == OVER_WAIT)
        wait(w, a, b, &r);
    else
        refuse(w, a, &s->limited, REASON_RATE_LIMITED);
}

static void limiter_resume(struct world *w, struct act *a, enum reason reason)
{
    (void)reason;
    act_account(w, a);
    hand_on(w, a);
}

static void limiter_cancel(struct world *w, struct act *a)
{
    comp_id c = a->comp;
    struct limiter_state *s = state_of(w, c);
    if (a->phase == 1)
        return; /* it has its turn already */
    struct bucket_limits *b = slot_of(w, s, a->limited.key, (uint16_t)a->limited.who);
    leave(w, a, b);
    if (b->nwaiting == 0)
        cal_cancel(w, &b->timer);
}

/* ---- operations and faults ------------------------------------------------------ */

/* A client, an endpoint of what is behind, or a number. */
static enum err find_who(const struct world *w, comp_id c, const char *text,
                         struct override *o, struct errmsg *why)
{
    const struct model *m = w->model;
    char *end;
    unsigned long number = strtoul(text, &end, 10);
    comp_id target, endpoint, client = model_find(m, text);
    struct buf b;
    if (text[0] >= '0' && text[0] <= '9' && *end == '\0' && number <= UINT32_MAX) {
        o->who = WHO_USER + 1;
        o->key = (uint32_t)number;
        return ERR_OK;
    }
    if (client != COMP_NONE && comp_has(&w->comps[client], KIND_USERS)) {
        o->who = WHO_CLIENT + 1;
        o->key = client;
        return ERR_OK;
    }
    buf_init(&b, 0);
    buf_addf(&b, "%s/%s", w->comps[c].name, text);
    enum err err = model_call_target(m, b.s, &target, &endpoint, why);
    buf_release(&b);
    if (err != ERR_OK || endpoint == COMP_NONE)
        return errmsg_set(why, ERR_NOT_FOUND,
                          "\"%.60s\" is no client, endpoint or user's number", text);
    o->who = WHO_ENDPOINT + 1;
    o->key = endpoint;
    return ERR_OK;
}

/* The one that is there already, else a free one; NULL: all are taken. */
static struct override *override_slot(struct limiter_state *s, const struct override *o)
{
    struct override *spare = NULL;
    for (uint32_t i = 0; i < s->noverrides; i++) {
        struct override *x = &s->overrides[i];
        if (x->who == o->who && x->key == o->key)
            return x;
        if (x->who == 0 && spare == NULL)
            spare = x;
    }
    if (spare == NULL && s->noverrides < OVERRIDES_MAX)
        spare = &s->overrides[s->noverrides++];
    return spare;
}

static enum err limiter_op(struct world *w, comp_id c, int op, const struct action *a,
                           struct effect *e, struct errmsg *why)
{
    struct limiter_state *s = state_of(w, c);
    struct override o = {0};
    double per_s = a->args[0].as.number;
    (void)op;
    if (action_text(a, 1)[0] == '\0')
        return errmsg_set(why, ERR_INPUT, "say for whom, or set %s.rate",
                          w->comps[c].name);
    if (!(per_s >= -1 && per_s <= 1e9))
        return errmsg_set(why, ERR_INPUT, "limit: 0 to 1000000000 a second, or -1");
    enum err err = find_who(w, c, a->args[1].as.text, &o, why);
    if (err != ERR_OK)
        return err;
    struct override *slot = override_slot(s, &o);
    if (slot == NULL)
        return errmsg_set(why, ERR_REFUSED, "%s has %d limits already",
                          w->comps[c].name, OVERRIDES_MAX);
    double was = slot->who == 0 ? -1 : (double)slot->units / 1e6;
    o.units = per_s < 0 ? 0 : UNITS_OF(per_s);
    *slot = per_s < 0 ? (struct override){0} : o;
    struct bucket_limits *b = bucket_for(w, c, o.key, (uint16_t)(o.who - 1));
    bool own;
    struct limit_rate r = rate_for(w, c, o.key, (uint16_t)(o.who - 1), &own);
    bucket_full(b, &r, w_now(w));
    release(w, c, b);
    if (per_s < 0)
        snprintf(e->title, sizeof e->title, "%s: no limit of its own for %.40s",
                 w->comps[c].name, a->args[1].as.text);
    else
        snprintf(e->title, sizeof e->title, "%s: limit %.40s to %.4g/s",
                 w->comps[c].name, a->args[1].as.text, per_s);
    snprintf(e->text, sizeof e->text, "%s", a->args[1].as.text);
    e->has_undo = true;
    e->undo = (struct action){.kind = ACTION_OP,
                              .comp = c,
                              .name = "limit",
                              .args = {value_number(was), value_text(e->text)},
                              .nargs = 2};
    return ERR_OK;
}

static enum err limiter_fault(struct world *w, comp_id c, int fault,
                              const struct action *a, bool on, struct errmsg *why)
{
    struct limiter_state *s = state_of(w, c);
    (void)a, (void)why;
    if (fault == FAULT_OPEN)
        s->open = on;
    else
        s->closed = on;
    return ERR_OK;
}

/* The rules have changed: whoever waits is looked at anew. */
static void limiter_changed(struct world *w, comp_id c, int param,
                            const struct value *old)
{
    struct limiter_state *s = state_of(w, c);
    struct limit_rate was = {UNITS_OF(p_number(w, c, P_RATE)), p_count(w, c, P_BURST)};
    if (param == P_RATE)
        was.units = UNITS_OF(old->as.number);
    else if (param == P_BURST)
        was.burst = old->as.count;
    else
        return;
    for (uint32_t i = 0; i < s->cap; i++) {
        struct bucket_limits *b = bucket_at(w, s, i);
        bool own;
        if (b->who == 0)
            continue;
        (void)rate_for(w, c, b->key, (uint16_t)(b->who - 1), &own);
        if (own)
            continue;
        bucket_fill(b, &was, w_now(w)); /* so far at the old rate */
        release(w, c, b);
    }
}

/* ---- the kind ------------------------------------------------------------------- */

static enum err limiter_resolve(struct model *m, comp_id c, struct errmsg *why)
{
    struct value *to = &m->comps[c].params[P_TO];
    if (to->type == VALUE_TEXT) {
        comp_id t = model_need(m, to->as.text, NULL, m->comps[c].name, why);
        if (t == COMP_NONE)
            return ERR_NOT_FOUND;
        *to = (struct value){.type = VALUE_COMP, .as.comp = t};
    }
    const struct kind_impl *k = m->comps[to->as.comp].kind;
    m->comps[c].target = to->as.comp;
    if (k->traits & (KIND_SERVES | KIND_WHOLE | KIND_HANDS_ON))
        return ERR_OK;
    return errmsg_set(why, ERR_INPUT,
                      "%s: a limiter stands in front of a service, a balancer or a "
                      "third party, and %s is a %s",
                      m->comps[c].name, model_name(m, to->as.comp), k->desc.name);
}

/* In a ring of limiters nobody would ever arrive. */
static enum err limiter_check(struct model *m, comp_id c, struct errmsg *why)
{
    comp_id at = c;
    for (size_t i = 0; i <= m->ncomps && m->comps[at].kind == &kind_limiter; i++)
        at = m->comps[at].target;
    if (m->comps[at].kind == &kind_limiter)
        return errmsg_set(why, ERR_INPUT, "%s: limiters in front of each other",
                          m->comps[c].name);
    return ERR_OK;
}

static size_t limiter_size(const struct model *m, comp_id c)
{
    (void)m, (void)c;
    return sizeof(struct limiter_state);
}

static void limiter_init(struct world *w, comp_id c)
{
    buckets_grow(w, c);
}

static double limiter_metric(const struct world *w, comp_id c, int metric, int instance)
{
    const struct limiter_state *s = state_of(w, c);
    (void)instance;
    switch (metric) {
    case M_REQUESTS:
        return (double)s->requests;
    case M_ADMITTED:
        return (double)s->admitted;
    case M_LIMITED:
        return (double)s->limited;
    case M_TOO_MANY:
        return (double)s->too_many;
    case M_WAITED:
        return (double)s->waited;
    case M_WAIT_SECONDS:
        return (double)s->wait_time / (double)SIM_SEC;
    case M_WAITING:
        return s->inside.count;
    case M_IN_FLIGHT:
        return s->in_flight;
    default:
        return s->n;
    }
}

static void limiter_inflight(const struct world *w, comp_id c,
                             void (*f)(const struct world *w, const struct act *a,
                                       void *ctx),
                             void *ctx)
{
    for (ref r = state_of(w, c)->inside.first; r != 0; r = act_at(w, r)->next)
        f(w, act_at(w, r), ctx);
}

static const struct figure_desc figures[] = {
    {.label = "turned away",
     .metric = "limited_total",
     .how = FIGURE_RATE,
     .status = true,
     .map = MAP_IF_ANY,
     .chart = 65,
     .warn = 1e-9},
    {.label = "waiting",
     .metric = "waiting",
     .how = FIGURE_NOW,
     .map = MAP_IF_ANY,
     .warn = 1},
};

const struct kind_impl kind_limiter = {
    .desc = {.name = "limiter",
             .doc = "Lets so many requests a second through to what is behind it.",
             .params = params,
             .nparams = COUNT_OF(params),
             .ops = ops,
             .nops = COUNT_OF(ops),
             .faults = faults,
             .nfaults = COUNT_OF(faults),
             .metrics = metrics,
             .nmetrics = COUNT_OF(metrics),
             .figures = figures,
             .nfigures = sizeof figures / sizeof *figures},
    .traits = KIND_HANDS_ON,
    .resolve = limiter_resolve,
    .check = limiter_check,
    .state_size = limiter_size,
    .init = limiter_init,
    .event = limiter_event,
    .begin = limiter_begin,
    .resume = limiter_resume,
    .cancel = limiter_cancel,
    .let_out = limiter_let_out,
    .changed = limiter_changed,
    .op = limiter_op,
    .fault = limiter_fault,
    .metric = limiter_metric,
    .inflight = limiter_inflight,
};
