/*
 * sort, and uniq for what sort has brought together. Bytes compare as bytes (the C
 * locale); -n by leading number, -r backwards, -u one of equals, -k FIELD[,FIELD]
 * by blank-separated fields.
 */
#include "filter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sort {
    bool numeric, reverse, unique;
    long first, last; /* fields, 1-based; 0: the whole line, to the end */
};

static bool blank(char ch)
{
    return ch == ' ' || ch == '\t';
}

/* The bytes of a line that the key covers. A field begins with its leading blanks. */
static struct fline key_of(struct fline f, const struct sort *s)
{
    size_t at = 0, start = 0;
    if (!s->first)
        return f;
    for (long field = 1; at < f.n; field++) {
        if (field == s->first)
            start = at;
        while (at < f.n && blank(f.s[at]))
            at++;
        while (at < f.n && !blank(f.s[at]))
            at++;
        if (field == s->last || (field < s->first && at == f.n)) {
            start = field < s->first ? f.n : start;
            break;
        }
    }
    return (struct fline){f.s + start, f.tone + start, at - start};
}

static double number_of(struct fline f)
{
    char text[48];
    size_t n = 0, at = 0;
    while (at < f.n && blank(f.s[at]))
        at++;
    while (at + n < f.n && n < sizeof text - 1 && strchr("-0123456789.", f.s[at + n]))
        n++;
    memcpy(text, f.s + at, n);
    text[n] = '\0';
    return strtod(text, NULL);
}

static int compare_bytes(struct fline a, struct fline b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int d = n ? memcmp(a.s, b.s, n) : 0;
    return d ? d : (a.n > b.n) - (a.n < b.n);
}

static int compare_keys(struct fline a, struct fline b, const struct sort *s)
{
    a = key_of(a, s);
    b = key_of(b, s);
    if (s->numeric) {
        double x = number_of(a), y = number_of(b);
        return (x > y) - (x < y);
    }
    return compare_bytes(a, b);
}

static int compare(const void *a, const void *b, void *ctx)
{
    const struct sort *s = ctx;
    const struct fline *x = a, *y = b;
    int d = compare_keys(*x, *y, s);
    if (!d && !s->unique)
        d = compare_bytes(*x,
                          *y); /* POSIX: the whole line decides between equal keys */
    return s->reverse ? -d : d;
}

static bool read_key(const char *text, struct sort *s)
{
    char first[16];
    size_t n = strcspn(text, ",");
    if (n >= sizeof first)
        return false;
    memcpy(first, text, n);
    first[n] = '\0';
    s->last = 0;
    if (!parse_count(first, &s->first) || !s->first)
        return false;
    return !text[n] || (parse_count(text + n + 1, &s->last) && s->last >= s->first);
}

static enum err run_sort(struct arena *mem, struct flines *l, const struct word *args,
                         size_t nargs, struct errmsg *why)
{
    struct sort s = {0};
    struct optscan scan = {
        .args = args, .nargs = nargs, .flags = "nruk:", .name = "sort"};
    (void)mem;
    for (int ch; (ch = optscan_next(&scan, why)) != 0;) {
        if (ch == '?')
            return ERR_INPUT;
        s.numeric |= ch == 'n';
        s.reverse |= ch == 'r';
        s.unique |= ch == 'u';
        if (ch == 'k' && !read_key(scan.value, &s))
            return errmsg_set(why, ERR_INPUT,
                              "sort: -k takes a field number, 2 or 2,3; not %s",
                              scan.value);
    }
    if (scan.i != nargs)
        return errmsg_set(why, ERR_INPUT,
                          "sort: %s is too much; there are no files here.",
                          args[scan.i].s);
    sort_stable(l->v, l->n, sizeof *l->v, compare, &s);
    size_t kept = 0;
    for (size_t i = 0; i < l->n && s.unique; i++)
        if (!kept || compare_keys(l->v[kept - 1], l->v[i], &s))
            l->v[kept++] = l->v[i];
    if (s.unique)
        l->n = kept;
    return ERR_OK;
}

/* ---- uniq ------------------------------------------------------------------------ */

static struct fline counted(struct arena *mem, struct fline f, size_t times)
{
    char head[32];
    int n = snprintf(head, sizeof head, "%7zu ", times);
    char *s = arena_alloc(mem, (size_t)n + f.n + 1);
    uint8_t *tone = arena_alloc(mem, (size_t)n + f.n + 1);
    memcpy(s, head, (size_t)n);
    memcpy(s + n, f.s, f.n);
    memcpy(tone + n, f.tone, f.n);
    return (struct fline){s, tone, (size_t)n + f.n};
}

static enum err run_uniq(struct arena *mem, struct flines *l, const struct word *args,
                         size_t nargs, struct errmsg *why)
{
    bool counts = nargs == 1 && str_eq(args[0].s, "-c");
    if (nargs && !counts)
        return errmsg_set(why, ERR_INPUT,
                          "uniq knows -c (how often) and nothing else.");
    size_t kept = 0;
    for (size_t i = 0, times; i < l->n; i += times) {
        for (times = 1; i + times < l->n && !compare_bytes(l->v[i], l->v[i + times]);)
            times++;
        l->v[kept++] = counts ? counted(mem, l->v[i], times) : l->v[i];
    }
    l->n = kept;
    return ERR_OK;
}

const struct filter filter_sort = {
    .name = "sort",
    .synopsis = "sort [-nru] [-k FIELD[,FIELD]]",
    .doc =
        "the lines in order; -n by number, -r backwards, -u one of equals, -k by field",
    .run = run_sort,
};
const struct filter filter_uniq = {
    .name = "uniq",
    .synopsis = "uniq [-c]",
    .doc = "one of equal lines in a row; -c how many there were",
    .run = run_uniq,
};
