/*
 * `s:now() == 5` would always be false without a word: Lua asks nobody when it compares a
 * duration with a number by == or ~=, as their types differ. So where one side is a number
 * as written, other than 0, the other side is given to Lua as `side |false`, which asks the
 * metatable of booleans (duration.c): it fails for a duration and is the side itself for
 * all else. No operator binds less tightly than | and more tightly than ==, so that what
 * was the side of the comparison is the side of the |.
 *
 * A number that is a part of a larger side (2 * sec(1)) says nothing, and is left alone. So
 * is a number that has a name.
 */
#include "equals.h"

#include <string.h>

static bool is_equality(const struct equals_token *t)
{
    return t->kind == SHAPE_SIGN && t->n == 2 && t->p[1] == '=' &&
           (t->p[0] == '=' || t->p[0] == '~');
}

/* Whether the token goes on with what stands before it, or begins what stands behind. */
static bool binds(const struct equals_token *t)
{
    static const char *const pairs[] = {"//", "<<", ">>", ".."};
    if (t->kind == SHAPE_WORD)
        return t->n == 3 && memcmp(t->p, "not", 3) == 0;
    if (t->kind != SHAPE_SIGN)
        return false;
    if (t->n == 1)
        return memchr("+-*/%&|~#", t->p[0], 9);
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (t->n == 2 && memcmp(t->p, pairs[i], 2) == 0)
            return true;
    return false;
}

/* Whether it is a number other than 0, which has no unit to miss. */
static bool is_number(const struct equals_token *t)
{
    if (t->kind != SHAPE_NUMBER)
        return false;
    bool hex = t->n > 1 && (t->p[1] == 'x' || t->p[1] == 'X');
    for (size_t i = hex ? 2 : 0; i < t->n; i++) {
        if (memchr(hex ? "pP" : "eE", t->p[i], 2))
            return false;
        if (t->p[i] != '0' && t->p[i] != '.')
            return true;
    }
    return false;
}

/* A number and its comparison are there, and what stands on their other side. */
static void look(struct equals *q)
{
    const struct equals_token *a = &q->last[0], *b = &q->last[1], *c = &q->last[2];
    if (is_equality(a) && is_number(b) && !binds(c))
        q->found(q->ctx, a->at, " |false ");
    if (is_number(b) && is_equality(c) && !binds(a))
        q->found(q->ctx, c->at + c->n, " false| ");
}

void equals_see(struct equals *q, enum shape_token kind, const char *p, size_t n,
                size_t at)
{
    q->last[0] = q->last[1];
    q->last[1] = q->last[2];
    q->last[2] = (struct equals_token){kind, p, n, at};
    look(q);
}

void equals_end(struct equals *q)
{
    equals_see(q, SHAPE_SIGN, ";", 1, 0);
}
