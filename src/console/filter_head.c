/*
 * head and tail: the first and the last lines. `-n 5`, `-5`, and `tail -n +5` (from the
 * fifth on) as POSIX has them.
 */
#include "filter.h"

#define DEFAULT_LINES 10

static enum err read_lines(const char *name, const struct word *args, size_t nargs,
                           long *n, bool *from_start, struct errmsg *why)
{
    const char *text = NULL;
    *n = DEFAULT_LINES;
    *from_start = false;
    if (!nargs)
        return ERR_OK;
    if (nargs == 2 && str_eq(args[0].s, "-n"))
        text = args[1].s;
    else if (nargs == 1 && str_starts(args[0].s, "-n"))
        text = args[0].s + 2;
    else if (nargs == 1 && args[0].s[0] == '-')
        text = args[0].s + 1;
    if (text && *text == '+' && str_eq(name, "tail")) {
        *from_start = true;
        text++;
    }
    if (!text || !parse_count(text, n))
        return errmsg_set(why, ERR_INPUT, "%s takes a number of lines: %s -n 5", name,
                          name);
    return ERR_OK;
}

static enum err run_head(struct arena *mem, struct flines *l, const struct word *args,
                         size_t nargs, struct errmsg *why)
{
    (void)mem;
    long n;
    bool from_start;
    enum err e = read_lines("head", args, nargs, &n, &from_start, why);
    if (e == ERR_OK && l->n > (size_t)n)
        l->n = (size_t)n;
    return e;
}

static enum err run_tail(struct arena *mem, struct flines *l, const struct word *args,
                         size_t nargs, struct errmsg *why)
{
    (void)mem;
    long n;
    bool from_start;
    enum err e = read_lines("tail", args, nargs, &n, &from_start, why);
    if (e != ERR_OK)
        return e;
    size_t skip = from_start ? (n > 0 ? (size_t)n - 1 : 0)
                             : (l->n > (size_t)n ? l->n - (size_t)n : 0);
    if (skip > l->n)
        skip = l->n;
    l->v += skip;
    l->n -= skip;
    l->cap = l->n;
    return ERR_OK;
}

const struct filter filter_head = {
    .name = "head",
    .synopsis = "head [-n LINES]",
    .doc = "the first lines (10)",
    .run = run_head,
};
const struct filter filter_tail = {
    .name = "tail",
    .synopsis = "tail [-n LINES]",
    .doc = "the last lines (10); -n +5: from the fifth on",
    .run = run_tail,
};
