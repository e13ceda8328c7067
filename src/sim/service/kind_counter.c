/*
 * Kind "counter": what the business counts: orders, payments, mails, and the money in
 * them. What a user wants has a number (act_subject()), which all attempts at it share,
 * reloads, retries and redelivered messages alike; a counter that looks at it
 * (`per_visit`) knows what happened twice, and one that is idempotent does not let it
 * happen. That is the table of processed ids of an idempotent consumer.
 *
 * Ids stand in a ring in the order in which they came, and are found by a table of
 * places in it. The oldest leaves when `remembers` is over (a fixed time from the first
 * sight, as the five minutes of a FIFO queue in SQS) or `memory` ids came after it.
 *
 * Amounts are not drawn but worked out (lot.h): what an order is worth is the
 * same wherever it is counted.
 */
#include "engine/kind.h"
#include "engine/lot.h"
#include "service/endpoint.h"

enum counter_param {
    P_PER_VISIT,
    P_IDEMPOTENT,
    P_REMEMBERS,
    P_MEMORY,
    P_AMOUNT,
    P_AMOUNT_SD,
    P_COUNT
};
enum { RNG_AMOUNT };
enum { MEMORY_MAX = 1000000 };

struct sight {
    uint64_t subject;
    sim_time at;
};
struct counter_state {
    uint64_t total, repeats, doubled;
    double amount, repeated_amount;
    ref ring;                /* struct sight, `cap` of them */
    ref places;              /* uint32_t, 2 * cap: place in the ring + 1; 0: free */
    uint32_t oldest, n, cap; /* cap: a power of two */
};

static struct counter_state *state_of(const struct world *w, comp_id c)
{
    return W_STATE(w, struct counter_state, c);
}

/* ---- ids that were seen ---------------------------------------------------------- */

static struct sight *ring_of(const struct world *w, const struct counter_state *s)
{
    return W_PTR(w, struct sight, s->ring);
}

static uint32_t *places_of(const struct world *w, const struct counter_state *s)
{
    return W_PTR(w, uint32_t, s->places);
}

static uint32_t home_of(const struct counter_state *s, uint64_t subject)
{
    return (uint32_t)hash_u64(0, subject) & (2 * s->cap - 1);
}

/* The slot in `places` where the subject is, or would be put. */
static uint32_t slot_of(const struct world *w, const struct counter_state *s,
                        uint64_t subject)
{
    const uint32_t *p = places_of(w, s);
    uint32_t i = home_of(s, subject);
    while (p[i] != 0 && ring_of(w, s)[p[i] - 1].subject != subject)
        i = (i + 1) & (2 * s->cap - 1);
    return i;
}

/* Frees a slot; those behind it that stood there because of it move up. */
static void slot_clear(struct world *w, const struct counter_state *s, uint32_t i)
{
    uint32_t *p = places_of(w, s), mask = 2 * s->cap - 1;
    for (uint32_t k = (i + 1) & mask; p[k] != 0; k = (k + 1) & mask) {
        uint32_t home = home_of(s, ring_of(w, s)[p[k] - 1].subject);
        if (((k - home) & mask) < ((k - i) & mask))
            continue;
        p[i] = p[k];
        i = k;
    }
    p[i] = 0;
}

static void forget_oldest(struct world *w, struct counter_state *s)
{
    assert(s->n > 0);
    slot_clear(w, s, slot_of(w, s, ring_of(w, s)[s->oldest].subject));
    s->oldest = (s->oldest + 1) & (s->cap - 1);
    s->n--;
}

static void put(struct world *w, struct counter_state *s, struct sight sight)
{
    uint32_t at = (s->oldest + s->n++) & (s->cap - 1);
    ring_of(w, s)[at] = sight;
    places_of(w, s)[slot_of(w, s, sight.subject)] = at + 1;
}

static void room_for_more(struct world *w, struct counter_state *s)
{
    struct counter_state was = *s;
    s->cap = was.cap == 0 ? 32 : 2 * was.cap;
    s->ring = w_alloc(w, s->cap * sizeof(struct sight));
    s->places = w_alloc(w, 2 * s->cap * sizeof(uint32_t));
    s->oldest = s->n = 0;
    for (uint32_t i = 0; i < was.n; i++)
        put(w, s, ring_of(w, &was)[(was.oldest + i) & (was.cap - 1)]);
    w_release(w, was.ring, was.cap * sizeof(struct sight));
    w_release(w, was.places, 2 * was.cap * sizeof(uint32_t));
}

