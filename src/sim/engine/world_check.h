/*
 * world_check: a walk through the whole of a world, between two events, that ends the
 * program with a sentence where anything is not as the headers say.
 */
#ifndef SIM_ENGINE_WORLD_CHECK_H
#define SIM_ENGINE_WORLD_CHECK_H

#include "engine/engine.h"

#define WALK(x)                                                                        \
    ((x) ? (void)0 : bug_at(__FILE__, __LINE__, "in a world: %s does not hold", #x))

/* The hostile build walks after one event in so many; it takes as long as the world is
 * large. */
enum { WALK_EVERY = 997 };
void world_check(const struct world *w);

#endif
