/*
 * doc: the reference for authors, made from the same tables that check a lesson.
 */
#include "cli_internal.h"

#include "truecode/lesson_reference.h"

static int run(const struct cli_args *a)
{
    struct buf b;
    (void)a;
    buf_init(&b, 0);
    lesson_reference(&b);
    print_raw(&b);
    buf_release(&b);
    return LEAVE_OK;
}

const struct subcommand subcommand_doc = {
    .name = "doc",
    .synopsis = "doc",
    .doc = "everything a lesson file may say, as Markdown",
    .examples = "truecode doc > reference.md",
    .options = HAS(MARKDOWN) | HAS(HELP),
    .run = run,
};
