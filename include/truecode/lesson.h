/*
 * lesson: loads a lesson file in a sandbox, builds its world, and evaluates its
 * predicates. The only module that includes lua.h.
 *
 * A lesson is data with small pure functions in it. Loading turns all of the data into
 * the structs below (owned by the lesson, immutable); functions stay in Lua and are
 * named by `fn_id`. Everything a file can do wrong is ERR_LESSON with file, line and a
 * suggestion.
 *
 *     struct lesson *l;
 *     if (lesson_load(&l, text, len, "all-green.lua", &why) != ERR_OK) ...
 *     struct lesson_world lw;
 *     lesson_build(l, seed, &lw, &why);        // a model, the alert rules, the tickets
 *     bool yes;
 *     lesson_test(l, step->goal, &facts, &yes, &why);
 */
#ifndef TRUECODE_LESSON_H
#define TRUECODE_LESSON_H

#include "truecode/mechanism.h"
#include "truecode/telemetry.h"

struct lesson;
typedef int32_t fn_id; /* a Lua function of the lesson */
#define FN_NONE ((fn_id)-1)

#define LESSON_MAX_BYTES (256 * 1024)
#define LESSON_HINTS     4

enum step_kind {
    STEP_ASK,
    STEP_LOOK,
    STEP_PREDICT,
    STEP_ACT,
    STEP_SAY_UPDATE,
    STEP_CHOOSE
};

struct choice {
    const char *text;
    const char *reply; /* what is said when it is picked */
    bool right;        /* several may be right; `choose` steps take any right one */
};
struct prediction {   /* one thing to predict: up, same or down */
    const char *what; /* "orders in 5 minutes" */
    fn_id value;      /* number, read now and when due */
    sim_time after;   /* due so long after the next change */
    const char
        *answer; /* what the author expects; "" unknown: read from what happened */
};
struct step {
    enum step_kind kind;
    const char *id, *title, *say; /* `say` wrapped by the face, never wider than it */
    const struct choice *choices; /* ask, choose */
    size_t nchoices;
    const struct prediction *predict;
    size_t npredict;
    fn_id goal; /* look, act: true when done; else FN_NONE */
    /* look steps may want a suspicion instead of (or with) a goal */
    bool wants_suspect;
    const char *const *needs; /* say_update: "impact", "state", "next" ... */
    size_t nneeds;
    const char *hints[LESSON_HINTS]; /* nudge, where to look, what it is, the command */
    size_t nhints;
    const char *const *solution; /* console lines */
    size_t nsolution;
    const char *done; /* said when the step is done; NULL */
};

/* A known wrong turn: when `when` is true (checked each second after the first change,
 * fires once). */
struct trap {
    const char *id, *say;
    fn_id when;
};

/* A named course of console lines, for the prover, the reference run and the debrief.
 */
enum harm {
    HARM_NONE,
    HARM_WORSE,
    HARM_RETURNS,
    HARM_FRAGILE,
    HARM_NOTHING,
    HARM_PARTIAL,
    HARM_COSTLY
};
struct course {
    const char *title;
    const char *const *lines;
    size_t nlines;
    enum harm harm;     /* HARM_NONE: a fix */
    const char *until;  /* fragile: "the 10 s hiccup at min 40" */
    sim_time until_at;  /* fragile: when that is, on the simulated clock */
    const char *says;   /* why it did what it did; for the debrief */
    const char *client; /* worse: whose users lose; NULL: anybody's */
    fn_id used; /* true when the learner did this (debrief matches by effect, never by
                   text); FN_NONE: matched by the actions in `lines` */
};

struct predicate {
    const char *name;
    fn_id fn;
};
struct accepted {          /* what a suspicion must name to be right */
    const char *component; /* name */
    enum mechanism mechanism;
};
struct cited {
    const char *text, *url;
};

