/*
 * A line, from text to lines and effects. The command writes into an output of its
 * own; only when it and every filter have succeeded do its lines and effects leave, so
 * that an error is one sentence and changes nothing.
 */
#include "console_internal.h"
#include "filter.h"
#include "truecode/mechanism.h"

#include <assert.h>
#include <string.h>

#define RAW_LINES 20000 /* the most that a command may write before filters cut it */

/* ---- answers --------------------------------------------------------------------- */

static bool is_number(const char *s)
{
    size_t n = strspn(s, "0123456789");
    return n && n <= 3 && !s[n];
}

/* "up, same": only the three words of a prediction. */
static bool is_prediction(const struct stage *st)
{
    for (size_t i = 0; i < st->n; i++) {
        const char *s = st->words[i].s;
        while (*s) {
            size_t n = strcspn(s, ",");
            if (n && strncmp(s, "up", n > 2 ? n : 2) &&
                strncmp(s, "down", n > 4 ? n : 4) && strncmp(s, "same", n > 4 ? n : 4))
                return false;
            s += n + (s[n] == ',');
        }
    }
    return st->n > 0;
}

static bool is_answer(struct call *c, const struct stage *st, const char *line)
{
    bool number = st->n == 1 && is_number(st->words[0].s);
    if (!number && !is_prediction(st))
        return false;
    long n = 0;
    struct effect *e = fx_add(c, EFFECT_ANSWER);
    if (number && parse_count(st->words[0].s, &n))
        e->number = (double)n;
    e->text = arena_strndup(&c->fx->mem, line + st->words[0].start,
                            st->words[st->n - 1].end - st->words[0].start);
    return true;
}

/* ---- options --------------------------------------------------------------------- */

static enum err unknown_option(struct call *c, const char *word)
{
    const char *names[OPTS_MAX + 1];
    size_t n = 0;
    struct buf list;
    buf_init(&list, 0);
    for (; n < OPTS_MAX && c->cmd->opts[n].name; n++) {
        names[n] = c->cmd->opts[n].name;
        buf_addf(&list, "%s%s", n ? ", " : "", names[n]);
    }
    const char *near = text_suggest(word, names, n);
    enum err e;
    if (near)
        e = refuse(c, ERR_INPUT, "%s has no option %s; did you mean %s?", c->label,
                   word, near);
    else if (n)
        e = refuse(c, ERR_INPUT, "%s has no option %s; it has %s.", c->label, word,
                   list.s);
    else
        e = refuse(c, ERR_INPUT, "%s has no options. Usage: %s", c->label,
                   c->cmd->info.synopsis);
    buf_release(&list);
    return e;
}

/* Takes a word that begins with "--"; the next one may be its value. */
static enum err take_option(struct call *c, const struct stage *st, size_t *i)
{
    const char *word = st->words[*i].s;
    const char *eq = strchr(word, '=');
    const char *name = eq ? arena_strndup(c->mem, word, (size_t)(eq - word)) : word;
    if (str_eq(name, "--yes")) {
        c->yes = true;
        return ERR_OK;
    }
    size_t k = 0;
    while (k < OPTS_MAX && c->cmd->opts[k].name && !str_eq(c->cmd->opts[k].name, name))
        k++;
    if (k == OPTS_MAX || !c->cmd->opts[k].name)
        return unknown_option(c, name);
    if (c->cmd->opts[k].kind == ARG_NONE) {
        if (eq)
            return refuse(c, ERR_INPUT, "%s takes no value.", name);
        c->opt[k] = "";
        return ERR_OK;
    }
    if (!eq && *i + 1 == st->n)
        return refuse(c, ERR_INPUT, "%s needs a value: %s", name, c->cmd->opts[k].doc);
    c->opt[k] = eq ? eq + 1 : st->words[++*i].s;
    return ERR_OK;
}

static bool looks_like_option(const struct word *w)
{
    return !w->quoted && str_starts(w->s, "--") && w->s[2];
}

static bool takes_time(const struct command *k)
{
    bool takes = k->args[0] == ARG_TIME;
    for (size_t i = 0; i < OPTS_MAX && k->opts[i].name; i++)
        takes |= k->opts[i].kind == ARG_TIME;
    return takes && !k->raw;
}

