/*
 * pause: simulated time stands still until it is let go on.
 */
#include "console_internal.h"

static enum err run(struct call *c)
{
    fx_add(c, EFFECT_PAUSE);
    return ERR_OK;
}

const struct command cmd_pause = {
    .info = {.name = "pause",
             .synopsis = "pause",
             .doc = "Stops the clock, or lets it go on. Reading and thinking are free.",
             .examples = "pause",
             .group = GROUP_TIME},
    .run = run,
};
