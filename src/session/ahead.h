/*
 * ahead: work for the debrief that is done while somebody plays.
 *
 * The debrief compares the learner's night with others that do not depend on the learner: the
 * reference, doing nothing, the healthy twin to the night's end, the prices of preventions.
 * They are run in the time that the clock's ticks leave, after the twin, in slices of events,
 * so that no key ever waits for them. What is not there at the end is run then: first what the
 * score needs; the prices come behind, while the debrief is being read.
 *
 *     enum err e = ahead_work(s, &left);      // ERR_STOPPED: more is owed
 *     ahead_take(s, v);                       // reference and nothing, as far as they are
 *     const struct prices *p = ahead_prices(s); // NULL: not worked out yet
 *
 * Nothing of it is on the tape, and all of it comes out the same at whatever time it is run:
 * a run is decided by its seed and what is done in it. Where memory grows short it is dropped.
 */
#ifndef SESSION_AHEAD_H
#define SESSION_AHEAD_H

#include "run.h"

struct prices; /* prevent.h */
struct session;
struct rivals;

/* Nights that the debrief needs, as far as they were run while somebody played. */
struct ahead {
    struct run reference, nothing;
    bool mended;       /* the reference's fix was carried out */
    bool mended_whole; /* and ended before a verdict can be due */
    bool dropped;      /* memory grew short: nothing more before it is over */
    bool failed;       /* prices cannot be worked out */
    struct prices *prices;
    bool priced; /* all of them are known */
};

/* Goes on with what is owed, at most *left events; NULL: to the end. ERR_STOPPED: more is
 * owed; ERR_OK: nothing is. */
enum err ahead_work(struct session *s, uint64_t *left) MUST_USE;
/* Moves what there is of the reference and of doing nothing into the rivals; what is not
 * stays without a world. The reference is there only with its fix carried out whole. */
void ahead_take(struct session *s, struct rivals *v);
/* NULL: they are not all known. Of a lesson without preventions, or without a twin,
 * they are never known. */
const struct prices *ahead_prices(const struct session *s);
/* Prices that will be known, and are not yet. */
bool ahead_owes(const struct session *s);
void ahead_release(struct ahead *a);

#endif
