/*
 * Consuming: a member that is idle takes a batch, works on its messages one after the
 * other, and looks again. What came back or was sent again goes first.
 *
 * A try fails when the call fails, after all its retries. From a log the message is
 * tried again by the same member after `retry_delay`, and the partition waits: order is
 * the promise. From a queue it becomes visible again after that time, to anybody. After
 * `tries` failures it is given up.
 */
#include "broker/broker.h"
#include "broker/subscription.h"
#include "call/call.h"
#include "engine/kind.h"
#include "engine/life.h"
#include "engine/lot.h"
#include "engine/queue.h"
#include "engine/telling.h"
#include "truecode/model.h"

#include <stdio.h>

enum {
    DELAY_MIN = SIM_MS
}; /* or a refused call would be repeated in the same instant */

static void work_on(struct world *w, comp_id c, struct member *m, bool fetched);

/* ---- deliveries ------------------------------------------------------------------ */

static struct member *member_of(const struct world *w, const struct act *a)
{
    return member_at(w, a->delivery.member);
}

static void trace_begin(struct world *w, struct act *a, const struct message *m,
                        const char *remark)
{
    char note[64];
    a->flags |= ACT_TRACED;
    a->span = w_span_id(w);
    snprintf(note, sizeof note, "published by request %llu%s",
             (unsigned long long)m->request, remark);
    w_span(w, a, CAUSE_BROKER, sub_topic(w, a->comp), m->published, REASON_NONE, note);
}

/* Chooses one message in so many, which is traced from its first delivery on. */
static void maybe_trace(struct world *w, struct act *a, const struct message *m)
{
    int64_t every = p_count(w, a->comp, SB_TRACE_EVERY);
    uint64_t lot = lot_draw(w, act_lot(a), LOT_PURPOSE(LOT_TRACE));
    if (every > 0 && lot % (uint64_t)every == 0)
        trace_begin(w, a, m, "");
}

/* A message that failed is traced when it is tried again: somebody will look for it. */
static void trace_again(struct world *w, struct act *a, const struct message *m)
{
    if (!(a->flags & ACT_TRACED) && p_count(w, a->comp, SB_TRACE_EVERY) > 0)
        trace_begin(w, a, m, ", tried before");
}

/* A delivery begins when its message was published, and waits for its turn at the
 * member. */
static struct act *delivery_new(struct world *w, comp_id c, struct member *m,
                                const struct message *msg, uint32_t partition)
{
    struct subscription_state *s = sub_of(w, c);
    struct act *a = act_new(w, ACT_USER, c);
    a->request = ++W_HEAD(w)->next_request;
    a->serial = ++s->begun;
    a->client = c;
    a->what = sub_data(w, c)->spec.what;
    a->instance = m->instance;
    a->start = msg->published;
    a->delivery.partition = partition;
    a->delivery.member = W_REF(w, m);
    a->key = msg->flags;
    a->visit = msg->visit;
    a->origin = msg->origin;
    a->nth = msg->nth;
    act_charge(w, a, CAUSE_BROKER, sub_topic(w, c), w_now(w) - msg->published);
    maybe_trace(w, a, msg);
    act_wait(w, a, CAUSE_BROKER, c);
    a->phase = DELIVERY_WAITING;
    members_add(w, &s->inside, a);
    queue_push(w, &m->batch, a);
    return a;
}

/* A delivery ends; its member is free, nothing is sent on. */
static void delivery_end(struct world *w, struct act *a, enum reason reason, bool good)
{
    CHECK(a->gen != 0);
    comp_id c = a->comp;
    struct member *m = member_of(w, a);
    if (a->phase == DELIVERY_WAITING)
        queue_remove(w, &m->batch, a);
    else
        member_busy(w, c, m, false);
    act_account(w, a);
    call_drop(w, a);
    a->reason = (uint8_t)reason;
    if (reason == REASON_NONE)
        a->culprit = COMP_NONE;
    else if (a->culprit == COMP_NONE)
        a->culprit = c;
    members_remove(w, &sub_of(w, c)->inside, a);
    w_done(w, a, true, good);
    if (a->flags & ACT_TRACED)
        w_call_span(w, a);
    w_outcome(w, (uint32_t)reason);
    act_free(w, a);
}

