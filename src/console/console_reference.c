/*
 * The console's commands as a part of the authors' reference: Markdown, from the table that
 * `help` is made of.
 */
#include "truecode/console_reference.h"
#include "truecode/console.h"

static void lines(struct buf *out, const char *text)
{
    buf_adds(out, "```\n");
    buf_adds(out, text);
    buf_adds(out, "\n```\n\n");
}

void console_reference(struct buf *out)
{
    static const char *const groups[] = {[GROUP_LOOK] = "To look",
                                         [GROUP_ACT] = "To act",
                                         [GROUP_REASON] = "To reason and to tell",
                                         [GROUP_TIME] = "Time"};
    buf_adds(out,
             "## Console commands\n\nWhat a learner types, and what fixes, wrong turns "
             "and solutions are made of.\n\n");
    for (size_t g = 0; g < COUNT_OF(groups); g++)
        for (size_t i = 0; i < console_commands(); i++) {
            const struct command_info *c = console_command(i);
            if (c->group != (enum command_group)g)
                continue;
            buf_addf(out, "### command `%s`\n\n%s: `%s`\n\n%s\n\n", c->name, groups[g],
                     c->synopsis, c->doc);
            if (c->examples && *c->examples)
                lines(out, c->examples);
        }
}
