/*
 * quiet: nights on which nothing is wrong, among those that are drawn blind.
 */
#ifndef SESSION_QUIET_H
#define SESSION_QUIET_H

#include "session_internal.h"

struct maker;
struct grading;

/* Whether the night that is drawn with this seed is one; the same answer everywhere. */
bool quiet_drawn(uint64_t seed);
/* Builds such a night. NULL: it cannot be built, or the lesson names nothing that could
 * be left out. */
struct stage *quiet_stage(const struct lesson *l, uint64_t seed,
                          struct errmsg *why) MUST_USE;
/* How long one has to look before one knows that nothing is wrong. */
sim_time quiet_watch(const struct session *s);
/* The looks of the learner, in the branch that counts: without them nobody knows that
 * nothing is wrong. */
struct quiet_looks {
    bool users;   /* the users' lot: status, map, or a closer look at one of them */
    bool alerts;  /* the alerts that fire; status has them, too */
    bool changes; /* the latest changes */
};
struct quiet_looks quiet_looks(const struct session *s);
/* The diagnosis of such a night: a third for each look, nothing for a change. */
void quiet_diagnosis(const struct grading *g, struct score_item *item);
/* Adds to the debrief how it was, and what works. */
void quiet_debrief(const struct maker *k);

#endif
