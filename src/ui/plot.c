/*
 * A chart: one row of title and value, columns of block elements in eighths, an axis
 * with its unit, clock times below, marks where something was changed. The first series
 * is filled; more are lines of their own glyph, so that three runs can be told apart
 * without colour.
 */
#include "ui_internal.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>

#define LABEL 7 /* columns of axis labels, before the axis */

int plot_columns(int cols)
{
    return cols > LABEL + 1 ? cols - LABEL - 1 : 0;
}

static void axis_text(char out[16], double v, const char *unit)
{
    if (str_eq(unit, "%") || str_eq(unit, "ms") || str_eq(unit, "s"))
        snprintf(out, 16, "%g %s", v, unit);
    else if (v >= 1e6)
        snprintf(out, 16, "%g M", v / 1e6);
    else if (v >= 1e4)
        snprintf(out, 16, "%g k", v / 1e3);
    else
        snprintf(out, 16, "%g", v);
}

static int column_of(const struct plot *p, sim_time t)
{
    assert(p->to > p->from);
    if (t < p->from || t > p->to || p->to <= p->from)
        return -1;
    double at = (double)(t - p->from) / (double)(p->to - p->from) * (double)p->n;
    int col = at > 1e-9 ? (int)(at - 1e-9) : 0;
    return col < (int)p->n ? col : (int)p->n - 1;
}

/* ---- values ---------------------------------------------------------------------- */

static void fill_column(struct canvas *c, struct rect body, int col,
                        const struct curve_slot *v, const struct plot *p)
{
    for (int row = 0; row < body.rows; row++) {
        int cell =
            curve_cell(v, p->scale.factor, p->top, (size_t)row, (size_t)body.rows);
        uint32_t cp = cell == CELL_SPAN ? 0x2591 : 0x2580 + (uint32_t)cell;
        if (cell > 0)
            canvas_put(c, body.row + body.rows - 1 - row, body.col + col, p->tone[0],
                       cp);
    }
}

static void braille_column(struct canvas *c, struct rect body, int col, double share,
                           enum tone t)
{
    static const uint8_t dots[4] = {0xc0, 0x24, 0x12,
                                    0x09}; /* from below, both columns */
    int level = (int)(share * (body.rows * 4 - 1) + 0.5);
    if (level < 0)
        level = 0;
    if (level > body.rows * 4 - 1)
        level = body.rows * 4 - 1;
    canvas_put(c, body.row + body.rows - 1 - level / 4, body.col + col, t,
               0x2800u + dots[level % 4]);
}

static void line_column(struct canvas *c, struct rect body, int col, double share,
                        enum tone t, uint32_t glyph)
{
    int row = (int)(share * body.rows);
    if (row > body.rows - 1)
        row = body.rows - 1;
    canvas_put(c, body.row + body.rows - 1 - (row < 0 ? 0 : row), body.col + col, t,
               glyph);
}

static const uint32_t line_glyphs[BLOCK_SERIES_MAX] = {0x2588, 0x2500, 0x00b7, '+'};

static void draw_values(struct canvas *c, struct rect body, const struct plot *p)
{
    for (size_t s = 0; s < p->nseries; s++)
        for (size_t i = 0; i < p->n && (int)i < body.cols; i++) {
            const struct curve_slot *v = &p->v[s][i];
            double share = v->high * p->scale.factor / p->top;
            if (isnan(v->mean))
                continue;
            if (s > 0 && v->high > 0)
                line_column(c, body, (int)i, share, p->tone[s], line_glyphs[s]);
            else if (s == 0 && p->braille)
                braille_column(c, body, (int)i, share, p->tone[0]);
            else if (s == 0)
                fill_column(c, body, (int)i, v, p);
        }
}

/* A vertical line through the cells that are still empty. */
static void through(struct canvas *c, struct rect body, int col, enum tone t,
                    uint32_t cp)
{
    for (int i = 0; i < body.rows; i++) {
        size_t at = (size_t)(body.row + i) * (size_t)c->cols + (size_t)(body.col + col);
        bool inside = body.row + i < c->rows && body.col + col < c->cols;
        if (inside && c->cells[at].cp == ' ')
            canvas_put(c, body.row + i, body.col + col, t, cp);
    }
}

/* ---- axes ------------------------------------------------------------------------ */

static void draw_axis(struct canvas *c, struct rect r, struct rect body,
                      const struct plot *p)
{
    char top[16], bottom[16];
    axis_text(top, p->top, p->scale.unit);
    axis_text(bottom, 0, p->scale.unit);
    for (int i = 0; i < body.rows; i++) {
        bool end = i == 0 || i == body.rows - 1;
        canvas_put(c, body.row + i, body.col - 1, TONE_DIM, end ? 0x2524 : 0x2502);
    }
    draw_right(c, body.row, r.col, LABEL - 1, TONE_DIM, top);
    if (body.rows > 1)
        draw_right(c, body.row + body.rows - 1, r.col, LABEL - 1, TONE_DIM, bottom);
}

