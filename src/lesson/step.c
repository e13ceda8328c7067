/*
 * The steps of a lesson: what each kind may say, and the checks of what it says. A
 * step's constructor (ask, look, ...) marks its table; the mark chooses the schema.
 */
#include "schema_fields.h"

#include <string.h>

/* ---- parts of steps -------------------------------------------------------------- */

#define THIS struct choice
static const struct field choice_fields[] = {
    FPOS(1, "text", STRING, text, "what the learner can pick"),
    F("reply", TEXT, reply, "what is said when it is picked"),
    F("right", BOOL, right, "true: a right one"),
};
SCHEMA(choice_schema, "choice", "One answer of a question.", choice_fields, NULL);
#undef THIS

#define THIS struct prediction
static const struct field prediction_fields[] = {
    FPOS(1, "what", STRING, what, "the number to predict: \"orders in five minutes\""),
    FREQ("value", FUNCTION, value,
         "function(s) that returns it; read now and when due"),
    FREQ("after", DURATION, after, "due so long after the next change"),
    F("answer", STRING, answer,
      "what you expect: up, same or down; left out: what happened"),
};
static void check_prediction(struct reader *r, int line, void *record)
{
    struct prediction *p = record;
    if (!p->answer)
        p->answer = "";
    if (*p->answer && choice_index("up|same|down", p->answer) < 0)
        fail(r->L, line, "answer '%.40s' must be up, same or down", p->answer);
}
SCHEMA(prediction_schema, "prediction", "A number to predict.", prediction_fields,
       check_prediction);
#undef THIS

/* ---- steps ----------------------------------------------------------------------- */

#define THIS struct step

static void read_hints(struct reader *r, const struct field *f, int line, void *out)
{
    struct step *s = out;
    s->nhints = read_length(r, -1, line, f->name);
    if (s->nhints > LESSON_HINTS)
        fail(r->L, line, "%d hints at most", LESSON_HINTS);
    for (size_t i = 0; i < s->nhints; i++) {
        read_enter(r, -1, i);
        s->hints[i] = read_string(r, -1, line, "a hint");
        read_leave(r);
    }
}

static void read_choices(struct reader *r, const struct field *f, int line, void *out)
{
    struct step *s = out;
    s->nchoices = read_length(r, -1, line, f->name);
    if (s->nchoices < 2 || s->nchoices > 9)
        fail(r->L, line, "choices: 2 to 9");
    struct choice *list = arena_alloc(r->mem, s->nchoices * sizeof *list);
    for (size_t i = 0; i < s->nchoices; i++) {
        read_enter(r, -1, i);
        if (lua_type(r->L, -1) == LUA_TSTRING)
            list[i].text = read_string(r, -1, line, "a choice");
        else
            read_record(r, -1, line, &choice_schema, &list[i]);
        read_leave(r);
    }
    s->choices = list;
}

/* `answer = "…"`: the choice that is right. */
static void read_answer(struct reader *r, const struct field *f, int line, void *out)
{
    struct step *s = out;
    const char *names[9], *answer = read_string(r, -1, line, f->name);
    for (size_t i = 0; i < s->nchoices; i++) {
        names[i] = s->choices[i].text;
        if (str_eq(names[i], answer)) {
            ((struct choice *)&s->choices[i])->right = true;
            return;
        }
    }
    fail_unknown(r->L, line, "answer is not among the choices:", answer, names,
                 s->nchoices);
}

/* One prediction, or a list of them. */
static void read_predictions(struct reader *r, const struct field *f, int line,
                             void *out)
{
    struct step *s = out;
    s->npredict = read_length(r, -1, line, f->name);
    if (s->npredict < 1 || s->npredict > 4)
        fail(r->L, line, "predictions: 1 to 4");
    struct prediction *list = arena_alloc(r->mem, s->npredict * sizeof *list);
    for (size_t i = 0; i < s->npredict; i++) {
        read_enter(r, -1, i);
        read_record(r, -1, line, &prediction_schema, &list[i]);
        read_leave(r);
    }
    s->predict = list;
}

#define STEP_FIELDS                                                                    \
    FPOS(1, "id", STRING, id, "a stable word or two"),                                 \
        F("title", STRING, title, "what the face shows; left out: the id"),            \
        FREQ("say", TEXT, say, "what is said; wrapped by the face"),                   \
        FCUSTOM("hints", read_hints,                                                   \
                "up to four: a nudge, where to look, what it is, the command"),        \
        F("done", TEXT, done, "said when the step is done")
#define CHOICE_FIELDS                                                                  \
    {"choices",                                                                        \
     FIELD_CUSTOM,                                                                     \
     0,                                                                                \
     0,                                                                                \
     "2 to 9: texts, or { \"text\", reply = \"…\", right = true }",                    \
     0,                                                                                \
     true,                                                                             \
     0,                                                                                \
     0,                                                                                \
     read_choices},                                                                    \
        FCUSTOM("answer", read_answer, "the text of the right one")
