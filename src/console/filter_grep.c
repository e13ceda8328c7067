/*
 * grep: lines that match. -i ignores case, -v the others, -c only counts, -E extended
 * patterns, -F plain text.
 */
#include "filter.h"

#include <stdio.h>
#include <string.h>

struct grep {
    bool invert, count, fold, extended, fixed;
};

static enum err read_flags(struct grep *g, struct optscan *s, struct errmsg *why)
{
    for (int ch; (ch = optscan_next(s, why)) != 0;) {
        if (ch == '?')
            return ERR_INPUT;
        g->fold |= ch == 'i';
        g->invert |= ch == 'v';
        g->count |= ch == 'c';
        g->extended |= ch == 'E';
        g->fixed |= ch == 'F';
    }
    return ERR_OK;
}

static const char *escaped(struct arena *mem, const char *s)
{
    struct buf b;
    buf_init(&b, 0);
    for (; *s; s++) {
        if (strchr(".[]*^$\\+?(){}|", *s))
            buf_addch(&b, '\\');
        buf_addch(&b, *s);
    }
    const char *r = arena_strdup(mem, b.s);
    buf_release(&b);
    return r;
}

static struct fline marked(struct arena *mem, struct fline f, size_t start, size_t end)
{
    uint8_t *tone = arena_alloc(mem, f.n + 1);
    memcpy(tone, f.tone, f.n);
    memset(tone + start, TONE_MARK, end - start);
    f.tone = tone;
    return f;
}

static enum err run(struct arena *mem, struct flines *l, const struct word *args,
                    size_t nargs, struct errmsg *why)
{
    struct grep g = {0};
    struct optscan s = {.args = args, .nargs = nargs, .flags = "ivcEF", .name = "grep"};
    enum err e = read_flags(&g, &s, why);
    if (e != ERR_OK)
        return e;
    if (s.i + 1 != nargs)
        return errmsg_set(why, ERR_INPUT,
                          s.i == nargs
                              ? "grep needs a pattern, for example: grep timeout"
                              : "grep takes one pattern; put it in quotes when it "
                                "has blanks: grep 'no connection'");
    const char *re = g.fixed ? escaped(mem, args[s.i].s) : args[s.i].s;
    struct pattern *p = pattern_new(mem, re, g.extended || g.fixed, g.fold, why);
    if (!p)
        return ERR_INPUT;
    size_t kept = 0;
    for (size_t i = 0; i < l->n; i++) {
        size_t start = 0, end = 0;
        bool hit = pattern_find(p, l->v[i].s, l->v[i].n, &start, &end);
        if (hit == g.invert)
            continue;
        l->v[kept++] = hit ? marked(mem, l->v[i], start, end) : l->v[i];
    }
    l->n = kept;
    if (g.count) {
        char text[32];
        snprintf(text, sizeof text, "%zu", kept);
        l->n = 0;
        flines_add(l, mem, fline_text(mem, text));
    }
    return ERR_OK;
}

const struct filter filter_grep = {
    .name = "grep",
    .synopsis = "grep [-ivcEF] PATTERN",
    .doc = "lines that match; -i any case, -v those that do not, -c how many, "
           "-E extended patterns, -F plain text",
    .run = run,
};
