/*
 * link: a path between components, over which the calls of any number of policies go
 * ("via"). It has a latency, may lose packets, and has a bandwidth that all share, each
 * direction its own. How a message fares on it is link_run.c; here is what it is, how
 * it fails, and what it counts.
 *
 * A partition loses what is sent (a black hole: callers wait until their timeout), both
 * ways, or one way (the work is done, and nobody hears of it), or only for some of the
 * instances; `refuse` answers at once instead. A share of the instances is spread
 * evenly over their numbers (of four at 50 %: 2 and 4); users, who have no number, are
 * chosen by their request.
 */
#include "engine/kind.h"
#include "model/model.h"
#include "net/link.h"

#include <stdio.h>

static const struct param_desc params[] = {
    [LP_LATENCY] = {.name = "latency",
                    .type = VALUE_DIST,
                    .min = 0,
                    .max = 3600,
                    .unit = "s",
                    .def = "200us",
                    .change = CHANGE_BUILT,
                    .doc = "Time a message takes, each way."},
    [LP_JITTER] = {.name = "jitter",
                   .type = VALUE_DURATION,
                   .min = 0,
                   .max = 3600,
                   .unit = "s",
                   .def = "0",
                   .change = CHANGE_BUILT,
                   .doc = "Up to so much is added to the latency, evenly spread."},
    [LP_LOSS] = {.name = "loss",
                 .type = VALUE_FRACTION,
                 .min = 0,
                 .max = 1,
                 .unit = "",
                 .def = "0",
                 .change = CHANGE_BUILT,
                 .doc = "Share of the packets that are lost, and sent again."},
    [LP_BANDWIDTH] = {.name = "bandwidth",
                      .type = VALUE_COUNT,
                      .min = 0,
                      .max = 1e12,
                      .unit = "bytes/s",
                      .def = "0",
                      .change = CHANGE_BUILT,
                      .doc = "What it carries, each way; messages queue for it in "
                             "order; 0: no limit."},
    [LP_QUEUE] = {.name = "queue",
                  .type = VALUE_COUNT,
                  .min = 0,
                  .max = 1e12,
                  .unit = "bytes",
                  .def = "0",
                  .change = CHANGE_BUILT,
                  .doc = "Bytes that may wait for the bandwidth, each way; what comes "
                         "on top is dropped, and sent again; 0: no limit."},
    [LP_RTO] = {.name = "rto",
                .type = VALUE_DURATION,
                .min = 0.001,
                .max = 120,
                .unit = "s",
                .def = "200ms",
                .change = CHANGE_BUILT,
                .doc = "Retransmission timeout: time until what was lost is sent "
                       "again, twice as long each time, two minutes at most."},
    [LP_RETRANSMITS] = {.name = "retransmits",
                        .type = VALUE_COUNT,
                        .min = 0,
                        .max = 100,
                        .unit = "",
                        .def = "15",
                        .change = CHANGE_AT_ONCE,
                        .doc = "How often a message is sent again before its "
                               "connection is given up."},
    [LP_KEEPALIVE] =
        {.name = "keepalive",
         .type = VALUE_DURATION,
         .min = 0,
         .max = 86400,
         .unit = "s",
         .def = "0",
         .change = CHANGE_AT_ONCE,
         .doc = "Idle time after which the kernel asks whether a connection is still "
                "there (SO_KEEPALIVE; Linux: 2 h where it is on); 0: never."},
    [LP_KEEPALIVE_INTERVAL] =
        {.name = "keepalive_interval",
         .type = VALUE_DURATION,
         .min = 0.001,
         .max = 86400,
         .unit = "s",
         .def = "75s",
         .change = CHANGE_AT_ONCE,
         .doc = "Time between two such questions that are not answered (Linux: 75 s)."},
    [LP_KEEPALIVE_PROBES] = {.name = "keepalive_probes",
                             .type = VALUE_COUNT,
                             .min = 1,
                             .max = 127,
                             .unit = "",
                             .def = "9",
                             .change = CHANGE_AT_ONCE,
                             .doc = "Questions without an answer after which the "
                                    "connection is closed (Linux: 9)."},
    [LP_FORGETS_AFTER] = {.name = "forgets_after",
                          .type = VALUE_DURATION,
                          .min = 0,
                          .max = 86400,
                          .unit = "s",
                          .def = "0",
                          .change = CHANGE_BUILT,
                          .doc =
                              "Idle time after which a firewall or NAT in it forgets a "
                              "connection, which is dead from then on (AWS: 350 s); a "
                              "shorter keepalive prevents it; 0: never."},
    [LP_USER_TIMEOUT] = {.name = "user_timeout",
                         .type = VALUE_DURATION,
                         .min = 0,
                         .max = 86400,
                         .unit = "s",
                         .def = "0",
                         .change = CHANGE_AT_ONCE,
                         .doc = "A connection over which nothing got through for so "
                                "long is given up (TCP user timeout, keepalive); 0: "
                                "only after all retransmissions."},
};
_Static_assert(COUNT_OF(params) == LP_COUNT, "one for each");

