/*
 * Numbered choices: what `ask` and `choose` have in common. A right one is the answer, a
 * wrong one is told its reply, and the step stays open.
 */
#include "step_internal.h"

#include <stdio.h>

#define THIS struct choice
static const struct field choice_fields[] = {
    FPOS(1, "text", STRING, text, "what the learner can pick"),
    F("reply", SAYS, reply, "what is said when it is picked"),
    F("right", BOOL, right, "true: a right one"),
};
SCHEMA(choice_schema, "choice", "One answer of a question.", choice_fields, NULL);
#undef THIS

#define THIS struct step
void step_read_choices(struct reader *r, const struct field *f, int line, void *out)
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
void step_read_answer(struct reader *r, const struct field *f, int line, void *out)
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

#undef THIS

void step_check_choices(struct reader *r, int line, void *record)
{
    const struct step *s = record;
    bool right = false;
    step_name(r, line, record);
    for (size_t i = 0; i < s->nchoices; i++)
        right |= s->choices[i].right;
    if (!right)
        fail(r->L, line, "step '%.40s' has no right choice", s->id);
}

void step_choice_answer(const struct step *st, const struct step_answer *a,
                        struct step_verdict *v)
{
    if (a->number < 1 || (size_t)a->number > st->nchoices) {
        v->is = STEP_UNCLEAR;
        snprintf(v->say, sizeof v->say, "Choose a number from 1 to %zu.", st->nchoices);
        return;
    }
    const struct choice *c = &st->choices[a->number - 1];
    v->is = c->right ? STEP_RIGHT : STEP_WRONG;
    v->replies = true;
    v->reply = &c->reply;
}

bool step_choice_item(const struct step *st, size_t i, struct step_item *out)
{
    if (i >= st->nchoices)
        return false;
    const struct choice *c = &st->choices[i];
    *out = (struct step_item){.number = (int)i + 1,
                              .text = c->text,
                              .asks = "",
                              .reply = &c->reply,
                              .right = c->right};
    return true;
}

/* The i-th right choice. */
bool step_choice_solve(const struct step *st, size_t i, struct buf *line)
{
    for (size_t k = 0; k < st->nchoices; k++) {
        if (!st->choices[k].right || i-- > 0)
            continue;
        buf_addf(line, "%zu", k + 1);
        return true;
    }
    return false;
}

struct step_how step_choice_how(const struct step *st)
{
    (void)st;
    return (struct step_how){.shown = "Type the number and Enter."};
}

void step_choice_identify(const struct step *st, struct step_print *out)
{
    for (size_t i = 0; i < st->nchoices; i++)
        step_print_sign(out, st->choices[i].right ? '+' : '-');
}
