/*
 * Services, the cores of an instance: how fast they are, how fast it starts, how busy
 * they are. With `preempt` there is a station for each class of priority, one below the
 * other (engine/station.h).
 */
#include "service/service_internal.h"

/* ---- starting -------------------------------------------------------------------- */

/* Starting is work for the instance's own cores: class loading, compiling, filling
 * caches. It goes on undisturbed while there are enough of them. */
static double start_pace(const struct world *w, const struct instance *i)
{
    double needs = p_number(w, i->comp, SP_START_UP_CORES);
    double cores = i_number(w, i, SP_CORES);
    if (needs <= 0)
        return 1;
    return (cores < needs ? cores / needs : 1) / i->slow;
}

static void start_pace_changes(struct world *w, struct instance *i)
{
    double pace = start_pace(w, i);
    if (i->timer != 0 && pace == i->start_pace)
        return;
    i->start_left -= i->start_pace * (double)(w_now(w) - i->start_as_of);
    i->start_left = i->start_left > 0 ? i->start_left : 0;
    i->start_as_of = w_now(w);
    i->start_pace = pace;
    cal_cancel(w, &i->timer);
    i->timer = cal_after(w, (sim_time)(i->start_left / pace), EV_KIND + SE_STARTED,
                         i->comp, i->number, 0);
}

/* ---- speed ----------------------------------------------------------------------- */

void instance_speed(struct world *w, struct instance *i)
{
    bool starts = i->state == INSTANCE_STARTING;
    double factor = 1 / i->slow;
    if (i->warming)
        factor /= p_number(w, i->comp, SP_WARM_UP_FACTOR);
    station_touch(w, &i->cores);
    i->cores.cores = i_number(w, i, SP_CORES);
    i->cores.burns = i->collecting ? STATION_ALL
                     : starts      ? p_number(w, i->comp, SP_START_UP_CORES)
                                   : 0;
    for (struct station *s = &i->cores; s; s = station_next(w, s)) {
        station_touch(w, s);
        s->factor = factor;
        s->paused = i->hung || i->collecting || starts;
        station_changed(w, s);
    }
    if (starts)
        start_pace_changes(w, i);
}

/* ---- how busy -------------------------------------------------------------------- */

double cores_busy_seconds(const struct world *w, const struct instance *i)
{
    return stations_busy(w, &i->cores);
}

double cores_load(const struct world *w, const struct instance *i, int seconds)
{
    return stations_load(w, &i->cores, seconds);
}
