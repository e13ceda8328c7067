/*
 * lesson: reads a lesson file in a sandbox, builds its world, and asks its functions. The
 * only module that includes lua.h.
 *
 * A lesson is data with small pure functions in it. What a file says is one struct lesson:
 * read once, immutable, shared by whoever holds a reference. Functions stay in Lua; they are
 * named by `fn_id` and asked through a struct lesson_state, one for each run, which opens
 * at its first question. What is built from a seed is a struct lesson_world, and keeps
 * nothing of the lesson.
 *
 *     struct lesson *l;
 *     if (lesson_load(&l, text, len, "all-green.lua", &why) != ERR_OK) ...
 *     struct lesson_world lw;
 *     lesson_build(l, seed, &lw, &why);              // a model, alert rules, tickets
 *     struct lesson_state *st = lesson_state_new(l);
 *     bool yes;
 *     lesson_test(st, step->goal, &facts, &yes, &why);
 *     lesson_state_free(st);
 *     lesson_world_release(&lw);
 *     lesson_unref(l);
 *
 * Everything that a file can do wrong is ERR_LESSON, with file, line and what would be right.
 * Durations and times are simulated nanoseconds.
 */
#ifndef TRUECODE_LESSON_H
#define TRUECODE_LESSON_H

#include "truecode/design.h"
#include "truecode/limits.h"
#include "truecode/mechanism.h"
#include "truecode/people.h"
#include "truecode/promise.h"
#include "truecode/step.h"
#include "truecode/telemetry.h"

struct lesson;
struct lesson_state;

enum { SUSPECTS_MIN = 3, SUSPECTS_MAX = 6, CASE_FACTS_MAX = 24 };

/* A known wrong turn: when `when` is true (checked each second after the first change,
 * fires once). */
struct trap {
    const char *id;
    struct text say;
    fn_id when;
};

/* A named course of console lines, for the prover, the reference run and the debrief.
 */
/* word, what the course does */
#define HARMS(X)                                                                       \
    X(WORSE, "worse", "some users lose more than without it")                          \
    X(RETURNS, "returns", "good, then bad again")                                      \
    X(FRAGILE, "fragile", "holds until a later event")                                 \
    X(NOTHING, "nothing", "no better")                                                 \
    X(PARTIAL, "partial", "better, not won")                                           \
    X(COSTLY, "costly", "wins, at a price")                                            \
    X(LOSES, "loses", "breaks a promise of data or freshness that was kept without it")
enum harm {
    HARM_NONE, /* a fix */
#define X(id, word, doc) HARM_##id,
    HARMS(X)
#undef X
        HARM_COUNT
};
const char *harm_word(enum harm h); /* "" for HARM_NONE */
struct course {
    const char *title;
    const char *const *lines;
    size_t nlines;
    enum harm harm;
    const char *until;  /* fragile: "the 10 s hiccup at min 40" */
    sim_time until_at;  /* fragile: when that is, on the simulated clock */
    struct text says;   /* why it did what it did; for the debrief */
    const char *client; /* worse: whose users lose; NULL: anybody's */
    fn_id price;        /* costly: true after it, false after every fix; else FN_NONE */
    fn_id used; /* true when the learner did this (debrief matches by effect, never by
                   text); FN_NONE: matched by the actions in `lines` */
};

struct predicate {
    const char *name;
    fn_id fn;
};
/* A suspect: a place and a mechanism. At least one is right; a part of the answer, a
 * true symptom, is neither right nor a mistake; the others are rivals. */
struct suspect {
    const char *component;   /* name */
    const char *const *also; /* other names of the place that are right as well */
    size_t nalso;
    enum mechanism mechanism;
    bool right, part;
    struct text reply; /* said of a rival that is suspected; none: nothing more */
};
/* A fact that tells suspects apart. A fact that fits the right suspects is so at the page,
 * any other is not; a fact fits all right suspects or none. */
struct case_fact {
    const char *name;
    fn_id when;
    const char *const
        *seen; /* subjects as of seen(): "orders-db:sessions"; any of them */
    size_t nseen;
    const char *const *fits_words; /* the words of the file */
    size_t nfits;
    uint32_t fits;     /* suspects for which it would be so: a bit each */
    bool holds;        /* true here: fits the right suspects */
    struct text tells; /* told to whoever has seen the fact */
};
struct cited {
    const char *text, *url;
};

