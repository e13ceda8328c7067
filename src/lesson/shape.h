/*
 * The shape of code, token by token: what is open, and what of it is too much for Lua's
 * parser (see shape.c). The scan feeds it.
 */
#ifndef LESSON_SHAPE_H
#define LESSON_SHAPE_H

#include "scan.h"

enum { SHAPE_DEPTH = 256, SHAPE_BOUNDS = 3 };

enum shape_token { SHAPE_WORD, SHAPE_NUMBER, SHAPE_STRING, SHAPE_SIGN };
enum shape_head { /* of a for, up to its do */
                  SHAPE_NO_HEAD,
                  SHAPE_HEAD_NAMES,
                  SHAPE_HEAD_BOUNDS, /* for i = first, last, step */
                  SHAPE_HEAD_LIST    /* for k, v in ... */
};
struct shape_bound { /* offsets in the text; empty: nothing to do */
    size_t from, to;
};
struct shape_level {
    char kind; /* ( around a value, c arguments of a call, p parameters, { [; blocks: f
                  function, d do, i if, r repeat; 0 the file */
    uint32_t names; /* in sight when it was opened */
    int joints;     /* and, or of the expression that stands here */
    int clauses;    /* elseif */
    enum shape_head head;
    struct shape_bound bound[SHAPE_BOUNDS];
    int bounds;    /* begun */
    int tokens;    /* of the bound that stands here */
    bool numbered; /* the last of them was a number */
};
struct shape {
    struct shape_level levels[SHAPE_DEPTH];
    int depth;
    bool lost;           /* deeper than Lua goes */
    bool after_value;    /* the token before ends one */
    bool after_local;    /* names that come now are declared */
    bool after_function; /* the function's parameters come next */
    bool after_label;    /* the second :: comes next */
    uint32_t names;      /* local ones in sight */
    uint32_t functions, jumps, numbers;
    uint64_t work; /* names that the parser looks at */
    size_t end;    /* of the token before */
    /* A bound of a for that may be text: its place. */
    void (*found)(void *ctx, size_t from, size_t to);
    void *ctx;
};
/* The next token, at this offset of the text. Returns what is wrong with it, or NULL. */
const char *shape_see(struct shape *s, enum shape_token kind, const char *p, size_t n,
                      size_t at);

#endif