#define SOLUTION_FIELD                                                                 \
    FLIST("solution", STRINGS, solution, nsolution, NULL, "console lines that do it")

static void check_step(struct reader *r, int line, void *record)
{
    struct step *s = record;
    bool right = false;
    (void)r;
    (void)line;
    if (!s->title)
        s->title = s->id;
    for (size_t i = 0; i < s->nchoices; i++)
        right |= s->choices[i].right;
    if (s->nchoices && !right)
        fail(r->L, line, "step '%.40s' has no right choice", s->id);
}

static void check_look(struct reader *r, int line, void *record)
{
    struct step *s = record;
    check_step(r, line, record);
    if (s->goal == FN_NONE && !s->wants_suspect)
        fail(r->L, line, "step '%.40s' needs a goal (or suspect = true)", s->id);
    if (s->nsolution == 0)
        fail(r->L, line, "step '%.40s' needs a solution", s->id);
}

static void check_needs(struct reader *r, int line, void *record)
{
    static const char *const words[] = {"who", "since", "impact", "state", "next"};
    struct step *s = record;
    check_step(r, line, record);
    for (size_t i = 0; i < s->nneeds; i++) {
        bool known = false;
        for (size_t k = 0; k < 5; k++)
            known |= str_eq(words[k], s->needs[i]);
        if (!known)
            fail_unknown(r->L, scan_line(r->h->scan, s->needs[i], line), "no such need",
                         s->needs[i], words, 5);
    }
}

static const struct field ask_fields[] = {STEP_FIELDS, CHOICE_FIELDS};
static const struct field look_fields[] = {
    STEP_FIELDS,
    F("goal", FUNCTION, goal, "function(s): true when it was seen"),
    F("suspect", BOOL, wants_suspect, "true: done when a right suspicion is open"),
    SOLUTION_FIELD,
};
static const struct field predict_fields[] = {
    STEP_FIELDS,
    {"of", FIELD_CUSTOM, 0, 0, "a list of 1 to 4 predictions", 0, true, 0, 0,
     read_predictions},
};
static const struct field act_fields[] = {
    STEP_FIELDS,
    FREQ("goal", FUNCTION, goal, "function(s): true when users are well"),
    SOLUTION_FIELD,
};
static const struct field say_fields[] = {
    STEP_FIELDS,
    FLIST("needs", STRINGS, needs, nneeds, NULL, "of who, since, impact, state, next"),
    SOLUTION_FIELD,
};
SCHEMA(ask_schema, "ask", "A question; goes on when it is answered right.", ask_fields,
       check_step);
SCHEMA(choose_schema, "choose", "A decision with several right answers.", ask_fields,
       check_step);
SCHEMA(look_schema, "look", "Something to find out.", look_fields, check_look);
SCHEMA(predict_schema, "predict", "What will happen to which number?", predict_fields,
       check_step);
SCHEMA(act_schema, "act", "Something to put right.", act_fields, check_look);
SCHEMA(say_schema, "say_update", "A status update to write.", say_fields, check_needs);
#undef THIS

static const struct schema *const step_schemas[] = {
    [STEP_ASK] = &ask_schema,         [STEP_LOOK] = &look_schema,
    [STEP_PREDICT] = &predict_schema, [STEP_ACT] = &act_schema,
    [STEP_SAY_UPDATE] = &say_schema,  [STEP_CHOOSE] = &choose_schema,
};
enum { STEP_KINDS = sizeof step_schemas / sizeof *step_schemas };

#define THIS struct lesson

void read_steps(struct reader *r, const struct field *f, int line, void *out)
{
    struct lesson *l = out;
    l->nsteps = read_length(r, -1, line, f->name);
    l->steps = arena_alloc(r->mem, (l->nsteps + 1) * sizeof *l->steps);
    for (size_t i = 0; i < l->nsteps; i++) {
        int kind = 0;
        read_enter(r, -1, i);
        while (kind < STEP_KINDS && !is_marked(r->L, -1, step_schemas[kind]->name))
            kind++;
        if (kind == STEP_KINDS)
            fail(r->L, line,
                 "step %zu must be made with ask, look, predict, act, say_update or "
                 "choose",
                 i + 1);
        struct step *s = &l->steps[i];
        s->kind = (enum step_kind)kind;
        s->goal = FN_NONE;
        read_record(r, -1, line, step_schemas[kind], s);
        for (size_t k = 0; k < i; k++)
            if (str_eq(l->steps[k].id, s->id))
                fail(r->L, mark_line(r->L, -1, line), "two steps are called '%.40s'",
                     s->id);
        read_leave(r);
    }
}
#undef THIS
