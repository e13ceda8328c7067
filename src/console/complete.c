/*
 * Completion: what the word at the cursor can become, from the commands' descriptors
 * and the model's tables. It never looks at a running world's secrets, only at names.
 */
#include "console_internal.h"

#include <assert.h>
#include <string.h>

#define WORDS_SHOWN 400

struct completer {
    struct call call; /* enough of one for the look_* questions */
    struct completions *out;
    const char *prefix;
    const struct stage *stage;
    size_t index;       /* of the word being completed */
    const char *before; /* "" or what stands before it in the word, "--since=" */
};

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
static void offer(struct completer *k, const char *word, const char *doc)
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

static void offer_words(struct completer *k, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        offer(k, words[i], NULL);
}

/* Offers the words of a list that ends with NULL. */
static void offer_list(struct completer *k, const char *const *words)
{
    for (size_t i = 0; words[i]; i++)
        offer(k, words[i], NULL);
}

/* ---- by kind of argument --------------------------------------------------------- */

static void offer_components(struct completer *k, bool instances, const char *only)
{
    struct call *c = &k->call;
    for (size_t i = 0; i < model_comps(c->m); i++) {
        comp_id id = (comp_id)i;
        const struct kind_desc *kind = model_kind(c->m, id);
        if (str_eq(kind->name, "call") || (only && !str_eq(kind->name, only)))
            continue;
        if (kind->nested && !only &&
            !str_starts(k->prefix, name_of(c, model_owner(c->m, id))))
            continue; /* nested ones only when their owner's name is there */
        offer(k, name_of(c, id), kind->name);
        for (int n = 1;
             instances && is_kind(c, id, "service") && n <= world_instances(c->w, id);
             n++)
            if (strlen(k->prefix) >= strlen(name_of(c, id)))
                offer(k, inst_name(c, id, n), "instance");
    }
}

static void offer_targets(struct completer *k, const char *op)
{
    struct call *c = &k->call;
    comp_id v[COMPS_MAX];
    size_t n = op_targets(c, op, v, COMPS_MAX);
    for (size_t i = 0; i < n; i++) {
        const struct op_desc *d = op_of(c, v[i], op);
        offer(k, name_of(c, v[i]), model_kind(c->m, v[i])->name);
        for (int j = 1; (!d || d->instance) && is_kind(c, v[i], "service") &&
                        j <= world_instances(c->w, v[i]);
             j++)
            offer(k, inst_name(c, v[i], j), "instance");
    }
}

/* A setting in words, and the cost of a change of it where that does not hold at
 * once. */
static const char *param_hint(struct call *c, const struct param_desc *p)
{
    if (p->change == CHANGE_AT_ONCE)
        return p->doc;
    return strf(c, "(%s) %s", change_word(p->change), p->doc);
}

static void offer_params(struct completer *k)
{
    struct call *c = &k->call;
    for (size_t i = 0; i < model_comps(c->m); i++) {
        const struct kind_desc *kind = model_kind(c->m, (comp_id)i);
        for (size_t p = 0; p < kind->nparams; p++)
            if (param_is_setting(&kind->params[p]))
                offer(k, strf(c, "%s.%s", name_of(c, (comp_id)i), kind->params[p].name),
                      param_hint(c, &kind->params[p]));
    }
}

static void offer_values(struct completer *k)
{
    struct call *c = &k->call;
    comp_id comp;
    const struct param_desc *p;
    if (k->index < 2 || model_resolve_param(c->m, k->stage->words[k->index - 1].s,
                                            &comp, &p, NULL) != ERR_OK)
        return;
    if (p->type == VALUE_BOOL) {
        offer(k, "on", p->doc);
        offer(k, "off", p->doc);
    }
    for (const char *s = p->choices; s && *s;) {
        size_t n = strcspn(s, "|");
        offer(k, arena_strndup(c->mem, s, n), p->doc);
        s += n + (s[n] == '|');
    }
    struct value v = world_get(c->w, comp, p->name);
    struct buf b;
    buf_init(&b, 0);
    value_format(c->m, p, &v, &b);
    if (p->type != VALUE_BOOL && !p->choices && !strchr(b.s, ' '))
        offer(k, b.s, "as it is");
    buf_release(&b);
}

static void offer_metrics_of(struct completer *k, comp_id comp, const char *before)
{
    struct call *c = &k->call;
    const struct kind_desc *kind = model_kind(c->m, comp);
    size_t n;
    const char *const *lat = chart_latencies(c, comp, &n);
    for (size_t i = 0; i < kind->nmetrics; i++)
        if (world_metric_applies(c->w, comp, i))
            offer(k, strf(c, "%s%s", before, kind->metrics[i].name),
                  kind->metrics[i].doc);
    for (size_t i = 0; i < n; i++)
        offer(k, strf(c, "%s%s", before, lat[i]), "latency of finished requests");
}

