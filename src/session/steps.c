/*
 * Steps: what the guided mode asks, one thing at a time. A step gates nothing but the
 * next step: the system and all commands are open at any time. Goals are looked at
 * after each sample and each input, so that a goal reached early is done when its step
 * comes.
 */
#include "session_internal.h"
#include "truecode/picture.h"

#include <assert.h>
#include <ctype.h>
#include <math.h>
#include <string.h>

const struct step *step_current(const struct session *s)
{
    if (s->mode != MODE_GUIDED || s->step >= lesson_steps(s->lesson))
        return NULL;
    return lesson_step(s->lesson, s->step);
}

bool step_holds(const struct session *s)
{
    const struct step *st = step_current(s);
    return st && (st->kind == STEP_ASK || st->kind == STEP_CHOOSE ||
                  st->kind == STEP_PREDICT || st->kind == STEP_SAY_UPDATE);
}

/* ---- going on -------------------------------------------------------------------- */

static void announce(struct session *s)
{
    const struct step *st = step_current(s);
    s->unread = st != NULL;
    if (st)
        session_say(s, TONE_HEAD, "Step %zu of %zu. %s", s->step + 1,
                    lesson_steps(s->lesson), st->title);
}

static void step_close(struct session *s, enum step_status how)
{
    assert(step_current(s));
    const struct step *st = step_current(s);
    if (how != STEP_DONE || s->status[s->step] != STEP_SHOWN)
        s->status[s->step] = how;
    if (st->done && how == STEP_DONE)
        session_feedback(s, TONE_GOOD, st->done);
    s->step++;
    s->hints_shown = 0;
    strings_release(&s->seen);
    s->run.step_started = run_now(&s->run);
    s->began[s->step] = s->run.step_started;
    if (s->step >= lesson_steps(s->lesson)) {
        session_finish(s);
        return;
    }
    announce(s);
    if (step_holds(s)) {
        s->wait_until = 0;
        s->target = run_now(&s->run);
    }
    session_touch(s);
}

void step_skip(struct session *s, enum step_status how)
{
    if (!step_current(s)) {
        session_say(s, TONE_DIM, "There is no step to skip.");
        return;
    }
    step_close(s, how);
}

/* ---- goals and traps ------------------------------------------------------------- */

static bool goal_reached(struct session *s, const struct step *st)
{
    if (st->kind != STEP_LOOK && st->kind != STEP_ACT)
        return false;
    if (st->wants_suspect && !s->run.suspected)
        return false;
    return st->goal == FN_NONE ? st->wants_suspect : session_true(s, st->goal);
}

static void check_traps(struct session *s)
{
    if (s->run.first_change == SIM_FOREVER || s->mode != MODE_GUIDED)
        return;
    for (size_t i = 0; i < lesson_traps(s->lesson); i++) {
        if (s->trapped_at[i] != SIM_FOREVER ||
            !session_true(s, lesson_trap(s->lesson, i)->when))
            continue;
        s->trapped_at[i] = run_now(&s->run);
        s->wait_until = 0;
        s->target = run_now(&s->run);
        session_feedback(s, TONE_WARN, lesson_trap(s->lesson, i)->say);
    }
}

void step_check(struct session *s)
{
    if (s->phase != PHASE_PLAY)
        return;
    check_traps(s);
    while (step_current(s) && s->phase == PHASE_PLAY &&
           goal_reached(s, step_current(s)))
        step_close(s, STEP_DONE);
}

/* ---- questions ------------------------------------------------------------------- */

void step_answer(struct session *s, int number)
{
    assert(step_current(s));
    const struct step *st = step_current(s);
    if (!st || st->nchoices == 0) {
        session_say(s, TONE_DIM, "This step has no numbered answers.");
        return;
    }
    if (number < 1 || (size_t)number > st->nchoices) {
        session_say(s, TONE_WARN, "Choose a number from 1 to %zu.", st->nchoices);
        return;
    }
    const struct choice *c = &st->choices[number - 1];
    session_feedback(s, c->right ? TONE_GOOD : TONE_WARN, c->reply);
    if (c->right)
        step_close(s, STEP_DONE);
    else
        s->wrong_answers++;
}

const char *direction_word(char c)
{
    return c == 'u' ? "up" : c == 'd' ? "down" : "the same";
}

char direction_of(double before, double after)
{
    double scale = fabs(before) > fabs(after) ? fabs(before) : fabs(after);
    double change = after - before;
    if (isnan(before) || isnan(after) || fabs(change) <= 0.15 * scale)
        return 's';
    return change > 0 ? 'u' : 'd';
}

/* "up, same" -> "us"; returns how many words were understood, 0 when one was not. */
static size_t parse_directions(const char *words, char *out, size_t max)
{
    size_t n = 0;
    while (*words) {
        words += strspn(words, " ,;\t");
        size_t len = strcspn(words, " ,;\t");
        if (len == 0)
            break;
        char c = (char)tolower((unsigned char)*words);
        bool known = (len <= 4) && (c == 'u' || c == 's' || c == 'd' || c == '=');
        if (!known || n == max)
            return 0;
        out[n++] = c == '=' ? 's' : c;
        words += len;
    }
    return n;
}

