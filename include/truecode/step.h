/*
 * step: what a lesson asks, one thing at a time, and the kinds of it.
 *
 * A step is data that a lesson's file holds. All that differs from kind to kind is in its
 * descriptor: which fields it has, what it takes from the learner and what counts as an
 * answer, when it is done by itself, what a face shows of it, what solves it. A descriptor
 * has no state and draws nothing; the session carries out what it says, the faces draw what
 * it lists, the prover plays its lines.
 *
 *     struct step_item it;
 *     for (size_t i = 0; step_item(st, i, &it); i++)
 *         printf("%d %s%s\n", it.number, it.text, it.asks);
 *     struct step_verdict v = {0};
 *     st->kind->answer(st, &(struct step_answer){.number = 2}, &v);
 *     if (v.is == STEP_RIGHT) ...
 *
 * A new kind is a file, src/lesson/step_NAME.c, and a line in STEP_KINDS.
 */
#ifndef TRUECODE_STEP_H
#define TRUECODE_STEP_H

#include "truecode/lesson_text.h"
#include "truecode/update.h"

/* constructor in a lesson's file, what the reference says of it. Steps of a lesson are
 * known by their kind's number in this list: a new one goes to the end. */
#define STEP_KINDS(X)                                                                  \
    X(ask, "A step: a question.")                                                      \
    X(find, "A step: something to find out.")                                          \
    X(predict, "A step: what will happen to which number?")                            \
    X(act, "A step: something to put right.")                                          \
    X(say_update, "A step: a status update.")                                          \
    X(choose, "A step: a decision with several right answers.")                        \
    X(prevent, "A step: what would have prevented it?")                                \
    X(spend, "A step: improvements to choose.")

#define LESSON_HINTS     4
#define STEP_PREDICTIONS 4

/* word as it is typed and written, word in a sentence ("it stayed …") */
#define DIRECTIONS(X)                                                                  \
    X(UP, "up", "up")                                                                  \
    X(SAME, "same", "the same")                                                        \
    X(DOWN, "down", "down")
enum direction {
#define X(id, word, phrase) DIRECTION_##id,
    DIRECTIONS(X)
#undef X
        DIRECTION_COUNT
};
const char *direction_word(enum direction d);   /* "same" */
const char *direction_phrase(enum direction d); /* "the same" */
/* A change of less than 15 % of the larger value, or of what was not measured, is none. */
enum direction direction_of(double before, double after);

/* ---- a step ---------------------------------------------------------------------- */

struct step_kind;
struct choice {
    const char *text;
    struct text reply; /* said when the choice is picked */
    bool right;        /* several may be right; `choose` steps take any right one */
};
struct prediction {     /* a prediction of one thing: up, same or down */
    const char *what;   /* "orders in 5 minutes" */
    fn_id value;        /* number, read now and when due */
    sim_time after;     /* due so long after the change that the step names */
    const char *answer; /* the author's; "": read from what happened */
};
/* word, what is typed */
#define FINDINGS(X)                                                                    \
    X(COMPONENT, "component", "Type the component's name.")                            \
    X(NUMBER, "number", "Type the number.")                                            \
    X(TIME, "time", "Type the time, like 14:05.")                                      \
    X(CLIENT, "client", "Type who, by the client's name.")                             \
    X(SHARE, "share", "Type the share, like 12%.")                                     \
    X(STATE, "state", "Type the word for it.")
/* A line of the incident sheet that a step may open: word, what is typed */
#define FINDING_LINES(X)                                                               \
    X(HURT, "hurt", "Type who: clients by name, everybody or nobody.")                 \
    X(SINCE, "since", "Type the time, like 14:05. Five minutes off is near enough.")   \
    X(MUCH, "much", "Type a share (30%), a number, or: not known yet.")                \
    X(SUSPECT, "suspect", "Type COMPONENT MECHANISM; `suspect` lists the words.")      \
    X(TRIGGER, "trigger",                                                              \
      "Type the number of a change, a component, growth or nothing.")                  \
    X(STANDS, "state", "Type investigating, mitigated, cured or recovered.")
enum finding_of {
#define X(id, word, typed) FINDING_##id,
    FINDINGS(X) FINDING_LINES(X)
#undef X
        FINDING_COUNT
};
struct finding_reply { /* said of one answer */
    const char *answer;
    struct text says;
};
/* A finding, asked for by a function of the lesson's, or a line of the sheet. */
struct finding {
    enum finding_of of;
    const char *line; /* the line's word; NULL: `answer` knows */
    fn_id answer;     /* number, time, share: a number; else one name or more */
    bool watch;       /* time goes on while it is open */
    double within; /* number, share: of the truth (0.2: a fifth); time: nanoseconds */
    const struct finding_reply *replies;
    size_t nreplies;
    struct text near, wrong; /* said of a near miss; of any other answer */
};

