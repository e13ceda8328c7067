/*
 * wire: the front process talks to its jailed worker over one socket pair.
 *
 * The worker runs everything a lesson can touch: Lua, the simulation, the console, the
 * views (truecode/worker.h). No files and no network are in its reach, and the kernel
 * does not tell it the time. The front has the terminal, the tape and the database, and
 * believes nothing the worker says: each message is bounded and checked when it is
 * decoded, each cell again before it may reach a terminal.
 *
 *     front                              worker
 *                     <- WIRE_READY      the wall stands, or what is missing
 *     WIRE_CATALOGUE  ->
 *                     <- WIRE_DONE       cards, and a frame
 *     WIRE_PROVE      ->
 *                     <- WIRE_PROGRESS   any number, for WIRE_PROVE alone
 *                     <- WIRE_DONE
 *
 * One request, one answer, and one worker per lesson that is played:
 *
 *     struct wire_client_options o = {.jail = true};
 *     struct wire_client *c = wire_client_new(&o);
 *     struct wire_answer a = {0};
 *     err = wire_client_open(c, &(struct wire_request){.op = WIRE_OPEN, ...}, &a, &why);
 *     err = wire_client_ask(c, &(struct wire_request){.op = WIRE_KEYS, ...}, &a, &why);
 *     wire_frame_apply(&a.frame, &canvas);
 *     wire_answer_release(&a);
 *     wire_client_free(c);
 *
 * A client survives its worker. When the worker hangs, dies or talks nonsense, another
 * is started from the tape so far and the request is sent again; if that kills it
 * again, the request is dropped and the client says so.
 *
 * A clock is not quite out of the worker's reach: the kernel maps one into every
 * process (the vDSO), which needs no call and which no filter sees. Nothing reads it
 * but Lua, for the seed of its hashes; a lesson cannot. Code that broke out of Lua
 * could, and could only compute with it.
 */
#ifndef TRUECODE_WIRE_H
#define TRUECODE_WIRE_H

#include "truecode/limits.h"
#include "truecode/players.h"
#include "truecode/screen.h"

#define WIRE_WORKER_ARG  "--worker" /* the hidden subcommand: see worker.h */
#define WIRE_MESSAGE_MAX (12u * 1024 * 1024)
#define WIRE_KEYS_MAX    256

/* ---- requests -------------------------------------------------------------------- */

/* The operations. Beside each the fields of the request that it reads, and what its
 * answer tells beside the session's own facts.
 *
 *     CATALOGUE  lessons, drawn, name, text (course.lua), line, screen, program
 *                -> cards, a frame: the start screen
 *     WORDS      as CATALOGUE; line: the word that is asked for -> text, and cards
 *     OPEN       name, text, seed, mode, tape, speed, screen, program
 *                -> a frame; bad_line where the tape could not be replayed
 *     KEYS       keys -> want, a frame; the plain face edits its row
 *     RESIZE     rows, cols -> a frame
 *     LINE       line -> text, prompt; the plain face
 *     TICK       elapsed, max_events -> more, a frame; the score, once
 *     NOTICE     line -> a frame with the line over it until the next key
 *     REPORT     -> text (Markdown), score, digest
 *     PROVE      name, text, seed, count -> progress, then the proof
 *     PLAYERS    the same -> progress, then what players who do not think get
 *     VALIDATE   name, text, seed, count -> one card; the world was built so often
 *     LAB        name, text, seed, count (replications), until
 *     LAB_RUN    max_events -> done of all, events; more: not at its end
 *     LAB_TELL   count, json -> the count-th piece of the report as text; more: there are
 *                further pieces. Stops a lab that runs. */
