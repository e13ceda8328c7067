/*
 * A line from the learner. The console looks and proposes effects; here they are
 * carried out, and the line goes on the tape. Lines that only move the clock are not
 * taped: the time of the next entry says how far it moved, and so a wait can be
 * interrupted.
 */
#include "session_internal.h"

#include <stdlib.h>
#include <string.h>

/* ---- effects
 * ---------------------------------------------------------------------------------- */

static bool only_time(const struct effects *fx)
{
    for (size_t i = 0; i < fx->n; i++) {
        enum effect_kind k = fx->list[i].kind;
        if (k != EFFECT_WAIT && k != EFFECT_SPEED && k != EFFECT_PAUSE)
            return false;
    }
    return fx->n > 0;
}

static void do_action(struct session *s, const struct effect *x)
{
    struct errmsg why = {0};
    bool first = !s->fork.world && !s->practice;
    if (first && run_fork(&s->fork, &s->run, &why) != ERR_OK)
        session_say(s, TONE_BAD, "%s", why.text);
    if (run_apply(&s->run, &x->action, "you", &why) != ERR_OK) {
        session_say(s, TONE_BAD, "%s", why.text);
        if (first)
            run_release(&s->fork); /* nothing was changed yet */
        return;
    }
    action_remember(s, &x->action);
    forecast_arm(s);
    if (x->text)
        session_say(s, TONE_NORMAL, "%s", x->text);
    sim_time now = run_now(&s->run);
    if (s->run.busy_until > now)
        session_wait(s, s->run.busy_until - now);
}

/* A notebook of this many lines is no help to anybody; its last pages are for what the
 * debrief asks for. */
#define NOTES_MAX      500
#define NOTES_RESERVED 100

static bool notebook_full(struct session *s, char kind)
{
    if (s->nnotes < (kind == 'n' ? NOTES_MAX - NOTES_RESERVED : NOTES_MAX))
        return false;
    session_say(s, TONE_WARN, "The notebook is full.");
    return true;
}

static struct note *add_note(struct session *s, char kind, const char *text)
{
    if (s->nnotes == s->notes_cap) {
        s->notes_cap = s->notes_cap ? 2 * s->notes_cap : 8;
        s->notes = mem_grow(s->notes, s->notes_cap, sizeof(*s->notes));
    }
    struct note *n = &s->notes[s->nnotes++];
    *n = (struct note){.at = run_now(&s->run),
                       .kind = kind,
                       .open = true,
                       .comp = COMP_NONE,
                       .mechanism = MECHANISM_COUNT,
                       .text = mem_strdup(text)};
    session_touch(s);
    return n;
}

static bool suspicion_right(const struct session *s, comp_id c, enum mechanism m)
{
    const struct model *model = s->run.stage->lw.model;
    for (size_t i = 0; i < lesson_accepts(s->lesson); i++) {
        const struct accepted *a = lesson_accept(s->lesson, i);
        if (a->mechanism == m && model_find(model, a->component) == c)
            return true;
    }
    return false;
}

static size_t open_suspicions(const struct session *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->nnotes; i++)
        n += s->notes[i].kind == 's' && s->notes[i].open;
    return n;
}

/* The facts of a component that the learner has really looked at. */
static void facts_seen(const struct session *s, comp_id c, struct buf *b)
{
    const char *name = model_name(s->run.stage->lw.model, c);
    size_t n = strlen(name);
    for (size_t i = 0; i < s->seen_ever.n; i++) {
        const char *f = s->seen_ever.s[i];
        if (str_starts(f, name) && f[n] == ':')
            buf_addf(b, "%s%s", b->len ? ", " : "", f + n + 1);
    }
}

static void tell_suspicion(struct session *s, comp_id c, enum mechanism m)
{
    struct buf facts;
    buf_init(&facts, 400);
    facts_seen(s, c, &facts);
    session_say(s, TONE_NORMAL, "Noted: %s in %s. What you looked at there: %s.",
                mechanism_word(m), model_name(s->run.stage->lw.model, c),
                facts.len ? facts.s : "nothing yet");
    buf_release(&facts);
}

