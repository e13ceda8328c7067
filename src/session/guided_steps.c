/*
 * Steps: what the guided mode asks, one thing at a time. A step gates nothing but the
 * next step: the system and all commands are open at any time. Goals are looked at
 * after each sample and each input, so that a goal reached early is done when its step
 * comes.
 */
#include "design.h"
#include "session_internal.h"
#include "sheet.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

const struct step *step_current(const struct session *s)
{
    if (mode_on_call(s->mode) || s->step >= lesson_steps(s->lesson))
        return NULL;
    return lesson_step(s->lesson, s->step);
}

bool step_holds(const struct session *s)
{
    const struct step *st = step_current(s);
    return st && step_asks(st);
}

/* ---- going on -------------------------------------------------------------------- */

/* Notes that the current step's words are on the screen. */
static void step_look_on(struct session *s)
{
    const struct step *st = step_current(s);
    if (st && s->onlooker)
        s->onlooker->shown(s->onlooker->ctx, s, s->moot ? &st->moot : &st->say, "say");
}

static void announce(struct session *s)
{
    const struct step *st = step_current(s);
    s->unread = st;
    if (!st)
        return;
    session_say(s, TONE_HEAD, "Step %zu of %zu. %s", s->step + 1,
                lesson_steps(s->lesson), st->title);
    step_look_on(s);
}

