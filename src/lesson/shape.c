/*
 * The shape of a lesson's code: what Lua's parser is given is bounded here, token by
 * token, because the parser's own work is not counted by anybody.
 *
 * Lua 5.4.4 does work that is quadratic in four places:
 *
 * - `and` and `or` keep lists of jumps that are walked to their end for each further one
 *   of the expression; so does `elseif`, for each `if`;
 * - goto, break and labels are looked for among all others of the function;
 * - a name is looked for among all local names in sight, function by function, and among
 *   the upvalues of each function on the way;
 * - numbers are keys of one table of constants, and can be chosen to share one chain.
 *
 * How deep things nest, and how long a chain of `..` or of signs is, Lua bounds by itself
 * (200), and says so.
 *
 * And one thing is changed on the way to the parser: a `for` that counts takes text where
 * it wants a number, and reads it anew each time the loop begins, which costs the length
 * of the text. So `for i = a, b do` is given to Lua as `for i = (a)*1 ,(b)*1 do`: the same
 * for every number, an error for text. Plain numbers are left alone.
 *
 * What is kept of the code is a stack of what is open: brackets and blocks. When the code
 * is no Lua the stack means nothing from there on, and the parser never gets there.
 */
#include "shape.h"

#include <string.h>

enum {
    JOINTS_MAX = 250,   /* and, or of one expression */
    CLAUSES_MAX = 250,  /* elseif of one if */
    JUMPS_MAX = 1000,   /* goto, break, labels of the file */
    NUMBERS_MAX = 4000, /* long ones of the file */
    NUMBER_SHORT = 4,   /* digits; so few cannot be made to collide */
    LOOP_NAMES = 4      /* names that a for keeps for itself */
};
#define NAME_WORK 100000000u /* names looked at, over the file */

/* ---- what is open ---------------------------------------------------------------- */

static struct shape_level *top(struct shape *s)
{
    return &s->levels[s->depth];
}

/* Deeper than Lua goes nothing needs to be known. */
static void open_level(struct shape *s, char kind)
{
    if (s->depth + 1 == SHAPE_DEPTH) {
        s->lost = true;
        return;
    }
    s->depth++;
    *top(s) = (struct shape_level){.kind = kind, .names = s->names};
    s->functions += kind == 'f';
}

/* Closes a block: the names declared in it go out of sight. */
static void close_level(struct shape *s)
{
    if (s->depth == 0)
        return;
    s->names = top(s)->names;
    s->functions -= top(s)->kind == 'f';
    s->depth--;
}

static void begin_expression(struct shape *s)
{
    top(s)->joints = 0;
}

static const char *count_joints(struct shape *s, int n)
{
    top(s)->joints += n;
    return top(s)->joints > JOINTS_MAX
               ? "more than 250 of `and` and `or` in one expression; name its parts"
               : NULL;
}

static const char *count_jump(struct shape *s)
{
    return ++s->jumps > JUMPS_MAX ? "more than 1000 of goto, break and labels" : NULL;
}

/* ---- for ------------------------------------------------------------------------- */

static void begin_bound(struct shape *s, size_t from)
{
    struct shape_level *l = top(s);
    if (l->bounds < SHAPE_BOUNDS)
        l->bound[l->bounds] = (struct shape_bound){from, from};
    l->bounds++;
    l->tokens = -1; /* the sign before it is still to be counted */
}

static void end_bound(struct shape *s)
{
    struct shape_level *l = top(s);
    bool plain = l->tokens == 1 && l->numbered;
    if (l->bounds <= SHAPE_BOUNDS && !plain && l->tokens > 0)
        l->bound[l->bounds - 1].to = s->end;
}

/* A comma or = that belongs to the head of a for. */
static void divide_head(struct shape *s, char sign, size_t after)
{
    struct shape_level *l = top(s);
    if (sign == '=' && l->head == SHAPE_HEAD_NAMES) {
        l->head = SHAPE_HEAD_BOUNDS;
        begin_bound(s, after);
    } else if (sign == ',' && l->head == SHAPE_HEAD_BOUNDS) {
        end_bound(s);
        begin_bound(s, after);
    }
}

