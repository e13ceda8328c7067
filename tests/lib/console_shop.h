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

/* As an operator does it, recorded. `busy`: how long that takes; may be NULL. */
enum err shop_do(struct shop *s, const struct action *a, sim_time *busy,
                 struct errmsg *why);
/* A world that a lesson's text builds, from its seed; recorded, not run yet. */
void shop_of_text(struct shop *s, const char *lesson, uint64_t seed);

/* One line; the text is malloc()ed. `fx` may be NULL. */
char *shop_says(struct shop *s, const char *line, enum err *e, struct effects *fx);

#endif
