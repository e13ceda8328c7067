/*
 * rewind: back to an earlier moment, to try something else.
 */
#include "console_internal.h"
#include "lookup.h"

/* The clock may stand while one acts: what was done at this very moment can be undone. */
static bool changed_now(const struct call *c)
{
    size_t n = recording_changes(c->rec);
    const struct change *last = n ? recording_change(c->rec, n - 1) : NULL;
    return last && last->at == c->now && str_eq(last->who, "you");
}

/* The moment of the learner's first change, which goes, too. */
static enum err before_all(struct call *c, sim_time *t)
{
    for (size_t i = 0; i < recording_changes(c->rec); i++) {
        const struct change *x = recording_change(c->rec, i);
        if (str_eq(x->who, "you")) {
            *t = x->at;
            return ERR_OK;
        }
    }
    return refuse(
        c, ERR_INPUT,
        "You changed nothing yet, so there is nothing to undo. To go back all "
        "the same, say to when: rewind 5m, or rewind %s.",
        clock_of(c, c->now - 5 * SIM_MIN, false));
}

static enum err run(struct call *c)
{
    sim_time t;
    if (!c->ctx->may_rewind)
        return refuse(c, ERR_REFUSED,
                      "There is no way back on call: what is done is done.");
    enum err e = c->nargs ? when_past(c, c->arg[0], &t) : before_all(c, &t);
    if (e != ERR_OK)
        return e;
    if (t > c->now || (t == c->now && !changed_now(c)))
        return refuse(c, ERR_INPUT, "That is now; say a moment before %s.",
                      clock_of(c, c->now, true));
    fx_add(c, EFFECT_REWIND)->at = t;
    if (!c->ctx->practice)
        fx_risk(c, "What is scored ends here: the score is about what you did so far. "
                   "From the moment you go back to, it is practice. The debrief draws "
                   "both.");
    return ERR_OK;
}

const struct command cmd_rewind = {
    .info =
        {.name = "rewind",
         .synopsis = "rewind [TIME]",
         .doc =
             "Goes back to a moment; alone: to just before your first change. The "
             "system is as it was then; what you noted and saw stays. It asks first: "
             "the score is about the first try, and from there on it is practice.",
         .examples = "rewind\nrewind 5m",
         .group = GROUP_TIME},
    .args = {ARG_TIME},
    .max_args = 1,
    .run = run,
};
