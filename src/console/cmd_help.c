/*
 * help: the tools of this lesson, all of them, or one of them whole. Everything it says
 * comes from the commands' descriptors; their examples are told with the names of
 * this world. Words of the trade are explained as the lesson does, or the list of
 * mechanisms.
 */
#include "act.h"
#include "console_internal.h"
#include "filter.h"
#include "lookup.h"

#include <string.h>
#include <strings.h>

static const struct {
    enum command_group group;
    const char *title;
} groups[] = {{GROUP_LOOK, "Look: changes nothing"},
              {GROUP_ACT, "Act: changes the system"},
              {GROUP_REASON, "Reason: your own words"},
              {GROUP_TIME, "Time"}};

static void row(struct call *c, const char *name, const char *doc, const char *stop)
{
    out_add(c->o, TONE_STRONG, "  %-9s ", name);
    out_line(c->o, TONE_NORMAL, "%.*s", (int)strcspn(doc, stop), doc);
}

static void list_all(struct call *c)
{
    for (size_t g = 0; g < COUNT_OF(groups); g++) {
        out_line(c->o, TONE_HEAD, "%s", groups[g].title);
        for (size_t i = 0; commands[i]; i++)
            if (commands[i]->info.group == groups[g].group)
                row(c, commands[i]->info.name, commands[i]->info.doc, ".");
    }
    out_line(c->o, TONE_HEAD, "Filters: they stand behind a |");
    for (size_t i = 0; filters[i]; i++)
        row(c, filters[i]->name, filters[i]->doc, ";");
    note(c, "help COMMAND says more. A bare word looks, an argument acts.");
}

static bool is_tool(const struct call *c, const char *name)
{
    for (size_t i = 0; i < c->ctx->ntools; i++)
        if (str_eq(c->ctx->tools[i], name))
            return true;
    return false;
}

static void list_tools(struct call *c)
{
    static const char *const on_call[] = {"suspect", "rule-out", "trigger", "resolve"};
    static const char *const guided[] = {"hint", "solution", "skip"};
    out_line(c->o, TONE_HEAD, "For this incident");
    for (size_t i = 0; i < c->ctx->ntools; i++) {
        const struct command *k = command_find(c->ctx->tools[i]);
        bool refused = false;
        for (size_t g = 0; c->ctx->on_call && g < COUNT_OF(guided); g++)
            refused |= str_eq(c->ctx->tools[i], guided[g]);
        if (k && !refused)
            row(c, k->info.name, k->info.doc, ".");
    }
    for (size_t i = 0; c->ctx->on_call && i < COUNT_OF(on_call); i++)
        if (!is_tool(c, on_call[i]))
            row(c, on_call[i], command_find(on_call[i])->info.doc, ".");
    note(c, "help COMMAND says more, help all lists every command. Tab completes.");
}

static void show_lines(struct call *c, const char *lines)
{
    while (*lines) {
        size_t n = strcspn(lines, "\n");
        para(c, TONE_ACCENT, 2, arena_strndup(c->mem, lines, n));
        lines += n + (lines[n] == '\n');
    }
}

static const char *param_now(struct call *c, comp_id comp, const struct param_desc *p)
{
    struct value v = world_get(c->w, comp, p->name);
    struct buf b;
    buf_init(&b, 0);
    value_format(c->m, p, &v, &b);
    size_t n = 0; /* typed form: "30 s" is a single word */
    for (size_t i = 0; i < b.len; i++)
        if (b.s[i] != ' ')
            b.s[n++] = b.s[i];
    const char *s = arena_strndup(c->mem, b.s, n);
    buf_release(&b);
    return s;
}

/* The first setting of a component that may be changed, as it is now: an example must
 * not be a cure. */
static void example_setting(struct call *c, comp_id comp, const char **path,
                            const char **value)
{
    const struct kind_desc *k = model_kind(c->m, comp);
    for (size_t i = 0; i < k->nparams && !*path; i++)
        if (param_is_setting(&k->params[i])) {
            *path = strf(c, "%s.%s", name_of(c, comp), k->params[i].name);
            *value = param_now(c, comp, &k->params[i]);
        }
}

/* A version of the service that does not run, so that an example does something; NULL:
 * all there is runs. */
