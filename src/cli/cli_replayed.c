/*
 * A run of the past, played again from its tape: what report and replay begin with.
 *
 * A run is named by its id or the beginning of it (see progress), by a tape's path, or by
 * a lesson (its last run). It is played with the text that it was played with, where that
 * was kept. The worker replays the tape, and holds each line of it to what it says.
 */
#include "cli_internal.h"

#include "truecode/tape.h"

#include <string.h>

/* The run of a lesson (NULL: of any) that was written last. */
static const struct store_run *last_of(const struct store *s, const char *lesson)
{
    const struct store_run *runs;
    for (size_t i = store_runs(s, &runs); i-- > 0;)
        if (!lesson || strcmp(runs[i].lesson, lesson) == 0)
            return &runs[i];
    return NULL;
}

/* The run a word names; a report is of the last finished one, if there is any. */
static enum err choose(const struct store *s, const char *word, bool finished,
                       const struct store_run **run, struct errmsg *why)
{
    enum err e = ERR_NOT_FOUND;
    *run = NULL;
    if (word)
        e = store_run_by_prefix(s, word, run, why);
    if (e == ERR_INPUT)
        return e;
    if (!*run && finished)
        *run = store_finished(s, word);
    if (!*run)
        *run = last_of(s, word);
    return ERR_OK;
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
    if (word && strchr(word, '/'))
        return file_read(word, TAPE_MAX_BYTES, &r->tape, why);
    const struct store *s = r->store;
    const struct store_run *run;
    enum err e = choose(s, word, finished, &run, why);
    if (e != ERR_OK)
        return e;
    if (run) {
        r->run = *run;
        r->goes_on = store_begun(s, run->lesson) == run;
        e = read_booked(r, s, why);
    } else if (word && file_read(word, TAPE_MAX_BYTES, &r->tape, NULL) == ERR_OK) {
        e = ERR_OK;
    } else if (store_unreadable(s)) {
        e = errmsg_set(why, ERR_CORRUPT, "%s",
                       store_trouble(s) ? store_trouble(s)
                                        : "the saved state cannot be read");
    } else if (word) {
        e = errmsg_set(why, ERR_NOT_FOUND, "there is no run '%s'; see %s", word,
                       command("progress", NULL).s);
    } else {
        e = errmsg_set(why, ERR_NOT_FOUND, "there is no run yet");
    }
    return e;
}

/* The text that the run was played with, then the course's. */
static enum err find_texts(struct texts *t, struct replayed *r,
                           const struct replay_options *o, const struct tape_head *h,
                           struct errmsg *why)
{
    struct buf text;
    buf_init(&text, LESSON_MAX_BYTES);
    if (!o->lesson && r->booked)
        texts_add_kept(t, o->args, r->store, r->run.hash);
    if (!o->lesson)
        texts_add_kept(t, o->args, r->store, h->hash);
    enum err e =
        lesson_take(o->args, o->lesson ? o->lesson : h->lesson, &text, &r->name, why);
    if (e == ERR_OK)
        texts_add(t, text.s, text.len, true);
    buf_release(&text);
    return t->n > 0 ? ERR_OK : e;
}

static enum err play_again(struct replayed *r, const struct replay_options *o,
                           const struct tape_head *h, struct errmsg *why)
{
    struct texts texts = {0};
    size_t used;
    struct wire_request q = {.op = WIRE_OPEN,
                             .face = WIRE_PLAIN,
                             .seed = h->seed,
                             .mode = r->mode,
                             .tape = r->tape.s,
                             .tape_len = r->tape.len};
    enum err e = find_texts(&texts, r, o, h, why);
    q.name = r->name.s;
    if (e == ERR_OK)
        e = texts_open(&texts, h->hash, r->client, &q, &r->a, &used, why);
    texts_release(&texts);
    return e;
}

enum err replayed_open(struct replayed *r, const struct replay_options *o,
                       struct errmsg *why)
{
    struct tape_reader tape;
    memset(r, 0, sizeof *r);
    buf_init(&r->tape, TAPE_MAX_BYTES);
    buf_init(&r->name, 4096);
    r->store = store_look(NULL);
    r->client = wire_client_new(
        &(struct wire_client_options){.jail = !option_given(o->args, OPT_NO_JAIL)});
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
    r->mode = mode_of_tape(tape.head.mode);
    return play_again(r, o, &tape.head, why);
}

/* A no of the worker's is an error here. */
static enum err answered(const struct replayed *r, enum err e, struct errmsg *why)
{
    return e == ERR_OK && r->a.err != ERR_OK
               ? errmsg_set(why, r->a.err, "%s", r->a.error)
               : e;
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
    store_close(r->store);
    buf_release(&r->tape);
    buf_release(&r->name);
}
