/*
 * A line from the learner. The console looks and proposes effects; here they are
 * carried out, and the line goes on the tape. Lines that only move the clock are not
 * taped: the time of the next entry says how far it moved, and so a wait can be
 * interrupted.
 */
#include "prevent.h"
#include "session_internal.h"
#include "sheet.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ---- effects --------------------------------------------------------------------- */

static void do_action(struct session *s, const struct effect *x)
{
    assert(s->run.world && x->kind == EFFECT_ACTION);
    struct errmsg why = {0};
    bool first = !s->fork.world && !s->practice;
    if (first && run_fork(&s->fork, &s->run, &why) != ERR_OK)
        session_say(s, TONE_BAD, "%s", why.text);
    forecast_changing(s, &x->action);
    if (run_apply(&s->run, &x->action, "you", &why) != ERR_OK) {
        session_say(s, TONE_BAD, "%s", why.text);
        if (first)
            run_release(&s->fork); /* nothing was changed yet */
        return;
    }
    action_remember(s, &x->action);
    forecast_changed(s);
    if (x->text)
        session_say(s, TONE_NORMAL, "%s", x->text);
    sim_time now = run_now(&s->run);
    if (s->run.busy_until > now)
        session_wait(s, s->run.busy_until - now);
}

/* ---- what each effect does ------------------------------------------------------- */

static void do_answer(struct session *s, const struct effect *x)
{
    step_answer(s, &(struct step_answer){.number = (int)x->number, .words = x->text});
}

/* Bare, the choices; an open step that asks it gets the answer. */
static bool do_prevent(struct session *s, const char *text)
{
    const struct step *st = step_current(s);
    if (st && st->kind->prevents && text[0]) {
        step_answer(s, &(struct step_answer){.number = (int)strtol(text, NULL, 10),
                                             .words = text});
        return true;
    }
    if (!text[0] || !prevent_may_ask(s)) {
        prevent_show(s);
        return true;
    }
    return false;
}

static void do_state(struct session *s, const struct effect *x)
{
    enum sheet_line line = sheet_line_named(x->line);
    if (line == SHEET_prevent && do_prevent(s, x->text))
        return;
    sheet_state(s, line, x->text, false);
    session_say(s, TONE_NORMAL, "On your sheet, %s: %s.",
                sheet_line_kind(line)->heading, x->text);
    finding_stated(s, line, x->text);
}

/* The last update: how it stands, for everybody. */
static void do_resolve(struct session *s, const struct effect *x)
{
    if (x->text)
        sheet_state(s, SHEET_state, x->text, true);
    mem_free(s->claimed);
    s->claimed = mem_strdup(x->text ? x->text : "");
    session_finish(s);
}

static void do_wait(struct session *s, const struct effect *x)
{
    session_wait(s, x->duration);
}

static void do_speed(struct session *s, const struct effect *x)
{
    session_set_speed(s, x->number);
}

static void do_pause(struct session *s, const struct effect *x)
{
    (void)x;
    session_pause(s, !s->paused);
}

static void do_rewind(struct session *s, const struct effect *x)
{
    struct errmsg why = {0};
    if (session_rewind(s, x->at, &why) != ERR_OK)
        session_say(s, TONE_BAD, "%s", why.text);
}

static void do_seen(struct session *s, const struct effect *x)
{
    if (s->over)
        return;
    strings_add(&s->seen, x->text);
    strings_add(&s->seen_ever, x->text);
    evidence_look(s, x->text);
}

static void do_sheet(struct session *s, const struct effect *x)
{
    (void)x;
    sheet_show(s);
}

static void do_hint(struct session *s, const struct effect *x)
{
    (void)x;
    step_hint(s);
}

static void do_skip(struct session *s, const struct effect *x)
{
    (void)x;
    step_skip(s, STEP_SKIPPED);
}

static void do_reset(struct session *s, const struct effect *x)
{
    (void)x;
    s->reset = !s->replaying;
}

static void do_solution(struct session *s, const struct effect *x)
{
    (void)x;
    step_solution(s);
}

static void do_ask(struct session *s, const struct effect *x)
{
    people_ask(s, (size_t)x->number, x->text);
}

static void do_why(struct session *s, const struct effect *x)
{
    if (x->text)
        session_say(s, TONE_NORMAL, "%s", x->text);
    if (!s->over && step_current(s))
        s->status[s->step] = STEP_SHOWN;
}

/* Each of its actions is the learner's, as if it had been typed. */
static void do_improve(struct session *s, const struct effect *x)
{
    size_t which = (size_t)x->number;
    const struct improvement_actions *a = &s->run.stage->lw.improvements[which];
    for (size_t i = 0; i < a->n; i++)
        do_action(s, &(struct effect){.kind = EFFECT_ACTION, .action = a->list[i]});
    s->run.improved_at[which] = run_now(&s->run);
    session_say(s, TONE_GOOD, "%s", x->text);
}

