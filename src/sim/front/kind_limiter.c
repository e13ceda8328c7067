/*
 * Kind "limiter": stands in front of a service (or a balancer, or a third party) and
 * lets so many requests through: a token bucket for all of them together, or one for
 * each client, user, endpoint, caller, peer or tenant (limiter_table.c). Beyond that it
 * refuses at once, or lets wait, at most `max_wait`, and as long as who waits is willing
 * to. Whoever can call "api/get" can call "limiter/get".
 *
 * A bucket is full at the start. `reserve` is a share of it that only the highest class
 * of priority may use up: the lower classes are refused earlier. Those that are inside
 * at once are bounded, too, by `max_in_flight` or a limit that adapts
 * (limiter_adapt.c). An operator's `limit` gives one of them a bucket of its own, with a
 * second's worth in it (limiter_ops.c).
 *
 * With scope = "shared" there is one of all that, as in a gateway; with "instance" each
 * instance of each caller has its own, as where the limiter is a part of the caller.
 */
#include "call/call.h"
#include "engine/kind.h"
#include "engine/queue.h"
#include "front/limiter.h"
#include "model/model.h"
#include "truecode/model.h"

#include <stdio.h>
#include <stdlib.h>

enum { EV_NEXT }; /* a: a bucket: its first may go */

static const struct param_desc params[] = {
    [P_TO] = {.name = "to",
              .type = VALUE_COMP,
              .unit = "",
              .doc = "What stands behind it: a service, a balancer, a third party."},
    [P_RATE] = {.name = "rate",
                .type = VALUE_NUMBER,
                .min = 0,
                .max = 1e9,
                .unit = "1/s",
                .def = "100",
                .change = CHANGE_AT_ONCE,
                .each = EACH_CALLER,
                .doc =
                    "Requests a second that it lets through, of each that is limited."},
    [P_BURST] = {.name = "burst",
                 .type = VALUE_COUNT,
                 .min = 1,
                 .max = 1000000000,
                 .unit = "requests",
                 .def = "100",
                 .change = CHANGE_AT_ONCE,
                 .each = EACH_CALLER,
                 .doc = "Requests that may come at once after a pause."},
    [P_PER] =
        {.name = "per",
         .type = VALUE_CHOICE,
         .unit = "",
         .def = "all",
         .choices = "all|client|user|endpoint|caller|peer|tenant",
         .doc = "Who has a rate: all together, or each of these its own. The caller is "
                "a service "
                "or client; the peer an instance of it, a user, or a proxy between."},
    [P_OVER] = {.name = "over",
                .type = VALUE_CHOICE,
                .unit = "",
                .def = "reject",
                .choices = "reject|wait",
                .change = CHANGE_AT_ONCE,
                .doc = "What happens to a request beyond the limit."},
    [P_MAX_WAIT] = {.name = "max_wait",
                    .type = VALUE_DURATION,
                    .min = 0,
                    .max = 3600,
                    .unit = "s",
                    .def = "1s",
                    .change = CHANGE_AT_ONCE,
                    .doc = "Who would have to wait longer is refused."},
    [P_RESERVE] =
        {.name = "reserve",
         .type = VALUE_FRACTION,
         .min = 0,
         .max = 1,
         .unit = "",
         .def = "0",
         .change = CHANGE_AT_ONCE,
         .doc = "Share of the burst that is kept for the highest class of priority."},
    [P_MAX_IN_FLIGHT] = {.name = "max_in_flight",
                         .type = VALUE_COUNT,
                         .min = 0,
                         .max = 1000000,
                         .unit = "requests",
                         .def = "0",
                         .change = CHANGE_AT_ONCE,
                         .each = EACH_CALLER,
                         .doc = "Requests that may be inside at once, for each "
                                "instance or in all (scope); 0: any "
                                "number."},
    [P_SCOPE] = {.name = "scope",
                 .type = VALUE_CHOICE,
                 .unit = "",
                 .def = "shared",
                 .choices = "shared|instance",
                 .doc = "Whether all limits are for all callers together, or each "
                        "calling instance has "
                        "its "
                        "own."},
    [P_ADAPTIVE] = {.name = "adaptive",
                    .type = VALUE_CHOICE,
                    .unit = "",
                    .def = "off",
                    .choices = "off|vegas|gradient",
                    .change = CHANGE_AT_ONCE,
                    .doc =
                        "Whether the number inside at once is found by how long "
                        "requests take, up to max_in_flight (0: 1000). vegas: beside "
                        "the shortest; gradient: beside the usual time, and never "
                        "below 20."},
    [P_PATIENCE] =
        {.name = "patience",
         .type = VALUE_DIST,
         .min = 0,
         .max = 86400,
         .unit = "s",
         .def = "0",
         .change = CHANGE_USERS,
         .doc =
             "With over = wait: how long who waits does before leaving; 0: as long as "
             "max_wait."},
};
_Static_assert(COUNT_OF(params) == P_COUNT, "each parameter has its words");

