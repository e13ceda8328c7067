/*
 * Services, the part that serves: a request gets an instance, waits for a worker in its
 * queue, runs its program, and leaves. A worker is held from the first op to the last,
 * as in a server with a thread per request; waiting for a database holds it too.
 */
#include "broker/broker.h"
#include "call/call.h"
#include "engine/kind.h"
#include "engine/queue.h"
#include "engine/telling.h"
#include "service/endpoint.h"
#include "service/service_internal.h"
#include "truecode/model.h"

/* ---- choosing an instance -------------------------------------------------------- */

static uint32_t inside(const struct world *w, comp_id c, int number)
{
    const struct instance *i = service_instance(w, c, number);
    return i->busy + i->queue.count;
}

static int choose_least(const struct world *w, comp_id c, const uint16_t *numbers,
                        uint32_t n, uint32_t from)
{
    int best = numbers[from % n];
    uint32_t least = inside(w, c, best);
    for (uint32_t k = 1; k < n && least > 0; k++) {
        int number = numbers[(from + k) % n];
        uint32_t x = inside(w, c, number);
        if (x < least) {
            least = x;
            best = number;
        }
    }
    return best;
}

int service_choose(struct world *w, comp_id c, int rule, const uint16_t *numbers,
                   uint32_t n, uint32_t *rr, struct rng *r)
{
    if (n == 1)
        return numbers[0];
    if (rule == BALANCE_RANDOM)
        return numbers[rng_below(r, n)];
    if (rule == BALANCE_LEAST)
        return choose_least(w, c, numbers, n, (*rr)++);
    if (rule == BALANCE_TWO) {
        uint32_t i = rng_below(r, n), j = rng_below(r, n - 1);
        j += j >= i; /* two different ones */
        return inside(w, c, numbers[j]) < inside(w, c, numbers[i]) ? numbers[j]
                                                                   : numbers[i];
    }
    return numbers[(*rr)++ % n];
}

/* ---- the queue and the workers --------------------------------------------------- */

static bool works(const struct instance *i)
{
    bool serves = i->state == INSTANCE_UP || i->state == INSTANCE_DRAINING;
    return serves && !i->hung;
}

static bool worker_free(const struct instance *i)
{
    return works(i) && i->busy < i->workers;
}

/* Whether one of these features, off by default, is on. */
static bool has(const struct instance *i, uint16_t features)
{
    return (i->features & features) != 0;
}

/* Counts a worker more or less, by endpoint or priority. */
static SELDOM void count_worker(struct world *w, struct instance *i,
                                const struct act *a, int more)
{
    if (has(i, SF_BULKHEAD) && a->kind == ACT_REQUEST)
        endpoint_worker(w, a->what, i->number, more);
    i->busy_by[a->priority] += (uint32_t)more;
}

static void give_worker(struct world *w, struct instance *i, struct act *a)
{
    i->busy++;
    if (has(i, SF_BULKHEAD | SF_PREEMPT))
        count_worker(w, i, a, 1);
    a->flags |= ACT_WORKER;
    a->phase = PHASE_STARTING;
    act_ready(w, a, REASON_NONE);
}

/* Somebody has left the queue. */
HOT void backlog_shrinks(struct world *w, struct instance *i)
{
    if (i->queue.count == 0 && w_now(w) - i->backlog_since > i->backlog_longest)
        i->backlog_longest = w_now(w) - i->backlog_since;
}

void service_unqueue(struct world *w, struct instance *i, struct act *a)
{
    queue_remove(w, &i->queue, a);
    if (has(i, SF_ORDER))
        order_remove(w, i, a);
    i->queue_seconds += w_now(w) - a->since;
    backlog_shrinks(w, i);
}

/* In another order, or by endpoints. */
static SELDOM void dispatch_ordered(struct world *w, struct instance *i)
{
    while (i->queue.count > 0 && works(i)) {
        struct act *a = queue_next(w, i);
        if (!a || !(has(i, SF_PREEMPT) ? preempt_lets(i, a) : worker_free(i)))
            return;
        service_unqueue(w, i, a);
        give_worker(w, i, a);
    }
}

