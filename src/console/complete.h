/*
 * complete: what the word at the cursor can become.
 *
 *     complete.c         where the cursor is: a command, an option, which argument
 *     complete_arg.c     the words for a kind of argument: a table, a line for each kind
 *
 * A kind of argument offers its words; offer() keeps those that begin like the prefix, and
 * each once. Never a running world's secrets, only names.
 *
 * Owner: completions own what they hold; whatever else is built lives in call.mem.
 */
#ifndef CONSOLE_COMPLETE_H
#define CONSOLE_COMPLETE_H

#include "console_internal.h"

struct completer {
    struct call call; /* enough of one for the questions of lookup.h */
    struct completions *out;
    const char *prefix;
    const struct stage *stage;
    const struct command *cmd; /* the command whose argument or option it is */
    size_t index;              /* of the word being completed */
    const char *before;        /* "" or what stands before it in the word, "--since=" */
};
/* Offers a word; of `doc` (NULL: none) the first clause, which stands beside it. */
void offer(struct completer *k, const char *word, const char *doc);
/* Offers the words for an argument of that kind. */
void offer_arg(struct completer *k, enum arg_kind kind);
/* Offers the options of the operation that the command is named like. */
void offer_op_args(struct completer *k);
/* Whether a command is named like an operation, and takes its arguments. */
bool acts_on_op(const struct command *cmd);

#endif
