/*
 * A function as it was written, without what does not count: comments, blanks, line
 * ends. A Lua function knows the lines it stands on, not the columns; where several
 * begin and end on the same lines, all of them are taken.
 *
 * What Lua compiles would say the same more exactly, but the compiler's output differs
 * between releases of Lua and holds line numbers.
 */
#include "lesson_internal.h"

#include <string.h>

struct token {
    const char *p;
    size_t n;
    int line; /* where it ends */
};
struct lexer {
    const char *p, *end;
    int line;
};

static bool in_word(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '_';
}

static char peek(const struct lexer *x, size_t i)
{
    return (size_t)(x->end - x->p) > i ? x->p[i] : '\0';
}

/* Lua's line ends: \n, \r, \r\n, \n\r. */
static void step(struct lexer *x)
{
    char a = peek(x, 0), b = peek(x, 1);
    if (a == '\n' || a == '\r') {
        x->line++;
        if ((b == '\n' || b == '\r') && b != a)
            x->p++;
    }
    x->p++;
}

/* At "[[" or "[=[": skips to behind its end. False: it is another bracket. */
static bool skip_long(struct lexer *x)
{
    size_t level = 1, n;
    while (peek(x, level) == '=')
        level++;
    if (peek(x, 0) != '[' || peek(x, level) != '[')
        return false;
    for (x->p += level + 1; x->p < x->end; step(x)) {
        if (*x->p != ']')
            continue;
        for (n = 1; peek(x, n) == '=';)
            n++;
        if (n == level && peek(x, n) == ']') {
            x->p += n + 1;
            return true;
        }
    }
    return true;
}

static void skip_quoted(struct lexer *x)
{
    char quote = *x->p++;
    while (x->p < x->end && *x->p != quote) {
        if (*x->p == '\\' && x->p + 1 < x->end)
            x->p++;
        step(x);
    }
    x->p += x->p < x->end;
}

static bool skip_comment(struct lexer *x)
{
    if (peek(x, 0) != '-' || peek(x, 1) != '-')
        return false;
    x->p += 2;
    if (!skip_long(x))
        while (x->p < x->end && *x->p != '\n' && *x->p != '\r')
            x->p++;
    return true;
}

static bool next_token(struct lexer *x, struct token *t)
{
    while (x->p < x->end && (strchr(" \t\r\n\v\f", *x->p) || skip_comment(x)))
        if (x->p < x->end && strchr(" \t\r\n\v\f", *x->p))
            step(x);
    if (x->p >= x->end)
        return false;
    t->p = x->p;
    if (in_word(*x->p))
        while (x->p < x->end && in_word(*x->p))
            x->p++;
    else if (*x->p == '"' || *x->p == '\'')
        skip_quoted(x);
    else if (!skip_long(x))
        x->p++;
    t->n = (size_t)(x->p - t->p);
    t->line = x->line;
    return true;
}

static bool token_is(const struct token *t, const char *word)
{
    return strlen(word) == t->n && memcmp(t->p, word, t->n) == 0;
}

static void put_token(struct buf *out, const struct token *t)
{
    buf_add(out, t->p, t->n);
    buf_addch(out, '\n');
}

/* Behind the word `function`: takes the rest of it, if it ends on line `last`. */
static void take_function(struct lexer x, int last, struct buf *out)
{
    size_t before = out->len;
    struct token t = {0};
    for (int depth = 1; depth > 0 && next_token(&x, &t);) {
        if (token_is(&t, "function") || token_is(&t, "do") || token_is(&t, "if"))
            depth++;
        depth -= token_is(&t, "end");
        put_token(out, &t);
    }
    if (t.line == last)
        return;
    out->len = before;
    if (out->s)
        out->s[before] = '\0';
}

void source_functions(const char *text, size_t len, int first, int last,
                      struct buf *out)
{
    struct lexer x = {.p = text, .end = text + len, .line = 1};
    struct token t;
    size_t before = out->len;
    while (next_token(&x, &t) && t.line <= first)
        if (t.line == first && token_is(&t, "function"))
            take_function(x, last, out);
    if (out->len > before)
        return;
    /* The function is not where Lua says: then all of the file counts. */
    x = (struct lexer){.p = text, .end = text + len, .line = 1};
    while (next_token(&x, &t))
        put_token(out, &t);
}
