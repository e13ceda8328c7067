/*
 * session: a lesson being played: world, recording, lesson, console and tape. The whole
 * program without a screen. Every face (the screen, plain mode, scripts, the prover, the
 * grader) drives the same few inputs and reads the same view.
 *
 *     struct session *s;
 *     struct session_options o = {.text = t, .len = n, .name = "all-green.lua", .seed = 7};
 *     if (session_open(&s, &o, &why) != ERR_OK) ...
 *     session_read(s);                               // the briefing was read
 *     session_line(s, "status", false, &why);        // its output is in the transcript
 *     session_tick(s, 250 * SIM_MS, 200000, &more, &why); // a quarter of a second went by
 *     const struct session_view *v = session_view(s);     // what a face shows
 *     session_take_tape(s, &tape);                   // write it down, then draw
 *     session_free(s);
 *
 * Tape. Each input goes on the tape at once: take it with session_take_tape() and write it
 * down before showing what it did. Seed and tape are the saved game.
 *
 * Time. A session never reads a clock. The face says how much real time went by
 * (session_tick), and the session decides how far simulated time may move:
 *
 *     HOLD_READING, HOLD_QUESTION,      not at all
 *     HOLD_PAUSED, HOLD_OVER
 *     HOLD_NONE                         at `speed`
 *     HOLD_WAITING                      so that the wait takes three seconds at most; pages,
 *                                       tickets and traps stop it
 *
 * Ownership. A view and all it points to belong to the session and are valid until the next
 * call. A report and a proof belong to the caller.
 *
 * Errors. What a learner typed wrong is explained in the transcript; the error says so to
 * the face. What a lesson or tape has wrong comes with a sentence in `why`.
 */
#ifndef TRUECODE_SESSION_H
#define TRUECODE_SESSION_H

#include "truecode/console.h"
#include "truecode/lesson.h"
#include "truecode/players.h"
#include "truecode/tape.h"
#include "truecode/verdict.h"

struct session;
struct run;

struct session_options {
    const char *text; /* the lesson file */
    size_t len;
    const char *name;
    const struct lesson *lesson; /* loaded already, instead of these three; NULL */
    uint64_t seed;
    enum play_mode mode;
    const char *tape; /* NULL: a new run; else: resume by replaying this */
    size_t tape_len;
    size_t *bad_line; /* NULL, or: gets the number of the tape's entry that could not be
                         replayed; 0: its head is to blame, or nothing is */
    bool spoken;      /* plain mode: charts and maps as sentences */
    bool ascii;
    bool draft;            /* the file is a draft (lesson_load_draft()): `eval` works */
    int columns;           /* console width; 0: 78 */
    bool early;            /* the page is enough: see session_open() */
    bool quiet;            /* the prover's own: nothing is wrong on this night */
    struct effort *effort; /* the prover's own; NULL in every face */
    const struct run *
        twin; /* the prover's own: the healthy night, run already, of which this session's
                  is a copy; NULL: it runs its own */
};

/* ERR_LESSON: the lesson is broken. ERR_CORRUPT: the tape is not a tape (line named); a
 * last line cut short is dropped, not an error. ERR_MISMATCH: the tape is of a lesson of
 * another identity (see lesson_identity(); other words do not matter), of another engine
 * or seed, a line of it does not fit its chain (truecode/tape.h) or it replays to another
 * trace; the sentence says which.
 *
 * With `early` it returns before the night has been run up to its page, where that is a
 * new run whose page is the lesson's own words (not on a night drawn blind). Ticks run it
 * there: the view's `opened` says how far it is; other inputs run the rest at once. The
 * tape begins when it is there. */
enum err session_open(struct session **out, const struct session_options *o,
                      struct errmsg *why) MUST_USE;
void session_free(struct session *s);

/* ---- inputs ---------------------------------------------------------------------- */

