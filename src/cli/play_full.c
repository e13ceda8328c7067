/*
 * Playing on a screen: keys and time to the worker, frames from it.
 *
 * One loop, strictly: wait for a key or for the next tick, ask the worker, write the
 * tape down (the client calls play_tape() before an answer comes back here), paint. The
 * front adds only one line of its own, over the last row, for what a worker cannot
 * know: that it does not answer, that the disk is full.
 */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TICK_MS      250   /* four frames a second for a living chart */
#define FAST_TICK_MS 100   /* while a wait runs */
#define SLICE_EVENTS 20000 /* about 10 ms of simulation: how long a key may wait */
#define ELAPSED_MAX  SIM_SEC
#define AHEAD_MAX    64

struct full {
    struct play *p;
    struct term *term;
    struct canvas *canvas; /* the worker's screen */
    struct canvas *over;   /* the same with our line on it, as painted */
    struct wire_answer a;  /* the last one */
    sim_time last_tick, last_paint;
    char line[480];              /* our line; "" none */
    char said[480];              /* what the client said of a fall; "" nothing */
    bool line_stays;             /* until the worker answers, not until the next key */
    struct key ahead[AHEAD_MAX]; /* typed while the worker did not answer */
    size_t nahead;
    bool home, leave, resized;
    bool keyed;       /* the last answer was one to the person's keys */
    bool interrupted; /* by Ctrl-C, a signal, a closed window */
    bool gone;        /* there is no terminal any more */
};

/* ---- painting -------------------------------------------------------------------- */

static const char *our_line(const struct full *f)
{
    if (f->line[0] != '\0')
        return f->line;
    return store_trouble(f->p->store);
}

/* The text over the last rows, as many as it needs, three at most. */
static void lay_over(struct canvas *c, const char *text)
{
    struct buf lines, row;
    size_t n = 1;
    buf_init(&lines, 4096);
    buf_init(&row, 4096);
    text_wrap(&lines, text, c->cols > 12 ? (size_t)c->cols - 2 : 10);
    while (lines.len > 0 && lines.s[lines.len - 1] == '\n')
        lines.s[--lines.len] = '\0';
    for (const char *s = lines.s; (s = strchr(s, '\n')); s++)
        n++;
    n = n > 3 ? 3 : n;
    const char *s = lines.s;
    for (int at = c->rows - (int)n; at < c->rows; at++) {
        size_t len = strcspn(s, "\n");
        buf_reset(&row);
        buf_addf(&row, " %.*s", (int)len, s);
        buf_pad(&row, (size_t)c->cols);
        if (at >= 0)
            canvas_text(c, at, 0, c->cols, TONE_WARN, row.s);
        s += len + (s[len] == '\n');
    }
    buf_release(&lines);
    buf_release(&row);
}

static void paint(struct full *f)
{
    const struct canvas *c = f->canvas;
    if (!c)
        return;
    if (!f->over || f->over->rows != c->rows || f->over->cols != c->cols) {
        canvas_free(f->over);
        f->over = canvas_new(c->rows, c->cols);
    }
    memcpy(f->over->cells, c->cells,
           (size_t)c->rows * (size_t)c->cols * sizeof *c->cells);
    f->over->cursor_row = c->cursor_row;
    f->over->cursor_col = c->cursor_col;
    if (our_line(f))
        lay_over(f->over, our_line(f));
    term_put(f->term, f->over);
    f->last_paint = term_now(f->term);
}

/* Until there is a first frame, a slow start needs something to write on. */
static void need_canvas(struct full *f)
{
    int rows, cols;
    if (f->canvas)
        return;
    term_size(f->term, &rows, &cols);
    f->canvas = canvas_new(rows, cols);
    canvas_clear(f->canvas);
    f->canvas->cursor_row = f->canvas->cursor_col = -1;
}

static void set_line(struct full *f, const char *text)
{
    struct buf clean;
    buf_init(&clean, sizeof f->line - 1);
    text_clean(&clean, text, strlen(text), false);
    snprintf(f->line, sizeof f->line, "%s", clean.s);
    buf_release(&clean);
}

/* ---- what the client calls ------------------------------------------------------- */

static void leave_by(struct full *f, const struct term_event *e)
{
    f->leave = true;
    f->interrupted = f->interrupted || e->signal != 0;
    f->gone = f->gone || e->signal == SIGHUP;
}

