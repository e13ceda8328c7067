/*
 * rewind: back to an earlier moment, to try something else.
 */
#include "console_internal.h"

/* The clock may stand while one acts: what was done at this very moment can be undone. */
static bool changed_now(const struct call *c)
{
    size_t n = recording_changes(c->rec);
    const struct change *last = n ? recording_change(c->rec, n - 1) : NULL;
    return last && last->at == c->now && str_eq(last->who, "you");
}

static enum err run(struct call *c)
{
    sim_time t;
    if (!c->ctx->may_rewind)
        return refuse(c, ERR_REFUSED,
                      "There is no way back on call: what is done is done.");
    enum err e = when_past(c, c->arg[0], &t);
    if (e != ERR_OK)
        return e;
    if (t > c->now || (t == c->now && !changed_now(c)))
        return refuse(c, ERR_INPUT, "That is now; say a moment before %s.",
                      clock_of(c, c->now, true));
    fx_add(c, EFFECT_REWIND)->at = t;
    if (!c->ctx->practice)
        fx_risk(c, "What is scored ends here. From now on it is practice: the debrief "
                   "is about "
                   "what you did so far.");
    return ERR_OK;
}

const struct command cmd_rewind = {
    .info = {.name = "rewind",
             .synopsis = "rewind TIME",
             .doc = "Goes back to a moment. The system is as it was then; what you "
                    "noted and saw stays. After a rewind it is practice: the first try "
                    "is the one that is scored.",
             .examples = "rewind 5m",
             .group = GROUP_TIME},
    .args = {ARG_TIME},
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
