/*
 * solution: shows what would solve this step.
 */
#include "console_internal.h"

static enum err run(struct call *c)
{
    fx_add(c, EFFECT_SOLUTION);
    return ERR_OK;
}

const struct command cmd_solution = {
    .info = {.name = "solution",
             .synopsis = "solution",
             .doc =
                 "Shows the commands that solve this step. The step counts as "
                 "shown, not as yours: the score is at most the share of the others.",
             .examples = "solution",
             .group = GROUP_REASON},
    .run = run,
};
