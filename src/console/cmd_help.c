/*
 * help: the tools of this lesson, all of them, or one of them whole. Everything it says
 * comes from the commands' descriptors.
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
    if (k->info.examples && *k->info.examples) {
        out_line(c->o, TONE_HEAD, "Examples");
        show_lines(c, k->info.examples);
    }
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
        return fail(c, ERR_NOT_FOUND, "There is no command %s; did you mean %s?", word,
                    near);
    return fail(c, ERR_NOT_FOUND, "There is no command %s; help all lists them.", word);
}

static enum err run(struct call *c)
{
    const char *word = c->nargs ? c->arg[0] : NULL;
    if (!word && c->ctx->step_say && !c->piped) {
        char *says = arena_strdup(c->mem, c->ctx->step_say);
        for (char *p = says; *p; p++)
            *p = *p == '`' ? '"' : *p; /* what is to be typed */
        para(c, TONE_NORMAL, 0, says);
        out_end(c->o);
    }
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
