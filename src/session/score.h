/*
 * score, inside: who gives which part, and what each looks at.
 *
 *     score.c            the total, and how it ended
 *     score_rivals.c     the runs that are compared, and which change made users well
 *     turns.c            which changes hurt, and what each cost
 *     score_users.c      users spared, no harm done
 *     score_data.c       promises of data and freshness
 *     score_diagnosis.c  what stood in the notebook before the change that mattered
 *     score_told.c       how long it was watched, and what people were told
 *
 * Each part fills in an item: points, and the sentences that explain them. Points are whole,
 * so that what is printed adds up to the total.
 */
#ifndef SESSION_SCORE_H
#define SESSION_SCORE_H

#include "session_internal.h"

#define SETTLE SIM_MIN /* the time in which a change takes effect */

struct grading { /* needs of every part */
    const struct session *s;
    const struct rivals *v;
    struct arena *mem;
    const struct score *score; /* outcome and losses are known */
};

/* Whether the learner changed anything in the branch that counts. */
bool score_changed(const struct session *s);
/* Whether leaving it alone was right. */
bool score_quiet(const struct session *s);
/* How long the learner could see what the last change did. */
sim_time score_watched(const struct session *s);
/* Whether resolve's word is better than what it was. */
bool score_overcalled(const struct session *s, enum outcome o);

/* A rival at the page, before anything was done: nobody looks into it, but promises of
 * data are asked of it where the lesson has some. */
enum err rival_open(struct run *r, const struct session *s,
                    struct errmsg *why) MUST_USE;

/* How long after a change a verdict on it is due: the lesson's window, or as long as the
 * reference waits for its own to work, if that is longer; and SETTLE. */
sim_time verdict_after(const struct lesson *l);

/* The change that made users well; NULL: none did. */
const struct done_action *score_mattered(const struct grading *g);

/* The change that mattered (the first, where none did) came out of nothing that was thought:
 * no suspicion stood open before it, or none of the facts that tell suspects apart had been
 * on the screen. Of a night without a fault: users were left alone, and nobody had looked at
 * them. */
bool score_by_luck(const struct grading *g);

/* Whether a wrong suspicion stands open at the end. */
bool score_suspects(const struct session *s);

/* The harm of the learner's own hand to promises of data and freshness: how far each was broken
 * beyond both doing nothing and the reference. */
struct own_harm {
    double things;    /* broken in all, of what is counted */
    double share;     /* how bad all of it is, 0..1: things weigh as requests lost do
                         (harm_scale()); a quarter of the time too old, or a promise that is
                         not counted, is all */
    const char *name; /* of the promise that was broken worst; NULL: no harm */
    double most;      /* how far, of that one; 0: not counted */
};
struct own_harm own_harm(const struct grading *g);
/* The loss that counts as all the harm there can be: a quarter of what is lost where nobody
 * acts. */
double harm_scale(const struct rivals *v);

/* The first promise of data that the learner's run broke more often than both doing nothing
 * and the reference: nobody gets back what was lost or doubled. NULL: none. */
const char *rivals_data_broken(const struct lesson *l, const struct rivals *v);

/* Fills v->turns, once all else of it is known. */
void turns_find(struct session *s, struct rivals *v);

/* Each sets points of item->full, and sentences. `share_points` rounds. */
int share_points(double share, int full);
void grade_users(const struct grading *g, struct score_item *item);
void grade_containment(const struct grading *g, struct score_item *item);
/* After the rest of the diagnosis. */
void grade_trigger(const struct grading *g, struct score_item *item);
void grade_data(const struct grading *g, struct score_item *item);
void grade_diagnosis(const struct grading *g, struct score_item *item);
void grade_verification(const struct grading *g, struct score_item *item);
void grade_communication(const struct grading *g, struct score_item *item);

/* A time of day in `mem`: "19:52". */
const char *score_clock(const struct grading *g, sim_time t);
const char *score_count(const struct grading *g, double n);
const char *score_span(const struct grading *g, sim_time t);

#endif
