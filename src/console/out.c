/*
 * Toned lines and tables: what every command writes into. All text passes text_clean()
 * here, so nothing a lesson or a learner wrote reaches a terminal raw.
 */
#include "console_internal.h"

#include <assert.h>
#include <string.h>

#define OUT_BYTES     (1024 * 1024)
#define OUT_MAX_LINES 2000
#define TABLE_GAP     2
#define WRAP_ROOM     20 /* narrower columns are not worth wrapping */

void out_init(struct out *o)
{
    *o = (struct out){.max_lines = OUT_MAX_LINES};
    buf_init(&o->text, OUT_BYTES);
}

void out_release(struct out *o)
{
    buf_release(&o->text);
    mem_free(o->runs);
    *o = (struct out){0};
}

void out_reset(struct out *o)
{
    assert(o->nruns <= o->cap);
    buf_reset(&o->text);
    o->nruns = 0;
    o->lines = 0;
}

static void set_tone(struct out *o, enum tone t)
{
    assert(t < TONE_COUNT);
    if (o->nruns && o->runs[o->nruns - 1].tone == (uint8_t)t)
        return;
    if (o->nruns && o->runs[o->nruns - 1].start == o->text.len) {
        o->runs[o->nruns - 1].tone = (uint8_t)t;
        return;
    }
    GROW(o->runs, o->nruns, o->cap);
    o->runs[o->nruns++] = (struct out_run){(uint32_t)o->text.len, (uint8_t)t};
}

static bool past_the_end(const struct out *o)
{
    return o->lines >= o->max_lines;
}

static void add_clean(struct out *o, enum tone t, const char *s, size_t n)
{
    if (past_the_end(o) || !n)
        return;
    set_tone(o, t);
    text_clean(&o->text, s, n, false);
}

static void add_format(struct out *o, enum tone t, const char *fmt, va_list ap)
{
    struct buf b;
    buf_init(&b, OUT_BYTES);
    buf_vaddf(&b, fmt, ap);
    add_clean(o, t, b.s, b.len);
    buf_release(&b);
}

void out_add(struct out *o, enum tone t, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    add_format(o, t, fmt, ap);
    va_end(ap);
}

void out_line(struct out *o, enum tone t, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    add_format(o, t, fmt, ap);
    va_end(ap);
    out_end(o);
}

void out_end(struct out *o)
{
    if (!past_the_end(o)) {
        set_tone(o, TONE_NORMAL);
        buf_addch(&o->text, '\n');
    }
    o->lines++;
}

/* ---- tables ---------------------------------------------------------------------- */

static void put_cell(struct out_table *t, enum tone tone, const char *s)
{
    GROW(t->cells, t->ncells, t->cap);
    struct buf clean;
    buf_init(&clean, 0);
    text_clean(&clean, s, strlen(s), false);
    t->cells[t->ncells++] =
        (struct out_cell){arena_strdup(&t->mem, clean.s), (uint8_t)tone};
    buf_release(&clean);
}

void table_init(struct out_table *t, struct out *o, const char *heads)
{
    *t = (struct out_table){.o = o};
    for (const char *p = heads;; p++) {
        size_t n = strcspn(p, "|");
        bool right = *p == '>';
        if (t->ncols == COUNT_OF(t->right))
            BUG("a table of more than %zu columns", t->ncols);
        t->right[t->ncols++] = right;
        put_cell(t, TONE_HEAD,
                 arena_strndup(&t->mem, p + (right ? 1 : 0), n - (right ? 1 : 0)));
        p += n;
        if (!*p)
            break;
    }
}

void table_cell(struct out_table *t, enum tone tone, const char *fmt, ...)
{
    struct buf b;
    va_list ap;
    buf_init(&b, 0);
    va_start(ap, fmt);
    buf_vaddf(&b, fmt, ap);
    va_end(ap);
    put_cell(t, tone, b.s);
    buf_release(&b);
}

