/*
 * Shared by the files behind `s`: the arguments that its methods take, checked.
 */
#ifndef LESSON_FACTS_H
#define LESSON_FACTS_H

#include "lesson_internal.h"

struct view { /* s:service("checkout"): a component, perhaps one instance */
    comp_id c;
    int instance;
};
struct window { /* half open: (from, to] */
    sim_time from, to;
};
const struct lesson_facts *facts_of(lua_State *L); /* raises outside a predicate */
const struct model *facts_model(lua_State *L);
const char *facts_text(lua_State *L, int i, const char *what);
struct view facts_target(lua_State *L, int i);   /* "checkout" or "checkout-3" */
struct window facts_window(lua_State *L, int i); /* a stretch of the argument's length,
                                                    up to the last sample */
sim_time facts_last_sample(const struct lesson_facts *f);
/* The world as it is now; raises where a past moment is asked about. `what` is the method. */
const struct world *facts_now(lua_State *L, const char *what);
/* Data and freshness are as promised, over the window. */
bool facts_promises_kept(lua_State *L, struct window w);
int facts_push_seconds(lua_State *L, double seconds); /* pushes a duration */

/* facets.c: what of a component can be seen; NULL: there are no more. */
struct facet {
    const char *word;
    const char *kinds;    /* "|service|dns|"; NULL: all */
    const char *commands; /* commands that show the fact */
    const char *doc;
};
const struct facet *facet_at(size_t i);
/* Raises where no command shows that facet of component `c`; "metric.cpu" is one. */
void check_facet(lua_State *L, const struct model *m, comp_id c, const char *facet,
                 int line);

/* Methods that are not in facts.c. */
int s_p50(lua_State *L);
int s_p95(lua_State *L);
int s_p99(lua_State *L);
int s_latency(lua_State *L);
int s_quantile(lua_State *L);
int s_good(lua_State *L);
int s_good_of(lua_State *L);
int s_bad(lua_State *L);
int s_good_for(lua_State *L);
int s_budget(lua_State *L);
int s_seen(lua_State *L);
int s_suspected(lua_State *L);
int s_now(lua_State *L);
int s_since_change(lua_State *L);
int s_since_first_change(lua_State *L);
int s_in_step(lua_State *L);
int s_changed(lua_State *L);
int s_improved(lua_State *L);

#endif