void instance_dispatch(struct world *w, struct instance *i)
{
    if (has(i, SF_ORDER | SF_BULKHEAD)) {
        dispatch_ordered(w, i);
        return;
    }
    while (i->queue.count > 0 && worker_free(i)) {
        struct act *a =
            i->newest ? queue_pop_last(w, &i->queue) : queue_pop(w, &i->queue);
        i->queue_seconds += w_now(w) - a->since;
        backlog_shrinks(w, i);
        give_worker(w, i, a);
    }
}

static void enqueue(struct world *w, struct instance *i, struct act *a)
{
    sim_time patience = has(i, SF_SHED) ? queue_patience(w, i) : i->patience;
    act_wait(w, a, CAUSE_WORKER_QUEUE, i->comp);
    a->phase = PHASE_QUEUED;
    i->waited++;
    if (i->queue.count == 0)
        i->backlog_since = w_now(w);
    queue_push(w, &i->queue, a);
    if (has(i, SF_ORDER))
        order_add(w, i, a);
    if (has(i, SF_PATIENCE))
        service_arms_patience(w, i, a, patience);
    else if (patience > 0)
        a->timer = cal_after(w, patience, EV_READY, i->comp, W_REF(w, a), a->gen);
}

HOT void release_worker(struct world *w, struct instance *i, struct act *a)
{
    if (!(a->flags & ACT_WORKER))
        return;
    a->flags &= (uint16_t)~ACT_WORKER;
    i->busy--;
    if (has(i, SF_BULKHEAD | SF_PREEMPT))
        count_worker(w, i, a, -1);
    if (i->queue.count > 0)
        instance_dispatch(w, i);
}

/* ---- a request's way ------------------------------------------------------------- */

/* Acts that hold no worker of their own (a refresh) are members, too: a crash ends
 * them. */
void service_entered(struct world *w, struct act *a)
{
    members_add(w, &instance_of(w, a)->members, a);
}

HOT void left(struct world *w, struct instance *i, struct act *a)
{
    members_remove(w, &i->members, a);
    if (i->state == INSTANCE_DRAINING && i->members.count == 0)
        instance_drained(w, i);
}

void service_refuse(struct world *w, struct instance *i, struct act *a,
                    enum reason reason, const char *log)
{
    if (a->kind == ACT_PROBE)
        probe_answered(w, a, false);
    else
        endpoint_done(w, a, reason);
    w_log(w, a->comp, i->number, LOG_WARN, a->request, "%s", log);
    act_finish(w, a, reason, a->comp);
}

static SELDOM bool lets(const struct world *w, const struct instance *i,
                        const struct act *a)
{
    if (has(i, SF_BULKHEAD) && !bulkhead_lets(w, i, a->what))
        return false;
    return has(i, SF_PREEMPT) ? preempt_lets(i, a) : worker_free(i);
}

static bool serves_at_once(const struct world *w, const struct instance *i,
                           const struct act *a)
{
    if (has(i, SF_BULKHEAD | SF_PREEMPT))
        return works(i) && lets(w, i, a);
    return worker_free(i);
}

void service_left(struct world *w, struct act *a)
{
    left(w, instance_of(w, a), a);
}

HOT void enter(struct world *w, struct act *a, struct instance *i)
{
    if (!i || (i->state != INSTANCE_UP && i->state != INSTANCE_DRAINING)) {
        act_finish(w, a, REASON_INSTANCE_GONE, a->comp);
        return;
    }
    if (a->kind == ACT_REQUEST) {
        a->program = endpoint_runs(w, a->what, i->version);
        endpoint_started(w, a->what);
        i->requests++;
    }
    if (i->features != 0 && !service_admits(w, i, a))
        return;
    bool at_once = serves_at_once(w, i, a);
    if (!at_once && i->queue.count >= i->room) {
        i->refused++;
        service_refuse(w, i, a, REASON_QUEUE_FULL, "refused: the queue is full");
        return;
    }
    a->run.home = W_REF(w, i);
    members_add(w, &i->members, a);
    i->probing += a->kind == ACT_PROBE;
    if (at_once)
        give_worker(w, i, a);
    else
        enqueue(w, i, a);
}

