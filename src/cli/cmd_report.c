/*
 * report: the post-mortem of a run, played again from its tape.
 */
#include "cli_internal.h"

/* Only what is over is told: a report names the cause and what would have worked. */
static enum err ask_report(struct replayed *r, struct errmsg *why)
{
    bool finished = r->booked && r->run.finished != 0; /* even if rewound since */
    if (!r->a.over && !finished)
        return errmsg_set(why, ERR_REFUSED,
                          "this run is not over, and its report would tell the end; "
                          "go on with: %s",
                          command("play", r->a.lesson).s);
    return replayed_report(r, why);
}

static int run(const struct cli_args *a)
{
    struct errmsg why = {0};
    struct replayed r;
    enum err e = replayed_open(
        &r,
        &(struct replay_options){
            .word = a->nwords > 0 ? a->words[0] : NULL, .finished = true, .args = a},
        &why);
    if (e == ERR_OK)
        e = ask_report(&r, &why);
    if (e == ERR_OK) {
        struct buf b;
        buf_init(&b, 0);
        buf_adds(&b, r.a.text);
        print_raw(&b);
        buf_release(&b);
    } else {
        complain("%s", why.text);
    }
    replayed_release(&r);
    return exit_code_of(e);
}

const struct subcommand subcommand_report = {
    .name = "report",
    .synopsis = "report [RUN|LESSON|TAPE] [--markdown]",
    .doc = "the post-mortem of a run",
    .about =
        "Replays the run and prints its post-mortem as Markdown: what happened when, "
        "where users' time went, and what the reference and doing nothing would have "
        "done. "
        "Without a name: the run that was finished last.",
    .examples = "truecode report\ntruecode report all-green > post-mortem.md",
    .options = HAS(MARKDOWN) | HAS(NO_JAIL) | HAS(HELP),
    .words = WORD_RUN,
    .max_words = 1,
    .run = run,
};
