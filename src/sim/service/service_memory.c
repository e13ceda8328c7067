/*
 * Services, memory: what an instance holds, who takes it away, and how a process that
 * keeps dying is started again.
 *
 * An instance holds a base, so much for each request inside, what programs have
 * allocated, what has leaked, and, with a collected heap, the garbage that was not
 * collected yet. When that is more than the
 * limit of its container, the kernel kills the process, and everything inside is lost.
 *
 * A process that died is started again at once; one that dies again waits, each time
 * twice as long, until it has run for twice the longest wait (Kubernetes: 10 s, 20 s,
 * ... 5 min, forgotten after 10 min: "CrashLoopBackOff").
 */
#include "engine/telling.h"
#include "service/service_internal.h"

#define MIB 1048576.0

/* ---- what it holds --------------------------------------------------------------- */

static bool runs(const struct instance *i)
{
    return i->state == INSTANCE_UP || i->state == INSTANCE_DRAINING;
}

double memory_live(const struct world *w, const struct instance *i)
{
    double inside = (double)(i->busy + i->queue.count);
    if (!runs(i))
        return 0;
    return (p_number(w, i->comp, SP_MEMORY) +
            inside * p_number(w, i->comp, SP_MEMORY_PER_REQUEST)) *
               MIB +
           i->leaked + i->allocated;
}

double memory_used(const struct world *w, const struct instance *i)
{
    double used = memory_live(w, i);
    return i_number(w, i, SP_HEAP) > 0 && runs(i) ? used + i->garbage : used;
}

/* ---- too much of it -------------------------------------------------------------- */

void process_dies(struct world *w, struct instance *i, enum death how)
{
    if (i->dying)
        return;
    i->dying = true; /* not here and now: whoever asked is inside it */
    cal_at(w, w_now(w), EV_KIND + SE_DIES, i->comp, i->number, how);
}

/* `more` requests are about to come in. */
void memory_look(struct world *w, struct instance *i, int more)
{
    double limit = i_number(w, i, SP_MEMORY_LIMIT) * MIB;
    double next = more * p_number(w, i->comp, SP_MEMORY_PER_REQUEST) * MIB;
    if (limit > 0 && memory_used(w, i) + next > limit)
        process_dies(w, i, DEATH_CONTAINER);
}

/* ---- what programs take ---------------------------------------------------------- */

void memory_allocate(struct world *w, struct act *a, double bytes)
{
    struct instance *i = instance_of(w, a);
    uint32_t kib = (uint32_t)((bytes + 1023) / 1024);
    kib = kib > UINT32_MAX - a->held_kib ? UINT32_MAX - a->held_kib : kib;
    a->held_kib += kib;
    i->allocated += kib * 1024.0;
    memory_look(w, i, 0);
    gc_look(w, i);
}

void memory_free(struct world *w, struct instance *i, struct act *a)
{
    double bytes = a->held_kib * 1024.0;
    a->held_kib = 0;
    i->allocated -= bytes;
    if (i_number(w, i, SP_HEAP) > 0)
        i->garbage += bytes;
}

static double leak_rate(const struct world *w, const struct instance *i)
{
    const struct service_state *s = service_of(w, i->comp);
    double rate = p_number(w, i->comp, SP_MEMORY_LEAK) + i->leak;
    if (version_hit(&s->leak, i->version))
        rate += s->leak.rate;
    return rate;
}

void memory_leak(struct world *w, struct instance *i)
{
    if (!runs(i))
        return;
    i->leaked += leak_rate(w, i) * 1024;
    memory_look(w, i, 0);
}

void process_died(struct world *w, struct instance *i, enum death how)
{
    if (!i->dying)
        return; /* the process was stopped meanwhile */
    i->dying = false;
    i->oom_kills += how != DEATH_CRASH;
    if (how == DEATH_CRASH)
        w_log(w, i->comp, i->number, LOG_ERROR, 0, "process died");
    else
        w_log(w, i->comp, i->number, LOG_ERROR, 0,
              how == DEATH_HEAP
                  ? "out of memory: the heap is full (%.0f MiB), process ends"
                  : "out of memory: killed at %.0f MiB",
              memory_used(w, i) / MIB);
    instance_crash(w, i, 0);
}

/* ---- starting again -------------------------------------------------------------- */

static sim_time crash_delay(struct world *w, struct instance *i, sim_time ran)
{
    sim_time first = p_time(w, i->comp, SP_CRASH_BACKOFF);
    sim_time most = p_time(w, i->comp, SP_CRASH_BACKOFF_MAX), d = first;
    if (first == 0)
        return 0;
    if (ran >= 2 * most)
        i->crashes = 0;
    for (uint32_t n = 1; n < i->crashes && d < most; n++)
        d *= 2;
    i->crashes++;
    if (i->crashes == 1)
        return 0;
    return d < most ? d : most;
}

void instance_crash(struct world *w, struct instance *i, sim_time at_least)
{
    sim_time d = crash_delay(w, i, runs(i) ? w_now(w) - i->up_since : 0);
    i->restarts++;
    instance_stop(w, i);
    d = d > at_least ? d : at_least;
    if (d == 0) {
        instance_start(w, i);
        return;
    }
    i->waiting = true;
    w_log(w, i->comp, i->number, LOG_WARN, 0, "back-off: starts again in %.0f s",
          (double)d / 1e9);
    i->timer = cal_at(w, w_now(w) + d, EV_KIND + SE_RESTART, i->comp, i->number, 0);
}
