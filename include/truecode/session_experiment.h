/*
 * experiment: a lab file run headless and measured. No learner, no steps, no tape.
 *
 *     struct experiment *x;
 *     err = experiment_open(&x, &(struct experiment_options){
 *         .text = text, .len = len, .name = "mm1.lua", .seed = 1, .replications = 1},
 * &why); bool more = true; while (more && experiment_run(x, 500000, &more, &why) ==
 * ERR_OK)
 *         ;
 *     experiment_text(x, &out);
 *
 * It can be told at any time: what was measured so far. Same text, seed, length and
 * replications give the same report, byte for byte.
 */
#ifndef TRUECODE_SESSION_EXPERIMENT_H
#define TRUECODE_SESSION_EXPERIMENT_H

#include "truecode/lesson.h"
#include "truecode/telemetry_measure.h"

struct experiment;
struct experiment_options {
    const char *text; /* of the lab file */
    size_t len;
    const char *name;
    uint64_t seed;         /* the first; each replication has the next */
    unsigned replications; /* 0: one */
    sim_time until;        /* 0: as the file says */
};
/* ERR_LESSON: the file is broken. ERR_INPUT: the options do not fit it. */
enum err experiment_open(struct experiment **out, const struct experiment_options *o,
                         struct errmsg *why) MUST_USE;
void experiment_free(struct experiment *x); /* NULL is fine */

/* Runs at most so many events. *more: not done. ERR_LIMIT: the world ran away; what
 * there is until then is measured. ERR_LESSON: it cannot be built from this seed. */
enum err experiment_run(struct experiment *x, uint64_t max_events, bool *more,
                        struct errmsg *why) MUST_USE;
/* Ends the experiment here, early: what there is counts. */
void experiment_stop(struct experiment *x);
double experiment_done(const struct experiment *x); /* 0..1, by simulated time */
uint64_t experiment_events(const struct experiment *x);
/* A hash of the worlds' digests, in order. */
uint64_t experiment_digest(const struct experiment *x);

/* A table for people, 80 columns; one JSON object (lessons/README.md has its fields).
 * After experiment_run() said that there is no more, or experiment_stop(). */
void experiment_text(const struct experiment *x, struct buf *out);
void experiment_json(const struct experiment *x, struct buf *out);

#endif
