/*
 * A small shop for the console's tests: users, a balancer, a checkout that leaks a
 * connection with every declined card, an order status beside it, a catalog with a
 * cache, one database. Built, run and recorded like a lesson's world.
 */
#ifndef CONSOLE_SHOP_H
#define CONSOLE_SHOP_H

#include "truecode/console.h"

struct shop {
    struct model *model;
    struct world *world;
    struct recording *rec;
    struct console_ctx ctx;
};

/* Runs `length` from 19:30 on; at minute 14 a deploy of the catalog, at 20 a setting.
 */
void shop_init(struct shop *s, sim_time length);
void shop_run(struct shop *s, sim_time length);
void shop_release(struct shop *s);

/* One line; the text is malloc()ed. `fx` may be NULL. */
char *shop_says(struct shop *s, const char *line, enum err *e, struct effects *fx);

#endif
