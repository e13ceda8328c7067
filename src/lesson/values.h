/*
 * values: what a lesson writes for a quantity, checked for its unit.
 *
 *     sim_time t = to_duration(L, 2, line, "the window");   // sec(30), "1m30s"; not 30
 *     struct dist d;
 *     if (to_dist(L, 3, line, "service time", &d)) ...      // exponential(ms(5))
 *
 * A duration is light userdata that reckons and compares (duration.c); a distribution is a
 * marked table (values.c). `line` is where an error is: a line of the file, 0 the caller's.
 * Every function that reads raises with file and line; none owns anything.
 */
#ifndef LESSON_VALUES_H
#define LESSON_VALUES_H

#include "host.h"

/* Durations (duration.c): light userdata that reckon and compare, with units checked. */
void durations_open(lua_State *L);
bool is_duration(lua_State *L, int i);
sim_time duration_at(lua_State *L, int i); /* of a duration */
/* Pushes so many nanoseconds; a number where that is none: 0, not-a-number, infinity. */
int duration_push(lua_State *L, double ns);
int duration_push_whole(lua_State *L, sim_time t);
int duration_text(lua_State *L, int i);     /* pushes its nanoseconds as text */
const char *type_word(lua_State *L, int i); /* "duration", or as Lua names it */
bool lacks_unit(double x); /* a bare number that cannot be meant as nanoseconds */

/* A duration, a text like "1m30s", or a number of nanoseconds; a bare small number lacks
 * its unit. */
sim_time to_duration(lua_State *L, int i, int line, const char *what);
bool to_dist(lua_State *L, int i, int line, const char *what, struct dist *out);

#endif
