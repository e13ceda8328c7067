/* The work of opening a connection: see setup.h. */
#include "call/setup.h"
#include "engine/kind.h"
#include "engine/life.h"
#include "engine/station.h"

static struct station *cores_of(const struct world *w, struct setup_site at)
{
    if (at.comp == COMP_NONE || !comp_kind(w, at.comp)->cores)
        return NULL;
    return comp_kind(w, at.comp)->cores(w, at.comp, at.instance);
}

uint32_t setups_at(const struct world *w, struct setup_site at)
{
    const struct station *cores = cores_of(w, at);
    return cores ? cores->setups : 0;
}

struct act *setup_begin(struct world *w, struct setup_site at, sim_time demand,
                        comp_id by)
{
    struct station *cores = cores_of(w, at);
    if (!cores)
        return NULL;
    struct act *s = act_new(w, ACT_SETUP, by);
    s->instance = at.instance;
    s->setup.cores = W_REF(w, cores);
    cores->setups++;
    station_add(w, cores, s, demand);
    return s;
}

void setup_end(struct world *w, struct act *s)
{
    struct station *cores = W_PTR(w, struct station, s->setup.cores);
    assert(s->kind == ACT_SETUP && s->station == 0 && cores->setups > 0);
    cores->setups--;
    act_free(w, s);
}

void setup_drop(struct world *w, ref setup)
{
    struct act *s = act_at(w, setup);
    if (s->station)
        station_remove(w, W_PTR(w, struct station, s->station), s);
    setup_end(w, s);
}