static void add_forecast(struct session *s, struct forecast f)
{
    assert(s->nforecasts <= s->forecasts_cap);
    if (s->nforecasts == s->forecasts_cap) {
        s->forecasts_cap = s->forecasts_cap ? 2 * s->forecasts_cap : TINY(8, 1);
        s->forecasts = mem_grow(s->forecasts, s->forecasts_cap, sizeof(*s->forecasts));
    }
    s->forecasts[s->nforecasts++] = f;
}

void step_predict(struct session *s, const char *words)
{
    const struct step *st = step_current(s);
    char said[8];
    size_t n = parse_directions(words, said, sizeof(said));
    if (n != st->npredict) {
        session_say(s, TONE_WARN, "Say up, same or down%s, for example: up%s",
                    st->npredict > 1 ? " for each" : "",
                    st->npredict > 1 ? ", same" : "");
        return;
    }
    for (size_t i = 0; i < n; i++)
        add_forecast(s,
                     (struct forecast){.step = s->step, .index = i, .said = said[i]});
    session_say(s, TONE_NORMAL, "Noted. Let us see.");
    step_close(s, STEP_DONE);
}

static const struct prediction *prediction_of(const struct session *s,
                                              const struct forecast *f)
{
    return &lesson_step(s->lesson, f->step)->predict[f->index];
}

void forecast_arm(struct session *s)
{
    for (size_t i = 0; i < s->nforecasts; i++) {
        struct forecast *f = &s->forecasts[i];
        if (f->armed)
            continue;
        f->armed = true;
        f->armed_at = run_now(&s->run);
        f->before = session_number(s, prediction_of(s, f)->value);
        f->due = run_now(&s->run) + prediction_of(s, f)->after;
    }
}

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
    assert(f);
    bool duration = fabs(f->before) >= 1e6 || fabs(f->after) >= 1e6;
    buf_adds(b, "It was ");
    value_words(f->before, duration, b);
    buf_adds(b, " and became ");
    value_words(f->after, duration, b);
}

static void forecast_tell(struct session *s, const struct forecast *f)
{
    char is = direction_of(f->before, f->after);
    struct buf b;
    buf_init(&b, 200);
    forecast_words(f, &b);
    session_say(s, is == f->said ? TONE_GOOD : TONE_WARN,
                "You predicted %s for \"%s\". %s: %s.", direction_word(f->said),
                prediction_of(s, f)->what, b.s,
                is == f->said ? "as you said" : direction_word(is));
    buf_release(&b);
}

void forecast_check(struct session *s)
{
    for (size_t i = 0; i < s->nforecasts; i++) {
        struct forecast *f = &s->forecasts[i];
        if (!f->armed || f->told || run_now(&s->run) < f->due)
            continue;
        f->told = true;
        f->after = session_number(s, prediction_of(s, f)->value);
        if (isnan(f->after))
            session_say(s, TONE_DIM, "\"%s\": not put to the test.",
                        prediction_of(s, f)->what);
        else
            forecast_tell(s, f);
    }
}

/* ---- updates --------------------------------------------------------------------- */

static const char *update_field(const struct update *u, const char *name)
{
    if (str_eq(name, "who"))
        return u->who;
    if (str_eq(name, "since"))
        return u->since;
    if (str_eq(name, "impact"))
        return u->impact;
    if (str_eq(name, "state"))
        return u->state;
    return str_eq(name, "next") ? u->next : NULL;
}

void step_update(struct session *s, const struct update *fields)
{
    const struct step *st = step_current(s);
    if (!st || st->kind != STEP_SAY_UPDATE)
        return;
    struct buf missing;
    buf_init(&missing, 200);
    for (size_t i = 0; i < st->nneeds; i++) {
        const char *v = update_field(fields, st->needs[i]);
        if (!v || !*v)
            buf_addf(&missing, "%s%s", missing.len ? ", " : "", st->needs[i]);
    }
    if (missing.len)
        session_say(s, TONE_WARN, "People still ask for: %s.", missing.s);
    else
        step_close(s, STEP_DONE);
    buf_release(&missing);
}

/* ---- help ------------------------------------------------------------------------ */

void step_hint(struct session *s)
{
    const struct step *st = step_current(s);
    if (!st || st->nhints == 0) {
        session_say(s, TONE_DIM, "No hint here.");
        return;
    }
    if (s->hints_shown < st->nhints) {
        s->hints_shown++;
        s->hints_total++;
    }
    session_say(s, TONE_ACCENT, "Hint %zu of %zu. %s", s->hints_shown, st->nhints,
                st->hints[s->hints_shown - 1]);
}

void step_solution(struct session *s)
{
    const struct step *st = step_current(s);
    if (!st) {
        session_say(s, TONE_DIM, "There is no step to solve.");
        return;
    }
    for (size_t i = 0; i < st->nchoices; i++)
        if (st->choices[i].right)
            session_say(s, TONE_ACCENT, "Answer %zu: %s", i + 1, st->choices[i].text);
    for (size_t i = 0; i < st->nsolution; i++)
        session_say(s, TONE_ACCENT, "  %s", st->solution[i]);
    s->status[s->step] = STEP_SHOWN;
}
