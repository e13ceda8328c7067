/*
 * A grid of cells that knows no terminal. Everything on the screen is written here
 * first, so that a screen can be a golden file, a frame on the wire, or curses. Writing
 * is clipped, never refused: a view that runs out of room loses its right and lower
 * edge and nothing else.
 */
#include "truecode/screen.h"

#include <assert.h>
#include <stdio.h>

struct canvas *canvas_new(int rows, int cols)
{
    assert(rows > 0 && cols > 0);
    struct canvas *c = mem_alloc(sizeof *c);
    c->rows = rows > 0 ? rows : 1;
    c->cols = cols > 0 ? cols : 1;
    c->cells = mem_array((size_t)c->rows * (size_t)c->cols, sizeof *c->cells);
    canvas_clear(c);
    return c;
}

void canvas_free(struct canvas *c)
{
    if (!c)
        return;
    mem_free(c->cells);
    mem_free(c);
}

void canvas_clear(struct canvas *c)
{
    canvas_fill(c, (struct rect){0, 0, c->rows, c->cols}, TONE_NORMAL, ' ');
    c->cursor_row = c->cursor_col = -1;
}

static struct cell *cell_at(struct canvas *c, int row, int col)
{
    if (row < 0 || col < 0 || row >= c->rows || col >= c->cols)
        return NULL;
    return &c->cells[(size_t)row * (size_t)c->cols + (size_t)col];
}

/* Half of a wide character must not stay behind when the other half is overwritten. */
static void unpair(struct canvas *c, int row, int col)
{
    struct cell *at = cell_at(c, row, col), *other = NULL;
    if (at && at->width == 0)
        other = cell_at(c, row, col - 1);
    else if (at && at->width == 2)
        other = cell_at(c, row, col + 1);
    if (other) {
        other->cp = ' ';
        other->width = 1;
        other->mark[0] = other->mark[1] = 0;
    }
}

static void set_cell(struct canvas *c, int row, int col, enum tone t, uint32_t cp,
                     int w)
{
    assert(w >= 0 && w <= 2 && t < TONE_COUNT);
    struct cell *at = cell_at(c, row, col);
    if (!at)
        return;
    if (at->width != 1)
        unpair(c, row, col);
    *at = (struct cell){.cp = cp, .width = (uint8_t)w, .tone = (uint8_t)t};
}

void canvas_put(struct canvas *c, int row, int col, enum tone t, uint32_t cp)
{
    set_cell(c, row, col, t, cp, 1);
}

void canvas_fill(struct canvas *c, struct rect r, enum tone t, uint32_t cp)
{
    assert(t < TONE_COUNT);
    for (int i = 0; i < r.rows; i++)
        for (int j = 0; j < r.cols; j++)
            if (cell_at(c, r.row + i, r.col + j))
                *cell_at(c, r.row + i, r.col + j) =
                    (struct cell){.cp = cp, .width = 1, .tone = (uint8_t)t};
}

static void add_mark(struct canvas *c, int row, int col, uint32_t cp)
{
    struct cell *at = cell_at(c, row, col);
    if (at && at->width == 0)
        at = cell_at(c, row, col - 1);
    if (!at)
        return;
    if (!at->mark[0])
        at->mark[0] = cp;
    else if (!at->mark[1])
        at->mark[1] = cp;
}

int canvas_textn(struct canvas *c, int row, int col, int width, enum tone t,
                 const char *s, size_t n)
{
    assert(s || !n);
    int used = 0;
    if (col + width > c->cols)
        width = c->cols - col;
    for (size_t i = 0; i < n && s[i] && s[i] != '\n';) {
        uint32_t cp;
        i += utf8_next(s + i, n - i, &cp);
        int w = text_width_cp(cp);
        if (w == 0) {
            if (used > 0)
                add_mark(c, row, col + used - 1, cp);
            continue;
        }
        if (used + w > width)
            break;
        set_cell(c, row, col + used, t, cp, w);
        if (w == 2)
            set_cell(c, row, col + used + 1, t, 0, 0);
        used += w;
    }
    return used;
}

int canvas_text(struct canvas *c, int row, int col, int width, enum tone t,
                const char *s)
{
    size_t n = 0;
    while (s[n])
        n++;
    return canvas_textn(c, row, col, width, t, s, n);
}

int canvas_printf(struct canvas *c, int row, int col, int width, enum tone t,
                  const char *fmt, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return canvas_text(c, row, col, width, t, text);
}

void canvas_blit(struct canvas *dst, struct rect r, const struct canvas *src,
                 int src_row)
{
    assert(src != dst);
    for (int i = 0; i < r.rows; i++)
        for (int j = 0; j < r.cols; j++) {
            struct cell *to = cell_at(dst, r.row + i, r.col + j);
            const struct cell *from = cell_at((struct canvas *)src, src_row + i, j);
            if (to && from)
                *to = *from;
        }
}

static void dump_cell(const struct cell *cell, struct buf *out)
{
    char bytes[4];
    if (cell->width == 0)
        return;
    buf_add(out, bytes, utf8_put(bytes, cell->cp ? cell->cp : ' '));
    for (int m = 0; m < 2 && cell->mark[m]; m++)
        buf_add(out, bytes, utf8_put(bytes, cell->mark[m]));
}

void canvas_dump(const struct canvas *c, struct buf *out)
{
    for (int row = 0; row < c->rows; row++) {
        const struct cell *line = &c->cells[(size_t)row * (size_t)c->cols];
        int end = c->cols;
        while (end > 0 && line[end - 1].cp == ' ' && !line[end - 1].mark[0])
            end--;
        for (int col = 0; col < end; col++)
            dump_cell(&line[col], out);
        buf_addch(out, '\n');
    }
}
