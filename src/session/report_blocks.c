/*
 * Building the debrief's blocks: texts and tables, all in the report's own memory.
 */
#include "report_internal.h"

#include <string.h>

struct block *add_block(struct report *r, enum block_kind kind, const char *text)
{
    if (r->n == r->cap) {
        size_t cap = r->cap ? 2 * r->cap : TINY(32, 1);
        struct block *grown = arena_alloc(&r->mem, cap * sizeof *grown);
        if (r->n)
            memcpy(grown, r->blocks, r->n * sizeof *grown);
        r->blocks = grown;
        r->cap = cap;
    }
    struct block *b = &r->blocks[r->n++];
    *b = (struct block){.kind = kind, .text = text ? arena_strdup(&r->mem, text) : ""};
    return b;
}

void add_text(struct report *r, enum block_kind kind, const char *fmt, ...)
{
    struct buf b;
    va_list ap;
    buf_init(&b, 0);
    va_start(ap, fmt);
    buf_vaddf(&b, fmt, ap);
    va_end(ap);
    add_block(r, kind, b.s);
    buf_release(&b);
}

void row_cell(struct rows *t, const char *s)
{
    GROW(t->cells, t->n, t->cap);
    t->cells[t->n++] = arena_strdup(&t->r->mem, s);
}

void row_number(struct rows *t, void (*write)(struct buf *b, double x), double x)
{
    struct buf b;
    buf_init(&b, 0);
    write(&b, x);
    row_cell(t, b.s);
    buf_release(&b);
}

void rows_block(struct rows *t, const char *heads, size_t ncols)
{
    if (t->n == 0)
        return;
    struct block *b = add_block(t->r, BLOCK_TABLE, heads);
    b->cells = arena_alloc(&t->r->mem, t->n * sizeof *b->cells);
    memcpy(b->cells, t->cells, t->n * sizeof *b->cells);
    b->ncells = t->n;
    b->ncols = ncols;
    mem_free(t->cells);
    *t = (struct rows){.r = t->r};
}

const char *at_clock(const struct maker *k, sim_time t)
{
    struct buf b;
    buf_init(&b, 32);
    clock_format(&b, lesson_info(k->s->lesson)->day_start, t, true);
    char *s = arena_strdup(&k->r->mem, b.s);
    buf_release(&b);
    return s;
}

const char *words_span(const struct maker *k, sim_time t)
{
    struct buf b;
    buf_init(&b, 32);
    time_format(&b, t);
    char *s = arena_strdup(&k->r->mem, b.s);
    buf_release(&b);
    return s;
}

const char *words_count(const struct maker *k, double n)
{
    struct buf b;
    buf_init(&b, 32);
    number_count(&b, n);
    char *s = arena_strdup(&k->r->mem, b.s);
    buf_release(&b);
    return s;
}
