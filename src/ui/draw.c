/*
 * Words, rules, bars and numbers: the small pieces every view is made of. All of them
 * take a place and a width and stay inside; numbers keep three significant digits,
 * because a tired person compares magnitudes, not decimals.
 */
#include "ui_internal.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- wrapped text ---------------------------------------------------------------- */

/* A line of prose: what stands in `backticks` is to be typed, and looks like it.
 * *quoted goes on from line to line. */
static void prose(struct canvas *c, int row, int col, int width, enum tone t,
                  const char *s, size_t n, bool *quoted)
{
    int used = 0;
    for (size_t at = 0; at < n;) {
        const char *tick = memchr(s + at, '`', n - at);
        size_t stop = tick ? (size_t)(tick - s) : n;
        if (c)
            used += canvas_textn(c, row, col + used, width - used,
                                 *quoted ? TONE_PROMPT : t, s + at, stop - at);
        *quoted ^= (bool)tick;
        at = stop + 1;
    }
}

static int each_row(struct canvas *c, struct rect r, enum tone t, const char *lines,
                    int skip)
{
    int row = 0;
    bool quoted = false;
    for (const char *at = lines; *at; row++) {
        const char *end = strchr(at, '\n');
        size_t n = end ? (size_t)(end - at) : strlen(at);
        bool shown = c && row >= skip && row - skip < r.rows;
        prose(shown ? c : NULL, r.row + row - skip, r.col, r.cols, t, at, n, &quoted);
        if (!end)
            return row + 1;
        at = end + 1;
    }
    return row;
}

int draw_wrapped(struct canvas *c, struct rect r, enum tone t, const char *s, int skip)
{
    if (!s || !*s || r.cols < 8)
        return 0;
    struct buf b;
    buf_init(&b, 0);
    text_wrap(&b, s, (size_t)r.cols);
    while (b.len > 0 && b.s[b.len - 1] == '\n')
        b.s[--b.len] = '\0';
    int rows = each_row(c, r, t, b.s, skip);
    buf_release(&b);
    return rows;
}

int wrapped_rows(const char *s, int cols)
{
    assert(s);
    return draw_wrapped(NULL, (struct rect){0, 0, 0, cols}, TONE_NORMAL, s, 0);
}

int draw_clipped(struct canvas *c, int row, int col, int width, enum tone t,
                 const char *s)
{
    if (width <= 0)
        return 0;
    if ((int)text_width(s) <= width)
        return canvas_text(c, row, col, width, t, s);
    int used = canvas_text(c, row, col, width - 1, t, s);
    return used + canvas_text(c, row, col + used, 1, t, "…");
}

int draw_right(struct canvas *c, int row, int col, int width, enum tone t,
               const char *s)
{
    int w = (int)text_width(s);
    if (w > width)
        w = width;
    return canvas_text(c, row, col + width - w, w, t, s);
}

/* ---- rules, frames, bars --------------------------------------------------------- */

void draw_rule(struct canvas *c, int row, int col, int cols, enum tone title_tone,
               const char *title, const char *right)
{
    for (int i = 0; i < cols; i++)
        canvas_put(c, row, col + i, TONE_DIM, 0x2500);
    int room = cols - 4, used = 0;
    if (right && *right) {
        int w = (int)text_width(right);
        if (w + 12 < cols) {
            canvas_put(c, row, col + cols - w - 4, TONE_DIM, ' ');
            canvas_text(c, row, col + cols - w - 3, w, TONE_DIM, right);
            canvas_put(c, row, col + cols - 3, TONE_DIM, ' ');
            room -= w + 4;
        }
    }
    if (title && *title && room > 3) {
        canvas_put(c, row, col + 1, TONE_DIM, ' ');
        used = draw_clipped(c, row, col + 2, room, title_tone, title);
        canvas_put(c, row, col + 2 + used, TONE_DIM, ' ');
    }
}

