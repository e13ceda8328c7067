/*
 * session, inside: the learner's state, and its clock, tape and transcript. Its parts have
 * headers of their own, each a manual; in this order:
 *
 *     run.h         one world being run; everything that moves is one
 *     twin.h        the same night without the incident, and the harm that it shows
 *     notebook.h    what the learner has said and seen: notes, claims, predictions, facts
 *     sheet.h       the incident document, and what is true of its lines
 *     people.h      letters: who writes when
 *     guide.h       steps, and the answers to what they ask
 *     branch.h      which night counts; going back; the nights it is held against
 *
 * and on top of a session
 *
 *     score.h, report_internal.h          points, and the debrief
 *     prove_internal.h, prevent.h, promise.h, quiet.h, thoughtless.h
 *     experiment_internal.h               labs: no session at all
 *
 * The way of a line (line_input.c): questions first (guide.h), else the console proposes
 * effects; the world's are carried out by run_apply(), the others go into the notebook, and
 * the line goes on the tape. The way of time (session_clock.c): a tick moves `target`, the
 * run follows in slices, and after each sample people, steps, traps and forecasts look.
 *
 * Owner: a session owns all it holds but `onlooker` and what a copy (session_fork()) borrows.
 * It never moves its world but through its run. Times are simulated nanoseconds. Errors:
 * what a learner typed wrong is said in the transcript; what a lesson or tape has wrong
 * comes with a sentence in `why`.
 *
 *     struct session *s = …;
 *     enum err e = session_run_to(s, 12 * SIM_MIN, &why);
 *     const bool *known = session_known(s);    // what a map may show
 */
#ifndef TRUECODE_SESSION_INTERNAL_H
#define TRUECODE_SESSION_INTERNAL_H

#include "ahead.h"
#include "branch.h"
#include "guide.h"
#include "notebook.h"
#include "people.h"
#include "run.h"
#include "sheet.h"
#include "twin.h"

#include "truecode/session.h"
#include "truecode/tape.h"

/* ---- the state ------------------------------------------------------------------- */

enum {
    SCORE_TEXT = 32, /* "88 recovered" */
    BROKEN_MAX = 8   /* functions that raised; after so many none is asked */
};

/* The prover's eye, which looks on as texts are shown. */
struct onlooker {
    void (*shown)(void *ctx, struct session *s, const struct text *t, const char *what);
    void *ctx;
};

struct session {
    const struct onlooker *onlooker; /* borrowed; NULL in every face */
    struct form form;

    /* The night, and how it is shown. */
    struct lesson *lesson; /* a reference */
    char identity[65];     /* lesson_identity() */
    uint64_t seed;
    enum play_mode mode;
    bool quiet;   /* nothing is wrong on this night, and leaving it alone is right */
    bool opening; /* opened early: the run has not come to the page yet */
    struct errmsg failed; /* the reason why it cannot; "" none */
    bool spoken, ascii, replaying;
    int columns;

    /* The nights: the learner's, and those that are kept beside it. */
    struct run run;
    struct run begin; /* the night at the page */
    struct twin twin;
    bool twin_failed; /* no healthy night, or it ran away */
    struct run fork;  /* the night before the first change; world NULL: none yet */
    struct branch first;
    struct rivals rivals; /* of what is over; world NULL: not run yet */

    struct ahead ahead;

    /* The clock. */
    enum phase phase;
    bool paused, over;
    double speed;
    sim_time target; /* where ticks want the clock to be */
    sim_time wait_until, wait_from;
    double wait_speed;
    char *claimed; /* resolve's word */

    /* Steps, and what was seen. */
    size_t step;
    sim_time *began; /* when each step so far began, in this branch */
    enum step_status *status;
    size_t hints_shown, hints_total, wrong_answers;
    size_t wrong_here; /* of those, to the current step */
    bool moot;         /* the current step asks what it was, as users are well again */
    bool unread;       /* a step was announced, and nothing was typed since */
    bool practice;
    bool reset;                   /* the learner wants to begin anew, and said yes */
    sim_time *trapped_at;         /* when each trap fired; SIM_FOREVER: not yet */
    struct errmsg broken;         /* raised by a predicate, told already; "" nothing */
    fn_id broken_fns[BROKEN_MAX]; /* raised once: not asked again */
    size_t nbroken;
    char *feedback, *confirm;
    char *say, *hint; /* of the current step, in the words of the view's moment */
    struct strings seen, seen_ever;
    bool *known; /* by component, as of `known_seen` looks; NULL: not yet asked */
    size_t nknown, known_seen;
    size_t facts_seen[CASE_FACTS_MAX]; /* of the lesson's facts, in order */
    size_t nfacts_seen;

    /* The notebook, and what was done. */
    struct note *notes;
    size_t nnotes, notes_cap;
    struct said *saids;
    size_t nsaids, saids_cap;
    struct sheet sheet;
    struct forecast *forecasts;
    size_t nforecasts, forecasts_cap;
    struct done_action *actions;
    size_t nactions, actions_cap;
    struct strings words; /* the texts of actions */
    struct mark *marks;
    size_t nmarks, marks_cap;

    /* People. */
    struct people people;
    struct bystander *bystanders; /* the lesson's people, for the console */
    struct arena bystander_mem;
    size_t tickets_read; /* of the inbox */

