/*
 * Opening and closing a lesson: which run goes on and with which text, or a new one; and
 * the books of what is played: its run, its tape, the text it was played with, its
 * report.
 */
#include "cli_internal.h"

#include "truecode/tape.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define SALVAGE_TRIES 8

/* ---- the books ------------------------------------------------------------------- */

void play_tape(void *ctx, const char *s, size_t n)
{
    struct play *p = ctx;
    if (!p->tape)
        return;
    tape_append(p->tape, s, n);
    /* The tape may have had to take another name (see tape_append). */
    snprintf(p->run.id, sizeof p->run.id, "%s", tape_id(p->tape));
    p->wrote = true;
    if (store_news(p->store)) /* the folder went away, and the text with it */
        text_keep(p->store, p->run.hash, p->text.s, p->text.len);
}

/* A run has begun: from now on it is one that can be gone on with. */
static void begun(struct play *p, const struct wire_answer *a)
{
    p->opening = false;
    text_keep(p->store, p->run.hash, p->text.s, p->text.len);
    p->run.steps = (int)a->nsteps;
    p->unsaved = true;
}

void play_note(struct play *p, const struct wire_answer *a)
{
    if (p->run.lesson[0] == '\0' || a->lesson[0] == '\0')
        return;
    if (p->opening && !a->opening)
        begun(p, a);
    if (p->opening)
        return;
    bool changed = p->run.step != (int)a->step || p->run.practice != a->practice;
    p->run.step = (int)a->step;
    p->run.steps = (int)a->nsteps;
    p->run.practice = a->practice;
    if (a->scored) {
        p->fresh_score = p->run.finished == 0;
        if (p->run.finished == 0)
            p->run.finished = (int64_t)time(NULL);
        p->run.score = a->score.total;
        p->run.outcome = a->score.outcome;
        p->run.hints = a->score.hints;
        p->status = p->run.outcome == OUTCOME_LOST ? LEAVE_NOT_PASSED : LEAVE_OK;
        changed = true;
    }
    p->unsaved = p->unsaved || changed;
}

/* The report as it is now: a later version may not be able to play the tape again. */
static void keep_report(struct play *p)
{
    struct errmsg why = {0};
    struct wire_answer a = {0};
    p->fresh_score = false;
    /* Without a frame: this answer is not shown. */
    const struct wire_request q = {.op = WIRE_REPORT, .no_frame = true};
    if (wire_client_ask(p->client, &q, &a, &why) == ERR_OK && a.err == ERR_OK)
        report_keep(p->store, p->run.id, a.text, strlen(a.text));
    wire_answer_release(&a);
}

void play_settle(struct play *p)
{
    if (p->run.lesson[0] == '\0')
        return;
    if (p->fresh_score)
        keep_report(p);
    if (p->wrote)
        store_touch(p->store, &p->run, p->unsaved);
    else if (p->unsaved)
        store_save(p->store, &p->run);
    p->unsaved = p->wrote = false;
}

void play_close(struct play *p)
{
    if (p->tape) {
        p->lost = !tape_retry(p->tape) || p->lost;
        tape_close(p->tape);
    }
    p->tape = NULL;
    p->unsaved = p->unsaved || p->run.finished != 0; /* the seal is over the whole
                                                        tape */
    play_settle(p);
    if (p->run.lesson[0] != '\0')
        store_retry(p->store);
    p->run = (struct store_run){0};
    p->unsaved = p->wrote = p->opening = false;
}

void play_forget(struct play *p)
{
    p->run.lesson[0] = '\0';
    play_close(p);
}

/* ---- which run goes on ----------------------------------------------------------- */

/* The lesson's id: its file's name. What it calls itself is checked against that later.
 */
static void lesson_id(const struct play *p, char id[65])
{
    size_t n = p->name.len > 4 ? p->name.len - 4 : p->name.len;
    snprintf(id, 65, "%.*s", (int)(n < 64 ? n : 64), p->name.s);
    if (!lesson_id_valid(id))
        snprintf(id, 65, "lesson");
}

