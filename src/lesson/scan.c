/*
 * The words of a lesson file, before Lua sees it. Two jobs.
 *
 * It refuses what Lua's own parser would take and the sandbox must not have: the `^`
 * operator (Debian's Lua answers it with libm's pow(), whose last bit depends on the
 * processor; there is math.pow instead) and the zero byte in strings (comparing strings
 * full of them is slow beyond any budget). And it remembers on which line each key and
 * each string literal stands, because a finished Lua table has forgotten: so that a
 * misspelt field is reported where it is written.
 *
 * It does not judge syntax: when something does not end, it stops and lets Lua say so.
 */
#include "lesson_internal.h"

#include <string.h>

struct cursor {
    const char *p, *end;
    int line;
};

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static bool is_name(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || is_digit(c);
}

static bool is_hex(int c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static char at(const struct cursor *c, size_t i)
{
    return (size_t)(c->end - c->p) > i ? c->p[i] : '\0';
}

/* Lua's line ends: \n, \r, \r\n, \n\r. */
static void step(struct cursor *c)
{
    char a = at(c, 0), b = at(c, 1);
    if (a == '\n' || a == '\r') {
        c->line++;
        if ((b == '\n' || b == '\r') && b != a)
            c->p++;
    }
    c->p++;
}

static void add_mark(struct scan *s, const char *p, size_t n, int line)
{
    if (s->n == s->cap) {
        s->cap = s->cap ? 2 * s->cap : 256;
        s->marks = mem_grow(s->marks, s->cap, sizeof *s->marks);
    }
    s->marks[s->n++] = (struct scan_mark){(uint32_t)(p - s->text), (uint32_t)n, line};
}

/* [[ or [=[ ...: the number of = signs, or -1. */
static int long_level(const struct cursor *c)
{
    size_t n = 1;
    while (at(c, n) == '=')
        n++;
    return at(c, n) == '[' ? (int)n - 1 : -1;
}

static void skip_long(struct cursor *c, int level)
{
    for (int i = 0; i < level + 2; i++)
        c->p++;
    for (; c->p < c->end; step(c)) {
        int n = 0;
        if (*c->p != ']')
            continue;
        while (at(c, (size_t)n + 1) == '=')
            n++;
        if (n == level && at(c, (size_t)n + 1) == ']') {
            c->p += n + 2;
            return;
        }
    }
}

/* At a backslash. Returns true when the escape stands for a zero byte. */
static bool skip_escape(struct cursor *c)
{
    int value = 0, digits = 0;
    c->p++;
    char kind = at(c, 0);
    if (kind == 'x') {
        bool zero = at(c, 1) == '0' && at(c, 2) == '0';
        c->p++;
        return zero;
    }
    if (kind == 'u' && at(c, 1) == '{') {
        bool any = false;
        for (c->p += 2; c->p < c->end && is_hex(*c->p); c->p++, digits++)
            any |= *c->p != '0';
        return digits > 0 && !any;
    }
    if (kind == 'z') {
        for (c->p++; c->p < c->end && strchr(" \t\r\n\v\f", *c->p); step(c))
            ;
        return false;
    }
    while (digits < 3 && is_digit(at(c, 0))) {
        value = value * 10 + (*c->p++ - '0');
        digits++;
    }
    if (digits)
        return value == 0;
    if (c->p < c->end)
        step(c);
    return false;
}

/* Returns true when it holds a zero byte. */
static bool skip_string(struct scan *s, struct cursor *c)
{
    char quote = *c->p++;
    const char *start = c->p;
    int line = c->line;
    while (c->p < c->end && *c->p != quote && *c->p != '\n' && *c->p != '\r') {
        if (*c->p != '\\')
            c->p++;
        else if (skip_escape(c))
            return true;
    }
    add_mark(s, start, (size_t)(c->p - start), line);
    if (c->p < c->end && *c->p == quote)
        c->p++;
    return false;
}

/* A number may hold a letter or a sign, never a ^: skipping its digits is enough. */
static void skip_word(struct scan *s, struct cursor *c)
{
    const char *start = c->p;
    while (c->p < c->end && is_name(*c->p))
        c->p++;
    if (is_digit(*start))
        return;
    struct cursor ahead = *c;
    while (ahead.p < ahead.end && strchr(" \t\r\n", *ahead.p))
        step(&ahead);
    if (at(&ahead, 0) == '=' && at(&ahead, 1) != '=')
        add_mark(s, start, (size_t)(c->p - start), c->line);
}

static void skip_comment(struct cursor *c)
{
    c->p += 2;
    if (at(c, 0) == '[' && long_level(c) >= 0) {
        skip_long(c, long_level(c));
        return;
    }
    while (c->p < c->end && *c->p != '\n' && *c->p != '\r')
        c->p++;
}

enum err scan_text(struct scan *s, const char *text, size_t len, const char *name,
                   struct errmsg *why)
{
    struct cursor c = {text, text + len, 1};
    s->text = text;
    if (memchr(text, '\0', len) || (len > 0 && *text == LUA_SIGNATURE[0]))
        return errmsg_set(why, ERR_LESSON,
                          "%s:1: this is not text (a lesson is never a compiled chunk)",
                          name);
    while (c.p < c.end) {
        char ch = *c.p;
        if (ch == '-' && at(&c, 1) == '-')
            skip_comment(&c);
        else if (ch == '[' && long_level(&c) >= 0)
            skip_long(&c, long_level(&c));
        else if (ch == '"' || ch == '\'') {
            if (skip_string(s, &c))
                return errmsg_set(why, ERR_LESSON,
                                  "%s:%d: a zero byte in a string is not allowed", name,
                                  c.line);
        } else if (is_name(ch))
            skip_word(s, &c);
        else if (ch == '^')
            return errmsg_set(
                why, ERR_LESSON,
                "%s:%d: the operator ^ is not allowed (it differs between "
                "machines); use math.pow(x, y)",
                name, c.line);
        else
            step(&c);
    }
    return ERR_OK;
}

void scan_release(struct scan *s)
{
    mem_free(s->marks);
    *s = (struct scan){0};
}

int scan_line(const struct scan *s, const char *word, int from)
{
    size_t n = strlen(word);
    for (size_t i = 0; s && i < s->n; i++) {
        const struct scan_mark *m = &s->marks[i];
        if (m->line >= from && m->len == n && !memcmp(s->text + m->off, word, n))
            return m->line;
    }
    return from;
}
