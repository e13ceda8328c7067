/*
 * wc: counts lines (-l), words (-w), characters (-m) and bytes (-c); all but characters
 * when none is asked for.
 */
#include "filter.h"

#include <string.h>

struct counts {
    size_t lines, words, chars, bytes;
};

static struct counts count_all(const struct flines *l)
{
    struct counts k = {.lines = l->n};
    for (size_t i = 0; i < l->n; i++) {
        const struct fline *f = &l->v[i];
        bool in_word = false;
        uint32_t cp;
        k.bytes += f->n + 1;
        k.chars++;
        for (size_t at = 0; at < f->n; k.chars++) {
            bool blank = f->s[at] == ' ' || f->s[at] == '\t';
            k.words += !blank && !in_word;
            in_word = !blank;
            at += utf8_next(f->s + at, f->n - at, &cp);
        }
    }
    return k;
}

static enum err run(struct arena *mem, struct flines *l, const struct word *args,
                    size_t nargs, struct errmsg *why)
{
    bool lines = false, words = false, chars = false, bytes = false;
    struct optscan s = {.args = args, .nargs = nargs, .flags = "lwcm", .name = "wc"};
    for (int ch; (ch = optscan_next(&s, why)) != 0;) {
        if (ch == '?')
            return ERR_INPUT;
        lines |= ch == 'l';
        words |= ch == 'w';
        bytes |= ch == 'c';
        chars |= ch == 'm';
    }
    if (s.i != nargs)
        return errmsg_set(why, ERR_INPUT,
                          "wc: %s is too much; there are no files here.", args[s.i].s);
    if (!lines && !words && !chars && !bytes)
        lines = words = bytes = true;
    struct counts k = count_all(l);
    struct buf b;
    buf_init(&b, 0);
    if (lines)
        buf_addf(&b, " %zu", k.lines);
    if (words)
        buf_addf(&b, " %zu", k.words);
    if (chars)
        buf_addf(&b, " %zu", k.chars);
    if (bytes)
        buf_addf(&b, " %zu", k.bytes);
    l->n = 0;
    flines_add(l, mem, fline_text(mem, b.s + 1));
    buf_release(&b);
    return ERR_OK;
}

const struct filter filter_wc = {
    .name = "wc",
    .synopsis = "wc [-lwcm]",
    .doc = "how many lines, words and bytes; -l, -w, -c, -m only one of them",
    .run = run,
};
