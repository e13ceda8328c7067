/*
 * The learner's session: opening (and resuming by replaying the tape), the clock, and
 * the view that faces read. Inputs are in input.c, steps in steps.c, the tape in
 * tape.c.
 *
 * The clock. A tick moves `target`; the run follows it in slices of events, so that a
 * face can look for keys in between. Whatever holds time (a question, unread text) pins
 * target to now.
 */
#include "session_internal.h"

#include <string.h>

/* A wait takes at most this much of the learner's real time. */
#define WAIT_REAL (3 * SIM_SEC)
/* The transcript keeps about so many lines, and at most so many bytes of them. */
#define TRANSCRIPT_MAX   1500
#define TRANSCRIPT_KEEP  1000
#define TRANSCRIPT_BYTES (256 * 1024)
/* Room for one command's output more: it comes whole, and is trimmed then. */
#define TRANSCRIPT_LIMIT (4 * 1024 * 1024)

/* ---- strings
 * -----------------------------------------------------------------------------------
 */

bool strings_has(const struct strings *v, const char *s)
{
    for (size_t i = 0; i < v->n; i++)
        if (str_eq(v->s[i], s))
            return true;
    return false;
}

const char *strings_keep(struct strings *v, const char *s)
{
    strings_add(v, s);
    for (size_t i = 0; i < v->n; i++)
        if (str_eq(v->s[i], s))
            return v->s[i];
    return NULL;
}

bool strings_add(struct strings *v, const char *s)
{
    if (strings_has(v, s))
        return false;
    if (v->n == v->cap) {
        v->cap = v->cap ? v->cap * 2 : 16;
        v->s = mem_grow(v->s, v->cap, sizeof(*v->s));
    }
    v->s[v->n++] = mem_strdup(s);
    return true;
}

void strings_release(struct strings *v)
{
    for (size_t i = 0; i < v->n; i++)
        mem_free(v->s[i]);
    mem_free(v->s);
    memset(v, 0, sizeof(*v));
}

/* ---- saying things
 * -------------------------------------------------------------------------------- */

void session_touch(struct session *s)
{
    s->version++;
}

/* Where the r-th stretch of one tone begins; before the first run all is normal. */
static size_t tone_start(const struct out *o, size_t r)
{
    return r == 0 ? 0 : r <= o->nruns ? o->runs[r - 1].start : o->text.len;
}

/* Appends `src` from byte `from` on, tones and lines kept. */
static void transcript_copy(struct out *dst, const struct out *src, size_t from)
{
    const char *text = src->text.s;
    for (size_t r = 0; r <= src->nruns; r++) {
        enum tone tone = r == 0 ? TONE_NORMAL : (enum tone)src->runs[r - 1].tone;
        size_t at = tone_start(src, r), end = tone_start(src, r + 1);
        at = at < from ? from : at;
        while (at < end) {
            const char *nl = memchr(text + at, '\n', end - at);
            size_t n = nl ? (size_t)(nl - text) - at : end - at;
            if (n > 0)
                out_add(dst, tone, "%.*s", (int)n, text + at);
            if (nl)
                out_end(dst);
            at += n + (nl ? 1 : 0);
        }
    }
}

static void transcript_init(struct out *o)
{
    out_init(o);
    o->max_lines = SIZE_MAX;
    buf_release(&o->text);
    buf_init(&o->text, TRANSCRIPT_LIMIT);
}

/* Where the lines begin that are kept. */
static size_t transcript_start(const struct out *o)
{
    size_t drop = o->lines > TRANSCRIPT_KEEP ? o->lines - TRANSCRIPT_KEEP : 0, at = 0;
    size_t least = o->text.len > TRANSCRIPT_BYTES ? o->text.len - TRANSCRIPT_BYTES : 0;
    while ((drop > 0 || at < least) && at < o->text.len)
        if (o->text.s[at++] == '\n' && drop > 0)
            drop--;
    while (at > 0 && at < o->text.len && o->text.s[at - 1] != '\n')
        at++;
    return at;
}

