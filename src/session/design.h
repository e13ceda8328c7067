/*
 * design: improvements that are chosen before anything breaks (truecode/design.h), in a
 * run and in the score.
 *
 *     run_improve(&r, 2, &why);                       // the third of the lesson's list
 *     double lost = run_cost(&r, twin, from, to);     // user-minutes, records included
 *     design_set best = stage_best(r.stage);          // by the lesson's prices, on this seed
 */
#ifndef SESSION_DESIGN_H
#define SESSION_DESIGN_H

#include "session_internal.h"

struct grading;
/* How it is played, alone: for the first page. */
void design_rules(const struct session *s, const char *clock, struct buf *out);
/* Puts in every improvement of a set, one after the other, at once. */
enum err run_improve_all(struct run *r, design_set set, struct errmsg *why) MUST_USE;
/* User-minutes lost from `from` to `to`: requests, and records by the promises of data.
 * `twin` may be NULL. */
double run_cost(const struct run *r, const struct recording *twin, sim_time from,
                sim_time to);
/* The records of that: how often a promise of data was broken. */
double run_records(const struct run *r, sim_time from, sim_time to);
/* The set that is worth most on a mean night of this seed's system. */
design_set stage_best(const struct stage *g);
/* User-minutes that a set is worth on a mean night of this seed's system. */
double stage_worth(const struct stage *g, design_set set);

/* The share that was spared of what can be: (nothing - you) / (nothing - best), 0 to 1. */
double design_share(double nothing, double you, double best);
enum outcome design_outcome(double share);
/* The three losses of a night that was played to its end. */
struct design_losses {
    double nothing, you, best;
};
struct design_losses design_losses_of(const struct rivals *v);
/* The one part of such a score. */
void grade_design(const struct grading *g, struct score_item *item);
/* The budget is used up, or closed; true where there is none. */
bool session_spent(const struct session *s);
/* Appends the line that chooses the best set from here on; false: nothing can be chosen. */
bool session_best_line(const struct session *s, struct buf *out);

#endif
