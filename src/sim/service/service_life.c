/*
 * Services, the part that lives: instances start, warm up, drain, stop. An instance's
 * slot stays when it is gone, so its number is never another's.
 */
#include "call/call.h"
#include "db/db.h"
#include "engine/kind.h"
#include "engine/telling.h"
#include "net/net.h"
#include "service/service_internal.h"
#include "truecode/model.h"

static bool wants_traffic(const struct instance *i)
{
    return i->state == INSTANCE_UP && i->ready && !i->idle;
}

static SELDOM void tell(struct world *w, comp_id c)
{
    comp_kind(w, c)->instances_changed(w, c);
}

struct station *service_cores(const struct world *w, comp_id c, int number)
{
    struct instance *i = service_instance(w, c, number);
    bool up = i && (i->state == INSTANCE_UP || i->state == INSTANCE_DRAINING);
    return up ? &i->cores : NULL;
}

void eligible_update(struct world *w, comp_id c)
{
    struct service_state *s = service_of(w, c);
    w_grow(w, &s->eligible, &s->eligible_cap, s->n, sizeof(uint16_t));
    uint16_t *numbers = W_PTR(w, uint16_t, s->eligible);
    s->neligible = 0;
    for (uint32_t k = 1; k <= s->n; k++)
        if (wants_traffic(service_instance(w, c, (int)k)))
            numbers[s->neligible++] = (uint16_t)k;
    if (s->listener != 0)
        tell(w, (comp_id)(s->listener - 1));
    s->sole = s->neligible == 1 ? W_REF(w, service_instance(w, c, numbers[0])) : 0;
}

static void enter_state(struct world *w, struct instance *i, enum instance_state state)
{
    i->state = (uint8_t)state;
    i->since = w_now(w);
    eligible_update(w, i->comp);
}

static void tell_pools(struct world *w, const struct instance *i, bool up)
{
    const struct service_data *d = service_data(w->model, i->comp);
    for (size_t k = 0; k < d->npools; k++) {
        if (up)
            pool_instance_up(w, d->pools[k], i->number);
        else
            pool_instance_gone(w, d->pools[k], i->number);
    }
}

/* Where nothing asks whether it is ready, it is. */
static bool ready_at_start(const struct world *w, const struct instance *i)
{
    return p_on(w, i->comp, SP_READY_AT_START) ||
           p_count(w, i->comp, SP_READINESS) == PROBE_NONE;
}

/* Whether something that the instance insists on is not there yet. */
static bool lacks_something(const struct world *w, const struct instance *i)
{
    const struct service_data *d = service_data(w->model, i->comp);
    for (size_t k = 0; k < d->npools; k++) {
        const struct kind_impl *pool = comp_kind(w, d->pools[k]);
        if (pool->ready_for && !pool->ready_for(w, d->pools[k], i->number))
            return true;
    }
    return false;
}

void service_may_be_ready(struct world *w, comp_id c, int number)
{
    struct instance *i = service_instance(w, c, number);
    if (i->state != INSTANCE_UP || !i->insists || lacks_something(w, i))
        return;
    i->insists = false;
    if (!ready_at_start(w, i))
        return; /* the next readiness answer says so */
    i->ready = i->was_ready = true;
    i->ready_since = w_now(w);
    eligible_update(w, c);
    rollout_look(w, i);
}

/* ---- starting and stopping ------------------------------------------------------- */

void instance_up(struct world *w, struct instance *i)
{
    sim_time warm = p_time(w, i->comp, SP_WARM_UP);
    i->live = true;
    i->live_fails = i->ready_fails = i->ready_oks = 0;
    i->hung = false;
    i->up_since = i->ready_since = w_now(w);
    tell_pools(w, i, true);
    i->insists = w_now(w) > 0 && lacks_something(w, i);
    i->ready = i->was_ready = w_now(w) == 0 || (ready_at_start(w, i) && !i->insists);
    enter_state(w, i, INSTANCE_UP);
    i->warming = warm > 0 && w_now(w) > 0;
    if (i->warming)
        i->warm_timer = cal_after(w, warm, EV_KIND + SE_WARM, i->comp, i->number, 0);
    instance_speed(w, i);
    probe_arm(w, i, true);
    gc_clock(w, i);
    rollout_look(w, i);
}

void instance_start(struct world *w, struct instance *i)
{
    cal_cancel(w, &i->timer);
    instance_next_version(w, i);
    if (service_of(w, i->comp)->zone_down == instance_zone(w, i)) {
        i->held = true;
        enter_state(w, i, INSTANCE_DOWN);
        return;
    }
    enter_state(w, i, INSTANCE_STARTING);
    w_log(w, i->comp, i->number, LOG_INFO, 0, "starting, version %s",
          model_version(w->model, i->comp, i->version));
    certificate_started(w, i->comp, i->number);
    i->start_left = (double)p_time(w, i->comp, SP_START_UP);
    i->start_as_of = w_now(w);
    instance_speed(w, i);
}

void instance_stop(struct world *w, struct instance *i)
{
    bool was_up = i->state == INSTANCE_UP || i->state == INSTANCE_DRAINING;
    cal_cancel(w, &i->timer);
    cal_cancel(w, &i->warm_timer);
    cal_cancel(w, &i->probe_timer);
    cal_cancel(w, &i->ready_timer);
    i->warming = i->waiting = i->dying = false;
    enter_state(w, i, INSTANCE_DOWN); /* first: nothing may come in behind us */
    while (i->members.first != 0)
        act_kill(w, act_at(w, i->members.first), REASON_INSTANCE_GONE, i->comp);
    station_evict(w, &i->cores, REASON_INSTANCE_GONE); /* handshakes */
    instance_keeps_nothing(w, i);
    instance_speed(w, i);
    gc_stop(w, i);
    i->leaked = i->fds_leaked = 0;
    if (was_up)
        tell_pools(w, i, false);
    path_instance_gone(w, i->comp, i->number);
}

