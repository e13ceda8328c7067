/*
 * The view that a face has of a session, and the one for the console.
 */
#include "design.h"
#include "session_internal.h"
#include "sheet.h"
#include "twin.h"

#include <string.h>

static size_t firing(const struct recording *rec)
{
    size_t n = 0;
    for (size_t i = 0; i < recording_alerts(rec); i++)
        n += recording_alert(rec, i).until == SIM_FOREVER;
    return n;
}

static void view_notes(struct session *s, struct session_view *v)
{
    s->note_views = mem_grow(s->note_views, s->nnotes + 1, sizeof *s->note_views);
    for (size_t i = 0; i < s->nnotes; i++) {
        const struct note *n = &s->notes[i];
        s->note_views[i] = (struct note_view){
            .at = n->at, .kind = n->kind, .open = n->open, .text = n->text};
    }
    v->notes = s->note_views;
    v->nnotes = s->nnotes;
}

/* NULL: it says nothing now. */
static void render(struct session *s, const struct text *t, char **out)
{
    struct buf words;
    mem_free(*out);
    buf_init(&words, 0);
    *out = session_text(s, t, &words) ? mem_strdup(words.s) : NULL;
    buf_release(&words);
}

static void view_words(struct session *s)
{
    const struct step *st = step_current(s);
    size_t n = !st ? 0 : s->hints_shown < st->nhints ? s->hints_shown : st->nhints;
    struct buf words;
    buf_init(&words, 0);
    mem_free(s->say);
    s->say = step_words(s, &words) ? mem_strdup(words.s) : NULL;
    buf_release(&words);
    render(s, n ? &st->hints[n - 1] : NULL, &s->hint);
}

bool session_users_hidden(const struct session *s)
{
    const struct slo *slo = model_get_slo(s->run.stage->lw.model);
    return slo && slo->hidden && s->phase != PHASE_DEBRIEF;
}

/* By the twin, where spare time has brought it here; a frame never waits for it. */
static void view_lost(struct session *s, struct session_view *v)
{
    if (s->spoken && s->phase == PHASE_PLAY) /* no frame that could be late */
        session_twin(s);
    sim_time now = run_now(&s->run);
    v->lost_since = SIM_FOREVER;
    v->lost_known = s->twin.run.world && !s->twin_failed &&
                    run_now(&s->twin.run) >= now / SIM_SEC * SIM_SEC;
    if (!v->lost_known)
        return;
    struct impact h = impact_of(s->run.rec, s->twin.run.rec, COMP_NONE, 0, now);
    v->users_lost = h.lost;
    v->lost_since = h.since;
}

/* On the way to the page: all that the page needs, and nothing that looks at the night. */
static const struct session_view *view_opening(struct session *s)
{
    const struct lesson_info *li = lesson_info(s->lesson);
    double opened = 0;
    if (li->starts_at > 0)
        opened = (double)run_now(&s->run) / (double)li->starts_at;
    s->view = (struct session_view){
        .lesson = s->lesson,
        .world = s->run.world,
        .rec = s->run.rec,
        .now = li->starts_at,
        .day_start = li->day_start,
        .phase = PHASE_BRIEFING,
        .hold = HOLD_READING,
        .opened = opened,
        .failed = s->failed.text[0] ? s->failed.text : NULL,
        .speed = s->speed,
        .seed = s->seed,
        .mode = s->mode,
        .nsteps = s->mode == MODE_GUIDED ? lesson_steps(s->lesson) : 0,
        .status = s->status,
        .lost_since = SIM_FOREVER,
        .transcript = &s->transcript,
        .version = s->version};
    return &s->view;
}

const struct session_view *session_view(const struct session *cs)
{
    struct session *s =
        (struct session *)(uintptr_t)cs; /* the cache is not part of its state */
    struct session_view *v = &s->view;
    if (s->opening)
        return view_opening(s);
    if (v->lesson && v->version == s->version && v->now == run_now(&s->run))
        return v;
    const struct lesson_info *li = lesson_info(s->lesson);
    view_words(s);
    *v = (struct session_view){
        .lesson = s->lesson,
        .world = s->run.world,
        .rec = s->run.rec,
        .now = run_now(&s->run),
        .day_start = li->day_start,
        .phase = s->phase,
        .hold = session_hold(s),
        .opened = 1,
        .asking = s->phase == PHASE_PLAY &&
                  (step_holds(s) || finding_open(s) || s->form.open),
        .speed = s->speed,
        .wait_until = s->wait_until,
        .seed = s->seed,
        .mode = s->mode,
        .blind = s->mode == MODE_BLIND && s->phase != PHASE_DEBRIEF,
        .practice = s->practice,
        .reset = s->reset,
        .users_hidden = session_users_hidden(s),
        .known = session_known(s),
        .nknown = s->nknown,
        .slo = recording_slo(s->run.rec, run_now(&s->run)),
        .alerts_firing = firing(s->run.rec),
        .step = s->step,
        .nsteps = s->mode == MODE_GUIDED ? lesson_steps(s->lesson) : 0,
        .current = step_current(s),
        .status = s->status,
        .say = s->say,
        .hint = s->hint,
        .hints_shown = s->hints_shown,
        .feedback = s->feedback,
        .confirm = s->confirm,
        .tickets = s->people.inbox,
        .ntickets = s->people.n,
        .unread_tickets = s->people.n - s->tickets_read,
        .pages = s->people.pages,
        .transcript = &s->transcript,
        .version = s->version,
    };
    view_lost(s, v);
    view_notes(s, v);
    return v;
}