/* A line from the learner: a command, "2" (an answer), "up, down" (predictions), ""
 * (read on). Its output goes to the transcript. ERR_STOPPED: wants a yes first: the
 * view's `confirm` says what it will do; call again with confirmed = true (nothing was
 * taped). ERR_REFUSED: it is over, or on call, and that is not done then. Other errors
 * were explained in the transcript already (they are the learner's
 * to mend, not the face's). */
enum err session_line(struct session *s, const char *line, bool confirmed,
                      struct errmsg *why) MUST_USE;
/* Text on the screen has been read: leave the briefing, go on after feedback. */
void session_read(struct session *s);
/* A view showed `subject` (see console.h): taped once per step. */
void session_seen(struct session *s, const char *subject);
void session_pause(struct session *s, bool on);
void session_set_speed(struct session *s, double speed);
void session_interrupt(struct session *s); /* ends a running wait */
void session_set_columns(struct session *s, int columns);

/* `elapsed` real nanoseconds went by (0: just go on with what is pending); at most
 * `max_events` events are run. *more: simulated time is still owed: call again at once
 * with elapsed 0 after looking for keys. ERR_LIMIT: the world ran away (said in the
 * transcript; the run is over). A predicate that raises is said there, too, and the
 * incident goes on. ERR_LESSON, ERR_LIMIT of a night that does not come to its page: the
 * session is of no use. */
enum err session_tick(struct session *s, sim_time elapsed, uint64_t max_events,
                      bool *more, struct errmsg *why) MUST_USE;
/* Runs to simulated time t at once, or to where a wait would stop (plain mode, prover).
 */
enum err session_advance(struct session *s, sim_time until,
                         struct errmsg *why) MUST_USE;

/* ---- what a face shows ----------------------------------------------------------- */

enum phase {
    PHASE_BRIEFING, /* the page and the place are on the screen, unread */
    PHASE_PLAY,
    PHASE_DEBRIEF /* over: resolved, or the end was reached */
};
enum hold {
    HOLD_NONE,     /* time runs */
    HOLD_READING,  /* unread text */
    HOLD_QUESTION, /* a question is open */
    HOLD_PAUSED,
    HOLD_WAITING, /* a wait or a long command is running: time runs fast */
    HOLD_OVER
};
enum step_status {
    STEP_OPEN,
    STEP_DONE,
    STEP_SKIPPED,
    STEP_SHOWN, /* solution shown */
    STEP_MOOT   /* passed over: users were well again */
};

/* how the notebook heads a line, how a report tells of it */
#define NOTE_KINDS(X)                                                                  \
    X(SUSPICION, "suspect", "you suspected")                                           \
    X(RULED_OUT, "not it", "you ruled out")                                            \
    X(REMARK, "note", "you noted")                                                     \
    X(UPDATE, "told", "you told people")
enum note_kind {
#define X(id, head, tells) NOTE_##id,
    NOTE_KINDS(X)
#undef X
        NOTE_KIND_COUNT
};
const char *note_head(enum note_kind k);  /* "not it" */
const char *note_tells(enum note_kind k); /* "you ruled out" */

struct note_view {
    sim_time at;
    enum note_kind kind;
    bool open; /* suspicions: not ruled out */
    const char *text;
};

struct session_view {
    const struct lesson *lesson;
    const struct world *world;
    const struct recording *rec;
    sim_time now, day_start;
    enum phase phase;
    enum hold hold;
    double
        opened; /* share of the night up to the page that has been run; 1: all. Below 1
                      only what the page needs is set: lesson, world (its model), now */
    const char *failed; /* the reason why it does not come to its page; NULL */
    double speed;
    sim_time wait_until; /* HOLD_WAITING */
    uint64_t seed;
    enum play_mode mode;
    bool blind;    /* drawn: nobody says what it is before the debrief */
    bool practice; /* after a rewind: not scored */
    bool reset; /* the learner wants to begin anew: the face asks whoever opened it */