/* Whatever it stood for is told that it was not done. */
static void drop(struct world *w, struct act *a)
{
    comp_id c = a->comp;
    if (a->delivery.ticket != 0)
        ticket_let_go(w, c, ticket_at(w, a->delivery.ticket));
    else if (p_count(w, c, SB_STYLE) == STYLE_LOG)
        cursor_delivered(w, c, a, false);
    delivery_end(w, a, REASON_CANCELLED, false);
}

void deliveries_drop(struct world *w, comp_id c, const struct member *m, int partition)
{
    ref only = m ? W_REF(w, m) : 0;
    for (ref r = sub_of(w, c)->inside.first; r != 0;) {
        struct act *a = act_at(w, r);
        r = a->next;
        bool asked = (only == 0 || a->delivery.member == only) &&
                     (partition < 0 || (a->delivery.ticket == 0 &&
                                        (int)a->delivery.partition == partition));
        bool knows = only != 0 || !member_of(w, a)->evicted;
        if (asked && knows && a->phase != DELIVERY_CALL)
            drop(w, a);
    }
}

static void call_it(struct world *w, struct act *a)
{
    a->phase = DELIVERY_CALL;
    call_begin(w, a, call_root_spec(w, a));
}

void sub_begin(struct world *w, struct act *a)
{
    const struct subscription_data *d = sub_data(w, a->comp);
    bool pinned = comp_has(&w->comps[d->target], KIND_SERVES) && !(a->flags & ACT_COPY);
    if (a->key & MESSAGE_POISON)
        a->flags |= ACT_POISON;
    if (pinned)
        a->instance = a->caller_instance;
    a->comp = a->place = d->target;
    comp_kind(w, d->target)->begin(w, a);
}

bool subscription_chokes(struct world *w, const struct act *a, const char *version)
{
    const struct topic_state *t = topic_of(w, sub_topic(w, a->caller));
    if (t->fixed_in && str_eq(t->fixed_in, version))
        return false;
    w_log(w, a->comp, a->instance, LOG_ERROR, a->request, "cannot read a message of %s",
          w->comps[sub_topic(w, a->caller)].name);
    return true;
}

/* ---- fetching -------------------------------------------------------------------- */

static void give_ticket(struct world *w, comp_id c, struct member *m, struct ticket *t)
{
    CHECK(t->state == TICKET_OUT);
    sim_time hidden = p_time(w, c, SB_VISIBILITY);
    t->receives++;
    t->acts++;
    sub_of(w, c)->redelivered += t->receives > 1;
    cal_cancel(w, &t->timer);
    t->timer = cal_after(w, hidden, EV_KIND + SE_VISIBLE, c, W_REF(w, t), t->gen);
    struct act *a = delivery_new(w, c, m, &t->message, t->partition);
    if (t->receives > 1)
        trace_again(w, a, &t->message);
    a->delivery.ticket = W_REF(w, t);
    a->delivery.stamp = t->receives;
}

static uint32_t fetch_tickets(struct world *w, comp_id c, struct member *m,
                              uint32_t want)
{
    uint32_t n = 0;
    struct ticket *t;
    while (n < want && (t = ticket_take(w, c))) {
        give_ticket(w, c, m, t);
        n++;
    }
    return n;
}

/* May the message be delivered yet? Else somebody looks when it may. */
static bool due(struct world *w, comp_id c, const struct partition *from,
                int64_t offset)
{
    struct subscription_state *s = sub_of(w, c);
    sim_time delay = p_time(w, c, SB_DELAY);
    if (delay == 0)
        return true;
    sim_time at = partition_message(w, from, offset)->published + delay;
    if (at <= w_now(w))
        return true;
    if (s->due_timer != 0 && s->due_at <= at)
        return false;
    cal_cancel(w, &s->due_timer);
    s->due_at = at;
    s->due_timer = cal_at(w, at, EV_KIND + SE_DUE, c, 0, 0);
    return false;
}

