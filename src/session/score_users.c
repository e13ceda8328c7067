/*
 * Users in the score: how many were spared, and whether anybody was worse off than if
 * nobody had touched anything.
 *
 *     users spared   (nothing - you) / (nothing - reference), in lost requests, 0..1; a
 *                    promise of data that was broken by one's own hand is somebody's, too,
 *                    and counts as a request
 *     no harm done   1 - (the most that "you" was ever behind "nothing", for any group of
 *                    users) / (a quarter of nothing's total), less the harm to data
 *
 * Half of either for a change that came out of nothing (score_by_luck()).
 *
 * Lost is what users_lost() (twin.h) counts; whoever turns customers away has lost them.
 */
#include "score.h"
#include "twin.h"

#include <math.h>

static double clamp01(double x)
{
    return x < 0 || isnan(x) ? 0 : x > 1 ? 1 : x;
}

/* ---- who was lost ---------------------------------------------------------------- */

bool is_group(const struct model *m, comp_id c)
{
    return str_eq(model_kind(m, c)->name, "client") || model_in_slo(m, c);
}

/* ---- users spared ---------------------------------------------------------------- */

static double spared(const struct grading *g)
{
    const struct score *sc = g->score;
    double par = (double)sc->bad_nothing - (double)sc->bad_reference;
    double you = (double)sc->bad_nothing - (double)sc->bad_you;
    you -= own_harm(g).things;
    if (!score_changed(g->s))
        return score_quiet(g->s) ? 1 : 0;
    if (par < 1)
        return you >= 0 ? 1 : 0;
    return clamp01(you / par);
}

static sim_time first_change(const struct session *s)
{
    size_t n;
    const struct done_action *did = scored_actions(s, &n);
    return n > 0 ? did[0].at : SIM_FOREVER;
}

static const char *what_users_cost(const struct grading *g)
{
    const struct score *sc = g->score;
    double more = (double)sc->bad_you - (double)sc->bad_reference;
    if (!score_changed(g->s))
        return "Nothing was changed, so nobody was spared.";
    struct own_harm own = own_harm(g);
    if (own.things >= 1)
        return arena_printf(g->mem,
                            "By your own hand \"%s\" was broken: each of the %s times "
                            "counts as a lost request.",
                            own.name, score_count(g, own.things));
    double turned = users_missing(g->v->you.rec, g->v->twin, COMP_NONE, 0, g->v->to);
    if (turned > (double)sc->bad_you / 2)
        return arena_printf(g->mem,
                            "%s of them never came: they were turned away, or gave up.",
                            score_count(g, turned));
    return arena_printf(g->mem, "%s more than with the first of what works.",
                        score_count(g, more > 0 ? more : 0));
}

static const char by_luck[] = "It was tried on a guess: before it no suspicion stood "
                              "open that anything on the screen "
                              "spoke for. Half of what a guess spares counts.";

static const char left_by_luck[] =
    "Nobody had looked at users (status): to leave them alone was luck. Half counts.";

/* "api scaled from 2 to 8 at 11:49 cost 1 500 of them; undone at 11:50." */
static const char *what_turns_cost(const struct grading *g)
{
    const char *all = "";
    for (size_t i = 0; i < g->v->nturns; i++) {
        const struct turn *t = &g->v->turns[i];
        all = arena_printf(g->mem, "%s What you did at %s (%s) cost %s of them%s%s.",
                           all, score_clock(g, t->at), t->what, score_count(g, t->cost),
                           t->undone == SIM_FOREVER ? "" : "; undone at ",
                           t->undone == SIM_FOREVER ? "" : score_clock(g, t->undone));
    }
    return all;
}

