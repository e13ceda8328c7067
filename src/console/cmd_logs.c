/*
 * logs: lines as the services wrote them, oldest first. What the logging system
 * suppressed is counted where it happened.
 */
#include "console_internal.h"

#include <string.h>

#define SHOWN  40
#define PIPED  5000
#define WINDOW (10 * SIM_MIN)

static const struct {
    const char *word;
    enum log_level level;
    enum tone tone;
} levels[] = {{"debug", LOG_DEBUG, TONE_DIM},
              {"info", LOG_INFO, TONE_NORMAL},
              {"warn", LOG_WARN, TONE_WARN},
              {"error", LOG_ERROR, TONE_BAD}};

static enum err read_level(struct call *c, enum log_level *out)
{
    const char *word = call_opt(c, "--level");
    *out = LOG_INFO;
    for (size_t i = 0; word && i < COUNT_OF(levels); i++)
        if (str_eq(levels[i].word, word)) {
            *out = levels[i].level;
            return ERR_OK;
        }
    return word ? refuse(c, ERR_INPUT,
                         "“%s” is not a level: debug, info, warn or error.", word)
                : ERR_OK;
}

static void show(struct call *c, const struct log_entry *e)
{
    if (e->dropped)
        out_line(c->o, TONE_DIM, "          (%u lines like the next were suppressed)",
                 e->dropped);
    out_add(c->o, TONE_DIM, "%s  ", clock_of(c, e->at, true));
    out_add(c->o, TONE_STRONG, "%s  ", inst_name(c, e->comp, e->instance));
    out_add(c->o, levels[e->level].tone, "%-5s  %s", levels[e->level].word, e->text);
    if (e->request)
        out_add(c->o, TONE_DIM, "  trace=%llx", (unsigned long long)e->request);
    out_end(c->o);
}

static enum err make_filter(struct call *c, struct log_filter *f)
{
    *f = (struct log_filter){.comp = COMP_NONE, .to = c->now};
    enum err e = read_level(c, &f->min_level);
    if (e == ERR_OK)
        e = when_since(c, WINDOW, &f->from);
    if (e == ERR_OK && c->nargs)
        e = need_comp(c, c->arg[0], &f->comp, &f->instance);
    return e;
}

static enum err run(struct call *c)
{
    struct log_filter f;
    enum err e = make_filter(c, &f);
    if (e != ERR_OK)
        return e;
    size_t max = c->piped ? PIPED : SHOWN + 1;
    struct log_entry *v = arena_alloc(c->mem, max * sizeof *v);
    size_t n = recording_logs(c->rec, &f, v, max);
    size_t skip = !c->piped && n > SHOWN ? n - SHOWN : 0;
    for (size_t i = skip; i < n; i++) {
        show(c, &v[i]);
        seen_comp(c, v[i].comp, "logs");
    }
    if (!n)
        note(c, "No line since %s.", clock_of(c, f.from, true));
    else if (skip)
        note(c,
             "The last %d; there are more. Filter: logs | grep WORD, --level warn, "
             "--since 20m.",
             SHOWN);
    if (c->nargs)
        seen_comp(c, f.comp, "logs");
    return ERR_OK;
}

static const struct command_wild wild[] = {
    {"kubectl", "kubectl logs deployment/COMPONENT --since=10m --timestamps"},
    {"journalctl", "journalctl -u COMPONENT --since '10 min ago' -p warning"},
    {"aws", "aws logs tail /ecs/COMPONENT --since 10m --filter-pattern ERROR"},
};
const struct command cmd_logs = {
    .info =
        {.name = "logs",
         .synopsis = "logs [COMPONENT|INSTANCE] [--level LEVEL] [--since TIME]",
         .doc = "What the services wrote. The last ten minutes, oldest first. "
                "Lines that were written too often are suppressed and counted.",
         .examples =
             "logs\nlogs COMPONENT --level warn --since 30m\nlogs COMPONENT | tail -5",
         .group = GROUP_LOOK,
         WILD(wild)},
    .args = {ARG_INSTANCE},
    .max_args = 1,
    .opts = {{"--level", ARG_LEVEL,
              "debug, info (default), warn or error: at least this"},
             {"--since", ARG_TIME, "20:12, or 30m for half an hour ago"}},
    .run = run,
};