static void offer_series(struct completer *k)
{
    struct call *c = &k->call;
    for (comp_id i = next_of(c, "counter", COMP_NONE); i != COMP_NONE;
         i = next_of(c, "counter", i))
        offer(k, name_of(c, i), "business counter");
    for (size_t i = 0; i < model_comps(c->m); i++) {
        const char *name = name_of(c, (comp_id)i);
        if (is_kind(c, (comp_id)i, "counter"))
            continue;
        if (is_top(c, (comp_id)i))
            offer(k, name, model_kind(c->m, (comp_id)i)->name);
        if (str_starts(k->prefix, name) && k->prefix[strlen(name)] == '.')
            offer_metrics_of(k, (comp_id)i, strf(c, "%s.", name));
    }
}

static comp_id word_before(struct completer *k)
{
    comp_id comp;
    int instance;
    if (k->index < 2 || model_resolve(k->call.m, k->stage->words[k->index - 1].s, &comp,
                                      &instance, NULL) != ERR_OK)
        return COMP_NONE;
    return comp;
}

/* The servers of the database before the word. */
static void offer_servers(struct completer *k)
{
    struct call *c = &k->call;
    struct db_server_view v[64];
    comp_id db = word_before(k);
    size_t n = db == COMP_NONE ? 0 : world_db_servers(c->w, db, v, COUNT_OF(v));
    for (size_t i = 0; i < n && i < COUNT_OF(v); i++)
        if (v[i].role != SERVER_LEADS)
            offer(k, last_name(c, v[i].server), model_kind(c->m, v[i].server)->name);
}

/* Indexes of a table that stands before the word, by its whole name or its last. */
static void offer_indexes(struct completer *k)
{
    struct call *c = &k->call;
    struct db_index_view v[64];
    for (comp_id t = next_of(c, "table", COMP_NONE); t != COMP_NONE;
         t = next_of(c, "table", t)) {
        const char *said = k->index > 1 ? k->stage->words[1].s : "";
        if (!str_eq(said, name_of(c, t)) && !str_eq(said, last_name(c, t)))
            continue;
        size_t n = world_db_indexes(c->w, t, v, COUNT_OF(v));
        for (size_t i = 0; i < n && i < COUNT_OF(v); i++)
            if (!v[i].primary)
                offer(k, v[i].name, v[i].there ? "there" : "missing");
    }
}

static void offer_versions(struct completer *k)
{
    comp_id s = word_before(k);
    for (size_t i = 0; s != COMP_NONE && is_kind(&k->call, s, "service") &&
                       i < model_versions(k->call.m, s);
         i++)
        offer(k, model_version(k->call.m, s, i), "version");
}

static void offer_changes(struct completer *k)
{
    struct call *c = &k->call;
    for (size_t i = recording_changes(c->rec); i-- > 0;) {
        const struct change *ch = recording_change(c->rec, i);
        if (ch->has_undo)
            offer(k, strf(c, "%u", ch->id), ch->title);
    }
}

static void offer_traces(struct completer *k)
{
    struct call *c = &k->call;
    struct trace_filter f = {.comp = COMP_NONE, .to = c->now};
    struct trace_head *v = arena_alloc(c->mem, 40 * sizeof *v);
    size_t n = recording_traces(c->rec, &f, v, 40);
    while (n-- > 0)
        offer(k, strf(c, "%llx", (unsigned long long)v[n].request),
              v[n].endpoint == COMP_NONE ? "" : name_of(c, v[n].endpoint));
}

/* Commands named like an operation take its arguments. */
static bool acts_on_op(const struct command *cmd)
{
    return cmd->args[0] == ARG_OP || cmd->raw;
}

/* The further arguments of an operation: names of options, and what db sessions shows.
 */
static void offer_op_args(struct completer *k, const char *name)
{
    struct call *c = &k->call;
    comp_id comp;
    int instance;
    if (k->stage->n < 2 ||
        model_resolve(c->m, k->stage->words[1].s, &comp, &instance, NULL) != ERR_OK)
        return;
    const struct op_desc *op = op_of(c, comp, name);
    for (size_t i = 0; op && i < OP_ARGS && op->args[i].name; i++)
        if (op->args[i].type == VALUE_BOOL)
            offer(k, strf(c, "--%s", op->args[i].name), op->args[i].doc);
    if (str_eq(name, "kill")) {
        offer(k, "--idle-in-transaction",
              "all sessions that sit in an open transaction");
        for (comp_id s = next_owned(c, comp, "statement", COMP_NONE); s != COMP_NONE;
             s = next_owned(c, comp, "statement", s))
            offer(k, strrchr(name_of(c, s), '.') + 1, "all that run it");
    }
}

static void offer_people(struct completer *k)
{
    const struct console_ctx *ctx = k->call.ctx;
    for (size_t i = 0; i < ctx->npeople; i++)
        offer(k, ctx->people[i].id, ctx->people[i].role);
}

static void offer_improvements(struct completer *k)
{
    const struct console_ctx *ctx = k->call.ctx;
    for (size_t i = 0; i < ctx->nimprovements; i++)
        offer(k, ctx->improvements[i].id, ctx->improvements[i].text);
}

