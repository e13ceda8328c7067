/*
 * play: what `truecode` alone does, too. Reads the options and chooses the face: screen,
 * script, plain lines.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- the command ----------------------------------------------------------------- */

static bool read_options(struct play *p, const struct cli_args *a)
{
    const char *mode = a->options[OPT_MODE], *speed = a->options[OPT_SPEED];
    p->jail = !option_given(a, OPT_NO_JAIL);
    p->anew = option_given(a, OPT_NEW) || option_given(a, OPT_DRAFT);
    p->seed_given = option_given(a, OPT_SEED);
    p->mode_given = option_given(a, OPT_MODE);
    if (!option_number(a, OPT_SEED, 0, &p->seed))
        return false;
    if (mode && !mode_parse(mode, &p->mode)) {
        complain("--mode is guided, on-call or blind, not '%s'", mode);
        return false;
    }
    char *end = NULL;
    p->speed = speed ? strtod(speed, &end) : 0;
    if (speed && (*end != '\0' || !(p->speed > 0 && p->speed <= 1000))) {
        complain("--speed wants a number above 0 and at most 1000, not '%s'", speed);
        return false;
    }
    p->glyphs = (enum glyphs)p->config->value[SET_GLYPHS];
    return true;
}

static bool wants_plain(const struct cli_args *a)
{
    const char *accessible = getenv("ACCESSIBLE"), *term = getenv("TERM");
    if (option_given(a, OPT_SCRIPT))
        return false;
    return option_given(a, OPT_PLAIN) || (accessible && strcmp(accessible, "1") == 0) ||
           !term || term[0] == '\0' || strcmp(term, "dumb") == 0 ||
           !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO);
}

static int play(const struct cli_args *a, struct config *config, bool draws)
{
    struct play p = {
        .args = a, .program = command("", NULL), .config = config, .draws = draws};
    if (!read_options(&p, a))
        return LEAVE_USAGE;
    const char *lesson = a->nwords > 0 ? a->words[0] : NULL;
    config_complain(config);
    buf_init(&p.text, LESSON_MAX_BYTES);
    buf_init(&p.name, 4096);
    p.store = store_open(NULL);
    store_probe(p.store);
    if (!lesson)
        runs_check(p.store, a);
    p.status = wants_plain(a) ? play_plain(&p, lesson) : play_full(&p, lesson);
    play_close(&p);
    wire_client_free(p.client);
    if (store_trouble(p.store))
        complain("%s", store_trouble(p.store));
    if (store_news(p.store))
        complain("%s", store_news(p.store));
    if (p.lost && (p.status == LEAVE_OK || p.status == LEAVE_INTERRUPTED))
        p.status = LEAVE_NOT_PASSED;
    store_close(p.store);
    buf_release(&p.text);
    buf_release(&p.name);
    return p.status;
}

int play_run(const struct cli_args *a, bool draws)
{
    struct config config;
    int status = config_read(&config, a) ? play(a, &config, draws) : LEAVE_USAGE;
    config_release(&config);
    return status;
}

static int run(const struct cli_args *a)
{
    return play_run(a, false);
}

const struct subcommand subcommand_play = {
    .name = "play",
    .synopsis =
        "play [LESSON|FILE|RUN] [--mode guided|on-call|blind] [--seed N] [--plain]",
    .doc = "play a lesson; without one: go on or choose",
    .about =
        "Opens the lesson, or goes on where it was left. Everything is written "
        "down as it "
        "happens: leave at any moment with Ctrl-C. A run that goes on keeps its "
        "mode and its seed; --new begins another. Of several runs of a lesson the "
        "one played last goes on; any other is named by its id, or the beginning "
        "of it, as progress shows it. With --draft a lesson that has no steps or fixes "
        "yet is walked through, and eval EXPRESSION asks the running system what a "
        "predicate would: eval s:good(min(1)). Without a terminal, with "
        "ACCESSIBLE=1 or TERM=dumb, it is played in lines, as with --plain.",
    .examples = "truecode\n"
                "truecode play all-green\n"
                "truecode play all-green --new --seed 7\n"
                "truecode play 20260323-2012\n"
                "truecode play my-lesson.lua --draft\n"
                "truecode play all-green --plain < answers.txt\n"
                "truecode play all-green --script keys.txt --dump --size 120x36",
    .options = HAS(MODE) | HAS(SEED) | HAS(NEW) | HAS(DRAFT) | HAS(PLAIN) | HAS(SPEED) |
               HAS(ASCII) | HAS(BRAILLE) | HAS(THEME) | HAS(MOUSE) | HAS(QUIET) |
               HAS(SCRIPT) | HAS(DUMP) | HAS(SIZE) | HAS(NO_JAIL) | HAS(TEST_SYNC) |
               HAS(HELP),
    .words = WORD_LESSON,
    .max_words = 1,
    .run = run,
};
