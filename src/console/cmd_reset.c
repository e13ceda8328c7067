/*
 * reset: the incident from its beginning.
 */
#include "console_internal.h"

static enum err run(struct call *c)
{
    fx_add(c, EFFECT_RESET);
    fx_risk(c, "Everything you did in this run goes, and the incident starts again.");
    return ERR_OK;
}

const struct command cmd_reset = {
    .info = {.name = "reset",
             .synopsis = "reset",
             .doc = "Starts the incident again from its beginning.",
             .examples = "reset",
             .group = GROUP_REASON},
    .run = run,
};