    /* The tape, and what a face reads. */
    struct buf tape; /* not yet taken */
    struct tape_chain chain;
    sim_time taped_at;            /* time of the last line */
    char taped_score[SCORE_TEXT]; /* the score's line on the tape; "": none yet */
    size_t score_line;            /* of the tape that was replayed */
    struct out transcript;
    uint64_t version;
    struct session_view view;
    struct note_view *note_views;
};

/* ---- opening, and copies (session_open.c, session_fork.c) ------------------------ */

/* session_open() from a copy of `page`, a run of the same lesson and seed that stands at
 * the page; NULL: runs up to it. */
enum err session_open_at(struct session **out, const struct session_options *o,
                         const struct run *page, struct errmsg *why) MUST_USE;
/* Runs a session that was opened early on towards its page, at most *left events (NULL:
 * all the way). ERR_STOPPED: more is owed; other errors: it will never be there, and says
 * the same again when asked again. */
enum err session_come(struct session *s, uint64_t *left, struct errmsg *why) MUST_USE;
/* A copy at the same moment, with its own run. `s` has to outlive it. */
enum err session_fork(struct session **out, const struct session *s,
                      struct errmsg *why) MUST_USE;

/* ---- the clock (session_clock.c) ------------------------------------------------- */

/* The owner's look after each sample of the learner's run (struct run's on_second). */
bool session_on_second(void *ctx, struct run *r);
enum hold session_hold(const struct session *s);
sim_time session_end(const struct session *s); /* the shift is over then */
void session_touch(struct session *s); /* something changed that a screen would show */
/* Before an input: nothing of its moment is still to come. */
void session_settle(struct session *s);
/* Runs to t whatever holds the clock: to a tape's entry, or until hands are free. */
enum err session_run_to(struct session *s, sim_time t, struct errmsg *why) MUST_USE;
void session_wait(struct session *s, sim_time duration);
void session_break_wait(struct session *s); /* something came up */
void session_finish(struct session *s);     /* to the debrief */

/* ---- functions of the lesson, over the learner's run (session_clock.c) ----------- */

/* A function that raised is told of once and not asked again; then, and when it raises, it
 * is not true and not a number. */
bool session_true(struct session *s, fn_id fn);
double session_number(struct session *s, fn_id fn);
/* A function raised: told once, and not asked again. */
void session_broken(struct session *s, fn_id fn, const struct errmsg *why);

/* ---- what is said (transcript.c, text_render.c) ---------------------------------- */

void transcript_init(struct out *o);
void session_print(struct session *s, const struct out *o);
void session_say(struct session *s, enum tone t, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
void session_feedback(struct session *s, enum tone t, const char *text);
void session_feedback_text(struct session *s, enum tone tone, const struct text *t,
                           const char *what);
/* Appends a letter's words, with their live values. */
void session_words(struct session *s, const char *words, struct buf *out);
bool session_text(struct session *s, const struct text *t, struct buf *out);
const struct variant *session_variant(struct session *s, const struct text *t);
/* session_text() where it is said to the learner at this moment; `what` names it for an
 * onlooker: "say", "reply 2". */
bool session_show(struct session *s, const struct text *t, const char *what,
                  struct buf *out);

/* ---- what may be seen (face_view.c, sights.c) ------------------------------------ */

void session_console(const struct session *s, struct console_ctx *ctx);
bool session_users_hidden(const struct session *s);
/* Top components of which figures may stand unasked on map and charts: those that `shows`
 * names, and those that were looked at. NULL: all, where the lesson has no `shows`, and in
 * the debrief. Valid until the next look. */
const bool *session_known(struct session *s);
/* The top component that a subject of EFFECT_SEEN is a look at; COMP_NONE: of none. */
comp_id looked_at(const struct model *m, const char *subject);

/* ---- the twin of this night (twin.c) --------------------------------------------- */

/* The twin as of `until`, or of now, run there when it lags behind; NULL: this night has
 * none (its world cannot be built so, or ran away). */
const struct recording *session_twin_at(struct session *s, sim_time until);
const struct recording *session_twin(struct session *s);
/* Runs the twin towards now, at most *left events (NULL: all the way). ERR_STOPPED: more
 * is owed. */
enum err session_follow_twin(struct session *s, uint64_t *left) MUST_USE;
/* Towards `until` instead, which may lie ahead of the learner. */
enum err session_twin_to(struct session *s, sim_time until, uint64_t *left) MUST_USE;
/* The incident's harm to users from `from` until now; of all that the objective is
 * about where `client` is COMP_NONE. */
struct impact session_impact(struct session *s, comp_id client, sim_time from);

/* ---- a line's effects (line_input.c) --------------------------------------------- */

enum err input_apply(struct session *s, const char *line, bool confirmed,
                     struct errmsg *why) MUST_USE;

/* ---- the tape (tape.c) ----------------------------------------------------------- */

void tape_header(struct session *s);
void tape_put(struct session *s, const char *kind, const char *text);
void tape_time(struct session *s, bool force);
/* The score of what is over goes on the tape; where one stands there already it must be
 * the same: ERR_MISMATCH names its line. */
enum err tape_score(struct session *s, const struct score *score,
                    struct errmsg *why) MUST_USE;
/* *bad_line (may be NULL): the entry that does not hold. */
enum err tape_replay(struct session *s, const char *tape, size_t len, size_t *bad_line,
                     struct errmsg *why) MUST_USE;

#endif
