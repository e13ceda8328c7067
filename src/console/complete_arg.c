/*
 * Completion by kind of argument: what the word at the cursor can become, from the model's
 * tables. One table (`args`) says it for every kind: the components of one or two of the
 * model's kinds, a list of words, or a function.
 */
#include "act.h"
#include "chart.h"
#include "complete.h"
#include "db.h"
#include "lookup.h"

#include <string.h>

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

static void offer_targets(struct completer *k)
{
    struct call *c = &k->call;
    const char *op = op_name(k->cmd);
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

static void offer_metrics(struct completer *k)
{
    if (word_before(k) != COMP_NONE)
        offer_metrics_of(k, word_before(k), "");
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
        if (ch->undoable)
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
bool acts_on_op(const struct command *cmd)
{
    return cmd->args[0] == ARG_OP || cmd->raw;
}

/* The further arguments of an operation: names of options, and what db sessions shows.
 */
void offer_op_args(struct completer *k)
{
    struct call *c = &k->call;
    const char *name = op_name(k->cmd);
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

/* Behind a parameter its values, behind an operation's target what the operation takes. */
static void offer_settings(struct completer *k)
{
    if (acts_on_op(k->cmd))
        offer_op_args(k);
    else
        offer_values(k);
}

/* Series of backups; the word itself may be a database, which stands for its only one. */
static void offer_backups(struct completer *k)
{
    offer_components(k, false, "backup");
    if (k->index < 2)
        offer_components(k, false, "database");
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

static void offer_mechanisms(struct completer *k)
{
    for (int i = 0; i < MECHANISM_COUNT; i++)
        offer(k, mechanism_word((enum mechanism)i), mechanism_doc((enum mechanism)i));
}

/* Commands, and words that help explains. */
static void offer_commands(struct completer *k)
{
    const struct console_ctx *ctx = k->call.ctx;
    size_t n;
    offer(k, "all", "every command");
    const char *const *names = command_names(&n);
    offer_words(k, names, n);
    for (size_t i = 0; i < ctx->nterms; i++)
        if (!strchr(ctx->terms[i].word, ' '))
            offer(k, ctx->terms[i].word, "a word, explained");
}

/* States of an incident; resolve takes those that end it. */
static void offer_states(struct completer *k)
{
    size_t first = str_eq(k->cmd->info.name, "resolve") ? UPDATE_ENDS : 0;
    offer_words(k, update_state_words() + first, UPDATE_STATE_COUNT - first);
}

/* ---- the table ------------------------------------------------------------------- */

static const char *const times[] = {"now", "5m", "10m", "30m", "1h", NULL};
static const char *const durations[] = {"10s", "30s", "1m", "5m", "10m", "25m", NULL};
static const char *const on_off[] = {"on", "off", NULL};

/* The words for a kind of argument: any of the three. */
struct arg {
    const char *kinds[2];     /* components of these kinds; "": of all */
    bool instances;           /* and single instances of them */
    const char *const *words; /* NULL at the end */
    void (*offer)(struct completer *k);
};
static const struct arg args[] = {
    [ARG_NONE] = {.words = NULL},
    [ARG_COMPONENT] = {.kinds = {""}},
    [ARG_INSTANCE] = {.kinds = {""}, .instances = true},
    [ARG_SERVICE] = {.kinds = {"service"}, .instances = true},
    [ARG_ENDPOINT] = {.kinds = {"endpoint"}},
    [ARG_OP] = {.offer = offer_targets},
    [ARG_PARAM] = {.offer = offer_params},
    [ARG_VALUE] = {.offer = offer_settings},
    [ARG_SERIES] = {.offer = offer_series},
    [ARG_METRIC] = {.offer = offer_metrics},
    [ARG_MECHANISM] = {.offer = offer_mechanisms},
    [ARG_COMMAND] = {.offer = offer_commands},
    [ARG_TRACE] = {.offer = offer_traces},
    [ARG_CHANGE] = {.offer = offer_changes},
    [ARG_FLAG] = {.kinds = {"flag"}},
    [ARG_ON_OFF] = {.words = on_off},
    [ARG_VERSION] = {.offer = offer_versions},
    [ARG_LEVEL] = {.words = log_level_words},
    [ARG_STATE] = {.offer = offer_states},
    [ARG_DATABASE] = {.kinds = {"database"}},
    [ARG_SERVER] = {.kinds = {"database", "replica"}},
    [ARG_TABLE] = {.kinds = {"table"}},
    [ARG_INDEX] = {.offer = offer_indexes},
    [ARG_BACKUP] = {.offer = offer_backups},
    [ARG_OF_DB] = {.offer = offer_servers},
    [ARG_COPY] = {.kinds = {"backup", "replica"}},
    [ARG_MIGRATION] = {.words = db_migrations},
    [ARG_SUBSCRIPTION] = {.kinds = {"subscription"}, .instances = true},
    [ARG_JOB] = {.kinds = {"job"}},
    [ARG_CACHE_VIEW] = {.words = cache_views},
    [ARG_PERSON] = {.offer = offer_people},
    [ARG_IMPROVEMENT] = {.offer = offer_improvements},
    [ARG_TOPIC] = {.offer = offer_topics},
    [ARG_TIME] = {.words = times},
    [ARG_DURATION] = {.words = durations},
    [ARG_TEXT] = {.words = NULL},
};
_Static_assert(COUNT_OF(args) == ARG_KINDS, "each kind of argument has a line");

void offer_arg(struct completer *k, enum arg_kind kind)
{
    const struct arg *a = &args[kind];
    for (size_t i = 0; i < COUNT_OF(a->kinds) && a->kinds[i]; i++)
        offer_components(k, a->instances, a->kinds[i][0] ? a->kinds[i] : NULL);
    if (a->words)
        offer_list(k, a->words);
    if (a->offer)
        a->offer(k);
}
