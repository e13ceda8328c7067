/*
 * score, inside: who gives which part, and what each looks at.
 *
 *     score.c            the total, and how it ended
 *     score_rivals.c     the runs that are compared, and which change made users well
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

#define SETTLE SIM_MIN /* what a change may need to take effect */

struct grading { /* what every part needs */
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

/* Requests of users (COMP_NONE: all whom the objective is about) lost from `from` to `to`:
 * bad ones, and those that never came although the twin (may be NULL) had them. */
/* A rival at the page, before anything was done: nobody looks into it, but promises of
 * data are asked of it where the lesson has some. */
enum err rival_open(struct run *r, const struct session *s,
                    struct errmsg *why) MUST_USE;
/* Lets somebody look for so long, then play a course; to `end`. */
enum err run_reference(struct run *r, const struct course *c, sim_time looks,
                       sim_time end, struct errmsg *why) MUST_USE;
double users_lost(const struct run *r, const struct recording *twin, comp_id client,
                  sim_time from, sim_time to);
/* The share of the twin's requests that never came here. */
double users_missing(const struct run *r, const struct recording *twin, sim_time from,
                     sim_time to);

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