/* Keeps the newest lines only. */
static void transcript_trim(struct session *s)
{
    struct out kept, *o = &s->transcript;
    if (o->lines < TRANSCRIPT_MAX && o->text.len < 2 * TRANSCRIPT_BYTES)
        return;
    transcript_init(&kept);
    transcript_copy(&kept, o, transcript_start(o));
    out_release(o);
    *o = kept;
}

void session_print(struct session *s, const struct out *o)
{
    transcript_copy(&s->transcript, o, 0);
    transcript_trim(s);
    session_touch(s);
}

void session_say(struct session *s, enum tone t, const char *fmt, ...)
{
    struct buf b;
    va_list ap;
    buf_init(&b, 0);
    va_start(ap, fmt);
    buf_vaddf(&b, fmt, ap);
    va_end(ap);
    struct buf lines;
    buf_init(&lines, 0);
    text_wrap(&lines, b.s, (size_t)s->columns);
    for (char *line = lines.s; line && *line;) {
        char *nl = strchr(line, '\n');
        if (nl)
            *nl = '\0';
        out_line(&s->transcript, t, "%s", line);
        line = nl ? nl + 1 : NULL;
    }
    buf_release(&lines);
    buf_release(&b);
    transcript_trim(s);
    session_touch(s);
}

void session_feedback(struct session *s, enum tone t, const char *text)
{
    mem_free(s->feedback);
    s->feedback = text ? mem_strdup(text) : NULL;
    if (text)
        session_say(s, t, "%s", text);
    session_touch(s);
}

void session_finish(struct session *s)
{
    if (s->phase == PHASE_DEBRIEF)
        return;
    s->phase = PHASE_DEBRIEF;
    s->over = true;
    s->wait_until = 0;
    marks_release(s); /* there is no way back from here */
    tape_time(s, true);
    session_touch(s);
}

/* ---- each second
 * ------------------------------------------------------------------------------------
 */

static void stop_wait(struct session *s)
{
    s->wait_until = 0;
    s->target = run_now(&s->run);
}

/* A predicate raised. That is the lesson's fault and no wrong answer: it is told once,
 * and the incident goes on, with a Lua state that was not stopped. */
void session_broken(struct session *s, const struct errmsg *why)
{
    struct lesson *fresh;
    struct errmsg ignored = {0}; /* then the next predicate raises, too */
    if (lesson_reload(&fresh, s->lesson, &ignored) == ERR_OK) {
        lesson_free(s->run.lua);
        s->run.lua = fresh;
    }
    if (str_eq(s->broken.text, why->text))
        return;
    s->broken = *why;
    stop_wait(s);
    session_say(s, TONE_BAD, "This lesson is broken: %s", why->text);
    session_say(s, TONE_WARN,
                "That is not your mistake. skip goes on without this step.");
}

static void tell_tickets(struct session *s)
{
    size_t n = run_tickets(&s->run, run_now(&s->run));
    for (; s->tickets_known < n; s->tickets_known++) {
        const struct ticket *t = &s->run.stage->tickets[s->tickets_known];
        struct buf b;
        buf_init(&b, 64);
        clock_format(&b, lesson_info(s->lesson)->day_start, t->at, false);
        session_say(s, t->page ? TONE_BAD : TONE_ACCENT, "%s  %s: %s", b.s, t->who,
                    t->text);
        buf_release(&b);
        stop_wait(s);
    }
}

static bool on_second(void *ctx, struct run *r)
{
    struct session *s = ctx;
    struct errmsg why = {0};
    session_touch(s);
    tape_time(s, false);
    mark_take(s);
    tell_tickets(s);
    forecast_check(s);
    if (step_check(s, &why) != ERR_OK)
        session_broken(s, &why);
    if (run_now(r) >= lesson_info(s->lesson)->ends_at && !s->over) {
        session_say(s, TONE_WARN, "The shift is over.");
        session_finish(s);
    }
    return run_now(r) < s->target && !s->over;
}

/* ---- opening
 * -------------------------------------------------------------------------------------------
 */

