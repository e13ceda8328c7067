/*
 * Kind "subscription": who reads a topic, and how: as a log (a consumer group: each
 * partition has one reader at a time, in order) or as a queue (any consumer takes any
 * message and confirms it). Each message is a call of an endpoint; `consumers` of every
 * instance of that service work at once, each on one message.
 *
 * This file is the description and the operations; consumers.c, consume.c, cursor.c and
 * tickets.c do the work, subscription_params.c and subscription_look.c have the parameters
 * and the metrics.
 */
#include "broker/subscription.h"
#include "engine/kind.h"
#include "model/model.h"
#include "truecode/model.h"

#include <stdio.h>

enum {
    OP_PAUSE,
    OP_RESUME,
    OP_SKIP,
    OP_SEEK,
    OP_REPLAY,
    OP_PURGE,
    OP_REPLAY_DEAD,
    OP_DROP_DEAD,
    SUBSCRIPTION_OPS
};
static const struct op_desc ops[] = {
    [OP_PAUSE] = {.name = "pause",
                  .cost = SIM_SEC,
                  .risk = "nothing is processed until it is resumed",
                  .doc = "Takes no more messages."},
    [OP_RESUME] = {.name = "resume", .cost = SIM_SEC, .doc = "Takes messages again."},
    [OP_SKIP] =
        {.name = "skip",
         .args = {{.name = "messages",
                   .type = VALUE_COUNT,
                   .optional = true,
                   .doc = "how many; left out: one"}},
         .instance = true,
         .cost = 2 * SIM_SEC,
         .risk = "what is skipped is not processed",
         .doc =
             "Goes past the next messages of a partition, as one that cannot be read."},
    [OP_SEEK] = {.name = "seek",
                 .args = {{.name = "offset",
                           .type = VALUE_COUNT,
                           .doc = "number of the message to go on with"}},
                 .instance = true,
                 .cost = 2 * SIM_SEC,
                 .risk = "messages are passed over, or processed a second time",
                 .doc = "Goes on at another place of a partition, or of all."},
    [OP_REPLAY] = {.name = "replay",
                   .args = {{.name = "back",
                             .type = VALUE_DURATION,
                             .optional = true,
                             .doc = "from so long ago on; left out: dead letters"}},
                   .instance = true,
                   .cost = 2 * SIM_SEC,
                   .risk = "messages may be processed a second time",
                   .doc =
                       "Processes dead letters again, or everything from a moment on."},
    [OP_PURGE] = {.name = "purge",
                  .cost = 2 * SIM_SEC,
                  .risk = "what is deleted is not processed",
                  .doc = "Forgets what it has not processed yet."},
    [OP_REPLAY_DEAD] = {.name = "replay_dead",
                        .args = {{.name = "number",
                                  .type = VALUE_COUNT,
                                  .optional = true,
                                  .doc = "which, 1 the oldest; left out: all"}},
                        .cost = 2 * SIM_SEC,
                        .risk = "A message that failed for a reason that is still "
                                "there fails again; one that had "
                                "done a part of its work does that twice.",
                        .doc = "Processes dead letters again."},
    [OP_DROP_DEAD] = {.name = "drop_dead",
                      .args = {{.name = "number",
                                .type = VALUE_COUNT,
                                .optional = true,
                                .doc = "which, 1 the oldest; left out: all"}},
                      .cost = 2 * SIM_SEC,
                      .risk = "What is dropped is never processed.",
                      .doc = "Forgets dead letters."},
};
_Static_assert(COUNT_OF(ops) == SUBSCRIPTION_OPS, "one for each");

enum { FAULT_STUCK, FAULT_DUPLICATES, FAULT_COUNT };
static const struct fault_desc faults[] = {
    [FAULT_STUCK] =
        {.name = "stuck",
         .args = {{.name = "consumers",
                   .type = VALUE_COUNT,
                   .optional = true,
                   .doc = "How many of them; left out: one."}},
         .doc = "Consumers finish what they are at and take nothing more, as long as "
                "they live."},
    [FAULT_DUPLICATES] = {.name = "duplicates",
                          .args = {{.name = "share",
                                    .type = VALUE_FRACTION,
                                    .doc = "Share of the messages."}},
                          .doc = "Part of the messages is handed out twice."},
};
_Static_assert(COUNT_OF(faults) == FAULT_COUNT, "one for each");