/* At its do. More than three bounds are no for: Lua says so. */
static void end_head(struct shape *s)
{
    struct shape_level *l = top(s);
    if (l->head == SHAPE_HEAD_BOUNDS)
        end_bound(s);
    for (int i = 0; i < l->bounds && l->bounds <= SHAPE_BOUNDS; i++)
        if (l->bound[i].to > l->bound[i].from)
            s->found(s->ctx, l->bound[i].from, l->bound[i].to);
    l->head = SHAPE_NO_HEAD;
}

/* ---- words ----------------------------------------------------------------------- */

enum word { /* the ones that open, close, end or join something */
            WORD_NAME,
            WORD_VALUE,
            WORD_JOINT,
            WORD_NOT,
            WORD_FUNCTION,
            WORD_LOCAL,
            WORD_FOR,
            WORD_IN,
            WORD_DO,
            WORD_IF,
            WORD_ELSEIF,
            WORD_ELSE,
            WORD_REPEAT,
            WORD_UNTIL,
            WORD_END,
            WORD_JUMP,
            WORD_STATEMENT
};

static enum word word_of(const char *p, size_t n)
{
    static const struct {
        const char *text;
        enum word word;
    } words[] = {
        {"and", WORD_JOINT},       {"break", WORD_JUMP},    {"do", WORD_DO},
        {"else", WORD_ELSE},       {"elseif", WORD_ELSEIF}, {"end", WORD_END},
        {"false", WORD_VALUE},     {"for", WORD_FOR},       {"function", WORD_FUNCTION},
        {"goto", WORD_JUMP},       {"if", WORD_IF},         {"in", WORD_IN},
        {"local", WORD_LOCAL},     {"nil", WORD_VALUE},     {"not", WORD_NOT},
        {"or", WORD_JOINT},        {"repeat", WORD_REPEAT}, {"return", WORD_STATEMENT},
        {"then", WORD_STATEMENT},  {"true", WORD_VALUE},    {"until", WORD_UNTIL},
        {"while", WORD_STATEMENT},
    };
    for (size_t i = 0; n >= 2 && n <= 8 && i < COUNT_OF(words); i++)
        if (strlen(words[i].text) == n && !memcmp(words[i].text, p, n))
            return words[i].word;
    return WORD_NAME;
}

/* Where two values stand side by side a new statement began between them. */
static void begin_value(struct shape *s)
{
    if (!s->after_value)
        return;
    begin_expression(s);
    s->after_local = false;
}

/* The names of a local, a for, a function's parameters are in sight from here on: a little
 * sooner than for Lua, and those of a repeat a little longer, so never fewer. */
static const char *see_name(struct shape *s)
{
    const struct shape_level *l = top(s);
    begin_value(s);
    if (s->after_local || l->kind == 'p' || l->head == SHAPE_HEAD_NAMES)
        s->names++;
    s->work += (uint64_t)s->names * (1 + s->functions);
    return s->work > NAME_WORK
               ? "too many local names in sight of too many words; use a table"
               : NULL;
}

static void see_do(struct shape *s)
{
    if (top(s)->head != SHAPE_NO_HEAD)
        end_head(s);
    else
        open_level(s, 'd');
}

static void see_for(struct shape *s)
{
    open_level(s, 'd');
    if (!s->lost)
        top(s)->head = SHAPE_HEAD_NAMES;
    s->names += LOOP_NAMES;
}

static const char *see_clause(struct shape *s, bool counts)
{
    s->names = top(s)->names;
    if (counts && ++top(s)->clauses > CLAUSES_MAX)
        return "more than 250 elseif in one if";
    return NULL;
}

/* The names that a repeat declares are in sight after its until, and are left so. */
static void see_until(struct shape *s)
{
    uint32_t names = s->names;
    close_level(s);
    s->names = names;
    begin_expression(s);
}

static void see_function(struct shape *s)
{
    s->names += s->after_local; /* local function NAME */
    begin_value(s);
    s->after_function = true;
}

