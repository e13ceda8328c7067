/*
 * Services, garbage collection. The heap holds what is alive and garbage. Each request
 * that is begun makes garbage; when the heap is full, everything stops until it is
 * collected. Collecting costs time in proportion to what is alive, for a tracing
 * collector looks at nothing else. So with a heap of H, of which L is alive, work that
 * allocates A a second pauses A / (H - L) times a second for a time proportional to L:
 * the classic trade of space for time (Appel, "Garbage collection can be faster than
 * stack allocation", 1987). With twice the heap it costs less than half; near the end
 * it costs everything, and with nothing left the process ends (the JVM's
 * OutOfMemoryError). One generation, one pause: what a young generation or a concurrent
 * collector would spare is in how `gc_pause` is chosen.
 *
 * A collector also runs by the clock: at the latest `gc_every` after the last
 * collection, whether or not there is anything to do. (Go: forcegcperiod, two minutes,
 * runtime/proc.go. The JVM's G1: G1PeriodicGCInterval, JEP 346.) A service that does
 * nothing then pauses all the same.
 *
 * While it collects, the instance's cores stand still for requests and work for the
 * collector. What a request was to do then waits, for CAUSE_GC: the station is settled
 * at both ends, and in between all that it counts as contention is the collector's.
 */
#include "engine/telling.h"
#include "service/service_internal.h"

#define MIB        1048576.0
#define LONG_PAUSE (100 * SIM_MS)

static double heap_of(const struct world *w, const struct instance *i)
{
    return i_number(w, i, SP_HEAP) * MIB;
}

/* A traced request's processor time so far, or its wait for the collector. */
static void tell_span(struct world *w, struct act *a)
{
    const struct station *s = W_PTR(w, struct station, a->station);
    bool gc = s->contention == CAUSE_GC;
    if (a->call_start < w_now(w))
        w_span(w, a, gc ? CAUSE_GC : CAUSE_CPU, a->comp, a->call_start, REASON_NONE,
               "");
    a->call_start = w_now(w);
}

static void set_collecting(struct world *w, struct instance *i, bool on)
{
    for (struct station *s = &i->cores; s; s = station_next(w, s)) {
        station_settle(w, s, tell_span);
        s->contention = on ? CAUSE_GC : CAUSE_CPU_WAIT;
    }
    i->collecting = on;
    instance_speed(w, i);
}

void gc_clock(struct world *w, struct instance *i)
{
    sim_time every = p_time(w, i->comp, SP_GC_EVERY);
    cal_cancel(w, &i->gc_clock);
    if (every > 0 && (i->state == INSTANCE_UP || i->state == INSTANCE_DRAINING))
        i->gc_clock = cal_after(w, every, EV_KIND + SE_GC_DUE, i->comp, i->number, 0);
}

static void collect(struct world *w, struct instance *i)
{
    double heap = heap_of(w, i), live = memory_live(w, i);
    sim_time full = p_time(w, i->comp, SP_GC_PAUSE);
    if (live >= heap) {
        process_dies(w, i, DEATH_HEAP);
        return;
    }
    sim_time pause = (sim_time)((double)full * (live / heap));
    i->collections++;
    if (pause == 0) {
        i->garbage = 0;
        gc_clock(w, i);
        return;
    }
    i->garbage_new = 0;
    i->collect_since = w_now(w);
    set_collecting(w, i, true);
    i->gc_timer =
        cal_at(w, w_now(w) + pause, EV_KIND + SE_COLLECTED, i->comp, i->number, 0);
}

static bool full(const struct world *w, const struct instance *i)
{
    return memory_live(w, i) + i->garbage >= heap_of(w, i);
}

void gc_allocate(struct world *w, struct instance *i)
{
    double more = p_number(w, i->comp, SP_ALLOCATION) * MIB;
    i->garbage += more;
    if (i->collecting)
        i->garbage_new += more; /* stays for the next time */
    else if (full(w, i))
        collect(w, i);
}

/* Looks at memory after what is alive has grown. */
void gc_look(struct world *w, struct instance *i)
{
    if (i_number(w, i, SP_HEAP) > 0 && !i->collecting && full(w, i))
        collect(w, i);
}

/* Pauses that users feel are told to everybody. */
static void log_pause(struct world *w, const struct instance *i)
{
    sim_time pause = w_now(w) - i->collect_since;
    w_log(w, i->comp, i->number, pause >= LONG_PAUSE ? LOG_INFO : LOG_DEBUG, 0,
          "gc: paused %.0f ms, %.0f MiB alive of %.0f MiB", (double)pause / 1e6,
          memory_live(w, i) / MIB, heap_of(w, i) / MIB);
}

void gc_ended(struct world *w, struct instance *i)
{
    i->gc_time += w_now(w) - i->collect_since;
    log_pause(w, i);
    i->garbage = i->garbage_new;
    set_collecting(w, i, false);
    gc_clock(w, i);
    if (i_number(w, i, SP_HEAP) > 0 && full(w, i))
        collect(w, i);
}

void gc_due(struct world *w, struct instance *i)
{
    i->gc_clock = 0;
    if (i_number(w, i, SP_HEAP) > 0 && !i->collecting)
        collect(w, i);
    else if (!i->collecting)
        gc_clock(w, i);
}

/* The process is gone, with its heap. Nobody is inside any more. */
void gc_stop(struct world *w, struct instance *i)
{
    cal_cancel(w, &i->gc_timer);
    cal_cancel(w, &i->gc_clock);
    if (i->collecting) {
        i->gc_time += w_now(w) - i->collect_since;
        set_collecting(w, i, false);
    }
    i->garbage = 0;
}

sim_time gc_seconds(const struct world *w, const struct instance *i)
{
    return i->gc_time + (i->collecting ? w_now(w) - i->collect_since : 0);
}
