/*
 * The table of commands, in order of name. Adding one: its file, and a line here.
 */
#include "console_internal.h"

/* descriptor, word */
#define COMMAND_LIST(X)                                                                \
    X(abort, "abort")                                                                  \
    X(alerts, "alerts")                                                                \
    X(ask, "ask")                                                                      \
    X(balancer, "balancer")                                                            \
    X(cache, "cache")                                                                  \
    X(canary, "canary")                                                                \
    X(changes, "changes")                                                              \
    X(chart, "chart")                                                                  \
    X(compare, "compare")                                                              \
    X(config, "config")                                                                \
    X(count, "count")                                                                  \
    X(curl, "curl")                                                                    \
    X(db, "db")                                                                        \
    X(deploy, "deploy")                                                                \
    X(dig, "dig")                                                                      \
    X(drain, "drain")                                                                  \
    X(flag, "flag")                                                                    \
    X(flush, "flush")                                                                  \
    X(help, "help")                                                                    \
    X(hint, "hint")                                                                    \
    X(hurt, "hurt")                                                                    \
    X(improve, "improve")                                                              \
    X(jobs, "jobs")                                                                    \
    X(kill, "kill")                                                                    \
    X(limit, "limit")                                                                  \
    X(logs, "logs")                                                                    \
    X(map, "map")                                                                      \
    X(metrics, "metrics")                                                              \
    X(much, "much")                                                                    \
    X(note, "note")                                                                    \
    X(pause, "pause")                                                                  \
    X(point, "point")                                                                  \
    X(prevent, "prevent")                                                              \
    X(probe, "probe")                                                                  \
    X(promote, "promote")                                                              \
    X(ps, "ps")                                                                        \
    X(queue, "queue")                                                                  \
    X(reload, "reload")                                                                \
    X(renew, "renew")                                                                  \
    X(replica, "replica")                                                              \
    X(reset, "reset")                                                                  \
    X(resolve, "resolve")                                                              \
    X(restart, "restart")                                                              \
    X(revert, "revert")                                                                \
    X(rewind, "rewind")                                                                \
    X(rollback, "rollback")                                                            \
    X(rule_out, "rule-out")                                                            \
    X(say, "say")                                                                      \
    X(scale, "scale")                                                                  \
    X(set, "set")                                                                      \
    X(sheet, "sheet")                                                                  \
    X(since, "since")                                                                  \
    X(skip, "skip")                                                                    \
    X(solution, "solution")                                                            \
    X(speed, "speed")                                                                  \
    X(stacks, "stacks")                                                                \
    X(status, "status")                                                                \
    X(suspect, "suspect")                                                              \
    X(sync, "sync")                                                                    \
    X(tickets, "tickets")                                                              \
    X(tls, "tls")                                                                      \
    X(trace, "trace")                                                                  \
    X(traces, "traces")                                                                \
    X(trigger, "trigger")                                                              \
    X(undrain, "undrain")                                                              \
    X(wait, "wait")                                                                    \
    X(why, "why")

#define X(name, word) extern const struct command cmd_##name;
COMMAND_LIST(X)
#undef X

const struct command *const commands[] = {
#define X(name, word) &cmd_##name,
    COMMAND_LIST(X)
#undef X
        NULL};

static const char *const names[] = {
#define X(name, word) word,
    COMMAND_LIST(X)
#undef X
};

const struct command *command_find(const char *name)
{
    for (size_t i = 0; commands[i]; i++)
        if (str_eq(commands[i]->info.name, name))
            return commands[i];
    return NULL;
}

const struct command *command_sub(const struct command *cmd, const char *word)
{
    for (size_t i = 0; cmd->subs && cmd->subs[i]; i++)
        if (str_eq(cmd->subs[i]->info.name, word))
            return cmd->subs[i];
    return NULL;
}

const char *const *command_names(size_t *n)
{
    *n = COUNT_OF(names);
    return names;
}

size_t console_commands(void)
{
    return COUNT_OF(commands) - 1;
}

const struct command_info *console_command(size_t i)
{
    return i < console_commands() ? &commands[i]->info : NULL;
}
