/*
 * look: something to find out. Done when its goal is true, when a right suspicion is open,
 * or both, as the lesson says; time goes on meanwhile.
 */
#include "step_internal.h"

#define THIS struct step
static const struct field fields[] = {
    STEP_FIELDS,
    F("goal", FUNCTION, goal, "function(s): true when it was seen"),
    F("suspect", BOOL, wants_suspect, "true: done when a right suspicion is open"),
    STEP_SOLUTION,
};
static SCHEMA(schema, "look", "Something to find out.", fields, step_check_goal);
#undef THIS

static struct step_how how(const struct step *st)
{
    if (!st->wants_suspect)
        return (struct step_how){0};
    return (struct step_how){
        .shown = "When you know: suspect COMPONENT MECHANISM because …",
        .spoken = "When you know: suspect COMPONENT MECHANISM because EVIDENCE",
        .unless = "suspect "};
}

const struct step_kind step_kind_look = {
    .name = "look",
    .schema = &schema,
    .investigates = true,
    .size = sizeof(struct step),
    .acts = true,
    .reached = step_goal_reached,
    .how = how,
};
