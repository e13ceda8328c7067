/*
 * Turns that hurt: what a change of the learner's cost users, by living the night again
 * without it, and without what undid it. Each such night is a run from the first change to
 * the end of all, so that few are run: those after whose change more was lost than just
 * before it, and more than had nobody acted; the worst of them.
 *
 * The change that made users well is no such turn.
 */
#include "score.h"
#include "twin.h"

#include <string.h>

#define JUST_BEFORE  (20 * SIM_SEC)
#define LEAST_WINDOW SIM_MIN /* a change takes so long to show, whatever came next */
#define LEAST        5.0     /* requests: fewer may be chance */
#define LEAST_SHARE  0.01 /* of all that the learner lost; two nights differ by less */

struct tried {           /* a change that may have hurt */
    size_t action, undo; /* SIZE_MAX: nothing undid it */
    double excess;
};

/* The change that an action made, as the recording has it; NULL: none. */
static const struct change *change_of(const struct run *r,
                                      const struct done_action *did)
{
    for (size_t i = 0; i < recording_changes(r->rec); i++) {
        const struct change *c = recording_change(r->rec, i);
        if (c->at == did->at && str_eq(c->who, "you") &&
            same_action(&c->action, &did->action, 1))
            return c;
    }
    return NULL;
}

/* Whether `a` is what would undo a change; a value may be set in either way. */
static bool undoes(const struct action *a, const struct change *c)
{
    struct action undo = c->undo;
    if (action_sets(&undo) && action_sets(a))
        undo.kind = a->kind;
    return c->undoable && same_action(&undo, a, 1);
}

/* The change that took change i back: what would undo i, or what would itself be undone by
 * doing i again, as a roll-back of a deploy. */
static size_t undone_by(const struct run *r, const struct done_action *did, size_t n,
                        size_t i)
{
    const struct change *c = change_of(r, &did[i]), *later;
    for (size_t k = i + 1; c && k < n; k++)
        if (undoes(&did[k].action, c) ||
            ((later = change_of(r, &did[k])) && undoes(&did[i].action, later)))
            return k;
    return SIZE_MAX;
}

/* Requests lost after a change, until it was undone or another came, beyond what was lost
 * in as long a time just before and beyond what was lost where nobody acted. */
static double excess(const struct rivals *v, const struct done_action *did, size_t n,
                     const struct tried *x)
{
    sim_time from = did[x->action].at, to = v->to;
    if (x->undo != SIZE_MAX)
        to = did[x->undo].at;
    else if (x->action + 1 < n)
        to = did[x->action + 1].at;
    if (to < from + LEAST_WINDOW)
        to = from + LEAST_WINDOW < v->to ? from + LEAST_WINDOW : v->to;
    double you = users_lost(v->you.rec, v->twin, COMP_NONE, from, to);
    double nothing = users_lost(v->nothing.rec, v->twin, COMP_NONE, from, to);
    double before =
        users_lost(v->you.rec, v->twin, COMP_NONE, from - JUST_BEFORE, from) *
        (double)(to - from) / (double)JUST_BEFORE;
    return you - (before < nothing ? before : nothing);
}

/* The worst TURNS_MAX of them, the worst first. */
static void keep_worst(struct tried worst[TURNS_MAX], size_t *n, const struct tried *x)
{
    size_t at = *n;
    while (at > 0 && worst[at - 1].excess < x->excess)
        at--;
    if (at == TURNS_MAX)
        return;
    if (*n < TURNS_MAX)
        ++*n;
    memmove(&worst[at + 1], &worst[at], (*n - at - 1) * sizeof *worst);
    worst[at] = *x;
}

static size_t find_tried(const struct session *s, const struct rivals *v,
                         struct tried worst[TURNS_MAX])
{
    size_t n, found = 0;
    const struct done_action *did = scored_actions(s, &n);
    for (size_t i = 0; i < n; i++) {
        struct tried x = {.action = i, .undo = undone_by(scored_run(s), did, n, i)};
        x.excess = excess(v, did, n, &x);
        if (i + 1 != v->mattered && x.excess >= LEAST)
            keep_worst(worst, &found, &x);
    }
    return found;
}

/* Requests that users lost in all without a change and without what undid it, unless that made
 * users well; false: that night cannot be lived. */
static bool lost_without(const struct session *s, const struct rivals *v,
                         const struct tried *x, double *lost)
{
    struct errmsg why = {0};
    size_t n;
    const struct done_action *did = scored_actions(s, &n);
    struct run r;
    enum err e = run_fork(&r, s->fork.world ? &s->fork : &s->begin, &why);
    if (e != ERR_OK)
        return false;
    for (size_t i = 0; e == ERR_OK && i < n; i++) {
        if (i == x->action || (i == x->undo && i + 1 != v->mattered))
            continue;
        struct errmsg refused = {
            0}; /* results of the turn are not there to be changed */
        e = run_advance(&r, did[i].at, NULL, NULL, &why);
        if (e == ERR_OK && run_apply(&r, &did[i].action, "you", &refused) == ERR_LIMIT)
            e = ERR_LIMIT;
    }
    if (e == ERR_OK)
        e = run_advance(&r, v->to, NULL, NULL, &why);
    *lost = users_lost(r.rec, v->twin, COMP_NONE, 0, v->to);
    run_release(&r);
    return e == ERR_OK;
}

void turns_find(struct session *s, struct rivals *v)
{
    struct tried worst[TURNS_MAX];
    size_t n, all;
    const struct done_action *did = scored_actions(s, &all);
    if (!v->twin || s->quiet)
        return;
    n = find_tried(s, v, worst);
    double you = users_lost(v->you.rec, v->twin, COMP_NONE, 0, v->to), without;
    for (size_t i = 0; i < n; i++) {
        const struct tried *x = &worst[i];
        const struct change *c = change_of(scored_run(s), &did[x->action]);
        if (!c || !lost_without(s, v, x, &without) || you - without < LEAST ||
            you - without < LEAST_SHARE * you)
            continue;
        v->turns[v->nturns++] =
            (struct turn){.at = did[x->action].at,
                          .undone = x->undo == SIZE_MAX ? SIM_FOREVER : did[x->undo].at,
                          .cost = you - without,
                          .what = strings_keep(&s->words, c->title)};
    }
}