/* "30m ago" is 30m: the word adds nothing where a time is what is asked for. */
static bool is_ago(const struct stage *st, size_t i)
{
    sim_time d;
    return str_eq(st->words[i].s, "ago") && !st->words[i].quoted && i > 1 &&
           time_parse(st->words[i - 1].s, &d, NULL) == ERR_OK;
}

static enum err take_words(struct call *c, const struct stage *st)
{
    c->arg = arena_alloc(c->mem, (st->n + 1) * sizeof *c->arg);
    for (size_t i = 1; i < st->n; i++) {
        const struct word *w = &st->words[i];
        if (c->cmd->raw && str_eq(w->s, "--yes") && !w->quoted) {
            c->yes = true;
        } else if (takes_time(c->cmd) && is_ago(st, i)) {
            continue;
        } else if (!c->cmd->raw && looks_like_option(w)) {
            enum err e = take_option(c, st, &i);
            if (e != ERR_OK)
                return e;
        } else {
            c->arg[c->nargs++] = w->s;
        }
    }
    return ERR_OK;
}

/* A first word that is no name and nearly a sub-command, or that more words follow. */
static enum err check_sub(struct call *c)
{
    const char *names[64];
    struct buf list;
    size_t n = 0;
    if (!c->cmd->subs || !c->nargs || model_find(c->m, c->arg[0]) != COMP_NONE)
        return ERR_OK;
    buf_init(&list, 0);
    for (; c->cmd->subs[n] && n < COUNT_OF(names); n++) {
        names[n] = c->cmd->subs[n]->info.name;
        buf_addf(&list, "%s%s", n ? ", " : "", names[n]);
    }
    enum err e = ERR_OK;
    const char *near = text_suggest(c->arg[0], names, n);
    if (near)
        e = refuse(c, ERR_NOT_FOUND, "There is no %s %s; did you mean %s %s?", c->label,
                   c->arg[0], c->label, near);
    else if (c->nargs > c->cmd->max_args)
        e = refuse(c, ERR_NOT_FOUND, "There is no %s %s. What may follow %s: %s.",
                   c->label, c->arg[0], c->label, list.s);
    buf_release(&list);
    return e;
}

static enum err check_count(struct call *c)
{
    const struct command_info *info = &c->cmd->info;
    if (c->nargs < c->cmd->min_args)
        return refuse(c, ERR_INPUT, "%s needs more: %s. For example: %s", c->label,
                      info->synopsis, command_example(c, c->cmd));
    if (c->nargs > c->cmd->max_args && c->cmd->max_args == 0)
        return refuse(c, ERR_INPUT, "%s takes nothing after it, so “%s” is too much.",
                      c->label, c->arg[0]);
    if (c->nargs > c->cmd->max_args)
        return refuse(c, ERR_INPUT, "“%s” is too much. Usage: %s",
                      c->arg[c->cmd->max_args], info->synopsis);
    return ERR_OK;
}

/* ---- unknown words --------------------------------------------------------------- */

static bool word_is(const char **at, const char *word)
{
    const char *p = *at + strspn(*at, " ");
    size_t n = strcspn(p, " ");
    *at = p + n;
    return n && n == strlen(word) && !strncmp(p, word, n);
}

/* The number of leading words that a wild command line shares with the line. */
static size_t shared_words(const char *wild, const struct stage *st)
{
    size_t n = 0;
    while (n < st->n && word_is(&wild, st->words[n].s))
        n++;
    return n;
}

/* `kubectl get pods` typed here: name the command that does it. */
static const struct command *from_the_wild(const struct stage *st, const char **line)
{
    const struct command *best = NULL;
    size_t most = 0;
    for (size_t i = 0; commands[i]; i++)
        for (size_t k = 0; k < commands[i]->info.nwild; k++) {
            const struct command_wild *wild = &commands[i]->info.wild[k];
            size_t n = shared_words(wild->line, st);
            if (!n && str_eq(wild->tool, st->words[0].s))
                n = 1;
            if (n > most) {
                most = n;
                best = commands[i];
                *line = wild->line;
            }
        }
    return best;
}

