/* Local ports and TIME_WAIT: see ports.h. */
#include "net/ports.h"

static sim_time width_of(sim_time time_wait)
{
    return time_wait < PORT_SLOTS - 1 ? 1 : time_wait / (PORT_SLOTS - 1);
}

/* Slots that are over count no more. */
static uint32_t sum(const struct world *w, const struct ports *p, sim_time time_wait)
{
    int64_t now = w_now(w) / width_of(time_wait);
    uint32_t n = 0;
    for (int64_t slot = p->newest - PORT_SLOTS + 1; slot <= p->newest; slot++)
        if (slot >= 0 && slot > now - PORT_SLOTS)
            n += W_PTR(w, uint32_t, p->slots)[slot % PORT_SLOTS];
    return n;
}

uint32_t ports_waiting(const struct world *w, const struct ports *p, sim_time time_wait)
{
    return p->slots && time_wait > 0 ? sum(w, p, time_wait) : 0;
}

void ports_close(struct world *w, struct ports *p, sim_time time_wait)
{
    if (time_wait == 0)
        return;
    if (!p->slots)
        p->slots = w_alloc(w, PORT_SLOTS * sizeof(uint32_t));
    int64_t now = w_now(w) / width_of(time_wait);
    uint32_t *slots = W_PTR(w, uint32_t, p->slots);
    if (now - p->newest >= PORT_SLOTS)
        memset(slots, 0, PORT_SLOTS * sizeof *slots);
    else
        for (int64_t slot = p->newest + 1; slot <= now; slot++)
            slots[slot % PORT_SLOTS] = 0;
    p->newest = now;
    slots[now % PORT_SLOTS]++;
}

void ports_forget(struct world *w, struct ports *p)
{
    if (p->slots)
        w_release(w, p->slots, PORT_SLOTS * sizeof(uint32_t));
    *p = (struct ports){0};
}