/* The deed of a kind of effect, and when it may be done. */
struct deed {
    void (*run)(struct session *s, const struct effect *x);
    bool time;  /* moves the clock alone: nothing for the tape */
    bool looks; /* leaves the run as it is: may be when it is over */
};
static const struct deed deeds[] = {
    [EFFECT_ACTION] = {.run = do_action},
    [EFFECT_WAIT] = {.run = do_wait, .time = true},
    [EFFECT_SPEED] = {.run = do_speed, .time = true},
    [EFFECT_PAUSE] = {.run = do_pause, .time = true},
    [EFFECT_REWIND] = {.run = do_rewind},
    [EFFECT_SEEN] = {.run = do_seen, .looks = true},
    [EFFECT_SUSPECT] = {.run = note_suspect},
    [EFFECT_RULE_OUT] = {.run = note_rule_out},
    [EFFECT_NOTE] = {.run = note_note},
    [EFFECT_STATE] = {.run = do_state},
    [EFFECT_SHEET] = {.run = do_sheet, .looks = true},
    [EFFECT_SAY] = {.run = note_say},
    [EFFECT_HINT] = {.run = do_hint},
    [EFFECT_SKIP] = {.run = do_skip},
    [EFFECT_RESET] = {.run = do_reset, .looks = true},
    [EFFECT_SOLUTION] = {.run = do_solution},
    [EFFECT_ANSWER] = {.run = do_answer},
    [EFFECT_IMPROVE] = {.run = do_improve},
    [EFFECT_ASK] = {.run = do_ask},
    [EFFECT_RESOLVE] = {.run = do_resolve},
    [EFFECT_WHY] = {.run = do_why, .looks = true},
};
_Static_assert(COUNT_OF(deeds) == EFFECT_KINDS, "each kind of effect has a line");

static void do_effect(struct session *s, const struct effect *x)
{
    deeds[x->kind].run(s, x);
    session_touch(s);
}

static bool only_time(const struct effects *fx)
{
    for (size_t i = 0; i < fx->n; i++)
        if (!deeds[fx->list[i].kind].time)
            return false;
    return fx->n > 0;
}

/* ---- a line ---------------------------------------------------------------------- */

static void set_confirm(struct session *s, const char *text)
{
    mem_free(s->confirm);
    s->confirm = text ? mem_strdup(text) : NULL;
    session_touch(s);
}

/* Hands are busy: the next change applies when they are free. */
static enum err wait_for_hands(struct session *s, struct errmsg *why)
{
    enum err e = session_run_to(s, s->run.busy_until, why);
    s->wait_until = 0;
    return e;
}

static void run_effects(struct session *s, const char *line, const struct out *out,
                        const struct effects *fx)
{
    bool time = only_time(fx);
    if (!time && !s->over)
        tape_put(s, "cmd", line);
    session_say(s, TONE_PROMPT, "> %s", line);
    session_print(s, out);
    for (size_t i = 0; i < fx->n; i++)
        do_effect(s, &fx->list[i]);
    if (!time)
        step_check(s);
    s->target = run_now(&s->run);
}

static enum err console_once(struct session *s, const char *line, struct out *out,
                             struct effects *fx)
{
    struct console_ctx ctx;
    session_console(s, &ctx);
    out_init(out);
    memset(fx, 0, sizeof *fx);
    return console_run(&ctx, line, out, fx);
}

/* The effects of a line, once the hands that it needs are free. */
static enum err propose(struct session *s, const char *line, struct out *out,
                        struct effects *fx, struct errmsg *why)
{
    enum err e = console_once(s, line, out, fx);
    if (e != ERR_OK || !fx->changes || run_now(&s->run) >= s->run.busy_until)
        return e;
    e = wait_for_hands(s, why);
    if (e != ERR_OK)
        return e;
    effects_release(fx);
    out_release(out);
    return console_once(s, line, out, fx);
}

/* Each field of an update says something that can be held against what is so. */
static enum err update_readable(const struct session *s, const struct update *u,
                                struct errmsg *no)
{
    for (enum update_field i = 0; i < UPDATE_FIELD_COUNT; i++) {
        const char *text = update_text(u, i);
        struct errmsg why = {0};
        if (text && *text && !sheet_readable(s, sheet_line_of(i), text, &why))
            return errmsg_set(no, ERR_INPUT, "--%s says \"%.60s\". %s",
                              update_field_word(i), text, why.text);
    }
    return ERR_OK;
}

/* ERR_OK: a line may be carried out now; else why not. When it is over nothing is changed
 * or noted any more; on call nobody explains; the sheet takes what can be judged. */
static enum err refused(const struct session *s, const struct effects *fx,
                        struct errmsg *no)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < fx->n; i++) {
        const struct effect *x = &fx->list[i];
        if (s->over && !deeds[x->kind].looks)
            e = errmsg_set(no, ERR_REFUSED,
                           "It is over: look around, but nothing changes now.");
        else if (x->kind == EFFECT_ACTION && lesson_design(s->lesson))
            e = errmsg_set(
                no, ERR_REFUSED,
                "Here nothing is changed by hand: improve lists what can be chosen.");
        else if (!s->over && x->kind == EFFECT_WHY && mode_on_call(s->mode))
            e = errmsg_set(no, ERR_REFUSED,
                           "On call nobody explains it. When it is over, why is free.");
        else if (x->kind == EFFECT_STATE &&
                 !sheet_readable(s, sheet_line_named(x->line), x->text, no))
            e = ERR_INPUT;
        else if (!s->over && x->kind == EFFECT_SAY)
            e = update_readable(s, &x->update, no);
    }
    return e;
}

