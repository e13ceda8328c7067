/*
 * Kind "broker": where producers put messages and consumers find them. This is the
 * server: whether it answers, and how fast. What it holds is in its topics.
 *
 * A message is stored when it arrives; `latency` is the time until its producer is told
 * so. Who does not wait that long and sends it again has sent it twice.
 */
#include "broker/subscription.h"
#include "call/call.h"
#include "engine/kind.h"
#include "engine/queue.h"

#define COUNT_OF(x) (sizeof(x) / sizeof((x)[0]))

enum { P_LATENCY };
static const struct param_desc params[] = {
    [P_LATENCY] = {.name = "latency",
                   .type = VALUE_DIST,
                   .min = 0,
                   .max = 3600,
                   .unit = "s",
                   .def = "2ms",
                   .change = CHANGE_BUILT,
                   .doc = "Time from the arrival of a message to its confirmation."},
};

enum { FAULT_DOWN, FAULT_SLOW };
static const struct fault_desc faults[] = {
    {"down", {{NULL, VALUE_NONE, false, NULL}}, "It takes nothing and gives nothing."},
    {"slow",
     {{"factor", VALUE_NUMBER, false, "How many times longer it takes."}},
     "Confirming messages and fetching batches take longer."},
};

enum { M_REQUESTS, M_ERRORS, M_IN_FLIGHT, M_SECONDS, M_LAG, M_LAG_SECONDS, M_UP };
static const struct metric_desc metrics[] = {
    {"requests_total", "messaging_broker_publish_requests_total", "", METRIC_COUNTER,
     "1", false, "Messages that producers sent, every attempt counted."},
    {"errors_total", "messaging_broker_publish_errors_total", "", METRIC_COUNTER, "1",
     false, "Attempts to publish that failed here."},
    {"in_flight", "messaging_broker_publish_in_flight", "", METRIC_GAUGE, "1", false,
     "Messages that are not confirmed yet."},
    {"seconds_total", "messaging_broker_publish_duration_seconds_sum", "",
     METRIC_COUNTER, "s", false, "Time from arrival to confirmation, all messages."},
    {"lag", "messaging_broker_lag", "", METRIC_GAUGE, "1", false,
     "Messages that are not processed yet, over all subscriptions."},
    {"lag_seconds", "messaging_broker_lag_seconds", "", METRIC_GAUGE, "s", false,
     "Age of the oldest message that is not processed yet, over all subscriptions."},
    {"up", "messaging_broker_up", "", METRIC_GAUGE, "1", false, "1 while it answers."},
};

enum { RNG_LATENCY };
static const char *const streams[] = {"latency", NULL};

struct broker_state {
    struct list inside;
    bool down;
    double slow;
    uint64_t requests, failed;
    sim_time seconds;
};

static struct broker_state *state_of(const struct world *w, comp_id c)
{
    return W_STATE(w, struct broker_state, c);
}

bool broker_up(const struct world *w, comp_id c)
{
    return !state_of(w, c)->down;
}

double broker_slow(const struct world *w, comp_id c)
{
    return state_of(w, c)->slow;
}

/* ---- publishing ----------------------------------------------------------------- */

static void end(struct world *w, struct act *a, enum reason reason)
{
    struct broker_state *s = state_of(w, a->comp);
    bool ok = reason == REASON_NONE;
    s->failed += !ok;
    s->seconds += w_now(w) - a->call_start;
    members_remove(w, &s->inside, a);
    act_finish(w, a, reason, ok ? COMP_NONE : a->comp);
}

static void broker_begin(struct world *w, struct act *a)
{
    struct broker_state *s = state_of(w, a->comp);
    s->requests++;
    members_add(w, &s->inside, a);
    a->call_start = w_now(w);
    enum reason wrong = s->down ? REASON_DOWN : topic_publish(w, a->what, a);
    if (wrong != REASON_NONE) {
        end(w, a, wrong);
        return;
    }
    sim_time d =
        dist_draw(p_dist(w, a->comp, P_LATENCY), w_rng(w, a->comp, RNG_LATENCY));
    if (s->slow != 1)
        d = (sim_time)((double)d * s->slow);
    if (d > 0)
        act_timer(w, a, d, CAUSE_BROKER, a->comp);
    else
        end(w, a, REASON_NONE);
}

static void broker_resume(struct world *w, struct act *a, enum reason reason)
{
    end(w, a, reason);
}

static void broker_cancel(struct world *w, struct act *a)
{
    struct broker_state *s = state_of(w, a->comp);
    s->failed++;
    s->seconds += w_now(w) - a->call_start;
    members_remove(w, &s->inside, a);
}

