/*
 * Playing on a screen: a request to the worker, and its answer. The tape is written down
 * before an answer is shown (full_on_tape()). While the worker does not answer, keys are
 * kept, and Ctrl-C ends it.
 */
#include "play_full.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

/* ---- what the client calls ------------------------------------------------------- */

void full_leave_by(struct full *f, const struct term_event *e)
{
    f->leave = true;
    f->interrupted = f->interrupted || e->signal != 0;
    f->gone = f->gone || e->signal == SIGHUP;
}

bool full_is_interrupt(const struct key *k)
{
    return k->kind == KEY_CHAR && k->ctrl && k->cp == 'c';
}

/* The worker has not answered for a while: say so, and let Ctrl-C end it. */
bool full_on_waiting(void *ctx, int ms)
{
    struct full *f = ctx;
    char text[80];
    snprintf(text, sizeof text, "The lesson has not answered for %d s. Ctrl-C ends it.",
             ms / 1000);
    full_need_canvas(f);
    full_set_line(f, text);
    f->line_stays = true;
    full_paint(f);
    for (;;) {
        struct term_event e = term_wait(f->term, 0);
        if (e.kind == TERM_NOTHING)
            return true;
        if (e.kind == TERM_LEAVE)
            full_leave_by(f, &e);
        if (e.kind == TERM_RESIZE)
            f->resized = true;
        if (e.kind == TERM_LEAVE || (e.kind == TERM_KEY && full_is_interrupt(&e.key))) {
            f->nahead =
                0; /* Ctrl-C drops what was typed before it, as a terminal does */
            return false;
        }
        if (e.kind == TERM_KEY && f->nahead < AHEAD_MAX)
            f->ahead[f->nahead++] = e.key;
    }
}

void full_on_said(void *ctx, const char *sentence)
{
    struct full *f = ctx;
    snprintf(f->said, sizeof f->said, "%s", sentence);
}

void full_on_tape(void *ctx, const char *s, size_t n)
{
    play_tape(((struct full *)ctx)->p, s, n);
}

/* ---- asking ---------------------------------------------------------------------- */

/* Enter was pressed on a page whose night is still being run up to it. */
static void say_progress(struct full *f)
{
    char text[80];
    f->holds = f->a.opening;
    snprintf(text, sizeof text,
             "Running the system up to this moment: %u %%. Ctrl-C leaves.", f->a.done);
    full_set_line(f, f->holds ? text : "");
}

/* The answer came: note it, show it. */
void full_take_answer(struct full *f)
{
    if (f->line_stays) {
        f->line[0] = '\0';
        f->line_stays = false;
    }
    if (f->holds)
        say_progress(f);
    play_note(f->p, &f->a);
    wire_frame_apply(&f->a.frame, &f->canvas);
    full_paint(f);
    if (f->a.bell && f->p->config->value[SET_BELL])
        term_bell(f->term);
    bool before = store_trouble(f->p->store);
    play_settle(f->p);
    if (before != (bool)store_trouble(f->p->store))
        full_paint(f); /* the screen's word on saving is no longer so */
}

/* Something to see while the worker gets a lesson ready. */
void full_say_opening(struct full *f)
{
    full_need_canvas(f);
    full_set_line(f, "Opening ...");
    f->line_stays = true;
    full_paint(f);
}

bool full_ask(struct full *f, struct wire_request *q)
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
    full_take_answer(f);
    return true;
}

void full_notice(struct full *f, const char *text)
{
    full_ask(f, &(struct wire_request){.op = WIRE_NOTICE, .line = text});
}

/* Puts the client's words where the learner looks, until a key. */
void full_tell_said(struct full *f)
{
    char text[sizeof f->said];
    if (f->said[0] == '\0' || f->leave)
        return;
    memcpy(text, f->said, sizeof text);
    f->said[0] = '\0';
    full_notice(f, text);
}

/* Shows the fate of the files, too. */
void full_tell_news(struct full *f)
{
    const char *news = store_news(f->p->store);
    if (!news || f->leave)
        return;
    full_notice(f, news);
    store_told(f->p->store);
}

void full_fill_screen(const struct full *f, struct wire_request *q)
{
    term_size(f->term, &q->rows, &q->cols);
    q->program = f->p->program.s;
    q->glyphs = f->p->glyphs;
    q->mono = term_mono(f->term);
}

void full_send_size(struct full *f)
{
    struct wire_request q = {.op = WIRE_RESIZE};
    f->resized = false;
    full_fill_screen(f, &q);
    full_ask(f, &q);
}
