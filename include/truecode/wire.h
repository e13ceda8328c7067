/*
 * wire: the front process talks to its jailed worker over one socket pair.
 *
 * The worker runs everything a lesson can touch: Lua, the simulation, the console, the
 * views. It has no files and no network, and asking the kernel for the time gets no
 * answer. The front has the terminal, the tape and the database, and believes nothing
 * the worker says: each message is bounded and checked when it is decoded, each cell
 * again before it may reach a terminal.
 *
 * A clock is not quite out of reach: the kernel maps one into every process (the vDSO),
 * which needs no call and which no filter sees. Nothing reads it but Lua, for the seed
 * of its hashes; a lesson cannot. Code that broke out of Lua could, and could only
 * compute with it.
 *
 * A worker's first message says that the wall around it stands (WIRE_READY), or what is
 * missing; wire_worker_start() takes it. From then on strictly request → answer. Only
 * PROVE may send answers of kind WIRE_PROGRESS before its last one.
 *
 *     struct wire_client *c = wire_client_new(&(struct wire_client_options){.jail =
 * true}); struct wire_answer a = {0}; err = wire_client_open(c, &(struct
 * wire_request){.op = WIRE_OPEN, ...}, &a, &why); err = wire_client_ask(c, &(struct
 * wire_request){.op = WIRE_KEYS, ...}, &a, &why); wire_frame_apply(&a.frame, canvas);
 *     wire_client_free(c);
 *
 * A client survives its worker: when the worker hangs, dies or talks nonsense, another
 * is started from the tape so far and the request is sent again; if that kills it
 * again, the request is dropped and the client says so.
 */
#ifndef TRUECODE_WIRE_H
#define TRUECODE_WIRE_H

#include "truecode/limits.h"
#include "truecode/screen.h"
#include "truecode/verdict.h"

#define WIRE_WORKER_ARG  "--worker" /* the hidden subcommand: see worker.h */
#define WIRE_MESSAGE_MAX (12u * 1024 * 1024)
#define WIRE_KEYS_MAX    256

/* ---- requests -------------------------------------------------------------------- */

enum wire_op {
    WIRE_CATALOGUE, /* show the start screen for these lessons; answers cards and a
                       frame */
    WIRE_OPEN,      /* play (or resume from a tape) one lesson */
    WIRE_KEYS,      /* keys; full face, or a plain one that edits its row */
    WIRE_RESIZE,
    WIRE_LINE,     /* a line, plain face */
    WIRE_TICK,     /* real time went by */
    WIRE_PROVE,    /* prove a lesson over seeds */
    WIRE_REPORT,   /* the open session's report as Markdown */
    WIRE_VALIDATE, /* load a lesson and build its world for `count` seeds */
    WIRE_NOTICE,   /* show `line` over the screen until the next key */
    WIRE_LAB,      /* open a lab file: seed, `count` replications, until */
    WIRE_LAB_RUN,  /* run it for max_events; `more`: not done; done of all: how far */
    WIRE_LAB_TELL, /* stop it if it runs; the `count`-th piece of its report as text, as
                      JSON with `json`; `more`: there are further pieces */
    WIRE_OPS
};
enum wire_face { WIRE_FULL, WIRE_PLAIN, WIRE_FACES };

struct wire_lesson {  /* a lesson file the front found, and what it knows of it */
    const char *name; /* "all-green.lua" */
    const char *text;
    size_t len;
    const char *broken; /* why it is not to be loaded; NULL, "": nothing is known */
    int best;           /* -1: never finished */
    enum outcome outcome;
    bool saved;
    bool stopped; /* by an update: a run was begun and cannot go on */
};

