/*
 * resolve: says that it is over, and in which of four senses.
 */
#include "console_internal.h"

static enum err run(struct call *c)
{
    if (!c->nargs) {
        para(c, TONE_NORMAL, 0,
             "mitigated: users are well, the cause is still there. cured: the cause is "
             "gone. recovered: what had piled up is done, too. closed: nothing was "
             "wrong.");
        note(c, "Say which: resolve mitigated");
        return ERR_OK;
    }
    const char *const *states = update_state_words() + UPDATE_ENDS;
    const size_t n = UPDATE_STATE_COUNT - UPDATE_ENDS;
    for (size_t i = 0; i < n; i++)
        if (str_eq(states[i], c->arg[0])) {
            fx_add(c, EFFECT_RESOLVE)->text = states[i];
            return ERR_OK;
        }
    const char *near = text_suggest(c->arg[0], states, n);
    return refuse(
        c, ERR_INPUT, "It can be mitigated, cured, recovered or closed%s%s%s.",
        near ? "; did you mean " : ", not ", near ? near : c->arg[0], near ? "?" : "");
}

static const struct command_wild wild[] = {
    {"pd", "pd incident resolve -i INCIDENT"},
    {"curl",
     "curl -X PUT https://api.pagerduty.com/incidents/INCIDENT -H 'Authorization: "
     "Token token=KEY' -H 'From: you@example.com' -H 'Content-Type: application/json' "
     "-d '{\"incident\":{\"type\":\"incident\",\"status\":\"resolved\"}}'"},
};
const struct command cmd_resolve = {
    .info = {.name = "resolve",
             .synopsis = "resolve mitigated|cured|recovered|closed",
             .doc = "Says that the incident is over, and how. mitigated: users are "
                    "well, the cause is there. cured: the cause is gone. recovered: "
                    "what had piled up is done, too. closed: nothing was wrong, and "
                    "nothing was changed.",
             .examples = "resolve mitigated\nresolve closed",
             .group = GROUP_REASON,
             WILD(wild)},
    .args = {ARG_STATE},
    .max_args = 1,
    .run = run,
};
