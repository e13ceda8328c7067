/*
 * What a face reads of a session, and what the console is told of it.
 */
#include "session_internal.h"

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

const struct session_view *session_view(const struct session *cs)
{
    struct session *s =
        (struct session *)(uintptr_t)cs; /* the cache is not part of its state */
    struct session_view *v = &s->view;
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
        .asking = s->phase == PHASE_PLAY &&
                  (step_holds(s) || finding_open(s) || s->form.open),
        .speed = s->speed,
        .wait_until = s->wait_until,
        .seed = s->seed,
        .mode = s->mode,
        .practice = s->practice,
        .reset = s->reset,
        .users_hidden = session_users_hidden(s),
        .known = session_known(s),
        .nknown = s->nknown,
        .slo = recording_slo(s->run.rec, run_now(&s->run)),
        .users_lost = run_bad(&s->run, li->starts_at),
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
    ctx->users_hidden = session_users_hidden(s);
    ctx->known = session_view(s)->known;
    ctx->step_say = session_view(s)->say;
    ctx->finished = s->phase == PHASE_DEBRIEF;
    ctx->on_call = s->mode == MODE_ONCALL;
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
                      "while you read, type or answer; hints cost nothing.");
        return;
    }
    buf_addf(out,
             "You are on call, alone: no steps, no hints. %s Repair it; users must "
             "then stay well for ",
             clock);
    time_format(out, lesson_info(s->lesson)->good_for);
    buf_adds(out,
             ". When you think it is over, say so: resolve. Some nights nothing is "
             "wrong: then change nothing, and say so.");
}

void session_complete(const struct session *s, const char *line, size_t cursor,
                      struct completions *out)
{
    struct console_ctx ctx;
    session_console(s, &ctx);
    console_complete(&ctx, line, cursor, out);
}
