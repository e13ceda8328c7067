/*
 * skip: goes on to the next step without this one.
 */
#include "console_internal.h"

static enum err run(struct call *c)
{
    fx_add(c, EFFECT_SKIP);
    return ERR_OK;
}

const struct command cmd_skip = {
    .info = {.name = "skip",
             .synopsis = "skip",
             .doc = "Leaves this step and goes on with the next.",
             .examples = "skip",
             .group = GROUP_REASON},
    .run = run,
};
