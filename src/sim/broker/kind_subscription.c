/*
 * Kind "subscription": who reads a topic, and how: as a log (a consumer group: each
 * partition has one reader at a time, in order) or as a queue (any consumer takes any
 * message and confirms it). Each message is a call of an endpoint; `consumers` of every
 * instance of that service work at once, each on one message.
 *
 * Lag is what is not processed yet. It is told by partition, and of the whole as sum,
 * largest and mean: of eight partitions with one that stands still the mean tells
 * little.
 *
 * This file is the description, operations and figures; consumers.c, consume.c,
 * cursor.c and tickets.c do the work.
 */
#include "broker/subscription.h"
#include "engine/kind.h"
#include "model/model.h"
#include "truecode/model.h"

#include <stdio.h>

#define COUNT_OF(x) (sizeof(x) / sizeof((x)[0]))

static const struct param_desc params[] = {
    [SB_TO] = {.name = "to",
               .type = VALUE_TEXT,
               .unit = "",
               .doc = "The endpoint that processes a message: \"projector/apply\"."},
    [SB_STYLE] = {.name = "style",
                  .type = VALUE_CHOICE,
                  .unit = "",
                  .def = "log",
                  .choices = "log|queue",
                  .doc =
                      "log: a partition has one reader, in order. queue: any consumer "
                      "takes any message."},
    [SB_CONSUMERS] = {.name = "consumers",
                      .type = VALUE_COUNT,
                      .min = 1,
                      .max = 1000,
                      .unit = "consumers",
                      .def = "1",
                      .change = CHANGE_AT_ONCE,
                      .each = EACH_INSTANCE,
                      .doc = "Consumers of each instance."},
    [SB_BATCH] =
        {.name = "batch",
         .type = VALUE_COUNT,
         .min = 1,
         .max = BATCH_MAX,
         .unit = "messages",
         .def = "1",
         .change = CHANGE_AT_ONCE,
         .doc = "Messages a consumer takes at once; it works on them one by one."},
    [SB_BATCH_COST] = {.name = "batch_cost",
                       .type = VALUE_DURATION,
                       .min = 0,
                       .max = 3600,
                       .unit = "s",
                       .def = "0",
                       .change = CHANGE_BUILT,
                       .doc = "Time to fetch and confirm a batch, however large."},
    [SB_TRIES] =
        {.name = "tries",
         .type = VALUE_COUNT,
         .min = 0,
         .max = 1000000,
         .unit = "",
         .def = "0",
         .change = CHANGE_AT_ONCE,
         .doc = "Failed tries of a message after which it is given up; 0: never."},
    [SB_RETRY_DELAY] = {.name = "retry_delay",
                        .type = VALUE_DURATION,
                        .min = 0,
                        .max = 86400,
                        .unit = "s",
                        .def = "1s",
                        .change = CHANGE_AT_ONCE,
                        .doc = "How long after a failed try the next may come."},
    [SB_DEAD_LETTERS] =
        {.name = "dead_letters",
         .type = VALUE_BOOL,
         .unit = "",
         .def = "on",
         .change = CHANGE_AT_ONCE,
         .doc = "Messages that are given up are kept aside, else dropped."},
    [SB_VISIBILITY] =
        {.name = "visibility",
         .type = VALUE_DURATION,
         .min = 0.001,
         .max = 43200,
         .unit = "s",
         .def = "30s",
         .change = CHANGE_AT_ONCE,
         .doc = "How long a message taken from a queue is hidden from others; "
                "not confirmed by then it is given out again."},
    [SB_REBALANCE] = {.name = "rebalance",
                      .type = VALUE_DURATION,
                      .min = 0,
                      .max = 3600,
                      .unit = "s",
                      .def = "3s",
                      .change = CHANGE_BUILT,
                      .doc =
                          "How long a group stands still when its consumers change."},
    [SB_TRACE_EVERY] = {.name = "trace_every",
                        .type = VALUE_COUNT,
                        .min = 0,
                        .max = 1000000,
                        .unit = "messages",
                        .def = "50",
                        .change = CHANGE_AT_ONCE,
                        .doc = "One message in so many is traced; 0: none."},
    [SB_MAX_POLL] =
        {"max_poll_interval", VALUE_DURATION, 0, 86400, "s", "5m", NULL, CHANGE_AT_ONCE,
         "A consumer of a log that is longer at a batch leaves the group, "
         "which rebalances (Kafka: max.poll.interval.ms, 5 min); 0: never."},
    [SB_PROTOCOL] = {.name = "protocol",
                     .type = VALUE_CHOICE,
                     .unit = "",
                     .def = "eager",
                     .choices = "eager|cooperative",
                     .change = CHANGE_BUILT,
                     .doc =
                         "What stands still while a log's group rebalances: eager: all "
                         "partitions; cooperative: those that move (KIP-429)."},
    [SB_DELAY] =
        {.name = "delay",
         .type = VALUE_DURATION,
         .min = 0,
         .max = 604800,
         .unit = "s",
         .def = "0",
         .change = CHANGE_AT_ONCE,
         .doc = "How long after it was published a queue gives a message out (SQS: "
                "DelaySeconds, 0 to 15 min)."},
};

