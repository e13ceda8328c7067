/*
 * Kind "counter": what the business counts: orders, payments, mails. What a user wants
 * has a number, which all attempts at it share, reloads and retries alike; a counter
 * that looks at it (`per_visit`) knows what happened twice, and one that is idempotent
 * does not let it happen.
 *
 * The visits seen are kept in two tables of one generation each: what is older than
 * `remembers` is forgotten at twice that at the latest.
 */
#include "engine/kind.h"
#include "service/endpoint.h"

enum counter_param { P_PER_VISIT, P_IDEMPOTENT, P_REMEMBERS };

struct visits { /* open addressing; 0: free */
    ref table;
    uint32_t n, cap;
};
struct counter_state {
    uint64_t total, repeats;
    struct visits now, before;
    sim_time turned;
};

/* ---- visits --------------------------------------------------------------------- */

static uint32_t *visit_find(struct world *w, const struct visits *v, uint32_t visit)
{
    uint32_t *t = W_PTR(w, uint32_t, v->table), mask = v->cap - 1;
    uint32_t i = visit * UINT32_C(2654435769) & mask;
    while (t[i] != 0 && t[i] != visit)
        i = (i + 1) & mask;
    return &t[i];
}

static bool visit_has(struct world *w, const struct visits *v, uint32_t visit)
{
    return v->cap > 0 && *visit_find(w, v, visit) == visit;
}

static void visits_clear(struct world *w, struct visits *v)
{
    w_release(w, v->table, v->cap * sizeof(uint32_t));
    *v = (struct visits){0};
}

static void visits_grow(struct world *w, struct visits *v)
{
    struct visits was = *v;
    v->cap = was.cap == 0 ? TINY(64, 2) : was.cap * 2;
    v->table = w_alloc(w, v->cap * sizeof(uint32_t));
    for (uint32_t i = 0; i < was.cap; i++) {
        uint32_t visit = W_PTR(w, uint32_t, was.table)[i];
        if (visit != 0)
            *visit_find(w, v, visit) = visit;
    }
    w_release(w, was.table, was.cap * sizeof(uint32_t));
}

/* Has it been there before? From now on it has. */
static bool visit_seen(struct world *w, comp_id c, uint32_t visit)
{
    struct counter_state *s = W_STATE(w, struct counter_state, c);
    if (w_now(w) - s->turned >= p_time(w, c, P_REMEMBERS)) {
        visits_clear(w, &s->before);
        s->before = s->now;
        s->now = (struct visits){0};
        s->turned = w_now(w);
    }
    if (visit_has(w, &s->now, visit) || visit_has(w, &s->before, visit))
        return true;
    if (s->now.n >= s->now.cap / 2)
        visits_grow(w, &s->now);
    *visit_find(w, &s->now, visit) = visit;
    s->now.n++;
    return false;
}

/* ---- the kind ------------------------------------------------------------------- */

void counter_add(struct world *w, comp_id c, uint32_t visit)
{
    struct counter_state *s = W_STATE(w, struct counter_state, c);
    bool idempotent = p_on(w, c, P_IDEMPOTENT);
    bool looks = visit != 0 && (idempotent || p_on(w, c, P_PER_VISIT));
    if (looks && visit_seen(w, c, visit)) {
        s->repeats++;
        if (idempotent)
            return;
    }
    s->total++;
}

static size_t counter_size(const struct model *m, comp_id c)
{
    (void)m;
    (void)c;
    return sizeof(struct counter_state);
}

static double counter_metric(const struct world *w, comp_id c, int metric, int instance)
{
    const struct counter_state *s = W_STATE(w, struct counter_state, c);
    (void)instance;
    return (double)(metric == 0 ? s->total : s->repeats);
}

static const struct param_desc counter_params[] = {
    {"per_visit", VALUE_BOOL, 0, 0, "", "off", NULL, true,
     "Whether it notices what happens twice for one visit of a user."},
    {"idempotent", VALUE_BOOL, 0, 0, "", "off", NULL, true,
     "Whether such a repeat has no effect, as with an idempotency key."},
    {"remembers", VALUE_DURATION, 1, 86400, "s", "10m", NULL, true,
     "How long it knows a visit at least."},
};

static const struct metric_desc counter_metrics[] = {
    {"total", "business_events_total", "", METRIC_COUNTER, "1", false,
     "How many so far."},
    {"repeats_total", "business_events_repeated_total", "", METRIC_COUNTER, "1", false,
     "Those that had happened already for the same visit of a user."},
};

static const struct figure_desc figures[] = {
    {.label = "", .metric = "total", .how = FIGURE_RATE, .chart = 10},
};

const struct kind_impl kind_counter = {
    .desc = {.name = "counter",
             .doc = "A number that the business counts: orders, mails, bookings.",
             .params = counter_params,
             .nparams = sizeof counter_params / sizeof *counter_params,
             .metrics = counter_metrics,
             .nmetrics = sizeof counter_metrics / sizeof *counter_metrics,
             .figures = figures,
             .nfigures = sizeof figures / sizeof *figures},
    .state_size = counter_size,
    .metric = counter_metric,
};