enum wire_op {
    WIRE_CATALOGUE,
    WIRE_WORDS,
    WIRE_OPEN,
    WIRE_KEYS,
    WIRE_RESIZE,
    WIRE_LINE,
    WIRE_TICK,
    WIRE_PROVE,
    WIRE_PLAYERS,
    WIRE_REPORT,
    WIRE_VALIDATE,
    WIRE_NOTICE,
    WIRE_LAB,
    WIRE_LAB_RUN,
    WIRE_LAB_TELL,
    WIRE_OPS
};
enum wire_face { WIRE_FULL, WIRE_PLAIN, WIRE_FACES };

/* A lesson's file that the front found, and what is known of its runs. */
struct wire_lesson {
    const char *name; /* "all-green.lua" */
    const char *text;
    size_t len;
    const char *broken;   /* the reason not to load it; NULL, "": none is known */
    int best;             /* score 0..100 of the best run; -1: never finished */
    enum outcome outcome; /* of the best run */
    bool saved;           /* a run can be gone on with */
    bool stopped;         /* a run was begun, and an update keeps it from going on */
    bool alone;           /* finished on call, too */
    int best_alone;       /* of those runs */
    enum outcome outcome_alone;
    const struct wire_ending *endings; /* the latest first */
    size_t nendings;
};
#define WIRE_ENDINGS_MAX 20 /* of a lesson that can be read again */
struct wire_ending {        /* a finished run */
    const char *when;       /* "2026-03-23 20:12" */
    enum play_mode mode;
    enum outcome outcome;
    int score; /* -1: none can be believed */
};

/* A request of any operation; what an operation does not use stays zero. The fields
 * that are sent, and their bounds: wire_fields.h. */
struct wire_request {
    enum wire_op op;
    const char *name; /* of the file in `text` */
    const char *text; /* a lesson, a lab, or course.lua */
    size_t len;
    const struct wire_lesson *lessons;
    size_t nlessons;
    const char *tape; /* to resume; empty: a new run */
    size_t tape_len;
    uint64_t seed;       /* the first of several */
    uint64_t first_seed; /* PROVE: of the whole proof, of which these are a part */
    enum play_mode mode;
    bool draft; /* OPEN, VALIDATE: the lesson is being written */
    bool early; /* OPEN: answer with the page, before the night has been run up to it */
    /* the screen */
    enum wire_face face;
    int rows, cols; /* 0 rows: none is drawn. Plain: 1 row, the prompt's; 0 where
                       lines come whole */
    enum glyphs glyphs;
    bool mono;
    const char *program; /* the program's name as one types it here */

    const struct key *keys;
    size_t nkeys;
    const char *line;    /* typed, or to be told; CATALOGUE: why there is no course.lua;
                         WORDS: the word, "": all;
                         PROVE: the rows that are asked for */
    sim_time elapsed;    /* nanoseconds of real time; the front caps them */
    uint64_t max_events; /* the most to run now */
    double speed;        /* simulated seconds per second; 0: as the lesson likes */
    unsigned count;
    sim_time until; /* 0: as the lab's file says */
    bool json;
    bool drawn;    /* CATALOGUE: a night that was drawn blind can be gone on with */
    bool no_frame; /* do not draw now: another request follows at once */
};

/* ---- answers --------------------------------------------------------------------- */

enum wire_kind { WIRE_DONE, WIRE_PROGRESS, WIRE_READY, WIRE_KINDS };

/* Cells that changed: `n` of them from place `at` on, which is row * cols + col. */
struct wire_run {
    uint32_t at, n;
    const struct cell *cells;
};
/* The difference to the frame before; rows 0: no frame is in the answer. */
struct wire_frame {
    int rows, cols;
    int cursor_row, cursor_col; /* -1: hidden */
    struct wire_run *runs;
    size_t nruns;
};
/* A lesson as its own file tells of it; checked and clean. */
struct wire_term { /* a word, and what it means */
    const char *word, *meaning;
};
struct wire_card {
    const char *id, *title, *track, *summary;
    const char *post;        /* the title of the post it ends with; "": none */
    const char *hash;        /* of the text */
    const char *broken;      /* the reason why it cannot be loaded; "": it can */
    const char *asks;        /* the course's question over its track; "": none */
    const char *why;         /* the course's reason to play it at its place; "": none */
    const char *teaches;     /* a few phrases with "; " between */
    struct wire_term *terms; /* nterms, its own words */
    size_t nterms;
    int minutes, level;
};
struct wire_answer {
    enum wire_kind kind;
    enum err err;      /* of the request itself: a broken lesson, a foreign tape */
    const char *error; /* the sentence to it */
    size_t bad_line;   /* the tape's entry that could not be replayed; 0: none */

