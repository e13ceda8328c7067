/*
 * choose: a decision. Several choices may be right, and any of them goes on.
 */
#include "step_internal.h"

#define THIS struct step
static const struct field fields[] = {STEP_FIELDS, STEP_CHOICES};
static SCHEMA(schema, "choose", "A decision with several right answers.", fields,
              step_check_choices);
#undef THIS

const struct step_kind step_kind_choose = {
    .name = "choose",
    .schema = &schema,
    .size = sizeof(struct step),
    .answer = step_choice_answer,
    .item = step_choice_item,
    .how = step_choice_how,
    .solve = step_choice_solve,
    .identify = step_choice_identify,
};