enum {
    F_SLOW,
    F_LOSS,
    F_PARTITION,
    F_ONE_WAY,
    F_PARTIAL,
    F_REFUSE,
    F_BANDWIDTH,
    F_FLAP,
    F_FORGET,
    F_COUNT
};
static const struct fault_desc faults[] = {
    [F_SLOW] = {.name = "slow",
                .args = {{.name = "factor",
                          .type = VALUE_NUMBER,
                          .doc = "How many times longer its latency is."}},
                .doc = "Messages take longer."},
    [F_LOSS] = {.name = "loss",
                .args = {{.name = "share",
                          .type = VALUE_FRACTION,
                          .doc = "Share of the packets that are lost besides."}},
                .doc = "Packets are lost."},
    [F_PARTITION] = {.name = "partition",
                     .args = {{.name = "share",
                               .type = VALUE_FRACTION,
                               .optional = true,
                               .doc = "Share of the callers' instances; all."}},
                     .doc = "Nothing gets through, either way; senders wait."},
    [F_ONE_WAY] = {.name = "one_way",
                   .args = {{.name = "what",
                             .type = VALUE_TEXT,
                             .doc = "\"requests\" or \"answers\": which are lost."}},
                   .doc = "Nothing gets through in one direction."},
    [F_PARTIAL] = {.name = "partial",
                   .args = {{.name = "share",
                             .type = VALUE_FRACTION,
                             .doc = "Share of the instances that are cut off."},
                            {.name = "side",
                             .type = VALUE_TEXT,
                             .optional = true,
                             .doc = "\"callers\" or \"callees\": whose; callees."}},
                   .doc = "Some instances are cut off."},
    [F_REFUSE] = {.name = "refuse",
                  .args = {{.name = "share",
                            .type = VALUE_FRACTION,
                            .optional = true,
                            .doc = "Share of the callers' instances; all."}},
                  .doc = "Connections are refused or reset at once."},
    [F_BANDWIDTH] = {.name = "bandwidth",
                     .args = {{.name = "share",
                               .type = VALUE_FRACTION,
                               .doc = "Share of its bandwidth that is left."}},
                     .doc = "It carries less."},
    [F_FLAP] = {.name = "flap",
                .args = {{.name = "period",
                          .type = VALUE_DURATION,
                          .doc = "It is cut once in such a time."},
                         {.name = "down",
                          .type = VALUE_DURATION,
                          .doc = "For how long of it."}},
                .doc = "It is cut and comes back, again and again."},
    [F_FORGET] = {.name = "forget",
                  .args = {{.name = "share",
                            .type = VALUE_FRACTION,
                            .optional = true,
                            .doc = "Share of the connections; all."}},
                  .doc = "The connections that are open now are dead, and nobody is "
                         "told (a firewall or NAT has lost its table, a machine died): "
                         "what is sent over one is lost until the kernel gives it up; "
                         "new ones work. Of calls that keep connections: those with "
                         "max_idle, keep_alive, streams or tls (see there), and a "
                         "database's."},
};
_Static_assert(COUNT_OF(faults) == F_COUNT, "one for each");

/* ---- who is cut off -------------------------------------------------------------- */