static sim_time label_step(const struct plot *p)
{
    sim_time step = axis_step(p->to - p->from, p->n, 10);
    return step < SIM_MIN ? SIM_MIN : step;
}

static bool marked(const struct plot *p, int from, int to)
{
    for (size_t i = 0; i < p->nmarks; i++) {
        int col = column_of(p, p->marks[i]);
        if (col >= from && col < to)
            return true;
    }
    return false;
}

/* Clock times on the row below `body`, and the marks through it. */
void plot_times(struct canvas *c, struct rect body, const struct plot *p)
{
    sim_time step = label_step(p);
    int row = body.row + body.rows;
    sim_time first = p->from + p->day_start;
    first = (first / step + 1) * step - p->day_start;
    for (sim_time t = first; t <= p->to; t += step) {
        struct buf b;
        buf_init(&b, 16);
        clock_format(&b, p->day_start, t, false);
        int col = column_of(p, t) - 2;
        if (col + 5 > body.cols)
            col = body.cols - 5;
        if (col >= -2 && !marked(p, col, col + 5))
            canvas_text(c, row, body.col + col, 5, TONE_DIM, b.s);
        buf_release(&b);
    }
    for (size_t i = 0; i < p->nmarks; i++) {
        int col = column_of(p, p->marks[i]);
        if (col < 0)
            continue;
        through(c, body, col, TONE_MARK, 0x250a);
        canvas_put(c, row, body.col + col, TONE_MARK, 0x25b2);
    }
}

/* Under the cursor: when, and what; of a gauge from its lowest to its highest. */
static void cursor_text(struct buf *b, const struct plot *p)
{
    size_t at = p->n - 1 - (size_t)p->cursor;
    const struct curve_slot *v = &p->v[0][at];
    sim_time slot = (p->to - p->from) / (sim_time)p->n;
    double f = p->scale.factor;
    clock_format(b, p->day_start, p->from + slot * (sim_time)(at + 1), true);
    buf_adds(b, "  ");
    number_text(b, v->low * f);
    if (v->high > v->low) {
        buf_adds(b, " to ");
        number_text(b, v->high * f);
    }
    if (*p->scale.unit)
        buf_addf(b, *p->scale.unit == '/' ? "%s" : " %s", p->scale.unit);
}

static void draw_title(struct canvas *c, struct rect r, const struct plot *p)
{
    struct buf b;
    bool cursor = p->cursor >= 0 && (size_t)p->cursor < p->n;
    buf_init(&b, 64);
    if (cursor)
        cursor_text(&b, p);
    else if (p->value)
        buf_adds(&b, p->value);
    int w = b.len ? (int)text_width(b.s) : 0;
    draw_right(c, r.row, r.col, r.cols, cursor ? TONE_ACCENT : TONE_STRONG, b.s);
    int mark = p->selected ? canvas_text(c, r.row, r.col, 2, TONE_ACCENT, "› ") : 0;
    draw_clipped(c, r.row, r.col + mark, r.cols - w - 1 - mark,
                 p->selected ? TONE_SELECT : TONE_HEAD, p->title);
    buf_release(&b);
}

static void draw_legend(struct canvas *c, struct rect r, const struct plot *p)
{
    int gap = p->nseries > 3 ? 2 : 3, col = (int)text_width(p->title) + gap;
    canvas_text(c, r.row, r.col, r.cols, TONE_HEAD, p->title);
    for (size_t s = 0; s < p->nseries; s++) {
        canvas_put(c, r.row, r.col + col, p->tone[s], line_glyphs[s]);
        col += 2 + canvas_text(c, r.row, r.col + col + 2, r.cols - col - 2, TONE_NORMAL,
                               p->name[s]);
        col += gap;
    }
}

void plot_draw(struct canvas *c, struct rect r, const struct plot *p)
{
    struct rect body = {r.row + 1, r.col + LABEL + 1, r.rows - 2, plot_columns(r.cols)};
    if (r.rows < 1 || r.cols < LABEL + 8)
        return;
    if (p->nseries > 1)
        draw_legend(c, r, p);
    else
        draw_title(c, r, p);
    if (body.rows < 1)
        body.rows = r.rows - 1;
    if (body.rows < 1)
        return;
    draw_values(c, body, p);
    draw_axis(c, r, body, p);
    if (r.rows > 2)
        plot_times(c, body, p);
    int at = (int)p->n - 1 - p->cursor;
    if (p->cursor < 0 || at < 0)
        return;
    through(c, body, at, TONE_ACCENT, 0x2502);
    if (r.rows > 2) /* a full column hides the line, never this */
        canvas_put(c, body.row + body.rows, body.col + at, TONE_ACCENT, 0x2191);
}
