/*
 * completion: what bash, zsh and fish need to complete our command line, from the same
 * table as the help. Names that come and go (lessons, labs, runs) are asked of the
 * program itself, which is the one on the command line, since it need not be installed.
 *
 * Each script is text of ours and words of the table; those all pass shell_quote(). No
 * script evaluates a name: what a file is called is compared and offered, nothing else.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

/* ---- the names, one a line ------------------------------------------------------- */

static enum err lesson_names(struct buf *b, const char *below, struct errmsg *why)
{
    char *ids[LESSONS_MAX];
    struct buf dir;
    buf_init(&dir, 4096);
    enum err e = lessons_dir(&dir, why);
    buf_adds(&dir, below);
    size_t n = e == ERR_OK ? lesson_ids(dir.s, ids) : 0;
    for (size_t i = 0; i < n; i++) {
        buf_addf(b, "%s\n", ids[i]);
        mem_free(ids[i]);
    }
    buf_release(&dir);
    return e;
}

static enum err run_names(struct buf *b)
{
    const struct store_run *runs;
    struct store *s = store_open(NULL);
    size_t n = store_runs(s, &runs);
    for (size_t i = 0; i < n; i++)
        buf_addf(b, "%s\n", runs[i].id);
    store_close(s);
    return ERR_OK;
}

static enum err add_names(struct buf *b, const char *of, struct errmsg *why)
{
    return str_eq(of, "lessons") ? lesson_names(b, "", why)
           : str_eq(of, "labs")  ? lesson_names(b, "/lab", why)
                                 : run_names(b);
}

/* ---- what every script asks of the table ----------------------------------------- */

/* The names that a subcommand's words may be; NULL: none that the program has to be
 * asked for. */
static const char *names_of(const struct subcommand *c)
{
    switch (c->words) {
    case WORD_LESSON:
        return "lessons";
    case WORD_RUN:
        return "runs";
    case WORD_LAB:
        return "labs";
    default:
        return NULL;
    }
}

static bool has_option(const struct subcommand *c, int o)
{
    return (c->options & (UINT32_C(1) << o)) != 0;
}

static bool has_choices(const struct option_info *o)
{
    return o->arg && strchr(o->arg, '|');
}

static bool wants_file(const struct option_info *o)
{
    return o->arg && str_eq(o->arg, "FILE");
}

/* "guided|oncall" as quoted words, each behind a blank. */
static void add_choices(struct buf *b, const char *arg)
{
    while (*arg != '\0') {
        char word[64];
        size_t n = strcspn(arg, "|");
        snprintf(word, sizeof word, "%.*s", (int)n, arg);
        buf_addch(b, ' ');
        shell_quote(b, word);
        arg += n + (arg[n] == '|');
    }
}

/* Words that a subcommand takes and the table knows, quoted, each behind a blank. */
static void add_known_words(struct buf *b, const struct subcommand *c)
{
    if (c->words == WORD_SHELL)
        add_choices(b, "bash|zsh|fish");
    if (c->words == WORD_SETTING)
        add_choices(b, SETTING_WORDS);
    if (c->words != WORD_COMMAND)
        return;
    for (size_t i = 0; i < subcommand_count(); i++) {
        buf_addch(b, ' ');
        shell_quote(b, subcommand_at(i)->name);
    }
    add_choices(b, "keys|man");
}

/* "name:what it is" as one quoted word: how zsh's _describe takes them. */
static void add_described(struct buf *b, const char *dashes, const char *name,
                          const char *doc)
{
    struct buf word;
    buf_init(&word, 1024);
    buf_addf(&word, "%s%s:%s", dashes, name, doc);
    buf_addch(b, ' ');
    shell_quote(b, word.s);
    buf_release(&word);
}

/* ---- bash ------------------------------------------------------------------------ */

/* An option's value, and how a branch of `case` offers it. */
static void bash_option(struct buf *b, const struct option_info *o)
{
    if (!o->arg)
        return;
    buf_addf(b, "    --%s) ", o->word);
    if (has_choices(o)) {
        buf_adds(b, "words=(");
        add_choices(b, o->arg);
        buf_adds(b, " ) ;;\n");
    } else {
        buf_adds(b, wants_file(o) ? "return ;;\n" : "compopt +o default; return ;;\n");
    }
}

static void bash_command(struct buf *b, const struct subcommand *c)
{
    buf_addf(b, "        %s) words=(", c->name);
    for (int i = 0; i < OPT_COUNT; i++)
        if (has_option(c, i))
            buf_addf(b, " --%s", option_infos[i].word);
    add_known_words(b, c);
    buf_adds(b, " )");
    if (names_of(c))
        buf_addf(b, "; names=%s", names_of(c));
    buf_adds(b, " ;;\n");
}

