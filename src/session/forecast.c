/*
 * Predictions: each is about a change that it names, and is put to the test by that change
 * alone. A forecast waits until all lines of its change were carried out, and is due so
 * long after the last of them; whatever else is changed first makes it one about another
 * world, and it is said so.
 */
#include "session_internal.h"
#include "truecode/picture.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- the change that it names ------------------------------------------------------ */

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

void forecast_changing(struct session *s, const struct action *a)
{
    for (size_t i = 0; i < s->nforecasts; i++) {
        struct forecast *f = &s->forecasts[i];
        if (!waits(f))
            continue;
        const struct step *st = lesson_step(s->lesson, f->step);
        f->making = st->any_change ? 1 : lines_of_change(s, st, a);
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

/* ---- what became of it ------------------------------------------------------------- */

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

void forecast_words(const struct forecast *f, struct buf *b)
{
    bool duration = fabs(f->before) >= 1e6 || fabs(f->after) >= 1e6;
    buf_adds(b, "It was ");
    value_words(f->before, duration, b);
    buf_adds(b, " and became ");
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
