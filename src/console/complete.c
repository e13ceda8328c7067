/*
 * Completion: where the cursor is, and which argument of which command stands there, from
 * the commands' descriptors. The words that fit are in complete_arg.c.
 */
#include "complete.h"
#include "filter.h"

#include <assert.h>
#include <string.h>

#define WORDS_SHOWN 400

void completions_release(struct completions *c)
{
    arena_release(&c->mem);
    *c = (struct completions){0};
}

static bool has_word(const struct completions *o, const char *word)
{
    for (size_t i = 0; i < o->n; i++)
        if (str_eq(o->words[i], word))
            return true;
    return false;
}

/* Only the first clause of a doc: it stands on one line beside the word. */
void offer(struct completer *k, const char *word, const char *doc)
{
    assert(word);
    struct completions *o = k->out;
    if (!str_starts(word, k->prefix) || o->n >= WORDS_SHOWN)
        return;
    word = arena_printf(&o->mem, "%s%s", k->before, word);
    if (has_word(o, word))
        return;
    size_t cap = o->cap; /* of both arrays */
    ARENA_GROW(&o->mem, o->words, o->n, cap);
    ARENA_GROW(&o->mem, o->docs, o->n, o->cap);
    o->words[o->n] = word;
    o->docs[o->n++] =
        arena_strndup(&o->mem, doc ? doc : "", doc ? strcspn(doc, ".;") : 0);
}

/* ---- where the cursor is --------------------------------------------------------- */

static const struct cmd_opt *find_opt(const struct command *cmd, const char *name,
                                      size_t n)
{
    for (size_t i = 0; i < OPTS_MAX && cmd->opts[i].name; i++)
        if (strlen(cmd->opts[i].name) == n && !strncmp(cmd->opts[i].name, name, n))
            return &cmd->opts[i];
    return NULL;
}

/* The number of the argument that the word is: options and their values do not
 * count. */
static size_t position(const struct completer *k, const struct command *cmd)
{
    size_t n = 0;
    for (size_t i = 1; i < k->index; i++) {
        const char *w = k->stage->words[i].s;
        if (!str_starts(w, "--")) {
            n++;
            continue;
        }
        const struct cmd_opt *o = find_opt(cmd, w, strlen(w));
        if (o && o->kind != ARG_NONE)
            i++;
    }
    return n;
}

static void complete_command(struct completer *k)
{
    struct call *c = &k->call;
    for (size_t i = 0; i < c->ctx->ntools; i++) {
        const struct command *cmd = command_find(c->ctx->tools[i]);
        if (cmd)
            offer(k, cmd->info.name, cmd->info.doc);
    }
    for (size_t i = 0; commands[i]; i++)
        offer(k, commands[i]->info.name, commands[i]->info.doc);
}

static void complete_options(struct completer *k, const struct command *cmd)
{
    for (size_t i = 0; i < OPTS_MAX && cmd->opts[i].name; i++)
        offer(k, cmd->opts[i].name, cmd->opts[i].doc);
    if (acts_on_op(cmd))
        offer_op_args(k);
}

static void complete_word(struct completer *k, const struct command *cmd)
{
    const char *eq = strchr(k->prefix, '=');
    const char *last = k->stage->words[k->index - 1].s;
    const struct cmd_opt *o = k->index > 1 ? find_opt(cmd, last, strlen(last)) : NULL;
    if (str_starts(k->prefix, "--") && eq) {
        o = find_opt(cmd, k->prefix, (size_t)(eq - k->prefix));
        k->before = arena_strndup(k->call.mem, k->prefix, (size_t)(eq - k->prefix) + 1);
        k->prefix = eq + 1;
        if (o)
            offer_arg(k, o->kind);
    } else if (o && o->kind != ARG_NONE) {
        offer_arg(k, o->kind);
    } else if (str_starts(k->prefix, "-")) {
        complete_options(k, cmd);
    } else {
        size_t i = position(k, cmd), slots = COUNT_OF(cmd->args);
        while (i >= slots || (i > 0 && cmd->args[i] == ARG_NONE && i < cmd->max_args))
            i--;
        offer_arg(k, cmd->args[i]);
    }
}

/* Completes behind a command: its own words, or a command that follows it and the words
 * of that one. */
static void complete_behind(struct completer *k, const struct command *cmd)
{
    struct stage rest = *k->stage;
    const struct command *sub;
    while (k->index > 1 && (sub = command_sub(cmd, rest.words[1].s))) {
        cmd = sub;
        rest.words++;
        rest.n--;
        k->index--;
    }
    k->stage = &rest;
    for (size_t i = 0; k->index == 1 && cmd->subs && cmd->subs[i]; i++)
        offer(k, cmd->subs[i]->info.name, cmd->subs[i]->info.doc);
    k->out->usage = cmd->info.synopsis;
    k->cmd = cmd;
    complete_word(k, cmd);
    k->stage = NULL; /* the stage may have been `rest` */
}

static void complete_stage(struct completer *k, const struct parsed *p, size_t cursor)
{
    const struct stage *st = &p->stages[p->n - 1];
    size_t i = 0;
    while (i < st->n && st->words[i].end < cursor)
        i++;
    k->stage = st;
    k->index = i;
    bool inside = i < st->n && st->words[i].start < cursor;
    k->prefix = inside ? st->words[i].s : "";
    k->out->start = inside ? st->words[i].start : cursor;
    if (p->n > 1) {
        const struct filter *f = i ? filter_find(st->words[0].s) : NULL;
        k->out->usage = f ? f->synopsis : NULL;
        for (size_t j = 0; !i && filters[j]; j++)
            offer(k, filters[j]->name, filters[j]->doc);
        return;
    }
    if (!i) {
        complete_command(k);
        return;
    }
    const struct command *cmd = command_find(st->words[0].s);
    if (cmd)
        complete_behind(k, cmd);
}

void console_complete(const struct console_ctx *ctx, const char *line, size_t cursor,
                      struct completions *out)
{
    assert(cursor <= strlen(line));
    struct arena mem = {0};
    struct parsed p;
    *out = (struct completions){0};
    if (strlen(line) > CONSOLE_LINE_MAX)
        return;
    if (cursor > strlen(line))
        cursor = strlen(line);
    out->start = cursor;
    struct errmsg why = {0};
    struct completer k = {.out = out, .before = "", .prefix = ""};
    k.call = (struct call){
        .ctx = ctx, .w = ctx->world, .rec = ctx->rec, .mem = &mem, .why = &why};
    k.call.m = world_model(ctx->world);
    k.call.now = world_now(ctx->world);
    k.call.scene = scene_of(ctx);
    const char *head = arena_strndup(&mem, line, cursor);
    if (parse_line(head, &mem, &p, &why) == ERR_OK)
        complete_stage(&k, &p, cursor);
    arena_release(&mem);
}
