/*
 * dns: a name that stands for a component, and the resolver that is asked for it.
 *
 * Each instance of a caller (and each of the resolvers that users are behind) keeps the
 * answer for its time to live, whatever happens to the name meanwhile. A service
 * answers with the addresses of its instances that are ready then, a database with the
 * one that takes writes; so a failover or fewer instances reach callers late. An
 * instance that starts knows nothing.
 *
 * The resolver answers in turn, `capacity` queries a second (a CoreDNS of two cores: some
 * 30,000; coredns/deployment, Scaling CoreDNS). What waits longer than its caller does is
 * answered all the same, for nobody, while the caller asks again: so a resolver that falls
 * behind stays behind. Waiting queries can be limited (BIND: recursive-clients, beyond
 * which a query is refused with SERVFAIL) and take memory; when that is full, the resolver
 * is killed, has forgotten them all, and answers nothing for `restart`. An answer that was
 * due in that time is lost, which its caller knows at the moment when it was due.
 */
#include "engine/kind.h"
#include "engine/telling.h"
#include "model/model.h"
#include "net/net.h"
#include "truecode/world.h"

#include <stdio.h>

enum {
    P_TO,
    P_TTL,
    P_NEGATIVE_TTL,
    P_LATENCY,
    P_TIMEOUT,
    P_ATTEMPTS,
    P_SERVE_STALE,
    P_CAPACITY,
    P_MAX_PENDING,
    P_QUERY_MEMORY,
    P_MEMORY_LIMIT,
    P_RESTART,
    P_COUNT
};
static const struct param_desc params[] = {
    [P_TO] = {.name = "to", .type = VALUE_COMP, .doc = "What it stands for."},
    [P_TTL] = {.name = "ttl",
               .type = VALUE_DURATION,
               .min = 0,
               .max = 604800,
               .unit = "s",
               .def = "60s",
               .change = CHANGE_AT_ONCE,
               .doc = "How long an answer may be kept; one that is out keeps its own."},
    [P_NEGATIVE_TTL] = {.name = "negative_ttl",
                        .type = VALUE_DURATION,
                        .min = 0,
                        .max = 604800,
                        .unit = "s",
                        .def = "30s",
                        .change = CHANGE_AT_ONCE,
                        .doc = "How long it is kept that there is no such name."},
    [P_LATENCY] = {.name = "latency",
                   .type = VALUE_DIST,
                   .min = 0,
                   .max = 3600,
                   .unit = "s",
                   .def = "2ms",
                   .change = CHANGE_BUILT,
                   .doc = "Time the resolver takes to answer."},
    [P_TIMEOUT] = {.name = "timeout",
                   .type = VALUE_DURATION,
                   .min = 0.001,
                   .max = 3600,
                   .unit = "s",
                   .def = "5s",
                   .change = CHANGE_AT_ONCE,
                   .doc = "How long a caller waits for the resolver before it asks "
                          "again."},
    [P_ATTEMPTS] = {.name = "attempts",
                    .type = VALUE_COUNT,
                    .min = 1,
                    .max = 10,
                    .unit = "",
                    .def = "2",
                    .change = CHANGE_AT_ONCE,
                    .doc = "How often it asks before it gives up."},
    [P_SERVE_STALE] = {.name = "serve_stale",
                       .type = VALUE_DURATION,
                       .min = 0,
                       .max = 604800,
                       .unit = "s",
                       .def = "0",
                       .change = CHANGE_AT_ONCE,
                       .doc = "How long after its time an answer is still used when "
                              "the resolver does not answer; 0: not at all."},
    [P_CAPACITY] = {.name = "capacity",
                    .type = VALUE_NUMBER,
                    .min = 0,
                    .max = 1e7,
                    .unit = "1/s",
                    .def = "0",
                    .change = CHANGE_BUILT,
                    .doc =
                        "Queries the resolver answers a second, one after the other; "
                        "0: any number."},
    [P_MAX_PENDING] = {.name = "max_pending",
                       .type = VALUE_COUNT,
                       .min = 0,
                       .max = 1e7,
                       .unit = "queries",
                       .def = "0",
                       .change = CHANGE_AT_ONCE,
                       .doc = "Queries that may wait in it; more are refused (BIND: "
                              "recursive-clients); 0: any number."},
    [P_QUERY_MEMORY] = {.name = "query_memory",
                        .type = VALUE_NUMBER,
                        .min = 0,
                        .max = 1e6,
                        .unit = "KiB",
                        .def = "0",
                        .change = CHANGE_BUILT,
                        .doc = "KiB of its memory that each waiting query takes."},
    [P_MEMORY_LIMIT] = {.name = "memory_limit",
                        .type = VALUE_NUMBER,
                        .min = 0,
                        .max = 1e6,
                        .unit = "MiB",
                        .def = "0",
                        .change = CHANGE_BUILT,
                        .doc = "MiB that waiting queries may take; with more the "
                               "resolver is killed and starts anew; 0: any number."},
    [P_RESTART] = {.name = "restart",
                   .type = VALUE_DURATION,
                   .min = 0.001,
                   .max = 86400,
                   .unit = "s",
                   .def = "10s",
                   .change = CHANGE_BUILT,
                   .doc = "Time until a killed resolver answers again."},
};
_Static_assert(COUNT_OF(params) == P_COUNT, "one of each");

