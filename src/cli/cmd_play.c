/*
 * play: what `truecode` alone does, too. Reads the options, chooses the face (screen,
 * script, plain lines) and keeps the books of a played lesson: its run, its tape.
 */
#include "config.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ---- opening and closing a lesson
 * ---------------------------------------------------------- */

void play_tape(void *ctx, const char *s, size_t n)
{
    struct play *p = ctx;
    if (p->tape != NULL)
        tape_append(p->tape, s, n);
}

void play_note(struct play *p, const struct wire_answer *a)
{
    if (p->run.lesson[0] == '\0' || a->lesson[0] == '\0')
        return;
    bool changed = p->run.step != (int)a->step || p->run.practice != a->practice;
    p->run.step = (int)a->step;
    p->run.steps = (int)a->nsteps;
    p->run.practice = a->practice;
    if (a->scored && p->run.finished == 0) {
        p->run.finished = (int64_t)time(NULL);
        p->run.score = a->score.total;
        p->run.outcome = (int)a->score.outcome;
        p->run.hints = a->score.hints;
        p->status = p->run.outcome == OUTCOME_LOST ? LEAVE_NOT_PASSED : LEAVE_OK;
        changed = true;
    }
    p->unsaved = p->unsaved || changed;
}

void play_settle(struct play *p)
{
    if (p->unsaved && p->run.lesson[0] != '\0')
        store_save(p->store, &p->run);
    p->unsaved = false;
}

void play_close(struct play *p)
{
    play_settle(p);
    if (p->tape != NULL) {
        p->lost = !tape_retry(p->tape) || p->lost;
        tape_close(p->tape);
    }
    p->tape = NULL;
    if (p->run.lesson[0] != '\0')
        store_retry(p->store);
    p->run = (struct store_run){0};
}

/* The lesson's id: its file's name. What it calls itself is checked against that later.
 */
static void lesson_id(const struct play *p, char id[65])
{
    size_t n = p->name.len > 4 ? p->name.len - 4 : p->name.len;
    snprintf(id, 65, "%.*s", (int)(n < 64 ? n : 64), p->name.s);
    if (!lesson_id_valid(id))
        snprintf(id, 65, "lesson");
}

/* A client's OPEN; a lesson that says no is an error here. */
static enum err ask_open(struct play *p, struct wire_request *q, struct wire_answer *a,
                         struct errmsg *why)
{
    enum err e = wire_client_open(p->client, q, a, why);
    if (e == ERR_OK && a->err != ERR_OK)
        e = errmsg_set(why, a->err, "%s", a->error);
    return e;
}

/* The run that is going on, else one left on its briefing. */
static const struct store_run *saved_run(const struct play *p, const char *id)
{
    const struct store_run *saved = store_begun(p->store, id);
    return saved != NULL ? saved : store_unfinished(p->store, id);
}

static bool as_asked(const struct play *p, const struct store_run *saved)
{
    return !(p->has_seed && p->seed != saved->seed) &&
           !(p->has_mode && (int)p->mode != saved->mode);
}

/* A run keeps its mode and its seed: another one is begun only by who says so. */
static enum err goes_on_otherwise(const struct play *p, const struct store_run *saved,
                                  struct errmsg *why)
{
    return errmsg_set(why, ERR_INPUT,
                      "a run of %s is going on, %s, seed %" PRIu64
                      ". Leave out %s to go on with it, or add --new to begin another",
                      saved->lesson, saved->mode == MODE_ONCALL ? "on call" : "guided",
                      saved->seed,
                      !p->has_seed   ? "--mode"
                      : !p->has_mode ? "--seed"
                                     : "--mode and --seed");
}

/* Goes on with a saved run. ERR_NOT_FOUND: there is none. Other errors: it cannot be
 * continued; then it is not offered again, but its tape stays. */
static enum err resume(struct play *p, const char *id, struct wire_request *q,
                       struct wire_answer *a, struct errmsg *why)
{
    const struct store_run *saved = saved_run(p, id);
    struct buf tape;
    if (saved == NULL || !as_asked(p, saved))
        return ERR_NOT_FOUND;
    buf_init(&tape, WIRE_TAPE_MAX);
    struct store_run run = *saved;
    struct tape_file *file = NULL;
    enum err e = tape_resume(&file, p->store, &run, &tape, why);
    if (e == ERR_OK && tape.len == 0)
        e = errmsg_set(why, ERR_CORRUPT, "its tape is empty");
    if (e == ERR_OK) {
        q->seed = run.seed;
        q->mode = (enum session_mode)run.mode;
        q->tape = tape.s;
        q->tape_len = tape.len;
        p->run = run;
        p->tape = file;
        e = ask_open(p, q, a, why);
        q->tape = NULL;
        q->tape_len = 0;
    }
    if (e != ERR_OK) {
        p->unsaved = false;
        play_close(p);
        run.dropped = e == ERR_CORRUPT || e == ERR_MISMATCH || e == ERR_NOT_FOUND;
        if (run.dropped)
            store_save(p->store, &run);
        if (e == ERR_NOT_FOUND)
            e = ERR_CORRUPT;
    }
    buf_release(&tape);
    return e;
}

static enum err begin(struct play *p, const char *id, struct wire_request *q,
                      struct wire_answer *a, struct errmsg *why)
{
    char hash[65];
    p->paged = true;
    sha256_hex(hash, p->text.s, p->text.len);
    q->seed = p->has_seed ? p->seed : fresh_seed();
    q->mode = p->mode;
    p->run = store_begin(p->store, id, hash, q->seed, (int)q->mode);
    p->tape = tape_create(p->store, &p->run);
    enum err e = ask_open(p, q, a, why);
    if (e == ERR_OK) {
        p->run.steps = (int)a->nsteps;
        p->unsaved = true;
    } else {
        p->run.lesson[0] = '\0'; /* nothing was begun */
        play_close(p);
    }
    return e;
}