/* The run that is going on, else one left on its briefing. */
static const struct store_run *saved_run(const struct play *p, const char *id)
{
    const struct store_run *saved = store_begun(p->store, id);
    return saved ? saved : store_unfinished(p->store, id);
}

static bool as_asked(const struct play *p, const struct store_run *saved)
{
    return !(p->seed_given && p->seed != saved->seed) &&
           !(p->mode_given && p->mode != saved->mode);
}

/* A run keeps its mode and its seed: another one is begun only by who says so. */
static enum err goes_on_otherwise(const struct play *p, const struct store_run *saved,
                                  struct errmsg *why)
{
    return errmsg_set(why, ERR_INPUT,
                      "a run of %s is going on, %s, seed %" PRIu64
                      ". Leave out %s to go on with it, or add --new to begin another",
                      saved->lesson, mode_phrase(saved->mode), saved->seed,
                      !p->seed_given   ? "--mode"
                      : !p->mode_given ? "--seed"
                                       : "--mode and --seed");
}

/* ---- going on -------------------------------------------------------------------- */

/* A saved run on its way to being open again. */
struct resumption {
    struct play *p;
    struct wire_request *q;
    struct wire_answer *a;
    struct store_run run;
    struct buf tape;
    struct head_facts head;
    struct texts texts;
    size_t used; /* the text that fits */
};

/* The course's text first, so that a corrected word reaches the learner; a finished run
 * is shown with what it was played with. */
static void gather_texts(struct resumption *r)
{
    struct play *p = r->p;
    bool done = r->run.finished != 0;
    if (!done && p->text.len > 0)
        texts_add(&r->texts, p->text.s, p->text.len, true);
    texts_add_kept(&r->texts, p->args, p->store, r->run.hash);
    texts_add_kept(&r->texts, p->args, p->store, r->head.hash);
    if (done && p->text.len > 0)
        texts_add(&r->texts, p->text.s, p->text.len, true);
}

static enum err open_saved(struct resumption *r, struct errmsg *why)
{
    struct wire_request *q = r->q;
    q->name = r->p->name.s;
    q->seed = r->run.seed;
    q->mode = r->run.mode;
    q->tape = r->tape.s;
    q->tape_len = r->tape.len;
    enum err e =
        texts_open(&r->texts, r->head.hash, r->p->client, q, r->a, &r->used, why);
    q->tape = NULL;
    q->tape_len = 0;
    return e;
}

/* Takes the run up with the text found for it. */
static void go_on(struct resumption *r, struct buf *note)
{
    struct play *p = r->p;
    const struct run_text *x = &r->texts.list[r->used];
    if (p->text.len > 0 && !x->course && r->run.finished == 0)
        buf_addf(note, "The lesson was changed since this run began. The run goes on "
                       "as it was; --new begins the new version.");
    text_keep(p->store, x->hash, x->text.s, x->text.len);
    p->unsaved =
        strcmp(p->run.hash, x->hash) != 0 || p->run.dropped || p->run.halt != HALT_NONE;
    memcpy(p->run.hash, x->hash, sizeof p->run.hash);
    p->run.dropped = false;
    p->run.halt = HALT_NONE;
    buf_reset(&p->text);
    buf_add(&p->text, x->text.s, x->text.len);
}

/* The length of the tape above line `bad`. */
static size_t length_above(const struct buf *tape, size_t bad, size_t *lines)
{
    size_t at = 0, line = 0, len = 0;
    for (; at < tape->len; at++)
        if (tape->s[at] == '\n') {
            line++;
            len = line < bad ? at + 1 : len;
        }
    *lines = line;
    return len;
}

/* A clause of the error, without the line, which is said before. */
static const char *clause(const struct errmsg *why, char *to, size_t size)
{
    const char *s = why->text;
    if (str_starts(s, "tape line ") && strstr(s, ": "))
        s = strstr(s, ": ") + 2;
    snprintf(to, size, "%.*s", (int)strcspn(s, "\n"), s);
    for (size_t n = strlen(to); n > 0 && strchr(".? ", to[n - 1]);)
        to[--n] = '\0';
    return to;
}