static const char *other_version(const struct call *c, comp_id service)
{
    struct instance_view v;
    world_instance(c->w, service, 1, &v);
    for (size_t i = 0; i < model_versions(c->m, service); i++)
        if (!str_eq(model_version(c->m, service, i), v.version))
            return model_version(c->m, service, i);
    return NULL;
}

/* The first component that `k` can be done to; of one about versions, the first that
 * has another. COMP_NONE: none here. */
static comp_id first_target(const struct call *c, const struct command *k)
{
    comp_id v[COMPS_MAX];
    size_t n = op_targets(c, op_name(k), v, COMPS_MAX);
    for (size_t i = 0; i < n && k->args[1] == ARG_VERSION; i++)
        if (is_kind(c, v[i], "service") && other_version(c, v[i]))
            return v[i];
    for (size_t i = 0; i < n; i++) /* the usual subject */
        if (is_kind(c, v[i], "service"))
            return v[i];
    return n ? v[0] : COMP_NONE;
}

/* Whom an example of `k` is about: that, else a service; of an operation that nothing
 * here has, COMP_NONE. */
static comp_id example_comp(const struct call *c, const struct command *k)
{
    comp_id t = first_target(c, k), s = next_of(c, "service", COMP_NONE);
    if (t == COMP_NONE)
        return k->args[0] == ARG_OP || k->run == act_op ? COMP_NONE : s;
    return is_kind(c, t, "dns") ? s : t; /* a name is pointed to a service */
}

static const char *example_instance(const struct call *c, comp_id comp)
{
    comp_id s = is_kind(c, comp, "service") ? comp : next_of(c, "service", COMP_NONE);
    return comp == COMP_NONE || s == COMP_NONE ? NULL : inst_name(c, s, 1);
}

#define EXAMPLE_WORDS 20
struct example_word {
    const char *word, *is; /* NULL: this world has none, the word stays */
};

static const char *first_name(const struct call *c, const char *kind)
{
    comp_id id = next_of(c, kind, COMP_NONE);
    return id == COMP_NONE ? NULL : name_of(c, id);
}

/* The first index that is not a primary key's. */
static const char *example_index(const struct call *c)
{
    struct db_index_view v[2];
    for (comp_id t = next_of(c, "table", COMP_NONE); t != COMP_NONE;
         t = next_of(c, "table", t))
        if (world_db_indexes(c->w, t, v, COUNT_OF(v)) > 1)
            return arena_strdup(c->mem, v[1].name);
    return NULL;
}

/* Replaces an example's words in capitals by what they stand for, longer ones first. */
static void example_words(struct call *c, const struct command *k,
                          struct example_word *w)
{
    comp_id comp = example_comp(c, k), service = next_of(c, "service", COMP_NONE);
    comp_id flag = next_of(c, "flag", COMP_NONE);
    const char *path = NULL, *value = NULL, *state = NULL, *version = NULL;
    if (service != COMP_NONE)
        example_setting(c, service, &path, &value);
    if (flag != COMP_NONE)
        state = param_now(c, flag, &model_kind(c->m, flag)->params[0]);
    if (is_kind(c, comp, "service"))
        version = other_version(c, comp);
    if (!version && is_kind(c, comp, "service") && model_versions(c->m, comp))
        version = model_version(c->m, comp, 0);
    const struct example_word all[EXAMPLE_WORDS] = {
        {"COMPONENT.PARAMETER", path},
        {"COMPONENT", comp == COMP_NONE ? NULL : name_of(c, comp)},
        {"SUBSCRIPTION", first_name(c, "subscription")},
        {"CERTIFICATE", first_name(c, "certificate")},
        {"INSTANCE", example_instance(c, comp)},
        {"ENDPOINT", first_name(c, "endpoint")},
        {"DATABASE", first_name(c, "database")},
        {"COUNTER", first_name(c, "counter")},
        {"REPLICA", first_name(c, "replica")},
        {"SERVER", first_name(c, "replica")},
        {"BACKUP", first_name(c, "backup")},
        {"TABLE", first_name(c, "table")},
        {"INDEX", example_index(c)},
        {"VERSION", version},
        {"VALUE", value},
        {"CLOCK", first_name(c, "clock")},
        {"FLAG", first_name(c, "flag")},
        {"STATE", state},
        {"NAME", first_name(c, "dns")},
        {"JOB", first_name(c, "job")}};
    memcpy(w, all, sizeof all);
}

