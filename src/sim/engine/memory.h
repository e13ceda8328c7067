/*
 * memory: the region of a world, for the loop that makes room in it. How it lies and
 * grows: memory.c; how pieces of it are taken: w_alloc() and w_grow() in engine.h.
 *
 * Between two events the loop asks world_room(); within one nothing can fail. Bytes all
 * through.
 *
 *     if (!world_room(w))
 *         return world_ran_away(w, why);     stopped for good, with what has grown
 */
#ifndef SIM_ENGINE_MEMORY_H
#define SIM_ENGINE_MEMORY_H

#include "engine/engine.h"

enum {
    HEADROOM = 256 * 1024,              /* kept free for an event, at least */
    WORLD_LIMIT = 64 * 1024 * 1024,     /* of a world, unless the model says more */
    WORLD_LIMIT_MAX = 192 * 1024 * 1024 /* the most that a model may say */
};

bool region_map(struct world *w, size_t bytes); /* false: no address space */
void region_unmap(struct world *w);
/* Makes sure that the next event (and `extra` bytes) has room. False: limit reached. */
bool world_headroom(struct world *w, size_t extra);
static inline bool world_room(struct world *w)
{
    return W_HEAD(w)->used <= w->safe || world_headroom(w, 0);
}

/* world.c: ends the event that a world was stopped in the middle of. */
void world_settle(struct world *w);

/* world_limit.c: stops it for good and says what grew. */
enum err world_ran_away(struct world *w, struct errmsg *why) SELDOM;

#endif
