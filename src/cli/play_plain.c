/*
 * Playing in lines: what is read aloud by a screen reader, typed by a script, logged by
 * a pipe.
 *
 * Time stands still at the prompt; a line is sent, its answer printed, that is all.
 * When the input ends, the run is saved and stays open for the next time.
 *
 * Where there is a terminal, keys are sent instead of lines: the worker has the editor,
 * its history and what completes a word, and answers with the row that shows them. Who
 * sets ACCESSIBLE has a line editor that reads to them, and gets lines.
 */
#include "cli_internal.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define AHEAD_MAX 64

struct lines {
    struct play *p;
    struct term *term;           /* a single row, edited; NULL: lines come whole */
    struct canvas *canvas;       /* the worker's picture of the row */
    struct key ahead[AHEAD_MAX]; /* typed while the worker did not answer */
    size_t nahead;
    struct term_lines in;
    struct buf line;
    struct wire_answer a;
    bool echo; /* input is no terminal: print what was read, so that the output reads
                  whole */
    bool told_slow;
    char told[480];   /* the last trouble of the store that was told; "" none */
    bool gone;        /* nobody reads our output any more */
    bool tty;         /* output is a terminal */
    bool interrupted; /* by Ctrl-C, a signal, a closed window */
    bool resized;     /* and the worker does not know yet */
};

static void out(struct lines *l, const char *s)
{
    if (l->gone ||
        (l->term ? term_line_say(l->term, s) : term_write(STDOUT_FILENO, s, strlen(s))))
        return;
    l->gone = true;
    if (errno == EINTR || (errno == EIO && l->tty)) { /* a signal, or a closed window */
        l->interrupted = true;
    } else if (errno != EPIPE) {
        complain("what is printed cannot be written: %s", strerror(errno));
        l->p->status = LEAVE_NOT_PASSED;
    }
}

/* A message to stderr, which may be the same terminal. */
static void tell(struct lines *l, const char *text)
{
    if (l->term)
        out(l, "");
    complain("%s", text);
}

static bool is_interrupt(const struct key *k)
{
    return k->kind == KEY_CHAR && k->ctrl && k->cp == 'c';
}

/* Keys that come while the worker does not answer: Ctrl-C ends its line, others
 * wait. */
static bool look_at_keys(struct lines *l)
{
    for (;;) {
        struct term_event e = term_wait(l->term, 0);
        if (e.kind == TERM_NOTHING)
            return true;
        if (e.kind == TERM_LEAVE)
            l->interrupted = true;
        if (e.kind == TERM_RESIZE)
            l->resized = true;
        if (e.kind == TERM_LEAVE || (e.kind == TERM_KEY && is_interrupt(&e.key)))
            return false;
        if (e.kind == TERM_KEY && l->nahead < AHEAD_MAX)
            l->ahead[l->nahead++] = e.key;
    }
}

static bool on_waiting(void *ctx, int ms)
{
    struct lines *l = ctx;
    if (ms > 2000 && !l->told_slow) {
        l->told_slow = true;
        tell(l, "the lesson has not answered for 2 s; Ctrl-C ends it");
    }
    if (l->term)
        return look_at_keys(l);
    int sig = term_left_by();
    if (sig == SIGINT && !l->echo) /* a person's Ctrl-C: it ends the lesson's line */
        term_stay();
    return sig == 0;
}

static void on_said(void *ctx, const char *sentence)
{
    tell(ctx, sentence);
}

static void say_line(struct lines *l, const char *text)
{
    struct buf b;
    buf_init(&b, 0);
    text_clean(&b, text, strlen(text), false);
    buf_addch(&b, '\n');
    out(l, b.s);
    buf_release(&b);
}

/* The warning that nothing is saved comes before an hour was played: it is the first
 * line of all, and part of what is read aloud. */
static void tell_trouble(struct lines *l)
{
    const char *trouble = store_trouble(l->p->store);
    char now[sizeof l->told];
    snprintf(now, sizeof now, "%s", trouble ? trouble : "");
    if (strcmp(now, l->told) != 0)
        say_line(l, trouble ? trouble : "Saving works again; nothing is lost.");
    memcpy(l->told, now, sizeof now);
    if (store_news(l->p->store))
        say_line(l, store_news(l->p->store));
    store_told(l->p->store);
}

static void on_tape(void *ctx, const char *s, size_t n)
{
    play_tape(((struct lines *)ctx)->p, s, n);
}

