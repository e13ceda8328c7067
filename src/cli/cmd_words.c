/*
 * words: the glossary of the course, or one word of it.
 */
#include "cli_internal.h"

static int run(const struct cli_args *a)
{
    struct errmsg why = {0};
    struct library l;
    struct wire_answer words = {0};
    const struct wire_client_options o = {.jail = !option_given(a, OPT_NO_JAIL)};
    enum err e = library_read(&l, a, &why);
    if (e == ERR_OK) {
        e = library_words(&l, &o, a->nwords > 0 ? a->words[0] : "", &words, &why);
        library_release(&l);
    }
    if (e != ERR_OK) {
        complain("%s", why.text);
        return exit_code_of(e);
    }
    print("%s", words.text);
    wire_answer_release(&words);
    return LEAVE_OK;
}

const struct subcommand subcommand_words = {
    .name = "words",
    .synopsis = "words [WORD]",
    .doc = "what the words of the course mean",
    .examples = "truecode words\ntruecode words goodput\ntruecode words 'dead letter'",
    .options = HAS(NO_JAIL) | HAS(HELP),
    .words = WORD_NONE,
    .max_words = 1,
    .run = run,
};