static const char *fill_in(const struct call *c, const char *line,
                           const struct example_word *w)
{
    struct buf b;
    buf_init(&b, 0);
    while (*line) {
        size_t i = 0;
        while (i < EXAMPLE_WORDS && !(w[i].is && str_starts(line, w[i].word)))
            i++;
        if (i < EXAMPLE_WORDS) {
            buf_adds(&b, w[i].is);
            line += strlen(w[i].word);
        } else {
            buf_addch(&b, *line++);
        }
    }
    const char *s = arena_strndup(c->mem, b.s, b.len);
    buf_release(&b);
    return s;
}

static void show_examples(struct call *c, const struct command *k)
{
    struct example_word w[EXAMPLE_WORDS];
    if (!k->info.examples || !*k->info.examples)
        return;
    example_words(c, k, w);
    out_line(c->o, TONE_HEAD, "Examples");
    show_lines(c, fill_in(c, k->info.examples, w));
}

const char *command_example(struct call *c, const struct command *k)
{
    struct example_word w[EXAMPLE_WORDS];
    example_words(c, k, w);
    const char *all = fill_in(c, k->info.examples ? k->info.examples : "", w);
    size_t n = strcspn(all, "\n");
    return n ? arena_strndup(c->mem, all, n) : strf(c, "help %s", c->label);
}

static void show_wild(struct call *c, const struct command *k)
{
    const struct command_info *info = &k->info;
    comp_id comp = example_comp(c, k), target = first_target(c, k);
    const char *one = example_instance(c, comp);
    const char *name = target != COMP_NONE ? name_of(c, target)
                       : comp != COMP_NONE ? name_of(c, comp)
                                           : NULL;
    if (strstr(info->examples, "NAME") && first_name(c, "dns"))
        name = first_name(c, "dns");
    out_line(c->o, TONE_HEAD, "In real life");
    for (size_t i = 0; i < info->nwild; i++)
        para(c, TONE_DIM, 2, wild_line(c, info->wild[i].line, name, one, NULL));
    if (!info->nwild)
        out_line(c->o, TONE_DIM,
                 "  There is no such command: this one is for practice.");
}

static void show_options(struct call *c, const struct command *k)
{
    struct out_table t;
    if (!k->opts[0].name)
        return;
    table_init(&t, c->o, "Options|");
    for (size_t i = 0; i < OPTS_MAX && k->opts[i].name; i++) {
        table_cell(&t, TONE_STRONG, "  %s", k->opts[i].name);
        table_cell(&t, TONE_NORMAL, "%s", k->opts[i].doc);
    }
    table_print(&t);
}

/* Commands that may follow another, each with its purpose, in a line. */
static void show_subs(struct call *c, const struct command *k)
{
    struct out_table t;
    if (!k->subs)
        return;
    table_init(&t, c->o, "What may follow|");
    for (size_t i = 0; k->subs[i]; i++) {
        const struct command_info *info = &k->subs[i]->info;
        const char *usage = strstr(info->synopsis, info->name);
        table_cell(&t, TONE_STRONG, "  %.*s", (int)strcspn(usage, ","), usage);
        table_cell(&t, TONE_NORMAL, "%.*s", (int)strcspn(info->doc, ".;:"), info->doc);
    }
    table_print(&t);
}

static void show_command(struct call *c, const struct command *k)
{
    out_line(c->o, TONE_STRONG, "%s", k->info.synopsis);
    para(c, TONE_NORMAL, 2, k->info.doc);
    show_subs(c, k);
    show_options(c, k);
    show_examples(c, k);
    show_wild(c, k);
}

static void show_filter(struct call *c, const struct filter *f)
{
    out_line(c->o, TONE_STRONG, "COMMAND | %s", f->synopsis);
    para(c, TONE_NORMAL, 2, f->doc);
}

/* A word of the trade: the lesson's own explanation, else what can be wrong. */
static const char *meaning_of(const struct call *c, const char *word)
{
    for (size_t i = 0; i < c->ctx->nterms; i++)
        if (strcasecmp(c->ctx->terms[i].word, word) == 0)
            return c->ctx->terms[i].meaning;
    enum mechanism m = mechanism_find(word);
    return m < MECHANISM_COUNT ? mechanism_doc(m) : glossary_meaning(word);
}

