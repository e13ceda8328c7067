/*
 * The table of subcommands, and reading a command line by it.
 */
#include "cli_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct option_info option_infos[OPT_COUNT] = {
#define X(name, word, arg, doc) {word, arg, doc},
    OPTION_LIST(X)
#undef X
};

static const struct subcommand *const commands[] = {
#define X(name) &subcommand_##name,
    SUBCOMMAND_LIST(X)
#undef X
};
#define COMMANDS (COUNT_OF(commands))

size_t subcommand_count(void)
{
    return COMMANDS;
}

const struct subcommand *subcommand_at(size_t i)
{
    return commands[i];
}

/* With or without its hyphens: "oncall" is "on-call". */
static bool same_name(const char *a, const char *b)
{
    for (;; a++, b++) {
        a += *a == '-' && *b != '-';
        if (*a != *b || !*a)
            return *a == *b;
    }
}

const struct subcommand *subcommand_find(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++)
        if (same_name(commands[i]->name, name))
            return commands[i];
    return NULL;
}

bool option_given(const struct cli_args *a, enum option o)
{
    return a->options[o];
}

bool option_number(const struct cli_args *a, enum option o, uint64_t otherwise,
                   uint64_t *out)
{
    const char *s = a->options[o];
    char *end;
    *out = otherwise;
    if (!s)
        return true;
    errno = 0;
    *out = strtoull(s, &end, 10);
    bool number = s[0] >= '0' && s[0] <= '9' && *end == '\0';
    if (number && errno == 0)
        return true;
    if (number)
        complain("--%s: %s is too large", option_infos[o].word, s);
    else
        complain("--%s wants a whole number, not '%s'", option_infos[o].word, s);
    return false;
}
