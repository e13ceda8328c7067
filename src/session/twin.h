/*
 * twin: the same night without the incident, and what the difference comes to.
 *
 * A second world from the lesson and seed of the first, in which no cause happens and
 * what the lesson's `twin` sets was so from the beginning. The same customers come to it
 * at the same moments, as every component draws from streams of its own, and nobody
 * operates it. Until the first cause the two are one world, to the last bit. From then on
 * what differs between their users is what the incident did, and what was done about it.
 *
 *     struct twin t;
 *     twin_open(&t, lesson, seed, NULL, &why);
 *     twin_follow(&t, run_now(&r), NULL, &why);          // may take as long as the night did
 *     struct impact h = impact_of(r.rec, t.run.rec, shoppers, page, run_now(&r));
 *     if (h.since != SIM_FOREVER) ... h.lost requests of h.all, h.share ...
 *
 * Owner: the caller releases a twin; it shares nothing with the first world but the lesson.
 *
 * A twin costs as much memory and work as the first world. It is run when there is time
 * for it; nothing that goes on a tape depends on how far it has come.
 */
#ifndef SESSION_TWIN_H
#define SESSION_TWIN_H

#include "run.h"

/* The same night without the incident. */
struct twin {
    struct run run; /* world NULL: not opened yet */
};
/* Opens a twin at time 0. What users had of it is recorded, and what alerts look at
 * (run_keep_users()): nothing else is ever asked of it.
 * ERR_LESSON: the lesson's world cannot be built so. */
enum err twin_open(struct twin *t, const struct lesson *l, uint64_t seed,
                   struct effort *effort, struct errmsg *why) MUST_USE;
/* A world without entry number `entry` of the incident, at time 0: the caller's to run
 * and to release. It is how a cause is told from what only happened as well. */
enum err twin_without(struct run *out, const struct lesson *l, uint64_t seed,
                      size_t entry, struct effort *effort, struct errmsg *why) MUST_USE;
/* Runs on to `until`, at most *left events (NULL: any). ERR_STOPPED: not there yet;
 * ERR_LIMIT: it ran away, and stays where it is. */
enum err twin_follow(struct twin *t, sim_time until, uint64_t *left,
                     struct errmsg *why) MUST_USE;
/* Another night of the same seed at time 0 (lesson_build_night()). */
enum err night_open(struct run *out, const struct lesson *l, uint64_t seed,
                    enum night night, size_t which, struct effort *effort,
                    struct errmsg *why) MUST_USE;
void twin_release(struct twin *t);

/* Users lost, the one number for it everywhere: requests from `from` to `to` that were bad
 * here and would not have been in the twin, and those that never came here although they
 * came there, as of one who gave up or was turned away. Of one client, or (COMP_NONE) of
 * all that the objective is about. No twin (NULL): the bad ones. */
double users_lost(const struct recording *here, const struct recording *twin,
                  comp_id client, sim_time from, sim_time to);
/* The part of them that never came. */
double users_missing(const struct recording *here, const struct recording *twin,
                     comp_id client, sim_time from, sim_time to);

/* The harm that users of one client (COMP_NONE: of all that the objective is about) had
 * from `from` to `to`; none is known without a twin (NULL). */
struct impact {
    uint64_t all;  /* requests whose fate was decided here, and those that never came */
    uint64_t lost; /* users_lost() */
    double share;  /* lost / all; NaN: nobody's fate was decided */
    /* The second in which the first of them was bad and from which on it was never made
     * good; SIM_FOREVER: nobody is hurt. */
    sim_time since;
};
struct impact impact_of(const struct recording *here, const struct recording *twin,
                        comp_id client, sim_time from, sim_time to);
/* Whether that is more than the objective lets pass: then these users are hurt. */
bool impact_counts(const struct impact *h, const struct slo *slo);

#endif
