/*
 * Playing in lines: what is read aloud by a screen reader, typed by a script, logged by
 * a pipe.
 *
 * Time stands still at the prompt; a line is sent, its answer printed, that is all.
 * When the input ends, the run is saved and stays open for the next time.
 */
#include "cli_internal.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct lines {
    struct play *p;
    struct term_lines in;
    struct buf line;
    struct wire_answer a;
    bool echo; /* input is no terminal: print what was read, so that the output reads
                  whole */
    bool told_slow;
    char told[480]; /* the last trouble of the store that was told; "" none */
    bool gone;      /* nobody reads our output any more */
    bool tty;       /* output is a terminal */
};

static void out(struct lines *l, const char *s)
{
    if (l->gone || term_write(STDOUT_FILENO, s, strlen(s)))
        return;
    l->gone = true;
    if (errno == EINTR || (errno == EIO && l->tty)) { /* a signal, or a closed window */
        l->p->status = LEAVE_INTERRUPTED;
    } else if (errno != EPIPE) {
        complain("what is printed cannot be written: %s", strerror(errno));
        l->p->status = LEAVE_NOT_PASSED;
    }
}

static bool on_waiting(void *ctx, int ms)
{
    struct lines *l = ctx;
    if (ms > 2000 && !l->told_slow) {
        l->told_slow = true;
        complain("the lesson has not answered for 2 s; Ctrl-C ends it");
    }
    int sig = term_left_by();
    if (sig == SIGINT && !l->echo) /* a person's Ctrl-C: it ends the lesson's line */
        term_stay();
    return sig == 0;
}

static void on_said(void *ctx, const char *sentence)
{
    (void)ctx;
    complain("%s", sentence);
}

/* That nothing is saved is worth knowing before an hour was played. */
static void tell_trouble(struct lines *l)
{
    const char *trouble = store_trouble(l->p->store);
    char now[sizeof l->told];
    snprintf(now, sizeof now, "%s", trouble != NULL ? trouble : "");
    if (strcmp(now, l->told) == 0)
        return;
    complain("%s", trouble != NULL ? trouble : "Saving works again; nothing is lost.");
    memcpy(l->told, now, sizeof now);
}

static void on_tape(void *ctx, const char *s, size_t n)
{
    play_tape(((struct lines *)ctx)->p, s, n);
}

/* One line from the learner after a prompt; false: leave. */
static bool prompt(struct lines *l, const char *text)
{
    for (;;) {
        out(l, text);
        if (l->gone)
            return false;
        enum term_line got = term_lines_read(&l->in, &l->line);
        if (got == LINE_TOO_LONG) {
            complain("a line has at most 64 KiB; that one was skipped");
            continue;
        }
        if (got != LINE_READ) {
            out(l, "\n");
            return false;
        }
        if (l->echo) {
            struct buf clean;
            buf_init(&clean, 0);
            text_clean(&clean, l->line.s, l->line.len, false);
            out(l, clean.s);
            out(l, "\n");
            buf_release(&clean);
        }
        if (memchr(l->line.s, '\0', l->line.len) != NULL) {
            complain("a line is text; that one holds a zero byte and was skipped");
            continue;
        }
        return true;
    }
}

/* ---- choosing a lesson
 * ---------------------------------------------------------------------- */

static void print_card(struct lines *l, size_t i, const struct wire_card *c,
                       const struct store *s)
{
    const struct store_run *best = store_best(s, c->id);
    struct buf b;
    buf_init(&b, 2048);
    buf_addf(&b, "%3zu  %s. %d minutes.", i + 1, c->title, c->minutes);
    if (c->broken[0] != '\0')
        buf_addf(&b, " Cannot be loaded: %s", c->broken);
    else if (best != NULL)
        buf_addf(&b, " Done: %s, %d points.", outcome_word(best->outcome), best->score);
    if (c->broken[0] == '\0' && store_begun(s, c->id) != NULL)
        buf_adds(&b, best != NULL ? " Begun again." : " Begun.");
    buf_addch(&b, '\n');
    out(l, b.s);
    buf_release(&b);
}

static const char *whole(const struct wire_card *c)
{
    return c->broken[0] == '\0' ? c->id : NULL;
}

/* The number or id typed, as a lesson's id; NULL: neither. */
static const char *pick(const struct wire_answer *cards, const char *typed)
{
    char *end;
    long n = strtol(typed, &end, 10);
    if (typed[0] != '\0' && *end == '\0')
        return n >= 1 && (size_t)n <= cards->ncards ? whole(&cards->cards[n - 1])
                                                    : NULL;
    for (size_t i = 0; i < cards->ncards; i++)
        if (strcmp(cards->cards[i].id, typed) == 0)
            return whole(&cards->cards[i]);
    return NULL;
}