static const char *see_block(struct shape *s, enum word w)
{
    switch (w) {
    case WORD_FOR:
        see_for(s);
        break;
    case WORD_IN:
        if (top(s)->head == SHAPE_HEAD_NAMES)
            top(s)->head = SHAPE_HEAD_LIST;
        break;
    case WORD_DO:
        see_do(s);
        break;
    case WORD_IF:
        open_level(s, 'i');
        break;
    case WORD_REPEAT:
        open_level(s, 'r');
        break;
    case WORD_UNTIL:
        see_until(s);
        break;
    case WORD_ELSEIF:
    case WORD_ELSE:
        return see_clause(s, w == WORD_ELSEIF);
    case WORD_JUMP:
        return count_jump(s);
    default:
        break;
    }
    return NULL;
}

static const char *see_word(struct shape *s, const char *p, size_t n)
{
    enum word w = word_of(p, n);
    const char *wrong = NULL;
    if (w == WORD_NAME) {
        wrong = see_name(s);
    } else if (w == WORD_VALUE) {
        begin_value(s);
    } else if (w == WORD_JOINT) {
        wrong = count_joints(s, 1);
    } else if (w == WORD_FUNCTION) {
        see_function(s);
    } else if (w == WORD_END) {
        close_level(s);
    } else if (w != WORD_NOT) {
        begin_expression(s);
        wrong = see_block(s, w);
    }
    if (w != WORD_NAME)
        s->after_local = w == WORD_LOCAL;
    s->after_value = w == WORD_NAME || w == WORD_VALUE || w == WORD_END;
    return wrong;
}

/* ---- signs ----------------------------------------------------------------------- */

/* A bracket around a value is a part of the expression it stands in; one behind a value
 * holds the arguments of a call, which are expressions of their own. */
static void open_bracket(struct shape *s, char sign)
{
    bool parameters = sign == '(' && s->after_function;
    if (parameters)
        open_level(s, 'f');
    open_level(s, parameters ? 'p' : sign == '(' && s->after_value ? 'c' : sign);
    s->after_function = false;
}

static const char *close_bracket(struct shape *s)
{
    struct shape_level l = *top(s);
    uint32_t names = s->names;
    close_level(s);
    if (l.kind == 'p')
        s->names = names; /* parameters stay in sight of the body */
    return l.kind == '(' ? count_joints(s, l.joints) : NULL;
}

static const char *see_label(struct shape *s)
{
    begin_expression(s);
    s->after_label = !s->after_label;
    return s->after_label ? count_jump(s) : NULL;
}

static const char *see_sign(struct shape *s, const char *p, size_t n, size_t after)
{
    bool dots = n == 3;
    const char *wrong = NULL;
    if (n == 1 && strchr("({[", *p)) {
        open_bracket(s, *p);
    } else if (n == 1 && strchr(")}]", *p)) {
        wrong = close_bracket(s);
    } else if (n == 1 && strchr(",;=", *p)) {
        divide_head(s, *p, after);
        begin_expression(s);
    } else if (n == 2 && *p == ':') {
        wrong = see_label(s);
    }
    s->after_local = s->after_local && n == 1 && strchr(",<>", *p);
    s->after_value = dots || (n == 1 && strchr(")}]", *p));
    return wrong;
}

/* ---- all of them ----------------------------------------------------------------- */

static const char *see_number(struct shape *s, size_t n)
{
    begin_value(s);
    s->after_value = true;
    return n > NUMBER_SHORT && ++s->numbers > NUMBERS_MAX
               ? "more than 4000 numbers of five digits or more"
               : NULL;
}

const char *shape_see(struct shape *s, enum shape_token kind, const char *p, size_t n,
                      size_t at)
{
    const char *wrong = NULL;
    if (s->lost)
        return NULL;
    switch (kind) {
    case SHAPE_WORD:
        wrong = see_word(s, p, n);
        break;
    case SHAPE_NUMBER:
        wrong = see_number(s, n);
        break;
    case SHAPE_STRING:
        s->after_value = true; /* behind a value: the argument of a call */
        break;
    case SHAPE_SIGN:
        wrong = see_sign(s, p, n, at + n);
        break;
    }
    top(s)->tokens++;
    top(s)->numbered = kind == SHAPE_NUMBER;
    s->end = at + n;
    return wrong;
}
