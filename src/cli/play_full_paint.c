/*
 * Playing on a screen: the worker's frame on the terminal. The front adds only one line of
 * its own, over the last rows, for what a worker cannot know: that it does not answer, that
 * the disk is full.
 */
#include "play_full.h"

#include <stdio.h>
#include <string.h>

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

void full_paint(struct full *f)
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
void full_need_canvas(struct full *f)
{
    int rows, cols;
    if (f->canvas)
        return;
    term_size(f->term, &rows, &cols);
    f->canvas = canvas_new(rows, cols);
    canvas_clear(f->canvas);
    f->canvas->cursor_row = f->canvas->cursor_col = -1;
}

void full_set_line(struct full *f, const char *text)
{
    struct buf clean;
    buf_init(&clean, sizeof f->line - 1);
    text_clean(&clean, text, strlen(text), false);
    snprintf(f->line, sizeof f->line, "%s", clean.s);
    buf_release(&clean);
}
