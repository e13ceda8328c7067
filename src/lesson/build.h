/*
 * build: a model under construction, while a lesson's `world` and `incident` run.
 *
 *     world.c       the order: world, twin, prevention, incident; finish; check
 *     build.c       w:KIND { … }, a component
 *     program.c     the operations of an endpoint
 *     incident.c    i:at, i:page …; actions and letters on a schedule
 *     quiet.c       alerts that fire for nothing; healthy nights
 *
 * A binding asks for the build and puts its errors where the author can see them:
 *
 *     struct build *b = build_of(L, "w:service");
 *     if (model_set(b->m, c, "cores", value_count(2), &b->why) != ERR_OK)
 *         return fail_model(L, b, line);
 *
 * Owner: the caller of lesson_build() owns `out` from the first byte, so that an error in
 * the middle loses nothing; b->mem goes when the model is finished. Every function raises
 * with file and line.
 */
#ifndef LESSON_BUILD_H
#define LESSON_BUILD_H

#include "lesson_internal.h"

enum { ENTRIES_MAX = 1024 }; /* of an incident */
struct build {
    const struct lesson *l;
    struct lesson_world *out;
    bool twin;   /* no causes, and the settings of the lesson's `twin` */
    size_t only; /* number of the drawn fault that comes alone; SIZE_MAX: as drawn */
    size_t prevented; /* number of the prevention that was there from the beginning;
                         SIZE_MAX: none was */
    size_t without;   /* number of the entry that is left out; SIZE_MAX: none is */
    size_t entries_cap;
    struct model *m;  /* out->model */
    struct arena mem; /* until the model is finished */
    struct rng rng;   /* unnamed draws */
    uint64_t seed;
    int nodes;     /* operations made so far */
    bool incident; /* the incident runs; else the world */
    struct errmsg why;
};
struct build *build_of(lua_State *L, const char *what); /* raises outside a build */

/* ---- values and programs --------------------------------------------------------- */

/* Reads the value at `i` for a parameter; `of` names its component in errors. */
struct value to_value(struct build *b, lua_State *L, int i, const struct param_desc *p,
                      int line, const char *of);
/* A list of operations (or one) at `i` as nodes linked by next; lives in b->mem. */
const struct node *to_program(struct build *b, lua_State *L, int i, int line,
                              int depth);
/* The string at `i`, kept until the model is finished. Charged, so that C memory is
 * bounded by the budget too; longer than `max` bytes is refused. */
const char *keep_text(struct build *b, lua_State *L, int i, int line, size_t max);
comp_id find_comp(lua_State *L, const struct model *m, const char *name, int line);
/* Raises with b->why, a refusal of the model, behind file and line. */
int fail_model(lua_State *L, struct build *b, int line) NORETURN;
/* Raises with b->why of model_finish(), which names the line of a node itself. */
int fail_finish(lua_State *L, struct build *b) NORETURN;

/* ---- other worlds of the same seed ----------------------------------------------- */

void build_twin(lua_State *L, struct build *b);       /* the settings of `twin` */
void build_prevention(lua_State *L, struct build *b); /* the settings of a prevention */
/* incident.c: reads the action at `t` and puts it on the schedule where `comes` is true; returns
 * what it is done to. */
comp_id incident_schedule(struct build *b, lua_State *L, sim_time at, int t,
                          enum entry_role role, bool comes);
/* The set(…) at `t`, to be done to a running world; its texts live in the world's memory. */
void incident_set(struct build *b, lua_State *L, int t, struct action *out);
/* design.c */
void build_improvements(lua_State *L, struct build *b);
int incident_draw(lua_State *L); /* i:draw */
/* Finds out which improvements a finished world has already. */
enum err design_there(const struct lesson *l, uint64_t seed, struct lesson_world *out,
                      struct errmsg *why) MUST_USE;
/* Adds an alert that fires for nothing to a finished world. `quiet`: a healthy one, whose
 * letters become one of somebody who is mistaken. */
enum err build_noise(const struct lesson *l, uint64_t seed, bool quiet,
                     struct lesson_world *out, struct errmsg *why) MUST_USE;

#endif