/* Reads a whole line after a prompt; false: leave. */
static bool read_line(struct lines *l, const char *text)
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
        if (memchr(l->line.s, '\0', l->line.len)) {
            complain("a line is text; that one holds a zero byte and was skipped");
            continue;
        }
        return true;
    }
}

/* ---- asking ---------------------------------------------------------------------- */

/* Prints an answer, and then the row again. */
static void show(struct lines *l)
{
    if (l->a.frame.rows == 1)
        wire_frame_apply(&l->a.frame, &l->canvas);
    if (l->a.text[0] != '\0')
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
        struct errmsg text = {0};
        errmsg_set(&text, ERR_LOST, "%s.%s", why.text,
                   !store_trouble(l->p->store) ? " Everything until then is saved."
                                               : "");
        tell(l, text.text);
        l->p->status = LEAVE_NOT_PASSED;
        return false;
    }
    play_note(l->p, &l->a);
    show(l);
    if (l->a.err != ERR_OK)
        tell(l, l->a.error);
    return true;
}

static void fill_row(const struct lines *l, struct wire_request *q)
{
    if (l->term)
        term_size(l->term, &q->rows, &q->cols);
    q->glyphs = l->p->glyphs;
}

static struct term_event next_event(struct lines *l)
{
    if (l->nahead > 0) {
        struct term_event e = {.kind = TERM_KEY, .key = l->ahead[0]};
        memmove(l->ahead, l->ahead + 1, --l->nahead * sizeof *l->ahead);
        return e;
    }
    return term_wait(l->term, -1);
}

enum turn {
    TURN_DONE,
    TURN_LEAVES, /* the learner has had enough */
    TURN_FAILED  /* no worker could be kept alive; it was told */
};

/* A key of the learner's; a paste is sent as one. */
static enum turn send_keys(struct lines *l, const struct key *first)
{
    struct key keys[AHEAD_MAX];
    size_t n = 0;
    keys[n++] = *first;
    while (n < AHEAD_MAX && keys[n - 1].kind == KEY_PASTE_CHAR) {
        struct term_event e = l->nahead > 0 ? next_event(l) : term_wait(l->term, 0);
        if (e.kind != TERM_KEY) {
            l->interrupted = l->interrupted || e.kind == TERM_LEAVE;
            l->resized = l->resized || e.kind == TERM_RESIZE;
            break;
        }
        keys[n++] = e.key;
    }
    if (!ask(l, &(struct wire_request){.op = WIRE_KEYS, .keys = keys, .nkeys = n}))
        return TURN_FAILED;
    return l->a.want == WANT_LEAVE || l->interrupted ? TURN_LEAVES : TURN_DONE;
}

static enum turn send_size(struct lines *l)
{
    struct wire_request q = {.op = WIRE_RESIZE};
    l->resized = false;
    fill_row(l, &q);
    return ask(l, &q) ? TURN_DONE : TURN_FAILED;
}

static enum turn key_turn(struct lines *l)
{
    if (l->resized)
        return send_size(l);
    if (l->canvas && !l->gone)
        term_put(l->term, l->canvas);
    struct term_event e = next_event(l);
    if (e.kind == TERM_LEAVE || (e.kind == TERM_KEY && is_interrupt(&e.key)))
        l->interrupted = true;
    if (l->interrupted || l->gone)
        return TURN_LEAVES;
    if (e.kind == TERM_KEY)
        return send_keys(l, &e.key);
    l->resized = e.kind == TERM_RESIZE;
    return TURN_DONE;
}

static enum turn line_turn(struct lines *l)
{
    char text[256];
    snprintf(text, sizeof text, "%s", l->a.prompt);
    if (!read_line(l, text))
        return TURN_LEAVES;
    return ask(l, &(struct wire_request){.op = WIRE_LINE, .line = l->line.s})
               ? TURN_DONE
               : TURN_FAILED;
}

/* Something from the learner, and the answer to it. */
static enum turn turn(struct lines *l)
{
    return l->term ? key_turn(l) : line_turn(l);
}

/* ---- choosing a lesson ----------------------------------------------------------- */

