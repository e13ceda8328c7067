/*
 * revert: undoes one recorded change, by its number or by its time of day.
 */
#include "console_internal.h"
#include "lookup.h"

#include <string.h>

static const struct change *find_change(struct call *c, long id)
{
    for (size_t i = 0; i < recording_changes(c->rec); i++)
        if (recording_change(c->rec, i)->id == (uint32_t)id)
            return recording_change(c->rec, i);
    return NULL;
}

/* The only change within the minute that is named. */
static const struct change *change_at(struct call *c, sim_time t)
{
    const struct change *found = NULL;
    for (size_t i = 0; i < recording_changes(c->rec); i++) {
        const struct change *k = recording_change(c->rec, i);
        if (k->at < t || k->at >= t + SIM_MIN)
            continue;
        if (found)
            return NULL;
        found = k;
    }
    return found;
}

static enum err take_back(struct call *c, const struct change *k)
{
    if (!k->undoable)
        return refuse(c, ERR_REFUSED, "“%s” cannot be taken back.", k->title);
    fx_action(c, &k->undo,
              with_wild(c, strf(c, "Taken back: the change \"%s\".", k->title),
                        wild_line(c, c->cmd->info.wild[0].line, name_of(c, k->comp),
                                  NULL, NULL)));
    return ERR_OK;
}

static enum err by_time(struct call *c)
{
    sim_time t;
    enum err e = when_past(c, c->arg[0], &t);
    if (e != ERR_OK)
        return e;
    const struct change *k = change_at(c, t);
    if (!k)
        return refuse(
            c, ERR_NOT_FOUND,
            "There is not one change at %s. Say its number: changes lists them.",
            c->arg[0]);
    return take_back(c, k);
}

static enum err run(struct call *c)
{
    long id;
    if (!c->nargs)
        return run_as(c, "changes");
    if (strchr(c->arg[0], ':'))
        return by_time(c);
    if (!parse_count(c->arg[0] + (*c->arg[0] == '#'), &id))
        return refuse(c, ERR_INPUT,
                      "“%s” is not the number of a change; changes lists them.",
                      c->arg[0]);
    const struct change *k = find_change(c, id);
    if (!k)
        return refuse(c, ERR_NOT_FOUND, "There is no change %ld; changes lists %zu.",
                      id, recording_changes(c->rec));
    return take_back(c, k);
}

static const struct command_wild wild[] = {
    {"git", "git revert --no-edit HEAD && git push"},
    {"kubectl", "kubectl rollout undo deployment/COMPONENT"},
    {"argocd", "argocd app rollback COMPONENT"},
};
const struct command cmd_revert = {
    .info = {.name = "revert",
             .synopsis = "revert [CHANGE|TIME]",
             .doc = "Undoes one change by its number or time. A deploy, a setting, a "
                    "flag; changes has both.",
             .examples = "revert\nrevert 3",
             .group = GROUP_ACT,
             .changes_world = true,
             WILD(wild)},
    .args = {ARG_CHANGE},
    .max_args = 1,
    .run = run,
};
