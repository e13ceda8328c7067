/*
 * A chart as text: columns of eighths of a block over an axis with round numbers, clock
 * times below, and a mark where something was changed.
 */
#include "console_internal.h"

#include <string.h>

#define LABEL_WIDTH 7
#define MARKS_MAX   9

static const char *const eighths[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
/* Quarters at most: what ASCII can show without guessing. */
static const char *const ascii_levels[] = {" ", ".", ".", ":", ":", ":", "|", "|", "#"};

static const char *level(const struct call *c, int eighth)
{
    return (c->ctx->ascii ? ascii_levels : eighths)[eighth];
}

const char *sparkline(const struct call *c, const double *v, size_t n, double low,
                      double high)
{
    struct buf b;
    buf_init(&b, 0);
    for (size_t i = 0; i < n; i++) {
        double share = high > low ? (v[i] - low) / (high - low) : v[i] > 0 ? 0.5 : 0;
        int e = isnan(v[i]) ? 0 : 1 + (int)(share * 7 + 0.5);
        buf_adds(&b, level(c, e < 0 ? 0 : e > 8 ? 8 : e));
    }
    const char *s = arena_strdup(c->mem, b.s);
    buf_release(&b);
    return s;
}

/* The smallest of 1, 2, 2.5, 5 × 10^k that is at least x: a round top for an axis. */
static double round_up(double x)
{
    static const double steps[] = {1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10};
    double p = 1;
    if (!(x > 0))
        return 1;
    while (p > x)
        p /= 10;
    while (p * 10 <= x)
        p *= 10;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (steps[i] * p >= x * 0.999999)
            return steps[i] * p;
    return 10 * p;
}

static double axis_top(const struct chart *ch)
{
    double high = isnan(ch->high) ? 0 : ch->high * ch->scale.factor;
    if (str_eq(ch->scale.unit, "%") && high > 30 && high <= 100)
        return 100;
    return round_up(high);
}

static double column_value(const struct chart *ch, size_t col, size_t width)
{
    return ch->v[col * ch->n / width] * ch->scale.factor;
}

static int column_level(double v, double base, double at, bool last)
{
    double share = (v - base) / (at - base);
    int e = isnan(share) || share <= 0 ? 0 : share >= 1 ? 8 : (int)(share * 8 + 0.5);
    /* A zero is a value: it has a line; what is missing has none. */
    return e == 0 && last && !isnan(v) ? 1 : e;
}

static void draw_row(struct call *c, const struct chart *ch, size_t row, size_t rows,
                     double top, size_t width)
{
    bool last = row + 1 == rows, labelled = row == 0 || row == rows / 2 || last;
    double at = top * (double)(rows - row) / (double)rows;
    double base = top * (double)(rows - row - 1) / (double)rows;
    const char *tick = c->ctx->ascii ? (labelled ? "+" : "|") : (labelled ? "┤" : "│");
    size_t end = 0;
    out_add(c->o, TONE_DIM, "%*s %s", LABEL_WIDTH,
            !labelled ? ""
            : last    ? "0"
                      : num(c, at),
            tick);
    for (size_t i = 0; i < width; i++)
        if (column_level(column_value(ch, i, width), base, at, last))
            end = i + 1;
    for (size_t i = 0; i < end; i++)
        out_add(c->o, TONE_SERIES1, "%s",
                level(c, column_level(column_value(ch, i, width), base, at, last)));
    out_end(c->o);
}

/* Clock times under the columns, as many as fit without touching. */
static void draw_times(struct call *c, const struct chart *ch, size_t width)
{
    bool seconds = ch->to - ch->from < 10 * SIM_MIN;
    size_t label = seconds ? 8 : 5, every = width / (label + 8);
    struct buf b;
    buf_init(&b, 0);
    if (every < 1)
        every = 1;
    buf_pad(&b, LABEL_WIDTH + 2);
    for (size_t i = 0; i <= every; i++) {
        size_t col = width * i / every;
        sim_time t = ch->from + (ch->to - ch->from) / (sim_time)width * (sim_time)col;
        size_t left = i == 0 ? 0 : i == every ? width - label : col - label / 2;
        if (i == every && every == 1 && width < 2 * label + 2)
            break;
        buf_pad(&b, LABEL_WIDTH + 2 + left);
        buf_adds(&b, clock_of(c, i == every ? ch->to : t, seconds));
    }
    out_line(c->o, TONE_DIM, "%s", b.s);
    buf_release(&b);
}

/* ---- what was changed while this was drawn
 * -------------------------------------------------- */

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
    double f = ch->scale.factor;
    const char *unit = ch->scale.unit;
    out_add(c->o, TONE_STRONG, "%s", ch->title);
    out_add(c->o, TONE_DIM, "%s%s   now ", *unit ? ", " : "", unit);
    out_add(c->o, TONE_STRONG, "%s", num(c, ch->last * f));
    out_line(c->o, TONE_DIM, "   lowest %s   highest %s", num(c, ch->low * f),
             num(c, ch->high * f));
}

void chart_draw(struct call *c, const struct chart *ch, size_t rows)
{
    size_t width = (size_t)c->ctx->columns - LABEL_WIDTH - 2;
    double top = axis_top(ch);
    draw_title(c, ch);
    for (size_t row = 0; row < rows; row++)
        draw_row(c, ch, row, rows, top, width);
    draw_times(c, ch, width);
    draw_marks(c, ch, width);
}
