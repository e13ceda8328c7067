/*
 * lab: a world without a story, run headless and measured.
 *
 * The worker runs it in slices of some hundred thousand events, so that progress can be
 * shown and Ctrl-C still gets the report of what there is. The report goes to stdout
 * and depends on nothing but file, seed, length and replications; how long it took goes
 * to stderr.
 */
#include "cli_internal.h"

#include "truecode/limits.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    SLICE = 300000,
    PATIENCE_MS = 120000,
    PIECES_MAX = 1000, /* of a report */
    LEAVING_MS = 5000  /* time for the last slice and the report after Ctrl-C */
};

struct lab_run {
    struct wire_worker *worker;
    struct wire_answer a;
    struct buf text, name, report;
    uint64_t events;
    double left; /* when a signal asked to leave; 0: none did */
    bool tty;
};

/* ---- files ----------------------------------------------------------------------- */

static enum err labs_dir(struct buf *dir, struct errmsg *why)
{
    enum err e = lessons_dir(dir, why);
    if (e == ERR_OK)
        buf_adds(dir, "/lab");
    return e;
}

static enum err unknown_lab(const char *word, const char *dir, struct errmsg *why)
{
    char *ids[LESSONS_MAX];
    size_t n = lesson_ids(dir, ids);
    const char *near = text_suggest(word, (const char *const *)ids, n);
    if (near)
        errmsg_set(why, ERR_NOT_FOUND, "there is no lab '%s'; did you mean '%s'?", word,
                   near);
    else
        errmsg_set(
            why, ERR_NOT_FOUND,
            "there is no lab '%s': give a file's path, or one that is listed by: %s",
            word, command("lab", NULL).s);
    while (n > 0)
        mem_free(ids[--n]);
    return ERR_NOT_FOUND;
}

/* A path, or the name of one that comes with the program. */
static enum err read_lab(struct lab_run *r, const struct cli_args *a, const char *word,
                         struct errmsg *why)
{
    size_t n = strlen(word);
    if (strchr(word, '/') || (n > 4 && strcmp(word + n - 4, ".lua") == 0)) {
        enum err e = lesson_read(word, &r->text, &r->name, why);
        return e == ERR_OK ? jail_allows(a, word, why) : e;
    }
    struct buf path;
    buf_init(&path, 4096);
    enum err e = labs_dir(&path, why);
    size_t dir = path.len;
    if (e == ERR_OK && lesson_id_valid(word)) {
        buf_addf(&path, "/%s.lua", word);
        e = file_read(path.s, LESSON_MAX_BYTES, &r->text, why);
        if (e == ERR_OK)
            e = jail_allows(a, path.s, why);
    } else if (e == ERR_OK) {
        e = ERR_NOT_FOUND;
    }
    if (e == ERR_NOT_FOUND && path.len > 0) {
        path.s[dir] = '\0';
        e = unknown_lab(word, path.s, why);
    }
    buf_addf(&r->name, "%s.lua", word);
    buf_release(&path);
    return e;
}

static int print_labs(void)
{
    char *ids[LESSONS_MAX];
    struct errmsg why = {0};
    struct buf dir;
    buf_init(&dir, 4096);
    enum err e = labs_dir(&dir, &why);
    if (e == ERR_OK && access(dir.s, R_OK | X_OK) != 0)
        e = errmsg_set(&why, ERR_NOT_FOUND, "%s: %s", dir.s, strerror(errno));
    size_t n = e == ERR_OK ? lesson_ids(dir.s, ids) : 0;
    if (e != ERR_OK)
        complain("%s", why.text);
    else
        print("Labs in %s:\n", dir.s);
    for (size_t i = 0; i < n; i++) {
        print("  %s\n", ids[i]);
        mem_free(ids[i]);
    }
    if (e == ERR_OK)
        print("%s NAME runs one, %s a copy of it that you changed.\n",
              command("lab", NULL).s, command("lab", "FILE.lua").s);
    buf_release(&dir);
    return exit_code_of(e);
}

/* ---- talking to the worker ------------------------------------------------------- */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* After Ctrl-C there is so long for the report of what there is. */
static bool still_patient(void *ctx, int ms)
{
    struct lab_run *r = ctx;
    (void)ms;
    if (term_left_by() == 0)
        return true;
    if (r->left == 0)
        r->left = now();
    return now() - r->left < LEAVING_MS / 1e3;
}

static enum err ask(struct lab_run *r, const struct wire_request *q, struct errmsg *why)
{
    wire_answer_release(&r->a);
    enum err e =
        wire_worker_ask(r->worker, q, &r->a, PATIENCE_MS, still_patient, r, why);
    if (e == ERR_CORRUPT)
        e = ERR_LOST; /* damage of the worker's, nothing saved */
    if (e == ERR_OK && r->a.err != ERR_OK)
        e = errmsg_set(why, r->a.err, "%s", r->a.error);
    return e;
}

static void show_progress(const struct lab_run *r)
{
    char text[64];
    snprintf(text, sizeof text, "\rlab: %u %% ", r->a.done / 10);
    if (r->tty)
        (void)term_write(STDERR_FILENO, text, strlen(text));
}

/* ERR_STOPPED: by Ctrl-C; ERR_LIMIT: the world ran away. */
static enum err run_slices(struct lab_run *r, struct errmsg *why)
{
    const struct wire_request q = {.op = WIRE_LAB_RUN, .max_events = SLICE};
    for (;;) {
        enum err e = ask(r, &q, why);
        r->events = r->a.events;
        if (e != ERR_OK || !r->a.more)
            return e;
        if (term_left_by() != 0)
            return errmsg_set(why, ERR_STOPPED, "stopped: this is what there is");
        show_progress(r);
    }
}

