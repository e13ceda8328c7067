/*
 * The debrief as Markdown. Plain mode prints it as it is, so it must read well aloud:
 * charts are sentences and numbers.
 */
#include "session_internal.h"
#include "truecode/picture.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void put_heads(const struct block *b, struct buf *out)
{
    char heads[256];
    snprintf(heads, sizeof heads, "%s", b->text);
    buf_adds(out, "|");
    for (char *h = heads; h;) {
        char *bar = strchr(h, '|');
        if (bar)
            *bar++ = '\0';
        buf_addf(out, " %s |", *h == '>' ? h + 1 : h);
        h = bar;
    }
    buf_adds(out, "\n|");
    for (size_t i = 0; i < b->ncols; i++)
        buf_adds(out, " --- |");
    buf_addch(out, '\n');
}

static void put_table(const struct block *b, struct buf *out)
{
    put_heads(b, out);
    for (size_t i = 0; i < b->ncells; i++) {
        if (i % b->ncols == 0)
            buf_addch(out, '|');
        buf_addf(out, " %s |", b->cells[i]);
        if (i % b->ncols == b->ncols - 1)
            buf_addch(out, '\n');
    }
    buf_addch(out, '\n');
}

static double mean_of(const double *v, size_t from, size_t to)
{
    double sum = 0;
    size_t n = 0;
    for (size_t i = from; i < to; i++)
        if (!isnan(v[i])) {
            sum += v[i];
            n++;
        }
    return n ? sum / (double)n : NAN;
}

void block_speak(const struct block *chart, size_t series, struct buf *out)
{
    for (size_t q = 0; q < 4; q++) {
        double v =
            mean_of(chart->series[series].v, chart->n * q / 4, chart->n * (q + 1) / 4);
        buf_adds(out, q ? ", " : "");
        if (isnan(v))
            buf_adds(out, "nobody came");
        else
            number_share(out, v);
    }
}

static void put_chart(const struct block *b, struct buf *out)
{
    buf_addf(out, "Share of %s, by quarter of the incident:\n\n", b->text);
    for (size_t s = 0; s < b->nseries; s++) {
        buf_addf(out, "- %s: ", b->series[s].name);
        block_speak(b, s, out);
        buf_addch(out, '\n');
    }
    buf_addch(out, '\n');
}

static void put_wrapped(const char *text, struct buf *out)
{
    text_wrap(out, text, 78);
    buf_adds(out, "\n\n");
}

static void put_bullet(const char *text, struct buf *out)
{
    struct buf lines;
    buf_init(&lines, 0);
    text_wrap(&lines, text, 76);
    buf_adds(out, "- ");
    for (const char *p = lines.s; *p; p++) {
        buf_addch(out, *p);
        if (*p == '\n' && p[1])
            buf_adds(out, "  ");
    }
    if (lines.len == 0 || lines.s[lines.len - 1] != '\n')
        buf_addch(out, '\n');
    buf_release(&lines);
}

void report_markdown(const struct report *r, struct buf *out)
{
    for (size_t i = 0; i < r->n; i++) {
        const struct block *b = &r->blocks[i];
        bool bullets = b->kind == BLOCK_BULLET || b->kind == BLOCK_LINK;
        switch (b->kind) {
        case BLOCK_TITLE:
            buf_addf(out, "# %s\n\n", b->text);
            break;
        case BLOCK_HEADING:
            buf_addf(out, "## %s\n\n", b->text);
            break;
        case BLOCK_TEXT:
            put_wrapped(b->text, out);
            break;
        case BLOCK_BULLET:
            put_bullet(b->text, out);
            break;
        case BLOCK_LINK:
            buf_addf(out, "- %s\n  <%s>\n", b->text, b->url);
            break;
        case BLOCK_TABLE:
            put_table(b, out);
            break;
        case BLOCK_CHART:
            put_chart(b, out);
            break;
        }
        bool next = i + 1 < r->n && (r->blocks[i + 1].kind == BLOCK_BULLET ||
                                     r->blocks[i + 1].kind == BLOCK_LINK);
        if (bullets && !next)
            buf_addch(out, '\n');
    }
}
