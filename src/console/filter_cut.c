/*
 * cut: fields (-f, separated by -d, a tab if not given) or characters (-c) of each
 * line. A list is 1,3-5,7-; as POSIX says, the order of the list does not matter, and a
 * line without the separator passes whole unless -s.
 *
 * Tables here are aligned with blanks, so for `-d ' '` runs of blanks count as one:
 * what everybody means and real cut famously does not do. Said in its doc.
 */
#include "filter.h"

#include <string.h>

#define RANGES_MAX 32
#define TO_THE_END 999999999L

struct cut {
    struct {
        long from, to;
    } ranges[RANGES_MAX];
    size_t n;
    char separator;
    bool fields, only;
};

static bool read_number(const char **s, long *out)
{
    size_t n = strspn(*s, "0123456789");
    char text[16];
    if (!n || n >= sizeof text)
        return false;
    memcpy(text, *s, n);
    text[n] = '\0';
    *s += n;
    return parse_count(text, out);
}

static bool read_list(const char *s, struct cut *k)
{
    for (;;) {
        long from = 1, to = TO_THE_END;
        bool open = *s == '-';
        if (!open && !read_number(&s, &from))
            return false;
        if (!open)
            to = from;
        if (*s == '-') {
            s++;
            to = TO_THE_END;
            if (*s >= '0' && *s <= '9' && !read_number(&s, &to))
                return false;
            if (open && to == TO_THE_END)
                return false;
        }
        if (!from || to < from || k->n == RANGES_MAX)
            return false;
        k->ranges[k->n].from = from;
        k->ranges[k->n++].to = to;
        if (!*s)
            return true;
        if (*s++ != ',')
            return false;
    }
}

static bool wanted(const struct cut *k, long i)
{
    for (size_t r = 0; r < k->n; r++)
        if (i >= k->ranges[r].from && i <= k->ranges[r].to)
            return true;
    return false;
}

struct cutter {
    struct buf text, tone;
};

static void take(struct cutter *t, const struct fline *f, size_t at, size_t n)
{
    buf_add(&t->text, f->s + at, n);
    buf_add(&t->tone, f->tone + at, n);
}

static void cut_chars(const struct cut *k, const struct fline *f, struct cutter *t)
{
    uint32_t cp;
    long i = 1;
    for (size_t at = 0, n; at < f->n; at += n, i++) {
        n = utf8_next(f->s + at, f->n - at, &cp);
        if (wanted(k, i))
            take(t, f, at, n);
    }
}

static void cut_fields(const struct cut *k, const struct fline *f, struct cutter *t)
{
    long i = 1;
    bool first = true;
    for (size_t at = 0; at <= f->n; i++) {
        const char *end = memchr(f->s + at, k->separator, f->n - at);
        size_t n = end ? (size_t)(end - (f->s + at)) : f->n - at;
        if (wanted(k, i)) {
            if (!first) {
                buf_addch(&t->text, k->separator);
                buf_addch(&t->tone, (char)TONE_NORMAL);
            }
            take(t, f, at, n);
            first = false;
        }
        at += n + 1;
        while (k->separator == ' ' && at < f->n && f->s[at] == ' ')
            at++;
    }
}

static struct fline cut_line(struct arena *mem, const struct cut *k, struct fline f)
{
    struct cutter t;
    buf_init(&t.text, 0);
    buf_init(&t.tone, 0);
    if (k->fields)
        cut_fields(k, &f, &t);
    else
        cut_chars(k, &f, &t);
    struct fline r = {arena_strndup(mem, t.text.s, t.text.len), NULL, t.text.len};
    uint8_t *tone = arena_alloc(mem, t.tone.len + 1);
    memcpy(tone, t.tone.s, t.tone.len);
    r.tone = tone;
    buf_release(&t.text);
    buf_release(&t.tone);
    return r;
}

static enum err read_options(struct cut *k, const struct word *args, size_t nargs,
                             struct errmsg *why)
{
    struct optscan s = {
        .args = args, .nargs = nargs, .flags = "d:f:c:s", .name = "cut"};
    for (int ch; (ch = optscan_next(&s, why)) != 0;) {
        if (ch == '?')
            return ERR_INPUT;
        if (ch == 'd' && strlen(s.value) != 1)
            return errmsg_set(why, ERR_INPUT, "cut: -d takes one character, as -d ,");
        if (ch == 'd')
            k->separator = s.value[0];
        k->only |= ch == 's';
        k->fields |= ch == 'f';
        if ((ch == 'f' || ch == 'c') && !read_list(s.value, k))
            return errmsg_set(why, ERR_INPUT,
                              "cut: -%c takes a list such as 1,3-5 (from 1); not %s",
                              ch, s.value);
    }
    if (!k->n || s.i != nargs)
        return errmsg_set(why, ERR_INPUT,
                          "cut needs fields or characters: cut -d ' ' -f 1,3");
    return ERR_OK;
}

static enum err run(struct arena *mem, struct flines *l, const struct word *args,
                    size_t nargs, struct errmsg *why)
{
    struct cut k = {.separator = '\t'};
    enum err e = read_options(&k, args, nargs, why);
    size_t kept = 0;
    for (size_t i = 0; e == ERR_OK && i < l->n; i++) {
        bool separated = memchr(l->v[i].s, k.separator, l->v[i].n);
        if (!k.fields || separated)
            l->v[kept++] = cut_line(mem, &k, l->v[i]);
        else if (!k.only)
            l->v[kept++] = l->v[i];
    }
    if (e == ERR_OK)
        l->n = kept;
    return e;
}

const struct filter filter_cut = {
    .name = "cut",
    .synopsis = "cut -d CHAR -f LIST | cut -c LIST",
    .doc = "fields or characters of each line; with -d ' ' many blanks count as one",
    .run = run,
};
