/*
 * Predictions: each is about a change that it names, and is put to the test by that change
 * alone. A forecast waits until all lines of its change were carried out, and is due so
 * long after the last of them. Who changes something else before that parts from the world
 * that was predicted: a copy of it is lived to the end without that change, and told as
 * the night in which it was left so. Where the change was not whole yet, no such night
 * is known, and it is said so.
 */
#include "session_internal.h"
#include "truecode/picture.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- the change that it names ---------------------------------------------------- */

/* "restart api --rolling or restart api": one of them. */
static bool any_line_means(const struct run *r, const char *lines,
                           const struct action *a)
{
    char line[256];
    for (const char *p = lines; p && *p;) {
        const char *next = strstr(p, " or ");
        snprintf(line, sizeof line, "%.*s", (int)(next ? next - p : (long)strlen(p)),
                 p);
        if (line_means(r, line, a))
            return true;
        p = next ? next + strlen(" or ") : NULL;
    }
    return false;
}

static unsigned lines_of_change(const struct session *s, const struct step *st,
                                const struct action *a)
{
    unsigned made = 0;
    for (size_t i = 0; i < st->nchange; i++)
        if (any_line_means(&s->run, st->change[i], a))
            made |= 1u << i;
    return made;
}

static bool waits(const struct forecast *f)
{
    return !f->told && !f->confounded;
}

/* ---- left as it was -------------------------------------------------------------- */

#define MOMENTS 5 /* at most, a minute apart: at these the other night is told */

static void value_words(double v, bool duration, struct buf *b);
static bool is_duration(const struct forecast *f);

/* Lives the night on to when the forecast is due, and tells its number on the way. */
static bool live_on(struct session *night, struct forecast *f, struct buf *told)
{
    sim_time from = run_now(&night->run), day = lesson_info(night->lesson)->day_start;
    struct errmsg why = {0};
    sim_time minutes = (f->due - from) / SIM_MIN;
    int n = minutes < 1 ? 1 : minutes < MOMENTS ? (int)minutes : MOMENTS;
    for (int i = 1; i <= n; i++) {
        sim_time at = from + (f->due - from) / n * i;
        if (run_advance(&night->run, i < n ? at : f->due, NULL, NULL, &why) != ERR_OK)
            return false;
        f->after = session_number(night, f->of->value);
        buf_adds(told, i > 1 ? ", " : "");
        value_words(f->after, is_duration(f), told);
        buf_adds(told, " at ");
        clock_format(told, day, run_now(&night->run), false);
    }
    return true;
}

/* Another change parts from the predicted world now: what becomes of a copy without it. */
static void leave_it(struct session *s, struct forecast *f, bool first)
{
    struct session *night;
    struct errmsg why = {0};
    struct buf told;
    if (s->onlooker || session_fork(&night, s, &why) != ERR_OK)
        return;
    night->run.on_second = NULL;
    buf_init(&told, 120);
    f->told = f->left = live_on(night, f, &told) && !isnan(f->after);
    session_free(night);
    enum direction is = direction_of(f->before, f->after);
    if (f->told)
        session_say(
            s, is == f->said ? TONE_GOOD : TONE_WARN, "%s%s: %s. You predicted %s: %s.",
            first
                ? "You change something else now. This is the night in which you left "
                  "it there. "
                : "And ",
            f->of->what, told.s, direction_phrase(f->said),
            is == f->said ? "as you said" : direction_phrase(is));
    buf_release(&told);
}

/* Whether a change belongs to the one that was predicted, where that may be any: the first
 * begins it, and so does all that is typed in the minute after it. */
static bool joins(const struct session *s, const struct forecast *f)
{
    return !f->armed || run_now(&s->run) - f->armed_at <= SIM_MIN;
}

void forecast_changing(struct session *s, const struct action *a)
{
    bool first = true;
    for (size_t i = 0; i < s->nforecasts; i++) {
        struct forecast *f = &s->forecasts[i];
        if (!waits(f))
            continue;
        const struct step *st = lesson_step(s->lesson, f->step);
        f->making = st->any_change ? joins(s, f) : lines_of_change(s, st, a);
        if (!f->making && f->armed && f->due != SIM_FOREVER) {
            leave_it(s, f, first);
            first &= !f->told;
        }
        if (!f->armed)
            f->before = session_number(s, f->of->value);
    }
}

static void confound(struct session *s, struct forecast *f)
{
    f->confounded = true;
    f->confounded_at = run_now(&s->run);
    session_say(s, TONE_DIM,
                "That is another change than the one you predicted: \"%s\" is not put "
                "to the test.",
                f->of->what);
}

void forecast_changed(struct session *s)
{
    for (size_t i = 0; i < s->nforecasts; i++) {
        struct forecast *f = &s->forecasts[i];
        if (!waits(f))
            continue;
        const struct step *st = lesson_step(s->lesson, f->step);
        if (!f->making) {
            confound(s, f);
            continue;
        }
        unsigned all = st->any_change ? 1 : (1u << st->nchange) - 1;
        f->armed_at = f->armed ? f->armed_at : run_now(&s->run);
        f->armed = true;
        f->made |= f->making;
        f->due = f->made == all ? run_now(&s->run) + f->of->after : SIM_FOREVER;
    }
}

void forecast_add(struct session *s, const struct step_verdict *v)
{
    const struct step *st = step_current(s);
    for (size_t i = 0; i < v->nsaid; i++) {
        GROW(s->forecasts, s->nforecasts, s->forecasts_cap);
        s->forecasts[s->nforecasts++] = (struct forecast){
            .step = s->step, .of = &st->predict[i], .said = v->said[i]};
    }
}

/* ---- what became of it ----------------------------------------------------------- */

/* A lesson's durations are nanoseconds. Nothing else that it can predict, rates, counts
 * and shares, is as large as a millisecond. */
static void value_words(double v, bool duration, struct buf *b)
{
    if (isnan(v))
        buf_adds(b, "not measured");
    else if (duration)
        number_seconds(b, v / (double)SIM_SEC);
    else
        number_text(b, v);
}

static bool is_duration(const struct forecast *f)
{
    return fabs(f->before) >= 1e6 || fabs(f->after) >= 1e6;
}

void forecast_words(const struct forecast *f, struct buf *b)
{
    bool duration = is_duration(f);
    buf_adds(b, "It was ");
    value_words(f->before, duration, b);
    buf_adds(b, f->left ? " and would have become " : " and became ");
    value_words(f->after, duration, b);
}

static void forecast_tell(struct session *s, const struct forecast *f)
{
    enum direction is = direction_of(f->before, f->after);
    struct buf b;
    buf_init(&b, 200);
    forecast_words(f, &b);
    session_say(s, is == f->said ? TONE_GOOD : TONE_WARN,
                "You predicted %s for \"%s\". %s: %s.", direction_phrase(f->said),
                f->of->what, b.s, is == f->said ? "as you said" : direction_phrase(is));
    buf_release(&b);
}

void forecast_check(struct session *s)
{
    for (size_t i = 0; i < s->nforecasts; i++) {
        struct forecast *f = &s->forecasts[i];
        if (!f->armed || !waits(f) || run_now(&s->run) < f->due)
            continue;
        f->told = true;
        f->after = session_number(s, f->of->value);
        if (isnan(f->after))
            session_say(s, TONE_DIM, "\"%s\" was not tried.", f->of->what);
        else
            forecast_tell(s, f);
    }
}
