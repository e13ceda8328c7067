/*
 * logs: lines as the services wrote them, oldest first. What the logging system
 * suppressed is counted where it happened. Of a busy system the last lines are a few
 * seconds; what is worse than ordinary among those that are not shown is counted below.
 */
#include "console_internal.h"
#include "lookup.h"

#include <string.h>

#define SHOWN  40
#define PIPED  25000 /* more than are kept */
#define WINDOW (10 * SIM_MIN)

const char *const log_level_words[LOG_LEVEL_COUNT + 1] = {
#define X(name, word) word,
    LOG_LEVEL_LIST(X)
#undef X
};

static const enum tone tones[] = {[LOG_DEBUG] = TONE_DIM,
                                  [LOG_INFO] = TONE_NORMAL,
                                  [LOG_WARN] = TONE_WARN,
                                  [LOG_ERROR] = TONE_BAD};
_Static_assert(COUNT_OF(tones) == LOG_LEVEL_COUNT, "a tone a level");

static enum err read_level(struct call *c, enum log_level *out)
{
    const char *word = call_opt(c, "--level");
    *out = LOG_INFO;
    for (enum log_level i = 0; word && i < LOG_LEVEL_COUNT; i++)
        if (str_eq(log_level_words[i], word)) {
            *out = i;
            return ERR_OK;
        }
    return word ? refuse(c, ERR_INPUT,
                         "“%s” is not a level: debug, info, warn or error.", word)
                : ERR_OK;
}

static void show(struct call *c, const struct log_entry *e)
{
    if (e->dropped && !e->access)
        out_line(c->o, TONE_DIM, "          (%u lines like the next were suppressed)",
                 e->dropped);
    out_add(c->o, TONE_DIM, "%s  ", clock_of(c, e->at, true));
    out_add(c->o, TONE_STRONG, "%s  ", inst_name(c, e->comp, e->instance));
    out_add(c->o, tones[e->level], "%-5s  %s", log_level_words[e->level], e->text);
    if (e->request)
        out_add(c->o, TONE_DIM, "  trace=%llx", (unsigned long long)e->request);
    if (e->dropped && e->access)
        out_add(c->o, TONE_DIM, "  (+%u alike)", e->dropped);
    out_end(c->o);
}

/* Tells of the lines that came before those shown. */
static void tell_hidden(struct call *c, const struct log_entry *v, size_t n,
                        enum log_level least)
{
    size_t of[LOG_ERROR + 1] = {0};
    for (size_t i = 0; i < n; i++)
        of[v[i].level]++;
    size_t loud_lines = of[LOG_WARN] + of[LOG_ERROR];
    const char *loud =
        least < LOG_WARN && loud_lines > 0
            ? strf(c, ", %zu of them warn or error (--level warn)", loud_lines)
            : "";
    note(c,
         "The last %d. Before them %s%zu since %s%s. Filter: logs | grep WORD, "
         "--level, --since 20m.",
         SHOWN, n + SHOWN == PIPED ? "more than " : "", n, clock_of(c, v[0].at, true),
         loud);
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
    struct log_entry *v = arena_alloc(c->mem, PIPED * sizeof *v);
    size_t n = recording_logs(c->rec, &f, v, PIPED);
    size_t skip = !c->piped && n > SHOWN ? n - SHOWN : 0;
    for (size_t i = skip; i < n; i++) {
        show(c, &v[i]);
        seen_comp(c, v[i].comp, "logs");
        seen_comp(c, v[i].comp, log_level_words[v[i].level]);
    }
    if (!n)
        note(c, "No line since %s.", clock_of(c, f.from, true));
    else if (skip)
        tell_hidden(c, v, skip, f.min_level);
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
         .doc = "What the services wrote. The last ten minutes, oldest first; before a "
                "pipe all of it, else the last 40 lines. A request that ended has a "
                "line with its endpoint, status, result and time. Of lines alike, "
                "a few a second are kept and the rest counted.",
         .examples = "logs\nlogs COMPONENT --level warn --since 30m\n"
                     "logs COMPONENT | grep -v 200\nlogs --level debug | tail -5",
         .group = GROUP_LOOK,
         WILD(wild)},
    .args = {ARG_INSTANCE},
    .max_args = 1,
    .opts = {{"--level", ARG_LEVEL,
              "debug, info (default), warn or error: at least this"},
             {"--since", ARG_TIME, "20:12, or 30m for half an hour ago"}},
    .run = run,
};