static bool choose(struct lines *l, char *id, size_t size)
{
    struct errmsg why = {0};
    struct library lib;
    struct wire_answer cards = {0};
    enum err e = library_read(&lib, l->p->args, &why);
    if (e == ERR_OK) {
        e = library_cards(&lib,
                          &(struct wire_client_options){
                              .jail = l->p->jail, .waiting = on_waiting, .ctx = l},
                          &cards, &why);
        library_release(&lib);
    }
    if (e != ERR_OK) {
        complain("%s", why.text);
        l->p->status = exit_code_of(e);
        return false;
    }
    out(l, "truecode. Lessons:\n");
    for (size_t i = 0; i < cards.ncards; i++)
        print_card(l, i, &cards.cards[i], l->p->store);
    const char *chosen = NULL;
    while (chosen == NULL && prompt(l, "Which number? (Ctrl-D leaves) > ")) {
        chosen = pick(&cards, l->line.s);
        if (chosen == NULL)
            out(l, "Type the number of a lesson that can be loaded.\n");
    }
    if (chosen != NULL)
        snprintf(id, size, "%s", chosen);
    wire_answer_release(&cards);
    return chosen != NULL;
}

/* ---- playing
 * ------------------------------------------------------------------------------------
 */

static void show(struct lines *l)
{
    out(l, l->a.text);
    play_settle(l->p);
    if (l->a.text[0] != '\0' && l->a.text[strlen(l->a.text) - 1] != '\n')
        out(l, "\n");
    tell_trouble(l);
}

static bool ask(struct lines *l, const struct wire_request *q)
{
    struct errmsg why = {0};
    l->told_slow = false;
    if (wire_client_ask(l->p->client, q, &l->a, &why) != ERR_OK) {
        complain("%s. Everything until then is saved.", why.text);
        l->p->status = LEAVE_NOT_PASSED;
        return false;
    }
    play_note(l->p, &l->a);
    show(l);
    if (l->a.err != ERR_OK)
        complain("%s", l->a.error);
    return true;
}

/* The score is worked out by the first tick after the end. */
static void finish(struct lines *l)
{
    for (int i = 0; i < 3 && l->a.more; i++)
        if (!ask(l, &(struct wire_request){.op = WIRE_TICK, .max_events = 1000}))
            return;
}

static void leave_early(struct lines *l)
{
    struct buf b;
    buf_init(&b, 2048);
    if (store_trouble(l->p->store) != NULL && l->p->tape != NULL &&
        tape_retry(l->p->tape))
        buf_adds(&b, "This run is saved and can go on; the list of runs is not.\n");
    else if (store_trouble(l->p->store) != NULL)
        buf_adds(&b, "Not saved: what was just played is gone when this ends.\n");
    else if (l->p->given)
        buf_adds(&b, "Saved. The same command goes on from here.\n");
    else
        buf_addf(&b, "Saved. Go on with: %s\n", command("play", l->p->run.lesson).s);
    out(l, b.s);
    buf_release(&b);
}

static void play(struct lines *l, const char *lesson)
{
    struct errmsg why = {0};
    struct buf note;
    struct wire_request q = {.face = WIRE_PLAIN};
    buf_init(&note, 2048);
    enum err e = play_open(l->p, lesson, &q, &l->a, &note, &why);
    if (note.len > 0)
        complain("%s", note.s);
    buf_release(&note);
    if (e != ERR_OK) {
        complain("%s", why.text);
        l->p->status = exit_code_of(e);
        return;
    }
    play_note(l->p, &l->a);
    show(l);
    while (!l->a.over) {
        char text[256];
        snprintf(text, sizeof text, "%s", l->a.prompt);
        if (!prompt(l, text)) {
            leave_early(l);
            return;
        }
        if (!ask(l, &(struct wire_request){.op = WIRE_LINE, .line = l->line.s}))
            return;
    }
    finish(l);
}

int play_plain(struct play *p, const char *lesson)
{
    struct lines l = {.p = p};
    char id[65];
    term_lines_open(&l.in, STDIN_FILENO);
    buf_init(&l.line, 0);
    l.echo = !isatty(STDIN_FILENO);
    l.tty = isatty(STDOUT_FILENO) == 1;
    p->given = lesson != NULL && !lesson_id_valid(lesson);
    p->client = wire_client_new(&(struct wire_client_options){.jail = p->jail,
                                                              .tape = on_tape,
                                                              .waiting = on_waiting,
                                                              .said = on_said,
                                                              .ctx = &l});
    if (lesson != NULL || choose(&l, id, sizeof id))
        play(&l, lesson != NULL ? lesson : id);
    if (p->status == LEAVE_OK && term_left_by() != 0)
        p->status = LEAVE_INTERRUPTED;
    buf_release(&l.line);
    term_lines_close(&l.in);
    wire_answer_release(&l.a);
    return p->status;
}