/* Whether the word is what one types to leave other programs. */
static bool wants_out(const char *word)
{
    static const char *const words[] = {"exit", "quit", "q", ":q", "bye", "logout"};
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_eq(words[i], word))
            return true;
    return false;
}

/* "api overlod": what one types who wants to say what is wrong with it. */
static enum err only_a_component(struct call *c, const struct stage *st)
{
    const char *comp = st->words[0].s;
    const char *what =
        st->n > 1 ? text_suggest(st->words[1].s, mechanism_words(), MECHANISM_COUNT)
                  : NULL;
    if (what)
        return refuse(c, ERR_NOT_FOUND, "%s is not on the list; did you mean %s %s?",
                      st->words[1].s, comp, what);
    return refuse(c, ERR_INPUT, "%s is a component; say what to do with it: ps %s",
                  comp, comp);
}

static enum err unknown_command(struct call *c, const struct stage *st)
{
    size_t n;
    const char *word = st->words[0].s, *line = NULL;
    const char *const *names = command_names(&n);
    if (wants_out(word))
        return refuse(c, ERR_INPUT, "%s",
                      c->ctx->spoken ? "Ctrl-D or Ctrl-C leaves, saved."
                                     : "Ctrl-C leaves, saved.");
    if (filter_find(word))
        return refuse(c, ERR_INPUT,
                      "%s filters what another command shows, for example: logs | %s",
                      word, filter_find(word)->synopsis);
    const struct command *wild = from_the_wild(st, &line);
    if (wild)
        return refuse(c, ERR_NOT_FOUND,
                      "%s is for real systems (%s). Here you type: %s", word, line,
                      wild->info.synopsis);
    const char *first = arena_strndup(c->mem, word, strcspn(word, ","));
    if (str_eq(first, "up") || str_eq(first, "down") || str_eq(first, "same"))
        return refuse(c, ERR_INPUT, "Each prediction is up, same or down: up, same");
    const char *near = text_suggest(word, names, n);
    if (near)
        return refuse(c, ERR_NOT_FOUND, "There is no command %s; did you mean %s?",
                      word, near);
    if (model_find(c->m, word) != COMP_NONE)
        return only_a_component(c, st);
    return refuse(c, ERR_NOT_FOUND, "There is no command %s; help lists what there is.",
                  word);
}

/* ---- a whole line ---------------------------------------------------------------- */

enum err run_as(struct call *c, const char *name)
{
    c->cmd = command_find(name);
    memset(c->opt, 0, sizeof c->opt);
    return c->cmd->run(c);
}

static bool wants_help(const struct stage *st)
{
    for (size_t i = 1; i < st->n; i++)
        if (!st->words[i].quoted &&
            (str_eq(st->words[i].s, "--help") || str_eq(st->words[i].s, "-h")))
            return true;
    return false;
}

/* `db backups orders-db`, and `db orders-db backups`: the sub-command goes to the front
 * of the stage, which begins with it then. Returns whether there was one. */
static bool take_sub(struct call *c, struct stage *st)
{
    size_t i = 1;
    while (i < st->n && i <= 2 && !command_sub(c->cmd, st->words[i].s))
        i++;
    if (i >= st->n || i > 2)
        return false;
    struct word word = st->words[i];
    c->cmd = command_sub(c->cmd, word.s);
    c->label = strf(c, "%s %s", c->label, c->cmd->info.name);
    if (i == 2) {
        st->words[2] = st->words[1];
        st->words[1] = word;
    }
    st->words++;
    st->n--;
    return true;
}

static enum err run_command(struct call *c, struct stage *st, const char *line)
{
    c->cmd = command_find(st->words[0].s);
    if (!c->cmd)
        return unknown_command(c, st);
    c->label = c->cmd->info.name;
    while (take_sub(c, st))
        ;
    if (wants_help(st)) {
        c->arg = arena_alloc(c->mem, sizeof *c->arg);
        c->arg[c->nargs++] = c->label;
        return run_as(c, "help");
    }
    c->text = st->n > 1 ? arena_strndup(c->mem, line + st->words[1].start,
                                        st->words[st->n - 1].end - st->words[1].start)
                        : "";
    enum err e = c->cmd->raw ? ERR_OK : refuse_shell(st, c->why);
    if (e == ERR_OK)
        e = take_words(c, st);
    if (e == ERR_OK)
        e = check_sub(c);
    if (e == ERR_OK)
        e = check_count(c);
    return e == ERR_OK ? c->cmd->run(c) : e;
}

