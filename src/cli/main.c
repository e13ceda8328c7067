/*
 * main: a worker serves, everything else is a subcommand of the table. `truecode` alone
 * plays, and `truecode LESSON` is short for `truecode play LESSON`.
 */
#include "cli_internal.h"

#include "truecode/worker.h"

#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The option that a word "--name" or "--name=value" names; OPT_COUNT: none. */
static enum option find_option(const char *word, size_t n)
{
    for (int i = 0; i < OPT_COUNT; i++)
        if (strlen(option_infos[i].word) == n &&
            strncmp(option_infos[i].word, word, n) == 0)
            return (enum option)i;
    return OPT_COUNT;
}

/* Whether `word` is one of the values "a|b|c" that an option takes. */
static bool one_of(const char *values, const char *word)
{
    size_t n = strlen(word);
    for (const char *at = values; at && n > 0; at = strchr(at, '|')) {
        at += *at == '|';
        if (strncmp(at, word, n) == 0 && (at[n] == '|' || at[n] == '\0'))
            return true;
    }
    return false;
}

/* The option of the command that takes `word` as its value ("on-call": --mode). */
static const struct option_info *option_with_value(const struct cli_args *a,
                                                   const char *word)
{
    for (int i = 0; i < OPT_COUNT; i++)
        if (a->command->options & (UINT32_C(1) << i) &&
            one_of(option_infos[i].arg, word))
            return &option_infos[i];
    return NULL;
}

static void suggest_option(const struct cli_args *a, const char *word)
{
    const struct option_info *takes = option_with_value(a, word);
    const char *names[OPT_COUNT];
    size_t n = 0;
    for (int i = 0; i < OPT_COUNT; i++)
        if (a->command->options & (UINT32_C(1) << i))
            names[n++] = option_infos[i].word;
    const char *near = text_suggest(word, names, n);
    if (takes)
        complain("%s has no option --%s; did you mean --%s %s?", a->command->name, word,
                 takes->word, word);
    else if (near)
        complain("%s has no option --%s; did you mean --%s?", a->command->name, word,
                 near);
    else
        complain("%s has no option --%s; see %s", a->command->name, word,
                 command("help", a->command->name).s);
}

/* Takes an option with its argument; *used: how many words that were. */
static bool take_option(struct cli_args *a, int argc, char **argv, int at, int *used)
{
    const char *word = argv[at] + 2, *equals = strchr(word, '=');
    size_t n = equals ? (size_t)(equals - word) : strlen(word);
    enum option o = find_option(word, n);
    *used = 1;
    if (o == OPT_COUNT || !(a->command->options & (UINT32_C(1) << o))) {
        suggest_option(a, word);
        return false;
    }
    if (!option_infos[o].arg) {
        if (equals)
            complain("--%s takes no value", option_infos[o].word);
        a->options[o] = "";
        a->times[o]++;
        return !equals;
    }
    if (!equals && at + 1 >= argc) {
        complain("--%s wants %s", option_infos[o].word, option_infos[o].arg);
        return false;
    }
    a->times[o]++;
    a->options[o] = equals ? equals + 1 : argv[at + 1];
    *used = equals ? 1 : 2;
    return true;
}

static bool asks_help(const char *word)
{
    return str_eq(word, "--help") || str_eq(word, "-h") || str_eq(word, "-?");
}

static bool asks_version(const char *word)
{
    return str_eq(word, "--version") || str_eq(word, "-V") || str_eq(word, "-v");
}

/* Sorts the words from `at` on into options and others (moved to the front of argv). */
static bool take_words(struct cli_args *a, int argc, char **argv, int at)
{
    bool only_words = false;
    a->words = argv;
    for (int used = 1; at < argc; at += used) {
        used = 1;
        if (!only_words && strcmp(argv[at], "--") == 0)
            only_words = true;
        else if (!only_words && asks_help(argv[at]))
            a->options[OPT_HELP] = "";
        else if (!only_words && strncmp(argv[at], "--", 2) == 0) {
            if (!take_option(a, argc, argv, at, &used))
                return false;
        } else if (!only_words && argv[at][0] == '-' && argv[at][1] != '\0') {
            complain("%s has no option %s; see %s", a->command->name, argv[at],
                     command("help", a->command->name).s);
            return false;
        } else {
            a->words[a->nwords++] = argv[at];
        }
    }
    if (option_given(a, OPT_HELP))
        return true;
    if (a->nwords > a->command->max_words || a->nwords < a->command->min_words) {
        complain("%s takes %s. Usage: %s; see %s", a->command->name,
                 a->nwords < a->command->min_words ? "more words"
                 : a->command->max_words == 0      ? "no word"
                                                   : "fewer words",
                 command(a->command->synopsis, NULL).s,
                 command("help", a->command->name).s);
        return false;
    }
    return true;
}

