/*
 * Frames: which cells changed, and which cells a terminal may get.
 *
 * The worker sends the difference to the frame it sent last; a screen that does not
 * change costs no cells. The front takes each cell apart again: what text_clean() would
 * not leave as it is, or what claims a width that it does not have, becomes U+FFFD.
 */
#include "wire_internal.h"

#include <assert.h>
#include <string.h>

#define CELL_BYTES 15
#define RUNS_MAX   (SCREEN_ROWS_MAX * SCREEN_COLS_MAX)

static bool cell_same(const struct cell *a, const struct cell *b)
{
    return a->cp == b->cp && a->mark[0] == b->mark[0] && a->mark[1] == b->mark[1] &&
           a->width == b->width && a->tone == b->tone && a->heat == b->heat;
}

/* Unchanged stretches shorter than this cost less than a new run's head. */
#define GAP 2

/* The end of the run of changed cells that begins at `from`. */
static size_t run_end(const struct canvas *a, const struct canvas *b, size_t from,
                      size_t n)
{
    assert(from <= n);
    size_t end = from + 1;
    for (size_t i = end; i < n && i < end + GAP; i++)
        if (!cell_same(&a->cells[i], &b->cells[i]))
            end = i + 1;
    return end;
}

void wire_frame_diff(struct wire_frame *f, const struct canvas *before,
                     const struct canvas *now, struct arena *mem)
{
    assert(now->rows > 0 && now->cols > 0);
    size_t n = (size_t)now->rows * (size_t)now->cols, nruns = 0;
    *f = (struct wire_frame){now->rows,       now->cols, now->cursor_row,
                             now->cursor_col, NULL,      0};
    if (!before) {
        f->runs = arena_alloc(mem, sizeof *f->runs);
        f->runs[0] = (struct wire_run){0, (uint32_t)n, now->cells};
        f->nruns = 1;
        return;
    }
    f->runs = arena_alloc(mem, (n / 2 + 1) * sizeof *f->runs);
    for (size_t i = 0; i < n;) {
        if (cell_same(&before->cells[i], &now->cells[i])) {
            i++;
            continue;
        }
        size_t end = run_end(before, now, i, n);
        f->runs[nruns++] =
            (struct wire_run){(uint32_t)i, (uint32_t)(end - i), now->cells + i};
        i = end;
    }
    f->nruns = nruns;
}

static void put_cell(struct buf *b, const struct cell *c)
{
    assert(c->tone < TONE_COUNT && c->width <= 2);
    put_u32(b, c->cp);
    put_u32(b, c->mark[0]);
    put_u32(b, c->mark[1]);
    put_u8(b, c->width);
    put_u8(b, c->tone);
    put_u8(b, c->heat);
}

void put_frame(struct buf *b, const struct wire_frame *f)
{
    put_u32(b, (uint32_t)f->rows);
    if (f->rows == 0)
        return;
    put_u32(b, (uint32_t)f->cols);
    put_u32(b, (uint32_t)f->cursor_row);
    put_u32(b, (uint32_t)f->cursor_col);
    put_u32(b, (uint32_t)f->nruns);
    for (size_t i = 0; i < f->nruns; i++) {
        put_u32(b, f->runs[i].at);
        put_u32(b, f->runs[i].n);
        for (uint32_t j = 0; j < f->runs[i].n; j++)
            put_cell(b, &f->runs[i].cells[j]);
    }
}

static struct cell get_cell(struct wire_reader *r)
{
    struct cell c;
    c.cp = get_u32(r);
    c.mark[0] = get_u32(r);
    c.mark[1] = get_u32(r);
    c.width = get_u8(r);
    c.tone = get_u8(r);
    c.heat = get_u8(r);
    return c;
}

static void get_run(struct wire_reader *r, struct wire_run *run, size_t cells)
{
    run->at = get_u32(r);
    run->n =
        (uint32_t)get_count(r, cells, CELL_BYTES, "a run is longer than the screen");
    if (run->at > cells || run->n > cells - run->at)
        reader_bad(r, "a run leaves the screen");
    if (r->bad)
        return;
    struct cell *c = arena_alloc(r->mem, (run->n + 1) * sizeof *c);
    for (uint32_t i = 0; i < run->n; i++)
        c[i] = get_cell(r);
    run->cells = c;
}