    bool users_hidden; /* nobody measures users here: show neither slo nor users_lost,
                          and no metric of a client */
    const bool
        *known;    /* see struct scene: what the business measures and what was looked
                      at; NULL: all */
    size_t nknown; /* how many of those are known; another number: new ones */
    struct slo_state slo;
    /* Requests of users that the incident has cost until now, by the healthy night, and
     * since when; not known while that night has not been run so far: nothing is shown.
     * Since when is the learner's to find: told when it is over. */
    bool lost_known;
    uint64_t users_lost;
    sim_time lost_since; /* SIM_FOREVER: nobody was lost */
    size_t alerts_firing;

    size_t step, nsteps;            /* current; == nsteps: all done */
    const struct step *current;     /* NULL: none */
    const enum step_status *status; /* nsteps of them */
    const char *say;                /* the current step's words now; NULL */
    size_t hints_shown;             /* of the current step */
    const char *hint;               /* the last of them; NULL */
    const char *feedback;           /* said last about an answer or a trap; NULL */
    bool
        asking; /* the prompt waits for an answer: to a step's question, or to an update's */
    const char *confirm; /* a risk that waits for a yes; NULL */

    const struct ticket *tickets; /* arrived */
    size_t ntickets, unread_tickets;
    size_t pages; /* the pager rang so often: a face rings once when it rises */
    const struct note_view *notes; /* the notebook */
    size_t nnotes;

    const struct out
        *transcript;  /* everything the console said, echoes and feedback included */
    uint64_t version; /* rises with every change a screen would show */
};
/* Valid until the next call on the session. */
const struct session_view *session_view(const struct session *s);
/* Appends what reaches the learner at the page: the lesson's words; what people and pager have
 * written by then, on a night that was drawn blind. */
void session_page(const struct session *s, struct buf *out);
/* How it is played, in a few sentences for the first page: what the clock does, what is
 * asked. */
void session_rules(const struct session *s, struct buf *out);
/* For the console's line editor. */
void session_complete(const struct session *s, const char *line, size_t cursor,
                      struct completions *out);

/* ---- tape ------------------------------------------------------------------------ */

/* Appends what was taped since the last call (the header first). Whole lines. */
void session_take_tape(struct session *s, struct buf *out);
uint64_t session_digest(const struct session *s);

/* ---- what happened: score, debrief ----------------------------------------------- */

/* Typed blocks: the screen, plain mode, Markdown and HTML draw them. */
enum block_kind {
    BLOCK_TITLE,
    BLOCK_HEADING,
    BLOCK_TEXT,
    BLOCK_BULLET,
    BLOCK_TABLE,
    BLOCK_CHART,
    BLOCK_LINK
};
enum { BLOCK_SERIES_MAX = 4 };
struct block_series {
    const char *name; /* "you", "reference", "doing nothing", "practice" */
    double *v;        /* n shares; NaN: nobody came */
};
struct block {
    enum block_kind kind;
    const char *text;   /* TABLE: heads "TIME|WHAT" */
    const char *url;    /* LINK */
    const char **cells; /* TABLE: ncells, row by row */
    size_t ncells, ncols;
    struct block_series series[BLOCK_SERIES_MAX]; /* CHART */
    size_t nseries, n;
    sim_time from, to;
    const sim_time *marks; /* when the learner changed something */
    size_t nmarks;
};
/* A part of the score, explained. Sentences, in the report's memory; "" where there is
 * nothing to say. */