void grade_users(const struct grading *g, struct score_item *item)
{
    const struct score *sc = g->score;
    bool luck = score_by_luck(g);
    item->points = share_points(luck ? spared(g) / 2 : spared(g), item->full);
    item->at = first_change(g->s);
    item->stated =
        arena_printf(g->mem, "%s requests were lost until %s.",
                     score_count(g, (double)sc->bad_you), score_clock(g, g->v->to));
    item->truth =
        arena_printf(g->mem, "Doing nothing would have lost %s.%s",
                     score_count(g, (double)sc->bad_nothing), what_turns_cost(g));
    if (g->v->has_reference)
        item->best = arena_printf(
            g->mem, "At most %s: what is lost when it is mended %s after the page.",
            score_count(g, (double)sc->bad_reference),
            score_span(g, lesson_info(g->s->lesson)->expert));
    if (item->points < item->full)
        item->cost = !luck               ? what_users_cost(g)
                     : score_quiet(g->s) ? left_by_luck
                     : spared(g) >= 1
                         ? by_luck
                         : arena_printf(g->mem, "%s %s", by_luck, what_users_cost(g));
}

/* ---- no harm done ---------------------------------------------------------------- */

struct behind { /* the most that users were ever behind doing nothing */
    double most;
    sim_time at;
    comp_id client;
};

static void look_behind(const struct grading *g, comp_id client, struct behind *b)
{
    const struct rivals *v = g->v;
    for (sim_time t = v->from + SIM_SEC; t <= v->to; t += SIM_SEC) {
        double d = users_lost(v->you.rec, v->twin, client, v->from, t) -
                   users_lost(v->nothing.rec, v->twin, client, v->from, t);
        if (d > b->most)
            *b = (struct behind){d, t, client};
    }
}

static struct behind worst_behind(const struct grading *g)
{
    const struct model *m = g->s->run.stage->lw.model;
    struct behind b = {0, SIM_FOREVER, COMP_NONE};
    look_behind(g, COMP_NONE, &b);
    for (size_t i = 0; i < model_comps(m); i++)
        if (is_group(m, (comp_id)i))
            look_behind(g, (comp_id)i, &b);
    return b;
}

static void tell_behind(const struct grading *g, const struct behind *b,
                        struct buf *out)
{
    if (b->at == SIM_FOREVER)
        return;
    buf_addf(out, "At %s %s had lost %s requests more than if nobody had acted.",
             score_clock(g, b->at),
             b->client == COMP_NONE ? "users"
                                    : model_name(g->s->run.stage->lw.model, b->client),
             score_count(g, b->most));
}

/* "By your own hand "nothing is charged twice" was broken 40 times." */
static void tell_own_harm(const struct grading *g, const struct own_harm *own,
                          struct buf *out)
{
    if (!own->name)
        return;
    buf_addf(out, "%sBy your own hand \"%s\" was broken", out->len ? " " : "",
             own->name);
    if (own->most >= 1)
        buf_addf(out, " %s time%s", score_count(g, own->most),
                 own->most >= 2 ? "s" : "");
    buf_adds(out, ".");
}

static void tell_luck(bool quiet, struct buf *out)
{
    buf_addf(out, "%s%s was luck, too: half counts.", out->len ? " " : "",
             quiet ? "That nobody was hurt" : "That a guess hurt no more");
}

void grade_containment(const struct grading *g, struct score_item *item)
{
    bool quiet = score_quiet(g->s), changed = score_changed(g->s);
    item->best = quiet ? "Nothing is changed where nothing is wrong."
                       : "No user is ever worse off than if nobody had acted.";
    if (changed == quiet) {
        item->cost = quiet ? "Something was changed on a healthy night."
                           : "Nothing was done, and the incident went on.";
        return;
    }
    struct behind b = worst_behind(g);
    struct own_harm own = own_harm(g);
    struct buf cost;
    bool luck = score_by_luck(g);
    double share = clamp01(1 - b.most / harm_scale(g->v) - own.share);
    item->points = share_points(luck ? share / 2 : share, item->full);
    if (item->points == item->full)
        return;
    item->at = b.at;
    buf_init(&cost, 0);
    tell_behind(g, &b, &cost);
    tell_own_harm(g, &own, &cost);
    if (luck && share > 0)
        tell_luck(quiet, &cost);
    item->cost = arena_strdup(g->mem, cost.s);
    buf_release(&cost);
}
