/*
 * Nights on which nothing is wrong: which of the drawn ones are, and what the debrief says
 * of them. Such a night is a healthy world (NIGHT_QUIET in truecode/lesson.h); whoever
 * leaves it alone, looks and closes it has done all there is to do.
 */
#include "quiet.h"

#include "report_internal.h"
#include "score.h"

#include <stdio.h>

#define ONE_IN 6 /* of the drawn nights is quiet */

bool quiet_drawn(uint64_t seed)
{
    struct rng rng;
    rng_seed(&rng, seed, "drawn night");
    return rng_below(&rng, ONE_IN) == 0;
}

/* Something makes the night bad, so that it can be left out. */
static bool can_be_quiet(const struct stage *g)
{
    bool causes = lesson_has_twin(g->lesson) || lesson_info(g->lesson)->quiet;
    for (size_t i = 0; i < g->lw.nentries && !causes; i++)
        causes = g->lw.entries[i].role == ENTRY_CAUSE;
    return causes;
}

struct stage *quiet_stage(const struct lesson *l, uint64_t seed, struct errmsg *why)
{
    struct stage *g = stage_night(l, seed, NIGHT_QUIET, 0, why);
    if (!g || can_be_quiet(g))
        return g;
    stage_unref(g);
    errmsg_set(why, ERR_LESSON,
               "this lesson names no cause: without one no night of it is quiet");
    return NULL;
}

sim_time quiet_watch(const struct session *s)
{
    const struct lesson_info *li = lesson_info(s->lesson);
    return li->expert < li->good_for ? li->expert : li->good_for;
}

/* ---- the diagnosis --------------------------------------------------------------- */

struct quiet_looks quiet_looks(const struct session *s)
{
    struct quiet_looks x = {0};
    const struct model *m = s->run.stage->lw.model;
    for (size_t i = 0; i < scored_seen(s); i++) {
        const char *subject = s->seen_ever.s[i];
        comp_id c = looked_at(m, subject);
        bool status = str_eq(subject, "status");
        x.users |=
            status || str_eq(subject, "map") || (c != COMP_NONE && is_group(m, c));
        x.alerts |= status || str_eq(subject, "alerts");
        x.changes |= str_eq(subject, "changes");
    }
    return x;
}

static const char *what_was_not_seen(const struct grading *g,
                                     const struct quiet_looks *x)
{
    return arena_printf(g->mem, "Nobody had looked at:%s%s%s.",
                        x->users ? "" : " what users feel (status)",
                        x->alerts  ? ""
                        : x->users ? " what fires (alerts)"
                                   : ", what fires (alerts)",
                        x->changes              ? ""
                        : x->users && x->alerts ? " what was changed (changes)"
                                                : ", what was changed (changes)");
}

void quiet_diagnosis(const struct grading *g, struct score_item *item)
{
    struct quiet_looks x = quiet_looks(g->s);
    int n = x.users + x.alerts + x.changes;
    bool changed = score_changed(g->s), suspected = score_suspects(g->s);
    double share = (double)n / 3;
    item->points =
        changed ? 0 : share_points(suspected ? share / 2 : share, item->full);
    item->truth = "Nothing was wrong.";
    item->best = "To look at what users feel, what fires and what was changed, and to "
                 "suspect nothing.";
    if (changed)
        item->cost = "To change something is to say that something was wrong.";
    else if (n < 3)
        item->cost = what_was_not_seen(g, &x);
    else if (suspected)
        item->cost = "A suspicion stood to the end.";
}

/* ---- the debrief ----------------------------------------------------------------- */

static void tell_letters(const struct maker *k)
{
    const struct stage *g = k->s->run.stage;
    for (size_t i = 0; i < g->ntickets && i < 1; i++)
        add_text(
            k->r, BLOCK_TEXT,
            "%s wrote: \"%s\" On most good nights somebody has such a moment: a slow "
            "network at home, a page that was open since noon. It is worth a look and "
            "a kind answer.",
            g->tickets[i].who, g->tickets[i].text);
}

static void tell_alert(const struct maker *k)
{
    const struct lesson_world *lw = &k->s->run.stage->lw;
    if (lw->noise >= lw->nrules)
        return;
    add_text(
        k->r, BLOCK_TEXT,
        "The alert \"%s\" fires on good nights, too: its limit is half of what is "
        "usual. An alert that asks for nothing teaches people not to look. Give it "
        "another limit in the morning, or delete it.",
        lw->rules[lw->noise].name);
}

void quiet_debrief(const struct maker *k)
{
    struct buf own;
    buf_init(&own, 0);
    add_block(k->r, BLOCK_HEADING, "What it was");
    add_text(
        k->r, BLOCK_TEXT,
        "Nothing. This was a good night: no more requests were lost than on any other, "
        "from before the first letter until the end.");
    if (!lesson_info(k->s->lesson)->quiet)
        tell_letters(k);
    tell_alert(k);
    const struct text *t = lesson_info(k->s->lesson)->quiet
                               ? lesson_debrief(k->s->lesson)
                               : lesson_quiet_debrief(k->s->lesson);
    if (run_text(scored_run(k->s), t, &own))
        add_block(k->r, BLOCK_TEXT, own.s);
    add_block(k->r, BLOCK_HEADING, "What works");
    add_text(
        k->r, BLOCK_BULLET,
        "Look at what users feel first: status, chart, the people who wrote; then at "
        "what fires and what was changed. When users are well, say so: hurt nobody.");
    add_text(
        k->r, BLOCK_BULLET,
        "Change nothing. A restart to be safe hurts those who are in the middle of "
        "something, and a change that nobody needed is tomorrow's suspect.");
    add_text(k->r, BLOCK_BULLET, "Close it: resolve closed.");
    buf_release(&own);
}
