/*
 * model: what the files that build a model share.
 */
#ifndef SIM_MODEL_H
#define SIM_MODEL_H

#include "engine/world.h"

/* An endpoint's program as it was given, until it is compiled. */
struct source {
    comp_id endpoint;
    int version; /* -1: every version */
    const struct node *body;
    struct source *next;
};

/* A model of these parts (kinds.c). */
struct model *model_make(const struct parts *parts);
comp_id model_append(struct model *m, const struct kind_impl *kind, const char *name,
                     struct errmsg *why);
/* model_program.c: versions of a service */
int version_add(struct model *m, comp_id service, const char *name);
enum err model_finish_schedule(struct model *m, struct errmsg *why);
enum err model_check_action(const struct model *m, struct action *a,
                            struct errmsg *why);

/* An operation without a name: how a change that changed nothing (a decoy) is undone.
 */
bool action_is_nothing(const struct action *a);

#endif
