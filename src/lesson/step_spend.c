/*
 * spend: improvements to choose, where a lesson has a budget of them
 * (truecode/design.h). Done when the budget is used up, or the list is closed. The
 * lines that solve it follow from the lesson's prices and the seed's faults: the
 * session knows them.
 */
#include "step_internal.h"

#define THIS struct step
static const struct field fields[] = {STEP_FIELDS};
static void check(struct reader *r, int line, void *record)
{
    step_name(r, line, record);
    ((struct step *)record)->never_moot = true;
}
static SCHEMA(schema, "spend",
              "Improvements to choose: done when the budget is used up, or closed.",
              fields, check);
#undef THIS

static bool reached(const struct step *st, const struct step_eyes *eyes)
{
    (void)st;
    return eyes->spent;
}

const struct step_kind step_kind_spend = {
    .name = "spend",
    .schema = &schema,
    .size = sizeof(struct step),
    .spends = true,
    .reached = reached,
};
