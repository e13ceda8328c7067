/*
 * Runs of the past: the texts they may be played with, and whether their scores hold.
 *
 * A course moves on. A run is replayed with the text it was played with, which was kept;
 * one that goes on takes the course's own text as long as that is the same lesson in
 * all that decides the run. So each text is offered to a worker in turn, and the first
 * that the tape fits is the one.
 */
#include "cli_internal.h"

#include "truecode/tape.h"

#include <stdio.h>
#include <string.h>

/* ---- the head of a tape ---------------------------------------------------------- */

/* The value of a head's line "key value", in the first lines of a tape. */
static bool head_field(const struct buf *tape, const char *key, char *to, size_t size)
{
    size_t n = strlen(key);
    const char *p = tape->s, *end = tape->s + tape->len;
    to[0] = '\0';
    for (int line = 0; line < 20 && p < end; line++) {
        const char *nl = memchr(p, '\n', (size_t)(end - p));
        if (!nl)
            return false;
        if ((size_t)(nl - p) > n + 1 && strncmp(p, key, n) == 0 && p[n] == ' ') {
            snprintf(to, size, "%.*s", (int)(nl - p - (ptrdiff_t)n - 1), p + n + 1);
            return true;
        }
        p = nl + 1;
    }
    return false;
}

/* Another format's head, as far as it looks like ours. */
static bool old_head(struct head_facts *h, const struct buf *tape)
{
    char lesson[160];
    if (tape->len == 0 || !str_starts(tape->s, "truecode tape ") ||
        str_starts(tape->s, TAPE_FORMAT "\n") ||
        !head_field(tape, "lesson", lesson, sizeof lesson))
        return false;
    snprintf(h->lesson, sizeof h->lesson, "%.*s", (int)strcspn(lesson, " "), lesson);
    h->old_format = true;
    return lesson_id_valid(h->lesson);
}

enum err head_read(struct head_facts *h, const struct buf *tape, struct errmsg *why)
{
    struct tape_reader r;
    *h = (struct head_facts){0};
    if (old_head(h, tape))
        return ERR_OK;
    if (tape_open(&r, tape->s, tape->len, why) != ERR_OK)
        return ERR_CORRUPT;
    if (!lesson_id_valid(r.head.lesson))
        return errmsg_set(
            why, ERR_CORRUPT,
            "that is no tape: its head names a lesson that cannot be one");
    snprintf(h->lesson, sizeof h->lesson, "%s", r.head.lesson);
    snprintf(h->hash, sizeof h->hash, "%s", r.head.hash);
    h->seed = r.head.seed;
    h->mode = mode_of_tape(r.head.mode);
    h->engine = r.head.engine;
    return ERR_OK;
}

void update_reason(const struct buf *tape, size_t bad_line, struct errmsg *why)
{
    struct head_facts h;
    if (head_read(&h, tape, NULL) != ERR_OK)
        return;
    if (h.old_format)
        errmsg_set(why, ERR_MISMATCH,
                   "it was recorded by an older version of this program");
    else if (h.engine != ENGINE_NUMBER)
        errmsg_set(why, ERR_MISMATCH,
                   "it was recorded by another engine (%ld; this is %d)", h.engine,
                   ENGINE_NUMBER);
    else if (bad_line == 0)
        errmsg_set(why, ERR_MISMATCH,
                   "it was played with another version of the lesson, and that was not "
                   "kept");
}

/* ---- the texts a run may be played with ------------------------------------------ */

void texts_release(struct texts *t)
{
    for (size_t i = 0; i < t->n; i++)
        buf_release(&t->list[i].text);
    *t = (struct texts){0};
}

static bool has_text(const struct texts *t, const char *hash)
{
    for (size_t i = 0; i < t->n; i++)
        if (strcmp(t->list[i].hash, hash) == 0)
            return true;
    return false;
}

void texts_add(struct texts *t, const char *text, size_t n, bool course)
{
    struct run_text *x = &t->list[t->n];
    char hash[65];
    sha256_hex(hash, text, n);
    if (has_text(t, hash) || t->n == TEXTS_MAX)
        return;
    *x = (struct run_text){.course = course};
    memcpy(x->hash, hash, sizeof hash);
    buf_init(&x->text, LESSON_MAX_BYTES);
    buf_add(&x->text, text, n);
    t->n++;
}

