/*
 * Wrapping: fills lines with words, by columns and not by bytes.
 *
 * The source is read line by line. Ordinary lines flow together into a paragraph; an
 * empty line ends it and stays; a line that begins with a space (a sample, a list) ends
 * it too and is kept as it stands. A word wider than a line is broken, since losing the
 * end of it would be worse.
 */
#include "truecode/base.h"

#include <assert.h>
#include <string.h>

enum { COLUMNS_MIN = 8 };

struct wrapper {
    struct buf *out;
    size_t columns;
    size_t column; /* of the line being filled; 0: nothing on it yet */
    bool first;    /* nothing at all was written yet */
};

static void begin_line(struct wrapper *w)
{
    if (!w->first)
        buf_addch(w->out, '\n');
    w->first = false;
    w->column = 0;
}

/* Cuts a word that is wider than a whole line. */
static void put_long_word(struct wrapper *w, const char *s, size_t n)
{
    assert(n > 0);
    while (n > 0) {
        uint32_t cp;
        size_t took = utf8_next(s, n, &cp), width = (size_t)text_width_cp(cp);
        if (w->column + width > w->columns)
            begin_line(w);
        buf_add(w->out, s, took);
        w->column += width;
        s += took;
        n -= took;
    }
}

static size_t width_of(const char *s, size_t n)
{
    size_t width = 0;
    while (n > 0) {
        uint32_t cp;
        size_t took = utf8_next(s, n, &cp);
        width += (size_t)text_width_cp(cp);
        s += took;
        n -= took;
    }
    return width;
}

static void put_word(struct wrapper *w, const char *s, size_t n, bool *in_paragraph)
{
    size_t width = width_of(s, n);
    if (!*in_paragraph) {
        begin_line(w);
    } else if (w->column + 1 + width > w->columns) {
        begin_line(w);
    } else {
        buf_addch(w->out, ' ');
        w->column++;
    }
    *in_paragraph = true;
    put_long_word(w, s, n);
}

static void put_words(struct wrapper *w, const char *s, size_t n, bool *in_paragraph)
{
    while (n > 0) {
        size_t word = 0;
        while (word < n && s[word] != ' ')
            word++;
        if (word > 0)
            put_word(w, s, word, in_paragraph);
        size_t gap = word < n;
        s += word + gap;
        n -= word + gap;
    }
}

void text_wrap(struct buf *out, const char *s, size_t columns)
{
    struct wrapper w = {
        .out = out,
        .columns = columns < COLUMNS_MIN ? COLUMNS_MIN : columns,
        .first = true,
    };
    bool in_paragraph = false;
    while (*s) {
        size_t n = strcspn(s, "\n");
        if (n == 0 || s[0] == ' ') {
            in_paragraph = false;
            begin_line(&w);
            buf_add(out, s, n);
        } else {
            put_words(&w, s, n, &in_paragraph);
        }
        s += n + (s[n] == '\n');
    }
}