void session_console(const struct session *s, struct console_ctx *ctx)
{
    run_console(&s->run, ctx);
    ctx->tickets = s->people.inbox;
    ctx->ntickets = s->people.n;
    ctx->people = s->bystanders;
    ctx->npeople = lesson_persons(s->lesson);
    const struct session_view *v = session_view(s);
    ctx->users_hidden = session_users_hidden(s);
    ctx->known = v->known;
    ctx->lost_known = v->lost_known;
    ctx->users_lost = v->users_lost;
    ctx->lost_since = v->lost_since;
    ctx->step_say = session_view(s)->say;
    ctx->finished = s->phase == PHASE_DEBRIEF;
    ctx->on_call = mode_on_call(s->mode);
    ctx->may_rewind = s->mode == MODE_GUIDED;
    ctx->practice = s->practice;
    ctx->columns = s->columns;
    ctx->ascii = s->ascii;
    ctx->spoken = s->spoken;
}

void session_rules(const struct session *s, struct buf *out)
{
    const char *clock = s->spoken ? "The clock stands still at the prompt."
                                  : "The clock runs, even while you read and type.";
    if (lesson_is_draft(s->lesson)) {
        buf_adds(out, "A draft: every command works, and eval asks the running system "
                      "what a predicate would: eval s:good(min(1)).");
        return;
    }
    if (s->mode == MODE_GUIDED) {
        buf_adds(out, "Every command works on a running system. The clock stands still "
                      "while you read, type or answer; first hints cost nothing.");
        return;
    }
    if (lesson_design(s->lesson)) {
        design_rules(s, clock, out);
        return;
    }
    bool blind = s->mode == MODE_BLIND;
    buf_addf(
        out,
        "You are on call, alone: no steps, no hints. %s %s must then stay well for ",
        clock,
        blind ? "Find out whether something is wrong. If so, repair it; users"
              : "Repair it; users");
    time_format(out, lesson_info(s->lesson)->good_for);
    buf_adds(out, ". When you think it is over, say so: resolve.");
    if (blind)
        buf_adds(out,
                 " On some nights nothing is wrong. Then change nothing, and close it: "
                 "hurt nobody, resolve closed.");
}

void session_page(const struct session *s, struct buf *out)
{
    const struct people *p = &s->people;
    const char *page = lesson_info(s->lesson)->page; /* a draft may not say */
    if (s->mode != MODE_BLIND && page)
        buf_adds(out, page);
    else if (s->mode != MODE_BLIND || p->n == 0)
        buf_adds(out, "Nothing yet. Your shift begins.");
    for (size_t i = 0; s->mode == MODE_BLIND && i < p->n; i++)
        buf_addf(out, "%s%s: %s", i > 0 ? "\n\n" : "", p->inbox[i].who,
                 p->inbox[i].text);
}

/* The beginning of a command that takes what the open step asks for; NULL: what it asks for
 * has no list. `one`: it is a word, and nothing follows. */
static const char *asked_as(const struct session *s, bool *one)
{
    const struct step *st = s->phase == PHASE_PLAY ? step_current(s) : NULL;
    const struct finding *f = st ? st->finding : NULL;
    *one = f && f->of != FINDING_SUSPECT && f->of != FINDING_HURT;
    if (!f)
        return NULL;
    if (f->of == FINDING_SUSPECT || f->of == FINDING_COMPONENT ||
        f->of == FINDING_CLIENT)
        return "suspect ";
    if (f->of == FINDING_HURT)
        return "hurt ";
    if (f->of == FINDING_TRIGGER)
        return "trigger ";
    return f->of == FINDING_STANDS ? "say --state " : NULL;
}

static bool offered(const struct completions *o, const char *word)
{
    for (size_t i = 0; i < o->n; i++)
        if (str_eq(o->words[i], word))
            return true;
    return false;
}

/* Puts the words of `more` before those of `out`. */
static void put_before(struct completions *out, const struct completions *more)
{
    struct completions all = {0};
    for (size_t k = 0; k < 2; k++) {
        const struct completions *from = k == 0 ? more : out;
        for (size_t i = 0; i < from->n; i++) {
            if (offered(&all, from->words[i]))
                continue;
            size_t cap = all.cap; /* of both arrays */
            ARENA_GROW(&all.mem, all.words, all.n, cap);
            ARENA_GROW(&all.mem, all.docs, all.n, all.cap);
            all.words[all.n] = arena_strdup(&all.mem, from->words[i]);
            all.docs[all.n++] = arena_strdup(&all.mem, from->docs[i]);
        }
    }
    all.start = out->start;
    all.usage = out->usage;
    completions_release(out);
    *out = all;
}

/* At an open find step the bare answer is typed: its words come first, then commands. */
static void complete_answer(const struct session *s, const struct console_ctx *ctx,
                            const char *line, size_t cursor, struct completions *out)
{
    bool one;
    struct buf as;
    struct completions more = {0};
    const char *before = asked_as(s, &one);
    size_t first = strspn(line, " ");
    if (!before || line_is_command(line + first))
        return;
    buf_init(&as, 0);
    buf_addf(&as, "%s%s", before, line);
    size_t n = strlen(before);
    console_complete(ctx, as.s, cursor + n, &more);
    if (more.start >= n && more.n > 0 && (!one || more.start - n <= first)) {
        out->start = more.start - n;
        put_before(out, &more);
    }
    completions_release(&more);
    buf_release(&as);
}

void session_complete(const struct session *s, const char *line, size_t cursor,
                      struct completions *out)
{
    struct console_ctx ctx;
    session_console(s, &ctx);
    console_complete(&ctx, line, cursor, out);
    complete_answer(s, &ctx, line, cursor, out);
}