static void bash(struct buf *b)
{
    buf_adds(b, "# truecode's completion for bash\n"
                "_truecode() {\n"
                "    local cur=${COMP_WORDS[COMP_CWORD]} word names= words=()\n"
                "    local prev=${COMP_WORDS[COMP_CWORD-1]} program=${COMP_WORDS[0]}\n"
                "    # bash cuts --mode=guided at the =\n"
                "    if [ \"$cur\" = = ]; then\n"
                "        cur=\n"
                "    elif [ \"$prev\" = = ]; then\n"
                "        prev=${COMP_WORDS[COMP_CWORD-2]}\n"
                "    fi\n"
                "    [ \"${program:0:2}\" = '~/' ] && program=$HOME/${program:2}\n"
                "    type -P -- \"$program\" >/dev/null || program=truecode\n"
                "    COMPREPLY=()\n"
                "    case $prev in\n");
    for (int i = 0; i < OPT_COUNT; i++)
        bash_option(b, &option_infos[i]);
    buf_adds(b,
             "    *) if [ \"$COMP_CWORD\" = 1 ]; then\n        names=lessons words=(");
    for (size_t i = 0; i < subcommand_count(); i++) {
        buf_addch(b, ' ');
        shell_quote(b, subcommand_at(i)->name);
    }
    buf_adds(b, " )\n    else\n        case ${COMP_WORDS[1]} in\n");
    for (size_t i = 0; i < subcommand_count(); i++)
        bash_command(b, subcommand_at(i));
    buf_adds(b, "        esac\n"
                "    fi ;;\n"
                "    esac\n"
                "    while IFS= read -r word; do\n"
                "        [ -n \"$word\" ] && [ \"${word:0:${#cur}}\" = \"$cur\" ] &&\n"
                "            COMPREPLY+=(\"$word\")\n"
                "    done < <(\n"
                "        printf '%s\\n' \"${words[@]}\"\n"
                "        [ -z \"$names\" ] || \"$program\" completion \"$names\" "
                "2>/dev/null </dev/null\n"
                "    )\n"
                "}\n"
                "complete -o default -F _truecode truecode\n");
}

/* ---- zsh ------------------------------------------------------------------------- */

static void zsh_option(struct buf *b, const struct option_info *o)
{
    if (!o->arg)
        return;
    buf_addf(b, "    --%s) ", o->word);
    if (has_choices(o)) {
        buf_adds(b, "compadd --");
        add_choices(b, o->arg);
    } else if (wants_file(o)) {
        buf_adds(b, "_files");
    } else {
        buf_adds(b, "_message ");
        shell_quote(b, o->doc);
    }
    buf_adds(b, "; return ;;\n");
}

static void zsh_command(struct buf *b, const struct subcommand *c)
{
    buf_addf(b, "    %s)\n        switches=(", c->name);
    for (int i = 0; i < OPT_COUNT; i++)
        if (has_option(c, i))
            add_described(b, "--", option_infos[i].word, option_infos[i].doc);
    buf_adds(b, " )\n        names=(");
    add_known_words(b, c);
    buf_adds(b, " )\n");
    if (names_of(c))
        buf_addf(b, "        kind=%s\n", names_of(c));
    buf_adds(b, "        ;;\n");
}

static void zsh(struct buf *b)
{
    buf_adds(b, "#compdef truecode\n"
                "# truecode's completion for zsh: _truecode in a folder of $fpath\n"
                "_truecode() {\n"
                "    local program=${(Q)words[1]} kind= ret=1\n"
                "    local -a subcommands switches names\n"
                "    [[ $program == \\~/* ]] && program=$HOME/${program#\\~/}\n"
                "    whence -p -- \"$program\" >/dev/null || program=truecode\n"
                "    case $words[CURRENT-1] in\n");
    for (int i = 0; i < OPT_COUNT; i++)
        zsh_option(b, &option_infos[i]);
    buf_adds(b, "    esac\n"
                "    if (( CURRENT == 2 )); then\n"
                "        subcommands=(");
    for (size_t i = 0; i < subcommand_count(); i++)
        add_described(b, "", subcommand_at(i)->name, subcommand_at(i)->doc);
    buf_adds(b, " )\n"
                "        _describe -t commands command subcommands && ret=0\n"
                "        kind=lessons\n"
                "    fi\n"
                "    (( CURRENT > 2 )) && case $words[2] in\n");
    for (size_t i = 0; i < subcommand_count(); i++)
        zsh_command(b, subcommand_at(i));
    buf_adds(
        b, "    esac\n"
           "    if [[ $PREFIX == -* ]]; then\n"
           "        _describe -o option switches && ret=0\n"
           "        return ret\n"
           "    fi\n"
           "    [[ -n $kind ]] && names+=(\n"
           "        ${(f)\"$(\"$program\" completion $kind 2>/dev/null "
           "</dev/null)\"} )\n"
           "    (( $#names )) && compadd -a names && ret=0\n"
           "    (( CURRENT > 2 )) && _files && ret=0\n"
           "    return ret\n"
           "}\n"
           "# Loaded at the first Tab, this file is the function: it completes, too.\n"
           "if [[ $funcstack[1] == _truecode ]]; then\n"
           "    _truecode \"$@\"\n"
           "else\n"
           "    compdef _truecode truecode\n"
           "fi\n");
}

