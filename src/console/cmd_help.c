/*
 * help: the tools of this lesson, all of them, or one of them whole. Everything it says
 * comes from the commands' descriptors; their examples are told with the names of
 * this world.
 */
#include "console_internal.h"

#include <string.h>

static const struct {
    enum command_group group;
    const char *title;
} groups[] = {{GROUP_LOOK, "Look: changes nothing"},
              {GROUP_ACT, "Act: changes the system"},
              {GROUP_REASON, "Reason: your own words"},
              {GROUP_TIME, "Time"}};

static void row(struct call *c, const char *name, const char *doc, const char *stop)
{
    out_add(c->o, TONE_STRONG, "  %-9s ", name);
    out_line(c->o, TONE_NORMAL, "%.*s", (int)strcspn(doc, stop), doc);
}

static void list_all(struct call *c)
{
    for (size_t g = 0; g < COUNT_OF(groups); g++) {
        out_line(c->o, TONE_HEAD, "%s", groups[g].title);
        for (size_t i = 0; commands[i]; i++)
            if (commands[i]->info.group == groups[g].group)
                row(c, commands[i]->info.name, commands[i]->info.doc, ".");
    }
    out_line(c->o, TONE_HEAD, "Filters: they stand behind a |");
    for (size_t i = 0; filters[i]; i++)
        row(c, filters[i]->name, filters[i]->doc, ";");
    note(c, "help COMMAND says more. A bare word looks, an argument acts.");
}

static void list_tools(struct call *c)
{
    out_line(c->o, TONE_HEAD, "For this incident");
    for (size_t i = 0; i < c->ctx->ntools; i++) {
        const struct command *k = command_find(c->ctx->tools[i]);
        if (k)
            row(c, k->info.name, k->info.doc, ".");
    }
    note(c, "help COMMAND says more, help all lists every command. Tab completes.");
}

static void show_lines(struct call *c, const char *lines)
{
    while (*lines) {
        size_t n = strcspn(lines, "\n");
        para(c, TONE_ACCENT, 2, arena_strndup(c->mem, lines, n));
        lines += n + (lines[n] == '\n');
    }
}

static const char *param_now(struct call *c, comp_id comp, const struct param_desc *p)
{
    struct value v = world_get(c->w, comp, p->name);
    struct buf b;
    buf_init(&b, 0);
    value_format(c->m, p, &v, &b);
    size_t n = 0; /* as one would type it: "30 s" is one word */
    for (size_t i = 0; i < b.len; i++)
        if (b.s[i] != ' ')
            b.s[n++] = b.s[i];
    const char *s = arena_strndup(c->mem, b.s, n);
    buf_release(&b);
    return s;
}

/* The first setting of a component that may be changed, as it is now: an example must
 * not be a cure. */
static void example_setting(struct call *c, comp_id comp, const char **path,
                            const char **value)
{
    const struct kind_desc *k = model_kind(c->m, comp);
    for (size_t i = 0; i < k->nparams && *path == NULL; i++)
        if (k->params[i].live) {
            *path = strf(c, "%s.%s", name_of(c, comp), k->params[i].name);
            *value = param_now(c, comp, &k->params[i]);
        }
}

/* Whom an example of `k` is about: the first it can be done to, else a service. */
static comp_id example_comp(const struct call *c, const struct command *k)
{
    comp_id v[COMPS_MAX];
    comp_id s = next_of(c, "service", COMP_NONE);
    size_t n = op_targets(c, k->info.name, v, COMPS_MAX);
    return n ? v[0] : s;
}

#define EXAMPLE_WORDS 9
struct example_word {
    const char *word, *is; /* NULL: this world has none, the word stays */
};

static const char *first_name(const struct call *c, const char *kind)
{
    comp_id id = next_of(c, kind, COMP_NONE);
    return id == COMP_NONE ? NULL : name_of(c, id);
}

/* What the words in capitals of an example stand for here; longer words first. */
static void example_words(struct call *c, const struct command *k,
                          struct example_word *w)
{
    comp_id comp = example_comp(c, k), service = next_of(c, "service", COMP_NONE);
    comp_id flag = next_of(c, "flag", COMP_NONE);
    const char *path = NULL, *value = NULL, *state = NULL, *version = NULL;
    if (service != COMP_NONE)
        example_setting(c, service, &path, &value);
    if (flag != COMP_NONE)
        state = param_now(c, flag, &model_kind(c->m, flag)->params[0]);
    if (service != COMP_NONE && model_versions(c->m, service))
        version = model_version(c->m, service, 0);
    const struct example_word all[EXAMPLE_WORDS] = {
        {"COMPONENT.PARAMETER", path},
        {"COMPONENT", comp == COMP_NONE ? NULL : name_of(c, comp)},
        {"INSTANCE", service == COMP_NONE ? NULL : inst_name(c, service, 1)},
        {"ENDPOINT", first_name(c, "endpoint")},
        {"DATABASE", first_name(c, "database")},
        {"VERSION", version},
        {"VALUE", value},
        {"FLAG", first_name(c, "flag")},
        {"STATE", state}};
    memcpy(w, all, sizeof all);
}

