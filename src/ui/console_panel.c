/*
 * The console: what was typed and answered, and the line being typed. It follows its
 * end until the learner scrolls; an answer longer than the panel opens it to half the
 * screen and starts at the answer's first line, because tables are read from their
 * head.
 */
#include "ui_internal.h"

#include <stdio.h>
#include <string.h>

#define ROWS_MAX 4096

static const struct out *transcript(const struct ui *u)
{
    return ui_view_of(u)->transcript;
}

/* Rows of the last answer, as wide as the console is. */
static int answer_rows(struct ui *u, int cols)
{
    struct span_of none;
    const struct out *o = transcript(u);
    if (u->said_to > o->text.len || u->said_from > u->said_to)
        return 0; /* the transcript forgot its beginning */
    size_t all = out_rows(o, u->said_from, cols, &none, 0);
    size_t rest = out_rows(o, u->said_to, cols, &none, 0);
    return (int)(all - rest);
}

int console_wants(struct ui *u, int cols)
{
    return u->big ? answer_rows(u, cols - 2) + 2 : 0;
}

/* A byte at the start of a line, far enough back that `rows` rows follow it. */
static size_t back_from(const struct out *o, size_t at, int rows)
{
    while (at > 0 && rows >= 0) {
        at--;
        while (at > 0 && o->text.s[at - 1] != '\n')
            at--;
        rows--;
    }
    return at;
}

/* The rows to show; returns how many, and in *below how many come after them. */
static int visible(struct ui *u, struct span_of *rows, int want, size_t *below)
{
    const struct out *o = transcript(u);
    *below = 0;
    if (want <= 0)
        return 0;
    size_t from = u->scrolled ? u->anchor : back_from(o, o->text.len, want);
    struct span_of *all = arena_alloc(&u->frame, ROWS_MAX * sizeof *all);
    size_t n = out_rows(o, from, u->console_cols, all, ROWS_MAX), kept = n;
    if (kept > ROWS_MAX)
        kept = ROWS_MAX;
    size_t first = u->scrolled || kept < (size_t)want ? 0 : kept - (size_t)want;
    size_t shown = kept - first < (size_t)want ? kept - first : (size_t)want;
    memcpy(rows, all + first, shown * sizeof *rows);
    *below = n - first - shown;
    return (int)shown;
}

static void draw_transcript(struct ui *u, struct canvas *c, struct rect r, char *right,
                            size_t max)
{
    struct span_of rows[256];
    size_t below;
    int want = r.rows < 256 ? r.rows : 256;
    int n = visible(u, rows, want, &below);
    for (int i = 0; i < n; i++)
        draw_out_row(c, r.row + (r.rows - want) + i, r.col, r.cols, transcript(u),
                     rows[i]);
    if (u->scrolled && below > 0)
        snprintf(right, max, "%zu more line%s · PgDn", below, below == 1 ? "" : "s");
    else if (u->scrolled)
        snprintf(right, max, "Esc: to the end");
}

void console_draw(struct ui *u, struct canvas *c, struct rect r)
{
    const struct session_view *v = ui_view_of(u);
    char right[48] = "";
    int rows = r.rows - 2;
    if (u->console_cols != r.cols - 2) {
        u->console_cols = r.cols - 2;
        session_set_columns(u->s, u->console_cols < 110 ? u->console_cols : 110);
    }
    u->console_rows = rows > 0 ? rows : 0;
    if (u->fresh && answer_rows(u, u->console_cols) > rows) {
        u->scrolled = true; /* longer than there is room for: read from its head */
        u->anchor = u->said_from;
    }
    u->fresh = false;
    struct rect text = {r.row + 1, r.col + 1, rows, r.cols - 2};
    spot_note(u, SPOT_CONSOLE, 0, r);
    if (rows > 0 && transcript(u)->text.len == 0)
        canvas_text(c, text.row + rows - 1, text.col, text.cols, TONE_DIM,
                    "Commands go here. help lists the ones you need; Tab completes.");
    else if (rows > 0)
        draw_transcript(u, c, text, right, sizeof right);
    if (strchr(u->ed.text.s, '\n'))
        snprintf(right, sizeof right, "Enter runs the lines one by one");
    draw_rule(c, r.row, r.col, r.cols, u->at_panel ? TONE_DIM : TONE_HEAD, "console",
              right);
    int line = r.row + r.rows - 1;
    if (rows >= 2)
        editor_draw_offer(&u->ed, c, line - 2, line - 1, r.col + 3, r.cols - 4);
    editor_draw(&u->ed, c, line, r.col + 1, r.cols - 2, "> ", !u->at_panel);
    if (u->ed.text.len == 0 && !u->ed.searching && v->feedback && !u->at_panel)
        canvas_text(c, line, r.col + 4, r.cols - 6, TONE_DIM, "Enter: go on");
}