/* The number that are not over yet, though they may lie there: nothing happens at that
 * time. */
static uint32_t known(const struct world *w, comp_id c)
{
    const struct counter_state *s = state_of(w, c);
    sim_time before = w_now(w) - p_time(w, c, P_REMEMBERS);
    uint32_t from = 0, upto = s->n;
    while (from < upto) {
        uint32_t middle = from + (upto - from) / 2;
        if (ring_of(w, s)[(s->oldest + middle) & (s->cap - 1)].at <= before)
            from = middle + 1;
        else
            upto = middle;
    }
    return s->n - from;
}

/* Whether the subject has been there before. From now on it has. */
static bool seen(struct world *w, comp_id c, uint64_t subject)
{
    struct counter_state *s = state_of(w, c);
    sim_time before = w_now(w) - p_time(w, c, P_REMEMBERS);
    int64_t memory = p_count(w, c, P_MEMORY);
    while (s->n > 0 && ring_of(w, s)[s->oldest].at <= before)
        forget_oldest(w, s);
    if (s->n > 0 && places_of(w, s)[slot_of(w, s, subject)] != 0)
        return true;
    while (memory > 0 && s->n >= memory)
        forget_oldest(w, s);
    if (s->n == s->cap)
        room_for_more(w, s);
    put(w, s, (struct sight){subject, w_now(w)});
    return false;
}

/* ---- amounts --------------------------------------------------------------------- */

static double amount_of(struct world *w, comp_id c, const struct act *a)
{
    double mean = p_number(w, c, P_AMOUNT), sd = p_number(w, c, P_AMOUNT_SD);
    if (sd <= 0 || mean <= 0)
        return mean;
    struct rng own;
    struct dist d =
        dist_lognormal((sim_time)(mean * 1e6 + 0.5), (sim_time)(sd * 1e6 + 0.5));
    if (a->visit != 0)
        rng_seed(&own, act_share(w, a, LOT_PURPOSE(LOT_AMOUNT)), "amount");
    return (double)dist_draw(&d, a->visit != 0 ? &own : w_rng(w, c, RNG_AMOUNT)) / 1e6;
}

void counter_add(struct world *w, comp_id c, const struct act *a)
{
    struct counter_state *s = state_of(w, c);
    uint64_t subject = act_subject(a);
    bool idempotent = p_on(w, c, P_IDEMPOTENT);
    bool looks = subject != 0 && (idempotent || p_on(w, c, P_PER_VISIT));
    double amount = amount_of(w, c, a);
    if (looks && seen(w, c, subject)) {
        s->repeats++;
        s->repeated_amount += amount;
        if (idempotent)
            return;
        s->doubled++;
    }
    s->total++;
    s->amount += amount;
}

/* ---- the kind -------------------------------------------------------------------- */

static size_t counter_size(const struct model *m, comp_id c)
{
    (void)m;
    (void)c;
    return sizeof(struct counter_state);
}

