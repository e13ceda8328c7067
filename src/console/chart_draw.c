/*
 * A chart as text: columns of eighths of a block over an axis with round numbers, clock
 * times below, and a mark where something was changed.
 */
#include "chart.h"
#include "console_internal.h"
#include "lookup.h"

#include <assert.h>
#include <string.h>

#define LABEL_WIDTH 7
#define MARKS_MAX   9

static const char *level(const struct call *c, int cell)
{
    return cell_sign(cell, c->ctx->ascii);
}

const char *sparkline(const struct call *c, const struct curve_slot *v, size_t n,
                      double high)
{
    struct buf b;
    buf_init(&b, 0);
    for (size_t i = 0; i < n; i++) {
        double share = high > 0 ? v[i].high / high : v[i].high > 0 ? 0.5 : 0;
        int e = isnan(v[i].high) ? 0 : 1 + (int)(share * 7 + 0.5);
        buf_adds(&b, level(c, e < 0 ? 0 : e > 8 ? 8 : e));
    }
    const char *s = arena_strdup(c->mem, b.s);
    buf_release(&b);
    return s;
}

static void draw_row(struct call *c, const struct chart *ch, size_t row, size_t rows,
                     double top, size_t width)
{
    assert(row < rows && top > 0);
    bool last = row + 1 == rows, labelled = row == 0 || row == rows / 2 || last;
    double at = top * (double)(rows - row) / (double)rows;
    const char *tick = c->ctx->ascii ? (labelled ? "+" : "|") : (labelled ? "┤" : "│");
    size_t end = 0;
    int cell[CHART_SLOTS];
    out_add(c->o, TONE_DIM, "%*s %s", LABEL_WIDTH,
            !labelled ? ""
            : last    ? "0"
                      : num(c, at),
            tick);
    for (size_t i = 0; i < width && i < CHART_SLOTS; i++) {
        cell[i] = curve_cell(&ch->v[i * ch->n / width], ch->scale.factor, top,
                             rows - row - 1, rows);
        end = cell[i] ? i + 1 : end;
    }
    for (size_t i = 0; i < end; i++)
        out_add(c->o, TONE_SERIES1, "%s", level(c, cell[i]));
    out_end(c->o);
}

/* Clock times under the columns, each in the middle under its own moment. */
static void draw_times(struct call *c, const struct chart *ch, size_t width)
{
    enum { ROOM = 13 }; /* columns for a label with seconds, and some between */
    sim_time span = ch->to - ch->from, step = axis_step(span, width, ROOM);
    bool seconds = step < SIM_MIN;
    size_t label = seconds ? 8 : 5;
    sim_time first = (ch->from + c->ctx->day_start + step - 1) / step * step;
    struct buf b;
    buf_init(&b, 0);
    for (sim_time t = first - c->ctx->day_start; t <= ch->to; t += step) {
        size_t col = (size_t)((double)(t - ch->from) / (double)span * (double)width);
        size_t left = col > label / 2 ? col - label / 2 : 0;
        buf_pad(&b, LABEL_WIDTH + 2 + (left + label > width ? width - label : left));
        buf_adds(&b, clock_of(c, t, seconds));
    }
    out_line(c->o, TONE_DIM, "%s", b.s);
    buf_release(&b);
}

/* ---- what was changed while this was drawn --------------------------------------- */

struct mark {
    const struct change *change;
    size_t col;
};

static size_t find_marks(struct call *c, const struct chart *ch, size_t width,
                         struct mark *out)
{
    size_t n = 0, total = recording_changes(c->rec);
    for (size_t i = total; i-- > 0 && n < MARKS_MAX;) {
        const struct change *k = recording_change(c->rec, i);
        if (k->at <= ch->from || k->at > ch->to)
            continue;
        double share = (double)(k->at - ch->from) / (double)(ch->to - ch->from);
        size_t col = (size_t)(share * (double)width);
        out[n++] = (struct mark){k, col < width ? col : width - 1};
    }
    for (size_t i = 0; i < n / 2; i++) {
        struct mark swap = out[i];
        out[i] = out[n - 1 - i];
        out[n - 1 - i] = swap;
    }
    return n;
}

static void draw_marks(struct call *c, const struct chart *ch, size_t width)
{
    struct mark marks[MARKS_MAX];
    size_t n = find_marks(c, ch, width, marks);
    struct buf b;
    if (!n)
        return;
    buf_init(&b, 0);
    for (size_t i = 0; i < n; i++) {
        if (i && marks[i].col == marks[i - 1].col)
            continue;
        buf_pad(&b, LABEL_WIDTH + 2 + marks[i].col);
        buf_addf(&b, "%zu", i + 1);
    }
    out_line(c->o, TONE_MARK, "%s", b.s);
    buf_release(&b);
    for (size_t i = 0; i < n; i++)
        out_line(c->o, TONE_DIM, "%*s %zu  %s  %s (%s)", LABEL_WIDTH, "", i + 1,
                 clock_of(c, marks[i].change->at, true), marks[i].change->title,
                 marks[i].change->who);
}

static void draw_title(struct call *c, const struct chart *ch)
{
    out_add(c->o, TONE_STRONG, "%s", ch->title);
    out_add(c->o, TONE_DIM, "   %s ",
            curve_is_read_off(&ch->curve) ? "now" : "last minute");
    out_add(c->o, TONE_STRONG, "%s", chart_value(c, ch, ch->now));
    out_line(c->o, TONE_DIM, "   from %s to %s   (%s)", chart_value(c, ch, ch->sum.low),
             chart_value(c, ch, ch->sum.high), chart_window(c, ch));
}

void chart_draw(struct call *c, const struct chart *ch, size_t rows)
{
    size_t width = (size_t)c->ctx->columns - LABEL_WIDTH - 2;
    if (width > CHART_SLOTS)
        width = CHART_SLOTS;
    double top = axis_top(ch->scale, ch->sum.high);
    draw_title(c, ch);
    for (size_t row = 0; row < rows; row++)
        draw_row(c, ch, row, rows, top, width);
    draw_times(c, ch, width);
    draw_marks(c, ch, width);
}