/* An instance is, by its number; a request that has none, by its lot. */
static bool chosen(const struct world *w, double share, uint16_t number, struct lot lot,
                   uint32_t attempt)
{
    uint64_t purpose = LOT_PURPOSE(LOT_CUT) + ((uint64_t)attempt << 40);
    if (share >= 1)
        return true;
    if (number == 0)
        return lot_within(lot_draw(w, lot, purpose), share);
    return (int64_t)(number * share + 1e-9) > (int64_t)((number - 1) * share + 1e-9);
}

static bool flapped(const struct world *w, const struct link *k)
{
    return k->flap_period > 0 &&
           (w_now(w) - k->flap_from) % k->flap_period < k->flap_down;
}

/* Another attempt may be for another instance. */
static bool partly(const struct world *w, const struct link *k, const struct talk *t)
{
    if (k->partial <= 0)
        return false;
    if (k->side == SIDE_CALLERS)
        return chosen(w, k->partial, t->caller, t->lot, 0);
    return chosen(w, k->partial, t->callee, t->lot, t->attempt);
}

bool link_cut(const struct world *w, comp_id c, const struct talk *t, enum way way)
{
    const struct link *k = link_at(w, c);
    return k->one_way[way] || flapped(w, k) || partly(w, k, t) ||
           (k->parted > 0 && chosen(w, k->parted, t->caller, t->lot, 0));
}

bool link_refuses(const struct world *w, comp_id c, const struct talk *t)
{
    const struct link *k = link_at(w, c);
    return k->refusing > 0 && chosen(w, k->refusing, t->caller, t->lot, 0);
}

/* ---- forgotten connections ------------------------------------------------------- */

static bool meant(const struct world *w, const struct forgetting *f,
                  const struct link_use *u)
{
    if (u->opened > f->at || f->share >= 1)
        return u->opened <= f->at;
    uint64_t lot = lot_draw(w, u->lot, LOT_PURPOSE(LOT_FORGOTTEN));
    return lot_within(hash_u64(lot, (uint64_t)f->at), f->share);
}

/* When it was forgotten; SIM_FOREVER: it was not. */
static sim_time forgotten_at(const struct world *w, comp_id c, const struct link_use *u)
{
    const struct link *k = link_at(w, c);
    sim_time first = SIM_FOREVER, idle = p_time(w, c, LP_FORGETS_AFTER);
    sim_time asks = p_time(w, c, LP_KEEPALIVE);
    for (uint32_t i = 0; i < FORGETS && i < k->nforgets; i++)
        if (meant(w, &k->forgets[i], u) && k->forgets[i].at < first)
            first = k->forgets[i].at;
    bool kept = idle == 0 || (asks > 0 && asks < idle);
    if (!kept && w_now(w) - u->used >= idle && u->used + idle < first)
        first = u->used + idle;
    return first;
}

bool link_forgot(const struct world *w, comp_id c, const struct link_use *u)
{
    return forgotten_at(w, c, u) != SIM_FOREVER;
}

/* The first question after that is not answered, and those that follow it neither. */
bool link_notices(const struct world *w, comp_id c, const struct link_use *u)
{
    sim_time asks = p_time(w, c, LP_KEEPALIVE), at = forgotten_at(w, c, u);
    if (asks == 0 || at == SIM_FOREVER)
        return false;
    sim_time idle = at > u->used ? at - u->used : 0;
    sim_time first = u->used + (idle / asks + 1) * asks;
    return w_now(w) >= first + p_time(w, c, LP_KEEPALIVE_INTERVAL) *
                                   p_count(w, c, LP_KEEPALIVE_PROBES);
}

/* ---- faults ---------------------------------------------------------------------- */

static double share_of(const struct action *a, bool on)
{
    return !on ? 0 : action_gives(a, 0) ? a->args[0].as.number : 1;
}

static enum err one_way(struct link *k, const char *what, bool on, struct errmsg *why)
{
    bool requests = str_eq(what, "requests"), answers = str_eq(what, "answers");
    if (on && !requests && !answers)
        return errmsg_set(why, ERR_INPUT,
                          "one_way: \"%.40s\" is neither requests nor answers", what);
    k->one_way[WAY_THERE] = on && requests;
    k->one_way[WAY_BACK] = on && answers;
    return ERR_OK;
}