enum { OP_LIMIT, OP_COUNT };
static const struct op_desc ops[] = {
    [OP_LIMIT] =
        {.name = "limit",
         .args = {{.name = "per_second",
                   .type = VALUE_NUMBER,
                   .doc = "requests let through; -1: as the others"},
                  {.name = "who",
                   .type = VALUE_TEXT,
                   .optional = true,
                   .doc = "a client or calling service, an endpoint (get), or a user's "
                          "number"}},
         .cost = SIM_SEC,
         .risk = "requests above the limit are refused",
         .doc =
             "Gives one client, calling service, endpoint or user a limit of its own."},
};
_Static_assert(COUNT_OF(ops) == OP_COUNT, "one for each");

enum { FAULT_OPEN, FAULT_CLOSED, FAULT_COUNT };
static const struct fault_desc faults[] = {
    [FAULT_OPEN] = {.name = "fails_open", .doc = "It lets everything through."},
    [FAULT_CLOSED] = {.name = "fails_closed", .doc = "It refuses everything."},
};
_Static_assert(COUNT_OF(faults) == FAULT_COUNT, "one for each");

enum {
    M_REQUESTS,
    M_ADMITTED,
    M_LIMITED,
    M_TOO_MANY,
    M_WAITED,
    M_WAIT_SECONDS,
    M_WAITING,
    M_IN_FLIGHT,
    M_BUCKETS,
    M_LIMIT,
    M_LEFT,
    M_COUNT
};
static const struct metric_desc metrics[] = {
    [M_REQUESTS] = {.name = "requests_total",
                    .prom = "ratelimit_requests_total",
                    .labels = "",
                    .type = METRIC_COUNTER,
                    .unit = "1",
                    .doc = "Requests that came in."},
    [M_ADMITTED] = {.name = "admitted_total",
                    .prom = "ratelimit_admitted_total",
                    .labels = "",
                    .type = METRIC_COUNTER,
                    .unit = "1",
                    .doc = "Requests let through."},
    [M_LIMITED] = {.name = "limited_total",
                   .prom = "ratelimit_over_limit_total",
                   .labels = "",
                   .type = METRIC_COUNTER,
                   .unit = "1",
                   .doc = "Requests refused because of the rate."},
    [M_TOO_MANY] = {.name = "too_many_total",
                    .prom = "ratelimit_over_in_flight_total",
                    .labels = "",
                    .type = METRIC_COUNTER,
                    .unit = "1",
                    .doc = "Requests refused because too many were inside."},
    [M_WAITED] = {.name = "waited_total",
                  .prom = "ratelimit_delayed_total",
                  .labels = "",
                  .type = METRIC_COUNTER,
                  .unit = "1",
                  .doc = "Requests that had to wait."},
    [M_WAIT_SECONDS] = {.name = "wait_seconds_total",
                        .prom = "ratelimit_delay_seconds_total",
                        .labels = "",
                        .type = METRIC_COUNTER,
                        .unit = "s",
                        .doc = "Time that requests have waited."},
    [M_WAITING] = {.name = "waiting",
                   .prom = "ratelimit_waiting",
                   .labels = "",
                   .type = METRIC_GAUGE,
                   .unit = "1",
                   .doc = "Requests that wait now."},
    [M_IN_FLIGHT] = {.name = "in_flight",
                     .prom = "ratelimit_in_flight",
                     .labels = "",
                     .type = METRIC_GAUGE,
                     .unit = "1",
                     .doc = "Requests let through that are inside; counted while there "
                            "is a limit to that."},
    [M_BUCKETS] = {.name = "buckets",
                   .prom = "ratelimit_buckets",
                   .labels = "",
                   .type = METRIC_GAUGE,
                   .unit = "1",
                   .doc = "Clients, users, endpoints, callers, peers or tenants it has "
                          "a limit for."},
    [M_LIMIT] = {.name = "limit",
                 .prom = "ratelimit_in_flight_limit",
                 .labels = "",
                 .type = METRIC_GAUGE,
                 .unit = "1",
                 .doc = "Requests that may be inside at once now, the mean where there "
                        "are several "
                        "limits; "
                        "0: any number."},
    [M_LEFT] = {.name = "left_total",
                .prom = "ratelimit_left_total",
                .labels = "",
                .type = METRIC_COUNTER,
                .unit = "1",
                .doc = "Requests whose sender left before their turn."},
};
_Static_assert(COUNT_OF(metrics) == M_COUNT, "each metric has its words");