enum err input_apply(struct session *s, const char *line, bool confirmed,
                     struct errmsg *why)
{
    struct out out;
    struct effects fx;
    set_confirm(s, NULL);
    enum err e = propose(s, line, &out, &fx, why);
    struct errmsg no = {0};
    enum err not_now = e == ERR_OK ? refused(s, &fx, &no) : ERR_OK;
    if (not_now != ERR_OK) {
        out_reset(&out);
        out_line(&out, TONE_WARN, "%s", no.text);
        e = not_now;
    }
    if (e != ERR_OK) {
        session_say(s, TONE_PROMPT, "> %s", line);
        session_print(s, &out);
        if (step_current(s) && step_current(s)->nchoices > 0)
            session_say(s, TONE_DIM,
                        "A question is open: type the number of your answer.");
        else if (step_current(s) && step_current(s)->finding)
            session_say(s, TONE_DIM, "A question is open. %s",
                        step_how(step_current(s)).shown);
        errmsg_set(why, e, "%.400s", out.text.s);
    } else if (fx.confirm && !confirmed) {
        set_confirm(s, fx.confirm);
        e = ERR_STOPPED;
    } else {
        run_effects(s, line, &out, &fx);
    }
    effects_release(&fx);
    out_release(&out);
    session_touch(s);
    return e;
}

static bool blank(const char *line)
{
    return line[strspn(line, " \t\r\n")] == '\0';
}

/* A step says: type "ps checkout". Whoever types the quotes, too, means the same. */
static bool in_quotes(const char *line, char *bare, size_t size)
{
    assert(size > 0);
    size_t n = strlen(line);
    if (n < 3 || n > size || line[0] != '"' || strchr(line + 1, '"') != line + n - 1)
        return false;
    memcpy(bare, line + 1, n - 2);
    bare[n - 2] = '\0';
    return true;
}

/* Reads the words typed at an open question as the console reads an answer: "2.", "2)"
 * and "two" are 2, and words count in any case. False: it is no answer. */
static bool bare_answer(const struct session *s, const char *typed, char *as,
                        size_t size)
{
    size_t n = strcspn(typed + strspn(typed, " \t"), " \t");
    const char *word = typed + strspn(typed, " \t");
    if (!step_holds(s) || n == 0 || n >= size || word[n + strspn(word + n, " \t")])
        return false;
    for (size_t i = 1; i <= 9; i++)
        if (strlen(number_words[i]) == n &&
            strncasecmp(number_words[i], word, n) == 0) {
            as[0] = (char)('0' + i), as[1] = '\0';
            return true;
        }
    size_t digits = strspn(word, "0123456789");
    if (digits == 0 || digits + 1 != n || !strchr(".)", word[digits]))
        return false;
    memcpy(as, word, digits);
    as[digits] = '\0';
    return true;
}

/* "eval EXPRESSION" in a draft: asks and says, and leaves nothing behind, on no tape. */
static bool draft_takes(struct session *s, const char *text)
{
    static const char word[] = "eval";
    size_t n = sizeof word - 1;
    struct lesson_facts f = run_facts(&s->run);
    struct errmsg why = {0};
    struct buf b;
    if (!lesson_is_draft(s->lesson) || strncmp(text, word, n) != 0 ||
        (text[n] != ' ' && text[n] != '\0'))
        return false;
    session_say(s, TONE_PROMPT, "> %s", text);
    buf_init(&b, 0);
    if (blank(text + n))
        session_say(s, TONE_DIM, "eval EXPRESSION, such as: eval s:good(min(1))");
    else if (lesson_eval(s->run.lua, &f, text + n + 1, &b, &why) == ERR_OK)
        session_say(s, TONE_NORMAL, "%s", b.s);
    else
        session_say(s, TONE_BAD, "%s", why.text);
    buf_release(&b);
    return true;
}

enum err session_line(struct session *s, const char *line, bool confirmed,
                      struct errmsg *why)
{
    enum err e = session_come(s, NULL, why);
    if (e != ERR_OK)
        return e;
    session_settle(s);
    if (s->phase == PHASE_BRIEFING || blank(line))
        session_read(s);
    if (blank(line))
        return ERR_OK;
    s->unread = false;
    /* Cleaned before it is measured, taped or shown: a tape is text. */
    struct buf clean;
    char bare[256];
    buf_init(&clean, 0);
    text_clean(&clean, line, strlen(line), false);
    const char *text = in_quotes(clean.s, bare, sizeof bare) ||
                               bare_answer(s, clean.s, bare, sizeof bare)
                           ? bare
                           : clean.s;
    if (draft_takes(s, text))
        e = ERR_OK;
    else if (!blank(text) && !form_takes(s, text, confirmed, &e, why) &&
             !finding_takes(s, text))
        e = input_apply(s, text, confirmed, why);
    buf_release(&clean);
    return e;
}
