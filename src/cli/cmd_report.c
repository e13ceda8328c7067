/*
 * report: the post-mortem of a run, played again from its tape.
 *
 * A finished run that this version cannot play again shows the report that was kept when
 * it was; one that was stopped shows how far it came.
 */
#include "cli_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Only what is over is told: a report names the cause and what would have worked. */
static enum err ask_report(struct replayed *r, struct errmsg *why)
{
    bool finished = r->booked && r->run.finished != 0; /* even if rewound since */
    bool named = r->booked && !r->goes_on; /* the lesson alone would be another run */
    if (r->a.over || finished)
        return replayed_report(r, why);
    return errmsg_set(why, ERR_REFUSED,
                      "this run is not over, and its report would tell the end; go on "
                      "with: %s",
                      command("play", named ? r->run.id : r->a.lesson).s);
}

/* Finished, and this version cannot play it again: what was kept then. */
static bool print_kept(const struct replayed *r, const struct errmsg *why)
{
    struct buf text;
    buf_init(&text, 0);
    bool kept = r->booked && r->run.finished != 0 &&
                report_kept(r->store, r->run.id, &text, NULL) == ERR_OK;
    if (kept) {
        complain("This is the report that was kept when the run ended; it cannot be "
                 "played again: %s",
                 why->text);
        print_raw(&text);
    }
    buf_release(&text);
    return kept;
}

/* The deed of the learner in an entry "TIME cmd TEXT", with or without digests;
 * NULL: something else. */
static const char *deed_of(char *line, sim_time *at)
{
    char *cmd = strstr(line, " cmd "), *p = line;
    if (!cmd)
        return NULL;
    *cmd = '\0';
    if (strcspn(p, " ") == 16 && p[16] == ' ')
        p += 17;
    *at = strtoll(p, NULL, 10);
    return cmd + 5;
}

static void add_deed(struct buf *b, sim_time since, const char *deed)
{
    buf_adds(b, "| ");
    time_format(b, since);
    buf_adds(b, " | ");
    for (const char *s = deed; *s != '\0'; s++) {
        if (*s == '|')
            buf_addch(b, '\\');
        buf_addch(b, *s);
    }
    buf_adds(b, " |\n");
}

static void add_deeds(struct buf *b, const struct buf *tape)
{
    sim_time first = -1, at = 0;
    buf_adds(b, "| SINCE YOUR FIRST INPUT | WHAT YOU DID |\n| --- | --- |\n");
    for (const char *p = tape->s, *nl; (nl = strchr(p, '\n')); p = nl + 1) {
        char line[2048];
        snprintf(line, sizeof line, "%.*s", (int)(nl - p < 2047 ? nl - p : 2047), p);
        const char *deed = deed_of(line, &at);
        if (!deed)
            continue;
        first = first < 0 ? at : first;
        add_deed(b, at - first, deed);
    }
}

/* Neither over nor to be gone on with: how far it came, and nothing of the end, since it
 * may be begun anew. */
static bool print_so_far(const struct replayed *r, enum err e, const struct errmsg *why)
{
    const struct store_run *run = &r->run;
    struct buf b;
    if (!r->booked || run->finished != 0 || r->tape.len == 0 ||
        (e != ERR_MISMATCH && e != ERR_CORRUPT))
        return false;
    struct errmsg reason = *why;
    if (e == ERR_MISMATCH && run->halt != HALT_DAMAGED)
        update_reason(&r->tape, r->a.bad_line, &reason);
    buf_init(&b, 0);
    buf_addf(&b, "# %s: %s\n\n", run->lesson,
             run->halt == HALT_DAMAGED ? "its tape is damaged"
                                       : "stopped by an update");
    buf_addf(&b, "%s, seed %" PRIu64 ".",
             mode_on_call(run->mode) ? "On call" : "Guided", run->seed);
    if (run->steps > 0)
        buf_addf(&b, " It came to step %zu of %d.",
                 step_shown((size_t)run->step, (size_t)run->steps), run->steps);
    buf_addf(&b,
             " It was not over, so it has no score.\n\nWhy it cannot go on: %s.\n\n",
             reason.text);
    add_deeds(&b, &r->tape);
    buf_addf(&b, "\n`%s --new` begins anew.\n", command("play", run->lesson).s);
    print_raw(&b);
    buf_release(&b);
    return true;
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
    if (e == ERR_OK && r.mode == MODE_BLIND && !r.a.over)
        e = errmsg_set(&why, ERR_REFUSED,
                       "this night is not over; its debrief tells which it was. Go on "
                       "with it: %s",
                       command("on-call", NULL).s);
    if (e == ERR_OK)
        e = ask_report(&r, &why);
    if (e == ERR_OK) {
        struct buf b;
        buf_init(&b, 0);
        buf_adds(&b, r.a.text);
        print_raw(&b);
        buf_release(&b);
    } else if (e != ERR_REFUSED &&
               (print_kept(&r, &why) || print_so_far(&r, e, &why))) {
        e = ERR_OK;
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
        "done. A run that this version cannot play again shows the report that was "
        "kept at its end. Without a name: the run that was finished last.",
    .examples = "truecode report\ntruecode report all-green > post-mortem.md",
    .options = HAS(MARKDOWN) | HAS(NO_JAIL) | HAS(HELP),
    .words = WORD_RUN,
    .max_words = 1,
    .run = run,
};