static void print_card(struct lines *l, size_t i, const struct wire_card *c,
                       const struct store *s)
{
    const struct store_run *best = store_best_as(s, c->id, false),
                           *alone = store_best_as(s, c->id, true);
    struct buf b;
    buf_init(&b, 2048);
    buf_addf(&b, "%3zu  %s, %d minutes.", i + 1, c->title, c->minutes);
    if (c->broken[0] != '\0')
        buf_addf(&b, " Cannot be loaded: %s", c->broken);
    else if (best)
        buf_addf(&b, " Guided: %s, %d points.", outcome_phrase(best->outcome),
                 best->score);
    if (c->broken[0] == '\0' && alone)
        buf_addf(&b, " On call: %s, %d points.", outcome_phrase(alone->outcome),
                 alone->score);
    else if (c->broken[0] == '\0' && best && outcome_well(best->outcome))
        buf_addf(&b, " Next: alone, another night; type %zu on-call.", i + 1);
    if (c->broken[0] == '\0' && store_begun(s, c->id))
        buf_adds(&b, best ? " Begun again." : " Begun.");
    const struct store_run *halted = store_halted(s, c->id);
    if (c->broken[0] == '\0' && halted)
        buf_adds(&b, halted->halt == HALT_UPDATE ? " Stopped by an update."
                                                 : " Begun; its tape is damaged.");
    buf_addch(&b, '\n');
    out(l, b.s);
    buf_release(&b);
}

/* Lessons that cannot be loaded are found out by workers of their own. */
static enum err open_list(struct lines *l, struct errmsg *why)
{
    struct library lib;
    struct wire_request q = {.face = WIRE_PLAIN};
    enum err e = library_read(&lib, l->p->args, why);
    if (e != ERR_OK)
        return e;
    fill_row(l, &q);
    e = library_open(&lib, l->p->client,
                     &(struct wire_client_options){
                         .jail = l->p->jail, .waiting = on_waiting, .ctx = l},
                     &q, &l->a, why);
    library_release(&lib);
    return e;
}

/* Says how to go on call and to read debriefs, once that can be done. */
static void print_ways(struct lines *l)
{
    const struct store *s = l->p->store;
    if (store_drawn(s))
        out(l, "A night that was drawn blind is begun: on-call goes on with it.\n");
    else if (store_finished(s, NULL))
        out(l, "on-call: a night drawn blind among those you finished. 1 on-call: that "
               "lesson alone, another night.\n");
    if (store_finished(s, NULL))
        out(l, "1 debriefs: how it ended, to read again.\n");
}

static void print_endings(struct lines *l, const char *lesson)
{
    const struct store_run *r;
    struct buf b;
    buf_init(&b, 0);
    for (size_t i = 0;
         i < WIRE_ENDINGS_MAX && (r = store_ending(l->p->store, lesson, i)); i++) {
        char when[32];
        date_text(when, sizeof when, r->finished);
        buf_addf(&b, "%3zu  %s, %s", i + 1, when, mode_phrase(r->mode));
        if (r->score >= 0 && r->vouched)
            buf_addf(&b, ": %s, %d points", outcome_phrase(r->outcome), r->score);
        buf_addch(&b, '\n');
    }
    buf_adds(&b, b.len > 0 ? "The latest first. To read one, type its number behind: 1 "
                             "debriefs 1.\n"
                           : "No run of this lesson has ended yet.\n");
    out(l, b.s);
    buf_release(&b);
}

/* Asks until a lesson or run is chosen; its id goes to `id`. False: the learner leaves. */
static bool choose(struct lines *l, char *id, size_t size)
{
    struct errmsg why = {0};
    enum err e = open_list(l, &why);
    if (e != ERR_OK) {
        tell(l, why.text);
        l->p->status = exit_code_of(e);
        return false;
    }
    out(l, "truecode. Lessons:\n");
    for (size_t i = 0; i < l->a.ncards; i++)
        print_card(l, i, &l->a.cards[i], l->p->store);
    print_ways(l);
    show(l);
    for (;;) {
        if (turn(l) != TURN_DONE)
            return false;
        snprintf(id, size, "%s", l->a.want_lesson);
        const struct store_run *run = NULL;
        if (l->a.want == WANT_DEBRIEF && l->a.want_number > 0)
            run = store_ending(l->p->store, id, l->a.want_number - 1);
        if (run) {
            snprintf(id, size, "%s", run->id);
            return true;
        }
        if (l->a.want == WANT_DEBRIEF)
            print_endings(l, id);
        if (l->a.want == WANT_ON_CALL)
            l->p->mode = MODE_ONCALL, l->p->mode_given = true;
        if (l->a.want == WANT_BLIND)
            l->p->draws = true;
        if (l->a.want == WANT_BLIND || l->a.want == WANT_ON_CALL ||
            l->a.want == WANT_OPEN)
            return l->p->draws || lesson_id_valid(id);
    }
}