struct lesson_info {
    const char *id, *title, *track; /* think fail recover scale start lab */
    const char *summary;            /* one or two sentences for the list */
    int minutes, level;
    const char *post_title, *post_url, *post_basis; /* "opening", "title"; NULL: none */
    const char *const *teaches;
    size_t nteaches;
    const char *place;  /* the business and the people, for the first page */
    const char *page;   /* what the pager says at the start */
    sim_time starts_at; /* simulated time of the page: the system has run so long */
    sim_time day_start; /* time of day at simulated time 0 */
    sim_time ends_at;   /* a run is over then (prove, reference, do nothing) */
    bool quiet;         /* expect.quiet: a no-fault shift */
    bool guided_start;
    const char *const *tools; /* commands for `help` */
    size_t ntools;
    sim_time good_for; /* how long users must be well for "won": the fixes' verdict */
};

/* ---- loading --------------------------------------------------------------------- */

/* `name` is the file's name in messages. Text is copied. Loading runs the file's top
 * level only (in the sandbox, with its budgets), and checks every field. */
enum err lesson_load(struct lesson **out, const char *text, size_t len,
                     const char *name, struct errmsg *why) MUST_USE;
/* The same of a file for the lab, `return lab { … }`: a world without a story. Its info
 * has title and summary, starts_at is the end of the warm-up. A lesson's file is taken,
 * too. */
enum err lesson_load_lab(struct lesson **out, const char *text, size_t len,
                         const char *name, struct errmsg *why) MUST_USE;
#define LAB_BATCHES_MIN  20 /* and what there are when the file says nothing */
#define LAB_BATCHES_MAX  1000
#define LAB_WARM_UP_PART 10 /* left out: so much of ends_at */
#define LAB_LONGEST      (30 * 24 * SIM_HOUR)
struct lab_plan {
    sim_time warm_up, ends_at;
    int batches;
    bool warm_up_left_out;
};
struct lab_plan lesson_lab_plan(const struct lesson *l);
void lesson_free(struct lesson *l);
const struct lesson_info *lesson_info(const struct lesson *l);
const char *
lesson_hash(const struct lesson *l); /* SHA-256 of the text, 64 hex digits */
/* A function of it ran over a limit: none can be asked any more, another state must be
 * loaded. After any other error of a function the rest go on. */
bool lesson_stopped(const struct lesson *l);
/* What the last thing done with it (loading, building, a predicate) took, in steps. */
uint64_t lesson_effort(const struct lesson *l);
/* A second Lua state of the same text: what a fork, rewind or resume uses. */
enum err lesson_reload(struct lesson **out, const struct lesson *l,
                       struct errmsg *why) MUST_USE;

size_t lesson_steps(const struct lesson *l);
const struct step *lesson_step(const struct lesson *l, size_t i);
size_t lesson_traps(const struct lesson *l);
const struct trap *lesson_trap(const struct lesson *l, size_t i);
size_t lesson_fixes(const struct lesson *l); /* the first is the reference */
const struct course *lesson_fix(const struct lesson *l, size_t i);
size_t lesson_wrongs(const struct lesson *l);
const struct course *lesson_wrong(const struct lesson *l, size_t i);
size_t lesson_moves(const struct lesson *l);
const struct predicate *lesson_move(const struct lesson *l, size_t i);
size_t lesson_normals(const struct lesson *l);
const struct predicate *lesson_normal(const struct lesson *l, size_t i);
sim_time lesson_expect_at(const struct lesson *l); /* watched for a minute from then */
size_t lesson_accepts(const struct lesson *l);
const struct accepted *lesson_accept(const struct lesson *l, size_t i);
/* Debrief: short paragraphs; what would have prevented it; public incidents of the
 * kind. */
const char *lesson_debrief(const struct lesson *l);
size_t lesson_sums(const struct lesson *l); /* the arithmetic, a line each */
const char *lesson_sum(const struct lesson *l, size_t i);
size_t lesson_reals(const struct lesson *l);
const struct cited *lesson_real(const struct lesson *l, size_t i);
const struct glossary_term *lesson_terms(const struct lesson *l,
                                         size_t *n); /* its glossary */

/* ---- building -------------------------------------------------------------------- */

