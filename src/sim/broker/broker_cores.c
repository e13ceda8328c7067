/*
 * The cores of a broker, which all share who publish and who read: a message takes `cpu`
 * when it comes and when it is given out, so that confirming takes longer the more goes
 * in and out. Readers are not held up by that; their `batch_cost` is the time they wait.
 *
 * With `preempt` there is a station for each class of priority, one below the other: a
 * message whose producer matters more takes the cores from the others, which go on
 * afterwards. What is given out is of the lowest class, as deliveries are; handshakes are
 * of the highest, as a kernel serves them before any program.
 */
#include "broker/broker_full.h"
#include "engine/kind.h"
#include "engine/life.h"

void broker_cores_changed(struct world *w, comp_id c)
{
    struct broker_state *s = broker_at(w, c);
    double cores = p_number(w, c, BP_CORES);
    station_touch(w, &s->cores);
    s->cores.cores = cores > 0 ? cores : STATION_ALL;
    for (struct station *k = &s->cores; k; k = station_next(w, k)) {
        station_touch(w, k);
        k->factor = 1 / s->slow;
        station_changed(w, k);
    }
}

void broker_cores_evict(struct world *w, comp_id c, enum reason reason)
{
    for (struct station *k = &broker_at(w, c)->cores; k; k = station_next(w, k))
        station_evict(w, k, reason);
}

static struct station *cores_of_class(const struct world *w, comp_id c, int priority)
{
    int down = priority < PRIORITY_MOST ? PRIORITY_MOST - priority : 0;
    return station_below(w, &broker_at(w, c)->cores, down);
}

void broker_cores_init(struct world *w, comp_id c)
{
    station_init(w, &broker_at(w, c)->cores, c, CAUSE_BROKER, CAUSE_CPU_WAIT,
                 STATION_ALL);
    if (p_on(w, c, BP_PREEMPT))
        station_split(w, &broker_at(w, c)->cores, PRIORITY_CLASSES - 1);
    broker_cores_changed(w, c);
}

static sim_time demand(struct world *w, comp_id c)
{
    if (p_number(w, c, BP_CORES) <= 0)
        return 0;
    return dist_draw(p_dist(w, c, BP_CPU), w_rng(w, c, BROKER_RNG_WORK));
}

bool broker_works(struct world *w, struct act *a)
{
    sim_time work = demand(w, a->comp);
    if (work == 0)
        return false;
    a->phase = PUBLISH_WORKING;
    station_add(w, cores_of_class(w, a->comp, a->priority), a, work);
    return true;
}

void broker_delivers(struct world *w, comp_id c, uint32_t messages)
{
    sim_time work = demand(w, c);
    if (work > 0)
        station_add(w, cores_of_class(w, c, 0), act_new(w, ACT_SETUP, c),
                    work * (sim_time)messages);
}

struct station *broker_cores(const struct world *w, comp_id c, int number)
{
    struct broker_state *s = broker_at(w, c);
    (void)number;
    return s->down || p_number(w, c, BP_CORES) <= 0 ? NULL : &s->cores;
}
