/*
 * The step: the one thing to do next. It shows what is asked, the choices when it is a
 * question, and what was said about the last answer until that has been read. Drawn by
 * the same code that measures it, so that it can have exactly the rows it needs.
 */
#include "ui_internal.h"

#include <stdio.h>
#include <string.h>

/* Draws (or, with c NULL, measures) `text` at row; returns the rows it takes. */
static int text_at(struct canvas *c, struct rect r, int row, int indent, enum tone t,
                   const char *text)
{
    struct rect at = {r.row + row, r.col + indent, r.rows - row, r.cols - indent};
    if (at.rows < 0)
        at.rows = 0;
    return draw_wrapped(c, at, t, text, 0);
}

static int items_at(struct canvas *c, struct rect r, int row, const struct step *s)
{
    struct step_item it;
    int from = row;
    for (size_t i = 0; step_item(s, i, &it); i++) {
        char line[200];
        snprintf(line, sizeof line, "%s%s", it.text, it.asks);
        if (c && row < r.rows && it.number)
            canvas_printf(c, r.row + row, r.col + 1, 3, TONE_ACCENT, "%d", it.number);
        else if (c && row < r.rows)
            canvas_text(c, r.row + row, r.col + 1, 2, TONE_ACCENT, "·");
        row += text_at(c, r, row, 4, TONE_NORMAL, *it.asks ? line : it.text);
    }
    return row - from;
}

/* The dim line on how to answer; NULL where the author has said it. */
static const char *how(const struct session_view *v)
{
    struct step_how h = step_how(v->current);
    return h.unless && v->say && ui_has_word(v->say, h.unless) ? NULL : h.shown;
}

static int step_at(const struct session_view *v, struct canvas *c, struct rect r)
{
    int row = 0;
    if (v->feedback) {
        row += text_at(c, r, row, 0, TONE_ACCENT, v->feedback);
        return row + text_at(c, r, row, 0, TONE_DIM, "Enter: go on.");
    }
    const struct step *s = v->current;
    if (!s) {
        struct buf b;
        buf_init(&b, 400);
        buf_adds(&b, "The system is yours. Users must stay well for ");
        time_format(&b, lesson_info(v->lesson)->good_for);
        buf_addf(&b,
                 " after your last change; then say how it stands: resolve mitigated, "
                 "cured or recovered%s.",
                 v->blind ? "; resolve closed when nothing was wrong" : "");
        row += text_at(c, r, row, 0, TONE_NORMAL, b.s);
        buf_release(&b);
        return row;
    }
    row += text_at(c, r, row, 0, TONE_NORMAL, v->say ? v->say : "");
    row += items_at(c, r, row, s);
    if (v->hint) {
        char line[600];
        snprintf(line, sizeof line, "Hint %zu of %zu: %s", v->hints_shown, s->nhints,
                 v->hint);
        row += text_at(c, r, row, 0, TONE_ACCENT, line);
    }
    if (how(v))
        row += text_at(c, r, row, 0, TONE_DIM, how(v));
    return row;
}

int step_rows(struct ui *u, int cols)
{
    return step_at(ui_view_of(u), NULL, (struct rect){0, 0, 0, cols});
}

/* In few columns the title itself matters more than the words around its number. */
static void step_title(char *out, size_t max, const struct session_view *v, int room)
{
    const char *title = v->current->title ? v->current->title : "";
    snprintf(out, max, "Step %zu of %zu · %s", v->step + 1, v->nsteps, title);
    if (room < 50 || (int)text_width(out) > room)
        snprintf(out, max, "%zu/%zu %s", v->step + 1, v->nsteps, title);
}

void step_draw(struct ui *u, struct canvas *c, struct rect r)
{
    const struct session_view *v = ui_view_of(u);
    char title[160];
    const char *right =
        !v->feedback && v->current && v->hints_shown < v->current->nhints ? "F2 hint"
                                                                          : NULL;
    int room = r.cols - 4 - (right ? (int)text_width(right) + 4 : 0);
    if (v->feedback)
        snprintf(title, sizeof title, "Before you go on");
    else if (v->current)
        step_title(title, sizeof title, v, room);
    else
        snprintf(title, sizeof title, "On call");
    draw_rule(c, r.row, r.col, r.cols, TONE_HEAD, title, right);
    struct rect inner = {r.row + 1, r.col + 1, r.rows - 1, r.cols - 2};
    int all = step_at(v, c, inner);
    if (all > inner.rows && inner.rows > 0)
        draw_right(c, inner.row + inner.rows - 1, inner.col, inner.cols, TONE_WARN,
                   " … more: F1");
}

/* ---- the notebook ---------------------------------------------------------------- */

static const char *note_word(const struct note_view *n)
{
    return n->kind == NOTE_SUSPICION && !n->open ? "dropped" : note_head(n->kind);
}

void notes_draw(struct ui *u, struct canvas *c, struct rect r)
{
    const struct session_view *v = ui_view_of(u);
    int row = 0;
    if (v->nnotes == 0)
        text_at(c, r, 0, 0, TONE_DIM,
                "Nothing yet. suspect, rule-out and note write here.");
    for (size_t i = v->nnotes; i-- > 0 && row < r.rows;) {
        const struct note_view *n = &v->notes[i];
        struct buf b;
        buf_init(&b, 32);
        clock_text(&b, v, n->at, false);
        enum tone t = n->kind == NOTE_SUSPICION && n->open ? TONE_ACCENT : TONE_DIM;
        canvas_printf(c, r.row + row, r.col, 14, t, "%s %s", b.s, note_word(n));
        buf_release(&b);
        row += text_at(c, r, row, 14,
                       n->kind == NOTE_SUSPICION && !n->open ? TONE_DIM : TONE_NORMAL,
                       n->text);
    }
}