static bool is_interrupt(const struct key *k)
{
    return k->kind == KEY_CHAR && k->ctrl && k->cp == 'c';
}

/* The worker has not answered for a while: say so, and let Ctrl-C end it. */
static bool on_waiting(void *ctx, int ms)
{
    struct full *f = ctx;
    char text[80];
    snprintf(text, sizeof text, "The lesson has not answered for %d s. Ctrl-C ends it.",
             ms / 1000);
    need_canvas(f);
    set_line(f, text);
    f->line_stays = true;
    paint(f);
    for (;;) {
        struct term_event e = term_wait(f->term, 0);
        if (e.kind == TERM_NOTHING)
            return true;
        if (e.kind == TERM_LEAVE)
            leave_by(f, &e);
        if (e.kind == TERM_RESIZE)
            f->resized = true;
        if (e.kind == TERM_LEAVE || (e.kind == TERM_KEY && is_interrupt(&e.key)))
            return false;
        if (e.kind == TERM_KEY && f->nahead < AHEAD_MAX)
            f->ahead[f->nahead++] = e.key;
    }
}

static void on_said(void *ctx, const char *sentence)
{
    struct full *f = ctx;
    snprintf(f->said, sizeof f->said, "%s", sentence);
}

static void on_tape(void *ctx, const char *s, size_t n)
{
    play_tape(((struct full *)ctx)->p, s, n);
}

/* ---- asking ---------------------------------------------------------------------- */

/* The answer came: note it, show it. */
static void take_answer(struct full *f)
{
    if (f->line_stays) {
        f->line[0] = '\0';
        f->line_stays = false;
    }
    play_note(f->p, &f->a);
    wire_frame_apply(&f->a.frame, &f->canvas);
    paint(f);
    if (f->a.bell && f->p->config->value[SET_BELL])
        term_bell(f->term);
    bool before = store_trouble(f->p->store);
    play_settle(f->p);
    if (before != (bool)store_trouble(f->p->store))
        paint(f); /* what the screen says of saving is no longer so */
}

/* Something to see while the worker gets a lesson ready. */
static void say_opening(struct full *f)
{
    need_canvas(f);
    set_line(f, "Opening ...");
    f->line_stays = true;
    paint(f);
}

static bool ask(struct full *f, struct wire_request *q)
{
    struct errmsg why = {0};
    if (wire_client_ask(f->p->client, q, &f->a, &why) != ERR_OK) {
        term_close(f->term);
        f->term = NULL;
        complain("%s.%s", why.text,
                 !store_trouble(f->p->store) ? " Everything until then is saved." : "");
        f->p->status = LEAVE_NOT_PASSED;
        f->leave = true;
        return false;
    }
    take_answer(f);
    return true;
}

static void ask_notice(struct full *f, const char *text)
{
    ask(f, &(struct wire_request){.op = WIRE_NOTICE, .line = text});
}

/* Puts the client's words where the learner looks, until a key. */
static void tell_said(struct full *f)
{
    char text[sizeof f->said];
    if (f->said[0] == '\0' || f->leave)
        return;
    memcpy(text, f->said, sizeof text);
    f->said[0] = '\0';
    ask_notice(f, text);
}

/* So does what became of the files. */
static void tell_news(struct full *f)
{
    const char *news = store_news(f->p->store);
    if (!news || f->leave)
        return;
    ask_notice(f, news);
    store_told(f->p->store);
}

static void fill_screen(const struct full *f, struct wire_request *q)
{
    term_size(f->term, &q->rows, &q->cols);
    q->program = f->p->program.s;
    q->glyphs = f->p->glyphs;
    q->mono = term_mono(f->term);
}

static void send_size(struct full *f)
{
    struct wire_request q = {.op = WIRE_RESIZE};
    f->resized = false;
    fill_screen(f, &q);
    ask(f, &q);
}

/* ---- from one lesson to another -------------------------------------------------- */

static void fail(struct full *f, enum err e, const struct errmsg *why)
{
    term_close(f->term);
    f->term = NULL;
    complain("%s", why->text);
    f->p->status = exit_code_of(e);
    f->leave = true;
}