#define STALE_AGAIN (30 * SIM_SEC)

enum { OP_POINT, OP_COUNT };
static const struct op_desc ops[] = {
    [OP_POINT] = {.name = "point",
                  .args = {{.name = "to",
                            .type = VALUE_COMP,
                            .doc = "What it is to stand for."}},
                  .cost = 5 * SIM_SEC,
                  .risk = "Who has the old answer keeps it for its time to live.",
                  .doc = "Changes what the name stands for."},
};
_Static_assert(COUNT_OF(ops) == OP_COUNT, "one for each");

enum { F_DOWN, F_SLOW, F_GONE, F_COUNT };
static const struct fault_desc faults[] = {
    [F_DOWN] = {.name = "down", .doc = "The resolver does not answer."},
    [F_SLOW] = {.name = "slow",
                .args = {{.name = "factor",
                          .type = VALUE_NUMBER,
                          .doc = "How many times longer it takes."}},
                .doc = "The resolver takes longer."},
    [F_GONE] = {.name = "gone", .doc = "It answers that there is no such name."},
};
_Static_assert(COUNT_OF(faults) == F_COUNT, "one for each");

struct dns {
    bool down, gone; /* faults */
    double slow;
    uint64_t lookups, failed, hits, stale, refused, kills;
    sim_time busy_until; /* when it has answered all that wait */
    sim_time back_at;    /* when it answers again after it was killed */
};

enum { RNG_LATENCY };
static const char *const streams[] = {"latency", NULL};

static struct dns *dns_at(const struct world *w, comp_id c)
{
    return W_STATE(w, struct dns, c);
}

/* ---- asking ---------------------------------------------------------------------- */

enum dns_says dns_look(struct world *w, comp_id name, const struct dns_answer *a)
{
    if (!a->known || (w_now(w) >= a->until && w_now(w) >= a->again))
        return DNS_UNKNOWN;
    dns_at(w, name)->hits++;
    return a->comp != COMP_NONE ? DNS_KNOWN : DNS_NONE;
}

static bool answers(const struct world *w, comp_id name)
{
    const struct dns *d = dns_at(w, name);
    return !d->down && w_now(w) >= d->back_at;
}

/* Processor time of a query; 0: none. */
static double service_time(const struct world *w, comp_id name)
{
    double capacity = p_number(w, name, P_CAPACITY);
    return capacity > 0 ? (double)SIM_SEC / capacity * dns_at(w, name)->slow : 0;
}

static double pending(const struct world *w, comp_id name)
{
    sim_time left = dns_at(w, name)->busy_until - w_now(w);
    double each = service_time(w, name);
    return left > 0 && each > 0 ? (double)left / each : 0;
}

static double memory(const struct world *w, comp_id name)
{
    return pending(w, name) * p_number(w, name, P_QUERY_MEMORY) * 1024;
}

/* Returns whether the queries that wait are more than it has memory for; kills it. */
static bool killed(struct world *w, comp_id name)
{
    struct dns *d = dns_at(w, name);
    double most = p_number(w, name, P_MEMORY_LIMIT) * (1 << 20);
    if (most <= 0 || memory(w, name) <= most)
        return false;
    d->kills++;
    d->busy_until = 0;
    d->back_at = w_now(w) + p_time(w, name, P_RESTART);
    w_log(w, name, 0, LOG_ERROR, 0, "resolver killed: out of memory");
    return true;
}

/* Queries that join the queue are to be answered after those that wait; the time until
 * then. */
