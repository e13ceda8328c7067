/*
 * say_update: a status update to write. Done by one that has every field the step needs; the
 * form (session) asks for those alone.
 */
#include "step_internal.h"

#include <stdio.h>

#define THIS struct step
static void check(struct reader *r, int line, void *record)
{
    struct step *s = record;
    const char *const *words = update_field_words();
    step_name(r, line, record);
    for (size_t i = 0; i < s->nneeds; i++) {
        bool known = false;
        for (size_t k = 0; k < UPDATE_FIELD_COUNT; k++)
            known |= str_eq(words[k], s->needs[i]);
        if (!known)
            fail_unknown(r->L, scan_line(r->h->scan, s->needs[i], line), "no such need",
                         s->needs[i], words, UPDATE_FIELD_COUNT);
    }
}

static const struct field fields[] = {
    STEP_FIELDS,
    FLIST("needs", STRINGS, needs, nneeds, NULL, "of who, since, impact, state, next"),
    STEP_SOLUTION,
};
static SCHEMA(schema, "say_update", "A status update to write.", fields, check);
#undef THIS

/* A number answers nothing here: only an update does. */
static void answer(const struct step *st, const struct step_answer *a,
                   struct step_verdict *v)
{
    (void)st;
    (void)a;
    v->is = STEP_NOT_ASKED;
    snprintf(v->say, sizeof v->say, "This step has no numbered answers.");
}

static enum update_field field_named(const char *word)
{
    enum update_field f = 0;
    while (f < UPDATE_FIELD_COUNT && !str_eq(update_field_word(f), word))
        f++;
    return f;
}

static void update(const struct step *st, const struct update *u,
                   struct step_verdict *v)
{
    struct buf missing;
    buf_init(&missing, 150);
    for (size_t i = 0; i < st->nneeds; i++) {
        const char *text = update_text(u, field_named(st->needs[i]));
        if (!text || !*text)
            buf_addf(&missing, "%s%s", missing.len ? ", " : "", st->needs[i]);
    }
    v->is = missing.len ? STEP_UNCLEAR : STEP_RIGHT;
    if (missing.len)
        snprintf(v->say, sizeof v->say, "People still ask for: %s.", missing.s);
    buf_release(&missing);
}

static struct step_how how(const struct step *st)
{
    (void)st;
    return (struct step_how){.shown = "Type say, and answer what it asks.",
                             .unless = "`say`"};
}

static void identify(const struct step *st, struct step_print *out)
{
    for (size_t i = 0; i < st->nneeds; i++)
        step_print_text(out, st->needs[i]);
}

const struct step_kind step_kind_say_update = {
    .name = "say_update",
    .schema = &schema,
    .size = sizeof(struct step),
    .acts = true,
    .answer = answer,
    .update = update,
    .how = how,
    .identify = identify,
};
