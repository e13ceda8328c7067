/*
 * improve: the improvements that may be chosen before anything breaks, where a lesson has a
 * budget of them. Bare: what there is to choose from.
 */
#include "console_internal.h"

#include <string.h>
#include <strings.h>

static bool chosen(const struct call *c, size_t i)
{
    return c->ctx->improved & (uint32_t)1 << i;
}

static size_t chosen_count(const struct call *c)
{
    size_t n = 0;
    for (size_t i = 0; i < c->ctx->nimprovements; i++)
        n += chosen(c, i);
    return n;
}

static void put_budget(struct call *c)
{
    struct buf b;
    buf_init(&b, 32);
    clock_format(&b, c->ctx->day_start, c->ctx->closes_at, false);
    size_t n = chosen_count(c);
    if (c->now >= c->ctx->closes_at)
        out_line(c->o, TONE_DIM, "%zu of %d were chosen. The list was closed at %s.", n,
                 c->ctx->budget, b.s);
    else
        out_line(c->o, TONE_DIM,
                 "%zu of %d chosen. improve NAME chooses one, for good, until %s.", n,
                 c->ctx->budget, b.s);
    buf_release(&b);
}

static enum err list(struct call *c)
{
    struct out_table t;
    table_init(&t, c->o, "NAME|WHAT IS DONE|IT TAKES");
    for (size_t i = 0; i < c->ctx->nimprovements; i++) {
        const struct improvement_offer *f = &c->ctx->improvements[i];
        table_cell(&t, chosen(c, i) ? TONE_GOOD : TONE_STRONG, "%s%s", f->id,
                   chosen(c, i) ? " (chosen)" : "");
        table_cell(&t, TONE_NORMAL, "%s", f->text);
        table_cell(&t, TONE_DIM, "%s", f->effort ? f->effort : "-");
    }
    table_print(&t);
    put_budget(c);
    return ERR_OK;
}

static enum err offer_named(struct call *c, const char *id, size_t *out)
{
    const char *names[32];
    size_t n = c->ctx->nimprovements;
    for (size_t i = 0; i < n && i < COUNT_OF(names); i++) {
        names[i] = c->ctx->improvements[i].id;
        *out = i;
        if (strcasecmp(names[i], id) == 0)
            return ERR_OK;
    }
    const char *near =
        text_suggest(id, names, n < COUNT_OF(names) ? n : COUNT_OF(names));
    return near ? refuse(c, ERR_NOT_FOUND,
                         "There is no improvement %s. Did you mean %s?", id, near)
                : refuse(
                      c, ERR_NOT_FOUND,
                      "There is no improvement %s. Type improve alone: it lists them.",
                      id);
}

/* Once the list is closed, or the budget is used up, nothing can be chosen. */
static enum err may_choose(struct call *c, size_t more)
{
    size_t n = chosen_count(c);
    if (c->now >= c->ctx->closes_at)
        return refuse(c, ERR_REFUSED,
                      "The list is closed: what was chosen is what there is.");
    if (n + more > (size_t)c->ctx->budget)
        return refuse(c, ERR_REFUSED,
                      "There are %d improvements in all; %zu chosen so far.",
                      c->ctx->budget, n);
    return ERR_OK;
}

static enum err run(struct call *c)
{
    size_t which[8];
    if (c->ctx->nimprovements == 0)
        return refuse(c, ERR_REFUSED,
                      "Here nobody plans ahead: set and scale change things.");
    if (c->nargs == 0)
        return list(c);
    for (size_t i = 0; i < c->nargs; i++) {
        enum err e = offer_named(c, c->arg[i], &which[i]);
        if (e != ERR_OK)
            return e;
        for (size_t k = 0; k <= i; k++)
            if (k < i ? which[k] == which[i] : chosen(c, which[i]))
                return refuse(c, ERR_REFUSED, "%s is chosen already.",
                              c->ctx->improvements[which[i]].id);
    }
    enum err e = may_choose(c, c->nargs);
    for (size_t i = 0; e == ERR_OK && i < c->nargs; i++) {
        struct effect *x = fx_add(c, EFFECT_IMPROVE);
        x->number = (double)which[i];
        x->text = fx_text(c, strf(c, "Chosen, %zu of %d: %s", chosen_count(c) + i + 1,
                                  c->ctx->budget, c->ctx->improvements[which[i]].text));
        c->fx->changes = true;
    }
    return e;
}

static const struct command_wild wild[] = {
    {"docs", "The reliability backlog: what the next sprint is for"},
};
const struct command cmd_improve = {
    .info =
        {.name = "improve",
         .synopsis = "improve [NAME ...]",
         .doc =
             "Lists what can be improved ahead, or chooses some of it. For good, as "
             "far "
             "as a budget goes, where a lesson has one; the debrief says what each was "
             "worth.",
         .examples = "improve",
         .group = GROUP_ACT,
         .changes_world = true,
         WILD(wild)},
    .args = {ARG_IMPROVEMENT},
    .min_args = 0,
    .max_args = 8,
    .run = run,
};