static bool seen_in_step(const void *ctx, const char *subject)
{
    const struct session *s = ctx;
    return strings_has(&s->seen, subject);
}

static void session_init(struct session *s, const struct session_options *o)
{
    s->text = mem_alloc(o->len + 1);
    memcpy(s->text, o->text, o->len);
    s->len = o->len;
    s->name = mem_strdup(o->name);
    s->seed = o->seed;
    s->mode = o->mode;
    s->spoken = o->spoken;
    s->ascii = o->ascii;
    s->columns = o->columns ? o->columns : 78;
    s->speed = 1;
    buf_init(&s->tape, 0);
    transcript_init(&s->transcript);
}

/* The system has run for a while before anybody is paged. */
static enum err run_up(struct session *s, struct errmsg *why)
{
    const struct lesson_info *li = lesson_info(s->lesson);
    enum err e = run_advance(&s->run, li->starts_at, NULL, NULL, why);
    s->run.ctx = s;
    s->run.seen = seen_in_step;
    s->run.on_second = on_second;
    s->run.step_started = li->starts_at;
    s->began[0] = li->starts_at;
    s->target = li->starts_at;
    s->tickets_known = run_tickets(&s->run, li->starts_at);
    mark_push(s);
    return e == ERR_OK ? run_fork(&s->begin, &s->run, why) : e;
}

static enum err session_load(struct session *s, struct errmsg *why)
{
    enum err e = lesson_load(&s->lesson, s->text, s->len, s->name, why);
    if (e != ERR_OK)
        return e;
    struct stage *g = stage_new(s->lesson, s->seed, why);
    if (!g)
        return ERR_LESSON;
    e = run_open(&s->run, s->lesson, g, s->seed, why);
    stage_unref(g);
    if (e != ERR_OK)
        return e;
    s->status = mem_array(lesson_steps(s->lesson) + 1, sizeof(*s->status));
    s->began = mem_array(lesson_steps(s->lesson) + 1, sizeof(*s->began));
    s->trapped_at = mem_array(lesson_traps(s->lesson) + 1, sizeof(*s->trapped_at));
    for (size_t i = 0; i < lesson_traps(s->lesson); i++)
        s->trapped_at[i] = SIM_FOREVER;
    return run_up(s, why);
}

enum err session_open(struct session **out, const struct session_options *o,
                      struct errmsg *why)
{
    struct session *s = mem_alloc(sizeof(*s));
    session_init(s, o);
    enum err e = session_load(s, why);
    if (e == ERR_OK) {
        tape_header(s);
        if (o->tape)
            e = tape_replay(s, o->tape, o->tape_len, why);
    }
    if (e != ERR_OK) {
        session_free(s);
        s = NULL;
    }
    *out = s;
    return e;
}

void session_free(struct session *s)
{
    if (!s)
        return;
    marks_release(s);
    branch_release(&s->first);
    rivals_release(&s->rivals);
    run_release(&s->begin);
    run_release(&s->fork);
    run_release(&s->run);
    lesson_free(s->lesson);
    for (size_t i = 0; i < s->nnotes; i++)
        mem_free(s->notes[i].text);
    for (size_t i = 0; i < s->nsaids; i++)
        mem_free(s->saids[i].state);
    mem_free(s->notes);
    mem_free(s->note_views);
    mem_free(s->saids);
    mem_free(s->forecasts);
    mem_free(s->status);
    mem_free(s->began);
    mem_free(s->trapped_at);
    mem_free(s->actions);
    mem_free(s->feedback);
    mem_free(s->confirm);
    mem_free(s->claimed);
    strings_release(&s->seen);
    strings_release(&s->seen_ever);
    strings_release(&s->words);
    buf_release(&s->tape);
    out_release(&s->transcript);
    mem_free(s->text);
    mem_free(s->name);
    mem_free(s);
}

/* ---- the clock
 * ---------------------------------------------------------------------------------------------
 */

