/*
 * model: what kinds use while a model is finished (resolve, gather, check), and what
 * does things to a world. What a model is: engine/engine.h.
 */
#ifndef SIM_MODEL_MODEL_H
#define SIM_MODEL_MODEL_H

#include "engine/engine.h"

struct arg_desc;
struct kind_impl;
struct node;
struct op;
struct param_desc;
struct program;

/* For `check`: adds a component to a model that is being finished ("checkout.pool"). */
comp_id model_add_nested(struct model *m, const char *kind, comp_id owner,
                         const char *name, struct errmsg *why);
/* Looks a name up among components of this kind; the error suggests. NULL kind: any. */
comp_id model_need(const struct model *m, const char *name, const char *kind,
                   const char *for_what, struct errmsg *why);
/* For `resolve`: a parameter that names a component of this kind, if it is given. */
enum err param_resolve(struct model *m, comp_id c, int param, const char *kind,
                       struct errmsg *why);
/* "checkout/buy", "edge/buy", "card-gateway": what is called; endpoint
 * COMP_NONE for a third party. */
enum err model_call_target(const struct model *m, const char *text, comp_id *target,
                           comp_id *endpoint, struct errmsg *why);

/* The call policy of this pair; made when there is none. COMP_NONE: refused. */
comp_id call_policy_for(struct model *m, comp_id caller, comp_id callee,
                        struct errmsg *why);
/* A value as a parameter or an argument wants it; what is wrong, else. */
enum err value_fit(const struct model *m, const struct param_desc *p,
                   const struct value *v, struct value *out, struct errmsg *why);
enum err value_fit_arg(const struct model *m, const struct arg_desc *d,
                       const struct value *v, struct value *out, struct errmsg *why);

/* ---- words in arguments (names.c) ------------------------------------------------ */

/* A text argument of an operation or a fault that is not free. */
struct word_desc {
    int kind;            /* enum action_kind */
    const char *action;  /* "failover" */
    uint32_t arg;        /* of its arguments */
    const char *nested;  /* "backup|replica": kinds of the component's own */
    const char *choices; /* "requests|answers": or what it is one of */
};
/* For kind_impl.names: whether the words of `a` mean something. */
enum err action_words(const struct model *m, const struct action *a,
                      const struct word_desc *d, size_t n, struct errmsg *why);

/* ---- programs -------------------------------------------------------------------- */

/* Compiles `body` as a program of `service`; errors name `endpoint`. */
enum err program_compile(struct model *m, comp_id service, comp_id endpoint,
                         const struct node *body, struct program **program,
                         struct errmsg *why);
/* Sets op->call, what a call at this op sends, by the rest of the op. */
void op_fill_call(const struct model *m, struct op *op);

/* ---- doing ----------------------------------------------------------------------- */

/* A patience, for queue_impatient(): drawn, or without end where the mean is 0. */
static inline sim_time patience_draw(const struct dist *d, struct rng *r)
{
    return d->mean > 0 ? dist_draw(d, r) : SIM_FOREVER;
}

/* The calendar's own events (struct parts): an entry of the schedule, a fault's end. */
void apply_scheduled(struct world *w, uint32_t index, uint32_t times);
/* later.c: the process of component `c` has started: what waited for that holds now. */
void later_restarted(struct world *w, comp_id c);
void apply_over(struct world *w, ref what, uint32_t kind); /* parts.over */

/* model_text.c: a number in a model's description, to the last bit. */
void describe_number(struct buf *out, double x);

#endif