_Static_assert(COUNT_OF(params) == SB_PARAMS, "one of each");

enum {
    OP_PAUSE,
    OP_RESUME,
    OP_SKIP,
    OP_SEEK,
    OP_REPLAY,
    OP_PURGE,
    OP_REPLAY_DEAD,
    OP_DROP_DEAD
};
static const struct op_desc ops[] = {
    {"pause",
     {{NULL, VALUE_NONE, false, NULL}},
     false,
     SIM_SEC,
     "nothing is processed until it is resumed",
     "Takes no more messages."},
    {"resume",
     {{NULL, VALUE_NONE, false, NULL}},
     false,
     SIM_SEC,
     NULL,
     "Takes messages again."},
    {"skip",
     {{"messages", VALUE_COUNT, true, "how many; left out: one"}},
     true,
     2 * SIM_SEC,
     "what is skipped is not processed",
     "Goes past the next messages of a partition, as one that cannot be read."},
    {"seek",
     {{"offset", VALUE_COUNT, false, "number of the message to go on with"}},
     true,
     2 * SIM_SEC,
     "messages are passed over, or processed a second time",
     "Goes on at another place of a partition, or of all."},
    {"replay",
     {{"back", VALUE_DURATION, true, "from so long ago on; left out: dead letters"}},
     true,
     2 * SIM_SEC,
     "messages may be processed a second time",
     "Processes dead letters again, or everything from a moment on."},
    {"purge",
     {{NULL, VALUE_NONE, false, NULL}},
     false,
     2 * SIM_SEC,
     "what is deleted is not processed",
     "Forgets what it has not processed yet."},
    {"replay_dead",
     {{"number", VALUE_COUNT, true, "which, 1 the oldest; left out: all"}},
     false,
     2 * SIM_SEC,
     "A message that failed for a reason that is still there fails again; one that had "
     "done a part of its work does that twice.",
     "Processes dead letters again."},
    {"drop_dead",
     {{"number", VALUE_COUNT, true, "which, 1 the oldest; left out: all"}},
     false,
     2 * SIM_SEC,
     "What is dropped is never processed.",
     "Forgets dead letters."},
};

enum { FAULT_STUCK, FAULT_DUPLICATES };
static const struct fault_desc faults[] = {
    {"stuck",
     {{"consumers", VALUE_COUNT, true, "How many of them; left out: one."}},
     "Consumers finish what they are at and take nothing more, as long as "
     "they live."},
    {"duplicates",
     {{"share", VALUE_FRACTION, false, "Share of the messages."}},
     "Part of the messages is handed out twice."},
};

enum {
    M_LAG,
    M_LAG_MAX,
    M_LAG_MEAN,
    M_LAG_SECONDS,
    M_LAG_SECONDS_MEAN,
    M_OFFSET,
    M_CONSUMERS,
    M_LEFT_OUT,
    M_IN_FLIGHT,
    M_NOT_VISIBLE,
    M_DEAD_LETTERS,
    M_PROCESSED,
    M_GOOD,
    M_BAD,
    M_SLOW,
    M_FAILURES,
    M_REDELIVERED,
    M_DUPLICATES,
    M_DEAD,
    M_SKIPPED,
    M_LOST,
    M_BATCHES,
    M_REBALANCES,
    M_EVICTIONS,
    M_SECONDS
};
#define GAUGE(n, p, u, i, d)                                                           \
    {                                                                                  \
        n, p, "", METRIC_GAUGE, u, i, d                                                \
    }