static const char *const streams[] = {"fault", NULL};

/* ---- model time ------------------------------------------------------------------ */

static enum err sub_resolve(struct model *m, comp_id c, struct errmsg *why)
{
    struct subscription_data *d = arena_alloc(&m->arena, sizeof *d);
    comp_id target, endpoint;
    enum err e = model_call_target(m, model_param(m, c, SB_TO)->as.text, &target,
                                   &endpoint, why);
    if (e != ERR_OK) {
        errmsg_prefix(why, "%s: ", m->comps[c].name);
        return e;
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
    d->slo = m->slo_set && m->slo_client[c];
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

/* ---- running --------------------------------------------------------------------- */

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

/* ---- operations ------------------------------------------------------------------ */

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
                     struct effect *fx, struct errmsg *why)
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
    snprintf(fx->title, sizeof fx->title,
             "%s %s: %lld message%s passed over, %lld again", ops[op].name,
             w->comps[c].name, (long long)passed, passed == 1 ? "" : "s",
             (long long)again);
    return ERR_OK;
}

static enum err op_switch(struct world *w, comp_id c, bool off, struct effect *fx,
                          struct errmsg *why)
{
    struct subscription_state *s = sub_of(w, c);
    if (s->off == off)
        return errmsg_set(why, ERR_REFUSED, "%s is %s already", w->comps[c].name,
                          off ? "paused" : "running");
    s->off = off;
    fx->undoable = true;
    fx->undo =
        (struct action){.kind = ACTION_OP, .comp = c, .name = off ? "resume" : "pause"};
    if (!off)
        sub_wake(w, c);
    return ERR_OK;
}

static enum err op_replay_dead(struct world *w, comp_id c, struct effect *fx,
                               struct errmsg *why)
{
    uint32_t n = dead_letters_replay(w, c);
    if (n == 0)
        return errmsg_set(why, ERR_REFUSED, "%s has no dead letters", w->comps[c].name);
    snprintf(fx->title, sizeof fx->title, "replay %s: %u dead letter%s",
             w->comps[c].name, n, n == 1 ? "" : "s");
    sub_wake(w, c);
    return ERR_OK;
}

static enum err sub_op(struct world *w, comp_id c, int op, const struct action *a,
                       struct effect *fx, struct errmsg *why)
{
    switch (op) {
    case OP_PAUSE:
    case OP_RESUME:
        return op_switch(w, c, op == OP_PAUSE, fx, why);
    case OP_PURGE:
        for (uint32_t p = 0; p < sub_of(w, c)->ncursors; p++)
            sub_purged(w, c, p, p == 0);
        return ERR_OK;
    case OP_REPLAY_DEAD:
    case OP_DROP_DEAD:
        return dead_letters_op(w, c, op == OP_DROP_DEAD, a, fx, why);
    case OP_REPLAY:
        if (!action_gives(a, 0))
            return op_replay_dead(w, c, fx, why);
        return move(w, c, op, a, fx, why);
    default:
        return move(w, c, op, a, fx, why);
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

/* ---- the kind -------------------------------------------------------------------- */

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
    enum { MEMBER = 64, OF_LISTS = 8 }; /* bytes: rounded up; in the old list and new */
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
             .params = subscription_params,
             .nparams = SB_PARAMS,
             .ops = ops,
             .nops = COUNT_OF(ops),
             .faults = faults,
             .nfaults = COUNT_OF(faults),
             .metrics = subscription_metrics,
             .nmetrics = SUBSCRIPTION_METRICS,
             .figures = figures,
             .nfigures = COUNT_OF(figures),
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
