/*
 * verdict: how a lesson was played, and what came of it. Plain values that the session
 * fills in, the wire carries, the store keeps and the command line tells.
 *
 *     enum play_mode m = MODE_ONCALL;
 *     printf("%s, played %s: %s\n", "all-green", mode_phrase(m),
 *            outcome_word(OUTCOME_CURED));              // all-green, played on call: cured
 *
 *     struct proof all = {0};
 *     proof_merge(&all, &seeds_1_to_5), proof_merge(&all, &seeds_6_to_10);
 *     proof_print(&all, "all-green", &out);
 *     proof_release(&all);
 */
#ifndef TRUECODE_VERDICT_H
#define TRUECODE_VERDICT_H

#include "truecode/base.h"

/* ---- how a lesson is played ------------------------------------------------------ */

/* name, its word as an option and for machines, its word on a tape, its phrase in a
 * sentence */
#define MODE_LIST_OF(FIRST, X)                                                         \
    FIRST(GUIDED, "guided", "guided", "guided")                                        \
    X(ONCALL, "on-call", "on-call", "on call")                                         \
    X(BLIND, "blind", "blind", "on call, drawn blind")
#define MODE_LIST(X)                          MODE_LIST_OF(X, X)
#define MODE_WORD(name, word, tape, phrase)   word
#define MODE_WORDS_(name, word, tape, phrase) "|" word
#define MODE_WORDS                            MODE_LIST_OF(MODE_WORD, MODE_WORDS_) /* "a|b" */
enum play_mode {
#define X(name, word, on_tape, phrase) MODE_##name,
    MODE_LIST(X)
#undef X
        MODE_COUNT
};
const char *mode_word(enum play_mode m);
/* Nobody explains and nothing is asked; the clock runs. */
bool mode_on_call(enum play_mode m);
/* In any case, with or without the hyphen. False: no mode has that word. */
bool mode_parse(const char *word, enum play_mode *out);
const char *mode_phrase(enum play_mode m);
const char *mode_on_tape(enum play_mode m);
/* The mode of a tape's word; MODE_GUIDED for any word but that of another mode. */
enum play_mode mode_of_tape(const char *word);

/* ---- how a lesson ended ---------------------------------------------------------- */

/* name, word for machines, words for people, the most points that it leaves; from the
 * worst to the best. The last is of a night on which nothing was wrong and nobody changed
 * anything; the second is of one on which somebody did. */
#define OUTCOME_LIST(X)                                                                \
    X(LOST, "lost", "users still suffer", 50)                                          \
    X(MEDDLED, "meddled", "changed for nothing", 50)                                   \
    X(EARLY, "too early to say", "too early to say", 70)                               \
    X(MITIGATED, "mitigated", "mitigated", 85)                                         \
    X(CURED, "cured", "cured", 100)                                                    \
    X(RECOVERED, "recovered", "recovered", 100)                                        \
    X(CLEAR, "clear", "nothing was wrong", 100)
enum outcome {
#define X(name, word, phrase, most) OUTCOME_##name,
    OUTCOME_LIST(X)
#undef X
        OUTCOME_COUNT
};
const char *outcome_word(enum outcome o);   /* on tapes, in JSON: "lost"; "": none */
const char *outcome_phrase(enum outcome o); /* for people: "users still suffer" */
bool outcome_well(enum outcome o);          /* the incident is won: cured or better */
int outcome_most(enum outcome o);           /* points of 100 */

/* name, phrase, weight where a lesson promises nothing of its data, where it does, and
 * where it is about a design (truecode/design.h), whose one measure holds all; each
 * makes 100. What can be had without saying what it was (users, no harm, data,
 * verified) does not make a pass: truecode/players.h. */
#define SCORE_LIST(X)                                                                  \
    X(USERS, "users spared", 30, 20, 100)                                              \
    X(CONTAINMENT, "no harm done", 15, 10, 0)                                          \
    X(DATA, "data kept", 0, 15, 0)                                                     \
    X(DIAGNOSIS, "diagnosis", 30, 30, 0)                                               \
    X(VERIFICATION, "verified", 10, 10, 0)                                             \
    X(COMMUNICATION, "told people", 15, 15, 0)
