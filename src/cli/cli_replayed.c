/*
 * A run of the past, played again from its tape: what report and replay begin with.
 *
 * A run is named by its id (see progress), by a tape's path, or by a lesson (its newest
 * run). The worker replays the tape, and holds each line of it to what it says.
 */
#include "cli_internal.h"

#include "truecode/tape.h"

#include <string.h>

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

/* The tape of a run in the books; without it they cannot be read. */
static enum err read_booked(struct replayed *r, const struct store *s,
                            struct errmsg *why)
{
    enum err e = tape_read(s, &r->run, &r->tape, why);
    r->booked = true;
    return e == ERR_NOT_FOUND || e == ERR_IO ? ERR_CORRUPT : e;
}

static enum err read_run(struct replayed *r, const char *word, bool finished,
                         struct errmsg *why)
{
    if (word != NULL && strchr(word, '/') != NULL)
        return file_read(word, WIRE_TAPE_MAX, &r->tape, why);
    struct store *s = store_open(NULL);
    const struct store_run *run = choose(s, word, finished);
    enum err e;
    if (run != NULL) {
        r->run = *run;
        e = read_booked(r, s, why);
    } else if (word != NULL &&
               file_read(word, WIRE_TAPE_MAX, &r->tape, NULL) == ERR_OK) {
        e = ERR_OK;
    } else if (store_unreadable(s)) {
        e = errmsg_set(why, ERR_CORRUPT, "%s",
                       store_trouble(s) != NULL ? store_trouble(s)
                                                : "the saved state cannot be read");
    } else if (word != NULL) {
        e = errmsg_set(why, ERR_NOT_FOUND, "there is no run '%s'; see %s", word,
                       command("progress", NULL).s);
    } else {
        e = errmsg_set(why, ERR_NOT_FOUND, "there is no run yet");
    }
    store_close(s);
    return e;
}

static enum err read_all(struct replayed *r, const struct replay_options *o,
                         struct wire_request *q, struct errmsg *why)
{
    struct tape_reader tape;
    enum err e = read_run(r, o->word, o->finished, why);
    if (e == ERR_OK)
        e = tape_open(&tape, r->tape.s, r->tape.len, why);
    if (e != ERR_OK)
        return e;
    if (!lesson_id_valid(tape.head.lesson))
        return errmsg_set(
            why, ERR_CORRUPT,
            "that is no tape: its head names a lesson that cannot be one");
    r->half_line = r->tape.s[r->tape.len - 1] != '\n';
    q->seed = tape.head.seed;
    q->mode = str_eq(tape.head.mode, "on-call") ? MODE_ONCALL : MODE_GUIDED;
    r->mode = q->mode;
    return lesson_take(o->args, o->lesson != NULL ? o->lesson : tape.head.lesson,
                       &r->text, &r->name, why);
}

/* What the worker says no to is an error here. */
static enum err answered(const struct replayed *r, enum err e, struct errmsg *why)
{
    return e == ERR_OK && r->a.err != ERR_OK
               ? errmsg_set(why, r->a.err, "%s", r->a.error)
               : e;
}

enum err replayed_open(struct replayed *r, const struct replay_options *o,
                       struct errmsg *why)
{
    struct wire_request q = {.op = WIRE_OPEN, .face = WIRE_PLAIN};
    memset(r, 0, sizeof *r);
    buf_init(&r->tape, WIRE_TAPE_MAX);
    buf_init(&r->text, LESSON_MAX_BYTES);
    buf_init(&r->name, 4096);
    r->client = wire_client_new(
        &(struct wire_client_options){.jail = !option_given(o->args, OPT_NO_JAIL)});
    enum err e = read_all(r, o, &q, why);
    if (e != ERR_OK)
        return e;
    q.name = r->name.s;
    q.text = r->text.s;
    q.len = r->text.len;
    q.tape = r->tape.s;
    q.tape_len = r->tape.len;
    return answered(r, wire_client_open(r->client, &q, &r->a, why), why);
}

enum err replayed_report(struct replayed *r, struct errmsg *why)
{
    const struct wire_request q = {.op = WIRE_REPORT};
    return answered(r, wire_client_ask(r->client, &q, &r->a, why), why);
}

void replayed_release(struct replayed *r)
{
    wire_client_free(r->client);
    wire_answer_release(&r->a);
    buf_release(&r->tape);
    buf_release(&r->text);
    buf_release(&r->name);
}
