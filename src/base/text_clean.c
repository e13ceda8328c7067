/*
 * Foreign bytes to what may stand on a screen.
 *
 * A terminal acts on controls, and text can forge what stands beside it with characters
 * that reorder, hide, or have no width. Here each code point falls in one of four
 * kinds: shown as it is, shown by its name in angle brackets, a combining mark (two per
 * base, never without one), or white space. What Unicode has not assigned, and private
 * use, is named too: nobody knows how wide a terminal will make it.
 */
#include "truecode/base.h"

#include <assert.h>
#include <utf8proc.h>

enum { TAB = 8, MARKS_MAX = 2 };

struct cleaner {
    struct buf *out;
    size_t column; /* of the line being written, from where this text began */
    int marks; /* combining marks on the last base; MARKS_MAX + 1: there is no base */
};

enum { NO_BASE = MARKS_MAX + 1 };

/* Invisible or misleading, and not in a category that says so. */
static bool is_disguise(uint32_t cp)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {
        {0x034F, 0x034F},   /* grapheme joiner */
        {0x115F, 0x1160},   /* hangul fillers */
        {0x17B4, 0x17B5},   /* khmer inherent vowels */
        {0x180B, 0x180F},   /* mongolian selectors, vowel separator */
        {0x200B, 0x200F},   /* zero width, direction marks */
        {0x2028, 0x202E},   /* separators, embeddings, overrides */
        {0x2060, 0x206F},   /* joiner, isolates, invisible operators */
        {0x3164, 0x3164},   /* hangul filler */
        {0xFE00, 0xFE0F},   /* variation selectors */
        {0xFEFF, 0xFEFF},   /* byte order mark */
        {0xFFA0, 0xFFA0},   /* half-width filler */
        {0xFFF9, 0xFFFC},   /* annotation, object replacement */
        {0x1F1E6, 0x1F1FF}, /* regional indicators: two of them have one flag's width */
        {0x1F3FB, 0x1F3FF}, /* skin tones: melt into what stands before */
        {0xE0000, 0xE01EF}, /* tags, more variation selectors */
    };
    for (size_t i = 0; i < COUNT_OF(ranges); i++)
        if (cp <= ranges[i].last)
            return cp >= ranges[i].first;
    return false;
}

static bool must_be_named(uint32_t cp)
{
    if (cp >= 0x80 && cp < 0xA0)
        return true;
    switch (utf8proc_category((utf8proc_int32_t)cp)) {
    case UTF8PROC_CATEGORY_CN: /* unassigned */
    case UTF8PROC_CATEGORY_CC: /* control */
    case UTF8PROC_CATEGORY_CF: /* format */
    case UTF8PROC_CATEGORY_CS: /* surrogate */
    case UTF8PROC_CATEGORY_CO: /* private use */
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
        return true;
    default:
        return is_disguise(cp);
    }
}

static void put(struct cleaner *c, uint32_t cp, int width)
{
    char bytes[4];
    buf_add(c->out, bytes, utf8_put(bytes, cp));
    c->column += (size_t)width;
    c->marks = 0;
}

static void put_ascii(struct cleaner *c, const char *s)
{
    for (; *s; s++)
        put(c, (unsigned char)*s, 1);
    c->marks = NO_BASE;
}

static void put_named(struct cleaner *c, uint32_t cp)
{
    static const char digits[] = "0123456789ABCDEF";
    char name[12] = "<U+";
    size_t n = 3;
    for (int shift = cp > 0xFFFFF ? 20 : cp > 0xFFFF ? 16 : 12; shift >= 0; shift -= 4)
        name[n++] = digits[cp >> shift & 0xF];
    name[n++] = '>';
    name[n] = '\0';
    put_ascii(c, name);
}

static void put_mark(struct cleaner *c, uint32_t cp)
{
    if (c->marks == NO_BASE) {
        put_named(c, cp);
        return;
    }
    if (c->marks == MARKS_MAX)
        return;
    int marks = c->marks + 1;
    put(c, cp, 0);
    c->marks = marks;
}

static void put_control(struct cleaner *c, uint32_t cp, bool keep_newlines)
{
    if (cp == '\n' && keep_newlines) {
        buf_addch(c->out, '\n');
        c->column = 0;
        c->marks = NO_BASE;
    } else if (cp == '\t') {
        do
            put(c, ' ', 1);
        while (c->column % TAB != 0);
        c->marks = NO_BASE;
    } else {
        put_ascii(c, (const char[]){'^', (char)(cp ^ 0x40), '\0'});
    }
}

size_t text_clean(struct buf *out, const char *s, size_t n, bool keep_newlines)
{
    assert(s || !n);
    struct cleaner c = {.out = out, .marks = NO_BASE};
    while (n > 0) {
        uint32_t cp;
        size_t took = utf8_next(s, n, &cp);
        s += took;
        n -= took;
        if (cp >= 0x20 && cp < 0x7F)
            put(&c, cp, 1);
        else if (cp < 0x20 || cp == 0x7F)
            put_control(&c, cp, keep_newlines);
        else if (must_be_named(cp))
            put_named(&c, cp);
        else if (text_width_cp(cp) == 0)
            put_mark(&c, cp);
        else
            put(&c, cp, text_width_cp(cp));
    }
    return c.column;
}
