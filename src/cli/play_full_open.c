/*
 * Playing on a screen: from one lesson to another. A worker only says what it wants; files,
 * the store and the settings are the front's.
 */
#include "play_full.h"

#include <stdio.h>
#include <string.h>

static void fail(struct full *f, enum err e, const struct errmsg *why)
{
    term_close(f->term);
    f->term = NULL;
    complain("%s", why->text);
    f->p->status = exit_code_of(e);
    f->leave = true;
}

void full_go_home(struct full *f, const char *notice)
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
    full_fill_screen(f, &q);
    e = library_open(&l, f->p->client,
                     &(struct wire_client_options){.jail = f->p->jail}, &q, &f->a,
                     &why);
    library_release(&l);
    if (e != ERR_OK) {
        fail(f, e, &why);
        return;
    }
    full_take_answer(f);
    if (notice && notice[0] != '\0')
        full_notice(f, notice);
}

/* Shows an opened run; an error goes to the start screen, or ends a program that was
 * started for that run alone. */
static void go_to(struct full *f, enum err e, const struct buf *note,
                  const struct errmsg *why)
{
    if (e == ERR_OK) {
        f->listed = f->home;
        f->home = false;
        f->last_tick = term_now(f->term);
        full_take_answer(f);
        if (f->p->paged && f->p->config->value[SET_BELL])
            term_bell(f->term);
        if (note->len > 0)
            full_notice(f, note->s);
    } else if (f->home) {
        full_go_home(f, why->text);
    } else {
        fail(f, e, why);
    }
}

void full_open_failed(struct full *f)
{
    struct errmsg why = {0};
    enum err e = errmsg_set(&why, f->a.err, "%s", f->a.error);
    f->holds = false;
    play_forget(f->p);
    if (f->listed)
        full_go_home(f, why.text);
    else
        fail(f, e, &why);
}

/* Opens what `word` names, or (`drawn`) a night drawn blind. */
static void open_run(struct full *f, const char *word, bool drawn)
{
    struct errmsg why = {0};
    struct buf note;
    struct wire_request q = {.face = WIRE_FULL, .early = true};
    buf_init(&note, 2048);
    full_fill_screen(f, &q);
    full_say_opening(f);
    enum err e = drawn ? play_open_drawn(f->p, &q, &f->a, &note, &why)
                       : play_open(f->p, word, &q, &f->a, &note, &why);
    go_to(f, e, &note, &why);
    buf_release(&note);
}

void full_go_lesson(struct full *f, const char *word)
{
    open_run(f, word, false);
}

void full_go_blind(struct full *f)
{
    open_run(f, NULL, true);
}

/* The debrief of a run that is over. */
static void go_debrief(struct full *f, const char *lesson, unsigned number)
{
    char id[STORE_ID_MAX];
    const struct store_run *run = store_ending(f->p->store, lesson, number);
    if (!run)
        return;
    snprintf(id, sizeof id, "%s", run->id);
    full_go_lesson(f, id);
}

/* An on-call run that was left goes on; else another night begins. */
static void go_on_call(struct full *f, const char *word)
{
    enum play_mode mode = f->p->mode;
    const struct store_run *saved = store_begun(f->p->store, word);
    f->p->mode = MODE_ONCALL;
    f->p->anew = !saved || saved->mode != MODE_ONCALL;
    full_go_lesson(f, word);
    f->p->mode = mode;
}

/* Begins a run again: the one that is open, or, from the list, the one of `lesson` that
 * is begun. */
static void restart(struct full *f, const char *lesson)
{
    bool open = f->p->run.id[0] != '\0';
    const struct store_run *begun =
        open ? &f->p->run : store_begun(f->p->store, lesson);
    if (!begun)
        return;
    struct store_run run = *begun;
    enum play_mode mode = f->p->mode;
    f->p->mode = run.mode; /* the mode it was played in, not the next one's */
    if (run.finished == 0 && !f->p->opening) {
        run.dropped = true;
        store_save(f->p->store, &run);
        if (open)
            f->p->run.dropped = true;
    }
    f->p->anew = true;
    if (run.mode == MODE_BLIND) {
        full_go_blind(f);
        return;
    }
    bool given = open && f->p->given;
    full_go_lesson(f, open && f->p->named ? NULL
                      : given             ? f->p->args->words[0]
                                          : run.lesson);
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
    full_set_line(f, text);
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
    full_send_size(f); /* colours may have come or gone */
}

void full_do_want(struct full *f)
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
            full_go_lesson(f, lesson);
        break;
    case WANT_ON_CALL:
        if (lesson_id_valid(lesson))
            go_on_call(f, lesson);
        break;
    case WANT_BLIND:
        full_go_blind(f);
        break;
    case WANT_DEBRIEF:
        if (lesson_id_valid(lesson))
            go_debrief(f, lesson, f->a.want_number);
        break;
    case WANT_RESTART:
        restart(f, lesson);
        break;
    case WANT_HOME:
        full_go_home(f, NULL);
        break;
    case WANT_REDRAW:
        term_redraw(f->term);
        full_paint(f);
        break;
    case WANT_THEME:
        next_theme(f);
        break;
    case WANT_ENTER:
        f->holds = f->a.opening;
        f->ahead[0] = (struct key){.kind = KEY_ENTER};
        f->nahead = 1;
        break;
    }
}
