/*
 * The file of settings: read line by line, and changed one line at a time, so that a
 * person's comments, order and even mistakes stay where they are.
 */
#include "config.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONFIG_MAX_BYTES (64u * 1024)
#define TROUBLES_MAX     5 /* told; more are counted */

bool config_path(struct buf *path)
{
    const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    buf_reset(path);
    /* The XDG rules: a relative path there is invalid and ignored. */
    if (xdg && xdg[0] == '/')
        buf_addf(path, "%s/truecode/config", xdg);
    else if (home && home[0] == '/')
        buf_addf(path, "%s/.config/truecode/config", home);
    if (path->full)
        buf_reset(path);
    return path->len > 0;
}

/* ---- a line ---------------------------------------------------------------------- */

struct line {
    const char *at; /* in the text; its length is without the newline */
    size_t n;
    char key[64], value[64]; /* "": there is none */
    bool blank;              /* empty or a comment */
    bool equals;
};

static void copy_word(char out[64], const char *from, size_t n)
{
    while (n > 0 && isspace((unsigned char)from[0]))
        from++, n--;
    while (n > 0 && isspace((unsigned char)from[n - 1]))
        n--;
    snprintf(out, 64, "%.*s", (int)(n < 64 ? n : 64), from);
}

/* The line at *at, which moves behind it. false: no more. */
static bool next_line(const char **at, const char *end, struct line *l)
{
    if (*at >= end)
        return false;
    const char *nl = memchr(*at, '\n', (size_t)(end - *at));
    *l = (struct line){.at = *at, .n = (size_t)((nl ? nl : end) - *at)};
    *at += l->n + (nl ? 1 : 0);
    const char *equals = memchr(l->at, '=', l->n);
    l->equals = equals;
    size_t key = l->equals ? (size_t)(equals - l->at) : l->n;
    copy_word(l->key, l->at, key);
    if (l->equals)
        copy_word(l->value, equals + 1, l->n - key - 1);
    l->blank = l->key[0] == '#' || (l->key[0] == '\0' && !l->equals);
    return true;
}

/* ---- reading --------------------------------------------------------------------- */

static void trouble(struct config *c, int line, const struct errmsg *why)
{
    if (c->ntroubles++ >= TROUBLES_MAX)
        return;
    buf_adds(&c->troubles, c->path.s);
    if (line > 0)
        buf_addf(&c->troubles, ":%d", line);
    buf_addf(&c->troubles, ": %s\n", why->text);
}

static void take_line(struct config *c, int number, const struct line *l)
{
    struct errmsg why = {0};
    enum setting s = setting_find(l->key);
    int value = s < SET_COUNT ? setting_index(s, l->value) : -1;
    if (l->blank)
        return;
    if (!l->equals)
        errmsg_set(&why, ERR_INPUT, "a line is 'key = value' or '# comment', not '%s'",
                   l->key);
    else if (s == SET_COUNT)
        (void)setting_refuse_key(l->key, &why);
    else if (value < 0)
        (void)setting_refuse_value(s, l->value, &why);
    else if (c->from[s] == FROM_FILE)
        errmsg_set(&why, ERR_INPUT, "%s stands in line %d already; this one counts",
                   l->key, c->line[s]);
    if (why.text[0] != '\0')
        trouble(c, number, &why);
    if (value < 0)
        return;
    c->value[s] = value;
    c->from[s] = FROM_FILE;
    c->line[s] = number;
}

void config_file_read(struct config *c)
{
    struct errmsg why = {0};
    struct buf text;
    struct line l;
    int number = 0;
    buf_init(&text, CONFIG_MAX_BYTES + 1);
    enum err e = file_read(c->path.s, CONFIG_MAX_BYTES, &text, &why);
    c->exists = e != ERR_NOT_FOUND;
    const char *at = text.s, *end = text.s + text.len;
    if (e == ERR_OK)
        while (next_line(&at, end, &l))
            take_line(c, ++number, &l);
    else if (c->exists) {
        buf_addf(&c->troubles, "%s\n", why.text);
        c->ntroubles++;
    }
    if (c->ntroubles > TROUBLES_MAX)
        buf_addf(&c->troubles, "%s: and %zu more\n", c->path.s,
                 c->ntroubles - TROUBLES_MAX);
    buf_release(&text);
}

/* ---- writing --------------------------------------------------------------------- */

static bool sets(const struct line *l, enum setting s)
{
    return !l->blank && l->equals && setting_find(l->key) == s;
}

/* The text with the setting in it: in the place of the last line that sets it, since
 * that one counts, else behind everything. */
static void with_setting(struct buf *out, const struct buf *text, enum setting s,
                         int value)
{
    struct line l;
    size_t last = SIZE_MAX, number = 0;
    const char *at = text->s, *end = text->s + text->len;
    for (size_t i = 0; next_line(&at, end, &l); i++)
        if (sets(&l, s))
            last = i;
    for (at = text->s; next_line(&at, end, &l); number++) {
        if (number == last) {
            buf_addf(out, "%s = ", setting_infos[s].key);
            setting_word(out, s, value);
        } else {
            buf_add(out, l.at, l.n);
        }
        buf_addch(out, '\n');
    }
    if (last == SIZE_MAX) {
        buf_addf(out, "%s = ", setting_infos[s].key);
        setting_word(out, s, value);
        buf_addch(out, '\n');
    }
}

enum err config_file_set(const char *path, enum setting s, int value,
                         struct errmsg *why)
{
    struct buf text, out;
    if (path[0] == '\0')
        return errmsg_set(why, ERR_IO,
                          "settings have no place: neither XDG_CONFIG_HOME nor HOME is "
                          "an absolute path");
    buf_init(&text, CONFIG_MAX_BYTES + 1);
    buf_init(&out, 2 * CONFIG_MAX_BYTES);
    enum err e = file_read(path, CONFIG_MAX_BYTES, &text, why);
    if (e == ERR_OK || e == ERR_NOT_FOUND) {
        if (e == ERR_NOT_FOUND)
            buf_adds(&out,
                     "# Settings of truecode. Its subcommand config lists them.\n");
        with_setting(&out, &text, s, value);
        e = file_replace(path, out.s, out.len, why);
    }
    buf_release(&text);
    buf_release(&out);
    return e;
}
