/*
 * sheet: the incident sheet as it stands. The commands that state its lines have a file
 * each; what they have in common is here.
 */
#include "console_internal.h"

enum err state_line(struct call *c)
{
    struct effect *f = fx_add(c, EFFECT_STATE);
    f->line = c->cmd->info.name;
    f->text = fx_text(c, c->nargs == 1 ? c->arg[0] : c->text);
    return ERR_OK;
}

static enum err run(struct call *c)
{
    fx_add(c, EFFECT_SHEET);
    return ERR_OK;
}

static const struct command_wild wild[] = {
    {"docs", "the incident document: impact, start, cause, timeline, next update"},
};
const struct command cmd_sheet = {
    .info = {.name = "sheet",
             .synopsis = "sheet",
             .doc = "Shows your incident sheet. Who is hurt, since when, how much, "
                    "what it may be, what began it, how it stands. say posts what "
                    "stands there; the debrief compares it with what was true.",
             .examples = "sheet",
             .group = GROUP_REASON,
             WILD(wild)},
    .run = run,
};
