/*
 * say: a status update for people. Who is affected, since when, how many, in which
 * state it is, and when the next update comes; each may be "not known yet".
 */
#include "console_internal.h"

#include <string.h>

static const char *const fields[] = {"who", "since", "impact", "state", "next"};
static const char *const asks[] = {"who is affected", "since when",
                                   "how many, or how much; \"not known yet\" is honest",
                                   "investigating, mitigated, cured or recovered",
                                   "when the next update comes"};
static const char *const states[] = {"investigating", "mitigated", "cured",
                                     "recovered"};

static int field_index(const char *name, size_t n)
{
    for (size_t i = 0; i < COUNT_OF(fields); i++)
        if (strlen(fields[i]) == n && !strncmp(fields[i], name, n))
            return (int)i;
    return -1;
}

/* "--who", "--who=x", "who=x": which field, and where its value begins (NULL: the next
 * words). -1: not the beginning of a field. */
static int field_of(const char *word, const char **value)
{
    bool dashes = str_starts(word, "--");
    const char *name = dashes ? word + 2 : word, *eq = strchr(name, '=');
    *value = eq ? eq + 1 : NULL;
    if (!dashes && !eq)
        return -1;
    return field_index(name, eq ? (size_t)(eq - name) : strlen(name));
}

static enum err unknown_field(struct call *c, const char *word)
{
    const char *near = text_suggest(word + strspn(word, "-"), fields, COUNT_OF(fields));
    if (near)
        return refuse(c, ERR_INPUT, "An update has no %s; did you mean --%s?", word,
                      near);
    return refuse(
        c, ERR_INPUT,
        "%s belongs to no field. The fields: --who, --since, --impact, --state, "
        "--next.",
        word);
}

/* A field's value runs to the next field, so quotes are not needed. */
static enum err read_fields(struct call *c, const char *v[])
{
    int field = -1;
    for (size_t i = 0; i < c->nargs; i++) {
        const char *value, *word = c->arg[i];
        int f = field_of(word, &value);
        if (f >= 0) {
            field = f;
            v[f] = value ? value : "";
        } else if (field < 0 || str_starts(word, "--")) {
            return unknown_field(c, word);
        } else {
            v[field] = *v[field] ? strf(c, "%s %s", v[field], word) : word;
        }
    }
    for (size_t i = 0; i < COUNT_OF(fields); i++)
        if (v[i] && !*v[i])
            return refuse(c, ERR_INPUT, "--%s is empty: %s.", fields[i], asks[i]);
    return ERR_OK;
}

static enum err check_state(struct call *c, const char *state)
{
    for (size_t i = 0; i < COUNT_OF(states); i++)
        if (!state || str_eq(states[i], state))
            return ERR_OK;
    const char *near = text_suggest(state, states, COUNT_OF(states));
    return refuse(
        c, ERR_INPUT,
        "The state is one of investigating, mitigated, cured, recovered; not %s.%s%s%s",
        state, near ? " Did you mean " : "", near ? near : "", near ? "?" : "");
}

static void show_form(struct call *c)
{
    struct out_table t;
    table_init(&t, c->o, "FIELD|WHAT TO SAY");
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        table_cell(&t, TONE_STRONG, "--%s", fields[i]);
        table_cell(&t, TONE_NORMAL, "%s", asks[i]);
    }
    table_print(&t);
    note(c, "%s", c->cmd->info.examples);
}

static enum err run(struct call *c)
{
    const char *v[COUNT_OF(fields)] = {NULL};
    if (!c->nargs) {
        show_form(c);
        return ERR_OK;
    }
    enum err e = read_fields(c, v);
    if (e == ERR_OK)
        e = check_state(c, v[3]);
    if (e != ERR_OK)
        return e;
    fx_add(c, EFFECT_SAY)->update =
        (struct update){fx_text(c, v[0]), fx_text(c, v[1]), fx_text(c, v[2]),
                        fx_text(c, v[3]), fx_text(c, v[4])};
    return ERR_OK;
}

static const struct command_wild wild[] = {
    {"statuspage", "curl -X POST https://api.statuspage.io/v1/pages/PAGE/incidents "
                   "-H 'Authorization: OAuth KEY' -d 'incident[name]=WHAT' "
                   "-d 'incident[status]=identified'"},
};
const struct command cmd_say = {
    .info = {.name = "say",
             .synopsis =
                 "say --who WHO --since TIME --impact HOW_MANY --state STATE --next "
                 "TIME",
             .doc = "A status update for everybody who waits. Leave out what does not "
                    "apply; \"not known yet\" is an answer. STATE is investigating, "
                    "mitigated, cured or recovered.",
             .examples = "say --who WHO --since TIME --impact not known yet --state "
                         "investigating --next TIME",
             .group = GROUP_REASON,
             WILD(wild)},
    .args = {ARG_TEXT},
    .max_args = 90,
    /* For completion; the words are read here. */
    .opts = {{"--who", ARG_TEXT, "who is affected"},
             {"--since", ARG_TIME, "since when"},
             {"--impact", ARG_TEXT, "how many, or how much"},
             {"--state", ARG_STATE, "investigating, mitigated, cured or recovered"},
             {"--next", ARG_TIME, "when the next update comes"}},
    .raw = true,
    .run = run,
};