#define COUNTER(n, p, u, d)                                                            \
    {                                                                                  \
        n, p, "", METRIC_COUNTER, u, false, d                                          \
    }
static const struct metric_desc metrics[] = {
    [M_LAG] = GAUGE("lag", "kafka_consumergroup_lag", "1", true,
                    "Messages that are not processed yet."),
    [M_LAG_MAX] = GAUGE("lag_max", "messaging_subscription_lag_max", "1", false,
                        "Lag of the partition with the most."),
    [M_LAG_MEAN] = GAUGE("lag_mean", "messaging_subscription_lag_mean", "1", false,
                         "Lag of a partition on average."),
    [M_LAG_SECONDS] =
        GAUGE("lag_seconds", "messaging_subscription_lag_seconds", "s", true,
              "Age of the oldest message that is not processed yet."),
    [M_LAG_SECONDS_MEAN] =
        GAUGE("lag_seconds_mean", "messaging_subscription_lag_seconds_mean", "s", false,
              "The same on average over the partitions."),
    [M_OFFSET] = GAUGE("offset", "kafka_consumergroup_current_offset", "1", true,
                       "Where it is: messages before it are confirmed."),
    [M_CONSUMERS] = GAUGE("consumers", "kafka_consumergroup_members", "1", false,
                          "Consumers it has."),
    [M_LEFT_OUT] =
        GAUGE("consumers_left_out", "messaging_subscription_consumers_left_out", "1",
              false, "Consumers more than a subscription may have: they do not work."),
    [M_IN_FLIGHT] = GAUGE("in_flight", "messaging_subscription_in_flight", "1", false,
                          "Messages its consumers have taken and not finished."),
    [M_NOT_VISIBLE] = GAUGE("not_visible", "messaging_subscription_not_visible", "1",
                            false, "Messages hidden until they are confirmed."),
    [M_DEAD_LETTERS] = GAUGE("dead_letters", "messaging_subscription_dead_letters", "1",
                             false, "Messages that were given up and are kept aside."),
    [M_PROCESSED] = COUNTER("processed_total", "messaging_process_messages_total", "1",
                            "Messages processed, each time counted."),
    [M_GOOD] = COUNTER("good_total", "messaging_messages_good_total", "1",
                       "Messages processed within the objective."),
    [M_BAD] = COUNTER("bad_total", "messaging_messages_bad_total", "1",
                      "Messages processed too late or not at all, counted as soon as "
                      "that is sure."),
    [M_SLOW] = COUNTER("slow_total", "messaging_messages_slow_total", "1",
                       "Messages processed too late."),
    [M_FAILURES] = COUNTER("failures_total", "messaging_process_failures_total", "1",
                           "Tries that failed."),
    [M_REDELIVERED] =
        COUNTER("redelivered_total", "messaging_redelivered_messages_total", "1",
                "Times a message of a queue was given out again."),
    [M_DUPLICATES] =
        COUNTER("duplicates_total", "messaging_process_duplicates_total", "1",
                "Messages processed that had been processed, or published, before."),
    [M_DEAD] = COUNTER("dead_total", "messaging_dead_messages_total", "1",
                       "Messages given up after too many tries."),
    [M_SKIPPED] = COUNTER("skipped_total", "messaging_skipped_messages_total", "1",
                          "Messages an operator has passed over or deleted."),
    [M_LOST] = COUNTER("lost_total", "messaging_lost_messages_total", "1",
                       "Messages deleted for their age before they were processed."),
    [M_BATCHES] =
        COUNTER("batches_total", "messaging_batches_total", "1", "Batches fetched."),
    [M_REBALANCES] = COUNTER("rebalances_total", "kafka_consumergroup_rebalances_total",
                             "1", "Times its consumers have changed."),
    [M_EVICTIONS] =
        COUNTER("evictions_total", "messaging_subscription_evictions_total", "1",
                "Consumers that left the group as they did not ask for messages."),
    [M_SECONDS] = COUNTER("seconds_total", "messaging_process_age_seconds_sum", "s",
                          "Age of all messages when they were processed."),
};