struct lesson_info {
    const char *id, *title, *track; /* think fail recover scale good start lab */
    const char *summary;            /* a sentence or two for the list */
    int minutes, level;
    const char *post_title, *post_url, *post_basis; /* "opening", "title"; NULL: none */
    const char *const *teaches;
    size_t nteaches;
    const char *place;  /* the business and the people, for the first page */
    const char *page;   /* the pager's text at the start */
    sim_time starts_at; /* simulated time of the page: the system has run so long */
    sim_time day_start; /* time of day at simulated time 0 */
    sim_time ends_at;   /* a run is over then (prove, reference, do nothing) */
    bool quiet;         /* expect.quiet: a no-fault shift */
    bool guided_start;
    const char *const *tools; /* commands for `help` */
    size_t ntools;
    sim_time good_for; /* how long users must be well for "won": the fixes' verdict */
    sim_time expert;   /* how long somebody who knows it looks before acting */
};

/* ---- loading --------------------------------------------------------------------- */

/* `name` is the file's name in messages. Text is copied. Loading runs the file's top
 * level only (in the sandbox, with its budgets), and checks every field. */
enum err lesson_load(struct lesson **out, const char *text, size_t len,
                     const char *name, struct errmsg *why) MUST_USE;
/* The same of a draft: a lesson that is being written and has no incident, objective,
 * steps or fixes yet. What it has is held to the same rules. */
enum err lesson_load_draft(struct lesson **out, const char *text, size_t len,
                           const char *name, struct errmsg *why) MUST_USE;
bool lesson_is_draft(const struct lesson *l);
/* The same of a file for the lab, `return lab { … }`: a world without a story. Its info
 * has title and summary, starts_at is the end of the warm-up. A lesson's file is taken,
 * too. */
enum err lesson_load_lab(struct lesson **out, const char *text, size_t len,
                         const char *name, struct errmsg *why) MUST_USE;
/* A lesson is shared: whoever keeps one holds a reference, and the last one frees it. */
struct lesson *lesson_ref(const struct lesson *l) MUST_USE;
void lesson_unref(struct lesson *l);
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
const struct lesson_info *lesson_info(const struct lesson *l);
const char *
lesson_hash(const struct lesson *l); /* SHA-256 of the text, 64 hex digits */

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
size_t lesson_suspects(const struct lesson *l);    /* SUSPECTS_MAX at most */
const struct suspect *lesson_suspect(const struct lesson *l, size_t i);
/* Whether suspect number i is neither right nor a part of the answer. */
bool lesson_rival(const struct lesson *l, size_t i);
size_t lesson_case_facts(const struct lesson *l);
const struct case_fact *lesson_case_fact(const struct lesson *l, size_t i);
/* Whether a fact, once seen, excludes suspect number i. */
bool case_fact_excludes(const struct lesson *l, const struct case_fact *f, size_t i);
/* Debrief: short paragraphs; what would have prevented it; public incidents of the
 * kind. */
const struct text *lesson_debrief(const struct lesson *l);
size_t lesson_sums(const struct lesson *l); /* the arithmetic, a line each */
const struct text *lesson_sum(const struct lesson *l, size_t i);
size_t lesson_lives(const struct lesson *l); /* live values in texts */
const struct live_value *lesson_live(const struct lesson *l, size_t i);
/* NULL: no value has that name, of `len` bytes. */
const struct live_value *lesson_live_named(const struct lesson *l, const char *name,
                                           size_t len);
/* Promises of data and of freshness; preventions, in the order of the file. */
size_t lesson_data_promises(const struct lesson *l);
const struct data_promise *lesson_data_promise(const struct lesson *l, size_t i);
size_t lesson_fresh_promises(const struct lesson *l);
const struct fresh_promise *lesson_fresh_promise(const struct lesson *l, size_t i);
size_t lesson_preventions(const struct lesson *l);
const struct prevention *lesson_prevention(const struct lesson *l, size_t i);
/* NULL: the lesson has no budget of improvements. */
const struct design *lesson_design(const struct lesson *l);
size_t lesson_reals(const struct lesson *l);
const struct cited *lesson_real(const struct lesson *l, size_t i);
const struct glossary_term *lesson_terms(const struct lesson *l,
                                         size_t *n); /* the lesson's glossary */