static inline int choose_by(struct world *w, const struct act *a,
                            struct service_state *s, const uint16_t *numbers,
                            uint32_t n)
{
    int rule = call_balance(w, a->policy);
    if (rule == BALANCE_HASH)
        return call_hash(w, a, numbers, n);
    return service_choose(w, a->comp, rule, numbers, n, &s->round_robin,
                          w_rng(w, a->comp, SRNG_BALANCE));
}

/* Another copy of the same attempt goes elsewhere. */
static SELDOM int choose_other(struct world *w, const struct act *a,
                               struct service_state *s)
{
    const uint16_t *numbers = W_PTR(w, uint16_t, s->eligible);
    uint16_t spare[2 * SERVICE_MAX];
    assert(s->neligible <= 2 * SERVICE_MAX);
    uint32_t n = hedge_others(w, a, &numbers, s->neligible, spare);
    return choose_by(w, a, s, numbers, n);
}

HOT int choose(struct world *w, const struct act *a, struct service_state *s)
{
    const uint16_t *numbers = W_PTR(w, uint16_t, s->eligible);
    if (a->flags & ACT_COPY)
        return choose_other(w, a, s);
    return choose_by(w, a, s, numbers, s->neligible);
}

void service_begin(struct world *w, struct act *a)
{
    struct service_state *s = service_of(w, a->comp);
    if (a->instance == 0) {
        if (s->sole != 0 && !(a->flags & ACT_COPY)) {
            struct instance *i = W_PTR(w, struct instance, s->sole);
            a->instance = i->number;
            enter(w, a, i);
            return;
        }
        if (s->neligible == 0) {
            act_finish(w, a, REASON_NO_BACKEND, a->comp);
            return;
        }
        a->instance = (uint16_t)choose(w, a, s);
    }
    enter(w, a, service_instance(w, a->comp, a->instance));
}

/* The reason why a request cannot be served at all; REASON_NONE: there is none. */
static SELDOM enum reason unservable(struct world *w, struct act *a, struct instance *i)
{
    if (a->deadline != 0 && w_now(w) >= a->deadline)
        return REASON_DEADLINE;
    if (!a->program) {
        w_log(w, a->comp, i->number, LOG_ERROR, a->request, "no such endpoint");
        return REASON_ERROR;
    }
    if (i->error_rate > 0 && rng_unit(w_rng(w, a->comp, SRNG_FAULT)) < i->error_rate)
        return REASON_ERROR;
    if ((a->flags & ACT_POISON) &&
        subscription_chokes(w, a, model_version(w->model, a->comp, i->version)))
        return REASON_ERROR;
    if (a->flags & ACT_COPY)
        hedge_started(w, a);
    return REASON_NONE;
}

HOT void start_program(struct world *w, struct act *a)
{
    struct instance *i = instance_of(w, a);
    act_account(w, a);
    if (a->deadline != 0 || !a->program || i->error_rate > 0 ||
        (a->flags & (ACT_COPY | ACT_POISON))) {
        enum reason reason = unservable(w, a, i);
        if (reason != REASON_NONE) {
            service_request_done(w, a, reason, a->comp);
            return;
        }
    }
    if (i->features != 0)
        service_starts(w, i);
    exec_start(w, a);
}

/* An act at an instance's station will be done. */
void service_ahead(const struct world *w, const struct cal_event *e, bool far)
{
    if (e->event != EV_STATION)
        return;
    const struct act *a = act_at(w, e->b);
    if (far) {
        w_fetch(W_PTR(w, struct station, e->a), offsetof(struct station, busy_at));
        w_fetch(a, sizeof *a);
        return;
    }
    if (a->station != e->a || a->run.home == 0)
        return; /* gone meanwhile, or of no instance: a client's handshake */
    const struct instance *i = instance_of(w, a);
    if (a->program)
        w_fetch(a->program, 2 * sizeof(struct op));
    w_fetch(i, offsetof(struct instance, cores));
    w_fetch(act_at(w, a->parent), sizeof *a);
    if (a->what != COMP_NONE)
        w_fetch(W_STATE(w, char, a->what), offsetof(struct endpoint_state, failures));
    if (a->policy != COMP_NONE)
        call_fetch(w, a->policy);
    if (a->client != COMP_NONE && comp_kind(w, a->client)->fetch)
        comp_kind(w, a->client)->fetch(w, a->client);
    w_fetch(act_at(w, i->queue.first), 128); /* the act whose turn comes next */
}

