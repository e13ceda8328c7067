/*
 * Patterns for grep: basic and extended regular expressions without back-references.
 * A pattern compiles to a small automaton that is run as a set of states (Thompson
 * 1968), so the time is at most pattern × text whatever the pattern is.
 *
 * Basic: . * ^ $ [...] and \( \) \{ is refused; \+ \? \| as GNU has them. Extended: the
 * same without backslashes.
 */
#include "filter.h"

#include <assert.h>
#include <string.h>

#define STATES_MAX 1024
#define DEPTH_MAX  32

enum op { OP_BYTE, OP_ANY, OP_SET, OP_BOL, OP_EOL, OP_SPLIT, OP_JUMP, OP_MATCH };

struct inst {
    enum op op;
    uint8_t byte;
    int x, y;     /* jump targets */
    uint8_t *set; /* 256 bits */
};

struct pattern {
    struct inst code[STATES_MAX];
    int n;
    bool fold;
};

struct compiler {
    struct pattern *p;
    struct arena *mem;
    struct errmsg *why;
    const char *re;
    bool extended;
    int depth;
    enum err e;
};

static uint8_t lower(uint8_t b)
{
    return b >= 'A' && b <= 'Z' ? (uint8_t)(b - 'A' + 'a') : b;
}

static void give_up(struct compiler *k, const char *what)
{
    if (k->e == ERR_OK)
        k->e = errmsg_set(k->why, ERR_INPUT, "grep: %s", what);
}

static int emit(struct compiler *k, enum op op)
{
    if (k->p->n == STATES_MAX) {
        give_up(k, "the pattern is too long.");
        return 0;
    }
    k->p->code[k->p->n] = (struct inst){.op = op};
    return k->p->n++;
}

/* Makes room for one instruction at `at`; targets behind it move with it. */
static void insert(struct compiler *k, int at, enum op op)
{
    assert(at >= 0 && at <= k->p->n);
    emit(k, op);
    if (k->e != ERR_OK)
        return;
    struct inst *code = k->p->code;
    memmove(&code[at + 1], &code[at], (size_t)(k->p->n - 1 - at) * sizeof *code);
    code[at] = (struct inst){.op = op};
    for (int i = at + 1; i < k->p->n; i++) {
        if (code[i].x >= at)
            code[i].x++;
        if (code[i].y >= at)
            code[i].y++;
    }
}

/* Whether the next thing is the operator `ch`. Basic patterns write \( \) \| \+ \?. */
static bool at_op(const struct compiler *k, char ch)
{
    return k->extended ? k->re[0] == ch : k->re[0] == '\\' && k->re[1] == ch;
}

static void skip_op(struct compiler *k)
{
    k->re += k->extended ? 1 : 2;
}

static void set_add(uint8_t *set, uint8_t b)
{
    set[b >> 3] |= (uint8_t)(1 << (b & 7));
}

static const char *set_class(uint8_t *set, const char *re)
{
    static const struct {
        const char *name, *ranges;
    } classes[] = {{"[:digit:]", "09"}, {"[:alpha:]", "azAZ"}, {"[:alnum:]", "azAZ09"},
                   {"[:upper:]", "AZ"}, {"[:lower:]", "az"},   {"[:space:]", "  \t\r"}};
    for (size_t i = 0; i < COUNT_OF(classes); i++)
        if (str_starts(re, classes[i].name)) {
            for (const char *r = classes[i].ranges; *r; r += 2)
                for (int b = (uint8_t)r[0]; b <= (uint8_t)r[1]; b++)
                    set_add(set, (uint8_t)b);
            return re + strlen(classes[i].name);
        }
    return NULL;
}

