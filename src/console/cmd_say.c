/*
 * say: a status update for people. Who is affected, since when, how many, in which
 * state it is, and when the next update comes; each may be "not known yet".
 */
#include "console_internal.h"

#include <string.h>

static int field_index(const char *name, size_t n)
{
    const char *const *fields = update_field_words();
    for (int i = 0; i < UPDATE_FIELD_COUNT; i++)
        if (strlen(fields[i]) == n && !strncmp(fields[i], name, n))
            return i;
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
    const char *near = text_suggest(word + strspn(word, "-"), update_field_words(),
                                    UPDATE_FIELD_COUNT);
    if (near)
        return refuse(c, ERR_INPUT, "An update has no %s; did you mean --%s?", word,
                      near);
    return refuse(
        c, ERR_INPUT,
        "%s belongs to no field: an update is not free text. For example: say --who "
        "everybody --state investigating --next 15m. The other fields: --since, "
        "--impact.",
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
    for (enum update_field i = 0; i < UPDATE_FIELD_COUNT; i++)
        if (v[i] && !*v[i])
            return refuse(c, ERR_INPUT, "--%s is empty: %s.", update_field_word(i),
                          update_field_says(i));
    return ERR_OK;
}

static enum err check_state(struct call *c, const char *state)
{
    const char *const *states = update_state_words();
    for (size_t i = 0; i < UPDATE_STATE_COUNT; i++)
        if (!state || str_eq(states[i], state))
            return ERR_OK;
    const char *near = text_suggest(state, states, UPDATE_STATE_COUNT);
    return refuse(c, ERR_INPUT,
                  "The state is investigating, mitigated, cured, recovered or closed; "
                  "not %s.%s%s%s",
                  state, near ? " Did you mean " : "", near ? near : "",
                  near ? "?" : "");
}

static void show_form(struct call *c)
{
    struct out_table t;
    table_init(&t, c->o, "FIELD|WHAT TO SAY");
    for (enum update_field i = 0; i < UPDATE_FIELD_COUNT; i++) {
        table_cell(&t, TONE_STRONG, "--%s", update_field_word(i));
        table_cell(&t, TONE_NORMAL, "%s", update_field_says(i));
    }
    table_print(&t);
    note(c, "%s", c->cmd->info.examples);
}

static enum err run(struct call *c)
{
    const char *v[UPDATE_FIELD_COUNT] = {NULL};
    if (!c->nargs) {
        show_form(c);
        return ERR_OK;
    }
    enum err e = read_fields(c, v);
    if (e == ERR_OK)
        e = check_state(c, v[UPDATE_state]);
    if (e != ERR_OK)
        return e;
    struct update *u = &fx_add(c, EFFECT_SAY)->update;
    for (enum update_field i = 0; i < UPDATE_FIELD_COUNT; i++)
        update_set(u, i, fx_text(c, v[i]));
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
                    "mitigated, cured, recovered or closed.",
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
             {"--state", ARG_STATE,
              "investigating, mitigated, cured, recovered or closed"},
             {"--next", ARG_TIME, "when the next update comes"}},
    .raw = true,
    .run = run,
};