/* A line is damaged: the lines above it are played on as a run of their own; the
 * damaged tape stays as it is. */
static enum err salvage(struct resumption *r, size_t bad, const struct errmsg *because,
                        struct buf *note, struct errmsg *why)
{
    struct play *p = r->p;
    struct buf damaged = r->tape;
    const struct store_run old = r->run;
    enum err e = ERR_CORRUPT;
    size_t lines = 0, all = 0, first = bad;
    char reason[200];
    buf_init(&r->tape, TAPE_MAX_BYTES);
    for (int i = 0; i < SALVAGE_TRIES && bad > 0; i++, bad = r->a->bad_line) {
        size_t n = length_above(&damaged, bad, &lines);
        all = i == 0 ? lines : all;
        r->run = store_begin(p->store, old.lesson, old.hash, old.seed, old.mode);
        buf_reset(&r->tape);
        buf_add(&r->tape, damaged.s, n);
        p->run = r->run;
        p->tape = tape_create(p->store, &p->run);
        tape_append(p->tape, r->tape.s, r->tape.len);
        e = open_saved(r, why);
        if (e == ERR_OK && tape_touched(p->store, &p->run))
            break;
        e = e == ERR_OK ? ERR_CORRUPT : e;
        tape_discard(p->tape);
        p->tape = NULL;
        play_forget(p);
    }
    buf_release(&damaged);
    if (e != ERR_OK)
        return e;
    p->wrote = p->unsaved = true;
    buf_addf(note,
             "Line %zu of %zu of this run's tape is damaged: %s. It goes on from the "
             "last good line before it, as a run of its own; the damaged tape stays as "
             "%s. To begin anew: --new.",
             first, all, clause(because, reason, sizeof reason), old.id);
    return ERR_OK;
}

static const char *halt_word(enum store_halt halt)
{
    return halt == HALT_UPDATE ? "was stopped by an update" : "has a damaged tape";
}

static void tell_halted(struct buf *note, const struct store_run *run,
                        const struct errmsg *why)
{
    char reason[300];
    if (why)
        clause(why, reason, sizeof reason);
    buf_addf(note, "Your run of %s", run->lesson);
    if (run->steps > 0)
        buf_addf(note, " at step %zu of %d",
                 step_shown((size_t)run->step, (size_t)run->steps), run->steps);
    buf_addf(note, " %s%s%s, so a new run was started. %s shows how far it came.",
             halt_word(run->halt), why ? ": " : "", why ? reason : "",
             command("report", run->id).s);
}

/* Why it cannot go on is worth knowing for good: a state of its own. */
static void halt(struct play *p, struct store_run *run, enum store_halt how)
{
    run->halt = how;
    store_save(p->store, run);
}

/* The halt that a run's error means for the list of runs. */
static enum store_halt halt_of(const struct resumption *r, enum err e)
{
    bool original = false;
    for (size_t i = 0; i < r->texts.n; i++)
        original = original || strcmp(r->texts.list[i].hash, r->head.hash) == 0;
    if (r->head.old_format || (r->head.engine != 0 && r->head.engine != ENGINE_NUMBER))
        return HALT_UPDATE;
    if (e == ERR_MISMATCH)
        return original && r->a->bad_line > 0 ? HALT_DAMAGED : HALT_UPDATE;
    return e == ERR_CORRUPT || e == ERR_NOT_FOUND ? HALT_DAMAGED : HALT_NONE;
}

static enum err read_saved(struct resumption *r, struct errmsg *why)
{
    struct play *p = r->p;
    enum err e = tape_resume(&p->tape, p->store, &r->run, &r->tape, why);
    if (e == ERR_OK && r->tape.len == 0)
        e = errmsg_set(why, ERR_CORRUPT, "its tape is empty");
    if (e == ERR_OK)
        e = head_read(&r->head, &r->tape, why);
    if (e == ERR_OK && r->head.old_format)
        e = errmsg_set(why, ERR_MISMATCH,
                       "it was recorded by an older version of this program");
    return e;
}