/* A step, with what most kinds have. A kind with more begins its struct with this one. */
struct step {
    const struct step_kind *kind;
    const char *id, *title;
    struct text say;                 /* wrapped by the face, never wider than it */
    struct text hints[LESSON_HINTS]; /* nudge, where to look, what it is, the command */
    size_t nhints;
    struct text done; /* said when the step is done */
    bool never_moot;  /* asked whatever the world has come to */
    fn_id moot_when;  /* when it is moot; FN_NONE: as its kind has it */
    struct text moot; /* said then; none: a sentence of the session's */

    const struct choice *choices;
    size_t nchoices;
    const struct prediction *predict;
    size_t npredict;
    const char *const *change; /* console lines that predictions are about; each may be
                                  one of several: "restart api or restart api --rolling" */
    size_t nchange;
    bool any_change;               /* any change of the learner's, the last of them */
    fn_id goal;                    /* true when it is done; else FN_NONE */
    const struct finding *finding; /* to be found; NULL: nothing */
    const char *const *needs; /* fields of an update: "impact", "state", "next" ... */
    size_t nneeds;
    const char *const *solution; /* console lines */
    size_t nsolution;
};

/* ---- what a kind of step does ---------------------------------------------------- */

/* An answer: what somebody typed while the step was open. */
struct step_answer {
    int number;        /* "2" is 2; words are 0 */
    const char *words; /* "up, same"; NULL: none */
};
enum step_judgement {
    STEP_NOT_ASKED, /* the step does not take that */
    STEP_UNCLEAR,   /* the step takes such, but not so */
    STEP_WRONG,
    STEP_RIGHT
};
struct step_verdict {
    enum step_judgement is;
    char say[200];            /* said at once; "": nothing */
    bool replies;             /* `reply` takes the place of what was said before */
    const struct text *reply; /* the author's, until it is read; NULL: nothing */
    /* A direction for each prediction of the step; they wait for the change that the
     * step names. */
    enum direction said[STEP_PREDICTIONS];
    size_t nsaid;
};

/* The session's eyes, for a step that waits for something. */
struct step_eyes {
    bool suspected; /* a right suspicion is open, and what was seen tells it apart */
    bool spent;     /* the budget of improvements is used up, or closed */
    bool (*is_true)(void *ctx, fn_id fn);
    void *ctx;
};

/* A line of what a step asks. */
struct step_item {
    int number;               /* to be typed; 0: the line has none */
    const char *text;         /* the author's */
    const char *asks;         /* after it: ": up, same or down?"; "" */
    const struct text *reply; /* NULL: none */
    bool right;
};

/* A line on how to answer, left out where the author's own words hold `unless`. */
struct step_how {
    const char *shown, *spoken; /* on a screen; in plain mode; NULL: nothing */
    const char *unless;
};

struct schema; /* src/lesson */
struct step_print;
struct step_kind {
    const char *name;
    const struct schema *schema; /* the fields in a lesson's file */
    const struct schema *const
        *parts;     /* records within them; ends with NULL; or NULL */
    size_t size;    /* of the kind's struct */
    bool diagnoses; /* a right answer counts as diagnosis where no suspicion is asked */
    bool investigates; /* asks about the trouble while it lasts: before the first step
                          that acts it is moot once users are well again */
    bool acts;         /* no answer to choose: a solution is needed */
    bool mends;        /* users are to be well after it */
    bool finds;        /* asks for a finding: the session judges it */
    bool spends;       /* the session knows what solves it */
    bool prevents;     /* the answer is the sheet's line on prevention */

    /* Judges what was typed. NULL: nothing is asked in words, and time goes on. */
    void (*answer)(const struct step *st, const struct step_answer *a,
                   struct step_verdict *v);
    /* Judges a status update. NULL: none is wanted. */
    void (*update)(const struct step *st, const struct update *u,
                   struct step_verdict *v);
    /* True once the step is done by what the world, or the notebook, came to. NULL: never.
     */
    bool (*reached)(const struct step *st, const struct step_eyes *eyes);
    /* The i-th line of what is asked; false: there are no more. NULL: none. */
    bool (*item)(const struct step *st, size_t i, struct step_item *out);
    struct step_how (*how)(const struct step *st); /* NULL: nothing to say */
    /* Appends the i-th line to type that solves it; false: there are no more. NULL: the
     * lines of `solution`. */
    bool (*solve)(const struct step *st, size_t i, struct buf *line);
    /* Adds what of the kind's own decides how a run goes. NULL: nothing. */
    void (*identify)(const struct step *st, struct step_print *out);
};
size_t step_kinds(void);
const struct step_kind *step_kind_at(size_t i);

/* A suspicion is asked for. */
bool step_wants_suspect(const struct step *st);
/* The clock stands while it is open. */
bool step_asks(const struct step *st);
bool step_item(const struct step *st, size_t i, struct step_item *out);
struct step_how step_how(const struct step *st);
bool step_solve(const struct step *st, size_t i, struct buf *line);

/* Writes into a lesson's identity: " 3:abc", or " -" for NULL; " 42"; one sign; the text of
 * a function and the values that it uses. */
void step_print_text(struct step_print *out, const char *s);
void step_print_number(struct step_print *out, int64_t n);
void step_print_sign(struct step_print *out, char sign);
void step_print_fn(struct step_print *out, fn_id fn);

#endif