struct lesson_ticket {
    sim_time at;
    const char *who, *text;
    bool page;
};
/* An action of the incident's schedule. */
enum entry_role {
    ENTRY_LIFE,  /* i:at: happens on a healthy night as well */
    ENTRY_CAUSE, /* i:cause: without it there is no incident */
    ENTRY_HERRING /* i:red_herring: looks like a cause and changes nothing that matters */
};
struct lesson_entry {
    enum entry_role role;
    sim_time at;
    comp_id comp;     /* what it is done to */
    const char *what; /* "flag", "deploy", "fault", … */
    int line;         /* of the file */
};
struct lesson_world {
    struct model *model;          /* finished; the caller's reference */
    struct lesson_entry *entries; /* in the order of the file */
    size_t nentries;
    struct alert_rule *rules;
    size_t nrules;
    struct lesson_ticket *tickets; /* in order of time */
    size_t ntickets;
    struct arena mem;
};
/* Runs the lesson's world and incident functions with `seed` (names, numbers, times and
 * red herrings may vary with it through the lesson's own `pick` and `vary`). What is
 * built keeps nothing of the lesson: it may be freed before. */
enum err lesson_build(struct lesson *l, uint64_t seed, struct lesson_world *out,
                      struct errmsg *why) MUST_USE;

/* The same night with something left out of it; everything else, every draw too, is as
 * lesson_build() has it. The list of entries is the whole one, whatever is left out. */
enum night {
    NIGHT_TWIN,    /* healthy: no cause happens, and what `twin` sets was so from the
                      beginning */
    NIGHT_WITHOUT, /* one entry does not happen: number `entry` of the list */
};
enum err lesson_build_night(struct lesson *l, uint64_t seed, enum night night,
                            size_t entry, struct lesson_world *out,
                            struct errmsg *why) MUST_USE;
void lesson_world_release(struct lesson_world *lw);
/* What decides how a run goes and what it is worth, with the world that its seed built:
 * 64 hex digits. Words (briefing, questions, hints, debrief), comments and blanks do not
 * change it; another text of the same identity can go on with a run. */
void lesson_identity(struct lesson *l, const struct lesson_world *world, char out[65]);

/* Whether it says how it should have been built (`twin = { set(…), … }`). */
bool lesson_has_twin(const struct lesson *l);

/* ---- predicates ------------------------------------------------------------------ */

/* What a lesson function can look at, through the `s` it is given. Nothing can be
 * changed. */
struct lesson_facts {
    const struct world *world;
    const struct recording *rec;
    bool (*seen)(const void *ctx, const char *subject); /* in this step */
    const void *seen_ctx;
    sim_time first_change; /* of the learner; SIM_FOREVER: none yet */
    sim_time last_change;
    sim_time step_started;
    bool suspected; /* a right suspicion is open */
};
/* ERR_LESSON: the function raised (file:line), returned no boolean, or ran over its
 * budget. */
enum err lesson_test(struct lesson *l, fn_id fn, const struct lesson_facts *f,
                     bool *out, struct errmsg *why) MUST_USE;
enum err lesson_number(struct lesson *l, fn_id fn, const struct lesson_facts *f,
                       double *out, struct errmsg *why) MUST_USE;

/* The order of the lessons: lessons/course.lua, `return course { { track = "fail",
 * "all-green", ... }, ... }`. */
struct course_entry {
    const char *track, *id;
};
struct course_list {
    struct arena mem;
    struct course_entry *entries;
    size_t n;
};
enum err course_load(struct course_list *out, const char *text, size_t len,
                     const char *name, struct errmsg *why) MUST_USE;
void course_release(struct course_list *c);

/* Reference text of everything a lesson may say (world functions, parameters, program
 * ops, steps, predicates), from the binding and kind tables, as Markdown. */
void lesson_reference(struct buf *out);

/* Everything that a lesson's code can reach, a line each ("math.floor function"): for
 * the test that compares it with the list in the repository. */
void lesson_environment(struct buf *out);

#endif
