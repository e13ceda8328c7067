/*
 * The line editor's picture: the line, which slides so that the cursor stays in sight,
 * and the candidates above it.
 */
#include "ui_internal.h"

#include <stdio.h>

static void draw_search(const struct editor *e, struct canvas *c, int row, int col,
                        int cols)
{
    int used = canvas_printf(c, row, col, cols, TONE_PROMPT, "search: %s", e->query.s);
    c->cursor_row = row;
    c->cursor_col = col + used;
    if (e->query.full)
        used += canvas_text(c, row, col + used, cols - used, TONE_WARN, TEXT_CUT);
    if (e->found < e->nhistory)
        draw_clipped(c, row, col + used + 3, cols - used - 3, TONE_NORMAL,
                     e->history[e->found]);
    else if (e->query.len)
        canvas_text(c, row, col + used + 3, cols - used - 3, TONE_DIM,
                    "nothing like it");
}

/* From the character `from` on, with a sign where a line ends. */
static void draw_text(const struct editor *e, struct canvas *c, int row, int col,
                      int room, size_t from)
{
    struct buf shown;
    buf_init(&shown, 3 * EDITOR_LINE);
    for (const char *s = e->text.s + from; *s; s++)
        if (*s == '\n')
            buf_adds(&shown, "\u21b5");
        else
            buf_addch(&shown, *s);
    draw_clipped(c, row, col, room, TONE_NORMAL, shown.s);
    if (from > 0)
        canvas_put(c, row, col, TONE_DIM, 0x2039);
    buf_release(&shown);
}

/* Right of the line, with what is left for the line itself. */
static int draw_cut(struct canvas *c, int row, int col, int cols)
{
    char text[60];
    snprintf(text, sizeof text, "cut: a line has room for %d bytes", EDITOR_LINE - 1);
    int w = (int)text_width(text);
    if (cols < w + 10)
        return cols;
    draw_right(c, row, col, cols, TONE_WARN, text);
    return cols - w - 2;
}

void editor_draw(const struct editor *e, struct canvas *c, int row, int col, int cols,
                 const char *prompt, bool cursor)
{
    if (e->searching) {
        draw_search(e, c, row, col, cols);
        return;
    }
    if (e->cut)
        cols = draw_cut(c, row, col, cols);
    int p = canvas_text(c, row, col, cols, cursor ? TONE_PROMPT : TONE_DIM, prompt);
    int room = cols - p;
    size_t from = 0; /* a long line slides left so that the cursor stays in sight */
    int width = editor_columns(e, 0, e->cursor);
    int last = e->cursor < e->text.len ? room - 2 : room - 1; /* beside the "…" */
    while (from < e->cursor && width > last) {
        size_t next = editor_right_of(e, from);
        width -= editor_columns(e, from, next);
        from = next;
    }
    draw_text(e, c, row, col + p, room, from);
    if (cursor) {
        c->cursor_row = row;
        c->cursor_col = col + p + width;
    }
}

static void draw_words(const struct editor *e, struct canvas *c, int row, int col,
                       int cols)
{
    const struct completions *o = &e->offer;
    size_t first = 0;
    int width = 0;
    for (size_t i = 0; e->pick < o->n && i <= e->pick;
         i++) { /* keep the pick in sight */
        width += (int)text_width(o->words[i]) + 2;
        while (width > cols - 10 && first < i)
            width -= (int)text_width(o->words[first++]) + 2;
    }
    int at = 0;
    for (size_t i = first; i < o->n; i++) {
        int w = (int)text_width(o->words[i]);
        if (at + w > cols - 8 && i + 1 < o->n) {
            canvas_printf(c, row, col + at, cols - at, TONE_DIM, "… %zu more",
                          o->n - i);
            return;
        }
        at += canvas_text(c, row, col + at, cols - at,
                          i == e->pick ? TONE_SELECT : TONE_ACCENT, o->words[i]);
        at += 2;
    }
}

void editor_draw_offer(const struct editor *e, struct canvas *c, int row, int row2,
                       int col, int cols)
{
    const struct completions *o = &e->offer;
    if (!e->offering)
        return;
    canvas_fill(c, (struct rect){row, 0, 1, c->cols}, TONE_NORMAL, ' ');
    canvas_fill(c, (struct rect){row2, 0, 1, c->cols}, TONE_NORMAL, ' ');
    if (o->n > 1)
        draw_words(e, c, row, col, cols);
    if (e->pick < o->n && *o->docs[e->pick])
        draw_clipped(c, row2, col, cols, TONE_DIM, o->docs[e->pick]);
    else if (o->usage)
        draw_clipped(c, row2, col, cols, TONE_DIM, o->usage);
    else if (o->n == 0)
        canvas_text(c, row2, col, cols, TONE_DIM, "Nothing fits here.");
}