/* ---- faults --------------------------------------------------------------------- */

static comp_id broker_of(const struct world *w, comp_id sub)
{
    return w->comps[sub_topic(w, sub)].owner;
}

void broker_wake(struct world *w, comp_id broker)
{
    for (size_t i = 0; i < w->model->ncomps; i++)
        if (w->comps[i].kind == &kind_subscription &&
            broker_of(w, (comp_id)i) == broker)
            sub_wake(w, (comp_id)i);
}

/* Those that wait for a confirmation do not get one, though the messages are stored. */
static void go_down(struct world *w, struct broker_state *s)
{
    for (ref r = s->inside.first; r != 0; r = act_at(w, r)->next)
        act_ready(w, act_at(w, r), REASON_CONN_LOST);
}

static enum err broker_fault(struct world *w, comp_id c, int fault,
                             const struct action *a, bool on, struct errmsg *why)
{
    struct broker_state *s = state_of(w, c);
    if (fault == FAULT_SLOW) {
        double factor = a->args[0].as.number;
        if (on && !(factor > 0 && factor <= 1e6))
            return errmsg_set(why, ERR_INPUT,
                              "slow: the factor must be above 0, e.g. 10");
        s->slow = on ? factor : 1;
        return ERR_OK;
    }
    s->down = on;
    if (on)
        go_down(w, s);
    else
        broker_wake(w, c);
    return ERR_OK;
}

/* ---- the kind ------------------------------------------------------------------- */

static double lag(const struct world *w, comp_id c)
{
    double sum = 0;
    for (size_t i = 0; i < w->model->ncomps; i++)
        if (w->comps[i].kind == &kind_subscription && broker_of(w, (comp_id)i) == c)
            sum += sub_lag(w, (comp_id)i, 0);
    return sum;
}

static double oldest(const struct world *w, comp_id c)
{
    double most = 0;
    for (size_t i = 0; i < w->model->ncomps; i++)
        if (w->comps[i].kind == &kind_subscription && broker_of(w, (comp_id)i) == c) {
            double age = sub_oldest(w, (comp_id)i);
            most = age > most ? age : most;
        }
    return most;
}

static double broker_metric(const struct world *w, comp_id c, int metric, int instance)
{
    const struct broker_state *s = state_of(w, c);
    (void)instance;
    switch (metric) {
    case M_REQUESTS:
        return (double)s->requests;
    case M_ERRORS:
        return (double)s->failed;
    case M_IN_FLIGHT:
        return s->inside.count;
    case M_SECONDS:
        return (double)s->seconds / (double)SIM_SEC;
    case M_LAG:
        return lag(w, c);
    case M_LAG_SECONDS:
        return oldest(w, c);
    default:
        return !s->down;
    }
}

static void broker_inflight(const struct world *w, comp_id c,
                            void (*f)(const struct world *w, const struct act *a,
                                      void *ctx),
                            void *ctx)
{
    for (ref r = state_of(w, c)->inside.first; r != 0; r = act_at(w, r)->next)
        f(w, act_at(w, r), ctx);
}

static size_t broker_size(const struct model *m, comp_id c)
{
    (void)m, (void)c;
    return sizeof(struct broker_state);
}

static void broker_init(struct world *w, comp_id c)
{
    state_of(w, c)->slow = 1;
}

static const struct figure_desc figures[] = {
    {.label = "not processed yet",
     .metric = "lag",
     .how = FIGURE_NOW,
     .status = true,
     .map = MAP_IF_ANY},
    {.label = "oldest",
     .metric = "lag_seconds",
     .how = FIGURE_NOW,
     .status = true,
     .map = MAP_IF_UNUSUAL,
     .warn = 60,
     .bad = 600},
};

const struct kind_impl kind_broker = {
    .desc = {.name = "broker",
             .doc = "A message broker: keeps topics, for those who subscribe to them.",
             .params = params,
             .nparams = COUNT_OF(params),
             .faults = faults,
             .nfaults = COUNT_OF(faults),
             .metrics = metrics,
             .nmetrics = COUNT_OF(metrics),
             .figures = figures,
             .nfigures = sizeof figures / sizeof *figures},
    .streams = streams,
    .state_size = broker_size,
    .init = broker_init,
    .begin = broker_begin,
    .resume = broker_resume,
    .cancel = broker_cancel,
    .fault = broker_fault,
    .metric = broker_metric,
    .inflight = broker_inflight,
};