/* One struct for all operations; what an operation does not use stays zero. */
struct wire_request {
    enum wire_op op;
    const char *name,
        *text; /* OPEN PROVE VALIDATE: the lesson; CATALOGUE: course.lua */
    size_t len;
    const struct wire_lesson *lessons; /* CATALOGUE */
    size_t nlessons;
    const char *tape; /* OPEN */
    size_t tape_len;
    uint64_t seed; /* OPEN; PROVE VALIDATE: the first */
    enum play_mode mode;
    enum wire_face face;
    int rows, cols; /* OPEN CATALOGUE RESIZE; 0 rows: no screen is drawn. Plain: 1 row,
                       its prompt's; 0: lines come whole */
    enum glyphs glyphs;
    bool mono;
    const char *program;    /* OPEN CATALOGUE: how one types the program's name here */
    const struct key *keys; /* KEYS */
    size_t nkeys;
    const char *line;    /* LINE, NOTICE; CATALOGUE: why there is no course.lua */
    sim_time elapsed;    /* TICK: nanoseconds of real time; the front caps it */
    uint64_t max_events; /* TICK LAB_RUN */
    double speed;        /* OPEN: 0: as the lesson likes */
    unsigned count;      /* PROVE VALIDATE: how many seeds; LAB LAB_TELL */
    sim_time until;      /* LAB: 0: as the file says */
    bool json;           /* LAB_TELL */
    bool no_frame;       /* do not draw now: another request follows at once */
};

/* ---- answers --------------------------------------------------------------------- */

enum wire_kind { WIRE_DONE, WIRE_PROGRESS, WIRE_READY, WIRE_KINDS };

struct wire_run { /* cells that changed, from `at` (row * cols + col) on */
    uint32_t at, n;
    const struct cell *cells;
};
struct wire_frame { /* present: rows > 0 */
    int rows, cols;
    int cursor_row, cursor_col;
    struct wire_run *runs;
    size_t nruns;
};
struct wire_card { /* a lesson as its own file tells it; checked and clean */
    const char *id, *title, *track, *summary, *post, *hash,
        *broken; /* broken "": fine */
    int minutes, level;
};
struct wire_answer {
    enum wire_kind kind;
    enum err err; /* of the request itself: a broken lesson, a foreign tape */
    const char *error;
    size_t bad_line; /* OPEN: the tape's entry that could not be replayed; 0: none */
    /* what the screen asks of the front */
    enum want want;
    const char *want_lesson; /* [a-z0-9-], "" none */
    bool more;               /* simulated time is still owed: TICK with elapsed 0 */
    bool ticking;            /* time may move: send ticks */
    bool fast;               /* a wait is running */
    bool over;               /* the incident is over (plain: the debrief was printed) */
    const char *text;        /* plain output, report; clean, with newlines */
    const char *prompt;
    const char *tape; /* new tape lines: write them down before showing the rest */
    size_t tape_len;
    struct wire_frame frame;
    /* the session */
    const char *lesson, *title, *hash;
    uint64_t seed, digest;
    sim_time now;
    size_t step, nsteps;
    bool practice;
    bool scored; /* `score` holds: sent once, when the incident is over */
    struct score score;
    /* CATALOGUE, VALIDATE */
    struct wire_card *cards;
    size_t ncards;
    /* PROVE, LAB_RUN */
    unsigned done, all; /* progress */
    uint64_t events;    /* LAB_RUN */
    struct proof proof; /* rows live in `mem`: do not proof_release() */
    struct arena mem;   /* everything above lives here */
};
void wire_answer_release(struct wire_answer *a);

/* The difference of two canvases of one size as runs; `before` NULL: all of `now`. The
 * runs point into `now` and live in `mem`. */
void wire_frame_diff(struct wire_frame *f, const struct canvas *before,
                     const struct canvas *now, struct arena *mem);
/* Copies the changed cells. A cell that no terminal should get (a control, a code point
 * that text_clean() would rewrite, a wrong width, an unknown tone) becomes U+FFFD. The
 * canvas is made anew when the size differs. */
void wire_frame_apply(const struct wire_frame *f, struct canvas **c);

/* Encoding appends one whole message with its length in front; decoding takes a message
 * without it. Decoding refuses (ERR_CORRUPT, with what was wrong) everything out of
 * bounds; the decoded strings live in the arena. */
void wire_put_request(struct buf *b, const struct wire_request *q);
enum err wire_get_request(struct wire_request *q, struct arena *mem, const char *p,
                          size_t n, struct errmsg *why) MUST_USE;
void wire_put_answer(struct buf *b, const struct wire_answer *a);
enum err wire_get_answer(struct wire_answer *a, const char *p, size_t n,
                         struct errmsg *why) MUST_USE;

/* One whole message on a blocking descriptor. False: the other end is closed, or the
 * message is longer than WIRE_MESSAGE_MAX. */
bool wire_read(int fd, struct buf *b);
bool wire_write(int fd, const struct buf *b);

