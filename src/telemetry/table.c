/*
 * The column store under the series: a row a second, a column a metric.
 *
 * Sixty-four rows make a block. The open block holds plain doubles, row by row; when it
 * is full each column is encoded on its own as narrowly as it can be without losing a
 * bit: nothing, one value, whole numbers as 8, 16 or 32 bits above their minimum,
 * floats, doubles. Most columns of most systems stand still most of the time, so an
 * hour costs a fraction of what it says. Reading one value stays O(1).
 *
 * A fork gets the open block encoded too, as a last block that is not full: copies of a
 * world are kept by the dozen and most of them never go on. The first row that one adds
 * opens it again.
 */
#include "telemetry_internal.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum code { CODE_NONE, CODE_ONE, CODE_U8, CODE_U16, CODE_U32, CODE_F32, CODE_F64 };

struct table_block {
    size_t refs;
    uint32_t cols;
    uint32_t size;        /* bytes of the whole allocation */
    uint32_t directory[]; /* [col] offset / 8 << 3 | code; then data, 8-byte aligned */
};

static size_t data_start(uint32_t cols)
{
    size_t n = sizeof(struct table_block) + cols * sizeof(uint32_t);
    return (n + 7) & ~(size_t)7;
}

/* ---- encoding one column --------------------------------------------------------- */

struct column_look {
    double min, max;
    bool missing, present; /* some NaN; some not */
    bool whole;            /* all are whole numbers that a double holds exactly */
    bool floats;           /* all survive as floats */
};

/* Most columns stand still: they are not looked at twice. */
static bool stands_still(const double v[TABLE_ROWS])
{
    bool same = true;
    for (int i = 0; i < TABLE_ROWS; i++)
        same &= v[i] == v[0];
    return same;
}

static struct column_look look_at(const double v[TABLE_ROWS])
{
    struct column_look l = {INFINITY, -INFINITY, false, false, true, true};
    if (stands_still(v))
        return (struct column_look){v[0], v[0], false, true, false, false};
    for (int i = 0; i < TABLE_ROWS; i++) {
        if (isnan(v[i])) {
            l.missing = true;
            continue;
        }
        l.present = true;
        l.min = v[i] < l.min ? v[i] : l.min;
        l.max = v[i] > l.max ? v[i] : l.max;
        l.whole = l.whole && fabs(v[i]) < 9e15 && v[i] == (double)(int64_t)v[i];
        l.floats = l.floats && v[i] == (double)(float)v[i];
    }
    return l;
}

static enum code code_for(const struct column_look *l)
{
    if (!l->present)
        return CODE_NONE;
    if (!l->missing && l->min == l->max)
        return CODE_ONE;
    if (!l->missing && l->whole) {
        double range = l->max - l->min;
        if (range <= UINT8_MAX)
            return CODE_U8;
        if (range <= UINT16_MAX)
            return CODE_U16;
        if (range <= UINT32_MAX)
            return CODE_U32;
    }
    return l->floats ? CODE_F32 : CODE_F64;
}

static const uint8_t code_bytes[] = {0, 0, 1, 2, 4, 4, 8}; /* of one value */

static bool has_base(enum code c)
{
    return c >= CODE_ONE && c <= CODE_U32;
}

static size_t code_size(enum code c)
{
    return (has_base(c) ? sizeof(double) : 0) + (size_t)code_bytes[c] * TABLE_ROWS;
}

static void encode(char *to, enum code code, const double v[TABLE_ROWS], double base)
{
    if (has_base(code)) {
        memcpy(to, &base, sizeof base);
        to += sizeof base;
    }
    if (code == CODE_NONE || code == CODE_ONE)
        return;
    for (int i = 0; i < TABLE_ROWS; i++, to += code_bytes[code]) {
        switch (code) {
        case CODE_U8:
            *(uint8_t *)to = (uint8_t)(v[i] - base);
            break;
        case CODE_U16:
            memcpy(to, &(uint16_t){(uint16_t)(v[i] - base)}, 2);
            break;
        case CODE_U32:
            memcpy(to, &(uint32_t){(uint32_t)(v[i] - base)}, 4);
            break;
        case CODE_F32:
            memcpy(to, &(float){(float)v[i]}, 4);
            break;
        default:
            memcpy(to, &v[i], 8);
        }
    }
}