static const char *const streams[] = {"fault", NULL};

/* ---- model time ----------------------------------------------------------------- */

static enum err sub_resolve(struct model *m, comp_id c, struct errmsg *why)
{
    struct subscription_data *d = arena_alloc(&m->arena, sizeof *d);
    comp_id target, endpoint;
    enum err err = model_call_target(m, model_param(m, c, SB_TO)->as.text, &target,
                                     &endpoint, why);
    if (err != ERR_OK) {
        errmsg_prefix(why, "%s: ", m->comps[c].name);
        return err;
    }
    bool external = endpoint == COMP_NONE;
    *d = (struct subscription_data){
        .spec = {.policy = call_policy_for(m, c, target, why),
                 .target = c, /* sub_begin() sends it on */
                 .what = external ? target : endpoint,
                 .pool = COMP_NONE,
                 .kind = external ? ACT_EXTERNAL : ACT_REQUEST},
        .target = target,
        .service = external ? COMP_NONE : m->comps[endpoint].owner};
    m->comps[c].data = d;
    m->comps[c].target = target;
    return d->spec.policy == COMP_NONE ? ERR_INPUT : ERR_OK;
}

static enum err sub_check(struct model *m, comp_id c, struct errmsg *why)
{
    struct subscription_data *d = m->comps[c].data;
    d->slo = m->has_slo && m->slo_client[c];
    if (model_param(m, c, SB_DELAY)->as.duration > 0 &&
        model_param(m, c, SB_STYLE)->as.count == STYLE_LOG)
        return errmsg_set(why, ERR_INPUT,
                          "%s: a log gives its messages out in order, at once; a "
                          "\"delay\" needs style = queue",
                          m->comps[c].name);
    if (d->service == COMP_NONE)
        return ERR_OK;
    double *instances = mem_array(m->ncomps + 1, sizeof *instances);
    (void)model_instances(m, instances);
    enum err e = members_fit(m->comps[c].name, instances[d->service],
                             model_param(m, c, SB_CONSUMERS)->as.count, why);
    mem_free(instances);
    return e;
}

static size_t sub_size(const struct model *m, comp_id c)
{
    (void)m, (void)c;
    return sizeof(struct subscription_state);
}

static void sub_init(struct world *w, comp_id c)
{
    struct subscription_state *s = sub_of(w, c);
    struct topic_state *t = topic_of(w, sub_topic(w, c));
    const struct subscription_data *d = sub_data(w, c);
    s->next = t->subscriptions;
    t->subscriptions = (comp_id)(c + 1);
    if (d->service != COMP_NONE)
        s->tells = (comp_id)(comp_kind(w, d->service)->listen(w, d->service, c) + 1);
    sub_partitions(w, c);
    members_build(w, c);
    sub_assign_new(w, c);
}

/* ---- running -------------------------------------------------------------------- */

static void sub_event(struct world *w, comp_id c, int what, uint32_t a, uint32_t b)
{
    if (what == SE_ASSIGN) {
        sub_of(w, c)->timer = 0;
        sub_assign(w, c);
    } else if (what == SE_POLL) {
        member_poll_due(w, c, member_at(w, a));
    } else if (what == SE_DUE) {
        sub_of(w, c)->due_timer = 0;
        sub_wake(w, c);
    } else if (what == SE_LATE) {
        assert(ticket_at(w, a)->gen == b); /* else it were cancelled */
        ticket_late(w, c, ticket_at(w, a));
    } else {
        ticket_event(w, c, a, b);
    }
}

static enum err sub_set(struct world *w, comp_id c, int param, const struct value *v,
                        struct errmsg *why)
{
    if (param == SB_DELAY && v->as.duration > 0 && p_count(w, c, SB_STYLE) == STYLE_LOG)
        return errmsg_set(why, ERR_REFUSED, "%s is a log: it has no delay",
                          w->comps[c].name);
    if (param != SB_CONSUMERS)
        return ERR_OK;
    return members_fit(w->comps[c].name, members_instances(w, c), v->as.count, why);
}

static void sub_changed(struct world *w, comp_id c, int param, const struct value *old)
{
    (void)old;
    if (param == SB_CONSUMERS)
        sub_members_changed(w, c);
    else if (param == SB_PROTOCOL)
        sub_assign(w, c);
    else if (param == SB_DELAY)
        sub_wake(w, c);
}

