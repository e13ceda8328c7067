/*
 * completion: what bash, zsh and fish need to complete our command line, from the same
 * table. Lessons are asked of the program itself, since they are files that come and
 * go.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

static void add_names(struct buf *b)
{
    for (size_t i = 0; i < subcommand_count(); i++)
        buf_addf(b, "%s%s", i > 0 ? " " : "", subcommand_at(i)->name);
}

static void add_options(struct buf *b, const struct subcommand *c)
{
    for (int i = 0; i < OPT_COUNT; i++)
        if (c->options & (UINT32_C(1) << i))
            buf_addf(b, " --%s", option_infos[i].word);
}

/* "guided|oncall" as "guided oncall"; arguments without a list are left to the shell.
 */
static bool add_choices(struct buf *b, const char *arg)
{
    if (arg == NULL || strchr(arg, '|') == NULL)
        return false;
    for (; *arg != '\0'; arg++)
        buf_addch(b, *arg == '|' ? ' ' : *arg);
    return true;
}

static const char *words_of(const struct subcommand *c)
{
    switch (c->words) {
    case WORD_LESSON:
        return "$(truecode list 2>/dev/null | awk '/^  [a-z0-9]/ {print $1}')";
    case WORD_RUN:
        return "$(truecode progress 2>/dev/null | awk '/^    [0-9a-z]/ {print $1}')";
    case WORD_COMMAND:
        return "play list progress prove check lab report replay doc doctor keys man";
    case WORD_LAB:
        return "$(truecode lab 2>/dev/null | awk '/^  [a-z0-9]/ {print $1}')";
    case WORD_SHELL:
        return "bash zsh fish";
    default:
        return "";
    }
}

static void bash(struct buf *b)
{
    buf_adds(
        b, "_truecode() {\n"
           "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
           "    local words=\n"
           "    case $prev in\n");
    for (int i = 0; i < OPT_COUNT; i++) {
        struct buf words;
        buf_init(&words, 1024);
        if (add_choices(&words, option_infos[i].arg))
            buf_addf(
                b,
                "    --%s) COMPREPLY=($(compgen -W \"%s\" -- \"$cur\")); return ;;\n",
                option_infos[i].word, words.s);
        buf_release(&words);
    }
    buf_adds(b, "    esac\n    if [ \"$COMP_CWORD\" = 1 ]; then\n        words=\"");
    add_names(b);
    buf_adds(b, "\"\n    else\n        case ${COMP_WORDS[1]} in\n");
    for (size_t i = 0; i < subcommand_count(); i++) {
        const struct subcommand *c = subcommand_at(i);
        buf_addf(b, "        %s) words=\"", c->name);
        add_options(b, c);
        if (c->words == WORD_SETTING) {
            buf_addch(b, ' ');
            add_choices(b, SETTING_WORDS);
        } else if (c->words != WORD_FILE)
            buf_addf(b, " %s", words_of(c));
        buf_adds(b, "\" ;;\n");
    }
    buf_adds(b, "        esac\n    fi\n"
                "    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
                "}\n"
                "complete -o default -F _truecode truecode\n");
}

static void zsh(struct buf *b)
{
    buf_adds(b, "#compdef truecode\n"
                "autoload -U +X bashcompinit && bashcompinit\n");
    bash(b);
}

static void fish(struct buf *b)
{
    for (size_t i = 0; i < subcommand_count(); i++)
        buf_addf(b, "complete -c truecode -n __fish_use_subcommand -f -a %s -d '%s'\n",
                 subcommand_at(i)->name, subcommand_at(i)->doc);
    for (size_t i = 0; i < subcommand_count(); i++)
        for (int k = 0; k < OPT_COUNT; k++) {
            const struct option_info *o = &option_infos[k];
            struct buf words;
            if (!(subcommand_at(i)->options & (UINT32_C(1) << k)))
                continue;
            buf_init(&words, 1024);
            buf_addf(b,
                     "complete -c truecode -n '__fish_seen_subcommand_from %s' -l %s",
                     subcommand_at(i)->name, o->word);
            if (add_choices(&words, o->arg))
                buf_addf(b, " -x -a '%s'", words.s);
            else if (o->arg != NULL)
                buf_adds(b, " -r");
            buf_addf(b, " -d \"%s\"\n", o->doc);
            buf_release(&words);
        }
    buf_adds(b,
             "complete -c truecode -n '__fish_seen_subcommand_from play prove' -f -a "
             "\"(truecode list 2>/dev/null | string match -rg '^  ([a-z0-9-]+)')\"\n"
             "complete -c truecode -n '__fish_seen_subcommand_from lab' -a "
             "\"(truecode lab 2>/dev/null | string match -rg '^  ([a-z0-9-]+)')\"\n");
}

static int run(const struct cli_args *a)
{
    struct buf b;
    int status = LEAVE_OK;
    buf_init(&b, 0);
    if (strcmp(a->words[0], "bash") == 0)
        bash(&b);
    else if (strcmp(a->words[0], "zsh") == 0)
        zsh(&b);
    else if (strcmp(a->words[0], "fish") == 0)
        fish(&b);
    else {
        complain("completion knows bash, zsh and fish, not '%s'", a->words[0]);
        status = LEAVE_USAGE;
    }
    print_raw(&b);
    buf_release(&b);
    return status;
}

const struct subcommand subcommand_completion = {
    .name = "completion",
    .synopsis = "completion bash|zsh|fish",
    .doc = "a completion script for your shell",
    .examples = "truecode completion bash > "
                "~/.local/share/bash-completion/completions/truecode\n"
                "truecode completion fish > ~/.config/fish/completions/truecode.fish",
    .options = HAS(HELP),
    .words = WORD_SHELL,
    .min_words = 1,
    .max_words = 1,
    .run = run,
};