    /* the screen's wishes, for the front */
    enum want want;
    const char *want_lesson; /* [a-z0-9-]; "": none */
    unsigned want_number;    /* of an ending */
    bool more;               /* simulated time is still owed: TICK with elapsed 0 */
    bool ticking;            /* time may move: send ticks */
    bool fast;               /* a wait is running */
    bool bell;               /* the pager rang */
    bool over;               /* the incident is over (plain: the debrief was printed) */
    bool
        opening; /* opened early: ticks run the night up to its page, of which `done` in a
                     hundred is done; with an error: it will never be there */

    /* text and lines to be shown, after the tape is written down */
    const char *text; /* plain output, report; clean, with newlines */
    const char *prompt;
    const char *tape; /* new lines */
    size_t tape_len;
    struct wire_frame frame;

    /* the session */
    const char *lesson, *title, *hash;
    uint64_t seed, digest;
    sim_time now;
    size_t step, nsteps;
    bool practice; /* not scored: after a rewind */
    bool scored;   /* `score` is set: once, when the incident is over */
    struct score score;

    struct wire_card *cards;
    size_t ncards;
    unsigned done, all;     /* progress */
    uint64_t events;        /* of a lab, so far */
    struct proof proof;     /* the rows live in `mem`, too: not for proof_release() */
    struct players players; /* the rows live in `mem`, too: not for players_release() */

    struct arena mem; /* everything above */
};
/* Frees what an answer holds; a zeroed one is fine. */
void wire_answer_release(struct wire_answer *a);

/* The difference of two canvases of one size as runs; `before` NULL: all of `now`. The
 * runs point into `now` and live in `mem`. */
void wire_frame_diff(struct wire_frame *f, const struct canvas *before,
                     const struct canvas *now, struct arena *mem);
/* Copies the changed cells. A cell that no terminal should get (a control, a code point
 * that text_clean() would rewrite, a wrong width, an unknown tone) becomes U+FFFD. The
 * canvas is made anew when the size differs. */
void wire_frame_apply(const struct wire_frame *f, struct canvas **c);

/* wire_put_*() append one whole message with its length in front; wire_get_*() take a
 * message without it, and refuse (ERR_CORRUPT, with what was wrong) everything out of
 * bounds. Decoded strings live in the arena. */
void wire_put_request(struct buf *b, const struct wire_request *q);
enum err wire_get_request(struct wire_request *q, struct arena *mem, const char *p,
                          size_t n, struct errmsg *why) MUST_USE;
void wire_put_answer(struct buf *b, const struct wire_answer *a);
enum err wire_get_answer(struct wire_answer *a, const char *p, size_t n,
                         struct errmsg *why) MUST_USE;

/* Reads or writes a whole message, blocking. False: the other end is closed, or the
 * message is longer than WIRE_MESSAGE_MAX. */
bool wire_read(int fd, struct buf *b);
bool wire_write(int fd, const struct buf *b);

/* ---- the front's side: one worker ------------------------------------------------ */

/*
 * A worker may use so much of the processor's time for each request (WIRE_CPU_S; some
 * may take longer) and is ended by the kernel when it takes more, whether the front
 * looks or not. The front sets the soft limit RLIMIT_CPU of its child anew for each
 * request, at what the child has used so far and that much more, and for each sign of
 * progress. It may: prlimit() asks for the same user, not for leave to trace, so a
 * worker that is not dumpable makes no difference; and raising a soft limit below the
 * hard one, which stays as it was, asks for nothing. The worker itself has no such call
 * in its filter. Limits are whole seconds, so that this is a wall behind the counted
 * steps and never what a lesson meets. Elsewhere than on Linux only the front's
 * patience remains.
 */

