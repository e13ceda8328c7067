/*
 * check: does a lesson load, does its world build for some seeds, and can at its page be
 * done and asked what it holds for later? Quick, for authors; the proof of a lesson is
 * `prove`.
 */
#include "cli_internal.h"

#include <stdio.h>
#include <string.h>

/* Each line that the worker wrote, as a complaint of its own. */
static void complain_lines(const char *text)
{
    for (const char *end; *text && (end = strchr(text, '\n')); text = end + 1)
        complain("%.*s", (int)(end - text), text);
}

static int check(const char *word, const struct cli_args *a, unsigned seeds)
{
    struct errmsg why = {0};
    struct buf text, name;
    struct wire_answer answer = {0};
    buf_init(&text, LESSON_MAX_BYTES);
    buf_init(&name, 4096);
    enum err e = lesson_take(a, word, &text, &name, &why);
    if (e == ERR_OK) {
        struct wire_client *c = wire_client_new(
            &(struct wire_client_options){.jail = !option_given(a, OPT_NO_JAIL)});
        e = wire_client_open(c,
                             &(struct wire_request){.op = WIRE_VALIDATE,
                                                    .name = name.s,
                                                    .text = text.s,
                                                    .len = text.len,
                                                    .seed = 1,
                                                    .draft = option_given(a, OPT_DRAFT),
                                                    .count = seeds},
                             &answer, &why);
        if (e == ERR_OK && answer.err != ERR_OK)
            e = errmsg_set(&why, answer.err, "%s", answer.error);
        wire_client_free(c);
    }
    if (e == ERR_OK && option_given(a, OPT_DRAFT))
        print(
            "%s: %s. What there is of it works at its page. %u worlds built. %s walks "
            "through it.\n",
            name.s, answer.cards[0].title, seeds, command("play --draft", word).s);
    else if (e == ERR_OK)
        print("%s: %s. Every function and console line works at its page. %u worlds "
              "built. %s proves it.\n",
              name.s, answer.cards[0].title, seeds, command("prove", word).s);
    else if (answer.text && *answer.text)
        complain_lines(answer.text);
    else
        complain("%s", why.text);
    wire_answer_release(&answer);
    buf_release(&text);
    buf_release(&name);
    return exit_code_of(e);
}

static int run(const struct cli_args *a)
{
    uint64_t seeds;
    int status = LEAVE_OK;
    if (!option_number(a, OPT_SEEDS, 5, &seeds))
        return LEAVE_USAGE;
    for (size_t i = 0; i < a->nwords; i++) {
        int one = check(a->words[i], a, seeds > 1000 ? 1000 : (unsigned)seeds);
        status = one != LEAVE_OK ? one : status;
    }
    return status;
}

const struct subcommand subcommand_check = {
    .name = "check",
    .synopsis = "check FILE... [--draft] [--seeds N]",
    .doc = "does a lesson load, build its world and fit together?",
    .about = "Loads the file, builds worlds, runs one to the page and tries there "
             "what the file holds for later: each predicate and value is asked, each "
             "console line of a fix, a wrong turn and a solution is carried out. All "
             "that would fail is told, by file and line.",
    .examples = "truecode check my-lesson.lua\n"
                "truecode check my-lesson.lua --draft",
    .options = HAS(SEEDS) | HAS(DRAFT) | HAS(NO_JAIL) | HAS(HELP),
    .words = WORD_FILE,
    .min_words = 1,
    .max_words = 100,
    .run = run,
};