void draw_frame(struct canvas *c, struct rect r, const char *title, const char *right)
{
    struct rect margin = {r.row, r.col - 1, r.rows, r.cols + 2};
    canvas_fill(c, margin, TONE_NORMAL, ' ');
    int bottom = r.row + r.rows - 1, end = r.col + r.cols - 1;
    draw_rule(c, r.row, r.col, r.cols, TONE_HEAD, title, right);
    draw_rule(c, bottom, r.col, r.cols, TONE_DIM, NULL, NULL);
    for (int i = r.row + 1; i < bottom; i++) {
        canvas_put(c, i, r.col, TONE_DIM, 0x2502);
        canvas_put(c, i, end, TONE_DIM, 0x2502);
    }
    canvas_put(c, r.row, r.col, TONE_DIM, 0x250c);
    canvas_put(c, r.row, end, TONE_DIM, 0x2510);
    canvas_put(c, bottom, r.col, TONE_DIM, 0x2514);
    canvas_put(c, bottom, end, TONE_DIM, 0x2518);
}

void draw_bar(struct canvas *c, int row, int col, int cols, double share, enum tone t)
{
    assert(t < TONE_COUNT);
    if (!(share > 0))
        share = 0;
    if (share > 1)
        share = 1;
    int eighths = (int)(share * cols * 8 + 0.5);
    for (int i = 0; i < cols; i++) {
        int e = eighths - i * 8;
        if (e >= 8)
            canvas_put(c, row, col + i, t, 0x2588);
        else if (e > 0)
            canvas_put(c, row, col + i, t, (uint32_t)(0x2590 - e));
        else
            canvas_put(c, row, col + i, TONE_DIM, 0x2591);
    }
}

/* ---- toned lines ----------------------------------------------------------------- */

/* The end of the visual row that starts at `from`: after the last blank that fits, or
 * in the middle of a word longer than the row. *next is where the following row starts.
 */
static size_t row_end(const char *s, size_t from, size_t line_end, int cols,
                      size_t *next)
{
    assert(from <= line_end);
    int used = 0;
    size_t blank = 0;
    for (size_t i = from; i < line_end;) {
        uint32_t cp;
        size_t n = utf8_next(s + i, line_end - i, &cp);
        used += text_width_cp(cp);
        if (used > cols) {
            *next = blank ? blank + 1 : i;
            return blank ? blank : i;
        }
        if (cp == ' ' && i > from)
            blank = i;
        i += n;
    }
    *next = line_end;
    return line_end;
}

size_t out_rows(const struct out *o, size_t from, int cols, struct span_of *rows,
                size_t max)
{
    size_t n = 0, end = o->text.len;
    if (cols < 1)
        cols = 1;
    while (from < end) {
        const char *nl = memchr(o->text.s + from, '\n', end - from);
        size_t line_end = nl ? (size_t)(nl - o->text.s) : end;
        size_t at = from;
        do {
            size_t next, stop = row_end(o->text.s, at, line_end, cols, &next);
            if (next == at && at < line_end)
                next = line_end; /* a wide character in a one-column row */
            if (n < max)
                rows[n] = (struct span_of){at, stop};
            n++;
            at = next;
        } while (at < line_end);
        from = line_end + 1;
    }
    return n;
}

static size_t run_at(const struct out *o, size_t byte)
{
    assert(byte <= o->text.len);
    size_t lo = 0, hi = o->nruns;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (o->runs[mid].start <= byte)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo; /* runs[lo - 1] is in force */
}

void draw_out_row(struct canvas *c, int row, int col, int cols, const struct out *o,
                  struct span_of s)
{
    size_t next = run_at(o, s.from), at = s.from;
    int used = 0;
    while (at < s.to) {
        enum tone t = next > 0 ? (enum tone)o->runs[next - 1].tone : TONE_NORMAL;
        size_t stop =
            next < o->nruns && o->runs[next].start < s.to ? o->runs[next].start : s.to;
        used +=
            canvas_textn(c, row, col + used, cols - used, t, o->text.s + at, stop - at);
        at = stop;
        next++;
    }
}

struct scene ui_scene(const struct session_view *v)
{
    return (struct scene){v->world, v->rec, v->now, v->users_hidden, v->known};
}

void clock_text(struct buf *b, const struct session_view *v, sim_time t, bool seconds)
{
    clock_format(b, v->day_start, t, seconds);
}

const char *sign_pause(enum glyphs g)
{
    return g == GLYPHS_ASCII ? "||" : "‖";
}

const char *sign_alert(enum glyphs g)
{
    return g == GLYPHS_ASCII ? "!" : "▲";
}