/* The last column's text, wrapped under itself where it would leave the line. */
static void print_wrapped(struct out_table *t, const struct out_cell *cell, size_t at)
{
    assert(cell);
    struct buf b;
    buf_init(&b, 0);
    text_wrap(&b, cell->s, t->o->columns - at);
    for (const char *p = b.s; *p;) {
        size_t n = strcspn(p, "\n");
        if (p != b.s)
            out_add(t->o, TONE_NORMAL, "%*s", (int)at, "");
        out_add(t->o, (enum tone)cell->tone, "%.*s", (int)n, p);
        p += n + (p[n] == '\n');
        if (*p)
            out_end(t->o);
    }
    buf_release(&b);
}

static void print_cell(struct out_table *t, size_t i, size_t width, bool last)
{
    const struct out_cell *cell = &t->cells[i];
    size_t own = text_width(cell->s);
    int gap = (int)(width > own ? width - own : 0);
    bool right = t->right[i % t->ncols];
    if (right)
        out_add(t->o, TONE_NORMAL, "%*s", gap, "");
    out_add(t->o, (enum tone)cell->tone, "%s", cell->s);
    if (!last)
        out_add(t->o, TONE_NORMAL, "%*s", t->gap + (right ? 0 : gap), "");
}

/* The last cell of a row that is not empty: no blanks at the ends of lines. */
static size_t row_end(const struct out_table *t, size_t row)
{
    size_t n = t->ncols;
    while (n > 1 && !*t->cells[row * t->ncols + n - 1].s)
        n--;
    return n;
}

static void print_row(struct out_table *t, size_t row, const size_t *width)
{
    size_t end = row_end(t, row), at = 0;
    for (size_t col = 0; col < end; col++) {
        const struct out_cell *cell = &t->cells[row * t->ncols + col];
        bool leaves = t->o->columns && col + 1 == t->ncols && !t->right[col] &&
                      at + text_width(cell->s) > t->o->columns &&
                      at + WRAP_ROOM <= t->o->columns;
        if (leaves)
            print_wrapped(t, cell, at);
        else
            print_cell(t, row * t->ncols + col, width[col], col + 1 == end);
        at += width[col] + (size_t)t->gap;
    }
    out_end(t->o);
}

static size_t row_width(const struct out_table *t, const size_t *width)
{
    size_t all = (t->ncols - 1) * TABLE_GAP;
    for (size_t i = 0; i < t->ncols; i++)
        all += width[i];
    return all;
}

/* The widest cell of each column. `ragged`: what ends its row takes no room from the
 * columns behind it, since nothing stands there. */
static void measure(const struct out_table *t, bool ragged, size_t *width)
{
    for (size_t i = 0; i < t->ncols; i++)
        width[i] = 0;
    for (size_t i = 0; i < t->ncells; i++) {
        size_t col = i % t->ncols, w = text_width(t->cells[i].s);
        bool ends =
            !t->right[col] && col + 1 < t->ncols && col + 1 == row_end(t, i / t->ncols);
        if (w > width[col] && !(ragged && ends))
            width[col] = w;
    }
}

/* Columns stand closer where that alone keeps the rows on the line. */
static int gap_for(const struct out_table *t, const size_t *width)
{
    size_t all = row_width(t, width), spared = (t->ncols - 1) * (TABLE_GAP - 1);
    bool closer = t->o->columns && all > t->o->columns && all - spared <= t->o->columns;
    return closer ? 1 : TABLE_GAP;
}

void table_print(struct out_table *t)
{
    size_t width[COUNT_OF(t->right)] = {0};
    if (t->ncells % t->ncols)
        BUG("a table row of %zu cells, %zu columns", t->ncells % t->ncols, t->ncols);
    measure(t, false, width);
    if (t->o->columns && row_width(t, width) > t->o->columns)
        measure(t, true, width);
    t->gap = gap_for(t, width);
    for (size_t row = 0; row < t->ncells / t->ncols; row++)
        print_row(t, row, width);
    mem_free(t->cells);
    arena_release(&t->mem);
    *t = (struct out_table){0};
}