static sim_time queue_up(struct world *w, comp_id name, int64_t queries)
{
    struct dns *d = dns_at(w, name);
    double each = service_time(w, name);
    sim_time from = d->busy_until > w_now(w) ? d->busy_until : w_now(w);
    d->busy_until = from + (sim_time)(each * (double)queries);
    return from + (sim_time)each - w_now(w);
}

/* How an attempt to ask fares: whether an answer comes, after *delay. */
static bool asked(struct world *w, comp_id name, sim_time latency, sim_time *delay)
{
    int64_t most = p_count(w, name, P_MAX_PENDING), n = p_count(w, name, P_ATTEMPTS);
    sim_time patience = p_time(w, name, P_TIMEOUT);
    *delay = patience * n;
    if (!answers(w, name))
        return false;
    if (most > 0 && pending(w, name) >= (double)most) {
        dns_at(w, name)->refused++;
        *delay = latency;
        return false;
    }
    sim_time wait = queue_up(w, name, 1);
    if (wait + latency <= patience) {
        *delay = wait + latency;
        return !killed(w, name);
    }
    (void)queue_up(w, name, n - 1);
    (void)killed(w, name);
    return false;
}

bool dns_ask(struct world *w, comp_id name, sim_time *delay)
{
    struct dns *d = dns_at(w, name);
    sim_time t = dist_draw(p_dist(w, name, P_LATENCY), w_rng(w, name, RNG_LATENCY));
    d->lookups++;
    if (d->slow != 1)
        t = (sim_time)((double)t * d->slow);
    return asked(w, name, t, delay);
}

/* The answer right now. */
static void read_record(const struct world *w, comp_id name, struct dns_answer *a)
{
    comp_id to = p_comp(w, name, P_TO);
    memset(a->set, 0, sizeof a->set);
    a->comp = to;
    const struct kind_impl *k = comp_kind(w, to);
    if (k->address)
        a->comp = k->address(w, to);
    if (!k->eligible)
        return;
    const uint16_t *numbers;
    uint32_t n = k->eligible(w, to, &numbers);
    for (uint32_t i = 0; i < n; i++)
        if (numbers[i] < DNS_ADDRESSES)
            a->set[numbers[i] / 64] |= UINT64_C(1) << numbers[i] % 64;
    if (n == 0)
        a->comp = COMP_NONE;
}

/* No answer came. An old one may do, for half a minute at a time (RFC 8767). */
static bool learn_nothing(struct world *w, comp_id name, struct dns_answer *a)
{
    sim_time until = a->until + p_time(w, name, P_SERVE_STALE);
    bool old = a->known && a->comp != COMP_NONE && w_now(w) < until;
    dns_at(w, name)->failed++;
    if (old)
        a->again = w_now(w) + STALE_AGAIN < until ? w_now(w) + STALE_AGAIN : until;
    return old;
}

bool dns_learn(struct world *w, comp_id name, struct dns_answer *a, bool heard,
               enum dns_keeps keeps, double age)
{
    struct dns *d = dns_at(w, name);
    if (!heard || w_now(w) < d->back_at)
        return learn_nothing(w, name, a);
    sim_time ttl = p_time(w, name, P_TTL);
    if (!a->known)
        ttl -= (sim_time)((double)ttl * age);
    read_record(w, name, a);
    if (d->gone)
        a->comp = COMP_NONE;
    a->known = true;
    if (a->comp == COMP_NONE) {
        a->until = w_now(w) + p_time(w, name, P_NEGATIVE_TTL);
        d->failed++;
        return false;
    }
    a->until = keeps == DNS_KEEPS_NOT  ? w_now(w)
               : keeps == DNS_FOR_EVER ? SIM_FOREVER
                                       : w_now(w) + ttl;
    return true;
}

/* ---- using ----------------------------------------------------------------------- */

bool dns_old(const struct world *w, comp_id name, const struct dns_answer *a)
{
    struct dns_answer now;
    if (dns_at(w, name)->gone)
        return true;
    read_record(w, name, &now);
    return now.comp != a->comp || memcmp(now.set, a->set, sizeof now.set) != 0;
}

void dns_used(struct world *w, comp_id name, const struct dns_answer *a)
{
    dns_at(w, name)->stale += dns_old(w, name, a);
}