/* A kept text that is not the course's own does not come with the program. */
void texts_add_kept(struct texts *t, const struct cli_args *a, const struct store *s,
                    const char *hash)
{
    struct buf text, path;
    buf_init(&text, LESSON_MAX_BYTES);
    buf_init(&path, 4096);
    if (!has_text(t, hash) && text_kept(s, hash, &text, NULL) == ERR_OK) {
        text_path(s, hash, &path);
        enum err e = jail_allows(a, path.s, &t->refusal);
        if (e == ERR_OK)
            texts_add(t, text.s, text.len, false);
        else
            t->refused = e;
    }
    buf_release(&text);
    buf_release(&path);
}

/* Of the errors that the texts gave, that of the one the tape names tells most. */
static enum err worst(const struct texts *t, const char *named, struct wire_answer *a,
                      struct errmsg *why)
{
    const struct run_text *x = &t->list[0];
    for (size_t i = 0; i < t->n; i++)
        if (strcmp(t->list[i].hash, named) == 0)
            x = &t->list[i];
    *why = x->why;
    a->bad_line = x->bad_line;
    return x->err;
}

enum err texts_open(struct texts *t, const char *named, struct wire_client *c,
                    struct wire_request *q, struct wire_answer *a, size_t *used,
                    struct errmsg *why)
{
    for (size_t i = 0; i < t->n; i++) {
        struct run_text *x = &t->list[i];
        q->text = x->text.s;
        q->len = x->text.len;
        *used = i;
        x->err = wire_client_open(c, q, a, &x->why);
        if (x->err == ERR_OK && a->err != ERR_OK)
            x->err = errmsg_set(&x->why, a->err, "%s", a->error);
        x->bad_line = x->err != ERR_OK ? a->bad_line : 0;
        if (x->err == ERR_OK)
            return ERR_OK;
        if (x->err != ERR_MISMATCH && x->err != ERR_LESSON) {
            *why = x->why;
            return x->err;
        }
    }
    if (t->refused != ERR_OK) {
        *why = t->refusal;
        return t->refused;
    }
    return worst(t, named, a, why);
}

/* ---- scores ---------------------------------------------------------------------- */

/* The score that the tape gives becomes the run's. */
static void believe(struct store *s, const struct store_run *run,
                    const struct wire_answer *a, bool over)
{
    struct store_run now = *run;
    now.step = (int)a->step;
    now.steps = (int)a->nsteps;
    now.practice = a->practice;
    now.finished = over ? run->finished : 0;
    now.score = over ? a->score.total : -1;
    now.outcome = over ? a->score.outcome : OUTCOME_LOST;
    now.hints = over ? a->score.hints : 0;
    store_save(s, &now);
}

static void check_one(struct store *s, const char *id, const struct cli_args *a)
{
    struct errmsg why = {0};
    struct replayed r;
    const struct store_run *run = store_run_by_id(s, id);
    enum err e =
        replayed_open(&r, &(struct replay_options){.word = id, .args = a}, &why);
    bool over = e == ERR_OK && r.a.over;
    if (over)
        e = replayed_report(&r, &why);
    if (e == ERR_OK && run)
        believe(s, run, &r.a, over);
    replayed_release(&r);
}

void runs_check(struct store *s, const struct cli_args *a)
{
    const struct store_run *runs;
    size_t n = store_runs(s, &runs), doubtful = 0;
    char(*ids)[STORE_ID_MAX] = mem_array(n + 1, sizeof *ids);
    for (size_t i = 0; i < n; i++)
        if (runs[i].finished != 0 && runs[i].score >= 0 && !runs[i].vouched)
            memcpy(ids[doubtful++], runs[i].id, STORE_ID_MAX);
    if (doubtful > 2)
        complain("%zu finished runs are played again, to see that their tapes give "
                 "their scores ...",
                 doubtful);
    for (size_t i = 0; i < doubtful; i++)
        check_one(s, ids[i], a);
    mem_free(ids);
}
