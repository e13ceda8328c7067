/*
 * The words of a lesson file, before Lua sees it. Two jobs.
 *
 * It refuses what Lua's own parser would take and the sandbox must not have: the `^`
 * operator (Debian's Lua answers it with libm's pow(), whose last bit depends on the
 * processor; there is math.pow instead) and the zero byte in strings (comparing strings
 * full of them is slow beyond any budget). And it remembers on which line each key and
 * each string literal stands, because a finished Lua table has forgotten: so that a
 * misspelt field is reported where it is written, and one that is written twice is
 * seen.
 *
 * It does not judge syntax: when something does not end, it stops and lets Lua say so.
 */
#include "lesson_internal.h"

#include <string.h>

enum { SCOPES = 256 };
struct cursor {
    const char *p, *end;
    int line;
    char before; /* the token before: { , ; or [ after one of these; else 0 */
    int depth;   /* of { } and of blocks; beyond SCOPES no key is looked at */
    uint32_t scope[SCOPES]; /* number of each open {, 0 for blocks */
    uint32_t scopes;        /* opened so far */
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

static void open_scope(struct cursor *c, bool table)
{
    if (c->depth < SCOPES)
        c->scope[c->depth] = table ? ++c->scopes : 0;
    c->depth++;
}

static void close_scope(struct cursor *c)
{
    c->depth -= c->depth > 0;
}

/* The table whose key would stand here; 0: none. */
static uint32_t scope_here(const struct cursor *c)
{
    return c->depth > 0 && c->depth <= SCOPES ? c->scope[c->depth - 1] : 0;
}

/* Is the next token a single =, perhaps behind a ]? */
static bool assigned(const struct cursor *c, bool bracket)
{
    const char *p = c->p, *end = c->end;
    for (int i = 0; i < 2; i++) {
        while (p < end && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n'))
            p++;
        if (i == 0 && bracket && p < end && *p == ']')
            p++;
        else if (i == 0 && bracket)
            return false;
    }
    return p < end && *p == '=' && !(p + 1 < end && p[1] == '=');
}

static void add_mark(struct scan *s, const char *p, size_t n, int line, uint32_t scope)
{
    if (s->n == s->cap) {
        s->cap = s->cap ? 2 * s->cap : 256;
        s->marks = mem_grow(s->marks, s->cap, sizeof *s->marks);
    }
    s->marks[s->n++] =
        (struct scan_mark){(uint32_t)(p - s->text), (uint32_t)n, line, scope};
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
    size_t n = (size_t)(c->p - start);
    if (c->p < c->end && *c->p == quote)
        c->p++;
    bool key = c->before == '[' && assigned(c, true);
    add_mark(s, start, n, line, key ? scope_here(c) : 0);
    return false;
}

static bool word_is(const char *p, size_t n, const char *const *words)
{
    for (; *words; words++)
        if (strlen(*words) == n && !memcmp(p, *words, n))
            return true;
    return false;
}

/* A number may hold a letter or a sign, never a ^: skipping its digits is enough. */
static void skip_word(struct scan *s, struct cursor *c)
{
    static const char *const openers[] = {"function", "if", "do", "repeat", NULL};
    static const char *const closers[] = {"end", "until", NULL};
    const char *start = c->p;
    while (c->p < c->end && is_name(*c->p))
        c->p++;
    size_t n = (size_t)(c->p - start);
    if (word_is(start, n, openers))
        open_scope(c, false);
    else if (word_is(start, n, closers))
        close_scope(c);
    else if (!is_digit(*start) && assigned(c, false))
        add_mark(s, start, n, c->line, c->before ? scope_here(c) : 0);
}

/* What stands between words: what opens and closes tables, and separates fields. */
static void skip_sign(struct cursor *c)
{
    char ch = *c->p;
    bool first = c->before == '{' || c->before == ',' || c->before == ';';
    if (ch == '{')
        open_scope(c, true);
    if (ch == '}')
        close_scope(c);
    if (ch == '{' || ch == ',' || ch == ';' || (ch == '[' && first))
        c->before = ch;
    else if (!strchr(" \t\r\n", ch))
        c->before = 0;
    step(c);
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

/* ---- keys written twice ---------------------------------------------------------- */

static int by_key(const void *a, const void *b, void *ctx)
{
    const struct scan_mark *x = a, *y = b;
    const char *text = ctx;
    if (x->scope != y->scope)
        return x->scope < y->scope ? -1 : 1;
    if (x->len != y->len)
        return x->len < y->len ? -1 : 1;
    return memcmp(text + x->off, text + y->off, x->len);
}

static void find_twice(struct scan *s)
{
    struct scan_mark *keys = mem_array(s->n + 1, sizeof *keys);
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++)
        if (s->marks[i].scope)
            keys[n++] = s->marks[i];
    sort_stable(keys, n, sizeof *keys, by_key, (void *)s->text);
    for (size_t i = 1; i < n && !s->twice.len; i++)
        if (by_key(&keys[i - 1], &keys[i], (void *)s->text) == 0) {
            s->twice = keys[i];
            s->first_line = keys[i - 1].line;
        }
    mem_free(keys);
}

/* ---- all of it ------------------------------------------------------------------- */

/* One token. Returns what is wrong with it, or NULL. */
static const char *skip_token(struct scan *s, struct cursor *c)
{
    char ch = *c->p;
    if (ch == '-' && at(c, 1) == '-') {
        skip_comment(c);
        return NULL;
    }
    if (ch == '^')
        return "the operator ^ is not allowed (it differs between machines); use "
               "math.pow(x, y)";
    if (ch == '"' || ch == '\'') {
        if (skip_string(s, c))
            return "a zero byte in a string is not allowed";
    } else if (ch == '[' && long_level(c) >= 0) {
        skip_long(c, long_level(c));
    } else if (is_name(ch)) {
        skip_word(s, c);
    } else {
        skip_sign(c);
        return NULL;
    }
    c->before = 0;
    return NULL;
}

enum err scan_text(struct scan *s, const char *text, size_t len, const char *name,
                   struct errmsg *why)
{
    struct cursor c = {.p = text, .end = text + len, .line = 1};
    s->text = text;
    if (memchr(text, '\0', len) || (len > 0 && *text == LUA_SIGNATURE[0]))
        return errmsg_set(why, ERR_LESSON,
                          "%s:1: this is not text (a lesson is never a compiled chunk)",
                          name);
    while (c.p < c.end) {
        const char *wrong = skip_token(s, &c);
        if (wrong)
            return errmsg_set(why, ERR_LESSON, "%s:%d: %s", name, c.line, wrong);
    }
    find_twice(s);
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