/* ---- fish ------------------------------------------------------------------------ */

static void fish_option(struct buf *b, const struct subcommand *c,
                        const struct option_info *o)
{
    struct buf choices;
    buf_addf(b, "complete -c truecode -n '__fish_seen_subcommand_from %s' -l %s",
             c->name, o->word);
    if (has_choices(o)) {
        buf_init(&choices, 1024);
        add_choices(&choices, o->arg);
        buf_adds(b, " -x -a ");
        shell_quote(b, choices.s);
        buf_release(&choices);
    } else if (o->arg) {
        buf_adds(b, wants_file(o) ? " -r" : " -x");
    }
    buf_adds(b, " -d ");
    shell_quote(b, o->doc);
    buf_addch(b, '\n');
}

static void fish_words(struct buf *b, const struct subcommand *c)
{
    struct buf words;
    buf_init(&words, 4096);
    add_known_words(&words, c);
    if (words.len > 0) {
        buf_addf(b, "complete -c truecode -n '__fish_seen_subcommand_from %s' -f -a ",
                 c->name);
        shell_quote(b, words.s);
        buf_addch(b, '\n');
    }
    if (names_of(c))
        buf_addf(b,
                 "complete -c truecode -n '__fish_seen_subcommand_from %s' "
                 "-a '(__truecode_names %s)'\n",
                 c->name, names_of(c));
    buf_release(&words);
}

static void fish(struct buf *b)
{
    buf_adds(b, "# truecode's completion for fish\n"
                "function __truecode_names\n"
                "    set -l program (commandline -opc)[1]\n"
                "    set program (string replace -r '^~/' \"$HOME/\" -- $program)\n"
                "    command -q -- $program; or set program truecode\n"
                "    command $program completion $argv 2>/dev/null </dev/null\n"
                "end\n");
    for (size_t i = 0; i < subcommand_count(); i++) {
        buf_addf(b, "complete -c truecode -n __fish_use_subcommand -f -a %s -d ",
                 subcommand_at(i)->name);
        shell_quote(b, subcommand_at(i)->doc);
        buf_addch(b, '\n');
    }
    buf_adds(b, "complete -c truecode -n __fish_use_subcommand -f "
                "-a '(__truecode_names lessons)'\n");
    for (size_t i = 0; i < subcommand_count(); i++) {
        for (int k = 0; k < OPT_COUNT; k++)
            if (has_option(subcommand_at(i), k))
                fish_option(b, subcommand_at(i), &option_infos[k]);
        fish_words(b, subcommand_at(i));
    }
}

/* ---- the command ----------------------------------------------------------------- */

static int run(const struct cli_args *a)
{
    struct buf b;
    struct errmsg why = {0};
    const char *word = a->words[0];
    enum err e = ERR_OK;
    buf_init(&b, 0);
    if (str_eq(word, "bash"))
        bash(&b);
    else if (str_eq(word, "zsh"))
        zsh(&b);
    else if (str_eq(word, "fish"))
        fish(&b);
    else if (str_eq(word, "lessons") || str_eq(word, "labs") || str_eq(word, "runs"))
        e = add_names(&b, word, &why);
    else
        e = errmsg_set(&why, ERR_INPUT, "completion knows bash, zsh and fish, not '%s'",
                       word);
    if (e != ERR_OK)
        complain("%s", why.text);
    print_raw(&b);
    buf_release(&b);
    return exit_code_of(e);
}

const struct subcommand subcommand_completion = {
    .name = "completion",
    .synopsis = "completion bash|zsh|fish",
    .doc = "a completion script for your shell",
    .about = "An installed program has brought them along. The scripts ask the program "
             "for the names there are, as you can: completion lessons, labs or runs "
             "prints them.",
    .examples = "truecode completion bash > "
                "~/.local/share/bash-completion/completions/truecode\n"
                "truecode completion zsh > \"${fpath[1]}/_truecode\"\n"
                "truecode completion fish > ~/.config/fish/completions/truecode.fish",
    .options = HAS(HELP),
    .words = WORD_SHELL,
    .min_words = 1,
    .max_words = 1,
    .run = run,
};
