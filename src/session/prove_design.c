/*
 * Proof that a design is what the lesson says of it (truecode/design.h). A fault alone,
 * on an otherwise healthy night, costs what `faults` says; an improvement saves what
 * `saves` says of it, and next to nothing of any fault that it does not name (it may do
 * harm there: that is the wrong choice's price). Both are means over many seeds, so
 * that a seed may have half or twice as much. That is a run for each pair, so it is
 * looked at in one seed of PROVE_EVERY.
 *
 * On every seed the night as drawn is lived with the best set by the prices and with
 * sets at random: each saves what its parts do, so that the prices can be added; the
 * best spares most of what is lost. On one night another set may be better, as the gap
 * that the best leaves open may be what comes: so a set at random is compared by what
 * it is worth on a mean night.
 */
#include "design.h"
#include "prove_internal.h"
#include "twin.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define FACTOR   2.0  /* a seed's figure to the mean, at most, either way */
#define STRANGE  0.15 /* of a fault's cost: saved, or lost, without being named */
#define SLACK    20.0 /* user-minutes that are chance */
#define TOGETHER 0.25 /* of a night's loss: what the parts of a set do to each other */
#define SPARED   0.5  /* of a night's loss: the least that the best set spares */
#define TYPICAL                                                                        \
    0.7 /* of the best set's worth: the most that a set at random is worth */
enum { SAMPLES = 200, LIVED = 2 };

/* ---- one fault, one improvement -------------------------------------------------- */

struct trial {         /* of one fault that comes alone */
    struct run before; /* the fault's night, a minute before the fault */
    double cost;       /* with nothing chosen */
    const char *fault;
    const struct recording *twin;
};

/* A night to its end, with a set from where it stands. */
static enum err live(const struct run *from, const struct recording *twin,
                     design_set set, double *cost, struct errmsg *why)
{
    const struct lesson_info *li = lesson_info(run_lesson(from));
    struct run r;
    enum err e = run_fork(&r, from, why);
    if (e != ERR_OK)
        return e;
    e = run_improve_all(&r, set, why);
    if (e == ERR_OK)
        e = run_advance(&r, li->ends_at, NULL, NULL, why);
    if (e == ERR_OK)
        *cost = run_cost(&r, twin, li->starts_at, li->ends_at);
    run_release(&r);
    return e;
}

/* Nearness of a figure to the one that is said: 1 the same, 0 as far from it as may be, by the
 * factor or by the difference. */
static double nearness(double is, double said, double room)
{
    double times = said != 0 && is / said > 0 ? is / said : 2 * FACTOR;
    double ratio = (FACTOR - (times < 1 ? 1 / times : times)) / (FACTOR - 1);
    double apart = room > 0 ? 1 - fabs(is - said) / room : -1;
    return ratio > apart ? ratio : apart;
}

/* User-minutes of a trial that are chance. */
static double room_of(const struct trial *t)
{
    return STRANGE * t->cost + SLACK;
}

static void judge_named(struct prover *pv, const struct trial *t,
                        const struct improvement *p, double said, double saved)
{
    char name[64];
    double margin = nearness(saved, said, room_of(t));
    snprintf(name, sizeof name, "%.20s: %.40s", p->id, t->fault);
    prove_result(pv, PROOF_IMPROVEMENT, name, margin >= 0, margin,
                 "saves %.0f user-minutes, the lesson says %.0f", saved, said);
}

/* An improvement that is not for this fault may do harm, and is held to saving nothing. */
static void judge_stranger(struct prover *pv, const struct trial *t,
                           const struct improvement *p, double saved)
{
    double room = room_of(t);
    prove_result(pv, PROOF_IMPROVEMENT, "nothing of other faults", saved <= room,
                 saved > 0 ? 1 - saved / room : 1,
                 "%s saves %.0f of the %.0f that \"%s\" costs", p->id, saved, t->cost,
                 t->fault);
}

static enum err try_improvements(struct prover *pv, const struct trial *t,
                                 struct errmsg *why)
{
    const struct design *d = lesson_design(pv->lesson);
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < d->n; i++) {
        design_set one = (design_set)1 << i & ~pv->stage->lw.there;
        double said = design_saves(d, one, t->fault), cost = 0;
        if (!one)
            continue; /* nothing is done */
        e = live(&t->before, t->twin, one, &cost, why);
        if (e == ERR_OK && said != 0)
            judge_named(pv, t, &d->list[i], said, t->cost - cost);
        else if (e == ERR_OK)
            judge_stranger(pv, t, &d->list[i], t->cost - cost);
    }
    return e;
}