/* ---- operations ----------------------------------------------------------------- */

/* Left unprocessed, all of a partition from where it is up to `to`. */
static int64_t pass_over(struct world *w, comp_id c, uint32_t p, int64_t to)
{
    int64_t n = cursor_skip(w, c, p, to);
    sub_of(w, c)->skipped += (uint64_t)n;
    sub_left_bad(w, c, (uint64_t)n);
    return n;
}

void sub_purged(struct world *w, comp_id c, uint32_t p, bool tickets)
{
    int64_t end = partition_at(w, sub_topic(w, c), p)->end;
    pass_over(w, c, p, end);
    sub_seek(w, c, p, end);
    if (tickets)
        sub_of(w, c)->skipped += tickets_purge(w, c);
}

/* Where one partition goes on. */
static int64_t place(const struct world *w, comp_id c, int op, const struct action *a,
                     uint32_t p)
{
    const struct partition *from = partition_at(w, sub_topic(w, c), p);
    const struct cursor *u = cursor_at(w, c, p);
    int64_t to = from->end;
    if (op == OP_SKIP)
        to = u->processed + (action_gives(a, 0) ? a->args[0].as.count : 1);
    else if (op == OP_SEEK)
        to = a->args[0].as.count;
    else if (op == OP_REPLAY)
        to = partition_find(w, from, w_now(w) - a->args[0].as.duration);
    to = to < from->start ? from->start : to;
    return to > from->end ? from->end : to;
}

static enum err move(struct world *w, comp_id c, int op, const struct action *a,
                     struct effect *e, struct errmsg *why)
{
    struct subscription_state *s = sub_of(w, c);
    int64_t passed = 0, again = 0;
    if (a->instance < 0 || (uint32_t)a->instance > s->ncursors)
        return errmsg_set(why, ERR_NOT_FOUND, "%s has partitions 1 to %u",
                          w->comps[c].name, s->ncursors);
    if (action_gives(a, 0) && op != OP_REPLAY && a->args[0].as.count < 0)
        return errmsg_set(why, ERR_INPUT, "%s: the number must be 0 or more",
                          w->comps[c].name);
    for (uint32_t p = 0; p < s->ncursors; p++) {
        if (a->instance != 0 && (uint32_t)a->instance != p + 1)
            continue;
        int64_t to = place(w, c, op, a, p), at = cursor_at(w, c, p)->processed;
        passed += pass_over(w, c, p, to);
        again += to < at ? at - to : 0;
        if (to != at)
            sub_seek(w, c, p, to);
    }
    sub_wake(w, c);
    snprintf(e->title, sizeof e->title, "%s %s: %lld message%s passed over, %lld again",
             ops[op].name, w->comps[c].name, (long long)passed, passed == 1 ? "" : "s",
             (long long)again);
    return ERR_OK;
}

static enum err op_switch(struct world *w, comp_id c, bool off, struct effect *e,
                          struct errmsg *why)
{
    struct subscription_state *s = sub_of(w, c);
    if (s->off == off)
        return errmsg_set(why, ERR_REFUSED, "%s is %s already", w->comps[c].name,
                          off ? "paused" : "running");
    s->off = off;
    e->has_undo = true;
    e->undo =
        (struct action){.kind = ACTION_OP, .comp = c, .name = off ? "resume" : "pause"};
    if (!off)
        sub_wake(w, c);
    return ERR_OK;
}

static enum err op_replay_dead(struct world *w, comp_id c, struct effect *e,
                               struct errmsg *why)
{
    uint32_t n = dead_letters_replay(w, c);
    if (n == 0)
        return errmsg_set(why, ERR_REFUSED, "%s has no dead letters", w->comps[c].name);
    snprintf(e->title, sizeof e->title, "replay %s: %u dead letter%s", w->comps[c].name,
             n, n == 1 ? "" : "s");
    sub_wake(w, c);
    return ERR_OK;
}

