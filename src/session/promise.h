/*
 * promise: what a run did to the lesson's promises of data and freshness (truecode/promise.h).
 * What users were promised is in the recording: run_well().
 *
 *     struct ward w = run_ward(&v->you, 0, v->from, v->to);
 *     if (!w.kept) ... w.name ... w.harm of w.unit
 *
 * The data promises come first, the fresh ones after them; each is a ward.
 */
#ifndef SESSION_PROMISE_H
#define SESSION_PROMISE_H

#include "run.h"

struct ward {
    const char *name; /* the promise, a sentence */
    bool kept;        /* over the whole stretch; holds at its end */
    double harm;      /* how often it was broken in it; of freshness, seconds too old */
    bool seconds;     /* harm is a time */
    bool counted;     /* harm is a number of things, each broken by itself */
};
size_t run_wards(const struct run *r);
/* Promise number i, from `from` to `to`. Whether `holds` is true can be asked of the run's
 * own moment alone: `to` is that, or `holds` is left out of it. A function that raises has
 * not kept its promise. */
struct ward run_ward(const struct run *r, size_t i, sim_time from, sim_time to);
/* The first promise that was not kept in the `window` before now; NULL: all were. */
const char *run_broken(const struct run *r, sim_time window);
/* "3", or "4 min 10 s": the harm in words. */
void ward_words(const struct ward *w, double harm, struct buf *out);

#endif
