/*
 * any_world: models at random, of every kind there is, with parameters drawn over their
 * whole documented ranges, ends of the ranges often; and things that are done to their
 * worlds. Parameters, operations and faults come from the kinds' own descriptions: a
 * new one is drawn the day it is registered. Same numbers, same model.
 */
#ifndef ANY_WORLD_H
#define ANY_WORLD_H

#include "truecode/world.h"

struct any_names { /* names that may be referred to */
    char (*of)[64];
    size_t n, cap;
};
struct any {
    struct rng r;
    struct model *m; /* while it is built */
    double wild;     /* share of the parameters that are set */
    struct arena mem;
    struct any_names services, endpoints, databases, caches, externals, topics, links,
        dns, certificates, balancers, statements, tables, keyspaces, flags, all;
};

/* A model that is not finished; finishing it may say no. `wild` 0: as few parameters as
 * there may be. */
struct model *any_model(struct any *a, uint64_t seed, double wild);
/* Something to do in a world of that model: a parameter, an operation or a fault. The
 * texts live in a->mem. */
struct action any_action(struct any *a, const struct model *m);
void any_release(struct any *a);

#endif
