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
/* A version's number; it is new, or was named before. */
int version_add(struct model *m, comp_id service, const char *name);

/* ---- programs (compile.c) */

/* Model time: comp.data of an endpoint. */
struct endpoint_data {
    const struct program **programs; /* by version */
    size_t nprograms;
};

/* Its program in this version; NULL: none. */
static inline const struct program *endpoint_program(const struct model *m, comp_id e,
                                                     int version)
{
    const struct endpoint_data *d = m->comps[e].data;
    return d != NULL && (size_t)version < d->nprograms ? d->programs[version] : NULL;
}

/* Compiles `body` as a program of `service`; errors name `endpoint`. */
enum err program_compile(struct model *m, comp_id service, comp_id endpoint,
                         const struct node *body, struct program **program,
                         struct errmsg *why);
/* Sets op->call, what a call at this op sends, by the rest of the op. */
void op_fill_call(const struct model *m, struct op *op);
/* The programs of all endpoints. */
enum err compile_endpoints(struct model *m, struct errmsg *why);

enum err model_finish_schedule(struct model *m, struct errmsg *why);
enum err model_check_action(const struct model *m, struct action *a,
                            struct errmsg *why);

/* An operation without a name: how a change that changed nothing (a decoy) is undone.
 */
bool action_is_nothing(const struct action *a);

#endif