static enum err partial(struct link *k, const struct action *a, bool on,
                        struct errmsg *why)
{
    const char *side = action_gives(a, 1) ? a->args[1].as.text : "callees";
    bool callers = str_eq(side, "callers");
    if (on && !callers && !str_eq(side, "callees"))
        return errmsg_set(why, ERR_INPUT,
                          "partial: \"%.40s\" is neither callers nor callees", side);
    k->partial = share_of(a, on);
    k->side = callers ? SIDE_CALLERS : SIDE_CALLEES;
    return ERR_OK;
}

static enum err flap(struct world *w, struct link *k, const struct action *a, bool on,
                     struct errmsg *why)
{
    sim_time period = a->args[0].as.duration, down = a->args[1].as.duration;
    if (on && (period <= 0 || down < 0 || down > period))
        return errmsg_set(why, ERR_INPUT,
                          "flap: the time it is down must be within its period");
    k->flap_from = w_now(w);
    k->flap_period = on ? period : 0;
    k->flap_down = down;
    return ERR_OK;
}

static enum err forget(struct world *w, comp_id c, const struct action *a,
                       struct errmsg *why)
{
    struct link *k = link_at(w, c);
    bool kept = false;
    for (size_t i = 0; i < w->model->ncomps && !kept; i++)
        kept = comp_kind(w, (comp_id)i)->keeps_over &&
               comp_kind(w, (comp_id)i)->keeps_over(w, (comp_id)i, c);
    if (!kept)
        return errmsg_set(why, ERR_REFUSED,
                          "forget: no call over %s keeps connections; give one "
                          "max_idle, keep_alive, streams or tls, e.g. max_idle = 10",
                          w->comps[c].name);
    k->forgets[k->nforgets++ % FORGETS] =
        (struct forgetting){w_now(w), share_of(a, true)};
    return ERR_OK;
}

static enum err link_fault(struct world *w, comp_id c, int fault,
                           const struct action *a, bool on, struct errmsg *why)
{
    struct link *k = link_at(w, c);
    double x = a->args[0].as.number;
    switch (fault) {
    case F_SLOW:
        if (on && !(x > 0 && x <= 1e6))
            return errmsg_set(why, ERR_INPUT,
                              "slow: the factor must be above 0, e.g. 10");
        k->slow = on ? x : 1;
        return ERR_OK;
    case F_LOSS:
        k->loss = on ? x : 0;
        return ERR_OK;
    case F_PARTITION:
        k->parted = share_of(a, on);
        return ERR_OK;
    case F_ONE_WAY:
        return one_way(k, a->args[0].as.text, on, why);
    case F_PARTIAL:
        return partial(k, a, on, why);
    case F_REFUSE:
        k->refusing = share_of(a, on);
        return ERR_OK;
    case F_FORGET:
        return on ? forget(w, c, a, why) : ERR_OK;
    case F_BANDWIDTH:
        if (on && !(x > 0))
            return errmsg_set(why, ERR_INPUT,
                              "bandwidth: the share that is left must be above 0");
        k->narrow = on ? x : 1;
        lanes_retune(w, c);
        return ERR_OK;
    default:
        return flap(w, k, a, on, why);
    }
}

/* ---- looking --------------------------------------------------------------------- */

enum {
    M_MESSAGES,
    M_BYTES,
    M_LOST,
    M_CUT,
    M_DROPPED,
    M_RETRANSMITS,
    M_BROKEN,
    M_QUEUED,
    M_BUSY,
    M_LOAD,
    M_COUNT
};
#define LINK_METRIC(n, p, t, u, d)                                                     \
    {                                                                                  \
        .name = n, .prom = p, .labels = "", .type = t, .unit = u, .doc = d             \
    }