/* The queue's patience with it is over, or its own with the queue. */
static SELDOM void service_waited_too_long(struct world *w, struct act *a)
{
    struct instance *i = instance_of(w, a);
    bool leaves = a->phase == PHASE_LEAVES;
    service_unqueue(w, i, a);
    i->left += leaves;
    i->shed += !leaves;
    service_request_done(w, a, leaves ? REASON_GAVE_UP : REASON_SHED, a->comp);
}

void service_resume(struct world *w, struct act *a, enum reason reason)
{
    if (a->phase == PHASE_STARTING) {
        start_program(w, a);
    } else if (a->phase == PHASE_QUEUED || a->phase == PHASE_LEAVES) {
        service_waited_too_long(w, a);
    } else {
        exec_resume(w, a, reason);
    }
}

/* Whether the program ended at a FAIL, which has said why. */
static bool said_why(const struct act *a, enum reason reason, comp_id culprit)
{
    return reason == REASON_ERROR && culprit == a->comp && a->program &&
           a->phase == EXEC_RUNNING && a->program->ops[a->pc].code == OP_FAIL;
}

static SELDOM void log_failure(struct world *w, const struct act *a, enum reason reason,
                               comp_id culprit)
{
    if (said_why(a, reason, culprit))
        return;
    w_log(w, a->comp, a->instance, LOG_ERROR, a->request, "%s failed: %s%s%s%s",
          w->comps[a->what].name, reason_phrase(reason),
          culprit == COMP_NONE ? "" : " (",
          culprit == COMP_NONE ? "" : w->comps[culprit].name,
          culprit == COMP_NONE ? "" : ")");
}

HOT void count_done(struct world *w, struct instance *i, const struct act *a,
                    enum reason reason)
{
    sim_time took = w_now(w) - a->start;
    i->errors += reason != REASON_NONE;
    i->seconds += took;
    if (a->flags & ACT_ABANDONED) {
        i->abandoned++;
        i->wasted += took;
    }
    endpoint_done(w, a, reason);
}

void service_request_done(struct world *w, struct act *a, enum reason reason,
                          comp_id culprit)
{
    struct instance *i = instance_of(w, a);
    if (a->kind == ACT_PROBE) {
        i->probing--;
        probe_answered(w, a, reason == REASON_NONE);
    } else {
        count_done(w, i, a, reason);
        if (reason != REASON_NONE)
            log_failure(w, a, reason, culprit);
    }
    if (i->features != 0)
        service_ends(w, i, a);
    release_worker(w, i, a);
    left(w, i, a);
    act_finish(w, a, reason, culprit);
}

void service_cancel(struct world *w, struct act *a)
{
    struct instance *i = instance_of(w, a);
    if (a->phase == PHASE_QUEUED || a->phase == PHASE_LEAVES) {
        queue_remove(w, &i->queue, a);
        if (has(i, SF_ORDER))
            order_remove(w, i, a);
        backlog_shrinks(w, i);
    } else if (a->phase == EXEC_RUNNING || a->kind == ACT_BRANCH)
        exec_cancel(w, a);
    i->probing -= a->kind == ACT_PROBE;
    if (a->kind == ACT_PROBE)
        probe_answered(w, a, false);
    else if (a->kind == ACT_REQUEST)
        count_done(w, i, a, (enum reason)a->reason);
    if (i->features != 0)
        service_ends(w, i, a);
    release_worker(w, i, a);
    left(w, i, a);
}
