/*
 * ports: the local ports of one caller towards one address. Each open connection has
 * one; whoever closes a connection first keeps its port for a while (TIME_WAIT, 60 s on
 * Linux), so that stray packets of the old one do not end in a new one. When all are
 * taken, connect() fails at once: EADDRNOTAVAIL.
 *
 * Linux gives away 32768 to 60999 (ip_local_port_range), 28,232 of them.
 */
#ifndef SIM_NET_PORTS_H
#define SIM_NET_PORTS_H

#include "engine/engine.h"

/* The ports of a caller where nothing is said: a parameter's default. */
#define PORTS_USUAL "28232"

/* Ports that wait, by the time slot in which they began to: a port is free when its slot
 * is over, up to 1/PORT_SLOTS of the time late. */
enum { PORT_SLOTS = 64 };
struct ports {
    ref slots;      /* uint32_t[PORT_SLOTS]; 0: none was ever closed */
    int64_t newest; /* number of the slot that was used last */
};
/* A connection was closed from this side: its port waits for `time_wait`. */
void ports_close(struct world *w, struct ports *p, sim_time time_wait);
/* None wait any more, as when time_wait is changed. */
void ports_forget(struct world *w, struct ports *p);
/* Ports that wait now. */
uint32_t ports_waiting(const struct world *w, const struct ports *p,
                       sim_time time_wait);

#endif