/* New messages of a queue, from all partitions in turn. */
static uint32_t fetch_fresh(struct world *w, comp_id c, struct member *m, uint32_t want)
{
    struct subscription_state *s = sub_of(w, c);
    uint32_t n = 0;
    for (uint32_t empty = 0; n < want && empty < s->ncursors;) {
        uint32_t p = s->fresh_at++ % s->ncursors;
        const struct partition *from = partition_at(w, sub_topic(w, c), p);
        struct cursor *u = cursor_at(w, c, p);
        if (from->leaderless || u->next == from->end || !due(w, c, from, u->next)) {
            empty++;
            continue;
        }
        struct message msg = *partition_message(w, from, u->next++);
        if (u->next <= u->counted) /* an operator went back */
            msg.flags |= MESSAGE_AGAIN | MESSAGE_SEEN;
        else
            u->counted = u->next;
        u->taken = u->processed = u->committed = u->next;
        give_ticket(w, c, m, ticket_new(w, c, &msg, p, TICKET_OUT));
        empty = 0;
        n++;
    }
    return n;
}

/* A partition of the member that has something, the next in turn. */
static uint32_t fetch_log(struct world *w, comp_id c, struct member *m, uint32_t want)
{
    struct subscription_state *s = sub_of(w, c);
    bool coop = p_count(w, c, SB_PROTOCOL) == PROTOCOL_COOPERATIVE;
    uint32_t mine =
        coop ? s->ncursors : (s->ncursors + s->nmembers - 1 - m->index) / s->nmembers;
    for (uint32_t i = 0; i < mine; i++) {
        uint32_t p = coop ? m->at++ % mine : m->index + m->at++ % mine * s->nmembers;
        const struct partition *from = partition_at(w, sub_topic(w, c), p);
        struct cursor *u = cursor_at(w, c, p);
        if (from->leaderless || u->out > 0 || u->next == from->end)
            continue;
        if (coop && (u->moving || u->owner != member_key(m)))
            continue;
        while (u->out < want && u->next < from->end) {
            struct act *a =
                delivery_new(w, c, m, partition_message(w, from, u->next), p);
            a->delivery.offset = u->next++;
            a->delivery.stamp = u->fence;
            u->out++;
        }
        u->taken = u->next;
        return u->out;
    }
    return 0;
}

static bool may_fetch(const struct world *w, comp_id c)
{
    const struct subscription_state *s = sub_of(w, c);
    return !s->off && !s->rebalancing && broker_up(w, w->comps[sub_topic(w, c)].owner);
}

/* The interval's timer is not armed anew at each poll: it looks when it is over. */
static void polls(struct world *w, comp_id c, struct member *m)
{
    sim_time most = p_time(w, c, SB_MAX_POLL);
    m->polled = w_now(w);
    if (m->timer == 0 && most > 0)
        m->timer = cal_after(w, most, EV_KIND + SE_POLL, c, W_REF(w, m), 0);
}

static bool fetch(struct world *w, comp_id c, struct member *m)
{
    uint32_t want = (uint32_t)p_count(w, c, SB_BATCH);
    if (!may_fetch(w, c))
        return false;
    uint32_t n = fetch_tickets(w, c, m, want);
    if (p_count(w, c, SB_STYLE) == STYLE_QUEUE) {
        n += fetch_fresh(w, c, m, want - n);
    } else {
        n = n > 0 ? n : fetch_log(w, c, m, want);
        polls(w, c, m);
    }
    sub_of(w, c)->batches += n > 0;
    if (n > 0)
        broker_delivers(w, w->comps[sub_topic(w, c)].owner, n);
    return n > 0;
}

void member_go(struct world *w, comp_id c, struct member *m)
{
    if (m->busy || m->stuck)
        return;
    if (!m->leaving)
        work_on(w, c, m, m->batch.count == 0 && fetch(w, c, m));
    else if (m->evicted && m->batch.count > 0)
        work_on(w, c, m, false);
    else if (m->evicted)
        member_rejoins(w, c, m);
}

/* The next of its batch, if there is one. */
static void work_on(struct world *w, comp_id c, struct member *m, bool fetched)
{
    struct act *a = queue_pop(w, &m->batch);
    if (!a)
        return;
    member_busy(w, c, m, true);
    comp_id broker = w->comps[sub_topic(w, c)].owner;
    sim_time cost = fetched ? p_time(w, c, SB_BATCH_COST) : 0;
    if (cost > 0) {
        a->phase = DELIVERY_FETCH;
        cost = (sim_time)((double)cost * broker_slow(w, broker));
        act_timer(w, a, cost, CAUSE_BROKER, c);
    } else {
        call_it(w, a);
    }
}