static double decode(const char *from, enum code code, uint32_t row)
{
    assert(row < TABLE_ROWS);
    double base = 0;
    if (has_base(code)) {
        memcpy(&base, from, sizeof base);
        from += sizeof base;
    }
    from += (size_t)code_bytes[code] * row;
    uint16_t u16;
    uint32_t u32;
    float f;
    switch (code) {
    case CODE_NONE:
        return NAN;
    case CODE_ONE:
        return base;
    case CODE_U8:
        return base + *(const uint8_t *)from;
    case CODE_U16:
        memcpy(&u16, from, 2);
        return base + u16;
    case CODE_U32:
        memcpy(&u32, from, 4);
        return base + u32;
    case CODE_F32:
        memcpy(&f, from, 4);
        return (double)f;
    default:
        memcpy(&base, from, 8);
        return base;
    }
}

/* ---- blocks ---------------------------------------------------------------------- */

/* A column; rows that were not reached repeat the last one. */
static void get_column(const struct table_tail *tail, uint32_t col,
                       double v[TABLE_ROWS])
{
    assert(tail);
    const double *from = tail->values + col;
    for (uint32_t i = 0; i < tail->rows; i++)
        v[i] = from[(size_t)i * tail->cols];
    for (uint32_t i = tail->rows; i < TABLE_ROWS; i++)
        v[i] = v[tail->rows - 1];
}

static struct table_block *block_close(const struct table_tail *tail)
{
    uint32_t cols = tail->cols;
    double v[TABLE_ROWS];
    struct column_look *looks = mem_array(cols + 1, sizeof *looks);
    size_t size = data_start(cols);
    for (uint32_t c = 0; c < cols; c++) {
        get_column(tail, c, v);
        looks[c] = look_at(v);
        size += code_size(code_for(&looks[c]));
    }
    struct table_block *b = mem_alloc(size);
    b->refs = 1;
    b->cols = cols;
    b->size = (uint32_t)size;
    size_t at = data_start(cols);
    for (uint32_t c = 0; c < cols; c++) {
        enum code code = code_for(&looks[c]);
        b->directory[c] = (uint32_t)(at / 8) << 3 | code;
        get_column(tail, c, v);
        encode((char *)b + at, code, v, looks[c].min);
        at += code_size(code);
    }
    assert(at == size);
    mem_free(looks);
    return b;
}

static double block_at(const struct table_block *b, uint32_t row, uint32_t col)
{
    assert(row < TABLE_ROWS);
    if (col >= b->cols)
        return NAN;
    uint32_t d = b->directory[col];
    return decode((const char *)b + (size_t)(d >> 3) * 8, (enum code)(d & 7), row);
}

static void block_unref(struct table_block *b)
{
    if (b && --b->refs == 0)
        mem_free(b);
}

/* ---- the open block -------------------------------------------------------------- */

static struct table_tail *tail_new(uint32_t cols)
{
    size_t n = (size_t)cols * TABLE_ROWS;
    struct table_tail *t = mem_alloc(sizeof *t + n * sizeof(double));
    t->cols = cols;
    return t;
}

static double *tail_row(struct table_tail *t, uint32_t row)
{
    assert(row < TABLE_ROWS);
    return t->values + (size_t)row * t->cols;
}

/* Opens rows up to `rows`, with nothing in them yet. */
static void tail_open(struct table_tail *t, uint32_t rows)
{
    assert(rows <= TABLE_ROWS);
    for (; t->rows < rows; t->rows++)
        for (uint32_t c = 0; c < t->cols; c++)
            tail_row(t, t->rows)[c] = NAN;
}