void get_frame(struct wire_reader *r, struct wire_frame *f)
{
    int rows = get_int(r, 0, SCREEN_ROWS_MAX, "the screen has too many rows");
    *f = (struct wire_frame){0};
    if (rows == 0)
        return;
    int cols = get_int(r, 1, SCREEN_COLS_MAX, "the screen has too many columns");
    f->cursor_row = get_int(r, -1, rows - 1, "the cursor is off the screen");
    f->cursor_col = get_int(r, -1, cols - 1, "the cursor is off the screen");
    size_t n = get_count(r, RUNS_MAX, 8, "a frame has too many runs");
    f->runs = arena_alloc(r->mem, (n + 1) * sizeof *f->runs);
    for (size_t i = 0; i < n && !r->bad; i++)
        get_run(r, &f->runs[i], (size_t)rows * (size_t)cols);
    if (r->bad)
        return;
    f->nruns = n;
    f->rows = rows;
    f->cols = cols;
}

/* ---- what a terminal may get ----------------------------------------------------- */

/* The one judge of text is text_clean(): what it leaves alone is allowed. */
static bool text_allowed(const struct cell *c)
{
    char raw[12];
    size_t n = utf8_put(raw, c->cp);
    for (int i = 0; i < 2 && c->mark[i] != 0; i++) {
        if (text_width_cp(c->mark[i]) != 0)
            return false;
        n += utf8_put(raw + n, c->mark[i]);
    }
    struct buf clean;
    buf_init(&clean, 256);
    text_clean(&clean, raw, n, false);
    bool same = clean.len == n && memcmp(clean.s, raw, n) == 0;
    buf_release(&clean);
    return same;
}

static bool cell_allowed(const struct cell *c)
{
    if (c->tone >= TONE_COUNT || c->heat > HEAT_MAX)
        return false;
    if (c->width == 1 && c->cp >= ' ' && c->cp < 127 && c->mark[0] == 0 &&
        c->mark[1] == 0)
        return true;
    if (c->cp > 0x10FFFF || c->mark[0] > 0x10FFFF || c->mark[1] > 0x10FFFF ||
        (c->mark[0] == 0 && c->mark[1] != 0))
        return false;
    return (c->width == 1 || c->width == 2) && text_width_cp(c->cp) == c->width &&
           text_allowed(c);
}

static const struct cell replacement = {.cp = 0xFFFD, .width = 1};

/* Puts right what stands alone: half of a wide character. */
static void check_row(struct cell *row, int cols)
{
    assert(cols > 0);
    for (int i = 0; i < cols; i++) {
        bool half = row[i].width == 0;
        if (row[i].width == 2 && i + 1 < cols && row[i + 1].width == 0) {
            row[i + 1] = (struct cell){
                .cp = ' ', .width = 0, .tone = row[i].tone, .heat = row[i].heat};
            i++;
        } else if (half || row[i].width == 2) {
            row[i] = replacement;
        }
    }
}

void wire_frame_apply(const struct wire_frame *f, struct canvas **c)
{
    if (f->rows == 0)
        return;
    if (!*c || (*c)->rows != f->rows || (*c)->cols != f->cols) {
        canvas_free(*c);
        *c = canvas_new(f->rows, f->cols);
        canvas_clear(*c);
    }
    for (size_t i = 0; i < f->nruns; i++)
        for (uint32_t j = 0; j < f->runs[i].n; j++) {
            const struct cell *from = &f->runs[i].cells[j];
            bool half =
                from->width == 0 && from->tone < TONE_COUNT && from->heat <= HEAT_MAX;
            (*c)->cells[f->runs[i].at + j] =
                half || cell_allowed(from) ? *from : replacement;
        }
    for (int row = 0; row < f->rows; row++)
        check_row((*c)->cells + (size_t)row * (size_t)f->cols, f->cols);
    (*c)->cursor_row = f->cursor_row;
    (*c)->cursor_col = f->cursor_col;
}