void sub_wake(struct world *w, comp_id c)
{
    const struct subscription_state *s = sub_of(w, c);
    bool alike = p_count(w, c, SB_STYLE) == STYLE_QUEUE;
    for (uint32_t i = member_idle(w, c, 0); i < s->nmembers;
         i = member_idle(w, c, i + 1)) {
        struct member *m = sub_member(w, c, i);
        member_go(w, c, m);
        if (alike && !m->busy)
            return; /* nor would the others find anything */
    }
}

static void wake_owner(struct world *w, comp_id c, uint32_t partition)
{
    struct member *m = member_of_partition(w, c, partition);
    if (m)
        member_go(w, c, m);
}

void sub_published(struct world *w, comp_id c, uint32_t partition)
{
    struct subscription_state *s = sub_of(w, c);
    if (p_count(w, c, SB_STYLE) == STYLE_LOG) {
        wake_owner(w, c, partition);
        return;
    }
    uint32_t from = s->nmembers > 0 ? s->idle_from % s->nmembers : 0;
    uint32_t k = member_idle(w, c, from);
    if (k == s->nmembers)
        k = member_idle(w, c, 0);
    if (k == s->nmembers)
        return;
    s->idle_from = k + 1;
    member_go(w, c, sub_member(w, c, k));
}

/* ---- outcomes -------------------------------------------------------------------- */

/* Counts one that was processed; true: in time. `again`: not for the first time. */
static bool processed(struct world *w, const struct act *a, bool again)
{
    struct subscription_state *s = sub_of(w, a->comp);
    sim_time took = w_now(w) - a->start;
    bool slow = sub_late(w, a->comp, a->start);
    bool bad = slow || a->age == AGE_LOST;
    s->processed++;
    s->seconds += took;
    s->repeats += again || (a->key & MESSAGE_DUPLICATE);
    if (a->key & MESSAGE_AGAIN) /* the message is in the books */
        return !bad;
    s->slow += slow;
    s->bad += bad;
    s->good += !bad;
    return !bad;
}

/* A fault of the broker: it hands the message out once more. */
static void maybe_twice(struct world *w, comp_id c, const struct message *m,
                        uint32_t partition)
{
    double share = sub_of(w, c)->duplicates;
    if (share <= 0 || rng_unit(w_rng(w, c, SUB_RNG_FAULT)) >= share)
        return;
    struct message again = *m;
    again.flags |= MESSAGE_AGAIN;
    ticket_new(w, c, &again, partition, TICKET_READY)->succeeded = true;
}

/* The message that a log's act stands for, though it may be deleted by now. */
static struct message message_of(const struct world *w, const struct act *a)
{
    const struct partition *p =
        partition_at(w, sub_topic(w, a->comp), a->delivery.partition);
    int64_t offset = a->delivery.offset;
    if (offset >= p->start && offset < p->end)
        return *partition_message(w, p, offset);
    return (struct message){.published = a->start,
                            .flags = a->key & 15,
                            .visit = a->visit,
                            .origin = a->origin,
                            .nth = a->nth};
}

/* Whether it is in the books already; now it is. Books are in order: what somebody does
 * who has lost the partition, ahead of one that is not done with, is written down when
 * it is done once more. */
static bool counted(struct cursor *u, int64_t offset)
{
    if (offset == u->counted)
        return u->counted++, false;
    return true;
}

static void log_ok(struct world *w, struct act *a)
{
    comp_id c = a->comp;
    struct cursor *u = cursor_at(w, c, a->delivery.partition);
    int64_t offset = a->delivery.offset;
    a->key |= counted(u, offset) ? MESSAGE_AGAIN : 0;
    bool again = offset < u->done, good = processed(w, a, again);
    struct message m = message_of(w, a);
    u->done = offset >= u->done ? offset + 1 : u->done;
    if (!again)
        maybe_twice(w, c, &m, a->delivery.partition);
    cursor_delivered(w, c, a, true);
    delivery_end(w, a, REASON_NONE, good);
}