static void go_home(struct full *f, const char *notice)
{
    struct errmsg why = {0};
    struct library l;
    play_close(f->p);
    f->home = true;
    enum err e = library_read(&l, f->p->args, &why);
    if (e != ERR_OK) {
        fail(f, e, &why);
        return;
    }
    library_progress(&l, f->p->store);
    struct wire_request q = {0};
    fill_screen(f, &q);
    e = library_open(&l, f->p->client,
                     &(struct wire_client_options){.jail = f->p->jail}, &q, &f->a,
                     &why);
    library_release(&l);
    if (e != ERR_OK) {
        fail(f, e, &why);
        return;
    }
    take_answer(f);
    if (notice && notice[0] != '\0')
        ask_notice(f, notice);
}

/* Shows an opened run; an error goes to the start screen, or ends a program that was
 * started for that run alone. */
static void go_to(struct full *f, enum err e, const struct buf *note,
                  const struct errmsg *why)
{
    if (e == ERR_OK) {
        f->home = false;
        f->last_tick = term_now(f->term);
        take_answer(f);
        if (f->p->paged && f->p->config->value[SET_BELL])
            term_bell(f->term);
        if (note->len > 0)
            ask_notice(f, note->s);
    } else if (f->home) {
        go_home(f, why->text);
    } else {
        fail(f, e, why);
    }
}

static void go_lesson(struct full *f, const char *word)
{
    struct errmsg why = {0};
    struct buf note;
    struct wire_request q = {.face = WIRE_FULL};
    buf_init(&note, 2048);
    fill_screen(f, &q);
    say_opening(f);
    enum err e = play_open(f->p, word, &q, &f->a, &note, &why);
    go_to(f, e, &note, &why);
    buf_release(&note);
}

static void go_blind(struct full *f)
{
    struct errmsg why = {0};
    struct buf note;
    struct wire_request q = {.face = WIRE_FULL};
    buf_init(&note, 2048);
    fill_screen(f, &q);
    say_opening(f);
    enum err e = play_open_drawn(f->p, &q, &f->a, &note, &why);
    go_to(f, e, &note, &why);
    buf_release(&note);
}

/* The debrief of a run that is over. */
static void go_debrief(struct full *f, const char *lesson, unsigned number)
{
    char id[STORE_ID_MAX];
    const struct store_run *run = store_ending(f->p->store, lesson, number);
    if (!run)
        return;
    snprintf(id, sizeof id, "%s", run->id);
    go_lesson(f, id);
}

/* An on-call run that was left goes on; else another night begins. */
static void go_on_call(struct full *f, const char *word)
{
    enum play_mode mode = f->p->mode;
    const struct store_run *saved = store_begun(f->p->store, word);
    f->p->mode = MODE_ONCALL;
    f->p->anew = !saved || saved->mode != MODE_ONCALL;
    go_lesson(f, word);
    f->p->mode = mode;
}

static void restart(struct full *f)
{
    enum play_mode mode = f->p->mode;
    f->p->mode = f->p->run.mode; /* as it was played, not as the next one would be */
    char word[65];
    snprintf(word, sizeof word, "%s", f->p->run.lesson);
    if (f->p->run.finished == 0) {
        f->p->run.dropped = true;
        store_save(f->p->store, &f->p->run);
    }
    f->p->anew = true;
    if (f->p->run.mode == MODE_BLIND) {
        go_blind(f);
        return;
    }
    go_lesson(f, f->p->named ? NULL : f->p->given ? f->p->args->words[0] : word);
    f->p->mode = mode;
}

/* Says what the colours are now, and whether they will be next time. */
static void say_theme(struct full *f, enum theme theme)
{
    const struct config *c = f->p->config;
    struct errmsg why = {0};
    char text[sizeof f->line];
    int n = snprintf(text, sizeof text, "Colours: %s, %s. ", theme_name(theme),
                     theme_doc(theme));
    char *rest = text + n;
    size_t room = sizeof text - (size_t)n;
    if (term_mono(f->term) && theme != THEME_MONO)
        snprintf(rest, room, "This terminal has none.");
    else if (config_file_set(c->path.s, SET_THEME, (int)theme, &why) != ERR_OK)
        snprintf(rest, room, "Not remembered: %s.", why.text);
    else if (c->by[SET_THEME])
        snprintf(rest, room, "Remembered; but %s comes first.", c->by[SET_THEME]);
    else
        snprintf(rest, room, "Remembered; t: the next.");
    set_line(f, text);
}

