/*
 * Shared by kinds of steps: fields that all or several of them have, and their checks.
 */
#ifndef LESSON_STEP_INTERNAL_H
#define LESSON_STEP_INTERNAL_H

#include "schema_fields.h"

/* For schema tables whose THIS begins with a struct step;. */
#define STEP_FIELDS                                                                    \
    FPOS(1, "id", STRING, STEP(id), "a stable word or two"),                           \
        F("title", STRING, STEP(title), "what the face shows; left out: the id"),      \
        FREQ("say", SAYS, STEP(say), "what is said; wrapped by the face"),             \
        FCUSTOM("hints", step_read_hints,                                              \
                "up to four: a nudge, where to look, what it is, the command"),        \
        F("done", SAYS, STEP(done), "said when the step is done"),                     \
        FCUSTOM(                                                                       \
            "moot", step_read_moot,                                                    \
            "said instead where users are well again and the step is moot; false: "    \
            "it never is"),                                                            \
        F("moot_when", FUNCTION, STEP(moot_when),                                      \
          "function(s): the step is moot; left out: users are well again, before the " \
          "first `act`")
#define STEP_SOLUTION                                                                  \
    FLIST("solution", STRINGS, STEP(solution), STEP(nsolution), NULL,                  \
          "console lines that do it")
/* A kind whose struct holds the step as its first member defines this as step.m. */
#ifndef STEP
#define STEP(m) m
#endif

void step_read_moot(struct reader *r, const struct field *f, int line, void *out);
void step_read_hints(struct reader *r, const struct field *f, int line, void *out);
/* Sets the title where the file has none. Every kind's check calls it. */
void step_name(struct reader *r, int line, void *record);

/* `choices` and `answer`: ask and choose. */
#define STEP_CHOICES                                                                   \
    {"choices",                                                                        \
     FIELD_CUSTOM,                                                                     \
     0,                                                                                \
     0,                                                                                \
     "2 to 9: texts, or { \"text\", reply = \"…\", right = true }",                    \
     0,                                                                                \
     true,                                                                             \
     0,                                                                                \
     0,                                                                                \
     step_read_choices},                                                               \
        FCUSTOM("answer", step_read_answer, "the text of the right one")
extern const struct schema choice_schema;
void step_read_choices(struct reader *r, const struct field *f, int line, void *out);
void step_read_answer(struct reader *r, const struct field *f, int line, void *out);
void step_check_choices(struct reader *r, int line, void *record);
void step_choice_answer(const struct step *st, const struct step_answer *a,
                        struct step_verdict *v);
bool step_choice_item(const struct step *st, size_t i, struct step_item *out);
bool step_choice_solve(const struct step *st, size_t i, struct buf *line);
struct step_how step_choice_how(const struct step *st);
void step_choice_identify(const struct step *st, struct step_print *out);

/* A goal to reach: act. */
void step_check_goal(struct reader *r, int line, void *record);
bool step_goal_reached(const struct step *st, const struct step_eyes *eyes);

#endif