static enum err sub_op(struct world *w, comp_id c, int op, const struct action *a,
                       struct effect *e, struct errmsg *why)
{
    switch (op) {
    case OP_PAUSE:
    case OP_RESUME:
        return op_switch(w, c, op == OP_PAUSE, e, why);
    case OP_PURGE:
        for (uint32_t p = 0; p < sub_of(w, c)->ncursors; p++)
            sub_purged(w, c, p, p == 0);
        return ERR_OK;
    case OP_REPLAY_DEAD:
    case OP_DROP_DEAD:
        return dead_letters_op(w, c, op == OP_DROP_DEAD, a, e, why);
    case OP_REPLAY:
        if (!action_gives(a, 0))
            return op_replay_dead(w, c, e, why);
        return move(w, c, op, a, e, why);
    default:
        return move(w, c, op, a, e, why);
    }
}

static enum err sub_fault(struct world *w, comp_id c, int fault, const struct action *a,
                          bool on, struct errmsg *why)
{
    struct subscription_state *s = sub_of(w, c);
    if (fault == FAULT_DUPLICATES) {
        s->duplicates = on ? a->args[0].as.number : 0;
        return ERR_OK;
    }
    int64_t n = action_gives(a, 0) ? a->args[0].as.count : 1;
    if (on && (n < 1 || n > MEMBERS_MAX))
        return errmsg_set(why, ERR_INPUT, "stuck: 1 to %d consumers", MEMBERS_MAX);
    members_stick(w, c, on ? (uint32_t)n : 0);
    return ERR_OK;
}

/* ---- figures -------------------------------------------------------------------- */

static double cursor_lag(const struct world *w, comp_id c, uint32_t p)
{
    const struct cursor *u = cursor_at(w, c, p);
    int64_t waiting = partition_at(w, sub_topic(w, c), p)->end - u->next;
    return (double)(waiting + u->taken - u->processed);
}

double sub_lag(const struct world *w, comp_id c, int partition)
{
    const struct subscription_state *s = sub_of(w, c);
    double sum = 0;
    for (uint32_t p = 0; p < s->ncursors; p++)
        if (partition <= 0 || (uint32_t)partition == p + 1)
            sum += cursor_lag(w, c, p);
    if (partition <= 0)
        sum += s->nready + s->nout + (s->nagain - s->again_at);
    return sum;
}

static double age(const struct world *w, sim_time published)
{
    return (double)(w_now(w) - published) / (double)SIM_SEC;
}

static double cursor_age(const struct world *w, comp_id c, uint32_t p)
{
    const struct partition *from = partition_at(w, sub_topic(w, c), p);
    int64_t at = cursor_at(w, c, p)->processed;
    at = at < from->start ? from->start : at;
    return at < from->end ? age(w, partition_message(w, from, at)->published) : 0;
}

/* Tickets come in the order in which they were taken, nearly that of their age. */
static double tickets_age(const struct world *w, const struct subscription_state *s)
{
    for (ref r = s->tickets; r != 0; r = ticket_at(w, r)->next)
        if (ticket_at(w, r)->state != TICKET_GONE)
            return age(w, ticket_at(w, r)->message.published);
    return 0;
}

static double lag_seconds(const struct world *w, comp_id c, int partition, bool mean)
{
    const struct subscription_state *s = sub_of(w, c);
    double most = 0, sum = 0;
    for (uint32_t p = 0; p < s->ncursors; p++) {
        double x = cursor_age(w, c, p);
        if (partition > 0 && (uint32_t)partition != p + 1)
            continue;
        sum += x;
        most = x > most ? x : most;
    }
    double held = partition > 0 ? 0 : tickets_age(w, s);
    if (mean)
        return s->ncursors > 0 ? sum / s->ncursors : 0;
    return held > most ? held : most;
}

double sub_oldest(const struct world *w, comp_id c)
{
    return lag_seconds(w, c, 0, false);
}

static double lag_figure(const struct world *w, comp_id c, int metric, int partition)
{
    const struct subscription_state *s = sub_of(w, c);
    double most = 0;
    switch (metric) {
    case M_LAG:
        return sub_lag(w, c, partition);
    case M_LAG_MEAN:
        return sub_lag(w, c, 0) / s->ncursors;
    case M_LAG_MAX:
        for (uint32_t p = 0; p < s->ncursors; p++)
            most = cursor_lag(w, c, p) > most ? cursor_lag(w, c, p) : most;
        return most;
    case M_OFFSET:
        for (uint32_t p = 0; p < s->ncursors; p++)
            if (partition <= 0 || (uint32_t)partition == p + 1)
                most += (double)cursor_at(w, c, p)->committed;
        return most;
    default:
        return lag_seconds(w, c, partition, metric == M_LAG_SECONDS_MEAN);
    }
}

