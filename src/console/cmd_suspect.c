/*
 * suspect and rule-out: what the learner thinks it is, and is not, in one component and
 * one word of the course-wide list, with the evidence.
 */
#include "console_internal.h"
#include "lookup.h"

#include <string.h>

static enum err list(struct call *c)
{
    struct out_table t;
    table_init(&t, c->o, "MECHANISM|WHAT IT MEANS");
    for (int i = 0; i < MECHANISM_COUNT; i++) {
        table_cell(&t, TONE_STRONG, "%s", mechanism_word((enum mechanism)i));
        table_cell(&t, TONE_NORMAL, "%s", mechanism_doc((enum mechanism)i));
    }
    table_print(&t);
    note(c, "%s", c->cmd->info.synopsis);
    return ERR_OK;
}

static enum err read_mechanism(struct call *c, const char *word, enum mechanism *m)
{
    *m = mechanism_find(word);
    if (*m != MECHANISM_COUNT)
        return ERR_OK;
    const char *near = text_suggest(word, mechanism_words(), MECHANISM_COUNT);
    if (near)
        return refuse(c, ERR_NOT_FOUND, "%s is not on the list; did you mean %s?", word,
                      near);
    return refuse(c, ERR_NOT_FOUND, "%s is not on the list; suspect alone shows it.",
                  word);
}

/* The words after "because", as typed. */
static const char *because(struct call *c)
{
    const char *p = strstr(c->text, "because");
    while (p && p > c->text && (p[-1] != ' ' || (p[7] && p[7] != ' ')))
        p = strstr(p + 1, "because");
    if (!p || p == c->text)
        return NULL;
    p += 7;
    return p + strspn(p, " ");
}

static enum err read_claim(struct call *c, enum effect_kind kind, bool whole_allowed)
{
    comp_id comp;
    enum mechanism m = MECHANISM_COUNT;
    const char *why = because(c);
    size_t n = 0;
    while (n < c->nargs && !str_eq(c->arg[n], "because"))
        n++;
    enum err e = need_comp(c, c->arg[0], &comp, NULL);
    if (e == ERR_OK && n > 1)
        e = read_mechanism(c, c->arg[1], &m);
    else if (e == ERR_OK && !whole_allowed)
        e = refuse(c, ERR_INPUT,
                   "Say what is wrong with it: suspect %s MECHANISM; suspect "
                   "alone lists them.",
                   c->arg[0]);
    if (e == ERR_OK && n > 2)
        e = refuse(c, ERR_INPUT,
                   "Put the evidence after the word because: %s %s %s because "
                   "...",
                   c->cmd->info.name, c->arg[0], c->arg[1]);
    if (e != ERR_OK)
        return e;
    struct effect *f = fx_add(c, kind);
    f->comp = comp;
    f->mechanism = m;
    f->text = fx_text(c, why ? why : "");
    return ERR_OK;
}

static enum err run_suspect(struct call *c)
{
    return c->nargs ? read_claim(c, EFFECT_SUSPECT, false) : list(c);
}

static enum err run_rule_out(struct call *c)
{
    return c->nargs ? read_claim(c, EFFECT_RULE_OUT, true) : list(c);
}

static const struct command_wild wild[] = {
    {"gh",
     "gh issue comment 123 --body 'Suspect: COMPONENT, bad config. Evidence: time-outs "
     "since the change of 14:02.'"},
};
const struct command cmd_suspect = {
    .info =
        {.name = "suspect",
         .synopsis = "suspect COMPONENT MECHANISM because EVIDENCE",
         .doc =
             "Says what you think it is. A component and one word from the list (the "
             "bare word shows it). What you have looked at by then is held against it "
             "at once, "
             "and is what it is worth in the end; because ... stays in your own words. "
             "At "
             "most two are open at a time.",
         .examples = "suspect\nsuspect COMPONENT MECHANISM because what you saw",
         .group = GROUP_REASON,
         WILD(wild)},
    .args = {ARG_COMPONENT, ARG_MECHANISM, ARG_TEXT},
    .max_args = 90,
    .raw = true,
    .run = run_suspect,
};
const struct command cmd_rule_out = {
    .info =
        {.name = "rule-out",
         .synopsis = "rule-out COMPONENT [MECHANISM] [because EVIDENCE]",
         .doc = "Says what it is not, and why. A component as a whole, or one "
                "mechanism in it. What you have looked at by then is held against it.",
         .examples =
             "rule-out COMPONENT MECHANISM because what you saw\nrule-out COMPONENT",
         .group = GROUP_REASON,
         WILD(wild)},
    .args = {ARG_COMPONENT, ARG_MECHANISM, ARG_TEXT},
    .max_args = 90,
    .raw = true,
    .run = run_rule_out,
};