static enum err show_meaning(struct call *c, const char *word, const char *meaning)
{
    out_line(c->o, TONE_STRONG, "%s", word);
    para(c, TONE_NORMAL, 2, meaning);
    return ERR_OK;
}

static void show_terms(struct call *c)
{
    struct buf b;
    if (!c->ctx->nterms)
        return;
    buf_init(&b, 0);
    for (size_t i = 0; i < c->ctx->nterms; i++)
        buf_addf(&b, "%s%s", i ? ", " : "", c->ctx->terms[i].word);
    para(c, TONE_DIM, 0, strf(c, "Words explained here (help WORD): %s.", b.s));
    buf_release(&b);
}

/* Commands, filters and words, all that there is help for. */
static enum err no_help(struct call *c, const char *word)
{
    size_t n, all = 0;
    const char *const *commands_here = command_names(&n);
    const char **names =
        arena_alloc(c->mem, (n + c->ctx->nterms + MECHANISM_COUNT) * sizeof *names);
    for (size_t i = 0; i < n; i++)
        names[all++] = commands_here[i];
    for (size_t i = 0; i < c->ctx->nterms; i++)
        names[all++] = c->ctx->terms[i].word;
    for (size_t i = 0; i < MECHANISM_COUNT; i++)
        names[all++] = mechanism_words()[i];
    const char *near = text_suggest(word, names, all);
    if (near)
        return refuse(c, ERR_NOT_FOUND, "There is no help for %s; did you mean %s?",
                      word, near);
    return refuse(c, ERR_NOT_FOUND, "There is no help for %s; help all lists commands.",
                  word);
}

/* Turns backticks, in which a lesson's text has what is to be typed, into quotes.
 */
static const char *quoted_words(struct call *c, const char *text)
{
    char *says = arena_strdup(c->mem, text);
    for (char *p = says; *p; p++)
        *p = *p == '`' ? '"' : *p;
    return says;
}

/* "idle in transaction" is one word of the trade. */
static const char *words_of(const struct call *c)
{
    const char *all = c->arg[0];
    for (size_t i = 1; i < c->nargs; i++)
        all = strf(c, "%s %s", all, c->arg[i]);
    return all;
}

/* "db", "db failover", "queue dead replay". */
static const struct command *command_said(struct call *c, const char *words)
{
    const struct command *k = NULL;
    for (size_t n; *words; words += n + (words[n] == ' ')) {
        n = strcspn(words, " ");
        const char *word = arena_strndup(c->mem, words, n);
        k = k ? command_sub(k, word) : command_find(word);
        if (!k)
            return NULL;
    }
    return k;
}

static enum err run(struct call *c)
{
    const char *word = c->nargs ? words_of(c) : NULL, *meaning;
    if (!word && c->ctx->ntools)
        list_tools(c);
    else if (!word || str_eq(word, "all"))
        list_all(c);
    else if (command_said(c, word))
        show_command(c, command_said(c, word));
    else if (filter_find(word))
        show_filter(c, filter_find(word));
    else if ((meaning = meaning_of(c, word)))
        return show_meaning(c, word, meaning);
    else
        return no_help(c, word);
    if (!word)
        show_terms(c);
    if (!word && c->ctx->step_say && !c->piped) {
        out_end(c->o);
        para(c, TONE_NORMAL, 0, quoted_words(c, c->ctx->step_say));
    }
    return ERR_OK;
}

static const struct command_wild wild[] = {
    {"kubectl", "kubectl help"},
    {"man", "man journalctl"},
};
const struct command cmd_help = {
    .info = {.name = "help",
             .synopsis = "help [COMMAND|WORD|all]",
             .doc = "What you can type. The commands this incident needs; all of them "
                    "with help all; one of them with its options and examples; a word "
                    "of the trade, explained.",
             .examples = "help\nhelp logs\nhelp retry-storm\nhelp all",
             .group = GROUP_LOOK,
             WILD(wild)},
    .args = {ARG_COMMAND},
    .max_args = 4,
    .run = run,
};