static enum err run_parsed(struct call *c, struct parsed *p, const char *line)
{
    struct stage *first = &p->stages[0];
    if (p->open_quote)
        return refuse(c, ERR_INPUT, "A quote is opened and not closed.");
    for (size_t i = 0; i < p->n; i++)
        if (!p->stages[i].n && p->n > 1)
            return refuse(c, ERR_INPUT,
                          i ? "After | comes a filter: grep, head, tail, "
                              "sort, uniq, wc or cut."
                            : "Before | comes a command, for example: logs");
    if (!first->n)
        return ERR_OK;
    if (p->n == 1 && is_answer(c, first, line))
        return ERR_OK;
    c->piped = p->n > 1;
    enum err e = run_command(c, first, line);
    return e == ERR_OK && c->piped ? filter_through(c->o, c->mem, p, c->why) : e;
}

/* Lines of `from` to the end of `to`. */
static void append(struct out *to, const struct out *from)
{
    size_t run = 0;
    enum tone t = TONE_NORMAL;
    for (size_t at = 0; at < from->text.len;) {
        while (run < from->nruns && from->runs[run].start <= at)
            t = (enum tone)from->runs[run++].tone;
        size_t end = run < from->nruns ? from->runs[run].start : from->text.len;
        size_t n = strcspn(from->text.s + at, "\n");
        if (at + n > end)
            n = end - at;
        out_add(to, t, "%.*s", (int)n, from->text.s + at);
        at += n;
        if (at < end && from->text.s[at] == '\n') {
            out_end(to);
            at++;
        }
    }
    if (from->lines > from->max_lines)
        to->lines += from->lines - from->max_lines;
}

static void say_error(struct call *c, struct out *out, const char *text)
{
    c->o = out;
    para(c, TONE_BAD, 0, text);
}

static enum err run_clean(const struct console_ctx *ctx, const char *line,
                          struct out *out, struct effects *fx)
{
    struct arena mem = {0};
    struct errmsg why = {0};
    struct out said;
    struct parsed p;
    struct call c = {.ctx = ctx,
                     .w = ctx->world,
                     .rec = ctx->rec,
                     .mem = &mem,
                     .o = &said,
                     .fx = fx,
                     .why = &why};
    c.m = world_model(ctx->world);
    c.now = world_now(ctx->world);
    c.scene = scene_of(ctx);
    out_init(&said);
    said.max_lines = RAW_LINES;
    said.columns = strchr(line, '|') ? 0 : (size_t)ctx->columns;
    enum err e = parse_line(line, &mem, &p, &why);
    if (e == ERR_OK)
        e = run_parsed(&c, &p, line);
    if (str_starts(why.text, "there "))
        why.text[0] = 'T'; /* the engine's sentences begin in the middle of ours */
    if (e == ERR_OK)
        append(out, &said);
    else
        say_error(&c, out, why.text[0] ? why.text : err_phrase(e));
    out_release(&said);
    arena_release(&mem);
    return e;
}

enum err console_run(const struct console_ctx *ctx, const char *line, struct out *out,
                     struct effects *fx)
{
    size_t n = strlen(line);
    if (n > CONSOLE_LINE_MAX) {
        out_line(out, TONE_BAD,
                 "That line is %zu bytes long; at most %d are read. Nothing was done.",
                 n, CONSOLE_LINE_MAX);
        return ERR_INPUT;
    }
    struct buf clean;
    buf_init(&clean, 0);
    text_clean(&clean, line, n, false);
    enum err e = run_clean(ctx, clean.s, out, fx);
    buf_release(&clean);
    if (e != ERR_OK)
        effects_release(fx);
    return e;
}