/* Every component is offered, so that the list gives nothing away. */
static void offer_topics(struct completer *k)
{
    const struct console_ctx *ctx = k->call.ctx;
    offer(k, "changes", "what that person changed");
    offer(k, "users", "how they are");
    for (size_t i = 0; i < ctx->npeople; i++)
        if (str_eq(ctx->people[i].id, k->stage->words[1].s))
            offer_words(k, ctx->people[i].topics, ctx->people[i].ntopics);
    offer_components(k, false, NULL);
}

static void offer_kind(struct completer *k, enum arg_kind kind,
                       const struct command *cmd)
{
    const char *const *states = update_state_words();
    bool ends = str_eq(cmd->info.name, "resolve");
    static const char *const times[] = {"now", "5m", "10m", "30m", "1h"};
    static const char *const durations[] = {"10s", "30s", "1m", "5m", "10m", "25m"};
    static const char *const on_off[] = {"on", "off"};
    size_t n;
    switch (kind) {
    case ARG_COMPONENT:
        offer_components(k, false, NULL);
        break;
    case ARG_INSTANCE:
        offer_components(k, true, NULL);
        break;
    case ARG_SERVICE:
        offer_components(k, true, "service");
        break;
    case ARG_ENDPOINT:
        offer_components(k, false, "endpoint");
        break;
    case ARG_FLAG:
        offer_components(k, false, "flag");
        break;
    case ARG_OP:
        offer_targets(k, op_name(cmd));
        break;
    case ARG_PARAM:
        offer_params(k);
        break;
    case ARG_VALUE:
        if (acts_on_op(cmd))
            offer_op_args(k, op_name(cmd));
        else
            offer_values(k);
        break;
    case ARG_VERSION:
        offer_versions(k);
        break;
    case ARG_SERIES:
        offer_series(k);
        break;
    case ARG_METRIC:
        if (word_before(k) != COMP_NONE)
            offer_metrics_of(k, word_before(k), "");
        break;
    case ARG_MECHANISM:
        for (int i = 0; i < MECHANISM_COUNT; i++)
            offer(k, mechanism_word((enum mechanism)i),
                  mechanism_doc((enum mechanism)i));
        break;
    case ARG_COMMAND:
        offer(k, "all", "every command");
        offer_words(k, command_names(&n), console_commands());
        for (size_t i = 0; i < k->call.ctx->nterms; i++)
            if (!strchr(k->call.ctx->terms[i].word, ' '))
                offer(k, k->call.ctx->terms[i].word, "a word, explained");
        break;
    case ARG_TRACE:
        offer_traces(k);
        break;
    case ARG_CHANGE:
        offer_changes(k);
        break;
    case ARG_ON_OFF:
        offer_words(k, on_off, COUNT_OF(on_off));
        break;
    case ARG_LEVEL:
        offer_list(k, log_level_words);
        break;
    case ARG_STATE:
        offer_words(k, ends ? states + UPDATE_ENDS : states,
                    ends ? UPDATE_STATE_COUNT - UPDATE_ENDS : UPDATE_STATE_COUNT);
        break;
    case ARG_DATABASE:
        offer_components(k, false, "database");
        break;
    case ARG_SERVER:
        offer_components(k, false, "database");
        offer_components(k, false, "replica");
        break;
    case ARG_OF_DB:
        offer_servers(k);
        break;
    case ARG_TABLE:
        offer_components(k, false, "table");
        break;
    case ARG_INDEX:
        offer_indexes(k);
        break;
    case ARG_BACKUP:
        offer_components(k, false, "backup");
        if (k->index < 2)
            offer_components(k, false, "database");
        break;
    case ARG_MIGRATION:
        offer_list(k, db_migrations);
        break;
    case ARG_SUBSCRIPTION:
        offer_components(k, true, "subscription");
        break;
    case ARG_JOB:
        offer_components(k, false, "job");
        break;
    case ARG_CACHE_VIEW:
        offer_list(k, cache_views);
        break;
    case ARG_PERSON:
        offer_people(k);
        break;
    case ARG_IMPROVEMENT:
        offer_improvements(k);
        break;
    case ARG_TOPIC:
        offer_topics(k);
        break;
    case ARG_TIME:
        offer_words(k, times, COUNT_OF(times));
        break;
    case ARG_DURATION:
        offer_words(k, durations, COUNT_OF(durations));
        break;
    case ARG_NONE:
    case ARG_TEXT:
        break;
    }
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
        offer_op_args(k, op_name(cmd));
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
            offer_kind(k, o->kind, cmd);
    } else if (o && o->kind != ARG_NONE) {
        offer_kind(k, o->kind, cmd);
    } else if (str_starts(k->prefix, "-")) {
        complete_options(k, cmd);
    } else {
        size_t i = position(k, cmd), slots = COUNT_OF(cmd->args);
        while (i >= slots || (i > 0 && cmd->args[i] == ARG_NONE && i < cmd->max_args))
            i--;
        offer_kind(k, cmd->args[i], cmd);
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
    complete_word(k, cmd);
    k->stage = NULL; /* it may have been `rest` */
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