uint16_t dns_choose(struct world *w, comp_id service, const struct dns_answer *a,
                    int rule)
{
    uint16_t numbers[DNS_ADDRESSES];
    const struct kind_impl *k = comp_kind(w, service);
    uint32_t n = 0, most = (uint32_t)k->instances(w, service);
    for (uint32_t i = 1; i <= most && i < DNS_ADDRESSES; i++)
        if (a->comp == service && (a->set[i / 64] >> i % 64 & 1))
            numbers[n++] = (uint16_t)i;
    if (n == 0)
        return 0;
    return (uint16_t)k->choose(w, service, rule, numbers, n);
}

/* ---- doing ----------------------------------------------------------------------- */

static enum err fits(const struct model *m, comp_id name, comp_id to,
                     struct errmsg *why)
{
    const struct comp *was = &m->comps[model_param(m, name, P_TO)->as.comp];
    if (m->comps[to].kind->named == was->kind->named)
        return ERR_OK;
    return errmsg_set(why, ERR_REFUSED, "%s stands for a %s; %s is a %s",
                      m->comps[name].name, was->kind->desc.name, m->comps[to].name,
                      m->comps[to].kind->desc.name);
}

static enum err dns_op(struct world *w, comp_id c, int op, const struct action *a,
                       struct effect *fx, struct errmsg *why)
{
    (void)op;
    comp_id to = a->args[0].as.comp, was = p_comp(w, c, P_TO);
    if (to >= w->model->ncomps)
        return errmsg_set(why, ERR_NOT_FOUND, "point: there is no such component");
    if (fits(w->model, c, to, why) != ERR_OK)
        return ERR_REFUSED;
    if (to == was)
        return errmsg_set(why, ERR_REFUSED, "%s stands for %s already",
                          w->comps[c].name, w->comps[to].name);
    w_values(w, c)[P_TO].as.comp = to;
    snprintf(fx->title, sizeof fx->title, "point %s at %s (was %s)", w->comps[c].name,
             w->comps[to].name, w->comps[was].name);
    fx->undoable = true;
    fx->undo = (struct action){.kind = ACTION_OP, .comp = c, .name = "point"};
    fx->undo.args[0] = (struct value){.type = VALUE_COMP, .as.comp = was};
    fx->undo.nargs = 1;
    return ERR_OK;
}

static enum err dns_fault(struct world *w, comp_id c, int fault, const struct action *a,
                          bool on, struct errmsg *why)
{
    struct dns *d = dns_at(w, c);
    double factor = a->args[0].as.number;
    if (fault == F_SLOW) {
        if (on && !(factor > 0 && factor <= 1e6))
            return errmsg_set(why, ERR_INPUT,
                              "slow: the factor must be above 0, e.g. 10");
        d->slow = on ? factor : 1;
    } else if (fault == F_DOWN) {
        d->down = on;
    } else {
        d->gone = on;
    }
    return ERR_OK;
}

/* ---- looking --------------------------------------------------------------------- */

enum {
    M_LOOKUPS,
    M_FAILED,
    M_HITS,
    M_STALE,
    M_UP,
    M_TTL,
    M_PENDING,
    M_MEMORY,
    M_REFUSED,
    M_KILLS,
    M_COUNT
};
#define DNS_METRIC(n, p, t, u, d)                                                      \
    {                                                                                  \
        .name = n, .prom = p, .labels = "", .type = t, .unit = u, .doc = d             \
    }
static const struct metric_desc metrics[] = {
    [M_LOOKUPS] = DNS_METRIC("lookups_total", "dns_lookups_total", METRIC_COUNTER, "1",
                             "Times the resolver was asked."),
    [M_FAILED] = DNS_METRIC("failures_total", "dns_lookup_failures_total",
                            METRIC_COUNTER, "1", "Times it did not help."),
    [M_HITS] = DNS_METRIC("cache_hits_total", "dns_cache_hits_total", METRIC_COUNTER,
                          "1", "Times a caller knew the answer still."),
    [M_STALE] =
        DNS_METRIC("stale_total", "dns_stale_answers_used_total", METRIC_COUNTER, "1",
                   "Calls by an answer that is no longer right."),
    [M_UP] = DNS_METRIC("up", "dns_resolver_up", METRIC_GAUGE, "1",
                        "1: the resolver answers."),
    [M_TTL] = DNS_METRIC("ttl_seconds", "dns_record_ttl_seconds", METRIC_GAUGE, "s",
                         "Time to live of the record."),
    [M_PENDING] = DNS_METRIC("pending", "dns_resolver_pending_queries", METRIC_GAUGE,
                             "1", "Queries that wait in the resolver."),
    [M_MEMORY] = DNS_METRIC("memory", "dns_resolver_memory_bytes", METRIC_GAUGE,
                            "bytes", "Memory that they take."),
    [M_REFUSED] =
        DNS_METRIC("refused_total", "dns_resolver_refused_total", METRIC_COUNTER, "1",
                   "Queries refused as too many were waiting."),
    [M_KILLS] =
        DNS_METRIC("oom_kills_total", "dns_resolver_oom_kills_total", METRIC_COUNTER,
                   "1", "Times it was killed as its memory was full."),
};
_Static_assert(COUNT_OF(metrics) == M_COUNT, "one of each");

