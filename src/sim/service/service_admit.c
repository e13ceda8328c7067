/*
 * Services, what may be added to a request's way: who is let in, and what a request
 * uses up. All of it is off unless a parameter says otherwise; `features` says which
 * parts are on, so that the usual way pays for one look at it.
 *
 * Shedding. By priority: less important requests may use less of the queue, a class
 * (p + 1) quarters. By time waited: a queue that has not been empty for a whole
 * interval stands, and what joins it then is given up after a short time instead of the
 * usual one, so that those that are served were not waiting for long (as Facebook's
 * servers do it: Maurer, "Fail at Scale", ACM Queue 13(8), 2015, after CoDel). By
 * processor: ten times a second the share that is refused goes up or down by how far
 * the load has been from where it should be; with priorities the least important are
 * refused first.
 */
#include "engine/queue.h"
#include "model/model.h"
#include "service/service_internal.h"

enum { SHED_STEP = 100 * SIM_MS };
#define SHED_GAIN 0.2 /* of the share, by how much the load is off; small: stable */

/* ---- what is on ------------------------------------------------------------------ */

static bool has_bulkheads(const struct world *w, comp_id c)
{
    const struct service_data *d = service_data(w->model, c);
    for (size_t k = 0; k < d->nendpoints; k++)
        if (p_count(w, d->endpoints[k], EP_WORKERS) > 0 ||
            p_count(w, d->endpoints[k], EP_RESERVED) > 0)
            return true;
    return false;
}

static bool leaks(const struct world *w, comp_id c)
{
    const struct service_state *s = service_of(w, c);
    bool any = p_number(w, c, SP_MEMORY_LEAK) > 0 || s->leak.rate > 0;
    for (uint32_t k = 1; k <= s->n && !any; k++)
        any = service_instance(w, c, (int)k)->leak > 0;
    return any;
}

static bool leaks_fds(const struct world *w, comp_id c)
{
    const struct service_state *s = service_of(w, c);
    bool any = false;
    for (uint32_t k = 1; k <= s->n && !any; k++)
        any = service_instance(w, c, (int)k)->fd_leak > 0;
    return any;
}

void instance_settings(struct world *w, struct instance *i)
{
    int64_t most = i_count(w, i, SP_QUEUE);
    i->features = service_of(w, i->comp)->features;
    i->newest = p_count(w, i->comp, SP_ORDER) == ORDER_LIFO;
    i->workers = (uint32_t)i_count(w, i, SP_WORKERS);
    i->room = most == QUEUE_UNLIMITED ? UINT32_MAX : most < 0 ? 0 : (uint32_t)most;
    i->patience = p_time(w, i->comp, SP_QUEUE_TIMEOUT);
    if ((i->features & SF_PREEMPT) && i->cores.lower == 0)
        station_split(w, &i->cores, PRIORITY_CLASSES - 1);
}

void service_features(struct world *w, comp_id c)
{
    struct service_state *s = service_of(w, c);
    uint16_t was = s->features, f = 0;
    if (p_count(w, c, SP_ORDER) > ORDER_LIFO)
        f |= SF_ORDER;
    if (has_bulkheads(w, c))
        f |= SF_BULKHEAD;
    if (p_time(w, c, SP_SHED_DELAY) > 0 || p_number(w, c, SP_SHED_CPU) > 0 ||
        p_on(w, c, SP_SHED_BY_PRIORITY))
        f |= SF_SHED;
    if (service_any_has(w, c, SP_MEMORY_LIMIT) || leaks(w, c))
        f |= SF_MEMORY;
    if (service_any_has(w, c, SP_HEAP))
        f |= SF_HEAP | SF_MEMORY;
    if (service_any_has(w, c, SP_FDS) || leaks_fds(w, c))
        f |= SF_FDS;
    if (p_on(w, c, SP_PREEMPT))
        f |= SF_PREEMPT;
    if (p_dist(w, c, SP_PATIENCE)->mean > 0)
        f |= SF_PATIENCE;
    if (service_data(w->model, c)->allocates)
        f |= SF_ALLOCATES;
    s->features = f;
    for (uint32_t k = 1; k <= s->n; k++)
        instance_settings(w, service_instance(w, c, (int)k));
    if ((f & SF_BULKHEAD) && !(was & SF_BULKHEAD))
        bulkhead_recount(w, c);
}

/* ---- shedding -------------------------------------------------------------------- */

