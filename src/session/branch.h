/*
 * branch: which of the learner's nights counts, going back, and the nights it is held
 * against.
 *
 *     rewind.c          marks to come back to; the first branch as it stood
 *     score_rivals.c    the reference and doing nothing, run on to the same moment
 *     score.c           how it ended
 *
 * Until the first rewind the session is the branch that counts; from then on it is what the
 * session was at that moment, and all that follows is practice. So whoever scores asks
 * scored_run() and its like, and never the session's own run:
 *
 *     const struct run *r = scored_run(s);
 *     for (size_t i = 0; i < scored_notes(s); i++) ... s->notes[i] ...
 *
 * Owner: marks and the branch belong to the session; rivals to whoever runs them
 * (rivals_release()). Times are simulated nanoseconds.
 */
#ifndef SESSION_BRANCH_H
#define SESSION_BRANCH_H

#include "run.h"

struct note; /* notebook.h */

/* ---- what was done, and going back (rewind.c) ------------------------------------ */

struct done_action { /* a deed of the learner's, in this branch */
    sim_time at, busy_until;
    struct action action;                 /* texts are kept in session.words */
    size_t nnotes, nsaids, nseen, nfacts; /* lengths of the notebook before it */
    size_t nsheet;                        /* and on the sheet */
};
struct mark { /* a moment to come back to */
    sim_time at;
    struct world *world;
    struct recording *rec;
};
/* The first branch, as it stood at the first rewind: what the score is about. */
struct branch {
    struct run run; /* world NULL: the learner never went back */
    size_t nnotes, nsaids, nseen, nfacts, nsheet, hints, shown, answered, wrong_answers;
    struct done_action *actions;
    size_t nactions;
};
void action_remember(struct session *s, const struct action *a);
void mark_take(struct session *s); /* when it is time */
void mark_push(struct session *s); /* now */
enum err session_rewind(struct session *s, sim_time to, struct errmsg *why) MUST_USE;
void marks_release(struct session *s);
void branch_release(struct branch *b);

/* ---- the branch that counts (score.c) -------------------------------------------- */

const struct run *scored_run(const struct session *s);
size_t scored_notes(const struct session *s);
size_t scored_saids(const struct session *s);
size_t scored_seen(const struct session *s);
size_t scored_facts(const struct session *s);       /* of facts_seen */
size_t scored_sheet(const struct session *s);       /* statements */
size_t questions_answered(const struct session *s); /* rightly, as of now */
const struct done_action *scored_actions(const struct session *s, size_t *n);
bool note_open(const struct session *s, const struct note *n);

/* ---- the nights it is held against (score_rivals.c) ------------------------------ */

enum { TURNS_MAX = 3 };
/* A change of the learner's without which users would have lost less (turns.c). */
struct turn {
    sim_time at, undone; /* SIM_FOREVER: it never was */
    double cost;         /* requests */
    const char *what;    /* "api.workers 25 -> 50"; in session.words */
};
/* The scored run, the reference and doing nothing, run on to the same moment. */
struct rivals {
    struct run you, reference, nothing;
    struct run practice;          /* the last branch after a rewind; world NULL: none */
    const struct recording *twin; /* of the session; NULL: there is none */
    bool has_reference;
    bool mended_whole; /* the reference's fix ended before `to` */
    size_t mattered;   /* the first so many of the learner's changes are what made users
                        well; 0: no change did */
    struct turn turns[TURNS_MAX]; /* the worst first */
    size_t nturns;
    sim_time from, left, to; /* the page; the learner's end; the end of all three */
};
enum err rivals_run(struct session *s, struct rivals *v,
                    void (*progress)(void *ctx, double share), void *ctx,
                    struct errmsg *why) MUST_USE;
void rivals_release(struct rivals *v);

/* ---- the score (score.c, score.h) ------------------------------------------------ */

/* How it ended. `twin` (may be NULL) tells whom the learner turned away. */
enum outcome outcome_of(const struct session *s, const struct recording *twin);
/* The score; texts of the items live in `mem`. */
struct score score_of(const struct session *s, const struct rivals *v,
                      struct arena *mem, struct score_item items[SCORE_PARTS]);
/* The points that are left where steps were shown: the share of the others. */
int score_most_shown(const struct score *sc);

#endif
