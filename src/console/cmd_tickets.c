/*
 * tickets: what people wrote, and what the pager said, oldest first.
 */
#include "console_internal.h"
#include "lookup.h"

static enum err run(struct call *c)
{
    for (size_t i = 0; i < c->ctx->ntickets; i++) {
        const struct ticket *t = &c->ctx->tickets[i];
        out_add(c->o, TONE_DIM, "%s  ", clock_of(c, t->at, false));
        out_line(c->o, t->page ? TONE_BAD : TONE_STRONG, "%s%s", t->who,
                 t->page ? " (page)" : "");
        para(c, TONE_NORMAL, 7, t->text);
    }
    if (!c->ctx->ntickets)
        out_line(c->o, TONE_NORMAL, "Nobody has written anything.");
    seen(c, "tickets");
    return ERR_OK;
}

static const struct command_wild wild[] = {
    {"pd", "pd incident list"},
    {"gh", "gh issue list --label incident"},
};
const struct command cmd_tickets = {
    .info = {.name = "tickets",
             .synopsis = "tickets",
             .doc = "What people wrote to you. Support, colleagues, the pager.",
             .examples = "tickets",
             .group = GROUP_LOOK,
             WILD(wild)},
    .run = run,
};
