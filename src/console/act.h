/*
 * act: commands that change the world, made from the kinds' tables of operations and
 * parameters. Nothing is changed here: an effect with the action goes to the session.
 *
 * A command that is named like an operation has nothing of its own but words:
 *
 *     .args = {ARG_OP}, .max_args = 6, .raw = true, .run = act_op,
 *
 * One that reads its words itself fills an action in and proposes it:
 *
 *     struct action a = {.kind = ACTION_OP, .comp = db, …};
 *     return act_do(c, &a, "Writers wait while it runs.");    // asks first: the risk
 *
 * Owner: an action's texts live as long as the call; fx_action() copies them. Errors: the
 * sentence for the learner is in c->why, as everywhere in a call.
 */
#ifndef CONSOLE_ACT_H
#define CONSOLE_ACT_H

#include "console_internal.h"

/* The run() of every command named like an operation: COMPONENT [ARGS] [--ARG VALUE].
 */
enum err act_op(struct call *c);
/* The component (or the balancer in front of it) that has the operation. */
struct act_target {
    comp_id comp;
    int instance;
    const struct op_desc *op;
};
const struct op_desc *op_of(const struct call *c, comp_id comp, const char *op);
enum err act_find(struct call *c, const char *op, const char *text,
                  struct act_target *t);
/* Whom `op` can be done to, in model order, services behind a balancer included. */
size_t op_targets(const struct call *c, const char *op, comp_id *out, size_t max);
/* The operation that a command is about: "create_index" of create-index. */
const char *op_name(const struct command *cmd);
/* Proposes the action of a command whose words are read already. A copy of the world
 * tries it first: a refusal comes before anybody is asked, and the learner reads what
 * the engine says of it, with its numbers. */
enum err act_do(struct call *c, const struct action *a, const char *risk);
/* Sets comp.param; the effect says what changed. */
enum err act_set(struct call *c, comp_id comp, const struct param_desc *p,
                 const char *text);

#endif
