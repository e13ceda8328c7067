/*
 * Comparing with a number by == and ~=, token by token: where a duration may stand on the
 * other side (see equals.c). The scan feeds it.
 */
#ifndef LESSON_EQUALS_H
#define LESSON_EQUALS_H

#include "shape.h"

struct equals_token {
    enum shape_token kind;
    const char *p;
    size_t n, at;
};
struct equals {
    struct equals_token last[3]; /* the newest last; n 0: none */
    void (*found)(void *ctx, size_t at, const char *text);
    void *ctx;
};
/* The next token, at this offset of the text. */
void equals_see(struct equals *q, enum shape_token kind, const char *p, size_t n,
                size_t at);
/* The text is over. */
void equals_end(struct equals *q);

#endif
