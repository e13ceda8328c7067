/*
 * A worker that is replaced when it falls.
 *
 * The client remembers how the session was opened and the tape since then. When a
 * worker hangs, dies or talks nonsense, a new one is opened from that and gets the same
 * request again: most falls are not the request's fault (somebody's kill, the machine's
 * memory). A request that brings down two workers is dropped, in plain words. So the
 * learner loses at most one input, and never the lesson.
 */
#include "wire_internal.h"

#include <assert.h>
#include <string.h>

struct wire_client {
    struct wire_client_options o;
    struct wire_worker *worker; /* NULL: none runs */
    struct arena mem;           /* the texts of `open` */
    struct wire_request open;   /* how to open it again */
    struct buf tape;            /* all of it */
};

struct wire_client *wire_client_new(const struct wire_client_options *o)
{
    struct wire_client *c = mem_alloc(sizeof *c);
    c->o = *o;
    buf_init(&c->tape, TAPE_MAX_BYTES);
    return c;
}

void wire_client_free(struct wire_client *c)
{
    if (!c)
        return;
    wire_worker_end(c->worker);
    arena_release(&c->mem);
    buf_release(&c->tape);
    mem_free(c);
}

int wire_client_pid(const struct wire_client *c)
{
    return c->worker ? wire_worker_pid(c->worker) : 0;
}

/* The time a request may take. Those that replay a tape, run the lesson twice more, or
 * carry out a whole wait at once (a line in plain mode) take longer on a slow machine;
 * a proof takes what it takes. */
static int limit_of(enum wire_op op)
{
    switch (op) {
    case WIRE_PROVE:
    case WIRE_PLAYERS:
        return 0;
    case WIRE_OPEN:
    case WIRE_LINE:
    case WIRE_REPORT:
    case WIRE_VALIDATE:
        return 60000;
    default:
        return 10000;
    }
}

static void drop_worker(struct wire_client *c)
{
    wire_worker_end(c->worker);
    c->worker = NULL;
}

/* Tries a request once; a worker that fails it is ended. */
static enum err ask_once(struct wire_client *c, const struct wire_request *q,
                         struct wire_answer *a, struct errmsg *why)
{
    assert(c->worker);
    enum err e = ERR_OK;
    if (!c->worker)
        return errmsg_set(why, ERR_LOST, "the lesson's process does not run");
    e = wire_worker_ask(c->worker, q, a, limit_of(q->op), c->o.waiting, c->o.ctx, why);
    if (e != ERR_OK)
        drop_worker(c);
    else if (a->tape_len > 0) {
        buf_add(&c->tape, a->tape, a->tape_len);
        if (c->o.tape)
            c->o.tape(c->o.ctx, a->tape, a->tape_len);
    }
    return e;
}

static enum err start_and_open(struct wire_client *c, bool frame, struct wire_answer *a,
                               struct errmsg *why)
{
    enum err e = wire_worker_start(&c->worker, c->o.jail, why);
    if (e != ERR_OK) {
        c->worker = NULL;
        return e;
    }
    struct wire_request q = c->open;
    q.tape = c->tape.s;
    q.tape_len = c->tape.len;
    q.no_frame = !frame;
    return ask_once(c, &q, a, why);
}

static void remember(struct wire_client *c, const struct wire_request *q)
{
    arena_release(&c->mem);
    c->open = *q;
    c->open.name = arena_strdup(&c->mem, q->name ? q->name : "");
    c->open.text = bytes_copy(&c->mem, q->text, q->len);
    c->open.program = arena_strdup(&c->mem, q->program ? q->program : "");
    struct wire_lesson *l = arena_alloc(&c->mem, (q->nlessons + 1) * sizeof *l);
    for (size_t i = 0; i < q->nlessons; i++) {
        l[i] = q->lessons[i];
        l[i].name = arena_strdup(&c->mem, l[i].name);
        l[i].text = bytes_copy(&c->mem, l[i].text, l[i].len);
        l[i].broken = arena_strdup(&c->mem, l[i].broken ? l[i].broken : "");
    }
    c->open.lessons = l;
    buf_reset(&c->tape);
    buf_add(&c->tape, q->tape, q->tape_len);
}

enum err wire_client_open(struct wire_client *c, const struct wire_request *q,
                          struct wire_answer *a, struct errmsg *why)
{
    drop_worker(c);
    if (q->tape_len > TAPE_MAX_BYTES || q->len > LESSON_MAX_BYTES)
        return errmsg_set(why, ERR_LIMIT, "the lesson or its tape is too long");
    remember(c, q);
    enum err e = start_and_open(c, true, a, why);
    if (e == ERR_LOST || e == ERR_CORRUPT) /* a fall, not the lesson's own error */
        e = start_and_open(c, true, a, why);
    return e == ERR_CORRUPT ? ERR_LOST : e; /* damage of the worker's */
}

static void tell(struct wire_client *c, const char *what, const char *because)
{
    assert(what);
    struct errmsg text = {0};
    errmsg_set(&text, ERR_LOST, "%s (%s).", what, because);
    if (c->o.said)
        c->o.said(c->o.ctx, text.text);
}

/* The screen may have another size by now than when it was opened. */
static void follow(struct wire_client *c, const struct wire_request *q)
{
    if (q->op == WIRE_RESIZE && q->rows > 0) {
        c->open.rows = q->rows;
        c->open.cols = q->cols;
    }
}

enum err wire_client_ask(struct wire_client *c, const struct wire_request *q,
                         struct wire_answer *a, struct errmsg *why)
{
    struct errmsg first = {0}, second = {0};
    follow(c, q);
    enum err e = ask_once(c, q, a, &first);
    if (e == ERR_OK)
        return e;
    bool stopped = e == ERR_STOPPED;
    if (!stopped) {
        /* Without a frame: the next answer then brings the whole screen. */
        e = start_and_open(c, false, a, &second);
        if (e == ERR_OK && a->err == ERR_OK && ask_once(c, q, a, &second) == ERR_OK) {
            tell(c, "The lesson was restarted where it was", first.text);
            return ERR_OK;
        }
    }
    e = start_and_open(c, true, a, &second);
    if (e != ERR_OK) {
        *why = second;
        return e == ERR_CORRUPT ? ERR_LOST : e;
    }
    tell(c,
         stopped ? "Your last input was dropped"
                 : "Your last input was dropped: it brought the lesson down twice",
         first.text);
    return ERR_OK;
}
