/*
 * The debrief as Markdown. Plain mode prints it as it is, so it must read well aloud:
 * charts are sentences and numbers.
 */
#include "session_internal.h"
#include "truecode/picture.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- words ----------------------------------------------------------------------- */

/* Returns whether Markdown would read more than that: emphasis, a tag, a link; in a cell its
 * border. Code between backticks stays as it is. */
static bool is_markup(const char *text, const char *c, bool cell, bool code)
{
    bool inside = c > text && isalnum((unsigned char)c[-1]);
    if (*c == '|')
        return cell;
    if (code)
        return false;
    return *c == '*' || *c == '\\' || *c == '[' || (*c == '_' && !inside) ||
           (*c == '<' &&
            (isalpha((unsigned char)c[1]) || (c[1] && strchr("/!?", c[1]))));
}

/* "- x", "1. x", "# x", "> x" and a row of "=" would begin something at a line's start. */
static void put_line_start(const char *c, struct buf *out)
{
    size_t digits = strspn(c, "0123456789");
    if (*c && strchr("-+#>=~", *c))
        buf_addch(out, '\\');
    else if (digits > 0 && c[digits] && strchr(".)", c[digits]) && c[digits + 1] == ' ')
        buf_addf(out, "%.*s\\", (int)digits, c);
}

static size_t skipped(const char *c)
{
    size_t digits = strspn(c, "0123456789");
    return digits > 0 && c[digits] && strchr(".)", c[digits]) && c[digits + 1] == ' '
               ? digits
               : 0;
}

/* Words as they are to be read; each further line after `indent`. */
static void put_words(const char *text, const char *indent, bool cell, struct buf *out)
{
    bool code = false;
    if (!cell) {
        put_line_start(text, out);
        text += skipped(text);
    }
    for (const char *c = text; *c; c++) {
        if (*c == '\n' && cell) {
            buf_addch(out, ' ');
            continue;
        }
        if (*c == '`')
            code = !code && strchr(c + 1, '`');
        if (is_markup(text, c, cell, code))
            buf_addch(out, '\\');
        buf_addch(out, *c);
        if (*c == '\n' && c[1]) {
            buf_adds(out, indent);
            put_line_start(c + 1, out);
            c += skipped(c + 1);
        }
    }
}

/* ---- blocks ---------------------------------------------------------------------- */

/* Whether the column's numbers stand on the right. */
static bool head_right(const struct block *b, size_t col)
{
    const char *h = b->text;
    for (; col > 0 && h; col--)
        h = strchr(h, '|') ? strchr(h, '|') + 1 : NULL;
    return h && *h == '>';
}

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
        buf_adds(out, head_right(b, i) ? " ---: |" : " --- |");
    buf_addch(out, '\n');
}

static void put_table(const struct block *b, struct buf *out)
{
    put_heads(b, out);
    for (size_t i = 0; i < b->ncells; i++) {
        if (i % b->ncols == 0)
            buf_addch(out, '|');
        buf_addch(out, ' ');
        put_words(b->cells[i], "", true, out);
        buf_adds(out, " |");
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
    struct buf lines;
    buf_init(&lines, 0);
    text_wrap(&lines, text, 78);
    put_words(lines.s ? lines.s : "", "", false, out);
    buf_adds(out, "\n\n");
    buf_release(&lines);
}

static void put_bullet(const char *text, struct buf *out)
{
    struct buf lines;
    buf_init(&lines, 0);
    text_wrap(&lines, text, 76);
    buf_adds(out, "- ");
    put_words(lines.s ? lines.s : "", "  ", false, out);
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