/* ---- the front's side: one worker
 *
 * A worker may use so much of the processor's time for each request (WIRE_CPU_S; some may
 * take longer) and is ended by the kernel when it takes more, whether the front looks or
 * not. The front sets the soft limit RLIMIT_CPU of its child anew for each request, at
 * what the child has used so far and that much more, and for each sign of progress. It
 * may: prlimit() asks for the same user, not for leave to trace, so a worker that is not
 * dumpable makes no difference; and raising a soft limit below the hard one, which stays
 * as it was, asks for nothing. The worker itself has no such call in its filter. Limits
 * are whole seconds, so that this is a wall behind the counted steps and never what a
 * lesson meets. Elsewhere than on Linux only the front's patience remains.
 * ----------------------------------------------------- */

#define WIRE_CPU_S       5   /* what a request may take */
#define WIRE_CPU_LONG_S  60  /* one that replays a tape or carries out a wait */
#define WIRE_CPU_PROVE_S 300 /* the proof of one seed */

struct wire_worker;
/* Starts the program's own image again as a worker, and waits until it is ready.
 * ERR_REFUSED: the wall cannot be here; `why` says what is missing, what that risks,
 * and how to go on. ERR_LIMIT, ERR_LOST: it cannot run here at all. */
enum err wire_worker_start(struct wire_worker **out, bool jail,
                           struct errmsg *why) MUST_USE;
void wire_worker_end(struct wire_worker *w); /* at once; NULL is fine */
int wire_worker_pid(const struct wire_worker *w);
int wire_worker_fd(const struct wire_worker *w); /* to poll for answers */
/* ERR_LOST: it is gone (why says how it died). ERR_CORRUPT: it talks nonsense.
 * ERR_LIMIT: no answer in time. ERR_STOPPED: `waiting` said so. In all four cases it
 * must be ended. */
enum err wire_worker_send(struct wire_worker *w, const struct wire_request *q,
                          struct errmsg *why) MUST_USE;
/* `waiting` (may be NULL) is called after half a second and then twenty times a second
 * with the milliseconds waited; it returns false to give up. limit_ms 0: wait for ever.
 */
enum err wire_worker_receive(struct wire_worker *w, struct wire_answer *a, int limit_ms,
                             bool (*waiting)(void *ctx, int ms), void *ctx,
                             struct errmsg *why) MUST_USE;
/* Both, for everything that has one answer. */
enum err wire_worker_ask(struct wire_worker *w, const struct wire_request *q,
                         struct wire_answer *a, int limit_ms,
                         bool (*waiting)(void *ctx, int ms), void *ctx,
                         struct errmsg *why) MUST_USE;
/* Does not wait: ERR_NOT_FOUND: no whole answer yet. Call until it says so: a second
 * answer may be there already, and then poll() does not tell. */
enum err wire_worker_poll(struct wire_worker *w, struct wire_answer *a,
                          struct errmsg *why) MUST_USE;

/* ---- the front's side: a worker that is replaced when it falls ------------------- */

struct wire_client_options {
    bool jail;
    /* New tape lines; must have them on disk (or have said that it cannot) when it
     * returns. */
    void (*tape)(void *ctx, const char *s, size_t n);
    bool (*waiting)(void *ctx, int ms); /* as in wire_worker_receive */
    void (*said)(void *ctx,
                 const char *sentence); /* a worker was replaced, an input dropped */
    void *ctx;
};
struct wire_client;
struct wire_client *wire_client_new(const struct wire_client_options *o) MUST_USE;
void wire_client_free(struct wire_client *c);
/* OPEN or CATALOGUE on a fresh worker: one worker never sees two lessons played. The
 * request's texts are copied, for later restarts. */
enum err wire_client_open(struct wire_client *c, const struct wire_request *q,
                          struct wire_answer *a, struct errmsg *why) MUST_USE;
/* Any other request. ERR_OK also when an input had to be dropped (`said` told it; the
 * answer then is the one of the reopened session). Errors: no worker could be kept
 * alive. */
enum err wire_client_ask(struct wire_client *c, const struct wire_request *q,
                         struct wire_answer *a, struct errmsg *why) MUST_USE;
int wire_client_pid(const struct wire_client *c); /* for tests and doctor */

#endif
