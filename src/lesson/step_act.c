/*
 * act: something to put right. Done when its goal is true; time goes on meanwhile.
 */
#include "step_internal.h"

#define THIS struct step
static const struct field fields[] = {
    STEP_FIELDS,
    FREQ("goal", FUNCTION, goal, "function(s): true when users are well"),
    STEP_SOLUTION,
};
static SCHEMA(schema, "act", "Something to put right.", fields, step_check_goal);
#undef THIS

const struct step_kind step_kind_act = {
    .name = "act",
    .schema = &schema,
    .size = sizeof(struct step),
    .acts = true,
    .mends = true,
    .reached = step_goal_reached,
};