static void log_failed(struct world *w, struct act *a, enum reason reason)
{
    comp_id c = a->comp;
    struct cursor *u = cursor_at(w, c, a->delivery.partition);
    struct subscription_state *s = sub_of(w, c);
    bool current = a->delivery.stamp == u->fence;
    int64_t tries = p_count(w, c, SB_TRIES);
    if (current && ++u->tries >= tries && tries > 0) {
        struct message m = message_of(w, a);
        m.flags |= counted(u, a->delivery.offset) ? MESSAGE_AGAIN : 0;
        dead_letter_add(w, c, &m, a->delivery.partition, u->tries);
        cursor_delivered(w, c, a, true);
    } else if (!current || s->rebalancing || u->moving || member_of(w, a)->leaving) {
        cursor_delivered(w, c, a, false);
    } else {
        sim_time delay = p_time(w, c, SB_RETRY_DELAY);
        struct message m = message_of(w, a);
        trace_again(w, a, &m);
        a->phase = DELIVERY_BACKOFF;
        member_of(w, a)->polled = w_now(w); /* the member seeks back and asks again */
        act_timer(w, a, delay > DELAY_MIN ? delay : DELAY_MIN, CAUSE_BACKOFF, c);
        return;
    }
    delivery_end(w, a, reason, false);
}

/* Whoever is first confirms it, though it may have been given out again meanwhile: the
 * other one then does it a second time. (SQS takes an older receipt as a rule.) */
static void ticket_ok(struct world *w, struct act *a, struct ticket *t)
{
    comp_id c = a->comp;
    a->key |= t->message.flags & MESSAGE_AGAIN; /* given up by now, perhaps */
    bool again = t->succeeded || (t->message.flags & MESSAGE_SEEN);
    a->key |= t->succeeded ? MESSAGE_AGAIN : 0;
    bool good = processed(w, a, again);
    bool there = t->state != TICKET_GONE;
    sub_of(w, c)->slow += t->late && !t->succeeded;
    t->succeeded = true;
    cal_cancel(w, &t->late_timer);
    if (!again)
        maybe_twice(w, c, &t->message, t->partition);
    if (there && broker_up(w, w->comps[sub_topic(w, c)].owner))
        ticket_gone(w, c, t);
    ticket_let_go(w, c, t);
    delivery_end(w, a, REASON_NONE, good);
}

/* A consumer that failed says so, and its message can be had again after `retry_delay`.
 * One that died says nothing: the message stays hidden for the rest of `visibility`.
 * (Amazon SQS, "Visibility timeout"; Google Pub/Sub, "Acknowledgement deadline".) */
static void ticket_failed(struct world *w, struct act *a, struct ticket *t,
                          enum reason reason)
{
    comp_id c = a->comp;
    sim_time delay = p_time(w, c, SB_RETRY_DELAY);
    if (a->delivery.stamp == t->receives && t->state == TICKET_OUT &&
        member_lives(w, c, member_of(w, a))) {
        cal_cancel(w, &t->timer);
        t->timer = cal_after(w, delay > DELAY_MIN ? delay : DELAY_MIN,
                             EV_KIND + SE_VISIBLE, c, W_REF(w, t), t->gen);
    }
    ticket_let_go(w, c, t);
    delivery_end(w, a, reason, false);
}

/* The act is gone: its member goes on, and so does whoever may read the partition. */
static void go_on(struct world *w, comp_id c, ref member, uint32_t partition)
{
    struct member *m = member_at(w, member);
    if (!m->leaving || m->evicted)
        member_go(w, c, m);
    else if (m->batch.count == 0)
        member_free(w, m);
    if (p_count(w, c, SB_STYLE) == STYLE_LOG)
        wake_owner(w, c, partition);
}

void sub_resume(struct world *w, struct act *a, enum reason reason)
{
    comp_id c = a->comp;
    ref member = a->delivery.member;
    uint32_t partition = a->delivery.partition;
    act_account(w, a);
    if (a->phase != DELIVERY_CALL) {
        call_it(w, a);
        return;
    }
    sub_of(w, c)->failures += reason != REASON_NONE;
    if (a->delivery.ticket == 0 && reason == REASON_NONE)
        log_ok(w, a);
    else if (a->delivery.ticket == 0)
        log_failed(w, a, reason);
    else if (reason == REASON_NONE)
        ticket_ok(w, a, ticket_at(w, a->delivery.ticket));
    else
        ticket_failed(w, a, ticket_at(w, a->delivery.ticket), reason);
    if (a->gen == 0) /* the act has ended */
        go_on(w, c, member, partition);
}