static void do_suspect(struct session *s, const struct effect *x)
{
    if (notebook_full(s, 's'))
        return;
    if (open_suspicions(s) >= 2) {
        session_say(s, TONE_WARN,
                    "Two suspicions are open already. Rule one out first: rule-out "
                    "COMPONENT MECHANISM because ...");
        return;
    }
    struct buf b;
    buf_init(&b, 600);
    buf_addf(&b, "%s %s", model_name(s->run.stage->lw.model, x->comp),
             mechanism_word(x->mechanism));
    if (x->text && *x->text)
        buf_addf(&b, " because %s", x->text);
    struct note *n = add_note(s, 's', b.s);
    buf_release(&b);
    n->comp = x->comp;
    n->mechanism = x->mechanism;
    n->right = suspicion_right(s, x->comp, x->mechanism);
    s->run.suspected |= n->right;
    tell_suspicion(s, x->comp, x->mechanism);
}

static void do_rule_out(struct session *s, const struct effect *x)
{
    if (notebook_full(s, 'r'))
        return;
    s->run.suspected = false;
    for (size_t i = 0; i < s->nnotes; i++) {
        struct note *n = &s->notes[i];
        if (n->kind == 's' && n->comp == x->comp &&
            (x->mechanism == MECHANISM_COUNT || x->mechanism == n->mechanism))
            n->open = false;
        s->run.suspected |= n->kind == 's' && n->open && n->right;
    }
    struct buf b;
    buf_init(&b, 600);
    buf_addf(&b, "%s %s", model_name(s->run.stage->lw.model, x->comp),
             x->mechanism == MECHANISM_COUNT ? "" : mechanism_word(x->mechanism));
    if (x->text && *x->text)
        buf_addf(&b, " because %s", x->text);
    struct note *n = add_note(s, 'r', b.s);
    n->comp = x->comp;
    n->mechanism = x->mechanism;
    buf_release(&b);
    session_say(s, TONE_NORMAL, "Ruled out.");
}

/* ---- status updates
 * ------------------------------------------------------------------------------- */

/* The first whole number in a text; thousands may be grouped by commas or spaces. */
static bool first_number(const char *t, uint64_t *out)
{
    while (*t && (*t < '0' || *t > '9'))
        t++;
    if (!*t)
        return false;
    uint64_t v = 0;
    for (; *t; t++) {
        if (*t >= '0' && *t <= '9')
            v = v < UINT64_MAX / 20 ? v * 10 + (uint64_t)(*t - '0') : v;
        else if (!((*t == ',' || *t == ' ') && t[1] >= '0' && t[1] <= '9'))
            break;
    }
    *out = v;
    return true;
}

static bool within_factor_two(uint64_t said, uint64_t truth)
{
    if (said == truth)
        return true;
    return said > 0 && truth > 0 && said <= 2 * truth && truth <= 2 * said;
}

static void tell_update(struct session *s, const struct said *u)
{
    if (u->has_number)
        session_say(s, u->honest ? TONE_GOOD : TONE_WARN,
                    "Posted. %s %llu failed or slow requests counted so far.",
                    u->honest ? "Your number holds:"
                              : "Your number is off by more than a factor of two:",
                    (unsigned long long)u->truth);
    else
        session_say(s, TONE_NORMAL, "Posted.");
}

static void do_note(struct session *s, const struct effect *x)
{
    if (notebook_full(s, 'n'))
        return;
    add_note(s, 'n', x->text);
    session_say(s, TONE_DIM, "Noted.");
}

static void do_say(struct session *s, const struct effect *x)
{
    if (notebook_full(s, 'u'))
        return;
    const struct update *f = &x->update;
    const char *all[5] = {f->who, f->since, f->impact, f->state, f->next};
    struct said u = {.at = run_now(&s->run), .honest = true};
    struct buf b;
    buf_init(&b, 800);
    for (int i = 0; i < 5; i++) {
        if (!all[i] || !*all[i])
            continue;
        u.fields++;
        buf_addf(&b, "%s%s", b.len ? "; " : "", all[i]);
    }
    u.truth = run_bad(&s->run, 0);
    u.has_number = f->impact && first_number(f->impact, &u.number);
    if (u.has_number)
        u.honest = within_factor_two(u.number, u.truth);
    u.state = f->state ? mem_strdup(f->state) : NULL;
    if (s->nsaids == s->saids_cap) {
        s->saids_cap = s->saids_cap ? 2 * s->saids_cap : 4;
        s->saids = mem_grow(s->saids, s->saids_cap, sizeof(*s->saids));
    }
    s->saids[s->nsaids++] = u;
    add_note(s, 'u', b.s);
    buf_release(&b);
    tell_update(s, &u);
    step_update(s, f);
}

/* ---- the rest of them
 * -------------------------------------------------------------------------------- */