enum err play_open(struct play *p, const char *word, struct wire_request *q,
                   struct wire_answer *a, struct buf *note, struct errmsg *why)
{
    char id[65];
    play_close(p);
    enum err e = lesson_take(p->args, word, &p->text, &p->name, why);
    if (e != ERR_OK)
        return e;
    p->paged = false;
    lesson_id(p, id);
    q->op = WIRE_OPEN;
    q->name = p->name.s;
    q->text = p->text.s;
    q->len = p->text.len;
    q->program = p->program.s;
    q->glyphs = p->glyphs;
    q->speed = p->speed;
    const struct store_run *begun = p->anew ? NULL : store_begun(p->store, id);
    if (begun != NULL && !as_asked(p, begun))
        return goes_on_otherwise(p, begun, why);
    e = p->anew ? ERR_NOT_FOUND : resume(p, id, q, a, why);
    p->anew = false;
    if (e != ERR_OK && e != ERR_LESSON && e != ERR_LOST && e != ERR_STOPPED) {
        if (e != ERR_NOT_FOUND)
            buf_addf(note, "A new run was started. The saved one cannot go on: %s",
                     why->text);
        e = begin(p, id, q, a, why);
        p->has_seed = false;
    }
    if (e == ERR_OK)
        p->has_seed = p->has_mode = false;
    return e;
}

/* ---- the command
 * ------------------------------------------------------------------------------ */

static bool read_options(struct play *p, const struct cli_args *a)
{
    const char *mode = a->options[OPT_MODE], *speed = a->options[OPT_SPEED];
    p->jail = !option_given(a, OPT_NO_JAIL);
    p->anew = option_given(a, OPT_NEW);
    p->has_seed = option_given(a, OPT_SEED);
    p->has_mode = option_given(a, OPT_MODE);
    if (!option_number(a, OPT_SEED, 0, &p->seed))
        return false;
    if (mode != NULL && strcmp(mode, "oncall") == 0)
        p->mode = MODE_ONCALL;
    else if (mode != NULL && strcmp(mode, "guided") != 0) {
        complain("--mode is guided or oncall, not '%s'", mode);
        return false;
    }
    char *end = NULL;
    p->speed = speed != NULL ? strtod(speed, &end) : 0;
    if (speed != NULL && (*end != '\0' || !(p->speed > 0 && p->speed <= 1000))) {
        complain("--speed wants a number above 0 and at most 1000, not '%s'", speed);
        return false;
    }
    p->glyphs = (enum glyphs)p->config->value[SET_GLYPHS];
    return true;
}

static bool wants_plain(const struct cli_args *a)
{
    const char *accessible = getenv("ACCESSIBLE"), *term = getenv("TERM");
    if (option_given(a, OPT_SCRIPT))
        return false;
    return option_given(a, OPT_PLAIN) ||
           (accessible != NULL && strcmp(accessible, "1") == 0) || term == NULL ||
           term[0] == '\0' || strcmp(term, "dumb") == 0 || !isatty(STDIN_FILENO) ||
           !isatty(STDOUT_FILENO);
}

static int play(const struct cli_args *a, struct config *config)
{
    struct play p = {.args = a, .program = command("", NULL), .config = config};
    if (!read_options(&p, a))
        return LEAVE_USAGE;
    const char *lesson = a->nwords > 0 ? a->words[0] : NULL;
    config_complain(config);
    buf_init(&p.text, LESSON_MAX_BYTES);
    buf_init(&p.name, 4096);
    p.store = store_open(NULL);
    if (store_news(p.store) != NULL)
        complain("%s", store_news(p.store));
    p.status = wants_plain(a) ? play_plain(&p, lesson) : play_full(&p, lesson);
    play_close(&p);
    wire_client_free(p.client);
    if (store_trouble(p.store) != NULL)
        complain("%s", store_trouble(p.store));
    if (p.lost && (p.status == LEAVE_OK || p.status == LEAVE_INTERRUPTED))
        p.status = LEAVE_NOT_PASSED;
    store_close(p.store);
    buf_release(&p.text);
    buf_release(&p.name);
    return p.status;
}

static int run(const struct cli_args *a)
{
    struct config config;
    int status = config_read(&config, a) ? play(a, &config) : LEAVE_USAGE;
    config_release(&config);
    return status;
}

const struct subcommand subcommand_play = {
    .name = "play",
    .synopsis = "play [LESSON|FILE] [--mode guided|oncall] [--seed N] [--plain]",
    .doc = "play a lesson; without one: go on or choose",
    .about = "Opens the lesson, or goes on where it was left. Everything is written "
             "down as it "
             "happens: leave at any moment with Ctrl-C. A run that goes on keeps its "
             "mode and its seed; --new begins another. Without a terminal, with "
             "ACCESSIBLE=1 or TERM=dumb, it is played in lines, as with --plain.",
    .examples = "truecode\n"
                "truecode play all-green\n"
                "truecode play all-green --new --seed 7\n"
                "truecode play all-green --plain < answers.txt\n"
                "truecode play all-green --script keys.txt --dump --size 120x36",
    .options = HAS(MODE) | HAS(SEED) | HAS(NEW) | HAS(PLAIN) | HAS(SPEED) | HAS(ASCII) |
               HAS(BRAILLE) | HAS(THEME) | HAS(MOUSE) | HAS(QUIET) | HAS(SCRIPT) |
               HAS(DUMP) | HAS(SIZE) | HAS(NO_JAIL) | HAS(TEST_SYNC) | HAS(HELP),
    .words = WORD_LESSON,
    .max_words = 1,
    .run = run,
};
