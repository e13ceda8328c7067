/*
 * on-call: a night drawn blind among the lessons that were finished.
 */
#include "cli_internal.h"

static int run(const struct cli_args *a)
{
    return play_run(a, true);
}

const struct subcommand subcommand_oncall = {
    .name = "on-call",
    .synopsis = "on-call [--seed N] [--new] [--plain]",
    .doc = "a night drawn blind among the lessons you finished",
    .about =
        "Draws one of the lessons that you finished, and a night; which it is, you "
        "are told in the debrief. On some nights nothing is wrong: then whoever "
        "changes anything has lost, and to look, say hurt nobody and resolve closed "
        "is all there is to do. The seed decides all of it. A drawn night that was "
        "left goes on; --new draws another. One lesson that you name, alone on "
        "another night: play LESSON --mode on-call.",
    .examples = "truecode on-call\n"
                "truecode on-call --new --seed 7\n"
                "truecode play all-green --mode on-call",
    .options = HAS(SEED) | HAS(NEW) | HAS(PLAIN) | HAS(SPEED) | HAS(ASCII) |
               HAS(BRAILLE) | HAS(THEME) | HAS(MOUSE) | HAS(QUIET) | HAS(SCRIPT) |
               HAS(DUMP) | HAS(SIZE) | HAS(NO_JAIL) | HAS(TEST_SYNC) | HAS(HELP),
    .run = run,
};