static void do_answer(struct session *s, const struct effect *x)
{
    const struct step *st = step_current(s);
    if (!st || !step_holds(s)) {
        session_say(s, TONE_DIM, "No question is open.");
        return;
    }
    if (st->kind == STEP_PREDICT)
        step_predict(s, x->text ? x->text : "");
    else
        step_answer(s, (int)x->number);
}

static void do_resolve(struct session *s, const struct effect *x)
{
    mem_free(s->claimed);
    s->claimed = mem_strdup(x->text ? x->text : "");
    session_finish(s);
}

static void do_effect(struct session *s, const struct effect *x)
{
    struct errmsg why = {0};
    switch (x->kind) {
    case EFFECT_ACTION:
        do_action(s, x);
        break;
    case EFFECT_WAIT:
        session_wait(s, x->duration);
        break;
    case EFFECT_SPEED:
        session_set_speed(s, x->number);
        break;
    case EFFECT_PAUSE:
        session_pause(s, !s->paused);
        break;
    case EFFECT_REWIND:
        if (session_rewind(s, x->at, &why) != ERR_OK)
            session_say(s, TONE_BAD, "%s", why.text);
        break;
    case EFFECT_SEEN:
        if (s->over)
            break;
        strings_add(&s->seen, x->text);
        strings_add(&s->seen_ever, x->text);
        break;
    case EFFECT_SUSPECT:
        do_suspect(s, x);
        break;
    case EFFECT_RULE_OUT:
        do_rule_out(s, x);
        break;
    case EFFECT_NOTE:
        do_note(s, x);
        break;
    case EFFECT_SAY:
        do_say(s, x);
        break;
    case EFFECT_HINT:
        step_hint(s);
        break;
    case EFFECT_SKIP:
        step_skip(s, STEP_SKIPPED);
        break;
    case EFFECT_RESET:
        session_say(s, TONE_DIM, "To start this lesson anew: Esc, then x.");
        break;
    case EFFECT_SOLUTION:
        step_solution(s);
        break;
    case EFFECT_ANSWER:
        do_answer(s, x);
        break;
    case EFFECT_RESOLVE:
        do_resolve(s, x);
        break;
    case EFFECT_WHY:
        if (x->text)
            session_say(s, TONE_NORMAL, "%s", x->text);
        break;
    }
    session_touch(s);
}

/* ---- a line
 * ---------------------------------------------------------------------------------------------
 */

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
    struct errmsg why = {0};
    if (!time && step_check(s, &why) != ERR_OK)
        session_broken(s, &why);
    s->target = run_now(&s->run);
}

static enum err console_once(struct session *s, const char *line, struct out *out,
                             struct effects *fx)
{
    struct console_ctx ctx;
    session_console(s, &ctx);
    out_init(out);
    memset(fx, 0, sizeof(*fx));
    return console_run(&ctx, line, out, fx);
}

/* What the line would do, once the hands that it needs are free. */
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

/* When it is over nothing is changed or noted any more, and nothing is taped. */
static bool too_late(const struct session *s, const struct effects *fx)
{
    for (size_t i = 0; s->over && i < fx->n; i++) {
        enum effect_kind k = fx->list[i].kind;
        if (k != EFFECT_SEEN && k != EFFECT_WHY && k != EFFECT_RESET)
            return true;
    }
    return false;
}

enum err input_apply(struct session *s, const char *line, bool confirmed,
                     struct errmsg *why)
{
    struct out out;
    struct effects fx;
    set_confirm(s, NULL);
    enum err e = propose(s, line, &out, &fx, why);
    if (e == ERR_OK && too_late(s, &fx)) {
        out_line(&out, TONE_WARN, "It is over: look around, but nothing changes now.");
        e = ERR_REFUSED;
    }
    if (e != ERR_OK) {
        session_say(s, TONE_PROMPT, "> %s", line);
        session_print(s, &out);
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

enum err session_line(struct session *s, const char *line, bool confirmed,
                      struct errmsg *why)
{
    session_settle(s);
    if (s->phase == PHASE_BRIEFING || blank(line))
        session_read(s);
    if (blank(line))
        return ERR_OK;
    /* Cleaned before it is measured, taped or shown: a tape is text. */
    struct buf clean;
    buf_init(&clean, 0);
    text_clean(&clean, line, strlen(line), false);
    enum err e = input_apply(s, clean.s, confirmed, why);
    buf_release(&clean);
    return e;
}