static const struct metric_desc metrics[] = {
    [M_MESSAGES] = LINK_METRIC("messages_total", "network_messages_total",
                               METRIC_COUNTER, "1", "Messages handed to it."),
    [M_BYTES] = LINK_METRIC("bytes_total", "network_transmit_bytes_total",
                            METRIC_COUNTER, "bytes", "Bytes sent, both ways."),
    [M_LOST] = LINK_METRIC("lost_total", "network_transmit_lost_total", METRIC_COUNTER,
                           "1", "Transmissions of which something was lost."),
    [M_CUT] = LINK_METRIC("cut_total", "network_transmit_cut_total", METRIC_COUNTER,
                          "1", "Transmissions into a partition."),
    [M_DROPPED] =
        LINK_METRIC("drops_total", "network_transmit_drop_total", METRIC_COUNTER, "1",
                    "Transmissions dropped as its queue was full."),
    [M_RETRANSMITS] = LINK_METRIC("retransmits_total", "network_tcp_retransmits_total",
                                  METRIC_COUNTER, "1", "Transmissions made again."),
    [M_BROKEN] = LINK_METRIC("broken_total", "network_connections_lost_total",
                             METRIC_COUNTER, "1", "Connections refused or given up."),
    [M_QUEUED] = LINK_METRIC("queue_bytes", "network_queue_bytes", METRIC_GAUGE,
                             "bytes", "Bytes that wait for its bandwidth, both ways."),
    [M_BUSY] =
        LINK_METRIC("busy_seconds_total", "network_busy_seconds_total", METRIC_COUNTER,
                    "s", "Time it was sending, both ways added."),
    [M_LOAD] =
        LINK_METRIC("utilisation", "network_utilisation_ratio", METRIC_GAUGE, "ratio",
                    "Share of the last second that its busier way was "
                    "sending."),
};
_Static_assert(COUNT_OF(metrics) == M_COUNT, "one for each");

static double link_load(const struct world *w, const struct link *k)
{
    double there = lane_load(w, &k->lanes[WAY_THERE]);
    double back = lane_load(w, &k->lanes[WAY_BACK]);
    return there > back ? there : back;
}

static double link_metric(const struct world *w, comp_id c, int metric, int instance)
{
    const struct link *k = link_at(w, c);
    const uint64_t counts[] = {k->messages, k->bytes,       k->lost,  k->cut,
                               k->dropped,  k->retransmits, k->broken};
    (void)instance;
    switch (metric) {
    case M_QUEUED:
        return (double)(k->lanes[WAY_THERE].queued + k->lanes[WAY_BACK].queued);
    case M_BUSY:
        return (double)(lane_busy(w, &k->lanes[WAY_THERE]) +
                        lane_busy(w, &k->lanes[WAY_BACK])) /
               (double)SIM_SEC;
    case M_LOAD:
        return link_load(w, k);
    default:
        return (double)counts[metric];
    }
}

/* ---- the kind -------------------------------------------------------------------- */

static void link_changed(struct world *w, comp_id c, int param, const struct value *old)
{
    (void)old;
    if (param == LP_BANDWIDTH)
        lanes_retune(w, c);
}

static size_t link_size(const struct model *m, comp_id c)
{
    (void)m, (void)c;
    return sizeof(struct link);
}

static void link_init(struct world *w, comp_id c)
{
    struct link *k = link_at(w, c);
    k->slow = k->narrow = 1;
    lanes_retune(w, c);
}

static const char *const streams[] = {"latency", "loss", NULL};

static const struct figure_desc figures[] = {
    {.label = "busy",
     .metric = "utilisation",
     .how = FIGURE_NOW,
     .status = true,
     .chart = 196,
     .warn = 0.9},
};

static enum err link_names(const struct model *m, const struct action *a,
                           struct errmsg *why)
{
    static const struct word_desc words[] = {
        {ACTION_FAULT, "one_way", 0, NULL, "requests|answers"},
        {ACTION_FAULT, "partial", 1, NULL, "callers|callees"},
    };
    return action_words(m, a, words, COUNT_OF(words), why);
}

const struct kind_impl kind_link = {
    .desc = {.name = "link",
             .doc = "A network path that calls go over.",
             .params = params,
             .nparams = COUNT_OF(params),
             .faults = faults,
             .nfaults = COUNT_OF(faults),
             .metrics = metrics,
             .nmetrics = COUNT_OF(metrics),
             .figures = figures,
             .nfigures = COUNT_OF(figures)},
    .streams = streams,
    .state_size = link_size,
    .init = link_init,
    .event = link_event,
    .changed = link_changed,
    .names = link_names,
    .fault = link_fault,
    .metric = link_metric,
};
