/*
 * The table of subcommands, and reading a command line by it.
 */
#include "cli_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct option_info option_infos[OPT_COUNT] = {
#define X(name, word, arg, doc) {word, arg, doc},
    OPTION_LIST(X)
#undef X
};

static const struct command *const commands[] = {
    &command_play,   &command_list,  &command_progress,   &command_report,
    &command_replay, &command_prove, &command_check,      &command_doc,
    &command_doctor, &command_help,  &command_completion,
};
#define COMMANDS (sizeof commands / sizeof *commands)

size_t command_count(void)
{
    return COMMANDS;
}

const struct command *command_at(size_t i)
{
    return commands[i];
}

const struct command *command_find(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

bool option_given(const struct cli_args *a, enum option o)
{
    return a->options[o] != NULL;
}

bool option_number(const struct cli_args *a, enum option o, uint64_t otherwise,
                   uint64_t *out)
{
    const char *s = a->options[o];
    char *end;
    *out = otherwise;
    if (s == NULL)
        return true;
    *out = strtoull(s, &end, 10);
    if (s[0] >= '0' && s[0] <= '9' && *end == '\0')
        return true;
    complain("--%s wants a whole number, not '%s'", option_infos[o].word, s);
    return false;
}
