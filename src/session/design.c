/*
 * Improvements in a run (design.h): who has which, and what a night cost.
 */
#include "design.h"
#include "promise.h"
#include "score.h"

#include <assert.h>
#include <math.h>

/* ---- what there is to choose ----------------------------------------------------- */

struct improvement_offer *design_offers(const struct lesson *l)
{
    const struct design *d = lesson_design(l);
    if (!d)
        return NULL;
    struct improvement_offer *list = mem_array(d->n + 1, sizeof *list);
    for (size_t i = 0; i < d->n; i++)
        list[i] = (struct improvement_offer){
            .id = d->list[i].id, .text = d->list[i].text, .effort = d->list[i].effort};
    return list;
}

void run_offers(const struct run *r, struct console_ctx *ctx)
{
    const struct design *d = lesson_design(run_lesson(r));
    if (!d)
        return;
    ctx->improvements = r->stage->offers;
    ctx->nimprovements = d->n;
    ctx->improved = run_improved(r);
    ctx->budget = d->budget;
    ctx->closes_at = d->closes_at;
}

design_set run_improved(const struct run *r)
{
    design_set set = 0;
    for (size_t i = 0; i < IMPROVEMENTS_MAX; i++)
        if (r->improved_at[i] != SIM_FOREVER)
            set |= (design_set)1 << i;
    return set;
}

enum err run_improve(struct run *r, size_t which, struct errmsg *why)
{
    assert(lesson_design(run_lesson(r)) && which < lesson_design(run_lesson(r))->n);
    const struct improvement_actions *a = &r->stage->lw.improvements[which];
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < a->n; i++)
        e = run_apply(r, &a->list[i], "you", why);
    if (e == ERR_OK)
        r->improved_at[which] = run_now(r);
    return e;
}

enum err run_improve_all(struct run *r, design_set set, struct errmsg *why)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < IMPROVEMENTS_MAX; i++)
        if (set & (design_set)1 << i)
            e = run_improve(r, i, why);
    return e;
}

void design_rules(const struct session *s, const char *clock, struct buf *out)
{
    const struct design *d = lesson_design(s->lesson);
    const struct lesson_info *li = lesson_info(s->lesson);
    buf_addf(out,
             "You are alone: no steps, no hints. %s Nothing is wrong yet. improve "
             "lists what can be "
             "had: choose %d, until ",
             clock, d->budget);
    clock_format(out, li->day_start, d->closes_at, false);
    buf_adds(out, ". Then things break, and nobody touches anything; at ");
    clock_format(out, li->day_start, li->ends_at, false);
    buf_adds(out, " it is over, and what users lost is counted.");
}

/* ---- what it cost ---------------------------------------------------------------- */

double run_records(const struct run *r, sim_time from, sim_time to)
{
    double sum = 0;
    for (size_t i = 0; i < lesson_data_promises(run_lesson(r)); i++)
        sum += run_ward(r, i, from, to).harm;
    return sum;
}

double run_cost(const struct run *r, const struct recording *twin, sim_time from,
                sim_time to)
{
    const struct design *d = lesson_design(run_lesson(r));
    assert(d);
    double requests = users_lost(r->rec, twin, COMP_NONE, from, to);
    return requests * (double)d->request / (double)SIM_MIN +
           run_records(r, from, to) * (double)d->record / (double)SIM_MIN;
}

design_set stage_best(const struct stage *g)
{
    return design_best(lesson_design(g->lesson), g->lw.there, g->lw.faults,
                       g->lw.nfaults, g->lw.drawn);
}

double stage_worth(const struct stage *g, design_set set)
{
    return design_worth(lesson_design(g->lesson), set & ~g->lw.there, g->lw.faults,
                        g->lw.nfaults, g->lw.drawn);
}

/* ---- the score ------------------------------------------------------------------- */

#define HELD   0.9 /* of what can be spared: shares that the outcomes need */
#define MOST   0.7
#define PARTLY 0.4

double design_share(double nothing, double you, double best)
{
    double room = nothing - best;
    if (room < 1)
        return you <= nothing ? 1 : 0;
    double share = (nothing - you) / room;
    return share < 0 || isnan(share) ? 0 : share > 1 ? 1 : share;
}

enum outcome design_outcome(double share)
{
    return share >= HELD     ? OUTCOME_RECOVERED
           : share >= MOST   ? OUTCOME_CURED
           : share >= PARTLY ? OUTCOME_MITIGATED
                             : OUTCOME_LOST;
}

struct design_losses design_losses_of(const struct rivals *v)
{
    const struct run *best = v->reference.world ? &v->reference : &v->nothing;
    return (struct design_losses){.nothing =
                                      run_cost(&v->nothing, v->twin, v->from, v->to),
                                  .you = run_cost(&v->you, v->twin, v->from, v->to),
                                  .best = run_cost(best, v->twin, v->from, v->to)};
}

void grade_design(const struct grading *g, struct score_item *item)
{
    const struct rivals *v = g->v;
    struct design_losses x = design_losses_of(v);
    double records = run_records(&v->you, v->from, v->to);
    item->points = share_points(design_share(x.nothing, x.you, x.best), item->full);
    item->stated = arena_printf(
        g->mem,
        "Your night cost %s user-minutes: %s requests were lost, and promises of data "
        "broken %s "
        "times.",
        score_count(g, x.you),
        score_count(g, users_lost(v->you.rec, v->twin, COMP_NONE, v->from, v->to)),
        score_count(g, records));
    item->truth = arena_printf(g->mem, "Without any improvement it would have cost %s.",
                               score_count(g, x.nothing));
    item->best = arena_printf(
        g->mem, "At most %s: the same night with the best set by the prices.",
        score_count(g, x.best));
    if (item->points < item->full)
        item->cost = arena_printf(g->mem, "%s more than with that set.",
                                  score_count(g, x.you > x.best ? x.you - x.best : 0));
}

/* ---- in a session ---------------------------------------------------------------- */

bool session_spent(const struct session *s)
{
    const struct design *d = lesson_design(s->lesson);
    return !d || run_now(&s->run) >= d->closes_at ||
           design_set_size(run_improved(&s->run)) >= (size_t)d->budget;
}

bool session_best_line(const struct session *s, struct buf *out)
{
    const struct design *d = lesson_design(s->lesson);
    if (!d || run_now(&s->run) >= d->closes_at)
        return false;
    design_set have = run_improved(&s->run), best = stage_best(s->run.stage);
    size_t left = (size_t)d->budget - design_set_size(have), n = 0;
    for (size_t i = 0; i < d->n && n < left; i++)
        if ((best & ~have) & (design_set)1 << i)
            buf_addf(out, "%s%s", n++ ? " " : "improve ", d->list[i].id);
    return n > 0;
}
