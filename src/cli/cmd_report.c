/*
 * report and replay: a run of the past, played again from its tape.
 *
 * A run is named by its id (see progress), by a tape's path, or by a lesson (its newest
 * run). The worker replays the tape; what comes out is either the post-mortem (report)
 * or the facts that show that the replay is the same run (replay).
 */
#include "cli_internal.h"

#include "truecode/tape.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct replayed {
    struct buf tape, text, name;
    struct wire_client *client;
    struct wire_answer a;
    bool finished; /* so say the books, even if it was rewound since */
};

/* The newest run of a lesson, finished or not. */
static const struct store_run *newest(const struct store *s, const char *lesson)
{
    const struct store_run *runs, *found = NULL;
    size_t n = store_runs(s, &runs);
    for (size_t i = 0; i < n; i++)
        if (lesson == NULL || strcmp(runs[i].lesson, lesson) == 0)
            found = &runs[i];
    return found;
}

/* The run a word names; a report is of the last finished one, if there is any. */
static const struct store_run *choose(const struct store *s, const char *word,
                                      bool finished)
{
    const struct store_run *run = word != NULL ? store_run_by_id(s, word) : NULL;
    if (run == NULL && finished)
        run = store_finished(s, word);
    return run != NULL ? run : newest(s, word);
}

static enum err read_run(struct replayed *r, const char *word, bool finished,
                         struct errmsg *why)
{
    struct buf *tape = &r->tape;
    if (word != NULL && strchr(word, '/') != NULL)
        return file_read(word, WIRE_TAPE_MAX, tape, why);
    struct store *s = store_open(NULL);
    const struct store_run *run = choose(s, word, finished);
    enum err e;
    r->finished = run != NULL && run->finished != 0;
    if (run != NULL)
        e = tape_read(s, run, tape, why);
    else if (word != NULL && file_read(word, WIRE_TAPE_MAX, tape, NULL) == ERR_OK)
        e = ERR_OK;
    else if (word != NULL)
        e = errmsg_set(why, ERR_NOT_FOUND,
                       "there is no run '%s'; see truecode progress", word);
    else
        e = errmsg_set(why, ERR_NOT_FOUND, "there is no run yet");
    store_close(s);
    return e;
}

static enum err read_all(struct replayed *r, const struct cli_args *a,
                         struct wire_request *q, struct errmsg *why)
{
    struct tape_reader tape;
    const char *word = a->nwords > 0 ? a->words[0] : NULL;
    enum err e = read_run(r, word, a->command == &subcommand_report, why);
    if (e == ERR_OK)
        e = tape_open(&tape, r->tape.s, r->tape.len, why);
    if (e != ERR_OK)
        return e;
    if (!lesson_id_valid(tape.head.lesson))
        return errmsg_set(
            why, ERR_CORRUPT,
            "that is no tape: its head names a lesson that cannot be one");
    q->seed = tape.head.seed;
    q->mode = str_eq(tape.head.mode, "on-call") ? MODE_ONCALL : MODE_GUIDED;
    return lesson_read(a->nwords > 1 ? a->words[1] : tape.head.lesson, &r->text,
                       &r->name, why);
}

static enum err replay(struct replayed *r, const struct cli_args *a, struct errmsg *why)
{
    struct wire_request q = {.op = WIRE_OPEN, .face = WIRE_PLAIN};
    buf_init(&r->tape, WIRE_TAPE_MAX);
    buf_init(&r->text, LESSON_MAX_BYTES);
    buf_init(&r->name, 4096);
    r->client = wire_client_new(
        &(struct wire_client_options){.jail = !option_given(a, OPT_NO_JAIL)});
    enum err e = read_all(r, a, &q, why);
    if (e != ERR_OK)
        return e;
    q.name = r->name.s;
    q.text = r->text.s;
    q.len = r->text.len;
    q.tape = r->tape.s;
    q.tape_len = r->tape.len;
    e = wire_client_open(r->client, &q, &r->a, why);
    return e == ERR_OK && r->a.err != ERR_OK
               ? errmsg_set(why, r->a.err, "%s", r->a.error)
               : e;
}

static void release(struct replayed *r)
{
    wire_client_free(r->client);
    wire_answer_release(&r->a);
    buf_release(&r->tape);
    buf_release(&r->text);
    buf_release(&r->name);
}

/* Only what is over is told: a report names the cause and what would have worked. */
static enum err ask_report(struct replayed *r, struct errmsg *why)
{
    if (!r->a.over && !r->finished)
        return errmsg_set(why, ERR_REFUSED,
                          "this run is not over, and its report would tell the end; "
                          "go on with: truecode play %s",
                          r->a.lesson);
    enum err e = wire_client_ask(r->client, &(struct wire_request){.op = WIRE_REPORT},
                                 &r->a, why);
    return e == ERR_OK && r->a.err != ERR_OK
               ? errmsg_set(why, r->a.err, "%s", r->a.error)
               : e;
}

static int run_report(const struct cli_args *a)
{
    struct errmsg why = {0};
    struct replayed r = {0};
    enum err e = replay(&r, a, &why);
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
    release(&r);
    return exit_code_of(e);
}

static void print_facts(const struct wire_answer *a, bool json)
{
    struct buf b, t;
    buf_init(&b, 0);
    buf_init(&t, 64);
    time_format(&t, a->now);
    if (json) {
        buf_adds(&b, "{\"lesson\": ");
        json_text(&b, a->lesson);
        buf_addf(&b,
                 ", \"seed\": %" PRIu64 ", \"digest\": \"%016" PRIx64
                 "\", \"step\": %zu, \"steps\": %zu, \"over\": %s}\n",
                 a->seed, a->digest, step_shown(a->step, a->nsteps), a->nsteps,
                 a->over ? "true" : "false");
    } else {
        buf_addf(&b,
                 "%s (%s), seed %" PRIu64 "\nsimulated time %s, step %zu of %zu%s\n",
                 a->title, a->lesson, a->seed, t.s, step_shown(a->step, a->nsteps),
                 a->nsteps, a->over ? ", over" : "");
        buf_addf(&b, "trace digest %016" PRIx64 "\n", a->digest);
    }
    print_raw(&b);
    buf_release(&b);
    buf_release(&t);
}

static int run_replay(const struct cli_args *a)
{
    struct errmsg why = {0};
    struct replayed r = {0};
    enum err e = replay(&r, a, &why);
    if (e == ERR_OK)
        print_facts(&r.a, option_given(a, OPT_JSON));
    else
        complain("%s", why.text);
    release(&r);
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
    .run = run_report,
};

const struct subcommand subcommand_replay = {
    .name = "replay",
    .synopsis = "replay [RUN|LESSON|TAPE] [LESSON-FILE] [--json]",
    .doc = "play a tape again and say where it ends",
    .about = "The same tape gives the same trace on every machine: the digest says so.",
    .examples = "truecode replay all-green\ntruecode replay ./shared.tape",
    .options = HAS(JSON) | HAS(NO_JAIL) | HAS(HELP),
    .words = WORD_RUN,
    .max_words = 2,
    .run = run_replay,
};
