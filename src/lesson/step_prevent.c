/*
 * prevent: what would have kept it from happening, or told of it sooner? The choices are the
 * lesson's `prevention`, each priced by the engine; any right one goes on.
 */
#include "step_internal.h"

#define THIS struct step
static const struct field fields[] = {STEP_FIELDS};
static void check(struct reader *r, int line, void *record)
{
    step_name(r, line, record);
}
static SCHEMA(schema, "prevent",
              "What would have prevented it: the choices are those of `prevention`.",
              fields, check);
#undef THIS

const struct step_kind step_kind_prevent = {
    .name = "prevent",
    .schema = &schema,
    .size = sizeof(struct step),
    .prevents = true,
    .answer = step_choice_answer,
    .item = step_choice_item,
    .how = step_choice_how,
    .solve = step_choice_solve,
    .identify = step_choice_identify,
};

void step_prevent_choices(struct reader *r, int line, const struct lesson *l,
                          struct step *st)
{
    if (st->kind != &step_kind_prevent)
        return;
    if (l->npreventions == 0)
        fail(r->L, scan_line(r->h->scan, st->id, line),
             "step '%.40s' needs prevention = { … }, its choices", st->id);
    struct choice *list = arena_alloc(r->mem, l->npreventions * sizeof *list);
    for (size_t i = 0; i < l->npreventions; i++) {
        const struct prevention *p = &l->preventions[i].says;
        list[i] =
            (struct choice){.text = p->text, .reply = p->reply, .right = p->right};
    }
    st->choices = list;
    st->nchoices = l->npreventions;
}