/* Adjusts the share that is refused, by the load since the last time. */
static void shed_adjust(struct world *w, struct instance *i)
{
    sim_time since = w_now(w) - i->shed_at;
    double target = p_number(w, i->comp, SP_SHED_CPU);
    if (since < SHED_STEP)
        return;
    double busy = cores_busy_seconds(w, i), cores = i->cores.cores;
    if (since < 10 * SHED_STEP && cores > 0) {
        double load = (busy - i->shed_busy) * 1e9 / (double)since / cores;
        double steps = (double)(since / SHED_STEP);
        i->shed_share += SHED_GAIN * steps * (load - target);
        i->shed_share = i->shed_share < 0 ? 0 : i->shed_share > 1 ? 1 : i->shed_share;
    } else { /* nobody came for a while */
        i->shed_share = 0;
    }
    i->shed_at = w_now(w);
    i->shed_busy = busy;
}

static bool shed_by_cpu(struct world *w, struct instance *i, const struct act *a)
{
    enum { CLASSES = 4 };
    shed_adjust(w, i);
    double share = i->shed_share;
    if (p_on(w, i->comp, SP_SHED_BY_PRIORITY))
        share = share * CLASSES - a->priority;
    if (share <= 0)
        return false;
    return share >= 1 || rng_unit(w_rng(w, i->comp, SRNG_SHED)) < share;
}

/* The part of the queue that is not for everyone is taken. */
static bool shed_by_class(const struct world *w, const struct instance *i,
                          const struct act *a)
{
    int64_t most = i_count(w, i, SP_QUEUE);
    return most > 0 && (int64_t)i->queue.count * 4 >= most * (a->priority + 1) &&
           i->queue.count > 0;
}

static bool sheds(struct world *w, struct instance *i, const struct act *a)
{
    if (a->kind != ACT_REQUEST)
        return false;
    if (p_on(w, i->comp, SP_SHED_BY_PRIORITY) && shed_by_class(w, i, a))
        return true;
    return p_number(w, i->comp, SP_SHED_CPU) > 0 && shed_by_cpu(w, i, a);
}

sim_time queue_patience(struct world *w, struct instance *i)
{
    sim_time usual = p_time(w, i->comp, SP_QUEUE_TIMEOUT);
    sim_time target = p_time(w, i->comp, SP_SHED_DELAY);
    sim_time interval = p_time(w, i->comp, SP_SHED_INTERVAL);
    if (target == 0)
        return usual;
    if (i->queue.count == 0)
        i->queued_since = w_now(w);
    sim_time patience = w_now(w) - i->queued_since > interval ? target : interval;
    return usual > 0 && usual < patience ? usual : patience;
}

void service_arms_patience(struct world *w, struct instance *i, struct act *a,
                           sim_time most)
{
    struct rng *r = w_rng(w, i->comp, SRNG_PATIENCE);
    if (a->kind != ACT_REQUEST)
        return; /* a probe has a time-out of its own */
    if (queue_impatient(w, a, patience_draw(p_dist(w, i->comp, SP_PATIENCE), r), most))
        a->phase = PHASE_LEAVES;
}

/* ---- a request's way ------------------------------------------------------------- */

/* Lets those whose time is over leave a full queue, before somebody is refused. */
static void drop_expired(struct world *w, struct instance *i)
{
    int64_t most = i_count(w, i, SP_QUEUE);
    while (most > 0 && (int64_t)i->queue.count >= most && i->order_n > 0) {
        struct act *a = queue_next(w, i);
        if (!a || a->deadline == 0 || w_now(w) < a->deadline)
            return;
        service_unqueue(w, i, a);
        service_request_done(w, a, REASON_DEADLINE, a->comp);
    }
}

bool service_admits(struct world *w, struct instance *i, struct act *a)
{
    uint16_t f = i->features;
    if ((f & SF_FDS) && fds_spare(w, i) <= 0) {
        i->no_fds++;
        service_refuse(w, i, a, REASON_NO_FDS, "accept: too many open files");
        return false;
    }
    if ((f & SF_SHED) && sheds(w, i, a)) {
        i->shed++;
        service_refuse(w, i, a, REASON_SHED, "refused: too much to do");
        return false;
    }
    if ((f & SF_ORDER) && p_count(w, i->comp, SP_ORDER) == ORDER_DEADLINE)
        drop_expired(w, i);
    if (f & SF_MEMORY)
        memory_look(w, i, 1);
    return true;
}

void service_starts(struct world *w, struct instance *i)
{
    if (i->features & SF_HEAP)
        gc_allocate(w, i);
}

void service_ends(struct world *w, struct instance *i, struct act *a)
{
    uint16_t f = i->features;
    if (f & SF_ALLOCATES)
        memory_free(w, i, a);
    if (f & SF_MEMORY)
        memory_leak(w, i);
    if (f & SF_FDS)
        i->fds_leaked += i->fd_leak;
}
