/*
 * Moot: the world has moved past what a step asks. By default that is so of a step that
 * asks about the trouble, and stands before the first one that mends it, once users are
 * well again: somebody was quicker than the questions. It is said so, and the step is
 * passed over; where it wants a suspicion it asks what it was.
 */
#include "session_internal.h"

/* The time for which users must have been well; a lesson whose good_for is shorter asks
 * for that. */
#define MOOT_WINDOW (3 * SIM_MIN)

static bool before_the_mending(const struct session *s)
{
    for (size_t i = 0; i < s->step; i++)
        if (lesson_step(s->lesson, i)->kind->mends)
            return false;
    return true;
}

static bool well_again(const struct session *s)
{
    const struct lesson_info *li = lesson_info(s->lesson);
    sim_time window = li->good_for < MOOT_WINDOW ? li->good_for : MOOT_WINDOW;
    return !s->quiet && model_get_slo(s->run.stage->lw.model) &&
           s->run.first_change != SIM_FOREVER && run_well(&s->run, window, NULL);
}

bool step_is_moot(struct session *s)
{
    const struct step *st = step_current(s);
    if (!st || st->never_moot)
        return false;
    if (st->moot_when != FN_NONE)
        return session_true(s, st->moot_when);
    return st->kind->investigates && before_the_mending(s) && well_again(s);
}

static void tell(struct session *s, const struct step *st, const char *otherwise)
{
    if (st->moot.n)
        session_feedback_text(s, TONE_ACCENT, &st->moot, "moot");
    else
        session_feedback(s, TONE_ACCENT, otherwise);
}

static const char asks_what[] = "Users are well again, so you can no longer watch it. "
                                "What was it? Logs, charts and "
                                "`changes` still know. Write it down: suspect "
                                "COMPONENT MECHANISM because EVIDENCE. "
                                "Or `skip`.";

/* The step before went the same way in this moment, and it was said why. */
static bool passed_over_just_now(const struct session *s)
{
    return s->step > 0 && s->status[s->step - 1] == STEP_MOOT &&
           s->began[s->step] == run_now(&s->run);
}

bool step_moot(struct session *s)
{
    const struct step *st = step_current(s);
    if (!st)
        return false;
    bool was = s->moot, now = step_is_moot(s);
    s->moot = now && step_wants_suspect(st);
    if (!now || s->moot) {
        if (s->moot && !was && !s->run.suspected)
            tell(s, st, "Users are well again. What was it?");
        return s->moot && !was && s->run.suspected;
    }
    if (!passed_over_just_now(s))
        tell(s, st,
             "Users are well again, so there is nothing left to see of what this step "
             "asks. We go on.");
    else if (st->moot.n)
        tell(s, st, "");
    step_close(s, STEP_MOOT);
    return true;
}

bool step_words(struct session *s, struct buf *out)
{
    const struct step *st = step_current(s);
    if (!st)
        return false;
    if (!s->moot)
        return session_text(s, &st->say, out);
    if (st->moot.n)
        return session_text(s, &st->moot, out);
    buf_adds(out, asks_what);
    return true;
}