/* The last line of a process that is told to end. */
static void log_shutdown(struct world *w, const struct instance *i)
{
    uint32_t lost = i->members.count;
    if (i->state != INSTANCE_UP && i->state != INSTANCE_DRAINING)
        return;
    if (lost > 0)
        w_log(w, i->comp, i->number, LOG_WARN, 0,
              "shutting down, %u requests inside are lost", lost);
    else
        w_log(w, i->comp, i->number, LOG_INFO, 0, "shutting down");
}

void instance_restart(struct world *w, struct instance *i)
{
    i->restarts++;
    i->crashes = 0;
    log_shutdown(w, i);
    instance_stop(w, i);
    instance_start(w, i);
}

/* ---- draining -------------------------------------------------------------------- */

void instance_drained(struct world *w, struct instance *i)
{
    if (i->then == DRAINED_RESTART) {
        instance_restart(w, i);
        return;
    }
    log_shutdown(w, i);
    instance_stop(w, i);
    i->state = INSTANCE_NONE;
    struct service_state *s = service_of(w, i->comp);
    if (s->balancer != COMP_NONE)
        tell(w, s->balancer);
    rollout_gone(w, i);
}

void instance_drain(struct world *w, struct instance *i, enum drained then)
{
    i->then = (uint8_t)then;
    if (i->state != INSTANCE_UP && i->state != INSTANCE_DRAINING) {
        instance_drained(w, i);
        return;
    }
    cal_cancel(w, &i->timer);
    enter_state(w, i, INSTANCE_DRAINING);
    w_log(w, i->comp, i->number, LOG_INFO, 0,
          "no new requests from now on; %u are inside", i->members.count);
    if (i->members.count == 0)
        instance_drained(w, i);
    else
        i->timer = cal_after(w, p_time(w, i->comp, SP_DRAIN), EV_KIND + SE_DRAIN_OVER,
                             i->comp, i->number, 0);
}

/* ---- how many -------------------------------------------------------------------- */

/* An operator who scales down and up again while old ones take a day to drain has them
 * stopped when there are too many: the first of those that leave makes room. */
static SELDOM struct instance *drained_by_force(struct world *w, comp_id c)
{
    for (int k = 1;; k++) {
        struct instance *i = service_instance(w, c, k);
        if (i->state == INSTANCE_DRAINING && i->then == DRAINED_REMOVE) {
            cal_cancel(w, &i->timer);
            instance_drained(w, i);
            return i;
        }
    }
}

static struct instance *slot_new(struct world *w, comp_id c)
{
    struct service_state *s = service_of(w, c);
    for (uint32_t k = 1; k <= s->n; k++)
        if (service_instance(w, c, (int)k)->state == INSTANCE_NONE)
            return service_instance(w, c, (int)k);
    if (s->n >= SLOTS_MAX)
        return drained_by_force(w, c);
    w_grow(w, &s->instances, &s->cap, s->n + 1, sizeof(ref));
    ref r = w_alloc(w, sizeof(struct instance));
    W_PTR(w, ref, s->instances)[s->n++] = r;
    struct instance *i = W_PTR(w, struct instance, r);
    i->comp = c;
    i->number = (uint16_t)s->n;
    i->slow = 1;
    station_init(w, &i->cores, c, CAUSE_CPU, CAUSE_CPU_WAIT, p_number(w, c, SP_CORES));
    instance_settings(w, i);
    return i;
}

struct instance *service_add_instance(struct world *w, comp_id c, bool up)
{
    struct instance *i = slot_new(w, c);
    struct service_state *s = service_of(w, c);
    i->version = s->version;
    i->held = false;
    i->crashes = 0;
    i->idle = s->rollout == ROLLOUT_BLUE_GREEN;
    i->colour = i->idle ? COLOUR_NEW : COLOUR_NONE;
    if (up)
        instance_up(w, i);
    else
        instance_start(w, i);
    if (s->balancer != COMP_NONE)
        tell(w, s->balancer);
    return i;
}

static int counted(const struct world *w, comp_id c)
{
    const struct service_state *s = service_of(w, c);
    int n = 0;
    for (uint32_t k = 1; k <= s->n; k++) {
        const struct instance *i = service_instance(w, c, (int)k);
        bool leaves = i->state == INSTANCE_DRAINING && i->then == DRAINED_REMOVE;
        n += i->state != INSTANCE_NONE && !leaves;
    }
    return n;
}

int service_count(const struct world *w, comp_id c)
{
    return (int)p_count(w, c, SP_INSTANCES);
}

/* The one with the highest number goes first, an old one of two sets last. */
static void remove_one(struct world *w, comp_id c)
{
    struct instance *last = NULL;
    for (int k = (int)service_of(w, c)->n; k >= 1; k--) {
        struct instance *i = service_instance(w, c, k);
        if (i->state == INSTANCE_NONE ||
            (i->state == INSTANCE_DRAINING && i->then == DRAINED_REMOVE))
            continue;
        if (!last || (last->colour == COLOUR_OLD && i->colour != COLOUR_OLD))
            last = i;
    }
    assert(last);
    instance_drain(w, last, DRAINED_REMOVE);
}

void service_scale(struct world *w, comp_id c, int count)
{
    w_values(w, c)[SP_INSTANCES].as.count = count;
    count += (int)service_of(w, c)->surged;
    while (counted(w, c) < count)
        service_add_instance(w, c, false);
    while (counted(w, c) > count)
        remove_one(w, c);
}