static enum err take_report(struct lab_run *r, bool json, struct errmsg *why)
{
    struct wire_request q = {.op = WIRE_LAB_TELL, .json = json};
    for (; q.count < PIECES_MAX && still_patient(r, 0); q.count++) {
        enum err e = ask(r, &q, why);
        if (e != ERR_OK)
            return e;
        buf_adds(&r->report, r->a.text);
        if (!r->a.more)
            return ERR_OK;
    }
    return errmsg_set(why, ERR_LOST, "the lab's report does not end");
}

static void tell_speed(const struct lab_run *r, double seconds)
{
    if (r->tty)
        (void)term_write(STDERR_FILENO, "\r\033[K", 4);
    complain("%.2f million events in %.2f s", (double)r->events / 1e6, seconds);
}

/* Runs it and prints its report; whatever ends it early is the error. */
static enum err experiment(struct lab_run *r, const struct wire_request *q, bool json,
                           bool jail, struct errmsg *why)
{
    struct errmsg second = {0};
    enum err e = wire_worker_start(&r->worker, jail, why);
    if (e != ERR_OK) {
        r->worker = NULL;
        return e;
    }
    if ((e = ask(r, q, why)) != ERR_OK)
        return e;
    double start = now();
    e = run_slices(r, why);
    tell_speed(r, now() - start);
    bool answers = e == ERR_OK || e == ERR_STOPPED || e == ERR_LIMIT || e == ERR_LESSON;
    if (!answers || take_report(r, json, e == ERR_OK ? why : &second) != ERR_OK)
        return e == ERR_OK ? ERR_LOST : e;
    print_raw(&r->report);
    return e;
}

/* ---- the subcommand -------------------------------------------------------------- */

static bool read_options(const struct cli_args *a, struct wire_request *q)
{
    uint64_t reps;
    struct errmsg why = {0};
    if (!option_number(a, OPT_SEED, 1, &q->seed) ||
        !option_number(a, OPT_REPS, 1, &reps))
        return false;
    if (reps < 1 || reps > REPLICATIONS_MAX) {
        complain("--reps is 1 to %d", REPLICATIONS_MAX);
        return false;
    }
    q->count = (unsigned)reps;
    if (!option_given(a, OPT_UNTIL))
        return true;
    if (time_parse(a->options[OPT_UNTIL], &q->until, &why) == ERR_OK && q->until > 0)
        return true;
    complain("--until: %s", why.text[0] != '\0' ? why.text : "more than nothing");
    return false;
}

static int run_lab(const struct cli_args *a, struct wire_request *q)
{
    struct errmsg why = {0};
    struct lab_run r = {.tty = isatty(STDERR_FILENO) == 1};
    buf_init(&r.text, LESSON_MAX_BYTES);
    buf_init(&r.name, 4096);
    buf_init(&r.report, 64u << 20);
    enum err e = read_lab(&r, a, a->words[0], &why);
    if (e == ERR_OK) {
        struct term_lines signals; /* Ctrl-C ends the run, not us */
        q->name = r.name.s;
        q->text = r.text.s;
        q->len = r.text.len;
        term_lines_open(&signals, STDIN_FILENO);
        e = experiment(&r, q, option_given(a, OPT_JSON), !option_given(a, OPT_NO_JAIL),
                       &why);
        term_lines_close(&signals);
    }
    if (e != ERR_OK)
        complain("%s", why.text);
    wire_worker_end(r.worker);
    wire_answer_release(&r.a);
    buf_release(&r.text);
    buf_release(&r.name);
    buf_release(&r.report);
    return exit_code_of(e);
}

static int run(const struct cli_args *a)
{
    struct wire_request q = {.op = WIRE_LAB};
    if (!read_options(a, &q))
        return LEAVE_USAGE;
    return a->nwords == 0 ? print_labs() : run_lab(a, &q);
}

const struct subcommand subcommand_lab = {
    .name = "lab",
    .synopsis = "lab [NAME|FILE] [--seed N] [--until TIME] [--reps N] [--json]",
    .doc = "run a world without a story, and measure it",
    .about =
        "Builds the world that a lab file describes, runs it without a learner, drops "
        "the warm-up, and tells for each client, endpoint and component: throughput, "
        "goodput, response and waiting times with standard errors and percentiles, "
        "utilisation, queues, failures by reason, and where the time went. Same file, "
        "seed and length: same figures, to the last digit. Without a name: which labs "
        "come with truecode. "
        "A client's row counts attempts as users see them, an endpoint's what was sent "
        "to it: from when its caller sent it (so one way of the network is in it), and "
        "also what something in front of it refused. good/s: within the objective, or "
        "for an endpoint answered while somebody waited; wasted: done when nobody "
        "waited any more. Percentiles are nearest rank, at most 0.4 % off. "
        "'of it waiting' is the part of an answer's time that was no work: queues, "
        "locks, pools, back-off, sharing a processor. Standard errors come from 20 "
        "batches of one run, or from replications with --reps: for a world that does "
        "not settle (a deploy, a growing backlog) only the latter mean anything.",
    .examples = "truecode lab mm1\n"
                "truecode lab my-lab.lua --until 1h --seed 7\n"
                "truecode lab retries --reps 10 --json",
    .options =
        HAS(SEED) | HAS(UNTIL) | HAS(REPS) | HAS(JSON) | HAS(NO_JAIL) | HAS(HELP),
    .words = WORD_LAB,
    .max_words = 1,
    .run = run,
};