enum score_part {
#define X(name, phrase, weight, with_data, of_design) SCORE_##name,
    SCORE_LIST(X)
#undef X
        SCORE_PARTS
};
enum {
#define X(name, phrase, weight, with_data, of_design)                                  \
    SCORE_FULL_##name = weight, SCORE_DATA_FULL_##name = with_data,
    SCORE_LIST(X)
#undef X
};
const char *score_phrase(enum score_part p); /* "users spared" */
enum score_scale { SCALE_USERS, SCALE_DATA, SCALE_DESIGN };
/* Points of 100. */
int score_weight(enum score_part p, enum score_scale scale);
struct score {
    double part[SCORE_PARTS]; /* 0..1: whole points of the part's weight */
    int total; /* 0..100: the points of all parts, at most what the outcome leaves, and
                  the share of the steps that were not shown */
    enum outcome outcome;
    /* Users' requests lost since the first user was hurt, until a verdict on the learner's
     * last change is due (leaving early spares nobody what follows): bad ones, and those
     * that never came though they came on the healthy night. The header's number is the
     * same, counted until now. */
    uint64_t bad_you, bad_reference, bad_nothing;
    int hints; /* recorded, never deducted */
    int shown,
        steps; /* steps that a solution or a late hint showed, of all; 0: on call */
};

/* ---- what proves a lesson -------------------------------------------------------- */

/* name, word, the claim that is held to */
#define PROOF_LIST(X)                                                                  \
    X(NOTHING, "nothing",                                                              \
      "doing nothing breaks the objective, or keeps it on a quiet shift")              \
    X(MOVES, "moves", "the metrics a lesson names move")                               \
    X(NORMAL, "normal", "what it calls normal is, before the fault")                   \
    X(TRAPS, "traps", "no trap fires while nobody changes anything")                   \
    X(TWIN, "twin", "users are well without the incident")                             \
    X(CAUSE, "cause", "without this one cause users are well")                         \
    X(INNOCENT, "innocent", "without what is no cause users suffer all the same")      \
    X(QUIET, "quiet", "a night without it stays good, and a restart of all is a loss") \
    X(FACTS, "facts", "what tells the suspects apart is so, and can be seen")          \
    X(FIX, "fix", "users are well after each fix")                                     \
    X(WRONG, "wrong", "each wrong fix does the harm it is said to do")                 \
    X(FAULT, "fault", "each drawn fault costs what the design says of it")             \
    X(IMPROVEMENT, "improvement",                                                      \
      "an improvement saves what it is said to, and nothing of any other fault")       \
    X(BUDGET, "budget",                                                                \
      "the best set by the prices beats sets at random, and nothing loses")            \
    X(PREVENTION, "prevention",                                                        \
      "a right prevention saves users, and costs nobody on a healthy night")           \
    X(STEPS, "steps", "the steps can be played from end to end")                       \
    X(CLAIMS, "claims", "what the guide says is so, whatever was done before")         \
    X(HINTS, "hints", "each step has a hint and a solution")                           \
    X(TEXT, "text", "texts fit their places")                                          \
    X(SAME, "same", "one seed gives one trace")
enum proof_kind {
#define X(name, word, claim) PROOF_##name,
    PROOF_LIST(X)
#undef X
        PROOF_COUNT
};
const char *proof_word(enum proof_kind kind);

struct prove_row {
    enum proof_kind kind;
    char name[64];
    unsigned passed, failed;
    uint64_t first_bad_seed;
    double margin_min; /* nearness to failing: 1 comfortable .. 0 on the edge; NaN: has
                          no measure */
    char detail[320];  /* of the first failure, or of the closest */
};
struct proof {
    struct prove_row *rows;
    size_t n, cap;
    unsigned seeds;
    bool ok;
};
/* The row of a kind and a name, made when there is none yet. */
struct prove_row *proof_row(struct proof *p, enum proof_kind kind, const char *name);
/* Adds the rows of `b` (other seeds of the same lesson) to `a`. */
void proof_merge(struct proof *a, const struct proof *b);
void proof_print(const struct proof *p, const char *lesson_id, struct buf *out);
/* A Markdown table of lessons, a line each. */
void proof_head(struct buf *out);
void proof_line(const struct proof *p, const char *lesson_id, struct buf *out);
void proof_release(struct proof *p);

#endif
