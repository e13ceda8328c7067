/*
 * Filters: what comes after a | in a line. Each takes lines and leaves lines; bytes
 * keep their tones on the way.
 */
#include "filter.h"

#include <assert.h>
#include <string.h>

const struct filter *const filters[] = {&filter_cut,  &filter_grep, &filter_head,
                                        &filter_sort, &filter_tail, &filter_uniq,
                                        &filter_wc,   NULL};

const struct filter *filter_find(const char *name)
{
    assert(name);
    for (size_t i = 0; filters[i]; i++)
        if (str_eq(filters[i]->name, name))
            return filters[i];
    return NULL;
}

void flines_add(struct flines *l, struct arena *mem, struct fline f)
{
    ARENA_GROW(mem, l->v, l->n, l->cap);
    l->v[l->n++] = f;
}

struct fline fline_text(struct arena *mem, const char *s)
{
    size_t n = strlen(s);
    return (struct fline){arena_strdup(mem, s), arena_alloc(mem, n + 1), n};
}

/* ---- options --------------------------------------------------------------------- */

static int bad_option(struct optscan *s, char ch, const char *what, struct errmsg *why)
{
    if (errmsg_set(why, ERR_INPUT, "%s: -%c %s", s->name, ch, what) != ERR_INPUT)
        return '?';
    return '?';
}

int optscan_next(struct optscan *s, struct errmsg *why)
{
    if (!s->cluster || !*s->cluster) {
        const struct word *w = s->i < s->nargs ? &s->args[s->i] : NULL;
        if (!w || w->s[0] != '-' || !w->s[1])
            return 0;
        s->i++;
        if (str_eq(w->s, "--"))
            return 0;
        s->cluster = w->s + 1;
    }
    char ch = *s->cluster++;
    const char *f = ch != ':' ? strchr(s->flags, ch) : NULL;
    s->value = NULL;
    if (!f)
        return bad_option(s, ch, "is not an option here.", why);
    if (f[1] != ':')
        return ch;
    if (*s->cluster)
        s->value = s->cluster;
    else if (s->i < s->nargs)
        s->value = s->args[s->i++].s;
    else
        return bad_option(s, ch, "needs a value.", why);
    s->cluster = NULL;
    return ch;
}

/* ---- from an output and back ----------------------------------------------------- */

static void lines_of(const struct out *o, struct arena *mem, struct flines *l)
{
    size_t len = o->text.len;
    uint8_t *tone = arena_alloc(mem, len + 1);
    for (size_t i = 0; i < o->nruns; i++) {
        size_t end = i + 1 < o->nruns ? o->runs[i + 1].start : len;
        memset(tone + o->runs[i].start, o->runs[i].tone, end - o->runs[i].start);
    }
    char *text = arena_strndup(mem, o->text.s, len);
    for (size_t at = 0; at < len;) {
        size_t n = strcspn(text + at, "\n");
        flines_add(l, mem, (struct fline){text + at, tone + at, n});
        at += n + 1;
    }
}

static void print_lines(struct out *o, const struct flines *l)
{
    out_reset(o);
    for (size_t i = 0; i < l->n; i++) {
        const struct fline *f = &l->v[i];
        for (size_t at = 0, n; at < f->n; at += n) {
            for (n = 1; at + n < f->n && f->tone[at + n] == f->tone[at]; n++)
                ;
            out_add(o, (enum tone)f->tone[at], "%.*s", (int)n, f->s + at);
        }
        out_end(o);
    }
}

static enum err unknown_filter(const char *word, struct errmsg *why)
{
    const char *names[16];
    size_t n = 0;
    for (; filters[n]; n++)
        names[n] = filters[n]->name;
    const char *near = text_suggest(word, names, n);
    if (near)
        return errmsg_set(why, ERR_INPUT, "%s is no filter; did you mean %s?", word,
                          near);
    return errmsg_set(
        why, ERR_INPUT,
        "After | comes a filter (grep, head, tail, sort, uniq, wc or cut), "
        "not %s.",
        word);
}

enum err filter_through(struct out *o, struct arena *mem, const struct parsed *p,
                        struct errmsg *why)
{
    struct flines l = {0};
    lines_of(o, mem, &l);
    for (size_t i = 1; i < p->n; i++) {
        const struct stage *st = &p->stages[i];
        const struct filter *f = filter_find(st->words[0].s);
        enum err e = f ? refuse_shell(st, why) : unknown_filter(st->words[0].s, why);
        if (e == ERR_OK)
            e = f->run(mem, &l, st->words + 1, st->n - 1, why);
        if (e != ERR_OK)
            return e;
    }
    print_lines(o, &l);
    return ERR_OK;
}