/* ---- doing ----------------------------------------------------------------------- */

static void run(struct ui *u, const char *line, bool confirmed)
{
    struct errmsg why = {0};
    u->scrolled = false;
    u->big = u->fresh = true;
    u->said_from = transcript(u)->text.len;
    enum err e = session_line(u->s, line, confirmed, &why);
    const struct session_view *v = ui_view_of(u);
    u->said_to = v->transcript->text.len;
    if (e == ERR_STOPPED && v->confirm) {
        buf_reset(&u->asked);
        buf_adds(&u->asked, line);
        ui_ask(u, ASK_LINE);
    }
}

void console_send(struct ui *u, const char *line)
{
    run(u, line, false);
}

void console_confirmed(struct ui *u)
{
    struct buf line;
    buf_init(&line, EDITOR_LINE);
    buf_adds(&line, u->asked.s);
    run(u, line.s, true);
    buf_release(&line);
}

/* Submits a line as if it had been typed alone. */
static void submit(struct ui *u, const char *line, size_t n)
{
    struct buf one;
    buf_init(&one, EDITOR_LINE);
    buf_add(&one, line, n);
    editor_remember(&u->ed, one.s);
    if (ui_view_of(u)->feedback)
        session_read(u->s); /* whoever types has read it */
    else if (n == 0 && ui_view_of(u)->hold == HOLD_READING)
        session_read(u->s);
    if (n == 0)
        u->big = u->scrolled = false;
    else
        run(u, one.s, false);
    buf_release(&one);
}

/* Moves the first line of the queue out of it and runs it. */
static void submit_next(struct ui *u)
{
    size_t next, n = editor_first_line(u->queued.s, &next);
    struct buf all;
    buf_init(&all, EDITOR_LINE);
    buf_add(&all, u->queued.s, u->queued.len);
    buf_reset(&u->queued);
    buf_adds(&u->queued, all.s + next);
    submit(u, all.s, n);
    buf_release(&all);
}

/* Pasted lines are run as lines: the first now, each other when the one
 * before it is done. What is new takes the place of what still waited. */
void console_submit(struct ui *u)
{
    console_drop_queue(u);
    buf_adds(&u->queued, u->ed.text.s);
    editor_set(&u->ed, "");
    submit_next(u);
}

/* A question, a notice, a wait and the end of the lesson come before the next line. */
bool console_owes(const struct ui *u)
{
    const struct session_view *v = ui_view_of(u);
    return u->queued.len > 0 && u->over == OVER_NONE && u->notice.len == 0 &&
           v->phase == PHASE_PLAY && v->hold != HOLD_WAITING;
}

void console_go_on(struct ui *u)
{
    if (console_owes(u))
        submit_next(u);
}

void console_drop_queue(struct ui *u)
{
    if (u->queued.len > 0 && u->ed.text.len == 0)
        editor_set(&u->ed, u->queued.s);
    else if (u->queued.len > 0)
        editor_remember(&u->ed, u->queued.s);
    buf_reset(&u->queued);
}

void console_scroll_rows(struct ui *u, int by)
{
    const struct out *o = transcript(u);
    struct span_of rows[256];
    size_t below;
    int n = visible(u, rows, u->console_rows < 256 ? u->console_rows : 256, &below);
    if (n == 0)
        return;
    if (by < 0) {
        u->anchor =
            back_from(o, rows[0].from + (rows[0].from < o->text.len ? 1 : 0), -by);
        u->scrolled = u->big = true;
    } else if (u->scrolled) {
        size_t step = below < (size_t)by ? below : (size_t)by;
        size_t row = step < (size_t)n ? step : (size_t)n - 1;
        if (below == 0)
            u->scrolled = false;
        else
            u->anchor = rows[row].from;
    }
}

void console_scroll(struct ui *u, int pages)
{
    int page = u->console_rows > 2 ? u->console_rows - 1 : 1;
    console_scroll_rows(u, pages * page);
}
