/*
 * config: the settings, each with its value and where that comes from; and setting one.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

/* ---- showing --------------------------------------------------------------------- */

static void from_text(struct buf *b, const struct config *c, enum setting s)
{
    switch (c->from[s]) {
    case FROM_DEFAULT:
        buf_adds(b, "default");
        break;
    case FROM_FILE:
        buf_addf(b, "file, line %d", c->line[s]);
        break;
    case FROM_ENVIRONMENT:
        buf_addf(b, "environment: %s", c->by[s]);
        break;
    case FROM_OPTION:
        buf_addf(b, "option %s", c->by[s]);
        break;
    }
}

static void add_text(struct buf *b, const struct config *c, enum setting s)
{
    size_t start = b->len;
    buf_addf(b, "%s = ", setting_infos[s].key);
    setting_word(b, s, c->value[s]);
    while (b->len - start < 26)
        buf_addch(b, ' ');
    buf_addch(b, '(');
    from_text(b, c, s);
    buf_addf(b, ")\n    %s: ", setting_infos[s].doc);
    setting_words(b, s);
    buf_addch(b, '\n');
}

static void json_words(struct json *j, enum setting s)
{
    struct buf word;
    buf_init(&word, 64);
    json_array(j, "possible");
    for (int i = 0;; i++) {
        buf_reset(&word);
        setting_word(&word, s, i);
        if (word.len == 0)
            break;
        json_text(j, NULL, word.s);
    }
    json_end(j);
    buf_release(&word);
}

static void add_json(struct json *j, const struct config *c, enum setting s)
{
    static const char *const from[] = {"default", "file", "environment", "option"};
    struct buf text;
    buf_init(&text, 200);
    setting_word(&text, s, c->value[s]);
    json_line(j, 2), json_object(j, setting_infos[s].key);
    json_text(j, "value", text.s);
    json_text(j, "from", from[c->from[s]]);
    if (!c->by[s] && c->from[s] == FROM_FILE)
        json_textf(j, "by", "line %d", c->line[s]);
    else
        json_text(j, "by", c->by[s]);
    json_words(j, s);
    json_text(j, "what", setting_infos[s].doc);
    json_end(j);
    buf_release(&text);
}

/* All of them, or only one. */
static void show_json(const struct config *c, enum setting only)
{
    struct buf b;
    buf_init(&b, 0);
    struct json j = json_to(&b);
    json_object(&j, NULL);
    for (int i = 0; i < SET_COUNT; i++)
        if (only == SET_COUNT || i == (int)only)
            add_json(&j, c, (enum setting)i);
    json_line(&j, 0), json_end(&j);
    buf_addch(&b, '\n');
    print_raw(&b);
    buf_release(&b);
}

static void show(const struct config *c, enum setting only)
{
    struct buf b;
    buf_init(&b, 0);
    if (only == SET_COUNT)
        buf_addf(&b, "Settings, from %s%s\n\n",
                 c->path.len > 0 ? c->path.s : "nowhere: HOME is not set",
                 c->exists || c->path.len == 0 ? "" : " (not there yet)");
    for (int i = 0; i < SET_COUNT; i++)
        if (only == SET_COUNT || i == (int)only)
            add_text(&b, c, (enum setting)i);
    print_raw(&b);
    buf_release(&b);
}

/* ---- setting --------------------------------------------------------------------- */

/* Tells of a value that was set and does not hold, as something stronger overrules
 * it. */
static void tell_overruled(enum setting s, int value)
{
    struct config c;
    (void)config_read(&c, NULL);
    if (c.value[s] != value && c.from[s] == FROM_ENVIRONMENT)
        complain("it holds from now on, but not here: the environment (%s) comes first",
                 c.by[s]);
    config_release(&c);
}

static enum err set(const struct config *c, enum setting s, const char *word,
                    struct errmsg *why)
{
    int value = setting_index(s, word);
    if (value < 0)
        return setting_refuse_value(s, word, why);
    enum err e = config_file_set(c->path.s, s, value, why);
    if (e == ERR_OK) {
        print("%s = %s, written to %s\n", setting_infos[s].key, word, c->path.s);
        tell_overruled(s, value);
    }
    return e;
}

static int run(const struct cli_args *a)
{
    struct config c;
    struct errmsg why = {0};
    enum err e = ERR_OK;
    enum setting s = a->nwords > 0 ? setting_find(a->words[0]) : SET_COUNT;
    if (!config_read(&c, a)) {
        config_release(&c);
        return LEAVE_USAGE;
    }
    config_complain(&c);
    if (a->nwords > 0 && s == SET_COUNT)
        e = setting_refuse_key(a->words[0], &why);
    else if (a->nwords > 1)
        e = set(&c, s, a->words[1], &why);
    else
        (option_given(a, OPT_JSON) ? show_json : show)(&c, s);
    if (e != ERR_OK)
        complain("%s", why.text);
    int status = e != ERR_OK                        ? exit_code_of(e)
                 : c.ntroubles > 0 && a->nwords < 2 ? LEAVE_NOT_PASSED
                                                    : LEAVE_OK;
    config_release(&c);
    return status;
}

#define X(name, key, values, otherwise, doc)                                           \
    "\n\n" key ": " doc " (" values "; " otherwise " unless set)."
const struct subcommand subcommand_config = {
    .name = "config",
    .synopsis = "config [KEY [VALUE]] [--json]",
    .doc = "the settings, where each comes from, and setting one",
    .about =
        "They stand in $XDG_CONFIG_HOME/truecode/config (~/.config/truecode/"
        "config), one a line: key = value; a line that begins with # is a "
        "comment. The command line comes before the environment, that before the "
        "file. A line that cannot be understood is told and passed over." CONFIG_LIST(
            X),
    .examples = "truecode config\n"
                "truecode config theme\n"
                "truecode config theme light\n"
                "truecode config mouse on",
    .options = HAS(THEME) | HAS(MOUSE) | HAS(QUIET) | HAS(ASCII) | HAS(BRAILLE) |
               HAS(JSON) | HAS(HELP),
    .words = WORD_SETTING,
    .max_words = 2,
    .run = run,
};
#undef X
