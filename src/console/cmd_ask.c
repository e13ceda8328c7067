/*
 * ask: a question to somebody who stands around the incident. Who knows is up to the
 * lesson; what is answered is what that person can know.
 */
#include "console_internal.h"

#include <string.h>
#include <strings.h>

static enum err list_people(struct call *c)
{
    struct out_table t;
    if (c->ctx->npeople == 0) {
        out_line(c->o, TONE_NORMAL, "There is nobody to ask tonight.");
        return ERR_OK;
    }
    table_init(&t, c->o, "PERSON|WHO IS IT");
    for (size_t i = 0; i < c->ctx->npeople; i++) {
        table_cell(&t, TONE_STRONG, "%s", c->ctx->people[i].name);
        table_cell(&t, TONE_NORMAL, "%s", c->ctx->people[i].role);
    }
    table_print(&t);
    note(c, "ask NAME ABOUT: about a component, changes, or users");
    return ERR_OK;
}

/* The number of the person so called; npeople: nobody is. */
static size_t person_called(const struct call *c, const char *name)
{
    size_t i = 0;
    while (i < c->ctx->npeople && strcasecmp(c->ctx->people[i].id, name) != 0 &&
           strcasecmp(c->ctx->people[i].name, name) != 0)
        i++;
    return i;
}

static enum err nobody(struct call *c, const char *name)
{
    const char *names[32];
    size_t n = 0;
    for (; n < c->ctx->npeople && n < COUNT_OF(names); n++)
        names[n] = c->ctx->people[n].name;
    if (n == 0)
        return refuse(c, ERR_NOT_FOUND, "There is nobody to ask tonight.");
    const char *near = text_suggest(name, names, n);
    if (near)
        return refuse(c, ERR_NOT_FOUND, "Nobody here is called %s. Did you mean %s?",
                      name, near);
    return refuse(c, ERR_NOT_FOUND,
                  "Nobody here is called %s. Type ask alone: it lists the people.",
                  name);
}

/* "about the pay-retry" asks about pay-retry. */
static const char *subject(struct call *c)
{
    static const char *const fill[] = {"about", "the", "if", "why"};
    const char *text = NULL;
    for (size_t i = 1; i < c->nargs; i++) {
        bool skip = false;
        for (size_t f = 0; f < COUNT_OF(fill); f++)
            skip |= strcasecmp(c->arg[i], fill[f]) == 0;
        if (!skip)
            text = text ? strf(c, "%s %s", text, c->arg[i]) : c->arg[i];
    }
    size_t n = text ? strlen(text) : 0;
    return n > 1 && text[n - 1] == '?' ? strf(c, "%.*s", (int)(n - 1), text) : text;
}

static enum err run(struct call *c)
{
    if (c->nargs == 0)
        return list_people(c);
    size_t i = person_called(c, c->arg[0]);
    if (i == c->ctx->npeople)
        return nobody(c, c->arg[0]);
    const char *about = subject(c);
    struct effect *x = fx_add(c, EFFECT_ASK);
    x->number = (double)i;
    x->text = about ? fx_text(c, about) : NULL;
    return ERR_OK;
}

const struct command cmd_ask = {
    .info = {.name = "ask",
             .synopsis = "ask [NAME [ABOUT]]",
             .doc = "Asks somebody. ABOUT is a component, \"changes\" or \"users\". "
                    "People answer what they can know. Alone it lists who is there.",
             .examples = "ask",
             .group = GROUP_REASON},
    .args = {ARG_PERSON, ARG_TOPIC},
    .max_args = 20,
    .run = run,
};