struct score_item {
    int points, full;
    sim_time at;        /* when it was stated or done; SIM_FOREVER: never */
    const char *stated; /* the learner's word or deed */
    const char *truth;  /* the engine's own answer */
    const char *best;   /* the answer worth full marks */
    const char *cost;   /* the reason for points lost */
};
struct report {
    struct arena mem;
    struct block *blocks;
    size_t n, cap;
    struct score score;
    struct score_item items[SCORE_PARTS];
};
/* Runs the learner's world, the reference and doing nothing on to one moment, forked
 * where they differ, and works out what each prevention would have saved. Of that, all
 * that does not depend on the learner is run ahead in spare time, while somebody plays
 * (session_tick()): then it is there at once. Where there was no spare time, as in a
 * script, it takes a second or some; `progress` (may be NULL) is called with 0..1. After
 * a rewind it is about the first branch. When it is over the score goes on the tape;
 * ERR_MISMATCH: the tape has another one already (the sentence names its line). */
enum err session_report(struct session *s, struct report *out,
                        void (*progress)(void *ctx, double share), void *ctx,
                        struct errmsg *why) MUST_USE;
/* The same without waiting for the prices of preventions: where they are not known yet
 * it says so, and session_report_owed() is true. Ticks go on with them; once it is false
 * the report can be made whole, at no cost. The score is the same in both. */
enum err session_report_early(struct session *s, struct report *out,
                              struct errmsg *why) MUST_USE;
bool session_report_owed(const struct session *s);
bool session_scored(
    const struct session *s); /* the run is over, and a report is there at once */
/* The same run as a post-mortem: summary, impact, timeline, causes, what helped and hurt,
 * prevention, the incident sheet, the score. Costs nothing more once there is a report. */
enum err session_post_mortem(struct session *s, struct report *out,
                             struct errmsg *why) MUST_USE;
void report_release(struct report *r);
/* A series of a chart in words: "31 %, 12 %, 0 %, nobody came", by quarters. */
void block_speak(const struct block *chart, size_t series, struct buf *out);
void report_markdown(const struct report *r,
                     struct buf *out); /* plain mode prints the same */

/* ---- check ----------------------------------------------------------------------- */

/* Tries at the page all that a lesson's file holds for later: functions, console lines,
 * tools, hints. Appends a line "file:line: what, and what would be right" to `faults` for
 * each that would fail. ERR_LESSON, ERR_LIMIT: the night does not come to its page. */
enum err lesson_check(const struct lesson *l, uint64_t seed, struct buf *faults,
                      struct errmsg *why) MUST_USE;

/* ---- proof ----------------------------------------------------------------------- */

/* The work that the proof of one seed may take; the lessons here take a tenth at most. */
#define PROVE_EVENTS 300000000ull /* of worlds; a component sampled is one, too */
#define PROVE_STEPS  100000000ull /* of Lua */
/* The proof that is asked for. It may be cut into parts, one for each process. */
struct prove_options {
    const char *text; /* the lesson file */
    size_t len;
    const char *name;
    uint64_t first; /* seed of the whole proof: what is looked at in one seed of ten is
                         looked at in this one, the tenth after it, … */
    uint64_t seed;  /* first of this part: seed .. seed+count-1 */
    unsigned count;
    const char *only; /* rows of one kind, "wrong", perhaps those with a name, "wrong
                         restart"; NULL or "": all */
};
/* `progress` counts courses and other parts of a seed, and returns false to stop
 * (ERR_STOPPED). ERR_LIMIT: a seed, which is named, takes more than the above.
 * ERR_NOT_FOUND: `only` names nothing; the sentence says what there is. */
enum err prove_lesson(struct proof *out, const struct prove_options *o,
                      bool (*progress)(void *ctx, unsigned done, unsigned all),
                      void *ctx, struct errmsg *why) MUST_USE;

/* Plays every player who does not think in both modes, over seeds o->seed ..
 * o->seed+count-1; `progress` counts plays and returns false to stop (ERR_STOPPED).
 * ERR_LESSON: the lesson cannot be played at all. Release with players_release(). */
enum err players_play(struct players *out, const struct session_options *o,
                      unsigned count,
                      bool (*progress)(void *ctx, unsigned done, unsigned all),
                      void *ctx, struct errmsg *why) MUST_USE;

#endif