/* Goes on with a saved run. When it cannot, `run` says for good why not. */
static enum err resume(struct play *p, struct store_run *run, struct wire_request *q,
                       struct wire_answer *a, struct buf *note, struct errmsg *why)
{
    struct resumption r = {.p = p, .q = q, .a = a, .run = *run};
    buf_init(&r.tape, TAPE_MAX_BYTES);
    enum err e = read_saved(&r, why);
    if (e == ERR_OK) {
        p->run = r.run;
        gather_texts(&r);
        e = r.texts.n > 0 ? open_saved(&r, why)
                          : errmsg_set(why, ERR_MISMATCH,
                                       "its lesson is not in the course any more");
    }
    enum store_halt how = e == ERR_OK ? HALT_NONE : halt_of(&r, e);
    if (e != ERR_OK) {
        if (how == HALT_UPDATE && r.texts.n > 0)
            update_reason(&r.tape, a->bad_line, why);
        const struct errmsg because = *why;
        size_t bad = r.tape.len > 0 ? a->bad_line : 0;
        p->unsaved = false;
        play_forget(p);
        if (how != HALT_NONE)
            halt(p, run, how);
        if (how == HALT_DAMAGED && bad > 0 && run->finished == 0)
            e = salvage(&r, bad, &because, note, why);
        if (e != ERR_OK)
            *why = because;
    }
    if (e == ERR_OK)
        go_on(&r, note);
    buf_release(&r.tape);
    texts_release(&r.texts);
    return e;
}

/* ---- beginning ------------------------------------------------------------------- */

/* A client's OPEN; a lesson that says no is an error here. */
static enum err ask_open(struct play *p, struct wire_request *q, struct wire_answer *a,
                         struct errmsg *why)
{
    enum err e = wire_client_open(p->client, q, a, why);
    if (e == ERR_OK && a->err != ERR_OK)
        e = errmsg_set(why, a->err, "%s", a->error);
    return e;
}

static enum err begin(struct play *p, const char *id, struct wire_request *q,
                      struct wire_answer *a, struct errmsg *why)
{
    char hash[65];
    p->paged = true;
    sha256_hex(hash, p->text.s, p->text.len);
    q->text = p->text.s;
    q->len = p->text.len;
    q->seed = p->seed_given ? p->seed : fresh_seed();
    q->mode = p->mode;
    q->draft = option_given(p->args, OPT_DRAFT);
    p->run = store_begin(p->store, id, hash, q->seed, q->mode);
    p->tape = tape_create(p->store, &p->run);
    enum err e = ask_open(p, q, a, why);
    if (e != ERR_OK)
        play_forget(p);
    else if (a->opening)
        p->opening = true;
    else
        begun(p, a);
    return e;
}

/* ---- what a word names ----------------------------------------------------------- */

/* The run a word names: by its whole id, or by the beginning of one where no lesson is
 * called so. ERR_NOT_FOUND: it is no run's. */
static enum err find_run(struct play *p, const char *word, bool lesson_too,
                         struct store_run *run, struct errmsg *why)
{
    const struct store_run *found = store_run_by_id(p->store, word);
    enum err e = ERR_OK;
    if (!found && !lesson_too)
        e = store_run_by_prefix(p->store, word, &found, why);
    if (found && e == ERR_OK)
        *run = *found;
    return found ? e : ERR_NOT_FOUND;
}