static const char *const streams[] = {"probe", "patience", NULL};

/* ---- letting through ------------------------------------------------------------- */

/* Whether the number inside is bounded at all. */
static bool gated(const struct world *w, comp_id c)
{
    return p_count(w, c, P_MAX_IN_FLIGHT) > 0 ||
           p_count(w, c, P_ADAPTIVE) != ADAPTIVE_OFF;
}

static void hand_on(struct world *w, struct act *a)
{
    comp_id c = a->comp, to = w->comps[c].target;
    struct limiter_state *s = limiter_of(w, c);
    s->admitted++;
    if (gated(w, c) && !(a->flags & ACT_LIMITED)) {
        a->flags |= ACT_LIMITED;
        a->limiter = c;
        limiter_gate(w, c, a)->in_flight++;
    }
    if (comp_has(&w->comps[to], KIND_WHOLE)) {
        a->kind = ACT_EXTERNAL;
        a->what = to;
    }
    a->comp = a->place = to;
    a->limited.bucket = a->phase = 0;
    comp_kind(w, to)->begin(w, a);
}

static void limiter_let_out(struct world *w, comp_id c, struct act *a)
{
    a->flags &= (uint16_t)~ACT_LIMITED;
    gate_leave(w, c, limiter_gate(w, c, a), a);
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

/* ---- waiting --------------------------------------------------------------------- */

static void arm(struct world *w, comp_id c, struct bucket_limits *b,
                const struct limit_rate *r)
{
    cal_cancel(w, &b->timer);
    if (b->nwaiting == 0)
        return;
    sim_time t = bucket_wait(b, r, 1);
    if (t < SIM_FOREVER - w_now(w))
        b->timer = cal_at(w, w_now(w) + t, EV_KIND + EV_NEXT, c, W_REF(w, b), 0);
}

static void wait(struct world *w, struct act *a, struct bucket_limits *b,
                 const struct limit_rate *r)
{
    comp_id c = a->comp;
    struct limiter_state *s = limiter_of(w, c);
    sim_time t = bucket_wait(b, r, (int64_t)b->nwaiting + 1);
    if (t > p_time(w, c, P_MAX_WAIT)) {
        refuse(w, a, &s->limited, REASON_RATE_LIMITED);
        return;
    }
    act_wait(w, a, CAUSE_LIMITER, c);
    a->call_start = w_now(w);
    a->limited.bucket = W_REF(w, b);
    s->waited++;
    members_add(w, &s->inside, a);
    queue_push(w, &b->waiting[limit_class(a)], a);
    b->nwaiting++;
    struct rng *rng = w_rng(w, c, LIMITER_RNG_PATIENCE);
    (void)queue_impatient(w, a, patience_draw(p_dist(w, c, P_PATIENCE), rng), 0);
    if (b->nwaiting == 1)
        arm(w, c, b, r);
}

static void leave(struct world *w, struct act *a, struct bucket_limits *b)
{
    struct limiter_state *s = limiter_of(w, a->comp);
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

void limiter_release(struct world *w, comp_id c, struct bucket_limits *b)
{
    bool overridden;
    struct limit_rate r = limiter_rate(w, c, b, &overridden);
    while (b->nwaiting > 0 && bucket_take(b, &r, 0, w_now(w))) {
        struct act *a = first_waiting(w, b);
        leave(w, a, b);
        a->phase = 1;
        act_ready(w, a, REASON_NONE);
    }
    while (b->nwaiting > 0 && r.units == 0) { /* for ever is too long */
        struct act *a = first_waiting(w, b);
        leave(w, a, b);
        refuse(w, a, &limiter_of(w, c)->limited, REASON_RATE_LIMITED);
    }
    arm(w, c, b, &r);
}

static void limiter_event(struct world *w, comp_id c, int what, uint32_t bucket,
                          uint32_t unused)
{
    struct bucket_limits *b = W_PTR(w, struct bucket_limits, bucket);
    (void)what, (void)unused;
    b->timer = 0;
    limiter_release(w, c, b);
}

/* ---- requests -------------------------------------------------------------------- */

static bool is_full(const struct world *w, comp_id c, const struct gate *g)
{
    uint32_t most = gate_most(w, c, g);
    return most > 0 && g->in_flight >= most;
}

static void limiter_begin(struct world *w, struct act *a)
{
    comp_id c = a->comp;
    struct limiter_state *s = limiter_of(w, c);
    bool overridden;
    s->requests++;
    if (s->closed) {
        refuse(w, a, &s->limited, REASON_DOWN);
        return;
    }
    if (s->open) {
        hand_on(w, a);
        return;
    }
    struct bucket_limits *b = limiter_bucket(w, c, a);
    struct limit_rate r = limiter_rate(w, c, b, &overridden);
    if (gated(w, c) && is_full(w, c, limiter_gate(w, c, a)))
        refuse(w, a, &s->too_many, REASON_RATE_LIMITED);
    else if (b->nwaiting == 0 && bucket_take(b, &r, kept_from(w, c, a, &r), w_now(w)))
        hand_on(w, a);
    else if (p_count(w, c, P_OVER) == OVER_WAIT)
        wait(w, a, b, &r);
    else
        refuse(w, a, &s->limited, REASON_RATE_LIMITED);
}

/* Goes on with a request that has its turn, or has waited as long as it would. */
static void limiter_resume(struct world *w, struct act *a, enum reason reason)
{
    (void)reason;
    act_account(w, a);
    if (a->phase == 1) {
        hand_on(w, a);
        return;
    }
    struct bucket_limits *b = W_PTR(w, struct bucket_limits, a->limited.bucket);
    comp_id c = a->comp;
    leave(w, a, b);
    if (b->nwaiting == 0)
        cal_cancel(w, &b->timer);
    refuse(w, a, &limiter_of(w, c)->left, REASON_GAVE_UP);
}

static void limiter_cancel(struct world *w, struct act *a)
{
    if (a->phase == 1)
        return; /* the act has its turn already */
    struct bucket_limits *b = W_PTR(w, struct bucket_limits, a->limited.bucket);
    leave(w, a, b);
    if (b->nwaiting == 0)
        cal_cancel(w, &b->timer);
}

/* ---- operations and faults ------------------------------------------------------- */

static enum err limiter_fault(struct world *w, comp_id c, int fault,
                              const struct action *a, bool on, struct errmsg *why)
{
    struct limiter_state *s = limiter_of(w, c);
    (void)a, (void)why;
    if (fault == FAULT_OPEN)
        s->open = on;
    else
        s->closed = on;
    return ERR_OK;
}

/* Settles the bucket at the old rate; from now on the new one holds. */
static void rate_changed(struct world *w, comp_id c, struct bucket_limits *b, void *ctx)
{
    bool overridden;
    (void)limiter_rate(w, c, b, &overridden);
    if (overridden || b->who == WHO_GATE)
        return;
    bucket_fill(b, ctx, w_now(w));
    limiter_release(w, c, b);
}

/* The rules have changed: whoever waits is looked at anew. */
static void limiter_changed(struct world *w, comp_id c, int param,
                            const struct value *old)
{
    struct limit_rate was = {UNITS_OF(p_number(w, c, P_RATE)), p_count(w, c, P_BURST)};
    if (param == P_RATE)
        was.units = UNITS_OF(old->as.number);
    else if (param == P_BURST)
        was.burst = old->as.count;
    else
        return;
    limiter_each(w, c, rate_changed, &was);
}

/* ---- the kind -------------------------------------------------------------------- */

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
    limiter_table_init(w, c);
}

struct gates {
    double n, in_flight, limit;
};

static struct gates gates_of(const struct world *w, comp_id c)
{
    struct gates sum = {0};
    for (ref r = limiter_of(w, c)->gates; r != 0; r = W_PTR(w, struct gate, r)->next) {
        const struct gate *g = W_PTR(w, struct gate, r);
        sum.n++;
        sum.in_flight += g->in_flight;
        sum.limit += gate_most(w, c, g);
    }
    return sum;
}

static double limiter_metric(const struct world *w, comp_id c, int metric, int instance)
{
    const struct limiter_state *s = limiter_of(w, c);
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
        return gates_of(w, c).in_flight;
    case M_LIMIT: {
        struct gates g = gates_of(w, c);
        struct gate none = {.limit = GATE_INITIAL};
        return g.n > 0 ? g.limit / g.n : gate_most(w, c, &none);
    }
    case M_LEFT:
        return (double)s->left;
    default:
        return s->n - s->ngates;
    }
}

static void limiter_inflight(const struct world *w, comp_id c,
                             void (*f)(const struct world *w, const struct act *a,
                                       void *ctx),
                             void *ctx)
{
    for (ref r = limiter_of(w, c)->inside.first; r != 0; r = act_at(w, r)->next)
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
             .nfigures = COUNT_OF(figures)},
    .traits = KIND_HANDS_ON,
    .resolve = limiter_resolve,
    .check = limiter_check,
    .streams = streams,
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