static enum hold hold_of(const struct session *s)
{
    if (s->phase == PHASE_DEBRIEF)
        return HOLD_OVER;
    if (s->phase == PHASE_BRIEFING)
        return HOLD_READING;
    if (s->paused)
        return HOLD_PAUSED;
    if (s->wait_until > run_now(&s->run))
        return HOLD_WAITING;
    return step_holds(s) ? HOLD_QUESTION : HOLD_NONE;
}

void session_ran_away(struct session *s, const struct errmsg *why)
{
    s->run.midway = false; /* it does not run any more */
    session_say(s, TONE_BAD, "The system ran away and was stopped: %s", why->text);
    session_finish(s);
}

enum err session_run_to(struct session *s, sim_time t, struct errmsg *why)
{
    enum err e = ERR_STOPPED;
    while (e == ERR_STOPPED && run_now(&s->run) < t && !s->over) {
        s->target = t;
        e = run_advance(&s->run, t, NULL, NULL, why);
    }
    if (e == ERR_LIMIT)
        session_ran_away(s, why);
    return e == ERR_STOPPED || e == ERR_LIMIT ? ERR_OK : e;
}

void session_settle(struct session *s)
{
    struct errmsg why = {0};
    if (s->run.midway && run_settle(&s->run, &why) == ERR_LIMIT)
        session_ran_away(s, &why);
}

/* Runs towards `target` with a budget of events; deals with what can go wrong. */
static enum err follow(struct session *s, uint64_t *left, struct errmsg *why)
{
    bool asked = false;
    enum err e = run_advance(&s->run, s->target, left, &asked, why);
    if (e == ERR_STOPPED && asked)
        e = ERR_OK;
    if (e == ERR_LIMIT)
        session_ran_away(s, why);
    if (s->wait_until && run_now(&s->run) >= s->wait_until) {
        s->wait_until = 0;
        tape_time(s, true);
        session_touch(s);
    }
    return e;
}

enum err session_tick(struct session *s, sim_time elapsed, uint64_t max_events,
                      bool *more, struct errmsg *why)
{
    enum hold h = hold_of(s);
    sim_time now = run_now(&s->run);
    *more = false;
    if (h != HOLD_NONE && h != HOLD_WAITING) {
        s->target = now;
        return ERR_OK;
    }
    double speed = h == HOLD_WAITING ? s->wait_speed : s->speed;
    if (s->target < now)
        s->target = now;
    s->target += (sim_time)((double)elapsed * speed);
    if (h == HOLD_WAITING && s->target > s->wait_until)
        s->target = s->wait_until;
    enum err e = follow(s, &max_events, why);
    if (e != ERR_STOPPED)
        return e;
    *more = true;
    return ERR_OK;
}

enum err session_advance(struct session *s, sim_time until, struct errmsg *why)
{
    enum err e = ERR_OK;
    while (e == ERR_OK && run_now(&s->run) < until) {
        enum hold h = hold_of(s);
        if (h != HOLD_NONE && h != HOLD_WAITING)
            break;
        bool waiting = h == HOLD_WAITING;
        sim_time before = run_now(&s->run);
        s->target = until;
        e = follow(s, NULL, why);
        if (waiting && !s->wait_until)
            break; /* the wait ended, or something ended it */
        if (run_now(&s->run) == before)
            break;
    }
    s->target = run_now(&s->run);
    return e;
}

void session_wait(struct session *s, sim_time duration)
{
    if (duration <= 0)
        return;
    s->wait_from = run_now(&s->run);
    s->wait_until = s->wait_from + duration;
    s->target = s->wait_from;
    double fast = (double)duration / (double)WAIT_REAL;
    s->wait_speed = fast > s->speed ? fast : s->speed;
    session_touch(s);
}

void session_interrupt(struct session *s)
{
    session_settle(s);
    if (!s->wait_until)
        return;
    stop_wait(s);
    tape_time(s, true);
    session_say(s, TONE_DIM, "Stopped waiting.");
}

void session_pause(struct session *s, bool on)
{
    session_settle(s);
    if (s->paused == on)
        return;
    s->paused = on;
    tape_time(s, true);
    session_touch(s);
}