/* Room for `cols` in the open block, and some for instances that appear. */
static void tail_grow(struct table *t, uint32_t cols)
{
    struct table_tail *old = t->tail;
    if (old && old->cols >= cols)
        return;
    struct table_tail *tail = tail_new(old ? cols + cols / 8 : cols);
    if (old) {
        tail_open(tail, old->rows);
        for (uint32_t i = 0; i < old->rows; i++)
            memcpy(tail_row(tail, i), tail_row(old, i), old->cols * sizeof(double));
    }
    mem_free(old);
    t->tail = tail;
}

static void push_block(struct table *t, struct table_block *b)
{
    GROW(t->blocks, t->nblocks, t->cap);
    t->blocks[t->nblocks++] = b;
    t->block_bytes += b->size;
}

static void close_tail(struct table *t)
{
    push_block(t, block_close(t->tail));
    t->tail->rows = 0;
}

/* Opens the last block again, `partial` rows of it. */
static void reopen(struct table *t)
{
    uint32_t rows = t->partial;
    struct table_block *b = t->blocks[--t->nblocks];
    t->block_bytes -= b->size;
    mem_free(t->tail);
    t->partial = 0;
    t->tail = tail_new(b->cols);
    t->tail->rows = rows;
    for (uint32_t i = 0; i < rows; i++)
        for (uint32_t c = 0; c < b->cols; c++)
            tail_row(t->tail, i)[c] = block_at(b, i, c);
    block_unref(b);
}

/* ---- the table ------------------------------------------------------------------- */

uint32_t table_rows(const struct table *t)
{
    if (t->partial)
        return (t->nblocks - 1) * TABLE_ROWS + t->partial;
    return t->nblocks * TABLE_ROWS + (t->tail ? t->tail->rows : 0);
}

void table_row(struct table *t, uint32_t row, uint32_t cols)
{
    assert(row >= table_rows(t));
    if (t->partial)
        reopen(t);
    tail_grow(t, cols);
    while (row >= (t->nblocks + 1) * TABLE_ROWS) {
        tail_open(t->tail, TABLE_ROWS);
        close_tail(t);
    }
    tail_open(t->tail, row % TABLE_ROWS + 1);
}

void table_put(struct table *t, uint32_t col, double v)
{
    assert(t->tail);
    struct table_tail *tail = t->tail;
    assert(col < tail->cols);
    tail_row(tail, tail->rows - 1)[col] = v;
}

double table_at(const struct table *t, uint32_t row, uint32_t col)
{
    uint32_t block = row / TABLE_ROWS, i = row % TABLE_ROWS;
    if (t->partial && row >= table_rows(t))
        return NAN;
    if (block < t->nblocks)
        return block_at(t->blocks[block], i, col);
    if (block > t->nblocks || !t->tail || i >= t->tail->rows || col >= t->tail->cols)
        return NAN;
    return tail_row(t->tail, i)[col];
}

void table_fork(struct table *to, const struct table *from)
{
    bool open = from->tail && from->tail->rows > 0;
    *to = (struct table){.nblocks = from->nblocks, .partial = from->partial};
    to->cap = from->nblocks + 1;
    to->blocks = mem_array(to->cap, sizeof *to->blocks);
    for (uint32_t i = 0; i < to->nblocks; i++) {
        to->blocks[i] = from->blocks[i];
        to->blocks[i]->refs++;
    }
    to->block_bytes = from->block_bytes;
    if (open) {
        to->blocks[to->nblocks] = block_close(from->tail);
        to->block_bytes += to->blocks[to->nblocks++]->size;
        to->partial = from->tail->rows;
    }
}

void table_release(struct table *t)
{
    for (uint32_t i = 0; i < t->nblocks; i++)
        block_unref(t->blocks[i]);
    mem_free(t->blocks);
    mem_free(t->tail);
    *t = (struct table){0};
}

size_t table_bytes(const struct table *t)
{
    size_t n = t->cap * sizeof *t->blocks + t->block_bytes;
    if (t->tail)
        n += sizeof *t->tail + (size_t)t->tail->cols * TABLE_ROWS * sizeof(double);
    return n;
}