static const struct metric_need needs[] = {
    {"pending", "capacity"},
    {"memory", "memory_limit"},
    {"refused_total", "max_pending"},
    {"oom_kills_total", "memory_limit"},
};

static double dns_metric(const struct world *w, comp_id c, int metric, int instance)
{
    const struct dns *d = dns_at(w, c);
    (void)instance;
    switch (metric) {
    case M_LOOKUPS:
        return (double)d->lookups;
    case M_FAILED:
        return (double)d->failed;
    case M_HITS:
        return (double)d->hits;
    case M_STALE:
        return (double)d->stale;
    case M_UP:
        return answers(w, c);
    case M_PENDING:
        return pending(w, c);
    case M_MEMORY:
        return memory(w, c);
    case M_REFUSED:
        return (double)d->refused;
    case M_KILLS:
        return (double)d->kills;
    default:
        return (double)p_time(w, c, P_TTL) / (double)SIM_SEC;
    }
}

int dns_addresses(const struct dns_answer *a)
{
    int n = 0;
    for (int i = 0; i < DNS_ADDRESSES; i++)
        n += (int)(a->set[i / 64] >> i % 64 & 1);
    return n;
}

void world_dns(const struct world *w, comp_id name, struct dns_view *v)
{
    const struct dns *d = dns_at(w, name);
    struct dns_answer now;
    read_record(w, name, &now);
    *v = (struct dns_view){.to = d->gone ? COMP_NONE : now.comp,
                           .addresses = dns_addresses(&now),
                           .answers = answers(w, name),
                           .ttl = p_time(w, name, P_TTL)};
}

/* ---- the kind -------------------------------------------------------------------- */

static enum err dns_resolve(struct model *m, comp_id c, struct errmsg *why)
{
    struct value *to = &m->comps[c].params[P_TO];
    if (to->type == VALUE_TEXT) {
        comp_id id = model_need(m, to->as.text, NULL, m->comps[c].name, why);
        if (id == COMP_NONE)
            return ERR_NOT_FOUND;
        *to = (struct value){.type = VALUE_COMP, .as.comp = id};
    }
    m->comps[c].target = to->as.comp;
    if (m->comps[to->as.comp].kind->named == NAMED_NOT)
        return errmsg_set(why, ERR_INPUT,
                          "%s: a name stands for a service, a balancer, a third party "
                          "or a database, and %s is a %s",
                          m->comps[c].name, m->comps[to->as.comp].name,
                          m->comps[to->as.comp].kind->desc.name);
    return ERR_OK;
}

enum err dns_fits(const struct model *m, comp_id name, comp_id callee,
                  const char *policy, struct errmsg *why)
{
    enum err e = fits(m, name, callee, why);
    if (e != ERR_OK)
        errmsg_prefix(why, "%s: resolve: ", policy);
    return e;
}

static size_t dns_size(const struct model *m, comp_id c)
{
    (void)m, (void)c;
    return sizeof(struct dns);
}

static void dns_init(struct world *w, comp_id c)
{
    dns_at(w, c)->slow = 1;
}

const struct kind_impl kind_dns = {
    .desc = {.name = "dns",
             .doc = "A name that callers resolve, and keep the answer of.",
             .params = params,
             .nparams = COUNT_OF(params),
             .ops = ops,
             .nops = COUNT_OF(ops),
             .faults = faults,
             .nfaults = COUNT_OF(faults),
             .metrics = metrics,
             .nmetrics = COUNT_OF(metrics),
             .needs = needs,
             .nneeds = COUNT_OF(needs)},
    .streams = streams,
    .resolve = dns_resolve,
    .state_size = dns_size,
    .init = dns_init,
    .op = dns_op,
    .fault = dns_fault,
    .metric = dns_metric,
};