/* Reads what is to be played. `run.id` is not "": this run was named. */
static enum err read_word(struct play *p, const char *word, struct store_run *run,
                          struct errmsg *why)
{
    struct errmsg ambiguous = {0};
    run->id[0] = '\0';
    if (!word) /* the open one, once more */
        return ERR_OK;
    buf_reset(&p->text);
    enum err e = lesson_take(p->args, word, &p->text, &p->name, why);
    enum err r = strchr(word, '/')
                     ? ERR_NOT_FOUND
                     : find_run(p, word, e != ERR_NOT_FOUND, run, &ambiguous);
    if (r == ERR_INPUT) {
        *why = ambiguous;
        return r;
    }
    p->named = r == ERR_OK;
    if (!p->named)
        return e;
    if (p->anew)
        return errmsg_set(why, ERR_INPUT,
                          "%s is a run; --new begins another one of a lesson: %s --new",
                          run->id, command("play", run->lesson).s);
    /* Where the course has it no more, the text that was kept will do. */
    if (lesson_take(p->args, run->lesson, &p->text, &p->name, NULL) != ERR_OK)
        buf_reset(&p->text);
    return ERR_OK;
}

/* `play RUN`: this one or none. */
static enum err open_named(struct play *p, struct store_run *run,
                           struct wire_request *q, struct wire_answer *a,
                           struct buf *note, struct errmsg *why)
{
    if (!as_asked(p, run))
        return errmsg_set(why, ERR_INPUT,
                          "that run is %s, with seed %" PRIu64
                          ", and stays so. Leave out --seed and --mode",
                          mode_phrase(run->mode), run->seed);
    enum err e = resume(p, run, q, a, note, why);
    if (e != ERR_OK && run->halt != HALT_NONE) {
        const struct errmsg because = *why;
        e = errmsg_set(
            why, run->halt == HALT_UPDATE ? ERR_MISMATCH : ERR_CORRUPT,
            "this run %s: %s. %s shows how far it came; %s --new begins anew",
            halt_word(run->halt), because.text, command("report", run->id).s,
            command("play", run->lesson).s);
    }
    return e;
}

static bool is_fatal(enum err e)
{
    return e == ERR_LESSON || e == ERR_LOST || e == ERR_STOPPED;
}

/* `play LESSON`: the run that goes on, or a new one. */
static enum err open_lesson(struct play *p, struct wire_request *q,
                            struct wire_answer *a, struct buf *note, struct errmsg *why)
{
    char id[65];
    enum err e = ERR_NOT_FOUND;
    lesson_id(p, id);
    const struct store_run *begun = p->anew ? NULL : store_begun(p->store, id);
    const struct store_run *saved = p->anew ? NULL : saved_run(p, id);
    const struct store_run *halted = p->anew ? NULL : store_halted(p->store, id);
    if (begun && !as_asked(p, begun))
        return goes_on_otherwise(p, begun, why);
    if (halted)
        tell_halted(note, halted, NULL);
    if (saved && as_asked(p, saved)) {
        struct store_run run = *saved;
        struct errmsg because = {0};
        e = resume(p, &run, q, a, note, &because);
        if (is_fatal(e))
            *why = because;
        else if (e != ERR_OK && run.halt != HALT_NONE && !halted)
            tell_halted(note, &run, &because);
        else if (e != ERR_OK)
            buf_addf(note, "A new run was started. The saved one cannot go on: %s",
                     because.text);
    }
    return e == ERR_OK || is_fatal(e) ? e : begin(p, id, q, a, why);
}

enum err play_open(struct play *p, const char *word, struct wire_request *q,
                   struct wire_answer *a, struct buf *note, struct errmsg *why)
{
    struct store_run run;
    play_close(p);
    p->paged = false;
    enum err e = read_word(p, word, &run, why);
    if (e != ERR_OK)
        return e;
    q->op = WIRE_OPEN;
    q->name = p->name.s;
    q->program = p->program.s;
    q->glyphs = p->glyphs;
    q->speed = p->speed;
    e = run.id[0] != '\0' ? open_named(p, &run, q, a, note, why)
                          : open_lesson(p, q, a, note, why);
    p->anew = false;
    if (e == ERR_OK)
        p->seed_given = p->mode_given = false;
    return e;
}