/* ---- playing --------------------------------------------------------------------- */

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
    if (l->term)
        out(l, "");
    if (store_trouble(l->p->store) && l->p->tape && tape_retry(l->p->tape))
        buf_adds(&b, "This run is saved and can go on; the list of runs is not.\n");
    else if (store_trouble(l->p->store))
        buf_adds(&b, "Not saved: what was just played is gone when this ends.\n");
    else if (l->p->named)
        buf_addf(&b, "Saved. Go on with: %s\n", command("play", l->p->run.id).s);
    else if (l->p->given)
        buf_adds(&b, "Saved. The same command goes on from here.\n");
    else
        buf_addf(&b, "Saved. Go on with: %s\n", play_goes_on(l->p).s);
    out(l, b.s);
    buf_release(&b);
}

/* Opens a lesson and shows its first page; false: it cannot be opened, and that was told. */
static bool open_page(struct lines *l, const char *lesson)
{
    struct errmsg why = {0};
    struct buf note;
    struct wire_request q = {.face = WIRE_PLAIN};
    buf_init(&note, 2048);
    fill_row(l, &q);
    enum err e = l->p->draws ? play_open_drawn(l->p, &q, &l->a, &note, &why)
                             : play_open(l->p, lesson, &q, &l->a, &note, &why);
    if (note.len > 0)
        tell(l, note.s);
    buf_release(&note);
    if (e != ERR_OK) {
        tell(l, why.text);
        l->p->status = exit_code_of(e);
        return false;
    }
    play_note(l->p, &l->a);
    play_settle(l->p);
    tell_trouble(l);
    show(l);
    return true;
}

/* The learner said reset, and yes: this run is dropped, and the same begins anew. */
static bool begin_anew(struct lines *l)
{
    char word[65];
    enum play_mode mode = l->p->mode;
    snprintf(word, sizeof word, "%s", l->p->run.lesson);
    l->p->run.dropped = true;
    store_save(l->p->store, &l->p->run);
    l->p->mode = l->p->run.mode;
    l->p->anew = true;
    l->a.want = WANT_NOTHING;
    l->p->draws = l->p->run.mode == MODE_BLIND;
    bool open = open_page(l, l->p->named   ? NULL
                             : l->p->given ? l->p->args->words[0]
                                           : word);
    l->p->mode = mode;
    return open;
}

static void play(struct lines *l, const char *lesson)
{
    if (!open_page(l, lesson))
        return;
    while (!l->a.over) {
        enum turn t = turn(l);
        if (t == TURN_DONE && l->a.want == WANT_RESTART && !begin_anew(l))
            return;
        if (t == TURN_LEAVES)
            leave_early(l);
        if (t != TURN_DONE)
            return;
    }
    finish(l);
}

static bool wants_whole_lines(void)
{
    const char *accessible = getenv("ACCESSIBLE");
    return accessible && strcmp(accessible, "1") == 0;
}

int play_plain(struct play *p, const char *lesson)
{
    struct lines l = {.p = p};
    char id[STORE_ID_MAX] = "";
    l.echo = !isatty(STDIN_FILENO);
    l.tty = isatty(STDOUT_FILENO) == 1;
    if (wants_whole_lines() || !term_line_open(&l.term))
        l.term = NULL;
    term_lines_open(&l.in, STDIN_FILENO);
    buf_init(&l.line, 0);
    p->given = lesson && !lesson_id_valid(lesson);
    p->client = wire_client_new(&(struct wire_client_options){.jail = p->jail,
                                                              .tape = on_tape,
                                                              .waiting = on_waiting,
                                                              .said = on_said,
                                                              .ctx = &l});
    tell_trouble(&l);
    if (lesson || p->draws || choose(&l, id, sizeof id))
        play(&l, lesson ? lesson : id);
    if (p->status == LEAVE_OK && (l.interrupted || term_left_by() != 0))
        p->status = LEAVE_INTERRUPTED;
    term_close(l.term);
    canvas_free(l.canvas);
    buf_release(&l.line);
    term_lines_close(&l.in);
    wire_answer_release(&l.a);
    return p->status;
}
