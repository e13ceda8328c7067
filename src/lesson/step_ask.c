/*
 * ask: a question. Where no step of a lesson asks for a suspicion, the answers to its
 * questions are the diagnosis.
 */
#include "step_internal.h"

#define THIS struct step
static const struct field fields[] = {STEP_FIELDS, STEP_CHOICES};
static SCHEMA(schema, "ask", "A question; goes on when it is answered right.", fields,
              step_check_choices);
#undef THIS

static const struct schema *const parts[] = {&choice_schema, NULL};
const struct step_kind step_kind_ask = {
    .name = "ask",
    .schema = &schema,
    .investigates = true,
    .parts = parts,
    .size = sizeof(struct step),
    .diagnoses = true,
    .answer = step_choice_answer,
    .item = step_choice_item,
    .how = step_choice_how,
    .solve = step_choice_solve,
    .identify = step_choice_identify,
};
