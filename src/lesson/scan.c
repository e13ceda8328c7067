/*
 * The words of a lesson file, before Lua sees it. Three jobs.
 *
 * It refuses what Lua's own parser would take and the sandbox must not have: the `^`
 * operator (Debian's Lua answers it with libm's pow(), whose last bit depends on the
 * processor; there is math.pow instead), the zero byte in strings (comparing strings
 * full of them is slow beyond any budget), and code of a shape that the parser is slow at
 * (shape.c). It remembers on which line each key and each string literal stands, because
 * a finished Lua table has forgotten: so that a misspelt field is reported where it is
 * written, and one that is written twice is seen. And it gives the text to the parser,
 * piece by piece, with the bounds of each `for` wrapped (shape.c), and so what is compared
 * with a number (equals.c).
 *
 * It does not judge syntax: when something does not end, it stops and lets Lua say so.
 */
#include "equals.h"

#include <lua.h>
#include <string.h>

enum { SCOPES = 256 };
struct cursor {
    const char *p, *end;
    int line;
    char before; /* the token before: { , ; or [ after one of these; else 0 */
    int depth;   /* of { } and of blocks; beyond SCOPES no key is looked at */
    uint32_t scope[SCOPES]; /* number of each open {, 0 for blocks */
    uint32_t scopes;        /* opened so far */
    struct shape shape;
    struct equals equals;
};

static const char *see(struct cursor *c, enum shape_token kind, const char *p, size_t n,
                       size_t at)
{
    equals_see(&c->equals, kind, p, n, at);
    return shape_see(&c->shape, kind, p, n, at);
}

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

/* Whether the next token is a single =, perhaps behind a ]. */
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
    GROW(s->marks, s->n, s->cap);
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

static const char *skip_word(struct scan *s, struct cursor *c)
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
    else if (assigned(c, false))
        add_mark(s, start, n, c->line, c->before ? scope_here(c) : 0);
    return see(c, SHAPE_WORD, start, n, (size_t)(start - s->text));
}

/* Skips a number, taken as Lua's lexer does: 0x1p-3, 1e+5, 1..2. */
static const char *skip_number(struct scan *s, struct cursor *c)
{
    const char *start = c->p, *exponent = "eE";
    if (*c->p == '0' && (at(c, 1) == 'x' || at(c, 1) == 'X')) {
        exponent = "pP";
        c->p += 2;
    }
    while (c->p < c->end) {
        if (*c->p == exponent[0] || *c->p == exponent[1])
            c->p += at(c, 1) == '-' || at(c, 1) == '+' ? 2 : 1;
        else if (is_hex(*c->p) || *c->p == '.')
            c->p++;
        else
            break;
    }
    size_t n = (size_t)(c->p - start);
    return see(c, SHAPE_NUMBER, start, n, (size_t)(start - s->text));
}

/* Skips a sign between words: those that open and close tables, and separate fields. */
static void skip_byte(struct cursor *c)
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

/* How many bytes the sign here has: the longest that Lua knows. */
static size_t sign_length(const struct cursor *c)
{
    static const char *const pairs[] = {"==", "~=", "<=", ">=", "//",
                                        "<<", ">>", "::", ".."};
    if (at(c, 0) == '.' && at(c, 1) == '.' && at(c, 2) == '.')
        return 3;
    for (size_t i = 0; i < COUNT_OF(pairs); i++)
        if (at(c, 0) == pairs[i][0] && at(c, 1) == pairs[i][1])
            return 2;
    return 1;
}