static void compile_set(struct compiler *k)
{
    uint8_t *set = arena_alloc(k->mem, 32);
    const char *re = k->re + 1;
    bool not = *re == '^';
    re += not ;
    for (bool first = true; *re && (*re != ']' || first); first = false) {
        const char *after = set_class(set, re);
        if (after) {
            re = after;
            continue;
        }
        uint8_t from = (uint8_t)re[0], to = from;
        if (re[1] == '-' && re[2] && re[2] != ']') {
            to = (uint8_t)re[2];
            re += 2;
        }
        for (int b = from; b <= to; b++)
            set_add(set, (uint8_t)b);
        re++;
    }
    if (*re != ']') {
        give_up(k, "the pattern opens [ and does not close it.");
        return;
    }
    for (int i = 0; i < 32 && not ; i++)
        set[i] = (uint8_t)~set[i];
    for (int b = 'a'; b <= 'z' && k->p->fold; b++) {
        int up = b - 'a' + 'A';
        if (((set[b >> 3] >> (b & 7)) | (set[up >> 3] >> (up & 7))) & 1) {
            set_add(set, (uint8_t)b);
            set_add(set, (uint8_t)up);
        }
    }
    k->re = re + 1;
    k->p->code[emit(k, OP_SET)].set = set;
}

static void compile_alternatives(struct compiler *k);

static void compile_byte(struct compiler *k)
{
    uint8_t b = (uint8_t)*k->re++;
    k->p->code[emit(k, OP_BYTE)].byte = k->p->fold ? lower(b) : b;
}

static bool at_end_of_branch(const struct compiler *k)
{
    return !k->re[0] || at_op(k, '|') || (k->depth && at_op(k, ')'));
}

static void compile_group(struct compiler *k)
{
    skip_op(k);
    if (++k->depth > DEPTH_MAX) {
        give_up(k, "the pattern nests too deep.");
        return;
    }
    compile_alternatives(k);
    k->depth--;
    if (!at_op(k, ')'))
        give_up(k, "the pattern opens ( and does not close it.");
    else
        skip_op(k);
}

/* Compiles an atom; false when there was only an anchor, which cannot repeat. */
static bool compile_atom(struct compiler *k, bool first)
{
    if (at_op(k, '(')) {
        compile_group(k);
    } else if (*k->re == '.') {
        k->re++;
        emit(k, OP_ANY);
    } else if (*k->re == '[') {
        compile_set(k);
    } else if (*k->re == '^' && (first || k->extended)) {
        k->re++;
        emit(k, OP_BOL);
        return false;
    } else if (*k->re == '$' &&
               (k->extended || !k->re[1] || str_starts(k->re + 1, "\\|") ||
                str_starts(k->re + 1, "\\)"))) {
        k->re++;
        emit(k, OP_EOL);
        return false;
    } else {
        if (*k->re == '\\' && k->re[1])
            k->re++;
        compile_byte(k);
    }
    return true;
}

static void repeat_any(struct compiler *k, int start)
{
    insert(k, start, OP_SPLIT);
    int jump = emit(k, OP_JUMP);
    k->p->code[jump].x = start;
    k->p->code[start].x = start + 1;
    k->p->code[start].y = jump + 1;
}

static void repeat_some(struct compiler *k, int start)
{
    int split = emit(k, OP_SPLIT);
    k->p->code[split].x = start;
    k->p->code[split].y = split + 1;
}

static void repeat_maybe(struct compiler *k, int start)
{
    insert(k, start, OP_SPLIT);
    k->p->code[start].x = start + 1;
    k->p->code[start].y = k->p->n;
}

static void compile_branch(struct compiler *k)
{
    for (bool first = true; k->e == ERR_OK && !at_end_of_branch(k);) {
        int start = k->p->n;
        bool repeats = compile_atom(k, first);
        first = first && !repeats;
        while (k->e == ERR_OK && repeats) {
            if (*k->re == '*') {
                k->re++;
                repeat_any(k, start);
            } else if (at_op(k, '+')) {
                skip_op(k);
                repeat_some(k, start);
            } else if (at_op(k, '?')) {
                skip_op(k);
                repeat_maybe(k, start);
            } else if (at_op(k, '{')) {
                give_up(k, "{} is not known here; repeat with * or write it out.");
            } else {
                break;
            }
        }
    }
}