/* ---- where it stands in the file ------------------------------------------------- */

const char *lesson_file(const struct lesson *l); /* the file's name, for messages */
/* The line at or after `from` on which the file has `word`, a key or a whole string;
 * `from`: it has none. */
int lesson_line(const struct lesson *l, const char *word, int from);
/* Functions are numbered 0 .. lesson_functions()-1; those that are asked of a running
 * system are questions, the others build it. */
size_t lesson_functions(const struct lesson *l);
bool lesson_is_question(const struct lesson *l, fn_id fn);

/* ---- building -------------------------------------------------------------------- */

/* `text` may hold live values, {held}; who shows it fills them in. */
struct lesson_ticket {
    sim_time at;
    const char *who, *text;
    bool page;
};
/* An action of the incident's schedule. */
enum entry_role {
    ENTRY_LIFE,  /* i:at: happens on a healthy night as well */
    ENTRY_CAUSE, /* i:cause: without it there is no incident */
    ENTRY_HERRING, /* i:red_herring: looks like a cause and changes nothing that matters */
    ENTRY_DRAWN    /* i:draw: comes on some nights; the healthy twin has none of them */
};
struct lesson_entry {
    enum entry_role role;
    sim_time at;
    comp_id comp;     /* the component that the deed is done to */
    const char *what; /* "flag", "deploy", "fault", … */
    int line;         /* of the file */
};
struct lesson_world {
    struct model *model;          /* finished; the caller's reference */
    struct lesson_entry *entries; /* in the order of the file */
    size_t nentries;
    struct alert_rule *rules;
    size_t nrules;
    struct alert_rule
        *warns; /* by prevention: the alert that would have told; only where
                                 that prevention is an alert */
    size_t
        noise; /* of a drawn night: the rule that fires for nothing; SIZE_MAX: none */
    struct lesson_ticket *tickets; /* in order of time */
    size_t ntickets;
    struct shown_series *shown; /* in the order of `shows` */
    size_t nshown;
    struct shown_series *fresh; /* the age of each fresh promise */
    struct drawn_fault
        *faults;           /* faults that i:draw can bring on this seed, in order of
                              name */
    size_t nfaults, drawn; /* drawn: so many of them come */
    struct improvement_actions *improvements; /* in the order of the design */
    design_set there; /* improvements that this seed's system has from the beginning */
    struct arena mem;
};
/* Runs the lesson's world and incident functions with `seed` (names, numbers, times and
 * red herrings may vary with it through the lesson's own `pick` and `vary`). What is
 * built keeps nothing of the lesson: it may be freed before. */
enum err lesson_build(const struct lesson *l, uint64_t seed, struct lesson_world *out,
                      struct errmsg *why) MUST_USE;

/* The same night with something left out of it; everything else, every draw too, is as
 * lesson_build() has it. The list of entries is the whole one, whatever is left out. */
enum night {
    NIGHT_TWIN,      /* healthy: no cause happens, and what `twin` sets was so from the
                      beginning */
    NIGHT_WITHOUT,   /* without an entry, number `which` of the list */
    NIGHT_PREVENTED, /* with a prevention, number `which`, from the beginning; the
                        incident happens */
    NIGHT_CAREFUL, /* the same, on a healthy night: what it costs when nothing is wrong */
    NIGHT_NOISY,   /* nothing is left out, and an alert fires for nothing */
    NIGHT_ALONE, /* of the faults that i:draw draws number `which` alone comes, at the time in the
                      middle */
    NIGHT_QUIET /* healthy, with that alert, and other letters: somebody is mistaken */
};
enum err lesson_build_night(const struct lesson *l, uint64_t seed, enum night night,
                            size_t which, struct lesson_world *out,
                            struct errmsg *why) MUST_USE;
