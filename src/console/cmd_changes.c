/*
 * changes: deploys, settings, flags and operators' actions, newest last, with the
 * number that `revert` takes.
 */
#include "console_internal.h"
#include "lookup.h"

#include <string.h>

static void show(struct call *c, struct out_table *t, const struct change *k)
{
    bool names_it = k->comp == COMP_NONE || strstr(k->title, name_of(c, k->comp));
    table_cell(t, TONE_STRONG, "%u", k->id);
    table_cell(t, TONE_NORMAL, "%s", clock_of(c, k->at, true));
    table_cell(t, TONE_DIM, "%s ago", ago(c, k->at));
    table_cell(t, TONE_NORMAL, "%s", k->who);
    table_cell(t, TONE_NORMAL, "%s%s%s%s", names_it ? "" : name_of(c, k->comp),
               names_it ? "" : ": ", k->title, k->undoable ? "" : " (no undo)");
    if (k->comp != COMP_NONE)
        seen_comp(c, k->comp, "changes");
}

static enum err run(struct call *c)
{
    comp_id only = COMP_NONE;
    sim_time from = 0;
    size_t shown = 0;
    struct out_table t;
    enum err e = c->nargs ? need_comp(c, c->arg[0], &only, NULL) : ERR_OK;
    if (e == ERR_OK && call_opt(c, "--since"))
        e = when_since(c, 0, &from);
    if (e != ERR_OK)
        return e;
    table_init(&t, c->o, ">NO|AT||WHO|WHAT");
    for (size_t i = 0; i < recording_changes(c->rec); i++) {
        const struct change *k = recording_change(c->rec, i);
        if (k->at < from || (only != COMP_NONE && k->comp != only))
            continue;
        show(c, &t, k);
        shown++;
    }
    if (shown) {
        table_print(&t);
        note(c, "revert NO undoes one.");
    } else {
        mem_free(t.cells);
        arena_release(&t.mem);
        out_line(c->o, TONE_NORMAL, "No change is recorded%s%s.",
                 only == COMP_NONE ? "" : " for ",
                 only == COMP_NONE ? "" : name_of(c, only));
    }
    seen(c, "changes");
    return ERR_OK;
}

static const struct command_wild wild[] = {
    {"kubectl", "kubectl rollout history deployment/COMPONENT"},
    {"argocd", "argocd app history COMPONENT"},
    {"git", "git log --since='2 hours ago' --oneline"},
};
const struct command cmd_changes = {
    .info = {.name = "changes",
             .synopsis = "changes [COMPONENT] [--since TIME]",
             .doc = "What was changed, when and by whom. Deploys, settings, flags, and "
                    "what you did yourself.",
             .examples = "changes\nchanges COMPONENT\nchanges --since 1h",
             .group = GROUP_LOOK,
             WILD(wild)},
    .args = {ARG_COMPONENT},
    .max_args = 1,
    .opts = {{"--since", ARG_TIME, "20:12, or 30m for half an hour ago"}},
    .run = run,
};
