/*
 * binding: what a lesson may call, as tables. The environment (env.c) is built of them, and
 * so is the author's reference, so that what can be called and what is documented cannot
 * differ.
 *
 *     static const struct binding list[] = {
 *         {"sec", "n", time_sec, "a duration of n seconds"},
 *     };
 *     const struct binding_table bind_time = {"", "Times", "…", list, COUNT_OF(list)};
 *
 * A table is named here and listed once in env.c (globals, libraries) or where its object is
 * made (`w`, `i`, `s`). Everything is constant and belongs to nobody.
 */
#ifndef LESSON_BINDING_H
#define LESSON_BINDING_H

#include "host.h"

struct binding {
    const char *name, *args; /* "sort", "t[, less]" */
    lua_CFunction fn;
    const char *doc;
};
struct binding_table {
    const char *library; /* "string"; "": global; "w", "i", "s": methods */
    const char *title, *doc;
    const struct binding *list;
    size_t n;
};

/* Libraries that Lua has too, in our own words (env_*.c). */
extern const struct binding_table bind_base, bind_string, bind_table, bind_math,
    bind_utf8;
/* Constructors of a lesson file, and the methods of `w`, `i` and `s`. */
extern const struct binding_table bind_time, bind_dist, bind_program, bind_steps,
    bind_actions, bind_draw, bind_incident, bind_facts, bind_alerts;

/* ---- the environment (env.c) ----------------------------------------------------- */

int env_tostring(lua_State *L); /* tostring(v): no addresses, one NaN */
void env_open(lua_State *L);    /* builds the whole environment */

/* The arguments of a lesson's functions: w, i, s. A state has one of each; they work only
 * while something is built or looked at. */
void object_push(lua_State *L, const char *name);
int world_index(lua_State *L); /* the __index of w: w:KIND (build.c) */
int facts_index(lua_State *L); /* the __index of s: s:NAME (facts.c) */

/* ---- tables (env.c, env_table.c) ------------------------------------------------- */

/* Pushes the keys of the table at `t` in order: numbers ascending, then strings
 * bytewise. */
void push_sorted_keys(lua_State *L, int t);
/* Stable merge sort of the list 1..n at `t`; less(L, ctx) compares the two values on
 * top. */
void sort_list(lua_State *L, int t, lua_Integer n, bool (*less)(lua_State *L, int ctx),
               int ctx);

/* ---- marked tables (values.c) ---------------------------------------------------- */

/* Marks a table that a constructor made: "@is" says what, "@line" where. */
void mark_table(lua_State *L, int t, const char *mark);
bool is_marked(lua_State *L, int t, const char *mark);
int mark_line(lua_State *L, int t, int otherwise);

/* ---- examples (examples.c) ------------------------------------------------------- */

/* A piece of a world that has such a component; NULL: there is none. */
const char *lesson_example(const char *kind);
/* An operation or fault done to the component of the kind's example, as an incident has it:
 * fault("checkout", "slow", { factor = 3 }). NULL: none is written. */
const char *lesson_verb_example(const char *kind, const char *verb);

#endif