static const struct param_desc params[] = {
    [P_PER_VISIT] = {.name = "per_visit",
                     .type = VALUE_BOOL,
                     .def = "off",
                     .change = CHANGE_BUILT,
                     .doc = "Whether it notices what happens twice for one visit of a "
                            "user or one message."},
    [P_IDEMPOTENT] = {.name = "idempotent",
                      .type = VALUE_BOOL,
                      .def = "off",
                      .change = CHANGE_AT_ONCE,
                      .doc = "Whether such a repeat has no effect, as with an "
                             "idempotency key or a table of processed messages."},
    [P_REMEMBERS] = {.name = "remembers",
                     .type = VALUE_DURATION,
                     .min = 1,
                     .max = 86400,
                     .unit = "s",
                     .def = "10m",
                     .change = CHANGE_AT_ONCE,
                     .doc = "How long it knows a visit, from its first sight on; FIFO "
                            "queues of SQS: 5m."},
    [P_MEMORY] = {.name = "memory",
                  .type = VALUE_COUNT,
                  .min = 0,
                  .max = MEMORY_MAX,
                  .unit = "visits",
                  .def = "0",
                  .change = CHANGE_AT_ONCE,
                  .doc = "Visits it knows at most, the oldest is forgotten; 0: any "
                         "number."},
    [P_AMOUNT] = {.name = "amount",
                  .type = VALUE_NUMBER,
                  .min = 0,
                  .max = 1e9,
                  .unit = "",
                  .def = "1",
                  .change = CHANGE_BUILT,
                  .doc = "What one is worth on average: money, bytes, seats."},
    [P_AMOUNT_SD] = {.name = "amount_sd",
                     .type = VALUE_NUMBER,
                     .min = 0,
                     .max = 1e9,
                     .unit = "",
                     .def = "0",
                     .change = CHANGE_BUILT,
                     .doc = "Standard deviation of the amounts (lognormal); a visit or "
                            "message has the same amount wherever it is counted. 0: "
                            "all alike."},
};
_Static_assert(COUNT_OF(params) == P_COUNT, "one of each");

enum { M_TOTAL, M_REPEATS, M_AMOUNT, M_REPEATED_AMOUNT, M_KNOWN, M_DOUBLED, M_COUNT };
#define COUNTER_METRIC(n, p, t, d)                                                     \
    {                                                                                  \
        .name = n, .prom = p, .labels = "", .type = t, .unit = "1", .doc = d           \
    }
static const struct metric_desc metrics[] = {
    [M_TOTAL] = COUNTER_METRIC("total", "business_events_total", METRIC_COUNTER,
                               "How many so far."),
    [M_REPEATS] = COUNTER_METRIC(
        "repeats_total", "business_events_repeated_total", METRIC_COUNTER,
        "Those that had happened already for the same visit of a user "
        "or the same message."),
    [M_AMOUNT] = COUNTER_METRIC("amount_total", "business_amount_total", METRIC_COUNTER,
                                "What they are worth together."),
    [M_REPEATED_AMOUNT] =
        COUNTER_METRIC("repeated_amount_total", "business_amount_repeated_total",
                       METRIC_COUNTER, "What the repeats are worth."),
    [M_KNOWN] = COUNTER_METRIC("known", "business_events_known", METRIC_GAUGE,
                               "Visits it knows to have happened."),
    [M_DOUBLED] = COUNTER_METRIC(
        "doubled_total", "business_events_doubled_total", METRIC_COUNTER,
        "Repeats that took effect once more: charged twice, booked twice. An "
        "idempotent counter has none."),
};
_Static_assert(COUNT_OF(metrics) == M_COUNT, "one of each");

/* Metrics that are listed only where they are modelled. */
static const struct metric_need needs[] = {
    {"amount_total", "amount"},     {"repeated_amount_total", "amount"},
    {"known", "per_visit"},         {"known", "idempotent"},
    {"doubled_total", "per_visit"},
};

static double counter_metric(const struct world *w, comp_id c, int metric, int instance)
{
    const struct counter_state *s = state_of(w, c);
    (void)instance;
    switch (metric) {
    case M_TOTAL:
        return (double)s->total;
    case M_REPEATS:
        return (double)s->repeats;
    case M_AMOUNT:
        return s->amount;
    case M_REPEATED_AMOUNT:
        return s->repeated_amount;
    case M_DOUBLED:
        return (double)s->doubled;
    default:
        return known(w, c);
    }
}

static const char *const streams[] = {"amount", NULL};

static const struct figure_desc figures[] = {
    {.label = "", .metric = "total", .how = FIGURE_RATE, .chart = 10},
};

const struct kind_impl kind_counter = {
    .desc = {.name = "counter",
             .doc = "A number that the business counts: orders, mails, bookings, and "
                    "the money in them.",
             .params = params,
             .nparams = COUNT_OF(params),
             .metrics = metrics,
             .nmetrics = COUNT_OF(metrics),
             .needs = needs,
             .nneeds = COUNT_OF(needs),
             .figures = figures,
             .nfigures = COUNT_OF(figures)},
    .streams = streams,
    .state_size = counter_size,
    .metric = counter_metric,
};
