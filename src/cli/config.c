/*
 * The settings and where they come from: command line, environment, file, default.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct setting_info setting_infos[SET_COUNT] = {
#define X(name, key, values, otherwise, doc) {key, values, otherwise, doc},
    CONFIG_LIST(X)
#undef X
};

/* ---- keys and words -------------------------------------------------------------- */

enum setting setting_find(const char *key)
{
    for (int i = 0; i < SET_COUNT; i++)
        if (strcmp(setting_infos[i].key, key) == 0)
            return (enum setting)i;
    return SET_COUNT;
}

/* The word that begins at *at and its length; *at moves to the next. false: no more. */
static bool next_word(const char **at, const char **word, size_t *n)
{
    if (**at == '\0')
        return false;
    *word = *at;
    *n = strcspn(*at, "|");
    *at += *n + ((*at)[*n] == '|');
    return true;
}

int setting_index(enum setting s, const char *word)
{
    const char *at = setting_infos[s].values, *w;
    size_t n;
    for (int i = 0; next_word(&at, &w, &n); i++)
        if (strlen(word) == n && strncmp(w, word, n) == 0)
            return i;
    return -1;
}

void setting_word(struct buf *b, enum setting s, int index)
{
    const char *at = setting_infos[s].values, *w;
    size_t n;
    for (int i = 0; next_word(&at, &w, &n); i++)
        if (i == index)
            buf_add(b, w, n);
}

void setting_words(struct buf *b, enum setting s)
{
    const char *at = setting_infos[s].values, *w;
    size_t n;
    for (int i = 0; next_word(&at, &w, &n); i++)
        buf_addf(b, "%s%.*s", i == 0 ? "" : *at != '\0' ? ", " : " or ", (int)n, w);
}

enum err setting_refuse_key(const char *key, struct errmsg *why)
{
    const char *keys[SET_COUNT], *near;
    struct buf all;
    buf_init(&all, 400);
    for (int i = 0; i < SET_COUNT; i++) {
        keys[i] = setting_infos[i].key;
        buf_addf(&all, "%s%s", i == 0 ? "" : ", ", keys[i]);
    }
    near = text_suggest(key, keys, SET_COUNT);
    if (near)
        errmsg_set(why, ERR_INPUT, "there is no setting '%s'; did you mean %s?", key,
                   near);
    else
        errmsg_set(why, ERR_INPUT, "there is no setting '%s'; there are: %s", key,
                   all.s);
    buf_release(&all);
    return ERR_INPUT;
}

enum err setting_refuse_value(enum setting s, const char *word, struct errmsg *why)
{
    struct buf words;
    buf_init(&words, 400);
    setting_words(&words, s);
    errmsg_set(why, ERR_INPUT, "%s is %s, not '%s'", setting_infos[s].key, words.s,
               word);
    buf_release(&words);
    return ERR_INPUT;
}

/* ---- where they come from -------------------------------------------------------- */

static void set(struct config *c, enum setting s, const char *word,
                enum config_from from, const char *by)
{
    int i = setting_index(s, word);
    if (i < 0)
        return;
    c->value[s] = i;
    c->from[s] = from;
    c->by[s] = by;
}

/* no-color.org: a variable that is there but empty asks for nothing. A script has no
 * terminal that might not show what it dumps. */
static void from_environment(struct config *c, bool script)
{
    const char *no_color = getenv("NO_COLOR");
    if (no_color && no_color[0] != '\0')
        set(c, SET_THEME, "mono", FROM_ENVIRONMENT, "NO_COLOR");
    if (!term_utf8() && !script)
        set(c, SET_GLYPHS, "ascii", FROM_ENVIRONMENT, "a locale without UTF-8");
}

static bool from_options(struct config *c, const struct cli_args *a)
{
    bool ok = true;
    static const struct {
        enum option option;
        enum setting setting;
        const char *word; /* NULL: the option's argument */
        const char *by;
    } table[] = {
        {OPT_THEME, SET_THEME, NULL, "--theme"},
        {OPT_BRAILLE, SET_GLYPHS, "braille", "--braille"},
        {OPT_ASCII, SET_GLYPHS, "ascii", "--ascii"},
        {OPT_MOUSE, SET_MOUSE, NULL, "--mouse"},
        {OPT_QUIET, SET_BELL, "off", "--quiet"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct errmsg why = {0};
        const char *word = table[i].word, *arg = a->options[table[i].option];
        if (!option_given(a, table[i].option))
            continue;
        if (!word && setting_index(table[i].setting, arg) < 0) {
            (void)setting_refuse_value(table[i].setting, arg, &why);
            complain("--%s", why.text);
            ok = false;
        }
        set(c, table[i].setting, word ? word : arg, FROM_OPTION, table[i].by);
    }
    return ok;
}

bool config_read(struct config *c, const struct cli_args *a)
{
    *c = (struct config){0};
    buf_init(&c->path, 4096);
    buf_init(&c->troubles, 0);
    for (int i = 0; i < SET_COUNT; i++)
        set(c, (enum setting)i, setting_infos[i].otherwise, FROM_DEFAULT, NULL);
    if (config_path(&c->path))
        config_file_read(c);
    from_environment(c, a && option_given(a, OPT_SCRIPT));
    return !a || from_options(c, a);
}

void config_complain(const struct config *c)
{
    for (const char *s = c->troubles.s; c->ntroubles > 0 && *s != '\0';) {
        size_t n = strcspn(s, "\n");
        complain("%.*s", (int)n, s);
        s += n + (s[n] == '\n');
    }
}

void config_release(struct config *c)
{
    buf_release(&c->path);
    buf_release(&c->troubles);
}
