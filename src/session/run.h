/*
 * run: one world being run, and what is made once for all runs of a lesson and seed.
 *
 *     struct stage    what a lesson builds for a seed: model, alert rules, letters
 *     struct run      world, recording and Lua state, and what an operator changed
 *
 * The learner's night, the reference, doing nothing, the twin and every night of the prover
 * are runs, and all move by run_advance(). A run knows nothing of steps or tapes.
 *
 *     struct stage *g = stage_new(lesson, seed, &why);
 *     struct run r, copy;
 *     run_open(&r, g, seed, &why);                       // at time 0
 *     run_advance(&r, 10 * SIM_MIN, NULL, NULL, &why);   // sampled at each whole second
 *     run_fork(&copy, &r, &why);                         // as cheap as the world is small
 *     run_line(&copy, "rollback checkout", end, &why);
 *     run_release(&copy), run_release(&r), stage_unref(g);
 *
 * Owner: a run owns its world, recording and Lua state and holds a reference to its stage; a
 * fork has its own of all but the stage. Hooks, and the effort, are borrowed. Units:
 * simulated nanoseconds; work in events and steps of Lua, never in seconds. Errors:
 * ERR_LESSON from the lesson's functions, ERR_LIMIT when the world or the effort is too
 * much, ERR_STOPPED when the caller wanted no more.
 */
#ifndef SESSION_RUN_H
#define SESSION_RUN_H

#include "truecode/session.h"

/* ---- the stage ------------------------------------------------------------------- */

/* The model and letters that a lesson builds for a seed. Counted by references. */
struct stage {
    unsigned refs;
    struct lesson *lesson; /* a reference */
    struct lesson_world lw;
    struct ticket *tickets; /* for the console; strings in lw.mem */
    size_t ntickets;
    struct improvement_offer *offers; /* of the design, for the console */
};
struct stage *stage_new(const struct lesson *l, uint64_t seed,
                        struct errmsg *why) MUST_USE;
/* Another night of the same seed (lesson_build_night()). NULL: it cannot be built. */
struct stage *stage_night(const struct lesson *l, uint64_t seed, enum night night,
                          size_t entry, struct errmsg *why) MUST_USE;
void stage_unref(struct stage *g);

/* ---- the run --------------------------------------------------------------------- */

/* The rest of the work that somebody allows, counted and never timed, so that it is
 * used up at the same place everywhere. */
struct effort {
    uint64_t events; /* of worlds; each component sampled is one, too */
    uint64_t steps;  /* of Lua */
};

struct run {
    struct stage *stage;
    struct lesson_state *lua; /* the run's own; opens when the lesson is asked
                                 something */
    struct world *world;
    struct recording *rec;
    sim_time first_change, last_change; /* by an operator; SIM_FOREVER: none yet */
    sim_time busy_until;                /* the operator is busy until then */
    sim_time step_started;
    sim_time sampled; /* the last whole second that was sampled */
    bool midway; /* stopped between the events of one moment: run_settle() ends it */
    /* Called after each sample; false stops run_advance(). */
    bool (*on_second)(void *ctx, struct run *r);
    void *ctx;
    bool (*seen)(const void *ctx, const char *subject); /* NULL: nothing was seen */
    bool suspected;
    sim_time improved_at
        [IMPROVEMENTS_MAX]; /* when each was chosen; SIM_FOREVER: it was not */
    struct effort *effort;  /* shared with forks; NULL: any. ERR_LIMIT beyond */
    bool twice; /* the prover: what is true must be so in a fresh Lua state as well */
};

/* ---- a run's life, and its time -------------------------------------------------- */

/* A world at time 0. */
enum err run_open(struct run *r, struct stage *g, uint64_t seed,
                  struct errmsg *why) MUST_USE;
/* A copy with its own Lua state; hooks are not copied. */
enum err run_fork(struct run *out, const struct run *r, struct errmsg *why) MUST_USE;
void run_release(struct run *r);
const struct lesson *run_lesson(const struct run *r);
sim_time run_now(const struct run *r);
/* Runs up to and including `until`, sampling at each whole second. *left is lowered by the
 * events run (NULL: no limit); ERR_STOPPED when it is used up or on_second asked to
 * stop (then *asked). */
enum err run_advance(struct run *r, sim_time until, uint64_t *left, bool *asked,
                     struct errmsg *why) MUST_USE;
/* Ends the moment that the world stands in, so that what is done now comes after all
 * that happens now: in what order is then the same whatever the slices were. */
enum err run_settle(struct run *r, struct errmsg *why) MUST_USE;

/* ---- acting on it ---------------------------------------------------------------- */

enum err run_apply(struct run *r, const struct action *a, const char *who,
                   struct errmsg *why) MUST_USE;
/* Carries out a console line at once: actions, their time, and waits (at most to
 * `end`). Used by everything but the learner. ERR_*: the line could not be carried out.
 */
enum err run_line(struct run *r, const char *line, sim_time end,
                  struct errmsg *why) MUST_USE;
/* same_action.c: the same thing done to the same component, numbers within `factor`. */
bool same_action(const struct action *a, const struct action *b, double factor);
/* A console line, typed in this run now, would do that. */
bool line_means(const struct run *r, const char *line, const struct action *a);

/* ---- looking at it --------------------------------------------------------------- */

struct lesson_facts run_facts(const struct run *r);
/* A predicate over this run as it is. */
enum err run_test(const struct run *r, fn_id fn, bool *yes,
                  struct errmsg *why) MUST_USE;
/* text_render.c: appends the text's words of now. False: no variant holds, or there is no
 * text; nothing is appended then. */
bool run_text(const struct run *r, const struct text *t, struct buf *out);
size_t run_tickets(const struct run *r, sim_time t); /* how many have arrived by t */
/* Fills in the console's context of this run. */
void run_console(const struct run *r, struct console_ctx *ctx);
/* The lines of a course, one after the other, as far as they come before `end`. */
void run_course(struct run *r, const struct course *c, sim_time end);
/* From here on the recording keeps what users had, what alerts look at and those that a
 * prevention would bring: for a run into which nobody looks, which asks no predicate. */
void run_keep_users(struct run *r);
/* Users were well over the last `window`: the objective was met in it as a whole and in
 * each half of it. *margin: 1 comfortable .. 0 on the edge, negative when not. */
bool run_well(const struct run *r, sim_time window, double *margin);
/* Users were well in the `window` before `at`; see run_well(). */
bool users_well(const struct run *r, sim_time at, sim_time window, double *margin);
uint64_t run_bad(const struct run *r, sim_time from); /* bad user requests since then */
/* A group of those who can be worse off than before: the users of a client, and what the
 * objective is about besides, as the messages of a subscription. */
bool is_group(const struct model *m, comp_id c);

/* ---- improvements that were chosen (design.c) ------------------------------------ */

/* A list for the console, the caller's; NULL: the lesson has no design. */
struct improvement_offer *design_offers(const struct lesson *l) MUST_USE;
void run_offers(const struct run *r, struct console_ctx *ctx); /* fills it in */
design_set run_improved(const struct run *r);
/* Puts in number `which`, now. */
enum err run_improve(struct run *r, size_t which, struct errmsg *why) MUST_USE;

#endif