static const char *fill_in(const struct call *c, const char *line,
                           const struct example_word *w)
{
    struct buf b;
    buf_init(&b, 0);
    while (*line) {
        size_t i = 0;
        while (i < EXAMPLE_WORDS && !(w[i].is && str_starts(line, w[i].word)))
            i++;
        if (i < EXAMPLE_WORDS) {
            buf_adds(&b, w[i].is);
            line += strlen(w[i].word);
        } else {
            buf_addch(&b, *line++);
        }
    }
    const char *s = arena_strndup(c->mem, b.s, b.len);
    buf_release(&b);
    return s;
}

static void show_examples(struct call *c, const struct command *k)
{
    struct example_word w[EXAMPLE_WORDS];
    if (!k->info.examples || !*k->info.examples)
        return;
    example_words(c, k, w);
    out_line(c->o, TONE_HEAD, "Examples");
    show_lines(c, fill_in(c, k->info.examples, w));
}

static const char *example_name(const struct call *c)
{
    comp_id s = next_of(c, "service", COMP_NONE);
    return s == COMP_NONE ? "checkout" : name_of(c, s);
}

static void show_wild(struct call *c, const struct command_info *info)
{
    const char *comp = example_name(c);
    out_line(c->o, TONE_HEAD, "In the wild");
    for (size_t i = 0; i < info->nwild; i++)
        para(c, TONE_DIM, 2,
             wild_line(c, info->wild[i].line, comp, strf(c, "%s-1", comp), NULL));
    if (!info->nwild)
        out_line(c->o, TONE_DIM, "  Nothing like it: this is for practice only.");
}

static void show_options(struct call *c, const struct command *k)
{
    struct out_table t;
    if (!k->opts[0].name)
        return;
    table_init(&t, c->o, "Options|");
    for (size_t i = 0; i < OPTS_MAX && k->opts[i].name; i++) {
        table_cell(&t, TONE_STRONG, "  %s", k->opts[i].name);
        table_cell(&t, TONE_NORMAL, "%s", k->opts[i].doc);
    }
    table_print(&t);
}

static void show_command(struct call *c, const struct command *k)
{
    out_line(c->o, TONE_STRONG, "%s", k->info.synopsis);
    para(c, TONE_NORMAL, 2, k->info.doc);
    show_options(c, k);
    show_examples(c, k);
    show_wild(c, &k->info);
}

static void show_filter(struct call *c, const struct filter *f)
{
    out_line(c->o, TONE_STRONG, "COMMAND | %s", f->synopsis);
    para(c, TONE_NORMAL, 2, f->doc);
}

static enum err no_help(struct call *c, const char *word)
{
    size_t n;
    const char *const *names = command_names(&n);
    const char *near = text_suggest(word, names, n);
    if (near)
        return refuse(c, ERR_NOT_FOUND, "There is no command %s; did you mean %s?",
                      word, near);
    return refuse(c, ERR_NOT_FOUND, "There is no command %s; help all lists them.",
                  word);
}

/* What is to be typed stands in backticks in a lesson's text; a line says it in quotes.
 */
static const char *quoted_words(struct call *c, const char *text)
{
    char *says = arena_strdup(c->mem, text);
    for (char *p = says; *p; p++)
        *p = *p == '`' ? '"' : *p;
    return says;
}

static enum err run(struct call *c)
{
    const char *word = c->nargs ? c->arg[0] : NULL;
    if (!word && c->ctx->ntools)
        list_tools(c);
    else if (!word || str_eq(word, "all"))
        list_all(c);
    else if (command_find(word))
        show_command(c, command_find(word));
    else if (filter_find(word))
        show_filter(c, filter_find(word));
    else
        return no_help(c, word);
    if (!word && c->ctx->step_say && !c->piped) {
        out_end(c->o);
        para(c, TONE_NORMAL, 0, quoted_words(c, c->ctx->step_say));
    }
    return ERR_OK;
}

static const struct command_wild wild[] = {
    {"kubectl", "kubectl help"},
    {"man", "man journalctl"},
};
const struct command cmd_help = {
    .info = {.name = "help",
             .synopsis = "help [COMMAND|all]",
             .doc = "What you can type. The commands this incident needs; all of them "
                    "with help all; one of them with its options and examples.",
             .examples = "help\nhelp logs\nhelp all",
             .group = GROUP_LOOK,
             WILD(wild)},
    .args = {ARG_COMMAND},
    .max_args = 1,
    .run = run,
};
