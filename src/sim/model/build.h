/*
 * build: the building of a model, in the order in which it goes:
 *
 *   model.c              components, parameters and programs as they are given
 *   room.c               refused here where there is not the memory for a world of it
 *   model_finish.c       names become numbers; kinds resolve, gather, check; the schedule
 *   compile_endpoints.c  programs become ops (compile.c)
 *
 * All lies in the model's arena and never changes once it is finished. Errors are
 * sentences for the author, with the line where there is one.
 */
#ifndef SIM_MODEL_BUILD_H
#define SIM_MODEL_BUILD_H

#include "model/model.h"

/* An endpoint's program as it was given, until it is compiled. */
struct source {
    comp_id endpoint;
    int version; /* -1: every version */
    const struct node *body;
    struct program *program; /* compiled; NULL: not yet */
    struct source *next;
    struct source *older; /* of the same endpoint */
};

/* A model of these parts (kinds.c). */
struct model *model_make(const struct parts *parts);
/* Returns the number of a version, which is new or was named before. */
int version_add(struct model *m, comp_id service, const char *name);
/* Compiles the programs of all endpoints. */
enum err compile_endpoints(struct model *m, struct errmsg *why);
/* Adds a counter for each result that programs answer by name, behind all other
 * components. */
enum err count_results(struct model *m, struct errmsg *why);

/* The component whose numbers the instances have: a pool's are those of its service, a
 * subscription's those of its topic, a clock's and a balancer's those of whom it is
 * for. COMP_NONE: nobody's. */
comp_id model_numbered_by(const struct model *m, comp_id c);
/* Makes names and arguments of an action as the kind of its component wants them, ids for
 * names. */
enum err model_check_action(const struct model *m, struct action *a,
                            struct errmsg *why);

/* room.c: ERR_LIMIT when it needs more than half of a world before the first request:
 * whose part is the largest, what there is and what would fit. Knows the parameters as
 * they are given, so that it can be asked before the model is finished. */
enum err room_check(const struct model *m, struct errmsg *why);

/* A kind's place in the table of kinds. */
uint8_t kind_number(const struct model *m, const struct kind_impl *k);

/* An operation without a name: how a change that changed nothing (a decoy) is
 * undone. */
bool action_is_nothing(const struct action *a);

#endif