void session_set_speed(struct session *s, double speed)
{
    s->speed = speed < 0.25 ? 0.25 : speed > 64 ? 64 : speed;
    session_touch(s);
}

void session_set_columns(struct session *s, int columns)
{
    s->columns = columns < 40 ? 40 : columns > 200 ? 200 : columns;
}

void session_read(struct session *s)
{
    session_settle(s);
    if (s->phase == PHASE_BRIEFING) {
        tape_put(s, "read", "");
        s->phase = PHASE_PLAY;
    }
    mem_free(s->feedback);
    s->feedback = NULL;
    s->tickets_read = s->tickets_known;
    session_touch(s);
}

void session_seen(struct session *s, const char *subject)
{
    session_settle(s);
    if (s->phase != PHASE_PLAY || strings_has(&s->seen, subject))
        return;
    tape_put(s, "seen", subject);
    strings_add(&s->seen, subject);
    strings_add(&s->seen_ever, subject);
    struct errmsg why = {0};
    if (step_check(s, &why) != ERR_OK)
        session_broken(s, &why);
}

/* ---- the view
 * ------------------------------------------------------------------------------------------------
 */

static size_t firing(const struct recording *rec)
{
    size_t n = 0;
    for (size_t i = 0; i < recording_alerts(rec); i++)
        n += recording_alert(rec, i).until == SIM_FOREVER;
    return n;
}

static void view_notes(struct session *s, struct session_view *v)
{
    s->note_views = mem_grow(s->note_views, s->nnotes + 1, sizeof(*s->note_views));
    for (size_t i = 0; i < s->nnotes; i++) {
        const struct note *n = &s->notes[i];
        s->note_views[i] = (struct note_view){
            .at = n->at, .kind = n->kind, .open = n->open, .text = n->text};
    }
    v->notes = s->note_views;
    v->nnotes = s->nnotes;
}

static bool users_hidden(const struct session *s)
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
    *v = (struct session_view){
        .lesson = s->lesson,
        .world = s->run.world,
        .rec = s->run.rec,
        .now = run_now(&s->run),
        .day_start = li->day_start,
        .phase = s->phase,
        .hold = hold_of(s),
        .speed = s->speed,
        .wait_until = s->wait_until,
        .seed = s->seed,
        .mode = s->mode,
        .practice = s->practice,
        .users_hidden = users_hidden(s),
        .slo = recording_slo(s->run.rec, run_now(&s->run)),
        .users_lost = run_bad(&s->run, li->starts_at),
        .alerts_firing = firing(s->run.rec),
        .step = s->step,
        .nsteps = s->mode == MODE_GUIDED ? lesson_steps(s->lesson) : 0,
        .current = step_current(s),
        .status = s->status,
        .hints_shown = s->hints_shown,
        .feedback = s->feedback,
        .confirm = s->confirm,
        .tickets = s->run.stage->tickets,
        .ntickets = s->tickets_known,
        .unread_tickets = s->tickets_known - s->tickets_read,
        .transcript = &s->transcript,
        .version = s->version,
    };
    view_notes(s, v);
    return v;
}

void session_console(const struct session *s, struct console_ctx *ctx)
{
    run_console(&s->run, ctx);
    const struct step *st = step_current(s);
    ctx->ntickets = s->tickets_known;
    ctx->users_hidden = users_hidden(s);
    ctx->step_say = st ? st->say : NULL;
    ctx->finished = s->phase == PHASE_DEBRIEF;
    ctx->may_rewind = s->mode == MODE_GUIDED;
    ctx->columns = s->columns;
    ctx->ascii = s->ascii;
    ctx->spoken = s->spoken;
}

void session_complete(const struct session *s, const char *line, size_t cursor,
                      struct completions *out)
{
    struct console_ctx ctx;
    session_console(s, &ctx);
    console_complete(&ctx, line, cursor, out);
}

uint64_t session_digest(const struct session *s)
{
    return world_digest(s->run.world);
}

void session_take_tape(struct session *s, struct buf *out)
{
    buf_add(out, s->tape.s, s->tape.len);
    buf_reset(&s->tape);
}
