/*
 * hint: asks for the next one. Hints are recorded.
 */
#include "console_internal.h"

static enum err run(struct call *c)
{
    fx_add(c, EFFECT_HINT);
    return ERR_OK;
}

const struct command cmd_hint = {
    .info = {.name = "hint",
             .synopsis = "hint",
             .doc = "A hint for the step you are at. First a nudge, then where to "
                    "look, then what it is, then the command. The first hints cost "
                    "nothing; with one that gives it away the step counts as shown.",
             .examples = "hint",
             .group = GROUP_REASON},
    .run = run,
};