static enum err try_fault(struct prover *pv, size_t which, const struct recording *twin,
                          struct errmsg *why)
{
    struct trial t = {.fault = pv->stage->lw.faults[which].name, .twin = twin};
    double said = design_costs(lesson_design(pv->lesson), t.fault);
    sim_time end = lesson_info(pv->lesson)->ends_at;
    enum err e = night_open(&t.before, pv->lesson, pv->seed, NIGHT_ALONE, which,
                            &pv->effort, why);
    if (e != ERR_OK)
        return e;
    sim_time at = t.before.stage->lw.faults[which].at;
    e = run_advance(&t.before, (at < end ? at : end) - SIM_MIN, NULL, NULL, why);
    if (e == ERR_OK)
        e = live(&t.before, twin, 0, &t.cost, why);
    if (e == ERR_OK)
        prove_result(pv, PROOF_FAULT, t.fault, nearness(t.cost, said, 0) >= 0,
                     nearness(t.cost, said, 0),
                     "costs %.0f user-minutes, the lesson says %.0f", t.cost, said);
    if (e == ERR_OK && prove_wants(pv, PROOF_IMPROVEMENT, NULL))
        e = try_improvements(pv, &t, why);
    run_release(&t.before);
    return e;
}

/* ---- sets ------------------------------------------------------------------------ */

static design_set random_set(struct rng *rng, const struct design *d)
{
    design_set set = 0;
    while (design_set_size(set) < (size_t)d->budget)
        set |= (design_set)1 << rng_below(rng, (uint32_t)d->n);
    return set;
}

static void judge_typical(struct prover *pv, struct rng *rng, design_set best)
{
    double sum = 0, most = stage_worth(pv->stage, best);
    for (int i = 0; i < SAMPLES; i++)
        sum += stage_worth(pv->stage, random_set(rng, lesson_design(pv->lesson)));
    double share = most > 0 ? sum / SAMPLES / most : 1;
    prove_result(pv, PROOF_BUDGET, "a set at random", share <= TYPICAL,
                 1 - share / TYPICAL, "is worth %.0f %% of the best, by the prices",
                 100 * share);
}

/* Compares what a set saved tonight with what its parts save of what came, by the prices. */
static void judge_sum(struct prover *pv, design_set set, double nothing, double saved)
{
    const struct lesson_world *lw = &pv->stage->lw;
    double said = 0, room = TOGETHER * nothing + SLACK;
    for (size_t i = 0; i < lw->nfaults; i++)
        if (lw->faults[i].at != SIM_FOREVER)
            said += design_saves(lesson_design(pv->lesson), set & ~lw->there,
                                 lw->faults[i].name);
    struct buf names;
    buf_init(&names, 80);
    const struct design *d = lesson_design(pv->lesson);
    for (size_t i = 0; i < d->n; i++)
        if (set & (design_set)1 << i)
            buf_addf(&names, " %s", d->list[i].id);
    double margin = nearness(saved, said, room);
    prove_result(pv, PROOF_BUDGET, "a set saves what its parts do", margin >= 0, margin,
                 "saves %.0f of %.0f, its parts %.0f by the prices:%.150s", saved,
                 nothing, said, names.s);
    buf_release(&names);
}

static enum err judge_sets(struct prover *pv, const struct recording *twin,
                           struct errmsg *why)
{
    const struct lesson_info *li = lesson_info(pv->lesson);
    double nothing = run_cost(&pv->nothing, twin, li->starts_at, li->ends_at), best = 0;
    design_set chosen = stage_best(pv->stage);
    struct rng rng;
    rng_seed(&rng, pv->seed, "sets");
    enum err e = live(&pv->base, twin, chosen, &best, why);
    if (e != ERR_OK)
        return e;
    double spared = nothing > 0 ? 1 - best / nothing : 0;
    prove_result(pv, PROOF_BUDGET, "the best set", spared >= SPARED,
                 (spared - SPARED) / (1 - SPARED),
                 "costs %.0f user-minutes, nothing %.0f", best, nothing);
    judge_typical(pv, &rng, chosen);
    for (int i = 0; e == ERR_OK && i < LIVED; i++) {
        design_set set = random_set(&rng, lesson_design(pv->lesson));
        double cost = 0;
        e = live(&pv->base, twin, set, &cost, why);
        if (e == ERR_OK)
            judge_sum(pv, set, nothing, nothing - cost);
    }
    if (e == ERR_OK)
        judge_sum(pv, chosen, nothing, nothing - best);
    return e;
}

enum err prove_design(struct prover *pv, struct errmsg *why)
{
    struct twin t;
    if (!lesson_design(pv->lesson))
        return ERR_OK;
    if (pv->stage->lw.nfaults == 0) {
        prove_result(pv, PROOF_FAULT, "there are some", false, NAN,
                     "a design needs faults: i:draw({ times }, { … })");
        return ERR_OK;
    }
    bool pairs = pv->thorough && (prove_wants(pv, PROOF_FAULT, NULL) ||
                                  prove_wants(pv, PROOF_IMPROVEMENT, NULL));
    bool sets = prove_wants(pv, PROOF_BUDGET, NULL);
    if (!pairs && !sets)
        return ERR_OK;
    enum err e = twin_open(&t, pv->lesson, pv->seed, &pv->effort, why);
    if (e == ERR_OK)
        e = twin_follow(&t, lesson_info(pv->lesson)->ends_at, NULL, why);
    if (e == ERR_OK && sets)
        e = judge_sets(pv, t.run.rec, why);
    for (size_t i = 0; e == ERR_OK && pairs && i < pv->stage->lw.nfaults; i++)
        e = try_fault(pv, i, t.run.rec, why);
    twin_release(&t);
    return e;
}