/* A worker cannot ask for this of its own accord: it writes a file. */
static void next_theme(struct full *f)
{
    int *theme = &f->p->config->value[SET_THEME];
    if (!f->keyed)
        return;
    *theme = (*theme + 1) % THEME_COUNT;
    term_theme(f->term, (enum theme) * theme);
    say_theme(f, (enum theme) * theme);
    send_size(f); /* colours may have come or gone */
}

static void do_want(struct full *f)
{
    char lesson[65];
    enum want want = f->a.want;
    snprintf(lesson, sizeof lesson, "%s", f->a.want_lesson);
    f->a.want = WANT_NOTHING;
    switch (want) {
    case WANT_NOTHING:
    case WANT_COUNT:
        break;
    case WANT_LEAVE:
        f->leave = true;
        break;
    case WANT_OPEN:
        if (lesson_id_valid(lesson))
            go_lesson(f, lesson);
        break;
    case WANT_ON_CALL:
        if (lesson_id_valid(lesson))
            go_on_call(f, lesson);
        break;
    case WANT_BLIND:
        go_blind(f);
        break;
    case WANT_DEBRIEF:
        if (lesson_id_valid(lesson))
            go_debrief(f, lesson, f->a.want_number);
        break;
    case WANT_RESTART:
        restart(f);
        break;
    case WANT_HOME:
        go_home(f, NULL);
        break;
    case WANT_REDRAW:
        term_redraw(f->term);
        paint(f);
        break;
    case WANT_THEME:
        next_theme(f);
        break;
    }
}

/* ---- the loop -------------------------------------------------------------------- */

static void send_keys(struct full *f, const struct term_event *first)
{
    struct key keys[AHEAD_MAX];
    size_t n = 0;
    keys[n++] = first->key;
    if (!f->line_stays)
        f->line[0] = '\0';
    /* A paste arrives as one piece and is sent as one. */
    while (n < AHEAD_MAX && keys[n - 1].kind == KEY_PASTE_CHAR) {
        struct term_event e = term_wait(f->term, 0);
        if (e.kind != TERM_KEY) {
            f->resized = f->resized || e.kind == TERM_RESIZE;
            if (e.kind == TERM_LEAVE)
                leave_by(f, &e);
            break;
        }
        keys[n++] = e.key;
    }
    ask(f, &(struct wire_request){.op = WIRE_KEYS, .keys = keys, .nkeys = n});
    if (is_interrupt(&first->key) && f->a.want == WANT_LEAVE)
        f->interrupted = true;
}

static void send_tick(struct full *f, sim_time elapsed)
{
    bool hurry = f->a.more && term_now(f->term) - f->last_paint < FAST_TICK_MS * SIM_MS;
    struct wire_request q = {.op = WIRE_TICK,
                             .elapsed = elapsed > ELAPSED_MAX ? ELAPSED_MAX : elapsed,
                             .max_events = SLICE_EVENTS,
                             .no_frame = hurry};
    /* An answer without a frame, and nothing more to come: a frame is needed after
     * all. */
    if (ask(f, &q) && hurry && !f->a.more) {
        q.elapsed = 0;
        q.no_frame = false;
        ask(f, &q);
    }
}

/* How long to wait for a key before the next tick; -1: time stands still. */
static int patience(struct full *f)
{
    sim_time now = term_now(f->term);
    if (f->a.more)
        return 0;
    if (!f->a.ticking) {
        f->last_tick = now;
        return store_trouble(f->p->store) ? 5000 : -1;
    }
    sim_time due = f->last_tick + (f->a.fast ? FAST_TICK_MS : TICK_MS) * SIM_MS;
    return due <= now ? 0 : (int)((due - now + SIM_MS - 1) / SIM_MS);
}

static void tick_if_due(struct full *f)
{
    if (f->leave || !(f->a.more || f->a.ticking))
        return;
    sim_time elapsed = f->a.ticking ? term_now(f->term) - f->last_tick : 0;
    if (!f->a.more && elapsed < (f->a.fast ? FAST_TICK_MS : TICK_MS) * SIM_MS)
        return;
    f->last_tick += elapsed;
    send_tick(f, elapsed);
}

