/*
 * The prover's parts:
 *
 *     prove.c        runs the seeds, and judges what can be seen before anybody acts
 *     prove_wrong.c  judges wrong fixes
 *     prove_prevention.c prices what would have prevented it
 *     prove_design.c holds improvements and drawn faults to their prices
 *     prove_twin.c   asks what the incident needs
 *     prove_quiet.c  plays the night on which nothing is wrong
 *     prove_facts.c  holds suspects, facts and findings to what they claim
 *     prove_claims.c holds what the guide says to what is so
 *     prove_steps.c  plays the steps and reads the texts
 */
#ifndef TRUECODE_PROVE_INTERNAL_H
#define TRUECODE_PROVE_INTERNAL_H

#include "session_internal.h"

#define PROVE_MAX 32 /* moves, normals, traps of a lesson */
enum { PROVE_EVERY = 10 };

struct prover {
    struct proof *out;
    struct lesson *lesson;
    uint64_t seed, first_seed;
    bool thorough;    /* the seed's turn of EVERY: for all that is not looked at in
                         each */
    const char *only; /* "": all rows */
    bool (*progress)(void *ctx, unsigned done, unsigned all);
    void *ctx;
    unsigned done, parts; /* of all seeds: what progress is told */
    bool stopped;
    struct stage *stage;
    struct run base, nothing; /* at the page; at the end */
    struct run reference;     /* after the first fix; world NULL: it cannot be played */
    struct run twin;  /* the healthy night, to its end; world NULL: not run there */
    bool same_judged; /* "same seed, same trace" */
    unsigned watched, moved[PROVE_MAX], normal[PROVE_MAX];
    char move_parts[PROVE_MAX][160],
        normal_parts[PROVE_MAX][160]; /* when false first */
    bool trapped[PROVE_MAX];
    struct errmsg broken;       /* raised by a predicate */
    struct effort most, effort; /* a seed may take, and what is left of that */
};

/* margin: 1 comfortable .. 0 on the edge; NaN: not applicable. */
void prove_result(struct prover *pv, enum proof_kind kind, const char *name, bool ok,
                  double margin, const char *fmt, ...) PRINTF_LIKE(6, 7);
/* Forks the base and runs a course to its verdict, at least to `until`; the caller
 * releases `r`. */
enum err prove_course(struct prover *pv, struct run *r, const struct course *c,
                      sim_time until, struct errmsg *why) MUST_USE;
enum err prove_wrong(struct prover *pv, const struct course *c,
                     struct errmsg *why) MUST_USE;
/* The costly course whose price is true in the run of a fix; NULL: none, as it should. */
const struct course *prove_price_paid(const struct prover *pv, const struct run *r);
/* Judges "same seed, same trace" with another run up to the page. */
void prove_same(struct prover *pv, const struct run *again);
enum err prove_steps(struct prover *pv, struct errmsg *why) MUST_USE;
enum err prove_design(struct prover *pv, struct errmsg *why) MUST_USE;
enum err prove_prevention(struct prover *pv, struct errmsg *why) MUST_USE;
enum err prove_twin(struct prover *pv, struct errmsg *why) MUST_USE;
enum err prove_quiet(struct prover *pv, struct errmsg *why) MUST_USE;
/* Types a line and waits for what it makes the operator wait for; stops when step number
 * `step` is done (SIZE_MAX: does not). */
void prove_play_line(struct session *s, const char *line, size_t step);

/* The onlooker of the played steps, in those seeds that hold the guide to what it
 * says; NULL in the others, which the other two take. */
struct looking *looking_new(struct prover *pv, struct session *s);
/* Before the open step is solved: plays what could be done first, and waits. */
enum err looking_around(struct looking *look, struct session *s,
                        struct errmsg *why) MUST_USE;
void looking_end(struct looking *look); /* judges what was seen */
/* At the page: what the facts claim. */
void prove_facts(struct prover *pv);
/* The open step: garbage is no finding; it is not done by looking at everything. */
void prove_finding(struct prover *pv, struct session *s);
void prove_glance(struct prover *pv, struct session *s);
void prove_text(struct prover *pv);

void prove_tick(struct prover *pv); /* a part of a seed is done */
/* The parts of a predicate that is not true, in words for people. "" where
 * it cannot be asked. */
void prove_parts(const struct run *r, fn_id fn, char out[160]);
/* False: rows of this kind, with this name, are not asked for. NULL: with any name. */
bool prove_wants(const struct prover *pv, enum proof_kind kind, const char *name);

/* prove_lesson() with other limits for a seed: how the tests reach them. */
enum err prove_within(struct proof *out, const struct prove_options *o,
                      struct effort most,
                      bool (*progress)(void *ctx, unsigned done, unsigned all),
                      void *ctx, struct errmsg *why) MUST_USE;

#endif