static double sub_metric(const struct world *w, comp_id c, int metric, int instance)
{
    const struct subscription_state *s = sub_of(w, c);
    const uint64_t counts[] = {s->processed, s->good,        s->bad,     s->slow,
                               s->failures,  s->redelivered, s->repeats, s->dead_total,
                               s->skipped,   s->expired,     s->batches, s->rebalances,
                               s->evictions};
    if (metric <= M_OFFSET)
        return lag_figure(w, c, metric, instance);
    switch (metric) {
    case M_BAD:
        return (double)(s->bad + sub_gap(w, c) + sub_overdue(w, c));
    case M_LOST:
        return (double)(s->expired + sub_gap(w, c));
    case M_CONSUMERS:
        return s->nmembers;
    case M_LEFT_OUT:
        return s->left_out;
    case M_IN_FLIGHT:
        return s->inside.count;
    case M_NOT_VISIBLE:
        return s->nout;
    case M_DEAD_LETTERS:
        return s->ndead;
    case M_SECONDS:
        return (double)s->seconds / (double)SIM_SEC;
    default:
        return (double)counts[metric - M_PROCESSED];
    }
}

static int sub_instances(const struct world *w, comp_id c)
{
    return (int)sub_of(w, c)->ncursors;
}

static void sub_inflight(const struct world *w, comp_id c,
                         void (*f)(const struct world *w, const struct act *a,
                                   void *ctx),
                         void *ctx)
{
    for (ref r = sub_of(w, c)->inside.first; r != 0; r = act_at(w, r)->next)
        f(w, act_at(w, r), ctx);
}

static const struct figure_desc figures[] = {
    {.label = "not processed yet", .metric = "lag", .how = FIGURE_NOW, .chart = 62},
    {.label = "processed",
     .metric = "processed_total",
     .how = FIGURE_RATE,
     .chart = 64},
    {.label = "dead letters",
     .metric = "dead_letters",
     .how = FIGURE_NOW,
     .chart = 195},
};

static void subscription_bulk(const struct model *m, comp_id c, struct bulk *b)
{
    enum { MEMBER = 64, OF_LISTS = 8 }; /* as rounded up; the old list and the new */
    _Static_assert(sizeof(struct member) <= MEMBER, "the room reckoned for it");
    double each = (double)model_param(m, c, SB_CONSUMERS)->as.count;
    double n = each * (b->behind > 1 ? b->behind : 1);
    b->n = n < MEMBERS_MAX ? n : MEMBERS_MAX;
    b->bytes = PARTITIONS_MAX * sizeof(struct cursor) + b->n * (MEMBER + OF_LISTS);
    b->word = "consumers";
}

const struct kind_impl kind_subscription = {
    .desc = {.name = "subscription",
             .doc = "Who reads a topic, and the endpoint that processes its messages.",
             .nested = true,
             .within = "topic",
             .params = params,
             .nparams = COUNT_OF(params),
             .ops = ops,
             .nops = COUNT_OF(ops),
             .faults = faults,
             .nfaults = COUNT_OF(faults),
             .metrics = metrics,
             .nmetrics = COUNT_OF(metrics),
             .figures = figures,
             .nfigures = sizeof figures / sizeof *figures,
             .age = "lag_seconds"},
    .traits = KIND_STARTS | KIND_JUDGED,
    .init_turn = INIT_LOOKS,
    .streams = streams,
    .resolve = sub_resolve,
    .check = sub_check,
    .bulk = subscription_bulk,
    .state_size = sub_size,
    .init = sub_init,
    .event = sub_event,
    .begin = sub_begin,
    .resume = sub_resume,
    .instances_changed = sub_instances_changed,
    .set = sub_set,
    .changed = sub_changed,
    .op = sub_op,
    .fault = sub_fault,
    .metric = sub_metric,
    .instances = sub_instances,
    .inflight = sub_inflight,
};
