/*
 * A chart: one row of title and value, columns of block elements in eighths, an axis
 * with its unit, clock times below, marks where something was changed. The first series
 * is filled; more are lines of their own glyph, so that three runs can be told apart
 * without colour.
 */
#include "ui_internal.h"

#include <math.h>
#include <stdio.h>

#define LABEL 7 /* columns of axis labels, before the axis */

int plot_columns(int cols)
{
    return cols > LABEL + 1 ? cols - LABEL - 1 : 0;
}

double nice_above(double v)
{
    static const double steps[] = {1, 1.5, 2, 3, 4, 5, 6, 8, 10};
    double p = 1;
    if (!(v > 0))
        return 1;
    while (p > v)
        p /= 10;
    while (p * 10 < v)
        p *= 10;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (steps[i] * p >= v * 0.9999)
            return steps[i] * p;
    return 10 * p;
}

static void axis_text(char out[16], double v, const char *unit)
{
    if (str_eq(unit, "ratio"))
        snprintf(out, 16, "%g %%", v * 100);
    else if (str_eq(unit, "%"))
        snprintf(out, 16, "%g %%", v);
    else if (str_eq(unit, "s") && v < 1 && v > 0)
        snprintf(out, 16, "%g ms", v * 1000);
    else if (str_eq(unit, "s"))
        snprintf(out, 16, "%g s", v);
    else if (v >= 1e6)
        snprintf(out, 16, "%g M", v / 1e6);
    else if (v >= 1e4)
        snprintf(out, 16, "%g k", v / 1e3);
    else
        snprintf(out, 16, "%g", v);
}

static void range_of(const struct plot *p, double *lo, double *hi)
{
    *lo = p->lo;
    *hi = p->hi;
    if (*hi > *lo)
        return;
    double most = 0;
    for (size_t s = 0; s < p->nseries; s++)
        for (size_t i = 0; i < p->n; i++)
            if (p->v[s][i] > most)
                most = p->v[s][i];
    bool ratio = str_eq(p->unit, "ratio"), percent = str_eq(p->unit, "%");
    *lo = 0;
    *hi = nice_above(most);
    if (ratio && most > 0.5 && most <= 1.0001)
        *hi = 1;
    if (percent && most > 50 && most <= 100.01)
        *hi = 100;
    if ((ratio && most < 0.01) || (percent && most < 1))
        *hi = ratio ? 0.01 : 1;
    if (!ratio && !percent && !str_eq(p->unit, "s") && *hi < 4)
        *hi = 4;
}

static int column_of(const struct plot *p, sim_time t)
{
    if (t < p->from || t > p->to || p->to <= p->from)
        return -1;
    double at = (double)(t - p->from) / (double)(p->to - p->from) * (double)p->n;
    int col = at > 1e-9 ? (int)(at - 1e-9) : 0;
    return col < (int)p->n ? col : (int)p->n - 1;
}

/* ---- values
 * -----------------------------------------------------------------------------------
 */

/* One column of the filled series, from below; a value above zero always shows. */
static void fill_column(struct canvas *c, struct rect body, int col, double share,
                        enum tone t)
{
    int eighths = (int)(share * body.rows * 8 + 0.5);
    if (eighths > body.rows * 8)
        eighths = body.rows * 8;
    if (eighths <= 0)
        eighths = share > 0 ? 1 : 0;
    for (int i = 0; eighths > 0; i++, eighths -= 8) {
        uint32_t cp = eighths >= 8 ? 0x2588 : (uint32_t)(0x2580 + eighths);
        canvas_put(c, body.row + body.rows - 1 - i, body.col + col, t, cp);
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

static const uint32_t line_glyphs[3] = {0x2588, 0x2500, 0x00b7};

static void draw_values(struct canvas *c, struct rect body, const struct plot *p,
                        double lo, double hi)
{
    for (size_t s = 0; s < p->nseries; s++)
        for (size_t i = 0; i < p->n && (int)i < body.cols; i++) {
            double v = p->v[s][i];
            if (isnan(v))
                continue;
            double share = (v - lo) / (hi - lo);
            if (v == 0 && lo == 0)
                continue; /* nothing is drawn as nothing */
            if (s > 0)
                line_column(c, body, (int)i, share, p->tone[s], line_glyphs[s]);
            else if (p->braille)
                braille_column(c, body, (int)i, share, p->tone[0]);
            else
                fill_column(c, body, (int)i, share, p->tone[0]);
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

/* ---- axes
 * ------------------------------------------------------------------------------------------
 */

static void draw_axis(struct canvas *c, struct rect r, struct rect body,
                      const struct plot *p, double lo, double hi)
{
    char top[16], bottom[16];
    axis_text(top, hi, p->unit);
    axis_text(bottom, lo, p->unit);
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
    static const int minutes[] = {1, 2, 5, 10, 15, 20, 30, 60, 120, 240};
    sim_time span = p->to - p->from;
    for (size_t i = 0; i < sizeof minutes / sizeof *minutes; i++) {
        sim_time step = minutes[i] * SIM_MIN;
        if ((double)step / (double)span * (double)p->n >= 10)
            return step;
    }
    return 480 * SIM_MIN;
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

static void draw_title(struct canvas *c, struct rect r, const struct plot *p)
{
    struct buf b;
    buf_init(&b, 64);
    int at = (int)p->n - 1;
    if (p->cursor >= 0) {
        at -= p->cursor;
        sim_time slot = (p->to - p->from) / (sim_time)(p->n ? p->n : 1);
        clock_format(&b, p->day_start, p->from + slot * (at + 1), true);
        buf_adds(&b, "  ");
    } else {
        buf_adds(&b, "now ");
    }
    /* The slot that has just begun may have nothing in it yet. */
    if (p->cursor < 0 && at > 0 && isnan(p->v[0][at]))
        at--;
    value_text_of(&b, at >= 0 && p->n ? p->v[0][at] : NAN, p->unit);
    int w = (int)text_width(b.s);
    draw_right(c, r.row, r.col, r.cols, p->cursor >= 0 ? TONE_ACCENT : TONE_STRONG,
               b.s);
    int mark = p->selected ? canvas_text(c, r.row, r.col, 2, TONE_ACCENT, "› ") : 0;
    draw_clipped(c, r.row, r.col + mark, r.cols - w - 1 - mark,
                 p->selected ? TONE_SELECT : TONE_HEAD, p->title);
    buf_release(&b);
}

static void draw_legend(struct canvas *c, struct rect r, const struct plot *p)
{
    int col = (int)text_width(p->title) + 3;
    canvas_text(c, r.row, r.col, r.cols, TONE_HEAD, p->title);
    for (size_t s = 0; s < p->nseries; s++) {
        canvas_put(c, r.row, r.col + col, p->tone[s], line_glyphs[s]);
        col += 2 + canvas_text(c, r.row, r.col + col + 2, r.cols - col - 2, TONE_NORMAL,
                               p->name[s]);
        col += 3;
    }
}

void plot_draw(struct canvas *c, struct rect r, const struct plot *p)
{
    double lo, hi;
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
    range_of(p, &lo, &hi);
    draw_values(c, body, p, lo, hi);
    draw_axis(c, r, body, p, lo, hi);
    if (r.rows > 2)
        plot_times(c, body, p);
    int at = (int)p->n - 1 - p->cursor;
    if (p->cursor < 0 || at < 0)
        return;
    through(c, body, at, TONE_ACCENT, 0x2502);
    if (r.rows > 2) /* a full column hides the line, never this */
        canvas_put(c, body.row + body.rows, body.col + at, TONE_ACCENT, 0x2191);
}