void step_close(struct session *s, enum step_status how)
{
    assert(step_current(s));
    const struct step *st = step_current(s);
    if (how != STEP_DONE || s->status[s->step] != STEP_SHOWN)
        s->status[s->step] = how;
    if (st->done.n && how == STEP_DONE)
        session_feedback_text(s, TONE_GOOD, &st->done, "done");
    s->step++;
    s->hints_shown = 0;
    s->wrong_here = 0;
    s->moot = false;
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

static bool is_true(void *ctx, fn_id fn)
{
    return session_true(ctx, fn);
}

bool step_reached(struct session *s)
{
    const struct step *st = step_current(s);
    const struct step_eyes eyes = {.suspected = s->run.suspected && evidence_tells(s),
                                   .spent = session_spent(s),
                                   .is_true = is_true,
                                   .ctx = s};
    if (s->moot) /* the cause can still be told; a sight of it can not */
        return s->run.suspected;
    return st && st->kind->reached && st->kind->reached(st, &eyes);
}

static void check_traps(struct session *s)
{
    if (s->run.first_change == SIM_FOREVER || mode_on_call(s->mode))
        return;
    for (size_t i = 0; i < lesson_traps(s->lesson); i++) {
        if (s->trapped_at[i] != SIM_FOREVER ||
            !session_true(s, lesson_trap(s->lesson, i)->when))
            continue;
        s->trapped_at[i] = run_now(&s->run);
        s->wait_until = 0;
        s->target = run_now(&s->run);
        session_feedback_text(s, TONE_WARN, &lesson_trap(s->lesson, i)->say, "trap");
    }
}

void step_check(struct session *s)
{
    if (s->phase != PHASE_PLAY)
        return;
    check_traps(s);
    while (s->phase == PHASE_PLAY)
        if (step_reached(s))
            step_close(s, STEP_DONE);
        else if (!step_moot(s))
            break;
}

/* ---- questions ------------------------------------------------------------------- */

/* Wrong answers that cost nothing, as two wrong suspicions do not; fewer where not more than
 * one wrong choice would be left. */
static size_t free_answers(const struct step *st)
{
    size_t wrong = 0;
    struct step_item it;
    for (size_t i = 0; st->nchoices > 0 && step_item(st, i, &it); i++)
        wrong += !it.right;
    return st->nchoices > 0 && wrong < 3 ? 1 : 2;
}

/* Counts it: answers tried one after the other find nothing. */
static void count_wrong(struct session *s)
{
    size_t most = free_answers(step_current(s));
    s->wrong_answers++;
    s->wrong_here++;
    if (s->wrong_here == most + 1 && s->status[s->step] != STEP_SHOWN) {
        s->status[s->step] = STEP_SHOWN;
        session_say(
            s, TONE_WARN,
            "That is guessing: the step now counts as shown, and not as yours.");
    } else if (s->wrong_here == most) {
        session_say(s, TONE_DIM,
                    "Look before you answer again: one more wrong answer, and the step "
                    "counts as shown, and not as yours.");
    }
}

/* Carries out what the kind of the step made of it. */
void step_judged(struct session *s, const struct step_verdict *v)
{
    static const enum tone tones[] = {[STEP_NOT_ASKED] = TONE_DIM,
                                      [STEP_UNCLEAR] = TONE_WARN,
                                      [STEP_WRONG] = TONE_WARN,
                                      [STEP_RIGHT] = TONE_NORMAL};
    if (v->replies)
        session_feedback_text(s, v->is == STEP_RIGHT ? TONE_GOOD : tones[v->is],
                              v->reply, "reply");
    if (v->is == STEP_RIGHT)
        forecast_add(s, v);
    if (v->say[0] != '\0')
        session_say(s, tones[v->is], "%s", v->say);
    if (v->is == STEP_RIGHT)
        step_close(s, STEP_DONE);
    else if (v->is == STEP_WRONG)
        count_wrong(s);
}

static void state_prevention(struct session *s, int number)
{
    char text[16];
    snprintf(text, sizeof text, "%d", number);
    sheet_state(s, SHEET_prevent, text, false);
}

void step_answer(struct session *s, const struct step_answer *a)
{
    const struct step *st = step_current(s);
    struct step_verdict v = {0};
    if (!st || !st->kind->answer) {
        session_say(s, TONE_DIM, "No question is open.");
        return;
    }
    st->kind->answer(st, a, &v);
    if (st->kind->prevents && v.is != STEP_UNCLEAR)
        state_prevention(s, a->number);
    step_judged(s, &v);
}

void step_update(struct session *s, const struct update *u)
{
    const struct step *st = step_current(s);
    struct step_verdict v = {0};
    if (!st || !st->kind->update)
        return;
    st->kind->update(st, u, &v);
    step_judged(s, &v);
}

/* ---- help ------------------------------------------------------------------------ */

/* The hints that cost nothing: those behind them, and the last of several, hold commands
 * or the answer itself. */
enum { NUDGES = 2 };

static bool gives_away(const struct step *st, size_t hint)
{
    return hint > NUDGES || (hint == st->nhints && hint > 1);
}

size_t steps_shown(const struct session *s)
{
    size_t n = 0;
    for (size_t i = 0; i < lesson_steps(s->lesson); i++)
        n += s->status[i] == STEP_SHOWN;
    return n;
}

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
    struct buf words;
    buf_init(&words, 0);
    session_show(s, &st->hints[s->hints_shown - 1], "hint", &words);
    session_say(s, TONE_ACCENT, "Hint %zu of %zu. %s", s->hints_shown, st->nhints,
                words.s);
    buf_release(&words);
    if (gives_away(st, s->hints_shown))
        s->status[s->step] = STEP_SHOWN;
    else if (s->hints_shown < st->nhints && gives_away(st, s->hints_shown + 1))
        session_say(s, TONE_DIM,
                    "The next hint shows it: the step then counts as shown, "
                    "and not as yours.");
}

void step_solution(struct session *s)
{
    const struct step *st = step_current(s);
    if (!st) {
        session_say(s, TONE_DIM, "There is no step to solve.");
        return;
    }
    struct step_item it;
    bool shown = st->nsolution > 0;
    for (size_t i = 0; step_item(st, i, &it); i++)
        if (it.right) {
            session_say(s, TONE_ACCENT, "Answer %d: %s", it.number, it.text);
            shown = true;
        }
    for (size_t i = 0; i < st->nsolution; i++)
        session_say(s, TONE_ACCENT, "  %s", st->solution[i]);
    struct buf found;
    buf_init(&found, 64);
    if (st->kind->spends && session_best_line(s, &found))
        session_say(s, TONE_ACCENT, "  %s", found.s);
    else if (st->finding && finding_truth(s, st->finding, &found))
        session_say(s, TONE_ACCENT, "Answer: %s", found.s);
    else if (!shown)
        session_say(s, TONE_DIM, "Nobody can show this: say what you expect, and see.");
    buf_release(&found);
    s->status[s->step] = STEP_SHOWN;
}