void lesson_world_release(struct lesson_world *lw);
/* The identity: all that decides how a run goes and what it is worth, with its world:
 * 64 hex digits. Words (briefing, questions, hints, debrief), comments and blanks do not
 * change it; another text of the same identity can go on with a run. */
void lesson_identity(const struct lesson *l, const struct lesson_world *world,
                     char out[65]);

/* Why it was nothing, on a quiet night; empty: the lesson says nothing of its own. */
const struct text *lesson_quiet_debrief(const struct lesson *l);
/* Whether it says how it should have been built (`twin = { set(…), … }`). */
bool lesson_has_twin(const struct lesson *l);

/* ---- predicates ------------------------------------------------------------------ */

/* All that a lesson function can look at, through the `s` it is given. Nothing can be
 * changed. */
struct lesson_facts {
    const struct world *world;
    const struct recording *rec;
    bool (*seen)(const void *ctx, const char *subject); /* in this step */
    const void *seen_ctx;
    sim_time first_change; /* of the learner; SIM_FOREVER: none yet */
    sim_time last_change;
    sim_time step_started;
    bool suspected;      /* a right suspicion is open */
    design_set improved; /* the chosen part of the design */
    sim_time
        as_of; /* a past moment that is asked about: what is so now is not there to be
                       read then; 0: now */
};
/* A lesson's functions, ready to be asked: one state for each run, so that a lesson which
 * keeps something between calls cannot carry it from one run into another. Making one costs
 * nothing; the first question opens it. The state holds a reference to its lesson. */
struct lesson_state *lesson_state_new(const struct lesson *l) MUST_USE;
void lesson_state_free(struct lesson_state *st);
/* Forgets whatever happened in it: the next question finds a new one. */
void lesson_state_reset(struct lesson_state *st);
/* A function ran over a limit: none can be asked any more before a reset. After any other
 * error of a function the rest go on. */
bool lesson_stopped(const struct lesson_state *st);
/* The steps of Lua that the last question took, opening the state included. */
uint64_t lesson_effort(const struct lesson_state *st);
/* ERR_LESSON: the function raised (file:line), returned no boolean, or ran over its
 * budget. */
enum err lesson_test(struct lesson_state *st, fn_id fn, const struct lesson_facts *f,
                     bool *out, struct errmsg *why) MUST_USE;
enum err lesson_number(struct lesson_state *st, fn_id fn, const struct lesson_facts *f,
                       double *out, struct errmsg *why) MUST_USE;
/* Asks a predicate or number once more and appends what `s` answered in it, for people:
 * "good_for(25m): 3m; since_change: 12m". */
enum err lesson_parts(struct lesson_state *st, fn_id fn, const struct lesson_facts *f,
                      struct buf *out, struct errmsg *why) MUST_USE;
/* An expression that an author typed, on `s`: appends its value for people, and then what
 * `s` answered in it. `run` is the state of the run that is asked: good_for() asks the
 * promises there. ERR_LESSON: it is no expression, or raises. */
enum err lesson_eval(struct lesson_state *run, const struct lesson_facts *f,
                     const char *expression, struct buf *out,
                     struct errmsg *why) MUST_USE;
/* The names that a function returns, a line each. */
enum err lesson_names(struct lesson_state *st, fn_id fn, const struct lesson_facts *f,
                      struct buf *out, struct errmsg *why) MUST_USE;

/* The map of the lessons: lessons/course.lua, `return course { { track = "fail",
 * asks = "...", { "all-green", why = "..." }, "cache-stampede" }, ... }`. */
struct course_entry {
    const char *track, *id;
    const char *asks; /* the question of the track; "": none */
    const char *why;  /* a reason to play the lesson at this place; "": none */
};
struct course_list {
    struct arena mem;
    struct course_entry *entries;
    size_t n;
};
enum err course_load(struct course_list *out, const char *text, size_t len,
                     const char *name, struct errmsg *why) MUST_USE;
void course_release(struct course_list *c);

/* Everything that a lesson's code can reach, a line each ("math.floor function"): for
 * the test that compares it with the list in the repository. */
void lesson_environment(struct buf *out);

#endif