static void compile_alternatives(struct compiler *k)
{
    int start = k->p->n;
    compile_branch(k);
    if (k->e != ERR_OK || !at_op(k, '|'))
        return;
    skip_op(k);
    insert(k, start, OP_SPLIT);
    int jump = emit(k, OP_JUMP);
    k->p->code[start].x = start + 1;
    k->p->code[start].y = k->p->n;
    compile_alternatives(k);
    k->p->code[jump].x = k->p->n;
}

struct pattern *pattern_new(struct arena *mem, const char *re, bool extended, bool fold,
                            struct errmsg *why)
{
    struct pattern *p = arena_alloc(mem, sizeof *p);
    struct compiler k = {
        .p = p, .mem = mem, .why = why, .re = re, .extended = extended};
    p->fold = fold;
    compile_alternatives(&k);
    emit(&k, OP_MATCH);
    return k.e == ERR_OK ? p : NULL;
}

/* ---- running --------------------------------------------------------------------- */

/* Where the automaton can be after the bytes read so far, and where in the text that
 * attempt began; earlier beginnings stand first, and the first to reach a state keeps
 * it. */
struct states {
    int list[STATES_MAX];
    size_t start[STATES_MAX];
    int n;
    bool has[STATES_MAX];
};

struct text {
    const char *s;
    size_t n;
};

/* Adds a state and all it reaches without eating a byte; the stack is its own. */
static void add_state(const struct pattern *p, struct states *st, int first,
                      size_t start, struct text t, size_t at)
{
    int stack[2 * STATES_MAX], depth = 0;
    stack[depth++] = first;
    while (depth) {
        int i = stack[--depth];
        if (i >= p->n || st->has[i])
            continue;
        st->has[i] = true;
        const struct inst *in = &p->code[i];
        if (in->op == OP_JUMP || in->op == OP_SPLIT) {
            if (in->op == OP_SPLIT)
                stack[depth++] = in->y;
            stack[depth++] = in->x;
        } else if (in->op == OP_BOL || in->op == OP_EOL) {
            if (at == (in->op == OP_BOL ? 0 : t.n))
                stack[depth++] = i + 1;
        } else {
            st->start[st->n] = start;
            st->list[st->n++] = i;
        }
    }
}

static bool eats(const struct pattern *p, const struct inst *in, uint8_t b)
{
    assert(in);
    if (in->op == OP_ANY)
        return true;
    if (in->op == OP_SET)
        return (in->set[b >> 3] >> (b & 7)) & 1;
    return in->op == OP_BYTE && in->byte == (p->fold ? lower(b) : b);
}

static void clear(struct states *st, int n)
{
    assert(n >= 0 && n <= STATES_MAX);
    st->n = 0;
    memset(st->has, 0, (size_t)n * sizeof *st->has);
}

bool pattern_find(const struct pattern *p, const char *s, size_t n, size_t *start,
                  size_t *end)
{
    assert(p->n <= STATES_MAX && (s || !n));
    struct text t = {s, n};
    struct states a, b, *now = &a, *next = &b;
    bool found = false;
    clear(now, p->n);
    for (size_t at = 0; at <= n; at++) {
        if (!found)
            add_state(p, now, 0, at, t, at);
        clear(next, p->n);
        for (int i = 0; i < now->n; i++) {
            const struct inst *in = &p->code[now->list[i]];
            if (found && now->start[i] > *start)
                break; /* begins later than a match that is there already */
            if (in->op == OP_MATCH) {
                found = true;
                *start = now->start[i];
                *end = at;
            } else if (at < n && eats(p, in, (uint8_t)s[at])) {
                add_state(p, next, now->list[i] + 1, now->start[i], t, at + 1);
            }
        }
        if (found && !next->n)
            break;
        struct states *swap = now;
        now = next;
        next = swap;
    }
    return found;
}
