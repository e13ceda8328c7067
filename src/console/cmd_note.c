/*
 * note: a line in the notebook, kept with its time.
 */
#include "console_internal.h"

static enum err run(struct call *c)
{
    fx_add(c, EFFECT_NOTE)->text = fx_text(c, c->nargs == 1 ? c->arg[0] : c->text);
    return ERR_OK;
}

static const struct command_wild wild[] = {
    {"gh", "gh issue comment 123 --body 'pool is full on all six, cpu idle'"},
};
const struct command cmd_note = {
    .info = {.name = "note",
             .synopsis = "note TEXT",
             .doc = "Writes a line into your notebook, with the time. Notes stand in "
                    "the debrief.",
             .examples = "note what I saw, and what I make of it",
             .group = GROUP_REASON,
             WILD(wild)},
    .args = {ARG_TEXT},
    .min_args = 1,
    .max_args = 90,
    .raw = true,
    .run = run,
};
