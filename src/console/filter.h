/*
 * filter: what stands behind a | in a line takes lines and leaves lines; bytes keep their
 * tones on the way. One filter, one file (filter_NAME.c) that ends in its descriptor.
 *
 *     static enum err run(struct arena *mem, struct flines *l, const struct word *args,
 *                         size_t nargs, struct errmsg *why)
 *     {
 *         size_t kept = 0;
 *         for (size_t i = 0; i < l->n; i++)
 *             if (l->v[i].n > 0)
 *                 l->v[kept++] = l->v[i];
 *         l->n = kept;
 *         return ERR_OK;
 *     }
 *     const struct filter filter_full = {"full", "full", "Drops empty lines.", run};
 *
 * Owner: lines and what filters make of them live in `mem`. ERR_INPUT: an option or a
 * pattern is wrong, and `why` says what would be right.
 */
#ifndef CONSOLE_FILTER_H
#define CONSOLE_FILTER_H

#include "parse.h"

#include "truecode/console.h"

struct fline {
    const char *s;
    const uint8_t *tone; /* the tone of each byte */
    size_t n;
};
struct flines {
    struct fline *v;
    size_t n, cap;
};
struct filter {
    const char *name, *synopsis, *doc;
    enum err (*run)(struct arena *mem, struct flines *l, const struct word *args,
                    size_t nargs, struct errmsg *why);
};
extern const struct filter *const filters[]; /* NULL at the end */
extern const struct filter filter_grep, filter_head, filter_tail, filter_sort,
    filter_uniq, filter_wc, filter_cut;
const struct filter *filter_find(const char *name);
void flines_add(struct flines *l, struct arena *mem, struct fline f);
struct fline fline_text(struct arena *mem, const char *s);
enum err filter_through(struct out *o, struct arena *mem, const struct parsed *p,
                        struct errmsg *why);
/* Short options "-rn -k 2 -k2": calls back for each; value NULL when it takes none. */
struct optscan {
    const struct word *args;
    size_t nargs, i;     /* next word */
    const char *cluster; /* rest of "-rn" */
    const char *flags;   /* "rnuk:" */
    const char *value;
    const char *name;
    char bad[8];
};
/* The option letter, 0 at the first operand, '?' for an unknown or incomplete one. */
int optscan_next(struct optscan *s, struct errmsg *why);

/* ---- patterns (match.c) ---------------------------------------------------------- */

/* A regular expression run as a set of states: time is pattern × text, always. */
struct pattern;
struct pattern *pattern_new(struct arena *mem, const char *re, bool extended, bool fold,
                            struct errmsg *why) MUST_USE;
/* Leftmost longest match; false: none. */
bool pattern_find(const struct pattern *p, const char *s, size_t n, size_t *start,
                  size_t *end);

#endif