static const char *skip_sign(struct scan *s, struct cursor *c)
{
    const char *start = c->p;
    size_t n = sign_length(c);
    bool blank = strchr(" \t\r\n\v\f", *start);
    s->modulo |= *start == '%';
    for (size_t i = 0; i < n; i++)
        skip_byte(c);
    return blank ? NULL : see(c, SHAPE_SIGN, start, n, (size_t)(start - s->text));
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

/* ---- what is wrapped ------------------------------------------------------------- */

static void add_edit(void *ctx, size_t off, const char *text)
{
    struct scan *s = ctx;
    GROW(s->edits, s->nedits, s->edits_cap);
    s->edits[s->nedits++] = (struct scan_edit){off, text};
}

static void wrap_bound(void *ctx, size_t from, size_t to)
{
    add_edit(ctx, from, "(");
    add_edit(ctx, to, ")*1 ");
}

static int by_offset(const void *a, const void *b, void *ctx)
{
    const struct scan_edit *x = a, *y = b;
    (void)ctx;
    return (x->off > y->off) - (x->off < y->off);
}

bool scan_wraps(const struct scan *s, int line)
{
    size_t off = 0;
    int at = 1;
    for (size_t i = 0; i < s->nedits; i++) {
        for (; off < s->edits[i].off; off++)
            at += s->text[off] == '\n';
        if (at == line && s->edits[i].text[0] == '(')
            return true;
    }
    return false;
}

const char *scan_piece(const struct scan *s, struct scan_reader *r, size_t *n)
{
    size_t left = s->len - r->off;
    if (r->edit < s->nedits && s->edits[r->edit].off == r->off) {
        *n = strlen(s->edits[r->edit].text);
        return s->edits[r->edit++].text;
    }
    const char *piece = s->text + r->off, *end = memchr(piece, '\n', left);
    if (r->off == 0 || piece[-1] == '\n')
        r->line++;
    *n = end ? (size_t)(end - piece) + 1 : left;
    if (r->edit < s->nedits && s->edits[r->edit].off < r->off + *n)
        *n = s->edits[r->edit].off - r->off;
    r->off += *n;
    return *n ? piece : NULL;
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

static const char *skip_literal(struct scan *s, struct cursor *c)
{
    const char *start = c->p;
    if (*c->p == '[')
        skip_long(c, long_level(c));
    else if (skip_string(s, c))
        return "a zero byte in a string is not allowed";
    return see(c, SHAPE_STRING, start, (size_t)(c->p - start),
               (size_t)(start - s->text));
}

/* Skips a token. Returns what is wrong with it, or NULL. */
static const char *skip_token(struct scan *s, struct cursor *c)
{
    char ch = *c->p;
    const char *wrong;
    if (ch == '-' && at(c, 1) == '-') {
        skip_comment(c);
        return NULL;
    }
    if (ch == '^')
        return "the operator ^ is not allowed (it differs between machines); use "
               "math.pow(x, y)";
    if (ch == '"' || ch == '\'' || (ch == '[' && long_level(c) >= 0))
        wrong = skip_literal(s, c);
    else if (is_digit(ch) || (ch == '.' && is_digit(at(c, 1))))
        wrong = skip_number(s, c);
    else if (is_name(ch))
        wrong = skip_word(s, c);
    else
        return skip_sign(s, c);
    c->before = 0;
    return wrong;
}

/* By length, bytes and line, so that scan_line() need not look at all of them. */
static int by_word(const void *a, const void *b, void *ctx)
{
    const struct scan_mark *x = a, *y = b;
    const char *text = ctx;
    if (x->len != y->len)
        return x->len < y->len ? -1 : 1;
    int c = memcmp(text + x->off, text + y->off, x->len);
    return c ? c : (x->line > y->line) - (x->line < y->line);
}

static enum err check_encoding(const char *text, size_t len, const char *name,
                               struct errmsg *why)
{
    static const char mark[] = "\xEF\xBF\xBD"; /* U+FFFD, written by the author */
    int line = 1;
    if (memchr(text, '\0', len) || (len > 0 && *text == LUA_SIGNATURE[0]))
        return errmsg_set(why, ERR_LESSON,
                          "%s:1: this is not text (a lesson is never a compiled chunk)",
                          name);
    for (size_t i = 0, n; i < len; i += n) {
        uint32_t cp;
        n = utf8_next(text + i, len - i, &cp);
        line += text[i] == '\n';
        if (cp == 0xFFFD && (n != 3 || memcmp(text + i, mark, 3) != 0))
            return errmsg_set(
                why, ERR_LESSON,
                "%s:%d: this is not UTF-8, near the byte \\x%02X; save the "
                "file as UTF-8",
                name, line, (unsigned)(unsigned char)text[i]);
    }
    return ERR_OK;
}

enum err scan_text(struct scan *s, const char *text, size_t len, const char *name,
                   struct errmsg *why)
{
    enum err e = check_encoding(text, len, name, why);
    if (e != ERR_OK)
        return e;
    struct cursor *c = mem_alloc(sizeof *c);
    *c = (struct cursor){.p = text, .end = text + len, .line = 1};
    c->shape.found = wrap_bound;
    c->shape.ctx = s;
    c->equals.found = add_edit;
    c->equals.ctx = s;
    s->text = text;
    s->len = len;
    const char *wrong = NULL;
    while (c->p < c->end && !wrong) {
        int line = c->line;
        wrong = skip_token(s, c);
        if (wrong)
            (void)errmsg_set(why, ERR_LESSON, "%s:%d: %s", name, line, wrong);
    }
    equals_end(&c->equals);
    s->open = c->shape.depth;
    mem_free(c);
    if (wrong)
        return ERR_LESSON;
    find_twice(s);
    sort_stable(s->marks, s->n, sizeof *s->marks, by_word, (void *)s->text);
    sort_stable(s->edits, s->nedits, sizeof *s->edits, by_offset, NULL);
    return ERR_OK;
}

void scan_release(struct scan *s)
{
    mem_free(s->marks);
    mem_free(s->edits);
    *s = (struct scan){0};
}

int scan_line(const struct scan *s, const char *word, int from)
{
    size_t n = strlen(word), low = 0, high = s ? s->n : 0;
    if (!s || n > UINT32_MAX)
        return from;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        const struct scan_mark *m = &s->marks[mid];
        int c = m->len != n ? (m->len < n ? -1 : 1) : memcmp(s->text + m->off, word, n);
        if (c < 0 || (c == 0 && m->line < from))
            low = mid + 1;
        else
            high = mid;
    }
    const struct scan_mark *m = &s->marks[low];
    bool found = low < s->n && m->len == n && !memcmp(s->text + m->off, word, n);
    return found ? m->line : from;
}