#define WIRE_CPU_S 5 /* the most that a request may take */
#define WIRE_CPU_LONG_S                                                                \
    60                       /* the same of a request that replays a tape or carries out
                                a wait */
#define WIRE_CPU_PROVE_S 300 /* the proof of one seed */

struct wire_worker;
/* Starts the program's own image again as a worker, and waits until it is ready.
 *
 *     ERR_REFUSED          the wall cannot be here; the sentence says what is missing,
 *                          what that risks, and how to go on
 *     ERR_LIMIT, ERR_LOST  no worker can run here at all */
enum err wire_worker_start(struct wire_worker **out, bool jail,
                           struct errmsg *why) MUST_USE;
void wire_worker_end(struct wire_worker *w); /* at once; NULL is fine */
int wire_worker_pid(const struct wire_worker *w);
int wire_worker_fd(const struct wire_worker *w); /* to poll for answers */
/* Send a request, receive an answer. After an error the worker must be ended:
 *
 *     ERR_LOST     the worker is gone; the sentence says how it died
 *     ERR_CORRUPT  the worker talks nonsense
 *     ERR_LIMIT    no answer in time
 *     ERR_STOPPED  `waiting` said so */
enum err wire_worker_send(struct wire_worker *w, const struct wire_request *q,
                          struct errmsg *why) MUST_USE;
/* `waiting` (may be NULL) is called after half a second and then twenty times a second
 * with the milliseconds waited; it returns false to give up. limit_ms 0: wait for ever.
 */
enum err wire_worker_receive(struct wire_worker *w, struct wire_answer *a, int limit_ms,
                             bool (*waiting)(void *ctx, int ms), void *ctx,
                             struct errmsg *why) MUST_USE;
/* Sends and receives, for every request that has one answer. */
enum err wire_worker_ask(struct wire_worker *w, const struct wire_request *q,
                         struct wire_answer *a, int limit_ms,
                         bool (*waiting)(void *ctx, int ms), void *ctx,
                         struct errmsg *why) MUST_USE;
/* Receives without waiting; ERR_NOT_FOUND: no whole answer yet. To be called until
 * then: a second answer may be there already, of which poll() does not tell. */
enum err wire_worker_poll(struct wire_worker *w, struct wire_answer *a,
                          struct errmsg *why) MUST_USE;

/* ---- the front's side: a worker that is replaced when it falls ------------------- */

struct wire_client_options {
    bool jail;
    /* New tape lines. They are on disk when it returns, or it has said that they cannot
     * be. */
    void (*tape)(void *ctx, const char *s, size_t n);
    bool (*waiting)(void *ctx, int ms); /* see wire_worker_receive() */
    /* A worker was replaced, an input dropped: a sentence for the person. */
    void (*said)(void *ctx, const char *sentence);
    void *ctx;
};
struct wire_client;
struct wire_client *wire_client_new(const struct wire_client_options *o) MUST_USE;
void wire_client_free(struct wire_client *c);
/* OPEN or CATALOGUE on a fresh worker: one worker never sees two lessons played. The
 * request's texts are copied, for later restarts. */
enum err wire_client_open(struct wire_client *c, const struct wire_request *q,
                          struct wire_answer *a, struct errmsg *why) MUST_USE;
/* Sends any other request. ERR_OK also when an input had to be dropped (`said` told it,
 * and the answer is that of the session opened again). Errors: no worker could be kept
 * alive. */
enum err wire_client_ask(struct wire_client *c, const struct wire_request *q,
                         struct wire_answer *a, struct errmsg *why) MUST_USE;
int wire_client_pid(const struct wire_client *c); /* for tests and doctor */

#endif