static struct term_event next_event(struct full *f)
{
    if (f->resized) /* while a worker did not answer, before the keys typed then */
        return (struct term_event){.kind = TERM_RESIZE};
    if (f->nahead > 0) {
        struct term_event e = {.kind = TERM_KEY, .key = f->ahead[0]};
        memmove(f->ahead, f->ahead + 1, --f->nahead * sizeof *f->ahead);
        return e;
    }
    return term_wait(f->term, patience(f));
}

static void retry_disk(struct full *f)
{
    if (!store_trouble(f->p->store))
        return;
    if (f->p->tape)
        tape_retry(f->p->tape);
    store_retry(f->p->store);
    paint(f);
}

static void loop(struct full *f)
{
    while (!f->leave) {
        struct term_event e = next_event(f);
        if (e.kind == TERM_LEAVE)
            leave_by(f, &e);
        else if (e.kind == TERM_KEY)
            send_keys(f, &e);
        else if (e.kind == TERM_RESIZE)
            f->resized = true;
        else
            retry_disk(f);
        f->keyed = e.kind == TERM_KEY;
        if (f->leave)
            break;
        if (f->resized)
            send_size(f);
        do_want(f);
        tick_if_due(f);
        tell_said(f);
        tell_news(f);
    }
}

/* ---- starting -------------------------------------------------------------------- */

static enum err open_term(struct full *f, struct errmsg *why)
{
    const struct cli_args *a = f->p->args;
    const char *file = a->options[OPT_SCRIPT], *size = a->options[OPT_SIZE];
    const int *set = f->p->config->value;
    struct term_options o = {.theme = (enum theme)set[SET_THEME],
                             .ground = (enum ground)set[SET_BACKGROUND],
                             .mouse = set[SET_MOUSE] != 0,
                             .test_sync = option_given(a, OPT_TEST_SYNC),
                             .dump = option_given(a, OPT_DUMP),
                             .print = print_raw,
                             .name = file,
                             .rows = 24,
                             .cols = 80};
    if (size && !term_size_parse(size, &o.rows, &o.cols))
        return errmsg_set(why, ERR_INPUT, "--size wants COLSxROWS, as 80x24, not '%s'",
                          size);
    if (!file)
        return term_curses_open(&f->term, &o, why);
    struct buf script;
    buf_init(&script, LESSON_MAX_BYTES);
    enum err e = file_read(file, LESSON_MAX_BYTES, &script, why);
    o.script = script.s;
    if (e == ERR_OK)
        e = term_script_open(&f->term, &o, why);
    buf_release(&script);
    return e;
}

/* The last word, on the screen as it was before. */
static void say_farewell(const struct full *f)
{
    bool open = !f->home && f->p->tape && f->p->run.finished == 0;
    if (open && !f->gone && f->p->status == LEAVE_OK && !store_trouble(f->p->store) &&
        !option_given(f->p->args, OPT_SCRIPT))
        print("Saved. Go on where you were with: %s\n", command("", NULL).s);
}

int play_full(struct play *p, const char *lesson)
{
    struct errmsg why = {0};
    struct full f = {.p = p};
    enum err e = open_term(&f, &why);
    if (e != ERR_OK) {
        if (e == ERR_REFUSED)
            complain("%s; this works on any: %s", why.text,
                     command("play --plain", lesson).s);
        else
            complain("%s", why.text);
        return e == ERR_REFUSED ? LEAVE_TERMINAL : LEAVE_USAGE;
    }
    p->client = wire_client_new(&(struct wire_client_options){.jail = p->jail,
                                                              .tape = on_tape,
                                                              .waiting = on_waiting,
                                                              .said = on_said,
                                                              .ctx = &f});
    p->given = lesson && !lesson_id_valid(lesson);
    if (p->draws)
        go_blind(&f);
    else if (lesson)
        go_lesson(&f, lesson);
    else
        go_home(&f, NULL);
    tell_news(&f);
    if (p->config->ntroubles > 0 && !f.leave)
        ask_notice(&f, p->config->troubles.s);
    loop(&f);
    term_close(f.term);
    say_farewell(&f);
    if (f.interrupted && p->status == LEAVE_OK)
        p->status = LEAVE_INTERRUPTED;
    canvas_free(f.canvas);
    canvas_free(f.over);
    wire_answer_release(&f.a);
    return p->status;
}