static int unknown_command(const char *word)
{
    const char *names[64];
    size_t n = 0;
    for (; n < subcommand_count(); n++)
        names[n] = subcommand_at(n)->name;
    const char *near = text_suggest(word, names, n);
    if (near)
        complain("there is no subcommand '%s'; did you mean '%s'?", word, near);
    else
        complain("there is no subcommand and no lesson '%s'; see %s", word,
                 command("help", NULL).s);
    return LEAVE_USAGE;
}

/* The command a command line names, and where its words begin. */
static const struct subcommand *choose(int argc, char **argv, int *at)
{
    *at = 1;
    if (argc < 2)
        return &subcommand_play;
    if (asks_help(argv[1])) {
        *at = argc;
        return &subcommand_help;
    }
    if (argv[1][0] == '-')
        return &subcommand_play;
    const struct subcommand *c = subcommand_find(argv[1]);
    if (c) {
        *at = 2;
        return c;
    }
    if (strspn(argv[1], "0123456789") == 8) /* the day a run's id begins with */
        return &subcommand_play;
    struct buf text, name;
    buf_init(&text, 0);
    buf_init(&name, 0);
    bool lesson = lesson_read(argv[1], &text, &name, NULL) == ERR_OK;
    buf_release(&text);
    buf_release(&name);
    return lesson ? &subcommand_play : NULL;
}

/* Whoever started us may have closed 0, 1 or 2: then a tape would get that number, and
 * our messages would be written into it. For reading only, so that writing to what is
 * closed remains the error that it is. */
static void fill_descriptors(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDONLY);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd > STDERR_FILENO)
        close(fd);
}

static void leave_at_once(int sig)
{
    (void)sig;
    _exit(LEAVE_INTERRUPTED);
}

/* A subcommand that has something to save, or to tell first, catches them itself. What
 * was ignored (by nohup) stays so. */
static void catch_signals(void)
{
    static const int leave[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    for (size_t i = 0; i < COUNT_OF(leave); i++)
        if (signal(leave[i], leave_at_once) == SIG_IGN)
            signal(leave[i], SIG_IGN);
    /* No room in a file and nobody who reads are errors of a write like any other, and
     * no reason to die with the screen still up or the run not saved. */
    signal(SIGXFSZ, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
}

/* For the tests of a hostile build: the allocation of this number fails. */
static long allocations_left;

static bool runs_out(enum mem_use use)
{
    return use == MEM_HEAP && allocations_left-- == 0;
}

static void fail_as_told(void)
{
    const char *at = getenv("TRUECODE_FAILS");
    allocations_left = at ? strtol(at, NULL, 10) : -1;
    mem_trap(at ? runs_out : NULL);
}

int main(int argc, char **argv)
{
    if (worker_asked(argc, argv))
        return worker_main(argc, argv);
    if (CHECKING)
        fail_as_told();
    fill_descriptors();
    catch_signals();
    setlocale(LC_CTYPE, "");
    if (argc > 1 && asks_version(argv[1])) {
        print("truecode %s\n", TRUECODE_VERSION);
        return LEAVE_OK;
    }
    int at;
    struct cli_args a = {.command = choose(argc, argv, &at)};
    if (!a.command)
        return unknown_command(argv[1]);
    if (!take_words(&a, argc, argv, at))
        return LEAVE_USAGE;
    if (option_given(&a, OPT_HELP)) {
        char *word = (char[32]){0};
        snprintf(word, 32, "%s", a.command->name);
        struct cli_args help = {
            .command = &subcommand_help, .words = &word, .nwords = 1};
        return subcommand_help.run(&help);
    }
    return a.command->run(&a);
}
